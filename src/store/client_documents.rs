//! Clients that a document describes: the ids that were minted for them, and what is remembered of
//! their documents and of the keys that clients publish.

use std::rc::Rc;

use super::Fault;
use crate::fluxer::application::Application;
use crate::fluxer::registration::ClientDocument;
use crate::oauth::client::keys::JwkSet;
use crate::oauth::client::url::ClientUrl;
use crate::snowflake::ApplicationId;
use crate::time::Timestamp;

/// The keys that a client publishes, as they were fetched.
#[derive(Debug, Clone)]
pub struct KnownKeys {
    /// The set as its URL served it.
    pub set: JwkSet,
    /// Until when they are not asked for again, as long as they do.
    pub fresh_until: Timestamp,
}

/// Clients that a document describes.
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait ClientDocuments {
    /// The application that somebody authorized, as its document last described it.
    async fn documented_application(&self, url: &ClientUrl) -> Result<Option<Application>, Fault>;
    /// The id of the application of a document, where this isolate remembers it. Asks nobody.
    fn documented_id(&self, url: &ClientUrl) -> Option<ApplicationId>;
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

    /// The keys at a URL that this isolate fetched last, however old. Asks nobody.
    fn remembered_keys(&self, uri: &str) -> Option<KnownKeys>;
    /// Remembers keys that were fetched.
    fn remember_keys(&self, uri: &str, keys: KnownKeys);
}
