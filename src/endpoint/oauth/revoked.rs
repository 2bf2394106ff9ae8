//! `GET /.well-known/revoked`: the list of what was revoked. Verifiers poll it that do not introspect.

use crate::endpoint::{Context, Failure};
use crate::http::Response;
use crate::oauth::error::Refusal;
use crate::oauth::jwk::SigningAlgorithm;
use crate::revocations::{MAX_AGE, RevokedClaims};
use crate::store::{Edge, Signer};

/// `GET`: the list as a JWT, so that no cache can shorten it.
pub async fn show<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<Refusal>> {
    let signer = cx.edge.signer(cx.config, SigningAlgorithm::Es256).await?;
    // The list may be younger than it says, never older.
    let families = cx.edge.revoked(cx.config).await?;
    let claims = RevokedClaims::new(cx.config.issuer.as_str(), &families, cx.now);
    let mut response = Response::empty(200)
        .with("content-type", "application/revoked+jwt")
        .with("cache-control", format!("public, max-age={MAX_AGE}"));
    response.body = signer.sign("revoked+jwt", &claims).await?;
    Ok(response)
}
