//! `/oauth2/authorize`: who is told what, where, and when.

use fluxer_oauth2::http::Method;
use fluxer_oauth2::store::Outlook;
use serde_json::json;

use crate::world::{
    Answer, Asks, CHALLENGE, Form, HTTP, Native, STATE, With, World, encode, get, post_as, request,
};

/// An error page: no way to the client from it.
#[track_caller]
fn is_page(answer: &Answer, about: &str) {
    assert_eq!(
        answer.status,
        400,
        "{about}: {:?} {}",
        answer.headers(),
        answer.body
    );
    assert_eq!(answer.header("location"), None, "{about}");
    assert_eq!(answer.texts("h1"), ["This link does not work"], "{about}");
}

/// An error redirect to the registered URI (RFC 6749 §4.1.2.1, RFC 9207 §2).
#[track_caller]
fn is_redirected(answer: &Answer, to: &str, error: &str, state: Option<&str>, about: &str) {
    assert_eq!(answer.status, 303, "{about}: {}", answer.body);
    assert!(
        answer.location().starts_with(to),
        "{about}: {}",
        answer.location()
    );
    assert_eq!(answer.parameter("error").as_deref(), Some(error), "{about}");
    assert!(answer.parameter("error_description").is_some(), "{about}");
    assert_eq!(answer.parameter("state").as_deref(), state, "{about}");
    assert_eq!(answer.parameter("iss").as_deref(), Some(HTTP), "{about}");
    assert_eq!(answer.parameter("code"), None, "{about}");
}

#[test]
fn what_is_wrong_with_the_client_or_its_redirect_uri_ends_on_a_page() {
    let world = World::new();
    let browser = world.alices_browser();
    browser.code(&world.server.asks());
    let asks = world.server.asks();
    let deleted =
        world.application(&json!({"name": "D", "redirect_uris": ["https://d.example/cb"]}));
    let path = format!("/api/admin/applications/{}", deleted.id);
    world.administer(Method::Delete, &path, None).expect(204);
    let mut wrong = vec![
        asks.clone().without("client_id"),
        asks.clone().with("client_id", "999"),
        asks.clone().with("client_id", "nobody"),
        asks.clone().with("client_id", "1"),
        asks.clone().and("client_id", &world.server.id),
        asks.clone().without("redirect_uri"),
        asks.clone().and("redirect_uri", &world.server.redirect_uri),
        asks.clone()
            .without("redirect_uri")
            .with("redirect_uri[]", &world.server.redirect_uri),
        deleted.asks(),
    ];
    for unregistered in [
        "https://server.example/cb",
        "https://server.example/cb?fixed=1&",
        "https://server.example/CB?fixed=1",
        "https://SERVER.example/cb?fixed=1",
        "HTTPS://server.example/cb?fixed=1",
        "//server.example/cb?fixed=1",
        "https://server.example:443/cb?fixed=1",
        "https://server.example/cb?fixed=1#x",
        "https://server.example@evil.example/cb?fixed=1",
        "https://server.example.evil.example/cb?fixed=1",
        "https://evil.example/cb",
        "https://other.example/cb",
        "javascript:alert(1)//",
        "null",
        "*",
        " ",
        "https://server.example/%63b?fixed=1",
        "https://server.example\\@evil.example/cb",
        "http://127.0.0.1/cb",
    ] {
        wrong.push(asks.clone().with("redirect_uri", unregistered));
    }
    for port in [
        ":0",
        ":65536",
        ":080",
        ":80:90",
        ":+80",
        ":-1",
        ":８０",
        "@evil.example",
    ] {
        let uri = format!("http://127.0.0.1{port}/cb");
        wrong.push(world.device.asks().with("redirect_uri", &uri));
    }
    for uri in [
        "com.example.app://cb",
        "COM.example.app:/cb",
        "com.example.app:/cb/",
        "http://localhost/cb",
    ] {
        wrong.push(world.device.asks().with("redirect_uri", uri));
    }
    for asks in wrong {
        // Whatever else is wrong, this comes first.
        for asks in [
            asks.clone(),
            asks.clone().with("prompt", "none"),
            asks.with("scope", "x"),
        ] {
            is_page(&browser.get(&asks.target()), &asks.target());
            is_page(&world.browser().get(&asks.target()), &asks.target());
        }
    }
    for query in ["client_id=%zz", "client_id=%ff", "", "&&&=", "%"] {
        is_page(&browser.get(&format!("/oauth2/authorize?{query}")), query);
    }
}

