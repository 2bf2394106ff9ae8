//! The consent page.

use futures_util::future::{join, join3};

use super::bot::{has, not_added, ticked};
use super::interaction::{GUILD_CHOSEN, Interaction, RequestedAccess};
use crate::crypto::form_ticket::Form;
use crate::crypto::secret::{Secret, SessionId};
use crate::endpoint::caller::LoggedIn;
use crate::endpoint::paging::cut;
use crate::endpoint::people::MAX_GUILDS;
use crate::endpoint::{Context, Failure, PageRefusal, logout, return_to};
use crate::fluxer::application::Bot;
use crate::fluxer::guild::{Connection, Membership};
use crate::fluxer::installation::{BotRequest, InstallRefusal, WhichGuild};
use crate::fluxer::permissions::{Permission, Permissions};
use crate::fluxer::resource::DescribedScope;
use crate::fluxer::user::User;
use crate::http::Response;
use crate::location::Target;
use crate::oauth::client::ClientOrigin;
use crate::oauth::params::Params;
use crate::oauth::redirect_uri::RedirectUri;
use crate::oauth::scope::Scope;
use crate::page::moment::Moment;
use crate::page::text::{BotText, filled};
use crate::page::{
    BotSection, ConsentPage, GuildChoice, GuildPicker, Page, PermissionLine, Preview,
    ResourceSection, ScopeLine, UnverifiedApplication,
};
use crate::snowflake::{GuildId, Snowflake, UserId};
use crate::store::{Edge, Fault, Member, Paging, SeenSession};

/// The consent form. It is bound to the session and to what is asked.
pub(super) fn consent_form<'a>(cookie: &'a Secret<SessionId>, subject: &'a str) -> Form<'a> {
    Form {
        name: "consent",
        browser: cookie.expose(),
        subject,
    }
}

/// The paging that reads as many guilds as one answer holds.
const ALL_GUILDS: Paging = Paging {
    after: None,
    limit: MAX_GUILDS,
};

/// The guilds that the user may choose for the bot.
enum GuildOptions {
    /// The guild that the link fixes.
    Fixed(Membership),
    /// The user's guilds, and the one that the link proposes.
    Pick {
        memberships: Vec<Membership>,
        proposed: Option<GuildId>,
        /// The URL of this page with the next guilds.
        next: Option<Target>,
    },
}

/// The data that the form shows.
struct FormContents {
    /// The guilds, where a bot is asked for.
    options: Option<GuildOptions>,
    /// The owner of the application.
    owner: Option<User>,
    /// The scopes, with the data that each opens.
    lines: Vec<ScopeLine>,
}

/// The parameter of the page's URL that says where its list of guilds begins.
const GUILDS_AFTER: &str = "guilds_after";

/// The URL of this page with another value of one of its own parameters.
fn here_with<E>(cx: &Context<'_, E>, name: &str, value: &str) -> String {
    let query = cx.request.query.split('&');
    let others = query.filter(|pair| pair.split('=').next() != Some(name));
    let query = others.collect::<Vec<_>>().join("&");
    [&cx.request.path, "?", &query, "&", name, "=", value].concat()
}

/// The URL of this page with the guilds that follow `last`.
fn next_guilds<E>(cx: &Context<'_, E>, last: GuildId) -> Option<Target> {
    Target::parse(&here_with(cx, GUILDS_AFTER, &last.to_string()))
}

impl Interaction {
    /// Shows what a bot would get besides what it has, where a form chose a guild without having shown that.
    pub(super) async fn show_difference<E: Edge>(
        mut self,
        cx: &Context<'_, E>,
        (bot, guild): (BotRequest, GuildId),
        form: &Params,
    ) -> Result<Response, Failure<PageRefusal>> {
        let Some(logged_in) = cx.logged_in(Some(self.client().id)).await? else {
            return Err(self.log_in(cx).into());
        };
        if let Ok(request) = &mut self.request {
            request.bot = Some(bot.in_guild(guild));
        }
        match &self.request {
            Ok(request) => self.consent_page(cx, request, &logged_in, Some(form)).await,
            Err(refusal) => self.refuse(cx, logged_in.session.granted, refusal).await,
        }
    }

