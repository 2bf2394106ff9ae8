//! A platform with users of its own: login elsewhere, its directory, its events.

mod assertions;
mod bots;
mod directory;
mod events;
mod login;

use core::ops::Deref;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use fluxer_oauth2::http::{Method, Request};
use fluxer_oauth2::platform::{PlatformAnswer, PlatformRequest};
use serde_json::{Value, json};

use crate::world::{Answer, Asks, Browser, HTTP, Native, With, request, text, with_json};

pub(super) const LOGIN: &str = "http://127.0.0.1:9999/login";
pub(super) const KEY: &str = "a-key-that-the-platform-has-too";
pub(super) const ISSUER: &str = "http://127.0.0.1:9999";
pub(super) const JWKS: &str = "http://127.0.0.1:9999/jwks";

/// How the platform is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Health {
    Well,
    Down,
    Broken,
    Html,
    Endless,
}

/// A server whose users are a platform's, and the platform: what it answers, by path.
pub(super) struct Platformed {
    world: Native,
    pub(super) directory: Rc<RefCell<BTreeMap<String, Value>>>,
    pub(super) asked: Rc<RefCell<Vec<PlatformRequest>>>,
    pub(super) health: Rc<Cell<Health>>,
    /// What a command about a bot is answered with.
    pub(super) bots: Rc<RefCell<(u16, Value)>>,
    /// The cookies of a browser of Alice's.
    pub(super) cookies_of_alice: BTreeMap<String, String>,
}

impl Deref for Platformed {
    type Target = Native;

    fn deref(&self) -> &Native {
        &self.world
    }
}

impl Platformed {
    pub(super) fn new() -> Self {
        Self::with(&[])
    }

    /// With these settings too.
    pub(super) fn with(more: &[(&'static str, &str)]) -> Self {
        let mut settings = more.to_vec();
        settings.extend([
            ("RATE_LIMIT_AUTHORIZE", "off"),
            ("RATE_LIMIT_TOKEN", "off"),
            ("RATE_LIMIT_REVOKE", "off"),
            ("LOGIN_URL", LOGIN),
            ("PLATFORM_URL", "http://127.0.0.1:9999"),
            ("PLATFORM_KEY", KEY),
            ("PLATFORM_ISSUER", ISSUER),
            ("PLATFORM_JWKS", JWKS),
        ]);
        // Its users had accounts here before, as after an import.
        let platformed = Self {
            world: Native::new().reconfigured(&settings),
            directory: Rc::default(),
            asked: Rc::default(),
            health: Rc::new(Cell::new(Health::Well)),
            bots: Rc::new(RefCell::new((200, json!({})))),
            cookies_of_alice: BTreeMap::new(),
        };
        let world = &platformed.world;
        platformed.knows(&world.alice.id, &json!({"username": "alice"}));
        platformed.knows(
            &world.staff.id,
            &json!({"username": "staff", "admin": true}),
        );
        platformed.answer_on();
        platformed
    }

    fn answer_on(&self) {
        let (directory, asked) = (self.directory.clone(), self.asked.clone());
        let (health, bots) = (self.health.clone(), self.bots.clone());
        self.world.memory.platform_answers(move |request| {
            asked.borrow_mut().push(request.clone());
            let json = |status, body: &Value| PlatformAnswer {
                status,
                content_type: "application/json".to_owned(),
                body: Some(body.to_string().into_bytes()),
            };
            Ok(match health.get() {
                Health::Down => return Err("connection refused".to_owned()),
                Health::Broken => json(500, &json!({"error": "oops"})),
                Health::Html => PlatformAnswer {
                    content_type: "text/html".to_owned(),
                    body: Some(b"<h1>Log in</h1>".to_vec()),
                    ..json(200, &Value::Null)
                },
                Health::Endless => PlatformAnswer {
                    body: None,
                    ..json(200, &Value::Null)
                },
                Health::Well if request.method != Method::Get => {
                    let (status, body) = &*bots.borrow();
                    json(*status, body)
                }
                Health::Well => {
                    let path = request.target.split('?').next().unwrap_or_default();
                    match directory.borrow().get(path) {
                        Some(found) => json(200, found),
                        None => json(404, &json!({"error": "unknown"})),
                    }
                }
            })
        });
    }

    /// The platform has such a user.
    pub(super) fn knows(&self, id: &str, more: &Value) {
        let mut user = json!({
            "id": id, "username": "somebody", "avatar": null, "discriminator": "0001",
            "public_flags": 0, "email": "somebody@platform.example", "verified": true,
        });
        for (name, value) in more.as_object().expect("an object") {
            user[name] = value.clone();
        }
        self.says(&format!("/directory/users/{id}"), user);
    }

    /// The platform answers a path so.
    pub(super) fn says(&self, path: &str, answer: Value) {
        self.directory.borrow_mut().insert(path.to_owned(), answer);
    }

    /// The paths that the platform was asked for since it was last looked.
    pub(super) fn asked_for(&self) -> Vec<String> {
        let asked = self.asked.borrow_mut().split_off(0);
        asked.into_iter().map(|it| it.target).collect()
    }

    /// A request of the platform's.
    pub(super) fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        self.send(by_platform(method, path, body))
    }

    /// The platform accepts; where the browser goes on to.
    pub(super) fn accept(&self, challenge: &str, accept: &Value) -> String {
        let path = format!("/api/login/{challenge}/accept");
        let answer = self.ask(Method::Post, &path, Some(accept)).expect(200);
        here(&text(&answer.json(), "redirect_to"))
    }

    /// What the platform says of a login of a second ago.
    pub(super) fn acceptance(&self, subject: &str) -> Value {
        json!({
            "subject": subject, "auth_time": self.now().seconds(), "amr": ["pwd"],
            "session_id": "platform-session", "remember_seconds": 3600,
        })
    }

    /// A browser that is logged in as this user by way of the platform.
    pub(super) fn logged_in(&self, subject: &str) -> Browser<'_> {
        let browser = self.browser();
        self.log_in(&browser, subject);
        browser
    }

