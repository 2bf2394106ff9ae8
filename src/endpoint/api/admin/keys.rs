//! `/api/admin/keys…`: the keys that sign what others verify.

use serde_json::json;

use super::Answer;
use crate::endpoint::Context;
use crate::endpoint::caller::administrator;
use crate::fluxer::api_error::ApiError;
use crate::fluxer::audit::Action;
use crate::http::Response;
use crate::oauth::jwk::JwkThumbprint;
use crate::store::Edge;

/// `GET /api/admin/keys`.
pub async fn list<E: Edge>(cx: &Context<'_, E>) -> Answer {
    administrator(cx).await?;
    let set = cx.edge.key_set(cx.config, None).await?;
    let shown = set.shown(cx.now, &cx.config.key_terms());
    Ok(Response::json(200, &shown))
}

/// `POST /api/admin/keys/rotate`: publishes a successor of every key, which signs later.
pub async fn rotate<E: Edge>(cx: &Context<'_, E>) -> Answer {
    let actor = administrator(cx).await?.actor();
    let set = cx.edge.rotate_keys(cx.config).await?;
    cx.edge.record(cx.entry(Action::KeysRotated).by(actor));
    let shown = set.shown(cx.now, &cx.config.key_terms());
    Ok(Response::json(202, &shown))
}

/// `DELETE /api/admin/keys/{kid}`: removes a key that has leaked. What it signed is refused at once, and a successor
/// signs.
pub async fn remove<E: Edge>(cx: &Context<'_, E>, kid: &str) -> Answer {
    let actor = administrator(cx).await?.actor();
    let unknown = || ApiError::UnknownKey;
    let kid = JwkThumbprint::parse(kid).ok_or_else(unknown)?;
    if !cx.edge.remove_key(cx.config, kid).await? {
        return Err(unknown().into());
    }
    let entry = cx.entry(Action::KeyRemoved).by(actor);
    cx.edge.record(entry.saying(json!({"kid": kid})));
    Ok(Response::empty(204))
}
