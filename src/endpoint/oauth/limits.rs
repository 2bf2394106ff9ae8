//! The rate limits of OAuth's endpoints: the window that a request is counted in, and the answer where it is full.

use futures_util::future::join;

use super::client_authentication::remembered_proof;
use super::token::read_ahead;
use crate::endpoint::Context;
use crate::fluxer::api_error::ApiError;
use crate::http::{Response, with_member};
use crate::oauth::client::authentication::AuthenticatedBy;
use crate::oauth::error::TooOften;
use crate::oauth::grant_type::GrantType;
use crate::rate_limit::{Limit, Verdict};
use crate::routes::Bucket;
use crate::snowflake::ApplicationId;
use crate::store::Edge;

/// Takes a place for a request. This costs one question to one limiter; KV is asked meanwhile. Where the limiter does
/// not answer, the request goes on: an outage of ours must not become one of every application.
pub(crate) async fn take<E: Edge>(cx: &Context<'_, E>, bucket: Bucket) -> Option<Verdict> {
    let (key, limit) = window(cx, bucket).await;
    let asked = cx.edge.take(&key, limit?);
    let verdict = match bucket {
        Bucket::Token => join(asked, read_ahead(cx)).await.0,
        Bucket::Authorize | Bucket::PushedRequest | Bucket::Revoke | Bucket::Register => {
            asked.await
        }
    };
    match verdict {
        Ok(verdict) => Some(verdict),
        Err(fault) => {
            cx.edge.log(&fault.to_string());
            None
        }
    }
}

/// The window of a request. All applications of one hosting service come from one address, so at the token endpoint a
/// client that authenticates at no cost has a window of its own. Any other request is counted by its address, before
/// the directory is asked.
async fn window<E: Edge>(cx: &Context<'_, E>, bucket: Bucket) -> (String, Option<Limit>) {
    let limits = &cx.config.limits;
    let limit = match bucket {
        Bucket::Authorize => limits.authorize,
        Bucket::Revoke => limits.revoke,
        Bucket::Register => limits.register,
        Bucket::Token | Bucket::PushedRequest => match client(cx).await {
            Some(client) => {
                // Its developer sees how often it is full.
                cx.notes.application.set(Some(client));
                return (
                    format!("{}:client:{client}", bucket.name()),
                    limits.token_client,
                );
            }
            None => limits.token,
        },
    };
    let address = cx.request.client_address();
    (format!("{}:{address}", bucket.name()), limit)
}

/// The client of a token request, where this isolate remembers enough to verify it. Anybody may claim the `client_id`
/// of a client without a secret, and could fill its window.
async fn client<E: Edge>(cx: &Context<'_, E>) -> Option<ApplicationId> {
    let params = cx.form_or_json().ok()?;
    let (client, proof) = remembered_proof(cx, &params).await?;
    (proof == AuthenticatedBy::Secret).then_some(client)
}

/// The answer to a request whose window is full. It has `error` beside Fluxer's own members, because some clients
/// take an answer without that member for their tokens.
pub fn too_many_requests<E>(cx: &Context<'_, E>, verdict: &Verdict) -> Response {
    let asked = if is_poll(cx) {
        TooOften::Poll
    } else {
        TooOften::Request
    };
    let body = ApiError::RateLimited(*verdict).body();
    let body = with_member(body, "error", asked.code().as_str());
    let retry_after = verdict.retry_after().to_string();
    Response::json(429, &body).with("retry-after", retry_after)
}

/// Whether a device asks for its tokens (RFC 8628 §3.5).
fn is_poll<E>(cx: &Context<'_, E>) -> bool {
    cx.form_or_json().is_ok_and(|params| {
        let grant_type = params.one("grant_type");
        grant_type.is_ok_and(|grant_type| grant_type == Some(GrantType::DeviceCode.as_str()))
    })
}
