//! The pages for administrators.

use super::html::{Html, html};
use super::layout;
use super::parts::{
    claim, close_fact, close_section, done, fact, fact_at, heading, heading_of, hidden, open_fact,
    open_form, open_section, pager, password, problem, quiet, selected, tag, time,
};
use super::settings::Moment;
use super::{Chrome, Page, View};
use crate::fluxer::application::Application;
use crate::fluxer::audit::{Action, Entry};
use crate::fluxer::guild::{Connection, Membership};
use crate::fluxer::user::User;
use crate::oauth::client::ClientKind;
use crate::oauth::redirect_uri::RegisteredUri;
use crate::oauth::time::Timestamp;
use crate::store::{Authorized, EntryFilter, UserKey};

const USERS: &str = "/admin/users";
const APPLICATIONS: &str = "/admin/applications";
const AUDIT_LOG: &str = "/admin/audit-log";

/// Renders a page for administrators: above what it says stand the links between them.
pub fn page(chrome: Chrome<'_>, title: &str, main: &dyn View) -> Page {
    Page::render(chrome, title, &AdminFrame(main))
}

struct AdminFrame<'a>(&'a dyn View);

impl View for AdminFrame<'_> {
    fn write(&self, chrome: &Chrome<'_>, out: &mut Html) {
        let text = &chrome.text.admin;
        html!(
            out,
            "<nav aria-label=\"{}\">\n<ul class=\"links\">\n",
            chrome.text.layout.admin
        );
        for (path, label) in [
            (USERS, text.users),
            (APPLICATIONS, text.applications),
            (AUDIT_LOG, text.audit_log),
        ] {
            let current = match chrome.here {
                here if here == path => "page",
                _ if chrome.is_at(path) => "true",
                _ => "false",
            };
            layout::link(path, label, current, out);
        }
        html!(out, "</ul>\n</nav>\n");
        self.0.write(chrome, out);
    }
}

/// Where there is something to look for.
pub struct AdminPage;

impl View for AdminPage {
    fn write(&self, chrome: &Chrome<'_>, out: &mut Html) {
        let text = &chrome.text.admin;
        heading(chrome.text.layout.admin, out);
        open_section("users", text.users, out);
        find_users("", false, chrome, out);
        close_section(out);
        open_section("applications", text.applications, out);
        find_applications("", chrome, out);
        close_section(out);
        open_section("audit-log", text.audit_log, out);
        html!(
            out,
            "<p><a href=\"/admin/audit-log\">{}</a></p>\n",
            text.open_audit_log
        );
        close_section(out);
    }
}

fn open_search(action: &str, label: &str, out: &mut Html) {
    html!(
        out,
        "<form class=\"search\" method=\"get\" action=\"{}\" role=\"search\" aria-label=\"{}\">\n",
        action,
        label
    );
}

fn close_search(chrome: &Chrome<'_>, out: &mut Html) {
    html!(
        out,
        "<button>{}</button>\n</form>\n",
        chrome.text.admin.search
    );
}

/// A field to look for something with.
fn typed_field(name: &str, label: &str, typed: &str, mode: &str, out: &mut Html) {
    html!(
        out,
        r#"<div class="field">
<label for="{}">{}</label>
<input id="{}" name="{}" value="{}" inputmode="{}" maxlength="100" autocomplete="off" autocapitalize="none" spellcheck="false">
</div>
"#,
        name,
        label,
        name,
        name,
        typed,
        mode
    );
}

fn open_choice(name: &str, label: &str, out: &mut Html) {
    html!(
        out,
        "<div class=\"field\">\n<label for=\"{}\">{}</label>\n<select id=\"{}\" name=\"{}\">\n",
        name,
        label,
        name,
        name
    );
}

fn option(value: &str, is_chosen: bool, label: &str, out: &mut Html) {
    html!(
        out,
        "<option value=\"{}\"{}>{}</option>\n",
        value,
        selected(is_chosen),
        label
    );
}

fn close_choice(out: &mut Html) {
    html!(out, "</select>\n</div>\n");
}

fn find_users(typed: &str, by_email: bool, chrome: &Chrome<'_>, out: &mut Html) {
    let text = &chrome.text.admin;
    open_search(USERS, text.users, out);
    typed_field("q", text.find_users, typed, "search", out);
    open_choice("by", text.find_by, out);
    option("username", !by_email, text.username, out);
    option("email", by_email, text.email, out);
    close_choice(out);
    close_search(chrome, out);
}

