//! The operations on applications, for the JSON API, the owner's pages and administrators alike. Each checks its
//! rules, writes, and leaves its audit entry.
//!
//! Invariant: a secret leaves in the value of the operation that made it, and in nothing else.

use core::time::Duration;

use serde_json::json;

use super::client_settings;
use crate::config::Config;
use crate::crypto::secret::{ClientSecret, Hash, Secret};
use crate::endpoint::body::Fields;
use crate::endpoint::{Context, Failure, paging};
use crate::fluxer::api_error::ApiError;
use crate::fluxer::application::{
    Application, ApplicationChange, ApplicationName, Bot, Description,
};
use crate::fluxer::audit::Action;
use crate::fluxer::bot_token::BotToken;
use crate::fluxer::icon::Icon;
use crate::fluxer::user::{Discriminator, ImageHash};
use crate::oauth::client::Client;
use crate::oauth::client::authentication::{ClientAuthentication, SecretHashes};
use crate::snowflake::{ApplicationId, Snowflake, UserId};
use crate::store::{Added, Edge, Fault, Paging, SERVES_OUTAGES_FOR};

type Outcome<T> = Result<T, Failure<ApiError>>;

/// Most applications that a user may own.
pub const MAX_PER_USER: u32 = 25;
/// How often an id is drawn before it is a fault that all were taken. Two applications of one millisecond share an id
/// once in four million.
pub const DRAWS: usize = 3;

/// The application as the directory has it now.
pub async fn current<E: Edge>(cx: &Context<'_, E>, id: &str) -> Outcome<Application> {
    let unknown = || ApiError::UnknownApplication;
    let id = ApplicationId::parse(id).ok_or_else(unknown)?;
    let application = cx.edge.current_application(id).await?;
    Ok(application.ok_or_else(unknown)?)
}

/// The terms of a new application that whoever makes it does not choose.
pub struct Terms {
    /// The user who answers for the application.
    pub owner: Option<UserId>,
    /// Whether it may ask for `admin`.
    pub trusted: bool,
    /// The administrator who made the application trusted.
    pub trusted_by: Option<UserId>,
    /// Whether it may introspect the tokens of other applications.
    pub introspects: bool,
    /// Bits that the platform sets.
    pub flags: u32,
    /// Most applications that the owner may have.
    pub at_most: Option<u32>,
}

impl Terms {
    /// The terms of an application that a user makes for themselves.
    pub const fn of_owner(owner: UserId) -> Self {
        Self {
            owner: Some(owner),
            trusted: false,
            trusted_by: None,
            introspects: false,
            flags: 0,
            at_most: Some(MAX_PER_USER),
        }
    }
}

/// A new application, with what only its maker ever sees.
pub struct Made {
    /// The application.
    pub application: Application,
    /// The client secret; `None` for a public client.
    pub secret: Option<Secret<ClientSecret>>,
    /// The bot's token, where the application was made with a bot.
    pub bot_token: Option<BotToken>,
}

/// Makes an application of a request's fields.
pub async fn add<E: Edge>(
    cx: &Context<'_, E>,
    actor: Snowflake,
    mut fields: Fields,
    terms: Terms,
) -> Outcome<Made> {
    let secret = cx.new_client_secret()?;
    let (has_bot, draft) = draft(cx, &mut fields, &terms, secret.hash())?;
    let mut application = fields.finish(draft)?;
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
            Added::OwnerGone => return Err(ApiError::UnknownUser.into()),
            Added::TooMany => return Err(ApiError::MaxApplications.into()),
        }
        let entry = cx.entry(Action::ApplicationCreated).by(actor).on(id.0);
        cx.edge.record(entry);
        let authentication = &application.client.authentication;
        let has_secret = matches!(authentication, ClientAuthentication::Secret(_));
        return Ok(Made {
            application,
            secret: has_secret.then_some(secret),
            bot_token: has_bot.then_some(token),
        });
    }
    Err(Fault::new("directory", "no free id was drawn").into())
}

/// The application that the fields describe, with the hash of the secret that it may need, and whether it is to have
/// a bot. Notes the mistakes in the fields.
pub fn draft<E: Edge>(
    cx: &Context<'_, E>,
    fields: &mut Fields,
    terms: &Terms,
    secret: Hash<ClientSecret>,
) -> Result<(bool, Option<Application>), Fault> {
    let name = fields.required("name", ApplicationName::parse);
    let authentication = client_settings::new_authentication(fields, secret, &cx.config.issuers);
    let id = ApplicationId(cx.new_id()?);
    let client = Client::registered(id, authentication, Vec::new(), terms.trusted);
    let described = client_settings::of_new(fields, Application::of(client), cx.config);
    let description = fields.optional("description", Description::parse);
    let icon = fields.optional("icon", ImageHash::parse);
    let bot_public = fields.flag("bot_public");
    let bot_require_code_grant = fields.flag("bot_require_code_grant");
    let has_bot = fields.flag("bot").unwrap_or(false);
    let application = name.map(|name| Application {
        owner: terms.owner,
        name,
        description: description.unwrap_or_default(),
        icon,
        bot_public: bot_public.unwrap_or(true),
        bot_require_code_grant: bot_require_code_grant.unwrap_or(false),
        introspects: terms.introspects,
        trusted_by: terms.trusted_by,
        flags: terms.flags,
        created_at: cx.now,
        ..described
    });
    Ok((has_bot, application))
}

