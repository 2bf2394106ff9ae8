//! Tokens for other resource servers: registered, asked for, shown to the user, issued, introspected,
//! revoked.

use fluxer_oauth2::http::Method;
use serde_json::{Value, json};

use crate::openid::signed_by_a_published_key;
use crate::world::{Answer, App, Asks, HTTP, Native, Tokens, With, World, get, text};

pub const TICKETS: &str = "https://tickets.example/mcp";

impl World {
    /// A resource server with two scopes, as its owner holds it.
    pub fn resource(&self, more: &Value) -> App {
        let mut resource = json!({
            "identifier": TICKETS, "name": "Tickets",
            "scopes": [
                {"name": "tickets:read", "description": "See your tickets <all>"},
                {"name": "tickets:write", "description": "Open and close tickets"},
            ],
        });
        for (name, value) in more.as_object().expect("an object") {
            resource[name] = value.clone();
        }
        let path = "/api/admin/resources";
        let made = self
            .administer(Method::Post, path, Some(&resource))
            .expect(200)
            .json();
        App {
            id: text(&made, "id"),
            secret: Some(text(&made, "client_secret")),
            ..App::default()
        }
    }

    fn tokens_of(&self, app: &App, asks: &Asks) -> Value {
        let code = self.alices_browser().code(asks);
        self.exchange(app, &code).expect(200).json()
    }

    fn revoked(&self) -> Vec<String> {
        let answer = self.send(get("/.well-known/revoked")).expect(200);
        assert_eq!(answer.header("cache-control"), Some("public, max-age=15"));
        let (header, claims) = signed_by_a_published_key(self, &answer.body);
        assert_eq!(header["typ"], "revoked+jwt");
        assert_eq!(header["alg"], "ES256");
        assert_eq!(claims["iss"], HTTP);
        let lives = |name: &str| claims[name].as_u64().expect("seconds");
        assert_eq!(lives("exp") - lives("iat"), 60);
        serde_json::from_value(claims["families"].clone()).expect("a list")
    }
}

fn asks(app: &App) -> Asks {
    app.asks().with("resource", TICKETS).with("scope", "")
}

fn claims(world: &World, token: &Value) -> Value {
    let token = token["access_token"].as_str().expect("a token");
    let (header, claims) = signed_by_a_published_key(world, token);
    assert_eq!(header["typ"], "at+jwt");
    assert_eq!(claims["iss"], HTTP);
    claims
}

#[test]
fn a_token_for_a_resource_server_says_so_and_opens_nothing_here() {
    let world = World::new();
    world.resource(&json!({}));
    let granted = world.tokens_of(&world.server, &asks(&world.server));
    assert_eq!(granted["scope"], "tickets:read tickets:write");
    assert_eq!(granted["expires_in"], 600);
    let said = claims(&world, &granted);
    assert_eq!(said["aud"], TICKETS);
    assert_eq!(said["scope"], "tickets:read tickets:write");
    assert_eq!(said["client_id"], world.server.id);
    assert_eq!(said["sub"], world.alice.id);
    for name in ["iat", "exp", "jti", "fam"] {
        assert!(!said[name].is_null(), "{name}");
    }
    let token = granted["access_token"].as_str().expect("a token");
    assert_eq!(world.me(token).expect(401).json()["code"], "INVALID_TOKEN");
    world.send(get("/api/oauth2/@me").bearer(token)).expect(401);
}

#[test]
fn the_consent_page_shows_the_resource_server_s_scopes_in_its_own_words() {
    let world = World::new();
    world.resource(&json!({}));
    let browser = world.alices_browser();
    let page = browser.get(&asks(&world.server).target()).expect(200);
    assert!(page.body.contains("See your tickets &lt;all&gt;"));
    assert!(page.body.contains(TICKETS));
    let form = page.form("decision").untick("scope", "tickets:write");
    let code = browser.submit(&form.with("decision", "approve"));
    let code = code.parameter("code").expect("a code");
    let granted = world.exchange(&world.server, &code).expect(200).json();
    assert_eq!(granted["scope"], "tickets:read");
    // Nothing ticked is a denial.
    let form = browser
        .get(&asks(&world.server).target())
        .expect(200)
        .form("decision");
    let form = form
        .untick("scope", "tickets:write")
        .untick("scope", "tickets:read");
    let denied = browser.submit(&form.with("decision", "approve"));
    assert_eq!(denied.parameter("error").as_deref(), Some("access_denied"));
    // Asked each time; silently, the client is told.
    let silent = browser.get(&asks(&world.server).with("prompt", "none").target());
    assert_eq!(
        silent.parameter("error").as_deref(),
        Some("consent_required")
    );
}

