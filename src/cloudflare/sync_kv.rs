//! `ctx.storage.kv`, the key-value store of an object, which `worker-sys` does not declare. It is as synchronous as
//! SQL, and needs no table of ours.

use worker::js_sys::Reflect;
use worker::wasm_bindgen::{self, prelude::wasm_bindgen};
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::worker_sys::DurableObjectStorage;

#[wasm_bindgen(wasm_bindgen = wasm_bindgen)]
extern "C" {
    /// An object's own key-value store.
    pub(super) type SyncKv;

    /// Reads a value; undefined where there is none.
    #[wasm_bindgen(method, catch)]
    pub(super) fn get(this: &SyncKv, key: &str) -> Result<JsValue, JsValue>;

    /// Writes a value.
    #[wasm_bindgen(method, catch)]
    pub(super) fn put(this: &SyncKv, key: &str, value: &str) -> Result<(), JsValue>;
}

/// The key-value store of an object.
pub(super) fn of(storage: &DurableObjectStorage) -> Result<SyncKv, JsValue> {
    Ok(Reflect::get(storage, &"kv".into())?.unchecked_into())
}
