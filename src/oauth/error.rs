//! The one place where a reason becomes an OAuth error code (RFC 6749 §4.1.2.1, §5.2).
//!
//! A [`Refusal`] is the client's or the user's doing and says exactly what it was; a storage fault
//! is ours and never comes through here as a verdict.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::client::assertion::AssertionError;
use super::dpop::ProofError;
use super::grant_type::GrantType;
use super::scope::{Scope, ScopeError};
use crate::lengths::MAX_BODY_BYTES;
use crate::rate_limit::Verdict;

wire_enum! {
    /// `error`, as RFC 6749 §4.1.2.1 and §5.2 and OpenID Connect Core §3.1.2.6 spell it.
    pub enum ErrorCode {
        /// A parameter is missing, repeated or malformed.
        InvalidRequest = "invalid_request",
        /// Client authentication failed.
        InvalidClient = "invalid_client",
        /// The code or refresh token is invalid, expired, revoked, or somebody else's.
        InvalidGrant = "invalid_grant",
        /// The client may not use this grant.
        UnauthorizedClient = "unauthorized_client",
        /// This server does not have this grant.
        UnsupportedGrantType = "unsupported_grant_type",
        /// The scope is unknown, malformed, or more than may be asked.
        InvalidScope = "invalid_scope",
        /// The resource server is unknown, or not the one that was granted (RFC 8707 §2).
        InvalidTarget = "invalid_target",
        /// The user said no.
        AccessDenied = "access_denied",
        /// This server does not answer with this response type.
        UnsupportedResponseType = "unsupported_response_type",
        /// A fault of ours that a repetition will not mend.
        ServerError = "server_error",
        /// A fault of ours that will pass.
        TemporarilyUnavailable = "temporarily_unavailable",
        /// The user of a device has not answered so far (RFC 8628 §3.5).
        AuthorizationPending = "authorization_pending",
        /// A device that polls asks too often (RFC 8628 §3.5).
        SlowDown = "slow_down",
        /// A device code's time is over (RFC 8628 §3.5).
        ExpiredToken = "expired_token",
        /// RFC 7591 §3.2.2: no redirect URI can be registered.
        InvalidRedirectUri = "invalid_redirect_uri",
        /// RFC 7591 §3.2.2: what a client says of itself cannot be registered.
        InvalidClientMetadata = "invalid_client_metadata",
        /// RFC 6750 §3.1: the token is not good for this.
        InvalidToken = "invalid_token",
        /// RFC 9449 §5: the proof of possession is missing or not good for the request.
        InvalidDpopProof = "invalid_dpop_proof",
        /// RFC 9449 §8: the proof has to have a nonce of this server's.
        UseDpopNonce = "use_dpop_nonce",
        /// `prompt=none`, and nobody is logged in.
        LoginRequired = "login_required",
        /// `prompt=none`, and the user would have to be asked.
        ConsentRequired = "consent_required",
        /// The request is in a JWT (OpenID Connect Core §6.1), and this server reads none.
        RequestNotSupported = "request_not_supported",
        /// The request is at a URL (Core §6.2), and this server fetches none.
        RequestUriNotSupported = "request_uri_not_supported",
    }
}

