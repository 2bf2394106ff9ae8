//! The way to the platform and back.

use fluxer_oauth2::http::Method;
use fluxer_oauth2::store::memory::{Plan, When};
use serde_json::json;

use super::{
    KEY, LOGIN, Platformed, away, by_platform, challenge_of, here, login_challenge, parameter,
};
use crate::world::{STATE, With, World, get, request, text, with_json};

#[test]
fn without_a_platform_there_is_nothing_of_it() {
    let world = World::new();
    for (method, path) in [
        (Method::Get, "/api/login/x"),
        (Method::Post, "/api/login/x/accept"),
        (Method::Post, "/api/platform/events"),
        (Method::Get, "/oauth2/continue"),
    ] {
        world.send(request(method, path).bearer(KEY)).expect(404);
    }
    world.send(get("/login")).expect(200);
}

#[test]
fn with_one_nobody_logs_in_here() {
    let world = Platformed::new();
    let login = world.send(request(Method::Post, "/login")).expect(405);
    assert_eq!(login.header("allow"), Some("GET, HEAD"));
    let users = world.administer(Method::Post, "/api/admin/users", Some(&json!({})));
    assert!(
        users.status == 404 || users.status == 405,
        "{}",
        users.status
    );
    world.browser().get("/settings").expect(303);
    let browser = world.logged_in(&world.alice.id);
    let page = browser.get("/settings").expect(200);
    assert!(!page.body.contains("type=\"password\""), "{}", page.body);
}

#[test]
fn the_platform_learns_what_a_login_is_for() {
    let world = Platformed::new();
    let browser = world.browser();
    let asks = world.server.asks().with("scope", "identify email");
    let asks = asks.with("prompt", "login").with("max_age", "60");
    let asks = asks.with("login_hint", "alice@x").with("ui_locales", "de");
    world.memory.forget_steps();
    let location = away(&browser, &asks.target());
    assert_eq!(parameter(&location, "ui_locales").as_deref(), Some("de"));
    assert_eq!(
        world.memory.steps(),
        [""; 0],
        "nothing is stored, nobody asked"
    );
    let challenge = parameter(&location, "login_challenge").unwrap();
    let path = format!("/api/login/{challenge}");
    let shown = world.ask(Method::Get, &path, None).expect(200).json();
    assert_eq!(shown["client"]["id"], world.server.id);
    assert_eq!(shown["client"]["name"], "Server");
    assert_eq!(shown["client"]["kind"], "registered");
    assert_eq!(shown["scope"], json!(["identify", "email"]));
    assert_eq!(
        (&shown["prompt"], &shown["max_age"]),
        (&json!("login"), &json!(60))
    );
    assert_eq!(
        (&shown["login_hint"], &shown["ui_locales"]),
        (&json!("alice@x"), &json!("de"))
    );
    assert_eq!(
        (&shown["subject"], &shown["resource"]),
        (&json!(null), &json!(null))
    );
    assert!(text(&shown, "expires_at").ends_with('Z'));
    for key in ["", "x", "A-key-that-the-platform-has-too"] {
        world.send(get(&path).bearer(key)).expect(401);
    }
    world
        .ask(Method::Get, "/api/login/forged", None)
        .expect(404);
    world.advance(600);
    world.ask(Method::Get, &path, None).expect(404);
}

#[test]
fn a_pushed_request_is_told_as_it_was_pushed() {
    let world = Platformed::new();
    let app = &world.server;
    let form = [
        ("response_type", "code"),
        ("redirect_uri", &*app.redirect_uri),
        ("scope", "identify guilds"),
        ("max_age", "60"),
        ("login_hint", "alice@x"),
    ];
    let pushed = world.send(app.post("/api/oauth2/par", &form)).expect(201);
    let uri = text(&pushed.json(), "request_uri");
    let target = format!("/oauth2/authorize?client_id={}&request_uri={uri}", app.id);
    let challenge = login_challenge(&world.browser(), &target);
    let path = format!("/api/login/{challenge}");
    let shown = world.ask(Method::Get, &path, None).expect(200).json();
    assert_eq!(shown["scope"], json!(["identify", "guilds"]));
    assert_eq!(
        (&shown["max_age"], &shown["login_hint"]),
        (&json!(60), &json!("alice@x"))
    );
}

