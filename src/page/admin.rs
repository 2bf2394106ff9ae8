//! The pages for administrators.

use maud::{Markup, html};

use super::layout;
use super::parts::{
    claim, done, fact, fact_at, fact_of, form, heading, heading_of, hidden, pager, password,
    problem, quiet, section, tag, time,
};
use super::settings::Moment;
use super::{Chrome, Page, View};
use crate::fluxer::application::Application;
use crate::fluxer::audit::{Action, Entry};
use crate::fluxer::guild::{Connection, Membership};
use crate::fluxer::user::User;
use crate::oauth::client::ClientKind;
use crate::oauth::redirect_uri::RegisteredUri;
use crate::store::{Authorized, EntryFilter, UserKey};
use crate::time::Timestamp;

const USERS: &str = "/admin/users";
const APPLICATIONS: &str = "/admin/applications";
const AUDIT_LOG: &str = "/admin/audit-log";

/// Renders a page for administrators: above what it says stand the links between them.
pub fn page(chrome: Chrome<'_>, title: &str, main: &dyn View) -> Page {
    Page::render(chrome, title, &AdminFrame(main))
}

struct AdminFrame<'a>(&'a dyn View);

impl View for AdminFrame<'_> {
    fn body(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.admin;
        html! {
            nav aria-label=(chrome.text.layout.admin) {
                ul.links {
                    @for (path, label) in [
                        (USERS, text.users),
                        (APPLICATIONS, text.applications),
                        (AUDIT_LOG, text.audit_log),
                    ] {
                        (layout::link(path, label, current(path, chrome)))
                    }
                }
            }
            (self.0.body(chrome))
        }
    }
}

