//! The icon of an application: what may be uploaded, where it is seen, and when it goes.

use fluxer_oauth2::fluxer::user::ImageHash;
use fluxer_oauth2::http::{Body, Method};
use fluxer_oauth2::snowflake::ApplicationId;
use fluxer_oauth2::store::Icons;
use serde_json::{Value, json};

use super::{REDIRECT, audit_log, confirmed, create, form, path, shown};
use crate::world::{Answer, App, Browser, Native, World, get, selector};

/// A PNG of one pixel, with words of whoever drew it.
fn png(words: &str) -> Vec<u8> {
    let chunk = |name: &[u8], content: &[u8]| {
        let length = u32::try_from(content.len()).expect("short").to_be_bytes();
        [&length[..], name, content, b"sum!"].concat()
    };
    let header = [&[0, 0, 0, 1, 0, 0, 0, 1][..], &[8, 6, 0, 0, 0]].concat();
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        chunk(b"IHDR", &header),
        chunk(b"tEXt", words.as_bytes()),
        chunk(b"IDAT", b"pixel"),
        chunk(b"IEND", b""),
    ]
    .concat()
}

fn upload(browser: &Browser<'_>, app: &App, file: &[u8]) -> Answer {
    let page = browser.get(&path(app)).expect(200);
    let asked = form(&page, "icon").request_with_file("icon", file);
    browser.send(asked)
}

