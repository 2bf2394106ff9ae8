//! `GET /api/admin/export`: the lines that `POST /api/admin/import` takes, a page at a time.

use super::record::written;
use super::{Answer, NDJSON, operator};
use crate::endpoint::{Context, paging};
use crate::fluxer::audit::Action;
use crate::http::Response;
use crate::store::{Cursor, Edge};

/// Most lines of a page.
const MAX_LINES: u32 = 1_000;
/// Most applications that are read at once: an application may have some ten kilobytes, and D1 answers with 2 MB at
/// most.
const MAX_APPLICATIONS: u32 = 100;

/// The header that says where the next page begins; the last page has none.
const NEXT: &str = "x-next-cursor";

/// `GET`: at most `limit` lines, behind the cursor `after`.
pub async fn export<E: Edge>(cx: &Context<'_, E>) -> Answer {
    let actor = operator(cx).await?;
    let must = "must be the X-Next-Cursor of the page before";
    let (limit, after) = paging::read_cursor(cx, MAX_LINES, Cursor::parse, must)?;
    let mut place = Some(after.unwrap_or(Cursor::START));
    let mut lines = 0;
    let mut body = String::new();
    while let Some(behind) = place.take_if(|_| lines < limit) {
        let wanted = match behind {
            Cursor::Applications(_) => (limit - lines).min(MAX_APPLICATIONS),
            _ => limit - lines,
        };
        let piece = cx.edge.export(&behind, wanted).await?;
        let written = written(&piece);
        for line in &written {
            body.push_str(&line.to_string());
            body.push('\n');
        }
        let found = u32::try_from(written.len()).unwrap_or(u32::MAX);
        lines += found;
        place = match Cursor::behind(&piece) {
            Some(last) if found >= wanted => Some(last),
            _ => behind.next_kind(),
        };
    }
    cx.edge.record(cx.entry(Action::Exported).by(actor));
    let mut response = Response::empty(200).with("content-type", NDJSON);
    if let Some(place) = place {
        response.push(NEXT, place.to_string());
    }
    response.body = body;
    Ok(response)
}
