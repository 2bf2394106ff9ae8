//! Logins that the platform answers: accepted or rejected by it, taken by the browser that asked.

use serde::{Deserialize, Serialize};

use super::{Entry, EntryState, EntryUpdate, EntryVerb};
use crate::crypto::secret::{BrowserId, Hash};
use crate::id::AttemptId;
use crate::oauth::openid::AuthenticationMethods;
use crate::snowflake::UserId;
use crate::time::Timestamp;

/// A login that the platform has answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnsweredLogin {
    /// What the browser asked for.
    pub asked: AskedLogin,
    /// What the platform said.
    pub decision: LoginDecision,
    /// The request that took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken: Option<AttemptId>,
}

/// What a browser asked for when it was sent to the platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedLogin {
    /// The cookie of the browser, which alone may go on.
    pub browser: Hash<BrowserId>,
    /// Where it goes on to: a path and a query of this server.
    pub target: String,
    /// When it was sent.
    pub at: Timestamp,
    /// Whether the user must give a new proof, though no client says so.
    pub again: bool,
    /// The user who was logged in when the login began; `None` where nobody was.
    pub subject: Option<UserId>,
}

/// What the platform said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoginDecision {
    /// The platform says that this user logged in.
    Accepted(AcceptedLogin),
    /// The platform says that nobody logged in.
    Rejected(RejectedLogin),
}

/// Who logged in at the platform, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptedLogin {
    /// The user.
    pub subject: UserId,
    /// When they last gave a proof.
    pub auth_time: Timestamp,
    /// The proof that the user gave.
    pub amr: AuthenticationMethods,
    /// The platform's own session.
    pub session: Option<Hash<PlatformSession>>,
    /// How long the browser stays logged in here, in seconds; 0: for this once.
    pub remember_seconds: u32,
}

/// The kind of the name of a session at the platform.
#[derive(Debug)]
pub enum PlatformSession {}

/// Why nobody logged in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedLogin {
    /// Whether the user did not want to (`access_denied`), or could not (`login_required`).
    pub denied: bool,
    /// The platform's own words, for the client's developer.
    pub description: String,
}

/// Answers a login. Answers whether this is its answer: the first one is, and the same one again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AnswerLogin {
    /// What the browser asked for.
    pub asked: AskedLogin,
    /// What the platform says.
    pub decision: LoginDecision,
    /// Until when the browser may come for it.
    pub until: Timestamp,
}

impl EntryVerb for AnswerLogin {
    type Answer = bool;

    fn opens_until(&self) -> Option<Timestamp> {
        Some(self.until)
    }

    fn decide(self, entry: Option<Entry>, _: Timestamp) -> (EntryUpdate, bool) {
        if let Some(entry) = entry {
            let is_same =
                matches!(entry.state, EntryState::Login(it) if it.decision == self.decision);
            return (EntryUpdate::Keep, is_same);
        }
        let answered = AnsweredLogin {
            asked: self.asked,
            decision: self.decision,
            taken: None,
        };
        let entry = Entry {
            until: self.until,
            state: EntryState::Login(Box::new(answered)),
        };
        (EntryUpdate::Put(entry), true)
    }
}

/// Looks at an answer that waits for a browser. Changes nothing.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SeeLogin {
    /// The browser's cookie.
    pub browser: Hash<BrowserId>,
}

impl EntryVerb for SeeLogin {
    /// `None`: there is none, or it is another browser's.
    type Answer = Option<Box<AnsweredLogin>>;

    fn decide(self, entry: Option<Entry>, _: Timestamp) -> (EntryUpdate, Self::Answer) {
        let login = entry.and_then(|entry| login_of(self.browser, entry));
        (EntryUpdate::Keep, login.map(|(_, login)| login))
    }
}

/// Takes an answer. Answers whether this request is the one that took it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TakeLogin {
    /// The browser's cookie.
    pub browser: Hash<BrowserId>,
    /// The request, so that its own repetition is not another one.
    pub attempt: AttemptId,
}

impl EntryVerb for TakeLogin {
    type Answer = bool;

    fn decide(self, entry: Option<Entry>, _: Timestamp) -> (EntryUpdate, bool) {
        let login = entry.and_then(|entry| login_of(self.browser, entry));
        let Some((until, mut login)) = login else {
            return (EntryUpdate::Keep, false);
        };
        if let Some(taken) = login.taken {
            return (EntryUpdate::Keep, taken == self.attempt);
        }
        login.taken = Some(self.attempt);
        let state = EntryState::Login(login);
        (EntryUpdate::Put(Entry { until, state }), true)
    }
}

