//! Who somebody is, asked of the platform: what it answers, and what is made of nonsense.

use fluxer_oauth2::http::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Health, KEY, Platformed};
use crate::world::{Answer, Asks, With, get, text};

const EVERYTHING: &str = "identify email guilds connections";

fn guild(id: &str, permissions: &str) -> Value {
    json!({"id": id, "name": format!("Guild {id}"), "icon": null, "owner": false, "permissions": permissions})
}

fn everything(world: &Platformed) -> String {
    let browser = world.logged_in(&world.alice.id);
    let asks = world.server.asks().with("scope", EVERYTHING);
    world
        .exchange(&world.server, &browser.code(&asks))
        .tokens()
        .access
}

#[test]
fn resources_say_what_the_platform_says_at_that_moment() {
    let world = Platformed::new();
    let alice = format!("/directory/users/{}", world.alice.id);
    world.says(
        &format!("{alice}/guilds"),
        json!([guild("70", "8"), guild("80", "0")]),
    );
    let connection = json!({"type": "github", "id": "a", "name": "alice", "verified": true});
    world.says(&format!("{alice}/connections"), json!([connection]));
    let token = everything(&world);
    let ask = |path: &str| world.send(get(path).bearer(&token)).expect(200).json();
    assert_eq!(ask("/api/users/@me")["email"], "somebody@platform.example");
    world.knows(
        &world.alice.id,
        &json!({"username": "alice2", "email": null}),
    );
    let me = ask("/api/users/@me");
    assert_eq!(
        (&me["username"], &me["email"]),
        (&json!("alice2"), &json!(null))
    );
    assert_eq!(ask("/api/users/@me/connections"), json!([connection]));
    assert_eq!(
        ask("/api/users/@me/guilds"),
        json!([guild("70", "8"), guild("80", "0")])
    );
    assert_eq!(
        ask("/api/users/@me/guilds?before=80"),
        json!([guild("70", "8")])
    );
    assert_eq!(
        ask("/api/users/@me/guilds?after=70"),
        json!([guild("80", "0")])
    );
    world.asked_for();
    ask("/api/users/@me/guilds?limit=5&after=70");
    assert_eq!(
        world.asked_for(),
        [format!("{alice}/guilds?after=70&limit=5")]
    );
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
    digits.reduce(|all, next| all + &next).unwrap_or_default()
}

#[test]
fn every_question_is_signed() {
    let world = Platformed::new();
    world.logged_in(&world.alice.id);
    let asked = world.asked.borrow();
    let request = asked.last().expect("a question");
    let target = format!("/directory/users/{}", world.alice.id);
    assert_eq!((request.method, &request.target), (Method::Get, &target));
    let t = world.now().seconds();
    let body = hex(&Sha256::digest(request.body.as_bytes()));
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, KEY.as_bytes());
    let signed = ring::hmac::sign(&key, format!("{t}.GET.{target}.{body}").as_bytes());
    let v1 = hex(signed.as_ref());
    assert_eq!(request.signature, format!("t={t},v1={v1}"));
}

/// What waits for the platform, by name.
fn waiting(world: &Platformed, token: &str) -> Vec<(&'static str, Answer)> {
    let browser = world.browser().with_cookies(world.cookies_of_alice.clone());
    let me = |path: &str| world.send(get(path).bearer(token));
    vec![
        ("me", me("/api/users/@me")),
        ("userinfo", me("/api/oauth2/userinfo")),
        ("guilds", me("/api/users/@me/guilds")),
        ("connections", me("/api/users/@me/connections")),
        ("consent", browser.get(&asks(world).target())),
        ("settings", browser.get("/settings")),
    ]
}

fn asks(world: &Platformed) -> Asks {
    world.other.asks()
}

fn check_unavailable(world: &Platformed, token: &str, why: &str) {
    for (what, answer) in waiting(world, token) {
        assert_eq!(answer.status, 503, "{why}: {what}: {}", answer.body);
        assert_eq!(answer.header("retry-after"), Some("1"), "{why}: {what}");
    }
}

