//! `/admin/audit-log`: who did what, newest first.

use crate::endpoint::Context;
use crate::endpoint::api::admin::audit_log::kept_since;
use crate::endpoint::pages::admin::{Answer, Nonsense, Query, ROWS, staff};
use crate::endpoint::paging::{cut, link};
use crate::fluxer::audit::Action;
use crate::page::admin::{self, AuditLogPage};
use crate::snowflake::EntryId;
use crate::store::{Edge, EntryFilter};

/// `GET`.
pub async fn show<E: Edge>(cx: &Context<'_, E>) -> Answer {
    let staff = staff(cx).await?;
    let query = Query::read(cx);
    let (wanted, mut entries) = match wanted(&query) {
        Ok((wanted, before)) => {
            let since = kept_since(cx.now, cx.config.audit_log_lifetime);
            let entries = cx.edge.entries(wanted, before, since, ROWS + 1).await?;
            (wanted, entries)
        }
        Err(Nonsense) => (EntryFilter::default(), Vec::new()),
    };
    let typed = [query.typed("actor"), query.typed("target")];
    let older = cut(&mut entries, ROWS).map(|last| {
        let action = wanted.action.map(Action::as_str).unwrap_or_default();
        let params = [
            ("action", action),
            ("actor", typed[0]),
            ("target", typed[1]),
            ("before", &last.id.to_string()),
        ];
        link("/admin/audit-log", &params)
    });
    let here = cx.request.target();
    let chrome = cx.account_chrome(&here, &staff);
    let page = AuditLogPage {
        wanted,
        typed,
        entries,
        older: older.as_deref(),
    };
    let title = chrome.text.admin.audit_log;
    Ok(admin::page(chrome, title, &page).respond(200))
}

fn wanted(query: &Query) -> Result<(EntryFilter, Option<EntryId>), Nonsense> {
    let wanted = EntryFilter {
        action: query.action()?,
        actor: query.id("actor")?,
        target: query.id("target")?,
    };
    Ok((wanted, query.id("before")?.map(EntryId)))
}
