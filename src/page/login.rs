//! The login form.

use maud::{Markup, html};

use super::parts::{branded, form, problem, sentence, submit};
use super::{Chrome, View};

/// The login form.
pub struct LoginPage<'a> {
    /// The path that the form posts to.
    pub action: &'a str,
    /// The hidden field of the form.
    pub csrf_token: &'a str,
    /// The name of the application that waits for the login, where one does.
    pub application: Option<&'a str>,
    /// The login that was typed before, or that the client proposes.
    pub login: &'a str,
    /// The URL of the page that replaces a forgotten password.
    pub password_reset: Option<&'a str>,
    /// Why the form is shown again.
    pub problem: Option<LoginProblem>,
}

/// Why a login failed, as far as whoever typed it may know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginProblem {
    /// No user has this login, or the password is wrong. One text for both: which it was is not told.
    WrongCredentials,
    /// The password is right, and an administrator has suspended its user.
    Suspended,
    /// Too many attempts failed. The number is the wait in seconds.
    TooManyAttempts(u64),
    /// The form was open too long, or the browser did not keep its cookie.
    FormExpired,
}

impl View for LoginPage<'_> {
    fn body(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.login;
        html! {
            h1 { (branded(text.heading, chrome)) }
            @if let Some(application) = self.application {
                p.lead { (sentence(text.to_continue, &[application])) }
            }
            @if let Some(why) = self.problem {
                @let (words, seconds) = match why {
                    LoginProblem::WrongCredentials => (text.wrong, None),
                    LoginProblem::Suspended => (text.suspended, None),
                    LoginProblem::TooManyAttempts(seconds) => (text.too_many, Some(seconds)),
                    LoginProblem::FormExpired => (text.expired, None),
                };
                (problem("login-problem", words, seconds, chrome))
            }
            (form(self.action, self.csrf_token, &self.fields(chrome)))
            @if let Some(url) = self.password_reset {
                p { a href=(url) { (text.forgotten) } }
            }
        }
    }
}

impl LoginPage<'_> {
    /// Both fields. The first one that is empty has the focus.
    fn fields(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.login;
        let why = self.problem.map(|_| "login-problem");
        let is_wrong = self.problem == Some(LoginProblem::WrongCredentials);
        let is_wrong = is_wrong.then_some("true");
        html! {
            div.field {
                label for="login" { (text.login) }
                input #login name="login" value=(self.login) type="text" dir="auto"
                    autocomplete="username" autocapitalize="none" spellcheck="false" required
                    autofocus[self.login.is_empty()] aria-describedby=[why] aria-invalid=[is_wrong];
            }
            div.field {
                label for="password" { (text.password) }
                input #password name="password" type="password" autocomplete="current-password"
                    required autofocus[!self.login.is_empty()] aria-describedby=[why]
                    aria-invalid=[is_wrong];
            }
            (submit("primary", text.submit))
        }
    }
}
