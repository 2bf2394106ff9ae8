//! `/oauth2/authorize`: the user says yes or no (RFC 6749 §4.1.1), and a bot comes along.
//!
//! What is wrong with the client or its redirect URI is shown on a page; everything else is told
//! to the client by redirect, once the user is known (RFC 9700 §4.11.2). A link that only adds a
//! bot has no client waiting: it ends on a page, whatever comes of it.

mod approve;
mod bot;
mod consent_page;

use std::rc::Rc;

use self::approve::Approval;
use crate::crypto::form_ticket::Form;
use crate::endpoint::caller::LoggedIn;
use crate::endpoint::return_to::ReturnTo;
use crate::endpoint::{Context, Failure, Notice, PageRefusal};
use crate::fluxer::application::Application;
use crate::fluxer::installation::BotRequest;
use crate::http::Response;
use crate::oauth::authorization_request::{self, AuthorizationRequest, Prompt};
use crate::oauth::client::Client;
use crate::oauth::code::CodeSeed;
use crate::oauth::error::{ErrorCode, Refusal, ServerFault};
use crate::oauth::params::{self, Params};
use crate::oauth::redirect_uri::RedirectUri;
use crate::oauth::scope::{Scope, Scopes};
use crate::snowflake::ApplicationId;
use crate::store::{Edge, Fault, Outlook, Session};
use crate::time::Timestamp;

/// `GET`: shows the consent form, or answers the client without one.
pub async fn show<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<PageRefusal>> {
    let asked = Asked::read(cx).await?;
    match asked.proceed(cx).await {
        // A user can reload a page; a client that asked for silence is told.
        Err(Failure::Fault(fault)) if asked.prompt == Ok(Prompt::None) => {
            asked.tell_client(cx, fault)
        }
        answer => answer,
    }
}

/// `POST`: the consent form comes back.
pub async fn decide<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<PageRefusal>> {
    let form = cx.posted_form(&cx.request.target())?;
    let asked = Asked::read(cx).await?;
    let Some(logged_in) = cx.logged_in(Some(asked.client().id)).await? else {
        return Err(asked.log_in(cx).into());
    };
    let request = match &asked.request {
        Ok(request) => request,
        Err(refusal) => return asked.refuse(cx, refusal),
    };
    let subject = asked.subject(request);
    let ticket = consent_form(&logged_in, &subject);
    let Some(seed) = cx.check_ticket(&ticket, &form).map(CodeSeed::from) else {
        return Err(Notice::form_refused(cx.request.target()).into());
    };
    if let Err(refusal) = asked.may_grant(request, &logged_in.session) {
        return asked.refuse(cx, &refusal);
    }
    match form.one("decision") {
        Ok(Some("approve")) => {}
        Ok(Some("deny")) => return asked.refuse(cx, &Refusal::Denied),
        _ => {
            let refusal = Refusal::Invalid {
                parameter: "decision",
                must: "it must be approve or deny",
            };
            return Err(Notice::bad_request(refusal).into());
        }
    }
    let granted = granted(request.oauth.scope, &form);
    if granted.open_nothing() && !request.oauth.scope.open_nothing() {
        return asked.refuse(cx, &Refusal::Denied);
    }
    let bot = request.bot.filter(|_| granted.contains(Scope::Bot));
    let guild = match bot {
        Some(bot) => bot::chosen_guild(bot, &form)?,
        None => None,
    };
    if bot.is_some() && guild.is_none() {
        return asked
            .consent_page(cx, request, &logged_in, Some(&form))
            .await;
    }
    let plan = match bot.zip(guild) {
        Some(chosen) => Some(asked.plan(cx, &logged_in, chosen, &form, seed).await?),
        None => None,
    };
    let approval = Approval {
        request,
        logged_in: &logged_in,
        scope: granted,
        seed,
        plan,
    };
    asked.approve(cx, &approval).await
}

