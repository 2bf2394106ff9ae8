//! The events of authorizations that are still to be told.

use serde::Deserialize;
use worker::worker_sys::D1PreparedStatement;

use super::{Bind, Bindings, fault, id};
use crate::cloudflare::outbox_do;
use crate::oauth::scope::Scopes;
use crate::outbox::{EventType, Granted, MAX_READ, Receiver, Tells, WaitingEvent};
use crate::snowflake::{ApplicationId, GuildId, Snowflake, UserId};
use crate::store::{Consent, Events, Fault};
use crate::time::Timestamp;

const INSERT: &str = "INSERT INTO events \
                      (type, at, due_at, id, outbox, user_id, application_id, scope, guild_id, receiver)";
/// The receivers of an event. The `?` are whether the operator is one, and the application, which is one where it has
/// a URL for events.
const RECEIVERS: &str = "(SELECT 'operator' AS receiver WHERE ? UNION ALL SELECT 'application' \
                         FROM applications WHERE id = ? AND event_webhook_url IS NOT NULL)";
/// Most outboxes that one sweep wakes.
const WOKEN_AT_ONCE: u32 = 100;

impl Bindings {
    /// Keeps the event that a consent began, where `condition`, a `WHERE` clause with its values, holds.
    pub(super) fn granted(
        &self,
        consent: &Consent<'_>,
        granted: &Granted,
        condition: &str,
        values: &[Bind<'static>],
    ) -> Result<D1PreparedStatement, Fault> {
        let tells = granted.tells;
        let mut all = vec![
            Bind::Text(EventType::Authorized.as_str()),
            Bind::Time(tells.at),
            Bind::Time(tells.at),
            id(granted.id),
            id(consent.user),
            id(consent.user),
            id(consent.application),
            id(granted.scope),
            granted.guild.map_or(Bind::Null, id),
            Bind::Bits(tells.operator.into()),
            id(consent.application),
        ];
        all.extend(values.iter().cloned());
        let sql = format!(
            "{INSERT} SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, receiver FROM {RECEIVERS} {condition} \
             ON CONFLICT DO NOTHING"
        );
        self.prepare(&sql, &all)
    }

    /// Keeps the event that an authorization ended, where there is that authorization.
    pub(super) fn taken_back(
        &self,
        user: UserId,
        application: ApplicationId,
        tells: Tells,
    ) -> Result<D1PreparedStatement, Fault> {
        let sql = format!(
            "{INSERT} SELECT ?, ?, ?, lower(hex(randomblob(16))), user_id, user_id, application_id, \
             scope, NULL, receiver FROM authorizations, {RECEIVERS} \
             WHERE user_id = ? AND application_id = ?"
        );
        let values = [
            Bind::Text(EventType::Deauthorized.as_str()),
            Bind::Time(tells.at),
            Bind::Time(tells.at),
            Bind::Bits(tells.operator.into()),
            id(application),
            id(user),
            id(application),
        ];
        self.prepare(&sql, &values)
    }

    /// Runs `delete`, which takes applications with it, and keeps the operator's events about those that somebody had
    /// authorized. Answers whether there was something to delete.
    pub(super) async fn delete_telling(
        &self,
        column: &str,
        value: Snowflake,
        tells: Tells,
        delete: D1PreparedStatement,
    ) -> Result<bool, Fault> {
        let mut statements = Vec::new();
        if tells.operator {
            let sql = format!(
                "{INSERT} SELECT ?, ?, ?, lower(hex(randomblob(16))), id, NULL, id, '', NULL, \
                 'operator' FROM applications WHERE {column} = ? AND EXISTS \
                 (SELECT 1 FROM authorizations WHERE application_id = applications.id)"
            );
            let values = [
                Bind::Text(EventType::Deauthorized.as_str()),
                Bind::Time(tells.at),
                Bind::Time(tells.at),
                id(value),
            ];
            statements.push(self.prepare(&sql, &values)?);
        }
        statements.push(delete);
        let found = self.batch(&statements).await.map_err(fault)?;
        Ok(found.is_some())
    }
}

#[derive(Deserialize)]
struct WaitingRow(
    u64,
    String,
    String,
    String,
    Timestamp,
    Option<UserId>,
    ApplicationId,
    String,
    Option<GuildId>,
    u32,
    Timestamp,
    Option<String>,
);

impl WaitingRow {
    /// The event of a row. `None` where a later version wrote a kind that this one does not know.
    fn waiting(self) -> Option<WaitingEvent> {
        let Self(seq, id, receiver, kind, at, user, application, scope, guild, ..) = self;
        let (attempts, due_at, webhook) = (self.9, self.10, self.11);
        Some(WaitingEvent {
            seq,
            id,
            receiver: Receiver::from_wire(&receiver)?,
            kind: EventType::from_wire(&kind)?,
            at,
            user,
            application,
            scope: Scopes::parse(&scope).unwrap_or(Scopes::NONE),
            guild,
            attempts,
            due_at,
            webhook,
        })
    }
}

impl Events for Bindings {
    fn wake_outbox(&self, outbox: Snowflake) {
        let env = self.env.clone();
        self.context.wait_until(async move {
            if let Err(fault) = outbox_do::wake(&env, outbox).await {
                worker::console_error!("an outbox sleeps on: {fault}");
            }
        });
    }

    async fn waiting(&self, outbox: Snowflake) -> Result<Vec<WaitingEvent>, Fault> {
        let sql = "SELECT json_group_array(json_array(seq, events.id, receiver, type, at, user_id, \
                   application_id, scope, guild_id, attempts, due_at, event_webhook_url)) AS found \
                   FROM (SELECT * FROM events WHERE outbox = ? ORDER BY seq LIMIT ?) AS events \
                   LEFT JOIN applications ON applications.id = application_id";
        let rows: Vec<WaitingRow> = self.rows(sql, &[id(outbox), Bind::Bits(MAX_READ)]).await?;
        let mut waiting: Vec<_> = rows.into_iter().filter_map(WaitingRow::waiting).collect();
        waiting.sort_by_key(|event| event.seq);
        Ok(waiting)
    }

    async fn settle_event(&self, seq: u64) -> Result<(), Fault> {
        let sql = "DELETE FROM events WHERE seq = ? RETURNING 'yes' AS found";
        self.write(sql, &[id(seq)]).await.map_err(fault)?;
        Ok(())
    }

    async fn postpone_event(&self, seq: u64, until: Timestamp) -> Result<(), Fault> {
        let sql = "UPDATE events SET attempts = attempts + 1, due_at = ? WHERE seq = ? \
                   RETURNING 'yes' AS found";
        let values = [Bind::Time(until), id(seq)];
        self.write(sql, &values).await.map_err(fault)?;
        Ok(())
    }

    async fn late_outboxes(&self, before: Timestamp) -> Result<Vec<Snowflake>, Fault> {
        // Behind an event that waits for its next attempt the others are overdue, and nobody is late.
        let sql = "SELECT json_group_array(DISTINCT outbox) AS found FROM \
                   (SELECT outbox FROM events WHERE due_at < ?1 AND NOT EXISTS \
                   (SELECT 1 FROM events AS waits WHERE waits.outbox = events.outbox \
                   AND waits.due_at >= ?1) ORDER BY due_at LIMIT ?2)";
        let values = [Bind::Time(before), Bind::Bits(WOKEN_AT_ONCE)];
        self.rows(sql, &values).await
    }
}
