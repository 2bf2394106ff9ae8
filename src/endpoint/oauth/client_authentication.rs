//! The authentication of a client at OAuth's own endpoints (RFC 6749 §2.3).
//!
//! Invariant: an [`AuthenticatedClient`] is made only by [`authenticate`].

use std::rc::Rc;

use crate::endpoint::context::IsolateMemory;
use crate::endpoint::oauth::client_document;
use crate::endpoint::oauth::client_keys;
use crate::endpoint::{Context, Failure};
use crate::fluxer::application::Application;
use crate::oauth::client::assertion::{Addressee, AssertionError, ClientAssertion};
use crate::oauth::client::authentication::{AuthenticatedBy, ClientAuthentication, Credentials};
use crate::oauth::client::url::{ClientIdentifier, ClientUrl};
use crate::oauth::client::{Client, ClientOrigin};
use crate::oauth::error::{ClientRefusal, CredentialsPlace, Refusal};
use crate::oauth::params::Params;
use crate::pending::{EntryKind, PendingId};
use crate::routes::is_same_path;
use crate::snowflake::ApplicationId;
use crate::store::{Edge, Fault, HashKind, Known};
use crate::time::Timestamp;

/// The path of the token endpoint, which an assertion may name at every endpoint.
const TOKEN: &str = "/api/oauth2/token";

/// A client that has authenticated, by the method that its registration demands.
#[derive(Debug, Clone)]
pub struct AuthenticatedClient {
    application: Rc<Application>,
    proof: AuthenticatedBy,
}

/// Whether a client was read from the directory now, or is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Knowledge {
    Current,
    Remembered,
}

/// How a client is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientLookup {
    /// Takes the client as this isolate knows it.
    Known,
    /// Takes the client as this isolate knows it, also where D1 does not answer: for tokens that exist
    /// already.
    KnownInOutage,
}

/// Authenticates the client of a request. Does so once more where the request is decided anew.
pub async fn authenticate<E: Edge>(
    cx: &Context<'_, E>,
    params: &Params,
    lookup: ClientLookup,
) -> Result<AuthenticatedClient, Failure<Refusal>> {
    let credentials = Credentials::read(cx.request.header("authorization"), params)?;
    let client = match credentials.client_id() {
        ClientIdentifier::Id(id) => {
            let known = known(cx, id, lookup).await?;
            verify(cx, &credentials, id, known).await?
        }
        ClientIdentifier::Url(url) => documented(cx, &credentials, &url, lookup).await?,
    };
    // Last, so that what is refused for anything else spends no assertion.
    match &credentials {
        Credentials::Assertion(assertion) if !cx.passes_memory() => {
            use_once(cx, &client, assertion).await?;
        }
        _ => {}
    }
    Ok(client)
}

async fn known<E: Edge>(
    cx: &Context<'_, E>,
    id: ApplicationId,
    lookup: ClientLookup,
) -> Result<Known, Fault> {
    match lookup {
        ClientLookup::Known => cx.known_application(id).await,
        ClientLookup::KnownInOutage => cx.application_in_outage(id).await,
    }
}

/// Uses the `jti` of an assertion up (RFC 7523 §3, point 7).
async fn use_once<E: Edge>(
    cx: &Context<'_, E>,
    client: &AuthenticatedClient,
    assertion: &ClientAssertion,
) -> Result<(), Failure<Refusal>> {
    let id = PendingId::new(
        EntryKind::Assertion,
        &client.client().wire_id(),
        assertion.id(),
    );
    let until = assertion.expires_at();
    if cx.so_far.claims.use_up(cx.edge, id, until).await? {
        return Ok(());
    }
    Err(assertion_refused(AssertionError::Replayed).into())
}

fn assertion_refused(error: AssertionError) -> Refusal {
    CredentialsPlace::Body.refuse(ClientRefusal::Assertion(error))
}

/// Authenticates a client whose `client_id` is the URL of a document.
async fn documented<E: Edge>(
    cx: &Context<'_, E>,
    credentials: &Credentials,
    url: &ClientUrl,
    lookup: ClientLookup,
) -> Result<AuthenticatedClient, Failure<Refusal>> {
    if !cx.config.client_metadata_documents {
        return Err(credentials.refusal().into());
    }
    let known = match cx.edge.documented_id(url) {
        Some(id) if !cx.passes_memory() => known(cx, id, lookup).await?,
        _ => Known::Current(None),
    };
    if let Known::Remembered(application) = &known
        && !application.suspended
        && let Some(client) = proved(cx, credentials, application, Knowledge::Remembered).await?
    {
        return Ok(client);
    }
    let application = match known {
        Known::Current(Some(application)) => {
            cx.so_far.memory.set(IsolateMemory::Used);
            application
        }
        Known::Current(None) | Known::Remembered(_) => client_document::last_known(cx, url).await?,
    };
    let client = match proved(cx, credentials, &application, Knowledge::Remembered).await? {
        // Its document may say something else since.
        None => {
            let application = client_document::read_anew(cx, url).await?;
            proved(cx, credentials, &application, Knowledge::Current).await?
        }
        client => client,
    };
    admitted(credentials, client)
}

