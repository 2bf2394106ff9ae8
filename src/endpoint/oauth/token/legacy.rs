//! Refresh tokens of the server before this one, which tells what they are good for (RFC 7662). Each is exchanged for
//! a refresh token of ours.

use base64ct::{Base64, Encoding};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::form_urlencoded::{Serializer, byte_serialize};

use crate::config::LegacyServer;
use crate::endpoint::authorizations::after_device;
use crate::endpoint::dpop::{ProvedKey, use_once};
use crate::endpoint::oauth::client_authentication::AuthenticatedClient;
use crate::endpoint::oauth::token::issue::Issuance;
use crate::endpoint::oauth::token::key_of_refresh_tokens;
use crate::endpoint::{Context, Failure};
use crate::fluxer::audit::Action;
use crate::id::{FamilyId, InstallationId};
use crate::ledger::{Adopt, Grant, LedgerId};
use crate::oauth::authorization_request;
use crate::oauth::client::authentication::Credentials;
use crate::oauth::error::{GrantRefusal, Refusal};
use crate::oauth::params::Params;
use crate::oauth::scope::{Scope, Scopes};
use crate::snowflake::UserId;
use crate::store::{Consent, Consented, Edge, Fault, Standing};
use crate::time::Timestamp;

/// Longest token that the other server is asked about, in bytes.
const MAX_TOKEN_BYTES: usize = 1024;
/// How long a token is remembered whose expiry the other server does not tell, in seconds.
const REMEMBERED: u64 = 365 * 24 * 3600;

/// Whether a refresh token may be the other server's. Ours have dots, and one of ours that has expired is not shown
/// to anybody else.
pub(super) fn may_be_theirs(token: &str) -> bool {
    let is_plain = token.bytes().all(|byte| byte.is_ascii_graphic());
    is_plain && !token.contains('.') && token.len() <= MAX_TOKEN_BYTES
}

/// What the other server tells of a refresh token.
struct LegacyGrant {
    user: UserId,
    scope: Scopes,
    until: Timestamp,
}

/// Exchanges the other server's refresh token for one of ours.
///
/// The ledger's turn is the commit. The family's id is cut from the token's hash, so the same token opens it once
/// however often it is asked about, and the ledger forgives a repetition, or ends the family, as it does with a token
/// of ours. What is written before that stays true where the turn fails: the user did authorize the application.
pub(super) async fn adopt<E: Edge>(
    cx: &Context<'_, E>,
    legacy: &LegacyServer,
    client: &AuthenticatedClient,
    params: &Params,
    key: Option<&ProvedKey<'_>>,
) -> Result<Issuance<E::Signer>, Failure<Refusal>> {
    let token = params.required("refresh_token")?;
    let granted = ask(cx, legacy, client, params, token).await?;
    let narrower = narrower_scope(params, granted.scope)?;
    let (user, application) = (granted.user, client.id());
    let family = FamilyId::of_hash(&Sha256::digest(token.as_bytes()).into());
    list(cx, client, family, &granted).await?;
    let adopt = Adopt {
        family,
        grant: Grant::elsewhere(granted.scope),
        until: granted.until,
        key: key_of_refresh_tokens(client.client(), key),
        lifetime: cx.config.refresh_token_lifetime,
    };
    use_once(cx, key).await?;
    let live = cx
        .edge
        .ask(LedgerId::User(user, application), adopt)
        .await?;
    let entry = |action| {
        cx.entry(action)
            .with(application)
            .by(application.0)
            .on(user.0)
    };
    if live == Err(GrantRefusal::ReusedRefreshToken) {
        after_device(cx, user, application).await;
        let details = json!({"device": family});
        cx.edge.record(entry(Action::TokenReused).saying(details));
    }
    let live = live.map_err(Refusal::Grant)?;
    let details = json!({"scope": live.scope, "device": family});
    let adopted = entry(Action::TokenAdopted).saying(details);
    cx.edge.record(adopted.once(family));
    let issuance = Issuance::of_family(user, application, family, live, None, None);
    Ok(issuance.narrowed(narrower, Vec::new()))
}

