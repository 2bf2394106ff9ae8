//! Clients whose `client_id` is the URL of a document.

use base64ct::{Base64UrlUnpadded, Encoding};
use fluxer_oauth2::http::Method;
use fluxer_oauth2::outbound::OutboundAnswer;
use fluxer_oauth2::store::memory::Isolate;
use serde_json::{Value, json};

use crate::world::{App, Native, With, get, text};

const URL: &str = "https://client.example/oauth/client.json";

fn document() -> Value {
    json!({
        "client_id": URL,
        "client_name": "Documented",
        "redirect_uris": ["https://client.example/cb", "http://localhost/callback"],
        "token_endpoint_auth_method": "none",
    })
}

fn client() -> App {
    App {
        id: URL.to_owned(),
        secret: None,
        redirect_uri: "https://client.example/cb".to_owned(),
        bot_token: None,
    }
}

fn world() -> Native {
    let world = Native::new();
    world.memory.serve_json(URL, &document());
    world
}

fn fetches(world: &Native) -> usize {
    let steps = world.memory.steps();
    steps.iter().filter(|step| **step == "outbound").count()
}

fn served(status: u16, content_type: &str, body: &[u8]) -> OutboundAnswer {
    OutboundAnswer {
        status,
        content_type: content_type.to_owned(),
        cache_control: String::new(),
        body: Some(body.to_vec()),
    }
}

#[test]
fn a_client_that_a_document_describes_gets_its_user_s_tokens_and_is_its_url_on_the_wire() {
    let world = world();
    let app = client();
    let browser = world.alices_browser();
    let page = browser.get(&app.asks().target()).expect(200);
    assert!(
        page.texts(".warning p")
            .join(" ")
            .contains("client.example")
    );
    let tokens = world.tokens_for(&browser, &app);
    world.me(&tokens.access).expect(200);
    let claims = tokens.access.split('.').nth(1).expect("claims");
    let claims = Base64UrlUnpadded::decode_vec(claims).expect("base64url");
    let claims: Value = serde_json::from_slice(&claims).expect("JSON");
    assert_eq!(claims["client_id"], URL);
    assert_eq!(world.introspect(&app, &tokens.access)["client_id"], URL);
    let next = world.refresh(&app, &tokens.refresh).expect(200).tokens();
    world.revoke(&app, &next.refresh).expect(200);
    world.me(&next.access).expect(401);
}

#[test]
fn one_id_is_minted_for_a_document_and_it_is_no_client_id() {
    let world = world();
    let browser = world.alices_browser();
    let tokens = world.tokens_for(&browser, &client());
    world.tokens_for(&browser, &client());
    let path = "/api/oauth2/@me/authorizations";
    let listed = browser.call(Method::Get, path).expect(200).json();
    assert_eq!(listed.as_array().map(Vec::len), Some(1));
    let id = text(&listed[0]["application"], "id");
    let by_id = App {
        id: id.clone(),
        ..client()
    };
    browser.get(&by_id.asks().target()).expect(400);
    world.refresh(&by_id, &tokens.refresh).expect(401);
    let one = format!("{path}/{id}");
    browser.call(Method::Delete, &one).expect(204);
    world.me(&tokens.access).expect(401);
}

