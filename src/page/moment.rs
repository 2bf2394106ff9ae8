//! An instant, as pages show it.

use super::text::filled;
use crate::time::Timestamp;

/// An instant on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(pub Timestamp);

impl Moment {
    /// For machines.
    pub fn iso(self) -> String {
        self.0.to_iso()
    }

    /// For people, to the minute, in the one time zone that the server knows.
    pub fn for_people(self) -> String {
        let iso = self.0.to_iso();
        let (day, time) = iso.split_once('T').unwrap_or((&iso, ""));
        filled("{} {} UTC", &[day, time.get(..5).unwrap_or_default()])
    }

    /// The day alone.
    pub fn day(self) -> String {
        self.0.to_iso_date()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_shown_to_the_minute() {
        let moment = Moment(Timestamp::from_millis(1_420_070_459_999));
        assert_eq!(moment.for_people(), "2015-01-01 00:00 UTC");
        assert_eq!(moment.day(), "2015-01-01");
        assert_eq!(moment.iso(), "2015-01-01T00:00:59.999Z");
    }
}
