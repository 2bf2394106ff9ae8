//! What the pages of a user's account share: the layout around a page, and the check whether a form came from it.

use crate::crypto::form_ticket::Form;
use crate::endpoint::caller::LoggedIn;
use crate::endpoint::{Context, Failure, Notice, PageRefusal};
use crate::oauth::params::Params;
use crate::page::{AccountLinks, Chrome};
use crate::store::{Edge, Fault};

/// The form of an account page. It is bound to the session and to the page's path.
fn form<'a>(logged_in: &'a LoggedIn, path: &'a str) -> Form<'a> {
    Form {
        name: "account",
        browser: logged_in.cookie.expose(),
        subject: path,
    }
}

impl<E: Edge> Context<'_, E> {
    /// What the layout of an account page needs to know.
    pub fn account_chrome<'b>(&'b self, here: &'b str, logged_in: &'b LoggedIn) -> Chrome<'b> {
        let user = &logged_in.session.user;
        Chrome {
            account: Some(AccountLinks {
                username: user.username.as_str(),
                is_administrator: user.admin,
            }),
            ..self.chrome(here)
        }
    }

    /// The hidden field of every form that posts to this page.
    pub fn account_ticket(&self, logged_in: &LoggedIn) -> Result<String, Fault> {
        self.account_ticket_at(logged_in, &self.request.path)
    }

    /// The hidden field of a form that posts to another path.
    pub fn account_ticket_at(&self, logged_in: &LoggedIn, path: &str) -> Result<String, Fault> {
        self.ticket(&form(logged_in, path))
    }

    /// A form of this page that came back. It is refused where it came from another session.
    pub fn account_form(&self, logged_in: &LoggedIn) -> Result<Params, Failure<PageRefusal>> {
        let path = &self.request.path;
        let posted = self.posted_form(path)?;
        match self.check_ticket(&form(logged_in, path), &posted) {
            Some(_) => Ok(posted),
            None => Err(Notice::form_refused(path.clone()).into()),
        }
    }
}