#[test]
fn a_document_that_is_not_what_it_must_be_ends_on_a_page_and_is_not_remembered() {
    let world = world();
    let browser = world.alices_browser();
    let mut other_id = document();
    other_id["client_id"] = json!("https://evil.example/client.json");
    let mut no_uris = document();
    no_uris["redirect_uris"] = json!([]);
    let json = "application/json";
    for (answer, status) in [
        (served(200, json, other_id.to_string().as_bytes()), 400),
        (served(200, json, no_uris.to_string().as_bytes()), 400),
        (served(200, json, b"[]"), 400),
        (served(200, json, b"{"), 400),
        (served(200, json, "[".repeat(10_000).as_bytes()), 400),
        (
            served(200, "text/html", document().to_string().as_bytes()),
            400,
        ),
        (served(302, json, b""), 400),
        (served(404, json, b"{}"), 400),
        (served(500, json, b"{}"), 503),
    ] {
        world.memory.serve(URL, answer.clone());
        let page = browser.get(&client().asks().target());
        assert_eq!(page.status, status, "{answer:?}");
        assert_eq!(page.header("location"), None);
        world.advance(10);
    }
    let long = OutboundAnswer {
        body: None,
        ..served(200, json, b"")
    };
    world.memory.serve(URL, long);
    browser.get(&client().asks().target()).expect(400);
    world.memory.silence(URL);
    let page = browser.get(&client().asks().target()).expect(503);
    assert_eq!(page.texts("h1"), ["One moment"], "nobody was too fast");
    world.memory.serve_json(URL, &document());
    browser.get(&client().asks().target()).expect(200);
}

#[test]
fn only_public_addresses_are_fetched() {
    let former = ("ISSUER_ALIASES", "https://former.example:8443");
    let world = Native::with(&[("ISSUER", "https://id.example"), former]);
    for url in [
        "http://client.example/c.json",
        "https://127.0.0.1/c.json",
        "https://169.254.169.254/latest",
        "https://localhost/c.json",
        "https://printer.local/c.json",
        "https://metadata.google.internal/c.json",
        "https://id.example/c.json",
        "https://ID.example:8443/c.json",
        "https://former.example/c.json",
        "https://client.example",
        "https://u@client.example/c.json",
        "https://client.example/c.json#x",
        "https://client.example/a/../c.json",
    ] {
        world.advance(10);
        world.memory.forget_steps();
        let app = App {
            id: url.to_owned(),
            ..client()
        };
        let page = world.browser().get(&app.asks().target());
        assert_eq!(page.status, 400, "{url}");
        assert_eq!(fetches(&world), 0, "{url}");
    }
}

#[test]
fn a_good_document_is_kept_as_long_as_its_server_says_within_a_minute_and_an_hour() {
    let world = world();
    let browser = world.alices_browser();
    let ask = || browser.get(&client().asks().target()).expect(200);
    for (cache_control, kept, stale) in [
        ("no-store", 59, 2),
        ("max-age=5", 59, 2),
        ("max-age=300", 299, 2),
        ("max-age=100000", 3599, 2),
    ] {
        world.advance(7200);
        let mut answer = served(200, "application/json", document().to_string().as_bytes());
        answer.cache_control = cache_control.to_owned();
        world.memory.serve(URL, answer);
        browser.log_in(&world.alice);
        world.memory.forget_steps();
        ask();
        assert_eq!(fetches(&world), 1, "{cache_control}");
        world.advance(kept);
        ask();
        assert_eq!(fetches(&world), 1, "{cache_control}");
        world.advance(stale);
        ask();
        assert_eq!(fetches(&world), 2, "{cache_control}");
    }
}

#[test]
fn at_the_token_endpoint_the_last_good_document_serves() {
    let world = world();
    let app = client();
    let browser = world.alices_browser();
    let code = browser.code(&app.asks());
    world.memory.silence(URL);
    world.advance(300);
    let tokens = world.exchange(&app, &code).expect(200).tokens();
    world.advance(7200);
    world.refresh(&app, &tokens.refresh).expect(200);
    let stranger = App {
        id: "https://stranger.example/client.json".to_owned(),
        ..client()
    };
    let answer = world.refresh(&stranger, "x").expect(503);
    assert_eq!(answer.error(), "temporarily_unavailable");
    assert!(answer.header("retry-after").is_some());
}

