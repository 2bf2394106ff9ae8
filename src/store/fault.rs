//! What went wrong here, and is not the fault of whoever asks.

use thiserror::Error;

use crate::crypto::keyring::SigningError;
use crate::crypto::password::HashingError;
use crate::platform::Absurd;

/// Something of ours that did not work. Its text is for the log, never for the client.
///
/// Boxed, because every answer of storage has room for one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}: {}", .0.part, .0.what)]
pub struct Fault(Box<Details>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Details {
    /// The part of ours that failed: `records`, `ledger`, `limiter`, `directory`, …
    part: &'static str,
    /// The error's own text.
    what: String,
    outlook: Outlook,
}

/// Whether a fault passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlook {
    /// Something did not answer; the same request can be sent again.
    Transient,
    /// What is stored cannot be read: sending the request again mends nothing.
    Permanent,
}

impl Fault {
    /// A part that did not answer.
    pub fn new(part: &'static str, what: impl core::fmt::Display) -> Self {
        Self::of(part, what.to_string(), Outlook::Transient)
    }

    /// A part whose answer cannot be read, now or ever.
    pub fn permanent(part: &'static str, what: impl core::fmt::Display) -> Self {
        Self::of(part, what.to_string(), Outlook::Permanent)
    }

    fn of(part: &'static str, what: String, outlook: Outlook) -> Self {
        Self(Box::new(Details {
            part,
            what,
            outlook,
        }))
    }

    /// Whether it will pass: 503 `temporarily_unavailable`, or 500 `server_error`.
    pub fn outlook(&self) -> Outlook {
        self.0.outlook
    }
}

impl From<HashingError> for Fault {
    fn from(error: HashingError) -> Self {
        Self::new("password", error)
    }
}

impl From<SigningError> for Fault {
    fn from(error: SigningError) -> Self {
        Self::new("keyring", error)
    }
}

impl From<Absurd> for Fault {
    fn from(absurd: Absurd) -> Self {
        Self::new("platform", absurd)
    }
}
