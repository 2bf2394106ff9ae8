//! Login elsewhere: the browser is sent to the platform with a sealed challenge, the platform answers by its key or
//! by an assertion, and the browser comes back for the answer.
//!
//! Invariant: an answer is good in the browser that asked, once, and in no other browser. Whoever has a link and not
//! the cookie that goes with it spends nothing.

use core::time::Duration;

use serde_json::json;

use super::decision::{LoginAnswer, kept_for};
use crate::crypto::secret::{BrowserId, Hash, Secret, SessionId};
use crate::endpoint::cookies::Cookie;
use crate::endpoint::oauth::{authorize, client_keys};
use crate::endpoint::platform_login::{answer, note_accepted, way_back};
use crate::endpoint::return_to::{LOGIN, ReturnTo};
use crate::endpoint::{Context, Failure, Notice, PageRefusal};
use crate::fluxer::audit::Action;
use crate::http::{Method, Response};
use crate::id::AttemptId;
use crate::location::{Location, Target};
use crate::oauth::client::keys::ClientKeys;
use crate::oauth::jws::Unverified;
use crate::oauth::params::Params;
use crate::page::text::Message;
use crate::pending::{AcceptedLogin, AskedLogin, LoginDecision, ReturnLogin, SeeLogin, TakeLogin};
use crate::platform::PlatformSettings;
use crate::platform::assertion::LoginAssertion;
use crate::platform::challenge::{Challenge, LoginVerifier};
use crate::snowflake::UserId;
use crate::store::{ByPlatform, Edge, Fault, NewSession};

/// How long a browser stays logged in that the platform does not want remembered: as long as a consent page may be
/// open.
const FOR_THIS_ONCE: Duration = Duration::from_secs(600);

/// Sends the browser to the platform. Nothing is stored.
pub(super) fn send<E: Edge>(
    cx: &Context<'_, E>,
    platform: &PlatformSettings,
    subject: Option<UserId>,
) -> Result<Response, Failure<PageRefusal>> {
    let return_to = ReturnTo::read(&cx.request.query);
    let is_account = !matches!(return_to, Some(ReturnTo::Authorize(_)));
    // What a client asks for stands in its own request.
    let again = is_account && Params::from_form(&cx.request.query).one("prompt") != Ok(None);
    let target = match return_to {
        Some(ReturnTo::Authorize(target) | ReturnTo::Account(target)) => target,
        None => Target::of(LOGIN, &[]),
    };
    send_for(cx, platform, target.as_str(), again, subject)
}

fn send_for<E: Edge>(
    cx: &Context<'_, E>,
    platform: &PlatformSettings,
    target: &str,
    again: bool,
    subject: Option<UserId>,
) -> Result<Response, Failure<PageRefusal>> {
    let browser: Secret<BrowserId> = cx.new_secret()?;
    let asked = AskedLogin {
        browser: browser.hash(),
        target: target.to_owned(),
        at: cx.now,
        again,
        subject,
    };
    let challenge = Challenge::new(cx.edge.random()?, asked);
    let sealed = challenge.seal(&cx.config.keyring, cx.edge.random()?)?;
    let of_target = ReturnTo::at(target);
    let asked_for = of_target
        .as_ref()
        .and_then(ReturnTo::authorization_query)
        .and_then(|query| {
            let params = Params::from_form(query);
            params.one("ui_locales").ok().flatten().map(str::to_owned)
        });
    let locales = asked_for.unwrap_or_else(|| cx.chrome("").text.tag.to_owned());
    let to = platform
        .login_url
        .with(&[("login_challenge", &sealed), ("ui_locales", &locales)]);
    if !to.is_followed() {
        return Err(Notice::too_long().into());
    }
    let mut response = Response::see_other(Location::Login(to));
    let cookies = cx.set_login_cookie(&challenge.verifier().cookie_key(), browser.expose());
    response.extend(cookies.into_iter().map(|cookie| ("set-cookie", cookie)));
    Ok(response)
}

