//! The six scopes: what each opens, and who may ask for which.

use fluxer_oauth2::http::Method;
use serde_json::{Value, json};

use crate::world::{Answer, App, Browser, With, World, administration, administrative, get, text};

const SCOPES: [&str; 6] = ["identify", "email", "guilds", "connections", "bot", "admin"];

/// What each resource takes; a token that has a user opens the first whatever its scope.
const RESOURCES: [(&str, &str); 5] = [
    ("/api/oauth2/@me", ""),
    ("/api/users/@me", "identify"),
    ("/api/oauth2/userinfo", "identify"),
    ("/api/users/@me/guilds", "guilds"),
    ("/api/users/@me/connections", "connections"),
];

/// The platform's own console: trusted, and with a bot.
fn console(world: &World) -> App {
    world.application(&json!({
        "name": "Console", "trusted": true, "bot": true,
        "redirect_uris": ["https://console.example/cb"],
    }))
}

fn staff(world: &World) -> Browser<'_> {
    let browser = world.browser();
    browser.log_in(&world.staff);
    browser
}

fn members(value: &Value) -> Vec<&str> {
    let object = value.as_object().expect("an object");
    object.keys().map(String::as_str).collect()
}

fn is_closed(answer: &Answer, scope: &str, about: &str) {
    assert_eq!(answer.status, 403, "{about}: {}", answer.body);
    let expected = json!({
        "code": "MISSING_OAUTH_SCOPE",
        "message": "Missing required OAuth2 scope",
        "required_scope": scope,
    });
    assert_eq!(answer.json(), expected, "{about}");
    let challenge = format!("error=\"insufficient_scope\", scope=\"{scope}\"");
    let challenge = crate::world::challenge(&challenge);
    assert_eq!(answer.header("www-authenticate"), Some(&*challenge));
}

/// The scope that a token of the application's is answered, with the guild for its bot.
fn granted(world: &World, browser: &Browser<'_>, app: &App, scope: &str) -> (String, String) {
    let asks = app.asks().with("scope", scope).with("prompt", "consent");
    let guild = scope
        .contains("bot")
        .then(|| world.guild("G", &world.staff));
    let form = browser.consent(&asks);
    let form = match &guild {
        Some(guild) => form.with("guild_id", guild),
        None => form,
    };
    let answer = browser.submit(&form.with("decision", "approve"));
    let code = answer.expect(303).parameter("code").expect("a code");
    let tokens = world.exchange(app, &code).tokens();
    let refreshed = world.refresh(app, &tokens.refresh).tokens();
    assert_eq!(refreshed.scope, tokens.scope);
    (tokens.scope, refreshed.access)
}

#[test]
fn every_set_of_scopes_opens_what_its_scopes_name_and_nothing_else() {
    let world = World::new();
    let (app, browser) = (console(&world), staff(&world));
    for set in world.some(1_u32..64, 5) {
        let is_in = |index: usize| set & (1 << index) != 0;
        let asked: Vec<_> = (0..6)
            .filter(|it| is_in(*it))
            .map(|it| SCOPES[it])
            .collect();
        // Asked backwards and twice, answered in order and once.
        let backwards: Vec<_> = asked.iter().rev().chain(&asked).copied().collect();
        let (scope, token) = granted(&world, &browser, &app, &backwards.join(" "));
        assert_eq!(scope, asked.join(" "));
        for (path, opened_by) in RESOURCES {
            let answer = world.send(get(path).bearer(&token));
            if opened_by.is_empty() || asked.contains(&opened_by) {
                assert_eq!(answer.status, 200, "{scope}: {path}");
            } else {
                is_closed(&answer, opened_by, &scope);
            }
        }
        let users = get("/api/admin/users").bearer(&token);
        if asked.contains(&"admin") {
            world.send(users).expect(200);
        } else {
            is_closed(&world.send(users), "admin", &scope);
        }
        for bots_alone in ["/api/guilds/1", "/api/applications/@me"] {
            let answer = world.send(get(bots_alone).bearer(&token)).expect(401);
            assert_eq!(answer.code(), "INVALID_TOKEN");
        }

        let itself = world.send(get("/api/oauth2/@me").bearer(&token)).json();
        assert_eq!(itself["scopes"], json!(asked));
        let user = world.me(&token).json();
        if asked.contains(&"identify") {
            let mut shown = vec!["avatar", "discriminator", "id", "public_flags", "username"];
            if asked.contains(&"email") {
                shown.extend(["email", "verified"]);
            }
            shown.sort_unstable();
            assert_eq!(members(&user), shown, "{scope}");
            assert_eq!(itself["user"], user);
        } else {
            assert_eq!(itself.get("user"), None, "{scope}");
        }
    }
}

