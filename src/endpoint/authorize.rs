//! `/oauth2/authorize`: the user says yes or no (RFC 6749 §4.1.1).
//!
//! What is wrong with the client or its redirect URI is shown on a page; everything else is told
//! to the client by redirect, once the user is known (RFC 9700 §4.11.2).

use std::rc::Rc;

use super::browser::LoggedIn;
use super::{Context, Failure, Notice, OrRefuse, login, logout};
use crate::fluxer::application::Application;
use crate::http::Response;
use crate::ledger::{Grant, LedgerId, Open, Opened, Revoke};
use crate::oauth::authorization_request::{self, AuthorizationRequest, Prompt};
use crate::oauth::client::Client;
use crate::oauth::code::{Code, CodeSeed};
use crate::oauth::error::{ErrorCode, Refusal};
use crate::oauth::form::{self, Params};
use crate::oauth::form_ticket::Form;
use crate::oauth::redirect_uri::RedirectUri;
use crate::oauth::scope::{Scope, Scopes};
use crate::oauth::time::Timestamp;
use crate::opaque_id::FamilyId;
use crate::page::{ConsentPage, Page, ScopeLine};
use crate::snowflake::ApplicationId;
use crate::store::{CodeRecord, Edge, Fault, Session};

/// Longest `User-Agent` that is kept with a family, in characters.
const MAX_DEVICE: usize = 256;

/// `GET`: shows the consent form, or answers the client without one.
pub async fn show<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<Notice>> {
    let asked = Asked::read(cx).await?;
    match asked.proceed(cx).await {
        // A user can reload a page; a client that asked for silence is told.
        Err(Failure::Fault(fault)) if asked.prompt == Ok(Prompt::None) => {
            cx.edge.log(&fault.to_string());
            Ok(asked.redirect_error(
                cx,
                ErrorCode::TemporarilyUnavailable,
                "The server cannot answer now; try again in a moment",
            ))
        }
        answer => answer,
    }
}

/// `POST`: the consent form comes back.
pub async fn decide<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<Notice>> {
    let form = cx.posted_form(&cx.request.target()).or_refuse()?;
    let asked = Asked::read(cx).await?;
    let Some(logged_in) = cx.logged_in(Some(asked.client().id)).await? else {
        return Ok(Response::see_other(asked.login_target(cx)));
    };
    let request = match &asked.request {
        Ok(request) => request,
        Err(refusal) => return Ok(asked.refuse(cx, refusal)),
    };
    let subject = asked.subject(request);
    let ticket = consent_form(&logged_in, &subject);
    let Some(seed) = cx.check_ticket(&ticket, &form) else {
        return Err(Failure::Refused(Notice::form_refused(cx.request.target())));
    };
    if let Err(refusal) = may_grant(request, &logged_in.session) {
        return Ok(asked.refuse(cx, &refusal));
    }
    match form.one("decision") {
        Ok(Some("approve")) => {}
        Ok(Some("deny")) => return Ok(asked.refuse(cx, &Refusal::Denied)),
        _ => {
            let refusal = Refusal::Invalid {
                parameter: "decision",
                must: "it must be approve or deny",
            };
            return Err(Failure::Refused(Notice::bad_request(refusal)));
        }
    }
    let granted = granted(request.scope, &form);
    if granted.is_empty() {
        return Ok(asked.refuse(cx, &Refusal::Denied));
    }
    asked.approve(cx, request, &logged_in, granted, seed).await
}

/// Where a login on the way to `return_to` will end: who asks, and at which redirect URI.
pub async fn destination<E: Edge>(
    cx: &Context<'_, E>,
    return_to: &str,
) -> Result<Option<(Rc<Application>, RedirectUri)>, Fault> {
    let query = return_to.split_once('?').map(|(_, query)| query);
    let Some(params) = query.and_then(|query| Params::from_form(query).ok()) else {
        return Ok(None);
    };
    let id = params.one("client_id").ok().flatten();
    let Some(id) = id.and_then(ApplicationId::parse) else {
        return Ok(None);
    };
    let application = cx.application(id).await?;
    let requested = params.one("redirect_uri").ok().flatten();
    Ok(application
        .zip(requested)
        .and_then(|(application, requested)| {
            let redirect_uri = application.client.redirect_uri(requested)?;
            Some((application, redirect_uri))
        }))
}

/// What the user ticked, of what was asked; `identify` is not withheld.
fn granted(asked: Scopes, form: &Params) -> Scopes {
    let ticked: Scopes = form.all("scope").filter_map(Scope::from_wire).collect();
    asked.intersection(ticked.with(Scope::Identify))
}

/// Refuses what this user cannot grant, whoever asks.
fn may_grant(request: &AuthorizationRequest, session: &Session) -> Result<(), Refusal> {
    if request.scope.contains(Scope::Admin) && !session.user.admin {
        return Err(Refusal::ScopeNotAllowed(Scope::Admin));
    }
    Ok(())
}

