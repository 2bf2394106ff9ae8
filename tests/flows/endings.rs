//! How things end: revocation, introspection, deauthorization, deletion, a new password.

use fluxer_oauth2::http::Method;
use serde_json::{Value, json};

use crate::world::{
    ADMIN_SECRET, App, Native, PASSWORD, Tokens, With, World, get, post, request, text,
};

const DEAD: (bool, bool) = (false, false);
const ALIVE: (bool, bool) = (true, true);

fn inactive() -> Value {
    json!({"active": false})
}

#[test]
fn either_token_ends_its_device_at_once_and_no_other() {
    let world = World::new();
    let browser = world.alices_browser();
    for app in [&world.server, &world.device] {
        for path in [
            "/api/oauth2/revoke",
            "/oauth2/revoke",
            "/api/oauth2/token/revoke",
            "/oauth2/token/revoke",
        ] {
            for pick in [
                |tokens: &Tokens| tokens.access.clone(),
                |tokens: &Tokens| tokens.refresh.clone(),
            ] {
                let hints = ["", "access_token", "refresh_token", "nonsense"];
                for hint in world.some(hints, 3) {
                    let (phone, laptop) = (
                        world.tokens_for(&browser, app),
                        world.tokens_for(&browser, app),
                    );
                    let later = world.refresh(app, &phone.refresh).tokens();
                    assert_eq!(world.works(app, &later), ALIVE);
                    let form = [("token", &*pick(&later)), ("token_type_hint", hint)];
                    let answer = world.send(app.post(path, &form)).expect(200);
                    assert_eq!(answer.body, "");
                    for tokens in [&phone, &later] {
                        assert_eq!(world.works(app, tokens), DEAD);
                        assert_eq!(world.introspect(app, &tokens.access), inactive());
                        assert_eq!(
                            world.refresh(app, &tokens.refresh).expect(400).error(),
                            "invalid_grant"
                        );
                    }
                    assert_eq!(world.works(app, &laptop), ALIVE);
                    world.revoke(app, &later.access).expect(200);
                }
            }
        }
    }
}

#[test]
fn who_asks_for_json_gets_json_that_says_nothing() {
    let world = World::new();
    let app = &world.server;
    for (accept, expected) in [
        ("application/json", (Some("application/json"), "{}")),
        (
            "text/html, application/json;q=0.9",
            (Some("application/json"), "{}"),
        ),
        ("*/*", (None, "")),
    ] {
        let token = world.tokens(app).refresh;
        for token in [&*token, &token, "unknown"] {
            let form = app.post("/api/oauth2/revoke", &[("token", token)]);
            let answer = world.send(form.with("accept", accept)).expect(200);
            assert_eq!((answer.header("content-type"), &*answer.body), expected);
        }
        assert_eq!(
            world.refresh(app, &token).expect(400).error(),
            "invalid_grant"
        );
    }
}

#[test]
fn what_cannot_be_revoked_is_answered_alike_and_left_alone() {
    let world = World::new();
    let app = &world.server;
    let tokens = world.tokens(app);
    for token in [&tokens.access, &tokens.refresh] {
        for stranger in [&world.other, &world.device] {
            assert_eq!(world.revoke(stranger, token).expect(200).body, "");
        }
    }
    for token in [
        "x",
        "a.b.c",
        "\0",
        "..",
        &"x".repeat(600),
        &tokens.access[1..],
    ] {
        assert_eq!(world.revoke(app, token).expect(200).body, "");
    }
    for (form, error) in [
        (vec![], "invalid_request"),
        (vec![("token", "a"), ("token", "b")], "invalid_request"),
    ] {
        assert_eq!(
            world
                .send(app.post("/api/oauth2/revoke", &form))
                .expect(400)
                .error(),
            error
        );
    }
    let nobody = post("/api/oauth2/revoke", &[("token", &tokens.refresh)]);
    assert_eq!(world.send(nobody).expect(401).error(), "invalid_client");
    let bare_id = post(
        "/api/oauth2/revoke",
        &[("token", &tokens.refresh), ("client_id", &app.id)],
    );
    assert_eq!(world.send(bare_id).expect(401).error(), "invalid_client");
    assert_eq!(world.works(app, &tokens), ALIVE);
    world.advance(8 * 24 * 3600);
    world.revoke(app, &tokens.access).expect(200);
    assert_eq!(
        world.introspect(app, &tokens.refresh)["active"],
        true,
        "an expired token ends nothing"
    );
}

