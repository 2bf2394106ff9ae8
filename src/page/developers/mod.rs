//! The pages of those who make applications: all of theirs, a new one, one with what is done with
//! it.
//!
//! Invariant: a secret is on the page that answers the request that made it, and on no other.

use super::html::{Html, html};
use super::parts::{
    checked, close_fact, close_section, done, fact, heading, heading_of, hidden, invalid, monogram,
    open_fact, open_form, open_section, pager, password, problem, submit, tag,
};
use super::text::DevelopersText;
use super::{Chrome, View};
use crate::fluxer::api_error::FieldError;
use crate::fluxer::application::Application;
use crate::fluxer::user::ImageHash;
use crate::oauth::form::{self, Params};
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
    fn write(&self, chrome: &Chrome<'_>, out: &mut Html) {
        let text = &chrome.text.developers;
        heading(text.heading, out);
        done(self.is_deleted.then_some(text.deleted), out);
        let at_most = self.at_most.to_string();
        if self.is_full {
            html!(out, "<p class=\"problem\" role=\"alert\">");
            out.around(text.full, &[&at_most], "", "");
            html!(out, "</p>\n");
        } else if !self.form.errors.is_empty() {
            problem("new-problem", text.wrong_fields, None, out);
        }
        if self.applications.is_empty() {
            html!(out, "<p class=\"lead\">{}</p>\n", text.none);
        } else {
            html!(out, "<ul class=\"entries\" role=\"list\">\n");
            for application in self.applications {
                entry(application, chrome, out);
            }
            html!(out, "</ul>\n<p class=\"quiet\">");
            out.around(text.at_most, &[&at_most], "", "");
            html!(out, "</p>\n");
        }
        let settings = &chrome.text.settings;
        let links = [(self.next, settings.next), (self.start, text.all)];
        pager(settings.pages, &links, out);
        open_section("new", text.new, out);
        open_form("/developers", self.csrf_token, out);
        self.kind(text, out);
        fields(&self.form, text, out);
        submit("primary", text.create, out);
        html!(out, "</form>\n");
        close_section(out);
    }
}

/// An application among others.
fn entry(application: &Application, chrome: &Chrome<'_>, out: &mut Html) {
    let text = &chrome.text.developers;
    html!(out, "<li>\n");
    monogram(application.name.as_str(), out);
    html!(
        out,
        "<p><a class=\"name\" href=\"/developers/{}\"><bdi>{}</bdi></a>",
        application.client.id.to_string(),
        application.name.as_str()
    );
    tag("", kind(application.is_public(), text), out);
    if application.bot.is_some() {
        tag("", text.bot, out);
    }
    html!(out, "</p></li>\n");
}

fn kind(is_public: bool, text: &DevelopersText) -> &'static str {
    let [confidential, public] = text.kinds;
    if is_public { public } else { confidential }
}

impl DevelopersPage<'_> {
    /// The choice between the two types.
    fn kind(&self, text: &DevelopersText, out: &mut Html) {
        html!(out, "<fieldset");
        if self.form.is_wrong("type") {
            html!(out, " aria-describedby=\"type-mistakes\"");
        }
        html!(
            out,
            ">\n<legend>{}</legend>\n<ul class=\"scopes\" role=\"list\">\n",
            text.kind
        );
        let kinds = ["confidential", "public"].into_iter();
        for ((value, words), means) in kinds.zip(text.kinds).zip(text.means) {
            html!(
                out,
                r#"<li><label><input type="radio" name="type" value="{}" aria-describedby="{}"{}><span>{}</span></label><p class="note" id="{}">{}</p></li>
"#,
                value,
                value,
                checked(self.form.is_public == (value == "public")),
                words,
                value,
                means
            );
        }
        html!(out, "</ul>\n");
        mistakes(&self.form, "type", text.kind, out);
        html!(out, "</fieldset>\n");
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
    fn write(&self, chrome: &Chrome<'_>, out: &mut Html) {
        let text = &chrome.text.developers;
        let id = self.application.client.id.to_string();
        html!(out, "<h1>");
        out.sentence(text.created, &[self.application.name.as_str()]);
        html!(out, "</h1>\n<dl class=\"facts\">\n");
        client_id(&id, text, out);
        html!(out, "</dl>\n");
        if let Some(it) = self.secret {
            secret("client-secret", text.client_secret, it, text, out);
        } else {
            html!(out, "<p>{}</p>\n", text.public_has_none);
        }
        html!(
            out,
            "<p class=\"actions\"><a class=\"button\" href=\"/developers/{}\">{}</a></p>\n",
            id,
            text.go_on
        );
    }
}

