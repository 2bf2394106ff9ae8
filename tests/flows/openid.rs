//! OpenID Connect: the expectations of the OpenID Foundation's basic certification plan, and what bad
//! input gets.

use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::world::{Answer, App, Asks, Browser, HTTP, Native, PASSWORD, With, World, get, request};
use fluxer_oauth2::http::Method;
use fluxer_oauth2::store::memory::Isolate;

/// What a relying party does with an ID token.
fn verified(world: &World, app: &App, token: &str) -> Value {
    let (_, claims) = signed_by_a_published_key(world, token);
    assert_eq!(claims["iss"], HTTP);
    assert_eq!(claims["aud"], app.id);
    claims
}

/// Header and claims of a token, verified by the published keys and nothing of the server's own code.
pub fn signed_by_a_published_key(world: &World, token: &str) -> (Value, Value) {
    let parts: Vec<_> = token.split('.').collect();
    let [header, claims, signature] = parts[..] else {
        panic!("{token}")
    };
    let header: Value = serde_json::from_slice(&decoded(header)).expect("JSON");
    let keys = world.send(get("/.well-known/jwks.json")).expect(200).json();
    let keys = keys["keys"].as_array().expect("keys").clone();
    let key = keys.iter().find(|key| key["kid"] == header["kid"]);
    let key = key.expect("a published key");
    assert_eq!(key["alg"], header["alg"]);
    let signed = &token[..token.len() - signature.len() - 1];
    let (signed, signature) = (signed.as_bytes(), decoded(signature));
    let part = |name: &str| decoded(key[name].as_str().expect("a part of the key"));
    match header["alg"].as_str() {
        Some("RS256") => {
            let (n, e) = (part("n"), part("e"));
            RsaPublicKeyComponents { n, e }
                .verify(&RSA_PKCS1_2048_8192_SHA256, signed, &signature)
                .expect("the signature");
        }
        Some("ES256") => {
            let point = [&[4], &*part("x"), &part("y")].concat();
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                .verify(signed, &signature)
                .expect("the signature");
        }
        other => panic!("{other:?}"),
    }
    let claims: Value = serde_json::from_slice(&decoded(claims)).expect("JSON");
    (header, claims)
}

fn decoded(part: &str) -> Vec<u8> {
    use base64ct::{Base64UrlUnpadded, Encoding};
    Base64UrlUnpadded::decode_vec(part).expect("base64url")
}

fn at_hash(access_token: &str) -> String {
    use base64ct::{Base64UrlUnpadded, Encoding};
    Base64UrlUnpadded::encode_string(&Sha256::digest(access_token)[..16])
}

fn asks(app: &App) -> Asks {
    app.asks().with("scope", "openid")
}

/// The token response of a code, and the claims of its ID token.
fn signed_in(world: &World, browser: &Browser<'_>, app: &App, asks: &Asks) -> (Value, Value) {
    let answer = world.exchange(app, &browser.code(asks)).expect(200).json();
    let claims = verified(
        world,
        app,
        answer["id_token"].as_str().expect("an ID token"),
    );
    (answer, claims)
}

fn error(answer: &Answer) -> Option<String> {
    answer.parameter("error")
}

#[test]
fn an_id_token_says_who_when_how_and_for_whom() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = &world.server;
    let (answer, claims) = signed_in(
        &world,
        &browser,
        app,
        &asks(app).with("nonce", "n-0S6_WzA2Mj"),
    );
    assert_eq!(answer["token_type"], "Bearer");
    assert_eq!(claims["sub"], world.alice.id);
    assert_eq!(claims["nonce"], "n-0S6_WzA2Mj");
    assert_eq!(claims["amr"], json!(["pwd"]));
    assert_eq!(
        claims["at_hash"],
        at_hash(answer["access_token"].as_str().unwrap())
    );
    let seconds = |name: &str| claims[name].as_u64().expect("seconds");
    assert_eq!(seconds("exp") - seconds("iat"), 3600);
    assert!(seconds("auth_time") <= seconds("iat"));
    assert!(!claims["sid"].as_str().expect("a session").is_empty());
    // Absent rather than null, and what belongs to userinfo is there.
    for absent in ["email", "name", "azp", "acr"] {
        assert!(claims.get(absent).is_none(), "{absent}");
    }
    let userinfo = get("/api/oauth2/userinfo").bearer(answer["access_token"].as_str().unwrap());
    assert_eq!(
        world.send(userinfo).expect(200).json(),
        json!({"sub": world.alice.id})
    );
}

