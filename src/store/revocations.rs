//! The list of what was revoked, for verifiers who do not ask.

use super::Fault;
use crate::config::Config;
use crate::id::FamilyId;

/// The list of revoked families. A ledger writes it when a family ends whose tokens others verify.
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait Revocations {
    /// The families that ended within the life of their tokens.
    async fn revoked(&self, config: &Config) -> Result<Vec<FamilyId>, Fault>;
}
