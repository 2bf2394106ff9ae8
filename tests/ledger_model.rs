//! Random histories of a ledger against a model that remembers everything and decides from that.
//!
//! A history is a list of questions to four families, with the clock moving between them; any
//! message may arrive again, late, out of order. The model keeps a family's whole past, the ledger
//! only its last state: they must agree on every answer and on who lives, whatever the ledger has
//! been allowed to forget.
#![cfg(not(target_arch = "wasm32"))]
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use fluxer_oauth2::crypto::form_ticket::FORM_LIFETIME;
use fluxer_oauth2::id::{AttemptId, FamilyId};
use fluxer_oauth2::ledger::{
    Adopt, Ended, Evidence, Families, Family, FamilyVerb, Generation, Grant, MAX_MISSES, Open,
    Opened, REDEMPTION_GRACE, ROTATION_GRACE, Reads, Redeem, Revoke, Rotate, Status, Update,
};
use fluxer_oauth2::oauth::client::authentication::AuthenticatedBy;
use fluxer_oauth2::oauth::jwk::{Jwk, JwkThumbprint};
use fluxer_oauth2::oauth::pkce::{CodeChallenge, challenge_of_verifier};
use fluxer_oauth2::oauth::redirect_uri::RegisteredUri;
use fluxer_oauth2::oauth::scope::Scopes;
use fluxer_oauth2::snowflake::ApplicationId;
use fluxer_oauth2::time::Timestamp;
use proptest::prelude::*;

/// Histories per run, half of them in each of two tests: they take as long as all else here, and run side by side.
const HISTORIES: u32 = 20_000;
const FAMILIES: usize = 4;
/// The one that is taken over from another server; codes open the others.
const ADOPTED: usize = FAMILIES - 1;
/// When the histories begin, in milliseconds since 1970.
const START: u64 = 1_795_000_000_000;
const DAY: Duration = Duration::from_hours(24);
const APPLICATION: &str = "2";
const REDIRECT_URI: &str = "https://app.example/cb";

/// The challenge of the right verifier, and that of another one.
static RIGHT: LazyLock<CodeChallenge> = LazyLock::new(|| challenge("r"));
static WRONG: LazyLock<CodeChallenge> = LazyLock::new(|| challenge("w"));

fn challenge(letter: &str) -> CodeChallenge {
    challenge_of_verifier(&letter.repeat(43)).expect("a verifier")
}

/// What happens next.
#[derive(Debug, Clone, Copy)]
enum Event {
    /// Time passes.
    Wait(Duration),
    /// A message arrives about a family.
    Arrives(usize, Message),
    /// Somebody guesses at a family's code, that many times.
    Guesses(usize, u8),
    /// A message that arrived before arrives again, as it was.
    Again(usize),
    /// The user takes everything back.
    Deauthorize,
    /// The alarm forgets what may be forgotten.
    Alarm,
}

#[derive(Debug, Clone, Copy)]
enum Message {
    Open {
        pkce: bool,
        /// The key that the request names.
        key: Key,
        code_lifetime: Duration,
    },
    Redeem {
        shows: Shows,
        attempt: u8,
        lifetime: Duration,
    },
    /// The generation is that many before the current one; negative: not made yet.
    Rotate {
        age: i8,
        asks: Asks,
        /// The key that a public client proves.
        key: Key,
        lifetime: Duration,
    },
    /// Another server's refresh token is shown, which that server takes for 20 days.
    Adopt {
        /// The key that a public client proves.
        key: Key,
        lifetime: Duration,
    },
    Revoke,
}

/// What a client shows with a code.
#[derive(Debug, Clone, Copy)]
struct Shows {
    redirect_uri: Part,
    verifier: Part,
    proof: AuthenticatedBy,
    key: Key,
    is_foreign: bool,
    /// Whether the code's redirect URI is still among the registered ones; `None`: nobody says.
    is_registered: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Part {
    Right,
    Missing,
    Wrong,
}

/// A key that tokens can be bound to.
type Key = Option<JwkThumbprint>;

/// One of two keys, or none.
fn key() -> impl Strategy<Value = Key> {
    let one = |n: u8| Some(Jwk::of_rsa(&[n], &[3]).thumbprint());
    prop_oneof![4 => Just(None), 2 => Just(one(1)), 1 => Just(one(2))]
}

/// The scope that a refresh asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Asks {
    Nothing,
    Less,
    More,
}

