//! Redirect URIs: registered ones, and those that a request may be answered at.
//!
//! Invariant: a [`RedirectUri`] is made only by [`RegisteredUri::admit`], and only a
//! [`RedirectUri`] becomes a `Location`. URIs are compared as the strings that were sent, never
//! as parsed URLs: two parsers that disagree are how codes leak (RFC 9700 §4.1.3).

use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use crate::oauth::params;

/// Longest redirect URI that can be registered, in characters.
pub const MAX_LENGTH: usize = 512;
/// Most redirect URIs that one application can register.
pub const MAX_COUNT: usize = 10;

/// Which kind of application registers or asks: some URIs are for public ones only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registrant {
    /// Runs on its user's device (RFC 8252).
    Public,
    /// Runs on a server.
    Confidential,
}

/// A redirect URI as its owner registered it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RegisteredUri(String);

impl RegisteredUri {
    /// Takes a URI for registration; the error says, in words for its owner, what to change.
    pub fn parse(text: &str, by: Registrant) -> Result<Self, &'static str> {
        if text.len() > MAX_LENGTH {
            return Err("must be at most 512 characters");
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("must be ASCII without spaces (internationalized hosts in punycode)");
        }
        if text.contains('#') {
            return Err("must not have a fragment");
        }
        if text.contains('*') {
            return Err("must not have a wildcard");
        }
        // Browsers read a backslash as a slash, RFC 3986 does not.
        if text.contains('\\') {
            return Err("must not have a backslash");
        }
        let query = text.split_once('?').map_or("", |(_, query)| query);
        if query.split('&').any(is_response_parameter) {
            return Err("must not have a query parameter that the answer uses");
        }
        match text.split_once("://") {
            Some(("https", rest)) if authority(rest).is_some() => Ok(Self(text.to_owned())),
            Some(("http", rest)) if authority(rest).is_some_and(|at| is_loopback(at.host)) => {
                Ok(Self(text.to_owned()))
            }
            Some(("http", _)) => Err("must use https, or http for a loopback address only"),
            Some(("https", _)) => Err("must have a plain host, without user info"),
            _ => match by {
                Registrant::Public if is_private_use(text) => Ok(Self(text.to_owned())),
                Registrant::Public => Err(
                    "must use https, http for a loopback address, or a private-use scheme with a dot",
                ),
                Registrant::Confidential => {
                    Err("must use https, or http for a loopback address only")
                }
            },
        }
    }

    /// The URI as registered.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The URI to answer at, where a request's `redirect_uri` is this one: the same string, or,
    /// for a public application and a loopback URI registered without a port, the same string
    /// with any port (RFC 8252 §7.3).
    pub fn admit(&self, requested: &str, by: Registrant) -> Option<RedirectUri> {
        let matches = self.0 == requested
            || (by == Registrant::Public && self.matches_but_for_the_port(requested));
        matches.then(|| RedirectUri(requested.to_owned()))
    }

    fn matches_but_for_the_port(&self, requested: &str) -> bool {
        let Some(registered) = self.0.strip_prefix("http://").and_then(authority) else {
            return false;
        };
        if registered.port.is_some() || !is_loopback(registered.host) {
            return false;
        }
        let Some(requested) = requested.strip_prefix("http://").and_then(authority) else {
            return false;
        };
        let port_is_canonical = requested.port.is_some_and(|port| {
            port.parse::<u16>()
                .is_ok_and(|number| number > 0 && number.to_string() == port)
        });
        port_is_canonical && requested.host == registered.host && requested.rest == registered.rest
    }
}

/// Parameters of the authorization response: a registered query with one of these would make it
/// ambiguous.
const RESPONSE_PARAMETERS: [&str; 5] = ["code", "state", "iss", "error", "error_description"];

/// `host[:port]` and what follows it.
pub struct Authority<'a> {
    /// As written; an IPv6 literal with its brackets.
    pub host: &'a str,
    /// As written.
    pub port: Option<&'a str>,
    /// The path and the query.
    pub rest: &'a str,
}

/// Splits what follows `scheme://` as text. `None`: no host, user info, or a character that hosts
/// do not have.
pub fn authority(after_scheme: &str) -> Option<Authority<'_>> {
    let end = after_scheme.find(['/', '?']).unwrap_or(after_scheme.len());
    let (authority, rest) = after_scheme.split_at_checked(end)?;
    // The colon of a port is the one behind an IPv6 literal's bracket.
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let host_is_plain =
        !host.is_empty() && (host.bytes().all(is_host_byte) || is_ipv6_literal(host));
    let port_is_number = port.is_none_or(|port| {
        port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok()
    });
    (host_is_plain && port_is_number).then_some(Authority { host, port, rest })
}

fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b".-_".contains(&byte)
}

fn is_ipv6_literal(host: &str) -> bool {
    host.strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .is_some_and(|address| address.parse::<core::net::Ipv6Addr>().is_ok())
}

fn is_loopback(host: &str) -> bool {
    matches!(host, "127.0.0.1" | "[::1]" | "localhost") || host.ends_with(".localhost")
}

