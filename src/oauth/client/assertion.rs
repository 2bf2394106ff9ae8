//! Client assertions (RFC 7523 §2.2, §3): a JWT with which a client authenticates, signed with its own
//! key (`private_key_jwt`).
//!
//! Invariant: a [`ClientAssertion`] is a claim, not a proof, until a verifier has said that its signature is
//! that of one of the client's keys.

use core::time::Duration;

use serde_json::Value;
use thiserror::Error;

use super::url::ClientIdentifier;
use crate::oauth::jwk::JwsAlgorithm;
use crate::oauth::jws::{Signed, Unverified};
use crate::time::Timestamp;

/// `client_assertion_type`.
pub const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Longest assertion, in bytes.
const MAX_BYTES: usize = 16 * 1024;
/// Longest `jti`, in bytes.
const MAX_ID_BYTES: usize = 256;
/// How far ahead `exp` may be.
const LONGEST: Duration = Duration::from_secs(3600);
/// How far a client's clock may be ahead.
const SKEW: Duration = Duration::from_secs(60);

/// Why an assertion is none for this request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AssertionError {
    /// Another type of assertion.
    #[error("client_assertion_type must be {TYPE}")]
    Type,
    /// Not a JWT, or one with another algorithm.
    #[error("client_assertion must be a JWT, and its alg RS256, PS256, ES256 or EdDSA")]
    Token,
    /// Signed with what the application may not use.
    #[error("alg of client_assertion must be PS256, ES256 or EdDSA")]
    Algorithm,
    /// Another kind of JWT.
    #[error("typ of client_assertion must be JWT or client-authentication+jwt")]
    Kind,
    /// A claim is missing, of the wrong type, or not of this request.
    #[error("{name} of client_assertion must be {must}")]
    Claim {
        /// The name of the claim.
        name: &'static str,
        /// The rule that it breaks.
        must: &'static str,
    },
    /// An assertion with this `jti` came before.
    #[error("jti of client_assertion was used before")]
    Replayed,
}

const fn claim(name: &'static str, must: &'static str) -> AssertionError {
    AssertionError::Claim { name, must }
}

const AUDIENCE: AssertionError = claim("aud", "the issuer of this server, as a string");

/// The audience that an assertion names (RFC 7519 §4.1.3).
#[derive(Debug)]
enum Audience {
    One(String),
    List(Vec<String>),
}

impl Audience {
    fn read(claim: &Value) -> Option<Self> {
        let name = |value: &Value| value.as_str().map(str::to_owned);
        match claim {
            Value::Array(names) => names
                .iter()
                .map(name)
                .collect::<Option<_>>()
                .map(Self::List),
            one => name(one).map(Self::One),
        }
    }
}

/// An assertion whose signature is not verified.
#[derive(Debug)]
pub struct ClientAssertion {
    client: ClientIdentifier,
    id: String,
    audience: Audience,
    names_issuer_alone: bool,
    expires_at: Timestamp,
    not_before: Option<Timestamp>,
    issued_at: Option<Timestamp>,
    algorithm: JwsAlgorithm,
    key_id: Option<String>,
    message: Vec<u8>,
    signature: Vec<u8>,
}

/// The request that an assertion is to be for.
pub struct Addressee<'a> {
    /// Our own issuer.
    pub issuer: &'a str,
    /// Whether a path is that of the token endpoint or of the endpoint that is asked.
    pub leads_here: &'a dyn Fn(&str) -> bool,
    /// Whether the client keeps to the FAPI 2.0 Security Profile: it names the issuer alone
    /// (§5.3.2.1), and signs with no RS256 (§5.4.1).
    pub is_fapi2: bool,
    /// When the request came.
    pub now: Timestamp,
}

