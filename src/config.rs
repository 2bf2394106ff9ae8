//! Settings: what the operator says, parsed once per isolate.
//!
//! Invariant: a [`Config`] that exists is safe to serve with.

mod error;

use core::cell::OnceCell;
use core::time::Duration;
use std::rc::Rc;

use crate::crypto::keyring::Keyring;
use crate::crypto::password::Cost;
use crate::crypto::secret::Secret;
use crate::fluxer::application::Application;
use crate::oauth::client::Client;
use crate::oauth::client::authentication::ClientAuthentication;
use crate::oauth::issuer::Issuer;
use crate::oauth::redirect_uri::PrivateSchemes;
use crate::oauth::token::id::ID_TOKEN_LIFETIME;
use crate::outbound::OutboundUrl;
use crate::platform::{PlatformKey, PlatformSettings, parse_keys};
use crate::rate_limit::Limit;
use crate::signing_keys::KeyTerms;
use crate::snowflake::{ApplicationId, UserId};
use crate::time::Timestamp;

pub use self::error::ConfigError;

/// The administration secret that `scripts/setup` writes for local development, known to everybody.
const LOCAL_ADMIN_SECRET: &str = "admin-secret-for-local-development-only";
/// A day, in seconds.
const DAY: u64 = 24 * 3600;
/// Longest lifetime that can be set, in seconds: ten years.
const MAX_LIFETIME: u64 = 10 * 365 * DAY;
/// Longest life of a code, in seconds (RFC 6749 §4.1.2: "A maximum authorization code lifetime of
/// 10 minutes is RECOMMENDED").
const MAX_CODE_LIFETIME: u64 = 600;

/// All settings, read once an isolate and checked: nothing that serves a request reads the environment.
#[derive(Debug)]
pub struct Config {
    /// The public origin: the `iss` of tokens and the prefix of every URL of ours.
    pub issuer: Issuer,
    /// The issuer, and what it was before. Tokens that were signed under any of them are this server's.
    pub issuers: Vec<Issuer>,
    /// The root secrets and the keys that are derived from them.
    pub keyring: Keyring,
    /// The built-in administration application, where its secret is set.
    pub admin_application: Option<Rc<Application>>,
    /// The rate limits; `None` switches one off.
    pub limits: Limits,
    /// Whether a `client_id` may be the URL of a document that describes the client.
    pub client_metadata_documents: bool,
    /// Who may register clients by RFC 7591.
    pub dynamic_registration: DynamicRegistration,
    /// Whether proofs of possession have to have a nonce of this server's (RFC 9449 §8).
    pub dpop_nonces: bool,
    /// Schemes without a dot that public applications may register.
    pub redirect_schemes: PrivateSchemes,
    /// How long a code is good.
    pub code_lifetime: Duration,
    /// How long an access token is good.
    pub access_token_lifetime: Duration,
    /// How long a refresh token is good, from its last rotation.
    pub refresh_token_lifetime: Duration,
    /// How long a browser stays logged in.
    pub session_lifetime: Duration,
    /// How long a token for another resource server is good.
    pub resource_token_lifetime: Duration,
    /// How long a signing key is published before it signs.
    pub key_publish_ahead: Duration,
    /// How long a signing key signs.
    pub key_lifetime: Duration,
    /// How long an entry of the audit log is kept.
    pub audit_log_lifetime: Duration,
    /// What a password costs to hash.
    pub password_cost: Cost,
    /// What the pages look like.
    pub brand: Brand,
    /// Where the pictures of users are.
    pub avatar_url: Option<AvatarUrl>,
    /// Where users who have forgotten their password get another one.
    pub password_reset_url: Option<String>,
    /// The platform whose users these are, where they are not this server's own.
    pub platform: Option<PlatformSettings>,
    /// The server before this one, whose refresh tokens are taken over.
    pub legacy: Option<LegacyServer>,
    /// Where the operator is told of authorizations.
    pub events: Option<OperatorEvents>,
    /// The metadata document, once it was asked for: nothing but the settings decides what it says.
    pub(crate) metadata: OnceCell<String>,
}

