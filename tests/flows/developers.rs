//! `/developers`: the life of an application through its owner's pages, without script.

use std::collections::BTreeSet;

use fluxer_oauth2::http::Method;
use serde_json::{Value, json};

use crate::world::{
    Answer, App, Browser, Form, Native, PASSWORD, With as _, World, get, post, selector,
};

mod icon;
mod link;
mod snippets;
mod text;

const LIST: &str = "/developers";
const REDIRECT: &str = "https://mine.example/cb?a=b";

/// The form of a page with this action.
fn form(page: &Answer, action: &str) -> Form {
    page.form_with(&format!("[name=action][value={action}]"))
}

fn new_application(browser: &Browser<'_>) -> Form {
    browser.get(LIST).expect(200).form("redirect_uris")
}

/// An application of the user's, by way of the page.
fn create(browser: &Browser<'_>, name: &str, kind: &str, redirect_uris: &str) -> App {
    let form = new_application(browser);
    let form = form.with("name", name).with("type", kind);
    let form = form.with("redirect_uris", redirect_uris);
    let made = browser.submit(&form).expect(200);
    App {
        id: made.texts("dd code").remove(0),
        secret: made.texts("#client-secret").pop(),
        redirect_uri: redirect_uris.lines().next().unwrap_or_default().to_owned(),
        bot_token: None,
    }
}

fn path(app: &App) -> String {
    format!("{LIST}/{}", app.id)
}

/// The application as its owner's API shows it.
fn shown(browser: &Browser<'_>, app: &App) -> Value {
    let path = format!("/api/oauth2/applications/{}", app.id);
    browser.get(&path).expect(200).json()
}

fn audit_log(world: &World) -> Vec<Value> {
    let log = world.administer(Method::Get, "/api/admin/audit-log", None);
    log.expect(200).json().as_array().expect("a list").clone()
}

fn is_bot(world: &World, token: &str) -> bool {
    let authorization = format!("Bot {token}");
    let asked = get("/api/users/@me").with("authorization", &authorization);
    world.send(asked).status == 200
}

fn confirmed(form: &Form) -> Form {
    form.clone().with("password", PASSWORD)
}

#[test]
fn an_application_lives_and_dies_without_script() {
    let world = World::new();
    let browser = world.alices_browser();
    assert_eq!(browser.get(LIST).texts(".entries li").len(), 0);
    let mut app = create(&browser, "Mine", "confidential", REDIRECT);
    let listed = browser.get(LIST);
    assert_eq!(listed.texts(".entries a"), ["Mine"]);
    assert!(listed.body.contains(&format!("href=\"{}\"", path(&app))));
    let tokens = world.tokens_for(&browser, &app);
    assert_eq!(world.works(&app, &tokens), (true, true));

    let page = browser.get(&path(&app)).expect(200);
    let form_ = form(&page, "save").with("name", "Yours");
    let form_ = form_.with("description", "Line one\r\nline two");
    let saved = browser.submit(&form_).expect(303);
    assert_eq!(
        saved.location(),
        format!("{}?done=saved#settings", path(&app))
    );
    let page = browser.get(&format!("{}?done=saved", path(&app)));
    assert_eq!(page.texts(".done"), ["Saved."]);
    let now = shown(&browser, &app);
    assert_eq!(now["name"], "Yours");
    assert_eq!(now["description"], "Line one\nline two");
    assert_eq!(now["redirect_uris"], json!([REDIRECT]));

    let page = browser.submit(&confirmed(&form(&page, "reset-secret")));
    let old = app.clone();
    app.secret = page.expect(200).texts("#client-secret").pop();
    assert_ne!(app.secret, old.secret);
    world
        .token(&old, &[("grant_type", "client_credentials")])
        .expect(401);
    assert_eq!(world.works(&app, &tokens), (true, true), "tokens stay");

    let page = browser.get(&path(&app));
    let page = browser.submit(&form(&page, "add-bot")).expect(200);
    let first = page.texts("#bot-token").remove(0);
    assert!(is_bot(&world, &first));
    let page = browser.submit(&confirmed(&form(&page, "reset-bot-token")));
    let second = page.expect(200).texts("#bot-token").remove(0);
    assert!(!is_bot(&world, &first) && is_bot(&world, &second));

    let page = browser.get(&path(&app));
    let gone = confirmed(&form(&page, "delete")).with("name", " Yours ");
    assert_eq!(
        browser.submit(&gone).expect(303).location(),
        "/developers?done=deleted"
    );
    assert_eq!(
        browser.get("/developers?done=deleted").texts(".done"),
        ["The application was deleted."]
    );
    browser.get(&path(&app)).expect(404);
    browser.submit(&gone).expect(404);
    assert!(!is_bot(&world, &second));
    world.me(&tokens.access).expect(401);
}

