//! `grant_type=client_credentials` (RFC 6749 §4.4): the application on its own behalf.

use crate::endpoint::dpop::{ProvedKey, use_once};
use crate::endpoint::oauth::client_authentication::AuthenticatedClient;
use crate::endpoint::oauth::resource::{self, TargetResource, TargetScope};
use crate::endpoint::oauth::token::issue::Issuance;
use crate::endpoint::{Context, Failure};
use crate::id::FamilyId;
use crate::oauth::authorization_request;
use crate::oauth::error::Refusal;
use crate::oauth::params::Params;
use crate::oauth::scope::Scopes;
use crate::oauth::token::access::{Marks, Subject};
use crate::store::Edge;

/// Issues an access token. It asks no storage, except to use up a proof of possession.
pub(super) async fn issue<E: Edge>(
    cx: &Context<'_, E>,
    client: &AuthenticatedClient,
    params: &Params,
    key: Option<&ProvedKey<'_>>,
) -> Result<Issuance<E::Signer>, Failure<Refusal>> {
    let (scope, resource) = match resource::requested(cx, params).await? {
        None => (own_scope(client, params)?, None),
        Some(resource) if !resource.clients.contains(&client.id()) => {
            return Err(Refusal::ResourceNotAllowed.into());
        }
        Some(resource) => {
            // There is no user here whom a scope of ours could say anything of.
            let (_, granted) = resource.offer().requested(params)?;
            let target = TargetResource::of(cx, resource).await?;
            let scope = granted.scope;
            (Scopes::NONE, Some(TargetScope { target, scope }))
        }
    };
    use_once(cx, key).await?;
    let family = FamilyId::from_bytes(cx.edge.random()?);
    Ok(Issuance {
        subject: Subject::Application(family, Marks::OfItsOwn),
        application: client.id(),
        scope,
        resource,
        // RFC 6749 §4.4.3: "A refresh token SHOULD NOT be included."
        refresh: None,
        guild: None,
        id_token: None,
    })
}

fn own_scope(client: &AuthenticatedClient, params: &Params) -> Result<Scopes, Refusal> {
    let scope = authorization_request::scope(params)?;
    let scope = scope.unwrap_or(Scopes::NONE);
    // There is no user here whose data a scope could open.
    let askable = client.application().askable().without(Scopes::of_users());
    authorization_request::refuse_beyond(scope, askable)?;
    Ok(scope)
}