fn wait() -> impl Strategy<Value = Duration> {
    // Around every span that a rule names.
    const SHORT: &[u64] = &[1, 5, 9, 10, 11, 29, 30, 31, 59, 60, 61];
    const LONG: &[u64] = &[599, 600, 601, 1799, 1800, 1801];
    const MONTH: &[u64] = &[2_505_600, 2_591_999, 2_592_000, 2_592_001];
    prop_oneof![
        5 => prop::sample::select(SHORT).prop_map(Duration::from_secs),
        1 => prop::sample::select(LONG).prop_map(Duration::from_secs),
        1 => prop::sample::select(MONTH).prop_map(Duration::from_secs),
    ]
}

fn lifetime() -> impl Strategy<Value = Duration> {
    // The default, and the shortest that makes sense: settings are the operator's.
    prop_oneof![3 => Just(DAY * 30), 1 => Just(Duration::from_mins(1))]
}

fn shows() -> impl Strategy<Value = Shows> {
    use Part::{Missing, Right, Wrong};
    let redirect_uri = prop_oneof![8 => Just(Right), 2 => Just(Missing), 1 => Just(Wrong)];
    let verifier = prop_oneof![5 => Just(Right), 5 => Just(Missing), 1 => Just(Wrong)];
    let proof = prop_oneof![Just(AuthenticatedBy::Secret), Just(AuthenticatedBy::IdOnly)];
    let is_foreign = prop::bool::weighted(0.1);
    let is_registered = prop_oneof![8 => Just(Some(true)), 1 => Just(Some(false)), 1 => Just(None)];
    (
        redirect_uri,
        verifier,
        proof,
        key(),
        is_foreign,
        is_registered,
    )
        .prop_map(
            |(redirect_uri, verifier, proof, key, is_foreign, is_registered)| Shows {
                redirect_uri,
                verifier,
                proof,
                key,
                is_foreign,
                is_registered,
            },
        )
}

fn adopted_message() -> impl Strategy<Value = Message> {
    let age = prop_oneof![6 => Just(0), 3 => Just(1), 1 => Just(2), 1 => Just(-1)];
    let asks = Asks::Nothing;
    prop_oneof![
        4 => (key(), lifetime()).prop_map(|(key, lifetime)| Message::Adopt { key, lifetime }),
        4 => (age, key(), lifetime())
            .prop_map(move |(age, key, lifetime)| Message::Rotate { age, asks, key, lifetime }),
        1 => Just(Message::Revoke),
    ]
}

fn message() -> impl Strategy<Value = Message> {
    let asks = prop_oneof![4 => Just(Asks::Nothing), 1 => Just(Asks::Less), 1 => Just(Asks::More)];
    let age = prop_oneof![6 => Just(0), 3 => Just(1), 1 => Just(2), 1 => Just(5), 1 => Just(-1)];
    let code_lifetime = prop_oneof![3 => Just(10), 1 => Just(1)].prop_map(Duration::from_mins);
    prop_oneof![
        3 => (any::<bool>(), key(), code_lifetime)
            .prop_map(|(pkce, key, code_lifetime)| Message::Open { pkce, key, code_lifetime }),
        4 => (shows(), 0..4_u8, lifetime())
            .prop_map(|(shows, attempt, lifetime)| Message::Redeem { shows, attempt, lifetime }),
        6 => (age, asks, key(), lifetime())
            .prop_map(|(age, asks, key, lifetime)| Message::Rotate { age, asks, key, lifetime }),
        1 => Just(Message::Revoke),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        5 => wait().prop_map(Event::Wait),
        12 => (0..ADOPTED, message()).prop_map(|(family, message)| Event::Arrives(family, message)),
        4 => adopted_message().prop_map(|message| Event::Arrives(ADOPTED, message)),
        1 => (0..ADOPTED, 1..12_u8).prop_map(|(family, times)| Event::Guesses(family, times)),
        3 => (0..40_usize).prop_map(Event::Again),
        1 => Just(Event::Deauthorize),
        2 => Just(Event::Alarm),
    ]
}

/// The ledger as its object keeps it: rows of JSON.
#[derive(Default)]
struct Ledger(BTreeMap<FamilyId, String>);

impl Ledger {
    fn family(&self, id: FamilyId) -> Option<Family> {
        let body = self.0.get(&id)?;
        Some(serde_json::from_str(body).expect("a row that can be read"))
    }

