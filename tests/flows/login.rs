//! `/login` and `/logout`: sessions, guesses, and forms from elsewhere.

use fluxer_oauth2::http::Method;
use url::form_urlencoded::Serializer;

use crate::world::{Answer, Browser, PASSWORD, With, World, get, post, post_as, request};

const SESSION: &str = "fluxer_session";

/// A try from an address; its status.
fn try_from(world: &World, address: &'static str, login: &str, password: &str) -> u16 {
    let browser = world.browser();
    browser.address.set(address);
    browser.try_to_log_in(login, password).status
}

#[test]
fn a_login_renews_the_session_and_kills_the_old_one() {
    let world = World::new();
    let browser = world.browser();
    let fixed = "attacker-knows-this".to_owned();
    let browser = browser.with_cookies([(SESSION.to_owned(), fixed.clone())].into());
    browser.log_in(&world.alice);
    let first = browser.cookies();
    assert_ne!(first[SESSION], fixed);
    browser.log_in(&world.staff);
    assert_ne!(browser.cookies()[SESSION], first[SESSION]);
    assert!(browser.is_logged_in());
    assert!(!world.browser().with_cookies(first).is_logged_in());
}

#[test]
fn a_logout_kills_the_session_and_wants_to_be_asked_for() {
    let world = World::new();
    let browser = world.alices_browser();
    let cookies = browser.cookies();
    let form = browser.get("/logout").expect(200).form("csrf_token");
    assert!(browser.is_logged_in(), "GET logs nobody out");
    browser
        .submit(&form.clone().with("csrf_token", "x"))
        .expect(403);
    let other = world.alices_browser().get("/logout").form("csrf_token");
    browser.submit(&other).expect(403);
    browser
        .send(form.request().with("sec-fetch-site", "cross-site"))
        .expect(403);
    assert!(browser.is_logged_in());
    browser.submit(&form).expect(303);
    assert_eq!(browser.cookies().get(SESSION), None);
    assert!(!world.browser().with_cookies(cookies).is_logged_in());
    browser.get("/logout").expect(200);
    browser.submit(&form).expect(303);
}

#[test]
fn a_login_form_belongs_to_the_browser_it_was_shown_to() {
    let world = World::new();
    let filled = |browser: &Browser<'_>| {
        let form = browser.get("/login").form("password");
        form.with("login", "alice").with("password", PASSWORD)
    };
    let browser = world.browser();
    let attackers = filled(&world.browser());
    let own = filled(&browser);
    let refused = |answer: Answer| {
        assert_eq!(answer.status, 403, "{}", answer.body);
        assert!(
            answer
                .headers()
                .iter()
                .all(|(_, value)| !value.starts_with(SESSION))
        );
    };
    refused(browser.submit(&attackers));
    refused(world.browser().submit(&own));
    refused(browser.submit(&own.clone().with("csrf_token", "")));
    refused(browser.send(post(
        "/login",
        &[("login", "alice"), ("password", PASSWORD)],
    )));
    refused(browser.send(own.request().with("origin", "https://evil.example")));
    refused(browser.send(own.request().with("sec-fetch-site", "same-site")));
    browser.submit(&own).expect(303);
}

#[test]
fn a_wrong_password_and_an_unknown_user_are_one_answer() {
    let world = World::new();
    let answer = |login: &str, password: &str| {
        let answer = world.browser().try_to_log_in(login, password).expect(403);
        let form = answer.form("password");
        assert_eq!(form.field("login"), login);
        let body = answer
            .body
            .replace(form.field("csrf_token"), "")
            .replace(login, "");
        let headers: Vec<_> = answer
            .headers()
            .iter()
            .map(|(name, _)| name.clone())
            .collect();
        (body, headers)
    };
    let expected = answer("alice", "wrong");
    assert_eq!(answer("nobody", "wrong"), expected);
    assert_eq!(answer("nobody@mail.example", PASSWORD), expected);
    assert_eq!(answer("alice", &format!("{PASSWORD}x")), expected);
}

