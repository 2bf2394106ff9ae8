//! Secrets that overlap, and what they and bot tokens look like.

use fluxer_oauth2::http::Method;
use fluxer_oauth2::store::memory::Isolate;
use serde_json::{Value, json};

use crate::world::{App, Browser, Native, PASSWORD, With, World, get, text};

const DAY: u64 = 24 * 60 * 60;

fn of_alice(browser: &Browser<'_>) -> App {
    let application = json!({"name": "Mine", "redirect_uris": ["https://mine.example/cb"]});
    let made = browser.call_with(Method::Post, "/api/oauth2/applications", &application);
    App::shown_in(&made.expect(200).json())
}

fn path(app: &App, tail: &str) -> String {
    format!("/api/oauth2/applications/{}/{tail}", app.id)
}

fn rotate(browser: &Browser<'_>, app: &App, grace: &Value) -> App {
    let body = match grace {
        Value::Null => json!({"password": PASSWORD}),
        grace => json!({"password": PASSWORD, "grace_seconds": grace}),
    };
    let answer = browser.call_with(Method::Post, &path(app, "client-secret/rotate"), &body);
    with_secret(app, &text(&answer.expect(200).json(), "client_secret"))
}

fn with_secret(app: &App, secret: &str) -> App {
    App {
        secret: Some(secret.to_owned()),
        ..app.clone()
    }
}

fn works(world: &World, app: &App) -> bool {
    let answer = world.token(app, &[("grant_type", "client_credentials")]);
    if answer.status == 200 {
        return true;
    }
    assert_eq!(answer.expect(401).error(), "invalid_client");
    false
}

fn secrets(browser: &Browser<'_>, app: &App) -> Value {
    let answer = browser.get(&path(app, "client-secrets"));
    answer.expect(200).json()
}

#[test]
fn two_secrets_overlap_for_a_day_or_as_long_as_was_asked() {
    for (grace, seconds) in [(Value::Null, DAY), (json!(600), 600), (json!(0), 0)] {
        let world = World::new();
        let browser = world.alices_browser();
        let first = of_alice(&browser);
        let second = rotate(&browser, &first, &grace);
        assert!(works(&world, &second));
        if seconds > 0 {
            assert!(works(&world, &first));
            world.advance(seconds - 5);
            assert!(works(&world, &first));
            world.advance(5);
        }
        assert!(!works(&world, &first), "{grace}");
        assert!(works(&world, &second));
    }
}

#[test]
fn three_secrets_never_overlap_and_a_reset_leaves_one() {
    let world = World::new();
    let browser = world.alices_browser();
    let first = of_alice(&browser);
    let second = rotate(&browser, &first, &Value::Null);
    let third = rotate(&browser, &first, &Value::Null);
    let all = [&first, &second, &third];
    assert_eq!(all.map(|it| works(&world, it)), [false, true, true]);
    let reset = path(&first, "client-secret/reset");
    let reset = browser.call_with(Method::Post, &reset, &json!({"password": PASSWORD}));
    let fourth = with_secret(&first, &text(&reset.expect(200).json(), "client_secret"));
    let all = [&second, &third, &fourth];
    assert_eq!(all.map(|it| works(&world, it)), [false, false, true]);
}

#[test]
fn a_rotation_wants_the_password_and_a_sensible_grace() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = of_alice(&browser);
    let rotation = path(&app, "client-secret/rotate");
    let refused = browser.call_with(Method::Post, &rotation, &json!({"grace_seconds": 60}));
    assert_eq!(refused.expect(403).code(), "SUDO_MODE_REQUIRED");
    for grace in [
        json!(-1),
        json!(1.5),
        json!("60"),
        json!(2_592_001),
        json!([]),
    ] {
        let body = json!({"password": PASSWORD, "grace_seconds": grace});
        let refused = browser.call_with(Method::Post, &rotation, &body);
        assert_eq!(refused.expect(400).fields(), ["grace_seconds"], "{grace}");
    }
    let body = json!({"password": "wrong", "grace_seconds": 60});
    let refused = browser.call_with(Method::Post, &rotation, &body);
    assert_eq!(refused.expect(400).fields(), ["password"]);
    assert_eq!(secrets(&browser, &app).as_array().unwrap().len(), 1);
    // An administrator's token has no password to show.
    let answer = world.administer(Method::Post, &rotation, Some(&json!({"grace_seconds": 60})));
    let second = with_secret(&app, &text(&answer.expect(200).json(), "client_secret"));
    assert!(works(&world, &second) && works(&world, &app));
    let public = json!({"name": "P", "type": "public"});
    let made = browser.call_with(Method::Post, "/api/oauth2/applications", &public);
    let public = App::shown_in(&made.expect(200).json());
    let rotation = path(&public, "client-secret/rotate");
    let refused = browser.call_with(Method::Post, &rotation, &json!({"password": PASSWORD}));
    assert_eq!(refused.expect(400).fields(), ["type"]);
    assert_eq!(secrets(&browser, &public), json!([]));
}

