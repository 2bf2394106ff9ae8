//! The ways in which an endpoint says no: whose fault it is, and how each kind of endpoint tells it.

use serde_json::json;

use super::context::Context;
use super::notes::name_of;
use super::return_to;
use crate::crypto::keyring::SigningError;
use crate::crypto::password::HashingError;
use crate::fluxer::api_error::{ApiError, Scheme};
use crate::http::{Response, with_member};
use crate::oauth::dpop::ProofError;
use crate::oauth::error::{CredentialsPlace, ErrorCode, Refusal};
use crate::oauth::redirect_uri::RedirectTo;
use crate::page::text::Message;
use crate::page::{NoticePage, Page};
use crate::rate_limit::Verdict;
use crate::store::Fault;

/// Why an endpoint did not answer as asked: through the caller's fault, as this kind of endpoint tells it, or through
/// ours.
#[derive(Debug)]
pub enum Failure<R> {
    /// The caller's fault. It is behind a pointer, because every result that can fail has room for it.
    Refused(Box<R>),
    /// Something of ours failed.
    Fault(Fault),
}

impl<R> Failure<R> {
    /// The same failure, with a refusal of another kind of endpoint.
    pub fn map<S>(self, spell: impl FnOnce(R) -> S) -> Failure<S> {
        match self {
            Self::Refused(refusal) => Failure::Refused(Box::new(spell(*refusal))),
            Self::Fault(fault) => Failure::Fault(fault),
        }
    }
}

/// Makes errors of ours a failure by `?`, in any endpoint.
macro_rules! fails_by {
    ($($fault:ty),*) => {$(
        impl<R> From<$fault> for Failure<R> {
            fn from(fault: $fault) -> Self {
                Self::Fault(fault.into())
            }
        }
    )*};
}

fails_by!(Fault, SigningError, HashingError);

/// Makes each kind of refusal a failure by `?`. One implementation for all of them would overlap with that for
/// faults.
macro_rules! refused_by {
    ($($refusal:ty),*) => {$(
        impl From<$refusal> for Failure<$refusal> {
            fn from(refusal: $refusal) -> Self {
                Self::Refused(Box::new(refusal))
            }
        }
    )*};
}

refused_by!(Refusal, ProofError, ApiError, PageRefusal, UnknownPath);

impl From<Notice> for Failure<PageRefusal> {
    fn from(notice: Notice) -> Self {
        PageRefusal::from(notice).into()
    }
}

/// A refusal that knows how it is answered.
pub trait Refuse: core::fmt::Debug {
    /// The reason in words for the application's developer; empty where there is nothing to mend.
    fn told(&self) -> String;
    /// The response that tells the caller.
    fn refuse<E>(self, cx: &Context<'_, E>) -> Response;
}

impl Refuse for Refusal {
    fn told(&self) -> String {
        if self.is_expected() {
            return String::new();
        }
        [self.code().as_str(), ": ", &self.to_string()].concat()
    }

    fn refuse<E>(self, _: &Context<'_, E>) -> Response {
        if let Self::TooManyAttempts(verdict) = &self {
            let body = ApiError::RateLimited(*verdict).body();
            let body = with_member(body, "error", self.code().as_str());
            let retry_after = verdict.retry_after().to_string();
            let mut response = Response::json(429, &body).with("retry-after", retry_after);
            response.extend(limit_headers(INTROSPECTION_BUCKET, verdict));
            return response;
        }
        let status = self.status();
        let response = Response::json(status, &oauth_error(self.code(), &self.to_string()));
        match self {
            Self::Client {
                place: CredentialsPlace::Header,
                ..
            } if status == 401 => response.with(
                "www-authenticate",
                "Basic realm=\"Fluxer\", charset=\"UTF-8\"",
            ),
            Self::RegistrationToken => {
                response.with("www-authenticate", "Bearer error=\"invalid_token\"")
            }
            _ => response,
        }
    }
}

/// No route has this path.
#[derive(Debug)]
pub struct UnknownPath;

/// Whether programs and not people look at what is below this path.
fn is_api(path: &str) -> bool {
    let roots = ["/api/", "/v1/"];
    roots.iter().any(|root| path.starts_with(root))
}

impl Refuse for UnknownPath {
    fn told(&self) -> String {
        String::new()
    }

    fn refuse<E>(self, cx: &Context<'_, E>) -> Response {
        if cx.request.accepts_html() && !is_api(&cx.request.path) {
            return Notice::new(404, Message::NotFound).refuse(cx);
        }
        let message = "The requested endpoint does not exist.";
        Response::json(404, &json!({"code": "NOT_FOUND", "message": message}))
    }
}

impl Refuse for ApiError {
    fn told(&self) -> String {
        let body = self.body();
        let code = body.get("code").and_then(|it| it.as_str());
        code.unwrap_or_default().to_owned()
    }

    fn refuse<E>(self, cx: &Context<'_, E>) -> Response {
        let mut response = Response::json(self.status(), &self.body());
        let scheme = Scheme::of(cx.request.header("authorization").unwrap_or_default());
        for challenge in self.challenges(cx.config.issuer.as_str(), scheme) {
            response.push("www-authenticate", challenge);
        }
        if let Self::RateLimited(verdict) = &self {
            response.push("retry-after", verdict.retry_after().to_string());
            response.extend(limit_headers(LOGIN_BUCKET, verdict));
        }
        response
    }
}

/// Why a page is not shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageRefusal {
    /// A page says why.
    Notice(Notice),
    /// Nobody is logged in. The login form comes first, and leads back to this path of this server.
    LogIn(String),
    /// The user has to give a new proof. The login form comes first, and leads back to this path of this server.
    LogInAgain(String),
}

