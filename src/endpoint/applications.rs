//! `/api/oauth2/applications…`: what the owners of applications do with them, and what everybody
//! may know of one. Administrators use the same functions, on any application.

use serde_json::{Value, json};

use super::json_body::Fields;
use super::session::Manager;
use super::{Context, Failure, OrRefuse, paging, resource, sudo};
use crate::fluxer::api_error::ApiError;
use crate::fluxer::application::{
    Application, ApplicationChange, ApplicationName, Bot, Description,
};
use crate::fluxer::audit::Action;
use crate::fluxer::user::{Discriminator, ImageHash};
use crate::http::{Response, with_member};
use crate::oauth::bot_token::BotToken;
use crate::oauth::client::{Client, ClientKind};
use crate::oauth::redirect_uri::{MAX_COUNT, RegisteredUri, Registrant};
use crate::oauth::secret::{ClientSecret, Secret};
use crate::snowflake::{ApplicationId, Snowflake, UserId};
use crate::store::{Added, Edge, Fault};

type Answer = Result<Response, Failure<ApiError>>;

/// Most applications that a user may own.
const MAX_PER_USER: u32 = 25;
/// Ids are drawn again this often before it is a fault: twins within a millisecond are one in four
/// million.
pub(super) const DRAWS: usize = 3;

/// `GET /api/oauth2/applications/{id}/public`: without authentication.
pub async fn show_public<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    let unknown = || Failure::Refused(ApiError::UnknownApplication);
    let id = ApplicationId::parse(id).ok_or_else(unknown)?;
    let application = cx.application(id).await?.ok_or_else(unknown)?;
    Ok(Response::json(200, &application.in_public()))
}

/// `GET /api/applications/@me`: for the application's bot.
pub async fn show_to_its_bot<E: Edge>(cx: &Context<'_, E>) -> Answer {
    let application = resource::bot(cx).await?;
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
    let fields = Fields::read(cx).or_refuse()?;
    let terms = Terms {
        owner: Some(owner),
        trusted: false,
        at_most: Some(MAX_PER_USER),
    };
    add(cx, manager.actor(), fields, terms).await
}

/// `GET /api/oauth2/applications/{id}`.
pub async fn show<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    let (_, application) = managed(cx, id).await?;
    Ok(Response::json(200, &application.in_full()))
}

/// `PATCH /api/oauth2/applications/{id}`: what is not sent stays as it is.
pub async fn update<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    let (manager, application) = managed(cx, id).await?;
    let mut fields = Fields::read(cx).or_refuse()?;
    let change = change(&mut fields, &application);
    let change = fields.finish(Some(change)).or_refuse()?;
    apply(cx, manager.actor(), application.client.id, change).await
}

/// `DELETE /api/oauth2/applications/{id}`.
pub async fn delete<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    let (manager, application) = managed(cx, id).await?;
    sudo::confirm(cx, &manager).await?;
    remove(cx, manager.actor(), application.client.id).await
}

/// `POST /api/oauth2/applications/{id}/client-secret/reset`. The old secret is dead; tokens stay
/// what they are.
pub async fn reset_secret<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    let (manager, application) = managed(cx, id).await?;
    if matches!(application.client.kind, ClientKind::Public) {
        let has_none = ApiError::field("type", "is public: there is no secret to reset");
        return Err(Failure::Refused(has_none));
    }
    sudo::confirm(cx, &manager).await?;
    let secret: Secret<ClientSecret> = cx.new_secret()?;
    let id = application.client.id;
    if !cx.edge.set_client_secret(id, &secret.hash()).await? {
        return Err(Failure::Refused(ApiError::UnknownApplication));
    }
    let entry = cx.entry(Action::ClientSecretReset).by(manager.actor());
    cx.edge.record(entry.on(id.0));
    let shown = with_member(application.in_full(), "client_secret", secret.expose());
    Ok(Response::json(200, &shown))
}

/// `POST /api/oauth2/applications/{id}/bot`. The token is in this answer and in no other.
pub async fn add_bot<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    let (manager, mut application) = managed(cx, id).await?;
    let id = application.client.id;
    let bot = Bot::named_after(&application.name, random_discriminator(cx)?);
    let token = BotToken::from_entropy(id, cx.edge.random()?);
    if !cx.edge.add_bot(id, &bot, &token.hash()).await? {
        let exists = ApiError::field("bot", "exists already; its token can be reset");
        return Err(Failure::Refused(exists));
    }
    let entry = cx.entry(Action::BotCreated).by(manager.actor());
    cx.edge.record(entry.on(id.0));
    application.bot = Some(bot);
    Ok(Response::json(200, &with_bot_token(&application, &token)))
}

