//! `/admin/resources…`: other resource servers, which get tokens of their own.

use crate::crypto::secret::Secret;
use crate::endpoint::api::admin::resources as operations;
use crate::endpoint::body::{Control, Fields};
use crate::endpoint::caller::LoggedIn;
use crate::endpoint::pages::admin::{Answer, Query, ROWS, confirmed, not_found, staff, unreadable};
use crate::endpoint::paging::{cut, link};
use crate::endpoint::{Context, Failure, PageRefusal};
use crate::fluxer::api_error::{ApiError, FieldError};
use crate::fluxer::resource::Resource;
use crate::http::Response;
use crate::location::Target;
use crate::page::admin::{
    self, ConfirmationProblem, ResourceAction, ResourceForm, ResourcePage, ResourcesPage,
};
use crate::store::{Edge, Paging};

const PATH: &str = "/admin/resources";

/// The controls of the form with a resource server's fields.
const CONTROLS: [(&str, Control); 5] = [
    ("name", Control::Text),
    ("identifier", Control::Text),
    ("scopes", Control::Described),
    ("signing_alg", Control::Text),
    ("clients", Control::Lines),
];

/// `GET /admin/resources`.
pub async fn list<E: Edge>(cx: &Context<'_, E>) -> Answer {
    let staff = staff(cx).await?;
    list_page(cx, &staff, ResourceForm::empty()).await
}

/// `POST /admin/resources`: registers a resource server. Its secret is in this answer and in no other.
pub async fn create<E: Edge>(cx: &Context<'_, E>) -> Answer {
    let staff = staff(cx).await?;
    let form = cx.account_form(&staff)?;
    let fields = Fields::from_form(&form, &CONTROLS);
    match operations::add(cx, staff.session.user.id.0, fields).await {
        Ok((resource, secret)) => {
            let path = [PATH, "/", &resource.id.to_string()].concat();
            let view = StaffView::of(cx, &staff, &resource, &path);
            view.page(Showing::Secret(secret.expose()))
        }
        Err(failure) => {
            let form = ResourceForm::typed(&form, mistakes(failure)?);
            list_page(cx, &staff, form).await
        }
    }
}

async fn list_page<E: Edge>(cx: &Context<'_, E>, staff: &LoggedIn, form: ResourceForm) -> Answer {
    let query = Query::read(cx);
    let after = query.id("after").ok().flatten();
    let limit = ROWS + 1;
    let mut resources = cx.edge.resources(Paging { after, limit }).await?;
    let next = cut(&mut resources, ROWS).map(|last| link(PATH, &[("after", &last.id.to_string())]));
    let here = cx.request.target();
    let chrome = cx.account_chrome(&here, staff);
    let text = &chrome.text.admin.resource;
    let status = if form.is_refused() { 400 } else { 200 };
    let is_deleted = status == 200 && matches!(query.text("done"), Ok(Some("deleted")));
    let page = ResourcesPage {
        csrf_token: &cx.account_ticket(staff)?,
        done: is_deleted.then_some(text.deleted),
        resources: &resources,
        next: next.as_deref(),
        form,
    };
    Ok(admin::page(chrome, text.heading, &page).respond(status))
}

/// `GET /admin/resources/{resource}`.
pub async fn show<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    let staff = staff(cx).await?;
    let resource = current(cx, id).await?;
    let is_saved = matches!(Query::read(cx).text("done"), Ok(Some("saved")));
    let shown = if is_saved {
        Showing::Saved
    } else {
        Showing::AsItIs
    };
    StaffView::of(cx, &staff, &resource, &cx.request.path).page(shown)
}

