//! KV: the records of codes and of refresh tokens, which expire by themselves.
//!
//! Keys are hashes and ids of a fixed form, never what a client sent: KV throws on an empty key, on `.` and `..`, and
//! on more than 512 bytes.

use core::time::Duration;

use serde::Serialize;
use worker::js_sys::{Array, Object, Promise, Reflect};
use worker::wasm_bindgen::{self, JsValue, prelude::wasm_bindgen};

use super::{Bindings, clock, js};
use crate::crypto::secret::{AuthorizationCode, Hash};
use crate::id::FamilyId;
use crate::json_reader;
use crate::snowflake::ApplicationId;
use crate::store::{CodeRecord, Fault, Records, RefreshRecord, time_to_live};

const BINDING: &str = "RECORDS";
/// How long a request waits for KV. Nothing depends on its answer.
const BOUND: Duration = Duration::from_secs(2);
/// How often a write of a record is tried.
const TRIES: usize = 2;
/// How long the mark of a stopped application is kept: longer than any isolate remembers the application, and longer
/// than KV takes to show the mark.
const STOPPED_FOR: Duration = Duration::from_secs(15 * 60);

#[wasm_bindgen(wasm_bindgen = wasm_bindgen)]
extern "C" {
    /// The namespace of KV, which `worker-sys` does not declare.
    #[derive(Clone)]
    pub(super) type Namespace;

    #[wasm_bindgen(method, catch, js_name = get)]
    fn get_promise(this: &Namespace, key: &str, kind: &str) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch, js_name = delete)]
    fn delete_promise(this: &Namespace, key: &str) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn list(this: &Namespace, options: &Object) -> Result<Promise, JsValue>;
}

#[wasm_bindgen(wasm_bindgen = wasm_bindgen, module = "/src/cloudflare/runtime.js")]
extern "C" {
    /// Writes a record that expires after a number of seconds, or never.
    #[wasm_bindgen(catch)]
    fn put(
        namespace: &Namespace,
        key: &str,
        value: &JsValue,
        seconds: f64,
    ) -> Result<Promise, JsValue>;
}

pub(super) fn fault(error: impl core::fmt::Display) -> Fault {
    Fault::new(BINDING, error)
}

impl Namespace {
    async fn get(&self, key: &str) -> Result<Option<String>, Fault> {
        Ok(self.get_as("text", key).await?.as_string())
    }

    pub(super) async fn get_as(&self, kind: &str, key: &str) -> Result<JsValue, Fault> {
        settled(self.get_promise(key, kind)).await
    }

    pub(super) async fn delete(&self, key: &str) -> Result<(), Fault> {
        settled(self.delete_promise(key)).await.map(|_| ())
    }

    /// The keys with this prefix, as many as one list of KV's holds.
    async fn keys(&self, prefix: &str) -> Result<Vec<String>, Fault> {
        let options = Object::new();
        let asked = Reflect::set(&options, &"prefix".into(), &prefix.into());
        let listed = settled(asked.and_then(|_| self.list(&options))).await?;
        let keys = Reflect::get(&listed, &"keys".into()).unwrap_or_default();
        let keys = Array::from(&keys);
        let name = |key: JsValue| Reflect::get(&key, &"name".into()).ok()?.as_string();
        Ok(keys.iter().filter_map(name).collect())
    }

    /// Writes a value that expires after `ttl`, or never.
    pub(super) async fn put(
        &self,
        key: &str,
        value: &JsValue,
        ttl: Option<Duration>,
    ) -> Result<(), Fault> {
        let seconds = ttl.map_or(0.0, |ttl| ttl.as_secs_f64().floor());
        settled(put(self, key, value, seconds)).await.map(|_| ())
    }
}

/// The value of a method's promise.
async fn settled(asked: Result<Promise, JsValue>) -> Result<JsValue, Fault> {
    js::settled_within(BOUND, asked).await.map_err(fault)
}

impl Bindings {
    pub(super) fn records(&self) -> Result<Namespace, Fault> {
        self.count_operation();
        js::binding(&self.env, BINDING)
    }

    /// Writes a record after the answer, so that KV delays and fails no request. The log names the kind of a record
    /// that could not be written, and not its key: a key is a secret's hash.
    fn put_later(&self, key: String, record: Result<String, Fault>, ttl: Duration) {
        let records = self.records();
        self.context.wait_until(async move {
            let kind = key.split(':').next().unwrap_or_default();
            let (records, record) = match (records, record) {
                (Ok(records), Ok(record)) => (records, record),
                (Err(fault), _) | (_, Err(fault)) => {
                    worker::console_error!("{fault}: no {kind} record");
                    return;
                }
            };
            let record = record.into();
            for _ in 0..TRIES {
                match records.put(&key, &record, Some(ttl)).await {
                    Ok(()) => return,
                    Err(fault) => worker::console_error!("{fault}: no {kind} record"),
                }
            }
        });
    }

    /// Deletes a record after the answer.
    pub(super) fn delete_later(&self, key: String) {
        let records = self.records();
        self.context.wait_until(async move {
            let deleted = match records {
                Ok(records) => records.delete(&key).await,
                Err(fault) => Err(fault),
            };
            if let Err(fault) = deleted {
                let kind = key.split(':').next().unwrap_or_default();
                worker::console_error!("{fault}: a {kind} record stays");
            }
        });
    }

    /// Checks that KV answers.
    pub(super) async fn records_answer(&self) -> Result<(), Fault> {
        self.records()?.get("health").await.map(|_| ())
    }
}

impl Records for Bindings {
    fn put_code(&self, code: &Hash<AuthorizationCode>, record: &CodeRecord) {
        let ttl = time_to_live(record.expires_at, clock::now());
        self.put_later(format!("code:{code}"), json(record), ttl);
    }

    async fn code(&self, code: &Hash<AuthorizationCode>) -> Result<Option<CodeRecord>, Fault> {
        let key = format!("code:{code}");
        let stored = self.records()?.get(&key).await?;
        // What cannot be read is as good as not there: the ledger has the same record.
        Ok(stored.and_then(|stored| json_reader::read(&stored).ok()))
    }

    fn put_refresh(&self, family: FamilyId, record: &RefreshRecord) {
        let ttl = time_to_live(record.expires_at, clock::now());
        self.put_later(format!("refresh:{family}"), json(record), ttl);
    }

    fn delete_refresh(&self, family: FamilyId) {
        self.delete_later(format!("refresh:{family}"));
    }

    fn delete_code(&self, family: FamilyId) {
        let records = self.records();
        self.context.wait_until(async move {
            // The id is cut from the code's hash, and 21 characters of it are the hash's own.
            let id = family.to_string();
            let prefix = ["code:", id.get(..21).unwrap_or_default()].concat();
            let deleted = async {
                let records = records?;
                for key in records.keys(&prefix).await? {
                    records.delete(&key).await?;
                }
                Ok::<_, Fault>(())
            };
            if let Err(fault) = deleted.await {
                worker::console_error!("{fault}: a code record stays");
            }
        });
    }

    fn mark_stopped(&self, application: ApplicationId) {
        self.put_later(stopped(application), Ok("1".to_owned()), STOPPED_FOR);
    }

    async fn is_stopped(&self, application: ApplicationId) -> Result<bool, Fault> {
        let mark = self.records()?.get(&stopped(application)).await?;
        Ok(mark.is_some())
    }
}

fn stopped(application: ApplicationId) -> String {
    format!("stopped:{application}")
}

fn json(record: &impl Serialize) -> Result<String, Fault> {
    serde_json::to_string(record).map_err(fault)
}
