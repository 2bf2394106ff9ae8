//! What users authorized: the consents that are remembered.

use super::{Fault, SeenSession};
use crate::crypto::secret::{Hash, SessionId};
use crate::fluxer::audit::AuditEntry;
use crate::fluxer::guild::{Membership, Role};
use crate::fluxer::shown::Shown;
use crate::id::InstallationId;
use crate::oauth::scope::Scopes;
use crate::outbox::{Granted, Tells};
use crate::snowflake::{ApplicationId, UserId};
use crate::time::Timestamp;

/// What a user has granted an application.
#[derive(Debug, Clone)]
pub struct Authorization {
    /// The application that was authorized.
    pub application: ApplicationId,
    /// The scopes that the application may ask for again without a consent page.
    pub scope: Scopes,
    /// When it was first granted.
    pub created_at: Timestamp,
    /// When it was last granted.
    pub updated_at: Timestamp,
}

/// What a user agreed to, as the directory is to remember it.
#[derive(Debug)]
pub struct Consent<'a> {
    /// The session that agreed. Nothing is remembered unless it still stands. None where a client
    /// redeems what a session has agreed to before.
    pub session: Option<&'a Hash<SessionId>>,
    /// What the form rests on of that session, where it was not read again since. Nothing is remembered
    /// unless all of it is still so.
    pub seen: Option<&'a SeenSession>,
    /// The user who consented.
    pub user: UserId,
    /// The application that the user consented to.
    pub application: ApplicationId,
    /// What it may ask for again, in place of what it might before; `None` where no token comes of
    /// it.
    pub scope: Option<Scopes>,
    /// The names and hosts of the application that the user was shown, now and at earlier consents.
    pub shown: Option<Shown>,
    /// The bot that is added with it. Nothing is remembered unless that works.
    pub installation: Option<Installation<'a>>,
    /// Whether nobody vouches for the application, which is kept from now on because somebody uses it.
    pub is_unverified: bool,
    /// The time of the approval.
    pub now: Timestamp,
    /// What the audit log says of it.
    pub entries: Vec<AuditEntry>,
    /// What of it is told, where somebody wants to be.
    pub tells: Option<Granted>,
}

impl Consent<'_> {
    /// A consent that was given before, and that no session has to stand for any more.
    pub const fn given_before(user: UserId, application: ApplicationId, now: Timestamp) -> Self {
        Self {
            session: None,
            seen: None,
            user,
            application,
            scope: None,
            shown: None,
            installation: None,
            is_unverified: false,
            now,
            entries: Vec::new(),
            tells: None,
        }
    }
}

/// A bot that is added to a guild.
#[derive(Debug)]
pub struct Installation<'a> {
    /// The form that adds it: sent again, it adds nothing and is answered the same.
    pub id: InstallationId,
    /// What the installer was in the guild when they were looked at. Should that have changed since,
    /// the bot is not added.
    pub installer: &'a Membership,
    /// The role that carries the bot's permissions; `None` where it gets none.
    pub role: Option<Role>,
    /// What the role is called.
    pub role_name: &'a str,
}

impl<'a> Installation<'a> {
    /// Plans an installation. Permissions that are empty make no role.
    pub fn new(
        id: InstallationId,
        installer: &'a Membership,
        role: Role,
        role_name: &'a str,
    ) -> Self {
        Self {
            id,
            installer,
            role: (!role.permissions.is_empty()).then_some(role),
            role_name,
        }
    }
}

/// What came of a [`Consent`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consented {
    /// The consent is remembered, and the bot is in its guild.
    Yes,
    /// Not all is as it was seen, or the bot could not be added; nothing was changed.
    Changed,
    /// The session had ended; nothing was changed.
    SessionEnded,
    /// The application was deleted; nothing was changed.
    ApplicationGone,
    /// The bot could not be added, for the installer is not in the guild what they were, or the bot
    /// was there already; nothing was changed.
    NotInstalled,
}

/// What came of forgetting a consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forgotten {
    /// The user had not authorized the application.
    Nothing,
    /// The consent is gone, and no receiver of events wants to know.
    Silently,
    /// The consent is gone, and an event waits in the outbox.
    Told,
}

/// The consents that users gave: what the settings page lists, and what a consent page need not ask
/// again.
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait Authorizations {
    /// Remembers a consent, and adds the bot that comes with it: all of it or nothing.
    async fn consent(&self, consent: Consent<'_>) -> Result<Consented, Fault>;
    /// Has the user asked again, though the consent stays in the list. Runs on after the answer.
    fn lapse(&self, user: UserId, application: ApplicationId);
    /// Everything a user has authorized, by application.
    async fn authorizations(&self, user: UserId) -> Result<Vec<Authorization>, Fault>;
    /// Forgets a consent, and keeps what is to be told of that.
    async fn forget(
        &self,
        user: UserId,
        application: ApplicationId,
        tells: Tells,
    ) -> Result<Forgotten, Fault>;
}
