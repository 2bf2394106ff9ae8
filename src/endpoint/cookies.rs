//! The cookies of this server.

use core::time::Duration;

use super::context::Context;

/// A cookie of this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cookie {
    /// Names a session by 256 random bits.
    Session,
    /// Names a browser that is not logged in, so that nobody can log it in to an account of theirs (login CSRF).
    Browser,
    /// Names the accounts that users of this browser have logged in to. It survives a logout.
    Known,
}

impl Cookie {
    /// The cookie's name. The prefix `__Host-` keeps other hosts of the domain from setting it, and needs https.
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

    /// The value of `Set-Cookie`. The cookie is `Lax`, so that a user who comes from an application is logged in. No
    /// form of ours relies on that.
    pub fn set(self, https: bool, value: &str, lifetime: Duration) -> String {
        set_by_name(self.name(https), https, value, Some(lifetime))
    }
}

/// The beginning of the names of the cookies of logins at the platform. The key of a login follows it.
const fn login_prefix(https: bool) -> &'static str {
    if https {
        "__Host-fluxer_login_"
    } else {
        "fluxer_login_"
    }
}

/// How long the cookie of a login at the platform is kept: as long as its challenge and the way back.
const LOGIN_LIFETIME: Duration = Duration::from_secs(660);
/// Most cookies of logins at the platform in one browser: servers refuse requests whose headers are too long.
const MAX_LOGINS: usize = 12;

fn set_by_name(name: &str, https: bool, value: &str, lifetime: Option<Duration>) -> String {
    let secure = if https { "; Secure" } else { "" };
    let max_age = lifetime.map(|it| format!("; Max-Age={}", it.as_secs()));
    let max_age = max_age.unwrap_or_default();
    format!("{name}={value}; Path=/{max_age}; HttpOnly; SameSite=Lax{secure}")
}

impl<E> Context<'_, E> {
    /// The value of the cookie of one login at the platform.
    pub fn login_cookie(&self, key: &str) -> Option<&str> {
        let name = [login_prefix(self.config.issuer.is_https()), key].concat();
        self.request.cookie(&name).filter(|value| !value.is_empty())
    }

    /// The values of `Set-Cookie` for one more login at the platform. Where there are too many such cookies, those
    /// that the browser sends first are deleted: they are the oldest (RFC 6265 §5.4).
    pub fn set_login_cookie(&self, key: &str, value: &str) -> Vec<String> {
        let https = self.config.issuer.is_https();
        let prefix = login_prefix(https);
        let named: Vec<_> = self.request.cookies().map(|(name, _)| name).collect();
        let logins: Vec<_> = named
            .into_iter()
            .filter(|name| name.starts_with(prefix))
            .collect();
        let surplus = (logins.len() + 1).saturating_sub(MAX_LOGINS);
        let forget = |name: &&str| set_by_name(name, https, "", Some(Duration::ZERO));
        let mut cookies: Vec<_> = logins.iter().take(surplus).map(forget).collect();
        let name = [prefix, key].concat();
        cookies.push(set_by_name(&name, https, value, Some(LOGIN_LIFETIME)));
        cookies
    }

    /// The value of `Set-Cookie` that deletes the cookie of a login at the platform.
    pub fn forget_login_cookie(&self, key: &str) -> String {
        let https = self.config.issuer.is_https();
        let name = [login_prefix(https), key].concat();
        set_by_name(&name, https, "", Some(Duration::ZERO))
    }

    /// The value of `Set-Cookie` for a session. Without a lifetime the browser keeps it as long as it runs.
    pub fn set_session_cookie(&self, value: &str, lifetime: Option<Duration>) -> String {
        let https = self.config.issuer.is_https();
        set_by_name(Cookie::Session.name(https), https, value, lifetime)
    }

    /// The value of a cookie, where the request has it.
    pub fn cookie(&self, cookie: Cookie) -> Option<&str> {
        let name = cookie.name(self.config.issuer.is_https());
        self.request.cookie(name).filter(|value| !value.is_empty())
    }

    /// The value of `Set-Cookie` for a cookie.
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
