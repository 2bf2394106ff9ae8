//! The directory over plain collections.

use core::time::Duration;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::{Isolate, Memory};
use crate::crypto::password::NOBODY;
use crate::crypto::secret::{BotTokenSecret, ClientSecret, Hash, SessionId};
use crate::fluxer::application::{Application, ApplicationChange, Bot};
use crate::fluxer::audit::Entry;
use crate::fluxer::guild::{Connection, ConnectionId, ConnectionKind, Guild, Membership};
use crate::fluxer::permissions::Permissions;
use crate::fluxer::user::{User, UserChange};
use crate::id::InstallationId;
use crate::oauth::client::authentication::ClientAuthentication;
use crate::snowflake::{ApplicationId, EntryId, GuildId, Snowflake, UserId};
use crate::store::{
    Account, Added, Applications, AuditLog, Authorization, Consent, Consented, EntryFilter, Fault,
    Guilds, Installation, Member, Paging, Session, Taken, Users,
};
use crate::time::Timestamp;

/// What D1 keeps.
#[derive(Debug, Default)]
pub(super) struct Tables {
    pub(super) users: BTreeMap<UserId, (User, String)>,
    sessions: BTreeMap<String, StoredSession>,
    pub(super) applications: BTreeMap<ApplicationId, StoredApplication>,
    pub(super) authorizations: BTreeMap<(UserId, ApplicationId), Authorization>,
    connections: BTreeMap<(UserId, String, String), Connection>,
    guilds: BTreeMap<GuildId, Guild>,
    members: BTreeMap<(UserId, GuildId), Permissions>,
    bots: BTreeMap<(ApplicationId, GuildId), StoredBot>,
    entries: BTreeMap<EntryId, Entry>,
}

#[derive(Debug)]
struct StoredSession {
    user: UserId,
    authenticated_at: Timestamp,
    expires_at: Timestamp,
}

#[derive(Debug, Clone)]
pub(super) struct StoredApplication {
    pub(super) application: Rc<Application>,
    bot_token: Option<Hash<BotTokenSecret>>,
}

#[derive(Debug)]
struct StoredBot {
    added_by: InstallationId,
    permissions: Permissions,
}

impl Tables {
    fn taken(&self, user: &User) -> Option<Taken> {
        self.users
            .values()
            .filter(|(other, _)| other.id != user.id)
            .find_map(|(other, _)| {
                if other.username.key() == user.username.key() {
                    Some(Taken::Username)
                } else {
                    (other.email.key() == user.email.key()).then_some(Taken::Email)
                }
            })
    }

    fn delete_application(&mut self, application: ApplicationId) -> bool {
        self.authorizations.retain(|(_, of), _| *of != application);
        self.bots.retain(|(bot, _), _| *bot != application);
        self.applications.remove(&application).is_some()
    }

    fn user_in(&self, guild: &Guild, user: UserId, about: Option<ApplicationId>) -> Membership {
        let bot = about.and_then(|bot| self.bots.get(&(bot, guild.id)));
        Membership {
            guild: guild.clone(),
            permissions: self.members.get(&(user, guild.id)).copied(),
            is_owner: guild.owner == Some(user),
            bot: bot.map(|bot| bot.added_by),
        }
    }

    fn bot_in(&self, guild: &Guild, bot: ApplicationId) -> Membership {
        let stored = self.bots.get(&(bot, guild.id));
        Membership {
            guild: guild.clone(),
            permissions: stored.map(|bot| bot.permissions),
            is_owner: false,
            bot: None,
        }
    }

    /// Adds the bot where its installer is still what they were; whether it is there by this form.
    fn install(
        &mut self,
        user: UserId,
        application: ApplicationId,
        asked: &Installation<'_>,
    ) -> bool {
        let guild = asked.installer.guild.id;
        let now = self
            .guilds
            .get(&guild)
            .map(|it| self.user_in(it, user, None));
        let unchanged = now.is_some_and(|now| {
            let seen = asked.installer;
            now.permissions == seen.permissions && now.is_owner == seen.is_owner
        });
        let bot_is_theirs = self.applications.get(&application).is_some_and(|stored| {
            stored.application.bot.is_some() && stored.application.bot_is_for(user)
        });
        if unchanged && bot_is_theirs {
            let role = asked.role.as_ref().map(|role| role.permissions);
            self.bots.entry((application, guild)).or_insert(StoredBot {
                added_by: asked.id,
                permissions: role.unwrap_or_default(),
            });
        }
        let there = self.bots.get(&(application, guild));
        there.is_some_and(|bot| bot.added_by == asked.id)
    }
}