    fn ask<V: FamilyVerb>(&mut self, verb: V, now: Timestamp) -> V::Answer {
        let id = verb.family();
        let read = match verb.reads() {
            Reads::Family(id) => vec![id],
            Reads::All => self.ids(),
        };
        let stored = read.into_iter().map(|id| Some((id, self.family(id)?)));
        let mut stored: Families = stored.flatten().collect();
        let (next, answer) = verb.decide_among(stored.remove(&id), stored, now);
        self.store(id, next);
        answer
    }

    fn deauthorize(&mut self, now: Timestamp) {
        for id in self.ids() {
            let family = self.family(id).expect("a row");
            self.store(id, family.end(now));
        }
    }

    fn alarm(&mut self, now: Timestamp) {
        for id in self.ids() {
            if self.family(id).expect("a row").purge_at() <= now {
                self.0.remove(&id);
            }
        }
    }

    fn ids(&self) -> Vec<FamilyId> {
        self.0.keys().copied().collect()
    }

    fn store(&mut self, id: FamilyId, next: Update) {
        match next {
            Update::Keep => {}
            Update::Put(family) => {
                let body = serde_json::to_string(&family).expect("JSON");
                self.0.insert(id, body);
            }
            Update::Remove => {
                self.0.remove(&id);
            }
        }
    }
}

/// A message as it travels: what it means was settled when it was first sent.
#[derive(Debug, Clone)]
enum Sent {
    Open(Open, bool),
    Redeem(Redeem, Shows),
    Rotate(Rotate, Asks),
    Adopt(Adopt),
    Revoke(Revoke),
}

/// Everything that ever happened to a family.
#[derive(Default, Clone)]
struct Past {
    opened: Option<Opening>,
    misses: u8,
    redeemed: Option<(Timestamp, AttemptId)>,
    /// When each generation was made, and until when it is good.
    generations: Vec<(Timestamp, Timestamp)>,
    /// The key that each generation is bound to.
    keys: Vec<Key>,
    ended: bool,
}

#[derive(Clone, Copy)]
struct Opening {
    at: Timestamp,
    pkce: bool,
    key: Key,
    code_expires_at: Timestamp,
}

impl Past {
    fn lives(&self, now: Timestamp) -> bool {
        !self.ended
            && self
                .generations
                .last()
                .is_some_and(|&(_, until)| now < until)
    }

    fn current(&self) -> Option<Generation> {
        let &(issued_at, expires_at) = self.generations.last()?;
        Some(Generation {
            scope: granted(),
            generation: u32::try_from(self.generations.len()).expect("few"),
            issued_at,
            expires_at,
            authentication: None,
            resource: None,
        })
    }

    fn open(&mut self, open: &Open, pkce: bool, now: Timestamp) -> bool {
        match self.opened {
            None => {
                let code_expires_at = open.code_expires_at;
                self.opened = Some(Opening {
                    at: now,
                    pkce,
                    key: open.grant.dpop_jkt,
                    code_expires_at,
                });
                true
            }
            Some(opening) => {
                let waits = self.redeemed.is_none() && !self.ended;
                let is_the_same = opening.pkce == pkce && opening.key == open.grant.dpop_jkt;
                waits && is_the_same && now < opening.code_expires_at
            }
        }
    }

    fn redeem(&mut self, redeem: &Redeem, shows: Shows, now: Timestamp) -> Option<Generation> {
        let opening = self.opened?;
        let has_redirect_uri = match shows.redirect_uri {
            Part::Right => true,
            Part::Missing => opening.pkce,
            Part::Wrong => false,
        };
        let binds = if opening.pkce {
            Part::Right
        } else {
            Part::Missing
        };
        let fits = has_redirect_uri
            && shows.verifier == binds
            && !shows.is_foreign
            && (opening.key.is_none() || opening.key == shows.key)
            && shows.is_registered != Some(false);
        let has_verifier = fits && opening.pkce;
        let in_time = now < opening.code_expires_at;
        match self.redeemed {
            _ if self.ended => None,
            None if !in_time => None,
            None if fits => {
                self.redeemed = Some((now, redeem.attempt));
                self.generations.push((now, now + redeem.lifetime));
                let is_public = shows.proof == AuthenticatedBy::IdOnly;
                self.keys.push(shows.key.filter(|_| is_public));
                self.current()
            }
            None => {
                self.misses += 1;
                self.ended = self.misses == MAX_MISSES;
                None
            }
            // The request's own repetition.
            Some((_, attempt)) if attempt == redeem.attempt && self.generations.len() == 1 => {
                self.current().filter(|_| self.lives(now))
            }
            Some((at, _)) => {
                let by_the_client =
                    !shows.is_foreign && (shows.proof == AuthenticatedBy::Secret || has_verifier);
                let mounted_twice = has_verifier && now.since(at) < REDEMPTION_GRACE;
                self.ended = by_the_client && in_time && !mounted_twice;
                None
            }
        }
    }

