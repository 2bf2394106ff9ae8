//! `/api/oauth2/@me/authorizations…`: what a user has authorized, and taking it back.

use serde_json::{Value, json};

use crate::endpoint::authorizations::{deauthorize, deauthorize_all, one, revoke_device};
use crate::endpoint::caller::Manager;
use crate::endpoint::{Context, Failure, paging};
use crate::fluxer::api_error::ApiError;
use crate::http::{Response, with_member};
use crate::id::FamilyId;
use crate::ledger::{Device, Devices, LedgerId};
use crate::oauth::scope::Scope;
use crate::snowflake::{ApplicationId, UserId};
use crate::store::{Authorized, Edge, Paging};

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
    let mut shown = Vec::new();
    let mut paging = Paging {
        after: None,
        limit: paging::MAX,
    };
    // A hundred at a time: one row of D1's holds no more than 2 MB.
    loop {
        let rows = cx.edge.authorized(user, paging).await?;
        shown.extend(rows.iter().map(show_one));
        let is_full = u32::try_from(rows.len()).is_ok_and(|count| count == paging.limit);
        match rows.last() {
            Some(last) if is_full => paging.after = Some(last.authorization.application.0),
            _ => return Ok(Response::json(200, &Value::Array(shown))),
        }
    }
}

/// `GET /api/oauth2/@me/authorizations/{application_id}`: with its devices.
pub async fn show<E: Edge>(
    cx: &Context<'_, E>,
    application: &str,
) -> Result<Response, Failure<ApiError>> {
    let user = Manager::of(cx).await?.user()?;
    show_of(cx, user, application).await
}

/// What a user has authorized one application for, with its devices.
pub async fn show_of<E: Edge>(
    cx: &Context<'_, E>,
    user: UserId,
    application: &str,
) -> Result<Response, Failure<ApiError>> {
    let unknown = || ApiError::UnknownAuthorization;
    let application = ApplicationId::parse(application).ok_or_else(unknown)?;
    let authorized = one(cx, user, application).await?.ok_or_else(unknown)?;
    let ledger = LedgerId::User(user, application);
    let devices = cx.edge.ask(ledger, Devices).await?;
    let devices: Value = devices.iter().map(show_device).collect();
    let shown = with_member(show_one(&authorized), "devices", devices);
    Ok(Response::json(200, &shown))
}

/// `DELETE /api/oauth2/@me/authorizations/{application_id}`.
pub async fn delete<E: Edge>(
    cx: &Context<'_, E>,
    application: &str,
) -> Result<Response, Failure<ApiError>> {
    let manager = Manager::of(cx).await?;
    let application = ApplicationId::parse(application);
    let application = application.ok_or(ApiError::UnknownAuthorization)?;
    if deauthorize(cx, manager.actor(), manager.user()?, application).await? {
        Ok(Response::empty(204))
    } else {
        Err(ApiError::UnknownAuthorization.into())
    }
}

/// `DELETE /api/oauth2/@me/authorizations/{application_id}/devices/{device_id}`.
pub async fn delete_device<E: Edge>(
    cx: &Context<'_, E>,
    application: &str,
    device: &str,
) -> Result<Response, Failure<ApiError>> {
    let unknown = || ApiError::UnknownAuthorization;
    let manager = Manager::of(cx).await?;
    let application = ApplicationId::parse(application).ok_or_else(unknown)?;
    let family = FamilyId::parse(device).ok_or_else(unknown)?;
    let actor = manager.actor();
    if revoke_device(cx, actor, manager.user()?, application, family).await? {
        Ok(Response::empty(204))
    } else {
        Err(unknown().into())
    }
}

/// `DELETE /api/oauth2/@me/authorizations`.
pub async fn delete_all<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<ApiError>> {
    let manager = Manager::of(cx).await?;
    deauthorize_all(cx, manager.actor(), manager.user()?).await?;
    Ok(Response::empty(204))
}

fn show_one(authorized: &Authorized) -> Value {
    let authorization = &authorized.authorization;
    let scopes: Vec<_> = authorization.scope.iter().map(Scope::as_str).collect();
    json!({
        "application": authorized.application.in_short(),
        "scopes": scopes,
        "created_at": authorization.created_at.to_iso(),
        "updated_at": authorization.updated_at.to_iso(),
    })
}

fn show_device(device: &Device) -> Value {
    let shown = json!({
        "id": device.family,
        "scopes": device.scope.iter().map(Scope::as_str).collect::<Vec<_>>(),
        "user_agent": device.device,
        "address": device.address,
        "authorized_at": device.opened_at.to_iso(),
        "last_used_at": device.last_used_at.to_iso(),
    });
    match &device.resource {
        Some(elsewhere) => with_member(shown, "resource", json!(elsewhere)),
        None => shown,
    }
}