/// `POST /admin/resources/{resource}`: saves the fields of a resource server, or gives it another secret, or deletes
/// it. The last two want the administrator's password.
pub async fn submit<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    let staff = staff(cx).await?;
    let form = cx.account_form(&staff)?;
    let action = match form.one("action").ok().flatten() {
        Some("save") => None,
        Some("secret") => Some(ResourceAction::ResetSecret),
        Some("delete") => Some(ResourceAction::Delete),
        _ => return Err(unreadable().into()),
    };
    let mut resource = current(cx, id).await?;
    let actor = staff.session.user.id.0;
    let here = &cx.request.path;
    let Some(action) = action else {
        let fields = Fields::from_form(&form, &CONTROLS);
        let is = resource.clone();
        return match operations::change(cx, actor, is, fields).await {
            Ok(_) => Ok(Response::see_other(Target::of(here, &[("done", "saved")]))),
            Err(failure) => {
                let form = ResourceForm::typed(&form, mistakes(failure)?);
                StaffView::of(cx, &staff, &resource, here).page(Showing::Refused(form))
            }
        };
    };
    if let Some(problem) = confirmed(cx, &staff, &form).await? {
        let view = StaffView::of(cx, &staff, &resource, here);
        return view.page(Showing::Unconfirmed(action, problem));
    }
    match action {
        ResourceAction::ResetSecret => {
            let secret = operations::renew_secret(cx, actor, &mut resource).await;
            let secret = secret.map_err(gone)?;
            let view = StaffView::of(cx, &staff, &resource, here);
            view.page(Showing::Secret(Secret::expose(&secret)))
        }
        ResourceAction::Delete => {
            let removed = operations::remove(cx, actor, resource.id).await;
            removed.map_err(gone)?;
            Ok(Response::see_other(Target::of(
                PATH,
                &[("done", "deleted")],
            )))
        }
    }
}

async fn current<E: Edge>(cx: &Context<'_, E>, id: &str) -> Result<Resource, Failure<PageRefusal>> {
    operations::current(cx, id).await.map_err(gone)
}

/// Turns a refusal about a resource server that is not there into the page that says so.
fn gone(failure: Failure<ApiError>) -> Failure<PageRefusal> {
    match failure {
        Failure::Fault(fault) => Failure::Fault(fault),
        Failure::Refused(_) => not_found().into(),
    }
}

/// The fields that a refusal of an operation is about.
fn mistakes(failure: Failure<ApiError>) -> Result<Vec<FieldError>, Failure<PageRefusal>> {
    match failure {
        Failure::Refused(refusal) => match *refusal {
            ApiError::InvalidFormBody(errors) => Ok(errors),
            _ => Err(not_found().into()),
        },
        Failure::Fault(fault) => Err(Failure::Fault(fault)),
    }
}

/// What the page of a resource server tells of the request that it answers.
enum Showing<'a> {
    /// The page shows the resource server as it is.
    AsItIs,
    /// The fields were saved.
    Saved,
    /// The resource server has a new secret, which is this one.
    Secret(&'a str),
    /// The fields were refused, and the form says which.
    Refused(ResourceForm),
    /// The password did not confirm the action.
    Unconfirmed(ResourceAction, ConfirmationProblem),
}

/// The page of a resource server, as an administrator sees it.
struct StaffView<'a, E> {
    cx: &'a Context<'a, E>,
    staff: &'a LoggedIn,
    resource: &'a Resource,
    path: &'a str,
}

impl<'a, E: Edge> StaffView<'a, E> {
    const fn of(
        cx: &'a Context<'a, E>,
        staff: &'a LoggedIn,
        resource: &'a Resource,
        path: &'a str,
    ) -> Self {
        Self {
            cx,
            staff,
            resource,
            path,
        }
    }

    fn page(self, shown: Showing<'_>) -> Answer {
        let Self {
            cx,
            staff,
            resource,
            path,
        } = self;
        let chrome = cx.account_chrome(path, staff);
        let mut page = ResourcePage {
            action: path,
            csrf_token: &cx.account_ticket_at(staff, path)?,
            done: None,
            secret: None,
            problem: None,
            resource,
            form: ResourceForm::of(resource),
        };
        let mut answer = (200, None);
        match shown {
            Showing::AsItIs => {}
            Showing::Saved => page.done = Some(chrome.text.developers.saved),
            Showing::Secret(secret) => page.secret = Some(secret),
            Showing::Refused(form) => {
                page.form = form;
                answer = (400, None);
            }
            Showing::Unconfirmed(action, problem) => {
                page.problem = Some((action, problem));
                answer = (problem.status(), problem.retry_after());
            }
        }
        let words = chrome.text.admin.resource.heading;
        let title = [resource.name.as_str(), " · ", words].concat();
        let (status, wait) = answer;
        let response = admin::page(chrome, &title, &page).respond(status);
        Ok(match wait {
            Some(seconds) => response.with("retry-after", seconds.to_string()),
            None => response,
        })
    }
}
