//! What is for other people's libraries on an application's page, and the resource servers there.

use serde_json::json;

use super::link::pasted;
use super::{create, path};
use crate::world::{App, HTTP, World};

const OF: [&str; 3] = ["oidc-client-ts", "authlib", "oauth2-proxy"];

fn snippets(world: &World, app: &App, query: &str) -> Vec<(&'static str, String)> {
    let page = world
        .alices_browser()
        .get(&format!("{}?{query}", path(app)));
    let page = page.expect(200);
    let shown = OF
        .into_iter()
        .filter(|of| !page.texts(&format!("#{of}")).is_empty());
    shown.map(|of| (of, pasted(&page, of))).collect()
}

#[test]
fn each_kind_of_application_is_shown_the_libraries_for_it() {
    let world = World::new();
    let browser = world.alices_browser();
    let uri = "https://app.example/oauth2/callback?a='";
    for (kind, expected) in [("confidential", &OF[1..]), ("public", &OF[..1])] {
        let app = create(&browser, "Mine", kind, uri);
        let query = "scope=guilds&scope=identify";
        let shown = snippets(&world, &app, query);
        let names: Vec<_> = shown.iter().map(|(of, _)| *of).collect();
        assert_eq!(names, expected);
        for (of, snippet) in shown {
            assert!(snippet.contains(&app.id), "{snippet}");
            assert!(snippet.contains(HTTP), "{snippet}");
            let (uri, scope) = match of {
                "oauth2-proxy" => (uri.to_owned(), "identify email guilds openid"),
                _ => (uri.replace('\'', "\\'"), "identify guilds openid"),
            };
            assert!(snippet.contains(&uri), "{snippet}");
            assert!(snippet.contains(scope), "{snippet}");
            if let Some(secret) = &app.secret {
                assert!(!snippet.contains(secret));
            }
            assert_eq!(snippet.matches('(').count(), snippet.matches(')').count());
        }
    }
}

#[test]
fn a_link_that_only_adds_a_bot_has_no_snippets_for_logins() {
    let world = World::new();
    let bot = json!({
        "name": "Bot", "bot": true, "owner_id": world.alice.id, "redirect_uris": ["https://bot.example/cb"],
    });
    let bot = world.application(&bot);
    assert_eq!(snippets(&world, &bot, "scope=bot"), []);
    assert_eq!(snippets(&world, &bot, "scope=bot&scope=identify").len(), 2);
}

#[test]
fn the_resource_servers_are_listed_with_what_they_offer() {
    let world = World::new();
    let alices = json!({"name": "Hers", "owner_id": world.alice.id});
    let alices = world.application(&alices);
    let page_of = |app: &App| world.alices_browser().get(&path(app)).expect(200);
    assert!(page_of(&alices).texts("#resources").is_empty());
    let hostile = json!([{"name": "x:read", "description": "<b>Read</b> x"}]);
    world.resource(&json!({"identifier": "https://x.example", "name": "<i>X", "scopes": hostile}));
    world.advance(1);
    world
        .resource(&json!({"identifier": "https://y.example", "name": "Y", "clients": [alices.id]}));
    let shown = page_of(&alices);
    assert_eq!(shown.texts("#resources bdi.name"), ["<i>X", "Y"]);
    assert_eq!(
        shown.texts("#resources li code"),
        ["https://x.example", "https://y.example"]
    );
    assert_eq!(shown.texts("#resources li:first-child dt"), ["x:read"]);
    assert_eq!(
        shown.texts("#resources li:first-child dd"),
        ["<b>Read</b> x"]
    );
    assert_eq!(shown.texts("#resources .tag"), ["also without a user"]);
}
