//! The Durable Object that holds a rate-limit window, one per (bucket, client address).
//!
//! The window lives in memory: it costs no storage, and an object that is evicted has had no
//! request for longer than its window.

use core::cell::RefCell;
use core::result::Result as StdResult;

use serde::{Deserialize, Serialize};
use worker::{DurableObject, Env, Request, Response, Result, State, durable_object, wasm_bindgen};

use super::{Edge, ambient, objects};
use crate::oauth::time::Timestamp;
use crate::rate_limit::{Limit, Verdict, Window};
use crate::store::{Fault, Limiter};

const BINDING: &str = "RATE_LIMITER";

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Question {
    Take(Limit),
    GiveBack(Timestamp),
}

impl Edge {
    async fn ask_limiter(&self, key: &str, question: &Question) -> StdResult<String, Fault> {
        let question = serde_json::to_string(question).map_err(fault)?;
        self.ask_object(BINDING, key, &question).await
    }
}

fn fault(error: serde_json::Error) -> Fault {
    Fault::new(BINDING, error)
}

impl Limiter for Edge {
    async fn take(&self, key: &str, limit: Limit) -> StdResult<Verdict, Fault> {
        let answer = self.ask_limiter(key, &Question::Take(limit)).await?;
        serde_json::from_str(&answer).map_err(fault)
    }

    async fn give_back(&self, key: &str, at: Timestamp) -> StdResult<(), Fault> {
        self.ask_limiter(key, &Question::GiveBack(at)).await?;
        Ok(())
    }
}

/// One window.
#[durable_object(fetch)]
pub struct RateLimiter {
    window: RefCell<Window>,
}

impl DurableObject for RateLimiter {
    fn new(_state: State, _env: Env) -> Self {
        Self {
            window: RefCell::default(),
        }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        let mut window = self.window.borrow_mut();
        let answer = match objects::question(&request)? {
            Question::Take(limit) => serde_json::to_string(&window.take(limit, ambient::now())),
            Question::GiveBack(at) => {
                window.give_back(at);
                serde_json::to_string(&())
            }
        };
        Response::ok(answer?)
    }
}
