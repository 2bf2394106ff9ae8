//! The outcome of a grant, and the signed answer (RFC 6749 §5.1).

use core::time::Duration;

use serde::Serialize;

use crate::base64url;
use crate::endpoint::Context;
use crate::endpoint::oauth::resource::{TargetResource, TargetScope};
use crate::fluxer::guild::JoinedGuild;
use crate::http::Response;
use crate::id::FamilyId;
use crate::ledger::Generation;
use crate::oauth::binding::TokenBinding;
use crate::oauth::client::Client;
use crate::oauth::openid::Authentication;
use crate::oauth::resource::{self, ResourceScope};
use crate::oauth::scope::{Scope, Scopes};
use crate::oauth::token::access::{AccessToken, Subject};
use crate::oauth::token::id::IdClaims;
use crate::oauth::token::refresh::RefreshToken;
use crate::oauth::token::resource::{ResourceToken, TYPE};
use crate::snowflake::{ApplicationId, UserId};
use crate::store::{Edge, Fault, RefreshRecord, Signer};
use crate::time::Timestamp;

/// The outcome of a grant: whatever its answer is made of.
pub(super) struct Issuance<S> {
    /// The party on whose behalf the tokens act.
    pub(super) subject: Subject,
    /// The application that holds the tokens.
    pub(super) application: ApplicationId,
    /// The scopes that the access token opens at this server.
    pub(super) scope: Scopes,
    /// The other resource server that the access token is for; `None` where it is for this one.
    pub(super) resource: Option<TargetScope<S>>,
    /// The refresh token, where the grant type gives one.
    pub(super) refresh: Option<RefreshToken>,
    /// The guild that the application's bot was added to, where it was.
    pub(super) guild: Option<Box<JoinedGuild>>,
    /// The ID token, where the scope has `openid`.
    pub(super) id_token: Option<IdToken<S>>,
}

/// The parts of an ID token: the login, and the key, which was fetched before the commit.
pub(super) struct IdToken<S> {
    authentication: Box<Authentication>,
    signer: S,
}

/// The key that signs an ID token for this client, where the scope asks for one.
pub(super) async fn id_token_signer<E: Edge>(
    cx: &Context<'_, E>,
    client: &Client,
    openid: bool,
) -> Result<Option<E::Signer>, Fault> {
    if !openid {
        return Ok(None);
    }
    let signer = cx.edge.signer(cx.config, client.id_token_algorithm).await?;
    Ok(Some(signer))
}

#[derive(Serialize)]
struct TokenResponse<'a> {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    guild: Option<&'a JoinedGuild>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
}

/// Writes the KV record that a family has refresh tokens.
pub(super) fn keep_record<E: Edge>(
    cx: &Context<'_, E>,
    (user, application): (UserId, ApplicationId),
    family: FamilyId,
    current: &Generation,
) {
    let record = RefreshRecord {
        user,
        application,
        scope: current.scope,
        expires_at: current.expires_at,
    };
    cx.edge.put_refresh(family, &record);
}

impl<S: Signer> Issuance<S> {
    /// The outcome for a user's family.
    pub(super) fn of_family(
        user: UserId,
        application: ApplicationId,
        family: FamilyId,
        current: Generation,
        signer: Option<S>,
        target: Option<TargetResource<S>>,
    ) -> Self {
        let openid = current.authentication.is_some();
        let id_token = current.authentication.zip(signer);
        let resource = target.zip(current.resource);
        Self {
            subject: Subject::User(user, family),
            application,
            scope: current.scope,
            refresh: Some(RefreshToken {
                user,
                application,
                family,
                generation: current.generation,
                issued_at: current.issued_at,
                expires_at: current.expires_at,
                openid,
                resource: resource.as_ref().map(|(_, granted)| granted.id),
            }),
            resource: resource.map(|(target, granted)| TargetScope {
                target,
                scope: granted.scope,
            }),
            guild: None,
            id_token: id_token.map(|(authentication, signer)| IdToken {
                authentication,
                signer,
            }),
        }
    }