/// The scopes that the request wants in place of all that were granted.
fn narrower_scope(params: &Params, granted: Scopes) -> Result<Option<Scopes>, Refusal> {
    let narrower = authorization_request::scope(params)?;
    if narrower.is_some_and(|asked| !granted.covers(asked)) {
        return Err(Refusal::Grant(GrantRefusal::ScopeExceedsGrant));
    }
    Ok(narrower)
}

/// Asks the other server about the token. What it cannot tell now is a fault, and the token is as good the next time.
async fn ask<E: Edge>(
    cx: &Context<'_, E>,
    legacy: &LegacyServer,
    client: &AuthenticatedClient,
    params: &Params,
    token: &str,
) -> Result<LegacyGrant, Failure<Refusal>> {
    let authorization = authorization(cx, legacy, params)?;
    let mut form = Serializer::new(String::new());
    form.append_pair("token", token);
    form.append_pair("token_type_hint", "refresh_token");
    if authorization.is_none() {
        form.append_pair("client_id", &client.client().wire_id());
    }
    let mut headers = vec![
        ("accept", "application/json"),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    headers.extend(authorization.as_deref().map(|it| ("authorization", it)));
    let form = form.finish();
    let answer = cx.edge.post(&legacy.introspection, &headers, &form);
    let fault = |why: &str| Fault::new("legacy introspection", why);
    let answer = answer.await.map_err(|error| fault(&error.to_string()))?;
    let answer = answer
        .document()
        .map_err(|error| fault(&error.to_string()))?;
    let granted = match read(&answer.json, client, cx.now) {
        Ok(granted) => granted,
        Err(Misread::Refused(refusal)) => return Err(Refusal::Grant(refusal).into()),
        Err(Misread::Absurd(why)) => return Err(fault(why).into()),
    };
    // Where the users are the platform's own, refreshes do not ask for them.
    let is_suspended = if cx.config.platform.is_some() {
        cx.edge.keep_user(granted.user, cx.now).await?;
        Some(cx.edge.standing(granted.user).await? == Standing::Disabled)
    } else {
        let user = cx.edge.user(granted.user).await?;
        user.map(|user| user.suspended)
    };
    let is_good = is_suspended == Some(false) && !granted.scope.is_empty();
    let refused = Refusal::Grant(GrantRefusal::UnknownRefreshToken);
    Ok(is_good.then_some(granted).ok_or(refused)?)
}

/// The credentials for the other server: those of the settings, or the client's own.
fn authorization<E>(
    cx: &Context<'_, E>,
    legacy: &LegacyServer,
    params: &Params,
) -> Result<Option<String>, Refusal> {
    if let Some(authorization) = &legacy.authorization {
        return Ok(Some(authorization.clone()));
    }
    let credentials = Credentials::read(cx.request.header("authorization"), params)?;
    Ok(basic(&credentials))
}

enum Misread {
    Refused(GrantRefusal),
    /// The answer lacks something that it must have.
    Absurd(&'static str),
}

fn read(
    answer: &Value,
    client: &AuthenticatedClient,
    now: Timestamp,
) -> Result<LegacyGrant, Misread> {
    let text = |name: &str| answer.get(name).and_then(Value::as_str);
    match answer.get("active").and_then(Value::as_bool) {
        Some(true) => {}
        Some(false) => return Err(Misread::Refused(GrantRefusal::UnknownRefreshToken)),
        None => return Err(Misread::Absurd("active must be true or false")),
    }
    if !is_refresh_token(text("token_use"), text("token_type")) {
        return Err(Misread::Refused(GrantRefusal::UnknownRefreshToken));
    }
    let client_id = text("client_id").ok_or(Misread::Absurd("client_id is missing"))?;
    if client_id != client.client().wire_id() {
        return Err(Misread::Refused(GrantRefusal::ForeignRefreshToken));
    }
    let user = text("sub").and_then(UserId::parse);
    let user = user.ok_or(Misread::Absurd("sub must be the id of a user"))?;
    let scope = text("scope").ok_or(Misread::Absurd("scope is missing"))?;
    let exp = answer.get("exp").and_then(Value::as_u64);
    let until = exp.unwrap_or_else(|| now.seconds().saturating_add(REMEMBERED));
    let until = Timestamp::from_millis(until.saturating_mul(1000));
    if until <= now {
        return Err(Misread::Refused(GrantRefusal::UnknownRefreshToken));
    }
    Ok(LegacyGrant {
        user,
        scope: scopes(scope, client),
        until,
    })
}

/// Whether the other server calls the token a refresh token. An access token must not become one, because it is shown
/// to every resource server. Servers tell the kind in `token_use` or `token_type`; RFC 7662 gives a refresh token
/// neither.
fn is_refresh_token(token_use: Option<&str>, token_type: Option<&str>) -> bool {
    let is_refresh = |said: &str| {
        let said = said.to_ascii_lowercase();
        ["refresh_token", "refresh"].contains(&&*said)
    };
    match (token_use, token_type) {
        (None, None) => true,
        (Some(token_use), _) => is_refresh(token_use),
        (None, Some(token_type)) => is_refresh(token_type),
    }
}

/// The other server's scopes that exist here and that the client may have. There is no `bot`, because a bot stays
/// where it is, and no `openid`, because no ID token could tell how the user logged in there.
fn scopes(spelled: &str, client: &AuthenticatedClient) -> Scopes {
    let known = spelled.split(' ').filter_map(Scope::from_wire);
    let scopes = known.fold(Scopes::NONE, Scopes::with);
    let withheld = Scopes::NONE
        .with(Scope::Bot)
        .with(Scope::Admin)
        .with(Scope::Openid);
    let askable = client.application().askable();
    scopes.intersection(askable).without(withheld)
}

/// Stores the authorization, so that its user can take it back.
async fn list<E: Edge>(
    cx: &Context<'_, E>,
    client: &AuthenticatedClient,
    family: FamilyId,
    granted: &LegacyGrant,
) -> Result<(), Failure<Refusal>> {
    let before = cx.edge.authorizations(granted.user).await?;
    let before = before.iter().find(|it| it.application == client.id());
    if before.is_some_and(|it| it.scope.covers(granted.scope)) {
        return Ok(());
    }
    let before = before.map_or(Scopes::NONE, |it| it.scope);
    let scope = before.union(granted.scope);
    let id = InstallationId::from_bytes(family.to_bytes());
    let consent = Consent {
        scope: Some(scope),
        is_unverified: !client.client().is_verified(),
        tells: cx.granted(client.application(), id, scope, None),
        ..Consent::given_before(granted.user, client.id(), cx.now)
    };
    match cx.remember(consent).await? {
        Consented::Yes => Ok(()),
        Consented::Changed
        | Consented::SessionEnded
        | Consented::ApplicationGone
        | Consented::NotInstalled => Err(Refusal::Grant(GrantRefusal::UnknownRefreshToken).into()),
    }
}

/// The client's own credentials for HTTP Basic, as RFC 6749 §2.3.1 spells them.
fn basic(credentials: &Credentials) -> Option<String> {
    let (Credentials::Basic(id, secret) | Credentials::Post(id, secret)) = credentials else {
        return None;
    };
    let encoded: String = byte_serialize(secret.expose().as_bytes()).collect();
    let pair = format!("{id}:{encoded}");
    Some(format!("Basic {}", Base64::encode_string(pair.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_that_it_is_an_access_token_is_none_to_refresh_with() {
        for (token_use, token_type, expected) in [
            (None, None, true),
            (None, Some("refresh_token"), true),
            (None, Some("Refresh"), true),
            (Some("refresh_token"), Some("Bearer"), true),
            (None, Some("Bearer"), false),
            (None, Some("bearer"), false),
            (None, Some("DPoP"), false),
            (Some("access_token"), None, false),
            (Some("access_token"), Some("refresh_token"), false),
        ] {
            let said = is_refresh_token(token_use, token_type);
            assert_eq!(said, expected, "{token_use:?} {token_type:?}");
        }
    }

    #[test]
    fn no_token_of_ours_is_shown_to_the_other_server() {
        assert!(may_be_theirs("9zTDMC-vBUVYkxlqLHHXm-lY7A7mGcvTUzWNiG4Aecc"));
        for ours in ["a.b.c", "a.b", "a b", "é", &"a".repeat(1025)] {
            assert!(!may_be_theirs(ours), "{ours}");
        }
    }
}
