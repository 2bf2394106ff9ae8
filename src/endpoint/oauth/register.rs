//! `/api/oauth2/register`: clients that register themselves (RFC 7591), and manage their registration (RFC 7592).
//!
//! Invariant: what a client says of itself makes it neither trusted nor anybody's, and gives it no grant but code and
//! refresh token.

use serde_json::{Map, Value, json};

use crate::config::DynamicRegistration;
use crate::crypto::secret::{ClientSecret, InitialAccessToken, RegistrationAccessToken, Secret};
use crate::endpoint::{Context, Failure};
use crate::fluxer::application::Application;
use crate::fluxer::registration::{AcceptedMetadata, ClientMetadata, RequestedAuthMethod};
use crate::http::Response;
use crate::oauth::client::Client;
use crate::oauth::client::authentication::{ClientAuthentication, Credentials};
use crate::oauth::error::Refusal;
use crate::oauth::grant_type::{AuthMethod, ResponseType};
use crate::snowflake::ApplicationId;
use crate::store::{Added, Edge, Fault, Registration};

type Answer = Result<Response, Failure<Refusal>>;

/// Most clients that have registered and that nobody has authorized so far. It bounds what strangers can have this
/// server keep.
pub const MAX_UNUSED: u32 = 10_000;
const METHOD: &str = "token_endpoint_auth_method";
/// How often an id is drawn before it is a fault that all were taken.
const DRAWS: usize = 3;

/// `POST /api/oauth2/register` (RFC 7591 §3).
pub async fn create<E: Edge>(cx: &Context<'_, E>) -> Answer {
    may_register(cx).await?;
    let metadata = metadata(cx)?;
    let method = metadata.authentication.method();
    let secret: Option<Secret<ClientSecret>> = if method.has_secret() {
        Some(cx.new_client_secret()?)
    } else {
        None
    };
    let hash = secret.as_ref().map(|secret| secret.hash().into());
    let authentication = ClientAuthentication::kept(Some(method), hash, metadata.keys);
    let token: Secret<RegistrationAccessToken> = cx.new_secret()?;
    for _ in 0..DRAWS {
        let id = ApplicationId(cx.new_id()?);
        let mut client = Client::dynamic(id, authentication.clone(), Vec::new());
        metadata.settings.describe(&mut client);
        let registration = Registration {
            application: Application {
                name: metadata.name.clone(),
                created_at: cx.now,
                ..Application::of(client)
            },
            details: metadata.details.clone(),
        };
        let hash = token.hash();
        match cx.edge.register(&registration, &hash, MAX_UNUSED).await? {
            Added::Yes => {
                let mut shown = shown(cx, &registration, token.expose());
                if let Some(secret) = &secret {
                    shown.insert("client_secret".to_owned(), json!(secret.expose()));
                }
                return Ok(Response::json(201, &Value::Object(shown)));
            }
            Added::IdTaken => {}
            Added::TooMany | Added::OwnerGone => return Err(full().into()),
        }
    }
    Err(Fault::new("directory", "no free id was drawn").into())
}

/// `GET /api/oauth2/register/{client}` (RFC 7592 §2.1).
pub async fn show<E: Edge>(cx: &Context<'_, E>, client: &str) -> Answer {
    let (registration, token) = registration(cx, client).await?;
    let shown = shown(cx, &registration, token.expose());
    Ok(Response::json(200, &Value::Object(shown)))
}

/// `PUT /api/oauth2/register/{client}` (RFC 7592 §2.2): replaces everything but the secret.
pub async fn replace<E: Edge>(cx: &Context<'_, E>, client: &str) -> Answer {
    let (mut registration, token) = registration(cx, client).await?;
    let client = &registration.application.client;
    says_who_it_is(cx, client)?;
    let mut metadata = metadata(cx)?;
    // A public client that leaves the method out means to stay what it is.
    let is_public = client.authentication.method().is_public();
    if metadata.authentication == RequestedAuthMethod::Default && is_public {
        metadata = with(cx, &[(METHOD, AuthMethod::None.as_str())])?;
    }
    describe_anew(&mut registration, metadata)?;
    let hash = token.hash();
    if !cx.edge.replace_registration(&registration, &hash).await? {
        return Err(Refusal::RegistrationToken.into());
    }
    let shown = shown(cx, &registration, token.expose());
    Ok(Response::json(200, &Value::Object(shown)))
}

