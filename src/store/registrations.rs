//! Clients that register themselves, and who may.

use super::{Added, Fault};
use crate::crypto::secret::{Hash, InitialAccessToken, RegistrationAccessToken};
use crate::fluxer::application::Application;
use crate::fluxer::registration::ClientDetails;
use crate::snowflake::{ApplicationId, Snowflake};
use crate::time::Timestamp;

/// A client that registered itself, and what it says of itself.
#[derive(Debug, Clone)]
pub struct Registration {
    /// The application that the registration made.
    pub application: Application,
    /// What is shown back beside it.
    pub details: ClientDetails,
}

/// A token with which clients may register themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InitialToken {
    /// Its id, which says when it was made.
    pub id: Snowflake,
    /// What it is for, in its maker's words.
    pub name: String,
    /// Until when it is good; `None`: until it is deleted.
    pub expires_at: Option<Timestamp>,
}

/// Clients that register themselves (RFC 7591, RFC 7592).
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait Registrations {
    /// Adds a client, unless `at_most` are there already that nobody has authorized.
    async fn register(
        &self,
        registration: &Registration,
        token: &Hash<RegistrationAccessToken>,
        at_most: u32,
    ) -> Result<Added, Fault>;
    /// The client with this registration token.
    async fn registration(
        &self,
        id: ApplicationId,
        token: &Hash<RegistrationAccessToken>,
    ) -> Result<Option<Registration>, Fault>;
    /// Replaces what a client registered, but for its secret; whether it was there.
    async fn replace_registration(
        &self,
        registration: &Registration,
        token: &Hash<RegistrationAccessToken>,
    ) -> Result<bool, Fault>;
    /// Deletes the clients that were registered before `since` and that nobody ever authorized.
    async fn sweep_registrations(&self, since: Timestamp) -> Result<(), Fault>;

    /// Adds a token with which clients may register.
    async fn add_initial_token(
        &self,
        token: &InitialToken,
        hash: &Hash<InitialAccessToken>,
    ) -> Result<(), Fault>;
    /// The tokens with which clients may register, in the order of their ids.
    async fn initial_tokens(&self) -> Result<Vec<InitialToken>, Fault>;
    /// Whether clients may register with this token now.
    async fn admits_registration(
        &self,
        hash: &Hash<InitialAccessToken>,
        now: Timestamp,
    ) -> Result<bool, Fault>;
    /// Deletes a token; whether it was there.
    async fn delete_initial_token(&self, id: Snowflake) -> Result<bool, Fault>;
}
