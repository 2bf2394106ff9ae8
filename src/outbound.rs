//! What this server fetches because somebody else named it: a client's metadata, a client's keys. Which
//! URLs it goes to, and what it takes from there.
//!
//! Invariant: an [`OutboundUrl`] leads to a public name over https. Where that name resolves to is the
//! platform's to check: Cloudflare's edge connects to no private address.

use core::fmt;
use core::time::Duration;

use serde_json::Value;
use thiserror::Error;

use crate::oauth::authority::{Authority, authority};
use crate::oauth::issuer::{Issuer, is_loopback};

/// Longest URL, in bytes.
const MAX_URL_BYTES: usize = 2048;
/// Longest document, in bytes.
pub const MAX_DOCUMENT_BYTES: usize = 64 * 1024;
/// How long a fetch may take, body included.
pub const FETCH_TIMEOUT: Duration = Duration::from_secs(5);

/// Names that no public registry gives out, so that somebody's own network may answer to them
/// (RFC 6761, RFC 6762, RFC 8375, RFC 9476).
const LOCAL_NAMES: [&str; 14] = [
    "localhost",
    "local",
    "internal",
    "intranet",
    "lan",
    "home",
    "corp",
    "private",
    "arpa",
    "test",
    "invalid",
    "onion",
    "alt",
    "localdomain",
];

/// A URL that may be fetched.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OutboundUrl(String);

/// Why a URL is not fetched. Its text ends a sentence that begins with the name of what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{}", self.must())]
pub enum UrlError {
    /// The URL's scheme is not https.
    Scheme,
    /// A fragment, user info, a space, or something else that no document's URL has.
    Malformed,
    /// An address where a name belongs, or a name that is not public.
    Host,
    /// The URL names this server's own host: a request there would ask the server itself.
    Own,
}

impl UrlError {
    /// What it must be.
    pub const fn must(self) -> &'static str {
        match self {
            Self::Scheme => "must be an https URL",
            Self::Malformed => {
                "must be a URL of at most 2048 characters, without user info and fragment"
            }
            Self::Host => "must have a public host name",
            Self::Own => "must be on another host than this server",
        }
    }
}

impl OutboundUrl {
    /// Takes a URL that a client names, as it is. It leads to none of this server's own hosts, those of
    /// former issuers included: a request could make this server send itself the next one.
    pub fn of_client(text: &str, issuers: &[Issuer]) -> Result<Self, UrlError> {
        let issuer = issuers.first().ok_or(UrlError::Own)?;
        let url = Self::parse(text, issuer)?;
        if issuers.iter().any(|issuer| issuer.has_host_of(text)) {
            return Err(UrlError::Own);
        }
        Ok(url)
    }

    /// Takes a URL that the operator names, as it is: its server may stand beside this one, behind one
    /// host name. A server that is itself on the loopback interface, for development, also takes http and
    /// https there.
    pub fn parse(text: &str, issuer: &Issuer) -> Result<Self, UrlError> {
        let (scheme, rest) = text.split_once("://").ok_or(UrlError::Scheme)?;
        let is_plain = text.len() <= MAX_URL_BYTES
            && text
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && !b"#\\\"<>^`{|}".contains(&byte));
        let authority = authority(rest)
            .filter(|_| is_plain)
            .ok_or(UrlError::Malformed)?;
        if issuer.is_loopback() && is_loopback(authority.host) {
            return match scheme {
                "http" | "https" => Ok(Self(text.to_owned())),
                _ => Err(UrlError::Scheme),
            };
        }
        if scheme != "https" {
            return Err(UrlError::Scheme);
        }
        if !is_public(authority.host) {
            return Err(UrlError::Host);
        }
        Ok(Self(text.to_owned()))
    }

    /// The URL, as it was sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path and the query.
    pub fn target(&self) -> &str {
        let rest = self.0.split_once("://").map_or("", |(_, rest)| rest);
        let start = rest.find(['/', '?']).unwrap_or(rest.len());
        rest.get(start..).unwrap_or_default()
    }

    /// The host's name, in lower case and without a port: what fetches are counted by, and what people
    /// are shown.
    pub fn host(&self) -> String {
        let rest = self.0.split_once("://").map_or("", |(_, rest)| rest);
        let host = authority(rest).map(|Authority { host, .. }| host);
        host.unwrap_or_default().to_ascii_lowercase()
    }
}