#[test]
fn a_token_of_client_credentials_can_be_revoked() {
    let world = World::new();
    let app = &world.server;
    let issue = || {
        text(
            &world
                .token(app, &[("grant_type", "client_credentials")])
                .json(),
            "access_token",
        )
    };
    let (one, two) = (issue(), issue());
    world.revoke(&world.other, &one).expect(200);
    assert_eq!(world.introspect(app, &one)["active"], true);
    world.revoke(app, &one).expect(200);
    assert_eq!(world.introspect(app, &one), inactive());
    assert_eq!(world.send(get("/api/oauth2/@me").bearer(&one)).status, 401);
    world.send(get("/api/oauth2/@me").bearer(&two)).expect(200);
}

#[test]
fn introspection_tells_a_client_about_its_own_tokens() {
    let world = World::new();
    let app = &world.server;
    let tokens = world.tokens(app);
    let access = world.introspect(app, &tokens.access);
    for (name, expected) in [
        ("active", json!(true)),
        ("scope", json!("identify email")),
        ("client_id", json!(app.id)),
        ("sub", json!(world.alice.id)),
        ("token_type", json!("Bearer")),
        ("iss", json!(crate::world::HTTP)),
        ("aud", json!(crate::world::HTTP)),
    ] {
        assert_eq!(access[name], expected, "{name}");
    }
    assert_eq!(
        access["exp"].as_u64().unwrap() - access["iat"].as_u64().unwrap(),
        604_800
    );
    assert_eq!(access["username"], "alice");
    assert_eq!(access.as_object().unwrap().len(), 10, "{access}");

    let trusted = world.application(&json!({"name": "T", "trusted": true}));
    let mail_server = world.application(&json!({"name": "M", "introspects": true}));
    let admin = App {
        id: "1".into(),
        secret: Some(ADMIN_SECRET.into()),
        ..App::default()
    };
    for resource_server in [&trusted, &admin, &mail_server] {
        assert_eq!(world.introspect(resource_server, &tokens.access), access);
        assert_eq!(
            world.introspect(resource_server, &tokens.refresh),
            inactive()
        );
    }
    let own = [("grant_type", "client_credentials"), ("scope", "admin")];
    let refused = world.token(&mail_server, &own).expect(400);
    assert_eq!(
        refused.error(),
        "invalid_scope",
        "it may introspect and nothing else"
    );
    for stranger in [&world.other, &world.device] {
        assert_eq!(world.introspect(stranger, &tokens.access), inactive());
        assert_eq!(world.introspect(stranger, &tokens.refresh), inactive());
    }
    for token in [
        "x",
        "a.b.c",
        &tokens.access[..40],
        &format!("{}x", tokens.access),
    ] {
        assert_eq!(world.introspect(app, token), inactive());
    }
    let path = "/api/oauth2/introspect";
    for nobody in [
        post(path, &[("token", &tokens.access)]),
        post(path, &[("token", "x")]).basic(&app.id, "wrong"),
        post(path, &[("token", &tokens.access)]).bearer(&tokens.access),
    ] {
        assert_eq!(world.send(nobody).expect(401).error(), "invalid_client");
    }
    assert_eq!(
        world.send(app.post(path, &[])).expect(400).error(),
        "invalid_request"
    );
    world
        .send(get(&format!("{path}?token={}", tokens.access)))
        .expect(405);
    world.advance(604_800);
    assert_eq!(world.introspect(app, &tokens.access), inactive());
}

