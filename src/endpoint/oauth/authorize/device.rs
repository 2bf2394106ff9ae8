//! `/device`: a user types the code that a device shows, and answers the device (RFC 8628 §3.3). A link with the code
//! fills the field in and does no more: whoever follows it is asked all the same (§3.3.1, §5.4).

use super::approve::{SeenAt, UserApproval};
use super::consent_page::consent_form;
use super::decision::Decision;
use super::device_with_code::{DeviceWithCode, over, waiting};
use super::interaction::{Destination, Interaction, RequestedAccess, requested_resource};
use crate::crypto::form_ticket::Form;
use crate::endpoint::attempts::{Attempt, Counter};
use crate::endpoint::caller::LoggedIn;
use crate::endpoint::failure::LOGIN_BUCKET;
use crate::endpoint::{Context, Failure, Notice, PageRefusal, limit_headers};
use crate::http::Response;
use crate::location::Target;
use crate::oauth::authorization_request::Prompt;
use crate::oauth::code::CodeSeed;
use crate::oauth::device::UserCode;
use crate::oauth::params::Params;
use crate::page::text::Message;
use crate::page::{DEVICE, DevicePage, DeviceProblem, Page};
use crate::pending::DeviceAnswer;
use crate::store::{Edge, SeenSession};

type Answer = Result<Response, Failure<PageRefusal>>;

/// `GET`: shows the field for the code.
pub async fn show<E: Edge>(cx: &Context<'_, E>) -> Answer {
    let logged_in = cx.account().await?;
    let query = Params::from_form(&cx.request.query);
    let typed = query.one("user_code").ok().flatten().unwrap_or_default();
    form_page(cx, &logged_in, 200, typed, None)
}

/// `POST`: takes the code, and then the user's answer.
pub async fn submit<E: Edge>(cx: &Context<'_, E>) -> Answer {
    let form = cx.posted_form(&cx.request.target())?;
    // Guesses at user codes are counted by account too, and so made by somebody.
    let logged_in = cx.account().await?;
    if form.one("decision") == Ok(None) {
        look_up(cx, &logged_in, &form).await
    } else {
        decide(cx, &form).await
    }
}

/// Finds the device that shows this code. Wrong codes are counted as wrong passwords are.
async fn look_up<E: Edge>(cx: &Context<'_, E>, logged_in: &LoggedIn, form: &Params) -> Answer {
    if cx.check_ticket(&code_form(logged_in), form).is_none() {
        return Err(Notice::form_refused(cx.request.target()).into());
    }
    let typed = form.one("user_code").map_err(Notice::bad_request)?;
    let Some(typed) = typed.filter(|it| !it.trim().is_empty()) else {
        return form_page(cx, logged_in, 400, "", Some(DeviceProblem::Unknown));
    };
    let user = logged_in.session.user.id;
    let counters = [Counter::UserCodes, Counter::UserCodesOf(user)];
    let attempt = match Attempt::begin(cx, &counters).await? {
        Ok(attempt) => attempt,
        Err(refused) => {
            let seconds = refused.retry_after();
            let problem = Some(DeviceProblem::TooManyAttempts(seconds));
            let mut response = form_page(cx, logged_in, 429, typed, problem)?;
            response.extend(limit_headers(LOGIN_BUCKET, &refused));
            return Ok(response.with("retry-after", seconds.to_string()));
        }
    };
    let waiting = waiting(cx, UserCode::parse(typed)).await?;
    let Some((device, None)) = waiting else {
        let tightest = attempt.failed();
        let problem = Some(DeviceProblem::Unknown);
        let mut response = form_page(cx, logged_in, 400, typed, problem)?;
        if let Some(verdict) = tightest {
            response.extend(limit_headers(LOGIN_BUCKET, &verdict));
        }
        return Ok(response);
    };
    attempt.succeeded();
    let (interaction, logged_in) = Interaction::of_device(cx, device).await?;
    match &interaction.request {
        Ok(request) => {
            interaction
                .consent_page(cx, request, &logged_in, None)
                .await
        }
        Err(refusal) => Err(Notice::bad_request(refusal).into()),
    }
}

