//! `/api/admin/registration-tokens`: the tokens by which clients may register themselves, where not everybody may
//! (RFC 7591 §3, "initial access token").

use core::time::Duration;

use serde_json::{Value, json};

use super::Answer;
use crate::crypto::secret::{InitialAccessToken, Secret};
use crate::endpoint::Context;
use crate::endpoint::body::Fields;
use crate::endpoint::caller::administrator;
use crate::fluxer::api_error::ApiError;
use crate::fluxer::application::ApplicationName;
use crate::fluxer::audit::Action;
use crate::http::{Response, with_member};
use crate::snowflake::Snowflake;
use crate::store::{Edge, InitialToken};
use crate::time::Timestamp;

/// `GET /api/admin/registration-tokens`: without the tokens themselves.
pub async fn list<E: Edge>(cx: &Context<'_, E>) -> Answer {
    administrator(cx).await?;
    let tokens = cx.edge.initial_tokens().await?;
    let shown: Value = tokens.iter().map(shown).collect();
    Ok(Response::json(200, &shown))
}

/// `POST /api/admin/registration-tokens` with `{name, expires_in}`: makes a token, which is shown this once. It is
/// good for `expires_in` seconds, or until it is deleted.
pub async fn create<E: Edge>(cx: &Context<'_, E>) -> Answer {
    let actor = administrator(cx).await?.actor();
    let mut fields = Fields::read(cx)?;
    let name = fields.optional("name", ApplicationName::parse);
    let expires_in = fields.bits("expires_in").map(u64::from);
    let token = fields.finish(Some(InitialToken {
        id: cx.new_id()?,
        name: name
            .map(|name| name.as_str().to_owned())
            .unwrap_or_default(),
        expires_at: expires_in.map(|seconds| cx.now + Duration::from_secs(seconds)),
    }));
    let token = token?;
    let secret: Secret<InitialAccessToken> = cx.new_secret()?;
    cx.edge.add_initial_token(&token, &secret.hash()).await?;
    let entry = cx.entry(Action::RegistrationTokenCreated).by(actor);
    cx.edge.record(entry.on(token.id));
    let shown = with_member(shown(&token), "token", secret.expose());
    Ok(Response::json(201, &shown))
}

/// `DELETE /api/admin/registration-tokens/{id}`: deletes a token. Clients that registered by it stay.
pub async fn delete<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    let actor = administrator(cx).await?.actor();
    let unknown = || ApiError::UnknownToken;
    let id = Snowflake::parse(id).ok_or_else(unknown)?;
    if !cx.edge.delete_initial_token(id).await? {
        return Err(unknown().into());
    }
    let entry = cx.entry(Action::RegistrationTokenDeleted).by(actor);
    cx.edge.record(entry.on(id));
    Ok(Response::empty(204))
}

fn shown(token: &InitialToken) -> Value {
    json!({
        "id": token.id,
        "name": token.name,
        "expires_at": token.expires_at.map(Timestamp::to_iso),
    })
}
