//! The page of one application, with everything that its owner can do with it.

use maud::{Markup, html};

use super::form::{ApplicationForm, fields};
use super::usage::usage;
use super::{Link, OAuthForm, client_id, kind};
use crate::fluxer::api_error::FieldError;
use crate::fluxer::application::Application;
use crate::fluxer::resource::Resource;
use crate::page::copyable::secret;
use crate::page::moment::Moment;
use crate::page::parts::{
    around, done, emblem, fact, fact_of, fact_on, form, form_with_file, heading_of, hidden,
    password, problem, problem_id, section, sentence, submit, tag,
};
use crate::page::{Chrome, View};
use crate::store::ApplicationDay;

/// How long the former secret may go on, in seconds, in the order of
/// [`graces`](crate::page::text::DevelopersText::graces).
const GRACES: [u32; 4] = [3600, DEFAULT_GRACE, 7 * 86_400, 30 * 86_400];
/// The one of [`GRACES`] that the form proposes, in seconds.
const DEFAULT_GRACE: u32 = 86_400;

/// One application, with everything that its owner can do with it.
pub struct ApplicationPage<'a> {
    /// The hidden field of its forms.
    pub csrf_token: &'a str,
    /// The application as it is.
    pub application: &'a Application,
    /// The day on which the application was registered.
    pub registered_on: Moment,
    /// The settings, as they are stored or as they were typed.
    pub form: ApplicationForm,
    /// How the application uses OAuth, as it is stored or as it was typed.
    pub oauth: OAuthForm,
    /// The operation that this page answers, where it succeeded.
    pub done: Option<ApplicationDone<'a>>,
    /// The part of the page where something was refused, and why.
    pub problem: Option<(Section, ApplicationProblem)>,
    /// How the application goes. `None` where the page answers a form.
    pub usage: Option<&'a [ApplicationDay]>,
    /// The resource servers that the application may ask for. Empty where the page answers a form.
    pub resources: &'a [Resource],
    /// The authorize URL that is being built.
    pub link: Link<'a>,
}

/// A part of an application's page with a form of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// What users are shown, and where the client may be answered.
    Settings,
    /// The picture that users are shown.
    Icon,
    /// How the application uses OAuth.
    OAuth,
    /// A second client secret beside the current one.
    Rotation,
    /// A client secret in place of all others.
    Secret,
    /// The bot and its token.
    Bot,
    /// The deletion of the application.
    Delete,
}

/// The operation that an application's page has just carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApplicationDone<'a> {
    /// The settings were saved.
    Saved,
    /// The way in which the application uses OAuth was saved.
    OAuthSaved,
    /// The application has another icon, or none.
    IconChanged,
    /// The application has a new secret, which is this one.
    NewSecret(&'a str),
    /// The bot has a new token, which is this one.
    NewToken(&'a str),
}

/// Why an operation was not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApplicationProblem {
    /// Some fields are wrong; the form says which.
    Fields,
    /// The password was wrong.
    WrongPassword,
    /// Too many wrong passwords came before. The number is the wait in seconds.
    TooManyAttempts(u64),
    /// No file was chosen.
    NoFile,
    /// The file is no icon.
    NoIcon,
    /// The icon could not be stored.
    NotKept,
    /// The name that was typed is not the application's.
    WrongName,
    /// The application is not in a state for the operation.
    Refused(FieldError),
}

impl ApplicationProblem {
    /// The HTTP status of the page that tells this problem.
    pub const fn status(&self) -> u16 {
        match self {
            Self::WrongPassword => 403,
            Self::TooManyAttempts(_) => 429,
            Self::NotKept => 503,
            Self::Fields | Self::NoFile | Self::NoIcon | Self::WrongName | Self::Refused(_) => 400,
        }
    }

    /// The wait in seconds until the next password, where too many were wrong.
    pub const fn retry_after(&self) -> Option<u64> {
        match self {
            Self::TooManyAttempts(seconds) => Some(*seconds),
            _ => None,
        }
    }
}

impl Section {
    /// The id of the part in the page's HTML.
    const fn id(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Icon => "icon",
            Self::OAuth => "oauth",
            Self::Rotation => "rotation",
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
        html! {
            p.up { a href="/developers" { (text.all) } }
            header.asker {
                (emblem(application))
                (heading_of(application.name.as_str()))
            }
            @if application.suspended {
                p.warning role="note" { (text.suspended) }
            }
            dl.facts {
                (client_id(&application.client.id.to_string(), text))
                (fact_of(text.kind, kind(application.is_public(), text)))
                (fact_on(chrome.text.consent.since, self.registered_on, chrome))
            }
            @if let Some(days) = self.usage { (usage(days, chrome)) }
            (self.settings(chrome))
            (self.icon(chrome))
            (self.oauth(chrome))
            (self.secret(chrome))
            (self.bot(chrome))
            (self.link.body(chrome))
            @if !self.resources.is_empty() { (self.resources(chrome)) }
            (self.delete(chrome))
        }
    }
}

