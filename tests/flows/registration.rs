//! Clients that nobody registered by hand.

use fluxer_oauth2::http::{Method, Request};
use serde_json::{Value, json};

use crate::world::{
    Answer, App, Asks, HTTP, Native, With, World, get, request, selector, text, with_json,
};

const REGISTER: &str = "/api/oauth2/register";

const OPEN: [(&str, &str); 5] = [
    ("DYNAMIC_REGISTRATION", "open"),
    ("RATE_LIMIT_REGISTER", "off"),
    ("RATE_LIMIT_AUTHORIZE", "off"),
    ("RATE_LIMIT_TOKEN", "off"),
    ("RATE_LIMIT_REVOKE", "off"),
];

fn open() -> World {
    World::with(&OPEN)
}

fn register(world: &World, body: &Value) -> Answer {
    world.send(with_json(request(Method::Post, REGISTER), body))
}

/// A client as it registers itself.
fn registered(world: &World, body: &Value) -> (App, Value) {
    let answer = register(world, body).expect(201).json();
    let app = App {
        id: text(&answer, "client_id"),
        secret: answer["client_secret"].as_str().map(str::to_owned),
        redirect_uri: answer["redirect_uris"][0].as_str().expect("one").to_owned(),
        bot_token: None,
    };
    (app, answer)
}

fn public(world: &World) -> (App, Value) {
    registered(
        world,
        &json!({
            "client_name": "Some Editor",
            "redirect_uris": ["http://127.0.0.1:33418/"],
            "token_endpoint_auth_method": "none",
        }),
    )
}

fn manage(answer: &Value, method: Method) -> Request {
    let uri = text(answer, "registration_client_uri");
    let path = uri.strip_prefix(HTTP).expect("a URL of ours").to_owned();
    request(method, &path).bearer(&text(answer, "registration_access_token"))
}

fn error(answer: &Answer) -> String {
    text(&answer.json(), "error")
}

#[test]
fn a_client_registers_itself_and_gets_its_user_s_tokens() {
    let world = open();
    for method in ["none", "client_secret_basic", "client_secret_post"] {
        let (app, answer) = registered(
            &world,
            &json!({
                "client_name": "Client",
                "redirect_uris": ["https://client.example/cb"],
                "token_endpoint_auth_method": method,
                "client_uri": "https://client.example/",
                "logo_uri": "",
                "scope": "identify email mcp:tools",
                "application_type": "web",
                "unknown_member": {"deep": [1]},
            }),
        );
        assert_eq!(answer["token_endpoint_auth_method"], method);
        assert_eq!(answer["client_secret_expires_at"], 0);
        assert_eq!(answer["scope"], "identify email");
        assert_eq!(answer["client_uri"], "https://client.example/");
        assert!(answer.get("unknown_member").is_none() && answer.get("logo_uri").is_none());
        assert!(answer["client_id_issued_at"].is_u64());
        let grants = json!(["authorization_code", "refresh_token"]);
        assert_eq!(answer["grant_types"], grants);
        let device = world.send(app.post("/api/oauth2/device_authorization", &[]));
        assert_eq!(error(&device.expect(400)), "unauthorized_client");
        assert_eq!(app.secret.is_some(), method != "none");
        let tokens = world.tokens(&app);
        world.me(&tokens.access).expect(200);
        world.refresh(&app, &tokens.refresh).expect(200);
    }
}

