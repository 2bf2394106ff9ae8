//! The places that a login goes on to. The URLs of the login and logout forms carry them as `return_to`.

use core::time::Duration;

use crate::location::{Location, Target};
use crate::oauth::authorization_request::{Prompt, max_age};
use crate::oauth::params::{self, Params};
use crate::page::DEVICE;

/// The path of the login form.
pub const LOGIN: &str = "/login";
/// The path of the logout form.
pub const LOGOUT: &str = "/logout";

/// The authorization endpoint, in both of its spellings.
const AUTHORIZE: [&str; 2] = ["/oauth2/authorize", "/api/oauth2/authorize"];
/// The roots of the pages of an account.
const ACCOUNT: [&str; 4] = ["/settings", "/developers", "/admin", DEVICE];

/// A place that a login may go on to. There are only such of this server, so no link to the login form sends users
/// elsewhere.
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

    /// A place that this server itself sent a login on to.
    pub fn at(target: &str) -> Option<Self> {
        Self::parse(target)
    }

    /// What the client that waits demands of the login itself.
    pub fn login_demands(&self) -> LoginDemands {
        let params = Params::from_form(self.authorization_query().unwrap_or_default());
        let prompt = Prompt::parse(&params);
        LoginDemands {
            login: matches!(prompt, Ok(Prompt::Interactive { login: true, .. })),
            max_age: max_age(&params).ok().flatten(),
        }
    }

    /// Where the browser goes on to after a login that met the client's demands.
    pub fn after_login(&self) -> Target {
        let (Self::Authorize(target) | Self::Account(target)) = self;
        let query = self.authorization_query().unwrap_or_default();
        match Prompt::parse(&Params::from_form(query)) {
            Ok(Prompt::Interactive { consent, .. }) if !query.is_empty() => {
                let path = target.as_str().split('?').next().unwrap_or_default();
                let back = without_login_demands(path, query, consent);
                Target::parse(&back).unwrap_or_else(|| target.clone())
            }
            _ => target.clone(),
        }
    }

    /// Where a user who is logged in goes on to without another login. `None` where the URL of the login form demands
    /// a proof all the same, or names no place.
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

/// What a client demands of a login.
#[derive(Debug, Clone, Copy, Default)]
pub struct LoginDemands {
    /// The client demands a new proof, though the user is logged in.
    pub login: bool,
    /// The longest time since the last proof.
    pub max_age: Option<Duration>,
}

/// The URL of an authorization request without what made the login necessary, which would lead to another login for
/// ever. `consent` keeps the demand for consent.
pub fn without_login_demands(path: &str, query: &str, consent: bool) -> String {
    let is_done_by_then = |pair: &str| {
        let name = params::decode(pair.split('=').next().unwrap_or_default());
        matches!(name.as_deref(), Some("prompt" | "max_age"))
    };
    let mut back: Vec<_> = query
        .split('&')
        .filter(|pair| !is_done_by_then(pair))
        .collect();
    if consent {
        back.push("prompt=consent");
    }
    format!("{path}?{}", back.join("&"))
}

impl From<ReturnTo> for Location {
    fn from(return_to: ReturnTo) -> Self {
        let (ReturnTo::Authorize(target) | ReturnTo::Account(target)) = return_to;
        Self::Here(target)
    }
}

/// The URL of the login form that leads on to `back`.
pub fn login(back: &str) -> Target {
    Target::of(LOGIN, &[("return_to", back)])
}

/// The URL of the login form that leads on to `back` and asks for a proof of a user who is logged in, too.
pub fn login_again(back: &str) -> Target {
    Target::of(LOGIN, &[("return_to", back), ("prompt", "login")])
}

/// The URL of the logout form that leads on to `back`, where another account may log in.
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
