//! The fields of a form that edits an object of the API, and the rules that the typed values break.

use maud::{Markup, html};
use serde_json::Value;

use crate::fluxer::api_error::FieldError;
use crate::oauth::params;

/// The fields of a form that were refused.
#[derive(Debug, Default)]
pub struct Refused {
    /// The fields, and the rules that they break.
    pub errors: Vec<FieldError>,
    /// The list that was typed, one entry on each line. A mistake in the list names its line.
    pub lines: String,
}

/// A rule that a field breaks.
struct Mistake<'a> {
    /// The line of the list that breaks the rule.
    line: Option<&'a str>,
    /// The rule, in English, as the API words it.
    must: &'a str,
}

impl Refused {
    /// Whether any field was refused.
    pub const fn is_some(&self) -> bool {
        !self.errors.is_empty()
    }

    /// Whether this field was refused.
    pub(super) fn names(&self, field: &str) -> bool {
        self.errors.iter().any(|error| names(&error.path, field))
    }

    /// The `aria-invalid` of a field's control.
    pub(super) fn invalid(&self, field: &str) -> Option<&'static str> {
        self.names(field).then_some("true")
    }

    /// The ids that a control with a hint is described by: the hint's, and the mistake's.
    pub(super) fn described(&self, field: &str) -> String {
        if self.names(field) {
            [field, "-mistakes ", field, "-hint"].concat()
        } else {
            [field, "-hint"].concat()
        }
    }

    /// The rules that a field breaks; for a list, those of each refused line.
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

/// Whether a path is that of a field, or of something inside it.
fn names(path: &str, field: &str) -> bool {
    path.split('.').next() == Some(field)
}

/// A field with its label, its hint, and the rules that its value breaks.
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

/// The rules that a field breaks; for a list, those of each refused line. They are in English.
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

/// The field for the name that people are shown. It has no hint.
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

/// Members of an object of the API, as they are stored or as they were typed.
pub(super) struct FormMembers {
    /// The object as the API shows it.
    pub(super) shown: Value,
    /// The members that were refused.
    pub(super) refused: Refused,
}

impl FormMembers {
    /// Whether a member has this value, or a list with this value in it.
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

    /// A member as text: a list has one entry on each line, and an object is JSON.
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

    /// A choice of one of several values.
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

    /// A field of several lines.
    pub(super) fn lines(&self, name: &str, label: &str, hint: &str) -> Markup {
        // A parser drops the first line end of a text area: what was typed may begin with one.
        let control = html! {
            textarea id=(name) name=(name) rows="3" dir="ltr" autocapitalize="none"
                spellcheck="false" translate="no" aria-invalid=[self.refused.invalid(name)]
                aria-describedby=(self.refused.described(name)) { "\n" (self.text(name)) }
        };
        field(&self.refused, name, label, hint, &control)
    }

    /// A field for a URL.
    pub(super) fn url(&self, name: &str, label: &str, hint: &str) -> Markup {
        let control = html! {
            input id=(name) name=(name) type="url" value=(self.text(name)) dir="ltr"
                autocomplete="off" translate="no" aria-invalid=[self.refused.invalid(name)]
                aria-describedby=(self.refused.described(name));
        };
        field(&self.refused, name, label, hint, &control)
    }

    /// A check box.
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