/// Where the operator is told of authorizations.
#[derive(Debug)]
pub struct OperatorEvents {
    /// The URL that receives the events.
    pub url: OutboundUrl,
    /// What signs for it.
    pub key: Secret<PlatformKey>,
}

/// The server before this one.
#[derive(Debug)]
pub struct LegacyServer {
    /// Where it says what a token is worth (RFC 7662).
    pub introspection: OutboundUrl,
    /// What this server shows there as `Authorization`. Without it, the client's own credentials.
    pub authorization: Option<String>,
}

/// Where the pictures of users are: a URL with `{user}` and `{avatar}` in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AvatarUrl(String);

impl AvatarUrl {
    fn parse(template: &str) -> Option<Self> {
        let fits = is_url(template) && template.contains("{avatar}");
        fits.then(|| Self(template.to_owned()))
    }

    /// The picture of one user.
    pub fn of(&self, user: UserId, avatar: &str) -> String {
        let url = self.0.replace("{user}", &user.to_string());
        url.replace("{avatar}", avatar)
    }
}

/// What the pages look like.
#[derive(Debug, Default)]
pub struct Brand {
    /// The platform's name.
    pub name: String,
    /// The platform's logo, a `data:` URI; `None`: this server's own.
    pub logo: Option<String>,
    /// Custom properties of the stylesheet, as declarations: `--accent: #0a7`.
    pub theme: String,
    /// The same for the dark scheme.
    pub theme_dark: String,
    /// The names of what the pages load, once they were asked for: they depend on the theme.
    pub asset_names: OnceCell<[String; 2]>,
}

/// The limits; `None` is off.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Of the authorization endpoint.
    pub authorize: Option<Limit>,
    /// Of the token endpoint, per address.
    pub token: Option<Limit>,
    /// Of the token endpoint, per client that authenticates out of memory.
    pub token_client: Option<Limit>,
    /// Of the revocation endpoint, and of wrong client credentials at the introspection endpoint.
    pub revoke: Option<Limit>,
    /// Of failed logins, per address and per account.
    pub login: Option<Limit>,
    /// Of the registration endpoint.
    pub register: Option<Limit>,
}

/// Who may register clients by RFC 7591.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DynamicRegistration {
    /// Nobody: there is no such URL.
    Off,
    /// Whoever has a token of an administrator's.
    Token,
    /// Anybody may register a client.
    Open,
}