fn find_applications(typed: &str, chrome: &Chrome<'_>, out: &mut Html) {
    let text = &chrome.text.admin;
    open_search(APPLICATIONS, text.applications, out);
    // On the first page it stands beside the search for users.
    html!(
        out,
        r#"<div class="field">
<label for="name">{}</label>
<input id="name" name="q" value="{}" inputmode="search" maxlength="100" autocomplete="off" autocapitalize="none" spellcheck="false">
</div>
"#,
        text.find_applications,
        typed
    );
    close_search(chrome, out);
}

/// Users or applications: what was looked for, and a page of what was found.
pub struct ListPage<'a> {
    /// Which of them.
    pub what: Listed<'a>,
    /// What was typed.
    pub typed: &'a str,
    /// The page behind this one.
    pub next: Option<&'a str>,
}

/// What a list is of.
pub enum Listed<'a> {
    /// Users, and what was searched.
    Users(&'a [User], UserKey),
    /// Applications.
    Applications(&'a [Application]),
}

impl View for ListPage<'_> {
    fn write(&self, chrome: &Chrome<'_>, out: &mut Html) {
        let text = &chrome.text.admin;
        let is_empty = match &self.what {
            Listed::Users(users, by) => {
                heading(text.users, out);
                find_users(self.typed, *by == UserKey::Email, chrome, out);
                users.is_empty()
            }
            Listed::Applications(applications) => {
                heading(text.applications, out);
                find_applications(self.typed, chrome, out);
                applications.is_empty()
            }
        };
        if is_empty {
            nothing_found(chrome, out);
        } else {
            html!(out, "<ul class=\"rows\" role=\"list\">\n");
            match &self.what {
                Listed::Users(users, _) => users.iter().for_each(|it| user_row(it, chrome, out)),
                Listed::Applications(applications) => {
                    let applications = applications.iter();
                    applications.for_each(|it| application_row(it, chrome, out));
                }
            }
            html!(out, "</ul>\n");
        }
        pager(text.pages, &[(self.next, text.next)], out);
    }
}

fn nothing_found(chrome: &Chrome<'_>, out: &mut Html) {
    html!(
        out,
        "<p class=\"quiet\" role=\"status\">{}</p>\n",
        chrome.text.admin.nothing_found
    );
}

/// The link to the page of something that a stranger named.
fn named_link(path: &str, id: &str, name: &str, out: &mut Html) {
    html!(
        out,
        "<a class=\"name\" href=\"{}/{}\"><bdi>{}</bdi></a>",
        path,
        id,
        name
    );
}

fn user_row(user: &User, chrome: &Chrome<'_>, out: &mut Html) {
    let text = &chrome.text.admin;
    let id = user.id.to_string();
    html!(out, "<li>\n<p>");
    named_link(USERS, &id, user.username.as_str(), out);
    html!(
        out,
        "<span class=\"quiet\">#{}</span>",
        user.discriminator.as_str()
    );
    if user.admin {
        tag("tag-new", text.administrator, out);
    }
    html!(
        out,
        "</p>\n<p class=\"quiet\"><bdi>{}</bdi>",
        user.email.as_str()
    );
    if !user.verified {
        tag("", text.unverified, out);
    }
    html!(out, " · {}</p>\n</li>\n", id);
}

fn application_row(application: &Application, chrome: &Chrome<'_>, out: &mut Html) {
    let text = &chrome.text.admin;
    let id = application.client.id.to_string();
    html!(out, "<li>\n<p>");
    named_link(APPLICATIONS, &id, application.name.as_str(), out);
    if application.client.trusted {
        tag("tag-new", text.trusted, out);
    }
    if application.bot.is_some() {
        tag("", text.bot, out);
    }
    html!(out, "</p>\n<p class=\"quiet\">{}</p>\n</li>\n", id);
}

