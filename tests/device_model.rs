//! Random histories of a device that waits for its user, against a model that remembers everything and
//! decides from that.
//!
//! Two users look at the device's code and answer it, in any order and more than once; the device polls,
//! too fast or not, and any question may be asked again after a lost answer. The entry keeps its last state
//! only, and the ledgers know nothing of it: together they must give tokens once, for an approval that
//! stands, and to nobody else.
#![cfg(not(target_arch = "wasm32"))]
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

use core::time::Duration;

use fluxer_oauth2::crypto::secret::{DeviceCodeSecret, Hash, Secret};
use fluxer_oauth2::id::{AttemptId, FamilyId};
use fluxer_oauth2::ledger::{
    Collect, Family, FamilyVerb, Generation, Grant, Open, Opened, Revoke, Update,
};
use fluxer_oauth2::oauth::device::{INTERVAL, LIFETIME};
use fluxer_oauth2::oauth::error::GrantRefusal;
use fluxer_oauth2::oauth::scope::Scopes;
use fluxer_oauth2::pending::{
    AnswerDevice, AnyEntryVerb, DeviceAnswer, DeviceApproval, DevicePoll, DevicePolled,
    DeviceRequest, Entry, EntryUpdate, EntryVerb,
};
use fluxer_oauth2::snowflake::{ApplicationId, UserId};
use fluxer_oauth2::time::Timestamp;
use proptest::prelude::*;

/// Histories per run.
const HISTORIES: u32 = 10_000;
const BEGIN: Timestamp = Timestamp::from_millis(1_795_000_000_000);
const SLACK: Duration = Duration::from_millis(500);
const USERS: [&str; 2] = ["7", "8"];

/// What happens next.
#[derive(Debug, Clone, Copy)]
enum Event {
    Wait(Duration),
    /// A user approves: their ledger opens the login, and then the device is told.
    Approve(usize),
    /// The same, and the second step fails.
    ApproveHalf(usize),
    Deny,
    /// A user takes everything back.
    Revoke(usize),
    /// The device polls.
    Poll,
    /// The same question reaches its object again.
    PollAgain,
    /// The holder of another device code polls.
    Stranger,
}

fn event() -> impl Strategy<Value = Event> {
    let wait = prop_oneof![
        0..12_000_u64,
        Just(4_499),
        Just(4_500),
        Just(5_000),
        Just(10_000),
        Just(300_000),
    ];
    prop_oneof![
        4 => wait.prop_map(|millis| Event::Wait(Duration::from_millis(millis))),
        2 => (0..2_usize).prop_map(Event::Approve),
        1 => (0..2_usize).prop_map(Event::ApproveHalf),
        1 => Just(Event::Deny),
        1 => (0..2_usize).prop_map(Event::Revoke),
        5 => Just(Event::Poll),
        2 => Just(Event::PollAgain),
        1 => Just(Event::Stranger),
    ]
}

/// What the model remembers.
#[derive(Default)]
struct Past {
    /// The polls that found nobody's answer, in order: when, and whether each was early.
    polls: Vec<(Timestamp, bool)>,
    answered: Option<Answered>,
    /// Whose login stands open or lives, by user.
    open: [bool; 2],
    /// Whose login has ended, by user: it never opens again.
    ended: [bool; 2],
    tokens: usize,
    /// The poll that got the tokens.
    collected_by: Option<u8>,
}

#[derive(Clone, Copy, PartialEq)]
enum Answered {
    Denied,
    Approved(usize),
}

/// What a poll comes to.
#[derive(Debug, PartialEq)]
enum Told {
    Waiting,
    TooOften,
    Denied,
    Tokens,
    Refused,
    Over,
}

struct Here {
    now: Timestamp,
    entry: Option<Entry>,
    families: [Option<Family>; 2],
    attempts: u8,
    past: Past,
}

fn code(name: &str) -> Hash<DeviceCodeSecret> {
    Secret::new(name).hash()
}

fn family() -> FamilyId {
    FamilyId::of_hash(code("device").bytes())
}

impl Here {
    fn new() -> Self {
        let mut here = Self {
            now: BEGIN,
            entry: None,
            families: [None, None],
            attempts: 0,
            past: Past::default(),
        };
        let request = |name| DeviceRequest {
            client: ApplicationId::parse("12").expect("an id"),
            code: code(name),
            request: String::new(),
            at: BEGIN,
            until: BEGIN + LIFETIME,
            address: None,
            agent: None,
        };
        assert!(here.ask(request("device")));
        assert!(here.ask(request("device")), "asked again");
        assert!(!here.ask(request("another")), "the user code is taken");
        here
    }

    fn is_over(&self) -> bool {
        self.now >= BEGIN + LIFETIME
    }

    /// By way of JSON, as to an object and back.
    fn ask<V: EntryVerb>(&mut self, verb: V) -> V::Answer {
        let verb: AnyEntryVerb = verb.into();
        let verb = serde_json::to_string(&verb).expect("written");
        let verb: AnyEntryVerb = serde_json::from_str(&verb).expect("read");
        let (update, answer) = verb.decide(self.entry.clone(), self.now).expect("decided");
        if let EntryUpdate::Put(entry) = update {
            self.entry = Some(entry);
        }
        serde_json::from_str(&answer).expect("an answer")
    }

    fn ask_ledger<V: FamilyVerb>(&mut self, user: usize, verb: V) -> V::Answer {
        let (update, answer) = verb.decide(self.families[user].clone(), self.now);
        match update {
            Update::Keep => {}
            Update::Put(family) => self.families[user] = Some(family),
            Update::Remove => self.families[user] = None,
        }
        answer
    }

