//! Storage that fails, and storage that fails after it wrote, at every step of every flow.
//!
//! After each fault the answer is 503 with `Retry-After`, in the endpoint's own format; the same
//! request, sent again, succeeds; and there is one lineage. No fault ever looks like a verdict.

use fluxer_oauth2::http::{Method, Request};
use fluxer_oauth2::store::Outlook;
use fluxer_oauth2::store::memory::{Isolate, KvMood, Plan, When};
use serde_json::{Value, json};

use crate::world::{
    Answer, App, Browser, Native, PASSWORD, Tokens, With, administrative, get, text, with_json,
};

/// A flow that meets faults.
pub struct Flow {
    pub name: &'static str,
    pub format: Format,
    /// The steps whose failure it survives: a limiter that is down stops nobody but logins, and
    /// gives no place back; an exchange asks its ledger once more; the refresh token's record is an
    /// inventory. The audit log costs nobody an answer.
    pub survives: &'static [&'static str],
    pub prepare: for<'w> fn(&'w Native, &'w Browser<'w>) -> Attempt<'w>,
}

/// How its 503 looks.
#[derive(Clone, Copy, PartialEq)]
pub enum Format {
    OAuth,
    Api,
    Page,
}

/// One request that can be sent again, and what must hold once it was answered.
pub struct Attempt<'w> {
    pub send: Box<dyn Fn() -> Answer + 'w>,
    pub check: Box<dyn Fn(Answer) + 'w>,
}

pub fn attempt<'w>(send: impl Fn() -> Answer + 'w, check: impl Fn(Answer) + 'w) -> Attempt<'w> {
    Attempt {
        send: Box::new(send),
        check: Box::new(check),
    }
}

/// A request that only reads.
fn reading<'w>(send: impl Fn() -> Answer + 'w) -> Attempt<'w> {
    attempt(send, |answer| {
        answer.expect(200);
    })
}

fn is_unavailable(flow: &Flow, answer: &Answer) {
    let name = flow.name;
    assert_eq!(answer.status, 503, "{name}: {}", answer.body);
    assert_eq!(answer.header("retry-after"), Some("1"), "{name}");
    match flow.format {
        Format::OAuth => assert_eq!(answer.error(), "temporarily_unavailable", "{name}"),
        Format::Api => assert_eq!(answer.json()["code"], "SERVICE_UNAVAILABLE", "{name}"),
        Format::Page => assert_eq!(answer.texts("h1"), ["One moment"], "{name}"),
    }
}

/// Fails every step of the flow once, before and after its effect; how many there were.
fn inject(world: &Native, browser: &Browser<'_>, flow: &Flow) -> usize {
    let mut injected = 0;
    for when in [When::Before, When::After] {
        for step in 0.. {
            world.advance(61);
            let attempt = (flow.prepare)(world, browser);
            world.memory.forget_steps();
            world.memory.plan.set(Some(Plan { step, when }));
            let answer = (attempt.send)();
            if world.memory.plan.take().is_some() {
                assert!(step > 0, "{}: asks nothing of storage", flow.name);
                break;
            }
            injected += 1;
            let hit = world.memory.steps()[step];
            let survives = ["audit", "kv.put"].contains(&hit) || flow.survives.contains(&hit);
            let answer = if survives && answer.status != 503 {
                answer
            } else {
                is_unavailable(flow, &answer);
                (attempt.send)()
            };
            (attempt.check)(answer);
        }
    }
    injected
}

/// Fails every step of every flow; how many there were.
pub fn inject_all(flows: &[Flow], moods: &[KvMood]) -> usize {
    let mut injected = 0;
    for mood in moods {
        let world = Native::new();
        world.memory.kv_mood.set(*mood);
        world.memory.isolate.set(Isolate::Cold);
        let browser = world.alices_browser();
        let of_flow = |flow| inject(&world, &browser, flow);
        injected += flows.iter().map(of_flow).sum::<usize>();
    }
    eprintln!("{injected} faults injected into {} flows", flows.len());
    injected
}

#[test]
fn no_fault_is_a_verdict_and_none_costs_anything() {
    let injected = inject_all(FLOWS, &[KvMood::Fresh, KvMood::Missing]);
    assert!(injected > 300, "{injected}");
}

#[test]
fn nor_is_one_that_meets_bots_guilds_owners_or_administrators() {
    let injected = inject_all(PLATFORM_FLOWS, &[KvMood::Fresh]);
    assert!(injected > 130, "{injected}");
}

#[test]
fn nor_is_one_that_meets_the_pages_of_an_account() {
    let injected = inject_all(PAGE_FLOWS, &[KvMood::Fresh]);
    assert!(injected > 150, "{injected}");
}

/// How many of Alice's devices use the application.
fn devices(browser: &Browser<'_>, app: &App) -> usize {
    let answer = browser.get(&format!("/api/oauth2/@me/authorizations/{}", app.id));
    answer.json()["devices"].as_array().map_or(0, Vec::len)
}

/// Redeems the code of an answer: exactly one lineage comes of it.
fn redeems_once(world: &Native, browser: &Browser<'_>, app: &App, answer: Answer) {
    let before = devices(browser, app);
    let code = answer.expect(303).parameter("code").expect("a code");
    let tokens = world.exchange(app, &code).tokens();
    one_lineage(world, app, &tokens);
    assert_eq!(devices(browser, app), before + 1);
}

/// The tokens work, and so does their successor.
fn one_lineage(world: &Native, app: &App, tokens: &Tokens) {
    assert_eq!(world.works(app, tokens), (true, true));
    let next = world.refresh(app, &tokens.refresh).tokens();
    assert_ne!(next.refresh, tokens.refresh);
    assert_eq!(world.works(app, &next), (true, true));
}

