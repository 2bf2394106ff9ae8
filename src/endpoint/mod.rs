//! One file per URL, or family of URLs: parse, ask, decide, commit, answer.

pub mod api;
pub mod attempts;
pub mod browser;
pub mod json_body;
mod lists;
pub mod oauth;
pub mod pages;
pub mod paging;
pub mod resource;
pub mod session;
pub mod sudo;

use std::rc::Rc;

use serde_json::json;

use crate::config::Config;
use crate::crypto::secret::Secret;
use crate::fluxer::api_error::ApiError;
use crate::fluxer::application::Application;
use crate::fluxer::audit::{Action, Entry};
use crate::http::{Body, Request, Response};
use crate::oauth::error::{CredentialsPlace, ErrorCode, Refusal};
use crate::oauth::params::Params;
use crate::page::text::{self, Message};
use crate::page::{Chrome, NoticePage, Page};
use crate::rate_limit::Verdict;
use crate::snowflake::{ApplicationId, EntryId, Snowflake};
use crate::store::{Edge, Fault};
use crate::time::Timestamp;

/// What every endpoint has: the world outside, the settings, the request, and the instant it came.
pub struct Context<'a, E> {
    /// The world outside.
    pub edge: &'a E,
    /// The settings.
    pub config: &'a Config,
    /// The request.
    pub request: &'a Request,
    /// When it came.
    pub now: Timestamp,
}

impl<E> Context<'_, E> {
    /// What a page has around what it says, in the language of whoever asks: the one they chose,
    /// or the best of those that their browser names.
    pub fn chrome<'b>(&'b self, here: &'b str) -> Chrome<'b> {
        let chosen = self
            .request
            .cookie(pages::language::COOKIE)
            .and_then(text::by_tag);
        let accepted = self.request.header("accept-language").unwrap_or_default();
        Chrome {
            text: chosen.unwrap_or_else(|| text::accepted(accepted)),
            brand: &self.config.brand,
            here,
            account: None,
        }
    }
}

impl<E: Edge> Context<'_, E> {
    /// An application: the built-in one, or one of the directory's.
    pub async fn application(&self, id: ApplicationId) -> Result<Option<Rc<Application>>, Fault> {
        match &self.config.admin_application {
            Some(built_in) if built_in.client.id == id => Ok(Some(Rc::clone(built_in))),
            _ => self.edge.application(id).await,
        }
    }

    /// The request's body.
    pub fn body(&self) -> &[u8] {
        match &self.request.body {
            Body::Read(bytes) => bytes,
            // The router answers these before any endpoint sees them.
            Body::TooLarge | Body::Broken => &[],
        }
    }

    /// A new id for something made now.
    pub fn new_id(&self) -> Result<Snowflake, Fault> {
        Ok(Snowflake::generate(self.now.millis(), self.edge.random()?))
    }

    /// An entry of the audit log about this request.
    pub fn entry(&self, action: Action) -> Entry {
        // What is worth an entry must not fail for want of an id.
        let entropy = self.edge.random().unwrap_or_default();
        let id = EntryId(Snowflake::generate(self.now.millis(), entropy));
        Entry::new(id, action, self.request.client_ip())
    }

    /// A new secret of 256 random bits.
    pub fn new_secret<K>(&self) -> Result<Secret<K>, Fault> {
        Ok(Secret::from_entropy(self.edge.random()?))
    }

    /// The parameters of a form that a browser posted.
    pub fn form(&self) -> Result<Params, Refusal> {
        match self.request.media_type().as_deref() {
            Some("application/x-www-form-urlencoded") => parse_form(self.body()),
            _ => Err(Refusal::MediaType),
        }
    }

    /// The parameters of a token, revocation or introspection request: a form (RFC 6749 Appendix
    /// B), or JSON, which Fluxer's documentation shows.
    pub fn form_or_json(&self) -> Result<Params, Refusal> {
        match self.request.media_type().as_deref() {
            Some("application/x-www-form-urlencoded") => parse_form(self.body()),
            Some("application/json") => Params::from_json(self.body()),
            _ => Err(Refusal::MediaType),
        }
    }
}

fn parse_form(body: &[u8]) -> Result<Params, Refusal> {
    let body = core::str::from_utf8(body).map_err(|_| Refusal::MalformedForm)?;
    Params::from_form(body)
}

/// Why an endpoint did not answer as asked: the caller's doing, in the endpoint's own words, or
/// ours.
#[derive(Debug)]
pub enum Failure<R> {
    /// Theirs.
    Refused(Box<R>),
    /// Ours.
    Fault(Fault),
}

