//! The audit log.

use super::Fault;
use crate::fluxer::audit::{Action, Entry};
use crate::snowflake::{EntryId, Snowflake};
use crate::time::Timestamp;

/// Which entries of the audit log are wanted; all of what is set must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EntryFilter {
    /// What was done.
    pub action: Option<Action>,
    /// By whom.
    pub actor: Option<Snowflake>,
    /// On whom.
    pub target: Option<Snowflake>,
}

impl EntryFilter {
    /// Whether an entry is wanted.
    pub fn admits(&self, entry: &Entry) -> bool {
        self.action.is_none_or(|action| entry.action == action)
            && (self.actor.is_none() || entry.actor == self.actor)
            && (self.target.is_none() || entry.target == self.target)
    }
}

/// The audit log.
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait AuditLog {
    /// Keeps an entry. Runs on after the answer; a failure is logged with what was lost.
    fn record(&self, entry: Entry);
    /// The wanted entries before `before`, newest first, from `since` on.
    async fn entries(
        &self,
        wanted: EntryFilter,
        before: Option<EntryId>,
        since: EntryId,
        limit: u32,
    ) -> Result<Vec<Entry>, Fault>;
    /// Deletes the entries before `since`, and the sessions that have expired.
    async fn sweep(&self, since: EntryId, now: Timestamp) -> Result<(), Fault>;
}
