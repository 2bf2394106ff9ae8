//! The audit log, told in sentences.

use maud::{Markup, html};
use serde_json::Value;

use super::{AUDIT_LOG, choice, nothing_found, option, search, typed_field};
use crate::fluxer::audit::{Action, AuditEntry};
use crate::fluxer::permissions::Permissions;
use crate::page::moment::Moment;
use crate::page::parts::{device_name, heading, pager};
use crate::page::{Chrome, View};
use crate::snowflake::Snowflake;
use crate::store::{Named, NamedKind};
use crate::time::Timestamp;

/// The audit log, and the form that searches it.
pub struct AuditLogPage<'a> {
    /// The search, as it was typed.
    pub typed: Typed<'a>,
    /// The action that is searched for.
    pub action: Option<Action>,
    /// What was found, newest first.
    pub entries: &'a [AuditEntry],
    /// The names of those whose ids stand in the entries.
    pub names: &'a [Named],
    /// The URL of the page with older entries.
    pub older: Option<&'a str>,
    /// The time that the search has come back to, where it looked at as many entries as one search may.
    pub stopped_at: Option<Timestamp>,
    /// The URLs of what was found as a file, for a spreadsheet and for a program.
    pub downloads: [&'a str; 2],
}

/// The search, as it was typed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Typed<'a> {
    /// Who did it, or to whom it was done: a name or an id.
    pub person: &'a str,
    /// The id of whoever did it, from a link of another page.
    pub actor: &'a str,
    /// The id of whom it was done to, from a link of another page.
    pub target: &'a str,
    /// The application's name or id.
    pub application: &'a str,
    /// The address that it was done from.
    pub address: &'a str,
    /// The first and the last day, as `2026-01-31`.
    pub days: [&'a str; 2],
}

impl View for AuditLogPage<'_> {
    fn body(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.admin;
        html! {
            (heading(text.audit_log))
            (search(AUDIT_LOG, text.audit_log, &self.fields(chrome), chrome))
            @if self.entries.is_empty() {
                (nothing_found(chrome))
            } @else {
                p.downloads {
                    (text.download) " "
                    a href=(self.downloads[0]) download { "CSV" } " "
                    a href=(self.downloads[1]) download { "NDJSON" }
                }
                (Self::rows(self.entries, self.names, chrome))
            }
            @if let Some(at) = self.stopped_at {
                p.quiet { (text.stopped_at) " " (super::time(Moment(at), chrome)) }
            }
            @let older = if self.stopped_at.is_some() { text.look_further } else { text.older };
            (pager(text.pages, &[(self.older, older)]))
        }
    }
}

impl AuditLogPage<'_> {
    fn fields(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.admin;
        let typed = &self.typed;
        let actions = html! {
            (option("", false, text.any))
            @for action in Action::ALL {
                (option(action.as_str(), self.action == Some(*action), words(*action, chrome)[0]))
            }
        };
        html! {
            (typed_field("person", "person", text.person, typed.person, "search"))
            // Links to what one user did, or what was done to one, narrow the search so.
            @for (name, label, typed) in [
                ("actor", text.actor_id, typed.actor), ("target", text.target_id, typed.target),
            ] {
                @if !typed.is_empty() { (typed_field(name, name, label, typed, "numeric")) }
            }
            (typed_field("application", "application", text.application, typed.application, "search"))
            (choice("action", text.action, &actions))
            (typed_field("address", "address", text.address, typed.address, "text"))
            @for (name, label, day) in [
                ("from", text.from_day, typed.days[0]), ("until", text.until_day, typed.days[1]),
            ] {
                div.field {
                    label for=(name) { (label) }
                    input id=(name) name=(name) type="date" value=(day);
                }
            }
        }
    }

    /// The entries, with a heading for each day.
    pub fn rows(entries: &[AuditEntry], names: &[Named], chrome: &Chrome<'_>) -> Markup {
        let at =
            |entry: &AuditEntry| Moment(Timestamp::from_millis(entry.id.0.created_at_millis()));
        let days = entries.chunk_by(|one, next| at(one).day() == at(next).day());
        html! {
            @for day in days {
                @if let Some(first) = day.first() {
                    section.day {
                        h2 { (at(first).day_of(&chrome.text.time)) " " span.quiet { "UTC" } }
                        ol.log role="list" {
                            @for entry in day { (row(entry, at(entry), names, chrome)) }
                        }
                    }
                }
            }
        }
    }
}

