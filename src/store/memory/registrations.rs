//! Clients that register themselves, over plain collections.

use std::rc::Rc;

use super::Memory;
use super::tables::{StoredApplication, StoredRegistration};
use crate::crypto::secret::{Hash, InitialAccessToken, RegistrationAccessToken};
use crate::snowflake::{ApplicationId, Snowflake};
use crate::store::{Added, Fault, InitialToken, Registration, Registrations};
use crate::time::Timestamp;

impl Registrations for Memory {
    async fn register(
        &self,
        registration: &Registration,
        token: &Hash<RegistrationAccessToken>,
        at_most: u32,
    ) -> Result<Added, Fault> {
        self.write(|tables| {
            let unused = tables.registrations.values().filter(|it| !it.is_used);
            if u32::try_from(unused.count()).unwrap_or(u32::MAX) >= at_most {
                return Added::TooMany;
            }
            let id = registration.application.client.id;
            if tables.applications.contains_key(&id) {
                return Added::IdTaken;
            }
            let application = StoredApplication {
                application: Rc::new(registration.application.clone()),
                bot_token: None,
            };
            let stored = StoredRegistration {
                details: registration.details.clone(),
                token: *token,
                is_used: false,
            };
            tables.applications.insert(id, application);
            tables.registrations.insert(id, stored);
            Added::Yes
        })
    }

    async fn registration(
        &self,
        id: ApplicationId,
        token: &Hash<RegistrationAccessToken>,
    ) -> Result<Option<Registration>, Fault> {
        self.read(|tables| {
            let stored = tables.registrations.get(&id);
            let stored = stored.filter(|it| it.token == *token)?;
            Some(Registration {
                application: tables.applications.get(&id)?.application.as_ref().clone(),
                details: stored.details.clone(),
            })
        })
    }

    async fn replace_registration(
        &self,
        registration: &Registration,
        token: &Hash<RegistrationAccessToken>,
    ) -> Result<bool, Fault> {
        self.write(|tables| {
            let id = registration.application.client.id;
            let stored = tables.registrations.get_mut(&id);
            let stored = stored.filter(|it| it.token == *token);
            let Some((stored, kept)) = stored.zip(tables.applications.get_mut(&id)) else {
                return false;
            };
            stored.details.clone_from(&registration.details);
            let application = Rc::make_mut(&mut kept.application);
            application.name.clone_from(&registration.application.name);
            application.client = registration.application.client.clone();
            true
        })
    }

    async fn sweep_registrations(&self, since: Timestamp) -> Result<(), Fault> {
        self.write(|tables| {
            let unused = tables.registrations.iter().filter(|(_, it)| !it.is_used);
            let unused = unused.filter_map(|(id, _)| tables.applications.get(id));
            let old = unused.filter(|it| it.application.created_at < since);
            let old: Vec<_> = old.map(|it| it.application.client.id).collect();
            for id in old {
                tables.delete_application(id);
            }
        })
    }

    async fn add_initial_token(
        &self,
        token: &InitialToken,
        hash: &Hash<InitialAccessToken>,
    ) -> Result<(), Fault> {
        self.write(|tables| {
            let row = (token.clone(), *hash);
            tables.initial_tokens.insert(token.id, row);
        })
    }

    async fn initial_tokens(&self) -> Result<Vec<InitialToken>, Fault> {
        self.read(|tables| {
            let all = tables.initial_tokens.values();
            all.map(|(token, _)| token.clone()).collect()
        })
    }

    async fn admits_registration(
        &self,
        hash: &Hash<InitialAccessToken>,
        now: Timestamp,
    ) -> Result<bool, Fault> {
        self.read(|tables| {
            let mut all = tables.initial_tokens.values();
            all.any(|(token, kept)| kept == hash && token.expires_at.is_none_or(|it| now < it))
        })
    }

    async fn delete_initial_token(&self, id: Snowflake) -> Result<bool, Fault> {
        self.write(|tables| tables.initial_tokens.remove(&id).is_some())
    }
}
