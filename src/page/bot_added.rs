//! The page that says where a bot is now.

use super::html::{Html, html};
use super::parts::{quiet, tag};
use super::{Chrome, View};
use crate::fluxer::permissions::Permission;

/// Says where the bot is now.
pub struct BotAddedPage<'a> {
    /// Whose bot.
    pub application: &'a str,
    /// The bot's name.
    pub bot: &'a str,
    /// Where it is.
    pub guild: &'a str,
    /// What it may do there.
    pub permissions: Vec<Permission>,
}

impl View for BotAddedPage<'_> {
    fn write(&self, chrome: &Chrome<'_>, out: &mut Html) {
        let text = &chrome.text.bot;
        html!(out, "<h1>");
        out.sentence(text.added, &[self.bot, self.guild]);
        html!(out, "</h1>\n<p class=\"lead\">");
        out.sentence(text.belongs_to, &[self.application]);
        html!(out, "</p>\n");
        if self.permissions.is_empty() {
            html!(out, "<p>{}</p>\n", text.granted_nothing);
        } else {
            html!(
                out,
                "<section aria-labelledby=\"granted\">\n<h2 id=\"granted\">{}</h2>\n<ul class=\"granted\">\n",
                text.granted
            );
            for permission in &self.permissions {
                html!(out, "<li>{}", chrome.text.permission(*permission));
                if permission.is_dangerous() {
                    tag("tag-dangerous", chrome.text.consent.dangerous, out);
                }
                html!(out, "</li>\n");
            }
            html!(out, "</ul>\n</section>\n");
        }
        quiet(text.take_back, out);
        quiet(text.close, out);
    }
}
