//! Clients that a document describes, over plain collections.

use std::rc::Rc;

use super::tables::StoredApplication;
use super::{Isolate, Memory};
use crate::fluxer::application::Application;
use crate::fluxer::registration::ClientDocument;
use crate::oauth::client::url::ClientUrl;
use crate::oauth::client::{Client, ClientOrigin};
use crate::snowflake::ApplicationId;
use crate::store::{ClientDocuments, Fault, KnownKeys};
use crate::time::Timestamp;

impl ClientDocuments for Memory {
    async fn documented_application(&self, url: &ClientUrl) -> Result<Option<Application>, Fault> {
        let application = self.read(|tables| {
            let mut all = tables.applications.values();
            let origin = ClientOrigin::Document(url.clone());
            let stored = all.find(|it| it.application.client.origin == origin)?;
            Some(Rc::clone(&stored.application))
        })?;
        if let Some(application) = &application {
            self.remember(application.client.id, Some(application));
        }
        Ok(application.map(|application| application.as_ref().clone()))
    }

    fn documented_id(&self, url: &ClientUrl) -> Option<ApplicationId> {
        let origin = ClientOrigin::Document(url.clone());
        let remembered = self.remembered.borrow();
        let mut all = remembered.iter();
        let found = all.find(|(_, (_, application))| application.client.origin == origin);
        found
            .map(|(id, _)| *id)
            .filter(|_| self.isolate.get() != Isolate::Cold)
    }

    async fn keep_documented(&self, application: &Application) -> Result<ApplicationId, Fault> {
        self.write(|tables| {
            let origin = &application.client.origin;
            let mut all = tables.applications.values_mut();
            let Some(stored) = all.find(|it| it.application.client.origin == *origin) else {
                let stored = StoredApplication {
                    application: Rc::new(application.clone()),
                    bot_token: None,
                };
                tables.applications.insert(application.client.id, stored);
                return application.client.id;
            };
            let kept = Rc::make_mut(&mut stored.application);
            kept.name.clone_from(&application.name);
            let id = kept.client.id;
            kept.client = Client {
                id,
                ..application.client.clone()
            };
            id
        })
    }

    fn remembered_document(&self, url: &ClientUrl, now: Timestamp) -> Option<Rc<ClientDocument>> {
        let documents = self.documents.borrow();
        let (fresh_until, document) = documents.get(url)?;
        (now < *fresh_until).then(|| Rc::clone(document))
    }

    fn remember_document(
        &self,
        url: &ClientUrl,
        document: &Rc<ClientDocument>,
        fresh_until: Timestamp,
    ) {
        let remembered = (fresh_until, Rc::clone(document));
        self.documents.borrow_mut().insert(url.clone(), remembered);
    }

    fn remembered_keys(&self, uri: &str) -> Option<KnownKeys> {
        self.published_keys.borrow().get(uri).cloned()
    }

    fn remember_keys(&self, uri: &str, keys: KnownKeys) {
        let mut remembered = self.published_keys.borrow_mut();
        remembered.insert(uri.to_owned(), keys);
    }
}
