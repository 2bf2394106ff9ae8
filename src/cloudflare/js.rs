//! What is called as JavaScript calls it: the bindings that `worker-sys` declares, without the `worker` crate's
//! wrappers. The wrappers look a binding's class up by name for each request, read every row through a deserializer
//! of its own, and are a tenth of the Worker.

use core::time::Duration;

use worker::Env;
use worker::js_sys::{Array, Error, Promise, Reflect};
use worker::wasm_bindgen::{self, prelude::wasm_bindgen};
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::web_sys::Response;
use worker::worker_sys::{DurableObject, SqlStorage};

use super::flow::{self, Settlement};
use crate::store::Fault;

/// A binding of `wrangler.toml`.
pub(super) fn binding<T: JsCast>(env: &Env, name: &'static str) -> Result<T, Fault> {
    let binding = Reflect::get(env, &name.into()).unwrap_or_default();
    if binding.is_object() {
        Ok(binding.unchecked_into())
    } else {
        Err(Fault::new(name, "there is no such binding"))
    }
}

/// The value that a promise was resolved with, or the words of its exception.
pub(super) async fn settled(promise: Result<Promise, JsValue>) -> Result<JsValue, String> {
    let kept = match promise {
        Ok(promise) => flow::awaited(promise).await,
        Err(error) => Err(error),
    };
    kept.map_err(|error| reason(&error))
}

/// The value that a promise was resolved with, within the bound. A call that is given up may still have its effect.
pub(super) async fn settled_within(
    bound: Duration,
    promise: Result<Promise, JsValue>,
) -> Result<JsValue, String> {
    match outcome_within(bound, promise).await {
        Some(kept) => kept.map_err(|error| reason(&error)),
        None => Err(format!("no answer within {} s", bound.as_secs())),
    }
}

#[wasm_bindgen(wasm_bindgen = wasm_bindgen, module = "/src/cloudflare/runtime.js")]
extern "C" {
    /// Makes a response. Its headers are JSON.
    #[wasm_bindgen(catch)]
    pub(super) fn response(status: u16, headers: &str, body: &str) -> Result<Response, JsValue>;

    /// Makes a response whose body is not text: bytes, or a stream.
    #[wasm_bindgen(catch, js_name = response)]
    pub(super) fn response_of(
        status: u16,
        headers: &str,
        body: &JsValue,
    ) -> Result<Response, JsValue>;

    /// Asks an object by RPC.
    #[wasm_bindgen(catch)]
    pub(super) fn ask(object: &DurableObject, question: &str) -> Result<Promise, JsValue>;

    /// Asks an object by `fetch`, as Workers and objects of earlier versions did.
    #[wasm_bindgen(catch, js_name = askByFetch)]
    pub(super) fn ask_by_fetch(object: &DurableObject, question: &str) -> Result<Promise, JsValue>;

    /// Runs a statement of an object's SQLite to its end, and answers its rows.
    #[wasm_bindgen(catch)]
    pub(super) fn rows(storage: &SqlStorage, sql: &str, values: &Array) -> Result<Array, JsValue>;
}

/// Does as [`settled_within`], but with the exception as it was thrown. `None` where nothing came in time.
pub(super) async fn outcome_within(
    bound: Duration,
    promise: Result<Promise, JsValue>,
) -> Option<Result<JsValue, JsValue>> {
    let promise = match promise {
        Ok(promise) => promise,
        Err(error) => return Some(Err(error)),
    };
    match flow::outcome(&promise, Some(bound)).await {
        Settlement::Kept(value) => Some(Ok(value)),
        Settlement::Broken(error) => Some(Err(error)),
        Settlement::Late => None,
    }
}

/// An exception in words.
pub(super) fn reason(error: &JsValue) -> String {
    match error.dyn_ref::<Error>() {
        Some(error) => error.message().into(),
        None => format!("{error:?}"),
    }
}
