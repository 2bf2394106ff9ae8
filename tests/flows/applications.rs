//! What an owner does with an application, and what nobody else can.

use fluxer_oauth2::http::{Method, Request};
use serde_json::{Value, json};

use crate::world::{
    App, Browser, PASSWORD, User, With, World, get, post_as, request, text, with_json,
};

const APPLICATIONS: &str = "/api/oauth2/applications";
const MINE: &str = "/api/oauth2/applications/@me";

fn path(app: &App, tail: &str) -> String {
    format!("{APPLICATIONS}/{}{tail}", app.id)
}

/// The requests that change one application, by what follows its path.
const CHANGES: [(Method, &str); 6] = [
    (Method::Patch, ""),
    (Method::Delete, ""),
    (Method::Post, "/client-secret/reset"),
    (Method::Post, "/client-secret/rotate"),
    (Method::Post, "/bot"),
    (Method::Post, "/bot/reset-token"),
];

/// Those that want the password.
const CONFIRMED: [(Method, &str); 4] = [
    (Method::Delete, ""),
    (Method::Post, "/client-secret/reset"),
    (Method::Post, "/client-secret/rotate"),
    (Method::Post, "/bot/reset-token"),
];

fn password() -> Value {
    json!({"password": PASSWORD})
}

fn create(browser: &Browser<'_>, application: &Value) -> App {
    let made = browser.call_with(Method::Post, APPLICATIONS, application);
    App::shown_in(&made.expect(200).json())
}

fn show(browser: &Browser<'_>, app: &App) -> Value {
    browser.get(&path(app, "")).expect(200).json()
}

fn browser_of<'w>(world: &'w World, user: &User) -> Browser<'w> {
    let browser = world.browser();
    browser.log_in(user);
    browser
}

/// Alice's application with a bot and a secret, that both work.
fn owned(browser: &Browser<'_>) -> App {
    let application = json!({
        "name": "Mine", "bot": true, "redirect_uris": ["https://mine.example/cb"],
    });
    create(browser, &application)
}

/// Everything that could have changed about it.
fn state(world: &World, browser: &Browser<'_>, app: &App) -> (Value, bool, bool) {
    let form = [("grant_type", "client_credentials")];
    let secret_works = world.token(app, &form).status == 200;
    let bot_works = world.as_bot(app, "/api/users/@me").status == 200;
    (show(browser, app), secret_works, bot_works)
}

