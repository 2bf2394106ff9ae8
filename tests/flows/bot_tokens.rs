//! `Authorization: Bot`: what passes for a bot's token, and for how long.

use fluxer_oauth2::http::Method;
use fluxer_oauth2::store::memory::Isolate;
use serde_json::{Value, json};

use crate::world::{App, Browser, Native, PASSWORD, With, World, get, text};

/// What opens to a bot.
const OPEN: [&str; 3] = [
    "/api/users/@me",
    "/api/users/@me/guilds",
    "/api/applications/@me",
];

fn reset(browser: &Browser<'_>, app: &App) -> String {
    let path = format!("/api/oauth2/applications/{}/bot/reset-token", app.id);
    let password = json!({"password": PASSWORD});
    let answer = browser
        .call_with(Method::Post, &path, &password)
        .expect(200);
    text(&answer.json(), "token")
}

fn status(world: &World, path: &str, token: &str) -> u16 {
    world.send(get(path).bot(token)).status
}

/// Resets the token again and again: only the newest one is ever good.
fn each_reset_is_the_end_of_the_one_before(world: &World, app: &App) {
    let browser = world.alices_browser();
    let mut tokens = vec![reset(&browser, app)];
    for _ in 0..3 {
        for path in OPEN {
            assert_eq!(status(world, path, tokens.last().expect("one")), 200);
        }
        tokens.push(reset(&browser, app));
        let (new, old) = tokens.split_last().expect("two");
        for path in OPEN {
            assert_eq!(status(world, path, new), 200);
            assert!(old.iter().all(|old| status(world, path, old) == 401));
        }
    }
}

#[test]
fn a_token_that_was_reset_is_dead_at_once_whatever_the_isolate_knows() {
    let world = Native::new();
    let app = world.bot();
    for isolate in [Isolate::Warm, Isolate::Cold] {
        world.memory.isolate.set(isolate);
        each_reset_is_the_end_of_the_one_before(&world, &app);
    }
}

#[test]
fn a_token_that_was_reset_is_dead_at_once() {
    let world = World::new();
    let app = world.bot();
    let browser = world.alices_browser();
    each_reset_is_the_end_of_the_one_before(&world, &app);
    // A bot of another application minds nothing of it.
    let other = world.bot();
    reset(&browser, &app);
    world.as_bot(&other, "/api/users/@me").expect(200);
    let path = format!("/api/oauth2/applications/{}", other.id);
    let password = json!({"password": PASSWORD});
    browser
        .call_with(Method::Delete, &path, &password)
        .expect(204);
    world.as_bot(&other, "/api/users/@me").expect(401);
}

/// HTTP takes away the space before a value: this is what is read where it did not.
#[test]
fn a_space_before_the_scheme_is_not_forgiven() {
    let world = Native::new();
    let token = world.bot().bot_token.expect("a bot");
    let request = get("/api/users/@me").with("authorization", &format!(" Bot {token}"));
    world.send(request).expect(401);
}

#[test]
fn what_is_not_a_bot_token_is_refused() {
    let world = World::new();
    let (app, other) = (world.bot(), world.bot());
    let token = app.bot_token.as_deref().expect("a bot");
    let others = other.bot_token.as_deref().expect("a bot");
    let (id, secret) = token.split_once('.').expect("two parts");
    let (_, others_secret) = others.split_once('.').expect("two parts");
    let tokens = world.tokens(&world.server);
    let own = world.own_token(&app, "bot");
    let in_full = |scheme: &str| format!("{scheme} {token}");
    for missing in [
        String::new(),
        "Bot".into(),
        "Bot ".into(),
        "Bot     ".into(),
        token.to_owned(),
        format!("Bot{token}"),
        format!("Bot\t{token}"),
        in_full("Token"),
        in_full("Basic"),
        in_full("Bots"),
    ] {
        let missing = missing.as_str();
        for path in OPEN {
            let answer = world
                .send(get(path).with("authorization", missing))
                .expect(401);
            assert_eq!(answer.code(), "UNAUTHORIZED", "{missing}");
            assert_eq!(
                answer.header("www-authenticate"),
                Some(&*crate::world::challenge(""))
            );
        }
    }
    let long = "x".repeat(60_000);
    for wrong in [
        secret,
        id,
        "x",
        ".",
        "..",
        "a.b.c",
        "\u{1F916}",
        "0.0",
        &format!("{id}."),
        &format!(".{secret}"),
        &format!("abc.{secret}"),
        &format!("0{id}.{secret}"),
        &format!("-{id}.{secret}"),
        &format!("{id}.{secret}."),
        &format!("{id}.{secret}x"),
        &format!("{id}.{}", &secret[1..]),
        &format!("{id}.{}", secret.to_uppercase()),
        &format!("{id}.{others_secret}"),
        &format!("{}.{secret}", other.id),
        &format!("{}.{secret}", world.server.id),
        &format!("999999999999999999.{secret}"),
        &format!("99999999999999999999999999.{secret}"),
        &format!("1.{secret}"),
        &format!("{token}, Bot {token}"),
        &format!("Bot {token}"),
        &format!("{id}.{}", app.secret.as_deref().expect("a secret")),
        app.secret.as_deref().expect("a secret"),
        &tokens.access,
        &tokens.refresh,
        &own,
        &long,
    ] {
        for path in OPEN {
            let answer = world.send(get(path).bot(wrong)).expect(401);
            assert_eq!(answer.code(), "INVALID_TOKEN", "{wrong}");
            let challenge = answer.header("www-authenticate");
            assert_eq!(
                challenge,
                Some(&*crate::world::challenge("error=\"invalid_token\""))
            );
        }
    }
    // A bot's token is not a bearer token, nor is either good in a URL.
    for path in OPEN {
        let as_bearer = world.send(get(path).bearer(token)).expect(401);
        assert_eq!(as_bearer.code(), "INVALID_TOKEN");
        world
            .send(get(&format!("{path}?token={token}")))
            .expect(401);
        let spelled = get(path).with("authorization", &format!("bOt  {token}"));
        world.send(spelled).expect(200);
    }
    let introspected = world.introspect(&app, token);
    assert_eq!(introspected, json!({"active": false}));
    world.revoke(&app, token).expect(200);
    world.as_bot(&app, "/api/users/@me").expect(200);
}

