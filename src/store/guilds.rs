//! Guilds and their members, users and bots.

use super::{Added, Fault, Paging};
use crate::fluxer::guild::{Guild, Membership};
use crate::fluxer::permissions::Permissions;
use crate::snowflake::{ApplicationId, GuildId, Snowflake, UserId};
use crate::time::Timestamp;

/// A member of guilds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Member {
    /// A user.
    User(UserId),
    /// An application's bot.
    Bot(ApplicationId),
}

/// Guilds and their members, users and bots.
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait Guilds {
    /// The guilds of a user, by id, and whether the bot of `about` is in each.
    async fn guilds_of_user(
        &self,
        user: UserId,
        about: Option<ApplicationId>,
        paging: Paging,
    ) -> Result<Vec<Membership>, Fault>;
    /// The guilds of a bot, by id.
    async fn guilds_of_bot(
        &self,
        bot: ApplicationId,
        paging: Paging,
    ) -> Result<Vec<Membership>, Fault>;
    /// The last guilds of somebody before an id, by id.
    async fn guilds_before(
        &self,
        member: Member,
        before: Snowflake,
        limit: u32,
    ) -> Result<Vec<Membership>, Fault>;
    /// The guilds where a user may add bots, by id, and whether the bot of `about` is in each. Some
    /// more may be among them: [`Membership::may_add_bots`] has the last word.
    async fn guilds_to_manage(
        &self,
        user: UserId,
        about: ApplicationId,
        paging: Paging,
    ) -> Result<Vec<Membership>, Fault>;
    /// A guild and what somebody is there, and whether the bot of `about` is.
    async fn membership(
        &self,
        guild: GuildId,
        member: Member,
        about: Option<ApplicationId>,
    ) -> Result<Option<Membership>, Fault>;
    /// Every guild, by id.
    async fn guilds(&self, paging: Paging) -> Result<Vec<Guild>, Fault>;
    /// The members of a guild with what they may do, users and bots, by id.
    async fn members(
        &self,
        guild: GuildId,
        paging: Paging,
    ) -> Result<Vec<(Member, Permissions)>, Fault>;

    /// Adds a guild, with its owner as its first member.
    async fn add_guild(&self, guild: &Guild) -> Result<Added, Fault>;
    /// The guild with this id.
    async fn guild(&self, id: GuildId) -> Result<Option<Guild>, Fault>;
    /// Deletes a guild with its roles and members. Answers whether it was there.
    async fn delete_guild(&self, id: GuildId) -> Result<bool, Fault>;
    /// Makes a user a member, or changes what they may do; whether both are there.
    async fn set_member(
        &self,
        guild: GuildId,
        user: UserId,
        permissions: Permissions,
        now: Timestamp,
    ) -> Result<bool, Fault>;
    /// Removes a user, or the bot with that id; whether they were there.
    async fn remove_member(&self, guild: GuildId, member: Snowflake) -> Result<bool, Fault>;
}
