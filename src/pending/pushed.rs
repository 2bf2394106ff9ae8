//! Pushed authorization requests (RFC 9126): told by the client, visited by its user, spent by a code.

use serde::{Deserialize, Serialize};

use super::{Entry, EntryState, EntryUpdate, EntryVerb};
use crate::id::FamilyId;
use crate::time::Timestamp;

/// A pushed authorization request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pushed {
    /// The `client_id` of whoever pushed it, and alone may use it.
    pub client: String,
    /// Its parameters, form-encoded.
    pub request: String,
    /// When a user opened it first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visited_at: Option<Timestamp>,
    /// The login that it ended in, or [`Spend::REFUSED`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spent: Option<FamilyId>,
}

/// Keeps a request under a key that nobody has seen yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Push {
    /// The `client_id` of whoever pushes it.
    pub client: String,
    /// Its parameters, form-encoded.
    pub request: String,
    /// By when a user must have opened it.
    pub until: Timestamp,
}

impl EntryVerb for Push {
    type Answer = ();

    fn opens_until(&self) -> Option<Timestamp> {
        Some(self.until)
    }

    fn decide(self, entry: Option<Entry>, _: Timestamp) -> (EntryUpdate, ()) {
        // The key is 256 random bits: what is there was written by this same question, asked again.
        if entry.is_some() {
            return (EntryUpdate::Keep, ());
        }
        let pushed = Pushed {
            client: self.client,
            request: self.request,
            visited_at: None,
            spent: None,
        };
        let entry = Entry {
            until: self.until,
            state: EntryState::Pushed(pushed),
        };
        (EntryUpdate::Put(entry), ())
    }
}

/// Opens a request. `None`: there is none, or it is another client's.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Visit {
    /// The `client_id` that the visitor comes with.
    pub client: String,
    /// Until when it stays, from its first visit: login and consent take their own time.
    pub until: Timestamp,
}

impl Visit {
    /// The end of a visit that leaves no trace.
    pub const LOOK: Timestamp = Timestamp::from_millis(0);
}

/// A pushed request that somebody opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visited {
    /// Its parameters, form-encoded.
    pub request: String,
    /// When it was opened first.
    pub since: Timestamp,
    /// Whether it has ended.
    pub is_spent: bool,
}

impl EntryVerb for Visit {
    type Answer = Option<Visited>;

    fn decide(self, entry: Option<Entry>, now: Timestamp) -> (EntryUpdate, Option<Visited>) {
        let Some((until, mut pushed)) = pushed_by(&self.client, entry) else {
            return (EntryUpdate::Keep, None);
        };
        let visited = Visited {
            request: pushed.request.clone(),
            since: pushed.visited_at.unwrap_or(now),
            is_spent: pushed.spent.is_some(),
        };
        if pushed.visited_at.is_some() || self.until == Self::LOOK {
            return (EntryUpdate::Keep, Some(visited));
        }
        pushed.visited_at = Some(now);
        let entry = Entry {
            until: self.until.max(until),
            state: EntryState::Pushed(pushed),
        };
        (EntryUpdate::Put(entry), Some(visited))
    }
}

/// Spends a request on a login, or on a refusal. Answers whether it is spent on this one: asked again
/// for the same, as after a lost answer, it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Spend {
    /// The `client_id` of the login.
    pub client: String,
    /// The family that the request's approval opened.
    pub family: FamilyId,
}

impl Spend {
    /// What a request is spent on that ends without a login. A family is named by a hash: none has this
    /// name.
    pub const REFUSED: FamilyId = FamilyId::from_bytes([0; 16]);
}

impl EntryVerb for Spend {
    type Answer = bool;

    fn decide(self, entry: Option<Entry>, _: Timestamp) -> (EntryUpdate, bool) {
        let Some((until, mut pushed)) = pushed_by(&self.client, entry) else {
            return (EntryUpdate::Keep, false);
        };
        if let Some(spent) = pushed.spent {
            return (EntryUpdate::Keep, spent == self.family);
        }
        pushed.spent = Some(self.family);
        let spent = Entry {
            until,
            state: EntryState::Pushed(pushed),
        };
        (EntryUpdate::Put(spent), true)
    }
}