/// The `aria-current` of a link to a path.
fn current(path: &str, chrome: &Chrome<'_>) -> &'static str {
    match chrome.here {
        here if here == path => "page",
        _ if chrome.is_at(path) => "true",
        _ => "false",
    }
}

/// Where there is something to look for.
pub struct AdminPage;

impl View for AdminPage {
    fn body(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.admin;
        let audit_log = html! { p { a href=(AUDIT_LOG) { (text.open_audit_log) } } };
        html! {
            (heading(chrome.text.layout.admin))
            (section("users", text.users, &find_users("", false, chrome)))
            (section("applications", text.applications, &find_applications("", chrome)))
            (section("audit-log", text.audit_log, &audit_log))
        }
    }
}

fn search(action: &str, label: &str, fields: &Markup, chrome: &Chrome<'_>) -> Markup {
    html! {
        form.search method="get" action=(action) role="search" aria-label=(label) {
            (fields)
            button { (chrome.text.admin.search) }
        }
    }
}

/// A field to look for something with.
fn typed_field(id: &str, name: &str, label: &str, typed: &str, mode: &str) -> Markup {
    html! {
        div.field {
            label for=(id) { (label) }
            input id=(id) name=(name) value=(typed) inputmode=(mode) maxlength="100"
                autocomplete="off" autocapitalize="none" spellcheck="false";
        }
    }
}

fn choice(name: &str, label: &str, options: &Markup) -> Markup {
    html! {
        div.field {
            label for=(name) { (label) }
            select id=(name) name=(name) { (options) }
        }
    }
}

fn option(value: &str, is_chosen: bool, label: &str) -> Markup {
    html! { option value=(value) selected[is_chosen] { (label) } }
}

fn find_users(typed: &str, by_email: bool, chrome: &Chrome<'_>) -> Markup {
    let text = &chrome.text.admin;
    let keys = html! {
        (option("username", !by_email, text.username))
        (option("email", by_email, text.email))
    };
    let fields = html! {
        (typed_field("q", "q", text.find_users, typed, "search"))
        (choice("by", text.find_by, &keys))
    };
    search(USERS, text.users, &fields, chrome)
}

fn find_applications(typed: &str, chrome: &Chrome<'_>) -> Markup {
    let text = &chrome.text.admin;
    // On the first page it stands beside the search for users, which has the id `q`.
    let field = typed_field("name", "q", text.find_applications, typed, "search");
    search(APPLICATIONS, text.applications, &field, chrome)
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
    fn body(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.admin;
        let (title, search, is_empty) = match &self.what {
            Listed::Users(users, by) => {
                let by_email = *by == UserKey::Email;
                let search = find_users(self.typed, by_email, chrome);
                (text.users, search, users.is_empty())
            }
            Listed::Applications(applications) => {
                let search = find_applications(self.typed, chrome);
                (text.applications, search, applications.is_empty())
            }
        };
        html! {
            (heading(title))
            (search)
            @if is_empty {
                (nothing_found(chrome))
            } @else {
                ul.rows role="list" {
                    @match &self.what {
                        Listed::Users(users, _) => {
                            @for user in *users { (user_row(user, chrome)) }
                        }
                        Listed::Applications(applications) => {
                            @for application in *applications {
                                (application_row(application, chrome))
                            }
                        }
                    }
                }
            }
            (pager(text.pages, &[(self.next, text.next)]))
        }
    }
}

fn nothing_found(chrome: &Chrome<'_>) -> Markup {
    html! { p.quiet role="status" { (chrome.text.admin.nothing_found) } }
}

/// The link to the page of something that a stranger named.
fn named_link(path: &str, id: &str, name: &str) -> Markup {
    html! { a.name href={ (path) "/" (id) } { bdi { (name) } } }
}

fn user_row(user: &User, chrome: &Chrome<'_>) -> Markup {
    let text = &chrome.text.admin;
    let id = user.id.to_string();
    html! {
        li {
            p {
                (named_link(USERS, &id, user.username.as_str()))
                span.quiet { "#" (user.discriminator.as_str()) }
                @if user.admin { (tag("tag-new", text.administrator)) }
            }
            p.quiet {
                bdi { (user.email.as_str()) }
                @if !user.verified { (tag("", text.unverified)) }
                " · " (id)
            }
        }
    }
}

fn application_row(application: &Application, chrome: &Chrome<'_>) -> Markup {
    let text = &chrome.text.admin;
    let id = application.client.id.to_string();
    html! {
        li {
            p {
                (named_link(APPLICATIONS, &id, application.name.as_str()))
                @if application.client.trusted { (tag("tag-new", text.trusted)) }
                @if application.bot.is_some() { (tag("", text.bot)) }
            }
            p.quiet { (id) }
        }
    }
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
    fn body(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.admin;
        let authorized = if self.authorized.is_empty() {
            quiet(text.none)
        } else {
            self.authorizations(chrome)
        };
        let (memberships, connections) = (&self.memberships, &self.connections);
        let applications = &self.applications;
        html! {
            (heading_of(self.user.username.as_str()))
            (done(self.done))
            (self.facts(chrome))
            (section("authorizations", chrome.text.layout.authorizations, &authorized))
            (few("communities", text.communities, memberships.len(), chrome, &|nth| html! {
                @if let Some(it) = memberships.get(nth) {
                    bdi { (it.guild.name.as_str()) }
                    @if it.is_owner { (tag("", text.owner)) }
                    " " span.quiet { (it.guild.id.to_string()) }
                }
            }))
            (few("connections", text.connections, connections.len(), chrome, &|nth| html! {
                @if let Some(it) = connections.get(nth) {
                    (it.kind.as_str()) ": " bdi { (it.name.as_str()) } " "
                    span.quiet { bdi { (it.id.as_str()) } }
                    (tag("", is_verified(it.verified, chrome)))
                }
            }))
            (few("applications", text.applications, applications.len(), chrome, &|nth| html! {
                @if let Some(it) = applications.get(nth) {
                    (named_link(APPLICATIONS, &it.client.id.to_string(), it.name.as_str()))
                }
            }))
        }
    }
}

impl AdminUserPage<'_> {
    fn facts(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.admin;
        let user = self.user;
        let id = user.id.to_string();
        let username = html! { bdi { (user.username.as_str()) } "#" (user.discriminator.as_str()) };
        let email = html! {
            bdi { (user.email.as_str()) }
            (tag("", is_verified(user.verified, chrome)))
        };
        let audit_log = html! {
            a href={ "/admin/audit-log?actor=" (id) } { (text.done_by) } ", "
            a href={ "/admin/audit-log?target=" (id) } { (text.done_on) }
        };
        html! {
            dl.facts {
                (fact_of(text.id, &id))
                (fact(text.username, &username))
                (fact(text.email, &email))
                (fact_of(text.administrator, yes_or_no(user.admin, chrome)))
                (fact_at(text.registered, Moment(user.created_at)))
                (fact(text.audit_log, &audit_log))
            }
        }
    }

    fn authorizations(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.admin;
        let everything = html! {
            button.danger name="action" value="everything" { (text.revoke_everything) }
        };
        html! {
            ul.rows role="list" {
                @for (nth, it) in self.authorized.iter().enumerate() {
                    (self.authorization(&nth.to_string(), it, chrome))
                }
            }
            (pager(text.pages, &[(self.next, text.next)]))
            (form(self.action, self.csrf_token, &everything))
        }
    }

    /// One authorization; `nth` tells it from the others on the page.
    fn authorization(&self, nth: &str, it: &Authorized, chrome: &Chrome<'_>) -> Markup {
        let id = it.application.client.id.to_string();
        let revoke = html! {
            (hidden("application", &id))
            button.small name="action" value="application" aria-describedby={ "a" (nth) } {
                (chrome.text.admin.revoke)
            }
        };
        html! {
            li.row {
                div {
                    p id={ "a" (nth) } {
                        (named_link(APPLICATIONS, &id, it.application.name.as_str()))
                    }
                    p.quiet {
                        (it.authorization.scope.to_string()) " · "
                        (time(Moment(it.authorization.updated_at)))
                    }
                }
                (form(self.action, self.csrf_token, &revoke))
            }
        }
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

/// The first of what may be many, under a heading; `item` is each of them by its place.
fn few(
    id: &str,
    title: &str,
    count: usize,
    chrome: &Chrome<'_>,
    item: &dyn Fn(usize) -> Markup,
) -> Markup {
    let text = &chrome.text.admin;
    let most = usize::try_from(FEW).unwrap_or(usize::MAX);
    let items = html! {
        @if count == 0 {
            (quiet(text.none))
        } @else {
            ul.plain {
                @for nth in 0..count.min(most) { li { (item(nth)) } }
            }
        }
        @if count > most { (quiet(text.only_the_first)) }
    };
    section(id, title, &items)
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
    fn body(&self, chrome: &Chrome<'_>) -> Markup {
        html! {
            (heading_of(self.application.name.as_str()))
            (done(self.done))
            (claim(self.application.description.as_str(), chrome))
            (self.facts(chrome))
            (section("trust", chrome.text.admin.trust, &self.trust(chrome)))
        }
    }
}

impl AdminApplicationPage<'_> {
    /// What grants or withdraws trust.
    fn trust(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.admin;
        let (means, class, action, words) = if self.application.client.trusted {
            (text.withdraw_means, "danger", "withdraw", text.withdraw)
        } else {
            (text.grant_means, "", "grant", text.grant)
        };
        let fields = html! {
            (password("trust", text.password, self.problem.is_some(), chrome))
            div.actions { button class=(class) name="action" value=(action) { (words) } }
        };
        html! {
            p { (means) }
            @if let Some(why) = self.problem {
                @let (words, seconds) = match why {
                    Problem::WrongPassword => (text.wrong_password, None),
                    Problem::TooManyAttempts(seconds) => {
                        (chrome.text.login.too_many, Some(seconds))
                    }
                };
                (problem("trust-problem", words, seconds))
            }
            (form(self.action, self.csrf_token, &fields))
        }
    }

    fn facts(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.admin;
        let application = self.application;
        let id = application.client.id.to_string();
        let kind = match application.client.kind {
            ClientKind::Public => text.public,
            _ => text.confidential,
        };
        let trusted = yes_or_no(application.client.trusted, chrome);
        let audit_log = html! {
            a href={ "/admin/audit-log?target=" (id) } { (text.done_on) }
        };
        html! {
            dl.facts {
                (fact_of(text.id, &id))
                (fact(text.owner, &self.owner(chrome)))
                (fact_of(text.kind, kind))
                (fact(text.redirect_uris, &self.redirect_uris(chrome)))
                (fact(text.bot, &self.bot(chrome)))
                (fact_of(text.trusted, trusted))
                (fact_at(text.registered, Moment(application.created_at)))
                (fact(text.audit_log, &audit_log))
            }
        }
    }

    fn owner(&self, chrome: &Chrome<'_>) -> Markup {
        html! {
            @match self.owner {
                Some(owner) => (named_link(USERS, &owner.id.to_string(), owner.username.as_str())),
                None => (chrome.text.admin.none),
            }
        }
    }

    fn redirect_uris(&self, chrome: &Chrome<'_>) -> Markup {
        let uris = self.application.client.redirect_uris.iter();
        html! {
            @if uris.len() == 0 {
                (chrome.text.admin.none)
            } @else {
                ul.plain {
                    @for uri in uris.map(RegisteredUri::as_str) { li { bdi dir="ltr" { (uri) } } }
                }
            }
        }
    }

    fn bot(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.admin;
        let is_public = self.application.bot_public;
        html! {
            @match &self.application.bot {
                Some(bot) => {
                    bdi { (bot.username.as_str()) } "#" (bot.discriminator.as_str())
                    (tag("", if is_public { text.bot_public } else { text.bot_private }))
                }
                None => (text.none),
            }
        }
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
    fn body(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.admin;
        let [actor, target] = self.typed;
        let actions = html! {
            (option("", false, text.any))
            @for action in Action::ALL {
                @let is_wanted = self.wanted.action == Some(*action);
                (option(action.as_str(), is_wanted, words(*action, chrome)))
            }
        };
        let fields = html! {
            (choice("action", text.action, &actions))
            (typed_field("actor", "actor", text.actor_id, actor, "numeric"))
            (typed_field("target", "target", text.target_id, target, "numeric"))
        };
        html! {
            (heading(text.audit_log))
            (search(AUDIT_LOG, text.audit_log, &fields, chrome))
            @if self.entries.is_empty() {
                (nothing_found(chrome))
            } @else {
                ol.rows role="list" {
                    @for entry in &self.entries { (entry_row(entry, chrome)) }
                }
            }
            (pager(text.pages, &[(self.older, text.older)]))
        }
    }
}

fn words(action: Action, chrome: &Chrome<'_>) -> &'static str {
    let words = chrome.text.admin.actions.get(action as usize);
    words.copied().unwrap_or_default()
}

fn entry_row(entry: &Entry, chrome: &Chrome<'_>) -> Markup {
    let text = &chrome.text.admin;
    let done_at = Timestamp::from_millis(entry.id.0.created_at_millis());
    let application = entry.application.map(|application| application.0);
    html! {
        li {
            p {
                span.name { (words(entry.action, chrome)) } " "
                span.quiet { (time(Moment(done_at))) }
            }
            dl.facts {
                @for (label, href, id) in [
                    (text.actor, "/admin/audit-log?actor=", entry.actor),
                    (text.target, "/admin/audit-log?target=", entry.target),
                    (text.application, "/admin/applications/", application),
                ] {
                    @if let Some(id) = id {
                        @let id = id.to_string();
                        (fact(label, &html! { a href={ (href) (id) } { (id) } }))
                    }
                }
                (fact(text.address, &html! { (entry.address) }))
                @if !entry.details.is_null() {
                    (fact_of(text.details, &entry.details.to_string()))
                }
            }
        }
    }
}