/// Why a request was refused: exact, for logs and tests. Its text is the `error_description`, so
/// it names parameters but never repeats what was sent.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Not UTF-8.
    #[error("The parameters are not valid application/x-www-form-urlencoded")]
    MalformedForm,
    /// Not one JSON object.
    #[error("The body is not a JSON object")]
    MalformedJson,
    /// A number, list, object or boolean where a string belongs.
    #[error("{0} must be a JSON string")]
    JsonValue(&'static str),
    /// The body is neither a form nor JSON.
    #[error("Content-Type must be application/x-www-form-urlencoded or application/json")]
    MediaType,
    /// A required parameter is not there, or empty.
    #[error("Missing parameter: {0}")]
    Missing(&'static str),
    /// A parameter that is read has a broken escape, or bytes that are not UTF-8.
    #[error("{0} is not form-encoded UTF-8")]
    Malformed(&'static str),
    /// A parameter came twice.
    #[error("Parameter sent more than once: {0}")]
    Repeated(&'static str),
    /// A parameter does not follow its grammar.
    #[error("Invalid {parameter}: {must}")]
    Invalid {
        /// The name of the parameter.
        parameter: &'static str,
        /// The rule that the value breaks.
        must: &'static str,
    },
    /// The request has a request object, which this server does not read (RFC 9101).
    #[error("request is not supported: send its parameters themselves")]
    RequestObject,
    /// A URL of a request object.
    #[error("request_uri is not supported: send the request's parameters themselves")]
    RequestUri,
    /// A `response_type` other than `code`.
    #[error("response_type must be code")]
    ResponseType,
    /// RFC 9700 §2.1.1: "Public clients MUST use PKCE".
    #[error("This application must send code_challenge with code_challenge_method=S256")]
    PkceRequired,
    /// A request that was not pushed, of a client that pushes its requests (RFC 9126 §6).
    #[error("This application must push its authorization requests")]
    PushRequired,
    /// A pushed request names another one (RFC 9126 §2.1).
    #[error("request_uri must not be pushed")]
    RequestUriPushed,
    /// Not a redirect URI of the client.
    #[error("redirect_uri is not one of those that the application registered")]
    ForeignRedirectUri,
    /// `grant_type` is none of ours.
    #[error("grant_type must be one of {}", GrantType::LISTED)]
    GrantType,
    /// `grant_type` is ours, but not for this client.
    #[error("This application may not use the grant type {0}")]
    GrantNotAllowed(GrantType),
    /// None of a client's redirect URIs can be registered (RFC 7591 §3.2.2).
    #[error("{member}: {must}")]
    RedirectUris {
        /// The member.
        member: &'static str,
        /// The rule that the last of them breaks.
        must: &'static str,
    },
    /// A client says something of itself that cannot be registered (RFC 7591 §3.2.2).
    #[error("{member} {must}")]
    ClientMetadata {
        /// The member.
        member: &'static str,
        /// The rule that the value breaks.
        must: &'static str,
    },
    /// The token is neither the registration token of this client nor one that may register clients.
    #[error("The token is missing or not good for this registration")]
    RegistrationToken,
    /// `resource` names no resource server that the tokens could be for.
    #[error("Invalid resource: {0}")]
    Resource(&'static str),
    /// The resource server gives this application no tokens of its own.
    #[error("This application may not use client credentials for that resource")]
    ResourceNotAllowed,
    /// The client could not be authenticated.
    #[error("{reason}")]
    Client {
        /// The reason.
        reason: ClientRefusal,
        /// Where its credentials were.
        place: CredentialsPlace,
    },
    /// Too many have failed to authenticate from this address.
    #[error("Too many attempts")]
    TooManyAttempts(Verdict),
    /// The proof of possession is missing or not good for the request.
    #[error("Invalid DPoP proof: {0}")]
    Proof(ProofError),
    /// The code or refresh token does not open anything.
    #[error("{0}")]
    Grant(GrantRefusal),
    /// A scope with characters that scopes do not have.
    #[error("scope must be scope names separated by spaces")]
    ScopeMalformed,
    /// A scope that does not exist.
    #[error("scope may hold {}", Scope::LISTED)]
    ScopeUnknown,
    /// A scope that this application, or this user, may not ask for.
    #[error("This application may not ask for the scope {0} here")]
    ScopeNotAllowed(Scope),
    /// An administrator has suspended the application.
    #[error("This application is suspended")]
    Suspended,
    /// The bot is its owner's alone to add.
    #[error("This bot is private and can only be invited by the owner")]
    PrivateBot,
    /// The bot wants to be told of where it is added, and this request has nowhere to tell it.
    #[error("This bot can only be added with response_type=code and a redirect_uri")]
    CodeGrantRequired,
    /// The user said no.
    #[error("The user denied access")]
    Denied,
    /// The user of a device has not answered so far.
    #[error("The user has not answered yet")]
    AuthorizationPending,
    /// A device polls before its interval is over.
    #[error("Wait 5 seconds longer between requests, from now on")]
    PolledTooOften,
    /// The user of a device did not answer in time.
    #[error("The device code has expired; start again")]
    DeviceCodeExpired,
    /// `prompt=none` without a session.
    #[error("The user is not logged in, or is another one")]
    LoginRequired,
    /// The platform logged nobody in, and says why.
    #[error("{words}")]
    LoginRejected {
        /// Whether the user did not want to.
        denied: bool,
        /// Why, for the client's developer.
        words: String,
    },
    /// `prompt=none` where the user must be asked.
    #[error("The user has to be asked for consent")]
    ConsentRequired,
}

impl Refusal {
    /// The HTTP status (RFC 6749 §5.2), where the answer is no redirect.
    pub const fn status(&self) -> u16 {
        match self.code() {
            ErrorCode::InvalidClient | ErrorCode::InvalidToken => 401,
            _ => 400,
        }
    }

    /// Whether it follows from how the client or the resource server is registered, and not from the
    /// request alone.
    pub const fn follows_from_registration(&self) -> bool {
        matches!(
            self,
            Self::Client { .. }
                | Self::GrantNotAllowed(_)
                | Self::Suspended
                | Self::Resource(_)
                | Self::ResourceNotAllowed
                | Self::ScopeUnknown
                | Self::ScopeNotAllowed(_)
                | Self::PkceRequired
                | Self::PushRequired
                | Self::ForeignRedirectUri
                | Self::PrivateBot
                | Self::CodeGrantRequired
                | Self::Proof(ProofError::Missing)
                | Self::Grant(GrantRefusal::RedirectUriWithdrawn)
        )
    }

    /// Whether it is a step of its protocol, or what somebody decided: no mistake of the client's.
    pub const fn is_expected(&self) -> bool {
        matches!(
            self,
            Self::Denied
                | Self::LoginRejected { .. }
                | Self::LoginRequired
                | Self::ConsentRequired
                | Self::AuthorizationPending
                | Self::Proof(ProofError::Nonce)
        )
    }

    /// The error code on the wire.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::MalformedForm
            | Self::MalformedJson
            | Self::JsonValue(_)
            | Self::MediaType
            | Self::Missing(_)
            | Self::Malformed(_)
            | Self::Repeated(_)
            | Self::Invalid { .. }
            | Self::PkceRequired
            | Self::PushRequired
            | Self::RequestUriPushed
            | Self::ForeignRedirectUri
            | Self::CodeGrantRequired => ErrorCode::InvalidRequest,
            Self::Client { reason, .. } => reason.code(),
            Self::Proof(ProofError::Nonce) => ErrorCode::UseDpopNonce,
            Self::Proof(_) => ErrorCode::InvalidDpopProof,
            Self::Grant(reason) => reason.code(),
            Self::TooManyAttempts(_) => ErrorCode::TemporarilyUnavailable,
            Self::GrantNotAllowed(_)
            | Self::ResourceNotAllowed
            | Self::Suspended
            | Self::PrivateBot => ErrorCode::UnauthorizedClient,
            Self::Resource(_) => ErrorCode::InvalidTarget,
            Self::GrantType => ErrorCode::UnsupportedGrantType,
            Self::ResponseType => ErrorCode::UnsupportedResponseType,
            Self::ScopeMalformed | Self::ScopeUnknown | Self::ScopeNotAllowed(_) => {
                ErrorCode::InvalidScope
            }
            Self::RedirectUris { .. } => ErrorCode::InvalidRedirectUri,
            Self::ClientMetadata { .. } => ErrorCode::InvalidClientMetadata,
            Self::RegistrationToken => ErrorCode::InvalidToken,
            Self::Denied | Self::LoginRejected { denied: true, .. } => ErrorCode::AccessDenied,
            Self::AuthorizationPending => ErrorCode::AuthorizationPending,
            Self::PolledTooOften => ErrorCode::SlowDown,
            Self::DeviceCodeExpired => ErrorCode::ExpiredToken,
            Self::LoginRequired | Self::LoginRejected { denied: false, .. } => {
                ErrorCode::LoginRequired
            }
            Self::ConsentRequired => ErrorCode::ConsentRequired,
            Self::RequestObject => ErrorCode::RequestNotSupported,
            Self::RequestUri => ErrorCode::RequestUriNotSupported,
        }
    }
}

impl From<ScopeError> for Refusal {
    fn from(error: ScopeError) -> Self {
        match error {
            ScopeError::Malformed => Self::ScopeMalformed,
            ScopeError::Unknown => Self::ScopeUnknown,
        }
    }
}

/// Where a client's credentials were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialsPlace {
    /// In `Authorization: Basic`; a failure is answered with `WWW-Authenticate: Basic` (RFC 6749
    /// §5.2).
    Header,
    /// The credentials were in the body, or there were none.
    Body,
}

impl CredentialsPlace {
    /// The refusal of what was there.
    pub const fn refuse(self, reason: ClientRefusal) -> Refusal {
        Refusal::Client {
            reason,
            place: self,
        }
    }
}

/// Why a client could not be authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ClientRefusal {
    /// No credentials at all.
    #[error("Client authentication is missing")]
    Missing,
    /// `Authorization` is not Basic, or its credentials cannot be read.
    #[error("The Authorization header must be Basic with form-encoded client_id and client_secret")]
    Unreadable,
    /// An assertion that is none for this request (RFC 7523 §3).
    #[error("{0}")]
    Assertion(AssertionError),
    /// RFC 6749 §2.3: "The client MUST NOT use more than one authentication method in each
    /// request."
    #[error("Use one client authentication method, not two")]
    TwoMethods,
    /// Unknown client, wrong secret, or no secret where one is needed: one answer, so that client
    /// ids cannot be probed.
    #[error("Invalid client credentials")]
    Wrong,
}

