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

/// What a form rests on of the session that it was shown to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenSession {
    /// As whom.
    pub user: UserId,
    /// Whether they administer.
    pub admin: bool,
    /// Since when.
    pub authenticated_at: Timestamp,
    /// By what proof.
    pub amr: AuthenticationMethods,
    /// What the user granted the application that the form is about.
    pub granted: Option<Scopes>,
    /// What they were shown of it then.
    pub shown: Option<Shown>,
}

impl SeenSession {
    /// A session as it is read.
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
    /// As whom.
    pub user: UserId,
    /// By what proof.
    pub amr: AuthenticationMethods,
    /// When they gave the proof.
    pub authenticated_at: Timestamp,
    /// When it is opened.
    pub at: Timestamp,
    /// How long.
    pub lifetime: Duration,
    /// The platform's word for it, where the platform has the users.
    pub by_platform: Option<ByPlatform>,
    /// The browser.
    pub browser: BrowserSeen,
}

/// A login that the platform answers for. Its user has a place here from then on.
#[derive(Debug, Clone, Copy)]
pub struct ByPlatform {
    /// The platform's own session, where it names one.
    pub session: Option<Hash<PlatformSession>>,
}

/// What is known of a browser as it logs in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BrowserSeen {
    /// Its own word for itself (`User-Agent`).
    pub device: Option<String>,
    /// Where it was.
    pub address: Option<IpAddr>,
}

/// A browser that is logged in, among the others of its user.
#[derive(Debug, Clone)]
pub struct OpenSession {
    /// The hash of its cookie. It opens nothing.
    pub id: Hash<SessionId>,
    /// Since when.
    pub authenticated_at: Timestamp,
    /// The browser.
    pub browser: BrowserSeen,
}

/// Sessions of a user that end.
#[derive(Debug, Clone, Copy)]
pub enum EndedSessions {
    /// One of them.
    One(Hash<SessionId>),
    /// All but one.
    AllBut(Hash<SessionId>),
    /// All.
    All,
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
    /// Logs browsers of a user out; whether there was one.
    async fn close_sessions(&self, user: UserId, ended: EndedSessions) -> Result<bool, Fault>;
    /// Sets a user's password in place of the one that `old_hash` is of, ends all of the user's
    /// sessions, and opens `session`. Whether the password was that one still.
    async fn change_password(
        &self,
        old_hash: &str,
        new_hash: &str,
        session: &NewSession,
    ) -> Result<bool, Fault>;
    /// Logs a browser out.
    async fn close_session(&self, id: &Hash<SessionId>) -> Result<(), Fault>;
}
