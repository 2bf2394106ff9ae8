//! `GET /.well-known/jwks.json` (RFC 7517 §5): the public halves of the keys that sign what others
//! verify.

use crate::endpoint::{Context, Failure};
use crate::http::Response;
use crate::oauth::error::Refusal;
use crate::store::Edge;

/// How long a verifier may keep the document, in seconds: far less than a key is published before it
/// signs.
const MAX_AGE: u32 = 300;

/// `GET`.
pub async fn show<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<Refusal>> {
    let set = cx.edge.key_set(cx.config, None).await?;
    Ok(Response::json(200, &set.public())
        .with("cache-control", format!("public, max-age={MAX_AGE}")))
}
