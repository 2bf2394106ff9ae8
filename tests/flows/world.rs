//! A world to test in: the server, users and applications made over its own administration API, and
//! browsers that keep cookies and send back the forms they are shown.
//!
//! A [`World`] runs on `store::memory`, or where `FLOWS_ON=worker` says so, over HTTP on the built Worker. What
//! reaches into the memory (faults, interleavings, costs, what is stored) takes a [`Native`], which is always
//! on `store::memory`.

use core::ops::Deref;
use core::time::Duration;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::built::Built;
use base64ct::{Base64, Encoding};
use fluxer_oauth2::config::Config;
use fluxer_oauth2::http::{Body, Headers, Method, Request, Response};
use fluxer_oauth2::router;
use fluxer_oauth2::store::Ambient;
use fluxer_oauth2::store::Outlook;
use fluxer_oauth2::store::memory::Memory;
use fluxer_oauth2::time::Timestamp;
use scraper::{ElementRef, Html, Selector};
use serde_json::{Value, json};
use url::form_urlencoded::{Serializer, parse};

pub const HTTP: &str = "http://127.0.0.1:8787";
pub const HTTPS: &str = "https://id.example";
pub const ADMIN_SECRET: &str = "an-administration-secret-that-no-one-else-knows";
pub const PASSWORD: &str = "correct horse battery staple";
/// RFC 7636 Appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// Its challenge.
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// Well-formed, and not the verifier of [`CHALLENGE`].
pub const WRONG_VERIFIER: &str = "wrong-wrong-wrong-wrong-wrong-wrong-wrong-w";
/// What must come back byte for byte.
pub const STATE: &str = "a b+c%20&d=e#é/?\"'<script>😀";

/// The server, and who is known to it.
pub struct World {
    at: Server,
    pub config: Config,
    /// The administration's token of the last hour, and when it was given.
    admin_token: RefCell<Option<(Timestamp, String)>>,
    /// A user.
    pub alice: User,
    /// A user who administers.
    pub staff: User,
    /// A confidential application.
    pub server: App,
    /// Another one: the attacker's.
    pub other: App,
    /// A public application.
    pub device: App,
}

#[derive(Default, Clone)]
pub struct User {
    pub id: String,
    pub username: String,
}

#[derive(Default, Clone)]
pub struct App {
    pub id: String,
    pub secret: Option<String>,
    pub redirect_uri: String,
    /// There where the application was made with a bot.
    pub bot_token: Option<String>,
}

/// The built-in administration application.
pub fn administration() -> App {
    App {
        id: "1".to_owned(),
        secret: Some(ADMIN_SECRET.to_owned()),
        ..App::default()
    }
}

/// Where the server runs.
enum Server {
    Memory(Rc<Memory>),
    Built(Built),
}

/// A world that is certainly on `store::memory`, and the memory.
pub struct Native {
    world: World,
    pub memory: Rc<Memory>,
}

impl Native {
    /// With limits that no test reaches.
    pub fn new() -> Self {
        Self::with(UNLIMITED)
    }

