//! The audit log: who did what, on whom, from where, when. Never a secret, and never what somebody
//! typed into a login form: it may be a password in the wrong field.

use serde_json::{Value, json};

use crate::oauth::wire_enum;
use crate::snowflake::{ApplicationId, AuditEntryId, Snowflake};
use crate::time::Timestamp;

wire_enum! {
    /// A kind of operation that the log records.
    pub enum Action {
        /// A user logged in.
        Login = "user.login",
        /// Somebody tried to, and did not.
        LoginFailed = "user.login_failed",
        /// The platform vouched for a login.
        LoginAccepted = "user.login_accepted",
        /// The platform said what had become of a user.
        PlatformEvent = "platform.event",
        /// A user logged out.
        Logout = "user.logout",
        /// A user authorized an application.
        Consent = "authorization.granted",
        /// Everything a user had granted an application was taken back.
        Deauthorized = "authorization.revoked",
        /// One login of an application was taken back.
        DeviceRevoked = "authorization.device_revoked",
        /// An application revoked a token: that login ended.
        TokenRevoked = "token.revoked",
        /// A refresh token was used twice: that login ended.
        TokenReused = "token.reused",
        /// An administrator made a user.
        UserCreated = "user.created",
        /// An administrator changed a user.
        UserUpdated = "user.updated",
        /// An administrator deleted a user.
        UserDeleted = "user.deleted",
        /// An administrator set a user's account on another service.
        ConnectionSet = "connection.set",
        /// An administrator removed one.
        ConnectionRemoved = "connection.removed",
        /// An administrator made a guild.
        GuildCreated = "guild.created",
        /// An administrator deleted a guild.
        GuildDeleted = "guild.deleted",
        /// An administrator set a member and their permissions.
        MemberSet = "member.set",
        /// An administrator removed a member.
        MemberRemoved = "member.removed",
        /// A user added a bot to a guild.
        BotAdded = "bot.added",
        /// An application got a bot.
        BotCreated = "bot.created",
        /// A bot got a new token; the old one is dead.
        BotTokenReset = "bot.token_reset",
        /// An application was made.
        ApplicationCreated = "application.created",
        /// An application was changed.
        ApplicationUpdated = "application.updated",
        /// An application was deleted.
        ApplicationDeleted = "application.deleted",
        /// An application got a new secret; the old one is dead.
        ClientSecretReset = "application.secret_reset",
        /// An application got a second secret; the one before ends later.
        ClientSecretRotated = "application.secret_rotated",
        /// A resource server was registered.
        ResourceCreated = "resource.created",
        /// A resource server was changed.
        ResourceUpdated = "resource.updated",
        /// A resource server was deleted.
        ResourceDeleted = "resource.deleted",
        /// Successors of the signing keys were published.
        KeysRotated = "keys.rotated",
        /// A signing key that had leaked was removed.
        KeyRemoved = "keys.removed",
        /// An administrator made a token with which clients may register.
        RegistrationTokenCreated = "registration_token.created",
        /// An administrator deleted one.
        RegistrationTokenDeleted = "registration_token.deleted",
        /// A user changed their own password.
        PasswordChanged = "user.password_changed",
        /// A user logged browsers of theirs out, from one of them.
        SessionsEnded = "user.sessions_ended",
        /// Something of ours did not work, and somebody was told so.
        Fault = "server.fault",
        /// Records were brought from elsewhere.
        Imported = "data.imported",
        /// Records were taken elsewhere, hashes and all.
        Exported = "data.exported",
        /// An application exchanged a refresh token of the server before this one.
        TokenAdopted = "token.adopted",
        /// Somebody was not told of an authorization: they did not take it for days.
        EventGivenUp = "event.given_up",
        /// A person was taken out of this log.
        PersonErased = "audit_log.erased",
    }
}

impl Action {
    /// Whether it belongs to a user's every login. It is always done by a user to themselves, and the
    /// log's index of targets leaves it out.
    pub const fn is_everyday(self) -> bool {
        matches!(self, Self::Login | Self::Logout | Self::Consent)
    }

    /// Whether there is one in any stretch of the log.
    pub const fn is_common(self) -> bool {
        let is_login = matches!(self, Self::LoginFailed | Self::LoginAccepted);
        self.is_everyday() || is_login || matches!(self, Self::TokenRevoked)
    }
}

/// One line of the audit log: who did what to whom, through which application, and from where.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEntry {
    /// The id. Its snowflake says when the operation happened.
    pub id: AuditEntryId,
    /// The operation.
    pub action: Action,
    /// The user who acted, or the application that acted on its own behalf; `None` where nobody is
    /// known.
    pub actor: Option<Snowflake>,
    /// Through which application, or with which one.
    pub application: Option<ApplicationId>,
    /// The user, guild or application that was acted on.
    pub target: Option<Snowflake>,
    /// The client's address.
    pub address: String,
    /// The browser or program, as its `User-Agent` names it.
    pub device: Option<String>,
    /// What else is worth knowing: the scope, the fields that changed.
    pub details: Value,
    /// What makes a second entry the same as this one: a form that was sent twice.
    pub once: Option<String>,
}

impl AuditEntry {
    /// An entry about `action`, by nobody and on nobody so far.
    pub const fn new(id: AuditEntryId, action: Action, address: String) -> Self {
        Self {
            id,
            action,
            actor: None,
            application: None,
            target: None,
            address,
            device: None,
            details: Value::Null,
            once: None,
        }
    }

    /// Names the user or the application that did it.
    #[must_use]
    pub fn by(mut self, actor: impl Into<Option<Snowflake>>) -> Self {
        self.actor = actor.into();
        self
    }

    /// Names the user, guild or application that it was done to.
    #[must_use]
    pub fn on(mut self, target: impl Into<Option<Snowflake>>) -> Self {
        self.target = target.into();
        self
    }

    /// Through which application, or with which one.
    #[must_use]
    pub fn with(mut self, application: ApplicationId) -> Self {
        self.application = Some(application);
        self
    }

    /// Adds the browser or program, as its `User-Agent` names it.
    #[must_use]
    pub fn by_device(mut self, device: Option<String>) -> Self {
        self.device = device;
        self
    }

    /// What else is worth knowing.
    #[must_use]
    pub fn saying(mut self, details: Value) -> Self {
        self.details = details;
        self
    }

    /// Not again for the same reason.
    #[must_use]
    pub fn once(mut self, reason: impl core::fmt::Display) -> Self {
        self.once = Some(format!("{}:{reason}", self.action));
        self
    }

    /// The ids of all that it is about.
    pub fn names(&self) -> impl Iterator<Item = Snowflake> {
        let application = self.application.map(|it| it.0);
        let ids = [self.actor, application, self.target];
        let told = [self.told("/user_id"), self.told("/resource/id")];
        ids.into_iter().chain(told).flatten()
    }

    /// An id that its details tell, by its JSON pointer (RFC 6901).
    pub fn told(&self, pointer: &str) -> Option<Snowflake> {
        let id = self.details.pointer(pointer)?;
        id.as_str().and_then(Snowflake::parse)
    }

    /// As administrators see it.
    pub fn shown(&self) -> Value {
        json!({
            "id": self.id,
            "created_at": Timestamp::from_millis(self.id.0.created_at_millis()).to_iso(),
            "action": self.action.as_str(),
            "actor_id": self.actor,
            "application_id": self.application,
            "target_id": self.target,
            "address": self.address,
            "device": self.device,
            "details": self.details,
        })
    }
}
