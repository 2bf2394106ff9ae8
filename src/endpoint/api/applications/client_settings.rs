//! The fields of a request about how an application uses OAuth: how it authenticates, what it may ask for, what it
//! demands of its own requests (RFC 7591 §2).

use crate::config::Config;
use crate::crypto::secret::{ClientSecret, Hash};
use crate::endpoint::body::Fields;
use crate::fluxer::application::{Application, ApplicationChange};
use crate::oauth::client::authentication::{ClientAuthentication, SecretMethod};
use crate::oauth::client::keys::{ClientKeys, JwkSet};
use crate::oauth::grant_type::{AuthMethod, GrantType, GrantTypes, Profile};
use crate::oauth::issuer::Issuer;
use crate::oauth::jwk::SigningAlgorithm;
use crate::oauth::redirect_uri::{MAX_COUNT, PrivateSchemes, RegisteredUri, Registrant};
use crate::oauth::scope::{Scope, Scopes};
use crate::outbound::{OutboundUrl, UrlError};

const METHOD: &str = "token_endpoint_auth_method";

/// The changes that the fields ask for.
pub(super) fn change(
    fields: &mut Fields,
    application: &Application,
    config: &Config,
) -> ApplicationChange {
    let is = &application.client.authentication;
    let authentication = authentication(fields, is, &config.issuers);
    let authentication = authentication.filter(|to| to != is);
    change_beside(fields, application, config, authentication)
}

/// A new application, with the settings of the fields on top of those of its type.
pub(super) fn of_new(fields: &mut Fields, mut kind: Application, config: &Config) -> Application {
    let change = change_beside(fields, &kind, config, None);
    change.apply(&mut kind);
    kind
}

fn change_beside(
    fields: &mut Fields,
    application: &Application,
    config: &Config,
    authentication: Option<ClientAuthentication>,
) -> ApplicationChange {
    let (client, schemes) = (&application.client, &config.redirect_schemes);
    let registrant = client.registrant();
    let uris = |fields: &mut Fields, name| {
        let sent = fields.has(name);
        sent.then(|| uris(fields, name, registrant, schemes))
    };
    let change = ApplicationChange {
        authentication,
        redirect_uris: uris(fields, "redirect_uris"),
        post_logout_redirect_uris: uris(fields, "post_logout_redirect_uris"),
        id_token_algorithm: fields.optional("id_token_signed_response_alg", |name| {
            SigningAlgorithm::from_wire(name).ok_or(SigningAlgorithm::MUST)
        }),
        grants: grants(fields, application),
        dpop_bound: fields.flag("dpop_bound_access_tokens"),
        pushes_requests: fields.flag("require_pushed_authorization_requests"),
        profile: fields.optional("profile", |name| {
            Profile::from_wire(name).ok_or(Profile::MUST)
        }),
        event_webhook_url: fields.nullable("event_webhook_url", |text| url(text, &config.issuers)),
        all_or_nothing: all_or_nothing(fields),
        ..ApplicationChange::default()
    };
    keep_to_profile(fields, application, change)
}

/// The way in which a new application authenticates: the named one, or that of its `type`.
pub(super) fn new_authentication(
    fields: &mut Fields,
    secret: Hash<ClientSecret>,
    issuers: &[Issuer],
) -> ClientAuthentication {
    let is_public = fields.optional("type", |spelled| match spelled {
        "public" => Ok(true),
        "confidential" => Ok(false),
        _ => Err("must be confidential or public"),
    });
    let named = method(fields);
    if let (Some(is_public), Some(method)) = (is_public, named)
        && method.is_public() != is_public
    {
        fields.refuse(
            METHOD,
            "must be none for a public application, and only for one",
        );
    }
    if named != Some(AuthMethod::PrivateKeyJwt) {
        no_keys(fields);
    }
    let with_secret = |way| ClientAuthentication::Secret(secret.into()).sent(way);
    match named {
        None if is_public == Some(true) => ClientAuthentication::None,
        Some(AuthMethod::None) => ClientAuthentication::None,
        Some(AuthMethod::PrivateKeyJwt) => signing(fields, None, issuers),
        None | Some(AuthMethod::ClientSecretBasic) => with_secret(SecretMethod::Basic),
        Some(AuthMethod::ClientSecretPost) => with_secret(SecretMethod::Post),
    }
}

fn method(fields: &mut Fields) -> Option<AuthMethod> {
    fields.optional(METHOD, |name| {
        AuthMethod::from_wire(name).ok_or(AuthMethod::MUST)
    })
}

/// The new way in which an application authenticates. A public one stays public. One that signs gets a secret by
/// another request, which makes one.
fn authentication(
    fields: &mut Fields,
    is: &ClientAuthentication,
    issuers: &[Issuer],
) -> Option<ClientAuthentication> {
    use ClientAuthentication::{None as Nothing, NoneOrPrivateKeyJwt, PrivateKeyJwt, Secret};
    let named = method(fields).unwrap_or(is.method());
    match (is, named) {
        (Secret(_) | PrivateKeyJwt(_), AuthMethod::PrivateKeyJwt) => {
            return Some(signing(fields, is.keys(), issuers));
        }
        (NoneOrPrivateKeyJwt(_), AuthMethod::None) => return None,
        (Secret(_), AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost)
        | (Nothing, AuthMethod::None) => {}
        (PrivateKeyJwt(_), AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost) => {
            let must = "must stay private_key_jwt until client-secret/reset makes a secret";
            fields.refuse(METHOD, must);
        }
        (_, AuthMethod::None) | (Nothing | NoneOrPrivateKeyJwt(_), _) => {
            fields.refuse(METHOD, "cannot change between none and the others");
        }
    }
    no_keys(fields);
    Some(is.clone().sent(match named {
        AuthMethod::ClientSecretPost => SecretMethod::Post,
        _ => SecretMethod::Basic,
    }))
}