fn is_dead(world: &Native, app: &App, tokens: &Tokens) {
    assert_eq!(world.works(app, tokens), (false, false));
    assert_eq!(
        world.refresh(app, &tokens.refresh).expect(400).error(),
        "invalid_grant"
    );
}

fn exchange<'w>(world: &'w Native, browser: &'w Browser<'w>, app: &'w App) -> Attempt<'w> {
    let before = devices(browser, app);
    let code = browser.code(&app.asks());
    attempt(
        move || world.exchange(app, &code),
        move |answer| {
            one_lineage(world, app, &answer.tokens());
            assert_eq!(devices(browser, app), before + 1);
        },
    )
}

fn refresh<'w>(world: &'w Native, browser: &'w Browser<'w>, app: &'w App) -> Attempt<'w> {
    let tokens = world.tokens_for(browser, app);
    let before = devices(browser, app);
    attempt(
        move || world.refresh(app, &tokens.refresh),
        move |answer| {
            one_lineage(world, app, &answer.tokens());
            assert_eq!(devices(browser, app), before);
        },
    )
}

/// Ends what the tokens live in, by a request of the API that may find its work done.
fn ending<'w>(
    world: &'w Native,
    browser: &'w Browser<'w>,
    request: impl Fn() -> Request + 'w,
) -> Attempt<'w> {
    let tokens = [&world.server, &world.device].map(|app| (app, world.tokens_for(browser, app)));
    attempt(
        move || browser.send(request()),
        move |answer| {
            // 404: it had its effect before its answer was lost.
            assert!(matches!(answer.status, 204 | 404), "{}", answer.body);
            let dead = tokens
                .iter()
                .filter(|(app, tokens)| world.works(app, tokens) == (false, false));
            assert!(dead.count() >= 1);
        },
    )
}

fn with_csrf(browser: &Browser<'_>, method: Method, path: &str) -> impl Fn() -> Request + use<> {
    let token = text(
        &browser.get("/api/oauth2/session").expect(200).json(),
        "csrf_token",
    );
    let path = path.to_owned();
    move || crate::world::request(method, &path).with("x-csrf-token", &token)
}

fn administering<'w>(
    world: &'w Native,
    (method, path, body): (Method, String, Option<Value>),
    check: impl Fn(Answer) + 'w,
) -> Attempt<'w> {
    let token = world.admin_token();
    attempt(
        move || world.send(administrative(method, &path, body.as_ref(), &token)),
        check,
    )
}

/// A name that nobody has yet.
fn fresh_name(world: &Native) -> String {
    format!("u{}", world.now().millis())
}

