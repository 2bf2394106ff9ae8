//! The HTML that people see: a view for each page, one stylesheet, and a script that every page does
//! without.
//!
//! Invariant: every page leaves through [`Page::respond`], so none goes out without its
//! `Content-Security-Policy`, and nothing that a stranger named reaches a page unescaped:
//! every view is a [`maud`] template, which escapes whatever it is given.

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

/// What every page has around what it says.
#[derive(Clone, Copy)]
pub struct Chrome<'a> {
    /// The language.
    pub text: &'static Text,
    /// The platform's name and looks.
    pub brand: &'a Brand,
    /// Where the choice of language comes back to: a path of ours. Empty: there is no choice.
    pub here: &'a str,
    /// The instant that the page is asked for.
    pub now: Timestamp,
    /// Whose account the page is about: with it go the links to the account's pages.
    pub account: Option<AccountLinks<'a>>,
    /// The user or visitor who opens the page.
    pub opener: Opener,
    /// Whether users have passwords here, which a form may ask for again.
    pub has_passwords: bool,
}

/// The user or visitor who opens a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opener {
    /// A user, or another page of ours.
    User,
    /// A client, often in a popup that it watches and that goes on to the client's own URLs.
    Client,
}

/// The user whose account a page is about.
#[derive(Clone, Copy)]
pub struct AccountLinks<'a> {
    /// The user's name.
    pub username: &'a str,
    /// Whether there is a page for administrators for them.
    pub is_administrator: bool,
}

impl Chrome<'_> {
    /// The file of something that the page loads.
    fn asset(&self, asset: Asset) -> &str {
        asset.name(self.brand)
    }

    /// Whether this page is, or is below, a path.
    fn is_at(&self, path: &str) -> bool {
        self.here.starts_with(path)
    }

    /// The same, of the paths that the navigation has: an account is not above what it authorized.
    fn is_below(&self, path: &str) -> bool {
        self.is_at(path) && (path != "/settings" || !self.is_at("/settings/"))
    }
}

/// What a page says, in the layout that all of them share.
pub trait View {
    /// The part of the page inside the layout.
    fn body(&self, chrome: &Chrome<'_>) -> Markup;
}

/// A page as it leaves: its HTML, and what it may do.
pub struct Page {
    html: String,
    opener: Opener,
    /// On the pages of an account our script runs, and asks for other pages of ours; where people log
    /// in and consent, none runs at all.
    script_policy: &'static str,
}

impl Page {
    /// Writes the layout, and in it what the page says.
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

    /// The response. Framing is refused twice, for browsers that know only one way (RFC 9700
    /// §4.16); no referrer carries the request to where the user goes next (§4.2.4).
    ///
    /// What a client opens is neither parted from its opener nor held to this origin.
    /// `Cross-Origin-Opener-Policy` would make a popup's `closed` true and its `opener` null for good, and
    /// the client would wait in vain. Chromium holds every redirect after a form post to `form-action`, the
    /// client's own included: a callback that goes on to a scheme of an application would be cut off
    /// there, after its code was spent. Such a page escapes all that it is given and runs no script, so
    /// that no form but ours is on it.
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
