//! `POST /oauth2/par` (RFC 9126): a client sends an authorization request, before it sends the user.

use core::time::Duration;

use serde_json::json;
use url::form_urlencoded;

use crate::base64url;
use crate::endpoint::dpop;
use crate::endpoint::oauth::authorize;
use crate::endpoint::oauth::client_authentication::{
    AuthenticatedClient, ClientLookup, authenticate,
};
use crate::endpoint::oauth::pushed_request::PREFIX;
use crate::endpoint::{Context, Failure};
use crate::http::Response;
use crate::oauth::error::Refusal;
use crate::oauth::params::Params;
use crate::pending::{EntryKind, PendingId, Push};
use crate::store::Edge;

/// How long a pushed request is kept until its first visit.
const LIFETIME: Duration = Duration::from_secs(90);
/// Parameters that authenticate the client or bind the code. They are kept apart from the request, or not at all.
const AUTHENTICATION: [&str; 5] = [
    "client_id",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "dpop_jkt",
];

/// `POST`: keeps the request, and answers its `request_uri`.
pub async fn push<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<Refusal>> {
    let params = cx.form_or_json()?;
    let client = authenticate(cx, &params, ClientLookup::Known).await?;
    if params.one("request_uri")?.is_some() {
        return Err(Refusal::RequestUriPushed.into());
    }
    let checked = authorize::check(cx, &params, client.application()).await;
    let client = match checked {
        Err(Failure::Refused(refusal))
            if refusal.follows_from_registration() && cx.decides_anew() =>
        {
            let client = authenticate(cx, &params, ClientLookup::Known).await?;
            authorize::check(cx, &params, client.application()).await?;
            client
        }
        checked => checked.map(|()| client)?,
    };
    let key = dpop::pushed(cx, &params).await?;
    let bound_to = match &key {
        Some(key) => Some(key.thumbprint().to_string()),
        None => params.one("dpop_jkt")?.map(str::to_owned),
    };
    dpop::use_once(cx, key.as_ref()).await?;
    let request = stored(&client, &params, bound_to.as_deref());
    let handle = base64url::encode(&cx.edge.random::<32>()?);
    let client = client.client().wire_id();
    let id = PendingId::new(EntryKind::PushedRequest, &client, &handle);
    let push = Push {
        client,
        request,
        until: cx.now + LIFETIME,
    };
    cx.edge.ask_pending(&id, push).await?;
    let answer = json!({
        "request_uri": format!("{PREFIX}{handle}"),
        "expires_in": LIFETIME.as_secs(),
    });
    Ok(Response::json(201, &answer))
}

/// The parameters that are kept of a request, without credentials.
fn stored(client: &AuthenticatedClient, params: &Params, bound_to: Option<&str>) -> String {
    let sent = params.form_without(&AUTHENTICATION);
    let mut request = form_urlencoded::Serializer::new(sent);
    request.append_pair("client_id", &client.client().wire_id());
    if let Some(bound_to) = bound_to {
        request.append_pair("dpop_jkt", bound_to);
    }
    request.finish()
}
