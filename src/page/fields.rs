//! The controls of a form that stands for an object of the API, and what of it was refused.

use maud::{Markup, html};
use serde_json::Value;

use crate::fluxer::api_error::FieldError;
use crate::oauth::params;

/// What of a form was refused.
#[derive(Debug, Default)]
pub struct Refused {
    /// The fields, and the rules that they break.
    pub errors: Vec<FieldError>,
    /// The list that was typed, a line each: a mistake in a list names its line.
    pub lines: String,
}

/// What is wrong with a field.
struct Mistake<'a> {
    /// The line of a list.
    line: Option<&'a str>,
    /// What it must be: in English, as the API says it.
    must: &'a str,
}

impl Refused {
    /// Whether anything was refused.
    pub const fn is_some(&self) -> bool {
        !self.errors.is_empty()
    }

    /// Whether a field was refused.
    pub(super) fn names(&self, field: &str) -> bool {
        self.errors.iter().any(|error| names(&error.path, field))
    }

    /// The `aria-invalid` of a field's control.
    pub(super) fn invalid(&self, field: &str) -> Option<&'static str> {
        self.names(field).then_some("true")
    }

    /// What a control with a hint is described by: that, and what is wrong with it.
    pub(super) fn described(&self, field: &str) -> String {
        if self.names(field) {
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
        params::lines(&self.lines).nth(index.parse().ok()?)
    }
}

/// Whether a path is that of a field, or of something in it.
fn names(path: &str, field: &str) -> bool {
    path.split('.').next() == Some(field)
}

/// A field with its label, a hint, and what is wrong with it.
pub(super) fn field(
    refused: &Refused,
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
            (mistakes(refused, name, label))
        }
    }
}

/// Why a field was refused; for a list, each of its lines that was. The validators speak English.
pub(super) fn mistakes(refused: &Refused, name: &str, label: &str) -> Markup {
    let mistakes = refused.mistakes(name);
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

/// The name that people are shown, which has no hint.
pub(super) fn name_field(refused: &Refused, label: &str, value: &str) -> Markup {
    html! {
        div.field {
            label for="name" { (label) }
            input #name name="name" value=(value) dir="auto" autocomplete="off" required
                aria-invalid=[refused.invalid("name")]
                aria-describedby=[refused.names("name").then_some("name-mistakes")];
            (mistakes(refused, "name", label))
        }
    }
}

/// Members of an object of the API, as they are or as they were typed.
pub(super) struct FormMembers {
    /// The object.
    pub(super) shown: Value,
    /// What of it was refused.
    pub(super) refused: Refused,
}

impl FormMembers {
    /// Whether a member is this value, or has it in its list.
    pub(super) fn is(&self, name: &str, value: &str) -> bool {
        match self.shown.get(name) {
            Some(Value::String(shown)) => shown == value,
            Some(Value::Array(shown)) => shown.iter().any(|it| it == value),
            _ => false,
        }
    }

    fn is_on(&self, name: &str) -> bool {
        self.shown.get(name) == Some(&Value::Bool(true))
    }

    /// A text, a list with a line each, or an object as JSON.
    pub(super) fn text(&self, name: &str) -> String {
        match self.shown.get(name) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(Value::Array(lines)) => {
                let lines = lines.iter().filter_map(Value::as_str);
                lines.collect::<Vec<_>>().join("\n")
            }
            Some(object) => serde_json::to_string_pretty(object).unwrap_or_default(),
        }
    }

    /// One of several values.
    pub(super) fn choice(&self, name: &str, label: &str, hint: &str, values: &[&str]) -> Markup {
        let control = html! {
            select id=(name) name=(name) translate="no" aria-invalid=[self.refused.invalid(name)]
                aria-describedby=(self.refused.described(name)) {
                @for value in values {
                    option value=(value) selected[self.is(name, value)] { (value) }
                }
            }
        };
        field(&self.refused, name, label, hint, &control)
    }

    /// A text of several lines.
    pub(super) fn lines(&self, name: &str, label: &str, hint: &str) -> Markup {
        // A parser drops the first line end of a text area: what was typed may begin with one.
        let control = html! {
            textarea id=(name) name=(name) rows="3" dir="ltr" autocapitalize="none"
                spellcheck="false" translate="no" aria-invalid=[self.refused.invalid(name)]
                aria-describedby=(self.refused.described(name)) { "\n" (self.text(name)) }
        };
        field(&self.refused, name, label, hint, &control)
    }

    /// A URL.
    pub(super) fn url(&self, name: &str, label: &str, hint: &str) -> Markup {
        let control = html! {
            input id=(name) name=(name) type="url" value=(self.text(name)) dir="ltr"
                autocomplete="off" translate="no" aria-invalid=[self.refused.invalid(name)]
                aria-describedby=(self.refused.described(name));
        };
        field(&self.refused, name, label, hint, &control)
    }

    /// A check box among others.
    pub(super) fn switch(&self, name: &str, words: &str) -> Markup {
        html! {
            li {
                label {
                    input type="checkbox" name=(name) value="yes" checked[self.is_on(name)];
                    span { (words) }
                }
            }
        }
    }
}
