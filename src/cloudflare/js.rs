//! What is called as JavaScript calls it: the bindings that `worker-sys` declares, without the
//! `worker` crate's wrappers around them. Those look a binding's class up by name for each request,
//! read every row through a deserializer of its own, and are a tenth of the Worker.

use worker::Env;
use worker::js_sys::{Error, Promise, Reflect};
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::wasm_bindgen_futures::JsFuture;

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

/// What a promise was kept with, or the words it was broken with.
pub(super) async fn settled(promise: Result<Promise, JsValue>) -> Result<JsValue, String> {
    let kept = match promise {
        Ok(promise) => JsFuture::from(promise).await,
        Err(error) => Err(error),
    };
    kept.map_err(|error| reason(&error))
}

/// An exception in words.
pub(super) fn reason(error: &JsValue) -> String {
    match error.dyn_ref::<Error>() {
        Some(error) => error.message().into(),
        None => format!("{error:?}"),
    }
}
