//! A resource server: it opens its orders to the access tokens that Fluxer issued for it.
//!
//! It verifies them by itself (RFC 9068 §4). Fluxer is asked for its keys every five minutes and for what
//! was revoked every fifteen seconds, and not for each token.

mod documents;

use std::env;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, routing::get};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::{Value, json};

use documents::{Documents, Unavailable};

#[tokio::main]
async fn main() {
    let setting = |name: &str| env::var(name).unwrap_or_else(|_| panic!("{name} is not set"));
    let verifier = Verifier {
        documents: Documents::new(setting("ISSUER")),
        audience: setting("AUDIENCE"),
    };
    let address = format!("127.0.0.1:{}", setting("PORT"));
    let listener = tokio::net::TcpListener::bind(&address)
        .await
        .expect("a free port");
    println!("http://{address}");
    let routes = Router::new()
        .route("/orders", get(read_orders).post(make_order))
        .with_state(Arc::new(verifier));
    axum::serve(listener, routes).await.expect("a server");
}

async fn read_orders(
    verifier: State<Arc<Verifier>>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    let caller = verifier.caller(&headers, "orders:read").await?;
    Ok(Json(
        json!({ "user": caller.sub, "application": caller.client_id, "orders": [] }),
    ))
}

async fn make_order(
    verifier: State<Arc<Verifier>>,
    headers: HeaderMap,
) -> Result<StatusCode, Refusal> {
    verifier.caller(&headers, "orders:write").await?;
    Ok(StatusCode::CREATED)
}

/// What an access token says (RFC 9068 §2.2). Others than these are not Fluxer's.
#[derive(Deserialize)]
struct Claims {
    sub: String,
    client_id: String,
    #[serde(default)]
    scope: String,
    /// The login that the token belongs to: what a revocation ends.
    fam: String,
    /// The key that the token is bound to (RFC 9449 §6), whose proof this example does not check.
    cnf: Option<Value>,
}

struct Verifier {
    documents: Documents,
    audience: String,
}

impl Verifier {
    /// Who sent a request, where the token is good and has the scope.
    async fn caller(&self, headers: &HeaderMap, scope: &'static str) -> Result<Claims, Refusal> {
        let authorization = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        let (scheme, token) = authorization
            .and_then(|value| value.split_once(' '))
            .ok_or(Refusal::NoToken)?;
        if !scheme.eq_ignore_ascii_case("Bearer") {
            return Err(Refusal::NoToken);
        }
        let claims = self.verified(token.trim()).await?;
        if self.documents.revoked().await?.contains(&claims.fam) {
            return Err(Refusal::InvalidToken);
        }
        if !claims.scope.split(' ').any(|granted| granted == scope) {
            return Err(Refusal::InsufficientScope(scope));
        }
        Ok(claims)
    }

    async fn verified(&self, token: &str) -> Result<Claims, Refusal> {
        let header = decode_header(token).map_err(|_| Refusal::InvalidToken)?;
        // ID tokens are signed with the same keys, and open nothing.
        let is_access_token = header
            .typ
            .as_deref()
            .is_some_and(|typ| typ.eq_ignore_ascii_case("at+jwt"));
        let key = self
            .key(&header)
            .await?
            .filter(|_| is_access_token)
            .ok_or(Refusal::InvalidToken)?;
        let mut rules = Validation::new(header.alg);
        rules.leeway = 0;
        rules.validate_nbf = true;
        rules.set_issuer(&[&self.documents.issuer]);
        rules.set_audience(&[&self.audience]);
        rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        let claims = decode::<Claims>(token, &key, &rules)
            .map_err(|_| Refusal::InvalidToken)?
            .claims;
        if claims.cnf.is_some() {
            return Err(Refusal::InvalidToken);
        }
        Ok(claims)
    }

    /// The key that a header names; it may be new.
    async fn key(&self, header: &Header) -> Result<Option<DecodingKey>, Unavailable> {
        let (Some(kid), Algorithm::ES256 | Algorithm::RS256) = (&header.kid, header.alg) else {
            return Ok(None);
        };
        if let Some(key) = self.documents.keys().await?.get(kid) {
            return Ok(Some(key.clone()));
        }
        Ok(self.documents.newer_keys().await?.get(kid).cloned())
    }
}

/// Why a request is not answered (RFC 6750 §3.1).
enum Refusal {
    NoToken,
    InvalidToken,
    InsufficientScope(&'static str),
    /// Whether the token is good cannot be known now.
    Unavailable,
}

impl From<Unavailable> for Refusal {
    fn from(_: Unavailable) -> Self {
        Self::Unavailable
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, name, value) = match self {
            Self::NoToken => (
                StatusCode::UNAUTHORIZED,
                header::WWW_AUTHENTICATE,
                "Bearer".to_owned(),
            ),
            Self::InvalidToken => (
                StatusCode::UNAUTHORIZED,
                header::WWW_AUTHENTICATE,
                r#"Bearer error="invalid_token""#.to_owned(),
            ),
            Self::InsufficientScope(scope) => {
                let challenge = format!(r#"Bearer error="insufficient_scope", scope="{scope}""#);
                (StatusCode::FORBIDDEN, header::WWW_AUTHENTICATE, challenge)
            }
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                header::RETRY_AFTER,
                "5".to_owned(),
            ),
        };
        (status, [(name, value)]).into_response()
    }
}
