//! Proofs of possession (RFC 9449): what is bound by them, what is refused, and what may come twice.

use std::cell::Cell;

use base64ct::{Base64UrlUnpadded, Encoding};
use fluxer_oauth2::http::{Method, Request};
use fluxer_oauth2::oauth::jwk::Jwk;
use fluxer_oauth2::routes::{ROUTES, Route};
use fluxer_oauth2::store::memory::{Plan, When};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};

use crate::openid::signed_by_a_published_key;
use crate::world::{
    Answer, App, Asks, CHALLENGE, HTTP, HTTPS, Native, Tokens, VERIFIER, With, World, get, post,
    request, text, with_json,
};

const TOKEN: &str = "/api/oauth2/token";
const PAR: &str = "/api/oauth2/par";
const ME: &str = "/api/users/@me";
const REFUSED: &str = "invalid_dpop_proof";

/// Whoever holds a key.
pub struct Holder {
    key: Key,
    made: Cell<u32>,
}

enum Key {
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

impl Holder {
    pub fn p256() -> Self {
        let (curve, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let key = EcdsaKeyPair::generate_pkcs8(curve, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(curve, key.as_ref(), &random).unwrap();
        Self::of(Key::P256(key))
    }

    pub fn ed25519() -> Self {
        let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self::of(Key::Ed25519(
            Ed25519KeyPair::from_pkcs8(key.as_ref()).unwrap(),
        ))
    }

    const fn of(key: Key) -> Self {
        let made = Cell::new(0);
        Self { key, made }
    }

    pub fn jwk(&self) -> Value {
        match &self.key {
            Key::P256(key) => json!(Jwk::of_point(key.public_key().as_ref())),
            Key::Ed25519(key) => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": encode(key.public_key().as_ref())})
            }
        }
    }

    pub fn thumbprint(&self) -> String {
        Jwk::parse(&self.jwk()).unwrap().thumbprint().to_string()
    }

    fn header(&self) -> Value {
        let alg = match self.key {
            Key::P256(_) => "ES256",
            Key::Ed25519(_) => "EdDSA",
        };
        json!({"typ": "dpop+jwt", "alg": alg, "jwk": self.jwk()})
    }

    fn signature(&self, message: &[u8]) -> Vec<u8> {
        match &self.key {
            Key::P256(key) => {
                let signature = key.sign(&SystemRandom::new(), message).unwrap();
                signature.as_ref().to_vec()
            }
            Key::Ed25519(key) => key.sign(message).as_ref().to_vec(),
        }
    }

    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| encode(value.to_string().as_bytes());
        let input = [part(header), part(claims)].join(".");
        let signature = encode(&self.signature(input.as_bytes()));
        [input, signature].join(".")
    }

    /// The claims of a proof that was not made before.
    fn claims(&self, world: &World, method: &str, path: &str) -> Value {
        self.made.set(self.made.get() + 1);
        let jti = format!("proof-{}", self.made.get());
        let url = format!("{}{path}", world.config.issuer.as_str());
        json!({"jti": jti, "htm": method, "htu": url, "iat": world.now().seconds()})
    }

    /// A proof for a request.
    pub fn proof(&self, world: &World, method: &str, path: &str) -> String {
        self.sign(&self.header(), &self.claims(world, method, path))
    }

    /// A proof for the token endpoint that says something else, too.
    fn saying(&self, world: &World, name: &str, value: Value) -> String {
        self.sign(
            &self.header(),
            &with(self.claims(world, "POST", TOKEN), name, value),
        )
    }

    /// The claims of a proof for a token.
    fn claims_for(&self, world: &World, path: &str, token: &str) -> Value {
        let hash = encode(digest(&SHA256, token.as_bytes()).as_ref());
        with(self.claims(world, "GET", path), "ath", json!(hash))
    }

    /// A request for a resource.
    fn presents(&self, world: &World, path: &str, token: &str) -> Request {
        let proof = self.sign(&self.header(), &self.claims_for(world, path, token));
        presents(path, token, &proof)
    }
}

fn presents(path: &str, token: &str, proof: &str) -> Request {
    let authorization = format!("DPoP {token}");
    get(path)
        .with("authorization", &authorization)
        .with("dpop", proof)
}

/// The object with this member, or without it where it is null.
fn with(mut object: Value, name: &str, value: Value) -> Value {
    let members = object.as_object_mut().unwrap();
    match value {
        Value::Null => drop(members.remove(name)),
        value => drop(members.insert(name.to_owned(), value)),
    }
    object
}

impl World {
    /// A request to the token endpoint with this proof.
    fn token_with(&self, app: &App, form: &[(&str, &str)], proof: &str) -> Answer {
        self.send(app.post(TOKEN, form).with("dpop", proof))
    }