impl ApplicationPage<'_> {
    /// A part of the page, with what was just done or refused in it.
    fn part(&self, part: Section, heading: &str, body: &Markup, chrome: &Chrome<'_>) -> Markup {
        let body = html! {
            (self.done_in(part, chrome))
            (self.refused_in(part, chrome))
            (body)
        };
        section(part.id(), heading, &body)
    }

    /// Says what was just done in a part of the page.
    fn done_in(&self, part: Section, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.developers;
        match (part, self.done) {
            (Section::Settings, Some(ApplicationDone::Saved))
            | (Section::Icon, Some(ApplicationDone::IconChanged))
            | (Section::OAuth, Some(ApplicationDone::OAuthSaved)) => done(Some(text.saved)),
            (Section::Secret, Some(ApplicationDone::NewSecret(it))) => {
                secret("client-secret", text.new_secret, it, text)
            }
            (Section::Bot, Some(ApplicationDone::NewToken(it))) => {
                secret("bot-token", text.bot_token, it, text)
            }
            _ => done(None),
        }
    }

    /// Says what was refused in a part of the page, and why.
    fn refused_in(&self, part: Section, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.developers;
        let id = [part.id(), "-problem"].concat();
        match self.problem_in(part) {
            None => html! {},
            Some(ApplicationProblem::Fields) => problem(&id, text.wrong_fields, None, chrome),
            Some(ApplicationProblem::WrongPassword) => {
                problem(&id, text.wrong_password, None, chrome)
            }
            Some(ApplicationProblem::NoFile) => problem(&id, text.icon.no_file, None, chrome),
            Some(ApplicationProblem::NoIcon) => problem(&id, text.icon.no_icon, None, chrome),
            Some(ApplicationProblem::NotKept) => problem(&id, text.icon.not_kept, None, chrome),
            Some(ApplicationProblem::WrongName) => problem(&id, text.wrong_name, None, chrome),
            Some(ApplicationProblem::TooManyAttempts(seconds)) => {
                problem(&id, chrome.text.login.too_many, Some(*seconds), chrome)
            }
            Some(ApplicationProblem::Refused(error)) => html! {
                p.problem id=(id) role="alert" {
                    bdi lang="en" { (error.path) ": " (error.message.as_str()) }
                }
            },
        }
    }

    /// The form of a part of the page. `action` is the operation that it asks for.
    fn form(&self, part: Section, action: &str, body: &Markup) -> Markup {
        let id = self.application.client.id.to_string();
        let (at, form): (_, fn(&str, &str, &Markup) -> Markup) = match (part, action) {
            (Section::Rotation, _) => (Section::Secret, form),
            (part, "icon") => (part, form_with_file),
            (part, _) => (part, form),
        };
        let here = ["/developers/", &id, "#", at.id()].concat();
        let body = html! {
            (hidden("action", action))
            (body)
        };
        form(&here, self.csrf_token, &body)
    }

    /// The button of a part of the page. What the button does stands beside it.
    fn button(part: Section, class: &str, words: &str) -> Markup {
        html! {
            div.actions {
                button class=(class) aria-describedby={ (part.id()) "-means" } { (words) }
            }
        }
    }

    /// Says what the button of a part of the page does.
    fn means(part: Section, class: &str, words: &str) -> Markup {
        html! { p class=(class) id={ (part.id()) "-means" } { (words) } }
    }

    /// The field for the password, which says whether the last one was wrong.
    fn password(&self, part: Section, chrome: &Chrome<'_>) -> Markup {
        let is_wrong = self.problem_in(part) == Some(&ApplicationProblem::WrongPassword);
        password(part.id(), chrome.text.developers.password, is_wrong, chrome)
    }

    fn settings(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.developers;
        let form = &self.form;
        let fields = html! {
            (fields(form, text))
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

    /// The icon, and the forms that replace it and remove it.
    fn icon(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.developers.icon;
        let is_wrong = self.problem_in(Section::Icon).is_some();
        let fields = html! {
            div.field {
                label for="icon-file" { (text.file) }
                p.quiet #icon-hint { (text.hint) }
                input #icon-file name="icon" type="file" accept="image/png,image/webp" required
                    aria-invalid=[is_wrong.then_some("true")]
                    aria-describedby=(if is_wrong { "icon-problem icon-hint" } else { "icon-hint" });
            }
            (submit("primary", text.upload))
        };
        let body = html! {
            (self.form(Section::Icon, "icon", &fields))
            @if self.application.icon.is_some() {
                (self.form(Section::Icon, "remove-icon", &submit("", text.remove)))
            }
        };
        self.part(Section::Icon, text.heading, &body, chrome)
    }

    fn oauth(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.developers;
        let form = self.form(Section::OAuth, "save-oauth", &self.oauth.fields(text));
        let is_open = self.oauth.is_refused() || self.problem_in(Section::OAuth).is_some();
        let body = html! {
            p { (text.oauth.means) }
            details open[is_open] {
                summary { (text.oauth.open) }
                (form)
            }
        };
        self.part(Section::OAuth, text.oauth.heading, &body, chrome)
    }

    fn secret(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.developers;
        let body = if self.application.is_public() {
            html! { p { (text.public_has_none) } }
        } else if self.signs(chrome) {
            html! {
                p { (text.signing_has_none) }
                (self.refused_in(Section::Rotation, chrome))
                @if !self.application.client.is_fapi2() { (self.reset(chrome)) }
            }
        } else {
            html! {
                (self.secrets(chrome))
                (self.refused_in(Section::Rotation, chrome))
                (self.rotation(chrome))
                (self.reset(chrome))
            }
        };
        self.part(Section::Secret, text.client_secret, &body, chrome)
    }

    /// The secrets that are good now, and when each was last used.
    fn secrets(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.developers;
        let names = [text.current_secret, text.former_secret];
        html! {
            dl.facts {
                @for (name, (secret, ends_at)) in names.into_iter().zip(self.application.secrets(chrome.now)) {
                    (fact(name, &html! {
                        @if let Some(ends_at) = ends_at.map(Moment) {
                            @let ends = html! {
                                time datetime=(ends_at.iso()) title=(ends_at.exactly(&chrome.text.time)) {
                                    (ends_at.ahead(chrome.now, &chrome.text.time))
                                }
                            };
                            strong { (around(text.ends, &[ends])) } ", "
                        }
                        @match secret.used_at.map(Moment) {
                            Some(used) => {
                                @let day = html! {
                                    time datetime=(used.day()) { (used.day_of(&chrome.text.time)) }
                                };
                                (around(text.last_used_on, &[day]))
                            }
                            None => (text.never_used),
                        }
                    }))
                }
            }
        }
    }

    /// The form that makes a second secret beside the current one.
    fn rotation(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.developers;
        let overlap = self.application.secrets(chrome.now).nth(1).is_some();
        let fields = html! {
            (Self::means(Section::Rotation, "", text.rotate_secret_means))
            @if overlap { p.warning { (text.rotate_ends_former) } }
            div.field {
                label for="grace" { (text.grace) }
                select #grace name="grace_seconds" {
                    @for (seconds, words) in GRACES.into_iter().zip(text.graces) {
                        option value=(seconds) selected[seconds == DEFAULT_GRACE] { (words) }
                    }
                }
            }
            (self.password(Section::Rotation, chrome))
            (Self::button(Section::Rotation, "primary", text.rotate_secret))
        };
        self.form(Section::Rotation, "rotate-secret", &fields)
    }

    /// Whether the client signs with keys of its own, in place of a secret.
    fn signs(&self, chrome: &Chrome<'_>) -> bool {
        self.application.secrets(chrome.now).next().is_none()
    }

    /// The form that makes a secret in place of all others, after a leak, or in place of the client's keys.
    fn reset(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.developers;
        let (summary, means) = if self.signs(chrome) {
            (text.reset_secret, text.reset_ends_keys)
        } else {
            (text.secret_leaked, text.reset_secret_means)
        };
        let fields = html! {
            (Self::means(Section::Secret, "warning", means))
            (self.password(Section::Secret, chrome))
            (Self::button(Section::Secret, "danger", text.reset_secret))
        };
        html! {
            details open[self.problem_in(Section::Secret).is_some()] {
                summary { (summary) }
                (self.form(Section::Secret, "reset-secret", &fields))
            }
        }
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

    /// The other resource servers, and what each offers.
    fn resources(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.developers;
        let id = self.application.client.id;
        let names = ["resource", "scope"].map(|name| html! { code translate="no" { (name) } });
        let body = html! {
            p { (around(text.resources_means, &names)) }
            ul.rows role="list" {
                @for it in self.resources {
                    li {
                        p {
                            bdi.name { (it.name.as_str()) }
                            @if it.clients.contains(&id) { (tag("", text.by_itself)) }
                        }
                        p { code dir="ltr" translate="no" { (it.identifier.as_str()) } }
                        dl.facts {
                            @for scope in &it.scopes {
                                (fact(scope.name.as_str(), &html! { bdi { (scope.description.as_str()) } }))
                            }
                        }
                    }
                }
            }
        };
        section("resources", text.resources, &body)
    }

    fn delete(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.developers;
        let name = html! { bdi.typed { (self.application.name.as_str()) } };
        let is_wrong = self.problem_in(Section::Delete) == Some(&ApplicationProblem::WrongName);
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

    /// The problem of a part of the page, where it is the one that was refused.
    fn problem_in(&self, section: Section) -> Option<&ApplicationProblem> {
        let problem = self.problem.as_ref().filter(|(at, _)| *at == section);
        problem.map(|(_, problem)| problem)
    }
}
