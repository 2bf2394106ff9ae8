//! Guilds, over plain collections.

use super::Memory;
use super::tables::page;
use crate::fluxer::guild::{Guild, Membership};
use crate::fluxer::permissions::Permissions;
use crate::snowflake::{ApplicationId, GuildId, Snowflake, UserId};
use crate::store::{Added, Fault, Guilds, Member, Paging};
use crate::time::Timestamp;

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

    async fn guilds_before(
        &self,
        member: Member,
        before: Snowflake,
        limit: u32,
    ) -> Result<Vec<Membership>, Fault> {
        let everything = Paging {
            after: None,
            limit: u32::MAX,
        };
        let mut all = match member {
            Member::User(user) => self.guilds_of_user(user, None, everything).await?,
            Member::Bot(bot) => self.guilds_of_bot(bot, everything).await?,
        };
        all.retain(|it| it.guild.id.0 < before);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(all.split_off(all.len().saturating_sub(limit)))
    }

    async fn guilds_to_manage(
        &self,
        user: UserId,
        about: ApplicationId,
        paging: Paging,
    ) -> Result<Vec<Membership>, Fault> {
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

    async fn add_guild(&self, guild: &Guild) -> Result<Added, Fault> {
        self.write(|tables| {
            if tables.guilds.contains_key(&guild.id) {
                return Added::IdTaken;
            }
            if let Some(owner) = guild.owner {
                if !tables.users.contains_key(&owner) {
                    return Added::OwnerGone;
                }
                tables.members.insert((owner, guild.id), Permissions::all());
                let joined = (guild.created_at, None);
                tables.joined.insert((owner.0, guild.id), joined);
            }
            tables.guilds.insert(guild.id, guild.clone());
            Added::Yes
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
        now: Timestamp,
    ) -> Result<bool, Fault> {
        self.write(|tables| {
            let both = tables.guilds.contains_key(&guild) && tables.users.contains_key(&user);
            if both {
                tables.members.insert((user, guild), permissions);
                let joined = tables.joined.entry((user.0, guild));
                joined.or_insert((now, None));
            }
            both
        })
    }

    async fn remove_member(&self, guild: GuildId, member: Snowflake) -> Result<bool, Fault> {
        self.write(|tables| {
            tables.joined.remove(&(member, guild));
            let user = tables.members.remove(&(UserId(member), guild));
            let bot = tables.bots.remove(&(ApplicationId(member), guild));
            user.is_some() || bot.is_some()
        })
    }
}
