//! What is told of authorizations: to the operator and to applications, in order, until they take it.

use base64ct::{Base64, Encoding};
use fluxer_oauth2::endpoint::deliveries::{deliver, wake_late};
use fluxer_oauth2::http::Method;
use fluxer_oauth2::outbound::OutboundAnswer;
use fluxer_oauth2::snowflake::Snowflake;
use fluxer_oauth2::store::memory::outbound::Posted;
use fluxer_oauth2::store::memory::{Plan, When};
use fluxer_oauth2::time::Timestamp;
use ring::hmac;
use serde_json::{Value, json};

use crate::world::{App, Native, With, get, text};

pub(crate) const OPERATOR: &str = "http://127.0.0.1:9000/told?from=us";
const WEBHOOK: &str = "http://127.0.0.1:9001/events";
const KEY: &str = "a-key-that-the-platform-has-too";

/// A server that tells its operator, who takes what they are told.
fn telling() -> Native {
    let settings = [
        ("AUTHORIZATION_EVENTS_URL", OPERATOR),
        ("PLATFORM_KEY", KEY),
        ("RATE_LIMIT_AUTHORIZE", "off"),
    ];
    let world = Native::new().reconfigured(&settings);
    answers(&world, OPERATOR, 204);
    world
}

pub(crate) fn answers(world: &Native, url: &str, status: u16) {
    let answer = OutboundAnswer {
        status,
        content_type: String::new(),
        cache_control: String::new(),
        body: Some(Vec::new()),
    };
    world.memory.serve(url, answer);
}

/// Lets every outbox that was woken, or that the sweep finds, take its turn.
fn turns(world: &Native) -> Vec<Option<Timestamp>> {
    pollster::block_on(wake_late(&*world.memory)).expect("a sweep");
    let woken = world.memory.woken().into_iter();
    woken.map(|outbox| turn(world, outbox)).collect()
}

fn turn(world: &Native, outbox: Snowflake) -> Option<Timestamp> {
    pollster::block_on(deliver(&*world.memory, &world.config, outbox)).expect("a turn")
}

/// What was told since it was last asked for: to whom, what, of which user.
pub(crate) fn told(world: &Native) -> Vec<(String, String, Value)> {
    turns(world);
    let posted = world.memory.posted().into_iter();
    let event = |posted: Posted| {
        let body: Value = serde_json::from_str(&posted.body).expect("JSON");
        let data = body["data"].clone();
        (posted.url, text(&body, "type"), data)
    };
    posted.map(event).collect()
}

fn types(world: &Native) -> Vec<String> {
    told(world).into_iter().map(|(_, what, _)| what).collect()
}

fn header(posted: &Posted, name: &str) -> String {
    let mut headers = posted.headers.iter();
    let found = headers.find(|(it, _)| *it == name);
    found.map(|(_, value)| value.clone()).unwrap_or_default()
}

fn is_signed(posted: &Posted, key: &[u8]) -> bool {
    let (id, at) = (
        header(posted, "webhook-id"),
        header(posted, "webhook-timestamp"),
    );
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    let signed = hmac::sign(&key, format!("{id}.{at}.{}", posted.body).as_bytes());
    let expected = format!("v1,{}", Base64::encode_string(signed.as_ref()));
    let signatures = header(posted, "webhook-signature");
    signatures.split(' ').any(|it| it == expected)
}

fn listens(world: &Native, app: &App) {
    let path = format!("/api/admin/applications/{}", app.id);
    let url = json!({"event_webhook_url": WEBHOOK});
    world
        .administer(Method::Patch, &path, Some(&url))
        .expect(200);
    answers(world, WEBHOOK, 200);
}

fn secret_of(world: &Native, app: &App) -> Vec<u8> {
    let path = format!("/api/oauth2/applications/{}/event-webhook-secret", app.id);
    let answer = world.send(get(&path).bearer(&world.admin_token()));
    let secret = text(&answer.expect(200).json(), "secret");
    let key = secret.strip_prefix("whsec_").expect("the prefix");
    Base64::decode_vec(key).expect("base64")
}

