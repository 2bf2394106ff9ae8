//! The life of an authorization: open, redeem, rotate, revoke. Pure.
//!
//! A *ledger* holds what one user granted one application, as *families*: a family is one login on
//! one device, from its code through its refresh tokens to its end. The ledger alone says first
//! use, already used, rotated, revoked. It runs inside one Durable Object, where each verb reads,
//! decides and writes with nothing else awaited in between; here a verb is a function of the
//! family as stored, the question and `now`, and returns what to store beside the answer.
//!
//! Invariants, each checked over random histories in `tests/ledger_model.rs`:
//! 1. A code is redeemed at most once.
//! 2. A family has one live generation of refresh tokens, and at most the one before it is
//!    forgiven, for a while.
//! 3. Nothing of a family works once it has ended, and an ended family never lives again.

mod adopt;
mod collect;
mod deauthorize;
mod devices;
mod family;
mod grant;
mod join;
mod open;
mod redeem;
mod revoke;
mod rotate;
mod status;
mod suspend;
mod withdraw;

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use adopt::Adopt;
pub use collect::Collect;
pub use deauthorize::Deauthorize;
pub use devices::{Device, Devices};
pub use family::{Approval, BoundTo, Family, Generation, Live, Offered, Redeemed};
pub use grant::Grant;
pub use join::{Join, Joining};
pub use open::{Open, Opened};
pub use redeem::{Evidence, MAX_MISSES, REDEMPTION_GRACE, Redeem};
pub use revoke::{Ended, Revoke};
pub use rotate::{ROTATION_GRACE, Rotate};
pub use status::Status;
pub use suspend::{Resume, Suspend};
pub use withdraw::{TokenAudience, Withdraw, Withdrawn};

use crate::id::FamilyId;
use crate::oauth::error::GrantRefusal;
use crate::snowflake::{ApplicationId, UserId};
use crate::time::Timestamp;

/// The name of a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LedgerId {
    /// The families of one user with one application.
    User(UserId, ApplicationId),
    /// The family of one token of client credentials. Each has a ledger, so that an application's
    /// tokens do not queue at one object.
    Application(ApplicationId, FamilyId),
    /// The families of all tokens of client credentials that were issued before each had a ledger of
    /// its own.
    SharedByApplication(ApplicationId),
}

impl core::fmt::Display for LedgerId {
    /// The name of its Durable Object.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::User(user, application) => write!(f, "{user}:{application}"),
            Self::Application(application, family) => write!(f, ":{application}:{family}"),
            Self::SharedByApplication(application) => write!(f, ":{application}"),
        }
    }
}

/// What to write of a family.
#[expect(
    clippy::large_enum_variant,
    reason = "there is one a turn, and it moves once"
)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Update {
    /// The family stays as it was.
    Keep,
    /// The family is replaced by this one.
    Put(Family),
    /// The family is forgotten.
    Remove,
}

/// The families of a ledger, or those that a verb asks about.
pub type Families = BTreeMap<FamilyId, Family>;

/// A question to a ledger.
pub trait Verb: Into<AnyVerb> {
    /// The type of the answer.
    type Answer: Serialize + DeserializeOwned;
}

/// A question to one family of a ledger, and the rule that answers it.
pub trait FamilyVerb: Verb {
    /// Which family it asks about.
    fn family(&self) -> FamilyId;

    /// Until when a family that it opens is remembered; `None` where it opens none.
    fn opens_until(&self, _now: Timestamp) -> Option<Timestamp> {
        None
    }

    /// Which families it reads.
    fn reads(&self) -> Reads {
        Reads::Family(self.family())
    }

    /// Decides: what to write, and what to answer.
    fn decide(self, family: Option<Family>, now: Timestamp) -> (Update, Self::Answer);

    /// The same beside the other families that it reads.
    fn decide_among(
        self,
        family: Option<Family>,
        _others: Families,
        now: Timestamp,
    ) -> (Update, Self::Answer) {
        self.decide(family, now)
    }
}

/// Which families a verb asks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    /// One.
    Family(FamilyId),
    /// All that there are.
    All,
}

/// What a verb does.
#[derive(Debug)]
pub struct Turn {
    /// What is to be written.
    pub updates: Vec<(FamilyId, Update)>,
    /// The families that it ends and whose tokens others verify: they are to be told.
    pub revoked: Vec<FamilyId>,
    /// The answer, in JSON.
    pub answer: String,
}

impl Turn {
    fn new(updates: Vec<(FamilyId, Update)>, answer: &impl Serialize) -> serde_json::Result<Self> {
        let answer = serde_json::to_string(answer)?;
        Ok(Self {
            updates,
            revoked: Vec::new(),
            answer,
        })
    }

