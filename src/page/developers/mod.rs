//! The pages of those who make applications: all of theirs, a new one, one with what is done with
//! it.
//!
//! Invariant: a secret is on the page that answers the request that made it, and on no other.

use maud::{Markup, html};

use super::parts::{
    around, done, fact, fact_of, fact_on, form, heading, heading_of, hidden, monogram, pager,
    password, problem, problem_id, section, sentence, submit, tag,
};
use super::text::{DevelopersText, filled};
use super::{Chrome, View};
use crate::fluxer::api_error::FieldError;
use crate::fluxer::application::Application;
use crate::fluxer::user::ImageHash;
use crate::oauth::params::{self as encoded, Params};
use crate::oauth::redirect_uri::RegisteredUri;

pub use link::Link;

mod link;

/// A user's applications, and the form that makes one.
pub struct DevelopersPage<'a> {
    /// The hidden field.
    pub csrf_token: &'a str,
    /// What they have: a page of it.
    pub applications: &'a [Application],
    /// Most that they may have.
    pub at_most: u32,
    /// The page behind this one.
    pub next: Option<&'a str>,
    /// Where the list begins, where this is not its beginning.
    pub start: Option<&'a str>,
    /// The new one.
    pub form: ApplicationForm,
    /// Whether they have as many as they may, and asked for one more.
    pub is_full: bool,
    /// Whether one was just deleted.
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
            } @else if !self.form.errors.is_empty() {
                (problem("new-problem", text.wrong_fields, None))
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

/// An application among others.
fn entry(application: &Application, chrome: &Chrome<'_>) -> Markup {
    let text = &chrome.text.developers;
    let name = application.name.as_str();
    html! {
        li {
            (monogram(name))
            p {
                a.name href={ "/developers/" (application.client.id.to_string()) } {
                    bdi { (name) }
                }
                (tag("", kind(application.is_public(), text)))
                @if application.bot.is_some() { (tag("", text.bot)) }
            }
        }
    }
}

fn kind(is_public: bool, text: &DevelopersText) -> &'static str {
    let [confidential, public] = text.kinds;
    if is_public { public } else { confidential }
}

impl DevelopersPage<'_> {
    /// The choice between the two types.
    fn kind(&self, text: &DevelopersText) -> Markup {
        let kinds = ["confidential", "public"].into_iter();
        let is_wrong = self.form.is_wrong("type");
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
                (mistakes(&self.form, "type", text.kind))
            }
        }
    }
}

/// Says that an application was made, and shows its secret.
pub struct CreatedPage<'a> {
    /// The application.
    pub application: &'a Application,
    /// Its secret; a public one has none.
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

fn client_id(id: &str, text: &DevelopersText) -> Markup {
    fact(
        text.client_id,
        &copyable("client-id", "client-id", id, text),
    )
}

/// What is for pasting, with its button where there is script.
fn copyable(id: &str, described_by: &str, value: &str, text: &DevelopersText) -> Markup {
    html! {
        span.copyable {
            code id=(id) translate="no" { (value) } " "
            (copy_button(id, described_by, text))
        }
    }
}

fn copy_button(id: &str, described_by: &str, text: &DevelopersText) -> Markup {
    html! {
        button.small type="button" hidden data-copy=(id) data-copied=(text.copied)
            aria-describedby=(described_by) { (text.copy) }
    }
}

/// A secret, this once.
fn secret(id: &str, label: &str, value: &str, text: &DevelopersText) -> Markup {
    let label_id = [id, "-label"].concat();
    html! {
        div.once role="status" {
            p.name id=(label_id) { (label) }
            p { (copyable(id, &label_id, value, text)) }
            p { (text.once) }
        }
    }
}

/// One application, and everything that its owner does with it.
pub struct ApplicationPage<'a> {
    /// The hidden field.
    pub csrf_token: &'a str,
    /// The application as it is.
    pub application: &'a Application,
    /// Since when it is registered: a date, `2026-11-23`.
    pub registered_on: &'a str,
    /// Its settings, as they are or as they were typed.
    pub form: ApplicationForm,
    /// What was just done.
    pub done: Option<Done<'a>>,
    /// What was refused, and where.
    pub problem: Option<(Section, Problem)>,
    /// The authorize URL that is being built.
    pub link: Link<'a>,
}

/// A part of an application's page with a form of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// What users are shown, and where it may be answered.
    Settings,
    /// Its secret.
    Secret,
    /// Its bot.
    Bot,
    /// Its end.
    Delete,
}