/// Where a login on the way to `return_to` will end: who asks, and at which redirect URI, where
/// there is one.
pub async fn destination<E: Edge>(
    cx: &Context<'_, E>,
    return_to: &ReturnTo,
) -> Result<Option<(Rc<Application>, Option<RedirectUri>)>, Fault> {
    let query = return_to.authorization_query();
    let Some(params) = query.and_then(|query| Params::from_form(query).ok()) else {
        return Ok(None);
    };
    let id = params.one("client_id").ok().flatten();
    let Some(id) = id.and_then(ApplicationId::parse) else {
        return Ok(None);
    };
    let Some(application) = cx.application(id).await? else {
        return Ok(None);
    };
    let waits = Waits::read(&params, &application.client);
    Ok(waits.ok().map(|waits| match waits {
        Waits::Client(callback) => (application, Some(callback.redirect_uri)),
        Waits::Nobody => (application, None),
    }))
}

/// What the user ticked, of what was asked. What cannot be withheld stays, and so does a bot that was
/// asked alone: that is what denying is for.
fn granted(asked: Scopes, form: &Params) -> Scopes {
    let ticked: Scopes = form.all("scope").filter_map(Scope::from_wire).collect();
    let kept = if asked == Scope::Bot.into() {
        asked
    } else {
        asked.not_withheld()
    };
    asked.intersection(ticked.union(kept))
}

fn consent_form<'a>(logged_in: &'a LoggedIn, subject: &'a str) -> Form<'a> {
    Form {
        name: "consent",
        browser: logged_in.cookie.expose(),
        subject,
    }
}

/// Where a client waits for its answer.
struct Callback {
    redirect_uri: RedirectUri,
    /// To be sent back byte for byte.
    state: Option<String>,
}

impl Callback {
    /// The authorization response (RFC 6749 §4.1.2, RFC 9207 §2).
    fn answer<E>(&self, cx: &Context<'_, E>, answer: &[(&str, &str)]) -> Response {
        let mut parameters = answer.to_vec();
        if let Some(state) = &self.state {
            parameters.push(("state", state));
        }
        parameters.push(("iss", cx.config.issuer.as_str()));
        Response::see_other(self.redirect_uri.location(&parameters))
    }

    fn error<E>(&self, cx: &Context<'_, E>, code: ErrorCode, words: &str) -> Response {
        let error = [("error", code.as_str()), ("error_description", words)];
        self.answer(cx, &error)
    }
}

/// Who waits for the answer.
enum Waits {
    /// The client.
    Client(Callback),
    /// Nobody: the link adds a bot, and that is all.
    Nobody,
}

impl Waits {
    /// Reads `redirect_uri`, which must be the client's own, and which a link that only adds a bot
    /// need not have.
    fn read(params: &Params, client: &Client) -> Result<Self, String> {
        let says = |refusal: Refusal| refusal.to_string();
        let Some(requested) = params.one("redirect_uri").map_err(says)? else {
            return if authorization_request::only_adds_a_bot(params) {
                Ok(Self::Nobody)
            } else {
                Err(says(Refusal::Missing("redirect_uri")))
            };
        };
        let redirect_uri = client.redirect_uri(requested).ok_or_else(|| {
            "redirect_uri is not one of those that the application registered".to_owned()
        })?;
        Ok(Self::Client(Callback {
            redirect_uri,
            state: authorization_request::state(params).map(str::to_owned),
        }))
    }
}

/// What a client asks for: of a user, and of a guild.
struct Request {
    oauth: AuthorizationRequest,
    /// There where the scope `bot` is.
    bot: Option<BotRequest>,
}

impl Request {
    fn parse(params: &Params, application: &Application, waits: &Waits) -> Result<Self, Refusal> {
        let askable = application.askable();
        let oauth = match waits {
            Waits::Client(_) => AuthorizationRequest::parse(params, &application.client, askable)?,
            Waits::Nobody => AuthorizationRequest::parse_without_code(params, askable)?,
        };
        if matches!(waits, Waits::Nobody) && application.bot_require_code_grant {
            return Err(Refusal::CodeGrantRequired);
        }
        let bot = oauth.scope.contains(Scope::Bot);
        let bot = bot.then(|| BotRequest::parse(params)).transpose()?;
        Ok(Self { oauth, bot })
    }
}

