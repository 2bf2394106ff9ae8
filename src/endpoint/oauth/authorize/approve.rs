//! What follows an approval: the consent, the family, the code, and the bot.

use serde_json::json;

use super::bot::PlannedInstallation;
use super::device_with_code::{DeviceWithCode, over};
use super::interaction::{Callback, Destination, Interaction, RequestedAccess, answered_before};
use crate::crypto::secret::{Hash, SessionId};
use crate::endpoint::oauth::pushed_request::OpenedRequest;
use crate::endpoint::{Context, Failure, Notice, PageRefusal};
use crate::fluxer::audit::{Action, AuditEntry};
use crate::http::{Response, with_member};
use crate::id::FamilyId;
use crate::ledger::{Grant, LedgerId, Open, Opened, Revoke};
use crate::oauth::authorization_request::Prompt;
use crate::oauth::code::{Code, CodeSeed};
use crate::oauth::error::Refusal;
use crate::oauth::openid::{Authentication, SessionName};
use crate::oauth::resource::ResourceGrant;
use crate::oauth::scope::{Scope, Scopes};
use crate::outbox::Granted;
use crate::page::text::Message;
use crate::pending::{DeviceAnswer, DeviceApproval};
use crate::snowflake::UserId;
use crate::store::{
    BrowserSeen, CodeRecord, Consent, Consented, Edge, Fault, Outlook, SeenSession,
};

/// An approval before it is committed: what the user said yes to, and the session that says so.
pub(super) struct UserApproval<'a> {
    pub(super) request: &'a RequestedAccess,
    /// The session that approves: the hash of its cookie.
    pub(super) session: Hash<SessionId>,
    /// The facts of that session that the approval rests on.
    pub(super) seen: SeenSession,
    pub(super) seen_at: SeenAt,
    /// The scopes that are granted: those that were asked for, without those that the user unticked.
    pub(super) scope: Scopes,
    /// The scopes that are granted at another resource server, where the tokens are for one.
    pub(super) resource: Option<ResourceGrant>,
    /// The seed of the form, from which the code is made; a fresh one where no form was shown.
    pub(super) seed: CodeSeed,
    /// The bot and its guild, where the approval adds one.
    pub(super) installation: Option<PlannedInstallation>,
}

/// The request that read the session behind an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SeenAt {
    /// This request read it.
    Request,
    /// The request that showed the form read it. The directory compares it with the session's row in
    /// the statement that writes the consent.
    Form,
}

/// A family that is open, and the party that learns of it.
struct Issued<'a> {
    family: FamilyId,
    told: Told<'a>,
}

enum Told<'a> {
    /// The client learns of it by this code.
    Client(&'a Callback, Code),
    /// The device learns of it at its next poll.
    Device(&'a DeviceWithCode, DeviceApproval),
}

/// The result of a commit.
enum Committed<'a> {
    Answered(Response),
    /// Something is not as the form showed it. Only the ledger has changed so far: it opened the
    /// family. The session is read again, and the commit repeated.
    Changed(Option<Issued<'a>>),
}

impl UserApproval<'_> {
    /// The grant, with the browser and the address by which its user will recognize the device.
    fn grant(&self, seen: BrowserSeen) -> Grant {
        Grant {
            scope: self.scope,
            redirect_uri: String::new(),
            code_challenge: None,
            dpop_jkt: None,
            device: seen.device,
            address: seen.address,
            guild: None,
            joins: None,
            authentication: self.authentication().map(Box::new),
            resource: self.resource.clone().map(Box::new),
        }
    }

    /// The login behind the approval, which ID tokens tell of; `None` without the scope `openid`.
    fn authentication(&self) -> Option<Authentication> {
        self.scope.contains(Scope::Openid).then(|| Authentication {
            auth_time: self.seen.authenticated_at,
            amr: self.seen.amr,
            sid: SessionName::of(&self.session),
            nonce: self.request.oauth.nonce.clone(),
        })
    }
}

