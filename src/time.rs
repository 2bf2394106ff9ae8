//! Instants and spans. The clock itself lives outside: every decision takes `now` as an argument.

use core::ops::{Add, Sub};
use core::time::Duration;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

/// An instant, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(u64);

impl Timestamp {
    /// An instant from milliseconds since 1970.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970.
    pub const fn millis(self) -> u64 {
        self.0
    }

    /// Whole seconds since 1970, rounded down: what JWTs carry (RFC 7519 §2, `NumericDate`).
    pub const fn seconds(self) -> u64 {
        self.0 / 1000
    }

    /// Whole days since 1970, UTC.
    pub const fn day(self) -> u64 {
        self.seconds() / (24 * 60 * 60)
    }

    /// How long ago `earlier` was; zero where it is not earlier.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// Converts to chrono's type, in whole seconds, for JWT claims.
    pub fn to_numeric_date(self) -> DateTime<Utc> {
        self.to_utc(0)
    }

    /// Converts from chrono's type. Instants before 1970 become 1970.
    pub fn from_utc(utc: DateTime<Utc>) -> Self {
        Self(u64::try_from(utc.timestamp_millis()).unwrap_or(0))
    }

    /// Reads UTC in ISO 8601, with or without a fraction of a second.
    pub fn from_iso(text: &str) -> Option<Self> {
        let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
        let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let number = |text: Option<&str>, digits: usize| {
            let text = text.filter(|text| text.len() == digits && is_digits(text))?;
            text.parse::<u32>().ok()
        };
        let (mut date, mut clock) = (date.split('-'), time.split(':'));
        let year = number(date.next(), 4)?;
        let (month, day) = (number(date.next(), 2)?, number(date.next(), 2)?);
        let (hour, minute) = (number(clock.next(), 2)?, number(clock.next(), 2)?);
        let second = number(clock.next(), 2)?;
        if date.next().is_some() || clock.next().is_some() || !is_digits(fraction) {
            return None;
        }
        let millis = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
        let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
        let instant = date.and_hms_milli_opt(hour, minute, second, millis)?;
        u64::try_from(instant.and_utc().timestamp_millis())
            .ok()
            .map(Self)
    }

    /// ISO 8601 with milliseconds, as the platform's API spells instants.
    pub fn to_iso(self) -> String {
        let nanos = u32::try_from(self.0 % 1000).unwrap_or(0) * 1_000_000;
        self.to_utc(nanos)
            .to_rfc3339_opts(SecondsFormat::Millis, true)
    }

    /// The day alone, `2026-11-23`.
    pub fn to_iso_date(self) -> String {
        let mut iso = self.to_iso();
        iso.truncate(iso.find('T').unwrap_or_default());
        iso
    }

    /// The beginning of a day in UTC, from its date: `2026-11-27`.
    pub fn of_day(date: &str) -> Option<Self> {
        Self::from_iso(&[date, "T00:00:00Z"].concat())
    }

    fn to_utc(self, nanos: u32) -> DateTime<Utc> {
        i64::try_from(self.seconds())
            .ok()
            .and_then(|seconds| DateTime::from_timestamp(seconds, nanos))
            .unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(millis))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, span: Duration) -> Self {
        let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_sub(millis))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_spelled_in_iso_8601_and_in_whole_seconds() {
        let instant = Timestamp::from_millis(1_420_070_400_123);
        assert_eq!(instant.to_iso(), "2015-01-01T00:00:00.123Z");
        assert_eq!(instant.seconds(), 1_420_070_400);
        assert_eq!(
            Timestamp::from_utc(instant.to_numeric_date()),
            Timestamp::from_millis(1_420_070_400_000)
        );
    }

    #[test]
    fn instants_are_read_as_they_are_spelled() {
        for (text, millis) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2015-01-01T00:00:00.123Z", 1_420_070_400_123),
            ("2015-01-01T00:00:00.1Z", 1_420_070_400_100),
            ("2015-01-01T00:00:00.123456Z", 1_420_070_400_123),
            ("2024-02-29T23:59:59.999Z", 1_709_251_199_999),
        ] {
            let read = Timestamp::from_iso(text);
            assert_eq!(read, Some(Timestamp::from_millis(millis)), "{text}");
        }
        for not_one in [
            "",
            "2015-01-01",
            "2015-01-01T00:00:00",
            "2015-01-01T00:00:00+01:00",
            "2015-02-29T00:00:00Z",
            "2015-01-01T24:00:00Z",
            "2015-1-01T00:00:00Z",
            "2015-01-01T00:00Z",
            "2015-01-01T00:00:00.xZ",
            "1969-12-31T23:59:59Z",
            "2015-01-01T00:00:00:00Z",
        ] {
            assert_eq!(Timestamp::from_iso(not_one), None, "{not_one}");
        }
    }

    #[test]
    fn a_day_begins_at_midnight_utc() {
        let day = Timestamp::of_day("2015-01-01");
        assert_eq!(day, Some(Timestamp::from_millis(1_420_070_400_000)));
        for nonsense in [
            "",
            "2015",
            "2015-13-01",
            "2015-02-30",
            "2015-01-01T00",
            "1969-01-01",
        ] {
            assert_eq!(Timestamp::of_day(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn no_instant_overflows() {
        let end = Timestamp::from_millis(u64::MAX);
        assert_eq!(end + Duration::from_secs(1), end);
        assert_eq!(Timestamp::from_millis(0).since(end), Duration::ZERO);
        assert!(end.to_iso().starts_with('+'));
    }
}
