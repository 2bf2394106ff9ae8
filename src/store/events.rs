//! What is still to be told about authorizations.

use super::Fault;
use crate::outbox::WaitingEvent;
use crate::snowflake::Snowflake;
use crate::time::Timestamp;

/// What is still to be told about authorizations. Events are written by what they tell; each outbox, a
/// user's or that of an application that is gone, has a Durable Object that sends them in turn.
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait Events {
    /// Wakes an outbox. Runs on after the answer; what is not woken now is found by the sweep.
    fn wake_outbox(&self, outbox: Snowflake);
    /// What waits in an outbox, the oldest [`MAX_READ`](crate::outbox::MAX_READ) in order.
    async fn waiting(&self, outbox: Snowflake) -> Result<Vec<WaitingEvent>, Fault>;
    /// Forgets an event: its receiver has it, or it is given up.
    async fn settle_event(&self, seq: u64) -> Result<(), Fault>;
    /// Counts a failed attempt. The event waits until `until`.
    async fn postpone_event(&self, seq: u64, until: Timestamp) -> Result<(), Fault>;
    /// Some of the outboxes whose events should all have been sent before. One that waits for its next
    /// attempt is not among them.
    async fn late_outboxes(&self, before: Timestamp) -> Result<Vec<Snowflake>, Fault>;
}
