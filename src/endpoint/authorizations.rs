//! What a user has authorized, and taking it back.

use serde_json::{Value, json};

use super::session::Manager;
use super::{Context, Failure};
use crate::fluxer::api_error::ApiError;
use crate::fluxer::audit::Action;
use crate::http::{Response, with_member};
use crate::ledger::{Device, LedgerId};
use crate::oauth::scope::Scope;
use crate::snowflake::{ApplicationId, Snowflake, UserId};
use crate::store::{Authorization, Edge, Fault};

/// `GET /api/oauth2/@me/authorizations`.
pub async fn list<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<ApiError>> {
    let user = Manager::of(cx).await?.user()?;
    list_of(cx, user).await
}

/// Everything that a user has authorized.
pub async fn list_of<E: Edge>(
    cx: &Context<'_, E>,
    user: UserId,
) -> Result<Response, Failure<ApiError>> {
    let mut list = Vec::new();
    for authorization in cx.edge.authorizations(user).await? {
        if let Some(shown) = show_one(cx, &authorization).await? {
            list.push(shown);
        }
    }
    Ok(Response::json(200, &Value::Array(list)))
}

/// `GET /api/oauth2/@me/authorizations/{application_id}`: with its devices.
pub async fn show<E: Edge>(
    cx: &Context<'_, E>,
    application: &str,
) -> Result<Response, Failure<ApiError>> {
    let unknown = || Failure::Refused(ApiError::UnknownAuthorization);
    let user = Manager::of(cx).await?.user()?;
    let application = ApplicationId::parse(application).ok_or_else(unknown)?;
    let authorizations = cx.edge.authorizations(user).await?;
    let authorization = authorizations
        .iter()
        .find(|authorization| authorization.application == application)
        .ok_or_else(unknown)?;
    let shown = show_one(cx, authorization).await?.ok_or_else(unknown)?;
    let ledger = LedgerId {
        user: Some(user),
        application,
    };
    let devices = cx.edge.devices(ledger).await?;
    let devices: Value = devices.iter().map(show_device).collect();
    Ok(Response::json(200, &with_member(shown, "devices", devices)))
}

/// `DELETE /api/oauth2/@me/authorizations/{application_id}`.
pub async fn delete<E: Edge>(
    cx: &Context<'_, E>,
    application: &str,
) -> Result<Response, Failure<ApiError>> {
    let manager = Manager::of(cx).await?;
    let application = ApplicationId::parse(application);
    let application = application.ok_or(Failure::Refused(ApiError::UnknownAuthorization))?;
    if deauthorize(cx, manager.actor(), manager.user()?, application).await? {
        Ok(Response::empty(204))
    } else {
        Err(Failure::Refused(ApiError::UnknownAuthorization))
    }
}

/// `DELETE /api/oauth2/@me/authorizations`.
pub async fn delete_all<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<ApiError>> {
    let manager = Manager::of(cx).await?;
    deauthorize_all(cx, manager.actor(), manager.user()?).await?;
    Ok(Response::empty(204))
}

/// Takes back what a user granted an application, on behalf of `actor`; whether there was anything. The ledger comes
/// first: should the rest fail, nothing works any more and the request can be repeated. It is asked
/// again after the consent is forgotten, for an approval may have opened a family in between, and
/// one that no list shows must not live.
pub async fn deauthorize<E: Edge>(
    cx: &Context<'_, E>,
    actor: Snowflake,
    user: UserId,
    application: ApplicationId,
) -> Result<bool, Fault> {
    let ledger = LedgerId {
        user: Some(user),
        application,
    };
    let ended = cx.edge.deauthorize(ledger).await?;
    let forgotten = cx.edge.forget(user, application).await?;
    if forgotten {
        cx.edge.deauthorize(ledger).await?;
    }
    let was_there = ended > 0 || forgotten;
    if was_there {
        let entry = cx.entry(Action::Deauthorized).by(actor).on(user.0);
        cx.edge.record(entry.with(application));
    }
    Ok(was_there)
}

/// Takes back everything that a user granted: one ledger call an application.
pub async fn deauthorize_all<E: Edge>(
    cx: &Context<'_, E>,
    actor: Snowflake,
    user: UserId,
) -> Result<(), Fault> {
    for authorization in cx.edge.authorizations(user).await? {
        deauthorize(cx, actor, user, authorization.application).await?;
    }
    Ok(())
}

async fn show_one<E: Edge>(
    cx: &Context<'_, E>,
    authorization: &Authorization,
) -> Result<Option<Value>, Fault> {
    let application = cx.application(authorization.application).await?;
    let scopes: Vec<_> = authorization.scope.iter().map(Scope::as_str).collect();
    Ok(application.map(|application| {
        json!({
            "application": application.in_short(),
            "scopes": scopes,
            "created_at": authorization.created_at.to_iso(),
            "updated_at": authorization.updated_at.to_iso(),
        })
    }))
}

fn show_device(device: &Device) -> Value {
    json!({
        "id": device.family,
        "scopes": device.scope.iter().map(Scope::as_str).collect::<Vec<_>>(),
        "user_agent": device.device,
        "authorized_at": device.opened_at.to_iso(),
        "last_used_at": device.last_used_at.to_iso(),
    })
}
