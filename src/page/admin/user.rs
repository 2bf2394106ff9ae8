//! The page of one user, as administrators see it.

use maud::{Markup, html};

use super::{APPLICATIONS, ConfirmationProblem, named_link, suspension, yes_or_no};
use crate::fluxer::application::Application;
use crate::fluxer::guild::{Connection, Membership};
use crate::fluxer::user::User;
use crate::page::moment::Moment;
use crate::page::parts::{
    done, fact, fact_at, fact_of, form, heading_of, hidden, pager, password, problem_id, quiet,
    section, tag, time,
};
use crate::page::{Chrome, View};
use crate::store::Authorized;

/// One user, as administrators see it.
pub struct AdminUserPage<'a> {
    /// The path that its forms post to.
    pub action: &'a str,
    /// The hidden field.
    pub csrf_token: &'a str,
    /// The words about the operation that this page answers, where it succeeded.
    pub done: Option<&'static str>,
    /// The reason why the user was not deleted.
    pub problem: Option<ConfirmationProblem>,
    /// Whether the user can be suspended and deleted here: the users are this server's, and it is not the
    /// administrator who asks.
    pub is_ours: bool,
    /// The user whom the page is about.
    pub user: &'a User,
    /// A page of what the user authorized.
    pub authorized: Vec<Authorized>,
    /// The URL of the next page of it.
    pub next: Option<&'a str>,
    /// The user's guilds: at most [`FEW`], and one more where there are more.
    pub memberships: Vec<Membership>,
    /// The user's accounts on other services, as many as of the guilds.
    pub connections: Vec<Connection>,
    /// The user's own applications, as many as of the guilds.
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
            @if self.is_ours {
                (suspension(
                    (self.action, self.csrf_token),
                    self.user.suspended,
                    text.suspension_of_user,
                    chrome,
                ))
                (section("delete", text.deletion, &self.deletion(chrome)))
            }
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
                (fact_of(text.suspended, yes_or_no(user.suspended, chrome)))
                (fact_at(text.registered, Moment(user.created_at), chrome))
                (fact(text.audit_log, &audit_log))
            }
        }
    }

    /// The form that deletes the user, and asks what becomes of the user's applications.
    fn deletion(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.admin;
        let no_heir = self.problem == Some(ConfirmationProblem::NoHeir);
        let is_wrong = self.problem.is_some() && !no_heir;
        let [legend, deleted, handed_over, heir] = text.fate;
        let fields = html! {
            @if !self.applications.is_empty() {
                fieldset {
                    legend { (legend) }
                    ul.scopes role="list" {
                        @for (value, words) in [("heir", handed_over), ("delete", deleted)] {
                            li {
                                label {
                                    input type="radio" name="applications" value=(value) required;
                                    " " span { (words) }
                                }
                            }
                        }
                    }
                    div.field {
                        label for="heir" { (heir) }
                        input #heir name="heir" maxlength="100" autocomplete="off"
                            autocapitalize="none" spellcheck="false"
                            aria-invalid=[no_heir.then_some("true")]
                            aria-describedby=[problem_id(no_heir, "delete")];
                    }
                }
            }
            (password("delete", text.password, is_wrong, chrome))
            div.actions { button.danger name="action" value="delete" { (text.deletion) } }
        };
        html! {
            p { (text.deletion_means) }
            @if let Some(problem) = self.problem { (problem.told("delete", chrome)) }
            (form(self.action, self.csrf_token, &fields))
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

    /// One authorization. `nth` makes the ids of its elements unique on the page.
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
                        (time(Moment(it.authorization.updated_at), chrome))
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

/// Most entries of a list that the page shows.
pub const FEW: u32 = 25;

/// The first [`FEW`] entries of a list under a heading. `item` renders the entry at a place.
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