const FLOWS: &[Flow] = &[
    Flow {
        name: "login",
        format: Format::Page,
        survives: &["limiter"],
        prepare: |world, _| {
            let browser = std::rc::Rc::new(world.browser());
            let form = browser.get("/login").form("password");
            let form = form.with("login", "alice").with("password", PASSWORD);
            let same = std::rc::Rc::clone(&browser);
            attempt(
                move || same.submit(&form),
                move |answer| {
                    answer.expect(303);
                    assert!(browser.is_logged_in());
                },
            )
        },
    },
    Flow {
        name: "logout",
        format: Format::Page,
        survives: &[],
        prepare: |world, _| {
            let browser = std::rc::Rc::new(world.alices_browser());
            let form = browser.get("/logout").form("csrf_token");
            let stolen = browser.cookies();
            attempt(
                move || browser.submit(&form),
                move |answer| {
                    answer.expect(303);
                    assert!(!world.browser().with_cookies(stolen.clone()).is_logged_in());
                },
            )
        },
    },
    Flow {
        name: "consent form",
        format: Format::Page,
        survives: &["limiter"],
        prepare: |world, browser| {
            let asks = world.server.asks().with("prompt", "consent");
            reading(move || browser.get(&asks.target()))
        },
    },
    Flow {
        name: "remembered consent",
        format: Format::Page,
        survives: &["limiter"],
        prepare: |world, browser| {
            let app = &world.server;
            browser.code(&app.asks());
            attempt(
                move || browser.get(&app.asks().target()),
                move |answer| redeems_once(world, browser, app, answer),
            )
        },
    },
    Flow {
        name: "approve",
        format: Format::Page,
        survives: &["limiter"],
        prepare: |world, browser| {
            let app = &world.device;
            let form = browser.consent(&app.asks()).with("decision", "approve");
            attempt(
                move || browser.submit(&form),
                move |answer| redeems_once(world, browser, app, answer),
            )
        },
    },
    Flow {
        name: "deny",
        format: Format::Page,
        survives: &["limiter"],
        prepare: |world, browser| {
            let form = browser
                .consent(&world.device.asks())
                .with("decision", "deny");
            attempt(
                move || browser.submit(&form),
                |answer| assert_eq!(answer.parameter("error").as_deref(), Some("access_denied")),
            )
        },
    },
    Flow {
        name: "code of a confidential application",
        format: Format::OAuth,
        survives: &["limiter", "ledger", "kv.get"],
        prepare: |world, browser| exchange(world, browser, &world.server),
    },
    Flow {
        name: "code of a public application",
        format: Format::OAuth,
        survives: &["limiter", "ledger", "kv.get"],
        prepare: |world, browser| exchange(world, browser, &world.device),
    },
    Flow {
        name: "refresh of a confidential application",
        format: Format::OAuth,
        survives: &["limiter", "d1.read"],
        prepare: |world, browser| refresh(world, browser, &world.server),
    },
    Flow {
        name: "refresh of a public application",
        format: Format::OAuth,
        survives: &["limiter", "d1.read"],
        prepare: |world, browser| refresh(world, browser, &world.device),
    },
    Flow {
        name: "client credentials",
        format: Format::OAuth,
        survives: &["limiter"],
        prepare: |world, _| {
            reading(|| world.token(&world.server, &[("grant_type", "client_credentials")]))
        },
    },
    Flow {
        name: "revoke a refresh token",
        format: Format::OAuth,
        survives: &["limiter", "d1.read", "ledger", "d1.write"],
        prepare: |world, browser| {
            let app = &world.server;
            let tokens = world.tokens_for(browser, app);
            let refresh = tokens.refresh.clone();
            attempt(
                move || world.revoke(app, &refresh),
                move |answer| {
                    answer.expect(200);
                    is_dead(world, app, &tokens);
                },
            )
        },
    },
    Flow {
        name: "revoke an access token",
        format: Format::OAuth,
        survives: &["limiter", "d1.read", "ledger", "d1.write"],
        prepare: |world, browser| {
            let app = &world.device;
            let tokens = world.tokens_for(browser, app);
            let access = tokens.access.clone();
            attempt(
                move || world.revoke(app, &access),
                move |answer| {
                    answer.expect(200);
                    is_dead(world, app, &tokens);
                },
            )
        },
    },
    Flow {
        name: "introspect an access token",
        format: Format::OAuth,
        survives: &["d1.read", "limiter"],
        prepare: |world, browser| {
            let app = &world.server;
            let token = world.tokens_for(browser, app).access;
            attempt(
                move || world.send(app.post("/api/oauth2/introspect", &[("token", &token)])),
                |answer| assert_eq!(answer.json()["active"], true),
            )
        },
    },
    Flow {
        name: "introspect a refresh token",
        format: Format::OAuth,
        survives: &["d1.read", "limiter"],
        prepare: |world, browser| {
            let app = &world.server;
            let token = world.tokens_for(browser, app).refresh;
            attempt(
                move || world.send(app.post("/api/oauth2/introspect", &[("token", &token)])),
                |answer| assert_eq!(answer.json()["active"], true),
            )
        },
    },
    Flow {
        name: "the user behind a token",
        format: Format::Api,
        survives: &["d1.read"],
        prepare: |world, browser| {
            let token = world.tokens_for(browser, &world.server).access;
            reading(move || world.me(&token))
        },
    },
    Flow {
        name: "the authorization behind a token",
        format: Format::Api,
        survives: &["d1.read"],
        prepare: |world, browser| {
            let token = world.tokens_for(browser, &world.server).access;
            reading(move || world.send(get("/api/oauth2/@me").bearer(&token)))
        },
    },
    Flow {
        name: "session",
        format: Format::Api,
        survives: &[],
        prepare: |_, browser| reading(|| browser.get("/api/oauth2/session")),
    },
    Flow {
        name: "list of authorizations",
        format: Format::Api,
        survives: &[],
        prepare: |world, browser| {
            world.tokens_for(browser, &world.server);
            reading(|| browser.get("/api/oauth2/@me/authorizations"))
        },
    },
    Flow {
        name: "devices of an authorization",
        format: Format::Api,
        survives: &[],
        prepare: |world, browser| {
            world.tokens_for(browser, &world.server);
            reading(|| {
                browser.get(&format!(
                    "/api/oauth2/@me/authorizations/{}",
                    world.server.id
                ))
            })
        },
    },
    Flow {
        name: "deauthorize",
        format: Format::Api,
        survives: &[],
        prepare: |world, browser| {
            let path = format!("/api/oauth2/@me/authorizations/{}", world.server.id);
            ending(world, browser, with_csrf(browser, Method::Delete, &path))
        },
    },
    Flow {
        name: "deauthorize everything",
        format: Format::Api,
        survives: &[],
        prepare: |world, browser| {
            let path = "/api/oauth2/@me/authorizations";
            ending(world, browser, with_csrf(browser, Method::Delete, path))
        },
    },
    Flow {
        name: "administrators deauthorize",
        format: Format::Api,
        survives: &[],
        prepare: |world, browser| {
            let path = format!("/api/admin/users/{}/authorizations", world.alice.id);
            let token = world.admin_token();
            ending(world, browser, move || {
                administrative(Method::Delete, &path, None, &token)
            })
        },
    },
    Flow {
        name: "new user",
        format: Format::Api,
        survives: &[],
        prepare: |world, _| {
            let name = fresh_name(world);
            let user = json!({
                "username": name, "email": format!("{name}@mail.example"), "password": PASSWORD,
            });
            let request = (Method::Post, "/api/admin/users".to_owned(), Some(user));
            administering(world, request, move |answer| {
                // Taken: it had its effect before its answer was lost.
                let taken = answer.json()["errors"][0]["path"] == "username";
                assert!(answer.status == 200 || taken, "{}", answer.body);
                world.browser().try_to_log_in(&name, PASSWORD).expect(303);
            })
        },
    },
    Flow {
        name: "new application",
        format: Format::Api,
        survives: &[],
        prepare: |world, _| {
            let application = json!({"name": "New", "owner_id": world.alice.id});
            let request = (
                Method::Post,
                "/api/admin/applications".to_owned(),
                Some(application),
            );
            administering(world, request, |answer| {
                assert!(answer.expect(200).json()["client_secret"].is_string());
            })
        },
    },
    Flow {
        name: "new password",
        format: Format::Api,
        survives: &[],
        prepare: |world, _| {
            let user = world.user(&fresh_name(world), false);
            let browser = world.browser();
            browser.log_in(&user);
            let tokens = world.tokens_for(&browser, &world.server);
            let cookies = browser.cookies();
            let change = json!({"password": "another password entirely"});
            let request = (
                Method::Patch,
                format!("/api/admin/users/{}", user.id),
                Some(change),
            );
            administering(world, request, move |answer| {
                answer.expect(200);
                is_dead(world, &world.server, &tokens);
                let browser = world.browser().with_cookies(cookies.clone());
                assert!(!browser.is_logged_in());
                browser
                    .try_to_log_in(&user.username, "another password entirely")
                    .expect(303);
            })
        },
    },
    Flow {
        name: "delete a user",
        format: Format::Api,
        survives: &[],
        prepare: |world, _| {
            let user = world.user(&fresh_name(world), false);
            let browser = world.browser();
            browser.log_in(&user);
            let tokens = world.tokens_for(&browser, &world.server);
            let cookies = browser.cookies();
            let request = (
                Method::Delete,
                format!("/api/admin/users/{}", user.id),
                None,
            );
            administering(world, request, move |answer| {
                assert!(matches!(answer.status, 204 | 404), "{}", answer.body);
                is_dead(world, &world.server, &tokens);
                assert!(!world.browser().with_cookies(cookies.clone()).is_logged_in());
            })
        },
    },
    Flow {
        name: "delete an application",
        format: Format::Api,
        survives: &[],
        prepare: |world, browser| {
            let redirect_uris = ["https://deleted.example/cb"];
            let app =
                world.application(&json!({"name": "Deleted", "redirect_uris": redirect_uris}));
            let tokens = world.tokens_for(browser, &app);
            let request = (
                Method::Delete,
                format!("/api/admin/applications/{}", app.id),
                None,
            );
            administering(world, request, move |answer| {
                assert!(matches!(answer.status, 204 | 404), "{}", answer.body);
                assert_eq!(world.me(&tokens.access).status, 401);
                let refreshed = world.refresh(&app, &tokens.refresh).expect(401);
                assert_eq!(refreshed.error(), "invalid_client");
            })
        },
    },
];