    /// Shows the consent form. Shows it again, with what was ticked, where it came back without a guild for the bot,
    /// or with one whose bot it did not show.
    pub(super) async fn consent_page<E: Edge>(
        &self,
        cx: &Context<'_, E>,
        request: &RequestedAccess,
        logged_in: &LoggedIn,
        again: Option<&Params>,
    ) -> Result<Response, Failure<PageRefusal>> {
        let user = &logged_in.session.user;
        let options = async {
            match request.bot {
                Some(bot) => self.options(cx, bot, user.id).await.map(Some),
                None => Ok(None),
            }
        };
        let owner = async {
            match self.application.owner {
                Some(owner) if owner == user.id => Ok(Some(user.clone())),
                Some(owner) => cx.user(owner).await,
                None => Ok(None),
            }
        };
        let lines = scope_lines(cx, request, logged_in, again);
        let (options, owner, lines) = join3(options, owner, lines).await;
        let contents = FormContents {
            options: options?,
            owner: owner?,
            lines: lines?,
        };
        self.render(cx, request, logged_in, contents, again)
    }

    /// Renders the page.
    fn render<E: Edge>(
        &self,
        cx: &Context<'_, E>,
        request: &RequestedAccess,
        logged_in: &LoggedIn,
        FormContents {
            options,
            owner,
            mut lines,
        }: FormContents,
        again: Option<&Params>,
    ) -> Result<Response, Failure<PageRefusal>> {
        let here = self.here_again(cx, options.as_ref(), again);
        let chrome = cx.chrome(&here);
        let subject = self.subject(request);
        let bot = request.bot.zip(options.as_ref());
        let bot = bot.map(|(bot, options)| self.bot_section(bot, options, again));
        if bot.as_ref().is_some_and(|bot| bot.guilds.is_empty()) {
            give_up_bot(&mut lines);
        }
        let switch_account = return_to::logout(&here);
        let form = consent_form(&logged_in.cookie, &subject);
        // A form without the note is good too: what it rests on is read when it comes back.
        let seen = serde_json::to_string(&SeenSession::of(&logged_in.session)).ok();
        let page = ConsentPage {
            action: &here,
            csrf_token: &cx.ticket_noting(&form, seen)?,
            application: &self.application,
            owner: owner.as_ref().map(|it| it.username.as_str()),
            registered_on: Moment(self.application.created_at),
            destination: self.callback().map(|it| it.redirect_uri.destination()),
            device: self.device().map(|it| it.section(cx)),
            unverified: self.unverified(),
            username: logged_in.session.user.username.as_str(),
            scopes: lines,
            resource: request.resource_section(again),
            bot,
            problem: again.map(|_| problem(options.as_ref(), &chrome.text.bot)),
            switch_account_action: switch_account.as_str(),
            switch_account_token: &cx.ticket(&logout::form(logged_in))?,
        };
        let title = filled(chrome.text.consent.title, &[self.application.name.as_str()]);
        let page = Page::render(chrome, &title, &page);
        Ok(page.respond(if again.is_some() { 400 } else { 200 }))
    }

    /// The URL of the page. Where it is shown once more for a chosen guild, the URL names the guild.
    fn here_again<E>(
        &self,
        cx: &Context<'_, E>,
        options: Option<&GuildOptions>,
        again: Option<&Params>,
    ) -> String {
        match options {
            Some(GuildOptions::Fixed(fixed)) if again.is_some() => {
                here_with(cx, GUILD_CHOSEN, &fixed.guild.id.to_string())
            }
            _ => self.here(cx),
        }
    }

    /// Reads the guilds. A link to a guild that does not exist is refused at once, and so is one that leaves no
    /// choice and cannot work.
    async fn options<E: Edge>(
        &self,
        cx: &Context<'_, E>,
        bot: BotRequest,
        user: UserId,
    ) -> Result<GuildOptions, Failure<PageRefusal>> {
        let about = Some(self.client().id);
        let named = match bot.guild.named() {
            None => None,
            Some(guild) => {
                let named = cx.membership(guild, Member::User(user), about);
                Some(
                    named
                        .await?
                        .ok_or_else(|| not_added(InstallRefusal::UnknownGuild))?,
                )
            }
        };
        let named = match (bot.guild, named) {
            (WhichGuild::Fixed(_), Some(fixed)) => {
                return Ok(fixed_guild(fixed, bot.permissions).map_err(not_added)?);
            }
            (_, named) => named,
        };
        let paging = guilds_paging(&cx.request.query);
        let offered = cx.guilds_to_manage(user, self.client().id, paging);
        let others = cx.guilds_of_user(user, about, ALL_GUILDS);
        let (offered, others) = join(offered, others).await;
        let mut offered = offered?;
        let next = cut(&mut offered, MAX_GUILDS);
        let next = next.and_then(|last| next_guilds(cx, last.guild.id));
        Ok(GuildOptions::Pick {
            memberships: with_not_offered(offered, others?, named),
            proposed: bot.guild.named(),
            next,
        })
    }

