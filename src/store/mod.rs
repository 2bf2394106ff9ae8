//! The ports: what the endpoints ask of the world outside, in the domain's verbs, a file a noun.
//!
//! `cloudflare` implements them over the platform's bindings, [`memory`] over plain collections.
//! Every method may fail with a [`Fault`]: ours, never the client's, and answered 503.

mod applications;
mod audit_log;
mod authorizations;
mod client_documents;
mod events;
mod fault;
mod guilds;
mod icons;
mod keys;
mod ledgers;
mod lists;
mod measures;
#[cfg(not(target_arch = "wasm32"))]
pub mod memory;
mod moving;
mod outbound;
mod pending;
mod platform;
mod platform_users;
mod records;
mod registrations;
mod resources;
mod revocations;
mod sessions;
mod users;

pub use applications::{Added, Applications, FRESH_FOR, Known, OfBot, SERVES_OUTAGES_FOR};
pub use audit_log::{
    AuditLog, Count, EntryFilter, EntryRange, FaultStorm, FoundEntries, Named, NamedKind, Span,
};
pub use authorizations::{
    Authorization, Authorizations, Consent, Consented, Forgotten, Installation,
};
pub use client_documents::{ClientDocuments, KnownKeys};
pub use events::Events;
pub use fault::{Fault, Outlook};
pub use guilds::{Guilds, Member};
pub use icons::Icons;
pub use keys::{KeyMaker, Keys, Signer, Verifier, take_turn};
pub use ledgers::Ledgers;
pub use lists::{Authorized, Lists, Paging, Prefix, UserKey, VendorPlace};
pub use measures::{ApplicationDay, Measure, Measures, What};
pub use moving::{
    Cursor, HashKind, Imported, MovedApplication, MovedConnection, MovedMember, MovedUser, Moving,
    Obstacle, Piece, RecordType,
};
pub use outbound::Outbound;
pub use pending::Pending;
pub use platform::Platform;
pub use platform_users::{PlatformUsers, Standing};
pub use records::{CodeRecord, Records, RefreshRecord, time_to_live};
pub use registrations::{InitialToken, Registration, Registrations};
pub use resources::{ResourceTaken, Resources, WhichResource};
pub use revocations::Revocations;
pub use sessions::{
    BrowserSeen, ByPlatform, EndedSessions, NewSession, OpenSession, SeenSession, Session, Sessions,
};
pub use users::{Account, Taken, Users};

use crate::rate_limit::{Begun, Limit, Place, TryOutcome, Verdict};
use crate::time::Timestamp;

/// Everything that the flows ask of the world outside: all ports together.
pub trait Edge:
    Ambient
    + Measures
    + Records
    + Icons
    + Ledgers
    + Pending
    + Limiter
    + Keys
    + Verifier
    + Revocations
    + Outbound
    + Events
    + Platform
    + Directory
{
}
impl<T> Edge for T where
    T: Ambient
        + Measures
        + Records
        + Icons
        + Ledgers
        + Pending
        + Limiter
        + Keys
        + Verifier
        + Revocations
        + Outbound
        + Events
        + Platform
        + Directory
{
}

/// What a runtime gives every program: time, randomness, and a log.
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait Ambient {
    /// The time of the runtime's clock. Workers stop it while a request computes.
    fn now(&self) -> Timestamp;
    /// Fills a buffer from a cryptographic source.
    fn entropy(&self, buffer: &mut [u8]) -> Result<(), Fault>;
    /// Writes one line to the operator's log.
    fn log(&self, line: &str);
    /// Whether KV, D1 and the Durable Objects answer: each part, and what it said if it did not.
    async fn health(&self) -> Vec<(&'static str, Result<(), Fault>)>;
    /// Whether D1 has the tables and columns that this version reads.
    async fn schema(&self) -> Result<Schema, Fault>;

    /// Draws `N` bytes of the platform's randomness.
    fn random<const N: usize>(&self) -> Result<[u8; N], Fault> {
        let mut bytes = [0; N];
        self.entropy(&mut bytes)?;
        Ok(bytes)
    }
}

/// The rate limiters, one Durable Object per key.
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait Limiter {
    /// Takes a place in the key's window. A limiter that does not answer at once is not asked again.
    async fn take(&self, key: &str, limit: Limit) -> Result<Verdict, Fault>;
    /// Begins a try that counts only where it fails. Waits some seconds, at most, for the verdicts of
    /// those under way, and says [`Begun::Busy`] where they have not come.
    async fn begin(&self, key: &str, limit: Limit) -> Result<Begun, Fault>;
    /// Says what came of a try. Runs on after the answer; a failure is logged, and the try then counts
    /// as one that failed.
    fn settle(&self, key: &str, limit: Limit, place: Place, outcome: TryOutcome);
}

/// The state of D1's tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schema {
    /// As this version reads them.
    Current,
    /// A migration was not applied; with what D1 says is missing.
    Behind(String),
}

/// D1: what people query. Who somebody is ([`Users`]) is apart from what they did here
/// ([`Sessions`], [`Authorizations`]), for the former may live elsewhere.
pub trait Directory:
    Users
    + PlatformUsers
    + Sessions
    + Authorizations
    + Applications
    + ClientDocuments
    + Registrations
    + Resources
    + Guilds
    + AuditLog
    + Lists
    + Moving
{
}
impl<T> Directory for T where
    T: Users
        + PlatformUsers
        + Sessions
        + Authorizations
        + Applications
        + ClientDocuments
        + Registrations
        + Resources
        + Guilds
        + AuditLog
        + Lists
        + Moving
{
}
