//! What a user approved.

use core::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::fluxer::guild::JoinedGuild;
use crate::id::InstallationId;
use crate::oauth::jwk::JwkThumbprint;
use crate::oauth::openid::Authentication;
use crate::oauth::pkce::CodeChallenge;
use crate::oauth::resource::ResourceGrant;
use crate::oauth::scope::Scopes;

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
