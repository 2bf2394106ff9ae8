//! The Durable Object that holds the window of a rate limit, one for each bucket and each party that it counts.
//!
//! An object that nobody asks leaves memory after ten seconds, and one of a new version at once. A window that
//! [`Limit::is_stored`] names is stored therefore, and an alarm deletes it. A shorter one lives in memory and costs
//! no storage.

use core::cell::{Cell, RefCell};
use core::time::Duration;
use std::collections::VecDeque;
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use worker::console_error;
use worker::js_sys::{Function, JSON, Object, Promise};
use worker::wasm_bindgen::JsValue;
use worker::wasm_bindgen::{self, prelude::wasm_bindgen};
use worker::worker_sys::{DurableObjectNamespace, DurableObjectState, DurableObjectStorage};

use super::flow::{self, awaited, promise};
use super::objects::Again;
use super::sync_kv::{self, SyncKv};
use super::{Bindings, clock, js, objects};
use crate::json_reader;
use crate::rate_limit::{Begun, Limit, Place, TryOutcome, Verdict, Window};
use crate::store::{Fault, Limiter};
use crate::time::Timestamp;

const BINDING: &str = "RATE_LIMITER";
/// How long a request waits for its place in a window. The request is worth more than an exact limit.
const BRIEFLY: Duration = Duration::from_secs(2);
/// How long a try waits for the object, which may hold it for [`HOLD`].
const PATIENTLY: Duration = Duration::from_secs(5);
/// How long the object holds a try that waits for the verdicts of others. It is then asked again.
const HOLD: Duration = Duration::from_secs(3);
/// The options of a stub that does not ask again by itself.
const ONCE: &str = r#"{"retry":{"maxRetries":0}}"#;
/// The key under which the window is stored.
const KEPT: &str = "kept";

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Question {
    Take(Limit),
    Begin(Limit),
    Settle(Limit, Place, TryOutcome),
}

impl Bindings {
    async fn ask_limiter(
        &self,
        key: &str,
        question: &Question,
        within: Duration,
    ) -> Result<String, Fault> {
        let namespace: DurableObjectNamespace = js::binding(&self.env, BINDING)?;
        ask(&namespace, key, question, within).await
    }
}

/// Asks the object, and asks once more within the same bound where a deployment has come between. A stub that cannot
/// reach its object would otherwise try again by itself for ten seconds.
async fn ask(
    namespace: &DurableObjectNamespace,
    key: &str,
    question: &Question,
    within: Duration,
) -> Result<String, Fault> {
    let question = serde_json::to_string(question).map_err(fault)?;
    let once = JSON::parse(ONCE).unwrap_or_default();
    let stub = || namespace.get_by_name_with_options(key, &once);
    let again = Again::AfterDeployment;
    objects::ask(BINDING, &stub, within, &question, again).await
}

fn fault(error: serde_json::Error) -> Fault {
    Fault::new(BINDING, error)
}

impl Limiter for Bindings {
    async fn take(&self, key: &str, limit: Limit) -> Result<Verdict, Fault> {
        let answer = self
            .ask_limiter(key, &Question::Take(limit), BRIEFLY)
            .await?;
        json_reader::read(&answer).map_err(fault)
    }

    async fn begin(&self, key: &str, limit: Limit) -> Result<Begun, Fault> {
        let answer = self
            .ask_limiter(key, &Question::Begin(limit), PATIENTLY)
            .await?;
        json_reader::read(&answer).map_err(fault)
    }

    fn settle(&self, key: &str, limit: Limit, place: Place, outcome: TryOutcome) {
        let namespace = js::binding::<DurableObjectNamespace>(&self.env, BINDING);
        let key = key.to_owned();
        self.context.wait_until(async move {
            let question = Question::Settle(limit, place, outcome);
            let settled = match namespace {
                Ok(namespace) => ask(&namespace, &key, &question, PATIENTLY).await,
                Err(fault) => Err(fault),
            };
            if let Err(fault) = settled {
                console_error!("{fault}");
            }
        });
    }
}

/// The object, as the runtime sees it.
#[wasm_bindgen(wasm_bindgen = worker::wasm_bindgen)]
pub struct RateLimiter(Rc<State>);

#[wasm_bindgen(wasm_bindgen = worker::wasm_bindgen)]
impl RateLimiter {
    /// Called by the runtime, with the object's storage.
    #[wasm_bindgen(constructor)]
    pub fn new(state: &DurableObjectState) -> Result<RateLimiter, JsValue> {
        let storage = state.storage()?;
        Ok(Self(Rc::new(State {
            kv: sync_kv::of(&storage)?,
            storage,
            window: RefCell::default(),
            waiting: RefCell::default(),
            waited: Cell::new(0),
            alarm_is_set: Cell::new(false),
        })))
    }

    /// Answers one question of the window.
    pub fn ask(&self, question: &str) -> Result<JsValue, JsValue> {
        let question = json_reader::read(question).map_err(thrown)?;
        let state = Rc::clone(&self.0);
        match question {
            Question::Take(limit) => {
                let verdict = state.with(limit, |window| window.take(limit, clock::now()))?;
                if verdict.admitted {
                    state.keep(limit, verdict)
                } else {
                    answer(&verdict)
                }
            }
            Question::Begin(limit) => Ok(promise(state.begin(limit)).into()),
            Question::Settle(limit, place, outcome) => {
                state.with(limit, |window| window.settle(limit, place, outcome))?;
                state.wake(outcome);
                match outcome {
                    TryOutcome::Failed => state.keep(limit, ()),
                    TryOutcome::Free => answer(&()),
                }
            }
        }
    }

