//! Keys, and signatures by every algorithm that has a name, good or not.

use ring::hmac;
use ring::signature::{
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384,
    RSA_PSS_SHA512,
};
use serde_json::{Value, json};

use crate::dpop::Holder;
use crate::private_key_jwt::Rsa;
use crate::world::{App, HTTP, World};

/// A key of each kind, and signatures of every name.
pub struct Keys {
    rsa: Rsa,
    p256: Holder,
    ed25519: Holder,
}

impl Keys {
    pub fn new() -> Self {
        Self {
            rsa: Rsa::new(),
            p256: Holder::p256(),
            ed25519: Holder::ed25519(),
        }
    }

    fn jwk(&self, alg: &str) -> Value {
        match alg.get(..2) {
            Some("RS" | "PS") => self.rsa.jwk(),
            Some("Ed") => self.ed25519.jwk(),
            _ => self.p256.jwk(),
        }
    }

    pub fn set(&self) -> Value {
        let keys = ["RS256", "ES256", "EdDSA"].map(|alg| self.jwk(alg));
        json!({ "keys": keys })
    }

    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let rsa = |padding| self.rsa.sign_with(header, padding, claims);
        match header["alg"].as_str().expect("alg") {
            "RS256" => rsa(&RSA_PKCS1_SHA256),
            "RS384" => rsa(&RSA_PKCS1_SHA384),
            "RS512" => rsa(&RSA_PKCS1_SHA512),
            "PS256" => rsa(&RSA_PSS_SHA256),
            "PS384" => rsa(&RSA_PSS_SHA384),
            "PS512" => rsa(&RSA_PSS_SHA512),
            "EdDSA" => self.ed25519.sign(header, claims),
            // With the public key as the secret, as RFC 8725 §2.1 has it; or with nothing.
            alg => {
                let signed = self.p256.sign(header, claims);
                let (input, signature) = signed.rsplit_once('.').expect("a signature");
                let jwk = self.p256.jwk().to_string();
                let hash = match alg {
                    "HS256" => hmac::HMAC_SHA256,
                    "HS384" => hmac::HMAC_SHA384,
                    "HS512" => hmac::HMAC_SHA512,
                    "none" => return format!("{input}."),
                    _ => return format!("{input}.{signature}"),
                };
                let tag = hmac::sign(&hmac::Key::new(hash, jwk.as_bytes()), input.as_bytes());
                format!("{input}.{}", fluxer_oauth2::base64url::encode(tag.as_ref()))
            }
        }
    }

    pub fn assertion(&self, world: &World, app: &App, alg: &str) -> String {
        let now = world.now().seconds();
        let claims = json!({
            "iss": app.id, "sub": app.id, "aud": HTTP, "jti": format!("{alg} {}", fresh()),
            "iat": now, "exp": now + 60,
        });
        self.sign(&json!({"alg": alg}), &claims)
    }

    pub fn proof(&self, world: &World, alg: &str, mut claims: Value) -> String {
        claims["jti"] = json!(format!("{alg} {}", fresh()));
        claims["iat"] = json!(world.now().seconds());
        self.sign(
            &json!({"typ": "dpop+jwt", "alg": alg, "jwk": self.jwk(alg)}),
            &claims,
        )
    }
}

/// What no other one is.
fn fresh() -> usize {
    use core::sync::atomic::{AtomicUsize, Ordering};
    static MADE: AtomicUsize = AtomicUsize::new(0);
    MADE.fetch_add(1, Ordering::Relaxed)
}
