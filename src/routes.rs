//! Every URL once: the table that routing, dispatch, CORS, rate limits and metadata all read. A new
//! URL is a row here and a file in `endpoint/`.

use crate::config::{Config, DynamicRegistration};
use crate::fluxer::icon;
use crate::http::Method;
use crate::lengths::MAX_BODY_BYTES;

/// A row of the table: one method of one URL.
pub struct Route {
    /// The method; `GET` answers `HEAD` too.
    pub method: Method,
    /// The path; `{…}` is one segment. Below `/api/` it answers at `/v1/` as well, and `/oauth2/…` is
    /// `/api/oauth2/…`.
    pub path: &'static str,
    /// The path as [`canonical`] gives it, and whether it has a `{…}`: every request is held against it.
    pattern: (Root, &'static str, bool),
    pub(crate) endpoint: Endpoint,
    pub(crate) format: Format,
    pub(crate) cors: Cors,
    pub(crate) bucket: Option<Bucket>,
    /// Whether a client opens it, in a popup or on the way to its callback.
    pub(crate) is_opened_by_clients: bool,
    /// The name of this URL in the metadata document.
    pub metadata: Option<&'static str>,
    /// Longest body that is read of the built-in application.
    pub(crate) operators_body: usize,
    /// Longest body that is read of a form with a file.
    pub(crate) upload_body: usize,
    /// Whether the settings let it be there.
    exists: fn(&Config) -> bool,
}

/// How a route says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// `{error, error_description}` (RFC 6749 §5.2).
    OAuth,
    /// `{code, message}`.
    Api,
    /// An HTML page that says what went wrong.
    Page,
}

/// Whether scripts of other origins may read the answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cors {
    /// Any origin, without credentials: the caller proves itself in the request (RFC 9700 §2.6).
    Any,
    /// None: pages, and whatever takes the session cookie.
    None,
}

/// A rate-limit bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bucket {
    Authorize,
    Token,
    PushedRequest,
    Revoke,
    Register,
}

impl Bucket {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Authorize => "authorize",
            Self::Token => "token",
            Self::PushedRequest => "par",
            Self::Revoke => "revoke",
            Self::Register => "register",
        }
    }
}

impl Route {
    const fn new(
        method: Method,
        path: &'static str,
        endpoint: Endpoint,
        format: Format,
        cors: Cors,
    ) -> Self {
        let (root, rest) = canonical(path);
        Self {
            method,
            path,
            pattern: (root, rest, has_segments(rest)),
            endpoint,
            format,
            cors,
            bucket: None,
            is_opened_by_clients: false,
            metadata: None,
            operators_body: MAX_BODY_BYTES,
            upload_body: MAX_BODY_BYTES,
            exists: |_| true,
        }
    }

    const fn limited(mut self, bucket: Bucket) -> Self {
        self.bucket = Some(bucket);
        self
    }

    const fn opened_by_clients(mut self) -> Self {
        self.is_opened_by_clients = true;
        self
    }

    const fn named(mut self, metadata: &'static str) -> Self {
        self.metadata = Some(metadata);
        self
    }

    const fn operators_body(mut self, bytes: usize) -> Self {
        self.operators_body = bytes;
        self
    }

    const fn upload_body(mut self, bytes: usize) -> Self {
        self.upload_body = bytes;
        self
    }

    const fn only_if(mut self, exists: fn(&Config) -> bool) -> Self {
        self.exists = exists;
        self
    }

    /// Whether the settings let it be there: where they do not, the URL is unknown, and metadata does
    /// not name it.
    pub fn exists(&self, config: &Config) -> bool {
        (self.exists)(config)
    }

