//! `GET /api/oauth2/session`: who is logged in, and the token that a page of ours sends along when
//! it changes something.

use serde_json::json;

use super::browser::LoggedIn;
use super::resource::{Administrator, administrator};
use super::{Context, Failure};
use crate::crypto::form_ticket::{Form, Ticket};
use crate::fluxer::api_error::ApiError;
use crate::http::{Method, Response};
use crate::snowflake::{Snowflake, UserId};
use crate::store::Edge;

fn form(logged_in: &LoggedIn) -> Form<'_> {
    Form {
        name: "api",
        browser: logged_in.cookie.expose(),
        subject: "",
    }
}

/// `GET`.
pub async fn show<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<ApiError>> {
    let Some(logged_in) = cx.logged_in(None).await? else {
        return Err(Failure::refused(ApiError::Unauthorized));
    };
    let body = json!({
        "user": logged_in.session.user.in_full(),
        "csrf_token": cx.ticket(&form(&logged_in))?,
    });
    Ok(Response::json(200, &body))
}

/// The session of a request that reads.
async fn reader<E: Edge>(cx: &Context<'_, E>) -> Result<LoggedIn, Failure<ApiError>> {
    let logged_in = cx.logged_in(None).await?;
    logged_in.ok_or(Failure::refused(ApiError::Unauthorized))
}

/// The session of a request that changes something, with its `X-CSRF-Token`.
async fn writer<E: Edge>(cx: &Context<'_, E>) -> Result<LoggedIn, Failure<ApiError>> {
    let logged_in = reader(cx).await?;
    let token = cx.request.header("x-csrf-token").unwrap_or_default();
    match form(&logged_in).check(&cx.config.keyring, token, cx.now) {
        Ticket::Valid(_) => Ok(logged_in),
        Ticket::Invalid => Err(Failure::refused(ApiError::CsrfToken)),
    }
}

/// Who manages what is theirs: a user who is logged in, or an administrator by way of a token.
pub enum Manager {
    /// A session.
    User(LoggedIn),
    /// A bearer token with `admin`.
    Administrator(Administrator),
}

impl Manager {
    /// Whom a request comes from.
    pub async fn of<E: Edge>(cx: &Context<'_, E>) -> Result<Self, Failure<ApiError>> {
        if cx.request.header("authorization").is_some() {
            return Ok(Self::Administrator(administrator(cx).await?));
        }
        Ok(Self::User(match cx.request.method {
            Method::Get | Method::Head => reader(cx).await?,
            _ => writer(cx).await?,
        }))
    }

    /// The user whose things these are; an application on its own behalf has none.
    pub fn user(&self) -> Result<UserId, Failure<ApiError>> {
        match self {
            Self::User(logged_in) => Ok(logged_in.session.user.id),
            Self::Administrator(administrator) => {
                let user = administrator.user;
                user.ok_or(Failure::refused(ApiError::AccessDenied))
            }
        }
    }

    /// Whom the audit log names.
    pub fn actor(&self) -> Snowflake {
        match self {
            Self::User(logged_in) => logged_in.session.user.id.0,
            Self::Administrator(administrator) => administrator.actor(),
        }
    }
}
