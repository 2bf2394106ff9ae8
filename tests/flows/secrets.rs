//! Storage and the log see hashes: no code, token, secret or password.

use fluxer_oauth2::http::Method;
use serde_json::json;

use crate::world::{ADMIN_SECRET, Native, PASSWORD, VERIFIER};

#[test]
fn no_secret_reaches_storage_or_the_log() {
    let world = Native::new();
    let browser = world.alices_browser();
    let mut secrets = vec![
        PASSWORD.to_owned(),
        ADMIN_SECRET.to_owned(),
        VERIFIER.to_owned(),
        world.admin_token(),
    ];
    secrets.extend(browser.cookies().into_values());
    for app in [&world.server, &world.device] {
        secrets.extend(app.secret.clone());
        let form = browser
            .consent(&app.asks().with_pkce())
            .with("decision", "approve");
        secrets.push(form.field("csrf_token").to_owned());
        let code = browser.submit(&form).parameter("code").unwrap();
        let pkce = [app.exchange(&code), vec![("code_verifier", VERIFIER)]].concat();
        let pkce: Vec<_> = pkce.into_iter().take(4).collect();
        let tokens = world.token(app, &pkce).tokens();
        let next = world.refresh(app, &tokens.refresh).tokens();
        world.memory.outage.set(Some("ledger"));
        for token in [&next.access, &next.refresh] {
            world.revoke(app, token).expect(503);
        }
        world.exchange(app, &code).expect(503);
        world.memory.outage.set(None);
        secrets.extend([
            code,
            tokens.access,
            tokens.refresh,
            next.access,
            next.refresh,
        ]);
    }
    world
        .browser()
        .try_to_log_in("alice", "a wrong password that is long")
        .expect(403);
    world
        .browser()
        .try_to_log_in("a password in the wrong field", "x")
        .expect(403);
    world
        .refresh(&world.server, "a refresh token that is none")
        .expect(400);
    let path = format!("/api/admin/users/{}", world.alice.id);
    let change = json!({"password": "another password entirely"});
    world
        .administer(Method::Patch, &path, Some(&change))
        .expect(200);
    secrets.extend(
        [
            "a wrong password that is long",
            "a password in the wrong field",
            "another password entirely",
            "a refresh token that is none",
        ]
        .map(str::to_owned),
    );

    // Data points, too.
    let measured = world.memory.measures.borrow().join("\n");
    assert!(measured.contains("Grant."), "{measured}");
    let log = [world.memory.log.borrow().join("\n"), measured].join("\n");
    let stored = world.memory.dump();
    assert!(log.contains("ledger") && stored.contains("argon2id"));
    for secret in secrets {
        assert!(!stored.contains(&secret), "{secret} is stored");
        assert!(!log.contains(&secret), "{secret} is logged");
        // Nor the part of a token that makes it one.
        let signature = secret.rsplit('.').next().unwrap();
        assert!(
            !stored.contains(signature) && !log.contains(signature),
            "{signature}"
        );
    }
    assert!(log.lines().all(|line| !line.chars().any(char::is_control)));
}
