//! `grant_type=refresh_token` (RFC 6749 §6, RFC 9700 §4.14).

use serde_json::json;

use crate::endpoint::authorizations::after_device;
use crate::endpoint::dpop::{ProvedKey, use_once};
use crate::endpoint::oauth::client_authentication::AuthenticatedClient;
use crate::endpoint::oauth::resource;
use crate::endpoint::oauth::token::issue::{Issuance, id_token_signer};
use crate::endpoint::oauth::token::{key_of_refresh_tokens, legacy};
use crate::endpoint::{Context, Failure};
use crate::fluxer::audit::Action;
use crate::fluxer::resource::Resource;
use crate::ledger::Rotate;
use crate::oauth::authorization_request;
use crate::oauth::error::{GrantRefusal, Refusal};
use crate::oauth::params::Params;
use crate::oauth::resource::{ResourceScope, divided_scope};
use crate::oauth::scope::{Scope, Scopes};
use crate::oauth::token::refresh::RefreshToken;
use crate::store::Edge;

/// Exchanges a refresh token for its successor and a new access token.
pub(super) async fn rotate<E: Edge>(
    cx: &Context<'_, E>,
    client: &AuthenticatedClient,
    params: &Params,
    key: Option<&ProvedKey<'_>>,
) -> Result<Issuance<E::Signer>, Failure<Refusal>> {
    let sent = params.required("refresh_token")?;
    let token = RefreshToken::verify(&cx.config.keyring, &cx.config.issuers, sent, cx.now);
    if let (None, Some(legacy)) = (&token, &cx.config.legacy)
        && legacy::may_be_theirs(sent)
    {
        return legacy::adopt(cx, legacy, client, params, key).await;
    }
    let token = own(token, client).map_err(Refusal::Grant)?;
    let target = resource::granted(cx, params, token.resource).await?;
    let (narrower, resource_scope) = match &target {
        None => (authorization_request::scope(params)?, Vec::new()),
        Some(target) => narrower_scope(params, &target.resource)?,
    };
    let openid = narrower.is_none_or(|scope| scope.contains(Scope::Openid));
    let signer = id_token_signer(cx, client.client(), token.openid && openid).await?;
    let rotate = Rotate {
        family: token.family,
        generation: token.generation,
        scope: narrower,
        resource_scope: resource_scope.clone(),
        key: key_of_refresh_tokens(client.client(), key),
        lifetime: cx.config.refresh_token_lifetime,
        // FAPI 2.0 Security Profile §5.3.2.1: "shall not use refresh token rotation".
        stays: client.client().is_fapi2(),
    };
    use_once(cx, key).await?;
    let live = cx.edge.ask(token.ledger(), rotate).await?;
    if live == Err(GrantRefusal::ReusedRefreshToken) {
        after_device(cx, token.user, token.application).await;
        report_reuse(cx, &token);
    }
    let live = live.map_err(Refusal::Grant)?;
    let (user, application) = (token.user, token.application);
    let issuance = Issuance::of_family(user, application, token.family, live, signer, target);
    Ok(issuance.narrowed(narrower, resource_scope))
}

/// The refresh token, where it was issued to this client.
fn own(
    token: Option<RefreshToken>,
    client: &AuthenticatedClient,
) -> Result<RefreshToken, GrantRefusal> {
    match token {
        Some(token) if token.application == client.id() => Ok(token),
        Some(_) => Err(GrantRefusal::ForeignRefreshToken),
        None => Err(GrantRefusal::UnknownRefreshToken),
    }
}

/// Warns in the log and in the audit log: two parties had the token, so one of them stole it.
fn report_reuse<E: Edge>(cx: &Context<'_, E>, token: &RefreshToken) {
    let warning = json!({
        "level": "warning", "message": "a refresh token was used twice: that login ended",
        "application": token.application, "user": token.user, "device": token.family,
    });
    cx.edge.log(&warning.to_string());
    let entry = cx.entry(Action::TokenReused).with(token.application);
    let entry = entry.by(token.application.0).on(token.user.0);
    cx.edge
        .record(entry.saying(json!({"device": token.family})));
}

/// The scopes that the request wants in place of all that were granted, here and at the resource server that the
/// grant is for.
fn narrower_scope(
    params: &Params,
    resource: &Resource,
) -> Result<(Option<Scopes>, Vec<ResourceScope>), Refusal> {
    let is_sent = params
        .one("scope")?
        .is_some_and(|scope| !scope.trim().is_empty());
    let (ours, theirs) = divided_scope(params, &resource.offer().scope)?;
    Ok((is_sent.then_some(ours), theirs))
}
