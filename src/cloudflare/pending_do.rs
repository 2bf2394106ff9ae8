//! The Durable Object of an entry that waits to be answered once.
//!
//! As in a ledger, a verb's read, decision and write are synchronous, and nothing can fail after the write: the alarm
//! that deletes the entry is set before it.

use core::cell::Cell;
use core::time::Duration;
use std::rc::Rc;

use worker::console_error;
use worker::js_sys::{Object, Promise};
use worker::wasm_bindgen::JsValue;
use worker::wasm_bindgen::{self, prelude::wasm_bindgen};
use worker::worker_sys::{DurableObjectNamespace, DurableObjectState, DurableObjectStorage};

use super::flow::{awaited, promise};
use super::objects::Again;
use super::sync_kv::{self, SyncKv};
use super::{Bindings, clock, js, objects};
use crate::id::AttemptId;
use crate::json_reader;
use crate::pending::{AnyEntryVerb, Entry, EntryUpdate, EntryVerb, PendingId, Release};
use crate::store::{Fault, Pending};
use crate::time::Timestamp;

const BINDING: &str = "PENDING";
/// The key under which the entry is stored.
const ENTRY: &str = "entry";
/// How long a request that ends in a fault waits for the object to take back what the request had used up.
const RELEASE: Duration = Duration::from_secs(1);

impl Pending for Bindings {
    async fn ask_pending<V: EntryVerb>(&self, id: &PendingId, verb: V) -> Result<V::Answer, Fault> {
        let fault = |error: serde_json::Error| Fault::new(BINDING, error);
        let question = serde_json::to_string::<AnyEntryVerb>(&verb.into()).map_err(fault)?;
        let answer = self.ask_object(BINDING, id.as_str(), &question).await?;
        json_reader::read(&answer).map_err(fault)
    }

    async fn release(&self, id: &PendingId, by: AttemptId) -> Result<(), Fault> {
        let fault = |error: serde_json::Error| Fault::new(BINDING, error);
        let question =
            serde_json::to_string::<AnyEntryVerb>(&Release { by }.into()).map_err(fault)?;
        self.count_operation();
        let namespace: DurableObjectNamespace = js::binding(&self.env, BINDING)?;
        let stub = || namespace.get_by_name(id.as_str());
        let again = Again::AfterDeployment;
        objects::ask(BINDING, &stub, RELEASE, &question, again).await?;
        Ok(())
    }
}

/// The object, as the runtime sees it.
#[wasm_bindgen(wasm_bindgen = worker::wasm_bindgen)]
pub struct PendingEntry(Rc<Kept>);

#[wasm_bindgen(wasm_bindgen = worker::wasm_bindgen)]
impl PendingEntry {
    /// Called by the runtime, with the object's storage.
    #[wasm_bindgen(constructor)]
    pub fn new(state: &DurableObjectState) -> Result<PendingEntry, JsValue> {
        let storage = state.storage()?;
        Ok(Self(Rc::new(Kept {
            kv: sync_kv::of(&storage)?,
            storage,
            alarm_is_set: Cell::new(false),
        })))
    }

    /// Takes one turn. Throws where storage fails, which will pass.
    pub fn ask(&self, question: &str) -> Result<JsValue, JsValue> {
        let verb: AnyEntryVerb = match json_reader::read(question) {
            Ok(verb) => verb,
            Err(error) => {
                console_error!("an unknown question: {error}");
                return Ok(objects::unknown_question());
            }
        };
        let kept = Rc::clone(&self.0);
        match verb.opens_until() {
            Some(until) if !kept.alarm_is_set.get() => {
                Ok(promise(async move { kept.open(verb, until).await }).into())
            }
            _ => kept.turn(verb),
        }
    }

    /// Deletes the entry once its time is over.
    pub fn alarm(&self) -> Promise {
        let kept = Rc::clone(&self.0);
        promise(async move {
            kept.delete_what_is_over().await?;
            Ok(JsValue::UNDEFINED)
        })
    }
}

/// The object's storage.
struct Kept {
    storage: DurableObjectStorage,
    kv: SyncKv,
    /// Whether this instance has set the alarm.
    alarm_is_set: Cell<bool>,
}

impl Kept {
    async fn open(&self, verb: AnyEntryVerb, until: Timestamp) -> Result<JsValue, JsValue> {
        self.wake_at(until).await?;
        self.turn(verb)
    }

    fn turn(&self, verb: AnyEntryVerb) -> Result<JsValue, JsValue> {
        let stored = match self.entry() {
            Ok(stored) => stored,
            Err(error) => {
                console_error!("unreadable: {error:?}");
                return Ok(objects::unreadable());
            }
        };
        let thrown = |error: serde_json::Error| JsValue::from(error.to_string());
        let (update, answer) = verb.decide(stored, clock::now()).map_err(thrown)?;
        if let EntryUpdate::Put(entry) = update {
            let entry = serde_json::to_string(&entry).map_err(thrown)?;
            self.kv.put(ENTRY, &entry)?;
        }
        Ok(answer.into())
    }

    fn entry(&self) -> Result<Option<Entry>, JsValue> {
        let Some(entry) = self.kv.get(ENTRY)?.as_string() else {
            return Ok(None);
        };
        let entry = json_reader::read(&entry);
        entry.map(Some).map_err(|error| error.to_string().into())
    }

    async fn delete_what_is_over(&self) -> Result<(), JsValue> {
        self.alarm_is_set.set(false);
        // A visit prolongs a request, and what cannot be read is nobody's.
        let entry = self.entry().ok().flatten();
        match entry.filter(|entry| entry.until > clock::now()) {
            Some(entry) => self.wake_at(entry.until).await,
            None => awaited(self.storage.delete_all()?).await.map(drop),
        }
    }

    async fn wake_at(&self, at: Timestamp) -> Result<(), JsValue> {
        let date = clock::date(at);
        awaited(self.storage.set_alarm(date, Object::new())?).await?;
        self.alarm_is_set.set(true);
        Ok(())
    }
}
