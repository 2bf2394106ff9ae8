//! The keys whose public halves the world may see: when each is made, signs, and goes.
//!
//! One arbiter, `cloudflare/keys_do.rs`, keeps the [`KeySet`] and takes one turn after the other. A key
//! carries the instant from which it signs, so that no step promotes it: every isolate that has the set
//! reads the same state from it at the same time, and nothing can be left half done between the two.
//!
//! Invariants:
//! - A key signs only [`KeyTerms::publish_ahead`] after it was published, so that whoever fetched the set
//!   in the meantime has it. Exceptions are the first key of an algorithm and the successor of one that
//!   leaked or was lost.
//! - A key is published until the last token that it signed has expired.

use core::cell::{Cell, RefCell};
use core::time::Duration;
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::crypto::keyring::{Keyring, NONCE_BYTES, SigningError, WrappedKey};
use crate::oauth::jwk::{Jwk, JwkThumbprint, SigningAlgorithm};
use crate::time::Timestamp;

/// How long an isolate does not ask for the set again.
const FRESH_FOR: Duration = Duration::from_secs(60);
/// How long an isolate goes on with the set that it has, where the arbiter does not answer. Far below
/// [`KeyTerms::publish_ahead`]: a key that signs is in every set that serves.
const SERVES_FOR: Duration = Duration::from_secs(3600);
/// How soon an isolate that meets an unknown `kid` asks again: made-up ones must not become a load.
const LOOKS_AGAIN_AFTER: Duration = Duration::from_secs(30);
/// How soon an isolate asks an arbiter again that did not answer, while the set that it has serves.
const TRIES_AGAIN_AFTER: Duration = Duration::from_secs(5);

/// How long keys live, as the settings say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyTerms {
    /// How long a key is published before it signs.
    pub publish_ahead: Duration,
    /// How long a key signs.
    pub lifetime: Duration,
    /// The life of the tokens that live longest.
    pub longest_token: Duration,
}

/// A key pair of ours, the private half encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// The thumbprint of the public half.
    pub kid: JwkThumbprint,
    /// What it signs with.
    pub algorithm: SigningAlgorithm,
    /// The public half, which `/oauth2/jwks` serves.
    pub public: Jwk,
    /// The private half, encrypted with a key of the keyring.
    pub private: WrappedKey,
    /// Since when the world may see it.
    pub published_at: Timestamp,
    /// The instant from which the key signs.
    pub signs_from: Timestamp,
}

/// What a key is good for at some instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// Published; signs nothing yet.
    Next,
    /// Signs: one an algorithm.
    Current,
    /// Published; signs nothing any more.
    Retired,
}

impl KeyState {
    /// Every state, in the order in which a key passes through them.
    pub const ALL: [Self; 3] = [Self::Next, Self::Current, Self::Retired];

    /// The name of the state in the administration's API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Current => "current",
            Self::Retired => "retired",
        }
    }
}

/// All key pairs, in the order in which they were published.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeySet(Vec<Key>);

impl FromIterator<Key> for KeySet {
    fn from_iter<T: IntoIterator<Item = Key>>(keys: T) -> Self {
        let mut keys: Vec<_> = keys.into_iter().collect();
        keys.sort_by_key(|key| (key.published_at, key.kid));
        Self(keys)
    }
}

impl KeySet {
    /// The keys, in the order in which they were published.
    pub fn keys(&self) -> &[Key] {
        &self.0
    }

    /// The key with this id.
    pub fn key(&self, kid: JwkThumbprint) -> Option<&Key> {
        self.0.iter().find(|key| key.kid == kid)
    }

    /// The key that signs now. Where none does yet, because clocks differ by a moment, the next one to
    /// sign.
    pub fn current(&self, algorithm: SigningAlgorithm, now: Timestamp) -> Option<&Key> {
        let signs = self.of(algorithm).filter(|key| key.signs_from <= now);
        signs
            .max_by_key(|key| key.order())
            .or_else(|| self.of(algorithm).min_by_key(|key| key.order()))
    }

    /// What a key of this set is good for.
    pub fn state(&self, key: &Key, now: Timestamp) -> KeyState {
        let current = self.current(key.algorithm, now);
        if current.is_some_and(|current| current.kid == key.kid) {
            KeyState::Current
        } else if key.signs_from > now {
            KeyState::Next
        } else {
            KeyState::Retired
        }
    }

