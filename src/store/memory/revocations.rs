//! The list of what was revoked, over plain collections.

use super::Memory;
use crate::config::Config;
use crate::id::FamilyId;
use crate::revocations;
use crate::store::{Ambient, Fault, Revocations};

impl Revocations for Memory {
    async fn revoked(&self, config: &Config) -> Result<Vec<FamilyId>, Fault> {
        let since = revocations::since(self.now(), config.resource_token_lifetime);
        self.step("revocations", |state| {
            state.revoked.retain(|_, at| *at >= since);
            state.revoked.keys().copied().collect()
        })
    }
}