#[test]
fn a_user_sees_what_is_open_to_an_application_elsewhere() {
    let world = World::new();
    let resource = world.resource(&json!({}));
    let asked = asks(&world.server);
    world.tokens_of(&world.server, &asked.clone().with("scope", "tickets:read"));
    let browser = world.alices_browser();
    let lines = || {
        let page = browser.get("/settings/authorizations").expect(200);
        assert_eq!(page.texts(".grant h3")[0], "At Tickets it can");
        assert!(page.body.contains(TICKETS));
        page.texts(".grant ul.plain li")
    };
    assert_eq!(lines(), ["See your tickets <all>"]);
    // Another login may more: what any of them may, the application can.
    world.tokens_of(&world.server, &asked);
    assert_eq!(
        lines(),
        ["See your tickets <all>", "Open and close tickets"]
    );

    let path = format!("/api/oauth2/@me/authorizations/{}", world.server.id);
    let shown = browser.get(&path).expect(200).json();
    let devices = shown["devices"].as_array().expect("a list").iter();
    let mut elsewhere: Vec<_> = devices.map(|it| it["resource"].clone()).collect();
    elsewhere.sort_by_key(|it| it["scope"].as_array().map(Vec::len));
    let one = json!({"id": resource.id, "scope": ["tickets:read"]});
    let both = json!({"id": resource.id, "scope": ["tickets:read", "tickets:write"]});
    assert_eq!(elsewhere, [one, both]);

    // What is registered no more is open to nobody.
    let path = format!("/api/admin/resources/{}", resource.id);
    world.administer(Method::Delete, &path, None).expect(204);
    world.advance(6);
    let page = browser.get("/settings/authorizations").expect(200);
    assert!(!page.body.contains(TICKETS));
}

#[test]
fn openid_goes_along_and_what_opens_our_own_api_does_not() {
    let world = World::new();
    world.resource(&json!({"signing_alg": "RS256"}));
    let scope = "openid identify email tickets:read offline_access";
    let granted = world.tokens_of(&world.server, &asks(&world.server).with("scope", scope));
    assert_eq!(granted["scope"], "openid offline_access tickets:read");
    assert!(granted["id_token"].is_string());
    assert_eq!(claims(&world, &granted)["scope"], "tickets:read");
    for scope in ["admin", "bot", "tickets:delete", "other:read"] {
        let refused = world
            .alices_browser()
            .get(&asks(&world.server).with("scope", scope).target());
        assert_eq!(
            refused.parameter("error").as_deref(),
            Some("invalid_scope"),
            "{scope}"
        );
    }
}

#[test]
fn a_refresh_inherits_the_resource_server_and_may_ask_for_less() {
    let world = World::new();
    world.resource(&json!({}));
    let app = &world.server;
    let granted = world.tokens_of(app, &asks(app));
    let refresh = |token: &Value, more: &[(&str, &str)]| {
        let token = text(token, "refresh_token");
        let form = [("grant_type", "refresh_token"), ("refresh_token", &*token)];
        world.token(app, &[&form, more].concat())
    };
    let next = refresh(&granted, &[]).expect(200).json();
    assert_eq!(claims(&world, &next)["aud"], TICKETS);
    assert_eq!(
        claims(&world, &next)["fam"],
        claims(&world, &granted)["fam"]
    );
    let less = [
        ("scope", "tickets:read"),
        ("resource", "HTTPS://Tickets.Example/mcp"),
    ];
    let less = refresh(&next, &less).expect(200).json();
    assert_eq!(less["scope"], "tickets:read");
    let whole = refresh(&less, &[]).expect(200).json();
    assert_eq!(whole["scope"], "tickets:read tickets:write");
    // A slip costs no token.
    for (more, error) in [
        ([("resource", "https://other.example/")], "invalid_target"),
        ([("resource", HTTP)], "invalid_target"),
        ([("resource", "/mcp")], "invalid_target"),
        ([("scope", "tickets:delete")], "invalid_scope"),
    ] {
        assert_eq!(
            refresh(&whole, &more).expect(400).error(),
            error,
            "{more:?}"
        );
    }
    refresh(&whole, &[]).expect(200);
}