#[test]
fn a_nonce_comes_back_as_it_was_sent_and_is_absent_where_none_was() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = &world.server;
    let (_, claims) = signed_in(&world, &browser, app, &asks(app));
    assert!(claims.get("nonce").is_none());
    let long = "x".repeat(512);
    for nonce in [" a+b%20é\"\\ ", &*long] {
        let (_, claims) = signed_in(&world, &browser, app, &asks(app).with("nonce", nonce));
        assert_eq!(claims["nonce"], nonce);
    }
    let too_long = browser.get(&asks(app).with("nonce", &"x".repeat(513)).target());
    assert_eq!(error(&too_long).as_deref(), Some("invalid_request"));
    let words = too_long.parameter("error_description").expect("words");
    assert!(words.contains("nonce"), "{words}");
}

#[test]
fn without_openid_there_is_no_id_token_and_no_key_is_asked_for() {
    let world = Native::new();
    let app = &world.server;
    let code = world.alices_browser().code(&app.asks());
    world.memory.forget_steps();
    let answer = world.exchange(app, &code).expect(200).json();
    assert!(answer.get("id_token").is_none());
    let refresh = answer["refresh_token"].as_str().unwrap();
    let answer = world.refresh(app, refresh).expect(200).json();
    assert!(answer.get("id_token").is_none());
    assert!(!world.memory.steps().contains(&"keys"));
}

#[test]
fn a_refresh_gives_the_same_login_and_no_nonce() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = &world.server;
    let (answer, first) = signed_in(&world, &browser, app, &asks(app).with("nonce", "n"));
    world.advance(7200);
    let refresh = answer["refresh_token"].as_str().unwrap();
    let answer = world.refresh(app, refresh).expect(200).json();
    let second = verified(
        &world,
        app,
        answer["id_token"].as_str().expect("an ID token"),
    );
    for same in ["iss", "sub", "aud", "auth_time", "amr", "sid"] {
        assert_eq!(first[same], second[same], "{same}");
    }
    assert!(second.get("nonce").is_none());
    assert!(second["iat"].as_u64() > first["iat"].as_u64());
    assert_eq!(
        second["at_hash"],
        at_hash(answer["access_token"].as_str().unwrap())
    );
}

#[test]
fn a_narrower_refresh_without_openid_has_no_id_token_and_the_next_one_has() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = &world.server;
    let both = asks(app).with("scope", "identify openid");
    let (answer, _) = signed_in(&world, &browser, app, &both);
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", answer["refresh_token"].as_str().unwrap()),
        ("scope", "identify"),
    ];
    let narrowed = world.token(app, &form).expect(200).json();
    assert!(narrowed.get("id_token").is_none());
    let refresh = narrowed["refresh_token"].as_str().unwrap();
    let whole = world.refresh(app, refresh).expect(200).json();
    assert_eq!(whole["scope"], "identify openid");
    verified(
        &world,
        app,
        whole["id_token"].as_str().expect("an ID token"),
    );
}

#[test]
fn a_key_that_cannot_be_had_costs_no_code_and_no_refresh_token() {
    let world = Native::new();
    let browser = world.alices_browser();
    let app = &world.server;
    let code = browser.code(&asks(app));
    world.memory.outage.set(Some("keys"));
    let refused = world.exchange(app, &code).expect(503);
    assert_eq!(refused.error(), "temporarily_unavailable");
    world.memory.outage.set(None);
    let answer = world.exchange(app, &code).expect(200).json();
    verified(
        &world,
        app,
        answer["id_token"].as_str().expect("an ID token"),
    );
}

