//! The ports: what the endpoints ask of the world outside, in the domain's verbs.
//!
//! `cloudflare` implements them over the platform's bindings, [`memory`] over plain collections.
//! Every method may fail with a [`Fault`]: ours, never the client's, and answered 503.

pub mod memory;

use core::time::Duration;
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::crypto::keyring::SigningError;
use crate::crypto::password::HashingError;
use crate::crypto::secret::{AuthorizationCode, BotTokenSecret, ClientSecret, Hash, SessionId};
use crate::fluxer::application::{Application, ApplicationChange, Bot};
use crate::fluxer::audit::{Action, Entry};
use crate::fluxer::guild::{Connection, ConnectionId, ConnectionKind, Guild, Membership, Role};
use crate::fluxer::permissions::Permissions;
use crate::fluxer::user::{User, UserChange};
use crate::id::InstallationId;
use crate::ledger::{Grant, LedgerId, Verb};
use crate::oauth::scope::Scopes;
use crate::rate_limit::{Limit, Verdict};
use crate::snowflake::{ApplicationId, EntryId, GuildId, Snowflake, UserId};
use crate::time::Timestamp;

/// Something of ours that did not work. Its text is for the log, never for the client.
///
/// Behind a pointer, for every question to storage is answered with it or what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}: {}", .0.part, .0.what)]
pub struct Fault(Box<Broken>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Broken {
    /// Which part: `records`, `ledger`, `limiter`, `directory`, …
    part: &'static str,
    /// What it said.
    what: String,
    outlook: Outlook,
}

/// Whether a fault passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlook {
    /// Something did not answer; the same request can be sent again.
    Passing,
    /// What is stored cannot be read: sending the request again mends nothing.
    Lasting,
}

impl Fault {
    /// A part that did not answer.
    pub fn new(part: &'static str, what: impl core::fmt::Display) -> Self {
        Self::of(part, what.to_string(), Outlook::Passing)
    }

    /// A part whose answer cannot be read, now or ever.
    pub fn lasting(part: &'static str, what: impl core::fmt::Display) -> Self {
        Self::of(part, what.to_string(), Outlook::Lasting)
    }

