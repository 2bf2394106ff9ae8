//! Pushed authorization requests (RFC 9126), and the FAPI 2.0 profile, which demands them.

use fluxer_oauth2::http::Method;
use fluxer_oauth2::store::memory::{Plan, When};
use serde_json::{Value, json};

use crate::dpop::Holder;
use crate::private_key_jwt::{Signing, asserted};
use crate::world::{
    Answer, App, Asks, Browser, Form, HTTP, Native, VERIFIER, With, World, request, text, with_json,
};

const PAR: &str = "/api/oauth2/par";

fn push(world: &World, app: &App, form: &[(&str, &str)]) -> Answer {
    world.send(app.post(PAR, form))
}

fn parameters(app: &App) -> Vec<(&'static str, &str)> {
    vec![
        ("response_type", "code"),
        ("redirect_uri", &app.redirect_uri),
        ("scope", "identify email"),
        ("state", "a state"),
        (
            "code_challenge",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        ),
        ("code_challenge_method", "S256"),
    ]
}

fn pushed(world: &World, app: &App) -> Asks {
    asks(app, &push(world, app, &parameters(app)))
}

fn pushed_with(world: &World, app: &App, more: &[(&'static str, &'static str)]) -> Asks {
    let form = [parameters(app), more.to_vec()].concat();
    asks(app, &push(world, app, &form))
}

fn asks(app: &App, answer: &Answer) -> Asks {
    assert_eq!(answer.status, 201);
    let uri = text(&answer.json(), "request_uri");
    app.asks()
        .without("response_type")
        .without("redirect_uri")
        .without("scope")
        .without("state")
        .without("code_challenge")
        .without("code_challenge_method")
        .with("request_uri", &uri)
}

fn code_in(answer: &Answer) -> String {
    answer
        .parameter("code")
        .unwrap_or_else(|| panic!("{}", answer.status))
}

fn approving(form: Form) -> Form {
    form.with("decision", "approve")
}

fn tokens(world: &World, app: &App, code: &str) -> Answer {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", &*app.redirect_uri),
        ("code_verifier", VERIFIER),
    ];
    world.send(app.post("/api/oauth2/token", &form))
}

#[test]
fn a_request_that_was_pushed_is_told_by_its_name_alone() {
    let world = World::new();
    for app in [&world.server, &world.device] {
        let answer = push(&world, app, &parameters(app)).expect(201);
        assert_eq!(answer.json()["expires_in"], 90);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let uri = text(&answer.json(), "request_uri");
        assert!(
            uri.starts_with("urn:ietf:params:oauth:request_uri:"),
            "{uri}"
        );
        let browser = world.alices_browser();
        let answer = browser.authorize(&asks(app, &answer)).expect(303);
        assert_eq!(answer.parameter("state").as_deref(), Some("a state"));
        assert_eq!(answer.parameter("iss").as_deref(), Some(HTTP));
        let granted = tokens(&world, app, &code_in(&answer)).expect(200).json();
        assert_eq!(granted["scope"], "identify email");
    }
    for path in ["/oauth2/par", "/v1/oauth2/par"] {
        let form = parameters(&world.server);
        world.send(world.server.post(path, &form)).expect(201);
    }
    let body = json!({
        "client_id": world.device.id, "redirect_uri": world.device.redirect_uri,
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
    });
    world
        .send(with_json(request(Method::Post, PAR), &body))
        .expect(201);
    world.send(request(Method::Get, PAR)).expect(405);
}

#[test]
fn what_stands_beside_its_name_does_not_count() {
    let world = World::new();
    let app = &world.server;
    let asks = pushed(&world, app)
        .with("scope", "identify admin guilds")
        .with("redirect_uri", "https://evil.example/")
        .with("response_type", "token")
        .with("state", "evil")
        .with("prompt", "none");
    let answer = world.alices_browser().authorize(&asks).expect(303);
    assert!(answer.location().starts_with(&app.redirect_uri));
    assert_eq!(answer.parameter("state").as_deref(), Some("a state"));
    let granted = tokens(&world, app, &code_in(&answer)).expect(200).json();
    assert_eq!(granted["scope"], "identify email");
}

