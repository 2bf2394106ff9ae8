//! The Durable Object that tells others of authorizations, one for each user. Its alarm sends the events that wait in
//! D1.
//!
//! The object stores nothing but its name, and that only while events wait. The runtime repeats an alarm that failed;
//! the daily sweep sets one that was lost.

use core::cell::Cell;
use core::time::Duration;
use std::rc::Rc;

use worker::js_sys::{Object, Promise};
use worker::wasm_bindgen::JsValue;
use worker::wasm_bindgen::{self, prelude::wasm_bindgen};
use worker::worker_sys::{DurableObjectNamespace, DurableObjectState, DurableObjectStorage};
use worker::{Env, console_error};

use super::flow::{awaited, promise};
use super::objects::Again;
use super::sync_kv::{self, SyncKv};
use super::{Background, Bindings, clock, js, objects};
use crate::endpoint::deliveries::deliver;
use crate::snowflake::Snowflake;
use crate::store::Fault;
use crate::time::Timestamp;

const BINDING: &str = "OUTBOX";
/// The key under which the name is stored.
const NAME: &str = "name";
/// How long the alarm waits before it begins again, where a store did not answer.
const RETRY: Duration = Duration::from_secs(60);

/// Wakes an outbox, whose alarm then sends what waits.
pub(super) async fn wake(env: &Env, outbox: Snowflake) -> Result<(), Fault> {
    let namespace: DurableObjectNamespace = js::binding(env, BINDING)?;
    let name = outbox.to_string();
    let (stub, within) = (|| namespace.get_by_name(&name), objects::BOUND);
    objects::ask(BINDING, &stub, within, &name, Again::AfterAnything).await?;
    Ok(())
}

/// The object, as the runtime sees it.
#[wasm_bindgen(wasm_bindgen = worker::wasm_bindgen)]
pub struct Outbox(Rc<Kept>);

#[wasm_bindgen(wasm_bindgen = worker::wasm_bindgen)]
impl Outbox {
    /// Called by the runtime, with the object's storage and the bindings.
    #[wasm_bindgen(constructor)]
    pub fn new(state: &DurableObjectState, env: Env) -> Result<Outbox, JsValue> {
        let storage = state.storage()?;
        Ok(Self(Rc::new(Kept {
            env,
            kv: sync_kv::of(&storage)?,
            storage,
            woken: Cell::new(false),
        })))
    }

    /// Wakes the object: its alarm sends what waits, and the caller does not wait for that.
    pub fn ask(&self, name: String) -> Promise {
        let kept = Rc::clone(&self.0);
        promise(async move {
            kept.woken.set(true);
            kept.kv.put(NAME, &name)?;
            kept.wake_at(clock::now()).await?;
            Ok("null".into())
        })
    }

    /// Sends the events that are due.
    pub fn alarm(&self) -> Promise {
        let kept = Rc::clone(&self.0);
        promise(async move {
            kept.send().await?;
            Ok(JsValue::UNDEFINED)
        })
    }
}

/// The object's storage and bindings.
struct Kept {
    env: Env,
    storage: DurableObjectStorage,
    kv: SyncKv,
    /// Whether somebody has written an event since the last look at the events began.
    woken: Cell<bool>,
}

impl Kept {
    async fn send(&self) -> Result<(), JsValue> {
        self.woken.set(false);
        let name = self.kv.get(NAME)?.as_string();
        let next = match name.as_deref().and_then(Snowflake::parse) {
            Some(outbox) => self.deliver(outbox).await,
            None => Ok(None),
        };
        let next = next.unwrap_or_else(|fault| {
            console_error!("an outbox begins again later: {fault}");
            Some(clock::now() + RETRY)
        });
        // Nothing is awaited between this look and the alarm: whoever wakes it after that sets its own.
        match next {
            _ if self.woken.get() => self.wake_at(clock::now()).await,
            Some(at) => self.wake_at(at).await,
            None => awaited(self.storage.delete_all()?).await.map(drop),
        }
    }

    async fn deliver(&self, outbox: Snowflake) -> Result<Option<Timestamp>, Fault> {
        let config = super::config(&self.env).map_err(|error| Fault::new("config", error))?;
        let edge = Bindings {
            env: self.env.clone(),
            context: Background::Object,
            colo: String::new(),
            operations: Cell::new(0),
        };
        deliver(&edge, &config, outbox).await
    }

    async fn wake_at(&self, at: Timestamp) -> Result<(), JsValue> {
        awaited(self.storage.set_alarm(clock::date(at), Object::new())?).await?;
        Ok(())
    }
}
