//! `/admin/audit-log`: the audit log, the newest entries first, as a page and as a file.

use core::time::Duration;

use serde_json::json;

use crate::endpoint::Context;
use crate::endpoint::api::admin::audit_log::kept_since;
use crate::endpoint::pages::admin::{Answer, Query, ROWS, UnreadableQuery, not_found, staff};
use crate::endpoint::paging::{cut, link};
use crate::fluxer::audit::AuditEntry;
use crate::http::Response;
use crate::location::Target;
use crate::page::admin::{self, AuditLogPage, Typed};
use crate::snowflake::{ApplicationId, AuditEntryId, Snowflake};
use crate::store::{
    Edge, EntryFilter, EntryRange, Fault, FoundEntries, Named, NamedKind, Paging, Prefix,
};
use crate::time::Timestamp;

const PATH: &str = "/admin/audit-log";
/// Most entries in one part of a download.
const PART: u32 = 1000;
const DAY: Duration = Duration::from_hours(24);

/// The parameters of a search, as they are spelled in its URL.
const PARAMETERS: [&str; 8] = [
    "person",
    "actor",
    "target",
    "application",
    "action",
    "address",
    "from",
    "until",
];

/// `GET`: shows the page of a search.
pub async fn show<E: Edge>(cx: &Context<'_, E>) -> Answer {
    let staff = staff(cx).await?;
    let query = Query::read(cx);
    let mut found = find(cx, &query, ROWS + 1).await?;
    let last = cut(&mut found.entries, ROWS).map(|last| last.id);
    let older = last.or(found.stopped_at);
    let older = older.map(|before| search(&query, PATH, &[("before", &before.to_string())]));
    let file = |format| search(&query, "/admin/audit-log/download", &[("format", format)]);
    let downloads = [file("csv"), file("ndjson")];
    let stopped_at = found.stopped_at.filter(|_| last.is_none());
    let here = cx.request.target();
    let page = AuditLogPage {
        typed: Typed {
            person: query.typed("person"),
            actor: query.typed("actor"),
            target: query.typed("target"),
            application: query.typed("application"),
            address: query.typed("address"),
            days: [query.typed("from"), query.typed("until")],
        },
        action: query.action().ok().flatten(),
        names: &names(cx, &found.entries).await?,
        entries: &found.entries,
        older: older.as_deref(),
        stopped_at: stopped_at.map(|id| Timestamp::from_millis(id.0.created_at_millis())),
        downloads: [&downloads[0], &downloads[1]],
    };
    let chrome = cx.account_chrome(&here, &staff);
    let title = chrome.text.admin.audit_log;
    Ok(admin::page(chrome, title, &page).respond(200))
}

/// `GET …/download`: everything that a search finds, as CSV or NDJSON, in as many parts as it takes.
pub async fn download<E: Edge>(cx: &Context<'_, E>) -> Answer {
    staff(cx).await?;
    let query = Query::read(cx);
    let (kind, write): (_, fn(&AuditEntry, &[Named]) -> String) = match query.text("format") {
        Ok(Some("csv")) => ("text/csv; charset=utf-8", csv_row),
        Ok(Some("ndjson")) => ("application/x-ndjson", json_row),
        _ => return Err(not_found().into()),
    };
    let found = find(cx, &query, PART).await?;
    let names = names(cx, &found.entries).await?;
    let last = found.entries.last().map(|entry| entry.id);
    let is_more = found.entries.len() >= usize::try_from(PART).unwrap_or(usize::MAX);
    let next = last.filter(|_| is_more).or(found.stopped_at);
    let format = query.typed("format");
    let next = next.map(|before| {
        let params = [("format", format), ("before", &before.to_string())];
        search(&query, &cx.request.path, &params)
    });
    let mut response = Response::empty(200).with("content-type", kind).with(
        "content-disposition",
        ["attachment; filename=audit-log.", format].concat(),
    );
    if format == "csv" && query.text("before").ok().flatten().is_none() {
        response.body.push_str(CSV_HEADER);
    }
    for entry in &found.entries {
        response.body.push_str(&write(entry, &names));
    }
    response.rest = next.as_deref().and_then(Target::parse);
    Ok(response)
}

/// The URL of a search, with more parameters.
fn search(query: &Query, path: &str, more: &[(&str, &str)]) -> String {
    let mut params: Vec<_> = PARAMETERS
        .map(|name| (name, query.typed(name)))
        .into_iter()
        .collect();
    params.extend(more);
    link(path, &params)
}

/// The entries that a search finds. A search that makes no sense finds nothing.
async fn find<E: Edge>(
    cx: &Context<'_, E>,
    query: &Query,
    limit: u32,
) -> Result<FoundEntries, Fault> {
    let wanted = (
        wanted(cx, query, limit),
        query.text("person"),
        query.text("application"),
    );
    let (Ok((mut filter, range)), Ok(person), Ok(application)) = wanted else {
        return Ok(FoundEntries::default());
    };
    if let Some(typed) = person {
        filter.person = match Snowflake::parse(typed) {
            Some(id) => Some(id),
            None => cx.edge.account(typed).await?.map(|it| it.user.id.0),
        };
        if filter.person.is_none() {
            return Ok(FoundEntries::default());
        }
    }
    if let Some(typed) = application {
        filter.application = application_called(cx, typed).await?;
        if filter.application.is_none() {
            return Ok(FoundEntries::default());
        }
    }
    cx.edge.entries(&filter, range).await
}

