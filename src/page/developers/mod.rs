//! The pages of those who make applications: the list of theirs, the form for a new one, the page of each.
//!
//! Invariant: a secret is on the page that answers the request that made it, and on no other.

use maud::Markup;

use super::copyable::copyable;
use super::parts::fact;
use super::text::DevelopersText;

pub use application::{ApplicationDone, ApplicationPage, ApplicationProblem, Section};
pub use form::ApplicationForm;
pub use link::Link;
pub use list::{CreatedPage, DevelopersPage};
pub use oauth::OAuthForm;
pub use usage::since as usage_since;

mod application;
mod form;
mod link;
mod list;
mod oauth;
mod usage;

fn kind(is_public: bool, text: &DevelopersText) -> &'static str {
    let [confidential, public] = text.kinds;
    if is_public { public } else { confidential }
}

fn client_id(id: &str, text: &DevelopersText) -> Markup {
    fact(
        text.client_id,
        &copyable("client-id", "client-id", id, text),
    )
}
