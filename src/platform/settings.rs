//! What the operator says of the platform.

use subtle::{Choice, ConstantTimeEq};
use thiserror::Error;
use url::form_urlencoded;

use crate::crypto::secret::{Hash, Secret};
use crate::lengths::MAX_LOCATION_BYTES;
use crate::oauth::authority::authority;
use crate::oauth::issuer::{Issuer, is_loopback};
use crate::outbound::OutboundUrl;

/// Shortest key, in bytes: whoever guesses it logs in as anybody.
const MIN_KEY_BYTES: usize = 16;
/// Most keys: the one that is in use, and the one that it takes the place of.
const MAX_KEYS: usize = 2;
/// Longest URL, in bytes.
const MAX_URL_BYTES: usize = 2048;
/// Where this server sends browsers on to the platform's login page.
const OWN_LOGIN: &str = "/login";

/// The kind of the key that the platform and this server share.
#[derive(Debug)]
pub enum PlatformKey {}

/// A platform that has users of its own.
#[derive(Debug)]
pub struct PlatformSettings {
    /// Where its users log in.
    pub login_url: LoginUrl,
    /// Where it is asked.
    pub address: PlatformAddress,
    /// How it vouches for a login through the browser, where it does.
    pub assertions: Option<AssertionIssuer>,
    /// Whether its key may accept a login. Where it may not, an assertion alone does.
    pub takes_accepts: bool,
    signing_key: Secret<PlatformKey>,
    keys: Vec<Hash<PlatformKey>>,
}

/// Where the platform is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlatformAddress {
    /// A Worker beside this one: the binding `PLATFORM`.
    Binding,
    /// A URL, without a slash at its end.
    Url(String),
}

/// The issuer whose assertions log users in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssertionIssuer {
    /// The `iss` of the assertions.
    pub issuer: String,
    /// Where their keys are.
    pub keys: OutboundUrl,
}

/// Settings that no platform can be asked with; the text names the setting and never its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PlatformSettingsError {
    /// Where users log in.
    #[error(
        "LOGIN_URL must be an https URL without a fragment (http on loopback, where ISSUER is), and not this server's own /login"
    )]
    LoginUrl,
    /// The shared key.
    #[error("PLATFORM_KEY must be one key or two, separated by a comma, of at least 16 characters")]
    Key,
    /// The address of the platform's API is missing.
    #[error("LOGIN_URL needs PLATFORM_URL or a service binding PLATFORM, and not both")]
    Address,
    /// Where to ask.
    #[error(
        "PLATFORM_URL must be an https URL without a query (http on loopback, where ISSUER is)"
    )]
    Url,
    /// One of the two settings of assertions.
    #[error("PLATFORM_ISSUER and PLATFORM_JWKS, an https URL, must be set together")]
    Assertions,
    /// Whether the key may accept logins.
    #[error("PLATFORM_ACCEPT must be on or off, and off needs PLATFORM_ISSUER and PLATFORM_JWKS")]
    Accept,
}

