//! What people look through and search, over plain collections.

use super::Memory;
use super::tables::page;
use crate::fluxer::application::Application;
use crate::fluxer::user::User;
use crate::snowflake::{Snowflake, UserId};
use crate::store::{Authorized, Fault, Lists, Paging, Prefix, UserKey};

impl Lists for Memory {
    async fn authorized(&self, user: UserId, paging: Paging) -> Result<Vec<Authorized>, Fault> {
        self.read(|tables| {
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
            page(joined, |id| id.0, paging)
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
