//! The Durable Object that takes the turns of a ledger, one for each user and application.
//!
//! Invariant: a verb's read, decision and write run on SQLite's synchronous interface with no `await` between them.
//! The object has one thread, so no other request can come in between, and the platform holds every answer back until
//! its writes are durable.
//!
//! Invariant: nothing can fail after the write. An object that throws keeps what it wrote, so the alarm is set and
//! the response is made before it, and a write that throws is rolled back.

use core::cell::Cell;
use core::time::Duration;
use std::rc::Rc;

use thiserror::Error;
use worker::js_sys::{Array, Object, Promise};
use worker::wasm_bindgen::{self, prelude::wasm_bindgen};
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::worker_sys::{DurableObjectState, DurableObjectStorage, SqlStorage};
use worker::{Env, console_error};

use super::clock::{self, from_millis, millis};
use super::flow::{self, awaited, promise};
use super::{Bindings, objects, revocations_do};
use crate::id::FamilyId;
use crate::json_reader;
use crate::ledger::{AnyVerb, Families, Family, LedgerId, Reads, Turn, Update, Verb};
use crate::store::{Fault, Ledgers};
use crate::time::Timestamp;

const BINDING: &str = "LEDGER";
/// How long the object waits before it tells the list of revocations again, where that did not answer.
const RETRY: Duration = Duration::from_secs(1);
/// How long after its time an alarm may still come. The platform tries a failed alarm six times and then gives it up.
const LATEST: Duration = Duration::from_secs(600);

impl Ledgers for Bindings {
    async fn ask<V: Verb>(&self, ledger: LedgerId, verb: V) -> Result<V::Answer, Fault> {
        let fault = |error: serde_json::Error| Fault::new(BINDING, error);
        let question = serde_json::to_string::<AnyVerb>(&verb.into()).map_err(fault)?;
        let object = ledger.to_string();
        let answer = self.ask_object(BINDING, &object, &question).await?;
        json_reader::read(&answer).map_err(fault)
    }
}

#[wasm_bindgen(wasm_bindgen = wasm_bindgen)]
extern "C" {
    /// An object's storage, with a method that `worker-sys` does not declare.
    #[wasm_bindgen(extends = DurableObjectStorage)]
    type TransactionalStorage;

    /// Runs the closure, and rolls back what it wrote where it throws.
    #[wasm_bindgen(method, catch, js_name = transactionSync)]
    fn transaction_sync(
        this: &TransactionalStorage,
        closure: &mut dyn FnMut() -> Result<(), JsValue>,
    ) -> Result<JsValue, JsValue>;
}

/// The object, as the runtime sees it. The `worker` crate's own macro would make a task of each turn and copy what no
/// turn looks at; this one answers at once.
#[wasm_bindgen(wasm_bindgen = worker::wasm_bindgen)]
pub struct Ledger(Rc<Table>);

#[wasm_bindgen(wasm_bindgen = worker::wasm_bindgen)]
impl Ledger {
    /// Called by the runtime, with the object's storage.
    #[wasm_bindgen(constructor)]
    pub fn new(state: &DurableObjectState, env: Env) -> Result<Ledger, JsValue> {
        let storage = state.storage()?;
        Ok(Self(Rc::new(Table {
            env,
            sql: storage.sql(),
            storage: storage.unchecked_into(),
            is_there: Cell::new(None),
            alarm: Cell::new(Alarm::Unknown),
        })))
    }

    /// Takes one turn. Throws where storage fails, which will pass.
    pub fn ask(&self, question: &str) -> Result<JsValue, JsValue> {
        let verb: AnyVerb = match json_reader::read(question) {
            Ok(verb) => verb,
            Err(error) => {
                console_error!("an unknown question: {error}");
                return Ok(objects::unknown_question());
            }
        };
        let table = Rc::clone(&self.0);
        if table.is_awake_for(&verb) {
            return table.answer(verb);
        }
        let answered = async move {
            table.wake_for(&verb).await?;
            table.answer(verb)
        };
        Ok(promise(answered).into())
    }

    /// Tells the list of revocations what it does not know yet, and forgets what has expired. The alarm stands at
    /// what was the earliest expiry when it was set. A refresh puts an expiry off without moving the alarm, so it may
    /// find nothing to do.
    pub fn alarm(&self) -> Promise {
        let table = Rc::clone(&self.0);
        promise(async move {
            table.alarm.set(Alarm::Unknown);
            table.announce().await?;
            table.purge(clock::now()).await?;
            Ok(JsValue::UNDEFINED)
        })
    }
}

