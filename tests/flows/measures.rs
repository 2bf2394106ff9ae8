//! Measures: what operators count, and what the developer of an application sees of it.

use core::time::Duration;

use fluxer_oauth2::http::Method;
use fluxer_oauth2::store::memory::Meanwhile;
use serde_json::json;

use crate::world::{Answer, App, Asks, Native, With, get, request, selector, with_json};

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// The newest measure, as it is printed.
fn last(world: &Native) -> String {
    world
        .memory
        .measures
        .borrow()
        .last()
        .cloned()
        .expect("a measure")
}

#[test]
fn every_request_is_measured_once_with_its_exact_refusal_and_no_secret() {
    let world = Native::new();
    let app = &world.server;
    let before = world.memory.measures.borrow().len();
    let bad = world.exchange(app, "a-code-that-nobody-gave");
    bad.expect(400);
    assert_eq!(world.memory.measures.borrow().len(), before + 1);
    let measure = last(&world);
    for part in [
        "endpoint: \"/api/oauth2/token\"",
        "grant: \"authorization_code\"",
        &format!("application: Some({:?})", app.id).replace('"', "")[..12],
        "status: 400",
    ] {
        assert!(measure.contains(part), "{part}: {measure}");
    }
    assert!(measure.contains("refusal: \"Grant."), "{measure}");
    let tokens = world.tokens(app);
    world.me(&tokens.access).expect(200);
    world.me("wrong").expect(401);
    assert!(
        last(&world).contains("refusal: \"InvalidToken\""),
        "{}",
        last(&world)
    );
    world.send(get("/no/such/page")).expect(404);
    assert!(last(&world).contains("endpoint: \"\""));
    let all = world.memory.measures.borrow().join("\n");
    for secret in ["a-code-that-nobody-gave", &tokens.access, &tokens.refresh] {
        assert!(!all.contains(secret), "{secret}");
    }
}

/// Endpoint, exact refusal and status of the newest measure, and whether it names an application.
fn outcome(world: &Native) -> String {
    let measure = last(world);
    let part = |name: &str| {
        let after = measure.split_once(&format!("{name}: ")).expect("a member");
        let end = after.1.split([',', '}']).next().unwrap_or_default();
        end.trim().trim_matches('"').to_owned()
    };
    let application = if part("application") == "None" {
        "nobody"
    } else {
        "its"
    };
    [
        part("endpoint"),
        part("refusal"),
        part("status"),
        application.to_owned(),
    ]
    .join(" ")
}

#[test]
fn the_outcome_is_the_exact_refusal_at_every_endpoint() {
    let world = Native::new();
    let server = &world.server;
    let television = world.application(&json!({
        "name": "Television", "type": "public", "grant_types": [DEVICE_CODE, "refresh_token"],
    }));
    let wrong = App {
        secret: Some("wrong".to_owned()),
        ..server.clone()
    };
    let post = |app: &App, path: &str, form: &[(&str, &str)], expected: &str| {
        world.send(app.post(path, form));
        assert_eq!(outcome(&world), expected);
    };
    let token = "/api/oauth2/token";
    let wants = |answer: Answer, status: u16, expected: &str| {
        answer.expect(status);
        assert_eq!(outcome(&world), expected);
    };
    post(
        server,
        token,
        &[("grant_type", "x")],
        "/api/oauth2/token GrantType 400 its",
    );
    let code = [
        ("grant_type", "authorization_code"),
        ("code", "x"),
        ("redirect_uri", "x"),
    ];
    post(
        &wrong,
        token,
        &code,
        "/api/oauth2/token Client.Wrong.Header 401 its",
    );
    post(
        &television,
        "/api/oauth2/device_authorization",
        &[("scope", "emial")],
        "/api/oauth2/device_authorization ScopeUnknown 400 its",
    );
    let asked =
        world.send(television.post("/api/oauth2/device_authorization", &[("scope", "identify")]));
    let device_code = asked.json()["device_code"]
        .as_str()
        .expect("one")
        .to_owned();
    let poll = [("grant_type", DEVICE_CODE), ("device_code", &*device_code)];
    post(
        &television,
        token,
        &poll,
        "/api/oauth2/token AuthorizationPending 400 its",
    );
    post(
        server,
        "/api/oauth2/par",
        &[("request_uri", "x")],
        "/api/oauth2/par RequestUriPushed 400 its",
    );
    post(
        &wrong,
        "/api/oauth2/introspect",
        &[("token", "x")],
        "/api/oauth2/introspect Client.Wrong.Header 401 its",
    );
    post(
        server,
        "/api/oauth2/token/revoke",
        &[],
        "/api/oauth2/token/revoke Missing 400 its",
    );
    let nameless = with_json(
        request(Method::Post, "/api/oauth2/register"),
        &json!({"redirect_uris": "x"}),
    );
    wants(
        world.send(nameless),
        400,
        "/api/oauth2/register RedirectUris 400 nobody",
    );
    wants(
        world.send(get("/api/oauth2/userinfo").bearer("wrong")),
        401,
        "/api/oauth2/userinfo InvalidToken 401 nobody",
    );
}