    fn of(part: &'static str, what: String, outlook: Outlook) -> Self {
        Self(Box::new(Broken {
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

/// Everything outside.
pub trait Edge: Ambient + Records + Ledgers + Limiter + Directory {}
impl<T: Ambient + Records + Ledgers + Limiter + Directory> Edge for T {}

/// The runtime itself.
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait Ambient {
    /// The clock.
    fn now(&self) -> Timestamp;
    /// Fills a buffer from a cryptographic source.
    fn entropy(&self, buffer: &mut [u8]) -> Result<(), Fault>;
    /// Writes one line to the operator's log.
    fn log(&self, line: &str);
    /// Whether KV, D1 and the Durable Objects answer: each part, and what it said if it did not.
    async fn health(&self) -> Vec<(&'static str, Result<(), Fault>)>;

    /// So many random bytes.
    fn random<const N: usize>(&self) -> Result<[u8; N], Fault> {
        let mut bytes = [0; N];
        self.entropy(&mut bytes)?;
        Ok(bytes)
    }
}

/// What KV keeps of a code until it expires. Never permission: the ledger has the same, and the
/// last word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeRecord {
    /// Who granted it.
    pub user: UserId,
    /// To which application.
    pub application: ApplicationId,
    /// What was approved.
    pub grant: Grant,
    /// Until when the code is good. KV's own TTL is at least 60 s and comes late.
    pub expires_at: Timestamp,
}

/// What KV keeps of a family's refresh tokens: the inventory of who holds what, which the ledgers,
/// one object per pair, cannot list. Never read to decide anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshRecord {
    /// Who granted it.
    pub user: UserId,
    /// To which application.
    pub application: ApplicationId,
    /// What its tokens may open.
    pub scope: Scopes,
    /// Until when the first refresh token is good.
    pub expires_at: Timestamp,
}

/// KV: code and refresh-token records, with TTLs.
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait Records {
    /// Keeps a code's record until it expires.
    async fn put_code(
        &self,
        code: &Hash<AuthorizationCode>,
        record: &CodeRecord,
    ) -> Result<(), Fault>;
    /// A code's record. `None` says nothing: a fresh write is invisible elsewhere for a minute.
    async fn code(&self, code: &Hash<AuthorizationCode>) -> Result<Option<CodeRecord>, Fault>;
    /// Keeps a family's record. Runs on after the answer; a failure is logged, and harms nobody.
    fn put_refresh(&self, family: crate::id::FamilyId, record: RefreshRecord);
}

/// The ledgers, one Durable Object each.
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait Ledgers {
    /// Asks a ledger. Every question has the ledger to itself.
    async fn ask<V: Verb>(&self, ledger: LedgerId, verb: V) -> Result<V::Answer, Fault>;
}

/// The rate limiters, one Durable Object per key.
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait Limiter {
    /// Takes a place in the key's window.
    async fn take(&self, key: &str, limit: Limit) -> Result<Verdict, Fault>;
    /// Gives back the place that was taken at `at`.
    async fn give_back(&self, key: &str, at: Timestamp) -> Result<(), Fault>;
}

/// A browser that is logged in.
#[derive(Debug, Clone)]
pub struct Session {
    /// As whom.
    pub user: User,
    /// Since when.
    pub authenticated_at: Timestamp,
    /// What the user granted the application that was asked about.
    pub granted: Option<Scopes>,
}

/// A user, and what their password is checked against.
#[derive(Debug)]
pub struct Account {
    /// The user.
    pub user: User,
    /// argon2id, a PHC string.
    pub password_hash: String,
}

/// What a user has granted an application.
#[derive(Debug, Clone)]
pub struct Authorization {
    /// Which application.
    pub application: ApplicationId,
    /// Everything it was granted and may ask for again.
    pub scope: Scopes,
    /// When it was first granted.
    pub created_at: Timestamp,
    /// When it was last granted.
    pub updated_at: Timestamp,
}

/// What a user has granted, and to whom.
#[derive(Debug, Clone)]
pub struct Authorized {
    /// What.
    pub authorization: Authorization,
    /// To whom.
    pub application: Application,
}

/// A value that must be unique is another user's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// The id: draw another one.
    Id,
    /// The user name.
    Username,
    /// The e-mail address.
    Email,
}

/// What a user agreed to, as the directory is to remember it.
#[derive(Debug)]
pub struct Consent<'a> {
    /// The session that agreed. Nothing is remembered unless it still stands.
    pub session: &'a Hash<SessionId>,
    /// Whose it is.
    pub user: UserId,
    /// To which application.
    pub application: ApplicationId,
    /// What it may ask for again, in place of what it might before; `None` where no token comes of
    /// it.
    pub scope: Option<Scopes>,
    /// The bot that is added with it. Nothing is remembered unless that works.
    pub installation: Option<Installation<'a>>,
    /// When.
    pub now: Timestamp,
    /// What the audit log says of it.
    pub entries: Vec<Entry>,
}

/// A bot that is added to a guild.
#[derive(Debug)]
pub struct Installation<'a> {
    /// The form that adds it: sent again, it adds nothing and is answered the same.
    pub id: InstallationId,
    /// What the installer was in the guild when they were looked at. Should that have changed since,
    /// the bot is not added.
    pub installer: &'a Membership,
    /// Its role, where it gets any permission.
    pub role: Option<Role>,
    /// What the role is called.
    pub role_name: &'a str,
}

/// What came of a [`Consent`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consented {
    /// It is remembered, and the bot is where it should be.
    Yes,
    /// The session had ended; nothing was changed.
    SessionEnded,
    /// The bot could not be added, for the installer is not in the guild what they were, or the bot
    /// was there already; nothing was changed.
    NotInstalled,
}

/// A member of guilds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Member {
    /// A user.
    User(UserId),
    /// An application's bot.
    Bot(ApplicationId),
}

/// A part of a list that is in the order of its ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paging {
    /// Only what comes after this id.
    pub after: Option<Snowflake>,
    /// At most so many.
    pub limit: u32,
}

/// The beginning of a name, whatever its case. What begins so lies between two texts, which an index
/// finds; no character of it means anything but itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefix(String);

impl Prefix {
    /// Longest, in characters: nobody types more to find something.
    pub const MAX: usize = 100;

    /// `None`: no name begins so.
    pub fn parse(text: &str) -> Option<Self> {
        let is_short = text.chars().count() <= Self::MAX;
        let begins_names = !text.is_empty() && !text.chars().any(char::is_control);
        (is_short && begins_names).then(|| Self(text.to_ascii_lowercase()))
    }

    /// The first text that begins so.
    pub fn start(&self) -> &str {
        &self.0
    }

    /// Behind every name that begins so: no name has this character, the last there is.
    pub fn end(&self) -> String {
        format!("{}{}", self.0, char::MAX)
    }
}

/// What users are found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserKey {
    /// Their name.
    Username,
    /// Their e-mail address.
    Email,
}

