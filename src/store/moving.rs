//! Moving in and out: everything that a directory keeps, in pieces.

use core::fmt;

use super::{Fault, Member};
use crate::crypto::imported_hash::ImportedHash;
use crate::crypto::secret::{BotTokenSecret, Hash, RegistrationAccessToken};
use crate::fluxer::application::Application;
use crate::fluxer::guild::{Connection, ConnectionId, ConnectionKind, Guild};
use crate::fluxer::permissions::Permissions;
use crate::fluxer::registration::ClientDetails;
use crate::fluxer::user::User;
use crate::id::InstallationId;
use crate::oauth::wire_enum;
use crate::snowflake::{ApplicationId, GuildId, RoleId, UserId};
use crate::time::Timestamp;

wire_enum! {
    /// What the records of an import and an export say that they are.
    pub enum RecordType {
        /// A user.
        User = "user",
        /// An application.
        Application = "application",
        /// A guild.
        Guild = "guild",
        /// A user or a bot in a guild.
        Member = "member",
        /// A user's account on another service.
        Connection = "connection",
    }
}

/// A user, and what their password is checked against.
#[derive(Debug, Clone)]
pub struct MovedUser {
    /// The user.
    pub user: User,
    /// A PHC string of argon2, where a password is theirs.
    pub password_hash: Option<String>,
}

/// An application, and what its secrets are checked against.
#[derive(Debug, Clone)]
pub struct MovedApplication {
    /// The application, with our hash of its secret; [`Hash::IMPORTED`] where there is another one.
    pub application: Application,
    /// Another server's hash of its secret.
    pub client_secret: Option<ImportedHash>,
    /// Our hash of its bot's token; [`Hash::IMPORTED`] where there is another one.
    pub bot_token: Option<Hash<BotTokenSecret>>,
    /// Another server's hash of the token.
    pub bot_token_imported: Option<ImportedHash>,
    /// What it says of itself, where it registered itself.
    pub registration: Option<(ClientDetails, Hash<RegistrationAccessToken>)>,
}

/// A member of a guild.
#[derive(Debug, Clone)]
pub struct MovedMember {
    /// The guild.
    pub guild: GuildId,
    /// A user, or a bot.
    pub member: Member,
    /// What they may do there.
    pub permissions: Permissions,
    /// Since when they are there.
    pub joined_at: Timestamp,
    /// The user who added the bot; `None` where that is not known.
    pub inviter: Option<UserId>,
    /// The consent form that added the bot: made up for one that came from elsewhere.
    pub installation: InstallationId,
    /// The bot's role, where it has permissions.
    pub role: RoleId,
}

/// A user's account on another service.
#[derive(Debug, Clone)]
pub struct MovedConnection {
    /// The user.
    pub user: UserId,
    /// The account.
    pub connection: Connection,
}

/// Some records of one kind.
#[derive(Debug, Clone)]
pub enum Piece {
    /// Users.
    Users(Vec<MovedUser>),
    /// Applications.
    Applications(Vec<MovedApplication>),
    /// Guilds.
    Guilds(Vec<Guild>),
    /// Users in guilds.
    Members(Vec<MovedMember>),
    /// Bots in guilds.
    Bots(Vec<MovedMember>),
    /// Accounts on other services.
    Connections(Vec<MovedConnection>),
}

/// What came of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Imported {
    /// The record was not there before, and is now.
    Created,
    /// The same record was there already. Nothing was written.
    Unchanged,
    /// The record refers to something that does not exist, or holds a value that belongs to another
    /// record. Names the field.
    Refused(Obstacle),
}

/// What a record runs into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// Another user has the name.
    Username,
    /// Another user has the address.
    Email,
    /// The user who is to own the record does not exist.
    Owner,
    /// The user of the record does not exist.
    User,
    /// The guild of the record does not exist.
    Guild,
    /// The application of the record does not exist, or has no bot.
    Application,
    /// The user who is said to have added the bot does not exist.
    Inviter,
}

impl Obstacle {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Username,
        Self::Email,
        Self::Owner,
        Self::User,
        Self::Guild,
        Self::Application,
        Self::Inviter,
    ];

    /// The field of the record that is refused for it.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Username => "username",
            Self::Email => "email",
            Self::Owner => "owner_id",
            Self::User => "user_id",
            Self::Guild => "guild_id",
            Self::Application => "application_id",
            Self::Inviter => "inviter_id",
        }
    }

    /// The rule that the field breaks.
    pub const fn must(self) -> &'static str {
        match self {
            Self::Username | Self::Email => "is taken",
            Self::Owner | Self::User | Self::Inviter => "must be the id of a user",
            Self::Guild => "must be the id of a guild",
            Self::Application => "must be the id of an application with a bot",
        }
    }
}

/// A place between two records: kind by kind, and in each in the order of ids. On the wire the kind and
/// the ids of the record before it, with colons between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cursor {
    /// After the user with this id; `None`: before the first one.
    Users(Option<UserId>),
    /// After the application with this id; `None`: before the first one.
    Applications(Option<ApplicationId>),
    /// After the guild with this id; `None`: before the first one.
    Guilds(Option<GuildId>),
    /// Behind this user in this guild.
    Members(Option<(UserId, GuildId)>),
    /// Behind this bot in this guild.
    Bots(Option<(ApplicationId, GuildId)>),
    /// Behind this account of this user.
    Connections(Option<(UserId, ConnectionKind, ConnectionId)>),
}

impl Cursor {
    /// The beginning of an export.
    pub const START: Self = Self::Users(None);