#[test]
fn so_is_that_of_an_authorization_request_on_a_page_or_by_redirect() {
    let world = Native::new();
    let (server, browser) = (&world.server, world.alices_browser());
    world.tokens_for(&browser, server);
    let wants = |answer: Answer, status: u16, expected: &str| {
        answer.expect(status);
        assert_eq!(outcome(&world), expected);
    };
    let misspelt = with_redirect(server, "https://server.example/typo");
    wants(
        browser.get(&misspelt.target()),
        400,
        "/oauth2/authorize ForeignRedirectUri 400 its",
    );
    let unknown = server.asks().with("scope", "emial");
    wants(
        browser.get(&unknown.target()),
        303,
        "/oauth2/authorize ScopeUnknown 303 its",
    );
    let stranger = world.browser();
    stranger.log_in(&world.staff);
    let form = stranger.consent(&server.asks()).with("decision", "deny");
    wants(
        stranger.submit(&form),
        303,
        "/oauth2/authorize Denied 303 its",
    );
}

#[test]
fn a_developer_is_told_of_mistakes_and_of_no_steps_or_answers_of_users() {
    let world = Native::new();
    let app = world.application(&json!({
        "name": "Mine", "owner_id": world.alice.id, "redirect_uris": ["https://mine.example/cb"],
        "grant_types": ["authorization_code", "refresh_token", DEVICE_CODE],
    }));
    let alice = world.alices_browser();
    world.tokens_for(&alice, &app);
    // The client is told by redirect, and may not look.
    alice
        .get(&app.asks().with("scope", "emial").target())
        .expect(303);
    // A device that waits, a user who does not want to, and one who is not logged in.
    let asked = world.send(app.post("/api/oauth2/device_authorization", &[]));
    let device_code = asked.json()["device_code"]
        .as_str()
        .expect("one")
        .to_owned();
    let poll = [("grant_type", DEVICE_CODE), ("device_code", &*device_code)];
    world.token(&app, &poll).expect(400);
    let silent = app.asks().with("prompt", "none");
    world.browser().get(&silent.target());
    let asks = app.asks().with("prompt", "consent");
    alice
        .submit(&alice.consent(&asks).with("decision", "deny"))
        .expect(303);
    let shown = page(&world, &app);
    let reasons = shown.texts("#usage li");
    assert_eq!(reasons.len(), 1, "{reasons:?}");
    assert!(reasons[0].starts_with("invalid_scope: "), "{reasons:?}");
    assert!(
        shown
            .texts("#usage figcaption")
            .iter()
            .any(|it| it.starts_with("Requests refused") && it.ends_with('1'))
    );
}

#[test]
fn a_measure_says_how_long_it_took_and_that_a_limit_was_met() {
    let world = Native::new().reconfigured(&[("RATE_LIMIT_REVOKE", "1/60")]);
    let memory = world.memory.clone();
    let happens = Box::new(move || memory.advance(Duration::from_millis(250)));
    let meanwhile = Meanwhile { step: 1, happens };
    world.memory.meanwhile.replace(Some(meanwhile));
    world.revoke(&world.server, "nothing").expect(200);
    for part in ["took: 250ms", "method: Post", "refusal: \"\""] {
        assert!(last(&world).contains(part), "{part}: {}", last(&world));
    }
    world.revoke(&world.server, "nothing").expect(429);
    for part in ["refusal: \"RateLimited\"", "took: 0ns"] {
        assert!(last(&world).contains(part), "{part}: {}", last(&world));
    }
}

fn page(world: &Native, app: &App) -> Answer {
    let browser = world.alices_browser();
    browser.get(&format!("/developers/{}", app.id)).expect(200)
}

fn with_redirect(app: &App, uri: &str) -> Asks {
    app.asks().with("redirect_uri", uri)
}

