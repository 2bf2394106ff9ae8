//! The pages of those who make applications: all of theirs, a new one, one with what is done with
//! it.
//!
//! Invariant: a secret is on the page that answers the request that made it, and on no other.

use maud::{Markup, html};

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

/// What is for pasting, with its button where there is script.
fn copyable(id: &str, described_by: &str, value: &str, text: &DevelopersText) -> Markup {
    html! {
        span.copyable {
            code id=(id) translate="no" { (value) } " "
            (copy_button(id, described_by, text))
        }
    }
}

fn copy_button(id: &str, described_by: &str, text: &DevelopersText) -> Markup {
    html! {
        button.small type="button" hidden data-copy=(id) data-copied=(text.copied)
            aria-describedby=(described_by) { (text.copy) }
    }
}

/// A secret, this once.
pub(super) fn secret(id: &str, label: &str, value: &str, text: &DevelopersText) -> Markup {
    let label_id = [id, "-label"].concat();
    html! {
        div.once role="status" {
            p.name id=(label_id) { (label) }
            p { (copyable(id, &label_id, value, text)) }
            p { (text.once) }
        }
    }
}
