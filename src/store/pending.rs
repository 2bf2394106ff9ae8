//! What waits to be answered once.

use super::Fault;
use crate::id::AttemptId;
use crate::pending::{EntryVerb, PendingId};

/// What waits to be answered once, one Durable Object an entry.
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait Pending {
    /// Asks an entry. No other verb runs on it meanwhile. Every verb may be asked twice.
    async fn ask_pending<V: EntryVerb>(&self, id: &PendingId, verb: V) -> Result<V::Answer, Fault>;
    /// Gives back what a request has used, before it answers a fault. Waits for no entry that is silent.
    async fn release(&self, id: &PendingId, by: AttemptId) -> Result<(), Fault>;
}
