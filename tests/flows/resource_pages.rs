//! `/admin/resources…`: resource servers as administrators register, change and delete them on pages.

use fluxer_oauth2::http::Method;
use fluxer_oauth2::store::memory::Isolate;
use serde_json::{Value, json};

use crate::world::{Answer, App, Browser, Native, PASSWORD, With, World, post, selector, text};

const LIST: &str = "/admin/resources";
const NOTES: &str = "https://notes.example/api";

fn staff(world: &World) -> Browser<'_> {
    let browser = world.browser();
    browser.log_in(&world.staff);
    browser
}

fn shown(world: &World, id: &str) -> Value {
    let path = format!("/api/admin/resources/{id}");
    world
        .administer(Method::Get, &path, None)
        .expect(200)
        .json()
}

fn register(browser: &Browser<'_>) -> Answer {
    let form = browser.get(LIST).expect(200).form("identifier");
    let form = form
        .with("name", "Notes")
        .with("identifier", NOTES)
        .with(
            "scopes",
            "notes:read  Read your notes\r\n\r\n notes:write Write <b>them</b> ",
        )
        .with("clients", "");
    browser.submit(&form)
}

/// The id and the secret that a page shows.
fn credentials(page: &Answer) -> App {
    let secrets = page.texts("#client-secret");
    App {
        id: page.texts("dl.facts dd")[0].clone(),
        secret: Some(secrets.first().expect("a secret").trim().to_owned()),
        ..App::default()
    }
}

fn introspects(world: &World, resource: &App) -> bool {
    let secret = resource.secret.as_deref().expect("a secret");
    let request = post("/api/oauth2/introspect", &[("token", "x")]);
    world.send(request.basic(&resource.id, secret)).status == 200
}

fn newest(world: &World) -> Value {
    world.audit_log().into_iter().next().expect("an entry")
}

#[test]
fn a_registered_resource_server_is_that_of_the_api_and_its_secret_is_shown_once() {
    let world = World::new();
    let browser = staff(&world);
    world.advance(1);
    let made = register(&browser).expect(200);
    let resource = credentials(&made);
    let is = shown(&world, &resource.id);
    assert_eq!(is["identifier"], NOTES);
    assert_eq!(is["name"], "Notes");
    assert_eq!(is["signing_alg"], "ES256");
    assert_eq!(is["clients"], json!([]));
    let scopes = json!([
        {"name": "notes:read", "description": "Read your notes"},
        {"name": "notes:write", "description": "Write <b>them</b>"},
    ]);
    assert_eq!(is["scopes"], scopes);
    assert!(introspects(&world, &resource));
    let entry = newest(&world);
    assert_eq!(entry["action"], "resource.created");
    assert_eq!(entry["actor_id"], world.staff.id.as_str());
    assert_eq!(entry["target_id"], resource.id.as_str());

    let path = format!("{LIST}/{}", resource.id);
    assert_eq!(browser.get(LIST).texts("ul.rows a.name"), ["Notes"]);
    let page = browser.get(&path).expect(200);
    let secret = resource.secret.as_deref().expect("a secret");
    assert!(!page.body.contains(secret));
    world.advance(1);
    // The forms of the answer that made it work where they are.
    let form = made.form("identifier").with("name", "Note book");
    browser.submit(&form).expect(303);
    assert_eq!(shown(&world, &resource.id)["name"], "Note book");
    assert_eq!(newest(&world)["action"], "resource.updated");
}

#[test]
fn saving_what_is_shown_changes_nothing() {
    let world = World::new();
    let resource = world.resource(&json!({"clients": [world.server.id], "signing_alg": "RS256"}));
    let before = shown(&world, &resource.id);
    let browser = staff(&world);
    let path = format!("{LIST}/{}", resource.id);
    let form = browser.get(&path).expect(200).form("identifier");
    let saved = browser.submit(&form).expect(303);
    assert_eq!(saved.location(), format!("{path}?done=saved"));
    assert_eq!(browser.get(saved.location()).texts(".done"), ["Saved."]);
    assert_eq!(shown(&world, &resource.id), before);
}

#[test]
fn every_mistake_is_named_beside_its_field_and_nothing_is_changed() {
    let world = World::new();
    world.resource(&json!({"identifier": "https://taken.example"}));
    let browser = staff(&world);
    let resource = credentials(&register(&browser));
    let before = shown(&world, &resource.id);
    let pages = [LIST.to_owned(), format!("{LIST}/{}", resource.id)];
    for page in &pages {
        for (field, typed, mistake) in [
            ("identifier", "/notes", "identifier-mistakes"),
            (
                "identifier",
                "https://notes.example/#x",
                "identifier-mistakes",
            ),
            (
                "identifier",
                "https://TAKEN.example/",
                "identifier-mistakes",
            ),
            ("identifier", "", "identifier-mistakes"),
            ("name", "", "name-mistakes"),
            ("name", "\u{202e}x", "name-mistakes"),
            ("scopes", "", "scopes-mistakes"),
            ("scopes", "notes:read", "scopes-mistakes"),
            ("scopes", "Read all", "scopes-mistakes"),
            ("scopes", "identify who you are", "scopes-mistakes"),
            ("scopes", "a one\na another", "scopes-mistakes"),
            ("signing_alg", "HS256", "signing_alg-mistakes"),
            ("clients", "me", "clients-mistakes"),
        ] {
            let form = browser.get(page).expect(200).form("identifier");
            let form = form
                .with("name", "X")
                .with("identifier", "https://x.example")
                .with("scopes", "x All")
                .with(field, typed);
            let refused = browser.submit(&form).expect(400);
            let mistakes = refused.texts(".mistakes");
            assert_eq!(mistakes.len(), 1, "{page} {field}={typed:?}: {mistakes:?}");
            assert_eq!(refused.texts(&format!("#{mistake}")).len(), 1, "{field}");
            assert_eq!(refused.texts(".problem").len(), 1);
            let again = refused.form("identifier");
            let kept = again.field(field);
            // A list to choose from has no such choice.
            let expected = if field == "signing_alg" {
                "ES256"
            } else {
                typed
            };
            assert_eq!(kept.replace("\r\n", "\n"), expected, "{field}");
        }
    }
    assert_eq!(shown(&world, &resource.id), before);
    let all = world.administer(Method::Get, "/api/admin/resources", None);
    assert_eq!(all.json().as_array().map(Vec::len), Some(2));
}