    pub(super) fn log_in(&self, browser: &Browser<'_>, subject: &str) {
        let challenge = login_challenge(browser, "/login?return_to=%2Fdevelopers&prompt=login");
        let back = self.accept(&challenge, &self.acceptance(subject));
        assert_eq!(browser.get(&back).expect(303).location(), "/developers");
    }

    pub(super) fn remember_alice(&mut self) {
        let cookies = self.logged_in(&self.alice.id).cookies();
        self.cookies_of_alice = cookies;
    }

    /// What an event is answered with.
    pub(super) fn event(&self, event: &Value) -> Answer {
        self.ask(Method::Post, "/api/platform/events", Some(event))
    }

    /// An event about a user, of now.
    pub(super) fn event_of(&self, jti: &str, event_type: &str, subject: &str) -> Value {
        json!({"jti": jti, "type": event_type, "subject": subject, "at": self.now().to_iso()})
    }
}

pub(super) fn by_platform(method: Method, path: &str, body: Option<&Value>) -> Request {
    let request = request(method, path).bearer(KEY);
    match body {
        Some(body) => with_json(request, body),
        None => request,
    }
}

/// Where a browser ends up that follows whatever leads on here.
pub(super) fn away(browser: &Browser<'_>, target: &str) -> String {
    let mut location = target.to_owned();
    for _ in 0..5 {
        if !location.starts_with('/') {
            return location;
        }
        browser
            .get(&location)
            .expect(303)
            .location()
            .clone_into(&mut location);
    }
    panic!("a loop at {location}");
}

/// A URL of this server as a path.
pub(super) fn here(url: &str) -> String {
    url.strip_prefix(HTTP).expect("a URL of ours").to_owned()
}

pub(super) fn parameter(url: &str, name: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    let found = pairs.find(|(sent, _)| sent == name);
    found.map(|(_, value)| value.into_owned())
}

/// The challenge that a browser is sent to the platform with.
pub(super) fn login_challenge(browser: &Browser<'_>, target: &str) -> String {
    let location = away(browser, target);
    assert!(location.starts_with(&format!("{LOGIN}?")), "{location}");
    parameter(&location, "login_challenge").expect("a challenge")
}

/// The challenge of an authorization request.
pub(super) fn challenge_of(browser: &Browser<'_>, asks: &Asks) -> String {
    login_challenge(browser, &asks.target())
}