fn client_id(id: &str, text: &DevelopersText, out: &mut Html) {
    open_fact(text.client_id, out);
    copyable("client-id", "client-id", id, text, out);
    close_fact(out);
}

/// What is for pasting, with its button where there is script.
fn copyable(id: &str, described_by: &str, value: &str, text: &DevelopersText, out: &mut Html) {
    html!(
        out,
        "<span class=\"copyable\"><code id=\"{}\" translate=\"no\">{}</code> ",
        id,
        value
    );
    copy_button(id, described_by, text, out);
    html!(out, "</span>");
}

fn copy_button(id: &str, described_by: &str, text: &DevelopersText, out: &mut Html) {
    html!(
        out,
        r#"<button type="button" class="small" hidden data-copy="{}" data-copied="{}" aria-describedby="{}">{}</button>"#,
        id,
        text.copied,
        described_by,
        text.copy
    );
}

/// A secret, this once.
fn secret(id: &str, label: &str, value: &str, text: &DevelopersText, out: &mut Html) {
    html!(
        out,
        "<div class=\"once\" role=\"status\">\n<p class=\"name\" id=\"{}-label\">{}</p>\n<p>",
        id,
        label
    );
    copyable(id, &format_label(id), value, text, out);
    html!(out, "</p>\n<p>{}</p>\n</div>\n", text.once);
}

fn format_label(id: &str) -> String {
    [id, "-label"].concat()
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
    fn write(&self, chrome: &Chrome<'_>, out: &mut Html) {
        let text = &chrome.text.developers;
        let application = self.application;
        html!(
            out,
            "<p class=\"up\"><a href=\"/developers\">{}</a></p>\n<header class=\"asker\">\n",
            text.all
        );
        monogram(application.name.as_str(), out);
        heading_of(application.name.as_str(), out);
        html!(out, "</header>\n<dl class=\"facts\">\n");
        client_id(&application.client.id.to_string(), text, out);
        fact(text.kind, kind(application.is_public(), text), out);
        open_fact(chrome.text.consent.since, out);
        html!(
            out,
            "<time datetime=\"{}\">{}</time>",
            self.registered_on,
            self.registered_on
        );
        close_fact(out);
        html!(out, "</dl>\n");
        self.settings(chrome, out);
        self.secret(chrome, out);
        self.bot(chrome, out);
        self.link.write(chrome, out);
        self.delete(chrome, out);
    }
}

