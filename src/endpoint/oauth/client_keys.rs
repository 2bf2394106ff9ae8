//! The keys of a client that signs, and whether one of them made a signature.

use crate::endpoint::Context;
use crate::endpoint::oauth::fetching::{self, NoDocument, fetch};
use crate::oauth::client::assertion::Assertion;
use crate::oauth::client::keys::{ClientKeys, JwkSet};
use crate::store::{Edge, Fault, KnownKeys};

/// Whether one of the client's keys signed the assertion. Keys that it publishes are fetched where this
/// isolate knows none that are fresh, or none with that `kid`. What cannot be fetched is no verdict.
pub(super) async fn signed<E: Edge>(
    cx: &Context<'_, E>,
    keys: &ClientKeys,
    assertion: &Assertion,
) -> Result<bool, Fault> {
    let uri = match keys {
        ClientKeys::Listed(set) => return one_signed(cx, set, assertion).await,
        ClientKeys::At(uri) => uri,
    };
    let known = cx.edge.remembered_keys(uri);
    let known = known.filter(|known| assertion.signers(&known.set).next().is_some());
    if let Some(known) = &known
        && cx.now < known.fresh_until
    {
        return one_signed(cx, &known.set, assertion).await;
    }
    let set = match (fetched(cx, uri).await, known) {
        (Ok(set), _) => set,
        (Err(none), Some(last_good)) => {
            cx.edge.log(&none.fault().to_string());
            last_good.set
        }
        (Err(none), None) => return Err(none.fault()),
    };
    one_signed(cx, &set, assertion).await
}

/// The same, out of this isolate's memory alone.
pub(super) async fn remembered_signed<E: Edge>(
    cx: &Context<'_, E>,
    keys: &ClientKeys,
    assertion: &Assertion,
) -> bool {
    let set = match keys {
        ClientKeys::Listed(set) => Some(set.clone()),
        ClientKeys::At(uri) => cx.edge.remembered_keys(uri).map(|known| known.set),
    };
    match set {
        Some(set) => one_signed(cx, &set, assertion).await.unwrap_or(false),
        None => false,
    }
}

async fn fetched<E: Edge>(cx: &Context<'_, E>, uri: &str) -> Result<JwkSet, NoDocument> {
    const MEMBER: &str = "jwks_uri";
    let Some(fetched) = fetch(cx, MEMBER, uri).await? else {
        let known = cx.edge.remembered_keys(uri);
        let failed = || NoDocument::Unavailable(1, format!("{MEMBER}: the fetch failed"));
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
    assertion: &Assertion,
) -> Result<bool, Fault> {
    let signed = assertion.signed();
    for key in assertion.signers(set) {
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
