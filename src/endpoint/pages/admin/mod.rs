//! `/admin…`: the pages for administrators. Everything that they do, `/api/admin/…` can do as well.

pub mod applications;
pub mod audit_log;
pub mod overview;
pub mod resources;
pub mod users;

use crate::endpoint::caller::LoggedIn;
use crate::endpoint::sudo::{self, Checked};
use crate::endpoint::{Context, Failure, Notice, PageRefusal};
use crate::fluxer::api_error::ApiError;
use crate::fluxer::audit::Action;
use crate::http::Response;
use crate::oauth::params::Params;
use crate::page::admin::ConfirmationProblem;
use crate::page::text::Message;
use crate::snowflake::Snowflake;
use crate::store::{Edge, Prefix};

type Answer = Result<Response, Failure<PageRefusal>>;

/// Most rows on one page of a list.
const ROWS: u32 = 25;

/// The administrator who asks. A user who is not logged in is sent to log in, and anybody else is refused.
async fn staff<E: Edge>(cx: &Context<'_, E>) -> Result<LoggedIn, Failure<PageRefusal>> {
    let logged_in = cx.account().await?;
    if logged_in.session.user.admin {
        Ok(logged_in)
    } else {
        Err(Notice::new(403, Message::NotForYou).into())
    }
}

/// The problem of the administrator's password, where it does not confirm what a form asks for.
async fn confirmed<E: Edge>(
    cx: &Context<'_, E>,
    staff: &LoggedIn,
    form: &Params,
) -> Result<Option<ConfirmationProblem>, Failure<PageRefusal>> {
    let shown = form.one("password").ok().flatten().unwrap_or_default();
    match sudo::check(cx, &staff.session, shown).await? {
        Checked::Right => Ok(None),
        Checked::LogInAgain => Err(PageRefusal::LogInAgain(cx.request.path.clone()).into()),
        Checked::Wrong => Ok(Some(ConfirmationProblem::WrongPassword)),
        Checked::TooMany(full) => Ok(Some(ConfirmationProblem::TooManyAttempts(
            full.retry_after(),
        ))),
    }
}

const fn not_found() -> Notice {
    Notice::new(404, Message::NotFound)
}

/// The outcome of an operation of the API. A refusal is about somebody or something that is gone.
fn or_gone<T>(outcome: Result<T, Failure<ApiError>>) -> Result<T, Failure<PageRefusal>> {
    outcome.map_err(|failure| match failure {
        Failure::Fault(fault) => Failure::Fault(fault),
        Failure::Refused(_) => not_found().into(),
    })
}

/// The page for a form that no page of ours sends.
const fn unreadable() -> Notice {
    Notice::new(400, Message::BadBody)
}

/// The query of a page, which somebody may have written by hand. One that makes no sense finds nothing.
struct Query(Params);

/// A parameter was sent twice, or is not what its name says.
#[derive(Clone, Copy)]
struct UnreadableQuery;

impl Query {
    fn read<E>(cx: &Context<'_, E>) -> Self {
        Self(Params::from_form(&cx.request.query))
    }

    /// A parameter without the spaces around it; `None` where it is absent or empty.
    fn text(&self, name: &'static str) -> Result<Option<&str>, UnreadableQuery> {
        let text = self
            .0
            .one(name)
            .map_err(|_| UnreadableQuery)?
            .map(str::trim);
        Ok(text.filter(|text| !text.is_empty()))
    }

    fn parsed<T>(
        &self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, UnreadableQuery> {
        let parse = |text| parse(text).ok_or(UnreadableQuery);
        self.text(name)?.map(parse).transpose()
    }

    fn id(&self, name: &'static str) -> Result<Option<Snowflake>, UnreadableQuery> {
        self.parsed(name, Snowflake::parse)
    }

    fn action(&self) -> Result<Option<Action>, UnreadableQuery> {
        self.parsed("action", Action::from_wire)
    }

    /// A parameter as it was typed, to be shown in its field again.
    fn typed(&self, name: &'static str) -> &str {
        let typed = self.text(name).ok().flatten().unwrap_or_default();
        if typed.chars().count() <= Prefix::MAX {
            typed
        } else {
            ""
        }
    }
}
