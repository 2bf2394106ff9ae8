//! `/admin/users…`: users. Administrators revoke what they authorized, suspend them and delete them.

use crate::endpoint::api::admin::users;
use crate::endpoint::authorizations::{deauthorize, deauthorize_all};
use crate::endpoint::caller::LoggedIn;
use crate::endpoint::pages::admin::{
    Answer, Query, ROWS, UnreadableQuery, confirmed, not_found, or_gone, staff, unreadable,
};
use crate::endpoint::paging::{cut, link};
use crate::endpoint::{Context, Failure, PageRefusal};
use crate::fluxer::api_error::ApiError;
use crate::fluxer::user::{User, Username};
use crate::http::Response;
use crate::location::Target;
use crate::oauth::params::Params;
use crate::page::admin::{self, AdminUserPage, ConfirmationProblem, FEW, ListPage, Listed};
use crate::page::settings::RevocationDone;
use crate::page::text::AdminText;
use crate::snowflake::{ApplicationId, Snowflake, UserId};
use crate::store::{Edge, Fault, Paging, Prefix, UserKey};

/// `GET /admin/users`: all users, by id, or those that a search finds.
pub async fn list<E: Edge>(cx: &Context<'_, E>) -> Answer {
    let staff = staff(cx).await?;
    let query = Query::read(cx);
    let (mut users, by) = match Wanted::read(&query) {
        Ok(wanted) => (wanted.find(cx).await?, wanted.by),
        Err(UnreadableQuery) => (Vec::new(), UserKey::Username),
    };
    let typed = query.typed("q");
    let spelled_by = match by {
        UserKey::Username => "",
        UserKey::Email => "email",
    };
    let next = cut(&mut users, ROWS).map(|last| {
        let after = last.id.to_string();
        link(
            "/admin/users",
            &[("q", typed), ("by", spelled_by), ("after", &after)],
        )
    });
    let here = cx.request.target();
    let chrome = cx.account_chrome(&here, &staff);
    let is_deleted = matches!(query.text("done"), Ok(Some("deleted")));
    let page = ListPage {
        what: Listed::Users(&users, by),
        typed,
        done: is_deleted.then_some(chrome.text.admin.user_deleted),
        next: next.as_deref(),
    };
    let title = chrome.text.admin.users;
    Ok(admin::page(chrome, title, &page).respond(200))
}

/// The search for users, as it was typed.
struct Wanted<'a> {
    typed: Option<&'a str>,
    by: UserKey,
    after: Option<Snowflake>,
}

impl<'a> Wanted<'a> {
    fn read(query: &'a Query) -> Result<Self, UnreadableQuery> {
        Ok(Self {
            typed: query.text("q")?,
            by: match query.text("by")? {
                None | Some("username") => UserKey::Username,
                Some("email") => UserKey::Email,
                Some(_) => return Err(UnreadableQuery),
            },
            after: query.id("after")?,
        })
    }

    /// The user with exactly this id, and those whose name or address begins with the text. There is one more than a
    /// page shows where there is another page.
    async fn find<E: Edge>(&self, cx: &Context<'_, E>) -> Result<Vec<User>, Fault> {
        let paging = Paging {
            after: self.after,
            limit: ROWS + 1,
        };
        let Some(typed) = self.typed else {
            return cx.edge.users(paging).await;
        };
        let mut users = match Prefix::parse(typed) {
            Some(prefix) => cx.edge.find_users(self.by, &prefix, paging).await?,
            None => Vec::new(),
        };
        // Ahead of the first page, and on no other: it has no place in the order of names.
        if let (None, Some(id)) = (self.after, UserId::parse(typed))
            && let Some(user) = cx.user(id).await?
        {
            users.retain(|other| other.id != id);
            users.insert(0, user);
        }
        Ok(users)
    }
}

/// `GET /admin/users/{user}`.
pub async fn show<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    let staff = staff(cx).await?;
    let user = known(cx, id).await?;
    page(cx, &staff, &user, None).await
}

async fn known<E: Edge>(cx: &Context<'_, E>, id: &str) -> Result<User, Failure<PageRefusal>> {
    let id = UserId::parse(id).ok_or_else(not_found)?;
    Ok(cx.user(id).await?.ok_or_else(not_found)?)
}

/// Whether this user can be suspended and deleted here.
fn is_ours<E>(cx: &Context<'_, E>, staff: &LoggedIn, user: &User) -> bool {
    cx.config.platform.is_none() && user.id != staff.session.user.id
}