/// A request whose client is known, and where to answer: whatever else is wrong with it can be
/// told to the client.
struct Asked {
    application: Rc<Application>,
    waits: Waits,
    prompt: Result<Prompt, Refusal>,
    request: Result<Request, Refusal>,
}

/// What to do with a request.
enum Step<'a> {
    LogIn,
    Refuse(Refusal),
    AskConsent(&'a Request),
    Approve(&'a Request),
}

impl Asked {
    /// Reads the query; an unknown client and a redirect URI that is not its own end on a page.
    async fn read<E: Edge>(cx: &Context<'_, E>) -> Result<Self, Failure<PageRefusal>> {
        let params = Params::from_form(&cx.request.query).map_err(Notice::bad_request)?;
        let id = params.required("client_id").map_err(Notice::bad_request)?;
        let unknown = || Notice::bad_request("Unknown client_id");
        let id = ApplicationId::parse(id).ok_or_else(unknown)?;
        let application = cx.application(id).await?.ok_or_else(unknown)?;
        let waits = Waits::read(&params, &application.client);
        let waits = waits.map_err(Notice::bad_request)?;
        Ok(Self {
            prompt: Prompt::parse(&params),
            request: Request::parse(&params, &application, &waits),
            waits,
            application,
        })
    }

    fn client(&self) -> &Client {
        &self.application.client
    }

    fn callback(&self) -> Option<&Callback> {
        match &self.waits {
            Waits::Client(callback) => Some(callback),
            Waits::Nobody => None,
        }
    }

    fn subject(&self, request: &Request) -> String {
        let callback = self.callback();
        request.oauth.subject(
            self.client(),
            callback.map(|it| &it.redirect_uri),
            callback.and_then(|it| it.state.as_deref()),
            request.bot.map(BotRequest::subject).as_ref(),
        )
    }

    /// Refuses what this user cannot grant, whoever asks.
    fn may_grant(&self, request: &Request, session: &Session) -> Result<(), Refusal> {
        if request.oauth.scope.contains(Scope::Admin) && !session.user.admin {
            return Err(Refusal::ScopeNotAllowed(Scope::Admin));
        }
        if request.bot.is_some() && !self.application.bot_is_for(session.user.id) {
            return Err(Refusal::PrivateBot);
        }
        Ok(())
    }

    /// As far as it goes without the user's answer.
    async fn proceed<E: Edge>(
        &self,
        cx: &Context<'_, E>,
    ) -> Result<Response, Failure<PageRefusal>> {
        let logged_in = cx.logged_in(Some(self.client().id)).await?;
        let step = self.next_step(logged_in.as_ref().map(|it| &it.session), cx.now);
        match (step, &logged_in) {
            (Step::Refuse(refusal), _) => self.refuse(cx, &refusal),
            (Step::LogIn, _) | (_, None) => Err(self.log_in(cx).into()),
            (Step::AskConsent(request), Some(logged_in)) => {
                self.consent_page(cx, request, logged_in, None).await
            }
            (Step::Approve(request), Some(logged_in)) => {
                let approval = Approval {
                    request,
                    logged_in,
                    scope: request.oauth.scope,
                    seed: CodeSeed(cx.edge.random()?),
                    plan: None,
                };
                self.approve(cx, &approval).await
            }
        }
    }

    /// Decides. Pure.
    fn next_step(&self, session: Option<&Session>, now: Timestamp) -> Step<'_> {
        let silent = self.prompt == Ok(Prompt::None);
        let Some(session) = session else {
            return if silent {
                Step::Refuse(Refusal::LoginRequired)
            } else {
                Step::LogIn
            };
        };
        let request = match &self.request {
            Ok(request) => request,
            Err(refusal) => return Step::Refuse(refusal.clone()),
        };
        if let Err(refusal) = self.may_grant(request, session) {
            return Step::Refuse(refusal);
        }
        let AuthorizationRequest {
            scope,
            prompt,
            max_age,
            ..
        } = request.oauth;
        let (login, consent) = match prompt {
            Prompt::None => (false, false),
            Prompt::Interactive { login, consent } => (login, consent),
        };
        let too_long_ago =
            max_age.is_some_and(|max_age| now.since(session.authenticated_at) > max_age);
        if login || too_long_ago {
            return if silent {
                Step::Refuse(Refusal::LoginRequired)
            } else {
                Step::LogIn
            };
        }
        let may_skip_consent = |it: &Callback| self.client().may_skip_consent(&it.redirect_uri);
        let remembered = self.callback().is_some_and(may_skip_consent)
            && !scope.contains(Scope::Admin)
            && !scope.contains(Scope::Bot)
            && session.granted.is_some_and(|granted| granted.covers(scope));
        match (consent || !remembered, silent) {
            (false, _) => Step::Approve(request),
            (true, true) => Step::Refuse(Refusal::ConsentRequired),
            (true, false) => Step::AskConsent(request),
        }
    }

    /// Says no: to the client by redirect (RFC 6749 §4.1.2.1, RFC 9207 §2), to the user on a page
    /// where nobody else waits.
    fn refuse<E>(
        &self,
        cx: &Context<'_, E>,
        refusal: &Refusal,
    ) -> Result<Response, Failure<PageRefusal>> {
        match self.callback() {
            Some(callback) => Ok(callback.error(cx, refusal.code(), &refusal.to_string())),
            None => Err(bot::refused(refusal).into()),
        }
    }

    /// Tells the client of a fault, where it waits; the log learns the rest.
    fn tell_client<E: Edge>(
        &self,
        cx: &Context<'_, E>,
        fault: Fault,
    ) -> Result<Response, Failure<PageRefusal>> {
        let told = match fault.outlook() {
            Outlook::Transient => ServerFault::Transient,
            Outlook::Permanent => ServerFault::Permanent,
        };
        let Some(callback) = self.callback() else {
            return Err(Failure::Fault(fault));
        };
        cx.edge.log(&fault.to_string());
        Ok(callback.error(cx, told.code(), &told.to_string()))
    }

    /// To the login form and back here. What made the login necessary is taken out of the way back, or
    /// it would lead here for ever; a request that will be refused comes back as it was.
    fn log_in<E>(&self, cx: &Context<'_, E>) -> PageRefusal {
        let Ok(request) = &self.request else {
            return PageRefusal::LogIn(cx.request.target());
        };
        let is_done_by_then = |pair: &str| {
            let name = params::decode(pair.split('=').next().unwrap_or_default());
            matches!(name.as_deref(), Some("prompt" | "max_age"))
        };
        let query = cx.request.query.split('&');
        let mut back: Vec<_> = query.filter(|pair| !is_done_by_then(pair)).collect();
        if matches!(
            request.oauth.prompt,
            Prompt::Interactive { consent: true, .. }
        ) {
            back.push("prompt=consent");
        }
        PageRefusal::LogIn(format!("{}?{}", cx.request.path, back.join("&")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_asked_and_ticked_is_granted_and_identify_stays() {
        let asked = Scopes::parse("identify email").expect("scopes");
        for (body, expected) in [
            ("scope=identify&scope=email", "identify email"),
            ("scope=email", "identify email"),
            ("", "identify"),
            ("scope=admin&scope=guilds&scope=x", "identify"),
        ] {
            let form = Params::from_form(body).expect("well-formed");
            assert_eq!(granted(asked, &form).to_string(), expected, "{body}");
        }
        let form = Params::from_form("").expect("well-formed");
        assert!(granted(Scope::Email.into(), &form).is_empty());
        assert_eq!(granted(Scope::Bot.into(), &form), Scope::Bot.into());
        let with_a_bot = Scopes::from(Scope::Identify).with(Scope::Bot);
        assert_eq!(granted(with_a_bot, &form), Scope::Identify.into());
    }
}
