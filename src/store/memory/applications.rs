//! Applications, over plain collections.

use core::time::Duration;
use std::rc::Rc;

use super::tables::{StoredApplication, Tables, page};
use super::{Isolate, Memory};
use crate::crypto::secret::{BotTokenSecret, ClientSecret, Hash};
use crate::fluxer::application::{Application, ApplicationChange, Bot};
use crate::oauth::client::authentication::ClientAuthentication;
use crate::outbox::Tells;
use crate::snowflake::{ApplicationId, UserId};
use crate::store::{
    Added, Ambient, Applications, FRESH_FOR, Fault, Known, OfBot, Paging, SERVES_OUTAGES_FOR,
};
use crate::time::Timestamp;

impl Applications for Memory {
    async fn application(&self, id: ApplicationId) -> Result<Known, Fault> {
        let application = |tables: &mut Tables| {
            let stored = tables.applications.get(&id);
            stored.map(|stored| Rc::clone(&stored.application))
        };
        let application = match (self.isolate.get(), self.recall(id, FRESH_FOR)) {
            (Isolate::Remembering, Some(application)) => {
                return Ok(Known::Remembered(application));
            }
            (Isolate::Warm, _) => application(&mut self.state.borrow_mut().directory),
            (Isolate::Cold | Isolate::Remembering, _) => self.read(application)?,
        };
        self.remember(id, application.as_ref());
        Ok(Known::Current(application))
    }

    fn remembered_application(&self, id: ApplicationId) -> Option<Rc<Application>> {
        match self.isolate.get() {
            Isolate::Warm => {
                let state = self.state.borrow();
                let stored = state.directory.applications.get(&id)?;
                Some(Rc::clone(&stored.application))
            }
            Isolate::Remembering => self.recall(id, SERVES_OUTAGES_FOR),
            Isolate::Cold => None,
        }
    }

    async fn current_application(&self, id: ApplicationId) -> Result<Option<Application>, Fault> {
        let application = self.read(|tables| {
            let stored = tables.applications.get(&id);
            stored.map(|stored| Rc::clone(&stored.application))
        })?;
        self.remember(id, application.as_ref());
        Ok(application.map(Rc::unwrap_or_clone))
    }

    async fn application_of_bot(
        &self,
        id: ApplicationId,
        token: &Hash<BotTokenSecret>,
    ) -> Result<Option<OfBot>, Fault> {
        self.read(|tables| {
            let stored = tables.applications.get(&id)?;
            let application = stored.application.as_ref().clone();
            match stored.bot_token? {
                it if it == Hash::IMPORTED => Some(OfBot::Imported(application)),
                hash => (hash == *token).then_some(OfBot::Its(application)),
            }
        })
    }

    async fn applications(
        &self,
        owner: Option<UserId>,
        paging: Paging,
    ) -> Result<Vec<Application>, Fault> {
        self.read(|tables| {
            let all = tables.applications.iter();
            let wanted = all
                .filter(|(_, stored)| owner.is_none() || stored.application.owner == owner)
                .map(|(id, stored)| (*id, stored.application.as_ref().clone()));
            page(wanted, |id| id.0, paging)
        })
    }

    async fn trusted_by_nobody(&self) -> Result<Vec<ApplicationId>, Fault> {
        self.read(|tables| {
            let administers = |user: UserId| {
                tables
                    .users
                    .get(&user)
                    .is_some_and(|(it, _)| it.admin && !it.suspended)
            };
            let all = tables.applications.values().map(|it| &it.application);
            let without = all.filter(|it| {
                let mut answer_for_it = [it.owner, it.trusted_by].into_iter().flatten();
                it.client.is_trusted() && it.trusted_by.is_some() && !answer_for_it.any(administers)
            });
            without.map(|it| it.client.id).collect()
        })
    }

    async fn add_application(
        &self,
        application: &Application,
        bot_token: Option<&Hash<BotTokenSecret>>,
        at_most: Option<u32>,
    ) -> Result<Added, Fault> {
        self.write(|tables| {
            let is_gone = |user| !tables.users.contains_key(&user);
            if application.owner.is_some_and(is_gone) {
                return Added::OwnerGone;
            }
            let all = tables.applications.values();
            let owned = all.filter(|stored| stored.application.owner == application.owner);
            let owned = u32::try_from(owned.count()).unwrap_or(u32::MAX);
            if at_most.is_some_and(|at_most| owned >= at_most) {
                return Added::TooMany;
            }
            let id = application.client.id;
            if tables.applications.contains_key(&id) {
                return Added::IdTaken;
            }
            let stored = StoredApplication {
                application: Rc::new(application.clone()),
                bot_token: bot_token.copied(),
            };
            tables.applications.insert(id, stored);
            Added::Yes
        })
    }

