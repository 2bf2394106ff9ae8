//! The audit log and its two indexes: one by actor, and one by action and target, for the actions that are rare.

use core::cell::RefCell;
use core::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use worker::worker_sys::D1PreparedStatement;

use super::{Bind, Bindings, fault, id, text_or_null};
use crate::fluxer::audit::{Action, AuditEntry};
use crate::snowflake::{ApplicationId, AuditEntryId, Snowflake};
use crate::store::{
    AuditLog, Count, EntryFilter, EntryRange, Fault, FaultStorm, FoundEntries, Named, NamedKind,
    Span,
};
use crate::time::Timestamp;

/// Most rows that one statement of the sweep deletes. More would run into D1's limits.
const SWEPT_AT_ONCE: u32 = 5_000;
/// Most statements of one sweep. What is left over waits for the next sweep.
const SWEEPS: usize = 20;
/// How far back an entry is looked for that is written once: its form or its code is long expired by then.
const ONCE_WITHIN: Duration = Duration::from_secs(24 * 3600);
/// The condition of the index of rare actions, as its migration spells it: SQLite uses the index only for a condition
/// that is spelled alike.
const SELDOM: &str = "action NOT IN ('user.login', 'user.logout', 'authorization.granted')";
/// Most entries that one search looks at where no index finds what is wanted.
const LOOKED_AT: u32 = 20_000;

/// Most entries that one step counts.
const COUNTED_AT_ONCE: u32 = 20_000;
/// Most entries that a page counts itself, of those that are not counted yet.
const REST: u32 = 50_000;
/// The expression for when an entry was made, in milliseconds since 1970. It is the inverse of
/// [`Snowflake::first_of`].
const AT: &str = "((id >> 22) + 1420070400000)";
/// How long the counts by the hour are kept.
const HOURS_KEPT: Duration = Duration::from_hours(8 * 24);
/// How long the counts of what happened to an application are kept.
const DAYS_KEPT: Duration = Duration::from_hours(90 * 24);

thread_local! {
    static FAULTS: RefCell<FaultStorm> = const { RefCell::new(FaultStorm::new()) };
}

#[derive(Deserialize)]
struct EntryRow(
    AuditEntryId,
    String,
    Option<Snowflake>,
    Option<ApplicationId>,
    Option<Snowflake>,
    String,
    Option<String>,
    Value,
);

impl EntryRow {
    /// The entry of a row. `None` where a later version wrote an action that this one does not know.
    fn entry(self) -> Option<AuditEntry> {
        let Self(id, action, actor, application, target, address, device, details) = self;
        Some(AuditEntry {
            id,
            action: Action::from_wire(&action)?,
            actor,
            application,
            target,
            address,
            device,
            details,
            once: None,
        })
    }
}

