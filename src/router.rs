//! Every URL once: the table that routing, CORS, rate limits and metadata all read.

use crate::config::Config;
use crate::endpoint::api::admin::{audit_log, users};
use crate::endpoint::api::{admin, applications, authorizations, guilds, health, me};
use crate::endpoint::oauth::{authorize, introspect, metadata, revoke, token};
use crate::endpoint::pages::{admin as admin_pages, developers, language, login, logout, settings};
use crate::endpoint::{
    Context, Failure, Format, Notice, Refuse, limit_headers, oauth_error, session,
};
use crate::fluxer::api_error::ApiError;
use crate::http::{Body, Method, Request, Response};
use crate::oauth::error::ErrorCode;
use crate::page::style::Asset;
use crate::page::text::Message;
use crate::rate_limit::{Limit, Verdict};
use crate::store::{Edge, Fault, Outlook};

/// One row: a method of a URL.
pub struct Route {
    /// The method; `GET` answers `HEAD` too.
    pub method: Method,
    /// The path; `{…}` is one segment. `/oauth2/…` answers at `/api/oauth2/…` as well, and the
    /// other way round.
    pub path: &'static str,
    endpoint: Endpoint,
    format: Format,
    cors: Cors,
    bucket: Option<Bucket>,
    /// The name of this URL in the metadata document.
    pub metadata: Option<&'static str>,
}

/// Whether scripts of other origins may read the answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cors {
    /// Any origin, without credentials: the caller proves itself in the request (RFC 9700 §2.6).
    Any,
    /// None: pages, and whatever takes the session cookie.
    None,
}

/// A rate-limit bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bucket {
    Authorize,
    Token,
    Revoke,
}