impl ClientAssertion {
    /// Takes an assertion apart. What is too long is not looked at.
    pub fn parse(jwt: &str) -> Result<Self, AssertionError> {
        let token = (jwt.len() <= MAX_BYTES).then(|| Unverified::parse(jwt));
        let token = token.flatten().ok_or(AssertionError::Token)?;
        let names_issuer_alone = match token.typ.as_deref() {
            None | Some("jwt") => false,
            Some("client-authentication+jwt") => true,
            Some(_) => return Err(AssertionError::Kind),
        };
        let claims = &token.claims;
        let text = |name| claims.get(name).and_then(Value::as_str);
        let client = text("sub").filter(|sub| text("iss") == Some(*sub));
        let client = client.and_then(ClientIdentifier::parse);
        let id = text("jti").filter(|id| (1..=MAX_ID_BYTES).contains(&id.len()));
        let audience = claims.get("aud").and_then(Audience::read);
        Ok(Self {
            client: client.ok_or(claim("sub", "the client_id, and iss the same"))?,
            id: id
                .ok_or(claim("jti", "a string of 1 to 256 bytes"))?
                .to_owned(),
            audience: audience.ok_or(AUDIENCE)?,
            names_issuer_alone,
            expires_at: instant(claims, "exp")?.ok_or(claim("exp", "a time"))?,
            not_before: instant(claims, "nbf")?,
            issued_at: instant(claims, "iat")?,
            algorithm: token.algorithm,
            key_id: token.key_id,
            message: token.signing_input.to_owned(),
            signature: token.signature,
        })
    }

    /// Checks that the assertion was made for this server, and not long ago.
    pub fn check(&self, addressee: &Addressee<'_>) -> Result<(), AssertionError> {
        let Addressee { issuer, now, .. } = *addressee;
        if addressee.is_fapi2 && self.algorithm == JwsAlgorithm::Rs256 {
            return Err(AssertionError::Algorithm);
        }
        let is_strict = self.names_issuer_alone || addressee.is_fapi2;
        let is_ours = |name: &String| match name.strip_prefix(issuer) {
            Some("") => true,
            Some(path) => !is_strict && (addressee.leads_here)(path),
            None => false,
        };
        let is_ours = match &self.audience {
            Audience::One(name) => is_ours(name),
            // A list that names others too is good for whoever of them has it.
            Audience::List(names) => !is_strict && !names.is_empty() && names.iter().all(is_ours),
        };
        if !is_ours {
            return Err(AUDIENCE);
        }
        if self.expires_at <= now || self.expires_at > now + LONGEST + SKEW {
            return Err(claim("exp", "in the future, by an hour at most"));
        }
        for (name, instant) in [("nbf", self.not_before), ("iat", self.issued_at)] {
            if instant.is_some_and(|instant| instant > now + SKEW) {
                return Err(claim(name, "in the past"));
            }
        }
        Ok(())
    }

    /// The client that the assertion says it is from.
    pub const fn client(&self) -> &ClientIdentifier {
        &self.client
    }

    /// What tells it from the other assertions of its client (`jti`).
    pub fn id(&self) -> &str {
        &self.id
    }

    /// When it is worth nothing any more.
    pub const fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// The signature, and what it has to be of.
    pub fn signed(&self) -> Signed<'_> {
        Signed {
            key_id: self.key_id.as_deref(),
            algorithm: self.algorithm,
            message: &self.message,
            signature: &self.signature,
        }
    }
}

