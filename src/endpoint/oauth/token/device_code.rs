//! `grant_type=urn:ietf:params:oauth:grant-type:device_code` (RFC 8628 §3.4, §3.5).

use crate::endpoint::oauth::client_authentication::AuthenticatedClient;
use crate::endpoint::oauth::dpop::{ProvedKey, use_once};
use crate::endpoint::oauth::resource;
use crate::endpoint::oauth::token::issue::{Issuance, id_token_signer};
use crate::endpoint::{Context, Failure};
use crate::id::{AttemptId, FamilyId};
use crate::ledger::{Collect, LedgerId};
use crate::oauth::device::DeviceCode;
use crate::oauth::error::{GrantRefusal, Refusal};
use crate::oauth::params::Params;
use crate::pending::{DevicePoll, DevicePolled, Kind, PendingId};
use crate::store::{Edge, RefreshRecord};

/// Answers a poll: with tokens once its user has said yes.
pub(super) async fn collect<E: Edge>(
    cx: &Context<'_, E>,
    client: &AuthenticatedClient,
    params: &Params,
    key: Option<&ProvedKey<'_>>,
) -> Result<Issuance<E::Signer>, Failure<Refusal>> {
    let code = params.required("device_code")?;
    let code = DeviceCode::parse(&cx.config.keyring, code);
    let code = code.filter(|it| it.application == client.id());
    let code = code.ok_or(Refusal::Grant(GrantRefusal::UnknownDeviceCode))?;
    if code.expires_at <= cx.now {
        return Err(Refusal::DeviceCodeExpired.into());
    }
    let attempt = AttemptId::from_bytes(cx.edge.random()?);
    let poll = DevicePoll {
        code: code.hash(),
        attempt,
    };
    let id = PendingId::new(Kind::UserCode, "", &code.user_code.key());
    let approval = match cx.edge.ask_pending(&id, poll).await? {
        DevicePolled::Approved(approval) => approval,
        DevicePolled::Waiting => return Err(Refusal::AuthorizationPending.into()),
        DevicePolled::TooOften => return Err(Refusal::PolledTooOften.into()),
        DevicePolled::Denied => return Err(Refusal::Denied.into()),
        DevicePolled::Over => return Err(Refusal::DeviceCodeExpired.into()),
    };
    let target = resource::granted(cx, params, approval.resource).await?;
    let signer = id_token_signer(cx, client.client(), approval.openid).await?;
    let family = FamilyId::of_hash(code.hash().bytes());
    let (user, application) = (approval.user, code.application);
    let ledger = LedgerId::User(user, application);
    let collect = Collect {
        family,
        attempt,
        key: key
            .filter(|_| client.client().is_public())
            .map(ProvedKey::thumbprint),
        lifetime: cx.config.refresh_token_lifetime,
    };
    use_once(cx, key).await?;
    // The commit point. The tokens are gone by the time its answer is lost, so the question is asked
    // once more before the device hears of it; the ledger knows the attempt again.
    let collected = match cx.edge.ask(ledger, collect.clone()).await {
        Ok(collected) => collected,
        Err(fault) => {
            cx.edge.log(&format!("asking again after {fault}"));
            cx.edge.ask(ledger, collect).await?
        }
    };
    let live = collected.map_err(Refusal::Grant)?;
    let record = RefreshRecord {
        user,
        application,
        scope: live.scope,
        expires_at: live.expires_at,
    };
    cx.edge.put_refresh(family, &record);
    Ok(Issuance::of_family(
        user,
        application,
        family,
        live,
        signer,
        target,
    ))
}
