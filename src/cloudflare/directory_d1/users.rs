//! Users, their sessions, what they authorized, and their accounts elsewhere.

use core::time::Duration;

use serde::Deserialize;
use worker::worker_sys::D1PreparedStatement;

use super::{Bind, Edge, after, applications, fault, id, parse, taken, text_or_null};
use crate::crypto::password::NOBODY;
use crate::crypto::secret::{Hash, SessionId};
use crate::fluxer::guild::{Connection, ConnectionId, ConnectionKind, ConnectionName};
use crate::fluxer::user::{Discriminator, Email, ImageHash, User, UserChange, Username};
use crate::oauth::scope::Scopes;
use crate::snowflake::{ApplicationId, UserId};
use crate::store::{
    Account, Authorization, Consent, Consented, Fault, Installation, Paging, Session, Taken, Users,
};
use crate::time::Timestamp;

/// A [`UserRow`] as SQLite makes it.
pub(super) const USER: &str = "json_array(users.id, users.username, users.discriminator, \
                               users.email, users.verified, users.admin, users.avatar, \
                               users.public_flags, users.created_at)";

#[derive(Deserialize)]
pub(super) struct UserRow(
    UserId,
    Username,
    Discriminator,
    Email,
    u8,
    u8,
    Option<ImageHash>,
    u32,
    Timestamp,
);

impl From<UserRow> for User {
    fn from(row: UserRow) -> Self {
        let UserRow(
            id,
            username,
            discriminator,
            email,
            verified,
            admin,
            avatar,
            public_flags,
            created_at,
        ) = row;
        Self {
            id,
            username,
            discriminator,
            email,
            verified: verified != 0,
            admin: admin != 0,
            avatar,
            public_flags,
            created_at,
        }
    }
}

/// An [`AuthorizationRow`] as SQLite makes it.
pub(super) const AUTHORIZATION: &str = "json_array(authorizations.application_id, \
                                        authorizations.scope, authorizations.created_at, \
                                        authorizations.updated_at)";

#[derive(Deserialize)]
pub(super) struct AuthorizationRow(ApplicationId, Scopes, Timestamp, Timestamp);

impl From<AuthorizationRow> for Authorization {
    fn from(row: AuthorizationRow) -> Self {
        let AuthorizationRow(application, scope, created_at, updated_at) = row;
        Self {
            application,
            scope,
            created_at,
            updated_at,
        }
    }
}

/// Whether the session still stands: `?` is its id.
const STANDS: &str = "EXISTS (SELECT 1 FROM sessions WHERE id_hash = ?)";
/// Whether the bot was added by this form: `?` are the application, the guild and the form.
const INSTALLED: &str = "EXISTS (SELECT 1 FROM bot_members \
                         WHERE application_id = ? AND guild_id = ? AND installation = ?)";

impl Edge {
    /// Adds the bot and its role, where the session stands, the installer is what they were, and the
    /// bot is still there and theirs to add.
    fn install(
        &self,
        consent: &Consent<'_>,
        asked: &Installation<'_>,
    ) -> Result<Vec<D1PreparedStatement>, Fault> {
        let seen = asked.installer;
        let (application, guild) = (consent.application, seen.guild.id);
        let member = self.prepare(
            &format!(
                "INSERT INTO bot_members \
                 (application_id, guild_id, inviter_id, installation, joined_at) \
                 SELECT ?, ?, ?, ?, ? WHERE {STANDS} AND EXISTS (SELECT 1 FROM guilds \
                 LEFT JOIN members ON members.guild_id = guilds.id AND members.user_id = ? \
                 WHERE guilds.id = ? AND members.permissions IS ? \
                 AND (guilds.owner_id IS ?) = ?) AND EXISTS (SELECT 1 FROM applications \
                 WHERE id = ? AND bot_username IS NOT NULL \
                 AND (bot_public OR owner_id = ?)) ON CONFLICT DO NOTHING"
            ),
            &[
                id(application),
                id(guild),
                id(consent.user),
                id(asked.id),
                Bind::Time(consent.now),
                id(consent.session),
                id(consent.user),
                id(guild),
                seen.permissions.map_or(Bind::Null, id),
                id(consent.user),
                Bind::Bits(seen.is_owner.into()),
                id(application),
                id(consent.user),
            ],
        )?;
        let Some(role) = &asked.role else {
            return Ok(vec![member]);
        };
        let role = self.prepare(
            &format!(
                "INSERT INTO roles (id, application_id, guild_id, name, permissions) \
                 SELECT ?, ?, ?, ?, ? WHERE {INSTALLED} ON CONFLICT DO NOTHING"
            ),
            &[
                id(role.id),
                id(application),
                id(guild),
                Bind::Text(asked.role_name),
                id(role.permissions),
                id(application),
                id(guild),
                id(asked.id),
            ],
        )?;
        Ok(vec![member, role])
    }

