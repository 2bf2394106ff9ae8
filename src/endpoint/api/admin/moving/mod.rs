//! `/api/admin/import` and `/api/admin/export`: everything that the directory keeps, in lines of JSON. Only the
//! built-in application may use them, because the lines have the hashes of all passwords.

mod export;
mod import;
mod record;

use crate::config::Config;
use crate::crypto::secret::Hash;
use crate::endpoint::caller::administrator;
use crate::endpoint::{Context, Failure};
use crate::fluxer::api_error::ApiError;
use crate::http::Request;
use crate::oauth::scope::Scope;
use crate::oauth::token::access::{AccessToken, Subject};
use crate::snowflake::{ApplicationId, Snowflake};
use crate::store::Edge;
use crate::time::Timestamp;

pub use export::export;
pub use import::import;

use super::Answer;

/// The media type of lines of JSON.
const NDJSON: &str = "application/x-ndjson";

/// Refuses every caller but the built-in application. Answers whom the audit log names.
async fn operator<E: Edge>(cx: &Context<'_, E>) -> Result<Snowflake, Failure<ApiError>> {
    let administrator = administrator(cx).await?;
    if administrator.user.is_some() || !is_built_in(cx.config, administrator.application) {
        return Err(ApiError::AccessDenied.into());
    }
    Ok(administrator.actor())
}

fn is_built_in(config: &Config, application: ApplicationId) -> bool {
    let built_in = config.admin_application.as_ref();
    built_in.is_some_and(|it| it.client.id == application)
}

/// Whether a request shows a token of the built-in application, as far as the token alone tells. Nobody else's body
/// of megabytes is read.
pub fn is_operators(config: &Config, request: &Request, now: Timestamp) -> bool {
    let shown = request.header("authorization").unwrap_or_default();
    let (_, token) = shown.split_once(' ').unwrap_or_default();
    let token = AccessToken::verify(&config.keyring, &config.issuers, token.trim(), now);
    token.is_some_and(|token| {
        let is_its_own = matches!(token.subject, Subject::Application(..));
        is_its_own && token.scope.contains(Scope::Admin) && is_built_in(config, token.application)
    })
}

/// The spelling of a hash of ours in a record: `sha256:` and hexadecimal digits.
fn spelled<K>(hash: &Hash<K>) -> String {
    format!("sha256:{}", hash.to_hex())
}
