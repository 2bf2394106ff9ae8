//! `grant_type=authorization_code` (RFC 6749 §4.1.3, RFC 7636 §4.5).

use futures_util::future::join;

use crate::endpoint::authorizations::after_device;
use crate::endpoint::dpop::{ProvedKey, use_once};
use crate::endpoint::oauth::client_authentication::AuthenticatedClient;
use crate::endpoint::oauth::resource;
use crate::endpoint::oauth::token::commit;
use crate::endpoint::oauth::token::issue::{Issuance, id_token_signer, keep_record};
use crate::endpoint::{Context, Failure};
use crate::fluxer::application::Application;
use crate::fluxer::audit::Action;
use crate::fluxer::guild::{JoinedGuild, Membership, Role};
use crate::fluxer::installation::{details, install};
use crate::fluxer::permissions::Permissions;
use crate::id::{AttemptId, FamilyId, InstallationId};
use crate::ledger::{Evidence, Join, Joining, LedgerId, Redeem};
use crate::oauth::code::Code;
use crate::oauth::error::{GrantRefusal, Refusal};
use crate::oauth::params::Params;
use crate::oauth::pkce::challenge_of_verifier;
use crate::platform::directory::BotAdded;
use crate::snowflake::{RoleId, UserId};
use crate::store::{CodeRecord, Consent, Consented, Edge, Fault, Installation, Member};
use crate::time::Timestamp;

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

    let record = record(cx, &code).await;
    let may_add_bot = may_add_bot(record.as_ref(), client.application(), cx.now);
    let may_add_bot = may_add_bot.map_err(Refusal::Grant)?;

    let signer = id_token_signer(cx, client.client(), code.openid);
    let (target, signer) = join(resource::granted(cx, params, code.resource), signer).await;
    let (target, signer) = (target?, signer?);
    let redeem = question(cx, client, &code, evidence)?;
    let (family, ledger) = (redeem.family, LedgerId::User(code.user, code.application));
    use_once(cx, key).await?;
    let mut granted_bot = None;
    if may_add_bot {
        let join = Join {
            redeem: redeem.clone(),
        };
        if let Some(joining) = cx.edge.ask(ledger, join).await? {
            granted_bot = Some(add_bot(cx, client.application(), code.user, &joining).await?);
        }
    }
    let redeemed = commit(cx, ledger, redeem).await?;
    if matches!(redeemed, Err(GrantRefusal::SpentCode)) {
        // It may have ended the login that the code began.
        after_device(cx, code.user, code.application).await;
    }
    let redeemed = redeemed.map_err(Refusal::Grant)?;
    let (live, guild) = (redeemed.generation, redeemed.guild);
    let (user, application) = (code.user, code.application);
    keep_record(cx, (user, application), family, &live);
    Ok(Issuance {
        guild: joined(guild, granted_bot),
        ..Issuance::of_family(user, application, family, live, signer, target)
    })
}

/// The verb that redeems the code in the ledger.
fn question<E: Edge>(
    cx: &Context<'_, E>,
    client: &AuthenticatedClient,
    code: &Code,
    evidence: Evidence,
) -> Result<Redeem, Fault> {
    Ok(Redeem {
        family: FamilyId::of_hash(code.hash().bytes()),
        application: code.application,
        evidence,
        registered: Some(client.client().redirect_uris.clone()),
        attempt: AttemptId::from_bytes(cx.edge.random()?),
        lifetime: cx.config.refresh_token_lifetime,
    })
}

/// Whether the redemption may have to add a bot first. The record in KV may refuse an expired code. Anything else
/// that it says or does not say is left to the ledger, because a hit may be stale and a miss may be early.
fn may_add_bot(
    record: Option<&CodeRecord>,
    application: &Application,
    now: Timestamp,
) -> Result<bool, GrantRefusal> {
    match record {
        Some(record) if record.expires_at <= now => Err(GrantRefusal::ExpiredCode),
        Some(record) => Ok(record.grant.joins.is_some()),
        None => Ok(application.bot.is_some()),
    }
}

/// The guild as the token response tells it, with the permissions that the bot got where it was added just now.
fn joined(
    guild: Option<Box<JoinedGuild>>,
    granted: Option<Permissions>,
) -> Option<Box<JoinedGuild>> {
    let mut guild = guild?;
    guild.permissions = granted.unwrap_or(guild.permissions);
    Some(guild)
}

/// Reads the record of a request's code before the client is known.
pub(super) async fn read_ahead<E: Edge>(cx: &Context<'_, E>, params: &Params) {
    let code = params.one("code").ok().flatten();
    if let Some(code) = code.and_then(|code| Code::parse(&cx.config.keyring, code)) {
        let record = record(cx, &code).await;
        let _ = cx.so_far.code_record.set(record);
    }
}

async fn record<E: Edge>(cx: &Context<'_, E>, code: &Code) -> Option<CodeRecord> {
    if let Some(record) = cx.so_far.code_record.get() {
        return record.clone();
    }
    cx.edge.code(&code.hash()).await.unwrap_or_else(|fault| {
        cx.edge.log(&fault.to_string());
        None
    })
}

/// Adds the bot, where the user who agreed may still do so, and answers the permissions that it got. Done again it
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
    let wanted = guild.permissions;
    let entry = cx.entry(Action::BotAdded).by(user.0).with(id).once(*by);
    let entry = entry.on(guild.id.0);
    if let Some(platform) = &cx.config.platform {
        let added = cx.add_bot_at_platform(platform, (id, guild.id), (wanted, user), *by);
        let BotAdded::With(permissions) = added.await? else {
            return Err(refused().into());
        };
        cx.edge.record(entry.saying(details(permissions, None)));
        return Ok(permissions);
    }
    let installer = cx.membership(guild.id, Member::User(user), Some(id));
    let installer = may_install(installer.await?, wanted, *by).ok_or_else(refused)?;
    let role = Role {
        id: RoleId(cx.new_id()?),
        permissions: wanted,
    };
    // The consent before it has told of the authorization.
    let consent = Consent {
        installation: Some(Installation::new(
            *by,
            &installer,
            role,
            application.name.as_str(),
        )),
        entries: vec![entry.saying(details(wanted, installer.bot.as_ref()))],
        ..Consent::given_before(user, id, cx.now)
    };
    match cx.edge.consent(consent).await? {
        Consented::Yes => Ok(wanted),
        Consented::NotInstalled
        | Consented::SessionEnded
        | Consented::Changed
        | Consented::ApplicationGone => Err(refused().into()),
    }
}

/// The installer, where they may still give the bot everything that they agreed to.
fn may_install(
    installer: Option<Membership>,
    wanted: Permissions,
    form: InstallationId,
) -> Option<Membership> {
    let granted = install(installer.as_ref(), wanted, wanted, form);
    installer.filter(|_| granted == Ok(wanted))
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
