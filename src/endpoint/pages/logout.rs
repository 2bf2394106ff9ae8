//! `/logout`: ends the session of this browser. Applications keep what they were granted.

use crate::endpoint::return_to::{LOGIN, LOGOUT, ReturnTo};
use crate::endpoint::{Context, Failure, Next, Notice, PageRefusal, logout};
use crate::http::Response;
use crate::location::{Location, Target};
use crate::page::text::Message;
use crate::store::Edge;

/// `GET`: asks first, so that a link from elsewhere logs nobody out.
pub async fn show<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<PageRefusal>> {
    match cx.logged_in(None).await? {
        Some(logged_in) => logout::page(cx, &logged_in),
        None => Err(logged_out().into()),
    }
}

/// `POST`: ends the session.
pub async fn submit<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<PageRefusal>> {
    let posted = cx.posted_form(LOGOUT)?;
    logout::end_by_form(cx, &posted, LOGOUT.to_owned()).await?;
    let on = ReturnTo::read(&cx.request.query).map(Location::from);
    let on = on.unwrap_or_else(|| Target::of(LOGOUT, &[]).into());
    Ok(logout::go_on(cx, on))
}

fn logged_out() -> Notice {
    Notice::new(200, Message::LoggedOut).then(LOGIN, Next::LogIn)
}
