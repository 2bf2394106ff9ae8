//! The form that logs out.

use super::html::{Html, html};
use super::parts::{open_form, quiet, submit};
use super::{Chrome, View};

/// Asks whether to log out: a link from elsewhere must not do it alone.
pub struct LogoutPage<'a> {
    /// Where the form posts to.
    pub action: &'a str,
    /// The hidden field.
    pub csrf_token: &'a str,
    /// As whom the browser is logged in.
    pub username: &'a str,
}

impl View for LogoutPage<'_> {
    fn write(&self, chrome: &Chrome<'_>, out: &mut Html) {
        let text = &chrome.text.logout;
        html!(out, "<h1>");
        out.around(text.heading, &[&chrome.brand.name], "<bdi>", "</bdi>");
        html!(out, "</h1>\n<p class=\"lead\">");
        out.sentence(text.as_whom, &[self.username]);
        html!(out, "</p>\n");
        open_form(self.action, self.csrf_token, out);
        submit("primary", text.submit, out);
        html!(out, "</form>\n");
        quiet(text.stay, out);
    }
}
