//! Refresh tokens: JWTs that name a ledger, a family and a generation.
//!
//! Invariant: a refresh token is a function of what the ledger stored, so the successor of a
//! generation is the same string however often it is made: a client that asks twice because an
//! answer was lost gets the token that it lost.

use serde::{Deserialize, Serialize};

use crate::crypto::keyring::{Keyring, Purpose, SigningError};
use crate::id::FamilyId;
use crate::ledger::LedgerId;
use crate::oauth::issuer::Issuer;
use crate::snowflake::{ApplicationId, ResourceId, UserId};
use crate::time::Timestamp;

/// What a refresh token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefreshToken {
    /// The user who granted the authorization.
    pub user: UserId,
    /// The application that holds the token.
    pub application: ApplicationId,
    /// The family that the token belongs to.
    pub family: FamilyId,
    /// How many refreshes came before it.
    pub generation: u32,
    /// When the ledger made this generation, to the second on the wire.
    pub issued_at: Timestamp,
    /// Until when, to the second on the wire.
    pub expires_at: Timestamp,
    /// Whether an ID token comes with its successor: the key that signs one is fetched before the
    /// ledger is asked.
    pub openid: bool,
    /// The resource server that its access tokens are for, where they are not for this one.
    pub resource: Option<ResourceId>,
}

#[derive(Serialize, Deserialize)]
struct RefreshClaims {
    iss: String,
    sub: UserId,
    client_id: ApplicationId,
    fam: FamilyId,
    r#gen: u32,
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    openid: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    res: Option<ResourceId>,
}

impl RefreshToken {
    /// The ledger that knows its family.
    pub const fn ledger(&self) -> LedgerId {
        LedgerId::User(self.user, self.application)
    }

    /// Signs the token.
    pub fn sign(&self, keyring: &Keyring, issuer: &str) -> Result<String, SigningError> {
        let claims = RefreshClaims {
            iss: issuer.to_owned(),
            sub: self.user,
            client_id: self.application,
            fam: self.family,
            r#gen: self.generation,
            openid: self.openid,
            res: self.resource,
        };
        keyring.sign(Purpose::Refresh, claims, self.issued_at, self.expires_at)
    }

    /// Reads a token that this server signed, under any of its `issuers`, and that is not expired.
    pub fn verify(
        keyring: &Keyring,
        issuers: &[Issuer],
        token: &str,
        now: Timestamp,
    ) -> Option<Self> {
        let verified = keyring.verify::<RefreshClaims>(Purpose::Refresh, token, now)?;
        let claims = verified.claims;
        let is_ours = issuers.iter().any(|it| it.as_str() == claims.iss);
        is_ours.then_some(Self {
            user: claims.sub,
            application: claims.client_id,
            family: claims.fam,
            generation: claims.r#gen,
            issued_at: verified.issued_at,
            expires_at: verified.expires_at,
            openid: claims.openid,
            resource: claims.res,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::time::Duration;

    fn issuers(name: &str) -> Vec<Issuer> {
        Issuer::parse(name).into_iter().collect()
    }

    #[test]
    fn a_refresh_token_is_the_same_string_however_often_it_is_made() {
        let keyring =
            Keyring::parse("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").expect("valid keys");
        let issued_at = Timestamp::from_millis(1_700_000_000_000);
        let token = RefreshToken {
            user: UserId::parse("7").expect("an id"),
            application: ApplicationId::parse("42").expect("an id"),
            family: FamilyId::from_bytes([3; 16]),
            generation: 5,
            issued_at,
            expires_at: issued_at + Duration::from_secs(60),
            openid: false,
            resource: None,
        };
        let signed = token.sign(&keyring, "https://id.example").expect("signed");
        assert_eq!(
            Ok(&signed),
            token.sign(&keyring, "https://id.example").as_ref()
        );
        let read = |issuer| RefreshToken::verify(&keyring, &issuers(issuer), &signed, issued_at);
        assert_eq!(read("https://id.example"), Some(token));
        assert_eq!(read("https://other.example"), None);
    }
}
