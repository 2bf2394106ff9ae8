//! The consent form: who asks, as whom, for what, and where it goes.

use super::html::{Html, filled, html};
use super::parts::{
    checked, claim, close_fact, fact, monogram, open_fact, open_form, quiet, selected, tag,
};
use super::{Chrome, View};
use crate::fluxer::application::Application;
use crate::fluxer::permissions::{Group, Permission};
use crate::oauth::scope::{Scope, Scopes};
use crate::snowflake::GuildId;

/// The consent form.
pub struct ConsentPage<'a> {
    /// Where the form posts to.
    pub action: &'a str,
    /// The hidden field.
    pub csrf_token: &'a str,
    /// Who asks.
    pub application: &'a Application,
    /// The user who answers for it, where there is one.
    pub owner: Option<&'a str>,
    /// Since when it is registered: a date, `2026-11-23`.
    pub registered_on: &'a str,
    /// Where the answer goes: the redirect URI's host in full. `None`: nowhere, a bot is added.
    pub destination: Option<&'a str>,
    /// As whom.
    pub username: &'a str,
    /// What it asks for.
    pub scopes: Vec<ScopeLine>,
    /// The bot that it wants to add.
    pub bot: Option<BotSection<'a>>,
    /// Why the form is shown again.
    pub problem: Option<&'static str>,
    /// Where the form that switches accounts posts to.
    pub switch_account_action: &'a str,
    /// Its hidden field.
    pub switch_account_token: &'a str,
}

/// One scope on the consent form.
pub struct ScopeLine {
    /// The check box's value.
    pub scope: Scope,
    /// Whether the user may withhold it.
    pub withholdable: bool,
    /// Whether its box is ticked as the form is shown.
    pub is_ticked: bool,
    /// The real data it opens, where that fits some lines.
    pub preview: Option<Preview>,
    /// Whether it was not granted before, where something was.
    pub new: bool,
}

/// The data behind a scope, as far as it is shown.
pub struct Preview {
    /// The first of it.
    pub shown: Vec<String>,
    /// How much more there is.
    pub more: usize,
}

impl Preview {
    /// Most lines of a preview.
    const MAX: usize = 5;

    /// As much as fits.
    pub fn of(mut all: Vec<String>) -> Self {
        let more = all.len().saturating_sub(Self::MAX);
        all.truncate(Self::MAX);
        Self { shown: all, more }
    }
}

impl ScopeLine {
    /// Takes the box out of use: nothing of it can be granted.
    pub fn give_up(&mut self) {
        self.withholdable = false;
        self.is_ticked = false;
    }

    /// Whether granting it deserves a second look.
    fn is_dangerous(&self) -> bool {
        matches!(self.scope, Scope::Admin)
    }
}

/// The bot on the consent form.
pub struct BotSection<'a> {
    /// Its name.
    pub username: &'a str,
    /// Where it may be added.
    pub guilds: GuildPicker<'a>,
    /// What it asks to be able to do there.
    pub permissions: Vec<PermissionLine>,
}

/// Where a bot may be added.
pub enum GuildPicker<'a> {
    /// Here and nowhere else.
    Fixed(&'a str),
    /// Wherever the user may add bots.
    Pick {
        /// Those guilds.
        choices: Vec<GuildChoice<'a>>,
        /// The user's other guilds, which they may not manage.
        not_offered: Vec<&'a str>,
        /// Whether the link proposes one that is not among them.
        proposal_fails: bool,
    },
}

impl GuildPicker<'_> {
    /// Whether there is nothing to choose.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Fixed(_) => false,
            Self::Pick { choices, .. } => choices.iter().all(|choice| choice.is_there_already),
        }
    }
}

/// One guild in the picker.
pub struct GuildChoice<'a> {
    /// The option's value.
    pub id: GuildId,
    /// What people call it.
    pub name: &'a str,
    /// Whether the bot is there, so that the guild cannot be chosen.
    pub is_there_already: bool,
    /// Whether the link proposes it.
    pub is_proposed: bool,
}