impl ApplicationPage<'_> {
    /// Opens a part of the page, and says what was refused there.
    fn open(&self, section: Section, heading: &str, chrome: &Chrome<'_>, out: &mut Html) {
        let text = &chrome.text.developers;
        open_section(section.id(), heading, out);
        match (section, self.done) {
            (Section::Settings, Some(Done::Saved)) => done(Some(text.saved), out),
            (Section::Secret, Some(Done::NewSecret(it))) => {
                secret("client-secret", text.new_secret, it, text, out);
            }
            (Section::Bot, Some(Done::NewToken(it))) => {
                secret("bot-token", text.bot_token, it, text, out);
            }
            _ => {}
        }
        let id = [section.id(), "-problem"].concat();
        match self.problem_in(section) {
            None => {}
            Some(Problem::Fields) => problem(&id, text.wrong_fields, None, out),
            Some(Problem::WrongPassword) => problem(&id, text.wrong_password, None, out),
            Some(Problem::WrongName) => problem(&id, text.wrong_name, None, out),
            Some(Problem::TooManyAttempts(seconds)) => {
                problem(&id, chrome.text.login.too_many, Some(*seconds), out);
            }
            Some(Problem::Refused(error)) => html!(
                out,
                "<p class=\"problem\" id=\"{}\" role=\"alert\"><bdi lang=\"en\">{}: {}</bdi></p>\n",
                id,
                error.path,
                error.message
            ),
        }
    }

    /// Opens the form of a part of the page; `action` is what it does.
    fn open_form(&self, section: Section, action: &str, out: &mut Html) {
        let id = self.application.client.id.to_string();
        let here = ["/developers/", &id, "#", section.id()].concat();
        open_form(&here, self.csrf_token, out);
        hidden("action", action, out);
    }

    /// Closes it; `words` stand on its button, `means` says what that does.
    fn close_form(section: Section, class: &str, words: &str, out: &mut Html) {
        html!(
            out,
            "<div class=\"actions\"><button class=\"{}\" aria-describedby=\"{}-means\">{}</button></div>\n</form>\n",
            class,
            section.id(),
            words
        );
        close_section(out);
    }

    /// What the button of a part of the page does.
    fn means(section: Section, class: &str, words: &str, out: &mut Html) {
        html!(
            out,
            "<p class=\"{}\" id=\"{}-means\">{}</p>\n",
            class,
            section.id(),
            words
        );
    }

    /// The password again, and whether it was what was wrong.
    fn password(&self, section: Section, chrome: &Chrome<'_>, out: &mut Html) {
        let is_wrong = self.problem_in(section) == Some(&Problem::WrongPassword);
        let label = chrome.text.developers.password;
        password(section.id(), label, is_wrong, chrome, out);
    }

    fn settings(&self, chrome: &Chrome<'_>, out: &mut Html) {
        let text = &chrome.text.developers;
        let form = &self.form;
        self.open(Section::Settings, text.settings, chrome, out);
        self.open_form(Section::Settings, "save", out);
        fields(form, text, out);
        open_field("icon", text.icon, text.icon_hint, out);
        html!(
            out,
            r#"<input id="icon" name="icon" value="{}" dir="ltr" autocomplete="off" autocapitalize="none" spellcheck="false" translate="no""#,
            form.icon
        );
        described(form, "icon", out);
        html!(out, ">\n");
        close_field(form, "icon", text.icon, out);
        html!(
            out,
            "<fieldset>\n<legend>{}</legend>\n<ul class=\"scopes\" role=\"list\">\n",
            text.bot
        );
        for (name, is_ticked, words) in [
            ("bot_public", form.bot_public, text.bot_public),
            (
                "bot_require_code_grant",
                form.bot_require_code_grant,
                text.bot_require_code_grant,
            ),
        ] {
            html!(
                out,
                "<li><label><input type=\"checkbox\" name=\"{}\" value=\"yes\"{}><span>{}</span></label></li>\n",
                name,
                checked(is_ticked),
                words
            );
        }
        html!(out, "</ul>\n</fieldset>\n");
        submit("primary", text.save, out);
        html!(out, "</form>\n");
        close_section(out);
    }

    fn secret(&self, chrome: &Chrome<'_>, out: &mut Html) {
        let text = &chrome.text.developers;
        self.open(Section::Secret, text.client_secret, chrome, out);
        if self.application.is_public() {
            html!(out, "<p>{}</p>\n", text.public_has_none);
            close_section(out);
            return;
        }
        self.open_form(Section::Secret, "reset-secret", out);
        Self::means(Section::Secret, "", text.reset_secret_means, out);
        self.password(Section::Secret, chrome, out);
        Self::close_form(Section::Secret, "", text.reset_secret, out);
    }

    fn bot(&self, chrome: &Chrome<'_>, out: &mut Html) {
        let text = &chrome.text.developers;
        self.open(Section::Bot, text.bot, chrome, out);
        let Some(bot) = &self.application.bot else {
            self.open_form(Section::Bot, "add-bot", out);
            Self::means(Section::Bot, "", text.no_bot, out);
            Self::close_form(Section::Bot, "", text.add_bot, out);
            return;
        };
        self.open_form(Section::Bot, "reset-bot-token", out);
        html!(out, "<p>");
        out.sentence(text.bot_is, &[bot.username.as_str()]);
        html!(out, "</p>\n");
        Self::means(Section::Bot, "", text.reset_token_means, out);
        self.password(Section::Bot, chrome, out);
        Self::close_form(Section::Bot, "", text.reset_token, out);
    }

    fn delete(&self, chrome: &Chrome<'_>, out: &mut Html) {
        let text = &chrome.text.developers;
        self.open(Section::Delete, text.delete, chrome, out);
        self.open_form(Section::Delete, "delete", out);
        Self::means(Section::Delete, "warning", text.delete_means, out);
        html!(out, "<div class=\"field\">\n<label for=\"delete-name\">");
        out.around(
            text.type_name,
            &[self.application.name.as_str()],
            "<bdi class=\"typed\">",
            "</bdi>",
        );
        html!(
            out,
            r#"</label>
<input id="delete-name" name="name" dir="auto" autocomplete="off" autocapitalize="none" spellcheck="false" required"#
        );
        let is_wrong = self.problem_in(Section::Delete) == Some(&Problem::WrongName);
        invalid(is_wrong, "delete", out);
        html!(out, ">\n</div>\n");
        self.password(Section::Delete, chrome, out);
        Self::close_form(Section::Delete, "danger", text.delete_submit, out);
    }

    /// What was refused in a part of the page.
    fn problem_in(&self, section: Section) -> Option<&Problem> {
        let problem = self.problem.as_ref().filter(|(at, _)| *at == section);
        problem.map(|(_, problem)| problem)
    }
}

