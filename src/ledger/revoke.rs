//! Ends a family.

use serde::{Deserialize, Serialize};

use super::family::Family;
use super::{FamilyVerb, Update};
use crate::id::FamilyId;
use crate::time::Timestamp;

/// Ends a family: this login on this device, and no other (RFC 7009 §2.1).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Revoke {
    /// The family that ends.
    pub family: FamilyId,
}

impl FamilyVerb for Revoke {
    fn family(&self) -> FamilyId {
        self.family
    }

    fn decide(self, family: Option<Family>, now: Timestamp) -> (Update, bool) {
        let next = family.map_or(Update::Keep, |family| family.end(now));
        let ended = next != Update::Keep;
        (next, ended)
    }
}