    async fn change_application(
        &self,
        id: ApplicationId,
        change: &ApplicationChange,
    ) -> Result<bool, Fault> {
        self.write(|tables| {
            let owner = change.owner.flatten();
            let owner_is_there = owner.is_none_or(|owner| tables.users.contains_key(&owner));
            let stored = tables.applications.get_mut(&id).filter(|_| owner_is_there);
            let application = stored.map(|stored| Rc::make_mut(&mut stored.application));
            application.map(|it| change.clone().apply(it)).is_some()
        })
    }

    async fn set_client_secret(
        &self,
        id: ApplicationId,
        new: &Hash<ClientSecret>,
    ) -> Result<bool, Fault> {
        self.change(id, |application, _| {
            let authentication = &mut application.client.authentication;
            let changed = authentication.with_secret(*new);
            changed.map(|it| *authentication = it).is_some()
        })
    }

    async fn rotate_client_secret(
        &self,
        id: ApplicationId,
        new: &Hash<ClientSecret>,
        former_ends_at: Timestamp,
    ) -> Result<bool, Fault> {
        self.change(id, |application, _| {
            match &mut application.client.authentication {
                ClientAuthentication::Secret(hashes) => {
                    *hashes = hashes.rotated(*new, former_ends_at);
                    true
                }
                _ => false,
            }
        })
    }

    fn note_secret_use(&self, id: ApplicationId, secret: &Hash<ClientSecret>, at: Timestamp) {
        let note = |application: &mut Rc<Application>| {
            let authentication = &mut Rc::make_mut(application).client.authentication;
            if let ClientAuthentication::Secret(hashes) = authentication {
                hashes.note_use(secret, at);
            }
        };
        if let Some((_, application)) = self.remembered.borrow_mut().get_mut(&id) {
            note(application);
        }
        let noted = self.write(|tables| {
            if let Some(stored) = tables.applications.get_mut(&id) {
                note(&mut stored.application);
            }
        });
        if let Err(fault) = noted {
            self.log(&format!("{fault}: a use of a secret is not noted"));
        }
    }

    async fn add_bot(
        &self,
        id: ApplicationId,
        bot: &Bot,
        token: &Hash<BotTokenSecret>,
    ) -> Result<bool, Fault> {
        self.change(id, |application, bot_token| {
            let is_new = application.bot.is_none();
            if is_new {
                application.bot = Some(bot.clone());
                *bot_token = Some(*token);
            }
            is_new
        })
    }

    async fn set_bot_token(
        &self,
        id: ApplicationId,
        token: &Hash<BotTokenSecret>,
    ) -> Result<bool, Fault> {
        self.change(id, |application, bot_token| {
            if application.bot.is_some() {
                *bot_token = Some(*token);
            }
            application.bot.is_some()
        })
    }

    async fn delete_application(&self, id: ApplicationId, tells: Tells) -> Result<bool, Fault> {
        self.write(|tables| {
            tables.tell_of_deletion(id, tells);
            tables.delete_application(id)
        })
    }
}

impl Memory {
    fn recall(&self, id: ApplicationId, age: Duration) -> Option<Rc<Application>> {
        let remembered = self.remembered.borrow();
        let (read_at, application) = remembered.get(&id)?;
        (self.now().since(*read_at) < age).then(|| Rc::clone(application))
    }

    pub(super) fn remember(&self, id: ApplicationId, application: Option<&Rc<Application>>) {
        if self.isolate.get() == Isolate::Cold {
            return;
        }
        let mut remembered = self.remembered.borrow_mut();
        match application {
            Some(application) => {
                remembered.insert(id, (self.now(), Rc::clone(application)));
            }
            None => {
                remembered.remove(&id);
            }
        }
    }

    /// Changes an application where it is there and the change finds what it wants.
    fn change(
        &self,
        id: ApplicationId,
        change: impl FnOnce(&mut Application, &mut Option<Hash<BotTokenSecret>>) -> bool,
    ) -> Result<bool, Fault> {
        self.write(|tables| {
            let Some(stored) = tables.applications.get_mut(&id) else {
                return false;
            };
            let application = Rc::make_mut(&mut stored.application);
            change(application, &mut stored.bot_token)
        })
    }
}
