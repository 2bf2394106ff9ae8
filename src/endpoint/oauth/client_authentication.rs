//! Who asks at one of OAuth's own endpoints (RFC 6749 §2.3).
//!
//! Invariant: an [`AuthenticatedClient`] is made only by [`authenticate`].

use std::rc::Rc;

use crate::endpoint::oauth::client_document;
use crate::endpoint::{Context, Failure};
use crate::fluxer::application::Application;
use crate::oauth::client::authentication::{ClientAuthentication, Credentials, Proof};
use crate::oauth::client::url::ClientIdentifier;
use crate::oauth::client::{Client, ClientOrigin};
use crate::oauth::error::{ClientRefusal, CredentialsPlace, Refusal};
use crate::oauth::params::Params;
use crate::snowflake::ApplicationId;
use crate::store::{Edge, HashKind, Known};
use crate::time::Timestamp;

/// A client that has proved who it is, as far as its registration demands.
#[derive(Debug, Clone)]
pub struct AuthenticatedClient {
    application: Rc<Application>,
    proof: Proof,
    knowledge: Knowledge,
}

/// Of when a client's registration is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Knowledge {
    Current,
    Remembered,
}

/// Authenticates the client of a request.
pub async fn authenticate<E: Edge>(
    cx: &Context<'_, E>,
    params: &Params,
) -> Result<AuthenticatedClient, Failure<Refusal>> {
    if let Some(client) = documented(cx, params).await? {
        return Ok(client);
    }
    let credentials = Credentials::read(cx.request.header("authorization"), params)?;
    let known = cx.known_application(credentials.client_id()).await?;
    verify(cx, &credentials, known).await
}

/// Authenticates the client of a request that goes on while D1 does not answer.
pub async fn authenticate_in_outage<E: Edge>(
    cx: &Context<'_, E>,
    params: &Params,
) -> Result<AuthenticatedClient, Failure<Refusal>> {
    if let Some(client) = documented(cx, params).await? {
        return Ok(client);
    }
    let credentials = Credentials::read(cx.request.header("authorization"), params)?;
    let known = cx.application_in_outage(credentials.client_id()).await?;
    verify(cx, &credentials, known).await
}

/// Authenticates the client of a request by its registration as it is now.
pub async fn authenticate_anew<E: Edge>(
    cx: &Context<'_, E>,
    params: &Params,
) -> Result<AuthenticatedClient, Failure<Refusal>> {
    if let Some(client) = documented(cx, params).await? {
        return Ok(client);
    }
    let credentials = Credentials::read(cx.request.header("authorization"), params)?;
    let current = cx.current_application(credentials.client_id()).await?;
    verify(cx, &credentials, Known::Current(current)).await
}

/// The client of a request whose `client_id` is the URL of a document; `None`: it is none.
async fn documented<E: Edge>(
    cx: &Context<'_, E>,
    params: &Params,
) -> Result<Option<AuthenticatedClient>, Failure<Refusal>> {
    let id = params.one("client_id")?.and_then(ClientIdentifier::parse);
    let Some(ClientIdentifier::Url(url)) = id else {
        return Ok(None);
    };
    let refuse = |reason| Failure::from(CredentialsPlace::Body.refuse(reason));
    let shows_a_secret =
        cx.request.header("authorization").is_some() || params.one("client_secret")?.is_some();
    if shows_a_secret || !cx.config.client_metadata_documents {
        return Err(refuse(ClientRefusal::Wrong));
    }
    if params.one("client_assertion")?.is_some() {
        return Err(refuse(ClientRefusal::Assertion));
    }
    let application = client_document::last_known(cx, &url).await?;
    if !application.is_public() {
        return Err(refuse(ClientRefusal::Wrong));
    }
    Ok(Some(AuthenticatedClient {
        application,
        proof: Proof::IdOnly,
        knowledge: Knowledge::Current,
    }))
}

