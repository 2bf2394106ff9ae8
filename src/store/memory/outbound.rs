//! Other people's servers, as a test wants them: good, bad, or silent.

use super::Memory;
use crate::outbound::{Answer, FetchError, Fetched, OutboundUrl};
use crate::store::Outbound;

impl Memory {
    /// Answers a URL so from now on.
    pub fn serve(&self, url: &str, answer: Answer) {
        self.web.borrow_mut().insert(url.to_owned(), answer);
    }

    /// Answers a URL with this document.
    pub fn serve_json(&self, url: &str, document: &serde_json::Value) {
        let answer = Answer {
            status: 200,
            content_type: "application/json".to_owned(),
            cache_control: String::new(),
            body: Some(document.to_string().into_bytes()),
        };
        self.serve(url, answer);
    }

    /// Lets nothing answer at a URL.
    pub fn silence(&self, url: &str) {
        self.web.borrow_mut().remove(url);
    }
}

impl Outbound for Memory {
    async fn fetch_json(&self, url: &OutboundUrl) -> Result<Fetched, FetchError> {
        let unreachable = |why: String| FetchError::Unreachable(why);
        let asked = self
            .step("outbound", |_| ())
            .map_err(|fault| unreachable(fault.to_string()));
        asked?;
        let answer = self.web.borrow().get(url.as_str()).cloned();
        answer
            .ok_or_else(|| unreachable("nothing is there".to_owned()))?
            .document()
    }
}
