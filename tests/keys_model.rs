//! Histories of the signing keys: isolates that remember, an arbiter that at times does not answer or
//! dies before it has stored what it decided, verifiers that keep a key set for five minutes.
#![cfg(not(target_arch = "wasm32"))]
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use fluxer_oauth2::crypto::keyring::Keyring;
use fluxer_oauth2::oauth::jwk::{Jwk, JwkThumbprint, SigningAlgorithm};
use fluxer_oauth2::signing_keys::{
    KeyCache, KeySet, KeyState, KeyTerms, KeysAnswer, KeysQuestion, KeysTurn,
};
use fluxer_oauth2::time::Timestamp;
use proptest::prelude::*;

const DAY: Duration = Duration::from_secs(24 * 3600);
const TERMS: KeyTerms = KeyTerms {
    publish_ahead: DAY,
    lifetime: Duration::from_secs(10 * 24 * 3600),
    longest_token: Duration::from_secs(3600),
};
/// How long a verifier keeps a key set (`Cache-Control` of `/.well-known/jwks.json`).
const KEPT_FOR: Duration = Duration::from_secs(300);

/// How a turn of the arbiter ends.
#[derive(Debug, Clone, Copy)]
enum End {
    Answered,
    /// It did not take place.
    Unreachable,
    /// It was decided, keys were made, and the process was killed before any of it was stored.
    Killed,
    /// It was stored, and the answer was lost.
    AnswerLost,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Wait(Duration),
    /// An isolate signs a token.
    Sign(usize, SigningAlgorithm, End),
    /// A verifier fetches the set from an isolate.
    Fetch(usize, End),
    Rotate(End),
    /// The current key has leaked.
    Remove(SigningAlgorithm, End),
}

fn steps(leaks: bool) -> impl Strategy<Value = Vec<Step>> {
    let wait = prop_oneof![
        4 => 1..90_u64,
        4 => 60..4_000_u64,
        2 => 3_600..100_000_u64,
        1 => 86_400..2_000_000_u64,
    ];
    let algorithm = prop::sample::select(SigningAlgorithm::ALL);
    let end = prop_oneof![
        8 => Just(End::Answered),
        2 => Just(End::Unreachable),
        1 => Just(End::Killed),
        1 => Just(End::AnswerLost),
    ];
    let step = prop_oneof![
        6 => wait.prop_map(|seconds| Step::Wait(Duration::from_secs(seconds))),
        6 => (0..3_usize, algorithm.clone(), end.clone()).prop_map(|(a, b, c)| Step::Sign(a, b, c)),
        6 => (0..3_usize, end.clone()).prop_map(|(a, b)| Step::Fetch(a, b)),
        1 => end.clone().prop_map(Step::Rotate),
        u32::from(leaks) => (algorithm, end).prop_map(|(a, b)| Step::Remove(a, b)),
    ];
    prop::collection::vec(step, 1..120)
}

struct Token {
    kid: JwkThumbprint,
    expires_at: Timestamp,
}

struct World {
    now: Timestamp,
    keyring: Keyring,
    stored: KeySet,
    isolates: [KeyCache; 3],
    made: u64,
    fetched: Vec<(Timestamp, BTreeSet<JwkThumbprint>)>,
    tokens: Vec<Token>,
    /// Keys that have leaked, and their successors, which sign at once.
    exempt: BTreeSet<JwkThumbprint>,
}

