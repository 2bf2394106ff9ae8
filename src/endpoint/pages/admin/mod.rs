//! `/admin…`: the pages for administrators. What they may do there, `/api/admin/…` can do as well.

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

/// Rows on one page.
const ROWS: u32 = 25;

/// The administrator who asks; whoever is not logged in is sent to log in, and anybody else learns
/// nothing.
async fn staff<E: Edge>(cx: &Context<'_, E>) -> Result<LoggedIn, Failure<PageRefusal>> {
    let logged_in = cx.account().await?;
    if logged_in.session.user.admin {
        Ok(logged_in)
    } else {
        Err(Notice::new(403, Message::NotForYou).into())
    }
}

/// Why the administrator's password does not confirm what a form asks for, where it does not.
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

/// What an operation of the API's answers; what it refuses is about somebody or something that is gone.
fn or_gone<T>(outcome: Result<T, Failure<ApiError>>) -> Result<T, Failure<PageRefusal>> {
    outcome.map_err(|failure| match failure {
        Failure::Fault(fault) => Failure::Fault(fault),
        Failure::Refused(_) => not_found().into(),
    })
}

/// A form without a button of ours.
const fn unreadable() -> Notice {
    Notice::new(400, Message::BadBody)
}

/// A query that somebody may have written by hand: what makes no sense in it finds nothing.
struct Query(Params);

/// A parameter was sent twice, or is not what its name says.
#[derive(Clone, Copy)]
struct UnreadableQuery;

impl Query {
    fn read<E>(cx: &Context<'_, E>) -> Self {
        Self(Params::from_form(&cx.request.query))
    }

    /// A parameter without the spaces around it; empty is absent.
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

    /// What was typed, to be shown in its field again.
    fn typed(&self, name: &'static str) -> &str {
        let typed = self.text(name).ok().flatten().unwrap_or_default();
        if typed.chars().count() <= Prefix::MAX {
            typed
        } else {
            ""
        }
    }
}