#[test]
fn guilds_are_shown_as_five_members() {
    let world = World::new();
    let own = json!({"name": "Own <b>", "owner_id": world.alice.id, "icon": "a_1f"});
    let own = world.administer(Method::Post, "/api/admin/guilds", Some(&own));
    let own = text(&own.expect(200).json(), "id");
    world.advance(1);
    let managed = world.guild("Managed", &world.staff);
    world.advance(1);
    let left = world.guild("Left", &world.staff);
    let _elsewhere = world.guild("Elsewhere", &world.staff);
    // Undefined bits included, and above what JavaScript can count to.
    world.member(&managed, &world.alice, "18446744073709551615");
    world.member(&left, &world.alice, "2147483647");
    let browser = world.alices_browser();
    let (_, token) = granted(&world, &browser, &world.server, "guilds");
    let guilds = || world.send(get("/api/users/@me/guilds").bearer(&token));
    let expected = |last: &[Value]| {
        let mut all = vec![
            json!({"id": own, "name": "Own <b>", "icon": "a_1f", "owner": true,
                   "permissions": "69815829414805503"}),
            json!({"id": managed, "name": "Managed", "icon": null, "owner": false,
                   "permissions": "18446744073709551615"}),
        ];
        all.extend_from_slice(last);
        Value::Array(all)
    };
    let last = json!({"id": left, "name": "Left", "icon": null, "owner": false,
                      "permissions": "2147483647"});
    assert_eq!(guilds().expect(200).json(), expected(&[last]));
    world.remove(&left, &world.alice.id);
    assert_eq!(guilds().expect(200).json(), expected(&[]));
}

#[test]
fn connections_are_shown_as_four_members() {
    let world = World::new();
    let browser = world.alices_browser();
    let (_, token) = granted(&world, &browser, &world.server, "connections");
    let shown = || {
        let path = "/api/users/@me/connections";
        world.send(get(path).bearer(&token)).expect(200).json()
    };
    assert_eq!(shown(), json!([]));
    world.connection(&world.alice, "github", "12345", "alice <i>", true);
    world.connection(
        &world.alice,
        "domain",
        "alice.example",
        "alice.example",
        false,
    );
    world.connection(&world.staff, "github", "999", "staff", true);
    let domain = json!({"type": "domain", "id": "alice.example", "name": "alice.example",
                        "verified": false});
    assert_eq!(
        shown(),
        json!([
            domain,
            {"type": "github", "id": "12345", "name": "alice <i>", "verified": true},
        ])
    );
    let path = format!(
        "/api/admin/users/{}/connections/github/12345",
        world.alice.id
    );
    world.administer(Method::Delete, &path, None).expect(204);
    assert_eq!(shown(), json!([domain]));
}

#[test]
fn a_scope_that_does_not_exist_grants_nothing_anywhere() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = &world.server;
    for unknown in [
        "x",
        "applications.commands",
        "address",
        "Guilds",
        "identify guilds x",
        "guilds,connections",
        "guilds.join",
    ] {
        let answer = browser.get(&app.asks().with("scope", unknown).target());
        let error = answer.expect(303).parameter("error");
        assert_eq!(error.as_deref(), Some("invalid_scope"), "{unknown}");
        let credentials = [("grant_type", "client_credentials"), ("scope", unknown)];
        let error = world.token(app, &credentials).expect(400).error();
        assert_eq!(error, "invalid_scope", "{unknown}");
        let tokens = world.tokens_for(&browser, app);
        let refresh = [
            ("grant_type", "refresh_token"),
            ("refresh_token", &*tokens.refresh),
            ("scope", unknown),
        ];
        let error = world.token(app, &refresh).expect(400).error();
        assert_eq!(error, "invalid_scope", "{unknown}");
        world.refresh(app, &tokens.refresh).expect(200);
    }
}

#[test]
fn what_is_unticked_stays_shut() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = &world.server;
    let all = "identify email guilds connections";
    for unticked in [
        &["guilds"][..],
        &["connections"],
        &["email", "guilds"],
        &["email", "guilds", "connections"],
    ] {
        let mut form = browser.consent(&app.asks().with("scope", all).with("prompt", "consent"));
        for scope in unticked {
            form = form.untick("scope", scope);
        }
        let answer = browser.submit(&form.with("decision", "approve"));
        let code = answer.parameter("code").expect("a code");
        let tokens = world.exchange(app, &code).tokens();
        let left: Vec<_> = all.split(' ').filter(|it| !unticked.contains(it)).collect();
        assert_eq!(tokens.scope, left.join(" "));
        for (path, opened_by) in RESOURCES.iter().filter(|(_, it)| unticked.contains(it)) {
            is_closed(
                &world.send(get(path).bearer(&tokens.access)),
                opened_by,
                path,
            );
        }
    }
    // Where all can be withheld, withholding all is a denial.
    let form = browser.consent(&app.asks().with("scope", "guilds connections"));
    let form = form
        .untick("scope", "guilds")
        .untick("scope", "connections");
    let answer = browser.submit(&form.with("decision", "approve"));
    assert_eq!(answer.parameter("error").as_deref(), Some("access_denied"));
}