#[test]
fn a_loopback_uri_is_answered_at_any_port() {
    let world = World::new();
    let browser = world.alices_browser();
    for uri in [
        "http://127.0.0.1:51234/cb",
        "http://127.0.0.1:1/cb",
        "http://127.0.0.1:65535/cb",
        "com.example.app:/cb",
    ] {
        let answer = browser.authorize(&world.device.asks().with("redirect_uri", uri));
        assert!(
            answer.location().starts_with(&format!("{uri}?code=")),
            "{}",
            answer.location()
        );
    }
}

#[test]
fn a_server_on_its_user_s_machine_is_answered_at_any_port_and_asked_for_every_time() {
    let world = World::new();
    let browser = world.alices_browser();
    let local = world
        .application(&json!({"name": "L", "redirect_uris": ["http://localhost:3000/callback"]}));
    let asks = |uri: &str| local.asks().with("redirect_uri", uri);
    browser.code(&local.asks());
    let elsewhere = "http://localhost:4000/callback";
    let page = browser.get(&asks(elsewhere).target());
    assert_eq!(page.status, 200, "any program may listen there");
    let silent = browser.get(&asks(elsewhere).with("prompt", "none").target());
    assert_eq!(
        silent.parameter("error").as_deref(),
        Some("consent_required")
    );
    let answer = browser.authorize(&asks(elsewhere));
    let code = answer.parameter("code").expect("a code");
    let exchange = local.exchange(&code);
    world.token(&local, &exchange).expect(400);
    let mut exchange = exchange;
    exchange.retain(|(name, _)| *name != "redirect_uri");
    exchange.push(("redirect_uri", elsewhere));
    world.token(&local, &exchange).expect(200);
    let remembered = browser.get(&local.asks().target());
    assert_eq!(remembered.status, 303, "as registered, it is remembered");
}

/// What one parameter of an otherwise good request must not be, and what the client is told.
const MISTAKES: &[(&str, &str, &[&str])] = &[
    (
        "response_type",
        "unsupported_response_type",
        &["token", "id_token", "code token", "none", "CODE"],
    ),
    (
        "scope",
        "invalid_scope",
        &["x", "Identify", "identify\temail", "a\"", "a\\"],
    ),
    (
        "scope",
        "invalid_scope",
        &["\u{a0}", "\0", "\x7f", "😀", "bot", "admin"],
    ),
    (
        "prompt",
        "invalid_request",
        &["none login", "foo", "login foo", " login", "None"],
    ),
    (
        "response_mode",
        "invalid_request",
        &["fragment", "form_post", "query.jwt", "foo"],
    ),
    ("request", "request_not_supported", &["x"]),
    (
        "request_uri",
        "request_uri_not_supported",
        &["http://127.0.0.1:9999/x"],
    ),
    (
        "max_age",
        "invalid_request",
        &["x", "-1", "1.5", "1e3", "+1", "18446744073709551616"],
    ),
    (
        "code_challenge_method",
        "invalid_request",
        &["", "plain", "s256", "S512", "none", "S256 ", "S256,plain"],
    ),
    (
        "code_challenge",
        "invalid_request",
        &["", "x", CHALLENGE_IN_STANDARD_BASE64],
    ),
];
const CHALLENGE_IN_STANDARD_BASE64: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM";

