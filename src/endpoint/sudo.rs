//! The password again, before what cannot be undone: a stolen session must not be able to take an
//! application over.

use serde_json::json;

use super::attempts::Places;
use super::json_body::Fields;
use super::session::Manager;
use super::{Context, Failure, OrRefuse};
use crate::fluxer::api_error::ApiError;
use crate::fluxer::audit::Action;
use crate::store::{Edge, password};

/// Checks the `password` of the body against that of the session's user. An administrator's token
/// has no password to show.
pub async fn confirm<E: Edge>(
    cx: &Context<'_, E>,
    manager: &Manager,
) -> Result<(), Failure<ApiError>> {
    let Manager::User(logged_in) = manager else {
        return Ok(());
    };
    if cx.body().is_empty() {
        return Err(Failure::Refused(ApiError::SudoModeRequired));
    }
    let mut fields = Fields::read(cx).or_refuse()?;
    if !fields.has("password") {
        return Err(Failure::Refused(ApiError::SudoModeRequired));
    }
    let shown = fields.required("password", |text| Ok(text.to_owned()));
    let shown = fields.finish(shown).or_refuse()?;
    let user = &logged_in.session.user;
    let places = Places::take(cx, &user.id.to_string()).await?;
    let places = places.map_err(ApiError::RateLimited).or_refuse()?;
    let account = cx.edge.account(user.username.as_str()).await?;
    let hash = account.as_ref().map(|it| it.password_hash.as_str());
    if !password::verify(&shown, hash)? {
        let entry = cx.entry(Action::LoginFailed).on(user.id.0);
        cx.edge.record(entry.saying(json!({"at": "confirmation"})));
        return Err(Failure::Refused(ApiError::field(
            "password",
            "Invalid password",
        )));
    }
    places.give_back(cx).await;
    Ok(())
}
