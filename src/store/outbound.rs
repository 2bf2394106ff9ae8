//! Fetching what somebody else named.

use crate::outbound::{Answer, FetchError, Fetched, OutboundUrl};

/// Other people's servers.
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait Outbound {
    /// Fetches a JSON document. Asked before a flow's decision, and never after its commit; an answer
    /// that does not come costs a few seconds.
    async fn fetch_json(&self, url: &OutboundUrl) -> Result<Fetched, FetchError>;

    /// Fetches a JSON document, unless another request of this isolate fetches it now: then that one is
    /// waited for, and the answer is `None`.
    async fn fetch_json_once(&self, url: &OutboundUrl) -> Result<Option<Fetched>, FetchError> {
        self.fetch_json(url).await.map(Some)
    }

    /// Posts a text with these headers. Likewise, for a question that may be asked twice.
    async fn post(
        &self,
        url: &OutboundUrl,
        headers: &[(&'static str, &str)],
        body: &str,
    ) -> Result<Answer, FetchError>;
}
