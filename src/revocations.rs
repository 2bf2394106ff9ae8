//! What verifiers who do not ask are told of revocations: which families ended within the life of the
//! tokens that they may still see.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::id::FamilyId;
use crate::time::Timestamp;

/// How long the list may be kept by a cache, in seconds: with as much again between two polls, a verifier
/// knows of a revocation after half a minute.
pub const MAX_AGE: u64 = 15;
/// How long the list is good: a verifier that got no other by then knows that it is cut off.
pub const LIFETIME: Duration = Duration::from_secs(60);
/// Into how many objects the list is divided. Each takes some hundred revocations a second; all are read
/// for each answer.
pub const SHARDS: u8 = 4;
/// Most families that an object lists. What comes then waits in its ledger, which tries again.
pub const MAX_LISTED: usize = 25_000;
/// How much longer than its tokens a family is listed, for clocks that differ.
const MARGIN: Duration = Duration::from_secs(60);

/// The object that lists a family.
pub fn shard(family: FamilyId) -> u8 {
    family.to_bytes().first().copied().unwrap_or_default() % SHARDS
}

/// The name of an object.
pub fn name(shard: u8) -> String {
    format!("revoked:{shard}")
}

/// Since when a family that has ended is listed, where its tokens live so long.
pub fn since(now: Timestamp, token_lifetime: Duration) -> Timestamp {
    let listed = token_lifetime + MARGIN;
    let millis = u64::try_from(listed.as_millis()).unwrap_or(u64::MAX);
    Timestamp::from_millis(now.millis().saturating_sub(millis))
}

/// A question to an object of the list.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevocationsQuestion {
    /// Lists a family that ended at that time. Asking twice changes nothing.
    List(FamilyId, Timestamp),
    /// Asks for the families that the object lists.
    Read,
}

/// The claims of the list.
#[derive(Debug, Serialize)]
pub struct RevokedClaims<'a> {
    iss: &'a str,
    iat: u64,
    exp: u64,
    families: &'a [FamilyId],
}

impl<'a> RevokedClaims<'a> {
    /// The list as it is now.
    pub fn new(issuer: &'a str, families: &'a [FamilyId], now: Timestamp) -> Self {
        Self {
            iss: issuer,
            iat: now.seconds(),
            exp: (now + LIFETIME).seconds(),
            families,
        }
    }
}