/// One permission on the consent form.
pub struct PermissionLine {
    /// Which.
    pub permission: Permission,
    /// Whether the user holds it, where the guild is known: a bot never gets what its installer
    /// lacks.
    pub is_held: bool,
    /// Whether its box is ticked as the form is shown.
    pub is_ticked: bool,
}

impl PermissionLine {
    /// Whether granting it deserves a second look.
    fn is_dangerous(&self) -> bool {
        self.is_held && self.permission.is_dangerous()
    }
}

impl View for ConsentPage<'_> {
    fn write(&self, chrome: &Chrome<'_>, out: &mut Html) {
        let text = &chrome.text.consent;
        self.asker(chrome, out);
        if let Some(problem) = self.problem {
            html!(
                out,
                "<p class=\"problem\" id=\"problem\" role=\"alert\">{}</p>\n",
                problem
            );
        }
        self.account(chrome, out);
        // Enter in a form presses its first button: that one denies.
        open_form(self.action, self.csrf_token, out);
        if !self.only_adds_a_bot() {
            self.scopes(chrome, out);
        }
        if let Some(bot) = &self.bot {
            self.bot(bot, chrome, out);
        }
        html!(out, "<p class=\"withheld\">{}</p>\n", self.withheld(chrome));
        if let Some(destination) = self.destination {
            html!(
                out,
                "<dl class=\"facts\">\n<div><dt>{}</dt><dd><bdi class=\"name\" dir=\"ltr\">{}</bdi></dd></div>\n</dl>\n",
                text.destination,
                destination
            );
        }
        html!(
            out,
            "<div class=\"actions\">\n<button name=\"decision\" value=\"deny\" formnovalidate>{}</button>\n",
            text.deny
        );
        if self.can_be_approved() {
            html!(
                out,
                "<button class=\"primary\" name=\"decision\" value=\"approve\">{}</button>\n",
                if self.only_adds_a_bot() {
                    text.approve_bot
                } else {
                    text.approve
                }
            );
        }
        html!(out, "</div>\n</form>\n");
        if self.only_adds_a_bot() {
            quiet(chrome.text.bot.take_back, out);
            return;
        }
        html!(out, "<p class=\"quiet\">");
        let page = [chrome.text.layout.authorizations];
        let link = "<a href=\"/settings/authorizations\">";
        out.around(text.take_back, &page, link, "</a>");
        html!(out, "</p>\n");
    }
}

