//! The shell: the only code that knows where it runs.
//!
//! [`Bindings`] implements the ports over the bindings of `wrangler.toml`.

mod ambient;
mod clock;
mod directory_d1;
mod flow;
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

use std::cell::{Cell, OnceCell};
use std::rc::Rc;

use worker::js_sys::Object;
use worker::wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use worker::web_sys::{Request, Response};
use worker::worker_sys::Context;
use worker::{Env, ScheduleContext, ScheduledEvent, event};

use crate::config::{Config, ConfigError};
use crate::endpoint::api::admin::audit_log;
use crate::router;
use crate::store::Fault;

thread_local! {
    /// The settings, read once for an isolate: they do not change while it lives, and their keys are costly to
    /// derive.
    static CONFIG: OnceCell<Result<Rc<Config>, ConfigError>> = const { OnceCell::new() };
}

/// Answers a request. `entry.js` hands over the body where it has read that already.
#[wasm_bindgen(wasm_bindgen = worker::wasm_bindgen)]
#[expect(unreachable_pub, reason = "wasm-bindgen exports what is public")]
pub fn fetch(
    request: Request,
    env: Env,
    context: Context,
    body: Option<Vec<u8>>,
) -> Result<JsValue, JsValue> {
    flow::run(JsValue::from(&context), async move {
        let context = Background::Request(context);
        answer(&request, env, context, body)
            .await
            .map(JsValue::from)
    })
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

/// Runs once a day, and deletes what has been kept for long enough.
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

/// The ports, over the bindings of `wrangler.toml`.
struct Bindings {
    env: Env,
    context: Background,
    /// The data centre where the request is answered. Empty where no measures are written.
    colo: String,
    /// How many questions this request has asked of a store so far.
    operations: Cell<u32>,
}

impl Bindings {
    fn count_operation(&self) {
        self.operations.set(self.operations.get() + 1);
    }
}

/// The means by which work goes on after the answer.
enum Background {
    Request(Context),
    Schedule(ScheduleContext),
    /// The object, which goes on living by itself.
    Object,
}

impl Background {
    fn wait_until(&self, work: impl Future<Output = ()> + 'static) {
        match self {
            Self::Request(context) => {
                if let Err(error) = context.wait_until(&flow::work(work)) {
                    worker::console_error!("nobody waits for what is left: {error:?}");
                }
            }
            Self::Schedule(context) => context.wait_until(work),
            Self::Object => drop(flow::work(work)),
        }
    }
}