#[test]
fn our_own_pages_have_no_client() {
    let world = Platformed::new();
    let challenge = login_challenge(&world.browser(), "/settings");
    let path = format!("/api/login/{challenge}");
    let shown = world.ask(Method::Get, &path, None).expect(200).json();
    assert_eq!(
        (&shown["client"], &shown["scope"]),
        (&json!(null), &json!([]))
    );
    let browser = world.logged_in(&world.alice.id);
    let again = "/login?return_to=%2Fdevelopers&prompt=login";
    let path = format!("/api/login/{}", login_challenge(&browser, again));
    let shown = world.ask(Method::Get, &path, None).expect(200).json();
    assert_eq!(
        (&shown["prompt"], &shown["subject"]),
        (&json!("login"), &json!(world.alice.id))
    );
}

#[test]
fn an_accepted_login_ends_in_a_code_and_names_its_proof() {
    let world = Platformed::new();
    let browser = world.browser();
    let asks = world.server.asks().with("scope", "openid identify");
    let challenge = challenge_of(&browser, &asks);
    world.advance(20);
    let mut accept = world.acceptance("77");
    world.knows("77", &json!({"username": "Über Ännchen"}));
    accept["amr"] = json!(["pwd", "otp", "of-our-own"]);
    accept["auth_time"] = json!(world.now().seconds() - 5);
    let back = world.accept(&challenge, &accept);
    let on = browser.get(&back).expect(303);
    assert_eq!(on.location(), asks.target());
    let form = browser.get(on.location()).expect(200).form("decision");
    let answer = browser
        .submit(&form.with("decision", "approve"))
        .expect(303);
    assert_eq!(answer.parameter("state").as_deref(), Some(STATE));
    let code = answer.parameter("code").unwrap();
    let answer = world.exchange(&world.server, &code).expect(200).json();
    let claims = text(&answer, "id_token");
    let claims = fluxer_oauth2::base64url::decode(claims.split('.').nth(1).unwrap()).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(
        (&claims["sub"], &claims["amr"]),
        (&json!("77"), &json!(["otp", "pwd"]))
    );
    assert_eq!(claims["auth_time"], accept["auth_time"]);
    let me = world.me(&text(&answer, "access_token")).expect(200).json();
    assert_eq!(me["username"], "Über Ännchen");
    // Every acceptance is in the audit log, with the address of whoever held the key.
    let log = world.audit_log();
    let entry = log
        .iter()
        .find(|it| it["action"] == "user.login_accepted")
        .unwrap();
    assert_eq!(
        (&entry["target_id"], &entry["details"]["by"]),
        (&json!("77"), &json!("key"))
    );
    // No secret of a login is stored.
    assert!(!world.memory.dump().contains("platform-session"));
}

#[test]
fn the_same_accept_has_the_same_answer_and_another_is_a_conflict() {
    let world = Platformed::new();
    let browser = world.browser();
    let challenge = challenge_of(&browser, &world.server.asks());
    let accept = world.acceptance(&world.alice.id);
    let back = world.accept(&challenge, &accept);
    assert_eq!(world.accept(&challenge, &accept), back);
    let path = format!("/api/login/{challenge}/accept");
    let other = world.acceptance(&world.staff.id);
    let conflict = world.ask(Method::Post, &path, Some(&other)).expect(409);
    assert_eq!(conflict.code(), "LOGIN_CHALLENGE_ANSWERED");
    let path = format!("/api/login/{challenge}/reject");
    let reject = json!({"error": "access_denied"});
    world.ask(Method::Post, &path, Some(&reject)).expect(409);
    browser.get(&back).expect(303);
    assert_eq!(world.accept(&challenge, &accept), back);
    let accepted = world.audit_log();
    let accepted = accepted
        .iter()
        .filter(|it| it["action"] == "user.login_accepted");
    assert_eq!(accepted.count(), 1, "one entry, however often it is sent");
}

#[test]
fn what_is_wrong_with_an_accept_is_named_and_answers_nothing() {
    let world = Platformed::new();
    let browser = world.browser();
    let challenge = challenge_of(&browser, &world.server.asks());
    let path = format!("/api/login/{challenge}/accept");
    let refused = |body| world.ask(Method::Post, &path, Some(&body)).fields();
    assert_eq!(refused(json!({})), ["auth_time", "subject"]);
    let ahead = world.now().seconds() + 60;
    let wrong = json!({
        "subject": 5, "auth_time": ahead, "amr": "pwd", "session_id": "", "remember_seconds": -1,
        "password": "x",
    });
    let all = [
        "amr",
        "auth_time",
        "password",
        "remember_seconds",
        "session_id",
        "subject",
    ];
    assert_eq!(refused(wrong), all);
    let accept = world.acceptance(&world.alice.id);
    world
        .send(with_json(request(Method::Post, &path), &accept))
        .expect(401);
    browser.get(&world.accept(&challenge, &accept)).expect(303);
}

