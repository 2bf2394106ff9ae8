//! Runs what waits for the runtime's promises.
//!
//! `wasm-bindgen-futures` does so for any program: a task for each flow, two closures for each promise, of which the
//! garbage collector is told, and for each step a microtask, which is a call of the runtime. Here a promise that is
//! settled runs its flow on, by one closure for all promises.

use core::cell::RefCell;
use core::mem::replace;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::Wake;

use worker::js_sys::Promise;
use worker::wasm_bindgen::closure::Closure;
use worker::wasm_bindgen::{self, JsValue, prelude::wasm_bindgen};
use worker::wasm_bindgen_futures::spawn_local;

use super::clock;
use crate::time::Timestamp;

/// The work for a request, for an object's turn, or after an answer.
type Flow = Pin<Box<dyn Future<Output = Result<JsValue, JsValue>>>>;

/// How long a flow may go without a step. Where a client has gone, the runtime drops what its request waits for and
/// tells nobody, so a flow may wait for ever.
const ABANDONED: Duration = Duration::from_secs(15 * 60);

#[derive(Default)]
struct Flows {
    /// The last key that was given. Keys are used again after four billion.
    last: u32,
    /// The flows that wait and the promises that they wait for, by key. A flow is older than what it waits for, so
    /// the oldest slot is a flow.
    waiting: BTreeMap<u32, Slot>,
    /// The keys of the flows whose next step may be taken, in the order in which they were woken.
    woken: Vec<u32>,
    /// Whether somebody is taking the steps of the woken flows.
    are_run: bool,
    /// The context of the request whose step is being taken; undefined in an object.
    request: JsValue,
}

enum Slot {
    Flow(Waiting),
    Promise(State),
}

/// A flow between two of its steps.
struct Waiting {
    flow: Flow,
    waker: Waker,
    settle: Resolvers,
    since: Timestamp,
    request: JsValue,
}

/// The state of a promise that a flow waits for.
enum State {
    Pending(Option<Waker>),
    Settled(Settlement),
}

/// The outcome of a promise.
pub(super) enum Settlement {
    Kept(JsValue),
    Broken(JsValue),
    /// The promise was not settled in its time.
    Late,
}

thread_local! {
    static FLOWS: RefCell<Flows> = RefCell::default();
    static SETTLED: Closure<dyn Fn(u32, u32, JsValue)> = Closure::new(settled);
}

#[wasm_bindgen(wasm_bindgen = wasm_bindgen)]
extern "C" {
    type Resolvers;

    #[wasm_bindgen(js_namespace = Promise, js_name = withResolvers)]
    fn with_resolvers() -> Resolvers;

    #[wasm_bindgen(method, getter)]
    fn promise(this: &Resolvers) -> Promise;

    #[wasm_bindgen(method)]
    fn resolve(this: &Resolvers, value: &JsValue);

    #[wasm_bindgen(method)]
    fn reject(this: &Resolvers, reason: &JsValue);
}

#[wasm_bindgen(wasm_bindgen = wasm_bindgen, module = "/src/cloudflare/runtime.js")]
extern "C" {
    /// Calls `settled` with the key once the promise is settled, or late after a number of milliseconds; without one,
    /// it waits for ever. `request` is the context of the request that waits, where a request does.
    fn settle(
        promise: &JsValue,
        key: u32,
        milliseconds: f64,
        settled: &Closure<dyn Fn(u32, u32, JsValue)>,
        request: &JsValue,
    );
}

/// The answer of a request's flow where the flow waits for nothing; otherwise a promise of the answer.
pub(super) fn run(
    request: JsValue,
    flow: impl Future<Output = Result<JsValue, JsValue>> + 'static,
) -> Result<JsValue, JsValue> {
    // Boxed, or each kind of flow would bring all of this once more.
    first_step(request, Box::pin(flow))
}

/// A promise of the outcome of an object's turn.
pub(super) fn promise(flow: impl Future<Output = Result<JsValue, JsValue>> + 'static) -> Promise {
    let outcome = first_step(JsValue::UNDEFINED, Box::pin(flow));
    outcome.map_or_else(
        |reason| Promise::reject(&reason),
        |value| Promise::resolve(&value),
    )
}

/// A promise that some work is done. The work begins once the caller's own step is taken.
pub(super) fn work(work: impl Future<Output = ()> + 'static) -> Promise {
    let (key, request) = FLOWS.with_borrow_mut(|flows| (flows.next(), flows.request.clone()));
    let waker = Waker::from(Arc::new(Wakes(key)));
    let work = async move {
        work.await;
        Ok(JsValue::UNDEFINED)
    };
    let promise = wait(key, request, Box::pin(work), waker.clone());
    waker.wake();
    promise
}

/// The outcome of a promise, within the bound where there is one. A call that is given up may still have its effect.
pub(super) fn outcome(promise: &Promise, within: Option<Duration>) -> Settling {
    settling(promise, within)
}

/// The value that a promise was resolved with, or the exception that it was rejected with.
pub(super) async fn awaited(promise: Promise) -> Result<JsValue, JsValue> {
    match outcome(&promise, None).await {
        Settlement::Kept(value) => Ok(value),
        Settlement::Broken(reason) => Err(reason),
        Settlement::Late => Ok(JsValue::UNDEFINED),
    }
}

/// Waits for some time.
pub(super) async fn sleep(time: Duration) {
    settling(&JsValue::UNDEFINED, Some(time)).await;
}