impl Bindings {
    /// Writes an entry where `condition`, a `WHERE` clause with its values, holds.
    pub(super) fn entry(
        &self,
        entry: &AuditEntry,
        condition: &str,
        values: &[Bind<'static>],
    ) -> Result<D1PreparedStatement, Fault> {
        let details = match &entry.details {
            Value::Null => Bind::Null,
            details => id(details),
        };
        let actor = || entry.actor.map_or(Bind::Null, id);
        let mut all = vec![
            id(entry.id),
            Bind::Text(entry.action.as_str()),
            actor(),
            entry.application.map_or(Bind::Null, id),
            entry.target.map_or(Bind::Null, id),
            Bind::Text(&entry.address),
            text_or_null(entry.device.as_deref()),
            details,
            text_or_null(entry.once.as_deref()),
        ];
        all.extend(values.iter().cloned());
        let mut once = "";
        if let Some(reason) = &entry.once {
            once = "AND NOT EXISTS (SELECT 1 FROM audit_log \
                    WHERE actor_id = ? AND id >= CAST(? AS INTEGER) AND once = ?)";
            let made_at = Timestamp::from_millis(entry.id.0.created_at_millis());
            let since = Snowflake::first_of((made_at - ONCE_WITHIN).millis());
            all.extend([actor(), id(since), Bind::Text(reason)]);
        }
        self.prepare(
            &format!(
                "INSERT INTO audit_log \
                 (id, action, actor_id, application_id, target_id, address, device, details, once) \
                 SELECT CAST(? AS INTEGER), ?, ?, ?, ?, ?, ?, ?, ? {condition} {once} \
                 ON CONFLICT DO NOTHING"
            ),
            &all,
        )
    }
}

/// The condition of the rare actions, spelled so that SQLite finds an entry by its action and its target.
fn seldom() -> String {
    let actions = Action::ALL.iter().filter(|it| !it.is_everyday());
    let actions: Vec<_> = actions.map(|it| format!("'{it}'")).collect();
    format!(" AND {SELDOM} AND action IN ({})", actions.join(", "))
}

/// The parts of the log that have the wanted entries. One index finds each part.
fn parts(wanted: &EntryFilter) -> Vec<String> {
    match (wanted.action, wanted.actor, wanted.target) {
        (_, None, Some(_)) => {
            let everyday = format!(" AND actor_id = target_id AND NOT ({SELDOM})");
            vec![everyday, seldom()]
        }
        (Some(action), None, None) if !action.is_common() => vec![format!(" AND {SELDOM}")],
        // What is common fills a page before many other entries are read.
        (_, _, _) => vec![String::new()],
    }
}

/// The statement that searches the log. `looked` is the part that an index finds, at most `window` entries of it; the
/// conditions that no index helps with are checked on these entries.
fn entries_sql(
    wanted: &EntryFilter,
    range: EntryRange,
    window: u32,
) -> (String, Vec<Bind<'static>>) {
    let mut values = vec![
        id(range.since),
        range.before.map_or_else(|| id(i64::MAX), id),
    ];
    let mut indexed = String::new();
    let mut others = "true".to_owned();
    let mut condition = |to: &mut String, clause: &str, value: Option<Bind<'static>>| {
        if let Some(value) = value {
            values.push(value);
            let place = ["?", &values.len().to_string()].concat();
            to.push_str(" AND ");
            to.push_str(&clause.replace('?', &place));
        }
    };
    condition(&mut indexed, "action = ?", wanted.action.map(id));
    condition(&mut indexed, "actor_id = ?", wanted.actor.map(id));
    condition(&mut indexed, "target_id = ?", wanted.target.map(id));
    let application = wanted.application.map(id);
    let any = "? IN (application_id, actor_id, target_id)";
    condition(&mut others, any, application);
    condition(&mut others, "address = ?", wanted.address.as_ref().map(id));
    let mut parts = parts(wanted);
    if let Some(it) = wanted.person {
        let (mut by, mut on) = (String::new(), seldom());
        condition(&mut by, "actor_id = ?", Some(id(it)));
        condition(&mut on, "target_id = ?", Some(id(it)));
        parts = vec![by, on];
    }
    // Each part is the newest of an index: an OR would sort all that a person ever did.
    let part = |found: &String| {
        format!(
            "SELECT * FROM (SELECT * FROM audit_log WHERE id >= CAST(?1 AS INTEGER) AND \
             id < CAST(?2 AS INTEGER){indexed}{found} ORDER BY id DESC LIMIT {window})"
        )
    };
    let looked: Vec<_> = parts.iter().map(part).collect();
    let sql = newest_of(&looked.join(" UNION "), window, &others, range.limit);
    (sql, values)
}

/// The newest entries that an index finds, how many it finds, and those of them that meet the other conditions.
fn newest_of(looked: &str, window: u32, others: &str, limit: u32) -> String {
    format!(
        "WITH looked AS (SELECT * FROM ({looked}) ORDER BY id DESC LIMIT {window}) \
         SELECT json_array((SELECT CAST(MIN(id) AS TEXT) FROM looked), \
         (SELECT COUNT(*) FROM looked), \
         (SELECT json_group_array(json_array(CAST(id AS TEXT), action, actor_id, \
         application_id, target_id, address, device, json(details))) FROM (SELECT * FROM looked \
         WHERE {others} ORDER BY id DESC LIMIT {limit}))) AS found"
    )
}