#[test]
fn other_errors_reach_the_client_once_the_user_is_known() {
    let world = World::new();
    let (browser, stranger) = (world.alices_browser(), world.browser());
    let check = |asks: &Asks, error, state| {
        // RFC 9700 §4.11.2: nobody is sent anywhere before we know them.
        let target = asks.target();
        let login = stranger.get(&target).expect(303);
        assert!(login.location().starts_with("/login?"), "{target}");
        let to = [&world.server, &world.device].map(|app| &*app.redirect_uri);
        let answer = browser.get(&target);
        let to = to
            .into_iter()
            .find(|to| answer.location().starts_with(to))
            .unwrap_or(to[0]);
        is_redirected(&answer, to, error, state, &target);
    };
    let good = world.server.asks().with_pkce();
    assert!(browser.authorize(&good).parameter("code").is_some());
    for (name, error, values) in MISTAKES {
        for value in *values {
            check(&good.clone().with(name, value), error, Some(STATE));
        }
    }
    for name in [
        "response_type",
        "scope",
        "code_challenge",
        "code_challenge_method",
        "nonce",
        "prompt",
    ] {
        check(
            &good.clone().and(name, "1").and(name, "1"),
            "invalid_request",
            Some(STATE),
        );
    }
    for challenge in [
        &CHALLENGE[1..],
        &format!("{CHALLENGE}="),
        &format!("{CHALLENGE}A"),
        &"x".repeat(10_000),
    ] {
        check(
            &good.clone().with("code_challenge", challenge),
            "invalid_request",
            Some(STATE),
        );
    }
    check(
        &good.clone().with("prompt", &"login ".repeat(50)),
        "invalid_request",
        Some(STATE),
    );
    let without_pkce = world
        .device
        .asks()
        .without("code_challenge")
        .without("code_challenge_method");
    check(&without_pkce, "invalid_request", Some(STATE));
    // A state that is not the client's word does not come back.
    check(&good.clone().and("state", "evil"), "invalid_request", None);
    check(
        &good.with("state", &"x".repeat(10_000)),
        "invalid_request",
        None,
    );
}

#[test]
fn the_standard_s_seven_errors_can_all_be_met() {
    let world = Native::new();
    let browser = world.alices_browser();
    let app = &world.server;
    let private = world.application(&json!({
        "name": "P", "owner_id": world.staff.id, "bot": true, "bot_public": false,
        "redirect_uris": ["https://server.example/cb?fixed=1"],
    }));
    let good = app.asks();
    let denied = browser.consent(&good).with("decision", "deny");
    let approved = browser.consent(&good).with("decision", "approve");
    let asked = |asks: &Asks| browser.get(&asks.target());
    let broken = |outlook, outage, answer: &dyn Fn() -> Answer| {
        world.memory.outlook.set(outlook);
        world.memory.outage.set(Some(outage));
        let answer = answer();
        world.memory.outage.set(None);
        world.memory.outlook.set(Outlook::Transient);
        answer
    };
    let silent = good.clone().with("prompt", "none");
    for (error, answer) in [
        (
            "invalid_request",
            asked(&good.clone().with("prompt", "foo")),
        ),
        (
            "unauthorized_client",
            asked(&private.asks().with("scope", "bot")),
        ),
        ("access_denied", browser.submit(&denied)),
        (
            "unsupported_response_type",
            asked(&good.clone().with("response_type", "token")),
        ),
        (
            "invalid_scope",
            asked(&good.clone().with("scope", "applications.commands")),
        ),
        (
            "server_error",
            broken(Outlook::Permanent, "ledger", &|| browser.submit(&approved)),
        ),
        (
            "server_error",
            broken(Outlook::Permanent, "d1", &|| asked(&silent)),
        ),
        (
            "temporarily_unavailable",
            broken(Outlook::Transient, "d1", &|| asked(&silent)),
        ),
    ] {
        is_redirected(&answer, &app.redirect_uri, error, Some(STATE), error);
    }
    assert!(browser.submit(&approved).parameter("code").is_some());
}

#[test]
fn a_silent_request_is_answered_without_a_page() {
    let world = World::new();
    let asks = world.server.asks().with("prompt", "none");
    let to = &world.server.redirect_uri;
    let check = |browser: &crate::world::Browser<'_>, asks: &Asks, error| {
        is_redirected(&browser.get(&asks.target()), to, error, Some(STATE), error);
    };
    check(&world.browser(), &asks, "login_required");
    let browser = world.alices_browser();
    check(&browser, &asks, "consent_required");
    browser.code(&world.server.asks());
    assert!(browser.get(&asks.target()).parameter("code").is_some());
    check(
        &browser,
        &asks.clone().with("scope", "identify email guilds"),
        "consent_required",
    );
    world.advance(10);
    check(
        &browser,
        &asks.clone().with("max_age", "9"),
        "login_required",
    );
    assert!(
        browser
            .get(&asks.with("max_age", "3600").target())
            .parameter("code")
            .is_some()
    );
    // A public application is asked for every time, and so is never silent.
    let device = world.device.asks();
    browser.code(&device);
    let answer = browser.get(&device.with("prompt", "none").target());
    is_redirected(
        &answer,
        &world.device.redirect_uri,
        "consent_required",
        Some(STATE),
        "device",
    );
}