/// Something that was just done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done<'a> {
    /// Its settings were saved.
    Saved,
    /// It has a new secret: this one.
    NewSecret(&'a str),
    /// Its bot has a new token: this one.
    NewToken(&'a str),
}

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// Some fields are wrong; the form says which.
    Fields,
    /// Not the password.
    WrongPassword,
    /// Too many wrong ones; the seconds until the next attempt.
    TooManyAttempts(u64),
    /// Not the name of the application that is to be deleted.
    WrongName,
    /// The application is not in a state for it.
    Refused(FieldError),
}

impl Section {
    /// Where it is on the page.
    const fn id(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Secret => "secret",
            Self::Bot => "bot",
            Self::Delete => "delete",
        }
    }
}

impl View for ApplicationPage<'_> {
    fn body(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.developers;
        let application = self.application;
        let name = application.name.as_str();
        html! {
            p.up { a href="/developers" { (text.all) } }
            header.asker {
                (monogram(name))
                (heading_of(name))
            }
            dl.facts {
                (client_id(&application.client.id.to_string(), text))
                (fact_of(text.kind, kind(application.is_public(), text)))
                (fact_on(chrome.text.consent.since, self.registered_on))
            }
            (self.settings(chrome))
            (self.secret(chrome))
            (self.bot(chrome))
            (self.link.body(chrome))
            (self.delete(chrome))
        }
    }
}

