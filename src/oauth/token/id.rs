//! ID tokens (OpenID Connect Core §2): what a login was, for the client that asked, and for anybody
//! who has our public keys.

use core::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::base64url;
use crate::json_reader;
use crate::oauth::issuer::Issuer;
use crate::oauth::jws::Unverified;
use crate::oauth::openid::{Authentication, AuthenticationMethod, SessionName};
use crate::snowflake::UserId;
use crate::time::Timestamp;

/// How long an ID token is good: long enough to be read.
pub const ID_TOKEN_LIFETIME: Duration = Duration::from_hours(1);

/// What an ID token says.
#[derive(Debug, Serialize)]
pub struct IdClaims<'a> {
    iss: &'a str,
    sub: UserId,
    aud: String,
    exp: u64,
    iat: u64,
    auth_time: u64,
    amr: Vec<&'static str>,
    at_hash: String,
    sid: &'a SessionName,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
}

impl<'a> IdClaims<'a> {
    /// The claims about `user`'s login, for the client with this id on the wire, issued beside
    /// `access_token`.
    pub fn new(
        issuer: &'a str,
        (user, client): (UserId, String),
        authentication: &'a Authentication,
        access_token: &str,
        now: Timestamp,
    ) -> Self {
        Self {
            iss: issuer,
            sub: user,
            aud: client,
            exp: (now + ID_TOKEN_LIFETIME).seconds(),
            iat: now.seconds(),
            auth_time: authentication.auth_time.seconds(),
            amr: authentication
                .amr
                .iter()
                .map(AuthenticationMethod::as_str)
                .collect(),
            at_hash: at_hash(access_token),
            sid: &authentication.sid,
            nonce: authentication.nonce.as_deref(),
        }
    }
}

/// The left half of the access token's SHA-256 (Core §3.1.3.6), for RS256 and ES256 alike.
fn at_hash(access_token: &str) -> String {
    let digest: [u8; 32] = Sha256::digest(access_token).into();
    let (left, _) = digest.split_at(16);
    base64url::encode(left)
}

/// An ID token that came back as `id_token_hint`, its signature verified. It may have expired (Core
/// §3.1.2.1): it says who the user was, and opens nothing.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct IdTokenHint {
    /// The issuer.
    iss: String,
    /// The user who had logged in.
    pub sub: UserId,
    /// The client that the token was issued to, as it spells its own `client_id`.
    pub aud: String,
    /// The name of the session in which the user logged in.
    pub sid: SessionName,
}

impl IdTokenHint {
    /// Reads the claims of a token whose signature is ours. `None`: some other kind of token.
    pub fn of_verified(token: &Unverified<'_>, issuers: &[Issuer]) -> Option<Self> {
        if token.typ.as_deref() != Some("jwt") {
            return None;
        }
        let hint: Self = json_reader::read_value(&token.claims).ok()?;
        let is_id_token = matches!(token.claims.get("at_hash"), Some(Value::String(_)));
        let is_ours = issuers.iter().any(|issuer| issuer.as_str() == hint.iss);
        (is_id_token && is_ours).then_some(hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::openid::AuthenticationMethods;
    use crate::snowflake::ApplicationId;

    #[test]
    fn the_access_token_hash_of_core_a_4_holds() {
        assert_eq!(
            at_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"),
            "77QmUPtjPfzWtF2AnpK9RQ"
        );
    }

    #[test]
    fn a_nonce_that_was_not_sent_is_absent() {
        let now = Timestamp::from_millis(1_700_000_000_999);
        let authentication = Authentication {
            auth_time: Timestamp::from_millis(1_699_999_000_999),
            amr: AuthenticationMethods::from(AuthenticationMethod::Password),
            sid: serde_json::from_value("s".into()).expect("a name"),
            nonce: Some(" n+ ".to_owned()),
        };
        let user = UserId::parse("7").expect("an id");
        let client = ApplicationId::parse("42").expect("an id");
        let claims = |authentication: &Authentication| {
            let issuer = "https://id.example";
            let audience = (user, client.to_string());
            let claims = IdClaims::new(issuer, audience, authentication, "a", now);
            serde_json::to_value(claims).expect("JSON")
        };
        let with = claims(&authentication);
        assert_eq!(with["nonce"], " n+ ");
        assert_eq!(with["auth_time"], 1_699_999_000);
        assert_eq!(with["iat"], 1_700_000_000);
        assert_eq!(with["exp"], 1_700_003_600);
        assert_eq!((&with["sub"], &with["aud"]), (&"7".into(), &"42".into()));
        assert_eq!(with["amr"], serde_json::json!(["pwd"]));
        let without = claims(&authentication.without_nonce());
        assert!(without.get("nonce").is_none());
    }
}
