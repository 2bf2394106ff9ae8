//! `grant_type=authorization_code` (RFC 6749 §4.1.3, RFC 7636 §4.5).

use futures_util::future::join;
use serde_json::json;

use crate::endpoint::api::authorizations::after_device;
use crate::endpoint::oauth::client_authentication::AuthenticatedClient;
use crate::endpoint::oauth::dpop::{ProvedKey, use_once};
use crate::endpoint::oauth::resource;
use crate::endpoint::oauth::token::issue::{Issuance, id_token_signer};
use crate::endpoint::{Context, Failure};
use crate::fluxer::application::Application;
use crate::fluxer::audit::Action;
use crate::fluxer::guild::Role;
use crate::fluxer::installation::{details, install};
use crate::fluxer::permissions::Permissions;
use crate::id::{AttemptId, FamilyId};
use crate::ledger::{Evidence, Join, Joining, LedgerId, Redeem, Redeemed};
use crate::oauth::code::Code;
use crate::oauth::error::{GrantRefusal, Refusal};
use crate::oauth::params::Params;
use crate::oauth::pkce::challenge_of_verifier;
use crate::platform::directory::BotAdded;
use crate::snowflake::{RoleId, UserId};
use crate::store::{
    CodeRecord, Consent, Consented, Edge, Fault, Installation, Member, RefreshRecord,
};

/// Redeems a code.
pub(super) async fn redeem<E: Edge>(
    cx: &Context<'_, E>,
    client: &AuthenticatedClient,
    params: &Params,
    key: Option<&ProvedKey<'_>>,
) -> Result<Issuance<E::Signer>, Failure<Refusal>> {
    let code = params.required("code")?;
    let evidence = evidence(client, params, key)?;
    let code =
        Code::parse(&cx.config.keyring, code).ok_or(Refusal::Grant(GrantRefusal::UnknownCode))?;

    // KV may refuse what time has refused; whatever else it says or does not say, the ledger
    // decides, for a hit may be stale and a miss may be early.
    let record = match cx.so_far.code_record.get() {
        Some(record) => record.clone(),
        None => record(cx, &code).await,
    };
    if record.as_ref().is_some_and(|it| it.expires_at <= cx.now) {
        return Err(Refusal::Grant(GrantRefusal::ExpiredCode).into());
    }

    let signer = id_token_signer(cx, client.client(), code.openid);
    let (target, signer) = join(resource::granted(cx, params, code.resource), signer).await;
    let (target, signer) = (target?, signer?);
    let family = FamilyId::of_hash(code.hash().bytes());
    let ledger = LedgerId::User(code.user, code.application);
    let redeem = Redeem {
        family,
        application: code.application,
        evidence,
        registered: Some(client.client().redirect_uris.clone()),
        attempt: AttemptId::from_bytes(cx.edge.random()?),
        lifetime: cx.config.refresh_token_lifetime,
    };
    use_once(cx, key).await?;
    let may_join = match &record {
        Some(record) => record.grant.joins.is_some(),
        None => client.application().bot.is_some(),
    };
    let mut joined = None;
    if may_join {
        let join = Join {
            redeem: redeem.clone(),
        };
        if let Some(joining) = cx.edge.ask(ledger, join).await? {
            joined = Some(add_bot(cx, client.application(), code.user, &joining).await?);
        }
    }
    let redeemed = commit(cx, ledger, redeem).await?;
    if matches!(redeemed, Err(GrantRefusal::SpentCode)) {
        // It may have ended the login that the code began.
        after_device(cx, code.user, code.application).await;
    }
    let mut redeemed = redeemed.map_err(Refusal::Grant)?;
    if let (Some(guild), Some(permissions)) = (&mut redeemed.guild, joined) {
        guild.permissions = permissions;
    }
    let live = redeemed.generation;

    let record = RefreshRecord {
        user: code.user,
        application: code.application,
        scope: live.scope,
        expires_at: live.expires_at,
    };
    cx.edge.put_refresh(family, &record);
    Ok(Issuance {
        guild: redeemed.guild,
        ..Issuance::of_family(code.user, code.application, family, live, signer, target)
    })
}

