//! `GET /api/oauth2/session`: who is logged in, and the token that a page of ours sends along when
//! it changes something.

use serde_json::json;

use super::browser::LoggedIn;
use super::{Context, Failure};
use crate::fluxer::api_error::ApiError;
use crate::http::Response;
use crate::oauth::form_ticket::{Form, Ticket};
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
        return Err(Failure::Refused(ApiError::Unauthorized));
    };
    let body = json!({
        "user": logged_in.session.user.in_full(),
        "csrf_token": cx.ticket(&form(&logged_in))?,
    });
    Ok(Response::json(200, &body))
}

/// The session of a request that reads.
pub async fn reader<E: Edge>(cx: &Context<'_, E>) -> Result<LoggedIn, Failure<ApiError>> {
    let logged_in = cx.logged_in(None).await?;
    logged_in.ok_or(Failure::Refused(ApiError::Unauthorized))
}

/// The session of a request that changes something, with its `X-CSRF-Token`.
pub async fn writer<E: Edge>(cx: &Context<'_, E>) -> Result<LoggedIn, Failure<ApiError>> {
    let logged_in = reader(cx).await?;
    let token = cx.request.header("x-csrf-token").unwrap_or_default();
    match form(&logged_in).check(&cx.config.keyring, token, cx.now) {
        Ticket::Valid(_) => Ok(logged_in),
        Ticket::Invalid => Err(Failure::Refused(ApiError::CsrfToken)),
    }
}
