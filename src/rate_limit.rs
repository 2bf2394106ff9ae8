//! The exact sliding window. Pure.
//!
//! Invariant: in no interval of the window's length are more requests admitted than the limit. A
//! fixed window would admit twice the limit around its edge; a token bucket, a burst on top.

use core::fmt;
use core::str::FromStr;
use core::time::Duration;
use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::time::Timestamp;

/// Largest limit: a window remembers each admitted request, eight bytes each.
const MAX_REQUESTS: u32 = 1_000_000;
/// Longest window, in seconds.
const MAX_SECONDS: u64 = 3_600;

/// So many requests in so long; on the wire `requests/seconds`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// Requests admitted in any window.
    pub requests: u32,
    /// The window's length.
    pub window: Duration,
}

/// A limit that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be requests/seconds, such as 10/10, or off")]
pub struct LimitError;

impl FromStr for Limit {
    type Err = LimitError;

    fn from_str(text: &str) -> Result<Self, LimitError> {
        let (requests, seconds) = text.split_once('/').ok_or(LimitError)?;
        let requests = requests.parse().map_err(|_| LimitError)?;
        let seconds = seconds.parse().map_err(|_| LimitError)?;
        if !(1..=MAX_REQUESTS).contains(&requests) || !(1..=MAX_SECONDS).contains(&seconds) {
            return Err(LimitError);
        }
        Ok(Self {
            requests,
            window: Duration::from_secs(seconds),
        })
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.requests, self.window.as_secs())
    }
}

/// The requests admitted in the last window, oldest first.
#[derive(Debug, Default)]
pub struct Window {
    admitted: VecDeque<Timestamp>,
}

/// What a request may do, and what its `X-RateLimit-*` headers say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Whether it may go on.
    pub admitted: bool,
    /// The limit.
    pub limit: u32,
    /// Requests left in this window.
    pub remaining: u32,
    /// When the decision fell.
    pub at: Timestamp,
    /// When the next place is free.
    pub reset_at: Timestamp,
}

impl Verdict {
    /// How long until the next place is free.
    pub const fn reset_after(&self) -> Duration {
        self.reset_at.since(self.at)
    }

    /// The same in whole seconds, rounded up: `Retry-After` (RFC 9110 §10.2.3).
    pub fn retry_after(&self) -> u64 {
        let seconds = self.reset_after().as_millis().div_ceil(1000);
        u64::try_from(seconds).unwrap_or(u64::MAX)
    }
}

impl Window {
    /// Admits a request, or does not; a request that is refused leaves the window as it was.
    pub fn take(&mut self, limit: Limit, now: Timestamp) -> Verdict {
        self.forget_before(limit, now);
        let places = usize::try_from(limit.requests).unwrap_or(usize::MAX);
        let admitted = self.admitted.len() < places;
        if admitted {
            self.admitted.push_back(now);
        }
        let taken = u32::try_from(self.admitted.len()).unwrap_or(u32::MAX);
        let oldest = self.admitted.front().copied().unwrap_or(now);
        Verdict {
            admitted,
            limit: limit.requests,
            remaining: limit.requests.saturating_sub(taken),
            at: now,
            reset_at: oldest + limit.window,
        }
    }

    /// Gives back the place that was taken at `at`: what it was taken for did not happen.
    pub fn give_back(&mut self, at: Timestamp) {
        if let Some(index) = self.admitted.iter().rposition(|&taken| taken == at) {
            self.admitted.remove(index);
        }
    }

    fn forget_before(&mut self, limit: Limit, now: Timestamp) {
        while self
            .admitted
            .front()
            .is_some_and(|&taken| taken + limit.window <= now)
        {
            self.admitted.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEN_IN_TEN: Limit = Limit {
        requests: 10,
        window: Duration::from_secs(10),
    };

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000 + millis)
    }

    #[test]
    fn the_eleventh_request_waits_for_the_first_to_leave() {
        let mut window = Window::default();
        for request in 0..10 {
            let verdict = window.take(TEN_IN_TEN, at(request * 100));
            assert!(verdict.admitted);
            assert_eq!(u64::from(verdict.remaining), 9 - request);
        }
        let refused = window.take(TEN_IN_TEN, at(9_999));
        assert!(!refused.admitted);
        assert_eq!(refused.reset_after(), Duration::from_millis(1));
        assert!(
            window.take(TEN_IN_TEN, at(10_000)).admitted,
            "exactly Retry-After later"
        );
        assert!(!window.take(TEN_IN_TEN, at(10_001)).admitted);
    }

    #[test]
    fn a_refused_request_does_not_extend_the_window() {
        let mut window = Window::default();
        for _ in 0..10 {
            window.take(TEN_IN_TEN, at(0));
        }
        for request in 0..1_000 {
            assert!(!window.take(TEN_IN_TEN, at(request * 9)).admitted);
        }
        assert!(window.take(TEN_IN_TEN, at(10_000)).admitted);
    }

    #[test]
    fn a_place_given_back_is_free_again() {
        let limit = Limit {
            requests: 1,
            ..TEN_IN_TEN
        };
        let mut window = Window::default();
        let taken = window.take(limit, at(0));
        assert!(!window.take(limit, at(1)).admitted);
        window.give_back(taken.at);
        assert!(window.take(limit, at(2)).admitted);
        window.give_back(at(99));
        assert!(
            !window.take(limit, at(3)).admitted,
            "a place never taken is not given back"
        );
    }

    proptest! {
        #[test]
        fn never_more_than_the_limit_in_any_interval(gaps in prop::collection::vec(0_u64..3_000, 1..300)) {
            let limit = Limit { requests: 5, window: Duration::from_secs(2) };
            let mut window = Window::default();
            let mut now = 0;
            let mut admitted = Vec::new();
            for gap in gaps {
                now += gap;
                if window.take(limit, at(now)).admitted {
                    admitted.push(now);
                }
            }
            for pair in admitted.windows(6) {
                prop_assert!(pair[5] - pair[0] >= 2_000);
            }
        }
    }

    #[test]
    fn limits_are_spelled_requests_per_seconds() {
        assert_eq!("10/10".parse(), Ok(TEN_IN_TEN));
        assert_eq!(TEN_IN_TEN.to_string(), "10/10");
        for wrong in [
            "", "10", "/", "0/10", "10/0", "-1/10", "10/10/10", "1e3/10", "off", "10/86400",
        ] {
            assert_eq!(wrong.parse::<Limit>(), Err(LimitError), "{wrong}");
        }
    }
}
