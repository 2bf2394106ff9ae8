//! Moving in and out. The records of one request travel as one JSON text, which SQLite unfolds: ten thousand records
//! take some dozens of statements. One statement for each record would be more than D1 runs for a request.

mod export;

use serde_json::{Value, json};
use worker::js_sys::{Array, Reflect};
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::worker_sys::{D1PreparedStatement, D1Result};

use super::applications::{ApplicationRow, forget};
use super::columns::json as json_text;
use super::users;
use super::{BOUND, Bind, Bindings, Words, fault, id, parse, text_or_null};
use crate::cloudflare::js;
use crate::crypto::imported_hash::ImportedHash;
use crate::crypto::password::NOBODY;
use crate::crypto::secret::{BotTokenSecret, Hash};
use crate::fluxer::permissions::Permissions;
use crate::fluxer::user::ImageHash;
use crate::snowflake::ApplicationId;
use crate::store::{
    Cursor, Fault, HashKind, Imported, Member, MovedApplication, MovedConnection, MovedMember,
    MovedUser, Moving, Obstacle, Piece,
};

/// A table that records are added to. Each record is `value`, a JSON array of the columns in order.
struct MovedTable {
    table: &'static str,
    columns: Vec<&'static str>,
    /// The condition that the row of `value` is there.
    is_there: &'static str,
    /// The expression for the name of what keeps the row of `value` out, or null.
    obstacle: &'static str,
}

/// The values of one row.
type Row<'a> = Vec<Bind<'a>>;

fn value_of(bind: &Bind<'_>) -> Value {
    match bind {
        Bind::Text(text) => json!(text),
        Bind::Id(text) => json!(text),
        Bind::Time(at) => json!(at.millis()),
        Bind::Bits(bits) => json!(bits),
        Bind::Null => Value::Null,
    }
}

fn rows_of<'a>(rows: impl Iterator<Item = Row<'a>>) -> String {
    let rows = rows.map(|row| row.iter().map(value_of).collect::<Value>());
    rows.collect::<Value>().to_string()
}

/// A branch of the `CASE` of an obstacle: the column names a row of the table that is not there.
macro_rules! missing {
    ($table:literal, $column:literal, $obstacle:literal) => {
        concat!(
            "WHEN value->>",
            $column,
            " IS NOT NULL AND NOT EXISTS (SELECT 1 FROM ",
            $table,
            " WHERE id = value->>",
            $column,
            ") THEN '",
            $obstacle,
            "' "
        )
    };
}

impl MovedTable {
    fn users() -> Self {
        Self {
            table: "users",
            columns: users::COLUMNS.to_vec(),
            is_there: "EXISTS (SELECT 1 FROM users WHERE id = value->>0)",
            obstacle: "CASE WHEN EXISTS (SELECT 1 FROM users WHERE username_key = value->>2) \
                       THEN 'username' \
                       WHEN EXISTS (SELECT 1 FROM users WHERE email_key = value->>5) \
                       THEN 'email' END",
        }
    }

    /// The table of applications. Its columns begin with the id and the owner.
    fn applications(columns: Vec<&'static str>) -> Self {
        Self {
            table: "applications",
            columns,
            is_there: "EXISTS (SELECT 1 FROM applications WHERE id = value->>0)",
            obstacle: concat!("CASE ", missing!("users", "1", "owner_id"), "END"),
        }
    }

    fn guilds() -> Self {
        Self {
            table: "guilds",
            columns: vec!["id", "owner_id", "name", "icon", "created_at"],
            is_there: "EXISTS (SELECT 1 FROM guilds WHERE id = value->>0)",
            obstacle: concat!("CASE ", missing!("users", "1", "owner_id"), "END"),
        }
    }

    fn members() -> Self {
        Self {
            table: "members",
            columns: vec!["user_id", "guild_id", "permissions", "joined_at"],
            is_there: "EXISTS (SELECT 1 FROM members \
                       WHERE user_id = value->>0 AND guild_id = value->>1)",
            obstacle: concat!(
                "CASE ",
                missing!("users", "0", "user_id"),
                missing!("guilds", "1", "guild_id"),
                "END"
            ),
        }
    }

