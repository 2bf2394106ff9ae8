//! The page that says where a bot is now.

use maud::{Markup, html};

use super::parts::{quiet, sentence, tag};
use super::{Chrome, View};
use crate::fluxer::permissions::Permission;

/// The page that says in which guild the bot is now.
pub struct BotAddedPage<'a> {
    /// The name of the application.
    pub application: &'a str,
    /// The bot's name.
    pub bot: &'a str,
    /// The name of the guild.
    pub guild: &'a str,
    /// The permissions that the bot was granted there.
    pub permissions: Vec<Permission>,
}

impl View for BotAddedPage<'_> {
    fn body(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.bot;
        html! {
            h1 { (sentence(text.added, &[self.bot, self.guild])) }
            p.lead { (sentence(text.belongs_to, &[self.application])) }
            @if self.permissions.is_empty() {
                p { (text.granted_nothing) }
            } @else {
                section aria-labelledby="granted" {
                    h2 #granted { (text.granted) }
                    ul.granted {
                        @for permission in &self.permissions {
                            li {
                                (chrome.text.permission(*permission))
                                @if permission.is_dangerous() {
                                    (tag("tag-dangerous", chrome.text.consent.dangerous))
                                }
                            }
                        }
                    }
                }
            }
            (quiet(text.take_back))
            (quiet(text.close))
        }
    }
}
