//! `/api/oauth2/applications…`: an owner's requests about their applications, and what everybody may read of one.
//! Administrators use the same functions on any application. The operations and their rules are in [`operations`].

mod client_settings;
pub mod operations;

use core::time::Duration;

use serde_json::{Value, json};

use crate::endpoint::body::Fields;
use crate::endpoint::caller::Manager;
use crate::endpoint::deliveries::webhook_secret;
use crate::endpoint::{Context, Failure, caller, paging, sudo};
use crate::fluxer::api_error::ApiError;
use crate::fluxer::application::{Application, ApplicationChange};
use crate::fluxer::bot_token::BotToken;
use crate::http::{Response, with_member};
use crate::snowflake::{ApplicationId, Snowflake};
use crate::store::Edge;
use crate::time::Timestamp;

use operations::{BotOwner, Made, SecretOwner};
pub(super) use operations::{DRAWS, Terms, change, current, random_discriminator};

type Answer = Result<Response, Failure<ApiError>>;

/// `GET /api/oauth2/applications/{id}/public`: needs no authentication.
pub async fn show_public<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    let unknown = || ApiError::UnknownApplication;
    let id = ApplicationId::parse(id).ok_or_else(unknown)?;
    let application = cx.application(id).await?.ok_or_else(unknown)?;
    Ok(Response::json(200, &application.in_public()))
}

/// `GET /api/applications/@me`: the application of the bot that asks.
pub async fn show_to_its_bot<E: Edge>(cx: &Context<'_, E>) -> Answer {
    let application = caller::bot(cx).await?;
    Ok(Response::json(200, &application.through_its_bot()))
}

/// `GET /api/oauth2/applications/@me`.
pub async fn list<E: Edge>(cx: &Context<'_, E>) -> Answer {
    let owner = Manager::of(cx).await?.user()?;
    let paging = paging::read(cx, paging::MAX)?;
    let applications = cx.edge.applications(Some(owner), paging).await?;
    let shown: Value = applications.iter().map(Application::in_full).collect();
    Ok(Response::json(200, &shown))
}

/// `POST /api/oauth2/applications`.
pub async fn create<E: Edge>(cx: &Context<'_, E>) -> Answer {
    let manager = Manager::of(cx).await?;
    let owner = manager.user()?;
    let fields = Fields::read(cx)?;
    add(cx, manager.actor(), fields, Terms::of_owner(owner)).await
}

/// `GET /api/oauth2/applications/{id}`.
pub async fn show<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    let (_, application) = managed(cx, id).await?;
    Ok(Response::json(200, &application.in_full()))
}

/// `PATCH /api/oauth2/applications/{id}`: changes what was sent.
pub async fn update<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    let (manager, application) = managed(cx, id).await?;
    let mut fields = Fields::read(cx)?;
    let change = change(&mut fields, &application, cx.config);
    let change = fields.finish(Some(change))?;
    apply(cx, manager.actor(), &application, change).await
}

/// `DELETE /api/oauth2/applications/{id}`.
pub async fn delete<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    let (manager, application) = managed(cx, id).await?;
    sudo::confirm(cx, &manager).await?;
    remove(cx, manager.actor(), &application).await
}

/// `POST /api/oauth2/applications/{id}/client-secret/reset`.
pub async fn reset_secret<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    let (manager, mut application) = managed(cx, id).await?;
    let owner = SecretOwner::of(&application)?;
    sudo::confirm(cx, &manager).await?;
    let secret = owner.reset_secret(cx, manager.actor()).await?;
    let authentication = &mut application.client.authentication;
    if let Some(changed) = authentication.with_secret(secret.hash()) {
        *authentication = changed;
    }
    let shown = with_member(application.in_full(), "client_secret", secret.expose());
    Ok(Response::json(200, &shown))
}

/// `POST /api/oauth2/applications/{id}/client-secret/rotate`: makes a second secret, while the former one still
/// works.
pub async fn rotate_secret<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    let (manager, application) = managed(cx, id).await?;
    let owner = SecretOwner::of(&application)?;
    let grace = sudo::confirm_beside(cx, &manager, grace).await?;
    let secret = owner.rotate_secret(cx, manager.actor(), grace).await?;
    let shown = with_member(application.in_full(), "client_secret", secret.expose());
    let ends_at = (cx.now + grace).to_iso();
    let shown = with_member(shown, "former_client_secret_ends_at", ends_at);
    Ok(Response::json(200, &shown))
}