fn settling(promise: &JsValue, within: Option<Duration>) -> Settling {
    let (key, request) = FLOWS.with_borrow_mut(|flows| {
        let key = flows.next();
        let pending = Slot::Promise(State::Pending(None));
        flows.waiting.insert(key, pending);
        (key, flows.request.clone())
    });
    let milliseconds = within.map_or(0.0, |bound| bound.as_secs_f64() * 1000.0);
    SETTLED.with(|settled| settle(promise, key, milliseconds, settled, &request));
    Settling(key)
}

/// The future of a promise's outcome. The number is its key.
pub(super) struct Settling(u32);

impl Future for Settling {
    type Output = Settlement;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Settlement> {
        FLOWS.with_borrow_mut(|flows| {
            let state = flows.waiting.remove(&self.0);
            if let Some(Slot::Promise(State::Settled(outcome))) = state {
                return Poll::Ready(outcome);
            }
            let pending = State::Pending(Some(cx.waker().clone()));
            flows.waiting.insert(self.0, Slot::Promise(pending));
            Poll::Pending
        })
    }
}

impl Drop for Settling {
    fn drop(&mut self) {
        // What it held is dropped when nothing is borrowed.
        drop(FLOWS.with_borrow_mut(|flows| flows.waiting.remove(&self.0)));
    }
}

/// Called by JavaScript once a promise is settled, or late.
fn settled(key: u32, how: u32, value: JsValue) {
    let outcome = match how {
        0 => Settlement::Kept(value),
        1 => Settlement::Broken(value),
        _ => Settlement::Late,
    };
    let state = FLOWS.with_borrow_mut(|flows| match flows.waiting.get_mut(&key)? {
        Slot::Promise(state) => Some(replace(state, State::Settled(outcome))),
        Slot::Flow(_) => None,
    });
    if let Some(State::Pending(Some(waker))) = state {
        let are_run = FLOWS.with_borrow_mut(|flows| replace(&mut flows.are_run, true));
        waker.wake();
        run_woken(are_run);
    }
}

fn first_step(request: JsValue, mut flow: Flow) -> Result<JsValue, JsValue> {
    let (key, are_run, abandoned) = FLOWS.with_borrow_mut(|flows| {
        let are_run = replace(&mut flows.are_run, true);
        (flows.next(), are_run, flows.abandoned(clock::now()))
    });
    drop(abandoned);
    let waker = Waker::from(Arc::new(Wakes(key)));
    let outcome = match step(&request, &mut flow, &waker) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => Ok(wait(key, request, flow, waker).into()),
    };
    run_woken(are_run);
    outcome
}

/// Takes one step of a flow, in the context of its request.
fn step(request: &JsValue, flow: &mut Flow, waker: &Waker) -> Poll<Result<JsValue, JsValue>> {
    let of = |request| FLOWS.with_borrow_mut(|flows| replace(&mut flows.request, request));
    let before = of(request.clone());
    let outcome = flow.as_mut().poll(&mut Context::from_waker(waker));
    of(before);
    outcome
}

fn wait(key: u32, request: JsValue, flow: Flow, waker: Waker) -> Promise {
    let settle = with_resolvers();
    let promise = settle.promise();
    let since = clock::now();
    let waiting = Waiting {
        flow,
        waker,
        settle,
        since,
        request,
    };
    FLOWS.with_borrow_mut(|flows| flows.waiting.insert(key, Slot::Flow(waiting)));
    promise
}

/// Takes the steps of all woken flows, unless somebody is doing so.
fn run_woken(are_run: bool) {
    if are_run {
        return;
    }
    while let Some((key, mut it)) = FLOWS.with_borrow_mut(Flows::next_woken) {
        match step(&it.request, &mut it.flow, &it.waker) {
            Poll::Pending => {
                it.since = clock::now();
                FLOWS.with_borrow_mut(|flows| flows.waiting.insert(key, Slot::Flow(it)));
            }
            Poll::Ready(Ok(value)) => it.settle.resolve(&value),
            Poll::Ready(Err(reason)) => it.settle.reject(&reason),
        }
    }
}

impl Flows {
    fn next(&mut self) -> u32 {
        self.last = self.last.wrapping_add(1);
        self.last
    }

    /// Takes a woken flow out, with its key, so that its step can be taken. After the last one nobody is taking steps
    /// any more.
    fn next_woken(&mut self) -> Option<(u32, Waiting)> {
        while !self.woken.is_empty() {
            let key = self.woken.remove(0);
            // One that has come to its end may have been woken once more.
            if let Some(Slot::Flow(waiting)) = self.waiting.remove(&key) {
                return Some((key, waiting));
            }
        }
        self.are_run = false;
        None
    }

    /// Takes the oldest flow out, where it has waited for too long.
    fn abandoned(&mut self, now: Timestamp) -> Option<Slot> {
        let (key, oldest) = self.waiting.first_key_value()?;
        let key = *key;
        let is_abandoned = matches!(oldest, Slot::Flow(it) if it.since + ABANDONED < now);
        is_abandoned.then(|| self.waiting.remove(&key)).flatten()
    }
}

/// Wakes the flow with this key.
struct Wakes(u32);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        let are_run = FLOWS.with_borrow_mut(|flows| {
            flows.woken.push(self.0);
            replace(&mut flows.are_run, true)
        });
        if !are_run {
            // Whoever wakes may have more to do first.
            spawn_local(async { run_woken(false) });
        }
    }
}
