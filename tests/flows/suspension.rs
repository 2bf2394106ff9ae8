//! Users and applications that are suspended and freed: their tokens stop at once, and nothing is lost.

use fluxer_oauth2::http::Method;
use serde_json::{Value, json};

use crate::world::{PASSWORD, With, World, administration, get};

fn suspend_user(world: &World, suspended: bool) -> Value {
    let path = format!("/api/admin/users/{}", world.alice.id);
    let change = json!({"suspended": suspended});
    let answer = world.administer(Method::Patch, &path, Some(&change));
    answer.expect(200).json()
}

fn suspend_application(world: &World, id: &str, suspended: bool) -> Value {
    let path = format!("/api/admin/applications/{id}");
    let change = json!({"suspended": suspended});
    let answer = world.administer(Method::Patch, &path, Some(&change));
    answer.expect(200).json()
}

#[test]
fn a_suspended_users_tokens_wait_until_they_are_freed() {
    let world = World::new();
    let browser = world.alices_browser();
    let apps = [&world.server, &world.device];
    let tokens = apps.map(|app| world.tokens_for(&browser, app));
    let code = browser.code(&world.server.asks());
    assert_eq!(suspend_user(&world, true)["suspended"], true);
    for (app, tokens) in apps.iter().zip(&tokens) {
        assert_eq!(world.works(app, tokens), (false, false));
        assert_eq!(
            world.introspect(app, &tokens.access),
            json!({"active": false})
        );
        let refused = world.refresh(app, &tokens.refresh).expect(400);
        assert_eq!(refused.error(), "invalid_grant");
    }
    let refused = world.exchange(&world.server, &code).expect(400);
    assert_eq!(refused.error(), "invalid_grant");
    browser.get("/api/oauth2/session").expect(401);

    assert_eq!(suspend_user(&world, false)["suspended"], false);
    for (app, tokens) in apps.iter().zip(&tokens) {
        assert_eq!(world.works(app, tokens), (true, true));
        world.refresh(app, &tokens.refresh).tokens();
    }
    world.exchange(&world.server, &code).tokens();
}

#[test]
fn a_suspended_user_is_told_so_and_nobody_else_is() {
    let world = World::new();
    suspend_user(&world, true);
    let told = |password| {
        let answer = world.browser().try_to_log_in("alice", password);
        answer.expect(403).body.contains("suspended")
    };
    assert!(told(PASSWORD));
    assert!(
        !told("a wrong password"),
        "the account is known to whoever knows its password"
    );
    suspend_user(&world, false);
    world.alices_browser();
}

#[test]
fn a_suspended_administrator_administers_nothing() {
    let world = World::new();
    let console = world.application(&json!({
        "name": "Console", "trusted": true, "redirect_uris": ["https://console.example/cb"],
    }));
    let browser = world.browser();
    browser.log_in(&world.staff);
    let code = browser.code(&console.asks().with("scope", "identify admin"));
    let tokens = world.exchange(&console, &code).tokens();
    let users = || {
        world
            .send(get("/api/admin/users").bearer(&tokens.access))
            .status
    };
    assert_eq!(users(), 200);
    let path = format!("/api/admin/users/{}", world.staff.id);
    let change = json!({"suspended": true});
    world
        .administer(Method::Patch, &path, Some(&change))
        .expect(200);
    assert_eq!(users(), 401);
}

#[test]
fn nothing_of_a_suspended_application_works_until_it_is_freed() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = world.bot();
    let tokens = world.tokens_for(&browser, &app);
    let own = world.own_token(&app, "");
    let code = browser.code(&app.asks());
    let form = [("grant_type", "client_credentials")];
    let own_works = || world.send(get("/api/oauth2/@me").bearer(&own)).status;
    let bot_works = || world.as_bot(&app, "/api/users/@me").status;
    assert_eq!((own_works(), bot_works()), (200, 200));

    assert_eq!(
        suspend_application(&world, &app.id, true)["suspended"],
        true
    );
    world.me(&tokens.access).expect(401);
    assert_eq!((own_works(), bot_works()), (401, 401));
    for answer in [
        world.refresh(&app, &tokens.refresh),
        world.exchange(&app, &code),
        world.token(&app, &form),
    ] {
        assert_eq!(answer.expect(400).error(), "unauthorized_client");
    }
    let page = browser.get(&app.asks().target()).expect(403);
    assert_eq!(page.texts("h1"), ["This application is suspended"]);
    assert_eq!(page.location(), "");

    suspend_application(&world, &app.id, false);
    assert_eq!((own_works(), bot_works()), (200, 200));
    world.me(&tokens.access).expect(200);
    world.refresh(&app, &tokens.refresh).tokens();
    world.exchange(&app, &code).tokens();
}

#[test]
fn nobody_suspends_what_is_theirs() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = world.bot();
    let path = format!("/api/oauth2/applications/{}", app.id);
    let fields = browser.call_with(Method::Patch, &path, &json!({"suspended": true}));
    assert_eq!(fields.fields(), ["suspended"]);
    assert_eq!(administration().id, "1");
}