impl Config {
    /// Parses the settings; `setting` gives a var or secret by its name.
    pub fn parse(setting: impl Fn(&'static str) -> Option<String>) -> Result<Self, ConfigError> {
        let set = Settings(&setting);
        let issuer =
            Issuer::parse(&setting("ISSUER").unwrap_or_default()).ok_or(ConfigError::Issuer)?;
        Ok(Self {
            issuers: issuers(&issuer, &setting("ISSUER_ALIASES").unwrap_or_default())?,
            keyring: Keyring::parse(&setting("SIGNING_KEYS").unwrap_or_default())?,
            admin_application: admin_application(&setting, &issuer)?,
            limits: set.limits()?,
            client_metadata_documents: set.switch(
                "CLIENT_METADATA_DOCUMENTS",
                ConfigError::ClientMetadataDocuments,
            )?,
            dynamic_registration: set.dynamic_registration()?,
            dpop_nonces: set.switch("DPOP_NONCES", ConfigError::DpopNonces)?,
            redirect_schemes: match setting("REDIRECT_SCHEMES") {
                None => PrivateSchemes::default(),
                Some(names) => PrivateSchemes::parse(&names).ok_or(ConfigError::RedirectSchemes)?,
            },
            code_lifetime: set.lifetime("CODE_LIFETIME", 600, MAX_CODE_LIFETIME)?,
            access_token_lifetime: set.lifetime("ACCESS_TOKEN_LIFETIME", 604_800, MAX_LIFETIME)?,
            refresh_token_lifetime: set.lifetime(
                "REFRESH_TOKEN_LIFETIME",
                2_592_000,
                MAX_LIFETIME,
            )?,
            session_lifetime: set.lifetime("SESSION_LIFETIME", 1_209_600, MAX_LIFETIME)?,
            resource_token_lifetime: set.lifetime("RESOURCE_TOKEN_LIFETIME", 600, 3600)?,
            key_publish_ahead: set.lifetime("KEY_PUBLISH_AHEAD", DAY, MAX_LIFETIME)?,
            key_lifetime: set.lifetime("KEY_LIFETIME", 90 * DAY, MAX_LIFETIME)?,
            audit_log_lifetime: set.audit_log_lifetime()?,
            password_cost: match setting("PASSWORD_COST") {
                None => Cost::default(),
                Some(text) => Cost::parse(&text).ok_or(ConfigError::PasswordCost)?,
            },
            brand: brand(&setting)?,
            avatar_url: set.avatar_url()?,
            password_reset_url: set.password_reset_url()?,
            platform: PlatformSettings::parse(&setting, &issuer)?,
            legacy: legacy(&setting, &issuer)?,
            events: events(&setting, &issuer)?,
            metadata: OnceCell::new(),
            issuer,
        })
    }
}

/// What is set, by its name.
struct Settings<'s>(&'s dyn Fn(&'static str) -> Option<String>);

impl Settings<'_> {
    fn number(&self, name: &'static str, default: u64, largest: u64) -> Option<u64> {
        let Some(text) = self.0(name) else {
            return Some(default);
        };
        let number = text.parse().ok();
        number.filter(|number| (1..=largest).contains(number))
    }

    fn lifetime(
        &self,
        name: &'static str,
        default: u64,
        longest: u64,
    ) -> Result<Duration, ConfigError> {
        let seconds = self.number(name, default, longest);
        Ok(Duration::from_secs(
            seconds.ok_or(ConfigError::Lifetime(name))?,
        ))
    }

    fn audit_log_lifetime(&self) -> Result<Duration, ConfigError> {
        let days = self.number("AUDIT_LOG_DAYS", 90, MAX_LIFETIME / DAY);
        Ok(Duration::from_secs(
            days.ok_or(ConfigError::AuditLog)? * DAY,
        ))
    }

    fn switch(&self, name: &'static str, wrong: ConfigError) -> Result<bool, ConfigError> {
        match self.0(name).as_deref() {
            None | Some("off") => Ok(false),
            Some("on") => Ok(true),
            Some(_) => Err(wrong),
        }
    }

    fn limit(&self, name: &'static str, default: &str) -> Result<Option<Limit>, ConfigError> {
        let text = self.0(name).unwrap_or_else(|| default.to_owned());
        if text == "off" {
            return Ok(None);
        }
        let limit = text.parse().map(Some);
        limit.map_err(|it| ConfigError::Limit(name, it))
    }

    fn limits(&self) -> Result<Limits, ConfigError> {
        let token = self.0("RATE_LIMIT_TOKEN").unwrap_or_else(|| "10/10".into());
        Ok(Limits {
            authorize: self.limit("RATE_LIMIT_AUTHORIZE", "10/10")?,
            token: self.limit("RATE_LIMIT_TOKEN", &token)?,
            token_client: self.limit("RATE_LIMIT_TOKEN_CLIENT", &token)?,
            revoke: self.limit("RATE_LIMIT_REVOKE", "10/10")?,
            login: self.limit("RATE_LIMIT_LOGIN", "5/60")?,
            register: self.limit("RATE_LIMIT_REGISTER", "60/3600")?,
        })
    }

    fn dynamic_registration(&self) -> Result<DynamicRegistration, ConfigError> {
        match self.0("DYNAMIC_REGISTRATION").as_deref() {
            None | Some("off") => Ok(DynamicRegistration::Off),
            Some("token") => Ok(DynamicRegistration::Token),
            Some("open") => Ok(DynamicRegistration::Open),
            Some(_) => Err(ConfigError::DynamicRegistration),
        }
    }

    fn avatar_url(&self) -> Result<Option<AvatarUrl>, ConfigError> {
        let url = self.0("AVATAR_URL").filter(|url| !url.is_empty());
        url.map(|url| AvatarUrl::parse(&url).ok_or(ConfigError::AvatarUrl))
            .transpose()
    }

    fn password_reset_url(&self) -> Result<Option<String>, ConfigError> {
        match self.0("PASSWORD_RESET_URL").filter(|url| !url.is_empty()) {
            Some(url) if !is_url(&url) => Err(ConfigError::PasswordResetUrl),
            url => Ok(url),
        }
    }
}

impl Config {
    /// When signing keys are made, sign, and go.
    pub fn key_terms(&self) -> KeyTerms {
        KeyTerms {
            publish_ahead: self.key_publish_ahead,
            lifetime: self.key_lifetime,
            longest_token: ID_TOKEN_LIFETIME.max(self.resource_token_lifetime),
        }
    }

