//! What a token opens, and what it does not.

use fluxer_oauth2::http::Method;
use fluxer_oauth2::routes::ROUTES;
use serde_json::{Value, json};

use crate::world::{With, World, administrative, get, request, text};

/// The resources that anybody's token may open, if its scope does.
const RESOURCES: [&str; 3] = ["/api/users/@me", "/api/oauth2/userinfo", "/api/oauth2/@me"];

#[test]
fn an_encoded_at_sign_is_an_at_sign() {
    let world = World::new();
    let token = world.tokens(&world.server).access;
    for path in ["/api/users/@me", "/api/oauth2/@me", "/oauth2/@me"] {
        let encoded = path.replace('@', "%40");
        let [plain, encoded] = [path, &encoded].map(|path| world.send(get(path).bearer(&token)));
        assert_eq!(plain.expect(200).json(), encoded.expect(200).json());
    }
}

#[test]
fn nothing_opens_without_a_token_that_works() {
    let world = World::new();
    let app = &world.server;
    let browser = world.alices_browser();
    let tokens = world.tokens_for(&browser, app);
    let revoked = world.tokens_for(&browser, app).access;
    world.revoke(app, &revoked).expect(200);
    let code = browser.code(&app.asks());
    let cookie = browser.cookies().into_values().next().unwrap();
    let (head, signature) = tokens.access.rsplit_once('.').unwrap();
    let (header, claims) = head.split_once('.').unwrap();
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    let unauthorized = json!({"code": "UNAUTHORIZED", "message": "Unauthorized"});
    let missing = [
        "",
        "Bearer",
        "Bearer ",
        "Basic eDp5",
        "Bot",
        "Bot ",
        "Token x",
        &tokens.access,
        "Bearer\t",
        ",",
    ];
    let mut bad = vec![
        tokens.refresh.clone(),
        revoked,
        code,
        cookie,
        format!("{}x", tokens.access),
        head.to_owned(),
        format!("{head}."),
        format!("{none}.{claims}."),
        format!("{none}.{claims}"),
        format!("{none}.{claims}.{signature}"),
        format!("{header}.{claims}.{}", &signature[1..]),
        format!("{header}..{signature}"),
        "a.b.c".to_owned(),
        "..".to_owned(),
        "x".repeat(60_000),
        "x y".to_owned(),
        format!("{}, Bearer {0}", tokens.access),
    ];
    for position in (0..tokens.access.len()).step_by(tokens.access.len() / 50) {
        let mut edited = tokens.access.clone().into_bytes();
        edited[position] = if edited[position] == b'Q' { b'R' } else { b'Q' };
        bad.extend(
            String::from_utf8(edited)
                .ok()
                .filter(|edited| *edited != tokens.access),
        );
    }
    for path in RESOURCES {
        world.send(get(path).bearer(&tokens.access)).expect(200);
        world
            .send(get(path).with("authorization", &format!("bEaReR {}", tokens.access)))
            .expect(200);
        for authorization in missing {
            let answer = world
                .send(get(path).with("authorization", authorization))
                .expect(401);
            assert_eq!(
                answer.header("www-authenticate"),
                Some(&*crate::world::challenge("")),
                "{authorization}"
            );
            assert_eq!(answer.json(), unauthorized, "{authorization}");
        }
        for token in &bad {
            let answer = world.send(get(path).bearer(token)).expect(401);
            let challenge = answer.header("www-authenticate");
            assert_eq!(
                challenge,
                Some(&*crate::world::challenge("error=\"invalid_token\"")),
                "{token}"
            );
            assert_eq!(text(&answer.json(), "code"), "INVALID_TOKEN");
        }
        // RFC 9700 §4.3.2: not in the URL; nor is a session a token.
        world
            .send(get(&format!("{path}?access_token={}", tokens.access)))
            .expect(401);
        browser.get(path).expect(401);
    }
    world.advance(604_799);
    world.me(&tokens.access).expect(200);
    world.advance(1);
    world.me(&tokens.access).expect(401);
}

