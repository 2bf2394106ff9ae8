//! `GET /.well-known/jwks.json` (RFC 7517 §5): the public halves of the keys that sign what others
//! verify.

use sha2::{Digest, Sha256};

use crate::base64url;
use crate::endpoint::{Context, Failure};
use crate::http::Response;
use crate::oauth::error::Refusal;
use crate::store::Edge;

/// How long a verifier may keep the document, in seconds: far less than a key is published before it
/// signs.
const MAX_AGE: u32 = 300;

/// Bytes of the hash that tells two documents apart.
const TAG_BYTES: usize = 12;

/// `GET`. Verifiers that have the document as it is are spared it (RFC 9110 §13.1.2).
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
