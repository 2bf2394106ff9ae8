//! The HTML that people see: templates beside this file, one stylesheet, no script.
//!
//! Invariant: every page leaves through [`Page::respond`], so none goes out without its
//! `Content-Security-Policy`, and nothing that a stranger named reaches a page unescaped.

use std::borrow::Cow;

use askama::Template;

use crate::fluxer::permissions::Permission;
use crate::http::Response;
use crate::oauth::redirect_uri::RedirectUri;
use crate::oauth::scope::{Scope, Scopes};
use crate::snowflake::GuildId;
use crate::store::Fault;

pub mod style;

/// The login form.
#[derive(Template)]
#[template(path = "login.html")]
pub struct LoginPage<'a> {
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

impl LoginProblem {
    /// What the form says of it.
    pub fn text(self) -> Cow<'static, str> {
        match self {
            Self::WrongCredentials => "Wrong user name or password.".into(),
            Self::TooManyAttempts(..=1) => "Too many attempts. Try again in a second.".into(),
            Self::TooManyAttempts(seconds @ ..=90) => {
                format!("Too many attempts. Try again in {seconds} seconds.").into()
            }
            Self::TooManyAttempts(seconds) => {
                let minutes = seconds.div_ceil(60);
                format!("Too many attempts. Try again in {minutes} minutes.").into()
            }
            Self::FormExpired => {
                "The form was open too long, or your browser blocks cookies. Please try again."
                    .into()
            }
        }
    }
}

/// The consent form.
#[derive(Template)]
#[template(path = "consent.html")]
pub struct ConsentPage<'a> {
    /// Where the form posts to.
    pub action: &'a str,
    /// The hidden field.
    pub csrf_token: &'a str,
    /// Who asks.
    pub application: &'a str,
    /// What it says of itself; may be empty.
    pub description: &'a str,
    /// Since when it is registered: a date, `2026-11-23`.
    pub registered_on: &'a str,
    /// Where the answer goes: the redirect URI's host in full. `None`: nowhere, a bot is added.
    pub destination: Option<&'a str>,
    /// As whom.
    pub username: &'a str,
    /// What it asks for.
    pub scopes: Vec<ScopeLine<'a>>,
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
pub struct ScopeLine<'a> {
    /// The check box's value.
    pub scope: Scope,
    /// Whether the user may withhold it.
    pub withholdable: bool,
    /// What it opens, in plain words.
    pub words: &'static str,
    /// The real data it opens, where that fits a line.
    pub preview: Option<&'a str>,
    /// Whether it was not granted before, where something was.
    pub new: bool,
}

impl ScopeLine<'_> {
    /// What a scope opens, in plain words.
    pub const fn words(scope: Scope) -> &'static str {
        match scope {
            Scope::Identify => "See your user name, avatar and public badges",
            Scope::Email => "See your e-mail address",
            Scope::Guilds => "See which communities you are in",
            Scope::Connections => "See your linked accounts on other services",
            Scope::Bot => "Add its bot to a community",
            Scope::Admin => "Administer Fluxer: read and change any user’s data",
        }
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
        if asked.contains(Scope::Admin) {
            "see your password"
        } else if asked.contains(Scope::Bot) {
            // Its bot reads what is written in the community.
            "see your password, read your private messages or write in your name"
        } else {
            "see your password, read your messages or write in your name"
        }
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

/// Where a bot may be added.
pub enum GuildPicker<'a> {
    /// Here and nowhere else.
    Fixed(&'a str),
    /// Wherever the user may add bots.
    Pick {
        /// Those guilds.
        choices: Vec<GuildChoice<'a>>,
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
}

/// Says where the bot is now.
#[derive(Template)]
#[template(path = "bot_added.html")]
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

/// Asks whether to log out: a link from elsewhere must not do it alone.
#[derive(Template)]
#[template(path = "logout.html")]
pub struct LogoutPage<'a> {
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
    /// The heading.
    pub title: &'a str,
    /// What happened, and what to do.
    pub text: &'a str,
    /// For the developer of the application, where it is their doing.
    pub detail: Option<&'a str>,
    /// Where to go on: a path here and its label.
    pub next: Option<(&'a str, &'a str)>,
}

/// A page as it leaves: its HTML, and where its forms may end.
pub struct Page {
    html: String,
    form_action: String,
}

impl Page {
    /// Renders a page whose forms end on this origin.
    pub fn render(template: &impl Template) -> Result<Self, Fault> {
        Ok(Self {
            html: template
                .render()
                .map_err(|error| Fault::lasting("page", error))?,
            form_action: "'self'".to_owned(),
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
            "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action {}; \
             frame-ancestors 'none'; base-uri 'none'",
            self.form_action
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
