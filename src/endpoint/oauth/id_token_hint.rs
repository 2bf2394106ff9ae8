//! `id_token_hint`: an ID token that a client sends back, to say which user and which session it means (OpenID
//! Connect Core §3.1.2.1, RP-Initiated Logout §2).

use crate::endpoint::Context;
use crate::oauth::jwk::{JwkThumbprint, JwsAlgorithm};
use crate::oauth::jws::Unverified;
use crate::oauth::token::id::IdTokenHint;
use crate::store::{Edge, Fault};

/// Reads a hint. `None` where this server did not sign it as an ID token, or where its key is gone.
pub(super) async fn verify<E: Edge>(
    cx: &Context<'_, E>,
    hint: &str,
) -> Result<Option<IdTokenHint>, Fault> {
    let Some(token) = Unverified::parse(hint) else {
        return Ok(None);
    };
    let key_id = token.key_id.as_deref().and_then(JwkThumbprint::parse);
    let Some(key_id) = key_id else {
        return Ok(None);
    };
    let keys = cx.edge.key_set(cx.config, Some(key_id)).await?;
    let Some(key) = keys.key(key_id) else {
        return Ok(None);
    };
    if JwsAlgorithm::from(key.algorithm) != token.algorithm {
        return Ok(None);
    }
    let is_ours = cx.edge.verify(
        &key.public,
        token.algorithm,
        token.signing_input,
        &token.signature,
    );
    let is_ours = is_ours.await?;
    let hint = IdTokenHint::of_verified(&token, &cx.config.issuers);
    Ok(hint.filter(|_| is_ours))
}
