//! D1: the data that people query, with a file for each family of tables.
//!
//! Snowflakes and permission bits are bound as text, and rows come back as JSON text that SQLite makes: D1 hands
//! integers over as doubles, which are not exact above 2^53.

pub(super) mod application_days;
mod applications;
mod audit_log;
mod authorizations;
mod client_documents;
mod columns;
mod events;
mod guilds;
mod lists;
mod moving;
mod platform_users;
mod registrations;
mod resources;
mod sessions;
mod users;

use core::time::Duration;

use serde::de::DeserializeOwned;
use worker::js_sys::{Array, Reflect};
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::worker_sys::{D1Database, D1PreparedStatement, D1Result};

use super::{Bindings, js};
use crate::json_reader;
use crate::store::{Fault, Paging, Schema, Taken};
use crate::time::Timestamp;

const BINDING: &str = "DIRECTORY";
/// How long a request waits for D1.
const BOUND: Duration = Duration::from_secs(2);

/// A value of a statement, as D1 takes it.
#[derive(Clone)]
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

/// A value that is spelled as text: an id, or anything else that can be displayed.
fn id(id: impl core::fmt::Display) -> Bind<'static> {
    Bind::Id(id.to_string())
}

fn text_or_null(text: Option<&str>) -> Bind<'_> {
    text.map_or(Bind::Null, Bind::Text)
}

fn time_or_null(at: Option<Timestamp>) -> Bind<'static> {
    at.map_or(Bind::Null, Bind::Time)
}

fn fault(error: impl core::fmt::Display) -> Fault {
    Fault::new(BINDING, error)
}

impl Bindings {
    fn directory(&self) -> Result<D1Database, Fault> {
        js::binding(&self.env, BINDING)
    }

