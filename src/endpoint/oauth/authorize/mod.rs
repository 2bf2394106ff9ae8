//! `/oauth2/authorize`: the user says yes or no (RFC 6749 §4.1.1), and a bot comes along.
//!
//! What is wrong with the client or its redirect URI is shown on a page; everything else is told
//! to the client by redirect, once the user is known (RFC 9700 §4.11.2). A link that only adds a
//! bot has no client waiting: it ends on a page, whatever comes of it.

mod approve;
mod bot;
mod consent_page;
mod decision;
pub mod device;
mod device_with_code;
mod interaction;

use std::rc::Rc;

use self::approve::{SeenAt, UserApproval};
use self::consent_page::consent_form;
use self::decision::{Approved, Decision};
use self::interaction::{Destination, Interaction, RequestedAccess, Step};
use crate::crypto::secret::{Hash, SessionId};
use crate::endpoint::oauth::pushed_request::{OpenedRequest, is_pushed};
use crate::endpoint::oauth::{client_document, resource};
use crate::endpoint::return_to::ReturnTo;
use crate::endpoint::{Context, Failure, Notice, PageRefusal};
use crate::fluxer::application::Application;
use crate::http::{Body, Method, Request, Response};
use crate::json_reader;
use crate::location::Target;
use crate::oauth::authorization_request::Prompt;
use crate::oauth::client::url::ClientIdentifier;
use crate::oauth::code::CodeSeed;
use crate::oauth::error::Refusal;
use crate::oauth::params::Params;
use crate::oauth::scope::Scope;
use crate::pending::RejectedLogin;
use crate::store::{Edge, Fault, SeenSession};

/// `GET`: shows the consent form, or answers the client without one.
pub async fn show<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<PageRefusal>> {
    let interaction = Interaction::read(cx, Interaction::is_settled).await?;
    if let Some(used) = interaction.used_before() {
        return Err(used.into());
    }
    match proceed(cx, &interaction).await {
        // A user can reload a page; a client that asked for silence is told.
        Err(Failure::Fault(fault)) if interaction.prompt == Ok(Prompt::None) => {
            interaction.tell_client(cx, fault)
        }
        answer => answer,
    }
}

/// Takes the request as far as it goes without an answer of the user.
async fn proceed<E: Edge>(
    cx: &Context<'_, E>,
    interaction: &Interaction,
) -> Result<Response, Failure<PageRefusal>> {
    let logged_in = cx.logged_in(Some(interaction.client().id)).await?;
    let session = logged_in.as_ref().map(|it| &it.session);
    // Nobody is compared with a hint before they are known.
    let step = match session {
        None => interaction.next_step(None, cx.now),
        Some(session) => match interaction.check_hint(cx, session).await? {
            Ok(()) => interaction.next_step(Some(session), cx.now),
            Err(refusal) => Step::Refuse(refusal),
        },
    };
    match (step, &logged_in) {
        (Step::Refuse(refusal), logged_in) => {
            let granted = logged_in.as_ref().and_then(|it| it.session.granted);
            interaction.refuse(cx, granted, &refusal).await
        }
        (Step::LogIn, _) | (_, None) => Err(interaction.log_in(cx).into()),
        // HEAD changes nothing (RFC 9110 §9.2.1): programs that check links send it.
        (Step::Approve(request), Some(logged_in)) if cx.request.method != Method::Head => {
            let approval = UserApproval {
                request,
                session: logged_in.cookie.hash(),
                seen: SeenSession::of(&logged_in.session),
                seen_at: SeenAt::Request,
                scope: request.oauth.scope,
                resource: request.oauth.resource.clone(),
                seed: CodeSeed(cx.edge.random()?),
                installation: None,
            };
            interaction.approve(cx, approval).await
        }
        (Step::Approve(request) | Step::AskConsent(request), Some(logged_in)) => {
            interaction.consent_page(cx, request, logged_in, None).await
        }
    }
}