#[test]
fn every_fault_of_a_request_is_told_where_it_is_pushed() {
    let world = World::new();
    let app = &world.device;
    for (name, value, error) in [
        ("redirect_uri", "https://evil.example/", "invalid_request"),
        ("redirect_uri", "", "invalid_request"),
        ("scope", "nothing", "invalid_scope"),
        ("scope", "admin", "invalid_scope"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("response_type", "token", "unsupported_response_type"),
        ("prompt", "none login", "invalid_request"),
        ("resource", "https://other.example/", "invalid_target"),
        ("request", "e30", "request_not_supported"),
        (
            "request_uri",
            "urn:ietf:params:oauth:request_uri:x",
            "invalid_request",
        ),
    ] {
        let mut form = parameters(app);
        form.retain(|(sent, _)| *sent != name);
        form.push((name, value));
        let refused = push(&world, app, &form).expect(400);
        assert_eq!(refused.error(), error, "{name}={value}");
    }
    let form = parameters(&world.server);
    let mut stranger = world.server.clone();
    stranger.secret = Some("wrong".to_owned());
    assert_eq!(
        push(&world, &stranger, &form).expect(401).error(),
        "invalid_client"
    );
    let alone = [form, vec![("client_id", &*world.server.id)]].concat();
    world.send(crate::world::post(PAR, &alone)).expect(401);
}

#[test]
fn a_request_is_its_own_client_s_and_gives_one_code() {
    let world = World::new();
    let app = &world.server;
    // One that the user is sent back to at the very same place, too.
    let twin = world.application(&json!({"name": "Twin", "redirect_uris": [app.redirect_uri]}));
    let asks = pushed(&world, app);
    let browser = world.alices_browser();
    for other in [&world.device, &twin] {
        let foreign = asks.clone().with("client_id", &other.id);
        let page = browser.get(&foreign.target()).expect(400);
        assert_eq!(page.header("location"), None);
    }

    // A reload, and another tab, before the user has answered.
    browser.get(&asks.target()).expect(200);
    let form = approving(browser.consent(&asks));
    let first = code_in(&browser.submit(&form));
    assert_eq!(
        code_in(&browser.submit(&form)),
        first,
        "the same answer again"
    );
    browser.get(&asks.target()).expect(400);
    tokens(&world, app, &first).expect(200);
    browser.get(&asks.target()).expect(400);
    assert_ne!(browser.submit(&form).status, 303);

    let staff = world.browser();
    staff.log_in(&world.staff);
    let asks = pushed_with(&world, app, &[("prompt", "consent")]);
    let (alices, theirs) = (
        approving(browser.consent(&asks)),
        approving(staff.consent(&asks)),
    );
    browser.submit(&alices).expect(303);
    assert_eq!(staff.submit(&theirs).expect(409).header("location"), None);
}

/// The error that the client is told.
fn error_in(answer: &Answer) -> Option<String> {
    assert_eq!(answer.status, 303);
    answer.parameter("error")
}

#[test]
fn a_request_that_was_refused_is_over_and_refused_the_same_way_again() {
    let world = Native::new();
    let app = &world.server;
    let browser = world.alices_browser();
    let asks = pushed_with(&world, app, &[("prompt", "consent")]);
    let (no, yes) = (browser.consent(&asks), browser.consent(&asks));
    let no = no.with("decision", "deny");
    world.memory.forget_steps();
    browser.submit(&no);
    let spent = world.memory.steps().len() - 1;
    assert_eq!(world.memory.steps().last(), Some(&"pending"), "last of all");
    let denied = browser.submit(&no);
    assert_eq!(error_in(&denied).as_deref(), Some("access_denied"));
    let late = browser.submit(&approving(yes)).expect(409);
    assert_eq!(late.header("location"), None);
    browser.get(&asks.target()).expect(400);

    for when in [When::Before, When::After] {
        let asks = pushed_with(&world, app, &[("prompt", "consent")]);
        let no = browser.consent(&asks).with("decision", "deny");
        world.memory.forget_steps();
        world.memory.plan.set(Some(Plan { step: spent, when }));
        browser.submit(&no).expect(503);
        let denied = browser.submit(&no);
        assert_eq!(error_in(&denied).as_deref(), Some("access_denied"));
    }

    let asks = pushed_with(&world, app, &[("prompt", "consent")]);
    let (no, yes) = (browser.consent(&asks), browser.consent(&asks));
    let code = code_in(&browser.submit(&approving(yes)));
    let late = browser.submit(&no.with("decision", "deny")).expect(409);
    assert_eq!(late.header("location"), None);
    tokens(&world, app, &code).expect(200);
}

#[test]
fn a_silent_request_that_fails_is_over_once_its_client_was_told() {
    let world = World::new();
    let (app, stranger) = (&world.server, world.browser());
    let asks = pushed_with(&world, app, &[("prompt", "none")]);
    let head = request(Method::Head, &asks.target());
    assert_eq!(
        error_in(&world.send(head)).as_deref(),
        Some("login_required")
    );
    let told = stranger.get(&asks.target());
    assert_eq!(error_in(&told).as_deref(), Some("login_required"));
    let again = stranger.get(&asks.target()).expect(400);
    assert_eq!(again.header("location"), None);
    world.alices_browser().get(&asks.target()).expect(400);
}

#[test]
fn it_waits_ninety_seconds_for_its_first_visit_and_then_for_the_user() {
    let world = World::new();
    let app = &world.server;
    let (late, seen) = (pushed(&world, app), pushed(&world, app));
    world.advance(89);
    let browser = world.browser();
    browser.get(&seen.target()).expect(303);
    world.advance(2);
    browser.get(&late.target()).expect(400);
    world.advance(600);
    browser.log_in(&world.alice);
    assert!(!code_in(&browser.authorize(&seen)).is_empty());
}

#[test]
fn a_look_by_head_is_no_visit() {
    let world = World::new();
    let asks = pushed(&world, &world.server);
    let browser = world.browser();
    let head = request(Method::Head, &asks.target());
    let answer = browser.send(head);
    assert!(has_to_log_in(&answer), "{}", answer.status);
    let login = answer.location();
    browser.send(request(Method::Head, login)).expect(200);
    world.advance(91);
    browser.get(&asks.target()).expect(400);
}

fn has_to_log_in(answer: &Answer) -> bool {
    answer.status == 303 && answer.location().starts_with("/login")
}

#[test]
fn a_login_that_was_asked_for_is_one_since_the_request_was_opened() {
    let world = World::new();
    let app = &world.server;
    for more in [("prompt", "login"), ("max_age", "0")] {
        let browser = world.alices_browser();
        world.advance(60);
        let asks = pushed_with(&world, app, &[more]);
        assert!(has_to_log_in(&browser.get(&asks.target())), "{more:?}");
        assert!(
            has_to_log_in(&browser.get(&asks.target())),
            "a reload is no login"
        );
        browser.log_in(&world.alice);
        browser.authorize(&asks).expect(303);
    }
}

#[test]
fn an_application_that_pushes_its_requests_is_told_so_where_it_does_not() {
    let world = World::new();
    let path = format!("/api/admin/applications/{}", world.server.id);
    let change = json!({"require_pushed_authorization_requests": true});
    world
        .administer(Method::Patch, &path, Some(&change))
        .expect(200);
    let browser = world.alices_browser();
    let refused = browser.get(&world.server.asks().target()).expect(303);
    assert_eq!(
        refused.parameter("error").as_deref(),
        Some("invalid_request")
    );
    code_in(&browser.authorize(&pushed(&world, &world.server)));
    let unknown = world
        .device
        .asks()
        .with("request_uri", "https://app.example/request");
    let refused = browser.get(&unknown.target()).expect(303);
    assert_eq!(
        refused.parameter("error").as_deref(),
        Some("request_uri_not_supported")
    );
}

#[test]
fn what_became_of_the_application_since_counts() {
    let world = World::new();
    let path = format!("/api/admin/applications/{}", world.server.id);
    for change in [
        json!({"redirect_uris": ["https://new.example/cb"]}),
        json!({"suspended": true}),
    ] {
        let asks = pushed(&world, &world.server);
        world
            .administer(Method::Patch, &path, Some(&change))
            .expect(200);
        world.advance(6);
        let answer = world.alices_browser().get(&asks.target());
        assert!(answer.status >= 400 && answer.header("location").is_none());
        let back = json!({"redirect_uris": [world.server.redirect_uri], "suspended": false});
        world
            .administer(Method::Patch, &path, Some(&back))
            .expect(200);
        world.advance(6);
    }
}

#[test]
fn while_it_cannot_be_asked_nothing_is_spent() {
    let world = Native::new();
    let app = &world.server;
    // The first use of a secret on a day is noted.
    pushed(&world, app);
    for when in [When::Before, When::After] {
        world.memory.forget_steps();
        world.memory.plan.set(Some(Plan { step: 1, when }));
        let answer = push(&world, app, &parameters(app)).expect(503);
        assert_eq!(answer.error(), "temporarily_unavailable");
        assert_eq!(
            world.memory.steps().get(..2),
            Some(&["limiter", "pending"][..])
        );
        let asks = pushed_with(&world, app, &[("prompt", "consent")]);
        let browser = world.alices_browser();
        let form = approving(browser.consent(&asks));
        world.memory.forget_steps();
        browser.submit(&form).expect(303);
        let spent = world.memory.steps().len() - 1;
        assert_eq!(world.memory.steps().last(), Some(&"pending"), "last of all");

        let asks = pushed_with(&world, app, &[("prompt", "consent")]);
        let form = approving(browser.consent(&asks));
        for step in (0..=spent).rev() {
            world.memory.forget_steps();
            world.memory.plan.set(Some(Plan { step, when }));
            let answer = browser.submit(&form);
            world.memory.plan.set(None);
            assert!(
                matches!(answer.status, 303 | 429 | 503),
                "{step} {when:?}: {}",
                answer.status
            );
        }
        let code = code_in(&browser.submit(&form));
        tokens(&world, app, &code).expect(200);
    }
}

#[test]
fn a_push_costs_one_question_and_other_requests_none() {
    let world = Native::new();
    pushed(&world, &world.server);
    world.memory.forget_steps();
    push(&world, &world.server, &parameters(&world.server)).expect(201);
    assert_eq!(world.memory.steps(), ["limiter", "pending"]);
    world.memory.forget_steps();
    world
        .browser()
        .get(&world.server.asks().target())
        .expect(303);
    assert!(!world.memory.steps().contains(&"pending"));
}

/// An application with the FAPI 2.0 profile, and the key that its tokens are bound to.
fn fapi(world: &World) -> (Signing, Holder) {
    (
        Signing::new(world, &json!({"profile": "fapi2"})),
        Holder::p256(),
    )
}

fn fapi_code(world: &World, client: &Signing, browser: &Browser<'_>) -> String {
    let answer = world.send(client.request(world, PAR, &parameters(&client.app)));
    code_in(&browser.authorize(&asks(&client.app, &answer)))
}

fn fapi_token(world: &World, client: &Signing, holder: &Holder, form: &[(&str, &str)]) -> Answer {
    let proof = holder.proof(world, "POST", "/api/oauth2/token");
    let request = client.request(world, "/api/oauth2/token", form);
    world.send(request.with("dpop", &proof))
}

#[test]
fn fapi_wants_par_and_dpop_and_a_signature_and_its_refresh_tokens_stay() {
    let world = World::new();
    let (client, holder) = fapi(&world);
    let browser = world.alices_browser();
    let plain = browser.get(&client.app.asks().target()).expect(303);
    assert_eq!(plain.parameter("error").as_deref(), Some("invalid_request"));

    let code = fapi_code(&world, &client, &browser);
    let exchange = |code: &str| {
        vec![
            ("grant_type", "authorization_code".to_owned()),
            ("code", code.to_owned()),
            ("redirect_uri", client.app.redirect_uri.clone()),
            ("code_verifier", VERIFIER.to_owned()),
        ]
    };
    let form = exchange(&code);
    let form: Vec<_> = form.iter().map(|(name, value)| (*name, &**value)).collect();
    let bare = client.token(&world, &form).expect(400);
    assert_eq!(bare.error(), "invalid_dpop_proof");
    let first = fapi_token(&world, &client, &holder, &form)
        .expect(200)
        .json();
    assert_eq!(first["token_type"], "DPoP");
    let refresh = text(&first, "refresh_token");
    for _ in 0..3 {
        world.advance(60);
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", &*refresh),
        ];
        let next = fapi_token(&world, &client, &holder, &form)
            .expect(200)
            .json();
        assert_eq!(next["refresh_token"], refresh.as_str());
        assert_ne!(next["access_token"], first["access_token"]);
    }

    let late = fapi_code(&world, &client, &browser);
    world.advance(61);
    let form = exchange(&late);
    let form: Vec<_> = form.iter().map(|(name, value)| (*name, &**value)).collect();
    let refused = fapi_token(&world, &client, &holder, &form).expect(400);
    assert_eq!(refused.error(), "invalid_grant");
}

