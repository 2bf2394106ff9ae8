//! `POST /oauth2/par` (RFC 9126): a client says what it will ask a user for, before it sends the user.

use std::rc::Rc;

use core::time::Duration;

use serde_json::json;
use url::form_urlencoded;

use crate::base64url;
use crate::endpoint::oauth::authorize;
use crate::endpoint::oauth::client_authentication::{
    AuthenticatedClient, ClientLookup, authenticate,
};
use crate::endpoint::oauth::dpop;
use crate::endpoint::{Context, Failure};
use crate::http::{Method, Response};
use crate::id::FamilyId;
use crate::oauth::error::Refusal;
use crate::oauth::params::Params;
use crate::pending::{EntryKind, PendingId, Push, Spend, Visit, Visited};
use crate::store::{Edge, Fault};
use crate::time::Timestamp;

/// What a `request_uri` of ours begins with (RFC 9126 §2.2).
const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";
/// How long a request waits for its first visit.
const LIFETIME: Duration = Duration::from_secs(90);
/// How long it stays from then on: a login and a consent page take their time.
const STAYS: Duration = Duration::from_secs(3600);
/// Parameters that are the client's authentication, or where it is told.
const AUTHENTICATION: [&str; 5] = [
    "client_id",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "dpop_jkt",
];

/// `POST`.
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

/// What is kept of a request: what the client asks for, and no credentials.
fn stored(client: &AuthenticatedClient, params: &Params, bound_to: Option<&str>) -> String {
    let sent = params.form_without(&AUTHENTICATION);
    let mut request = form_urlencoded::Serializer::new(sent);
    request.append_pair("client_id", &client.client().wire_id());
    if let Some(bound_to) = bound_to {
        request.append_pair("dpop_jkt", bound_to);
    }
    request.finish()
}

/// A pushed request that a user has opened.
pub(in crate::endpoint) struct OpenedRequest {
    client: String,
    handle: String,
    /// The pushed parameters. Those of the authorization URL do not count (RFC 9126 §4).
    pub(in crate::endpoint) params: Rc<Params>,
    /// When it was opened first: a login since then is one for it.
    pub(super) since: Timestamp,
    /// Whether it has ended.
    pub(super) is_spent: bool,
}

impl OpenedRequest {
    /// Opens the request that `sent` names. `None`: it names none of ours.
    pub(in crate::endpoint) async fn open<E: Edge>(
        cx: &Context<'_, E>,
        sent: &Params,
        client: &str,
    ) -> Result<Option<Result<Self, Refusal>>, Fault> {
        let Ok(Some(uri)) = sent.one("request_uri") else {
            return Ok(None);
        };
        let Some(handle) = uri.strip_prefix(PREFIX) else {
            return Ok(None);
        };
        let visit = Visit {
            client: client.to_owned(),
            // HEAD changes nothing (RFC 9110 §9.2.1).
            until: match cx.request.method {
                Method::Head => Visit::LOOK,
                _ => cx.now + STAYS,
            },
        };
        let id = PendingId::new(EntryKind::PushedRequest, client, handle);
        let visited = cx.edge.ask_pending(&id, visit).await?;
        let opened = visited.map(|visited| Self::of(client, handle, &visited));
        if let Some(opened) = &opened {
            let params = Rc::clone(&opened.params);
            cx.so_far.pushed.get_or_init(|| params);
        }
        Ok(Some(opened.ok_or(Refusal::Invalid {
            parameter: "request_uri",
            must: "it must be one that this application pushed a short time ago, and not used",
        })))
    }

    fn of(client: &str, handle: &str, visited: &Visited) -> Self {
        Self {
            client: client.to_owned(),
            handle: handle.to_owned(),
            params: Rc::new(Params::from_form(&visited.request)),
            since: visited.since,
            is_spent: visited.is_spent,
        }
    }

    /// What tells it from every other one.
    pub(super) fn handle(&self) -> &str {
        &self.handle
    }

    /// Spends it on a login, or on [`Spend::REFUSED`]; whether it is spent on that, and on nothing else.
    pub(super) async fn spend<E: Edge>(
        &self,
        cx: &Context<'_, E>,
        family: FamilyId,
    ) -> Result<bool, Fault> {
        let spend = Spend {
            client: self.client.clone(),
            family,
        };
        let id = PendingId::new(EntryKind::PushedRequest, &self.client, &self.handle);
        cx.edge.ask_pending(&id, spend).await
    }
}

/// Whether a query names a pushed request.
pub(super) fn is_pushed(sent: &Params) -> bool {
    let uri = sent.one("request_uri").ok().flatten();
    uri.is_some_and(|uri| uri.starts_with(PREFIX))
}
