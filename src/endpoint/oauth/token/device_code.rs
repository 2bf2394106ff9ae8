//! `grant_type=urn:ietf:params:oauth:grant-type:device_code` (RFC 8628 §3.4, §3.5).

use crate::endpoint::dpop::{ProvedKey, use_once};
use crate::endpoint::oauth::client_authentication::AuthenticatedClient;
use crate::endpoint::oauth::resource;
use crate::endpoint::oauth::token::issue::{Issuance, id_token_signer, keep_record};
use crate::endpoint::oauth::token::{commit, key_of_refresh_tokens};
use crate::endpoint::{Context, Failure};
use crate::id::{AttemptId, FamilyId};
use crate::ledger::{Collect, LedgerId};
use crate::oauth::device::DeviceCode;
use crate::oauth::error::{GrantRefusal, Refusal};
use crate::oauth::params::Params;
use crate::pending::{DeviceApproval, DevicePoll, DevicePolled, EntryKind, PendingId};
use crate::store::Edge;

/// Answers a poll of a device: with tokens once its user has said yes.
pub(super) async fn collect<E: Edge>(
    cx: &Context<'_, E>,
    client: &AuthenticatedClient,
    params: &Params,
    key: Option<&ProvedKey<'_>>,
) -> Result<Issuance<E::Signer>, Failure<Refusal>> {
    let code = device_code(cx, client, params)?;
    let attempt = AttemptId::from_bytes(cx.edge.random()?);
    let poll = DevicePoll {
        code: code.hash(),
        attempt,
    };
    let id = PendingId::new(EntryKind::UserCode, "", &code.user_code.key());
    let approval = approval(cx.edge.ask_pending(&id, poll).await?)?;
    let target = resource::granted(cx, params, approval.resource).await?;
    let signer = id_token_signer(cx, client.client(), approval.openid).await?;
    let family = FamilyId::of_hash(code.hash().bytes());
    let (user, application) = (approval.user, code.application);
    let ledger = LedgerId::User(user, application);
    let collect = Collect {
        family,
        attempt,
        key: key_of_refresh_tokens(client.client(), key),
        lifetime: cx.config.refresh_token_lifetime,
    };
    use_once(cx, key).await?;
    let collected = commit(cx, ledger, collect).await?;
    let live = collected.map_err(Refusal::Grant)?;
    keep_record(cx, (user, application), family, &live);
    Ok(Issuance::of_family(
        user,
        application,
        family,
        live,
        signer,
        target,
    ))
}

/// The device code of the request, where it is this client's own and has not expired.
fn device_code<E>(
    cx: &Context<'_, E>,
    client: &AuthenticatedClient,
    params: &Params,
) -> Result<DeviceCode, Refusal> {
    let code = DeviceCode::parse(&cx.config.keyring, params.required("device_code")?);
    let code = code.filter(|it| it.application == client.id());
    let code = code.ok_or(Refusal::Grant(GrantRefusal::UnknownDeviceCode))?;
    if code.expires_at <= cx.now {
        return Err(Refusal::DeviceCodeExpired);
    }
    Ok(code)
}

/// The approval in the answer to a poll.
const fn approval(polled: DevicePolled) -> Result<DeviceApproval, Refusal> {
    match polled {
        DevicePolled::Approved(approval) => Ok(approval),
        DevicePolled::Waiting => Err(Refusal::AuthorizationPending),
        DevicePolled::TooOften => Err(Refusal::PolledTooOften),
        DevicePolled::Denied => Err(Refusal::Denied),
        DevicePolled::Over => Err(Refusal::DeviceCodeExpired),
    }
}
