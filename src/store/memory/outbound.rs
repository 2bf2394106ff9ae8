//! Other people's servers, as a test wants them: good, bad, or silent.

use super::Memory;
use crate::outbound::{FetchError, Fetched, OutboundAnswer, OutboundUrl};
use crate::store::Outbound;

impl Memory {
    /// Answers a URL so from now on.
    pub fn serve(&self, url: &str, answer: OutboundAnswer) {
        self.web.borrow_mut().insert(url.to_owned(), answer);
    }

    /// Answers a URL with this document.
    pub fn serve_json(&self, url: &str, document: &serde_json::Value) {
        let answer = OutboundAnswer {
            status: 200,
            content_type: "application/json".to_owned(),
            cache_control: String::new(),
            body: Some(document.to_string().into_bytes()),
        };
        self.serve(url, answer);
    }

    /// What was posted to others since they were last asked for: where to, the headers, the body.
    pub fn posted(&self) -> Vec<Posted> {
        self.posted.take()
    }

    /// Lets nothing answer at a URL.
    pub fn silence(&self, url: &str) {
        self.web.borrow_mut().remove(url);
    }
}

/// What was posted to somebody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// Where to.
    pub url: String,
    /// With which headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: String,
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

    async fn post(
        &self,
        url: &OutboundUrl,
        headers: &[(&'static str, &str)],
        body: &str,
    ) -> Result<OutboundAnswer, FetchError> {
        let unreachable = |why: String| FetchError::Unreachable(why);
        self.step("outbound", |_| ())
            .map_err(|fault| unreachable(fault.to_string()))?;
        let headers = headers
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()));
        self.posted.borrow_mut().push(Posted {
            url: url.as_str().to_owned(),
            headers: headers.collect(),
            body: body.to_owned(),
        });
        let answer = self.web.borrow().get(url.as_str()).cloned();
        answer.ok_or_else(|| unreachable("nothing is there".to_owned()))
    }
}
