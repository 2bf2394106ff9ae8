//! The consent form: which application asks, which user is asked, for what, and where the answer goes.

mod permissions;

use maud::{Markup, html};

use super::moment::Moment;
use super::parts::{
    around, branded, claim, emblem, fact_of, fact_on, form, hidden, quiet, sentence, tag,
};
use super::text::filled;
use super::{Chrome, DeviceSection, View};
use crate::fluxer::application::Application;
use crate::fluxer::permissions::Permission;
use crate::oauth::scope::{Scope, Scopes};
use crate::snowflake::GuildId;

pub use self::permissions::PermissionLine;
use self::permissions::{FIRST_FEW, MOST_UNFOLDED, permissions};

/// The consent form.
pub struct ConsentPage<'a> {
    /// The path that the form posts to.
    pub action: &'a str,
    /// The hidden field.
    pub csrf_token: &'a str,
    /// The application that asks.
    pub application: &'a Application,
    /// The name of the user who owns the application, where it has an owner.
    pub owner: Option<&'a str>,
    /// The day on which the application was registered.
    pub registered_on: Moment,
    /// The redirect URI's host, in full. `None` where the answer goes to a device, or where only a bot is added.
    pub destination: Option<&'a str>,
    /// The device that asks, where the answer goes to a device.
    pub device: Option<DeviceSection>,
    /// The warning, where nobody vouches for the application.
    pub unverified: Option<UnverifiedApplication<'a>>,
    /// The name of the user who is asked.
    pub username: &'a str,
    /// The scopes that the application asks for.
    pub scopes: Vec<ScopeLine>,
    /// What the application asks for at another resource server.
    pub resource: Option<ResourceSection<'a>>,
    /// The bot that the application wants to add.
    pub bot: Option<BotSection<'a>>,
    /// Why the form is shown again.
    pub problem: Option<&'static str>,
    /// The path that the form that switches accounts posts to.
    pub switch_account_action: &'a str,
    /// The hidden field of the form that switches accounts.
    pub switch_account_token: &'a str,
}

/// An application that nobody vouches for.
pub struct UnverifiedApplication<'a> {
    /// The host of the document that describes the client, where one does.
    pub document_host: Option<&'a str>,
    /// Where a program on the user's own machine waits for the answer, where one does.
    pub local: Option<&'a str>,
}

/// One scope on the consent form.
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are independent: each may go with any other"
)]
pub struct ScopeLine {
    /// The scope, which is the value of the check box.
    pub scope: Scope,
    /// Whether the user may withhold it.
    pub withholdable: bool,
    /// Whether the application is of no use without the scope. Such a scope has no check box.
    pub is_indivisible: bool,
    /// Whether the check box is ticked when the form is shown.
    pub is_ticked: bool,
    /// The user's own data that the scope opens, where the form can show any.
    pub preview: Option<Preview>,
    /// Whether the scope is new: the user granted the application something before, but not this.
    pub new: bool,
}

/// What an application asks for at another resource server, in that server's own words.
pub struct ResourceSection<'a> {
    /// The server's name.
    pub name: &'a str,
    /// The server's identifier, an absolute URI (RFC 8707).
    pub identifier: &'a str,
    /// The server's scopes: the name, the description, and whether the check box is ticked.
    pub scopes: Vec<(&'a str, &'a str, bool)>,
}

/// The data behind a scope, as far as it is shown.
pub struct Preview {
    /// The first lines of the data.
    pub shown: Vec<String>,
    /// The number of lines that are not shown.
    pub more: usize,
}

impl Preview {
    /// Most lines that are shown.
    const MAX: usize = 5;

    /// Shows the first lines, and counts the rest.
    pub fn of(mut all: Vec<String>) -> Self {
        let more = all.len().saturating_sub(Self::MAX);
        all.truncate(Self::MAX);
        Self { shown: all, more }
    }
}

impl ScopeLine {
    /// Takes the check box out of use: nothing that the scope opens can be granted.
    pub fn give_up(&mut self) {
        self.withholdable = false;
        self.is_ticked = false;
    }

    /// Whether the form warns of the scope.
    fn is_dangerous(&self) -> bool {
        matches!(self.scope, Scope::Admin)
    }
}

