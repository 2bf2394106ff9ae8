//! `GET /icons/{application}/{icon}`: an icon that was uploaded. Its name is its hash, so browsers keep it for good.

use crate::endpoint::{Context, Failure, UnknownPath};
use crate::fluxer::icon::Icon;
use crate::fluxer::user::ImageHash;
use crate::http::Response;
use crate::snowflake::ApplicationId;
use crate::store::Edge;

/// `GET`. An icon was checked when it was uploaded, and is checked again: a stranger's file must never be more than
/// an image to a browser.
pub async fn show<E: Edge>(
    cx: &Context<'_, E>,
    application: &str,
    name: &str,
) -> Result<Response, Failure<UnknownPath>> {
    let application = ApplicationId::parse(application).ok_or(UnknownPath)?;
    let hash = ImageHash::parse(name).map_err(|_| UnknownPath)?;
    if !hash.is_kept_here() {
        return Err(UnknownPath.into());
    }
    let kept = match cx.edge.icon(application, &hash).await {
        Ok(kept) => kept,
        // A page has many icons, and does without: none of them is worth an entry of the audit log.
        Err(fault) => {
            cx.edge.log(&format!("{fault}: an icon is not shown"));
            return Ok(Response::empty(503).with("retry-after", "1"));
        }
    };
    let icon = kept.and_then(|kept| Icon::read(&kept)).ok_or(UnknownPath)?;
    let mut response = Response::empty(200)
        .with("content-type", icon.media_type)
        .with("content-security-policy", "default-src 'none'; sandbox")
        .with("cross-origin-resource-policy", "cross-origin")
        .with("cache-control", "public, max-age=31536000, immutable");
    response.binary = icon.bytes;
    Ok(response)
}