    /// When a key is removed, where its successor is known. Isolates that could not reach the arbiter
    /// may sign with it for as long as their set serves, and the tokens that they sign must verify
    /// until they expire.
    pub fn goes_at(&self, key: &Key, terms: &KeyTerms) -> Option<Timestamp> {
        let successors = self
            .of(key.algorithm)
            .filter(|other| other.order() > key.order());
        let retires_at = successors.map(|successor| successor.signs_from).min()?;
        Some(retires_at + SERVES_FOR + terms.longest_token)
    }

    /// The public halves (RFC 7517 §5).
    pub fn public(&self) -> Value {
        let public = self.0.iter().map(|key| {
            let mut members = key.public.members();
            members.insert("kid".into(), json!(key.kid));
            members.insert("alg".into(), json!(key.algorithm));
            members.insert("use".into(), json!("sig"));
            Value::Object(members)
        });
        json!({"keys": public.collect::<Vec<_>>()})
    }

    /// The set as administrators see it.
    pub fn shown(&self, now: Timestamp, terms: &KeyTerms) -> Value {
        let shown = self.0.iter().map(|key| {
            let mut members = Map::new();
            members.insert("kid".into(), json!(key.kid));
            members.insert("alg".into(), json!(key.algorithm));
            members.insert("state".into(), json!(self.state(key, now).as_str()));
            members.insert("published_at".into(), json!(key.published_at.to_iso()));
            members.insert("signs_from".into(), json!(key.signs_from.to_iso()));
            let goes_at = self.goes_at(key, terms).map(Timestamp::to_iso);
            members.insert("goes_at".into(), json!(goes_at));
            Value::Object(members)
        });
        shown.collect()
    }

    fn of(&self, algorithm: SigningAlgorithm) -> impl Iterator<Item = &Key> {
        self.0.iter().filter(move |key| key.algorithm == algorithm)
    }
}

impl Key {
    /// What decides which of two keys signs: the later one.
    fn order(&self) -> (Timestamp, Timestamp, JwkThumbprint) {
        (self.signs_from, self.published_at, self.kid)
    }
}

/// A question to the arbiter, as it travels to its object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeysQuestion {
    /// Asks for the set as it is.
    Read,
    /// Gives a successor to every key that has none, ahead of time.
    Rotate,
    /// Removes this key, which has leaked, and makes its successor sign at once.
    Remove(JwkThumbprint),
}

impl KeysQuestion {
    const fn leaked(self) -> Option<JwkThumbprint> {
        match self {
            Self::Remove(kid) => Some(kid),
            Self::Read | Self::Rotate => None,
        }
    }
}

/// The arbiter's answer, as it travels back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeysAnswer {
    /// The set after the turn.
    pub set: KeySet,
    /// Whether there was such a key to remove.
    pub removed: bool,
}

/// A turn of the arbiter, before the keys that it needs are made.
#[derive(Debug, PartialEq, Eq)]
pub struct KeysTurn {
    /// What the set becomes, without the keys that are to be made.
    pub set: KeySet,
    /// The keys that are to be made.
    pub make: Vec<NewKey>,
    /// Whether there was such a key to remove.
    pub removed: bool,
}

/// A key that is to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewKey {
    /// What it signs with.
    pub algorithm: SigningAlgorithm,
    /// When it is published.
    pub published_at: Timestamp,
    /// The instant from which the key signs.
    pub signs_from: Timestamp,
}

impl NewKey {
    /// Completes the key with its pair, whose private half is already encrypted.
    pub fn with(self, public: Jwk, private: WrappedKey) -> Key {
        Key {
            kid: public.thumbprint(),
            algorithm: self.algorithm,
            public,
            private,
            published_at: self.published_at,
            signs_from: self.signs_from,
        }
    }
}

impl KeysTurn {
    /// Decides what becomes of the set. `opens` says whether a private key can be decrypted: one that
    /// cannot is as good as lost, and another one takes its place.
    pub fn decide(
        mut set: KeySet,
        question: KeysQuestion,
        now: Timestamp,
        terms: &KeyTerms,
        opens: impl Fn(&WrappedKey) -> bool,
    ) -> Self {
        set.drop_old(now, terms);
        let leaked = question.leaked();
        let signs = |key: &Key| leaked != Some(key.kid) && opens(&key.private);
        let mut make = Vec::new();
        for &algorithm in SigningAlgorithm::ALL {
            let current = set.current(algorithm, now);
            let ends_at = current
                .filter(|key| signs(key))
                .map(|key| key.signs_from + terms.lifetime);
            let next = set
                .of(algorithm)
                .find(|key| key.signs_from > now && signs(key));
            let next = next.map(|key| key.kid);
            let is_due =
                |ends_at| question == KeysQuestion::Rotate || ends_at <= now + terms.publish_ahead;
            let signs_from = match (ends_at, next) {
                (None, Some(next)) => {
                    set.sign_at_once(next, now);
                    continue;
                }
                (None, None) => now,
                (Some(ends_at), None) if is_due(ends_at) => now + terms.publish_ahead,
                (Some(_), _) => continue,
            };
            make.push(NewKey {
                algorithm,
                published_at: now,
                signs_from,
            });
        }
        let before = set.0.len();
        set.0.retain(|key| leaked != Some(key.kid));
        Self {
            removed: set.0.len() < before,
            make,
            set,
        }
    }