#[test]
fn an_application_s_life_is_its_owner_s() {
    let world = World::new();
    let browser = world.alices_browser();
    assert_eq!(browser.get(MINE).expect(200).json(), json!([]));
    let made = browser.call_with(
        Method::Post,
        APPLICATIONS,
        &json!({
            "name": "Mine <b>", "description": "Two\nlines", "icon": "a_1f", "bot": true,
            "redirect_uris": ["https://b.example/cb", "https://localhost:3000/callback"],
            "bot_public": false, "bot_require_code_grant": true,
        }),
    );
    let mut made = made.expect(200).json();
    let app = App::shown_in(&made);
    let bot = json!({
        "id": app.id, "username": "Mine_b", "avatar": null, "public_flags": 0, "bot": true,
        "discriminator": text(&made["bot"], "discriminator"),
        "token": app.bot_token,
    });
    let expected = json!({
        "id": app.id, "name": "Mine <b>", "description": "Two\nlines", "icon": "a_1f",
        "owner_id": world.alice.id, "type": "confidential", "trusted": false, "flags": 0,
        "introspects": false, "suspended": false,
        "redirect_uris": ["https://b.example/cb", "https://localhost:3000/callback"],
        "bot_public": false, "bot_require_code_grant": true, "bot": bot,
        "post_logout_redirect_uris": [], "id_token_signed_response_alg": "RS256",
        "token_endpoint_auth_method": "client_secret_basic", "jwks": null, "jwks_uri": null,
        "grant_types": ["authorization_code", "refresh_token", "client_credentials",
            "urn:ietf:params:oauth:grant-type:device_code"],
        "dpop_bound_access_tokens": false, "require_pushed_authorization_requests": false,
        "profile": "default", "event_webhook_url": null, "all_or_nothing": [],
        "created_at": text(&made, "created_at"), "client_secret": app.secret,
    });
    assert_eq!(made, expected);
    made.as_object_mut()
        .expect("an object")
        .remove("client_secret");
    made["bot"].as_object_mut().expect("a bot").remove("token");
    assert_eq!(show(&browser, &app), made);
    assert_eq!(browser.get(MINE).json(), json!([made]));
    assert_eq!(state(&world, &browser, &app), (made.clone(), true, true));

    let renamed = browser.call_with(Method::Patch, &path(&app, ""), &json!({"name": "Renamed"}));
    made["name"] = json!("Renamed");
    assert_eq!(renamed.expect(200).json(), made);
    assert_eq!(show(&browser, &app), made);

    let reset = path(&app, "/client-secret/reset");
    let reset = browser
        .call_with(Method::Post, &reset, &password())
        .expect(200)
        .json();
    let renewed = App::shown_in(&reset);
    assert_ne!(renewed.secret, app.secret);
    let form = [("grant_type", "client_credentials")];
    assert_eq!(
        world.token(&app, &form).expect(401).error(),
        "invalid_client"
    );
    world.token(&renewed, &form).expect(200);

    let reset = path(&app, "/bot/reset-token");
    let reset = browser
        .call_with(Method::Post, &reset, &password())
        .expect(200)
        .json();
    assert_eq!(reset["bot"], made["bot"]);
    world.as_bot(&app, "/api/users/@me").expect(401);
    world
        .send(get("/api/users/@me").bot(&text(&reset, "token")))
        .expect(200);

    browser
        .call_with(Method::Delete, &path(&app, ""), &password())
        .expect(204);
    assert_eq!(browser.get(MINE).json(), json!([]));
    browser.get(&path(&app, "")).expect(404);
    assert_eq!(
        world.token(&renewed, &form).expect(401).error(),
        "invalid_client"
    );
    let again = browser.call_with(Method::Delete, &path(&app, ""), &password());
    assert_eq!(again.expect(404).code(), "UNKNOWN_APPLICATION");
}

#[test]
fn a_new_secret_leaves_tokens_what_they_are() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = owned(&browser);
    let tokens = world.tokens_for(&browser, &app);
    let reset = path(&app, "/client-secret/reset");
    let reset = browser.call_with(Method::Post, &reset, &password());
    let renewed = App::shown_in(&reset.expect(200).json());
    world.me(&tokens.access).expect(200);
    assert_eq!(
        world.refresh(&app, &tokens.refresh).expect(401).error(),
        "invalid_client"
    );
    world.refresh(&renewed, &tokens.refresh).expect(200);
    // A public application has none to renew.
    let public = create(&browser, &json!({"name": "P", "type": "public"}));
    assert_eq!(public.secret, None);
    let reset = browser.call_with(
        Method::Post,
        &path(&public, "/client-secret/reset"),
        &password(),
    );
    assert_eq!(reset.fields(), ["type"]);
    assert_eq!(show(&browser, &public)["type"], "public");
}

#[test]
fn a_session_alone_changes_nothing() {
    let world = World::new();
    let (browser, staff) = (world.alices_browser(), browser_of(&world, &world.staff));
    let app = owned(&browser);
    let before = state(&world, &browser, &app);
    let anothers = staff.csrf_token();
    let consent = browser.consent(&app.asks()).field("csrf_token").to_owned();
    let body = json!({"name": "Changed", "password": PASSWORD});
    let requests = || {
        let ones = CHANGES.map(|(method, tail)| (method, path(&app, tail)));
        let all = ones
            .into_iter()
            .chain([(Method::Post, APPLICATIONS.to_owned())]);
        all.map(|(method, path)| with_json(request(method, &path), &body))
    };
    for request in requests() {
        let answer = browser.send(request).expect(403);
        assert_eq!(answer.code(), "INVALID_CSRF_TOKEN");
    }
    for wrong in ["x", "", &anothers, &consent] {
        for request in requests() {
            let answer = browser
                .send(request.with("x-csrf-token", wrong))
                .expect(403);
            assert_eq!(answer.code(), "INVALID_CSRF_TOKEN", "{wrong}");
        }
    }
    let own = browser.csrf_token();
    for request in requests() {
        let answer = world.send(request.with("x-csrf-token", &own)).expect(401);
        assert_eq!(answer.code(), "UNAUTHORIZED");
    }
    world.send(get(MINE)).expect(401);
    world.send(get(&path(&app, ""))).expect(401);
    // Nor does a token of the user's, whatever it opens.
    let asks = app
        .asks()
        .with("scope", "identify email guilds connections");
    let token = world.exchange(&app, &browser.code(&asks)).tokens().access;
    for request in requests().chain([get(MINE), get(&path(&app, ""))]) {
        let answer = world.send(request.bearer(&token)).expect(403);
        assert_eq!(answer.code(), "MISSING_OAUTH_SCOPE");
    }
    // An `Authorization` beside the cookie is what counts: it does not fall back to the session.
    for request in requests() {
        let request = request.bearer("x").with("x-csrf-token", &own);
        assert_eq!(browser.send(request).expect(401).code(), "INVALID_TOKEN");
    }
    assert_eq!(state(&world, &browser, &app), before);
    assert_eq!(browser.get(MINE).ids(), [&*app.id]);
}

