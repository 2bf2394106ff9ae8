//! What waits to be answered once: pushed requests, devices, logins at the platform, and the ids of
//! assertions and proofs. Pure.
//!
//! An *entry* has one Durable Object, named by the hash of its key. As in a ledger, a verb is a
//! function of the entry as stored, the question and `now`; the object reads, decides and writes with
//! nothing else awaited in between. An entry whose time is over is as none.

mod claim;
mod device;
mod login;
mod pushed;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use claim::{Claim, Release};
pub use device::{
    AnswerDevice, DeviceAnswer, DeviceApproval, DeviceLook, DevicePoll, DevicePolled,
    DeviceRequest, WaitingDevice,
};
pub use login::{
    AcceptedLogin, AnswerLogin, AnsweredLogin, AskedLogin, LoginDecision, PlatformSession,
    RejectedLogin, ReturnLogin, SeeLogin, TakeLogin,
};
pub use pushed::{Push, Pushed, Spend, Visit, Visited};

use crate::base64url;
use crate::id::AttemptId;
use crate::time::Timestamp;

/// The kind of key that names an entry's object. Keys of two kinds never name the same object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// The `jti` of a client's assertion (RFC 7523 §3).
    Assertion,
    /// The `jti` of a proof of possession (RFC 9449 §11.1).
    Proof,
    /// A `request_uri` of ours (RFC 9126 §2.2).
    PushedRequest,
    /// The verifier of a login that the platform is asked for.
    Login,
    /// A user code (RFC 8628 §3.2).
    UserCode,
}

impl EntryKind {
    const fn name(self) -> &'static str {
        match self {
            Self::Assertion => "assertion",
            Self::Proof => "proof",
            Self::PushedRequest => "pushed",
            Self::Login => "login",
            Self::UserCode => "device",
        }
    }
}

/// The name of an entry's object: a hash, because a key may be a secret, and anybody's text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PendingId(String);

impl PendingId {
    /// The name of what has this key. `owner` is whose key it is, such as a `client_id`: what one
    /// makes up does not meet what another does.
    pub fn new(kind: EntryKind, owner: &str, key: &str) -> Self {
        let mut hash = Sha256::new();
        for part in [kind.name(), owner, key] {
            // With its length before it, no part runs into the next one.
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        Self(format!(
            "{}:{}",
            kind.name(),
            base64url::encode(&hash.finalize())
        ))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An entry, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Until when it is there.
    pub until: Timestamp,
    /// The entry's content.
    pub state: EntryState,
}

/// What an entry is. The names are stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryState {
    /// A mark: its key was used, by this request.
    Claimed(AttemptId),
    /// A pushed authorization request.
    Pushed(Pushed),
    /// A login that the platform has answered.
    Login(Box<AnsweredLogin>),
    /// A device that waits for its user.
    Device(Box<WaitingDevice>),
}

/// What to write of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryUpdate {
    /// The entry stays as it was.
    Keep,
    /// This entry replaces it.
    Put(Entry),
}

/// A question to an entry, and the rule that answers it.
pub trait EntryVerb: Into<AnyEntryVerb> {
    /// The type of the answer.
    type Answer: Serialize + DeserializeOwned;

    /// Until when what it may write is there; `None` where it opens no entry.
    fn opens_until(&self) -> Option<Timestamp> {
        None
    }

    /// Decides: what to write, and what to answer.
    fn decide(self, entry: Option<Entry>, now: Timestamp) -> (EntryUpdate, Self::Answer);
}

macro_rules! verbs {
    ($($verb:ident)+) => {
        /// Any verb, as it travels to the object.
        #[derive(Debug, Clone, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum AnyEntryVerb {
            $(#[doc = concat!("[`", stringify!($verb), "`].")] $verb($verb),)+
        }

        impl AnyEntryVerb {
            /// The instant at which the object wakes up to delete what the verb may write; `None` where
            /// the verb opens no entry.
            pub fn opens_until(&self) -> Option<Timestamp> {
                match self {
                    $(Self::$verb(verb) => verb.opens_until(),)+
                }
            }

            /// Decides, of the entry as it is stored. Fails where the answer cannot be written as JSON.
            pub fn decide(
                self,
                stored: Option<Entry>,
                now: Timestamp,
            ) -> serde_json::Result<(EntryUpdate, String)> {
                let entry = stored.filter(|entry| entry.until > now);
                match self {
                    $(Self::$verb(verb) => {
                        let (update, answer) = verb.decide(entry, now);
                        Ok((update, serde_json::to_string(&answer)?))
                    })+
                }
            }
        }

        $(impl From<$verb> for AnyEntryVerb {
            fn from(verb: $verb) -> Self {
                Self::$verb(verb)
            }
        })+
    };
}

// The names on the wire stay: while a deployment rolls out, an object may be of the version before.
verbs! {
    Claim Release Push Visit Spend
    AnswerLogin SeeLogin TakeLogin ReturnLogin
    DeviceRequest DeviceLook AnswerDevice DevicePoll
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_of_its_kind_its_owner_and_its_key() {
        let name = |kind, owner, key| PendingId::new(kind, owner, key);
        let names = [
            name(EntryKind::Assertion, "12", "3"),
            name(EntryKind::Assertion, "1", "23"),
            name(EntryKind::Assertion, "123", ""),
            name(EntryKind::Proof, "12", "3"),
        ];
        for (index, one) in names.iter().enumerate() {
            assert!(!names.iter().skip(index + 1).any(|other| one == other));
            assert!(one.as_str().is_ascii() && one.as_str().len() < 64);
        }
    }
}
