//! `POST /oauth2/device_authorization` (RFC 8628 §3.1): a device asks for two codes, one for itself and one for its
//! user to type.

use serde_json::json;
use url::form_urlencoded;

use crate::endpoint::oauth::client_authentication::{
    AuthenticatedClient, ClientLookup, authenticate,
};
use crate::endpoint::oauth::{client_document, resource};
use crate::endpoint::{Context, Failure};
use crate::http::Response;
use crate::oauth::authorization_request::AuthorizationRequest;
use crate::oauth::device::{DeviceCode, INTERVAL, LIFETIME, UserCode};
use crate::oauth::error::Refusal;
use crate::oauth::params::Params;
use crate::page::DEVICE;
use crate::pending::{DeviceRequest, EntryKind, PendingId};
use crate::snowflake::ApplicationId;
use crate::store::{Edge, Fault};

/// How often a user code is drawn before it is a fault that all were taken. Where a million devices wait, one draw in
/// 25,000 is taken.
const DRAWS: usize = 3;

/// `POST`: keeps what the device asks for, and answers the codes.
pub async fn start<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<Refusal>> {
    let params = cx.form_or_json()?;
    let mut client = authenticate(cx, &params, ClientLookup::Known).await?;
    let mut checked = check(cx, &client, &params).await;
    if let Err(Failure::Refused(refusal)) = &checked
        && refusal.follows_from_registration()
        && cx.decides_anew()
    {
        client = authenticate(cx, &params, ClientLookup::Known).await?;
        checked = check(cx, &client, &params).await;
    }
    checked?;
    let application = client_document::kept(cx, client.shared()).await?;
    let request = asked_for(&params)?;
    let code = wait(cx, application.client.id, request).await?;
    let issuer = cx.config.issuer.as_str();
    let page = [issuer, DEVICE].concat();
    let user_code = code.user_code.to_string();
    let body = json!({
        "device_code": code.expose(),
        "user_code": user_code,
        "verification_uri": page,
        "verification_uri_complete": format!("{page}?user_code={user_code}"),
        "expires_in": LIFETIME.as_secs(),
        "interval": INTERVAL.as_secs(),
    });
    Ok(Response::json(200, &body))
}

/// Refuses what no user could grant. The request is checked again when its user is asked.
async fn check<E: Edge>(
    cx: &Context<'_, E>,
    client: &AuthenticatedClient,
    params: &Params,
) -> Result<(), Failure<Refusal>> {
    let resource = resource::requested(cx, params).await?;
    let offered = resource.as_ref().map(|it| it.offer());
    let application = client.application();
    AuthorizationRequest::parse_for_device(params, &application.client, offered.as_ref())?;
    Ok(())
}

/// The parameters that are kept of the request.
fn asked_for(params: &Params) -> Result<String, Refusal> {
    let mut request = form_urlencoded::Serializer::new(String::new());
    for name in ["scope", "resource"] {
        if let Some(value) = params.one(name)? {
            request.append_pair(name, value);
        }
    }
    Ok(request.finish())
}

/// Has the device wait, under a user code that no other device has.
async fn wait<E: Edge>(
    cx: &Context<'_, E>,
    client: ApplicationId,
    request: String,
) -> Result<DeviceCode, Fault> {
    let until = cx.now + LIFETIME;
    for _ in 0..DRAWS {
        let user_code = UserCode::from_entropy(cx.edge.random()?);
        let nonce = cx.edge.random()?;
        let code = DeviceCode::issue(&cx.config.keyring, client, user_code, until, nonce)?;
        let seen = cx.browser_seen();
        let waits = DeviceRequest {
            client,
            code: code.hash(),
            request: request.clone(),
            at: cx.now,
            until,
            address: seen.address,
            agent: seen.device,
        };
        let id = PendingId::new(EntryKind::UserCode, "", &user_code.key());
        if cx.edge.ask_pending(&id, waits).await? {
            return Ok(code);
        }
    }
    Err(Fault::new("pending", "no free user code was drawn"))
}
