//! Whose window a request is counted in, and what a full one is answered.

use fluxer_oauth2::http::Request;
use fluxer_oauth2::store::memory::Isolate;
use serde_json::{Value, json};

use crate::world::{App, Native, With, World, post, post_as};

/// The token endpoint's limit.
const TEN: usize = 10;
const TEN_IN_TEN: &[(&str, &str)] = &[("RATE_LIMIT_TOKEN", "10/10")];
const OWN: [(&str, &str); 1] = [("grant_type", "client_credentials")];

/// From this address; its status.
fn sent(world: &World, address: &str, request: Request) -> u16 {
    let answer = world.send(request.with("cf-connecting-ip", address));
    if answer.status == 429 {
        assert_eq!(answer.header("x-ratelimit-remaining"), Some("0"));
    }
    answer.status
}

/// Makes the isolate know the client: whom it does not remember takes a place of their address.
fn remembered(world: &World, app: &App) {
    world.introspect(app, "x");
}

fn own(app: &App) -> Request {
    app.post("/api/oauth2/token", &OWN)
}

/// A refresh with a token that is none.
fn refused(app: &App) -> Request {
    let form = [("grant_type", "refresh_token"), ("refresh_token", "x")];
    app.post("/api/oauth2/token", &form)
}

#[test]
fn applications_of_one_address_do_not_share_a_window() {
    let world = World::with(TEN_IN_TEN);
    for app in [&world.server, &world.other] {
        remembered(&world, app);
        for index in 0..TEN {
            assert_eq!(sent(&world, "203.0.113.1", own(app)), 200, "{index}");
        }
        assert_eq!(sent(&world, "203.0.113.1", own(app)), 429);
        let elsewhere = sent(&world, "203.0.113.2", own(app));
        assert_eq!(
            elsewhere, 429,
            "a client's window is one, wherever it asks from"
        );
    }
    let strangers = post("/oauth2/token", &OWN).basic("999", "x");
    assert_eq!(
        sent(&world, "203.0.113.1", strangers),
        401,
        "nor with anybody else"
    );
}

#[test]
fn whoever_does_not_prove_who_they_are_is_counted_by_address() {
    let world = World::with(TEN_IN_TEN);
    let server = world.server.clone();
    let forged = App {
        secret: Some("guess".to_owned()),
        ..server.clone()
    };
    let from_device = || refused(&world.device);
    let of_json = || {
        let body = json!({"client_id": server.id, "grant_type": "client_credentials"});
        post_as("application/json", "/oauth2/token", &body.to_string())
    };
    let unreadable = || post_as("text/plain", "/oauth2/token", "client_id=1");
    let kinds: [(&str, &dyn Fn() -> Request, u16); 4] = [
        ("203.0.113.1", &|| own(&forged), 401),
        ("203.0.113.2", &from_device, 400),
        ("203.0.113.3", &of_json, 401),
        ("203.0.113.4", &unreadable, 400),
    ];
    for (address, request, status) in kinds {
        for _ in 0..TEN {
            assert_eq!(sent(&world, address, request()), status, "{address}");
        }
        assert_eq!(sent(&world, address, request()), 429, "{address}");
        let authenticated = sent(&world, address, own(&world.server));
        assert_eq!(authenticated, 200, "whoever does goes on: {address}");
    }
    let elsewhere = sent(&world, "203.0.113.5", from_device());
    assert_eq!(
        elsewhere, 400,
        "nobody fills the window of a client without a secret"
    );
}

#[test]
fn what_the_isolate_does_not_remember_takes_its_address_s_place_before_the_directory_is_asked() {
    let world = Native::with(TEN_IN_TEN);
    world.memory.isolate.set(Isolate::Cold);
    world.own_token(&world.server, ""); // the first use of a secret a day is written down
    for _ in 0..TEN {
        world.memory.forget_steps();
        assert_eq!(sent(&world, "203.0.113.1", own(&world.server)), 200);
        assert_eq!(world.memory.steps(), ["limiter", "d1.read"]);
    }
    world.memory.forget_steps();
    assert_eq!(sent(&world, "203.0.113.1", own(&world.server)), 429);
    assert_eq!(world.memory.steps(), ["limiter"]);
    world.memory.isolate.set(Isolate::Warm);
    world.memory.forget_steps();
    assert_eq!(sent(&world, "203.0.113.1", own(&world.server)), 200);
    assert_eq!(
        world.memory.steps(),
        ["limiter"],
        "one question is all that it costs"
    );
}