#[test]
fn a_request_may_want_the_password_again() {
    for (name, value) in [
        ("prompt", "login"),
        ("max_age", "0"),
        ("prompt", "login consent"),
    ] {
        let world = World::new();
        let browser = world.alices_browser();
        browser.code(&world.server.asks());
        world.advance(5);
        let asks = world.server.asks().with(name, value);
        let login = browser.get(&asks.target()).expect(303);
        let form = browser.get(login.location()).expect(200).form("password");
        let filled = form
            .with("login", "alice")
            .with("password", crate::world::PASSWORD);
        let wrong = browser.submit(&filled.clone().with("password", "wrong"));
        assert_eq!((wrong.status, wrong.header("location")), (403, None));
        let back = browser.submit(&filled).expect(303);
        let answer = browser.get(back.location());
        if value.contains("consent") {
            let form = answer
                .expect(200)
                .form("decision")
                .with("decision", "approve");
            assert!(browser.submit(&form).parameter("code").is_some());
        } else {
            assert!(
                answer.parameter("code").is_some(),
                "{name}={value}: {}",
                answer.location()
            );
        }
    }
}

#[test]
fn a_denial_is_exactly_this() {
    let world = World::new();
    let browser = world.alices_browser();
    for app in [&world.server, &world.device] {
        let form = browser.consent(&app.asks().with("state", "a b"));
        let answer = browser.submit(&form.with("decision", "deny")).expect(303);
        let separator = if app.redirect_uri.contains('?') {
            '&'
        } else {
            '?'
        };
        assert_eq!(
            answer.location(),
            format!(
                "{}{separator}error=access_denied&error_description=The+user+denied+access&state=a+b&iss={}",
                app.redirect_uri, "http%3A%2F%2F127.0.0.1%3A8787",
            )
        );
    }
}

#[test]
fn the_state_comes_back_byte_for_byte() {
    let world = World::new();
    let browser = world.alices_browser();
    let long = "é".repeat(4096);
    for state in [
        " ", "+", "%2B", "&=#?/", "\"'`", "😀", "<script>", "a\r\nb", "\0", "0", STATE, &long,
    ] {
        let asks = world.server.asks().with("state", state);
        assert_eq!(
            browser.authorize(&asks).parameter("state").as_deref(),
            Some(state),
            "{state:?}"
        );
    }
    for none in [
        world.server.asks().without("state"),
        world.server.asks().with("state", ""),
    ] {
        assert_eq!(browser.authorize(&none).parameter("state"), None);
    }
}

#[test]
fn the_way_to_the_login_form_is_no_longer_than_clients_take() {
    let world = World::new();
    for (value, fits) in [
        ("x".repeat(8 * 1024), true),
        ("x".repeat(16 * 1024), false),
        ("é".repeat(2 * 1024), false),
    ] {
        let asks = world.server.asks().with("unknown", &value);
        let answer = world.browser().get(&asks.target());
        if fits {
            assert!(answer.expect(303).location().len() < 16 * 1024 - 512);
        } else {
            let refused = answer.expect(414);
            assert_eq!(refused.header("location"), None);
        }
        // Whoever is logged in needs no way back.
        world.alices_browser().get(&asks.target()).expect(200);
    }
}

