//! D1: users, sessions, applications, authorizations.
//!
//! Snowflakes are bound as text, and rows come back as JSON text that SQLite makes: D1 hands
//! integers over as doubles, which round above 2^53.

use core::cell::RefCell;
use core::time::Duration;
use std::collections::HashMap;
use std::rc::Rc;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use worker::wasm_bindgen::JsValue;
use worker::{D1Database, D1PreparedStatement};

use super::{Edge, ambient};
use crate::fluxer::application::{Application, ApplicationName, Description};
use crate::fluxer::user::{Discriminator, Email, ImageHash, User, Username};
use crate::oauth::client::{Client, ClientKind};
use crate::oauth::redirect_uri::RegisteredUri;
use crate::oauth::scope::Scopes;
use crate::oauth::secret::{ClientSecret, Hash, SessionId};
use crate::oauth::time::Timestamp;
use crate::snowflake::{ApplicationId, UserId};
use crate::store::{Account, Authorization, Directory, Fault, Session, Taken};

const BINDING: &str = "DIRECTORY";
/// How long an isolate remembers an application.
const APPLICATION_AGE: Duration = Duration::from_secs(5);
/// How many applications an isolate remembers.
const REMEMBERED_APPLICATIONS: usize = 1_000;

thread_local! {
    static APPLICATIONS: RefCell<HashMap<ApplicationId, (Timestamp, Rc<Application>)>> =
        RefCell::default();
}

#[derive(Deserialize)]
struct UserRow {
    id: UserId,
    username: Username,
    discriminator: Discriminator,
    email: Email,
    verified: u8,
    admin: u8,
    avatar: Option<ImageHash>,
    public_flags: u32,
    created_at: Timestamp,
}

impl From<UserRow> for User {
    fn from(row: UserRow) -> Self {
        Self {
            id: row.id,
            username: row.username,
            discriminator: row.discriminator,
            email: row.email,
            verified: row.verified != 0,
            admin: row.admin != 0,
            avatar: row.avatar,
            public_flags: row.public_flags,
            created_at: row.created_at,
        }
    }
}

/// A [`UserRow`] as SQLite makes it.
const USER: &str = "json_object('id', users.id, 'username', users.username, \
                    'discriminator', users.discriminator, 'email', users.email, \
                    'verified', users.verified, 'admin', users.admin, 'avatar', users.avatar, \
                    'public_flags', users.public_flags, 'created_at', users.created_at)";

#[derive(Deserialize)]
struct AccountRow {
    user: UserRow,
    password_hash: String,
}

#[derive(Deserialize)]
struct SessionRow {
    user: UserRow,
    authenticated_at: Timestamp,
    granted: Option<Scopes>,
}

#[derive(Deserialize)]
struct ApplicationRow {
    id: ApplicationId,
    owner_id: Option<UserId>,
    name: ApplicationName,
    description: Description,
    icon: Option<ImageHash>,
    secret_hash: Option<Hash<ClientSecret>>,
    redirect_uris: Vec<RegisteredUri>,
    trusted: u8,
    flags: u32,
    created_at: Timestamp,
}

impl From<ApplicationRow> for Application {
    fn from(row: ApplicationRow) -> Self {
        Self {
            client: Client {
                id: row.id,
                kind: match row.secret_hash {
                    Some(secret) => ClientKind::Confidential { secret },
                    None => ClientKind::Public,
                },
                redirect_uris: row.redirect_uris,
                trusted: row.trusted != 0,
            },
            owner: row.owner_id,
            name: row.name,
            description: row.description,
            icon: row.icon,
            flags: row.flags,
            created_at: row.created_at,
        }
    }
}