/// `POST /api/oauth2/applications/{id}/bot/reset-token`. The old token is dead.
pub async fn reset_bot_token<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    let (manager, application) = managed(cx, id).await?;
    let id = application.client.id;
    let no_bot = || Failure::Refused(ApiError::NotABotApplication);
    let bot = application.bot_user().ok_or_else(no_bot)?;
    sudo::confirm(cx, &manager).await?;
    let token = BotToken::from_entropy(id, cx.edge.random()?);
    if !cx.edge.set_bot_token(id, &token.hash()).await? {
        return Err(no_bot());
    }
    let entry = cx.entry(Action::BotTokenReset).by(manager.actor());
    cx.edge.record(entry.on(id.0));
    let body = json!({"token": token.expose(), "bot": bot});
    Ok(Response::json(200, &body))
}

/// Who asks, and the application, which is theirs to manage.
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
        Err(Failure::Refused(ApiError::AccessDenied))
    }
}

/// An application as it is now.
pub(super) async fn current<E: Edge>(
    cx: &Context<'_, E>,
    id: &str,
) -> Result<Application, Failure<ApiError>> {
    let unknown = || Failure::Refused(ApiError::UnknownApplication);
    let id = ApplicationId::parse(id).ok_or_else(unknown)?;
    cx.edge.current_application(id).await?.ok_or_else(unknown)
}

/// What of a new application its maker does not choose.
pub(super) struct Terms {
    pub(super) owner: Option<UserId>,
    pub(super) trusted: bool,
    /// Most applications that the owner may have.
    pub(super) at_most: Option<u32>,
}

/// Makes an application of a request's fields. Its secret and its bot's token are in this answer
/// and in no other.
pub(super) async fn add<E: Edge>(
    cx: &Context<'_, E>,
    actor: Snowflake,
    mut fields: Fields,
    terms: Terms,
) -> Answer {
    let secret: Secret<ClientSecret> = cx.new_secret()?;
    let (has_bot, draft) = draft(cx, &mut fields, &terms, &secret)?;
    let mut application = fields.finish(draft).or_refuse()?;
    if has_bot {
        let discriminator = random_discriminator(cx)?;
        application.bot = Some(Bot::named_after(&application.name, discriminator));
    }
    for _ in 0..DRAWS {
        let id = application.client.id;
        let token = BotToken::from_entropy(id, cx.edge.random()?);
        let hash = has_bot.then(|| token.hash());
        let added = cx
            .edge
            .add_application(&application, hash.as_ref(), terms.at_most);
        match added.await? {
            Added::Yes => {}
            Added::IdTaken => {
                application.client.id = ApplicationId(cx.new_id()?);
                continue;
            }
            Added::TooMany => return Err(Failure::Refused(ApiError::MaxApplications)),
        }
        let entry = cx.entry(Action::ApplicationCreated).by(actor).on(id.0);
        cx.edge.record(entry);
        let shown = if has_bot {
            with_bot_token(&application, &token)
        } else {
            application.in_full()
        };
        let shown = match application.client.kind {
            ClientKind::Public => shown,
            _ => with_member(shown, "client_secret", secret.expose()),
        };
        return Ok(Response::json(200, &shown));
    }
    Err(Fault::new("directory", "no free id was drawn").into())
}

/// The application that the fields describe, and whether it is to have a bot; mistakes are noted.
fn draft<E: Edge>(
    cx: &Context<'_, E>,
    fields: &mut Fields,
    terms: &Terms,
    secret: &Secret<ClientSecret>,
) -> Result<(bool, Option<Application>), Fault> {
    let name = fields.required("name", ApplicationName::parse);
    let registrant = fields.optional("type", |spelled| match spelled {
        "public" => Ok(Registrant::Public),
        "confidential" => Ok(Registrant::Confidential),
        _ => Err("must be confidential or public"),
    });
    let kind = match registrant {
        Some(Registrant::Public) => ClientKind::Public,
        Some(Registrant::Confidential) | None => ClientKind::Confidential {
            secret: secret.hash(),
        },
    };
    let client = Client {
        id: ApplicationId(cx.new_id()?),
        kind,
        redirect_uris: redirect_uris(fields, kind.registrant()),
        trusted: terms.trusted,
    };
    let description = fields.optional("description", Description::parse);
    let icon = fields.optional("icon", ImageHash::parse);
    let bot_public = fields.flag("bot_public");
    let bot_require_code_grant = fields.flag("bot_require_code_grant");
    let has_bot = fields.flag("bot").unwrap_or(false);
    let application = name.map(|name| Application {
        client,
        owner: terms.owner,
        name,
        description: description.unwrap_or_default(),
        icon,
        bot: None,
        bot_public: bot_public.unwrap_or(true),
        bot_require_code_grant: bot_require_code_grant.unwrap_or(false),
        flags: 0,
        created_at: cx.now,
    });
    Ok((has_bot, application))
}

