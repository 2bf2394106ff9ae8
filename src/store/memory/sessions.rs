//! Sessions, over plain collections.

use core::time::Duration;

use super::Memory;
use super::tables::StoredSession;
use crate::crypto::secret::{Hash, SessionId};
use crate::oauth::openid::AuthenticationMethods;
use crate::snowflake::{ApplicationId, UserId};
use crate::store::{Fault, Session, Sessions};
use crate::time::Timestamp;

impl Sessions for Memory {
    async fn session(
        &self,
        id: &Hash<SessionId>,
        about: Option<ApplicationId>,
        now: Timestamp,
    ) -> Result<Option<Session>, Fault> {
        self.read(|tables| {
            let session = tables.sessions.get(&id.to_string())?;
            let (user, _) = tables.users.get(&session.user)?;
            let about = about.map(|application| (user.id, application));
            let about = about.filter(|key| !tables.lapsed.contains(key));
            let granted = about.and_then(|key| tables.authorizations.get(&key));
            let shown = about.filter(|_| granted.is_some());
            let shown = shown.and_then(|key| tables.shown.get(&key));
            (now < session.expires_at && !user.suspended).then(|| Session {
                user: user.clone(),
                authenticated_at: session.authenticated_at,
                amr: session.amr,
                granted: granted.map(|authorization| authorization.scope),
                shown: shown.cloned(),
            })
        })
    }

    async fn open_session(
        &self,
        id: &Hash<SessionId>,
        user: UserId,
        amr: AuthenticationMethods,
        now: Timestamp,
        lifetime: Duration,
        replaces: Option<&Hash<SessionId>>,
    ) -> Result<bool, Fault> {
        self.write(|tables| {
            if !tables.users.contains_key(&user) {
                return false;
            }
            if let Some(old) = replaces {
                tables.sessions.remove(&old.to_string());
            }
            let session = StoredSession {
                user,
                authenticated_at: now,
                amr,
                expires_at: now + lifetime,
            };
            tables.sessions.insert(id.to_string(), session);
            true
        })
    }

    async fn close_session(&self, id: &Hash<SessionId>) -> Result<(), Fault> {
        self.write(|tables| {
            tables.sessions.remove(&id.to_string());
        })
    }
}
