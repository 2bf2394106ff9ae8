//! `POST /oauth2/revoke` (RFC 7009).

use serde_json::json;

use crate::endpoint::authorizations::after_revocation;
use crate::endpoint::oauth::client_authentication::{ClientLookup, authenticate};
use crate::endpoint::oauth::resource;
use crate::endpoint::{Context, Failure};
use crate::fluxer::audit::Action;
use crate::http::{Request, Response};
use crate::ledger::{Ended, Revoke, TokenAudience, Withdraw};
use crate::oauth::error::Refusal;
use crate::oauth::token::access::{AccessToken, Subject};
use crate::oauth::token::refresh::RefreshToken;
use crate::snowflake::ApplicationId;
use crate::store::{Edge, Fault};

/// `POST`: ends the family of an access token or a refresh token. Every device that shares it ends, and no other one.
/// What is no token of this client's is answered alike and left alone (RFC 7009 §2.2).
pub async fn revoke<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<Refusal>> {
    let params = cx.form_or_json()?;
    let client = authenticate(cx, &params, ClientLookup::KnownInOutage).await?;
    let token = params.required("token")?;
    // `token_type_hint` could only save a signature check.
    params.one("token_type_hint")?;

    if let Some((subject, ended)) = end(cx, client.id(), token).await? {
        if let Subject::User(user, _) = subject {
            after_revocation(cx, user, client.id(), ended).await;
        }
        let actor = client.id().0;
        let entry = cx.entry(Action::TokenRevoked).by(actor).with(client.id());
        cx.edge.record(match subject {
            Subject::User(user, family) => entry.on(user.0).saying(json!({"device": family})),
            Subject::Application(..) => entry.on(actor),
        });
    }
    Ok(done(cx.request))
}

/// The answer. RFC 7009 §2.2 wants no body, but clients that ask for JSON parse one all the same: some refuse an
/// answer without a type, some an empty one.
fn done(request: &Request) -> Response {
    let accepted = request.header("accept").unwrap_or_default();
    if accepted.contains("application/json") {
        Response::json(200, &json!({}))
    } else {
        Response::empty(200)
    }
}

/// Ends the family of a token, where it is this application's. Answers whose it was and what is left, where there was
/// anything to end.
async fn end<E: Edge>(
    cx: &Context<'_, E>,
    application: ApplicationId,
    token: &str,
) -> Result<Option<(Subject, Ended)>, Fault> {
    let (keyring, issuers) = (&cx.config.keyring, &cx.config.issuers);
    let refresh = RefreshToken::verify(keyring, issuers, token, cx.now)
        .filter(|token| token.application == application)
        .map(|token| (Subject::User(token.user, token.family), token.expires_at));
    let ours = refresh.or_else(|| {
        AccessToken::verify(keyring, issuers, token, cx.now)
            .filter(|token| token.application == application)
            .map(|token| (token.subject, token.expires_at))
    });
    let (subject, until, audience) = match ours {
        Some((subject, until)) => (subject, until, TokenAudience::Own),
        None => match resource::verify(cx, token).await? {
            Some(token) if token.application == application => {
                (token.subject, token.expires_at, TokenAudience::Resource)
            }
            _ => return Ok(None),
        },
    };
    let ledger = subject.ledger(application);
    let ended = match subject {
        Subject::User(_, family) => {
            let counts = true;
            cx.edge.ask(ledger, Revoke { family, counts }).await?
        }
        Subject::Application(family, _) => {
            let withdraw = Withdraw {
                family,
                until,
                audience,
            };
            Ended::Told(cx.edge.ask(ledger, withdraw).await?)
        }
    };
    Ok(ended.is_something().then_some((subject, ended)))
}
