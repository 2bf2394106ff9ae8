//! The caller of an endpoint: a browser that is logged in, a bearer of a token (RFC 6750), a bot, or an
//! administrator.
//!
//! Invariant: a token is good for the routes that its scopes name and nothing else, never in place of a session, and
//! not for an instant after its family has ended.

use std::rc::Rc;

use futures_util::future::join;

use super::attempts::{Attempt, Counter};
use super::context::Context;
use super::cookies::Cookie;
use super::dpop;
use super::failure::{Failure, PageRefusal};
use crate::crypto::form_ticket::{Form, Ticket};
use crate::crypto::secret::{Secret, SessionId};
use crate::fluxer::api_error::{ApiError, Scheme};
use crate::fluxer::application::Application;
use crate::fluxer::bot_token::BotToken;
use crate::fluxer::user::User;
use crate::http::Method;
use crate::ledger::{Status, Withdrawn};
use crate::oauth::binding::TokenBinding;
use crate::oauth::scope::{Scope, Scopes};
use crate::oauth::token::access::{AccessToken, Subject};
use crate::snowflake::{ApplicationId, Snowflake, UserId};
use crate::store::{Edge, Fault, HashKind, OfBot, Session};

/// A browser that is logged in.
#[derive(Debug)]
pub struct LoggedIn {
    /// The session of the cookie.
    pub session: Session,
    /// The cookie, which the session's forms are bound to.
    pub cookie: Secret<SessionId>,
}

impl<E: Edge> Context<'_, E> {
    /// The value of the session cookie. It may be anything, and its session may be over.
    pub fn session_cookie(&self) -> Option<Secret<SessionId>> {
        self.cookie(Cookie::Session).map(Secret::new)
    }

    /// The session of the request's cookie, with what its user granted the application `about`.
    pub async fn logged_in(&self, about: Option<ApplicationId>) -> Result<Option<LoggedIn>, Fault> {
        let Some(cookie) = self.session_cookie() else {
            return Ok(None);
        };
        let session = self.edge.session(&cookie.hash(), about, self.now).await?;
        let Some(mut session) = session else {
            return Ok(None);
        };
        if self.config.platform.is_some() {
            // What is kept here of a user is a place for what is theirs; who they are, it does not say.
            let user = self.user(session.user.id).await?;
            match user.filter(|it| !it.suspended) {
                Some(user) => session.user = user,
                None => return Ok(None),
            }
        }
        Ok(Some(LoggedIn { session, cookie }))
    }

    /// The session of a page that is shown to users who are logged in. A browser without one is sent to log in,
    /// and comes back here.
    pub async fn account(&self) -> Result<LoggedIn, Failure<PageRefusal>> {
        let to_login = || PageRefusal::LogIn(self.request.target());
        Ok(self.logged_in(None).await?.ok_or_else(to_login)?)
    }
}

/// A token that this server signed, with a scope that opens the resource. Its family may have ended: the caller reads
/// the resource while that is found out.
pub struct SignedToken(AccessToken);

/// A token that works, and the application that holds it.
pub struct Bearer {
    /// The token, within its scopes.
    pub token: AccessToken,
    /// The application that holds the token.
    pub application: Rc<Application>,
}

/// The caller of a resource: the user of a token, or a bot.
pub enum Caller {
    /// A token, within its scopes.
    Token(SignedToken),
    /// An application's bot, as itself.
    Bot(Box<Application>),
}

