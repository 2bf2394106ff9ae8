//! `GET /assets/{asset}`: the files that the pages load. The name of a file has its hash in it, so browsers keep it
//! for good.

use crate::endpoint::{Context, Failure, UnknownPath};
use crate::http::Response;
use crate::page::style::Asset;

/// `GET`.
#[expect(clippy::unused_async, reason = "every endpoint is async")]
pub async fn show<E>(cx: &Context<'_, E>, name: &str) -> Result<Response, Failure<UnknownPath>> {
    let brand = &cx.config.brand;
    let asset = Asset::ALL.into_iter().find(|it| it.name(brand) == name);
    let asset = asset.ok_or(UnknownPath)?;
    let mut response = Response::empty(200)
        .with("content-type", asset.media_type())
        .with("cache-control", "public, max-age=31536000, immutable");
    response.body = asset.body(brand);
    Ok(response)
}