impl ConsentPage<'_> {
    /// Who asks, and what is known of them.
    fn asker(&self, chrome: &Chrome<'_>, out: &mut Html) {
        let text = &chrome.text.consent;
        let name = self.application.name.as_str();
        let heading = match (&self.bot, self.only_adds_a_bot()) {
            (None, _) => text.heading,
            (Some(_), false) => text.heading_both,
            (Some(_), true) => text.heading_bot,
        };
        html!(out, "<header class=\"asker\">\n");
        monogram(name, out);
        html!(out, "<h1>");
        out.sentence(heading, &[name]);
        let (standing, class) = if self.application.client.trusted {
            (text.trusted, "tag-trusted")
        } else {
            (text.untrusted, "tag-untrusted")
        };
        html!(
            out,
            "</h1>\n</header>\n<div class=\"byline\">\n<p class=\"tag {}\">",
            class
        );
        out.around(standing, &[&chrome.brand.name], "<bdi>", "</bdi>");
        html!(out, "</p>\n<dl>\n");
        if let Some(owner) = self.owner {
            fact(text.owner, owner, out);
        }
        open_fact(text.since, out);
        html!(
            out,
            "<time datetime=\"{}\">{}</time>",
            self.registered_on,
            self.registered_on
        );
        close_fact(out);
        html!(out, "</dl>\n</div>\n");
        claim(self.application.description.as_str(), chrome, out);
    }

    /// As whom, and how to be somebody else.
    fn account(&self, chrome: &Chrome<'_>, out: &mut Html) {
        let text = &chrome.text.consent;
        html!(out, "<div class=\"account\">\n<p>");
        out.sentence(text.as_whom, &[self.username]);
        html!(out, "</p>\n");
        open_form(self.switch_account_action, self.switch_account_token, out);
        html!(
            out,
            "<button class=\"link\">{}</button>\n</form>\n</div>\n",
            text.switch
        );
    }

    fn scopes(&self, chrome: &Chrome<'_>, out: &mut Html) {
        let text = &chrome.text.consent;
        let may_withhold = self.scopes.iter().any(|line| line.withholdable);
        html!(out, "<fieldset");
        if may_withhold {
            html!(out, " aria-describedby=\"withholding\"");
        }
        html!(out, ">\n<legend>{}</legend>\n", text.scopes);
        if may_withhold {
            html!(
                out,
                "<p class=\"quiet\" id=\"withholding\">{}</p>\n",
                text.untick
            );
        }
        html!(out, "<ul class=\"scopes\" role=\"list\">\n");
        for line in &self.scopes {
            scope_line(line, chrome, out);
        }
        html!(out, "</ul>\n</fieldset>\n");
    }

    fn bot(&self, bot: &BotSection<'_>, chrome: &Chrome<'_>, out: &mut Html) {
        let text = &chrome.text.bot;
        html!(
            out,
            "<section class=\"bot\" aria-labelledby=\"bot\">\n<h2 id=\"bot\">"
        );
        out.sentence(text.heading, &[bot.username]);
        html!(out, "</h2>\n");
        match &bot.guilds {
            GuildPicker::Fixed(name) => {
                html!(out, "<p>");
                out.sentence(text.fixed, &[name]);
                html!(out, "</p>\n");
            }
            GuildPicker::Pick {
                choices,
                not_offered,
                proposal_fails,
            } => {
                if bot.guilds.is_empty() {
                    html!(out, "<p class=\"problem\">{}</p>\n", text.nowhere);
                } else {
                    if *proposal_fails {
                        quiet(text.proposal_fails, out);
                    }
                    self.picker(choices, chrome, out);
                }
                if !not_offered.is_empty() {
                    html!(
                        out,
                        "<details>\n<summary>{}</summary>\n<ul class=\"plain\">\n",
                        text.not_offered
                    );
                    for name in not_offered {
                        html!(
                            out,
                            "<li><bdi>{}</bdi> <span class=\"quiet\">({})</span></li>\n",
                            name,
                            text.not_a_manager
                        );
                    }
                    html!(out, "</ul>\n</details>\n");
                }
            }
        }
        permissions(&bot.permissions, chrome, out);
        html!(out, "</section>\n");
    }

    fn picker(&self, choices: &[GuildChoice<'_>], chrome: &Chrome<'_>, out: &mut Html) {
        let text = &chrome.text.bot;
        html!(
            out,
            "<div class=\"field\">\n<label for=\"guild\">{}</label>\n<select id=\"guild\" name=\"guild_id\"",
            text.add_to
        );
        if self.only_adds_a_bot() {
            html!(out, " required");
        }
        if self.problem.is_some() {
            html!(
                out,
                " aria-invalid=\"true\" aria-describedby=\"problem\" autofocus"
            );
        }
        html!(out, ">\n<option value=\"\">{}</option>\n", text.choose);
        for choice in choices {
            let id = choice.id.to_string();
            let state = if choice.is_there_already {
                " disabled"
            } else {
                selected(choice.is_proposed)
            };
            html!(out, "<option value=\"{}\"{}>{}", id, state, choice.name);
            if choice.is_there_already {
                html!(out, " ({})", text.already_there);
            }
            html!(out, "</option>\n");
        }
        html!(out, "</select>\n</div>\n");
    }

    /// What the application will not be able to do, for whoever wonders.
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

    /// Whether a bot is all it asks for.
    fn only_adds_a_bot(&self) -> bool {
        self.bot.is_some() && self.scopes.len() == 1
    }

    /// Whether the form can be approved as it stands: a bot with nowhere to go cannot be added.
    fn can_be_approved(&self) -> bool {
        let nowhere = self.bot.as_ref().is_some_and(|bot| bot.guilds.is_empty());
        !(nowhere && self.only_adds_a_bot())
    }
}

