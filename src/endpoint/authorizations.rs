//! What users have authorized, and how it ends: for one device, for one application, for all of them.

use core::time::Duration;

use super::context::Context;
use crate::fluxer::audit::Action;
use crate::id::FamilyId;
use crate::ledger::{Deauthorize, Devices, Ended, LedgerId, Resume, Revoke, Suspend};
use crate::snowflake::{ApplicationId, Snowflake, UserId};
use crate::store::{Authorized, Edge, Fault, Forgotten};

/// Takes back what a user granted an application, on behalf of `actor`. Answers whether there was anything to take
/// back.
///
/// The ledger comes first: should the rest fail, nothing works any more and the request can be repeated. It is asked
/// again after the consent is forgotten, because an approval may have opened a family in between, and a family that
/// no list shows must not live.
pub async fn deauthorize<E: Edge>(
    cx: &Context<'_, E>,
    actor: Snowflake,
    user: UserId,
    application: ApplicationId,
) -> Result<bool, Fault> {
    let ledger = LedgerId::User(user, application);
    let ended = cx.edge.ask(ledger, Deauthorize).await?;
    let forgotten = cx.edge.forget(user, application, cx.tells()).await?;
    if forgotten == Forgotten::Told {
        cx.edge.wake_outbox(user.0);
    }
    let is_forgotten = forgotten != Forgotten::Nothing;
    if is_forgotten {
        cx.edge.ask(ledger, Deauthorize).await?;
    }
    let was_there = ended > 0 || is_forgotten;
    if was_there {
        let entry = cx.entry(Action::Deauthorized).by(actor).on(user.0);
        cx.edge.record(entry.with(application));
    }
    Ok(was_there)
}

/// Ends the login of a user on one device, on behalf of `actor`. Answers whether there was anything to end. The
/// consent stays.
pub async fn revoke_device<E: Edge>(
    cx: &Context<'_, E>,
    actor: Snowflake,
    user: UserId,
    application: ApplicationId,
    family: FamilyId,
) -> Result<bool, Fault> {
    let ledger = LedgerId::User(user, application);
    let counts = true;
    let ended = cx.edge.ask(ledger, Revoke { family, counts }).await?;
    if ended.is_something() {
        after_revocation(cx, user, application, ended).await;
        let entry = cx.entry(Action::DeviceRevoked).by(actor).on(user.0);
        cx.edge.record(entry.with(application));
    }
    Ok(ended.is_something())
}

/// Suspends the tokens of everything that a user granted, until [`resume_all`].
pub async fn suspend_all<E: Edge>(cx: &Context<'_, E>, user: UserId) -> Result<(), Fault> {
    for authorization in cx.edge.authorizations(user).await? {
        let ledger = LedgerId::User(user, authorization.application);
        cx.edge.ask(ledger, Suspend).await?;
    }
    Ok(())
}

/// Makes the tokens that [`suspend_all`] suspended work again.
pub async fn resume_all<E: Edge>(cx: &Context<'_, E>, user: UserId) -> Result<(), Fault> {
    for authorization in cx.edge.authorizations(user).await? {
        let ledger = LedgerId::User(user, authorization.application);
        cx.edge.ask(ledger, Resume).await?;
    }
    Ok(())
}

/// Has the user asked again before an application gets another device, where its last one is gone. What cannot be
/// read or written is logged: the device has ended all the same.
pub async fn after_device<E: Edge>(cx: &Context<'_, E>, user: UserId, application: ApplicationId) {
    match cx
        .edge
        .ask(LedgerId::User(user, application), Devices)
        .await
    {
        Ok(devices) if devices.is_empty() => cx.edge.lapse(user, application),
        Ok(_) => {}
        Err(fault) => cx.edge.log(&format!("a consent stays as it is: {fault}")),
    }
}

/// Does what [`after_device`] does, where the ledger has said how many devices are left.
pub async fn after_revocation<E: Edge>(
    cx: &Context<'_, E>,
    user: UserId,
    application: ApplicationId,
    ended: Ended,
) {
    match ended {
        Ended::Counted { left: 0 } => cx.edge.lapse(user, application),
        Ended::Counted { .. } => {}
        Ended::Told(_) => after_device(cx, user, application).await,
    }
}

/// Deletes the KV records of a user's logins. KV lists them by their families, so this must be done while the ledgers
/// still know these.
pub async fn forget_families<E: Edge>(cx: &Context<'_, E>, user: UserId) -> Result<(), Fault> {
    for authorization in cx.edge.authorizations(user).await? {
        let ledger = LedgerId::User(user, authorization.application);
        for device in cx.edge.ask(ledger, Devices).await? {
            cx.edge.delete_refresh(device.family);
            // KV keeps a code's record for at least a minute.
            let lifetime = cx.config.code_lifetime.max(Duration::from_secs(60));
            if cx.now.since(device.opened_at) <= lifetime {
                cx.edge.delete_code(device.family);
            }
        }
    }
    Ok(())
}

/// Takes back everything that a user granted, with one call of a ledger for each application.
pub async fn deauthorize_all<E: Edge>(
    cx: &Context<'_, E>,
    actor: Snowflake,
    user: UserId,
) -> Result<(), Fault> {
    for authorization in cx.edge.authorizations(user).await? {
        deauthorize(cx, actor, user, authorization.application).await?;
    }
    Ok(())
}

/// What a user has granted one application, where it is anything.
pub async fn one<E: Edge>(
    cx: &Context<'_, E>,
    user: UserId,
    application: ApplicationId,
) -> Result<Option<Authorized>, Fault> {
    let all = cx.edge.authorizations(user).await?;
    let found = all.into_iter().find(|it| it.application == application);
    let Some(authorization) = found else {
        return Ok(None);
    };
    let application = cx.application(application).await?;
    Ok(application.map(|application| Authorized {
        authorization,
        application: application.as_ref().clone(),
    }))
}
