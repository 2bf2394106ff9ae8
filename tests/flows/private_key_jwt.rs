//! Clients that authenticate with a JWT that they sign (RFC 7523).

use std::cell::Cell;

use base64ct::{Base64UrlUnpadded, Encoding};
use fluxer_oauth2::http::{Method, Request};
use fluxer_oauth2::oauth::jwk::Jwk;
use fluxer_oauth2::outbound::OutboundAnswer;
use fluxer_oauth2::store::memory::{Isolate, Plan, When};
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair};
use serde_json::{Value, json};

use crate::dpop::Holder;
use crate::world::{Answer, App, HTTP, Native, VERIFIER, World, post, text};

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const TOKEN: &str = "/api/oauth2/token";
const JWKS: &str = "https://client.example/jwks.json";
const OWN: [(&str, &str); 1] = [("grant_type", "client_credentials")];

/// A client that signs.
pub struct Signing {
    pub app: App,
    pub holder: Holder,
    made: Cell<u32>,
}

impl Signing {
    pub fn new(world: &World, more: &Value) -> Self {
        let holder = Holder::p256();
        let keys = set(&[with(holder.jwk(), "kid", json!("a"))]);
        Self::registered(world, holder, &with_all(&json!({"jwks": keys}), more))
    }

    /// With its keys at a URL.
    fn publishing(world: &Native) -> Self {
        let holder = Holder::p256();
        publish(world, &[with(holder.jwk(), "kid", json!("a"))]);
        Self::registered(world, holder, &json!({"jwks_uri": JWKS}))
    }

    fn registered(world: &World, holder: Holder, more: &Value) -> Self {
        let settings = json!({
            "name": "Signing", "owner_id": world.alice.id, "redirect_uris": ["https://signing.example/cb"],
            "token_endpoint_auth_method": "private_key_jwt",
        });
        Self {
            app: world.application(&with_all(&settings, more)),
            holder,
            made: Cell::new(0),
        }
    }

    pub fn claims(&self, world: &World) -> Value {
        self.made.set(self.made.get() + 1);
        json!({
            "iss": self.app.id, "sub": self.app.id, "aud": world.config.issuer.as_str(),
            "jti": format!("assertion-{}", self.made.get()),
            "iat": world.now().seconds(), "exp": world.now().seconds() + 60,
        })
    }

    pub fn sign(&self, claims: &Value) -> String {
        self.holder
            .sign(&json!({"alg": "ES256", "kid": "a"}), claims)
    }

    pub fn assertion(&self, world: &World) -> String {
        self.sign(&self.claims(world))
    }

    /// A request with an assertion of its.
    pub fn request(&self, world: &World, path: &str, form: &[(&str, &str)]) -> Request {
        asserted(path, form, &self.assertion(world))
    }

    pub fn token(&self, world: &World, form: &[(&str, &str)]) -> Answer {
        world.send(self.request(world, TOKEN, form))
    }
}

pub fn asserted(path: &str, form: &[(&str, &str)], assertion: &str) -> Request {
    let mut form = form.to_vec();
    form.extend([
        ("client_assertion_type", TYPE),
        ("client_assertion", assertion),
    ]);
    post(path, &form)
}

fn with(mut object: Value, name: &str, value: Value) -> Value {
    object[name] = value;
    object
}

fn with_all(object: &Value, more: &Value) -> Value {
    let mut object = object.clone();
    let members = object.as_object_mut().expect("an object");
    members.extend(more.as_object().expect("an object").clone());
    object
}

fn set(keys: &[Value]) -> Value {
    json!({ "keys": keys })
}

fn publish(world: &Native, keys: &[Value]) {
    world.memory.serve_json(JWKS, &set(keys));
}

fn refused(answer: Answer) -> String {
    let answer = answer.expect(401);
    assert_eq!(answer.error(), "invalid_client");
    text(&answer.json(), "error_description")
}

/// A key that was made for tests.
pub struct Rsa(RsaKeyPair);

impl Rsa {
    pub fn new() -> Self {
        let key = include_bytes!("../../src/store/memory/rsa/1.der");
        Self(RsaKeyPair::from_pkcs8(key).expect("a key"))
    }

