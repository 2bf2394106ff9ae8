//! Browsers that are logged in.

use core::time::Duration;

use super::Fault;
use crate::crypto::secret::{Hash, SessionId};
use crate::fluxer::shown::Shown;
use crate::fluxer::user::User;
use crate::oauth::openid::AuthenticationMethods;
use crate::oauth::scope::Scopes;
use crate::snowflake::{ApplicationId, UserId};
use crate::time::Timestamp;

/// A browser that is logged in.
#[derive(Debug, Clone)]
pub struct Session {
    /// As whom.
    pub user: User,
    /// Since when.
    pub authenticated_at: Timestamp,
    /// By what proof.
    pub amr: AuthenticationMethods,
    /// What the user granted the application that was asked about.
    pub granted: Option<Scopes>,
    /// What they were shown of it then; `None` also where nothing was noted of it yet.
    pub shown: Option<Shown>,
}

/// Sessions.
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait Sessions {
    /// The session of a cookie, where it has not expired, and what its user granted `about`.
    async fn session(
        &self,
        id: &Hash<SessionId>,
        about: Option<ApplicationId>,
        now: Timestamp,
    ) -> Result<Option<Session>, Fault>;
    /// Logs a browser in: the new session, in place of `replaces`, whose cookie dies with it. Whether
    /// the user is there.
    async fn open_session(
        &self,
        id: &Hash<SessionId>,
        user: UserId,
        amr: AuthenticationMethods,
        now: Timestamp,
        lifetime: Duration,
        replaces: Option<&Hash<SessionId>>,
    ) -> Result<bool, Fault>;
    /// Logs a browser out.
    async fn close_session(&self, id: &Hash<SessionId>) -> Result<(), Fault>;
}