#[test]
fn what_is_not_theirs_answers_everybody_alike() {
    let world = World::new();
    let (browser, staff) = (world.alices_browser(), browser_of(&world, &world.staff));
    let app = owned(&browser);
    let before = state(&world, &browser, &app);
    let ownerless = world.application(&json!({"name": "Nobody's", "bot": true}));
    let body = json!({"name": "Changed", "password": PASSWORD, "redirect_uris": ["x"]});
    let ask = |method, path: &str| match method {
        Method::Get => staff.get(path),
        _ => staff.call_with(method, path, &body),
    };
    let all = || [(Method::Get, "")].into_iter().chain(CHANGES);
    let denied = json!({"code": "ACCESS_DENIED", "message": "Access denied"});
    for (method, tail) in all() {
        for theirs in [&app, &ownerless] {
            let answer = ask(method, &path(theirs, tail)).expect(403);
            assert_eq!(answer.json(), denied, "{tail}");
        }
    }
    let number: u64 = app.id.parse().expect("a number");
    let [before_it, after_it] = [number - 1, number + 1].map(|it| it.to_string());
    let unknown = json!({"code": "UNKNOWN_APPLICATION", "message": "Unknown application"});
    for id in [
        "999999999999999999",
        &before_it,
        &after_it,
        "1",
        "0",
        "x",
        "-1",
        &format!("0{}", app.id),
        "9223372036854775808",
        "%F0%9F%A4%96",
        "%31",
        "%2e%2e%2f",
        "%zz",
        &"9".repeat(10_240),
    ] {
        for (method, tail) in all() {
            let path = format!("{APPLICATIONS}/{id}{tail}");
            let answer = ask(method, &path).expect(404);
            assert_eq!(answer.json(), unknown, "{id}{tail}");
        }
        if id != "1" {
            let public = world.send(get(&format!("{APPLICATIONS}/{id}/public")));
            assert_eq!(public.expect(404).json(), unknown, "{id}");
        }
    }
    assert_eq!(staff.get(MINE).json(), json!([]));
    assert_eq!(state(&world, &browser, &app), before);
}

#[test]
fn what_is_not_the_owner_s_to_set_is_refused_by_name() {
    let world = World::new();
    let browser = world.alices_browser();
    let wished = json!({
        "trusted": true, "owner_id": world.staff.id, "flags": 4_294_967_295_u64,
        "id": "2", "client_id": "2", "client_secret": "chosen", "secret_hash": "chosen",
        "created_at": "2015-01-01T00:00:00Z", "scopes": ["admin"], "admin": true,
        "bot_token": "chosen",
    });
    let app = create(&browser, &json!({"name": "Mine"}));
    let made = show(&browser, &app);
    for (name, value) in wished.as_object().expect("an object") {
        let refused = |method, path: &str| {
            let sent = json!({"name": "Mine", name: value});
            let answer = browser.call_with(method, path, &sent);
            assert_eq!(answer.fields(), [name.as_str()]);
        };
        refused(Method::Post, APPLICATIONS);
        refused(Method::Patch, &path(&app, ""));
    }
    let bot = json!({"bot": {"username": "chosen", "token": "chosen"}});
    let refused = browser.call_with(Method::Patch, &path(&app, ""), &bot);
    assert_eq!(refused.fields(), ["bot"]);
    assert_eq!(show(&browser, &app), made);
    assert_eq!(browser.get(MINE).json(), json!([made]));
    let form = [("grant_type", "client_credentials")];
    world.token(&app, &form).expect(200);
    let admin = [form[0], ("scope", "admin")];
    assert_eq!(
        world.token(&app, &admin).expect(400).error(),
        "invalid_scope"
    );
}