impl fmt::Display for OutboundUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A name under a public suffix. An address, in whatever spelling, has no label that is a name at its
/// end: URL parsers read `0x7f.1`, `2130706433` and `127.1` as IPv4.
fn is_public(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let labels: Vec<_> = host.split('.').collect();
    let Some((last, others)) = labels.split_last() else {
        return false;
    };
    host.len() <= 253
        && labels.iter().all(|label| is_label(label))
        && !others.is_empty()
        && last.starts_with(|first: char| first.is_ascii_alphabetic())
        && !LOCAL_NAMES.contains(last)
}

/// The answer of another server, as far as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboundAnswer {
    /// The status.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: String,
    /// `Cache-Control`.
    pub cache_control: String,
    /// The body; `None` where it is longer than [`MAX_DOCUMENT_BYTES`].
    pub body: Option<Vec<u8>>,
}

/// A document that was fetched.
#[derive(Debug, Clone, PartialEq)]
pub struct Fetched {
    /// The document.
    pub json: Value,
    /// How long it may be kept, where its server says so; zero where it says that it may not.
    pub max_age: Option<Duration>,
}

/// Why there is no document.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FetchError {
    /// Nothing answered in time, or its answer broke off. It may the next time.
    #[error("the server did not answer: {0}")]
    Unreachable(String),
    /// An error of that server's, or its wish to be asked later.
    #[error("the server answered {0}")]
    Unwell(u16),
    /// A redirect. It is not followed: where it leads was not agreed to.
    #[error("the URL answers with a redirect")]
    Redirect,
    /// Another status than 200.
    #[error("the URL answers {0}")]
    Status(u16),
    /// Not `application/json`, or a type of its kind.
    #[error("the document is not application/json")]
    MediaType,
    /// The answer is longer than may be read.
    #[error("the document is longer than 64 KiB")]
    TooLong,
    /// The answer is not JSON.
    #[error("the document is no JSON")]
    Malformed,
}

impl FetchError {
    /// Whether the same request may have another answer soon: 503, and not 400.
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Unwell(_))
    }
}

impl OutboundAnswer {
    /// The document, or what is wrong with it.
    pub fn document(self) -> Result<Fetched, FetchError> {
        match self.status {
            200 => {}
            300..=399 => return Err(FetchError::Redirect),
            429 | 500..=599 => return Err(FetchError::Unwell(self.status)),
            status => return Err(FetchError::Status(status)),
        }
        let media_type = self.content_type.split(';').next().unwrap_or_default();
        let media_type = media_type.trim().to_ascii_lowercase();
        let is_json = media_type == "application/json"
            || (media_type.starts_with("application/") && media_type.ends_with("+json"));
        if !is_json {
            return Err(FetchError::MediaType);
        }
        let body = self.body.ok_or(FetchError::TooLong)?;
        Ok(Fetched {
            json: serde_json::from_slice(&body).map_err(|_| FetchError::Malformed)?,
            max_age: max_age(&self.cache_control),
        })
    }
}

