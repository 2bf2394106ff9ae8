//! The form that logs out.

use maud::{Markup, html};

use super::parts::{branded, form, quiet, sentence, submit};
use super::{Chrome, View};

/// The form that asks whether to log out: a link from elsewhere must not log anybody out.
pub struct LogoutPage<'a> {
    /// The path that the form posts to.
    pub action: &'a str,
    /// The hidden field.
    pub csrf_token: &'a str,
    /// The name of the user who is logged in.
    pub username: &'a str,
}

impl View for LogoutPage<'_> {
    fn body(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.logout;
        html! {
            h1 { (branded(text.heading, chrome)) }
            p.lead { (sentence(text.as_whom, &[self.username])) }
            (form(self.action, self.csrf_token, &submit("primary", text.submit)))
            (quiet(text.stay))
        }
    }
}