/// `GET /oauth2/continue`: the browser comes for the platform's answer.
pub async fn finish<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<PageRefusal>> {
    let Some(platform) = &cx.config.platform else {
        return Err(unusable().into());
    };
    let params = Params::from_form(&cx.request.query);
    let verifier = params
        .required("login_verifier")
        .map_err(Notice::bad_request)?;
    let verifier = Secret::<LoginVerifier>::new(verifier);
    let browser = cx.login_cookie(&verifier.cookie_key());
    let browser = Secret::<BrowserId>::new(browser.ok_or_else(unusable)?).hash();
    let id = verifier.pending();
    let login = cx.edge.ask_pending(&id, SeeLogin { browser }).await?;
    let login = login.ok_or_else(unusable)?;
    // HEAD changes nothing (RFC 9110 §9.2.1): programs that check links send it.
    if cx.request.method == Method::Head {
        return Ok(Response::empty(200));
    }
    let target = &login.asked.target;
    match LoginAnswer::of(&login) {
        LoginAnswer::Rejected(rejected) => match ReturnTo::at(target) {
            Some(ReturnTo::Authorize(target)) => authorize::reject(cx, &target, rejected).await,
            _ => Err(Notice::new(403, Message::LoginRejected).into()),
        },
        // A page that was loaded twice goes on; anybody else begins anew.
        LoginAnswer::Used(subject) => {
            let logged_in = cx.logged_in(None).await?;
            let is_same = logged_in.is_some_and(|it| it.session.user.id == subject);
            match ReturnTo::at(target).filter(|_| is_same) {
                Some(on) => Ok(Response::see_other(on.after_login())),
                None => Err(unusable().into()),
            }
        }
        LoginAnswer::TooOld(subject) => {
            send_for(cx, platform, target, login.asked.again, Some(subject))
        }
        LoginAnswer::Opens(accepted) => open(cx, &verifier, &login.asked, accepted).await,
    }
}

/// Opens a session under a new id. It takes the place of the session that the browser had, whoever's that was.
async fn open<E: Edge>(
    cx: &Context<'_, E>,
    verifier: &Secret<LoginVerifier>,
    asked: &AskedLogin,
    accepted: &AcceptedLogin,
) -> Result<Response, Failure<PageRefusal>> {
    let disabled = || Notice::new(403, Message::AccountDisabled);
    let user = cx.user(accepted.subject).await?;
    let user = user.filter(|it| !it.suspended).ok_or_else(disabled)?.id;
    let cookie: Secret<SessionId> = cx.new_secret()?;
    let old = cx.cookie(Cookie::Session);
    let old = old.map(|old| Secret::new(old).hash());
    let kept = kept_for(accepted, cx.config.session_lifetime);
    let lifetime = kept.unwrap_or(FOR_THIS_ONCE);
    let session = NewSession {
        id: cookie.hash(),
        user,
        amr: accepted.amr,
        authenticated_at: accepted.auth_time.min(cx.now),
        at: cx.now,
        lifetime,
        browser: cx.browser_seen(),
        by_platform: Some(ByPlatform {
            session: accepted.session,
        }),
    };
    if !take_and_open(cx, verifier, asked.browser, &session, old).await? {
        return Err(disabled().into());
    }
    let entry = cx.entry(Action::Login).by(user.0).on(user.0);
    cx.edge
        .record(entry.saying(json!({"amr": accepted.amr.to_string()})));
    let on = match ReturnTo::at(&asked.target) {
        Some(on) => on.after_login(),
        None => Target::of(LOGIN, &[]),
    };
    let cookies = [
        cx.set_session_cookie(cookie.expose(), kept),
        cx.forget_login_cookie(&verifier.cookie_key()),
    ];
    let mut response = Response::see_other(on);
    response.extend(cookies.map(|cookie| ("set-cookie", cookie)));
    Ok(response)
}