/// `POST`: takes the consent form that comes back, or a client's request.
pub async fn decide<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<PageRefusal>> {
    if let Some(target) = cx.posted_request("decision")? {
        return Ok(Response::see_other(target));
    }
    let form = cx.posted_form(&cx.request.target())?;
    let mut interaction = Interaction::read(cx, Interaction::is_readable).await?;
    if let Some((answer, yes)) = interaction.approval_as_shown(cx, &form) {
        return consented(cx, interaction, &form, answer, yes).await;
    }
    if !interaction.is_settled() {
        interaction = Interaction::read(cx, Interaction::is_settled).await?;
    }
    let Some(logged_in) = cx.logged_in(Some(interaction.client().id)).await? else {
        return Err(interaction.log_in(cx).into());
    };
    let granted = logged_in.session.granted;
    let request = match &interaction.request {
        Ok(request) => request,
        Err(refusal) => return interaction.refuse(cx, granted, refusal).await,
    };
    let subject = interaction.subject(request);
    let ticket = consent_form(&logged_in.cookie, &subject);
    let Some(seed) = cx.check_ticket(&ticket, &form).map(CodeSeed::from) else {
        return Err(Notice::form_refused(cx.request.target()).into());
    };
    let answer = ConsentAnswer {
        session: logged_in.cookie.hash(),
        seen: SeenSession::of(&logged_in.session),
        seen_at: SeenAt::Request,
        seed,
    };
    let may_grant = interaction.may_grant(request, &answer.seen);
    let refusal = match may_grant.map(|()| Decision::read(request, &form)) {
        Err(refusal) => refusal,
        Ok(decision) => match decision? {
            Decision::Approved(yes) => return consented(cx, interaction, &form, answer, yes).await,
            Decision::NoGuild => {
                let page = interaction.consent_page(cx, request, &logged_in, Some(&form));
                return page.await;
            }
            Decision::Denied => Refusal::Denied,
        },
    };
    interaction.refuse(cx, granted, &refusal).await
}

/// A consent form that came back: the session that it came from, and the seed that tells it from others.
struct ConsentAnswer {
    session: Hash<SessionId>,
    seen: SeenSession,
    seen_at: SeenAt,
    seed: CodeSeed,
}

impl Interaction {
    /// The approval of a form that came back, where it follows from the form and from what was shown with it.
    /// Everything else is decided by the session as it is now, and so is the scope `admin`.
    fn approval_as_shown<E: Edge>(
        &self,
        cx: &Context<'_, E>,
        form: &Params,
    ) -> Option<(ConsentAnswer, Approved)> {
        // Whether a platform's user may still log in is the platform's to say.
        cx.config.platform.is_none().then_some(())?;
        let cookie = cx.session_cookie()?;
        let request = self.request.as_ref().ok()?;
        let subject = self.subject(request);
        let (nonce, note) = cx.read_ticket(&consent_form(&cookie, &subject), form)?;
        let seen: SeenSession = json_reader::read(&note?).ok()?;
        self.may_grant(request, &seen).ok()?;
        let Ok(Decision::Approved(yes)) = Decision::read(request, form) else {
            return None;
        };
        if yes.scope.contains(Scope::Admin) {
            return None;
        }
        let answer = ConsentAnswer {
            session: cookie.hash(),
            seen,
            seen_at: SeenAt::Form,
            seed: CodeSeed::from(nonce),
        };
        Some((answer, yes))
    }
}

