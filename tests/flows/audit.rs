//! The audit log: one entry an action, never a secret, kept for as long as the setting says.

use fluxer_oauth2::endpoint::api::admin::audit_log;
use fluxer_oauth2::endpoint::deliveries::deliver;
use fluxer_oauth2::fluxer::audit::Action;
use fluxer_oauth2::http::Method;
use fluxer_oauth2::outbound::OutboundAnswer;
use fluxer_oauth2::store::memory::{Plan, When};
use serde_json::{Value, json};

use crate::platform::{Platformed, login_challenge};
use crate::world::{
    ADMIN_SECRET, Answer, App, Native, PASSWORD, VERIFIER, With, World, administrative, get,
    request, text,
};

const DAY: u64 = 86_400;

/// The entries that something leaves, oldest first, without their ids; who, what, through which
/// application, on whom, and what else.
fn left(world: &World, run: impl FnOnce()) -> Vec<Value> {
    // Entries are in the order of time, and of nothing else.
    world.advance(61);
    let now = world.now().to_iso();
    let before = world.audit_log();
    run();
    let mut after = world.audit_log();
    after.truncate(after.len() - before.len());
    after.reverse();
    for entry in &mut after {
        assert_eq!(entry["created_at"], now);
        let entry = entry.as_object_mut().expect("an object");
        assert!(entry.remove("id").expect("an id").is_string());
        entry.remove("created_at");
        let device = entry.remove("device").expect("a device");
        assert_eq!(device.is_null(), entry["address"] == "unknown", "{entry:?}");
        assert_eq!(entry.len(), 6, "{entry:?}");
    }
    after
}

fn entry(
    action: Action,
    address: &str,
    (actor, target): (&str, &str),
    application: Option<&str>,
    details: Value,
) -> Value {
    let mut entry = json!({
        "action": action.as_str(), "address": address, "actor_id": actor, "target_id": target,
        "application_id": application,
    });
    entry["details"] = details;
    entry
}

#[test]
fn what_users_do_is_written_down() {
    let world = World::new();
    let browser = world.alices_browser();
    let (alice, app) = (&*world.alice.id, &world.server);
    let home = "192.0.2.1";
    let by_alice = |action, target, application, details| {
        entry(action, home, (alice, target), application, details)
    };
    let check = |run: &dyn Fn(), expected: &[Value]| assert_eq!(left(&world, run), expected);
    let with_server = Some(&*app.id);

    let login = by_alice(Action::Login, alice, None, Value::Null);
    check(&|| browser.log_in(&world.alice), &[login]);
    let mut failed = entry(Action::LoginFailed, home, ("", alice), None, Value::Null);
    failed["actor_id"] = Value::Null;
    let wrong = |login: &str| drop(browser.try_to_log_in(login, "wrong").expect(403));
    check(
        &|| wrong("ALICE@mail.example"),
        std::slice::from_ref(&failed),
    );
    let mut unknown = failed.clone();
    unknown["target_id"] = Value::Null;
    check(&|| wrong("a password, perhaps"), &[unknown]);

    let consent = json!({"scope": "identify email"});
    let consent = by_alice(Action::Consent, alice, with_server, consent);
    let code = || browser.code(&app.asks());
    check(&|| drop(code()), std::slice::from_ref(&consent));
    check(&|| drop(code()), &[consent]);
    check(
        &|| drop(browser.get(&app.asks().with("scope", "guilds").target())),
        &[],
    );

    // An application's own doing: it is the one who acts.
    let tokens = world.exchange(app, &code()).tokens();
    let by_app = |action, details| entry(action, "unknown", (&app.id, alice), with_server, details);
    let revoked = left(&world, || {
        world.revoke(app, &tokens.refresh).expect(200);
    });
    let family = revoked[0]["details"].clone();
    assert!(family["device"].is_string(), "{family}");
    assert_eq!(revoked, [by_app(Action::TokenRevoked, family)]);
    let old = world.exchange(app, &code()).tokens();
    let new = world.refresh(app, &old.refresh).tokens();
    world.refresh(app, &new.refresh).expect(200);
    world.advance(3_600);
    let reused = left(&world, || {
        world.refresh(app, &old.refresh).expect(400);
    });
    let family = reused[0]["details"].clone();
    assert!(family["device"].is_string(), "{family}");
    assert_eq!(reused, [by_app(Action::TokenReused, family)]);

    let path = format!("/api/oauth2/@me/authorizations/{}", app.id);
    world.exchange(app, &code()).tokens();
    let devices = browser.get(&path).expect(200).json();
    let device = devices["devices"][0]["id"].as_str().unwrap();
    let device = format!("{path}/devices/{device}");
    let lost = by_alice(Action::DeviceRevoked, alice, with_server, Value::Null);
    check(
        &|| drop(browser.call(Method::Delete, &device).expect(204)),
        &[lost],
    );
    check(
        &|| drop(browser.call(Method::Delete, &device).expect(404)),
        &[],
    );
    let back = by_alice(Action::Deauthorized, alice, with_server, Value::Null);
    let take_back = || drop(browser.call(Method::Delete, &path));
    check(&take_back, &[back]);
    check(&take_back, &[]);
    let form = browser.get("/logout").form("csrf_token");
    let logout = by_alice(Action::Logout, alice, None, Value::Null);
    check(&|| drop(browser.submit(&form)), &[logout]);
}

