//! How the platform's API says no: `{code, message}`, outside OAuth's own endpoints.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::oauth::scope::Scope;

/// One field that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// Where: `username`, `redirect_uris.0`; `body` for the body as a whole.
    pub path: String,
    /// What it must be.
    pub message: String,
}

/// A refusal of the platform's API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApiError {
    /// No token, and no session.
    Unauthorized,
    /// Not a token of ours, or one that no longer works (RFC 6750 §3.1).
    InvalidToken,
    /// The token's scope does not open this.
    MissingScope(Scope),
    /// The caller may not do this.
    AccessDenied,
    /// A form of ours did not come back with its `X-CSRF-Token`.
    CsrfToken,
    /// Some fields were refused: all of them at once.
    InvalidFormBody(Vec<FieldError>),
    /// Not JSON.
    UnsupportedMediaType,
    /// No such user.
    UnknownUser,
    /// No such application.
    UnknownApplication,
    /// The user has not authorized that application.
    UnknownAuthorization,
}

impl ApiError {
    /// The HTTP status.
    pub const fn status(&self) -> u16 {
        match self {
            Self::InvalidFormBody(_) => 400,
            Self::Unauthorized | Self::InvalidToken => 401,
            Self::MissingScope(_) | Self::AccessDenied | Self::CsrfToken => 403,
            Self::UnknownUser | Self::UnknownApplication | Self::UnknownAuthorization => 404,
            Self::UnsupportedMediaType => 415,
        }
    }

    const fn code(&self) -> &'static str {
        match self {
            Self::Unauthorized => "UNAUTHORIZED",
            Self::InvalidToken => "INVALID_TOKEN",
            Self::MissingScope(_) => "MISSING_OAUTH_SCOPE",
            Self::AccessDenied => "ACCESS_DENIED",
            Self::CsrfToken => "INVALID_CSRF_TOKEN",
            Self::InvalidFormBody(_) => "INVALID_FORM_BODY",
            Self::UnsupportedMediaType => "UNSUPPORTED_MEDIA_TYPE",
            Self::UnknownUser => "UNKNOWN_USER",
            Self::UnknownApplication => "UNKNOWN_APPLICATION",
            Self::UnknownAuthorization => "UNKNOWN_AUTHORIZATION",
        }
    }

    const fn message(&self) -> &'static str {
        match self {
            Self::Unauthorized => "Unauthorized",
            Self::InvalidToken => "Invalid token",
            Self::MissingScope(_) => "Missing required OAuth2 scope",
            Self::AccessDenied => "Access denied",
            Self::CsrfToken => "X-CSRF-Token must be the csrf_token of GET /api/oauth2/session",
            Self::InvalidFormBody(_) => "Input Validation Error",
            Self::UnsupportedMediaType => "Content-Type must be application/json",
            Self::UnknownUser => "Unknown User",
            Self::UnknownApplication => "Unknown application",
            Self::UnknownAuthorization => "Unknown authorization",
        }
    }

    /// The body.
    pub fn body(&self) -> Value {
        let mut body = Map::new();
        body.insert("code".into(), json!(self.code()));
        body.insert("message".into(), json!(self.message()));
        match self {
            Self::InvalidFormBody(errors) => {
                body.insert("errors".into(), json!(errors));
            }
            Self::MissingScope(scope) => {
                body.insert("required_scope".into(), json!(scope.as_str()));
            }
            _ => {}
        }
        Value::Object(body)
    }

    /// `WWW-Authenticate`, where the answer has one (RFC 6750 §3).
    pub fn challenge(&self) -> Option<String> {
        match self {
            Self::Unauthorized => Some("Bearer".to_owned()),
            Self::InvalidToken => Some("Bearer error=\"invalid_token\"".to_owned()),
            Self::MissingScope(scope) => Some(format!(
                "Bearer error=\"insufficient_scope\", scope=\"{scope}\""
            )),
            _ => None,
        }
    }
}
