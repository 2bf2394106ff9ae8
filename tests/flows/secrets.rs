//! Storage and the log see hashes: no code, token, secret or password.

use fluxer_oauth2::http::Method;
use serde_json::json;

use crate::device::ask;
use crate::dpop::Holder;
use crate::private_key_jwt::{Signing, asserted};
use crate::world::{ADMIN_SECRET, Asks, Native, PASSWORD, VERIFIER, With, text};

#[test]
fn no_secret_reaches_storage_or_the_log() {
    let world = Native::new();
    let browser = world.alices_browser();
    let mut secrets = vec![
        PASSWORD.to_owned(),
        ADMIN_SECRET.to_owned(),
        VERIFIER.to_owned(),
        world.admin_token(),
    ];
    secrets.extend(browser.cookies().into_values());
    for app in [&world.server, &world.device] {
        secrets.extend(app.secret.clone());
        let form = browser
            .consent(&app.asks().with_pkce())
            .with("decision", "approve");
        secrets.push(form.field("csrf_token").to_owned());
        let code = browser.submit(&form).parameter("code").unwrap();
        let pkce = [app.exchange(&code), vec![("code_verifier", VERIFIER)]].concat();
        let pkce: Vec<_> = pkce.into_iter().take(4).collect();
        let tokens = world.token(app, &pkce).tokens();
        let next = world.refresh(app, &tokens.refresh).tokens();
        world.me(&next.access).expect(200);
        world.introspect(app, &next.access);
        world.memory.outage.set(Some("ledger"));
        for token in [&next.access, &next.refresh] {
            world.revoke(app, token).expect(503);
        }
        world.exchange(app, &code).expect(503);
        world.memory.outage.set(None);
        secrets.extend([
            code,
            tokens.access,
            tokens.refresh,
            next.access,
            next.refresh,
        ]);
    }
    world
        .browser()
        .try_to_log_in("alice", "a wrong password that is long")
        .expect(403);
    world
        .browser()
        .try_to_log_in("a password in the wrong field", "x")
        .expect(403);
    world
        .refresh(&world.server, "a refresh token that is none")
        .expect(400);
    let path = format!("/api/admin/users/{}", world.alice.id);
    let change = json!({"password": "another password entirely"});
    world
        .administer(Method::Patch, &path, Some(&change))
        .expect(200);
    secrets.extend(
        [
            "a wrong password that is long",
            "a password in the wrong field",
            "another password entirely",
            "a refresh token that is none",
        ]
        .map(str::to_owned),
    );

    // Data points, too.
    let measured = world.memory.measures.borrow().join("\n");
    assert!(measured.contains("Grant."), "{measured}");
    let log = world.memory.log.borrow().join("\n");
    assert!(log.contains("ledger") && world.memory.dump().contains("argon2id"));
    assert!(log.lines().all(|line| !line.chars().any(char::is_control)));
    are_nowhere(&world, &secrets);
}

/// Neither in storage, nor in the log, nor among the data points.
fn are_nowhere(world: &Native, secrets: &[String]) {
    let log = world.memory.log.borrow().join("\n");
    let kept = [
        world.memory.dump(),
        log,
        world.memory.measures.borrow().join("\n"),
    ];
    for secret in secrets {
        // Nor the part of a token that makes it one.
        let signature = secret.rsplit('.').next().unwrap();
        for (kept, place) in kept.iter().zip(["stored", "logged", "measured"]) {
            assert!(!kept.contains(secret), "{secret} is {place}");
            assert!(!kept.contains(signature), "{signature} is {place}");
        }
    }
}

#[test]
fn nor_does_what_a_device_is_given() {
    let world = Native::new();
    let browser = world.alices_browser();
    let device = ask(&world, &world.device, &[]);
    let form = browser.get("/device").form("user_code");
    let page = browser.submit(&form.with("user_code", &device.user_code()));
    let form = page.form("decision").with("decision", "approve");
    browser.submit(&form).expect(200);
    let tokens = device.poll().tokens();
    let typed = device.user_code().replace('-', "");
    are_nowhere(
        &world,
        &[
            device.code(),
            device.user_code(),
            typed,
            tokens.access,
            tokens.refresh,
        ],
    );
}

#[test]
fn nor_does_what_a_client_signs_or_pushes() {
    let world = Native::new();
    let client = Signing::new(&world, &json!({}));
    let (assertion, holder) = (client.assertion(&world), Holder::p256());
    let proof = holder.proof(&world, "POST", "/api/oauth2/token");
    let form = [("grant_type", "client_credentials")];
    let asked = asserted("/api/oauth2/token", &form, &assertion).with("dpop", &proof);
    let granted = world.send(asked).expect(200).json();
    let request = [
        ("response_type", "code"),
        ("redirect_uri", &*client.app.redirect_uri),
        ("scope", "identify"),
        ("state", "a state"),
    ];
    let pushed = client.request(&world, "/api/oauth2/par", &request);
    let uri = text(&world.send(pushed).expect(201).json(), "request_uri");
    let asks = Asks::of(&[("client_id", &client.app.id), ("request_uri", &uri)]);
    let code = world.alices_browser().code(&asks);
    let name = uri.rsplit(':').next().unwrap().to_owned();
    let token = text(&granted, "access_token");
    are_nowhere(&world, &[assertion, proof, token, name, code]);
}

#[test]
fn nor_does_what_an_administrator_gives_out() {
    let world = Native::new();
    let scopes = json!([{"name": "read", "description": "Read"}]);
    let resource = json!({"identifier": "https://api.example", "name": "A", "scopes": scopes});
    let secrets = [
        ("/api/admin/resources", "client_secret", resource),
        (
            "/api/admin/registration-tokens",
            "token",
            json!({"name": "CI", "expires_in": 60}),
        ),
    ];
    let secrets = secrets.map(|(path, name, body)| {
        let made = world.administer(Method::Post, path, Some(&body));
        text(&made.json(), name)
    });
    are_nowhere(&world, &secrets);
}
