//! The keys of a client that signs, or of the platform, and the check whether one of them made a signature.

use crate::endpoint::Context;
use crate::endpoint::oauth::fetching::{self, NoDocument, fetch};
use crate::oauth::client::keys::{ClientKeys, JwkSet};
use crate::oauth::jwk::Jwk;
use crate::oauth::jws::Signed;
use crate::store::{Edge, Fault, KnownKeys};

/// Whether one of the keys made the signature. Published keys are fetched where no remembered one that is fresh made
/// it. A failed fetch is a fault, and says nothing about the signature.
pub(in crate::endpoint) async fn signed<E: Edge>(
    cx: &Context<'_, E>,
    keys: &ClientKeys,
    signed: &Signed<'_>,
) -> Result<bool, Fault> {
    let uri = match keys {
        ClientKeys::Listed(set) => return one_signed(cx, set, signed).await,
        ClientKeys::At(uri) => uri,
    };
    let known = cx.edge.remembered_keys(uri);
    let known = known.filter(|known| signers(&known.set, signed).next().is_some());
    if let Some(known) = &known
        && cx.now < known.fresh_until
        && one_signed(cx, &known.set, signed).await?
    {
        return Ok(true);
    }
    let set = match (fetched(cx, uri).await, known) {
        (Ok(set), _) => set,
        (Err(none), Some(last_good)) => {
            cx.edge.log(&none.fault().to_string());
            last_good.set
        }
        (Err(none), None) => return Err(none.fault()),
    };
    one_signed(cx, &set, signed).await
}

/// Does what [`signed`] does, by what this isolate remembers alone.
pub(super) async fn remembered_signed<E: Edge>(
    cx: &Context<'_, E>,
    keys: &ClientKeys,
    signed: &Signed<'_>,
) -> bool {
    let set = match keys {
        ClientKeys::Listed(set) => Some(set.clone()),
        ClientKeys::At(uri) => cx.edge.remembered_keys(uri).map(|known| known.set),
    };
    match set {
        Some(set) => one_signed(cx, &set, signed).await.unwrap_or(false),
        None => false,
    }
}

async fn fetched<E: Edge>(cx: &Context<'_, E>, uri: &str) -> Result<JwkSet, NoDocument> {
    const MEMBER: &str = "jwks_uri";
    let Some(fetched) = fetch(cx, MEMBER, uri).await? else {
        let known = cx.edge.remembered_keys(uri);
        let failed = || NoDocument::Unavailable(format!("{MEMBER}: the fetch failed"));
        return known.map(|known| known.set).ok_or_else(failed);
    };
    let set = JwkSet::published(&fetched.json);
    let set = set.ok_or_else(|| NoDocument::wrong(MEMBER, &"must be a JSON Web Key Set"))?;
    let known = KnownKeys {
        set: set.clone(),
        fresh_until: fetching::fresh_until(&fetched, cx.now),
    };
    cx.edge.remember_keys(uri, known);
    Ok(set)
}

async fn one_signed<E: Edge>(
    cx: &Context<'_, E>,
    set: &JwkSet,
    signed: &Signed<'_>,
) -> Result<bool, Fault> {
    for key in signers(set, signed) {
        let (message, signature) = (signed.message, signed.signature);
        if cx
            .edge
            .verify(key, signed.algorithm, message, signature)
            .await?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The keys of a set that may have made the signature.
pub(super) fn signers<'a>(set: &'a JwkSet, signed: &Signed<'a>) -> impl Iterator<Item = &'a Jwk> {
    set.candidates(signed.key_id, signed.algorithm)
}