    fn exchange_as(&self, app: &App, code: &str, holder: &Holder) -> Answer {
        let proof = holder.proof(self, "POST", TOKEN);
        self.token_with(app, &app.exchange(code), &proof)
    }

    fn refresh_as(&self, app: &App, token: &str, holder: Option<&Holder>) -> Answer {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
        let proof = holder.map(|it| it.proof(self, "POST", TOKEN));
        self.token_with(app, &form, &proof.unwrap_or_default())
    }

    /// Alice approves, and the application gets tokens that are bound to the key.
    fn bound_tokens(&self, app: &App, holder: &Holder) -> Tokens {
        let code = self.alices_browser().code(&app.asks());
        self.exchange_as(app, &code, holder).tokens()
    }
}

fn claims_of(token: &str) -> Value {
    let claims = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&Base64UrlUnpadded::decode_vec(claims).unwrap()).unwrap()
}

/// The challenges of an answer, one a line.
fn challenges(answer: &Answer) -> String {
    let headers = answer.headers().iter();
    let found = headers.filter(|(name, _)| name == "www-authenticate");
    found
        .map(|(_, value)| value.as_str())
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn a_token_is_bound_to_the_key_that_was_proved() {
    let world = World::new();
    for holder in [Holder::p256(), Holder::ed25519()] {
        for app in [&world.server, &world.device] {
            let code = world.alices_browser().code(&app.asks());
            let answer = world.exchange_as(app, &code, &holder).expect(200);
            assert_eq!(answer.header("dpop-nonce"), None);
            let answer = answer.json();
            assert_eq!(answer["token_type"], "DPoP");
            let token = text(&answer, "access_token");
            let confirmation = json!({"jkt": holder.thumbprint()});
            assert_eq!(claims_of(&token)["cnf"], confirmation);

            let shown = world.introspect(app, &token);
            assert_eq!(shown["token_type"], "DPoP");
            assert_eq!(shown["cnf"], confirmation);
            let refresh = world.introspect(app, &text(&answer, "refresh_token"));
            assert_eq!(refresh["token_type"], "refresh_token");
            world.send(holder.presents(&world, ME, &token)).expect(200);
        }
    }
    let unbound = world.tokens(&world.server);
    assert_eq!(claims_of(&unbound.access).get("cnf"), None);
    let shown = world.introspect(&world.server, &unbound.access);
    assert_eq!(
        (&shown["token_type"], shown.get("cnf")),
        (&json!("Bearer"), None)
    );
}

#[test]
fn every_resource_takes_a_bound_token_with_a_proof_and_no_other_way() {
    let world = World::new();
    let (holder, app) = (Holder::p256(), &world.server);
    let asks = app
        .asks()
        .with("scope", "identify guilds connections openid");
    let code = world.alices_browser().code(&asks);
    let bound = world.exchange_as(app, &code, &holder).tokens().access;
    let free = world.tokens_for(&world.alices_browser(), app).access;
    for path in [
        ME,
        "/v1/users/@me",
        "/api/users/@me/guilds",
        "/api/users/@me/connections",
        "/api/oauth2/@me",
        "/api/oauth2/userinfo",
        "/oauth2/userinfo",
    ] {
        world
            .send(holder.presents(&world, path, &bound))
            .expect(200);
        let plain = world.send(get(path).bearer(&bound)).expect(401);
        assert_eq!(plain.code(), "INVALID_TOKEN", "{path}");
        let found = challenges(&plain);
        assert!(
            found.starts_with("Bearer error=\"invalid_token\""),
            "{found}"
        );
        assert!(found.ends_with("DPoP algs=\"ES256 EdDSA\""), "{found}");
    }
    // The proof does not make a bearer token a bound one.
    let answer = world.send(holder.presents(&world, ME, &free)).expect(401);
    assert_eq!(answer.code(), "INVALID_TOKEN");
    let challenge = challenges(&answer);
    assert!(
        challenge.starts_with("DPoP error=\"invalid_token\""),
        "{challenge}"
    );
    // A proof beside a bearer token is nobody's business.
    let proof = holder.proof(&world, "GET", ME);
    world
        .send(get(ME).bearer(&free).with("dpop", &proof))
        .expect(200);

    let mut userinfo = holder.claims_for(&world, "/api/oauth2/userinfo", &bound);
    userinfo["htm"] = json!("POST");
    let proof = holder.sign(&holder.header(), &userinfo);
    let posted = post("/api/oauth2/userinfo", &[])
        .with("authorization", &format!("dpop {bound}"))
        .with("dpop", &proof);
    world.send(posted).expect(200);

    let missing = world.send(holder.presents(&world, "/api/applications/@me", &bound));
    missing.expect(401);
    let nobody = challenges(&world.send(get(ME)).expect(401));
    assert!(nobody.starts_with("Bearer resource_metadata="), "{nobody}");
    assert!(nobody.ends_with("DPoP algs=\"ES256 EdDSA\""), "{nobody}");
}

/// Every URL of the API with the ids of this world, or with ones that nothing has.
fn urls(world: &World) -> impl Iterator<Item = (Method, String)> {
    let exists = |route: &&Route| route.path.starts_with("/api/") && route.exists(&world.config);
    ROUTES.iter().filter(exists).map(|route| {
        let segment = |segment: &'static str| match segment {
            "{user}" => world.alice.id.clone(),
            "{application}" => world.server.id.clone(),
            other if other.starts_with('{') => "1".to_owned(),
            other => other.to_owned(),
        };
        let path: Vec<_> = route.path.split('/').map(segment).collect();
        (route.method, path.join("/"))
    })
}