#[test]
fn every_mistake_stands_beside_its_field_and_nothing_typed_is_lost() {
    let world = World::new();
    let browser = world.alices_browser();
    let typed = "https://fine.example/cb\r\n\r\nhttp://plain.example/cb\r\n<b>&\r\n";
    let long = "x".repeat(401);
    let form_ = new_application(&browser)
        .with("name", "")
        .with("type", "public");
    let form_ = form_
        .with("redirect_uris", typed)
        .with("description", &long);
    let page = browser.submit(&form_).expect(400);
    assert!(page.texts("title")[0].starts_with("Error: "));
    assert_eq!(page.texts("[role=alert]").len(), 1);
    assert_eq!(page.texts("#name-mistakes li"), ["Name: is required"]);
    let uris = page.texts("#redirect_uris-mistakes li");
    assert_eq!(uris.len(), 2);
    assert!(
        uris[0].starts_with("http://plain.example/cb: must use https"),
        "{uris:?}"
    );
    assert!(
        uris[1].starts_with("<b>&: must use https, http for a loopback"),
        "{uris:?}"
    );
    assert_eq!(
        page.texts("#description-mistakes li"),
        ["Description: must be at most 400 visible characters"]
    );
    assert_eq!(page.texts("bdi[lang=en]").len(), 4);
    let again = page.form("redirect_uris");
    assert_eq!(again.field("redirect_uris"), typed);
    assert_eq!(again.field("description"), long);
    assert_eq!(again.field("type"), "public");
    for field in ["name", "redirect_uris", "description"] {
        let css = format!("[name={field}][aria-invalid=true][aria-describedby~={field}-mistakes]");
        assert_eq!(page.texts(&css).len(), 1, "{field}");
    }
    assert_eq!(browser.get(LIST).texts(".entries li").len(), 0);
    // Corrected, it goes through.
    let form_ = again.with("name", "Fine").with("description", "");
    browser
        .submit(&form_.with("redirect_uris", "com.example.app:/cb"))
        .expect(200);

    for (uris, must) in [
        (&*"https://a.example/\n".repeat(11), "must be at most 10"),
        ("https://a.example/*", "must not have a wildcard"),
        (
            "com.example.app:/cb",
            "must use https, or http for a loopback address only",
        ),
    ] {
        let form_ = new_application(&browser)
            .with("name", "A")
            .with("redirect_uris", uris);
        let page = browser.submit(&form_).expect(400);
        assert!(
            page.texts("#redirect_uris-mistakes")[0].contains(must),
            "{must}"
        );
    }
    let form_ = new_application(&browser)
        .with("name", "A")
        .with("type", "trusted");
    let page = browser.submit(&form_).expect(400);
    assert!(page.texts("#type-mistakes")[0].contains("must be confidential or public"));
    let mut twice = new_application(&browser).with("name", "A");
    twice.fields.push(("name".to_owned(), "B".to_owned()));
    assert_eq!(
        browser
            .submit(&twice)
            .expect(400)
            .texts("#name-mistakes li")[0],
        "Name: must be sent once"
    );
}

