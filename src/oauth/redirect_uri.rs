//! Redirect URIs: registered ones, and those that a request may be answered at.
//!
//! Invariant: a [`RedirectUri`] is made only by [`RegisteredUri::admit`], and only a
//! [`RedirectUri`] becomes a `Location`. URIs are compared as the strings that were sent, never
//! as parsed URLs: two parsers that disagree are how codes leak (RFC 9700 §4.1.3).

mod private_schemes;

use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use crate::oauth::authority::authority;
use crate::oauth::params;

pub use private_schemes::PrivateSchemes;

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
    pub fn parse(
        text: &str,
        by: Registrant,
        schemes: &PrivateSchemes,
    ) -> Result<Self, &'static str> {
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
                Registrant::Public if schemes.allow(text) => Ok(Self(text.to_owned())),
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

    /// The URI to answer at, where a request's `redirect_uri` is this one: the same string or, for
    /// a loopback URI, the same string but for the port (RFC 8252 §7.3). The port differs also
    /// where one was registered: VS Code registers a port and listens at another.
    pub fn admit(&self, requested: &str) -> Option<RedirectUri> {
        let port = if self.0 == requested {
            Port::AsRegistered
        } else if self.matches_but_for_the_port(requested) {
            Port::Another
        } else {
            return None;
        };
        Some(RedirectUri {
            uri: requested.to_owned(),
            port,
        })
    }

    fn matches_but_for_the_port(&self, requested: &str) -> bool {
        let Some(registered) = self.0.strip_prefix("http://").and_then(authority) else {
            return false;
        };
        let Some(requested) = requested.strip_prefix("http://").and_then(authority) else {
            return false;
        };
        let port_is_canonical = requested.port.is_none_or(|port| {
            port.parse::<u16>()
                .is_ok_and(|number| number > 0 && number.to_string() == port)
        });
        is_loopback(registered.host)
            && port_is_canonical
            && requested.host == registered.host
            && requested.rest == registered.rest
    }

    /// Whether it leads to a program on the user's own machine.
    pub fn is_on_this_machine(&self) -> bool {
        is_on_this_machine(&self.0)
    }

    /// The party at the other end, for a person to read.
    pub fn destination(&self) -> &str {
        destination(&self.0)
    }
}

/// Whether a redirect URI leads to a program on the user's own machine: a loopback address, or a
/// scheme that a program there has claimed.
fn is_on_this_machine(uri: &str) -> bool {
    match uri.split_once("://") {
        Some(("http" | "https", rest)) => authority(rest).is_some_and(|at| is_loopback(at.host)),
        _ => true,
    }
}

/// Parameters of the authorization response: a registered query with one of these would make it
/// ambiguous.
const RESPONSE_PARAMETERS: [&str; 5] = ["code", "state", "iss", "error", "error_description"];

fn is_loopback(host: &str) -> bool {
    matches!(host, "127.0.0.1" | "[::1]" | "localhost") || host.ends_with(".localhost")
}

fn is_response_parameter(pair: &str) -> bool {
    let name = params::decode(pair.split('=').next().unwrap_or_default());
    name.is_some_and(|name| RESPONSE_PARAMETERS.contains(&name.as_str()))
}

/// A redirect URI that a request may be answered at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectUri {
    uri: String,
    port: Port,
}

/// Whether a redirect URI has the port that was registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Port {
    /// The URI is the registered string, byte for byte.
    AsRegistered,
    /// The URI names another port of the user's own machine than the registered one. Any program may
    /// listen there.
    Another,
}

impl RedirectUri {
    /// As the request spelled it.
    pub fn as_str(&self) -> &str {
        &self.uri
    }

    /// Whether it has the port that was registered.
    pub const fn port(&self) -> Port {
        self.port
    }

    /// Whether it leads to a program on the user's own machine.
    pub fn is_on_this_machine(&self) -> bool {
        is_on_this_machine(&self.uri)
    }

    /// The `Location` that carries an authorization response (RFC 6749 §4.1.2): the query that
    /// was registered stays, `parameters` follow.
    pub fn location(&self, parameters: &[(&str, &str)]) -> RedirectTo {
        if parameters.is_empty() {
            return RedirectTo(self.uri.clone());
        }
        let separator = match self.uri.split_once('?') {
            None => "?",
            Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
            Some(_) => "&",
        };
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(parameters);
        RedirectTo(format!("{}{separator}{}", self.uri, query.finish()))
    }

    /// The party at the other end, for a person to read.
    pub fn destination(&self) -> &str {
        destination(&self.uri)
    }
}