    /// The warning about an application that nobody vouches for.
    fn unverified(&self) -> Option<UnverifiedApplication<'_>> {
        if self.client().is_verified() {
            return None;
        }
        let redirect_uri = self.callback().map(|it| &it.redirect_uri);
        let local = redirect_uri.filter(|it| it.is_on_this_machine());
        Some(UnverifiedApplication {
            document_host: match &self.client().origin {
                ClientOrigin::Document(url) => Some(url.host()),
                _ => None,
            },
            local: local.map(RedirectUri::destination),
        })
    }

    fn bot_section<'a>(
        &'a self,
        bot: BotRequest,
        options: &'a GuildOptions,
        again: Option<&Params>,
    ) -> BotSection<'a> {
        let ticked = again.map_or(Permissions::all(), ticked);
        let (held, had) = match options {
            GuildOptions::Fixed(it) => (it.effective(), it.had()),
            GuildOptions::Pick { .. } => (Permissions::all(), Permissions::NONE),
        };
        let lines = bot.permissions.iter().map(|permission| PermissionLine {
            permission,
            is_held: held.covers(permission.value()),
            is_had: had.covers(permission.value()),
            is_ticked: ticked.covers(permission.value()),
        });
        let username = self
            .application
            .bot
            .as_ref()
            .map(|it: &Bot| it.username.as_str());
        BotSection {
            username: username.unwrap_or_default(),
            guilds: picker(bot, options),
            permissions: lines.collect(),
        }
    }
}

fn picker(bot: BotRequest, options: &GuildOptions) -> GuildPicker<'_> {
    let (memberships, proposed, next) = match options {
        GuildOptions::Fixed(membership) => {
            return GuildPicker::Fixed(choice(bot, membership, None));
        }
        GuildOptions::Pick {
            memberships,
            proposed,
            next,
        } => (memberships, proposed, next),
    };
    let (offered, others): (Vec<_>, Vec<_>) = memberships
        .iter()
        .partition(|membership| membership.may_add_bots());
    let is_offered = |guild: GuildId| {
        let mut offered = offered.iter();
        offered.any(|it| it.guild.id == guild && it.can_give(bot.permissions))
    };
    GuildPicker::Pick {
        next: next.as_ref().map(Target::as_str),
        proposal_fails: proposed.is_some_and(|proposed| !is_offered(proposed)),
        choices: offered
            .iter()
            .map(|membership| choice(bot, membership, *proposed))
            .collect(),
        not_offered: others
            .iter()
            .map(|membership| membership.guild.name.as_str())
            .collect(),
    }
}

/// A guild where the bot may be added, or given what it lacks there.
fn choice(bot: BotRequest, there: &Membership, proposed: Option<GuildId>) -> GuildChoice<'_> {
    let guild = &there.guild;
    let asked = bot.permissions.intersection(there.effective());
    let is_new = |it: &Permission| !there.had().covers(it.value());
    GuildChoice {
        id: guild.id,
        name: guild.name.as_str(),
        has: there.bot.as_ref().map(|bot| has(guild.id, bot)),
        is_open: there.can_give(bot.permissions),
        new: asked.iter().filter(is_new).collect(),
        is_proposed: Some(guild.id) == proposed,
    }
}

impl RequestedAccess {
    /// What is asked for at another resource server. `again` is a form that came back, whose ticks are kept.
    fn resource_section(&self, again: Option<&Params>) -> Option<ResourceSection<'_>> {
        let resource = self.resource.as_deref()?;
        let asked = self.oauth.resource.as_ref()?;
        let lines = resource
            .scopes
            .iter()
            .filter(|it| asked.scope.contains(&it.name));
        let line = |scope: &'_ DescribedScope| {
            let name = scope.name.as_str();
            again.is_none_or(|form| form.all("scope").any(|ticked| ticked == name))
        };
        Some(ResourceSection {
            name: resource.name.as_str(),
            identifier: resource.identifier.as_str(),
            scopes: lines
                .map(|it| (it.name.as_str(), it.description.as_str(), line(it)))
                .collect(),
        })
    }
}

/// The guild that a link fixes, where the bot can be added or get more permissions.
fn fixed_guild(
    fixed: Membership,
    permissions: Permissions,
) -> Result<GuildOptions, InstallRefusal> {
    if !fixed.may_add_bots() {
        return Err(InstallRefusal::MissingPermissions);
    }
    if !fixed.can_give(permissions) {
        return Err(InstallRefusal::BotAlreadyInGuild);
    }
    Ok(GuildOptions::Fixed(fixed))
}