#[test]
fn settings_are_checked_and_only_what_changed_is_written() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = create(&browser, "Mine", "confidential", REDIRECT);
    let page = browser.get(&path(&app));
    let entries = audit_log(&world).len();
    world.advance(1);
    let same = form(&page, "save");
    browser.submit(&same).expect(303);
    assert_eq!(
        audit_log(&world).len(),
        entries,
        "nothing changed, nothing is written"
    );

    let bad = same.clone().with("name", " ");
    let bad = bad.with("redirect_uris", "https://a.example/#x");
    let page = browser.submit(&bad.untick("bot_public", "yes")).expect(400);
    assert_eq!(page.texts("#name-mistakes li"), ["Name: is required"]);
    assert!(page.texts("#redirect_uris-mistakes li")[0].contains("must not have a fragment"));
    assert_eq!(page.texts("h1"), ["Mine"], "it is what it was");
    let kept = form(&page, "save");
    assert!(kept.fields.iter().all(|(name, _)| name != "bot_public"));
    assert_eq!(audit_log(&world).len(), entries);

    let changed = same
        .untick("bot_public", "yes")
        .with("bot_require_code_grant", "yes");
    browser
        .submit(&changed.with("redirect_uris", ""))
        .expect(303);
    let now = shown(&browser, &app);
    assert_eq!(
        (&now["bot_public"], &now["bot_require_code_grant"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(now["redirect_uris"], json!([]));
    let log = audit_log(&world);
    assert_eq!(log[0]["action"], "application.updated");
    assert_eq!(log[0]["actor_id"], json!(world.alice.id));
    assert_eq!(
        log[0]["details"],
        json!({"fields": ["redirect_uris", "bot_public", "bot_require_code_grant"]})
    );
    // The kind of an application is nobody's to change, nor its trust.
    let page = browser.get(&path(&app));
    let forged = form(&page, "save")
        .with("type", "public")
        .with("trusted", "yes")
        .with("flags", "1");
    browser.submit(&forged).expect(303);
    let now = shown(&browser, &app);
    assert_eq!(
        (&now["type"], &now["trusted"], &now["flags"]),
        (&json!("confidential"), &json!(false), &json!(0))
    );
}

#[test]
fn a_form_belongs_to_its_page_and_its_session() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = create(&browser, "Mine", "confidential", REDIRECT);
    let other = create(&browser, "Other", "confidential", REDIRECT);
    let page = browser.get(&path(&app));
    let elsewhere = world.alices_browser().get(&path(&app));
    let neighbour = browser.get(&path(&other));
    let before = shown(&browser, &app);
    let mut forms = vec![(new_application(&browser).with("name", "New"), None)];
    for action in [
        "save",
        "icon",
        "rotate-secret",
        "reset-secret",
        "add-bot",
        "delete",
    ] {
        let filled =
            form(&page, action).with("name", if action == "save" { "New" } else { "Mine" });
        forms.push((confirmed(&filled), Some(action)));
    }
    for (form_, action) in forms {
        let token = |from: &Answer| match action {
            Some(action) => form(from, action).field("csrf_token").to_owned(),
            None => form(&page, "save").field("csrf_token").to_owned(),
        };
        for wrong in [
            String::new(),
            "x".to_owned(),
            token(&elsewhere),
            token(&neighbour),
        ] {
            let refused = browser
                .submit(&form_.clone().with("csrf_token", &wrong))
                .expect(403);
            assert_eq!(refused.texts("h1"), ["Please try again"]);
        }
        for (header, value) in [
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://evil.example"),
        ] {
            browser
                .send(form_.request().with(header, value))
                .expect(403);
        }
        let stranger = world.browser().submit(&form_).expect(303);
        assert!(
            stranger
                .location()
                .starts_with("/login?return_to=%2Fdevelopers")
        );
    }
    assert_eq!(shown(&browser, &app), before);
    assert_eq!(browser.get(LIST).texts(".entries li").len(), 2);
    world
        .token(&app, &[("grant_type", "client_credentials")])
        .expect(200);
    // Nor is an unknown action one.
    let nothing = form(&page, "save").with("action", "trust");
    browser.submit(&nothing).expect(400);
    world.advance(31 * 60);
    browser.submit(&form(&page, "add-bot")).expect(403);
}

#[test]
fn whoever_is_not_logged_in_logs_in_and_comes_back() {
    let world = World::new();
    let browser = world.browser();
    for target in ["/developers", "/developers/123?scope=bot"] {
        let to_login = browser.get(target).expect(303);
        let login = browser.get(to_login.location()).form("password");
        let login = login.with("login", "alice").with("password", PASSWORD);
        assert_eq!(browser.submit(&login).expect(303).location(), target);
        let logout = browser.get("/logout").form("csrf_token");
        browser.submit(&logout).expect(303);
    }
}

#[test]
fn somebody_else_s_application_and_none_are_one_page() {
    let world = World::new();
    let alice = world.alices_browser();
    let hers = create(&alice, "Hers", "confidential", REDIRECT);
    let staff = world.browser();
    staff.log_in(&world.staff);
    let mine = create(&staff, "Mine", "confidential", REDIRECT);
    let page = staff.get(&path(&mine));
    let unknown = "123456789012345678".to_owned();
    let mut bodies = BTreeSet::new();
    for id in [
        &hers.id,
        &world.server.id,
        &unknown,
        &"1".to_owned(),
        &"x".to_owned(),
        &"%00".to_owned(),
    ] {
        let target = format!("{LIST}/{id}");
        let answer = staff.get(&target).expect(404);
        bodies.insert(answer.body.replace(&target, ""));
        let stolen = form(&page, "save").field("csrf_token").to_owned();
        let post = post(&target, &[("csrf_token", &stolen), ("action", "add-bot")]);
        staff.send(post).expect(403);
    }
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    // Given away while the page was open.
    let forms = ["save", "rotate-secret", "reset-secret", "add-bot", "delete"]
        .map(|action| confirmed(&form(&page, action)).with("name", "Mine"));
    let gone = confirmed(&form(&page, "delete")).with("name", "Mine");
    staff.submit(&gone).expect(303);
    for form_ in &forms {
        staff.submit(form_).expect(404);
    }
    assert_eq!(shown(&alice, &hers)["bot"], Value::Null);
}

#[test]
fn secrets_are_shown_once_and_are_nowhere_else() {
    let world = Native::new();
    let browser = world.alices_browser();
    let app = create(&browser, "Mine", "confidential", REDIRECT);
    let mut secrets = vec![PASSWORD.to_owned(), app.secret.clone().expect("a secret")];
    let mut once = |page: &Answer, css: &str| {
        let secret = page.texts(css).remove(0);
        assert!(secret.len() >= 43);
        assert_eq!(page.body.matches(&secret).count(), 1);
        assert!(page.texts(".once")[0].contains("it will not be shown again"));
        assert_eq!(page.header("cache-control"), Some("no-store"));
        secrets.push(secret);
    };
    let page = browser.get(&path(&app));
    let page = browser
        .submit(&confirmed(&form(&page, "reset-secret")))
        .expect(200);
    once(&page, "#client-secret");
    let page = browser.submit(&form(&page, "add-bot")).expect(200);
    once(&page, "#bot-token");
    let page = browser
        .submit(&confirmed(&form(&page, "reset-bot-token")))
        .expect(200);
    once(&page, "#bot-token");
    let wrong = form(&page, "delete")
        .with("name", "Mine")
        .with("password", "a password that is wrong");
    secrets.push("a password that is wrong".to_owned());
    let refused = browser.submit(&wrong).expect(403);
    world.memory.outage.set(Some("d1.write"));
    for action in ["rotate-secret", "reset-secret", "reset-bot-token"] {
        browser.submit(&confirmed(&form(&page, action))).expect(503);
    }
    world.memory.outage.set(None);

    let mut seen = vec![
        world.memory.dump(),
        world.memory.log.borrow().join("\n"),
        refused.body.clone(),
    ];
    seen.extend([LIST.to_owned(), path(&app)].map(|target| browser.get(&target).body.clone()));
    seen.push(shown(&browser, &app).to_string());
    seen.extend(audit_log(&world).iter().map(Value::to_string));
    for secret in secrets {
        assert!(seen.iter().all(|seen| !seen.contains(&secret)), "{secret}");
    }
}

#[test]
fn what_cannot_be_undone_wants_the_password() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = create(&browser, "Mine", "confidential", REDIRECT);
    let page = browser.get(&path(&app));
    let page = browser.submit(&form(&page, "add-bot"));
    let bot = page.texts("#bot-token").remove(0);
    for (action, part) in [
        ("rotate-secret", "rotation"),
        ("reset-secret", "secret"),
        ("reset-bot-token", "bot"),
        ("delete", "delete"),
    ] {
        let filled = form(&page, action).with("name", "Mine");
        let css = format!("#{part}-password[type=password][autocomplete=current-password]");
        assert_eq!(page.texts(&css).len(), 1, "{action}");
        for password in ["", "x"] {
            let refused = browser
                .submit(&filled.clone().with("password", password))
                .expect(403);
            assert_eq!(refused.texts(".problem"), ["Wrong password."]);
            let css =
                format!("#{part}-password[aria-invalid=true][aria-describedby={part}-problem]");
            assert_eq!(refused.texts(&css).len(), 1, "{action}");
            assert!(!refused.body.contains("value=\"x\""));
        }
    }
    let wrong_name = confirmed(&form(&page, "delete")).with("name", "mine");
    let refused = browser.submit(&wrong_name).expect(400);
    assert_eq!(
        refused.texts("#delete-problem"),
        ["That is not the application’s name."]
    );
    assert_eq!(refused.texts("#delete-name[aria-invalid=true]").len(), 1);
    assert!(is_bot(&world, &bot));
    world
        .token(&app, &[("grant_type", "client_credentials")])
        .expect(200);

    // Four guesses were counted above; with one more the window is full.
    let guess = form(&page, "reset-secret").with("password", "guess");
    browser.submit(&guess).expect(403);
    let refused = browser
        .submit(&confirmed(&form(&page, "reset-secret")))
        .expect(429);
    let seconds = refused
        .header("retry-after")
        .expect("Retry-After")
        .to_owned();
    assert!((1..=60).contains(&seconds.parse::<u32>().expect("a number")));
    assert_eq!(
        refused.texts("#secret-problem [data-seconds]"),
        [seconds.as_str()]
    );
    assert!(refused.texts(".once").is_empty());
    world
        .token(&app, &[("grant_type", "client_credentials")])
        .expect(200);
    world.advance(61);
    browser
        .submit(&confirmed(&form(&page, "reset-secret")))
        .expect(200);
}

