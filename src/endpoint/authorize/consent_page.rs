//! The page that asks.

use super::bot::not_added;
use super::{Asked, Request, consent_form};
use crate::endpoint::browser::LoggedIn;
use crate::endpoint::{Context, Failure, Notice, logout, me};
use crate::fluxer::application::Bot;
use crate::fluxer::guild::Membership;
use crate::fluxer::installation::{BotRequest, InstallRefusal, WhichGuild};
use crate::fluxer::permissions::Permissions;
use crate::http::Response;
use crate::oauth::redirect_uri::RedirectUri;
use crate::oauth::scope::{Scope, Scopes};
use crate::page::{
    BotSection, ConsentPage, GuildChoice, GuildPicker, Page, PermissionLine, ScopeLine,
};
use crate::snowflake::{GuildId, UserId};
use crate::store::{Edge, Member};

/// The guilds that a bot's form is about.
enum Prospects {
    /// The one that the link fixes.
    Fixed(Membership),
    /// Those where the user may add bots, and the one that the link proposes.
    Pick {
        memberships: Vec<Membership>,
        proposed: Option<GuildId>,
    },
}

impl Asked {
    /// Shows the consent form; `problem` says why it is shown again.
    pub(super) async fn consent_page<E: Edge>(
        &self,
        cx: &Context<'_, E>,
        request: &Request,
        logged_in: &LoggedIn,
        problem: Option<&'static str>,
    ) -> Result<Response, Failure<Notice>> {
        let user = &logged_in.session.user;
        let prospects = match request.bot {
            Some(bot) => Some(self.prospects(cx, bot, user.id).await?),
            None => None,
        };
        let redirect_uri = self.callback().map(|it| &it.redirect_uri);
        let registered = self.application.created_at.to_iso();
        let subject = self.subject(request);
        let bot = request.bot.zip(prospects.as_ref());
        let page = ConsentPage {
            action: &cx.request.target(),
            csrf_token: &cx.ticket(&consent_form(logged_in, &subject))?,
            application: self.application.name.as_str(),
            description: self.application.description.as_str(),
            registered_on: registered.split('T').next().unwrap_or_default(),
            destination: redirect_uri.map(RedirectUri::destination),
            username: user.username.as_str(),
            scopes: scope_lines(request.oauth.scope, logged_in),
            bot: bot.map(|(bot, prospects)| self.bot_section(bot, prospects)),
            problem,
            switch_account_action: &logout::target(&cx.request.target()),
            switch_account_token: &cx.ticket(&logout::form(logged_in))?,
        };
        let page = Page::render(&page)?;
        let page = match redirect_uri {
            Some(redirect_uri) => page.with_form_to(redirect_uri),
            None => page,
        };
        Ok(page.respond(if problem.is_some() { 400 } else { 200 }))
    }

    /// Looks the guilds up. A link to a guild that does not exist says so at once, and so does one
    /// that leaves no choice and cannot work.
    async fn prospects<E: Edge>(
        &self,
        cx: &Context<'_, E>,
        bot: BotRequest,
        user: UserId,
    ) -> Result<Prospects, Failure<Notice>> {
        let about = Some(self.client().id);
        let refuse = |refusal| Failure::Refused(not_added(refusal));
        let named = match bot.guild.named() {
            None => None,
            Some(guild) => {
                let named = cx.edge.membership(guild, Member::User(user), about);
                Some(named.await?.ok_or(refuse(InstallRefusal::UnknownGuild))?)
            }
        };
        if let (WhichGuild::Fixed(_), Some(fixed)) = (bot.guild, &named) {
            if !fixed.may_add_bots() {
                return Err(refuse(InstallRefusal::MissingPermissions));
            }
            if fixed.bot.is_some() {
                return Err(refuse(InstallRefusal::BotAlreadyInGuild));
            }
        }
        let named = match (bot.guild, named) {
            (WhichGuild::Fixed(_), Some(fixed)) => return Ok(Prospects::Fixed(fixed)),
            (_, named) => named,
        };
        let offered = cx
            .edge
            .guilds_to_manage(user, self.client().id, me::MAX_GUILDS);
        let mut memberships = offered.await?;
        memberships.retain(Membership::may_add_bots);
        // With more guilds than are offered, the link's may not be among them.
        memberships.extend(named.filter(|named| {
            let mut ids = memberships.iter().map(|it| it.guild.id);
            named.may_add_bots() && ids.all(|id| id != named.guild.id)
        }));
        Ok(Prospects::Pick {
            memberships,
            proposed: bot.guild.named(),
        })
    }

    fn bot_section<'a>(&'a self, bot: BotRequest, prospects: &'a Prospects) -> BotSection<'a> {
        let held = match prospects {
            Prospects::Fixed(membership) => membership.effective(),
            Prospects::Pick { .. } => Permissions::all(),
        };
        let lines = bot.permissions.iter().map(|permission| PermissionLine {
            permission,
            is_held: held.covers(permission.value()),
        });
        let username = self
            .application
            .bot
            .as_ref()
            .map(|it: &Bot| it.username.as_str());
        BotSection {
            username: username.unwrap_or_default(),
            guilds: picker(prospects),
            permissions: lines.collect(),
        }
    }
}

fn picker(prospects: &Prospects) -> GuildPicker<'_> {
    let (memberships, proposed) = match prospects {
        Prospects::Fixed(membership) => return GuildPicker::Fixed(membership.guild.name.as_str()),
        Prospects::Pick {
            memberships,
            proposed,
        } => (memberships, proposed),
    };
    let choice = |membership: &'_ Membership| membership.bot.is_none();
    let proposal_fails = proposed.is_some_and(|proposed| {
        !memberships
            .iter()
            .any(|membership| membership.guild.id == proposed && choice(membership))
    });
    GuildPicker::Pick {
        choices: memberships
            .iter()
            .map(|membership| GuildChoice {
                id: membership.guild.id,
                name: membership.guild.name.as_str(),
                is_there_already: membership.bot.is_some(),
                is_proposed: Some(membership.guild.id) == *proposed,
            })
            .collect(),
        proposal_fails,
    }
}

fn scope_lines(asked: Scopes, logged_in: &LoggedIn) -> Vec<ScopeLine<'_>> {
    let user = &logged_in.session.user;
    let granted = logged_in.session.granted;
    let lines = asked.iter().map(|scope| ScopeLine {
        scope,
        withholdable: scope != Scope::Identify && asked != Scope::Bot.into(),
        words: ScopeLine::words(scope),
        preview: match scope {
            Scope::Identify => Some(user.username.as_str()),
            Scope::Email => Some(user.email.as_str()),
            _ => None,
        },
        new: granted.is_some_and(|granted| !granted.contains(scope)),
    });
    lines.collect()
}
