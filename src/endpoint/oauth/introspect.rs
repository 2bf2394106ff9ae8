//! `POST /oauth2/introspect` (RFC 7662).

use std::rc::Rc;

use futures_util::future::{join, join3};
use serde_json::{Value, json};

use crate::endpoint::attempts::{Attempt, Counter};
use crate::endpoint::caller::{application_of, works};
use crate::endpoint::oauth::client_authentication::{
    AuthenticatedClient, ClientLookup, authenticate, remembered_proof,
};
use crate::endpoint::oauth::resource;
use crate::endpoint::{Context, Failure};
use crate::fluxer::resource::Resource;
use crate::fluxer::user::Username;
use crate::http::{Response, with_member};
use crate::ledger::Status;
use crate::oauth::binding::TokenBinding;
use crate::oauth::client::authentication::Credentials;
use crate::oauth::error::Refusal;
use crate::oauth::params::Params;
use crate::oauth::scope::Scope;
use crate::oauth::token::access::{AccessToken, Subject};
use crate::oauth::token::refresh::RefreshToken;
use crate::oauth::token::resource::ResourceToken;
use crate::snowflake::{ApplicationId, ResourceId};
use crate::store::{Edge, Fault, Known, WhichResource};

/// `POST`: tells whether a token works at this instant, and what it opens. Answers its own client, and applications
/// that may introspect. Anything else is `{"active":false}`, whatever the reason (RFC 7662 §2.2).
pub async fn introspect<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<Refusal>> {
    let params = cx.form_or_json()?;
    let mut client = match identify_within_limits(cx, &params).await? {
        Inquirer::Client(client) => client,
        Inquirer::ResourceServer(resource) => {
            return introspect_for(cx, &params, &resource).await;
        }
    };
    let token = params.required("token")?;
    params.one("token_type_hint")?;

    let (keyring, issuers) = (&cx.config.keyring, &cx.config.issuers);
    let answer = if let Some(token) = AccessToken::verify(keyring, issuers, token, cx.now) {
        if may_ask(cx, &params, &mut client, token.application).await? {
            access(cx, &client, &token).await?
        } else {
            None
        }
    } else if let Some(token) = RefreshToken::verify(keyring, issuers, token, cx.now) {
        refresh(cx, &client, &token).await?
    } else if let Some(token) = resource::verify(cx, token).await? {
        let may_ask = may_ask(cx, &params, &mut client, token.application).await?;
        for_resource(cx, &token, may_ask).await?
    } else {
        None
    };
    let answer = answer.unwrap_or_else(|| json!({"active": false}));
    Ok(Response::json(200, &answer))
}

/// The party that introspects a token.
enum Inquirer {
    /// A client, about its own tokens or, where it may, about everybody's.
    Client(AuthenticatedClient),
    /// A resource server with credentials of its own, about its own tokens.
    ResourceServer(Rc<Resource>),
}

/// Finds out who introspects. A client that this isolate remembers costs no question. Any other caller takes a place
/// of its address before the directory is asked, and keeps it only after a failure.
async fn identify_within_limits<E: Edge>(
    cx: &Context<'_, E>,
    params: &Params,
) -> Result<Inquirer, Failure<Refusal>> {
    if remembered_proof(cx, params).await.is_some() {
        let client = authenticate(cx, params, ClientLookup::KnownInOutage).await?;
        return Ok(Inquirer::Client(client));
    }
    let attempt = match Attempt::begin(cx, &[Counter::Client]).await {
        Ok(Ok(attempt)) => Some(attempt),
        Ok(Err(full)) => return Err(Refusal::TooManyAttempts(full).into()),
        Err(fault) => {
            cx.edge.log(&fault.to_string());
            None
        }
    };
    let outcome = identify(cx, params).await;
    if let (Some(attempt), Err(Failure::Refused(_))) = (attempt, &outcome) {
        attempt.failed();
    }
    outcome
}

async fn identify<E: Edge>(
    cx: &Context<'_, E>,
    params: &Params,
) -> Result<Inquirer, Failure<Refusal>> {
    match resource_server(cx, params).await? {
        Some(resource) => Ok(Inquirer::ResourceServer(resource)),
        None => Ok(Inquirer::Client(
            authenticate(cx, params, ClientLookup::KnownInOutage).await?,
        )),
    }
}

/// The resource server with these credentials, where there is one.
async fn resource_server<E: Edge>(
    cx: &Context<'_, E>,
    params: &Params,
) -> Result<Option<Rc<Resource>>, Fault> {
    // What cannot be read is refused where clients authenticate.
    let credentials = Credentials::read(cx.request.header("authorization"), params);
    let Ok(Credentials::Basic(id, secret) | Credentials::Post(id, secret)) = &credentials else {
        return Ok(None);
    };
    let id = ResourceId(id.0);
    let is_its = |resource: &Resource| resource.secret == secret.hash();
    let which = WhichResource::Id(id);
    let known = match cx.edge.resource(which).await? {
        // It may have been given another secret since.
        Known::Remembered(resource) if !is_its(&resource) => {
            cx.edge.current_resource(which).await?
        }
        known => known.found(),
    };
    Ok(known.filter(|resource| is_its(resource)))
}