#[test]
fn another_secret_and_a_deletion_take_the_password() {
    let world = World::new();
    let resource = world.resource(&json!({}));
    let browser = staff(&world);
    let path = format!("{LIST}/{}", resource.id);
    let form = browser.get(&path).expect(200).form("password");
    for action in ["secret", "delete"] {
        let form = form.clone().with("action", action);
        for wrong in ["", "x"] {
            let refused = browser.submit(&form.clone().with("password", wrong));
            let refused = refused.expect(403);
            assert_eq!(refused.texts(&format!("#{action}-problem")).len(), 1);
        }
        let limited = (0..5).map(|_| browser.submit(&form.clone().with("password", "x")));
        let limited = limited.last().expect("an answer").expect(429);
        assert!(limited.header("retry-after").is_some());
        world.advance(61);
    }
    assert!(introspects(&world, &resource));

    let renewed = form.clone().with("password", PASSWORD);
    let renewed = browser
        .submit(&renewed.with("action", "secret"))
        .expect(200);
    let renewed = credentials(&renewed);
    assert_eq!(renewed.id, resource.id);
    assert!(introspects(&world, &renewed));
    assert!(!introspects(&world, &resource));
    let entry = newest(&world);
    assert_eq!(entry["action"], "resource.updated");
    assert_eq!(entry["details"], json!({"fields": ["client_secret"]}));

    world.advance(1);
    let gone = form.with("password", PASSWORD).with("action", "delete");
    let gone = browser.submit(&gone).expect(303);
    assert_eq!(gone.location(), format!("{LIST}?done=deleted"));
    assert_eq!(browser.get(gone.location()).texts(".done").len(), 1);
    assert_eq!(newest(&world)["action"], "resource.deleted");
    browser.get(&path).expect(404);
    assert!(!introspects(&world, &renewed));
}

#[test]
fn the_api_resets_the_secret_of_a_resource_server_too() {
    let world = World::new();
    let resource = world.resource(&json!({}));
    let path = format!("/api/admin/resources/{}/client-secret/reset", resource.id);
    let renewed = world.administer(Method::Post, &path, None).expect(200);
    let renewed = App {
        secret: Some(text(&renewed.json(), "client_secret")),
        ..resource.clone()
    };
    assert!(introspects(&world, &renewed));
    assert!(!introspects(&world, &resource));
    let path = "/api/admin/resources/1/client-secret/reset";
    let unknown = world.administer(Method::Post, path, None).expect(404);
    assert_eq!(unknown.code(), "UNKNOWN_RESOURCE");
}

#[test]
fn a_new_secret_of_a_resource_server_works_where_the_old_one_is_remembered() {
    let world = Native::new();
    let resource = world.resource(&json!({}));
    world.memory.isolate.set(Isolate::Remembering);
    assert!(introspects(&world, &resource));
    let path = format!("/api/admin/resources/{}/client-secret/reset", resource.id);
    let renewed = world.administer(Method::Post, &path, None).expect(200);
    let renewed = App {
        secret: Some(text(&renewed.json(), "client_secret")),
        ..resource.clone()
    };
    assert!(introspects(&world, &renewed));
}

#[test]
fn administrators_alone_see_and_change_resource_servers() {
    let world = World::new();
    let resource = world.resource(&json!({}));
    let before = shown(&world, &resource.id);
    let (staff, alice) = (staff(&world), world.alices_browser());
    let path = format!("{LIST}/{}", resource.id);
    let forms = [
        staff.get(LIST).form("identifier").with("name", "X"),
        staff.get(&path).form("identifier").with("name", "X"),
        staff
            .get(&path)
            .form("password")
            .with("action", "delete")
            .with("password", PASSWORD),
    ];
    for page in [LIST, &path, "/admin/resources/x"] {
        alice.get(page).expect(403);
        assert!(
            world
                .browser()
                .get(page)
                .expect(303)
                .location()
                .starts_with("/login?")
        );
    }
    staff.get("/admin/resources/x").expect(404);
    for form in &forms {
        alice.submit(form).expect(403);
        staff
            .submit(&form.clone().with("csrf_token", "x"))
            .expect(403);
        let stranger = form.request().with("origin", "https://evil.example");
        staff.send(stranger).expect(403);
        if form.action != LIST {
            staff.submit(&form.clone().with("action", "x")).expect(400);
        }
    }
    assert_eq!(shown(&world, &resource.id), before);
}

#[test]
fn a_long_list_of_resource_servers_is_paged() {
    let world = World::new();
    for nth in 0..30 {
        world.resource(
            &json!({"identifier": format!("https://{nth}.example"), "name": format!("R{nth}")}),
        );
    }
    let browser = staff(&world);
    let first = browser.get(LIST).expect(200);
    assert_eq!(first.texts("ul.rows a.name").len(), 25);
    let document = first.document();
    let next = selector("a[rel=next]");
    let next = document.select(&next).next().and_then(|it| it.attr("href"));
    let second = browser.get(next.expect("a link")).expect(200);
    assert_eq!(second.texts("ul.rows a.name").len(), 5);
}
