//! What stands between a bearer token and a resource (RFC 6750).
//!
//! Invariant: a token is good for the routes its scopes name and nothing else, never in place of a
//! session, and not for an instant after its family has ended.

use std::rc::Rc;

use super::{Context, Failure};
use crate::fluxer::api_error::ApiError;
use crate::fluxer::application::Application;
use crate::fluxer::user::User;
use crate::ledger::{LedgerId, Standing, Withdrawn};
use crate::oauth::access_token::{AccessToken, Subject};
use crate::oauth::scope::Scope;
use crate::snowflake::UserId;
use crate::store::{Edge, Fault};

/// A token that works, and whose it is.
pub struct Bearer {
    /// The token.
    pub token: AccessToken,
    /// Its application.
    pub application: Rc<Application>,
}

/// The bearer token of a request.
pub async fn bearer<E: Edge>(cx: &Context<'_, E>) -> Result<Bearer, Failure<ApiError>> {
    let authorization = cx.request.header("authorization").unwrap_or_default();
    let token = match authorization.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("Bearer") => token.trim(),
        _ => return Err(Failure::Refused(ApiError::Unauthorized)),
    };
    if token.is_empty() {
        return Err(Failure::Refused(ApiError::Unauthorized));
    }
    let invalid = || Failure::Refused(ApiError::InvalidToken);
    let token = AccessToken::verify(&cx.config.keyring, cx.config.issuer.as_str(), token, cx.now)
        .ok_or_else(invalid)?;
    let application = cx
        .application(token.application)
        .await?
        .ok_or_else(invalid)?;
    if !works(cx, &token).await? {
        return Err(invalid());
    }
    Ok(Bearer { token, application })
}

/// Whether a token's family lives, asked of its ledger and of nobody else.
pub async fn works<E: Edge>(cx: &Context<'_, E>, token: &AccessToken) -> Result<bool, Fault> {
    let application = token.application;
    match token.subject {
        Subject::User(user, family) => {
            let ledger = LedgerId {
                user: Some(user),
                application,
            };
            Ok(cx.edge.ask(ledger, Standing { family }).await?.is_some())
        }
        Subject::Application(family) => {
            let ledger = LedgerId {
                user: None,
                application,
            };
            Ok(!cx.edge.ask(ledger, Withdrawn { family }).await?)
        }
    }
}

impl Bearer {
    /// Refuses a token without that scope (RFC 6750 §3.1, `insufficient_scope`).
    pub fn require(&self, scope: Scope) -> Result<(), Failure<ApiError>> {
        if self.token.scope.contains(scope) {
            Ok(())
        } else {
            Err(Failure::Refused(ApiError::MissingScope(scope)))
        }
    }

    /// The user of the token, who may have been deleted since.
    pub async fn user<E: Edge>(&self, cx: &Context<'_, E>) -> Result<User, Failure<ApiError>> {
        let user = match self.token.subject {
            Subject::User(user, _) => cx.edge.user(user).await?,
            Subject::Application(_) => None,
        };
        user.ok_or(Failure::Refused(ApiError::InvalidToken))
    }
}

/// Who administers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Administrator {
    /// A trusted application, on its own behalf.
    Application,
    /// A user who is an administrator, by way of a trusted application.
    User(UserId),
}

/// The administrator behind a request. Trust and office are looked up, not read from the token:
/// who lost them is refused from then on.
pub async fn administrator<E: Edge>(
    cx: &Context<'_, E>,
) -> Result<Administrator, Failure<ApiError>> {
    let bearer = bearer(cx).await?;
    bearer.require(Scope::Admin)?;
    if !bearer.application.client.trusted {
        return Err(Failure::Refused(ApiError::AccessDenied));
    }
    match bearer.token.subject {
        Subject::Application(_) => Ok(Administrator::Application),
        Subject::User(..) => {
            let user = bearer.user(cx).await?;
            if user.admin {
                Ok(Administrator::User(user.id))
            } else {
                Err(Failure::Refused(ApiError::AccessDenied))
            }
        }
    }
}