#[derive(Deserialize)]
struct AuthorizationRow {
    application_id: ApplicationId,
    scope: Scopes,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// A value as D1 takes it.
enum Bind<'a> {
    Text(&'a str),
    Id(String),
    Time(Timestamp),
    Bits(u32),
    Null,
}

impl From<&Bind<'_>> for JsValue {
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds since 1970 stay below 2^53 for 285,000 years"
    )]
    fn from(bind: &Bind<'_>) -> Self {
        match bind {
            Bind::Text(text) => (*text).into(),
            Bind::Id(id) => id.into(),
            Bind::Time(at) => (at.millis() as f64).into(),
            Bind::Bits(bits) => (*bits).into(),
            Bind::Null => Self::NULL,
        }
    }
}

fn id(id: impl core::fmt::Display) -> Bind<'static> {
    Bind::Id(id.to_string())
}

fn text_or_null(text: Option<&str>) -> Bind<'_> {
    text.map_or(Bind::Null, Bind::Text)
}

fn fault(error: impl core::fmt::Display) -> Fault {
    Fault::new(BINDING, error)
}

impl Edge {
    fn directory(&self) -> Result<D1Database, Fault> {
        self.env.d1(BINDING).map_err(fault)
    }

    fn prepare(&self, sql: &str, values: &[Bind<'_>]) -> Result<D1PreparedStatement, Fault> {
        let values: Vec<_> = values.iter().map(JsValue::from).collect();
        self.directory()?.prepare(sql).bind(&values).map_err(fault)
    }

    /// The column `found` of the first row, where there is a row. D1's own error is kept: a
    /// broken constraint is an answer.
    async fn found(&self, sql: &str, values: &[Bind<'_>]) -> Result<Option<String>, worker::Error> {
        let unprepared = |fault: Fault| worker::Error::RustError(fault.what);
        let statement = self.prepare(sql, values).map_err(unprepared)?;
        statement.first(Some("found")).await
    }

    /// The first row, where `found` is JSON.
    async fn row<T: DeserializeOwned>(
        &self,
        sql: &str,
        values: &[Bind<'_>],
    ) -> Result<Option<T>, Fault> {
        let found = self.found(sql, values).await.map_err(fault)?;
        let parsed = found.map(|found| serde_json::from_str(&found));
        parsed.transpose().map_err(fault)
    }

    /// Writes one row or none; whether there was one.
    async fn write(&self, sql: &str, values: &[Bind<'_>]) -> Result<bool, worker::Error> {
        Ok(self.found(sql, values).await?.is_some())
    }

    /// Whether D1 answers.
    pub(super) async fn directory_answers(&self) -> Result<(), Fault> {
        let answer = self
            .found("SELECT 'yes' AS found", &[])
            .await
            .map_err(fault)?;
        answer.map(|_| ()).ok_or_else(|| fault("no row"))
    }
}

/// Which unique column a write ran into; any other error is a fault.
fn taken(error: &worker::Error) -> Result<Taken, Fault> {
    let text = error.to_string();
    [
        ("users.username_key", Taken::Username),
        ("users.email_key", Taken::Email),
        ("users.id", Taken::Id),
        ("applications.id", Taken::Id),
    ]
    .into_iter()
    .find(|(column, _)| text.contains("UNIQUE constraint failed") && text.contains(column))
    .map(|(_, taken)| taken)
    .ok_or_else(|| fault(text))
}

impl Directory for Edge {
    async fn application(&self, wanted: ApplicationId) -> Result<Option<Rc<Application>>, Fault> {
        let now = ambient::now();
        let remembered = APPLICATIONS.with_borrow(|applications| {
            let (read_at, application) = applications.get(&wanted)?;
            (now.since(*read_at) < APPLICATION_AGE).then(|| Rc::clone(application))
        });
        if remembered.is_some() {
            return Ok(remembered);
        }
        let sql = "SELECT json_object('id', id, 'owner_id', owner_id, 'name', name, \
                   'description', description, 'icon', icon, 'secret_hash', secret_hash, \
                   'redirect_uris', json(redirect_uris), 'trusted', trusted, 'flags', flags, \
                   'created_at', created_at) AS found FROM applications WHERE id = ?";
        let row: Option<ApplicationRow> = self.row(sql, &[id(wanted)]).await?;
        let application = row.map(|row| Rc::new(Application::from(row)));
        APPLICATIONS.with_borrow_mut(|applications| match &application {
            Some(application) => {
                if applications.len() >= REMEMBERED_APPLICATIONS {
                    applications.clear();
                }
                applications.insert(wanted, (now, Rc::clone(application)));
            }
            None => {
                applications.remove(&wanted);
            }
        });
        Ok(application)
    }

    async fn user(&self, wanted: UserId) -> Result<Option<User>, Fault> {
        let sql = format!("SELECT {USER} AS found FROM users WHERE id = ?");
        let row: Option<UserRow> = self.row(&sql, &[id(wanted)]).await?;
        Ok(row.map(User::from))
    }

    async fn account(&self, login: &str) -> Result<Option<Account>, Fault> {
        // A user name has no @, an e-mail address has one: they cannot be each other's.
        let column = if login.contains('@') {
            "email_key"
        } else {
            "username_key"
        };
        let sql = format!(
            "SELECT json_object('user', {USER}, 'password_hash', password_hash) AS found \
             FROM users WHERE {column} = ?"
        );
        let key = login.to_ascii_lowercase();
        let row: Option<AccountRow> = self.row(&sql, &[Bind::Text(&key)]).await?;
        Ok(row.map(|row| Account {
            user: row.user.into(),
            password_hash: row.password_hash,
        }))
    }

    async fn session(
        &self,
        session: &Hash<SessionId>,
        about: Option<ApplicationId>,
        now: Timestamp,
    ) -> Result<Option<Session>, Fault> {
        let sql = format!(
            "SELECT json_object('user', {USER}, \
             'authenticated_at', sessions.authenticated_at, \
             'granted', authorizations.scope) AS found FROM sessions JOIN users ON users.id = sessions.user_id \
             LEFT JOIN authorizations ON authorizations.user_id = users.id \
             AND authorizations.application_id = ? \
             WHERE sessions.id_hash = ? AND sessions.expires_at > ?"
        );
        let about = about.map_or(Bind::Null, id);
        let values = [about, id(session), Bind::Time(now)];
        let row: Option<SessionRow> = self.row(&sql, &values).await?;
        Ok(row.map(|row| Session {
            user: row.user.into(),
            authenticated_at: row.authenticated_at,
            granted: row.granted,
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
        self.directory()?
            .batch(vec![sweep, open])
            .await
            .map_err(fault)?;
        Ok(())
    }

    async fn close_session(&self, session: &Hash<SessionId>) -> Result<(), Fault> {
        let sql = "DELETE FROM sessions WHERE id_hash = ? RETURNING id_hash AS found";
        self.write(sql, &[id(session)]).await.map_err(fault)?;
        Ok(())
    }

    async fn remember(
        &self,
        session: &Hash<SessionId>,
        user: UserId,
        application: ApplicationId,
        scope: Scopes,
        now: Timestamp,
    ) -> Result<bool, Fault> {
        let sql = "INSERT INTO authorizations \
                   (user_id, application_id, scope, created_at, updated_at) \
                   SELECT ?, ?, ?, ?, ? WHERE EXISTS \
                   (SELECT 1 FROM sessions WHERE id_hash = ?) \
                   ON CONFLICT (user_id, application_id) DO UPDATE \
                   SET scope = excluded.scope, updated_at = excluded.updated_at \
                   RETURNING user_id AS found";
        let values = [
            id(user),
            id(application),
            id(scope),
            Bind::Time(now),
            Bind::Time(now),
            id(session),
        ];
        self.write(sql, &values).await.map_err(fault)
    }

    async fn authorizations(&self, user: UserId) -> Result<Vec<Authorization>, Fault> {
        let sql = "SELECT json_group_array(json_object('application_id', application_id, \
                   'scope', scope, 'created_at', created_at, 'updated_at', updated_at)) AS found \
                   FROM (SELECT * FROM authorizations WHERE user_id = ? \
                   ORDER BY updated_at DESC)";
        let rows: Option<Vec<AuthorizationRow>> = self.row(sql, &[id(user)]).await?;
        let rows = rows.unwrap_or_default();
        let authorization = |row: AuthorizationRow| Authorization {
            application: row.application_id,
            scope: row.scope,
            created_at: row.created_at,
            updated_at: row.updated_at,
        };
        Ok(rows.into_iter().map(authorization).collect())
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

    async fn update_user(
        &self,
        user: &User,
        password_hash: Option<&str>,
    ) -> Result<Result<(), Taken>, Fault> {
        let update = self.prepare(
            "UPDATE users SET username = ?, username_key = ?, discriminator = ?, email = ?, \
             email_key = ?, verified = ?, admin = ?, avatar = ?, public_flags = ?, \
             password_hash = COALESCE(?, password_hash) WHERE id = ?",
            &[
                Bind::Text(user.username.as_str()),
                Bind::Id(user.username.key()),
                Bind::Text(user.discriminator.as_str()),
                Bind::Text(user.email.as_str()),
                Bind::Id(user.email.key()),
                Bind::Bits(user.verified.into()),
                Bind::Bits(user.admin.into()),
                text_or_null(user.avatar.as_ref().map(ImageHash::as_str)),
                Bind::Bits(user.public_flags),
                text_or_null(password_hash),
                id(user.id),
            ],
        )?;
        let mut statements = vec![update];
        if password_hash.is_some() {
            let sql = "DELETE FROM sessions WHERE user_id = ?";
            statements.push(self.prepare(sql, &[id(user.id)])?);
        }
        match self.directory()?.batch(statements).await {
            Ok(_) => Ok(Ok(())),
            Err(error) => taken(&error).map(Err),
        }
    }

    async fn delete_user(&self, user: UserId) -> Result<bool, Fault> {
        // Sessions, authorizations and owned applications go with it, by their foreign keys.
        let sql = "DELETE FROM users WHERE id = ? RETURNING id AS found";
        let deleted = self.write(sql, &[id(user)]).await.map_err(fault)?;
        APPLICATIONS.with_borrow_mut(|applications| {
            applications.retain(|_, (_, application)| application.owner != Some(user));
        });
        Ok(deleted)
    }

    async fn add_application(&self, application: &Application) -> Result<bool, Fault> {
        let client = &application.client;
        let redirect_uris = serde_json::to_string(&client.redirect_uris).map_err(fault)?;
        let secret_hash = match client.kind {
            ClientKind::Public => Bind::Null,
            ClientKind::Confidential { secret } | ClientKind::BuiltIn { secret } => id(secret),
        };
        let sql = "INSERT INTO applications (id, owner_id, name, description, icon, secret_hash, \
                   redirect_uris, trusted, flags, created_at) \
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id AS found";
        let values = [
            id(client.id),
            application.owner.map_or(Bind::Null, id),
            Bind::Text(application.name.as_str()),
            Bind::Text(application.description.as_str()),
            text_or_null(application.icon.as_ref().map(ImageHash::as_str)),
            secret_hash,
            Bind::Text(&redirect_uris),
            Bind::Bits(client.trusted.into()),
            Bind::Bits(application.flags),
            Bind::Time(application.created_at),
        ];
        match self.write(sql, &values).await {
            Ok(_) => Ok(true),
            Err(error) => taken(&error).map(|_| false),
        }
    }

    async fn delete_application(&self, application: ApplicationId) -> Result<bool, Fault> {
        let sql = "DELETE FROM applications WHERE id = ? RETURNING id AS found";
        let deleted = self.write(sql, &[id(application)]).await.map_err(fault)?;
        APPLICATIONS.with_borrow_mut(|applications| applications.remove(&application));
        Ok(deleted)
    }
}
