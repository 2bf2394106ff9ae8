//! `/developers`: the applications of a user, each with a page of its own. The pages read forms and show the outcome;
//! the operations are those of the API.

mod application;

pub use application::{show, submit};

use crate::crypto::secret::Secret;
use crate::endpoint::api::applications::operations::{self, MAX_PER_USER, Made, Terms};
use crate::endpoint::body::{Control, Fields};
use crate::endpoint::caller::LoggedIn;
use crate::endpoint::paging::{cut, link};
use crate::endpoint::{Context, Failure, Notice, PageRefusal};
use crate::fluxer::api_error::{ApiError, FieldError};
use crate::http::Response;
use crate::location::Target;
use crate::oauth::params::Params;
use crate::page::Page;
use crate::page::developers::{ApplicationForm, CreatedPage, DevelopersPage};
use crate::page::text::Message;
use crate::page::text::filled;
use crate::snowflake::Snowflake;
use crate::store::{Edge, Paging};

/// The path of the list of applications.
const PATH: &str = "/developers";

/// Most applications on one page of the list.
const ROWS: u32 = 20;

/// The controls of the form that makes an application.
const NEW: [(&str, Control); 4] = [
    ("name", Control::Text),
    ("type", Control::Text),
    ("redirect_uris", Control::Lines),
    ("description", Control::Text),
];

/// `GET /developers`.
pub async fn list<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<PageRefusal>> {
    let logged_in = cx.account().await?;
    list_page(cx, &logged_in, ApplicationForm::default(), false).await
}

/// `POST /developers`: makes an application. Its secret is in this answer and in no other.
pub async fn create<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<PageRefusal>> {
    let logged_in = cx.account().await?;
    let posted = cx.account_form(&logged_in)?;
    let user = logged_in.session.user.id;
    let fields = Fields::from_form(&posted, &NEW);
    match operations::add(cx, user.0, fields, Terms::of_owner(user)).await {
        Ok(made) => Ok(created_page(cx, &logged_in, &made)),
        Err(Failure::Refused(refusal)) => {
            let is_full = *refusal == ApiError::MaxApplications;
            let form = ApplicationForm::typed(&posted, mistakes(*refusal)?);
            list_page(cx, &logged_in, form, is_full).await
        }
        Err(Failure::Fault(fault)) => Err(Failure::Fault(fault)),
    }
}

/// The URL of the list that says that an application was deleted.
fn deleted() -> Target {
    Target::of(PATH, &[("done", "deleted")])
}

/// The fields that a refusal of an operation is about. Any other refusal is about an application that is not there.
fn mistakes(refusal: ApiError) -> Result<Vec<FieldError>, Notice> {
    match refusal {
        ApiError::InvalidFormBody(errors) => Ok(errors),
        ApiError::MaxApplications => Ok(Vec::new()),
        _ => Err(not_found()),
    }
}

/// The page for an application that is not there. It is the same for somebody else's application, so that nobody
/// learns which there are.
const fn not_found() -> Notice {
    Notice::new(404, Message::NotFound)
}

async fn list_page<E: Edge>(
    cx: &Context<'_, E>,
    logged_in: &LoggedIn,
    form: ApplicationForm,
    is_full: bool,
) -> Result<Response, Failure<PageRefusal>> {
    let owner = logged_in.session.user.id;
    let paging = Paging {
        after: after(&cx.request.query),
        limit: ROWS + 1,
    };
    let mut applications = cx.edge.applications(Some(owner), paging).await?;
    let next = cut(&mut applications, ROWS);
    let next = next.map(|last| link(PATH, &[("after", &last.client.id.to_string())]));
    let here = cx.request.target();
    let chrome = cx.account_chrome(&here, logged_in);
    let is_refused = is_full || form.refused.is_some();
    let page = DevelopersPage {
        csrf_token: &cx.account_ticket(logged_in)?,
        applications: &applications,
        at_most: MAX_PER_USER,
        next: next.as_deref(),
        start: paging.after.map(|_| PATH),
        form,
        is_full,
        is_deleted: here == deleted().as_str(),
    };
    let error = if is_refused {
        chrome.text.layout.error
    } else {
        ""
    };
    let title = [error, chrome.text.developers.heading].concat();
    let status = if is_refused { 400 } else { 200 };
    Ok(Page::render(chrome, &title, &page).respond(status))
}

/// The id that a page of the list lies behind. A query that cannot be read gets the first page.
fn after(query: &str) -> Option<Snowflake> {
    let params = Params::from_form(query);
    params
        .one("after")
        .ok()
        .flatten()
        .and_then(Snowflake::parse)
}

fn created_page<E: Edge>(cx: &Context<'_, E>, logged_in: &LoggedIn, made: &Made) -> Response {
    let here = cx.request.target();
    let chrome = cx.account_chrome(&here, logged_in);
    let page = CreatedPage {
        application: &made.application,
        secret: made.secret.as_ref().map(Secret::expose),
    };
    let name = made.application.name.as_str();
    let title = filled(chrome.text.developers.created, &[name]);
    Page::render(chrome, &title, &page).respond(200)
}
