//! What each flow may cost: the table in docs/storage.md, step by step. More is a failure.

use fluxer_oauth2::http::Method;
use serde_json::{Value, json};

use crate::world::{Asks, Native, PASSWORD, With, get, request, with_json};

/// Runs a flow and compares the storage steps that it took.
fn check(world: &Native, flow: &str, run: impl FnOnce() -> u16, expected: &[&str]) {
    world.memory.forget_steps();
    let status = run();
    assert!(status < 400, "{flow}: {status}");
    assert_eq!(world.memory.steps(), expected, "{flow}");
}

#[test]
fn a_flow_costs_what_the_table_says() {
    let world = Native::new();
    let app = &world.server;
    let browser = world.alices_browser();
    let asks = app.asks();

    check(
        &world,
        "the consent form",
        || browser.get(&asks.target()).status,
        &["limiter", "d1.read"],
    );
    let form = browser.consent(&asks).with("decision", "approve");
    let approve = || browser.submit(&form);
    check(
        &world,
        "approve",
        || approve().status,
        &["limiter", "kv.put", "ledger", "d1.write"],
    );
    assert_eq!(world.memory.stored_families(), 1);
    let again = || browser.get(&asks.target()).status;
    check(
        &world,
        "a remembered consent",
        again,
        &["limiter", "d1.read", "kv.put", "ledger", "d1.write"],
    );

    let credentials = [("grant_type", "client_credentials")];
    check(
        &world,
        "the first use of a secret a day",
        || world.token(app, &credentials).status,
        // After the answer.
        &["limiter", "d1.write"],
    );
    let code = approve().parameter("code").unwrap();
    let mut tokens = None;
    let exchange = || {
        tokens = Some(world.exchange(app, &code).tokens());
        200
    };
    check(
        &world,
        "code -> tokens",
        exchange,
        &["limiter", "kv.get", "ledger", "kv.put"],
    );
    let tokens = tokens.unwrap();
    let refresh = || world.refresh(app, &tokens.refresh).status;
    check(&world, "refresh -> tokens", refresh, &["limiter", "ledger"]);
    check(
        &world,
        "resource",
        || world.me(&tokens.access).status,
        &["ledger", "d1.read"],
    );
    let introspect = || app.post("/api/oauth2/introspect", &[("token", &tokens.access)]);
    check(
        &world,
        "introspect",
        || world.send(introspect()).status,
        &["ledger", "d1.read"],
    );
    check(
        &world,
        "revoke",
        || world.revoke(app, &tokens.refresh).status,
        // The last device: the consent lapses after the answer.
        &["limiter", "ledger", "d1.write", "audit"],
    );

    check(
        &world,
        "client credentials",
        || world.token(app, &credentials).status,
        &["limiter"],
    );
    let token = world.token(app, &credentials).expect(200).json();
    let itself = get("/api/oauth2/@me").bearer(token["access_token"].as_str().unwrap());
    check(
        &world,
        "the application itself",
        || world.send(itself).status,
        &["ledger"],
    );
    let metadata = || {
        world
            .send(get("/.well-known/oauth-authorization-server"))
            .status
    };
    check(&world, "metadata", metadata, &[]);
}