    fn open(&mut self, user: usize) -> bool {
        let grant = Grant {
            scope: Scopes::parse("identify").expect("scopes"),
            redirect_uri: String::new(),
            code_challenge: None,
            dpop_jkt: None,
            device: None,
            address: None,
            guild: None,
            joins: None,
            authentication: None,
            resource: None,
        };
        let open = Open {
            family: family(),
            grant,
            code_expires_at: BEGIN + LIFETIME,
        };
        let opened = self.ask_ledger(user, open) == Opened::Open;
        let is_theirs = self.past.answered == Some(Answered::Approved(user));
        let collected = self.past.collected_by.is_some() && is_theirs;
        let expected = !self.past.ended[user] && !collected;
        assert_eq!(
            opened, expected,
            "a login that ended or was collected opens"
        );
        self.past.open[user] |= opened;
        opened
    }

    fn approve(&mut self, user: usize, is_whole: bool) {
        // Whoever types a code whose time is over is told so.
        if self.is_over() || !self.open(user) || !is_whole {
            return;
        }
        let answer = DeviceAnswer::Approved(DeviceApproval {
            user: UserId::parse(USERS[user]).expect("an id"),
            openid: false,
            resource: None,
        });
        let code = code("device");
        let is_told = self.ask(AnswerDevice { code, answer });
        let answered = *self.past.answered.get_or_insert(Answered::Approved(user));
        assert_eq!(is_told, answered == Answered::Approved(user));
        if !is_told {
            self.revoke(user);
        }
    }

    fn deny(&mut self) {
        let code = code("device");
        let answer = DeviceAnswer::Denied;
        let is_told = self.ask(AnswerDevice { code, answer });
        if self.is_over() {
            assert!(!is_told);
            return;
        }
        let answered = *self.past.answered.get_or_insert(Answered::Denied);
        assert_eq!(is_told, answered == Answered::Denied);
    }

    fn revoke(&mut self, user: usize) {
        let family = family();
        let revoke = Revoke {
            family,
            counts: false,
        };
        self.ask_ledger(user, revoke);
        self.past.ended[user] |= self.past.open[user];
        self.past.open[user] = false;
    }

    /// What a poll is told, as the endpoint tells it.
    fn poll(&mut self, name: &str, attempt: u8) -> Told {
        let code = code(name);
        let attempt = AttemptId::from_bytes([attempt; 16]);
        if self.is_over() {
            for user in 0..USERS.len() {
                let late = self.collect(user, AttemptId::from_bytes([254; 16]));
                assert!(
                    late.is_err(),
                    "a ledger gives nothing after the code's time"
                );
            }
            return Told::Over;
        }
        match self.ask(DevicePoll { code, attempt }) {
            DevicePolled::Waiting => Told::Waiting,
            DevicePolled::TooOften => Told::TooOften,
            DevicePolled::Denied => Told::Denied,
            DevicePolled::Over => Told::Over,
            DevicePolled::Approved(approval) => {
                let user = usize::from(approval.user.to_string() != USERS[0]);
                let collected = self.collect(user, attempt);
                collected.map_or(Told::Refused, |_| Told::Tokens)
            }
        }
    }

    fn collect(&mut self, user: usize, attempt: AttemptId) -> Result<Generation, GrantRefusal> {
        let collect = Collect {
            family: family(),
            attempt,
            key: None,
            lifetime: Duration::from_hours(24),
        };
        self.ask_ledger(user, collect)
    }

    /// What the model says of a poll.
    fn expected(&mut self, attempt: u8, is_again: bool) -> Told {
        if self.is_over() {
            return Told::Over;
        }
        match self.past.answered {
            Some(Answered::Denied) => Told::Denied,
            Some(Answered::Approved(user)) => {
                let is_first = self.past.collected_by.is_none();
                let is_same = self.past.collected_by == Some(attempt);
                if !self.past.open[user] || !(is_first || is_same) {
                    return Told::Refused;
                }
                self.past.collected_by = Some(attempt);
                self.past.tokens += usize::from(is_first);
                Told::Tokens
            }
            None => {
                let early = self.past.polls.iter().filter(|(_, is_early)| *is_early);
                let slower = Duration::from_secs(5) * u32::try_from(early.count()).expect("few");
                let is_early = match self.past.polls.last() {
                    Some((_, is_early)) if is_again => *is_early,
                    Some((at, _)) => self.now.since(*at) + SLACK < INTERVAL + slower,
                    None => false,
                };
                if !is_again || self.past.polls.is_empty() {
                    self.past.polls.push((self.now, is_early));
                }
                if is_early {
                    Told::TooOften
                } else {
                    Told::Waiting
                }
            }
        }
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Wait(span) => self.now = self.now + span,
            Event::Approve(user) => self.approve(user, true),
            Event::ApproveHalf(user) => self.approve(user, false),
            Event::Deny => self.deny(),
            Event::Revoke(user) => self.revoke(user),
            Event::Poll | Event::PollAgain => {
                let is_again = matches!(event, Event::PollAgain) && self.attempts > 0;
                self.attempts += u8::from(!is_again);
                let expected = self.expected(self.attempts, is_again);
                assert_eq!(self.poll("device", self.attempts), expected);
            }
            Event::Stranger => assert_eq!(self.poll("another", 255), Told::Over),
        }
        assert!(self.past.tokens <= 1, "one answer with tokens");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(HISTORIES))]

    #[test]
    fn a_device_gets_tokens_once_and_only_while_its_approval_stands(
        events in prop::collection::vec(event(), 1..40)
    ) {
        let mut here = Here::new();
        for event in events {
            here.happens(event);
        }
    }
}