/// Gives a registration new metadata. A client that has a secret, signs with keys or is public stays so. Pure.
fn describe_anew(registration: &mut Registration, metadata: ClientMetadata) -> Result<(), Refusal> {
    let client = &mut registration.application.client;
    let before = client.authentication.method();
    let method = metadata.authentication.method();
    let secret = match &client.authentication {
        ClientAuthentication::Secret(hashes) => Some(*hashes),
        _ => None,
    };
    if method.has_secret() != secret.is_some() || method.is_public() != before.is_public() {
        let must = "cannot change between none, a secret and private_key_jwt";
        let member = METHOD;
        return Err(Refusal::ClientMetadata { member, must });
    }
    client.authentication = ClientAuthentication::kept(Some(method), secret, metadata.keys);
    metadata.settings.describe(client);
    registration.application.name = metadata.name;
    registration.details = metadata.details;
    Ok(())
}

/// `DELETE /api/oauth2/register/{client}` (RFC 7592 §2.3). Its tokens end with it.
pub async fn delete<E: Edge>(cx: &Context<'_, E>, client: &str) -> Answer {
    let (registration, _) = registration(cx, client).await?;
    let id = registration.application.client.id;
    cx.edge.delete_application(id, cx.tells()).await?;
    cx.wake_of_application(id);
    Ok(Response::empty(204))
}

/// The fault where [`MAX_UNUSED`] is reached: registrations have to be used or deleted first.
fn full() -> Fault {
    Fault::new("directory", "too many registrations that nobody uses")
}

async fn may_register<E: Edge>(cx: &Context<'_, E>) -> Result<(), Failure<Refusal>> {
    if cx.config.dynamic_registration == DynamicRegistration::Open {
        return Ok(());
    }
    let token: Secret<InitialAccessToken> = bearer(cx)?;
    if cx.edge.admits_registration(&token.hash(), cx.now).await? {
        Ok(())
    } else {
        Err(Refusal::RegistrationToken.into())
    }
}

/// The registration that a request is about, and the token that was shown for it. A registration that is gone is
/// answered as a wrong token is (RFC 7592 §2.1).
async fn registration<E: Edge>(
    cx: &Context<'_, E>,
    client: &str,
) -> Result<(Registration, Secret<RegistrationAccessToken>), Failure<Refusal>> {
    let token = bearer(cx)?;
    let refused = || Refusal::RegistrationToken;
    let id = ApplicationId::parse(client).ok_or_else(refused)?;
    let found = cx.edge.registration(id, &token.hash()).await?;
    Ok((found.ok_or_else(refused)?, token))
}

fn bearer<E, K>(cx: &Context<'_, E>) -> Result<Secret<K>, Failure<Refusal>> {
    let authorization = cx.request.header("authorization").unwrap_or_default();
    let (scheme, token) = authorization.split_once(' ').unwrap_or_default();
    let token = token.trim();
    if scheme.eq_ignore_ascii_case("Bearer") && !token.is_empty() {
        Ok(Secret::new(token))
    } else {
        Err(Refusal::RegistrationToken.into())
    }
}

fn metadata<E>(cx: &Context<'_, E>) -> Result<ClientMetadata, Failure<Refusal>> {
    with(cx, &[])
}

/// Reads the metadata in the body, with `members` in place of the body's own.
fn with<E>(
    cx: &Context<'_, E>,
    members: &[(&str, &str)],
) -> Result<ClientMetadata, Failure<Refusal>> {
    let is_json = cx.request.media_type().as_deref() == Some("application/json");
    let must = "must be a JSON object, with Content-Type: application/json";
    let refusal = Refusal::ClientMetadata {
        member: "body",
        must,
    };
    if !is_json {
        return Err(refusal.into());
    }
    Ok(ClientMetadata::parse(
        cx.body(),
        members,
        AcceptedMetadata::by(cx.config),
    )?)
}

/// Checks that a client names itself. RFC 7592 §2.2: "The client MUST include its `client_id` field in the request,
/// and it MUST be the same as its currently issued client identifier", and likewise a secret that it includes.
fn says_who_it_is<E>(cx: &Context<'_, E>, client: &Client) -> Result<(), Failure<Refusal>> {
    let sent: Map<String, Value> = serde_json::from_slice(cx.body()).unwrap_or_default();
    let refuse = |member| {
        let must = "must be the one that was issued";
        Err(Failure::from(Refusal::ClientMetadata { member, must }))
    };
    let id = client.id.to_string();
    if sent.get("client_id").and_then(Value::as_str) != Some(&id) {
        return refuse("client_id");
    }
    match sent.get("client_secret").and_then(Value::as_str) {
        Some(secret) => {
            let credentials = Credentials::Post(client.id, Secret::new(secret));
            match client.authentication.verify(&credentials, cx.now) {
                Some(_) => Ok(()),
                None => refuse("client_secret"),
            }
        }
        None => Ok(()),
    }
}

