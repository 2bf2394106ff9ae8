//! The pages for administrators, a file a page, and the parts that several of them share.

use maud::{Markup, html};

use super::layout;
use super::parts::{form, section, time};
use super::{Chrome, Page, View};

pub use application::{AdminApplicationPage, ConfirmationProblem};
pub use audit_log::{AuditLogPage, Typed};
pub use list::{ListPage, Listed};
pub use overview::{ChartRange, KeyRow, OverviewPage};
pub use resource::{ResourceAction, ResourceForm, ResourcePage, ResourcesPage};
pub use user::{AdminUserPage, FEW};

mod application;
mod audit_log;
mod list;
mod overview;
mod resource;
mod user;

const USERS: &str = "/admin/users";
const APPLICATIONS: &str = "/admin/applications";
const RESOURCES: &str = "/admin/resources";
const AUDIT_LOG: &str = "/admin/audit-log";

/// Renders a page for administrators, with the links between these pages above it.
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
                        (RESOURCES, text.resource.heading),
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

/// The `aria-current` of a link to `path`, as HTML spells it.
fn current(path: &str, chrome: &Chrome<'_>) -> &'static str {
    match chrome.here {
        here if here == path => "page",
        _ if chrome.is_at(path) => "true",
        _ => "false",
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

/// The text field of a search. `mode` is its `inputmode`, the keyboard that a phone shows.
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

/// The form that suspends a user or an application, or frees one. `means` says what each of the two does.
fn suspension(
    (action, csrf_token): (&str, &str),
    is_suspended: bool,
    [stops, goes_on]: [&str; 2],
    chrome: &Chrome<'_>,
) -> Markup {
    let text = &chrome.text.admin;
    let (means, class, value, words) = if is_suspended {
        (goes_on, "", "resume", text.resume)
    } else {
        (stops, "danger", "suspend", text.suspend)
    };
    let button = html! { button class=(class) name="action" value=(value) { (words) } };
    let body = html! {
        p { (means) }
        (form(action, csrf_token, &button))
    };
    section("suspension", text.suspension, &body)
}

fn nothing_found(chrome: &Chrome<'_>) -> Markup {
    html! { p.quiet role="status" { (chrome.text.admin.nothing_found) } }
}

/// The link to the page of something with a name that a stranger chose.
fn named_link(path: &str, id: &str, name: &str) -> Markup {
    html! { a.name href={ (path) "/" (id) } { bdi { (name) } } }
}

fn yes_or_no(yes: bool, chrome: &Chrome<'_>) -> &'static str {
    let text = &chrome.text.admin;
    if yes { text.yes } else { text.no }
}
