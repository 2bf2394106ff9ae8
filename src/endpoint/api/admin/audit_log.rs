//! `/api/admin/audit-log`.

use core::time::Duration;

use serde_json::Value;

use super::Answer;
use crate::endpoint::caller::administrator;
use crate::endpoint::deliveries::wake_late;
use crate::endpoint::{Context, paging};
use crate::fluxer::api_error::ApiError;
use crate::fluxer::audit::{Action, AuditEntry};
use crate::http::Response;
use crate::snowflake::{AuditEntryId, Snowflake};
use crate::store::{Edge, EntryFilter, EntryRange, Fault};
use crate::time::Timestamp;

/// `GET`: entries of the log, the newest first.
pub async fn list<E: Edge>(cx: &Context<'_, E>) -> Answer {
    administrator(cx).await?;
    let (limit, before) = paging::read_backwards(cx)?;
    let since = kept_since(cx.now, cx.config.audit_log_lifetime);
    let range = EntryRange {
        since,
        before,
        limit,
    };
    let found = cx.edge.entries(&EntryFilter::default(), range).await?;
    let shown: Value = found.entries.iter().map(AuditEntry::shown).collect();
    Ok(Response::json(200, &shown))
}

/// `DELETE`: takes a person out of the log, where they want none of their data to be left. The entries and their
/// counts stay. It answers 202 where some entries are left; the same request goes on with them.
pub async fn erase<E: Edge>(cx: &Context<'_, E>, person: &str) -> Answer {
    let actor = administrator(cx).await?.actor();
    let person = Snowflake::parse(person).ok_or(ApiError::UnknownUser)?;
    let is_left = cx.edge.erase(person).await?;
    // Not who it was.
    cx.edge.record(cx.entry(Action::PersonErased).by(actor));
    Ok(Response::empty(if is_left { 202 } else { 204 }))
}

/// How long a client is kept that registered itself and that nobody has authorized.
const UNUSED_REGISTRATION: Duration = Duration::from_secs(7 * 24 * 3600);

/// Counts the log, and deletes what has been kept long enough: entries of the log, sessions that have expired, and
/// registrations that nobody used. The runtime's clock asks for it once a day.
pub async fn sweep<E: Edge>(edge: &E, lifetime: Duration) -> Result<(), Fault> {
    let now = edge.now();
    wake_late(edge).await?;
    count_up(edge, now).await?;
    edge.sweep(kept_since(now, lifetime), now).await?;
    edge.sweep_registrations(now - UNUSED_REGISTRATION).await
}

/// Counts the entries that are not counted yet, in steps; the rest waits for the next time. An entry is written after
/// its answer, so older ones than the newest may still come.
async fn count_up<E: Edge>(edge: &E, now: Timestamp) -> Result<(), Fault> {
    const STEPS: usize = 20;
    const SETTLED: Duration = Duration::from_secs(120);
    let before = AuditEntryId(Snowflake::first_of((now - SETTLED).millis()));
    let mut counted = None;
    for _ in 0..STEPS {
        let up_to = edge.count_up(before).await?;
        if up_to == counted {
            break;
        }
        counted = up_to;
    }
    Ok(())
}

/// The lowest id of an entry that is still kept.
pub fn kept_since(now: Timestamp, lifetime: Duration) -> AuditEntryId {
    let lifetime = u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX);
    AuditEntryId(Snowflake::first_of(now.millis().saturating_sub(lifetime)))
}
