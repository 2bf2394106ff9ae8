//! What the pages say: what somebody typed stays text, in both languages, for whoever reads it how.

use std::collections::BTreeSet;

use super::link::pasted;
use super::{LIST, REDIRECT, confirmed, create, form, new_application, path};
use crate::world::{Answer, App, World, post, selector};

/// Every element and attribute that a page may have whatever its application is called.
fn skeleton(page: &Answer) -> Vec<String> {
    let document = page.document();
    let everything = selector("*");
    let elements = document.select(&everything).map(|element| {
        let mut names: Vec<_> = element.value().attrs().map(|(name, _)| name).collect();
        names.sort_unstable();
        format!("{} {}", element.value().name(), names.join(" "))
    });
    elements.collect()
}

#[test]
fn what_an_owner_types_stays_text() {
    let world = World::new();
    let browser = world.alices_browser();
    let nasty =
        "</textarea></title><script>alert(1)</script><img src=x onerror=alert(1)>\"' autofocus x=";
    let uri = "https://a.example/?'\"><script>alert(1)</script>";
    let plain = create(&browser, "Plain", "confidential", "https://a.example/");
    let form_ = new_application(&browser)
        .with("name", nasty)
        .with("redirect_uris", uri);
    let made = browser
        .submit(&form_.with("description", nasty))
        .expect(200);
    let nasty_app = App {
        id: made.texts("dd code").remove(0),
        ..App::default()
    };
    let as_harmless = |target: &str| {
        let form_ = form(&browser.get(&path(&plain)), "save");
        browser.submit(&form_.with("description", "x")).expect(303);
        (
            skeleton(&browser.get(&target.replace("ID", &nasty_app.id))),
            skeleton(&browser.get(&target.replace("ID", &plain.id))),
        )
    };
    for target in [
        "/developers/ID",
        "/developers/ID?done=saved",
        "/developers/ID?scope=email",
    ] {
        let (nasty, harmless) = as_harmless(target);
        assert_eq!(nasty, harmless, "{target}");
    }
    for page in [made, browser.get(LIST), browser.get(&path(&nasty_app))] {
        assert!(!page.body.contains("<script>") && !page.body.contains("<img src=x"));
    }
    let page = browser.get(&path(&nasty_app));
    let kept = form(&page, "save");
    assert_eq!(
        (
            kept.field("name"),
            kept.field("description"),
            kept.field("redirect_uris")
        ),
        (nasty, nasty, uri)
    );
    assert!(pasted(&page, "snippet").contains("?\\'\"><script>alert(1)</script>',\n"));
    // Refused values too.
    let long = format!("{nasty}{}", "x".repeat(500));
    let form_ = new_application(&browser)
        .with("name", &long)
        .with("redirect_uris", "javascript:alert(1)//<b>");
    let page = browser.submit(&form_.with("type", "\"><b>")).expect(400);
    assert!(!page.body.contains("<script>") && !page.body.contains("<b>"));
    assert_eq!(page.form("redirect_uris").field("name"), long);
    // A link to the page cannot say anything on it.
    let page = browser.get(&format!("{}?done=<b>hi&scope=<b>", path(&plain)));
    assert!(!page.body.contains("<b>") && page.texts(".done").is_empty());
}

/// What every page owes whoever cannot see it, or has no mouse.
fn is_accessible(page: &Answer) {
    let document = page.document();
    let all = |css: &str| -> Vec<String> {
        let css = selector(css);
        let found = document.select(&css).map(|element| element.html());
        found.collect()
    };
    let attributes = |css: &str, name: &str| -> Vec<String> {
        let css = selector(css);
        let found = document
            .select(&css)
            .filter_map(|element| element.attr(name));
        found
            .flat_map(str::split_whitespace)
            .map(str::to_owned)
            .collect()
    };
    let ids = attributes("[id]", "id");
    let unique: BTreeSet<_> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len(), "ids twice: {ids:?}");
    for name in ["aria-describedby", "aria-labelledby", "for", "data-copy"] {
        for id in attributes(&format!("[{name}]"), name) {
            assert!(unique.contains(&id), "{name} of nothing: {id}");
        }
    }
    let labelled = attributes("label[for]", "for");
    for control in attributes(
        "input:not([type=hidden]):not([type=checkbox]):not([type=radio]), select, textarea",
        "id",
    ) {
        assert!(labelled.contains(&control), "{control} has no label");
    }
    assert_eq!(
        all("[type=checkbox], [type=radio]").len(),
        all("label [type=checkbox], label [type=radio]").len()
    );
    let headings = selector("h1, h2, h3");
    let levels: Vec<u32> = document
        .select(&headings)
        .map(|heading| heading.value().name()[1..].parse().expect("a level"))
        .collect();
    assert_eq!(levels.first(), Some(&1));
    assert_eq!(levels.iter().filter(|level| **level == 1).count(), 1);
    assert!(
        levels.windows(2).all(|pair| pair[1] <= pair[0] + 1),
        "{levels:?}"
    );
    assert!(all("[style], style, [onclick], script:not([src])").is_empty());
    assert!(page.body.len() < 30 * 1024, "{} bytes", page.body.len());
}

#[test]
fn the_pages_speak_german_too_and_are_accessible() {
    let world = World::new();
    let browser = world.alices_browser();
    let plain = create(&browser, "Mine", "confidential", REDIRECT);
    let device = create(&browser, "Device", "public", "com.example.app:/cb");
    browser
        .submit(&form(&browser.get(&path(&plain)), "add-bot"))
        .expect(200);
    browser
        .submit(&form(&browser.get(&path(&device)), "add-bot"))
        .expect(200);
    for (tag, heading, wrong) in [
        ("en", "Your applications", "Wrong password."),
        ("de", "Deine Anwendungen", "Das Passwort ist falsch."),
    ] {
        let form_ = post("/language", &[("language", tag), ("return_to", LIST)]);
        browser.send(form_).expect(303);
        let list = browser.get(LIST).expect(200);
        assert_eq!(list.texts("h1"), [heading]);
        let mistaken = browser
            .submit(&new_application(&browser).with("redirect_uris", "x"))
            .expect(400);
        assert_eq!(
            mistaken.texts("bdi[lang=en]").len(),
            2,
            "validators speak English"
        );
        let made = browser
            .submit(&new_application(&browser).with("name", tag))
            .expect(200);
        let page = browser.get(&path(&plain));
        let refused = browser
            .submit(&form(&page, "reset-secret").with("password", "x"))
            .expect(403);
        assert_eq!(refused.texts(".problem"), [wrong]);
        let reset = browser
            .submit(&confirmed(&form(&page, "reset-bot-token")))
            .expect(200);
        for page in [
            list,
            mistaken,
            made,
            page,
            refused,
            reset,
            browser.get(&path(&device)),
        ] {
            assert_eq!(page.document().root_element().attr("lang"), Some(tag));
            is_accessible(&page);
        }
    }
}
