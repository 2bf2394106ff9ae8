//! The way in: finds a request's route, holds it to its limits, dispatches it, and finishes its answer.

use core::pin::Pin;

use crate::config::Config;
use crate::endpoint::api::admin::moving::is_operators;
use crate::endpoint::body::MULTIPART;
use crate::endpoint::context::SoFar;
use crate::endpoint::dpop::next_nonce;
use crate::endpoint::notes::Notes;
use crate::endpoint::oauth::limits;
use crate::endpoint::{
    self, Context, Failure, Notice, Refuse, UnknownPath, limit_headers, oauth_error,
};
use crate::fluxer::audit::Action;
use crate::http::{Body, Method, Request, Response, with_member};
use crate::lengths::MAX_BODY_BYTES;
use crate::location::{Location, Target};
use crate::oauth::error::{ErrorCode, ServerFault, TransportRefusal};
use crate::page::text::Message;
use crate::rate_limit::Verdict;
use crate::routes::{Cors, Endpoint, Format, ROUTES, Route, canonical, with_routes};
use crate::store::{Edge, Fault, Measure, Outlook};
use crate::time::Timestamp;

/// Answers a request: the way in for every one of them.
pub async fn answer<E: Edge>(edge: &E, config: &Config, request: &Request) -> Response {
    let cx = Context {
        edge,
        config,
        request,
        now: edge.now(),
        notes: Notes::default(),
        so_far: SoFar::default(),
    };
    let matched = Matched::of(request, config);
    let endpoint = matched.as_ref().map_or("", |it| it.route.path);
    let mut response = match matched {
        Err(unmatched) => unmatched.respond(&cx),
        Ok(_) if config.issuer.is_https() && !request.secure => insecure(&cx),
        Ok(Matched { route, .. }) if request.method == Method::Options => preflight(&cx, route),
        Ok(matched) => {
            let mut response = matched.answer_within_limits(&cx).await;
            if matched.route.cors == Cors::Any {
                response.extend(cors_headers());
                if let Some(nonce) = next_nonce(&cx) {
                    response.push("dpop-nonce", nonce);
                }
            }
            response
        }
    };
    finish(&cx, &mut response);
    measure(&cx, endpoint, response.status);
    response
}

fn measure<E: Edge>(cx: &Context<'_, E>, endpoint: &'static str, status: u16) {
    let [refusal, words] = &*cx.notes.refusal.borrow();
    cx.edge.measure(&Measure {
        endpoint,
        method: cx.request.method,
        grant: cx.notes.grant.get(),
        application: cx.notes.application.get(),
        user: cx.notes.user.get(),
        refusal: if status == 429 {
            "RateLimited"
        } else {
            refusal
        },
        words,
        status,
        took: cx.edge.now().since(cx.now),
        at: cx.now,
    });
}

/// Longest body of a request that is read, in bytes: longer than every other one where the built-in
/// application sends it to a route that takes it, or where a file may be in it.
pub fn max_body_bytes(config: &Config, head: &Request, now: Timestamp) -> usize {
    match Matched::of(head, config) {
        Ok(Matched { route, .. })
            if route.operators_body > MAX_BODY_BYTES && is_operators(config, head, now) =>
        {
            route.operators_body
        }
        Ok(Matched { route, .. }) if head.media_type().as_deref() == Some(MULTIPART) => {
            route.upload_body
        }
        _ => MAX_BODY_BYTES,
    }
}

/// The route of a request, and the segments that its `{…}` stand for.
struct Matched<'a> {
    route: &'static Route,
    segments: Vec<&'a str>,
}

/// An endpoint at work. Its type says nothing of which one, so that each stays a function of its own.
type Answering<'a> = Pin<Box<dyn Future<Output = Response> + 'a>>;

