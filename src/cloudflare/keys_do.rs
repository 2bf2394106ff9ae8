//! The Durable Object that keeps the signing keys, one for the installation.
//!
//! Invariant: the object takes one turn at a time. A turn that makes no key runs without an `await`. A turn that
//! makes one waits for WebCrypto, which would let other requests in, so it blocks them until the key is stored: a
//! hundred first requests make one key for each algorithm.

use std::rc::Rc;

use futures_util::FutureExt;
use worker::js_sys::{Array, Error, Function, Promise};
use worker::wasm_bindgen::closure::Closure;
use worker::wasm_bindgen::{self, prelude::wasm_bindgen};
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::worker_sys::{DurableObjectState, SqlStorage};
use worker::{Env, console_log};

use super::flow::{awaited, promise};
use super::webcrypto::{self, ImportedKey};
use super::{Bindings, clock, js, objects};
use crate::config::Config;
use crate::crypto::keyring::NONCE_BYTES;
use crate::json_reader;
use crate::oauth::jwk::{Jwk, JwkThumbprint, SigningAlgorithm};
use crate::signing_keys::{Key, KeyCache, KeySet, KeysAnswer, KeysQuestion};
use crate::store::{Fault, KeyMaker, Keys, take_turn};

const BINDING: &str = "KEYS";
/// The name of the only object of the class.
const NAME: &str = "keys";

thread_local! {
    static CACHE: KeyCache = KeyCache::default();
}

impl Bindings {
    async fn ask_keys(&self, question: KeysQuestion) -> Result<KeysAnswer, Fault> {
        let question = serde_json::to_string(&question).map_err(fault)?;
        let answer = self.ask_object(BINDING, NAME, &question).await?;
        json_reader::read(&answer).map_err(fault)
    }
}

fn fault(error: impl core::fmt::Display) -> Fault {
    Fault::new(BINDING, error)
}

fn keep(set: KeySet) -> Rc<KeySet> {
    CACHE.with(|cache| cache.keep(set, clock::now()))
}

impl Keys for Bindings {
    type Signer = ImportedKey;

    async fn key_set(
        &self,
        _: &Config,
        looking_for: Option<JwkThumbprint>,
    ) -> Result<Rc<KeySet>, Fault> {
        let now = clock::now();
        if let Some(set) = CACHE.with(|cache| cache.known(looking_for, now)) {
            return Ok(set);
        }
        match self.ask_keys(KeysQuestion::Read).await {
            Ok(answer) => Ok(keep(answer.set)),
            Err(fault) => CACHE.with(|cache| cache.instead(now)).ok_or(fault),
        }
    }

    async fn signer(
        &self,
        config: &Config,
        algorithm: SigningAlgorithm,
    ) -> Result<ImportedKey, Fault> {
        let set = self.key_set(config, None).await?;
        let key = set.current(algorithm, clock::now());
        let key = key.ok_or_else(|| fault("there is no key"))?;
        ImportedKey::of(key.kid, algorithm, || config.keyring.unwrap(&key.private)).await
    }

    async fn rotate_keys(&self, _: &Config) -> Result<Rc<KeySet>, Fault> {
        Ok(keep(self.ask_keys(KeysQuestion::Rotate).await?.set))
    }

    async fn remove_key(&self, _: &Config, kid: JwkThumbprint) -> Result<bool, Fault> {
        let answer = self.ask_keys(KeysQuestion::Remove(kid)).await?;
        keep(answer.set);
        Ok(answer.removed)
    }
}

/// The object, as the runtime sees it.
#[wasm_bindgen(wasm_bindgen = worker::wasm_bindgen)]
pub struct SigningKeys(Rc<Arbiter>);

#[wasm_bindgen(wasm_bindgen = worker::wasm_bindgen)]
impl SigningKeys {
    /// Called by the runtime, with the object's storage.
    #[wasm_bindgen(constructor)]
    pub fn new(state: DurableObjectState, env: Env) -> Result<SigningKeys, JsValue> {
        let sql = state.storage()?.sql();
        Ok(Self(Rc::new(Arbiter { state, env, sql })))
    }