#[test]
fn the_sixth_guess_a_minute_from_an_address_is_refused_unseen() {
    let world = World::new();
    let address = "203.0.113.9";
    let browser = world.browser();
    browser.address.set(address);
    for (login, left) in ["alice", "staff", "nobody", "x", "y"]
        .iter()
        .zip(["4", "3", "2", "1", "0"])
    {
        let wrong = browser.try_to_log_in(login, "wrong").expect(403);
        assert_eq!(wrong.header("x-ratelimit-remaining"), Some(left));
        assert_eq!(wrong.header("x-ratelimit-bucket"), Some("login"));
    }
    let refused = browser.try_to_log_in("alice", PASSWORD).expect(429);
    assert_eq!(refused.header("retry-after"), Some("60"));
    assert_eq!(refused.header("x-ratelimit-reset-after"), Some("60.000"));
    assert!(refused.texts(".problem")[0].starts_with("Too many attempts"));
    assert!(!browser.is_logged_in());
    assert_eq!(
        try_from(&world, "203.0.113.10", "alice", PASSWORD),
        303,
        "nobody else is stopped"
    );
    world.advance(59);
    assert_eq!(
        try_from(&world, address, "alice", PASSWORD),
        429,
        "the refusals did not count, nor help"
    );
    world.advance(1);
    assert_eq!(try_from(&world, address, "alice", PASSWORD), 303);
}

#[test]
fn an_account_has_one_counter_however_it_is_named_and_wherever_the_guess_comes_from() {
    let world = World::new();
    let guesses = [
        ("198.51.100.1", "alice"),
        ("198.51.100.2", "ALICE"),
        ("198.51.100.3", " alice "),
        ("198.51.100.4", "alice@mail.example"),
        ("198.51.100.5", "Alice@MAIL.example"),
    ];
    for (address, login) in guesses {
        assert_eq!(try_from(&world, address, login, "wrong"), 403, "{login}");
    }
    for login in ["alice", "alice@mail.example"] {
        assert_eq!(
            try_from(&world, "198.51.100.6", login, PASSWORD),
            429,
            "{login}"
        );
    }
    assert_eq!(try_from(&world, "198.51.100.6", "staff", PASSWORD), 303);
    // A stranger's guesses at a name that nobody has are counted alike.
    for (address, _) in guesses {
        assert_eq!(try_from(&world, address, "nobody", "wrong"), 403);
    }
    assert_eq!(try_from(&world, "198.51.100.7", "Nobody", "wrong"), 429);
}

#[test]
fn a_success_clears_nothing_and_costs_nothing() {
    let world = World::new();
    let address = "198.51.100.1";
    for login in ["a", "b", "c", "d"] {
        assert_eq!(try_from(&world, address, login, "wrong"), 403);
    }
    for _ in 0..6 {
        assert_eq!(try_from(&world, address, "alice", PASSWORD), 303);
    }
    assert_eq!(try_from(&world, address, "e", "wrong"), 403);
    assert_eq!(try_from(&world, address, "alice", PASSWORD), 429);
}

#[test]
fn a_forwarding_header_is_its_sender_s_word() {
    let world = World::new();
    for index in 0..6 {
        let browser = world.browser();
        let form = browser
            .get("/login")
            .form("password")
            .with("login", &format!("u{index}"));
        let mut sent = form.with("password", "wrong").request();
        for name in [
            "x-forwarded-for",
            "x-real-ip",
            "forwarded",
            "true-client-ip",
            "cf_connecting_ip",
        ] {
            sent = sent.with(name, &format!("192.0.2.{index}"));
        }
        let expected = if index < 5 { 403 } else { 429 };
        assert_eq!(browser.send(sent).status, expected, "{index}");
    }
}

#[test]
fn a_session_cookie_is_whole_or_nothing() {
    let world = World::new();
    let browser = world.alices_browser();
    let cookie = browser.cookies()[SESSION].clone();
    for bit in 0..cookie.len() * 6 {
        let mut bytes = cookie.clone().into_bytes();
        bytes[bit / 6] ^= 1 << (bit % 6);
        // No client sends one with a control character.
        let flipped = String::from_utf8(bytes).expect("ASCII");
        if flipped.contains(|it: char| it.is_ascii_control()) {
            continue;
        }
        let forged = get("/api/oauth2/session").with("cookie", &format!("{SESSION}={flipped}"));
        world.send(forged).expect(401);
    }
    let good = format!("{SESSION}={cookie}");
    let many = format!("{}; {good}", vec!["a=b"; 200].join("; "));
    for (cookies, status) in [
        (good.clone(), 200),
        (format!("a=1, {good}"), 200),
        (many, 200),
        (format!("x{good}"), 401),
        (format!("{SESSION}=evil; {good}"), 401),
        (format!("{SESSION}=; {good}"), 401),
        (SESSION.to_owned(), 401),
    ] {
        let asked = world.send(get("/api/oauth2/session").with("cookie", &cookies));
        assert_eq!(asked.status, status, "{cookies}");
    }
    world.advance(14 * 24 * 3600);
    assert!(!browser.is_logged_in());
}

