//! `POST /oauth2/revoke` (RFC 7009).

use super::{Context, Failure, OrRefuse};
use crate::http::Response;
use crate::ledger::{LedgerId, Revoke, Withdraw};
use crate::oauth::access_token::{AccessToken, Subject};
use crate::oauth::error::Refusal;
use crate::oauth::refresh_token::RefreshToken;
use crate::snowflake::ApplicationId;
use crate::store::{Edge, Fault};

/// `POST`: either token ends its family, on every device that shares it and on no other. What is
/// no token of this client's is answered the same and left alone (RFC 7009 §2.2).
pub async fn revoke<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<Refusal>> {
    let params = cx.form_or_json().or_refuse()?;
    let (presented, application) = cx.client(&params).await?;
    let client = application.client.authenticate(&presented).or_refuse()?;
    let token = params.required("token").or_refuse()?;
    // `token_type_hint` could only save a signature check.
    params.one("token_type_hint").or_refuse()?;

    end(cx, client.id(), token).await?;
    // The body says nothing (RFC 7009 §2.2); its type is for clients that parse it all the same.
    Ok(Response::empty(200).with("content-type", "application/json"))
}

/// Ends the family of a token, where it is this application's.
async fn end<E: Edge>(
    cx: &Context<'_, E>,
    application: ApplicationId,
    token: &str,
) -> Result<(), Fault> {
    let (keyring, issuer) = (&cx.config.keyring, cx.config.issuer.as_str());
    let of_user = |user| LedgerId {
        user: Some(user),
        application,
    };
    if let Some(token) = RefreshToken::verify(keyring, issuer, token, cx.now)
        .filter(|token| token.application == application)
    {
        let family = token.family;
        return cx.edge.ask(of_user(token.user), Revoke { family }).await;
    }
    let access = AccessToken::verify(keyring, issuer, token, cx.now)
        .filter(|token| token.application == application);
    match access.map(|token| (token.subject, token.expires_at)) {
        None => Ok(()),
        Some((Subject::User(user, family), _)) => {
            cx.edge.ask(of_user(user), Revoke { family }).await
        }
        Some((Subject::Application(family), until)) => {
            let ledger = LedgerId {
                user: None,
                application,
            };
            cx.edge.ask(ledger, Withdraw { family, until }).await
        }
    }
}