/// Why a request has no route.
enum Unmatched {
    NotFound,
    MethodNotAllowed(&'static Route),
}

impl<'a> Matched<'a> {
    fn of(request: &'a Request, config: &Config) -> Result<Self, Unmatched> {
        let path = canonical(&request.path);
        let routes: Vec<_> = ROUTES
            .iter()
            .filter_map(|route| route.segments(path).map(|it| (route, it)))
            .filter(|(route, _)| route.exists(config))
            .collect();
        let method = match request.method {
            Method::Head => Method::Get,
            method => method,
        };
        let preflight =
            method == Method::Options && routes.iter().any(|(route, _)| route.cors == Cors::Any);
        // A URL of its own is no other one's `{…}`: `@me` is no application's id.
        let own = routes.iter().min_by_key(|(_, segments)| segments.len());
        let own = own.map(|(route, _)| *route).ok_or(Unmatched::NotFound)?;
        routes
            .into_iter()
            .filter(|(route, _)| route.path == own.path)
            .find(|(route, _)| route.method == method || preflight)
            .map(|(route, segments)| Self { route, segments })
            .ok_or(Unmatched::MethodNotAllowed(own))
    }

    async fn answer_within_limits<E: Edge>(&self, cx: &Context<'_, E>) -> Response {
        let verdict = match self.route.bucket {
            Some(bucket) => limits::take(cx, bucket).await.map(|it| (bucket, it)),
            None => None,
        };
        let mut response = match (&verdict, &cx.request.body) {
            (Some((_, verdict)), _) if !verdict.admitted => self.too_many_requests(cx, verdict),
            (_, Body::TooLarge) => {
                let most = max_body_bytes(cx.config, cx.request, cx.now);
                self.refuse_body(
                    cx,
                    TransportRefusal::too_large(most, self.route.upload_body),
                )
            }
            (_, Body::Broken) => self.refuse_body(cx, TransportRefusal::BodyBroken),
            (_, Body::Read(_)) if cx.request.header("content-encoding").is_some() => {
                self.refuse_body(cx, TransportRefusal::ContentEncoding)
            }
            (_, Body::Read(_)) => self.dispatch(cx).await,
        };
        if response.status >= 500 {
            cx.so_far.claims.give_back(cx.edge).await;
        }
        if let Some((bucket, verdict)) = verdict {
            response.extend(limit_headers(bucket.name(), &verdict));
        }
        response
    }

