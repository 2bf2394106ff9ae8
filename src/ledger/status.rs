//! Whether a family's tokens work.

use serde::{Deserialize, Serialize};

use super::family::Family;
use super::{FamilyVerb, Update};
use crate::id::FamilyId;
use crate::time::Timestamp;

/// Asks whether a family's tokens work.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Status {
    /// The family that is asked about.
    pub family: FamilyId,
}

impl FamilyVerb for Status {
    fn family(&self) -> FamilyId {
        self.family
    }

    fn decide(self, family: Option<Family>, now: Timestamp) -> (Update, Self::Answer) {
        let live = family.and_then(|family| family.live(now));
        (Update::Keep, live.map(|live| live.generation()))
    }
}
