//! The pages of those who make applications: all of theirs, a new one, one with what is done with
//! it.
//!
//! Invariant: a secret is on the page that answers the request that made it, and on no other.

use askama::Template;

use super::Chrome;
use super::text::DevelopersText;
use crate::fluxer::api_error::FieldError;
use crate::fluxer::application::Application;
use crate::fluxer::user::ImageHash;
use crate::oauth::form::{self, Params};
use crate::oauth::redirect_uri::RegisteredUri;

pub use link::Link;

mod link;

/// A user's applications, and the form that makes one.
#[derive(Template)]
#[template(path = "developers.html")]
pub struct DevelopersPage<'a> {
    /// Around it.
    pub chrome: Chrome<'a>,
    /// Its words.
    pub text: &'static DevelopersText,
    /// The hidden field.
    pub csrf_token: &'a str,
    /// What they have.
    pub applications: &'a [Application],
    /// Most that they may have.
    pub at_most: u32,
    /// The new one.
    pub form: ApplicationForm,
    /// Whether they have as many as they may, and asked for one more.
    pub is_full: bool,
    /// Whether one was just deleted.
    pub is_deleted: bool,
}

/// Says that an application was made, and shows its secret.
#[derive(Template)]
#[template(path = "developers_created.html")]
pub struct CreatedPage<'a> {
    /// Around it.
    pub chrome: Chrome<'a>,
    /// Its words.
    pub text: &'static DevelopersText,
    /// The application.
    pub application: &'a Application,
    /// Its secret; a public one has none.
    pub secret: Option<&'a str>,
}

/// One application, and everything that its owner does with it.
#[derive(Template)]
#[template(path = "developers_application.html")]
pub struct ApplicationPage<'a> {
    /// Around it.
    pub chrome: Chrome<'a>,
    /// Its words.
    pub text: &'static DevelopersText,
    /// The hidden field.
    pub csrf_token: &'a str,
    /// The application as it is.
    pub application: &'a Application,
    /// Since when it is registered: a date, `2026-11-23`.
    pub registered_on: &'a str,
    /// Its settings, as they are or as they were typed.
    pub form: ApplicationForm,
    /// What was just done.
    pub done: Option<Done<'a>>,
    /// What was refused, and where.
    pub problem: Option<(Section, Problem)>,
    /// The authorize URL that is being built.
    pub link: Link<'a>,
}

/// A part of an application's page with a form of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// What users are shown, and where it may be answered.
    Settings,
    /// Its secret.
    Secret,
    /// Its bot.
    Bot,
    /// Its end.
    Delete,
}

/// Something that was just done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done<'a> {
    /// Its settings were saved.
    Saved,
    /// It has a new secret: this one.
    NewSecret(&'a str),
    /// Its bot has a new token: this one.
    NewToken(&'a str),
}

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// Some fields are wrong; the form says which.
    Fields,
    /// Not the password.
    WrongPassword,
    /// Too many wrong ones; the seconds until the next attempt.
    TooManyAttempts(u64),
    /// Not the name of the application that is to be deleted.
    WrongName,
    /// The application is not in a state for it.
    Refused(FieldError),
}

impl ApplicationPage<'_> {
    /// What was refused in a part of the page.
    pub fn problem_in(&self, section: Section) -> Option<&Problem> {
        let problem = self.problem.as_ref().filter(|(at, _)| *at == section);
        problem.map(|(_, problem)| problem)
    }

    /// Whether a part's password field is what was wrong.
    pub fn is_wrong_password(&self, section: Section) -> bool {
        self.problem_in(section) == Some(&Problem::WrongPassword)
    }

    /// Whether the name that was typed is what was wrong.
    pub fn is_wrong_name(&self) -> bool {
        self.problem_in(Section::Delete) == Some(&Problem::WrongName)
    }

    /// Whether the settings were just saved.
    pub fn is_saved(&self) -> bool {
        self.done == Some(Done::Saved)
    }

    /// The new secret, on the page that answers the request for it.
    pub fn new_secret(&self) -> Option<&str> {
        match self.done {
            Some(Done::NewSecret(secret)) => Some(secret),
            _ => None,
        }
    }

    /// The bot's new token, on the page that answers the request for it.
    pub fn new_token(&self) -> Option<&str> {
        match self.done {
            Some(Done::NewToken(token)) => Some(token),
            _ => None,
        }
    }

    /// The name of its bot.
    pub fn bot_name(&self) -> Option<&str> {
        let bot = self.application.bot.as_ref();
        bot.map(|bot| bot.username.as_str())
    }
}

/// The fields of an application, as its owner sees or typed them.
#[derive(Debug, Default)]
pub struct ApplicationForm {
    /// What users are shown.
    pub name: String,
    /// Whether it is a public one.
    pub is_public: bool,
    /// One on each line.
    pub redirect_uris: String,
    /// What it says of itself.
    pub description: String,
    /// The hash of its icon.
    pub icon: String,
    /// Whether others than its owner may add its bot.
    pub bot_public: bool,
    /// Whether its bot is added only by a code.
    pub bot_require_code_grant: bool,
    /// What of it was refused.
    pub errors: Vec<FieldError>,
}

impl ApplicationForm {
    /// An application as it is.
    pub fn of(application: &Application) -> Self {
        let client = &application.client;
        let uris = client.redirect_uris.iter().map(RegisteredUri::as_str);
        let icon = application.icon.as_ref().map(ImageHash::as_str);
        Self {
            name: application.name.as_str().to_owned(),
            is_public: application.is_public(),
            redirect_uris: uris.collect::<Vec<_>>().join("\n"),
            description: application.description.as_str().to_owned(),
            icon: icon.unwrap_or_default().to_owned(),
            bot_public: application.bot_public,
            bot_require_code_grant: application.bot_require_code_grant,
            errors: Vec::new(),
        }
    }

    /// What was typed, and what of it was refused.
    pub fn typed(sent: &Params, errors: Vec<FieldError>) -> Self {
        let first = |name| sent.all(name).next().unwrap_or_default();
        Self {
            name: first("name").to_owned(),
            is_public: first("type") == "public",
            redirect_uris: first("redirect_uris").replace("\r\n", "\n"),
            description: first("description").replace("\r\n", "\n"),
            icon: first("icon").to_owned(),
            bot_public: !first("bot_public").is_empty(),
            bot_require_code_grant: !first("bot_require_code_grant").is_empty(),
            errors,
        }
    }

    /// Whether a field was refused.
    pub fn is_wrong(&self, field: &str) -> bool {
        self.errors.iter().any(|error| names(&error.path, field))
    }

    /// Why a field was refused; for a list, each of its lines that was.
    pub fn mistakes(&self, field: &str) -> Vec<Mistake<'_>> {
        let errors = self.errors.iter();
        let errors = errors.filter(|error| names(&error.path, field));
        let mistakes = errors.map(|error| Mistake {
            line: self.line(error),
            must: error.message.as_str(),
        });
        mistakes.collect()
    }

    fn line(&self, error: &FieldError) -> Option<&str> {
        let (_, index) = error.path.split_once('.')?;
        form::lines(&self.redirect_uris).nth(index.parse().ok()?)
    }
}

/// What is wrong with a field.
pub struct Mistake<'a> {
    /// The line of a list.
    pub line: Option<&'a str>,
    /// What it must be: in English, as the API says it.
    pub must: &'a str,
}

/// Whether a path is that of a field, or of something in it.
fn names(path: &str, field: &str) -> bool {
    path.split('.').next() == Some(field)
}
