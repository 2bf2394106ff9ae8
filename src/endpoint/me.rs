//! What a token tells of its user and of itself.

use serde_json::{Value, json};

use super::resource::bearer;
use super::{Context, Failure};
use crate::fluxer::api_error::ApiError;
use crate::http::{Response, with_member};
use crate::oauth::scope::Scope;
use crate::store::Edge;

/// `GET /api/users/@me`.
pub async fn user<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<ApiError>> {
    Ok(Response::json(200, &user_of_token(cx).await?))
}

/// `GET /api/oauth2/userinfo`: the same with `sub`, as OpenID Connect Core §5.3.2 calls the id.
pub async fn userinfo<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<ApiError>> {
    let user = user_of_token(cx).await?;
    let sub = user.get("id").cloned();
    Ok(Response::json(200, &with_member(user, "sub", sub)))
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
    let body = json!({
        "application": bearer.application.in_public(),
        "scopes": scopes,
        "expires": bearer.token.expires_at.to_iso(),
    });
    if !bearer.token.scope.contains(Scope::Identify) {
        return Ok(Response::json(200, &body));
    }
    let user = bearer.user(cx).await?.through(bearer.token.scope);
    Ok(Response::json(200, &with_member(body, "user", user)))
}
