//! The login form.

use super::html::{Html, html};
use super::parts::{open_form, problem, submit};
use super::{Chrome, View};

/// The login form.
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

impl View for LoginPage<'_> {
    fn write(&self, chrome: &Chrome<'_>, out: &mut Html) {
        let text = &chrome.text.login;
        html!(out, "<h1>");
        out.around(text.heading, &[&chrome.brand.name], "<bdi>", "</bdi>");
        html!(out, "</h1>\n");
        if let Some(application) = self.application {
            html!(out, "<p class=\"lead\">");
            out.sentence(text.to_continue, &[application]);
            html!(out, "</p>\n");
        }
        match self.problem {
            Some(LoginProblem::WrongCredentials) => problem("login-problem", text.wrong, None, out),
            Some(LoginProblem::TooManyAttempts(seconds)) => {
                problem("login-problem", text.too_many, Some(seconds), out);
            }
            Some(LoginProblem::FormExpired) => problem("login-problem", text.expired, None, out),
            None => {}
        }
        open_form(self.action, self.csrf_token, out);
        html!(
            out,
            r#"<div class="field">
<label for="login">{}</label>
<input id="login" name="login" value="{}" type="text" dir="auto" autocomplete="username" autocapitalize="none" spellcheck="false""#,
            text.login,
            self.login,
        );
        self.close_field(self.login.is_empty(), out);
        html!(
            out,
            r#"<div class="field">
<label for="password">{}</label>
<input id="password" name="password" type="password" autocomplete="current-password""#,
            text.password,
        );
        self.close_field(!self.login.is_empty(), out);
        submit("primary", text.submit, out);
        html!(out, "</form>\n");
    }
}

impl LoginPage<'_> {
    /// What both fields have; the first that is still to be filled has the focus.
    fn close_field(&self, has_focus: bool, out: &mut Html) {
        html!(out, " required");
        if has_focus {
            html!(out, " autofocus");
        }
        if self.problem.is_some() {
            html!(out, " aria-describedby=\"login-problem\"");
        }
        if self.problem == Some(LoginProblem::WrongCredentials) {
            html!(out, " aria-invalid=\"true\"");
        }
        html!(out, ">\n</div>\n");
    }
}
