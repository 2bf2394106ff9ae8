//! The platform that has the users, where it keeps them itself.

use super::Fault;
use crate::platform::{PlatformAnswer, PlatformRequest, PlatformSettings};

/// Requests to the platform's own servers, signed with the key that it shares with this one.
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait Platform {
    /// Asks the platform, twice where the connection fails. What it answers is read as far as it may be
    /// long, and no redirect is followed. Every question may be asked twice.
    async fn ask_platform(
        &self,
        platform: &PlatformSettings,
        request: &PlatformRequest,
    ) -> Result<PlatformAnswer, Fault>;
}