/// The scope that a resource needs.
#[derive(Debug, Clone, Copy)]
pub enum Needs {
    /// No scope: every token that works opens the resource.
    NoScope,
    /// One of these scopes. The refusal of a token that has none of them names the first.
    OneOf(&'static [Scope]),
}

impl Needs {
    /// Refuses a token without the scope (RFC 6750 §3.1, `insufficient_scope`).
    fn check(self, token: &AccessToken) -> Result<(), ApiError> {
        match self {
            Self::OneOf(scopes @ [first, ..])
                if !scopes.iter().any(|&scope| token.scope.contains(scope)) =>
            {
                Err(ApiError::MissingScope(*first))
            }
            Self::NoScope | Self::OneOf(_) => Ok(()),
        }
    }
}

/// The credential in an `Authorization` header.
enum Credential<'a> {
    /// An access token, and how it is presented.
    Token(&'a str, Presented),
    /// A bot's token.
    Bot(&'a str),
}

/// How an access token is presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presented {
    /// The token was sent as `Bearer`: whoever holds it may present it.
    Bearer,
    /// The token was sent as `DPoP`, with a proof.
    Dpop,
}

fn credential<'a, E>(cx: &Context<'a, E>) -> Result<Credential<'a>, Failure<ApiError>> {
    let authorization = cx.request.header("authorization").unwrap_or_default();
    let (_, shown) = authorization.split_once(' ').unwrap_or_default();
    let shown = shown.trim();
    match Scheme::of(authorization) {
        _ if shown.is_empty() => Err(ApiError::Unauthorized.into()),
        Scheme::Bearer => Ok(Credential::Token(shown, Presented::Bearer)),
        Scheme::Dpop => Ok(Credential::Token(shown, Presented::Dpop)),
        Scheme::Bot => Ok(Credential::Bot(shown)),
        Scheme::Other => Err(ApiError::Unauthorized.into()),
    }
}

/// The caller of a resource that a user's token and a bot can read. A bot has no scopes.
pub async fn caller<E: Edge>(
    cx: &Context<'_, E>,
    needs: Needs,
) -> Result<Caller, Failure<ApiError>> {
    Ok(match credential(cx)? {
        Credential::Token(token, presented) => {
            Caller::Token(verify(cx, token, presented, needs).await?)
        }
        Credential::Bot(token) => Caller::Bot(Box::new(verify_bot(cx, token).await?)),
    })
}

/// The access token of a request. The token of a bot is refused.
pub async fn signed_token<E: Edge>(
    cx: &Context<'_, E>,
    needs: Needs,
) -> Result<SignedToken, Failure<ApiError>> {
    match credential(cx)? {
        Credential::Token(token, presented) => verify(cx, token, presented, needs).await,
        Credential::Bot(_) => Err(ApiError::InvalidToken.into()),
    }
}

/// The application of the bot that asks. The token of a user is refused.
pub async fn bot<E: Edge>(cx: &Context<'_, E>) -> Result<Application, Failure<ApiError>> {
    match credential(cx)? {
        Credential::Bot(token) => verify_bot(cx, token).await,
        Credential::Token(..) => Err(ApiError::InvalidToken.into()),
    }
}

/// Checks an access token. One that would not open the resource is refused before anybody is asked.
async fn verify<E: Edge>(
    cx: &Context<'_, E>,
    sent: &str,
    presented: Presented,
    needs: Needs,
) -> Result<SignedToken, Failure<ApiError>> {
    let invalid = || ApiError::InvalidToken;
    let token = AccessToken::verify(&cx.config.keyring, &cx.config.issuers, sent, cx.now)
        .ok_or_else(invalid)?;
    match (presented, token.binding) {
        (Presented::Bearer, TokenBinding::Bearer) => {}
        (Presented::Dpop, TokenBinding::Dpop(key)) => {
            let checked = dpop::check_token(cx, sent, key).await;
            checked.map_err(|failure| failure.map(ApiError::Proof))?;
        }
        // A thief would leave the proof out (RFC 9449 §7.2); a proof binds no token after the fact.
        (Presented::Bearer, TokenBinding::Dpop(_)) | (Presented::Dpop, TokenBinding::Bearer) => {
            return Err(invalid().into());
        }
    }
    needs.check(&token)?;
    Ok(SignedToken(token))
}

impl SignedToken {
    /// The id of the token's user.
    pub fn user_id(&self) -> Result<UserId, Failure<ApiError>> {
        match self.0.subject {
            Subject::User(user, _) => Ok(user),
            Subject::Application(..) => Err(ApiError::InvalidToken.into()),
        }
    }

    /// Whether the token has a user and opens one of these scopes.
    pub fn opens_of_a_user(&self, scopes: Scopes) -> bool {
        let has_user = matches!(self.0.subject, Subject::User(..));
        has_user && !self.0.scope.intersection(scopes).is_empty()
    }