#[test]
fn of_very_many_unknown_fields_the_first_are_named() {
    let world = World::new();
    let browser = world.alices_browser();
    let unknown = (0..7_000).map(|number| (format!("{number:x}"), json!(0)));
    let mut many: serde_json::Map<_, _> = unknown.collect();
    many.insert("name".to_owned(), json!("Mine"));
    let refused = browser.call_with(Method::Post, APPLICATIONS, &Value::Object(many));
    let named = refused.expect(400).fields().len();
    assert!((1..=20).contains(&named), "an answer is short: {named}");
    assert_eq!(browser.get(MINE).json(), json!([]));
}

#[test]
fn a_json_body_is_one_however_its_type_is_spelled() {
    let world = World::new();
    let browser = world.alices_browser();
    for media_type in ["application/json; charset=utf-8", "APPLICATION/JSON"] {
        let posted = post_as(media_type, APPLICATIONS, r#"{"name":"Mine"}"#);
        let answer = browser.send(posted.with("x-csrf-token", &browser.csrf_token()));
        assert_eq!(answer.expect(200).json()["name"], "Mine", "{media_type}");
    }
}

#[test]
fn a_user_has_twenty_five_applications_at_most() {
    let world = World::new();
    let browser = world.alices_browser();
    let mut made = Vec::new();
    for number in 0..25 {
        world.advance(1);
        made.push(create(&browser, &json!({"name": format!("Number {number}")})).id);
    }
    let one_more = |browser: &Browser<'_>| {
        browser.call_with(Method::Post, APPLICATIONS, &json!({"name": "One more"}))
    };
    let refused = one_more(&browser).expect(400);
    assert_eq!(refused.code(), "MAX_APPLICATIONS");
    assert_eq!(browser.get(MINE).ids(), made);
    let page = browser.get(&format!("{MINE}?limit=10&after={}", made[9]));
    assert_eq!(page.ids(), made[10..20]);
    one_more(&browser_of(&world, &world.staff)).expect(200);
    // An administrator is not bound by it, and a deleted one makes room.
    let owned = json!({"name": "Given", "owner_id": world.alice.id});
    let given = world.application(&owned);
    one_more(&browser).expect(400);
    for id in [&given.id, &made[0]] {
        let path = format!("{APPLICATIONS}/{id}");
        browser
            .call_with(Method::Delete, &path, &password())
            .expect(204);
    }
    one_more(&browser).expect(200);
    one_more(&browser).expect(400);
}

#[test]
fn a_change_touches_what_was_sent_and_nothing_else() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = create(
        &browser,
        &json!({
            "name": "Mine", "description": "What it is", "icon": "a_1f", "bot": true,
            "redirect_uris": ["https://a.example/cb"],
        }),
    );
    let mut expected = show(&browser, &app);
    for (name, sent, shown) in [
        ("name", json!("Renamed"), json!("Renamed")),
        ("description", json!("Otherwise"), json!("Otherwise")),
        ("description", Value::Null, json!("")),
        ("icon", json!("b_2f"), json!("b_2f")),
        ("icon", Value::Null, Value::Null),
        ("bot_public", json!(false), json!(false)),
        ("bot_public", Value::Null, json!(false)),
        ("bot_require_code_grant", json!(true), json!(true)),
        (
            "redirect_uris",
            json!(["https://z.example/", "https://a.example/?x=1"]),
            json!(["https://z.example/", "https://a.example/?x=1"]),
        ),
        ("redirect_uris", json!([]), json!([])),
        (
            "redirect_uris",
            json!(["http://localhost:1/"]),
            json!(["http://localhost:1/"]),
        ),
        ("redirect_uris", Value::Null, json!([])),
        ("type", json!("confidential"), json!("confidential")),
    ] {
        let mut change = json!({});
        change[name] = sent;
        let answer = browser.call_with(Method::Patch, &path(&app, ""), &change);
        expected[name] = shown;
        assert_eq!(answer.expect(200).json(), expected, "{change}");
        assert_eq!(show(&browser, &app), expected);
    }
    browser
        .call_with(Method::Patch, &path(&app, ""), &json!({}))
        .expect(200);
    assert_eq!(state(&world, &browser, &app), (expected, true, true));
    let made = browser.call_with(
        Method::Post,
        APPLICATIONS,
        &json!({"name": "N", "redirect_uris": null}),
    );
    assert_eq!(made.expect(200).json()["redirect_uris"], json!([]));
}