#[test]
fn a_public_application_has_no_secret() {
    let world = World::new();
    let browser = world.alices_browser();
    let form_ = new_application(&browser)
        .with("name", "Device")
        .with("type", "public");
    let made = browser
        .submit(&form_.with("redirect_uris", "http://127.0.0.1/cb"))
        .expect(200);
    assert!(made.texts(".once").is_empty() && made.body.contains("has no secret"));
    let app = App {
        id: made.texts("dd code").remove(0),
        ..App::default()
    };
    let page = browser.get(&path(&app));
    assert!(!page.body.contains("value=\"reset-secret\"") && !page.body.contains("CLIENT_SECRET"));
    let forged = confirmed(&form(&page, "save")).with("action", "reset-secret");
    let refused = browser.submit(&forged).expect(400);
    assert_eq!(
        refused.texts("#secret-problem"),
        ["type: is public: there is no secret to reset"]
    );
    // What else the application is in no state for.
    let forged = confirmed(&form(&page, "save")).with("action", "reset-bot-token");
    assert_eq!(
        browser
            .submit(&forged)
            .expect(400)
            .texts("#bot-problem")
            .len(),
        1
    );
    let add = form(&page, "add-bot");
    browser.submit(&add).expect(200);
    let refused = browser.submit(&add).expect(400);
    assert_eq!(
        refused.texts("#bot-problem"),
        ["bot: exists already; its token can be reset"]
    );
}