/// The exception of what cannot be read. It differs from that of an object that does not answer, because asking again
/// does not help.
fn unreadable(error: &serde_json::Error) -> JsValue {
    console_error!("a family cannot be read: {error}");
    objects::unreadable()
}

/// The table of families, one row each.
struct Table {
    env: Env,
    storage: TransactionalStorage,
    sql: SqlStorage,
    /// Whether the table exists; `None` until somebody has looked. A ledger that was never written to, or that has
    /// emptied, stores nothing at all, so a read must not create the table.
    is_there: Cell<Option<bool>>,
    alarm: Cell<Alarm>,
}

/// When the ledger's alarm comes, as far as this instance knows.
#[derive(Clone, Copy)]
enum Alarm {
    /// This instance has not looked.
    Unknown,
    /// No alarm is set.
    Unset,
    At(Timestamp),
}

/// What a turn leaves for the list of revocations.
enum Revoked {
    Nothing,
    /// Some families are not announced yet. The promise is that of the alarm, which announces them where this
    /// instance dies first.
    Unannounced(Promise),
}

/// Why a turn has no answer.
#[derive(Debug, Error)]
enum TurnError {
    /// This code cannot read the question or a family.
    #[error("{0}")]
    Unreadable(#[from] serde_json::Error),
    /// Storage failed. The value is what it threw.
    #[error("{0:?}")]
    Storage(JsValue),
}

impl From<JsValue> for TurnError {
    fn from(thrown: JsValue) -> Self {
        Self::Storage(thrown)
    }
}

impl Table {
    /// Whether the alarm is early enough for whatever the verb opens.
    fn is_awake_for(&self, verb: &AnyVerb) -> bool {
        match (verb.opens_until(clock::now()), self.alarm.get()) {
            (None, _) => true,
            (Some(expires_at), Alarm::At(alarm)) => alarm <= expires_at,
            (Some(_), Alarm::Unset | Alarm::Unknown) => false,
        }
    }

    /// Sets the alarm for what the verb opens, unless an earlier one is set.
    async fn wake_for(&self, verb: &AnyVerb) -> Result<(), JsValue> {
        // A ledger that keeps nothing waits for no alarm.
        if matches!(self.alarm.get(), Alarm::Unknown) && !self.table_is_there()? {
            self.alarm.set(Alarm::Unset);
        }
        if let Alarm::Unknown = self.alarm.get() {
            self.look_at_the_alarm().await?;
        }
        if self.is_awake_for(verb) {
            return Ok(());
        }
        let earliest = self.earliest()?;
        let opens_until = verb.opens_until(clock::now());
        match earliest.into_iter().chain(opens_until).min() {
            Some(alarm) => self.wake_at(alarm).await,
            None => Ok(()),
        }
    }

    async fn look_at_the_alarm(&self) -> Result<(), JsValue> {
        let alarm = awaited(self.storage.get_alarm(Object::new())?).await?;
        let alarm = alarm.as_f64().map(from_millis);
        self.alarm.set(alarm.map_or(Alarm::Unset, Alarm::At));
        Ok(())
    }

    /// Forgets what an alarm should have forgotten long ago: the platform gives up an alarm that failed six times.
    async fn wake_up_late(&self) -> Result<(), JsValue> {
        self.look_at_the_alarm().await?;
        match self.alarm.get() {
            Alarm::At(_) => Ok(()),
            Alarm::Unset | Alarm::Unknown => self.wake_at(clock::now()).await,
        }
    }

    async fn wake_at(&self, alarm: Timestamp) -> Result<(), JsValue> {
        let at = clock::date(alarm);
        awaited(self.storage.set_alarm(at, Object::new())?).await?;
        self.alarm.set(Alarm::At(alarm));
        Ok(())
    }

    fn answer(self: Rc<Self>, verb: AnyVerb) -> Result<JsValue, JsValue> {
        match self.turn(verb) {
            Ok((answer, Revoked::Nothing)) => Ok(answer.into()),
            // The turn is over: what is awaited from here on decides nothing.
            Ok((answer, Revoked::Unannounced(alarm))) => Ok(promise(async move {
                awaited(alarm).await?;
                if let Err(error) = self.announce().await {
                    console_error!("a revocation is announced later: {error:?}");
                }
                Ok(answer.into())
            })
            .into()),
            Err(TurnError::Storage(error)) => Err(error),
            Err(TurnError::Unreadable(error)) => Ok(unreadable(&error)),
        }
    }

