//! The first page for administrators: how the server is used, and whether it works.

use maud::{Markup, html};

use super::{AUDIT_LOG, AuditLogPage, find_applications, find_users};
use crate::fluxer::audit::{Action, AuditEntry};
use crate::page::chart::chart;
use crate::page::moment::Moment;
use crate::page::parts::{heading, quiet, section, tag, time};
use crate::page::{Chrome, View};
use crate::signing_keys::KeyState;
use crate::store::{Count, Named, Span};
use crate::time::Timestamp;

/// The first page for administrators.
pub struct OverviewPage<'a> {
    /// How far the charts reach back.
    pub range: ChartRange,
    /// How often each action was done.
    pub counts: &'a [Count],
    /// The entries that may need an administrator, newest first.
    pub warnings: &'a [AuditEntry],
    /// The names of those whose ids stand in the warnings.
    pub names: &'a [Named],
    /// Each part of the server, and whether it answers.
    pub health: &'a [(&'static str, bool)],
    /// The signing keys.
    pub keys: &'a [KeyRow],
}

/// A signing key, as the page shows it.
pub struct KeyRow {
    /// The id of the key.
    pub kid: String,
    /// The algorithm that the key signs with.
    pub algorithm: String,
    /// The state of the key.
    pub state: Option<KeyState>,
    /// The time at which the key was published.
    pub published_at: Option<Timestamp>,
}

/// How far the charts reach back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChartRange {
    /// 24 hours, by the hour.
    Day,
    /// Seven days, by the day.
    Week,
    /// Thirty days, by the day.
    Month,
}

impl ChartRange {
    /// All ranges, in the order of [`ranges`](crate::page::text::AdminText::ranges).
    pub const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    /// The range as it is spelled in the URL of the page.
    pub const fn marker(self) -> &'static str {
        match self {
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Month => "30d",
        }
    }

    /// Reads the spelling of [`Self::marker`].
    pub fn from_marker(marker: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.marker() == marker)
    }

    const fn bars(self) -> (Span, u64) {
        match self {
            Self::Day => (Span::Hour, 24),
            Self::Week => (Span::Day, 7),
            Self::Month => (Span::Day, 30),
        }
    }

    /// The start of the first bar.
    pub fn since(self, now: Timestamp) -> Timestamp {
        let (span, bars) = self.bars();
        let back = span.millis() * (bars - 1);
        Timestamp::from_millis(span.start_of(now).millis().saturating_sub(back))
    }
}

/// The actions that each chart counts, in the order of [`charts`](crate::page::text::AdminText::charts).
const CHARTS: [&[Action]; 6] = [
    &[Action::Login],
    &[Action::LoginFailed],
    &[Action::Consent],
    &[
        Action::Deauthorized,
        Action::DeviceRevoked,
        Action::TokenRevoked,
    ],
    &[Action::TokenReused],
    &[Action::Fault],
];

impl View for OverviewPage<'_> {
    fn body(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.admin;
        let audit_log = html! { p { a href=(AUDIT_LOG) { (text.open_audit_log) } } };
        html! {
            (heading(chrome.text.layout.admin))
            (section("use", text.overview, &self.charts(chrome)))
            (section("warnings", text.warnings, &self.warnings(chrome)))
            (section("health", text.health, &self.health(chrome)))
            (section("keys", text.keys, &self.keys(chrome)))
            (section("users", text.users, &find_users("", false, chrome)))
            (section("applications", text.applications, &find_applications("", chrome)))
            (section("audit-log", text.audit_log, &audit_log))
        }
    }
}

impl OverviewPage<'_> {
    fn charts(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.admin;
        html! {
            nav aria-label=(text.overview) {
                ul.links {
                    @for (range, label) in ChartRange::ALL.into_iter().zip(text.ranges) {
                        @let current = if range == self.range { "page" } else { "false" };
                        li {
                            a href={ "/admin?range=" (range.marker()) } aria-current=(current) {
                                (label)
                            }
                        }
                    }
                }
            }
            div.charts {
                @for (actions, label) in CHARTS.into_iter().zip(text.charts) {
                    (self.chart(actions, label, chrome))
                }
            }
        }
    }

    fn chart(&self, actions: &[Action], label: &str, chrome: &Chrome<'_>) -> Markup {
        let (span, bars) = self.range.bars();
        let first = self.range.since(chrome.now);
        let start = |bar: u64| Timestamp::from_millis(first.millis() + bar * span.millis());
        let counted = |bar: u64| {
            let here = self.counts.iter().filter(|it| {
                it.span == span && it.start == start(bar) && actions.contains(&it.action)
            });
            here.map(|it| u64::from(it.count)).sum()
        };
        let values: Vec<u64> = (0..bars).map(counted).collect();
        let names = (0..bars).map(|bar| match span {
            Span::Hour => Moment(start(bar)).clock(),
            Span::Day => Moment(start(bar)).day_of(&chrome.text.time),
        });
        let names: Vec<_> = names.collect();
        // The log is searched for one action.
        let caption = html! {
            @match actions {
                [action] => a href={ (AUDIT_LOG) "?action=" (action.as_str()) } { (label) },
                _ => (label),
            }
        };
        chart(
            &caption,
            label,
            values.iter().sum(),
            &names,
            &values,
            chrome,
        )
    }

    fn warnings(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.admin;
        html! {
            @if self.warnings.is_empty() {
                p.quiet { (text.no_warnings) }
            } @else {
                (AuditLogPage::rows(self.warnings, self.names, chrome))
                (quiet(text.what_to_do))
            }
        }
    }

    fn health(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.admin;
        html! {
            ul.plain {
                @for (part, answers) in self.health {
                    @let (class, words) = if *answers { ("", text.works) } else { ("bad", text.fails) };
                    li { (part) (tag(class, words)) }
                }
            }
            @if self.health.iter().any(|(_, answers)| !answers) { (quiet(text.what_to_do)) }
        }
    }

    fn keys(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.admin;
        html! {
            ul.rows role="list" {
                @for key in self.keys {
                    li {
                        p.name {
                            (key.algorithm)
                            @if let Some(state) = key.state { (tag("", text.key_states.get(state as usize).copied().unwrap_or_default())) }
                        }
                        p.quiet {
                            bdi { (key.kid) }
                            @if let Some(at) = key.published_at {
                                ", " (text.published) " " (time(Moment(at), chrome))
                            }
                        }
                    }
                }
            }
        }
    }
}