#[test]
fn no_url_takes_a_bound_token_without_its_proof() {
    let world = World::new();
    let console = world.application(&json!({
        "name": "C", "redirect_uris": ["https://console.example/cb"], "trusted": true,
    }));
    let staff = world.browser();
    staff.log_in(&world.staff);
    let scope = "identify email guilds connections openid admin";
    let code = staff.code(&console.asks().with("scope", scope));
    let holder = Holder::p256();
    let bound = world.exchange_as(&console, &code, &holder).tokens().access;
    let mut opened = 0;
    for (method, path) in urls(&world) {
        let about = format!("{} {path}", method.as_str());
        let asked = || with_json(request(method, &path), &json!({}));
        let nobody = world.send(asked()).status;
        let bearer = world.send(asked().bearer(&bound));
        assert_eq!(bearer.status, nobody, "{about}: {}", bearer.body);
        if method == Method::Get {
            let proved = world.send(holder.presents(&world, &path, &bound)).status;
            opened += usize::from(nobody == 401 && matches!(proved, 200 | 404));
        }
    }
    assert!(opened > 20, "{opened}");
}

#[test]
fn a_resource_refuses_what_is_no_proof_for_the_token() {
    let world = World::new();
    let (holder, other) = (Holder::p256(), Holder::p256());
    let token = world.bound_tokens(&world.server, &holder).access;
    let claims = || holder.claims_for(&world, ME, &token);
    let header = holder.header();
    let sign = |claims: &Value| holder.sign(&header, claims);
    let url = |path: &str| json!(format!("{HTTP}{path}"));
    for (proof, named) in [
        (String::new(), "header"),
        ("x".to_owned(), "JWT"),
        (sign(&with(claims(), "ath", Value::Null)), "ath"),
        (sign(&with(claims(), "ath", json!(token))), "ath"),
        (sign(&holder.claims_for(&world, ME, "x")), "ath"),
        (sign(&with(claims(), "htm", json!("POST"))), "htm"),
        (
            sign(&with(claims(), "htu", url("/api/users/@me/guilds"))),
            "htu",
        ),
        (sign(&with(claims(), "iat", json!(1))), "iat"),
        (other.sign(&other.header(), &claims()), "another key"),
        (other.sign(&header, &claims()), "signature"),
    ] {
        let answer = world.send(presents(ME, &token, &proof)).expect(401);
        assert_eq!(answer.code(), "INVALID_DPOP_PROOF", "{named}");
        assert!(text(&answer.json(), "message").contains(named), "{named}");
        let challenge = challenges(&answer);
        let begins = format!("DPoP error=\"{REFUSED}\", error_description=\"");
        assert!(challenge.starts_with(&begins), "{challenge}");
        assert!(challenge.ends_with("algs=\"ES256 EdDSA\""), "{challenge}");
    }
    for url in [
        format!("{HTTP}{ME}?x=1#y"),
        "HTTP://127.0.0.1:8787/v1/users/@me".to_owned(),
        format!("{HTTP}/api/users/%40me"),
    ] {
        let proof = sign(&with(claims(), "htu", json!(url)));
        world.send(presents(ME, &token, &proof)).expect(200);
    }
    let unscoped = holder.presents(&world, "/api/users/@me/guilds", &token);
    let challenge = challenges(&world.send(unscoped).expect(403));
    assert!(challenge.starts_with("DPoP error=\"insufficient_scope\", scope=\"guilds\""));
    let head = with(claims(), "htm", json!("HEAD"));
    let mut asked = presents(ME, &token, &sign(&head));
    asked.method = Method::Head;
    world.send(asked).expect(200);
}