/// One user.
pub struct AdminUserPage<'a> {
    /// Where its forms post to.
    pub action: &'a str,
    /// The hidden field.
    pub csrf_token: &'a str,
    /// What was just done.
    pub done: Option<&'static str>,
    /// Who.
    pub user: &'a User,
    /// A page of what they authorized.
    pub authorized: Vec<Authorized>,
    /// The next page of it.
    pub next: Option<&'a str>,
    /// Their guilds, as many as are shown and one more where there are more.
    pub memberships: Vec<Membership>,
    /// Their accounts on other services, likewise.
    pub connections: Vec<Connection>,
    /// Their own applications, likewise.
    pub applications: Vec<Application>,
}

impl View for AdminUserPage<'_> {
    fn write(&self, chrome: &Chrome<'_>, out: &mut Html) {
        let text = &chrome.text.admin;
        heading_of(self.user.username.as_str(), out);
        done(self.done, out);
        self.facts(chrome, out);
        open_section("authorizations", chrome.text.layout.authorizations, out);
        if self.authorized.is_empty() {
            quiet(text.none, out);
        } else {
            self.authorizations(chrome, out);
        }
        close_section(out);
        few(
            "communities",
            text.communities,
            self.memberships.len(),
            chrome,
            out,
            &|nth, out| {
                let Some(it) = self.memberships.get(nth) else {
                    return;
                };
                html!(out, "<bdi>{}</bdi>", it.guild.name.as_str());
                if it.is_owner {
                    tag("", text.owner, out);
                }
                html!(
                    out,
                    " <span class=\"quiet\">{}</span>",
                    it.guild.id.to_string()
                );
            },
        );
        few(
            "connections",
            text.connections,
            self.connections.len(),
            chrome,
            out,
            &|nth, out| {
                let Some(it) = self.connections.get(nth) else {
                    return;
                };
                html!(
                    out,
                    "{}: <bdi>{}</bdi> <span class=\"quiet\"><bdi>{}</bdi></span>",
                    it.kind.as_str(),
                    it.name.as_str(),
                    it.id.as_str()
                );
                tag("", is_verified(it.verified, chrome), out);
            },
        );
        few(
            "applications",
            text.applications,
            self.applications.len(),
            chrome,
            out,
            &|nth, out| {
                if let Some(it) = self.applications.get(nth) {
                    named_link(
                        APPLICATIONS,
                        &it.client.id.to_string(),
                        it.name.as_str(),
                        out,
                    );
                }
            },
        );
    }
}

impl AdminUserPage<'_> {
    fn facts(&self, chrome: &Chrome<'_>, out: &mut Html) {
        let text = &chrome.text.admin;
        let user = self.user;
        let id = user.id.to_string();
        html!(out, "<dl class=\"facts\">\n");
        fact(text.id, &id, out);
        open_fact(text.username, out);
        html!(
            out,
            "<bdi>{}</bdi>#{}",
            user.username.as_str(),
            user.discriminator.as_str()
        );
        close_fact(out);
        open_fact(text.email, out);
        html!(out, "<bdi>{}</bdi>", user.email.as_str());
        tag("", is_verified(user.verified, chrome), out);
        close_fact(out);
        fact(text.administrator, yes_or_no(user.admin, chrome), out);
        fact_at(text.registered, Moment(user.created_at), out);
        open_fact(text.audit_log, out);
        html!(
            out,
            "<a href=\"/admin/audit-log?actor={}\">{}</a>, <a href=\"/admin/audit-log?target={}\">{}</a>",
            id,
            text.done_by,
            id,
            text.done_on
        );
        close_fact(out);
        html!(out, "</dl>\n");
    }

    fn authorizations(&self, chrome: &Chrome<'_>, out: &mut Html) {
        let text = &chrome.text.admin;
        html!(out, "<ul class=\"rows\" role=\"list\">\n");
        for (nth, it) in self.authorized.iter().enumerate() {
            let (nth, id) = (nth.to_string(), it.application.client.id.to_string());
            html!(out, "<li class=\"row\">\n<div>\n<p id=\"a{}\">", nth);
            named_link(APPLICATIONS, &id, it.application.name.as_str(), out);
            html!(
                out,
                "</p>\n<p class=\"quiet\">{} · ",
                it.authorization.scope.to_string()
            );
            time(Moment(it.authorization.updated_at), out);
            html!(out, "</p>\n</div>\n");
            open_form(self.action, self.csrf_token, out);
            hidden("application", &id, out);
            html!(
                out,
                "<button class=\"small\" name=\"action\" value=\"application\" aria-describedby=\"a{}\">{}</button>\n</form>\n</li>\n",
                nth,
                text.revoke
            );
        }
        html!(out, "</ul>\n");
        pager(text.pages, &[(self.next, text.next)], out);
        open_form(self.action, self.csrf_token, out);
        html!(
            out,
            "<button class=\"danger\" name=\"action\" value=\"everything\">{}</button>\n</form>\n",
            text.revoke_everything
        );
    }
}

