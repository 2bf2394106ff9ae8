//! The Durable Object that holds a rate-limit window, one per (bucket, client address).
//!
//! The window lives in memory: it costs no storage, and an object that is evicted has had no
//! request for longer than its window.

use core::cell::RefCell;

use serde::{Deserialize, Serialize};
use worker::wasm_bindgen::JsValue;
use worker::wasm_bindgen::{self, prelude::wasm_bindgen};
use worker::web_sys::{Request, Response};

use super::{Bindings, ambient, objects};
use crate::rate_limit::{Limit, Verdict, Window};
use crate::store::{Fault, Limiter};
use crate::time::Timestamp;

const BINDING: &str = "RATE_LIMITER";

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Question {
    Take(Limit),
    GiveBack(Timestamp),
}

impl Bindings {
    async fn ask_limiter(&self, key: &str, question: &Question) -> Result<String, Fault> {
        let question = serde_json::to_string(question).map_err(fault)?;
        self.ask_object(BINDING, key, &question).await
    }
}

fn fault(error: serde_json::Error) -> Fault {
    Fault::new(BINDING, error)
}

impl Limiter for Bindings {
    async fn take(&self, key: &str, limit: Limit) -> Result<Verdict, Fault> {
        let answer = self.ask_limiter(key, &Question::Take(limit)).await?;
        serde_json::from_str(&answer).map_err(fault)
    }

    async fn give_back(&self, key: &str, at: Timestamp) -> Result<(), Fault> {
        self.ask_limiter(key, &Question::GiveBack(at)).await?;
        Ok(())
    }
}

/// One window.
#[wasm_bindgen(wasm_bindgen = worker::wasm_bindgen)]
pub struct RateLimiter(RefCell<Window>);

#[wasm_bindgen(wasm_bindgen = worker::wasm_bindgen)]
impl RateLimiter {
    /// As the runtime makes it.
    #[wasm_bindgen(constructor)]
    pub fn new() -> RateLimiter {
        Self(RefCell::default())
    }

    /// Answers one question.
    pub fn fetch(&self, request: &Request) -> Result<Response, JsValue> {
        let answer = self.answer(&objects::question(request)?);
        objects::answer(&answer.map_err(|error| error.to_string())?)
    }
}

impl RateLimiter {
    fn answer(&self, question: &str) -> serde_json::Result<String> {
        let mut window = self.0.borrow_mut();
        match serde_json::from_str(question)? {
            Question::Take(limit) => serde_json::to_string(&window.take(limit, ambient::now())),
            Question::GiveBack(at) => {
                window.give_back(at);
                serde_json::to_string(&())
            }
        }
    }
}
