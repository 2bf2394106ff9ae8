//! What people look through and search, over plain collections.

use std::collections::HashMap;

use super::Memory;
use super::tables::{Tables, page};
use crate::fluxer::application::Application;
use crate::fluxer::user::User;
use crate::snowflake::{ApplicationId, Snowflake, UserId};
use crate::store::{Authorized, Fault, Lists, Paging, Prefix, UserKey, VendorPlace};

/// What a user authorized, in no order.
fn authorized(tables: &Tables, user: UserId) -> Vec<(ApplicationId, Authorized)> {
    let all = tables.authorizations.iter();
    let of_user = all.filter(|((of, _), _)| *of == user);
    let joined = of_user.filter_map(|((_, id), authorization)| {
        let stored = tables.applications.get(id)?;
        let authorized = Authorized {
            authorization: authorization.clone(),
            application: stored.application.as_ref().clone(),
        };
        Some((*id, authorized))
    });
    joined.collect()
}

/// What tells the clients of one vendor.
fn vendor(application: &Application) -> (String, String) {
    let client = &application.client;
    let uri = client.redirect_uris.first();
    let (false, Some(uri)) = (client.is_verified(), uri) else {
        return (client.id.to_string(), String::new());
    };
    let destination = if uri.as_str().starts_with("http://") {
        "http:"
    } else {
        uri.destination()
    };
    (application.name.as_str().to_owned(), destination.to_owned())
}

impl Lists for Memory {
    async fn authorized(&self, user: UserId, paging: Paging) -> Result<Vec<Authorized>, Fault> {
        self.read(|tables| page(authorized(tables, user), |id| id.0, paging))
    }

    async fn authorized_by_vendor(
        &self,
        user: UserId,
        after: Option<VendorPlace>,
        limit: u32,
    ) -> Result<Vec<(VendorPlace, Authorized)>, Fault> {
        self.read(|tables| {
            let mut firsts = HashMap::new();
            let mut listed = authorized(tables, user);
            listed.sort_by_key(|(id, _)| id.0);
            let places = listed.into_iter().map(|(id, it)| {
                let first = *firsts.entry(vendor(&it.application)).or_insert(id.0);
                let client = id.0;
                (VendorPlace { first, client }, it)
            });
            let mut places: Vec<_> = places
                .filter(|(place, _)| after.is_none_or(|after| *place > after))
                .collect();
            places.sort_by_key(|(place, _)| *place);
            places.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            places
        })
    }

    async fn find_users(
        &self,
        by: UserKey,
        prefix: &Prefix,
        paging: Paging,
    ) -> Result<Vec<User>, Fault> {
        self.read(|tables| {
            let users = tables.users.values().map(|(user, _)| {
                let key = match by {
                    UserKey::Username => user.username.key(),
                    UserKey::Email => user.email.key(),
                };
                (key, user.id.0, user.clone())
            });
            find(users.collect(), prefix, paging)
        })
    }

    async fn find_applications(
        &self,
        prefix: &Prefix,
        paging: Paging,
    ) -> Result<Vec<Application>, Fault> {
        self.read(|tables| {
            let applications = tables.applications.iter().map(|(id, stored)| {
                let key = stored.application.name.as_str().to_ascii_lowercase();
                (key, id.0, stored.application.as_ref().clone())
            });
            find(applications.collect(), prefix, paging)
        })
    }
}

/// The rows whose key begins so, by key and the id's spelling, behind the row that `after` names.
fn find<T>(rows: Vec<(String, Snowflake, T)>, prefix: &Prefix, paging: Paging) -> Vec<T> {
    let mut rows: Vec<_> = rows
        .into_iter()
        .map(|(key, id, row)| ((key, id.to_string()), row))
        .collect();
    rows.sort_by(|(a, _), (b, _)| a.cmp(b));
    let after = paging.after.map(|after| after.to_string());
    let after = after.and_then(|after| rows.iter().find(|((_, id), _)| *id == after));
    let after = after.map(|(place, _)| place.clone());
    let limit = usize::try_from(paging.limit).unwrap_or(usize::MAX);
    rows.into_iter()
        .filter(|((key, _), _)| key.starts_with(prefix.start()))
        .filter(|(place, _)| after.as_ref().is_none_or(|after| place > after))
        .take(limit)
        .map(|(_, row)| row)
        .collect()
}