#[test]
fn an_answer_is_good_once_and_in_its_own_browser() {
    let world = Platformed::new();
    let (alices, other) = (world.browser(), world.browser());
    let asks = world.server.asks();
    let challenge = challenge_of(&alices, &asks);
    challenge_of(&other, &asks);
    let back = world.accept(&challenge, &world.acceptance(&world.alice.id));
    for _ in 0..3 {
        let page = other.get(&back).expect(400);
        assert!(page.header("set-cookie").is_none() && !page.body.contains(&asks.target()));
    }
    assert!(!other.is_logged_in());
    let stolen = alices.cookies();
    alices.send(request(Method::Head, &back)).expect(200);
    assert!(!alices.is_logged_in(), "HEAD changes nothing");
    alices.get(&back).expect(303);
    assert!(alices.is_logged_in());
    // Loaded twice, the page goes on; without the session it opened, it does not.
    assert_eq!(alices.get(&back).status, 400, "its cookie went with it");
    let twin = world.browser().with_cookies(stolen);
    twin.get(&back).expect(400);
    assert!(!twin.is_logged_in());
}

#[test]
fn two_tabs_both_finish() {
    let world = Platformed::new();
    let browser = world.browser();
    let one = world.server.asks().with("state", "one");
    let two = world.server.asks().with("state", "two");
    let first = challenge_of(&browser, &one);
    let second = challenge_of(&browser, &two);
    let accept = world.acceptance(&world.alice.id);
    let (first, second) = (
        world.accept(&first, &accept),
        world.accept(&second, &accept),
    );
    assert_eq!(browser.get(&second).expect(303).location(), two.target());
    assert_eq!(browser.get(&first).expect(303).location(), one.target());
    assert!(browser.authorize(&one).parameter("code").is_some());
}

#[test]
fn a_browser_keeps_as_many_logins_as_its_header_holds() {
    let world = Platformed::new();
    let browser = world.browser();
    let mut last = String::new();
    for _ in 0..40 {
        last = challenge_of(&browser, &world.server.asks());
    }
    assert!(browser.cookies().len() <= 12, "{}", browser.cookies().len());
    let back = world.accept(&last, &world.acceptance(&world.alice.id));
    browser.get(&back).expect(303);
}

#[test]
fn an_old_proof_leads_back_to_the_login_and_never_to_a_code() {
    let world = Platformed::new();
    let asks = world.server.asks();
    for (asks, ago, enough) in [
        (asks.clone().with("prompt", "login"), 1, false),
        (asks.clone().with("prompt", "login"), 0, true),
        (asks.clone().with("max_age", "0"), 1, false),
        (asks.clone().with("max_age", "0"), 0, true),
        (asks.clone().with("max_age", "60"), 61, false),
        (asks.clone().with("max_age", "60"), 60, true),
        (asks.clone().with("prompt", "consent"), 9_000, true),
        (asks, 9_000, true),
    ] {
        let browser = world.browser();
        let challenge = challenge_of(&browser, &asks);
        let mut accept = world.acceptance(&world.alice.id);
        accept["auth_time"] = json!(world.now().seconds() - ago);
        let location = away_from(&browser, &world.accept(&challenge, &accept));
        let is_back_at_login = location.starts_with(LOGIN);
        assert_eq!(
            is_back_at_login,
            !enough,
            "{} {ago}: {location}",
            asks.target()
        );
        if enough {
            let on = browser.get(&location).status;
            assert!(on == 200 || on == 303, "{on}");
            let parameters = ["prompt=login", "max_age"];
            assert!(
                !parameters.iter().any(|it| location.contains(it)),
                "{location}"
            );
        }
    }
}

/// The first place that a browser is sent to.
fn away_from(browser: &crate::world::Browser<'_>, target: &str) -> String {
    browser.get(target).expect(303).location().to_owned()
}

