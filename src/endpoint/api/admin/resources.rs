//! `/api/admin/resources…`: other resource servers, which get tokens of their own.

use std::rc::Rc;

use serde_json::{Value, json};

use super::Answer;
use crate::crypto::secret::{ClientSecret, Secret};
use crate::endpoint::body::Fields;
use crate::endpoint::caller::administrator;
use crate::endpoint::{Context, Failure, paging};
use crate::fluxer::api_error::ApiError;
use crate::fluxer::application::ApplicationName;
use crate::fluxer::audit::Action;
use crate::fluxer::resource::{DescribedScope, MAX_CLIENTS, MAX_SCOPES, Resource};
use crate::http::{Response, with_member};
use crate::json_reader;
use crate::oauth::issuer::Issuer;
use crate::oauth::jwk::SigningAlgorithm;
use crate::oauth::resource::ResourceIdentifier;
use crate::snowflake::{ApplicationId, ResourceId, Snowflake};
use crate::store::{Edge, Fault, ResourceTaken, WhichResource};

/// How often an id is drawn before it is a fault that all were taken.
const DRAWS: usize = 3;

/// `POST /api/admin/resources`. The secret is in this answer and in no other.
pub async fn create<E: Edge>(cx: &Context<'_, E>) -> Answer {
    let actor = administrator(cx).await?.actor();
    let (resource, secret) = add(cx, actor, Fields::read(cx)?).await?;
    let shown = with_member(resource.in_full(), "client_secret", secret.expose());
    Ok(Response::json(200, &shown))
}

/// Registers a resource server.
pub async fn add<E: Edge>(
    cx: &Context<'_, E>,
    actor: Snowflake,
    mut fields: Fields,
) -> Result<(Resource, Secret<ClientSecret>), Failure<ApiError>> {
    let secret = cx.new_client_secret()?;
    let issuer = &cx.config.issuer;
    let identifier = fields.required("identifier", |text| identifier(text, issuer));
    let name = fields.required("name", ApplicationName::parse);
    let scopes = scopes(&mut fields);
    if scopes.is_none() && !fields.has("scopes") {
        fields.refuse("scopes", "is required");
    }
    let signing_alg = fields.optional("signing_alg", signing_alg);
    let clients = clients(&mut fields);
    let id = ResourceId(cx.new_id()?);
    let resource = identifier
        .zip(name)
        .zip(scopes)
        .map(|((identifier, name), scopes)| Resource {
            id,
            identifier,
            name,
            scopes,
            signing_alg: signing_alg.unwrap_or(SigningAlgorithm::Es256),
            clients: clients.unwrap_or_default(),
            secret: secret.hash(),
            created_at: cx.now,
        });
    let mut resource = fields.finish(resource)?;
    for _ in 0..DRAWS {
        match cx.edge.add_resource(&resource).await? {
            Err(ResourceTaken::Id) => resource.id = ResourceId(cx.new_id()?),
            Err(ResourceTaken::Identifier) => return Err(identifier_taken()),
            Ok(()) => {
                let entry = cx.entry(Action::ResourceCreated).by(actor);
                cx.edge.record(entry.on(resource.id.0));
                return Ok((resource, secret));
            }
        }
    }
    Err(Fault::new("directory", "no free id was drawn").into())
}

/// `GET /api/admin/resources`.
pub async fn list<E: Edge>(cx: &Context<'_, E>) -> Answer {
    administrator(cx).await?;
    let resources = cx.edge.resources(paging::read(cx, paging::MAX)?).await?;
    let shown: Value = resources.iter().map(Resource::in_full).collect();
    Ok(Response::json(200, &shown))
}

/// `GET /api/admin/resources/{id}`.
pub async fn show<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    administrator(cx).await?;
    Ok(Response::json(200, &current(cx, id).await?.in_full()))
}

/// `PATCH /api/admin/resources/{id}`: changes what was sent. Tokens that were issued before stay as they are.
pub async fn update<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    let actor = administrator(cx).await?.actor();
    let is = current(cx, id).await?;
    let mut fields = Fields::read(cx)?;
    fields.as_shown(&is.in_full());
    let resource = change(cx, actor, is, fields).await?;
    Ok(Response::json(200, &resource.in_full()))
}

/// Changes those settings of a resource server that were sent.
pub async fn change<E: Edge>(
    cx: &Context<'_, E>,
    actor: Snowflake,
    is: Resource,
    mut fields: Fields,
) -> Result<Resource, Failure<ApiError>> {
    let changed = fields.sent(&["identifier", "name", "scopes", "signing_alg", "clients"]);
    for path in ["identifier", "name"] {
        if fields.is_null(path) {
            fields.refuse(path, "is required");
        }
    }
    let issuer = &cx.config.issuer;
    let resource = Resource {
        identifier: fields
            .optional("identifier", |text| identifier(text, issuer))
            .unwrap_or(is.identifier),
        name: fields
            .optional("name", ApplicationName::parse)
            .unwrap_or(is.name),
        scopes: scopes(&mut fields).unwrap_or(is.scopes),
        signing_alg: fields
            .optional("signing_alg", signing_alg)
            .unwrap_or(is.signing_alg),
        clients: clients(&mut fields).unwrap_or(is.clients),
        ..is
    };
    let resource = fields.finish(Some(resource))?;
    write(cx, actor, &resource, &changed).await?;
    Ok(resource)
}

