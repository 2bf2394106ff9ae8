//! Resource indicators (RFC 8707), and the scopes that other resource servers name for themselves.

use core::fmt;

use serde::{Deserialize, Serialize};

use super::authority::authority;
use super::error::Refusal;
use super::issuer::Issuer;
use super::params::Params;
use super::scope::{Scope, Scopes};
use crate::snowflake::ResourceId;

/// Longest identifier, in bytes.
const MAX_IDENTIFIER_BYTES: usize = 512;
/// Longest name of a scope, in bytes.
const MAX_SCOPE_BYTES: usize = 64;

/// A resource server's identifier: an absolute URI without a fragment (RFC 8707 §2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ResourceIdentifier(String);

impl ResourceIdentifier {
    /// Takes an absolute URI as it is spelled.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const MUST: &str = "must be an absolute URI without fragment, of at most 512 characters";
        let (scheme, rest) = text.split_once(':').ok_or(MUST)?;
        let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        let is_plain = text.len() <= MAX_IDENTIFIER_BYTES
            && text
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && !b"#\"<>\\^`{|}".contains(&byte));
        let is_whole = match rest.strip_prefix("//") {
            Some(rest) => authority(rest).is_some(),
            // With a web scheme and without an authority, it is a relative reference.
            None => !rest.is_empty() && !matches!(&*scheme.to_ascii_lowercase(), "http" | "https"),
        };
        (is_scheme && is_plain && is_whole)
            .then(|| Self(text.to_owned()))
            .ok_or(MUST)
    }

    /// As it is spelled: what stands in `aud`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What two spellings of one identifier have in common: scheme and host in lower case, and no
    /// slash where the path is nothing else (RFC 3986 §6.2.2.1, §6.2.3).
    pub fn key(&self) -> ResourceKey {
        let Some((scheme, rest)) = self.0.split_once("://") else {
            let (scheme, rest) = self.0.split_once(':').unwrap_or_default();
            return ResourceKey(format!("{}:{rest}", scheme.to_ascii_lowercase()));
        };
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (host, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let path = if path == "/" { "" } else { path };
        let (scheme, host) = (scheme.to_ascii_lowercase(), host.to_ascii_lowercase());
        ResourceKey(format!("{scheme}://{host}{path}"))
    }
}

impl TryFrom<String> for ResourceIdentifier {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        Self::parse(&text)
    }
}

impl From<ResourceIdentifier> for String {
    fn from(identifier: ResourceIdentifier) -> Self {
        identifier.0
    }
}

/// What identifiers are compared by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ResourceKey(String);

