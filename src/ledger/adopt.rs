//! Takes over a login of another server: the commit point of the first use of its refresh token here.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::family::{Approval, BoundTo, Family, Live};
use super::grant::Grant;
use super::rotate::ROTATION_GRACE;
use super::{FamilyVerb, Update};
use crate::id::{AttemptId, FamilyId};
use crate::oauth::error::GrantRefusal;
use crate::oauth::jwk::JwkThumbprint;
use crate::time::Timestamp;

/// Exchanges another server's refresh token for the first one of a family here. The token is the family's
/// generation 0: shown again, it follows the rules of a generation that was rotated.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Adopt {
    /// The family, whose id is cut from the token's hash.
    pub family: FamilyId,
    /// What the other server says was granted.
    pub grant: Grant,
    /// Until when the other server takes the token: as long the family is remembered, whatever becomes of
    /// it here.
    pub until: Timestamp,
    /// The key that a public client proved, where it proved one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key: Option<JwkThumbprint>,
    /// How long the first generation will be good.
    pub lifetime: Duration,
}

impl FamilyVerb for Adopt {
    fn family(&self) -> FamilyId {
        self.family
    }

    fn opens_until(&self, now: Timestamp) -> Option<Timestamp> {
        Some(self.until.max(now + self.lifetime))
    }

    fn decide(self, family: Option<Family>, now: Timestamp) -> (Update, Self::Answer) {
        let Some(family) = family else {
            let live = self.opened(now);
            let issued = live.refreshed();
            return (Update::Put(Family::Live(live)), Ok(issued));
        };
        let Some(live) = family.live(now) else {
            return (Update::Keep, Err(GrantRefusal::UnknownRefreshToken));
        };
        // Its answer was lost, or it was sent twice, by whoever has the key if there is one.
        let has_key = live.bound_to.is_none_or(|it| self.key == Some(it.jkt));
        if live.generation == 1 && now.since(live.rotated_at) < ROTATION_GRACE && has_key {
            return (Update::Keep, Ok(live.refreshed()));
        }
        // RFC 9700 §4.14.2, as of our own.
        let next = live.approval.end(now);
        (next, Err(GrantRefusal::ReusedRefreshToken))
    }
}

impl Adopt {
    fn opened(self, now: Timestamp) -> Live {
        Live {
            approval: Approval {
                grant: self.grant,
                opened_at: now,
                code_expires_at: self.until,
                suspended: false,
            },
            redeemed_at: now,
            attempt: AttemptId::from_bytes([0; 16]),
            generation: 1,
            rotated_at: now,
            expires_at: now + self.lifetime,
            bound_to: self.key.map(|jkt| BoundTo { jkt, since: 1 }),
        }
    }
}