impl ApplicationPage<'_> {
    /// A part of the page, with what was done or refused there.
    fn part(&self, part: Section, heading: &str, body: &Markup, chrome: &Chrome<'_>) -> Markup {
        let body = html! {
            (self.done_in(part, chrome))
            (self.refused_in(part, chrome))
            (body)
        };
        section(part.id(), heading, &body)
    }

    /// What was just done in a part of the page.
    fn done_in(&self, part: Section, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.developers;
        match (part, self.done) {
            (Section::Settings, Some(Done::Saved)) => done(Some(text.saved)),
            (Section::Secret, Some(Done::NewSecret(it))) => {
                secret("client-secret", text.new_secret, it, text)
            }
            (Section::Bot, Some(Done::NewToken(it))) => {
                secret("bot-token", text.bot_token, it, text)
            }
            _ => done(None),
        }
    }

    /// What was refused in a part of the page, and why.
    fn refused_in(&self, part: Section, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.developers;
        let id = [part.id(), "-problem"].concat();
        match self.problem_in(part) {
            None => html! {},
            Some(Problem::Fields) => problem(&id, text.wrong_fields, None),
            Some(Problem::WrongPassword) => problem(&id, text.wrong_password, None),
            Some(Problem::WrongName) => problem(&id, text.wrong_name, None),
            Some(Problem::TooManyAttempts(seconds)) => {
                problem(&id, chrome.text.login.too_many, Some(*seconds))
            }
            Some(Problem::Refused(error)) => html! {
                p.problem id=(id) role="alert" {
                    bdi lang="en" { (error.path) ": " (error.message.as_str()) }
                }
            },
        }
    }

    /// The form of a part of the page; `action` is what it does.
    fn form(&self, part: Section, action: &str, body: &Markup) -> Markup {
        let id = self.application.client.id.to_string();
        let here = ["/developers/", &id, "#", part.id()].concat();
        let body = html! {
            (hidden("action", action))
            (body)
        };
        form(&here, self.csrf_token, &body)
    }

    /// The button of a part of the page; what it does stands there too.
    fn button(part: Section, class: &str, words: &str) -> Markup {
        html! {
            div.actions {
                button class=(class) aria-describedby={ (part.id()) "-means" } { (words) }
            }
        }
    }

    /// What the button of a part of the page does.
    fn means(part: Section, class: &str, words: &str) -> Markup {
        html! { p class=(class) id={ (part.id()) "-means" } { (words) } }
    }

    /// The password again, and whether it was what was wrong.
    fn password(&self, part: Section, chrome: &Chrome<'_>) -> Markup {
        let is_wrong = self.problem_in(part) == Some(&Problem::WrongPassword);
        password(part.id(), chrome.text.developers.password, is_wrong, chrome)
    }

    fn settings(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.developers;
        let form = &self.form;
        let icon = html! {
            input #icon name="icon" value=(form.icon) dir="ltr" autocomplete="off"
                autocapitalize="none" spellcheck="false" translate="no"
                aria-invalid=[form.invalid("icon")] aria-describedby=(form.described("icon"));
        };
        let fields = html! {
            (fields(form, text))
            (field(form, "icon", text.icon, text.icon_hint, &icon))
            fieldset {
                legend { (text.bot) }
                ul.scopes role="list" {
                    @for (name, is_ticked, words) in [
                        ("bot_public", form.bot_public, text.bot_public),
                        (
                            "bot_require_code_grant",
                            form.bot_require_code_grant,
                            text.bot_require_code_grant,
                        ),
                    ] {
                        li {
                            label {
                                input type="checkbox" name=(name) value="yes" checked[is_ticked];
                                span { (words) }
                            }
                        }
                    }
                }
            }
            (submit("primary", text.save))
        };
        let form = self.form(Section::Settings, "save", &fields);
        self.part(Section::Settings, text.settings, &form, chrome)
    }

    fn secret(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.developers;
        let body = if self.application.is_public() {
            html! { p { (text.public_has_none) } }
        } else {
            let fields = html! {
                (Self::means(Section::Secret, "", text.reset_secret_means))
                (self.password(Section::Secret, chrome))
                (Self::button(Section::Secret, "", text.reset_secret))
            };
            self.form(Section::Secret, "reset-secret", &fields)
        };
        self.part(Section::Secret, text.client_secret, &body, chrome)
    }

    fn bot(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.developers;
        let (action, fields) = match &self.application.bot {
            None => {
                let fields = html! {
                    (Self::means(Section::Bot, "", text.no_bot))
                    (Self::button(Section::Bot, "", text.add_bot))
                };
                ("add-bot", fields)
            }
            Some(bot) => {
                let fields = html! {
                    p { (sentence(text.bot_is, &[bot.username.as_str()])) }
                    (Self::means(Section::Bot, "", text.reset_token_means))
                    (self.password(Section::Bot, chrome))
                    (Self::button(Section::Bot, "", text.reset_token))
                };
                ("reset-bot-token", fields)
            }
        };
        let form = self.form(Section::Bot, action, &fields);
        self.part(Section::Bot, text.bot, &form, chrome)
    }

    fn delete(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.developers;
        let name = html! { bdi.typed { (self.application.name.as_str()) } };
        let is_wrong = self.problem_in(Section::Delete) == Some(&Problem::WrongName);
        let fields = html! {
            (Self::means(Section::Delete, "warning", text.delete_means))
            div.field {
                label for="delete-name" { (around(text.type_name, &[name])) }
                input #delete-name name="name" dir="auto" autocomplete="off"
                    autocapitalize="none" spellcheck="false" required
                    aria-invalid=[is_wrong.then_some("true")]
                    aria-describedby=[problem_id(is_wrong, "delete")];
            }
            (self.password(Section::Delete, chrome))
            (Self::button(Section::Delete, "danger", text.delete_submit))
        };
        let form = self.form(Section::Delete, "delete", &fields);
        self.part(Section::Delete, text.delete, &form, chrome)
    }

    /// What was refused in a part of the page.
    fn problem_in(&self, section: Section) -> Option<&Problem> {
        let problem = self.problem.as_ref().filter(|(at, _)| *at == section);
        problem.map(|(_, problem)| problem)
    }
}

/// A field with its label, a hint, and what is wrong with it.
fn field(form: &ApplicationForm, name: &str, label: &str, hint: &str, control: &Markup) -> Markup {
    html! {
        div.field {
            label for=(name) { (label) }
            p.quiet id={ (name) "-hint" } { (hint) }
            (control)
            (mistakes(form, name, label))
        }
    }
}

/// Why a field was refused; for a list, each of its lines that was. The validators speak English.
fn mistakes(form: &ApplicationForm, name: &str, label: &str) -> Markup {
    let mistakes = form.mistakes(name);
    html! {
        @if !mistakes.is_empty() {
            ul.mistakes id={ (name) "-mistakes" } role="list" {
                @for mistake in mistakes {
                    li {
                        @match mistake.line {
                            Some(line) => code { bdi dir="ltr" { (line) } },
                            None => (label),
                        }
                        ": " bdi lang="en" { (mistake.must) }
                    }
                }
            }
        }
    }
}

