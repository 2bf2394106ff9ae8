//! `/settings`: a user's own account: their password, and the browsers that are logged in to it.

use core::time::Duration;

use serde_json::json;

use crate::config::Config;
use crate::crypto::password::{self, Password};
use crate::crypto::secret::{Hash, Secret, SessionId};
use crate::endpoint::authorizations::deauthorize_all;
use crate::endpoint::caller::LoggedIn;
use crate::endpoint::cookies::Cookie;
use crate::endpoint::return_to::LOGOUT;
use crate::endpoint::sudo::{self, Checked};
use crate::endpoint::{Context, Failure, Notice, PageRefusal};
use crate::fluxer::audit::Action;
use crate::http::Response;
use crate::location::Target;
use crate::oauth::params::Params;
use crate::page::Page;
use crate::page::account::{AccountDone, AccountPage, PasswordForm, PasswordProblem};
use crate::page::text::Message;
use crate::store::{Edge, EndedSessions};

type Answer = Result<Response, Failure<PageRefusal>>;

/// The page.
const PATH: &str = "/settings";
/// Browsers on the page.
const BROWSERS: u32 = 50;

/// Whether users have passwords here.
const fn keeps_passwords(config: &Config) -> bool {
    config.platform.is_none()
}

/// `GET`.
pub async fn show<E: Edge>(cx: &Context<'_, E>) -> Answer {
    let logged_in = cx.account().await?;
    page(cx, &logged_in, None).await
}

/// `POST`: does it, and shows the page again.
pub async fn submit<E: Edge>(cx: &Context<'_, E>) -> Answer {
    let logged_in = cx.account().await?;
    let form = cx.account_form(&logged_in)?;
    let action = form.one("action").ok().flatten().unwrap_or_default();
    let here = logged_in.cookie.hash();
    match action {
        "password" if keeps_passwords(cx.config) => change_password(cx, &logged_in, &form).await,
        "others" => end(cx, &logged_in, EndedSessions::AllBut(here)).await,
        "everywhere" => end(cx, &logged_in, EndedSessions::All).await,
        _ => {
            let one = action.strip_prefix("session:").and_then(Hash::parse);
            let one = one.ok_or_else(|| Notice::new(400, Message::BadBody))?;
            end(cx, &logged_in, EndedSessions::One(one)).await
        }
    }
}

async fn page<E: Edge>(
    cx: &Context<'_, E>,
    logged_in: &LoggedIn,
    problem: Option<PasswordProblem>,
) -> Answer {
    let user = &logged_in.session.user;
    let most = usize::try_from(BROWSERS).unwrap_or(usize::MAX);
    let mut sessions = cx.edge.open_sessions(user.id, cx.now, BROWSERS + 1).await?;
    let is_more = sessions.len() > most;
    sessions.truncate(most);
    let params = Params::from_form(&cx.request.query);
    let done = params.one("done").ok().flatten();
    let chrome = cx.account_chrome(PATH, logged_in);
    let page = AccountPage {
        action: PATH,
        csrf_token: &cx.account_ticket(logged_in)?,
        user,
        done: done
            .and_then(AccountDone::from_marker)
            .filter(|_| problem.is_none()),
        password: keeps_passwords(cx.config).then_some(PasswordForm { problem }),
        sessions: &sessions,
        is_more,
        here: logged_in.cookie.hash(),
    };
    let status = match problem {
        None => 200,
        Some(PasswordProblem::Wrong) => 403,
        Some(PasswordProblem::TooManyAttempts(_)) => 429,
        Some(PasswordProblem::Bad | PasswordProblem::Unlike) => 400,
        Some(PasswordProblem::ChangedMeanwhile) => 409,
    };
    let error = problem.map_or("", |_| chrome.text.layout.error);
    let title = [error, chrome.text.layout.account].concat();
    Ok(Page::render(chrome, &title, &page).respond(status))
}

/// The new password is looked at first: a mistake in it costs no attempt at the old one.
async fn change_password<E: Edge>(
    cx: &Context<'_, E>,
    logged_in: &LoggedIn,
    form: &Params,
) -> Answer {
    let field = |name| form.one(name).ok().flatten().unwrap_or_default();
    let Ok(new) = Password::parse(field("new_password")) else {
        return page(cx, logged_in, Some(PasswordProblem::Bad)).await;
    };
    if field("repeat_password") != field("new_password") {
        return page(cx, logged_in, Some(PasswordProblem::Unlike)).await;
    }
    let user = &logged_in.session.user;
    let account = match sudo::account(cx, user, field("password")).await? {
        Ok(account) => account,
        Err(Checked::TooMany(full)) => {
            let seconds = full.retry_after();
            let problem = PasswordProblem::TooManyAttempts(seconds);
            let response = page(cx, logged_in, Some(problem)).await?;
            return Ok(response.with("retry-after", seconds.to_string()));
        }
        Err(Checked::Wrong | Checked::Right | Checked::LogInAgain) => {
            return page(cx, logged_in, Some(PasswordProblem::Wrong)).await;
        }
    };
    let hash = password::hash(&new, cx.config.password_cost, cx.edge.random()?)?;
    // Whoever has a copy of this browser's cookie is out as well.
    let cookie: Secret<SessionId> = cx.new_secret()?;
    let session = cx.session_by_password(&cookie, user.id);
    let old = &account.password_hash;
    if !cx.edge.change_password(old, &hash, &session).await? {
        return page(cx, logged_in, Some(PasswordProblem::ChangedMeanwhile)).await;
    }
    let entry = cx.entry(Action::PasswordChanged);
    cx.edge.record(entry.by(user.id.0).on(user.id.0));
    if field("everything") == "revoke" {
        deauthorize_all(cx, user.id.0, user.id).await?;
    }
    Ok(back(AccountDone::Password).with(
        "set-cookie",
        cx.set_cookie(Cookie::Session, cookie.expose(), session.lifetime),
    ))
}

/// Logs browsers out. Only ever the user's own, whatever the form says.
async fn end<E: Edge>(cx: &Context<'_, E>, logged_in: &LoggedIn, ended: EndedSessions) -> Answer {
    let user = logged_in.session.user.id;
    let was_there = cx.edge.close_sessions(user, ended).await?;
    let (which, done) = match ended {
        EndedSessions::One(_) => ("one", AccountDone::Session),
        EndedSessions::AllBut(_) => ("others", AccountDone::Others),
        EndedSessions::All => ("all", AccountDone::Nothing),
    };
    if was_there {
        let entry = cx.entry(Action::SessionsEnded).by(user.0).on(user.0);
        cx.edge.record(entry.saying(json!({"browsers": which})));
    }
    let ends_here = match ended {
        EndedSessions::One(one) => one == logged_in.cookie.hash(),
        EndedSessions::AllBut(_) => false,
        EndedSessions::All => true,
    };
    if ends_here {
        let forget = cx.set_cookie(Cookie::Session, "", Duration::ZERO);
        return Ok(Response::see_other(Target::of(LOGOUT, &[])).with("set-cookie", forget));
    }
    Ok(back(if was_there {
        done
    } else {
        AccountDone::Nothing
    }))
}

fn back(done: AccountDone) -> Response {
    Response::see_other(Target::of(PATH, &[("done", done.marker())]))
}
