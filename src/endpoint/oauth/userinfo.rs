//! `/oauth2/userinfo` (OpenID Connect Core §5.3): the user of a token, in OpenID Connect's words and
//! Fluxer's.

use serde_json::{Value, json};

use crate::config::AvatarUrl;
use crate::endpoint::caller::{Needs, signed_token};
use crate::endpoint::{Context, Failure};
use crate::fluxer::api_error::ApiError;
use crate::fluxer::user::User;
use crate::http::{Response, with_member};
use crate::oauth::scope::{Scope, Scopes};
use crate::store::Edge;

/// `GET` and `POST`: the claims about the token's user.
pub async fn show<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<ApiError>> {
    let needs = Needs::OneOf(&[Scope::Identify, Scope::Openid, Scope::Profile]);
    let (bearer, user) = signed_token(cx, needs).await?.check_with_user(cx).await?;
    let shown = claims(&user, bearer.token.scope, cx.config.avatar_url.as_ref());
    Ok(Response::json(200, &shown))
}

/// The claims. One without a value is absent (Core §5.3.2), except those that Fluxer's clients know as `null`.
fn claims(user: &User, scopes: Scopes, avatar_url: Option<&AvatarUrl>) -> Value {
    let profile = Scopes::from(Scope::Identify).with(Scope::Profile);
    let mut shown = if scopes.intersection(profile).is_empty() {
        user.contact(scopes)
    } else {
        let shown = user.through(scopes);
        let shown = with_member(shown, "preferred_username", user.username.as_str());
        let shown = with_member(shown, "name", user.username.as_str());
        let picture = avatar_url.zip(user.avatar.as_ref());
        let picture = picture.map(|(url, avatar)| url.of(user.id, avatar.as_str()));
        let shown = match picture {
            Some(picture) => with_member(shown, "picture", picture),
            None => shown,
        };
        match user.updated_at {
            Some(at) => with_member(shown, "updated_at", at.seconds()),
            None => shown,
        }
    };
    if scopes.contains(Scope::Email) {
        shown = with_member(shown, "email_verified", user.verified);
    }
    with_member(shown, "sub", json!(user.id))
}