    pub fn jwk(&self) -> Value {
        let public = PublicKeyComponents::<Vec<u8>>::from(self.0.public());
        json!(Jwk::of_rsa(&public.n, &public.e))
    }

    fn sign(&self, alg: &str, padding: &'static dyn RsaEncoding, claims: &Value) -> String {
        self.sign_with(&json!({"alg": alg}), padding, claims)
    }

    pub fn sign_with(
        &self,
        header: &Value,
        padding: &'static dyn RsaEncoding,
        claims: &Value,
    ) -> String {
        let part = |it: &Value| Base64UrlUnpadded::encode_string(it.to_string().as_bytes());
        let input = [part(header), part(claims)].join(".");
        let mut signature = vec![0; self.0.public().modulus_len()];
        let random = SystemRandom::new();
        let signed = self
            .0
            .sign(padding, &random, input.as_bytes(), &mut signature);
        signed.expect("a signature");
        [input, Base64UrlUnpadded::encode_string(&signature)].join(".")
    }
}

#[test]
fn a_client_that_signs_does_what_one_with_a_secret_does() {
    let world = World::new();
    let client = Signing::new(&world, &json!({}));
    client.token(&world, &OWN).expect(200);
    let code = world.alices_browser().code(&client.app.asks());
    let verifier = ("code_verifier", VERIFIER);
    let uri = ("redirect_uri", &*client.app.redirect_uri);
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &*code),
        uri,
        verifier,
    ];
    let tokens = client.token(&world, &form).expect(200).tokens();
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", &*tokens.refresh),
    ];
    let tokens = client.token(&world, &form).expect(200).tokens();
    for prefix in ["/api/oauth2", "/oauth2", "/v1/oauth2"] {
        let ask = [("token", &*tokens.access)];
        let told = client.request(&world, &format!("{prefix}/introspect"), &ask);
        assert_eq!(world.send(told).expect(200).json()["active"], true);
    }
    let end = [("token", &*tokens.access)];
    world
        .send(client.request(&world, "/api/oauth2/revoke", &end))
        .expect(200);
    world.me(&tokens.access).expect(401);
}

#[test]
fn each_algorithm_is_verified_with_a_key_of_its_kind() {
    let world = World::new();
    let (rsa, ed25519) = (Rsa::new(), Holder::ed25519());
    let keys = set(&[rsa.jwk(), with(ed25519.jwk(), "kid", json!("e"))]);
    let client = Signing::new(&world, &json!({"jwks": keys}));
    for signed in [
        rsa.sign("RS256", &RSA_PKCS1_SHA256, &client.claims(&world)),
        rsa.sign("PS256", &RSA_PSS_SHA256, &client.claims(&world)),
        ed25519.sign(&json!({"alg": "EdDSA", "kid": "e"}), &client.claims(&world)),
        ed25519.sign(&json!({"alg": "Ed25519"}), &client.claims(&world)),
    ] {
        world.send(asserted(TOKEN, &OWN, &signed)).expect(200);
    }
    for wrong in [
        rsa.sign("RS256", &RSA_PSS_SHA256, &client.claims(&world)),
        rsa.sign("HS256", &RSA_PKCS1_SHA256, &client.claims(&world)),
        rsa.sign("none", &RSA_PKCS1_SHA256, &client.claims(&world)),
        ed25519.sign(
            &json!({"alg": "EdDSA", "kid": "other"}),
            &client.claims(&world),
        ),
        ed25519.sign(&json!({"alg": "ES256"}), &client.claims(&world)),
        client.assertion(&world),
    ] {
        refused(world.send(asserted(TOKEN, &OWN, &wrong)));
    }
}