impl Bucket {
    const fn name(self) -> &'static str {
        match self {
            Self::Authorize => "authorize",
            Self::Token => "token",
            Self::Revoke => "revoke",
        }
    }

    const fn limit(self, config: &Config) -> Option<Limit> {
        match self {
            Self::Authorize => config.limits.authorize,
            Self::Token => config.limits.token,
            Self::Revoke => config.limits.revoke,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Endpoint {
    Authorize,
    Decide,
    LoginForm,
    Login,
    LogoutForm,
    Logout,
    Developers,
    DevelopersCreate,
    DevelopersShow,
    DevelopersSubmit,
    Settings,
    SettingsSubmit,
    AdminPage,
    AdminUsersPage,
    AdminUserPage,
    AdminUserSubmit,
    AdminApplicationsPage,
    AdminApplicationPage,
    AdminApplicationSubmit,
    AdminAuditLogPage,
    Asset,
    Language,
    Token,
    Revoke,
    Introspect,
    Metadata,
    Health,
    Me,
    Authorization,
    Userinfo,
    Session,
    MyGuilds,
    MyConnections,
    ShowGuild,
    ApplicationOfBot,
    Authorizations,
    DeleteAuthorizations,
    ShowAuthorization,
    DeleteAuthorization,
    DeleteDevice,
    PublicApplication,
    Applications,
    CreateApplication,
    ShowApplication,
    UpdateApplication,
    DeleteApplication,
    ResetSecret,
    AddBot,
    ResetBotToken,
    AdminUsers,
    AdminCreateUser,
    AdminShowUser,
    AdminUpdateUser,
    AdminDeleteUser,
    AdminAuthorizations,
    AdminDeleteAuthorizations,
    AdminDeleteAuthorization,
    AdminSetConnection,
    AdminDeleteConnection,
    AdminGuilds,
    AdminCreateGuild,
    AdminShowGuild,
    AdminDeleteGuild,
    AdminMembers,
    AdminSetMember,
    AdminDeleteMember,
    AdminApplications,
    AdminCreateApplication,
    AdminShowApplication,
    AdminUpdateApplication,
    AdminDeleteApplication,
    AdminAuditLog,
}

const fn route(
    method: Method,
    path: &'static str,
    endpoint: Endpoint,
    format: Format,
    cors: Cors,
) -> Route {
    Route {
        method,
        path,
        endpoint,
        format,
        cors,
        bucket: None,
        metadata: None,
    }
}

impl Route {
    const fn limited(mut self, bucket: Bucket) -> Self {
        self.bucket = Some(bucket);
        self
    }

    const fn known_as(mut self, metadata: &'static str) -> Self {
        self.metadata = Some(metadata);
        self
    }
}

use Endpoint as To;
use Method::{Delete, Get, Patch, Post, Put};

/// The table.
#[rustfmt::skip]
pub const ROUTES: &[Route] = &[
    //    method  path                                                           endpoint                     format         CORS
    route(Get,    "/oauth2/authorize",                                           To::Authorize,               Format::Page,  Cors::None).limited(Bucket::Authorize).known_as("authorization_endpoint"),
    route(Post,   "/oauth2/authorize",                                           To::Decide,                  Format::Page,  Cors::None).limited(Bucket::Authorize),
    route(Get,    "/login",                                                      To::LoginForm,               Format::Page,  Cors::None),
    route(Post,   "/login",                                                      To::Login,                   Format::Page,  Cors::None),
    route(Get,    "/logout",                                                     To::LogoutForm,              Format::Page,  Cors::None),
    route(Post,   "/logout",                                                     To::Logout,                  Format::Page,  Cors::None),
    route(Get,    "/developers",                                                 To::Developers,              Format::Page,  Cors::None),
    route(Post,   "/developers",                                                 To::DevelopersCreate,        Format::Page,  Cors::None),
    route(Get,    "/developers/{application}",                                   To::DevelopersShow,          Format::Page,  Cors::None),
    route(Post,   "/developers/{application}",                                   To::DevelopersSubmit,        Format::Page,  Cors::None),
    route(Get,    "/settings/authorizations",                                    To::Settings,                Format::Page,  Cors::None),
    route(Post,   "/settings/authorizations",                                    To::SettingsSubmit,          Format::Page,  Cors::None),
    route(Get,    "/admin",                                                      To::AdminPage,               Format::Page,  Cors::None),
    route(Get,    "/admin/users",                                                To::AdminUsersPage,          Format::Page,  Cors::None),
    route(Get,    "/admin/users/{user}",                                         To::AdminUserPage,           Format::Page,  Cors::None),
    route(Post,   "/admin/users/{user}",                                         To::AdminUserSubmit,         Format::Page,  Cors::None),
    route(Get,    "/admin/applications",                                         To::AdminApplicationsPage,   Format::Page,  Cors::None),
    route(Get,    "/admin/applications/{application}",                           To::AdminApplicationPage,    Format::Page,  Cors::None),
    route(Post,   "/admin/applications/{application}",                           To::AdminApplicationSubmit,  Format::Page,  Cors::None),
    route(Get,    "/admin/audit-log",                                            To::AdminAuditLogPage,       Format::Page,  Cors::None),
    route(Post,   "/language",                                                   To::Language,                Format::Page,  Cors::None),
    route(Get,    "/assets/{asset}",                                             To::Asset,                   Format::Page,  Cors::None),
    route(Post,   "/api/oauth2/token",                                           To::Token,                   Format::OAuth, Cors::Any ).limited(Bucket::Token).known_as("token_endpoint"),
    route(Post,   "/api/oauth2/revoke",                                          To::Revoke,                  Format::OAuth, Cors::Any ).limited(Bucket::Revoke).known_as("revocation_endpoint"),
    route(Post,   "/api/oauth2/token/revoke",                                    To::Revoke,                  Format::OAuth, Cors::Any ).limited(Bucket::Revoke),
    route(Post,   "/api/oauth2/introspect",                                      To::Introspect,              Format::OAuth, Cors::Any ).known_as("introspection_endpoint"),
    route(Get,    "/.well-known/oauth-authorization-server",                     To::Metadata,                Format::OAuth, Cors::Any ),
    route(Get,    "/healthz",                                                    To::Health,                  Format::Api,   Cors::None),
    route(Get,    "/api/users/@me",                                              To::Me,                      Format::Api,   Cors::Any ),
    route(Get,    "/api/users/@me/guilds",                                       To::MyGuilds,                Format::Api,   Cors::Any ),
    route(Get,    "/api/users/@me/connections",                                  To::MyConnections,           Format::Api,   Cors::Any ),
    route(Get,    "/api/guilds/{guild}",                                         To::ShowGuild,               Format::Api,   Cors::Any ),
    route(Get,    "/api/applications/@me",                                       To::ApplicationOfBot,        Format::Api,   Cors::Any ),
    route(Get,    "/api/oauth2/@me",                                             To::Authorization,           Format::Api,   Cors::Any ),
    route(Get,    "/api/oauth2/userinfo",                                        To::Userinfo,                Format::Api,   Cors::Any ).known_as("userinfo_endpoint"),
    route(Post,   "/api/oauth2/userinfo",                                        To::Userinfo,                Format::Api,   Cors::Any ),
    route(Get,    "/api/oauth2/session",                                         To::Session,                 Format::Api,   Cors::None),
    route(Get,    "/api/oauth2/@me/authorizations",                              To::Authorizations,          Format::Api,   Cors::None),
    route(Delete, "/api/oauth2/@me/authorizations",                              To::DeleteAuthorizations,    Format::Api,   Cors::None),
    route(Get,    "/api/oauth2/@me/authorizations/{application}",                To::ShowAuthorization,       Format::Api,   Cors::None),
    route(Delete, "/api/oauth2/@me/authorizations/{application}",                To::DeleteAuthorization,     Format::Api,   Cors::None),
    route(Delete, "/api/oauth2/@me/authorizations/{application}/devices/{device}",To::DeleteDevice,           Format::Api,   Cors::None),
    route(Get,    "/api/oauth2/applications/@me",                                To::Applications,            Format::Api,   Cors::None),
    route(Post,   "/api/oauth2/applications",                                    To::CreateApplication,       Format::Api,   Cors::None),
    route(Get,    "/api/oauth2/applications/{application}",                      To::ShowApplication,         Format::Api,   Cors::None),
    route(Patch,  "/api/oauth2/applications/{application}",                      To::UpdateApplication,       Format::Api,   Cors::None),
    route(Delete, "/api/oauth2/applications/{application}",                      To::DeleteApplication,       Format::Api,   Cors::None),
    route(Get,    "/api/oauth2/applications/{application}/public",               To::PublicApplication,       Format::Api,   Cors::Any ),
    route(Post,   "/api/oauth2/applications/{application}/client-secret/reset",  To::ResetSecret,             Format::Api,   Cors::None),
    route(Post,   "/api/oauth2/applications/{application}/bot",                  To::AddBot,                  Format::Api,   Cors::None),
    route(Post,   "/api/oauth2/applications/{application}/bot/reset-token",      To::ResetBotToken,           Format::Api,   Cors::None),
    route(Get,    "/api/admin/users",                                            To::AdminUsers,              Format::Api,   Cors::None),
    route(Post,   "/api/admin/users",                                            To::AdminCreateUser,         Format::Api,   Cors::None),
    route(Get,    "/api/admin/users/{user}",                                     To::AdminShowUser,           Format::Api,   Cors::None),
    route(Patch,  "/api/admin/users/{user}",                                     To::AdminUpdateUser,         Format::Api,   Cors::None),
    route(Delete, "/api/admin/users/{user}",                                     To::AdminDeleteUser,         Format::Api,   Cors::None),
    route(Get,    "/api/admin/users/{user}/authorizations",                      To::AdminAuthorizations,     Format::Api,   Cors::None),
    route(Delete, "/api/admin/users/{user}/authorizations",                      To::AdminDeleteAuthorizations,Format::Api,   Cors::None),
    route(Delete, "/api/admin/users/{user}/authorizations/{application}",        To::AdminDeleteAuthorization,Format::Api,   Cors::None),
    route(Put,    "/api/admin/users/{user}/connections/{type}/{connection}",     To::AdminSetConnection,      Format::Api,   Cors::None),
    route(Delete, "/api/admin/users/{user}/connections/{type}/{connection}",     To::AdminDeleteConnection,   Format::Api,   Cors::None),
    route(Get,    "/api/admin/guilds",                                           To::AdminGuilds,             Format::Api,   Cors::None),
    route(Post,   "/api/admin/guilds",                                           To::AdminCreateGuild,        Format::Api,   Cors::None),
    route(Get,    "/api/admin/guilds/{guild}",                                   To::AdminShowGuild,          Format::Api,   Cors::None),
    route(Delete, "/api/admin/guilds/{guild}",                                   To::AdminDeleteGuild,        Format::Api,   Cors::None),
    route(Get,    "/api/admin/guilds/{guild}/members",                           To::AdminMembers,            Format::Api,   Cors::None),
    route(Put,    "/api/admin/guilds/{guild}/members/{user}",                    To::AdminSetMember,          Format::Api,   Cors::None),
    route(Delete, "/api/admin/guilds/{guild}/members/{user}",                    To::AdminDeleteMember,       Format::Api,   Cors::None),
    route(Get,    "/api/admin/applications",                                     To::AdminApplications,       Format::Api,   Cors::None),
    route(Post,   "/api/admin/applications",                                     To::AdminCreateApplication,  Format::Api,   Cors::None),
    route(Get,    "/api/admin/applications/{application}",                       To::AdminShowApplication,    Format::Api,   Cors::None),
    route(Patch,  "/api/admin/applications/{application}",                       To::AdminUpdateApplication,  Format::Api,   Cors::None),
    route(Delete, "/api/admin/applications/{application}",                       To::AdminDeleteApplication,  Format::Api,   Cors::None),
    route(Get,    "/api/admin/audit-log",                                        To::AdminAuditLog,           Format::Api,   Cors::None),
];

/// Answers a request: the way in for every one of them.
pub async fn answer<E: Edge>(edge: &E, config: &Config, request: &Request) -> Response {
    let cx = Context {
        edge,
        config,
        request,
        now: edge.now(),
    };
    let mut response = match Matched::of(request) {
        Err(unmatched) => unmatched.respond(&cx),
        Ok(_) if config.issuer.is_https() && !request.secure => insecure(&cx),
        Ok(Matched { route, .. }) if request.method == Method::Options => {
            preflight(&route.path_methods())
        }
        Ok(matched) => {
            let mut response = matched.answer_within_limits(&cx).await;
            if matched.route.cors == Cors::Any {
                response.headers.extend(cors_headers());
            }
            response
        }
    };
    finish(&cx, &mut response);
    response
}

/// The route of a request, and the segments that its `{…}` stand for.
struct Matched<'a> {
    route: &'static Route,
    segments: Vec<&'a str>,
}

/// Why a request has no route.
enum Unmatched {
    NotFound,
    MethodNotAllowed(&'static Route),
}

impl<'a> Matched<'a> {
    fn of(request: &'a Request) -> Result<Self, Unmatched> {
        let path = canonical(&request.path);
        let routes: Vec<_> = ROUTES
            .iter()
            .filter_map(|route| segments(route.path, path).map(|it| (route, it)))
            .collect();
        let method = match request.method {
            Method::Head => Get,
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
            Some(bucket) => take(cx, bucket).await,
            None => None,
        };
        let mut response = match (&verdict, &cx.request.body) {
            (Some((_, verdict)), _) if !verdict.admitted => self.too_many_requests(cx, verdict),
            (_, Body::TooLarge) => self.refuse_body(cx, 413, "The body must be at most 64 KiB"),
            (_, Body::Broken) => self.refuse_body(cx, 400, "The body could not be read"),
            (_, Body::Read(_)) if cx.request.header("content-encoding").is_some() => {
                self.refuse_body(cx, 415, "Content-Encoding is not supported")
            }
            (_, Body::Read(_)) => self.dispatch(cx).await,
        };
        if let Some((bucket, verdict)) = verdict {
            response
                .headers
                .extend(limit_headers(bucket.name(), &verdict));
        }
        response
    }

    #[rustfmt::skip]
    async fn dispatch<E: Edge>(&self, cx: &Context<'_, E>) -> Response {
        let mut segments = self.segments.iter().copied();
        let [one, two, three] = [(); 3].map(|()| segments.next().unwrap_or_default());
        match self.route.endpoint {
            To::Authorize => self.close(cx, authorize::show(cx).await),
            To::Decide => self.close(cx, authorize::decide(cx).await),
            To::LoginForm => self.close(cx, login::show(cx).await),
            To::Login => self.close(cx, login::submit(cx).await),
            To::LogoutForm => self.close(cx, logout::show(cx).await),
            To::Logout => self.close(cx, logout::submit(cx).await),
            To::Developers => self.close(cx, developers::list(cx).await),
            To::DevelopersCreate => self.close(cx, developers::create(cx).await),
            To::DevelopersShow => self.close(cx, developers::show(cx, one).await),
            To::DevelopersSubmit => self.close(cx, developers::submit(cx, one).await),
            To::Settings => self.close(cx, settings::show(cx).await),
            To::SettingsSubmit => self.close(cx, settings::submit(cx).await),
            To::AdminPage => self.close(cx, admin_pages::show(cx).await),
            To::AdminUsersPage => self.close(cx, admin_pages::users::list(cx).await),
            To::AdminUserPage => self.close(cx, admin_pages::users::show(cx, one).await),
            To::AdminUserSubmit => self.close(cx, admin_pages::users::submit(cx, one).await),
            To::AdminApplicationsPage => self.close(cx, admin_pages::applications::list(cx).await),
            To::AdminApplicationPage => self.close(cx, admin_pages::applications::show(cx, one).await),
            To::AdminApplicationSubmit => self.close(cx, admin_pages::applications::submit(cx, one).await),
            To::AdminAuditLogPage => self.close(cx, admin_pages::audit_log::show(cx).await),
            To::Asset => asset(cx, one),
            To::Language => self.close(cx, language::choose(cx)),
            To::Token => self.close(cx, token::issue(cx).await),
            To::Revoke => self.close(cx, revoke::revoke(cx).await),
            To::Introspect => self.close(cx, introspect::introspect(cx).await),
            To::Metadata => metadata::show(cx),
            To::Health => health::show(cx).await,
            To::Me => self.close(cx, me::user(cx).await),
            To::MyGuilds => self.close(cx, me::guilds(cx).await),
            To::MyConnections => self.close(cx, me::connections(cx).await),
            To::ShowGuild => self.close(cx, guilds::show(cx, one).await),
            To::ApplicationOfBot => self.close(cx, applications::show_to_its_bot(cx).await),
            To::Authorization => self.close(cx, me::authorization(cx).await),
            To::Userinfo => self.close(cx, me::userinfo(cx).await),
            To::Session => self.close(cx, session::show(cx).await),
            To::Authorizations => self.close(cx, authorizations::list(cx).await),
            To::DeleteAuthorizations => self.close(cx, authorizations::delete_all(cx).await),
            To::ShowAuthorization => self.close(cx, authorizations::show(cx, one).await),
            To::DeleteAuthorization => self.close(cx, authorizations::delete(cx, one).await),
            To::DeleteDevice => self.close(cx, authorizations::delete_device(cx, one, two).await),
            To::PublicApplication => self.close(cx, applications::show_public(cx, one).await),
            To::Applications => self.close(cx, applications::list(cx).await),
            To::CreateApplication => self.close(cx, applications::create(cx).await),
            To::ShowApplication => self.close(cx, applications::show(cx, one).await),
            To::UpdateApplication => self.close(cx, applications::update(cx, one).await),
            To::DeleteApplication => self.close(cx, applications::delete(cx, one).await),
            To::ResetSecret => self.close(cx, applications::reset_secret(cx, one).await),
            To::AddBot => self.close(cx, applications::add_bot(cx, one).await),
            To::ResetBotToken => self.close(cx, applications::reset_bot_token(cx, one).await),
            To::AdminUsers => self.close(cx, users::list_users(cx).await),
            To::AdminCreateUser => self.close(cx, users::create_user(cx).await),
            To::AdminShowUser => self.close(cx, users::show_user(cx, one).await),
            To::AdminUpdateUser => self.close(cx, users::update_user(cx, one).await),
            To::AdminDeleteUser => self.close(cx, users::delete_user(cx, one).await),
            To::AdminAuthorizations => self.close(cx, users::list_authorizations(cx, one).await),
            To::AdminDeleteAuthorizations => self.close(cx, users::delete_authorizations(cx, one).await),
            To::AdminDeleteAuthorization => self.close(cx, users::delete_authorization(cx, one, two).await),
            To::AdminSetConnection => self.close(cx, users::set_connection(cx, one, two, three).await),
            To::AdminDeleteConnection => self.close(cx, users::delete_connection(cx, one, two, three).await),
            To::AdminGuilds => self.close(cx, admin::guilds::list(cx).await),
            To::AdminCreateGuild => self.close(cx, admin::guilds::create(cx).await),
            To::AdminShowGuild => self.close(cx, admin::guilds::show(cx, one).await),
            To::AdminDeleteGuild => self.close(cx, admin::guilds::delete(cx, one).await),
            To::AdminMembers => self.close(cx, admin::guilds::list_members(cx, one).await),
            To::AdminSetMember => self.close(cx, admin::guilds::set_member(cx, one, two).await),
            To::AdminDeleteMember => self.close(cx, admin::guilds::delete_member(cx, one, two).await),
            To::AdminApplications => self.close(cx, admin::applications::list(cx).await),
            To::AdminCreateApplication => self.close(cx, admin::applications::create(cx).await),
            To::AdminShowApplication => self.close(cx, admin::applications::show(cx, one).await),
            To::AdminUpdateApplication => self.close(cx, admin::applications::update(cx, one).await),
            To::AdminDeleteApplication => self.close(cx, admin::applications::delete(cx, one).await),
            To::AdminAuditLog => self.close(cx, audit_log::list(cx).await),
        }
    }

    /// An endpoint's outcome as a response.
    fn close<E: Edge, R: Refuse>(
        &self,
        cx: &Context<'_, E>,
        outcome: Result<Response, Failure<R>>,
    ) -> Response {
        let refused = match outcome {
            Ok(response) => return response,
            Err(Failure::Refused(refusal)) => refusal.refuse(cx),
            Err(Failure::Fault(fault)) => Err(fault),
        };
        refused.unwrap_or_else(|fault| self.unavailable(cx, &fault))
    }

    /// Ours: 503 where it will pass, 500 where it will not. The client learns a reference, the log
    /// learns the rest.
    fn unavailable<E: Edge>(&self, cx: &Context<'_, E>, fault: &Fault) -> Response {
        let reference = cx.edge.random::<4>().map_or_else(
            |_| "none".to_owned(),
            |it| u32::from_be_bytes(it).to_string(),
        );
        let line = serde_json::json!({
            "level": "error",
            "reference": reference,
            "path": self.route.path,
            "fault": fault.to_string(),
        });
        cx.edge.log(&line.to_string());
        let reference = format!("Reference: {reference}");
        match fault.outlook() {
            Outlook::Passing => self
                .refuse_with(
                    cx,
                    ErrorCode::TemporarilyUnavailable,
                    "SERVICE_UNAVAILABLE",
                    "The server cannot answer now. Try again in a moment.",
                    Notice::new(503, Message::Unavailable).with_detail(&reference),
                )
                .with("retry-after", "1"),
            Outlook::Lasting => self.refuse_with(
                cx,
                ErrorCode::ServerError,
                "GENERAL_ERROR",
                "An internal server error occurred.",
                Notice::new(500, Message::Broken).with_detail(&reference),
            ),
        }
    }

    fn refuse_body<E>(&self, cx: &Context<'_, E>, status: u16, text: &str) -> Response {
        self.refuse_with(
            cx,
            ErrorCode::InvalidRequest,
            "INVALID_REQUEST",
            text,
            Notice::new(status, Message::BadBody).with_detail(text),
        )
    }

    fn too_many_requests<E>(&self, cx: &Context<'_, E>, verdict: &Verdict) -> Response {
        let seconds = verdict.retry_after();
        let response = if self.route.format == Format::Page && cx.request.accepts_html() {
            notice(cx, Notice::new(429, Message::TooManyRequests(seconds)))
        } else {
            Response::json(429, &ApiError::RateLimited(*verdict).body())
        };
        response.with("retry-after", seconds.to_string())
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
            Format::Page => notice(cx, also),
        }
    }
}

impl Unmatched {
    fn respond<E>(self, cx: &Context<'_, E>) -> Response {
        let is_page = cx.request.accepts_html() && !cx.request.path.starts_with("/api/");
        match self {
            Self::NotFound if is_page => notice(cx, Notice::new(404, Message::NotFound)),
            Self::NotFound => api_error(404, "NOT_FOUND", "The requested endpoint does not exist."),
            Self::MethodNotAllowed(route) => route.refuse_method(),
        }
    }
}

impl Route {
    fn path_methods(&self) -> String {
        let mut methods: Vec<_> = Vec::new();
        for route in ROUTES.iter().filter(|route| route.path == self.path) {
            methods.push(route.method.as_str());
            if route.method == Get {
                methods.push(Method::Head.as_str());
            }
        }
        methods.join(", ")
    }

    /// 405, readable by whoever may read this URL's other answers.
    fn refuse_method(&self) -> Response {
        let text = "This endpoint has other methods: see the Allow header.";
        let mut response = match self.format {
            Format::OAuth => Response::json(405, &oauth_error(ErrorCode::InvalidRequest, text)),
            Format::Api | Format::Page => api_error(405, "METHOD_NOT_ALLOWED", text),
        }
        .with("allow", self.path_methods());
        if self.cors == Cors::Any {
            response.headers.extend(cors_headers());
        }
        response
    }
}

/// The segments that a pattern's `{…}` stand for, where the path follows it. Exact: no empty
/// segment, no slash at the end, no other case, nothing decoded but the `@` that many HTTP clients
/// encode in a path.
fn segments<'a>(pattern: &str, (path_root, path): (Root, &'a str)) -> Option<Vec<&'a str>> {
    let (pattern_root, pattern) = canonical(pattern);
    if pattern_root != path_root {
        return None;
    }
    // Most patterns are just a path, and every request is held against all of them.
    if !pattern.contains('{') && !path.contains('%') {
        return (pattern == path).then(Vec::new);
    }
    let mut found = Vec::new();
    let mut expected = pattern.split('/');
    let mut actual = path.split('/');
    loop {
        match (expected.next(), actual.next()) {
            (None, None) => return Some(found),
            (Some(pattern), Some(segment)) if pattern.starts_with('{') && !segment.is_empty() => {
                found.push(segment);
            }
            (Some(pattern), Some(segment)) if pattern == segment => {}
            (Some("@me"), Some("%40me")) => {}
            _ => return None,
        }
    }
}

