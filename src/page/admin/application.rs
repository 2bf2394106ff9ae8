//! The page of one application, as administrators see it.

use maud::{Markup, html};

use super::{USERS, named_link, suspension, yes_or_no};
use crate::fluxer::application::Application;
use crate::fluxer::user::User;
use crate::oauth::redirect_uri::RegisteredUri;
use crate::page::moment::Moment;
use crate::page::parts::{
    claim, done, emblem, fact, fact_at, fact_of, form, heading_of, password, problem, section, tag,
};
use crate::page::{Chrome, View};

/// One application, as administrators see it.
pub struct AdminApplicationPage<'a> {
    /// The path that its form posts to.
    pub action: &'a str,
    /// The hidden field.
    pub csrf_token: &'a str,
    /// The words about the operation that this page answers, where it succeeded.
    pub done: Option<&'static str>,
    /// The reason why the operation was refused.
    pub problem: Option<ConfirmationProblem>,
    /// The application that the page is about.
    pub application: &'a Application,
    /// The user who owns the application.
    pub owner: Option<&'a User>,
}

/// Why an operation that asks for the password again was not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfirmationProblem {
    /// The password was wrong.
    WrongPassword,
    /// Too many wrong passwords came before. The number is the wait in seconds.
    TooManyAttempts(u64),
    /// Nobody was named who takes a deleted user's applications over.
    NoHeir,
}

impl ConfirmationProblem {
    /// The words of the problem. `part` is the form that asked for the password.
    pub(super) fn told(self, part: &str, chrome: &Chrome<'_>) -> Markup {
        let (words, seconds) = match self {
            Self::WrongPassword => (chrome.text.admin.wrong_password, None),
            Self::NoHeir => (chrome.text.admin.no_heir, None),
            Self::TooManyAttempts(seconds) => (chrome.text.login.too_many, Some(seconds)),
        };
        problem(&[part, "-problem"].concat(), words, seconds, chrome)
    }

    /// The wait in seconds until the next password, where too many were wrong.
    pub const fn retry_after(self) -> Option<u64> {
        match self {
            Self::WrongPassword | Self::NoHeir => None,
            Self::TooManyAttempts(seconds) => Some(seconds),
        }
    }

    /// The HTTP status of the page that tells this problem.
    pub const fn status(self) -> u16 {
        match self {
            Self::WrongPassword => 403,
            Self::NoHeir => 400,
            Self::TooManyAttempts(_) => 429,
        }
    }
}

impl View for AdminApplicationPage<'_> {
    fn body(&self, chrome: &Chrome<'_>) -> Markup {
        html! {
            header.asker {
                (emblem(self.application))
                (heading_of(self.application.name.as_str()))
            }
            (done(self.done))
            (claim(self.application.description.as_str(), chrome))
            (self.facts(chrome))
            @if self.application.client.is_verified() {
                (section("trust", chrome.text.admin.trust, &self.trust(chrome)))
            }
            (suspension(
                (self.action, self.csrf_token),
                self.application.suspended,
                chrome.text.admin.suspension_of_application,
                chrome,
            ))
        }
    }
}

impl AdminApplicationPage<'_> {
    /// The form that grants trust or withdraws it.
    fn trust(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.admin;
        let (means, class, action, words) = if self.application.client.is_trusted() {
            (text.withdraw_means, "danger", "withdraw", text.withdraw)
        } else {
            (text.grant_means, "", "grant", text.grant)
        };
        let fields = html! {
            (password("trust", text.password, self.problem.is_some(), chrome))
            div.actions { button class=(class) name="action" value=(action) { (words) } }
        };
        html! {
            p { (means) }
            @if let Some(why) = self.problem { (why.told("trust", chrome)) }
            (form(self.action, self.csrf_token, &fields))
        }
    }

    fn facts(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.admin;
        let application = self.application;
        let id = application.client.id.to_string();
        let kind = if application.is_public() {
            text.public
        } else {
            text.confidential
        };
        let trusted = yes_or_no(application.client.is_trusted(), chrome);
        let audit_log = html! {
            a href={ "/admin/audit-log?target=" (id) } { (text.done_on) }
        };
        html! {
            dl.facts {
                (fact_of(text.id, &id))
                (fact(text.owner, &self.owner(chrome)))
                (fact_of(text.kind, kind))
                (fact(text.redirect_uris, &self.redirect_uris(chrome)))
                (fact(text.bot, &self.bot(chrome)))
                (fact_of(text.trusted, trusted))
                (fact_of(text.suspended, yes_or_no(application.suspended, chrome)))
                (fact_at(text.registered, Moment(application.created_at), chrome))
                (fact(text.audit_log, &audit_log))
            }
        }
    }

    fn owner(&self, chrome: &Chrome<'_>) -> Markup {
        html! {
            @match self.owner {
                Some(owner) => (named_link(USERS, &owner.id.to_string(), owner.username.as_str())),
                None => (chrome.text.admin.none),
            }
        }
    }

    fn redirect_uris(&self, chrome: &Chrome<'_>) -> Markup {
        let uris = self.application.client.redirect_uris.iter();
        html! {
            @if uris.len() == 0 {
                (chrome.text.admin.none)
            } @else {
                ul.plain {
                    @for uri in uris.map(RegisteredUri::as_str) { li { bdi dir="ltr" { (uri) } } }
                }
            }
        }
    }

    fn bot(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.admin;
        let is_public = self.application.bot_public;
        html! {
            @match &self.application.bot {
                Some(bot) => {
                    bdi { (bot.username.as_str()) } "#" (bot.discriminator.as_str())
                    (tag("", if is_public { text.bot_public } else { text.bot_private }))
                }
                None => (text.none),
            }
        }
    }
}