async fn verify<E: Edge>(
    cx: &Context<'_, E>,
    credentials: &Credentials,
    known: Known,
) -> Result<AuthenticatedClient, Failure<Refusal>> {
    if let Known::Remembered(application) = &known
        && !application.suspended
        && let Some(client) = proved(cx, credentials, application, Knowledge::Remembered)
    {
        return Ok(client);
    }
    let current = match known {
        Known::Current(application) => application,
        // It may have been given another secret since.
        Known::Remembered(_) => cx.current_application(credentials.client_id()).await?,
    };
    let client = match current {
        Some(it) => match proved(cx, credentials, &it, Knowledge::Current) {
            None if is_imported(&it, cx.now) => proved_elsewhere(cx, credentials, it).await?,
            proved => proved,
        },
        None => None,
    };
    let client = client.ok_or_else(|| credentials.refusal())?;
    if client.application.suspended {
        return Err(Refusal::Suspended.into());
    }
    Ok(client)
}

fn proved<E: Edge>(
    cx: &Context<'_, E>,
    credentials: &Credentials,
    application: &Rc<Application>,
    knowledge: Knowledge,
) -> Option<AuthenticatedClient> {
    // A client that a document describes has one id on the wire, and it is not this one.
    if matches!(application.client.origin, ClientOrigin::Document(_)) {
        return None;
    }
    let authentication = &application.client.authentication;
    let proof = authentication.verify(credentials, cx.now)?;
    if application.client.origin != ClientOrigin::BuiltIn
        && let Some(secret) = authentication.first_use_today(credentials, cx.now)
    {
        cx.edge
            .note_secret_use(application.client.id, &secret, cx.now);
    }
    Some(AuthenticatedClient {
        application: Rc::clone(application),
        proof,
        knowledge,
    })
}

fn is_imported(application: &Application, now: Timestamp) -> bool {
    match &application.client.authentication {
        ClientAuthentication::Secret(hashes) => hashes.is_imported(now),
        ClientAuthentication::None
        | ClientAuthentication::PrivateKeyJwt(_)
        | ClientAuthentication::NoneOrPrivateKeyJwt(_) => false,
    }
}

/// A client whose secret another server hashed. Ours takes the place of that hash, so that it is slow
/// once; where that fails, once more.
async fn proved_elsewhere<E: Edge>(
    cx: &Context<'_, E>,
    credentials: &Credentials,
    application: Rc<Application>,
) -> Result<Option<AuthenticatedClient>, Failure<Refusal>> {
    let (Credentials::Basic(_, secret) | Credentials::Post(_, secret)) = credentials else {
        return Ok(None);
    };
    let (id, kind) = (application.client.id, HashKind::ClientSecret);
    let imported = cx.edge.imported_hash(id, kind).await?;
    if !imported.is_some_and(|it| it.admits(secret.expose())) {
        return Ok(None);
    }
    let ours = secret.hash().to_string();
    if let Err(fault) = cx.edge.replace_imported_hash(id, kind, &ours).await {
        cx.edge.log(&fault.to_string());
    }
    Ok(Some(AuthenticatedClient {
        application,
        proof: Proof::Secret,
        knowledge: Knowledge::Current,
    }))
}

/// Which client the credentials of a request name and how much they prove, out of this isolate's
/// memory alone: good for choosing the window that the request is counted in.
pub fn remembered_proof<E: Edge>(
    cx: &Context<'_, E>,
    params: &Params,
) -> Option<(ApplicationId, Proof)> {
    let credentials = Credentials::read(cx.request.header("authorization"), params).ok()?;
    let id = credentials.client_id();
    let application = match &cx.config.admin_application {
        Some(built_in) if built_in.client.id == id => Rc::clone(built_in),
        _ => cx.edge.remembered_application(id)?,
    };
    let authentication = &application.client.authentication;
    let proof = authentication.verify(&credentials, cx.now)?;
    Some((id, proof))
}

impl AuthenticatedClient {
    /// Whether what refuses it may have changed since its registration was read.
    pub fn is_remembered(&self) -> bool {
        self.knowledge == Knowledge::Remembered
    }

    /// Its application.
    pub fn application(&self) -> &Application {
        &self.application
    }

    /// What OAuth knows of it.
    pub fn client(&self) -> &Client {
        &self.application.client
    }

    /// Its id.
    pub fn id(&self) -> ApplicationId {
        self.application.client.id
    }

    /// How much its credentials proved.
    pub const fn proof(&self) -> Proof {
        self.proof
    }
}
