//! `/api/admin/*`: administration, for tokens with the scope `admin`.

use super::authorizations::{deauthorize, deauthorize_all};
use super::json_body::Fields;
use super::resource::administrator;
use super::{Context, Failure, OrRefuse};
use crate::fluxer::api_error::{ApiError, FieldError};
use crate::fluxer::application::{Application, ApplicationName, Description};
use crate::fluxer::user::{Discriminator, Email, ImageHash, Password, User, Username};
use crate::http::{Response, with_member};
use crate::oauth::client::{Client, ClientKind};
use crate::oauth::redirect_uri::{MAX_COUNT, RegisteredUri, Registrant};
use crate::oauth::secret::{ClientSecret, Secret};
use crate::snowflake::{ApplicationId, Snowflake, UserId};
use crate::store::{Edge, Fault, Taken, password};

type Answer = Result<Response, Failure<ApiError>>;

/// Ids are drawn again this often before it is a fault: twins within a millisecond are one in four
/// million.
const DRAWS: usize = 3;

/// `POST /api/admin/users`.
pub async fn create_user<E: Edge>(cx: &Context<'_, E>) -> Answer {
    administrator(cx).await?;
    let mut fields = Fields::read(cx).or_refuse()?;
    let username = fields.required("username", Username::parse);
    let email = fields.required("email", Email::parse);
    let password = fields.required("password", Password::parse);
    let discriminator = fields.optional("discriminator", Discriminator::parse);
    let avatar = fields.optional("avatar", ImageHash::parse);
    let verified = fields.flag("verified").unwrap_or(false);
    let admin = fields.flag("admin").unwrap_or(false);
    let public_flags = fields.bits("public_flags").unwrap_or(0);
    let required = username.zip(email).zip(password);
    let ((username, email), password) = fields.finish(required).or_refuse()?;

    let password_hash = password::hash(&password, cx.edge.random()?)?;
    let mut user = User {
        id: UserId(new_id(cx)?),
        username,
        discriminator: match discriminator {
            Some(discriminator) => discriminator,
            None => random_discriminator(cx)?,
        },
        email,
        verified,
        admin,
        avatar,
        public_flags,
        created_at: cx.now,
    };
    for _ in 0..DRAWS {
        match cx.edge.add_user(&user, &password_hash).await? {
            Ok(()) => return Ok(Response::json(200, &user.in_full())),
            Err(Taken::Id) => user.id = UserId(new_id(cx)?),
            Err(taken) => return Err(Failure::Refused(taken_error(taken))),
        }
    }
    Err(Fault::new("admin", "no free id was drawn").into())
}

/// `GET /api/admin/users/{id}`.
pub async fn show_user<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    administrator(cx).await?;
    Ok(Response::json(200, &user(cx, id).await?.in_full()))
}

/// `PATCH /api/admin/users/{id}`. A new password ends every session and everything that was
/// authorized: whoever had the old one must not keep a foothold (RFC 9700 §4.14.2).
pub async fn update_user<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    administrator(cx).await?;
    let old = user(cx, id).await?;
    let mut fields = Fields::read(cx).or_refuse()?;
    let avatar = fields.optional("avatar", ImageHash::parse);
    let user = User {
        id: old.id,
        username: fields
            .optional("username", Username::parse)
            .unwrap_or(old.username),
        discriminator: fields
            .optional("discriminator", Discriminator::parse)
            .unwrap_or(old.discriminator),
        email: fields.optional("email", Email::parse).unwrap_or(old.email),
        verified: fields.flag("verified").unwrap_or(old.verified),
        admin: fields.flag("admin").unwrap_or(old.admin),
        avatar: if fields.has("avatar") {
            avatar
        } else {
            old.avatar
        },
        public_flags: fields.bits("public_flags").unwrap_or(old.public_flags),
        created_at: old.created_at,
    };
    let password = fields.optional("password", Password::parse);
    let user = fields.finish(Some(user)).or_refuse()?;
    let password_hash = match &password {
        Some(password) => Some(password::hash(password, cx.edge.random()?)?),
        None => None,
    };
    let updated = cx.edge.update_user(&user, password_hash.as_deref()).await?;
    updated.map_err(taken_error).or_refuse()?;
    if password.is_some() {
        // After the sessions: whoever had one could authorize anew what was just taken back.
        deauthorize_all(cx, user.id).await?;
    }
    Ok(Response::json(200, &user.in_full()))
}

/// `DELETE /api/admin/users/{id}`: the user, and everything that acts for them. First nobody can
/// log in as them any more, then what they authorized ends, then they go: an approval that is
/// under way meets one of the three, and after a fault the request can be repeated.
pub async fn delete_user<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    administrator(cx).await?;
    let user = user(cx, id).await?;
    let locked_out = cx.edge.update_user(&user, Some(password::NOBODY)).await?;
    locked_out.map_err(taken_error).or_refuse()?;
    deauthorize_all(cx, user.id).await?;
    cx.edge.delete_user(user.id).await?;
    Ok(Response::empty(204))
}