#[test]
fn a_bad_resource_is_told_before_anything_is_spent() {
    let world = World::new();
    world.resource(&json!({}));
    let browser = world.alices_browser();
    let long = format!("https://tickets.example/{}", "x".repeat(8192));
    for bad in [
        "/mcp",
        "tickets",
        "https://tickets.example/mcp#x",
        "https://other.example",
        &long,
    ] {
        let refused = browser.get(&world.server.asks().with("resource", bad).target());
        assert_eq!(
            refused.parameter("error").as_deref(),
            Some("invalid_target"),
            "{bad}"
        );
    }
    let twice = asks(&world.server)
        .and("resource", "https://other.example")
        .target();
    assert_eq!(
        browser.get(&twice).parameter("error").as_deref(),
        Some("invalid_target")
    );

    let code = browser.code(&asks(&world.server));
    let exchange = |resource: &str| {
        let form = world.server.exchange(&code);
        world.token(
            &world.server,
            &[&form[..], &[("resource", resource)]].concat(),
        )
    };
    for other in ["https://other.example", HTTP, "x"] {
        assert_eq!(exchange(other).expect(400).error(), "invalid_target");
    }
    exchange(TICKETS).expect(200);

    // A code without one takes no other; the server itself is as none.
    let code = browser.code(&world.server.asks().with("resource", HTTP));
    let form = world.server.exchange(&code);
    let with = |resource| [&form[..], &[("resource", resource)]].concat();
    assert_eq!(
        world
            .token(&world.server, &with(TICKETS))
            .expect(400)
            .error(),
        "invalid_target"
    );
    let own = world.token(&world.server, &with(HTTP)).tokens();
    world.me(&own.access).expect(200);
}

#[test]
fn keys_that_do_not_answer_cost_no_code() {
    let world = Native::new();
    world.resource(&json!({}));
    let code = world.alices_browser().code(&asks(&world.server));
    world.memory.outage.set(Some("keys"));
    let down = world.exchange(&world.server, &code).expect(503);
    assert_eq!(down.error(), "temporarily_unavailable");
    world.memory.outage.set(None);
    world.exchange(&world.server, &code).expect(200);
}

#[test]
fn only_the_clients_of_a_resource_server_get_its_tokens_for_themselves() {
    let world = World::new();
    world.resource(&json!({"clients": [world.server.id]}));
    let form = [("grant_type", "client_credentials"), ("resource", TICKETS)];
    let granted = world.token(&world.server, &form).expect(200).json();
    let said = claims(&world, &granted);
    assert_eq!(said["sub"], world.server.id);
    assert_eq!(said["scope"], "tickets:read tickets:write");
    assert_eq!(
        world.token(&world.other, &form).expect(400).error(),
        "unauthorized_client"
    );
    // It is revoked like any other.
    world
        .revoke(&world.other, &text(&granted, "access_token"))
        .expect(200);
    assert!(world.revoked().is_empty());
    world
        .revoke(&world.server, &text(&granted, "access_token"))
        .expect(200);
    assert_eq!(world.revoked(), [text(&said, "fam")]);
}

#[test]
fn a_resource_server_introspects_its_own_tokens_and_no_others() {
    let world = World::new();
    let tickets = world.resource(&json!({}));
    let other = world.resource(&json!({"identifier": "urn:example:other", "name": "Other"}));
    let granted = world.tokens_of(&world.server, &asks(&world.server));
    let token = text(&granted, "access_token");
    for asker in [&tickets, &world.server] {
        let answer = world.introspect(asker, &token);
        assert_eq!(answer["active"], true);
        assert_eq!(answer["aud"], TICKETS);
        assert_eq!(answer["scope"], "tickets:read tickets:write");
        assert_eq!(answer["sub"], world.alice.id);
    }
    for asker in [&other, &world.other] {
        assert_eq!(world.introspect(asker, &token), json!({"active": false}));
    }
    let ours = world.tokens(&world.server);
    assert_eq!(
        world.introspect(&tickets, &ours.access),
        json!({"active": false})
    );
    let wrong = App {
        secret: Some("wrong".to_owned()),
        ..tickets.clone()
    };
    let refused = world.send(wrong.post("/api/oauth2/introspect", &[("token", &token)]));
    assert_eq!(refused.expect(401).error(), "invalid_client");
    // Its credentials are good for nothing else.
    let tokens = [("grant_type", "client_credentials")];
    assert_eq!(
        world.token(&tickets, &tokens).expect(401).error(),
        "invalid_client"
    );

    world
        .revoke(&world.server, &text(&granted, "refresh_token"))
        .expect(200);
    assert_eq!(world.introspect(&tickets, &token), json!({"active": false}));
}

/// Ends the login of a token response.
type End<'a> = &'a dyn Fn(&Value);

