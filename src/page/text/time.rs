//! How the pages tell times.

/// How the pages tell times.
#[cfg_attr(test, derive(Debug))]
pub struct TimeText {
    /// Less than a minute ago.
    pub just_now: &'static str,
    /// One minute ago, one hour ago, one day ago.
    pub one: [&'static str; 3],
    /// A number of minutes, hours, days ago, each with a hole for the number.
    pub many: [&'static str; 3],
    /// In a number of seconds, with a hole for the number.
    pub in_seconds: &'static str,
    /// In less than a minute.
    pub soon: &'static str,
    /// In one minute, in one hour, in one day.
    pub in_one: [&'static str; 3],
    /// In a number of minutes, hours, days, each with a hole for the number.
    pub in_many: [&'static str; 3],
    /// A day, with a hole for its number, one for the name of its month, and one for the year.
    pub day: &'static str,
    /// An instant, with a hole for the day and one for the time of the day in UTC.
    pub instant: &'static str,
    /// The names of the months, January first.
    pub months: [&'static str; 12],
}
