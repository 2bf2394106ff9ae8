//! The browser behind a request: its cookies, its session, and whether a form came from us.

use core::time::Duration;

use super::{Context, Notice};
use crate::crypto::form_ticket::{Form, Ticket};
use crate::crypto::secret::{Secret, SessionId};
use crate::http::Request;
use crate::oauth::code::CodeSeed;
use crate::oauth::params::Params;
use crate::snowflake::ApplicationId;
use crate::store::{Edge, Fault, Session};

/// A cookie of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cookie {
    /// Names a session; 256 random bits.
    Session,
    /// Names a browser that is not logged in, so that nobody can log it in as themselves (login
    /// CSRF).
    Browser,
}

impl Cookie {
    /// The name. `__Host-` keeps other hosts of the domain from setting it, and needs https.
    pub const fn name(self, https: bool) -> &'static str {
        match (self, https) {
            (Self::Session, true) => "__Host-fluxer_session",
            (Self::Session, false) => "fluxer_session",
            (Self::Browser, true) => "__Host-fluxer_browser",
            (Self::Browser, false) => "fluxer_browser",
        }
    }

    /// `Set-Cookie`. Lax, so that a user who comes from an application is still logged in; no
    /// form of ours relies on it.
    pub fn set(self, https: bool, value: &str, lifetime: Duration) -> String {
        let secure = if https { "; Secure" } else { "" };
        format!(
            "{}={value}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{secure}",
            self.name(https),
            lifetime.as_secs()
        )
    }
}

/// A browser that is logged in.
#[derive(Debug)]
pub struct LoggedIn {
    /// The session.
    pub session: Session,
    /// Its cookie: what its forms are bound to.
    pub cookie: Secret<SessionId>,
}

impl<E: Edge> Context<'_, E> {
    /// The session of the request's cookie, and what its user granted the application that the
    /// request is about.
    pub async fn logged_in(&self, about: Option<ApplicationId>) -> Result<Option<LoggedIn>, Fault> {
        let Some(cookie) = self.cookie(Cookie::Session) else {
            return Ok(None);
        };
        let cookie = Secret::new(cookie);
        let session = self.edge.session(&cookie.hash(), about, self.now).await?;
        Ok(session.map(|session| LoggedIn { session, cookie }))
    }

    /// A cookie of ours, where the request has it.
    pub fn cookie(&self, cookie: Cookie) -> Option<&str> {
        let name = cookie.name(self.config.issuer.is_https());
        self.request.cookie(name).filter(|value| !value.is_empty())
    }

    /// `Set-Cookie` for one of ours.
    pub fn set_cookie(&self, cookie: Cookie, value: &str, lifetime: Duration) -> String {
        cookie.set(self.config.issuer.is_https(), value, lifetime)
    }

    /// The hidden field of a form that is about to be shown.
    pub fn ticket(&self, form: &Form<'_>) -> Result<String, Fault> {
        let seed = CodeSeed(self.edge.random()?);
        Ok(form.ticket(&self.config.keyring, seed, self.now)?)
    }

    /// Checks that a form that came back was shown by us, to this browser.
    pub fn check_ticket(&self, form: &Form<'_>, params: &Params) -> Option<CodeSeed> {
        let ticket = params.required("csrf_token").ok()?;
        match form.check(&self.config.keyring, ticket, self.now) {
            Ticket::Valid(seed) => Some(seed),
            Ticket::Invalid => None,
        }
    }

    /// Reads a posted form, whoever posted it; what cannot be read is refused as a page.
    pub fn posted_form(&self, back_to: &str) -> Result<Params, Notice> {
        if !came_from_us(self.request, self.config.issuer.as_str()) {
            return Err(Notice::form_refused(back_to.to_owned()));
        }
        self.form().map_err(Notice::bad_request)
    }
}

/// What the browser itself says of where a form came from. Our pages send no referrer, so that
/// their own forms have `Origin: null`; `Sec-Fetch-Site` tells those from a stranger's. A client
/// that sends neither is no browser, and is left to the ticket.
fn came_from_us(request: &Request, issuer: &str) -> bool {
    let site = request.header("sec-fetch-site");
    let origin = request.header("origin");
    match (site, origin) {
        (Some("same-origin" | "none"), None | Some("null")) | (None, None) => true,
        (Some("same-origin" | "none") | None, Some(origin)) => origin == issuer,
        (Some(_), _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Body, Headers, Method};

    fn check(headers: &[(&str, &str)], expected: bool) {
        let request = Request {
            method: Method::Post,
            secure: true,
            path: "/login".into(),
            query: String::new(),
            headers: headers
                .iter()
                .fold(Headers::default(), |all, (name, value)| {
                    all.with(name, value)
                }),
            body: Body::Read(Vec::new()),
        };
        assert_eq!(
            came_from_us(&request, "https://id.example"),
            expected,
            "{headers:?}"
        );
    }

    #[test]
    fn a_stranger_s_form_is_told_from_ours() {
        check(&[], true);
        check(
            &[("sec-fetch-site", "same-origin"), ("origin", "null")],
            true,
        );
        check(
            &[
                ("sec-fetch-site", "same-origin"),
                ("origin", "https://id.example"),
            ],
            true,
        );
        check(&[("origin", "https://id.example")], true);
        for origin in [
            "https://evil.example",
            "null",
            "https://id.example.evil.example",
            "http://id.example",
        ] {
            check(&[("origin", origin)], false);
            check(
                &[("sec-fetch-site", "cross-site"), ("origin", origin)],
                false,
            );
        }
        check(
            &[
                ("sec-fetch-site", "same-origin"),
                ("origin", "https://evil.example"),
            ],
            false,
        );
        for site in ["cross-site", "same-site"] {
            check(&[("sec-fetch-site", site)], false);
        }
    }

    #[test]
    fn a_session_cookie_is_bound_to_its_host_where_there_is_https() {
        let lifetime = Duration::from_secs(60);
        assert_eq!(
            Cookie::Session.set(true, "x", lifetime),
            "__Host-fluxer_session=x; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(
            Cookie::Session.set(false, "x", lifetime),
            "fluxer_session=x; Path=/; Max-Age=60; HttpOnly; SameSite=Lax"
        );
    }
}
