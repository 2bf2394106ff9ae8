//! Times, as pages tell them.

use core::time::Duration;

use super::text::{TimeText, filled};
use crate::time::Timestamp;

/// A time that a page tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(pub Timestamp);

/// A minute, an hour and a day in seconds, each with the number of seconds up to which times are told in it.
const UNITS: [(u64, u64); 3] = [(60, 3600), (3600, 86_400), (86_400, 7 * 86_400)];

impl Moment {
    /// The instant for machines, in ISO 8601.
    pub fn iso(self) -> String {
        self.0.to_iso()
    }

    /// How long ago the instant was, where that is less than a week; otherwise the instant itself.
    pub fn told(self, now: Timestamp, text: &TimeText) -> String {
        let seconds = now.since(self.0).as_secs();
        if self.0 > now + Duration::from_secs(60) {
            return self.exactly(text);
        }
        if seconds < 60 {
            return text.just_now.to_owned();
        }
        let told = counted(seconds, &text.one, &text.many);
        told.unwrap_or_else(|| self.exactly(text))
    }

    /// How far ahead the instant is, where that is less than a week; otherwise the instant itself.
    pub fn ahead(self, now: Timestamp, text: &TimeText) -> String {
        let seconds = self.0.since(now).as_secs();
        if seconds < 60 {
            return text.soon.to_owned();
        }
        let told = counted(seconds, &text.in_one, &text.in_many);
        told.unwrap_or_else(|| self.exactly(text))
    }

    /// A wait as people say it, rounded up: `in 2 minutes`. `None` where it is so short that its seconds are told.
    pub fn wait(seconds: u64, text: &TimeText) -> Option<String> {
        (seconds >= 120)
            .then(|| counted(seconds.div_ceil(60) * 60, &text.in_one, &text.in_many))
            .flatten()
    }

    /// The instant to the minute, in UTC.
    pub fn exactly(self, text: &TimeText) -> String {
        filled(text.instant, &[&self.day_of(text), &self.clock()])
    }

    /// The time of the day in UTC: `14:05`.
    pub fn clock(self) -> String {
        self.0.to_iso().get(11..16).unwrap_or_default().to_owned()
    }

    /// The day in UTC, as people write it.
    pub fn day_of(self, text: &TimeText) -> String {
        let day = self.day();
        let mut parts = day.split('-');
        let mut part = || parts.next().unwrap_or_default();
        let (year, month, day) = (part(), part(), part());
        let month = month.parse().ok().and_then(|month: usize| {
            let index = month.checked_sub(1)?;
            text.months.get(index).copied()
        });
        let day = day.trim_start_matches('0');
        filled(text.day, &[day, month.unwrap_or_default(), year])
    }

    /// The day in UTC for machines: `2026-01-31`.
    pub fn day(self) -> String {
        self.0.to_iso_date()
    }
}

/// A number of minutes, hours or days. `None` from seven days on.
fn counted(seconds: u64, one: &[&str], many: &[&str]) -> Option<String> {
    let words = one.iter().zip(many).zip(UNITS);
    let ((one, many), (unit, _)) = words.into_iter().find(|(_, (_, end))| seconds < *end)?;
    Some(match seconds / unit {
        1 => (*one).to_owned(),
        count => filled(many, &[&count.to_string()]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::text::ALL;

    #[test]
    fn an_instant_is_told_as_people_tell_it() {
        let [english, german] = ALL.map(|text| &text.time);
        let then = Moment(Timestamp::from_millis(1_420_500_459_999));
        let check = |seconds, in_english: &str, in_german: &str| {
            let now = then.0 + Duration::from_secs(seconds);
            assert_eq!(then.told(now, english), in_english);
            assert_eq!(then.told(now, german), in_german);
        };
        check(0, "just now", "gerade eben");
        check(59, "just now", "gerade eben");
        check(60, "a minute ago", "vor einer Minute");
        check(3599, "59 minutes ago", "vor 59 Minuten");
        check(3600, "an hour ago", "vor einer Stunde");
        check(86_399, "23 hours ago", "vor 23 Stunden");
        check(86_400, "a day ago", "vor einem Tag");
        check(7 * 86_400 - 1, "6 days ago", "vor 6 Tagen");
        check(
            7 * 86_400,
            "5 January 2015, 23:27 UTC",
            "5. Januar 2015, 23:27 Uhr UTC",
        );
        let before = then.0 - Duration::from_secs(3600);
        assert_eq!(then.told(before, english), "5 January 2015, 23:27 UTC");
    }

    #[test]
    fn what_is_ahead_is_told_so() {
        let [english, german] = ALL.map(|text| &text.time);
        let now = Timestamp::from_millis(1_420_500_459_999);
        let check = |seconds, in_english: &str, in_german: &str| {
            let then = Moment(now + Duration::from_secs(seconds));
            assert_eq!(then.ahead(now, english), in_english);
            assert_eq!(then.ahead(now, german), in_german);
        };
        check(59, "in less than a minute", "in weniger als einer Minute");
        check(60, "in a minute", "in einer Minute");
        check(86_399, "in 23 hours", "in 23 Stunden");
        check(2 * 86_400, "in 2 days", "in 2 Tagen");
        check(
            7 * 86_400,
            "12 January 2015, 23:27 UTC",
            "12. Januar 2015, 23:27 Uhr UTC",
        );
    }

    #[test]
    fn a_long_wait_is_told_in_minutes_and_never_shorter_than_it_is() {
        let [english, german] = ALL.map(|text| &text.time);
        let check = |seconds, in_english: Option<&str>, in_german: Option<&str>| {
            assert_eq!(Moment::wait(seconds, english).as_deref(), in_english);
            assert_eq!(Moment::wait(seconds, german).as_deref(), in_german);
        };
        check(1, None, None);
        check(119, None, None);
        check(120, Some("in 2 minutes"), Some("in 2 Minuten"));
        check(121, Some("in 3 minutes"), Some("in 3 Minuten"));
        check(600, Some("in 10 minutes"), Some("in 10 Minuten"));
        check(3600, Some("in an hour"), Some("in einer Stunde"));
    }

    #[test]
    fn an_instant_is_shown_to_the_minute() {
        let moment = Moment(Timestamp::from_millis(1_420_070_459_999));
        assert_eq!(moment.clock(), "00:00");
        assert_eq!(moment.day(), "2015-01-01");
        assert_eq!(moment.iso(), "2015-01-01T00:00:59.999Z");
    }
}
