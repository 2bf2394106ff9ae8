//! An authorization request whose client is known: what it asks for, where it is answered, and what is to be done
//! with it.

use std::rc::Rc;

use super::device_with_code::DeviceWithCode;
use crate::endpoint::oauth::client_document;
use crate::endpoint::oauth::id_token_hint;
use crate::endpoint::oauth::pushed_request::OpenedRequest;
use crate::endpoint::oauth::resource;
use crate::endpoint::return_to::without_login_demands;
use crate::endpoint::{Away, Context, Failure, Notice, PageRefusal, Refuse};
use crate::fluxer::application::Application;
use crate::fluxer::installation::BotRequest;
use crate::fluxer::resource::Resource;
use crate::fluxer::shown::Shown;
use crate::http::{Method, Response};
use crate::oauth::authorization_request::{self, AuthorizationRequest, Prompt};
use crate::oauth::client::Client;
use crate::oauth::client::url::ClientIdentifier;
use crate::oauth::error::{ErrorCode, Refusal, ServerFault};
use crate::oauth::params::Params;
use crate::oauth::redirect_uri::{RedirectTo, RedirectUri};
use crate::oauth::scope::{Scope, Scopes};
use crate::page::text::Message;
use crate::pending::Spend;
use crate::snowflake::GuildId;
use crate::store::{Edge, Fault, Outlook, SeenSession, Session};
use crate::time::Timestamp;

/// The parameter that names the guild for which the consent page is shown once more.
pub(super) const GUILD_CHOSEN: &str = "guild_chosen";

/// The redirect URI where a client waits for its answer.
pub(super) struct Callback {
    pub(super) redirect_uri: RedirectUri,
    /// The client's `state`, which is sent back byte for byte.
    pub(super) state: Option<String>,
}

impl Callback {
    /// The authorization response (RFC 6749 §4.1.2, RFC 9207 §2).
    pub(super) fn answer<E>(&self, cx: &Context<'_, E>, answer: &[(&str, &str)]) -> Response {
        Response::see_other(self.location(cx, answer))
    }

    /// The redirect URI with the answer as its query.
    fn location<E>(&self, cx: &Context<'_, E>, answer: &[(&str, &str)]) -> RedirectTo {
        let mut parameters = answer.to_vec();
        if let Some(state) = &self.state {
            parameters.push(("state", state));
        }
        parameters.push(("iss", cx.config.issuer.as_str()));
        self.redirect_uri.location(&parameters)
    }

    pub(super) fn error<E>(&self, cx: &Context<'_, E>, code: ErrorCode, words: &str) -> Response {
        let error = [("error", code.as_str()), ("error_description", words)];
        self.answer(cx, &error)
    }
}

/// The place where an authorization request is answered.
pub(super) enum Destination {
    /// The client gets the answer at its redirect URI.
    Client(Callback),
    /// A page tells the outcome: the link adds a bot, and no client waits.
    Page,
    /// A device gets the answer at its next poll.
    Device(Box<DeviceWithCode>),
}

impl Destination {
    /// Reads `redirect_uri`, which must be the client's own. A link that only adds a bot may leave it out.
    pub(super) fn read(params: &Params, client: &Client) -> Result<Self, Refusal> {
        let Some(requested) = params.one("redirect_uri")? else {
            // A link that adds a bot and asks for a scope that we do not have lacks that scope, and
            // not a redirect URI.
            authorization_request::scope(params)?;
            return if authorization_request::only_adds_a_bot(params) {
                Ok(Self::Page)
            } else {
                Err(Refusal::Missing("redirect_uri"))
            };
        };
        let redirect_uri = client.redirect_uri(requested);
        let redirect_uri = redirect_uri.ok_or(Refusal::ForeignRedirectUri)?;
        Ok(Self::Client(Callback {
            redirect_uri,
            state: authorization_request::state(params).map(str::to_owned),
        }))
    }
}

/// The access that a client asks for: to a user's account, and to a guild.
pub(super) struct RequestedAccess {
    pub(super) oauth: AuthorizationRequest,
    /// The bot that is to be added; `None` without the scope `bot`.
    pub(super) bot: Option<BotRequest>,
    /// The resource server that the tokens are to be for; `None` for this server itself.
    pub(super) resource: Option<Rc<Resource>>,
    /// The scopes that the application is of no use without, as its developer says.
    pub(super) all_or_nothing: Scopes,
}

