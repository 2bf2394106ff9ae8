//! How the platform's API says no: `{code, message}`, outside OAuth's own endpoints.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::oauth::dpop::{ALGORITHMS, ProofError};
use crate::oauth::error::Refusal;
use crate::oauth::jwk::JwsAlgorithm;
use crate::oauth::scope::Scope;
use crate::rate_limit::Verdict;

/// A field of a request that was refused, and what it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// Where: `username`, `redirect_uris.0`; `body` for the body as a whole.
    pub path: String,
    /// The rule that the value breaks.
    pub message: String,
}

/// A refusal of the platform's API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApiError {
    /// No token, and no session.
    Unauthorized,
    /// Not a token of ours, or one that no longer works (RFC 6750 §3.1).
    InvalidToken,
    /// The proof of possession is missing or not good for the request (RFC 9449 §7.1).
    Proof(ProofError),
    /// The token's scope does not open this.
    MissingScope(Scope),
    /// The caller may not do this.
    AccessDenied,
    /// A form of ours did not come back with its `X-CSRF-Token`.
    CsrfToken,
    /// Some fields were refused: all of them at once.
    InvalidFormBody(Vec<FieldError>),
    /// The `Content-Type` of the body is not JSON.
    UnsupportedMediaType,
    /// No such user.
    UnknownUser,
    /// No such application.
    UnknownApplication,
    /// The user has not authorized that application.
    UnknownAuthorization,
    /// No such guild.
    UnknownGuild,
    /// Not a member of that guild.
    UnknownMember,
    /// The user has no such account on another service.
    UnknownConnection,
    /// No such resource server.
    UnknownResource,
    /// No such signing key.
    UnknownKey,
    /// No such token.
    UnknownToken,
    /// No login that waits for the platform's answer.
    UnknownChallenge,
    /// The platform answered that login before, and otherwise.
    ChallengeAnswered,
    /// The bot is not in that guild.
    MissingAccess,
    /// The application has no bot.
    NotABotApplication,
    /// A user owns as many applications as they may.
    MaxApplications,
    /// The user has to show their password again.
    SudoModeRequired,
    /// Too many requests in a window.
    RateLimited(Verdict),
}

impl ApiError {
    /// An error that names a single field.
    pub fn field(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self::InvalidFormBody(vec![FieldError {
            path: path.into(),
            message: message.into(),
        }])
    }

    /// The HTTP status.
    pub const fn status(&self) -> u16 {
        match self {
            Self::InvalidFormBody(_) | Self::NotABotApplication | Self::MaxApplications => 400,
            Self::Unauthorized | Self::InvalidToken | Self::Proof(_) => 401,
            Self::MissingScope(_)
            | Self::AccessDenied
            | Self::CsrfToken
            | Self::MissingAccess
            | Self::SudoModeRequired => 403,
            Self::UnknownUser
            | Self::UnknownApplication
            | Self::UnknownAuthorization
            | Self::UnknownGuild
            | Self::UnknownMember
            | Self::UnknownConnection
            | Self::UnknownResource
            | Self::UnknownKey
            | Self::UnknownToken
            | Self::UnknownChallenge => 404,
            Self::ChallengeAnswered => 409,
            Self::UnsupportedMediaType => 415,
            Self::RateLimited(_) => 429,
        }
    }

