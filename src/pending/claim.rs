//! What may be used once, and is given back where the request that used it ends in a fault of ours.
//!
//! Safe at any time, also where the request had its effect before the fault: it answers no success any more,
//! and what it gives back is its own use alone. Whoever uses the key next meets the ledger as it stands.

use serde::{Deserialize, Serialize};

use super::{Entry, EntryState, EntryUpdate, EntryVerb};
use crate::id::AttemptId;
use crate::time::Timestamp;

/// Uses up a key, such as a `jti`. Answers whether this was its first use: asked again by the same
/// request, as after a lost answer, it was.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claim {
    /// Until when it is remembered: what the key belongs to is worth nothing from then on.
    pub until: Timestamp,
    /// The request that uses it.
    pub by: AttemptId,
}

impl EntryVerb for Claim {
    type Answer = bool;

    fn opens_until(&self) -> Option<Timestamp> {
        Some(self.until)
    }

    fn decide(self, entry: Option<Entry>, _: Timestamp) -> (EntryUpdate, bool) {
        if let Some(entry) = entry {
            return (
                EntryUpdate::Keep,
                entry.state == EntryState::Claimed(self.by),
            );
        }
        let claimed = Entry {
            until: self.until,
            state: EntryState::Claimed(self.by),
        };
        (EntryUpdate::Put(claimed), true)
    }
}

/// Gives a key back. Answers whether it was used by this request; another one's use stays.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Release {
    /// The request that used it.
    pub by: AttemptId,
}

impl EntryVerb for Release {
    type Answer = bool;

    fn decide(self, entry: Option<Entry>, _: Timestamp) -> (EntryUpdate, bool) {
        match entry {
            Some(entry) if entry.state == EntryState::Claimed(self.by) => {
                // An entry whose time is over is as none, and its alarm is set.
                let until = Timestamp::from_millis(0);
                (EntryUpdate::Put(Entry { until, ..entry }), true)
            }
            _ => (EntryUpdate::Keep, false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_used_once_for_as_long_as_it_is_remembered() {
        let at = Timestamp::from_millis;
        let claim = |by, until| Claim {
            until: at(until),
            by: AttemptId::from_bytes([by; 16]),
        };
        let (EntryUpdate::Put(entry), true) = claim(1, 1_000).decide(None, at(0)) else {
            panic!("the first use is one");
        };
        let other = claim(2, 1_000).decide(Some(entry.clone()), at(999));
        assert_eq!(other, (EntryUpdate::Keep, false));
        let again = claim(1, 1_000).decide(Some(entry.clone()), at(999));
        assert_eq!(again, (EntryUpdate::Keep, true), "its answer was lost");
        let any = super::super::AnyEntryVerb::from(claim(3, 3_000));
        let later = any.decide(Some(entry), at(1_000)).expect("decided");
        assert_eq!(later.1, "true", "what it belongs to has expired since");
    }

    /// What reaches the entry of one request, in this order.
    #[derive(Clone, Copy, PartialEq)]
    enum Message {
        Use,
        GiveBack,
    }

    /// What a request may send before it answers, its questions asked twice or late; it succeeds, where it
    /// does, at the last of them.
    const REQUESTS: [(bool, &[Message]); 7] = [
        (true, &[Message::Use]),
        (true, &[Message::Use, Message::Use]),
        (false, &[Message::Use]),
        (false, &[Message::GiveBack]),
        (false, &[Message::Use, Message::GiveBack]),
        (false, &[Message::Use, Message::Use, Message::GiveBack]),
        (false, &[Message::GiveBack, Message::Use]),
    ];

    /// Three requests with one key, as far as each has come.
    #[derive(Clone)]
    struct Parallel {
        requests: [usize; 3],
        sent: [usize; 3],
        entry: Option<Entry>,
        successes: usize,
    }

    impl Parallel {
        fn is_done(&self, by: usize) -> bool {
            self.sent[by] == REQUESTS[self.requests[by]].1.len()
        }

        fn step(mut self, by: usize) -> Self {
            let (succeeds, messages) = REQUESTS[self.requests[by]];
            let attempt = AttemptId::from_bytes([u8::try_from(by).expect("few"); 16]);
            let (now, until) = (Timestamp::from_millis(1), Timestamp::from_millis(9));
            let entry = self.entry.take().filter(|it| it.until > now);
            let stored = entry.clone();
            let message = messages[self.sent[by]];
            let (update, was_first) = match message {
                Message::Use => Claim { until, by: attempt }.decide(entry, now),
                Message::GiveBack => Release { by: attempt }.decide(entry, now),
            };
            self.entry = match update {
                EntryUpdate::Keep => stored,
                EntryUpdate::Put(entry) => Some(entry),
            };
            self.sent[by] += 1;
            let is_over = self.is_done(by) || !was_first;
            self.successes += usize::from(succeeds && was_first && is_over);
            self
        }

        /// Every order from here on; how many there are.
        fn go_on(self) -> usize {
            assert!(self.successes <= 1, "{:?} {:?}", self.requests, self.sent);
            let waiting: Vec<_> = (0..3).filter(|by| !self.is_done(*by)).collect();
            if waiting.is_empty() {
                let is_late = |it: &usize| [2, 6].contains(it);
                let is_free = self.entry.is_none_or(|it| it.until.millis() == 0);
                let all_given_back = !self.requests.iter().any(is_late) && self.successes == 0;
                assert!(is_free || !all_given_back, "{:?}", self.requests);
                return 1;
            }
            let on = waiting.into_iter().map(|by| self.clone().step(by).go_on());
            on.sum()
        }
    }

    #[test]
    fn of_parallel_uses_of_a_key_one_succeeds_whichever_of_them_fault() {
        let of = |index: usize| [index % 7, index / 7 % 7, index / 49];
        let orders = (0..343).map(|index| {
            let all = Parallel {
                requests: of(index),
                sent: [0; 3],
                entry: None,
                successes: 0,
            };
            all.go_on()
        });
        assert!(orders.sum::<usize>() > 10_000);
    }

    #[test]
    fn nobody_gives_back_what_another_one_uses() {
        let [first, second] = [1, 2].map(|by| AttemptId::from_bytes([by; 16]));
        let (now, until) = (Timestamp::from_millis(1), Timestamp::from_millis(9));
        let (EntryUpdate::Put(entry), true) = (Claim { until, by: first }).decide(None, now) else {
            panic!("the first use is one");
        };
        let kept = Release { by: second }.decide(Some(entry.clone()), now);
        assert_eq!(kept, (EntryUpdate::Keep, false));
        let (EntryUpdate::Put(given_back), true) = (Release { by: first }).decide(Some(entry), now)
        else {
            panic!("its own");
        };
        assert!(given_back.until < now);
    }
}