#[test]
fn an_owner_sees_which_secret_is_still_used() {
    let world = Native::new();
    let browser = world.alices_browser();
    let first = of_alice(&browser);
    let on = |world: &Native| world.now().to_iso_date();
    let never = json!([{"last_used_on": null, "ends_at": null}]);
    assert_eq!(secrets(&browser, &first), never);
    let monday = on(&world);
    assert!(works(&world, &first));
    let ends_at = (world.now() + core::time::Duration::from_secs(2 * DAY)).to_iso();
    let second = rotate(&browser, &first, &json!(2 * DAY));
    world.advance(DAY);
    let tuesday = on(&world);
    assert!(works(&world, &second));
    let expected = json!([
        {"last_used_on": tuesday, "ends_at": null},
        {"last_used_on": monday, "ends_at": ends_at},
    ]);
    assert_eq!(secrets(&browser, &first), expected);
    assert!(works(&world, &first));
    assert_eq!(secrets(&browser, &first)[1]["last_used_on"], tuesday);
    world.advance(DAY);
    let expected = json!([{"last_used_on": tuesday, "ends_at": null}]);
    assert_eq!(secrets(&browser, &first), expected, "it has ended");
}

#[test]
fn a_use_is_written_once_a_day_after_the_answer() {
    let world = Native::new();
    let app = of_alice(&world.alices_browser());
    for isolate in [Isolate::Warm, Isolate::Remembering] {
        world.memory.isolate.set(isolate);
        world.advance(DAY);
        assert!(works(&world, &app));
        let noted = |world: &Native| {
            world.memory.forget_steps();
            assert!(works(world, &app));
            world.memory.steps().contains(&"d1.write")
        };
        assert!(!noted(&world), "a second use");
        world.advance(DAY);
        assert!(noted(&world), "the next day");
    }
    // Whether it can be written matters to nobody.
    world.advance(DAY);
    world.memory.isolate.set(Isolate::Warm);
    world.memory.outage.set(Some("d1"));
    assert!(works(&world, &app));
    assert!(
        world
            .memory
            .log
            .borrow()
            .iter()
            .any(|it| it.contains("is not noted"))
    );
}

#[test]
fn the_end_of_a_secret_holds_where_it_is_remembered() {
    let world = Native::new();
    let browser = world.alices_browser();
    let first = of_alice(&browser);
    let tokens = world.tokens_for(&browser, &first);
    let second = rotate(&browser, &first, &json!(30));
    world.memory.isolate.set(Isolate::Remembering);
    assert!(works(&world, &first) && works(&world, &second));
    world.advance(28);
    assert!(works(&world, &first), "read again, and remembered");
    world.advance(2);
    assert!(!works(&world, &first));
    // D1 fails, and what this isolate remembers serves: the former secret does not.
    world.memory.outage.set(Some("d1"));
    world.advance(6);
    world.refresh(&first, &tokens.refresh).expect(503);
}

#[test]
fn a_secret_that_ends_soon_is_not_admitted_by_an_isolate_that_never_heard_of_it() {
    let served = |grace: u64, wait: u64| {
        let world = Native::new();
        let browser = world.alices_browser();
        let first = of_alice(&browser);
        let tokens = world.tokens_for(&browser, &first);
        world.memory.isolate.set(Isolate::Remembering);
        assert!(works(&world, &first));
        world.memory.isolate.set(Isolate::Cold);
        // Another isolate gives the secret: this one remembers the application as it was.
        rotate(&browser, &first, &json!(grace));
        world.memory.isolate.set(Isolate::Remembering);
        world.advance(wait);
        world.memory.outage.set(Some("d1"));
        world.refresh(&first, &tokens.refresh).status
    };
    assert_eq!(served(599, 10), 503, "marked in KV");
    assert_eq!(served(600, 10), 200, "longer than anything is remembered");
}

#[test]
fn secrets_and_bot_tokens_show_what_they_are() {
    let world = Native::new();
    let browser = world.alices_browser();
    let app = of_alice(&browser);
    let bot = world.bot();
    let secret = app.secret.clone().unwrap();
    let token = bot.bot_token.clone().unwrap();
    assert!(
        secret.starts_with("flx_cs_") && secret.len() == 56,
        "{secret}"
    );
    assert!(
        token.starts_with(&format!("flx_bot_{}.", bot.id)),
        "{token}"
    );
    world.as_bot(&bot, "/api/users/@me").expect(200);

    // A wrong letter is noticed before storage is asked.
    let damaged = |text: &str| {
        let at = text.len() - 10;
        let other = if text.as_bytes()[at] == b'A' {
            "B"
        } else {
            "A"
        };
        [&text[..at], other, &text[at + 1..]].concat()
    };
    world.memory.isolate.set(Isolate::Cold);
    world.memory.forget_steps();
    assert!(!works(&world, &with_secret(&app, &damaged(&secret))));
    assert_eq!(world.memory.steps(), ["limiter"]);
    world.memory.forget_steps();
    let asked = get("/api/users/@me").bot(&damaged(&token));
    assert_eq!(world.send(asked).expect(401).code(), "INVALID_TOKEN");
    assert!(world.memory.steps().is_empty());
}
