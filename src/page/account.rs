//! The page of a user's own account.

use maud::{Markup, html};

use super::moment::Moment;
use super::parts::{
    device_name, done, fact_at, fact_of, form, heading, password, problem, problem_id, quiet,
    section, tag, time,
};
use super::{Chrome, View};
use crate::crypto::secret::{Hash, SessionId};
use crate::fluxer::user::User;
use crate::store::OpenSession;

/// The page of a user's own account.
pub struct AccountPage<'a> {
    /// The path that its forms post to.
    pub action: &'a str,
    /// The hidden field.
    pub csrf_token: &'a str,
    /// The user who is logged in.
    pub user: &'a User,
    /// The operation that this page answers, where it succeeded.
    pub done: Option<AccountDone>,
    /// The form that changes the password, where passwords are kept here.
    pub password: Option<PasswordForm>,
    /// The browsers that are logged in, the newest first.
    pub sessions: &'a [OpenSession],
    /// Whether more browsers are logged in than `sessions` has.
    pub is_more: bool,
    /// The session of the browser that shows the page.
    pub here: Hash<SessionId>,
}

/// The form that changes the password, and why it came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PasswordForm {
    /// Why the password was not changed.
    pub problem: Option<PasswordProblem>,
}

/// Why a password was not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordProblem {
    /// The old password was wrong.
    Wrong,
    /// Too many wrong passwords came before. The number is the wait in seconds.
    TooManyAttempts(u64),
    /// The new password is too short or too long.
    Bad,
    /// The two fields of the new password differ.
    Unlike,
    /// The password was changed from elsewhere meanwhile.
    ChangedMeanwhile,
}

/// The operation that the account page has just carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountDone {
    /// The password was changed, and every other browser is logged out.
    Password,
    /// One browser was logged out.
    Session,
    /// Every other browser was logged out.
    Others,
    /// There was nothing to do: it had been done before.
    Nothing,
}

impl AccountDone {
    const ALL: [Self; 4] = [Self::Password, Self::Session, Self::Others, Self::Nothing];

    /// The operation as it is spelled in the URL of the page.
    pub const fn marker(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Session => "session",
            Self::Others => "others",
            Self::Nothing => "nothing",
        }
    }

    /// Reads the spelling of [`Self::marker`].
    pub fn from_marker(marker: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.marker() == marker)
    }
}

impl View for AccountPage<'_> {
    fn body(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.account;
        let said = self.done.and_then(|done| text.done.get(done as usize));
        html! {
            (heading(chrome.text.layout.account))
            (done(said.copied()))
            dl.facts {
                (fact_of(text.username, self.user.username.as_str()))
                (fact_of(text.email, self.user.email.as_str()))
                (fact_at(text.registered, Moment(self.user.created_at), chrome))
            }
            @if let Some(form) = self.password {
                (section("password", text.password, &self.password(form, chrome)))
            }
            (section("browsers", text.browsers, &self.browsers(chrome)))
        }
    }
}

impl AccountPage<'_> {
    fn password(&self, came_back: PasswordForm, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.account;
        let why = came_back.problem;
        let old_is_wrong = matches!(why, Some(PasswordProblem::Wrong));
        let new_is_wrong = matches!(why, Some(PasswordProblem::Bad | PasswordProblem::Unlike));
        let fields = html! {
            (password("old", text.current_password, old_is_wrong, chrome))
            (new_password("new_password", text.new_password, new_is_wrong))
            p.quiet id="new_password-hint" { (text.new_password_hint) }
            (new_password("repeat_password", text.repeat_password, new_is_wrong))
            ul.scopes role="list" {
                li {
                    label {
                        input type="checkbox" name="everything" value="revoke";
                        span { (text.revoke_everything) }
                    }
                }
            }
            div.actions {
                button.primary name="action" value="password" { (text.change_password) }
            }
        };
        html! {
            p { (text.change_means) }
            @if let Some(why) = why {
                @let (words, seconds) = match why {
                    PasswordProblem::Wrong => (text.wrong_password, None),
                    PasswordProblem::TooManyAttempts(seconds) => {
                        (chrome.text.login.too_many, Some(seconds))
                    }
                    PasswordProblem::Bad => (text.bad_password, None),
                    PasswordProblem::Unlike => (text.unlike_password, None),
                    PasswordProblem::ChangedMeanwhile => (text.changed_meanwhile, None),
                };
                @let part = if new_is_wrong { "new-problem" } else { "old-problem" };
                (problem(part, words, seconds, chrome))
            }
            (form(self.action, self.csrf_token, &fields))
        }
    }

    fn browsers(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.account;
        let list = html! {
            ul.rows role="list" {
                @for (nth, session) in self.sessions.iter().enumerate() {
                    (self.row(nth, session, chrome))
                }
            }
            @if self.is_more { (quiet(text.more)) }
            div.actions {
                @if self.sessions.len() > 1 {
                    button name="action" value="others" { (text.end_others) }
                }
                button.danger name="action" value="everywhere" { (text.end_all) }
            }
        };
        html! {
            p {
                @if chrome.has_passwords { (text.browsers_intro) }
                @else { (text.browsers_intro_elsewhere) }
            }
            (form(self.action, self.csrf_token, &list))
        }
    }

    fn row(&self, nth: usize, session: &OpenSession, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.account;
        let browser = &session.browser;
        let id = ["b", &nth.to_string()].concat();
        html! {
            li.row {
                div {
                    p.name id=(id) {
                        (device_name(browser.device.as_deref(), &chrome.text.settings))
                        @if session.id == self.here { (tag("", text.this_browser)) }
                    }
                    p.quiet {
                        (text.logged_in) " " (time(Moment(session.authenticated_at), chrome))
                        @if let Some(address) = browser.address {
                            ", " (chrome.text.settings.from) " " (address.to_string())
                        }
                    }
                }
                button.small name="action" value={ "session:" (session.id.to_string()) }
                    aria-describedby=(id) { (text.end) }
            }
        }
    }
}

fn new_password(name: &str, label: &str, is_wrong: bool) -> Markup {
    let problem = problem_id(is_wrong, "new").unwrap_or_default();
    html! {
        div.field {
            label for=(name) { (label) }
            input id=(name) name=(name) type="password" autocomplete="new-password" required
                minlength="8" maxlength="1024" aria-invalid=[is_wrong.then_some("true")]
                aria-describedby={ (problem) " new_password-hint" };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_read_as_it_was_written() {
        for done in AccountDone::ALL {
            assert_eq!(AccountDone::from_marker(done.marker()), Some(done));
        }
        assert_eq!(AccountDone::from_marker("<script>"), None);
    }
}