#[test]
fn userinfo_speaks_both_languages() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = &world.server;
    let userinfo = |scope: &str, method| {
        let (answer, _) = signed_in(&world, &browser, app, &asks(app).with("scope", scope));
        let token = answer["access_token"].as_str().unwrap().to_owned();
        let asked = request(method, "/api/oauth2/userinfo").bearer(&token);
        world.send(asked).expect(200).json()
    };
    let shown = userinfo("openid profile email", Method::Get);
    assert_eq!(shown["sub"], world.alice.id);
    assert_eq!(shown["preferred_username"], "alice");
    assert_eq!(shown["name"], shown["preferred_username"]);
    assert_eq!(shown["email_verified"], shown["verified"]);
    assert!(shown["email"].is_string() && shown["id"] == shown["sub"]);
    assert!(shown.get("picture").is_none());
    assert_eq!(userinfo("openid profile email", Method::Post), shown);
    let made = shown["updated_at"].as_u64().expect("seconds");
    world.advance(60);
    let path = format!("/api/admin/users/{}", world.alice.id);
    let flags = json!({"public_flags": 1});
    world
        .administer(Method::Patch, &path, Some(&flags))
        .expect(200);
    let shown = userinfo("openid profile", Method::Get);
    assert!(shown["updated_at"].as_u64() >= Some(made + 60), "{shown}");
    let shown = userinfo("openid email", Method::Get);
    let names: Vec<_> = shown.as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["email", "email_verified", "sub", "verified"]);
    assert_eq!(
        userinfo("openid identify", Method::Get)["username"],
        "alice"
    );
}

#[test]
fn userinfo_refuses_a_bad_token_with_a_challenge() {
    let world = World::new();
    let answer = world
        .send(get("/api/oauth2/userinfo").bearer("x"))
        .expect(401);
    let challenge = answer.header("www-authenticate").expect("a challenge");
    assert!(challenge.contains("invalid_token"), "{challenge}");
}

#[test]
fn discovery_has_what_it_must_and_both_documents_are_one() {
    let world = World::new();
    let document = |path: &str| world.send(get(path)).expect(200).json();
    let openid = document("/.well-known/openid-configuration");
    assert_eq!(openid, document("/.well-known/oauth-authorization-server"));
    assert_eq!(openid["issuer"], HTTP);
    for url in [
        "authorization_endpoint",
        "token_endpoint",
        "jwks_uri",
        "userinfo_endpoint",
    ] {
        assert!(
            openid[url].as_str().expect("a URL").starts_with(HTTP),
            "{url}"
        );
    }
    let list = |name: &str| openid[name].as_array().expect("a list").clone();
    assert_eq!(
        list("id_token_signing_alg_values_supported"),
        ["RS256", "ES256"]
    );
    assert_eq!(list("subject_types_supported"), ["public"]);
    assert_eq!(
        list("prompt_values_supported"),
        ["none", "login", "consent", "select_account"]
    );
    assert!(list("scopes_supported").contains(&json!("openid")));
    assert!(list("response_types_supported").contains(&json!("code")));
    assert_eq!(openid["request_parameter_supported"], false);
    assert_eq!(openid["request_uri_parameter_supported"], false);
    let claims = list("claims_supported");
    for claim in ["sub", "auth_time", "email_verified", "preferred_username"] {
        assert!(claims.contains(&json!(claim)), "{claim}");
    }
}

#[test]
fn prompt_none_says_who_is_logged_in_and_moves_no_auth_time() {
    let world = World::new();
    let app = &world.server;
    let silent = asks(app).with("prompt", "none");
    let stranger = world.browser().get(&silent.target());
    assert_eq!(error(&stranger).as_deref(), Some("login_required"));
    let browser = world.alices_browser();
    let before = browser.get(&silent.target());
    assert_eq!(error(&before).as_deref(), Some("consent_required"));
    let (_, first) = signed_in(&world, &browser, app, &asks(app));
    world.advance(100);
    let (_, second) = signed_in(&world, &browser, app, &silent);
    for same in ["sub", "auth_time", "sid"] {
        assert_eq!(first[same], second[same], "{same}");
    }
}

