//! The ledgers.

use super::Fault;
use crate::ledger::{LedgerId, Verb};

/// The ledgers, one Durable Object each.
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait Ledgers {
    /// Asks a ledger. Every question has the ledger to itself.
    async fn ask<V: Verb>(&self, ledger: LedgerId, verb: V) -> Result<V::Answer, Fault>;
}