/// The client information response (RFC 7591 §3.2.1), without the secret.
fn shown<E>(cx: &Context<'_, E>, registration: &Registration, token: &str) -> Map<String, Value> {
    let application = &registration.application;
    let client = &application.client;
    let issuer = cx.config.issuer.as_str();
    let location = format!("{issuer}/api/oauth2/register/{}", client.id);
    let settings = client.settings().into_iter();
    let settings = settings.filter(|(_, setting)| !setting.is_null());
    let mut shown: Map<_, _> = settings.map(|(name, it)| (name.to_owned(), it)).collect();
    shown.extend(registration.details.0.clone());
    for (name, value) in [
        ("client_id", json!(client.id)),
        (
            "client_id_issued_at",
            json!(application.created_at.seconds()),
        ),
        ("client_secret_expires_at", json!(0)),
        ("client_name", json!(application.name.as_str())),
        ("response_types", json!([ResponseType::Code.as_str()])),
        ("registration_access_token", json!(token)),
        ("registration_client_uri", json!(location)),
    ] {
        shown.insert(name.to_owned(), value);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::secret::Hash;
    use crate::fluxer::registration::ClientDetails;
    use crate::oauth::issuer::Issuer;
    use crate::oauth::redirect_uri::PrivateSchemes;

    /// What a client says of itself that authenticates so.
    fn metadata(method: AuthMethod) -> ClientMetadata {
        let mut body = json!({
            "redirect_uris": ["https://app.example/new"],
            "client_name": "New",
            "token_endpoint_auth_method": method.as_str(),
        });
        if method == AuthMethod::PrivateKeyJwt {
            body["jwks_uri"] = json!("https://app.example/keys");
        }
        let accepted = AcceptedMetadata {
            schemes: &PrivateSchemes::default(),
            issuers: &[Issuer::parse("https://id.example").expect("an issuer")],
        };
        let metadata = ClientMetadata::parse(body.to_string().as_bytes(), &[], accepted);
        metadata.expect("registrable")
    }

    /// A client that was registered with this method, by another name and with no redirect URI.
    fn registered(method: AuthMethod) -> Registration {
        let secret = Secret::<ClientSecret>::new("secret").hash();
        let keys = metadata(method).keys;
        let authentication = ClientAuthentication::kept(Some(method), Some(secret.into()), keys);
        let id = ApplicationId::parse("1130650140672000001").expect("an id");
        Registration {
            application: Application::of(Client::dynamic(id, authentication, Vec::new())),
            details: ClientDetails(Map::new()),
        }
    }

    #[test]
    fn a_client_that_describes_itself_anew_authenticates_as_before() {
        use AuthMethod::{ClientSecretBasic, ClientSecretPost, None, PrivateKeyJwt};
        for (before, after, is_allowed) in [
            (None, None, true),
            (None, ClientSecretBasic, false),
            (None, PrivateKeyJwt, false),
            (ClientSecretBasic, ClientSecretPost, true),
            (ClientSecretBasic, None, false),
            (ClientSecretPost, PrivateKeyJwt, false),
            (PrivateKeyJwt, PrivateKeyJwt, true),
            (PrivateKeyJwt, None, false),
            (PrivateKeyJwt, ClientSecretBasic, false),
        ] {
            let mut registration = registered(before);
            let described = describe_anew(&mut registration, metadata(after));
            assert_eq!(described.is_ok(), is_allowed, "{before:?} to {after:?}");
            if described.is_err() {
                continue;
            }
            let client = registration.application.client;
            assert_eq!(client.authentication.method(), after);
            assert!(client.redirect_uri("https://app.example/new").is_some());
            assert_eq!(registration.application.name.as_str(), "New");
            if let ClientAuthentication::Secret(hashes) = client.authentication {
                let secret: Hash<ClientSecret> = Secret::new("secret").hash();
                assert_eq!(hashes.current.hash, secret, "the secret stays");
            }
        }
    }
}