#[test]
fn prompt_login_and_max_age_want_a_new_proof() {
    let world = World::new();
    let app = &world.server;
    let browser = world.alices_browser();
    let (_, first) = signed_in(&world, &browser, app, &asks(app));
    world.advance(10);
    let (_, later) = signed_in(&world, &browser, app, &asks(app).with("max_age", "10000"));
    assert_eq!(first["auth_time"], later["auth_time"]);
    for again in [("prompt", "login"), ("max_age", "1"), ("max_age", "0")] {
        world.advance(10);
        let asks = asks(app).with(again.0, again.1);
        let login = browser.get(&asks.target()).expect(303);
        assert!(login.location().starts_with("/login?"), "{again:?}");
        let back = browser.submit(
            &browser
                .get(login.location())
                .form("login")
                .with("login", "alice")
                .with("password", PASSWORD),
        );
        let answer = browser.get(back.expect(303).location()).expect(303);
        let code = answer.parameter("code").expect("a code");
        let token = world.exchange(app, &code).expect(200).json();
        let claims = verified(&world, app, token["id_token"].as_str().unwrap());
        assert!(
            claims["auth_time"].as_u64() > first["auth_time"].as_u64(),
            "{again:?}"
        );
    }
}

#[test]
fn what_is_not_acted_on_breaks_no_flow() {
    let world = World::new();
    let app = &world.server;
    let browser = world.alices_browser();
    for (name, value) in [
        ("display", "page"),
        ("display", "popup"),
        ("ui_locales", "se"),
        ("claims_locales", "se"),
        ("login_hint", "bob@example.com"),
        ("acr_values", "1 2"),
        ("claims", r#"{"userinfo":{"name":{"essential":true}}}"#),
        ("extra", "foobar"),
    ] {
        signed_in(&world, &browser, app, &asks(app).with(name, value));
    }
}

#[test]
fn a_request_that_is_somewhere_else_is_refused_by_its_own_error() {
    let world = World::new();
    let app = &world.server;
    let browser = world.alices_browser();
    for (name, expected) in [
        ("request", "request_not_supported"),
        ("request_uri", "request_uri_not_supported"),
    ] {
        let answer = browser.get(&asks(app).with(name, "https://app.example/x").target());
        assert_eq!(error(&answer).as_deref(), Some(expected));
    }
}

#[test]
fn a_code_that_is_used_again_is_refused_and_ends_its_tokens() {
    let world = World::new();
    let app = &world.server;
    let browser = world.alices_browser();
    let code = browser.code(&asks(app));
    let token = world.exchange(app, &code).tokens().access;
    world.advance(30);
    assert_eq!(
        world.exchange(app, &code).expect(400).error(),
        "invalid_grant"
    );
    world
        .send(get("/api/oauth2/userinfo").bearer(&token))
        .expect(401);
}

fn id_token(world: &World, browser: &Browser<'_>, app: &App) -> String {
    let answer = world.exchange(app, &browser.code(&asks(app))).expect(200);
    answer.json()["id_token"].as_str().unwrap().to_owned()
}

#[test]
fn a_hint_is_an_id_token_of_this_client_and_this_user_expired_or_not() {
    let world = World::new();
    let (app, other) = (&world.server, &world.device);
    let browser = world.alices_browser();
    let hint = id_token(&world, &browser, app);
    let silent = |app: &App, hint: &str| {
        browser.get(
            &asks(app)
                .with("prompt", "none")
                .with("id_token_hint", hint)
                .target(),
        )
    };
    assert!(silent(app, &hint).parameter("code").is_some());
    world.advance(86_400);
    assert!(silent(app, &hint).parameter("code").is_some(), "expired");

    let foreign = {
        let code = browser.code(&other.asks().with_pkce().with("scope", "openid"));
        let form = [
            ("grant_type", "authorization_code"),
            ("code", &*code),
            ("redirect_uri", &*other.redirect_uri),
            ("code_verifier", crate::world::VERIFIER),
        ];
        world.token(other, &form).expect(200).json()["id_token"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let mut forged = hint.clone();
    forged.replace_range(hint.len() - 8..hint.len() - 4, "AAAA");
    let access = world.tokens_for(&browser, app).access;
    for bad in [
        "x",
        "a.b.c",
        &*forged,
        &*foreign,
        &*access,
        &*"x".repeat(5000),
    ] {
        let answer = silent(app, bad);
        assert_eq!(error(&answer).as_deref(), Some("login_required"), "{bad}");
        let interactive = browser.get(&asks(app).with("id_token_hint", bad).target());
        assert!(interactive.parameter("code").is_some(), "{bad}");
    }

    world.user("bob", false);
    let bobs = world.browser();
    assert_eq!(bobs.try_to_log_in("bob", PASSWORD).status, 303);
    for prompt in ["none", "consent"] {
        let asks = asks(app)
            .with("prompt", prompt)
            .with("id_token_hint", &hint);
        let answer = bobs.get(&asks.target());
        assert_eq!(
            error(&answer).as_deref(),
            Some("login_required"),
            "{prompt}"
        );
    }
}

const GOODBYE: &str = "https://server.example/goodbye?a=b";

/// Registers where to go after a logout.
fn registered(world: &World, app: &App) {
    let change = json!({"post_logout_redirect_uris": [GOODBYE]});
    let path = format!("/api/admin/applications/{}", app.id);
    let shown = world
        .administer(Method::Patch, &path, Some(&change))
        .expect(200)
        .json();
    assert_eq!(shown["post_logout_redirect_uris"], json!([GOODBYE]));
}

fn logout(parameters: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(parameters);
    format!("/oauth2/logout?{}", query.finish())
}

fn is_logged_in(browser: &Browser<'_>) -> bool {
    browser.get("/api/oauth2/session").status == 200
}

#[test]
fn a_client_s_logout_of_its_own_session_is_done_at_once() {
    let world = World::new();
    let app = &world.server;
    registered(&world, app);
    let browser = world.alices_browser();
    let hint = id_token(&world, &browser, app);
    let there = logout(&[
        ("id_token_hint", &hint),
        ("post_logout_redirect_uri", GOODBYE),
        ("state", "a b&c"),
        ("client_id", &app.id),
    ]);
    browser.send(request(Method::Head, &there)).expect(200);
    assert!(is_logged_in(&browser), "HEAD changes nothing");
    let answer = browser.get(&there).expect(303);
    assert_eq!(answer.location(), format!("{GOODBYE}&state=a+b%26c"));
    assert!(!is_logged_in(&browser));
    // Again, with nobody logged in: on all the same, and without a state there is none.
    let there = logout(&[
        ("id_token_hint", &hint),
        ("post_logout_redirect_uri", GOODBYE),
    ]);
    assert_eq!(browser.get(&there).expect(303).location(), GOODBYE);
}

#[test]
fn a_logout_of_another_session_or_of_no_hint_asks_first() {
    let world = World::new();
    let app = &world.server;
    registered(&world, app);
    let hint = id_token(&world, &world.alices_browser(), app);
    let browser = world.alices_browser();
    let uri = ("post_logout_redirect_uri", GOODBYE);
    for (parameters, on) in [
        (vec![("id_token_hint", &*hint), uri], GOODBYE),
        (vec![uri], "/logout"),
        (vec![("id_token_hint", "forged"), uri], "/logout"),
        (vec![], "/logout"),
    ] {
        if !is_logged_in(&browser) {
            assert_eq!(browser.try_to_log_in("alice", PASSWORD).status, 303);
        }
        let page = browser.get(&logout(&parameters)).expect(200);
        assert!(is_logged_in(&browser), "{parameters:?}");
        let answer = browser.submit(&page.form("csrf_token")).expect(303);
        assert_eq!(answer.location(), on, "{parameters:?}");
        assert!(!is_logged_in(&browser), "{parameters:?}");
    }
}

#[test]
fn a_logout_goes_nowhere_that_is_not_registered_and_changes_nothing_then() {
    let world = World::new();
    let app = &world.server;
    registered(&world, app);
    let browser = world.alices_browser();
    let hint = id_token(&world, &browser, app);
    for (name, value) in [
        ("post_logout_redirect_uri", "https://evil.example/"),
        ("post_logout_redirect_uri", "https://server.example/goodbye"),
        ("post_logout_redirect_uri", &*app.redirect_uri),
        ("client_id", &*world.device.id),
    ] {
        let page = browser.get(&logout(&[("id_token_hint", &hint), (name, value)]));
        assert!(page.expect(400).body.contains(name), "{value}");
        assert!(is_logged_in(&browser), "{value}");
    }
}

#[test]
fn a_uri_that_was_registered_a_moment_ago_is_one_to_log_out_to() {
    let world = Native::new();
    let app = &world.server;
    let browser = world.alices_browser();
    let hint = id_token(&world, &browser, app);
    let away = logout(&[
        ("id_token_hint", &hint),
        ("post_logout_redirect_uri", GOODBYE),
    ]);
    world.memory.isolate.set(Isolate::Remembering);
    browser.get(&away).expect(400);
    world.memory.isolate.set(Isolate::Cold);
    registered(&world, app);
    world.memory.isolate.set(Isolate::Remembering);
    assert_eq!(browser.get(&away).expect(303).location(), GOODBYE);
}

#[test]
fn requests_by_post_go_on_by_get() {
    let world = World::new();
    let app = &world.server;
    let target = asks(app).target();
    let (path, query) = target.split_once('?').expect("a query");
    let form: Vec<_> = url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    let form: Vec<_> = form
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    let post = crate::world::post(path, &form).with("origin", "https://server.example");
    let answer = world
        .send(post.with("sec-fetch-site", "cross-site"))
        .expect(303);
    let browser = world.alices_browser();
    let page = browser.get(answer.location()).expect(200);
    assert!(
        browser
            .submit(&page.form("decision").with("decision", "approve"))
            .parameter("code")
            .is_some()
    );
    let post = crate::world::post("/oauth2/logout", &[("state", "a b")]);
    assert_eq!(
        world.send(post).expect(303).location(),
        "/oauth2/logout?state=a+b"
    );
}

#[test]
fn an_application_says_how_its_id_tokens_are_signed() {
    let world = World::new();
    let app = &world.server;
    let path = format!("/api/admin/applications/{}", app.id);
    let set = |alg: &str| {
        let change = json!({"id_token_signed_response_alg": alg});
        world.administer(Method::Patch, &path, Some(&change))
    };
    let browser = world.alices_browser();
    let alg = |token: &str| {
        let header = decoded(token.split('.').next().expect("a header"));
        let header: Value = serde_json::from_slice(&header).expect("JSON");
        header["alg"].as_str().expect("alg").to_owned()
    };
    assert_eq!(alg(&id_token(&world, &browser, app)), "RS256");
    assert_eq!(
        set("ES256").expect(200).json()["id_token_signed_response_alg"],
        "ES256"
    );
    let token = id_token(&world, &browser, app);
    assert_eq!(alg(&token), "ES256");
    verified(&world, app, &token);
    for bad in ["HS256", "none", "es256", ""] {
        assert_eq!(set(bad).fields(), ["id_token_signed_response_alg"], "{bad}");
    }
    let evil = json!({"post_logout_redirect_uris": ["javascript:alert(1)"]});
    let refused = world.administer(Method::Patch, &path, Some(&evil));
    assert_eq!(refused.fields(), ["post_logout_redirect_uris.0"]);
}

#[test]
fn the_login_form_knows_the_hint_and_the_pages_speak_the_language_asked_for() {
    let world = World::new();
    let app = &world.server;
    let browser = world.browser();
    let asks = asks(app)
        .with("ui_locales", "fr-FR de en")
        .with("login_hint", "bob@example.com");
    let login = browser.get(&asks.target()).expect(303);
    let form = browser.get(login.location()).expect(200);
    assert!(form.body.contains("lang=\"de\""), "{}", form.body);
    assert!(
        form.body.contains("value=\"bob@example.com\""),
        "{}",
        form.body
    );
    let page = world.alices_browser().get(&asks.target()).expect(200);
    assert!(page.body.contains("lang=\"de\""));
    // What no login can be is not shown.
    let asks = asks.with("login_hint", &"x".repeat(300));
    let login = browser.get(&asks.target()).expect(303);
    assert!(
        !browser
            .get(login.location())
            .expect(200)
            .body
            .contains("value=\"xxx")
    );
}