#[test]
fn a_user_takes_an_authorization_back() {
    let world = World::new();
    let browser = world.alices_browser();
    let (app, other) = (&world.server, &world.other);
    let staff = world.browser();
    staff.log_in(&world.staff);
    let theirs = world.tokens_for(&staff, app);
    let (phone, laptop) = (
        world.tokens_for(&browser, app),
        world.tokens_for(&browser, app),
    );
    let elsewhere = world.tokens_for(&browser, other);
    let one = format!("/api/oauth2/@me/authorizations/{}", app.id);
    let all = "/api/oauth2/@me/authorizations";

    let listed = browser.get(all).expect(200).json();
    let ids: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|it| text(&it["application"], "id"))
        .collect();
    assert_eq!(ids.len(), 2);
    assert!(ids.contains(&app.id) && ids.contains(&other.id));
    let shown = browser.get(&one).expect(200).json();
    assert_eq!(shown["scopes"], json!(["identify", "email"]));
    assert_eq!(shown["devices"].as_array().unwrap().len(), 2);
    assert_eq!(shown["devices"][0]["user_agent"], "Mozilla/5.0 (test)");

    // Without the session's own token, or with a stranger's, nothing changes.
    browser.send(request(Method::Delete, &one)).expect(403);
    let token = text(&staff.get("/api/oauth2/session").json(), "csrf_token");
    browser
        .send(request(Method::Delete, &one).with("x-csrf-token", &token))
        .expect(403);
    world.send(request(Method::Delete, &one)).expect(401);
    world
        .send(request(Method::Delete, &one).bearer(&phone.access))
        .expect(403);
    staff
        .call(
            Method::Delete,
            &format!("/api/oauth2/@me/authorizations/{}", other.id),
        )
        .expect(404);
    for unknown in ["999", "x", "0", "..%2f", "%00", &"9".repeat(10_000)] {
        browser
            .call(Method::Delete, &format!("{all}/{unknown}"))
            .expect(404);
        browser.get(&format!("{all}/{unknown}")).expect(404);
    }
    assert_eq!(world.works(app, &phone), ALIVE);

    browser.call(Method::Delete, &one).expect(204);
    assert_eq!(
        (world.works(app, &phone), world.works(app, &laptop)),
        (DEAD, DEAD)
    );
    assert_eq!(
        (world.works(other, &elsewhere), world.works(app, &theirs)),
        (ALIVE, ALIVE)
    );
    browser.get(&one).expect(404);
    browser
        .get(&app.asks().target())
        .expect(200)
        .form("decision");

    browser.call(Method::Delete, all).expect(204);
    assert_eq!(world.works(other, &elsewhere), DEAD);
    assert_eq!(browser.get(all).json(), json!([]));
}

#[test]
fn an_administrator_takes_authorizations_back() {
    let world = World::new();
    let browser = world.alices_browser();
    let of = |tail: &str| format!("/api/admin/users/{}/authorizations{tail}", world.alice.id);
    let tokens = [&world.server, &world.other].map(|app| world.tokens_for(&browser, app));
    world
        .administer(Method::Delete, &of(&format!("/{}", world.server.id)), None)
        .expect(204);
    assert_eq!(world.works(&world.server, &tokens[0]), DEAD);
    assert_eq!(world.works(&world.other, &tokens[1]), ALIVE);
    world.administer(Method::Delete, &of(""), None).expect(204);
    assert_eq!(world.works(&world.other, &tokens[1]), DEAD);
    world
        .administer(Method::Delete, "/api/admin/users/999/authorizations", None)
        .expect(404);
}

#[test]
fn a_new_password_ends_every_session_and_everything_authorized() {
    let world = World::new();
    let browser = world.alices_browser();
    let tokens = world.tokens_for(&browser, &world.server);
    let path = format!("/api/admin/users/{}", world.alice.id);
    let change = json!({"username": "alice2"});
    world
        .administer(Method::Patch, &path, Some(&change))
        .expect(200);
    assert_eq!(world.works(&world.server, &tokens), ALIVE);
    assert!(browser.is_logged_in());

    let change = json!({"password": "another password entirely"});
    world
        .administer(Method::Patch, &path, Some(&change))
        .expect(200);
    assert_eq!(world.works(&world.server, &tokens), DEAD);
    assert!(!browser.is_logged_in());
    world
        .browser()
        .try_to_log_in("alice2", PASSWORD)
        .expect(403);
    world
        .browser()
        .try_to_log_in("alice2", "another password entirely")
        .expect(303);
}

#[test]
fn a_refused_change_changes_nothing() {
    let world = World::new();
    let browser = world.alices_browser();
    let tokens = world.tokens_for(&browser, &world.server);
    let path = format!("/api/admin/users/{}", world.alice.id);
    for taken in [
        json!({"username": "STAFF"}),
        json!({"email": "staff@mail.example"}),
        json!({"username": "a b"}),
    ] {
        let mut change = taken;
        change["password"] = json!("another password entirely");
        world
            .administer(Method::Patch, &path, Some(&change))
            .expect(400);
        assert_eq!(world.works(&world.server, &tokens), ALIVE, "{change}");
        assert!(browser.is_logged_in());
        world.browser().try_to_log_in("alice", PASSWORD).expect(303);
    }
}

