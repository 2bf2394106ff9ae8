//! What a grant gives, and the answer that is signed from it (RFC 6749 §5.1).

use serde::Serialize;

use crate::base64url;
use crate::endpoint::Context;
use crate::fluxer::guild::JoinedGuild;
use crate::http::Response;
use crate::id::FamilyId;
use crate::ledger::Generation;
use crate::oauth::binding::TokenBinding;
use crate::oauth::scope::Scopes;
use crate::oauth::token::access::{AccessToken, Subject};
use crate::oauth::token::refresh::RefreshToken;
use crate::snowflake::{ApplicationId, UserId};
use crate::store::{Edge, Fault};

/// What a grant gives.
pub(super) struct Issuance {
    /// On whose behalf the tokens act.
    pub(super) subject: Subject,
    /// Which application holds them.
    pub(super) application: ApplicationId,
    /// What the access token opens.
    pub(super) scope: Scopes,
    /// Who may present the access token.
    pub(super) binding: TokenBinding,
    /// The refresh token, where the grant gives one.
    pub(super) refresh: Option<RefreshToken>,
    /// Where the application's bot was added, where it was.
    pub(super) guild: Option<Box<JoinedGuild>>,
}

#[derive(Serialize)]
struct TokenResponse<'a> {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    scope: Scopes,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    guild: Option<&'a JoinedGuild>,
}

impl Issuance {
    /// The tokens of a user's family.
    pub(super) fn of_family(
        user: UserId,
        application: ApplicationId,
        family: FamilyId,
        current: &Generation,
    ) -> Self {
        Self {
            subject: Subject::User(user, family),
            application,
            scope: current.scope,
            binding: TokenBinding::Bearer,
            refresh: Some(RefreshToken {
                user,
                application,
                family,
                generation: current.generation,
                issued_at: current.issued_at,
                expires_at: current.expires_at,
            }),
            guild: None,
        }
    }

    /// Signs the tokens.
    pub(super) fn respond<E: Edge>(&self, cx: &Context<'_, E>) -> Result<Response, Fault> {
        let (keyring, issuer) = (&cx.config.keyring, cx.config.issuer.as_str());
        let lifetime = cx.config.access_token_lifetime;
        let access = AccessToken {
            subject: self.subject,
            application: self.application,
            scope: self.scope,
            issued_at: cx.now,
            expires_at: cx.now + lifetime,
        };
        let token_id = base64url::encode(&cx.edge.random::<16>()?);
        let refresh = self.refresh.as_ref();
        let body = TokenResponse {
            access_token: access.sign(keyring, issuer, token_id)?,
            token_type: self.binding.token_type(),
            expires_in: lifetime.as_secs(),
            scope: self.scope,
            refresh_token: refresh.map(|it| it.sign(keyring, issuer)).transpose()?,
            guild: self.guild.as_deref(),
        };
        Ok(Response::json(200, &body))
    }
}