impl ResourceKey {
    /// Whether this is the server itself, or something below it: its own API, for which no `resource`
    /// need be sent.
    pub fn is_of(&self, issuer: &Issuer) -> bool {
        let rest = self.0.strip_prefix(issuer.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
    }
}

impl fmt::Display for ResourceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The resource server that a request names, where it names one (RFC 8707 §2).
pub fn indicator(params: &Params) -> Result<Option<ResourceIdentifier>, Refusal> {
    let mut sent = params.all("resource").filter(|value| !value.is_empty());
    let Some(value) = sent.next() else {
        return Ok(None);
    };
    if sent.next().is_some() {
        return Err(Refusal::Resource("it must be one"));
    }
    let identifier = ResourceIdentifier::parse(value);
    Ok(Some(identifier.map_err(|_| {
        Refusal::Resource("it must be an absolute URI without fragment")
    })?))
}

/// Divides `scope`, where it was sent, between this server's scopes and those of a resource server.
/// Of ours, only those count that say something without opening this server's own API.
pub fn divided_scope(
    params: &Params,
    offered: &[ResourceScope],
) -> Result<(Scopes, Vec<ResourceScope>), Refusal> {
    let sent = params.one("scope")?.unwrap_or_default();
    let (mut theirs, mut ours) = (Vec::new(), Vec::new());
    for name in sent.split(' ').filter(|name| !name.is_empty()) {
        match offered.iter().find(|scope| scope.as_str() == name) {
            Some(scope) if theirs.contains(scope) => {}
            Some(scope) => theirs.push(scope.clone()),
            None => ours.push(name),
        }
    }
    let ours = Scopes::parse(&ours.join(" "))?;
    let beyond = ours.without(Scopes::of_users()).iter().next();
    if let Some(scope) = beyond {
        return Err(Refusal::ScopeNotAllowed(scope));
    }
    let silent = Scopes::from(Scope::Openid)
        .with(Scope::Profile)
        .with(Scope::OfflineAccess);
    Ok((ours.intersection(silent), theirs))
}

/// The names, as `scope` lists them.
pub fn spelled(scope: &[ResourceScope]) -> String {
    let names: Vec<_> = scope.iter().map(ResourceScope::as_str).collect();
    names.join(" ")
}

/// The name of a scope of another resource server. None of ours is one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ResourceScope(String);

impl ResourceScope {
    /// Takes a name that follows the rule.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let is_name = text.len() <= MAX_SCOPE_BYTES
            && text.starts_with(|first: char| first.is_ascii_lowercase())
            && text.bytes().all(|byte| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || b":._-".contains(&byte)
            });
        if !is_name {
            return Err("must be a lower-case letter, then at most 63 of a-z 0-9 : . _ -");
        }
        if Scope::from_wire(text).is_some() {
            return Err("is a scope of this server");
        }
        Ok(Self(text.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ResourceScope {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        Self::parse(&text)
    }
}

impl From<ResourceScope> for String {
    fn from(scope: ResourceScope) -> Self {
        scope.0
    }
}

/// What a user granted for another resource server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceGrant {
    /// The id of the resource server.
    pub id: ResourceId,
    /// Those of the resource server's scopes that are granted.
    pub scope: Vec<ResourceScope>,
}

impl ResourceGrant {
    /// What a request asks of what is offered here: all of it where it names none. And which of this
    /// server's scopes it asks for beside.
    pub fn requested(&self, params: &Params) -> Result<(Scopes, Self), Refusal> {
        let (ours, theirs) = divided_scope(params, &self.scope)?;
        let scope = if theirs.is_empty() {
            self.scope.clone()
        } else {
            theirs
        };
        Ok((ours, Self { id: self.id, scope }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_an_absolute_uri_without_a_fragment() {
        for good in [
            "https://api.example",
            "https://API.example:8443/mcp?tenant=1",
            "http://127.0.0.1:9000/",
            "urn:example:tickets",
            "api://6a7f",
        ] {
            assert!(ResourceIdentifier::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "api.example",
            "/mcp",
            "//api.example",
            "https:",
            "https:api.example",
            "https://",
            "https://u@api.example",
            "https://api.example#x",
            "https://api.example/ x",
            "https://api.example/\u{e9}",
            "urn:",
            &format!("https://api.example/{}", "x".repeat(512)),
        ] {
            assert!(ResourceIdentifier::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn case_of_scheme_and_host_and_an_empty_path_tell_no_two_apart() {
        let key = |text: &str| {
            ResourceIdentifier::parse(text)
                .expect("an identifier")
                .key()
        };
        assert_eq!(key("HTTPS://Api.Example/"), key("https://api.example"));
        assert_eq!(key("URN:example:x"), key("urn:example:x"));
        for other in [
            "https://api.example/x",
            "https://api.example/X",
            "https://api.example/?",
            "https://api.example:8443",
            "http://api.example",
        ] {
            assert_ne!(key(other), key("https://api.example"), "{other}");
        }
        assert_ne!(key("https://api.example/x/"), key("https://api.example/x"));
    }

    #[test]
    fn the_server_and_its_own_api_are_told_from_others() {
        let issuer = Issuer::parse("https://id.example").expect("an issuer");
        let is_own = |text: &str| {
            let identifier = ResourceIdentifier::parse(text).expect("an identifier");
            identifier.key().is_of(&issuer)
        };
        for own in [
            "https://id.example",
            "https://ID.example/",
            "https://id.example/api",
        ] {
            assert!(is_own(own), "{own}");
        }
        for other in [
            "https://id.example.evil",
            "https://id.example:8443",
            "http://id.example",
        ] {
            assert!(!is_own(other), "{other}");
        }
    }

    #[test]
    fn scopes_of_resources_have_names_of_their_own() {
        for good in ["tickets:read", "a", "files.write_all-2"] {
            assert!(ResourceScope::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "A",
            "1a",
            "a b",
            "a/b",
            "identify",
            "openid",
            "admin",
            &"a".repeat(65),
        ] {
            assert!(ResourceScope::parse(bad).is_err(), "{bad}");
        }
    }
}
