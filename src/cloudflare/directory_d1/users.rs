//! Users, and their accounts elsewhere.

use serde::Deserialize;
use worker::worker_sys::D1PreparedStatement;

use super::{
    Bind, Bindings, after, applications, fault, id, page_of, referring, taken, text_or_null,
};
use crate::crypto::password::NOBODY;
use crate::fluxer::guild::{Connection, ConnectionId, ConnectionKind, ConnectionName};
use crate::fluxer::user::{Discriminator, Email, ImageHash, User, UserChange, Username};
use crate::outbox::Tells;
use crate::snowflake::UserId;
use crate::store::{Account, Fault, Paging, Taken, Users};
use crate::time::Timestamp;

/// The expression that makes a [`UserRow`].
pub(super) const USER: &str = "json_array(users.id, users.username, users.discriminator, \
                               users.email, users.verified, users.admin, users.avatar, \
                               users.public_flags, users.created_at, users.suspended, \
                               COALESCE(users.updated_at, users.created_at))";

/// The columns of a user's row, in the order of [`values_of`].
pub(super) const COLUMNS: [&str; 13] = [
    "id",
    "username",
    "username_key",
    "discriminator",
    "email",
    "email_key",
    "verified",
    "admin",
    "suspended",
    "avatar",
    "public_flags",
    "password_hash",
    "created_at",
];

/// The values of [`COLUMNS`] for a user.
pub(super) fn values_of<'a>(user: &'a User, password_hash: &'a str) -> Vec<Bind<'a>> {
    vec![
        id(user.id),
        Bind::Text(user.username.as_str()),
        Bind::Id(user.username.key()),
        Bind::Text(user.discriminator.as_str()),
        Bind::Text(user.email.as_str()),
        Bind::Id(user.email.key()),
        Bind::Bits(user.verified.into()),
        Bind::Bits(user.admin.into()),
        Bind::Bits(user.suspended.into()),
        text_or_null(user.avatar.as_ref().map(ImageHash::as_str)),
        Bind::Bits(user.public_flags),
        Bind::Text(password_hash),
        Bind::Time(user.created_at),
    ]
}

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
    u8,
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
            suspended,
            updated_at,
        ) = row;
        Self {
            id,
            username,
            discriminator,
            email,
            verified: verified != 0,
            admin: admin != 0,
            suspended: suspended != 0,
            avatar,
            public_flags,
            created_at,
            updated_at: Some(updated_at),
        }
    }
}

impl Bindings {
    /// The statement that writes what a change names, and leaves the other columns as they are.
    fn update(
        &self,
        wanted: UserId,
        change: &UserChange,
        password_hash: Option<&str>,
        at: Timestamp,
    ) -> Result<D1PreparedStatement, Fault> {
        let flag = |flag: Option<bool>| flag.map_or(Bind::Null, |it| Bind::Bits(it.into()));
        let avatar = change.avatar.as_ref().and_then(Option::as_ref);
        self.prepare(
            "UPDATE users SET username = COALESCE(?, username), \
             username_key = COALESCE(?, username_key), \
             discriminator = COALESCE(?, discriminator), email = COALESCE(?, email), \
             email_key = COALESCE(?, email_key), verified = COALESCE(?, verified), \
             admin = COALESCE(?, admin), avatar = CASE WHEN ? THEN ? ELSE avatar END, \
             public_flags = COALESCE(?, public_flags), \
             suspended = COALESCE(?, suspended), \
             password_hash = COALESCE(?, password_hash), updated_at = ? WHERE id = ?",
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
                flag(change.suspended),
                text_or_null(password_hash),
                Bind::Time(at),
                id(wanted),
            ],
        )
    }
}

impl Users for Bindings {
    async fn user(&self, wanted: UserId) -> Result<Option<User>, Fault> {
        let sql = format!("SELECT {USER} AS found FROM users WHERE id = ?");
        let row: Option<UserRow> = self.row(&sql, &[id(wanted)]).await?;
        Ok(row.map(User::from))
    }

    async fn users(&self, paging: Paging) -> Result<Vec<User>, Fault> {
        let sql = page_of(USER, "users", "");
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

    async fn add_user(&self, user: &User, password_hash: &str) -> Result<Result<(), Taken>, Fault> {
        let columns = COLUMNS.join(", ");
        let places = vec!["?"; COLUMNS.len()].join(", ");
        let sql = format!("INSERT INTO users ({columns}) VALUES ({places}) RETURNING id AS found");
        match self.write(&sql, &values_of(user, password_hash)).await {
            Ok(_) => Ok(Ok(())),
            Err(error) => taken(&error).map(Err),
        }
    }

    async fn change_user(
        &self,
        wanted: UserId,
        change: &UserChange,
        password_hash: Option<&str>,
        at: Timestamp,
    ) -> Result<Result<(), Taken>, Fault> {
        let update = self.update(wanted, change, password_hash, at)?;
        let mut statements = vec![update];
        if password_hash.is_some() || change.suspended == Some(true) {
            let sql = "DELETE FROM sessions WHERE user_id = ?";
            statements.push(self.prepare(sql, &[id(wanted)])?);
        }
        match self.batch(&statements).await {
            Ok(_) => Ok(Ok(())),
            Err(error) => taken(&error).map(Err),
        }
    }

    fn renew_password_hash(&self, user: UserId, former: &str, renewed: &str) {
        let sql = "UPDATE users SET password_hash = ? WHERE id = ? AND password_hash = ?";
        let values = [Bind::Text(renewed), id(user), Bind::Text(former)];
        let lost = format!("the password of {user} keeps its hash");
        self.write_later(self.prepare(sql, &values), lost);
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

    async fn delete_user(&self, user: UserId, tells: Tells) -> Result<bool, Fault> {
        // All that is the user's goes with it, by their foreign keys.
        let sql = "DELETE FROM users WHERE id = ? RETURNING id AS found";
        let delete = self.prepare(sql, &[id(user)])?;
        let deleted = self.delete_telling("owner_id", user.0, tells, delete).await;
        applications::forget(|application| application.owner == Some(user));
        deleted
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

    async fn set_connection(&self, user: UserId, connection: &Connection) -> Result<bool, Fault> {
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
        referring(self.write(sql, &values).await.map(|_| ()))
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
