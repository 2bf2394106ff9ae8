//! `grant_type=client_credentials` (RFC 6749 §4.4): the application on its own behalf.

use super::{Granted, Tokens};
use crate::endpoint::{Context, OrRefuse};
use crate::oauth::access_token::{AccessToken, Subject};
use crate::oauth::authorization_request;
use crate::oauth::client::Authenticated;
use crate::oauth::error::Refusal;
use crate::oauth::form::Params;
use crate::oauth::scope::{Scope, Scopes};
use crate::opaque_id::FamilyId;
use crate::store::Edge;

/// Issues an access token without asking any storage.
pub(super) fn issue<E: Edge>(
    cx: &Context<'_, E>,
    client: Authenticated<'_>,
    params: &Params,
) -> Granted {
    let scope = authorization_request::scope(params).or_refuse()?;
    let scope = scope.unwrap_or(Scopes::NONE);
    may_have(scope).or_refuse()?;
    client.client().may_ask(scope).or_refuse()?;
    let family = FamilyId::from_bytes(cx.edge.random()?);
    Ok(Tokens {
        access: AccessToken {
            subject: Subject::Application(family),
            application: client.id(),
            scope,
            issued_at: cx.now,
            expires_at: cx.now + cx.config.access_token_lifetime,
        },
        // RFC 6749 §4.4.3: "A refresh token SHOULD NOT be included."
        refresh: None,
    })
}

/// There is no user here whose data a scope could open.
fn may_have(scope: Scopes) -> Result<(), Refusal> {
    let of_a_user = [
        Scope::Identify,
        Scope::Email,
        Scope::Guilds,
        Scope::Connections,
    ];
    match of_a_user.into_iter().find(|&it| scope.contains(it)) {
        Some(of_a_user) => Err(Refusal::ScopeNotAllowed(of_a_user)),
        None => Ok(()),
    }
}
