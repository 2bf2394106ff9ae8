//! What a token tells of its user, its bot, and itself.

use serde_json::{Value, json};

use crate::endpoint::caller::{Caller, Needs, bearer, caller};
use crate::endpoint::paging::Range;
use crate::endpoint::{Context, Failure, paging};
use crate::fluxer::api_error::ApiError;
use crate::fluxer::guild::Membership;
use crate::http::{Response, with_member};
use crate::oauth::scope::{Scope, Scopes};
use crate::oauth::token::access::Subject;
use crate::store::{Edge, Member};

/// Most guilds in one answer.
pub const MAX_GUILDS: u32 = 200;

/// What opens a user's name and picture.
const IDENTIFY: Needs = Needs::OneOf(&[Scope::Identify, Scope::Profile]);

/// `GET /api/users/@me`.
pub async fn user<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<ApiError>> {
    let user = match caller(cx, IDENTIFY).await? {
        Caller::Bearer(bearer) => bearer.user(cx).await?.through(bearer.token.scope),
        Caller::Bot(application) => json!(application.bot_user()),
    };
    Ok(Response::json(200, &user))
}

/// `GET /api/users/@me/guilds`.
pub async fn guilds<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<ApiError>> {
    let caller = caller(cx, Needs::OneOf(&[Scope::Guilds])).await?;
    let member = match &caller {
        Caller::Bearer(bearer) => Member::User(bearer.user_id()?),
        Caller::Bot(application) => Member::Bot(application.client.id),
    };
    let memberships = match (paging::read_range(cx, MAX_GUILDS)?, member) {
        (Range::Before(before, limit), member) => cx.guilds_before(member, before, limit).await?,
        (Range::After(paging), Member::User(user)) => cx.guilds_of_user(user, None, paging).await?,
        (Range::After(paging), Member::Bot(bot)) => cx.guilds_of_bot(bot, paging).await?,
    };
    let entries: Value = memberships.iter().map(Membership::entry).collect();
    Ok(Response::json(200, &entries))
}

/// `GET /api/users/@me/connections`.
pub async fn connections<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<ApiError>> {
    let bearer = bearer(cx, Needs::OneOf(&[Scope::Connections])).await?;
    let user = bearer.user_id()?;
    let connections = cx.connections(user).await?;
    Ok(Response::json(200, &json!(connections)))
}

/// `GET /api/oauth2/@me`: the authorization behind a token.
pub async fn authorization<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<ApiError>> {
    let bearer = bearer(cx, Needs::NoScope).await?;
    let scopes: Vec<_> = bearer.token.scope.iter().map(Scope::as_str).collect();
    let body = json!({
        "application": bearer.application.in_short(),
        "scopes": scopes,
        "expires": bearer.token.expires_at.to_iso(),
    });
    let has_user = matches!(bearer.token.subject, Subject::User(..));
    let identify = Scopes::from(Scope::Identify).with(Scope::Profile);
    if !has_user || bearer.token.scope.intersection(identify).is_empty() {
        return Ok(Response::json(200, &body));
    }
    let user = bearer.user(cx).await?.through(bearer.token.scope);
    Ok(Response::json(200, &with_member(body, "user", user)))
}