/// What the fields change of an application that is its owner's to change.
pub(super) fn change(fields: &mut Fields, application: &Application) -> ApplicationChange {
    let registrant = application.client.kind.registrant();
    let kept = |kind: &str| match registrant {
        Registrant::Public => kind == "public",
        Registrant::Confidential => kind == "confidential",
    };
    fields.optional("type", |kind| {
        kept(kind).then_some(()).ok_or("cannot be changed")
    });
    if fields.is_null("name") {
        fields.refuse("name", "is required");
    }
    ApplicationChange {
        name: fields.optional("name", ApplicationName::parse),
        description: fields
            .nullable("description", Description::parse)
            .map(Option::unwrap_or_default),
        icon: fields.nullable("icon", ImageHash::parse),
        redirect_uris: fields
            .has("redirect_uris")
            .then(|| redirect_uris(fields, registrant)),
        bot_public: fields.flag("bot_public"),
        bot_require_code_grant: fields.flag("bot_require_code_grant"),
        trusted: None,
        flags: None,
        owner: None,
    }
}

/// Changes an application and shows it.
pub(super) async fn apply<E: Edge>(
    cx: &Context<'_, E>,
    actor: Snowflake,
    id: ApplicationId,
    change: ApplicationChange,
) -> Answer {
    let unknown = || Failure::Refused(ApiError::UnknownApplication);
    if !cx.edge.change_application(id, &change).await? {
        return Err(unknown());
    }
    let entry = cx.entry(Action::ApplicationUpdated).by(actor).on(id.0);
    cx.edge
        .record(entry.saying(json!({"fields": change.fields()})));
    let application = cx.edge.current_application(id).await?;
    let application = application.ok_or_else(unknown)?;
    Ok(Response::json(200, &application.in_full()))
}

/// Deletes an application. Its tokens end with it: every use looks it up, and an isolate remembers
/// one for five seconds at most.
pub(super) async fn remove<E: Edge>(
    cx: &Context<'_, E>,
    actor: Snowflake,
    id: ApplicationId,
) -> Answer {
    if !cx.edge.delete_application(id).await? {
        return Err(Failure::Refused(ApiError::UnknownApplication));
    }
    let entry = cx.entry(Action::ApplicationDeleted).by(actor).on(id.0);
    cx.edge.record(entry);
    Ok(Response::empty(204))
}

fn redirect_uris(fields: &mut Fields, registrant: Registrant) -> Vec<RegisteredUri> {
    let sent = fields.strings("redirect_uris");
    if sent.len() > MAX_COUNT {
        fields.refuse("redirect_uris", "must be at most 10");
        return Vec::new();
    }
    let mut parsed = Vec::with_capacity(sent.len());
    for (index, uri) in sent.iter().enumerate() {
        match RegisteredUri::parse(uri, registrant) {
            Ok(uri) => parsed.push(uri),
            Err(must) => fields.refuse(format!("redirect_uris.{index}"), must),
        }
    }
    parsed
}

/// An application with its bot's token, for the answer that made it.
fn with_bot_token(application: &Application, token: &BotToken) -> Value {
    let bot = application
        .bot_user()
        .map(|bot| with_member(bot, "token", token.expose()));
    with_member(application.in_full(), "bot", bot)
}

pub(super) fn random_discriminator<E: Edge>(cx: &Context<'_, E>) -> Result<Discriminator, Fault> {
    let number = 1 + u16::from_be_bytes(cx.edge.random()?) % 9999;
    Discriminator::parse(&format!("{number:04}")).map_err(|must| Fault::new("endpoint", must))
}