/// Reads how long the former secret is to stay good.
fn grace(fields: &mut Fields) -> Duration {
    let seconds = fields.bits("grace_seconds").map(u64::from);
    let grace = seconds.map_or(operations::DEFAULT_GRACE, Duration::from_secs);
    if grace > operations::MAX_GRACE {
        fields.refuse("grace_seconds", "must be at most 2592000");
    }
    grace
}

/// `GET /api/oauth2/applications/{id}/client-secrets`: the secrets that are good now, the newest first, without their
/// values.
pub async fn list_secrets<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    let (_, application) = managed(cx, id).await?;
    let secrets = application.secrets(cx.now);
    let shown: Value = secrets
        .map(|(secret, ends_at)| {
            json!({
                "last_used_on": secret.used_at.map(Timestamp::to_iso_date),
                "ends_at": ends_at.map(Timestamp::to_iso),
            })
        })
        .collect();
    Ok(Response::json(200, &shown))
}

/// `GET /api/oauth2/applications/{id}/event-webhook-secret`: the secret by which the receiver verifies events.
pub async fn event_webhook_secret<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    let (_, application) = managed(cx, id).await?;
    let secret = webhook_secret(cx.config, &application);
    let secret = secret.ok_or_else(|| ApiError::field("event_webhook_url", "is not set"))?;
    Ok(Response::json(200, &json!({"secret": secret})))
}

/// `POST /api/oauth2/applications/{id}/bot`: adds a bot. Its token is in this answer and in no other.
pub async fn add_bot<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    let (manager, mut application) = managed(cx, id).await?;
    let token = operations::add_bot(cx, manager.actor(), &mut application).await?;
    Ok(Response::json(200, &with_bot_token(&application, &token)))
}

/// `POST /api/oauth2/applications/{id}/bot/reset-token`.
pub async fn reset_bot_token<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    let (manager, application) = managed(cx, id).await?;
    let owner = BotOwner::of(&application)?;
    sudo::confirm(cx, &manager).await?;
    let token = owner.reset_token(cx, manager.actor()).await?;
    let body = json!({"token": token.expose(), "bot": application.bot_user()});
    Ok(Response::json(200, &body))
}

/// Reads the caller, and the application that is the caller's to manage.
async fn managed<E: Edge>(
    cx: &Context<'_, E>,
    id: &str,
) -> Result<(Manager, Application), Failure<ApiError>> {
    let manager = Manager::of(cx).await?;
    let application = current(cx, id).await?;
    let is_theirs = match &manager {
        Manager::User(logged_in) => application.owner == Some(logged_in.session.user.id),
        Manager::Administrator(_) => true,
    };
    if is_theirs {
        Ok((manager, application))
    } else {
        Err(ApiError::AccessDenied.into())
    }
}

/// Makes an application of the fields of a request. Its secret and its bot's token are in this answer and in no
/// other.
pub(super) async fn add<E: Edge>(
    cx: &Context<'_, E>,
    actor: Snowflake,
    fields: Fields,
    terms: Terms,
) -> Answer {
    let made = operations::add(cx, actor, fields, terms).await?;
    Ok(Response::json(200, &in_full_with_secrets(&made)))
}

/// Changes an application and shows it.
pub(super) async fn apply<E: Edge>(
    cx: &Context<'_, E>,
    actor: Snowflake,
    application: &Application,
    change: ApplicationChange,
) -> Answer {
    operations::apply(cx, actor, application, &change).await?;
    let id = application.client.id;
    let application = cx.edge.current_application(id).await?;
    let application = application.ok_or(ApiError::UnknownApplication)?;
    Ok(Response::json(200, &application.in_full()))
}

/// Deletes an application.
pub(super) async fn remove<E: Edge>(
    cx: &Context<'_, E>,
    actor: Snowflake,
    application: &Application,
) -> Answer {
    operations::remove(cx, actor, application).await?;
    Ok(Response::empty(204))
}

fn in_full_with_secrets(made: &Made) -> Value {
    let shown = match &made.bot_token {
        Some(token) => with_bot_token(&made.application, token),
        None => made.application.in_full(),
    };
    match &made.secret {
        Some(secret) => with_member(shown, "client_secret", secret.expose()),
        None => shown,
    }
}

/// An application with its bot's token, for the answer to the request that made the token.
fn with_bot_token(application: &Application, token: &BotToken) -> Value {
    let bot = application
        .bot_user()
        .map(|bot| with_member(bot, "token", token.expose()));
    with_member(application.in_full(), "bot", bot)
}
