//! An outbox's turn: the events about one user's authorizations that wait are sent.
//!
//! No request waits for it. An event is forgotten once its receiver has taken it, and not before. Where that fails,
//! it is sent again under the same id.

use core::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use crate::config::Config;
use crate::fluxer::application::Application;
use crate::fluxer::audit::{Action, AuditEntry};
use crate::http::Method;
use crate::outbound::OutboundUrl;
use crate::outbox::{self, DeliveryOutcome, MAX_IN_LINE, MAX_READ, Receiver, WaitingEvent};
use crate::platform::request;
use crate::snowflake::{ApplicationId, AuditEntryId, Snowflake};
use crate::store::{Edge, Fault};
use crate::time::Timestamp;

/// How long an event may be due before its outbox is woken once more. Whoever should have woken it may have been cut
/// off.
const OVERDUE: Duration = Duration::from_secs(60);

/// Sends what is due, each receiver's events one after the other. Answers when the next event is due; `None` where
/// none waits.
pub async fn deliver<E: Edge>(
    edge: &E,
    config: &Config,
    outbox: Snowflake,
) -> Result<Option<Timestamp>, Fault> {
    let waiting = edge.waiting(outbox).await?;
    let is_all = u32::try_from(waiting.len()).is_ok_and(|read| read < MAX_READ);
    let lines = outbox::lines(waiting).into_iter();
    let sent = join_all(lines.map(|line| send_line(edge, config, line))).await;
    let mut next = (!is_all).then(|| edge.now());
    for due in sent {
        next = [next, due?].into_iter().flatten().min();
    }
    Ok(next)
}

async fn send_line<E: Edge>(
    edge: &E,
    config: &Config,
    line: Vec<WaitingEvent>,
) -> Result<Option<Timestamp>, Fault> {
    let mut left = line.len();
    for event in line {
        let outcome = if left > MAX_IN_LINE {
            DeliveryOutcome::GivenUp("too many wait".to_owned())
        } else if event.due_at > edge.now() {
            return Ok(Some(event.due_at));
        } else {
            send(edge, config, &event).await
        };
        left -= 1;
        let (what, application) = (event.kind, event.application);
        match outcome {
            DeliveryOutcome::Done => edge.settle_event(event.seq).await?,
            DeliveryOutcome::GivenUp(why) => {
                edge.settle_event(event.seq).await?;
                edge.log(&format!("{what} of {application} is given up: {why}"));
                edge.record(given_up(edge, &event, &why));
            }
            DeliveryOutcome::Again(at, why) => {
                edge.postpone_event(event.seq, at).await?;
                edge.log(&format!("{what} of {application} waits: {why}"));
                return Ok(Some(at));
            }
        }
    }
    Ok(None)
}

/// Sends an event, without trying again.
async fn send<E: Edge>(edge: &E, config: &Config, event: &WaitingEvent) -> DeliveryOutcome {
    let (now, body) = (edge.now(), event.body());
    let (url, keys, of_platform) = match (event.receiver, &config.events, &event.webhook) {
        (Receiver::Operator, Some(operator), _) => {
            let (url, key) = (operator.url.clone(), operator.key.expose().as_bytes());
            let signed = request::signature(key, Method::Post, url.target(), &body, now);
            (url, vec![key.to_vec()], signed)
        }
        (Receiver::Application, _, Some(webhook)) => {
            let keys = application_keys(config, event.application, webhook);
            match OutboundUrl::of_client(webhook, &config.issuers) {
                Ok(url) => (url, keys, String::new()),
                Err(error) => {
                    return DeliveryOutcome::GivenUp(format!("event_webhook_url {error}"));
                }
            }
        }
        // Whoever wanted to be told wants it no more.
        _ => return DeliveryOutcome::Done,
    };
    let timestamp = now.seconds().to_string();
    let signature = outbox::signature(&keys, &event.id, now, &body);
    let mut headers = vec![
        ("content-type", "application/json"),
        ("webhook-id", &*event.id),
        ("webhook-timestamp", &timestamp),
        ("webhook-signature", &signature),
    ];
    if !of_platform.is_empty() {
        headers.push(("x-signature", &of_platform));
    }
    let answer = edge.post(&url, &headers, &body).await;
    event.judge(answer, edge.now())
}

/// The keys that sign for an application's receiver. Another URL has other keys.
fn application_keys(config: &Config, application: ApplicationId, webhook: &str) -> Vec<Vec<u8>> {
    config
        .keyring
        .event_keys(&format!("{application} {webhook}"))
}

/// The secret by which an application's receiver verifies its events, where it receives any.
pub fn webhook_secret(config: &Config, application: &Application) -> Option<String> {
    let webhook = application.event_webhook_url.as_deref()?;
    let keys = application_keys(config, application.client.id, webhook);
    keys.first().map(|key| outbox::secret(key))
}

fn given_up<E: Edge>(edge: &E, event: &WaitingEvent, why: &str) -> AuditEntry {
    // What is worth an entry must not fail for want of an id.
    let entropy = edge.random().unwrap_or_default();
    let id = AuditEntryId(Snowflake::generate(edge.now().millis(), entropy));
    let details = json!({
        "type": event.kind.as_str(),
        "receiver": event.receiver.as_str(),
        "attempts": event.attempts + 1,
        "reason": why,
    });
    AuditEntry::new(id, Action::EventGivenUp, "unknown".to_owned())
        .on(event.user.map(|it| it.0))
        .with(event.application)
        .saying(details)
}

/// Wakes the outboxes whose events have been due for too long.
pub async fn wake_late<E: Edge>(edge: &E) -> Result<(), Fault> {
    for outbox in edge.late_outboxes(edge.now() - OVERDUE).await? {
        edge.wake_outbox(outbox);
    }
    Ok(())
}