#[test]
fn what_owners_do_is_written_down() {
    let world = World::new();
    let browser = world.alices_browser();
    let alice = &*world.alice.id;
    let applications = "/api/oauth2/applications";
    let password = json!({"password": PASSWORD});
    let by_alice =
        |action, target: &str, details| entry(action, "192.0.2.1", (alice, target), None, details);
    let app = std::cell::RefCell::new(App::default());
    let made = left(&world, || {
        let application = json!({"name": "Mine"});
        let made = browser.call_with(Method::Post, applications, &application);
        app.replace(App::shown_in(&made.expect(200).json()));
    });
    let app = app.into_inner();
    let said = |action, details| by_alice(action, &app.id, details);
    assert_eq!(made, [said(Action::ApplicationCreated, Value::Null)]);
    let fields = json!({"fields": ["name", "redirect_uris", "bot_public"]});
    let change = json!({"name": "X", "redirect_uris": null, "bot_public": false});
    let wrong = json!({"password": "wrong"});
    let mut failed = said(Action::LoginFailed, json!({"at": "confirmation"}));
    failed["actor_id"] = Value::Null;
    failed["target_id"] = json!(alice);
    for (method, tail, body, expected) in [
        (
            Method::Patch,
            "",
            &change,
            Some(said(Action::ApplicationUpdated, fields)),
        ),
        (
            Method::Post,
            "/bot",
            &password,
            Some(said(Action::BotCreated, Value::Null)),
        ),
        (Method::Post, "/bot", &password, None),
        (
            Method::Post,
            "/bot/reset-token",
            &password,
            Some(said(Action::BotTokenReset, Value::Null)),
        ),
        (
            Method::Post,
            "/client-secret/reset",
            &password,
            Some(said(Action::ClientSecretReset, Value::Null)),
        ),
        (Method::Post, "/client-secret/reset", &change, None),
        (
            Method::Post,
            "/client-secret/rotate",
            &password,
            Some(said(
                Action::ClientSecretRotated,
                json!({"grace_seconds": DAY}),
            )),
        ),
        (Method::Post, "/client-secret/rotate", &change, None),
        (Method::Delete, "", &wrong, Some(failed)),
        (Method::Patch, "", &json!({"name": ""}), None),
        (
            Method::Delete,
            "",
            &password,
            Some(said(Action::ApplicationDeleted, Value::Null)),
        ),
        (Method::Delete, "", &password, None),
    ] {
        let path = format!("{applications}/{}{tail}", app.id);
        let written = left(&world, || drop(browser.call_with(method, &path, body)));
        assert_eq!(written, Vec::from_iter(expected), "{tail}");
    }
}

const USERS: &str = "/api/admin/users";
const GUILDS: &str = "/api/admin/guilds";
const APPLICATIONS: &str = "/api/admin/applications";

/// What the built-in application asks for on its own behalf: the answer, and what is written down.
fn administered(
    world: &World,
    method: Method,
    path: &str,
    body: Option<&Value>,
) -> (Answer, Vec<Value>) {
    let mut answer = None;
    let written = left(world, || {
        answer = Some(world.administer(method, path, body));
    });
    (answer.expect("an answer"), written)
}

/// An entry of its doing.
fn said(action: Action, target: &str, details: Value) -> Value {
    entry(action, "unknown", ("1", target), None, details)
}

/// Makes something, of which there is one entry; its id.
fn made(world: &World, path: &str, body: &Value, action: Action) -> String {
    let (answer, written) = administered(world, Method::Post, path, Some(body));
    let id = text(&answer.expect(200).json(), "id");
    assert_eq!(written, [said(action, &id, Value::Null)]);
    id
}

/// A request, its body, and what is written down of it.
type Deed<'d> = (Method, &'d str, Option<Value>, Option<Value>);

