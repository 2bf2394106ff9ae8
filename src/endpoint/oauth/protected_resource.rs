//! `GET /.well-known/oauth-protected-resource` (RFC 9728): what a client needs to know of this server's own API.

use serde_json::{Value, json};

use crate::endpoint::{Context, Failure};
use crate::http::Response;
use crate::oauth::dpop::ALGORITHMS;
use crate::oauth::error::Refusal;
use crate::oauth::jwk::JwsAlgorithm;
use crate::oauth::scope::{Scope, Scopes};

/// How long a client may keep the document, in seconds.
const MAX_AGE: u32 = 3600;

/// `GET`.
#[expect(clippy::unused_async, reason = "every endpoint is asked the same way")]
pub async fn show<E>(cx: &Context<'_, E>) -> Result<Response, Failure<Refusal>> {
    let issuer = cx.config.issuer.as_str();
    // What a resource opens by: no `offline_access`, which opens nothing.
    let scopes = Scopes::of_users()
        .iter()
        .filter(|scope| *scope != Scope::OfflineAccess);
    let scopes: Vec<_> = scopes.map(Scope::as_str).collect();
    let document: Value = json!({
        "resource": issuer,
        "authorization_servers": [issuer],
        "scopes_supported": scopes,
        "bearer_methods_supported": ["header"],
        "dpop_signing_alg_values_supported": ALGORITHMS.map(JwsAlgorithm::as_str),
        "dpop_bound_access_tokens_required": false,
    });
    Ok(Response::json(200, &document).with("cache-control", format!("public, max-age={MAX_AGE}")))
}
