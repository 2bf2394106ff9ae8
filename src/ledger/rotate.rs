//! Rotates a refresh token: the commit point of a refresh.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::family::{BoundTo, Family, Live};
use super::grant::Grant;
use super::{FamilyVerb, Update};
use crate::id::FamilyId;
use crate::oauth::error::GrantRefusal;
use crate::oauth::jwk::JwkThumbprint;
use crate::oauth::resource::ResourceScope;
use crate::oauth::scope::Scopes;
use crate::time::Timestamp;

/// How long the generation before the current one is forgiven, while the current one is unused: a
/// lost answer, or two tabs that refresh at once.
pub const ROTATION_GRACE: Duration = Duration::from_secs(30);

/// Exchanges a refresh token for its successor: the commit point of a refresh.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rotate {
    /// The family that the token names.
    pub family: FamilyId,
    /// The generation that it names.
    pub generation: u32,
    /// What the new access token is to open, where that is less than the family's scope.
    pub scope: Option<Scopes>,
    /// Which scopes of the family's resource server it is to open, where that is less than was granted.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub resource_scope: Vec<ResourceScope>,
    /// The key that a public client proved, where it proved one: the successor is bound to it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key: Option<JwkThumbprint>,
    /// How long the successor will be good.
    pub lifetime: Duration,
    /// Whether the token stays as it is, and has no successor: its client authenticates.
    #[serde(skip_serializing_if = "core::ops::Not::not", default)]
    pub stays: bool,
}

impl FamilyVerb for Rotate {
    fn family(&self) -> FamilyId {
        self.family
    }

    fn decide(self, family: Option<Family>, now: Timestamp) -> (Update, Self::Answer) {
        let Some(live) = family.and_then(|family| family.live(now)) else {
            return (Update::Keep, Err(GrantRefusal::UnknownRefreshToken));
        };
        if self.generation > live.generation {
            // Signed by us, yet never made here: storage went back in time. Not theft.
            return (Update::Keep, Err(GrantRefusal::UnknownRefreshToken));
        }
        // Whoever does not have the key changes nothing with a token that they found, old or new.
        let is_bound = |it: BoundTo| self.generation >= it.since && self.key != Some(it.jkt);
        if live.bound_to.is_some_and(is_bound) {
            return (Update::Keep, Err(GrantRefusal::RefreshTokenKey));
        }
        let is_current = self.generation == live.generation;
        // The current generation is unused, else it would not be the current one.
        let is_forgiven =
            self.generation + 1 == live.generation && now.since(live.rotated_at) < ROTATION_GRACE;
        if !is_current && !is_forgiven {
            // RFC 9700 §4.14.2: one of two parties that hold this family's tokens stole them, and
            // there is no telling which.
            let next = live.approval.end(now);
            return (next, Err(GrantRefusal::ReusedRefreshToken));
        }
        // A slip costs no token.
        if self.exceeds(&live.approval.grant) {
            return (Update::Keep, Err(GrantRefusal::ScopeExceedsGrant));
        }
        if is_forgiven || self.stays {
            return (Update::Keep, Ok(live.refreshed()));
        }
        let generation = live.generation + 1;
        let newly_bound = |jkt| BoundTo {
            jkt,
            since: generation,
        };
        let successor = Live {
            generation,
            rotated_at: now,
            expires_at: now + self.lifetime,
            bound_to: live.bound_to.or(self.key.map(newly_bound)),
            ..live
        };
        let issued = successor.refreshed();
        (Update::Put(Family::Live(successor)), Ok(issued))
    }
}

impl Rotate {
    /// Whether it asks for more than was granted: RFC 6749 §6, "MUST NOT include any scope not originally
    /// granted".
    fn exceeds(&self, grant: &Grant) -> bool {
        let theirs = grant.resource.as_ref();
        let is_granted = |scope| theirs.is_some_and(|theirs| theirs.scope.contains(scope));
        self.scope.is_some_and(|asked| !grant.scope.covers(asked))
            || !self.resource_scope.iter().all(is_granted)
    }
}