/// Alice's token for this scope.
fn token_for(world: &Native, browser: &Browser<'_>, scope: &str) -> String {
    let app = &world.server;
    let code = browser.code(&app.asks().with("scope", scope).with("prompt", "consent"));
    world.exchange(app, &code).tokens().access
}

/// A bot, and a guild that it is in.
fn bot_in_a_guild(world: &Native, browser: &Browser<'_>) -> (App, String) {
    let (bot, guild) = (world.bot(), world.guild("G", &world.alice));
    browser.add_bot(&bot.bot_link(), &guild).expect(200);
    (bot, guild)
}

/// A change that an owner makes to an application.
fn owning<'w>(
    browser: &'w Browser<'w>,
    (method, path): (Method, String),
    body: Value,
    check: impl Fn(Answer) + 'w,
) -> Attempt<'w> {
    let csrf_token = browser.csrf_token();
    let request = move || {
        let request = with_json(crate::world::request(method, &path), &body);
        request.with("x-csrf-token", &csrf_token)
    };
    attempt(move || browser.send(request()), check)
}

fn own(app: &App, tail: &str) -> String {
    format!("/api/oauth2/applications/{}{tail}", app.id)
}

const PLATFORM_FLOWS: &[Flow] = &[
    Flow {
        name: "the form that adds a bot",
        format: Format::Page,
        survives: &["limiter"],
        prepare: |world, browser| {
            let (bot, guild) = (world.bot(), world.guild("G", &world.alice));
            reading(move || browser.get(&bot.bot_link().with("guild_id", &guild).target()))
        },
    },
    Flow {
        name: "approve a bot",
        format: Format::Page,
        survives: &["limiter"],
        prepare: |world, browser| {
            let (bot, guild) = (world.bot(), world.guild("G", &world.alice));
            let form = browser.consent(&bot.bot_link().with("permissions", "1024"));
            let form = form.with("guild_id", &guild).with("decision", "approve");
            attempt(
                move || browser.submit(&form),
                move |answer| {
                    assert_eq!(answer.expect(200).texts("h1"), ["Helper is now in G"]);
                    let found = world.permissions_of(&guild, &bot.id);
                    assert_eq!(found.as_deref(), Some("1024"));
                },
            )
        },
    },
    Flow {
        name: "approve a bot and a code",
        format: Format::Page,
        survives: &["limiter"],
        prepare: |world, browser| {
            let (bot, guild) = (world.bot(), world.guild("G", &world.alice));
            let asks = bot.asks().with("scope", "identify bot");
            let form = browser.consent(&asks).with("guild_id", &guild);
            let form = form.with("decision", "approve");
            attempt(
                move || browser.submit(&form),
                move |answer| {
                    let code = answer.expect(303).parameter("code").expect("a code");
                    let answer = world.exchange(&bot, &code).expect(200);
                    assert_eq!(answer.json()["guild"]["id"], *guild);
                    one_lineage(world, &bot, &answer.tokens());
                    assert_eq!(devices(browser, &bot), 1);
                    assert!(world.permissions_of(&guild, &bot.id).is_some());
                },
            )
        },
    },
    Flow {
        name: "a user's guilds",
        format: Format::Api,
        survives: &["d1.read"],
        prepare: |world, browser| {
            let token = token_for(world, browser, "guilds");
            reading(move || world.send(get("/api/users/@me/guilds").bearer(&token)))
        },
    },
    Flow {
        name: "a user's connections",
        format: Format::Api,
        survives: &["d1.read"],
        prepare: |world, browser| {
            let token = token_for(world, browser, "connections");
            reading(move || world.send(get("/api/users/@me/connections").bearer(&token)))
        },
    },
    Flow {
        name: "a bot itself",
        format: Format::Api,
        survives: &[],
        prepare: |world, _| {
            let bot = world.bot();
            reading(move || world.as_bot(&bot, "/api/users/@me"))
        },
    },
    Flow {
        name: "a bot's guilds",
        format: Format::Api,
        survives: &[],
        prepare: |world, browser| {
            let (bot, guild) = bot_in_a_guild(world, browser);
            attempt(
                move || world.as_bot(&bot, "/api/users/@me/guilds"),
                move |answer| assert_eq!(answer.ids(), [&*guild]),
            )
        },
    },
    Flow {
        name: "a bot's guild",
        format: Format::Api,
        survives: &[],
        prepare: |world, browser| {
            let (bot, guild) = bot_in_a_guild(world, browser);
            reading(move || world.as_bot(&bot, &format!("/api/guilds/{guild}")))
        },
    },
    Flow {
        name: "a bot's application",
        format: Format::Api,
        survives: &[],
        prepare: |world, _| {
            let bot = world.bot();
            reading(move || world.as_bot(&bot, "/api/applications/@me"))
        },
    },
    Flow {
        name: "what anybody may know of an application",
        format: Format::Api,
        survives: &[],
        prepare: |world, _| reading(|| world.send(get(&own(&world.server, "/public")))),
    },
    Flow {
        name: "a user's applications",
        format: Format::Api,
        survives: &[],
        prepare: |_, browser| reading(|| browser.get("/api/oauth2/applications/@me")),
    },
    Flow {
        name: "a user makes an application",
        format: Format::Api,
        survives: &[],
        prepare: |world, browser| {
            let path = "/api/oauth2/applications".to_owned();
            let body = json!({"name": "New", "bot": true});
            // A user may have so many, and the flows above made some.
            for id in browser.get("/api/oauth2/applications/@me").ids() {
                let path = format!("/api/admin/applications/{id}");
                world.administer(Method::Delete, &path, None).expect(204);
            }
            owning(browser, (Method::Post, path), body, move |answer| {
                let app = App::shown_in(&answer.expect(200).json());
                let credentials = [("grant_type", "client_credentials")];
                world.token(&app, &credentials).expect(200);
                world.as_bot(&app, "/api/users/@me").expect(200);
            })
        },
    },
    Flow {
        name: "a user changes an application",
        format: Format::Api,
        survives: &[],
        prepare: |world, browser| {
            let bot = world.bot();
            let path = own(&bot, "");
            let body = json!({"name": "Renamed"});
            owning(
                browser,
                (Method::Patch, path.clone()),
                body,
                move |answer| {
                    assert_eq!(answer.expect(200).json()["name"], "Renamed");
                    assert_eq!(browser.get(&path).json()["name"], "Renamed");
                },
            )
        },
    },
    Flow {
        name: "a user deletes an application",
        format: Format::Api,
        survives: &["limiter"],
        prepare: |world, browser| {
            let bot = world.bot();
            let path = own(&bot, "");
            owning(
                browser,
                (Method::Delete, path),
                json!({"password": PASSWORD}),
                move |answer| {
                    // 404: it had its effect before its answer was lost.
                    assert!(matches!(answer.status, 204 | 404), "{}", answer.body);
                    world.as_bot(&bot, "/api/users/@me").expect(401);
                },
            )
        },
    },
    Flow {
        name: "a user resets a secret",
        format: Format::Api,
        survives: &["limiter"],
        prepare: |world, browser| {
            let bot = world.bot();
            let path = own(&bot, "/client-secret/reset");
            owning(
                browser,
                (Method::Post, path),
                json!({"password": PASSWORD}),
                move |answer| {
                    let renewed = App::shown_in(&answer.expect(200).json());
                    let credentials = [("grant_type", "client_credentials")];
                    world.token(&renewed, &credentials).expect(200);
                    world.token(&bot, &credentials).expect(401);
                },
            )
        },
    },
    Flow {
        name: "a user resets a bot's token",
        format: Format::Api,
        survives: &["limiter"],
        prepare: |world, browser| {
            let bot = world.bot();
            let path = own(&bot, "/bot/reset-token");
            owning(
                browser,
                (Method::Post, path),
                json!({"password": PASSWORD}),
                move |answer| {
                    let token = text(&answer.expect(200).json(), "token");
                    world.send(get("/api/users/@me").bot(&token)).expect(200);
                    world.as_bot(&bot, "/api/users/@me").expect(401);
                },
            )
        },
    },
    Flow {
        name: "new guild",
        format: Format::Api,
        survives: &[],
        prepare: |world, _| {
            let guild = json!({"name": "New", "owner_id": world.alice.id});
            let request = (Method::Post, "/api/admin/guilds".to_owned(), Some(guild));
            administering(world, request, |answer| {
                let guild = text(&answer.expect(200).json(), "id");
                assert!(world.permissions_of(&guild, &world.alice.id).is_some());
            })
        },
    },
    Flow {
        name: "set a member",
        format: Format::Api,
        survives: &[],
        prepare: |world, _| {
            let guild = world.guild("G", &world.alice);
            let path = format!("/api/admin/guilds/{guild}/members/{}", world.staff.id);
            let body = json!({"permissions": "9007199254740993"});
            administering(world, (Method::Put, path, Some(body)), move |answer| {
                answer.expect(200);
                let found = world.permissions_of(&guild, &world.staff.id);
                assert_eq!(found.as_deref(), Some("9007199254740993"));
            })
        },
    },
    Flow {
        name: "remove a bot",
        format: Format::Api,
        survives: &[],
        prepare: |world, browser| {
            let (bot, guild) = bot_in_a_guild(world, browser);
            let path = format!("/api/admin/guilds/{guild}/members/{}", bot.id);
            administering(world, (Method::Delete, path, None), move |answer| {
                assert!(matches!(answer.status, 204 | 404), "{}", answer.body);
                assert_eq!(world.permissions_of(&guild, &bot.id), None);
            })
        },
    },
    Flow {
        name: "delete a guild",
        format: Format::Api,
        survives: &[],
        prepare: |world, browser| {
            let (bot, guild) = bot_in_a_guild(world, browser);
            let path = format!("/api/admin/guilds/{guild}");
            administering(world, (Method::Delete, path, None), move |answer| {
                assert!(matches!(answer.status, 204 | 404), "{}", answer.body);
                let guilds = world.as_bot(&bot, "/api/users/@me/guilds");
                assert_eq!(guilds.ids(), [""; 0]);
            })
        },
    },
    Flow {
        name: "set a connection",
        format: Format::Api,
        survives: &[],
        prepare: |world, browser| {
            let token = token_for(world, browser, "connections");
            let id = fresh_name(world);
            let path = format!("/api/admin/users/{}/connections/x/{id}", world.alice.id);
            let body = json!({"name": "alice"});
            administering(world, (Method::Put, path, Some(body)), move |answer| {
                answer.expect(200);
                let connections = get("/api/users/@me/connections").bearer(&token);
                assert!(world.send(connections).ids().contains(&id));
            })
        },
    },
    Flow {
        name: "the audit log",
        format: Format::Api,
        survives: &[],
        prepare: |world, _| {
            let request = (Method::Get, "/api/admin/audit-log".to_owned(), None);
            administering(world, request, |answer| drop(answer.expect(200)))
        },
    },
];