impl ClientRefusal {
    const fn code(self) -> ErrorCode {
        match self {
            Self::TwoMethods => ErrorCode::InvalidRequest,
            Self::Missing | Self::Unreadable | Self::Assertion(_) | Self::Wrong => {
                ErrorCode::InvalidClient
            }
        }
    }
}

/// Why a code or a refresh token opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum GrantRefusal {
    /// Not a code that this server made, or none that it still knows.
    #[error("Invalid authorization code")]
    UnknownCode,
    /// The code's time is over.
    #[error("Invalid authorization code")]
    ExpiredCode,
    /// The code was issued to another client.
    #[error("Invalid authorization code")]
    ForeignCode,
    /// The code was redeemed before.
    #[error("Invalid authorization code")]
    SpentCode,
    /// RFC 6749 §4.1.3: "if the `redirect_uri` parameter was included in the authorization request
    /// […] ensure that their values are identical".
    #[error("redirect_uri is not the one of the authorization request")]
    RedirectUri,
    /// The code was sent to a redirect URI that its owner has taken away since.
    #[error("The redirect_uri of the authorization request is not registered any more")]
    RedirectUriWithdrawn,
    /// The code was asked for with a challenge, and no verifier came.
    #[error("code_verifier is missing")]
    VerifierMissing,
    /// A verifier came for a code that was asked for without a challenge (RFC 9700 §4.8.2).
    #[error("code_verifier was sent, but the authorization request had no code_challenge")]
    VerifierUnexpected,
    /// The verifier does not answer the challenge.
    #[error("code_verifier does not match the code_challenge")]
    VerifierWrong,
    /// The code is for another key, or for one that was not proved (RFC 9449 §10).
    #[error("The code is bound to another DPoP key")]
    CodeKey,
    /// The user may not add the bot to the guild any more, or the bot is there already.
    #[error("The bot cannot be added to the guild any more")]
    BotNotAdded,
    /// Not a device code of ours or of this client, or its tokens were given, or taken back.
    #[error("The device code is invalid or was used")]
    UnknownDeviceCode,
    /// Not a refresh token of ours, or of a family that has ended.
    #[error("The refresh token is invalid, expired or revoked")]
    UnknownRefreshToken,
    /// Another client's refresh token.
    #[error("The refresh token is invalid, expired or revoked")]
    ForeignRefreshToken,
    /// A refresh token that was exchanged before; its family is revoked now.
    #[error("The refresh token was used before; log in again")]
    ReusedRefreshToken,
    /// The refresh token is bound to another key, or to one that was not proved (RFC 9449 §5).
    #[error("The refresh token is bound to another DPoP key")]
    RefreshTokenKey,
    /// More than was granted (RFC 6749 §6).
    #[error("scope may not exceed what was granted")]
    ScopeExceedsGrant,
}

