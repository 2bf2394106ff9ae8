//! The main job: log in, consent, code, tokens, resource.

use serde_json::{Value, json};

use fluxer_oauth2::http::{Method, Request};

use crate::world::{
    App, HTTP, PASSWORD, STATE, VERIFIER, With, World, get, post, post_as, request,
};

/// From a browser that is not logged in to the user behind a token.
fn walk(world: &World, app: &App, exchange: impl Fn(&str) -> Request) {
    let browser = world.browser();
    let asks = app.asks();

    let login = browser.get(&asks.target()).expect(303);
    assert!(
        login.location().starts_with("/login?return_to="),
        "{}",
        login.location()
    );
    let page = browser.get(login.location()).expect(200);
    let form = page
        .form("password")
        .with("login", "alice")
        .with("password", PASSWORD);
    let back = browser.submit(&form).expect(303);
    assert_eq!(back.location(), asks.target());

    let consent = browser.get(back.location()).expect(200).form("decision");
    let answer = browser
        .submit(&consent.with("decision", "approve"))
        .expect(303);
    assert!(answer.location().starts_with(&app.redirect_uri));
    let names: Vec<_> = answer
        .parameters()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    let fixed: &[&str] = if app.redirect_uri.contains('?') {
        &["fixed"]
    } else {
        &[]
    };
    assert_eq!(names, [fixed, &["code", "state", "iss"]].concat());
    assert_eq!(answer.parameter("state").as_deref(), Some(STATE));
    assert_eq!(answer.parameter("iss").as_deref(), Some(HTTP));

    let code = answer.parameter("code").unwrap();
    let body = world.send(exchange(&code)).expect(200).json();
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], 604_800);
    assert_eq!(body["scope"], "identify email");
    assert_eq!(body.as_object().unwrap().len(), 5, "{body}");

    let token = body["access_token"].as_str().unwrap();
    let user = json!({
        "id": world.alice.id, "username": "alice", "avatar": null, "public_flags": 0,
        "email": "alice@mail.example", "verified": false,
        "discriminator": world.me(token).json()["discriminator"],
    });
    assert_eq!(world.me(token).expect(200).json(), user);

    let mut with_sub = user.clone();
    with_sub["sub"] = json!(world.alice.id);
    // And the claims of OpenID Connect Core §5.4.
    for (claim, value) in [
        ("name", json!("alice")),
        ("preferred_username", json!("alice")),
        ("email_verified", json!(false)),
    ] {
        with_sub[claim] = value;
    }
    // Clients of OpenID Connect Core §5.3.1 choose between the two.
    for method in [Method::Get, Method::Post] {
        let userinfo = request(method, "/api/oauth2/userinfo").bearer(token);
        let mut shown = world.send(userinfo).expect(200).json();
        let updated = shown.as_object_mut().and_then(|it| it.remove("updated_at"));
        assert!(updated.is_some_and(|it| it.is_u64()), "in seconds");
        assert_eq!(shown, with_sub);
    }

    let authorization = world
        .send(get("/api/oauth2/@me").bearer(token))
        .expect(200)
        .json();
    assert_eq!(authorization["application"]["id"], json!(app.id));
    assert_eq!(authorization["scopes"], json!(["identify", "email"]));
    assert_eq!(authorization["user"], user);
}

#[test]
fn a_confidential_application_gets_its_user_by_basic() {
    let world = World::new();
    walk(&world, &world.server, |code| {
        world
            .server
            .post("/api/oauth2/token", &world.server.exchange(code))
    });
}

#[test]
fn a_public_application_gets_its_user_by_pkce() {
    let world = World::new();
    walk(&world, &world.device, |code| {
        world
            .device
            .post("/oauth2/token", &world.device.exchange(code))
    });
}

#[test]
fn a_secret_in_the_body_is_as_good_as_basic() {
    let world = World::new();
    let app = &world.server;
    walk(&world, app, |code| {
        let credentials = [
            ("client_id", app.id.as_str()),
            ("client_secret", app.secret.as_deref().unwrap()),
        ];
        post(
            "/api/oauth2/token",
            &[app.exchange(code), credentials.to_vec()].concat(),
        )
    });
}

#[test]
fn a_json_body_is_as_good_as_a_form() {
    let world = World::new();
    for app in [&world.server, &world.device] {
        walk(&world, app, |code| {
            let body = json!({
                "grant_type": "authorization_code", "code": code, "client_id": app.id,
                "redirect_uri": app.redirect_uri, "client_secret": app.secret,
                "code_verifier": app.secret.is_none().then_some(VERIFIER),
                "a_parameter_that_nobody_knows": Value::Null,
            });
            post_as(
                "application/json; charset=UTF-8",
                "/api/oauth2/token",
                &body.to_string(),
            )
        });
    }
}