#[test]
fn the_token_endpoint_names_what_is_wrong_with_a_proof_and_spends_nothing() {
    let world = World::new();
    let (holder, other, app) = (Holder::p256(), Holder::ed25519(), &world.device);
    let code = world.alices_browser().code(&app.asks());
    let header = holder.header();
    let says = |name, value| holder.saying(&world, name, value);
    let changed = |name, value| {
        let claims = holder.claims(&world, "POST", TOKEN);
        holder.sign(&with(holder.header(), name, value), &claims)
    };
    let good = holder.proof(&world, "POST", TOKEN);
    let claims = || holder.claims(&world, "POST", TOKEN);
    let private = with(holder.jwk(), "d", holder.jwk()["x"].clone());
    let off_curve = with(holder.jwk(), "y", holder.jwk()["x"].clone());
    let unsigned = good.rsplit_once('.').unwrap().0;
    let signed = |bytes: &[u8]| format!("{unsigned}.{}", encode(bytes));
    let now = world.now().seconds();
    for (proof, named) in [
        (format!("{good}, {good}"), "sent once"),
        ("a.b.c".to_owned(), "JWT"),
        (changed("typ", Value::Null), "typ"),
        (changed("typ", json!("JWT")), "typ"),
        (changed("alg", Value::Null), "alg"),
        (changed("alg", json!("none")), "alg"),
        (changed("alg", json!("RS256")), "alg"),
        (changed("alg", json!("EdDSA")), "jwk"),
        (changed("jwk", Value::Null), "jwk"),
        (changed("jwk", private), "jwk"),
        (changed("jwk", json!({"kty": "oct", "k": "AAAA"})), "jwk"),
        (changed("jwk", off_curve), "signature"),
        (changed("jwk", other.jwk()), "jwk"),
        (
            changed("jwk", json!({"kty": "EC", "x": "A".repeat(65_536)})),
            "sent once",
        ),
        (says("jti", Value::Null), "jti"),
        (says("htm", Value::Null), "htm"),
        (says("htm", json!("GET")), "htm"),
        (says("htu", Value::Null), "htu"),
        (says("htu", json!(7)), "htu"),
        (
            says("htu", json!("http://127.0.0.1:8787/api/oauth2/revoke")),
            "htu",
        ),
        (
            says("htu", json!("https://127.0.0.1:8787/api/oauth2/token")),
            "htu",
        ),
        (says("iat", Value::Null), "iat"),
        (says("iat", json!(now - 3600)), "iat"),
        (says("iat", json!(now + 3600)), "iat"),
        (other.sign(&header, &claims()), "signature"),
        (signed(&[0; 64]), "signature"),
        (signed(&[0xff; 64]), "signature"),
        (signed(&[1; 63]), "signature"),
        (format!("{unsigned}."), "signature"),
    ] {
        let answer = world
            .token_with(app, &app.exchange(&code), &proof)
            .expect(400);
        assert_eq!(answer.error(), REFUSED, "{named}");
        let why = text(&answer.json(), "error_description");
        assert!(why.contains(named), "{named}: {why}");
    }
    world.exchange_as(app, &code, &holder).expect(200);
}

#[test]
fn what_a_proof_may_say_in_several_ways_is_taken_in_each() {
    let world = World::with(&[("ISSUER", HTTPS), ("RATE_LIMIT_TOKEN", "off")]);
    let (holder, app) = (Holder::p256(), &world.server);
    let form = [("grant_type", "client_credentials")];
    let now = world.now().seconds();
    for (name, value) in [
        ("iat", json!(now + 10)),
        ("iat", json!(now - 10)),
        ("htu", json!("HTTPS://ID.example:443/api/oauth2/token?a#b")),
        ("htu", json!("https://id.example/oauth2/token")),
        ("htu", json!("https://id.example/v1/oauth2/token")),
        ("nonce", json!("made up")),
        ("more", json!({"x": 1})),
    ] {
        let proof = holder.saying(&world, name, value.clone());
        let answer = world.token_with(app, &form, &proof).expect(200).json();
        assert_eq!(answer["token_type"], "DPoP", "{name} {value}");
    }
    for path in ["/oauth2/token", "/v1/oauth2/token", TOKEN] {
        let request = app.post(path, &form);
        let proof = holder.proof(&world, "POST", TOKEN);
        world.send(request.with("dpop", &proof)).expect(200);
    }
    let ed25519 = Holder::ed25519();
    let header = with(ed25519.header(), "alg", json!("Ed25519"));
    let proof = ed25519.sign(&header, &ed25519.claims(&world, "POST", TOKEN));
    world.token_with(app, &form, &proof).expect(200);
}

