//! Moving in and out, over plain collections.

use core::fmt::Display;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::Memory;
use super::tables::{StoredApplication, StoredBot, StoredRegistration, Tables};
use crate::crypto::imported_hash::ImportedHash;
use crate::crypto::password::NOBODY;
use crate::crypto::secret::Hash;
use crate::fluxer::guild::Guild;
use crate::id::InstallationId;
use crate::oauth::client::ClientOrigin;
use crate::oauth::client::authentication::ClientAuthentication;
use crate::snowflake::{ApplicationId, GuildId, RoleId, Snowflake, UserId};
use crate::store::{
    Cursor, Fault, HashKind, Imported, Member, MovedApplication, MovedConnection, MovedMember,
    MovedUser, Moving, Obstacle, Piece, Taken,
};
use crate::time::Timestamp;

impl Moving for Memory {
    async fn import(&self, piece: &Piece) -> Result<Vec<Imported>, Fault> {
        self.write(|tables| match piece {
            Piece::Users(users) => users.iter().map(|it| tables.import_user(it)).collect(),
            Piece::Applications(all) => {
                let all = all.iter();
                all.map(|it| tables.import_application(it)).collect()
            }
            Piece::Guilds(guilds) => guilds.iter().map(|it| tables.import_guild(it)).collect(),
            Piece::Members(members) | Piece::Bots(members) => {
                members.iter().map(|it| tables.import_member(it)).collect()
            }
            Piece::Connections(all) => {
                let all = all.iter();
                all.map(|it| tables.import_connection(it)).collect()
            }
        })
    }

    async fn export(&self, behind: &Cursor, limit: u32) -> Result<Piece, Fault> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        self.read(|tables| match behind.clone() {
            Cursor::Users(last) => Piece::Users(tables.users_behind(last, limit)),
            Cursor::Applications(last) => {
                Piece::Applications(tables.applications_behind(last, limit))
            }
            Cursor::Guilds(last) => Piece::Guilds(tables.guilds_behind(last, limit)),
            Cursor::Members(last) => Piece::Members(tables.members_behind(last, limit)),
            Cursor::Bots(last) => Piece::Bots(tables.bots_behind(last, limit)),
            Cursor::Connections(last) => {
                let last = last.map(|(user, kind, id)| {
                    let (kind, id) = (kind.as_str().to_owned(), id.as_str().to_owned());
                    (user.to_string(), kind, id)
                });
                Piece::Connections(tables.connections_behind(last.as_ref(), limit))
            }
        })
    }

    async fn imported_hash(
        &self,
        application: ApplicationId,
        kind: HashKind,
    ) -> Result<Option<ImportedHash>, Fault> {
        self.read(|tables| tables.imported.get(&(application, kind.as_str())).cloned())
    }

    async fn replace_imported_hash(
        &self,
        application: ApplicationId,
        kind: HashKind,
        ours: &str,
    ) -> Result<(), Fault> {
        self.write(|tables| {
            tables.imported.remove(&(application, kind.as_str()));
            let Some(stored) = tables.applications.get_mut(&application) else {
                return;
            };
            match kind {
                HashKind::BotToken => {
                    if stored.bot_token == Some(Hash::IMPORTED) {
                        stored.bot_token = Hash::parse(ours);
                    }
                }
                HashKind::ClientSecret => {
                    let application = Rc::make_mut(&mut stored.application);
                    if let ClientAuthentication::Secret(hashes) =
                        &mut application.client.authentication
                        && let Some(ours) = Hash::parse(ours)
                    {
                        hashes.replace_imported(ours);
                    }
                }
            }
        })
    }
}

impl Tables {
    fn import_user(&mut self, moved: &MovedUser) -> Imported {
        if self.users.contains_key(&moved.user.id) {
            return Imported::Unchanged;
        }
        match self.taken(&moved.user) {
            Some(Taken::Email) => Imported::Refused(Obstacle::Email),
            Some(Taken::Username | Taken::Id) => Imported::Refused(Obstacle::Username),
            None => {
                let hash = moved.password_hash.clone();
                let stored = (
                    moved.user.clone(),
                    hash.unwrap_or_else(|| NOBODY.to_owned()),
                );
                self.users.insert(moved.user.id, stored);
                Imported::Created
            }
        }
    }

