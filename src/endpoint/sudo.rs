//! The password once more, before an operation that cannot be undone: a stolen session must not be enough to take an
//! application over.

use core::time::Duration;

use serde_json::json;

use super::attempts::{Attempt, Counter};
use super::body::Fields;
use super::caller::Manager;
use super::context::Context;
use super::failure::Failure;
use crate::crypto::password;
use crate::fluxer::api_error::ApiError;
use crate::fluxer::audit::Action;
use crate::fluxer::user::User;
use crate::rate_limit::Verdict;
use crate::store::{Account, Edge, Fault, Session};

/// The age up to which a login stands for a password, where the platform has the passwords.
const FRESH_FOR: Duration = Duration::from_secs(300);

/// Checks the login in place of a password, where the platform has the passwords: a fresh login stands for one.
/// `None` where this server has them.
fn check_login<E>(cx: &Context<'_, E>, session: &Session) -> Option<Checked> {
    cx.config.platform.as_ref()?;
    let is_fresh = cx.now.since(session.authenticated_at) <= FRESH_FOR;
    Some(if is_fresh {
        Checked::Right
    } else {
        Checked::LogInAgain
    })
}

/// Checks the `password` in the body against that of the session's user. An administrator's token has no password,
/// and is let through.
pub async fn confirm<E: Edge>(
    cx: &Context<'_, E>,
    manager: &Manager,
) -> Result<(), Failure<ApiError>> {
    match manager {
        Manager::User(_) => confirm_beside(cx, manager, |_| ()).await,
        Manager::Administrator(_) => Ok(()),
    }
}

/// Checks the password as [`confirm`] does, and reads the rest of the body with `read`.
pub async fn confirm_beside<E: Edge, T>(
    cx: &Context<'_, E>,
    manager: &Manager,
    read: fn(&mut Fields) -> T,
) -> Result<T, Failure<ApiError>> {
    let mut fields = if cx.body().is_empty() {
        Fields::none()
    } else {
        Fields::read(cx)?
    };
    let beside = read(&mut fields);
    if let (Manager::User(logged_in), Some(_)) = (manager, &cx.config.platform) {
        // Whoever sends one all the same means no harm.
        fields.optional("password", |_| Ok(()));
        let beside = fields.finish(Some(beside))?;
        return match check_login(cx, &logged_in.session) {
            Some(Checked::Right) => Ok(beside),
            _ => Err(ApiError::SudoModeRequired.into()),
        };
    }
    let logged_in = match manager {
        Manager::User(_) if !fields.has("password") => {
            return Err(ApiError::SudoModeRequired.into());
        }
        Manager::User(logged_in) => logged_in,
        Manager::Administrator(_) => return Ok(fields.finish(Some(beside))?),
    };
    let shown = fields.required("password", |text| Ok(text.to_owned()));
    let (shown, beside) = fields.finish(shown.map(|shown| (shown, beside)))?;
    match check(cx, &logged_in.session, &shown).await? {
        Checked::Right => Ok(beside),
        Checked::LogInAgain => Err(ApiError::SudoModeRequired.into()),
        Checked::Wrong => Err(ApiError::field("password", "Invalid password").into()),
        Checked::TooMany(full) => Err(ApiError::RateLimited(full).into()),
    }
}

/// The result of asking for the password again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checked {
    /// The password is the user's.
    Right,
    /// The password is not the user's.
    Wrong,
    /// Too many wrong passwords came before. This one was not checked.
    TooMany(Verdict),
    /// This server has no passwords, and the login is too old to stand for one.
    LogInAgain,
}

/// Checks the password of a user who is logged in, and hashes it anew where [`renew`] wants that.
pub async fn check<E: Edge>(
    cx: &Context<'_, E>,
    session: &Session,
    shown: &str,
) -> Result<Checked, Fault> {
    if let Some(checked) = check_login(cx, session) {
        return Ok(checked);
    }
    Ok(match account(cx, &session.user, shown).await? {
        Ok(account) => {
            renew(cx, &account, shown);
            Checked::Right
        }
        Err(checked) => checked,
    })
}

/// Hashes a correct password anew, where its stored hash is another server's or has another cost than
/// new ones have. The request does not wait for that, and goes on where it fails.
pub fn renew<E: Edge>(cx: &Context<'_, E>, account: &Account, shown: &str) {
    let cost = cx.config.password_cost;
    if password::is_current(&account.password_hash, cost) {
        return;
    }
    let Ok(salt) = cx.edge.random() else {
        return;
    };
    match password::rehash(shown, cost, salt) {
        Ok(renewed) => {
            let former = &account.password_hash;
            cx.edge
                .renew_password_hash(account.user.id, former, &renewed);
        }
        Err(error) => cx.edge.log(&error.to_string()),
    }
}

/// Reads the account of a user and checks the password against it. A wrong password counts as a failed attempt.
pub async fn account<E: Edge>(
    cx: &Context<'_, E>,
    user: &User,
    shown: &str,
) -> Result<Result<Account, Checked>, Fault> {
    let attempt = match Attempt::begin(cx, &[Counter::Confirmation(user.id)]).await? {
        Ok(attempt) => attempt,
        Err(full) => return Ok(Err(Checked::TooMany(full))),
    };
    let account = cx.edge.account(user.username.as_str()).await?;
    // Renamed since the session was read, the name may be somebody else's by now.
    let account = account.filter(|account| account.user.id == user.id);
    let hash = account.as_ref().map(|it| it.password_hash.as_str());
    let matches = password::verify(shown, hash, cx.config.password_cost)?;
    let (true, Some(account)) = (matches, account) else {
        attempt.failed();
        let entry = cx.entry(Action::LoginFailed).on(user.id.0);
        cx.edge.record(entry.saying(json!({"at": "confirmation"})));
        return Ok(Err(Checked::Wrong));
    };
    attempt.succeeded();
    Ok(Ok(account))
}
