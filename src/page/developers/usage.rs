//! How an application goes: how often it was given tokens, and how often it was refused and why.

use maud::{Markup, html};

use crate::page::chart;
use crate::page::moment::Moment;
use crate::page::parts::{quiet, section};
use crate::page::{Chrome, text::filled};
use crate::store::{ApplicationDay, Span, What};
use crate::time::Timestamp;

/// Days that the charts show.
const DAYS: u64 = 14;
/// Most reasons that are shown.
const REASONS: usize = 10;

/// The part of an application's page that says how the application goes.
pub(super) fn usage(days: &[ApplicationDay], chrome: &Chrome<'_>) -> Markup {
    let text = &chrome.text.developers;
    let charts = [
        (What::Active, text.active_users),
        (What::Authorized, text.authorizations),
        (What::Issued, text.tokens_issued),
        (What::Refused, text.refusals),
        (What::Limited, text.limited),
    ];
    let body = html! {
        p { (text.usage_means) }
        @if days.is_empty() { (quiet(text.nothing_yet)) }
        div.charts {
            @for (what, label) in charts {
                @if days.iter().any(|it| it.what == what) { (chart(days, what, label, chrome)) }
            }
        }
        @if days.iter().any(|it| it.what == What::Active) { (quiet(text.active_means)) }
        (refusals(days, chrome))
        @if days.iter().any(|it| it.what == What::Limited) { (quiet(text.limited_means)) }
    };
    section("usage", text.usage, &body)
}

/// The first day that the charts show.
pub fn since(now: Timestamp) -> Timestamp {
    let back = Span::Day.millis() * (DAYS - 1);
    Timestamp::from_millis(Span::Day.start_of(now).millis().saturating_sub(back))
}

fn chart(days: &[ApplicationDay], what: What, label: &str, chrome: &Chrome<'_>) -> Markup {
    let first = since(chrome.now);
    let day = |nth: u64| Timestamp::from_millis(first.millis() + nth * Span::Day.millis());
    let counted = |nth: u64| {
        let here = days
            .iter()
            .filter(|it| it.what == what && it.day == day(nth));
        here.map(|it| u64::from(it.count)).sum()
    };
    let values: Vec<u64> = (0..DAYS).map(counted).collect();
    // Users of two days may be the same ones.
    let number = match what {
        What::Active => values.last().copied().unwrap_or_default(),
        _ => values.iter().sum(),
    };
    let names = (0..DAYS).map(|nth| Moment(day(nth)).day_of(&chrome.text.time));
    let names: Vec<_> = names.collect();
    let caption = html! { (label) };
    chart::chart(&caption, label, number, &names, &values, chrome)
}

/// The reasons why requests were refused, the most frequent first, each with how to mend it.
fn refusals(days: &[ApplicationDay], chrome: &Chrome<'_>) -> Markup {
    let text = &chrome.text.developers;
    let today = Span::Day.start_of(chrome.now);
    let mut reasons: Vec<(&str, u32, u32)> = Vec::new();
    for it in days
        .iter()
        .filter(|it| it.what == What::Refused && !it.detail.is_empty())
    {
        let now = if it.day == today { it.count } else { 0 };
        match reasons.iter_mut().find(|(detail, ..)| *detail == it.detail) {
            Some((_, all, of_today)) => {
                *all += it.count;
                *of_today += now;
            }
            None => reasons.push((&it.detail, it.count, now)),
        }
    }
    reasons.sort_unstable_by_key(|(detail, all, _)| (core::cmp::Reverse(*all), *detail));
    reasons.truncate(REASONS);
    html! {
        @if !reasons.is_empty() {
            h3 { (text.reasons) }
            ul.rows role="list" {
                @for (detail, all, of_today) in reasons {
                    @let counts = [all.to_string(), of_today.to_string()];
                    li {
                        p { bdi dir="ltr" { (detail) } }
                        p.quiet { (filled(text.times, &[&counts[0], &counts[1]])) }
                        @if let Some(mend) = remedy(detail, chrome) { p { (mend) } }
                    }
                }
            }
        }
    }
}

/// How to mend a refusal with this `detail`, where that can be said.
fn remedy(detail: &str, chrome: &Chrome<'_>) -> Option<&'static str> {
    const SIGNS: [&str; 6] = [
        "redirect_uri",
        "invalid_client",
        "invalid_grant",
        "invalid_scope",
        "code_challenge",
        "unauthorized_client",
    ];
    let mut signs = SIGNS.iter().zip(chrome.text.developers.remedies);
    signs
        .find(|(sign, _)| detail.contains(**sign))
        .map(|(_, remedy)| remedy)
}
