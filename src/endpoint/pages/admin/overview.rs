//! `/admin`: how the server is used, and whether it works.

use crate::endpoint::Context;
use crate::endpoint::api::admin::audit_log::kept_since;
use crate::endpoint::pages::admin::audit_log::names;
use crate::endpoint::pages::admin::{Answer, Query, staff};
use crate::fluxer::audit::{Action, AuditEntry};
use crate::page::admin::{self, ChartRange, KeyRow, OverviewPage};
use crate::signing_keys::KeyState;
use crate::store::{Edge, EntryFilter, EntryRange, Fault};
use crate::time::Timestamp;

/// The actions that administrators are shown without searching for them.
const WARNINGS: [Action; 3] = [Action::Fault, Action::TokenReused, Action::KeyRemoved];
/// Most warnings on the page.
const FEW: u32 = 8;

/// `GET`. A part of the server that does not answer is shown as such: the page is needed when something does not
/// work.
pub async fn show<E: Edge>(cx: &Context<'_, E>) -> Answer {
    let staff = staff(cx).await?;
    let query = Query::read(cx);
    let range = query
        .parsed("range", ChartRange::from_marker)
        .ok()
        .flatten();
    let hours = ChartRange::Day.since(cx.now);
    let counts = cx
        .edge
        .counts(hours, ChartRange::Month.since(cx.now))
        .await?;
    let warnings = warnings(cx).await?;
    let names = names(cx, &warnings).await?;
    let health = cx.edge.health().await;
    let health: Vec<_> = health
        .iter()
        .map(|(part, answer)| (*part, answer.is_ok()))
        .collect();
    let here = cx.request.target();
    let chrome = cx.account_chrome(&here, &staff);
    let page = OverviewPage {
        range: range.unwrap_or(ChartRange::Day),
        counts: &counts,
        warnings: &warnings,
        names: &names,
        health: &health,
        keys: &keys(cx).await,
    };
    let title = chrome.text.layout.admin;
    Ok(admin::page(chrome, title, &page).respond(200))
}

async fn warnings<E: Edge>(cx: &Context<'_, E>) -> Result<Vec<AuditEntry>, Fault> {
    let mut all = Vec::new();
    for action in WARNINGS {
        let wanted = EntryFilter {
            action: Some(action),
            ..EntryFilter::default()
        };
        let range = EntryRange {
            since: kept_since(cx.now, cx.config.audit_log_lifetime),
            before: None,
            limit: FEW,
        };
        all.extend(cx.edge.entries(&wanted, range).await?.entries);
    }
    all.sort_unstable_by_key(|entry| core::cmp::Reverse(entry.id));
    all.truncate(usize::try_from(FEW).unwrap_or(usize::MAX));
    Ok(all)
}

/// The signing keys; empty where the object that keeps them does not answer.
async fn keys<E: Edge>(cx: &Context<'_, E>) -> Vec<KeyRow> {
    let set = match cx.edge.key_set(cx.config, None).await {
        Ok(set) => set,
        Err(fault) => {
            cx.edge.log(&fault.to_string());
            return Vec::new();
        }
    };
    let shown = set.shown(cx.now, &cx.config.key_terms());
    let rows = shown.as_array().into_iter().flatten().map(|key| {
        let member = |name: &str| key.get(name).and_then(|it| it.as_str()).unwrap_or_default();
        KeyRow {
            kid: member("kid").to_owned(),
            algorithm: member("alg").to_owned(),
            state: KeyState::ALL
                .into_iter()
                .find(|it| it.as_str() == member("state")),
            published_at: Timestamp::from_iso(member("published_at")),
        }
    });
    rows.collect()
}