#[test]
fn what_an_application_needs_together_has_no_boxes_and_is_granted_together() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = &world.server;
    let path = format!("/api/admin/applications/{}", app.id);
    let needs = json!({"all_or_nothing": ["email", "guilds"]});
    world
        .administer(Method::Patch, &path, Some(&needs))
        .expect(200);
    let asks = app.asks().with("scope", "identify email connections");
    let page = browser.get(&asks.target()).expect(200);
    let boxes = page.texts("input[name=scope][value=email]");
    assert!(boxes.is_empty(), "what is needed cannot be unticked");
    assert!(page.body.contains("works only with everything"));
    let form = page.form("decision").untick("scope", "connections");
    let answer = browser.submit(&form.with("decision", "approve"));
    let code = answer.parameter("code").expect("a code");
    let tokens = world.exchange(app, &code).tokens();
    assert_eq!(tokens.scope, "identify email");
    // Nobody can be made to grant what was not asked.
    let alone = browser.get(
        &app.asks()
            .with("scope", "identify")
            .with("prompt", "consent")
            .target(),
    );
    assert!(
        !alone
            .expect(200)
            .body
            .contains("works only with everything")
    );
}

#[test]
fn an_application_on_its_own_behalf_has_its_own_scopes() {
    let world = World::new();
    let trusted = json!({"name": "T", "trusted": true});
    let (bot, trusted) = (world.bot(), world.application(&trusted));
    let (console, built_in) = (console(&world), administration());
    let answered = |app: &App, scope: &str| {
        let form = [("grant_type", "client_credentials"), ("scope", scope)];
        world.token(app, &form)
    };
    for (app, granted, refused) in [
        (&world.server, &[""][..], &["bot", "admin"][..]),
        (&bot, &["", "bot"], &["admin", "bot admin"]),
        (&trusted, &["", "admin"], &["bot"]),
        (&console, &["", "bot", "admin", "bot admin"], &[]),
        (&built_in, &["", "admin"], &["bot"]),
    ] {
        for scope in granted {
            let answer = answered(app, scope).expect(200).json();
            let shown = ["access_token", "expires_in", "scope", "token_type"];
            assert_eq!(members(&answer), shown, "no refresh token, no guild");
            assert_eq!(answer["scope"], *scope);
            let token = text(&answer, "access_token");
            for (path, opened_by) in &RESOURCES[1..] {
                is_closed(&world.send(get(path).bearer(&token)), opened_by, path);
            }
            let itself = world.send(get("/api/oauth2/@me").bearer(&token));
            assert_eq!(itself.expect(200).json().get("user"), None);
            let administers = world.send(get("/api/admin/users").bearer(&token));
            assert_eq!(administers.status == 200, scope.contains("admin"));
        }
        let of_users = ["identify", "email", "guilds", "connections", "identify bot"];
        for scope in refused.iter().chain(&of_users) {
            let error = answered(app, scope).expect(400).error();
            assert_eq!(error, "invalid_scope", "{scope}");
        }
    }
    let error = answered(&world.device, "").expect(400).error();
    assert_eq!(error, "unauthorized_client");
}

#[test]
fn admin_takes_a_trusted_application_and_an_administrator() {
    let world = World::new();
    let console = console(&world);
    let (alice, staff) = (world.alices_browser(), staff(&world));
    for (browser, app) in [
        (&alice, &console),
        (&alice, &world.server),
        (&staff, &world.server),
    ] {
        for scope in ["admin", "identify admin"] {
            let answer = browser.get(&app.asks().with("scope", scope).target());
            let error = answer.expect(303).parameter("error");
            assert_eq!(error.as_deref(), Some("invalid_scope"));
        }
    }
    // Nor does a form that was shown to an administrator help who no longer is one.
    let form = staff.consent(&console.asks().with("scope", "admin"));
    let set = |path: String, change: Value| {
        world
            .administer(Method::Patch, &path, Some(&change))
            .expect(200);
    };
    let office = |holds: bool| {
        set(
            format!("/api/admin/users/{}", world.staff.id),
            json!({"admin": holds}),
        );
    };
    let trust = |given: bool| {
        let path = format!("/api/admin/applications/{}", console.id);
        set(path, json!({"trusted": given}));
    };
    let denied = |answer: Answer| {
        assert_eq!(
            answer.expect(303).parameter("error").as_deref(),
            Some("invalid_scope")
        );
    };
    office(false);
    denied(staff.submit(&form.clone().with("decision", "approve")));
    office(true);
    trust(false);
    denied(staff.submit(&form.clone().with("decision", "approve")));
    trust(true);

    let user = world.exchange(
        &console,
        &staff.code(&console.asks().with("scope", "admin")),
    );
    let user = user.tokens().access;
    let itself = world.own_token(&console, "admin");
    let answers = |token: &str| {
        let changed = json!({"verified": true});
        let path = format!("/api/admin/users/{}", world.alice.id);
        let changing = administrative(Method::Patch, &path, Some(&changed), token);
        let reading = get("/api/admin/audit-log").bearer(token);
        [changing, reading].map(|request| world.send(request).status)
    };
    for (holds_office, is_trusted, by_user, by_itself) in [
        (true, true, 200, 200),
        (false, true, 403, 200),
        (true, false, 403, 403),
        (true, true, 200, 200),
    ] {
        office(holds_office);
        trust(is_trusted);
        assert_eq!(answers(&user), [by_user; 2]);
        assert_eq!(answers(&itself), [by_itself; 2]);
    }
}
