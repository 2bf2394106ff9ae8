//! Moving in and out: `POST /api/admin/import`, `GET /api/admin/export`, and the hashes that come from
//! elsewhere.

use argon2::password_hash::{PasswordHasher, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use fluxer_oauth2::http::{Body, Method, Request};
use fluxer_oauth2::store::memory::{Plan, When};
use serde_json::{Value, json};

use crate::world::{
    Answer, App, Native, PASSWORD, User, With, World, administration, get, request, text,
};

const BOT_SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

/// As another server would hash it.
fn argon2(algorithm: Algorithm, secret: &str) -> String {
    let params = Params::new(64, 3, 2, Some(16)).expect("parameters");
    let salt = SaltString::encode_b64(b"sixteen bytes of").expect("a salt");
    let argon2 = Argon2::new(algorithm, Version::V0x13, params);
    let hash = argon2.hash_password(secret.as_bytes(), &salt);
    hash.expect("a hash").to_string()
}

pub fn lines(records: &[Value]) -> String {
    records.iter().map(|it| it.to_string() + "\n").collect()
}

fn import_request(token: &str, body: &str) -> Request {
    let request = request(Method::Post, "/api/admin/import").bearer(token);
    let mut request = request.with("content-type", "application/x-ndjson");
    request.body = Body::Read(body.as_bytes().to_vec());
    request
}

pub fn import(world: &World, body: &str) -> Vec<Value> {
    let answer = world.send(import_request(&world.admin_token(), body));
    let answer = answer.expect(200);
    assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
    parsed(&answer)
}

fn parsed(answer: &Answer) -> Vec<Value> {
    let lines = answer.body.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

fn statuses(answer: &[Value]) -> Vec<&str> {
    answer
        .iter()
        .map(|line| line["status"].as_str().expect("a status"))
        .collect()
}

/// Everything, in pages of so many lines.
fn export(world: &World, limit: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut path = format!("/api/admin/export?limit={limit}");
    loop {
        let page = world
            .send(get(&path).bearer(&world.admin_token()))
            .expect(200);
        let before = lines.len();
        lines.extend(page.body.lines().map(str::to_owned));
        assert!(lines.len() - before <= limit, "{path}");
        match page.header("x-next-cursor") {
            Some(next) => {
                assert_eq!(lines.len() - before, limit, "{path}");
                path = format!("/api/admin/export?limit={limit}&after={next}");
            }
            None => return lines,
        }
    }
}

fn exported(world: &World, kind: &str, id: &str) -> Value {
    let lines = export(world, 1000);
    let records = lines
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let mut records = records.filter(|record| record["record"] == kind && record["id"] == id);
    records.next().expect("a record")
}

/// A server of everything that there can be.
fn full() -> World {
    let world = World::new();
    let bot = world.bot();
    let guild = world.guild("Guild", &world.alice);
    world.member(&guild, &world.staff, "1024");
    world.connection(&world.alice, "github", "12:34", "alice-on-github", true);
    let browser = world.alices_browser();
    let link = bot.bot_link().with("permissions", "3072");
    browser.add_bot(&link, &guild).expect(200);
    let without = world.guild("Without permissions", &world.alice);
    browser.add_bot(&bot.bot_link(), &without).expect(200);
    let change = json!({"suspended": true});
    let path = format!("/api/admin/users/{}", world.staff.id);
    world
        .administer(Method::Patch, &path, Some(&change))
        .expect(200);
    world
}

/// A server of nothing.
fn empty() -> World {
    let world = World::new();
    for user in [&world.alice, &world.staff] {
        let path = format!("/api/admin/users/{}", user.id);
        world.administer(Method::Delete, &path, None).expect(204);
    }
    for app in [&world.server, &world.other, &world.device] {
        let path = format!("/api/admin/applications/{}", app.id);
        world.administer(Method::Delete, &path, None).expect(204);
    }
    assert!(export(&world, 1000).is_empty());
    world
}

#[test]
fn what_goes_out_comes_in_elsewhere_and_goes_out_the_same() {
    let full = full();
    let moved = export(&full, 1000);
    let kinds = ["user", "application", "guild", "member", "connection"];
    for kind in kinds {
        let of_kind = format!("\"record\":\"{kind}\"");
        assert!(moved.iter().any(|line| line.contains(&of_kind)), "{kind}");
    }
    let empty = empty();
    let body = moved.join("\n");
    let answer = import(&empty, &body);
    assert!(
        statuses(&answer).iter().all(|it| *it == "created"),
        "{answer:?}"
    );
    assert_eq!(export(&empty, 1000), moved);
    // What was known there logs in here.
    let browser = empty.browser();
    browser.log_in(&full.alice);
    let tokens = empty.tokens_for(&browser, &full.server);
    assert_eq!(empty.works(&full.server, &tokens), (true, true));
}

#[test]
fn importing_twice_changes_nothing() {
    let world = full();
    let before = export(&world, 1000);
    let answer = import(&world, &before.join("\r\n"));
    assert_eq!(answer.len(), before.len());
    assert!(
        statuses(&answer).iter().all(|it| *it == "unchanged"),
        "{answer:?}"
    );
    assert_eq!(export(&world, 1000), before);
}

#[test]
fn pages_of_any_length_are_the_whole() {
    let world = full();
    let whole = export(&world, 1000);
    for limit in [1, 2, 5] {
        assert_eq!(export(&world, limit), whole, "{limit}");
    }
    for wrong in ["after=user", "after=role:1", "limit=1001", "limit=0"] {
        let path = format!("/api/admin/export?{wrong}");
        let answer = world.send(get(&path).bearer(&world.admin_token()));
        assert_eq!(
            answer.expect(400).json()["code"],
            "INVALID_FORM_BODY",
            "{wrong}"
        );
    }
}

#[test]
fn each_line_is_answered_and_keeps_no_other_back() {
    let world = World::new();
    let user = json!({
        "record": "user", "id": "1500000000000000001", "username": "carol", "email": "c@x.example",
    });
    let with = |member: &str, value: Value| {
        let mut user = user.clone();
        user[member] = value;
        user["id"] = json!("1500000000000000002");
        user["username"] = json!("dave");
        user["email"] = json!("d@x.example");
        user[member] = if member == "record" {
            json!("role")
        } else {
            user[member].clone()
        };
        user
    };
    let mut bcrypt = with("id", Value::Null);
    bcrypt["id"] = json!("1500000000000000002");
    bcrypt["password_hash"] = json!("$2b$12$abcdefghijklmnopqrstuv");
    let mut taken = bcrypt.clone();
    taken["password_hash"] = Value::Null;
    taken["username"] = json!("ALICE");
    let mut unknown = bcrypt.clone();
    unknown["password_hash"] = Value::Null;
    unknown["colour"] = json!("blue");
    let orphan = json!({
        "record": "application", "id": "1500000000000000003", "name": "Orphan",
        "owner_id": "1500000000000000009", "type": "public",
    });
    let without_secret = json!({
        "record": "application", "id": "1500000000000000004", "name": "Server",
    });
    let member = json!({
        "record": "member", "user_id": "1500000000000000001", "guild_id": "1500000000000000008",
        "permissions": "0",
    });
    let built_in = json!({"record": "application", "id": "1", "name": "X", "type": "public"});
    let records = [
        // Refers to what stands behind it.
        json!({"record": "connection", "user_id": "1500000000000000001", "type": "github",
               "id": "1", "name": "carol"}),
        user.clone(),
        user,
        json!({"record": "role"}),
        json!(["not an object"]),
        bcrypt,
        taken,
        unknown,
        orphan,
        without_secret,
        member,
        built_in,
    ];
    let body = format!("\n{}not json\n", lines(&records));
    let answer = import(&world, &body);
    let shown: Vec<_> = answer
        .iter()
        .map(|line| {
            let error = &line["errors"][0];
            let path = error["path"].as_str().unwrap_or_default().to_owned();
            (line["status"].as_str().expect("a status"), path)
        })
        .collect();
    let expected = [
        ("created", ""),
        ("created", ""),
        ("unchanged", ""),
        ("error", "record"),
        ("error", "body"),
        ("error", "password_hash"),
        ("error", "username"),
        ("error", "colour"),
        ("error", "owner_id"),
        ("error", "client_secret_hash"),
        ("error", "guild_id"),
        ("error", "id"),
        ("error", "body"),
    ];
    let expected = expected.map(|(status, path)| (status, path.to_owned()));
    assert_eq!(shown, expected);
    let kinds: Vec<_> = answer.iter().map(|line| line["record"].as_str()).collect();
    let expected = [
        Some("connection"),
        Some("user"),
        Some("user"),
        None,
        None,
        Some("user"),
        Some("user"),
        Some("user"),
        Some("application"),
        Some("application"),
        Some("member"),
        Some("application"),
        None,
    ];
    assert_eq!(kinds, expected);
    // Blank lines are counted and not answered.
    assert_eq!(answer[0]["line"], 2);
    assert!(answer[5].to_string().contains("bcrypt"), "{}", answer[5]);
}

#[test]
fn ten_thousand_lines_and_no_more() {
    let world = World::new();
    let body = "{}\n".repeat(10_001);
    let answer = world.send(import_request(&world.admin_token(), &body));
    assert_eq!(answer.expect(400).json()["errors"][0]["path"], "body");
}

#[test]
fn nobody_imports_and_exports_but_the_built_in_application() {
    let world = World::new();
    let trusted = json!({
        "name": "Trusted", "trusted": true, "redirect_uris": ["https://trusted.example/cb"],
    });
    let trusted = world.application(&trusted);
    let its_own = world.own_token(&trusted, "admin");
    let staff = world.browser();
    staff.log_in(&world.staff);
    let code = staff.code(&trusted.asks().with("scope", "identify admin"));
    let administrator_s = world.exchange(&trusted, &code).tokens().access;
    let path = format!("/api/admin/users/{}", world.staff.id);
    for token in [&its_own, &administrator_s] {
        world.send(get(&path).bearer(token)).expect(200);
    }
    for token in [its_own.as_str(), &administrator_s, "x"] {
        let expected = if token == "x" { 401 } else { 403 };
        world.send(import_request(token, "{}")).expect(expected);
        world
            .send(get("/api/admin/export").bearer(token))
            .expect(expected);
    }
    world
        .send(request(Method::Post, "/api/admin/import"))
        .expect(401);
}

#[test]
fn nothing_but_the_export_shows_a_hash() {
    let world = World::new();
    let (carol, old) = moved_in(&world);
    let bot = world.bot();
    let hashes = |body: &str| body.contains("argon2") || body.contains("sha256:");
    assert!(export(&world, 1000).iter().any(|line| hashes(line)));
    for path in [
        "/api/admin/users".to_owned(),
        format!("/api/admin/users/{}", carol.id),
        "/api/admin/applications".to_owned(),
        format!("/api/admin/applications/{}", old.id),
        format!("/api/admin/applications/{}", bot.id),
        format!("/api/oauth2/applications/{}", bot.id),
        format!("/api/oauth2/applications/{}/client-secrets", bot.id),
        "/api/admin/audit-log".to_owned(),
    ] {
        let shown = world.administer(Method::Get, &path, None).expect(200);
        assert!(!hashes(&shown.body), "{path}: {}", shown.body);
    }
}

/// A user and an application that come from elsewhere, hashes and all.
fn moved_in(world: &World) -> (User, App) {
    let user = User {
        id: "1500000000000000001".to_owned(),
        username: "carol".to_owned(),
    };
    let id = "1500000000000000002".to_owned();
    let app = App {
        secret: Some("a secret of the old server".to_owned()),
        redirect_uri: "https://old.example/cb".to_owned(),
        bot_token: Some(format!("{id}.{BOT_SECRET}")),
        id,
    };
    let records = [
        json!({"record": "user", "id": user.id, "username": "carol", "email": "c@x.example",
               "password_hash": argon2(Algorithm::Argon2i, PASSWORD)}),
        json!({"record": "application", "id": app.id, "name": "Old", "owner_id": user.id,
               "redirect_uris": [app.redirect_uri],
               "client_secret_hash": argon2(Algorithm::Argon2d, "a secret of the old server"),
               "bot": {"username": "Old", "discriminator": "0001"},
               "bot_token_hash": argon2(Algorithm::Argon2id, BOT_SECRET)}),
    ];
    let answer = import(world, &lines(&records));
    assert_eq!(statuses(&answer), ["created", "created"]);
    (user, app)
}

#[test]
fn a_password_of_another_server_logs_in_and_is_hashed_anew() {
    let world = World::new();
    let (carol, _) = moved_in(&world);
    let hash = || exported(&world, "user", &carol.id)["password_hash"].clone();
    let browser = world.browser();
    browser
        .try_to_log_in("carol", "another password")
        .expect(403);
    assert!(hash().as_str().expect("a hash").starts_with("$argon2i$"));
    browser.log_in(&carol);
    let ours = hash();
    assert!(
        ours.as_str()
            .expect("a hash")
            .starts_with("$argon2id$v=19$m=1024,t=1,p=1$")
    );
    world.browser().log_in(&carol);
    assert_eq!(hash(), ours);
    assert!(browser.is_logged_in());
}

#[test]
fn a_password_is_hashed_anew_where_the_cost_has_changed() {
    let world = Native::with(&[("PASSWORD_COST", "19456/2")]).reconfigured(&[]);
    let hash = || exported(&world, "user", &world.alice.id)["password_hash"].to_string();
    assert!(hash().contains("m=19456,t=2"));
    world.browser().log_in(&world.alice);
    assert!(hash().contains("m=1024,t=1"));
    world.browser().log_in(&world.alice);
}

#[test]
fn a_login_stands_whether_or_not_its_hash_could_be_renewed() {
    let submit = |plan: Option<Plan>| {
        let world = Native::new().reconfigured(&[("PASSWORD_COST", "2048/1")]);
        let browser = world.browser();
        let form = browser.get("/login").form("password");
        let form = form
            .with("login", &world.alice.username)
            .with("password", PASSWORD);
        world.memory.forget_steps();
        world.memory.plan.set(plan);
        browser.submit(&form).expect(303);
        world.memory.steps()
    };
    let steps = submit(None);
    let renewal = steps.iter().position(|step| *step == "d1.write");
    let (step, when) = (renewal.expect("a renewal"), When::Before);
    submit(Some(Plan { step, when }));
}

#[test]
fn a_client_secret_of_another_server_is_hashed_anew_at_its_first_success() {
    let world = World::new();
    let (_, old) = moved_in(&world);
    let hash = || exported(&world, "application", &old.id)["client_secret_hash"].to_string();
    let wrong = App {
        secret: Some("another secret".to_owned()),
        ..old.clone()
    };
    let form = [("grant_type", "client_credentials"), ("scope", "bot")];
    let refused = world.token(&wrong, &form).expect(401).json();
    assert_eq!(refused["error"], "invalid_client");
    assert!(hash().contains("$argon2d$"));
    world.token(&old, &form).expect(200);
    assert!(hash().contains("\"sha256:"));
    world.token(&old, &form).expect(200);
    world.token(&wrong, &form).expect(401);
}

#[test]
fn a_secret_that_is_reset_before_it_was_used_is_dead() {
    let world = World::new();
    let (_, old) = moved_in(&world);
    let path = format!("/api/oauth2/applications/{}/client-secret/reset", old.id);
    world.administer(Method::Post, &path, None).expect(200);
    let form = [("grant_type", "client_credentials"), ("scope", "bot")];
    world.token(&old, &form).expect(401);
}

#[test]
fn a_secret_of_another_server_is_good_beside_its_successor_until_it_ends() {
    for was_used in [true, false] {
        let world = World::new();
        let (_, old) = moved_in(&world);
        let form = [("grant_type", "client_credentials"), ("scope", "bot")];
        let path = format!("/api/oauth2/applications/{}/client-secret/rotate", old.id);
        let grace = json!({"grace_seconds": 600});
        let new = world.administer(Method::Post, &path, Some(&grace));
        let new = App {
            secret: Some(text(&new.expect(200).json(), "client_secret")),
            ..old.clone()
        };
        world.advance(590);
        if was_used {
            world.token(&old, &form).expect(200);
        }
        world.advance(10);
        world.token(&old, &form).expect(401);
        world.token(&new, &form).expect(200);
    }
}

#[test]
fn a_bot_token_of_another_server_is_hashed_anew_at_its_first_success() {
    let world = World::new();
    let (_, old) = moved_in(&world);
    let hash = || exported(&world, "application", &old.id)["bot_token_hash"].to_string();
    let mut guess = old.clone();
    guess.bot_token = Some(format!("{}.{}", old.id, BOT_SECRET.replace('A', "B")));
    world.as_bot(&guess, "/api/users/@me").expect(401);
    assert!(hash().contains("$argon2id$"));
    let bot = world.as_bot(&old, "/api/users/@me").expect(200).json();
    assert_eq!(bot["id"], *old.id);
    assert!(hash().contains("\"sha256:"));
    world.as_bot(&old, "/api/users/@me").expect(200);
    world.as_bot(&guess, "/api/users/@me").expect(401);
}

#[test]
fn guesses_at_a_bot_token_of_another_server_are_limited() {
    let world = World::with(&[("RATE_LIMIT_REVOKE", "3/60")]);
    let (_, old) = moved_in(&world);
    let mut guess = old.clone();
    guess.bot_token = Some(format!("{}.{}", old.id, BOT_SECRET.replace('A', "B")));
    for _ in 0..3 {
        world.as_bot(&guess, "/api/users/@me").expect(401);
    }
    world.as_bot(&guess, "/api/users/@me").expect(429);
}

#[test]
fn a_sha_256_of_another_server_is_as_good_as_ours() {
    let world = World::new();
    let app = App {
        id: "1500000000000000002".to_owned(),
        secret: Some("abc".to_owned()),
        ..App::default()
    };
    // FIPS 180-2: of "abc".
    let hash = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let record = json!({
        "record": "application", "id": app.id, "name": "Old", "client_secret_hash": hash,
        "trusted": true,
    });
    assert_eq!(statuses(&import(&world, &lines(&[record]))), ["created"]);
    world.own_token(&app, "admin");
}

#[test]
fn imports_and_exports_are_in_the_audit_log_with_their_counts() {
    let world = World::new();
    moved_in(&world);
    world.advance(1);
    export(&world, 1000);
    let log = world.audit_log();
    assert_eq!(log[0]["action"], "data.exported");
    assert_eq!(log[1]["action"], "data.imported");
    assert_eq!(log[1]["actor_id"], *administration().id);
    let counts = json!({"created": 2, "unchanged": 0, "refused": 0});
    assert_eq!(log[1]["details"], counts);
}
