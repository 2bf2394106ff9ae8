//! What goes on while a store does not answer, and what an isolate may not decide by itself.

use fluxer_oauth2::http::Method;
use fluxer_oauth2::store::memory::{Isolate, KvMood};
use serde_json::{Value, json};

use crate::world::{App, Native, PASSWORD, Tokens, With, get, text};

/// A server whose isolate has read its application a moment ago, and whose D1 is silent from then on.
fn outage(world: &Native) -> Tokens {
    let browser = world.alices_browser();
    let tokens = world.tokens_for(&browser, &world.server);
    world.memory.isolate.set(Isolate::Remembering);
    world.introspect(&world.server, &tokens.access);
    world.memory.outage.set(Some("d1"));
    tokens
}

fn own(world: &Native, scope: &str) -> u16 {
    let form = [("grant_type", "client_credentials"), ("scope", scope)];
    world.token(&world.server, &form).status
}

fn bearer_check(world: &Native, token: &str) -> u16 {
    world.send(get("/api/oauth2/@me").bearer(token)).status
}

#[test]
fn refreshes_and_introspection_go_on_for_ten_minutes_without_d1() {
    let world = Native::new();
    let mut tokens = outage(&world);
    for _ in 0..9 {
        world.advance(60);
        tokens = world.refresh(&world.server, &tokens.refresh).tokens();
        assert_eq!(
            world.introspect(&world.server, &tokens.access)["active"],
            true
        );
    }
    world.advance(61);
    world.refresh(&world.server, &tokens.refresh).expect(503);
    // Nothing was lost by it.
    world.memory.outage.set(None);
    world.refresh(&world.server, &tokens.refresh).tokens();
}

#[test]
fn a_revoked_token_is_refused_without_d1() {
    let world = Native::new();
    let tokens = outage(&world);
    world.advance(60);
    world.revoke(&world.server, &tokens.refresh).expect(200);
    let inactive = json!({"active": false});
    assert_eq!(world.introspect(&world.server, &tokens.access), inactive);
    let answer = world.refresh(&world.server, &tokens.refresh);
    assert_eq!(answer.expect(400).error(), "invalid_grant");
}

#[test]
fn a_bearer_check_goes_on_without_d1() {
    let world = Native::new();
    let tokens = outage(&world);
    world.advance(60);
    // The check passes, and the resource itself needs D1.
    assert_eq!(bearer_check(&world, &tokens.access), 503);
    assert!(
        world
            .memory
            .log
            .borrow()
            .iter()
            .any(|line| line.contains("serves"))
    );
    assert_eq!(bearer_check(&world, "nonsense"), 401);
}

#[test]
fn nothing_new_begins_without_d1() {
    let world = Native::new();
    let browser = world.alices_browser();
    let code = browser.code(&world.server.asks());
    outage(&world);
    world.advance(60);
    world.exchange(&world.server, &code).expect(503);
    assert_eq!(own(&world, ""), 503);
    world.memory.outage.set(None);
    world.exchange(&world.server, &code).expect(200);
}

#[test]
fn administrators_wait_for_d1() {
    let world = Native::new();
    let console = world.application(&json!({
        "name": "Console", "trusted": true, "redirect_uris": ["https://console.example/cb"],
    }));
    let browser = world.browser();
    browser.log_in(&world.staff);
    let code = browser.code(&console.asks().with("scope", "identify admin"));
    let tokens = world.exchange(&console, &code).tokens();
    world.memory.isolate.set(Isolate::Remembering);
    world.introspect(&console, &tokens.access);
    world.memory.outage.set(Some("d1"));
    world.advance(60);
    let answer = world.send(console.post("/api/oauth2/introspect", &[("token", &tokens.access)]));
    answer.expect(503);
    world.refresh(&console, &tokens.refresh).expect(200);
}

#[test]
fn a_wrong_secret_is_no_verdict_without_d1() {
    let world = Native::new();
    let tokens = outage(&world);
    world.advance(60);
    let stranger = App {
        secret: Some("wrong".to_owned()),
        ..world.server.clone()
    };
    world.refresh(&stranger, &tokens.refresh).expect(503);
}

/// An application stopped: deleted, or its secret replaced.
fn stop(world: &Native, method: Method, path: &str, body: Option<&Value>) {
    world.administer(method, path, body);
}

#[test]
fn an_application_that_was_stopped_is_not_served_from_memory() {
    for kv in [KvMood::Fresh, KvMood::Missing] {
        let world = Native::new();
        let tokens = outage(&world);
        world.memory.outage.set(None);
        let path = format!("/api/admin/applications/{}", world.server.id);
        stop(&world, Method::Delete, &path, None);
        // Another isolate has not heard of it.
        world.memory.outage.set(Some("d1"));
        world.memory.kv_mood.set(kv);
        world.advance(60);
        let refreshed = world.refresh(&world.server, &tokens.refresh).status;
        let expected = if kv == KvMood::Fresh { 503 } else { 200 };
        assert_eq!(refreshed, expected, "a hit denies, a miss does not");
    }
}

