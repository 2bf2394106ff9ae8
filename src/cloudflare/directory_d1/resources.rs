//! Other resource servers. Each isolate remembers for five seconds those that it read.

use core::cell::RefCell;
use core::time::Duration;
use std::collections::HashMap;
use std::rc::Rc;

use super::columns::{JsonColumn, columns, json};
use super::{Bind, Bindings, after, fault, id, page_of};
use crate::cloudflare::clock;
use crate::crypto::secret::{ClientSecret, Hash};
use crate::fluxer::application::ApplicationName;
use crate::fluxer::resource::{DescribedScope, Resource};
use crate::oauth::jwk::SigningAlgorithm;
use crate::oauth::resource::{ResourceIdentifier, ResourceKey};
use crate::snowflake::{ApplicationId, ResourceId};
use crate::store::{
    FRESH_FOR, Fault, Known, Paging, ResourceTaken, Resources, SERVES_OUTAGES_FOR, WhichResource,
};
use crate::time::Timestamp;

/// The number of resource servers that an isolate remembers.
const REMEMBERED: usize = 1_000;

thread_local! {
    static REMEMBERED_RESOURCES: RefCell<HashMap<ResourceId, (Timestamp, Rc<Resource>)>> =
        RefCell::default();
}

columns! {
    resources as ResourceRow of Resource:
    id: ResourceId, |it| id(it.id);
    identifier: ResourceIdentifier, |it| Bind::Text(it.identifier.as_str());
    identifier_key: ResourceKey, |it| id(it.identifier.key());
    name: ApplicationName, |it| Bind::Text(it.name.as_str());
    scopes: JsonColumn<Vec<DescribedScope>>, |it| json(&it.scopes);
    signing_alg: SigningAlgorithm, |it| Bind::Text(it.signing_alg.as_str());
    clients: JsonColumn<Vec<ApplicationId>>, |it| json(&it.clients);
    secret_hash: Hash<ClientSecret>, |it| id(it.secret);
    created_at: Timestamp, |it| Bind::Time(it.created_at);
}

impl From<ResourceRow> for Resource {
    fn from(row: ResourceRow) -> Self {
        debug_assert_eq!(row.identifier.key(), row.identifier_key);
        Self {
            id: row.id,
            identifier: row.identifier,
            name: row.name,
            scopes: row.scopes.0,
            signing_alg: row.signing_alg,
            clients: row.clients.0,
            secret: row.secret_hash,
            created_at: row.created_at,
        }
    }
}

fn forget(changed: impl Fn(&Resource) -> bool) {
    REMEMBERED_RESOURCES.with_borrow_mut(|resources| {
        resources.retain(|_, (_, resource)| !changed(resource));
    });
}

/// Which unique column a write ran into. Any other error is a fault.
fn taken(words: &str) -> Result<ResourceTaken, Fault> {
    if !words.contains("UNIQUE constraint failed") {
        Err(fault(words))
    } else if words.contains("resources.identifier_key") {
        Ok(ResourceTaken::Identifier)
    } else {
        Ok(ResourceTaken::Id)
    }
}

/// A resource server that is remembered, where it was read less than `age` ago.
fn recall(which: WhichResource<'_>, age: Duration) -> Option<Rc<Resource>> {
    let now = clock::now();
    REMEMBERED_RESOURCES.with_borrow(|resources| {
        let mut fresh = resources.values().filter(|(at, _)| now.since(*at) < age);
        let found = fresh.find(|(_, resource)| which.is(resource));
        found.map(|(_, resource)| Rc::clone(resource))
    })
}

fn remember(read_at: Timestamp, resource: &Rc<Resource>) {
    REMEMBERED_RESOURCES.with_borrow_mut(|resources| {
        if resources.len() >= REMEMBERED {
            resources.clear();
        }
        resources.insert(resource.id, (read_at, Rc::clone(resource)));
    });
}

impl Resources for Bindings {
    async fn resource(&self, which: WhichResource<'_>) -> Result<Known<Resource>, Fault> {
        if let Some(resource) = recall(which, FRESH_FOR) {
            return Ok(Known::Remembered(resource));
        }
        match self.current_resource(which).await {
            Ok(found) => Ok(Known::Current(found)),
            Err(fault) => recall(which, SERVES_OUTAGES_FOR)
                .map(Known::Remembered)
                .ok_or(fault),
        }
    }

    async fn current_resource(
        &self,
        which: WhichResource<'_>,
    ) -> Result<Option<Rc<Resource>>, Fault> {
        // Whatever changes while D1 answers comes after what was read.
        let read_at = clock::now();
        let (column, value) = match which {
            WhichResource::Id(wanted) => ("id", id(wanted)),
            WhichResource::Key(key) => ("identifier_key", id(key)),
        };
        let row = ResourceRow::select();
        let sql = format!("SELECT {row} AS found FROM resources WHERE {column} = ?");
        let row: Option<ResourceRow> = self.row(&sql, &[value]).await?;
        let found = row.map(|row| Rc::new(Resource::from(row)));
        match &found {
            Some(found) => remember(read_at, found),
            None => forget(|it| which.is(it)),
        }
        Ok(found)
    }

    async fn resources(&self, paging: Paging) -> Result<Vec<Resource>, Fault> {
        let sql = page_of(&ResourceRow::select(), "resources", "");
        let values = [after(paging), Bind::Bits(paging.limit)];
        let rows: Vec<ResourceRow> = self.rows(&sql, &values).await?;
        Ok(rows.into_iter().map(Resource::from).collect())
    }

    async fn add_resource(&self, resource: &Resource) -> Result<Result<(), ResourceTaken>, Fault> {
        let (names, values): (Vec<_>, Vec<_>) = ResourceRow::columns(resource).into_iter().unzip();
        let sql = format!(
            "INSERT INTO resources ({}) VALUES ({}) RETURNING id AS found",
            names.join(", "),
            vec!["?"; names.len()].join(", "),
        );
        match self.write(&sql, &values).await {
            Ok(_) => Ok(Ok(())),
            Err(words) => taken(&words).map(Err),
        }
    }

    async fn change_resource(
        &self,
        resource: &Resource,
    ) -> Result<Result<bool, ResourceTaken>, Fault> {
        let (names, mut values): (Vec<_>, Vec<_>) =
            ResourceRow::columns(resource).into_iter().unzip();
        let sql = format!(
            "UPDATE resources SET {} = ? WHERE id = ? RETURNING id AS found",
            names.join(" = ?, "),
        );
        values.push(id(resource.id));
        let written = self.write(&sql, &values).await;
        forget(|it| it.id == resource.id);
        match written {
            Ok(written) => Ok(Ok(written)),
            Err(words) => taken(&words).map(Err),
        }
    }

    async fn delete_resource(&self, wanted: ResourceId) -> Result<bool, Fault> {
        let sql = "DELETE FROM resources WHERE id = ? RETURNING id AS found";
        let deleted = self.write(sql, &[id(wanted)]).await;
        forget(|it| it.id == wanted);
        deleted.map_err(fault)
    }
}
