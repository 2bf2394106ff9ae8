//! A consent form is answered on what it was shown with; where that has changed, on what is so now.

use fluxer_oauth2::crypto::keyring::Purpose;
use fluxer_oauth2::http::Method;
use fluxer_oauth2::oauth::scope::Scopes;
use fluxer_oauth2::snowflake::{ApplicationId, UserId};
use fluxer_oauth2::store::Authorizations;
use serde_json::{Value, json};

use crate::world::{App, Browser, Form, Native, PASSWORD, With};

fn yes(browser: &Browser<'_>, app: &App, scope: &str) -> Form {
    let asks = app.asks().with("scope", scope).with("prompt", "consent");
    browser.consent(&asks).with("decision", "approve")
}

/// What Alice granted the application, as it is remembered.
fn remembered(world: &Native, app: &App) -> Option<Scopes> {
    let user = UserId::parse(&world.alice.id).unwrap();
    let application = ApplicationId::parse(&app.id).unwrap();
    let all = pollster::block_on(world.memory.authorizations(user)).unwrap();
    let found = all.into_iter().find(|it| it.application == application);
    found.map(|it| it.scope)
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "it is compared with what is remembered"
)]
fn scopes(text: &str) -> Option<Scopes> {
    Some(Scopes::parse(text).unwrap())
}

#[test]
fn a_form_whose_session_stands_costs_no_look_at_it() {
    let world = Native::new();
    let browser = world.alices_browser();
    for app in [&world.server, &world.server, &world.device] {
        let form = yes(&browser, app, "identify email");
        world.memory.forget_steps();
        let code = browser.submit(&form).parameter("code").unwrap();
        let steps = world.memory.steps();
        assert_eq!(steps, ["limiter", "kv.put", "ledger", "d1.write"]);
        world.exchange(app, &code).tokens();
    }
}

#[test]
fn forms_of_two_tabs_are_each_added_to_what_is_remembered() {
    let world = Native::new();
    let (app, browser) = (&world.server, world.alices_browser());
    let first = yes(&browser, app, "identify email");
    let second = yes(&browser, app, "identify guilds");
    for form in [first, second] {
        let code = browser.submit(&form).parameter("code").unwrap();
        world.exchange(app, &code).tokens();
    }
    assert_eq!(remembered(&world, app), scopes("identify email guilds"));
}

#[test]
fn what_was_taken_back_while_a_form_was_open_is_not_remembered_again() {
    let world = Native::new();
    let (app, browser) = (&world.server, world.alices_browser());
    browser.submit(&yes(&browser, app, "identify email"));
    let form = yes(&browser, app, "identify guilds");
    let path = format!("/api/oauth2/@me/authorizations/{}", app.id);
    browser.call(Method::Delete, &path).expect(204);
    let code = browser.submit(&form).parameter("code").unwrap();
    world.exchange(app, &code).tokens();
    assert_eq!(remembered(&world, app), scopes("identify guilds"));

    // The same of a consent whose last device is gone.
    let tokens = world.tokens_for(&browser, app);
    let form = yes(&browser, app, "identify email");
    world.revoke(app, &tokens.refresh).expect(200);
    browser.submit(&form).parameter("code").unwrap();
    assert!(
        remembered(&world, app)
            .unwrap()
            .covers(Scopes::parse("email").unwrap())
    );
}

#[test]
fn a_form_of_a_session_that_has_ended_leaves_nothing() {
    type End = fn(&Native, &Browser<'_>);
    let ends: [(&str, End); 3] = [
        ("logged out", |_, browser| {
            let form = browser.get("/logout").form("csrf_token");
            browser.submit(&form);
        }),
        ("a new password", |world, _| {
            let path = format!("/api/admin/users/{}", world.alice.id);
            let change = json!({"password": PASSWORD});
            world.administer(Method::Patch, &path, Some(&change));
        }),
        ("suspended", |world, _| {
            let path = format!("/api/admin/users/{}", world.alice.id);
            let change = json!({"suspended": true});
            world.administer(Method::Patch, &path, Some(&change));
        }),
    ];
    for (name, end) in ends {
        let world = Native::new();
        let (app, browser) = (&world.server, world.alices_browser());
        let form = yes(&browser, app, "identify email");
        let cookie = browser.cookie_header();
        end(&world, &browser);
        let answer = world.send(form.request().with("cookie", &cookie));
        assert!(answer.location().starts_with("/login?"), "{name}");
        assert_eq!(remembered(&world, app), None, "{name}");
        assert!(!world.memory.dump().contains("offered"), "{name}");
        assert!(!world.audit_log().iter().any(is_consent), "{name}");
    }
}

fn is_consent(entry: &Value) -> bool {
    entry["action"] == "authorization.granted"
}

#[test]
fn who_administers_no_more_grants_no_administration() {
    let world = Native::new();
    let app = world.application(&json!({
        "name": "Trusted", "type": "confidential", "trusted": true,
        "redirect_uris": ["https://trusted.example/cb"],
    }));
    let browser = world.browser();
    browser.log_in(&world.staff);
    let form = yes(&browser, &app, "identify admin");
    let path = format!("/api/admin/users/{}", world.staff.id);
    world
        .administer(Method::Patch, &path, Some(&json!({"admin": false})))
        .expect(200);
    let answer = browser.submit(&form);
    assert_eq!(answer.parameter("code"), None, "{}", answer.location());
    assert_eq!(
        answer.parameter("error").as_deref(),
        Some("invalid_scope"),
        "{} {}",
        answer.location(),
        answer.body
    );
    assert!(!world.memory.dump().contains("offered"));
}

#[test]
fn a_form_of_the_version_before_is_answered_by_the_session() {
    let world = Native::new();
    let (app, browser) = (&world.server, world.alices_browser());
    let form = yes(&browser, app, "identify email");
    let keyring = &world.config.keyring;
    let now = world.now();
    let ticket = keyring
        .verify::<Value>(Purpose::Form, form.field("csrf_token"), now)
        .unwrap();
    let mut claims = ticket.claims;
    assert!(claims.as_object_mut().unwrap().remove("note").is_some());
    let later = now + core::time::Duration::from_secs(60);
    let older = keyring.sign(Purpose::Form, claims, now, later).unwrap();
    world.memory.forget_steps();
    let answer = browser.submit(&form.with("csrf_token", &older));
    answer.parameter("code").unwrap();
    let steps = world.memory.steps();
    assert_eq!(
        steps,
        ["limiter", "d1.read", "kv.put", "ledger", "d1.write"]
    );
}