fn consent_form<'a>(logged_in: &'a LoggedIn, subject: &'a str) -> Form<'a> {
    Form {
        name: "consent",
        browser: logged_in.cookie.expose(),
        subject,
    }
}

/// A request whose client and redirect URI are known: whatever else is wrong with it can be told
/// to the client.
struct Asked {
    application: Rc<Application>,
    redirect_uri: RedirectUri,
    state: Option<String>,
    prompt: Result<Prompt, Refusal>,
    request: Result<AuthorizationRequest, Refusal>,
}

/// What to do with a request.
enum Step<'a> {
    LogIn,
    Refuse(Refusal),
    AskConsent(&'a AuthorizationRequest),
    Approve(&'a AuthorizationRequest),
}

impl Asked {
    /// Reads the query; an unknown client and a redirect URI that is not its own end on a page.
    async fn read<E: Edge>(cx: &Context<'_, E>) -> Result<Self, Failure<Notice>> {
        let page = |refusal: Refusal| Failure::Refused(Notice::bad_request(refusal));
        let params = Params::from_form(&cx.request.query).map_err(page)?;
        let id = params.required("client_id").map_err(page)?;
        let unknown = || Failure::Refused(Notice::bad_request("Unknown client_id"));
        let id = ApplicationId::parse(id).ok_or_else(unknown)?;
        let application = cx.application(id).await?.ok_or_else(unknown)?;
        let requested = params.required("redirect_uri").map_err(page)?;
        let redirect_uri = application.client.redirect_uri(requested).ok_or_else(|| {
            Failure::Refused(Notice::bad_request(
                "redirect_uri is not one of those that the application registered",
            ))
        })?;
        Ok(Self {
            redirect_uri,
            state: authorization_request::state(&params).map(str::to_owned),
            prompt: Prompt::parse(&params),
            request: AuthorizationRequest::parse(&params, &application.client),
            application,
        })
    }

    fn client(&self) -> &Client {
        &self.application.client
    }

    fn subject(&self, request: &AuthorizationRequest) -> String {
        request.subject(self.client(), &self.redirect_uri, self.state.as_deref())
    }

    /// As far as it goes without the user's answer.
    async fn proceed<E: Edge>(&self, cx: &Context<'_, E>) -> Result<Response, Failure<Notice>> {
        let logged_in = cx.logged_in(Some(self.client().id)).await?;
        let step = self.next_step(logged_in.as_ref().map(|it| &it.session), cx.now);
        match (step, &logged_in) {
            (Step::Refuse(refusal), _) => Ok(self.refuse(cx, &refusal)),
            (Step::LogIn, _) | (_, None) => Ok(Response::see_other(self.login_target(cx))),
            (Step::AskConsent(request), Some(logged_in)) => {
                self.consent_page(cx, request, logged_in)
            }
            (Step::Approve(request), Some(logged_in)) => {
                let seed = CodeSeed(cx.edge.random()?);
                self.approve(cx, request, logged_in, request.scope, seed)
                    .await
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
        if let Err(refusal) = may_grant(request, session) {
            return Step::Refuse(refusal);
        }
        let (login, consent) = match request.prompt {
            Prompt::None => (false, false),
            Prompt::Interactive { login, consent } => (login, consent),
        };
        let too_long_ago = request
            .max_age
            .is_some_and(|max_age| now.since(session.authenticated_at) > max_age);
        if login || too_long_ago {
            return if silent {
                Step::Refuse(Refusal::LoginRequired)
            } else {
                Step::LogIn
            };
        }
        let remembered = self.client().kind.may_skip_consent()
            && !request.scope.contains(Scope::Admin)
            && !request.scope.contains(Scope::Bot)
            && session
                .granted
                .is_some_and(|granted| granted.covers(request.scope));
        match (consent || !remembered, silent) {
            (false, _) => Step::Approve(request),
            (true, true) => Step::Refuse(Refusal::ConsentRequired),
            (true, false) => Step::AskConsent(request),
        }
    }

    /// The error redirect (RFC 6749 §4.1.2.1, RFC 9207 §2).
    fn refuse<E>(&self, cx: &Context<'_, E>, refusal: &Refusal) -> Response {
        self.redirect_error(cx, refusal.code(), &refusal.to_string())
    }

    fn redirect_error<E>(&self, cx: &Context<'_, E>, code: ErrorCode, words: &str) -> Response {
        self.redirect(
            cx,
            &[("error", code.as_str()), ("error_description", words)],
        )
    }

    fn redirect<E>(&self, cx: &Context<'_, E>, answer: &[(&str, &str)]) -> Response {
        let mut parameters = answer.to_vec();
        if let Some(state) = &self.state {
            parameters.push(("state", state));
        }
        parameters.push(("iss", cx.config.issuer.as_str()));
        Response::see_other(self.redirect_uri.location(&parameters).into_header())
    }

    /// To the login form and back here. What made the login necessary is taken out of the way
    /// back, or it would lead here for ever; a request that will be refused comes back as it was.
    fn login_target<E>(&self, cx: &Context<'_, E>) -> String {
        let Ok(request) = &self.request else {
            return login::target(&cx.request.target());
        };
        let is_done_by_then = |pair: &str| {
            let name = form::decode(pair.split('=').next().unwrap_or_default());
            matches!(name.as_deref(), Some("prompt" | "max_age"))
        };
        let query = cx.request.query.split('&');
        let mut back: Vec<_> = query.filter(|pair| !is_done_by_then(pair)).collect();
        if matches!(request.prompt, Prompt::Interactive { consent: true, .. }) {
            back.push("prompt=consent");
        }
        login::target(&format!("{}?{}", cx.request.path, back.join("&")))
    }

    fn consent_page<E: Edge>(
        &self,
        cx: &Context<'_, E>,
        request: &AuthorizationRequest,
        logged_in: &LoggedIn,
    ) -> Result<Response, Failure<Notice>> {
        let user = &logged_in.session.user;
        let granted = logged_in.session.granted;
        let scopes = request
            .scope
            .iter()
            .map(|scope| ScopeLine {
                scope,
                withholdable: scope != Scope::Identify,
                words: ScopeLine::words(scope),
                preview: match scope {
                    Scope::Identify => Some(user.username.as_str()),
                    Scope::Email => Some(user.email.as_str()),
                    _ => None,
                },
                new: granted.is_some_and(|granted| !granted.contains(scope)),
            })
            .collect();
        let registered = self.application.created_at.to_iso();
        let subject = self.subject(request);
        let page = ConsentPage {
            action: &cx.request.target(),
            csrf_token: &cx.ticket(&consent_form(logged_in, &subject))?,
            application: self.application.name.as_str(),
            description: self.application.description.as_str(),
            registered_on: registered.split('T').next().unwrap_or_default(),
            destination: self.redirect_uri.destination(),
            username: user.username.as_str(),
            scopes,
            switch_account_action: &logout::target(&cx.request.target()),
            switch_account_token: &cx.ticket(&logout::form(logged_in))?,
        };
        Ok(Page::render(&page)?
            .with_form_to(&self.redirect_uri)
            .respond(200))
    }

    /// Issues the code. The ledger opens its family, and the code goes out only if the session that
    /// approved still stands after that: a new password ends the sessions first and then what was
    /// authorized, and whichever comes second sees the other. Sent twice, the form makes the same
    /// code, and after a fault it can be sent again; a code that never went out opens nothing.
    async fn approve<E: Edge>(
        &self,
        cx: &Context<'_, E>,
        request: &AuthorizationRequest,
        logged_in: &LoggedIn,
        scope: Scopes,
        seed: CodeSeed,
    ) -> Result<Response, Failure<Notice>> {
        let session = &logged_in.session;
        let user = session.user.id;
        let application = self.client().id;
        let code = Code::issue(&cx.config.keyring, user, application, &seed)?;
        let grant = Grant {
            scope,
            redirect_uri: self.redirect_uri.as_str().to_owned(),
            code_challenge: request.code_challenge,
            device: device(cx),
        };
        let expires_at = cx.now + cx.config.code_lifetime;
        let record = CodeRecord {
            user,
            application,
            grant: grant.clone(),
            expires_at,
        };
        cx.edge.put_code(&code.hash(), &record).await?;
        let ledger = LedgerId {
            user: Some(user),
            application,
        };
        let family = FamilyId::of_hash(code.hash().bytes());
        let open = Open {
            family,
            grant,
            code_expires_at: expires_at,
        };
        if cx.edge.ask(ledger, open).await? == Opened::AnsweredBefore {
            return Err(Failure::Refused(answered_before()));
        }
        let id = logged_in.cookie.hash();
        let remembered = remembered(session.granted, request.scope, scope);
        if cx
            .edge
            .remember(&id, user, application, remembered, cx.now)
            .await?
        {
            return Ok(self.redirect(cx, &[("code", code.expose())]));
        }
        cx.edge.ask(ledger, Revoke { family }).await?;
        Ok(match request.prompt {
            Prompt::None => self.refuse(cx, &Refusal::LoginRequired),
            Prompt::Interactive { .. } => Response::see_other(self.login_target(cx)),
        })
    }
}

fn answered_before() -> Notice {
    Notice {
        status: 409,
        title: "You have answered this already",
        text: "This form was sent before. Go back to the application and start again if it did \
               not work.",
        detail: None,
        next: None,
    }
}

/// What is remembered after a consent: what was withheld this time is forgotten, what was not
/// asked about stays.
fn remembered(before: Option<Scopes>, asked: Scopes, granted: Scopes) -> Scopes {
    before.unwrap_or(Scopes::NONE).without(asked).union(granted)
}

fn device<E>(cx: &Context<'_, E>) -> Option<String> {
    let device = cx.request.header("user-agent")?;
    Some(
        device
            .chars()
            .filter(|character| !character.is_control())
            .take(MAX_DEVICE)
            .collect(),
    )
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
    }
}