fn is_verified(verified: bool, chrome: &Chrome<'_>) -> &'static str {
    let text = &chrome.text.admin;
    if verified {
        text.verified
    } else {
        text.unverified
    }
}

fn yes_or_no(yes: bool, chrome: &Chrome<'_>) -> &'static str {
    let text = &chrome.text.admin;
    if yes { text.yes } else { text.no }
}

/// Most that are shown of what may be many.
pub const FEW: u32 = 25;

/// The first of what may be many, under a heading; `write` writes each by its place.
fn few(
    id: &str,
    title: &str,
    count: usize,
    chrome: &Chrome<'_>,
    out: &mut Html,
    write: &dyn Fn(usize, &mut Html),
) {
    let text = &chrome.text.admin;
    let most = usize::try_from(FEW).unwrap_or(usize::MAX);
    open_section(id, title, out);
    if count == 0 {
        quiet(text.none, out);
    } else {
        html!(out, "<ul class=\"plain\">\n");
        for nth in 0..count.min(most) {
            html!(out, "<li>");
            write(nth, out);
            html!(out, "</li>\n");
        }
        html!(out, "</ul>\n");
    }
    if count > most {
        quiet(text.only_the_first, out);
    }
    close_section(out);
}

/// One application.
pub struct AdminApplicationPage<'a> {
    /// Where its form posts to.
    pub action: &'a str,
    /// The hidden field.
    pub csrf_token: &'a str,
    /// What was just done.
    pub done: Option<&'static str>,
    /// Why it was not.
    pub problem: Option<Problem>,
    /// Which.
    pub application: &'a Application,
    /// Whose it is.
    pub owner: Option<&'a User>,
}

/// Why trust was not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// The password was another.
    WrongPassword,
    /// There were too many wrong ones; the seconds until the next attempt.
    TooManyAttempts(u64),
}

impl View for AdminApplicationPage<'_> {
    fn write(&self, chrome: &Chrome<'_>, out: &mut Html) {
        let text = &chrome.text.admin;
        heading_of(self.application.name.as_str(), out);
        done(self.done, out);
        claim(self.application.description.as_str(), chrome, out);
        self.facts(chrome, out);
        let trusted = self.application.client.trusted;
        open_section("trust", text.trust, out);
        let (means, class, action, words) = if trusted {
            (text.withdraw_means, "danger", "withdraw", text.withdraw)
        } else {
            (text.grant_means, "", "grant", text.grant)
        };
        html!(out, "<p>{}</p>\n", means);
        match self.problem {
            Some(Problem::WrongPassword) => {
                problem("trust-problem", text.wrong_password, None, out);
            }
            Some(Problem::TooManyAttempts(seconds)) => {
                problem(
                    "trust-problem",
                    chrome.text.login.too_many,
                    Some(seconds),
                    out,
                );
            }
            None => {}
        }
        open_form(self.action, self.csrf_token, out);
        password("trust", text.password, self.problem.is_some(), chrome, out);
        html!(
            out,
            "<div class=\"actions\"><button class=\"{}\" name=\"action\" value=\"{}\">{}</button></div>\n</form>\n",
            class,
            action,
            words
        );
        close_section(out);
    }
}

