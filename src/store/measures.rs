//! What is known of how the server is used: a measure a request, and what became of an application's requests.

use core::time::Duration;

use super::Fault;
use crate::fluxer::active_users::Mark;
use crate::http::Method;
use crate::snowflake::{ApplicationId, UserId};
use crate::time::Timestamp;

/// What is known of a request once it is answered. Nothing in it is secret.
#[derive(Debug, Clone, Copy)]
pub struct Measure<'a> {
    /// The pattern of its path, or nothing where there is no such path.
    pub endpoint: &'static str,
    /// Its method.
    pub method: Method,
    /// The grant that was asked for, at the token endpoint.
    pub grant: &'static str,
    /// The application that it was about, where there is one.
    pub application: Option<ApplicationId>,
    /// The user who has tokens by it.
    pub user: Option<UserId>,
    /// What was refused, exactly: the name of the refusal; nothing where nothing was.
    pub refusal: &'a str,
    /// The same in words for the application's developer, with what they have to look at.
    pub words: &'a str,
    /// The status of the answer.
    pub status: u16,
    /// How long the answer took.
    pub took: Duration,
    /// When the request came.
    pub at: Timestamp,
}

impl Measure<'_> {
    /// What it is to the application that it is about, where it is worth counting.
    pub fn tally(&self) -> Option<(ApplicationId, What)> {
        let what = match self.status {
            200 if !self.grant.is_empty() => What::Issued,
            429 => What::Limited,
            // What is refused by redirect, the client is told, and its developer here.
            303 | 400..=499 if !self.words.is_empty() => What::Refused,
            _ => return None,
        };
        Some((self.application?, what))
    }

    /// Whose sketch of active users it marks, and how.
    pub fn mark(&self) -> Option<(ApplicationId, Mark)> {
        Some((self.application?, Mark::of(self.user?)))
    }
}

crate::oauth::wire_enum! {
    /// What became of requests of an application.
    pub enum What {
        /// Tokens were issued.
        Issued = "issued",
        /// They were refused.
        Refused = "refused",
        /// There were too many.
        Limited = "limited",
        /// Users had tokens, each counted once.
        Active = "active",
        /// A user authorized the application.
        Authorized = "authorization.granted",
    }
}

/// What became of requests of an application on a day, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationDay {
    /// The day.
    pub day: Timestamp,
    /// What became of them.
    pub what: What,
    /// Why, where they were refused.
    pub detail: String,
    /// How many.
    pub count: u32,
}

/// Writes one measure a request, and reads the counts of an application.
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait Measures {
    /// Keeps a measure, after the answer. What cannot be kept is lost.
    fn measure(&self, measure: &Measure<'_>);
    /// What became of an application's requests since a day.
    async fn application_days(
        &self,
        application: ApplicationId,
        since: Timestamp,
    ) -> Result<Vec<ApplicationDay>, Fault>;
}
