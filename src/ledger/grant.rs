//! What a user approved, and whether what a client shows fits it.

use core::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::redeem::Redeem;
use crate::fluxer::guild::JoinedGuild;
use crate::id::InstallationId;
use crate::oauth::client::authentication::AuthenticatedBy;
use crate::oauth::error::GrantRefusal;
use crate::oauth::jwk::JwkThumbprint;
use crate::oauth::openid::Authentication;
use crate::oauth::pkce::CodeChallenge;
use crate::oauth::redirect_uri::RegisteredUri;
use crate::oauth::resource::ResourceGrant;
use crate::oauth::scope::Scopes;
use crate::snowflake::ApplicationId;

/// What the user approved: the record behind a code and behind every refresh token of its family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The scopes that were granted.
    pub scope: Scopes,
    /// Where the code was sent, as the request spelled it.
    pub redirect_uri: String,
    /// PKCE, where the request had it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub code_challenge: Option<CodeChallenge>,
    /// The key that redeems the code, where the request named one (RFC 9449 §10).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub dpop_jkt: Option<JwkThumbprint>,
    /// The browser that approved, as it names itself, for the user to recognize the device.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub device: Option<String>,
    /// Where that browser was, for the same reason.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub address: Option<IpAddr>,
    /// Where the application's bot was added, where it was: for the answer to the code, which must
    /// not have to look it up after the code is spent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub guild: Option<Box<JoinedGuild>>,
    /// What adds the bot there when the code is redeemed, where the application wants to be told first.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub joins: Option<InstallationId>,
    /// The login behind it, where `openid` is among the scopes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub authentication: Option<Box<Authentication>>,
    /// The resource server that the tokens are for, where they are not for this one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub resource: Option<Box<ResourceGrant>>,
}

/// What a client shows when it redeems a code.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Evidence {
    /// The client, authenticated.
    pub client: ApplicationId,
    /// How much its authentication proves.
    pub proof: AuthenticatedBy,
    /// `redirect_uri`, where it was sent.
    pub redirect_uri: Option<String>,
    /// The challenge that its `code_verifier` answers, where it was sent.
    pub challenge: Option<CodeChallenge>,
    /// The key that it proved, where it proved one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key: Option<JwkThumbprint>,
}

impl Grant {
    /// What was granted at another server: no code of it was ever sent anywhere.
    pub const fn elsewhere(scope: Scopes) -> Self {
        Self {
            scope,
            redirect_uri: String::new(),
            code_challenge: None,
            dpop_jkt: None,
            device: None,
            address: None,
            guild: None,
            joins: None,
            authentication: None,
            resource: None,
        }
    }

    /// Whether a redemption fits the grant (RFC 6749 §4.1.3, RFC 7636 §4.6).
    pub(super) fn admits(&self, redeem: &Redeem) -> Result<(), GrantRefusal> {
        let evidence = &redeem.evidence;
        if evidence.client != redeem.application {
            return Err(GrantRefusal::ForeignCode);
        }
        let admits = |uri: &RegisteredUri| uri.admit(&self.redirect_uri).is_some();
        let registered = redeem.registered.as_ref();
        if registered.is_some_and(|uris| !uris.iter().any(admits)) {
            return Err(GrantRefusal::RedirectUriWithdrawn);
        }
        match &evidence.redirect_uri {
            Some(redirect_uri) if *redirect_uri != self.redirect_uri => {
                return Err(GrantRefusal::RedirectUri);
            }
            // With PKCE the code is bound to its request without it (OAuth 2.1 §10.2).
            None if self.code_challenge.is_none() => return Err(GrantRefusal::RedirectUri),
            _ => {}
        }
        if self.dpop_jkt.is_some() && self.dpop_jkt != evidence.key {
            return Err(GrantRefusal::CodeKey);
        }
        match (self.code_challenge, evidence.challenge) {
            (None, None) => Ok(()),
            (Some(_), None) => Err(GrantRefusal::VerifierMissing),
            // Else an attacker could strip the challenge from the request (RFC 9700 §4.8.2).
            (None, Some(_)) => Err(GrantRefusal::VerifierUnexpected),
            (Some(asked), Some(answered)) if asked == answered => Ok(()),
            (Some(_), Some(_)) => Err(GrantRefusal::VerifierWrong),
        }
    }

    /// Whether this is the other one, sent once more. In between a browser may have moved to
    /// another network, or to its other address there.
    pub(super) fn repeats(&self, other: &Self) -> bool {
        let from_there = Self {
            address: other.address,
            ..self.clone()
        };
        from_there == *other
    }
}
