//! Access tokens: JWTs in the profile of RFC 9068, HS256.
//!
//! Invariant: a verified [`AccessToken`] is a claim, not a permission. Whether its family still
//! lives is its ledger's to say.

use serde::{Deserialize, Serialize};

use crate::crypto::keyring::{Keyring, Purpose, SigningError};
use crate::id::FamilyId;
use crate::ledger::LedgerId;
use crate::oauth::binding::{Confirmation, TokenBinding};
use crate::oauth::issuer::Issuer;
use crate::oauth::scope::Scopes;
use crate::snowflake::{ApplicationId, Snowflake, UserId};
use crate::time::Timestamp;

/// The party on whose behalf a token acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A user, in one family of their authorization.
    User(UserId, FamilyId),
    /// The application itself (RFC 6749 §4.4), in a family of its own.
    Application(FamilyId, Marks),
}

/// The ledger that says whether a token of client credentials was withdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marks {
    /// The token's own. Its `jti` is its family, which no other token has.
    OfItsOwn,
    /// The ledger that all tokens of the application share, as they did before each had one of its own.
    OfItsApplication,
}

impl Subject {
    /// The ledger that knows its family.
    pub const fn ledger(self, application: ApplicationId) -> LedgerId {
        match self {
            Self::User(user, _) => LedgerId::User(user, application),
            Self::Application(family, Marks::OfItsOwn) => {
                LedgerId::Application(application, family)
            }
            Self::Application(_, Marks::OfItsApplication) => {
                LedgerId::SharedByApplication(application)
            }
        }
    }

    /// The family that the token lives and dies with.
    pub const fn family(self) -> FamilyId {
        match self {
            Self::User(_, family) | Self::Application(family, _) => family,
        }
    }
}

/// What an access token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessToken {
    /// The party on whose behalf the token acts.
    pub subject: Subject,
    /// The application that holds the token.
    pub application: ApplicationId,
    /// The scopes of the token.
    pub scope: Scopes,
    /// What the token is bound to.
    pub binding: TokenBinding,
    /// Since when, to the second.
    pub issued_at: Timestamp,
    /// Until when, to the second.
    pub expires_at: Timestamp,
}

/// The claims of RFC 9068 §2.2, and `fam`, the family.
#[derive(Serialize, Deserialize)]
struct AccessClaims {
    iss: String,
    sub: Snowflake,
    aud: String,
    client_id: String,
    /// The application, where its `client_id` is a URL.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    app: Option<ApplicationId>,
    scope: Scopes,
    jti: String,
    fam: FamilyId,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    cnf: Option<Confirmation>,
}

impl AccessToken {
    /// Signs the token. `client_id` is the application's on the wire; `token_id` is 128 random bits in
    /// base64url: no two tokens are the same string.
    pub fn sign(
        &self,
        keyring: &Keyring,
        issuer: &str,
        client_id: String,
        token_id: String,
    ) -> Result<String, SigningError> {
        let sub = match self.subject {
            Subject::User(user, _) => user.0,
            Subject::Application(..) => self.application.0,
        };
        let jti = match self.subject {
            Subject::Application(family, Marks::OfItsOwn) => family.to_string(),
            Subject::User(..) | Subject::Application(_, Marks::OfItsApplication) => token_id,
        };
        let claims = AccessClaims {
            iss: issuer.to_owned(),
            sub,
            aud: issuer.to_owned(),
            app: (client_id != self.application.to_string()).then_some(self.application),
            client_id,
            scope: self.scope,
            jti,
            fam: self.subject.family(),
            cnf: self.binding.confirmation(),
        };
        keyring.sign(Purpose::Access, claims, self.issued_at, self.expires_at)
    }