/// Where a page shows an icon.
fn seen(page: &Answer) -> Vec<String> {
    let document = page.document();
    let selector = selector("img.monogram[alt=\"\"]");
    let images = document.select(&selector);
    images
        .map(|it| it.attr("src").unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn an_icon_is_uploaded_seen_and_removed() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = create(&browser, "Mine", "confidential", REDIRECT);
    assert!(seen(&browser.get(&path(&app))).is_empty());
    world.advance(1);
    let saved = upload(&browser, &app, &png("by alice")).expect(303);
    let done = format!("{}?done=icon#icon", path(&app));
    assert_eq!(saved.location(), done);
    let page = browser.get(&format!("{}?done=icon", path(&app)));
    assert_eq!(page.texts("#icon .done"), ["Saved."]);
    let hash = shown(&browser, &app)["icon"].clone();
    let src = format!("/icons/{}/{}", app.id, hash.as_str().expect("a hash"));
    let log = audit_log(&world);
    assert_eq!(log[0]["action"], "application.updated");
    assert_eq!(log[0]["details"], json!({"fields": ["icon"]}));

    let staff = world.browser();
    staff.log_in(&world.staff);
    let consent = browser.get(&app.asks().target());
    world.tokens_for(&browser, &app);
    for page in [
        consent,
        browser.get(&path(&app)),
        browser.get("/developers"),
        browser.get("/settings/authorizations"),
        staff.get(&format!("/admin/applications/{}", app.id)),
    ] {
        assert_eq!(seen(&page.expect(200)), [&*src]);
    }

    let icon = world.send(get(&src)).expect(200);
    assert!(icon.binary.ends_with(b"pixelsum!\0\0\0\0IENDsum!"));
    let words = icon.binary.windows(8).any(|it| it == b"by alice");
    assert!(!words, "what draws nothing is left out");
    for (header, value) in [
        ("content-type", "image/png"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("cross-origin-resource-policy", "cross-origin"),
        ("cache-control", "public, max-age=31536000, immutable"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(icon.header(header), Some(value));
    }

    // Another one takes its place, and the first is gone.
    let page = browser.get(&path(&app));
    let mut other = png("");
    let pixel = other.windows(5).position(|it| it == b"pixel").expect("it");
    other[pixel] = b'q';
    upload(&browser, &app, &other).expect(303);
    world.send(get(&src)).expect(404);
    browser.submit(&form(&page, "remove-icon")).expect(303);
    assert_eq!(shown(&browser, &app)["icon"], Value::Null);
    let page = browser.get(&path(&app));
    assert!(seen(&page).is_empty() && !page.body.contains("remove-icon"));
}

#[test]
fn what_was_replaced_removed_or_refused_is_stored_nowhere() {
    let world = Native::new();
    let browser = world.alices_browser();
    let app = create(&browser, "Mine", "confidential", REDIRECT);
    upload(&browser, &app, b"<svg onload=alert(1)>").expect(400);
    assert_eq!(world.memory.stored_icons(), 0);
    let mut other = png("");
    let pixel = other.windows(5).position(|it| it == b"pixel").expect("it");
    other[pixel] = b'q';
    for picture in [png(""), other] {
        upload(&browser, &app, &picture).expect(303);
        assert_eq!(world.memory.stored_icons(), 1);
    }
    let page = browser.get(&path(&app));
    browser.submit(&form(&page, "remove-icon")).expect(303);
    assert_eq!(world.memory.stored_icons(), 0);
}

#[test]
fn what_is_no_icon_changes_nothing_and_says_why() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = create(&browser, "Mine", "confidential", REDIRECT);
    let entries = audit_log(&world).len();
    for (file, words) in [
        (&b""[..], "Choose a picture first."),
        (b"<svg onload=alert(1)>", "That is no PNG or WebP"),
        (&vec![b'x'; 300 * 1024], "That is no PNG or WebP"),
        (
            &[png(""), b"<script>".to_vec()].concat(),
            "That is no PNG or WebP",
        ),
    ] {
        let page = upload(&browser, &app, file).expect(400);
        assert!(page.texts("#icon-problem")[0].starts_with(words), "{words}");
        let control = "#icon-file[aria-invalid=true][aria-describedby~=icon-problem]";
        assert_eq!(page.document().select(&selector(control)).count(), 1);
    }
    let page = browser.get(&path(&app));
    let typed = form(&page, "icon").with("icon", "a.png");
    browser.submit(&typed).expect(400);
    assert_eq!(audit_log(&world).len(), entries);
    assert_eq!(shown(&browser, &app)["icon"], Value::Null);
    // It is the owner's to give.
    let stranger = world.browser();
    stranger.log_in(&world.staff);
    let asked = form(&page, "icon").request_with_file("icon", &png(""));
    stranger.send(asked).expect(403);
}

/// Natively: what is too long for any other body over HTTP is short for a picture.
#[test]
fn a_picture_that_is_too_large_is_told_how_large_it_may_be() {
    let world = Native::new();
    let browser = world.alices_browser();
    let app = create(&browser, "Mine", "confidential", REDIRECT);
    let page = browser.get(&path(&app));
    let mut asked = form(&page, "icon").request_with_file("icon", b"x");
    asked.body = Body::TooLarge;
    let refused = browser.send(asked).expect(413);
    assert!(refused.body.contains("at most 256 KB"), "{}", refused.body);
    assert_eq!(shown(&browser, &app)["icon"], Value::Null);
}

#[test]
fn a_page_stands_while_kv_does_not() {
    let world = Native::new();
    let browser = world.alices_browser();
    let app = create(&browser, "Mine", "confidential", REDIRECT);
    upload(&browser, &app, &png("")).expect(303);
    let before = shown(&browser, &app)["icon"].clone();
    world.memory.kv_outage.set(true);
    let page = browser.get(&path(&app)).expect(200);
    assert_eq!(seen(&page).len(), 1);
    world.send(get(&seen(&page)[0])).expect(503);
    let mut other = png("");
    other[32] = 0;
    let asked = form(&page, "icon").request_with_file("icon", &other);
    let refused = browser.send(asked).expect(503);
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert!(refused.texts("#icon-problem")[0].contains("Try again"));
    assert_eq!(shown(&browser, &app)["icon"], before);
    world.memory.kv_outage.set(false);
    upload(&browser, &app, &other).expect(303);
    assert_ne!(shown(&browser, &app)["icon"], before);
}

#[test]
fn what_kv_has_is_looked_at_again_before_it_is_shown() {
    let world = Native::new();
    let browser = world.alices_browser();
    let app = create(&browser, "Mine", "confidential", REDIRECT);
    upload(&browser, &app, &png("")).expect(303);
    let src = seen(&browser.get(&path(&app))).remove(0);
    world.send(get(&src)).expect(200);
    let hash = shown(&browser, &app)["icon"].clone();
    let hash = ImageHash::parse(hash.as_str().expect("a hash")).expect("a hash");
    let id = ApplicationId::parse(&app.id).expect("an id");
    let put = world.memory.put_icon(id, &hash, b"<script>");
    pollster::block_on(put).expect("kept");
    world.send(get(&src)).expect(404);
}

#[test]
fn an_icon_goes_with_its_application_and_its_owner() {
    let world = Native::new();
    let browser = world.alices_browser();
    let first = create(&browser, "First", "confidential", REDIRECT);
    let second = create(&browser, "Second", "confidential", REDIRECT);
    for app in [&first, &second] {
        upload(&browser, app, &png("")).expect(303);
    }
    assert_eq!(world.memory.stored_icons(), 2, "one file, two applications");
    let page = browser.get(&path(&first));
    let gone = confirmed(&form(&page, "delete")).with("name", "First");
    browser.submit(&gone).expect(303);
    assert_eq!(world.memory.stored_icons(), 1);
    // An icon of the platform's is nothing of ours to show or to delete.
    let of_platform = json!({"icon": "a_1f"});
    let api = format!("/api/oauth2/applications/{}", second.id);
    browser
        .call_with(Method::Patch, &api, &of_platform)
        .expect(200);
    assert_eq!(world.memory.stored_icons(), 0);
    assert!(seen(&browser.get(&path(&second))).is_empty());
    upload(&browser, &second, &png("")).expect(303);
    let alice = format!("/api/admin/users/{}", world.alice.id);
    world.administer(Method::Delete, &alice, None).expect(204);
    assert_eq!(world.memory.stored_icons(), 0);
}

#[test]
fn nothing_but_a_hash_of_ours_is_looked_for() {
    let world = Native::new();
    world.memory.forget_steps();
    let hash = "f".repeat(64);
    for target in [
        "/icons/1/a_1f".to_owned(),
        format!("/icons/x/{hash}"),
        format!("/icons/1/{}", hash.to_uppercase()),
        format!("/icons/1/{hash}/x"),
    ] {
        world.send(get(&target)).expect(404);
    }
    assert!(world.memory.steps().is_empty());
    world.send(get(&format!("/icons/1/{hash}"))).expect(404);
    assert_eq!(world.memory.steps(), ["kv.get"]);
}
