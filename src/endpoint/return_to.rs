//! Where a login goes on to: the URLs of the login and logout forms remember it.

use crate::location::{Location, Target};
use crate::oauth::params::Params;
use crate::page::DEVICE;

/// The login form.
pub const LOGIN: &str = "/login";
/// The logout form.
pub const LOGOUT: &str = "/logout";

/// The authorization endpoint, in both spellings.
const AUTHORIZE: [&str; 2] = ["/oauth2/authorize", "/api/oauth2/authorize"];
/// The roots of the pages of an account.
const ACCOUNT: [&str; 4] = ["/settings", "/developers", "/admin", DEVICE];

/// A place that a login may go on to, so that no link to our login form sends users elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReturnTo {
    /// The authorization endpoint, with a request: a client waits there.
    Authorize(Target),
    /// A page of the account. Whatever its query says, no client waits for it.
    Account(Target),
}

impl ReturnTo {
    /// Reads `return_to` in the query of a login or logout form.
    pub fn read(query: &str) -> Option<Self> {
        let params = Params::from_form(query);
        Self::parse(params.one("return_to").ok().flatten()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let target = Target::parse(text)?;
        let (path, query) = match text.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (text, None),
        };
        if AUTHORIZE.contains(&path) && query.is_some() {
            return Some(Self::Authorize(target));
        }
        let is_account = ACCOUNT.iter().any(|root| {
            let below = path.strip_prefix(root);
            below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
        });
        is_account.then_some(Self::Account(target))
    }

    /// Where whoever is logged in goes on to at once. `None`: the URL of the login form says that a proof
    /// is wanted all the same, or nowhere to go on to.
    pub fn without_login(query: &str) -> Option<Self> {
        let prompt = Params::from_form(query);
        Self::read(query).filter(|_| prompt.one("prompt") == Ok(None))
    }

    /// The query of the authorization request that a client waits for.
    pub fn authorization_query(&self) -> Option<&str> {
        match self {
            Self::Authorize(target) => target.as_str().split_once('?').map(|(_, query)| query),
            Self::Account(_) => None,
        }
    }
}

impl From<ReturnTo> for Location {
    fn from(return_to: ReturnTo) -> Self {
        let (ReturnTo::Authorize(target) | ReturnTo::Account(target)) = return_to;
        Self::Here(target)
    }
}

/// The login form on the way to `back`.
pub fn login(back: &str) -> Target {
    Target::of(LOGIN, &[("return_to", back)])
}

/// The login form on the way to `back`, for whoever is logged in as well.
pub fn login_again(back: &str) -> Target {
    Target::of(LOGIN, &[("return_to", back), ("prompt", "login")])
}

/// The logout form on the way to `back`: another account may log in there.
pub fn logout(back: &str) -> Target {
    Target::of(LOGOUT, &[("return_to", back)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_back(target: &Target) -> Option<ReturnTo> {
        let (_, query) = target.as_str().split_once('?')?;
        ReturnTo::read(query)
    }

    #[test]
    fn the_way_back_is_kept_as_it_was() {
        let ours = "/oauth2/authorize?client_id=1&state=a%20b";
        let expected = Target::parse(ours).map(ReturnTo::Authorize);
        assert_eq!(read_back(&login(ours)), expected);
        assert_eq!(read_back(&logout(ours)), expected);
        let account = "/developers/1?done=saved";
        let expected = Target::parse(account).map(ReturnTo::Account);
        assert_eq!(read_back(&login(account)), expected);
    }

    #[test]
    fn the_way_back_leads_nowhere_else() {
        for elsewhere in [
            "https://evil.example/",
            "//evil.example/",
            "/\\evil.example",
            "javascript:alert(1)",
            "/oauth2/authorize",
            "/oauth2/authorizex?",
            "/oauth2/authorize/../../x?",
            "",
            "/oauth2/authorize?a\r\nb: c",
            "/oauth2/authorize?\u{e9}",
            "/login?return_to=x",
            "/settingsx",
            "/administrators",
        ] {
            assert_eq!(read_back(&login(elsewhere)), None, "{elsewhere:?}");
        }
        let twice = "return_to=/oauth2/authorize%3Fa&return_to=/oauth2/authorize%3Fb";
        assert_eq!(ReturnTo::read(twice), None);
    }

    #[test]
    fn no_client_waits_behind_a_page_of_the_account() {
        for (target, query) in [
            ("/oauth2/authorize?client_id=1", Some("client_id=1")),
            ("/api/oauth2/authorize?client_id=1", Some("client_id=1")),
            ("/settings/authorizations?client_id=1", None),
            ("/developers?client_id=1", None),
            ("/admin?client_id=1", None),
        ] {
            let return_to = ReturnTo::parse(target).expect("a place of ours");
            assert_eq!(return_to.authorization_query(), query, "{target}");
        }
    }
}