/// How long `Cache-Control` lets a shared cache keep an answer (RFC 9111 §5.2.2).
fn max_age(cache_control: &str) -> Option<Duration> {
    let mut shared = None;
    let mut own = None;
    for directive in cache_control.to_ascii_lowercase().split(',') {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        let seconds = || {
            value
                .trim()
                .trim_matches('"')
                .parse()
                .ok()
                .map(Duration::from_secs)
        };
        match name.trim() {
            "no-store" | "no-cache" | "private" => return Some(Duration::ZERO),
            "s-maxage" => shared = seconds(),
            "max-age" => own = seconds(),
            _ => {}
        }
    }
    shared.or(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issuer(text: &str) -> Issuer {
        Issuer::parse(text).expect("an issuer")
    }

    #[test]
    fn what_a_client_names_leads_to_no_host_of_this_server_s_own() {
        let check = |issuers: &[&str], url: &str, expected: Result<(), UrlError>| {
            let issuers: Vec<_> = issuers.iter().map(|it| issuer(it)).collect();
            let parsed = OutboundUrl::of_client(url, &issuers).map(|_| ());
            assert_eq!(parsed, expected, "{url} at {issuers:?}");
            // The operator's may stand beside this server.
            assert!(OutboundUrl::parse(url, &issuers[0]).is_ok(), "{url}");
        };
        let public = ["https://id.example:8443", "https://former.example"];
        for own in [
            "https://id.example/x",
            "https://ID.example:8443/x",
            "https://id.example:443",
            "https://id.example?x",
            "https://former.example/x",
        ] {
            check(&public, own, Err(UrlError::Own));
        }
        for other in [
            "https://id.example.evil.example/",
            "https://a.id.example/",
            "https://example.com/id.example",
        ] {
            check(&public, other, Ok(()));
        }
        let local = ["http://127.0.0.1:8787", "https://id.example"];
        for own in [
            "http://127.0.0.1:8787/x",
            "http://localhost:8787/x",
            "https://[::1]:8787/x",
            "https://id.example/x",
        ] {
            check(&local, own, Err(UrlError::Own));
        }
        check(&local, "http://127.0.0.1:8788/x", Ok(()));
        check(
            &["http://localhost"],
            "http://127.0.0.1:80/x",
            Err(UrlError::Own),
        );
        check(&["http://localhost"], "https://localhost/x", Ok(()));
    }

    #[test]
    fn only_public_names_over_https_are_fetched() {
        let issuer = issuer("https://id.example");
        let check = |url: &str, expected: Result<(), UrlError>| {
            let parsed = OutboundUrl::parse(url, &issuer);
            assert_eq!(
                parsed.as_ref().map(|_| ()),
                expected.as_ref().copied(),
                "{url}"
            );
            if let Ok(parsed) = parsed {
                assert_eq!(parsed.as_str(), url);
            }
        };
        for good in [
            "https://client.example/metadata.json",
            "https://Client.Example:8443/a?b=c",
            "https://a-b.xn--bcher-kva.example",
        ] {
            check(good, Ok(()));
        }
        for (bad, why) in [
            ("http://client.example/", UrlError::Scheme),
            ("HTTPS://client.example/", UrlError::Scheme),
            ("file:///etc/passwd", UrlError::Malformed),
            ("data:application/json,{}", UrlError::Scheme),
            ("ftp://client.example/", UrlError::Scheme),
            ("client.example", UrlError::Scheme),
            ("https://", UrlError::Malformed),
            ("https:///x", UrlError::Malformed),
            ("https://u@client.example/", UrlError::Malformed),
            ("https://u:p@127.0.0.1/", UrlError::Malformed),
            ("https://client.example/#x", UrlError::Malformed),
            ("https://client.example/ x", UrlError::Malformed),
            (
                "https://client.example\\@evil.example/",
                UrlError::Malformed,
            ),
            ("https://client.example:99999/", UrlError::Malformed),
            ("https://bücher.example/", UrlError::Malformed),
            ("https://127.0.0.1/", UrlError::Host),
            ("https://127.1/", UrlError::Malformed),
            ("https://2130706433/", UrlError::Malformed),
            ("https://0x7f.1/", UrlError::Malformed),
            ("https://0x7f000001/", UrlError::Malformed),
            ("https://a.0x7f/", UrlError::Malformed),
            ("https://017700000001/", UrlError::Malformed),
            ("https://10.0.0.1/", UrlError::Host),
            ("https://169.254.169.254/latest/meta-data", UrlError::Host),
            ("https://8.8.8.8/", UrlError::Host),
            ("https://[::1]/", UrlError::Host),
            ("https://[::ffff:10.0.0.1]/", UrlError::Host),
            ("https://[2001:db8::1]/", UrlError::Host),
            ("https://localhost/", UrlError::Host),
            ("https://LOCALHOST/", UrlError::Host),
            ("https://a.localhost/", UrlError::Host),
            ("https://printer.local/", UrlError::Host),
            ("https://metadata.google.internal/", UrlError::Host),
            ("https://nas.home.arpa/", UrlError::Host),
            ("https://intranet/", UrlError::Host),
            ("https://client.example./", UrlError::Host),
            ("https://client..example/", UrlError::Host),
            ("https://.example/", UrlError::Host),
            ("https://-a.example/", UrlError::Host),
        ] {
            check(bad, Err(why));
        }
        let long = format!("https://client.example/{}", "x".repeat(MAX_URL_BYTES));
        check(&long, Err(UrlError::Malformed));
    }

    #[test]
    fn a_server_on_the_loopback_interface_reaches_what_is_beside_it_and_nothing_else_private() {
        let issuer = issuer("http://127.0.0.1:8787");
        for good in [
            "http://127.0.0.1:9000/client.json",
            "http://localhost:9000/client.json",
            "https://[::1]:9000/client.json",
            "https://client.example/",
        ] {
            assert!(OutboundUrl::parse(good, &issuer).is_ok(), "{good}");
        }
        for bad in [
            "http://client.example/",
            "http://10.0.0.1/",
            "http://127.0.0.2/",
            "http://localhost.example/",
        ] {
            assert!(OutboundUrl::parse(bad, &issuer).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_host_is_named_without_its_port_and_in_lower_case() {
        let url = OutboundUrl::parse(
            "https://Client.Example:8443/x",
            &issuer("https://id.example"),
        );
        assert_eq!(url.map(|url| url.host()), Ok("client.example".to_owned()));
    }

    #[test]
    fn what_is_no_document_is_told_apart() {
        let good = OutboundAnswer {
            status: 200,
            content_type: "application/json".to_owned(),
            cache_control: String::new(),
            body: Some(b"{}".to_vec()),
        };
        let of = |answer: OutboundAnswer| answer.document().map(|it| it.max_age);
        let status = |status| {
            of(OutboundAnswer {
                status,
                ..good.clone()
            })
        };
        let media = |it: &str| {
            of(OutboundAnswer {
                content_type: it.to_owned(),
                ..good.clone()
            })
        };
        assert_eq!(of(good.clone()), Ok(None));
        for redirect in [301, 302, 303, 307, 308] {
            assert_eq!(status(redirect), Err(FetchError::Redirect));
        }
        assert_eq!(status(404), Err(FetchError::Status(404)));
        assert_eq!(status(204), Err(FetchError::Status(204)));
        assert_eq!(status(503), Err(FetchError::Unwell(503)));
        assert!(FetchError::Unwell(503).is_transient() && !FetchError::Redirect.is_transient());
        assert_eq!(media("Application/JSON; charset=utf-8"), Ok(None));
        assert_eq!(media("application/jwk-set+json"), Ok(None));
        for other in ["", "text/html", "text/json", "image/svg+json"] {
            assert_eq!(media(other), Err(FetchError::MediaType), "{other}");
        }
        let body = |body: Option<&str>| {
            let body = body.map(|body| body.as_bytes().to_vec());
            of(OutboundAnswer {
                body,
                ..good.clone()
            })
        };
        assert_eq!(body(None), Err(FetchError::TooLong));
        assert_eq!(body(Some("{} {}")), Err(FetchError::Malformed));
    }

    #[test]
    fn the_server_says_how_long_its_document_may_be_kept() {
        for (header, seconds) in [
            ("", None),
            ("max-age=60", Some(60)),
            ("public, MAX-AGE=\"60\"", Some(60)),
            ("max-age=60, s-maxage=30", Some(30)),
            ("max-age=60, no-store", Some(0)),
            ("private, max-age=60", Some(0)),
            ("max-age=soon", None),
        ] {
            assert_eq!(
                max_age(header),
                seconds.map(Duration::from_secs),
                "{header}"
            );
        }
    }
}
