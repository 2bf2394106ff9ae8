//! Users, guilds and members. They are asked of the platform where the users are its own, and of D1 otherwise; every
//! other file asks here.
//!
//! Invariant: nothing that the platform answered outlives its request.

use serde_json::Value;

use super::context::Context;
use crate::fluxer::application::Application;
use crate::fluxer::guild::{BotThere, Connection, Guild, Membership};
use crate::fluxer::permissions::Permissions;
use crate::fluxer::user::User;
use crate::http::Method;
use crate::id::InstallationId;
use crate::platform::directory::{self, BotAdded, DirectoryPage, MAX_PAGE};
use crate::platform::{PlatformAnswer, PlatformRequest, PlatformSettings};
use crate::snowflake::{ApplicationId, GuildId, Snowflake, UserId};
use crate::store::{Edge, Fault, Member, Paging};

/// Most guilds in one answer, and on one page.
pub const MAX_GUILDS: u32 = 200;
/// Most guilds that a bot is taken out of by one request.
const MOST_REMOVED: u32 = 50;
/// Most pages of guilds that one question reads.
const MAX_PAGES: usize = 20;

impl Member {
    /// The id by which the platform knows a member. That of a bot is its application's.
    const fn id(self) -> Snowflake {
        match self {
            Self::User(user) => user.0,
            Self::Bot(bot) => bot.0,
        }
    }
}

