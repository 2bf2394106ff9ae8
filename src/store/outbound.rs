//! Fetching what somebody else named.

use crate::outbound::{FetchError, Fetched, OutboundAnswer, OutboundUrl};

/// Requests to other people's servers: https only, no redirects, no private addresses, bounded answers.
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait Outbound {
    /// Fetches a JSON document. Asked before a flow's decision, and never after its commit; an answer
    /// that does not come costs a few seconds.
    async fn fetch_json(&self, url: &OutboundUrl) -> Result<Fetched, FetchError>;

    /// Begins to fetch a URL, so that other requests of this isolate wait until [`Self::end_fetch`]. Where
    /// another one has begun, waits until it ends, and says no.
    async fn begin_fetch(&self, _url: &OutboundUrl) -> bool {
        true
    }

    /// Ends what [`Self::begin_fetch`] began.
    fn end_fetch(&self, _url: &OutboundUrl) {}

    /// Posts a text with these headers, under the same terms. The request may be sent twice.
    async fn post(
        &self,
        url: &OutboundUrl,
        headers: &[(&'static str, &str)],
        body: &str,
    ) -> Result<OutboundAnswer, FetchError>;
}
