//! `POST /language`: sets the language of the pages that the user chose.

use core::time::Duration;

use crate::endpoint::context::LANGUAGE_COOKIE;
use crate::endpoint::return_to::LOGIN;
use crate::endpoint::{Context, Failure, Notice, PageRefusal};
use crate::http::Response;
use crate::location::Target;
use crate::page::text;

/// How long the cookie with the choice is kept.
const LIFETIME: Duration = Duration::from_hours(24 * 365);

/// `POST`. The form has no ticket, because a stranger's form could change the language and nothing else. The browser
/// goes back to the page of this server that it came from.
#[expect(clippy::unused_async, reason = "every endpoint is async")]
pub async fn choose<E: crate::store::Edge>(
    cx: &Context<'_, E>,
) -> Result<Response, Failure<PageRefusal>> {
    let form = cx.posted_form(LOGIN)?;
    let one = |name| form.one(name).map_err(Notice::bad_request);
    let chosen = one("language")?.and_then(text::by_tag);
    let back = one("return_to")?.and_then(Target::parse);
    let response = Response::see_other(back.unwrap_or_else(|| Target::of(LOGIN, &[])));
    Ok(match chosen {
        None => response,
        Some(text) => {
            let secure = if cx.config.issuer.is_https() {
                "; Secure"
            } else {
                ""
            };
            let cookie = format!(
                "{LANGUAGE_COOKIE}={}; Path=/; Max-Age={}; SameSite=Lax{secure}",
                text.tag,
                LIFETIME.as_secs()
            );
            response.with("set-cookie", cookie)
        }
    })
}
