//! Where a redirect leads.
//!
//! Invariant: a `Location` header is a [`Location`], and that is a place on this server, the answer at a
//! redirect URI that a client registered, or the login page of the platform whose users these are. No
//! string becomes one.

use url::form_urlencoded;

use crate::lengths::MAX_LOCATION_BYTES;
use crate::oauth::issuer::Issuer;
use crate::oauth::redirect_uri::RedirectTo;
use crate::platform::LoginTo;

/// What a `Location` header may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A place on this server, at the origin that the request came to.
    Here(Target),
    /// The same, at the public origin: from http to https.
    Issuer(Issuer, Target),
    /// The answer to a client.
    Client(RedirectTo),
    /// The platform's login page, with a challenge.
    Login(LoginTo),
}

impl Location {
    /// The header's value.
    pub fn into_header(self) -> String {
        match self {
            Self::Here(target) => target.0,
            Self::Issuer(issuer, target) => [issuer.as_str(), &target.0].concat(),
            Self::Client(redirect) => redirect.into_header(),
            Self::Login(to) => to.into_header(),
        }
    }
}

impl From<Target> for Location {
    fn from(target: Target) -> Self {
        Self::Here(target)
    }
}

impl From<RedirectTo> for Location {
    fn from(redirect: RedirectTo) -> Self {
        Self::Client(redirect)
    }
}

/// A path of this server, with a query where it has one: what a browser follows without leaving.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target(String);

impl Target {
    /// Takes a path, and refuses a host in disguise: `//host`, `/\host`, and what a browser would
    /// strip on the way to one.
    pub fn parse(text: &str) -> Option<Self> {
        let path = text.split('?').next().unwrap_or_default();
        let stays_here = path.starts_with('/')
            && !path.starts_with("//")
            && !path.contains('\\')
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        stays_here.then(|| Self(text.to_owned()))
    }

    /// A path of ours with those parameters that are set.
    pub fn of(path: &str, parameters: &[(&str, &str)]) -> Self {
        let root = || Self("/".to_owned());
        let Self(mut target) = Self::parse(path).unwrap_or_else(root);
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(parameters.iter().filter(|(_, value)| !value.is_empty()));
        let query = query.finish();
        if !query.is_empty() {
            target.push('?');
            target.push_str(&query);
        }
        Self(target)
    }

    /// The same, at a part of the page.
    #[must_use]
    pub fn at(mut self, part: &'static str) -> Self {
        self.0.push('#');
        self.0.push_str(part);
        self
    }

    /// Whether it is short enough for those who are to follow it.
    pub const fn is_followed(&self) -> bool {
        self.0.len() <= MAX_LOCATION_BYTES
    }

    /// The path and the query.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_stays_on_this_server() {
        for here in ["/", "/login", "/oauth2/authorize?a=b%20c&d", "/x//y"] {
            assert_eq!(Target::parse(here).as_ref().map(Target::as_str), Some(here));
        }
        for elsewhere in [
            "",
            "login",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "https://evil.example/",
            "javascript:alert(1)",
            "/a b",
            "/a\r\nb: c",
            "/\u{e9}",
        ] {
            assert_eq!(Target::parse(elsewhere), None, "{elsewhere:?}");
            assert_eq!(Target::of(elsewhere, &[]).as_str(), "/", "{elsewhere:?}");
        }
    }

    #[test]
    fn only_parameters_that_are_set_are_in_the_query() {
        let target = Target::of("/x", &[("a", "b&c"), ("d", "")]);
        assert_eq!(target.as_str(), "/x?a=b%26c");
        assert_eq!(Target::of("/x", &[("d", "")]).as_str(), "/x");
    }
}
