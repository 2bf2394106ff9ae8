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
use crate::store::Edge;

/// A client that has proved who it is, as far as its registration demands.
#[derive(Debug, Clone)]
pub struct AuthenticatedClient {
    application: Rc<Application>,
    proof: Proof,
}

/// Authenticates the client of a request.
pub async fn authenticate<E: Edge>(
    cx: &Context<'_, E>,
    params: &Params,
) -> Result<AuthenticatedClient, Failure<Refusal>> {
    let credentials = Credentials::read(cx.request.header("authorization"), params)?;
    let application = cx.application(credentials.client_id()).await?;
    let authenticated = application.and_then(|application| {
        let proof = application.client.authentication.verify(&credentials)?;
        Some(AuthenticatedClient { application, proof })
    });
    Ok(authenticated.ok_or_else(|| credentials.refusal())?)
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
