//! The key that a request proves to hold, where it has a `DPoP` header (RFC 9449). At the endpoints that issue tokens
//! a proof is good once; at resources it may come again while it is fresh.

use core::cell::Cell;

use super::context::Context;
use super::failure::Failure;
use crate::oauth::client::Client;
use crate::oauth::dpop::{DpopProof, ProofError, ProvedRequest, nonce};
use crate::oauth::error::Refusal;
use crate::oauth::jwk::JwkThumbprint;
use crate::oauth::params::Params;
use crate::pending::{EntryKind, PendingId};
use crate::routes::is_same_path;
use crate::store::Edge;

/// A key that a client has proved to hold, with the proof.
pub struct ProvedKey<'a> {
    proof: DpopProof<'a>,
    is_used: Cell<bool>,
}

impl ProvedKey<'_> {
    /// The thumbprint of the key (RFC 7638).
    pub const fn thumbprint(&self) -> JwkThumbprint {
        self.proof.thumbprint()
    }

    /// Uses the proof up. A second time for the same request it changes nothing. It is called after every other check
    /// and before a flow's commit: a fault here spends nothing, and a request that it refuses is right but for the
    /// proof.
    pub async fn use_once<E: Edge>(&self, cx: &Context<'_, E>) -> Result<(), Failure<Refusal>> {
        if self.is_used.get() {
            return Ok(());
        }
        let owner = self.thumbprint().to_string();
        let id = PendingId::new(EntryKind::Proof, &owner, self.proof.id());
        let until = self.proof.good_until();
        if !cx.so_far.claims.use_up(cx.edge, id, until).await? {
            return Err(Refusal::Proof(ProofError::Replayed).into());
        }
        self.is_used.set(true);
        Ok(())
    }
}

/// The key of the request's proof, where it has one. Whether the proof was used before is not asked yet.
pub async fn proved<'a, E: Edge>(
    cx: &Context<'a, E>,
) -> Result<Option<ProvedKey<'a>>, Failure<Refusal>> {
    let Some(header) = cx.request.header("dpop") else {
        return Ok(None);
    };
    let proof = verified(cx, header).await;
    Ok(Some(ProvedKey {
        proof: proof.map_err(|failure| failure.map(Refusal::Proof))?,
        is_used: Cell::new(false),
    }))
}

/// The key that a pushed request proves (RFC 9449 §10.1): the code is bound to it as if `dpop_jkt` named
/// it.
pub async fn pushed<'a, E: Edge>(
    cx: &Context<'a, E>,
    params: &Params,
) -> Result<Option<ProvedKey<'a>>, Failure<Refusal>> {
    let key = proved(cx).await?;
    let named = params.one("dpop_jkt")?;
    if let (Some(key), Some(named)) = (&key, named)
        && key.thumbprint().to_string() != named
    {
        return Err(Refusal::Invalid {
            parameter: "dpop_jkt",
            must: "it must be the thumbprint of the key of the DPoP proof",
        }
        .into());
    }
    Ok(key)
}

/// Refuses a request without a proof where the client's tokens must be bound to a key.
pub fn demand(client: &Client, key: Option<&ProvedKey<'_>>) -> Result<(), Refusal> {
    if key.is_none() && client.requires_dpop() {
        return Err(Refusal::Proof(ProofError::Missing));
    }
    Ok(())
}

/// Uses up the proof of a request, where it has one.
pub async fn use_once<E: Edge>(
    cx: &Context<'_, E>,
    key: Option<&ProvedKey<'_>>,
) -> Result<(), Failure<Refusal>> {
    match key {
        Some(key) => key.use_once(cx).await,
        None => Ok(()),
    }
}

/// Checks that the request proves to hold the key that its access token is bound to. Fails where it has no proof.
pub async fn check_token<E: Edge>(
    cx: &Context<'_, E>,
    access_token: &str,
    bound_to: JwkThumbprint,
) -> Result<(), Failure<ProofError>> {
    let header = cx.request.header("dpop").ok_or(ProofError::Missing)?;
    let proof = verified(cx, header).await?;
    Ok(proof.check_token(access_token, bound_to)?)
}

/// The next nonce for the key of the request's proof; `None` where there is no proof, or where the settings want no
/// nonces.
pub fn next_nonce<E>(cx: &Context<'_, E>) -> Option<String> {
    if !cx.config.dpop_nonces {
        return None;
    }
    let proof = DpopProof::parse(cx.request.header("dpop")?).ok()?;
    nonce(&cx.config.keyring, proof.thumbprint(), cx.now).ok()
}

/// A proof that is good for this request. The nonce is checked last: a client that is told to send another one has
/// nothing else to correct.
async fn verified<'a, E: Edge>(
    cx: &Context<'_, E>,
    header: &'a str,
) -> Result<DpopProof<'a>, Failure<ProofError>> {
    let proof = DpopProof::parse(header)?;
    proof.check(&ProvedRequest {
        method: cx.request.method.as_str(),
        issuer: &cx.config.issuer,
        leads_here: &|path| is_same_path(path, &cx.request.path),
        now: cx.now,
    })?;
    let signed = proof.signed();
    let (message, signature) = (signed.message, signed.signature);
    let verified = cx
        .edge
        .verify(proof.key(), signed.algorithm, message, signature);
    if !verified.await? {
        return Err(ProofError::Signature.into());
    }
    if cx.config.dpop_nonces {
        proof.check_nonce(&cx.config.keyring, cx.now)?;
    }
    Ok(proof)
}