impl GrantRefusal {
    const fn code(self) -> ErrorCode {
        match self {
            Self::UnknownCode
            | Self::ExpiredCode
            | Self::ForeignCode
            | Self::SpentCode
            | Self::BotNotAdded
            | Self::CodeKey
            | Self::RefreshTokenKey
            | Self::RedirectUri
            | Self::RedirectUriWithdrawn
            | Self::VerifierMissing
            | Self::VerifierUnexpected
            | Self::VerifierWrong
            | Self::UnknownDeviceCode
            | Self::UnknownRefreshToken
            | Self::ForeignRefreshToken
            | Self::ReusedRefreshToken => ErrorCode::InvalidGrant,
            Self::ScopeExceedsGrant => ErrorCode::InvalidScope,
        }
    }
}

/// Why a request does not reach its endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TransportRefusal {
    /// The URL has other methods, which follow.
    #[error("This endpoint takes")]
    Method,
    /// The body is longer than so many bytes, the most that is taken of this sender here.
    #[error("The body must be at most {}", spelled_size(*.0))]
    BodyTooLarge(usize),
    /// The file in the body is longer than [`crate::fluxer::icon::MAX_BYTES`].
    #[error("The file must be at most 256 KB")]
    FileTooLarge,
    /// The connection broke, or its framing was wrong.
    #[error("The body could not be read")]
    BodyBroken,
    /// The body is compressed.
    #[error("Content-Encoding is not supported")]
    ContentEncoding,
}

