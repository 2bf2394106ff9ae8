//! Consents, over plain collections.

use super::Memory;
use super::tables::Tables;
use crate::crypto::secret::{Hash, SessionId};
use crate::oauth::scope::Scopes;
use crate::outbox::Tells;
use crate::snowflake::{ApplicationId, UserId};
use crate::store::{
    Ambient, Authorization, Authorizations, Consent, Consented, Fault, Forgotten, SeenSession,
};

impl Tables {
    /// What a consent comes to where its session or its application is gone, or not as it was seen.
    fn refused(&self, consent: &Consent<'_>) -> Option<Consented> {
        let application = consent.application;
        let stands = |session: &Hash<SessionId>| self.sessions.contains_key(&session.to_string());
        let read = |id| self.session(id, Some(application), consent.now);
        let session = consent.session.and_then(read);
        let session = session.as_ref().map(SeenSession::of);
        if consent.seen.is_none() && !consent.session.is_none_or(stands) {
            Some(Consented::SessionEnded)
        } else if consent.seen.is_some() && session.as_ref() != consent.seen {
            Some(Consented::Changed)
        } else if self.applications.contains_key(&application) {
            None
        } else {
            Some(Consented::ApplicationGone)
        }
    }

    /// Writes the authorization.
    fn authorize(&mut self, consent: &Consent<'_>, scope: Scopes) {
        let key = (consent.user, consent.application);
        let authorization = self.authorizations.entry(key).or_insert(Authorization {
            application: consent.application,
            scope,
            created_at: consent.now,
            updated_at: consent.now,
        });
        authorization.scope = scope;
        authorization.updated_at = consent.now;
        self.lapsed.remove(&key);
        match &consent.shown {
            Some(shown) => self.shown.insert(key, shown.clone()),
            None => self.shown.remove(&key),
        };
    }
}

impl Authorizations for Memory {
    async fn consent(&self, consent: Consent<'_>) -> Result<Consented, Fault> {
        self.write(|tables| {
            if let Some(refused) = tables.refused(&consent) {
                return refused;
            }
            let (user, application) = (consent.user, consent.application);
            if let Some(asked) = &consent.installation
                && !tables.install(user, application, asked)
            {
                return match consent.seen {
                    Some(_) => Consented::Changed,
                    None => Consented::NotInstalled,
                };
            }
            if let Some(scope) = consent.scope {
                tables.authorize(&consent, scope);
            }
            if let Some(granted) = consent.tells {
                tables.tell_of_grant(user, application, granted);
            }
            if consent.is_unverified
                && let Some(registration) = tables.registrations.get_mut(&application)
            {
                registration.is_used = true;
            }
            for entry in consent.entries {
                let mut kept = tables.entries.values();
                if !kept.any(|kept| kept.once.is_some() && kept.once == entry.once) {
                    tables.keep(entry);
                }
            }
            Consented::Yes
        })
    }

    fn lapse(&self, user: UserId, application: ApplicationId) {
        let lapsed = self.write(|tables| {
            tables.lapsed.insert((user, application));
        });
        if let Err(fault) = lapsed {
            self.log(&format!("a consent stays as it is: {fault}"));
        }
    }

    async fn authorizations(&self, user: UserId) -> Result<Vec<Authorization>, Fault> {
        self.read(|tables| {
            let all = tables.authorizations.iter();
            let of_user = all.filter(|((of, _), _)| *of == user);
            of_user
                .map(|(_, authorization)| authorization.clone())
                .collect()
        })
    }

    async fn forget(
        &self,
        user: UserId,
        application: ApplicationId,
        tells: Tells,
    ) -> Result<Forgotten, Fault> {
        self.write(|tables| {
            tables.shown.remove(&(user, application));
            let Some(forgotten) = tables.authorizations.remove(&(user, application)) else {
                return Forgotten::Nothing;
            };
            tables.tell_of_end(user, &forgotten, tells);
            if tables.events.values().any(|it| it.outbox == user.0) {
                Forgotten::Told
            } else {
                Forgotten::Silently
            }
        })
    }
}