impl AuditLog for Bindings {
    fn record(&self, entry: AuditEntry) {
        let Some(entry) = FAULTS.with_borrow_mut(|storm| storm.admit(entry)) else {
            return;
        };
        let lost = format!("an entry of the audit log is lost: {}", entry.shown());
        // Without a WHERE, SQLite would take ON CONFLICT for a join's.
        self.write_later(self.entry(&entry, "WHERE true", &[]), lost);
    }

    async fn entries(
        &self,
        wanted: &EntryFilter,
        range: EntryRange,
    ) -> Result<FoundEntries, Fault> {
        let window = if wanted.application.is_some() || wanted.address.is_some() {
            LOOKED_AT
        } else {
            range.limit
        };
        let (sql, values) = entries_sql(wanted, range, window);
        let found: Option<(Option<AuditEntryId>, u32, Vec<EntryRow>)> =
            self.row(&sql, &values).await?;
        let (last, looked_at, rows) = found.unwrap_or_default();
        Ok(FoundEntries {
            entries: rows.into_iter().filter_map(EntryRow::entry).collect(),
            stopped_at: last.filter(|_| looked_at == window && window > range.limit),
        })
    }

    async fn names(&self, ids: &[Snowflake]) -> Result<Vec<Named>, Fault> {
        const SQL: &str = "WITH wanted AS (SELECT value AS id FROM json_each(?)) \
            SELECT json_group_array(json_array(id, kind, name)) AS found FROM ( \
            SELECT id, 0 AS kind, username AS name FROM users WHERE id IN wanted \
            UNION ALL SELECT id, 1, name FROM applications WHERE id IN wanted \
            UNION ALL SELECT id, 2, name FROM guilds WHERE id IN wanted \
            UNION ALL SELECT id, 3, name FROM resources WHERE id IN wanted)";
        let ids = serde_json::to_string(ids).map_err(fault)?;
        let rows: Vec<(Snowflake, usize, String)> = self.rows(SQL, &[Bind::Text(&ids)]).await?;
        let kinds = [
            NamedKind::User,
            NamedKind::Application,
            NamedKind::Guild,
            NamedKind::Resource,
        ];
        let rows = rows.into_iter();
        let named = rows.filter_map(|(id, kind, name)| {
            let kind = *kinds.get(kind)?;
            Some(Named { id, kind, name })
        });
        Ok(named.collect())
    }

    async fn count_up(&self, before: AuditEntryId) -> Result<Option<AuditEntryId>, Fault> {
        let uncounted = format!(
            "SELECT id, action, application_id, {AT} AS at FROM audit_log \
             WHERE id > (SELECT up_to FROM counted) AND id < CAST(? AS INTEGER) \
             ORDER BY id LIMIT {COUNTED_AT_ONCE}"
        );
        let mut statements = Vec::new();
        for span in [Span::Hour, Span::Day].map(Span::millis) {
            let sql = format!(
                "INSERT INTO counts (span, start, action, n) \
                 SELECT {span}, at - at % {span}, action, COUNT(*) FROM ({uncounted}) \
                 WHERE true GROUP BY 2, 3 ON CONFLICT DO UPDATE SET n = n + excluded.n"
            );
            statements.push(self.prepare(&sql, &[id(before)])?);
        }
        let day = Span::Day.millis();
        let sql = format!(
            "INSERT INTO application_days (application_id, day, what, detail, n) \
             SELECT application_id, at - at % {day}, action, '', COUNT(*) FROM ({uncounted}) \
             WHERE application_id IS NOT NULL GROUP BY 1, 2, 3 \
             ON CONFLICT DO UPDATE SET n = n + excluded.n"
        );
        statements.push(self.prepare(&sql, &[id(before)])?);
        // All of this is one transaction: an entry is counted once.
        let sql = format!(
            "UPDATE counted SET up_to = COALESCE((SELECT MAX(id) FROM ({uncounted})), up_to) \
             RETURNING CAST(up_to AS TEXT) AS found"
        );
        statements.push(self.prepare(&sql, &[id(before)])?);
        let up_to = self.batch(&statements).await.map_err(fault)?;
        Ok(up_to
            .as_deref()
            .and_then(Snowflake::parse)
            .map(AuditEntryId))
    }