/// A form of a page in which the selector finds something, sent with these fields.
fn sending<'w>(
    browser: &std::rc::Rc<Browser<'w>>,
    (page, css): (&str, &str),
    fields: &[(&str, &str)],
    check: impl Fn(Answer) + 'w,
) -> Attempt<'w> {
    let form = browser.get(page).expect(200).form_with(css);
    let form = fields
        .iter()
        .fold(form, |form, (name, value)| form.with(name, value));
    let browser = std::rc::Rc::clone(browser);
    attempt(move || browser.submit(&form), check)
}

/// Browsers of Alice and of an administrator, for one attempt.
fn alone(world: &Native) -> std::rc::Rc<Browser<'_>> {
    std::rc::Rc::new(world.alices_browser())
}

fn administrator(world: &Native) -> std::rc::Rc<Browser<'_>> {
    let browser = world.browser();
    browser.log_in(&world.staff);
    std::rc::Rc::new(browser)
}

/// A page that is only looked at.
fn looking(browser: std::rc::Rc<Browser<'_>>, page: String) -> Attempt<'_> {
    reading(move || browser.get(&page))
}

/// Takes back what the server application may, by one of the buttons of a page.
fn revoking<'w>(world: &'w Native, browser: &Browser<'_>, button: &'static str) -> Attempt<'w> {
    let app = &world.server;
    let tokens = world.tokens_for(browser, app);
    let page = browser.get("/settings/authorizations");
    let css = format!("button[value^='{button}']");
    let document = page.document();
    let css_ = crate::world::selector(&css);
    let found = document.select(&css_).next().expect("a button");
    let action = found.attr("value").expect("a value").to_owned();
    let page = ("/settings/authorizations", css.as_str());
    sending(&alone(world), page, &[("action", &action)], move |answer| {
        answer.expect(303);
        is_dead(world, app, &tokens);
    })
}