    /// The set and the answer, once the keys are made.
    pub fn finish(self, made: Vec<Key>) -> KeysAnswer {
        KeysAnswer {
            set: self.set.0.into_iter().chain(made).collect(),
            removed: self.removed,
        }
    }
}

impl KeySet {
    /// Drops the keys whose tokens have all expired.
    fn drop_old(&mut self, now: Timestamp, terms: &KeyTerms) {
        let is_old = |key: &&Key| self.goes_at(key, terms).is_some_and(|at| at <= now);
        let old = self.0.iter().filter(is_old).map(|key| key.kid);
        let old: Vec<_> = old.collect();
        self.0.retain(|key| !old.contains(&key.kid));
    }

    fn sign_at_once(&mut self, kid: JwkThumbprint, now: Timestamp) {
        for key in self.0.iter_mut().filter(|key| key.kid == kid) {
            key.signs_from = now;
        }
    }

    /// Encrypts every private key under the current entry of `SIGNING_KEYS`, so that the others can
    /// go.
    pub fn rewrap(
        &mut self,
        keyring: &Keyring,
        mut nonce: impl FnMut() -> Option<[u8; NONCE_BYTES]>,
    ) -> Result<(), SigningError> {
        for key in &mut self.0 {
            if !keyring.is_wrapped_before(&key.private) {
                continue;
            }
            // What cannot be opened has been replaced; its public half is published to its end.
            let Some(private) = keyring.unwrap(&key.private) else {
                continue;
            };
            key.private = keyring.wrap(nonce().ok_or(SigningError)?, &private)?;
        }
        Ok(())
    }

    /// Whether private keys of an earlier set are encrypted anew in this one.
    pub fn is_rewrapped_from(&self, before: &Self) -> bool {
        let rewrapped = |key: &Key| {
            before
                .key(key.kid)
                .is_some_and(|it| it.private != key.private)
        };
        self.0.iter().any(rewrapped)
    }
}

/// The set as an isolate remembers it.
#[derive(Debug, Default)]
pub struct KeyCache {
    read: RefCell<Option<(Rc<KeySet>, Timestamp)>>,
    /// When the arbiter last did not answer.
    failed_at: Cell<Option<Timestamp>>,
}

impl KeyCache {
    /// Remembers a set that the arbiter just gave.
    pub fn keep(&self, set: KeySet, now: Timestamp) -> Rc<KeySet> {
        let set = Rc::new(set);
        self.failed_at.set(None);
        self.read.replace(Some((Rc::clone(&set), now)));
        set
    }

    /// The set, where it need not be asked for. One without the key that is looked for may be too old
    /// by less.
    pub fn known(&self, looking_for: Option<JwkThumbprint>, now: Timestamp) -> Option<Rc<KeySet>> {
        let failed = |at: Timestamp| now.since(at) < TRIES_AGAIN_AFTER;
        if self.failed_at.get().is_some_and(failed) {
            return self.younger_than(SERVES_FOR, now);
        }
        let set = self.younger_than(FRESH_FOR, now)?;
        let is_there = looking_for.is_none_or(|kid| set.key(kid).is_some());
        if is_there {
            return Some(set);
        }
        self.younger_than(LOOKS_AGAIN_AFTER, now)
    }

    /// The set, where it could not be asked for.
    pub fn instead(&self, now: Timestamp) -> Option<Rc<KeySet>> {
        self.failed_at.set(Some(now));
        self.younger_than(SERVES_FOR, now)
    }

    fn younger_than(&self, age: Duration, now: Timestamp) -> Option<Rc<KeySet>> {
        let read = self.read.borrow();
        let (set, at) = read.as_ref()?;
        (now.since(*at) < age).then(|| Rc::clone(set))
    }
}
