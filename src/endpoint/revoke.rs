//! `POST /oauth2/revoke` (RFC 7009).

use super::{Context, Failure, OrRefuse};
use crate::http::Response;
use crate::ledger::{LedgerId, Revoke, Withdraw};
use crate::oauth::access_token::{AccessToken, Subject};
use crate::oauth::error::Refusal;
use crate::oauth::refresh_token::RefreshToken;
use crate::store::Edge;

/// `POST`: either token ends its family, on every device that shares it and on no other. What is
/// no token of this client's is answered the same and left alone (RFC 7009 §2.2).
pub async fn revoke<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<Refusal>> {
    let params = cx.form_or_json().or_refuse()?;
    let (presented, application) = cx.client(&params).await?;
    let client = application.client.authenticate(&presented).or_refuse()?;
    let token = params.required("token").or_refuse()?;
    // `token_type_hint` could only save a signature check.
    params.one("token_type_hint").or_refuse()?;

    let (keyring, issuer) = (&cx.config.keyring, cx.config.issuer.as_str());
    let application = client.id();
    if let Some(token) = RefreshToken::verify(keyring, issuer, token, cx.now) {
        if token.application == application {
            let ledger = LedgerId {
                user: Some(token.user),
                application,
            };
            cx.edge
                .ask(
                    ledger,
                    Revoke {
                        family: token.family,
                    },
                )
                .await?;
        }
    } else if let Some(token) = AccessToken::verify(keyring, issuer, token, cx.now) {
        if token.application == application {
            match token.subject {
                Subject::User(user, family) => {
                    let ledger = LedgerId {
                        user: Some(user),
                        application,
                    };
                    cx.edge.ask(ledger, Revoke { family }).await?;
                }
                Subject::Application(family) => {
                    let ledger = LedgerId {
                        user: None,
                        application,
                    };
                    let withdraw = Withdraw {
                        family,
                        until: token.expires_at,
                    };
                    cx.edge.ask(ledger, withdraw).await?;
                }
            }
        }
    }
    Ok(Response::empty(200))
}