#[test]
fn what_is_unticked_is_not_granted() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = &world.server;
    let form = browser
        .consent(&app.asks())
        .untick("scope", "email")
        .with("decision", "approve");
    let code = browser.submit(&form).parameter("code").unwrap();
    let tokens = world.exchange(app, &code).tokens();
    assert_eq!(tokens.scope, "identify");
    assert_eq!(world.me(&tokens.access).json().get("email"), None);
    // What was withheld is asked for again, and what was ticked is not more than what was asked.
    let form = browser.consent(&app.asks());
    let mut form = form.with("decision", "approve");
    form.fields.push(("scope".into(), "guilds".into()));
    let code = browser.submit(&form).parameter("code").unwrap();
    assert_eq!(world.exchange(app, &code).tokens().scope, "identify email");
    // Nothing left is a denial.
    let form = browser
        .consent(&app.asks().with("scope", "guilds"))
        .untick("scope", "guilds");
    let answer = browser.submit(&form.with("decision", "approve"));
    is_redirected(
        &answer,
        &app.redirect_uri,
        "access_denied",
        Some(STATE),
        "nothing",
    );
    // No scope asked: identify.
    let code = browser.code(&app.asks().without("scope"));
    assert_eq!(world.exchange(app, &code).tokens().scope, "identify");
}

#[test]
fn consent_is_remembered_where_it_may_be() {
    let world = World::new();
    let browser = world.alices_browser();
    let asks = |asks: &Asks| browser.get(&asks.target()).status == 200;
    let server = world.server.asks();
    assert!(asks(&server));
    browser.code(&server);
    for same in [
        server.clone(),
        server.clone().with("scope", "email identify"),
        server.clone().with("scope", "identify"),
    ] {
        assert!(!asks(&same));
    }
    assert!(asks(&server.clone().with("prompt", "consent")));
    let account = browser.get(&server.clone().with("prompt", "select_account").target());
    assert!(
        account.expect(200).body.contains("alice"),
        "whose it would be"
    );
    let more = server.clone().with("scope", "identify email guilds");
    assert_eq!(browser.get(&more.target()).texts(".tag-new"), ["New"]);
    // Another user has not been asked, nor has this one by another application.
    assert!(asks(&world.other.asks()));
    let staff = world.browser();
    staff.log_in(&world.staff);
    assert_eq!(staff.get(&server.target()).status, 200);
    // Any program on a device could claim a public application's id (RFC 6749 §10.2).
    browser.code(&world.device.asks());
    assert!(asks(&world.device.asks()));
}

#[test]
fn admin_is_for_trusted_applications_and_administrators_and_asked_for_every_time() {
    let world = World::new();
    let redirect_uris = ["https://console.example/cb"];
    let console =
        world.application(&json!({"name": "C", "redirect_uris": redirect_uris, "trusted": true}));
    let asks = console.asks().with("scope", "identify admin");
    let alice = world.alices_browser();
    let answer = alice.get(&asks.target());
    is_redirected(
        &answer,
        &console.redirect_uri,
        "invalid_scope",
        Some(STATE),
        "alice",
    );
    let staff = world.browser();
    staff.log_in(&world.staff);
    for _ in 0..2 {
        staff.get(&asks.target()).expect(200);
        staff.code(&asks);
    }
}

#[test]
fn a_form_approves_its_own_request_in_its_own_browser_while_it_is_fresh() {
    let world = World::new();
    let browser = world.alices_browser();
    let asks = world.device.asks();
    let form = browser.consent(&asks).with("decision", "approve");
    let refused = |answer: Answer, about: &str| {
        assert_eq!(
            (answer.status, answer.header("location")),
            (403, None),
            "{about}"
        );
    };

    for changed in [
        asks.clone().with("state", "other"),
        asks.clone().with("scope", "identify"),
        asks.clone().with("redirect_uri", "com.example.app:/cb"),
        asks.clone().without("state"),
        asks.clone()
            .with("code_challenge", &CHALLENGE.replace('E', "F")),
        world.server.asks(),
    ] {
        let tampered = Form {
            action: changed.target(),
            ..form.clone()
        };
        refused(browser.submit(&tampered), &changed.target());
    }
    let ticket = form.field("csrf_token").to_owned();
    let login_ticket = world
        .browser()
        .get("/login")
        .form("password")
        .field("csrf_token")
        .to_owned();
    let logout_ticket = browser
        .get("/logout")
        .form("csrf_token")
        .field("csrf_token")
        .to_owned();
    for forged in [
        "",
        "x",
        "a.b.c",
        &ticket[1..],
        &format!("{ticket}x"),
        &login_ticket,
        &logout_ticket,
    ] {
        refused(
            browser.submit(&form.clone().with("csrf_token", forged)),
            forged,
        );
    }
    let mut twice = form.clone();
    twice.fields.push(("csrf_token".into(), ticket));
    refused(browser.submit(&twice), "twice");
    refused(
        world.alices_browser().submit(&form),
        "another session of the same user",
    );
    let stranger = world.browser().submit(&form);
    assert!(
        stranger.location().starts_with("/login?"),
        "no session at all"
    );

    for (name, value) in [
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
    ] {
        refused(browser.send(form.request().with(name, value)), value);
    }
    for media_type in [
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/json",
    ] {
        let posted = post_as(media_type, &form.action, &encode(&form.fields));
        assert_eq!(browser.send(posted).status, 400, "{media_type}");
    }
    assert_eq!(
        browser
            .submit(&form.clone().with("decision", "perhaps"))
            .status,
        400
    );

    world.advance(30 * 60 - 1);
    assert!(browser.submit(&form).parameter("code").is_some());
    world.advance(1);
    refused(browser.submit(&form), "expired");
}