    fn dispatch<'b, E: Edge>(&'b self, cx: &'b Context<'b, E>) -> Answering<'b> {
        let mut segments = self.segments.iter().copied();
        macro_rules! call {
            ($(
                $name:ident $method:ident $path:literal
                $($function:ident)::+ ($($segment:ident),*)
                $format:ident $cors:ident $(.$property:ident($($value:expr)?))*;
            )*) => {
                match self.route.endpoint {
                    $(Endpoint::$name => {
                        #[inline(never)]
                        fn arm<'a, E: Edge>(
                            matched: &'a Matched<'a>,
                            cx: &'a Context<'a, E>,
                            $($segment: &'a str),*
                        ) -> Answering<'a> {
                            Box::pin(async move {
                                let outcome = endpoint::$($function)::+(cx $(, $segment)*).await;
                                matched.respond(cx, outcome)
                            })
                        }
                        $(let $segment = segments.next().unwrap_or_default();)*
                        arm(self, cx $(, $segment)*)
                    })*
                }
            };
        }
        // Without it the compiler looks through the pointer and makes one function of all endpoints, which
        // each start of an isolate compiles whole.
        core::hint::black_box(with_routes!(call))
    }

    /// An endpoint's outcome as a response.
    fn respond<E: Edge, R: Refuse>(
        &self,
        cx: &Context<'_, E>,
        outcome: Result<Response, Failure<R>>,
    ) -> Response {
        match outcome {
            Ok(response) => response,
            Err(Failure::Refused(refusal)) => {
                cx.note(&refusal, refusal.told());
                refusal.refuse(cx)
            }
            Err(Failure::Fault(fault)) => self.unavailable(cx, &fault),
        }
    }

    /// Ours: 503 where it will pass, 500 where it will not. The client learns a reference, the log
    /// learns the rest.
    fn unavailable<E: Edge>(&self, cx: &Context<'_, E>, fault: &Fault) -> Response {
        let reference = cx.edge.random::<4>().map_or_else(
            |_| "none".to_owned(),
            |it| u32::from_be_bytes(it).to_string(),
        );
        let details = serde_json::json!({
            "reference": reference, "path": self.route.path, "fault": fault.to_string(),
        });
        let application = cx.notes.application.get();
        let mut line = with_member(details.clone(), "level", "error");
        let mut entry = cx.entry(Action::Fault).saying(details);
        if let Some(application) = application {
            line = with_member(line, "application", application.to_string());
            entry = entry.with(application);
        }
        cx.edge.log(&line.to_string());
        cx.edge.record(entry);
        let reference = format!("Reference: {reference}");
        match fault.outlook() {
            Outlook::Transient => self
                .refuse_with(
                    cx,
                    ServerFault::Transient.code(),
                    "SERVICE_UNAVAILABLE",
                    "The server cannot answer now. Try again in a moment.",
                    Notice::new(503, Message::Unavailable).with_detail(&reference),
                )
                .with("retry-after", "1"),
            Outlook::Permanent => self.refuse_with(
                cx,
                ServerFault::Permanent.code(),
                "GENERAL_ERROR",
                "An internal server error occurred.",
                Notice::new(500, Message::Broken).with_detail(&reference),
            ),
        }
    }

    fn refuse_body<E>(&self, cx: &Context<'_, E>, refusal: TransportRefusal) -> Response {
        let words = refusal.to_string();
        self.refuse_with(
            cx,
            refusal.code(),
            "INVALID_REQUEST",
            &words,
            Notice::new(refusal.status(), Message::BadBody).with_detail(&words),
        )
    }

    fn too_many_requests<E>(&self, cx: &Context<'_, E>, verdict: &Verdict) -> Response {
        if self.route.format == Format::Page && cx.request.accepts_html() {
            let seconds = verdict.retry_after();
            let page = Notice::new(429, Message::TooManyRequests(seconds)).refuse(cx);
            return page.with("retry-after", seconds.to_string());
        }
        limits::too_many_requests(cx, verdict)
    }

    /// Says no in the format of the route; for an API the words, and `also` for a page.
    fn refuse_with<E>(
        &self,
        cx: &Context<'_, E>,
        oauth: ErrorCode,
        api: &str,
        text: &str,
        also: Notice,
    ) -> Response {
        let detail = also.detail.as_deref().filter(|detail| *detail != text);
        let words = [Some(text), detail];
        let words = words.into_iter().flatten().collect::<Vec<_>>().join(" ");
        match self.route.format {
            Format::OAuth => Response::json(also.status, &oauth_error(oauth, &words)),
            Format::Api => api_error(also.status, api, &words),
            Format::Page => also.refuse(cx),
        }
    }
}

impl Unmatched {
    fn respond<E>(self, cx: &Context<'_, E>) -> Response {
        // What a script asked for in vain tells it why; a preflight of what is closed is refused plainly.
        let roots = ["/api/", "/v1/", "/.well-known/"];
        let is_below = roots.iter().any(|root| cx.request.path.starts_with(root));
        let is_preflight = cx.request.method == Method::Options;
        let (mut response, is_readable) = match self {
            Self::NotFound => (UnknownPath.refuse(cx), is_below),
            Self::MethodNotAllowed(route) => {
                let is_readable = route.cors == Cors::Any || is_below && !is_preflight;
                (refuse_method(cx.config, route), is_readable)
            }
        };
        if is_readable {
            response.extend(cors_headers());
        }
        response
    }
}