#[test]
fn where_kv_is_silent_too_memory_serves_nobody() {
    let world = Native::new();
    let tokens = outage(&world);
    world.advance(60);
    world.refresh(&world.server, &tokens.refresh).expect(200);
    world.memory.kv_outage.set(true);
    world.refresh(&world.server, &tokens.refresh).expect(503);
}

#[test]
fn a_new_secret_works_where_the_old_one_is_remembered() {
    let world = Native::new();
    let browser = world.alices_browser();
    let app = world.application(&json!({
        "name": "Mine", "owner_id": world.alice.id, "redirect_uris": ["https://mine.example/cb"],
    }));
    world.memory.isolate.set(Isolate::Remembering);
    let form = [("grant_type", "client_credentials")];
    world.token(&app, &form).expect(200);
    let path = format!("/api/oauth2/applications/{}/client-secret/reset", app.id);
    world.memory.isolate.set(Isolate::Cold);
    let answer = browser.call_with(Method::Post, &path, &json!({"password": PASSWORD}));
    world.memory.isolate.set(Isolate::Remembering);
    let renewed = App {
        secret: Some(text(&answer.expect(200).json(), "client_secret")),
        ..app.clone()
    };
    world.token(&renewed, &form).expect(200);
    assert_eq!(
        world.token(&app, &form).expect(401).error(),
        "invalid_client"
    );
}

/// A change that another isolate makes.
fn change(world: &Native, app: &App, change: &Value) {
    let path = format!("/api/admin/applications/{}", app.id);
    let isolate = world.memory.isolate.replace(Isolate::Cold);
    world
        .administer(Method::Patch, &path, Some(change))
        .expect(200);
    world.memory.isolate.set(isolate);
}

#[test]
fn a_new_redirect_uri_works_where_it_is_not_remembered() {
    let world = Native::new();
    let browser = world.alices_browser();
    let app = &world.server;
    world.memory.isolate.set(Isolate::Remembering);
    browser.get(&app.asks().target()).expect(200);
    let uris =
        json!({"redirect_uris": ["https://new.example/cb", "https://server.example/cb?fixed=1"]});
    change(&world, app, &uris);
    let asks = app.asks().with("redirect_uri", "https://new.example/cb");
    browser.get(&asks.target()).expect(200);
    let unknown = app.asks().with("redirect_uri", "https://other.example/cb");
    browser.get(&unknown.target()).expect(400);
}

#[test]
fn a_redirect_uri_that_came_back_is_no_reason_to_refuse_a_code() {
    let world = Native::new();
    let browser = world.alices_browser();
    let app = &world.server;
    let code = browser.code(&app.asks());
    change(&world, app, &json!({"redirect_uris": []}));
    world.memory.isolate.set(Isolate::Remembering);
    world.advance(6);
    let form = [("grant_type", "client_credentials")];
    world.token(app, &form).expect(200);
    change(&world, app, &json!({"redirect_uris": [app.redirect_uri]}));
    world.exchange(app, &code).expect(200);
}

#[test]
fn trust_that_was_given_a_moment_ago_counts() {
    let world = Native::new();
    let app = &world.server;
    let tokens = world.tokens(&world.other);
    world.memory.isolate.set(Isolate::Remembering);
    let inactive = json!({"active": false});
    let trust = |trusted: bool| {
        change(&world, app, &json!({"trusted": trusted}));
    };
    assert_eq!(world.introspect(app, &tokens.access), inactive);
    trust(true);
    assert_eq!(world.introspect(app, &tokens.access)["active"], true);
    trust(false);
    world.advance(6);
    assert_eq!(own(&world, "admin"), 400);
    trust(true);
    assert_eq!(own(&world, "admin"), 200);
}

#[test]
fn tokens_of_a_former_issuer_go_on() {
    const NEW: &str = "http://localhost:8787";
    let moved = |world: Native, aliases| {
        world.reconfigured(&[("ISSUER", NEW), ("ISSUER_ALIASES", aliases)])
    };
    let world = Native::new();
    let tokens = world.tokens(&world.server);
    let world = moved(world, "");
    assert_eq!(world.works(&world.server, &tokens), (false, false));
    let world = moved(world, "https://older.example http://127.0.0.1:8787");
    assert_eq!(world.works(&world.server, &tokens), (true, true));
    let next = world.refresh(&world.server, &tokens.refresh).tokens();
    let answer = world.introspect(&world.server, &next.access);
    assert_eq!(
        (&answer["active"], &answer["iss"]),
        (&json!(true), &json!(NEW))
    );
    world.revoke(&world.server, &tokens.access).expect(200);
    assert_eq!(world.works(&world.server, &next), (false, false));
}
