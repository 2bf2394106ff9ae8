//! A device that waits for its user (RFC 8628): asked for by its client, answered by a user at the page
//! that takes the user code, told at a poll. The entry is named by the user code.
//!
//! An approval is not spent here. It names the login that it opened, and the ledger of that login gives
//! its tokens once: so an answer that is lost on the way from here costs nothing.

use core::net::IpAddr;
use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Entry, EntryState, EntryUpdate, EntryVerb};
use crate::crypto::secret::{DeviceCodeSecret, Hash};
use crate::id::AttemptId;
use crate::oauth::device::INTERVAL;
use crate::snowflake::{ApplicationId, ResourceId, UserId};
use crate::time::Timestamp;

/// RFC 8628 §3.5: `slow_down` means "the interval MUST be increased by 5 seconds for this and all
/// subsequent requests".
const SLOWER_BY: Duration = Duration::from_secs(5);
/// What a poll may be early by: it may have travelled faster than the one before.
const SLACK: Duration = Duration::from_millis(500);

/// A device that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingDevice {
    /// What it asks for, and from where.
    pub asked: DeviceRequest,
    /// How long it has to wait between two polls.
    pub interval: Duration,
    /// The latest poll of the device; `None` before the first.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub polled: Option<Poll>,
    /// What its user said.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub answer: Option<DeviceAnswer>,
}

/// A poll of a device that still waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Poll {
    /// The instant of the poll.
    pub at: Timestamp,
    /// The request that asked.
    pub attempt: AttemptId,
    /// Whether it came too early.
    pub is_early: bool,
}

/// What a user says to a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceAnswer {
    /// The user refused.
    Denied,
    /// Yes: the login is open in the ledger of this user.
    Approved(DeviceApproval),
}

/// What is to be known of an approval before its tokens are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceApproval {
    /// The user who approved.
    pub user: UserId,
    /// Whether an ID token comes with its tokens.
    #[serde(default)]
    pub openid: bool,
    /// The resource server that its tokens are for, where they are not for this one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub resource: Option<ResourceId>,
}

/// Has a device wait. Answers whether it does: not where another one waits under the same user code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRequest {
    /// The client.
    pub client: ApplicationId,
    /// The hash of its device code.
    pub code: Hash<DeviceCodeSecret>,
    /// What it asks for: its parameters, form-encoded.
    pub request: String,
    /// The instant of the device authorization request.
    pub at: Timestamp,
    /// Until when it waits.
    pub until: Timestamp,
    /// Where it asked from.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub address: Option<IpAddr>,
    /// The program that asked, as it names itself.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub agent: Option<String>,
}

impl EntryVerb for DeviceRequest {
    type Answer = bool;

    fn opens_until(&self) -> Option<Timestamp> {
        Some(self.until)
    }

    fn decide(self, entry: Option<Entry>, _: Timestamp) -> (EntryUpdate, bool) {
        if let Some(entry) = entry {
            // The same question, asked again.
            let is_this =
                matches!(&entry.state, EntryState::Device(it) if it.asked.code == self.code);
            return (EntryUpdate::Keep, is_this);
        }
        let entry = Entry {
            until: self.until,
            state: EntryState::Device(Box::new(WaitingDevice {
                asked: self,
                interval: INTERVAL,
                polled: None,
                answer: None,
            })),
        };
        (EntryUpdate::Put(entry), true)
    }
}

/// Looks at a device, as long as it waits and after its user has answered. `None`: there is none.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeviceLook {}

impl EntryVerb for DeviceLook {
    type Answer = Option<Box<WaitingDevice>>;

    fn decide(self, entry: Option<Entry>, _: Timestamp) -> (EntryUpdate, Self::Answer) {
        (EntryUpdate::Keep, device(entry))
    }
}

/// Answers a device. Says whether this is the answer now: not where another was given before. The same
/// one, given again, is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AnswerDevice {
    /// The device code of the one that the user was shown.
    pub code: Hash<DeviceCodeSecret>,
    /// The user's decision.
    pub answer: DeviceAnswer,
}

impl EntryVerb for AnswerDevice {
    type Answer = bool;

    fn decide(self, entry: Option<Entry>, _: Timestamp) -> (EntryUpdate, bool) {
        let Some(mut device) = device(entry).filter(|it| it.asked.code == self.code) else {
            return (EntryUpdate::Keep, false);
        };
        if let Some(given) = &device.answer {
            return (EntryUpdate::Keep, *given == self.answer);
        }
        device.answer = Some(self.answer);
        (device.put(), true)
    }
}

/// A device asks for its tokens.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DevicePoll {
    /// The hash of its device code.
    pub code: Hash<DeviceCodeSecret>,
    /// The request that asks: one that is asked again, after a lost answer, is not two.
    pub attempt: AttemptId,
}

/// What a device that polls is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DevicePolled {
    /// Nobody has answered so far.
    Waiting,
    /// Nobody has answered so far, and it asks too often.
    TooOften,
    /// Its user said no.
    Denied,
    /// Its user said yes.
    Approved(DeviceApproval),
    /// No device waits with this code: its time is over, or it never began.
    Over,
}

impl EntryVerb for DevicePoll {
    type Answer = DevicePolled;

    fn decide(self, entry: Option<Entry>, now: Timestamp) -> (EntryUpdate, DevicePolled) {
        let Some(mut device) = device(entry).filter(|it| it.asked.code == self.code) else {
            return (EntryUpdate::Keep, DevicePolled::Over);
        };
        match device.answer {
            Some(DeviceAnswer::Denied) => return (EntryUpdate::Keep, DevicePolled::Denied),
            Some(DeviceAnswer::Approved(it)) => {
                return (EntryUpdate::Keep, DevicePolled::Approved(it));
            }
            None => {}
        }
        let told = |is_early| {
            if is_early {
                DevicePolled::TooOften
            } else {
                DevicePolled::Waiting
            }
        };
        let is_early = match &device.polled {
            Some(poll) if poll.attempt == self.attempt => {
                return (EntryUpdate::Keep, told(poll.is_early));
            }
            Some(poll) => now.since(poll.at) + SLACK < device.interval,
            None => false,
        };
        if is_early {
            device.interval += SLOWER_BY;
        }
        device.polled = Some(Poll {
            at: now,
            attempt: self.attempt,
            is_early,
        });
        (device.put(), told(is_early))
    }
}

impl WaitingDevice {
    fn put(self: Box<Self>) -> EntryUpdate {
        EntryUpdate::Put(Entry {
            until: self.asked.until,
            state: EntryState::Device(self),
        })
    }
}

fn device(entry: Option<Entry>) -> Option<Box<WaitingDevice>> {
    match entry?.state {
        EntryState::Device(device) => Some(device),
        _ => None,
    }
}