    /// What the operator is told once the private keys are encrypted under the first entry of
    /// `SIGNING_KEYS`: until when the others are needed still, for what was signed with them.
    pub fn rewrapped(&self, now: Timestamp) -> String {
        let lifetimes = [self.access_token_lifetime, self.refresh_token_lifetime];
        let longest = lifetimes.into_iter().max().unwrap_or_default();
        let until = (now + longest).to_iso();
        let line = serde_json::json!({
            "level": "info",
            "message": "private keys are encrypted under the first entry of SIGNING_KEYS",
            "other_entries_verify_tokens_until": until,
        });
        line.to_string()
    }
}

fn legacy(
    setting: impl Fn(&'static str) -> Option<String>,
    issuer: &Issuer,
) -> Result<Option<LegacyServer>, ConfigError> {
    let set = |name| setting(name).filter(|it| !it.is_empty());
    let Some(url) = set("LEGACY_INTROSPECTION_URL") else {
        return Ok(None);
    };
    Ok(Some(LegacyServer {
        introspection: OutboundUrl::parse(&url, issuer).map_err(ConfigError::Legacy)?,
        authorization: set("LEGACY_INTROSPECTION_AUTHORIZATION"),
    }))
}

fn events(
    setting: impl Fn(&'static str) -> Option<String>,
    issuer: &Issuer,
) -> Result<Option<OperatorEvents>, ConfigError> {
    let Some(url) = setting("AUTHORIZATION_EVENTS_URL").filter(|it| !it.is_empty()) else {
        return Ok(None);
    };
    let keys = setting("PLATFORM_KEY").unwrap_or_default();
    let (key, _) = parse_keys(&keys).ok_or(ConfigError::EventsKey)?;
    let url = OutboundUrl::parse(&url, issuer).map_err(ConfigError::Events)?;
    Ok(Some(OperatorEvents { url, key }))
}

/// Whether somebody can be sent there: no scheme that runs script.
fn is_url(text: &str) -> bool {
    let is_http = text.starts_with("https://") || text.starts_with("http://");
    is_http && text.len() <= 512 && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn brand(setting: impl Fn(&'static str) -> Option<String>) -> Result<Brand, ConfigError> {
    let theme = |name| {
        let declarations = setting(name).unwrap_or_default();
        let is_safe = is_theme(&declarations);
        is_safe
            .then_some(declarations)
            .ok_or(ConfigError::Theme(name))
    };
    let name = setting("BRAND_NAME").unwrap_or_else(|| "Fluxer".to_owned());
    let logo = setting("BRAND_LOGO").filter(|logo| !logo.is_empty());
    if !(1..=40).contains(&name.chars().count()) {
        return Err(ConfigError::BrandName);
    }
    let is_image = |logo: &String| logo.len() <= 8192 && logo.starts_with("data:image/");
    if !logo.as_ref().is_none_or(is_image) {
        return Err(ConfigError::BrandLogo);
    }
    Ok(Brand {
        name,
        logo,
        theme: theme("THEME")?,
        theme_dark: theme("THEME_DARK")?,
        asset_names: OnceCell::new(),
    })
}

/// Declarations of custom properties and nothing else: no rule, no import, no address.
fn is_theme(declarations: &str) -> bool {
    declarations
        .split(';')
        .map(str::trim)
        .filter(|declaration| !declaration.is_empty())
        .all(|declaration| {
            declaration.split_once(':').is_some_and(|(name, value)| {
                let plain =
                    |byte: u8| byte.is_ascii_alphanumeric() || b"-#%.,()/ \"'".contains(&byte);
                name.starts_with("--")
                    && name
                        .trim()
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                    && value.bytes().all(plain)
                    && !value.to_ascii_lowercase().contains("url")
            })
        })
}

/// The issuer and its former names, which are separated by spaces.
fn issuers(issuer: &Issuer, aliases: &str) -> Result<Vec<Issuer>, ConfigError> {
    let aliases = aliases.split_ascii_whitespace().map(Issuer::parse);
    let aliases: Option<Vec<_>> = aliases.collect();
    let mut issuers = vec![issuer.clone()];
    issuers.extend(aliases.ok_or(ConfigError::IssuerAliases)?);
    Ok(issuers)
}

fn admin_application(
    setting: impl Fn(&'static str) -> Option<String>,
    issuer: &Issuer,
) -> Result<Option<Rc<Application>>, ConfigError> {
    let Some(secret) = setting("ADMIN_CLIENT_SECRET").filter(|secret| !secret.is_empty()) else {
        return Ok(None);
    };
    if issuer.is_https() && secret == LOCAL_ADMIN_SECRET {
        return Err(ConfigError::PublishedSecret);
    }
    if secret.len() < 32 {
        return Err(ConfigError::WeakSecret);
    }
    let id = setting("ADMIN_CLIENT_ID").unwrap_or_else(|| "1".to_owned());
    let id = ApplicationId::parse(&id).ok_or(ConfigError::AdminClientId)?;
    let hash = Secret::new(secret).hash();
    let client = Client::built_in(id, ClientAuthentication::Secret(hash.into()));
    Ok(Some(Rc::new(Application::built_in(client))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::keyring::KeyringError;
    use crate::rate_limit::LimitError;

    const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    fn parse(settings: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::parse(|name| {
            let set = settings.iter().rev().find(|(set, _)| *set == name);
            set.map(|(_, value)| (*value).to_owned())
        })
    }

    fn check(changed: &[(&str, &str)], expected: Option<ConfigError>) {
        let mut settings = vec![("ISSUER", "http://127.0.0.1:8787"), ("SIGNING_KEYS", KEY)];
        settings.extend(changed);
        assert_eq!(parse(&settings).err(), expected, "{changed:?}");
    }

    #[test]
    fn defaults_serve() {
        check(&[], None);
        check(
            &[("RATE_LIMIT_TOKEN", "off"), ("CODE_LIFETIME", "60")],
            None,
        );
        check(
            &[
                ("BRAND_NAME", "Acme"),
                (
                    "THEME",
                    "--accent: #0a7; --radius: 0; --font: \"Inter\", sans-serif;",
                ),
                ("THEME_DARK", "--accent: rgb(0 170 119 / 80%)"),
            ],
            None,
        );
    }

    #[test]
    fn what_cannot_be_served_with_is_named() {
        check(
            &[("SIGNING_KEYS", "")],
            Some(ConfigError::Keys(KeyringError::Missing)),
        );
        check(
            &[("SIGNING_KEYS", "secret")],
            Some(ConfigError::Keys(KeyringError::Weak)),
        );
        for issuer in [
            "",
            "id.example",
            "https://id.example/",
            "https://id.example/x",
            "https://ID.example",
            "ftp://id.example",
            "https://u@id.example",
            "https://id.example?x",
            "https://id.example:443",
            "https://id.example#x",
        ] {
            check(&[("ISSUER", issuer)], Some(ConfigError::Issuer));
        }
        let aliases = "https://id.example https://old.example:8443";
        check(&[("ISSUER_ALIASES", aliases)], None);
        let aliases = "https://id.example, id.example";
        check(
            &[("ISSUER_ALIASES", aliases)],
            Some(ConfigError::IssuerAliases),
        );
        check(
            &[("RATE_LIMIT_TOKEN", "many")],
            Some(ConfigError::Limit("RATE_LIMIT_TOKEN", LimitError)),
        );
        for lifetime in ["0", "-1", "601", "1e2", ""] {
            check(
                &[("CODE_LIFETIME", lifetime)],
                Some(ConfigError::Lifetime("CODE_LIFETIME")),
            );
        }
        for theme in [
            "color: red",
            "--accent: red } body { display: none",
            "--accent: url(https://evil.example)",
            "@import 'x'",
            "--accent",
            "--a: <script>",
        ] {
            check(&[("THEME", theme)], Some(ConfigError::Theme("THEME")));
        }
        check(&[("BRAND_NAME", "")], Some(ConfigError::BrandName));
        check(&[("PASSWORD_COST", "2")], Some(ConfigError::PasswordCost));
        check(
            &[("AVATAR_URL", "https://cdn.example/{user}/{avatar}.png")],
            None,
        );
        for url in [
            "javascript:{avatar}",
            "https://cdn.example/",
            "https://a b/{avatar}",
        ] {
            check(&[("AVATAR_URL", url)], Some(ConfigError::AvatarUrl));
        }
        let reset = "https://id.example/password";
        check(&[("PASSWORD_RESET_URL", reset)], None);
        for url in ["javascript:alert(1)", "/password", "https://a b"] {
            check(
                &[("PASSWORD_RESET_URL", url)],
                Some(ConfigError::PasswordResetUrl),
            );
        }
        check(
            &[("BRAND_LOGO", "https://evil.example/x.png")],
            Some(ConfigError::BrandLogo),
        );
        for days in ["0", "-1", "3651", "forever"] {
            check(&[("AUDIT_LOG_DAYS", days)], Some(ConfigError::AuditLog));
        }
        check(
            &[("DYNAMIC_REGISTRATION", "on")],
            Some(ConfigError::DynamicRegistration),
        );
        check(&[("DPOP_NONCES", "yes")], Some(ConfigError::DpopNonces));
        check(
            &[("REDIRECT_SCHEMES", "cursor javascript")],
            Some(ConfigError::RedirectSchemes),
        );
        check(
            &[("ADMIN_CLIENT_SECRET", "short")],
            Some(ConfigError::WeakSecret),
        );
        check(
            &[
                ("ADMIN_CLIENT_SECRET", LOCAL_ADMIN_SECRET),
                ("ADMIN_CLIENT_ID", "x"),
            ],
            Some(ConfigError::AdminClientId),
        );
    }

    #[test]
    fn the_published_secret_is_for_development_only() {
        let local = ("ADMIN_CLIENT_SECRET", LOCAL_ADMIN_SECRET);
        check(&[local], None);
        check(
            &[local, ("ISSUER", "https://id.example")],
            Some(ConfigError::PublishedSecret),
        );
    }

    #[test]
    fn without_its_secret_the_administration_application_does_not_exist() {
        let config = parse(&[("ISSUER", "https://id.example"), ("SIGNING_KEYS", KEY)]);
        assert!(config.is_ok_and(|config| config.admin_application.is_none()));
    }
}
