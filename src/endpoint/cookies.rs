//! The cookies of ours.

use core::time::Duration;

use super::context::Context;

/// A cookie of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cookie {
    /// Names a session; 256 random bits.
    Session,
    /// Names a browser that is not logged in, so that nobody can log it in as themselves (login
    /// CSRF).
    Browser,
    /// Names the accounts that somebody logged in to with this browser; survives a logout.
    Known,
}

impl Cookie {
    /// The name. `__Host-` keeps other hosts of the domain from setting it, and needs https.
    pub const fn name(self, https: bool) -> &'static str {
        match (self, https) {
            (Self::Session, true) => "__Host-fluxer_session",
            (Self::Session, false) => "fluxer_session",
            (Self::Browser, true) => "__Host-fluxer_browser",
            (Self::Browser, false) => "fluxer_browser",
            (Self::Known, true) => "__Host-fluxer_known",
            (Self::Known, false) => "fluxer_known",
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

impl<E> Context<'_, E> {
    /// A cookie of ours, where the request has it.
    pub fn cookie(&self, cookie: Cookie) -> Option<&str> {
        let name = cookie.name(self.config.issuer.is_https());
        self.request.cookie(name).filter(|value| !value.is_empty())
    }

    /// `Set-Cookie` for one of ours.
    pub fn set_cookie(&self, cookie: Cookie, value: &str, lifetime: Duration) -> String {
        cookie.set(self.config.issuer.is_https(), value, lifetime)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
