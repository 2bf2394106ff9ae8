//! The HTML that people see: a view for each page, one stylesheet, and a script that every page works without.
//!
//! Invariant: every page leaves through [`Page::respond`], so none goes out without its `Content-Security-Policy`,
//! and nothing that a stranger named reaches a page unescaped: every view is a [`maud`] template, which escapes
//! whatever it is given.

use maud::Markup;

use crate::config::Brand;
use crate::http::Response;
use crate::time::Timestamp;

pub use bot_added::BotAddedPage;
pub use consent::{
    BotSection, ConsentPage, GuildChoice, GuildPicker, PermissionLine, Preview, ResourceSection,
    ScopeLine, UnverifiedApplication,
};
pub use device::{DEVICE, DevicePage, DeviceProblem, DeviceSection};
pub use login::{LoginPage, LoginProblem};
pub use logout::LogoutPage;
pub use notice::NoticePage;

use style::Asset;
use text::Text;

pub mod account;
pub mod admin;
mod bot_added;
mod chart;
mod consent;
mod copyable;
pub mod developers;
mod device;
mod fields;
mod layout;
mod login;
mod logout;
pub mod moment;
mod notice;
mod parts;
pub mod settings;
pub mod style;
pub mod text;
pub mod user_agent;

/// What the layout of a page needs to know.
#[derive(Clone, Copy)]
pub struct Chrome<'a> {
    /// The words, in the language of the page.
    pub text: &'static Text,
    /// The platform's name and looks.
    pub brand: &'a Brand,
    /// The path of this server that the choice of language comes back to. Empty where the page offers no choice.
    pub here: &'a str,
    /// The time at which the page was asked for.
    pub now: Timestamp,
    /// The user whose account the page is about. The links to the pages of the account go with it.
    pub account: Option<AccountLinks<'a>>,
    /// The party that opens the page.
    pub opener: Opener,
    /// Whether users have passwords here, which a form may ask for again.
    pub has_passwords: bool,
}

/// The party that opens a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opener {
    /// A user opens it, or another page of ours.
    User,
    /// A client opens it, often in a popup that it watches and that goes on to the client's own URLs.
    Client,
}

/// The user whose account a page is about.
#[derive(Clone, Copy)]
pub struct AccountLinks<'a> {
    /// The user's name.
    pub username: &'a str,
    /// Whether the user sees the link to the pages for administrators.
    pub is_administrator: bool,
}

impl Chrome<'_> {
    /// The path of a file that every page loads.
    fn asset(&self, asset: Asset) -> &str {
        asset.name(self.brand)
    }

    /// Whether this page is at `path`, or below it.
    fn is_at(&self, path: &str) -> bool {
        self.here.starts_with(path)
    }

    /// Whether this page is at `path` or below it, of the paths of the navigation: `/settings` is not above
    /// `/settings/authorizations`.
    fn is_below(&self, path: &str) -> bool {
        self.is_at(path) && (path != "/settings" || !self.is_at("/settings/"))
    }
}

/// The content of a page, inside the layout that all pages share.
pub trait View {
    /// The HTML inside the layout.
    fn body(&self, chrome: &Chrome<'_>) -> Markup;
}

/// A page as it is sent: its HTML, and what the browser lets it do.
pub struct Page {
    html: String,
    opener: Opener,
    /// The `script-src` and `connect-src` of the policy. On the pages of an account our script runs, and asks for
    /// other pages of ours. No script runs where people log in and consent.
    script_policy: &'static str,
}

impl Page {
    /// Renders a view inside the layout.
    pub fn render(chrome: Chrome<'_>, title: &str, main: &dyn View) -> Self {
        Self {
            html: layout::page(&chrome, title, &main.body(&chrome)).into_string(),
            opener: chrome.opener,
            script_policy: match chrome.account {
                Some(_) => "script-src 'self'; connect-src 'self'",
                None => "script-src 'none'",
            },
        }
    }

    /// The response, which may not be framed: two headers say so, because some browsers know only one of them (RFC
    /// 9700 §4.16). It sends no referrer, so that no request is carried to where the user goes next (§4.2.4).
    ///
    /// A page that a client opens has no `Cross-Origin-Opener-Policy` and no `form-action`. The former would make a
    /// popup's `closed` true and its `opener` null for good, and the client would wait in vain. Chromium holds every
    /// redirect after a form post to the latter, the client's own redirects included: a callback that goes on to an
    /// application's own scheme would be cut off there, after its code was spent. Such a page escapes all that it is
    /// given and runs no script, so that no form but ours is on it.
    pub fn respond(self, status: u16) -> Response {
        let form_action = match self.opener {
            Opener::User => "; form-action 'self'",
            Opener::Client => "",
        };
        let policy = [
            "default-src 'none'; style-src 'self'; ",
            self.script_policy,
            "; img-src 'self' data:",
            form_action,
            "; frame-ancestors 'none'; base-uri 'none'",
        ]
        .concat();
        let mut response = Response::empty(status)
            .with("content-type", "text/html; charset=utf-8")
            .with("content-security-policy", policy)
            .with("x-frame-options", "DENY");
        if self.opener == Opener::User {
            response.push("cross-origin-opener-policy", "same-origin");
        }
        response.body = self.html;
        response
    }
}