/// Something that Alice does with a new application of hers, by its page.
fn developing<'w>(
    world: &'w Native,
    action: &'static str,
    check: impl Fn(&App, Answer) + 'w,
) -> Attempt<'w> {
    let app = match action {
        "add-bot" => world.application(&json!({"name": "Helper", "owner_id": world.alice.id})),
        _ => world.bot(),
    };
    let page = format!("/developers/{}", app.id);
    let css = format!("[name=action][value={action}]");
    let name = if action == "save" {
        "Renamed"
    } else {
        "Helper"
    };
    let fields = [("name", name), ("password", PASSWORD)];
    sending(&alone(world), (&page, &css), &fields, move |answer| {
        check(&app, answer);
        // A user may have so many.
        let path = format!("/api/admin/applications/{}", app.id);
        world.administer(Method::Delete, &path, None);
    })
}

const PAGE_FLOWS: &[Flow] = &[
    Flow {
        name: "the page of authorizations",
        format: Format::Page,
        survives: &[],
        prepare: |world, browser| {
            world.tokens_for(browser, &world.server);
            looking(alone(world), "/settings/authorizations".to_owned())
        },
    },
    Flow {
        name: "revoke a device by page",
        format: Format::Page,
        survives: &["d1.read", "ledger", "d1.write"],
        prepare: |world, browser| revoking(world, browser, "device:"),
    },
    Flow {
        name: "revoke an application by page",
        format: Format::Page,
        survives: &["d1.read", "ledger", "d1.write"],
        prepare: |world, browser| revoking(world, browser, "application:"),
    },
    Flow {
        name: "revoke everything by page",
        format: Format::Page,
        survives: &[],
        prepare: |world, browser| revoking(world, browser, "everything"),
    },
    Flow {
        name: "the page of one's applications",
        format: Format::Page,
        survives: &[],
        prepare: |world, _| looking(alone(world), "/developers".to_owned()),
    },
    Flow {
        name: "the page of an application",
        format: Format::Page,
        survives: &[],
        prepare: |world, _| {
            let app = world.application(&json!({"name": "Own", "owner_id": world.alice.id}));
            looking(alone(world), format!("/developers/{}", app.id))
        },
    },
    Flow {
        name: "make an application by page",
        format: Format::Page,
        survives: &[],
        prepare: |world, browser| {
            for id in browser.get("/api/oauth2/applications/@me").ids() {
                let path = format!("/api/admin/applications/{id}");
                world.administer(Method::Delete, &path, None).expect(204);
            }
            let fields = [("name", "New")];
            let page = ("/developers", "[name=redirect_uris]");
            sending(&alone(world), page, &fields, move |answer| {
                let app = App {
                    id: answer.texts("#client-id").remove(0),
                    secret: answer.texts("#client-secret").pop(),
                    ..App::default()
                };
                let credentials = [("grant_type", "client_credentials")];
                world.token(&app, &credentials).expect(200);
            })
        },
    },
    Flow {
        name: "change an application by page",
        format: Format::Page,
        survives: &[],
        prepare: |world, browser| {
            developing(world, "save", |app, answer| {
                answer.expect(303);
                let shown = browser.get(&own(app, "")).expect(200).json();
                assert_eq!(shown["name"], "Renamed");
            })
        },
    },
    Flow {
        name: "reset a secret by page",
        format: Format::Page,
        survives: &["limiter"],
        prepare: |world, _| {
            developing(world, "reset-secret", |app, answer| {
                let secret = answer.expect(200).texts("#client-secret").pop();
                let credentials = [("grant_type", "client_credentials")];
                world.token(app, &credentials).expect(401);
                let renewed = App {
                    secret,
                    ..app.clone()
                };
                world.token(&renewed, &credentials).expect(200);
            })
        },
    },
    Flow {
        name: "add a bot by page",
        format: Format::Page,
        survives: &[],
        prepare: |world, browser| {
            developing(world, "add-bot", |app, answer| {
                // There already: it had its effect before its answer was lost.
                let is_there = answer.texts("#bot-problem").len() == 1;
                assert!(answer.status == 200 || is_there, "{}", answer.body);
                let shown = browser.get(&own(app, "")).expect(200).json();
                assert!(shown["bot"].is_object());
            })
        },
    },
    Flow {
        name: "reset a bot's token by page",
        format: Format::Page,
        survives: &["limiter"],
        prepare: |world, _| {
            developing(world, "reset-bot-token", |app, answer| {
                let token = answer.expect(200).texts("#bot-token").remove(0);
                world.send(get("/api/users/@me").bot(&token)).expect(200);
                world.as_bot(app, "/api/users/@me").expect(401);
            })
        },
    },
    Flow {
        name: "delete an application by page",
        format: Format::Page,
        survives: &["limiter"],
        prepare: |world, browser| {
            developing(world, "delete", |app, answer| {
                // 404: it had its effect before its answer was lost.
                assert!(matches!(answer.status, 303 | 404), "{}", answer.body);
                browser.get(&own(app, "")).expect(404);
            })
        },
    },
    Flow {
        name: "administrators' list of users",
        format: Format::Page,
        survives: &[],
        prepare: |world, _| {
            let page = format!("/admin/users?q={}", world.alice.id);
            looking(administrator(world), page)
        },
    },
    Flow {
        name: "a user before administrators",
        format: Format::Page,
        survives: &[],
        prepare: |world, _| {
            looking(
                administrator(world),
                format!("/admin/users/{}", world.alice.id),
            )
        },
    },
    Flow {
        name: "administrators revoke an application by page",
        format: Format::Page,
        survives: &["d1.read"],
        prepare: |world, browser| {
            let app = &world.server;
            let tokens = world.tokens_for(browser, app);
            let page = format!("/admin/users/{}", world.alice.id);
            let css = format!("[name=application][value='{}']", app.id);
            let fields = [("action", "application")];
            sending(
                &administrator(world),
                (&page, &css),
                &fields,
                move |answer| {
                    answer.expect(303);
                    is_dead(world, app, &tokens);
                },
            )
        },
    },
    Flow {
        name: "administrators' list of applications",
        format: Format::Page,
        survives: &[],
        prepare: |world, _| {
            let page = format!("/admin/applications?q={}", world.server.id);
            looking(administrator(world), page)
        },
    },
    Flow {
        name: "an application before administrators",
        format: Format::Page,
        survives: &[],
        prepare: |world, _| {
            let page = format!("/admin/applications/{}", world.server.id);
            looking(administrator(world), page)
        },
    },
    Flow {
        name: "trust an application by page",
        format: Format::Page,
        survives: &["limiter"],
        prepare: |world, _| {
            let path = format!("/api/admin/applications/{}", world.bot().id);
            let page = path.replace("/api", "");
            let fields = [("action", "grant"), ("password", PASSWORD)];
            let form = (&*page, "[name=password]");
            sending(&administrator(world), form, &fields, move |answer| {
                answer.expect(303);
                let shown = world.administer(Method::Get, &path, None).expect(200);
                assert_eq!(shown.json()["trusted"], true);
                world.administer(Method::Delete, &path, None).expect(204);
            })
        },
    },
    Flow {
        name: "the page of the audit log",
        format: Format::Page,
        survives: &[],
        prepare: |world, _| looking(administrator(world), "/admin/audit-log".to_owned()),
    },
];

