//! Refresh tokens of the server before this one: asked about there, and exchanged once.

use fluxer_oauth2::store::memory::{Plan, When};
use serde_json::{Value, json};

use crate::world::{App, Native, get, text};

const INTROSPECTION: &str = "http://127.0.0.1:9000/introspect";
const TOKEN: &str = "9zTDMC-vBUVYkxlqLHHXm-lY7A7mGcvTUzWNiG4Aecc";

/// Beside a server that knows one token of Alice's.
struct Beside {
    world: Native,
}

impl Beside {
    fn with(settings: &[(&'static str, &str)]) -> Self {
        let settings = [&[("LEGACY_INTROSPECTION_URL", INTROSPECTION)], settings].concat();
        let it = Self {
            world: Native::new().reconfigured(&settings),
        };
        it.says(&json!({}));
        it
    }

    fn new() -> Self {
        Self::with(&[])
    }

    /// What the old server says of any token, but for what is changed.
    fn says(&self, changed: &Value) {
        let world = &self.world;
        let mut said = json!({
            "active": true, "client_id": world.server.id, "sub": world.alice.id,
            "scope": "identify email applications.commands", "exp": world.now().seconds() + 86_400,
        });
        for (name, value) in changed.as_object().expect("an object") {
            said[name] = value.clone();
        }
        world.memory.serve_json(INTROSPECTION, &said);
    }

    fn exchange(&self) -> crate::world::Answer {
        self.world.refresh(&self.world.server, TOKEN)
    }
}

#[test]
fn a_token_of_the_server_before_becomes_ours_and_goes_on() {
    let beside = Beside::new();
    let (world, app) = (&beside.world, &beside.world.server);
    let answer = beside.exchange().expect(200).json();
    assert_eq!(answer["scope"], "identify email");
    let refresh = text(&answer, "refresh_token");
    world.me(&text(&answer, "access_token")).expect(200);
    let next = world.refresh(app, &refresh).expect(200).json();
    world.me(&text(&next, "access_token")).expect(200);
    // Its user finds it, and takes it back.
    let browser = world.alices_browser();
    let listed = browser
        .get("/api/oauth2/@me/authorizations")
        .expect(200)
        .json();
    assert_eq!(listed[0]["application"]["id"], *app.id);
    let path = format!("/api/oauth2/@me/authorizations/{}", app.id);
    browser
        .call(fluxer_oauth2::http::Method::Delete, &path)
        .expect(204);
    world
        .refresh(app, &text(&next, "refresh_token"))
        .expect(400);
    beside.exchange().expect(400);
}

#[test]
fn the_old_server_is_asked_with_the_clients_own_credentials_or_with_ours() {
    let beside = Beside::new();
    beside.exchange().expect(200);
    let posted = beside.world.memory.posted().remove(0);
    assert_eq!(posted.url, INTROSPECTION);
    assert_eq!(
        posted.body,
        format!("token={TOKEN}&token_type_hint=refresh_token")
    );
    let header = |posted: &fluxer_oauth2::store::memory::outbound::Posted| {
        let mut headers = posted.headers.iter();
        headers
            .find(|(name, _)| *name == "authorization")
            .map(|(_, value)| value.clone())
    };
    assert!(header(&posted).expect("credentials").starts_with("Basic "));
    let ours = Beside::with(&[(
        "LEGACY_INTROSPECTION_AUTHORIZATION",
        "Bearer of this server",
    )]);
    ours.exchange().expect(200);
    let posted = ours.world.memory.posted().remove(0);
    assert_eq!(header(&posted).as_deref(), Some("Bearer of this server"));
    // A public client has its id alone.
    let device = beside.world.device.clone();
    beside.says(&json!({"client_id": device.id}));
    beside.world.refresh(&device, "another-token").expect(200);
    let posted = beside.world.memory.posted().remove(0);
    assert_eq!(header(&posted), None);
    assert!(posted.body.ends_with(&format!("&client_id={}", device.id)));
}

#[test]
fn a_lost_answer_is_given_again_and_a_token_that_is_used_later_ends_the_login() {
    let beside = Beside::new();
    let world = &beside.world;
    let first = text(&beside.exchange().expect(200).json(), "refresh_token");
    world.advance(29);
    let again = text(&beside.exchange().expect(200).json(), "refresh_token");
    assert_eq!(first, again);
    world.advance(31);
    beside.exchange().expect(400);
    world.refresh(&world.server, &first).expect(400);
    let log = world.audit_log();
    let reused = |entry: &Value| entry["action"] == "token.reused";
    assert!(log.iter().any(reused), "{log:?}");
    // And it stays so for as long as the old server takes it.
    world.advance(86_000);
    beside.says(&json!({}));
    beside.exchange().expect(400);
}

#[test]
fn once_the_successor_was_used_the_old_token_ends_the_login() {
    let beside = Beside::new();
    let world = &beside.world;
    let first = text(&beside.exchange().expect(200).json(), "refresh_token");
    let next = text(
        &world.refresh(&world.server, &first).expect(200).json(),
        "refresh_token",
    );
    beside.exchange().expect(400);
    world.refresh(&world.server, &next).expect(400);
}

#[test]
fn what_the_old_server_does_not_vouch_for_gives_nothing() {
    for refused in [
        json!({"active": false}),
        json!({"client_id": "999"}),
        json!({"token_type": "Bearer"}),
        json!({"token_use": "access_token"}),
        json!({"sub": "999999999999999999"}),
        json!({"exp": 1}),
        json!({"scope": "applications.commands"}),
    ] {
        let beside = Beside::new();
        beside.says(&refused);
        let answer = beside.exchange().expect(400).json();
        assert_eq!(answer["error"], "invalid_grant", "{refused}");
    }
    // Less than it must say, or nothing, is no verdict.
    for absurd in [
        json!({"active": "yes"}),
        json!({"client_id": null}),
        json!({"sub": "alice"}),
        json!({"scope": null}),
    ] {
        let beside = Beside::new();
        beside.says(&absurd);
        let answer = beside.exchange().expect(503);
        assert_eq!(answer.header("retry-after"), Some("1"), "{absurd}");
    }
    let beside = Beside::new();
    beside.world.memory.silence(INTROSPECTION);
    beside.exchange().expect(503);
    beside.says(&json!({}));
    beside.exchange().expect(200);
}

#[test]
fn a_suspended_user_and_a_wrong_secret_get_nothing() {
    let beside = Beside::new();
    let world = &beside.world;
    let thief = App {
        secret: Some("wrong".to_owned()),
        ..world.server.clone()
    };
    world.refresh(&thief, TOKEN).expect(401);
    assert!(world.memory.posted().is_empty());
    let path = format!("/api/admin/users/{}", world.alice.id);
    let suspended = json!({"suspended": true});
    world
        .administer(fluxer_oauth2::http::Method::Patch, &path, Some(&suspended))
        .expect(200);
    beside.exchange().expect(400);
}

#[test]
fn less_may_be_asked_and_more_may_not() {
    let beside = Beside::new();
    let world = &beside.world;
    let ask = |scope: &str| {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", TOKEN),
            ("scope", scope),
        ];
        world.token(&world.server, &form)
    };
    assert_eq!(
        ask("identify guilds").expect(400).json()["error"],
        "invalid_scope"
    );
    let answer = ask("identify").expect(200).json();
    assert_eq!(answer["scope"], "identify");
    let refresh = text(&answer, "refresh_token");
    let whole = world.refresh(&world.server, &refresh).expect(200).json();
    assert_eq!(whole["scope"], "identify email");
}

#[test]
fn after_any_fault_the_old_token_still_works() {
    for when in [When::Before, When::After] {
        for step in 0..12 {
            let beside = Beside::new();
            beside.world.memory.plan.set(Some(Plan { step, when }));
            let answer = beside.exchange();
            assert!([200, 503].contains(&answer.status), "{step} {when:?}");
            beside.world.memory.plan.set(None);
            let answer = beside.exchange().expect(200).json();
            beside.world.send(get("/api/users/@me")).expect(401);
            beside.world.me(&text(&answer, "access_token")).expect(200);
        }
    }
}

#[test]
fn without_the_setting_nobody_is_asked_and_ours_are_never_shown() {
    let world = Native::new();
    world
        .memory
        .serve_json(INTROSPECTION, &json!({"active": true}));
    world.refresh(&world.server, TOKEN).expect(400);
    assert!(world.memory.posted().is_empty());
    let beside = Beside::new();
    let tokens = beside.world.tokens(&beside.world.server);
    beside.world.advance(31 * 86_400);
    beside
        .world
        .refresh(&beside.world.server, &tokens.refresh)
        .expect(400);
    assert!(beside.world.memory.posted().is_empty());
}
