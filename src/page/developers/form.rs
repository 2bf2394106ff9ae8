//! The fields of an application that its owner types, and what of them was refused.

use maud::{Markup, html};

use crate::fluxer::api_error::FieldError;
use crate::fluxer::application::Application;
use crate::oauth::params::{self as encoded, Params};
use crate::oauth::redirect_uri::RegisteredUri;
use crate::page::text::DevelopersText;

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
        Self {
            name: application.name.as_str().to_owned(),
            is_public: application.is_public(),
            redirect_uris: uris.collect::<Vec<_>>().join("\n"),
            description: application.description.as_str().to_owned(),
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
            bot_public: !first("bot_public").is_empty(),
            bot_require_code_grant: !first("bot_require_code_grant").is_empty(),
            errors,
        }
    }

    /// Whether a field was refused.
    pub(super) fn is_wrong(&self, field: &str) -> bool {
        self.errors.iter().any(|error| names(&error.path, field))
    }

    /// The `aria-invalid` of a field's control.
    pub(super) fn invalid(&self, field: &str) -> Option<&'static str> {
        self.is_wrong(field).then_some("true")
    }

    /// What a control with a hint is described by: that, and what is wrong with it.
    pub(super) fn described(&self, field: &str) -> String {
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

/// A field with its label, a hint, and what is wrong with it.
pub(super) fn field(
    form: &ApplicationForm,
    name: &str,
    label: &str,
    hint: &str,
    control: &Markup,
) -> Markup {
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
pub(super) fn mistakes(form: &ApplicationForm, name: &str, label: &str) -> Markup {
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
pub(super) fn fields(form: &ApplicationForm, text: &DevelopersText) -> Markup {
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