fn spelled_size(bytes: usize) -> String {
    match bytes / 1024 {
        kib if kib % 1024 == 0 => format!("{} MiB", kib / 1024),
        kib => format!("{kib} KiB"),
    }
}

impl TransportRefusal {
    /// The refusal of a body of more bytes than the most, which are `of_file` where a file may be in it.
    pub const fn too_large(most: usize, of_file: usize) -> Self {
        if most == of_file && most > MAX_BODY_BYTES {
            Self::FileTooLarge
        } else {
            Self::BodyTooLarge(most)
        }
    }

    /// The error code on the wire.
    pub const fn code(self) -> ErrorCode {
        match self {
            Self::Method
            | Self::BodyTooLarge(_)
            | Self::FileTooLarge
            | Self::BodyBroken
            | Self::ContentEncoding => ErrorCode::InvalidRequest,
        }
    }

    /// The HTTP status.
    pub const fn status(self) -> u16 {
        match self {
            Self::Method => 405,
            Self::BodyTooLarge(_) | Self::FileTooLarge => 413,
            Self::BodyBroken => 400,
            Self::ContentEncoding => 415,
        }
    }
}

/// What asked more often than its window holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TooOften {
    /// A device that waits for its user (RFC 8628 §3.5).
    Poll,
    /// Any other request.
    Request,
}

impl TooOften {
    /// The error code on the wire.
    pub const fn code(self) -> ErrorCode {
        match self {
            Self::Poll => ErrorCode::SlowDown,
            Self::Request => ErrorCode::TemporarilyUnavailable,
        }
    }
}

/// A fault of ours, as far as the client is told of it (RFC 6749 §4.1.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ServerFault {
    /// The same request can be sent again.
    #[error("The server cannot answer now; try again in a moment")]
    Transient,
    /// Sending the request again mends nothing.
    #[error("The server cannot answer this")]
    Permanent,
}

impl ServerFault {
    /// The error code on the wire.
    pub const fn code(self) -> ErrorCode {
        match self {
            Self::Transient => ErrorCode::TemporarilyUnavailable,
            Self::Permanent => ErrorCode::ServerError,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_description_is_in_the_rfc_s_characters() {
        // RFC 6749 §5.2: %x20-21 / %x23-5B / %x5D-7E.
        for refusal in [
            Refusal::MalformedForm,
            Refusal::MediaType,
            Refusal::Missing("code"),
            Refusal::Invalid {
                parameter: "code_verifier",
                must: "43 to 128 characters",
            },
            Refusal::PkceRequired,
            Refusal::GrantType,
            Refusal::Client {
                reason: ClientRefusal::Unreadable,
                place: CredentialsPlace::Header,
            },
            Refusal::Grant(GrantRefusal::ReusedRefreshToken),
            Refusal::ScopeUnknown,
            Refusal::Denied,
        ] {
            let description = refusal.to_string();
            assert!(
                description
                    .bytes()
                    .all(|byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5B | 0x5D..=0x7E)),
                "{description}"
            );
        }
    }

    #[test]
    fn a_bad_code_has_one_answer_whatever_is_bad_about_it() {
        for reason in [
            GrantRefusal::UnknownCode,
            GrantRefusal::ExpiredCode,
            GrantRefusal::ForeignCode,
            GrantRefusal::SpentCode,
        ] {
            assert_eq!(
                Refusal::Grant(reason).to_string(),
                "Invalid authorization code"
            );
            assert_eq!(Refusal::Grant(reason).code(), ErrorCode::InvalidGrant);
        }
    }
}