#[test]
fn a_back_end_that_logs_many_users_in_is_given_a_window_of_its_size() {
    let settings = [TEN_IN_TEN, &[("RATE_LIMIT_TOKEN_CLIENT", "30/10")]].concat();
    let world = World::with(&settings);
    remembered(&world, &world.server);
    for _ in 0..30 {
        assert_eq!(sent(&world, "203.0.113.1", own(&world.server)), 200);
    }
    assert_eq!(sent(&world, "203.0.113.1", own(&world.server)), 429);
    let unlimited = World::with(&[TEN_IN_TEN, &[("RATE_LIMIT_TOKEN_CLIENT", "off")]].concat());
    for _ in 0..30 {
        assert_eq!(sent(&unlimited, "203.0.113.1", own(&unlimited.server)), 200);
    }
}

fn full(world: &World, request: &dyn Fn() -> Request) -> Value {
    for _ in 0..TEN {
        world.send(request());
    }
    let answer = world.send(request()).expect(429);
    let retry_after = answer.header("retry-after").map(str::to_owned);
    let body = answer.json();
    assert_eq!(retry_after.as_deref(), Some("10"));
    assert_eq!(body["code"], "RATE_LIMITED");
    assert_eq!(body["retry_after"], 10.0);
    body["error"].clone()
}

#[test]
fn a_refusal_for_too_many_requests_is_an_error_to_oauth_s_clients_too() {
    let world = World::with(&[]);
    let poll = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("device_code", "x"),
    ];
    let later = json!("temporarily_unavailable");
    remembered(&world, &world.server);
    assert_eq!(full(&world, &|| refused(&world.server)), later);
    let revoke = || world.server.post("/oauth2/revoke", &[("token", "x")]);
    assert_eq!(full(&world, &revoke), later);
    let poll = || world.device.post("/oauth2/token", &poll);
    assert_eq!(full(&world, &poll), json!("slow_down"));
}

/// Introspects with this secret.
fn introspects(world: &World, address: &str, secret: &str) -> u16 {
    let form = [("token", "x")];
    let request = post("/oauth2/introspect", &form).basic(&world.server.id, secret);
    sent(world, address, request)
}

#[test]
fn wrong_client_secrets_at_introspection_are_limited_by_address_and_right_ones_are_not() {
    let world = Native::with(&[]);
    let right = world.server.secret.clone().expect("a secret");
    for index in 0..30 {
        assert_eq!(introspects(&world, "203.0.113.1", &right), 200, "{index}");
    }
    for index in 0..TEN {
        let status = introspects(&world, "203.0.113.1", "guess");
        assert_eq!(status, 401, "{index}");
    }
    let form = [("token", "x")];
    let guess = post("/oauth2/introspect", &form).basic(&world.server.id, "guess");
    let full = world.send(guess.with("cf-connecting-ip", "203.0.113.1"));
    let full = full.expect(429);
    assert_eq!(full.json()["error"], "temporarily_unavailable");
    assert_eq!(full.header("retry-after"), Some("10"));
    assert_eq!(full.header("x-ratelimit-bucket"), Some("introspect"));
    assert_eq!(
        introspects(&world, "203.0.113.1", &right),
        200,
        "whoever is known goes on"
    );
    assert_eq!(introspects(&world, "203.0.113.2", "guess"), 401);
    world.memory.isolate.set(Isolate::Cold);
    world.memory.forget_steps();
    assert_eq!(introspects(&world, "203.0.113.1", "guess"), 429);
    assert_eq!(
        world.memory.steps(),
        ["limiter"],
        "before the directory is asked"
    );
    for index in 0..30 {
        assert_eq!(introspects(&world, "203.0.113.3", &right), 200, "{index}");
    }
    world.memory.outage.set(Some("limiter"));
    assert_eq!(introspects(&world, "203.0.113.3", &right), 200);
}