fn scope_line(line: &ScopeLine, chrome: &Chrome<'_>, out: &mut Html) {
    let text = &chrome.text.consent;
    let scope = line.scope.as_str();
    let has_note = line.preview.is_some() || line.is_dangerous();
    open_line(line.is_dangerous(), out);
    html!(
        out,
        "<label><input type=\"checkbox\" name=\"scope\" value=\"{}\"{}",
        scope,
        checked(line.is_ticked)
    );
    if !line.withholdable {
        html!(out, " disabled");
    }
    if has_note {
        html!(out, " aria-describedby=\"scope-{}\"", scope);
    }
    html!(out, ">\n<span>{}", chrome.text.scope(line.scope));
    if line.new {
        tag("tag-new", text.new, out);
    }
    if line.is_ticked && !line.withholdable {
        tag("", text.included, out);
    }
    if line.is_dangerous() {
        tag("tag-dangerous", text.dangerous, out);
    }
    html!(out, "</span></label>\n");
    if has_note {
        html!(out, "<div class=\"note\" id=\"scope-{}\">\n", scope);
        if line.is_dangerous() {
            html!(out, "<p class=\"warning\">{}</p>\n", text.dangerous_scope);
        }
        if let Some(preview) = &line.preview {
            previewed(preview, chrome, out);
        }
        html!(out, "</div>\n");
    }
    html!(out, "</li>\n");
}

fn previewed(preview: &Preview, chrome: &Chrome<'_>, out: &mut Html) {
    let text = &chrome.text.consent;
    if preview.shown.is_empty() {
        html!(out, "<p>{}</p>\n", text.nothing_yet);
        return;
    }
    html!(out, "<ul class=\"preview\" role=\"list\">");
    for shown in &preview.shown {
        html!(out, "<li><bdi>{}</bdi></li>", shown);
    }
    if preview.more > 0 {
        let more = filled(text.and_more, &[&preview.more.to_string()]);
        html!(out, "<li class=\"more\">{}</li>", more);
    }
    html!(out, "</ul>\n");
}

/// Opens a line of a list of boxes.
fn open_line(is_dangerous: bool, out: &mut Html) {
    html!(
        out,
        "<li class=\"{}\">\n",
        if is_dangerous { "dangerous" } else { "" }
    );
}

/// What the bot is to be able to do, by what it is about.
fn permissions(lines: &[PermissionLine], chrome: &Chrome<'_>, out: &mut Html) {
    let text = &chrome.text.bot;
    if lines.is_empty() {
        quiet(text.no_permissions, out);
        return;
    }
    let dangerous = lines.iter().filter(|line| line.is_dangerous()).count();
    html!(
        out,
        "<fieldset class=\"permissions\" aria-describedby=\"never-more\">\n<legend>{}</legend>\n<p class=\"quiet\">",
        text.permissions
    );
    let counts = [lines.len().to_string(), dangerous.to_string()];
    out.around(
        text.asked,
        &[&counts[0], &counts[1]],
        "<strong>",
        "</strong>",
    );
    html!(out, "</p>\n");
    for group in Group::ALL {
        let mut of_group = lines
            .iter()
            .filter(|line| line.permission.group == group)
            .peekable();
        if of_group.peek().is_none() {
            continue;
        }
        html!(
            out,
            "<fieldset>\n<legend>{}</legend>\n<ul class=\"scopes\" role=\"list\">\n",
            chrome.text.group(group)
        );
        for line in of_group {
            permission_line(line, chrome, out);
        }
        html!(out, "</ul>\n</fieldset>\n");
    }
    html!(
        out,
        "<p class=\"quiet\" id=\"never-more\">{}</p>\n</fieldset>\n",
        text.never_more
    );
}

fn permission_line(line: &PermissionLine, chrome: &Chrome<'_>, out: &mut Html) {
    open_line(line.is_dangerous(), out);
    html!(
        out,
        "<label><input type=\"checkbox\" name=\"permissions\" value=\"{}\"{}>\n<span>{}",
        line.permission.value().to_string(),
        if line.is_held {
            checked(line.is_ticked)
        } else {
            " disabled"
        },
        chrome.text.permission(line.permission)
    );
    if line.is_dangerous() {
        tag("tag-dangerous", chrome.text.consent.dangerous, out);
    }
    if !line.is_held {
        tag("", chrome.text.bot.not_held, out);
    }
    html!(out, "</span></label>\n</li>\n");
}