#[test]
fn an_assertion_that_is_not_for_this_request_is_refused_by_what_is_wrong_with_it() {
    let world = World::new();
    let client = Signing::new(&world, &json!({}));
    let now = world.now().seconds();
    for (name, value) in [
        ("aud", json!([HTTP, "https://other.example"])),
        ("aud", json!("https://other.example")),
        ("aud", json!(format!("{HTTP}/api/oauth2/revoke"))),
        ("exp", json!(now + 365 * 86_400)),
        ("exp", json!(now)),
        ("exp", Value::Null),
        ("nbf", json!(now + 3600)),
        ("jti", Value::Null),
        ("sub", json!("1")),
    ] {
        let signed = client.sign(&with(client.claims(&world), name, value.clone()));
        let told = refused(world.send(asserted(TOKEN, &OWN, &signed)));
        assert!(told.starts_with(name), "{name} {value}: {told}");
    }
    let path = |path: &str| json!(format!("{HTTP}{path}"));
    for aud in [
        path("/api/oauth2/token"),
        path("/oauth2/token"),
        path("/v1/oauth2/token"),
        json!([HTTP, path("/api/oauth2/token")]),
    ] {
        let claims = with(client.claims(&world), "aud", aud);
        let signed = client.sign(&claims);
        let ask = [("token", "x")];
        world
            .send(asserted("/oauth2/introspect", &ask, &signed))
            .expect(200);
    }
    let aud = path("/api/oauth2/introspect");
    let signed = client.sign(&with(client.claims(&world), "aud", aud));
    world
        .send(asserted("/oauth2/introspect", &[("token", "x")], &signed))
        .expect(200);
    let fraction = f64::from(u32::try_from(now).expect("before 2106")) + 59.5;
    let signed = client.sign(&with(client.claims(&world), "exp", json!(fraction)));
    world.send(asserted(TOKEN, &OWN, &signed)).expect(200);
}

#[test]
fn a_client_that_signs_is_nobody_without_its_signature() {
    let world = World::new();
    let client = Signing::new(&world, &json!({}));
    let (id, signed) = (client.app.id.clone(), client.assertion(&world));
    let of = |pairs: &[(&str, &str)]| {
        let mut form = OWN.to_vec();
        form.extend(pairs);
        world.send(post(TOKEN, &form))
    };
    let told = [
        of(&[("client_id", &id)]).expect(401),
        of(&[("client_id", &id), ("client_secret", "x")]).expect(401),
        of(&[("client_id", &id), ("client_assertion_type", TYPE)]).expect(401),
        of(&[("client_id", &id), ("client_assertion", &signed)]).expect(401),
        of(&[
            ("client_assertion_type", "x"),
            ("client_assertion", &signed),
        ])
        .expect(401),
        of(&[
            ("client_assertion_type", TYPE),
            ("client_assertion", &signed),
            ("client_secret", "x"),
        ])
        .expect(400),
        of(&[
            ("client_assertion_type", TYPE),
            ("client_assertion", &signed),
            ("client_id", &world.server.id),
        ])
        .expect(401),
    ];
    assert!(told.iter().all(|it| it.json()["access_token"].is_null()));
    let form = [("grant_type", "client_credentials"), ("client_id", &*id)];
    world.send(asserted(TOKEN, &form, &signed)).expect(200);
}

#[test]
fn an_assertion_is_good_once_and_a_fault_spends_none() {
    let world = Native::new();
    let client = Signing::new(&world, &json!({}));
    let signed = client.assertion(&world);
    let ask = || world.send(asserted(TOKEN, &OWN, &signed));
    world.memory.forget_steps();
    world.memory.plan.set(Some(Plan {
        step: 1,
        when: When::Before,
    }));
    assert_eq!(ask().expect(503).error(), "temporarily_unavailable");
    assert_eq!(
        world.memory.steps().get(..2),
        Some(&["limiter", "pending"][..])
    );
    ask().expect(200);
    assert!(refused(ask()).starts_with("jti"));
    world.advance(3600);
    assert!(
        refused(ask()).starts_with("exp"),
        "it is over before it is forgotten"
    );
    let other = Signing::new(&world, &json!({}));
    other.token(&world, &OWN).expect(200);
}

#[test]
fn what_is_refused_for_anything_else_spends_no_assertion() {
    let world = Native::new();
    let client = Signing::new(&world, &json!({}));
    world.memory.forget_steps();
    let claims = client.claims(&world);
    let forged = Holder::p256().sign(&json!({"alg": "ES256", "kid": "a"}), &claims);
    refused(world.send(asserted(TOKEN, &OWN, &forged)));
    assert!(!world.memory.steps().contains(&"pending"));
    world
        .send(asserted(TOKEN, &OWN, &client.sign(&claims)))
        .expect(200);
}

