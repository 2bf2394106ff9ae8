//! A user's applications, the form that makes one, and the page that says that one was made.

use maud::{Markup, html};

use super::form::{ApplicationForm, fields};
use super::{client_id, kind};
use crate::fluxer::application::Application;
use crate::page::copyable::secret;
use crate::page::fields::mistakes;
use crate::page::parts::{
    done, emblem, form, heading, pager, problem, section, sentence, submit, tag,
};
use crate::page::text::{DevelopersText, filled};
use crate::page::{Chrome, View};

/// A user's applications, and the form that makes one.
pub struct DevelopersPage<'a> {
    /// The hidden field of the form.
    pub csrf_token: &'a str,
    /// A page of the user's applications.
    pub applications: &'a [Application],
    /// Most applications that the user may have.
    pub at_most: u32,
    /// The URL of the next page, where there is one.
    pub next: Option<&'a str>,
    /// The URL of the first page, where this is another one.
    pub start: Option<&'a str>,
    /// The fields of a new application, empty or as they were typed.
    pub form: ApplicationForm,
    /// Whether the user has as many applications as they may, and asked for one more.
    pub is_full: bool,
    /// Whether an application was just deleted.
    pub is_deleted: bool,
}

impl View for DevelopersPage<'_> {
    fn body(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.developers;
        let settings = &chrome.text.settings;
        let at_most = self.at_most.to_string();
        let fields = html! {
            (self.kind(text))
            (fields(&self.form, text))
            (submit("primary", text.create))
        };
        let new = form("/developers", self.csrf_token, &fields);
        html! {
            (heading(text.heading))
            (done(self.is_deleted.then_some(text.deleted)))
            @if self.is_full {
                p.problem role="alert" { (filled(text.full, &[&at_most])) }
            } @else if self.form.refused.is_some() {
                (problem("new-problem", text.wrong_fields, None, chrome))
            }
            @if self.applications.is_empty() {
                p.lead { (text.none) }
            } @else {
                ul.entries role="list" {
                    @for application in self.applications { (entry(application, chrome)) }
                }
                p.quiet { (filled(text.at_most, &[&at_most])) }
            }
            (pager(settings.pages, &[(self.next, settings.next), (self.start, text.all)]))
            (section("new", text.new, &new))
        }
    }
}

/// An application as an entry of the list.
fn entry(application: &Application, chrome: &Chrome<'_>) -> Markup {
    let text = &chrome.text.developers;
    let name = application.name.as_str();
    html! {
        li {
            (emblem(application))
            p {
                a.name href={ "/developers/" (application.client.id.to_string()) } {
                    bdi { (name) }
                }
                (tag("", kind(application.is_public(), text)))
                @if application.bot.is_some() { (tag("", text.bot)) }
                @if application.suspended { (tag("", chrome.text.admin.suspended)) }
            }
        }
    }
}

impl DevelopersPage<'_> {
    /// The choice between a confidential and a public application.
    fn kind(&self, text: &DevelopersText) -> Markup {
        let kinds = ["confidential", "public"].into_iter();
        let is_wrong = self.form.refused.names("type");
        html! {
            fieldset aria-describedby=[is_wrong.then_some("type-mistakes")] {
                legend { (text.kind) }
                ul.scopes role="list" {
                    @for ((value, words), means) in kinds.zip(text.kinds).zip(text.means) {
                        li {
                            label {
                                input type="radio" name="type" value=(value)
                                    aria-describedby=(value)
                                    checked[self.form.is_public == (value == "public")];
                                span { (words) }
                            }
                            p.note id=(value) { (means) }
                        }
                    }
                }
                (mistakes(&self.form.refused, "type", text.kind))
            }
        }
    }
}

/// The page that says that an application was made, and shows its secret this once.
pub struct CreatedPage<'a> {
    /// The application.
    pub application: &'a Application,
    /// The application's secret; a public application has none.
    pub secret: Option<&'a str>,
}

impl View for CreatedPage<'_> {
    fn body(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.developers;
        let id = self.application.client.id.to_string();
        html! {
            h1 { (sentence(text.created, &[self.application.name.as_str()])) }
            dl.facts { (client_id(&id, text)) }
            @match self.secret {
                Some(it) => (secret("client-secret", text.client_secret, it, text)),
                None => p { (text.public_has_none) },
            }
            p.actions { a.button href={ "/developers/" (id) } { (text.go_on) } }
        }
    }
}
