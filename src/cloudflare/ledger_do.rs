//! The Durable Object that takes turns, one per (user, application).
//!
//! Invariant: a verb's read, decision and write run on SQLite's synchronous interface with no
//! `await` between them. The object has one thread, so no other request can come in between, and
//! the platform holds every answer back until its writes are durable.

use core::cell::Cell;
use core::result::Result as StdResult;

use serde::Serialize;
use worker::{
    DurableObject, Env, Error, Request, Response, Result, SqlStorageValue, State, console_error,
    durable_object, wasm_bindgen,
};

use super::{Edge, ambient, objects};
use crate::ledger::{Device, Family, LedgerId, Message, Next, Verb};
use crate::oauth::time::Timestamp;
use crate::opaque_id::FamilyId;
use crate::store::{Fault, Ledgers};

const BINDING: &str = "LEDGER";

impl Edge {
    async fn ask_ledger(&self, ledger: LedgerId, message: &Message) -> StdResult<String, Fault> {
        let question = serde_json::to_string(message).map_err(fault)?;
        self.ask_object(BINDING, &ledger.to_string(), &question)
            .await
    }
}

fn fault(error: serde_json::Error) -> Fault {
    Fault::new(BINDING, error)
}

impl Ledgers for Edge {
    async fn ask<V: Verb>(&self, ledger: LedgerId, verb: V) -> StdResult<V::Answer, Fault> {
        let answer = self.ask_ledger(ledger, &verb.into()).await?;
        serde_json::from_str(&answer).map_err(fault)
    }

    async fn deauthorize(&self, ledger: LedgerId) -> StdResult<usize, Fault> {
        let answer = self.ask_ledger(ledger, &Message::Deauthorize).await?;
        serde_json::from_str(&answer).map_err(fault)
    }

    async fn devices(&self, ledger: LedgerId) -> StdResult<Vec<Device>, Fault> {
        let answer = self.ask_ledger(ledger, &Message::Families).await?;
        serde_json::from_str(&answer).map_err(fault)
    }
}

/// One ledger.
#[durable_object(alarm)]
pub struct Ledger {
    state: State,
    /// Whether the table is there. A ledger that was never written to, or that has emptied, keeps
    /// nothing at all, so reading must not make one.
    has_table: Cell<bool>,
    /// When the alarm comes, where this instance has set it.
    alarm: Cell<Option<Timestamp>>,
}

/// What a turn leaves to do.
struct Turn {
    /// JSON.
    answer: String,
    /// When the family that it opened expires.
    purge_at: Option<Timestamp>,
}

impl Turn {
    fn that_answers(answer: &impl Serialize) -> Result<Self> {
        Ok(Self {
            answer: serde_json::to_string(answer)?,
            purge_at: None,
        })
    }
}

/// A verb's rule: what to store, and the answer in JSON.
type Decide = Box<dyn FnOnce(Option<Family>, Timestamp) -> Result<(Next, String)>>;

impl DurableObject for Ledger {
    fn new(state: State, _env: Env) -> Self {
        Self {
            state,
            has_table: Cell::new(false),
            alarm: Cell::new(None),
        }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        let turn = match objects::question(&request)? {
            Message::Open(verb) => self.take_turn(verb),
            Message::Redeem(verb) => self.take_turn(verb),
            Message::Rotate(verb) => self.take_turn(verb),
            Message::Revoke(verb) => self.take_turn(verb),
            Message::Standing(verb) => self.take_turn(verb),
            Message::Withdraw(verb) => self.take_turn(verb),
            Message::Withdrawn(verb) => self.take_turn(verb),
            Message::Deauthorize => self.deauthorize(),
            Message::Families => self.devices(),
        };
        let Turn { answer, purge_at } = match turn {
            // A family that cannot be read is told apart from an object that does not answer:
            // asking again will not mend it.
            Err(Error::SerdeJsonError(error)) => {
                console_error!("a family cannot be read: {error}");
                return Response::error("unreadable", 500);
            }
            turn => turn?,
        };
        // The turn is over: what is awaited from here on decides nothing.
        if let Some(purge_at) = purge_at {
            self.wake_by(purge_at).await?;
        }
        Response::ok(answer)
    }

    /// Forgets what has expired. The alarm stands at the earliest expiry of the time it was set;
    /// a refresh moves an expiry on without touching it, so it may come for nothing.
    async fn alarm(&self) -> Result<Response> {
        self.alarm.set(None);
        if self.table_is_there()? {
            self.purge(ambient::now()).await?;
        }
        Response::empty()
    }
}