    /// What decides whether the rest of a consent is written: the session, and the bot where one is
    /// added.
    fn condition(consent: &Consent<'_>) -> (String, Vec<Bind<'static>>) {
        let session = id(consent.session);
        match &consent.installation {
            None => (format!("WHERE {STANDS}"), vec![session]),
            Some(asked) => (
                format!("WHERE {STANDS} AND {INSTALLED}"),
                vec![
                    session,
                    id(consent.application),
                    id(asked.installer.guild.id),
                    id(asked.id),
                ],
            ),
        }
    }

    fn remember(&self, consent: &Consent<'_>, scope: Scopes) -> Result<D1PreparedStatement, Fault> {
        let (condition, values) = Self::condition(consent);
        let mut all = vec![
            id(consent.user),
            id(consent.application),
            id(scope),
            Bind::Time(consent.now),
            Bind::Time(consent.now),
        ];
        all.extend(values);
        self.prepare(
            &format!(
                "INSERT INTO authorizations \
                 (user_id, application_id, scope, created_at, updated_at) \
                 SELECT ?, ?, ?, ?, ? {condition} \
                 ON CONFLICT (user_id, application_id) DO UPDATE \
                 SET scope = excluded.scope, updated_at = excluded.updated_at"
            ),
            &all,
        )
    }
}

impl Users for Edge {
    async fn user(&self, wanted: UserId) -> Result<Option<User>, Fault> {
        let sql = format!("SELECT {USER} AS found FROM users WHERE id = ?");
        let row: Option<UserRow> = self.row(&sql, &[id(wanted)]).await?;
        Ok(row.map(User::from))
    }

    async fn users(&self, paging: Paging) -> Result<Vec<User>, Fault> {
        let sql = format!(
            "SELECT json_group_array({USER}) AS found FROM \
             (SELECT * FROM users WHERE id > ? ORDER BY id LIMIT ?) AS users"
        );
        let values = [after(paging), Bind::Bits(paging.limit)];
        let rows: Vec<UserRow> = self.rows(&sql, &values).await?;
        Ok(rows.into_iter().map(User::from).collect())
    }

    async fn account(&self, login: &str) -> Result<Option<Account>, Fault> {
        // A user name has no @, an e-mail address has one: they cannot be each other's.
        let column = if login.contains('@') {
            "email_key"
        } else {
            "username_key"
        };
        let sql = format!(
            "SELECT json_array({USER}, password_hash) AS found \
             FROM users WHERE {column} = ?"
        );
        let key = login.to_ascii_lowercase();
        let row: Option<(UserRow, String)> = self.row(&sql, &[Bind::Text(&key)]).await?;
        Ok(row.map(|(user, password_hash)| Account {
            user: user.into(),
            password_hash,
        }))
    }

    async fn session(
        &self,
        session: &Hash<SessionId>,
        about: Option<ApplicationId>,
        now: Timestamp,
    ) -> Result<Option<Session>, Fault> {
        let sql = format!(
            "SELECT json_array({USER}, sessions.authenticated_at, authorizations.scope) AS found \
             FROM sessions JOIN users ON users.id = sessions.user_id \
             LEFT JOIN authorizations ON authorizations.user_id = users.id \
             AND authorizations.application_id = ? \
             WHERE sessions.id_hash = ? AND sessions.expires_at > ?"
        );
        let about = about.map_or(Bind::Null, id);
        let values = [about, id(session), Bind::Time(now)];
        let row: Option<(UserRow, Timestamp, Option<Scopes>)> = self.row(&sql, &values).await?;
        Ok(row.map(|(user, authenticated_at, granted)| Session {
            user: user.into(),
            authenticated_at,
            granted,
        }))
    }