impl From<Notice> for PageRefusal {
    fn from(notice: Notice) -> Self {
        Self::Notice(notice)
    }
}

impl Refuse for PageRefusal {
    fn told(&self) -> String {
        match self {
            Self::Notice(notice) => notice.told(),
            Self::LogIn(_) | Self::LogInAgain(_) => String::new(),
        }
    }

    fn refuse<E>(self, cx: &Context<'_, E>) -> Response {
        let target = match self {
            Self::Notice(notice) => return notice.refuse(cx),
            Self::LogIn(back) => return_to::login(&back),
            Self::LogInAgain(back) => return_to::login_again(&back),
        };
        if target.is_followed() {
            Response::see_other(target)
        } else {
            Notice::too_long().refuse(cx)
        }
    }
}

/// A page that says one thing: why not, or what now. Its `Debug` is the name of the refusal that caused it, or of its
/// message.
#[derive(Clone, PartialEq, Eq)]
pub struct Notice {
    /// The HTTP status.
    pub status: u16,
    /// What the page says.
    pub message: Message,
    /// The name of the refusal that caused the page, where one did.
    pub cause: String,
    /// The refusal in words for the application's developer.
    pub detail: Option<String>,
    /// A path of this server where the user goes on, and what the link is called.
    pub next: Option<(String, Next)>,
    /// A link to the client, which the user may follow or not.
    pub away: Option<Box<Away>>,
}

impl core::fmt::Debug for Notice {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        if self.cause.is_empty() {
            return self.message.fmt(f);
        }
        f.write_str(&self.cause)
    }
}

/// A link to a client that the user has to follow themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Away {
    /// The host that the link leads to, for a person to read.
    pub destination: String,
    /// The URL of the link.
    pub location: RedirectTo,
}

/// What the link of a page is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The link leads back to the form.
    StartAgain,
    /// The link leads to the login form.
    LogIn,
    /// The link leads to the logout form.
    LogOut,
}

impl Notice {
    /// A page with this message and no more.
    pub const fn new(status: u16, message: Message) -> Self {
        Self {
            status,
            message,
            cause: String::new(),
            detail: None,
            next: None,
            away: None,
        }
    }

    /// Adds the refusal in words for the application's developer.
    #[must_use]
    pub fn with_detail(mut self, detail: impl core::fmt::Display) -> Self {
        self.detail = Some(detail.to_string());
        self
    }

    /// Adds a link to a path of this server.
    #[must_use]
    pub fn then(mut self, path: impl Into<String>, label: Next) -> Self {
        self.next = Some((path.into(), label));
        self
    }

    /// The page for a wrong link of an application. Its user is told, because the mistake cannot be sent to the
    /// application.
    pub fn bad_request(detail: impl core::fmt::Display + core::fmt::Debug) -> Self {
        Self::caused(&detail, &detail)
    }

    fn caused(shown: &dyn core::fmt::Display, named: &dyn core::fmt::Debug) -> Self {
        let cause = name_of(&format!("{named:?}"));
        let notice = Self::new(400, Message::BadLink).with_detail(shown);
        Self { cause, ..notice }
    }

    /// The page for a request whose URL is so long that no browser can be sent back to it.
    pub fn too_long() -> Self {
        let detail = "The request is too long to come back to it after a login";
        Self::new(414, Message::BadLink).with_detail(detail)
    }

    /// The page for a form that did not come from a page of ours, or came too late. Its link leads to `back_to`.
    pub fn form_refused(back_to: String) -> Self {
        Self::new(403, Message::FormRefused).then(back_to, Next::StartAgain)
    }
}

impl Refuse for Notice {
    fn told(&self) -> String {
        self.detail.clone().unwrap_or_default()
    }

    fn refuse<E>(self, cx: &Context<'_, E>) -> Response {
        // Nothing of a request that went wrong stands on the page that says so: there is no way back
        // to it, and so no choice of language.
        let chrome = cx.chrome("");
        let [title, words] = chrome.text.message(self.message);
        let seconds = match self.message {
            Message::TooManyRequests(seconds) => Some(seconds),
            _ => None,
        };
        let label = |next| match next {
            Next::StartAgain => chrome.text.layout.start_again,
            Next::LogIn => chrome.text.login.submit,
            Next::LogOut => chrome.text.logout.submit,
        };
        let heading = if self.status >= 500 {
            chrome.text.layout.for_support
        } else {
            chrome.text.layout.for_developers
        };
        let page = NoticePage {
            title,
            words,
            seconds,
            detail: self.detail.as_deref().map(|detail| (heading, detail)),
            next: self
                .next
                .as_ref()
                .map(|(href, next)| (href.as_str(), label(*next))),
            away: self
                .away
                .as_ref()
                .map(|it| (it.destination.as_str(), it.location.as_str())),
        };
        Page::render(chrome, title, &page).respond(self.status)
    }
}

/// The name of the limit on wrong client credentials at the introspection endpoint.
const INTROSPECTION_BUCKET: &str = "introspect";
/// The name of the limit on passwords that are tried.
pub const LOGIN_BUCKET: &str = "login";

/// The headers that tell the state of a rate-limit window. `bucket` is the name of the limit.
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

/// The JSON of an OAuth error: `{error, error_description}` (RFC 6749 §5.2).
pub fn oauth_error(code: ErrorCode, description: &str) -> serde_json::Value {
    json!({"error": code.as_str(), "error_description": description})
}
