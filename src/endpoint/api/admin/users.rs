//! `/api/admin/users…`: users, what they authorized, and their accounts on other services.

use serde_json::{Value, json};

use super::Answer;
use crate::crypto::password::{self, Password};
use crate::endpoint::api::applications::operations::{apply, clear_up_after, review_trust};
use crate::endpoint::api::applications::{DRAWS, random_discriminator};
use crate::endpoint::api::authorizations::{list_of, show_of};
use crate::endpoint::authorizations::{
    deauthorize, deauthorize_all, forget_families, resume_all, suspend_all,
};
use crate::endpoint::body::Fields;
use crate::endpoint::caller::administrator;
use crate::endpoint::{Context, Failure, paging};
use crate::fluxer::api_error::ApiError;
use crate::fluxer::application::ApplicationChange;
use crate::fluxer::audit::Action;
use crate::fluxer::guild::{Connection, ConnectionId, ConnectionKind, ConnectionName};
use crate::fluxer::user::{Discriminator, Email, ImageHash, User, UserChange, Username};
use crate::http::Response;
use crate::oauth::params::Params;
use crate::snowflake::{ApplicationId, Snowflake, UserId};
use crate::store::{Edge, Fault, Paging, Taken};

/// The fields of a user that can be changed.
const UPDATABLE: [&str; 9] = [
    "username",
    "email",
    "password",
    "verified",
    "admin",
    "suspended",
    "avatar",
    "public_flags",
    "discriminator",
];

/// `POST /api/admin/users`.
pub async fn create_user<E: Edge>(cx: &Context<'_, E>) -> Answer {
    let actor = administrator(cx).await?.actor();
    let mut fields = Fields::read(cx)?;
    let username = fields.required("username", Username::parse);
    let email = fields.required("email", Email::parse);
    let password = fields.required("password", Password::parse);
    let discriminator = fields.optional("discriminator", Discriminator::parse);
    let avatar = fields.optional("avatar", ImageHash::parse);
    let verified = fields.flag("verified").unwrap_or(false);
    let admin = fields.flag("admin").unwrap_or(false);
    let public_flags = fields.bits("public_flags").unwrap_or(0);
    let required = username.zip(email).zip(password);
    let ((username, email), password) = fields.finish(required)?;

    let password_hash = password::hash(&password, cx.config.password_cost, cx.edge.random()?)?;
    let mut user = User {
        id: UserId(cx.new_id()?),
        username,
        discriminator: match discriminator {
            Some(discriminator) => discriminator,
            None => random_discriminator(cx)?,
        },
        email,
        verified,
        admin,
        suspended: false,
        avatar,
        public_flags,
        created_at: cx.now,
        updated_at: Some(cx.now),
    };
    for _ in 0..DRAWS {
        let added = cx.edge.add_user(&user, &password_hash).await?;
        if added == Err(Taken::Id) {
            user.id = UserId(cx.new_id()?);
            continue;
        }
        let wanted = (Some(&user.username), Some(&user.email));
        unless_taken(cx, user.id, wanted, added).await?;
        let entry = cx.entry(Action::UserCreated).by(actor).on(user.id.0);
        cx.edge.record(entry);
        return Ok(Response::json(200, &user.in_full()));
    }
    Err(Fault::new("directory", "no free id was drawn").into())
}

/// `GET /api/admin/users`.
pub async fn list_users<E: Edge>(cx: &Context<'_, E>) -> Answer {
    administrator(cx).await?;
    let paging = paging::read(cx, paging::MAX)?;
    let users = cx.edge.users(paging).await?;
    let shown: Value = users.iter().map(User::in_full).collect();
    Ok(Response::json(200, &shown))
}

/// `GET /api/admin/users/{id}`.
pub async fn show_user<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    administrator(cx).await?;
    Ok(Response::json(200, &user(cx, id).await?.in_full()))
}

/// `PATCH /api/admin/users/{id}`. A new password ends every session and everything that was authorized: whoever had
/// the old one must not keep access (RFC 9700 §4.14.2).
pub async fn update_user<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    let actor = administrator(cx).await?.actor();
    let before = user(cx, id).await?;
    let id = before.id;
    let mut fields = Fields::read(cx)?;
    fields.as_shown(&before.in_full());
    let change = UserChange {
        username: fields.optional("username", Username::parse),
        discriminator: fields.optional("discriminator", Discriminator::parse),
        email: fields.optional("email", Email::parse),
        verified: fields.flag("verified"),
        admin: fields.flag("admin"),
        suspended: fields.flag("suspended"),
        avatar: fields.nullable("avatar", ImageHash::parse),
        public_flags: fields.bits("public_flags"),
    };
    let password = fields.optional("password", Password::parse);
    let changed = fields.sent(&UPDATABLE);
    let change = fields.finish(Some(change))?.of(&before);
    let password_hash = match &password {
        Some(password) => Some(password::hash(
            password,
            cx.config.password_cost,
            cx.edge.random()?,
        )?),
        None => None,
    };
    let updated = cx
        .edge
        .change_user(id, &change, password_hash.as_deref(), cx.now);
    let wanted = (change.username.as_ref(), change.email.as_ref());
    unless_taken(cx, id, wanted, updated.await?).await?;
    if password.is_some() {
        // After the sessions: whoever had one could authorize anew what was just taken back.
        deauthorize_all(cx, actor, id).await?;
    }
    stand(cx, actor, id, &change).await?;
    let entry = cx.entry(Action::UserUpdated).by(actor).on(id.0);
    cx.edge.record(entry.saying(json!({"fields": changed})));
    let unknown = || ApiError::UnknownUser;
    let user = cx.user(id).await?.ok_or_else(unknown)?;
    Ok(Response::json(200, &user.in_full()))
}