impl Interaction {
    /// Issues the code and adds the bot. The ledger opens the code's family, and the code goes out
    /// only if the session that approved still stands after that: a new password ends the sessions
    /// first and then what was authorized, and whichever comes second sees the other. The bot is
    /// added in the same transaction that remembers the consent. Sent twice, the form makes the same
    /// code and adds the bot once, and after a fault it can be sent again; a code that never went
    /// out opens nothing.
    pub(super) async fn approve<E: Edge>(
        &self,
        cx: &Context<'_, E>,
        mut approval: UserApproval<'_>,
    ) -> Result<Response, Failure<PageRefusal>> {
        if let Some(pushed) = &self.pushed {
            approval.seed = seed_of(pushed, &approval);
        }
        let mut committed = self.commit(cx, &approval).await;
        if let Ok(Committed::Changed(issued)) = committed {
            self.read_again(cx, &mut approval, issued).await?;
            committed = self.commit(cx, &approval).await;
        }
        match committed {
            Ok(Committed::Answered(answer)) => Ok(answer),
            Ok(Committed::Changed(_)) => Err(Fault::new("session", "it changes").into()),
            // What passes, the user can send again; what does not, the client has to know.
            Err(Failure::Fault(fault)) if fault.outlook() == Outlook::Permanent => {
                self.tell_client(cx, fault)
            }
            Err(failure) => Err(failure),
        }
    }

    /// Reads the session, because something that the form showed has changed. Where the session has
    /// ended, takes the family back.
    async fn read_again<E: Edge>(
        &self,
        cx: &Context<'_, E>,
        approval: &mut UserApproval<'_>,
        issued: Option<Issued<'_>>,
    ) -> Result<(), Failure<PageRefusal>> {
        let about = Some(self.client().id);
        let session = cx.edge.session(&approval.session, about, cx.now).await?;
        let Some(session) = session else {
            self.take_back(cx, approval, issued).await?;
            return Err(self.log_in(cx).into());
        };
        approval.seen = SeenSession::of(&session);
        approval.seen_at = SeenAt::Request;
        Ok(())
    }

