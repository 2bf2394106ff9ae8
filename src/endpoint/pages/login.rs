//! `/login`: a user name and a password, or the way to the platform that has the users.

pub mod elsewhere;

use core::time::Duration;

use crate::base64url;
use crate::crypto::form_ticket::Form;
use crate::crypto::known_browser;
use crate::crypto::password;
use crate::crypto::secret::{BrowserId, Secret, SessionId};
use crate::endpoint::attempts::{Attempt, Counter};
use crate::endpoint::cookies::Cookie;
use crate::endpoint::failure::LOGIN_BUCKET;
use crate::endpoint::oauth::authorize;
use crate::endpoint::return_to::{self, ReturnTo};
use crate::endpoint::{Context, Failure, Next, Notice, PageRefusal, limit_headers, sudo};
use crate::fluxer::audit::Action;
use crate::http::Response;
use crate::location::{Location, Target};
use crate::page::text::Message;
use crate::page::{LoginPage, LoginProblem, Page};
use crate::rate_limit::Verdict;
use crate::store::{Account, Edge, Fault};
use sha2::{Digest, Sha256};

/// How long a browser that is not logged in keeps its cookie.
const BROWSER_LIFETIME: Duration = Duration::from_hours(24);
/// Longest password that is looked at, in bytes: as long as one that can be set.
const MAX_PASSWORD_BYTES: usize = 1024;
/// Longest login that is looked at, in bytes: as long as an e-mail address.
const MAX_LOGIN_BYTES: usize = 254;

/// `GET`: shows the form.
pub async fn show<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<PageRefusal>> {
    let logged_in = cx.logged_in(None).await?;
    if logged_in.is_some() {
        if ReturnTo::read(&cx.request.query).is_none() {
            let notice = Notice::new(200, Message::LoggedIn).then(return_to::LOGOUT, Next::LogOut);
            return Err(notice.into());
        }
        if let Some(on) = ReturnTo::without_login(&cx.request.query) {
            return Ok(Response::see_other(on));
        }
    }
    if let Some(platform) = &cx.config.platform {
        return elsewhere::send(cx, platform, logged_in.map(|it| it.session.user.id));
    }
    form_page(cx, 200, None, None).await
}

/// Where a browser that is logged in by now goes on to: in another tab, or by the same form sent twice.
async fn go_on<E: Edge>(cx: &Context<'_, E>) -> Result<Option<ReturnTo>, Fault> {
    let on = ReturnTo::without_login(&cx.request.query);
    let logged_in = cx.logged_in(None).await?;
    Ok(on.filter(|_| logged_in.is_some()))
}

/// `POST`: checks the password and opens a session.
pub async fn submit<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<PageRefusal>> {
    let form = cx.posted_form(&cx.request.target())?;
    let browser = cx.cookie(Cookie::Browser).unwrap_or_default();
    if browser.is_empty() || cx.check_ticket(&login_form(browser), &form).is_none() {
        return match go_on(cx).await? {
            Some(on) => Ok(Response::see_other(on)),
            None => form_page(cx, 403, Some(""), Some(LoginProblem::FormExpired)).await,
        };
    }

    let field = |name| form.one(name).map_err(Notice::bad_request);
    let login = field("login")?.unwrap_or_default().trim();
    let password = field("password")?.unwrap_or_default();
    if login.len() > MAX_LOGIN_BYTES || password.len() > MAX_PASSWORD_BYTES {
        return form_page(cx, 403, Some(""), Some(LoginProblem::WrongCredentials)).await;
    }
    let account = cx.edge.account(login).await?;
    let counters = [Counter::Address, whose(cx, login, account.as_ref())];
    let attempt = match Attempt::begin(cx, &counters).await? {
        Ok(attempt) => attempt,
        Err(refused) => return too_many_attempts(cx, login, refused).await,
    };
    // A password that was changed while this try waited for others is not good any more.
    let account = if attempt.has_waited(cx.now) {
        cx.edge.account(login).await?
    } else {
        account
    };
    let hash = account
        .as_ref()
        .map(|account| account.password_hash.as_str());
    let matches = password::verify(password, hash, cx.config.password_cost)?;
    let (true, Some(account)) = (matches, &account) else {
        let known = account.as_ref().map(|account| account.user.id.0);
        cx.edge.record(cx.entry(Action::LoginFailed).on(known));
        return wrong_credentials(cx, login, attempt.failed()).await;
    };
    attempt.succeeded();
    sudo::renew(cx, account, password);
    log_in(cx, account).await
}