    fn prepare(&self, sql: &str, values: &[Bind<'_>]) -> Result<D1PreparedStatement, Fault> {
        let values: Array = values.iter().map(JsValue::from).collect();
        let statement = self.directory()?.prepare(sql);
        let bound = statement.and_then(|statement| statement.bind(values));
        bound.map_err(|error| fault(js::reason(&error)))
    }

    /// The column `found` of the first row, where there is a row. An error keeps D1's own words, because a broken
    /// constraint is an answer.
    async fn found(&self, sql: &str, values: &[Bind<'_>]) -> Result<Option<String>, Words> {
        self.count_operation();
        let statement = self.prepare(sql, values).map_err(|it| it.to_string())?;
        let found = js::settled_within(BOUND, statement.first(Some("found"))).await?;
        Ok(found.as_string())
    }

    /// Runs all statements as one transaction. Answers the column `found` of the first row of the last statement.
    async fn batch(&self, statements: &[D1PreparedStatement]) -> Result<Option<String>, Words> {
        self.count_operation();
        let statements: Array = statements.iter().collect();
        let directory = self.directory().map_err(|it| it.to_string())?;
        let results = js::settled_within(BOUND, directory.batch(statements)).await?;
        let last: D1Result = Array::from(&results).pop().unchecked_into();
        let rows = last.results().map_err(|error| js::reason(&error))?;
        let row = rows.map_or(JsValue::UNDEFINED, |rows| rows.get(0));
        let found = Reflect::get(&row, &"found".into()).ok();
        Ok(found.and_then(|found| found.as_string()))
    }

    /// The first row, whose column `found` is JSON.
    async fn row<T: DeserializeOwned>(
        &self,
        sql: &str,
        values: &[Bind<'_>],
    ) -> Result<Option<T>, Fault> {
        parse(self.found(sql, values).await.map_err(fault)?)
    }

    /// All rows, whose column `found` is a JSON array of them.
    async fn rows<T: DeserializeOwned>(
        &self,
        sql: &str,
        values: &[Bind<'_>],
    ) -> Result<Vec<T>, Fault> {
        Ok(self.row(sql, values).await?.unwrap_or_default())
    }

    /// Runs a statement after the answer was sent. Where that fails, `lost` says in the log what was not written.
    fn write_later(&self, statement: Result<D1PreparedStatement, Fault>, lost: String) {
        self.context.wait_until(async move {
            let written = match statement {
                Ok(statement) => js::settled(statement.run()).await.map_err(fault),
                Err(fault) => Err(fault),
            };
            if let Err(fault) = written {
                worker::console_error!("{fault}: {lost}");
            }
        });
    }

    /// Runs a statement that writes one row at most. Answers whether it wrote one.
    async fn write(&self, sql: &str, values: &[Bind<'_>]) -> Result<bool, Words> {
        Ok(self.found(sql, values).await?.is_some())
    }

    /// Reads a row of every table: where a column or a table is missing, D1's error names it.
    pub(super) async fn directory_schema(&self) -> Result<Schema, Fault> {
        let application = applications::ApplicationRow::select();
        let rows = [
            (users::USER, "users"),
            (&application, "applications"),
            (authorizations::AUTHORIZATION, "authorizations"),
            ("shown", "authorizations"),
            (guilds::GUILD, "guilds"),
            ("user_id || device", "sessions"),
            ("user_id || permissions", "members"),
            ("application_id || installation", "bot_members"),
            ("application_id || permissions", "roles"),
            ("user_id || verified", "connections"),
            ("action || device", "audit_log"),
            ("start || n", "counts"),
            ("up_to", "counted"),
            ("day || detail", "application_days"),
            ("due_at", "events"),
        ];
        let rows = rows.map(|(row, table)| format!("(SELECT {row} FROM {table} LIMIT 1) IS NULL"));
        let sql = format!("SELECT json_array({}) AS found", rows.join(", "));
        match self.found(&sql, &[]).await {
            Ok(_) => Ok(Schema::Current),
            Err(error) if error.contains("no such table") || error.contains("no such column") => {
                Ok(Schema::Behind(error))
            }
            Err(error) => Err(fault(error)),
        }
    }

    /// Checks that D1 answers.
    pub(super) async fn directory_answers(&self) -> Result<(), Fault> {
        let answer = self
            .found("SELECT 'yes' AS found", &[])
            .await
            .map_err(fault)?;
        answer.map(|_| ()).ok_or_else(|| fault("no row"))
    }
}

/// The error of a statement, in D1's words.
type Words = String;

/// Reads a row's JSON. What cannot be read is a fault that will not pass.
fn parse<T: DeserializeOwned>(found: Option<String>) -> Result<Option<T>, Fault> {
    let parsed = found.map(|found| json_reader::read(&found));
    let permanent = |error| Fault::permanent(BINDING, error);
    parsed.transpose().map_err(permanent)
}

/// The expression that orders a list by ids. Ids are kept as text, which is ordered as numbers are only where all
/// have the same number of digits; SQLite's integers hold every id.
fn place(id: &str) -> String {
    format!("CAST({id} AS INTEGER)")
}

/// The statement for a page of a table, as a JSON array of `row`. `also` is a further condition of its rows, with its
/// `AND`.
fn page_of(row: &str, table: &str, also: &str) -> String {
    let (place, last) = (place("id"), place("?"));
    format!(
        "SELECT json_group_array({row}) AS found FROM (SELECT * FROM {table} \
         WHERE {also}{place} > {last} ORDER BY {place} LIMIT ?) AS {table}"
    )
}

/// The id that a page lies behind; 0 for the first page.
fn after(paging: Paging) -> Bind<'static> {
    paging.after.map_or(Bind::Text("0"), id)
}

/// Whether the error of a write says that it referred to a row that is gone.
fn is_gone(text: &str) -> bool {
    text.contains("FOREIGN KEY constraint failed")
}

/// What came of a write that refers to other rows: whether these rows were there.
fn referring(written: Result<(), Words>) -> Result<bool, Fault> {
    match written {
        Ok(()) => Ok(true),
        Err(error) if is_gone(&error) => Ok(false),
        Err(error) => Err(fault(error)),
    }
}

/// Which unique column a write ran into. Any other error is a fault.
fn taken(text: &str) -> Result<Taken, Fault> {
    [
        ("users.username_key", Taken::Username),
        ("users.email_key", Taken::Email),
        ("users.id", Taken::Id),
        ("applications.id", Taken::Id),
        ("guilds.id", Taken::Id),
    ]
    .into_iter()
    .find(|(column, _)| text.contains("UNIQUE constraint failed") && text.contains(column))
    .map(|(_, taken)| taken)
    .ok_or_else(|| fault(text))
}
