//! How Durable Objects are asked: one question, one answer, both in JSON.
//!
//! The question travels in a header and not in a body: a body is a stream, which the object would have
//! to wait for before its turn, and which costs as much again as the turn.

use core::fmt::Write;
use std::borrow::Cow;

use serde::de::DeserializeOwned;
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::web_sys::{Headers, Request, RequestInit, Response};
use worker::worker_sys::DurableObjectNamespace;

use super::{Edge, js};
use crate::store::Fault;

/// The header that carries the question.
const QUESTION: &str = "question";

impl Edge {
    /// Asks an object. One that throws is a fault of ours.
    pub(super) async fn ask_object(
        &self,
        binding: &'static str,
        name: &str,
        question: &str,
    ) -> Result<String, Fault> {
        let fault = |words| Fault::new(binding, words);
        let namespace: DurableObjectNamespace = js::binding(&self.env, binding)?;
        let object = namespace.get_by_name(name);
        let asked = object.and_then(|object| object.fetch_with_request(&carrying(question)?));
        let response: Response = js::settled(asked).await.map_err(fault)?.unchecked_into();
        if response.status() != 200 {
            return Err(Fault::lasting(binding, response.status()));
        }
        let answer = js::settled(response.text()).await.map_err(fault)?;
        answer
            .as_string()
            .ok_or_else(|| fault("no text".to_owned()))
    }
}

/// A request to an object; its host is never resolved, the stub is the address.
fn carrying(question: &str) -> Result<Request, JsValue> {
    let headers = Headers::new()?;
    headers.set(QUESTION, &ascii(question))?;
    let init = RequestInit::new();
    init.set_headers(&headers);
    Request::new_with_str_and_init("https://object/", &init)
}

/// The question that a request to this object carries.
pub(super) fn question<T: DeserializeOwned>(request: &worker::Request) -> worker::Result<T> {
    let question = request.headers().get(QUESTION)?.unwrap_or_default();
    Ok(serde_json::from_str(&question)?)
}

/// JSON as a header can carry it: what is not visible ASCII stands only inside strings, where it can
/// be escaped.
fn ascii(json: &str) -> Cow<'_, str> {
    let is_plain = |character: char| matches!(character, ' '..='~');
    if json.chars().all(is_plain) {
        return Cow::Borrowed(json);
    }
    let mut escaped = String::with_capacity(2 * json.len());
    for character in json.chars() {
        if is_plain(character) {
            escaped.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            // Writing to a string cannot fail.
            let _ = write!(escaped, "\\u{unit:04x}");
        }
    }
    Cow::Owned(escaped)
}
