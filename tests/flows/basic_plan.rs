//! The basic certification plan of the OpenID Foundation, read as expectations: the modules that no other
//! test here is about, by their names there, and bad input by redirect. The rest stands in `openid`.

use fluxer_oauth2::http::Method;
use serde_json::{Value, json};

use crate::openid::signed_by_a_published_key;
use crate::world::{Answer, App, Asks, With, World, get, post, request};

fn asks(app: &App) -> Asks {
    let asks = app.asks().with("scope", "openid profile email");
    asks.with("nonce", "n-0S6_WzA2Mj")
}

fn tokens(world: &World, app: &App, asks: &Asks) -> Value {
    let code = world.alices_browser().code(asks);
    world.exchange(app, &code).expect(200).json()
}

fn told(answer: &Answer) -> Option<String> {
    answer.parameter("error_description")
}

/// `oidcc-response-type-missing`: a page or a redirect, and never a token in the URL.
#[test]
fn a_request_without_response_type_gives_nothing_but_a_code_or_an_error() {
    let world = World::new();
    let asks = asks(&world.server).without("response_type");
    let answer = world.alices_browser().get(&asks.target());
    assert_eq!(answer.parameter("access_token"), None);
    assert_eq!(answer.parameter("id_token"), None);
    assert!(!answer.location().contains('#'));
    assert!([200, 303].contains(&answer.status), "{}", answer.status);
}

/// `oidcc-alternate-happy-flow`, `oidcc-scope-all`: scopes and parameters in another order.
#[test]
fn the_order_of_scopes_and_parameters_says_nothing() {
    let world = World::new();
    let app = &world.server;
    let reversed = Asks::of(&[
        ("nonce", "x"),
        ("state", "s"),
        ("redirect_uri", &app.redirect_uri),
        ("scope", "email profile openid"),
        ("client_id", &app.id),
        ("response_type", "code"),
    ]);
    let (one, other) = (
        tokens(&world, app, &reversed),
        tokens(&world, app, &asks(app)),
    );
    assert_eq!(one["scope"], other["scope"]);
    assert!(one["id_token"].is_string());
}

/// `oidcc-userinfo-get`, `-post-header`, `-post-body`: a token in the body is refused (RFC 6750 §2.2 leaves
/// that open, and bodies are logged).
#[test]
fn userinfo_takes_a_token_in_the_header_by_either_method() {
    let world = World::new();
    let granted = tokens(&world, &world.server, &asks(&world.server));
    let token = granted["access_token"].as_str().expect("a token");
    let path = "/api/oauth2/userinfo";
    let by_get = world.send(get(path).bearer(token)).expect(200).json();
    let by_post = request(Method::Post, path).bearer(token);
    assert_eq!(by_get, world.send(by_post).expect(200).json());
    let in_body = post(path, &[("access_token", token)]);
    world.send(in_body).expect(401);
    world
        .send(get(&format!("{path}?access_token={token}")))
        .expect(401);
}

/// `oidcc-ensure-registered-redirect-uri`: a page, and nobody is sent there.
#[test]
fn a_redirect_uri_that_is_not_registered_is_a_page() {
    let world = World::new();
    let uri = [&*world.server.redirect_uri, "/x"].concat();
    for uri in [&*uri, "https://evil.example/", ""] {
        let answer = world
            .alices_browser()
            .get(&asks(&world.server).with("redirect_uri", uri).target());
        assert_eq!((answer.status, answer.location()), (400, ""), "{uri}");
    }
}

/// `oidcc-refresh-token`: another access token, `no-store`, and no other client can use it.
#[test]
fn a_refresh_token_is_its_own_client_s() {
    let world = World::new();
    let first = tokens(&world, &world.server, &asks(&world.server));
    let refresh = first["refresh_token"].as_str().expect("a token");
    let other = world.application(&json!({"name": "Other"}));
    assert_eq!(
        world.refresh(&other, refresh).expect(400).error(),
        "invalid_grant"
    );
    world.advance(1);
    let answer = world.refresh(&world.server, refresh).expect(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_ne!(answer.json()["access_token"], first["access_token"]);
    assert!(answer.json()["id_token"].is_string());
}

#[test]
fn bad_input_is_named_in_the_redirect_and_gives_no_code() {
    let world = World::new();
    let app = &world.server;
    let browser = world.alices_browser();
    browser.code(&asks(app));
    let long = "x".repeat(8192);
    for (name, value) in [
        ("prompt", "none login"),
        ("prompt", "none consent"),
        ("prompt", "Login"),
        ("nonce", &*long),
        ("nonce", &long[..513]),
        ("max_age", "-1"),
        ("max_age", "1e3"),
        ("max_age", "18446744073709551616"),
    ] {
        let answer = browser.get(&asks(app).with(name, value).target());
        let answer = answer.expect(303);
        assert!(answer.location().starts_with(&*app.redirect_uri), "{name}");
        assert_eq!(
            answer.parameter("error").as_deref(),
            Some("invalid_request"),
            "{name}"
        );
        assert!(
            told(&answer).expect("words").contains(name),
            "{name}: {:?}",
            told(&answer)
        );
        assert_eq!(answer.parameter("code"), None);
        assert!(answer.parameter("iss").is_some());
    }
    let twice = browser
        .get(&asks(app).and("nonce", "other").target())
        .expect(303);
    assert_eq!(twice.parameter("error").as_deref(), Some("invalid_request"));
    assert!(told(&twice).expect("words").contains("nonce"));
    // What is as long as it may be is whole.
    let granted = tokens(&world, app, &asks(app).with("nonce", &long[..512]));
    let token = granted["id_token"].as_str().expect("an ID token");
    let (_, claims) = signed_by_a_published_key(&world, token);
    assert_eq!(claims["nonce"], long[..512]);
}
