//! How Durable Objects are asked: one question, one answer, both in JSON.
//!
//! They travel in headers and not in bodies: a body is a stream, which the object would have to wait for
//! before its turn, and which costs as much again as the turn.

use core::fmt::Write;
use core::time::Duration;
use std::borrow::Cow;

use worker::js_sys::{Array, Date, Reflect};
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::web_sys::{Headers, Request, RequestInit, Response, ResponseInit};
use worker::worker_sys::{DurableObject, DurableObjectNamespace, SqlStorage};

use super::{Bindings, js};
use crate::store::Fault;
use crate::time::Timestamp;

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
        self.count_operation();
        let namespace: DurableObjectNamespace = js::binding(&self.env, binding)?;
        match try_once(binding, namespace.get_by_name(name), question).await {
            Ok(answer) => Ok(answer),
            // A deployment resets objects, and while it rolls out one may still be of the version
            // before. Every verb may be asked twice, but a stub that saw a failure stays broken.
            Err(Unanswered::Now(fault)) => {
                worker::console_error!("asking again after {fault}");
                ask(binding, namespace.get_by_name(name), question).await
            }
            Err(Unanswered::Bound(fault)) => Err(fault),
        }
    }
}

/// How long an object is waited for.
const BOUND: Duration = Duration::from_secs(5);

/// Why there is no answer.
enum Unanswered {
    /// A fresh stub may have one.
    Now(Fault),
    /// The time for it has passed, or the object has more to do than it can.
    Bound(Fault),
}

impl Unanswered {
    fn fault(self) -> Fault {
        match self {
            Self::Now(fault) | Self::Bound(fault) => fault,
        }
    }

    fn thrown(binding: &'static str, error: &JsValue) -> Self {
        let fault = Fault::new(binding, js::reason(error));
        let is_overloaded = Reflect::get(error, &"overloaded".into());
        if is_overloaded.is_ok_and(|it| it.is_truthy()) {
            Self::Bound(fault)
        } else {
            Self::Now(fault)
        }
    }
}

/// Asks the object behind a stub.
pub(super) async fn ask(
    binding: &'static str,
    object: Result<DurableObject, JsValue>,
    question: &str,
) -> Result<String, Fault> {
    let answer = try_once(binding, object, question).await;
    answer.map_err(Unanswered::fault)
}

async fn try_once(
    binding: &'static str,
    object: Result<DurableObject, JsValue>,
    question: &str,
) -> Result<String, Unanswered> {
    let thrown = |error: JsValue| Unanswered::thrown(binding, &error);
    let late = || Unanswered::Bound(Fault::new(binding, "no answer within 5 s"));
    let asked = object.and_then(|object| object.fetch_with_request(&carrying(question)?));
    let response = js::outcome_within(BOUND, asked).await.ok_or_else(late)?;
    let response: Response = response.map_err(thrown)?.unchecked_into();
    match response.status() {
        200 => {}
        UNKNOWN_QUESTION => {
            let fault = Fault::new(binding, "an object of another version");
            return Err(Unanswered::Now(fault));
        }
        status => return Err(Unanswered::Now(Fault::permanent(binding, status))),
    }
    if let Some(answer) = response.headers().get(ANSWER).map_err(thrown)? {
        return Ok(answer);
    }
    let text = js::outcome_within(BOUND, response.text()).await;
    let text = text.ok_or_else(late)?.map_err(thrown)?;
    text.as_string()
        .ok_or_else(|| Unanswered::Now(Fault::new(binding, "no text")))
}

/// A column of milliseconds: SQLite's integers are doubles to JavaScript.
#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds since 1970 stay below 2^53 for 285,000 years"
)]
pub(super) fn millis(at: Timestamp) -> JsValue {
    (at.millis() as f64).into()
}

/// An instant for an alarm.
pub(super) fn date(at: Timestamp) -> Date {
    Date::new(&millis(at))
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

/// The status of an object that does not know the question: it is of another version.
const UNKNOWN_QUESTION: u16 = 501;

/// The answer of an object that cannot read what it stored, now or ever.
pub(super) fn unreadable() -> Result<Response, JsValue> {
    empty(500)
}

/// The answer of an object that does not know the question.
pub(super) fn unknown_question() -> Result<Response, JsValue> {
    empty(UNKNOWN_QUESTION)
}

fn empty(status: u16) -> Result<Response, JsValue> {
    let init = ResponseInit::new();
    init.set_status(status);
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