/// The changes that the fields ask for, of the settings that are the owner's to change.
pub fn change(
    fields: &mut Fields,
    application: &Application,
    config: &Config,
) -> ApplicationChange {
    fields.as_shown(&application.in_full());
    let kind = if application.is_public() {
        "public"
    } else {
        "confidential"
    };
    fields.optional("type", |sent| {
        (sent == kind).then_some(()).ok_or("cannot be changed")
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
        bot_public: fields.flag("bot_public"),
        bot_require_code_grant: fields.flag("bot_require_code_grant"),
        ..client_settings::change(fields, application, config)
    }
}

/// Changes an application.
pub async fn apply<E: Edge>(
    cx: &Context<'_, E>,
    actor: Snowflake,
    application: &Application,
    change: &ApplicationChange,
) -> Outcome<()> {
    let id = application.client.id;
    if change.suspended == Some(true) {
        cx.edge.mark_stopped(id);
    }
    if !cx.edge.change_application(id, change).await? {
        return Err(ApiError::UnknownApplication.into());
    }
    let entry = cx.entry(Action::ApplicationUpdated).by(actor).on(id.0);
    cx.edge
        .record(entry.saying(json!({"fields": change.audited()})));
    if change
        .icon
        .as_ref()
        .is_some_and(|to| *to != application.icon)
    {
        forget_icon(cx, application);
    }
    Ok(())
}

/// Gives an application the icon that its owner sent. The icon is stored before the application names it: a fault in
/// between leaves the application as it was.
pub async fn set_icon<E: Edge>(
    cx: &Context<'_, E>,
    actor: Snowflake,
    application: &Application,
    icon: &Icon,
) -> Outcome<()> {
    let hash = icon.hash();
    let id = application.client.id;
    cx.edge.put_icon(id, &hash, &icon.bytes).await?;
    let change = ApplicationChange {
        icon: Some(Some(hash)),
        ..ApplicationChange::default()
    };
    apply(cx, actor, application, &change).await
}

/// Deletes the icon of an application that has another one from now on, or none.
pub fn forget_icon<E: Edge>(cx: &Context<'_, E>, application: &Application) {
    if let Some(hash) = application.icon.as_ref().filter(|it| it.is_kept_here()) {
        cx.edge.delete_icon(application.client.id, hash);
    }
}

/// Deletes what the applications that are deleted with their owner leave behind: their icons, and their bots at a
/// platform.
pub async fn clear_up_after<E: Edge>(cx: &Context<'_, E>, owner: UserId) -> Result<(), Fault> {
    let mut paging = Paging {
        after: None,
        limit: paging::MAX,
    };
    loop {
        let theirs = cx.edge.applications(Some(owner), paging).await?;
        for application in &theirs {
            forget_icon(cx, application);
            cx.remove_bot_everywhere(application).await;
        }
        match theirs.last() {
            Some(last) if theirs.len() == paging.limit as usize => {
                paging.after = Some(last.client.id.0);
            }
            _ => return Ok(()),
        }
    }
}

/// Takes trust from the applications that no administrator stands for any more. An application is trusted only while
/// its owner is an administrator, or the administrator who made it trusted still is one: else a former administrator
/// would keep a way in. Trust that the built-in application gave is the operator's word, and stays.
pub async fn review_trust<E: Edge>(cx: &Context<'_, E>, actor: Snowflake) -> Result<(), Fault> {
    let change = ApplicationChange {
        trusted: Some(false),
        trusted_by: Some(None),
        ..ApplicationChange::default()
    };
    for id in cx.edge.trusted_by_nobody().await? {
        if cx.edge.change_application(id, &change).await? {
            let entry = cx.entry(Action::ApplicationUpdated).by(actor).on(id.0);
            let details = json!({"fields": change.audited(), "trusted": false});
            cx.edge.record(entry.saying(details));
        }
    }
    Ok(())
}

/// Deletes an application. Its tokens end with it: every use looks the application up, and an isolate remembers one
/// for five seconds at most.
pub async fn remove<E: Edge>(
    cx: &Context<'_, E>,
    actor: Snowflake,
    application: &Application,
) -> Outcome<()> {
    let id = application.client.id;
    cx.edge.mark_stopped(id);
    if !cx.edge.delete_application(id, cx.tells()).await? {
        return Err(ApiError::UnknownApplication.into());
    }
    cx.wake_of_application(id);
    let entry = cx.entry(Action::ApplicationDeleted).by(actor).on(id.0);
    cx.edge.record(entry);
    forget_icon(cx, application);
    cx.remove_bot_everywhere(application).await;
    Ok(())
}

/// How long the former secret stays good, where the request does not say.
pub const DEFAULT_GRACE: Duration = Duration::from_hours(24);
/// Longest time that two secrets may overlap.
pub const MAX_GRACE: Duration = Duration::from_hours(30 * 24);

/// An application that may be given a secret. One that signs has none until it is given one.
pub struct SecretOwner(ApplicationId, Option<SecretHashes>);

impl SecretOwner {
    /// Takes an application that may be given a secret. Fails where it is public, or where its profile admits no
    /// secret.
    pub fn of(application: &Application) -> Result<Self, ApiError> {
        let id = application.client.id;
        match &application.client.authentication {
            ClientAuthentication::Secret(hashes) => Ok(Self(id, Some(*hashes))),
            ClientAuthentication::PrivateKeyJwt(_) if application.client.is_fapi2() => {
                let must = "is fapi2: there is no secret to reset";
                Err(ApiError::field("profile", must))
            }
            ClientAuthentication::PrivateKeyJwt(_) => Ok(Self(id, None)),
            ClientAuthentication::None | ClientAuthentication::NoneOrPrivateKeyJwt(_) => {
                let must = "is public: there is no secret to reset";
                Err(ApiError::field("type", must))
            }
        }
    }

    /// Gives the application a second secret. The former one ends after `grace`.
    pub async fn rotate_secret<E: Edge>(
        self,
        cx: &Context<'_, E>,
        actor: Snowflake,
        grace: Duration,
    ) -> Outcome<Secret<ClientSecret>> {
        let Self(id, hashes) = self;
        let hashes = hashes.ok_or_else(|| {
            let must = "is private_key_jwt: there is no secret to rotate";
            ApiError::field("token_endpoint_auth_method", must)
        })?;
        let secret = cx.new_client_secret()?;
        // An isolate that D1 does not answer would admit for longer what it remembers without an end.
        if grace < SERVES_OUTAGES_FOR || hashes.live_former(cx.now).is_some() {
            cx.edge.mark_stopped(id);
        }
        let ends_at = cx.now + grace;
        let hash = secret.hash();
        if !cx.edge.rotate_client_secret(id, &hash, ends_at).await? {
            return Err(ApiError::UnknownApplication.into());
        }
        let entry = cx.entry(Action::ClientSecretRotated).by(actor).on(id.0);
        let details = json!({"grace_seconds": grace.as_secs()});
        cx.edge.record(entry.saying(details));
        Ok(secret)
    }

    /// Gives the application a new secret. The former ones end at once; its tokens go on.
    pub async fn reset_secret<E: Edge>(
        self,
        cx: &Context<'_, E>,
        actor: Snowflake,
    ) -> Outcome<Secret<ClientSecret>> {
        let Self(id, _) = self;
        let secret = cx.new_client_secret()?;
        cx.edge.mark_stopped(id);
        if !cx.edge.set_client_secret(id, &secret.hash()).await? {
            return Err(ApiError::UnknownApplication.into());
        }
        let entry = cx.entry(Action::ClientSecretReset).by(actor);
        cx.edge.record(entry.on(id.0));
        Ok(secret)
    }
}

/// Gives an application a bot, and the bot its token.
pub async fn add_bot<E: Edge>(
    cx: &Context<'_, E>,
    actor: Snowflake,
    application: &mut Application,
) -> Outcome<BotToken> {
    let id = application.client.id;
    if !application.client.is_verified() {
        return Err(ApiError::NotABotApplication.into());
    }
    let bot = Bot::named_after(&application.name, random_discriminator(cx)?);
    let token = BotToken::from_entropy(id, cx.edge.random()?);
    if !cx.edge.add_bot(id, &bot, &token.hash()).await? {
        let exists = ApiError::field("bot", "exists already; its token can be reset");
        return Err(exists.into());
    }
    let entry = cx.entry(Action::BotCreated).by(actor);
    cx.edge.record(entry.on(id.0));
    application.bot = Some(bot);
    Ok(token)
}

/// An application with a bot.
pub struct BotOwner(ApplicationId);

impl BotOwner {
    /// Takes an application with a bot. Fails where it has none.
    pub fn of(application: &Application) -> Result<Self, ApiError> {
        match application.bot {
            Some(_) => Ok(Self(application.client.id)),
            None => Err(ApiError::NotABotApplication),
        }
    }

    /// Gives the bot a new token. The old one ends at once.
    pub async fn reset_token<E: Edge>(
        self,
        cx: &Context<'_, E>,
        actor: Snowflake,
    ) -> Outcome<BotToken> {
        let Self(id) = self;
        let token = BotToken::from_entropy(id, cx.edge.random()?);
        if !cx.edge.set_bot_token(id, &token.hash()).await? {
            return Err(ApiError::NotABotApplication.into());
        }
        let entry = cx.entry(Action::BotTokenReset).by(actor);
        cx.edge.record(entry.on(id.0));
        Ok(token)
    }
}

/// Draws the four digits behind a name.
pub fn random_discriminator<E: Edge>(cx: &Context<'_, E>) -> Result<Discriminator, Fault> {
    let number = 1 + u16::from_be_bytes(cx.edge.random()?) % 9999;
    Discriminator::parse(&format!("{number:04}")).map_err(|must| Fault::new("endpoint", must))
}