    /// With these settings, and otherwise as shipped.
    pub fn with(settings: &[(&'static str, &str)]) -> Self {
        let memory = Rc::new(Memory::default());
        Self {
            world: World::at(Server::Memory(memory.clone()), settings),
            memory,
        }
    }

    /// The same memory under other settings.
    pub fn reconfigured(mut self, settings: &[(&'static str, &str)]) -> Self {
        self.world.config = config(settings);
        self.world.admin_token.take();
        self
    }
}

impl Deref for Native {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

/// Limits that no test reaches.
const UNLIMITED: &[(&str, &str)] = &[
    ("RATE_LIMIT_AUTHORIZE", "100000/10"),
    ("RATE_LIMIT_TOKEN", "100000/10"),
    ("RATE_LIMIT_REVOKE", "100000/10"),
];

/// What a test gets that says nothing else.
const DEFAULTS: [(&str, &str); 6] = [
    ("ISSUER", HTTP),
    // The least there is: at the shipped cost the suite would spend most of its time in argon2.
    ("PASSWORD_COST", "1024/1"),
    (
        "SIGNING_KEYS",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
    ),
    ("ADMIN_CLIENT_SECRET", ADMIN_SECRET),
    ("DYNAMIC_REGISTRATION", "open"),
    ("CLIENT_METADATA_DOCUMENTS", "on"),
];

/// The settings, and the defaults of what they leave out.
fn with_defaults<'a>(settings: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let is_set = |name: &str| settings.iter().any(|(set, _)| *set == name);
    let defaults = DEFAULTS.into_iter().filter(|(name, _)| !is_set(name));
    settings.iter().copied().chain(defaults).collect()
}

fn config(settings: &[(&str, &str)]) -> Config {
    let settings = with_defaults(settings);
    let setting = |name: &str| {
        let found = settings.iter().find(|(set, _)| *set == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    Config::parse(setting).expect("settings")
}

impl World {
    /// With limits that no test reaches.
    pub fn new() -> Self {
        Self::with(UNLIMITED)
    }

    /// With these settings, and otherwise as shipped.
    #[expect(
        clippy::disallowed_methods,
        reason = "the environment says where the suite runs, and no setting of the server"
    )]
    pub fn with(settings: &[(&'static str, &str)]) -> Self {
        let server = match std::env::var("FLOWS_ON").as_deref() {
            Ok("worker") => Server::Built(Built::with(&with_defaults(settings))),
            _ => Server::Memory(Rc::default()),
        };
        Self::at(server, settings)
    }

    /// All of them natively; over HTTP, where one costs as much as a hundred, one of so many. The code that decides
    /// is the same.
    pub fn some<T>(&self, all: impl IntoIterator<Item = T>, of: usize) -> impl Iterator<Item = T> {
        all.into_iter().step_by(match self.at {
            Server::Memory(_) => 1,
            Server::Built(_) => of,
        })
    }

    fn at(server: Server, settings: &[(&str, &str)]) -> Self {
        let mut world = Self {
            at: server,
            config: config(settings),
            admin_token: RefCell::default(),
            alice: User::default(),
            staff: User::default(),
            server: App::default(),
            other: App::default(),
            device: App::default(),
        };
        world.alice = world.user("alice", false);
        world.staff = world.user("staff", true);
        world.server = world.application(&json!({
            "name": "Server", "redirect_uris": ["https://server.example/cb?fixed=1"],
        }));
        world.other = world.application(&json!({
            "name": "Other", "redirect_uris": ["https://other.example/cb"],
        }));
        world.device = world.application(&json!({
            "name": "Device", "type": "public",
            "redirect_uris": ["http://127.0.0.1/cb", "com.example.app:/cb"],
        }));
        world.advance(60);
        world
    }

    pub fn user(&self, name: &str, admin: bool) -> User {
        let email = format!("{name}@mail.example");
        let user = json!({
            "username": name, "email": email, "password": PASSWORD, "admin": admin,
        });
        let made = self
            .administer(Method::Post, "/api/admin/users", Some(&user))
            .expect(200)
            .json();
        User {
            id: text(&made, "id"),
            username: name.to_owned(),
        }
    }

    pub fn application(&self, application: &Value) -> App {
        let made = self.administer(Method::Post, "/api/admin/applications", Some(application));
        App::shown_in(&made.expect(200).json())
    }

    /// Alice's application with a bot, which anybody may add.
    pub fn bot(&self) -> App {
        self.application(&json!({
            "name": "Helper", "owner_id": self.alice.id, "bot": true,
            "redirect_uris": ["https://helper.example/cb"],
        }))
    }

    /// A guild of this user's; its id.
    pub fn guild(&self, name: &str, owner: &User) -> String {
        let guild = json!({"name": name, "owner_id": owner.id});
        let made = self.administer(Method::Post, "/api/admin/guilds", Some(&guild));
        text(&made.expect(200).json(), "id")
    }

    /// Makes a user a member with these permissions, or changes them.
    pub fn member(&self, guild: &str, user: &User, permissions: &str) {
        let path = format!("/api/admin/guilds/{guild}/members/{}", user.id);
        let permissions = json!({"permissions": permissions});
        self.administer(Method::Put, &path, Some(&permissions))
            .expect(200);
    }

    /// Takes a user out of a guild, or a bot by its application's id.
    pub fn remove(&self, guild: &str, member: &str) {
        let path = format!("/api/admin/guilds/{guild}/members/{member}");
        self.administer(Method::Delete, &path, None).expect(204);
    }

    /// The permissions of a member, user or bot; `None`: not a member.
    pub fn permissions_of(&self, guild: &str, member: &str) -> Option<String> {
        let path = format!("/api/admin/guilds/{guild}/members");
        let members = self.administer(Method::Get, &path, None).expect(200).json();
        let mut members = members.as_array().expect("a list").iter();
        let found = members.find(|it| it["id"] == member)?;
        Some(text(found, "permissions"))
    }

    /// Gives a user an account on another service.
    pub fn connection(&self, user: &User, kind: &str, id: &str, name: &str, verified: bool) {
        let path = format!("/api/admin/users/{}/connections/{kind}/{id}", user.id);
        let connection = json!({"name": name, "verified": verified});
        self.administer(Method::Put, &path, Some(&connection))
            .expect(200);
    }

    /// The audit log, newest first.
    pub fn audit_log(&self) -> Vec<Value> {
        let log = self.administer(Method::Get, "/api/admin/audit-log", None);
        serde_json::from_value(log.expect(200).json()).expect("a list")
    }

    /// What a resource answers to a bot.
    pub fn as_bot(&self, app: &App, path: &str) -> Answer {
        self.send(get(path).bot(app.bot_token.as_deref().expect("a bot")))
    }

    /// An access token of the application on its own behalf.
    pub fn own_token(&self, app: &App, scope: &str) -> String {
        let form = [("grant_type", "client_credentials"), ("scope", scope)];
        text(&self.token(app, &form).expect(200).json(), "access_token")
    }

    /// A request with a token of the built-in application.
    pub fn administer(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let hour = Duration::from_secs(3_600);
        let kept = self.admin_token.take();
        let kept = kept.filter(|(given, _)| self.now() < *given + hour);
        let (given, token) = kept.unwrap_or_else(|| (self.now(), self.admin_token()));
        let answer = self.send(administrative(method, path, body, &token));
        self.admin_token.replace(Some((given, token)));
        answer
    }

    /// A fresh one.
    pub fn admin_token(&self) -> String {
        self.own_token(&administration(), "admin")
    }

    /// The way in for every request.
    pub fn send(&self, mut request: Request) -> Answer {
        request.secure |= self.config.issuer.is_https();
        self.send_plainly(&request)
    }

    /// As it is, without https where the issuer has it.
    pub fn send_plainly(&self, request: &Request) -> Answer {
        let (answer, outlook) = match &self.at {
            Server::Built(built) => (built.send(request), Outlook::Transient),
            Server::Memory(memory) => {
                let answer = |request: &Request| {
                    pollster::block_on(router::answer(&**memory, &self.config, request))
                };
                let mut whole = answer(request);
                let mut request = request.clone();
                while let Some(rest) = whole.rest.take() {
                    let (path, query) = rest.as_str().split_once('?').expect("a query");
                    path.clone_into(&mut request.path);
                    query.clone_into(&mut request.query);
                    let part = answer(&request);
                    assert_eq!(part.status, 200, "{}", part.body);
                    whole.body.push_str(&part.body);
                    whole.rest = part.rest;
                }
                (whole.into(), memory.outlook.get())
            }
        };
        assert_harmless(request, &answer, outlook);
        answer
    }

    pub fn browser(&self) -> Browser<'_> {
        Browser {
            world: self,
            cookies: RefCell::default(),
            address: Cell::new("192.0.2.1"),
        }
    }

    /// Alice's browser, logged in.
    pub fn alices_browser(&self) -> Browser<'_> {
        let browser = self.browser();
        browser.log_in(&self.alice);
        browser
    }

    /// A request to the token endpoint, authenticated as the application does.
    pub fn token(&self, app: &App, form: &[(&str, &str)]) -> Answer {
        self.send(app.post("/api/oauth2/token", form))
    }

    pub fn exchange(&self, app: &App, code: &str) -> Answer {
        self.token(app, &app.exchange(code))
    }

    pub fn refresh(&self, app: &App, token: &str) -> Answer {
        self.token(
            app,
            &[("grant_type", "refresh_token"), ("refresh_token", token)],
        )
    }

    pub fn revoke(&self, app: &App, token: &str) -> Answer {
        self.send(app.post("/api/oauth2/revoke", &[("token", token)]))
    }

    pub fn introspect(&self, app: &App, token: &str) -> Value {
        let answer = self.send(app.post("/api/oauth2/introspect", &[("token", token)]));
        answer.expect(200).json()
    }

    pub fn me(&self, access_token: &str) -> Answer {
        self.send(get("/api/users/@me").bearer(access_token))
    }

    /// Alice logs in, approves, and the application has its tokens.
    pub fn tokens(&self, app: &App) -> Tokens {
        self.tokens_for(&self.alices_browser(), app)
    }

    pub fn tokens_for(&self, browser: &Browser<'_>, app: &App) -> Tokens {
        self.exchange(app, &browser.code(&app.asks())).tokens()
    }

    /// Whether the pair works, each in its way; the refresh token stays unused.
    pub fn works(&self, app: &App, tokens: &Tokens) -> (bool, bool) {
        let access = self.me(&tokens.access).status == 200;
        let refresh = self.introspect(app, &tokens.refresh)["active"] == true;
        (access, refresh)
    }

    pub fn now(&self) -> Timestamp {
        match &self.at {
            Server::Memory(memory) => memory.now(),
            Server::Built(built) => built.now(),
        }
    }

    pub fn advance(&self, seconds: u64) {
        self.pass(Duration::from_secs(seconds));
    }

    pub fn pass(&self, span: Duration) {
        match &self.at {
            Server::Memory(memory) => memory.advance(span),
            Server::Built(built) => built.advance(span),
        }
    }
}

/// What holds for every answer, faults included. That the server cannot answer, now or ever, is for
/// tests that break it for good.
fn assert_harmless(request: &Request, response: &Answer, outlook: Outlook) {
    let about = format!("{} {}", request.method.as_str(), request.target());
    let header = |name| response.header(name).unwrap_or_default();
    let fault = match outlook {
        Outlook::Transient => 503,
        Outlook::Permanent => 500,
    };
    assert!(
        response.status < 500 || response.status == fault,
        "{about}: {}",
        response.status
    );
    assert_eq!(header("x-content-type-options"), "nosniff", "{about}");
    assert_eq!(header("referrer-policy"), "no-referrer", "{about}");
    let kept = ["/assets/", "/icons/", "/.well-known/"];
    let may_be_kept = kept.iter().any(|root| request.path.starts_with(root));
    assert!(
        may_be_kept || header("cache-control") == "no-store",
        "{about}"
    );
    if header("content-type").starts_with("text/html") {
        let policy = header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; style-src 'self'"),
            "{about}: {policy}"
        );
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("base-uri 'none'"));
        assert_eq!(header("x-frame-options"), "DENY", "{about}");
    }
}

impl App {
    /// The application of the answer that made it.
    pub fn shown_in(made: &Value) -> Self {
        let shown = |value: &Value| value.as_str().map(str::to_owned);
        Self {
            id: text(made, "id"),
            secret: shown(&made["client_secret"]),
            redirect_uri: shown(&made["redirect_uris"][0]).unwrap_or_default(),
            bot_token: shown(&made["bot"]["token"]),
        }
    }

    /// The link that adds its bot, and nothing else.
    pub fn bot_link(&self) -> Asks {
        Asks(Vec::new())
            .with("client_id", &self.id)
            .with("scope", "bot")
    }

    /// Its ordinary authorization request.
    pub fn asks(&self) -> Asks {
        let asks = Asks(Vec::new())
            .with("response_type", "code")
            .with("client_id", &self.id)
            .with("redirect_uri", &self.redirect_uri)
            .with("scope", "identify email")
            .with("state", STATE);
        if self.secret.is_some() {
            asks
        } else {
            asks.with_pkce()
        }
    }

    /// A form post with its credentials: Basic where it has a secret, else its id.
    pub fn post(&self, target: &str, form: &[(&str, &str)]) -> Request {
        if let Some(secret) = &self.secret {
            return post(target, form).basic(&self.id, secret);
        }
        post(target, &[form, &[("client_id", &self.id)]].concat())
    }

    /// Its ordinary token request.
    pub fn exchange<'a>(&'a self, code: &'a str) -> Vec<(&'static str, &'a str)> {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
        ];
        if self.secret.is_none() {
            form.push(("code_verifier", VERIFIER));
        }
        form
    }
}