    fn adopt(&mut self, adopt: &Adopt, now: Timestamp) -> Option<Generation> {
        if self.opened.is_none() {
            self.opened = Some(Opening {
                at: now,
                pkce: false,
                key: None,
                code_expires_at: adopt.until,
            });
            self.generations.push((now, now + adopt.lifetime));
            self.keys.push(adopt.key);
            return self.current();
        }
        if !self.lives(now) {
            return None;
        }
        let (made_at, _) = self.generations[0];
        let has_key = self.keys[0].is_none() || self.keys[0] == adopt.key;
        // Its answer was lost; later, two parties hold it.
        let is_repeated = self.generations.len() == 1 && now.since(made_at) < ROTATION_GRACE;
        if is_repeated && has_key {
            return self.current();
        }
        self.ended = true;
        None
    }

    fn rotate(&mut self, rotate: &Rotate, asks: Asks, now: Timestamp) -> Option<Generation> {
        if !self.lives(now) {
            return None;
        }
        let current = self.generations.len();
        let presented = usize::try_from(rotate.generation).expect("small");
        let (made_at, _) = self.generations[current - 1];
        let is_predecessor = presented + 1 == current && now.since(made_at) < ROTATION_GRACE;
        if presented > current {
            return None;
        }
        let bound_to = self.keys[presented - 1];
        if bound_to.is_some() && bound_to != rotate.key {
            return None;
        }
        if presented < current && !is_predecessor {
            self.ended = true;
            return None;
        }
        if asks == Asks::More {
            return None;
        }
        if presented == current {
            self.generations.push((now, now + rotate.lifetime));
            self.keys.push(bound_to.or(rotate.key));
        }
        self.current()
    }
}

/// A ledger, its model, and the messages so far.
struct History {
    now: Timestamp,
    ledger: Ledger,
    pasts: [Past; FAMILIES],
    sent: Vec<(usize, Sent)>,
    /// The distinct attempts that got tokens for a family's code.
    winners: [Option<AttemptId>; FAMILIES],
}