#[test]
fn a_developer_finds_their_own_mistake() {
    let world = Native::new();
    let app = world.application(&json!({
        "name": "Mine", "owner_id": world.alice.id, "redirect_uris": ["https://mine.example/cb"],
    }));
    let browser = world.browser();
    for _ in 0..12 {
        let wrong = with_redirect(&app, "https://mine.example/<callback>");
        browser.get(&wrong.target()).expect(400);
    }
    world.exchange(&app, "x").expect(400);
    let alice = world.alices_browser();
    world.tokens_for(&alice, &app);
    let shown = page(&world, &app);
    let charts = shown.texts("#usage figcaption");
    let charts: Vec<_> = charts
        .iter()
        .map(|it| it.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(
        charts,
        [
            "Active users, today 1",
            "Authorizations 1",
            "Token requests answered 1",
            "Requests refused 13",
        ]
    );
    let reasons = shown.texts("#usage li");
    assert_eq!(reasons.len(), 2, "{reasons:?}");
    assert!(
        reasons[0].contains("redirect_uri is not one of those"),
        "{reasons:?}"
    );
    assert!(
        reasons[0].contains("https://mine.example/<callback>"),
        "{reasons:?}"
    );
    assert!(
        reasons[0].contains("12 in 14 days, 12 of them today"),
        "{reasons:?}"
    );
    assert!(reasons[0].contains("Register this address"), "{reasons:?}");
    // However long it is, and whatever is in it.
    let long = format!("https://mine.example/\u{7}{}", "x".repeat(500));
    browser
        .get(&with_redirect(&app, &long).target())
        .expect(400);
    let said = page(&world, &app).texts("#usage li p bdi");
    let long = said.iter().find(|it| it.contains("xxx")).expect("it");
    assert!(
        long.chars().count() == 300 && !long.contains('\u{7}'),
        "{long}"
    );
    assert!(reasons[1].contains("invalid_grant"), "{reasons:?}");
    let mend = "A code works once";
    assert!(reasons[1].contains(mend), "{reasons:?}");
    // Only so many, the most frequent first; and what was yesterday is not today's.
    for nth in 0..10 {
        let wrong = with_redirect(&app, &format!("https://mine.example/{nth}"));
        browser.get(&wrong.target()).expect(400);
    }
    world.advance(86_400);
    let reasons = page(&world, &app).texts("#usage li");
    assert_eq!(reasons.len(), 10);
    assert!(
        reasons[0].contains("12 in 14 days, 0 of them today"),
        "{reasons:?}"
    );
    // It is the owner's to see, and what is a form's answer does without it.
    let staff = world.browser();
    staff.log_in(&world.staff);
    staff.get(&format!("/developers/{}", app.id)).expect(404);
    world.advance(20 * 86_400);
    let later = page(&world, &app);
    assert_eq!(later.document().select(&selector("#usage li")).count(), 0);
}

#[test]
fn a_developer_sees_that_their_application_asks_too_often() {
    let world = Native::with(&[("RATE_LIMIT_TOKEN_CLIENT", "1/60")]);
    let app = world.application(&json!({
        "name": "Mine", "owner_id": world.alice.id, "redirect_uris": ["https://mine.example/cb"],
    }));
    let charts = |world: &Native| page(world, &app).texts("#usage figcaption");
    let own = || world.token(&app, &[("grant_type", "client_credentials")]);
    own().expect(200);
    assert_eq!(charts(&world).len(), 1);
    own().expect(429);
    own().expect(429);
    let charts = charts(&world);
    assert_eq!(charts.len(), 2, "{charts:?}");
    assert!(charts[1].ends_with('2'), "{charts:?}");
    let told = page(&world, &app).texts("#usage > p.quiet");
    assert!(told.iter().any(|it| it.contains("Retry-After")), "{told:?}");
}

#[test]
fn a_user_is_active_once_a_day_however_often_tokens_are_issued() {
    let world = Native::new();
    let app = world.application(&json!({
        "name": "Mine", "owner_id": world.alice.id, "redirect_uris": ["https://mine.example/cb"],
    }));
    let staff = world.browser();
    staff.log_in(&world.staff);
    let own = world.tokens_for(&staff, &app);
    world.tokens_for(&world.alices_browser(), &app);
    world.refresh(&app, &own.refresh).expect(200);
    world.own_token(&app, "");
    let active = |world: &Native| {
        let shown = page(world, &app);
        let charts = shown.texts("#usage figcaption");
        let active = charts.iter().find(|it| it.starts_with("Active"));
        active.map(|it| it.split_whitespace().last().unwrap_or_default().to_owned())
    };
    assert_eq!(active(&world).as_deref(), Some("2"));
    world.advance(86_400);
    assert_eq!(
        active(&world).as_deref(),
        Some("0"),
        "yesterday's are no longer today's"
    );
    world.tokens_for(&staff, &app);
    assert_eq!(active(&world).as_deref(), Some("1"));
    let shown = page(&world, &app);
    let table = shown.texts("#usage figure:first-of-type td");
    assert!(table.contains(&"2".to_owned()), "{table:?}");
    assert!(shown.body.contains("an estimate"));
}

#[test]
fn what_nobody_registered_is_counted_for_nobody() {
    let world = Native::new();
    let mut stranger = world.server.asks();
    stranger = stranger.with("client_id", "1234567890");
    world.browser().get(&stranger.target()).expect(400);
    assert!(
        last(&world).contains("application: None"),
        "{}",
        last(&world)
    );
    let own = world.administer(Method::Get, "/api/admin/users", None);
    own.expect(200);
    assert!(last(&world).contains("endpoint: \"/api/admin/users\""));
}
