//! KV: code and refresh-token records, with TTLs.
//!
//! Keys are hashes and fixed-form ids, never input: KV throws on an empty key, on `.` and `..`,
//! and above 512 bytes.

use core::time::Duration;

use serde::Serialize;
use worker::js_sys::{Function, Object, Promise, Reflect};
use worker::wasm_bindgen::{JsCast, JsValue};

use super::{Bindings, ambient, js};
use crate::crypto::secret::{AuthorizationCode, Hash};
use crate::id::FamilyId;
use crate::store::{CodeRecord, Fault, Records, RefreshRecord, time_to_live};
use crate::time::Timestamp;

const BINDING: &str = "RECORDS";

/// The namespace. `worker-sys` does not declare it.
#[derive(Clone)]
struct Namespace(JsValue);

fn fault(error: impl core::fmt::Display) -> Fault {
    Fault::new(BINDING, error)
}

impl Namespace {
    fn method(&self, name: &str) -> Result<Function, JsValue> {
        Reflect::get(&self.0, &name.into()).and_then(JsCast::dyn_into)
    }

    async fn get(&self, key: &str) -> Result<Option<String>, Fault> {
        let asked = self.method("get");
        let asked = asked.and_then(|get| get.call1(&self.0, &key.into()));
        Ok(settled(asked).await?.as_string())
    }

    async fn put(&self, key: &str, value: &str, ttl: Duration) -> Result<(), Fault> {
        let options = Object::new();
        let ttl = ttl.as_secs_f64().floor();
        let asked = Reflect::set(&options, &"expirationTtl".into(), &ttl.into())
            .and_then(|_| self.method("put"))
            .and_then(|put| put.call3(&self.0, &key.into(), &value.into(), &options));
        settled(asked).await.map(|_| ())
    }
}

/// What a method's promise was kept with.
async fn settled(asked: Result<JsValue, JsValue>) -> Result<JsValue, Fault> {
    let promise = asked.and_then(JsCast::dyn_into::<Promise>);
    js::settled(promise).await.map_err(fault)
}

impl Bindings {
    fn records(&self) -> Result<Namespace, Fault> {
        js::binding(&self.env, BINDING).map(Namespace)
    }

    /// Whether KV answers.
    pub(super) async fn records_answer(&self) -> Result<(), Fault> {
        self.records()?.get("health").await.map(|_| ())
    }
}

impl Records for Bindings {
    async fn put_code(
        &self,
        code: &Hash<AuthorizationCode>,
        record: &CodeRecord,
    ) -> Result<(), Fault> {
        put(
            &self.records()?,
            &format!("code:{code}"),
            record,
            record.expires_at,
        )
        .await
    }

    async fn code(&self, code: &Hash<AuthorizationCode>) -> Result<Option<CodeRecord>, Fault> {
        let key = format!("code:{code}");
        let stored = self.records()?.get(&key).await?;
        // What cannot be read is as good as not there: the ledger has the same record.
        Ok(stored.and_then(|stored| serde_json::from_str(&stored).ok()))
    }

    fn put_refresh(&self, family: FamilyId, record: RefreshRecord) {
        let records = self.records();
        self.context.wait_until(async move {
            let put = match records {
                Ok(records) => {
                    put(
                        &records,
                        &format!("refresh:{family}"),
                        &record,
                        record.expires_at,
                    )
                    .await
                }
                Err(fault) => Err(fault),
            };
            if let Err(fault) = put {
                worker::console_error!("{fault}");
            }
        });
    }
}

async fn put(
    records: &Namespace,
    key: &str,
    record: &impl Serialize,
    expires_at: Timestamp,
) -> Result<(), Fault> {
    let text = serde_json::to_string(record).map_err(fault)?;
    let ttl = time_to_live(expires_at, ambient::now());
    records.put(key, &text, ttl).await
}