/// Carries a user's new standing out: on their tokens, and on the applications that are trusted by their word. Their
/// sessions have ended before.
async fn stand<E: Edge>(
    cx: &Context<'_, E>,
    actor: Snowflake,
    user: UserId,
    change: &UserChange,
) -> Result<(), Fault> {
    if change.admin == Some(false) || change.suspended == Some(true) {
        review_trust(cx, actor).await?;
    }
    match change.suspended {
        Some(true) => suspend_all(cx, user).await,
        Some(false) => resume_all(cx, user).await,
        None => Ok(()),
    }
}

/// Suspends a user, or frees them.
pub async fn suspend<E: Edge>(
    cx: &Context<'_, E>,
    actor: Snowflake,
    user: UserId,
    suspended: bool,
) -> Result<(), Failure<ApiError>> {
    let change = UserChange {
        suspended: Some(suspended),
        ..UserChange::default()
    };
    let changed = cx.edge.change_user(user, &change, None, cx.now);
    unless_taken(cx, user, (None, None), changed.await?).await?;
    stand(cx, actor, user, &change).await?;
    let entry = cx.entry(Action::UserUpdated).by(actor).on(user.0);
    cx.edge
        .record(entry.saying(json!({"fields": ["suspended"]})));
    Ok(())
}

/// `DELETE /api/admin/users/{id}`. Deletes the user's applications too, unless the request says who takes them over.
pub async fn delete_user<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    let actor = administrator(cx).await?.actor();
    let user = user(cx, id).await?;
    let params = Params::from_form(&cx.request.query);
    let said = params.one(APPLICATIONS);
    let said = said.map_err(|_| ApiError::field(APPLICATIONS, "must be sent once"))?;
    // A script whose variable is empty has not said that they go.
    let is_empty = params.all(APPLICATIONS).next().is_some();
    let unsaid = if is_empty { "" } else { DELETED };
    remove(cx, actor, user.id, said.unwrap_or(unsaid)).await?;
    Ok(Response::empty(204))
}

/// Deletes a user, and everything that acts for them. At first nobody can log in as them any more, then what they
/// authorized ends, then they are deleted: an approval that is under way meets one of the three, and after a fault it
/// can be done again. `applications` is [`DELETED`], or the id of the user who takes the applications over.
pub async fn remove<E: Edge>(
    cx: &Context<'_, E>,
    actor: Snowflake,
    user: UserId,
    applications: &str,
) -> Result<(), Failure<ApiError>> {
    bequeath(cx, actor, user, applications).await?;
    cx.edge.lock_out(user).await?;
    forget_families(cx, user).await?;
    deauthorize_all(cx, actor, user).await?;
    let no_office = UserChange {
        admin: Some(false),
        ..UserChange::default()
    };
    let resigned = cx.edge.change_user(user, &no_office, None, cx.now);
    unless_taken(cx, user, (None, None), resigned.await?).await?;
    review_trust(cx, actor).await?;
    clear_up_after(cx, user).await?;
    cx.edge.delete_user(user, cx.tells()).await?;
    let entry = cx.entry(Action::UserDeleted).by(actor).on(user.0);
    cx.edge.record(entry);
    Ok(())
}

/// The parameter that says what becomes of a deleted user's applications.
const APPLICATIONS: &str = "applications";
/// The value by which they are deleted too.
pub const DELETED: &str = "delete";

async fn bequeath<E: Edge>(
    cx: &Context<'_, E>,
    actor: Snowflake,
    user: UserId,
    applications: &str,
) -> Result<(), Failure<ApiError>> {
    if applications == DELETED {
        return Ok(());
    }
    // Each that was handed over is not among the next ones.
    let paging = Paging {
        after: None,
        limit: paging::MAX,
    };
    loop {
        let theirs = cx.edge.applications(Some(user), paging).await?;
        if theirs.is_empty() {
            return Ok(());
        }
        let heir = UserId::parse(applications).filter(|heir| *heir != user);
        let heir = match heir {
            Some(heir) => cx.edge.user(heir).await?.map(|it| it.id),
            None => None,
        };
        let Some(heir) = heir else {
            let must = "must be delete, or the id of a user who takes the user's applications over";
            return Err(ApiError::field(APPLICATIONS, must).into());
        };
        let change = ApplicationChange {
            owner: Some(Some(heir)),
            ..ApplicationChange::default()
        };
        for application in theirs {
            apply(cx, actor, &application, &change).await?;
        }
    }
}