    /// Deletes a window in which nothing counts any more.
    pub fn alarm(&self) -> Promise {
        let state = Rc::clone(&self.0);
        promise(async move {
            state.delete_what_has_left().await?;
            Ok(JsValue::UNDEFINED)
        })
    }
}

/// The object's storage, and what it knows in memory.
struct State {
    storage: DurableObjectStorage,
    kv: SyncKv,
    /// The window; `None` until it was read.
    window: RefCell<Option<Window>>,
    /// The tries that wait, in the order in which they came, each with the function that wakes it.
    waiting: RefCell<VecDeque<(u64, Function)>>,
    /// How many tries have waited, from which each gets its number.
    waited: Cell<u64>,
    /// Whether this instance has set the alarm.
    alarm_is_set: Cell<bool>,
}

/// The window as the object stores it.
#[derive(Serialize, Deserialize)]
struct Kept {
    window: Window,
    /// The time from which nothing in the window counts any more.
    until: Timestamp,
}

impl State {
    /// Decides on the window. Nothing is awaited meanwhile, so no other question comes in between.
    fn with<T>(&self, limit: Limit, decide: impl FnOnce(&mut Window) -> T) -> Result<T, JsValue> {
        let mut window = self.window.borrow_mut();
        if window.is_none() && limit.is_stored() {
            *window = self.kept()?.map(|kept| kept.window);
        }
        Ok(decide(window.get_or_insert_default()))
    }

    /// Takes a place for a try, and holds the try for a while where only others that are under way stand before it.
    async fn begin(self: Rc<Self>, limit: Limit) -> Result<JsValue, JsValue> {
        let until = clock::now() + HOLD;
        loop {
            let now = clock::now();
            let begun = self.with(limit, |window| window.begin(limit, now))?;
            if !matches!(begun, Begun::Busy(_)) || now >= until {
                return answer(&begun);
            }
            self.wait(until.since(now)).await;
        }
    }

    /// Waits until [`Self::wake`] wakes this try, for `at_most` at most.
    async fn wait(&self, at_most: Duration) {
        let number = self.waited.get();
        self.waited.set(number + 1);
        let woken = Promise::new(&mut |wake, _| {
            self.waiting.borrow_mut().push_back((number, wake));
        });
        flow::outcome(&woken, Some(at_most)).await;
        self.waiting
            .borrow_mut()
            .retain(|(other, _)| *other != number);
    }

    /// Wakes the try that came first where a place is free. After a failure it wakes all of them, for it may have
    /// been the last that they waited for.
    fn wake(&self, outcome: TryOutcome) {
        let mut waiting = self.waiting.borrow_mut();
        let woken = match outcome {
            TryOutcome::Free => waiting.len().min(1),
            TryOutcome::Failed => waiting.len(),
        };
        for (_, wake) in waiting.drain(..woken) {
            // A promise's own function does not throw.
            let _ = wake.call0(&JsValue::UNDEFINED);
        }
    }

    /// Stores the window, where windows of its length are stored, and answers. The platform holds the answer back
    /// until the window is durable.
    fn keep(self: Rc<Self>, limit: Limit, answered: impl Serialize) -> Result<JsValue, JsValue> {
        let answer = answer(&answered)?;
        let window = self.window.borrow();
        let (true, Some(window)) = (limit.is_stored(), window.as_ref()) else {
            return Ok(answer);
        };
        let until = window.is_empty_at(limit).unwrap_or(clock::now());
        let window = window.clone();
        let kept = serde_json::to_string(&Kept { window, until }).map_err(thrown)?;
        if self.alarm_is_set.get() {
            self.kv.put(KEPT, &kept)?;
            return Ok(answer);
        }
        // Before the write, which what is thrown after it would not undo: what is stored has an alarm, or is given
        // one by the next question.
        let set = self.set_alarm(until)?;
        self.alarm_is_set.set(true);
        self.kv.put(KEPT, &kept)?;
        let state = Rc::clone(&self);
        let answered = promise(async move {
            if let Err(error) = awaited(set).await {
                state.alarm_is_set.set(false);
                return Err(error);
            }
            Ok(answer)
        });
        Ok(answered.into())
    }

    fn kept(&self) -> Result<Option<Kept>, JsValue> {
        let kept = self.kv.get(KEPT)?.as_string();
        // What a later version stored is worth no outage: the window starts anew.
        Ok(kept.and_then(|kept| json_reader::read(&kept).ok()))
    }

    async fn delete_what_has_left(&self) -> Result<(), JsValue> {
        let later = self.kept()?.filter(|kept| kept.until > clock::now());
        let done = match &later {
            Some(kept) => self.set_alarm(kept.until)?,
            None => self.storage.delete_all()?,
        };
        self.alarm_is_set.set(later.is_some());
        awaited(done).await?;
        Ok(())
    }

    fn set_alarm(&self, at: Timestamp) -> Result<Promise, JsValue> {
        self.storage.set_alarm(clock::date(at), Object::new())
    }
}

fn answer(answered: &impl Serialize) -> Result<JsValue, JsValue> {
    Ok(serde_json::to_string(answered).map_err(thrown)?.into())
}

#[expect(clippy::needless_pass_by_value, reason = "`map_err` hands it over")]
fn thrown(error: serde_json::Error) -> JsValue {
    error.to_string().into()
}
