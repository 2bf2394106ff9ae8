//! What is kept of a platform's users, over plain collections.

use super::Memory;
use super::tables::Tables;
use crate::crypto::password::NOBODY;
use crate::crypto::secret::Hash;
use crate::fluxer::user::{Discriminator, Email, User, Username};
use crate::pending::PlatformSession;
use crate::snowflake::UserId;
use crate::store::{Fault, PlatformUsers, Standing};
use crate::time::Timestamp;

impl Tables {
    pub(super) fn keep_user(&mut self, id: UserId, now: Timestamp) {
        let user = || {
            let discriminator = Discriminator::parse("0000").ok()?;
            Some(User {
                id,
                username: Username::of_platform(&id.to_string()).ok()?,
                discriminator,
                email: Email::none(),
                verified: false,
                admin: false,
                suspended: false,
                avatar: None,
                public_flags: 0,
                created_at: now,
                updated_at: None,
            })
        };
        if let (None, Some(user)) = (self.users.get(&id), user()) {
            self.users.insert(id, (user, NOBODY.to_owned()));
        }
    }

    fn standing(&self, user: UserId) -> Standing {
        match self.users.get(&user) {
            Some((user, _)) if user.suspended => Standing::Disabled,
            _ => Standing::Enabled,
        }
    }
}

impl PlatformUsers for Memory {
    async fn keep_user(&self, user: UserId, now: Timestamp) -> Result<(), Fault> {
        self.write(|tables| tables.keep_user(user, now))
    }

    async fn set_standing(
        &self,
        user: UserId,
        standing: Standing,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<Standing, Fault> {
        self.write(|tables| {
            tables.keep_user(user, now);
            let last = tables.standings.get(&user).copied();
            let is_newer = last.is_none_or(|last| match standing {
                Standing::Disabled => last <= at,
                Standing::Enabled => last < at,
            });
            if is_newer {
                tables.standings.insert(user, at);
                if let Some((user, _)) = tables.users.get_mut(&user) {
                    user.suspended = standing == Standing::Disabled;
                }
            }
            let stands = tables.standing(user);
            if stands == Standing::Disabled {
                tables.sessions.retain(|_, session| session.user != user);
            }
            stands
        })
    }

    async fn standing(&self, user: UserId) -> Result<Standing, Fault> {
        self.read(|tables| tables.standing(user))
    }

    async fn end_platform_session(
        &self,
        user: UserId,
        session: &Hash<PlatformSession>,
        _: Timestamp,
    ) -> Result<(), Fault> {
        self.write(|tables| {
            tables.ended_platform_sessions.insert(session.to_string());
            let is_other = |it: Option<Hash<PlatformSession>>| it != Some(*session);
            tables
                .sessions
                .retain(|_, it| it.user != user || is_other(it.platform_session));
        })
    }

    async fn end_sessions_until(&self, user: UserId, until: Timestamp) -> Result<(), Fault> {
        self.write(|tables| {
            let sessions = &mut tables.sessions;
            sessions.retain(|_, it| it.user != user || it.opened_at > until);
        })
    }
}