    /// The segments that `{…}` stand for, where the path is this route's. Exact: no empty segment, no
    /// slash at the end, no other case, nothing decoded but the `@` that many HTTP clients encode in a
    /// path.
    pub(crate) fn segments<'a>(&self, (path_root, path): (Root, &'a str)) -> Option<Vec<&'a str>> {
        let (root, pattern, has_segments) = self.pattern;
        if root != path_root {
            return None;
        }
        if !has_segments && !path.contains('%') {
            return (pattern == path).then(Vec::new);
        }
        let mut found = Vec::new();
        let mut expected = pattern.split('/');
        let mut actual = path.split('/');
        loop {
            match (expected.next(), actual.next()) {
                (None, None) => return Some(found),
                (Some(pattern), Some(segment))
                    if pattern.starts_with('{') && !segment.is_empty() =>
                {
                    found.push(segment);
                }
                (Some(pattern), Some(segment)) if pattern == segment => {}
                (Some("@me"), Some("%40me")) => {}
                _ => return None,
            }
        }
    }

    /// The methods of this URL, as `Allow` lists them.
    pub(crate) fn path_methods(&self, config: &Config) -> String {
        let mut methods: Vec<_> = Vec::new();
        let is_here = |route: &&Route| route.path == self.path && route.exists(config);
        for route in ROUTES.iter().filter(is_here) {
            methods.push(route.method.as_str());
            if route.method == Method::Get {
                methods.push(Method::Head.as_str());
            }
        }
        methods.join(", ")
    }
}

/// Whether clients open what is at a path.
pub(crate) fn is_opened_by_clients(path: &str) -> bool {
    let path = canonical(path);
    let mut opened = ROUTES.iter().filter(|route| route.is_opened_by_clients);
    opened.any(|route| route.segments(path).is_some())
}