/// The root and the rest of a path. The documentation has `/oauth2/…` and `/api/oauth2/…`; they are
/// one URL, with one rate limit.
fn canonical(path: &str) -> (Root, &str) {
    let oauth2 = path
        .strip_prefix("/api/oauth2/")
        .or_else(|| path.strip_prefix("/oauth2/"));
    oauth2.map_or((Root::Elsewhere, path), |rest| (Root::OAuth2, rest))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Root {
    OAuth2,
    Elsewhere,
}

/// A place in the window of the client's address. A limiter that cannot be reached stops nobody
/// here: an outage of ours must not become one of every application.
async fn take<E: Edge>(cx: &Context<'_, E>, bucket: Bucket) -> Option<(Bucket, Verdict)> {
    let limit = bucket.limit(cx.config)?;
    let key = format!("{}:{}", bucket.name(), cx.request.client_address());
    match cx.edge.take(&key, limit).await {
        Ok(verdict) => Some((bucket, verdict)),
        Err(fault) => {
            cx.edge.log(&fault.to_string());
            None
        }
    }
}

fn cors_headers() -> [(&'static str, String); 2] {
    [
        ("access-control-allow-origin", "*".to_owned()),
        (
            "access-control-expose-headers",
            "WWW-Authenticate, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, \
             X-RateLimit-Reset, X-RateLimit-Reset-After, X-RateLimit-Bucket"
                .to_owned(),
        ),
    ]
}

fn preflight(methods: &str) -> Response {
    Response::empty(204)
        .with("access-control-allow-origin", "*")
        .with("access-control-allow-methods", methods)
        .with(
            "access-control-allow-headers",
            "Authorization, Content-Type",
        )
        .with("access-control-max-age", "86400")
        .with("allow", methods)
}

/// RFC 6749 §3.1: TLS, where the issuer is https. A page can be asked for again; what an API
/// request carried has leaked, and the sooner its developer notices the better.
fn insecure<E>(cx: &Context<'_, E>) -> Response {
    let is_page = Matched::of(cx.request).is_ok_and(|it| it.route.format == Format::Page);
    if is_page {
        let secure = format!("{}{}", cx.config.issuer.as_str(), cx.request.target());
        Response::empty(308).with("location", secure)
    } else {
        api_error(403, "HTTPS_REQUIRED", "Use https.")
    }
}

fn asset<E>(cx: &Context<'_, E>, name: &str) -> Response {
    let brand = &cx.config.brand;
    let Some(asset) = Asset::ALL.into_iter().find(|it| it.name(brand) == name) else {
        return Unmatched::NotFound.respond(cx);
    };
    let mut response = Response::empty(200)
        .with("content-type", asset.media_type())
        .with("cache-control", "public, max-age=31536000, immutable");
    response.body = asset.body(brand);
    response
}

/// What every answer has.
fn finish<E>(cx: &Context<'_, E>, response: &mut Response) {
    if response.header("cache-control").is_none() {
        response
            .headers
            .push(("cache-control", "no-store".to_owned()));
        response.headers.push(("pragma", "no-cache".to_owned()));
    }
    response
        .headers
        .push(("x-content-type-options", "nosniff".to_owned()));
    response
        .headers
        .push(("referrer-policy", "no-referrer".to_owned()));
    // RFC 6797 §7.2: not over plain http, where anybody could have written it.
    if cx.config.issuer.is_https() && cx.request.secure {
        let hsts = "max-age=63072000".to_owned();
        response.headers.push(("strict-transport-security", hsts));
    }
    if cx.request.method == Method::Head {
        response.body.clear();
    }
}

fn api_error(status: u16, code: &str, message: &str) -> Response {
    Response::json(
        status,
        &serde_json::json!({"code": code, "message": message}),
    )
}

fn notice<E>(cx: &Context<'_, E>, notice: Notice) -> Response {
    let status = notice.status;
    let page = notice.refuse(cx);
    page.unwrap_or_else(|_| Response::empty(status))
}
