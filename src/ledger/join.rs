//! Where the redemption of a code is to add the application's bot.

use serde::{Deserialize, Serialize};

use super::family::Family;
use super::{FamilyVerb, Redeem, Update};
use crate::fluxer::guild::JoinedGuild;
use crate::id::{FamilyId, InstallationId};
use crate::time::Timestamp;

/// Asks whether a redemption, which would succeed, adds a bot first. The bot joins before the code is
/// spent: where it cannot, the code can be redeemed again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Join {
    /// The redemption.
    pub redeem: Redeem,
}

/// Where a bot joins, and what adds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joining {
    /// The guild, and what the bot gets there.
    pub guild: Box<JoinedGuild>,
    /// The form by which its user agreed.
    pub by: InstallationId,
}

impl FamilyVerb for Join {
    fn family(&self) -> FamilyId {
        self.redeem.family
    }

    fn decide(self, family: Option<Family>, now: Timestamp) -> (Update, Self::Answer) {
        let Some(Family::Offered(offered)) = family else {
            return (Update::Keep, None);
        };
        let approval = offered.approval;
        let is_good = now < approval.code_expires_at && self.redeem.fits(&approval.grant).is_ok();
        let joining = approval.grant.guild.zip(approval.grant.joins);
        let joining = joining.filter(|_| is_good);
        (
            Update::Keep,
            joining.map(|(guild, by)| Joining { guild, by }),
        )
    }
}