/// The fields that a new application and an old one share.
fn fields(form: &ApplicationForm, text: &DevelopersText) -> Markup {
    let is_wrong = form.is_wrong("name");
    // A parser drops the first line end of a text area: what was typed may begin with one.
    let redirect_uris = html! {
        textarea #redirect_uris name="redirect_uris" rows="4" dir="ltr" autocapitalize="none"
            spellcheck="false" translate="no" aria-invalid=[form.invalid("redirect_uris")]
            aria-describedby=(form.described("redirect_uris")) { "\n" (form.redirect_uris) }
    };
    let description = html! {
        textarea #description name="description" rows="4" dir="auto"
            aria-invalid=[form.invalid("description")]
            aria-describedby=(form.described("description")) { "\n" (form.description) }
    };
    html! {
        div.field {
            label for="name" { (text.name) }
            input #name name="name" value=(form.name) dir="auto" autocomplete="off" required
                aria-invalid=[form.invalid("name")]
                aria-describedby=[is_wrong.then_some("name-mistakes")];
            (mistakes(form, "name", text.name))
        }
        (field(form, "redirect_uris", text.redirect_uris, text.redirect_uris_hint, &redirect_uris))
        (field(form, "description", text.description, text.description_hint, &description))
    }
}

/// The fields of an application, as its owner sees or typed them.
#[derive(Debug, Default)]
pub struct ApplicationForm {
    /// What users are shown.
    pub name: String,
    /// Whether it is a public one.
    pub is_public: bool,
    /// One on each line.
    pub redirect_uris: String,
    /// What it says of itself.
    pub description: String,
    /// The hash of its icon.
    pub icon: String,
    /// Whether others than its owner may add its bot.
    pub bot_public: bool,
    /// Whether its bot is added only by a code.
    pub bot_require_code_grant: bool,
    /// What of it was refused.
    pub errors: Vec<FieldError>,
}

impl ApplicationForm {
    /// An application as it is.
    pub fn of(application: &Application) -> Self {
        let client = &application.client;
        let uris = client.redirect_uris.iter().map(RegisteredUri::as_str);
        let icon = application.icon.as_ref().map(ImageHash::as_str);
        Self {
            name: application.name.as_str().to_owned(),
            is_public: application.is_public(),
            redirect_uris: uris.collect::<Vec<_>>().join("\n"),
            description: application.description.as_str().to_owned(),
            icon: icon.unwrap_or_default().to_owned(),
            bot_public: application.bot_public,
            bot_require_code_grant: application.bot_require_code_grant,
            errors: Vec::new(),
        }
    }

    /// What was typed, and what of it was refused.
    pub fn typed(sent: &Params, errors: Vec<FieldError>) -> Self {
        let first = |name| sent.all(name).next().unwrap_or_default();
        Self {
            name: first("name").to_owned(),
            is_public: first("type") == "public",
            redirect_uris: first("redirect_uris").replace("\r\n", "\n"),
            description: first("description").replace("\r\n", "\n"),
            icon: first("icon").to_owned(),
            bot_public: !first("bot_public").is_empty(),
            bot_require_code_grant: !first("bot_require_code_grant").is_empty(),
            errors,
        }
    }

    /// Whether a field was refused.
    fn is_wrong(&self, field: &str) -> bool {
        self.errors.iter().any(|error| names(&error.path, field))
    }

    /// The `aria-invalid` of a field's control.
    fn invalid(&self, field: &str) -> Option<&'static str> {
        self.is_wrong(field).then_some("true")
    }

    /// What a control with a hint is described by: that, and what is wrong with it.
    fn described(&self, field: &str) -> String {
        if self.is_wrong(field) {
            [field, "-mistakes ", field, "-hint"].concat()
        } else {
            [field, "-hint"].concat()
        }
    }

    /// Why a field was refused; for a list, each of its lines that was.
    fn mistakes(&self, field: &str) -> Vec<Mistake<'_>> {
        let errors = self.errors.iter();
        let errors = errors.filter(|error| names(&error.path, field));
        let mistakes = errors.map(|error| Mistake {
            line: self.line(error),
            must: error.message.as_str(),
        });
        mistakes.collect()
    }

    fn line(&self, error: &FieldError) -> Option<&str> {
        let (_, index) = error.path.split_once('.')?;
        encoded::lines(&self.redirect_uris).nth(index.parse().ok()?)
    }
}

/// What is wrong with a field.
struct Mistake<'a> {
    /// The line of a list.
    line: Option<&'a str>,
    /// What it must be: in English, as the API says it.
    must: &'a str,
}

/// Whether a path is that of a field, or of something in it.
fn names(path: &str, field: &str) -> bool {
    path.split('.').next() == Some(field)
}