/// Reads the record of a request's code before it is known who asks.
pub(super) async fn read_ahead<E: Edge>(cx: &Context<'_, E>, params: &Params) {
    let code = params.one("code").ok().flatten();
    if let Some(code) = code.and_then(|code| Code::parse(&cx.config.keyring, code)) {
        let record = record(cx, &code).await;
        let _ = cx.so_far.code_record.set(record);
    }
}

async fn record<E: Edge>(cx: &Context<'_, E>, code: &Code) -> Option<CodeRecord> {
    cx.edge.code(&code.hash()).await.unwrap_or_else(|fault| {
        cx.edge.log(&fault.to_string());
        None
    })
}

/// Adds the bot, as far as the user who agreed may still do so, and answers what it got. Done again it
/// changes nothing, so a redemption that a fault has stopped can be repeated.
async fn add_bot<E: Edge>(
    cx: &Context<'_, E>,
    application: &Application,
    user: UserId,
    joining: &Joining,
) -> Result<Permissions, Failure<Refusal>> {
    let refused = || Refusal::Grant(GrantRefusal::BotNotAdded);
    let id = application.client.id;
    let Joining { guild, by } = joining;
    if let Some(platform) = &cx.config.platform {
        let asked = (guild.permissions, user);
        let added = cx.add_bot_at_platform(platform, (id, guild.id), asked, *by);
        let BotAdded::With(permissions) = added.await? else {
            return Err(refused().into());
        };
        let entry = cx.entry(Action::BotAdded).by(user.0).with(id).once(*by);
        let entry = entry.on(guild.id.0);
        cx.edge
            .record(entry.saying(json!({"permissions": permissions})));
        return Ok(permissions);
    }
    let member = Member::User(user);
    let installer = cx.membership(guild.id, member, Some(id)).await?;
    let wanted = guild.permissions;
    let permissions = install(installer.as_ref(), wanted, wanted, *by);
    if permissions.ok() != Some(wanted) {
        return Err(refused().into());
    }
    let installer = installer.ok_or_else(refused)?;
    let role = Role {
        id: RoleId(cx.new_id()?),
        permissions: wanted,
    };
    let entry = cx.entry(Action::BotAdded).by(user.0).with(id).once(*by);
    let consent = Consent {
        session: None,
        seen: None,
        user,
        application: id,
        scope: None,
        shown: None,
        installation: Some(Installation {
            id: *by,
            installer: &installer,
            role: (!wanted.is_empty()).then_some(role),
            role_name: application.name.as_str(),
        }),
        is_unverified: false,
        now: cx.now,
        entries: vec![
            entry
                .on(guild.id.0)
                .saying(details(wanted, installer.bot.as_ref())),
        ],
        // The consent before it has told of the authorization.
        tells: None,
    };
    match cx.edge.consent(consent).await? {
        Consented::Yes => Ok(wanted),
        Consented::NotInstalled
        | Consented::SessionEnded
        | Consented::Changed
        | Consented::ApplicationGone => Err(refused().into()),
    }
}

/// The commit point. A code is spent by the time its answer is lost, so the question is asked once
/// more before the client hears of it; the ledger knows the attempt again.
async fn commit<E: Edge>(
    cx: &Context<'_, E>,
    ledger: LedgerId,
    redeem: Redeem,
) -> Result<Result<Redeemed, GrantRefusal>, Fault> {
    match cx.edge.ask(ledger, redeem.clone()).await {
        Ok(answer) => Ok(answer),
        Err(fault) => {
            cx.edge.log(&format!("asking again after {fault}"));
            cx.edge.ask(ledger, redeem).await
        }
    }
}

fn evidence(
    client: &AuthenticatedClient,
    params: &Params,
    key: Option<&ProvedKey<'_>>,
) -> Result<Evidence, Refusal> {
    let verifier = params.one("code_verifier")?;
    let challenge = verifier
        .map(|verifier| {
            challenge_of_verifier(verifier).ok_or(Refusal::Invalid {
                parameter: "code_verifier",
                must: "it must be 43 to 128 characters",
            })
        })
        .transpose()?;
    Ok(Evidence {
        client: client.id(),
        proof: client.proof(),
        redirect_uri: params.one("redirect_uri")?.map(str::to_owned),
        challenge,
        key: key.map(ProvedKey::thumbprint),
    })
}
