//! Moving out: pages of rows, in the order of their ids as text.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::super::applications::ApplicationRow;
use super::super::columns::JsonColumn;
use super::super::guilds::{GUILD, GuildRow};
use super::super::users::{USER, UserRow};
use super::super::{Bind, parse};
use crate::crypto::imported_hash::ImportedHash;
use crate::crypto::password::NOBODY;
use crate::crypto::secret::{BotTokenSecret, Hash, RegistrationAccessToken};
use crate::fluxer::application::Application;
use crate::fluxer::guild::{Connection, ConnectionId, ConnectionKind, ConnectionName, Guild};
use crate::fluxer::permissions::Permissions;
use crate::fluxer::registration::ClientDetails;
use crate::fluxer::user::User;
use crate::id::InstallationId;
use crate::snowflake::{ApplicationId, GuildId, RoleId, UserId};
use crate::store::{
    Cursor, Fault, HashKind, Member, MovedApplication, MovedConnection, MovedMember, MovedUser,
    Piece,
};
use crate::time::Timestamp;

const MEMBERS: &str = "SELECT json_group_array(json_array(user_id, guild_id, permissions, \
                       joined_at)) AS found FROM (SELECT * FROM members \
                       WHERE (user_id, guild_id) > (?, ?) ORDER BY user_id, guild_id LIMIT ?)";
const BOTS: &str = "SELECT json_group_array(json_array(bots.application_id, bots.guild_id, \
                    COALESCE(roles.permissions, '0'), bots.joined_at, inviter_id, \
                    installation)) AS found FROM (SELECT * FROM bot_members \
                    WHERE (application_id, guild_id) > (?, ?) \
                    ORDER BY application_id, guild_id LIMIT ?) AS bots LEFT JOIN roles \
                    ON roles.application_id = bots.application_id \
                    AND roles.guild_id = bots.guild_id";
const CONNECTIONS: &str = "SELECT json_group_array(json_array(user_id, type, id, name, verified)) \
                           AS found FROM (SELECT * FROM connections \
                           WHERE (user_id, type, id) > (?, ?, ?) \
                           ORDER BY user_id, type, id LIMIT ?)";

/// The statement for the page behind the cursor, and its values.
pub(super) fn page(behind: &Cursor, limit: u32) -> (String, Vec<Bind<'_>>) {
    let (sql, mut values) = match behind {
        Cursor::Users(last) => {
            let sql = format!(
                "SELECT json_group_array(json_array({USER}, password_hash)) AS found FROM \
                 (SELECT * FROM users WHERE id > ? ORDER BY id LIMIT ?) AS users"
            );
            (sql, vec![behind_id(last.as_ref())])
        }
        Cursor::Applications(last) => {
            let row = MovedApplicationRow::select();
            let sql = format!(
                "SELECT json_group_array({row}) AS found FROM (SELECT * FROM applications \
                 WHERE id > ? AND origin IN ('registered', 'dynamic') ORDER BY id LIMIT ?) \
                 AS applications"
            );
            (sql, vec![behind_id(last.as_ref())])
        }
        Cursor::Guilds(last) => {
            let sql = format!(
                "SELECT json_group_array({GUILD}) AS found FROM \
                 (SELECT * FROM guilds WHERE id > ? ORDER BY id LIMIT ?) AS guilds"
            );
            (sql, vec![behind_id(last.as_ref())])
        }
        Cursor::Members(last) => (MEMBERS.to_owned(), behind_pair(last.unzip())),
        Cursor::Bots(last) => (BOTS.to_owned(), behind_pair(last.unzip())),
        Cursor::Connections(last) => {
            let last = last.as_ref();
            let values = vec![
                behind_id(last.map(|it| &it.0)),
                Bind::Text(last.map_or("", |it| it.1.as_str())),
                Bind::Text(last.map_or("", |it| it.2.as_str())),
            ];
            (CONNECTIONS.to_owned(), values)
        }
    };
    values.push(Bind::Bits(limit));
    (sql, values)
}