fn pushed_by(client: &str, entry: Option<Entry>) -> Option<(Timestamp, Pushed)> {
    let entry = entry?;
    match entry.state {
        EntryState::Pushed(pushed) if pushed.client == client => Some((entry.until, pushed)),
        EntryState::Pushed(_)
        | EntryState::Claimed(_)
        | EntryState::Login(_)
        | EntryState::Device(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: &str = "12";
    const OTHER: &str = "13";

    fn client(id: &str) -> String {
        id.to_owned()
    }

    fn shown(visited: Option<Visited>) -> Option<(String, bool)> {
        visited.map(|it| (it.request, it.is_spent))
    }

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn family(byte: u8) -> FamilyId {
        FamilyId::from_bytes([byte; 16])
    }

    fn after<V: EntryVerb>(verb: V, entry: Option<Entry>) -> (Option<Entry>, V::Answer) {
        match verb.decide(entry.clone(), at(1)) {
            (EntryUpdate::Keep, answer) => (entry, answer),
            (EntryUpdate::Put(entry), answer) => (Some(entry), answer),
        }
    }

    fn push(until: u64) -> Push {
        Push {
            client: client(CLIENT),
            request: "scope=identify".to_owned(),
            until: at(until),
        }
    }

    fn visit(id: &str, until: u64) -> Visit {
        Visit {
            client: client(id),
            until: at(until),
        }
    }

    fn spend(id: &str, by: u8) -> Spend {
        Spend {
            client: client(id),
            family: family(by),
        }
    }

    #[test]
    fn the_first_visit_alone_prolongs_a_request() {
        let (entry, ()) = after(push(90), None);
        let (entry, request) = after(visit(CLIENT, 900), entry);
        assert_eq!(shown(request), Some(("scope=identify".to_owned(), false)));
        assert_eq!(entry.as_ref().map(|it| it.until), Some(at(900)));
        let (entry, request) = after(visit(CLIENT, 9_000), entry);
        assert_eq!(shown(request), Some(("scope=identify".to_owned(), false)));
        assert_eq!(entry.map(|it| it.until), Some(at(900)));
    }

    #[test]
    fn a_request_is_spent_on_one_login_and_seen_to_be() {
        let (entry, ()) = after(push(90), None);
        let (entry, _) = after(visit(CLIENT, 900), entry);
        let (entry, first) = after(spend(CLIENT, 1), entry);
        let (entry, again) = after(spend(CLIENT, 1), entry);
        let (entry, other) = after(spend(CLIENT, 2), entry);
        assert_eq!((first, again, other), (true, true, false));
        let visited = after(visit(CLIENT, 900), entry).1;
        assert_eq!(shown(visited), Some(("scope=identify".to_owned(), true)));
    }

    #[test]
    fn a_refused_request_is_spent_on_no_login_and_may_be_refused_again() {
        let refuse = || Spend {
            client: client(CLIENT),
            family: Spend::REFUSED,
        };
        let (entry, ()) = after(push(90), None);
        let (entry, first) = after(refuse(), entry);
        let (entry, again) = after(refuse(), entry);
        let (entry, login) = after(spend(CLIENT, 1), entry);
        assert_eq!((first, again, login), (true, true, false));
        let visited = after(visit(CLIENT, 900), entry).1;
        assert_eq!(shown(visited), Some(("scope=identify".to_owned(), true)));
    }

    #[test]
    fn another_client_sees_and_spends_nothing() {
        let (entry, ()) = after(push(90), None);
        let (same, seen) = after(visit(OTHER, 900), entry.clone());
        assert_eq!((same, seen), (entry.clone(), None));
        let (same, spent) = after(spend(OTHER, 1), entry.clone());
        assert_eq!((same, spent), (entry, false));
    }

    #[test]
    fn a_push_that_is_asked_twice_changes_nothing() {
        let (entry, ()) = after(push(90), None);
        let (visited, _) = after(visit(CLIENT, 900), entry);
        assert_eq!(after(push(90), visited.clone()).0, visited);
    }
}
