//! `/api/login/{challenge}…`: the platform reads what a login is for, and answers whose it is.

use serde_json::{Value, json};

use crate::crypto::secret::Secret;
use crate::endpoint::body::Fields;
use crate::endpoint::oauth::authorize;
use crate::endpoint::platform_login::{answer, note_accepted, way_back};
use crate::endpoint::return_to::ReturnTo;
use crate::endpoint::{Context, Failure};
use crate::fluxer::api_error::ApiError;
use crate::fluxer::application::Application;
use crate::fluxer::user::ImageHash;
use crate::http::Response;
use crate::oauth::client::ClientOrigin;
use crate::oauth::openid::AuthenticationMethod;
use crate::oauth::params::Params;
use crate::pending::{AcceptedLogin, LoginDecision, RejectedLogin};
use crate::platform::assertion::CLOCK_SKEW;
use crate::platform::challenge::Challenge;
use crate::snowflake::UserId;
use crate::store::Edge;
use crate::time::Timestamp;

type Answer = Result<Response, Failure<ApiError>>;

/// Longest name of a session at the platform, and longest description of a rejection, in bytes.
const MAX_TEXT_BYTES: usize = 512;

/// Refuses a caller that does not show the platform's key.
pub fn authenticate<E>(cx: &Context<'_, E>) -> Result<(), ApiError> {
    let authorization = cx.request.header("authorization").unwrap_or_default();
    let (scheme, key) = authorization.split_once(' ').unwrap_or_default();
    let is_bearer = scheme.eq_ignore_ascii_case("Bearer");
    match &cx.config.platform {
        Some(platform) if is_bearer && platform.admits(key.trim()) => Ok(()),
        _ => Err(ApiError::Unauthorized),
    }
}

fn opened<E>(cx: &Context<'_, E>, challenge: &str) -> Result<Challenge, ApiError> {
    authenticate(cx)?;
    let challenge = Challenge::open(&cx.config.keyring, challenge, cx.now);
    challenge.ok_or(ApiError::UnknownChallenge)
}

/// `GET /api/login/{challenge}`.
pub async fn show<E: Edge>(cx: &Context<'_, E>, challenge: &str) -> Answer {
    let challenge = opened(cx, challenge)?;
    let asked = &challenge.asked;
    let return_to = ReturnTo::at(&asked.target);
    let application = match &return_to {
        Some(return_to) => authorize::waiting(cx, return_to).await?,
        None => None,
    };
    let query = return_to.as_ref().and_then(ReturnTo::authorization_query);
    let sent = Params::from_form(query.unwrap_or_default());
    let params = cx.so_far.pushed.get().map_or(&sent, |pushed| pushed);
    let one = |name| params.one(name).ok().flatten();
    let again = asked.again.then_some("login");
    let scope = one("scope").unwrap_or(if query.is_some() { "identify" } else { "" });
    let scope: Vec<_> = scope.split_ascii_whitespace().collect();
    Ok(Response::json(
        200,
        &json!({
            "client": application.as_deref().map(show_client),
            "scope": scope,
            "resource": one("resource"),
            "prompt": one("prompt").or(again),
            "max_age": one("max_age").and_then(|seconds| seconds.parse::<u32>().ok()),
            "login_hint": one("login_hint"),
            "ui_locales": one("ui_locales"),
            "subject": asked.subject,
            "expires_at": challenge.expires_at().to_iso(),
        }),
    ))
}

fn show_client(application: &Application) -> Value {
    let kind = match &application.client.origin {
        ClientOrigin::BuiltIn => "built_in",
        ClientOrigin::Registered { .. } => "registered",
        ClientOrigin::Dynamic => "dynamic",
        ClientOrigin::Document(_) => "document",
    };
    json!({
        "id": application.client.wire_id(),
        "name": application.name.as_str(),
        "icon": application.icon.as_ref().map(ImageHash::as_str),
        "kind": kind,
    })
}

/// `POST /api/login/{challenge}/accept`.
pub async fn accept<E: Edge>(cx: &Context<'_, E>, challenge: &str) -> Answer {
    let challenge = opened(cx, challenge)?;
    let mut fields = Fields::read(cx)?;
    let subject = fields.required("subject", |text| {
        UserId::parse(text).ok_or("must be a decimal id")
    });
    let auth_time = fields.bits("auth_time");
    let auth_time = auth_time.map(|seconds| Timestamp::from_millis(u64::from(seconds) * 1000));
    if auth_time.is_none() {
        fields.refuse("auth_time", "must be seconds since 1970");
    }
    if auth_time.is_some_and(|it| it > cx.now + CLOCK_SKEW) {
        fields.refuse("auth_time", "must not be ahead");
    }
    // A method that has no name in RFC 8176 is nothing that a client could read.
    let amr = fields.strings("amr");
    let amr = amr
        .iter()
        .filter_map(|it| AuthenticationMethod::from_wire(it));
    let session = fields.optional("session_id", |text| match text.len() {
        1..=MAX_TEXT_BYTES => Ok(Secret::new(text).hash()),
        _ => Err("must be 1 to 512 bytes"),
    });
    let remember_seconds = fields.bits("remember_seconds").unwrap_or(0);
    let (subject, auth_time) = fields.finish(subject.zip(auth_time))?;
    let accepted = LoginDecision::Accepted(AcceptedLogin {
        subject,
        auth_time,
        amr: amr.collect(),
        session,
        remember_seconds,
    });
    if !answer(cx, &challenge, accepted).await? {
        return Err(ApiError::ChallengeAnswered.into());
    }
    note_accepted(cx, &challenge, subject, "key");
    Ok(redirect(cx, &challenge))
}

/// `POST /api/login/{challenge}/reject`.
pub async fn reject<E: Edge>(cx: &Context<'_, E>, challenge: &str) -> Answer {
    let challenge = opened(cx, challenge)?;
    let mut fields = Fields::read(cx)?;
    let denied = fields.required("error", |error| match error {
        "access_denied" => Ok(true),
        "login_required" => Ok(false),
        _ => Err("must be access_denied or login_required"),
    });
    let description = fields.optional("error_description", |text| {
        // RFC 6749 §4.1.2.1: %x20-21 / %x23-5B / %x5D-7E.
        let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && !b"\"\\".contains(&byte);
        let fits = text.len() <= MAX_TEXT_BYTES && text.bytes().all(is_plain);
        let description = fits.then(|| text.to_owned());
        description.ok_or("must be at most 512 characters of ASCII without quotes and backslashes")
    });
    let denied = fields.finish(denied)?;
    let rejected = LoginDecision::Rejected(RejectedLogin {
        denied,
        description: description.unwrap_or_default(),
    });
    if !answer(cx, &challenge, rejected).await? {
        return Err(ApiError::ChallengeAnswered.into());
    }
    Ok(redirect(cx, &challenge))
}

fn redirect<E>(cx: &Context<'_, E>, challenge: &Challenge) -> Response {
    let back = way_back(challenge);
    let redirect_to = [cx.config.issuer.as_str(), back.as_str()].concat();
    Response::json(200, &json!({"redirect_to": redirect_to}))
}
