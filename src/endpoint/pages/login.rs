//! `/login`: a form for a user name and a password, or the way to the platform that has the users.

mod decision;
pub mod elsewhere;

use core::time::Duration;

use self::decision::{LoginStep, MAX_LOGIN_BYTES, TriedPassword, TypedLogin, counter};
use crate::crypto::form_ticket::Form;
use crate::crypto::known_browser;
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
use crate::snowflake::UserId;
use crate::store::{Account, Edge};

type Answer = Result<Response, Failure<PageRefusal>>;

/// How long a browser that is not logged in keeps its cookie.
const BROWSER_LIFETIME: Duration = Duration::from_hours(24);

/// `GET`: shows the form.
pub async fn show<E: Edge>(cx: &Context<'_, E>) -> Answer {
    let user = cx.logged_in(None).await?.map(|it| it.session.user.id);
    match (LoginStep::of(&cx.request.query, user), &cx.config.platform) {
        (LoginStep::GoOn(on), _) => Ok(Response::see_other(on)),
        (LoginStep::StayHere, _) => {
            let notice = Notice::new(200, Message::LoggedIn).then(return_to::LOGOUT, Next::LogOut);
            Err(notice.into())
        }
        (LoginStep::LogIn, Some(platform)) => elsewhere::send(cx, platform, user),
        (LoginStep::LogIn, None) => form_page(cx, None, None).await,
    }
}

/// `POST`: checks the password and opens a session.
pub async fn submit<E: Edge>(cx: &Context<'_, E>) -> Answer {
    let form = cx.posted_form(&cx.request.target())?;
    let browser = cx.cookie(Cookie::Browser).unwrap_or_default();
    let again = if browser.is_empty() || cx.check_ticket(&login_form(browser), &form).is_none() {
        let user = cx.logged_in(None).await?.map(|it| it.session.user.id);
        match LoginStep::of(&cx.request.query, user) {
            LoginStep::GoOn(on) => return Ok(Response::see_other(on)),
            LoginStep::StayHere | LoginStep::LogIn => FormAgain::new("", LoginProblem::FormExpired),
        }
    } else {
        match TypedLogin::read(&form)? {
            Some(typed) => match try_password(cx, typed).await? {
                Ok(response) => return Ok(response),
                Err(again) => again,
            },
            None => FormAgain::new("", LoginProblem::WrongCredentials),
        }
    };
    let mut response = form_page(cx, Some(&again.login), Some(again.problem)).await?;
    if let Some(window) = again.window {
        response.extend(limit_headers(LOGIN_BUCKET, &window));
    }
    if let LoginProblem::TooManyAttempts(seconds) = again.problem {
        response.push("retry-after", seconds.to_string());
    }
    Ok(response)
}

/// The form as it is shown again, after a login that failed.
struct FormAgain {
    /// The login that stands in the form.
    login: String,
    problem: LoginProblem,
    /// The verdict of the window that has the fewest attempts left, where the password counted as an attempt.
    window: Option<Verdict>,
}

impl FormAgain {
    fn new(login: &str, problem: LoginProblem) -> Self {
        Self {
            login: login.to_owned(),
            problem,
            window: None,
        }
    }

    fn within(self, window: impl Into<Option<Verdict>>) -> Self {
        let window = window.into();
        Self { window, ..self }
    }
}

