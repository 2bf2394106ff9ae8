//! What is wrong with the settings.

use thiserror::Error;

use crate::crypto::keyring::KeyringError;
use crate::outbound::UrlError;
use crate::platform::PlatformSettingsError;
use crate::rate_limit::LimitError;

/// A setting that cannot be served with; its text names the setting and never its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ConfigError {
    /// `ISSUER` is not an origin.
    #[error("ISSUER must be an origin such as https://id.example, without a path")]
    Issuer,
    /// `ISSUER_ALIASES` names something else than origins.
    #[error("ISSUER_ALIASES must be origins, separated by spaces")]
    IssuerAliases,
    /// The signing keys.
    #[error("{0}")]
    Keys(#[from] KeyringError),
    /// A published secret on a public origin.
    #[error("ADMIN_CLIENT_SECRET is the local one, and ISSUER is https")]
    PublishedSecret,
    /// A short administration secret.
    #[error("ADMIN_CLIENT_SECRET must have at least 32 characters")]
    WeakSecret,
    /// The administration application's id.
    #[error("ADMIN_CLIENT_ID must be a decimal id")]
    AdminClientId,
    /// A limit.
    #[error("{0} {1}")]
    Limit(&'static str, LimitError),
    /// A lifetime.
    #[error("{0} must be a number of seconds in its range")]
    Lifetime(&'static str),
    /// What a password costs.
    #[error("PASSWORD_COST must be memory/passes: 1024 to 65536 KiB, 1 to 10 passes")]
    PasswordCost,
    /// The platform's name.
    #[error("BRAND_NAME must be 1 to 40 characters")]
    BrandName,
    /// The platform's logo.
    #[error("BRAND_LOGO must be a data:image/ URI of at most 8192 characters")]
    BrandLogo,
    /// Where the pictures of users are.
    #[error("AVATAR_URL must be a URL with {{avatar}} in it, and {{user}} where that is needed")]
    AvatarUrl,
    /// Where passwords are replaced.
    #[error("PASSWORD_RESET_URL must be an http(s) URL")]
    PasswordResetUrl,
    /// The colours and measures.
    #[error("{0} must be custom properties, such as --accent: #0a7; --radius: 0")]
    Theme(&'static str),
    /// Whether clients may be described by documents.
    #[error("CLIENT_METADATA_DOCUMENTS must be on or off")]
    ClientMetadataDocuments,
    /// Who may register clients.
    #[error("DYNAMIC_REGISTRATION must be open, token or off")]
    DynamicRegistration,
    /// Whether proofs of possession have to have a nonce.
    #[error("DPOP_NONCES must be on or off")]
    DpopNonces,
    /// The schemes that public applications may register.
    #[error("REDIRECT_SCHEMES must be schemes separated by spaces, and none of a browser's own")]
    RedirectSchemes,
    /// How long the audit log is kept.
    #[error("AUDIT_LOG_DAYS must be a number of days from 1 to 3650")]
    AuditLog,
    /// The server before this one.
    #[error("LEGACY_INTROSPECTION_URL {0}")]
    Legacy(UrlError),
    /// Where the operator is told of authorizations.
    #[error("AUTHORIZATION_EVENTS_URL {0}")]
    Events(UrlError),
    /// What signs for them.
    #[error("AUTHORIZATION_EVENTS_URL needs PLATFORM_KEY, of at least 16 characters")]
    EventsKey,
    /// The platform that has the users.
    #[error("{0}")]
    Platform(#[from] PlatformSettingsError),
}