impl PlatformSettings {
    /// Parses them; `None` where users log in here. `setting` gives a var or secret by its name.
    pub fn parse(
        setting: impl Fn(&'static str) -> Option<String>,
        issuer: &Issuer,
    ) -> Result<Option<Self>, PlatformSettingsError> {
        let setting = |name| setting(name).filter(|value| !value.is_empty());
        let Some(login_url) = setting("LOGIN_URL") else {
            return Ok(None);
        };
        let login_url = LoginUrl::parse(&login_url, issuer);
        let keys = setting("PLATFORM_KEY").unwrap_or_default();
        let (signing_key, keys) = parse_keys(&keys).ok_or(PlatformSettingsError::Key)?;
        let url = setting("PLATFORM_URL").map(|url| parse_url(&url, issuer));
        let address = match (setting("PLATFORM"), url) {
            (Some(_), None) => PlatformAddress::Binding,
            (None, Some(url)) => PlatformAddress::Url(url.ok_or(PlatformSettingsError::Url)?),
            _ => return Err(PlatformSettingsError::Address),
        };
        let assertions = match (setting("PLATFORM_ISSUER"), setting("PLATFORM_JWKS")) {
            (None, None) => None,
            (Some(name), Some(keys)) => Some(AssertionIssuer {
                issuer: name,
                keys: OutboundUrl::parse(&keys, issuer)
                    .map_err(|_| PlatformSettingsError::Assertions)?,
            }),
            _ => return Err(PlatformSettingsError::Assertions),
        };
        let takes_accepts = match setting("PLATFORM_ACCEPT").as_deref() {
            None | Some("on") => true,
            Some("off") if assertions.is_some() => false,
            Some(_) => return Err(PlatformSettingsError::Accept),
        };
        Ok(Some(Self {
            login_url: login_url.ok_or(PlatformSettingsError::LoginUrl)?,
            address,
            assertions,
            takes_accepts,
            signing_key,
            keys,
        }))
    }

    /// Whether a key is the platform's. Takes the same time whichever it is, and whatever was guessed.
    pub fn admits(&self, key: &str) -> bool {
        let shown = Secret::<PlatformKey>::new(key).hash();
        let keys = self.keys.iter();
        let any = keys.fold(Choice::from(0), |any, key| {
            any | key.bytes().ct_eq(shown.bytes())
        });
        any.into()
    }

    /// The path of the platform's own URL, which what it is asked stands below.
    pub(super) fn path(&self) -> &str {
        let url = match &self.address {
            PlatformAddress::Binding => return "",
            PlatformAddress::Url(url) => url,
        };
        target(url)
    }

    /// Where a question goes; a binding goes to its own Worker whatever the host.
    pub fn origin(&self) -> &str {
        match &self.address {
            PlatformAddress::Binding => "https://platform",
            PlatformAddress::Url(url) => url.strip_suffix(self.path()).unwrap_or(url),
        }
    }

    /// What signs what the platform is asked.
    pub(super) fn signing_key(&self) -> &[u8] {
        self.signing_key.expose().as_bytes()
    }
}

/// The key that signs, and all that are taken.
pub(crate) fn parse_keys(text: &str) -> Option<(Secret<PlatformKey>, Vec<Hash<PlatformKey>>)> {
    let keys: Vec<_> = text.split(',').map(str::trim).collect();
    let are_good = keys.len() <= MAX_KEYS && keys.iter().all(|key| key.len() >= MIN_KEY_BYTES);
    let first = keys.first().filter(|_| are_good)?;
    let hash = |key: &&str| Secret::new(*key).hash();
    Some((Secret::new(*first), keys.iter().map(hash).collect()))
}

/// The path, and the query.
fn target(url: &str) -> &str {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let start = rest.find('/').unwrap_or(rest.len());
    rest.get(start..).unwrap_or_default()
}

/// The platform is named by the operator and not by a stranger: it may have any host.
fn is_fetched(text: &str, issuer: &Issuer) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else {
        return false;
    };
    let is_plain = text.len() <= MAX_URL_BYTES
        && text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"#\\\"<>^`{|}".contains(&byte));
    let host = authority(rest).map(|it| it.host);
    let is_local = issuer.is_loopback() && host.is_some_and(is_loopback);
    let is_safe = scheme == "https" || (scheme == "http" && is_local);
    is_plain && host.is_some() && is_safe
}

fn parse_url(text: &str, issuer: &Issuer) -> Option<String> {
    let is_good = is_fetched(text, issuer) && !text.contains('?');
    is_good.then(|| text.trim_end_matches('/').to_owned())
}

/// The login page of the platform, with parameters: what a `Location` header may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginTo(String);

impl LoginTo {
    /// Whether it is short enough for those who are to follow it.
    pub const fn is_followed(&self) -> bool {
        self.0.len() <= MAX_LOCATION_BYTES
    }

    /// The header's value.
    pub fn into_header(self) -> String {
        self.0
    }
}

/// Where the platform's users log in. The one place elsewhere that this server sends a browser to
/// without a client having registered it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginUrl(String);

impl LoginUrl {
    /// A platform may stand beside this server, behind one host name, but not where this server itself
    /// sends browsers on to the platform: they would come back for ever.
    fn parse(text: &str, issuer: &Issuer) -> Option<Self> {
        let is_own = issuer.has_host_of(text) && target(text).split('?').next() == Some(OWN_LOGIN);
        (is_fetched(text, issuer) && !is_own).then(|| Self(text.to_owned()))
    }

    /// The URL with parameters beside its own.
    pub fn with(&self, parameters: &[(&str, &str)]) -> LoginTo {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(parameters);
        let separator = match self.0.split_once('?') {
            None => "?",
            Some((_, "")) => "",
            Some(_) => "&",
        };
        LoginTo([&self.0, separator, &query.finish()].concat())
    }