#[test]
fn a_former_issuer_s_url_is_none_of_ours() {
    let aliases = [("ISSUER", HTTPS), ("ISSUER_ALIASES", "https://old.example")];
    let world = World::with(&aliases);
    let holder = Holder::p256();
    let old = json!("https://old.example/api/oauth2/token");
    let proof = holder.saying(&world, "htu", old);
    let form = [("grant_type", "client_credentials")];
    let answer = world.token_with(&world.server, &form, &proof).expect(400);
    assert_eq!(answer.error(), REFUSED);
}

#[test]
fn a_signature_counts_with_either_half_of_s() {
    let world = World::new();
    let (holder, app) = (Holder::p256(), &world.server);
    let form = [("grant_type", "client_credentials")];
    for _ in 0..8 {
        let proof = holder.proof(&world, "POST", TOKEN);
        let (input, signature) = proof.rsplit_once('.').unwrap();
        let mut signature = Base64UrlUnpadded::decode_vec(signature).unwrap();
        negate(&mut signature[32..]);
        let other_half = format!("{input}.{}", encode(&signature));
        world.token_with(app, &form, &other_half).expect(200);
    }
}

/// n - s, where n is the order of P-256.
fn negate(s: &mut [u8]) {
    const ORDER: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
        0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let mut borrow = 0;
    for (byte, order) in s.iter_mut().zip(ORDER).rev() {
        let difference = i16::from(order) - i16::from(*byte) - borrow;
        borrow = i16::from(difference < 0);
        *byte = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
}

#[test]
fn a_proof_is_good_once_where_tokens_are_issued_and_again_at_resources() {
    let world = World::new();
    let (holder, app) = (Holder::p256(), &world.server);
    let form = [("grant_type", "client_credentials")];
    let proof = holder.proof(&world, "POST", TOKEN);
    world.token_with(app, &form, &proof).expect(200);
    let again = world.token_with(app, &form, &proof).expect(400);
    assert_eq!(again.error(), REFUSED);
    assert!(again.body.contains("jti was used before"), "{}", again.body);
    // Another holder's `jti` of the same name is another one.
    let other = Holder::p256();
    let same_name = other.saying(&world, "jti", json!("proof-1"));
    world.token_with(app, &form, &same_name).expect(200);

    // A proof from a fast clock is remembered until its own time is over.
    let ahead = holder.saying(&world, "iat", json!(world.now().seconds() + 60));
    world.token_with(app, &form, &ahead).expect(200);
    for wait in [61, 59] {
        world.advance(wait);
        let again = world.token_with(app, &form, &ahead).expect(400);
        assert!(again.body.contains("jti"), "{}", again.body);
    }
    world.advance(1);
    assert!(world.token_with(app, &form, &ahead).body.contains("iat"));

    let token = world.bound_tokens(app, &holder).access;
    let asked = || holder.claims_for(&world, ME, &token);
    let proof = holder.sign(&holder.header(), &asked());
    world.send(presents(ME, &token, &proof)).expect(200);
    world.send(presents(ME, &token, &proof)).expect(200);
    world.advance(61);
    world.send(presents(ME, &token, &proof)).expect(401);
}

#[test]
fn a_public_application_s_refresh_tokens_are_its_key_s() {
    let world = World::new();
    let (holder, other, app) = (Holder::p256(), Holder::p256(), &world.device);
    let mut tokens = world.bound_tokens(app, &holder);
    for _ in 0..3 {
        for wrong in [None, Some(&other)] {
            let refused = world.refresh_as(app, &tokens.refresh, wrong).expect(400);
            assert_eq!(refused.error(), "invalid_grant");
            assert!(refused.body.contains("DPoP key"), "{}", refused.body);
        }
        let next = world
            .refresh_as(app, &tokens.refresh, Some(&holder))
            .expect(200);
        assert_eq!(next.json()["token_type"], "DPoP");
        tokens = next.tokens();
    }
    // Whoever found an old one cannot even end the family with it.
    let first = world.bound_tokens(app, &holder);
    let second = world
        .refresh_as(app, &first.refresh, Some(&holder))
        .tokens();
    world.advance(60);
    world
        .refresh_as(app, &first.refresh, Some(&other))
        .expect(400);
    world
        .send(holder.presents(&world, ME, &second.access))
        .expect(200);
    world
        .refresh_as(app, &first.refresh, Some(&holder))
        .expect(400);
    world
        .send(holder.presents(&world, ME, &second.access))
        .expect(401);
}

#[test]
fn a_refresh_token_is_bound_from_the_first_proof_on() {
    let world = World::new();
    let (holder, thief, app) = (Holder::p256(), Holder::p256(), &world.device);
    let free = world.tokens(app);
    let bound = world.refresh_as(app, &free.refresh, Some(&holder)).tokens();
    let refused = world.refresh_as(app, &bound.refresh, None).expect(400);
    assert_eq!(refused.error(), "invalid_grant");
    world
        .refresh_as(app, &bound.refresh, Some(&holder))
        .expect(200);

    // A thief who binds what was free is found out as ever: its owner comes with the one before.
    let free = world.tokens(app);
    let stolen = world.refresh_as(app, &free.refresh, Some(&thief)).tokens();
    world.advance(60);
    world.refresh_as(app, &free.refresh, None).expect(400);
    world
        .refresh_as(app, &stolen.refresh, Some(&thief))
        .expect(400);
}

#[test]
fn an_application_may_take_no_tokens_that_are_not_bound() {
    let world = World::new();
    let holder = Holder::p256();
    for kind in ["public", "confidential"] {
        let uri = if kind == "public" {
            "http://127.0.0.1/cb"
        } else {
            "https://a.example/cb"
        };
        let app = world.application(&json!({
            "name": "Careful", "type": kind, "redirect_uris": [uri],
            "dpop_bound_access_tokens": true,
        }));
        let code = world.alices_browser().code(&app.asks());
        let refused = world.exchange(&app, &code).expect(400);
        assert_eq!(refused.error(), REFUSED);
        assert!(
            refused.body.contains("the DPoP header is missing"),
            "{}",
            refused.body
        );
        let tokens = world.exchange_as(&app, &code, &holder).tokens();
        assert_eq!(
            world.refresh(&app, &tokens.refresh).expect(400).error(),
            REFUSED
        );
        world
            .refresh_as(&app, &tokens.refresh, Some(&holder))
            .expect(200);
        // Said again, it holds at once, whatever an isolate remembers.
        let path = format!("/api/admin/applications/{}", app.id);
        let change = json!({"dpop_bound_access_tokens": false});
        world
            .administer(Method::Patch, &path, Some(&change))
            .expect(200);
        let code = world.alices_browser().code(&app.asks());
        world.exchange(&app, &code).expect(200);
    }
}

#[test]
fn a_confidential_application_may_change_its_key() {
    let world = World::new();
    let (one, other, app) = (Holder::p256(), Holder::ed25519(), &world.server);
    let tokens = world.bound_tokens(app, &one);
    let tokens = world
        .refresh_as(app, &tokens.refresh, Some(&other))
        .tokens();
    assert_eq!(claims_of(&tokens.access)["cnf"]["jkt"], other.thumbprint());
    let answer = world.refresh_as(app, &tokens.refresh, None).expect(200);
    assert_eq!(answer.json()["token_type"], "Bearer");
}

#[test]
fn dpop_jkt_binds_the_code_to_a_key() {
    let world = World::new();
    let (holder, other) = (Holder::p256(), Holder::p256());
    for app in [&world.server, &world.device] {
        let asks = app.asks().with("dpop_jkt", &holder.thumbprint());
        let browser = world.alices_browser();
        let code = browser.code(&asks);
        for refused in [
            world.exchange(app, &code),
            world.exchange_as(app, &code, &other),
        ] {
            assert_eq!(refused.expect(400).error(), "invalid_grant");
        }
        world.exchange_as(app, &code, &holder).expect(200);
        // Guessing goes on no longer than with wrong verifiers.
        let code = browser.code(&asks);
        for _ in 0..10 {
            world.exchange_as(app, &code, &other).expect(400);
        }
        world.exchange_as(app, &code, &holder).expect(400);

        let form = browser.consent(&asks.clone().with("prompt", "consent"));
        let mut form = form.with("decision", "approve");
        form.action = form
            .action
            .replace(&holder.thumbprint(), &other.thumbprint());
        browser.submit(&form).expect(403);
    }
    for bad in [
        "x",
        &"A".repeat(44),
        "=",
        &format!("{}=", holder.thumbprint()),
    ] {
        let asks = world.server.asks().with("dpop_jkt", bad);
        let answer = world.alices_browser().get(&asks.target());
        assert_eq!(
            answer.parameter("error").as_deref(),
            Some("invalid_request")
        );
        let why = answer.parameter("error_description").unwrap();
        assert!(why.contains("dpop_jkt"), "{why}");
    }
}

#[test]
fn a_pushed_request_is_bound_to_the_key_that_it_proves() {
    let world = World::new();
    let (holder, other) = (Holder::p256(), Holder::p256());
    for app in [&world.server, &world.device] {
        let uri = app.redirect_uri.clone();
        let jkt = holder.thumbprint();
        let plain = [
            ("response_type", "code"),
            ("redirect_uri", &*uri),
            ("scope", "identify"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        let push = |more: &[(&str, &str)], proof: &str| {
            let form = [&plain[..], more].concat();
            world.send(app.post(PAR, &form).with("dpop", proof))
        };
        let proof = || holder.proof(&world, "POST", PAR);
        // The key that is named has to be the one that is proved.
        let named = [("dpop_jkt", &*jkt)];
        let wrong = push(&named, &other.proof(&world, "POST", PAR)).expect(400);
        assert_eq!(wrong.error(), "invalid_request");
        assert!(wrong.body.contains("dpop_jkt"), "{}", wrong.body);
        let elsewhere = push(&[], &holder.proof(&world, "POST", TOKEN)).expect(400);
        assert_eq!(elsewhere.error(), REFUSED);
        let used = proof();
        push(&[], &used).expect(201);
        let again = push(&[], &used).expect(400);
        assert!(again.body.contains("jti was used before"), "{}", again.body);

        for (more, proof) in [
            (&[][..], proof()),
            (&named[..], proof()),
            (&named[..], String::new()),
        ] {
            let pushed = push(more, &proof).expect(201).json();
            let asks = Asks::of(&[
                ("client_id", &*app.id),
                ("request_uri", &*text(&pushed, "request_uri")),
            ]);
            let code = world.alices_browser().code(&asks);
            let mut form = app.exchange(&code);
            form.retain(|(name, _)| *name != "code_verifier");
            form.push(("code_verifier", VERIFIER));
            let exchange = |by: &Holder| {
                let proof = by.proof(&world, "POST", TOKEN);
                world.token_with(app, &form, &proof)
            };
            assert_eq!(world.token(app, &form).expect(400).error(), "invalid_grant");
            assert_eq!(exchange(&other).expect(400).error(), "invalid_grant");
            exchange(&holder).expect(200);
        }
    }
}

#[test]
fn client_credentials_and_other_resource_servers_have_bound_tokens_too() {
    let world = World::new();
    let (holder, app) = (Holder::p256(), &world.server);
    let identifier = "https://tickets.example/mcp";
    let resource = json!({
        "identifier": identifier, "name": "Tickets", "clients": [app.id],
        "scopes": [{"name": "tickets:read", "description": "See your tickets"}],
    });
    let path = "/api/admin/resources";
    let made = world
        .administer(Method::Post, path, Some(&resource))
        .expect(200)
        .json();
    let form = [
        ("grant_type", "client_credentials"),
        ("resource", identifier),
    ];
    let proof = holder.proof(&world, "POST", TOKEN);
    let answer = world.token_with(app, &form, &proof).expect(200).json();
    assert_eq!(answer["token_type"], "DPoP");
    let token = text(&answer, "access_token");
    let (_, claims) = signed_by_a_published_key(&world, &token);
    let confirmation = json!({"jkt": holder.thumbprint()});
    assert_eq!(claims["cnf"], confirmation);
    let theirs = App {
        id: text(&made, "id"),
        secret: Some(text(&made, "client_secret")),
        ..App::default()
    };
    let shown = world.introspect(&theirs, &token);
    assert_eq!(
        (&shown["token_type"], &shown["cnf"]),
        (&json!("DPoP"), &confirmation)
    );

    let admin = crate::world::administration();
    let form = [("grant_type", "client_credentials"), ("scope", "admin")];
    let proof = holder.proof(&world, "POST", TOKEN);
    let token = world.token_with(&admin, &form, &proof).expect(200).json();
    let token = text(&token, "access_token");
    let users = "/api/admin/users";
    world
        .send(holder.presents(&world, users, &token))
        .expect(200);
    world.send(get(users).bearer(&token)).expect(401);
    // Whoever holds a token may end it, and needs no key for that.
    world.revoke(&admin, &token).expect(200);
    world
        .send(holder.presents(&world, users, &token))
        .expect(401);
}

#[test]
fn with_nonces_a_proof_has_the_one_that_its_key_was_given() {
    let settings = [
        ("DPOP_NONCES", "on"),
        ("RATE_LIMIT_TOKEN", "off"),
        ("RATE_LIMIT_AUTHORIZE", "off"),
    ];
    let world = World::with(&settings);
    let (holder, other, app) = (Holder::p256(), Holder::p256(), &world.device);
    let code = world.alices_browser().code(&app.asks());
    let form = app.exchange(&code);
    let given = |answer: &Answer| {
        let headers = answer
            .headers()
            .iter()
            .filter(|(name, _)| name == "dpop-nonce");
        let found: Vec<_> = headers.map(|(_, value)| value.clone()).collect();
        assert_eq!(found.len(), 1, "{:?}", answer.headers());
        let exposed = answer.header("access-control-expose-headers").unwrap();
        assert!(exposed.contains("DPoP-Nonce") && exposed.contains("WWW-Authenticate"));
        found[0].clone()
    };
    let mut nonce = String::new();
    for wrong in ["", "made-up"] {
        let proof = holder.saying(&world, "nonce", json!(wrong));
        let answer = world.token_with(app, &form, &proof).expect(400);
        assert_eq!(answer.error(), "use_dpop_nonce");
        nonce = given(&answer);
    }
    let others = other.saying(&world, "nonce", json!(nonce));
    let answer = world.token_with(app, &form, &others).expect(400);
    assert_eq!(answer.error(), "use_dpop_nonce");
    assert_ne!(given(&answer), nonce);
    // What else is wrong with a proof is told first.
    let answer = world.token_with(app, &form, &holder.saying(&world, "iat", json!(1)));
    assert_eq!(answer.expect(400).error(), REFUSED);

    let proof = holder.saying(&world, "nonce", json!(nonce));
    let answer = world.token_with(app, &form, &proof).expect(200);
    assert_eq!(given(&answer), nonce);
    let token = answer.tokens().access;
    let ask = |nonce: &str| {
        let claims = with(holder.claims_for(&world, ME, &token), "nonce", json!(nonce));
        world.send(presents(
            ME,
            &token,
            &holder.sign(&holder.header(), &claims),
        ))
    };
    ask(&nonce).expect(200);
    world.advance(120);
    let answer = ask(&nonce).expect(401);
    assert_eq!(answer.code(), "USE_DPOP_NONCE");
    assert!(challenges(&answer).starts_with("DPoP error=\"use_dpop_nonce\""));
    let next = given(&answer);
    assert_ne!(next, nonce);
    assert_eq!(given(&ask(&next).expect(200)), next);
    // Who sends no proof is told nothing of nonces.
    let plain = world.send(get(ME)).expect(401);
    assert_eq!(plain.header("dpop-nonce"), None);
}

#[test]
fn a_fault_of_the_store_of_used_proofs_is_503_and_spends_nothing() {
    let world = Native::new();
    let holder = Holder::p256();
    // The first use of a secret is written down.
    world.own_token(&world.server, "");
    for app in [&world.server, &world.device] {
        let code = world.alices_browser().code(&app.asks());
        let exchange = || world.exchange_as(app, &code, &holder);
        let tokens = unless_pending_fails(&world, 2, &exchange).tokens();
        let refresh = || world.refresh_as(app, &tokens.refresh, Some(&holder));
        let tokens = unless_pending_fails(&world, 1, &refresh).tokens();
        world
            .send(holder.presents(&world, ME, &tokens.access))
            .expect(200);
    }
}

/// The answer, once the step that asks whether a proof came before has failed.
fn unless_pending_fails(world: &Native, step: usize, send: &dyn Fn() -> Answer) -> Answer {
    for when in [When::Before, When::After] {
        world.memory.forget_steps();
        world.memory.plan.set(Some(Plan { step, when }));
        let answer = send().expect(503);
        assert_eq!(answer.error(), "temporarily_unavailable");
        assert!(!world.memory.steps().contains(&"ledger"));
    }
    send().expect(200)
}

#[test]
fn a_proof_costs_one_question_where_tokens_are_issued_and_none_at_resources() {
    let world = Native::new();
    let (holder, app) = (Holder::p256(), &world.server);
    // The first use of a secret is written down.
    world.own_token(app, "");
    let code = world.alices_browser().code(&app.asks());
    world.own_token(app, ""); // the first use of a secret a day is written down
    world.memory.forget_steps();
    let tokens = world.exchange_as(app, &code, &holder).tokens();
    let steps = ["limiter", "kv.get", "pending", "ledger", "kv.put"];
    assert_eq!(world.memory.steps(), steps);
    world.memory.forget_steps();
    let tokens = world
        .refresh_as(app, &tokens.refresh, Some(&holder))
        .tokens();
    assert_eq!(world.memory.steps(), ["limiter", "pending", "ledger"]);
    world.memory.forget_steps();
    world
        .send(holder.presents(&world, ME, &tokens.access))
        .expect(200);
    assert_eq!(world.memory.steps(), ["ledger", "d1.read"]);
    // What is refused for another reason asks nothing.
    world.memory.forget_steps();
    let proof = holder.saying(&world, "htm", json!("GET"));
    world
        .token_with(app, &app.exchange("x"), &proof)
        .expect(400);
    world.exchange_as(app, "x", &holder).expect(400);
    assert_eq!(world.memory.steps(), ["limiter", "limiter"]);
}

#[test]
fn scripts_may_send_proofs() {
    let world = World::new();
    for path in [TOKEN, ME] {
        let preflight = world.send(request(Method::Options, path)).expect(204);
        let allowed = preflight.header("access-control-allow-headers").unwrap();
        assert!(allowed.contains("DPoP") && allowed.contains("Authorization"));
    }
}