/// Takes the consent form that comes back. Its ticket shows that this browser was shown this device.
async fn decide<E: Edge>(cx: &Context<'_, E>, form: &Params) -> Answer {
    let query = Params::from_form(&cx.request.query);
    let user_code = query.one("user_code").map_err(Notice::bad_request)?;
    let waiting = waiting(cx, user_code.and_then(UserCode::parse)).await?;
    let Some((device, _)) = waiting else {
        return Err(over().into());
    };
    let (interaction, logged_in) = Interaction::of_device(cx, device).await?;
    let request = interaction.request.as_ref().map_err(Notice::bad_request)?;
    let subject = interaction.subject(request);
    let ticket = consent_form(&logged_in.cookie, &subject);
    let Some(seed) = cx.check_ticket(&ticket, form).map(CodeSeed::from) else {
        return Err(Notice::form_refused(cx.request.target()).into());
    };
    let session = SeenSession::of(&logged_in.session);
    let may_grant = interaction.may_grant(request, &session);
    may_grant.map_err(Notice::bad_request)?;
    let (scope, resource) = match Decision::read(request, form)? {
        Decision::Approved(yes) => (yes.scope, yes.resource),
        Decision::Denied | Decision::NoGuild => {
            let is_first = match &interaction.destination {
                Destination::Device(device) => device.answer(cx, DeviceAnswer::Denied).await?,
                Destination::Client(_) | Destination::Page => false,
            };
            let denied = Notice::new(200, Message::DeviceDenied);
            return Err(if is_first { denied } else { over() }.into());
        }
    };
    let approval = UserApproval {
        request,
        session: logged_in.cookie.hash(),
        seen: session,
        seen_at: SeenAt::Request,
        scope,
        resource,
        seed,
        installation: None,
    };
    interaction.approve(cx, approval).await
}

impl Interaction {
    /// The interaction with a device, and the session of the user who is asked.
    async fn of_device<E: Edge>(
        cx: &Context<'_, E>,
        device: DeviceWithCode,
    ) -> Result<(Self, LoggedIn), Failure<PageRefusal>> {
        let client = device.asked.client;
        let logged_in = cx.logged_in(Some(client)).await?;
        let back = || PageRefusal::LogIn(device.page().as_str().to_owned());
        let logged_in = logged_in.ok_or_else(back)?;
        let device = Box::new(device);
        let mut interaction = Self::known_of_device(cx, device.clone()).await?;
        if !interaction.is_readable() && cx.decides_anew() {
            interaction = Self::known_of_device(cx, device).await?;
        }
        Ok((interaction, logged_in))
    }

    async fn known_of_device<E: Edge>(
        cx: &Context<'_, E>,
        device: Box<DeviceWithCode>,
    ) -> Result<Self, Failure<PageRefusal>> {
        let known = cx.known_application(device.asked.client).await?;
        let application = cx.unless_freed(known).await?.ok_or_else(over)?;
        if application.suspended {
            return Err(Notice::new(403, Message::ApplicationSuspended).into());
        }
        let params = Params::from_form(&device.asked.request);
        let resource = requested_resource(cx, &params).await?;
        let destination = Destination::Device(device);
        Ok(Self {
            prompt: Ok(Prompt::ALWAYS),
            request: RequestedAccess::parse(&params, &application, &destination, resource),
            destination,
            application,
            pushed: None,
        })
    }
}

fn code_form(logged_in: &LoggedIn) -> Form<'_> {
    Form {
        name: "device",
        browser: logged_in.cookie.expose(),
        subject: "",
    }
}

fn form_page<E: Edge>(
    cx: &Context<'_, E>,
    logged_in: &LoggedIn,
    status: u16,
    typed: &str,
    problem: Option<DeviceProblem>,
) -> Answer {
    let typed = UserCode::parse(typed).map_or_else(|| typed.to_owned(), |it| it.to_string());
    let here = Target::of(DEVICE, &[("user_code", &typed)]);
    let chrome = cx.chrome(here.as_str());
    let page = DevicePage {
        action: DEVICE,
        csrf_token: &cx.ticket(&code_form(logged_in))?,
        username: logged_in.session.user.username.as_str(),
        typed: &typed,
        problem,
    };
    let error = problem.map_or("", |_| chrome.text.layout.error);
    let title = [error, chrome.text.device.heading].concat();
    Ok(Page::render(chrome, &title, &page).respond(status))
}
