//! `/settings`: a user's own account, with their password and the browsers that are logged in to it.

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

/// The path of the page.
const PATH: &str = "/settings";
/// Most browsers on the page.
const BROWSERS: u32 = 50;

/// Whether this server has the users' passwords.
const fn keeps_passwords(config: &Config) -> bool {
    config.platform.is_none()
}

/// `GET`: shows the page.
pub async fn show<E: Edge>(cx: &Context<'_, E>) -> Answer {
    let logged_in = cx.account().await?;
    page(cx, &logged_in, None).await
}

/// `POST`: carries out a command, and shows the page again.
pub async fn submit<E: Edge>(cx: &Context<'_, E>) -> Answer {
    let logged_in = cx.account().await?;
    let form = cx.account_form(&logged_in)?;
    match Command::read(&form, logged_in.cookie.hash()) {
        Some(Command::ChangePassword) if keeps_passwords(cx.config) => {
            let problem = match change_password(cx, &logged_in, &form).await? {
                Ok(response) => return Ok(response),
                Err(problem) => problem,
            };
            let mut response = page(cx, &logged_in, Some(problem)).await?;
            if let PasswordProblem::TooManyAttempts(seconds) = problem {
                response.push("retry-after", seconds.to_string());
            }
            Ok(response)
        }
        Some(Command::End(ended)) => end(cx, &logged_in, ended).await,
        Some(Command::ChangePassword) | None => Err(Notice::new(400, Message::BadBody).into()),
    }
}

/// The command of a button.
#[derive(Debug)]
enum Command {
    ChangePassword,
    End(EndedSessions),
}

impl Command {
    /// Reads the form of a browser whose session is `here`.
    fn read(form: &Params, here: Hash<SessionId>) -> Option<Self> {
        let action = form.one("action").ok().flatten()?;
        Some(match action {
            "password" => Self::ChangePassword,
            "others" => Self::End(EndedSessions::AllBut(here)),
            "everywhere" => Self::End(EndedSessions::All),
            _ => Self::End(EndedSessions::One(Hash::parse(
                action.strip_prefix("session:")?,
            )?)),
        })
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

/// Changes the password. The new one is checked before the old one is tried: a mistake in it costs no attempt.
async fn change_password<E: Edge>(
    cx: &Context<'_, E>,
    logged_in: &LoggedIn,
    form: &Params,
) -> Result<Result<Response, PasswordProblem>, Failure<PageRefusal>> {
    let new = match new_password(form) {
        Ok(new) => new,
        Err(problem) => return Ok(Err(problem)),
    };
    let user = &logged_in.session.user;
    let account = match sudo::account(cx, user, field(form, "password")).await? {
        Ok(account) => account,
        Err(Checked::TooMany(full)) => {
            return Ok(Err(PasswordProblem::TooManyAttempts(full.retry_after())));
        }
        Err(Checked::Wrong | Checked::Right | Checked::LogInAgain) => {
            return Ok(Err(PasswordProblem::Wrong));
        }
    };
    let hash = password::hash(&new, cx.config.password_cost, cx.edge.random()?)?;
    // Whoever has a copy of this browser's cookie is out as well.
    let cookie: Secret<SessionId> = cx.new_secret()?;
    let session = cx.session_by_password(&cookie, user.id);
    let old = &account.password_hash;
    if !cx.edge.change_password(old, &hash, &session).await? {
        return Ok(Err(PasswordProblem::ChangedMeanwhile));
    }
    let entry = cx.entry(Action::PasswordChanged);
    cx.edge.record(entry.by(user.id.0).on(user.id.0));
    if field(form, "everything") == "revoke" {
        deauthorize_all(cx, user.id.0, user.id).await?;
    }
    let cookie = cx.set_cookie(Cookie::Session, cookie.expose(), session.lifetime);
    Ok(Ok(back(AccountDone::Password).with("set-cookie", cookie)))
}

fn field<'a>(form: &'a Params, name: &'static str) -> &'a str {
    form.one(name).ok().flatten().unwrap_or_default()
}

/// The new password, which was typed twice.
fn new_password(form: &Params) -> Result<Password, PasswordProblem> {
    let typed = field(form, "new_password");
    let new = Password::parse(typed).map_err(|_| PasswordProblem::Bad)?;
    if field(form, "repeat_password") != typed {
        return Err(PasswordProblem::Unlike);
    }
    Ok(new)
}

/// Logs browsers out. They are always the user's own, whatever the form says.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(text: &str) -> Hash<SessionId> {
        Secret::new(text).hash()
    }

    #[test]
    fn a_button_is_read_or_refused() {
        let other = format!("session:{}", hash("other"));
        let read = |action: &str| {
            let form = Params::from_form(&format!("action={action}"));
            match Command::read(&form, hash("here")) {
                None => "refused",
                Some(Command::ChangePassword) => "password",
                Some(Command::End(EndedSessions::All)) => "all",
                Some(Command::End(EndedSessions::AllBut(it))) if it == hash("here") => "others",
                Some(Command::End(EndedSessions::One(it))) if it == hash("other") => "other",
                Some(Command::End(_)) => "another browser",
            }
        };
        for (action, expected) in [
            ("password", "password"),
            ("others", "others"),
            ("everywhere", "all"),
            (other.as_str(), "other"),
            ("", "refused"),
            ("session:", "refused"),
            ("session:x", "refused"),
            ("everything", "refused"),
            ("password&action=others", "refused"),
        ] {
            assert_eq!(read(action), expected, "{action}");
        }
        assert!(Command::read(&Params::from_form(""), hash("here")).is_none());
    }

    #[test]
    fn a_new_password_is_long_enough_and_typed_twice() {
        let read = |new: &str, again: &str| {
            let form = format!("new_password={new}&repeat_password={again}");
            new_password(&Params::from_form(&form)).err()
        };
        assert_eq!(read("12345678", "12345678"), None);
        assert_eq!(read("1234567", "1234567"), Some(PasswordProblem::Bad));
        assert_eq!(read("1234567", "x"), Some(PasswordProblem::Bad));
        assert_eq!(read("12345678", "12345679"), Some(PasswordProblem::Unlike));
        assert_eq!(read("12345678", ""), Some(PasswordProblem::Unlike));
    }
}