impl<E: Edge> Context<'_, E> {
    /// Sends a request to the platform.
    pub(super) async fn ask_platform(
        &self,
        platform: &PlatformSettings,
        method: Method,
        target: &str,
        body: Option<&Value>,
    ) -> Result<PlatformAnswer, Fault> {
        let request = PlatformRequest::new(platform, method, target, body, self.now);
        self.edge.ask_platform(platform, &request).await
    }

    /// Has the platform add an application's bot to a guild. A second call with the same key changes nothing.
    pub async fn add_bot_at_platform(
        &self,
        platform: &PlatformSettings,
        (application, guild): (ApplicationId, GuildId),
        (permissions, by): (Permissions, UserId),
        key: InstallationId,
    ) -> Result<BotAdded, Fault> {
        let target = directory::bot_target(guild, application);
        let command = directory::add_bot(permissions, by, key);
        let answer = self.ask_platform(platform, Method::Put, &target, Some(&command));
        Ok(directory::bot_added(answer.await?, permissions)?)
    }

    /// Has the platform remove a bot from a guild, where it is there.
    pub async fn remove_bot_at_platform(
        &self,
        platform: &PlatformSettings,
        (application, guild): (ApplicationId, GuildId),
    ) -> Result<(), Fault> {
        let target = directory::bot_target(guild, application);
        let answer = self.ask_platform(platform, Method::Delete, &target, None);
        match answer.await?.status {
            200 | 202 | 204 | 404 => Ok(()),
            status => Err(Fault::new("platform", format_args!("it answered {status}"))),
        }
    }

    /// Takes the bot of an application that is deleted out of the platform's guilds. A failure is logged: the
    /// platform knows the bot, and can take it out as well.
    pub async fn remove_bot_everywhere(&self, application: &Application) {
        let Some(platform) = &self.config.platform else {
            return;
        };
        if application.bot.is_none() {
            return;
        }
        let id = application.client.id;
        if let Err(why) = self.remove_bots(platform, id).await {
            self.edge.log(&format!("the bot of {id} stays: {why}"));
        }
    }

    async fn remove_bots(
        &self,
        platform: &PlatformSettings,
        bot: ApplicationId,
    ) -> Result<(), Fault> {
        let paging = Paging {
            after: None,
            limit: MOST_REMOVED + 1,
        };
        let guilds = self.guilds_of_bot(bot, paging).await?;
        let most = usize::try_from(MOST_REMOVED).unwrap_or(usize::MAX);
        for there in guilds.iter().take(most) {
            let there = (bot, there.guild.id);
            self.remove_bot_at_platform(platform, there).await?;
        }
        if guilds.len() > most {
            return Err(Fault::new("platform", "it is in more guilds"));
        }
        Ok(())
    }

    async fn found(
        &self,
        platform: &PlatformSettings,
        target: &str,
    ) -> Result<Option<Value>, Fault> {
        let answer = self.ask_platform(platform, Method::Get, target, None);
        Ok(answer.await?.found()?)
    }

    /// The user with this id, where there is one.
    pub async fn user(&self, id: UserId) -> Result<Option<User>, Fault> {
        let Some(platform) = &self.config.platform else {
            return self.edge.user(id).await;
        };
        let found = self.found(platform, &directory::user_target(id)).await?;
        let user = found.map(|json| directory::user(&json, id));
        Ok(user.transpose()?)
    }

    /// The user's accounts on other services.
    pub async fn connections(&self, user: UserId) -> Result<Vec<Connection>, Fault> {
        let Some(platform) = &self.config.platform else {
            return self.edge.connections(user).await;
        };
        let target = directory::connections_target(user);
        match self.found(platform, &target).await? {
            Some(json) => Ok(directory::connections(&json)?),
            None => Ok(Vec::new()),
        }
    }

    /// The guilds of a user, ordered by id. Each says whether the bot of `about` is in it, where that is known.
    pub async fn guilds_of_user(
        &self,
        user: UserId,
        about: Option<ApplicationId>,
        paging: Paging,
    ) -> Result<Vec<Membership>, Fault> {
        match &self.config.platform {
            None => self.edge.guilds_of_user(user, about, paging).await,
            Some(platform) => self.guilds(platform, user.0, paging, |_| true).await,
        }
    }

    /// The guilds of a bot, ordered by id.
    pub async fn guilds_of_bot(
        &self,
        bot: ApplicationId,
        paging: Paging,
    ) -> Result<Vec<Membership>, Fault> {
        match &self.config.platform {
            None => self.edge.guilds_of_bot(bot, paging).await,
            Some(platform) => self.guilds(platform, bot.0, paging, |_| true).await,
        }
    }

    /// The last guilds of a user or a bot before an id, ordered by id.
    pub async fn guilds_before(
        &self,
        member: Member,
        before: Snowflake,
        limit: u32,
    ) -> Result<Vec<Membership>, Fault> {
        let Some(platform) = &self.config.platform else {
            return self.edge.guilds_before(member, before, limit).await;
        };
        let all = Paging {
            after: None,
            limit: u32::MAX,
        };
        let is_before = |it: &Membership| it.guild.id.0 < before;
        let mut guilds = self.guilds(platform, member.id(), all, is_before).await?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(guilds.split_off(guilds.len().saturating_sub(limit)))
    }

    /// The guilds where a user may add bots, ordered by id, and some more, as [`crate::store::Guilds`] says.
    pub async fn guilds_to_manage(
        &self,
        user: UserId,
        about: ApplicationId,
        paging: Paging,
    ) -> Result<Vec<Membership>, Fault> {
        match &self.config.platform {
            None => self.edge.guilds_to_manage(user, about, paging).await,
            Some(platform) => {
                let manages = Membership::may_add_bots;
                self.guilds(platform, user.0, paging, manages).await
            }
        }
    }

    /// A guild and what a user or a bot is there. It says whether the bot of `about` is there, where that is known.
    pub async fn membership(
        &self,
        guild: GuildId,
        member: Member,
        about: Option<ApplicationId>,
    ) -> Result<Option<Membership>, Fault> {
        let Some(platform) = &self.config.platform else {
            return self.edge.membership(guild, member, about).await;
        };
        let mut found = self.member_at_platform(platform, guild, member).await?;
        if let (Some(found), Some(bot)) = (&mut found, about) {
            let target = directory::member_target(guild, bot.0);
            let json = self.found(platform, &target).await?;
            let permissions = json.as_ref().map(directory::permissions).transpose()?;
            found.bot = permissions.map(|permissions| BotThere {
                permissions,
                by: None,
            });
        }
        Ok(found)
    }

    async fn member_at_platform(
        &self,
        platform: &PlatformSettings,
        guild: GuildId,
        member: Member,
    ) -> Result<Option<Membership>, Fault> {
        let target = directory::member_target(guild, member.id());
        let Some(json) = self.found(platform, &target).await? else {
            let guild = self.guild(platform, guild).await?;
            return Ok(guild.map(|guild| Membership {
                permissions: None,
                is_owner: false,
                bot: None,
                guild,
            }));
        };
        if directory::describes_guild(&json, guild, member.id())? {
            return Ok(Some(directory::membership(&json, member.id())?));
        }
        let permissions = directory::permissions(&json)?;
        let is_owner = json.get("owner").and_then(Value::as_bool) == Some(true);
        let guild = self.guild(platform, guild).await?;
        Ok(guild.map(|guild| Membership {
            permissions: Some(permissions),
            is_owner: is_owner || guild.owner.is_some_and(|it| it.0 == member.id()),
            bot: None,
            guild,
        }))
    }

    async fn guild(
        &self,
        platform: &PlatformSettings,
        id: GuildId,
    ) -> Result<Option<Guild>, Fault> {
        let found = self.found(platform, &directory::guild_target(id)).await?;
        let Some(json) = found else {
            return Ok(None);
        };
        directory::is_about(&json, id.0)?;
        Ok(Some(directory::guild(&json)?))
    }

    /// The guilds of a member that `is_wanted` holds for, from as many pages as it takes. A member that the platform
    /// does not know has none.
    async fn guilds(
        &self,
        platform: &PlatformSettings,
        member: Snowflake,
        paging: Paging,
        is_wanted: impl Fn(&Membership) -> bool,
    ) -> Result<Vec<Membership>, Fault> {
        let most = usize::try_from(paging.limit).unwrap_or(usize::MAX);
        let mut page = DirectoryPage {
            after: paging.after,
            limit: paging.limit.min(MAX_PAGE),
        };
        let mut guilds = Vec::new();
        for _ in 0..MAX_PAGES {
            let target = directory::guilds_target(member, page);
            let Some(json) = self.found(platform, &target).await? else {
                return Ok(guilds);
            };
            let read = directory::memberships(&json, member, page)?;
            let is_full = u32::try_from(read.len()).is_ok_and(|read| read == page.limit);
            page.after = read.last().map(|last| last.guild.id.0);
            guilds.extend(read.into_iter().filter(&is_wanted));
            if !is_full || guilds.len() >= most {
                guilds.truncate(most);
                return Ok(guilds);
            }
        }
        Err(Fault::new("platform", "more guilds than anybody has"))
    }
}