    fn bots() -> Self {
        Self {
            table: "bot_members",
            columns: vec![
                "application_id",
                "guild_id",
                "inviter_id",
                "installation",
                "joined_at",
            ],
            is_there: "EXISTS (SELECT 1 FROM bot_members \
                       WHERE application_id = value->>0 AND guild_id = value->>1)",
            obstacle: concat!(
                "CASE WHEN NOT EXISTS (SELECT 1 FROM applications WHERE id = value->>0 \
                 AND bot_username IS NOT NULL) THEN 'application_id' ",
                missing!("guilds", "1", "guild_id"),
                missing!("users", "2", "inviter_id"),
                "END"
            ),
        }
    }

    fn connections() -> Self {
        Self {
            table: "connections",
            columns: vec!["user_id", "type", "id", "name", "verified"],
            is_there: "EXISTS (SELECT 1 FROM connections WHERE user_id = value->>0 \
                       AND type = value->>1 AND connections.id = value->>2)",
            obstacle: concat!("CASE ", missing!("users", "0", "user_id"), "END"),
        }
    }

    /// The statement that adds the rows that nothing keeps out.
    fn insert(&self) -> String {
        let Self {
            table,
            columns,
            obstacle,
            ..
        } = self;
        let values: Vec<_> = (0..columns.len())
            .map(|at| format!("value->>{at}"))
            .collect();
        format!(
            "INSERT INTO {table} ({}) SELECT {} FROM json_each(?) WHERE {obstacle} IS NULL \
             ON CONFLICT DO NOTHING",
            columns.join(", "),
            values.join(", "),
        )
    }
}

impl Bindings {
    /// Runs all statements as one transaction. Answers the column `found` of the first row of each.
    async fn batch_found(
        &self,
        statements: &[D1PreparedStatement],
    ) -> Result<Vec<Option<String>>, Words> {
        let statements: Array = statements.iter().collect();
        let directory = self.directory().map_err(|it| it.to_string())?;
        let results = js::settled_within(5 * BOUND, directory.batch(statements)).await?;
        let results = Array::from(&results);
        let found = results.iter().map(|result| {
            let result: D1Result = result.unchecked_into();
            let rows = result.results().ok().flatten();
            let row = rows.map_or(JsValue::UNDEFINED, |rows| rows.get(0));
            Reflect::get(&row, &"found".into()).ok()?.as_string()
        });
        Ok(found.collect())
    }

