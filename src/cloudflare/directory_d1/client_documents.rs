//! Clients that a document describes. Each isolate remembers a thousand documents that were good, and as many sets of
//! keys.

use core::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::applications::{ApplicationRow, DESCRIBED, forget, remember, remembered_id};
use super::{Bind, Bindings, fault};
use crate::cloudflare::clock;
use crate::fluxer::application::Application;
use crate::fluxer::registration::ClientDocument;
use crate::oauth::client::ClientOrigin;
use crate::oauth::client::url::ClientUrl;
use crate::snowflake::ApplicationId;
use crate::store::{ClientDocuments, Fault, KnownKeys};
use crate::time::Timestamp;

/// The number of documents that an isolate remembers.
const REMEMBERED: usize = 1_000;

thread_local! {
    static DOCUMENTS: RefCell<HashMap<ClientUrl, (Timestamp, Rc<ClientDocument>)>> =
        RefCell::default();
    static KEYS: RefCell<HashMap<String, KnownKeys>> = RefCell::default();
}

impl ClientDocuments for Bindings {
    async fn documented_application(&self, url: &ClientUrl) -> Result<Option<Application>, Fault> {
        let read_at = clock::now();
        let of_url = [Bind::Text(url.as_str())];
        let application = self.read_application("origin = ?", &of_url).await?;
        if let Some(application) = &application {
            remember(read_at, &Rc::new(application.clone()));
        }
        Ok(application)
    }

    fn documented_id(&self, url: &ClientUrl) -> Option<ApplicationId> {
        remembered_id(|it| matches!(&it.client.origin, ClientOrigin::Document(its) if its == url))
    }

    async fn keep_documented(&self, application: &Application) -> Result<ApplicationId, Fault> {
        let columns = ApplicationRow::columns(application);
        let names: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
        let described = DESCRIBED.map(|name| format!("{name} = excluded.{name}"));
        let sql = format!(
            "INSERT INTO applications ({}) VALUES ({}) \
             ON CONFLICT (origin) WHERE origin NOT IN ('registered', 'dynamic') DO UPDATE \
             SET {} RETURNING json_quote(id) AS found",
            names.join(", "),
            vec!["?"; names.len()].join(", "),
            described.join(", "),
        );
        let values: Vec<_> = columns.into_iter().map(|(_, value)| value).collect();
        let kept: Option<ApplicationId> = self.row(&sql, &values).await?;
        let kept = kept.ok_or_else(|| fault("no row"))?;
        forget(|application| application.client.id == kept);
        Ok(kept)
    }

    fn remembered_document(&self, url: &ClientUrl, now: Timestamp) -> Option<Rc<ClientDocument>> {
        DOCUMENTS.with_borrow(|documents| {
            let (fresh_until, document) = documents.get(url)?;
            (now < *fresh_until).then(|| Rc::clone(document))
        })
    }

    fn remember_document(
        &self,
        url: &ClientUrl,
        document: &Rc<ClientDocument>,
        fresh_until: Timestamp,
    ) {
        DOCUMENTS.with_borrow_mut(|documents| {
            if documents.len() >= REMEMBERED {
                documents.clear();
            }
            documents.insert(url.clone(), (fresh_until, Rc::clone(document)));
        });
    }

    fn remembered_keys(&self, uri: &str) -> Option<KnownKeys> {
        KEYS.with_borrow(|keys| keys.get(uri).cloned())
    }

    fn remember_keys(&self, uri: &str, keys: KnownKeys) {
        KEYS.with_borrow_mut(|remembered| {
            if remembered.len() >= REMEMBERED {
                remembered.clear();
            }
            remembered.insert(uri.to_owned(), keys);
        });
    }
}
