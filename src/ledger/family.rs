//! A family: one login on one device, from its code to its end.

use serde::{Deserialize, Serialize};

use super::Update;
use super::grant::Grant;
use crate::crypto::form_ticket::FORM_LIFETIME;
use crate::fluxer::guild::JoinedGuild;
use crate::id::AttemptId;
use crate::oauth::jwk::JwkThumbprint;
use crate::oauth::openid::Authentication;
use crate::oauth::resource::ResourceGrant;
use crate::oauth::scope::Scopes;
use crate::time::Timestamp;

/// One login of the user, for the application, on one device: how far it has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// Its code has not been redeemed.
    Offered(Offered),
    /// Its code was redeemed; its refresh tokens take turns.
    Live(Live),
    /// Revoked or burnt: a mark, kept only while something of it could still arrive.
    Ended {
        /// The mark may be forgotten after this instant.
        until: Timestamp,
    },
}

/// An approval: what, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// What was approved.
    pub grant: Grant,
    /// The instant of the approval.
    pub opened_at: Timestamp,
    /// Until when the code is good.
    pub code_expires_at: Timestamp,
    /// Whether its user is suspended: nothing of it works, and nothing is forgotten.
    #[serde(skip_serializing_if = "core::ops::Not::not", default)]
    pub suspended: bool,
}

/// A family whose code has not been redeemed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offered {
    /// What its code is for.
    pub approval: Approval,
    /// How many redemptions failed: too many end the family.
    pub misses: u8,
}

/// A family whose tokens work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Live {
    /// What its tokens are for.
    pub approval: Approval,
    /// When the code was redeemed.
    pub redeemed_at: Timestamp,
    /// The request that redeemed it, so that its own repetition is not a replay.
    pub attempt: AttemptId,
    /// The current generation of the refresh token, from 1.
    pub generation: u32,
    /// When it was made.
    pub rotated_at: Timestamp,
    /// Until when it is good.
    pub expires_at: Timestamp,
    /// The key that its refresh tokens are bound to (RFC 9449 §5).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bound_to: Option<BoundTo>,
}

/// A key that refresh tokens are bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoundTo {
    /// What names the key.
    pub jkt: JwkThumbprint,
    /// The first generation that is bound. Those before it were anybody's who held them, and say still
    /// that one was stolen.
    pub since: u32,
}

/// A live generation: what an answer's refresh token is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generation {
    /// What the family's tokens may open.
    pub scope: Scopes,
    /// Which generation of the refresh token.
    pub generation: u32,
    /// When it was made.
    pub issued_at: Timestamp,
    /// Until when it is good.
    pub expires_at: Timestamp,
    /// The login behind it, for an ID token.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub authentication: Option<Box<Authentication>>,
    /// The resource server that the tokens are for, where they are not for this one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub resource: Option<Box<ResourceGrant>>,
}

/// What a redeemed code gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redeemed {
    /// The first generation.
    pub generation: Generation,
    /// Where the application's bot was added, where it was.
    pub guild: Option<Box<JoinedGuild>>,
}

impl Family {
    /// When nothing is left to remember of it.
    pub fn purge_at(&self) -> Timestamp {
        match self {
            Self::Offered(Offered { approval, .. }) => approval.forgotten_at(),
            Self::Live(live) => live.expires_at.max(live.approval.forgotten_at()),
            Self::Ended { until } => *until,
        }
    }

    /// The family where its tokens work.
    pub fn live(self, now: Timestamp) -> Option<Live> {
        match self {
            Self::Live(live) if now < live.expires_at && !live.approval.suspended => Some(live),
            Self::Offered(_) | Self::Live(_) | Self::Ended { .. } => None,
        }
    }

    /// Ends it, as revocation and deauthorization do.
    pub fn end(self, now: Timestamp) -> Update {
        match self {
            Self::Offered(Offered { approval, .. }) | Self::Live(Live { approval, .. }) => {
                approval.end(now)
            }
            Self::Ended { .. } => Update::Keep,
        }
    }
}

impl Approval {
    fn forgotten_at(&self) -> Timestamp {
        forgotten_at(self.opened_at, self.code_expires_at)
    }

    /// A mark while one is needed, then nothing.
    pub(super) fn end(&self, now: Timestamp) -> Update {
        let until = self.forgotten_at();
        if now < until {
            Update::Put(Family::Ended { until })
        } else {
            Update::Remove
        }
    }
}

/// Until then the code or the consent form of a family could arrive again and must not open it anew.
pub(super) fn forgotten_at(opened_at: Timestamp, code_expires_at: Timestamp) -> Timestamp {
    (opened_at + FORM_LIFETIME).max(code_expires_at)
}

impl Live {
    pub(super) fn redeemed(&self) -> Redeemed {
        let generation = Generation {
            authentication: self.approval.grant.authentication.clone(),
            ..self.generation()
        };
        Redeemed {
            generation,
            guild: self.approval.grant.guild.clone(),
        }
    }

    pub(super) fn generation(&self) -> Generation {
        Generation {
            scope: self.approval.grant.scope,
            generation: self.generation,
            issued_at: self.rotated_at,
            expires_at: self.expires_at,
            authentication: None,
            resource: self.approval.grant.resource.clone(),
        }
    }

    pub(super) fn refreshed(&self) -> Generation {
        let authentication = self.approval.grant.authentication.clone();
        Generation {
            authentication: authentication.map(|it| Box::new(it.without_nonce())),
            ..self.generation()
        }
    }
}