/// A `NumericDate` (RFC 7519 §2): seconds, which may have a fraction.
fn instant(claims: &Value, name: &'static str) -> Result<Option<Timestamp>, AssertionError> {
    let Some(value) = claims.get(name) else {
        return Ok(None);
    };
    let seconds = value.as_f64().filter(|it| (0.0..1e11).contains(it));
    let seconds = seconds.ok_or(claim(name, "a number of seconds"))?;
    let since = Duration::from_secs_f64(seconds);
    Ok(Some(Timestamp::from_millis(0) + since))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base64url;
    use serde_json::json;

    const ISSUER: &str = "https://id.example";
    const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);

    fn part(value: &Value) -> String {
        base64url::encode(value.to_string().as_bytes())
    }

    fn jwt(header: &Value, claims: &Value) -> String {
        [part(header), part(claims), part(&json!("signature"))].join(".")
    }

    fn claims() -> Value {
        json!({
            "iss": "12", "sub": "12", "aud": ISSUER, "jti": "1",
            "exp": NOW.seconds() + 60, "iat": NOW.seconds(),
        })
    }

    fn with(mut value: Value, name: &str, to: Value) -> Value {
        value[name] = to;
        value
    }

    fn check(header: &Value, claims: &Value, is_fapi2: bool) -> Result<(), AssertionError> {
        ClientAssertion::parse(&jwt(header, claims))?.check(&Addressee {
            issuer: ISSUER,
            leads_here: &|path| path == "/api/oauth2/token",
            is_fapi2,
            now: NOW,
        })
    }

    #[test]
    fn an_assertion_is_for_this_server_and_now() {
        let header = json!({"alg": "ES256"});
        let now = NOW.seconds();
        assert_eq!(check(&header, &claims(), false), Ok(()));
        for (name, good) in [
            ("aud", json!("https://id.example/api/oauth2/token")),
            ("aud", json!([ISSUER])),
            (
                "aud",
                json!([ISSUER, "https://id.example/api/oauth2/token"]),
            ),
            ("exp", json!(now + 3600)),
            (
                "exp",
                json!(f64::from(u32::try_from(now).expect("before 2106")) + 59.5),
            ),
            ("nbf", json!(now + 8)),
            ("iat", json!(now + 8)),
            ("iat", json!(now - 86_400)),
        ] {
            assert_eq!(
                check(&header, &with(claims(), name, good), false),
                Ok(()),
                "{name}"
            );
        }
        for (name, bad) in [
            ("aud", json!([])),
            ("aud", json!([ISSUER, "https://other.example"])),
            ("aud", json!([ISSUER, 1])),
            ("aud", json!("https://id.example/api/oauth2/par")),
            ("aud", json!("https://id.example.evil.example")),
            ("aud", json!("https://other.example")),
            ("aud", Value::Null),
            ("exp", json!(now)),
            ("exp", json!(now + 365 * 86_400)),
            ("exp", json!("soon")),
            ("exp", json!(-1)),
            ("exp", json!(1e300)),
            ("exp", Value::Null),
            ("nbf", json!(now + 120)),
            ("iat", json!(now + 120)),
            ("jti", json!("")),
            ("jti", json!(1)),
            ("jti", json!("x".repeat(257))),
            ("sub", json!("13")),
            ("sub", json!("nobody")),
            ("sub", Value::Null),
        ] {
            let refused = check(&header, &with(claims(), name, bad.clone()), false);
            let is_named =
                matches!(refused, Err(AssertionError::Claim { name: it, .. }) if it == name);
            assert!(is_named, "{name} {bad}: {refused:?}");
        }
    }

    #[test]
    fn fapi_names_the_issuer_alone_and_has_no_rs256() {
        let token_endpoint = with(
            claims(),
            "aud",
            json!("https://id.example/api/oauth2/token"),
        );
        let es256 = json!({"alg": "ES256"});
        assert_eq!(check(&es256, &claims(), true), Ok(()));
        assert!(check(&es256, &token_endpoint, true).is_err());
        let list = with(claims(), "aud", json!([ISSUER]));
        assert!(check(&es256, &list, true).is_err());
        let rs256 = json!({"alg": "RS256"});
        assert_eq!(
            check(&rs256, &claims(), true),
            Err(AssertionError::Algorithm)
        );
        assert_eq!(check(&rs256, &claims(), false), Ok(()));
        let typed = json!({"alg": "ES256", "typ": "client-authentication+jwt"});
        assert_eq!(check(&typed, &claims(), false), Ok(()));
        assert!(check(&typed, &token_endpoint, false).is_err());
    }

    #[test]
    fn what_is_no_assertion_is_not_read() {
        for alg in ["none", "HS256", "ES384", "es256"] {
            let refused = check(&json!({"alg": alg}), &claims(), false);
            assert_eq!(refused, Err(AssertionError::Token), "{alg}");
        }
        let typed = json!({"alg": "ES256", "typ": "dpop+jwt"});
        assert_eq!(check(&typed, &claims(), false), Err(AssertionError::Kind));
        let long = with(claims(), "x", json!("x".repeat(MAX_BYTES)));
        let refused = check(&json!({"alg": "ES256"}), &long, false);
        assert_eq!(refused, Err(AssertionError::Token));
    }
}