/// The application as one that signs, with the keys that were sent or those that it has.
fn signing(
    fields: &mut Fields,
    has: Option<&ClientKeys>,
    issuers: &[Issuer],
) -> ClientAuthentication {
    let listed = fields.parsed("jwks", JwkSet::parse);
    let at = fields.optional("jwks_uri", |text| url(text, issuers));
    let had = match has {
        Some(ClientKeys::Listed(_)) if fields.is_null("jwks") => None,
        Some(ClientKeys::At(_)) if fields.is_null("jwks_uri") => None,
        has => has.cloned(),
    };
    let keys = match (listed, at) {
        (Some(_), Some(_)) => {
            fields.refuse("jwks_uri", "cannot stand beside jwks");
            None
        }
        (Some(set), None) => Some(ClientKeys::Listed(set)),
        (None, Some(uri)) => Some(ClientKeys::At(uri)),
        (None, None) => had,
    };
    let was_sent = |name| fields.has(name) && !fields.is_null(name);
    if keys.is_none() && !was_sent("jwks") && !was_sent("jwks_uri") {
        fields.refuse(
            "jwks",
            "is required with private_key_jwt, or jwks_uri in its place",
        );
    }
    ClientAuthentication::PrivateKeyJwt(keys.unwrap_or(ClientKeys::Listed(JwkSet::default())))
}

fn no_keys(fields: &mut Fields) {
    for name in ["jwks", "jwks_uri"] {
        fields.parsed(name, |_| Err::<(), _>("is for private_key_jwt"));
    }
}

fn grants(fields: &mut Fields, application: &Application) -> Option<GrantTypes> {
    const NAME: &str = "grant_types";
    if !fields.has(NAME) {
        return None;
    }
    let origin = &application.client.origin;
    let is_public = application.is_public();
    if fields.is_null(NAME) {
        fields.strings(NAME);
        return Some(origin.usual_grants(is_public));
    }
    fields.parsed(NAME, |sent| match sent.as_array() {
        Some(sent) if sent.is_empty() => Err("must hold a grant"),
        _ => Ok(()),
    });
    let mut grants = GrantTypes::NONE;
    for (index, name) in fields.strings(NAME).iter().enumerate() {
        match GrantType::from_wire(name) {
            Some(grant) if origin.possible_grants(is_public).contains(grant) => {
                grants = grants.with(grant);
            }
            Some(_) => fields.refuse(
                format!("{NAME}.{index}"),
                "is not for an application of this kind",
            ),
            None => fields.refuse(format!("{NAME}.{index}"), GrantType::MUST),
        }
    }
    Some(grants)
}

fn all_or_nothing(fields: &mut Fields) -> Option<Scopes> {
    const NAME: &str = "all_or_nothing";
    if !fields.has(NAME) {
        return None;
    }
    let mut scopes = Scopes::NONE;
    for (index, name) in fields.strings(NAME).iter().enumerate() {
        match Scope::from_wire(name) {
            Some(scope) if Scopes::of_users().contains(scope) => scopes = scopes.with(scope),
            _ => {
                let all: Vec<_> = Scopes::of_users().iter().map(Scope::as_str).collect();
                let must = format!("must be one of {}", all.join(", "));
                fields.refuse(format!("{NAME}.{index}"), &must);
            }
        }
    }
    Some(scopes)
}

/// Checks the rules of the FAPI 2.0 Security Profile: no secrets (§5.3.2.1), and no RS256 (§5.4.1).
fn keep_to_profile(
    fields: &mut Fields,
    application: &Application,
    mut change: ApplicationChange,
) -> ApplicationChange {
    let client = &application.client;
    let authentication = change.authentication.as_ref();
    if change.profile.unwrap_or(client.profile) != Profile::Fapi2 {
        return change;
    }
    let authentication = authentication.unwrap_or(&client.authentication);
    if !matches!(authentication, ClientAuthentication::PrivateKeyJwt(_)) {
        fields.refuse("profile", "can be fapi2 only with private_key_jwt");
    }
    match change.id_token_algorithm {
        Some(SigningAlgorithm::Rs256) => {
            fields.refuse(
                "id_token_signed_response_alg",
                "must be ES256 with profile fapi2",
            );
        }
        None if client.id_token_algorithm == SigningAlgorithm::Rs256 => {
            change.id_token_algorithm = Some(SigningAlgorithm::Es256);
        }
        Some(SigningAlgorithm::Es256) | None => {}
    }
    change
}

fn url(text: &str, issuers: &[Issuer]) -> Result<String, &'static str> {
    let url = OutboundUrl::of_client(text, issuers);
    url.map(|_| text.to_owned()).map_err(UrlError::must)
}

fn uris(
    fields: &mut Fields,
    field: &'static str,
    registrant: Registrant,
    schemes: &PrivateSchemes,
) -> Vec<RegisteredUri> {
    let sent = fields.strings(field);
    if sent.len() > MAX_COUNT {
        fields.refuse(field, "must be at most 10");
        return Vec::new();
    }
    let mut parsed = Vec::with_capacity(sent.len());
    for (index, uri) in sent.iter().enumerate() {
        match RegisteredUri::parse(uri, registrant, schemes) {
            Ok(uri) => parsed.push(uri),
            Err(must) => fields.refuse(format!("{field}.{index}"), must),
        }
    }
    parsed
}