#[test]
fn a_platform_that_is_down_slow_or_lying_is_a_fault_and_nothing_is_empty() {
    let mut world = Platformed::new();
    let token = everything(&world);
    world.remember_alice();
    for health in [Health::Down, Health::Broken, Health::Html, Health::Endless] {
        world.health.set(health);
        check_unavailable(&world, &token, &format!("{health:?}"));
    }
    world.health.set(Health::Well);
    let alice = format!("/directory/users/{}", world.alice.id);
    let good = world.directory.borrow().clone();
    for (path, lie) in [
        (
            alice.clone(),
            json!({"id": world.staff.id, "username": "staff", "admin": true}),
        ),
        (alice.clone(), json!({"username": "alice"})),
        (alice.clone(), json!([])),
    ] {
        world.says(&path, lie.clone());
        let me = world.send(get("/api/users/@me").bearer(&token));
        assert_eq!(me.expect(503).code(), "SERVICE_UNAVAILABLE", "{lie}");
        *world.directory.borrow_mut() = good.clone();
    }
    for lie in [
        json!([{"id": "70", "name": "G", "owner": true}]),
        json!([{"id": "70", "name": "G", "permissions": 8}]),
        json!({"guilds": []}),
        json!("none"),
    ] {
        world.says(&format!("{alice}/guilds"), lie.clone());
        let guilds = world.send(get("/api/users/@me/guilds").bearer(&token));
        assert_eq!(guilds.status, 503, "{lie}");
    }
    world.says(&format!("{alice}/connections"), json!([{"type": "github"}]));
    world
        .send(get("/api/users/@me/connections").bearer(&token))
        .expect(503);
}

#[test]
fn tokens_never_wait_for_the_platform() {
    let world = Platformed::new();
    let app = &world.server;
    let browser = world.logged_in(&world.alice.id);
    let asks = app.asks().with("scope", "openid identify");
    let code = browser.code(&asks);
    world.health.set(Health::Down);
    world.asked_for();
    let tokens = world.exchange(app, &code).tokens();
    let next = world.refresh(app, &tokens.refresh).tokens();
    let shown = world.introspect(app, &next.access);
    assert_eq!(
        (&shown["active"], &shown["sub"]),
        (&json!(true), &json!(world.alice.id))
    );
    assert_eq!(shown.get("username"), None);
    world.revoke(app, &next.refresh).expect(200);
    assert_eq!(world.introspect(app, &next.access)["active"], false);
    assert_eq!(world.asked_for(), [""; 0]);
}

#[test]
fn a_user_whom_the_platform_does_not_know_any_more_is_told_so_and_that_is_no_fault() {
    let world = Platformed::new();
    let token = everything(&world);
    world.directory.borrow_mut().clear();
    let me = world.send(get("/api/users/@me").bearer(&token)).expect(401);
    assert_eq!(me.code(), "INVALID_TOKEN");
    let guilds = world.send(get("/api/users/@me/guilds").bearer(&token));
    assert_eq!(guilds.expect(200).json(), json!([]));
}

#[test]
fn an_approval_costs_one_question_to_the_platform() {
    let world = Platformed::new();
    let browser = world.logged_in(&world.alice.id);
    let form = browser
        .consent(&world.server.asks())
        .with("decision", "approve");
    world.memory.forget_steps();
    browser.submit(&form).expect(303);
    let expected = ["d1.read", "platform", "kv.put", "ledger", "d1.write"];
    assert_eq!(world.memory.steps(), expected);
}

#[test]
fn owners_are_the_platforms_users_whether_or_not_they_were_here() {
    let world = Platformed::new();
    world.knows("901", &json!({"username": "owner"}));
    let app = json!({"name": "Theirs", "owner_id": "901", "redirect_uris": ["https://a.example/"]});
    let made = world.administer(Method::Post, "/api/admin/applications", Some(&app));
    assert_eq!(text(&made.expect(200).json(), "owner_id"), "901");
    let nobody =
        json!({"name": "Theirs", "owner_id": "902", "redirect_uris": ["https://a.example/"]});
    let refused = world.administer(Method::Post, "/api/admin/applications", Some(&nobody));
    assert!(
        refused.status >= 400 && refused.status < 500,
        "{}",
        refused.status
    );
}