#[test]
fn a_form_sent_twice_makes_one_code() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = &world.device;
    let form = browser.consent(&app.asks()).with("decision", "approve");
    let codes: Vec<_> = world
        .some(0..50, 10)
        .map(|_| browser.submit(&form).parameter("code").unwrap())
        .collect();
    assert!(codes.iter().all(|code| *code == codes[0]));

    let answered = |form: &Form| {
        let answer = browser.submit(form);
        assert_eq!((answer.status, answer.header("location")), (409, None));
        assert_eq!(answer.texts("h1"), ["You have answered this already"]);
    };
    answered(&form.clone().untick("scope", "email"));
    world.exchange(app, &codes[0]).expect(200);
    answered(&form);
    world.advance(29 * 60);
    answered(&form);
}

#[test]
fn a_form_sent_twice_opens_one_family() {
    let world = Native::new();
    let browser = world.alices_browser();
    let asks = world.device.asks();
    let form = browser.consent(&asks).with("decision", "approve");
    for _ in 0..50 {
        browser.submit(&form).expect(303);
    }
    assert_eq!(world.memory.stored_families(), 1);
}

#[test]
fn an_ended_family_is_not_opened_again_by_its_form() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = &world.device;
    let form = browser.consent(&app.asks()).with("decision", "approve");
    let code = browser.submit(&form).parameter("code").unwrap();
    let tokens = world.exchange(app, &code).tokens();
    world.revoke(app, &tokens.refresh);
    assert_eq!(browser.submit(&form).status, 409);
    assert_eq!(
        world.exchange(app, &code).expect(400).error(),
        "invalid_grant"
    );
}

#[test]
fn a_transaction_ends_with_its_session() {
    let world = World::new();
    let browser = world.alices_browser();
    let form = browser
        .consent(&world.server.asks())
        .with("decision", "approve");
    let cookies = browser.cookies();
    browser
        .submit(&browser.get("/logout").form("csrf_token"))
        .expect(303);
    let answer = world.browser().with_cookies(cookies).submit(&form);
    assert!(
        answer.location().starts_with("/login?"),
        "{}",
        answer.location()
    );
}

