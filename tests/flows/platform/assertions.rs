//! A login that the platform vouches for through the browser.

use fluxer_oauth2::base64url;
use fluxer_oauth2::http::{Method, Request};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

use super::{ISSUER, JWKS, Platformed, challenge_of};
use crate::world::{Answer, Browser, HTTP, With, post};

/// A key of the platform's.
struct Key(EcdsaKeyPair);

impl Key {
    fn new() -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a key");
        Self(EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).expect("a key"))
    }

    fn jwk(&self) -> Value {
        let point = self.0.public_key().as_ref();
        let part = |from, to| base64url::encode(&point[from..to]);
        json!({"kty": "EC", "crv": "P-256", "kid": "k", "x": part(1, 33), "y": part(33, 65)})
    }

    fn sign(&self, claims: &Value) -> String {
        self.sign_as("k", claims)
    }

    fn sign_as(&self, kid: &str, claims: &Value) -> String {
        let part = |json: &Value| base64url::encode(json.to_string().as_bytes());
        let header = json!({"alg": "ES256", "typ": "login+jwt", "kid": kid});
        let input = format!("{}.{}", part(&header), part(claims));
        let signature = self.0.sign(&SystemRandom::new(), input.as_bytes());
        format!(
            "{input}.{}",
            base64url::encode(signature.expect("signed").as_ref())
        )
    }
}

fn claims(world: &Platformed, challenge: &str) -> Value {
    let now = world.now().seconds();
    json!({
        "iss": ISSUER, "aud": HTTP, "jti": challenge, "sub": world.alice.id,
        "auth_time": now - 1, "amr": ["hwk"], "sid": "s", "exp": now + 60,
    })
}

fn form(assertion: &str) -> Request {
    let form = post("/oauth2/continue", &[("login_assertion", assertion)]);
    form.with("origin", ISSUER)
        .with("sec-fetch-site", "cross-site")
}

fn accepting_nothing_else() -> Platformed {
    Platformed::with(&[("PLATFORM_ACCEPT", "off")])
}

fn hand_over(world: &Platformed, assertion: &str) -> Answer {
    // No cookie comes with a form of another site.
    world.send(form(assertion).with("accept", "text/html"))
}

/// A browser that was sent to the platform, and its challenge.
fn sent(world: &Platformed) -> (Browser<'_>, String) {
    let browser = world.browser();
    let challenge = challenge_of(&browser, &world.server.asks());
    (browser, challenge)
}

#[test]
fn an_assertion_logs_in_and_the_key_does_not() {
    let world = accepting_nothing_else();
    let key = Key::new();
    world.memory.serve_json(JWKS, &json!({"keys": [key.jwk()]}));
    let (browser, challenge) = sent(&world);
    let path = format!("/api/login/{challenge}/accept");
    let accept = world.acceptance(&world.alice.id);
    world.ask(Method::Post, &path, Some(&accept)).expect(404);
    let assertion = key.sign(&claims(&world, &challenge));
    let answer = hand_over(&world, &assertion).expect(303);
    assert!(
        answer
            .location()
            .starts_with("/oauth2/continue?login_verifier=")
    );
    assert!(answer.header("set-cookie").is_none());
    let back = answer.location();
    world.browser().get(back).expect(400);
    browser.get(back).expect(303);
    assert!(browser.is_logged_in());
    // Sent again it is the same answer, which was used.
    let again = hand_over(&world, &assertion).expect(303);
    assert_eq!(again.location(), back);
    world.browser().get(back).expect(400);
    let log = world.audit_log();
    let entry = log
        .iter()
        .find(|it| it["action"] == "user.login_accepted")
        .unwrap();
    assert_eq!(entry["details"]["by"], "assertion");
}