#[test]
fn fapi_wants_pkce_and_an_assertion_for_the_issuer() {
    let world = World::new();
    let (client, _) = fapi(&world);
    let mut form = parameters(&client.app);
    form.retain(|(name, _)| !name.starts_with("code_challenge"));
    let refused = world.send(client.request(&world, PAR, &form)).expect(400);
    assert_eq!(refused.error(), "invalid_request");
    for aud in ["/api/oauth2/par", "/api/oauth2/token", "/"] {
        let mut claims = client.claims(&world);
        claims["aud"] = Value::String(format!("{HTTP}{aud}"));
        let signed = asserted(PAR, &parameters(&client.app), &client.sign(&claims));
        assert_eq!(
            world.send(signed).expect(401).error(),
            "invalid_client",
            "{aud}"
        );
    }
}

#[test]
fn a_pushed_request_chooses_the_language_and_the_login_as_any_other_does() {
    let world = World::new();
    let app = &world.server;
    let browser = world.browser();
    let more = [("ui_locales", "de"), ("login_hint", "bob@example.com")];
    let asks = pushed_with(&world, app, &more);
    let login = browser.get(&asks.target()).expect(303);
    let form = browser.get(login.location()).expect(200);
    assert!(form.body.contains("lang=\"de\""), "{}", form.body);
    assert!(form.body.contains("value=\"bob@example.com\""));
    let consent = world.alices_browser().get(&asks.target()).expect(200);
    assert!(consent.body.contains("lang=\"de\""), "{}", consent.body);

    // What stands beside it does not count (RFC 9126 §4).
    let asks = pushed(&world, app).with("ui_locales", "de");
    let asks = asks.with("login_hint", "eve@example.com");
    let login = browser.get(&asks.target()).expect(303);
    let form = browser.get(login.location()).expect(200);
    assert!(form.body.contains("lang=\"en\""), "{}", form.body);
    assert!(!form.body.contains("eve@"));
    let consent = world.alices_browser().get(&asks.target()).expect(200);
    assert!(consent.body.contains("lang=\"en\""));
}