fn row(entry: &AuditEntry, at: Moment, names: &[Named], chrome: &Chrome<'_>) -> Markup {
    let told = Told {
        entry,
        names,
        words: words(entry.action, chrome)[1],
        chrome,
    };
    let device = entry.device.as_deref();
    let device = device.map(|it| (device_name(Some(it), &chrome.text.settings), it));
    let known = device.filter(|(name, _)| name != chrome.text.settings.unknown_device);
    html! {
        li {
            time datetime=(at.iso()) title=(at.exactly(&chrome.text.time)) data-shows="clock" {
                (at.clock())
            }
            p.sentence { (told.sentence()) (told.more()) }
            p.quiet {
                (chrome.text.settings.from) " "
                a href={ (AUDIT_LOG) "?address=" (entry.address) } { (entry.address) }
                @if let Some((name, agent)) = known { ", " span title=(agent) { (name) } }
            }
        }
    }
}

/// An action as a choice of the search, and the sentence that tells it.
fn words(action: Action, chrome: &Chrome<'_>) -> [&'static str; 2] {
    let words = chrome.text.admin.actions.get(action as usize);
    words.copied().unwrap_or_default()
}

/// An entry with the sentence of its action. In the sentence `{actor}`, `{target}` and `{app}` stand for who is named
/// in the entry, and any other name for a member of the details. A part in brackets is left out where it names
/// something that is not there.
struct Told<'a> {
    entry: &'a AuditEntry,
    names: &'a [Named],
    words: &'static str,
    chrome: &'a Chrome<'a>,
}

impl Told<'_> {
    fn sentence(&self) -> Markup {
        let parts = self.words.split(['[', ']']).enumerate();
        let said = parts.filter(|(nth, part)| {
            let is_optional = nth % 2 == 1;
            !is_optional || holes(part).all(|hole| self.fill(hole).is_some())
        });
        html! {
            @for (_, part) in said {
                @for piece in part.split('{') {
                    @match piece.split_once('}') {
                        Some((hole, after)) => { (self.filled(hole)) (after) },
                        None => (piece),
                    }
                }
            }
        }
    }

    fn filled(&self, hole: &str) -> Markup {
        let text = &self.chrome.text.admin;
        let nobody = if hole == "actor" {
            text.somebody
        } else {
            text.unknown
        };
        self.fill(hole).unwrap_or_else(|| html! { (nobody) })
    }

    fn fill(&self, hole: &str) -> Option<Markup> {
        let entry = self.entry;
        match hole {
            "actor" => entry.actor.map(|id| self.named(id)),
            "target" => entry.target.map(|id| self.named(id)),
            "app" => entry.application.map(|id| self.named(id.0)),
            "user_id" => entry.told("/user_id").map(|id| self.named(id)),
            "resource" => entry.told("/resource/id").map(|id| self.named(id)),
            member => {
                let value = match member {
                    "resource_scope" => entry.details.pointer("/resource/scope"),
                    member => entry.details.get(member),
                };
                let value = plain(value?);
                let told = self.told(member, &value);
                let title = (told != value).then_some(&value);
                (!told.is_empty()).then(|| html! { bdi title=[title] { (told) } })
            }
        }
    }

    /// The value of a member of the details, as people say it.
    fn told(&self, member: &str, value: &str) -> String {
        match (member, Permissions::parse(value)) {
            ("scope", _) => value.replace(' ', ", "),
            ("permissions" | "before", Ok(held)) => {
                let names = held.iter().map(|it| self.chrome.text.permission(it));
                names.collect::<Vec<_>>().join(", ")
            }
            _ => value.to_owned(),
        }
    }

    /// The name and the id of somebody. The name is a link to their page, the id to their entries in the log.
    fn named(&self, id: Snowflake) -> Markup {
        let written = id.to_string();
        let log = [AUDIT_LOG, "?person=", &written].concat();
        let Some(named) = self.names.iter().find(|named| named.id == id) else {
            return html! { a href=(log) { (written) } };
        };
        let page = match named.kind {
            NamedKind::User => Some("/admin/users/"),
            NamedKind::Application => Some("/admin/applications/"),
            NamedKind::Guild | NamedKind::Resource => None,
        };
        let short = written.get(..4).filter(|first| first.len() < written.len());
        html! {
            @match page {
                Some(page) => a.name href={ (page) (written) } { bdi { (named.name) } },
                None => bdi.name { (named.name) },
            }
            " " a.quiet href=(log) title=(written) {
                "("
                @match short { Some(first) => { (first) "…" }, None => (written) }
                ")"
            }
        }
    }

    /// What the entry says besides its sentence.
    fn more(&self) -> Markup {
        let details = self.entry.details.as_object();
        let unsaid = details.into_iter().flatten().filter(|(name, _)| {
            let said = holes(self.words).any(|hole| hole == name.as_str());
            !said
        });
        html! {
            @for (name, value) in unsaid {
                " " span.quiet { "(" (name) ": " bdi { (plain(value)) } ")" }
            }
        }
    }
}

/// The names of the holes in a sentence.
fn holes(words: &str) -> impl Iterator<Item = &str> {
    let pieces = words.split('{').skip(1);
    pieces.filter_map(|piece| piece.split_once('}').map(|it| it.0))
}

/// A value of the details, as people write it.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
