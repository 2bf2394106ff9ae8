//! The end of a token of client credentials.

use serde::{Deserialize, Serialize};

use super::family::Family;
use super::{FamilyVerb, Update};
use crate::id::FamilyId;
use crate::time::Timestamp;

/// Withdraws a token of client credentials. Issuing one asks no ledger, so its family lives unless
/// a mark says otherwise; the mark outlives the token, and no longer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Withdraw {
    /// The token's family.
    pub family: FamilyId,
    /// When the token expires by itself.
    pub until: Timestamp,
    /// Who takes the token.
    #[serde(default)]
    pub audience: TokenAudience,
}

/// The server that takes a token of client credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenAudience {
    /// This server.
    #[default]
    Own,
    /// Another resource server.
    Resource,
}

impl FamilyVerb for Withdraw {
    fn family(&self) -> FamilyId {
        self.family
    }

    fn opens_until(&self, _: Timestamp) -> Option<Timestamp> {
        Some(self.until)
    }

    fn decide(self, family: Option<Family>, _: Timestamp) -> (Update, bool) {
        let mark = Family::Ended { until: self.until };
        (Update::Put(mark), family.is_none())
    }
}

/// Asks whether a token of client credentials was withdrawn.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Withdrawn {
    /// The token's family.
    pub family: FamilyId,
}

impl FamilyVerb for Withdrawn {
    fn family(&self) -> FamilyId {
        self.family
    }

    fn decide(self, family: Option<Family>, _: Timestamp) -> (Update, bool) {
        (Update::Keep, family.is_some())
    }
}