/// Carries out an approval.
async fn consented<E: Edge>(
    cx: &Context<'_, E>,
    mut interaction: Interaction,
    form: &Params,
    answer: ConsentAnswer,
    yes: Approved,
) -> Result<Response, Failure<PageRefusal>> {
    let ConsentAnswer { seed, seen, .. } = &answer;
    let installation = match yes.bot {
        None => None,
        Some(chosen) => {
            let planned = interaction.plan(cx, seen.user, chosen, form, *seed);
            let Some(planned) = planned.await? else {
                return interaction.show_difference(cx, chosen, form).await;
            };
            Some(planned)
        }
    };
    interaction.application = client_document::kept(cx, &interaction.application).await?;
    let request = match &interaction.request {
        Ok(request) => request,
        Err(refusal) => return interaction.refuse(cx, seen.granted, refusal).await,
    };
    let mut approval = UserApproval {
        request,
        session: answer.session,
        seen: answer.seen,
        seen_at: answer.seen_at,
        scope: yes.scope,
        resource: yes.resource,
        seed: answer.seed,
        installation,
    };
    let plan = approval.installation.as_mut();
    interaction
        .add_at_platform(cx, approval.seen.user, plan)
        .await?;
    interaction.approve(cx, approval).await
}

/// Refuses whatever can be refused of a request before its user is known.
pub(super) async fn check<E: Edge>(
    cx: &Context<'_, E>,
    params: &Params,
    application: &Application,
) -> Result<(), Failure<Refusal>> {
    let destination = Destination::read(params, &application.client)?;
    if matches!(destination, Destination::Page) {
        return Err(Refusal::Missing("redirect_uri").into());
    }
    let resource = resource::requested(cx, params).await?;
    RequestedAccess::parse(params, application, &destination, Ok(resource))?;
    Ok(())
}

/// Tells a client that nobody logged in, in the platform's words.
pub async fn reject<E: Edge>(
    cx: &Context<'_, E>,
    target: &Target,
    rejected: &RejectedLogin,
) -> Result<Response, Failure<PageRefusal>> {
    let (path, query) = target.as_str().split_once('?').unwrap_or_default();
    let request = Request {
        method: Method::Get,
        secure: cx.request.secure,
        path: path.to_owned(),
        query: query.to_owned(),
        headers: cx.request.headers.clone(),
        body: Body::Read(Vec::new()),
    };
    let there = cx.about(&request);
    let interaction = Interaction::read(&there, Interaction::is_settled).await?;
    let refusal = match (rejected.denied, &rejected.description) {
        (true, words) if words.is_empty() => Refusal::Denied,
        (false, words) if words.is_empty() => Refusal::LoginRequired,
        (denied, words) => Refusal::LoginRejected {
            denied,
            words: words.clone(),
        },
    };
    interaction.refuse(&there, None, &refusal).await
}

/// The application that waits for a login on the way to `return_to`, where one does. Opens its pushed request.
pub async fn waiting<E: Edge>(
    cx: &Context<'_, E>,
    return_to: &ReturnTo,
) -> Result<Option<Rc<Application>>, Fault> {
    let Some(params) = return_to.authorization_query().map(Params::from_form) else {
        return Ok(None);
    };
    let mut application = known_to_wait(cx, &params).await?;
    if application.is_none() && cx.decides_anew() {
        application = known_to_wait(cx, &params).await?;
    }
    if let Some(application) = &application {
        OpenedRequest::open(cx, &params, &application.client.wire_id()).await?;
    }
    Ok(application)
}

/// The application of a request, where the request can be answered there.
async fn known_to_wait<E: Edge>(
    cx: &Context<'_, E>,
    params: &Params,
) -> Result<Option<Rc<Application>>, Fault> {
    let id = params.one("client_id").ok().flatten();
    let application = match id.and_then(ClientIdentifier::parse) {
        None => None,
        Some(ClientIdentifier::Id(id)) => cx.application(id).await?,
        Some(ClientIdentifier::Url(url)) => match client_document::client(cx, &url).await {
            Ok(application) => application,
            Err(Failure::Refused(_)) => None,
            Err(Failure::Fault(fault)) => return Err(fault),
        },
    };
    let leads_there =
        |it: &Rc<Application>| is_pushed(params) || Destination::read(params, &it.client).is_ok();
    Ok(application.filter(leads_there))
}