/// Tries a password, and logs in whoever has shown the right one.
async fn try_password<E: Edge>(
    cx: &Context<'_, E>,
    typed: TypedLogin<'_>,
) -> Result<Result<Response, FormAgain>, Failure<PageRefusal>> {
    let TypedLogin { login, password } = typed;
    let account = cx.edge.account(login).await?;
    let known = known_browser(cx, account.as_ref());
    let counters = [Counter::Address, counter(login, account.as_ref(), known)];
    let attempt = match Attempt::begin(cx, &counters).await? {
        Ok(attempt) => attempt,
        Err(full) => {
            let problem = LoginProblem::TooManyAttempts(full.retry_after());
            return Ok(Err(FormAgain::new(login, problem).within(full)));
        }
    };
    // A password that was changed while this try waited for others is not good any more.
    let account = if attempt.has_waited(cx.now) {
        cx.edge.account(login).await?
    } else {
        account
    };
    let tried = TriedPassword::of(password, account.as_ref(), cx.config.password_cost)?;
    let (account, is_suspended) = match tried {
        TriedPassword::Wrong(whose) => {
            let entry = cx.entry(Action::LoginFailed);
            cx.edge.record(entry.on(whose.map(|it| it.0)));
            let again = FormAgain::new(login, LoginProblem::WrongCredentials);
            return Ok(Err(again.within(attempt.failed())));
        }
        TriedPassword::Suspended(account) => (account, true),
        TriedPassword::Right(account) => (account, false),
    };
    attempt.succeeded();
    sudo::renew(cx, account, password);
    let problem = if is_suspended {
        LoginProblem::Suspended
    } else if let Some(response) = log_in(cx, account.user.id).await? {
        return Ok(Ok(response));
    } else {
        // The account was deleted while its password was looked at.
        LoginProblem::WrongCredentials
    };
    Ok(Err(FormAgain::new(account.user.username.as_str(), problem)))
}

/// Opens a session under a new id, whatever the browser sent (session fixation), and sends the browser on. `None`
/// where there is no such user any more.
async fn log_in<E: Edge>(
    cx: &Context<'_, E>,
    user: UserId,
) -> Result<Option<Response>, Failure<PageRefusal>> {
    let session: Secret<SessionId> = cx.new_secret()?;
    let old = cx
        .cookie(Cookie::Session)
        .map(|old| Secret::new(old).hash());
    let new = cx.session_by_password(&session, user);
    if !cx.edge.open_session(&new, old.as_ref()).await? {
        return Ok(None);
    }
    let known = cx.cookie(Cookie::Known).unwrap_or_default();
    let (keyring, entropy) = (&cx.config.keyring, cx.edge.random()?);
    let known = known_browser::remember(keyring, known, user, entropy, cx.now)?;
    cx.edge
        .record(cx.entry(Action::Login).by(user.0).on(user.0));
    let on = ReturnTo::read(&cx.request.query).map(Location::from);
    let on = on.unwrap_or_else(|| Target::of(return_to::LOGIN, &[]).into());
    // The browser keeps the cookie of its login forms: one in another tab is still good.
    let cookies = [
        cx.set_cookie(Cookie::Session, session.expose(), new.lifetime),
        cx.set_cookie(Cookie::Known, &known, known_browser::LIFETIME),
    ];
    let response = Response::see_other(on);
    let with_cookie = |response: Response, cookie| response.with("set-cookie", cookie);
    Ok(Some(cookies.into_iter().fold(response, with_cookie)))
}

/// The name of the browser, where the account's user has logged in with it before.
fn known_browser<E>(cx: &Context<'_, E>, account: Option<&Account>) -> Option<String> {
    let (account, cookie) = account.zip(cx.cookie(Cookie::Known))?;
    known_browser::name(&cx.config.keyring, cookie, account.user.id, cx.now)
}

fn login_form(browser: &str) -> Form<'_> {
    Form {
        name: "login",
        browser,
        subject: "",
    }
}

/// The form, with the login that was `typed`, or that the client proposes.
async fn form_page<E: Edge>(
    cx: &Context<'_, E>,
    typed: Option<&str>,
    problem: Option<LoginProblem>,
) -> Answer {
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
    let status = match problem {
        None => 200,
        Some(LoginProblem::TooManyAttempts(_)) => 429,
        Some(_) => 403,
    };
    let error = problem.map_or("", |_| chrome.text.layout.error);
    let title = [error, chrome.text.login.submit].concat();
    let page = Page::render(chrome, &title, &page);
    Ok(page.respond(status).with(
        "set-cookie",
        cx.set_cookie(Cookie::Browser, browser, BROWSER_LIFETIME),
    ))
}