/// Opens a field with its label and a hint.
fn open_field(name: &str, label: &str, hint: &str, out: &mut Html) {
    html!(
        out,
        "<div class=\"field\">\n<label for=\"{}\">{}</label>\n<p class=\"quiet\" id=\"{}-hint\">{}</p>\n",
        name,
        label,
        name,
        hint
    );
}

/// What a control with a hint is described by: that, and what is wrong with it.
fn described(form: &ApplicationForm, name: &str, out: &mut Html) {
    if form.is_wrong(name) {
        html!(
            out,
            " aria-invalid=\"true\" aria-describedby=\"{}-mistakes {}-hint\"",
            name,
            name
        );
    } else {
        html!(out, " aria-describedby=\"{}-hint\"", name);
    }
}

/// Closes a field, with what is wrong with it.
fn close_field(form: &ApplicationForm, name: &str, label: &str, out: &mut Html) {
    mistakes(form, name, label, out);
    html!(out, "</div>\n");
}

/// Why a field was refused; for a list, each of its lines that was. The validators speak English.
fn mistakes(form: &ApplicationForm, name: &str, label: &str, out: &mut Html) {
    let mistakes = form.mistakes(name);
    if mistakes.is_empty() {
        return;
    }
    html!(
        out,
        "<ul class=\"mistakes\" id=\"{}-mistakes\" role=\"list\">\n",
        name
    );
    for mistake in mistakes {
        if let Some(line) = mistake.line {
            html!(out, "<li><code><bdi dir=\"ltr\">{}</bdi></code>", line);
        } else {
            html!(out, "<li>{}", label);
        }
        html!(out, ": <bdi lang=\"en\">{}</bdi></li>\n", mistake.must);
    }
    html!(out, "</ul>\n");
}

/// The fields that a new application and an old one share.
fn fields(form: &ApplicationForm, text: &DevelopersText, out: &mut Html) {
    html!(
        out,
        r#"<div class="field">
<label for="name">{}</label>
<input id="name" name="name" value="{}" dir="auto" autocomplete="off" required"#,
        text.name,
        form.name
    );
    if form.is_wrong("name") {
        html!(
            out,
            " aria-invalid=\"true\" aria-describedby=\"name-mistakes\""
        );
    }
    html!(out, ">\n");
    close_field(form, "name", text.name, out);
    open_field(
        "redirect_uris",
        text.redirect_uris,
        text.redirect_uris_hint,
        out,
    );
    html!(
        out,
        r#"<textarea id="redirect_uris" name="redirect_uris" rows="4" dir="ltr" autocapitalize="none" spellcheck="false" translate="no""#
    );
    described(form, "redirect_uris", out);
    html!(out, ">\n{}</textarea>\n", form.redirect_uris);
    close_field(form, "redirect_uris", text.redirect_uris, out);
    open_field("description", text.description, text.description_hint, out);
    html!(
        out,
        "<textarea id=\"description\" name=\"description\" rows=\"4\" dir=\"auto\""
    );
    described(form, "description", out);
    html!(out, ">\n{}</textarea>\n", form.description);
    close_field(form, "description", text.description, out);
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
        form::lines(&self.redirect_uris).nth(index.parse().ok()?)
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
