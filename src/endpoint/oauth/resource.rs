//! The resource server that a request wants tokens for (RFC 8707), and the tokens for such servers that come back.

use std::rc::Rc;

use crate::endpoint::{Context, Failure};
use crate::fluxer::resource::Resource;
use crate::oauth::error::Refusal;
use crate::oauth::jwk::JwkThumbprint;
use crate::oauth::jws::Unverified;
use crate::oauth::params::Params;
use crate::oauth::resource::{self, ResourceScope};
use crate::oauth::token::resource::{ResourceToken, TYPE};
use crate::snowflake::ResourceId;
use crate::store::{Edge, Fault, Keys, WhichResource};

/// A resource server, and the key that signs its tokens.
pub struct TargetResource<S> {
    /// The resource server.
    pub resource: Rc<Resource>,
    /// The key that signs its tokens, imported before the flow's commit.
    pub signer: S,
}

/// A resource server, and what a token opens there.
pub struct TargetScope<S> {
    /// The resource server, and the key that signs its tokens.
    pub target: TargetResource<S>,
    /// The scopes of the resource server that the tokens open.
    pub scope: Vec<ResourceScope>,
}

/// The resource server that a new grant is asked for; `None` where it is this server itself.
pub async fn requested<E: Edge>(
    cx: &Context<'_, E>,
    params: &Params,
) -> Result<Option<Rc<Resource>>, Failure<Refusal>> {
    let Some(identifier) = resource::indicator(params)? else {
        return Ok(None);
    };
    let key = identifier.key();
    if key.is_of(&cx.config.issuer) {
        return Ok(None);
    }
    let resource = cx.resource(WhichResource::Key(&key)).await?;
    Ok(Some(resource.ok_or(Refusal::Resource(
        "it is no resource server that is registered here",
    ))?))
}

/// The resource server that a grant is for. RFC 8707 §2.2 lets a token request name it again. Another one is refused
/// before anything is spent.
pub async fn granted<E: Edge>(
    cx: &Context<'_, E>,
    params: &Params,
    granted: Option<ResourceId>,
) -> Result<Option<TargetResource<E::Signer>>, Failure<Refusal>> {
    let repeated = resource::indicator(params)?.map(|identifier| identifier.key());
    let other = Refusal::Resource("it is not the one of the authorization request");
    let Some(id) = granted else {
        return match repeated {
            Some(key) if !key.is_of(&cx.config.issuer) => Err(other.into()),
            _ => Ok(None),
        };
    };
    let resource = cx.resource(WhichResource::Id(id)).await?;
    let resource = resource.ok_or(Refusal::Resource("it is not registered here any more"))?;
    if repeated.is_some_and(|key| key != resource.identifier.key()) {
        return Err(other.into());
    }
    Ok(Some(TargetResource::of(cx, resource).await?))
}

impl<S> TargetResource<S> {
    /// Fetches the key that signs tokens for a resource server.
    pub async fn of<E: Edge + Keys<Signer = S>>(
        cx: &Context<'_, E>,
        resource: Rc<Resource>,
    ) -> Result<Self, Fault> {
        let signer = cx.edge.signer(cx.config, resource.signing_alg).await?;
        Ok(Self { resource, signer })
    }
}

/// Reads a token that this server signed for another resource server and that has not expired. The keys are read only
/// where the token says that it is such a one.
pub async fn verify<E: Edge>(
    cx: &Context<'_, E>,
    token: &str,
) -> Result<Option<ResourceToken>, Fault> {
    let Some(token) = Unverified::parse(token).filter(|it| it.typ.as_deref() == Some(TYPE)) else {
        return Ok(None);
    };
    let Some(kid) = token.key_id.as_deref().and_then(JwkThumbprint::parse) else {
        return Ok(None);
    };
    let set = cx.edge.key_set(cx.config, Some(kid)).await?;
    let Some(key) = set
        .key(kid)
        .filter(|key| token.algorithm == key.algorithm.into())
    else {
        return Ok(None);
    };
    let (input, signature) = (token.signing_input, &token.signature);
    let is_ours = cx
        .edge
        .verify(&key.public, token.algorithm, input, signature);
    if !is_ours.await? {
        return Ok(None);
    }
    Ok(ResourceToken::read(
        &token.claims,
        &cx.config.issuers,
        cx.now,
    ))
}
