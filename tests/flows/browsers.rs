//! What browsers, the people before them and programs that check links do to the flow.

use fluxer_oauth2::http::Method;

use crate::world::{Answer, Asks, Native, PASSWORD, With, World, get, post, request};

fn policies(answer: &Answer) -> (bool, bool) {
    let policy = answer.header("content-security-policy");
    let form_action = policy.is_some_and(|it| it.contains("form-action 'self'"));
    let opener = answer.header("cross-origin-opener-policy") == Some("same-origin");
    (form_action, opener)
}

#[test]
fn what_a_client_opens_keeps_its_opener_and_goes_on_wherever_the_client_does() {
    let world = World::new();
    let browser = world.alices_browser();
    let asks = world.server.asks();
    let opened = [
        browser.get(&asks.target()).expect(200),
        world.browser().get(&asks.target()).expect(303),
        world.browser().get("/login").expect(200),
        browser.get("/oauth2/authorize?client_id=1&x=%").expect(400),
        browser.get(&format!("/api{}", asks.target())).expect(200),
        browser.get(&format!("/v1{}", asks.target())).expect(200),
    ];
    for answer in opened {
        assert_eq!(policies(&answer), (false, false), "{}", answer.body);
    }
    let browser = world.browser();
    browser.log_in(&world.staff);
    for path in [
        "/settings/authorizations",
        "/developers",
        "/admin",
        "/admin/users/0",
        "/logout",
    ] {
        assert_eq!(policies(&browser.get(path)), (true, true), "{path}");
    }
}

#[test]
fn two_tabs_log_in_one_after_the_other_and_both_go_on() {
    let world = World::new();
    let browser = world.browser();
    let on = |target: &str| format!("/login?return_to={}", target.replace('/', "%2F"));
    let fill = |target: &str| {
        let form = browser.get(&on(target)).expect(200).form("password");
        form.with("login", "alice").with("password", PASSWORD)
    };
    let (first, second) = (fill("/developers"), fill("/settings/authorizations"));
    let goes = |answer: Answer| {
        let to = answer.expect(303).header("location").map(str::to_owned);
        to.expect("a location")
    };
    assert_eq!(goes(browser.submit(&first)), "/developers");
    assert_eq!(goes(browser.submit(&second)), "/settings/authorizations");
    assert_eq!(
        goes(browser.submit(&second)),
        "/settings/authorizations",
        "sent twice"
    );
    assert!(browser.is_logged_in());

    // A form whose cookie is gone, or that another browser was shown.
    let stale = second.with("csrf_token", "x");
    assert_eq!(goes(browser.submit(&stale)), "/settings/authorizations");
    world.browser().submit(&stale).expect(403);
    // The form again, in a tab that was open before.
    assert_eq!(goes(browser.get(&on("/developers"))), "/developers");
    let again = format!("{}&prompt=login", on("/developers"));
    browser.get(&again).expect(200).form("password");
}

#[test]
fn a_login_that_a_client_wants_again_is_asked_for_where_somebody_is_logged_in() {
    let world = World::new();
    let browser = world.alices_browser();
    let asks = world.server.asks().with("prompt", "login");
    let answer = browser.get(&asks.target()).expect(303);
    let login = answer.header("location").expect("a location").to_owned();
    browser.get(&login).expect(200).form("password");
}

#[test]
fn forms_come_from_browsers_that_say_nothing_of_where() {
    let world = World::new();
    let browser = world.browser();
    let form = browser.get("/login").form("password");
    let form = form.with("login", "alice").with("password", PASSWORD);
    let sent = form.request().with("origin", "null");
    browser.send(sent).expect(303);
    assert!(browser.is_logged_in());
    let form = browser
        .consent(&world.server.asks())
        .with("decision", "approve");
    let forged = form.clone().with("csrf_token", "x").request();
    browser.send(forged.with("origin", "null")).expect(403);
    browser
        .send(form.request().with("origin", "null"))
        .expect(303);
}

#[test]
fn a_request_that_is_posted_goes_on_as_a_request() {
    let world = World::new();
    let asks = world.server.asks();
    let (path, query) = asks
        .target()
        .split_once('?')
        .map(|(path, query)| (path.to_owned(), query.to_owned()))
        .expect("a query");
    let posted = |target: &str, body: &str| {
        let request = crate::world::post_as("application/x-www-form-urlencoded", target, body);
        let request = request
            .with("sec-fetch-site", "cross-site")
            .with("origin", "https://app.example");
        world.browser().send(request)
    };
    let answer = posted(&path, &query).expect(303);
    assert_eq!(answer.header("location"), Some(&*asks.target()));
    let (some, rest) = query.split_once('&').expect("two parameters");
    let answer = posted(&format!("{path}?{some}"), rest).expect(303);
    assert_eq!(answer.header("location"), Some(&*asks.target()));
    posted(&path, &format!("{query}&decision=approve")).expect(403);
    posted(&path, "client_id=\u{e9}").expect(400);
    posted(&path, &format!("{query}&x={}", "x".repeat(16 * 1024))).expect(414);
}