    /// Adds rows, and what belongs to those rows that are there afterwards.
    async fn import_rows<'a>(
        &self,
        into: &MovedTable,
        rows: impl Iterator<Item = Row<'a>>,
        with: Vec<D1PreparedStatement>,
    ) -> Result<Vec<Imported>, Fault> {
        let rows = rows_of(rows);
        let rows = [Bind::Text(&rows)];
        let MovedTable {
            is_there, obstacle, ..
        } = into;
        let before = format!("SELECT json_group_array({is_there}) AS found FROM json_each(?)");
        let after = format!(
            "SELECT json_group_array(json_array({is_there}, {obstacle})) AS found FROM json_each(?)"
        );
        let mut statements = vec![
            self.prepare(&before, &rows)?,
            self.prepare(&into.insert(), &rows)?,
        ];
        statements.extend(with);
        statements.push(self.prepare(&after, &rows)?);
        let mut found = self.batch_found(&statements).await.map_err(fault)?;
        let after: Vec<(u8, Option<String>)> = parse(found.pop().flatten())?.unwrap_or_default();
        let before = found.into_iter().next().flatten();
        let before: Vec<u8> = parse(before)?.unwrap_or_default();
        let outcomes = before.into_iter().zip(after).map(outcome);
        outcomes.collect()
    }

    async fn import_applications(&self, all: &[MovedApplication]) -> Result<Vec<Imported>, Fault> {
        let rows: Vec<_> = all.iter().map(application_row).collect();
        let Some((names, _)) = rows.first() else {
            return Ok(Vec::new());
        };
        let hashes = all.iter().flat_map(|it| {
            let hashes = [
                (HashKind::ClientSecret, &it.client_secret),
                (HashKind::BotToken, &it.bot_token_imported),
            ];
            let of = it.application.client.id;
            let hashes = hashes.into_iter();
            hashes.filter_map(move |(kind, hash)| {
                let hash = Bind::Text(hash.as_ref()?.as_str());
                Some(vec![id(of), Bind::Text(kind.as_str()), hash])
            })
        });
        // Only where the application waits for it: another one of that id may have been there before.
        let sql = "INSERT INTO imported_hashes (application_id, kind, hash) \
                   SELECT value->>0, value->>1, value->>2 FROM json_each(?1) WHERE EXISTS \
                   (SELECT 1 FROM applications WHERE id = value->>0 AND ?2 = \
                   CASE value->>1 WHEN 'bot_token' THEN bot_token_hash ELSE secret_hash END) \
                   ON CONFLICT DO NOTHING";
        let hashes = rows_of(hashes);
        let imported = id(Hash::<BotTokenSecret>::IMPORTED);
        let with = self.prepare(sql, &[Bind::Text(&hashes), imported])?;
        let into = MovedTable::applications(names.clone());
        let rows = rows.into_iter().map(|(_, row)| row);
        let outcomes = self.import_rows(&into, rows, vec![with]).await?;
        let ids: Vec<_> = all.iter().map(|it| it.application.client.id).collect();
        forget(|application| ids.contains(&application.client.id));
        Ok(outcomes)
    }

    async fn import_bots(&self, bots: &[MovedMember]) -> Result<Vec<Imported>, Fault> {
        let roles = bots
            .iter()
            .filter(|it| it.permissions != Permissions::default());
        let roles = roles.map(|it| {
            vec![
                id(it.role),
                member_id(it),
                id(it.guild),
                id(it.permissions),
                id(it.installation),
            ]
        });
        let sql = "INSERT INTO roles (id, application_id, guild_id, name, permissions) \
                   SELECT value->>0, value->>1, value->>2, applications.name, value->>3 \
                   FROM json_each(?) JOIN applications ON applications.id = value->>1 \
                   WHERE EXISTS (SELECT 1 FROM bot_members WHERE application_id = value->>1 \
                   AND guild_id = value->>2 AND installation = value->>4) ON CONFLICT DO NOTHING";
        let roles = rows_of(roles);
        let with = self.prepare(sql, &[Bind::Text(&roles)])?;
        let rows = bots.iter().map(|it| {
            vec![
                member_id(it),
                id(it.guild),
                it.inviter.map_or(Bind::Null, id),
                id(it.installation),
                Bind::Time(it.joined_at),
            ]
        });
        self.import_rows(&MovedTable::bots(), rows, vec![with])
            .await
    }
}

/// What came of a record: whether it was there before, whether it is there now, and what kept it out.
fn outcome((before, (now, obstacle)): (u8, (u8, Option<String>))) -> Result<Imported, Fault> {
    let known = |field: &str| Obstacle::ALL.into_iter().find(|it| it.field() == field);
    Ok(match (before, now) {
        (1, _) => Imported::Unchanged,
        (_, 1) => Imported::Created,
        _ => {
            let obstacle = obstacle.as_deref().and_then(known);
            Imported::Refused(obstacle.ok_or_else(|| fault("a row that is kept out by nothing"))?)
        }
    })
}

/// The columns and the values of an application's row. The id and the owner come first.
fn application_row(moved: &MovedApplication) -> (Vec<&'static str>, Row<'_>) {
    let mut columns = ApplicationRow::columns(&moved.application);
    debug_assert!(columns.iter().map(|it| it.0).take(2).eq(["id", "owner_id"]));
    let registration = moved.registration.as_ref();
    let (details, token) = registration
        .map(|(details, token)| (details, token))
        .unzip();
    columns.extend([
        ("bot_token_hash", moved.bot_token.map_or(Bind::Null, id)),
        ("details", details.map_or(Bind::Null, json_text)),
        ("registration_token_hash", token.map_or(Bind::Null, id)),
        // It was authorized elsewhere, for all that is known.
        (
            "authorized_at",
            details.map_or(Bind::Null, |_| Bind::Time(moved.application.created_at)),
        ),
    ]);
    columns.into_iter().unzip()
}

