//! The audit log, over plain collections.

use serde_json::Value;

use super::Memory;
use crate::fluxer::audit::AuditEntry;
use crate::snowflake::{ApplicationId, AuditEntryId, GuildId, ResourceId, Snowflake, UserId};
use crate::store::{
    Ambient, AuditLog, Count, EntryFilter, EntryRange, Fault, FoundEntries, Named, NamedKind, Span,
};
use crate::time::Timestamp;

impl AuditLog for Memory {
    fn record(&self, entry: AuditEntry) {
        let Some(entry) = self.faults.borrow_mut().admit(entry) else {
            return;
        };
        let lost = format!("an entry of the audit log is lost: {}", entry.shown());
        let kept = self.step("audit", |state| state.directory.keep(entry));
        if let Err(fault) = kept {
            self.log(&format!("{fault}: {lost}"));
        }
    }

    async fn entries(
        &self,
        wanted: &EntryFilter,
        EntryRange {
            since,
            before,
            limit,
        }: EntryRange,
    ) -> Result<FoundEntries, Fault> {
        self.read(|tables| {
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            let entries = tables.entries.values().rev();
            let entries = entries
                .filter(|entry| entry.id >= since && before.is_none_or(|it| entry.id < it))
                .filter(|entry| wanted.admits(entry))
                .take(limit)
                .cloned();
            FoundEntries {
                entries: entries.collect(),
                stopped_at: None,
            }
        })
    }

    async fn names(&self, ids: &[Snowflake]) -> Result<Vec<Named>, Fault> {
        self.read(|tables| {
            let named = |&id: &Snowflake| {
                let user = tables.users.get(&UserId(id));
                let user = user.map(|(it, _)| (NamedKind::User, it.username.as_str()));
                let application = tables.applications.get(&ApplicationId(id));
                let application =
                    application.map(|it| (NamedKind::Application, it.application.name.as_str()));
                let guild = tables.guilds.get(&GuildId(id));
                let guild = guild.map(|it| (NamedKind::Guild, it.name.as_str()));
                let resource = tables.resources.get(&ResourceId(id));
                let resource = resource.map(|it| (NamedKind::Resource, it.name.as_str()));
                let found = user.or(application).or(guild).or(resource)?;
                Some(Named {
                    id,
                    kind: found.0,
                    name: found.1.to_owned(),
                })
            };
            ids.iter().filter_map(named).collect()
        })
    }

    async fn count_up(&self, _: AuditEntryId) -> Result<Option<AuditEntryId>, Fault> {
        // The entries are here to be counted whenever somebody asks.
        Ok(None)
    }

    async fn counts(&self, hours: Timestamp, days: Timestamp) -> Result<Vec<Count>, Fault> {
        self.read(|tables| {
            let mut counts = Vec::new();
            for entry in tables.entries.values() {
                let at = Timestamp::from_millis(entry.id.0.created_at_millis());
                for (span, since) in [(Span::Hour, hours), (Span::Day, days)] {
                    let start = span.start_of(at);
                    if start >= since {
                        counts.push(Count {
                            span,
                            start,
                            action: entry.action,
                            count: 1,
                        });
                    }
                }
            }
            counts
        })
    }

    async fn erase(&self, person: Snowflake) -> Result<bool, Fault> {
        self.write(|tables| {
            for entry in tables.entries.values_mut() {
                let (acted, met) = (entry.actor == Some(person), entry.target == Some(person));
                let is_named = entry.names().any(|it| it == person);
                if !acted && !met && !is_named {
                    continue;
                }
                if acted || entry.actor.is_none() {
                    entry.address = String::new();
                    entry.device = None;
                }
                entry.actor = entry.actor.filter(|it| *it != person);
                entry.target = entry.target.filter(|it| *it != person);
                entry.details = Value::Null;
            }
            false
        })
    }

    async fn sweep(&self, since: AuditEntryId, now: Timestamp) -> Result<(), Fault> {
        self.write(|tables| {
            tables.entries.retain(|id, _| *id >= since);
            tables.sessions.retain(|_, it| now < it.expires_at);
        })
    }
}