impl History {
    fn new() -> Self {
        Self {
            now: Timestamp::from_millis(START),
            ledger: Ledger::default(),
            pasts: Default::default(),
            sent: Vec::new(),
            winners: [None; FAMILIES],
        }
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Wait(span) => self.now = self.now + span,
            Event::Arrives(family, message) => {
                let sent = self.spell(family, message);
                self.sent.push((family, sent.clone()));
                self.arrives(family, &sent);
            }
            Event::Guesses(family, times) => {
                let shows = Shows {
                    verifier: Part::Wrong,
                    ..Shows::RIGHT
                };
                let guess = Message::Redeem {
                    shows,
                    attempt: 9,
                    lifetime: Duration::from_mins(1),
                };
                let sent = self.spell(family, guess);
                (0..times).for_each(|_| self.arrives(family, &sent));
            }
            Event::Again(index) => {
                if let Some((family, sent)) = self.sent.get(index).cloned() {
                    self.arrives(family, &sent);
                }
            }
            Event::Deauthorize => {
                self.ledger.deauthorize(self.now);
                for past in &mut self.pasts {
                    past.ended |= past.opened.is_some();
                }
            }
            Event::Alarm => self.ledger.alarm(self.now),
        }
        self.agrees();
    }

    fn spell(&self, family: usize, message: Message) -> Sent {
        let id = family_id(family);
        match message {
            Message::Open {
                pkce,
                key,
                code_lifetime,
            } => Sent::Open(
                Open {
                    family: id,
                    grant: Grant {
                        dpop_jkt: key,
                        ..grant(pkce)
                    },
                    code_expires_at: self.now + code_lifetime,
                },
                pkce,
            ),
            Message::Redeem {
                shows,
                attempt,
                lifetime,
            } => {
                let redeem = Redeem {
                    family: id,
                    application: application(APPLICATION),
                    evidence: shows.evidence(),
                    registered: shows.registered(),
                    attempt: AttemptId::from_bytes([attempt; 16]),
                    lifetime,
                };
                Sent::Redeem(redeem, shows)
            }
            Message::Rotate {
                age,
                asks,
                key,
                lifetime,
            } => {
                let current = i64::try_from(self.pasts[family].generations.len()).expect("few");
                let generation = u32::try_from((current - i64::from(age)).max(1)).expect("small");
                let scope = match asks {
                    Asks::Nothing => None,
                    Asks::Less => Some(scopes("identify")),
                    Asks::More => Some(scopes("identify guilds")),
                };
                Sent::Rotate(
                    Rotate {
                        family: id,
                        generation,
                        scope,
                        resource_scope: Vec::new(),
                        key,
                        lifetime,
                        stays: false,
                    },
                    asks,
                )
            }
            Message::Adopt { key, lifetime } => Sent::Adopt(Adopt {
                family: id,
                grant: grant(false),
                until: Timestamp::from_millis(START) + DAY * 20,
                key,
                lifetime,
            }),
            Message::Revoke => Sent::Revoke(Revoke {
                family: id,
                counts: true,
            }),
        }
    }

    /// Asks the ledger and the model, and compares.
    fn arrives(&mut self, family: usize, sent: &Sent) {
        let (past, now) = (&mut self.pasts[family], self.now);
        match sent {
            Sent::Open(open, pkce) => {
                // The ticket in the form is no older than the family, and lives no longer.
                if past
                    .opened
                    .is_some_and(|opening| now >= opening.at + FORM_LIFETIME)
                {
                    return;
                }
                let expected = past.open(open, *pkce, now);
                let answer = self.ledger.ask(open.clone(), now);
                assert_eq!(answer == Opened::Open, expected, "{sent:?}");
            }
            Sent::Redeem(redeem, shows) => {
                let expected = past.redeem(redeem, *shows, now);
                let answer = self.ledger.ask(redeem.clone(), now);
                let given = answer.clone().ok().map(|it| it.generation);
                assert_eq!(given, expected, "{sent:?}: {answer:?}");
                if answer.is_ok() {
                    let winner = *self.winners[family].get_or_insert(redeem.attempt);
                    assert_eq!(winner, redeem.attempt, "two redemptions of one code");
                }
            }
            Sent::Rotate(rotate, asks) => {
                let expected = past.rotate(rotate, *asks, now);
                let answer = self.ledger.ask(rotate.clone(), now);
                assert_eq!(answer.clone().ok(), expected, "{sent:?}: {answer:?}");
            }
            Sent::Adopt(adopt) => {
                // The other server says no by then.
                if now >= adopt.until {
                    return;
                }
                let expected = past.adopt(adopt, now);
                let answer = self.ledger.ask(adopt.clone(), now);
                assert_eq!(answer.clone().ok(), expected, "{sent:?}: {answer:?}");
            }
            Sent::Revoke(revoke) => {
                past.ended |= past.opened.is_some();
                let left = self.pasts.iter().filter(|past| past.lives(now)).count();
                if let Ended::Counted { left: told } = self.ledger.ask(revoke.clone(), now) {
                    assert_eq!(told, left);
                }
            }
        }
    }

    /// What holds at every instant, asked of the ledger without changing it.
    fn agrees(&mut self) {
        let now = self.now;
        assert!(self.ledger.0.len() <= FAMILIES);
        for (family, past) in self.pasts.iter().enumerate() {
            let id = family_id(family);
            let lives = past.lives(now);
            let status = self.ledger.ask(Status { family: id }, now);
            assert_eq!(status, past.current().filter(|_| lives), "family {family}");

            // One lineage: whichever generations are accepted, they have one successor.
            let current = u32::try_from(past.generations.len()).expect("few");
            let stored = self.ledger.family(id);
            let probed = [
                1,
                2,
                current.saturating_sub(2),
                current.saturating_sub(1),
                current,
                current + 1,
            ];
            let probed = BTreeSet::from(probed);
            let successors: Vec<_> = probed
                .into_iter()
                .filter(|&generation| generation > 0)
                .filter_map(|generation| {
                    let lifetime = Duration::from_mins(1);
                    let index = usize::try_from(generation).expect("small").checked_sub(1);
                    let rotate = Rotate {
                        family: id,
                        generation,
                        scope: None,
                        resource_scope: Vec::new(),
                        key: index.and_then(|it| past.keys.get(it).copied().flatten()),
                        lifetime,
                        stays: false,
                    };
                    rotate
                        .decide(stored.clone(), now)
                        .1
                        .ok()
                        .map(|next| (generation, next.generation))
                })
                .collect();
            match successors.as_slice() {
                [] => assert!(!lives),
                [(one, next)] => assert!(lives && *one == current && *next == current + 1),
                // The predecessor is answered with the current one, which is unused.
                [(old, forgiven), (one, next)] => {
                    assert!(lives && old + 1 == current && *forgiven == current);
                    assert!(*one == current && *next == current + 1);
                }
                more => assert!(more.is_empty(), "{more:?}"),
            }
        }
    }

    /// Long after everything, nothing is left.
    fn ends(mut self) {
        self.now = self.now + DAY * 40;
        self.agrees();
        self.ledger.alarm(self.now);
        assert!(self.ledger.0.is_empty());
    }
}

