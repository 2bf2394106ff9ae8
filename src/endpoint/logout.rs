//! The logout of a browser, which a user asks for on a page of ours, or a client for its user.

use core::time::Duration;

use super::caller::LoggedIn;
use super::context::Context;
use super::cookies::Cookie;
use super::failure::{Failure, Notice, PageRefusal};
use crate::crypto::form_ticket::Form;
use crate::fluxer::audit::Action;
use crate::http::Response;
use crate::location::Location;
use crate::oauth::params::Params;
use crate::page::{LogoutPage, Page};
use crate::store::{Edge, Fault};

/// The form that logs out, as it stands on the consent page and on a page of its own.
pub fn form(logged_in: &LoggedIn) -> Form<'_> {
    Form {
        name: "logout",
        browser: logged_in.cookie.expose(),
        subject: "",
    }
}

/// The page that asks whether to log out.
pub fn page<E: Edge>(
    cx: &Context<'_, E>,
    logged_in: &LoggedIn,
) -> Result<Response, Failure<PageRefusal>> {
    let here = cx.request.target();
    let chrome = cx.chrome(&here);
    let page = LogoutPage {
        action: &here,
        csrf_token: &cx.ticket(&form(logged_in))?,
        username: logged_in.session.user.username.as_str(),
    };
    Ok(Page::render(chrome, chrome.text.logout.submit, &page).respond(200))
}

/// Ends the session of a browser whose form came back, where it has one. A form that is refused begins again
/// at `back`.
pub async fn end_by_form<E: Edge>(
    cx: &Context<'_, E>,
    posted: &Params,
    back: String,
) -> Result<(), Failure<PageRefusal>> {
    if let Some(logged_in) = cx.logged_in(None).await? {
        if cx.check_ticket(&form(&logged_in), posted).is_none() {
            return Err(Notice::form_refused(back).into());
        }
        end(cx, &logged_in).await?;
    }
    Ok(())
}

/// Ends a session. Applications keep what they were granted.
pub async fn end<E: Edge>(cx: &Context<'_, E>, logged_in: &LoggedIn) -> Result<(), Fault> {
    cx.edge.close_session(&logged_in.cookie.hash()).await?;
    let user = logged_in.session.user.id.0;
    cx.edge.record(cx.entry(Action::Logout).by(user).on(user));
    Ok(())
}

/// Sends a browser on that has no session any more, and takes its cookie away.
pub fn go_on<E>(cx: &Context<'_, E>, on: Location) -> Response {
    let forget = cx.set_cookie(Cookie::Session, "", Duration::ZERO);
    Response::see_other(on).with("set-cookie", forget)
}