fn take_back(world: &Native, app: &App) {
    let path = format!("/api/oauth2/@me/authorizations/{}", app.id);
    world
        .alices_browser()
        .call(Method::Delete, &path)
        .expect(204);
}

#[test]
fn who_wants_to_be_told_is_told_what_was_granted_and_taken_back() {
    let world = telling();
    let app = world.server.clone();
    listens(&world, &app);
    let browser = world.alices_browser();
    browser.code(&app.asks());
    turns(&world);
    let posted = world.memory.posted();
    let urls: Vec<_> = posted.iter().map(|it| it.url.as_str()).collect();
    assert_eq!(urls, [OPERATOR, WEBHOOK]);
    let body: Value = serde_json::from_str(&posted[0].body).expect("JSON");
    assert_eq!(
        body,
        json!({
            "type": "application_authorized", "timestamp": world.now().to_iso(),
            "data": {
                "application_id": app.id, "user": {"id": world.alice.id},
                "scopes": ["identify", "email"],
            },
        })
    );
    assert_eq!(posted[0].body, posted[1].body);
    assert!(is_signed(&posted[0], KEY.as_bytes()) && !is_signed(&posted[1], KEY.as_bytes()));
    assert!(is_signed(&posted[1], &secret_of(&world, &app)));
    // As all that the platform is asked.
    assert!(header(&posted[0], "x-signature").starts_with("t="));
    assert_eq!(header(&posted[1], "x-signature"), "");
    assert_eq!(world.memory.waiting_events(), 0);
    // The same again is nothing new, and something more is.
    browser.code(&app.asks());
    assert_eq!(types(&world), [] as [&str; 0]);
    browser.code(&app.asks().with("scope", "identify guilds"));
    let more = told(&world);
    assert_eq!(more[0].2["scopes"], json!(["identify", "email", "guilds"]));
    take_back(&world, &app);
    let ends = told(&world);
    assert_eq!(ends.len(), 2);
    for (_, what, data) in ends {
        assert_eq!(what, "application_deauthorized");
        assert_eq!(data["user"]["id"], *world.alice.id);
        assert_eq!(data["scopes"], json!(["identify", "email", "guilds"]));
    }
    take_back_nothing(&world, &app);
}

fn take_back_nothing(world: &Native, app: &App) {
    let path = format!("/api/oauth2/@me/authorizations/{}", app.id);
    world
        .alices_browser()
        .call(Method::Delete, &path)
        .expect(404);
    assert_eq!(types(world), [] as [&str; 0]);
}

#[test]
fn nobody_is_told_who_did_not_ask() {
    let world = Native::new();
    world.alices_browser().code(&world.server.asks());
    take_back(&world, &world.server);
    assert!(!world.memory.steps().contains(&"outbox"));
    assert_eq!(world.memory.waiting_events(), 0);
    // The other application's receiver hears nothing either.
    listens(&world, &world.server);
    world
        .alices_browser()
        .code(&world.device.asks().with_pkce());
    assert!(told(&world).is_empty());
}

#[test]
fn a_receiver_that_is_down_is_told_later_in_order_and_under_the_same_ids() {
    let world = telling();
    let app = world.server.clone();
    world.memory.silence(OPERATOR);
    world.alices_browser().code(&app.asks());
    take_back(&world, &app);
    world.alices_browser().code(&app.asks());
    let next = turns(&world);
    assert_eq!(
        next,
        [Some(world.now() + std::time::Duration::from_secs(5))]
    );
    let first = world.memory.posted();
    assert_eq!(first.len(), 1, "what is behind it waits");
    // Not before its time, whoever wakes it.
    world.advance(4);
    turn(&world, Snowflake::parse(&world.alice.id).expect("an id"));
    assert!(world.memory.posted().is_empty());
    for status in [500, 302, 429, 404] {
        answers(&world, OPERATOR, status);
        world.advance(4 * 3600);
        turns(&world);
        assert_eq!(world.memory.posted().len(), 1, "{status}");
    }
    answers(&world, OPERATOR, 200);
    world.advance(4 * 3600);
    turns(&world);
    let posted = world.memory.posted();
    let types: Vec<_> = posted
        .iter()
        .map(|it| text(&serde_json::from_str(&it.body).expect("JSON"), "type"))
        .collect();
    assert_eq!(
        types,
        [
            "application_authorized",
            "application_deauthorized",
            "application_authorized"
        ]
    );
    assert_eq!(
        header(&posted[0], "webhook-id"),
        header(&first[0], "webhook-id")
    );
    assert_ne!(
        header(&posted[0], "webhook-id"),
        header(&posted[2], "webhook-id")
    );
    assert_ne!(
        header(&posted[0], "webhook-timestamp"),
        header(&first[0], "webhook-timestamp"),
        "each attempt has its own time"
    );
    assert_eq!(world.memory.waiting_events(), 0);
}

