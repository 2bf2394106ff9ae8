//! Clients that a document describes: the ids that were minted for them, and what is remembered of
//! their documents.

use std::rc::Rc;

use super::Fault;
use crate::fluxer::application::Application;
use crate::fluxer::registration::ClientDocument;
use crate::oauth::client::url::ClientUrl;
use crate::snowflake::ApplicationId;
use crate::time::Timestamp;

/// Clients that a document describes.
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait ClientDocuments {
    /// The application that somebody authorized, as its document last described it.
    async fn documented_application(&self, url: &ClientUrl) -> Result<Option<Application>, Fault>;
    /// Keeps an application that a user authorizes, and what its document says now; the id that it
    /// has, which is an earlier one where there was one.
    async fn keep_documented(&self, application: &Application) -> Result<ApplicationId, Fault>;

    /// The document, where this isolate remembers a good one that is fresh. Asks nobody.
    fn remembered_document(&self, url: &ClientUrl, now: Timestamp) -> Option<Rc<ClientDocument>>;
    /// Remembers a good document for as long as it is fresh.
    fn remember_document(
        &self,
        url: &ClientUrl,
        document: &Rc<ClientDocument>,
        fresh_until: Timestamp,
    );
}