#[test]
fn published_keys_are_fetched_once_and_again_for_a_key_that_is_not_known() {
    let world = Native::new();
    let client = Signing::publishing(&world);
    world.memory.forget_steps();
    client.token(&world, &OWN).expect(200);
    client.token(&world, &OWN).expect(200);
    let fetches = |world: &Native| {
        let steps = world.memory.steps();
        steps.iter().filter(|step| **step == "outbound").count()
    };
    assert_eq!(fetches(&world), 1);

    let next = Holder::ed25519();
    let by_next = || next.sign(&json!({"alg": "EdDSA", "kid": "b"}), &client.claims(&world));
    refused(world.send(asserted(TOKEN, &OWN, &by_next())));
    assert_eq!(fetches(&world), 2, "an unknown kid is looked for once");
    publish(&world, &[with(next.jwk(), "kid", json!("b"))]);
    world.send(asserted(TOKEN, &OWN, &by_next())).expect(200);
    refused(client.token(&world, &OWN));
}

#[test]
fn a_key_that_left_its_url_is_refused_once_the_copy_is_old() {
    let world = Native::new();
    let client = Signing::publishing(&world);
    client.token(&world, &OWN).expect(200);
    publish(&world, &[Holder::ed25519().jwk()]);
    client.token(&world, &OWN).expect(200);
    world.advance(3601);
    refused(client.token(&world, &OWN));
}

#[test]
fn keys_that_cannot_be_fetched_are_no_verdict_and_the_last_good_ones_serve() {
    let world = Native::new();
    let client = Signing::publishing(&world);
    world.memory.silence(JWKS);
    assert_eq!(
        client.token(&world, &OWN).expect(503).error(),
        "temporarily_unavailable"
    );
    for (status, body) in [(404, "{}"), (200, "[]"), (200, "<html>"), (302, "{}")] {
        let page = OutboundAnswer {
            status,
            content_type: "application/json".to_owned(),
            cache_control: String::new(),
            body: Some(body.as_bytes().to_vec()),
        };
        world.memory.serve(JWKS, page);
        client.token(&world, &OWN).expect(503);
    }
    publish(&world, &[with(client.holder.jwk(), "kid", json!("a"))]);
    client.token(&world, &OWN).expect(200);
    world.advance(7200);
    world.memory.silence(JWKS);
    client.token(&world, &OWN).expect(200);
    let unknown = Holder::p256().sign(&json!({"alg": "ES256", "kid": "b"}), &client.claims(&world));
    world.send(asserted(TOKEN, &OWN, &unknown)).expect(503);
}

#[test]
fn keys_that_were_changed_are_known_at_once() {
    let world = Native::new();
    let client = Signing::new(&world, &json!({}));
    world.memory.isolate.set(Isolate::Remembering);
    client.token(&world, &OWN).expect(200);
    let next = Holder::p256();
    let change = json!({"jwks": set(&[next.jwk()])});
    let path = format!("/api/admin/applications/{}", client.app.id);
    world
        .administer(Method::Patch, &path, Some(&change))
        .expect(200);
    let signed = next.sign(&json!({"alg": "ES256"}), &client.claims(&world));
    world.send(asserted(TOKEN, &OWN, &signed)).expect(200);
}

#[test]
fn an_assertion_of_a_request_that_is_decided_anew_is_used_up_once() {
    let world = Native::new();
    let code_alone = json!({"grant_types": ["authorization_code"]});
    let client = Signing::new(&world, &code_alone);
    world.memory.isolate.set(Isolate::Remembering);
    let refused = client.token(&world, &OWN).expect(400);
    assert_eq!(refused.error(), "unauthorized_client");
    world.memory.isolate.set(Isolate::Cold);
    let change = json!({"grant_types": ["authorization_code", "client_credentials"]});
    let path = format!("/api/admin/applications/{}", client.app.id);
    world
        .administer(Method::Patch, &path, Some(&change))
        .expect(200);
    world.memory.isolate.set(Isolate::Remembering);
    client.token(&world, &OWN).expect(200);
}