impl<R> Failure<R> {
    /// Theirs. Behind a pointer, for everything that can fail carries room for it.
    pub fn refused(refusal: R) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl<R, F: Into<Fault>> From<F> for Failure<R> {
    fn from(fault: F) -> Self {
        Self::Fault(fault.into())
    }
}

/// Makes `?` turn a refusal into a [`Failure`]. (A blanket impl would overlap with the one for
/// faults.)
pub trait OrRefuse<T, R> {
    /// The value, or the refusal as a failure.
    fn or_refuse(self) -> Result<T, Failure<R>>;
}

impl<T, R> OrRefuse<T, R> for Result<T, R> {
    fn or_refuse(self) -> Result<T, Failure<R>> {
        self.map_err(Failure::refused)
    }
}

/// A refusal that knows how it is answered.
pub trait Refuse {
    /// The response.
    fn refuse<E>(self, cx: &Context<'_, E>) -> Result<Response, Fault>;
}

impl Refuse for Refusal {
    fn refuse<E>(self, _: &Context<'_, E>) -> Result<Response, Fault> {
        let status = match self.code() {
            ErrorCode::InvalidClient => 401,
            _ => 400,
        };
        let response = Response::json(status, &oauth_error(self.code(), &self.to_string()));
        Ok(match self {
            Self::Client {
                place: CredentialsPlace::Header,
                ..
            } if status == 401 => response.with(
                "www-authenticate",
                "Basic realm=\"Fluxer\", charset=\"UTF-8\"",
            ),
            _ => response,
        })
    }
}

impl Refuse for ApiError {
    fn refuse<E>(self, _: &Context<'_, E>) -> Result<Response, Fault> {
        let response = Response::json(self.status(), &self.body());
        Ok(match (&self, self.challenge()) {
            (_, Some(challenge)) => response.with("www-authenticate", challenge),
            (Self::RateLimited(verdict), None) => {
                let mut response = response.with("retry-after", verdict.retry_after().to_string());
                let headers = limit_headers(attempts::BUCKET, verdict);
                response.headers.extend(headers);
                response
            }
            (_, None) => response,
        })
    }
}

/// A page that says one thing: why not, or what now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The HTTP status.
    pub status: u16,
    /// What happened, and what to do.
    pub message: Message,
    /// For the application's developer.
    pub detail: Option<String>,
    /// Where to go on: a path here.
    pub next: Option<(String, Next)>,
}

/// What the way on is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The form again.
    StartAgain,
    /// The login form.
    LogIn,
    /// The logout form.
    LogOut,
}

impl Notice {
    /// A page that only says it.
    pub const fn new(status: u16, message: Message) -> Self {
        Self {
            status,
            message,
            detail: None,
            next: None,
        }
    }

    /// With something for the application's developer.
    #[must_use]
    pub fn with_detail(mut self, detail: impl core::fmt::Display) -> Self {
        self.detail = Some(detail.to_string());
        self
    }

    /// With a way on.
    #[must_use]
    pub fn then(mut self, path: impl Into<String>, label: Next) -> Self {
        self.next = Some((path.into(), label));
        self
    }

    /// The application's mistake, shown to its user because it cannot be sent to the application.
    pub fn bad_request(detail: impl core::fmt::Display) -> Self {
        Self::new(400, Message::BadLink).with_detail(detail)
    }

    /// A form that did not come from a page of ours, or too late.
    pub fn form_refused(back_to: String) -> Self {
        Self::new(403, Message::FormRefused).then(back_to, Next::StartAgain)
    }
}

impl Refuse for Notice {
    fn refuse<E>(self, cx: &Context<'_, E>) -> Result<Response, Fault> {
        // Nothing of a request that went wrong stands on the page that says so: there is no way back
        // to it, and so no choice of language.
        let chrome = cx.chrome("");
        let [title, words] = chrome.text.message(self.message);
        let seconds = match self.message {
            Message::TooManyRequests(seconds) => seconds.to_string(),
            _ => String::new(),
        };
        let label = |next| match next {
            Next::StartAgain => chrome.text.layout.start_again,
            Next::LogIn => chrome.text.login.submit,
            Next::LogOut => chrome.text.logout.submit,
        };
        let page = NoticePage {
            title,
            words,
            seconds: &seconds,
            detail: self.detail.as_deref(),
            next: self
                .next
                .as_ref()
                .map(|(href, next)| (href.as_str(), label(*next))),
        };
        Ok(Page::render(chrome, title, &page).respond(self.status))
    }
}

/// What a limited answer says of its window; `bucket` names the limit.
pub fn limit_headers(bucket: &str, verdict: &Verdict) -> [(&'static str, String); 5] {
    let left = verdict.reset_after();
    let seconds = format!("{}.{:03}", left.as_secs(), left.subsec_millis());
    let reset = verdict.reset_at.millis().div_ceil(1000);
    [
        ("x-ratelimit-limit", verdict.limit.to_string()),
        ("x-ratelimit-remaining", verdict.remaining.to_string()),
        ("x-ratelimit-reset", reset.to_string()),
        ("x-ratelimit-reset-after", seconds),
        ("x-ratelimit-bucket", bucket.to_owned()),
    ]
}

/// `{error, error_description}`.
pub fn oauth_error(code: ErrorCode, description: &str) -> serde_json::Value {
    json!({"error": code.as_str(), "error_description": description})
}