    /// What browsers send as the `Origin` of a form on this page.
    pub fn origin(&self) -> String {
        let (scheme, rest) = self.0.split_once("://").unwrap_or_default();
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let host = rest.get(..end).unwrap_or_default().to_ascii_lowercase();
        let default_port = if scheme == "https" { ":443" } else { ":80" };
        let host = host.strip_suffix(default_port).unwrap_or(&host);
        [scheme, "://", host].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCAL: &str = "http://127.0.0.1:8787";
    const KEY: &str = "a-key-that-the-platform-has-too";

    fn parse(
        issuer: &str,
        settings: &[(&'static str, &str)],
    ) -> Result<Option<PlatformSettings>, PlatformSettingsError> {
        let issuer = Issuer::parse(issuer).expect("an issuer");
        let setting = |name: &str| {
            let set = settings.iter().rev().find(|(set, _)| *set == name);
            set.map(|(_, value)| (*value).to_owned())
        };
        PlatformSettings::parse(setting, &issuer)
    }

    fn check(more: &[(&'static str, &str)], expected: Option<PlatformSettingsError>) {
        let mut settings = vec![
            ("LOGIN_URL", "https://platform.example/login"),
            ("PLATFORM_KEY", KEY),
            ("PLATFORM_URL", "https://platform.example"),
        ];
        settings.extend(more);
        let parsed = parse("https://id.example", &settings);
        assert_eq!(parsed.err(), expected, "{more:?}");
    }

    #[test]
    fn without_a_login_url_there_is_no_platform() {
        let settings = [("PLATFORM_KEY", KEY), ("PLATFORM_URL", "nonsense")];
        assert!(parse(LOCAL, &settings).is_ok_and(|it| it.is_none()));
        assert!(parse(LOCAL, &[("LOGIN_URL", "")]).is_ok_and(|it| it.is_none()));
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        use PlatformSettingsError as Error;
        check(&[], None);
        for url in [
            "",
            "platform.example",
            "http://platform.example/",
            "https://p/#x",
            "https://a b/",
        ] {
            let expected = (!url.is_empty()).then_some(Error::LoginUrl);
            check(&[("LOGIN_URL", url)], expected);
        }
        for url in [
            "https://id.example/login",
            "https://ID.example:443/login?x=1",
        ] {
            check(&[("LOGIN_URL", url)], Some(Error::LoginUrl));
        }
        check(&[("LOGIN_URL", "https://id.example/sign-in")], None);
        for keys in [
            "",
            "short",
            &format!("{KEY},"),
            &format!("{KEY},{KEY},{KEY}"),
        ] {
            check(&[("PLATFORM_KEY", keys)], Some(Error::Key));
        }
        check(&[("PLATFORM_KEY", &format!("{KEY}, {KEY}2"))], None);
        check(&[("PLATFORM_URL", "")], Some(Error::Address));
        check(&[("PLATFORM", "binding")], Some(Error::Address));
        check(&[("PLATFORM_URL", ""), ("PLATFORM", "binding")], None);
        check(
            &[("PLATFORM_URL", "https://p.example/?x")],
            Some(Error::Url),
        );
        check(&[("PLATFORM_URL", "http://127.0.0.1:1")], Some(Error::Url));
        check(&[("PLATFORM_ISSUER", "x")], Some(Error::Assertions));
        let jwks = ("PLATFORM_JWKS", "https://platform.example/jwks");
        let assertions = [("PLATFORM_ISSUER", "https://platform.example"), jwks];
        check(&assertions, None);
        check(
            &[("PLATFORM_ISSUER", "x"), ("PLATFORM_JWKS", "http://x")],
            Some(Error::Assertions),
        );
        check(&[("PLATFORM_ACCEPT", "off")], Some(Error::Accept));
        check(&[("PLATFORM_ACCEPT", "no")], Some(Error::Accept));
        check(&[assertions[0], jwks, ("PLATFORM_ACCEPT", "off")], None);
    }

    #[test]
    fn either_key_is_the_platforms_and_the_first_one_signs() {
        let keys = format!("{KEY}-new, {KEY}");
        let settings = [
            ("LOGIN_URL", "http://127.0.0.1:8788/login"),
            ("PLATFORM_URL", "http://127.0.0.1:8788/"),
            ("PLATFORM_KEY", &*keys),
        ];
        let platform = parse(LOCAL, &settings).expect("settings").expect("one");
        assert_eq!(
            platform.address,
            PlatformAddress::Url("http://127.0.0.1:8788".to_owned())
        );
        assert!(platform.admits(KEY) && platform.admits(&format!("{KEY}-new")));
        assert!(!platform.admits("") && !platform.admits(&keys) && !platform.admits(&KEY[1..]));
        assert_eq!(platform.signing_key(), format!("{KEY}-new").as_bytes());
        assert!(!format!("{platform:?}").contains(KEY));
    }

    #[test]
    fn a_login_url_keeps_its_own_parameters() {
        let issuer = Issuer::parse(LOCAL).expect("an issuer");
        let with =
            |url| LoginUrl::parse(url, &issuer).map(|it| it.with(&[("a", "b&c")]).into_header());
        for (url, expected) in [
            ("https://p.example/in", "https://p.example/in?a=b%26c"),
            ("https://p.example?x=1", "https://p.example?x=1&a=b%26c"),
            ("https://p.example/?", "https://p.example/?a=b%26c"),
        ] {
            assert_eq!(with(url).as_deref(), Some(expected));
        }
        for (url, origin) in [
            ("https://P.example:443/in", "https://p.example"),
            ("https://p.example:8443?x", "https://p.example:8443"),
            ("http://localhost/in", "http://localhost"),
        ] {
            let parsed = LoginUrl::parse(url, &issuer);
            assert_eq!(parsed.map(|it| it.origin()).as_deref(), Some(origin));
        }
    }
}
