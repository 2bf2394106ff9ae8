//! `/oauth2/logout` (OpenID Connect RP-Initiated Logout 1.0): a client sends its user here to be logged out.
//!
//! With an ID token of this very session the user is logged out at once. Otherwise a link from anywhere could do it,
//! so the user is asked. Nobody is sent on without an ID token, because it names the client whose registered URI that
//! is.

use std::rc::Rc;

use super::id_token_hint;
use crate::endpoint::caller::LoggedIn;
use crate::endpoint::return_to::LOGOUT;
use crate::endpoint::{Context, Failure, Notice, PageRefusal, logout};
use crate::fluxer::application::Application;
use crate::http::{Method, Response};
use crate::location::{Location, Target};
use crate::oauth::openid::SessionName;
use crate::oauth::params::Params;
use crate::oauth::redirect_uri::RedirectUri;
use crate::oauth::token::id::IdTokenHint;
use crate::snowflake::ApplicationId;
use crate::store::{Edge, Fault, Known};

/// The parameters of a logout.
struct LogoutRequest {
    hint: Option<IdTokenHint>,
    /// The URI where the user goes afterwards, and the client's `state`.
    next: Option<(RedirectUri, Option<String>)>,
}

/// `GET`: logs the user out, or asks whether to.
pub async fn show<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<PageRefusal>> {
    let request = LogoutRequest::read(cx).await?;
    let Some(logged_in) = cx.logged_in(None).await? else {
        return Ok(request.go_on(cx));
    };
    // HEAD changes nothing (RFC 9110 §9.2.1): programs that check links send it.
    if request.is_about(&logged_in) && cx.request.method != Method::Head {
        logout::end(cx, &logged_in).await?;
        return Ok(request.go_on(cx));
    }
    logout::page(cx, &logged_in)
}

/// `POST`: takes our own form. A client's request goes on as a `GET`, because browsers send no cookie with a form of
/// another site.
pub async fn submit<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<PageRefusal>> {
    if let Some(target) = cx.posted_request("csrf_token")? {
        return Ok(Response::see_other(target));
    }
    let posted = cx.posted_form(&cx.request.target())?;
    let request = LogoutRequest::read(cx).await?;
    logout::end_by_form(cx, &posted, cx.request.target()).await?;
    Ok(request.go_on(cx))
}

/// The URI, where it is a `post_logout_redirect_uri` of this client.
async fn registered<E: Edge>(
    cx: &Context<'_, E>,
    client: &str,
    uri: &str,
) -> Result<Option<RedirectUri>, Fault> {
    // A document says nothing of logouts.
    let Some(id) = ApplicationId::parse(client) else {
        return Ok(None);
    };
    let of = |application: Rc<Application>| application.client.post_logout_redirect_uri(uri);
    let known = match cx.known_application(id).await? {
        Known::Current(application) => return Ok(application.and_then(of)),
        Known::Remembered(application) => of(application),
    };
    match known {
        Some(known) => Ok(Some(known)),
        None => Ok(cx.current_application(id).await?.and_then(of)),
    }
}

impl LogoutRequest {
    /// Reads the query. A URI that is not the client's own ends on a page, and so do parameters that name two
    /// clients.
    async fn read<E: Edge>(cx: &Context<'_, E>) -> Result<Self, Failure<PageRefusal>> {
        let params = Params::from_form(&cx.request.query);
        let one = |name| params.one(name).map_err(Notice::bad_request);
        let client_id = one("client_id")?;
        let (uri, state) = (one("post_logout_redirect_uri")?, one("state")?);
        let hint = match one("id_token_hint")? {
            Some(hint) => id_token_hint::verify(cx, hint).await?,
            None => None,
        };
        let Some(hint) = hint else {
            let (hint, next) = (None, None);
            return Ok(Self { hint, next });
        };
        if client_id.is_some_and(|client| client != hint.aud) {
            let detail = "client_id is not the client that the id_token_hint was issued to";
            return Err(Notice::bad_request(detail).into());
        }
        let next = match uri {
            None => None,
            Some(uri) => {
                let registered = registered(cx, &hint.aud, uri).await?.ok_or_else(|| {
                    Notice::bad_request("post_logout_redirect_uri is not registered")
                })?;
                Some((registered, state.map(str::to_owned)))
            }
        };
        let hint = Some(hint);
        Ok(Self { hint, next })
    }

    /// Whether the hint names this user, in this session.
    fn is_about(&self, logged_in: &LoggedIn) -> bool {
        self.hint.as_ref().is_some_and(|hint| {
            hint.sub == logged_in.session.user.id
                && hint.sid == SessionName::of(&logged_in.cookie.hash())
        })
    }

    /// Sends the browser back to the client where it named a URI, and otherwise to the page that says that nobody is
    /// logged in.
    fn go_on<E>(&self, cx: &Context<'_, E>) -> Response {
        let on = match &self.next {
            Some((uri, state)) => {
                let state = state.as_deref().map(|state| ("state", state));
                Location::from(uri.location(state.as_slice()))
            }
            None => Target::of(LOGOUT, &[]).into(),
        };
        logout::go_on(cx, on)
    }
}