#[test]
fn a_scope_opens_what_it_names() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = &world.server;
    for (scope, me, has_email) in [
        ("identify", 200, false),
        ("identify email", 200, true),
        ("email", 403, false),
        ("guilds", 403, false),
    ] {
        let token = world
            .exchange(app, &browser.code(&app.asks().with("scope", scope)))
            .tokens()
            .access;
        for path in ["/api/users/@me", "/api/oauth2/userinfo"] {
            let answer = world.send(get(path).bearer(&token)).expect(me);
            let body = answer.json();
            assert_eq!(body.get("email").is_some(), has_email, "{scope}");
            assert_eq!(body.get("verified").is_some(), has_email, "{scope}");
            if me == 403 {
                assert_eq!(body["code"], "MISSING_OAUTH_SCOPE");
                assert_eq!(body["message"], "Missing required OAuth2 scope");
                let challenge = answer.header("www-authenticate");
                assert_eq!(
                    challenge,
                    Some(&*crate::world::challenge(
                        "error=\"insufficient_scope\", scope=\"identify\""
                    ))
                );
            }
        }
        let itself = world
            .send(get("/api/oauth2/@me").bearer(&token))
            .expect(200)
            .json();
        assert_eq!(itself.get("user").is_some(), me == 200, "{scope}");
    }
    let itself = text(
        &world
            .token(app, &[("grant_type", "client_credentials")])
            .json(),
        "access_token",
    );
    world.me(&itself).expect(403);
}

#[test]
fn a_token_is_no_session_and_no_administrator() {
    let world = World::new();
    let redirect_uris = ["https://console.example/cb"];
    let console = json!({"name": "C", "redirect_uris": redirect_uris, "trusted": true});
    let console = world.application(&console);
    let staff = world.browser();
    staff.log_in(&world.staff);
    let token =
        |asks: &crate::world::Asks| world.exchange(&console, &staff.code(asks)).tokens().access;
    let ordinary = token(
        &console
            .asks()
            .with("scope", "identify email guilds connections"),
    );
    let admin = token(&console.asks().with("scope", "identify admin"));
    let itself = text(
        &world
            .token(&world.server, &[("grant_type", "client_credentials")])
            .json(),
        "access_token",
    );
    for route in ROUTES
        .iter()
        .filter(|route| route.path.starts_with("/api/admin/"))
    {
        let path = route
            .path
            .replace("{user}", &world.alice.id)
            .replace("{application}", &world.server.id);
        for (token, status) in [("", 401), (&ordinary, 403), (&itself, 403), ("x", 401)] {
            let body = json!({});
            let answer = world.send(administrative(route.method, &path, Some(&body), token));
            let anonymous = request(route.method, &path);
            assert_eq!(answer.status, status, "{path}");
            world.send(anonymous).expect(401);
            staff.send(request(route.method, &path)).expect(401);
        }
    }
    let path = format!("/api/admin/users/{}", world.alice.id);
    let ask = |token: &str| {
        world
            .send(administrative(Method::Get, &path, None, token))
            .status
    };
    assert_eq!((ask(&admin), ask(&world.admin_token())), (200, 200));
    for path in ["/api/oauth2/session", "/api/oauth2/@me/authorizations"] {
        assert!(matches!(
            world.send(get(path).bearer(&ordinary)).status,
            401 | 403
        ));
    }
    for token in [&ordinary, &admin] {
        let as_cookie = format!("fluxer_session={token}");
        world
            .send(get("/api/oauth2/session").with("cookie", &as_cookie))
            .expect(401);
    }
    let own = world
        .send(get("/api/oauth2/@me/authorizations").bearer(&admin))
        .expect(200);
    assert_eq!(own.json().as_array().map(Vec::len), Some(1));

    // Who is no longer an administrator is refused from then on.
    let demote = json!({"admin": false});
    let path_of_staff = format!("/api/admin/users/{}", world.staff.id);
    world
        .administer(Method::Patch, &path_of_staff, Some(&demote))
        .expect(200);
    let refused = world.send(administrative(Method::Get, &path, None, &admin));
    assert_eq!(refused.expect(403).code(), "ACCESS_DENIED");
    // What else the token opens stays open.
    world.me(&admin).expect(200);
}

