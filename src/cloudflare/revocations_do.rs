//! The Durable Objects that list the families that were revoked. Only ledgers write to them, and only where other
//! resource servers may hold tokens of the family.

use worker::js_sys::Array;
use worker::wasm_bindgen::JsValue;
use worker::wasm_bindgen::{self, prelude::wasm_bindgen};
use worker::worker_sys::{DurableObjectNamespace, DurableObjectState, SqlStorage};
use worker::{Env, console_error};

use super::clock::millis;
use super::objects::Again;
use super::{Bindings, clock, js, objects};
use crate::config::Config;
use crate::id::FamilyId;
use crate::json_reader;
use crate::revocations::{self, MAX_LISTED, RevocationsQuestion, SHARDS};
use crate::store::{Fault, Revocations};
use crate::time::Timestamp;

const BINDING: &str = "REVOKED";

fn fault(error: impl core::fmt::Display) -> Fault {
    Fault::new(BINDING, error)
}

impl Revocations for Bindings {
    async fn revoked(&self, _: &Config) -> Result<Vec<FamilyId>, Fault> {
        let question = serde_json::to_string(&RevocationsQuestion::Read).map_err(fault)?;
        let mut families = Vec::new();
        let names: Vec<_> = (0..SHARDS).map(revocations::name).collect();
        let asked = names
            .iter()
            .map(|name| self.ask_object(BINDING, name, &question));
        for answer in futures_util::future::join_all(asked).await {
            let listed: Vec<FamilyId> = json_reader::read(&answer?).map_err(fault)?;
            families.extend(listed);
        }
        Ok(families)
    }
}

/// Tells the list that a family ended at this time.
pub(super) async fn announce(env: &Env, family: FamilyId, at: Timestamp) -> Result<(), Fault> {
    let question = serde_json::to_string(&RevocationsQuestion::List(family, at)).map_err(fault)?;
    let name = revocations::name(revocations::shard(family));
    let namespace: DurableObjectNamespace = js::binding(env, BINDING)?;
    let (stub, within) = (|| namespace.get_by_name(&name), objects::BOUND);
    objects::ask(BINDING, &stub, within, &question, Again::AfterAnything).await?;
    Ok(())
}

/// One part of the list, as the runtime sees it.
#[wasm_bindgen(wasm_bindgen = worker::wasm_bindgen)]
pub struct RevokedFamilies {
    env: Env,
    sql: SqlStorage,
}

#[wasm_bindgen(wasm_bindgen = worker::wasm_bindgen)]
impl RevokedFamilies {
    /// Called by the runtime, with the object's storage.
    #[wasm_bindgen(constructor)]
    pub fn new(state: &DurableObjectState, env: Env) -> Result<RevokedFamilies, JsValue> {
        let sql = state.storage()?.sql();
        Ok(Self { env, sql })
    }

    /// Answers one question, without awaiting anything. Throws where storage fails, which will pass.
    pub fn ask(&self, question: &str) -> Result<String, JsValue> {
        match json_reader::read(question).map_err(|error| error.to_string())? {
            RevocationsQuestion::List(family, at) => self.list(family, at)?,
            RevocationsQuestion::Read => {
                let read = serde_json::to_string(&self.read()?);
                return Ok(read.map_err(|error| error.to_string())?);
            }
        }
        Ok("null".to_owned())
    }
}

impl RevokedFamilies {
    fn list(&self, family: FamilyId, at: Timestamp) -> Result<(), JsValue> {
        if self.read()?.len() >= MAX_LISTED {
            console_error!("the list of revocations is full");
            return Err("the list is full".into());
        }
        self.rows(
            "INSERT OR IGNORE INTO revoked (family, at) VALUES (?, ?)",
            &Array::of2(&family.to_string().into(), &millis(at)),
        )?;
        Ok(())
    }

    /// Reads the list, after deleting what has been listed for long enough.
    fn read(&self) -> Result<Vec<String>, JsValue> {
        self.rows(
            "CREATE TABLE IF NOT EXISTS revoked (family TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID",
            &Array::new(),
        )?;
        let config = super::config(&self.env).map_err(|error| error.to_string())?;
        let since = revocations::since(clock::now(), config.resource_token_lifetime);
        self.rows(
            "DELETE FROM revoked WHERE at < ?",
            &Array::of1(&millis(since)),
        )?;
        let rows = self.rows("SELECT family FROM revoked", &Array::new())?;
        Ok(rows
            .iter()
            .filter_map(|row| row.get(0).as_string())
            .collect())
    }

    fn rows(&self, sql: &str, values: &Array) -> Result<Vec<Array>, JsValue> {
        objects::rows(&self.sql, sql, values)
    }
}