    fn of_family(
        verb: impl FamilyVerb,
        mut stored: Families,
        now: Timestamp,
    ) -> serde_json::Result<Self> {
        let id = verb.family();
        let family = stored.remove(&id);
        let (update, answer) = verb.decide_among(family, stored, now);
        Self::new(vec![(id, update)], &answer)
    }

    /// Adds those families of `elsewhere` that the turn ends.
    fn ending(mut self, elsewhere: &[FamilyId]) -> Self {
        let ends = |(id, update): &(FamilyId, Update)| match update {
            Update::Put(Family::Ended { .. }) | Update::Remove => elsewhere.contains(id),
            // Who is suspended has no tokens that work; what was listed so ends with its time.
            Update::Put(Family::Live(live)) if live.approval.suspended => elsewhere.contains(id),
            Update::Put(Family::Offered(_) | Family::Live(_)) | Update::Keep => false,
        };
        let ended = self.updates.iter().filter(|update| ends(update));
        self.revoked = ended.map(|(id, _)| *id).collect();
        self
    }
}

macro_rules! verbs {
    (
        of a family { $($(#[$meta:meta])* $verb:ident -> $answer:ty;)+ }
        of all { $($(#[$meta_of_all:meta])* $verb_of_all:ident -> $answer_of_all:ty;)+ }
    ) => {
        /// Any verb, as it travels to the ledger's object.
        #[derive(Debug, Clone, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum AnyVerb {
            $(#[doc = concat!("[`", stringify!($verb), "`].")] $(#[$meta])* $verb($verb),)+
            $(#[doc = concat!("[`", stringify!($verb_of_all), "`].")] $(#[$meta_of_all])* $verb_of_all,)+
        }

        impl AnyVerb {
            /// Which families it asks about.
            pub fn reads(&self) -> Reads {
                match self {
                    $(Self::$verb(verb) => verb.reads(),)+
                    $(Self::$verb_of_all => Reads::All,)+
                }
            }

            /// Until when what it may open is remembered: by then the ledger must wake up and forget.
            pub fn opens_until(&self, now: Timestamp) -> Option<Timestamp> {
                match self {
                    $(Self::$verb(verb) => verb.opens_until(now),)+
                    $(Self::$verb_of_all => None,)+
                }
            }

            /// Decides, of the families that it asks about as they are stored. Fails where the answer
            /// cannot be written as JSON.
            pub fn decide(self, stored: Families, now: Timestamp) -> serde_json::Result<Turn> {
                let elsewhere = self.verified_elsewhere(&stored);
                let turn = match self {
                    $(Self::$verb(verb) => Turn::of_family(verb, stored, now),)+
                    $(Self::$verb_of_all => {
                        let (updates, answer) = $verb_of_all::decide(stored, now);
                        Turn::new(updates, &answer)
                    })+
                };
                Ok(turn?.ending(&elsewhere))
            }
        }

        $(impl Verb for $verb {
            type Answer = $answer;
        }

        impl From<$verb> for AnyVerb {
            fn from(verb: $verb) -> Self {
                Self::$verb(verb)
            }
        })+

        $(impl Verb for $verb_of_all {
            type Answer = $answer_of_all;
        }

        impl From<$verb_of_all> for AnyVerb {
            fn from($verb_of_all: $verb_of_all) -> Self {
                Self::$verb_of_all
            }
        })+
    };
}

impl AnyVerb {
    /// The families whose tokens others may hold and verify.
    fn verified_elsewhere(&self, stored: &Families) -> Vec<FamilyId> {
        if let Self::Withdraw(withdraw) = self {
            let is_elsewhere = withdraw.audience == TokenAudience::Resource;
            return is_elsewhere
                .then_some(withdraw.family)
                .into_iter()
                .collect();
        }
        let is_elsewhere = |family: &Family| match family {
            Family::Live(live) => live.approval.grant.resource.is_some(),
            Family::Offered(_) | Family::Ended { .. } => false,
        };
        let elsewhere = stored.iter().filter(|(_, family)| is_elsewhere(family));
        elsewhere.map(|(id, _)| *id).collect()
    }
}

// The names on the wire stay: while a deployment rolls out, an object may be of the version before.
verbs! {
    of a family {
        Open -> Opened;
        Redeem -> Result<Redeemed, GrantRefusal>;
        Join -> Option<Joining>;
        Collect -> Result<Generation, GrantRefusal>;
        Rotate -> Result<Generation, GrantRefusal>;
        Adopt -> Result<Generation, GrantRefusal>;
        Revoke -> Ended;
        #[serde(rename = "standing")]
        Status -> Option<Generation>;
        Withdraw -> bool;
        Withdrawn -> bool;
    }
    of all {
        Deauthorize -> usize;
        #[serde(rename = "families")]
        Devices -> Vec<Device>;
        Suspend -> usize;
        Resume -> usize;
    }
}