#[test]
fn a_key_that_names_its_algorithm_makes_no_other_signature() {
    let world = World::new();
    let rsa = Rsa::new();
    let keys = set(&[with(rsa.jwk(), "alg", json!("PS256"))]);
    let client = Signing::new(&world, &json!({"jwks": keys}));
    let other = rsa.sign("RS256", &RSA_PKCS1_SHA256, &client.claims(&world));
    refused(world.send(asserted(TOKEN, &OWN, &other)));
    let its = rsa.sign("PS256", &RSA_PSS_SHA256, &client.claims(&world));
    world.send(asserted(TOKEN, &OWN, &its)).expect(200);
}

#[test]
fn a_profile_that_was_left_a_moment_ago_refuses_no_assertion() {
    let world = Native::new();
    let client = Signing::new(&world, &json!({"profile": "fapi2"}));
    world.memory.isolate.set(Isolate::Remembering);
    let to_the_endpoint = || {
        let mut claims = client.claims(&world);
        claims["aud"] = json!(format!("{HTTP}{TOKEN}"));
        world.send(asserted(TOKEN, &OWN, &client.sign(&claims)))
    };
    assert!(refused(to_the_endpoint()).contains("aud"));
    let path = format!("/api/admin/applications/{}", client.app.id);
    let change = json!({"profile": "default"});
    world.memory.isolate.set(Isolate::Cold);
    world
        .administer(Method::Patch, &path, Some(&change))
        .expect(200);
    world.memory.isolate.set(Isolate::Remembering);
    to_the_endpoint().expect(200);
}

/// As ChatGPT's document has it.
fn documented(world: &Native, more: &Value) -> (String, Holder) {
    const URL: &str = "https://chatgpt.example/oauth/1/client.json";
    let holder = Holder::p256();
    publish(world, &[with(holder.jwk(), "kid", json!("a"))]);
    let document = json!({
        "client_id": URL, "client_name": "Chat", "redirect_uris": ["https://chatgpt.example/cb"],
        "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": JWKS,
    });
    world.memory.serve_json(URL, &with_all(&document, more));
    (URL.to_owned(), holder)
}

#[test]
fn a_documented_client_signs_where_its_document_says_so_and_may_where_it_offers_both() {
    let settings = [
        ("CLIENT_METADATA_DOCUMENTS", "on"),
        ("RATE_LIMIT_TOKEN", "off"),
    ];
    for (more, may_be_public) in [
        (json!({}), false),
        (
            json!({"token_endpoint_auth_methods_supported": ["private_key_jwt", "none"]}),
            true,
        ),
    ] {
        let world = Native::with(&settings);
        let (url, holder) = documented(&world, &more);
        let app = App {
            id: url.clone(),
            secret: None,
            redirect_uri: "https://chatgpt.example/cb".to_owned(),
            bot_token: None,
        };
        let code = || world.alices_browser().code(&app.asks().with_pkce());
        let exchange = |code: &str, signed: Option<&str>| {
            let mut form = vec![
                ("grant_type", "authorization_code"),
                ("code", code),
                ("redirect_uri", &*app.redirect_uri),
                ("code_verifier", VERIFIER),
                ("client_id", &*url),
            ];
            form.extend(signed.iter().flat_map(|signed| {
                [
                    ("client_assertion_type", TYPE),
                    ("client_assertion", *signed),
                ]
            }));
            world.send(post(TOKEN, &form))
        };
        let header = json!({"alg": "ES256", "kid": "a"});
        let claims = json!({
            "iss": url, "sub": url, "aud": format!("{HTTP}{TOKEN}"), "jti": "1",
            "exp": world.now().seconds() + 300,
        });
        let first = code();
        refused(exchange(
            &first,
            Some(&Holder::p256().sign(&header, &claims)),
        ));
        exchange(&first, Some(&holder.sign(&header, &claims))).expect(200);
        let status = if may_be_public { 200 } else { 401 };
        exchange(&code(), None).expect(status);
    }
}
