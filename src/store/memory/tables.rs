//! What the directory keeps, and what holds between its tables.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::Memory;
use crate::crypto::imported_hash::ImportedHash;
use crate::crypto::secret::{BotTokenSecret, Hash, InitialAccessToken, RegistrationAccessToken};
use crate::fluxer::application::Application;
use crate::fluxer::audit::AuditEntry;
use crate::fluxer::guild::{BotThere, Connection, Guild, Membership};
use crate::fluxer::permissions::Permissions;
use crate::fluxer::registration::ClientDetails;
use crate::fluxer::resource::Resource;
use crate::fluxer::shown::Shown;
use crate::fluxer::user::User;
use crate::id::InstallationId;
use crate::oauth::openid::AuthenticationMethods;
use crate::outbox::WaitingEvent;
use crate::pending::PlatformSession;
use crate::snowflake::{ApplicationId, AuditEntryId, GuildId, ResourceId, Snowflake, UserId};
use crate::store::{
    Authorization, BrowserSeen, Fault, InitialToken, Installation, NewSession, Paging, Taken,
};
use crate::time::Timestamp;

/// What D1 keeps.
#[derive(Debug, Default)]
pub(super) struct Tables {
    pub(super) users: BTreeMap<UserId, (User, String)>,
    pub(super) sessions: BTreeMap<String, StoredSession>,
    pub(super) applications: BTreeMap<ApplicationId, StoredApplication>,
    pub(super) resources: BTreeMap<ResourceId, Resource>,
    pub(super) authorizations: BTreeMap<(UserId, ApplicationId), Authorization>,
    /// Consents whose last device is gone.
    pub(super) lapsed: BTreeSet<(UserId, ApplicationId)>,
    pub(super) shown: BTreeMap<(UserId, ApplicationId), Shown>,
    pub(super) connections: BTreeMap<(UserId, String, String), Connection>,
    pub(super) guilds: BTreeMap<GuildId, Guild>,
    pub(super) members: BTreeMap<(UserId, GuildId), Permissions>,
    pub(super) bots: BTreeMap<(ApplicationId, GuildId), StoredBot>,
    /// Since when somebody is in a guild, and who added a bot.
    pub(super) joined: BTreeMap<(Snowflake, GuildId), (Timestamp, Option<UserId>)>,
    /// Other servers' hashes.
    pub(super) imported: BTreeMap<(ApplicationId, &'static str), ImportedHash>,
    pub(super) entries: BTreeMap<AuditEntryId, AuditEntry>,
    pub(super) registrations: BTreeMap<ApplicationId, StoredRegistration>,
    /// When the platform last disabled or enabled an account.
    pub(super) standings: BTreeMap<UserId, Timestamp>,
    /// Sessions that the platform has ended.
    pub(super) ended_platform_sessions: BTreeSet<String>,
    /// What is still to be told, in order.
    pub(super) events: BTreeMap<u64, StoredEvent>,
    pub(super) initial_tokens: BTreeMap<Snowflake, (InitialToken, Hash<InitialAccessToken>)>,
}

#[derive(Debug)]
pub(super) struct StoredSession {
    pub(super) user: UserId,
    pub(super) authenticated_at: Timestamp,
    pub(super) amr: AuthenticationMethods,
    pub(super) expires_at: Timestamp,
    pub(super) browser: BrowserSeen,
    pub(super) opened_at: Timestamp,
    pub(super) platform_session: Option<Hash<PlatformSession>>,
}

impl StoredSession {
    pub(super) fn of(session: &NewSession) -> Self {
        Self {
            user: session.user,
            authenticated_at: session.authenticated_at,
            amr: session.amr,
            expires_at: session.at + session.lifetime,
            browser: session.browser.clone(),
            opened_at: session.at,
            platform_session: session.by_platform.and_then(|it| it.session),
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct StoredApplication {
    pub(super) application: Rc<Application>,
    pub(super) bot_token: Option<Hash<BotTokenSecret>>,
}

#[derive(Debug)]
pub(super) struct StoredRegistration {
    pub(super) details: ClientDetails,
    pub(super) token: Hash<RegistrationAccessToken>,
    /// Whether somebody ever authorized it.
    pub(super) is_used: bool,
}

#[derive(Debug)]
pub(super) struct StoredEvent {
    pub(super) outbox: Snowflake,
    pub(super) waiting: WaitingEvent,
}

#[derive(Debug, Clone)]
pub(super) struct StoredBot {
    pub(super) added_by: InstallationId,
    pub(super) permissions: Permissions,
}

impl Tables {
    /// Keeps an entry of the audit log, which D1 could find again.
    pub(super) fn keep(&mut self, entry: AuditEntry) {
        let by_itself = entry.actor.is_some() && entry.actor == entry.target;
        assert!(by_itself || !entry.action.is_everyday(), "{entry:?}");
        let mut kept = self.entries.values();
        if !kept.any(|kept| kept.once.is_some() && kept.once == entry.once) {
            self.entries.insert(entry.id, entry);
        }
    }

    pub(super) fn taken(&self, user: &User) -> Option<Taken> {
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

    pub(super) fn delete_application(&mut self, application: ApplicationId) -> bool {
        self.registrations.remove(&application);
        self.authorizations.retain(|(_, of), _| *of != application);
        self.bots.retain(|(bot, _), _| *bot != application);
        self.imported.retain(|(of, _), _| *of != application);
        self.applications.remove(&application).is_some()
    }

    pub(super) fn user_in(
        &self,
        guild: &Guild,
        user: UserId,
        about: Option<ApplicationId>,
    ) -> Membership {
        let bot = about.and_then(|bot| self.bots.get(&(bot, guild.id)));
        Membership {
            guild: guild.clone(),
            permissions: self.members.get(&(user, guild.id)).copied(),
            is_owner: guild.owner == Some(user),
            bot: bot.map(|bot| BotThere {
                permissions: bot.permissions,
                by: Some(bot.added_by),
            }),
        }
    }

    pub(super) fn bot_in(&self, guild: &Guild, bot: ApplicationId) -> Membership {
        let stored = self.bots.get(&(bot, guild.id));
        Membership {
            guild: guild.clone(),
            permissions: stored.map(|bot| bot.permissions),
            is_owner: false,
            bot: None,
        }
    }

    /// Adds the bot, or gives it more, where its installer and its own place are still what they were;
    /// whether it is there by this form.
    pub(super) fn install(
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
            let now = StoredBot {
                added_by: asked.id,
                permissions: role.unwrap_or_default(),
            };
            let seen = asked.installer.bot.as_ref().and_then(|bot| bot.by);
            let bot = self.bots.entry((application, guild)).or_insert(now.clone());
            if Some(bot.added_by) == seen {
                *bot = now;
            }
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
    let mut rows: Vec<_> = rows
        .into_iter()
        .map(|(id, row)| (key(id), row))
        .filter(|(id, _)| paging.after.is_none_or(|after| *id > after))
        .collect();
    rows.sort_by_key(|(id, _)| *id);
    let limit = usize::try_from(paging.limit).unwrap_or(usize::MAX);
    rows.into_iter().take(limit).map(|(_, row)| row).collect()
}

impl Memory {
    pub(super) fn read<T>(&self, question: impl FnOnce(&mut Tables) -> T) -> Result<T, Fault> {
        self.step("d1.read", |state| question(&mut state.directory))
    }

    pub(super) fn write<T>(&self, change: impl FnOnce(&mut Tables) -> T) -> Result<T, Fault> {
        self.step("d1.write", |state| change(&mut state.directory))
    }
}
