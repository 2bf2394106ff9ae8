//! How Durable Objects are asked: one question and one answer, both in JSON, by JavaScript's RPC, which costs less
//! than `fetch`. The JavaScript side is in `entry.js` and `runtime.js`.

use core::time::Duration;

use worker::js_sys::{Array, Promise, Reflect, TypeError};
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::worker_sys::{DurableObject, DurableObjectNamespace, SqlStorage};

use super::{Bindings, clock, js};
use crate::store::Fault;

impl Bindings {
    /// Asks an object. An exception of the object is a fault.
    pub(super) async fn ask_object(
        &self,
        binding: &'static str,
        name: &str,
        question: &str,
    ) -> Result<String, Fault> {
        self.count_operation();
        let namespace: DurableObjectNamespace = js::binding(&self.env, binding)?;
        let stub = || namespace.get_by_name(name);
        ask(binding, &stub, BOUND, question, Again::AfterAnything).await
    }
}

/// Which failures make a question be asked once more.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// The failures of a deployment: the object exists, but was reset, or is of another version.
    AfterDeployment,
    /// The failures that a fresh stub may mend.
    AfterAnything,
}

/// How long a request waits for an object.
pub(super) const BOUND: Duration = Duration::from_secs(5);

/// Why a question has no answer.
enum Unanswered {
    /// A deployment reset the object, or the object is still of the version before.
    Deployed(Fault),
    /// The question failed in a way that a fresh stub may mend.
    Now(Fault),
    /// The object did not answer in time, or has more to do than it can.
    Bound(Fault),
}

impl Unanswered {
    fn fault(self) -> Fault {
        match self {
            Self::Deployed(fault) | Self::Now(fault) | Self::Bound(fault) => fault,
        }
    }

    fn thrown(binding: &'static str, error: &JsValue) -> Self {
        let fault = Fault::new(binding, js::reason(error));
        let says = |what: &str| Reflect::get(error, &what.into()).is_ok_and(|it| it.is_truthy());
        if says("overloaded") {
            Self::Bound(fault)
        } else if says("durableObjectReset") || error.is_instance_of::<TypeError>() {
            // An object without the method that was called is a `TypeError`.
            Self::Deployed(fault)
        } else {
            Self::Now(fault)
        }
    }
}

/// Asks an object, and waits at most `bound` for its answer. Asks once more at most, with a fresh stub, because a
/// stub that saw a failure stays broken; every verb may be asked twice. While a deployment rolls out, an object may
/// still be of the version before, which knew `fetch` alone.
pub(super) async fn ask(
    binding: &'static str,
    stub: &dyn Fn() -> Result<DurableObject, JsValue>,
    within: Duration,
    question: &str,
    again: Again,
) -> Result<String, Fault> {
    let began = clock::now();
    let answer = try_once(binding, stub(), within, js::ask, question).await;
    let fault = match (answer, again) {
        (Ok(answer), _) => return Ok(answer),
        (Err(Unanswered::Deployed(fault)), _)
        | (Err(Unanswered::Now(fault)), Again::AfterAnything) => fault,
        (Err(unanswered), _) => return Err(unanswered.fault()),
    };
    worker::console_error!("asking again after {fault}");
    let within = match again {
        Again::AfterAnything => within,
        Again::AfterDeployment => within.saturating_sub(clock::now().since(began)),
    };
    let answer = try_once(binding, stub(), within, js::ask_by_fetch, question).await;
    answer.map_err(Unanswered::fault)
}

async fn try_once(
    binding: &'static str,
    object: Result<DurableObject, JsValue>,
    within: Duration,
    ask: fn(&DurableObject, &str) -> Result<Promise, JsValue>,
    question: &str,
) -> Result<String, Unanswered> {
    let asked = object.and_then(|object| ask(&object, question));
    let Some(answer) = js::outcome_within(within, asked).await else {
        let seconds = within.as_secs();
        let late = Fault::new(binding, format!("no answer within {seconds} s"));
        return Err(Unanswered::Bound(late));
    };
    let answer = answer.map_err(|error| Unanswered::thrown(binding, &error))?;
    match (answer.as_string(), answer.as_f64()) {
        (Some(answer), _) => Ok(answer),
        (None, Some(UNKNOWN_QUESTION)) => {
            let fault = Fault::new(binding, "an object of another version");
            Err(Unanswered::Deployed(fault))
        }
        (None, status) => {
            let status = status.unwrap_or(UNREADABLE);
            Err(Unanswered::Now(Fault::permanent(binding, status)))
        }
    }
}

/// The answer of an object that does not know the question, because it is of another version. It is the HTTP status
/// by which a Worker of an earlier version knows this.
const UNKNOWN_QUESTION: f64 = 501.0;
/// The answer of an object that cannot read what it stored, now or ever.
const UNREADABLE: f64 = 500.0;

/// The exception of [`UNREADABLE`].
pub(super) fn unreadable() -> JsValue {
    UNREADABLE.into()
}

/// The exception of [`UNKNOWN_QUESTION`].
pub(super) fn unknown_question() -> JsValue {
    UNKNOWN_QUESTION.into()
}

/// Runs a statement of an object's SQLite to its end, and answers its rows.
pub(super) fn rows(storage: &SqlStorage, sql: &str, values: &Array) -> Result<Vec<Array>, JsValue> {
    let rows = js::rows(storage, sql, values)?;
    Ok(rows.iter().map(JsCast::unchecked_into).collect())
}