/// The filter and the range of a search, as far as no name has to be looked up for them.
fn wanted<E>(
    cx: &Context<'_, E>,
    query: &Query,
    limit: u32,
) -> Result<(EntryFilter, EntryRange), UnreadableQuery> {
    let filter = EntryFilter {
        action: query.action()?,
        actor: query.id("actor")?,
        target: query.id("target")?,
        address: query.text("address")?.map(str::to_owned),
        ..EntryFilter::default()
    };
    let from = query.parsed("from", Timestamp::of_day)?.map(first_of);
    let until = query.parsed("until", Timestamp::of_day)?;
    let ends = [
        query.id("before")?.map(AuditEntryId),
        until.map(|day| first_of(day + DAY)),
    ];
    let kept = kept_since(cx.now, cx.config.audit_log_lifetime);
    let range = EntryRange {
        since: from.map_or(kept, |from| from.max(kept)),
        before: ends.into_iter().flatten().min(),
        limit,
    };
    Ok((filter, range))
}

/// The application with this id, or with exactly this name.
async fn application_called<E: Edge>(
    cx: &Context<'_, E>,
    typed: &str,
) -> Result<Option<ApplicationId>, Fault> {
    if let Some(id) = ApplicationId::parse(typed) {
        return Ok(Some(id));
    }
    let Some(prefix) = Prefix::parse(typed) else {
        return Ok(None);
    };
    let paging = Paging {
        after: None,
        limit: ROWS,
    };
    let found = cx.edge.find_applications(&prefix, paging).await?;
    let named = found
        .iter()
        .find(|it| it.name.as_str().eq_ignore_ascii_case(typed));
    Ok(named.map(|it| it.client.id))
}

const fn first_of(at: Timestamp) -> AuditEntryId {
    AuditEntryId(Snowflake::first_of(at.millis()))
}

/// The names of everybody and everything that some entries are about. It is one question, however many entries there
/// are.
pub async fn names<E: Edge>(
    cx: &Context<'_, E>,
    entries: &[AuditEntry],
) -> Result<Vec<Named>, Fault> {
    let mut ids: Vec<_> = entries.iter().flat_map(AuditEntry::names).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut names = cx.edge.names(&ids).await?;
    if let Some(built_in) = &cx.config.admin_application {
        names.push(Named {
            id: built_in.client.id.0,
            kind: NamedKind::Application,
            name: built_in.name.as_str().to_owned(),
        });
    }
    Ok(names)
}

const CSV_HEADER: &str = "id,created_at,action,actor_id,actor,application_id,application,target_id,\
                          target,address,device,details\r\n";

fn name_of(names: &[Named], id: Option<Snowflake>) -> Option<&str> {
    let found = names.iter().find(|named| Some(named.id) == id);
    found.map(|named| named.name.as_str())
}

/// An entry as the API shows it, with the names.
fn json_row(entry: &AuditEntry, names: &[Named]) -> String {
    let mut shown = entry.shown();
    for (member, id) in [
        ("actor", entry.actor),
        ("application", entry.application.map(|it| it.0)),
        ("target", entry.target),
    ] {
        if let (Some(shown), Some(name)) = (shown.as_object_mut(), name_of(names, id)) {
            shown.insert(member.to_owned(), json!(name));
        }
    }
    [&shown.to_string(), "\n"].concat()
}

/// An entry as a line of CSV (RFC 4180).
fn csv_row(entry: &AuditEntry, names: &[Named]) -> String {
    let id = |id: Option<Snowflake>| id.map(|it| it.to_string()).unwrap_or_default();
    let name = |id| name_of(names, id).unwrap_or_default().to_owned();
    let application = entry.application.map(|it| it.0);
    let at = Timestamp::from_millis(entry.id.0.created_at_millis());
    let details = if entry.details.is_null() {
        String::new()
    } else {
        entry.details.to_string()
    };
    let cells = [
        entry.id.to_string(),
        at.to_iso(),
        entry.action.as_str().to_owned(),
        id(entry.actor),
        name(entry.actor),
        id(application),
        name(application),
        id(entry.target),
        name(entry.target),
        entry.address.clone(),
        entry.device.clone().unwrap_or_default(),
        details,
    ];
    [&cells.map(cell).join(","), "\r\n"].concat()
}

/// A cell of CSV. Strangers choose names and browsers, so a cell that a spreadsheet would take for a formula is kept
/// from being one.
fn cell(text: String) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if is_formula {
        ["'", &text].concat()
    } else {
        text
    };
    if text.contains(['"', ',', '\n', '\r']) {
        ["\"", &text.replace('"', "\"\""), "\""].concat()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula() {
        for (text, expected) in [
            ("ada", "ada"),
            ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
            ("@x,y", "\"'@x,y\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("a\nb", "\"a\nb\""),
        ] {
            assert_eq!(cell(text.to_owned()), expected);
        }
    }
}
