//! `POST /oauth2/token` (RFC 6749 §3.2): a file for each grant type, and one that signs the answer of all.

mod authorization_code;
mod client_credentials;
mod device_code;
mod issue;
mod legacy;
mod refresh_token;

use crate::endpoint::dpop::{self, ProvedKey};
use crate::endpoint::oauth::client_authentication::{
    AuthenticatedClient, ClientLookup, authenticate,
};
use crate::endpoint::oauth::token::issue::Issuance;
use crate::endpoint::{Context, Failure};
use crate::http::Response;
use crate::ledger::{LedgerId, Verb};
use crate::oauth::client::Client;
use crate::oauth::error::Refusal;
use crate::oauth::grant_type::GrantType;
use crate::oauth::jwk::JwkThumbprint;
use crate::oauth::params::Params;
use crate::store::{Edge, Fault};

/// `POST`: issues tokens by the grant type of the request.
pub async fn issue<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<Refusal>> {
    let params = cx.form_or_json()?;
    let grant_type = params.required("grant_type")?;
    let grant_type = GrantType::from_wire(grant_type).ok_or(Refusal::GrantType)?;
    cx.notes.grant.set(grant_type.as_str());
    let registration = match grant_type {
        GrantType::RefreshToken => ClientLookup::KnownInOutage,
        GrantType::AuthorizationCode | GrantType::ClientCredentials | GrantType::DeviceCode => {
            ClientLookup::Known
        }
    };
    let client = authenticate(cx, &params, registration).await?;
    let key = dpop::proved(cx).await?;
    let key = key.as_ref();
    let issuance = match grant(cx, &client, grant_type, &params, key).await {
        Err(Failure::Refused(refusal))
            if refusal.follows_from_registration() && cx.decides_anew() =>
        {
            let client = authenticate(cx, &params, registration).await?;
            grant(cx, &client, grant_type, &params, key).await?
        }
        granted => granted?,
    };
    let binding = key.map(ProvedKey::thumbprint).into();
    Ok(issuance.respond(cx, client.client(), binding).await?)
}

/// Reads what a token request needs of KV, while the limiter is asked. D1 is not asked and nothing is changed before
/// the request is counted.
pub async fn read_ahead<E: Edge>(cx: &Context<'_, E>) {
    let Ok(params) = cx.form_or_json() else {
        return;
    };
    if params.one("grant_type") == Ok(Some(GrantType::AuthorizationCode.as_str())) {
        authorization_code::read_ahead(cx, &params).await;
    }
}

/// Asks a ledger to commit a grant, whose code is spent even where the answer is lost. After a fault it asks once
/// more before the client hears of it, and the ledger recognizes the attempt.
async fn commit<E: Edge, V: Verb + Clone>(
    cx: &Context<'_, E>,
    ledger: LedgerId,
    verb: V,
) -> Result<V::Answer, Fault> {
    match cx.edge.ask(ledger, verb.clone()).await {
        Ok(answer) => Ok(answer),
        Err(fault) => {
            cx.edge.log(&format!("asking again after {fault}"));
            cx.edge.ask(ledger, verb).await
        }
    }
}

/// The key that the refresh tokens of a family are bound to, where the client is public. A client that authenticates
/// may use another key each time (RFC 9449 §5).
fn key_of_refresh_tokens(client: &Client, key: Option<&ProvedKey<'_>>) -> Option<JwkThumbprint> {
    key.filter(|_| client.is_public())
        .map(ProvedKey::thumbprint)
}

async fn grant<E: Edge>(
    cx: &Context<'_, E>,
    client: &AuthenticatedClient,
    grant_type: GrantType,
    params: &Params,
    key: Option<&ProvedKey<'_>>,
) -> Result<Issuance<E::Signer>, Failure<Refusal>> {
    client.client().may_use(grant_type)?;
    dpop::demand(client.client(), key)?;
    match grant_type {
        GrantType::AuthorizationCode => authorization_code::redeem(cx, client, params, key).await,
        GrantType::RefreshToken => refresh_token::rotate(cx, client, params, key).await,
        GrantType::ClientCredentials => client_credentials::issue(cx, client, params, key).await,
        GrantType::DeviceCode => device_code::collect(cx, client, params, key).await,
    }
}
