//! Fetches of other servers' documents. They follow no redirect and send no cookie, and their time and length are
//! bounded.

use core::cell::RefCell;
use core::time::Duration;
use std::collections::BTreeMap;

use futures_util::StreamExt;
use worker::ByteStream;
use worker::js_sys::global;
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::web_sys::{
    AbortSignal, Headers, RequestInit, RequestRedirect, Response, WorkerGlobalScope,
};

use super::{Bindings, clock, flow, js};
use crate::outbound::{
    FETCH_TIMEOUT, FetchError, Fetched, MAX_DOCUMENT_BYTES, OutboundAnswer, OutboundUrl,
};
use crate::store::Outbound;
use crate::time::Timestamp;

/// How long a request waits before it looks again whether another request has fetched the same document.
const WAIT: Duration = Duration::from_millis(20);

thread_local! {
    /// The URLs that are being fetched, and since when.
    static UNDER_WAY: RefCell<BTreeMap<OutboundUrl, Timestamp>> = const { RefCell::new(BTreeMap::new()) };
}

impl Outbound for Bindings {
    async fn fetch_json(&self, url: &OutboundUrl) -> Result<Fetched, FetchError> {
        fetch(url.as_str(), &RequestInit::new()).await?.document()
    }

    async fn begin_fetch(&self, url: &OutboundUrl) -> bool {
        let mut has_waited = false;
        // A promise of another request cannot be awaited: its isolate's memory is looked at instead.
        while is_under_way(url) {
            flow::sleep(WAIT).await;
            has_waited = true;
        }
        if !has_waited {
            UNDER_WAY.with_borrow_mut(|fetches| fetches.insert(url.clone(), clock::now()));
        }
        !has_waited
    }

    fn end_fetch(&self, url: &OutboundUrl) {
        UNDER_WAY.with_borrow_mut(|fetches| fetches.remove(url));
    }

    async fn post(
        &self,
        url: &OutboundUrl,
        headers: &[(&'static str, &str)],
        body: &str,
    ) -> Result<OutboundAnswer, FetchError> {
        post(url.as_str(), headers, body).await
    }
}

/// Whether another request is fetching the URL. A fetch that began too long ago was cut off, and does not count.
fn is_under_way(url: &OutboundUrl) -> bool {
    let now = clock::now();
    UNDER_WAY.with_borrow(|fetches| {
        let began = fetches.get(url);
        began.is_some_and(|began| now.since(*began) < FETCH_TIMEOUT)
    })
}

pub(super) async fn post(
    url: &str,
    headers: &[(&'static str, &str)],
    body: &str,
) -> Result<OutboundAnswer, FetchError> {
    let unusable = |error: JsValue| FetchError::Unreachable(js::reason(&error));
    let all = Headers::new().map_err(unusable)?;
    for (name, value) in headers {
        all.set(name, value).map_err(unusable)?;
    }
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_headers(&all);
    init.set_body(&body.into());
    fetch(url, &init).await
}

async fn fetch(url: &str, init: &RequestInit) -> Result<OutboundAnswer, FetchError> {
    init.set_redirect(RequestRedirect::Manual);
    let millis = u32::try_from(FETCH_TIMEOUT.as_millis()).unwrap_or(u32::MAX);
    // The signal ends the body too: a server that sends a byte a second gets no more of our time.
    init.set_signal(Some(&AbortSignal::timeout_with_u32(millis)));
    let scope: WorkerGlobalScope = global().unchecked_into();
    let fetched = scope.fetch_with_str_and_init(url, init);
    let response: Response = js::settled(Ok(fetched))
        .await
        .map_err(FetchError::Unreachable)?
        .unchecked_into();
    let headers = response.headers();
    let header = |name| headers.get(name).ok().flatten().unwrap_or_default();
    Ok(OutboundAnswer {
        status: response.status(),
        content_type: header("content-type"),
        cache_control: header("cache-control"),
        body: read(&response, MAX_DOCUMENT_BYTES).await?,
    })
}

/// The body, or `None` where it is longer than `most` bytes.
pub(super) async fn read(response: &Response, most: usize) -> Result<Option<Vec<u8>>, FetchError> {
    let mut read = Vec::new();
    let Some(body) = response.body() else {
        return Ok(Some(read));
    };
    let mut body = ByteStream::from(body);
    while let Some(chunk) = body.next().await {
        read.extend(chunk.map_err(|error| FetchError::Unreachable(error.to_string()))?);
        if read.len() > most {
            // What is dropped unread is cancelled.
            return Ok(None);
        }
    }
    Ok(Some(read))
}
