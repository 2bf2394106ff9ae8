//! Browsers that are logged in.

use core::net::IpAddr;
use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::Fault;
use crate::crypto::secret::{Hash, SessionId};
use crate::fluxer::shown::Shown;
use crate::fluxer::user::User;
use crate::oauth::openid::AuthenticationMethods;
use crate::oauth::scope::Scopes;
use crate::pending::PlatformSession;
use crate::snowflake::{ApplicationId, UserId};
use crate::time::Timestamp;

/// A browser that is logged in.
#[derive(Debug, Clone)]
pub struct Session {
    /// The user who is logged in.
    pub user: User,
    /// When the user last gave a proof.
    pub authenticated_at: Timestamp,
    /// The proof that the user gave.
    pub amr: AuthenticationMethods,
    /// What the user granted the application that was asked about.
    pub granted: Option<Scopes>,
    /// What the user was shown of that application; `None` where no authorization notes it.
    pub shown: Option<Shown>,
}

/// The facts of a session that a form was built on. Where one of them has changed, the form no longer
/// stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenSession {
    /// The user who is logged in.
    pub user: UserId,
    /// Whether the user is an administrator.
    pub admin: bool,
    /// When the user last gave a proof.
    pub authenticated_at: Timestamp,
    /// The proof that the user gave.
    pub amr: AuthenticationMethods,
    /// What the user granted the application that the form is about.
    pub granted: Option<Scopes>,
    /// What the user was shown of that application.
    pub shown: Option<Shown>,
}

impl SeenSession {
    /// The facts of a session that was just read.
    pub fn of(session: &Session) -> Self {
        Self {
            user: session.user.id,
            admin: session.user.admin,
            authenticated_at: session.authenticated_at,
            amr: session.amr,
            granted: session.granted,
            shown: session.shown.clone(),
        }
    }
}

/// A browser that is about to be logged in.
#[derive(Debug)]
pub struct NewSession {
    /// The hash of its cookie.
    pub id: Hash<SessionId>,
    /// The user who is logged in.
    pub user: UserId,
    /// The proof that the user gave.
    pub amr: AuthenticationMethods,
    /// When the user gave the proof; before `at` where the platform had logged the user in already.
    pub authenticated_at: Timestamp,
    /// When the session is opened.
    pub at: Timestamp,
    /// How long the session lasts.
    pub lifetime: Duration,
    /// The platform's login behind the session, where the platform has the users.
    pub by_platform: Option<ByPlatform>,
    /// The browser, as it described itself.
    pub browser: BrowserSeen,
}

/// A login that the platform vouches for. From then on this server keeps a row for its user.
#[derive(Debug, Clone, Copy)]
pub struct ByPlatform {
    /// The platform's own session, where it names one.
    pub session: Option<Hash<PlatformSession>>,
}

/// What a browser shows of itself as it logs in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BrowserSeen {
    /// The `User-Agent` header.
    pub device: Option<String>,
    /// The address that the request came from.
    pub address: Option<IpAddr>,
}

/// A browser that is logged in, among the others of its user.
#[derive(Debug, Clone)]
pub struct OpenSession {
    /// The hash of the session's cookie: nobody can log in with it.
    pub id: Hash<SessionId>,
    /// When the user last gave a proof.
    pub authenticated_at: Timestamp,
    /// The browser, as it described itself.
    pub browser: BrowserSeen,
}

/// Which sessions of a user end.
#[derive(Debug, Clone, Copy)]
pub enum EndedSessions {
    /// The session with this hash.
    One(Hash<SessionId>),
    /// All sessions but the one with this hash.
    AllBut(Hash<SessionId>),
    /// All sessions.
    All,
}

/// Opens, reads and ends sessions.
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
    /// the user is there, and may log in by that session of the platform's.
    async fn open_session(
        &self,
        session: &NewSession,
        replaces: Option<&Hash<SessionId>>,
    ) -> Result<bool, Fault>;
    /// The sessions of a user that have not expired, the newest first.
    async fn open_sessions(
        &self,
        user: UserId,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<OpenSession>, Fault>;
    /// Ends sessions of a user. Answers whether there was one to end.
    async fn close_sessions(&self, user: UserId, ended: EndedSessions) -> Result<bool, Fault>;
    /// Sets a user's password in place of the one that `old_hash` is of, ends all of the user's
    /// sessions, and opens `session`. Whether the password was that one still.
    async fn change_password(
        &self,
        old_hash: &str,
        new_hash: &str,
        session: &NewSession,
    ) -> Result<bool, Fault>;
    /// Ends one session.
    async fn close_session(&self, id: &Hash<SessionId>) -> Result<(), Fault>;
}