#[test]
fn the_twenty_sixth_application_is_not_made() {
    let world = World::new();
    let browser = world.alices_browser();
    for number in 1..=25 {
        create(&browser, &format!("App {number}"), "confidential", "");
    }
    let form_ = new_application(&browser)
        .with("name", "One more")
        .with("description", "Kept");
    let page = browser.submit(&form_).expect(400);
    assert!(
        page.texts("[role=alert]")[0].starts_with("You cannot have more than 25 applications.")
    );
    assert_eq!(page.form("redirect_uris").field("description"), "Kept");
    // Page by page, all of them.
    let mut names = page.texts(".entries a");
    assert_eq!(names.len(), 20);
    assert!(page.body.contains("You can have at most 25 applications."));
    let next = page.document();
    let next = next.select(&selector("a[rel=next]")).next();
    let next = next.and_then(|it| it.attr("href")).expect("another page");
    let rest = browser.get(next).expect(200);
    names.extend(rest.texts(".entries a"));
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 25);
    assert_eq!(rest.texts(&format!("a.button[href='{LIST}']")).len(), 1);
    browser.get(&format!("{LIST}?after=x")).expect(200);
}

/// The characters that take the most bytes on a page, as many as there may be.
fn longest(count: usize) -> String {
    "&\"'".repeat(count).chars().take(count).collect()
}

#[test]
fn pages_are_small_whatever_their_owner_types() {
    let world = World::new();
    let browser = world.alices_browser();
    let uris: Vec<String> = (0..10)
        .map(|number| format!("https://{number}.example/{}", "p".repeat(490)))
        .collect();
    let mut id = String::new();
    for _ in 0..60 {
        let app = world.application(&json!({
            "name": longest(100), "description": longest(400), "redirect_uris": uris,
            "owner_id": world.alice.id, "bot": true,
        }));
        id = app.id;
    }
    let link = format!("{LIST}/{id}?scope=bot&scope=identify");
    for target in [LIST, &format!("{LIST}/{id}"), &link] {
        for language in ["en", "de"] {
            let page = browser.send(get(target).with("accept-language", language));
            let bytes = page.expect(200).body.len();
            assert!(bytes < 40_000, "{target} in {language}: {bytes}");
        }
    }
}

