//! The audit log, over plain collections.

use super::Memory;
use crate::fluxer::audit::Entry;
use crate::snowflake::EntryId;
use crate::store::{Ambient, AuditLog, EntryFilter, Fault};
use crate::time::Timestamp;

impl AuditLog for Memory {
    fn record(&self, entry: Entry) {
        let lost = format!("an entry of the audit log is lost: {}", entry.shown());
        let kept = self.step("audit", |state| {
            state.directory.entries.insert(entry.id, entry);
        });
        if let Err(fault) = kept {
            self.log(&format!("{fault}: {lost}"));
        }
    }

    async fn entries(
        &self,
        wanted: EntryFilter,
        before: Option<EntryId>,
        since: EntryId,
        limit: u32,
    ) -> Result<Vec<Entry>, Fault> {
        self.read(|tables| {
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            let entries = tables.entries.values().rev();
            entries
                .filter(|entry| entry.id >= since && before.is_none_or(|it| entry.id < it))
                .filter(|entry| wanted.admits(entry))
                .take(limit)
                .cloned()
                .collect()
        })
    }

    async fn sweep(&self, since: EntryId, now: Timestamp) -> Result<(), Fault> {
        self.write(|tables| {
            tables.entries.retain(|id, _| *id >= since);
            tables.sessions.retain(|_, it| now < it.expires_at);
        })
    }
}
