//! What the platform says of its own accord.

use serde_json::json;

use super::{KEY, Platformed, login_challenge};
use crate::events::{OPERATOR, answers, told};
use crate::world::{Browser, Tokens, With, post, request, with_json};
use fluxer_oauth2::http::Method;

struct Device<'w> {
    browser: Browser<'w>,
    tokens: Tokens,
}

/// Two devices of Alice's, at two applications.
fn devices(world: &Platformed) -> [Device<'_>; 2] {
    [&world.server, &world.other].map(|app| {
        let browser = world.logged_in(&world.alice.id);
        let tokens = world.tokens_for(&browser, app);
        Device { browser, tokens }
    })
}

/// Whether the sessions, and the tokens, work.
fn work(world: &Platformed, devices: &[Device<'_>; 2]) -> [(bool, (bool, bool)); 2] {
    let [one, two] = devices;
    [(one, &world.server), (two, &world.other)].map(|(device, app)| {
        let tokens = world.works(app, &device.tokens);
        (device.browser.is_logged_in(), tokens)
    })
}

const ALL: [(bool, (bool, bool)); 2] = [(true, (true, true)); 2];
const NONE: [(bool, (bool, bool)); 2] = [(false, (false, false)); 2];
const TOKENS: [(bool, (bool, bool)); 2] = [(false, (true, true)); 2];

#[test]
fn a_disabled_account_stops_on_every_device_until_it_is_enabled() {
    let world = Platformed::new();
    let devices = devices(&world);
    assert_eq!(work(&world, &devices), ALL);
    let disabled = world.event_of("1", "account-disabled", &world.alice.id);
    world.event(&disabled).expect(202);
    assert_eq!(work(&world, &devices), NONE);
    let refused = world.refresh(&world.server, &devices[0].tokens.refresh);
    assert_eq!(refused.expect(400).error(), "invalid_grant");
    world.event(&disabled).expect(202);
    assert_eq!(work(&world, &devices), NONE);
    // An answer of the directory from before opens nothing.
    let browser = world.browser();
    let challenge = login_challenge(&browser, "/developers");
    let back = world.accept(&challenge, &world.acceptance(&world.alice.id));
    browser.get(&back).expect(403);
    world.advance(1);
    let enabled = world.event_of("2", "account-enabled", &world.alice.id);
    world.event(&enabled).expect(202);
    assert_eq!(work(&world, &devices), TOKENS);
    // The first one, once more and late, changes nothing that is newer.
    world.event(&disabled).expect(202);
    assert_eq!(work(&world, &devices), TOKENS);
    world.logged_in(&world.alice.id);
}

#[test]
fn events_may_come_in_any_order() {
    let world = Platformed::new();
    let devices = devices(&world);
    let at = world.now().seconds();
    let event = |jti: &str, name: &str, at: u64| json!({"jti": jti, "type": name, "subject": world.alice.id, "at": at});
    world
        .event(&event("2", "account-enabled", at + 2))
        .expect(202);
    world
        .event(&event("1", "account-disabled", at + 1))
        .expect(202);
    assert_eq!(work(&world, &devices), ALL);
    world
        .event(&event("4", "account-disabled", at + 4))
        .expect(202);
    world
        .event(&event("3", "account-enabled", at + 3))
        .expect(202);
    assert_eq!(work(&world, &devices), NONE);
    world
        .event(&event("5", "account-enabled", at + 4))
        .expect(202);
    assert_eq!(
        work(&world, &devices),
        NONE,
        "of two at one instant, the one that stops it counts"
    );
}

#[test]
fn one_who_was_disabled_before_their_first_login_does_not_log_in() {
    let world = Platformed::new();
    world.knows("55", &json!({}));
    world
        .event(&world.event_of("1", "account-disabled", "55"))
        .expect(202);
    let browser = world.browser();
    let challenge = login_challenge(&browser, "/developers");
    let back = world.accept(&challenge, &world.acceptance("55"));
    browser.get(&back).expect(403);
    world.advance(1);
    world
        .event(&world.event_of("2", "account-enabled", "55"))
        .expect(202);
    world.logged_in("55");
}

#[test]
fn a_revoked_session_ends_here_and_opens_no_other() {
    let world = Platformed::new();
    let log_in = |session: &str| {
        let browser = world.browser();
        let challenge = login_challenge(&browser, "/developers");
        let mut accept = world.acceptance(&world.alice.id);
        accept["session_id"] = json!(session);
        let back = world.accept(&challenge, &accept);
        let status = browser.get(&back).status;
        (browser, status)
    };
    let (one, _) = log_in("one");
    let (two, _) = log_in("two");
    let mut event = world.event_of("1", "session-revoked", &world.alice.id);
    event["session_id"] = json!("one");
    world.event(&event).expect(202);
    assert_eq!((one.is_logged_in(), two.is_logged_in()), (false, true));
    assert_eq!(log_in("one").1, 403, "an answer that comes late");
    // Somebody else's session of that name is another one.
    event["subject"] = json!(world.staff.id);
    event["session_id"] = json!("two");
    world.event(&event).expect(202);
    assert!(two.is_logged_in());
    world.advance(1);
    world
        .event(&world.event_of("2", "session-revoked", &world.alice.id))
        .expect(202);
    assert!(!two.is_logged_in());
    assert_eq!(log_in("three").1, 303);
}

#[test]
fn changed_credentials_end_what_was_opened_with_the_old_ones() {
    let world = Platformed::new();
    let before = devices(&world);
    world.advance(10);
    let event = world.event_of("1", "credential-change", &world.alice.id);
    world.advance(10);
    let browser = world.logged_in(&world.alice.id);
    let tokens = world.tokens_for(&browser, &world.server);
    // It comes late, and twice.
    for _ in 0..2 {
        world.event(&event).expect(202);
        assert_eq!(work(&world, &before), NONE);
        assert!(browser.is_logged_in());
        assert_eq!(world.works(&world.server, &tokens), (true, true));
    }
}

#[test]
fn what_credentials_end_while_an_account_is_disabled_stays_ended() {
    let world = Platformed::new();
    let before = devices(&world);
    world.advance(10);
    let changed = world.event_of("1", "credential-change", &world.alice.id);
    world.advance(10);
    let browser = world.logged_in(&world.alice.id);
    let tokens = world.tokens_for(&browser, &world.server);
    let disabled = world.event_of("2", "account-disabled", &world.alice.id);
    world.advance(10);
    let enabled = world.event_of("3", "account-enabled", &world.alice.id);
    for event in [disabled, changed, enabled] {
        world.event(&event).expect(202);
    }
    assert_eq!(work(&world, &before), NONE);
    assert_eq!(world.works(&world.server, &tokens), (true, true));
}

#[test]
fn a_deleted_account_leaves_nothing_that_works() {
    let world = Platformed::new();
    let devices = devices(&world);
    assert!(world.memory.refresh_records() > 0);
    let made = json!({"name": "Mine", "redirect_uris": ["https://mine.example/cb"]});
    let app = devices[0]
        .browser
        .call_with(Method::Post, "/api/oauth2/applications", &made);
    let app = app.expect(200).json()["id"].as_str().unwrap().to_owned();
    let event = world.event_of("1", "account-deleted", &world.alice.id);
    world.event(&event).expect(202);
    assert_eq!(work(&world, &devices), NONE);
    assert_eq!(world.memory.refresh_records(), 0);
    let path = format!("/api/oauth2/applications/{app}/public");
    world.send(crate::world::get(&path)).expect(404);
    world.event(&event).expect(202);
}

#[test]
fn what_is_no_event_is_refused_by_name_and_changes_nothing() {
    let world = Platformed::new();
    let devices = devices(&world);
    assert_eq!(
        world.event(&json!({})).fields(),
        ["at", "jti", "subject", "type"]
    );
    let wrong = json!({"jti": "", "type": "account-disable", "subject": 5, "at": "soon"});
    assert_eq!(
        world.event(&wrong).fields(),
        ["at", "jti", "subject", "type"]
    );
    let event = world.event_of("1", "account-disabled", &world.alice.id);
    let path = "/api/platform/events";
    for key in ["", "x", &KEY[1..]] {
        let request = with_json(request(Method::Post, path), &event);
        world.send(request.bearer(key)).expect(401);
    }
    world
        .send(post(path, &[("jti", "1")]).bearer(KEY))
        .expect(415);
    assert_eq!(work(&world, &devices), ALL);
    let mut event = event;
    event["of_a_later_version"] = json!({"x": 1});
    world.event(&event).expect(202);
    assert_eq!(work(&world, &devices), NONE);
}

#[test]
fn a_fault_is_told_and_the_event_can_be_sent_again() {
    let world = Platformed::new();
    let devices = devices(&world);
    let event = world.event_of("1", "account-disabled", &world.alice.id);
    world.memory.outage.set(Some("ledger"));
    let answer = world.event(&event).expect(503);
    assert_eq!(answer.header("retry-after"), Some("1"));
    world.memory.outage.set(None);
    world.event(&event).expect(202);
    assert_eq!(work(&world, &devices), NONE);
}

#[test]
fn what_the_platform_ends_is_told_and_what_it_stops_is_not() {
    let world = Platformed::with(&[("AUTHORIZATION_EVENTS_URL", OPERATOR)]);
    answers(&world, OPERATOR, 204);
    let ended = |event: &str, jti: &str| {
        let _devices = devices(&world);
        told(&world);
        world.advance(1);
        let event = world.event_of(jti, event, &world.alice.id);
        world.event(&event).expect(202);
        let told = told(&world).into_iter();
        told.map(|(_, what, _)| what).collect::<Vec<_>>()
    };
    let none: [&str; 0] = [];
    assert_eq!(ended("session-revoked", "1"), none);
    assert_eq!(ended("member-removed", "2"), none);
    assert_eq!(
        ended("credential-change", "3"),
        ["application_deauthorized"; 2]
    );
    assert_eq!(ended("account-disabled", "4"), none);
    world.advance(1);
    let enabled = world.event_of("5", "account-enabled", &world.alice.id);
    world.event(&enabled).expect(202);
    assert!(told(&world).is_empty());
    assert_eq!(
        ended("account-deleted", "6"),
        ["application_deauthorized"; 2]
    );
}