#[test]
fn a_deleted_user_takes_everything_along() {
    let world = World::new();
    let browser = world.alices_browser();
    let tokens = world.tokens_for(&browser, &world.server);
    let own = world.application(&json!({
        "name": "Own", "owner_id": world.alice.id, "redirect_uris": ["https://own.example/cb"],
    }));
    let staff = world.browser();
    staff.log_in(&world.staff);
    let through_own = world.tokens_for(&staff, &own);
    let path = format!("/api/admin/users/{}", world.alice.id);
    let with_applications = format!("{path}?applications=delete");
    world
        .administer(Method::Delete, &with_applications, None)
        .expect(204);
    assert_eq!(world.works(&world.server, &tokens), DEAD);
    assert!(!browser.is_logged_in());
    world.me(&through_own.access).expect(401);
    assert_eq!(
        world
            .refresh(&own, &through_own.refresh)
            .expect(401)
            .error(),
        "invalid_client"
    );
    world.browser().try_to_log_in("alice", PASSWORD).expect(403);
    world.administer(Method::Delete, &path, None).expect(404);
    // Whoever takes the name does not take what was its.
    let again = world.user("alice", false);
    assert_ne!(again.id, world.alice.id);
    world.me(&tokens.access).expect(401);
}

#[test]
fn a_deleted_application_is_nobody() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = &world.server;
    let tokens = world.tokens_for(&browser, app);
    let itself = text(
        &world
            .token(app, &[("grant_type", "client_credentials")])
            .json(),
        "access_token",
    );
    let path = format!("/api/admin/applications/{}", app.id);
    world.administer(Method::Delete, &path, None).expect(204);
    world.me(&tokens.access).expect(401);
    world
        .send(get("/api/oauth2/@me").bearer(&itself))
        .expect(401);
    for answer in [
        world.refresh(app, &tokens.refresh),
        world.revoke(app, &tokens.refresh),
        world.send(app.post("/api/oauth2/introspect", &[("token", &tokens.access)])),
        world.token(app, &[("grant_type", "client_credentials")]),
    ] {
        assert_eq!(answer.expect(401).error(), "invalid_client");
    }
    assert_eq!(
        browser.get("/api/oauth2/@me/authorizations").json(),
        json!([])
    );
    world.administer(Method::Delete, &path, None).expect(404);
    world.administer(Method::Get, &path, None).expect(404);
}

#[test]
fn introspection_names_the_user_to_whoever_may_know_the_name() {
    let world = World::new();
    let browser = world.alices_browser();
    let asks = world.server.asks().with("scope", "email");
    let code = browser.code(&asks);
    let access = world.exchange(&world.server, &code).tokens().access;
    assert_eq!(
        world.introspect(&world.server, &access)["username"],
        json!(null)
    );
    let mail_server = world.application(&json!({"name": "M"}));
    assert_eq!(world.introspect(&mail_server, &access), inactive());
    let path = format!("/api/admin/applications/{}", mail_server.id);
    let flag = json!({"introspects": true});
    let changed = world.administer(Method::Patch, &path, Some(&flag));
    assert_eq!(changed.expect(200).json()["introspects"], true);
    assert_eq!(world.introspect(&mail_server, &access)["username"], "alice");
    let owner = json!({"owner_id": world.alice.id});
    world
        .administer(Method::Patch, &path, Some(&owner))
        .expect(200);
    let path = format!("/api/oauth2/applications/{}", mail_server.id);
    let own = browser.call_with(Method::Patch, &path, &json!({"introspects": false}));
    assert_eq!(own.fields(), ["introspects"], "the owner does not set it");
}

#[test]
fn introspection_answers_without_the_name_where_the_directory_does_not() {
    let world = Native::new();
    let access = world.tokens(&world.server).access;
    let mail_server = world.application(&json!({"name": "M", "introspects": true}));
    assert_eq!(world.introspect(&mail_server, &access)["username"], "alice");
    world.memory.outage.set(Some("d1"));
    let told = world.introspect(&mail_server, &access);
    assert_eq!(
        (&told["active"], &told["username"]),
        (&json!(true), &json!(null))
    );
}
