//! Opens a family: the commit point of a consent.

use serde::{Deserialize, Serialize};

use super::family::{Approval, Family, Offered, forgotten_at};
use super::grant::Grant;
use super::{FamilyVerb, Update};
use crate::id::FamilyId;
use crate::time::Timestamp;

/// Opens a family for a code.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Open {
    /// The family of that code.
    pub family: FamilyId,
    /// The approved grant.
    pub grant: Grant,
    /// Until when the code is good.
    pub code_expires_at: Timestamp,
}

/// What [`Open`] answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Opened {
    /// The code may go out: it is new, or it is the same approval arriving twice.
    Open,
    /// The form was answered before, differently, or its code has been used.
    AnsweredBefore,
}

impl FamilyVerb for Open {
    fn family(&self) -> FamilyId {
        self.family
    }

    fn opens_until(&self, now: Timestamp) -> Option<Timestamp> {
        Some(forgotten_at(now, self.code_expires_at))
    }

    fn decide(self, family: Option<Family>, now: Timestamp) -> (Update, Opened) {
        match family {
            None => {
                let approval = Approval {
                    grant: self.grant,
                    opened_at: now,
                    code_expires_at: self.code_expires_at,
                    suspended: false,
                };
                let offered = Offered {
                    approval,
                    misses: 0,
                };
                (Update::Put(Family::Offered(offered)), Opened::Open)
            }
            Some(Family::Offered(Offered { approval, .. }))
                if self.grant.repeats(&approval.grant) && now < approval.code_expires_at =>
            {
                (Update::Keep, Opened::Open)
            }
            Some(_) => (Update::Keep, Opened::AnsweredBefore),
        }
    }
}