impl RequestedAccess {
    pub(super) fn parse(
        params: &Params,
        application: &Application,
        destination: &Destination,
        resource: Result<Option<Rc<Resource>>, Refusal>,
    ) -> Result<Self, Refusal> {
        let askable = application.askable();
        let resource = resource?;
        let offered = resource.as_ref().map(|resource| resource.offer());
        let oauth = match destination {
            Destination::Client(_) => {
                AuthorizationRequest::parse(params, &application.client, askable, offered.as_ref())?
            }
            Destination::Page => AuthorizationRequest::parse_without_code(params, askable)?,
            Destination::Device(_) => AuthorizationRequest::parse_for_device(
                params,
                &application.client,
                offered.as_ref(),
            )?,
        };
        if matches!(destination, Destination::Page) && application.bot_require_code_grant {
            return Err(Refusal::CodeGrantRequired);
        }
        let bot = oauth.scope.contains(Scope::Bot);
        let bot = bot.then(|| BotRequest::parse(params)).transpose()?;
        Ok(Self {
            oauth,
            bot,
            resource,
            all_or_nothing: application.all_or_nothing,
        })
    }

    /// The scopes that the user cannot withhold while granting the rest. A bot that is asked for alone is one of
    /// them: denying is for that.
    pub(super) fn not_withheld(&self) -> Scopes {
        let asked = self.oauth.scope;
        if asked == Scope::Bot.into() {
            return asked;
        }
        let indivisible = asked.intersection(self.all_or_nothing);
        asked.not_withheld().union(indivisible)
    }
}

/// An authorization request whose client and whose redirect URI are known. Whatever else is wrong with it can be told
/// to the client.
pub(super) struct Interaction {
    pub(super) application: Rc<Application>,
    pub(super) destination: Destination,
    pub(super) prompt: Result<Prompt, Refusal>,
    pub(super) request: Result<RequestedAccess, Refusal>,
    /// The pushed request that it is, where it was pushed.
    pub(super) pushed: Option<Rc<OpenedRequest>>,
}

