//! The list of the users or applications that an administrator looked for.

use maud::{Markup, html};

use super::{APPLICATIONS, USERS, find_applications, find_users, named_link, nothing_found};
use crate::fluxer::application::Application;
use crate::fluxer::user::User;
use crate::page::parts::{done, heading, pager, tag};
use crate::page::{Chrome, View};
use crate::store::UserKey;

/// Users or applications: the search, and a page of what it found.
pub struct ListPage<'a> {
    /// The rows of the list.
    pub what: Listed<'a>,
    /// The search, as it was typed.
    pub typed: &'a str,
    /// The words about what was just done.
    pub done: Option<&'static str>,
    /// The URL of the next page, where there is one.
    pub next: Option<&'a str>,
}

/// The rows of a list.
pub enum Listed<'a> {
    /// Users, and which of their values was searched.
    Users(&'a [User], UserKey),
    /// Applications.
    Applications(&'a [Application]),
}

impl View for ListPage<'_> {
    fn body(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.admin;
        let (title, search, is_empty) = match &self.what {
            Listed::Users(users, by) => {
                let by_email = *by == UserKey::Email;
                let search = find_users(self.typed, by_email, chrome);
                (text.users, search, users.is_empty())
            }
            Listed::Applications(applications) => {
                let search = find_applications(self.typed, chrome);
                (text.applications, search, applications.is_empty())
            }
        };
        html! {
            (heading(title))
            (done(self.done))
            (search)
            @if is_empty {
                (nothing_found(chrome))
            } @else {
                ul.rows role="list" {
                    @match &self.what {
                        Listed::Users(users, _) => {
                            @for user in *users { (user_row(user, chrome)) }
                        }
                        Listed::Applications(applications) => {
                            @for application in *applications {
                                (application_row(application, chrome))
                            }
                        }
                    }
                }
            }
            (pager(text.pages, &[(self.next, text.next)]))
        }
    }
}

fn user_row(user: &User, chrome: &Chrome<'_>) -> Markup {
    let text = &chrome.text.admin;
    let id = user.id.to_string();
    html! {
        li {
            p {
                (named_link(USERS, &id, user.username.as_str()))
                span.quiet { "#" (user.discriminator.as_str()) }
                @if user.admin { (tag("tag-new", text.administrator)) }
                @if user.suspended { (tag("", text.suspended)) }
            }
            p.quiet {
                bdi { (user.email.as_str()) }
                @if !user.verified { (tag("", text.unverified)) }
                " · " (id)
            }
        }
    }
}

fn application_row(application: &Application, chrome: &Chrome<'_>) -> Markup {
    let text = &chrome.text.admin;
    let id = application.client.id.to_string();
    html! {
        li {
            p {
                (named_link(APPLICATIONS, &id, application.name.as_str()))
                @if application.client.is_trusted() { (tag("tag-new", text.trusted)) }
                @if application.bot.is_some() { (tag("", text.bot)) }
                @if application.suspended { (tag("", text.suspended)) }
            }
            p.quiet { (id) }
        }
    }
}
