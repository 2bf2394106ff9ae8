//! `GET /.well-known/oauth-authorization-server` (RFC 8414) and `/.well-known/openid-configuration` (OpenID Connect
//! Discovery §3). They are one document, made of the routes and of the lists that the parsers read, so that it names
//! nothing that the server does not do.

use serde_json::{Map, Value, json};

use crate::config::Config;
use crate::endpoint::{Context, Failure};
use crate::http::Response;
use crate::oauth::authorization_request::PromptValue;
use crate::oauth::dpop::ALGORITHMS;
use crate::oauth::error::Refusal;
use crate::oauth::grant_type::{
    AuthMethod, CodeChallengeMethod, GrantType, ResponseMode, ResponseType,
};
use crate::oauth::jwk::{JwsAlgorithm, SigningAlgorithm};
use crate::oauth::scope::{Scope, Scopes};
use crate::routes::ROUTES;

/// How long a client may keep the document, in seconds.
const MAX_AGE: u32 = 3600;

/// The claims of ID tokens and of the userinfo endpoint.
const CLAIMS: &[&str] = &[
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "amr",
    "at_hash",
    "sid",
    "nonce",
    "name",
    "preferred_username",
    "picture",
    "updated_at",
    "email",
    "email_verified",
];

/// `GET`.
#[expect(clippy::unused_async, reason = "every endpoint is async")]
pub async fn show<E>(cx: &Context<'_, E>) -> Result<Response, Failure<Refusal>> {
    let document = cx.config.metadata.get_or_init(|| document(cx.config));
    let mut response = Response::empty(200).with("content-type", "application/json");
    response.body.clone_from(document);
    Ok(response.with("cache-control", format!("public, max-age={MAX_AGE}")))
}

fn document(config: &Config) -> String {
    let issuer = config.issuer.as_str();
    let mut document = Map::new();
    document.insert("issuer".into(), json!(issuer));
    for route in ROUTES.iter().filter(|route| route.exists(config)) {
        if let Some(name) = route.metadata {
            document.insert(name.into(), json!(format!("{issuer}{}", route.path)));
        }
    }
    for (name, list) in lists() {
        document.insert(name.into(), list);
    }
    document.extend(authentication_lists());
    document.insert("claims_supported".into(), claims(config));
    for (name, is_supported) in [
        ("authorization_response_iss_parameter_supported", true),
        ("claims_parameter_supported", false),
        ("request_parameter_supported", false),
        ("request_uri_parameter_supported", false),
        ("require_pushed_authorization_requests", false),
    ] {
        document.insert(name.into(), json!(is_supported));
    }
    if config.client_metadata_documents {
        let supported = "client_id_metadata_document_supported";
        document.insert(supported.into(), json!(true));
    }
    Value::Object(document).to_string()
}

/// The metadata that are lists, each from the type that parses its values.
fn lists() -> [(&'static str, Value); 9] {
    [
        // Some clients ask for all that stands here, and few may ask for `bot` or `admin`.
        (
            "scopes_supported",
            Scopes::of_users().iter().map(Scope::as_str).collect(),
        ),
        (
            "response_types_supported",
            spelled(ResponseType::ALL, ResponseType::as_str),
        ),
        (
            "response_modes_supported",
            spelled(ResponseMode::ALL, ResponseMode::as_str),
        ),
        (
            "grant_types_supported",
            spelled(GrantType::ALL, GrantType::as_str),
        ),
        (
            "code_challenge_methods_supported",
            spelled(CodeChallengeMethod::ALL, CodeChallengeMethod::as_str),
        ),
        (
            "id_token_signing_alg_values_supported",
            spelled(SigningAlgorithm::ALL, SigningAlgorithm::as_str),
        ),
        (
            "dpop_signing_alg_values_supported",
            spelled(&ALGORITHMS, JwsAlgorithm::as_str),
        ),
        (
            "prompt_values_supported",
            spelled(PromptValue::ALL, PromptValue::as_str),
        ),
        ("subject_types_supported", json!(["public"])),
    ]
}

/// The ways to authenticate at each endpoint where clients authenticate.
fn authentication_lists() -> impl Iterator<Item = (String, Value)> {
    let endpoints = ["token", "revocation", "introspection"];
    endpoints.into_iter().flat_map(|endpoint| {
        [
            (
                [endpoint, "_endpoint_auth_methods_supported"].concat(),
                spelled(AuthMethod::ALL, AuthMethod::as_str),
            ),
            (
                [endpoint, "_endpoint_auth_signing_alg_values_supported"].concat(),
                spelled(JwsAlgorithm::ALL, JwsAlgorithm::as_str),
            ),
        ]
    })
}

/// The claims that this server tells: `picture` only where the settings say where pictures are, and `updated_at` only
/// where the users are its own.
fn claims(config: &Config) -> Value {
    let is_said = |claim: &&&str| match **claim {
        "picture" => config.avatar_url.is_some(),
        "updated_at" => config.platform.is_none(),
        _ => true,
    };
    CLAIMS.iter().filter(is_said).copied().collect()
}

fn spelled<T: Copy>(all: &[T], spelling: fn(T) -> &'static str) -> Value {
    all.iter().map(|&it| spelling(it)).collect()
}