fn admitted(
    credentials: &Credentials,
    client: Option<AuthenticatedClient>,
) -> Result<AuthenticatedClient, Failure<Refusal>> {
    let client = client.ok_or_else(|| credentials.refusal())?;
    if client.application.suspended {
        return Err(Refusal::Suspended.into());
    }
    Ok(client)
}

async fn verify<E: Edge>(
    cx: &Context<'_, E>,
    credentials: &Credentials,
    id: ApplicationId,
    known: Known,
) -> Result<AuthenticatedClient, Failure<Refusal>> {
    if let Known::Remembered(application) = &known
        && !application.suspended
        && let Some(client) =
            registered(cx, credentials, application, Knowledge::Remembered).await?
    {
        return Ok(client);
    }
    let current = match known {
        Known::Current(application) => application,
        // It may have been given another secret since, or other keys.
        Known::Remembered(_) => cx.current_application(id).await?,
    };
    let client = match current {
        Some(it) => match registered(cx, credentials, &it, Knowledge::Current).await? {
            None if is_imported(&it, cx.now) => proved_elsewhere(cx, credentials, it).await?,
            proved => proved,
        },
        None => None,
    };
    admitted(credentials, client)
}

/// The client with this id. A client that a document describes is none: its id on the wire is the document's URL.
async fn registered<E: Edge>(
    cx: &Context<'_, E>,
    credentials: &Credentials,
    application: &Rc<Application>,
    knowledge: Knowledge,
) -> Result<Option<AuthenticatedClient>, Failure<Refusal>> {
    if matches!(application.client.origin, ClientOrigin::Document(_)) {
        return Ok(None);
    }
    proved(cx, credentials, application, knowledge).await
}

async fn proved<E: Edge>(
    cx: &Context<'_, E>,
    credentials: &Credentials,
    application: &Rc<Application>,
    knowledge: Knowledge,
) -> Result<Option<AuthenticatedClient>, Failure<Refusal>> {
    let authentication = &application.client.authentication;
    let proof = match (credentials, authentication.keys()) {
        (Credentials::Assertion(assertion), Some(keys)) => {
            match is_addressed(cx, application, assertion) {
                Ok(()) => {
                    let signed = client_keys::signed(cx, keys, &assertion.signed()).await?;
                    signed.then_some(AuthenticatedBy::Secret)
                }
                // Its profile, which is stricter about `aud`, may be another one since.
                Err(_) if knowledge == Knowledge::Remembered => None,
                Err(error) => return Err(assertion_refused(error).into()),
            }
        }
        _ => authentication.verify(credentials, cx.now),
    };
    if application.client.origin != ClientOrigin::BuiltIn
        && let Some(secret) = authentication.first_use_today(credentials, cx.now)
    {
        cx.edge
            .note_secret_use(application.client.id, &secret, cx.now);
    }
    Ok(proof.map(|proof| AuthenticatedClient {
        application: Rc::clone(application),
        proof,
    }))
}

/// Whether the audience of an assertion is this endpoint.
fn is_addressed<E>(
    cx: &Context<'_, E>,
    application: &Application,
    assertion: &ClientAssertion,
) -> Result<(), AssertionError> {
    let here = &cx.request.path;
    assertion.check(&Addressee {
        issuer: cx.config.issuer.as_str(),
        leads_here: &|path| is_same_path(path, TOKEN) || is_same_path(path, here),
        is_fapi2: application.client.is_fapi2(),
        now: cx.now,
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

/// Checks a secret that another server hashed. A hash of ours takes the place of that one, so that only the first
/// check is slow; where that fails, the next check is slow too.
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
        proof: AuthenticatedBy::Secret,
    }))
}

/// The client that the credentials of a request name, and how much they prove. It asks only this isolate's memory,
/// which is enough to choose the window that the request is counted in.
pub async fn remembered_proof<E: Edge>(
    cx: &Context<'_, E>,
    params: &Params,
) -> Option<(ApplicationId, AuthenticatedBy)> {
    let credentials = Credentials::read(cx.request.header("authorization"), params).ok()?;
    let ClientIdentifier::Id(id) = credentials.client_id() else {
        return None;
    };
    let application = match &cx.config.admin_application {
        Some(built_in) if built_in.client.id == id => Rc::clone(built_in),
        _ => cx.edge.remembered_application(id)?,
    };
    let authentication = &application.client.authentication;
    let Credentials::Assertion(assertion) = &credentials else {
        return Some((id, authentication.verify(&credentials, cx.now)?));
    };
    is_addressed(cx, &application, assertion).ok()?;
    let signed =
        client_keys::remembered_signed(cx, authentication.keys()?, &assertion.signed()).await;
    signed.then_some((id, AuthenticatedBy::Secret))
}

impl AuthenticatedClient {
    /// The client's application, for use beyond the request.
    pub const fn shared(&self) -> &Rc<Application> {
        &self.application
    }

    /// The client's application.
    pub fn application(&self) -> &Application {
        &self.application
    }

    /// The OAuth side of the application.
    pub fn client(&self) -> &Client {
        &self.application.client
    }

    /// The client's id.
    pub fn id(&self) -> ApplicationId {
        self.application.client.id
    }

    /// How much the client's credentials proved.
    pub const fn proof(&self) -> AuthenticatedBy {
        self.proof
    }
}