#[test]
fn an_outbox_that_waits_for_its_next_attempt_is_not_late() {
    let world = telling();
    world.memory.silence(OPERATOR);
    world.alices_browser().code(&world.server.asks());
    take_back(&world, &world.server);
    world.advance(70);
    // The first of two is sent, and waits; the second one has been due for long.
    turns(&world);
    world.advance(4);
    assert!(turns(&world).is_empty());
    world.advance(200);
    assert_eq!(turns(&world).len(), 1);
}

#[test]
fn one_receiver_that_is_down_holds_up_no_other() {
    let world = telling();
    listens(&world, &world.server);
    world.memory.silence(WEBHOOK);
    world.alices_browser().code(&world.server.asks());
    let urls =
        |world: &Native| -> Vec<String> { told(world).into_iter().map(|(url, ..)| url).collect() };
    assert_eq!(urls(&world), [OPERATOR, WEBHOOK]);
    take_back(&world, &world.server);
    assert_eq!(urls(&world), [OPERATOR], "the application's line waits");
    world
        .alices_browser()
        .code(&world.device.asks().with_pkce());
    assert_eq!(urls(&world), [OPERATOR]);
}

#[test]
fn what_nobody_takes_is_given_up_and_audited() {
    let world = telling();
    world.memory.silence(OPERATOR);
    world.alices_browser().code(&world.server.asks());
    let mut attempts = 0;
    for _ in 0..200 {
        turns(&world);
        attempts += world.memory.posted().len();
        world.advance(1800);
    }
    assert_eq!(world.memory.waiting_events(), 0);
    assert!((15..=30).contains(&attempts), "{attempts}");
    let given_up = |world: &Native| {
        let log = world.audit_log();
        let entries = log.into_iter();
        let entries = entries.filter(|it| it["action"] == "event.given_up");
        entries.collect::<Vec<_>>()
    };
    let entry = given_up(&world).remove(0);
    assert_eq!(entry["target_id"], *world.alice.id);
    assert_eq!(entry["application_id"], *world.server.id);
    assert_eq!(entry["details"]["receiver"], "operator");
    assert_eq!(entry["details"]["attempts"], attempts);
    // "410 Gone" is a word.
    answers(&world, OPERATOR, 410);
    take_back(&world, &world.server);
    turns(&world);
    assert_eq!(given_up(&world).len(), 2);
    assert_eq!(world.memory.waiting_events(), 0);
}

#[test]
fn more_than_a_hundred_that_wait_are_too_many() {
    let world = telling();
    world.memory.silence(OPERATOR);
    let browser = world.alices_browser();
    for _ in 0..60 {
        browser.code(&world.server.asks());
        take_back(&world, &world.server);
    }
    assert_eq!(world.memory.waiting_events(), 120);
    turns(&world);
    assert_eq!(world.memory.waiting_events(), 100);
    answers(&world, OPERATOR, 200);
    world.advance(70);
    assert_eq!(
        types(&world).len(),
        101,
        "one attempt failed, and all of a hundred came"
    );
}

