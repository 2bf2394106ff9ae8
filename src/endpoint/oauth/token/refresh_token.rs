//! `grant_type=refresh_token` (RFC 6749 §6, RFC 9700 §4.14).

use serde_json::json;

use crate::endpoint::api::authorizations::after_device;
use crate::endpoint::oauth::client_authentication::AuthenticatedClient;
use crate::endpoint::oauth::token::issue::{Issuance, id_token_signer};
use crate::endpoint::{Context, Failure};
use crate::fluxer::audit::Action;
use crate::ledger::Rotate;
use crate::oauth::authorization_request;
use crate::oauth::error::{GrantRefusal, Refusal};
use crate::oauth::params::Params;
use crate::oauth::scope::Scope;
use crate::oauth::token::refresh::RefreshToken;
use crate::store::Edge;

/// Exchanges a refresh token for its successor and a new access token.
pub(super) async fn rotate<E: Edge>(
    cx: &Context<'_, E>,
    client: &AuthenticatedClient,
    params: &Params,
) -> Result<Issuance<E::Signer>, Failure<Refusal>> {
    let token = params.required("refresh_token")?;
    let narrower = authorization_request::scope(params)?;
    let token = RefreshToken::verify(&cx.config.keyring, &cx.config.issuers, token, cx.now)
        .ok_or(Refusal::Grant(GrantRefusal::UnknownRefreshToken))?;
    if token.application != client.id() {
        return Err(Refusal::Grant(GrantRefusal::ForeignRefreshToken).into());
    }
    let openid = narrower.is_none_or(|scope| scope.contains(Scope::Openid));
    let signer = id_token_signer(cx, client.client(), token.openid && openid).await?;
    let family = token.family;
    let rotate = Rotate {
        family,
        generation: token.generation,
        scope: narrower,
        lifetime: cx.config.refresh_token_lifetime,
    };
    let live = cx.edge.ask(token.ledger(), rotate).await?;
    if live == Err(GrantRefusal::ReusedRefreshToken) {
        after_device(cx, token.user, token.application).await;
        let entry = cx.entry(Action::TokenReused).with(token.application);
        let entry = entry.by(token.application.0).on(token.user.0);
        cx.edge.record(entry.saying(json!({"device": family})));
    }
    let live = live.map_err(Refusal::Grant)?;
    Ok(Issuance {
        scope: narrower.unwrap_or(live.scope),
        ..Issuance::of_family(token.user, token.application, family, live, signer)
    })
}
