//! Adds the application's bot to a guild: checks the form that comes back, and shows the pages that tell the outcome.

use serde_json::Value;

use super::interaction::{Interaction, refused};
use crate::endpoint::{Context, Failure, Notice, PageRefusal};
use crate::fluxer::application::Application;
use crate::fluxer::guild::{BotThere, JoinedGuild, Membership, Role};
use crate::fluxer::installation::{BotRequest, InstallRefusal, details, install};
use crate::fluxer::permissions::Permissions;
use crate::http::Response;
use crate::id::InstallationId;
use crate::oauth::code::CodeSeed;
use crate::oauth::error::Refusal;
use crate::oauth::params::Params;
use crate::oauth::scope::Scope;
use crate::page::text::Message;
use crate::page::{BotAddedPage, Page};
use crate::platform::directory::BotAdded;
use crate::snowflake::{GuildId, RoleId, UserId};
use crate::store::{Edge, Installation, Member};

/// A bot that may be added to a guild.
pub(super) struct PlannedInstallation {
    /// The installer, and what they may do in the guild.
    pub(super) installer: Membership,
    /// The permissions that the bot gets.
    pub(super) permissions: Permissions,
    id: InstallationId,
    role: RoleId,
}

impl PlannedInstallation {
    /// The id of the form that adds the bot.
    pub(super) const fn id(&self) -> InstallationId {
        self.id
    }

    /// The guild as the token response tells it.
    pub(super) fn joined(&self) -> JoinedGuild {
        let guild = &self.installer.guild;
        JoinedGuild {
            id: guild.id,
            name: guild.name.clone(),
            icon: guild.icon.clone(),
            permissions: self.permissions,
        }
    }

    /// The details of the entry in the audit log.
    pub(super) fn details(&self) -> Value {
        details(self.permissions, self.installer.bot.as_ref())
    }

    /// The installation that storage is to carry out. The bot's role is named after the application.
    pub(super) fn installation<'a>(&'a self, application: &'a Application) -> Installation<'a> {
        let role = Role {
            id: self.role,
            permissions: self.permissions,
        };
        Installation::new(self.id, &self.installer, role, application.name.as_str())
    }
}

/// What a form shows of a bot that is in a guild already, as a hidden field carries it.
pub(super) fn has(guild: GuildId, bot: &BotThere) -> String {
    format!("{guild}:{}", bot.permissions)
}

/// The permissions whose boxes were ticked: boxes of one permission, and boxes of a whole group.
pub(super) fn ticked(form: &Params) -> Permissions {
    form.all("permissions")
        .chain(form.all("permission_group"))
        .filter_map(|value| Permissions::parse(value).ok())
        .fold(Permissions::NONE, Permissions::with)
}

impl Interaction {
    /// Adds the bot where the guilds are the platform's, which has the last word on the permissions. This comes
    /// before the code's family is opened. The same form adds the bot once, so whatever follows may fail.
    pub(super) async fn add_at_platform<E: Edge>(
        &self,
        cx: &Context<'_, E>,
        user: UserId,
        plan: Option<&mut PlannedInstallation>,
    ) -> Result<(), Failure<PageRefusal>> {
        let plan = plan.filter(|_| !self.bot_joins_later());
        let Some((platform, plan)) = cx.config.platform.as_ref().zip(plan) else {
            return Ok(());
        };
        let there = (self.client().id, plan.installer.guild.id);
        let added = cx.add_bot_at_platform(platform, there, (plan.permissions, user), plan.id);
        plan.permissions = match added.await? {
            BotAdded::With(permissions) => permissions,
            BotAdded::UnknownGuild => return Err(not_added(InstallRefusal::UnknownGuild).into()),
            BotAdded::MissingPermissions => {
                return Err(not_added(InstallRefusal::MissingPermissions).into());
            }
            BotAdded::AlreadyThere => {
                return Err(not_added(InstallRefusal::BotAlreadyInGuild).into());
            }
        };
        Ok(())
    }

    /// Takes out a bot whose approval came to nothing. A bot that was there before stays. A failure is logged.
    pub(super) async fn remove_at_platform<E: Edge>(
        &self,
        cx: &Context<'_, E>,
        plan: Option<&PlannedInstallation>,
    ) {
        let plan = plan.filter(|it| !self.bot_joins_later() && it.installer.bot.is_none());
        if let Some((platform, plan)) = cx.config.platform.as_ref().zip(plan) {
            let there = (self.client().id, plan.installer.guild.id);
            if let Err(fault) = cx.remove_bot_at_platform(platform, there).await {
                cx.edge
                    .log(&format!("a bot stays where it was added: {fault}"));
            }
        }
    }