async fn write<E: Edge>(
    cx: &Context<'_, E>,
    actor: Snowflake,
    resource: &Resource,
    changed: &[&str],
) -> Result<(), Failure<ApiError>> {
    match cx.edge.change_resource(resource).await? {
        Err(_) => return Err(identifier_taken()),
        Ok(false) => return Err(ApiError::UnknownResource.into()),
        Ok(true) => {}
    }
    let entry = cx.entry(Action::ResourceUpdated).by(actor);
    let entry = entry.on(resource.id.0);
    cx.edge.record(entry.saying(json!({"fields": changed})));
    Ok(())
}

/// `POST /api/admin/resources/{id}/client-secret/reset`: gives the resource server another secret to introspect with.
pub async fn reset_secret<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    let actor = administrator(cx).await?.actor();
    let mut resource = current(cx, id).await?;
    let secret = renew_secret(cx, actor, &mut resource).await?;
    let shown = with_member(resource.in_full(), "client_secret", secret.expose());
    Ok(Response::json(200, &shown))
}

/// Gives a resource server another secret.
pub async fn renew_secret<E: Edge>(
    cx: &Context<'_, E>,
    actor: Snowflake,
    resource: &mut Resource,
) -> Result<Secret<ClientSecret>, Failure<ApiError>> {
    let secret = cx.new_client_secret()?;
    resource.secret = secret.hash();
    write(cx, actor, resource, &["client_secret"]).await?;
    Ok(secret)
}

/// `DELETE /api/admin/resources/{id}`.
pub async fn delete<E: Edge>(cx: &Context<'_, E>, id: &str) -> Answer {
    let actor = administrator(cx).await?.actor();
    let resource = current(cx, id).await?;
    remove(cx, actor, resource.id).await?;
    Ok(Response::empty(204))
}

/// Deletes a resource server. No more tokens are issued for it, and those that were issued end in their time.
pub async fn remove<E: Edge>(
    cx: &Context<'_, E>,
    actor: Snowflake,
    id: ResourceId,
) -> Result<(), Failure<ApiError>> {
    if !cx.edge.delete_resource(id).await? {
        return Err(ApiError::UnknownResource.into());
    }
    let entry = cx.entry(Action::ResourceDeleted).by(actor);
    cx.edge.record(entry.on(id.0));
    Ok(())
}

/// The resource server as the directory has it now.
pub async fn current<E: Edge>(
    cx: &Context<'_, E>,
    id: &str,
) -> Result<Resource, Failure<ApiError>> {
    let id = ResourceId::parse(id).ok_or(ApiError::UnknownResource)?;
    let resource = cx.edge.current_resource(WhichResource::Id(id)).await?;
    let resource = resource.ok_or(ApiError::UnknownResource)?;
    Ok(Rc::unwrap_or_clone(resource))
}

fn identifier_taken() -> Failure<ApiError> {
    ApiError::field("identifier", "is taken").into()
}

fn identifier(text: &str, issuer: &Issuer) -> Result<ResourceIdentifier, &'static str> {
    let identifier = ResourceIdentifier::parse(text)?;
    if identifier.key().is_of(issuer) {
        return Err("is this server's own");
    }
    Ok(identifier)
}

fn signing_alg(text: &str) -> Result<SigningAlgorithm, &'static str> {
    SigningAlgorithm::from_wire(text).ok_or(SigningAlgorithm::MUST)
}

/// Reads `scopes`, where they were sent: at least one, with no name twice.
fn scopes(fields: &mut Fields) -> Option<Vec<DescribedScope>> {
    let sent = fields.objects("scopes")?;
    if !(1..=MAX_SCOPES).contains(&sent.len()) {
        fields.refuse("scopes", "must be a list of 1 to 32 scopes");
        return None;
    }
    let mut scopes: Vec<DescribedScope> = Vec::new();
    for (index, scope) in sent.into_iter().enumerate() {
        match json_reader::read_value::<DescribedScope>(&scope) {
            Ok(scope) if scopes.iter().any(|it| it.name == scope.name) => {
                fields.refuse(format!("scopes.{index}"), "has a name that another one has");
            }
            Ok(scope) => scopes.push(scope),
            // Its text is ours, or names the member that is missing.
            Err(error) => fields.refuse(format!("scopes.{index}"), &error.to_string()),
        }
    }
    Some(scopes)
}

/// Reads `clients`, where they were sent.
fn clients(fields: &mut Fields) -> Option<Vec<ApplicationId>> {
    if !fields.has("clients") {
        return None;
    }
    let sent = fields.strings("clients");
    let clients: Option<Vec<_>> = sent.iter().map(|id| ApplicationId::parse(id)).collect();
    let clients = clients.filter(|clients| clients.len() <= MAX_CLIENTS);
    if clients.is_none() {
        fields.refuse(
            "clients",
            "must be a list of at most 100 ids of applications",
        );
    }
    clients
}