    /// Finds out whether the token works. Asks for its application and its ledger at the same time.
    pub async fn check<E: Edge>(self, cx: &Context<'_, E>) -> Result<Bearer, Failure<ApiError>> {
        let (application, works) = join(application_of(cx, &self.0), works(cx, &self.0)).await;
        let application = application?.ok_or(ApiError::InvalidToken)?;
        if !works? {
            return Err(ApiError::InvalidToken.into());
        }
        Ok(Bearer {
            token: self.0,
            application,
        })
    }

    /// Does what [`Self::check`] does, and reads the token's user, who may have been deleted since.
    pub async fn check_with_user<E: Edge>(
        self,
        cx: &Context<'_, E>,
    ) -> Result<(Bearer, User), Failure<ApiError>> {
        let user = self.user_id()?;
        let (bearer, user) = join(self.check(cx), cx.user(user)).await;
        let bearer = bearer?;
        let user = user?.filter(|it| !it.suspended);
        Ok((bearer, user.ok_or(ApiError::InvalidToken)?))
    }
}

/// Checks the token of a bot. It asks the directory each time and no cache, so that a token that was reset stops at
/// once.
async fn verify_bot<E: Edge>(
    cx: &Context<'_, E>,
    token: &str,
) -> Result<Application, Failure<ApiError>> {
    let invalid = || ApiError::InvalidToken;
    let token = BotToken::parse(token).ok_or_else(invalid)?;
    let hash = token.hash();
    let application = cx.edge.application_of_bot(token.application, &hash).await?;
    let application = match application {
        Some(OfBot::Its(application)) => Some(application),
        Some(OfBot::Imported(application)) => verify_elsewhere(cx, &token, application).await?,
        None => None,
    };
    Ok(application.filter(|it| !it.suspended).ok_or_else(invalid)?)
}

/// The application of a bot whose token another server hashed. A hash of ours takes the place of that one. Until then
/// a guess costs as much as a guess at a password, so guesses are counted by address.
async fn verify_elsewhere<E: Edge>(
    cx: &Context<'_, E>,
    token: &BotToken,
    application: Application,
) -> Result<Option<Application>, Failure<ApiError>> {
    let attempt = Attempt::begin(cx, &[Counter::Client]).await?;
    let attempt = attempt.map_err(ApiError::RateLimited)?;
    let (id, kind) = (token.application, HashKind::BotToken);
    let imported = cx.edge.imported_hash(id, kind).await?;
    if !imported.is_some_and(|it| it.admits(token.secret())) {
        attempt.failed();
        return Ok(None);
    }
    attempt.succeeded();
    let ours = token.hash().to_string();
    if let Err(fault) = cx.edge.replace_imported_hash(id, kind, &ours).await {
        cx.edge.log(&fault.to_string());
    }
    Ok(Some(application))
}

/// The application that holds a token. What a token may do on the application's own behalf, or as an administrator,
/// waits until D1 says that it still may.
pub async fn application_of<E: Edge>(
    cx: &Context<'_, E>,
    token: &AccessToken,
) -> Result<Option<Rc<Application>>, Fault> {
    let is_of_user = matches!(token.subject, Subject::User(..));
    let known = if is_of_user && !token.scope.contains(Scope::Admin) {
        cx.application_in_outage(token.application).await?
    } else {
        cx.known_application(token.application).await?
    };
    let application = cx.unless_freed(known).await?;
    Ok(application.filter(|it| !it.suspended))
}

/// Whether the token's family lives. Only its ledger is asked.
pub async fn works<E: Edge>(cx: &Context<'_, E>, token: &AccessToken) -> Result<bool, Fault> {
    let ledger = token.subject.ledger(token.application);
    match token.subject {
        Subject::User(_, family) => {
            let status = cx.edge.ask(ledger, Status { family }).await?;
            Ok(status.is_some())
        }
        Subject::Application(family, _) => {
            let withdrawn = cx.edge.ask(ledger, Withdrawn { family }).await?;
            Ok(!withdrawn)
        }
    }
}

