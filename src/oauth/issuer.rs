//! The issuer's identifier (RFC 8414 §2).

use super::authority::authority;

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
        host_and_port(&self.0).is_some_and(|(host, _)| is_loopback(host))
    }

    /// Whether a URL leads to this origin's host, at whatever port; on the loopback interface, where
    /// servers stand side by side, at its own.
    pub fn has_host_of(&self, url: &str) -> bool {
        let (Some((own, own_port)), Some((host, port))) =
            (host_and_port(&self.0), host_and_port(url))
        else {
            return false;
        };
        if is_loopback(own) && is_loopback(host) {
            return own_port == port;
        }
        host.strip_suffix('.')
            .unwrap_or(host)
            .eq_ignore_ascii_case(own)
    }

    /// Whether this is a public origin, where plain http is not answered.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }
}

fn host_and_port(url: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = authority(rest)?;
    let default_port = if scheme == "http" { "80" } else { "443" };
    let port = authority.port.filter(|port| !port.is_empty());
    Some((authority.host, port.unwrap_or(default_port)))
}

/// Whether a host is this machine itself, by one of the names that development uses.
pub fn is_loopback(host: &str) -> bool {
    matches!(host, "127.0.0.1" | "[::1]" | "localhost")
}