#[test]
fn a_document_that_changes_changes_its_client() {
    let world = world();
    let app = client();
    let browser = world.alices_browser();
    let tokens = world.tokens_for(&browser, &app);
    let mut changed = document();
    changed["client_name"] = json!("Renamed");
    changed["redirect_uris"] = json!(["https://client.example/new"]);
    world.memory.serve_json(URL, &changed);
    world.advance(3601);
    browser.get(&app.asks().target()).expect(400);
    let moved = App {
        redirect_uri: "https://client.example/new".to_owned(),
        ..app.clone()
    };
    let page = browser.get(&moved.asks().target()).expect(200);
    assert!(page.texts("h1").join("").contains("Renamed"));
    world.tokens_for(&browser, &moved);
    world.refresh(&moved, &tokens.refresh).expect(200);
}

#[test]
fn fetches_are_limited_by_address_and_by_host() {
    let world = Native::new();
    // What the answer was, and how often something was fetched for it.
    let ask = |url: &str, address: &str| {
        let app = App {
            id: url.to_owned(),
            ..client()
        };
        world.memory.forget_steps();
        let asked = get(&app.asks().target()).with("cf-connecting-ip", address);
        (world.send(asked).status, fetches(&world))
    };
    for nth in 0..30 {
        let url = format!("https://h{nth}.example/c.json");
        assert_eq!(ask(&url, "192.0.2.7").1, 1);
    }
    assert_eq!(ask("https://h31.example/c.json", "192.0.2.7"), (503, 0));
    assert_eq!(ask("https://h31.example/c.json", "192.0.2.8").1, 1);
    // Whoever has many addresses makes this server ask one host no more often.
    let one_host = |nth: usize| {
        let url = format!("https://one.example/{nth}.json");
        ask(&url, &format!("198.51.100.{nth}"))
    };
    for nth in 0..30 {
        assert_eq!(one_host(nth).1, 1);
    }
    assert_eq!(one_host(30), (503, 0));
    world.advance(60);
    assert_eq!(one_host(30).1, 1);
}

#[test]
fn documents_are_off_unless_they_are_switched_on() {
    let world = Native::with(&[("CLIENT_METADATA_DOCUMENTS", "off")]);
    world.memory.serve_json(URL, &document());
    world.browser().get(&client().asks().target()).expect(400);
    let refused = world.refresh(&client(), "x").expect(401);
    assert_eq!(refused.error(), "invalid_client");
    assert_eq!(fetches(&world), 0);
    let metadata = world.send(get("/.well-known/oauth-authorization-server"));
    let metadata = metadata.json();
    assert!(
        metadata
            .get("client_id_metadata_document_supported")
            .is_none()
    );
}

#[test]
fn an_error_of_a_documented_client_redirects_nobody_who_has_not_authorized_it() {
    let world = world();
    let browser = world.alices_browser();
    let silent = client().asks().with("prompt", "none");
    let page = browser.get(&silent.target()).expect(400);
    assert_eq!(page.header("location"), None);
    browser.code(&client().asks());
    let answer = browser.get(&silent.target()).expect(303);
    assert_eq!(
        answer.parameter("error").as_deref(),
        Some("consent_required")
    );
}

/// What real clients publish, as it was recorded.
mod recorded {
    use super::*;

    fn walk(url: &str, document: &Value, redirect_uri: &str, scope: &str) {
        let world = Native::new();
        world.memory.serve_json(url, document);
        let app = App {
            id: url.to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            ..client()
        };
        let asks = app.asks().with("scope", scope);
        let code = world.alices_browser().code(&asks);
        let tokens = world.exchange(&app, &code).tokens();
        world.refresh(&app, &tokens.refresh).expect(200);
    }

    /// Claude's scope begins with a space.
    #[test]
    fn claude_asks_for_offline_access_behind_a_space() {
        let url = "https://claude.ai/oauth/mcp-oauth-client-metadata";
        let document = json!({
            "client_id": url,
            "client_name": "Claude",
            "client_uri": "https://claude.ai",
            "redirect_uris": ["https://claude.ai/api/mcp/auth_callback"],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
        });
        let redirect_uri = "https://claude.ai/api/mcp/auth_callback";
        walk(url, &document, redirect_uri, " offline_access");
    }