#[test]
fn a_silent_request_is_told_by_redirect() {
    let world = Native::new();
    let browser = world.alices_browser();
    let asks = world.server.asks().with("prompt", "none");
    browser.code(&world.server.asks());
    // The limiter is step 0 and stops nobody. Whatever fails after it, the client hears of.
    for step in 1.. {
        world.memory.forget_steps();
        world.memory.plan.set(Some(Plan {
            step,
            when: When::Before,
        }));
        let answer = browser.get(&asks.target()).expect(303);
        if world.memory.plan.take().is_some() {
            assert!(step > 3);
            break;
        }
        if world.memory.steps().get(step) == Some(&"kv.put") {
            assert!(answer.parameter("code").is_some(), "nobody waits for KV");
            continue;
        }
        assert_eq!(
            answer.parameter("error").as_deref(),
            Some("temporarily_unavailable"),
            "{step}"
        );
        assert!(browser.get(&asks.target()).parameter("code").is_some());
    }
}

#[test]
fn a_limiter_that_is_down_stops_nobody_but_logins() {
    let world = Native::new();
    let browser = world.alices_browser();
    world.memory.outage.set(Some("limiter"));
    let tokens = world.tokens_for(&browser, &world.server);
    assert_eq!(world.works(&world.server, &tokens), (true, true));
    world.refresh(&world.server, &tokens.refresh).expect(200);
    world.revoke(&world.server, &tokens.refresh).expect(200);
    let form = world.browser().try_to_log_in("alice", PASSWORD);
    assert_eq!(form.expect(503).header("retry-after"), Some("1"));
}