#[test]
fn what_was_lost_on_its_way_is_told_again_and_nothing_is_forgotten() {
    // Each step of the turn fails, before or after its effect.
    for when in [When::Before, When::After] {
        for step in 0..3 {
            let world = telling();
            world.alices_browser().code(&world.server.asks());
            let outbox = world.memory.woken().remove(0);
            world.memory.plan.set(Some(Plan { step, when }));
            let turned = pollster::block_on(deliver(&*world.memory, &world.config, outbox));
            world.memory.plan.set(None);
            let posted = world.memory.posted().len();
            let left = world.memory.waiting_events();
            assert!(posted + left >= 1, "{when:?} {step}");
            if turned.is_err() {
                world.advance(61);
            } else {
                world.advance(6);
            }
            turn(&world, outbox);
            let posted = posted + world.memory.posted().len();
            assert!(posted >= 1, "{when:?} {step}");
            assert_eq!(world.memory.waiting_events(), 0, "{when:?} {step}");
        }
    }
    // An outbox that nobody woke is found by the sweep.
    let world = telling();
    world.memory.outage.set(Some("outbox"));
    world.alices_browser().code(&world.server.asks());
    world.memory.outage.set(None);
    assert!(types(&world).is_empty());
    world.advance(61);
    assert_eq!(types(&world), ["application_authorized"]);
}

#[test]
fn every_way_in_which_an_authorization_ends_is_told() {
    let ends = |end: &dyn Fn(&Native)| {
        let world = telling();
        world.alices_browser().code(&world.server.asks());
        assert_eq!(types(&world), ["application_authorized"]);
        end(&world);
        told(&world)
    };
    let admin = |world: &Native, method, path: &str, body: Option<&Value>| {
        world.administer(method, path, body);
    };
    let user = |world: &Native| format!("/api/admin/users/{}", world.alice.id);
    let of_alice: [&dyn Fn(&Native); 5] = [
        &|world| take_back(world, &world.server),
        &|world| {
            let browser = world.alices_browser();
            browser.call(Method::Delete, "/api/oauth2/@me/authorizations");
        },
        &|world| {
            admin(
                world,
                Method::Delete,
                &format!("{}/authorizations", user(world)),
                None,
            );
        },
        &|world| {
            let password = json!({"password": "another password"});
            admin(world, Method::Patch, &user(world), Some(&password));
        },
        &|world| admin(world, Method::Delete, &user(world), None),
    ];
    for (which, end) in of_alice.iter().enumerate() {
        let told = ends(end);
        assert_eq!(told.len(), 1, "{which}");
        assert_eq!(told[0].1, "application_deauthorized", "{which}");
        assert!(told[0].2["user"]["id"].is_string(), "{which}");
    }
    // An application that is deleted ends everybody's.
    let told = ends(&|world| {
        let path = format!("/api/admin/applications/{}", world.server.id);
        admin(world, Method::Delete, &path, None);
    });
    assert_eq!(told[0].1, "application_deauthorized");
    assert_eq!(told[0].2["user"], Value::Null);
    assert_eq!(told.len(), 1);
    // What only stops for a while has not ended, and neither has what was used up.
    let told = ends(&|world| {
        let suspended = json!({"suspended": true});
        admin(world, Method::Patch, &user(world), Some(&suspended));
    });
    assert!(told.is_empty());
}

#[test]
fn the_applications_of_a_user_who_is_deleted_are_told_of() {
    let world = telling();
    let owner = world.user("owner", false);
    let app = world.application(&json!({
        "name": "Theirs", "owner_id": owner.id, "redirect_uris": ["https://app.example/cb"],
    }));
    world.alices_browser().code(&app.asks());
    assert_eq!(types(&world).len(), 1);
    world
        .administer(
            Method::Delete,
            &format!("/api/admin/users/{}", owner.id),
            None,
        )
        .expect(204);
    world.advance(61);
    let told = told(&world);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].2["application_id"], *app.id);
}

#[test]
fn a_bot_that_is_added_is_told_with_its_guild() {
    let world = telling();
    let bot = world.bot();
    let guild = world.guild("G", &world.alice);
    world.alices_browser().add_bot(&bot.bot_link(), &guild);
    let told = told(&world);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].2["guild"]["id"], *guild);
    assert_eq!(told[0].2["scopes"], json!(["bot"]));
}

