//! The Durable Object that takes turns, one per (user, application).
//!
//! Invariant: a verb's read, decision and write run on SQLite's synchronous interface with no
//! `await` between them. The object has one thread, so no other request can come in between, and
//! the platform holds every answer back until its writes are durable.

use core::cell::Cell;
use std::rc::Rc;

use serde::Serialize;
use thiserror::Error;
use worker::console_error;
use worker::js_sys::{Array, Date, Object, Promise};
use worker::wasm_bindgen::{self, prelude::wasm_bindgen};
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::wasm_bindgen_futures::{JsFuture, future_to_promise};
use worker::web_sys::{Request, Response};
use worker::worker_sys::{DurableObjectState, DurableObjectStorage, SqlStorage};

use super::{Edge, ambient, objects};
use crate::id::FamilyId;
use crate::ledger::{Device, Family, LedgerId, Message, Next, Verb};
use crate::store::{Fault, Ledgers};
use crate::time::Timestamp;

const BINDING: &str = "LEDGER";

impl Edge {
    async fn ask_ledger(&self, ledger: LedgerId, message: &Message) -> Result<String, Fault> {
        let question = serde_json::to_string(message).map_err(fault)?;
        self.ask_object(BINDING, &ledger.to_string(), &question)
            .await
    }
}

fn fault(error: serde_json::Error) -> Fault {
    Fault::new(BINDING, error)
}

impl Ledgers for Edge {
    async fn ask<V: Verb>(&self, ledger: LedgerId, verb: V) -> Result<V::Answer, Fault> {
        let answer = self.ask_ledger(ledger, &verb.into()).await?;
        serde_json::from_str(&answer).map_err(fault)
    }

    async fn deauthorize(&self, ledger: LedgerId) -> Result<usize, Fault> {
        let answer = self.ask_ledger(ledger, &Message::Deauthorize).await?;
        serde_json::from_str(&answer).map_err(fault)
    }

    async fn devices(&self, ledger: LedgerId) -> Result<Vec<Device>, Fault> {
        let answer = self.ask_ledger(ledger, &Message::Families).await?;
        serde_json::from_str(&answer).map_err(fault)
    }
}

/// One ledger. The `worker` crate's own macro would make a task of each turn and copy what no turn
/// looks at; this answers at once.
#[wasm_bindgen(wasm_bindgen = worker::wasm_bindgen)]
pub struct Ledger(Rc<Families>);

#[wasm_bindgen(wasm_bindgen = worker::wasm_bindgen)]
impl Ledger {
    /// As the runtime makes it.
    #[wasm_bindgen(constructor)]
    pub fn new(state: &DurableObjectState) -> Result<Ledger, JsValue> {
        let storage = state.storage()?;
        Ok(Self(Rc::new(Families {
            sql: storage.sql(),
            storage,
            has_table: Cell::new(false),
            alarm: Cell::new(None),
        })))
    }

    /// Takes one turn. What it throws is a fault of storage, which will pass.
    pub fn fetch(&self, request: &Request) -> Result<JsValue, JsValue> {
        let Turn { answer, purge_at } = match self.0.turn(request) {
            Ok(turn) => turn,
            Err(Broken::Storage(error)) => return Err(error),
            // Told apart from an object that does not answer: asking again will not mend it.
            Err(Broken::Unreadable(error)) => {
                console_error!("a family cannot be read: {error}");
                return objects::unreadable().map(JsValue::from);
            }
        };
        let response = objects::answer(&answer)?;
        // The turn is over: what is awaited from here on decides nothing.
        match purge_at {
            None => Ok(response.into()),
            Some(purge_at) => self.wake_by(purge_at, response),
        }
    }

    /// Forgets what has expired. The alarm stands at the earliest expiry of the time it was set;
    /// a refresh moves an expiry on without touching it, so it may come for nothing.
    pub fn alarm(&self) -> Promise {
        let families = Rc::clone(&self.0);
        future_to_promise(async move {
            families.alarm.set(None);
            families.purge(ambient::now()).await?;
            Ok(JsValue::UNDEFINED)
        })
    }
}