/// Gives an answer back that this request took and could not use.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReturnLogin {
    /// The browser's cookie.
    pub browser: Hash<BrowserId>,
    /// The request that took it.
    pub attempt: AttemptId,
}

impl EntryVerb for ReturnLogin {
    type Answer = ();

    fn decide(self, entry: Option<Entry>, _: Timestamp) -> (EntryUpdate, ()) {
        let login = entry.and_then(|entry| login_of(self.browser, entry));
        match login {
            Some((until, mut login)) if login.taken == Some(self.attempt) => {
                login.taken = None;
                let state = EntryState::Login(login);
                (EntryUpdate::Put(Entry { until, state }), ())
            }
            _ => (EntryUpdate::Keep, ()),
        }
    }
}

fn login_of(browser: Hash<BrowserId>, entry: Entry) -> Option<(Timestamp, Box<AnsweredLogin>)> {
    match entry.state {
        EntryState::Login(login) if login.asked.browser == browser => Some((entry.until, login)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::secret::Secret;
    use crate::oauth::openid::AuthenticationMethod;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn browser(name: &str) -> Hash<BrowserId> {
        Secret::new(name).hash()
    }

    fn accept(subject: &str) -> AnswerLogin {
        AnswerLogin {
            asked: AskedLogin {
                browser: browser("A"),
                target: "/developers".to_owned(),
                at: at(0),
                again: false,
                subject: None,
            },
            decision: LoginDecision::Accepted(AcceptedLogin {
                subject: UserId::parse(subject).expect("an id"),
                auth_time: at(0),
                amr: AuthenticationMethod::Password.into(),
                session: None,
                remember_seconds: 0,
            }),
            until: at(600),
        }
    }

    fn after<V: EntryVerb>(verb: V, entry: Option<Entry>) -> (Option<Entry>, V::Answer) {
        match verb.decide(entry.clone(), at(1)) {
            (EntryUpdate::Keep, answer) => (entry, answer),
            (EntryUpdate::Put(entry), answer) => (Some(entry), answer),
        }
    }

    fn take(name: &str, by: u8) -> TakeLogin {
        TakeLogin {
            browser: browser(name),
            attempt: AttemptId::from_bytes([by; 16]),
        }
    }

    #[test]
    fn the_first_answer_stands_and_is_given_again() {
        let (entry, first) = after(accept("1"), None);
        let (entry, again) = after(accept("1"), entry);
        let (same, other) = after(accept("2"), entry.clone());
        assert_eq!((first, again, other), (true, true, false));
        assert_eq!(same, entry);
        let mut reject = accept("1");
        reject.decision = LoginDecision::Rejected(RejectedLogin {
            denied: true,
            description: String::new(),
        });
        assert!(!after(reject, entry).1);
    }

    #[test]
    fn one_request_of_the_right_browser_takes_it() {
        let (entry, _) = after(accept("1"), None);
        let (same, other) = after(take("B", 1), entry.clone());
        assert_eq!(
            (same, other),
            (entry.clone(), false),
            "another browser spends nothing"
        );
        let (entry, first) = after(take("A", 2), entry);
        let (entry, repeated) = after(take("A", 2), entry);
        let (entry, second) = after(take("A", 3), entry);
        assert_eq!((first, repeated, second), (true, true, false));
        assert!(
            after(accept("1"), entry).1,
            "the same answer is still the answer"
        );
    }

    #[test]
    fn what_could_not_be_used_is_given_back_by_whoever_took_it() {
        let give = |by| ReturnLogin {
            browser: browser("A"),
            attempt: AttemptId::from_bytes([by; 16]),
        };
        let (entry, _) = after(accept("1"), None);
        let (entry, _) = after(take("A", 1), entry);
        let (entry, ()) = after(give(2), entry);
        assert!(!after(take("A", 2), entry.clone()).1);
        let (entry, ()) = after(give(1), entry);
        assert!(after(take("A", 2), entry).1);
    }

    #[test]
    fn only_its_browser_sees_it() {
        let (entry, _) = after(accept("1"), None);
        let see = |name| SeeLogin {
            browser: browser(name),
        };
        assert!(after(see("A"), entry.clone()).1.is_some());
        assert!(after(see("B"), entry).1.is_none());
        assert!(after(see("A"), None).1.is_none());
    }
}
