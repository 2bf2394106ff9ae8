//! The audit log.

use maud::{Markup, html};

use super::{AUDIT_LOG, choice, nothing_found, option, search, typed_field};
use crate::fluxer::audit::{Action, Entry};
use crate::page::moment::Moment;
use crate::page::parts::{fact, fact_of, heading, pager, time};
use crate::page::{Chrome, View};
use crate::store::EntryFilter;
use crate::time::Timestamp;

/// The audit log.
pub struct AuditLogPage<'a> {
    /// The filter of the search.
    pub wanted: EntryFilter,
    /// The ids as they were typed: by whom, on whom.
    pub typed: [&'a str; 2],
    /// What was found, newest first.
    pub entries: Vec<Entry>,
    /// The page before this one in time.
    pub older: Option<&'a str>,
}

impl View for AuditLogPage<'_> {
    fn body(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.admin;
        let [actor, target] = self.typed;
        let actions = html! {
            (option("", false, text.any))
            @for action in Action::ALL {
                @let is_wanted = self.wanted.action == Some(*action);
                (option(action.as_str(), is_wanted, words(*action, chrome)))
            }
        };
        let fields = html! {
            (choice("action", text.action, &actions))
            (typed_field("actor", "actor", text.actor_id, actor, "numeric"))
            (typed_field("target", "target", text.target_id, target, "numeric"))
        };
        html! {
            (heading(text.audit_log))
            (search(AUDIT_LOG, text.audit_log, &fields, chrome))
            @if self.entries.is_empty() {
                (nothing_found(chrome))
            } @else {
                ol.rows role="list" {
                    @for entry in &self.entries { (entry_row(entry, chrome)) }
                }
            }
            (pager(text.pages, &[(self.older, text.older)]))
        }
    }
}

fn words(action: Action, chrome: &Chrome<'_>) -> &'static str {
    let words = chrome.text.admin.actions.get(action as usize);
    words.copied().unwrap_or_default()
}

fn entry_row(entry: &Entry, chrome: &Chrome<'_>) -> Markup {
    let text = &chrome.text.admin;
    let done_at = Timestamp::from_millis(entry.id.0.created_at_millis());
    let application = entry.application.map(|application| application.0);
    html! {
        li {
            p {
                span.name { (words(entry.action, chrome)) } " "
                span.quiet { (time(Moment(done_at), chrome)) }
            }
            dl.facts {
                @for (label, href, id) in [
                    (text.actor, "/admin/audit-log?actor=", entry.actor),
                    (text.target, "/admin/audit-log?target=", entry.target),
                    (text.application, "/admin/applications/", application),
                ] {
                    @if let Some(id) = id {
                        @let id = id.to_string();
                        (fact(label, &html! { a href={ (href) (id) } { (id) } }))
                    }
                }
                (fact(text.address, &html! { (entry.address) }))
                @if !entry.details.is_null() {
                    (fact_of(text.details, &entry.details.to_string()))
                }
            }
        }
    }
}