    fn import_application(&mut self, moved: &MovedApplication) -> Imported {
        let id = moved.application.client.id;
        if self.applications.contains_key(&id) {
            return Imported::Unchanged;
        }
        let is_gone = |user| !self.users.contains_key(&user);
        if moved.application.owner.is_some_and(is_gone) {
            return Imported::Refused(Obstacle::Owner);
        }
        let hashes = [
            (HashKind::ClientSecret, &moved.client_secret),
            (HashKind::BotToken, &moved.bot_token_imported),
        ];
        for (kind, hash) in hashes {
            if let Some(hash) = hash {
                self.imported.insert((id, kind.as_str()), hash.clone());
            }
        }
        if let Some((details, token)) = &moved.registration {
            let stored = StoredRegistration {
                details: details.clone(),
                token: *token,
                is_used: true,
            };
            self.registrations.insert(id, stored);
        }
        let stored = StoredApplication {
            application: Rc::new(moved.application.clone()),
            bot_token: moved.bot_token,
        };
        self.applications.insert(id, stored);
        Imported::Created
    }

    fn import_guild(&mut self, guild: &Guild) -> Imported {
        if self.guilds.contains_key(&guild.id) {
            return Imported::Unchanged;
        }
        if guild.owner.is_some_and(|it| !self.users.contains_key(&it)) {
            return Imported::Refused(Obstacle::Owner);
        }
        self.guilds.insert(guild.id, guild.clone());
        Imported::Created
    }

    fn import_member(&mut self, moved: &MovedMember) -> Imported {
        let is_there = match moved.member {
            Member::User(user) => self.members.contains_key(&(user, moved.guild)),
            Member::Bot(bot) => self.bots.contains_key(&(bot, moved.guild)),
        };
        if is_there {
            return Imported::Unchanged;
        }
        let has_bot = |bot| {
            let stored: Option<&StoredApplication> = self.applications.get(bot);
            stored.is_some_and(|it| it.application.bot.is_some())
        };
        let obstacle = match &moved.member {
            Member::User(user) if !self.users.contains_key(user) => Some(Obstacle::User),
            Member::Bot(bot) if !has_bot(bot) => Some(Obstacle::Application),
            _ if !self.guilds.contains_key(&moved.guild) => Some(Obstacle::Guild),
            _ if moved
                .inviter
                .is_some_and(|it| !self.users.contains_key(&it)) =>
            {
                Some(Obstacle::Inviter)
            }
            _ => None,
        };
        if let Some(obstacle) = obstacle {
            return Imported::Refused(obstacle);
        }
        let joined = (moved.joined_at, moved.inviter);
        let member = match moved.member {
            Member::User(user) => {
                self.members.insert((user, moved.guild), moved.permissions);
                user.0
            }
            Member::Bot(bot) => {
                let stored = StoredBot {
                    added_by: moved.installation,
                    permissions: moved.permissions,
                };
                self.bots.insert((bot, moved.guild), stored);
                bot.0
            }
        };
        self.joined.insert((member, moved.guild), joined);
        Imported::Created
    }

    fn import_connection(&mut self, moved: &MovedConnection) -> Imported {
        let (kind, id) = (&moved.connection.kind, &moved.connection.id);
        let key = (moved.user, kind.as_str().to_owned(), id.as_str().to_owned());
        if self.connections.contains_key(&key) {
            return Imported::Unchanged;
        }
        if !self.users.contains_key(&moved.user) {
            return Imported::Refused(Obstacle::User);
        }
        self.connections.insert(key, moved.connection.clone());
        Imported::Created
    }

    fn moved(&self, stored: &StoredApplication) -> MovedApplication {
        let id = stored.application.client.id;
        let imported = |kind: HashKind| self.imported.get(&(id, kind.as_str())).cloned();
        let registration = self.registrations.get(&id);
        MovedApplication {
            application: stored.application.as_ref().clone(),
            client_secret: imported(HashKind::ClientSecret),
            bot_token: stored.bot_token,
            bot_token_imported: imported(HashKind::BotToken),
            registration: registration.map(|it| (it.details.clone(), it.token)),
        }
    }