/// Hands the table to another macro: [`ROUTES`] is made from it here, and the dispatch in `router`,
/// so that this file needs none of the endpoints and every endpoint may read this file.
///
/// A row: its name, method, path, the function in `endpoint/` that answers with the segments that it
/// takes, the format of its refusals, CORS, and what else holds for it.
macro_rules! with_routes {
    ($then:ident) => {
        $then! {
            Authorize                 Get    "/oauth2/authorize"                                             oauth::authorize::show()                                     Page  None .limited(Bucket::Authorize).opened_by_clients().named("authorization_endpoint");
            Decide                    Post   "/oauth2/authorize"                                             oauth::authorize::decide()                                   Page  None .limited(Bucket::Authorize).opened_by_clients();
            LoginForm                 Get    "/login"                                                        pages::login::show()                                         Page  None .opened_by_clients();
            Login                     Post   "/login"                                                        pages::login::submit()                                       Page  None .opened_by_clients() .only_if(own_users);
            Continue                  Get    "/oauth2/continue"                                              pages::login::elsewhere::finish()                            Page  None .opened_by_clients().only_if(platform);
            HandOver                  Post   "/oauth2/continue"                                              pages::login::elsewhere::hand_over()                         Page  None .opened_by_clients().only_if(assertions);
            DeviceForm                Get    "/device"                                                       oauth::authorize::device::show()                             Page  None .limited(Bucket::Authorize).opened_by_clients();
            Device                    Post   "/device"                                                       oauth::authorize::device::submit()                           Page  None .limited(Bucket::Authorize).opened_by_clients();
            LogoutForm                Get    "/logout"                                                       pages::logout::show()                                        Page  None;
            Logout                    Post   "/logout"                                                       pages::logout::submit()                                      Page  None;
            Developers                Get    "/developers"                                                   pages::developers::list()                                    Page  None;
            DevelopersCreate          Post   "/developers"                                                   pages::developers::create()                                  Page  None;
            DevelopersShow            Get    "/developers/{application}"                                     pages::developers::show(application)                         Page  None;
            DevelopersSubmit          Post   "/developers/{application}"                                     pages::developers::submit(application)                       Page  None .upload_body(2 * icon::MAX_BYTES);
            Account                   Get    "/settings"                                                     pages::my_account::show()                                    Page  None;
            AccountSubmit             Post   "/settings"                                                     pages::my_account::submit()                                  Page  None;
            Settings                  Get    "/settings/authorizations"                                      pages::settings::show()                                      Page  None;
            SettingsSubmit            Post   "/settings/authorizations"                                      pages::settings::submit()                                    Page  None;
            AdminPage                 Get    "/admin"                                                        pages::admin::overview::show()                               Page  None;
            AdminUsersPage            Get    "/admin/users"                                                  pages::admin::users::list()                                  Page  None;
            AdminUserPage             Get    "/admin/users/{user}"                                           pages::admin::users::show(user)                              Page  None;
            AdminUserSubmit           Post   "/admin/users/{user}"                                           pages::admin::users::submit(user)                            Page  None;
            AdminApplicationsPage     Get    "/admin/applications"                                           pages::admin::applications::list()                           Page  None;
            AdminApplicationPage      Get    "/admin/applications/{application}"                             pages::admin::applications::show(application)                Page  None;
            AdminApplicationSubmit    Post   "/admin/applications/{application}"                             pages::admin::applications::submit(application)              Page  None;
            AdminResourcesPage        Get    "/admin/resources"                                              pages::admin::resources::list()                              Page  None;
            AdminResourcesSubmit      Post   "/admin/resources"                                              pages::admin::resources::create()                            Page  None;
            AdminResourcePage         Get    "/admin/resources/{resource}"                                   pages::admin::resources::show(resource)                      Page  None;
            AdminResourceSubmit       Post   "/admin/resources/{resource}"                                   pages::admin::resources::submit(resource)                    Page  None;
            AdminAuditLogPage         Get    "/admin/audit-log"                                              pages::admin::audit_log::show()                              Page  None;
            AdminAuditLogDownload     Get    "/admin/audit-log/download"                                     pages::admin::audit_log::download()                          Page  None;
            Language                  Post   "/language"                                                     pages::language::choose()                                    Page  None;
            Asset                     Get    "/assets/{asset}"                                               pages::asset::show(asset)                                    Page  None;
            Icon                      Get    "/icons/{application}/{icon}"                                   pages::icon::show(application, icon)                         Page  None;
            OpenidLogout              Get    "/oauth2/logout"                                                oauth::logout::show()                                        Page  None .opened_by_clients().named("end_session_endpoint");
            OpenidLogoutSubmit        Post   "/oauth2/logout"                                                oauth::logout::submit()                                      Page  None .opened_by_clients();
            Token                     Post   "/api/oauth2/token"                                             oauth::token::issue()                                        OAuth Any  .limited(Bucket::Token).named("token_endpoint");
            DeviceAuthorization       Post   "/api/oauth2/device_authorization"                              oauth::device_authorization::start()                         OAuth Any  .limited(Bucket::Token).named("device_authorization_endpoint");
            Revoke                    Post   "/api/oauth2/revoke"                                            oauth::revoke::revoke()                                      OAuth Any  .limited(Bucket::Revoke).named("revocation_endpoint");
            PushRequest           Post   "/api/oauth2/par"                                               oauth::par::push()                                           OAuth Any  .limited(Bucket::PushedRequest).named("pushed_authorization_request_endpoint");
            RevokeToken               Post   "/api/oauth2/token/revoke"                                      oauth::revoke::revoke()                                      OAuth Any  .limited(Bucket::Revoke);
            Introspect                Post   "/api/oauth2/introspect"                                        oauth::introspect::introspect()                              OAuth Any  .named("introspection_endpoint");
            Register                  Post   "/api/oauth2/register"                                          oauth::register::create()                                    OAuth Any  .limited(Bucket::Register).named("registration_endpoint").only_if(registration);
            ShowRegistration          Get    "/api/oauth2/register/{client}"                                 oauth::register::show(client)                                OAuth Any  .only_if(registration);
            ReplaceRegistration       Put    "/api/oauth2/register/{client}"                                 oauth::register::replace(client)                             OAuth Any  .only_if(registration);
            DeleteRegistration        Delete "/api/oauth2/register/{client}"                                 oauth::register::delete(client)                              OAuth Any  .only_if(registration);
            Metadata                  Get    "/.well-known/oauth-authorization-server"                       oauth::metadata::show()                                      OAuth Any;
            OpenidConfiguration       Get    "/.well-known/openid-configuration"                             oauth::metadata::show()                                      OAuth Any;
            Jwks                      Get    "/.well-known/jwks.json"                                     oauth::jwks::show()                                          OAuth Any  .named("jwks_uri");
            Revoked                   Get    "/.well-known/revoked"                                       oauth::revoked::show()                                       OAuth Any;
            ProtectedResource         Get    "/.well-known/oauth-protected-resource"                      oauth::protected_resource::show()                            OAuth Any;
            Health                    Get    "/healthz"                                                      api::health::show()                                          Api   None;
            LoginChallenge            Get    "/api/login/{challenge}"                                        api::login_challenges::show(challenge)                       Api   None .only_if(platform);
            AcceptLogin               Post   "/api/login/{challenge}/accept"                                 api::login_challenges::accept(challenge)                     Api   None .only_if(accepts);
            RejectLogin               Post   "/api/login/{challenge}/reject"                                 api::login_challenges::reject(challenge)                     Api   None .only_if(platform);
            PlatformEvents            Post   "/api/platform/events"                                          api::platform_events::receive()                              Api   None .only_if(platform);
            Me                        Get    "/api/users/@me"                                                api::me::user()                                              Api   Any;
            MyGuilds                  Get    "/api/users/@me/guilds"                                         api::me::guilds()                                            Api   Any;
            MyConnections             Get    "/api/users/@me/connections"                                    api::me::connections()                                       Api   Any;
            ShowGuild                 Get    "/api/guilds/{guild}"                                           api::guilds::show(guild)                                     Api   Any;
            ApplicationOfBot          Get    "/api/applications/@me"                                         api::applications::show_to_its_bot()                         Api   Any;
            Authorization             Get    "/api/oauth2/@me"                                               api::me::authorization()                                     Api   Any;
            Userinfo                  Get    "/api/oauth2/userinfo"                                          oauth::userinfo::show()                                      Api   Any  .named("userinfo_endpoint");
            PostUserinfo              Post   "/api/oauth2/userinfo"                                          oauth::userinfo::show()                                      Api   Any;
            Session                   Get    "/api/oauth2/session"                                           api::session::show()                                         Api   None;
            Authorizations            Get    "/api/oauth2/@me/authorizations"                                api::authorizations::list()                                  Api   None;
            DeleteAuthorizations      Delete "/api/oauth2/@me/authorizations"                                api::authorizations::delete_all()                            Api   None;
            ShowAuthorization         Get    "/api/oauth2/@me/authorizations/{application}"                  api::authorizations::show(application)                       Api   None;
            DeleteAuthorization       Delete "/api/oauth2/@me/authorizations/{application}"                  api::authorizations::delete(application)                     Api   None;
            DeleteDevice              Delete "/api/oauth2/@me/authorizations/{application}/devices/{device}" api::authorizations::delete_device(application, device)      Api   None;
            Applications              Get    "/api/oauth2/applications/@me"                                  api::applications::list()                                    Api   None;
            CreateApplication         Post   "/api/oauth2/applications"                                      api::applications::create()                                  Api   None;
            ShowApplication           Get    "/api/oauth2/applications/{application}"                        api::applications::show(application)                         Api   None;
            UpdateApplication         Patch  "/api/oauth2/applications/{application}"                        api::applications::update(application)                       Api   None;
            DeleteApplication         Delete "/api/oauth2/applications/{application}"                        api::applications::delete(application)                       Api   None;
            PublicApplication         Get    "/api/oauth2/applications/{application}/public"                 api::applications::show_public(application)                  Api   Any;
            ListSecrets               Get    "/api/oauth2/applications/{application}/client-secrets"         api::applications::list_secrets(application)                 Api   None;
            RotateSecret              Post   "/api/oauth2/applications/{application}/client-secret/rotate"   api::applications::rotate_secret(application)                Api   None;
            ResetSecret               Post   "/api/oauth2/applications/{application}/client-secret/reset"    api::applications::reset_secret(application)                 Api   None;
            EventWebhookSecret        Get    "/api/oauth2/applications/{application}/event-webhook-secret"   api::applications::event_webhook_secret(application)         Api   None;
            AddBot                    Post   "/api/oauth2/applications/{application}/bot"                    api::applications::add_bot(application)                      Api   None;
            ResetBotToken             Post   "/api/oauth2/applications/{application}/bot/reset-token"        api::applications::reset_bot_token(application)              Api   None;
            AdminUsers                Get    "/api/admin/users"                                              api::admin::users::list_users()                              Api   None .only_if(own_users);
            AdminCreateUser           Post   "/api/admin/users"                                              api::admin::users::create_user()                             Api   None .only_if(own_users);
            AdminShowUser             Get    "/api/admin/users/{user}"                                       api::admin::users::show_user(user)                           Api   None;
            AdminUpdateUser           Patch  "/api/admin/users/{user}"                                       api::admin::users::update_user(user)                         Api   None .only_if(own_users);
            AdminDeleteUser           Delete "/api/admin/users/{user}"                                       api::admin::users::delete_user(user)                         Api   None .only_if(own_users);
            AdminAuthorizations       Get    "/api/admin/users/{user}/authorizations"                        api::admin::users::list_authorizations(user)                 Api   None;
            AdminDeleteAuthorizations Delete "/api/admin/users/{user}/authorizations"                        api::admin::users::delete_authorizations(user)               Api   None;
            AdminShowAuthorization    Get    "/api/admin/users/{user}/authorizations/{application}"          api::admin::users::show_authorization(user, application)     Api   None;
            AdminDeleteAuthorization  Delete "/api/admin/users/{user}/authorizations/{application}"          api::admin::users::delete_authorization(user, application)   Api   None;
            AdminSetConnection        Put    "/api/admin/users/{user}/connections/{type}/{connection}"       api::admin::users::set_connection(user, kind, connection)    Api   None .only_if(own_users);
            AdminDeleteConnection     Delete "/api/admin/users/{user}/connections/{type}/{connection}"       api::admin::users::delete_connection(user, kind, connection) Api   None .only_if(own_users);
            AdminGuilds               Get    "/api/admin/guilds"                                             api::admin::guilds::list()                                   Api   None .only_if(own_users);
            AdminCreateGuild          Post   "/api/admin/guilds"                                             api::admin::guilds::create()                                 Api   None .only_if(own_users);
            AdminShowGuild            Get    "/api/admin/guilds/{guild}"                                     api::admin::guilds::show(guild)                              Api   None .only_if(own_users);
            AdminDeleteGuild          Delete "/api/admin/guilds/{guild}"                                     api::admin::guilds::delete(guild)                            Api   None .only_if(own_users);
            AdminMembers              Get    "/api/admin/guilds/{guild}/members"                             api::admin::guilds::list_members(guild)                      Api   None .only_if(own_users);
            AdminSetMember            Put    "/api/admin/guilds/{guild}/members/{user}"                      api::admin::guilds::set_member(guild, user)                  Api   None .only_if(own_users);
            AdminDeleteMember         Delete "/api/admin/guilds/{guild}/members/{user}"                      api::admin::guilds::delete_member(guild, user)               Api   None .only_if(own_users);
            AdminApplications         Get    "/api/admin/applications"                                       api::admin::applications::list()                             Api   None;
            AdminCreateApplication    Post   "/api/admin/applications"                                       api::admin::applications::create()                           Api   None;
            AdminShowApplication      Get    "/api/admin/applications/{application}"                         api::admin::applications::show(application)                  Api   None;
            AdminUpdateApplication    Patch  "/api/admin/applications/{application}"                         api::admin::applications::update(application)                Api   None;
            AdminDeleteApplication    Delete "/api/admin/applications/{application}"                         api::admin::applications::delete(application)                Api   None;
            AdminRegistrationTokens   Get    "/api/admin/registration-tokens"                                api::admin::registration_tokens::list()                      Api   None .only_if(registration);
            AdminCreateToken          Post   "/api/admin/registration-tokens"                                api::admin::registration_tokens::create()                    Api   None .only_if(registration);
            AdminDeleteToken          Delete "/api/admin/registration-tokens/{token}"                        api::admin::registration_tokens::delete(token)               Api   None .only_if(registration);
            AdminImport               Post   "/api/admin/import"                                             api::admin::moving::import()                                 Api   None .operators_body(8 * 1024 * 1024);
            AdminExport               Get    "/api/admin/export"                                             api::admin::moving::export()                                 Api   None;
            AdminAuditLog             Get    "/api/admin/audit-log"                                          api::admin::audit_log::list()                                Api   None;
            AdminErase                Delete "/api/admin/audit-log/{person}"                                 api::admin::audit_log::erase(person)                         Api   None;
            AdminResources            Get    "/api/admin/resources"                                       api::admin::resources::list()                                Api   None;
            AdminCreateResource       Post   "/api/admin/resources"                                       api::admin::resources::create()                              Api   None;
            AdminShowResource         Get    "/api/admin/resources/{resource}"                            api::admin::resources::show(resource)                        Api   None;
            AdminUpdateResource       Patch  "/api/admin/resources/{resource}"                            api::admin::resources::update(resource)                      Api   None;
            AdminDeleteResource       Delete "/api/admin/resources/{resource}"                            api::admin::resources::delete(resource)                      Api   None;
            AdminResetResourceSecret  Post   "/api/admin/resources/{resource}/client-secret/reset"        api::admin::resources::reset_secret(resource)                Api   None;
            AdminKeys                 Get    "/api/admin/keys"                                            api::admin::keys::list()                                     Api   None;
            AdminRotateKeys           Post   "/api/admin/keys/rotate"                                     api::admin::keys::rotate()                                   Api   None;
            AdminRemoveKey            Delete "/api/admin/keys/{key}"                                      api::admin::keys::remove(key)                                Api   None;
        }
    };
}
pub(crate) use with_routes;

