//! The audit log.

use super::Fault;
use crate::fluxer::audit::{Action, AuditEntry};
use crate::http::with_member;
use crate::snowflake::{ApplicationId, AuditEntryId, Snowflake};
use crate::time::Timestamp;

/// A filter of the audit log. An entry passes where every field that is set matches.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EntryFilter {
    /// The operation of the entry.
    pub action: Option<Action>,
    /// The user or the application that acted.
    pub actor: Option<Snowflake>,
    /// The user, guild or application that was acted on.
    pub target: Option<Snowflake>,
    /// Matches an entry that has this id as its actor or as its target.
    pub person: Option<Snowflake>,
    /// Matches an entry that names this application anywhere: as actor, as target, or in between.
    pub application: Option<ApplicationId>,
    /// The client's address.
    pub address: Option<String>,
}

impl EntryFilter {
    /// Whether an entry is wanted.
    pub fn admits(&self, entry: &AuditEntry) -> bool {
        let is_by_or_on = |id| entry.actor == Some(id) || entry.target == Some(id);
        self.action.is_none_or(|action| entry.action == action)
            && (self.actor.is_none() || entry.actor == self.actor)
            && (self.target.is_none() || entry.target == self.target)
            && self.person.is_none_or(is_by_or_on)
            && self
                .application
                .is_none_or(|it| entry.application == Some(it) || is_by_or_on(it.0))
            && self.address.as_ref().is_none_or(|it| entry.address == *it)
    }
}

/// The part of the log that one search covers, newest first.
#[derive(Debug, Clone, Copy)]
pub struct EntryRange {
    /// The oldest entry that is still searched.
    pub since: AuditEntryId,
    /// Only older entries than this one are searched.
    pub before: Option<AuditEntryId>,
    /// How many entries are wanted at most.
    pub limit: u32,
}

/// The result of a search.
#[derive(Debug, Default)]
pub struct FoundEntries {
    /// The entries, newest first.
    pub entries: Vec<AuditEntry>,
    /// Where the search stopped, having looked at as many entries as one search may; there may be more
    /// before it.
    pub stopped_at: Option<AuditEntryId>,
}

/// How often something was done within an hour or a day. There may be several of one: they add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// An hour or a day.
    pub span: Span,
    /// The first instant of the span.
    pub start: Timestamp,
    /// The operation that is counted.
    pub action: Action,
    /// How many entries this count stands for.
    pub count: u32,
}

/// A time over which is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// An hour.
    Hour,
    /// A day, from midnight to midnight in UTC.
    Day,
}

impl Span {
    /// The length of the span, in milliseconds.
    pub const fn millis(self) -> u64 {
        match self {
            Self::Hour => 3_600_000,
            Self::Day => 86_400_000,
        }
    }

    /// The beginning of the one that an instant lies in.
    pub const fn start_of(self, at: Timestamp) -> Timestamp {
        Timestamp::from_millis(at.millis() - at.millis() % self.millis())
    }
}

/// Bounds what the log says of faults: an outage, in which every request is one, must not become D1's as well.
#[derive(Debug, Default)]
pub struct FaultStorm {
    since: u64,
    noted: u32,
    left_out: u32,
}

impl FaultStorm {
    /// None so far.
    pub const fn new() -> Self {
        Self {
            since: 0,
            noted: 0,
            left_out: 0,
        }
    }

    /// Entries of one isolate within a minute.
    pub const MOST: u32 = 10;
    const MINUTE: u64 = 60_000;

    /// The entry, where the log takes it. It says how many faults were left out before it.
    pub fn admit(&mut self, mut entry: AuditEntry) -> Option<AuditEntry> {
        if entry.action != Action::Fault {
            return Some(entry);
        }
        let at = entry.id.0.created_at_millis();
        if at.abs_diff(self.since) >= Self::MINUTE {
            (self.since, self.noted) = (at, 0);
        }
        if self.noted >= Self::MOST {
            self.left_out = self.left_out.saturating_add(1);
            return None;
        }
        self.noted += 1;
        let left_out = core::mem::take(&mut self.left_out);
        if left_out > 0 {
            entry.details = with_member(entry.details, "left_out", left_out);
        }
        Some(entry)
    }
}

/// Something that the log names by its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The id by which entries name the thing.
    pub id: Snowflake,
    /// Whether the id is a user's, an application's, a guild's or a resource server's.
    pub kind: NamedKind,
    /// The name that the thing has now: the log keeps only ids.
    pub name: String,
}

/// What has an id and a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedKind {
    /// A user.
    User,
    /// An application.
    Application,
    /// A guild.
    Guild,
    /// A resource server.
    Resource,
}

/// Writes the audit log, searches it, counts in it, and erases people from it.
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait AuditLog {
    /// Keeps an entry, as far as [`FaultStorm`] admits it. Runs on after the answer; a failure is logged with what
    /// was lost.
    fn record(&self, entry: AuditEntry);
    /// The wanted entries of a part of the log.
    async fn entries(&self, wanted: &EntryFilter, range: EntryRange)
    -> Result<FoundEntries, Fault>;
    /// The names behind ids, of those that there are.
    async fn names(&self, ids: &[Snowflake]) -> Result<Vec<Named>, Fault>;
    /// Counts entries before `before` that are not counted yet, as many as one step may, and says up to which
    /// entry all are counted then.
    async fn count_up(&self, before: AuditEntryId) -> Result<Option<AuditEntryId>, Fault>;
    /// How often everything was done, by the hour since `hours` and by the day since `days`.
    async fn counts(&self, hours: Timestamp, days: Timestamp) -> Result<Vec<Count>, Fault>;
    /// Puts nobody in the place of a person, with what is known of them beside: addresses, browsers,
    /// details. The entries stay. A bounded number at a time; whether some are left.
    async fn erase(&self, person: Snowflake) -> Result<bool, Fault>;
    /// Deletes the entries before `since`, and the sessions that have expired.
    async fn sweep(&self, since: AuditEntryId, now: Timestamp) -> Result<(), Fault>;
}
