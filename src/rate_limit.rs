//! The exact sliding window, and the tries that count only where they fail. Pure.
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

/// The largest limit that a setting may ask for.
const MAX_REQUESTS: u32 = 1_000_000;
/// Instants that a window tells apart. Up to so many requests each has its own; of more, those of one
/// 256th of the window leave together with the last of them, so that a window stays small to store.
const MAX_INSTANTS: u32 = 256;
/// An object that nobody asks leaves memory after ten seconds, and its window with it. What is kept
/// for longer than this is stored.
const IN_MEMORY: Duration = Duration::from_secs(9);
/// How long a try is waited for. One whose verdict has not come by then has probably crashed: nobody
/// waits for it any more, and it counts as a failure.
const VERDICT_WITHIN: Duration = Duration::from_secs(15);
/// What a try that cannot wait any longer is told to wait before it comes again.
const TRY_AGAIN: Duration = Duration::from_secs(1);
/// Longest window, in seconds.
const MAX_SECONDS: u64 = 3_600;

/// A number of requests within a window. A setting spells it `requests/seconds`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// Requests admitted in any window.
    pub requests: u32,
    /// The window's length.
    pub window: Duration,
}

impl Limit {
    /// Whether its window outlives what an idle object remembers.
    pub fn is_stored(self) -> bool {
        self.window > IN_MEMORY
    }

    /// The instant that a request at `at` is remembered by, never an earlier one.
    fn instant(self, at: Timestamp) -> Timestamp {
        if self.requests <= MAX_INSTANTS {
            return at;
        }
        let window = u64::try_from(self.window.as_millis()).unwrap_or(u64::MAX);
        let apart = (window / u64::from(MAX_INSTANTS)).max(1);
        Timestamp::from_millis(at.millis().div_ceil(apart).saturating_mul(apart))
    }
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

/// What counts in the last window, and what may come to count.
///
/// A request takes its place for good. A try, such as a password, has one until it is settled, and keeps
/// it only where it failed. So of two hundred guesses at once the limit's number is looked at, and of
/// twenty people with the right password all get in.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// How many requests came at each instant, oldest first.
    counted: VecDeque<(Timestamp, u32)>,
    /// Gone with the object's memory: a verdict that comes later counts all the same.
    #[serde(skip)]
    under_way: Vec<Place>,
    #[serde(skip)]
    numbered: u32,
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
        let admitted = self.taken() < limit.requests;
        if admitted {
            self.count(limit, now);
        }
        self.verdict(limit, now, admitted)
    }

    /// Takes a place for a try, before anybody looks whether it is right.
    pub fn begin(&mut self, limit: Limit, now: Timestamp) -> Begun {
        self.forget_before(limit, now);
        if self.taken() < limit.requests {
            let place = Place {
                began_at: now,
                number: self.numbered,
            };
            self.numbered = self.numbered.wrapping_add(1);
            self.under_way.push(place);
            return Begun::Admitted(place, self.verdict(limit, now, true));
        }
        let is_awaited = |place: &Place| place.began_at + VERDICT_WITHIN > now;
        let verdict = self.verdict(limit, now, false);
        if self.under_way.iter().any(is_awaited) {
            let reset_at = verdict.reset_at.min(now + TRY_AGAIN);
            return Begun::Busy(Verdict {
                reset_at,
                ..verdict
            });
        }
        Begun::Refused(verdict)
    }

    /// Settles a try. One that failed counts from its beginning.
    pub fn settle(&mut self, limit: Limit, place: Place, outcome: TryOutcome) {
        self.under_way.retain(|other| *other != place);
        if outcome == TryOutcome::Failed {
            self.count(limit, place.began_at);
        }
    }

    /// When the last of what counts has left.
    pub fn is_empty_at(&self, limit: Limit) -> Option<Timestamp> {
        self.counted.back().map(|(at, _)| *at + limit.window)
    }

    fn taken(&self) -> u32 {
        let under_way = u32::try_from(self.under_way.len()).unwrap_or(u32::MAX);
        let counted = self.counted.iter().map(|(_, count)| *count);
        counted.fold(under_way, u32::saturating_add)
    }

    fn count(&mut self, limit: Limit, at: Timestamp) {
        let at = limit.instant(at);
        let index = self.counted.partition_point(|(other, _)| *other < at);
        match self.counted.get_mut(index) {
            Some((same, count)) if *same == at => *count = count.saturating_add(1),
            _ => self.counted.insert(index, (at, 1)),
        }
    }

    fn verdict(&self, limit: Limit, now: Timestamp, admitted: bool) -> Verdict {
        let under_way = self.under_way.iter().map(|place| place.began_at);
        let counted = self.counted.front().map(|(at, _)| *at);
        Verdict {
            admitted,
            limit: limit.requests,
            remaining: limit.requests.saturating_sub(self.taken()),
            at: now,
            reset_at: under_way.chain(counted).min().unwrap_or(now) + limit.window,
        }
    }

    fn forget_before(&mut self, limit: Limit, now: Timestamp) {
        let has_left = |at: Timestamp| at + limit.window <= now;
        while self.counted.front().is_some_and(|(at, _)| has_left(*at)) {
            self.counted.pop_front();
        }
        self.under_way.retain(|place| !has_left(place.began_at));
    }
}