    /// Before everything of the next kind; `None`: there is none.
    pub const fn next_kind(&self) -> Option<Self> {
        Some(match self {
            Self::Users(_) => Self::Applications(None),
            Self::Applications(_) => Self::Guilds(None),
            Self::Guilds(_) => Self::Members(None),
            Self::Members(_) => Self::Bots(None),
            Self::Bots(_) => Self::Connections(None),
            Self::Connections(_) => return None,
        })
    }

    /// Behind the last record of a piece.
    pub fn behind(piece: &Piece) -> Option<Self> {
        Some(match piece {
            Piece::Users(users) => Self::Users(Some(users.last()?.user.id)),
            Piece::Applications(all) => Self::Applications(Some(all.last()?.application.client.id)),
            Piece::Guilds(guilds) => Self::Guilds(Some(guilds.last()?.id)),
            Piece::Members(members) | Piece::Bots(members) => {
                let last = members.last()?;
                match last.member {
                    Member::User(user) => Self::Members(Some((user, last.guild))),
                    Member::Bot(bot) => Self::Bots(Some((bot, last.guild))),
                }
            }
            Piece::Connections(all) => {
                let MovedConnection { user, connection } = all.last()?.clone();
                Self::Connections(Some((user, connection.kind, connection.id)))
            }
        })
    }

    /// Reads what [`fmt::Display`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, ids) = text.split_once(':')?;
        match kind {
            "user" => behind(Self::Users, ids, UserId::parse),
            "application" => behind(Self::Applications, ids, ApplicationId::parse),
            "guild" => behind(Self::Guilds, ids, GuildId::parse),
            "member" => behind(Self::Members, ids, |ids| {
                let (user, guild) = ids.split_once(':')?;
                UserId::parse(user).zip(GuildId::parse(guild))
            }),
            "bot" => behind(Self::Bots, ids, |ids| {
                let (bot, guild) = ids.split_once(':')?;
                ApplicationId::parse(bot).zip(GuildId::parse(guild))
            }),
            "connection" => behind(Self::Connections, ids, |ids| {
                let (user, account) = ids.split_once(':')?;
                let (kind, id) = account.split_once(':')?;
                let kind = ConnectionKind::parse(kind).ok()?;
                Some((UserId::parse(user)?, kind, ConnectionId::parse(id).ok()?))
            }),
            _ => None,
        }
    }
}

/// The cursor of a kind: before everything where no ids follow, or behind what they name.
fn behind<T>(
    cursor: fn(Option<T>) -> Cursor,
    ids: &str,
    parse: fn(&str) -> Option<T>,
) -> Option<Cursor> {
    if ids.is_empty() {
        return Some(cursor(None));
    }
    parse(ids).map(|last| cursor(Some(last)))
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Users(None) => f.write_str("user:"),
            Self::Users(Some(user)) => write!(f, "user:{user}"),
            Self::Applications(None) => f.write_str("application:"),
            Self::Applications(Some(id)) => write!(f, "application:{id}"),
            Self::Guilds(None) => f.write_str("guild:"),
            Self::Guilds(Some(guild)) => write!(f, "guild:{guild}"),
            Self::Members(None) => f.write_str("member:"),
            Self::Members(Some((user, guild))) => write!(f, "member:{user}:{guild}"),
            Self::Bots(None) => f.write_str("bot:"),
            Self::Bots(Some((bot, guild))) => write!(f, "bot:{bot}:{guild}"),
            Self::Connections(None) => f.write_str("connection:"),
            Self::Connections(Some((user, kind, id))) => {
                write!(f, "connection:{user}:{}:{}", kind.as_str(), id.as_str())
            }
        }
    }
}

/// What a hash of another server is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashKind {
    /// The hash of an application's client secret.
    ClientSecret,
    /// The hash of the token of an application's bot.
    BotToken,
}

impl HashKind {
    /// The name in storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClientSecret => "client_secret",
            Self::BotToken => "bot_token",
        }
    }
}

/// Moving in and out.
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait Moving {
    /// Adds records under the ids that they have, no id twice among them. One outcome each, in their
    /// order; what is there already stays as it is.
    async fn import(&self, piece: &Piece) -> Result<Vec<Imported>, Fault>;
    /// The records of one kind behind a place, at most so many.
    async fn export(&self, behind: &Cursor, limit: u32) -> Result<Piece, Fault>;
    /// Another server's hash, where it stands in place of ours.
    async fn imported_hash(
        &self,
        application: ApplicationId,
        kind: HashKind,
    ) -> Result<Option<ImportedHash>, Fault>;
    /// Puts our hash in its place; nothing where somebody did before, or the secret was replaced since.
    async fn replace_imported_hash(
        &self,
        application: ApplicationId,
        kind: HashKind,
        ours: &str,
    ) -> Result<(), Fault>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_the_wire_and_nothing_else_parses_as_one() {
        for text in [
            "user:",
            "user:1",
            "application:",
            "application:12",
            "guild:",
            "guild:9",
            "member:",
            "member:1:2",
            "bot:",
            "bot:1:2",
            "connection:",
            "connection:1:github:a:b",
        ] {
            let cursor = Cursor::parse(text).expect(text);
            assert_eq!(cursor.to_string(), text);
        }
        for not_one in [
            "",
            "user",
            "users:",
            "user:0",
            "user:x",
            "member:1",
            "member:1:2:3",
            "bot::2",
            "connection:1:github",
            "connection:1:GitHub:x",
            "role:1",
        ] {
            assert_eq!(Cursor::parse(not_one), None, "{not_one}");
        }
    }
}
