//! `/logout`: ends the session of this browser. Applications keep what they were granted.

use core::time::Duration;

use crate::crypto::form_ticket::Form;
use crate::endpoint::caller::LoggedIn;
use crate::endpoint::cookies::Cookie;
use crate::endpoint::return_to::{LOGIN, LOGOUT, ReturnTo};
use crate::endpoint::{Context, Failure, Next, Notice, PageRefusal};
use crate::fluxer::audit::Action;
use crate::http::Response;
use crate::location::{Location, Target};
use crate::page::text::Message;
use crate::page::{LogoutPage, Page};
use crate::store::{Edge, Fault};

/// The form, as it stands on the consent page and on its own.
pub fn form(logged_in: &LoggedIn) -> Form<'_> {
    Form {
        name: "logout",
        browser: logged_in.cookie.expose(),
        subject: "",
    }
}

/// `GET`: asks first, so that a link from elsewhere logs nobody out.
pub async fn show<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<PageRefusal>> {
    let Some(logged_in) = cx.logged_in(None).await? else {
        return Err(logged_out().into());
    };
    let here = cx.request.target();
    let chrome = cx.chrome(&here);
    let page = LogoutPage {
        action: &here,
        csrf_token: &cx.ticket(&form(&logged_in))?,
        username: logged_in.session.user.username.as_str(),
    };
    Ok(Page::render(chrome, chrome.text.logout.submit, &page).respond(200))
}

/// `POST`: ends the session.
pub async fn submit<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<PageRefusal>> {
    let posted = cx.posted_form(LOGOUT)?;
    if let Some(logged_in) = cx.logged_in(None).await? {
        if cx.check_ticket(&form(&logged_in), &posted).is_none() {
            return Err(Notice::form_refused(LOGOUT.to_owned()).into());
        }
        end(cx, &logged_in).await?;
    }
    let on = ReturnTo::read(&cx.request.query).map(Location::from);
    let on = on.unwrap_or_else(|| Target::of(LOGOUT, &[]).into());
    let forget = cx.set_cookie(Cookie::Session, "", Duration::ZERO);
    Ok(Response::see_other(on).with("set-cookie", forget))
}

/// Ends a session.
pub async fn end<E: Edge>(cx: &Context<'_, E>, logged_in: &LoggedIn) -> Result<(), Fault> {
    cx.edge.close_session(&logged_in.cookie.hash()).await?;
    let user = logged_in.session.user.id.0;
    cx.edge.record(cx.entry(Action::Logout).by(user).on(user));
    Ok(())
}

fn logged_out() -> Notice {
    Notice::new(200, Message::LoggedOut).then(LOGIN, Next::LogIn)
}