fn own_users(config: &Config) -> bool {
    config.platform.is_none()
}

fn platform(config: &Config) -> bool {
    config.platform.is_some()
}

fn accepts(config: &Config) -> bool {
    config.platform.as_ref().is_some_and(|it| it.takes_accepts)
}

fn assertions(config: &Config) -> bool {
    let platform = config.platform.as_ref();
    platform.is_some_and(|it| it.assertions.is_some())
}

fn registration(config: &Config) -> bool {
    config.dynamic_registration != DynamicRegistration::Off
}

macro_rules! table {
    ($(
        $name:ident $method:ident $path:literal
        $($function:ident)::+ ($($segment:ident),*)
        $format:ident $cors:ident $(.$property:ident($($value:expr)?))*;
    )*) => {
        /// What answers a route.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Endpoint {
            $($name,)*
        }

        /// The table.
        pub const ROUTES: &[Route] = &[$(
            Route::new(Method::$method, $path, Endpoint::$name, Format::$format, Cors::$cors)
                $(.$property($($value)?))*,
        )*];
    };
}

with_routes!(table);

/// Whether two paths are spellings of one.
pub(crate) fn is_same_path(one: &str, other: &str) -> bool {
    // The `@` of `@me` is the one character that is decoded in a path.
    let spelled = |path: &str| path.replace("%40", "@");
    canonical(&spelled(one)) == canonical(&spelled(other))
}