    async fn commit<'a, E: Edge>(
        &'a self,
        cx: &Context<'_, E>,
        approval: &UserApproval<'_>,
    ) -> Result<Committed<'a>, Failure<PageRefusal>> {
        let issued = match &self.destination {
            Destination::Client(callback) => Some(self.issue(cx, approval, callback).await?),
            Destination::Device(device) => Some(self.admit(cx, approval, device).await?),
            Destination::Page => None,
        };
        let consent = self.consent(cx, approval, issued.is_some());
        let plan = approval.installation.as_ref();
        let answer = match (cx.remember(consent).await?, issued) {
            (Consented::Yes, Some(issued)) => self.tell(cx, approval, issued).await?,
            (Consented::Yes, None) => self.added_page(cx, plan)?,
            (Consented::Changed, issued) => return Ok(Committed::Changed(issued)),
            (Consented::SessionEnded, issued) => {
                self.take_back(cx, approval, issued).await?;
                match approval.request.oauth.prompt {
                    Prompt::None => {
                        let granted = approval.seen.granted;
                        self.refuse(cx, granted, &Refusal::LoginRequired).await?
                    }
                    Prompt::Interactive { .. } => return Err(self.log_in(cx).into()),
                }
            }
            (Consented::ApplicationGone, issued) => {
                self.take_back(cx, approval, issued).await?;
                return Err(Notice::bad_request("Unknown client_id").into());
            }
            (Consented::NotInstalled, issued) => {
                self.take_back(cx, approval, issued).await?;
                self.look_again(cx, approval.seen.user, plan).await?
            }
        };
        Ok(Committed::Answered(answer))
    }

    /// The consent as the directory is to remember it.
    fn consent<'a, E: Edge>(
        &'a self,
        cx: &Context<'_, E>,
        approval: &'a UserApproval<'_>,
        with_code: bool,
    ) -> Consent<'a> {
        let seen = &approval.seen;
        let asked = approval.request.oauth.scope;
        let now = approval.installation.as_ref();
        let now = now.filter(|_| !self.bot_joins_later() && cx.config.platform.is_none());
        // Where no token comes of it, there is nothing to remember and nothing to revoke.
        let scope = with_code.then(|| remembered(seen.granted, asked, approval.scope));
        Consent {
            session: Some(&approval.session),
            seen: (approval.seen_at == SeenAt::Form).then_some(seen),
            user: seen.user,
            application: self.client().id,
            scope,
            shown: self.shown().map(|now| match &seen.shown {
                Some(before) => before.clone().and(now),
                None => now,
            }),
            installation: now.map(|plan| plan.installation(&self.application)),
            is_unverified: !self.client().is_verified(),
            now: cx.now,
            entries: self.entries(cx, approval),
            tells: self.tells(cx, approval, scope),
        }
    }

    /// The event that is told of the consent: an authorization that is new or changed, or a bot in a
    /// guild.
    fn tells<E: Edge>(
        &self,
        cx: &Context<'_, E>,
        approval: &UserApproval<'_>,
        scope: Option<Scopes>,
    ) -> Option<Granted> {
        let plan = approval.installation.as_ref();
        let plan = plan.filter(|_| !self.bot_joins_later());
        if plan.is_none() && scope == approval.seen.granted {
            return None;
        }
        let guild = plan.map(|plan| plan.installer.guild.id);
        let id = approval.seed.installation("event");
        let scope = scope.unwrap_or(approval.scope);
        cx.granted(&self.application, id, scope, guild)
    }

    /// The grant, for the client that redeems the code.
    fn grant_by_code(
        &self,
        approval: &UserApproval<'_>,
        callback: &Callback,
        browser: BrowserSeen,
    ) -> Grant {
        let plan = approval.installation.as_ref();
        let later = plan.filter(|_| self.bot_joins_later());
        Grant {
            redirect_uri: callback.redirect_uri.as_str().to_owned(),
            code_challenge: approval.request.oauth.code_challenge,
            dpop_jkt: approval.request.oauth.dpop_jkt,
            joins: later.map(PlannedInstallation::id),
            guild: plan.map(PlannedInstallation::joined).map(Box::new),
            ..approval.grant(browser)
        }
    }

    /// Makes the code, keeps its record and opens its family.
    async fn issue<'a, E: Edge>(
        &self,
        cx: &Context<'_, E>,
        approval: &UserApproval<'_>,
        callback: &'a Callback,
    ) -> Result<Issued<'a>, Failure<PageRefusal>> {
        let (user, application) = (approval.seen.user, self.client().id);
        let openid = approval.scope.contains(Scope::Openid);
        let code = Code::issue(
            &cx.config.keyring,
            user,
            application,
            openid,
            approval.resource.as_ref().map(|resource| resource.id),
            &approval.seed,
        )?;
        let grant = self.grant_by_code(approval, callback, cx.browser_seen());
        let lifetime = self.client().code_lifetime(cx.config.code_lifetime);
        let expires_at = cx.now + lifetime;
        let record = CodeRecord {
            user,
            application,
            grant: grant.clone(),
            expires_at,
        };
        cx.edge.put_code(&code.hash(), &record);
        let family = FamilyId::of_hash(code.hash().bytes());
        let open = Open {
            family,
            grant,
            code_expires_at: expires_at,
        };
        let told = Told::Client(callback, code);
        self.open(cx, user, open).await?;
        Ok(Issued { family, told })
    }

    /// Opens the family of a device, which does not hear of it yet. The user sees the device later in the list, and
    /// not the browser that approved.
    async fn admit<'a, E: Edge>(
        &self,
        cx: &Context<'_, E>,
        approval: &UserApproval<'_>,
        device: &'a DeviceWithCode,
    ) -> Result<Issued<'a>, Failure<PageRefusal>> {
        let asked = &device.asked;
        let family = FamilyId::of_hash(asked.code.bytes());
        let seen = BrowserSeen {
            device: asked.agent.clone(),
            address: asked.address,
        };
        let open = Open {
            family,
            grant: approval.grant(seen),
            code_expires_at: asked.until,
        };
        let user = approval.seen.user;
        self.open(cx, user, open).await?;
        let approved = DeviceApproval {
            user,
            openid: approval.scope.contains(Scope::Openid),
            resource: approval.resource.as_ref().map(|resource| resource.id),
        };
        let told = Told::Device(device, approved);
        Ok(Issued { family, told })
    }

    async fn open<E: Edge>(
        &self,
        cx: &Context<'_, E>,
        user: UserId,
        open: Open,
    ) -> Result<(), Failure<PageRefusal>> {
        match cx.edge.ask(self.ledger(user), open).await? {
            Opened::Open => Ok(()),
            Opened::AnsweredBefore => Err(answered_before().into()),
        }
    }

    /// Lets what was issued go out. A pushed request is spent on it last, so that whatever failed before
    /// can be done again.
    async fn tell<E: Edge>(
        &self,
        cx: &Context<'_, E>,
        approval: &UserApproval<'_>,
        issued: Issued<'_>,
    ) -> Result<Response, Failure<PageRefusal>> {
        if let Some(pushed) = &self.pushed
            && !pushed.spend(cx, issued.family).await?
        {
            self.take_back(cx, approval, Some(issued)).await?;
            return Err(answered_before().into());
        }
        match &issued.told {
            Told::Client(callback, code) => Ok(callback.answer(cx, &[("code", code.expose())])),
            Told::Device(device, approved) => {
                let answer = DeviceAnswer::Approved(*approved);
                if device.answer(cx, answer).await? {
                    return Err(Notice::new(200, Message::DeviceApproved).into());
                }
                self.take_back(cx, approval, Some(issued)).await?;
                Err(over().into())
            }
        }
    }

    /// Ends the family of a code that does not go out, and takes out the bot that came with it.
    async fn take_back<E: Edge>(
        &self,
        cx: &Context<'_, E>,
        approval: &UserApproval<'_>,
        issued: Option<Issued<'_>>,
    ) -> Result<(), Failure<PageRefusal>> {
        let plan = approval.installation.as_ref();
        self.remove_at_platform(cx, plan).await;
        if let Some(Issued { family, .. }) = issued {
            let ledger = self.ledger(approval.seen.user);
            let counts = false;
            cx.edge.ask(ledger, Revoke { family, counts }).await?;
        }
        Ok(())
    }

    /// Whether the bot joins when the code is redeemed: an application that demands a code wants to
    /// know of a guild before its bot is there.
    pub(super) fn bot_joins_later(&self) -> bool {
        self.application.bot_require_code_grant && self.callback().is_some()
    }

    fn ledger(&self, user: UserId) -> LedgerId {
        LedgerId::User(user, self.client().id)
    }

    fn entries<E: Edge>(
        &self,
        cx: &Context<'_, E>,
        approval: &UserApproval<'_>,
    ) -> Vec<AuditEntry> {
        let user = approval.seen.user.0;
        let form = approval.seed.installation("entries");
        let entry = |action| cx.entry(action).by(user).with(self.client().id).once(form);
        let gives_tokens = !matches!(self.destination, Destination::Page);
        let consent = gives_tokens.then(|| {
            let mut details = json!({"scope": approval.scope});
            if let Some(resource) = &approval.resource {
                details = with_member(details, "resource", json!(resource));
            }
            entry(Action::Consent).on(user).saying(details)
        });
        let now = approval.installation.as_ref();
        let bot = now.filter(|_| !self.bot_joins_later()).map(|plan| {
            let guild = plan.installer.guild.id.0;
            entry(Action::BotAdded).on(guild).saying(plan.details())
        });
        consent.into_iter().chain(bot).collect()
    }
}

