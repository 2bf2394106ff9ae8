//! What may be used once.

use serde::{Deserialize, Serialize};

use super::{Entry, State, Update, Verb};
use crate::time::Timestamp;

/// Uses up a key, such as a `jti`. Answers whether this was its first use.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claim {
    /// Until when it is remembered: what the key belongs to is worth nothing from then on.
    pub until: Timestamp,
}

impl Verb for Claim {
    type Answer = bool;

    fn opens_until(&self) -> Option<Timestamp> {
        Some(self.until)
    }

    fn decide(self, entry: Option<Entry>, _: Timestamp) -> (Update, bool) {
        if entry.is_some() {
            return (Update::Keep, false);
        }
        let claimed = Entry {
            until: self.until,
            state: State::Claimed,
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
        let claim = || Claim { until: at(1_000) };
        let (Update::Put(entry), true) = claim().decide(None, at(0)) else {
            panic!("the first use is one");
        };
        let again = claim().decide(Some(entry.clone()), at(999));
        assert_eq!(again, (Update::Keep, false));
        let any = super::super::AnyVerb::from(Claim { until: at(3_000) });
        let later = any.decide(Some(entry), at(1_000)).expect("decided");
        assert_eq!(later.1, "true", "what it belongs to has expired since");
    }
}