#[test]
fn so_does_what_bots_guilds_and_owners_do() {
    let world = Native::new();
    let browser = world.alices_browser();
    let bot = world.bot();
    let guild = world.guild("G", &world.alice);
    let with_code = bot.asks().with("scope", "guilds connections bot");
    let approved = |asks: &Asks| {
        let form = browser.consent(asks).with("guild_id", &guild);
        form.with("decision", "approve")
    };
    let fixed = bot.bot_link().with("guild_id", &guild);
    let fixed = fixed.with("disable_guild_select", "true");
    let reads = ["limiter", "d1.read", "d1.read", "d1.read"];
    for (flow, asks, steps) in [
        ("a bot's form", &bot.bot_link(), &reads[..]),
        ("of one guild", &fixed, &reads[..3]),
    ] {
        let show = || browser.get(&asks.target()).status;
        check(&world, flow, show, steps);
    }
    let form = approved(&bot.bot_link());
    check(
        &world,
        "add a bot",
        || browser.submit(&form).status,
        &["limiter", "d1.read", "d1.write"],
    );
    world.remove(&guild, &bot.id);
    let form = approved(&with_code);
    let mut code = None;
    let approve = || {
        let answer = browser.submit(&form);
        code = answer.parameter("code");
        answer.status
    };
    check(
        &world,
        "approve, with a bot",
        approve,
        &["limiter", "d1.read", "kv.put", "ledger", "d1.write"],
    );
    let token = world.exchange(&bot, &code.unwrap()).tokens().access;
    for path in ["/api/users/@me/guilds", "/api/users/@me/connections"] {
        let read = || world.send(get(path).bearer(&token)).status;
        check(&world, path, read, &["ledger", "d1.read"]);
    }
    let guild = format!("/api/guilds/{guild}");
    for (path, expected) in [
        ("/api/users/@me", &["d1.read"][..]),
        ("/api/applications/@me", &["d1.read"]),
        ("/api/users/@me/guilds", &["d1.read", "d1.read"]),
        (&guild, &["d1.read", "d1.read"]),
    ] {
        check(&world, path, || world.as_bot(&bot, path).status, expected);
    }
    let public = format!("/api/oauth2/applications/{}/public", bot.id);
    check(&world, "in public", || world.send(get(&public)).status, &[]);

    let csrf_token = browser.csrf_token();
    let one = format!("/api/oauth2/applications/{}", bot.id);
    let send = |method, path: &str, body: &Value| {
        let request = with_json(request(method, path), body);
        browser
            .send(request.with("x-csrf-token", &csrf_token))
            .status
    };
    let change = || send(Method::Patch, &one, &json!({"name": "X"}));
    check(
        &world,
        "change an application",
        change,
        &["d1.read", "d1.read", "d1.write", "audit", "d1.read"],
    );
    let reset = format!("{one}/bot/reset-token");
    let reset = || send(Method::Post, &reset, &json!({"password": PASSWORD}));
    check(
        &world,
        "reset a token",
        reset,
        &[
            "d1.read", "d1.read", "limiter", "d1.read", "limiter", "d1.write", "audit",
        ],
    );
}

#[test]
fn a_chain_of_refreshes_leaves_one_row() {
    let world = Native::new();
    let mut tokens = world.tokens(&world.server);
    let before = world.memory.dump().len();
    for _ in 0..1_000 {
        tokens = world.refresh(&world.server, &tokens.refresh).tokens();
    }
    assert_eq!(world.memory.stored_families(), 1);
    assert!(
        world.memory.dump().len() < before + 16,
        "only the generation's digits grow"
    );
}

#[test]
fn a_token_without_the_scope_costs_no_question() {
    let world = Native::new();
    let app = &world.server;
    let code = world.alices_browser().code(&app.asks());
    let token = world.exchange(app, &code).tokens().access;
    for path in ["/api/users/@me/guilds", "/api/admin/users"] {
        world.memory.forget_steps();
        world.send(get(path).bearer(&token)).expect(403);
        assert!(world.memory.steps().is_empty(), "{path}");
    }
}

#[test]
fn so_does_a_device() {
    const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
    let world = Native::new();
    let browser = world.alices_browser();
    let app = world.application(&json!({"name": "TV", "type": "public", "grant_types": [GRANT]}));
    let mut asked = Value::Null;
    let ask = || {
        let answer = world.send(app.post("/api/oauth2/device_authorization", &[]));
        asked = answer.json();
        answer.status
    };
    check(&world, "codes", ask, &["limiter", "pending"]);
    let code = asked["device_code"].as_str().unwrap();
    let form = [("grant_type", GRANT), ("device_code", code)];
    world.memory.forget_steps();
    world.token(&app, &form).expect(400);
    assert_eq!(world.memory.steps(), ["limiter", "pending"]);
    let typed = browser.get("/device").form("user_code");
    let typed = typed.with("user_code", asked["user_code"].as_str().unwrap());
    let consent = browser.submit(&typed).form("decision");
    browser
        .submit(&consent.with("decision", "approve"))
        .expect(200);
    let poll = || world.token(&app, &form).status;
    let steps = ["limiter", "pending", "ledger", "kv.put"];
    check(&world, "tokens", poll, &steps);
}
