//! The platform whose users these are, where it keeps them itself: what it is asked and answers, and
//! what it says of its own accord. Pure.
//!
//! Invariant: an answer is what it must be or a fault of the platform's. What is absurd is never told
//! as the absence of something.

pub mod assertion;
pub mod challenge;
pub mod directory;
pub mod event;
pub mod request;
pub mod settings;

pub use request::{Absurd, MAX_ANSWER_BYTES, PLATFORM_TIMEOUT, PlatformAnswer, PlatformRequest};
pub(crate) use settings::parse_keys;
pub use settings::{
    LoginTo, LoginUrl, PlatformAddress, PlatformKey, PlatformSettings, PlatformSettingsError,
};