#[test]
fn a_fault_is_no_guess() {
    const SECOND_WINDOW: usize = 2;
    let world = Native::new();
    let browser = world.browser();
    let form = browser.get("/login").form("password");
    let form = form.with("login", "alice").with("password", PASSWORD);
    for _ in 0..6 {
        let (step, when) = (SECOND_WINDOW, When::Before);
        world.memory.plan.set(Some(Plan { step, when }));
        browser.submit(&form).expect(503);
    }
    browser.submit(&form).expect(303);
}

#[test]
fn an_outage_is_no_verdict_however_long_it_lasts() {
    const MISSES_THAT_WOULD_BURN_A_CODE: usize = 12;
    let world = Native::new();
    let browser = world.alices_browser();
    for (part, [exchange, refresh, me, authorize]) in [
        ("ledger", [503, 503, 503, 200]),
        ("kv", [200, 200, 200, 200]),
        ("d1", [200, 200, 503, 503]),
    ] {
        for app in [&world.server, &world.device] {
            let tokens = world.tokens_for(&browser, app);
            let code = browser.code(&app.asks());
            let asks = app.asks().with("prompt", "consent").target();
            world.memory.outage.set(Some(part));
            for _ in 0..MISSES_THAT_WOULD_BURN_A_CODE {
                assert_eq!(
                    world.refresh(app, &tokens.refresh).status,
                    refresh,
                    "{part}"
                );
                assert_eq!(world.me(&tokens.access).status, me, "{part}");
                assert_eq!(browser.get(&asks).status, authorize, "{part}");
                if exchange == 503 {
                    assert_eq!(world.exchange(app, &code).status, 503, "{part}");
                }
            }
            let during = (exchange == 200).then(|| world.exchange(app, &code).tokens());
            world.memory.outage.set(None);
            let redeemed = during.unwrap_or_else(|| world.exchange(app, &code).tokens());
            one_lineage(&world, app, &redeemed);
            world.refresh(app, &tokens.refresh).expect(200);
            world.me(&tokens.access).expect(200);
        }
    }
}

#[test]
fn what_will_not_pass_is_not_called_a_moment() {
    let world = Native::new();
    let browser = world.alices_browser();
    let app = &world.server;
    let bot = world.bot();
    let guild = world.guild("G", &world.alice);
    let form = browser.consent(&app.asks()).with("decision", "approve");
    let adds = browser.consent(&bot.bot_link()).with("guild_id", &guild);
    let adds = adds.with("decision", "approve");
    let token = world.tokens_for(&browser, app).access;
    world.memory.outlook.set(Outlook::Permanent);
    let told = |answer: Answer| {
        let answer = answer.expect(303);
        assert!(answer.location().starts_with(&app.redirect_uri));
        assert_eq!(answer.parameter("code"), None);
        answer.parameter("error").expect("an error")
    };
    // The client hears of it where it waits, whether it asked for silence or the user approved.
    world.memory.outage.set(Some("ledger"));
    assert_eq!(told(browser.submit(&form)), "server_error");
    world.memory.outage.set(Some("d1"));
    let silent = app.asks().with("prompt", "none").target();
    assert_eq!(told(browser.get(&silent)), "server_error");
    // Nobody waits for a link that adds a bot.
    let page = browser.submit(&adds).expect(500);
    assert_eq!(page.texts("h1"), ["This does not work"]);
    assert_eq!(page.header("retry-after"), None);
    let answer = world.me(&token).expect(500);
    assert_eq!(answer.code(), "GENERAL_ERROR");
    assert!(!answer.body.contains("planned"), "{}", answer.body);
    world.memory.outage.set(Some("ledger"));
    let answer = world.token(app, &[("grant_type", "client_credentials")]);
    assert_eq!(answer.status, 200, "what does not need it goes on");
    let answer = world.exchange(app, &world.alice.id);
    assert_eq!(answer.expect(400).error(), "invalid_grant");

    world.memory.outage.set(None);
    world.memory.outlook.set(Outlook::Transient);
    let code = browser.submit(&form).parameter("code").expect("a code");
    world.exchange(app, &code).expect(200);
    browser.submit(&adds).expect(200);
}

#[test]
fn health_names_the_part_that_is_down() {
    let world = Native::new();
    let all_well = json!({
        "records": "ok", "ledger": "ok", "limiter": "ok", "directory": "ok", "migrations": "ok",
    });
    assert_eq!(world.send(get("/healthz")).expect(200).json(), all_well);
    for part in ["records", "ledger", "limiter", "directory"] {
        world.memory.outage.set(Some(part));
        let answer = world.send(get("/healthz")).expect(503).json();
        assert_eq!(answer[part], "unavailable");
        let well = if part == "directory" { 3 } else { 4 };
        assert_eq!(answer.to_string().matches("ok").count(), well);
    }
    world.memory.outage.set(None);
    world.memory.missing.set(Some("no such table: users"));
    let answer = world.send(get("/healthz")).expect(503).json();
    assert_eq!(answer["migrations"], "behind");
}
