//! The shell: the only code that knows where it runs.
//!
//! [`Edge`] implements the ports over the bindings of `wrangler.toml`.

mod ambient;
mod directory_d1;
mod http;
mod js;
mod ledger_do;
mod rate_limit_do;
mod records_kv;

use std::cell::OnceCell;
use std::rc::Rc;

use worker::wasm_bindgen::{JsCast, JsValue};
use worker::web_sys::{Request, RequestInit, Response};
use worker::worker_sys::DurableObjectNamespace;
use worker::{Context, Env, ScheduleContext, ScheduledEvent, event};

use crate::config::{Config, ConfigError};
use crate::endpoint::admin::audit_log;
use crate::router;
use crate::store::Fault;

thread_local! {
    /// The settings do not change while an isolate lives; keys are stretched once.
    static CONFIG: OnceCell<Result<Rc<Config>, ConfigError>> = const { OnceCell::new() };
}

/// Runs once per isolate.
#[event(start)]
fn start() {
    console_error_panic_hook::set_once();
}

/// Every request comes in here.
#[event(fetch)]
async fn fetch(request: Request, env: Env, context: Context) -> worker::Result<Response> {
    let config = match config(&env) {
        Ok(config) => config,
        Err(error) => {
            worker::console_error!("refusing to serve: {error}");
            return Ok(http::write(&unconfigured())?);
        }
    };
    let request = http::read(&request).await;
    let edge = Edge {
        env,
        context: Background::Request(context),
    };
    Ok(http::write(
        &router::answer(&edge, &config, &request).await,
    )?)
}

fn unconfigured() -> crate::http::Response {
    crate::http::Response {
        body: "This server is not configured; its log says what is missing.\n".to_owned(),
        ..crate::http::Response::empty(503)
    }
    .with("content-type", "text/plain")
}

/// Once a day: what has been kept long enough goes.
#[event(scheduled)]
async fn sweep(_event: ScheduledEvent, env: Env, context: ScheduleContext) {
    let swept = match config(&env) {
        Ok(config) => {
            let edge = Edge {
                env,
                context: Background::Schedule(context),
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
                let setting = |name: &str| env.var(name).ok().map(|var| var.to_string());
                Config::parse(setting).map(Rc::new)
            })
            .clone()
    })
}

/// The world outside, over the bindings.
struct Edge {
    env: Env,
    context: Background,
}

/// What keeps the Worker running after its answer.
enum Background {
    Request(Context),
    Schedule(ScheduleContext),
}

impl Background {
    fn wait_until(&self, work: impl Future<Output = ()> + 'static) {
        match self {
            Self::Request(context) => context.wait_until(work),
            Self::Schedule(context) => context.wait_until(work),
        }
    }
}

impl Edge {
    /// Asks a Durable Object one question, JSON for JSON. An object that throws is a fault of ours.
    async fn ask_object(
        &self,
        binding: &'static str,
        name: &str,
        question: &str,
    ) -> Result<String, Fault> {
        let fault = |words| Fault::new(binding, words);
        let namespace: DurableObjectNamespace = js::binding(&self.env, binding)?;
        let object = namespace.get_by_name(name);
        let asked = object.and_then(|object| object.fetch_with_request(&post(question)?));
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
fn post(body: &str) -> Result<Request, JsValue> {
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_body(&body.into());
    Request::new_with_str_and_init("https://object/", &init)
}
