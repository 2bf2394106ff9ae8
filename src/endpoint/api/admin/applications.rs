//! `/api/admin/applications…`: everybody's applications, and whether they are trusted.

use serde_json::Value;

use super::Answer;
use crate::endpoint::api::applications::{Terms, add, apply, change, current, remove};
use crate::endpoint::body::Fields;
use crate::endpoint::caller::administrator;
use crate::endpoint::{Context, Failure, paging};
use crate::fluxer::api_error::ApiError;
use crate::fluxer::application::{Application, ApplicationChange};
use crate::http::Response;
use crate::snowflake::UserId;
use crate::store::Edge;

/// `POST /api/admin/applications`.
pub async fn create<E: Edge>(cx: &Context<'_, E>) -> Answer {
    let administrator = administrator(cx).await?;
    let mut fields = Fields::read(cx)?;
    let trusted = fields.flag("trusted").unwrap_or(false);
    let terms = Terms {
        owner: owner(cx, &mut fields).await?,
        trusted,
        trusted_by: administrator.user.filter(|_| trusted),
        introspects: fields.flag("introspects").unwrap_or(false),
        flags: fields.bits("flags").unwrap_or(0),
        at_most: None,
    };
    add(cx, administrator.actor(), fields, terms).await
}

/// `GET /api/admin/applications`.
pub async fn list<E: Edge>(cx: &Context<'_, E>) -> Answer {
    administrator(cx).await?;
    let paging = paging::read(cx, paging::MAX)?;
    let applications = cx.edge.applications(None, paging).await?;
    let shown: Value = applications.iter().map(Application::in_full).collect();
    Ok(Response::json(200, &shown))
}

/// `GET /api/admin/applications/{id}`.
pub async fn show<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    administrator(cx).await?;
    Ok(Response::json(200, &current(cx, id).await?.in_full()))
}

/// `PATCH /api/admin/applications/{id}`: changes what was sent.
pub async fn update<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    let administrator = administrator(cx).await?;
    let application = current(cx, id).await?;
    let mut fields = Fields::read(cx)?;
    let trusted = fields.flag("trusted");
    if trusted == Some(true) && !application.client.is_verified() {
        fields.refuse("trusted", "cannot be: nobody vouches for this application");
    }
    let change = ApplicationChange {
        trusted,
        trusted_by: trusted.map(|trusted| administrator.user.filter(|_| trusted)),
        introspects: fields.flag("introspects"),
        flags: fields.bits("flags"),
        suspended: fields.flag("suspended"),
        owner: owner(cx, &mut fields).await?.map(Some),
        ..change(&mut fields, &application, cx.config)
    };
    let change = fields.finish(Some(change))?;
    apply(cx, administrator.actor(), &application, change).await
}

/// `DELETE /api/admin/applications/{id}`.
pub async fn delete<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    let actor = administrator(cx).await?.actor();
    let application = current(cx, id).await?;
    remove(cx, actor, &application).await
}

pub(super) async fn owner<E: Edge>(
    cx: &Context<'_, E>,
    fields: &mut Fields,
) -> Result<Option<UserId>, Failure<ApiError>> {
    const MUST: &str = "must be the id of a user";
    let owner = fields.optional("owner_id", |id| UserId::parse(id).ok_or(MUST));
    if let Some(owner) = owner {
        if cx.user(owner).await?.is_none() {
            fields.refuse("owner_id", MUST);
        } else if cx.config.platform.is_some() {
            // Who has never logged in here has no place yet for what is theirs.
            cx.edge.keep_user(owner, cx.now).await?;
        }
    }
    Ok(owner)
}