/// `DELETE /api/admin/users/{id}/authorizations`.
pub async fn delete_authorizations<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    administrator(cx).await?;
    deauthorize_all(cx, user(cx, id).await?.id).await?;
    Ok(Response::empty(204))
}

/// `DELETE /api/admin/users/{id}/authorizations/{application_id}`.
pub async fn delete_authorization<E: Edge>(
    cx: &Context<'_, E>,
    id: &str,
    application: &str,
) -> Answer {
    administrator(cx).await?;
    let user = user(cx, id).await?.id;
    let unknown = || Failure::Refused(ApiError::UnknownAuthorization);
    let application = ApplicationId::parse(application).ok_or_else(unknown)?;
    if deauthorize(cx, user, application).await? {
        Ok(Response::empty(204))
    } else {
        Err(unknown())
    }
}

/// `POST /api/admin/applications`. The secret is in this answer and in no other.
pub async fn create_application<E: Edge>(cx: &Context<'_, E>) -> Answer {
    administrator(cx).await?;
    let mut fields = Fields::read(cx).or_refuse()?;
    let name = fields.required("name", ApplicationName::parse);
    let description = fields.optional("description", Description::parse);
    let icon = fields.optional("icon", ImageHash::parse);
    let registrant = fields.optional("type", |spelled| match spelled {
        "public" => Ok(Registrant::Public),
        "confidential" => Ok(Registrant::Confidential),
        _ => Err("must be confidential or public"),
    });
    let registrant = registrant.unwrap_or(Registrant::Confidential);
    let redirect_uris = redirect_uris(&mut fields, registrant);
    let trusted = fields.flag("trusted").unwrap_or(false);
    let owner = owner(cx, &mut fields).await?;
    let name = fields.finish(name).or_refuse()?;

    let secret: Secret<ClientSecret> = cx.new_secret()?;
    let kind = match registrant {
        Registrant::Public => ClientKind::Public,
        Registrant::Confidential => ClientKind::Confidential {
            secret: secret.hash(),
        },
    };
    let mut application = Application {
        client: Client {
            id: ApplicationId(new_id(cx)?),
            kind,
            redirect_uris,
            trusted,
        },
        owner,
        name,
        description: description.unwrap_or_default(),
        icon,
        flags: 0,
        created_at: cx.now,
    };
    for _ in 0..DRAWS {
        if cx.edge.add_application(&application).await? {
            let body = match registrant {
                Registrant::Public => application.in_full(),
                Registrant::Confidential => {
                    with_member(application.in_full(), "client_secret", secret.expose())
                }
            };
            return Ok(Response::json(200, &body));
        }
        application.client.id = ApplicationId(new_id(cx)?);
    }
    Err(Fault::new("admin", "no free id was drawn").into())
}

/// `GET /api/admin/applications/{id}`.
pub async fn show_application<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    administrator(cx).await?;
    let unknown = || Failure::Refused(ApiError::UnknownApplication);
    let id = ApplicationId::parse(id).ok_or_else(unknown)?;
    let application = cx.application(id).await?.ok_or_else(unknown)?;
    Ok(Response::json(200, &application.in_full()))
}

/// `DELETE /api/admin/applications/{id}`. Its tokens end with it: every use looks the application
/// up, and an isolate remembers one for five seconds at most.
pub async fn delete_application<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    administrator(cx).await?;
    let unknown = || Failure::Refused(ApiError::UnknownApplication);
    let id = ApplicationId::parse(id).ok_or_else(unknown)?;
    if cx.edge.delete_application(id).await? {
        Ok(Response::empty(204))
    } else {
        Err(unknown())
    }
}

async fn user<E: Edge>(cx: &Context<'_, E>, id: &str) -> Result<User, Failure<ApiError>> {
    let unknown = || Failure::Refused(ApiError::UnknownUser);
    let id = UserId::parse(id).ok_or_else(unknown)?;
    cx.edge.user(id).await?.ok_or_else(unknown)
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

async fn owner<E: Edge>(
    cx: &Context<'_, E>,
    fields: &mut Fields,
) -> Result<Option<UserId>, Failure<ApiError>> {
    const MUST: &str = "must be the id of a user";
    let owner = fields.optional("owner_id", |id| UserId::parse(id).ok_or(MUST));
    if let Some(owner) = owner
        && cx.edge.user(owner).await?.is_none()
    {
        fields.refuse("owner_id", MUST);
    }
    Ok(owner)
}

fn new_id<E: Edge>(cx: &Context<'_, E>) -> Result<Snowflake, Fault> {
    Ok(Snowflake::generate(cx.now.millis(), cx.edge.random()?))
}

fn random_discriminator<E: Edge>(cx: &Context<'_, E>) -> Result<Discriminator, Fault> {
    let number = 1 + u16::from_be_bytes(cx.edge.random()?) % 9999;
    Discriminator::parse(&format!("{number:04}")).map_err(|must| Fault::new("admin", must))
}

fn taken_error(taken: Taken) -> ApiError {
    let path = match taken {
        Taken::Id => "id",
        Taken::Username => "username",
        Taken::Email => "email",
    };
    ApiError::InvalidFormBody(vec![FieldError {
        path: path.to_owned(),
        message: "is taken".to_owned(),
    }])
}
