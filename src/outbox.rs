//! What is told about authorizations: to the operator, and to applications that ask for it. An event is
//! kept in the transaction of what it tells, and sent until its receiver takes it. Pure.
//!
//! Invariant: one receiver hears of one user's authorizations in the order of what happened. The first
//! event that was not taken holds up those behind it, until it is too old.

use core::time::Duration;

use base64ct::{Base64, Encoding};
use serde_json::{Value, json};

use crate::crypto::hmac::hmac;
use crate::http::with_member;
use crate::id::InstallationId;
use crate::oauth::scope::{Scope, Scopes};
use crate::oauth::wire_enum;
use crate::outbound::{FetchError, OutboundAnswer};
use crate::snowflake::{ApplicationId, GuildId, UserId};
use crate::time::Timestamp;

/// How long an event is sent again.
const GIVEN_UP_AFTER: Duration = Duration::from_hours(72);
/// How long the first failure is waited after; each further one is waited after for five times as long.
const FIRST_WAIT: Duration = Duration::from_secs(5);
/// Longest wait between two attempts.
const LONGEST_WAIT: Duration = Duration::from_hours(4);
/// Most events of one user that wait for one receiver. Those that are too many are the oldest.
pub const MAX_IN_LINE: usize = 100;
/// Most events of one outbox that are read at a time.
pub const MAX_READ: u32 = 500;

wire_enum! {
    /// The type of an event, as receivers read it.
    pub enum EventType {
        /// A user authorized an application, or granted it something else than before.
        Authorized = "application_authorized",
        /// Every grant of a user to an application was taken back.
        Deauthorized = "application_deauthorized",
    }
}

wire_enum! {
    /// The party that an event is sent to.
    pub enum Receiver {
        /// `AUTHORIZATION_EVENTS_URL`.
        Operator = "operator",
        /// The application's `event_webhook_url`.
        Application = "application",
    }
}

/// The facts of a consent that its event tells.
#[derive(Debug, Clone, Copy)]
pub struct Granted {
    /// The form's name for it: sent again, it is the same event.
    pub id: InstallationId,
    /// Everything that the application has now.
    pub scope: Scopes,
    /// The guild that its bot was added to.
    pub guild: Option<GuildId>,
    /// The receivers besides the application.
    pub tells: Tells,
}

/// Whether the operator wants to be told, and when it happened.
#[derive(Debug, Clone, Copy)]
pub struct Tells {
    /// Whether `AUTHORIZATION_EVENTS_URL` is set.
    pub operator: bool,
    /// When it happened.
    pub at: Timestamp,
}

/// An event that waits.
#[derive(Debug, Clone)]
pub struct WaitingEvent {
    /// The event's place in the order of all events.
    pub seq: u64,
    /// The event's id, the same at each attempt, by which a receiver knows it again.
    pub id: String,
    /// The party that it is sent to.
    pub receiver: Receiver,
    /// The type of the event.
    pub kind: EventType,
    /// When it happened.
    pub at: Timestamp,
    /// The user whose authorization it is; `None` where the application was deleted and the event is
    /// about all users.
    pub user: Option<UserId>,
    /// The application that the event is about.
    pub application: ApplicationId,
    /// What it has, or had.
    pub scope: Scopes,
    /// The guild that its bot was added to.
    pub guild: Option<GuildId>,
    /// How often it was sent.
    pub attempts: u32,
    /// When it is sent next.
    pub due_at: Timestamp,
    /// Where the application wants to be told, now.
    pub webhook: Option<String>,
}

/// The result of an attempt to send an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// The receiver has the event, or no receiver is set any more.
    Done,
    /// The event is sent again at this instant. The text says what went wrong.
    Again(Timestamp, String),
    /// The event is not sent again. The text says what went wrong.
    GivenUp(String),
}

/// The events of each receiver, in order.
pub fn lines(waiting: Vec<WaitingEvent>) -> Vec<Vec<WaitingEvent>> {
    let mut lines: Vec<Vec<WaitingEvent>> = Vec::new();
    for event in waiting {
        let is_in_line = |line: &&mut Vec<WaitingEvent>| {
            line.last().is_some_and(|last| {
                let is_one = last.application == event.application;
                last.receiver == event.receiver && (is_one || event.receiver == Receiver::Operator)
            })
        };
        match lines.iter_mut().find(is_in_line) {
            Some(line) => line.push(event),
            None => lines.push(vec![event]),
        }
    }
    lines
}

impl WaitingEvent {
    /// The body: `{type, timestamp, data}`, as Standard Webhooks has it.
    pub fn body(&self) -> String {
        let scopes: Value = self.scope.iter().map(Scope::as_str).collect();
        let user = self.user.map(|user| json!({"id": user}));
        let mut data = json!({"application_id": self.application, "user": user, "scopes": scopes});
        if let Some(guild) = self.guild {
            data = with_member(data, "guild", json!({"id": guild}));
        }
        let kind = self.kind.as_str();
        json!({"type": kind, "timestamp": self.at.to_iso(), "data": data}).to_string()
    }