async fn page<E: Edge>(
    cx: &Context<'_, E>,
    staff: &LoggedIn,
    user: &User,
    problem: Option<ConfirmationProblem>,
) -> Answer {
    let id = user.id;
    let query = Query::read(cx);
    let after = query.id("after").ok().flatten();
    let first = |after, limit| Paging { after, limit };
    let few = first(None, FEW + 1);
    let mut authorized = cx.edge.authorized(id, first(after, ROWS + 1)).await?;
    let memberships = cx.guilds_of_user(id, None, few).await?;
    let connections = cx.connections(id).await?;
    let applications = cx.edge.applications(Some(id), few).await?;

    let next = cut(&mut authorized, ROWS).map(|last| {
        let after = last.authorization.application.to_string();
        link(&cx.request.path, &[("after", &after)])
    });
    let here = target(cx, &query, None);
    let chrome = cx.account_chrome(here.as_str(), staff);
    let text = &chrome.text.admin;
    let page = AdminUserPage {
        action: here.as_str(),
        csrf_token: &cx.account_ticket(staff)?,
        done: done(&query, user, text).filter(|_| problem.is_none()),
        problem,
        is_ours: is_ours(cx, staff, user),
        user,
        authorized,
        next: next.as_deref(),
        memberships,
        connections,
        applications,
    };
    let title = [user.username.as_str(), " · ", text.users].concat();
    let status = problem.map_or(200, ConfirmationProblem::status);
    let response = admin::page(chrome, &title, &page).respond(status);
    Ok(match problem.and_then(ConfirmationProblem::retry_after) {
        Some(seconds) => response.with("retry-after", seconds.to_string()),
        None => response,
    })
}

/// `POST /admin/users/{user}`: revokes what the user authorized, suspends, frees or deletes the user.
pub async fn submit<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    let staff = staff(cx).await?;
    let form = cx.account_form(&staff)?;
    let one = |name| form.one(name).ok().flatten();
    let actor = staff.session.user.id.0;
    let about = known(cx, id).await?;
    let user = about.id;
    let done = match one("action") {
        Some("suspend") if is_ours(cx, &staff, &about) => {
            or_gone(users::suspend(cx, actor, user, true).await)?;
            "suspended"
        }
        Some("resume") if is_ours(cx, &staff, &about) => {
            or_gone(users::suspend(cx, actor, user, false).await)?;
            "resumed"
        }
        Some("delete") if is_ours(cx, &staff, &about) => {
            return delete(cx, &staff, &about, &form).await;
        }
        Some("everything") => {
            deauthorize_all(cx, actor, user).await?;
            RevocationDone::Everything.marker()
        }
        Some("application") => {
            let application = one("application").and_then(ApplicationId::parse);
            let application = application.ok_or_else(unreadable)?;
            if deauthorize(cx, actor, user, application).await? {
                RevocationDone::Application.marker()
            } else {
                RevocationDone::Nothing.marker()
            }
        }
        _ => return Err(unreadable().into()),
    };
    Ok(Response::see_other(target(
        cx,
        &Query::read(cx),
        Some(done),
    )))
}

/// Deletes the user, once the administrator has confirmed that and said what becomes of the user's applications.
async fn delete<E: Edge>(
    cx: &Context<'_, E>,
    staff: &LoggedIn,
    user: &User,
    form: &Params,
) -> Answer {
    if let Some(problem) = confirmed(cx, staff, form).await? {
        return page(cx, staff, user, Some(problem)).await;
    }
    let one = |name| form.one(name).ok().flatten();
    let applications = match one("applications") {
        Some("heir") => heir(cx, one("heir").unwrap_or_default().trim()).await?,
        said => said.unwrap_or_default().to_owned(),
    };
    match users::remove(cx, staff.session.user.id.0, user.id, &applications).await {
        Err(Failure::Refused(it)) if matches!(*it, ApiError::InvalidFormBody(_)) => {
            page(cx, staff, user, Some(ConfirmationProblem::NoHeir)).await
        }
        outcome => {
            or_gone(outcome)?;
            let list = Target::of("/admin/users", &[("done", "deleted")]);
            Ok(Response::see_other(list))
        }
    }
}

/// The id of the user with this id or with exactly this name; empty where there is none.
async fn heir<E: Edge>(cx: &Context<'_, E>, typed: &str) -> Result<String, Fault> {
    let wanted = Wanted {
        typed: Some(typed),
        by: UserKey::Username,
        after: None,
    };
    let name = Username::parse(typed).ok();
    let is_meant = |it: &User| match &name {
        Some(name) if it.username.key() == name.key() => true,
        _ => it.id.to_string() == typed,
    };
    let found = wanted.find(cx).await?.into_iter().find(is_meant);
    Ok(found.map_or_else(String::new, |it| it.id.to_string()))
}

/// The URL of this page, with a marker of the operation that was just carried out.
fn target<E>(cx: &Context<'_, E>, query: &Query, done: Option<&'static str>) -> Target {
    let after = query.id("after").ok().flatten();
    let after = after.map(|after| after.to_string()).unwrap_or_default();
    let done = done.unwrap_or_default();
    Target::of(&cx.request.path, &[("after", &after), ("done", done)])
}

fn done(query: &Query, user: &User, text: &AdminText) -> Option<&'static str> {
    let marker = query.text("done").ok().flatten()?;
    match (marker, user.suspended) {
        ("suspended", true) => return Some(text.is_suspended),
        ("resumed", false) => return Some(text.is_resumed),
        _ => {}
    }
    match RevocationDone::from_marker(marker)? {
        RevocationDone::Application => Some(text.application_revoked),
        RevocationDone::Everything => Some(text.everything_revoked),
        RevocationDone::Nothing => Some(text.nothing_revoked),
        RevocationDone::Device => None,
    }
}