fn member_id(moved: &MovedMember) -> Bind<'static> {
    match moved.member {
        Member::User(user) => id(user),
        Member::Bot(bot) => id(bot),
    }
}

fn user_values(moved: &MovedUser) -> Vec<Bind<'_>> {
    let hash = moved.password_hash.as_deref().unwrap_or(NOBODY);
    users::values_of(&moved.user, hash)
}

impl Moving for Bindings {
    async fn import(&self, piece: &Piece) -> Result<Vec<Imported>, Fault> {
        match piece {
            Piece::Users(users) => {
                let rows = users.iter().map(user_values);
                self.import_rows(&MovedTable::users(), rows, Vec::new())
                    .await
            }
            Piece::Applications(all) => self.import_applications(all).await,
            Piece::Guilds(guilds) => {
                let rows = guilds.iter().map(|it| {
                    vec![
                        id(it.id),
                        it.owner.map_or(Bind::Null, id),
                        Bind::Text(it.name.as_str()),
                        text_or_null(it.icon.as_ref().map(ImageHash::as_str)),
                        Bind::Time(it.created_at),
                    ]
                });
                self.import_rows(&MovedTable::guilds(), rows, Vec::new())
                    .await
            }
            Piece::Members(members) => {
                let rows = members.iter().map(|it| {
                    let joined_at = Bind::Time(it.joined_at);
                    vec![member_id(it), id(it.guild), id(it.permissions), joined_at]
                });
                self.import_rows(&MovedTable::members(), rows, Vec::new())
                    .await
            }
            Piece::Bots(bots) => self.import_bots(bots).await,
            Piece::Connections(all) => {
                let rows = all.iter().map(|MovedConnection { user, connection }| {
                    vec![
                        id(user),
                        Bind::Text(connection.kind.as_str()),
                        Bind::Text(connection.id.as_str()),
                        Bind::Text(connection.name.as_str()),
                        Bind::Bits(connection.verified.into()),
                    ]
                });
                let into = MovedTable::connections();
                self.import_rows(&into, rows, Vec::new()).await
            }
        }
    }

    async fn export(&self, behind: &Cursor, limit: u32) -> Result<Piece, Fault> {
        let (sql, values) = export::page(behind, limit);
        let found = self.found(&sql, &values).await.map_err(fault)?;
        export::piece(behind, found)
    }

    async fn imported_hash(
        &self,
        application: ApplicationId,
        kind: HashKind,
    ) -> Result<Option<ImportedHash>, Fault> {
        let sql = "SELECT hash AS found FROM imported_hashes WHERE application_id = ? AND kind = ?";
        let values = [id(application), Bind::Text(kind.as_str())];
        let found = self.found(sql, &values).await.map_err(fault)?;
        Ok(found.and_then(|hash| ImportedHash::parse(&hash).ok()))
    }

    async fn replace_imported_hash(
        &self,
        application: ApplicationId,
        kind: HashKind,
        ours: &str,
    ) -> Result<(), Fault> {
        let columns: &[&str] = match kind {
            HashKind::ClientSecret => &["secret_hash", "former_secret_hash"],
            HashKind::BotToken => &["bot_token_hash"],
        };
        let replaced =
            |column: &&str| format!("{column} = CASE {column} WHEN ?2 THEN ?1 ELSE {column} END");
        let replaced: Vec<_> = columns.iter().map(replaced).collect();
        let sql = format!(
            "UPDATE applications SET {} WHERE id = ?3",
            replaced.join(", ")
        );
        let imported = id(Hash::<BotTokenSecret>::IMPORTED);
        let statements = [
            self.prepare(&sql, &[Bind::Text(ours), imported, id(application)])?,
            self.prepare(
                "DELETE FROM imported_hashes WHERE application_id = ? AND kind = ?",
                &[id(application), Bind::Text(kind.as_str())],
            )?,
        ];
        self.batch(&statements).await.map_err(fault)?;
        forget(|it| it.client.id == application);
        Ok(())
    }
}
