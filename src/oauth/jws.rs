//! JSON Web Signatures in their compact form (RFC 7515 §3.1), for keys with a public half. What is
//! signed with the keyring stays in `crypto/keyring.rs`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::jwk::{JwkThumbprint, JwsAlgorithm, SigningAlgorithm};
use crate::{base64url, json_reader};

/// A token of ours, before its signature.
#[derive(Debug)]
pub struct Unsigned {
    text: String,
}

#[derive(Serialize)]
struct OurHeader<'a> {
    alg: &'static str,
    typ: &'a str,
    kid: JwkThumbprint,
}

impl Unsigned {
    /// Header and claims. `None`: the claims cannot be written as JSON.
    pub fn new(
        algorithm: SigningAlgorithm,
        kid: JwkThumbprint,
        typ: &str,
        claims: &impl Serialize,
    ) -> Option<Self> {
        let alg = algorithm.as_str();
        let header = serde_json::to_vec(&OurHeader { alg, typ, kid }).ok()?;
        let claims = serde_json::to_vec(claims).ok()?;
        let text = format!(
            "{}.{}",
            base64url::encode(&header),
            base64url::encode(&claims)
        );
        Some(Self { text })
    }

    /// What the signature is made of.
    pub fn signing_input(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// The token.
    pub fn with_signature(mut self, signature: &[u8]) -> String {
        self.text.push('.');
        self.text.push_str(&base64url::encode(signature));
        self.text
    }
}

/// A token that somebody sent, before its signature is verified: nothing that it says is known.
#[derive(Debug)]
pub struct Unverified<'a> {
    /// `alg`.
    pub algorithm: JwsAlgorithm,
    /// `typ`, in lower case and without `application/` (RFC 7515 §4.1.9).
    pub typ: Option<String>,
    /// `kid`.
    pub key_id: Option<String>,
    /// `jwk`: a key that the token brings itself.
    pub jwk: Option<Value>,
    /// The claims.
    pub claims: Value,
    /// The bytes that the signature is over: header and claims as they were sent.
    pub signing_input: &'a [u8],
    /// The signature.
    pub signature: Vec<u8>,
}

/// A signature, and what it has to be of.
pub struct Signed<'a> {
    /// The name of the key, where the token says it.
    pub key_id: Option<&'a str>,
    /// The algorithm that the header names.
    pub algorithm: JwsAlgorithm,
    /// The bytes that were signed: header and claims as they were sent.
    pub message: &'a [u8],
    /// The signature.
    pub signature: &'a [u8],
}

#[derive(Deserialize)]
struct AnyHeader {
    alg: String,
    typ: Option<String>,
    kid: Option<String>,
    jwk: Option<Value>,
    crit: Option<Value>,
}

impl<'a> Unverified<'a> {
    /// Takes a token apart. `None`: not a token in compact form, one whose algorithm is none of
    /// [`JwsAlgorithm`] (`none` is not, nor is any HMAC), or one with extensions that must be
    /// understood (RFC 7515 §4.1.11).
    pub fn parse(token: &'a str) -> Option<Self> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let header = String::from_utf8(base64url::decode(header)?).ok()?;
        let header: AnyHeader = json_reader::read(&header).ok()?;
        let claims: Value = serde_json::from_slice(&base64url::decode(claims)?).ok()?;
        if header.crit.is_some() || !claims.is_object() {
            return None;
        }
        let typ = header.typ.map(|typ| {
            let typ = typ.to_ascii_lowercase();
            typ.strip_prefix("application/")
                .map(str::to_owned)
                .unwrap_or(typ)
        });
        Some(Self {
            algorithm: JwsAlgorithm::of_alg(&header.alg)?,
            typ,
            key_id: header.kid,
            jwk: header.jwk,
            claims,
            signing_input: signed.as_bytes(),
            signature: base64url::decode(signature)?,
        })
    }

    /// The signature, and what it has to be of.
    pub fn signed(&self) -> Signed<'_> {
        Signed {
            key_id: self.key_id.as_deref(),
            algorithm: self.algorithm,
            message: self.signing_input,
            signature: &self.signature,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn token(header: &Value, claims: &str) -> String {
        let part = |text: &str| base64url::encode(text.as_bytes());
        format!(
            "{}.{}.{}",
            part(&header.to_string()),
            part(claims),
            part("signature")
        )
    }

    #[test]
    fn what_is_written_is_read() {
        let kid = JwkThumbprint::parse("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs").expect("kid");
        let claims = json!({"sub": "1"});
        let unsigned = Unsigned::new(SigningAlgorithm::Es256, kid, "at+jwt", &claims);
        let unsigned = unsigned.expect("JSON");
        let input = unsigned.signing_input().to_owned();
        let token = unsigned.with_signature(&[1, 2, 3]);
        let read = Unverified::parse(&token).expect("a token");
        assert_eq!(read.algorithm, JwsAlgorithm::Es256);
        assert_eq!(read.typ.as_deref(), Some("at+jwt"));
        assert_eq!(read.key_id, Some(kid.to_string()));
        assert_eq!(read.claims, claims);
        assert_eq!(read.signing_input, input);
        assert_eq!(read.signature, [1, 2, 3]);
    }

    #[test]
    fn what_is_no_token_with_a_public_key_s_signature_is_not_read() {
        let good = json!({"alg": "ES256"});
        assert!(Unverified::parse(&token(&good, "{}")).is_some());
        for (header, claims) in [
            (json!({"alg": "none"}), "{}"),
            (json!({"alg": "HS256"}), "{}"),
            (json!({"alg": "es256"}), "{}"),
            (json!({"alg": "ES256", "crit": ["b64"], "b64": false}), "{}"),
            (json!({}), "{}"),
            (good.clone(), "[]"),
            (good.clone(), "{"),
        ] {
            assert!(
                Unverified::parse(&token(&header, claims)).is_none(),
                "{header} {claims}"
            );
        }
        let whole = token(&good, "{}");
        for broken in [
            "",
            "..",
            "a.b.c",
            &format!("{whole}="),
            &format!("{whole}.{whole}"),
        ] {
            assert!(Unverified::parse(broken).is_none(), "{broken}");
        }
    }
}
