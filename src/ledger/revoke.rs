//! Ends a family.

use serde::{Deserialize, Serialize};

use super::family::Family;
use super::{Families, FamilyVerb, Reads, Update};
use crate::id::FamilyId;
use crate::time::Timestamp;

/// Ends a family: this login on this device, and no other (RFC 7009 §2.1).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Revoke {
    /// The family that ends.
    pub family: FamilyId,
    /// Whether to count the devices that are left. A Worker of the version before does not want to know.
    #[serde(default)]
    pub counts: bool,
}

/// What [`Revoke`] answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Ended {
    /// Whether there was anything to end. An object of the version before says no more.
    Told(bool),
    /// It has ended.
    Counted {
        /// How many devices are left.
        left: usize,
    },
}

impl Ended {
    /// Whether there was anything to end.
    pub const fn is_something(self) -> bool {
        !matches!(self, Self::Told(false))
    }
}

impl FamilyVerb for Revoke {
    fn family(&self) -> FamilyId {
        self.family
    }

    fn reads(&self) -> Reads {
        if self.counts {
            Reads::All
        } else {
            Reads::Family(self.family)
        }
    }

    fn decide(self, family: Option<Family>, now: Timestamp) -> (Update, Ended) {
        let next = family.map_or(Update::Keep, |family| family.end(now));
        let ended = next != Update::Keep;
        (next, Ended::Told(ended))
    }

    fn decide_among(
        self,
        family: Option<Family>,
        others: Families,
        now: Timestamp,
    ) -> (Update, Ended) {
        let counts = self.counts;
        let (next, ended) = self.decide(family, now);
        if !counts || !ended.is_something() {
            return (next, ended);
        }
        let left = others.into_values().filter_map(|it| it.live(now)).count();
        (next, Ended::Counted { left })
    }
}
