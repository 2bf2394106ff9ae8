//! `POST /api/platform/events`: the platform tells what became of a user.
//!
//! An event may come late, twice, or before one that happened earlier. Each has its time, and changes nothing that is
//! newer here.

use serde_json::json;

use crate::crypto::secret::Hash;
use crate::endpoint::api::applications::operations::clear_up_after;
use crate::endpoint::api::login_challenges::authenticate;
use crate::endpoint::authorizations::{deauthorize, forget_families, resume_all, suspend_all};
use crate::endpoint::body::Fields;
use crate::endpoint::{Context, Failure};
use crate::fluxer::api_error::ApiError;
use crate::fluxer::audit::Action;
use crate::http::Response;
use crate::ledger::{Devices, LedgerId, Revoke};
use crate::pending::PlatformSession;
use crate::platform::event::{PlatformEventType, instant, session_hash};
use crate::snowflake::UserId;
use crate::store::{Edge, EndedSessions, Fault, Standing};
use crate::time::Timestamp;

/// Longest `jti` and `session_id`, in bytes.
const MAX_TEXT_BYTES: usize = 512;
/// How often an account's standing is read again after its tokens were told of it.
const LOOKS: usize = 3;

/// An event of the platform.
struct Event {
    jti: String,
    kind: PlatformEventType,
    subject: UserId,
    session: Option<Hash<PlatformSession>>,
    at: Timestamp,
}

/// `POST`: answers 202 once everything that the event ends has ended.
pub async fn receive<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<ApiError>> {
    authenticate(cx)?;
    let event = Event::read(cx)?;
    let (user, at) = (event.subject, event.at);
    match event.kind {
        PlatformEventType::SessionRevoked => match &event.session {
            Some(session) => cx.edge.end_platform_session(user, session, cx.now).await?,
            None => cx.edge.end_sessions_until(user, at).await?,
        },
        PlatformEventType::CredentialChange => end_until(cx, user, at).await?,
        PlatformEventType::AccountDisabled => stand(cx, user, Standing::Disabled, at).await?,
        PlatformEventType::AccountEnabled => stand(cx, user, Standing::Enabled, at).await?,
        PlatformEventType::AccountDeleted => delete(cx, user).await?,
        // What somebody is in a guild is asked of the platform each time.
        PlatformEventType::MemberRemoved => {}
    }
    let entry = cx.entry(Action::PlatformEvent).on(user.0).once(&event.jti);
    let details = json!({"type": event.kind.as_str(), "at": at.to_iso()});
    cx.edge.record(entry.saying(details));
    Ok(Response::empty(202))
}

impl Event {
    fn read<E>(cx: &Context<'_, E>) -> Result<Self, ApiError> {
        let mut fields = Fields::read(cx)?;
        let text = |text: &str| match text.len() {
            1..=MAX_TEXT_BYTES => Ok(text.to_owned()),
            _ => Err("must be 1 to 512 bytes"),
        };
        let jti = fields.required("jti", text);
        let kind = fields.required("type", |name| {
            PlatformEventType::from_wire(name).ok_or("must be the type of an event")
        });
        let subject = fields.required("subject", |text| {
            UserId::parse(text).ok_or("must be a decimal id")
        });
        let session = fields.optional("session_id", text);
        let at = fields.any("at").and_then(instant);
        if at.is_none() {
            fields.refuse("at", "must be seconds since 1970, or UTC in ISO 8601");
        }
        // What a later platform says besides is no reason to let an account go on.
        fields.ignore_unknown();
        let read = jti.zip(kind).zip(subject).zip(at);
        let (((jti, kind), subject), at) = fields.finish(read)?;
        Ok(Self {
            jti,
            kind,
            subject,
            session: session.as_deref().map(session_hash),
            at,
        })
    }
}

/// Ends what was opened until `at`. Sessions come first, because a session could authorize anew.
async fn end_until<E: Edge>(cx: &Context<'_, E>, user: UserId, at: Timestamp) -> Result<(), Fault> {
    cx.edge.end_sessions_until(user, at).await?;
    for authorization in cx.edge.authorizations(user).await? {
        if authorization.updated_at <= at {
            deauthorize(cx, user.0, user, authorization.application).await?;
            continue;
        }
        let ledger = LedgerId::User(user, authorization.application);
        for device in cx.edge.ask(ledger, Devices).await? {
            if device.opened_at <= at {
                let family = device.family;
                cx.edge
                    .ask(
                        ledger,
                        Revoke {
                            family,
                            counts: false,
                        },
                    )
                    .await?;
            }
        }
    }
    Ok(())
}

/// Stops an account, or lets it go on: first its sessions, then its tokens. Where two events come at once, the tokens
/// end as the account stands.
async fn stand<E: Edge>(
    cx: &Context<'_, E>,
    user: UserId,
    standing: Standing,
    at: Timestamp,
) -> Result<(), Fault> {
    let mut stands = cx.edge.set_standing(user, standing, at, cx.now).await?;
    for _ in 0..LOOKS {
        match stands {
            Standing::Disabled => suspend_all(cx, user).await?,
            Standing::Enabled => resume_all(cx, user).await?,
        }
        let now = cx.edge.standing(user).await?;
        if now == stands {
            return Ok(());
        }
        stands = now;
    }
    Err(Fault::new("platform", "the account keeps changing"))
}

/// Deletes what belongs to a user, as an administrator does where the users are this server's own.
async fn delete<E: Edge>(cx: &Context<'_, E>, user: UserId) -> Result<(), Fault> {
    cx.edge.close_sessions(user, EndedSessions::All).await?;
    forget_families(cx, user).await?;
    for authorization in cx.edge.authorizations(user).await? {
        deauthorize(cx, user.0, user, authorization.application).await?;
    }
    clear_up_after(cx, user).await?;
    cx.edge.delete_user(user, cx.tells()).await?;
    Ok(())
}