#[test]
fn mistakes_are_told_all_at_once_and_change_nothing() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = owned(&browser);
    let before = state(&world, &browser, &app);
    let one = path(&app, "");
    let long = "x".repeat(32 * 1024);
    let everything = json!({
        "name": "a\u{202e}b", "type": "x", "description": "\u{200f}", "icon": "../x",
        "redirect_uris": ["https://ok.example/", "http://x.example/", "javascript:alert(1)"],
        "bot_public": "yes", "bot_require_code_grant": 1,
    });
    let all = [
        "bot_public",
        "bot_require_code_grant",
        "description",
        "icon",
        "name",
        "redirect_uris.1",
        "redirect_uris.2",
        "type",
    ];
    for (method, path) in [(Method::Post, APPLICATIONS), (Method::Patch, &one)] {
        let refused = |body: &Value| browser.call_with(method, path, body).fields();
        assert_eq!(refused(&everything), all);
        for name in [
            json!(""),
            json!(" "),
            json!(" x"),
            json!("x "),
            json!("a\0b"),
            json!("a\nb"),
            json!("a\u{202e}b"),
            json!("\u{200f}"),
            json!("x".repeat(101)),
            json!(long),
            json!(5),
            json!(["x"]),
            json!({}),
            Value::Null,
        ] {
            assert_eq!(refused(&json!({"name": name})), ["name"], "{name}");
        }
        assert_eq!(
            refused(&json!({"name": "X", "description": long})),
            ["description"]
        );
        for body in [json!([]), json!("x"), json!(1), Value::Null] {
            assert_eq!(refused(&body), ["body"]);
        }
        let send = |media_type, text| {
            let mut posted = post_as(media_type, path, text);
            posted.method = method;
            browser.send(posted.with("x-csrf-token", &browser.csrf_token()))
        };
        let twice = send("application/json", r#"{"name":"X","name":"Y"}"#);
        assert_eq!(twice.fields(), ["name"], "neither is the name");
        for (media_type, text, status) in [
            ("application/json", "{", 400),
            ("application/json", "", 400),
            ("application/json", "\u{feff}{}", 400),
            ("text/plain", "{}", 415),
            ("application/x-www-form-urlencoded", "name=X", 415),
        ] {
            send(media_type, text).expect(status);
        }
    }
    assert_eq!(
        browser
            .call_with(Method::Post, APPLICATIONS, &json!({}))
            .fields(),
        ["name"]
    );
    let kind = json!({"type": "public"});
    assert_eq!(
        browser.call_with(Method::Patch, &one, &kind).fields(),
        ["type"]
    );
    assert_eq!(state(&world, &browser, &app), before);
    assert_eq!(browser.get(MINE).ids(), [&*app.id]);
}

