//! Code and refresh-token records.

use core::time::Duration;

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
    /// The user who granted the authorization.
    pub user: UserId,
    /// The application that was authorized.
    pub application: ApplicationId,
    /// The grant, as the ledger has it too.
    pub grant: Grant,
    /// Until when the code is good. KV's own TTL is at least 60 s and comes late.
    pub expires_at: Timestamp,
}

/// What KV keeps of a family's refresh tokens: the inventory of who holds what, which the ledgers,
/// one object per pair, cannot list. Never read to decide anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshRecord {
    /// The user who granted the authorization.
    pub user: UserId,
    /// The application that was authorized.
    pub application: ApplicationId,
    /// What its tokens may open.
    pub scope: Scopes,
    /// Until when the first refresh token is good.
    pub expires_at: Timestamp,
}

/// KV refuses a record that is to live shorter.
const SHORTEST: Duration = Duration::from_secs(60);
/// The longest life of a record: the longest lifetime of a token that the settings allow.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// How long KV is to keep a record. The record carries the expiry that counts.
pub fn time_to_live(expires_at: Timestamp, now: Timestamp) -> Duration {
    expires_at.since(now).clamp(SHORTEST, LONGEST)
}

/// KV: code and refresh-token records, with TTLs.
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait Records {
    /// Keeps a code's record until it expires. Runs on after the answer; a failure is logged, and
    /// harms nobody: the ledger has the same.
    fn put_code(&self, code: &Hash<AuthorizationCode>, record: &CodeRecord);
    /// A code's record. `None` says nothing: a fresh write is invisible elsewhere for a minute.
    async fn code(&self, code: &Hash<AuthorizationCode>) -> Result<Option<CodeRecord>, Fault>;
    /// Keeps a family's record. Runs on after the answer, as [`Self::put_code`] does.
    fn put_refresh(&self, family: FamilyId, record: &RefreshRecord);
    /// Deletes a family's record. Runs on after the answer.
    fn delete_refresh(&self, family: FamilyId);
    /// Deletes the record of the code that opened a family. Runs on after the answer.
    fn delete_code(&self, family: FamilyId);
    /// Marks an application that was suspended or deleted, or whose secret was replaced: what an
    /// isolate remembers of it serves nobody. Runs on after the answer.
    fn mark_stopped(&self, application: ApplicationId);
    /// Whether an application is marked. A mark may stand longer than it must.
    async fn is_stopped(&self, application: ApplicationId) -> Result<bool, Fault>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kv_is_asked_to_keep_a_record_as_long_as_it_takes_one() {
        let now = Timestamp::from_millis(1_795_000_000_000);
        for (left, kept) in [(0, 60), (59, 60), (60, 60), (61, 61), (600, 600)] {
            let expires_at = now + Duration::from_secs(left);
            assert_eq!(time_to_live(expires_at, now).as_secs(), kept, "{left}");
        }
        let forever = Timestamp::from_millis(u64::MAX);
        assert_eq!(time_to_live(forever, now), LONGEST);
        assert_eq!(time_to_live(now, forever), SHORTEST);
    }
}