/// An administrator of the API: a trusted application, for a user who is an administrator or on its own
/// behalf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Administrator {
    /// The application that acts.
    pub application: ApplicationId,
    /// The user whom it acts for; `None` where it acts on its own behalf.
    pub user: Option<UserId>,
}

impl Administrator {
    /// The actor that the audit log names.
    pub fn actor(self) -> Snowflake {
        self.user.map_or(self.application.0, |user| user.0)
    }
}

/// The administrator behind a request. Whether the application is trusted and the user an administrator is looked up
/// and not read from the token: it holds as soon as it changes.
pub async fn administrator<E: Edge>(
    cx: &Context<'_, E>,
) -> Result<Administrator, Failure<ApiError>> {
    let token = signed_token(cx, Needs::OneOf(&[Scope::Admin])).await?;
    let denied = || ApiError::AccessDenied;
    let (bearer, user) = match token.0.subject {
        Subject::Application(..) => (token.check(cx).await?, None),
        Subject::User(..) => {
            let (bearer, user) = token.check_with_user(cx).await?;
            (bearer, Some(user))
        }
    };
    if !bearer.application.client.is_trusted() {
        // It may have become so since it was read.
        let current = cx.current_application(bearer.token.application).await?;
        if !current.is_some_and(|it| it.client.is_trusted()) {
            return Err(denied().into());
        }
    }
    if user.as_ref().is_some_and(|user| !user.admin) {
        return Err(denied().into());
    }
    Ok(Administrator {
        application: bearer.token.application,
        user: user.map(|user| user.id),
    })
}

/// The form of the token that our script sends along when it changes something. It is bound to the session.
pub fn csrf_form(logged_in: &LoggedIn) -> Form<'_> {
    Form {
        name: "api",
        browser: logged_in.cookie.expose(),
        subject: "",
    }
}

/// Refuses a request that changes something and does not have its session's `X-CSRF-Token`.
fn check_csrf<E>(cx: &Context<'_, E>, logged_in: &LoggedIn) -> Result<(), ApiError> {
    if matches!(cx.request.method, Method::Get | Method::Head) {
        return Ok(());
    }
    let token = cx.request.header("x-csrf-token").unwrap_or_default();
    match csrf_form(logged_in).check(&cx.config.keyring, token, cx.now) {
        Ticket::Valid(_) => Ok(()),
        Ticket::Invalid => Err(ApiError::CsrfToken),
    }
}

/// The manager of an application: its owner, who is logged in, or an administrator by way of a token.
#[cfg_attr(
    not(target_arch = "wasm32"),
    expect(
        clippy::large_enum_variant,
        reason = "there is one a request, and it is lent"
    )
)]
pub enum Manager {
    /// The user of a session, for applications of their own.
    User(LoggedIn),
    /// The bearer of a token with the scope `admin`.
    Administrator(Administrator),
}

impl Manager {
    /// Reads the manager from the request's session or token.
    pub async fn of<E: Edge>(cx: &Context<'_, E>) -> Result<Self, Failure<ApiError>> {
        if cx.request.header("authorization").is_some() {
            return Ok(Self::Administrator(administrator(cx).await?));
        }
        let logged_in = cx.logged_in(None).await?;
        let logged_in = logged_in.ok_or(ApiError::Unauthorized)?;
        check_csrf(cx, &logged_in)?;
        Ok(Self::User(logged_in))
    }

    /// The user whose things are managed. A token of an application on its own behalf has none, and is refused.
    pub fn user(&self) -> Result<UserId, Failure<ApiError>> {
        match self {
            Self::User(logged_in) => Ok(logged_in.session.user.id),
            Self::Administrator(administrator) => {
                let user = administrator.user;
                Ok(user.ok_or(ApiError::AccessDenied)?)
            }
        }
    }

    /// The actor that the audit log names.
    pub fn actor(&self) -> Snowflake {
        match self {
            Self::User(logged_in) => logged_in.session.user.id.0,
            Self::Administrator(administrator) => administrator.actor(),
        }
    }
}
