//! What is still to be told, over plain collections.

use super::Memory;
use super::tables::{StoredEvent, Tables};
use crate::oauth::scope::Scopes;
use crate::outbox::{EventType, Granted, MAX_READ, Receiver, Tells, WaitingEvent};
use crate::snowflake::{ApplicationId, Snowflake, UserId};
use crate::store::{Ambient, Authorization, Events, Fault};
use crate::time::Timestamp;

impl Tables {
    /// A consent, told to the operator where they want it and to the application where it does.
    pub(super) fn tell_of_grant(
        &mut self,
        user: UserId,
        application: ApplicationId,
        granted: Granted,
    ) {
        let event = WaitingEvent {
            id: granted.id.to_string(),
            scope: granted.scope,
            guild: granted.guild,
            ..event(
                EventType::Authorized,
                Some(user),
                application,
                granted.tells,
            )
        };
        self.tell(user.0, &event, granted.tells);
    }

    /// The end of an authorization, likewise.
    pub(super) fn tell_of_end(&mut self, user: UserId, forgotten: &Authorization, tells: Tells) {
        let event = WaitingEvent {
            id: format!("end-{}", self.next()),
            scope: forgotten.scope,
            ..event(
                EventType::Deauthorized,
                Some(user),
                forgotten.application,
                tells,
            )
        };
        self.tell(user.0, &event, tells);
    }

    /// The end of everybody's authorizations of an application, to the operator alone.
    pub(super) fn tell_of_deletion(&mut self, application: ApplicationId, tells: Tells) {
        let was_used = self.authorizations.keys().any(|(_, it)| *it == application);
        if was_used && tells.operator {
            let id = format!("end-{}", self.next());
            let event = event(EventType::Deauthorized, None, application, tells);
            self.put(application.0, WaitingEvent { id, ..event });
        }
    }

    fn tell(&mut self, outbox: Snowflake, event: &WaitingEvent, tells: Tells) {
        let stored = self.applications.get(&event.application);
        let webhook = stored.and_then(|it| it.application.event_webhook_url.clone());
        for receiver in Receiver::ALL {
            let is_told = match receiver {
                Receiver::Operator => tells.operator,
                Receiver::Application => webhook.is_some(),
            };
            let is_same =
                |it: &StoredEvent| it.waiting.id == event.id && it.waiting.receiver == *receiver;
            if is_told && !self.events.values().any(is_same) {
                let receiver = *receiver;
                self.put(
                    outbox,
                    WaitingEvent {
                        receiver,
                        ..event.clone()
                    },
                );
            }
        }
    }

    fn next(&self) -> u64 {
        self.events.keys().next_back().map_or(1, |last| last + 1)
    }

    fn put(&mut self, outbox: Snowflake, event: WaitingEvent) {
        let seq = self.next();
        let waiting = WaitingEvent { seq, ..event };
        self.events.insert(seq, StoredEvent { outbox, waiting });
    }
}

fn event(
    kind: EventType,
    user: Option<UserId>,
    application: ApplicationId,
    tells: Tells,
) -> WaitingEvent {
    WaitingEvent {
        seq: 0,
        id: String::new(),
        receiver: Receiver::Operator,
        kind,
        at: tells.at,
        user,
        application,
        scope: Scopes::NONE,
        guild: None,
        attempts: 0,
        due_at: tells.at,
        webhook: None,
    }
}

impl Memory {
    /// The outboxes that were woken since they were last asked for.
    pub fn woken(&self) -> Vec<Snowflake> {
        self.woken.take().into_iter().collect()
    }

    /// How many events wait.
    pub fn waiting_events(&self) -> usize {
        self.state.borrow().directory.events.len()
    }
}

impl Events for Memory {
    fn wake_outbox(&self, outbox: Snowflake) {
        let woken = self.step("outbox", |_| {
            self.woken.borrow_mut().insert(outbox);
        });
        if let Err(fault) = woken {
            self.log(&format!("an outbox sleeps on: {fault}"));
        }
    }

    async fn waiting(&self, outbox: Snowflake) -> Result<Vec<WaitingEvent>, Fault> {
        self.read(|tables| {
            let all = tables.events.values().filter(|it| it.outbox == outbox);
            let most = usize::try_from(MAX_READ).unwrap_or(usize::MAX);
            let all = all.take(most).map(|it| it.waiting.clone());
            let webhook = |of: ApplicationId| {
                let stored = tables.applications.get(&of);
                stored.and_then(|it| it.application.event_webhook_url.clone())
            };
            let current = |it: WaitingEvent| WaitingEvent {
                webhook: webhook(it.application),
                ..it
            };
            all.map(current).collect()
        })
    }

    async fn settle_event(&self, seq: u64) -> Result<(), Fault> {
        self.write(|tables| {
            tables.events.remove(&seq);
        })
    }

    async fn postpone_event(&self, seq: u64, until: Timestamp) -> Result<(), Fault> {
        self.write(|tables| {
            if let Some(event) = tables.events.get_mut(&seq) {
                event.waiting.attempts += 1;
                event.waiting.due_at = until;
            }
        })
    }

    async fn late_outboxes(&self, before: Timestamp) -> Result<Vec<Snowflake>, Fault> {
        self.read(|tables| {
            let all = || tables.events.values();
            let awake = all().filter(|it| it.waiting.due_at >= before);
            let awake: Vec<_> = awake.map(|it| it.outbox).collect();
            let late = all().map(|it| it.outbox);
            late.filter(|it| !awake.contains(it)).collect()
        })
    }
}