    fn joined_at(&self, member: Snowflake, guild: GuildId) -> (Timestamp, Option<UserId>) {
        let joined = self.joined.get(&(member, guild)).copied();
        joined.unwrap_or((Timestamp::from_millis(0), None))
    }
}

/// The pages of an export.
impl Tables {
    fn users_behind(&self, last: Option<UserId>, limit: usize) -> Vec<MovedUser> {
        let moved = self.users.iter().map(|(id, (user, password_hash))| {
            let (user, password_hash) = (user.clone(), Some(password_hash.clone()));
            let password_hash = password_hash.filter(|it| it != NOBODY);
            let moved = MovedUser {
                user,
                password_hash,
            };
            (id.to_string(), moved)
        });
        behind_of(moved, last.map(|it| it.to_string()).as_ref(), limit)
    }

    fn applications_behind(
        &self,
        last: Option<ApplicationId>,
        limit: usize,
    ) -> Vec<MovedApplication> {
        let all = self.applications.iter().filter(|(_, it)| {
            let origin = &it.application.client.origin;
            !matches!(origin, ClientOrigin::Document(_))
        });
        let moved = all.map(|(id, stored)| (id.to_string(), self.moved(stored)));
        behind_of(moved, last.map(|it| it.to_string()).as_ref(), limit)
    }

    fn guilds_behind(&self, last: Option<GuildId>, limit: usize) -> Vec<Guild> {
        let guilds = self.guilds.iter();
        let guilds = guilds.map(|(id, guild)| (id.to_string(), guild.clone()));
        behind_of(guilds, last.map(|it| it.to_string()).as_ref(), limit)
    }

    fn members_behind(&self, last: Option<(UserId, GuildId)>, limit: usize) -> Vec<MovedMember> {
        let moved = self.members.iter().map(|((user, guild), permissions)| {
            let (joined_at, _) = self.joined_at(user.0, *guild);
            let moved = MovedMember {
                guild: *guild,
                member: Member::User(*user),
                permissions: *permissions,
                joined_at,
                inviter: None,
                installation: InstallationId::from_bytes([0; 16]),
                role: RoleId(guild.0),
            };
            (pair(user, guild), moved)
        });
        let last = last.map(|(user, guild)| pair(user, guild));
        behind_of(moved, last.as_ref(), limit)
    }

    fn bots_behind(
        &self,
        last: Option<(ApplicationId, GuildId)>,
        limit: usize,
    ) -> Vec<MovedMember> {
        let moved = self.bots.iter().map(|((bot, guild), stored)| {
            let (joined_at, inviter) = self.joined_at(bot.0, *guild);
            let moved = MovedMember {
                guild: *guild,
                member: Member::Bot(*bot),
                permissions: stored.permissions,
                joined_at,
                inviter,
                installation: stored.added_by,
                role: RoleId(guild.0),
            };
            (pair(bot, guild), moved)
        });
        let last = last.map(|(bot, guild)| pair(bot, guild));
        behind_of(moved, last.as_ref(), limit)
    }

    fn connections_behind(
        &self,
        last: Option<&(String, String, String)>,
        limit: usize,
    ) -> Vec<MovedConnection> {
        let connections = self.connections.iter();
        let moved = connections.map(|((user, kind, id), connection)| {
            let (user, connection) = (*user, connection.clone());
            let key = (user.to_string(), kind.clone(), id.clone());
            (key, MovedConnection { user, connection })
        });
        behind_of(moved, last, limit)
    }
}

/// What D1 orders rows by: the spelling of their ids.
fn pair(first: impl Display, second: impl Display) -> (String, String) {
    (first.to_string(), second.to_string())
}

fn behind_of<K: Ord, T>(
    rows: impl Iterator<Item = (K, T)>,
    last: Option<&K>,
    limit: usize,
) -> Vec<T> {
    let rows: BTreeMap<K, T> = rows.collect();
    let behind = rows
        .into_iter()
        .filter(|(key, _)| last.is_none_or(|it| key > it));
    behind.take(limit).map(|(_, row)| row).collect()
}
