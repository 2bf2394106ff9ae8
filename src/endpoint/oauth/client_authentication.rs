//! Who asks at one of OAuth's own endpoints (RFC 6749 §2.3).
//!
//! Invariant: an [`AuthenticatedClient`] is made only by [`authenticate`].

use std::rc::Rc;

use crate::endpoint::{Context, Failure};
use crate::fluxer::application::Application;
use crate::oauth::client::Client;
use crate::oauth::client::authentication::{Credentials, Proof};
use crate::oauth::error::Refusal;
use crate::oauth::params::Params;
use crate::snowflake::ApplicationId;
use crate::store::{Edge, Known};

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
    let credentials = Credentials::read(cx.request.header("authorization"), params)?;
    let known = cx.known_application(credentials.client_id()).await?;
    verify(cx, &credentials, known).await
}

/// Authenticates the client of a request that goes on while D1 does not answer.
pub async fn authenticate_in_outage<E: Edge>(
    cx: &Context<'_, E>,
    params: &Params,
) -> Result<AuthenticatedClient, Failure<Refusal>> {
    let credentials = Credentials::read(cx.request.header("authorization"), params)?;
    let known = cx.application_in_outage(credentials.client_id()).await?;
    verify(cx, &credentials, known).await
}

/// Authenticates the client of a request by its registration as it is now.
pub async fn authenticate_anew<E: Edge>(
    cx: &Context<'_, E>,
    params: &Params,
) -> Result<AuthenticatedClient, Failure<Refusal>> {
    let credentials = Credentials::read(cx.request.header("authorization"), params)?;
    let current = cx.current_application(credentials.client_id()).await?;
    verify(cx, &credentials, Known::Current(current)).await
}

async fn verify<E: Edge>(
    cx: &Context<'_, E>,
    credentials: &Credentials,
    known: Known,
) -> Result<AuthenticatedClient, Failure<Refusal>> {
    if let Known::Remembered(application) = &known
        && let Some(client) = proved(credentials, application, Knowledge::Remembered)
    {
        return Ok(client);
    }
    let current = match known {
        Known::Current(application) => application,
        // It may have been given another secret since.
        Known::Remembered(_) => cx.current_application(credentials.client_id()).await?,
    };
    let client = current.and_then(|it| proved(credentials, &it, Knowledge::Current));
    Ok(client.ok_or_else(|| credentials.refusal())?)
}

fn proved(
    credentials: &Credentials,
    application: &Rc<Application>,
    knowledge: Knowledge,
) -> Option<AuthenticatedClient> {
    let proof = application.client.authentication.verify(credentials)?;
    Some(AuthenticatedClient {
        application: Rc::clone(application),
        proof,
        knowledge,
    })
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
    let proof = application.client.authentication.verify(&credentials)?;
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