#[test]
fn every_way_in_which_a_login_ends_reaches_verifiers_who_do_not_ask() {
    let world = World::new();
    world.resource(&json!({}));
    let family = |granted: &Value| text(&claims(&world, granted), "fam");
    let grant = || world.tokens_of(&world.server, &asks(&world.server));
    let ended: [(&str, End<'_>); 4] = [
        ("revoked", &|granted| {
            world
                .revoke(&world.server, &text(granted, "access_token"))
                .expect(200);
        }),
        ("deauthorized", &|_| {
            let path = format!("/api/oauth2/@me/authorizations/{}", world.server.id);
            world
                .alices_browser()
                .call(Method::Delete, &path)
                .expect(204);
        }),
        ("a refresh token used twice", &|granted| {
            let first = text(granted, "refresh_token");
            world.refresh(&world.server, &first).expect(200);
            world.advance(31);
            world.refresh(&world.server, &first).expect(400);
        }),
        ("a new password", &|_| {
            let path = format!("/api/admin/users/{}", world.alice.id);
            let change = json!({"password": crate::world::PASSWORD});
            world
                .administer(Method::Patch, &path, Some(&change))
                .expect(200);
        }),
    ];
    let mut listed = Vec::new();
    for (how, end) in ended {
        let granted = grant();
        let family = family(&granted);
        assert!(!world.revoked().contains(&family), "{how}");
        end(&granted);
        assert!(world.revoked().contains(&family), "{how}");
        listed.push(family);
    }
    // What only this server takes is not listed, and what is listed goes with its tokens.
    let Tokens { refresh, .. } = world.tokens(&world.server);
    let before = world.revoked().len();
    world.revoke(&world.server, &refresh).expect(200);
    assert_eq!(world.revoked().len(), before);
    world.advance(600 + 61);
    assert!(world.revoked().is_empty());
}

#[test]
fn resource_servers_are_administered() {
    let world = World::new();
    let resource = world.resource(&json!({}));
    let path = format!("/api/admin/resources/{}", resource.id);
    let call = |method, path: &str, body: Option<&Value>| world.administer(method, path, body);
    let shown = call(Method::Get, &path, None).expect(200).json();
    assert_eq!(shown["signing_alg"], "ES256");
    assert!(shown.get("client_secret").is_none());
    let list = call(Method::Get, "/api/admin/resources", None)
        .expect(200)
        .json();
    assert_eq!(list, json!([shown]));
    let change = json!({"name": "Support", "signing_alg": "RS256"});
    let changed = call(Method::Patch, &path, Some(&change)).expect(200).json();
    assert_eq!(changed["name"], "Support");
    assert_eq!(changed["scopes"], shown["scopes"]);
    let refused = |body: &Value, fields: &[&str]| {
        let answer = call(Method::Post, "/api/admin/resources", Some(body)).expect(400);
        assert_eq!(answer.fields(), fields, "{body}");
    };
    let scopes = json!([{"name": "a", "description": "A"}]);
    refused(&json!({}), &["identifier", "name", "scopes"]);
    let taken = json!({"identifier": "HTTPS://tickets.example/mcp", "name": "x", "scopes": scopes});
    refused(&taken, &["identifier"]);
    for identifier in [
        "/mcp",
        "https://x.example/#a",
        HTTP,
        "http://127.0.0.1:8787/mcp",
    ] {
        refused(
            &json!({"identifier": identifier, "name": "x", "scopes": scopes}),
            &["identifier"],
        );
    }
    for scopes in [
        json!([]),
        json!("a"),
        json!([{"name": "identify", "description": "A"}]),
        json!([{"name": "A", "description": "A"}]),
        json!([{"name": "a"}]),
        json!([{"name": "a", "description": "A"}, {"name": "a", "description": "B"}]),
    ] {
        let body = json!({"identifier": "urn:x:y", "name": "x", "scopes": scopes});
        call(Method::Post, "/api/admin/resources", Some(&body)).expect(400);
    }
    let access = world.tokens(&world.server).access;
    world.send(get(&path).bearer(&access)).expect(403);

    // Deleted, it gets no more tokens, and a refresh says why.
    let granted = world.tokens_of(&world.server, &asks(&world.server));
    call(Method::Delete, &path, None).expect(204);
    call(Method::Get, &path, None).expect(404);
    let refresh = world.refresh(&world.server, &text(&granted, "refresh_token"));
    assert_eq!(refresh.expect(400).error(), "invalid_target");
}

#[test]
fn our_own_api_says_where_its_tokens_come_from() {
    let world = World::new();
    let path = "/.well-known/oauth-protected-resource";
    let document = world.send(get(path)).expect(200);
    assert_eq!(document.header("access-control-allow-origin"), Some("*"));
    let document = document.json();
    assert_eq!(document["resource"], HTTP);
    assert_eq!(document["authorization_servers"], json!([HTTP]));
    let names = |answer: &Answer| {
        let challenge = answer.header("www-authenticate").expect("a challenge");
        challenge.contains(&format!("resource_metadata=\"{HTTP}{path}\""))
    };
    assert!(names(&world.send(get("/api/users/@me")).expect(401)));
    assert!(names(&world.me("x").expect(401)));
    let token = world.tokens(&world.server).access;
    assert!(names(
        &world
            .send(get("/api/users/@me/guilds").bearer(&token))
            .expect(403)
    ));
}