impl AdminApplicationPage<'_> {
    fn facts(&self, chrome: &Chrome<'_>, out: &mut Html) {
        let text = &chrome.text.admin;
        let application = self.application;
        let id = application.client.id.to_string();
        html!(out, "<dl class=\"facts\">\n");
        fact(text.id, &id, out);
        open_fact(text.owner, out);
        if let Some(owner) = self.owner {
            named_link(USERS, &owner.id.to_string(), owner.username.as_str(), out);
        } else {
            html!(out, "{}", text.none);
        }
        close_fact(out);
        let kind = match application.client.kind {
            ClientKind::Public => text.public,
            _ => text.confidential,
        };
        fact(text.kind, kind, out);
        open_fact(text.redirect_uris, out);
        let uris = application.client.redirect_uris.iter();
        if uris.len() == 0 {
            html!(out, "{}", text.none);
        } else {
            html!(out, "<ul class=\"plain\">");
            for uri in uris.map(RegisteredUri::as_str) {
                html!(out, "<li><bdi dir=\"ltr\">{}</bdi></li>", uri);
            }
            html!(out, "</ul>");
        }
        close_fact(out);
        open_fact(text.bot, out);
        if let Some(bot) = &application.bot {
            html!(
                out,
                "<bdi>{}</bdi>#{}",
                bot.username.as_str(),
                bot.discriminator.as_str()
            );
            let who = if application.bot_public {
                text.bot_public
            } else {
                text.bot_private
            };
            tag("", who, out);
        } else {
            html!(out, "{}", text.none);
        }
        close_fact(out);
        fact(
            text.trusted,
            yes_or_no(application.client.trusted, chrome),
            out,
        );
        fact_at(text.registered, Moment(application.created_at), out);
        open_fact(text.audit_log, out);
        html!(
            out,
            "<a href=\"/admin/audit-log?target={}\">{}</a>",
            id,
            text.done_on
        );
        close_fact(out);
        html!(out, "</dl>\n");
    }
}

/// The audit log.
pub struct AuditLogPage<'a> {
    /// What was asked for.
    pub wanted: EntryFilter,
    /// The ids as they were typed: by whom, on whom.
    pub typed: [&'a str; 2],
    /// What was found, newest first.
    pub entries: Vec<Entry>,
    /// The page before this one in time.
    pub older: Option<&'a str>,
}

impl View for AuditLogPage<'_> {
    fn write(&self, chrome: &Chrome<'_>, out: &mut Html) {
        let text = &chrome.text.admin;
        let [actor, target] = self.typed;
        heading(text.audit_log, out);
        open_search(AUDIT_LOG, text.audit_log, out);
        open_choice("action", text.action, out);
        option("", false, text.any, out);
        for action in Action::ALL {
            let is_wanted = self.wanted.action == Some(*action);
            option(action.as_str(), is_wanted, words(*action, chrome), out);
        }
        close_choice(out);
        typed_field("actor", text.actor_id, actor, "numeric", out);
        typed_field("target", text.target_id, target, "numeric", out);
        close_search(chrome, out);
        if self.entries.is_empty() {
            nothing_found(chrome, out);
        } else {
            html!(out, "<ol class=\"rows\" role=\"list\">\n");
            for entry in &self.entries {
                write_entry(entry, chrome, out);
            }
            html!(out, "</ol>\n");
        }
        pager(text.pages, &[(self.older, text.older)], out);
    }
}

fn words(action: Action, chrome: &Chrome<'_>) -> &'static str {
    let words = chrome.text.admin.actions.get(action as usize);
    words.copied().unwrap_or_default()
}

fn write_entry(entry: &Entry, chrome: &Chrome<'_>, out: &mut Html) {
    let text = &chrome.text.admin;
    let done_at = Timestamp::from_millis(entry.id.0.created_at_millis());
    html!(
        out,
        "<li>\n<p><span class=\"name\">{}</span> <span class=\"quiet\">",
        words(entry.action, chrome)
    );
    time(Moment(done_at), out);
    html!(out, "</span></p>\n<dl class=\"facts\">\n");
    let application = entry.application.map(|application| application.0);
    for (label, href, id) in [
        (text.actor, "/admin/audit-log?actor=", entry.actor),
        (text.target, "/admin/audit-log?target=", entry.target),
        (text.application, "/admin/applications/", application),
    ] {
        if let Some(id) = id {
            let id = id.to_string();
            open_fact(label, out);
            html!(out, "<a href=\"{}{}\">{}</a>", href, id, id);
            close_fact(out);
        }
    }
    open_fact(text.address, out);
    html!(out, "{}", entry.address);
    close_fact(out);
    if !entry.details.is_null() {
        fact(text.details, &entry.details.to_string(), out);
    }
    html!(out, "</dl>\n</li>\n");
}
