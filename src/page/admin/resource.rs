//! The page of all resource servers and that of one, where administrators register, change and delete them.

use maud::{Markup, html};
use serde_json::{Value, json};

use super::{ConfirmationProblem, RESOURCES, named_link};
use crate::fluxer::api_error::FieldError;
use crate::fluxer::resource::Resource;
use crate::http::with_member;
use crate::oauth::jwk::SigningAlgorithm;
use crate::oauth::params::Params;
use crate::page::copyable::secret;
use crate::page::fields::{FormMembers, Refused, name_field};
use crate::page::moment::Moment;
use crate::page::parts::{
    done, fact, fact_at, fact_of, form, heading, heading_of, hidden, pager, password, problem,
    quiet, section, submit,
};
use crate::page::{Chrome, View};

/// The fields of a resource server, as they are stored or as they were typed.
pub struct ResourceForm(FormMembers);

impl ResourceForm {
    /// The fields of a new resource server.
    pub fn empty() -> Self {
        Self(FormMembers {
            shown: Value::Null,
            refused: Refused::default(),
        })
    }

    /// The fields of a resource server as it is stored.
    pub fn of(resource: &Resource) -> Self {
        let scopes = resource.scopes.iter();
        let scopes = scopes.map(|it| [it.name.as_str(), " ", it.description.as_str()].concat());
        Self(FormMembers {
            shown: with_member(resource.in_full(), "scopes", scopes.collect::<Value>()),
            refused: Refused::default(),
        })
    }

    /// The fields as they were typed, with the rules that they break.
    pub fn typed(sent: &Params, errors: Vec<FieldError>) -> Self {
        let first = |name| sent.all(name).next().unwrap_or_default();
        let lines = first("scopes").replace("\r\n", "\n");
        let shown = json!({
            "identifier": first("identifier"),
            "name": first("name"),
            "scopes": lines,
            "signing_alg": first("signing_alg"),
            "clients": first("clients").replace("\r\n", "\n"),
        });
        Self(FormMembers {
            shown,
            refused: Refused { errors, lines },
        })
    }

    /// Whether a field was refused.
    pub const fn is_refused(&self) -> bool {
        self.0.refused.is_some()
    }

    /// The form: what was refused, the fields, and the button, whose label is `words`.
    fn body(&self, action: &str, csrf_token: &str, words: &str, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.admin.resource;
        let members = &self.0;
        let algorithms = [SigningAlgorithm::Es256, SigningAlgorithm::Rs256];
        let algorithms = algorithms.map(SigningAlgorithm::as_str);
        let fields = html! {
            (hidden("action", "save"))
            (name_field(&members.refused, text.name, &members.text("name")))
            (members.url("identifier", text.identifier, text.identifier_hint))
            (members.lines("scopes", text.scopes, text.scopes_hint))
            (members.choice("signing_alg", text.signing_alg, text.signing_alg_hint, &algorithms))
            (members.lines("clients", text.clients, text.clients_hint))
            (submit("primary", words))
        };
        html! {
            @if self.is_refused() {
                (problem("fields-problem", chrome.text.developers.wrong_fields, None, chrome))
            }
            (form(action, csrf_token, &fields))
        }
    }
}

/// The resource servers, and the form that registers one.
pub struct ResourcesPage<'a> {
    /// The hidden field of the form.
    pub csrf_token: &'a str,
    /// The words about the operation that this page answers, where it succeeded.
    pub done: Option<&'static str>,
    /// A page of the resource servers.
    pub resources: &'a [Resource],
    /// The URL of the next page, where there is one.
    pub next: Option<&'a str>,
    /// The fields of a new resource server, empty or as they were typed.
    pub form: ResourceForm,
}

impl View for ResourcesPage<'_> {
    fn body(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.admin;
        let words = &text.resource;
        let form = self
            .form
            .body(RESOURCES, self.csrf_token, words.register, chrome);
        html! {
            (heading(words.heading))
            (done(self.done))
            p { (words.means) }
            @if self.resources.is_empty() {
                (quiet(text.none))
            } @else {
                ul.rows role="list" {
                    @for it in self.resources {
                        li {
                            p { (named_link(RESOURCES, &it.id.to_string(), it.name.as_str())) }
                            p.quiet { bdi dir="ltr" { (it.identifier.as_str()) } }
                        }
                    }
                }
            }
            (pager(text.pages, &[(self.next, text.next)]))
            (section("new", words.new, &form))
        }
    }
}

/// One resource server, with everything that administrators can do with it.
pub struct ResourcePage<'a> {
    /// The path that its forms post to.
    pub action: &'a str,
    /// The hidden field.
    pub csrf_token: &'a str,
    /// The words about the operation that this page answers, where it succeeded.
    pub done: Option<&'static str>,
    /// The secret, where this request made it.
    pub secret: Option<&'a str>,
    /// The operation that the password did not confirm, and why.
    pub problem: Option<(ResourceAction, ConfirmationProblem)>,
    /// The resource server as it is.
    pub resource: &'a Resource,
    /// The fields as they are stored, or as they were sent.
    pub form: ResourceForm,
}

/// What is done with a resource server once the password was shown again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResourceAction {
    /// The resource server gets another secret.
    ResetSecret,
    /// The resource server is deleted.
    Delete,
}

impl ResourceAction {
    /// The action as the form spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ResetSecret => "secret",
            Self::Delete => "delete",
        }
    }
}

impl View for ResourcePage<'_> {
    fn body(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.admin;
        let words = &text.resource;
        let developers = &chrome.text.developers;
        let id = self.resource.id.to_string();
        let audit_log = html! {
            a href={ "/admin/audit-log?target=" (id) } { (text.done_on) }
        };
        let settings = self
            .form
            .body(self.action, self.csrf_token, developers.save, chrome);
        html! {
            (heading_of(self.resource.name.as_str()))
            (done(self.done))
            @if let Some(it) = self.secret { (secret("client-secret", developers.client_secret, it, developers)) }
            dl.facts {
                (fact_of(developers.client_id, &id))
                (fact_at(text.registered, Moment(self.resource.created_at), chrome))
                (fact(text.audit_log, &audit_log))
            }
            (section("settings", developers.settings, &settings))
            (self.confirmed(ResourceAction::ResetSecret, developers.client_secret, words.secret_means, developers.reset_secret, chrome))
            (self.confirmed(ResourceAction::Delete, words.delete, words.delete_means, developers.delete_submit, chrome))
        }
    }
}

impl ResourcePage<'_> {
    /// The form that asks for the password before an action.
    fn confirmed(
        &self,
        action: ResourceAction,
        title: &str,
        means: &str,
        button: &str,
        chrome: &Chrome<'_>,
    ) -> Markup {
        let text = &chrome.text.admin;
        let part = action.as_str();
        let refused = self.problem.filter(|(refused, _)| *refused == action);
        let fields = html! {
            (password(part, text.password, refused.is_some(), chrome))
            div.actions { button.danger name="action" value=(part) { (button) } }
        };
        let body = html! {
            p { (means) }
            @if let Some((_, why)) = refused { (why.told(part, chrome)) }
            (form(self.action, self.csrf_token, &fields))
        };
        section(part, title, &body)
    }
}
