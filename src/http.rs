//! Requests and responses as plain values, so that everything between them runs anywhere.

use core::cell::OnceCell;
use core::fmt;
use core::net::IpAddr;
use std::rc::Rc;

use serde::Serialize;
use serde_json::Value;

use crate::location::{Location, Target};

/// Methods that the routes answer, and the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "RFC 9110 §9")]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
    Options,
    Other,
}

impl Method {
    /// All methods but [`Self::Other`].
    pub const ALL: [Self; 7] = [
        Self::Get,
        Self::Head,
        Self::Post,
        Self::Put,
        Self::Patch,
        Self::Delete,
        Self::Options,
    ];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
            Self::Other => "",
        }
    }
}

/// A request as a plain value, so that the flows run without a runtime.
#[derive(Debug, Clone)]
pub struct Request {
    /// Its method.
    pub method: Method,
    /// Whether it came by https.
    pub secure: bool,
    /// The path as sent, percent-encoded.
    pub path: String,
    /// The query as sent, without `?`; empty where there was none.
    pub query: String,
    /// Its headers.
    pub headers: Headers,
    /// The body.
    pub body: Body,
}

/// The headers of a request, each read when it is first asked for: that crosses into the runtime, and
/// most requests are answered from three or four of them.
#[derive(Clone)]
pub struct Headers {
    read: [OnceCell<Option<String>>; KNOWN.len()],
    source: Rc<Source>,
}

/// A header's value by its lower-case name; repeated headers come joined by commas.
type Source = dyn Fn(&str) -> Option<String>;

/// The names of the headers that anything here asks for.
const KNOWN: [&str; 15] = [
    "accept",
    "accept-language",
    "access-control-request-headers",
    "authorization",
    "cf-connecting-ip",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "dpop",
    "if-none-match",
    "origin",
    "sec-fetch-site",
    "user-agent",
    "x-csrf-token",
];

impl Headers {
    /// The names of the headers that anything here asks for.
    pub const KNOWN: &[&str] = &KNOWN;

    /// Headers that are read from elsewhere.
    pub fn new(source: impl Fn(&str) -> Option<String> + 'static) -> Self {
        Self {
            read: Default::default(),
            source: Rc::new(source),
        }
    }

    /// These, and one more where it is not among them.
    #[must_use]
    pub fn with(self, name: &str, value: &str) -> Self {
        let (name, value) = (name.to_owned(), value.to_owned());
        Self::new(move |asked| {
            let one_more = || (asked == name).then(|| value.clone());
            (self.source)(asked).or_else(one_more)
        })
    }

    /// A header by its lower-case name.
    pub fn get(&self, name: &str) -> Option<&str> {
        let known = KNOWN.iter().position(|known| *known == name);
        debug_assert!(known.is_some(), "{name} is not among the known headers");
        let value = self.read.get(known?)?;
        value.get_or_init(|| (self.source)(name)).as_deref()
    }
}

impl Default for Headers {
    fn default() -> Self {
        Self::new(|_| None)
    }
}

/// Headers carry tokens and cookies.
impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[headers]")
    }
}

/// A request's body, as far as it was read.
#[derive(Clone)]
pub enum Body {
    /// The bytes of the whole body.
    Read(Vec<u8>),
    /// More than [`crate::lengths::MAX_BODY_BYTES`]; nothing was kept.
    TooLarge,
    /// The connection broke, or its framing was wrong.
    Broken,
}

/// Bodies carry passwords and codes.
impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(bytes) => write!(f, "[{} bytes]", bytes.len()),
            Self::TooLarge => f.write_str("[too large]"),
            Self::Broken => f.write_str("[broken]"),
        }
    }
}

