//! What people look through and search.

use super::{Authorization, Fault};
use crate::fluxer::application::Application;
use crate::fluxer::user::User;
use crate::snowflake::{Snowflake, UserId};

/// A part of a list that is in the order of its ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paging {
    /// Only what comes after this id.
    pub after: Option<Snowflake>,
    /// The largest number of rows that are answered.
    pub limit: u32,
}

/// The beginning of a name, whatever its case. What begins so lies between two texts, which an index
/// finds; no character of it means anything but itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefix(String);

impl Prefix {
    /// Longest, in characters: nobody types more to find something.
    pub const MAX: usize = 100;

    /// `None`: no name begins so.
    pub fn parse(text: &str) -> Option<Self> {
        let is_short = text.chars().count() <= Self::MAX;
        let begins_names = !text.is_empty() && !text.chars().any(char::is_control);
        (is_short && begins_names).then(|| Self(text.to_ascii_lowercase()))
    }

    /// The first text that begins so.
    pub fn start(&self) -> &str {
        &self.0
    }

    /// Behind every name that begins so: no name has this character, the last there is.
    pub fn end(&self) -> String {
        format!("{}{}", self.0, char::MAX)
    }
}

/// An authorization with the application that has it, for lists that show both.
#[derive(Debug, Clone)]
pub struct Authorized {
    /// The authorization.
    pub authorization: Authorization,
    /// The application that has it.
    pub application: Application,
}

/// A place in the list of what a user authorized where a vendor's clients stand together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct VendorPlace {
    /// The first of the vendor's clients.
    pub first: Snowflake,
    /// The client itself, whose place this is.
    pub client: Snowflake,
}

/// What users are found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserKey {
    /// Their name.
    Username,
    /// Their e-mail address.
    Email,
}

/// What people look through and search.
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait Lists {
    /// What a user has authorized, by application.
    async fn authorized(&self, user: UserId, paging: Paging) -> Result<Vec<Authorized>, Fault>;
    /// The same, with the clients of a vendor where the first of them stands: some register anew each
    /// time they connect. A vendor is known by its clients' name and the host where they are answered,
    /// whatever the port on the user's own machine; what somebody vouches for is its own vendor.
    async fn authorized_by_vendor(
        &self,
        user: UserId,
        after: Option<VendorPlace>,
        limit: u32,
    ) -> Result<Vec<(VendorPlace, Authorized)>, Fault>;
    /// The users whose name or address begins so, in the order of those; `after` is one of them.
    async fn find_users(
        &self,
        by: UserKey,
        prefix: &Prefix,
        paging: Paging,
    ) -> Result<Vec<User>, Fault>;
    /// The applications whose name begins so, in the order of their names; `after` is one of them.
    async fn find_applications(
        &self,
        prefix: &Prefix,
        paging: Paging,
    ) -> Result<Vec<Application>, Fault>;
}