/// A place that a try has, until it is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    began_at: Timestamp,
    /// Tells apart what began at one instant.
    number: u32,
}

/// What a try may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Begun {
    /// The try may be looked at. Its place must be settled afterwards.
    Admitted(Place, Verdict),
    /// Too many have failed.
    Refused(Verdict),
    /// The failed tries leave room, but other tries that are being looked at fill it. This one waits
    /// until one of those is settled.
    Busy(Verdict),
}

/// The result of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TryOutcome {
    /// The try was wrong: its place stays taken for the length of the window.
    Failed,
    /// The try was right, or was not looked at: its place is free again.
    Free,
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

    const FIVE_A_MINUTE: Limit = Limit {
        requests: 5,
        window: Duration::from_secs(60),
    };

    fn admitted(begun: Begun) -> Place {
        match begun {
            Begun::Admitted(place, _) => place,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn right_tries_pass_however_many_and_wrong_ones_to_the_limit() {
        let mut tries = Window::default();
        for millis in 0..20 {
            let place = admitted(tries.begin(FIVE_A_MINUTE, at(millis)));
            tries.settle(FIVE_A_MINUTE, place, TryOutcome::Free);
        }
        for remaining in (0..5).rev() {
            let Begun::Admitted(place, verdict) = tries.begin(FIVE_A_MINUTE, at(100)) else {
                panic!("{tries:?}");
            };
            assert_eq!(verdict.remaining, remaining);
            tries.settle(FIVE_A_MINUTE, place, TryOutcome::Failed);
        }
        let Begun::Refused(verdict) = tries.begin(FIVE_A_MINUTE, at(30_100)) else {
            panic!("{tries:?}");
        };
        assert_eq!(verdict.retry_after(), 30);
        admitted(tries.begin(FIVE_A_MINUTE, at(60_100)));
    }

    #[test]
    fn a_try_beyond_the_limit_waits_for_those_under_way() {
        let mut tries = Window::default();
        let places = [0; 5].map(|_| admitted(tries.begin(FIVE_A_MINUTE, at(0))));
        assert!(matches!(tries.begin(FIVE_A_MINUTE, at(1)), Begun::Busy(_)));
        tries.settle(FIVE_A_MINUTE, places[3], TryOutcome::Free);
        admitted(tries.begin(FIVE_A_MINUTE, at(2)));
        assert!(matches!(tries.begin(FIVE_A_MINUTE, at(3)), Begun::Busy(_)));
    }

    #[test]
    fn a_try_that_crashed_is_not_waited_for_and_leaves_with_its_window() {
        let mut tries = Window::default();
        let places = [0; 5].map(|_| admitted(tries.begin(FIVE_A_MINUTE, at(0))));
        let late = tries.begin(FIVE_A_MINUTE, at(15_000));
        assert!(matches!(late, Begun::Refused(_)), "{late:?}");
        tries.settle(FIVE_A_MINUTE, places[0], TryOutcome::Free);
        admitted(tries.begin(FIVE_A_MINUTE, at(15_001)));
        for _ in 0..4 {
            admitted(tries.begin(FIVE_A_MINUTE, at(60_000)));
        }
    }

    #[test]
    fn a_verdict_outlives_the_object_that_its_try_began_in() {
        let mut tries = Window::default();
        let places = [0; 5].map(|_| admitted(tries.begin(FIVE_A_MINUTE, at(0))));
        let stored = serde_json::to_string(&tries).expect("JSON");
        let mut tries: Window = serde_json::from_str(&stored).expect("a window");
        for place in places {
            tries.settle(FIVE_A_MINUTE, place, TryOutcome::Failed);
        }
        assert!(matches!(
            tries.begin(FIVE_A_MINUTE, at(1)),
            Begun::Refused(_)
        ));
    }

    #[test]
    fn a_large_window_is_small_to_store_and_admits_no_more() {
        let limit = Limit {
            requests: 100_000,
            window: Duration::from_secs(10),
        };
        let mut window = Window::default();
        let admitted =
            (0..120_000).filter(|request| window.take(limit, at(request / 100)).admitted);
        assert_eq!(admitted.count(), 100_000);
        assert!(serde_json::to_string(&window).expect("JSON").len() < 8_192);
        let refused = window.take(limit, at(1_200));
        assert!(!refused.admitted);
        assert!(!window.take(limit, at(9_999)).admitted);
        assert!(
            window.take(limit, refused.reset_at).admitted,
            "as its headers said"
        );
        assert!(
            refused.reset_at <= at(10_040),
            "the oldest leave a 256th late at most"
        );
    }

    /// A step of a history: a try begins, or one that is under way is settled.
    #[derive(Debug, Clone)]
    enum Step {
        Begin,
        Settle(prop::sample::Index, bool),
    }

    fn step() -> impl Strategy<Value = (u64, Step)> {
        let step = prop_oneof![
            4 => Just(Step::Begin),
            4 => (any::<prop::sample::Index>(), any::<bool>())
                .prop_map(|(which, is_right)| Step::Settle(which, is_right)),
        ];
        (0_u64..700, step)
    }

    proptest! {
        /// A try counts from its beginning, whenever its verdict comes and in whatever order.
        #[test]
        fn no_interval_has_more_wrong_tries_than_the_limit(history in prop::collection::vec(step(), 1..400)) {
            let limit = Limit { requests: 3, window: Duration::from_secs(2) };
            let mut tries = Window::default();
            let (mut now, mut open, mut counted) = (0, Vec::new(), Vec::new());
            for (gap, step) in history {
                now += gap;
                match step {
                    Step::Begin => match tries.begin(limit, at(now)) {
                        Begun::Admitted(place, verdict) => {
                            prop_assert!(verdict.admitted);
                            open.push((now, place));
                        }
                        Begun::Refused(verdict) => {
                            prop_assert!(verdict.reset_at > at(now));
                            let recent = |began: &u64| began + 2_000 > now;
                            let wrong = counted.iter().filter(|began| recent(began)).count();
                            let under_way = open.iter().filter(|(began, _)| recent(began)).count();
                            prop_assert!(wrong + under_way >= 3, "only failures refuse");
                        }
                        Begun::Busy(_) => prop_assert!(!open.is_empty(), "somebody is waited for"),
                    },
                    Step::Settle(which, is_right) if !open.is_empty() => {
                        let (began, place) = open.remove(which.index(open.len()));
                        let outcome = if is_right { TryOutcome::Free } else { TryOutcome::Failed };
                        tries.settle(limit, place, outcome);
                        if !is_right {
                            counted.push(began);
                        }
                    }
                    Step::Settle(..) => {}
                }
            }
            counted.extend(open.iter().map(|(began, _)| began));
            counted.sort_unstable();
            for group in counted.windows(4) {
                prop_assert!(group[3] - group[0] >= 2_000, "{counted:?}");
            }
        }
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
