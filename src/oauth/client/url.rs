//! Client ids that are URLs: a client that is described by a document there (Client ID Metadata
//! Documents, draft-ietf-oauth-client-id-metadata-document).

use core::fmt;

use crate::oauth::authority::authority;
use crate::snowflake::ApplicationId;

/// Longest such id, in bytes.
const MAX_BYTES: usize = 2048;

/// A `client_id` as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientIdentifier {
    /// An id that this server gave out.
    Id(ApplicationId),
    /// The URL of a document.
    Url(ClientUrl),
}

impl ClientIdentifier {
    /// `None`: neither.
    pub fn parse(text: &str) -> Option<Self> {
        let url = || ClientUrl::parse(text).map(Self::Url);
        ApplicationId::parse(text).map(Self::Id).or_else(url)
    }
}

/// The URL of a client's document. It is compared as the string that was sent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientUrl(String);

impl ClientUrl {
    /// "Client identifier URLs MUST have an "https" scheme, MUST contain a path component, MUST NOT
    /// contain single-dot or double-dot path segments, MUST NOT contain a fragment component and MUST
    /// NOT contain a username or password." Whether it is fetched, and by http in development, is
    /// [`crate::outbound`]'s to say.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let authority = authority(rest)?;
        let path = authority.rest.split('?').next().unwrap_or_default();
        let has_no_dots = path
            .split('/')
            .all(|segment| !matches!(segment, "." | ".."));
        let is_one = matches!(scheme, "http" | "https")
            && path.starts_with('/')
            && has_no_dots
            && text.len() <= MAX_BYTES
            && !text.contains('#')
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_one.then(|| Self(text.to_owned()))
    }

    /// The URL, as it was sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host, and its port where it has one, for a person to read.
    pub fn host(&self) -> &str {
        let rest = self.0.split_once("://").map_or("", |(_, rest)| rest);
        rest.split(['/', '?']).next().unwrap_or_default()
    }
}

impl fmt::Display for ClientUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_s_url_has_a_path_and_neither_dots_nor_a_fragment() {
        for url in [
            "https://claude.ai/oauth/mcp-oauth-client-metadata",
            "https://client.example/",
            "https://client.example:8443/a/b.json?c=d",
            "http://127.0.0.1:9000/client.json",
        ] {
            let parsed = ClientIdentifier::parse(url);
            assert!(matches!(parsed, Some(ClientIdentifier::Url(it)) if it.as_str() == url));
        }
        for text in [
            "https://client.example",
            "https://client.example?x",
            "https://client.example/#x",
            "https://u@client.example/",
            "https://client.example/a/../b",
            "https://client.example/./b",
            "https://.6/x",
            "ftp://client.example/",
            "client.example/x",
            "https://client.example/a b",
            "",
        ] {
            assert_eq!(ClientIdentifier::parse(text), None, "{text}");
        }
        let id = ApplicationId::parse("12").map(ClientIdentifier::Id);
        assert_eq!(ClientIdentifier::parse("12"), id);
    }
}