/// The part of the list of guilds that a URL asks for, with one guild more than the page shows.
fn guilds_paging(query: &str) -> Paging {
    let params = Params::from_form(query);
    let after = params.one(GUILDS_AFTER).ok().flatten();
    Paging {
        after: after.and_then(Snowflake::parse),
        limit: MAX_GUILDS + 1,
    }
}

/// A page of the guilds that can be chosen, with those that cannot, and with the one that the link proposes.
fn with_not_offered(
    mut offered: Vec<Membership>,
    others: Vec<Membership>,
    named: Option<Membership>,
) -> Vec<Membership> {
    // Those that can be chosen stand on a page of the list.
    let others = others.into_iter().filter(|it| !it.may_add_bots());
    let more = others.chain(named);
    more.for_each(|more| show_too(&mut offered, more));
    offered
}

/// Unticks the scope `bot` where there is no guild for it, so that the user can grant the rest.
fn give_up_bot(lines: &mut [ScopeLine]) {
    let bot = lines.iter_mut().filter(|line| line.scope == Scope::Bot);
    bot.for_each(ScopeLine::give_up);
}

/// The problem with an answer that came back: it chose no guild, or one where the form did not show what the bot has.
const fn problem(options: Option<&GuildOptions>, text: &BotText) -> &'static str {
    match options {
        Some(GuildOptions::Fixed(_)) => text.there_now,
        Some(GuildOptions::Pick { .. }) | None => text.problem,
    }
}

/// Adds the guild that the link proposes, where the list lacks it. Guilds that cannot be chosen are shown with the
/// reason.
fn show_too(memberships: &mut Vec<Membership>, more: Membership) {
    let mut shown = memberships.iter_mut();
    match shown.find(|it| it.guild.id == more.guild.id) {
        // A platform's list does not say where the bot is.
        Some(shown) => shown.bot = more.bot.or(shown.bot.take()),
        None => memberships.push(more),
    }
}

/// The scopes, with the data that each opens. The data are read for this page alone.
async fn scope_lines<E: Edge>(
    cx: &Context<'_, E>,
    request: &RequestedAccess,
    logged_in: &LoggedIn,
    again: Option<&Params>,
) -> Result<Vec<ScopeLine>, Fault> {
    let asked = request.oauth.scope;
    let kept = request.not_withheld();
    let user = &logged_in.session.user;
    let granted = logged_in.session.granted;
    let guilds = async {
        if asked.contains(Scope::Guilds) {
            cx.guilds_of_user(user.id, None, ALL_GUILDS).await
        } else {
            Ok(Vec::new())
        }
    };
    let connections = async {
        if asked.contains(Scope::Connections) {
            cx.connections(user.id).await
        } else {
            Ok(Vec::new())
        }
    };
    let (guilds, connections) = join(guilds, connections).await;
    let (guilds, connections) = (guilds?, connections?);
    let mut lines = Vec::new();
    for scope in asked.iter().filter(|&scope| asked.asks_for(scope)) {
        let preview = preview(scope, user, &guilds, &connections);
        let is_ticked =
            again.is_none_or(|form| form.all("scope").any(|ticked| ticked == scope.as_str()));
        let is_kept = kept.contains(scope);
        lines.push(ScopeLine {
            scope,
            is_ticked: is_ticked || is_kept,
            withholdable: !is_kept,
            is_indivisible: request.all_or_nothing.contains(scope),
            preview,
            new: granted.is_some_and(|granted| !granted.contains(scope)),
        });
    }
    Ok(lines)
}

/// The first lines of the data that a scope opens.
fn preview(
    scope: Scope,
    user: &User,
    guilds: &[Membership],
    connections: &[Connection],
) -> Option<Preview> {
    let shown = match scope {
        Scope::Identify | Scope::Profile => vec![user.username.as_str().to_owned()],
        Scope::Email => vec![user.email.as_str().to_owned()],
        Scope::Guilds => {
            let guilds = guilds.iter();
            guilds.map(|it| it.guild.name.clone().into()).collect()
        }
        Scope::Connections => {
            let connections = connections.iter();
            connections
                .map(|it| [it.kind.as_str(), ": ", it.name.as_str()].concat())
                .collect()
        }
        Scope::Openid => vec![user.id.to_string()],
        Scope::Bot | Scope::Admin | Scope::OfflineAccess => return None,
    };
    Some(Preview::of(shown))
}