#[test]
fn an_application_whose_last_device_is_gone_asks_again_and_stays_listed() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = &world.server;
    let asked = || browser.get(&app.asks().target()).status == 200;
    let listed = || {
        let path = format!("/api/oauth2/@me/authorizations/{}", app.id);
        let answer = browser.get(&path).expect(200).json();
        answer["devices"].as_array().unwrap().len()
    };
    let (one, two) = (
        world.tokens_for(&browser, app),
        world.tokens_for(&browser, app),
    );
    assert_eq!((listed(), asked()), (2, false));
    // A redirect without a question is a third device, once its code is redeemed.
    world.revoke(app, &one.refresh).expect(200);
    assert_eq!((listed(), asked()), (1, false));
    world.revoke(app, &two.access).expect(200);
    assert_eq!((listed(), asked()), (0, true));
    let page = browser.get("/settings/authorizations").expect(200);
    assert!(
        page.body.contains("No device uses it now."),
        "{}",
        page.body
    );
    let again = world.tokens_for(&browser, app);
    assert_eq!((listed(), asked()), (1, false));

    // The user's own button does the same.
    let path = format!("/api/oauth2/@me/authorizations/{}", app.id);
    let devices = browser.get(&path).json();
    let device = devices["devices"][0]["id"].as_str().unwrap().to_owned();
    browser
        .call(Method::Delete, &format!("{path}/devices/{device}"))
        .expect(204);
    assert_eq!(world.works(app, &again), (false, false));
    assert!(asked());
}

#[test]
fn a_theft_that_ends_the_last_device_has_the_consent_asked_again() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = &world.server;
    let asked = || browser.get(&app.asks().target()).status == 200;
    let code = browser.code(&app.asks());
    world.exchange(app, &code).expect(200);
    assert!(!asked());
    world.advance(11);
    world.exchange(app, &code).expect(400);
    assert!(asked());

    let stolen = world.tokens_for(&browser, app);
    let next = world.refresh(app, &stolen.refresh).tokens();
    world.refresh(app, &next.refresh).expect(200);
    assert!(!asked());
    world.advance(61);
    world.refresh(app, &stolen.refresh).expect(400);
    assert!(asked());
}

#[test]
fn administrators_suspend_and_free_on_the_pages() {
    let world = World::new();
    let (alice, staff) = (world.alices_browser(), world.browser());
    staff.log_in(&world.staff);
    let app = world.application(&json!({
        "name": "Mine", "owner_id": world.alice.id, "redirect_uris": ["https://mine.example/cb"],
    }));
    let tokens = world.tokens_for(&alice, &app);
    world.advance(1);
    let pages = [
        format!("/admin/users/{}", world.alice.id),
        format!("/admin/applications/{}", app.id),
    ];
    for (path, kind) in pages.iter().zip(["user", "application"]) {
        for (action, status) in [("suspend", 401), ("resume", 200)] {
            let page = staff.get(path).expect(200);
            let button = format!("button[value={action}]");
            let form = page.form_with(&button).with("action", action);
            let answer = staff.submit(&form).expect(303);
            let page = staff.get(answer.location()).expect(200);
            assert_eq!(page.texts("[role=status]").len(), 1, "{action}");
            let who = world.send(get("/api/users/@me").bearer(&tokens.access));
            assert_eq!(who.status, status, "{kind} {action}");
            let entry = world.audit_log().remove(0);
            assert_eq!(entry["action"], format!("{kind}.updated"));
            assert_eq!(entry["actor_id"], *world.staff.id);
            assert_eq!(entry["details"]["fields"], json!(["suspended"]));
            world.advance(6);
        }
    }
}

#[test]
fn nobody_suspends_or_deletes_themselves_on_the_pages() {
    let world = World::new();
    let staff = world.browser();
    staff.log_in(&world.staff);
    world.tokens_for(&staff, &world.server);
    let own = format!("/admin/users/{}", world.staff.id);
    let page = staff.get(&own).expect(200);
    assert_eq!(page.texts("button.danger"), ["Revoke everything"]);
    let form = page.form_with("button[value=everything]");
    for action in ["suspend", "resume", "delete"] {
        let form = form.clone().with("action", action);
        let form = form.with("password", PASSWORD);
        staff.submit(&form).expect(400);
    }
    staff.get(&own).expect(200);
}

#[test]
fn developers_are_told_that_their_application_is_suspended() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = world.application(&json!({"name": "Mine", "owner_id": world.alice.id}));
    let here = format!("/developers/{}", app.id);
    let told = || {
        let page = browser.get(&here).expect(200).texts("p.warning[role=note]");
        let list = browser
            .get("/developers")
            .expect(200)
            .texts(".entries .tag");
        (page.len(), list.iter().any(|it| it == "Suspended"))
    };
    assert_eq!(told(), (0, false));
    suspend_application(&world, &app.id, true);
    assert_eq!(told(), (1, true));
}