    /// Takes the turn of a verb: reads, decides, writes.
    fn turn(self: &Rc<Self>, verb: AnyVerb) -> Result<(String, Revoked), TurnError> {
        let (stored, earliest) = match verb.reads() {
            Reads::Family(id) => self.family(id)?,
            Reads::All => {
                let all = self.all()?;
                let earliest = all.values().map(Family::purge_at).min();
                (all, earliest)
            }
        };
        let now = clock::now();
        self.notice_what_is_late(earliest, now);
        let Turn {
            updates,
            revoked,
            answer,
        } = verb.decide(stored, now)?;
        let mut writes: Vec<_> = revoked.iter().map(|it| Write::announce(*it, now)).collect();
        for (id, update) in updates {
            writes.extend(Write::of(id, update)?);
        }
        let announced = if revoked.is_empty() {
            Revoked::Nothing
        } else {
            // Not awaited, so that the platform writes it together with what follows: whoever dies
            // before the list is told wakes up and tells it.
            let at = clock::date(now + RETRY);
            Revoked::Unannounced(self.storage.set_alarm(at, Object::new())?)
        };
        self.write_all(&writes)?;
        Ok((answer, announced))
    }

    /// Writes all of the changes, or none.
    fn write_all(&self, writes: &[Write]) -> Result<(), JsValue> {
        match writes {
            [] => Ok(()),
            // One statement is whole by itself, and a refresh has no other.
            [write @ Write::Put(_)] if self.is_there.get() == Some(true) => self.write(write),
            writes => {
                let mut write = || writes.iter().try_for_each(|write| self.write(write));
                let written = self.storage.transaction_sync(&mut write);
                if written.is_err() {
                    // The table may have been made in what was rolled back.
                    self.is_there.set(None);
                }
                written.map(drop)
            }
        }
    }

    /// Tells the list of revocations which families have ended. What says so here is deleted only once the list has
    /// it: a revocation that was answered is never lost to verifiers that do not ask this server.
    async fn announce(&self) -> Result<(), JsValue> {
        if !self.has_unannounced()? {
            return Ok(());
        }
        let rows = self.rows("SELECT family, at FROM unannounced", &Array::new())?;
        for row in rows {
            let (Some(text), Some(at)) = (row.get(0).as_string(), row.get(1).as_f64()) else {
                continue;
            };
            if let Some(family) = FamilyId::parse(&text) {
                let told = revocations_do::announce(&self.env, family, from_millis(at)).await;
                told.map_err(|fault| fault.to_string())?;
            }
            let sql = "DELETE FROM unannounced WHERE family = ?";
            self.rows(sql, &Array::of1(&text.into()))?;
        }
        Ok(())
    }

    fn has_unannounced(&self) -> Result<bool, JsValue> {
        let sql = "SELECT name FROM sqlite_master WHERE name = 'unannounced'";
        Ok(!self.rows(sql, &Array::new())?.is_empty())
    }

    async fn purge(&self, now: Timestamp) -> Result<(), JsValue> {
        if !self.table_is_there()? {
            return Ok(());
        }
        let sql = "DELETE FROM families WHERE purge_at <= ?";
        self.rows(sql, &Array::of1(&millis(now)))?;
        if let Some(purge_at) = self.earliest()? {
            return self.wake_at(purge_at).await;
        }
        // An empty ledger leaves nothing behind.
        self.is_there.set(None);
        awaited(self.storage.delete_all()?).await?;
        Ok(())
    }

    fn earliest(&self) -> Result<Option<Timestamp>, JsValue> {
        if !self.table_is_there()? {
            return Ok(None);
        }
        let sql = "SELECT purge_at FROM families ORDER BY purge_at LIMIT 1";
        let rows = self.rows(sql, &Array::new())?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let millis = row.get(0).as_f64().ok_or("purge_at is not a number")?;
        Ok(Some(from_millis(millis)))
    }

    /// Reads a family. Where nobody has looked at the alarm yet, also answers when the first of all families ends.
    fn family(&self, id: FamilyId) -> Result<(Families, Option<Timestamp>), TurnError> {
        let sql = match self.alarm.get() {
            Alarm::Unknown => {
                "SELECT body, (SELECT min(purge_at) FROM families) FROM families WHERE id = ?"
            }
            Alarm::Unset | Alarm::At(_) => "SELECT body, NULL FROM families WHERE id = ?",
        };
        let found = self.read(sql, &Array::of1(&id.to_string().into()))?;
        let Some((row, body)) = found
            .first()
            .and_then(|row| Some((row, row.get(0).as_string()?)))
        else {
            return Ok(Default::default());
        };
        let earliest = row.get(1).as_f64().map(from_millis);
        Ok((Families::from([(id, json_reader::read(&body)?)]), earliest))
    }