/// Where a token or secret might be shown.
fn holds(value: &Value, names: &[&str]) -> bool {
    match value {
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| names.contains(&name.as_str()) || holds(value, names)),
        Value::Array(values) => values.iter().any(|value| holds(value, names)),
        _ => false,
    }
}

#[test]
fn a_bot_token_is_shown_once() {
    let world = World::new();
    let browser = world.alices_browser();
    let applications = "/api/oauth2/applications";
    let made = browser.call_with(
        Method::Post,
        applications,
        &json!({"name": "X", "bot": true}),
    );
    let made = made.expect(200).json();
    let one = format!("{applications}/{}", text(&made, "id"));
    let without = browser.call_with(Method::Post, applications, &json!({"name": "Y"}));
    let without = without.expect(200).json();
    assert_eq!(without["bot"], Value::Null);
    let added = format!("{applications}/{}/bot", text(&without, "id"));
    let added = browser.call(Method::Post, &added).expect(200).json();
    let app = App::shown_in(&made);
    let reset = reset(&browser, &app);
    let tokens = [
        text(&made["bot"], "token"),
        text(&added["bot"], "token"),
        reset.clone(),
    ];
    for token in &tokens {
        let (_, secret) = token.split_once('.').expect("two parts");
        assert_eq!(secret.len(), 49, "43 characters and a checksum");
    }
    let bot_s = world
        .send(get("/api/applications/@me").bot(&reset))
        .expect(200);
    let itself = world.send(get("/api/users/@me").bot(&reset)).expect(200);
    let renamed = browser
        .call_with(Method::Patch, &one, &json!({"name": "Z"}))
        .expect(200);
    let admin = one.replace("/oauth2/", "/admin/");
    for answer in [
        bot_s,
        itself,
        renamed,
        browser.get(&one),
        browser.get(&format!("{applications}/@me")),
        browser.get(&format!("{one}/public")),
        world.administer(Method::Get, &admin, None),
        world.administer(Method::Get, "/api/admin/applications", None),
        world.administer(Method::Get, "/api/admin/audit-log", None),
    ] {
        assert!(!holds(
            &answer.expect(200).json(),
            &["token", "client_secret"]
        ));
    }
    // There is one bot, and it is made once.
    let again = browser.call(Method::Post, &format!("{one}/bot"));
    assert_eq!(again.fields(), ["bot"]);
    world.send(get("/api/users/@me").bot(&reset)).expect(200);
}

#[test]
fn a_bot_token_is_stored_and_logged_nowhere() {
    let world = Native::new();
    let browser = world.alices_browser();
    let applications = "/api/oauth2/applications";
    let made = |application: &Value| {
        let made = browser.call_with(Method::Post, applications, application);
        App::shown_in(&made.expect(200).json())
    };
    let app = made(&json!({"name": "X", "bot": true}));
    let first = app.bot_token.clone().expect("a bot");
    world.as_bot(&app, "/api/users/@me").expect(200);
    let without = made(&json!({"name": "Y"}));
    let added = format!("{applications}/{}/bot", without.id);
    let added = browser.call(Method::Post, &added).expect(200).json();
    let added = text(&added["bot"], "token");
    let renewed = reset(&browser, &app);
    for token in [&added, &renewed] {
        assert_eq!(status(&world, "/api/users/@me", token), 200);
    }
    let (stored, log) = (world.memory.dump(), world.memory.log.borrow().join("\n"));
    for token in [first, added, renewed] {
        let (_, secret) = token.split_once('.').expect("two parts");
        assert!(!stored.contains(secret) && !log.contains(secret));
    }
}
