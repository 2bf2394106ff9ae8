//! Users, over plain collections.

use super::Memory;
use super::tables::page;
use crate::crypto::password::NOBODY;
use crate::fluxer::guild::{Connection, ConnectionId, ConnectionKind};
use crate::fluxer::user::{User, UserChange};
use crate::outbox::Tells;
use crate::snowflake::UserId;
use crate::store::{Account, Ambient, Fault, Paging, Taken, Users};
use crate::time::Timestamp;

impl Users for Memory {
    async fn user(&self, id: UserId) -> Result<Option<User>, Fault> {
        self.read(|tables| tables.users.get(&id).map(|(user, _)| user.clone()))
    }

    async fn users(&self, paging: Paging) -> Result<Vec<User>, Fault> {
        self.read(|tables| {
            let users = tables.users.iter();
            let users = users.map(|(id, (user, _))| (*id, user.clone()));
            page(users, |id| id.0, paging)
        })
    }

    async fn account(&self, login: &str) -> Result<Option<Account>, Fault> {
        let key = login.to_ascii_lowercase();
        self.read(|tables| {
            let known = tables
                .users
                .values()
                .find(|(user, _)| user.username.key() == key || user.email.key() == key);
            known.map(|(user, password_hash)| Account {
                user: user.clone(),
                password_hash: password_hash.clone(),
            })
        })
    }

    async fn add_user(&self, user: &User, password_hash: &str) -> Result<Result<(), Taken>, Fault> {
        self.write(|tables| {
            if let Some(taken) = tables.taken(user) {
                return Err(taken);
            }
            if tables.users.contains_key(&user.id) {
                return Err(Taken::Id);
            }
            let stored = (user.clone(), password_hash.to_owned());
            tables.users.insert(user.id, stored);
            Ok(())
        })
    }

    async fn change_user(
        &self,
        id: UserId,
        change: &UserChange,
        password_hash: Option<&str>,
        at: Timestamp,
    ) -> Result<Result<(), Taken>, Fault> {
        let change = change.clone();
        self.write(|tables| {
            let Some((mut user, mut hash)) = tables.users.get(&id).cloned() else {
                return Ok(());
            };
            user.username = change.username.unwrap_or(user.username);
            user.discriminator = change.discriminator.unwrap_or(user.discriminator);
            user.email = change.email.unwrap_or(user.email);
            user.verified = change.verified.unwrap_or(user.verified);
            user.admin = change.admin.unwrap_or(user.admin);
            user.avatar = change.avatar.unwrap_or(user.avatar);
            user.suspended = change.suspended.unwrap_or(user.suspended);
            user.public_flags = change.public_flags.unwrap_or(user.public_flags);
            user.updated_at = Some(at);
            if let Some(taken) = tables.taken(&user) {
                return Err(taken);
            }
            if let Some(password_hash) = password_hash {
                password_hash.clone_into(&mut hash);
            }
            if password_hash.is_some() || change.suspended == Some(true) {
                tables.sessions.retain(|_, session| session.user != id);
            }
            tables.users.insert(id, (user, hash));
            Ok(())
        })
    }

    fn renew_password_hash(&self, user: UserId, former: &str, renewed: &str) {
        let written = self.write(|tables| {
            let stored = tables.users.get_mut(&user);
            if let Some((_, hash)) = stored.filter(|(_, hash)| hash == former) {
                renewed.clone_into(hash);
            }
        });
        if let Err(fault) = written {
            self.log(&fault.to_string());
        }
    }

    async fn lock_out(&self, user: UserId) -> Result<(), Fault> {
        self.write(|tables| {
            if let Some((_, hash)) = tables.users.get_mut(&user) {
                NOBODY.clone_into(hash);
            }
            tables.sessions.retain(|_, session| session.user != user);
        })
    }

    async fn delete_user(&self, user: UserId, tells: Tells) -> Result<bool, Fault> {
        self.write(|tables| {
            tables.sessions.retain(|_, session| session.user != user);
            tables.authorizations.retain(|(of, _), _| *of != user);
            tables.connections.retain(|(of, ..), _| *of != user);
            tables.members.retain(|(of, _), _| *of != user);
            for guild in tables.guilds.values_mut() {
                guild.owner = guild.owner.filter(|owner| *owner != user);
            }
            let owned: Vec<_> = tables
                .applications
                .iter()
                .filter(|(_, stored)| stored.application.owner == Some(user))
                .map(|(id, _)| *id)
                .collect();
            for application in owned {
                tables.tell_of_deletion(application, tells);
                tables.delete_application(application);
            }
            tables.users.remove(&user).is_some()
        })
    }

    async fn connections(&self, user: UserId) -> Result<Vec<Connection>, Fault> {
        self.read(|tables| {
            let all = tables.connections.iter();
            let of_user = all.filter(|((of, ..), _)| *of == user);
            of_user.map(|(_, connection)| connection.clone()).collect()
        })
    }

    async fn set_connection(&self, user: UserId, connection: &Connection) -> Result<bool, Fault> {
        let (kind, id) = (connection.kind.as_str(), connection.id.as_str());
        let key = (user, kind.to_owned(), id.to_owned());
        self.write(|tables| {
            let is_there = tables.users.contains_key(&user);
            if is_there {
                tables.connections.insert(key, connection.clone());
            }
            is_there
        })
    }

    async fn remove_connection(
        &self,
        user: UserId,
        kind: &ConnectionKind,
        id: &ConnectionId,
    ) -> Result<bool, Fault> {
        let key = (user, kind.as_str().to_owned(), id.as_str().to_owned());
        self.write(|tables| tables.connections.remove(&key).is_some())
    }
}