#[test]
fn a_rejected_login_is_told_to_the_client() {
    let world = Platformed::new();
    for (reject, expected) in [
        (
            json!({"error": "access_denied"}),
            ("access_denied", "The user denied access"),
        ),
        (
            json!({"error": "login_required", "error_description": "No such account"}),
            ("login_required", "No such account"),
        ),
    ] {
        let browser = world.browser();
        let challenge = challenge_of(&browser, &world.server.asks());
        let path = format!("/api/login/{challenge}/reject");
        let answer = world.ask(Method::Post, &path, Some(&reject)).expect(200);
        let back = here(&text(&answer.json(), "redirect_to"));
        let answer = browser.get(&back).expect(303);
        let told = (
            answer.parameter("error"),
            answer.parameter("error_description"),
        );
        let (error, words) = expected;
        assert_eq!(told, (Some(error.to_owned()), Some(words.to_owned())));
        assert_eq!(answer.parameter("state").as_deref(), Some(STATE));
        world.browser().get(&back).expect(400);
    }
    let browser = world.browser();
    let challenge = login_challenge(&browser, "/developers");
    let path = format!("/api/login/{challenge}/reject");
    let wrong = json!({"error": "server_error", "error_description": "\""});
    let wrong = world.ask(Method::Post, &path, Some(&wrong));
    assert_eq!(wrong.fields(), ["error", "error_description"]);
    let reject = json!({"error": "access_denied"});
    let answer = world.ask(Method::Post, &path, Some(&reject)).expect(200);
    browser
        .get(&here(&text(&answer.json(), "redirect_to")))
        .expect(403);
}

#[test]
fn another_user_ends_the_session_of_the_one_before() {
    let world = Platformed::new();
    let browser = world.logged_in(&world.alice.id);
    let alices = browser.cookies();
    world.log_in(&browser, &world.staff.id);
    let session = browser.get("/api/oauth2/session").expect(200).json();
    assert_eq!(session["user"]["id"], world.staff.id);
    let before = world.browser().with_cookies(alices);
    assert!(!before.is_logged_in());
}

#[test]
fn a_login_that_is_not_remembered_is_for_this_once() {
    let world = Platformed::new();
    let browser = world.browser();
    let challenge = challenge_of(&browser, &world.server.asks());
    let mut accept = world.acceptance(&world.alice.id);
    accept["remember_seconds"] = json!(0);
    let answer = browser.get(&world.accept(&challenge, &accept)).expect(303);
    let cookies = answer
        .headers()
        .iter()
        .filter(|(name, _)| *name == "set-cookie");
    let session = cookies
        .map(|(_, it)| it)
        .find(|it| it.starts_with("fluxer_session="));
    assert!(!session.unwrap().contains("Max-Age"));
    world.advance(599);
    assert!(browser.is_logged_in());
    world.advance(1);
    assert!(!browser.is_logged_in());
    let browser = world.logged_in(&world.alice.id);
    world.advance(3599);
    assert!(browser.is_logged_in());
    world.advance(1);
    assert!(!browser.is_logged_in());
}

#[test]
fn who_is_disabled_or_nobody_logs_in_nowhere() {
    let world = Platformed::new();
    world.knows(&world.alice.id, &json!({"disabled": true}));
    for subject in [&*world.alice.id, "4242"] {
        let browser = world.browser();
        let challenge = challenge_of(&browser, &world.server.asks());
        let back = world.accept(&challenge, &world.acceptance(subject));
        browser.get(&back).expect(403);
        assert!(!browser.is_logged_in());
    }
    // One who is disabled later is logged in no more, whether or not an event says so.
    let browser = world.logged_in(&world.staff.id);
    assert!(browser.is_logged_in());
    world.knows(&world.staff.id, &json!({"admin": true, "disabled": true}));
    assert!(!browser.is_logged_in());
}

#[test]
fn administrators_are_whom_the_platform_calls_so() {
    let world = Platformed::new();
    let browser = world.logged_in(&world.staff.id);
    browser.get("/admin").expect(200);
    world.knows(&world.staff.id, &json!({"admin": false}));
    browser.get("/admin").expect(403);
    let alice = world.logged_in(&world.alice.id);
    alice.get("/admin").expect(403);
    world.knows(&world.alice.id, &json!({"admin": true}));
    alice.get("/admin").expect(200);
}

