//! Access tokens for other resource servers (RFC 9068): signed with a key that has a public half.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::access::{AccessToken, Marks, Subject};
use crate::id::FamilyId;
use crate::json_reader;
use crate::oauth::binding::{Confirmation, TokenBinding};
use crate::oauth::issuer::Issuer;
use crate::oauth::scope::Scopes;
use crate::snowflake::{ApplicationId, Snowflake, UserId};
use crate::time::Timestamp;

/// `typ` (RFC 9068 §2.1), by which nobody takes such a token for an ID token.
pub const TYPE: &str = "at+jwt";

/// What a token for another resource server says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceToken {
    /// The party on whose behalf the token acts.
    pub subject: Subject,
    /// The application that holds the token.
    pub application: ApplicationId,
    /// The application's `client_id` as it is spelled on the wire.
    pub client_id: String,
    /// The identifier of the resource server that takes the token.
    pub audience: String,
    /// What it opens there.
    pub scope: String,
    /// What the token is bound to.
    pub binding: TokenBinding,
    /// Since when, to the second.
    pub issued_at: Timestamp,
    /// Until when, to the second.
    pub expires_at: Timestamp,
}

/// The claims of RFC 9068 §2.2, and `fam`, the family.
#[derive(Debug, Serialize, Deserialize)]
pub struct ResourceClaims {
    iss: String,
    sub: Snowflake,
    aud: String,
    client_id: String,
    /// The application, where its `client_id` is a URL.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    app: Option<ApplicationId>,
    scope: String,
    iat: u64,
    exp: u64,
    jti: String,
    fam: FamilyId,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    cnf: Option<Confirmation>,
}

impl ResourceToken {
    /// The claims to sign. `token_id` is 128 random bits in base64url.
    pub fn claims(&self, issuer: &str, token_id: String) -> ResourceClaims {
        let sub = match self.subject {
            Subject::User(user, _) => user.0,
            Subject::Application(..) => self.application.0,
        };
        ResourceClaims {
            iss: issuer.to_owned(),
            sub,
            aud: self.audience.clone(),
            app: (self.client_id != self.application.to_string()).then_some(self.application),
            client_id: self.client_id.clone(),
            scope: self.scope.clone(),
            iat: self.issued_at.seconds(),
            exp: self.expires_at.seconds(),
            jti: token_id,
            fam: self.subject.family(),
            cnf: self.binding.confirmation(),
        }
    }

    /// As a token for this server, whose family and whose application are asked after in the same way.
    pub const fn standing(&self) -> AccessToken {
        AccessToken {
            subject: self.subject,
            application: self.application,
            scope: Scopes::NONE,
            binding: self.binding,
            issued_at: self.issued_at,
            expires_at: self.expires_at,
        }
    }

    /// What verified claims say, where they are this server's and have not expired.
    pub fn read(claims: &Value, issuers: &[Issuer], now: Timestamp) -> Option<Self> {
        let claims: ResourceClaims = json_reader::read_value(claims).ok()?;
        let is_ours = issuers.iter().any(|issuer| issuer.as_str() == claims.iss);
        if !is_ours || now.seconds() >= claims.exp {
            return None;
        }
        let application = match claims.app {
            Some(application) => application,
            None => ApplicationId::parse(&claims.client_id)?,
        };
        let subject = if claims.sub == application.0 {
            Subject::Application(claims.fam, Marks::OfItsOwn)
        } else {
            Subject::User(UserId(claims.sub), claims.fam)
        };
        Some(Self {
            subject,
            application,
            client_id: claims.client_id,
            audience: claims.aud,
            scope: claims.scope,
            binding: claims.cnf.into(),
            issued_at: Timestamp::from_millis(claims.iat.saturating_mul(1000)),
            expires_at: Timestamp::from_millis(claims.exp.saturating_mul(1000)),
        })
    }
}
