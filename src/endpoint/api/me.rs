//! The answers about a token: its user, its bot, its authorization.

use futures_util::future::join;
use serde_json::{Value, json};

use crate::endpoint::caller::{Caller, Needs, caller, signed_token};
use crate::endpoint::paging::Range;
use crate::endpoint::people::MAX_GUILDS;
use crate::endpoint::{Context, Failure, paging};
use crate::fluxer::api_error::ApiError;
use crate::fluxer::guild::Membership;
use crate::http::{Response, with_member};
use crate::oauth::scope::{Scope, Scopes};
use crate::store::{Edge, Member};

/// The scopes that open a user's name and picture.
const IDENTIFY: Needs = Needs::OneOf(&[Scope::Identify, Scope::Profile]);

/// `GET /api/users/@me`.
pub async fn user<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<ApiError>> {
    let user = match caller(cx, IDENTIFY).await? {
        Caller::Token(token) => {
            let (bearer, user) = token.check_with_user(cx).await?;
            user.through(bearer.token.scope)
        }
        Caller::Bot(application) => json!(application.bot_user()),
    };
    Ok(Response::json(200, &user))
}

/// `GET /api/users/@me/guilds`.
pub async fn guilds<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<ApiError>> {
    let caller = caller(cx, Needs::OneOf(&[Scope::Guilds])).await?;
    let memberships = match caller {
        Caller::Token(token) => {
            let member = Member::User(token.user_id()?);
            let (bearer, memberships) = join(token.check(cx), memberships(cx, member)).await;
            bearer?;
            memberships?
        }
        Caller::Bot(application) => memberships(cx, Member::Bot(application.client.id)).await?,
    };
    let entries: Value = memberships.iter().map(Membership::entry).collect();
    Ok(Response::json(200, &entries))
}

async fn memberships<E: Edge>(
    cx: &Context<'_, E>,
    member: Member,
) -> Result<Vec<Membership>, Failure<ApiError>> {
    let read = match (paging::read_range(cx, MAX_GUILDS)?, member) {
        (Range::Before(before, limit), member) => cx.guilds_before(member, before, limit).await,
        (Range::After(paging), Member::User(user)) => cx.guilds_of_user(user, None, paging).await,
        (Range::After(paging), Member::Bot(bot)) => cx.guilds_of_bot(bot, paging).await,
    };
    Ok(read?)
}

/// `GET /api/users/@me/connections`.
pub async fn connections<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<ApiError>> {
    let token = signed_token(cx, Needs::OneOf(&[Scope::Connections])).await?;
    let connections = cx.connections(token.user_id()?);
    let (bearer, connections) = join(token.check(cx), connections).await;
    bearer?;
    Ok(Response::json(200, &json!(connections?)))
}

/// `GET /api/oauth2/@me`: the authorization behind a token.
pub async fn authorization<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<ApiError>> {
    let token = signed_token(cx, Needs::NoScope).await?;
    let identify = Scopes::from(Scope::Identify).with(Scope::Profile);
    let (bearer, user) = if token.opens_of_a_user(identify) {
        let (bearer, user) = token.check_with_user(cx).await?;
        (bearer, Some(user))
    } else {
        (token.check(cx).await?, None)
    };
    let scopes: Vec<_> = bearer.token.scope.iter().map(Scope::as_str).collect();
    let body = json!({
        "application": bearer.application.in_short(),
        "scopes": scopes,
        "expires": bearer.token.expires_at.to_iso(),
    });
    let body = match user {
        Some(user) => with_member(body, "user", user.through(bearer.token.scope)),
        None => body,
    };
    Ok(Response::json(200, &body))
}
