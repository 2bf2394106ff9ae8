//! What an isolate remembers of applications, resource servers, documents and keys: a refusal by it is never
//! final, and what it permits costs nothing more.

use fluxer_oauth2::http::Method;
use fluxer_oauth2::store::memory::Isolate;
use serde_json::{Value, json};

use crate::dpop::Holder;
use crate::private_key_jwt::asserted;
use crate::resource_tokens::TICKETS;
use crate::world::{Answer, App, Asks, CHALLENGE, HTTP, Native, text};

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const DOCUMENT: &str = "https://client.example/oauth/client.json";
const KEYS: &str = "https://client.example/jwks.json";
const NEW_URI: &str = "https://client.example/new";
const OWN: (&str, &str) = ("grant_type", "client_credentials");

/// A world whose isolate remembers what it reads.
fn remembering() -> Native {
    let world = Native::new();
    world.memory.isolate.set(Isolate::Remembering);
    world
}

impl Native {
    /// What happens in another isolate: this one does not hear of it.
    fn elsewhere<T>(&self, happens: impl FnOnce() -> T) -> T {
        let isolate = self.memory.isolate.replace(Isolate::Cold);
        let happened = happens();
        self.memory.isolate.set(isolate);
        happened
    }

    /// Another isolate changes something.
    fn change(&self, kind: &str, app: &App, change: &Value) {
        let path = format!("/api/admin/{kind}/{}", app.id);
        self.elsewhere(|| {
            let changed = self.administer(Method::Patch, &path, Some(change));
            changed.expect(200);
        });
    }

    /// What a request asks of the stores.
    fn costs(&self, request: impl FnOnce() -> Answer) -> Vec<&'static str> {
        self.memory.forget_steps();
        request().expect(200);
        self.memory.steps()
    }
}

fn for_tickets(scope: &'static str) -> [(&'static str, &'static str); 2] {
    [("resource", TICKETS), ("scope", scope)]
}

fn with_scope(name: &str) -> Value {
    let scope = |name: &str| json!({"name": name, "description": "Something"});
    json!({"scopes": [scope("tickets:read"), scope("tickets:write"), scope(name)]})
}

fn asks(app: &App, scope: &str) -> Asks {
    app.asks().with("resource", TICKETS).with("scope", scope)
}

#[test]
fn a_new_scope_of_a_resource_server_may_be_asked_for_at_once() {
    let world = remembering();
    let app = world.elsewhere(|| {
        world.application(&json!({
            "name": "All", "redirect_uris": ["https://all.example/cb"],
            "grant_types": ["authorization_code", "refresh_token", "client_credentials", DEVICE],
        }))
    });
    let tickets = world.resource(&json!({"clients": [app.id]}));
    let browser = world.alices_browser();
    let remembered = |fresh: &str| {
        // This isolate has read both within the last five seconds.
        world.advance(6);
        let own = [&[OWN], &for_tickets("tickets:read")[..]].concat();
        world.token(&app, &own).expect(200);
        let costs = world.costs(|| world.token(&app, &own));
        assert!(!costs.contains(&"d1.read"));
        world.change("resources", &tickets, &with_scope(fresh));
    };

    remembered("own");
    let own = [&[OWN], &for_tickets("own")[..]].concat();
    assert_eq!(world.token(&app, &own).expect(200).json()["scope"], "own");

    remembered("authorize");
    let page = browser.get(&asks(&app, "authorize").target()).expect(200);
    page.form("decision");

    remembered("par");
    let mut form = for_tickets("par").to_vec();
    form.extend([
        ("response_type", "code"),
        ("redirect_uri", &*app.redirect_uri),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]);
    world.send(app.post("/api/oauth2/par", &form)).expect(201);

    remembered("device");
    let device = |scope| app.post("/api/oauth2/device_authorization", &for_tickets(scope));
    world.send(device("device")).expect(200);

    remembered("page");
    let asked = world.elsewhere(|| world.send(device("page")).expect(200).json());
    let form = browser.get("/device").expect(200).form("user_code");
    let page = browser.submit(&form.with("user_code", &text(&asked, "user_code")));
    page.expect(200).form("decision");

    remembered("refresh");
    let tokens = world.elsewhere(|| {
        let code = browser.code(&asks(&app, "tickets:read refresh"));
        world.exchange(&app, &code).tokens()
    });
    let narrower = [
        ("grant_type", "refresh_token"),
        ("refresh_token", &*tokens.refresh),
        ("scope", "refresh"),
    ];
    let granted = world.token(&app, &narrower).expect(200).json();
    assert_eq!(granted["scope"], "refresh");
}