    /// What comes of an attempt that was answered so.
    pub fn judge(
        &self,
        answer: Result<OutboundAnswer, FetchError>,
        now: Timestamp,
    ) -> DeliveryOutcome {
        let wrong = match answer {
            Ok(answer) => match answer.status {
                200..=299 => return DeliveryOutcome::Done,
                // "410 Gone": the receiver says that it wants no more of them.
                410 => return DeliveryOutcome::GivenUp("it answered 410".to_owned()),
                status => format!("it answered {status}"),
            },
            Err(error) => error.to_string(),
        };
        let next = now + wait(self.attempts);
        if next > self.at + GIVEN_UP_AFTER {
            return DeliveryOutcome::GivenUp(wrong);
        }
        DeliveryOutcome::Again(next, wrong)
    }
}

/// How long is waited after so many attempts and another one.
fn wait(attempts: u32) -> Duration {
    let factor = 5_u32.saturating_pow(attempts);
    FIRST_WAIT.saturating_mul(factor).min(LONGEST_WAIT)
}

/// `webhook-signature` (Standard Webhooks): of the id, the time and the body, by each of the keys.
pub fn signature(keys: &[Vec<u8>], id: &str, now: Timestamp, body: &str) -> String {
    let signed = format!("{id}.{}.{body}", now.seconds());
    let sign = |key: &Vec<u8>| ["v1,", &Base64::encode_string(&hmac(key, &signed))].concat();
    keys.iter().map(sign).collect::<Vec<_>>().join(" ")
}

/// A key as receivers are given it.
pub fn secret(key: &[u8]) -> String {
    ["whsec_", &Base64::encode_string(key)].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    fn event(receiver: Receiver, application: &str) -> WaitingEvent {
        WaitingEvent {
            seq: 1,
            id: "e".to_owned(),
            receiver,
            kind: EventType::Authorized,
            at: NOW,
            user: UserId::parse("5"),
            application: ApplicationId::parse(application).expect("an id"),
            scope: Scopes::parse("identify").expect("scopes"),
            guild: None,
            attempts: 0,
            due_at: NOW,
            webhook: None,
        }
    }

    fn answered(status: u16) -> OutboundAnswer {
        OutboundAnswer {
            status,
            content_type: String::new(),
            cache_control: String::new(),
            body: None,
        }
    }

    #[test]
    fn a_signature_is_that_of_standard_webhooks() {
        // The example of the specification's libraries.
        let key = Base64::decode_vec("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("base64");
        let now = Timestamp::from_millis(1_614_265_330_000);
        let signed = signature(
            &[key],
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            now,
            "{\"test\": 2432232314}",
        );
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn what_is_not_taken_comes_again_later_and_later_and_not_for_ever() {
        let mut event = event(Receiver::Operator, "7");
        let again = |event: &WaitingEvent, answer, now| match event.judge(answer, now) {
            DeliveryOutcome::Again(at, _) => Some(at.since(now).as_secs()),
            _ => None,
        };
        for (attempts, wait) in [(0, 5), (1, 25), (2, 125), (5, 14_400), (40, 14_400)] {
            event.attempts = attempts;
            assert_eq!(
                again(&event, Ok(answered(500)), NOW),
                Some(wait),
                "{attempts}"
            );
        }
        for status in [301, 302, 400, 401, 404, 429, 503] {
            assert!(
                again(&event, Ok(answered(status)), NOW).is_some(),
                "{status}"
            );
        }
        let silent = Err(FetchError::Unreachable("nobody".to_owned()));
        assert!(again(&event, silent, NOW).is_some());
        for status in [200, 202, 204] {
            assert_eq!(
                event.judge(Ok(answered(status)), NOW),
                DeliveryOutcome::Done
            );
        }
        let is_given_up = |status, now| {
            let outcome = event.judge(Ok(answered(status)), now);
            matches!(outcome, DeliveryOutcome::GivenUp(_))
        };
        assert!(is_given_up(410, NOW));
        assert!(is_given_up(500, NOW + Duration::from_hours(70)));
        assert!(!is_given_up(500, NOW + Duration::from_hours(60)));
    }

    #[test]
    fn each_receiver_has_a_line_of_its_own() {
        use Receiver::{Application, Operator};
        let all = [
            (Operator, "7"),
            (Application, "7"),
            (Application, "8"),
            (Operator, "8"),
            (Application, "7"),
        ];
        let lines = lines(all.map(|(receiver, it)| event(receiver, it)).to_vec());
        let lengths: Vec<_> = lines.iter().map(Vec::len).collect();
        assert_eq!(lengths, [2, 2, 1]);
    }
}