#[test]
fn a_login_is_two_plain_fields() {
    let world = World::new();
    let browser = world.browser();
    let form = browser
        .get("/login")
        .form("password")
        .with("login", "alice")
        .with("password", PASSWORD);
    let mut twice = form.clone();
    twice.fields.push(("login".into(), "staff".into()));
    browser.submit(&twice).expect(400);
    browser
        .send(post_as("application/json", "/login", "{}"))
        .expect(400);
    for (login, password) in [
        ("alice", ""),
        ("alice", "x"),
        ("", PASSWORD),
        ("", ""),
        ("alice", &*"x".repeat(2000)),
        (&*"a".repeat(1000), "x"),
        ("alice\0", PASSWORD),
        ("' OR 1=1 --", "x"),
        ("%", "x"),
        ("a*)(uid=*", "x"),
    ] {
        let answer = browser.submit(&form.clone().with("login", login).with("password", password));
        assert_eq!(answer.status, 403, "{login:?} {password:?}");
        world.advance(61);
    }
    assert!(!browser.is_logged_in());
}

#[test]
fn a_login_leads_on_to_the_request_and_nowhere_else() {
    let world = World::new();
    for elsewhere in [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/logout",
    ] {
        let browser = world.browser();
        let target = format!(
            "/login?{}",
            crate::world::encode(&[("return_to", elsewhere)])
        );
        let form = browser.get(&target).expect(200).form("password");
        let answer = browser.submit(&form.with("login", "alice").with("password", PASSWORD));
        assert_eq!(answer.expect(303).location(), "/login", "{elsewhere}");
    }
    let browser = world.alices_browser();
    browser.get("/login").expect(200);
    assert_eq!(
        browser
            .send(request(Method::Head, "/login"))
            .expect(200)
            .body,
        ""
    );
}

#[test]
fn only_an_authorization_request_says_whom_a_login_leads_to() {
    let world = World::new();
    let login = |return_to: &str| {
        let query = Serializer::new(String::new())
            .append_pair("return_to", return_to)
            .finish();
        world.browser().get(&format!("/login?{query}")).expect(200)
    };
    let request = world.server.asks().target();
    let query = request.split_once('?').expect("a query").1;
    assert_eq!(login(&request).texts("p.lead").len(), 1);
    for page in ["/settings/authorizations", "/developers", "/admin/users"] {
        let answer = login(&format!("{page}?{query}"));
        assert!(answer.texts("p.lead").is_empty(), "{page}");
    }
}

#[test]
fn a_browser_that_logged_in_before_is_not_kept_out_by_strangers() {
    let world = World::new();
    let known = world.alices_browser();
    let guess = |address, login| try_from(&world, address, login, "wrong");
    for index in 0..5 {
        let address = ["203.0.113.1", "203.0.113.2", "203.0.113.3"][index % 3];
        assert_eq!(guess(address, "alice"), 403);
    }
    assert_eq!(guess("203.0.113.4", "alice"), 429);
    assert_eq!(try_from(&world, "203.0.113.5", "alice", PASSWORD), 429);
    known.try_to_log_in("alice", PASSWORD).expect(303);
    known
        .try_to_log_in("alice@mail.example", PASSWORD)
        .expect(303);

    // It is known by its cookie and nothing else, and for its own users only.
    let cookies = known.cookies();
    let only_known = |cookie: &str| {
        let browser = world.browser();
        browser.address.set("203.0.113.6");
        browser.with_cookies([("fluxer_known".to_owned(), cookie.to_owned())].into())
    };
    let cookie = &cookies["fluxer_known"];
    only_known(cookie)
        .try_to_log_in("alice", PASSWORD)
        .expect(303);
    for forged in [&cookie[1..], "x", ""] {
        only_known(forged)
            .try_to_log_in("alice", PASSWORD)
            .expect(429);
    }
    for _ in 0..5 {
        assert_eq!(guess("203.0.113.7", "staff"), 403);
    }
    only_known(cookie)
        .try_to_log_in("staff", PASSWORD)
        .expect(429);
}

#[test]
fn a_known_browser_has_a_window_of_its_own() {
    let world = World::new();
    let known = world.alices_browser();
    for address in [
        "203.0.113.1",
        "203.0.113.2",
        "203.0.113.3",
        "203.0.113.4",
        "203.0.113.5",
    ] {
        known.address.set(address);
        known.try_to_log_in("alice", "wrong").expect(403);
    }
    known.address.set("203.0.113.6");
    known.try_to_log_in("alice", PASSWORD).expect(429);
    assert_eq!(
        try_from(&world, "203.0.113.7", "alice", PASSWORD),
        303,
        "the account's is free"
    );
    let same_address = world.alices_browser();
    for _ in 0..5 {
        try_from(&world, "203.0.113.8", "nobody", "wrong");
    }
    same_address.address.set("203.0.113.8");
    same_address.try_to_log_in("alice", PASSWORD).expect(429);
}