/// Takes the answer and opens the session. This is the commit point: of a hundred requests one takes the answer.
/// Where that one cannot use it, through a fault of ours, it gives the answer back.
async fn take_and_open<E: Edge>(
    cx: &Context<'_, E>,
    verifier: &Secret<LoginVerifier>,
    browser: Hash<BrowserId>,
    session: &NewSession,
    old: Option<Hash<SessionId>>,
) -> Result<bool, Failure<PageRefusal>> {
    let attempt = AttemptId::from_bytes(cx.edge.random()?);
    let id = verifier.pending();
    let take = || TakeLogin { browser, attempt };
    let taken = match cx.edge.ask_pending(&id, take()).await {
        Ok(taken) => taken,
        // It may be taken, and only its answer lost.
        Err(fault) => {
            cx.edge.log(&format!("asking again after {fault}"));
            cx.edge.ask_pending(&id, take()).await?
        }
    };
    if !taken {
        return Err(unusable().into());
    }
    match cx.edge.open_session(session, old.as_ref()).await {
        Ok(opened) => Ok(opened),
        Err(fault) => {
            let give_back = ReturnLogin { browser, attempt };
            if let Err(fault) = cx.edge.ask_pending(&id, give_back).await {
                cx.edge.log(&format!("a login must begin anew: {fault}"));
            }
            Err(fault.into())
        }
    }
}

/// `POST /oauth2/continue`: the platform's page hands an assertion over. A form of another site brings no cookie, so
/// the browser goes on to the same path by GET.
pub async fn hand_over<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<PageRefusal>> {
    let platform = cx.config.platform.as_ref().ok_or_else(unusable)?;
    let origin = cx.request.header("origin").unwrap_or_default();
    if origin != platform.login_url.origin() {
        return Err(Notice::bad_request("The form is not the platform's").into());
    }
    let form = cx.form().map_err(Notice::bad_request)?;
    let token = form
        .required("login_assertion")
        .map_err(Notice::bad_request)?;
    let assertion = verified(cx, platform, token).await?;
    let wrong = |why: &str| Notice::bad_request(format!("login_assertion: {why}"));
    let assertion = assertion.map_err(wrong)?;
    let challenge = Challenge::open(&cx.config.keyring, &assertion.challenge, cx.now);
    let challenge = challenge.ok_or_else(unusable)?;
    let subject = assertion.login.subject;
    if !answer(cx, &challenge, LoginDecision::Accepted(assertion.login)).await? {
        return Err(unusable().into());
    }
    note_accepted(cx, &challenge, subject, "assertion");
    Ok(Response::see_other(way_back(&challenge)))
}

/// The assertion in a token that the platform signed, or what is wrong with the token.
async fn verified<E: Edge>(
    cx: &Context<'_, E>,
    platform: &PlatformSettings,
    token: &str,
) -> Result<Result<LoginAssertion, &'static str>, Fault> {
    let Some(issuer) = &platform.assertions else {
        return Ok(Err("no assertions are taken here"));
    };
    let Some(token) = Unverified::parse(token) else {
        return Ok(Err("it must be a JWT that is signed with a public key"));
    };
    // What it says is looked at first: a token that would open nothing costs no fetch.
    let assertion = match LoginAssertion::read(&token, &issuer.issuer, &cx.config.issuer, cx.now) {
        Ok(assertion) => assertion,
        Err(why) => return Ok(Err(why)),
    };
    let keys = ClientKeys::At(issuer.keys.as_str().to_owned());
    if client_keys::signed(cx, &keys, &token.signed()).await? {
        Ok(Ok(assertion))
    } else {
        Ok(Err("it is not signed with a key of PLATFORM_JWKS"))
    }
}

/// The page for a way back that is of no use: it was used, is too late, or belongs to another browser.
fn unusable() -> Notice {
    Notice::new(400, Message::LoginUnusable)
}
