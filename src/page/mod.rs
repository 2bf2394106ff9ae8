//! The HTML that people see: templates beside this file, one stylesheet, and a script that every page
//! does without.
//!
//! Invariant: every page leaves through [`Page::respond`], so none goes out without its
//! `Content-Security-Policy`, and nothing that a stranger named reaches a page unescaped.

use askama::Template;

use crate::config::Brand;
use crate::fluxer::application::Application;
use crate::fluxer::permissions::{Group, Permission};
use crate::http::Response;
use crate::oauth::redirect_uri::RedirectUri;
use crate::oauth::scope::{Scope, Scopes};
use crate::snowflake::GuildId;
use crate::store::Fault;

use style::Asset;
use text::{Around, BotText, ConsentText, LoginText, LogoutText, Text};

pub mod admin;
pub mod developers;
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
    /// Whose account the page is about: with it go the links to the account's pages.
    pub account: Option<AccountLinks<'a>>,
}

/// The user whose account a page is about.
#[derive(Clone, Copy)]
pub struct AccountLinks<'a> {
    /// Their name.
    pub username: &'a str,
    /// Whether there is a page for administrators for them.
    pub is_administrator: bool,
}

impl Chrome<'_> {
    /// The stylesheet's file.
    pub fn style(&self) -> &str {
        Asset::Style.name(self.brand)
    }

    /// The script's file.
    pub fn script(&self) -> &str {
        Asset::Script.name(self.brand)
    }

    /// The languages to choose from.
    pub fn languages(&self) -> [&'static Text; text::ALL.len()] {
        text::ALL
    }

    /// Whether this page is, or is below, a path.
    pub fn is_at(&self, path: &str) -> bool {
        self.here.starts_with(path)
    }
}

/// The login form.
#[derive(Template)]
#[template(path = "login.html")]
pub struct LoginPage<'a> {
    /// Around it.
    pub chrome: Chrome<'a>,
    /// Its words.
    pub text: &'static LoginText,
    /// Where the form posts to.
    pub action: &'a str,
    /// The hidden field.
    pub csrf_token: &'a str,
    /// The application that the user is on the way to, where there is one.
    pub application: Option<&'a str>,
    /// What was typed before.
    pub login: &'a str,
    /// Why the form is shown again.
    pub problem: Option<LoginProblem>,
}

/// Why a login failed, as far as whoever typed it may know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginProblem {
    /// Unknown user or wrong password: one text, whichever it was.
    WrongCredentials,
    /// Too many failures; the seconds until the next attempt.
    TooManyAttempts(u64),
    /// The form was open too long, or the browser did not keep its cookie.
    FormExpired,
}

/// The consent form.
#[derive(Template)]
#[template(path = "consent.html")]
pub struct ConsentPage<'a> {
    /// Around it.
    pub chrome: Chrome<'a>,
    /// Its words.
    pub text: &'static ConsentText,
    /// Where the form posts to.
    pub action: &'a str,
    /// The hidden field.
    pub csrf_token: &'a str,
    /// Who asks.
    pub application: &'a Application,
    /// The user who answers for it, where there is one.
    pub owner: Option<&'a str>,
    /// Since when it is registered: a date, `2026-11-23`.
    pub registered_on: &'a str,
    /// Where the answer goes: the redirect URI's host in full. `None`: nowhere, a bot is added.
    pub destination: Option<&'a str>,
    /// As whom.
    pub username: &'a str,
    /// What it asks for.
    pub scopes: Vec<ScopeLine>,
    /// The bot that it wants to add.
    pub bot: Option<BotSection<'a>>,
    /// Why the form is shown again.
    pub problem: Option<&'static str>,
    /// Where the form that switches accounts posts to.
    pub switch_account_action: &'a str,
    /// Its hidden field.
    pub switch_account_token: &'a str,
}

/// One scope on the consent form.
pub struct ScopeLine {
    /// The check box's value.
    pub scope: Scope,
    /// Whether the user may withhold it.
    pub withholdable: bool,
    /// Whether its box is ticked as the form is shown.
    pub is_ticked: bool,
    /// The real data it opens, where that fits some lines.
    pub preview: Option<Preview>,
    /// Whether it was not granted before, where something was.
    pub new: bool,
}