fn family_id(family: usize) -> FamilyId {
    FamilyId::from_bytes([u8::try_from(family).expect("small"); 16])
}

fn application(id: &str) -> ApplicationId {
    ApplicationId::parse(id).expect("an id")
}

fn scopes(text: &str) -> Scopes {
    Scopes::parse(text).expect("scopes")
}

fn granted() -> Scopes {
    scopes("identify email")
}

fn grant(pkce: bool) -> Grant {
    Grant {
        scope: granted(),
        redirect_uri: REDIRECT_URI.to_owned(),
        code_challenge: pkce.then_some(*RIGHT),
        dpop_jkt: None,
        device: None,
        address: None,
        guild: None,
        joins: None,
        authentication: None,
        resource: None,
    }
}

impl Shows {
    const RIGHT: Self = Self {
        redirect_uri: Part::Right,
        verifier: Part::Right,
        proof: AuthenticatedBy::Secret,
        key: None,
        is_foreign: false,
        is_registered: Some(true),
    };

    fn registered(self) -> Option<Vec<RegisteredUri>> {
        let uri = if self.is_registered? {
            REDIRECT_URI
        } else {
            "https://app.example/other"
        };
        // As the directory spells it.
        let uri = serde_json::from_value(serde_json::Value::from(uri)).expect("a URI");
        Some(vec![uri])
    }

    fn evidence(self) -> Evidence {
        let redirect_uri = self
            .redirect_uri
            .of(REDIRECT_URI, "https://evil.example/cb");
        Evidence {
            client: application(if self.is_foreign { "3" } else { APPLICATION }),
            proof: self.proof,
            redirect_uri: redirect_uri.map(str::to_owned),
            challenge: self.verifier.of(*RIGHT, *WRONG),
            key: self.key,
        }
    }
}

impl Part {
    fn of<T>(self, right: T, wrong: T) -> Option<T> {
        match self {
            Self::Right => Some(right),
            Self::Missing => None,
            Self::Wrong => Some(wrong),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: HISTORIES / 2,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_ledger_agrees_with_one_that_forgets_nothing(
        events in prop::collection::vec(event(), 1..40),
    ) {
        agrees(events);
    }

    #[test]
    fn the_ledger_agrees_with_it_in_as_many_other_histories(
        events in prop::collection::vec(event(), 1..40),
    ) {
        agrees(events);
    }
}

fn agrees(events: Vec<Event>) {
    let mut history = History::new();
    for event in events {
        history.happens(event);
    }
    history.ends();
}

#[test]
fn ten_thousand_rotations_leave_one_row() {
    let mut history = History::new();
    let lifetime = DAY * 30;
    let open = Message::Open {
        pkce: true,
        key: None,
        code_lifetime: Duration::from_mins(10),
    };
    let redeem = Message::Redeem {
        shows: Shows::RIGHT,
        attempt: 0,
        lifetime,
    };
    for message in [open, redeem] {
        let sent = history.spell(0, message);
        history.arrives(0, &sent);
    }
    let rotate = Message::Rotate {
        age: 0,
        asks: Asks::Nothing,
        key: None,
        lifetime,
    };
    for _ in 0..10_000 {
        history.now = history.now + Duration::from_mins(1);
        let sent = history.spell(0, rotate);
        history.arrives(0, &sent);
    }
    assert_eq!(history.pasts[0].generations.len(), 10_001);
    assert_eq!(history.ledger.0.len(), 1);
    let stored = &history.ledger.0[&family_id(0)];
    assert!(stored.len() < 500, "{stored}");
}
