//! `/admin/applications…`: applications, and whether the platform trusts them.

use serde_json::json;

use crate::endpoint::api::applications::operations::apply;
use crate::endpoint::caller::LoggedIn;
use crate::endpoint::pages::admin::{
    Answer, Query, ROWS, UnreadableQuery, confirmed, not_found, or_gone, staff, unreadable,
};
use crate::endpoint::paging::{cut, link};
use crate::endpoint::{Context, Failure, PageRefusal};
use crate::fluxer::application::{Application, ApplicationChange};
use crate::fluxer::audit::Action;
use crate::http::Response;
use crate::location::Target;
use crate::page::admin::{self, AdminApplicationPage, ConfirmationProblem, ListPage, Listed};
use crate::snowflake::ApplicationId;
use crate::store::{Edge, Fault, Paging, Prefix};

const PATH: &str = "/admin/applications";

/// `GET /admin/applications`: all applications, by id, or those that a search finds.
pub async fn list<E: Edge>(cx: &Context<'_, E>) -> Answer {
    let staff = staff(cx).await?;
    let query = Query::read(cx);
    let mut applications = match (query.text("q"), query.id("after")) {
        (Ok(typed), Ok(after)) => {
            let limit = ROWS + 1;
            find(cx, typed, Paging { after, limit }).await?
        }
        (Err(UnreadableQuery), _) | (_, Err(UnreadableQuery)) => Vec::new(),
    };
    let typed = query.typed("q");
    let next = cut(&mut applications, ROWS).map(|last| {
        let after = last.client.id.to_string();
        link(PATH, &[("q", typed), ("after", &after)])
    });
    let here = cx.request.target();
    let chrome = cx.account_chrome(&here, &staff);
    let page = ListPage {
        what: Listed::Applications(&applications),
        typed,
        done: None,
        next: next.as_deref(),
    };
    let title = chrome.text.admin.applications;
    Ok(admin::page(chrome, title, &page).respond(200))
}

/// The application with exactly this id, and those whose name begins with the text. There is one more than a page
/// shows where there is another page.
async fn find<E: Edge>(
    cx: &Context<'_, E>,
    typed: Option<&str>,
    paging: Paging,
) -> Result<Vec<Application>, Fault> {
    let Some(typed) = typed else {
        return cx.edge.applications(None, paging).await;
    };
    let mut applications = match Prefix::parse(typed) {
        Some(prefix) => cx.edge.find_applications(&prefix, paging).await?,
        None => Vec::new(),
    };
    if let (None, Some(id)) = (paging.after, ApplicationId::parse(typed))
        && let Some(application) = cx.edge.current_application(id).await?
    {
        applications.retain(|other| other.client.id != id);
        applications.insert(0, application);
    }
    Ok(applications)
}

/// `GET /admin/applications/{application}`.
pub async fn show<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    let staff = staff(cx).await?;
    let application = current(cx, id).await?;
    page(cx, &staff, &application, None).await
}

/// `POST /admin/applications/{application}`: suspends the application or frees it, or grants or withdraws trust.
/// Trust wants the administrator's password, because a trusted application may ask for `admin`.
pub async fn submit<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    let staff = staff(cx).await?;
    let form = cx.account_form(&staff)?;
    let one = |name| form.one(name).ok().flatten();
    let application = current(cx, id).await?;
    let trusted = match one("action") {
        Some("grant") => true,
        Some("withdraw") => false,
        Some("suspend") => return suspend(cx, &staff, &application, true).await,
        Some("resume") => return suspend(cx, &staff, &application, false).await,
        _ => return Err(unreadable().into()),
    };
    if trusted && !application.client.is_verified() {
        return Err(unreadable().into());
    }
    match confirmed(cx, &staff, &form).await? {
        None => set_trust(cx, &staff, application.client.id, trusted).await,
        problem => page(cx, &staff, &application, problem).await,
    }
}

async fn suspend<E: Edge>(
    cx: &Context<'_, E>,
    staff: &LoggedIn,
    application: &Application,
    suspended: bool,
) -> Answer {
    let change = ApplicationChange {
        suspended: Some(suspended),
        ..ApplicationChange::default()
    };
    let actor = staff.session.user.id.0;
    or_gone(apply(cx, actor, application, &change).await)?;
    let done = if suspended { "suspended" } else { "resumed" };
    let back = Target::of(&cx.request.path, &[("done", done)]);
    Ok(Response::see_other(back))
}

async fn set_trust<E: Edge>(
    cx: &Context<'_, E>,
    staff: &LoggedIn,
    id: ApplicationId,
    trusted: bool,
) -> Answer {
    let change = ApplicationChange {
        trusted: Some(trusted),
        trusted_by: Some(trusted.then_some(staff.session.user.id)),
        ..ApplicationChange::default()
    };
    if !cx.edge.change_application(id, &change).await? {
        return Err(not_found().into());
    }
    let entry = cx.entry(Action::ApplicationUpdated);
    let entry = entry.by(staff.session.user.id.0).on(id.0);
    let details = json!({"fields": change.audited(), "trusted": trusted});
    cx.edge.record(entry.saying(details));
    let done = if trusted { "granted" } else { "withdrawn" };
    let back = Target::of(&cx.request.path, &[("done", done)]);
    Ok(Response::see_other(back))
}

async fn current<E: Edge>(
    cx: &Context<'_, E>,
    id: &str,
) -> Result<Application, Failure<PageRefusal>> {
    let id = ApplicationId::parse(id).ok_or_else(not_found)?;
    let application = cx.edge.current_application(id).await?;
    Ok(application.ok_or_else(not_found)?)
}

async fn page<E: Edge>(
    cx: &Context<'_, E>,
    staff: &LoggedIn,
    application: &Application,
    problem: Option<ConfirmationProblem>,
) -> Answer {
    let owner = match application.owner {
        Some(owner) => cx.user(owner).await?,
        None => None,
    };
    let here = &cx.request.path;
    let chrome = cx.account_chrome(here, staff);
    let text = &chrome.text.admin;
    let query = Query::read(cx);
    let done = match query.text("done") {
        Ok(Some("granted")) if problem.is_none() => Some(text.trust_granted),
        Ok(Some("withdrawn")) if problem.is_none() => Some(text.trust_withdrawn),
        Ok(Some("suspended")) if application.suspended => Some(text.is_suspended),
        Ok(Some("resumed")) if !application.suspended => Some(text.is_resumed),
        _ => None,
    };
    let page = AdminApplicationPage {
        action: here,
        csrf_token: &cx.account_ticket(staff)?,
        done,
        problem,
        application,
        owner: owner.as_ref(),
    };
    let title = [application.name.as_str(), " · ", text.applications].concat();
    let status = problem.map_or(200, ConfirmationProblem::status);
    let response = admin::page(chrome, &title, &page).respond(status);
    Ok(match problem.and_then(ConfirmationProblem::retry_after) {
        Some(seconds) => response.with("retry-after", seconds.to_string()),
        None => response,
    })
}