#[test]
fn what_a_request_has_no_use_for_cannot_break_it() {
    let world = World::new();
    let browser = world.alices_browser();
    let target = |more: &str| format!("{}&{more}", world.server.asks().target());
    for more in ["utm=100%", "%zz=1", "a=%ff", "%", "x=%u0041&x=1"] {
        browser.get(&target(more)).expect(200).form("decision");
        let through = format!("/login?return_to=%2Fdevelopers&{more}");
        world.browser().get(&through).expect(200).form("password");
    }
    for broken in ["client_id=%", "redirect_uri=%ff"] {
        let (name, _) = broken.split_once('=').expect("a value");
        let asks = world.server.asks().without(name);
        let answer = browser.get(&format!("{}&{broken}", asks.target()));
        assert!(answer.expect(400).body.contains(name), "{broken}");
    }
    let app = &world.server;
    let code = browser.code(&app.asks());
    let form = crate::world::encode(&app.exchange(&code));
    let request = crate::world::post_as(
        "application/x-www-form-urlencoded",
        "/oauth2/token",
        &format!("{form}&x=%&%zz=1"),
    );
    let secret = app.secret.as_deref().expect("a secret");
    world.send(request.basic(&app.id, secret)).expect(200);
}

#[test]
fn head_changes_nothing() {
    let world = Native::new();
    let browser = world.alices_browser();
    let asks: Asks = world.server.asks();
    browser.code(&asks);
    for asks in [asks.clone(), asks.clone().with("prompt", "none")] {
        browser
            .get(&asks.target())
            .expect(303)
            .parameter("code")
            .expect("remembered");
        let before = world.memory.dump();
        let answer = browser
            .send(request(Method::Head, &asks.target()))
            .expect(200);
        assert_eq!((answer.header("location"), &*answer.body), (None, ""));
        assert_eq!(world.memory.dump(), before);
    }
}

const ALWAYS: &str = "Authorization, Content-Type, MCP-Protocol-Version, DPoP";

fn allowed_headers(world: &World, asked: &str) -> Option<String> {
    let preflight = request(Method::Options, "/api/users/@me")
        .with("origin", "https://app.example")
        .with("access-control-request-method", "GET")
        .with("access-control-request-headers", asked);
    let answer = world.send(preflight).expect(204);
    let allowed = answer.header("access-control-allow-headers");
    allowed.map(str::to_owned)
}

#[test]
fn whatever_header_a_script_sends_a_preflight_lets_it() {
    let world = World::new();
    let ask = |headers: &str| allowed_headers(&world, headers);
    for headers in [
        "authorization,mcp-protocol-version",
        "baggage, sentry-trace, traceparent, tracestate",
        "x-requested-with",
        "dpop",
    ] {
        let allowed = ask(headers).expect("a list");
        assert_eq!(allowed, format!("{ALWAYS}, {headers}"));
    }
    for odd in ["", "<script>", "\u{e9}"] {
        let answer = ask(odd).expect("a list");
        assert_eq!(answer, ALWAYS, "{odd:?}");
    }
    // No client sends it.
    let split = allowed_headers(&Native::new(), "a\r\nb");
    assert_eq!(split.as_deref(), Some(ALWAYS));
}

#[test]
fn a_script_may_read_that_there_is_nothing() {
    let world = World::new();
    let allowed = |request| {
        let answer = world.send(request);
        assert!([404, 405].contains(&answer.status), "{}", answer.status);
        answer
            .header("access-control-allow-origin")
            .map(str::to_owned)
    };
    for path in ["/api/nothing", "/v1/nothing", "/.well-known/nothing"] {
        assert_eq!(allowed(get(path)).as_deref(), Some("*"), "{path}");
        let wrong = request(Method::Patch, path);
        assert_eq!(allowed(wrong).as_deref(), Some("*"), "{path}");
    }
    let session = post("/api/oauth2/session", &[]);
    assert_eq!(allowed(session).as_deref(), Some("*"));
    for path in ["/nothing", "/assets/nothing", "/logi"] {
        assert_eq!(allowed(get(path)), None, "{path}");
    }
    let preflight = request(Method::Options, "/api/oauth2/session");
    assert_eq!(allowed(preflight), None);
}

#[test]
fn v1_is_another_spelling_of_api() {
    let world = World::new();
    let tokens = world.tokens(&world.server);
    let me = world.send(get("/v1/users/@me").bearer(&tokens.access));
    assert_eq!(me.expect(200).json()["username"], "alice");
    let app = &world.server;
    let refresh = tokens.refresh.as_str();
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    world.send(app.post("/v1/oauth2/token", &form)).expect(200);
    for path in [
        "/v1/login",
        "/v1",
        "/v1/",
        "/v1/v1/users/@me",
        "/v1/api/users/@me",
    ] {
        world.send(get(path)).expect(404);
    }
}
