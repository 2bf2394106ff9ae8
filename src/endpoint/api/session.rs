//! `GET /api/oauth2/session`: tells our script who is logged in, and the token that it sends along when it changes
//! something.

use serde_json::json;

use crate::endpoint::caller::csrf_form;
use crate::endpoint::{Context, Failure};
use crate::fluxer::api_error::ApiError;
use crate::http::Response;
use crate::store::Edge;

/// `GET`.
pub async fn show<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<ApiError>> {
    let Some(logged_in) = cx.logged_in(None).await? else {
        return Err(ApiError::Unauthorized.into());
    };
    let body = json!({
        "user": logged_in.session.user.in_full(),
        "csrf_token": cx.ticket(&csrf_form(&logged_in))?,
    });
    Ok(Response::json(200, &body))
}