#[test]
fn a_second_secret_is_made_beside_the_one_in_use() {
    let world = World::new();
    let browser = world.alices_browser();
    let first = create(&browser, "Mine", "confidential", REDIRECT);
    let facts = |page: &Answer| page.texts("#secret .facts dd");
    assert_eq!(facts(&browser.get(&path(&first))), ["not used yet"]);
    world.own_token(&first, "");
    let page = browser.get(&path(&first));
    assert!(facts(&page)[0].starts_with("last used on"));
    let rotate = confirmed(&form(&page, "rotate-secret"));
    assert_eq!(rotate.field("grace_seconds"), "86400");
    for grace in ["", "x", "-1", "2592001"] {
        browser
            .submit(&rotate.clone().with("grace_seconds", grace))
            .expect(400);
    }
    let page = browser.submit(&rotate).expect(200);
    let second = App {
        secret: page.texts("#client-secret").pop(),
        ..first.clone()
    };
    let [now, before] = &facts(&page)[..] else {
        panic!("two secrets");
    };
    assert_eq!(now, "not used yet");
    assert!(before.starts_with("ends in 23 hours") || before.starts_with("ends in a day"));
    world.own_token(&first, "");
    world.own_token(&second, "");
    assert!(page.body.contains("The former secret ends at once"));
    let third = browser.submit(&confirmed(&form(&page, "rotate-secret")));
    assert_eq!(facts(&third.expect(200)).len(), 2);
    let form = [("grant_type", "client_credentials")];
    world.token(&first, &form).expect(401);
    world.token(&second, &form).expect(200);
}

#[test]
fn how_an_application_uses_oauth_is_set_on_its_page_as_by_the_api() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = create(&browser, "Mine", "confidential", REDIRECT);
    let before = shown(&browser, &app);
    let page = browser.get(&path(&app));
    let unchanged = browser.submit(&form(&page, "save-oauth")).expect(303);
    assert_eq!(
        unchanged.location(),
        format!("{}?done=oauth#oauth", path(&app))
    );
    assert_eq!(shown(&browser, &app), before, "nothing was changed");

    let device = "urn:ietf:params:oauth:grant-type:device_code";
    let mut filled = form(&page, "save-oauth")
        .with("id_token_signed_response_alg", "ES256")
        .with("post_logout_redirect_uris", "https://mine.example/bye\r\n")
        .with("token_endpoint_auth_method", "client_secret_post")
        .with("dpop_bound_access_tokens", "yes");
    filled
        .fields
        .push(("grant_types".to_owned(), device.to_owned()));
    browser.submit(&filled).expect(303);
    let now = shown(&browser, &app);
    assert_eq!(now["id_token_signed_response_alg"], "ES256");
    assert_eq!(
        now["post_logout_redirect_uris"],
        json!(["https://mine.example/bye"])
    );
    assert_eq!(now["token_endpoint_auth_method"], "client_secret_post");
    assert_eq!(now["dpop_bound_access_tokens"], true);
    assert!(
        now["grant_types"]
            .as_array()
            .expect("a list")
            .contains(&json!(device))
    );
    let page = browser.get(&format!("{}?done=oauth", path(&app)));
    assert_eq!(page.texts("#oauth .done"), ["Saved."]);
    assert_eq!(page.texts("#oauth details[open]").len(), 0);

    // What is refused stands beside its field, with all that was typed.
    let wrong = form(&page, "save-oauth")
        .with("jwks", "no JSON")
        .with("token_endpoint_auth_method", "private_key_jwt")
        .with(
            "post_logout_redirect_uris",
            "https://mine.example/bye\nnonsense",
        );
    let refused = browser.submit(&wrong).expect(400);
    assert_eq!(refused.texts("#oauth details[open]").len(), 1);
    assert_eq!(refused.texts("#jwks[aria-invalid=true]"), ["no JSON"]);
    assert!(refused.texts("#post_logout_redirect_uris-mistakes")[0].contains("nonsense"));
    assert_eq!(
        refused
            .texts("option[selected][value=private_key_jwt]")
            .len(),
        1
    );
    assert_eq!(shown(&browser, &app), now);

    let public = create(&browser, "Public", "public", "http://127.0.0.1/cb");
    let page = browser.get(&path(&public));
    assert_eq!(
        page.texts("#jwks, #profile, #token_endpoint_auth_method")
            .len(),
        0
    );
    browser.submit(&form(&page, "save-oauth")).expect(303);
}