    /// Reads a token that this server signed, under any of its `issuers`, and that is not expired.
    pub fn verify(
        keyring: &Keyring,
        issuers: &[Issuer],
        token: &str,
        now: Timestamp,
    ) -> Option<Self> {
        let verified = keyring.verify::<AccessClaims>(Purpose::Access, token, now)?;
        let claims = verified.claims;
        let is_ours = |name: &str| issuers.iter().any(|issuer| issuer.as_str() == name);
        if !is_ours(&claims.iss) || !is_ours(&claims.aud) {
            return None;
        }
        let application = match claims.app {
            Some(application) => application,
            None => ApplicationId::parse(&claims.client_id)?,
        };
        // A snowflake names one thing: no user has an application's id.
        let subject = if claims.sub == application.0 {
            let marks = if claims.jti == claims.fam.to_string() {
                Marks::OfItsOwn
            } else {
                Marks::OfItsApplication
            };
            Subject::Application(claims.fam, marks)
        } else {
            Subject::User(UserId(claims.sub), claims.fam)
        };
        Some(Self {
            subject,
            application,
            scope: claims.scope,
            binding: claims.cnf.into(),
            issued_at: verified.issued_at,
            expires_at: verified.expires_at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::jwk::Jwk;
    use base64ct::{Base64UrlUnpadded, Encoding};
    use core::time::Duration;

    const ISSUER: &str = "https://id.example";

    fn keyring() -> Keyring {
        Keyring::parse("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").expect("valid keys")
    }

    fn token(subject: impl Fn(FamilyId) -> Subject) -> AccessToken {
        let now = Timestamp::from_millis(1_700_000_000_000);
        AccessToken {
            subject: subject(FamilyId::from_bytes([3; 16])),
            application: ApplicationId::parse("42").expect("an id"),
            scope: Scopes::parse("identify email").expect("scopes"),
            binding: TokenBinding::Bearer,
            issued_at: now,
            expires_at: now + Duration::from_secs(604_800),
        }
    }

    fn issuers(name: &str) -> Vec<Issuer> {
        Issuer::parse(name).into_iter().collect()
    }

    #[test]
    fn a_token_says_what_was_signed() {
        for token in [
            token(|family| Subject::User(UserId::parse("7").expect("an id"), family)),
            token(|family| Subject::Application(family, Marks::OfItsOwn)),
            token(|family| Subject::Application(family, Marks::OfItsApplication)),
            AccessToken {
                binding: TokenBinding::Dpop(Jwk::of_rsa(&[7], &[3]).thumbprint()),
                ..token(|family| Subject::Application(family, Marks::OfItsOwn))
            },
        ] {
            let signed = token
                .sign(&keyring(), ISSUER, "42".into(), "id".into())
                .expect("signed");
            let read = AccessToken::verify(&keyring(), &issuers(ISSUER), &signed, token.issued_at);
            assert_eq!(read, Some(token));
        }
    }

    #[test]
    fn a_token_of_another_issuer_is_none() {
        let token = token(|family| Subject::Application(family, Marks::OfItsOwn));
        let signed = token
            .sign(&keyring(), ISSUER, "42".into(), "id".into())
            .expect("signed");
        for issuer in [
            "https://id.example/",
            "https://ID.example",
            "http://id.example",
            "",
        ] {
            assert_eq!(
                AccessToken::verify(&keyring(), &issuers(issuer), &signed, token.issued_at),
                None
            );
        }
    }

    #[test]
    fn applications_can_decode_the_scope() {
        let signed = token(|family| Subject::Application(family, Marks::OfItsOwn))
            .sign(&keyring(), ISSUER, "42".into(), "id".into())
            .expect("signed");
        let claims = signed.split('.').nth(1).expect("claims");
        let claims = Base64UrlUnpadded::decode_vec(claims).expect("base64url");
        let claims: serde_json::Value = serde_json::from_slice(&claims).expect("JSON");
        assert_eq!(claims["scope"], "identify email");
        assert_eq!(claims["exp"].as_u64(), Some(1_700_604_800));
        for name in ["iss", "sub", "aud", "client_id", "iat", "jti", "fam"] {
            assert!(!claims[name].is_null(), "{name}");
        }
    }
}