/// RFC 8252 §7.1: a reversed domain name as scheme, then a path. The dot keeps out `javascript:`
/// and every other scheme that a browser runs or that one application cannot own.
fn is_private_use(text: &str) -> bool {
    text.split_once(":/").is_some_and(|(scheme, _)| {
        scheme.contains('.')
            && scheme.starts_with(|first: char| first.is_ascii_lowercase())
            && scheme
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'+' | b'-' | b'.'))
    })
}

fn is_response_parameter(pair: &str) -> bool {
    let name = params::decode(pair.split('=').next().unwrap_or_default());
    name.is_some_and(|name| RESPONSE_PARAMETERS.contains(&name.as_str()))
}

/// A redirect URI that a request may be answered at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectUri(String);

impl RedirectUri {
    /// As the request spelled it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The `Location` that carries an authorization response (RFC 6749 §4.1.2): the query that
    /// was registered stays, `parameters` follow.
    pub fn location(&self, parameters: &[(&str, &str)]) -> Location {
        let separator = match self.0.split_once('?') {
            None => "?",
            Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
            Some(_) => "&",
        };
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(parameters);
        Location(format!("{}{separator}{}", self.0, query.finish()))
    }

    /// The `Content-Security-Policy` sources that let a form on our page end here: where the answer
    /// goes, and its scheme. Chrome applies `form-action` to every redirect after a form post, the
    /// client's own included: without the scheme, an application whose callback goes on to another
    /// of its hosts would be cut off there.
    pub fn csp_sources(&self) -> String {
        let scheme = self.0.split(':').next().unwrap_or_default();
        match self
            .0
            .split_once("://")
            .and_then(|(_, rest)| authority(rest))
        {
            // A CSP host-source has no grammar for IPv6 literals.
            Some(Authority { host, .. }) if host.starts_with('[') => format!("{scheme}:"),
            Some(Authority { host, port, .. }) => {
                let port = port.map(|port| format!(":{port}")).unwrap_or_default();
                format!("{scheme}://{host}{port} {scheme}:")
            }
            None => format!("{scheme}:"),
        }
    }

    /// Who is at the other end, for a person to read: the host in full, or the private-use scheme.
    pub fn destination(&self) -> &str {
        let after_scheme = self.0.split_once("://").map(|(_, rest)| rest);
        match after_scheme.and_then(|rest| rest.split(['/', '?']).next()) {
            Some(host) if !host.is_empty() => host,
            _ => self.0.split(':').next().unwrap_or_default(),
        }
    }
}

/// A `Location` header that leaves this server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location(String);

