//! What stands between a bearer or bot token and a resource (RFC 6750).
//!
//! Invariant: a token is good for the routes its scopes name and nothing else, never in place of a
//! session, and not for an instant after its family has ended.

use std::rc::Rc;

use super::{Context, Failure};
use crate::fluxer::api_error::ApiError;
use crate::fluxer::application::Application;
use crate::fluxer::bot_token::BotToken;
use crate::fluxer::user::User;
use crate::ledger::{LedgerId, Standing, Withdrawn};
use crate::oauth::scope::Scope;
use crate::oauth::token::access::{AccessToken, Subject};
use crate::snowflake::{ApplicationId, Snowflake, UserId};
use crate::store::{Edge, Fault};

/// A token that works, and whose it is.
pub struct Bearer {
    /// The token.
    pub token: AccessToken,
    /// Its application.
    pub application: Rc<Application>,
}

/// Who asks for a resource: a token's user, or a bot.
pub enum Caller {
    /// A token, within its scopes.
    Bearer(Bearer),
    /// An application's bot, as itself.
    Bot(Application),
}

/// What an `Authorization` header shows.
enum Credential<'a> {
    Bearer(&'a str),
    Bot(&'a str),
}

fn credential<'a, E>(cx: &Context<'a, E>) -> Result<Credential<'a>, Failure<ApiError>> {
    let authorization = cx.request.header("authorization").unwrap_or_default();
    let (scheme, shown) = authorization.split_once(' ').unwrap_or_default();
    let shown = shown.trim();
    if !shown.is_empty() && scheme.eq_ignore_ascii_case("Bearer") {
        Ok(Credential::Bearer(shown))
    } else if !shown.is_empty() && scheme.eq_ignore_ascii_case("Bot") {
        Ok(Credential::Bot(shown))
    } else {
        Err(Failure::refused(ApiError::Unauthorized))
    }
}

/// The caller of a resource that opens for both.
pub async fn caller<E: Edge>(cx: &Context<'_, E>) -> Result<Caller, Failure<ApiError>> {
    Ok(match credential(cx)? {
        Credential::Bearer(token) => Caller::Bearer(verify(cx, token).await?),
        Credential::Bot(token) => Caller::Bot(verify_bot(cx, token).await?),
    })
}

/// The bearer token of a request; a bot's opens nothing here.
pub async fn bearer<E: Edge>(cx: &Context<'_, E>) -> Result<Bearer, Failure<ApiError>> {
    match credential(cx)? {
        Credential::Bearer(token) => verify(cx, token).await,
        Credential::Bot(_) => Err(Failure::refused(ApiError::InvalidToken)),
    }
}

/// The application whose bot asks; a bearer token opens nothing here.
pub async fn bot<E: Edge>(cx: &Context<'_, E>) -> Result<Application, Failure<ApiError>> {
    match credential(cx)? {
        Credential::Bot(token) => verify_bot(cx, token).await,
        Credential::Bearer(_) => Err(Failure::refused(ApiError::InvalidToken)),
    }
}

async fn verify<E: Edge>(cx: &Context<'_, E>, token: &str) -> Result<Bearer, Failure<ApiError>> {
    let invalid = || Failure::refused(ApiError::InvalidToken);
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

/// Asked of the directory each time, and of no cache: a token that was reset is dead at once.
async fn verify_bot<E: Edge>(
    cx: &Context<'_, E>,
    token: &str,
) -> Result<Application, Failure<ApiError>> {
    let invalid = || Failure::refused(ApiError::InvalidToken);
    let token = BotToken::parse(token).ok_or_else(invalid)?;
    let hash = token.hash();
    let application = cx.edge.application_of_bot(token.application, &hash).await?;
    application.ok_or_else(invalid)
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
            Err(Failure::refused(ApiError::MissingScope(scope)))
        }
    }

    /// The id of the token's user.
    pub fn user_id(&self) -> Result<UserId, Failure<ApiError>> {
        match self.token.subject {
            Subject::User(user, _) => Ok(user),
            Subject::Application(_) => Err(Failure::refused(ApiError::InvalidToken)),
        }
    }

    /// The user of the token, who may have been deleted since.
    pub async fn user<E: Edge>(&self, cx: &Context<'_, E>) -> Result<User, Failure<ApiError>> {
        let user = cx.edge.user(self.user_id()?).await?;
        user.ok_or(Failure::refused(ApiError::InvalidToken))
    }
}

/// Who administers: a trusted application, for a user who is an administrator or on its own behalf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Administrator {
    /// The application.
    pub application: ApplicationId,
    /// The user.
    pub user: Option<UserId>,
}

impl Administrator {
    /// Whom the audit log names.
    pub fn actor(self) -> Snowflake {
        self.user.map_or(self.application.0, |user| user.0)
    }
}

/// The administrator behind a request. Trust and office are looked up, not read from the token:
/// who lost them is refused from then on.
pub async fn administrator<E: Edge>(
    cx: &Context<'_, E>,
) -> Result<Administrator, Failure<ApiError>> {
    let bearer = bearer(cx).await?;
    bearer.require(Scope::Admin)?;
    let denied = || Failure::refused(ApiError::AccessDenied);
    if !bearer.application.client.is_trusted() {
        return Err(denied());
    }
    let user = match bearer.token.subject {
        Subject::Application(_) => None,
        Subject::User(..) => {
            let user = bearer.user(cx).await?;
            Some(user.admin.then_some(user.id).ok_or_else(denied)?)
        }
    };
    Ok(Administrator {
        application: bearer.token.application,
        user,
    })
}