impl Ledger {
    fn take_turn<V: Verb + 'static>(&self, verb: V) -> Result<Turn> {
        let family = verb.family();
        let decide = |family, now| {
            let (next, answer) = verb.decide(family, now);
            Ok((next, serde_json::to_string(&answer)?))
        };
        self.turn(family, Box::new(decide))
    }

    /// Reads, decides, writes.
    fn turn(&self, id: FamilyId, decide: Decide) -> Result<Turn> {
        let family = self.family(id)?;
        let is_new = family.is_none();
        let (next, answer) = decide(family, ambient::now())?;
        // Only a new family can expire before the alarm.
        let purge_at = match &next {
            Next::Put(family) if is_new => Some(family.purge_at()),
            Next::Put(_) | Next::Keep | Next::Remove => None,
        };
        self.store(id, next)?;
        Ok(Turn { answer, purge_at })
    }

    fn deauthorize(&self) -> Result<Turn> {
        let now = ambient::now();
        let mut ended: usize = 0;
        for (id, family) in self.families()? {
            let next = family.end(now);
            ended += usize::from(next != Next::Keep);
            self.store(id, next)?;
        }
        Turn::that_answers(&ended)
    }

    fn devices(&self) -> Result<Turn> {
        let now = ambient::now();
        let families = self.families()?.into_iter();
        let devices = families.filter_map(|(id, family)| Device::of(id, family, now));
        Turn::that_answers(&devices.collect::<Vec<_>>())
    }

    async fn purge(&self, now: Timestamp) -> Result<()> {
        let expired = vec![millis(now)];
        self.rows("DELETE FROM families WHERE purge_at <= ?", expired)?;
        if let Some(purge_at) = self.earliest()? {
            return self.set_alarm(purge_at).await;
        }
        // An empty ledger leaves nothing behind.
        self.has_table.set(false);
        self.state.storage().delete_all().await
    }

    fn earliest(&self) -> Result<Option<Timestamp>> {
        let sql = "SELECT purge_at FROM families ORDER BY purge_at LIMIT 1";
        let rows = self.rows(sql, Vec::new())?;
        let purge_at = rows.first().and_then(|row| row.first());
        purge_at.map(instant).transpose()
    }

    /// Makes sure that the alarm comes by then. The platform writes it together with the turn, for
    /// nothing is awaited between the two.
    async fn wake_by(&self, purge_at: Timestamp) -> Result<()> {
        if self.alarm.get().is_some_and(|alarm| alarm <= purge_at) {
            return Ok(());
        }
        let earliest = self.earliest()?.unwrap_or(purge_at);
        self.set_alarm(earliest).await
    }

    async fn set_alarm(&self, at: Timestamp) -> Result<()> {
        let from_now = at.since(ambient::now());
        self.state.storage().set_alarm(from_now).await?;
        self.alarm.set(Some(at));
        Ok(())
    }

    fn family(&self, id: FamilyId) -> Result<Option<Family>> {
        if !self.table_is_there()? {
            return Ok(None);
        }
        let found = self.rows(
            "SELECT body FROM families WHERE id = ?",
            vec![id.to_string().into()],
        )?;
        match found.first().map(Vec::as_slice) {
            Some([SqlStorageValue::String(body)]) => Ok(serde_json::from_str(body)?),
            _ => Ok(None),
        }
    }

    /// Every family. One row that cannot be read does not take the others with it.
    fn families(&self) -> Result<Vec<(FamilyId, Family)>> {
        if !self.table_is_there()? {
            return Ok(Vec::new());
        }
        let rows = self.rows("SELECT id, body FROM families", Vec::new())?;
        Ok(rows
            .iter()
            .filter_map(|row| match row.as_slice() {
                [SqlStorageValue::String(id), SqlStorageValue::String(body)] => {
                    FamilyId::parse(id).zip(serde_json::from_str(body).ok())
                }
                _ => None,
            })
            .collect())
    }

    fn store(&self, id: FamilyId, next: Next) -> Result<()> {
        match next {
            Next::Keep => {}
            Next::Put(family) => {
                self.make_table()?;
                let body = serde_json::to_string(&family)?;
                self.rows(
                    "INSERT INTO families (id, purge_at, body) VALUES (?, ?, ?) \
                     ON CONFLICT (id) DO UPDATE SET purge_at = excluded.purge_at, \
                     body = excluded.body",
                    vec![
                        id.to_string().into(),
                        millis(family.purge_at()),
                        body.into(),
                    ],
                )?;
            }
            Next::Remove => {
                let id = vec![id.to_string().into()];
                self.rows("DELETE FROM families WHERE id = ?", id)?;
            }
        }
        Ok(())
    }

    fn table_is_there(&self) -> Result<bool> {
        if !self.has_table.get() {
            let found = self.rows(
                "SELECT name FROM sqlite_master WHERE name = 'families'",
                Vec::new(),
            )?;
            self.has_table.set(!found.is_empty());
        }
        Ok(self.has_table.get())
    }

    /// Without a rowid a family is one row, not one and an index entry.
    fn make_table(&self) -> Result<()> {
        if !self.table_is_there()? {
            self.rows(
                "CREATE TABLE families (id TEXT PRIMARY KEY, purge_at INTEGER NOT NULL, \
                 body TEXT NOT NULL) WITHOUT ROWID",
                Vec::new(),
            )?;
            self.has_table.set(true);
        }
        Ok(())
    }

    /// Runs a statement to its end.
    fn rows(&self, sql: &str, values: Vec<SqlStorageValue>) -> Result<Vec<Vec<SqlStorageValue>>> {
        self.state
            .storage()
            .sql()
            .exec(sql, values)?
            .raw()
            .collect()
    }
}

fn millis(at: Timestamp) -> SqlStorageValue {
    SqlStorageValue::Integer(i64::try_from(at.millis()).unwrap_or(i64::MAX))
}

/// SQLite's integers arrive as doubles.
fn instant(value: &SqlStorageValue) -> Result<Timestamp> {
    let millis = match value {
        SqlStorageValue::Integer(millis) => u64::try_from(*millis).ok(),
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it was written as milliseconds since 1970"
        )]
        SqlStorageValue::Float(millis) => Some(*millis as u64),
        _ => None,
    };
    millis
        .map(Timestamp::from_millis)
        .ok_or_else(|| "purge_at is not a number".into())
}