impl Location {
    /// The header's value.
    pub fn into_header(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Registrant::{Confidential, Public};

    #[test]
    fn what_can_be_registered() {
        for uri in [
            "https://app.example/cb",
            "https://app.example",
            "https://app.example:8443/cb?foo=bar",
            "https://localhost:3000/callback",
            "http://localhost:3000/callback",
            "http://127.0.0.1/cb",
            "http://[::1]/cb",
            "http://dev.localhost/cb",
        ] {
            assert!(RegisteredUri::parse(uri, Confidential).is_ok(), "{uri}");
            assert!(RegisteredUri::parse(uri, Public).is_ok(), "{uri}");
        }
        assert!(RegisteredUri::parse("com.example.app:/cb", Public).is_ok());
        assert!(RegisteredUri::parse("com.example.app:/cb", Confidential).is_err());
    }

    #[test]
    fn what_cannot_be_registered() {
        for uri in [
            "",
            "/cb",
            "cb",
            "//app.example/cb",
            "?x",
            "#",
            "*",
            "null",
            "http://app.example/cb",
            "http://127.1/cb",
            "http://localhost.evil.example/",
            "http://testlocalhost/",
            "https://",
            "https:///cb",
            "https:/app.example/cb",
            "https:app.example/cb",
            "https:\\\\app.example\\cb",
            "https://app.example/cb#f",
            "https://u@app.example/cb",
            "https://u:p@app.example/cb",
            "https://*.app.example/cb",
            "https://app.example\\@evil.example/cb",
            "https://app.example/ cb",
            "https://äpp.example/cb",
            "https://app.example:x/cb",
            "https://app.example:/cb",
            "https://app.example/cb?code=1",
            "https://app.example/cb?state=1",
            "https://app.example/cb?iss=1",
            "https://app.example/cb?error=1",
            "javascript:alert(1)//",
            " javascript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "blob:https://app.example/x",
            "about:blank",
            "intent:x",
            "ftp://app.example/",
            "ws://app.example/",
            "myapp:/cb",
            "com.example.app",
        ] {
            assert!(RegisteredUri::parse(uri, Public).is_err(), "{uri}");
            assert!(RegisteredUri::parse(uri, Confidential).is_err(), "{uri}");
        }
        let long = format!("https://app.example/{}", "a".repeat(MAX_LENGTH));
        assert!(RegisteredUri::parse(&long, Confidential).is_err());
    }

    fn admits(registered: &str, requested: &str, by: Registrant) -> bool {
        RegisteredUri::parse(registered, by)
            .expect("registrable")
            .admit(requested, by)
            .is_some()
    }

    #[test]
    fn only_the_registered_string_is_admitted() {
        let registered = "https://app.example/cb";
        assert!(admits(registered, registered, Confidential));
        for other in [
            "https://app.example/CB",
            "HTTPS://app.example/cb",
            "https://APP.example/cb",
            "https://app.example/cb123",
            "https://app.example/cb/",
            "https://app.example/c",
            "https://app.example/cb?",
            "https://app.example/cb?x=1",
            "https://app.example/cb#",
            "https://app.example@evil.example/cb",
            "https://u@app.example/cb",
            "https://app.example:443/cb",
            "https://app.example:/cb",
            "https://app.example./cb",
            "https://x.app.example/cb",
            "https://app.example.evil.example/cb",
            "https://app.example/%63b",
            "https://app.example/x/../cb",
            "http://app.example/cb",
            " https://app.example/cb",
            "https://app.example/cb ",
            "https://\u{430}pp.example/cb",
            "",
        ] {
            assert!(!admits(registered, other, Confidential), "{other}");
            assert!(!admits(registered, other, Public), "{other}");
        }
    }

    #[test]
    fn a_public_application_may_listen_on_any_loopback_port() {
        for (registered, requested) in [
            ("http://127.0.0.1/cb", "http://127.0.0.1:51234/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:1/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:65535/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1/cb"),
            ("http://[::1]/cb", "http://[::1]:1024/cb"),
            ("http://localhost/cb", "http://localhost:5000/cb"),
            ("http://localhost?a=b", "http://localhost:5000?a=b"),
        ] {
            assert!(admits(registered, requested, Public), "{requested}");
        }
        for requested in [
            "http://127.0.0.1:0/cb",
            "http://127.0.0.1:65536/cb",
            "http://127.0.0.1:-1/cb",
            "http://127.0.0.1:00080/cb",
            "http://127.0.0.1:80:90/cb",
            "http://127.0.0.1:+80/cb",
            "http://127.0.0.1:８０/cb",
            "http://127.0.0.1:/cb",
            "http://localhost:80/cb",
            "http://[::1]:80/cb",
            "https://127.0.0.1:80/cb",
            "http://127.0.0.1:80/cb/",
            "http://u@127.0.0.1:80/cb",
            "http://127.0.0.1:80@evil.example/cb",
            "http://127.0.0.1:80.evil.example/cb",
            "http://127.0.0.1.evil.example:80/cb",
        ] {
            assert!(
                !admits("http://127.0.0.1/cb", requested, Public),
                "{requested}"
            );
        }
    }

    #[test]
    fn a_port_that_was_registered_and_a_confidential_application_are_exact() {
        assert!(!admits(
            "http://127.0.0.1:80/cb",
            "http://127.0.0.1:81/cb",
            Public
        ));
        assert!(!admits(
            "http://127.0.0.1/cb",
            "http://127.0.0.1:81/cb",
            Confidential
        ));
        assert!(!admits(
            "https://localhost/cb",
            "https://localhost:81/cb",
            Public
        ));
    }

    #[test]
    fn a_private_use_uri_is_exact() {
        for other in [
            "com.example.app://cb",
            "COM.example.app:/cb",
            "com.example.app:/cb/",
        ] {
            assert!(!admits("com.example.app:/cb", other, Public), "{other}");
        }
    }

    fn check_location(uri: &str, expected: &str) {
        let location =
            RedirectUri(uri.to_owned()).location(&[("code", "a b"), ("state", "&=\u{e9}")]);
        assert_eq!(location.into_header(), expected);
    }

    #[test]
    fn the_registered_query_stays_in_front_of_the_answer() {
        check_location(
            "https://a.example/cb",
            "https://a.example/cb?code=a+b&state=%26%3D%C3%A9",
        );
        check_location(
            "https://a.example/cb?fixed=1",
            "https://a.example/cb?fixed=1&code=a+b&state=%26%3D%C3%A9",
        );
        check_location(
            "https://a.example/cb?",
            "https://a.example/cb?code=a+b&state=%26%3D%C3%A9",
        );
        check_location(
            "com.example.app:/cb",
            "com.example.app:/cb?code=a+b&state=%26%3D%C3%A9",
        );
    }

    #[test]
    fn a_page_can_name_where_its_form_ends() {
        for (uri, source, destination) in [
            (
                "https://a.example:8443/cb?x",
                "https://a.example:8443 https:",
                "a.example:8443",
            ),
            (
                "http://127.0.0.1:5000/cb",
                "http://127.0.0.1:5000 http:",
                "127.0.0.1:5000",
            ),
            ("http://[::1]:5000/cb", "http:", "[::1]:5000"),
            ("com.example.app:/cb", "com.example.app:", "com.example.app"),
        ] {
            let uri = RedirectUri(uri.to_owned());
            assert_eq!(uri.csp_sources(), source);
            assert_eq!(uri.destination(), destination);
        }
    }
}
