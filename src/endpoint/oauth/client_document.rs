//! Clients whose `client_id` is the URL of a document that describes them: the document is fetched,
//! checked, and remembered while it is fresh. What is wrong with one is never remembered.

use core::time::Duration;
use std::rc::Rc;

use crate::endpoint::{Context, Failure, Notice, PageRefusal};
use crate::fluxer::application::Application;
use crate::fluxer::registration::{ClientDocument, Taken};
use crate::oauth::client::url::ClientUrl;
use crate::oauth::client::{Client, ClientOrigin};
use crate::outbound::OutboundUrl;
use crate::page::text::Message;
use crate::rate_limit::Limit;
use crate::snowflake::ApplicationId;
use crate::store::{Edge, Fault};

/// Fetches of documents, by the address that asks for them and by the host that serves them: nobody
/// makes this server knock at another one's door without end.
const FETCHES: Limit = Limit {
    requests: 30,
    window: Duration::from_secs(60),
};
/// How long a good document is fresh, at least and at most.
const FRESH: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(3600)];
/// How long it is fresh where its server does not say.
const FRESH_BY_DEFAULT: Duration = Duration::from_secs(600);

/// Why there is no description of a client.
#[derive(Debug)]
pub(super) enum NoDocument {
    /// The document is not what it must be, or not where it may be.
    Wrong(String),
    /// It cannot be had now; the seconds until the next try.
    Unavailable(u64, String),
}

impl NoDocument {
    fn notice(self) -> Notice {
        match self {
            Self::Wrong(detail) => Notice::bad_request(detail),
            Self::Unavailable(seconds, detail) => {
                Notice::new(503, Message::TooManyRequests(seconds)).with_detail(detail)
            }
        }
    }
}

/// The client of an authorization request whose `client_id` is this URL. `None`: no URL is one here.
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

/// The client, with the id that it is kept by: a user authorizes it now.
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

/// The client at an endpoint that no user sees: as its document last described it, or, where nobody
/// has authorized it, as it does now. A document that cannot be had is no verdict about its client.
pub(super) async fn last_known<E: Edge>(
    cx: &Context<'_, E>,
    url: &ClientUrl,
) -> Result<Rc<Application>, Fault> {
    if let Some(application) = cx.edge.documented_application(url).await? {
        return Ok(Rc::new(application));
    }
    let described = described(cx, url).await?;
    described.map_err(|none| Fault::new("outbound", format_args!("{none:?}")))
}

/// The client as its document describes it now. It has an id of this server's own, which is nobody's
/// yet where no user has authorized it.
pub(super) async fn described<E: Edge>(
    cx: &Context<'_, E>,
    url: &ClientUrl,
) -> Result<Result<Rc<Application>, NoDocument>, Fault> {
    let document = match cx.edge.remembered_document(url, cx.now) {
        Some(document) => document,
        None => match fetch(cx, url).await {
            Ok(document) => document,
            Err(none) => return Ok(Err(none)),
        },
    };
    let kept = cx.edge.documented_application(url).await?;
    let id = match &kept {
        Some(kept) => kept.client.id,
        None => ApplicationId(cx.new_id()?),
    };
    let authentication = document.authentication.clone();
    let mut client = Client::documented(id, url.clone(), authentication, Vec::new());
    document.settings.describe(&mut client);
    let application = Application {
        name: document.name.clone(),
        created_at: kept.as_ref().map_or(cx.now, |kept| kept.created_at),
        ..Application::of(client)
    };
    let says_the_same =
        |kept: &Application| kept.name == application.name && kept.client == application.client;
    if kept.is_some_and(|kept| !says_the_same(&kept)) {
        cx.edge.keep_documented(&application).await?;
    }
    Ok(Ok(Rc::new(application)))
}

async fn fetch<E: Edge>(
    cx: &Context<'_, E>,
    url: &ClientUrl,
) -> Result<Rc<ClientDocument>, NoDocument> {
    let wrong = |why: &dyn core::fmt::Display| NoDocument::Wrong(format!("client_id: {why}"));
    let issuer = &cx.config.issuer;
    let address = OutboundUrl::parse(url.as_str(), issuer).map_err(|why| wrong(&why))?;
    if issuer.is_https() && issuer.as_str().ends_with(&format!("://{}", address.host())) {
        return Err(wrong(&"must be on another host than this server"));
    }
    for key in [
        format!("document:address:{}", cx.request.client_address()),
        format!("document:host:{}", address.host()),
    ] {
        may_fetch(cx, &key).await?;
    }
    let fetched = cx.edge.fetch_json(&address).await.map_err(|error| {
        let why = format!("client_id: {error}");
        if error.is_transient() {
            NoDocument::Unavailable(1, why)
        } else {
            NoDocument::Wrong(why)
        }
    })?;
    let document = ClientDocument::parse(&fetched.json, url.as_str(), Taken::by(cx.config));
    let document = Rc::new(document.map_err(|refusal| wrong(&refusal))?);
    let [least, most] = FRESH;
    let fresh_for = fetched
        .max_age
        .unwrap_or(FRESH_BY_DEFAULT)
        .clamp(least, most);
    cx.edge
        .remember_document(url, &document, cx.now + fresh_for);
    Ok(document)
}

/// A limiter that cannot be reached stops nobody here.
async fn may_fetch<E: Edge>(cx: &Context<'_, E>, key: &str) -> Result<(), NoDocument> {
    match cx.edge.take(key, FETCHES).await {
        Ok(verdict) if !verdict.admitted => {
            let why = "client_id: too many documents were fetched".to_owned();
            Err(NoDocument::Unavailable(verdict.retry_after(), why))
        }
        Ok(_) => Ok(()),
        Err(fault) => {
            cx.edge.log(&fault.to_string());
            Ok(())
        }
    }
}