/// The data behind a scope, as far as it is shown.
pub struct Preview {
    /// The first of it.
    pub shown: Vec<String>,
    /// How much more there is.
    pub more: usize,
}

impl Preview {
    /// Most lines of a preview.
    const MAX: usize = 5;

    /// As much as fits.
    pub fn of(all: impl IntoIterator<Item = String>) -> Self {
        let mut all = all.into_iter();
        Self {
            shown: all.by_ref().take(Self::MAX).collect(),
            more: all.count(),
        }
    }
}

impl ScopeLine {
    /// Takes the box out of use: nothing of it can be granted.
    pub fn give_up(&mut self) {
        self.withholdable = false;
        self.is_ticked = false;
    }

    /// Whether granting it deserves a second look.
    pub fn is_dangerous(&self) -> bool {
        matches!(self.scope, Scope::Admin)
    }

    /// Whether something stands under its words.
    pub fn has_note(&self) -> bool {
        self.preview.is_some() || self.is_dangerous()
    }
}

impl ConsentPage<'_> {
    /// What the application will not be able to do, for whoever wonders.
    pub fn withheld(&self) -> &'static str {
        let asked: Scopes = self.scopes.iter().map(|line| line.scope).collect();
        let [with_admin, with_bot, otherwise] = self.text.withheld;
        if asked.contains(Scope::Admin) {
            with_admin
        } else if asked.contains(Scope::Bot) {
            // Its bot reads what is written in the community.
            with_bot
        } else {
            otherwise
        }
    }

    /// The heading, around the application.
    pub fn heading(&self) -> Around {
        match (&self.bot, self.only_adds_a_bot()) {
            (None, _) => self.text.heading,
            (Some(_), false) => self.text.heading_both,
            (Some(_), true) => self.text.heading_bot,
        }
    }

    /// The application's first letter, in place of a picture from elsewhere.
    pub fn monogram(&self) -> String {
        let first = self.application.name.as_str().chars().next();
        first
            .map(|it| it.to_uppercase().collect())
            .unwrap_or_default()
    }

    /// Whether there is a box to untick.
    pub fn may_withhold(&self) -> bool {
        self.scopes.iter().any(|line| line.withholdable)
    }

    /// Whether a bot is all it asks for.
    pub fn only_adds_a_bot(&self) -> bool {
        self.bot.is_some() && self.scopes.len() == 1
    }

    /// Whether the form can be approved as it stands: a bot with nowhere to go cannot be added.
    pub fn can_be_approved(&self) -> bool {
        let nowhere = self.bot.as_ref().is_some_and(|bot| bot.guilds.is_empty());
        !(nowhere && self.only_adds_a_bot())
    }
}

/// The bot on the consent form.
pub struct BotSection<'a> {
    /// Its name.
    pub username: &'a str,
    /// Where it may be added.
    pub guilds: GuildPicker<'a>,
    /// What it asks to be able to do there.
    pub permissions: Vec<PermissionLine>,
}

impl BotSection<'_> {
    /// The permissions by what they are about.
    pub fn groups(&self) -> Vec<(Group, Vec<&PermissionLine>)> {
        let lines = |group| {
            let all = self.permissions.iter();
            all.filter(|line| line.permission.group == group)
                .collect::<Vec<_>>()
        };
        let groups = Group::ALL.into_iter().map(|group| (group, lines(group)));
        groups.filter(|(_, lines)| !lines.is_empty()).collect()
    }
}

/// Where a bot may be added.
pub enum GuildPicker<'a> {
    /// Here and nowhere else.
    Fixed(&'a str),
    /// Wherever the user may add bots.
    Pick {
        /// Those guilds.
        choices: Vec<GuildChoice<'a>>,
        /// The user's other guilds, which they may not manage.
        not_offered: Vec<&'a str>,
        /// Whether the link proposes one that is not among them.
        proposal_fails: bool,
    },
}

impl GuildPicker<'_> {
    /// Whether there is nothing to choose.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Fixed(_) => false,
            Self::Pick { choices, .. } => choices.iter().all(|choice| choice.is_there_already),
        }
    }
}