    /// Takes one turn. Throws where storage or WebCrypto fails, which will pass.
    pub fn ask(&self, question: &str) -> Result<JsValue, JsValue> {
        let question = json_reader::read(question).map_err(|error| error.to_string())?;
        if let Some(answer) = self.0.turn(question).now_or_never() {
            return Ok(answer?.into());
        }
        self.turn_that_waits(question).map(JsValue::from)
    }
}

impl SigningKeys {
    /// Takes a turn that makes a key, while other requests wait. The turn begins anew: the one that came to need a
    /// key has changed nothing.
    fn turn_that_waits(&self, question: KeysQuestion) -> Result<Promise, JsValue> {
        let arbiter = Rc::clone(&self.0);
        let turn = Closure::once_into_js(move || {
            promise(async move {
                // What is thrown in here would end the object; it is thrown outside.
                Ok(match arbiter.turn(question).await {
                    Ok(answer) => answer.into(),
                    Err(error) => Error::new(&js::reason(&error)).into(),
                })
            })
        });
        let turn = self
            .0
            .state
            .block_concurrency_while(turn.unchecked_ref::<Function>())?;
        Ok(promise(async move {
            let ended = awaited(turn).await?;
            if ended.is_string() {
                Ok(ended)
            } else {
                Err(ended)
            }
        }))
    }
}

/// The object's storage and bindings.
struct Arbiter {
    state: DurableObjectState,
    env: Env,
    sql: SqlStorage,
}

impl Arbiter {
    async fn turn(&self, question: KeysQuestion) -> Result<String, JsValue> {
        let config = super::config(&self.env).map_err(|error| error.to_string())?;
        let before = self.load()?;
        let now = clock::now();
        let answer = take_turn(before.clone(), question, now, &config, &WebCrypto).await;
        let answer = answer.map_err(|fault| fault.to_string())?;
        // What is thrown after a write does not undo it: the answer is made before.
        let spelled = serde_json::to_string(&answer).map_err(|error| error.to_string())?;
        self.store(&before, &answer.set)?;
        if answer.set.is_rewrapped_from(&before) {
            console_log!("{}", config.rewrapped(now));
        }
        Ok(spelled)
    }

    fn load(&self) -> Result<KeySet, JsValue> {
        self.rows(
            "CREATE TABLE IF NOT EXISTS keys (kid TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID",
            &Array::new(),
        )?;
        let rows = self.rows("SELECT body FROM keys", &Array::new())?;
        let keys = rows.iter().map(|row| {
            let body = row.get(0).as_string().unwrap_or_default();
            json_reader::read(&body).map_err(|error| JsValue::from(error.to_string()))
        });
        keys.collect()
    }

    /// Writes the changes, the new keys first: where a statement fails, a key that has leaked is still there for the
    /// next turn to remove. Nothing is awaited.
    fn store(&self, before: &KeySet, after: &KeySet) -> Result<(), JsValue> {
        let mut changed = Vec::new();
        let is_changed = |key: &&Key| before.key(key.kid) != Some(*key);
        for key in after.keys().iter().filter(is_changed) {
            let body = serde_json::to_string(key).map_err(|error| error.to_string())?;
            changed.push(Array::of2(&key.kid.to_string().into(), &body.into()));
        }
        for values in &changed {
            let sql = "INSERT OR REPLACE INTO keys (kid, body) VALUES (?, ?)";
            self.rows(sql, values)?;
        }
        for key in before
            .keys()
            .iter()
            .filter(|key| after.key(key.kid).is_none())
        {
            let kid = key.kid.to_string().into();
            self.rows("DELETE FROM keys WHERE kid = ?", &Array::of1(&kid))?;
        }
        Ok(())
    }

    fn rows(&self, sql: &str, values: &Array) -> Result<Vec<Array>, JsValue> {
        objects::rows(&self.sql, sql, values)
    }
}

/// Makes keys by the runtime's WebCrypto.
struct WebCrypto;

impl KeyMaker for WebCrypto {
    #[expect(
        clippy::disallowed_methods,
        reason = "an object has no other source of randomness"
    )]
    fn nonce(&self) -> Result<[u8; NONCE_BYTES], Fault> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(fault)?;
        Ok(nonce)
    }

    async fn pair(&self, algorithm: SigningAlgorithm) -> Result<(Jwk, Vec<u8>), Fault> {
        webcrypto::pair(algorithm).await
    }
}