/// The next step of an authorization request.
pub(super) enum Step<'a> {
    LogIn,
    Refuse(Refusal),
    AskConsent(&'a RequestedAccess),
    Approve(&'a RequestedAccess),
}

fn unknown() -> Notice {
    Notice::bad_request("Unknown client_id")
}

/// The resource server that a request names. A wrong name is told where the request is answered.
pub(super) async fn requested_resource<E: Edge>(
    cx: &Context<'_, E>,
    params: &Params,
) -> Result<Result<Option<Rc<Resource>>, Refusal>, Fault> {
    match resource::requested(cx, params).await {
        Ok(resource) => Ok(Ok(resource)),
        Err(Failure::Refused(refusal)) => Ok(Err(*refusal)),
        Err(Failure::Fault(fault)) => Err(fault),
    }
}

impl Interaction {
    /// Reads the query. An unknown client ends on a page, and so does a redirect URI that is not its own. What this
    /// isolate remembers is used where `settled` holds for the outcome.
    pub(super) async fn read<E: Edge>(
        cx: &Context<'_, E>,
        settled: fn(&Self) -> bool,
    ) -> Result<Self, Failure<PageRefusal>> {
        let sent = Params::from_form(&cx.request.query);
        let id = sent.required("client_id").map_err(Notice::bad_request)?;
        let pushed = OpenedRequest::open(cx, &sent, id).await?;
        let pushed = pushed.transpose().map_err(Notice::bad_request)?;
        let pushed = pushed.map(Rc::new);
        let id = ClientIdentifier::parse(id).ok_or_else(unknown)?;
        let mut read = Self::known(cx, &sent, &id, pushed.clone()).await?;
        if !read.as_ref().is_ok_and(settled) && cx.decides_anew() {
            read = Self::known(cx, &sent, &id, pushed).await?;
        }
        Ok(read?)
    }

    async fn known<E: Edge>(
        cx: &Context<'_, E>,
        sent: &Params,
        id: &ClientIdentifier,
        pushed: Option<Rc<OpenedRequest>>,
    ) -> Result<Result<Self, Notice>, Failure<PageRefusal>> {
        let params = pushed.as_ref().map_or(sent, |pushed| &pushed.params);
        let resource = requested_resource(cx, params).await?;
        let application = match id {
            ClientIdentifier::Id(id) => cx.application(*id).await?,
            ClientIdentifier::Url(url) => client_document::client(cx, url).await?,
        };
        let read = match application {
            Some(it) => Self::of(params, it, resource, pushed.clone()),
            None => Err(unknown()),
        };
        Ok(read.map(|read| read.in_guild(sent)))
    }

    fn of(
        params: &Params,
        application: Rc<Application>,
        resource: Result<Option<Rc<Resource>>, Refusal>,
        pushed: Option<Rc<OpenedRequest>>,
    ) -> Result<Self, Notice> {
        // A client that a document describes has one id on the wire: the document's URL.
        if params.one("client_id") != Ok(Some(&application.client.wire_id())) {
            return Err(unknown());
        }
        if application.suspended {
            return Err(Notice::new(403, Message::ApplicationSuspended));
        }
        let destination = Destination::read(params, &application.client);
        let destination = destination.map_err(Notice::bad_request)?;
        // RFC 9126 §5: what was not pushed may have been changed on its way.
        let request = if pushed.is_none() && application.client.requires_par() {
            Err(Refusal::PushRequired)
        } else {
            RequestedAccess::parse(params, &application, &destination, resource)
        };
        Ok(Self {
            prompt: Prompt::parse(params),
            request,
            destination,
            application,
            pushed,
        })
    }

    /// The same request for the guild that the user chose on this page before.
    fn in_guild(mut self, sent: &Params) -> Self {
        let chosen = sent.one(GUILD_CHOSEN).ok().flatten();
        if let (Ok(request), Some(chosen)) = (&mut self.request, chosen.and_then(GuildId::parse)) {
            request.bot = request.bot.map(|bot| bot.in_guild(chosen));
        }
        self
    }

    /// The page for a pushed request that has ended. Its form may come back all the same: after a lost answer it
    /// makes the same code, or says no again.
    pub(super) fn used_before(&self) -> Option<Notice> {
        let is_spent = self.pushed.as_ref().is_some_and(|pushed| pushed.is_spent);
        is_spent.then(|| Notice::bad_request("request_uri was used"))
    }

    /// Whether the request can be decided by what is remembered. Whatever refuses it may have changed since, and so
    /// may the owner who may add the bot.
    pub(super) fn is_settled(&self) -> bool {
        self.is_readable() && !matches!(&self.request, Ok(it) if it.bot.is_some())
    }

    /// Whether a form that comes back can be decided by what is remembered. Who may add the bot is checked by the
    /// directory in any case.
    pub(super) fn is_readable(&self) -> bool {
        let refusal = self.request.as_ref().err();
        !refusal.is_some_and(Refusal::follows_from_registration)
    }

    pub(super) fn client(&self) -> &Client {
        &self.application.client
    }

    pub(super) fn callback(&self) -> Option<&Callback> {
        match &self.destination {
            Destination::Client(callback) => Some(callback),
            Destination::Page | Destination::Device(_) => None,
        }
    }

    /// The device that waits for the answer.
    pub(super) fn device(&self) -> Option<&DeviceWithCode> {
        match &self.destination {
            Destination::Device(device) => Some(device),
            Destination::Client(_) | Destination::Page => None,
        }
    }

    /// The path that the consent page's forms post to, and that a login on the way comes back to.
    pub(super) fn here<E>(&self, cx: &Context<'_, E>) -> String {
        match self.device() {
            Some(device) => device.page().as_str().to_owned(),
            None => cx.request.target(),
        }
    }

    pub(super) fn subject(&self, request: &RequestedAccess) -> String {
        let callback = self.callback();
        let code = self.device().map(|it| it.asked.code.to_string());
        let subject = request.oauth.subject(
            self.client(),
            callback.map(|it| &it.redirect_uri),
            callback.and_then(|it| it.state.as_deref()),
            request.bot.map(BotRequest::subject).as_ref(),
        );
        code.unwrap_or_default() + &subject
    }

    /// What a consent page shows of the application and of the place where it is answered.
    pub(super) fn shown(&self) -> Option<Shown> {
        match &self.destination {
            Destination::Client(callback) => {
                let host = callback.redirect_uri.destination();
                Some(Shown::of(&self.application, Some(host)))
            }
            Destination::Device(_) => Some(Shown::of(&self.application, None)),
            Destination::Page => None,
        }
    }

    /// Refuses what this user cannot grant to any application.
    pub(super) fn may_grant(
        &self,
        request: &RequestedAccess,
        session: &SeenSession,
    ) -> Result<(), Refusal> {
        if request.oauth.scope.contains(Scope::Admin) && !session.admin {
            return Err(Refusal::ScopeNotAllowed(Scope::Admin));
        }
        if request.bot.is_some() && !self.application.bot_is_for(session.user) {
            return Err(Refusal::PrivateBot);
        }
        Ok(())
    }

    /// Refuses where the client's `id_token_hint` names another user than the one who is logged in.
    pub(super) async fn check_hint<E: Edge>(
        &self,
        cx: &Context<'_, E>,
        session: &Session,
    ) -> Result<Result<(), Refusal>, Fault> {
        let request = self.request.as_ref().ok();
        let Some(hint) = request.and_then(|it| it.oauth.id_token_hint.as_deref()) else {
            return Ok(Ok(()));
        };
        let hint = id_token_hint::verify(cx, hint).await?;
        let is_silent = self.prompt == Ok(Prompt::None);
        Ok(
            match hint.filter(|hint| hint.aud == self.client().wire_id()) {
                // Core §3.1.2.1: no silent answer but for the user whom the hint names.
                None if is_silent => Err(Refusal::LoginRequired),
                Some(hint) if hint.sub != session.user.id => Err(Refusal::LoginRequired),
                // A hint that cannot be read, or whose key is gone, says nothing.
                _ => Ok(()),
            },
        )
    }

    /// Decides what the request needs next. Pure.
    pub(super) fn next_step(&self, session: Option<&Session>, now: Timestamp) -> Step<'_> {
        let silent = self.prompt == Ok(Prompt::None);
        let no_login = if silent {
            Step::Refuse(Refusal::LoginRequired)
        } else {
            Step::LogIn
        };
        let Some(session) = session else {
            return no_login;
        };
        let request = match &self.request {
            Ok(request) => request,
            Err(refusal) => return Step::Refuse(refusal.clone()),
        };
        if let Err(refusal) = self.may_grant(request, &SeenSession::of(session)) {
            return Step::Refuse(refusal);
        }
        if self.wants_login(&request.oauth, session, now) {
            return no_login;
        }
        let wants_consent = matches!(
            request.oauth.prompt,
            Prompt::Interactive { consent: true, .. }
        );
        // What was granted at other resource servers is not remembered.
        let is_remembered =
            request.resource.is_none() && self.is_remembered(request.oauth.scope, session);
        match (wants_consent || !is_remembered, silent) {
            (false, _) => Step::Approve(request),
            (true, true) => Step::Refuse(Refusal::ConsentRequired),
            (true, false) => Step::AskConsent(request),
        }
    }

    /// Whether the client demands another login than the one behind the session, by `prompt` or `max_age`.
    fn wants_login(
        &self,
        request: &AuthorizationRequest,
        session: &Session,
        now: Timestamp,
    ) -> bool {
        let wants_new = matches!(request.prompt, Prompt::Interactive { login: true, .. });
        // The URL of a pushed request says nothing that a login could take out of it.
        let pushed = self.pushed.as_ref();
        let has_logged_in = pushed.is_some_and(|it| session.authenticated_at >= it.since);
        let age = now.since(session.authenticated_at);
        wants_new && !has_logged_in || request.max_age.is_some_and(|max_age| age > max_age)
    }

    /// Whether the user has agreed to exactly this before, so that no consent is asked for.
    fn is_remembered(&self, scope: Scopes, session: &Session) -> bool {
        let may_skip_consent = |it: &Callback| self.client().may_skip_consent(&it.redirect_uri);
        let has_seen = |now: &Shown| session.shown.as_ref().is_none_or(|it| it.covers(now));
        self.callback().is_some_and(may_skip_consent)
            && !scope.contains(Scope::Admin)
            && !scope.contains(Scope::Bot)
            && session.granted.is_some_and(|granted| granted.covers(scope))
            && self.shown().as_ref().is_some_and(has_seen)
    }

    /// Refuses the request: tells the client by redirect (RFC 6749 §4.1.2.1, RFC 9207 §2), or the user on a page
    /// where no client waits. `granted` is what the user granted the client before. A pushed request ends with this:
    /// the next one who follows a link to it is not asked.
    pub(super) async fn refuse<E: Edge>(
        &self,
        cx: &Context<'_, E>,
        granted: Option<Scopes>,
        refusal: &Refusal,
    ) -> Result<Response, Failure<PageRefusal>> {
        // HEAD changes nothing (RFC 9110 §9.2.1).
        if let Some(pushed) = &self.pushed
            && cx.request.method != Method::Head
            && !pushed.spend(cx, Spend::REFUSED).await?
        {
            return Err(answered_before().into());
        }
        self.say_no(cx, granted, refusal)
    }

    fn say_no<E>(
        &self,
        cx: &Context<'_, E>,
        granted: Option<Scopes>,
        refusal: &Refusal,
    ) -> Result<Response, Failure<PageRefusal>> {
        cx.note(refusal, refusal.told());
        let Some(callback) = self.callback() else {
            return Err(refused(refusal).into());
        };
        let words = refusal.to_string();
        if self.client().is_verified() || granted.is_some() {
            return Ok(callback.error(cx, refusal.code(), &words));
        }
        // RFC 9700 §4.11.2: anybody can register a client whose every request fails, and have this
        // server send people to it. They go there themselves or not at all.
        let status = match refusal {
            Refusal::Denied => 200,
            _ => 400,
        };
        let error = [
            ("error", refusal.code().as_str()),
            ("error_description", &words),
        ];
        let away = Away {
            destination: callback.redirect_uri.destination().to_owned(),
            location: callback.location(cx, &error),
        };
        let notice = Notice {
            away: Some(Box::new(away)),
            ..Notice::new(status, Message::Leaving)
        };
        Err(notice.into())
    }

    /// Tells the client of a fault, where a client waits that somebody vouches for. The log gets the details.
    pub(super) fn tell_client<E: Edge>(
        &self,
        cx: &Context<'_, E>,
        fault: Fault,
    ) -> Result<Response, Failure<PageRefusal>> {
        let told = match fault.outlook() {
            Outlook::Transient => ServerFault::Transient,
            Outlook::Permanent => ServerFault::Permanent,
        };
        let callback = self.callback().filter(|_| self.client().is_verified());
        let Some(callback) = callback else {
            return Err(Failure::Fault(fault));
        };
        cx.edge.log(&fault.to_string());
        cx.note(&format_args!("Fault"), String::new());
        Ok(callback.error(cx, told.code(), &told.to_string()))
    }

    /// Sends the user to the login form and back to this request. What made the login necessary is left out of the
    /// way back, or it would lead to the login for ever; a request that will be refused comes back as it was. The
    /// platform has to see what is demanded where it logs users in, and there the way back is cleared after the
    /// login.
    pub(super) fn log_in<E>(&self, cx: &Context<'_, E>) -> PageRefusal {
        let Ok(request) = &self.request else {
            return PageRefusal::LogIn(cx.request.target());
        };
        if self.device().is_some() {
            return PageRefusal::LogIn(self.here(cx));
        }
        if self.pushed.is_some() {
            // Nothing can be taken out of what was pushed: when it was opened says what is done.
            let again = matches!(
                request.oauth.prompt,
                Prompt::Interactive { login: true, .. }
            );
            return if again || request.oauth.max_age.is_some() {
                PageRefusal::LogInAgain(cx.request.target())
            } else {
                PageRefusal::LogIn(cx.request.target())
            };
        }
        let (login, consent) = match request.oauth.prompt {
            Prompt::None => (false, false),
            Prompt::Interactive { login, consent } => (login, consent),
        };
        let back = if cx.config.platform.is_some() {
            cx.request.target()
        } else {
            without_login_demands(&cx.request.path, &cx.request.query, consent)
        };
        if login || request.oauth.max_age.is_some() {
            PageRefusal::LogInAgain(back)
        } else {
            PageRefusal::LogIn(back)
        }
    }
}

/// The page for a request that its user has answered already.
pub(super) fn answered_before() -> Notice {
    Notice::new(409, Message::AnsweredBefore)
}

/// The page for a link that only adds a bot and is refused, since no client waits for the answer.
pub(super) fn refused(refusal: &Refusal) -> Notice {
    match refusal {
        Refusal::Denied => Notice::new(200, Message::NothingAdded),
        Refusal::PrivateBot => Notice::new(403, Message::PrivateBot)
            .with_detail(format_args!("BOT_IS_PRIVATE: {refusal}")),
        Refusal::ScopeNotAllowed(Scope::Bot) => Notice::new(400, Message::NoBot)
            .with_detail("NOT_A_BOT_APPLICATION: Application is not a bot"),
        refusal => Notice::bad_request(refusal),
    }
}