/// The bot on the consent form.
pub struct BotSection<'a> {
    /// The user name of the bot.
    pub username: &'a str,
    /// The guilds that the bot may be added to.
    pub guilds: GuildPicker<'a>,
    /// The permissions that the bot asks for.
    pub permissions: Vec<PermissionLine>,
}

/// The guilds that a bot may be added to.
pub enum GuildPicker<'a> {
    /// The guild that the link fixes.
    Fixed(GuildChoice<'a>),
    /// Any guild where the user may add bots.
    Pick {
        /// The guilds where the user may add bots.
        choices: Vec<GuildChoice<'a>>,
        /// The names of the user's other guilds, which they may not manage.
        not_offered: Vec<&'a str>,
        /// The URL of the page with the next guilds, where there are more.
        next: Option<&'a str>,
        /// Whether the link proposes a guild where the user cannot add the bot.
        proposal_fails: bool,
    },
}

impl GuildPicker<'_> {
    /// Whether there is nothing to choose.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Fixed(..) => false,
            Self::Pick { choices, next, .. } => {
                next.is_none() && choices.iter().all(|choice| !choice.is_open)
            }
        }
    }
}

/// One guild in the picker.
pub struct GuildChoice<'a> {
    /// The guild's id, which is the value of the option.
    pub id: GuildId,
    /// The guild's name.
    pub name: &'a str,
    /// What the bot has in the guild where it is there already, as the form's hidden field spells it.
    pub has: Option<String>,
    /// Whether the bot would get anything in the guild. Where it would not, the guild cannot be chosen.
    pub is_open: bool,
    /// The permissions that the bot would get.
    pub new: Vec<Permission>,
    /// Whether the link proposes the guild.
    pub is_proposed: bool,
}

impl View for ConsentPage<'_> {
    fn body(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.consent;
        let link = html! {
            a href="/settings/authorizations" { (chrome.text.layout.authorizations) }
        };
        html! {
            (self.asker(chrome))
            @if let Some(problem) = self.problem {
                p.problem #problem role="alert" { (problem) }
            }
            (self.account(chrome))
            @if let Some(device) = &self.device { (device.body(chrome)) }
            (form(self.action, self.csrf_token, &self.question(chrome)))
            @if self.only_adds_a_bot() {
                (quiet(chrome.text.bot.take_back))
            } @else {
                p.quiet { (around(text.take_back, &[link])) }
            }
        }
    }
}

impl UnverifiedApplication<'_> {
    fn body(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.consent;
        let name = |it: &str| html! { bdi.name dir="ltr" { (it) } };
        html! {
            div.warning role="note" {
                p { (branded(text.unverified, chrome)) }
                @if let Some(host) = self.document_host {
                    p { (around(text.described_by, &[name(host)])) }
                }
                @if let Some(local) = self.local {
                    p { (around(text.on_this_machine, &[name(local)])) }
                }
            }
        }
    }
}