    /// Looks at the alarm after the turn, where something is still here that ended long ago. Otherwise it does not:
    /// to look is one more operation, and nearly every ledger that is asked was not in memory.
    fn notice_what_is_late(self: &Rc<Self>, earliest: Option<Timestamp>, now: Timestamp) {
        let is_late = earliest.is_some_and(|earliest| earliest + LATEST < now);
        if !is_late || !matches!(self.alarm.get(), Alarm::Unknown) {
            return;
        }
        let table = Rc::clone(self);
        drop(flow::work(async move {
            if let Err(error) = table.wake_up_late().await {
                console_error!("what has ended is forgotten later: {error:?}");
            }
        }));
    }

    /// Reads every family. A row that cannot be read is left out, and the others are not.
    fn all(&self) -> Result<Families, JsValue> {
        let rows = self.read("SELECT id, body FROM families", &Array::new())?;
        let family = |row: &Array| {
            let id = FamilyId::parse(&row.get(0).as_string()?)?;
            Some((id, json_reader::read(&row.get(1).as_string()?).ok()?))
        };
        Ok(rows.iter().filter_map(family).collect())
    }

    fn write(&self, write: &Write) -> Result<(), JsValue> {
        match write {
            Write::Put(values) => {
                self.make_table()?;
                self.rows(
                    "INSERT INTO families (id, purge_at, body) VALUES (?, ?, ?) \
                     ON CONFLICT (id) DO UPDATE SET purge_at = excluded.purge_at, \
                     body = excluded.body",
                    values,
                )?;
            }
            Write::Announce(values) => {
                self.rows(
                    "CREATE TABLE IF NOT EXISTS unannounced (family TEXT PRIMARY KEY, \
                     at INTEGER NOT NULL) WITHOUT ROWID",
                    &Array::new(),
                )?;
                self.rows(
                    "INSERT OR IGNORE INTO unannounced (family, at) VALUES (?, ?)",
                    values,
                )?;
            }
            Write::Remove(id) => {
                self.rows("DELETE FROM families WHERE id = ?", id)?;
            }
        }
        Ok(())
    }

    /// Reads families. Nearly every ledger that is asked has some, so only where that fails it looks whether the
    /// table exists.
    fn read(&self, sql: &str, values: &Array) -> Result<Vec<Array>, JsValue> {
        if self.is_there.get() == Some(false) {
            return Ok(Vec::new());
        }
        match self.rows(sql, values) {
            Err(_) if !self.table_is_there()? => Ok(Vec::new()),
            Ok(rows) => {
                self.is_there.set(Some(true));
                Ok(rows)
            }
            unreadable => unreadable,
        }
    }

    fn table_is_there(&self) -> Result<bool, JsValue> {
        if let Some(is_there) = self.is_there.get() {
            return Ok(is_there);
        }
        let sql = "SELECT name FROM sqlite_master WHERE name = 'families'";
        let is_there = !self.rows(sql, &Array::new())?.is_empty();
        self.is_there.set(Some(is_there));
        Ok(is_there)
    }

    /// Creates the table. Without a rowid a family is one row; with one it would be a row and an index entry.
    fn make_table(&self) -> Result<(), JsValue> {
        if !self.table_is_there()? {
            self.rows(
                "CREATE TABLE families (id TEXT PRIMARY KEY, purge_at INTEGER NOT NULL, \
                 body TEXT NOT NULL) WITHOUT ROWID",
                &Array::new(),
            )?;
            self.is_there.set(Some(true));
        }
        Ok(())
    }

    /// Runs a statement to its end, and answers its rows.
    fn rows(&self, sql: &str, values: &Array) -> Result<Vec<Array>, JsValue> {
        objects::rows(&self.sql, sql, values)
    }
}

/// A change of a row, with the values of its statement.
enum Write {
    Put(Array),
    Remove(Array),
    Announce(Array),
}

impl Write {
    fn announce(id: FamilyId, at: Timestamp) -> Self {
        Self::Announce(Array::of2(&id.to_string().into(), &millis(at)))
    }

    /// The change for an update of the ledger; `None` where nothing changes. Fails where the family cannot be written
    /// as JSON.
    fn of(id: FamilyId, update: Update) -> serde_json::Result<Option<Self>> {
        let id = id.to_string().into();
        Ok(match update {
            Update::Keep => None,
            Update::Put(family) => {
                let body = serde_json::to_string(&family)?.into();
                Some(Self::Put(Array::of3(
                    &id,
                    &millis(family.purge_at()),
                    &body,
                )))
            }
            Update::Remove => Some(Self::Remove(Array::of1(&id))),
        })
    }
}