#[test]
fn a_proof_of_the_last_five_minutes_stands_for_a_password() {
    let world = Platformed::new();
    let browser = world.logged_in(&world.alice.id);
    let made = json!({"name": "Mine", "redirect_uris": ["https://mine.example/cb"]});
    let app = browser.call_with(Method::Post, "/api/oauth2/applications", &made);
    let id = text(&app.expect(200).json(), "id");
    let reset = format!("/api/oauth2/applications/{id}/client-secret/reset");
    browser.call(Method::Post, &reset).expect(200);
    world.advance(300);
    browser
        .call_with(Method::Post, &reset, &json!({"password": "x"}))
        .expect(200);
    world.advance(1);
    let refused = browser.call(Method::Post, &reset).expect(403);
    assert_eq!(refused.code(), "SUDO_MODE_REQUIRED");
    let page = format!("/developers/{id}");
    let form = browser
        .get(&page)
        .expect(200)
        .form_with("[value=reset-secret]");
    assert!(form.fields.iter().all(|(name, _)| name != "password"));
    let to_login = browser.submit(&form).expect(303).location().to_owned();
    assert!(to_login.starts_with("/login?") && to_login.contains("prompt=login"));
    let challenge = login_challenge(&browser, &to_login);
    let back = world.accept(&challenge, &world.acceptance(&world.alice.id));
    assert_eq!(browser.get(&back).expect(303).location(), page);
    let form = browser
        .get(&page)
        .expect(200)
        .form_with("[value=reset-secret]");
    browser.submit(&form).expect(200);
}

#[test]
fn two_keys_are_good_while_one_takes_the_place_of_the_other() {
    let keys = format!("another-key-that-is-newer,{KEY}");
    let world = Platformed::with(&[("PLATFORM_KEY", &keys)]);
    let challenge = challenge_of(&world.browser(), &world.server.asks());
    let path = format!("/api/login/{challenge}");
    for (key, status) in [(KEY, 200), ("another-key-that-is-newer", 200), (&keys, 401)] {
        world.send(get(&path).bearer(key)).expect(status);
    }
}

#[test]
fn a_fault_on_the_way_back_spends_nothing() {
    let world = Platformed::new();
    let accept = world.acceptance(&world.alice.id);
    for when in [When::Before, When::After] {
        let mut faults = 0;
        for step in 0.. {
            let browser = world.browser();
            let challenge = challenge_of(&browser, &world.server.asks());
            let back = world.accept(&challenge, &accept);
            world.memory.plan.set(Some(Plan { step, when }));
            let answer = browser.get(&back);
            if world.memory.plan.take().is_some() {
                break;
            }
            // What was asked again and answered then is no fault.
            if answer.status == 503 {
                faults += 1;
                browser.get(&back).expect(303);
            } else {
                answer.expect(303);
            }
            assert!(browser.is_logged_in());
        }
        assert_eq!(faults, 3, "{when:?}: what waits, the platform, the session");
    }
}

#[test]
fn only_the_platform_answers_a_login() {
    let world = Platformed::new();
    let challenge = challenge_of(&world.browser(), &world.server.asks());
    for path in ["", "/accept", "/reject"] {
        let method = if path.is_empty() {
            Method::Get
        } else {
            Method::Post
        };
        let path = format!("/api/login/{challenge}{path}");
        let stranger = by_platform(method, &path, Some(&json!({"error": "access_denied"})));
        let mut stranger = stranger;
        stranger.headers = fluxer_oauth2::http::Headers::default();
        let answer = world
            .send(stranger.with("content-type", "application/json"))
            .expect(401);
        assert_eq!(answer.code(), "UNAUTHORIZED");
    }
}

#[test]
fn every_accept_is_written_down_with_the_address_that_it_came_from() {
    let world = Platformed::new();
    let challenge = challenge_of(&world.browser(), &world.server.asks());
    let accept = world.acceptance(&world.alice.id);
    let path = format!("/api/login/{challenge}/accept");
    let request = by_platform(Method::Post, &path, Some(&accept));
    let request = request.with("cf-connecting-ip", "198.51.100.7");
    world.send(request).expect(200);
    let log = world.audit_log();
    let accepted = log
        .iter()
        .find(|entry| entry["action"] == "user.login_accepted");
    let accepted = accepted.expect("an entry");
    assert_eq!(accepted["address"], "198.51.100.7");
    assert_eq!(accepted["target_id"], *world.alice.id);
}