impl ConsentPage<'_> {
    /// What the application asks for, and the two buttons.
    fn question(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.consent;
        let is_bot = self.only_adds_a_bot();
        let approve = if is_bot && !self.is_there() {
            text.approve_bot
        } else {
            text.approve
        };
        html! {
            @if !is_bot && !self.scopes.is_empty() { (self.scopes(chrome)) }
            @if let Some(resource) = &self.resource { (Self::resource(resource, chrome)) }
            @if let Some(bot) = &self.bot { (self.bot(bot, chrome)) }
            p.withheld { (self.withheld(chrome)) }
            @if let Some(destination) = self.destination {
                dl.facts {
                    div {
                        dt { (text.destination) }
                        dd { bdi.name dir="ltr" { (destination) } }
                    }
                }
            }
            div.actions {
                // Enter in a form presses its first button: that one denies.
                button name="decision" value="deny" formnovalidate { (text.deny) }
                @if self.can_be_approved() {
                    button.primary name="decision" value="approve" { (approve) }
                }
            }
        }
    }

    /// The application that asks, and what is known of it.
    fn asker(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.consent;
        let name = self.application.name.as_str();
        let heading = match (&self.bot, self.only_adds_a_bot()) {
            (None, _) => text.heading,
            (Some(_), false) => text.heading_both,
            (Some(_), true) if self.is_there() => text.heading_more,
            (Some(_), true) => text.heading_bot,
        };
        let (standing, class) = if self.application.client.is_trusted() {
            (text.trusted, "tag tag-trusted")
        } else {
            (text.untrusted, "tag tag-untrusted")
        };
        html! {
            header.asker {
                (emblem(self.application))
                h1 { (sentence(heading, &[name])) }
            }
            div.byline {
                p class=(class) { (branded(standing, chrome)) }
                dl {
                    @if let Some(owner) = self.owner { (fact_of(text.owner, owner)) }
                    (fact_on(text.since, self.registered_on, chrome))
                }
            }
            (claim(self.application.description.as_str(), chrome))
            @if let Some(unverified) = &self.unverified { (unverified.body(chrome)) }
        }
    }

    /// The user who is asked, and the form that lets another account log in.
    fn account(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.consent;
        let switch = html! { button.link { (text.switch) } };
        html! {
            div.account {
                p { (sentence(text.as_whom, &[self.username])) }
                (form(self.switch_account_action, self.switch_account_token, &switch))
            }
        }
    }

    fn scopes(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.consent;
        let may_withhold = self.scopes.iter().any(|line| line.withholdable);
        html! {
            fieldset aria-describedby=[may_withhold.then_some("withholding")] {
                legend { (text.scopes) }
                @if may_withhold { p.quiet #withholding { (text.untick) } }
                @if self.scopes.iter().any(|line| line.is_indivisible) {
                    p.quiet { (text.all_or_nothing) }
                }
                ul.scopes role="list" {
                    @for line in &self.scopes { (scope_line(line, chrome)) }
                }
            }
        }
    }

    /// The scopes of another resource server. The user may withhold each of them.
    fn resource(resource: &ResourceSection<'_>, chrome: &Chrome<'_>) -> Markup {
        html! {
            fieldset aria-describedby="resource" {
                legend { (sentence(chrome.text.consent.resource, &[resource.name])) }
                p.quiet #resource { bdi { (resource.identifier) } }
                ul.scopes role="list" {
                    @for (name, description, is_ticked) in &resource.scopes {
                        li {
                            label {
                                input type="checkbox" name="scope" value=(name) checked[*is_ticked];
                                " "
                                span { bdi { (description) } }
                            }
                        }
                    }
                }
            }
        }
    }

    fn bot(&self, bot: &BotSection<'_>, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.bot;
        html! {
            section.bot aria-labelledby="bot" {
                h2 #bot { (sentence(text.heading, &[bot.username])) }
                @match &bot.guilds {
                    GuildPicker::Fixed(it) => {
                        @if it.has.is_none() || it.new.is_empty() {
                            p { (sentence(text.fixed, &[it.name])) }
                        } @else {
                            (it.difference(chrome))
                        }
                    }
                    GuildPicker::Pick { choices, not_offered, next, proposal_fails } => {
                        @if bot.guilds.is_empty() {
                            p.problem { (text.nowhere) }
                        } @else {
                            @if *proposal_fails { (quiet(text.proposal_fails)) }
                            (self.picker(choices, chrome))
                        }
                        @if let Some(next) = next {
                            p.quiet { (text.more_guilds) " " a href=(next) { (text.next_guilds) } }
                        }
                        @if !not_offered.is_empty() { (others(not_offered, chrome)) }
                    }
                }
                @if let GuildPicker::Pick { choices, .. } = &bot.guilds {
                    @for choice in choices { (choice.difference(chrome)) }
                }
                (permissions(&bot.permissions, chrome))
            }
        }
    }

    fn picker(&self, choices: &[GuildChoice<'_>], chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.bot;
        let problem = self.problem.is_some();
        html! {
            div.field {
                label for="guild" { (text.add_to) }
                select #guild name="guild_id" required[self.only_adds_a_bot()]
                    aria-invalid=[problem.then_some("true")]
                    aria-describedby=[problem.then_some("problem")] autofocus[problem] {
                    option value="" { (text.choose) }
                    @for choice in choices {
                        option value=(choice.id.to_string()) disabled[!choice.is_open]
                            selected[choice.is_proposed && choice.is_open] {
                            (choice.name)
                            @if choice.has.is_some() { " (" (text.already_there) ")" }
                        }
                    }
                }
            }
        }
    }

    /// What the application will not be able to do: an answer to what users fear.
    fn withheld(&self, chrome: &Chrome<'_>) -> &'static str {
        let asked: Scopes = self.scopes.iter().map(|line| line.scope).collect();
        let [with_admin, with_bot, otherwise] = chrome.text.consent.withheld;
        if asked.contains(Scope::Admin) {
            with_admin
        } else if asked.contains(Scope::Bot) {
            // Its bot reads what is written in the community.
            with_bot
        } else {
            otherwise
        }
    }

    /// Whether the bot is in the guild already, and gets more permissions there.
    fn is_there(&self) -> bool {
        let bot = self.bot.as_ref();
        bot.is_some_and(|bot| matches!(&bot.guilds, GuildPicker::Fixed(it) if it.has.is_some()))
    }

    /// Whether the application asks for nothing but its bot.
    fn only_adds_a_bot(&self) -> bool {
        self.bot.is_some() && self.scopes.len() == 1
    }

    /// Whether the form can be approved: a bot that can be added to no guild cannot be.
    fn can_be_approved(&self) -> bool {
        let nowhere = self.bot.as_ref().is_some_and(|bot| bot.guilds.is_empty());
        !(nowhere && self.only_adds_a_bot())
    }
}

impl GuildChoice<'_> {
    /// The permissions that a bot which is in the guild would get besides those that it has.
    fn difference(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.bot;
        let (mut first, others): (Vec<Permission>, Vec<_>) =
            self.new.iter().partition(|it| it.is_dangerous());
        // What deserves a second look is never folded.
        let unfolded = match self.new.len() {
            few if few <= MOST_UNFOLDED => few,
            _ => first.len().max(FIRST_FEW),
        };
        first.extend(others);
        let folded = first.split_off(unfolded.min(first.len()));
        let list = |these: &[Permission]| {
            html! { ul.plain { @for it in these { li { (chrome.text.permission(*it)) } } } }
        };
        html! {
            @if let Some(has) = self.has.as_ref().filter(|_| !self.new.is_empty()) {
                div.quiet {
                    p { (sentence(text.raised, &[self.name])) }
                    (list(&first))
                    @if !folded.is_empty() {
                        details {
                            summary {
                                (filled(chrome.text.consent.and_more, &[&folded.len().to_string()]))
                            }
                            (list(&folded))
                        }
                    }
                    (hidden("has", has))
                }
            }
        }
    }
}

/// The names of the guilds that this user cannot add the bot to.
fn others(names: &[&str], chrome: &Chrome<'_>) -> Markup {
    let text = &chrome.text.bot;
    html! {
        details {
            summary { (text.not_offered) }
            ul.plain {
                @for name in names {
                    li { bdi { (name) } " " span.quiet { "(" (text.not_a_manager) ")" } }
                }
            }
        }
    }
}

fn scope_line(line: &ScopeLine, chrome: &Chrome<'_>) -> Markup {
    let text = &chrome.text.consent;
    let scope = line.scope.as_str();
    let is_dangerous = line.is_dangerous();
    let has_note = line.preview.is_some() || is_dangerous;
    html! {
        li.dangerous[is_dangerous] {
            label {
                @if line.is_indivisible {
                    span.needed aria-hidden="true" { "✓" }
                } @else {
                    input type="checkbox" name="scope" value=(scope) checked[line.is_ticked]
                        disabled[!line.withholdable]
                        aria-describedby=[has_note.then(|| ["scope-", scope].concat())];
                }
                " "
                span {
                    (chrome.text.scope(line.scope))
                    @if line.new { (tag("tag-new", text.new)) }
                    @if line.is_ticked && !line.withholdable { (tag("", text.included)) }
                    @if is_dangerous { (tag("tag-dangerous", text.dangerous)) }
                }
            }
            @if has_note {
                div.note id={ "scope-" (scope) } {
                    @if is_dangerous { p.warning { (text.dangerous_scope) } }
                    @if let Some(preview) = &line.preview { (previewed(preview, chrome)) }
                }
            }
        }
    }
}

fn previewed(preview: &Preview, chrome: &Chrome<'_>) -> Markup {
    let text = &chrome.text.consent;
    html! {
        @if preview.shown.is_empty() {
            p { (text.nothing_yet) }
        } @else {
            ul.preview role="list" {
                @for shown in &preview.shown { li { bdi { (shown) } } }
                @if preview.more > 0 {
                    li.more { (filled(text.and_more, &[&preview.more.to_string()])) }
                }
            }
        }
    }
}
