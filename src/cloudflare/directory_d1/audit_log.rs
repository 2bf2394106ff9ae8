//! The audit log.

use serde::Deserialize;
use serde_json::Value;
use worker::worker_sys::D1PreparedStatement;

use super::{Bind, Bindings, fault, id, text_or_null};
use crate::fluxer::audit::{Action, Entry};
use crate::snowflake::{ApplicationId, EntryId, Snowflake};
use crate::store::{AuditLog, EntryFilter, Fault};
use crate::time::Timestamp;

/// Rows that one statement of the sweep deletes at most, so that none runs into D1's limits.
const SWEPT_AT_ONCE: u32 = 5_000;
/// Statements of one sweep at most: what is left over waits for the next.
const SWEEPS: usize = 20;

#[derive(Deserialize)]
struct EntryRow(
    EntryId,
    String,
    Option<Snowflake>,
    Option<ApplicationId>,
    Option<Snowflake>,
    String,
    Value,
);

impl EntryRow {
    /// `None`: what a later version wrote, and this one has no word for.
    fn entry(self) -> Option<Entry> {
        let Self(id, action, actor, application, target, address, details) = self;
        Some(Entry {
            id,
            action: Action::from_wire(&action)?,
            actor,
            application,
            target,
            address,
            details,
            once: None,
        })
    }
}

impl Bindings {
    /// Writes an entry where `condition`, a `WHERE` clause with its values, holds.
    pub(super) fn entry(
        &self,
        entry: &Entry,
        condition: &str,
        values: &[Bind<'static>],
    ) -> Result<D1PreparedStatement, Fault> {
        let details = match &entry.details {
            Value::Null => Bind::Null,
            details => id(details),
        };
        let mut all = vec![
            id(entry.id),
            Bind::Text(entry.action.as_str()),
            entry.actor.map_or(Bind::Null, id),
            entry.application.map_or(Bind::Null, id),
            entry.target.map_or(Bind::Null, id),
            Bind::Text(&entry.address),
            details,
            text_or_null(entry.once.as_deref()),
        ];
        all.extend(values.iter().cloned());
        self.prepare(
            &format!(
                "INSERT INTO audit_log \
                 (id, action, actor_id, application_id, target_id, address, details, once) \
                 SELECT CAST(? AS INTEGER), ?, ?, ?, ?, ?, ?, ? {condition} \
                 ON CONFLICT DO NOTHING"
            ),
            &all,
        )
    }
}

impl AuditLog for Bindings {
    fn record(&self, entry: Entry) {
        let lost = format!("an entry of the audit log is lost: {}", entry.shown());
        // Without a WHERE, SQLite would take ON CONFLICT for a join's.
        self.write_later(self.entry(&entry, "WHERE true", &[]), lost);
    }

    async fn entries(
        &self,
        wanted: EntryFilter,
        before: Option<EntryId>,
        since: EntryId,
        limit: u32,
    ) -> Result<Vec<Entry>, Fault> {
        let mut condition = String::new();
        let mut values = vec![id(since), before.map_or_else(|| id(i64::MAX), id)];
        let filters = [
            (" AND action = ?", wanted.action.map(id)),
            (" AND actor_id = ?", wanted.actor.map(id)),
            (" AND target_id = ?", wanted.target.map(id)),
        ];
        for (clause, value) in filters {
            if let Some(value) = value {
                condition.push_str(clause);
                values.push(value);
            }
        }
        values.push(Bind::Bits(limit));
        let sql = format!(
            "SELECT json_group_array(json_array(CAST(id AS TEXT), action, actor_id, \
             application_id, target_id, address, json(details))) AS found FROM (SELECT * FROM audit_log WHERE id >= CAST(? AS INTEGER) \
             AND id < CAST(? AS INTEGER){condition} ORDER BY id DESC LIMIT ?)"
        );
        let rows: Vec<EntryRow> = self.rows(&sql, &values).await?;
        Ok(rows.into_iter().filter_map(EntryRow::entry).collect())
    }

    async fn sweep(&self, since: EntryId, now: Timestamp) -> Result<(), Fault> {
        let entries = "DELETE FROM audit_log WHERE id IN (SELECT id FROM audit_log \
                       WHERE id < CAST(? AS INTEGER) LIMIT ?) RETURNING '' AS found";
        let sessions = "DELETE FROM sessions WHERE id_hash IN (SELECT id_hash FROM sessions \
                        WHERE expires_at <= ? LIMIT ?) RETURNING '' AS found";
        for (sql, bound) in [(entries, id(since)), (sessions, Bind::Time(now))] {
            for _ in 0..SWEEPS {
                let values = [bound.clone(), Bind::Bits(SWEPT_AT_ONCE)];
                if !self.write(sql, &values).await.map_err(fault)? {
                    break;
                }
            }
        }
        Ok(())
    }
}
