//! What this server keeps of the users of a platform.

use super::Fault;
use crate::crypto::secret::Hash;
use crate::pending::PlatformSession;
use crate::snowflake::UserId;
use crate::time::Timestamp;

/// Whether an account is in use, as the platform says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The user may log in, and the tokens that they granted work.
    Enabled,
    /// The user may not log in, and the tokens that they granted do not work.
    Disabled,
}

/// What this server keeps of the users of a platform: one row each, to which their sessions and
/// authorizations belong. An event that arrives late changes nothing that is newer.
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait PlatformUsers {
    /// Keeps a place for a user, where there is none.
    async fn keep_user(&self, user: UserId, now: Timestamp) -> Result<(), Fault>;
    /// Notes how an account stood at an instant, and ends the sessions of one that is disabled. Answers
    /// how it stands.
    async fn set_standing(
        &self,
        user: UserId,
        standing: Standing,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<Standing, Fault>;
    /// The latest standing that the platform told of an account.
    async fn standing(&self, user: UserId) -> Result<Standing, Fault>;
    /// Ends the sessions that a user's session at the platform opened, and those that it may open still.
    async fn end_platform_session(
        &self,
        user: UserId,
        session: &Hash<PlatformSession>,
        now: Timestamp,
    ) -> Result<(), Fault>;
    /// Ends the sessions of a user that were opened until an instant.
    async fn end_sessions_until(&self, user: UserId, until: Timestamp) -> Result<(), Fault>;
}
