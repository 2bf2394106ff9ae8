//! The ports: what the endpoints ask of the world outside, in the domain's verbs.
//!
//! `cloudflare` implements them over the platform's bindings, [`memory`] over plain collections.
//! Every method may fail with a [`Fault`]: ours, never the client's, and answered 503.

pub mod memory;

use core::time::Duration;
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::fluxer::application::Application;
use crate::fluxer::user::{Password, User};
use crate::ledger::{Device, Grant, LedgerId, Verb};
use crate::oauth::keyring::SigningError;
use crate::oauth::scope::Scopes;
use crate::oauth::secret::{AuthorizationCode, Hash, SessionId};
use crate::oauth::time::Timestamp;
use crate::rate_limit::{Limit, Verdict};
use crate::snowflake::{ApplicationId, UserId};

/// Something of ours that did not work. Its text is for the log, never for the client.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{part}: {what}")]
pub struct Fault {
    /// Which part: `records`, `ledger`, `limiter`, `directory`, …
    pub part: &'static str,
    /// What it said.
    pub what: String,
}

impl Fault {
    /// A fault of a part.
    pub fn new(part: &'static str, what: impl core::fmt::Display) -> Self {
        Self {
            part,
            what: what.to_string(),
        }
    }
}

impl From<SigningError> for Fault {
    fn from(error: SigningError) -> Self {
        Self::new("keyring", error)
    }
}

/// Everything outside.
pub trait Edge: Ambient + Records + Ledgers + Limiter + Directory {}
impl<T: Ambient + Records + Ledgers + Limiter + Directory> Edge for T {}

/// The runtime itself.
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait Ambient {
    /// The clock.
    fn now(&self) -> Timestamp;
    /// Fills a buffer from a cryptographic source.
    fn entropy(&self, buffer: &mut [u8]) -> Result<(), Fault>;
    /// Writes one line to the operator's log.
    fn log(&self, line: &str);
    /// Whether KV, D1 and the Durable Objects answer: each part, and what it said if it did not.
    async fn health(&self) -> Vec<(&'static str, Result<(), Fault>)>;

    /// So many random bytes.
    fn random<const N: usize>(&self) -> Result<[u8; N], Fault> {
        let mut bytes = [0; N];
        self.entropy(&mut bytes)?;
        Ok(bytes)
    }
}

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
    fn put_refresh(&self, family: crate::opaque_id::FamilyId, record: RefreshRecord);
}

/// The ledgers, one Durable Object each.
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait Ledgers {
    /// Asks one family, alone.
    async fn ask<V: Verb>(&self, ledger: LedgerId, verb: V) -> Result<V::Answer, Fault>;
    /// Ends every family; how many were live or offered.
    async fn deauthorize(&self, ledger: LedgerId) -> Result<usize, Fault>;
    /// The live families.
    async fn devices(&self, ledger: LedgerId) -> Result<Vec<Device>, Fault>;
}

/// The rate limiters, one Durable Object per key.
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait Limiter {
    /// Takes a place in the key's window.
    async fn take(&self, key: &str, limit: Limit) -> Result<Verdict, Fault>;
    /// Gives back the place that was taken at `at`.
    async fn give_back(&self, key: &str, at: Timestamp) -> Result<(), Fault>;
}

/// A browser that is logged in.
#[derive(Debug, Clone)]
pub struct Session {
    /// As whom.
    pub user: User,
    /// Since when.
    pub authenticated_at: Timestamp,
    /// What the user granted the application that was asked about.
    pub granted: Option<Scopes>,
}

/// A user, and what their password is checked against.
#[derive(Debug)]
pub struct Account {
    /// The user.
    pub user: User,
    /// argon2id, a PHC string.
    pub password_hash: String,
}

/// What a user has granted an application.
#[derive(Debug, Clone)]
pub struct Authorization {
    /// Which application.
    pub application: ApplicationId,
    /// Everything it was granted and may ask for again.
    pub scope: Scopes,
    /// When it was first granted.
    pub created_at: Timestamp,
    /// When it was last granted.
    pub updated_at: Timestamp,
}

/// A value that must be unique is another user's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// The id: draw another one.
    Id,
    /// The user name.
    Username,
    /// The e-mail address.
    Email,
}