#[test]
fn the_consent_page_says_who_asks_for_what_and_where_it_goes() {
    let world = World::new();
    let browser = world.alices_browser();
    let page = browser.get(&world.server.asks().target()).expect(200);
    let text = page.texts("main").concat();
    for expected in [
        "Server",
        "server.example",
        "alice",
        "alice@mail.example",
        "See your e-mail address",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    let document = page.document();
    let outside: Vec<_> = document
        .select(&crate::world::selector(
            "script, img, iframe, object, [src], a",
        ))
        .filter_map(|element| element.attr("src").or(element.attr("href")))
        .filter(|address| !address.starts_with('/') || address.starts_with("//"))
        .collect();
    assert_eq!(outside, Vec::<&str>::new());
}

#[test]
fn a_name_stays_text() {
    let world = World::new();
    let browser = world.alices_browser();
    for name in [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=1>",
        "&lt;b&gt;",
        "</title><svg onload=1>",
        "'\"`{{7*7}}",
        "<!--",
    ] {
        let app = world.application(&json!({
            "name": name, "description": name, "redirect_uris": ["https://x.example/cb"],
        }));
        let asks = app.asks().with("state", name);
        let login = world.browser().get(&asks.target());
        for page in [
            browser.get(&asks.target()),
            world.browser().get(login.location()),
        ] {
            let page = page.expect(200);
            assert!(
                page.texts("bdi").iter().any(|text| text == name),
                "{name}: {}",
                page.body
            );
            let document = page.document();
            let alien = crate::world::selector("script, img, svg, b, [onerror], [onload]");
            assert_eq!(document.select(&alien).count(), 0, "{name}: {}", page.body);
            let links = crate::world::selector("head > link");
            assert_eq!(
                document.select(&links).count(),
                2,
                "the stylesheet and the icon"
            );
        }
    }
    // Nor does anything else that comes back: no parameter stands on an error page.
    let echo = "<svg onload=1>";
    for name in [
        "client_id",
        "redirect_uri",
        "scope",
        "login_hint",
        "error_description",
    ] {
        let page = browser.get(
            &world
                .server
                .asks()
                .with("client_id", "0")
                .with(name, echo)
                .target(),
        );
        // The way back to this page has it as it was sent, percent-encoded.
        assert!(
            !page.body.contains("<svg") && !page.body.contains("onload="),
            "{name}"
        );
    }
}

#[test]
fn one_handler_answers_one_path() {
    let world = World::new();
    let browser = world.alices_browser();
    let target = world.server.asks().target();
    let query = target.split_once('?').unwrap().1;
    for path in ["/oauth2/authorize", "/api/oauth2/authorize"] {
        browser.get(&format!("{path}?{query}")).expect(200);
    }
    for path in [
        "/oauth2/authorize/",
        "//oauth2/authorize",
        "/oauth2/authorize;x=1",
        "/OAUTH2/authorize",
        "/oauth2%2fauthorize",
        "/oauth2/authorize/x.css",
        "/api/api/oauth2/authorize",
    ] {
        browser.get(&format!("{path}?{query}")).expect(404);
    }
    // URL parsers resolve this one before it is sent: it is no name of the page either.
    let native = Native::new();
    native.send(get("/oauth2/./authorize")).expect(404);
    // No cross-origin reading of this page (RFC 9700 §2.6).
    let answer = browser
        .send(get(&target).with("origin", "https://app.example"))
        .expect(200);
    assert!(
        answer
            .headers()
            .iter()
            .all(|(name, _)| !name.starts_with("access-control"))
    );
    browser
        .send(request(Method::Options, &target).with("origin", "https://app.example"))
        .expect(405);
}

#[test]
fn a_consent_is_to_what_was_shown() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = &world.server;
    let asks = app.asks();
    browser.code(&asks);
    let is_remembered = |asks: &Asks| browser.get(&asks.target()).status == 303;
    let change = |body: &serde_json::Value| {
        let path = format!("/api/admin/applications/{}", app.id);
        world
            .administer(Method::Patch, &path, Some(body))
            .expect(200);
        world.advance(6);
    };
    assert!(is_remembered(&asks));
    change(
        &serde_json::json!({"description": "Other words", "redirect_uris": [
            app.redirect_uri, "https://server.example/other", "https://elsewhere.example/cb",
        ]}),
    );
    assert!(is_remembered(&asks));
    let same_host = asks
        .clone()
        .with("redirect_uri", "https://server.example/other");
    assert!(is_remembered(&same_host));
    let elsewhere = asks
        .clone()
        .with("redirect_uri", "https://elsewhere.example/cb");
    assert!(!is_remembered(&elsewhere), "a host that nobody saw");
    let silent = elsewhere.clone().with("prompt", "none");
    let answer = browser.get(&silent.target()).expect(303);
    assert_eq!(
        answer.parameter("error").as_deref(),
        Some("consent_required")
    );
    browser.code(&elsewhere);
    assert!(
        is_remembered(&elsewhere) && is_remembered(&asks),
        "both were seen"
    );

    change(&serde_json::json!({"name": "Another Name"}));
    assert!(!is_remembered(&asks));
    browser.code(&asks);
    assert!(is_remembered(&asks));
    assert!(!is_remembered(&elsewhere), "not under this name");
}