    /// Reads the guild and what the user may do there now, and decides what the bot gets. `None` where the bot is
    /// there and would get more, and the form did not show that.
    pub(super) async fn plan<E: Edge>(
        &self,
        cx: &Context<'_, E>,
        user: UserId,
        (bot, guild): (BotRequest, GuildId),
        form: &Params,
        seed: CodeSeed,
    ) -> Result<Option<PlannedInstallation>, Failure<PageRefusal>> {
        let user = Member::User(user);
        let about = Some(self.client().id);
        let membership = cx.membership(guild, user, about).await?;
        let ticked = ticked(form);
        let id = seed.installation(&format!("{guild}:{ticked}"));
        let permissions = install(membership.as_ref(), bot.permissions, ticked, id);
        let permissions = permissions.map_err(not_added)?;
        let unknown = || not_added(InstallRefusal::UnknownGuild);
        let installer = membership.ok_or_else(unknown)?;
        if let Some(bot) = &installer.bot
            && bot.permissions != permissions
            && !form.all("has").any(|it| it == has(guild, bot))
        {
            return Ok(None);
        }
        Ok(Some(PlannedInstallation {
            installer,
            permissions,
            id,
            role: RoleId(cx.new_id()?),
        }))
    }

    /// The reason why a bot could not be added that could be a moment ago.
    pub(super) async fn look_again<E: Edge>(
        &self,
        cx: &Context<'_, E>,
        user: UserId,
        plan: Option<&PlannedInstallation>,
    ) -> Result<Response, Failure<PageRefusal>> {
        let current = cx.edge.current_application(self.client().id).await?;
        match current {
            None => return Err(Notice::bad_request("Unknown client_id").into()),
            Some(now) if now.bot.is_none() => {
                return Err(refused(&Refusal::ScopeNotAllowed(Scope::Bot)).into());
            }
            Some(now) if !now.bot_is_for(user) => {
                return self.refuse(cx, None, &Refusal::PrivateBot).await;
            }
            Some(_) => {}
        }
        let mut refusal = InstallRefusal::UnknownGuild;
        if let Some(plan) = plan {
            let guild = plan.installer.guild.id;
            let about = Some(self.client().id);
            let now = cx.membership(guild, Member::User(user), about).await?;
            let decided = install(now.as_ref(), plan.permissions, plan.permissions, plan.id);
            // What the user or the bot may do has changed, and may have changed back.
            refusal = decided.err().unwrap_or(match now.and_then(|it| it.bot) {
                Some(_) => InstallRefusal::BotAlreadyInGuild,
                None => InstallRefusal::MissingPermissions,
            });
        }
        Err(not_added(refusal).into())
    }

    /// The page that says where the bot is, and what it may do there.
    pub(super) fn added_page<E>(
        &self,
        cx: &Context<'_, E>,
        plan: Option<&PlannedInstallation>,
    ) -> Result<Response, Failure<PageRefusal>> {
        let unknown = || not_added(InstallRefusal::UnknownGuild);
        let plan = plan.ok_or_else(unknown)?;
        let bot = self.application.bot.as_ref();
        let here = cx.request.target();
        let chrome = cx.chrome(&here);
        let page = BotAddedPage {
            application: self.application.name.as_str(),
            bot: bot.map_or("", |bot| bot.username.as_str()),
            guild: plan.installer.guild.name.as_str(),
            permissions: plan.permissions.iter().collect(),
        };
        let title = chrome.text.bot.added_title;
        Ok(Page::render(chrome, title, &page).respond(200))
    }
}

/// The page that says why the bot was not added.
pub(super) fn not_added(refusal: InstallRefusal) -> Notice {
    let (status, message, code) = match refusal {
        InstallRefusal::UnknownGuild => {
            (404, Message::UnknownGuild, "UNKNOWN_GUILD: Unknown Guild")
        }
        InstallRefusal::MissingPermissions => (
            403,
            Message::MissingPermissions,
            "MISSING_PERMISSIONS: Missing Permissions",
        ),
        InstallRefusal::BotAlreadyInGuild => (
            400,
            Message::BotAlreadyThere,
            "BOT_ALREADY_IN_GUILD: Bot is already in this guild",
        ),
    };
    Notice::new(status, message).with_detail(code)
}