/// `GET /api/admin/users/{id}/authorizations`.
pub async fn list_authorizations<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    administrator(cx).await?;
    list_of(cx, user(cx, id).await?.id).await
}

/// `DELETE /api/admin/users/{id}/authorizations`.
pub async fn delete_authorizations<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    let actor = administrator(cx).await?.actor();
    deauthorize_all(cx, actor, user(cx, id).await?.id).await?;
    Ok(Response::empty(204))
}

/// `GET /api/admin/users/{id}/authorizations/{application_id}`: with its devices.
pub async fn show_authorization<E: Edge>(
    cx: &Context<'_, E>,
    id: &str,
    application: &str,
) -> Answer {
    administrator(cx).await?;
    show_of(cx, user(cx, id).await?.id, application).await
}

/// `DELETE /api/admin/users/{id}/authorizations/{application_id}`.
pub async fn delete_authorization<E: Edge>(
    cx: &Context<'_, E>,
    id: &str,
    application: &str,
) -> Answer {
    let actor = administrator(cx).await?.actor();
    let user = user(cx, id).await?.id;
    let unknown = || ApiError::UnknownAuthorization;
    let application = ApplicationId::parse(application).ok_or_else(unknown)?;
    if deauthorize(cx, actor, user, application).await? {
        Ok(Response::empty(204))
    } else {
        Err(unknown().into())
    }
}

/// `PUT /api/admin/users/{id}/connections/{type}/{connection_id}`.
pub async fn set_connection<E: Edge>(
    cx: &Context<'_, E>,
    id: &str,
    kind: &str,
    connection: &str,
) -> Answer {
    let actor = administrator(cx).await?.actor();
    let user = user(cx, id).await?.id;
    let mut fields = Fields::read(cx)?;
    let account = account(&mut fields, kind, connection);
    let name = fields.required("name", ConnectionName::parse);
    let verified = fields.flag("verified").unwrap_or(false);
    let ((kind, id), name) = fields.finish(account.zip(name))?;
    let connection = Connection {
        kind,
        id,
        name,
        verified,
    };
    if !cx.edge.set_connection(user, &connection).await? {
        return Err(ApiError::UnknownUser.into());
    }
    let entry = cx.entry(Action::ConnectionSet).by(actor).on(user.0);
    cx.edge
        .record(entry.saying(about(&connection.kind, &connection.id)));
    Ok(Response::json(200, &json!(connection)))
}

/// `DELETE /api/admin/users/{id}/connections/{type}/{connection_id}`.
pub async fn delete_connection<E: Edge>(
    cx: &Context<'_, E>,
    id: &str,
    kind: &str,
    connection: &str,
) -> Answer {
    let actor = administrator(cx).await?.actor();
    let user = user(cx, id).await?.id;
    let mut fields = Fields::none();
    let account = account(&mut fields, kind, connection);
    let (kind, id) = fields.finish(account)?;
    if !cx.edge.remove_connection(user, &kind, &id).await? {
        return Err(ApiError::UnknownConnection.into());
    }
    let entry = cx.entry(Action::ConnectionRemoved).by(actor).on(user.0);
    cx.edge.record(entry.saying(about(&kind, &id)));
    Ok(Response::empty(204))
}

/// The account on another service that a path names.
fn account(fields: &mut Fields, kind: &str, id: &str) -> Option<(ConnectionKind, ConnectionId)> {
    let kind = fields.segment("type", kind, ConnectionKind::parse);
    let id = fields.segment("connection_id", id, ConnectionId::parse);
    kind.zip(id)
}

fn about(kind: &ConnectionKind, id: &ConnectionId) -> Value {
    json!({"type": kind.as_str(), "id": id.as_str()})
}

pub(super) async fn user<E: Edge>(
    cx: &Context<'_, E>,
    id: &str,
) -> Result<User, Failure<ApiError>> {
    let unknown = || ApiError::UnknownUser;
    let id = UserId::parse(id).ok_or_else(unknown)?;
    Ok(cx.user(id).await?.ok_or_else(unknown)?)
}

/// The answer to a write that storage refused, because a value is another user's. Other values of the same request
/// that are taken are told with it.
async fn unless_taken<E: Edge>(
    cx: &Context<'_, E>,
    id: UserId,
    (username, email): (Option<&Username>, Option<&Email>),
    outcome: Result<(), Taken>,
) -> Result<(), Failure<ApiError>> {
    let (path, other) = match outcome {
        Ok(()) => return Ok(()),
        Err(Taken::Id) => ("id", None),
        Err(Taken::Username) => ("username", email.map(|it| ("email", it.as_str()))),
        Err(Taken::Email) => ("email", username.map(|it| ("username", it.as_str()))),
    };
    let mut fields = Fields::none();
    fields.refuse(path, "is taken");
    if let Some((path, login)) = other {
        let account = cx.edge.account(login).await?;
        if account.is_some_and(|account| account.user.id != id) {
            fields.refuse(path, "is taken");
        }
    }
    Ok(fields.finish(None)?)
}
