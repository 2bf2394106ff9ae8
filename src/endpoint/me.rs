//! What a token tells of its user and of itself.

use serde_json::{Value, json};

use super::resource::bearer;
use super::{Context, Failure};
use crate::fluxer::api_error::ApiError;
use crate::http::Response;
use crate::oauth::scope::Scope;
use crate::store::Edge;

/// `GET /api/users/@me`.
pub async fn user<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<ApiError>> {
    Ok(Response::json(200, &user_of_token(cx).await?))
}

/// `GET /api/oauth2/userinfo`: the same with `sub`, as OpenID Connect Core §5.3.2 calls the id.
pub async fn userinfo<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<ApiError>> {
    let mut user = user_of_token(cx).await?;
    user["sub"] = user["id"].clone();
    Ok(Response::json(200, &user))
}

async fn user_of_token<E: Edge>(cx: &Context<'_, E>) -> Result<Value, Failure<ApiError>> {
    let bearer = bearer(cx).await?;
    bearer.require(Scope::Identify)?;
    Ok(bearer.user(cx).await?.through(bearer.token.scope))
}

/// `GET /api/oauth2/@me`: the authorization behind a token.
pub async fn authorization<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<ApiError>> {
    let bearer = bearer(cx).await?;
    let scopes: Vec<_> = bearer.token.scope.iter().map(Scope::as_str).collect();
    let mut body = json!({
        "application": bearer.application.in_public(),
        "scopes": scopes,
        "expires": bearer.token.expires_at.to_iso(),
    });
    if bearer.token.scope.contains(Scope::Identify) {
        body["user"] = bearer.user(cx).await?.through(bearer.token.scope);
    }
    Ok(Response::json(200, &body))
}