/// An authorization request.
#[derive(Clone)]
pub struct Asks(Vec<(String, String)>);

impl Asks {
    /// With these parameters and no others.
    pub fn of(parameters: &[(&str, &str)]) -> Self {
        let none = Self(Vec::new());
        let and = |asks: Self, (name, value): &(&str, &str)| asks.and(name, value);
        parameters.iter().fold(none, and)
    }

    /// With this parameter instead of any of its name.
    pub fn with(self, name: &str, value: &str) -> Self {
        self.without(name).and(name, value)
    }

    /// With this parameter too.
    pub fn and(mut self, name: &str, value: &str) -> Self {
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.0.retain(|(sent, _)| sent != name);
        self
    }

    pub fn with_pkce(self) -> Self {
        self.with("code_challenge", CHALLENGE)
            .with("code_challenge_method", "S256")
    }

    pub fn target(&self) -> String {
        format!("/oauth2/authorize?{}", encode(&self.0))
    }
}

/// A browser: keeps cookies, follows nothing by itself.
pub struct Browser<'w> {
    world: &'w World,
    cookies: RefCell<BTreeMap<String, String>>,
    pub address: Cell<&'static str>,
}

impl Browser<'_> {
    pub fn send(&self, request: Request) -> Answer {
        let request = request
            .with("cookie", &self.cookie_header())
            .with("accept", "text/html")
            .with("user-agent", "Mozilla/5.0 (test)")
            .with("cf-connecting-ip", self.address.get());
        let answer = self.world.send(request);
        for (_, cookie) in answer
            .headers()
            .iter()
            .filter(|(name, _)| *name == "set-cookie")
        {
            let (pair, attributes) = cookie.split_once("; ").expect("attributes");
            let (name, value) = pair.split_once('=').expect("a pair");
            if attributes.contains("Max-Age=0;") {
                self.cookies.borrow_mut().remove(name);
            } else {
                self.cookies
                    .borrow_mut()
                    .insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    pub fn get(&self, target: &str) -> Answer {
        self.send(get(target))
    }

    pub fn submit(&self, form: &Form) -> Answer {
        self.send(form.request())
    }

    pub fn cookie_header(&self) -> String {
        let cookies = self.cookies.borrow();
        let pairs: Vec<_> = cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    /// The cookies, as another browser could steal them.
    pub fn cookies(&self) -> BTreeMap<String, String> {
        self.cookies.borrow().clone()
    }

    pub fn with_cookies(self, cookies: BTreeMap<String, String>) -> Self {
        self.cookies.replace(cookies);
        self
    }

    pub fn log_in(&self, user: &User) {
        self.try_to_log_in(&user.username, PASSWORD).expect(303);
    }

    pub fn try_to_log_in(&self, login: &str, password: &str) -> Answer {
        let form = self
            .get("/login?return_to=%2Foauth2%2Fauthorize%3F&prompt=login")
            .form("password");
        self.submit(&form.with("login", login).with("password", password))
    }

    pub fn is_logged_in(&self) -> bool {
        self.get("/api/oauth2/session").status == 200
    }

    /// The consent form that the request leads to.
    pub fn consent(&self, asks: &Asks) -> Form {
        self.get(&asks.target()).expect(200).form("decision")
    }

    /// The answer to the client, with the user's approval where it is asked for.
    pub fn authorize(&self, asks: &Asks) -> Answer {
        let answer = self.get(&asks.target());
        match answer.status {
            200 => self.submit(&answer.form("decision").with("decision", "approve")),
            _ => answer,
        }
    }

    pub fn code(&self, asks: &Asks) -> String {
        self.authorize(asks)
            .expect(303)
            .parameter("code")
            .expect("a code")
    }

    /// What a page of ours sends along when it changes something.
    pub fn csrf_token(&self) -> String {
        let session = self.get("/api/oauth2/session").expect(200).json();
        text(&session, "csrf_token")
    }

    /// A request to the API with the session and its token.
    pub fn call(&self, method: Method, path: &str) -> Answer {
        self.send(request(method, path).with("x-csrf-token", &self.csrf_token()))
    }

    /// The same with a body.
    pub fn call_with(&self, method: Method, path: &str, body: &Value) -> Answer {
        let request = with_json(request(method, path), body);
        self.send(request.with("x-csrf-token", &self.csrf_token()))
    }

    /// Approves a link that adds a bot, to this guild.
    pub fn add_bot(&self, asks: &Asks, guild: &str) -> Answer {
        let form = self.consent(asks).with("guild_id", guild);
        self.submit(&form.with("decision", "approve"))
    }
}

/// A form as the browser would send it.
#[derive(Clone, Debug)]
pub struct Form {
    pub action: String,
    pub fields: Vec<(String, String)>,
}

impl Form {
    /// With this field instead of any of its name.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(sent, _)| sent != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With this box unticked.
    pub fn untick(mut self, name: &str, value: &str) -> Self {
        let before = self.fields.len();
        self.fields
            .retain(|(sent, ticked)| (sent.as_str(), ticked.as_str()) != (name, value));
        assert_eq!(self.fields.len() + 1, before, "no box {name}={value}");
        self
    }

    pub fn field(&self, name: &str) -> &str {
        let field = self.fields.iter().find(|(sent, _)| sent == name);
        field.map(|(_, value)| value.as_str()).expect(name)
    }

    pub fn request(&self) -> Request {
        let fields: Vec<_> = self
            .fields
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        // A browser keeps the fragment to itself.
        let target = self.action.split('#').next().unwrap_or_default();
        post(target, &fields)
    }

    /// The request of a form that has a file in it.
    pub fn request_with_file(&self, name: &str, file: &[u8]) -> Request {
        let mut parts = Vec::new();
        let own = self.fields.iter().filter(|(field, _)| field != name);
        for (field, value) in own {
            parts.extend(multipart(field, "", value.as_bytes()));
        }
        parts.extend(multipart(
            name,
            "; filename=\"a \u{e4}.png\"\r\nContent-Type: image/png",
            file,
        ));
        parts.extend_from_slice(b"--x--\r\n");
        let target = self.action.split('#').next().unwrap_or_default();
        let mut request = post_as("multipart/form-data; boundary=x", target, "");
        request.body = Body::Read(parts);
        request
    }

    fn read(form: ElementRef<'_>) -> Self {
        let attribute =
            |element: ElementRef<'_>, name| element.attr(name).unwrap_or_default().to_owned();
        let is_sent = |input: &ElementRef<'_>| {
            let ticked = !matches!(input.attr("type"), Some("checkbox" | "radio"))
                || input.attr("checked").is_some();
            ticked && input.attr("disabled").is_none()
        };
        Self {
            action: attribute(form, "action"),
            fields: form
                .select(&selector("input[name], textarea[name], select[name]"))
                .filter(is_sent)
                .map(|control| (attribute(control, "name"), value(control)))
                .collect(),
        }
    }
}

/// A part of a form as browsers send it, at the boundary `x`.
pub fn multipart(name: &str, more: &str, content: &[u8]) -> Vec<u8> {
    let head = format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"{more}\r\n\r\n");
    [head.as_bytes(), content, b"\r\n"].concat()
}

/// What a browser sends of a control.
fn value(control: ElementRef<'_>) -> String {
    let text = |element: ElementRef<'_>| element.text().collect::<String>();
    match control.value().name() {
        "textarea" => text(control).replace('\n', "\r\n"),
        "select" => {
            let selected = |css| control.select(&selector(css)).next();
            let option = selected("option[selected]").or_else(|| selected("option"));
            option.map_or_else(String::new, |option| {
                let value = option.attr("value").map(str::to_owned);
                value.unwrap_or_else(|| text(option))
            })
        }
        _ => control.attr("value").unwrap_or_default().to_owned(),
    }
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
    /// The body where it is no text.
    pub binary: Vec<u8>,
}

impl From<Response> for Answer {
    fn from(response: Response) -> Self {
        let mut headers: Vec<(String, String)> = Vec::new();
        for (name, value) in response.headers() {
            let before = headers.iter_mut().find(|(sent, _)| sent == name);
            // As it arrives over HTTP: RFC 9110 §5.3.
            match before.filter(|_| *name != "set-cookie") {
                Some((_, before)) => *before = format!("{before}, {value}"),
                None => headers.push(((*name).to_owned(), value.clone())),
            }
        }
        Self {
            status: response.status,
            headers,
            body: response.body,
            binary: response.binary,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    pub access: String,
    pub refresh: String,
    pub scope: String,
}

impl Answer {
    /// A header by its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(sent, _)| sent == name);
        found.map(|(_, value)| &**value)
    }

    /// All headers, in order.
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{:?} {}", self.headers(), self.body);
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a JSON body")
    }

    pub fn location(&self) -> &str {
        self.header("location").unwrap_or_default()
    }

    /// The parameters that were added to the registered redirect URI.
    pub fn parameters(&self) -> Vec<(String, String)> {
        let query = self
            .location()
            .split_once('?')
            .map_or("", |(_, query)| query);
        parse(query.as_bytes()).into_owned().collect()
    }

    /// One of them, which must not be there twice.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let mut found = self
            .parameters()
            .into_iter()
            .filter(|(sent, _)| sent == name);
        let value = found.next().map(|(_, value)| value);
        assert_eq!(found.next(), None, "{name} twice");
        value
    }

    pub fn document(&self) -> Html {
        Html::parse_document(&self.body)
    }

    /// The page's form that has this control.
    #[track_caller]
    pub fn form(&self, control: &str) -> Form {
        let document = self.document();
        let control = selector(&format!("[name={control}]"));
        let form = document
            .select(&selector("form[method=post]"))
            .find(|form| form.select(&control).next().is_some());
        Form::read(form.unwrap_or_else(|| panic!("no such form: {} {}", self.status, self.body)))
    }

    /// The page's form in which the selector finds something.
    #[track_caller]
    pub fn form_with(&self, css: &str) -> Form {
        let document = self.document();
        let css = selector(css);
        let form = document
            .select(&selector("form"))
            .find(|form| form.select(&css).next().is_some());
        Form::read(form.unwrap_or_else(|| panic!("no such form: {} {}", self.status, self.body)))
    }

    /// Every form of the page that changes something.
    pub fn forms(&self) -> Vec<Form> {
        let document = self.document();
        let forms = selector("form[method=post]");
        document.select(&forms).map(Form::read).collect()
    }

    /// The text of everything that the selector finds.
    pub fn texts(&self, css: &str) -> Vec<String> {
        let document = self.document();
        document
            .select(&selector(css))
            .map(|element| element.text().collect())
            .collect()
    }

    #[track_caller]
    pub fn tokens(self) -> Tokens {
        let body = self.expect(200).json();
        Tokens {
            access: text(&body, "access_token"),
            refresh: text(&body, "refresh_token"),
            scope: text(&body, "scope"),
        }
    }

    /// The `code` of an error of the API, which has a message too.
    #[track_caller]
    pub fn code(&self) -> String {
        let body = self.json();
        assert!(!text(&body, "message").is_empty());
        text(&body, "code")
    }

    /// The fields that a 400 names, in order.
    #[track_caller]
    pub fn fields(self) -> Vec<String> {
        let answer = self.expect(400);
        assert_eq!(answer.code(), "INVALID_FORM_BODY");
        let body = answer.json();
        let errors = body["errors"].as_array().expect("errors").iter();
        let mut paths: Vec<_> = errors.map(|error| text(error, "path")).collect();
        paths.sort();
        paths
    }

    /// The ids of a list.
    #[track_caller]
    pub fn ids(self) -> Vec<String> {
        let list = self.expect(200).json();
        let list = list.as_array().expect("a list").iter();
        list.map(|it| text(it, "id")).collect()
    }

    /// The OAuth error of a JSON body, checked as RFC 6749 §5.2 wants it.
    #[track_caller]
    pub fn error(&self) -> String {
        let body = self.json();
        let error = text(&body, "error");
        let description = text(&body, "error_description");
        assert!(
            description.bytes().all(|byte| matches!(byte, 0x20..=0x7e)),
            "{description}"
        );
        assert_eq!(
            body.as_object().map(serde_json::Map::len),
            Some(2),
            "{body}"
        );
        assert_eq!(self.header("content-type"), Some("application/json"));
        assert_eq!(
            (self.header("cache-control"), self.header("pragma")),
            (Some("no-store"), Some("no-cache"))
        );
        error
    }
}