impl Ledger {
    /// Answers once it is sure that the alarm comes by then. The platform writes it together with the
    /// turn, for nothing is awaited between the two.
    fn wake_by(&self, purge_at: Timestamp, response: Response) -> Result<JsValue, JsValue> {
        let families = &self.0;
        if families.alarm.get().is_some_and(|alarm| alarm <= purge_at) {
            return Ok(response.into());
        }
        let earliest = families.earliest()?.unwrap_or(purge_at);
        let set = families.set_alarm(earliest)?;
        let families = Rc::clone(families);
        let answered = future_to_promise(async move {
            JsFuture::from(set).await?;
            families.alarm.set(Some(earliest));
            Ok(response.into())
        });
        Ok(answered.into())
    }
}

/// What the object keeps.
struct Families {
    storage: DurableObjectStorage,
    sql: SqlStorage,
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

/// Why there is no answer.
#[derive(Debug, Error)]
enum Broken {
    /// A question or a family that this code cannot read.
    #[error("{0}")]
    Unreadable(#[from] serde_json::Error),
    /// Storage did not work: what it threw.
    #[error("{0:?}")]
    Storage(JsValue),
}

impl From<JsValue> for Broken {
    fn from(thrown: JsValue) -> Self {
        Self::Storage(thrown)
    }
}

impl Turn {
    fn that_answers(answer: &impl Serialize) -> Result<Self, Broken> {
        Ok(Self {
            answer: serde_json::to_string(answer)?,
            purge_at: None,
        })
    }
}

/// A verb's rule: what to store, and the answer in JSON.
type Decide = Box<dyn FnOnce(Option<Family>, Timestamp) -> serde_json::Result<(Next, String)>>;

impl Families {
    fn turn(&self, request: &Request) -> Result<Turn, Broken> {
        match serde_json::from_str(&objects::question(request)?)? {
            Message::Open(verb) => self.take(verb),
            Message::Redeem(verb) => self.take(verb),
            Message::Rotate(verb) => self.take(verb),
            Message::Revoke(verb) => self.take(verb),
            Message::Standing(verb) => self.take(verb),
            Message::Withdraw(verb) => self.take(verb),
            Message::Withdrawn(verb) => self.take(verb),
            Message::Deauthorize => self.deauthorize(),
            Message::Families => self.devices(),
        }
    }

    fn take<V: Verb + 'static>(&self, verb: V) -> Result<Turn, Broken> {
        let family = verb.family();
        let decide = |family, now| {
            let (next, answer) = verb.decide(family, now);
            Ok((next, serde_json::to_string(&answer)?))
        };
        self.decide(family, Box::new(decide))
    }

    /// Reads, decides, writes.
    fn decide(&self, id: FamilyId, decide: Decide) -> Result<Turn, Broken> {
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

    fn deauthorize(&self) -> Result<Turn, Broken> {
        let now = ambient::now();
        let mut ended: usize = 0;
        for (id, family) in self.all()? {
            let next = family.end(now);
            ended += usize::from(next != Next::Keep);
            self.store(id, next)?;
        }
        Turn::that_answers(&ended)
    }

    fn devices(&self) -> Result<Turn, Broken> {
        let now = ambient::now();
        let families = self.all()?.into_iter();
        let devices = families.filter_map(|(id, family)| Device::of(id, family, now));
        Turn::that_answers(&devices.collect::<Vec<_>>())
    }

    async fn purge(&self, now: Timestamp) -> Result<(), JsValue> {
        if !self.table_is_there()? {
            return Ok(());
        }
        let sql = "DELETE FROM families WHERE purge_at <= ?";
        self.rows(sql, &Array::of1(&millis(now)))?;
        if let Some(purge_at) = self.earliest()? {
            JsFuture::from(self.set_alarm(purge_at)?).await?;
            self.alarm.set(Some(purge_at));
            return Ok(());
        }
        // An empty ledger leaves nothing behind.
        self.has_table.set(false);
        JsFuture::from(self.storage.delete_all()?).await?;
        Ok(())
    }

    fn earliest(&self) -> Result<Option<Timestamp>, JsValue> {
        let sql = "SELECT purge_at FROM families ORDER BY purge_at LIMIT 1";
        let rows = self.rows(sql, &Array::new())?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let millis = row.get(0).as_f64().ok_or("purge_at is not a number")?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it was written as milliseconds since 1970"
        )]
        let millis = millis as u64;
        Ok(Some(Timestamp::from_millis(millis)))
    }