/// The seed of a pushed request's code. However often one user says yes to the request in the same words, it is one
/// code.
fn seed_of(pushed: &OpenedRequest, approval: &UserApproval<'_>) -> CodeSeed {
    let resource = approval.resource.as_ref().map(|it| &it.scope);
    let (user, scope) = (approval.seen.user, approval.scope);
    CodeSeed::of_request(&json!([pushed.handle(), user, scope, resource]).to_string())
}

/// The scopes that are remembered after a consent. Those that were withheld this time are forgotten, and those that
/// were not asked for stay.
fn remembered(before: Option<Scopes>, asked: Scopes, granted: Scopes) -> Scopes {
    before.unwrap_or(Scopes::NONE).without(asked).union(granted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_withheld_is_forgotten_and_what_was_not_asked_stays() {
        let scopes = |text| Scopes::parse(text).expect("scopes");
        let check = |before, asked, granted, expected: &str| {
            assert_eq!(
                remembered(before, scopes(asked), scopes(granted)).to_string(),
                expected
            );
        };
        check(None, "identify email", "identify", "identify");
        check(
            Some(scopes("guilds")),
            "identify",
            "identify",
            "identify guilds",
        );
        check(
            Some(scopes("identify email")),
            "identify email",
            "identify",
            "identify",
        );
    }
}
