//! The pages for administrators.

use askama::Template;

use super::settings::Moment;
use super::text::AdminText;
use super::{Chrome, Page};
use crate::fluxer::application::Application;
use crate::fluxer::audit::{Action, Entry};
use crate::fluxer::guild::{Connection, Membership};
use crate::fluxer::user::User;
use crate::oauth::client::ClientKind;
use crate::oauth::time::Timestamp;
use crate::store::{Authorized, EntryFilter, Fault, UserKey};

/// What stands on every page for administrators, around what that page says.
#[derive(Template)]
#[template(path = "admin_frame.html")]
struct AdminFrame<'a> {
    chrome: Chrome<'a>,
    /// HTML that a template has escaped.
    main: &'a str,
}

impl AdminFrame<'_> {
    /// `aria-current` of the link to a page: whether that is here, or above it.
    fn current(&self, path: &str) -> Option<&'static str> {
        let chrome = &self.chrome;
        let is_here = chrome.here == path;
        chrome
            .is_at(path)
            .then_some(if is_here { "page" } else { "true" })
    }

    fn links(&self) -> [(&'static str, &'static str); 3] {
        let text = &self.chrome.text.admin;
        [
            ("/admin/users", text.users),
            ("/admin/applications", text.applications),
            ("/admin/audit-log", text.audit_log),
        ]
    }
}

/// Renders a page for administrators.
pub fn page(chrome: Chrome<'_>, title: &str, main: &impl Template) -> Result<Page, Fault> {
    let main = main.render();
    let main = &main.map_err(|error| Fault::lasting("page", error))?;
    Page::render(chrome, title, &AdminFrame { chrome, main })
}

/// Where there is something to look for.
#[derive(Template)]
#[template(path = "admin.html")]
pub struct AdminPage<'a> {
    /// Around it.
    pub chrome: Chrome<'a>,
    /// Its words.
    pub text: &'static AdminText,
}

/// Users.
#[derive(Template)]
#[template(path = "admin_users.html")]
pub struct AdminUsersPage<'a> {
    /// Around it.
    pub chrome: Chrome<'a>,
    /// Its words.
    pub text: &'static AdminText,
    /// What was typed.
    pub typed: &'a str,
    /// What it was looked for in.
    pub by: UserKey,
    /// Who was found.
    pub users: Vec<User>,
    /// The page behind this one.
    pub next: Option<&'a str>,
}

impl AdminUsersPage<'_> {
    /// Whether e-mail addresses were searched.
    pub fn by_email(&self) -> bool {
        self.by == UserKey::Email
    }
}

/// One user.
#[derive(Template)]
#[template(path = "admin_user.html")]
pub struct AdminUserPage<'a> {
    /// Around it.
    pub chrome: Chrome<'a>,
    /// Its words.
    pub text: &'static AdminText,
    /// Where its forms post to.
    pub action: &'a str,
    /// The hidden field.
    pub csrf_token: &'a str,
    /// What was just done.
    pub done: Option<&'static str>,
    /// Who.
    pub user: &'a User,
    /// A page of what they authorized.
    pub authorized: Vec<Authorized>,
    /// The next page of it.
    pub next: Option<&'a str>,
    /// Their guilds.
    pub memberships: Few<Membership>,
    /// Their accounts on other services.
    pub connections: Few<Connection>,
    /// Their own applications.
    pub applications: Few<Application>,
}

impl AdminUserPage<'_> {
    /// An instant.
    pub fn moment(&self, at: &Timestamp) -> Moment {
        Moment(*at)
    }
}

/// The first of what may be many.
pub struct Few<T> {
    /// Those.
    pub shown: Vec<T>,
    /// Whether there are more.
    pub more: bool,
}

impl<T> Few<T> {
    /// Most that are shown.
    pub const MAX: u32 = 25;

    /// As many as are shown, of a list that has one more where there are more.
    pub fn of(mut shown: Vec<T>) -> Self {
        let most = usize::try_from(Self::MAX).unwrap_or(usize::MAX);
        let more = shown.len() > most;
        shown.truncate(most);
        Self { shown, more }
    }
}

/// Applications.
#[derive(Template)]
#[template(path = "admin_applications.html")]
pub struct AdminApplicationsPage<'a> {
    /// Around it.
    pub chrome: Chrome<'a>,
    /// Its words.
    pub text: &'static AdminText,
    /// What was typed.
    pub typed: &'a str,
    /// What was found.
    pub applications: Vec<Application>,
    /// The page behind this one.
    pub next: Option<&'a str>,
}

/// One application.
#[derive(Template)]
#[template(path = "admin_application.html")]
pub struct AdminApplicationPage<'a> {
    /// Around it.
    pub chrome: Chrome<'a>,
    /// Its words.
    pub text: &'static AdminText,
    /// Where its form posts to.
    pub action: &'a str,
    /// The hidden field.
    pub csrf_token: &'a str,
    /// What was just done.
    pub done: Option<&'static str>,
    /// Why the form is shown again.
    pub problem: Option<Problem>,
    /// Which.
    pub application: &'a Application,
    /// Whose it is.
    pub owner: Option<&'a User>,
}

/// Why a password did not confirm what it should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// It is wrong.
    WrongPassword,
    /// There were too many wrong ones; the seconds until the next attempt.
    TooManyAttempts(u64),
}

impl AdminApplicationPage<'_> {
    /// Since when there is such an application.
    pub fn created_at(&self) -> Moment {
        Moment(self.application.created_at)
    }

    /// Whether it has a secret.
    pub fn is_confidential(&self) -> bool {
        !matches!(self.application.client.kind, ClientKind::Public)
    }
}

/// The audit log.
#[derive(Template)]
#[template(path = "admin_audit_log.html")]
pub struct AuditLogPage<'a> {
    /// Around it.
    pub chrome: Chrome<'a>,
    /// Its words.
    pub text: &'static AdminText,
    /// What was asked for.
    pub wanted: EntryFilter,
    /// The ids as they were typed: by whom, on whom.
    pub typed: [&'a str; 2],
    /// What was found, newest first.
    pub entries: Vec<Entry>,
    /// The page before this one in time.
    pub older: Option<&'a str>,
}

impl AuditLogPage<'_> {
    /// Everything that can be done.
    pub fn actions(&self) -> &'static [Action] {
        Action::ALL
    }

    /// Whether a kind was asked for.
    pub fn is_wanted(&self, action: &Action) -> bool {
        self.wanted.action == Some(*action)
    }

    /// What was done, in words.
    pub fn words(&self, action: &Action) -> &'static str {
        let words = self.text.actions.get(*action as usize);
        words.copied().unwrap_or_default()
    }

    /// When something was done.
    pub fn moment(&self, entry: &Entry) -> Moment {
        Moment(Timestamp::from_millis(entry.id.0.created_at_millis()))
    }

    /// What else is known of it, as text.
    pub fn details(&self, entry: &Entry) -> Option<String> {
        (!entry.details.is_null()).then(|| entry.details.to_string())
    }
}