/// The root and the rest of a path. The documentation has `/oauth2/…` and `/api/oauth2/…`, and the
/// libraries that are written for Fluxer's live API have `/v1/…` for `/api/…`: each is one URL, with one
/// rate limit.
pub(crate) const fn canonical(path: &str) -> (Root, &str) {
    let (is_below_api, below_api) = match (below("/api/", path), below("/v1/", path)) {
        (Some(rest), _) | (_, Some(rest)) => (true, rest),
        (None, None) => (false, path),
    };
    let oauth2 = if is_below_api { "oauth2/" } else { "/oauth2/" };
    match (below(oauth2, below_api), is_below_api) {
        (Some(rest), _) => (Root::OAuth2, rest),
        (None, true) => (Root::Api, below_api),
        (None, false) => (Root::Elsewhere, path),
    }
}

/// `str::strip_prefix`, which is not `const`.
const fn below<'a>(prefix: &str, path: &'a str) -> Option<&'a str> {
    match path.split_at_checked(prefix.len()) {
        Some((start, rest)) if is_same(start.as_bytes(), prefix.as_bytes()) => Some(rest),
        _ => None,
    }
}

const fn is_same(one: &[u8], other: &[u8]) -> bool {
    match (one, other) {
        ([first, one @ ..], [second, other @ ..]) => *first == *second && is_same(one, other),
        (one, other) => one.is_empty() && other.is_empty(),
    }
}

const fn has_segments(pattern: &str) -> bool {
    let mut rest = pattern.as_bytes();
    while let [first, others @ ..] = rest {
        if *first == b'{' {
            return true;
        }
        rest = others;
    }
    false
}

/// What spellings of a path have in common.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Root {
    OAuth2,
    Api,
    Elsewhere,
}