/// Who is at the other end of a redirect URI: the host in full or, of a private-use scheme, the
/// scheme. What stands behind that may be a host's name, and no host has a say in it.
fn destination(uri: &str) -> &str {
    match uri.split_once("://") {
        Some(("http" | "https", rest)) => rest.split(['/', '?']).next().unwrap_or_default(),
        _ => uri.split(':').next().unwrap_or_default(),
    }
}

/// The answer to a client, on its way to the client's own redirect URI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectTo(String);

impl RedirectTo {
    /// The address, for a link that the user follows themselves.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The header's value.
    pub fn into_header(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Registrant::{Confidential, Public};

    fn register(uri: &str, by: Registrant) -> Result<RegisteredUri, &'static str> {
        RegisteredUri::parse(uri, by, &PrivateSchemes::default())
    }

    fn redirect_uri(uri: &str) -> RedirectUri {
        let registered = RegisteredUri(uri.to_owned());
        registered.admit(uri).expect("the same string")
    }

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
            "https://192.0.2.1/cb",
            "https://1.2.3.4a/cb",
        ] {
            assert!(register(uri, Confidential).is_ok(), "{uri}");
            assert!(register(uri, Public).is_ok(), "{uri}");
        }
        assert!(register("com.example.app:/cb", Public).is_ok());
        assert!(register("com.example.app:/cb", Confidential).is_err());
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
            "https://0x7f.1/cb",
            "https://2130706433/cb",
            "https://127.0.0.1./cb",
            "https://.6/cb",
            "https://1.2.3.256/cb",
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
            assert!(register(uri, Public).is_err(), "{uri}");
            assert!(register(uri, Confidential).is_err(), "{uri}");
        }
        let long = format!("https://app.example/{}", "a".repeat(MAX_LENGTH));
        assert!(register(&long, Confidential).is_err());
    }

    fn admits(registered: &str, requested: &str, by: Registrant) -> bool {
        let registered = register(registered, by).expect("registrable");
        registered.admit(requested).is_some()
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
    fn a_port_of_the_user_s_machine_may_differ_where_one_was_registered_too() {
        let registered = register("http://127.0.0.1:33418/", Confidential).expect("registrable");
        let port = |requested| registered.admit(requested).map(|it| it.port());
        assert_eq!(port("http://127.0.0.1:33418/"), Some(Port::AsRegistered));
        assert_eq!(port("http://127.0.0.1:50000/"), Some(Port::Another));
        assert_eq!(port("http://127.0.0.1/"), Some(Port::Another));
        assert_eq!(port("http://localhost:33418/"), None);
        assert_eq!(port("http://127.0.0.1:33418/x"), None);
        for (registered, requested) in [
            ("https://localhost/cb", "https://localhost:81/cb"),
            ("https://app.example/cb", "https://app.example:81/cb"),
        ] {
            assert!(!admits(registered, requested, Public), "{requested}");
        }
    }

    #[test]
    fn a_scheme_without_a_dot_is_the_operator_s_to_name() {
        let cursor = "cursor://anysphere.cursor-mcp/oauth/callback";
        assert!(register(cursor, Public).is_ok());
        assert!(register(cursor, Confidential).is_err());
        let none = PrivateSchemes::parse("").expect("no names");
        assert!(RegisteredUri::parse(cursor, Public, &none).is_err());
        let zed = PrivateSchemes::parse("zed  x-y").expect("names");
        assert!(RegisteredUri::parse("zed://agent/cb", Public, &zed).is_ok());
        assert!(RegisteredUri::parse("zed:x", Public, &zed).is_err());
        for names in ["javascript", "zed https", "Zed", "a/b", "1a", "data"] {
            assert_eq!(PrivateSchemes::parse(names), None, "{names}");
        }
    }

    #[test]
    fn the_user_s_own_machine_is_told_from_a_host() {
        for (uri, is_here) in [
            ("https://app.example/cb", false),
            ("http://127.0.0.1/cb", true),
            ("https://localhost:3000/cb", true),
            ("cursor://anysphere.cursor-mcp/cb", true),
            ("com.example.app:/cb", true),
        ] {
            assert_eq!(redirect_uri(uri).is_on_this_machine(), is_here, "{uri}");
        }
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
        let location = redirect_uri(uri).location(&[("code", "a b"), ("state", "&=\u{e9}")]);
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
    fn a_page_can_name_who_is_at_the_other_end() {
        for (uri, destination) in [
            ("https://a.example:8443/cb?x", "a.example:8443"),
            ("http://[::1]:5000/cb", "[::1]:5000"),
            ("com.example.app:/cb", "com.example.app"),
            ("cursor://bank.example/cb", "cursor"),
        ] {
            assert_eq!(redirect_uri(uri).destination(), destination);
        }
    }
}