#[test]
fn a_redirect_uri_is_refused_by_its_place_in_the_list() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = owned(&browser);
    let before = state(&world, &browser, &app);
    let one = path(&app, "");
    let uris = |uris: &[&str]| json!({"name": "X", "redirect_uris": uris});
    for (method, path) in [(Method::Post, APPLICATIONS), (Method::Patch, &one)] {
        let refused = |body: &Value| browser.call_with(method, path, body).fields();
        for not_a_list in [
            json!("https://x.example"),
            json!({}),
            json!([1]),
            json!([null]),
        ] {
            let body = json!({"name": "X", "redirect_uris": not_a_list});
            assert_eq!(refused(&body), ["redirect_uris"]);
        }
        assert_eq!(
            refused(&uris(&["https://x.example/"; 11])),
            ["redirect_uris"]
        );
        for uri in [
            "",
            "x",
            "/cb",
            "http://x.example/",
            "http://10.0.0.1/",
            "https://x.example/#f",
            "https://u:p@x.example/",
            "https://*.example/",
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "ws://x.example/",
            "com.example.app:/cb",
            "https://",
            "https://x.example/\n",
            "https://x.example/ ",
            "https://x.example/é",
            &format!("https://x.example/{}", "x".repeat(512)),
        ] {
            let found = refused(&uris(&["https://ok.example/", uri]));
            assert_eq!(found, ["redirect_uris.1"], "{uri}");
        }
    }
    assert_eq!(state(&world, &browser, &app), before);
    assert_eq!(browser.get(MINE).ids(), [&*app.id]);
}

#[test]
fn what_cannot_be_undone_wants_the_password() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = owned(&browser);
    let before = state(&world, &browser, &app);
    for (method, tail) in CONFIRMED {
        let path = path(&app, tail);
        let asked = |answer: crate::world::Answer| {
            let answer = answer.expect(403);
            assert_eq!(answer.code(), "SUDO_MODE_REQUIRED");
            assert_eq!(answer.json()["has_mfa"], false);
        };
        asked(browser.call(method, &path));
        asked(browser.call_with(method, &path, &json!({})));
        asked(browser.call_with(method, &path, &json!({"Password": PASSWORD})));
        for wrong in [
            json!("wrong"),
            json!(""),
            json!(format!("{PASSWORD} ")),
            json!(format!("{PASSWORD}\0")),
            json!("x".repeat(60_000)),
            json!(5),
            json!([PASSWORD]),
            Value::Null,
        ] {
            world.advance(61);
            let answer = browser.call_with(method, &path, &json!({"password": wrong}));
            let answer = answer.expect(400);
            let error = &answer.json()["errors"][0];
            assert_eq!(error["path"], "password");
            if wrong.is_string() {
                assert_eq!(error["message"], "Invalid password");
            }
        }
        assert_eq!(state(&world, &browser, &app), before);
    }
    // A stranger's password opens nothing that is Alice's, and an administrator has none to show.
    let by_administrator = |method, path: &str| world.administer(method, path, None);
    let answer = by_administrator(Method::Post, &path(&app, "/client-secret/reset")).expect(200);
    let renewed = App::shown_in(&answer.json());
    world
        .token(&renewed, &[("grant_type", "client_credentials")])
        .expect(200);
    by_administrator(Method::Post, &path(&app, "/bot/reset-token")).expect(200);
    by_administrator(Method::Delete, &path(&app, "")).expect(204);
    browser.get(&path(&app, "")).expect(404);
}

#[test]
fn guesses_at_a_confirmation_are_limited_in_a_window_of_their_own() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = owned(&browser);
    let delete = |browser: &Browser<'_>, password: &str| {
        browser.call_with(
            Method::Delete,
            &path(&app, ""),
            &json!({"password": password}),
        )
    };
    // The right password costs nothing, and wrong ones at the login form, which anybody can reach,
    // keep no owner from resetting what leaked.
    let token = path(&app, "/bot/reset-token");
    for _ in 0..10 {
        browser
            .call_with(Method::Post, &token, &password())
            .expect(200);
    }
    for address in ["203.0.113.1", "192.0.2.1"] {
        let stranger = world.browser();
        stranger.address.set(address);
        for _ in 0..6 {
            stranger.try_to_log_in("alice", "wrong");
        }
        stranger.try_to_log_in("alice", PASSWORD).expect(429);
    }
    browser
        .call_with(Method::Post, &token, &password())
        .expect(200);
    for _ in 0..5 {
        delete(&browser, "wrong").expect(400);
    }
    let refused = delete(&browser, PASSWORD).expect(429);
    let body = refused.json();
    assert_eq!(refused.code(), "RATE_LIMITED");
    assert_eq!(body["message"], "You are being rate limited.");
    assert_eq!(body["global"], false);
    let seconds = body["retry_after"].as_f64().expect("a number");
    assert!((0.0..=60.0).contains(&seconds), "{seconds}");
    assert_eq!(refused.header("retry-after"), Some("60"));
    browser.get(&path(&app, "")).expect(200);
    let elsewhere = world.browser().with_cookies(browser.cookies());
    elsewhere.address.set("203.0.113.3");
    delete(&elsewhere, PASSWORD).expect(429);
    world.advance(60);
    delete(&browser, PASSWORD).expect(204);
}