/// The piece that the statement of [`page`] found.
pub(super) fn piece(behind: &Cursor, found: Option<String>) -> Result<Piece, Fault> {
    Ok(match behind {
        Cursor::Users(_) => Piece::Users(rows(found, user)?),
        Cursor::Applications(_) => Piece::Applications(rows(found, application)?),
        Cursor::Guilds(_) => Piece::Guilds(rows(found, <Guild as From<GuildRow>>::from)?),
        Cursor::Members(_) => Piece::Members(rows(found, member)?),
        Cursor::Bots(_) => {
            let mut bots = rows(found, |row: BotRow| MovedMember::from(row))?;
            // A join keeps no order.
            bots.sort_by_key(|it| (spelled(it), it.guild.to_string()));
            Piece::Bots(bots)
        }
        Cursor::Connections(_) => Piece::Connections(rows(found, connection)?),
    })
}

fn rows<R: DeserializeOwned, T>(found: Option<String>, moved: fn(R) -> T) -> Result<Vec<T>, Fault> {
    let rows: Vec<R> = parse(found)?.unwrap_or_default();
    Ok(rows.into_iter().map(moved).collect())
}

fn user((user, password_hash): (UserRow, String)) -> MovedUser {
    let user = User::from(user);
    MovedUser {
        user,
        password_hash: Some(password_hash).filter(|it| it != NOBODY),
    }
}

/// An application's row, the token of its bot, its registration, and the hashes that other servers made of its
/// secrets.
#[derive(Deserialize)]
struct MovedApplicationRow(
    ApplicationRow,
    Option<Hash<BotTokenSecret>>,
    Option<JsonColumn<ClientDetails>>,
    Option<Hash<RegistrationAccessToken>>,
    Option<String>,
    Option<String>,
);

impl MovedApplicationRow {
    fn select() -> String {
        let row = ApplicationRow::select();
        let imported = |kind: HashKind| {
            format!(
                "(SELECT hash FROM imported_hashes WHERE application_id = applications.id \
                 AND kind = '{}')",
                kind.as_str()
            )
        };
        format!(
            "json_array({row}, bot_token_hash, details, registration_token_hash, {}, {})",
            imported(HashKind::ClientSecret),
            imported(HashKind::BotToken),
        )
    }
}

fn application(row: MovedApplicationRow) -> MovedApplication {
    let MovedApplicationRow(application, bot_token, details, token, secret, bot_secret) = row;
    let imported = |hash: Option<String>| hash.and_then(|it| ImportedHash::parse(&it).ok());
    MovedApplication {
        application: Application::from(application),
        client_secret: imported(secret),
        bot_token,
        bot_token_imported: imported(bot_secret),
        registration: details.map(|JsonColumn(details)| details).zip(token),
    }
}

/// The id that a page lies behind. The empty text, which is smaller than every id, stands for the first page.
fn behind_id(last: Option<&impl ToString>) -> Bind<'static> {
    last.map_or(Bind::Text(""), |last| Bind::Id(last.to_string()))
}

fn behind_pair((last, guild): (Option<impl ToString>, Option<GuildId>)) -> Vec<Bind<'static>> {
    vec![behind_id(last.as_ref()), behind_id(guild.as_ref())]
}

fn spelled(moved: &MovedMember) -> String {
    match moved.member {
        Member::User(user) => user.to_string(),
        Member::Bot(bot) => bot.to_string(),
    }
}

fn member(row: (UserId, GuildId, Permissions, Timestamp)) -> MovedMember {
    let (user, guild, permissions, joined_at) = row;
    MovedMember {
        guild,
        member: Member::User(user),
        permissions,
        joined_at,
        inviter: None,
        installation: InstallationId::from_bytes([0; 16]),
        role: RoleId(guild.0),
    }
}

#[derive(Deserialize)]
struct BotRow(
    ApplicationId,
    GuildId,
    Permissions,
    Timestamp,
    Option<UserId>,
    InstallationId,
);

impl From<BotRow> for MovedMember {
    fn from(row: BotRow) -> Self {
        let BotRow(bot, guild, permissions, joined_at, inviter, installation) = row;
        Self {
            guild,
            member: Member::Bot(bot),
            permissions,
            joined_at,
            inviter,
            installation,
            role: RoleId(guild.0),
        }
    }
}

#[derive(Deserialize)]
struct ConnectionRow(UserId, ConnectionKind, ConnectionId, ConnectionName, u8);

fn connection(row: ConnectionRow) -> MovedConnection {
    let ConnectionRow(user, kind, id, name, verified) = row;
    let connection = Connection {
        kind,
        id,
        name,
        verified: verified != 0,
    };
    MovedConnection { user, connection }
}