    async fn open_session(
        &self,
        session: &Hash<SessionId>,
        user: UserId,
        now: Timestamp,
        lifetime: Duration,
        replaces: Option<&Hash<SessionId>>,
    ) -> Result<(), Fault> {
        // The user's expired sessions go with the one that is replaced: nobody else sweeps here.
        let sweep = self.prepare(
            "DELETE FROM sessions WHERE id_hash = ? OR (user_id = ? AND expires_at <= ?)",
            &[replaces.map_or(Bind::Null, id), id(user), Bind::Time(now)],
        )?;
        let open = self.prepare(
            "INSERT INTO sessions (id_hash, user_id, authenticated_at, expires_at) \
             VALUES (?, ?, ?, ?)",
            &[
                id(session),
                id(user),
                Bind::Time(now),
                Bind::Time(now + lifetime),
            ],
        )?;
        self.batch(&[sweep, open]).await.map_err(fault)?;
        Ok(())
    }

    async fn close_session(&self, session: &Hash<SessionId>) -> Result<(), Fault> {
        let sql = "DELETE FROM sessions WHERE id_hash = ? RETURNING id_hash AS found";
        self.write(sql, &[id(session)]).await.map_err(fault)?;
        Ok(())
    }

    async fn authorizations(&self, user: UserId) -> Result<Vec<Authorization>, Fault> {
        let sql = format!(
            "SELECT json_group_array({AUTHORIZATION}) AS found FROM \
             (SELECT * FROM authorizations WHERE user_id = ? ORDER BY updated_at DESC) \
             AS authorizations"
        );
        let rows: Vec<AuthorizationRow> = self.rows(&sql, &[id(user)]).await?;
        Ok(rows.into_iter().map(Authorization::from).collect())
    }

    async fn forget(&self, user: UserId, application: ApplicationId) -> Result<bool, Fault> {
        let sql = "DELETE FROM authorizations WHERE user_id = ? AND application_id = ? \
                   RETURNING user_id AS found";
        let values = [id(user), id(application)];
        self.write(sql, &values).await.map_err(fault)
    }

    async fn add_user(&self, user: &User, password_hash: &str) -> Result<Result<(), Taken>, Fault> {
        let sql = "INSERT INTO users (id, username, username_key, discriminator, email, \
                   email_key, verified, admin, avatar, public_flags, password_hash, created_at) \
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id AS found";
        let values = [
            id(user.id),
            Bind::Text(user.username.as_str()),
            Bind::Id(user.username.key()),
            Bind::Text(user.discriminator.as_str()),
            Bind::Text(user.email.as_str()),
            Bind::Id(user.email.key()),
            Bind::Bits(user.verified.into()),
            Bind::Bits(user.admin.into()),
            text_or_null(user.avatar.as_ref().map(ImageHash::as_str)),
            Bind::Bits(user.public_flags),
            Bind::Text(password_hash),
            Bind::Time(user.created_at),
        ];
        match self.write(sql, &values).await {
            Ok(_) => Ok(Ok(())),
            Err(error) => taken(&error).map(Err),
        }
    }

    async fn change_user(
        &self,
        wanted: UserId,
        change: &UserChange,
        password_hash: Option<&str>,
    ) -> Result<Result<(), Taken>, Fault> {
        let flag = |flag: Option<bool>| flag.map_or(Bind::Null, |it| Bind::Bits(it.into()));
        let avatar = change.avatar.as_ref().and_then(Option::as_ref);
        let update = self.prepare(
            "UPDATE users SET username = COALESCE(?, username), \
             username_key = COALESCE(?, username_key), \
             discriminator = COALESCE(?, discriminator), email = COALESCE(?, email), \
             email_key = COALESCE(?, email_key), verified = COALESCE(?, verified), \
             admin = COALESCE(?, admin), avatar = CASE WHEN ? THEN ? ELSE avatar END, \
             public_flags = COALESCE(?, public_flags), \
             password_hash = COALESCE(?, password_hash) WHERE id = ?",
            &[
                text_or_null(change.username.as_ref().map(Username::as_str)),
                change
                    .username
                    .as_ref()
                    .map_or(Bind::Null, |it| id(it.key())),
                text_or_null(change.discriminator.as_ref().map(Discriminator::as_str)),
                text_or_null(change.email.as_ref().map(Email::as_str)),
                change.email.as_ref().map_or(Bind::Null, |it| id(it.key())),
                flag(change.verified),
                flag(change.admin),
                Bind::Bits(change.avatar.is_some().into()),
                text_or_null(avatar.map(ImageHash::as_str)),
                change.public_flags.map_or(Bind::Null, Bind::Bits),
                text_or_null(password_hash),
                id(wanted),
            ],
        )?;
        let mut statements = vec![update];
        if password_hash.is_some() {
            let sql = "DELETE FROM sessions WHERE user_id = ?";
            statements.push(self.prepare(sql, &[id(wanted)])?);
        }
        match self.batch(&statements).await {
            Ok(_) => Ok(Ok(())),
            Err(error) => taken(&error).map(Err),
        }
    }