pub(super) fn page<K: Copy, V>(
    rows: impl IntoIterator<Item = (K, V)>,
    key: impl Fn(K) -> Snowflake,
    paging: Paging,
) -> Vec<V> {
    // In the order of the ids' spelling, as D1 has them.
    let after = paging.after.map(|after| format!("{after:0>19}"));
    let mut rows: Vec<_> = rows
        .into_iter()
        .map(|(id, row)| (key(id).to_string(), row))
        .filter(|(id, _)| after.as_ref().is_none_or(|after| id > after))
        .collect();
    rows.sort_by(|(a, _), (b, _)| a.cmp(b));
    let limit = usize::try_from(paging.limit).unwrap_or(usize::MAX);
    rows.into_iter().take(limit).map(|(_, row)| row).collect()
}

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

    async fn session(
        &self,
        id: &Hash<SessionId>,
        about: Option<ApplicationId>,
        now: Timestamp,
    ) -> Result<Option<Session>, Fault> {
        self.read(|tables| {
            let session = tables.sessions.get(&id.to_string())?;
            let (user, _) = tables.users.get(&session.user)?;
            let granted = about
                .and_then(|application| tables.authorizations.get(&(user.id, application)))
                .map(|authorization| authorization.scope);
            (now < session.expires_at).then(|| Session {
                user: user.clone(),
                authenticated_at: session.authenticated_at,
                granted,
            })
        })
    }

    async fn open_session(
        &self,
        id: &Hash<SessionId>,
        user: UserId,
        now: Timestamp,
        lifetime: Duration,
        replaces: Option<&Hash<SessionId>>,
    ) -> Result<(), Fault> {
        self.write(|tables| {
            if let Some(old) = replaces {
                tables.sessions.remove(&old.to_string());
            }
            let session = StoredSession {
                user,
                authenticated_at: now,
                expires_at: now + lifetime,
            };
            tables.sessions.insert(id.to_string(), session);
        })
    }

    async fn close_session(&self, id: &Hash<SessionId>) -> Result<(), Fault> {
        self.write(|tables| {
            tables.sessions.remove(&id.to_string());
        })
    }

    async fn consent(&self, consent: Consent<'_>) -> Result<Consented, Fault> {
        self.write(|tables| {
            if !tables.sessions.contains_key(&consent.session.to_string()) {
                return Consented::SessionEnded;
            }
            let (user, application) = (consent.user, consent.application);
            if let Some(asked) = &consent.installation
                && !tables.install(user, application, asked)
            {
                return Consented::NotInstalled;
            }
            if let Some(scope) = consent.scope {
                let authorizations = tables.authorizations.entry((user, application));
                let authorization = authorizations.or_insert(Authorization {
                    application,
                    scope,
                    created_at: consent.now,
                    updated_at: consent.now,
                });
                authorization.scope = scope;
                authorization.updated_at = consent.now;
            }
            for entry in consent.entries {
                let mut kept = tables.entries.values();
                if !kept.any(|kept| kept.once.is_some() && kept.once == entry.once) {
                    tables.entries.insert(entry.id, entry);
                }
            }
            Consented::Yes
        })
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

    async fn forget(&self, user: UserId, application: ApplicationId) -> Result<bool, Fault> {
        self.write(|tables| tables.authorizations.remove(&(user, application)).is_some())
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
            user.public_flags = change.public_flags.unwrap_or(user.public_flags);
            if let Some(taken) = tables.taken(&user) {
                return Err(taken);
            }
            if let Some(password_hash) = password_hash {
                password_hash.clone_into(&mut hash);
                tables.sessions.retain(|_, session| session.user != id);
            }
            tables.users.insert(id, (user, hash));
            Ok(())
        })
    }

    async fn lock_out(&self, user: UserId) -> Result<(), Fault> {
        self.write(|tables| {
            if let Some((_, hash)) = tables.users.get_mut(&user) {
                NOBODY.clone_into(hash);
            }
            tables.sessions.retain(|_, session| session.user != user);
        })
    }

    async fn delete_user(&self, user: UserId) -> Result<bool, Fault> {
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

    async fn set_connection(&self, user: UserId, connection: &Connection) -> Result<(), Fault> {
        let (kind, id) = (connection.kind.as_str(), connection.id.as_str());
        let key = (user, kind.to_owned(), id.to_owned());
        self.write(|tables| {
            tables.connections.insert(key, connection.clone());
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

impl Applications for Memory {
    async fn application(&self, id: ApplicationId) -> Result<Option<Rc<Application>>, Fault> {
        let application = |tables: &mut Tables| {
            let stored = tables.applications.get(&id);
            stored.map(|stored| Rc::clone(&stored.application))
        };
        match self.isolate.get() {
            Isolate::Warm => Ok(application(&mut self.state.borrow_mut().directory)),
            Isolate::Cold => self.read(application),
        }
    }

    async fn current_application(&self, id: ApplicationId) -> Result<Option<Application>, Fault> {
        self.read(|tables| {
            let stored = tables.applications.get(&id)?;
            Some(stored.application.as_ref().clone())
        })
    }

    async fn application_of_bot(
        &self,
        id: ApplicationId,
        token: &Hash<BotTokenSecret>,
    ) -> Result<Option<Application>, Fault> {
        self.read(|tables| {
            let stored = tables.applications.get(&id)?;
            let is_its = stored.bot_token.is_some_and(|stored| stored == *token);
            is_its.then(|| stored.application.as_ref().clone())
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

    async fn add_application(
        &self,
        application: &Application,
        bot_token: Option<&Hash<BotTokenSecret>>,
        at_most: Option<u32>,
    ) -> Result<Added, Fault> {
        self.write(|tables| {
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
        self.change(id, |application, _| {
            change.clone().apply(application);
            true
        })
    }

    async fn set_client_secret(
        &self,
        id: ApplicationId,
        new: &Hash<ClientSecret>,
    ) -> Result<bool, Fault> {
        self.change(id, |application, _| {
            match &mut application.client.authentication {
                ClientAuthentication::Secret(hashes) => {
                    *hashes = (*new).into();
                    true
                }
                ClientAuthentication::None => false,
            }
        })
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

    async fn delete_application(&self, id: ApplicationId) -> Result<bool, Fault> {
        self.write(|tables| tables.delete_application(id))
    }
}

impl Guilds for Memory {
    async fn guilds_of_user(
        &self,
        user: UserId,
        about: Option<ApplicationId>,
        paging: Paging,
    ) -> Result<Vec<Membership>, Fault> {
        self.read(|tables| {
            let joined = tables.members.keys().filter(|(of, _)| *of == user);
            let guilds = joined.filter_map(|(_, guild)| tables.guilds.get(guild));
            let memberships = guilds.map(|it| (it.id, tables.user_in(it, user, about)));
            page(memberships, |id| id.0, paging)
        })
    }

    async fn guilds_of_bot(
        &self,
        bot: ApplicationId,
        paging: Paging,
    ) -> Result<Vec<Membership>, Fault> {
        self.read(|tables| {
            let joined = tables.bots.keys().filter(|(of, _)| *of == bot);
            let guilds = joined.filter_map(|(_, guild)| tables.guilds.get(guild));
            let memberships = guilds.map(|guild| (guild.id, tables.bot_in(guild, bot)));
            page(memberships, |id| id.0, paging)
        })
    }

    async fn guilds_to_manage(
        &self,
        user: UserId,
        about: ApplicationId,
        limit: u32,
    ) -> Result<Vec<Membership>, Fault> {
        let paging = Paging { after: None, limit };
        self.read(|tables| {
            let guilds = tables.guilds.values();
            let memberships = guilds.map(|it| (it.id, tables.user_in(it, user, Some(about))));
            let manageable = memberships.filter(|(_, it)| it.may_add_bots());
            page(manageable, |id| id.0, paging)
        })
    }

    async fn membership(
        &self,
        guild: GuildId,
        member: Member,
        about: Option<ApplicationId>,
    ) -> Result<Option<Membership>, Fault> {
        self.read(|tables| {
            let guild = tables.guilds.get(&guild)?;
            Some(match member {
                Member::User(user) => tables.user_in(guild, user, about),
                Member::Bot(bot) => tables.bot_in(guild, bot),
            })
        })
    }

    async fn guilds(&self, paging: Paging) -> Result<Vec<Guild>, Fault> {
        self.read(|tables| {
            let guilds = tables.guilds.iter();
            let guilds = guilds.map(|(id, guild)| (*id, guild.clone()));
            page(guilds, |id| id.0, paging)
        })
    }

    async fn members(
        &self,
        guild: GuildId,
        paging: Paging,
    ) -> Result<Vec<(Member, Permissions)>, Fault> {
        self.read(|tables| {
            let users = tables.members.iter().filter(|((_, of), _)| *of == guild);
            let users = users.map(|((user, _), set)| (user.0, (Member::User(*user), *set)));
            let bots = tables.bots.iter().filter(|((_, of), _)| *of == guild);
            let bots = bots.map(|((bot, _), it)| (bot.0, (Member::Bot(*bot), it.permissions)));
            page(users.chain(bots), |id| id, paging)
        })
    }

    async fn add_guild(&self, guild: &Guild) -> Result<bool, Fault> {
        self.write(|tables| {
            let is_free = !tables.guilds.contains_key(&guild.id);
            if is_free {
                tables.guilds.insert(guild.id, guild.clone());
                if let Some(owner) = guild.owner {
                    tables.members.insert((owner, guild.id), Permissions::all());
                }
            }
            is_free
        })
    }

    async fn guild(&self, id: GuildId) -> Result<Option<Guild>, Fault> {
        self.read(|tables| tables.guilds.get(&id).cloned())
    }

    async fn delete_guild(&self, id: GuildId) -> Result<bool, Fault> {
        self.write(|tables| {
            tables.members.retain(|(_, of), _| *of != id);
            tables.bots.retain(|(_, of), _| *of != id);
            tables.guilds.remove(&id).is_some()
        })
    }

    async fn set_member(
        &self,
        guild: GuildId,
        user: UserId,
        permissions: Permissions,
        _: Timestamp,
    ) -> Result<(), Fault> {
        self.write(|tables| {
            tables.members.insert((user, guild), permissions);
        })
    }

    async fn remove_member(&self, guild: GuildId, member: Snowflake) -> Result<bool, Fault> {
        self.write(|tables| {
            let user = tables.members.remove(&(UserId(member), guild));
            let bot = tables.bots.remove(&(ApplicationId(member), guild));
            user.is_some() || bot.is_some()
        })
    }
}

impl AuditLog for Memory {
    fn record(&self, entry: Entry) {
        let lost = format!("an entry of the audit log is lost: {}", entry.shown());
        let kept = self.step("audit", |state| {
            state.directory.entries.insert(entry.id, entry);
        });
        if let Err(fault) = kept {
            use crate::store::Ambient;
            self.log(&format!("{fault}: {lost}"));
        }
    }

    async fn entries(
        &self,
        wanted: EntryFilter,
        before: Option<EntryId>,
        since: EntryId,
        limit: u32,
    ) -> Result<Vec<Entry>, Fault> {
        self.read(|tables| {
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            let entries = tables.entries.values().rev();
            entries
                .filter(|entry| entry.id >= since && before.is_none_or(|it| entry.id < it))
                .filter(|entry| wanted.admits(entry))
                .take(limit)
                .cloned()
                .collect()
        })
    }

    async fn sweep(&self, since: EntryId, now: Timestamp) -> Result<(), Fault> {
        self.write(|tables| {
            tables.entries.retain(|id, _| *id >= since);
            tables.sessions.retain(|_, it| now < it.expires_at);
        })
    }
}

impl Memory {
    pub(super) fn read<T>(&self, question: impl FnOnce(&mut Tables) -> T) -> Result<T, Fault> {
        self.step("d1.read", |state| question(&mut state.directory))
    }

    fn write<T>(&self, change: impl FnOnce(&mut Tables) -> T) -> Result<T, Fault> {
        self.step("d1.write", |state| change(&mut state.directory))
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