/// One guild in the picker.
pub struct GuildChoice<'a> {
    /// The option's value.
    pub id: GuildId,
    /// What people call it.
    pub name: &'a str,
    /// Whether the bot is there, so that the guild cannot be chosen.
    pub is_there_already: bool,
    /// Whether the link proposes it.
    pub is_proposed: bool,
}

/// One permission on the consent form.
pub struct PermissionLine {
    /// Which.
    pub permission: Permission,
    /// Whether the user holds it, where the guild is known: a bot never gets what its installer
    /// lacks.
    pub is_held: bool,
    /// Whether its box is ticked as the form is shown.
    pub is_ticked: bool,
}

/// Says where the bot is now.
#[derive(Template)]
#[template(path = "bot_added.html")]
pub struct BotAddedPage<'a> {
    /// Around it.
    pub chrome: Chrome<'a>,
    /// Its words.
    pub text: &'static BotText,
    /// Whose bot.
    pub application: &'a str,
    /// The bot's name.
    pub bot: &'a str,
    /// Where it is.
    pub guild: &'a str,
    /// What it may do there.
    pub permissions: Vec<Permission>,
}

/// Asks whether to log out: a link from elsewhere must not do it alone.
#[derive(Template)]
#[template(path = "logout.html")]
pub struct LogoutPage<'a> {
    /// Around it.
    pub chrome: Chrome<'a>,
    /// Its words.
    pub text: &'static LogoutText,
    /// Where the form posts to.
    pub action: &'a str,
    /// The hidden field.
    pub csrf_token: &'a str,
    /// As whom the browser is logged in.
    pub username: &'a str,
}

/// Says one thing: an error, or that the user is logged out.
#[derive(Template)]
#[template(path = "notice.html")]
pub struct NoticePage<'a> {
    /// Around it.
    pub chrome: Chrome<'a>,
    /// The heading.
    pub title: &'a str,
    /// What happened, and what to do.
    pub text: &'a str,
    /// For the developer of the application, where it is their doing.
    pub detail: Option<&'a str>,
    /// Where to go on: a path here and its label.
    pub next: Option<(&'a str, &'a str)>,
}

/// The layout around what another template made. Templates that extended it would each have all of
/// its code in theirs, and a Worker pays for every copy at each cold start.
#[derive(Template)]
#[template(path = "layout.html")]
struct Layout<'a> {
    chrome: Chrome<'a>,
    title: &'a str,
    /// HTML that a template has escaped.
    main: &'a str,
}

/// A page as it leaves: its HTML, and where its forms may end.
pub struct Page {
    html: String,
    form_action: String,
    /// `'self'` on the pages of an account; where people log in and consent, no script runs at all.
    script_src: &'static str,
}

impl Page {
    /// Renders what stands in the layout, and the layout around it; the page's forms end on this
    /// origin.
    pub fn render(chrome: Chrome<'_>, title: &str, main: &impl Template) -> Result<Self, Fault> {
        let fault = |error| Fault::lasting("page", error);
        let main = &main.render().map_err(fault)?;
        let layout = Layout {
            chrome,
            title,
            main,
        };
        Ok(Self {
            html: layout.render().map_err(fault)?,
            form_action: "'self'".to_owned(),
            script_src: chrome.account.map_or("'none'", |_| "'self'"),
        })
    }

    /// Lets its forms end at a client: Chrome applies `form-action` to the redirect after a post.
    #[must_use]
    pub fn with_form_to(mut self, redirect_uri: &RedirectUri) -> Self {
        self.form_action.push(' ');
        self.form_action.push_str(&redirect_uri.csp_sources());
        self
    }

    /// The response. Framing is refused twice, for browsers that know only one way (RFC 9700
    /// §4.16); no referrer carries the request to where the user goes next (§4.2.4).
    pub fn respond(self, status: u16) -> Response {
        let policy = format!(
            "default-src 'none'; style-src 'self'; script-src {}; img-src 'self' data:; \
             form-action {}; frame-ancestors 'none'; base-uri 'none'",
            self.script_src, self.form_action
        );
        let mut response = Response::empty(status)
            .with("content-type", "text/html; charset=utf-8")
            .with("content-security-policy", policy)
            .with("x-frame-options", "DENY")
            .with("cross-origin-opener-policy", "same-origin");
        response.body = self.html;
        response
    }
}
