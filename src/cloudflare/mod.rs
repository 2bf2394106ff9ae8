//! The shell: the only code that knows where it runs.
//!
//! [`Bindings`] implements the ports over the bindings of `wrangler.toml`.

mod ambient;
mod directory_d1;
mod http;
mod icons_kv;
mod js;
mod keys_do;
mod ledger_do;
mod measures;
mod objects;
mod outbound_fetch;
mod outbox_do;
mod pending_do;
mod platform_http;
mod rate_limit_do;
mod records_kv;
mod revocations_do;
mod sync_kv;
mod webcrypto;

use core::future::poll_fn;
use core::pin::Pin;
use core::task::{self, Poll, Waker};
use std::cell::{Cell, OnceCell};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Wake;

use futures_util::task::AtomicWaker;
use worker::js_sys::Object;
use worker::wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use worker::wasm_bindgen_futures::{future_to_promise, spawn_local};
use worker::web_sys::{Request, Response};
use worker::{Context, Env, ScheduleContext, ScheduledEvent, event};

use crate::config::{Config, ConfigError};
use crate::endpoint::api::admin::audit_log;
use crate::router;
use crate::store::Fault;

thread_local! {
    /// The settings do not change while an isolate lives; keys are stretched once.
    static CONFIG: OnceCell<Result<Rc<Config>, ConfigError>> = const { OnceCell::new() };
}

/// Every request comes in here, with its body where `entry.js` has read that already.
#[wasm_bindgen(wasm_bindgen = worker::wasm_bindgen)]
#[expect(unreachable_pub, reason = "wasm-bindgen exports what is public")]
pub fn fetch(
    request: Request,
    env: Env,
    context: worker::worker_sys::Context,
    body: Option<Vec<u8>>,
) -> Result<JsValue, JsValue> {
    at_once_or_later(async move {
        let context = Background::Request(Context::new(context));
        answer(&request, env, context, body)
            .await
            .map(JsValue::from)
    })
}

/// What a flow comes to, where it waits for nothing; else a promise, which takes a task.
fn at_once_or_later(
    flow: impl Future<Output = Result<JsValue, JsValue>> + 'static,
) -> Result<JsValue, JsValue> {
    let mut flow = Box::pin(flow);
    let later = Arc::new(Later::default());
    let waker = Waker::from(Arc::clone(&later));
    let mut poll = move || flow.as_mut().poll(&mut task::Context::from_waker(&waker));
    if let Poll::Ready(outcome) = poll() {
        return outcome;
    }
    let rest = poll_fn(move |cx| {
        later.0.register(cx.waker());
        poll()
    });
    Ok(future_to_promise(rest).into())
}

/// Wakes the task that a flow has by then. A flow may keep the waker of its first step for good, and there is
/// no task yet at that.
#[derive(Default)]
struct Later(AtomicWaker);

impl Wake for Later {
    fn wake(self: Arc<Self>) {
        self.0.wake();
    }
}

async fn answer(
    request: &Request,
    env: Env,
    context: Background,
    body: Option<Vec<u8>>,
) -> Result<Response, JsValue> {
    let config = match config(&env) {
        Ok(config) => config,
        Err(error) => {
            worker::console_error!("refusing to serve: {error}");
            return http::write(&unconfigured());
        }
    };
    let colo = if measures::is_bound(&env) {
        http::colo(request)
    } else {
        String::new()
    };
    let request = http::read(request, body, &config).await;
    let edge = Bindings {
        env,
        context,
        colo,
        operations: Cell::new(0),
    };
    let response = router::answer(&edge, &config, &request).await;
    match response.rest {
        None => http::write(&response),
        Some(_) => http::write_in_parts(response, Rc::new(edge), config, request),
    }
}

fn unconfigured() -> crate::http::Response {
    let mut response = crate::http::Response::empty(503).with("content-type", "text/plain");
    "This server is not configured; its log says what is missing.\n".clone_into(&mut response.body);
    response
}

/// Once a day: what has been kept long enough goes.
#[event(scheduled)]
async fn sweep(_event: ScheduledEvent, env: Env, context: ScheduleContext) {
    let swept = match config(&env) {
        Ok(config) => {
            let edge = Bindings {
                env,
                context: Background::Schedule(context),
                colo: String::new(),
                operations: Cell::new(0),
            };
            audit_log::sweep(&edge, config.audit_log_lifetime).await
        }
        Err(error) => Err(Fault::new("config", error)),
    };
    if let Err(fault) = swept {
        worker::console_error!("sweep: {fault}");
    }
}

fn config(env: &Env) -> Result<Rc<Config>, ConfigError> {
    CONFIG.with(|config| {
        config
            .get_or_init(|| {
                // A service binding is a setting that has no text of its own.
                let setting = |name: &str| match name {
                    platform_http::BINDING => js::binding::<Object>(env, platform_http::BINDING)
                        .ok()
                        .map(|_| name.to_owned()),
                    name => env.var(name).ok().map(|var| var.to_string()),
                };
                Config::parse(setting).map(Rc::new)
            })
            .clone()
    })
}

/// The world outside, over the bindings.
struct Bindings {
    env: Env,
    context: Background,
    /// Where the request is answered; empty where nobody measures.
    colo: String,
    /// How often a store was asked so far.
    operations: Cell<u32>,
}

impl Bindings {
    fn count_operation(&self) {
        self.operations.set(self.operations.get() + 1);
    }
}

type Work = Pin<Box<dyn Future<Output = ()>>>;

/// What keeps the Worker running after its answer.
enum Background {
    Request(Context),
    Schedule(ScheduleContext),
    /// An object, which lives on by itself.
    Object,
}

impl Background {
    fn wait_until(&self, work: impl Future<Output = ()> + 'static) {
        // Boxed, or each kind of work would have each of these three for itself.
        let work: Work = Box::pin(work);
        match self {
            Self::Request(context) => context.wait_until(work),
            Self::Schedule(context) => context.wait_until(work),
            Self::Object => spawn_local(work),
        }
    }
}