/// What makes a request of a request.
pub trait With: Sized {
    /// With this header, unless it has one of that name.
    fn with(self, name: &str, value: &str) -> Self;

    fn bearer(self, token: &str) -> Self {
        self.with("authorization", &format!("Bearer {token}"))
    }

    fn bot(self, token: &str) -> Self {
        self.with("authorization", &format!("Bot {token}"))
    }

    fn basic(self, id: &str, secret: &str) -> Self {
        let credentials = Base64::encode_string(format!("{id}:{secret}").as_bytes());
        self.with("authorization", &format!("Basic {credentials}"))
    }
}

impl With for Request {
    fn with(mut self, name: &str, value: &str) -> Self {
        if !value.is_empty() {
            self.headers = self.headers.with(name, value);
        }
        self
    }
}

pub fn request(method: Method, target: &str) -> Request {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Request {
        method,
        secure: false,
        path: path.to_owned(),
        query: query.to_owned(),
        headers: Headers::default(),
        body: Body::Read(Vec::new()),
    }
}

pub fn get(target: &str) -> Request {
    request(Method::Get, target)
}

pub fn post(target: &str, form: &[(&str, &str)]) -> Request {
    post_as("application/x-www-form-urlencoded", target, &encode(form))
}

pub fn post_as(content_type: &str, target: &str, body: &str) -> Request {
    let mut request = request(Method::Post, target).with("content-type", content_type);
    request.body = Body::Read(body.as_bytes().to_vec());
    request
}