/// Which entries of the audit log are wanted; all of what is set must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EntryFilter {
    /// What was done.
    pub action: Option<Action>,
    /// By whom.
    pub actor: Option<Snowflake>,
    /// On whom.
    pub target: Option<Snowflake>,
}

impl EntryFilter {
    /// Whether an entry is wanted.
    pub fn admits(&self, entry: &Entry) -> bool {
        self.action.is_none_or(|action| entry.action == action)
            && (self.actor.is_none() || entry.actor == self.actor)
            && (self.target.is_none() || entry.target == self.target)
    }
}

/// What came of adding an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It is there.
    Yes,
    /// Its id is another's: draw another one.
    IdTaken,
    /// Its owner has as many as a user may have.
    TooMany,
}

/// D1: what people query.
pub trait Directory: Users + Applications + Guilds + AuditLog + Lists {}
impl<T: Users + Applications + Guilds + AuditLog + Lists> Directory for T {}

/// Users, their sessions, and what they authorized.
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait Users {
    /// A user.
    async fn user(&self, id: UserId) -> Result<Option<User>, Fault>;
    /// Users, by id.
    async fn users(&self, paging: Paging) -> Result<Vec<User>, Fault>;
    /// The user with this name or e-mail address, whatever its case.
    async fn account(&self, login: &str) -> Result<Option<Account>, Fault>;

    /// The session of a cookie, where it has not expired, and what its user granted `about`.
    async fn session(
        &self,
        id: &Hash<SessionId>,
        about: Option<ApplicationId>,
        now: Timestamp,
    ) -> Result<Option<Session>, Fault>;
    /// Logs a browser in: the new session, in place of `replaces`, whose cookie dies with it.
    async fn open_session(
        &self,
        id: &Hash<SessionId>,
        user: UserId,
        now: Timestamp,
        lifetime: Duration,
        replaces: Option<&Hash<SessionId>>,
    ) -> Result<(), Fault>;
    /// Logs a browser out.
    async fn close_session(&self, id: &Hash<SessionId>) -> Result<(), Fault>;

    /// Remembers a consent, and adds the bot that comes with it: all of it or nothing.
    async fn consent(&self, consent: Consent<'_>) -> Result<Consented, Fault>;
    /// Everything a user has authorized, by application.
    async fn authorizations(&self, user: UserId) -> Result<Vec<Authorization>, Fault>;
    /// Forgets a consent; whether there was one.
    async fn forget(&self, user: UserId, application: ApplicationId) -> Result<bool, Fault>;

    /// Adds a user.
    async fn add_user(&self, user: &User, password_hash: &str) -> Result<Result<(), Taken>, Fault>;
    /// Changes a user; with a new password, every session ends too.
    async fn change_user(
        &self,
        id: UserId,
        change: &UserChange,
        password_hash: Option<&str>,
    ) -> Result<Result<(), Taken>, Fault>;
    /// Ends every session of a user and lets no password open another one.
    async fn lock_out(&self, user: UserId) -> Result<(), Fault>;
    /// Deletes a user, their sessions, connections, memberships and applications. Their guilds stay,
    /// without an owner.
    async fn delete_user(&self, user: UserId) -> Result<bool, Fault>;

    /// The user's accounts on other services.
    async fn connections(&self, user: UserId) -> Result<Vec<Connection>, Fault>;
    /// Sets one of them.
    async fn set_connection(&self, user: UserId, connection: &Connection) -> Result<(), Fault>;
    /// Removes one of them; whether it was there.
    async fn remove_connection(
        &self,
        user: UserId,
        kind: &ConnectionKind,
        id: &ConnectionId,
    ) -> Result<bool, Fault>;
}

/// Applications and their bots.
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait Applications {
    /// An application, at most five seconds old.
    async fn application(&self, id: ApplicationId) -> Result<Option<Rc<Application>>, Fault>;
    /// An application as it is now, for whoever changes it.
    async fn current_application(&self, id: ApplicationId) -> Result<Option<Application>, Fault>;
    /// The application whose bot has this token now: a token that was reset is dead at once.
    async fn application_of_bot(
        &self,
        id: ApplicationId,
        token: &Hash<BotTokenSecret>,
    ) -> Result<Option<Application>, Fault>;
    /// A user's applications, or everybody's, by id.
    async fn applications(
        &self,
        owner: Option<UserId>,
        paging: Paging,
    ) -> Result<Vec<Application>, Fault>;

    /// Adds an application, with its bot's token where it has a bot, unless its owner has `at_most`
    /// already.
    async fn add_application(
        &self,
        application: &Application,
        bot_token: Option<&Hash<BotTokenSecret>>,
        at_most: Option<u32>,
    ) -> Result<Added, Fault>;
    /// Changes an application; whether it was there.
    async fn change_application(
        &self,
        id: ApplicationId,
        change: &ApplicationChange,
    ) -> Result<bool, Fault>;
    /// Replaces the secret of a confidential application; whether it was there.
    async fn set_client_secret(
        &self,
        id: ApplicationId,
        secret: &Hash<ClientSecret>,
    ) -> Result<bool, Fault>;
    /// Gives an application a bot, where it has none; whether it does now.
    async fn add_bot(
        &self,
        id: ApplicationId,
        bot: &Bot,
        token: &Hash<BotTokenSecret>,
    ) -> Result<bool, Fault>;
    /// Replaces a bot's token; whether there is a bot.
    async fn set_bot_token(
        &self,
        id: ApplicationId,
        token: &Hash<BotTokenSecret>,
    ) -> Result<bool, Fault>;
    /// Deletes an application, with its bot wherever that is.
    async fn delete_application(&self, id: ApplicationId) -> Result<bool, Fault>;
}

/// Guilds and their members, users and bots.
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait Guilds {
    /// The guilds of a user, by id, and whether the bot of `about` is in each.
    async fn guilds_of_user(
        &self,
        user: UserId,
        about: Option<ApplicationId>,
        paging: Paging,
    ) -> Result<Vec<Membership>, Fault>;
    /// The guilds of a bot, by id.
    async fn guilds_of_bot(
        &self,
        bot: ApplicationId,
        paging: Paging,
    ) -> Result<Vec<Membership>, Fault>;
    /// The guilds where a user may add bots, by id, and whether the bot of `about` is in each. Some
    /// more may be among them: [`Membership::may_add_bots`] has the last word.
    async fn guilds_to_manage(
        &self,
        user: UserId,
        about: ApplicationId,
        limit: u32,
    ) -> Result<Vec<Membership>, Fault>;
    /// A guild and what somebody is there, and whether the bot of `about` is.
    async fn membership(
        &self,
        guild: GuildId,
        member: Member,
        about: Option<ApplicationId>,
    ) -> Result<Option<Membership>, Fault>;
    /// Every guild, by id.
    async fn guilds(&self, paging: Paging) -> Result<Vec<Guild>, Fault>;
    /// The members of a guild with what they may do, users and bots, by id.
    async fn members(
        &self,
        guild: GuildId,
        paging: Paging,
    ) -> Result<Vec<(Member, Permissions)>, Fault>;

    /// Adds a guild, with its owner as its first member; `false` where its id is taken.
    async fn add_guild(&self, guild: &Guild) -> Result<bool, Fault>;
    /// A guild.
    async fn guild(&self, id: GuildId) -> Result<Option<Guild>, Fault>;
    /// Deletes a guild.
    async fn delete_guild(&self, id: GuildId) -> Result<bool, Fault>;
    /// Makes a user a member, or changes what they may do.
    async fn set_member(
        &self,
        guild: GuildId,
        user: UserId,
        permissions: Permissions,
        now: Timestamp,
    ) -> Result<(), Fault>;
    /// Removes a user, or the bot with that id; whether they were there.
    async fn remove_member(&self, guild: GuildId, member: Snowflake) -> Result<bool, Fault>;
}

/// The audit log.
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait AuditLog {
    /// Keeps an entry. Runs on after the answer; a failure is logged with what was lost.
    fn record(&self, entry: Entry);
    /// The wanted entries before `before`, newest first, from `since` on.
    async fn entries(
        &self,
        wanted: EntryFilter,
        before: Option<EntryId>,
        since: EntryId,
        limit: u32,
    ) -> Result<Vec<Entry>, Fault>;
    /// Deletes the entries before `since`, and the sessions that have expired.
    async fn sweep(&self, since: EntryId, now: Timestamp) -> Result<(), Fault>;
}

/// What people look through and search.
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait Lists {
    /// What a user has authorized, by application.
    async fn authorized(&self, user: UserId, paging: Paging) -> Result<Vec<Authorized>, Fault>;
    /// The users whose name or address begins so, in the order of those; `after` is one of them.
    async fn find_users(
        &self,
        by: UserKey,
        prefix: &Prefix,
        paging: Paging,
    ) -> Result<Vec<User>, Fault>;
    /// The applications whose name begins so, in the order of their names; `after` is one of them.
    async fn find_applications(
        &self,
        prefix: &Prefix,
        paging: Paging,
    ) -> Result<Vec<Application>, Fault>;
}
