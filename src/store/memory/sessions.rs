//! Sessions, over plain collections.

use core::cmp::Reverse;

use super::Memory;
use super::tables::{StoredSession, Tables};
use crate::crypto::secret::{Hash, SessionId};
use crate::snowflake::{ApplicationId, UserId};
use crate::store::{ByPlatform, EndedSessions, Fault, NewSession, OpenSession, Session, Sessions};
use crate::time::Timestamp;

impl Tables {
    pub(super) fn session(
        &self,
        id: &Hash<SessionId>,
        about: Option<ApplicationId>,
        now: Timestamp,
    ) -> Option<Session> {
        let session = self.sessions.get(&id.to_string())?;
        let (user, _) = self.users.get(&session.user)?;
        let about = about.map(|application| (user.id, application));
        let about = about.filter(|key| !self.lapsed.contains(key));
        let granted = about.and_then(|key| self.authorizations.get(&key));
        let shown = about.filter(|_| granted.is_some());
        let shown = shown.and_then(|key| self.shown.get(&key));
        (now < session.expires_at && !user.suspended).then(|| Session {
            user: user.clone(),
            authenticated_at: session.authenticated_at,
            amr: session.amr,
            granted: granted.map(|authorization| authorization.scope),
            shown: shown.cloned(),
        })
    }
}

impl Sessions for Memory {
    async fn session(
        &self,
        id: &Hash<SessionId>,
        about: Option<ApplicationId>,
        now: Timestamp,
    ) -> Result<Option<Session>, Fault> {
        self.read(|tables| tables.session(id, about, now))
    }

    async fn open_session(
        &self,
        session: &NewSession,
        replaces: Option<&Hash<SessionId>>,
    ) -> Result<bool, Fault> {
        self.write(|tables| {
            if let Some(ByPlatform { session: by }) = session.by_platform {
                tables.keep_user(session.user, session.at);
                let has_ended =
                    by.is_some_and(|it| tables.ended_platform_sessions.contains(&it.to_string()));
                let user = tables.users.get(&session.user);
                if has_ended || user.is_some_and(|(user, _)| user.suspended) {
                    return false;
                }
            }
            if !tables.users.contains_key(&session.user) {
                return false;
            }
            if let Some(old) = replaces {
                tables.sessions.remove(&old.to_string());
            }
            let stored = StoredSession::of(session);
            tables.sessions.insert(session.id.to_string(), stored);
            true
        })
    }

    async fn open_sessions(
        &self,
        user: UserId,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<OpenSession>, Fault> {
        self.read(|tables| {
            let sessions = tables.sessions.iter();
            let mut open: Vec<_> = sessions
                .filter(|(_, it)| it.user == user && now < it.expires_at)
                .filter_map(|(id, it)| {
                    Some(OpenSession {
                        id: Hash::parse(id)?,
                        authenticated_at: it.authenticated_at,
                        browser: it.browser.clone(),
                    })
                })
                .collect();
            open.sort_by_key(|it| Reverse(it.authenticated_at));
            open.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            open
        })
    }

    async fn close_sessions(&self, user: UserId, ended: EndedSessions) -> Result<bool, Fault> {
        self.write(|tables| {
            let before = tables.sessions.len();
            tables.sessions.retain(|id, it| {
                let ends = match ended {
                    EndedSessions::One(one) => *id == one.to_string(),
                    EndedSessions::AllBut(one) => *id != one.to_string(),
                    EndedSessions::All => true,
                };
                it.user != user || !ends
            });
            tables.sessions.len() < before
        })
    }

    async fn change_password(
        &self,
        old_hash: &str,
        new_hash: &str,
        session: &NewSession,
    ) -> Result<bool, Fault> {
        self.write(|tables| {
            let Some((_, hash)) = tables.users.get_mut(&session.user) else {
                return false;
            };
            if hash.as_str() != old_hash {
                return false;
            }
            new_hash.clone_into(hash);
            tables.sessions.retain(|_, it| it.user != session.user);
            let stored = StoredSession::of(session);
            tables.sessions.insert(session.id.to_string(), stored);
            true
        })
    }

    async fn close_session(&self, id: &Hash<SessionId>) -> Result<(), Fault> {
        self.write(|tables| {
            tables.sessions.remove(&id.to_string());
        })
    }
}