impl Request {
    /// A header by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)
    }

    /// The first cookie of that name.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let mut cookies = self.cookies();
        let found = cookies.find(|(sent, _)| *sent == name);
        found.map(|(_, value)| value)
    }

    /// The cookies, as they were sent.
    pub fn cookies(&self) -> impl Iterator<Item = (&str, &str)> {
        // Two `Cookie` headers arrive joined by a comma, which no cookie of ours contains.
        let cookies = self.header("cookie").unwrap_or_default();
        let pairs = cookies.split([';', ',']);
        pairs.filter_map(|pair| pair.trim().split_once('='))
    }

    /// The media type without parameters, in lower case. `None`: there is none, or its charset is
    /// not UTF-8, nor one that many clients name for a body that is ASCII: Apache's `HttpClient` says
    /// ISO-8859-1 of every form.
    pub fn media_type(&self) -> Option<String> {
        let mut parts = self.header("content-type")?.split(';').map(str::trim);
        let media_type = parts.next()?.to_ascii_lowercase();
        let read_as_utf8 = parts
            .filter_map(|parameter| parameter.split_once('='))
            .filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
            .map(|(_, value)| value.trim().trim_matches('"').to_ascii_lowercase())
            .all(|charset| ["utf-8", "utf8", "us-ascii", "iso-8859-1"].contains(&&*charset));
        read_as_utf8.then_some(media_type)
    }

    /// Whether a browser asks for a page.
    pub fn accepts_html(&self) -> bool {
        self.header("accept")
            .is_some_and(|accept| accept.contains("text/html"))
    }

    /// The path and the query, as sent.
    pub fn target(&self) -> String {
        if self.query.is_empty() {
            self.path.clone()
        } else {
            format!("{}?{}", self.path, self.query)
        }
    }

    /// The address that rate limits count: of IPv6 only the network.
    pub fn client_address(&self) -> ClientAddress {
        ClientAddress::of(self.connecting_ip())
    }

    /// The client's whole address, or `unknown`, as the audit log names it.
    pub fn client_ip(&self) -> String {
        address(self.connecting_ip()).map_or_else(|| UNKNOWN.to_owned(), |it| it.to_string())
    }

    /// Cloudflare sets this header; every other forwarding header is the client's own word.
    fn connecting_ip(&self) -> &str {
        self.header("cf-connecting-ip").unwrap_or_default()
    }
}

/// An address that cannot be read.
const UNKNOWN: &str = "unknown";

/// Reads an address. An IPv4 address in an IPv6 one is that IPv4 address: as a socket writes it, and
/// behind NAT64 (RFC 6052 §2.1), where the IPv6 /64 would be everybody's.
fn address(text: &str) -> Option<IpAddr> {
    Some(match text.trim().parse::<IpAddr>().ok()?.to_canonical() {
        IpAddr::V6(address) => match address.segments() {
            [0x64, 0xff9b, 0, 0, 0, 0, ..] => {
                let [.., a, b, c, d] = address.octets();
                IpAddr::from([a, b, c, d])
            }
            _ => IpAddr::V6(address),
        },
        address @ IpAddr::V4(_) => address,
    })
}

/// A client's address as a rate-limit key: an IPv4 address, or an IPv6 /64, since whoever has one
/// address of a /64 has all of them. Unreadable addresses share one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientAddress(String);

impl ClientAddress {
    fn of(address: &str) -> Self {
        Self(match self::address(address) {
            Some(IpAddr::V4(address)) => address.to_string(),
            Some(IpAddr::V6(address)) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
            None => UNKNOWN.to_owned(),
        })
    }
}

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The header that redirects.
const LOCATION: &str = "location";