#[test]
fn a_new_client_of_a_resource_server_gets_its_tokens_at_once() {
    let world = remembering();
    let tickets = world.resource(&json!({"clients": [world.other.id]}));
    let form = [&[OWN], &for_tickets("")[..]].concat();
    world.token(&world.other, &form).expect(200);
    // The application is read now, and the resource server is remembered.
    let clients = json!({"clients": [world.server.id]});
    world.change("resources", &tickets, &clients);
    world.token(&world.server, &form).expect(200);
}

#[test]
fn another_name_of_a_resource_server_is_good_at_once() {
    const NEW: &str = "https://new.example";
    let world = remembering();
    let tickets = world.resource(&json!({}));
    let browser = world.alices_browser();
    let code = browser.code(&asks(&world.server, ""));
    let tokens = world.exchange(&world.server, &code).tokens();
    world.change("resources", &tickets, &json!({"identifier": NEW}));
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", &*tokens.refresh),
        ("resource", NEW),
    ];
    world.token(&world.server, &form).expect(200);
}

#[test]
fn who_may_introspect_since_a_moment_ago_may_ask_about_tokens_for_others_too() {
    for right in ["introspects", "trusted"] {
        let world = remembering();
        world.resource(&json!({}));
        let code = world.alices_browser().code(&asks(&world.server, ""));
        let granted = world.exchange(&world.server, &code).expect(200).json();
        let token = text(&granted, "access_token");
        assert_eq!(world.introspect(&world.other, &token)["active"], false);
        world.change("applications", &world.other, &json!({right: true}));
        assert_eq!(world.introspect(&world.other, &token)["active"], true);
    }
}

#[test]
fn a_device_grant_that_was_given_a_moment_ago_is_shown_to_its_user() {
    let world = remembering();
    let browser = world.alices_browser();
    let app = &world.server;
    let grants = |more: &[&str]| {
        let grants = [&["authorization_code", "refresh_token"], more].concat();
        world.change("applications", app, &json!({"grant_types": grants}));
    };
    grants(&[]);
    browser.get(&app.asks().target()).expect(200);
    grants(&[DEVICE]);
    let asked = world.elsewhere(|| {
        let request = app.post("/api/oauth2/device_authorization", &[]);
        world.send(request).expect(200).json()
    });
    let form = browser.get("/device").expect(200).form("user_code");
    let page = browser.submit(&form.with("user_code", &text(&asked, "user_code")));
    page.expect(200).form("decision");
}

#[test]
fn a_login_on_the_way_to_a_new_redirect_uri_says_where_it_leads() {
    let world = remembering();
    let app = &world.server;
    world.browser().get(&app.asks().target()).expect(303);
    let uris = json!({"redirect_uris": [NEW_URI, app.redirect_uri]});
    world.change("applications", app, &uris);
    let asks = app.asks().with("redirect_uri", NEW_URI);
    let login = world.elsewhere(|| {
        let answer = world.browser().get(&asks.target()).expect(303);
        answer.location().to_owned()
    });
    let page = world.browser().get(&login).expect(200);
    assert!(page.texts("main").join(" ").contains("Server"));
}

fn public_key(holder: &Holder, kid: Option<&str>) -> Value {
    let mut key = holder.jwk();
    if let Some(kid) = kid {
        key["kid"] = json!(kid);
    }
    json!({"keys": [key]})
}

fn assertion(world: &Native, client: &str, holder: &Holder, kid: Option<&str>, jti: u32) -> String {
    let claims = json!({
        "iss": client, "sub": client, "aud": HTTP, "jti": jti.to_string(),
        "exp": world.now().seconds() + 300,
    });
    let mut header = json!({"alg": "ES256"});
    if let Some(kid) = kid {
        header["kid"] = json!(kid);
    }
    holder.sign(&header, &claims)
}