impl World {
    fn new() -> Self {
        let keyring = Keyring::parse("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
        Self {
            now: Timestamp::from_millis(1_795_000_000_000),
            keyring: keyring.expect("a keyring"),
            stored: KeySet::default(),
            isolates: Default::default(),
            made: 0,
            fetched: Vec::new(),
            tokens: Vec::new(),
            exempt: BTreeSet::new(),
        }
    }

    fn ask(&mut self, question: KeysQuestion, end: End) -> Option<KeysAnswer> {
        if matches!(end, End::Unreachable) {
            return None;
        }
        let opens = |private: &_| self.keyring.unwrap(private).is_some();
        let turn = KeysTurn::decide(self.stored.clone(), question, self.now, &TERMS, opens);
        let mut made = Vec::new();
        for new in &turn.make {
            self.made += 1;
            let mut point = [4; 65];
            point[1..9].copy_from_slice(&self.made.to_be_bytes());
            let private = self.keyring.wrap([1; 24], b"private").expect("wrapped");
            made.push(new.with(Jwk::of_point(&point).expect("a point"), private));
        }
        let answer = turn.finish(made);
        if matches!(end, End::Killed) {
            return None;
        }
        self.stored = answer.set.clone();
        self.check_stored();
        matches!(end, End::Answered).then_some(answer)
    }

    fn check_stored(&self) {
        for &algorithm in SigningAlgorithm::ALL {
            let of = |state| {
                let keys = self.stored.keys().iter();
                keys.filter(|key| key.algorithm == algorithm)
                    .filter(|key| self.stored.state(key, self.now) == state)
                    .count()
            };
            assert_eq!(of(KeyState::Current), 1, "{algorithm}");
            assert!(of(KeyState::Next) <= 1, "{algorithm}");
            let current = self.stored.current(algorithm, self.now).expect("a key");
            assert!(current.signs_from <= self.now);
        }
    }

    fn known(&mut self, isolate: usize, end: End) -> Option<Rc<KeySet>> {
        if let Some(set) = self.isolates[isolate].known(None, self.now) {
            return Some(set);
        }
        match self.ask(KeysQuestion::Read, end) {
            Some(answer) => Some(self.isolates[isolate].keep(answer.set, self.now)),
            None => self.isolates[isolate].instead(self.now),
        }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Wait(span) => self.now = self.now + span,
            Step::Sign(isolate, algorithm, end) => {
                let Some(set) = self.known(isolate, end) else {
                    return;
                };
                let kid = set.current(algorithm, self.now).expect("a key").kid;
                let kept = self.fetched.iter();
                for (at, kids) in kept.filter(|(at, _)| self.now.since(*at) <= KEPT_FOR) {
                    let known = kids.contains(&kid) || self.exempt.contains(&kid);
                    assert!(known, "signed by a key that was not in the set at {at:?}");
                }
                let expires_at = self.now + TERMS.longest_token;
                self.tokens.push(Token { kid, expires_at });
            }
            Step::Fetch(isolate, end) => {
                let Some(set) = self.known(isolate, end) else {
                    return;
                };
                for token in self
                    .tokens
                    .iter()
                    .filter(|token| token.expires_at > self.now)
                {
                    let verifies = set.key(token.kid).is_some();
                    assert!(
                        verifies || self.exempt.contains(&token.kid),
                        "gone too early"
                    );
                }
                let kids = set.keys().iter().map(|key| key.kid).collect();
                self.fetched.push((self.now, kids));
            }
            Step::Rotate(end) => {
                self.ask(KeysQuestion::Rotate, end);
            }
            Step::Remove(algorithm, end) => {
                let Some(leaked) = self.stored.current(algorithm, self.now) else {
                    return;
                };
                let leaked = leaked.kid;
                self.ask(KeysQuestion::Remove(leaked), end);
                let is_stored = matches!(end, End::Answered | End::AnswerLost);
                assert_eq!(self.stored.key(leaked).is_none(), is_stored);
                let successor = self.stored.current(algorithm, self.now).expect("a key").kid;
                self.exempt.extend([leaked, successor]);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn verifiers_know_a_key_before_it_signs_and_until_its_last_token_has_expired(
        steps in steps(false)
    ) {
        let mut world = World::new();
        for step in steps {
            world.take(step);
        }
    }

    #[test]
    fn a_leaked_key_is_gone_at_once_and_no_other_token_is_the_worse_for_it(steps in steps(true)) {
        let mut world = World::new();
        for step in steps {
            world.take(step);
        }
    }
}