    #[test]
    fn claude_code_s_document_names_no_port() {
        let url = "https://claude.ai/oauth/claude-code-client-metadata";
        let document = json!({
            "client_id": url,
            "client_name": "Claude Code",
            "redirect_uris": ["http://localhost/callback", "http://127.0.0.1/callback"],
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "none",
        });
        walk(
            url,
            &document,
            "http://localhost:57332/callback",
            "identify",
        );
    }

    /// Copilot's document names a port, and the program listens at another.
    #[test]
    fn copilot_comes_from_another_port_than_its_document_s() {
        let url = "https://github.com/copilot/cli/client-metadata.json";
        let document = json!({
            "client_id": url,
            "client_name": "GitHub Copilot CLI",
            "redirect_uris": ["http://127.0.0.1:33418/"],
            "token_endpoint_auth_method": "none",
        });
        walk(url, &document, "http://127.0.0.1:41999/", "identify");
    }

    /// `ChatGPT`'s newer documents offer two methods.
    #[test]
    fn chatgpt_may_go_without_its_key_where_its_document_offers_that() {
        let url = "https://chatgpt.com/oauth/abc/client.json";
        let document = json!({
            "client_id": url,
            "client_name": "ChatGPT",
            "redirect_uris": ["https://chatgpt.com/connector/oauth/abc",
                "https://chatgpt.com/connector_platform_oauth_redirect"],
            "token_endpoint_auth_method": "private_key_jwt",
            "token_endpoint_auth_methods_supported": ["private_key_jwt", "none"],
            "token_endpoint_auth_signing_alg": "RS256",
            "jwks_uri": "https://chatgpt.com/oauth/jwks.json",
        });
        walk(
            url,
            &document,
            "https://chatgpt.com/connector/oauth/abc",
            "identify",
        );
    }
}

#[test]
fn a_documented_client_costs_what_a_registered_one_does_and_outlasts_the_directory_as_it_does() {
    let world = world();
    world.memory.isolate.set(Isolate::Remembering);
    let app = client();
    let mut tokens = world.tokens(&app);
    let mut refresh = |expected: &[&str]| {
        world.memory.forget_steps();
        let answer = world.refresh(&app, &tokens.refresh);
        assert_eq!(world.memory.steps(), expected);
        tokens = answer.expect(200).tokens();
    };
    refresh(&["limiter", "ledger"]);
    world.advance(6);
    refresh(&["limiter", "d1.read", "ledger"]);
    refresh(&["limiter", "ledger"]);

    world.advance(60);
    world.memory.outage.set(Some("d1"));
    let answer = world.refresh(&app, &tokens.refresh);
    world.memory.outage.set(None);
    tokens = answer.expect(200).tokens();
    tokens = world.refresh(&app, &tokens.refresh).tokens();

    // What is stopped is stopped within five seconds.
    let all = world.administer(Method::Get, "/api/admin/applications", None);
    let all: Vec<Value> = serde_json::from_value(all.json()).expect("a list");
    let id = all.iter().find(|it| it["name"] == "Documented");
    let path = format!("/api/admin/applications/{}", text(id.expect("it"), "id"));
    let suspend = |is: bool| {
        let change = json!({"suspended": is});
        let changed = world.administer(Method::Patch, &path, Some(&change));
        changed.expect(200);
        world.advance(6);
    };
    suspend(true);
    let refused = world.refresh(&app, &tokens.refresh);
    assert_eq!(refused.expect(400).error(), "unauthorized_client");
    suspend(false);
    tokens = world.refresh(&app, &tokens.refresh).tokens();

    // Deleted, it is nobody's until somebody authorizes it anew, and its tokens are gone.
    world.administer(Method::Delete, &path, None).expect(204);
    world.advance(6);
    assert_eq!(world.refresh(&app, &tokens.refresh).status, 400);
    world.tokens(&app);
}