#[test]
fn a_published_key_that_took_the_place_of_another_is_good_at_once() {
    for kid in [None, Some("a")] {
        let world = remembering();
        let app = world.application(&json!({
            "name": "Signing", "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": KEYS,
        }));
        let (first, second) = (Holder::p256(), Holder::p256());
        let token = |holder: &Holder, jti| {
            let signed = assertion(&world, &app.id, holder, kid, jti);
            world.send(asserted("/api/oauth2/token", &[OWN], &signed))
        };
        world.memory.serve_json(KEYS, &public_key(&first, kid));
        token(&first, 1).expect(200);
        let costs = world.costs(|| token(&first, 2));
        assert!(!costs.contains(&"outbound"));
        world.memory.serve_json(KEYS, &public_key(&second, kid));
        token(&second, 3).expect(200);
        token(&first, 4).expect(401);
    }
}

fn document(more: &Value) -> Value {
    let mut document = json!({
        "client_id": DOCUMENT, "client_name": "Documented",
        "redirect_uris": ["https://client.example/cb"], "token_endpoint_auth_method": "none",
    });
    for (name, value) in more.as_object().expect("an object") {
        document[name] = value.clone();
    }
    document
}

fn documented() -> App {
    App {
        id: DOCUMENT.to_owned(),
        redirect_uri: "https://client.example/cb".to_owned(),
        ..App::default()
    }
}

#[test]
fn a_document_that_changed_is_read_before_it_refuses() {
    let world = remembering();
    let app = documented();
    let browser = world.alices_browser();
    let new = app.asks().with("redirect_uri", NEW_URI);
    world.memory.serve_json(DOCUMENT, &document(&json!({})));
    browser.get(&app.asks().target()).expect(200);
    let costs = world.costs(|| browser.get(&app.asks().target()));
    assert!(!costs.contains(&"outbound"));
    let uris = json!({"redirect_uris": ["https://client.example/cb", NEW_URI]});
    world.memory.serve_json(DOCUMENT, &document(&uris));
    browser.get(&new.target()).expect(200);
    // Where it cannot be had, the refusal is the one of before.
    world.memory.silence(DOCUMENT);
    let unknown = app.asks().with("redirect_uri", "https://other.example/cb");
    browser.get(&unknown.target()).expect(400);
    browser.get(&new.target()).expect(200);
}

#[test]
fn a_documented_client_that_changed_is_refused_by_nothing_that_it_said_before() {
    let world = remembering();
    let app = documented();
    world.memory.serve_json(DOCUMENT, &document(&json!({})));
    let tokens = world.tokens(&app);
    let uris = json!({"redirect_uris": ["https://client.example/cb", NEW_URI]});
    world.memory.serve_json(DOCUMENT, &document(&uris));
    let form = [
        ("response_type", "code"),
        ("redirect_uri", NEW_URI),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    world.send(app.post("/api/oauth2/par", &form)).expect(201);

    // It has a key from now on, then another one under the same name.
    let refresh = |refresh: &str, holder: &Holder, jti| {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh),
            ("client_id", DOCUMENT),
        ];
        let signed = assertion(&world, DOCUMENT, holder, Some("a"), jti);
        world.send(asserted("/api/oauth2/token", &form, &signed))
    };
    let mut refresh_token = tokens.refresh;
    for jti in 0..2 {
        let holder = Holder::p256();
        let signs = json!({
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks": public_key(&holder, Some("a")),
        });
        world.memory.serve_json(DOCUMENT, &document(&signs));
        refresh_token = refresh(&refresh_token, &holder, jti).tokens().refresh;
    }
    // And it goes without one again.
    world.memory.serve_json(DOCUMENT, &document(&json!({})));
    world.refresh(&app, &refresh_token).expect(200);
}

#[test]
fn a_suspended_client_stays_so_whatever_its_document_says() {
    let world = remembering();
    let app = documented();
    let browser = world.alices_browser();
    world.memory.serve_json(DOCUMENT, &document(&json!({})));
    let tokens = world.tokens_for(&browser, &app);
    let listed = browser.call(Method::Get, "/api/oauth2/@me/authorizations");
    let kept = App {
        id: text(&listed.json()[0]["application"], "id"),
        ..App::default()
    };
    world.change("applications", &kept, &json!({"suspended": true}));
    world.advance(6);
    let changed = json!({"client_name": "Another"});
    world.memory.serve_json(DOCUMENT, &document(&changed));
    for _ in 0..2 {
        browser.get(&app.asks().target()).expect(403);
        let refused = world.refresh(&app, &tokens.refresh).expect(400);
        assert_eq!(refused.error(), "unauthorized_client");
        // Its document is read anew.
        world.advance(3700);
    }
}
