//! `POST /oauth2/token` (RFC 6749 §3.2): one file per grant.

pub mod authorization_code;
pub mod client_credentials;
pub mod refresh_token;

use serde_json::json;

use crate::base64url;
use crate::endpoint::oauth::client_authentication::authenticate;
use crate::endpoint::{Context, Failure, OrRefuse};
use crate::fluxer::guild::JoinedGuild;
use crate::http::{Response, with_member};
use crate::id::FamilyId;
use crate::ledger::Generation;
use crate::oauth::error::Refusal;
use crate::oauth::grant_type::GrantType;
use crate::oauth::scope::Scopes;
use crate::oauth::token::access::{AccessToken, Subject};
use crate::oauth::token::refresh::RefreshToken;
use crate::snowflake::{ApplicationId, UserId};
use crate::store::{Edge, Fault};

/// `POST`.
pub async fn issue<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<Refusal>> {
    let params = cx.form_or_json().or_refuse()?;
    let grant_type = params.required("grant_type").or_refuse()?;
    let grant_type = GrantType::from_wire(grant_type)
        .ok_or(Refusal::GrantType)
        .or_refuse()?;
    let client = authenticate(cx, &params).await?;
    client.client().may_use(grant_type).or_refuse()?;
    let tokens = match grant_type {
        GrantType::AuthorizationCode => authorization_code::redeem(cx, &client, &params).await,
        GrantType::RefreshToken => refresh_token::rotate(cx, &client, &params).await,
        GrantType::ClientCredentials => client_credentials::issue(cx, &client, &params),
    }?;
    Ok(tokens.respond(cx)?)
}

/// What a grant gives.
struct Tokens {
    access: AccessToken,
    refresh: Option<RefreshToken>,
    /// Where the application's bot was added, where it was.
    guild: Option<Box<JoinedGuild>>,
}

impl Tokens {
    /// The tokens of a user's family.
    fn of_family<E>(
        cx: &Context<'_, E>,
        user: UserId,
        application: ApplicationId,
        family: FamilyId,
        live: &Generation,
        scope: Scopes,
    ) -> Self {
        Self {
            access: AccessToken {
                subject: Subject::User(user, family),
                application,
                scope,
                issued_at: cx.now,
                expires_at: cx.now + cx.config.access_token_lifetime,
            },
            refresh: Some(RefreshToken {
                user,
                application,
                family,
                generation: live.generation,
                issued_at: live.issued_at,
                expires_at: live.expires_at,
            }),
            guild: None,
        }
    }

    /// RFC 6749 §5.1.
    fn respond<E: Edge>(&self, cx: &Context<'_, E>) -> Result<Response, Fault> {
        let (keyring, issuer) = (&cx.config.keyring, cx.config.issuer.as_str());
        let token_id = base64url::encode(&cx.edge.random::<16>()?);
        let body = json!({
            "access_token": self.access.sign(keyring, issuer, token_id)?,
            "token_type": "Bearer",
            "expires_in": cx.config.access_token_lifetime.as_secs(),
            "scope": self.access.scope,
        });
        let body = match &self.refresh {
            Some(refresh) => with_member(body, "refresh_token", refresh.sign(keyring, issuer)?),
            None => body,
        };
        let body = match &self.guild {
            Some(guild) => with_member(body, "guild", json!(guild)),
            None => body,
        };
        Ok(Response::json(200, &body))
    }
}

/// What every grant's file is called with.
type Granted = Result<Tokens, Failure<Refusal>>;