    /// The code and the message.
    const fn spelled(&self) -> (&'static str, &'static str) {
        match self {
            Self::Unauthorized => ("UNAUTHORIZED", "Unauthorized"),
            Self::InvalidToken => ("INVALID_TOKEN", "Invalid token"),
            Self::Proof(ProofError::Nonce) => ("USE_DPOP_NONCE", "Invalid DPoP proof"),
            Self::Proof(_) => ("INVALID_DPOP_PROOF", "Invalid DPoP proof"),
            Self::MissingScope(_) => ("MISSING_OAUTH_SCOPE", "Missing required OAuth2 scope"),
            Self::AccessDenied => ("ACCESS_DENIED", "Access denied"),
            Self::CsrfToken => (
                "INVALID_CSRF_TOKEN",
                "X-CSRF-Token must be the csrf_token of GET /api/oauth2/session",
            ),
            Self::InvalidFormBody(_) => ("INVALID_FORM_BODY", "Input Validation Error"),
            Self::UnsupportedMediaType => (
                "UNSUPPORTED_MEDIA_TYPE",
                "Content-Type must be application/json",
            ),
            Self::UnknownUser => ("UNKNOWN_USER", "Unknown User"),
            Self::UnknownApplication => ("UNKNOWN_APPLICATION", "Unknown application"),
            Self::UnknownAuthorization => ("UNKNOWN_AUTHORIZATION", "Unknown authorization"),
            Self::UnknownGuild => ("UNKNOWN_GUILD", "Unknown Guild"),
            Self::UnknownMember => ("UNKNOWN_MEMBER", "Unknown Guild Member"),
            Self::UnknownConnection => ("UNKNOWN_CONNECTION", "Unknown connection"),
            Self::UnknownResource => ("UNKNOWN_RESOURCE", "Unknown resource"),
            Self::UnknownKey => ("UNKNOWN_KEY", "Unknown key"),
            Self::UnknownToken => ("UNKNOWN_TOKEN", "Unknown token"),
            Self::UnknownChallenge => ("UNKNOWN_LOGIN_CHALLENGE", "Unknown login challenge"),
            Self::ChallengeAnswered => (
                "LOGIN_CHALLENGE_ANSWERED",
                "This login was answered before, and otherwise",
            ),
            Self::MissingAccess => ("MISSING_ACCESS", "Missing Access"),
            Self::NotABotApplication => ("NOT_A_BOT_APPLICATION", "Application is not a bot"),
            Self::MaxApplications => (
                "MAX_APPLICATIONS",
                "A user can have at most 25 applications",
            ),
            Self::SudoModeRequired => (
                "SUDO_MODE_REQUIRED",
                "Send the account's password in the body to confirm this action",
            ),
            Self::RateLimited(_) => ("RATE_LIMITED", "You are being rate limited."),
        }
    }

    /// The JSON body that clients read: `code`, `message`, and what else the error has.
    pub fn body(&self) -> Value {
        let mut body = Map::new();
        let (code, message) = self.spelled();
        body.insert("code".into(), json!(code));
        body.insert("message".into(), json!(message));
        match self {
            Self::InvalidFormBody(errors) => {
                body.insert("errors".into(), json!(errors));
            }
            Self::MissingScope(scope) => {
                body.insert("required_scope".into(), json!(scope.as_str()));
            }
            Self::Proof(error) => {
                body.insert("message".into(), json!(format!("{message}: {error}")));
            }
            Self::SudoModeRequired => {
                body.insert("has_mfa".into(), json!(false));
            }
            Self::RateLimited(verdict) => {
                let wait = verdict.reset_after().as_secs_f64();
                body.insert("retry_after".into(), json!(wait));
                body.insert("global".into(), json!(false));
            }
            _ => {}
        }
        Value::Object(body)
    }

    /// `WWW-Authenticate`, where the answer has one (RFC 6750 §3, RFC 9449 §7.1), with the place where a
    /// client finds out how to get a token (RFC 9728 §5.1). What was wrong is told in the scheme that
    /// the request used.
    pub fn challenges(&self, issuer: &str, scheme: Scheme) -> Vec<String> {
        let reason = match self {
            Self::Unauthorized => String::new(),
            Self::InvalidToken => "error=\"invalid_token\", ".to_owned(),
            Self::MissingScope(scope) => {
                format!("error=\"insufficient_scope\", scope=\"{scope}\", ")
            }
            Self::Proof(error) => format!(
                "error=\"{}\", error_description=\"{error}\", ",
                Refusal::Proof(*error).code()
            ),
            _ => return Vec::new(),
        };
        let metadata =
            format!("resource_metadata=\"{issuer}/.well-known/oauth-protected-resource\"");
        let algorithms = ALGORITHMS.map(JwsAlgorithm::as_str).join(" ");
        let dpop = |rest: &str| format!("DPoP {rest}algs=\"{algorithms}\"");
        if scheme == Scheme::Dpop {
            return vec![dpop(&format!("{reason}{metadata}, "))];
        }
        let bearer = format!("Bearer {reason}{metadata}");
        match self {
            // The client has a token that works, and another scheme would not help it.
            Self::MissingScope(_) => vec![bearer],
            _ => vec![bearer, dpop("")],
        }
    }
}

/// The scheme of an `Authorization` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// RFC 6750.
    Bearer,
    /// RFC 9449 §7.1.
    Dpop,
    /// The header names the scheme of bot tokens.
    Bot,
    /// The header is absent, or names a scheme that no endpoint takes.
    Other,
}

impl Scheme {
    /// Reads it; its case does not matter (RFC 9110 §11.1).
    pub fn of(authorization: &str) -> Self {
        let (scheme, _) = authorization.split_once(' ').unwrap_or_default();
        let is = |name| scheme.eq_ignore_ascii_case(name);
        if is("Bearer") {
            Self::Bearer
        } else if is("DPoP") {
            Self::Dpop
        } else if is("Bot") {
            Self::Bot
        } else {
            Self::Other
        }
    }
}