#[test]
fn a_form_that_is_sent_twice_tells_one_event() {
    let world = telling();
    let browser = world.alices_browser();
    let form = browser
        .consent(&world.server.asks())
        .with("decision", "approve");
    browser.submit(&form);
    turns(&world);
    browser.submit(&form);
    turns(&world);
    let ids: Vec<_> = world
        .memory
        .posted()
        .iter()
        .map(|it| header(it, "webhook-id"))
        .collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
}

#[test]
fn another_url_has_another_secret_and_no_url_has_none() {
    let world = Native::new();
    let path = format!(
        "/api/oauth2/applications/{}/event-webhook-secret",
        world.server.id
    );
    let none = world
        .send(get(&path).bearer(&world.admin_token()))
        .expect(400);
    assert_eq!(none.json()["errors"][0]["path"], "event_webhook_url");
    world.send(get(&path)).expect(401);
    listens(&world, &world.server);
    let first = secret_of(&world, &world.server);
    assert_eq!(first, secret_of(&world, &world.server));
    let other = json!({"event_webhook_url": format!("{WEBHOOK}?2")});
    let admin = format!("/api/admin/applications/{}", world.server.id);
    world
        .administer(Method::Patch, &admin, Some(&other))
        .expect(200);
    assert_ne!(first, secret_of(&world, &world.server));
    // Alice does not own it.
    let browser = world.alices_browser();
    browser.call(Method::Get, &path).expect(403);
}

#[test]
fn a_receiver_that_is_withdrawn_is_told_nothing_more() {
    let world = Native::new();
    listens(&world, &world.server);
    world.memory.silence(WEBHOOK);
    world.alices_browser().code(&world.server.asks());
    turns(&world);
    let nowhere = json!({"event_webhook_url": null});
    let path = format!("/api/admin/applications/{}", world.server.id);
    world
        .administer(Method::Patch, &path, Some(&nowhere))
        .expect(200);
    world.memory.posted();
    world.advance(70);
    assert!(types(&world).is_empty());
    assert_eq!(world.memory.waiting_events(), 0);
}

#[test]
fn a_token_of_another_server_that_is_taken_over_is_an_authorization() {
    const INTROSPECTION: &str = "http://127.0.0.1:9002/introspect";
    let settings = [
        ("AUTHORIZATION_EVENTS_URL", OPERATOR),
        ("PLATFORM_KEY", KEY),
        ("LEGACY_INTROSPECTION_URL", INTROSPECTION),
    ];
    let world = Native::new().reconfigured(&settings);
    answers(&world, OPERATOR, 204);
    let said = json!({
        "active": true, "client_id": world.server.id, "sub": world.alice.id, "scope": "identify",
    });
    world.memory.serve_json(INTROSPECTION, &said);
    for _ in 0..2 {
        world.refresh(&world.server, "an-opaque-token").expect(200);
    }
    // What the other server was asked.
    world.memory.posted();
    let told = told(&world);
    let events = told.iter().filter(|(url, ..)| url == OPERATOR);
    let events: Vec<_> = events
        .map(|(_, what, data)| (what, &data["scopes"]))
        .collect();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].0, "application_authorized");
    assert_eq!(events[0].1, &json!(["identify"]));
}

#[test]
fn a_device_that_ends_ends_no_authorization_and_a_flow_costs_one_step_more() {
    let world = telling();
    let tokens = world.tokens(&world.server);
    told(&world);
    world.memory.forget_steps();
    world.revoke(&world.server, &tokens.refresh).expect(200);
    assert!(!world.memory.steps().contains(&"outbox"));
    assert!(told(&world).is_empty());
    let browser = world.alices_browser();
    let form = browser.consent(&world.device.asks().with_pkce());
    world.memory.forget_steps();
    browser
        .submit(&form.with("decision", "approve"))
        .expect(303);
    let steps = world.memory.steps();
    assert_eq!(steps, ["kv.put", "ledger", "d1.write", "outbox"]);
}

#[test]
fn an_outbox_that_does_not_wake_keeps_nobody_from_anything() {
    let world = telling();
    world.memory.outage.set(Some("outbox"));
    world.alices_browser().code(&world.server.asks());
    take_back(&world, &world.server);
    world.memory.outage.set(None);
    world.advance(61);
    assert_eq!(types(&world).len(), 2);
}
