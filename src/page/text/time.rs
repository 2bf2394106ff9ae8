//! How times are told.

/// How times are told.
#[cfg_attr(test, derive(Debug))]
pub struct TimeText {
    /// Less than a minute ago.
    pub just_now: &'static str,
    /// One minute ago, one hour ago, one day ago.
    pub one: [&'static str; 3],
    /// The same for a number of them.
    pub many: [&'static str; 3],
    /// In so many seconds.
    pub in_seconds: &'static str,
    /// In less than a minute.
    pub soon: &'static str,
    /// In one minute, in one hour, in one day.
    pub in_one: [&'static str; 3],
    /// The same for a number of them.
    pub in_many: [&'static str; 3],
    /// A day: around its number, the name of its month, and the year.
    pub day: &'static str,
    /// An instant: around the day and the time of the day in UTC.
    pub instant: &'static str,
    /// The names of the months.
    pub months: [&'static str; 12],
}
