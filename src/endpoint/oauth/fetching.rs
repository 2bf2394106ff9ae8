//! Fetches of what a client names: the document that describes it, and its keys. They are limited by the address that
//! asks and by the host that is asked, and an isolate fetches a URL once at a time.

use core::time::Duration;

use crate::endpoint::{Context, Notice};
use crate::outbound::{Fetched, OutboundUrl};
use crate::page::text::Message;
use crate::rate_limit::Limit;
use crate::store::{Edge, Fault};
use crate::time::Timestamp;

/// The limit of fetches, by the address that asks for them and by the host that serves them: nobody can make this
/// server send another one requests without end.
const FETCHES: Limit = Limit {
    requests: 30,
    window: Duration::from_secs(60),
};
/// The shortest and the longest time for which a good document is fresh.
const FRESH: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(3600)];
/// The time for which a document is fresh where its server does not tell.
const FRESH_BY_DEFAULT: Duration = Duration::from_secs(600);

/// The reason why there is no document.
#[derive(Debug)]
pub(super) enum NoDocument {
    /// What was fetched is not what it must be, or its URL may not be fetched.
    Wrong(String),
    /// Too many were fetched. The number is the wait in seconds.
    Limited(u64, String),
    /// The server did not answer. The same request may be sent again later.
    Unavailable(String),
}

impl NoDocument {
    pub(super) fn wrong(member: &str, why: &dyn core::fmt::Display) -> Self {
        Self::Wrong(format!("{member}: {why}"))
    }

    /// The page for a user who followed a link of that client.
    pub(super) fn notice(self) -> Notice {
        match self {
            Self::Wrong(detail) => Notice::bad_request(detail),
            Self::Limited(seconds, detail) => {
                Notice::new(503, Message::TooManyRequests(seconds)).with_detail(detail)
            }
            Self::Unavailable(detail) => Notice::new(503, Message::Unavailable).with_detail(detail),
        }
    }

    /// The fault where nothing can be said about the client without the document.
    pub(super) fn fault(self) -> Fault {
        let (Self::Wrong(why) | Self::Limited(_, why) | Self::Unavailable(why)) = self;
        Fault::new("outbound", why)
    }
}

/// Fetches the JSON that the client names in `member`. `None` where another request fetched it while this one waited;
/// a good one is remembered then.
pub(super) async fn fetch<E: Edge>(
    cx: &Context<'_, E>,
    member: &str,
    url: &str,
) -> Result<Option<Fetched>, NoDocument> {
    let platform = cx.config.platform.as_ref();
    let assertions = platform.and_then(|it| it.assertions.as_ref());
    let address = match assertions.map(|it| &it.keys) {
        Some(operators) if operators.as_str() == url => Ok(operators.clone()),
        _ => OutboundUrl::of_client(url, &cx.config.issuers),
    };
    let address = address.map_err(|why| NoDocument::wrong(member, &why))?;
    // Whoever waits for another request's fetch makes none, and takes no place.
    if !cx.edge.begin_fetch(&address).await {
        return Ok(None);
    }
    let fetched = fetch_alone(cx, member, &address).await;
    cx.edge.end_fetch(&address);
    fetched.map(Some)
}

async fn fetch_alone<E: Edge>(
    cx: &Context<'_, E>,
    member: &str,
    address: &OutboundUrl,
) -> Result<Fetched, NoDocument> {
    for key in [
        format!("document:address:{}", cx.request.client_address()),
        format!("document:host:{}", address.host()),
    ] {
        may_fetch(cx, member, &key).await?;
    }
    cx.edge.fetch_json(address).await.map_err(|error| {
        if error.is_transient() {
            NoDocument::Unavailable(format!("{member}: {error}"))
        } else {
            NoDocument::wrong(member, &error)
        }
    })
}

/// The time until which a fetched document is fresh, as its server tells, within [`FRESH`].
pub(super) fn fresh_until(fetched: &Fetched, now: Timestamp) -> Timestamp {
    let [least, most] = FRESH;
    let age = fetched.max_age.unwrap_or(FRESH_BY_DEFAULT);
    now + age.clamp(least, most)
}

/// Whether the limits admit a fetch. A limiter that does not answer admits it.
async fn may_fetch<E: Edge>(
    cx: &Context<'_, E>,
    member: &str,
    key: &str,
) -> Result<(), NoDocument> {
    match cx.edge.take(key, FETCHES).await {
        Ok(verdict) if !verdict.admitted => {
            let why = format!("{member}: too many documents were fetched");
            Err(NoDocument::Limited(verdict.retry_after(), why))
        }
        Ok(_) => Ok(()),
        Err(fault) => {
            cx.edge.log(&fault.to_string());
            Ok(())
        }
    }
}