/// D1: what people query.
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait Directory {
    /// An application, at most five seconds old.
    async fn application(&self, id: ApplicationId) -> Result<Option<Rc<Application>>, Fault>;
    /// A user.
    async fn user(&self, id: UserId) -> Result<Option<User>, Fault>;
    /// The user with this name or e-mail address, whatever its case.
    async fn account(&self, login: &str) -> Result<Option<Account>, Fault>;

    /// The session of a cookie, where it has not expired, and what its user granted `about`.
    async fn session(
        &self,
        id: &Hash<SessionId>,
        about: Option<ApplicationId>,
        now: Timestamp,
    ) -> Result<Option<Session>, Fault>;
    /// Logs a browser in: the new session, in place of `replaces`, whose cookie dies with it.
    async fn open_session(
        &self,
        id: &Hash<SessionId>,
        user: UserId,
        now: Timestamp,
        lifetime: Duration,
        replaces: Option<&Hash<SessionId>>,
    ) -> Result<(), Fault>;
    /// Logs a browser out.
    async fn close_session(&self, id: &Hash<SessionId>) -> Result<(), Fault>;

    /// Remembers a consent, where the session that gave it still stands; whether it does. The
    /// scopes replace those of an earlier one.
    async fn remember(
        &self,
        session: &Hash<SessionId>,
        user: UserId,
        application: ApplicationId,
        scope: Scopes,
        now: Timestamp,
    ) -> Result<bool, Fault>;
    /// Everything a user has authorized, by application.
    async fn authorizations(&self, user: UserId) -> Result<Vec<Authorization>, Fault>;
    /// Forgets a consent; whether there was one.
    async fn forget(&self, user: UserId, application: ApplicationId) -> Result<bool, Fault>;

    /// Adds a user.
    async fn add_user(&self, user: &User, password_hash: &str) -> Result<Result<(), Taken>, Fault>;
    /// Replaces what is known of a user; with a new password, every session ends too.
    async fn update_user(
        &self,
        user: &User,
        password_hash: Option<&str>,
    ) -> Result<Result<(), Taken>, Fault>;
    /// Deletes a user, their sessions and their applications.
    async fn delete_user(&self, user: UserId) -> Result<bool, Fault>;
    /// Adds an application; `false` where its id is taken.
    async fn add_application(&self, application: &Application) -> Result<bool, Fault>;
    /// Deletes an application.
    async fn delete_application(&self, application: ApplicationId) -> Result<bool, Fault>;
}

/// Password hashing is slow on purpose and the same everywhere; it stands here because storage
/// sees nothing of a password but what this makes of it.
pub mod password {
    use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
    use argon2::{Algorithm, Argon2, Params, Version};

    use super::{Fault, Password};

    /// The hash that no known password has. An unknown user's password is checked against it, so
    /// that their answer takes as long, and so is that of a user who must not log in any more.
    pub const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
                          AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    /// argon2id, 19 MiB, two passes, one lane: OWASP's recommendation, and what fits an isolate of
    /// 128 MiB. A Worker has one thread, so hashes never add up.
    fn argon2() -> Result<Argon2<'static>, Fault> {
        let params =
            Params::new(19_456, 2, 1, None).map_err(|error| Fault::new("argon2", error))?;
        Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
    }

    /// Hashes a password for storage: a PHC string.
    pub fn hash(password: &Password, salt: [u8; 16]) -> Result<String, Fault> {
        let fault = |error| Fault::new("argon2", error);
        let salt = SaltString::encode_b64(&salt).map_err(fault)?;
        let hash = argon2()?
            .hash_password(password.as_str().as_bytes(), &salt)
            .map_err(fault)?;
        Ok(hash.to_string())
    }

    /// Whether a password is the one that was hashed; without a hash, the same work and `false`.
    pub fn verify(password: &str, hash: Option<&str>) -> Result<bool, Fault> {
        let parsed = PasswordHash::new(hash.unwrap_or(NOBODY))
            .map_err(|error| Fault::new("argon2", error))?;
        let matches = argon2()?
            .verify_password(password.as_bytes(), &parsed)
            .is_ok();
        Ok(matches && hash.is_some())
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_password_verifies_against_its_own_hash_only() {
            let password = Password::parse("correct horse").expect("long enough");
            let hash = hash(&password, [7; 16]).expect("hashed");
            assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
            assert_eq!(verify("correct horse", Some(&hash)), Ok(true));
            for wrong in [
                "correct hors",
                "correct horse ",
                "Correct horse",
                "correct horse\0",
                "",
            ] {
                assert_eq!(verify(wrong, Some(&hash)), Ok(false), "{wrong:?}");
            }
            assert_eq!(verify("correct horse", None), Ok(false));
        }
    }
}