/// Opens a session under a new id, whatever the browser brought (session fixation), and sends the
/// browser on.
async fn log_in<E: Edge>(
    cx: &Context<'_, E>,
    account: &Account,
) -> Result<Response, Failure<PageRefusal>> {
    if account.user.suspended {
        let login = account.user.username.as_str();
        return form_page(cx, 403, Some(login), Some(LoginProblem::Suspended)).await;
    }
    let session: Secret<SessionId> = cx.new_secret()?;
    let old = cx
        .cookie(Cookie::Session)
        .map(|old| Secret::new(old).hash());
    let new = cx.session_by_password(&session, account.user.id);
    let opened = cx.edge.open_session(&new, old.as_ref()).await?;
    if !opened {
        // The account was deleted while its password was looked at.
        return wrong_credentials(cx, account.user.username.as_str(), None).await;
    }
    let known = cx.cookie(Cookie::Known).unwrap_or_default();
    let (keyring, entropy) = (&cx.config.keyring, cx.edge.random()?);
    let known = known_browser::remember(keyring, known, account.user.id, entropy, cx.now)?;
    let user = account.user.id.0;
    cx.edge.record(cx.entry(Action::Login).by(user).on(user));
    let on = ReturnTo::read(&cx.request.query).map(Location::from);
    let on = on.unwrap_or_else(|| Target::of(return_to::LOGIN, &[]).into());
    // The browser keeps the cookie of its login forms: one in another tab is still good.
    let cookies = [
        cx.set_cookie(Cookie::Session, session.expose(), new.lifetime),
        cx.set_cookie(Cookie::Known, &known, known_browser::LIFETIME),
    ];
    let response = Response::see_other(on);
    let with_cookie = |response: Response, cookie| response.with("set-cookie", cookie);
    Ok(cookies.into_iter().fold(response, with_cookie))
}

/// Beside the address, whose failures a guess is counted with. Whoever guesses at an account from
/// elsewhere must not keep its user out: from a browser that they have logged in with, their guesses
/// are counted with that browser's and not with the account's.
fn whose<E: Edge>(cx: &Context<'_, E>, login: &str, account: Option<&Account>) -> Counter {
    let known = account
        .zip(cx.cookie(Cookie::Known))
        .and_then(|(it, cookie)| {
            known_browser::name(&cx.config.keyring, cookie, it.user.id, cx.now)
        });
    match known {
        Some(browser) => Counter::KnownBrowser(browser),
        None => Counter::Account(account_key(login, account)),
    }
}

fn login_form(browser: &str) -> Form<'_> {
    Form {
        name: "login",
        browser,
        subject: "",
    }
}

/// The form, with the login that was `typed`, or that the client hints at.
async fn form_page<E: Edge>(
    cx: &Context<'_, E>,
    status: u16,
    typed: Option<&str>,
    problem: Option<LoginProblem>,
) -> Result<Response, Failure<PageRefusal>> {
    let fresh: Secret<BrowserId> = cx.new_secret()?;
    let browser = cx.cookie(Cookie::Browser).unwrap_or(fresh.expose());
    let return_to = ReturnTo::read(&cx.request.query);
    let application = match &return_to {
        Some(return_to) => authorize::waiting(cx, return_to).await?,
        None => None,
    };
    let hint = match typed {
        None => cx.authorization_parameter("login_hint"),
        Some(_) => None,
    };
    let hint = hint.filter(|hint| hint.len() <= MAX_LOGIN_BYTES);
    let login = typed.or(hint.as_deref()).unwrap_or_default();
    let here = cx.request.target();
    let chrome = cx.chrome(&here);
    let page = LoginPage {
        action: &here,
        csrf_token: &cx.ticket(&login_form(browser))?,
        application: application.as_ref().map(|it| it.name.as_str()),
        login,
        password_reset: cx.config.password_reset_url.as_deref(),
        problem,
    };
    let error = problem.map_or("", |_| chrome.text.layout.error);
    let title = [error, chrome.text.login.submit].concat();
    let page = Page::render(chrome, &title, &page);
    Ok(page.respond(status).with(
        "set-cookie",
        cx.set_cookie(Cookie::Browser, browser, BROWSER_LIFETIME),
    ))
}

/// The form again, for a login and a password that do not belong together. `tightest` is the window that has the
/// fewest attempts left.
async fn wrong_credentials<E: Edge>(
    cx: &Context<'_, E>,
    login: &str,
    tightest: Option<Verdict>,
) -> Result<Response, Failure<PageRefusal>> {
    let problem = Some(LoginProblem::WrongCredentials);
    let mut response = form_page(cx, 403, Some(login), problem).await?;
    if let Some(verdict) = tightest {
        response.extend(limit_headers(LOGIN_BUCKET, &verdict));
    }
    Ok(response)
}

async fn too_many_attempts<E: Edge>(
    cx: &Context<'_, E>,
    login: &str,
    refused: Verdict,
) -> Result<Response, Failure<PageRefusal>> {
    let seconds = refused.retry_after();
    let problem = LoginProblem::TooManyAttempts(seconds);
    let mut response = form_page(cx, 429, Some(login), Some(problem)).await?;
    response.extend(limit_headers(LOGIN_BUCKET, &refused));
    Ok(response.with("retry-after", seconds.to_string()))
}

/// Name and e-mail address of one user are one account; an unknown one is its own.
fn account_key(login: &str, account: Option<&Account>) -> String {
    match account {
        Some(account) => account.user.id.to_string(),
        None => base64url::encode(&Sha256::digest(login.to_ascii_lowercase())),
    }
}
