//! How Durable Objects are asked: one question, one answer, both in JSON.
//!
//! They travel in headers and not in bodies: a body is a stream, which the object would have to wait for
//! before its turn, and which costs as much again as the turn.

use core::fmt::Write;
use std::borrow::Cow;

use worker::js_sys::Array;
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::web_sys::{Headers, Request, RequestInit, Response, ResponseInit};
use worker::worker_sys::{DurableObject, DurableObjectNamespace, SqlStorage};

use super::{Bindings, js};
use crate::store::Fault;

/// The header that carries the question.
const QUESTION: &str = "question";
/// The header that carries the answer, where it is not long.
const ANSWER: &str = "answer";
/// Longest answer in a header, in bytes: the platform bounds all of them together.
const MAX_HEADER_BYTES: usize = 8 * 1024;

impl Bindings {
    /// Asks an object. One that throws is a fault of ours.
    pub(super) async fn ask_object(
        &self,
        binding: &'static str,
        name: &str,
        question: &str,
    ) -> Result<String, Fault> {
        let namespace: DurableObjectNamespace = js::binding(&self.env, binding)?;
        ask(binding, namespace.get_by_name(name), question).await
    }
}

/// Asks the object behind a stub.
pub(super) async fn ask(
    binding: &'static str,
    object: Result<DurableObject, JsValue>,
    question: &str,
) -> Result<String, Fault> {
    let fault = |words| Fault::new(binding, words);
    let asked = object.and_then(|object| object.fetch_with_request(&carrying(question)?));
    let response: Response = js::settled(asked).await.map_err(fault)?.unchecked_into();
    if response.status() != 200 {
        return Err(Fault::permanent(binding, response.status()));
    }
    let thrown = |error: JsValue| fault(js::reason(&error));
    if let Some(answer) = response.headers().get(ANSWER).map_err(thrown)? {
        return Ok(answer);
    }
    let answer = js::settled(response.text()).await.map_err(fault)?;
    answer
        .as_string()
        .ok_or_else(|| fault("no text".to_owned()))
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
pub(super) fn question(request: &Request) -> Result<String, JsValue> {
    Ok(request.headers().get(QUESTION)?.unwrap_or_default())
}

/// An object's answer.
pub(super) fn answer(answer: &str) -> Result<Response, JsValue> {
    if answer.len() > MAX_HEADER_BYTES {
        return Response::new_with_opt_str(Some(answer));
    }
    let headers = Headers::new()?;
    headers.set(ANSWER, &ascii(answer))?;
    let init = ResponseInit::new();
    init.set_headers(&headers);
    Response::new_with_opt_str_and_init(None, &init)
}

/// The answer of an object that cannot read what it stored, now or ever.
pub(super) fn unreadable() -> Result<Response, JsValue> {
    let init = ResponseInit::new();
    init.set_status(500);
    Response::new_with_opt_str_and_init(None, &init)
}

/// Runs a statement of an object's SQLite to its end: an iterator that is left unread loses the turn.
pub(super) fn rows(storage: &SqlStorage, sql: &str, values: &Array) -> Result<Vec<Array>, JsValue> {
    let rows = storage.exec(sql, values.clone())?.raw();
    let mut read = Vec::new();
    loop {
        let next = rows.next()?;
        if next.done() {
            return Ok(read);
        }
        read.push(next.value().unchecked_into());
    }
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