    /// The same outcome with no more scopes than the request wanted: these at this server, and those at the other
    /// resource server. `None` and an empty list leave what was granted.
    pub(super) fn narrowed(mut self, here: Option<Scopes>, there: Vec<ResourceScope>) -> Self {
        self.scope = here.unwrap_or(self.scope);
        if let Some(resource) = self.resource.as_mut().filter(|_| !there.is_empty()) {
            resource.scope = there;
        }
        self
    }

    /// Signs the tokens. `binding` says who may present the access token.
    pub(super) async fn respond<E: Edge>(
        &self,
        cx: &Context<'_, E>,
        client: &Client,
        binding: TokenBinding,
    ) -> Result<Response, Fault> {
        let (keyring, issuer) = (&cx.config.keyring, cx.config.issuer.as_str());
        let token_id = base64url::encode(&cx.edge.random::<16>()?);
        let (access_token, lifetime) = match &self.resource {
            None => self.sign_for_this_server(cx, client, binding, token_id)?,
            Some(resource) => {
                self.sign_for(cx, client, (resource, binding), token_id)
                    .await?
            }
        };
        let id_token = match &self.id_token {
            Some(id_token) => {
                self.sign_id_token(id_token, client, issuer, &access_token, cx.now)
                    .await?
            }
            None => None,
        };
        if let Subject::User(user, _) = self.subject {
            cx.notes.user.set(Some(user));
        }
        let refresh = self.refresh.as_ref();
        let body = TokenResponse {
            access_token,
            token_type: binding.token_type(),
            expires_in: lifetime.as_secs(),
            scope: self.spelled_scope(),
            refresh_token: refresh.map(|it| it.sign(keyring, issuer)).transpose()?,
            guild: self.guild.as_deref(),
            id_token,
        };
        Ok(Response::json(200, &body))
    }

    fn sign_for_this_server<E: Edge>(
        &self,
        cx: &Context<'_, E>,
        client: &Client,
        binding: TokenBinding,
        token_id: String,
    ) -> Result<(String, Duration), Fault> {
        let lifetime = cx.config.access_token_lifetime;
        let access = AccessToken {
            subject: self.subject,
            application: self.application,
            scope: self.scope,
            binding,
            issued_at: cx.now,
            expires_at: cx.now + lifetime,
        };
        let (keyring, issuer) = (&cx.config.keyring, cx.config.issuer.as_str());
        let signed = access.sign(keyring, issuer, client.wire_id(), token_id)?;
        Ok((signed, lifetime))
    }

    async fn sign_for<E: Edge>(
        &self,
        cx: &Context<'_, E>,
        client: &Client,
        (resource, binding): (&TargetScope<S>, TokenBinding),
        token_id: String,
    ) -> Result<(String, Duration), Fault> {
        let lifetime = cx.config.resource_token_lifetime;
        let token = ResourceToken {
            subject: self.subject,
            application: self.application,
            client_id: client.wire_id(),
            audience: resource.target.resource.identifier.as_str().to_owned(),
            scope: resource::spelled(&resource.scope),
            binding,
            issued_at: cx.now,
            expires_at: cx.now + lifetime,
        };
        let claims = token.claims(cx.config.issuer.as_str(), token_id);
        Ok((resource.target.signer.sign(TYPE, &claims).await?, lifetime))
    }

    /// The granted scopes, at this server and at the other one, as `scope` spells them.
    fn spelled_scope(&self) -> String {
        let here = self.scope.to_string();
        let there = self
            .resource
            .as_ref()
            .map(|it| resource::spelled(&it.scope));
        let granted = [here, there.unwrap_or_default()];
        let granted: Vec<_> = granted.into_iter().filter(|it| !it.is_empty()).collect();
        granted.join(" ")
    }

    async fn sign_id_token(
        &self,
        id_token: &IdToken<S>,
        client: &Client,
        issuer: &str,
        access_token: &str,
        now: Timestamp,
    ) -> Result<Option<String>, Fault> {
        let Subject::User(user, _) = self.subject else {
            return Ok(None);
        };
        if !self.scope.contains(Scope::Openid) {
            return Ok(None);
        }
        let audience = (user, client.wire_id());
        let claims = IdClaims::new(
            issuer,
            audience,
            &id_token.authentication,
            access_token,
            now,
        );
        id_token.signer.sign("JWT", &claims).await.map(Some)
    }
}