    async fn lock_out(&self, user: UserId) -> Result<(), Fault> {
        let statements = [
            self.prepare(
                "UPDATE users SET password_hash = ? WHERE id = ?",
                &[Bind::Text(NOBODY), id(user)],
            )?,
            self.prepare("DELETE FROM sessions WHERE user_id = ?", &[id(user)])?,
        ];
        self.batch(&statements).await.map_err(fault)?;
        Ok(())
    }

    async fn delete_user(&self, user: UserId) -> Result<bool, Fault> {
        // All that is the user's goes with it, by their foreign keys.
        let sql = "DELETE FROM users WHERE id = ? RETURNING id AS found";
        let deleted = self.write(sql, &[id(user)]).await.map_err(fault)?;
        applications::forget(|application| application.owner == Some(user));
        Ok(deleted)
    }

    async fn consent(&self, consent: Consent<'_>) -> Result<Consented, Fault> {
        let mut statements = match &consent.installation {
            Some(asked) => self.install(&consent, asked)?,
            None => Vec::new(),
        };
        if let Some(scope) = consent.scope {
            statements.push(self.remember(&consent, scope)?);
        }
        let (condition, values) = Self::condition(&consent);
        for entry in &consent.entries {
            statements.push(self.entry(entry, &condition, &values)?);
        }
        let installed = match &consent.installation {
            Some(_) => INSTALLED,
            None => "1",
        };
        statements.push(self.prepare(
            &format!("SELECT json_array({STANDS}, {installed}) AS found"),
            &values,
        )?);
        let found = self.batch(&statements).await.map_err(fault)?;
        let (stands, installed): (u8, u8) = parse(found)?.unwrap_or_default();
        Ok(match (stands, installed) {
            (0, _) => Consented::SessionEnded,
            (_, 0) => Consented::NotInstalled,
            _ => Consented::Yes,
        })
    }

    async fn connections(&self, user: UserId) -> Result<Vec<Connection>, Fault> {
        let sql = "SELECT json_group_array(json_array(type, id, name, verified)) AS found \
                   FROM (SELECT * FROM connections WHERE user_id = ? ORDER BY type, id)";
        let rows: Vec<(ConnectionKind, ConnectionId, ConnectionName, u8)> =
            self.rows(sql, &[id(user)]).await?;
        let rows = rows.into_iter();
        let connections = rows.map(|(kind, id, name, verified)| Connection {
            kind,
            id,
            name,
            verified: verified != 0,
        });
        Ok(connections.collect())
    }

    async fn set_connection(&self, user: UserId, connection: &Connection) -> Result<(), Fault> {
        let sql = "INSERT INTO connections (user_id, type, id, name, verified) \
                   VALUES (?, ?, ?, ?, ?) ON CONFLICT (user_id, type, id) DO UPDATE \
                   SET name = excluded.name, verified = excluded.verified \
                   RETURNING user_id AS found";
        let values = [
            id(user),
            Bind::Text(connection.kind.as_str()),
            Bind::Text(connection.id.as_str()),
            Bind::Text(connection.name.as_str()),
            Bind::Bits(connection.verified.into()),
        ];
        self.write(sql, &values).await.map(|_| ()).map_err(fault)
    }

    async fn remove_connection(
        &self,
        user: UserId,
        kind: &ConnectionKind,
        account: &ConnectionId,
    ) -> Result<bool, Fault> {
        let sql = "DELETE FROM connections WHERE user_id = ? AND type = ? AND id = ? \
                   RETURNING user_id AS found";
        let values = [
            id(user),
            Bind::Text(kind.as_str()),
            Bind::Text(account.as_str()),
        ];
        self.write(sql, &values).await.map_err(fault)
    }
}
