//! What each flow may cost: the table in the README, step by step. More is a failure.

use crate::world::{With, World, get};

/// Runs a flow and compares the storage steps that it took.
fn check(world: &World, flow: &str, run: impl FnOnce() -> u16, expected: &[&str]) {
    world.memory.forget_steps();
    let status = run();
    assert!(status < 400, "{flow}: {status}");
    assert_eq!(world.memory.steps(), expected, "{flow}");
}

#[test]
fn a_flow_costs_what_the_table_says() {
    let world = World::new();
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
        &["limiter", "d1.read", "kv.put", "ledger", "d1.write"],
    );
    assert_eq!(world.memory.stored_families(), 1);
    let again = || browser.get(&asks.target()).status;
    check(
        &world,
        "a remembered consent",
        again,
        &["limiter", "d1.read", "kv.put", "ledger", "d1.write"],
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
        &["ledger"],
    );
    check(
        &world,
        "revoke",
        || world.revoke(app, &tokens.refresh).status,
        &["limiter", "ledger", "audit"],
    );

    let credentials = [("grant_type", "client_credentials")];
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
fn a_chain_of_refreshes_leaves_one_row() {
    let world = World::new();
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