async fn introspect_for<E: Edge>(
    cx: &Context<'_, E>,
    params: &Params,
    resource: &Resource,
) -> Result<Response, Failure<Refusal>> {
    let token = params.required("token")?;
    params.one("token_type_hint")?;
    let answer = match resource::verify(cx, token).await? {
        Some(token) => {
            let may_ask = token.audience == resource.identifier.as_str();
            for_resource(cx, &token, may_ask).await?
        }
        None => None,
    };
    let answer = answer.unwrap_or_else(|| json!({"active": false}));
    Ok(Response::json(200, &answer))
}

/// The answer about a token for another resource server.
async fn for_resource<E: Edge>(
    cx: &Context<'_, E>,
    token: &ResourceToken,
    may_ask: bool,
) -> Result<Option<Value>, Fault> {
    if !may_ask {
        return Ok(None);
    }
    let standing = token.standing();
    let (application, works) = join(application_of(cx, &standing), works(cx, &standing)).await;
    if application?.is_none() || !works? {
        return Ok(None);
    }
    let sub = match token.subject {
        Subject::User(user, _) => user.0,
        Subject::Application(..) => token.application.0,
    };
    let shown = json!({
        "active": true,
        "scope": token.scope,
        "client_id": token.client_id,
        "token_type": token.binding.token_type(),
        "exp": token.expires_at.seconds(),
        "iat": token.issued_at.seconds(),
        "sub": sub,
        "aud": token.audience,
        "iss": cx.config.issuer.as_str(),
    });
    Ok(Some(with_confirmation(shown, token.binding)))
}

/// Adds the key that the token is bound to, as `cnf` (RFC 9449 §6.2).
fn with_confirmation(shown: Value, binding: TokenBinding) -> Value {
    match binding.confirmation() {
        Some(confirmation) => with_member(shown, "cnf", json!(confirmation)),
        None => shown,
    }
}

/// Whether a client may introspect a token of this application. Where it may not, it is read again, because it may
/// have been allowed to since.
async fn may_ask<E: Edge>(
    cx: &Context<'_, E>,
    params: &Params,
    client: &mut AuthenticatedClient,
    holder: ApplicationId,
) -> Result<bool, Failure<Refusal>> {
    let may = |client: &AuthenticatedClient| holder == client.id() || may_ask_of_others(client);
    if !may(client) && cx.decides_anew() {
        *client = authenticate(cx, params, ClientLookup::KnownInOutage).await?;
    }
    Ok(may(client))
}

fn may_ask_of_others(client: &AuthenticatedClient) -> bool {
    client.application().introspects || client.client().is_trusted()
}

/// The `username`, for a client that may know it: mail and web servers log it and decide by it. Where the directory
/// does not answer, the answer lacks the name.
async fn username<E: Edge>(
    cx: &Context<'_, E>,
    client: &AuthenticatedClient,
    token: &AccessToken,
) -> Option<Username> {
    let Subject::User(user, _) = token.subject else {
        return None;
    };
    // No answer about a token waits for the platform.
    cx.config.platform.is_none().then_some(())?;
    let opens_it = [Scope::Identify, Scope::Profile];
    let is_open = opens_it.iter().any(|scope| token.scope.contains(*scope));
    if !is_open && !may_ask_of_others(client) {
        return None;
    }
    match cx.user(user).await {
        Ok(user) => user.map(|user| user.username),
        Err(fault) => {
            cx.edge.log(&fault.to_string());
            None
        }
    }
}

async fn access<E: Edge>(
    cx: &Context<'_, E>,
    client: &AuthenticatedClient,
    token: &AccessToken,
) -> Result<Option<Value>, Fault> {
    let username = username(cx, client, token);
    let asked = join3(application_of(cx, token), works(cx, token), username);
    let (application, works, username) = asked.await;
    let Some(application) = application? else {
        return Ok(None);
    };
    if !works? {
        return Ok(None);
    }
    let sub = match token.subject {
        Subject::User(user, _) => user.0,
        Subject::Application(..) => token.application.0,
    };
    let shown = json!({
        "active": true,
        "scope": token.scope,
        "client_id": application.client.wire_id(),
        "token_type": token.binding.token_type(),
        "exp": token.expires_at.seconds(),
        "iat": token.issued_at.seconds(),
        "sub": sub,
        "aud": cx.config.issuer.as_str(),
        "iss": cx.config.issuer.as_str(),
    });
    let shown = with_confirmation(shown, token.binding);
    Ok(Some(match username {
        Some(username) => with_member(shown, "username", username.as_str()),
        None => shown,
    }))
}

/// The answer about a refresh token, for its own client: nobody else may introspect one.
async fn refresh<E: Edge>(
    cx: &Context<'_, E>,
    client: &AuthenticatedClient,
    token: &RefreshToken,
) -> Result<Option<Value>, Fault> {
    if token.application != client.id() {
        return Ok(None);
    }
    let status = Status {
        family: token.family,
    };
    let live = cx.edge.ask(token.ledger(), status).await?;
    let current = live.filter(|live| live.generation == token.generation);
    Ok(current.map(|live| {
        json!({
            "active": true,
            "scope": live.scope,
            "client_id": client.client().wire_id(),
            "token_type": "refresh_token",
            "exp": token.expires_at.seconds(),
            "iat": token.issued_at.seconds(),
            "sub": token.user,
            "iss": cx.config.issuer.as_str(),
        })
    }))
}
