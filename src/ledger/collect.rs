//! Collects the tokens of a device that was approved (RFC 8628 §3.4): the commit point of that grant.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::family::{BoundTo, Family, Live};
use super::{FamilyVerb, Update};
use crate::id::{AttemptId, FamilyId};
use crate::oauth::error::GrantRefusal;
use crate::oauth::jwk::JwkThumbprint;
use crate::time::Timestamp;

/// Collects the tokens of an approved device: once. A device that polls on after that is refused, and
/// loses nothing: it is known by its client and by a code that only it holds, and it may have asked twice
/// at once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Collect {
    /// The family that the approval opened.
    pub family: FamilyId,
    /// The request that asks.
    pub attempt: AttemptId,
    /// The key that a public client proved, where it proved one: its refresh tokens are bound to it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key: Option<JwkThumbprint>,
    /// How long its refresh token will be good.
    pub lifetime: Duration,
}

impl FamilyVerb for Collect {
    fn family(&self) -> FamilyId {
        self.family
    }

    fn decide(self, family: Option<Family>, now: Timestamp) -> (Update, Self::Answer) {
        let refused = (Update::Keep, Err(GrantRefusal::UnknownDeviceCode));
        let approval = match family {
            Some(Family::Offered(offered)) => offered.approval,
            // The same request: its answer was lost between the ledger and the edge.
            Some(Family::Live(live))
                if live.attempt == self.attempt
                    && live.generation == 1
                    && now < live.expires_at
                    && !live.approval.suspended =>
            {
                return (Update::Keep, Ok(live.redeemed().generation));
            }
            Some(Family::Live(_) | Family::Ended { .. }) | None => return refused,
        };
        if approval.suspended || now >= approval.code_expires_at {
            return refused;
        }
        let live = Live {
            approval,
            bound_to: self.key.map(|jkt| BoundTo { jkt, since: 1 }),
            redeemed_at: now,
            attempt: self.attempt,
            generation: 1,
            rotated_at: now,
            expires_at: now + self.lifetime,
        };
        let redeemed = live.redeemed();
        (Update::Put(Family::Live(live)), Ok(redeemed.generation))
    }
}