/// 405, readable by whoever may read this URL's other answers.
fn refuse_method(config: &Config, route: &Route) -> Response {
    let refusal = TransportRefusal::Method;
    let methods = route.path_methods(config);
    let words = match (route.format, &*methods) {
        // Some clients can be set to introspect by GET.
        (Format::OAuth, "POST") => {
            "Use POST, with the parameters in the body: what stands in a URL is kept in logs"
                .to_owned()
        }
        _ => format!("{refusal} {methods}"),
    };
    let response = match route.format {
        Format::OAuth => Response::json(refusal.status(), &oauth_error(refusal.code(), &words)),
        Format::Api | Format::Page => api_error(refusal.status(), "METHOD_NOT_ALLOWED", &words),
    };
    response.with("allow", methods)
}

fn cors_headers() -> [(&'static str, String); 2] {
    [
        ("access-control-allow-origin", "*".to_owned()),
        (
            "access-control-expose-headers",
            // `Date`: a client whose clock is wrong makes no proof that is good.
            "WWW-Authenticate, DPoP-Nonce, Date, Retry-After, X-RateLimit-Limit, \
             X-RateLimit-Remaining, X-RateLimit-Reset, X-RateLimit-Reset-After, X-RateLimit-Bucket"
                .to_owned(),
        ),
    ]
}

/// The headers that a preflight lets through, whether they are asked for or not.
const PREFLIGHT_HEADERS: &str = "Authorization, Content-Type, MCP-Protocol-Version, DPoP";

/// Without credentials any header may come: those of the protocol, and those that libraries for
/// tracing add to every request. Browsers send their names, and have them back.
fn preflight<E>(cx: &Context<'_, E>, route: &Route) -> Response {
    let methods = route.path_methods(cx.config);
    let asked = cx.request.header("access-control-request-headers");
    let is_list = |it: &&str| {
        let mut bytes = it.bytes();
        bytes.all(|byte| byte.is_ascii_alphanumeric() || b"-_, ".contains(&byte))
    };
    let asked = asked.filter(is_list).filter(|it| !it.is_empty());
    let headers = [Some(PREFLIGHT_HEADERS), asked].into_iter().flatten();
    let headers = headers.collect::<Vec<_>>().join(", ");
    Response::empty(204)
        .with("access-control-allow-origin", "*")
        .with("access-control-allow-methods", &*methods)
        .with("access-control-allow-headers", headers)
        .with("access-control-max-age", "86400")
        .with("vary", "Access-Control-Request-Headers")
        .with("allow", methods)
}

/// RFC 6749 §3.1: TLS, where the issuer is https. A page can be asked for again; what an API
/// request carried has leaked, and the sooner its developer notices the better.
fn insecure<E>(cx: &Context<'_, E>) -> Response {
    let is_page =
        Matched::of(cx.request, cx.config).is_ok_and(|it| it.route.format == Format::Page);
    if is_page {
        let target = Target::parse(&cx.request.target());
        let target = target.unwrap_or_else(|| Target::of(&cx.request.path, &[]));
        Response::permanent_redirect(Location::Issuer(cx.config.issuer.clone(), target))
    } else {
        api_error(403, "HTTPS_REQUIRED", "Use https.")
    }
}

/// What every answer has.
fn finish<E>(cx: &Context<'_, E>, response: &mut Response) {
    if response.header("cache-control").is_none() {
        response.push("cache-control", "no-store");
        response.push("pragma", "no-cache");
    }
    response.push("x-content-type-options", "nosniff");
    response.push("referrer-policy", "no-referrer");
    // RFC 6797 §7.2: not over plain http, where anybody could have written it.
    if cx.config.issuer.is_https() && cx.request.secure {
        response.push("strict-transport-security", "max-age=63072000");
    }
    if cx.request.method == Method::Head {
        response.body.clear();
        response.binary.clear();
        response.rest = None;
    }
}

fn api_error(status: u16, code: &str, message: &str) -> Response {
    Response::json(
        status,
        &serde_json::json!({"code": code, "message": message}),
    )
}