#[test]
fn a_refused_confirmation_says_how_long_to_wait_as_every_limited_answer_does() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = owned(&browser);
    let wrong = json!({"password": "wrong"});
    let mut answer = browser.call_with(Method::Delete, &path(&app, ""), &wrong);
    for _ in 0..5 {
        answer = browser.call_with(Method::Delete, &path(&app, ""), &wrong);
    }
    let answer = answer.expect(429);
    for (name, value) in [
        ("x-ratelimit-limit", "5"),
        ("x-ratelimit-remaining", "0"),
        ("x-ratelimit-reset-after", "60.000"),
        ("x-ratelimit-bucket", "login"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
}

#[test]
fn anybody_may_know_an_application_but_not_where_it_is_answered() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = owned(&browser);
    let shown = |app: &App| {
        let public = world.send(get(&path(app, "/public"))).expect(200);
        assert_eq!(public.header("access-control-allow-origin"), Some("*"));
        public.json()
    };
    let bot = json!({
        "id": app.id, "username": "Mine", "avatar": null, "public_flags": 0, "bot": true,
        "discriminator": text(&show(&browser, &app)["bot"], "discriminator"),
    });
    let mut expected = json!({
        "id": app.id, "name": "Mine", "icon": null, "description": "", "scopes": ["bot"],
        "bot_public": true, "bot_require_code_grant": false, "bot": bot,
    });
    assert_eq!(shown(&app), expected);
    let change = json!({"name": "New", "bot_public": false, "bot_require_code_grant": true});
    browser
        .call_with(Method::Patch, &path(&app, ""), &change)
        .expect(200);
    expected["name"] = json!("New");
    expected["bot_public"] = json!(false);
    expected["bot_require_code_grant"] = json!(true);
    assert_eq!(shown(&app), expected);
    let without = shown(&world.server);
    assert_eq!(
        (&without["scopes"], &without["bot"]),
        (&json!([]), &Value::Null)
    );
}

#[test]
fn an_administrator_s_token_is_as_good_as_the_owner_s_session() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = owned(&browser);
    let console = json!({
        "name": "Console", "trusted": true, "redirect_uris": ["https://console.example/cb"],
    });
    let console = world.application(&console);
    let staff = browser_of(&world, &world.staff);
    let code = staff.code(&console.asks().with("scope", "admin"));
    let token = world.exchange(&console, &code).tokens().access;
    let by = |token: &str, method, path: &str, body: &Value| {
        world.send(with_json(request(method, path), body).bearer(token))
    };
    let rename = json!({"name": "By staff"});
    by(&token, Method::Patch, &path(&app, ""), &rename).expect(200);
    // As a user they have applications of their own; an application on its own behalf has none.
    let made = by(
        &token,
        Method::Post,
        APPLICATIONS,
        &json!({"name": "Theirs"}),
    );
    let made = made.expect(200).json();
    assert_eq!(made["owner_id"], *world.staff.id);
    assert_eq!(
        world.send(get(MINE).bearer(&token)).ids(),
        [text(&made, "id")]
    );
    let own = world.admin_token();
    for (method, path) in [(Method::Get, MINE), (Method::Post, APPLICATIONS)] {
        let answer = by(&own, method, path, &json!({"name": "X"})).expect(403);
        assert_eq!(answer.code(), "ACCESS_DENIED");
    }
    // Not for other origins to read: these take the session.
    let foreign = |request: Request| browser.send(request.with("origin", "https://evil.example"));
    for path in [MINE.to_owned(), path(&app, "")] {
        let answer = foreign(get(&path));
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
}
