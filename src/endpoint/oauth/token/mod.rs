//! `POST /oauth2/token` (RFC 6749 §3.2): a file a grant, and one that signs what they give.

mod authorization_code;
mod client_credentials;
mod issue;
mod refresh_token;

use crate::endpoint::oauth::client_authentication::authenticate;
use crate::endpoint::{Context, Failure};
use crate::http::Response;
use crate::oauth::error::Refusal;
use crate::oauth::grant_type::GrantType;
use crate::store::Edge;

/// `POST`.
pub async fn issue<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<Refusal>> {
    let params = cx.form_or_json()?;
    let grant_type = params.required("grant_type")?;
    let grant_type = GrantType::from_wire(grant_type).ok_or(Refusal::GrantType)?;
    let client = authenticate(cx, &params).await?;
    client.client().may_use(grant_type)?;
    let issuance = match grant_type {
        GrantType::AuthorizationCode => authorization_code::redeem(cx, &client, &params).await?,
        GrantType::RefreshToken => refresh_token::rotate(cx, &client, &params).await?,
        GrantType::ClientCredentials => client_credentials::issue(cx, &client, &params)?,
    };
    Ok(issuance.respond(cx)?)
}