pub fn administrative(method: Method, path: &str, body: Option<&Value>, token: &str) -> Request {
    let request = request(method, path).bearer(token);
    match body {
        Some(body) => with_json(request, body),
        None => request,
    }
}

pub fn with_json(request: Request, body: &Value) -> Request {
    let mut request = request.with("content-type", "application/json");
    request.body = Body::Read(body.to_string().into_bytes());
    request
}

/// The challenges of the API, for this reason. A token that is good for too little is told of none but its own.
pub fn challenge(reason: &str) -> String {
    let comma = if reason.is_empty() { "" } else { ", " };
    let metadata = format!("{HTTP}/.well-known/oauth-protected-resource");
    let bearer = format!("Bearer {reason}{comma}resource_metadata=\"{metadata}\"");
    if reason.contains("insufficient_scope") {
        bearer
    } else {
        format!("{bearer}, DPoP algs=\"ES256 EdDSA\"")
    }
}

pub fn encode<N: AsRef<str>, V: AsRef<str>>(pairs: &[(N, V)]) -> String {
    let mut encoded = Serializer::new(String::new());
    for (name, value) in pairs {
        encoded.append_pair(name.as_ref(), value.as_ref());
    }
    encoded.finish()
}

#[track_caller]
pub fn text(body: &Value, name: &str) -> String {
    let found = body[name].as_str();
    found
        .unwrap_or_else(|| panic!("no {name} in {body}"))
        .to_owned()
}

pub fn selector(css: &str) -> Selector {
    Selector::parse(css).expect("a selector")
}