    async fn counts(&self, hours: Timestamp, days: Timestamp) -> Result<Vec<Count>, Fault> {
        let (hour, day) = (Span::Hour.millis(), Span::Day.millis());
        let rest = format!(
            "SELECT action, {AT} AS at FROM audit_log WHERE id > (SELECT up_to FROM counted) \
             ORDER BY id LIMIT {REST}"
        );
        let sql = format!(
            "WITH rest AS ({rest}) \
             SELECT json_group_array(json_array(span, start, action, n)) AS found FROM ( \
             SELECT * FROM counts WHERE span = {hour} AND start >= ?1 \
             UNION ALL SELECT * FROM counts WHERE span = {day} AND start >= ?2 \
             UNION ALL SELECT {hour}, at - at % {hour}, action, COUNT(*) FROM rest \
             WHERE at >= ?1 GROUP BY 2, 3 \
             UNION ALL SELECT {day}, at - at % {day}, action, COUNT(*) FROM rest \
             WHERE at >= ?2 GROUP BY 2, 3)"
        );
        let values = [Bind::Time(hours), Bind::Time(days)];
        let rows: Vec<(u64, Timestamp, String, u32)> = self.rows(&sql, &values).await?;
        let counts = rows.into_iter().filter_map(|(span, start, action, count)| {
            Some(Count {
                span: if span == hour { Span::Hour } else { Span::Day },
                start,
                action: Action::from_wire(&action)?,
                count,
            })
        });
        Ok(counts.collect())
    }

    async fn erase(&self, person: Snowflake) -> Result<bool, Fault> {
        // Who did something is at their own address; where nobody is known to have, it may be theirs.
        let sql = format!(
            "UPDATE audit_log SET \
             address = CASE WHEN actor_id IS NULL OR actor_id = ?1 THEN '' ELSE address END, \
             device = CASE WHEN actor_id IS NULL OR actor_id = ?1 THEN NULL ELSE device END, \
             actor_id = NULLIF(actor_id, ?1), target_id = NULLIF(target_id, ?1), details = NULL \
             WHERE id IN (SELECT id FROM audit_log WHERE actor_id = ?1 UNION ALL \
             SELECT id FROM audit_log WHERE target_id = ?1 AND {SELDOM} UNION ALL \
             SELECT id FROM audit_log WHERE {SELDOM} AND action IN ('{set}', '{removed}') \
             AND details ->> 'user_id' = ?1 LIMIT ?2) RETURNING '' AS found",
            set = Action::MemberSet,
            removed = Action::MemberRemoved,
        );
        for _ in 0..SWEEPS {
            let values = [id(person), Bind::Bits(SWEPT_AT_ONCE)];
            if !self.write(&sql, &values).await.map_err(fault)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn sweep(&self, since: AuditEntryId, now: Timestamp) -> Result<(), Fault> {
        let entries = "DELETE FROM audit_log WHERE id IN (SELECT id FROM audit_log \
                       WHERE id < CAST(? AS INTEGER) LIMIT ?) RETURNING '' AS found";
        let sessions = "DELETE FROM sessions WHERE id_hash IN (SELECT id_hash FROM sessions \
                        WHERE expires_at <= ? LIMIT ?) RETURNING '' AS found";
        let counts = "DELETE FROM counts WHERE (span, start, action) IN (SELECT span, start, action \
                      FROM counts WHERE span = 3600000 AND start < ? LIMIT ?) RETURNING '' AS found";
        let days = "DELETE FROM application_days WHERE (application_id, day, what, detail) IN \
                    (SELECT application_id, day, what, detail FROM application_days \
                    WHERE day < ? LIMIT ?) RETURNING '' AS found";
        let ended = "DELETE FROM ended_platform_sessions WHERE id_hash IN \
                     (SELECT id_hash FROM ended_platform_sessions WHERE ended_at <= ? LIMIT ?) \
                     RETURNING '' AS found";
        let yesterday = Bind::Time(now - Duration::from_secs(24 * 3600));
        for (sql, bound) in [
            (entries, id(since)),
            (ended, yesterday),
            (sessions, Bind::Time(now)),
            (counts, Bind::Time(now - HOURS_KEPT)),
            (days, Bind::Time(now - DAYS_KEPT)),
        ] {
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
