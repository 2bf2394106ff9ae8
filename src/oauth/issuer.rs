//! The issuer's identifier (RFC 8414 §2).

use super::redirect_uri::authority;

/// The public origin, as in `iss` (RFC 8414 §2, RFC 9207 §2): compared and sent as this string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer(String);

impl Issuer {
    /// Takes `https://host[:port]`, or `http://` of the same for development, spelled as browsers
    /// spell an `Origin`.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let default_port = match scheme {
            "https" => "443",
            "http" => "80",
            _ => return None,
        };
        let authority = authority(rest)?;
        let is_origin = authority.rest.is_empty()
            && authority.port != Some(default_port)
            && !text.bytes().any(|byte| byte.is_ascii_uppercase());
        is_origin.then(|| Self(text.to_owned()))
    }

    /// The origin, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is an origin on the loopback interface, for development.
    pub fn is_loopback(&self) -> bool {
        let host = self
            .0
            .split_once("://")
            .and_then(|(_, rest)| authority(rest));
        host.is_some_and(|it| matches!(it.host, "127.0.0.1" | "[::1]" | "localhost"))
    }

    /// Whether this is a public origin, where plain http is not answered.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }
}