    fn set_alarm(&self, at: Timestamp) -> Result<Promise, JsValue> {
        self.storage
            .set_alarm(Date::new(&millis(at)), Object::new())
    }

    fn family(&self, id: FamilyId) -> Result<Option<Family>, Broken> {
        if !self.table_is_there()? {
            return Ok(None);
        }
        let sql = "SELECT body FROM families WHERE id = ?";
        let found = self.rows(sql, &Array::of1(&id.to_string().into()))?;
        let body = found.first().and_then(|row| row.get(0).as_string());
        Ok(body.map(|body| serde_json::from_str(&body)).transpose()?)
    }

    /// Every family. One row that cannot be read does not take the others with it.
    fn all(&self) -> Result<Vec<(FamilyId, Family)>, JsValue> {
        if !self.table_is_there()? {
            return Ok(Vec::new());
        }
        let rows = self.rows("SELECT id, body FROM families", &Array::new())?;
        let family = |row: &Array| {
            let id = FamilyId::parse(&row.get(0).as_string()?)?;
            Some((id, serde_json::from_str(&row.get(1).as_string()?).ok()?))
        };
        Ok(rows.iter().filter_map(family).collect())
    }

    fn store(&self, id: FamilyId, next: Next) -> Result<(), Broken> {
        let id = id.to_string().into();
        match next {
            Next::Keep => {}
            Next::Put(family) => {
                self.make_table()?;
                let body = serde_json::to_string(&family)?;
                self.rows(
                    "INSERT INTO families (id, purge_at, body) VALUES (?, ?, ?) \
                     ON CONFLICT (id) DO UPDATE SET purge_at = excluded.purge_at, \
                     body = excluded.body",
                    &Array::of3(&id, &millis(family.purge_at()), &body.into()),
                )?;
            }
            Next::Remove => {
                self.rows("DELETE FROM families WHERE id = ?", &Array::of1(&id))?;
            }
        }
        Ok(())
    }

    fn table_is_there(&self) -> Result<bool, JsValue> {
        if !self.has_table.get() {
            let sql = "SELECT name FROM sqlite_master WHERE name = 'families'";
            let found = self.rows(sql, &Array::new())?;
            self.has_table.set(!found.is_empty());
        }
        Ok(self.has_table.get())
    }

    /// Without a rowid a family is one row, not one and an index entry.
    fn make_table(&self) -> Result<(), JsValue> {
        if !self.table_is_there()? {
            self.rows(
                "CREATE TABLE families (id TEXT PRIMARY KEY, purge_at INTEGER NOT NULL, \
                 body TEXT NOT NULL) WITHOUT ROWID",
                &Array::new(),
            )?;
            self.has_table.set(true);
        }
        Ok(())
    }

    /// Runs a statement to its end.
    fn rows(&self, sql: &str, values: &Array) -> Result<Vec<Array>, JsValue> {
        let rows = self.sql.exec(sql, values.clone())?.raw();
        let mut read = Vec::new();
        loop {
            let next = rows.next()?;
            if next.done() {
                return Ok(read);
            }
            read.push(next.value().unchecked_into());
        }
    }
}

/// A column of milliseconds: SQLite's integers are doubles to JavaScript.
#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds since 1970 stay below 2^53 for 285,000 years"
)]
fn millis(at: Timestamp) -> JsValue {
    (at.millis() as f64).into()
}
