//! Clients whose `client_id` is the URL of a document that describes them. The document is fetched, checked, and
//! remembered while it is fresh. A document with a mistake is never remembered.

use std::rc::Rc;

use crate::endpoint::context::IsolateMemory;
use crate::endpoint::oauth::fetching::{self, NoDocument, fetch};
use crate::endpoint::{Context, Failure, PageRefusal};
use crate::fluxer::application::Application;
use crate::fluxer::registration::{AcceptedMetadata, ClientDocument};
use crate::oauth::client::url::ClientUrl;
use crate::oauth::client::{Client, ClientOrigin};
use crate::snowflake::ApplicationId;
use crate::store::{Edge, Fault};

/// The client of an authorization request whose `client_id` is this URL. `None` where the settings admit no such
/// clients.
pub(super) async fn client<E: Edge>(
    cx: &Context<'_, E>,
    url: &ClientUrl,
) -> Result<Option<Rc<Application>>, Failure<PageRefusal>> {
    if !cx.config.client_metadata_documents {
        return Ok(None);
    }
    let described = described(cx, url).await?;
    Ok(Some(described.map_err(NoDocument::notice)?))
}

/// The client, with an id that is kept from now on, because a user authorizes it.
pub(super) async fn kept<E: Edge>(
    cx: &Context<'_, E>,
    application: &Rc<Application>,
) -> Result<Rc<Application>, Fault> {
    let ClientOrigin::Document(_) = application.client.origin else {
        return Ok(Rc::clone(application));
    };
    let mut kept = application.as_ref().clone();
    kept.client.id = cx.edge.keep_documented(application).await?;
    Ok(Rc::new(kept))
}

/// The client at an endpoint that no user sees, as its document described it last. Where nobody has authorized the
/// client, or where the request is decided anew, the document is fetched. One that cannot be fetched is a fault, and
/// says nothing about the client.
pub(super) async fn last_known<E: Edge>(
    cx: &Context<'_, E>,
    url: &ClientUrl,
) -> Result<Rc<Application>, Fault> {
    if !cx.passes_memory()
        && let Some(application) = cx.edge.documented_application(url).await?
    {
        cx.so_far.memory.set(IsolateMemory::Used);
        return Ok(Rc::new(application));
    }
    let described = described(cx, url).await?;
    described.map_err(NoDocument::fault)
}

/// The client as its document describes it now, whatever is remembered.
pub(super) async fn read_anew<E: Edge>(
    cx: &Context<'_, E>,
    url: &ClientUrl,
) -> Result<Rc<Application>, Fault> {
    let document = fetched(cx, url).await.map_err(NoDocument::fault)?;
    described_by(cx, url, &document).await
}

/// The client as its document describes it now. Its id is this server's own, and belongs to no client yet where no
/// user has authorized it.
pub(super) async fn described<E: Edge>(
    cx: &Context<'_, E>,
    url: &ClientUrl,
) -> Result<Result<Rc<Application>, NoDocument>, Fault> {
    let remembered = cx.edge.remembered_document(url, cx.now);
    let document = match remembered {
        Some(document) if !cx.passes_memory() => {
            cx.so_far.memory.set(IsolateMemory::Used);
            document
        }
        remembered => match (fetched(cx, url).await, remembered) {
            // What cannot be had now says nothing else than before.
            (Ok(document), _) | (Err(_), Some(document)) => document,
            (Err(none), None) => return Ok(Err(none)),
        },
    };
    Ok(Ok(described_by(cx, url, &document).await?))
}

async fn described_by<E: Edge>(
    cx: &Context<'_, E>,
    url: &ClientUrl,
    document: &ClientDocument,
) -> Result<Rc<Application>, Fault> {
    let kept = cx.edge.documented_application(url).await?;
    let id = match &kept {
        Some(kept) => kept.client.id,
        None => ApplicationId(cx.new_id()?),
    };
    let authentication = document.authentication.clone();
    let mut client = Client::documented(id, url.clone(), authentication, Vec::new());
    document.settings.describe(&mut client);
    let name = document.name.clone();
    let says_something_else = |kept: &Application| kept.name != name || kept.client != client;
    let has_changed = kept.as_ref().is_some_and(says_something_else);
    // What it does not describe is this server's own: that it is suspended, say.
    let mut application = kept.unwrap_or_else(|| Application {
        created_at: cx.now,
        ..Application::of(client.clone())
    });
    (application.name, application.client) = (name, client);
    if has_changed {
        cx.edge.keep_documented(&application).await?;
    }
    Ok(Rc::new(application))
}

async fn fetched<E: Edge>(
    cx: &Context<'_, E>,
    url: &ClientUrl,
) -> Result<Rc<ClientDocument>, NoDocument> {
    const MEMBER: &str = "client_id";
    let Some(fetched) = fetch(cx, MEMBER, url.as_str()).await? else {
        let known = cx.edge.remembered_document(url, cx.now);
        let failed = || NoDocument::Unavailable(format!("{MEMBER}: the fetch failed"));
        return known.ok_or_else(failed);
    };
    let document =
        ClientDocument::parse(&fetched.json, url.as_str(), AcceptedMetadata::by(cx.config));
    let document = Rc::new(document.map_err(|refusal| NoDocument::wrong(MEMBER, &refusal))?);
    let fresh_until = fetching::fresh_until(&fetched, cx.now);
    cx.edge.remember_document(url, &document, fresh_until);
    Ok(document)
}