fn check(world: &World, deeds: &[Deed<'_>]) {
    for (method, path, body, expected) in deeds {
        let (_, written) = administered(world, *method, path, body.as_ref());
        assert_eq!(written, Vec::from_iter(expected.clone()), "{path}");
    }
}

#[test]
fn what_becomes_of_users_is_written_down() {
    let world = World::new();
    let password = "another password entirely";
    let user = json!({"username": "bob", "email": "bob@mail.example", "password": password});
    let bob = made(&world, USERS, &user, Action::UserCreated);
    let one = format!("{USERS}/{bob}");
    let connection = format!("{one}/connections/github/5");
    let change = json!({"verified": true, "password": password});
    let fields = json!({"fields": ["password", "verified"]});
    let about = json!({"type": "github", "id": "5"});
    let changed = said(Action::UserUpdated, &bob, fields);
    let set = said(Action::ConnectionSet, &bob, about.clone());
    let removed = said(Action::ConnectionRemoved, &bob, about);
    let deleted = said(Action::UserDeleted, &bob, Value::Null);
    let deeds: &[Deed<'_>] = &[
        (Method::Patch, &one, Some(change), Some(changed)),
        (
            Method::Patch,
            &one,
            Some(json!({"username": "ALICE"})),
            None,
        ),
        (Method::Patch, &one, Some(json!({"username": 1})), None),
        (
            Method::Put,
            &connection,
            Some(json!({"name": "bob"})),
            Some(set),
        ),
        (Method::Put, &connection, Some(json!({})), None),
        (Method::Delete, &connection, None, Some(removed)),
        (Method::Delete, &connection, None, None),
        (Method::Get, &one, None, None),
        (Method::Delete, &one, None, Some(deleted)),
        (Method::Delete, &one, None, None),
    ];
    check(&world, deeds);

    // With Alice goes what she had authorized.
    let (browser, alice) = (world.alices_browser(), &*world.alice.id);
    let with_server = Some(&*world.server.id);
    let back = entry(
        Action::Deauthorized,
        "unknown",
        ("1", alice),
        with_server,
        Value::Null,
    );
    let one = format!("{USERS}/{alice}");
    let all = format!("{one}/authorizations");
    let of_server = format!("{all}/{}", world.server.id);
    for path in [&all, &of_server] {
        browser.code(&world.server.asks());
        check(&world, &[(Method::Delete, path, None, Some(back.clone()))]);
        check(&world, &[(Method::Delete, path, None, None)]);
    }
    browser.code(&world.server.asks());
    let (_, mut written) = administered(&world, Method::Delete, &one, None);
    written.sort_by_key(ToString::to_string);
    assert_eq!(
        written,
        [back, said(Action::UserDeleted, alice, Value::Null)]
    );
}

#[test]
fn what_becomes_of_guilds_and_applications_is_written_down() {
    let world = World::new();
    let (browser, alice) = (world.alices_browser(), &*world.alice.id);
    let guild = json!({"name": "G", "owner_id": alice});
    let guild = made(&world, GUILDS, &guild, Action::GuildCreated);
    let app = json!({"name": "A", "bot": true});
    let app = made(&world, APPLICATIONS, &app, Action::ApplicationCreated);
    let (one, application) = (format!("{GUILDS}/{guild}"), format!("{APPLICATIONS}/{app}"));
    let member = format!("{one}/members/{}", world.staff.id);
    let details = json!({"user_id": world.staff.id, "permissions": "8"});
    let set = said(Action::MemberSet, &guild, details);
    let removed = said(
        Action::MemberRemoved,
        &guild,
        json!({"user_id": world.staff.id}),
    );
    let change = json!({"flags": 1, "trusted": true});
    let changed = said(
        Action::ApplicationUpdated,
        &app,
        json!({"fields": ["trusted", "flags"]}),
    );
    let deeds: &[Deed<'_>] = &[
        (
            Method::Put,
            &member,
            Some(json!({"permissions": "8"})),
            Some(set),
        ),
        (Method::Put, &member, Some(json!({"permissions": 8})), None),
        (Method::Delete, &member, None, Some(removed)),
        (Method::Delete, &member, None, None),
        (Method::Patch, &application, Some(change), Some(changed)),
        (
            Method::Patch,
            &application,
            Some(json!({"flags": -1})),
            None,
        ),
    ];
    check(&world, deeds);

    // A bot is added in its user's name, with its application.
    let shown = App {
        id: app.clone(),
        ..App::default()
    };
    let link = shown.bot_link().with("permissions", "1024");
    let form = browser.consent(&link).with("guild_id", &guild);
    let added = left(&world, || {
        let answer = browser.submit(&form.clone().with("decision", "deny"));
        answer.expect(200);
        browser
            .submit(&form.with("decision", "approve"))
            .expect(200);
    });
    let (who, details) = ((alice, &*guild), json!({"permissions": "1024"}));
    assert_eq!(
        added,
        [entry(
            Action::BotAdded,
            "192.0.2.1",
            who,
            Some(&app),
            details
        )]
    );
    let bot = format!("{one}/members/{app}");
    let removed = said(Action::MemberRemoved, &guild, json!({"user_id": app}));
    let no_more = said(Action::ApplicationDeleted, &app, Value::Null);
    let deleted = said(Action::GuildDeleted, &guild, Value::Null);
    let deeds: &[Deed<'_>] = &[
        (Method::Delete, &bot, None, Some(removed)),
        (Method::Delete, &application, None, Some(no_more)),
        (Method::Delete, &application, None, None),
        (Method::Delete, &one, None, Some(deleted)),
        (Method::Delete, &one, None, None),
    ];
    check(&world, deeds);
}

#[test]
fn an_administrator_acts_in_their_own_name() {
    let world = World::new();
    let console = json!({
        "name": "Console", "trusted": true, "redirect_uris": ["https://console.example/cb"],
    });
    let console = world.application(&console);
    let staff = world.browser();
    staff.log_in(&world.staff);
    let code = staff.code(&console.asks().with("scope", "admin"));
    let token = world.exchange(&console, &code).tokens().access;
    let path = format!("/api/admin/users/{}", world.alice.id);
    let change = administrative(Method::Patch, &path, Some(&json!({"admin": true})), &token);
    let written = left(&world, || drop(staff.send(change).expect(200)));
    let fields = json!({"fields": ["admin"]});
    let (who, alice) = (&*world.staff.id, &*world.alice.id);
    let expected = entry(Action::UserUpdated, "192.0.2.1", (who, alice), None, fields);
    assert_eq!(written, [expected]);
}

#[test]
fn a_form_sent_again_adds_no_bot_and_says_so_once() {
    let world = World::new();
    let (app, browser) = (world.bot(), world.alices_browser());
    let guild = world.guild("G", &world.alice);
    let form = browser.consent(&app.bot_link()).with("guild_id", &guild);
    let form = form.with("decision", "approve");
    let written = left(&world, || {
        for _ in 0..5 {
            browser.submit(&form).expect(200);
        }
    });
    assert_eq!(written.len(), 1, "{written:?}");
}

#[test]
fn what_becomes_of_signing_keys_is_written_down() {
    let world = Native::new();
    let keys = "/api/admin/keys";
    let rotate = format!("{keys}/rotate");
    world.administer(Method::Post, &rotate, None).expect(202);
    let first = world.administer(Method::Get, keys, None).expect(200).json();
    let one = format!("{keys}/{}", text(&first[0], "kid"));
    world.advance(1);
    world.administer(Method::Delete, &one, None);
    let written: Vec<_> = world
        .audit_log()
        .iter()
        .map(|entry| text(entry, "action"))
        .collect();
    for action in [Action::KeysRotated, Action::KeyRemoved] {
        assert!(written.iter().any(|it| it == action.as_str()), "{action:?}");
    }
}

#[test]
fn who_may_register_clients_is_written_down() {
    let world = World::new();
    let path = "/api/admin/registration-tokens";
    let made = world.administer(Method::Post, path, Some(&json!({"name": "CI"})));
    let made = made.expect(201).json();
    let one = format!("{path}/{}", text(&made, "id"));
    world.advance(1);
    world.administer(Method::Delete, &one, None).expect(204);
    let log = world.audit_log();
    let actions = [
        Action::RegistrationTokenDeleted,
        Action::RegistrationTokenCreated,
    ];
    for (entry, action) in log.iter().zip(actions) {
        assert_eq!(entry["action"], action.as_str());
        assert_eq!(entry["target_id"], made["id"]);
        assert!(!entry.to_string().contains(&text(&made, "token")));
    }
}

#[test]
fn keys_and_resource_servers_are_written_down() {
    let world = World::new();
    let post = |path: &str, body: Option<&Value>| world.administer(Method::Post, path, body);
    let resource = json!({
        "identifier": "urn:example:tickets", "name": "Tickets",
        "scopes": [{"name": "tickets:read", "description": "See your tickets"}],
    });
    let made = post("/api/admin/resources", Some(&resource))
        .expect(200)
        .json();
    let path = format!("/api/admin/resources/{}", text(&made, "id"));
    world.advance(1);
    let change = json!({"name": "Support"});
    world
        .administer(Method::Patch, &path, Some(&change))
        .expect(200);
    world.advance(1);
    world.administer(Method::Delete, &path, None).expect(204);
    world.advance(1);
    let keys = post("/api/admin/keys/rotate", None).expect(202).json();
    world.advance(1);
    let kid = text(&keys[0], "kid");
    let key = format!("/api/admin/keys/{kid}");
    world.administer(Method::Delete, &key, None).expect(204);
    let log = world.audit_log();
    let actions = [
        Action::KeyRemoved,
        Action::KeysRotated,
        Action::ResourceDeleted,
        Action::ResourceUpdated,
        Action::ResourceCreated,
    ];
    for (entry, action) in log.iter().zip(actions) {
        assert_eq!(entry["action"], action.as_str());
        assert_eq!(entry["actor_id"], "1");
    }
    assert_eq!(log[0]["details"]["kid"], json!(kid));
    assert!(
        log[2..5]
            .iter()
            .all(|entry| entry["target_id"] == made["id"])
    );
}

#[test]
fn what_is_moved_in_and_out_is_written_down() {
    let world = World::new();
    let user = json!({"record": "user", "id": "5", "username": "carol", "email": "c@x.example"});
    let token = world.admin_token();
    let import = administrative(Method::Post, "/api/admin/import", Some(&user), &token);
    let import = left(&world, || {
        world.send(import).expect(200);
    });
    let counts = json!({"created": 1, "unchanged": 0, "refused": 0});
    let expected = |action, details| {
        let mut entry = entry(action, "unknown", ("1", "1"), None, details);
        entry["target_id"] = Value::Null;
        vec![entry]
    };
    assert_eq!(import, expected(Action::Imported, counts));
    let export = left(&world, || {
        world
            .send(get("/api/admin/export").bearer(&token))
            .expect(200);
    });
    assert_eq!(export, expected(Action::Exported, Value::Null));
}

#[test]
fn a_token_of_the_server_before_is_written_down_once() {
    let url = "http://127.0.0.1:9000/introspect";
    let world = Native::new().reconfigured(&[("LEGACY_INTROSPECTION_URL", url)]);
    let said = json!({
        "active": true, "client_id": world.server.id, "sub": world.alice.id, "scope": "identify",
    });
    world.memory.serve_json(url, &said);
    for _ in 0..2 {
        world.refresh(&world.server, "an-opaque-token").expect(200);
    }
    let log = world.audit_log();
    let adopted = |entry: &&Value| entry["action"] == Action::TokenAdopted.as_str();
    let adopted: Vec<_> = log.iter().filter(adopted).collect();
    assert_eq!(adopted.len(), 1, "{log:?}");
    assert_eq!(adopted[0]["target_id"], *world.alice.id);
}

#[test]
fn that_a_person_was_taken_out_is_written_down_and_who_it_was_is_not() {
    let world = World::new();
    let path = format!("/api/admin/audit-log/{}", world.alice.id);
    let written = left(&world, || {
        world.administer(Method::Delete, &path, None).expect(204);
    });
    let mut expected = entry(
        Action::PersonErased,
        "unknown",
        ("1", "1"),
        None,
        Value::Null,
    );
    expected["target_id"] = Value::Null;
    assert_eq!(written, [expected]);
}

#[test]
fn what_users_do_with_their_own_account_is_written_down() {
    let world = World::new();
    let browser = world.alices_browser();
    let alice = &*world.alice.id;
    let press = |action: &str, fields: &[(&str, &str)]| {
        let page = browser.get("/settings").expect(200);
        let form = page.form_with(&format!("button[value={action}]"));
        let form = fields
            .iter()
            .fold(form, |form, (name, value)| form.with(name, value));
        browser.submit(&form.with("action", action)).expect(303);
    };
    let by_alice =
        |action, details| vec![entry(action, "192.0.2.1", (alice, alice), None, details)];
    let new = "another password";
    let fields = [
        ("password", PASSWORD),
        ("new_password", new),
        ("repeat_password", new),
    ];
    assert_eq!(
        left(&world, || press("password", &fields)),
        by_alice(Action::PasswordChanged, Value::Null)
    );
    world.browser().try_to_log_in("alice", new).expect(303);
    assert_eq!(
        left(&world, || press("others", &[])),
        by_alice(Action::SessionsEnded, json!({"browsers": "others"}))
    );
}

#[test]
fn a_fault_is_written_down_without_what_was_sent() {
    let world = Native::new();
    let browser = world.alices_browser();
    world.memory.plan.set(Some(Plan {
        step: 0,
        when: When::Before,
    }));
    world.advance(1);
    browser.get("/developers?secret=hunter2").expect(503);
    let entry = &world.audit_log()[0];
    assert_eq!(entry["action"], Action::Fault.as_str());
    assert_eq!(entry["details"]["path"], "/developers");
    assert!(!entry.to_string().contains("hunter2"));
}

#[test]
fn a_fault_names_the_application_that_it_is_about() {
    let world = Native::new();
    let tokens = world.tokens(&world.server);
    world.memory.outage.set(Some("ledger"));
    world.advance(1);
    world.refresh(&world.server, &tokens.refresh).expect(503);
    world.memory.outage.set(None);
    assert_eq!(world.audit_log()[0]["application_id"], world.server.id);
    let log = world.memory.log.borrow();
    let line = log.iter().find(|it| it.starts_with('{')).expect("a line");
    let line: Value = serde_json::from_str(line).expect("JSON");
    assert_eq!(line["application"], world.server.id);
    assert_eq!(line["level"], "error");
}

/// A thousand rows a second of an outage would be one of D1.
#[test]
fn an_outage_writes_few_entries_and_says_how_many_it_left_out() {
    let world = Native::new();
    let tokens = world.tokens(&world.server);
    let faults = || {
        world.memory.outage.set(None);
        let mut log = world.audit_log();
        world.memory.outage.set(Some("ledger"));
        log.retain(|it| it["action"] == Action::Fault.as_str());
        log
    };
    world.memory.outage.set(Some("ledger"));
    for _ in 0..100 {
        world.refresh(&world.server, &tokens.refresh).expect(503);
    }
    assert_eq!(faults().len(), 10);
    world.advance(59);
    world.refresh(&world.server, &tokens.refresh).expect(503);
    assert_eq!(faults().len(), 10);
    world.advance(1);
    world.refresh(&world.server, &tokens.refresh).expect(503);
    world.refresh(&world.server, &tokens.refresh).expect(503);
    let left_out = faults();
    assert_eq!(left_out.len(), 12);
    let told: Vec<_> = left_out
        .iter()
        .filter_map(|it| it["details"].get("left_out"))
        .collect();
    assert_eq!(told, [91]);
    // The log has each, and so has whoever was shown a reference.
    let log = world.memory.log.borrow();
    assert_eq!(
        log.iter().filter(|it| it.contains("reference")).count(),
        103
    );
}

#[test]
fn what_the_platform_says_is_written_down() {
    let world = Platformed::new();
    let alice = world.alice.id.clone();
    let browser = world.browser();
    let challenge = login_challenge(&browser, "/developers");
    let accept = world.acceptance(&alice);
    let said = left(&world, || drop(world.accept(&challenge, &accept)));
    let of_alice = |action, details| {
        let mut entry = entry(action, "unknown", ("", &alice), None, details);
        entry["actor_id"] = Value::Null;
        vec![entry]
    };
    assert_eq!(said, of_alice(Action::LoginAccepted, json!({"by": "key"})));
    world.advance(61);
    let mut event = world.event_of("1", "member-removed", &alice);
    event["at"] = json!(1_790_000_000);
    let send = || {
        world.event(&event).expect(202);
    };
    let at = "2026-09-21T14:13:20.000Z";
    let details = json!({"type": "member-removed", "at": at});
    assert_eq!(left(&world, send), of_alice(Action::PlatformEvent, details));
    assert_eq!(
        left(&world, send),
        [] as [Value; 0],
        "sent again, it is one entry"
    );
}

#[test]
fn an_event_that_nobody_takes_is_written_down() {
    let url = "http://127.0.0.1:9000/told";
    let settings = [
        ("AUTHORIZATION_EVENTS_URL", url),
        ("PLATFORM_KEY", "a-key-that-the-platform-has-too"),
    ];
    let world = Native::new().reconfigured(&settings);
    world.memory.serve(url, gone());
    world.alices_browser().code(&world.server.asks());
    let written = left(&world, || {
        let outbox = world.memory.woken().remove(0);
        let turn = deliver(&*world.memory, &world.config, outbox);
        assert_eq!(pollster::block_on(turn).ok(), Some(None));
    });
    let details = json!({
        "type": "application_authorized", "receiver": "operator", "attempts": 1,
        "reason": "it answered 410",
    });
    let mut expected = entry(
        Action::EventGivenUp,
        "unknown",
        ("1", &world.alice.id),
        Some(&*world.server.id),
        details,
    );
    expected["actor_id"] = Value::Null;
    assert_eq!(written, [expected]);
}

fn gone() -> OutboundAnswer {
    OutboundAnswer {
        status: 410,
        content_type: String::new(),
        cache_control: String::new(),
        body: None,
    }
}

#[test]
fn every_action_has_a_test_that_writes_it() {
    let this = include_str!("audit.rs");
    for action in Action::ALL {
        assert!(this.contains(&format!("Action::{action:?}")), "{action:?}");
    }
}

#[test]
fn no_secret_is_written_down() {
    let world = Native::new();
    let browser = world.alices_browser();
    let guild = world.guild("G", &world.alice);
    let made = json!({
        "name": "Mine", "bot": true, "redirect_uris": ["https://mine.example/cb"],
    });
    let made = browser.call_with(Method::Post, "/api/oauth2/applications", &made);
    let app = App::shown_in(&made.expect(200).json());
    let path = format!("/api/oauth2/applications/{}", app.id);
    let password = json!({"password": PASSWORD});
    let tail = |tail: &str| {
        let reset = browser.call_with(Method::Post, &format!("{path}/{tail}"), &password);
        reset.expect(200).json()
    };
    let bot_token = text(&tail("bot/reset-token"), "token");
    let rotated = text(&tail("client-secret/rotate"), "client_secret");
    let secret = text(&tail("client-secret/reset"), "client_secret");
    let renewed = App {
        secret: Some(secret.clone()),
        ..app.clone()
    };
    let asks = renewed.asks().with("scope", "identify bot").with_pkce();
    let form = browser.consent(&asks);
    let ticket = form.field("csrf_token").to_owned();
    let form = form.with("guild_id", &guild).with("decision", "approve");
    let code = browser.submit(&form).parameter("code").expect("a code");
    let exchange = [&*renewed.exchange(&code), &[("code_verifier", VERIFIER)]].concat();
    let tokens = world.token(&renewed, &exchange).tokens();
    let next = world.refresh(&renewed, &tokens.refresh).tokens();
    world.revoke(&renewed, &next.refresh).expect(200);
    let typed = ["hunter2 in the wrong field", "another wrong guess"];
    world
        .browser()
        .try_to_log_in(typed[0], typed[1])
        .expect(403);
    world.browser().try_to_log_in("alice", typed[1]).expect(403);
    let wrong = json!({"password": typed[1]});
    browser.call_with(Method::Delete, &path, &wrong).expect(400);
    let new = "a new password for alice";
    let change = json!({"password": new, "email": "new@mail.example"});
    let one = format!("/api/admin/users/{}", world.alice.id);
    world
        .administer(Method::Patch, &one, Some(&change))
        .expect(200);

    let mut secrets = vec![
        rotated,
        ADMIN_SECRET.to_owned(),
        PASSWORD.to_owned(),
        VERIFIER.to_owned(),
        new.to_owned(),
        "new@mail.example".to_owned(),
        app.secret.expect("a secret"),
        app.bot_token.expect("a bot"),
        secret,
        bot_token,
        ticket,
        code,
        tokens.access,
        tokens.refresh,
        next.access,
        next.refresh,
        world.admin_token(),
    ];
    secrets.extend(typed.map(str::to_owned));
    secrets.extend(browser.cookies().into_values());
    let entries = world.audit_log();
    assert!(entries.len() > 12, "{}", entries.len());
    let written = Value::Array(entries).to_string();
    let stored = world.memory.dump();
    for secret in &secrets {
        let tell_tale = secret.rsplit('.').next().expect("a last part");
        assert!(!written.contains(tell_tale), "{secret}");
        if !secret.contains('@') {
            assert!(!stored.contains(tell_tale), "{secret}");
        }
    }
}

#[test]
fn the_log_is_read_backwards_page_by_page() {
    let world = World::new();
    for _ in 0..150 {
        world.advance(1);
        let change = json!({"verified": true});
        let path = format!("/api/admin/users/{}", world.alice.id);
        world
            .administer(Method::Patch, &path, Some(&change))
            .expect(200);
    }
    let log = "/api/admin/audit-log";
    let read = |target: &str| world.administer(Method::Get, target, None);
    let all = |limit: usize| {
        let mut all: Vec<String> = Vec::new();
        loop {
            let before = all.last().map(|last| format!("&before={last}"));
            let page = read(&format!(
                "{log}?limit={limit}{}",
                before.unwrap_or_default()
            ))
            .ids();
            assert!(page.len() <= limit);
            assert!(page.iter().all(|id| !all.contains(id)), "twice");
            if page.is_empty() {
                return all;
            }
            all.extend(page);
        }
    };
    let expected = all(100);
    assert!(expected.len() > 150);
    let numbers: Vec<u64> = expected
        .iter()
        .map(|id| id.parse().expect("an id"))
        .collect();
    assert!(numbers.is_sorted_by(|newer, older| newer > older));
    for limit in [1, 7, 99] {
        assert_eq!(all(limit), expected, "{limit}");
    }
    assert_eq!(read(log).ids(), expected[..100]);
    assert_eq!(read(&format!("{log}?before=1")).ids(), [""; 0]);
    for (query, fields) in [
        ("limit=0", &["limit"][..]),
        ("limit=101", &["limit"]),
        ("limit=x&before=-1", &["before", "limit"]),
        ("before=01", &["before"]),
        ("before=9223372036854775808", &["before"]),
        ("before=x", &["before"]),
    ] {
        assert_eq!(read(&format!("{log}?{query}")).fields(), fields, "{query}");
    }
}

#[test]
fn an_entry_is_kept_for_so_many_days_and_no_longer() {
    for (setting, days) in [(None, 90), (Some("1"), 1), (Some("3650"), 3650)] {
        let settings = setting.map(|days| ("AUDIT_LOG_DAYS", days));
        let world = Native::with(&Vec::from_iter(settings));
        let sweep = || {
            let lifetime = world.config.audit_log_lifetime;
            let swept = audit_log::sweep(&*world.memory, lifetime);
            pollster::block_on(swept).expect("swept");
        };
        let made = world.audit_log();
        let kept = world.user("kept", false);
        let rests = || {
            let kept = made
                .iter()
                .filter(|it| world.memory.dump().contains(&text(it, "id")));
            kept.count()
        };
        assert!(!made.is_empty());
        // The world was a minute old.
        world.advance(days * DAY - 61);
        sweep();
        assert_eq!(world.audit_log().len(), made.len() + 1);
        // Shown no longer, whether the sweep has come by or not.
        world.advance(2);
        let log = world.audit_log();
        assert_eq!(log.len(), 1, "{log:?}");
        assert_eq!(log[0]["target_id"], *kept.id);
        assert_eq!(rests(), made.len());
        sweep();
        assert_eq!(rests(), 0);
        assert_eq!(world.audit_log(), log);
    }
}

#[test]
fn a_sweep_takes_sessions_that_have_expired() {
    let world = Native::with(&[("SESSION_LIFETIME", "1000")]);
    let old = world.alices_browser();
    world.advance(600);
    let young = world.alices_browser();
    let sessions = || world.memory.dump().matches("StoredSession").count();
    let sweep = || {
        let swept = audit_log::sweep(&*world.memory, world.config.audit_log_lifetime);
        pollster::block_on(swept)
    };
    sweep().expect("swept");
    assert_eq!((sessions(), old.is_logged_in()), (2, true));
    world.advance(400);
    sweep().expect("swept");
    assert_eq!(
        (sessions(), old.is_logged_in(), young.is_logged_in()),
        (1, false, true)
    );
    world.memory.outage.set(Some("d1"));
    assert!(sweep().is_err());
    world.memory.outage.set(None);
    assert!(young.is_logged_in());
}

#[test]
fn a_log_that_fails_costs_nobody_an_answer_and_says_what_is_lost() {
    let world = Native::new();
    let browser = world.alices_browser();
    let app = world.bot();
    let tokens = world.tokens_for(&browser, &world.server);
    world.memory.outage.set(Some("audit"));
    let before = world.audit_log().len();
    let lost = |action: Action, run: &dyn Fn() -> Answer| {
        world.memory.log.borrow_mut().clear();
        let answer = run();
        assert!(
            answer.status < 400 || answer.status == 403,
            "{}",
            answer.body
        );
        let log = world.memory.log.borrow().join("\n");
        assert!(log.contains("an entry of the audit log is lost"), "{log}");
        assert!(
            log.contains(&format!("\"action\":\"{}\"", action.as_str())),
            "{log}"
        );
        assert!(!log.contains(PASSWORD) && !log.contains("wrong"), "{log}");
    };
    let form = || world.browser().try_to_log_in("alice", PASSWORD);
    lost(Action::Login, &form);
    lost(Action::LoginFailed, &|| {
        world.browser().try_to_log_in("alice", "wrong")
    });
    lost(Action::TokenRevoked, &|| {
        world.revoke(&world.server, &tokens.access)
    });
    let reset = format!("/api/oauth2/applications/{}/client-secret/reset", app.id);
    let password = json!({"password": PASSWORD});
    lost(Action::ClientSecretReset, &|| {
        browser.call_with(Method::Post, &reset, &password)
    });
    let guild = json!({"name": "G", "owner_id": world.alice.id});
    lost(Action::GuildCreated, &|| {
        world.administer(Method::Post, "/api/admin/guilds", Some(&guild))
    });
    // What was done is done.
    let guilds = world
        .administer(Method::Get, "/api/admin/guilds", None)
        .ids();
    assert_eq!(guilds.len(), 1);
    // A consent is remembered with its entry, or not at all: there is none without.
    world.memory.outage.set(Some("d1.write"));
    let form = browser
        .consent(&app.bot_link())
        .with("guild_id", &guilds[0]);
    let form = form.with("decision", "approve");
    browser.submit(&form).expect(503);
    world.memory.outage.set(None);
    assert_eq!(world.permissions_of(&guilds[0], &app.id), None);
    let only_the_fault = world.audit_log();
    assert_eq!(only_the_fault.len(), before + 1);
    let is_fault = |entry: &&Value| entry["action"] == Action::Fault.as_str();
    assert_eq!(only_the_fault.iter().filter(is_fault).count(), 1);
    browser.submit(&form).expect(200);
    assert_eq!(world.audit_log().len(), before + 2);
    // Nobody but administrators reads it.
    world.send(get("/api/admin/audit-log")).expect(401);
    browser
        .send(request(Method::Delete, "/api/admin/audit-log"))
        .expect(405);
}
