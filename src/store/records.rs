//! Code and refresh-token records.

use serde::{Deserialize, Serialize};

use super::Fault;
use crate::crypto::secret::{AuthorizationCode, Hash};
use crate::id::FamilyId;
use crate::ledger::Grant;
use crate::oauth::scope::Scopes;
use crate::snowflake::{ApplicationId, UserId};
use crate::time::Timestamp;

/// What KV keeps of a code until it expires. Never permission: the ledger has the same, and the
/// last word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeRecord {
    /// Who granted it.
    pub user: UserId,
    /// To which application.
    pub application: ApplicationId,
    /// What was approved.
    pub grant: Grant,
    /// Until when the code is good. KV's own TTL is at least 60 s and comes late.
    pub expires_at: Timestamp,
}

/// What KV keeps of a family's refresh tokens: the inventory of who holds what, which the ledgers,
/// one object per pair, cannot list. Never read to decide anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshRecord {
    /// Who granted it.
    pub user: UserId,
    /// To which application.
    pub application: ApplicationId,
    /// What its tokens may open.
    pub scope: Scopes,
    /// Until when the first refresh token is good.
    pub expires_at: Timestamp,
}

/// KV: code and refresh-token records, with TTLs.
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait Records {
    /// Keeps a code's record until it expires.
    async fn put_code(
        &self,
        code: &Hash<AuthorizationCode>,
        record: &CodeRecord,
    ) -> Result<(), Fault>;
    /// A code's record. `None` says nothing: a fresh write is invisible elsewhere for a minute.
    async fn code(&self, code: &Hash<AuthorizationCode>) -> Result<Option<CodeRecord>, Fault>;
    /// Keeps a family's record. Runs on after the answer; a failure is logged, and harms nobody.
    fn put_refresh(&self, family: FamilyId, record: RefreshRecord);
}