#[test]
fn without_a_method_a_client_has_a_secret() {
    let world = open();
    let (app, answer) = registered(&world, &json!({"redirect_uris": ["https://c.example/cb"]}));
    assert!(app.secret.is_some());
    assert_eq!(answer["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!(answer["client_name"], "c.example");
}

#[test]
fn what_cannot_be_registered_is_told_in_the_standard_s_words() {
    let world = open();
    for (body, expected) in [
        (json!({}), "invalid_redirect_uri"),
        (
            json!({"redirect_uris": ["http://evil.example/cb"]}),
            "invalid_redirect_uri",
        ),
        (json!([]), "invalid_client_metadata"),
        (
            json!({"redirect_uris": ["https://c.example/cb"], "grant_types": ["client_credentials"]}),
            "invalid_client_metadata",
        ),
        (
            json!({"redirect_uris": ["https://c.example/cb"], "response_types": ["token"]}),
            "invalid_client_metadata",
        ),
        (
            json!({"redirect_uris": ["https://c.example/cb"], "client_name": "a\u{202e}b"}),
            "invalid_client_metadata",
        ),
    ] {
        let answer = register(&world, &body).expect(400);
        assert_eq!(error(&answer), expected, "{body}");
    }
    let form = request(Method::Post, REGISTER).with("content-type", "text/plain");
    assert_eq!(
        error(&world.send(form).expect(400)),
        "invalid_client_metadata"
    );
}

#[test]
fn one_redirect_uri_that_is_not_taken_does_not_sink_the_rest() {
    let world = open();
    let (_, answer) = registered(
        &world,
        &json!({
            "token_endpoint_auth_method": "none",
            "redirect_uris": [
                "cursor://anysphere.cursor-mcp/oauth/callback",
                "http://evil.example/cb",
                "http://localhost:8787/callback",
            ],
        }),
    );
    let kept = json!([
        "cursor://anysphere.cursor-mcp/oauth/callback",
        "http://localhost:8787/callback"
    ]);
    assert_eq!(answer["redirect_uris"], kept);
}

#[test]
fn nobody_becomes_more_than_an_unverified_client_by_it() {
    let world = open();
    let (app, _) = registered(
        &world,
        &json!({
            "redirect_uris": ["https://c.example/cb"],
            "client_id": world.server.id,
            "trusted": true, "bot": true, "owner_id": world.staff.id,
            "scope": "bot admin identify",
            "grant_types": ["authorization_code", "client_credentials"],
        }),
    );
    assert_ne!(app.id, world.server.id);
    let own = [("grant_type", "client_credentials"), ("scope", "identify")];
    assert_eq!(
        error(&world.token(&app, &own).expect(400)),
        "unauthorized_client"
    );
    let path = format!("/api/admin/applications/{}", app.id);
    let shown = world
        .administer(Method::Get, &path, None)
        .expect(200)
        .json();
    assert_eq!(shown["trusted"], false);
    assert_eq!(shown["owner_id"], Value::Null);
    let trust = json!({"trusted": true});
    world
        .administer(Method::Patch, &path, Some(&trust))
        .expect(400);
    for scope in ["admin", "bot"] {
        let staff = world.browser();
        staff.log_in(&world.staff);
        let answer = staff.get(&app.asks().with("scope", scope).target());
        assert_eq!(answer.header("location"), None, "{scope}");
    }
}

#[test]
fn an_unverified_client_s_users_are_asked_every_time_and_told_where_they_go() {
    let world = open();
    let browser = world.alices_browser();
    let (app, _) = registered(
        &world,
        &json!({"redirect_uris": ["https://sub.client.example:8443/cb"], "client_name": "Bank"}),
    );
    for _ in 0..2 {
        let page = browser.get(&app.asks().target()).expect(200);
        assert!(
            page.body.contains("sub.client.example:8443"),
            "{}",
            page.body
        );
        assert_eq!(page.texts(".warning p").len(), 1, "nobody checked it");
        browser.code(&app.asks());
    }
    let (local, _) = public(&world);
    let page = browser.get(&local.asks().target()).expect(200);
    let warning = page.texts(".warning p").join(" ");
    assert!(
        warning.contains("this device") && warning.contains("127.0.0.1:33418"),
        "{warning}"
    );
}

#[test]
fn an_error_redirects_nobody_who_has_not_authorized_the_client() {
    let world = open();
    let (app, _) = public(&world);
    let browser = world.alices_browser();
    let wrong = app.asks().with("scope", "nonsense");
    let silent = app.asks().with("prompt", "none");
    let stays = |answer: Answer, status, error: &str| {
        let answer = answer.expect(status);
        assert_eq!(answer.header("location"), None);
        assert!(
            answer
                .texts("a.button")
                .join("")
                .contains("127.0.0.1:33418")
        );
        assert!(
            answer.body.contains(&format!("error={error}")),
            "{}",
            answer.body
        );
    };
    stays(browser.get(&wrong.target()), 400, "invalid_scope");
    stays(browser.get(&silent.target()), 400, "consent_required");
    stays(world.browser().get(&silent.target()), 400, "login_required");
    let denial = browser.consent(&app.asks()).with("decision", "deny");
    stays(browser.submit(&denial), 200, "access_denied");
    browser.code(&app.asks());
    let answer = browser.get(&wrong.target()).expect(303);
    assert_eq!(answer.parameter("error").as_deref(), Some("invalid_scope"));
    let denial = browser.consent(&app.asks()).with("decision", "deny");
    let answer = browser.submit(&denial).expect(303);
    assert_eq!(answer.parameter("error").as_deref(), Some("access_denied"));
}

#[test]
fn a_client_reads_replaces_and_deletes_what_it_registered() {
    let world = open();
    let (app, answer) = public(&world);
    let (other, _) = public(&world);
    let shown = world.send(manage(&answer, Method::Get)).expect(200).json();
    assert_eq!(shown, answer);
    let tokens = world.tokens(&app);
    let new = json!({
        "client_id": app.id, "client_name": "New", "redirect_uris": ["http://localhost/cb"],
    });
    let put = |body: &Value| world.send(with_json(manage(&answer, Method::Put), body));
    let replaced = put(&new).expect(200).json();
    assert_eq!(replaced["client_name"], "New");
    assert_eq!(replaced["token_endpoint_auth_method"], "none");
    let gone = world.alices_browser().get(&app.asks().target());
    assert_eq!(
        gone.status, 400,
        "the old redirect URI is not registered any more"
    );
    for wrong in [
        json!({"client_name": "New", "redirect_uris": ["http://localhost/cb"]}),
        json!({"client_id": other.id, "redirect_uris": ["http://localhost/cb"]}),
        json!({
            "client_id": app.id, "redirect_uris": ["http://localhost/cb"],
            "token_endpoint_auth_method": "client_secret_basic",
        }),
    ] {
        assert_eq!(error(&put(&wrong).expect(400)), "invalid_client_metadata");
    }
    for token in [
        "",
        "x",
        &text(&public(&world).1, "registration_access_token"),
    ] {
        let path = format!("{REGISTER}/{}", app.id);
        for method in [Method::Get, Method::Put, Method::Delete] {
            let refused = world.send(request(method, &path).bearer(token)).expect(401);
            assert!(refused.header("www-authenticate").is_some());
        }
    }
    world.me(&tokens.access).expect(200);
    world.send(manage(&answer, Method::Delete)).expect(204);
    world.send(manage(&answer, Method::Get)).expect(401);
    world.me(&tokens.access).expect(401);
    assert_eq!(
        error(&world.refresh(&app, &tokens.refresh).expect(401)),
        "invalid_client"
    );
}

#[test]
fn a_secret_that_is_shown_back_must_be_the_client_s() {
    let world = open();
    let (app, answer) = registered(&world, &json!({"redirect_uris": ["https://c.example/cb"]}));
    for (secret, status) in [(app.secret.as_deref().unwrap_or_default(), 200), ("x", 400)] {
        let body = json!({
            "client_id": app.id, "client_secret": secret, "redirect_uris": ["https://c.example/cb"],
        });
        world
            .send(with_json(manage(&answer, Method::Put), &body))
            .expect(status);
    }
}

#[test]
fn registration_is_off_unless_it_is_switched_on() {
    let world = World::with(&[("DYNAMIC_REGISTRATION", "off")]);
    register(&world, &json!({"redirect_uris": ["https://c.example/cb"]})).expect(404);
    let metadata = world
        .send(get("/.well-known/oauth-authorization-server"))
        .json();
    assert!(metadata.get("registration_endpoint").is_none());
    let metadata = open()
        .send(get("/.well-known/oauth-authorization-server"))
        .json();
    let endpoint = format!("{HTTP}{REGISTER}");
    assert_eq!(metadata["registration_endpoint"], endpoint);
}

#[test]
fn where_a_token_is_needed_an_administrator_s_lets_clients_register_while_it_is_good() {
    let world = World::with(&[("DYNAMIC_REGISTRATION", "token")]);
    let path = "/api/admin/registration-tokens";
    let body = json!({"redirect_uris": ["https://c.example/cb"]});
    let with =
        |token: &str| world.send(with_json(request(Method::Post, REGISTER), &body).bearer(token));
    register(&world, &body).expect(401);
    with("nonsense").expect(401);
    let token = json!({"name": "CI", "expires_in": 60});
    let made = world
        .administer(Method::Post, path, Some(&token))
        .expect(201)
        .json();
    let token = text(&made, "token");
    with(&token).expect(201);
    with(&token).expect(201);
    let listed = world.administer(Method::Get, path, None).expect(200);
    assert!(!listed.body.contains(&token), "it is shown once");
    world.advance(61);
    with(&token).expect(401);
    let made = world
        .administer(Method::Post, path, Some(&json!({})))
        .expect(201)
        .json();
    world.advance(1_000_000);
    with(&text(&made, "token")).expect(201);
    let one = format!("{path}/{}", text(&made, "id"));
    world.administer(Method::Delete, &one, None).expect(204);
    world.administer(Method::Delete, &one, None).expect(404);
    with(&text(&made, "token")).expect(401);
}

#[test]
fn a_registration_that_nobody_authorized_goes_after_seven_days_and_no_other() {
    let world = Native::with(&OPEN);
    let (unused, _) = public(&world);
    let (used, _) = public(&world);
    let tokens = world.tokens(&used);
    let day = 24 * 3600;
    world.advance(7 * day - 120);
    sweep(&world);
    world
        .alices_browser()
        .get(&unused.asks().target())
        .expect(200);
    world.revoke(&used, &tokens.refresh).expect(200);
    world
        .alices_browser()
        .call(Method::Delete, "/api/oauth2/@me/authorizations");
    world.advance(day);
    let (fresh, _) = public(&world);
    sweep(&world);
    let browser = world.alices_browser();
    browser.get(&unused.asks().target()).expect(400);
    browser.get(&used.asks().target()).expect(200);
    browser.get(&fresh.asks().target()).expect(200);
}

fn sweep(world: &Native) {
    use fluxer_oauth2::endpoint::api::admin::audit_log::sweep;
    let lifetime = world.config.audit_log_lifetime;
    pollster::block_on(sweep(&*world.memory, lifetime)).expect("a sweep");
}

#[test]
fn the_registrations_of_one_vendor_stand_together() {
    let world = open();
    let browser = world.alices_browser();
    let named = |name: &str, host: &str| {
        let uri = format!("https://{host}/cb");
        registered(
            &world,
            &json!({"client_name": name, "redirect_uris": [uri]}),
        )
        .0
    };
    for (name, host) in [
        ("Claude", "claude.example"),
        ("Other", "other.example"),
        ("Claude", "evil.example"),
        ("Claude", "claude.example"),
    ] {
        browser.code(&named(name, host).asks());
        world.advance(1);
    }
    let page = browser.get("/settings/authorizations").expect(200);
    let hosts = page.texts(".grant > .quiet");
    let hosts: Vec<_> = hosts
        .iter()
        .filter_map(|it| it.split(" at ").nth(1))
        .collect();
    let (claude, other, evil) = ("claude.example.", "other.example.", "evil.example.");
    assert_eq!(hosts, [claude, claude, other, evil]);
}

#[test]
fn the_registrations_of_one_vendor_stand_together_across_pages() {
    let world = open();
    let browser = world.alices_browser();
    let authorize = |name: &str, uri: &str| {
        let client = json!({"client_name": name, "redirect_uris": [uri]});
        browser.code(&registered(&world, &client).0.asks());
        world.advance(1);
    };
    authorize("Editor", "http://127.0.0.1:33418/");
    for nth in 0..11 {
        authorize(&format!("Other {nth}"), "https://other.example/cb");
    }
    authorize("Editor", "http://127.0.0.1:50123/");
    authorize("Editor", "https://editor.example/cb");
    authorize("Other 3", "https://other.example/another");

    let mut names = Vec::new();
    let mut next = Some("/settings/authorizations".to_owned());
    let mut pages = 0;
    while let Some(target) = next {
        let page = browser.get(&target).expect(200);
        names.extend(page.texts(".grant h2"));
        let document = page.document();
        let link = document.select(&selector("a[rel=next]")).next();
        next = link.map(|it| it.attr("href").expect("a link").to_owned());
        pages += 1;
    }
    let mut expected = vec!["Editor".to_owned(), "Editor".to_owned()];
    for nth in 0..11 {
        let times = if nth == 3 { 2 } else { 1 };
        expected.extend(vec![format!("Other {nth}"); times]);
    }
    expected.push("Editor".to_owned());
    assert_eq!((names, pages), (expected, 2));
}

#[test]
fn registrations_are_limited_by_address() {
    let world = World::with(&[("DYNAMIC_REGISTRATION", "open")]);
    let body = json!({"redirect_uris": ["https://c.example/cb"]});
    for _ in 0..60 {
        register(&world, &body).expect(201);
    }
    register(&world, &body).expect(429);
    world.advance(3600);
    register(&world, &body).expect(201);
}

#[test]
fn no_secret_of_a_registration_reaches_storage() {
    let world = Native::with(&OPEN);
    let (app, answer) = registered(&world, &json!({"redirect_uris": ["https://c.example/cb"]}));
    let kept = world.memory.dump();
    for secret in [
        app.secret.expect("a secret"),
        text(&answer, "registration_access_token"),
    ] {
        assert!(!kept.contains(&secret));
    }
}

/// What real clients send, as it was recorded.
mod recorded {
    use super::*;

    /// VS Code registers a port, and listens at another.
    #[test]
    fn vs_code_comes_from_another_port() {
        let world = open();
        let (app, _) = registered(
            &world,
            &json!({
                "client_name": "Visual Studio Code",
                "client_uri": "https://code.visualstudio.com",
                "grant_types": ["authorization_code", "refresh_token",
                    "urn:ietf:params:oauth:grant-type:device_code"],
                "response_types": ["code"],
                "redirect_uris": ["https://insiders.vscode.dev/redirect",
                    "https://vscode.dev/redirect", "http://127.0.0.1/", "http://127.0.0.1:33418/"],
                "token_endpoint_auth_method": "none",
                "application_type": "native",
            }),
        );
        walk(&world, &app, "http://127.0.0.1:51423/");
        walk(&world, &app, "https://vscode.dev/redirect");
    }

    /// Claude Code registers `localhost` without a port, and asks for `offline_access`.
    #[test]
    fn claude_code_listens_at_any_port_of_localhost() {
        let world = open();
        let (app, _) = registered(
            &world,
            &json!({
                "client_name": "Claude Code",
                "redirect_uris": ["http://localhost/callback", "http://127.0.0.1/callback"],
                "grant_types": ["authorization_code", "refresh_token"],
                "response_types": ["code"],
                "token_endpoint_auth_method": "none",
            }),
        );
        walk(&world, &app, "http://localhost:49321/callback");
    }

    /// Cursor registers three URIs at once, one of them of a scheme of its own.
    #[test]
    fn cursor_is_answered_at_its_own_scheme() {
        let world = open();
        let (app, _) = registered(
            &world,
            &json!({
                "client_name": "Cursor",
                "redirect_uris": ["cursor://anysphere.cursor-mcp/oauth/callback",
                    "https://www.cursor.com/agents/mcp/oauth/callback",
                    "http://localhost:8787/callback"],
                "grant_types": ["authorization_code", "refresh_token"],
                "response_types": ["code"],
                "token_endpoint_auth_method": "none",
            }),
        );
        walk(&world, &app, "cursor://anysphere.cursor-mcp/oauth/callback");
    }

    /// The TypeScript SDK throws its registration away on `invalid_client`, and its tokens on
    /// `invalid_grant`; it keeps both on `temporarily_unavailable`.
    #[test]
    fn the_typescript_sdk_is_told_what_to_throw_away() {
        let world = Native::with(&OPEN);
        let (app, answer) = public(&world);
        let tokens = world.tokens(&app);
        let refused = world.refresh(&app, "nonsense").expect(400);
        assert_eq!(error(&refused), "invalid_grant");
        world.memory.outage.set(Some("ledger"));
        let down = world.refresh(&app, &tokens.refresh).expect(503);
        assert_eq!(error(&down), "temporarily_unavailable");
        world.memory.outage.set(None);
        world.refresh(&app, &tokens.refresh).expect(200);
        world.send(manage(&answer, Method::Delete)).expect(204);
        let gone = world.refresh(&app, &tokens.refresh).expect(401);
        assert_eq!(error(&gone), "invalid_client");
    }

    fn walk(world: &World, app: &App, redirect_uri: &str) {
        let app = App {
            redirect_uri: redirect_uri.to_owned(),
            ..app.clone()
        };
        let asks: Asks = app.asks().with("scope", "identify");
        let code = world.alices_browser().code(&asks);
        let tokens = world.exchange(&app, &code).tokens();
        world.me(&tokens.access).expect(200);
        world.refresh(&app, &tokens.refresh).expect(200);
    }
}

#[test]
fn a_client_registers_how_it_uses_oauth() {
    let world = open();
    let jwks = json!({"keys": [{
        "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        "kid": "a", "use": "sig",
    }]});
    let asked = json!({
        "redirect_uris": ["https://client.example/cb"],
        "post_logout_redirect_uris": ["https://client.example/out"],
        "token_endpoint_auth_method": "private_key_jwt", "jwks": jwks,
        "grant_types": ["authorization_code", "refresh_token",
            "urn:ietf:params:oauth:grant-type:device_code"],
        "id_token_signed_response_alg": "ES256",
        "dpop_bound_access_tokens": true, "require_pushed_authorization_requests": true,
    });
    let (_, answer) = registered(&world, &asked);
    let is_answered = |answer: &Value, asked: &Value| {
        for (name, value) in asked.as_object().expect("an object") {
            assert_eq!(&answer[name], value, "{name}");
        }
    };
    is_answered(&answer, &asked);
    assert_eq!(answer.get("client_secret"), None);
    assert_eq!(
        answer.get("jwks_uri"),
        None,
        "what is not there is left out"
    );
    let shown = world.send(manage(&answer, Method::Get)).expect(200).json();
    assert_eq!(shown, answer);

    let replaced = json!({
        "client_id": answer["client_id"], "redirect_uris": ["https://client.example/2"],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks_uri": "https://client.example/jwks.json",
    });
    let put = |body: &Value| world.send(with_json(manage(&answer, Method::Put), body));
    let shown = put(&replaced).expect(200).json();
    is_answered(&shown, &replaced);
    assert_eq!(
        shown["grant_types"],
        json!(["authorization_code", "refresh_token"])
    );
    assert_eq!(shown["dpop_bound_access_tokens"], false);
    for method in ["none", "client_secret_basic"] {
        let mut other = replaced.clone();
        other["token_endpoint_auth_method"] = json!(method);
        assert_eq!(error(&put(&other).expect(400)), "invalid_client_metadata");
    }
}

#[test]
fn what_a_client_cannot_be_registered_with_is_named() {
    let world = open();
    let key =
        json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
    let mut private = key.clone();
    private["d"] = json!("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A");
    let (set, leaked) = (json!({"keys": [key]}), json!({"keys": [private]}));
    let uri = json!("https://client.example/jwks.json");
    let signs = json!("private_key_jwt");
    for (members, named) in [
        (json!({"token_endpoint_auth_method": signs}), "jwks "),
        (
            json!({"token_endpoint_auth_method": signs, "jwks": set, "jwks_uri": uri}),
            "jwks_uri ",
        ),
        (json!({"jwks": set, "jwks_uri": uri}), "jwks_uri "),
        (
            json!({"token_endpoint_auth_method": signs, "jwks": leaked}),
            "jwks ",
        ),
        (
            json!({"token_endpoint_auth_method": "none", "jwks": leaked}),
            "jwks ",
        ),
        (
            json!({"token_endpoint_auth_method": signs, "jwks_uri": "http://client.example/"}),
            "jwks_uri ",
        ),
        (
            json!({"token_endpoint_auth_method": signs, "jwks_uri": [uri]}),
            "jwks_uri ",
        ),
        (
            json!({"id_token_signed_response_alg": "HS256"}),
            "id_token_signed_response_alg ",
        ),
        (
            json!({"dpop_bound_access_tokens": "true"}),
            "dpop_bound_access_tokens ",
        ),
    ] {
        let mut body = json!({"redirect_uris": ["https://client.example/cb"]});
        let object = body.as_object_mut().expect("an object");
        object.extend(members.as_object().expect("an object").clone());
        let refused = register(&world, &body).expect(400);
        assert_eq!(error(&refused), "invalid_client_metadata", "{members}");
        let told = text(&refused.json(), "error_description");
        assert!(told.starts_with(named), "{members}: {told}");
    }
    for uris in [
        json!(["javascript:alert(1)"]),
        json!("https://client.example/"),
    ] {
        let refused = register(
            &world,
            &json!({
                "redirect_uris": ["https://client.example/cb"], "post_logout_redirect_uris": uris,
            }),
        );
        assert_eq!(error(&refused.expect(400)), "invalid_redirect_uri");
    }
}