#[test]
fn an_administrator_s_mistakes_are_told_all_at_once() {
    let world = World::new();
    let check = |path: &str, body: Value, paths: &[&str]| {
        let answer = world
            .administer(Method::Post, path, Some(&body))
            .expect(400)
            .json();
        assert_eq!(answer["code"], "INVALID_FORM_BODY");
        let mut found: Vec<_> = answer["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| text(it, "path"))
            .collect();
        found.sort();
        assert_eq!(found, paths, "{body}");
    };
    let users = "/api/admin/users";
    check(users, json!({}), &["email", "password", "username"]);
    check(
        users,
        json!({"username": "a b", "email": "x", "password": "short", "verified": "yes", "public_flags": -1}),
        &["email", "password", "public_flags", "username", "verified"],
    );
    check(
        users,
        json!({"username": "ALICE", "email": "new@x", "password": "long enough"}),
        &["username"],
    );
    check(
        users,
        json!({"username": "new", "email": "Alice@MAIL.example", "password": "long enough"}),
        &["email"],
    );
    check(users, json!([]), &["body"]);
    let applications = "/api/admin/applications";
    check(applications, json!({}), &["name"]);
    check(
        applications,
        json!({"name": "a\u{202e}b", "type": "x", "owner_id": "999", "trusted": 1}),
        &["name", "owner_id", "trusted", "type"],
    );
    check(
        applications,
        json!({"name": "x", "redirect_uris": ["https://ok.example", "http://x.example", "javascript:alert(1)", "https://x/#f"]}),
        &["redirect_uris.1", "redirect_uris.2", "redirect_uris.3"],
    );
    check(
        applications,
        json!({"name": "x", "redirect_uris": vec!["https://x.example"; 11]}),
        &["redirect_uris"],
    );
    check(
        applications,
        json!({"name": "x", "redirect_uris": ["https://x.example/?state=1"]}),
        &["redirect_uris.0"],
    );
    for (media_type, status) in [("text/plain", 415), ("application/json", 400)] {
        let mut posted = crate::world::post_as(media_type, users, "{");
        posted = posted.bearer(&world.admin_token());
        world.send(posted).expect(status);
    }
    for id in [
        "0",
        "x",
        "01",
        "-1",
        "9223372036854775808",
        "%31",
        &"9".repeat(10_000),
    ] {
        for of in [users, applications] {
            world
                .administer(Method::Get, &format!("{of}/{id}"), None)
                .expect(404);
        }
    }
}

#[test]
fn a_secret_is_shown_once() {
    let world = World::new();
    let made = world
        .administer(
            Method::Post,
            "/api/admin/applications",
            Some(&json!({"name": "X"})),
        )
        .json();
    assert_eq!(text(&made, "client_secret").len(), 56);
    let path = format!("/api/admin/applications/{}", text(&made, "id"));
    let shown = world
        .administer(Method::Get, &path, None)
        .expect(200)
        .json();
    assert_eq!(shown.get("client_secret"), None);
    let public = json!({"name": "P", "type": "public"});
    let made = world
        .administer(Method::Post, "/api/admin/applications", Some(&public))
        .json();
    assert_eq!(made.get("client_secret"), None);
}

#[test]
fn guilds_are_listed_from_either_end() {
    let world = World::new();
    let mut guilds: Vec<_> = (0..5).map(|_| world.guild("G", &world.alice)).collect();
    guilds.sort();
    let browser = world.alices_browser();
    let asks = world.server.asks().with("scope", "guilds");
    let tokens = world.exchange(&world.server, &browser.code(&asks)).tokens();
    let list = |query: &str| {
        let path = format!("/api/users/@me/guilds?{query}");
        world.send(get(&path).bearer(&tokens.access))
    };
    let at = |index: usize| guilds[index].as_str();
    for (query, expected) in [
        ("after=0", &guilds[..]),
        ("before=0", &guilds[..]),
        ("after=0&before=0&limit=2", &guilds[..2]),
        (&format!("after={}", at(1)), &guilds[2..]),
        (&format!("before={}", at(3)), &guilds[..3]),
        (&format!("before={}&limit=2", at(3)), &guilds[1..3]),
        (&format!("before={}", at(0)), &guilds[..0]),
    ] {
        assert_eq!(list(query).expect(200).ids(), expected, "{query}");
    }
    let both = format!("after={}&before={}", at(0), at(3));
    assert_eq!(list(&both).fields(), ["before"]);
}
