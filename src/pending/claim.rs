//! What may be used once.

use serde::{Deserialize, Serialize};

use super::{Entry, State, Update, Verb};
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

impl Verb for Claim {
    type Answer = bool;

    fn opens_until(&self) -> Option<Timestamp> {
        Some(self.until)
    }

    fn decide(self, entry: Option<Entry>, _: Timestamp) -> (Update, bool) {
        if let Some(entry) = entry {
            return (Update::Keep, entry.state == State::Claimed(self.by));
        }
        let claimed = Entry {
            until: self.until,
            state: State::Claimed(self.by),
        };
        (Update::Put(claimed), true)
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
        let (Update::Put(entry), true) = claim(1, 1_000).decide(None, at(0)) else {
            panic!("the first use is one");
        };
        let other = claim(2, 1_000).decide(Some(entry.clone()), at(999));
        assert_eq!(other, (Update::Keep, false));
        let again = claim(1, 1_000).decide(Some(entry.clone()), at(999));
        assert_eq!(again, (Update::Keep, true), "its answer was lost");
        let any = super::super::AnyVerb::from(claim(3, 3_000));
        let later = any.decide(Some(entry), at(1_000)).expect("decided");
        assert_eq!(later.1, "true", "what it belongs to has expired since");
    }
}
