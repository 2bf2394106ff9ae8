//! `GET /.well-known/jwks.json` (RFC 7517 §5): the public keys that verify what this server signs for others.

use sha2::{Digest, Sha256};

use crate::base64url;
use crate::endpoint::{Context, Failure};
use crate::http::Response;
use crate::oauth::error::Refusal;
use crate::store::Edge;

/// How long a verifier may keep the document, in seconds. A key is published for much longer before it signs.
const MAX_AGE: u32 = 300;

/// Bytes of the hash that is the document's `ETag`.
const TAG_BYTES: usize = 12;

/// `GET`: the document, or 304 for a verifier that has it as it is (RFC 9110 §13.1.2).
pub async fn show<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<Refusal>> {
    let set = cx.edge.key_set(cx.config, None).await?;
    let document = Response::json(200, &set.public());
    let hash = Sha256::digest(&document.body);
    let tag = hash.get(..TAG_BYTES).map(base64url::encode);
    let tag = ["\"", &tag.unwrap_or_default(), "\""].concat();
    let known = cx.request.header("if-none-match");
    let answer = if known.is_some_and(|known| known.contains(&tag)) {
        Response::empty(304)
    } else {
        document
    };
    let answer = answer.with("etag", tag);
    Ok(answer.with("cache-control", format!("public, max-age={MAX_AGE}")))
}
