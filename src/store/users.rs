//! Users, their passwords, and their accounts elsewhere: who somebody is.

use super::{Fault, Paging};
use crate::fluxer::guild::{Connection, ConnectionId, ConnectionKind};
use crate::fluxer::user::{User, UserChange};
use crate::outbox::Tells;
use crate::snowflake::UserId;
use crate::time::Timestamp;

/// A user and the hash of their password.
#[derive(Debug)]
pub struct Account {
    /// The user whose account this is.
    pub user: User,
    /// argon2id, a PHC string.
    pub password_hash: String,
}

/// A value that must be unique is another user's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// The id: draw another one.
    Id,
    /// The user name is another user's: it must be unique.
    Username,
    /// The e-mail address is another user's: it must be unique.
    Email,
}

/// Reads and writes users, their passwords, and their accounts on other services.
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait Users {
    /// The user with this id.
    async fn user(&self, id: UserId) -> Result<Option<User>, Fault>;
    /// Users, in the order of their ids.
    async fn users(&self, paging: Paging) -> Result<Vec<User>, Fault>;
    /// The user with this name or e-mail address, whatever its case.
    async fn account(&self, login: &str) -> Result<Option<Account>, Fault>;
    /// Adds a user, unless a value is taken that must be unique.
    async fn add_user(&self, user: &User, password_hash: &str) -> Result<Result<(), Taken>, Fault>;
    /// Changes a user; with a new password, or suspended, every session ends too.
    async fn change_user(
        &self,
        id: UserId,
        change: &UserChange,
        password_hash: Option<&str>,
        at: Timestamp,
    ) -> Result<Result<(), Taken>, Fault>;
    /// Puts another hash of the same password in the place of `former`, where that still stands. Runs on
    /// after the answer; a failure is logged.
    fn renew_password_hash(&self, user: UserId, former: &str, renewed: &str);
    /// Ends every session of a user and lets no password open another one.
    async fn lock_out(&self, user: UserId) -> Result<(), Fault>;
    /// Deletes a user, their sessions, connections, memberships and applications. Their guilds stay,
    /// without an owner. Keeps what the operator is to be told of the applications.
    async fn delete_user(&self, user: UserId, tells: Tells) -> Result<bool, Fault>;
    /// The user's accounts on other services.
    async fn connections(&self, user: UserId) -> Result<Vec<Connection>, Fault>;
    /// Adds or replaces a connection. Answers whether the user exists.
    async fn set_connection(&self, user: UserId, connection: &Connection) -> Result<bool, Fault>;
    /// Removes a connection. Answers whether it was there.
    async fn remove_connection(
        &self,
        user: UserId,
        kind: &ConnectionKind,
        id: &ConnectionId,
    ) -> Result<bool, Fault>;
}