#[test]
fn an_assertion_that_is_not_the_platforms_or_not_for_this_login_opens_nothing() {
    let world = accepting_nothing_else();
    let (key, other) = (Key::new(), Key::new());
    world.memory.serve_json(JWKS, &json!({"keys": [key.jwk()]}));
    let (browser, challenge) = sent(&world);
    let good = claims(&world, &challenge);
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        key.sign(&claims)
    };
    let now = world.now().seconds();
    for (why, assertion) in [
        ("another key", other.sign(&good)),
        ("another issuer", with("iss", json!("https://evil.example"))),
        (
            "another server",
            with("aud", json!("https://other.example")),
        ),
        ("a challenge of nobody's", with("jti", json!("forged"))),
        ("over", with("exp", json!(now - 60))),
        ("too long", with("exp", json!(now + 600))),
        ("no subject", with("sub", json!("alice"))),
        ("no token", "a.b.c".to_owned()),
    ] {
        assert_eq!(hand_over(&world, &assertion).status, 400, "{why}");
    }
    let good = key.sign(&good);
    for origin in ["https://evil.example", "null", HTTP] {
        let form = post("/oauth2/continue", &[("login_assertion", &good)]);
        world.send(form.with("origin", origin)).expect(400);
    }
    let form = post("/oauth2/continue", &[("login_assertion", &good)]);
    world.send(form).expect(400);
    let back = hand_over(&world, &good).expect(303);
    browser.get(back.location()).expect(303);
}

#[test]
fn keys_that_cannot_be_had_are_a_fault() {
    let world = accepting_nothing_else();
    let key = Key::new();
    let (_, challenge) = sent(&world);
    let assertion = key.sign(&claims(&world, &challenge));
    let answer = hand_over(&world, &assertion).expect(503);
    assert_eq!(answer.header("retry-after"), Some("1"));
}

#[test]
fn keys_are_fetched_once_and_again_for_what_none_of_them_signed() {
    let world = accepting_nothing_else();
    let (key, next) = (Key::new(), Key::new());
    world.memory.serve_json(JWKS, &json!({"keys": [key.jwk()]}));
    let fetches = |run: &dyn Fn()| {
        world.memory.forget_steps();
        run();
        let steps = world.memory.steps();
        steps.iter().filter(|step| **step == "outbound").count()
    };
    let log_in = |assertion: &dyn Fn(&Value) -> String, status: u16| {
        let (_, challenge) = sent(&world);
        hand_over(&world, &assertion(&claims(&world, &challenge))).expect(status);
    };
    let first = fetches(&|| {
        for _ in 0..3 {
            log_in(&|claims| key.sign(claims), 303);
        }
    });
    assert_eq!(first, 1);
    // Another key may have the name by now.
    assert_eq!(fetches(&|| log_in(&|claims| next.sign(claims), 400)), 1);
    let mut renamed = next.jwk();
    renamed["kid"] = json!("next");
    let both = json!({"keys": [key.jwk(), renamed]});
    world.memory.serve_json(JWKS, &both);
    let new = fetches(&|| log_in(&|claims| next.sign_as("next", claims), 303));
    assert_eq!(new, 1);
    // Strangers' names are looked up so often and no oftener.
    let strangers = fetches(&|| {
        for _ in 0..40 {
            let (_, challenge) = sent(&world);
            hand_over(&world, &next.sign_as("other", &claims(&world, &challenge)));
        }
    });
    assert!((20..=30).contains(&strangers), "{strangers}");
    // Meanwhile those who are known get in, also while the keys cannot be had.
    world.memory.silence(JWKS);
    log_in(&|claims| key.sign(claims), 303);
    world.advance(3700);
    log_in(&|claims| key.sign(claims), 303);
}

#[test]
fn without_their_settings_there_are_no_assertions() {
    let world = Platformed::with(&[("PLATFORM_ISSUER", ""), ("PLATFORM_JWKS", "")]);
    let refused = world.send(form("a.b.c")).expect(405);
    assert_eq!(refused.header("allow"), Some("GET, HEAD"));
}