/// A response as a plain value.
#[derive(Debug)]
pub struct Response {
    /// Its status code.
    pub status: u16,
    headers: Vec<(&'static str, String)>,
    /// Its body, or the beginning of it.
    pub body: String,
    /// The body where it is no text: icons.
    pub binary: Vec<u8>,
    /// Where the rest of the body is, that follows it on the same way.
    pub rest: Option<Target>,
}

impl Response {
    /// A response without a body.
    pub const fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: String::new(),
            binary: Vec::new(),
            rest: None,
        }
    }

    /// A response in JSON.
    pub fn json(status: u16, body: &impl Serialize) -> Self {
        Self {
            // Through `Display` the same text would be checked once more, piece by piece.
            body: serde_json::to_string(body).unwrap_or_default(),
            ..Self::empty(status)
        }
        .with("content-type", "application/json")
    }

    /// A redirect that the browser follows with GET, whatever it was answering (RFC 9700 §4.12:
    /// 307 would send the form, password and all, on to the client).
    pub fn see_other(location: impl Into<Location>) -> Self {
        Self::redirect(303, location.into())
    }

    /// A redirect that the browser follows with the same method, and may remember.
    pub fn permanent_redirect(location: Location) -> Self {
        Self::redirect(308, location)
    }

    fn redirect(status: u16, location: Location) -> Self {
        let mut response = Self::empty(status);
        response.headers.push((LOCATION, location.into_header()));
        response
    }

    /// The headers in the order in which they were added; a name may repeat.
    pub fn headers(&self) -> &[(&'static str, String)] {
        &self.headers
    }

    /// The response with one more header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.push(name, value);
        self
    }

    /// Adds a header. Only a redirect has a `Location`, and makes it of a type.
    pub fn push(&mut self, name: &'static str, value: impl Into<String>) {
        debug_assert_ne!(name, LOCATION, "a Location is no string");
        self.headers.push((name, value.into()));
    }

    /// Adds headers.
    pub fn extend(&mut self, headers: impl IntoIterator<Item = (&'static str, String)>) {
        for (name, value) in headers {
            self.push(name, value);
        }
    }

    /// A header by its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(sent, _)| *sent == name)
            .map(|(_, value)| value.as_str())
    }
}

/// A JSON object with the members of another one; anything else as it was.
pub fn with_members(mut body: Value, more: Value) -> Value {
    if let (Some(members), Value::Object(more)) = (body.as_object_mut(), more) {
        members.extend(more);
    }
    body
}

/// A JSON object with one more member; anything else as it was.
pub fn with_member(mut body: Value, name: &str, value: impl Into<Value>) -> Value {
    if let Some(members) = body.as_object_mut() {
        members.insert(name.to_owned(), value.into());
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(name: &str, value: &str) -> Request {
        Request {
            method: Method::Get,
            secure: false,
            path: "/".into(),
            query: String::new(),
            headers: Headers::default().with(name, value),
            body: Body::Read(Vec::new()),
        }
    }

    #[test]
    fn media_types_are_read_with_their_charset() {
        for (header, media_type) in [
            ("application/json", Some("application/json")),
            (
                "Application/JSON; Charset=\"UTF-8\"",
                Some("application/json"),
            ),
            ("application/json;charset=utf-8", Some("application/json")),
            ("a/b; charset=ISO-8859-1", Some("a/b")),
            ("a/b; x=y; charset=utf8", Some("a/b")),
            ("a/b; charset=US-ASCII", Some("a/b")),
            ("application/json; charset=utf-16", None),
            ("a/b; charset=utf-7", None),
            ("a/b; charset=utf-8; charset=utf-16", None),
        ] {
            assert_eq!(
                request("content-type", header).media_type().as_deref(),
                media_type
            );
        }
        assert_eq!(request("accept", "y").media_type(), None);
    }

    #[test]
    fn the_first_cookie_of_a_name_counts() {
        for (header, value) in [
            ("sid=a; sid=b", Some("a")),
            ("sid=a, sid=b", Some("a")),
            ("xsid=a;  sid=b", Some("b")),
            ("sid", None),
            ("", None),
        ] {
            assert_eq!(request("cookie", header).cookie("sid"), value, "{header}");
        }
    }

    #[test]
    fn an_ipv6_client_is_its_64_and_behind_nat64_the_ipv4_address_inside() {
        for (address, key) in [
            ("203.0.113.7", "203.0.113.7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
            ("64:ff9b::203.0.113.7", "203.0.113.7"),
            ("64:ff9b::cb00:7107", "203.0.113.7"),
            ("64:ff9b:0:0:1::cb00:7107", "64:ff9b:0:0::/64"),
            ("64:ff9b:1::cb00:7107", "64:ff9b:1:0::/64"),
            ("1.2.3.4, x", "unknown"),
            ("unknown", "unknown"),
            ("", "unknown"),
        ] {
            assert_eq!(
                request("cf-connecting-ip", address)
                    .client_address()
                    .to_string(),
                key
            );
        }
    }
}
