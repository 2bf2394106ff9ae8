//! The device grant (RFC 8628): a device that has no browser gets its tokens through one that its user has.

use fluxer_oauth2::http::Method;
use fluxer_oauth2::store::memory::{Isolate, Plan, When};
use serde_json::{Value, json};

use crate::dpop::Holder;
use crate::world::{
    Answer, App, Browser, Form, HTTP, Native, With, World, encode, get, post, text,
};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
const ASK: &str = "/api/oauth2/device_authorization";
const MINUTE: u64 = 60;

/// A public application for televisions.
fn television(world: &World) -> App {
    world.application(&json!({
        "name": "Television", "type": "public", "grant_types": [GRANT, "refresh_token"],
    }))
}

/// A confidential one.
fn kiosk(world: &World) -> App {
    world.application(&json!({
        "name": "Kiosk", "grant_types": [GRANT, "refresh_token"],
    }))
}

/// A device that has asked.
pub struct Device<'w> {
    world: &'w World,
    app: App,
    asked: Value,
}

pub fn ask<'w>(world: &'w World, app: &App, form: &[(&str, &str)]) -> Device<'w> {
    let request = app.post(ASK, form);
    let request = request.with("user-agent", "TV/1.0 (living room)");
    let request = request.with("cf-connecting-ip", "198.51.100.7");
    Device {
        world,
        app: app.clone(),
        asked: world.send(request).expect(200).json(),
    }
}

impl Device<'_> {
    pub fn code(&self) -> String {
        text(&self.asked, "device_code")
    }

    pub fn user_code(&self) -> String {
        text(&self.asked, "user_code")
    }

    pub fn poll(&self) -> Answer {
        self.poll_with(&[])
    }

    fn poll_with(&self, form: &[(&str, &str)]) -> Answer {
        let code = self.code();
        let ours = [("grant_type", GRANT), ("device_code", code.as_str())];
        self.world.token(&self.app, &[&ours, form].concat())
    }

    fn is_told(&self, error: &str) {
        assert_eq!(self.poll().expect(400).error(), error);
    }
}

/// The page after a code was typed.
fn type_code(browser: &Browser<'_>, code: &str) -> Answer {
    let form = browser.get("/device").expect(200).form("user_code");
    browser.submit(&form.with("user_code", code))
}

fn consent(browser: &Browser<'_>, device: &Device<'_>) -> Form {
    type_code(browser, &device.user_code())
        .expect(200)
        .form("decision")
}

pub fn approve(browser: &Browser<'_>, device: &Device<'_>) -> Answer {
    let form = consent(browser, device).with("decision", "approve");
    browser.submit(&form)
}

#[test]
fn a_device_s_tokens_are_bound_to_the_key_that_it_proves() {
    let world = World::new();
    let (holder, other) = (Holder::p256(), Holder::p256());
    let device = ask(&world, &television(&world), &[]);
    approve(&world.alices_browser(), &device);
    let send = |form: &[(&str, &str)], by: &Holder| {
        let proof = by.proof(&world, "POST", "/api/oauth2/token");
        let request = device.app.post("/api/oauth2/token", form);
        world.send(request.with("dpop", &proof))
    };
    let code = device.code();
    let poll = [("grant_type", GRANT), ("device_code", code.as_str())];
    let granted = send(&poll, &holder).expect(200).json();
    assert_eq!(granted["token_type"], "DPoP");
    let refresh = text(&granted, "refresh_token");
    let refresh = [
        ("grant_type", "refresh_token"),
        ("refresh_token", &*refresh),
    ];
    assert_eq!(send(&refresh, &other).expect(400).error(), "invalid_grant");
    send(&refresh, &holder).expect(200);
}

#[test]
fn a_device_gets_tokens_once_its_user_has_approved() {
    for app in [television, kiosk] {
        let world = World::new();
        let app = app(&world);
        let browser = world.alices_browser();
        let device = ask(&world, &app, &[("scope", "identify email")]);
        let user_code = device.user_code();
        assert_eq!(device.asked["expires_in"], 600);
        assert_eq!(device.asked["interval"], 5);
        assert_eq!(device.asked["verification_uri"], format!("{HTTP}/device"));
        let complete = format!("{HTTP}/device?user_code={user_code}");
        assert_eq!(device.asked["verification_uri_complete"], complete);
        let (one, other) = user_code.split_once('-').expect("a dash");
        let is_letter = |it: char| "BCDFGHJKLMNPQRSTVWXZ".contains(it);
        assert!(
            [one, other]
                .iter()
                .all(|it| it.len() == 4 && it.chars().all(is_letter))
        );

        device.is_told("authorization_pending");
        let page = type_code(&browser, &user_code).expect(200);
        let words = page.document().root_element().text().collect::<String>();
        for shown in [
            &*app_name(&page),
            &user_code,
            "198.51.100.7 (not yours",
            "TV/1.0 (living room)",
        ] {
            assert!(words.contains(shown), "{shown}");
        }
        assert!(words.contains("if you started this yourself"));
        browser.address.set("198.51.100.7");
        let near = type_code(&browser, &user_code).expect(200);
        let words = near.document().root_element().text().collect::<String>();
        assert!(words.contains("198.51.100.7 (yours)"), "{words}");
        let page = browser.submit(&page.form("decision").with("decision", "approve"));
        assert!(page.expect(200).body.contains("The device is connected"));

        let tokens = device.poll().tokens();
        assert_eq!(tokens.scope, "identify email");
        assert_eq!(world.works(&app, &tokens), (true, true));
        device.is_told("invalid_grant");
        assert_eq!(
            world.works(&app, &tokens),
            (true, true),
            "asking on costs nothing"
        );
        let next = world.refresh(&app, &tokens.refresh).tokens();
        assert_eq!(world.works(&app, &next), (true, true));
        let again = type_code(&browser, &user_code).expect(400);
        assert!(again.body.contains("No device is waiting"));

        // Its user sees the device itself, and takes it back.
        let one = format!("/api/oauth2/@me/authorizations/{}", app.id);
        let seen = browser.get(&one).expect(200).json();
        assert_eq!(seen["devices"][0]["address"], "198.51.100.7");
        browser.call(Method::Delete, &one).expect(204);
        assert_eq!(world.works(&app, &next), (false, false));
    }
}

fn app_name(page: &Answer) -> String {
    page.texts("h1 .name").remove(0)
}

#[test]
fn an_application_that_was_freed_a_moment_ago_asks_its_user() {
    let world = Native::new();
    let (app, browser) = (television(&world), world.alices_browser());
    let device = ask(&world, &app, &[]);
    let suspend = |suspended: bool| {
        let path = format!("/api/admin/applications/{}", app.id);
        let change = json!({"suspended": suspended});
        world
            .administer(Method::Patch, &path, Some(&change))
            .expect(200);
    };
    suspend(true);
    world.memory.isolate.set(Isolate::Remembering);
    type_code(&browser, &device.user_code()).expect(403);
    world.memory.isolate.set(Isolate::Cold);
    suspend(false);
    world.memory.isolate.set(Isolate::Remembering);
    consent(&browser, &device);
}

#[test]
fn a_user_code_is_read_however_it_is_typed_and_a_link_only_fills_it_in() {
    let world = World::new();
    let app = television(&world);
    let browser = world.alices_browser();
    let device = ask(&world, &app, &[]);
    let code = device.user_code();
    let bare = code.replace('-', "");
    for typed in [
        code.to_lowercase(),
        bare.clone(),
        format!("  {} {}", &bare[..4], &bare[4..]),
        bare.chars().flat_map(|it| [it, '-']).collect(),
    ] {
        type_code(&browser, &typed).expect(200).form("decision");
    }
    let link = format!("/device?{}", encode(&[("user_code", code.to_lowercase())]));
    let form = browser.get(&link).expect(200).form("user_code");
    assert_eq!(form.field("user_code"), code);
    device.is_told("authorization_pending");
    // Somebody who is not logged in comes back to it.
    let visitor = world.browser();
    let login = visitor.get(&link).expect(303).location().to_owned();
    let form = visitor.get(&login).form("password");
    let form = form.with("login", "alice");
    let back = visitor
        .submit(&form.with("password", crate::world::PASSWORD))
        .expect(303);
    assert_eq!(back.location(), link);
    visitor.get(back.location()).expect(200).form("user_code");
    // HEAD and GET change nothing.
    visitor.get(&format!("{link}&decision=approve")).expect(200);
    device.is_told("slow_down");
}

#[test]
fn a_user_says_no_or_nothing() {
    let world = World::new();
    let app = television(&world);
    let browser = world.alices_browser();
    let denied = ask(&world, &app, &[]);
    let form = consent(&browser, &denied);
    let page = browser.submit(&form.clone().with("decision", "deny"));
    assert!(page.expect(200).body.contains("The device was refused"));
    denied.is_told("access_denied");
    denied.is_told("access_denied");
    let late = browser
        .submit(&form.with("decision", "approve"))
        .expect(400);
    assert!(late.body.contains("not waiting any more"));
    denied.is_told("access_denied");
    // Nothing of what was asked is ticked.
    let nothing = ask(&world, &app, &[("scope", "email")]);
    let form = consent(&browser, &nothing).untick("scope", "email");
    browser
        .submit(&form.with("decision", "approve"))
        .expect(200);
    nothing.is_told("access_denied");

    let slow = ask(&world, &app, &[]);
    let form = consent(&browser, &slow);
    world.advance(10 * MINUTE);
    slow.is_told("expired_token");
    let late = browser
        .submit(&form.with("decision", "approve"))
        .expect(400);
    assert!(late.body.contains("not waiting any more"));
    type_code(&browser, &slow.user_code()).expect(400);
    slow.is_told("expired_token");
    let approved = ask(&world, &app, &[]);
    approve(&browser, &approved).expect(200);
    world.advance(10 * MINUTE);
    approved.is_told("expired_token");
}

#[test]
fn who_polls_too_fast_waits_longer_from_then_on() {
    let world = World::new();
    let app = television(&world);
    let device = ask(&world, &app, &[]);
    device.is_told("authorization_pending");
    world.advance(5);
    device.is_told("authorization_pending");
    world.advance(2);
    device.is_told("slow_down");
    world.advance(6);
    device.is_told("slow_down");
    world.advance(15);
    device.is_told("authorization_pending");
    world.advance(11);
    device.is_told("slow_down");
    // What was approved is given at once.
    approve(&world.alices_browser(), &device).expect(200);
    device.poll().tokens();
}

#[test]
fn a_device_code_is_its_client_s_and_no_other_credential() {
    let world = World::new();
    let (app, other) = (television(&world), kiosk(&world));
    let browser = world.alices_browser();
    let device = ask(&world, &app, &[]);
    approve(&browser, &device).expect(200);
    let code = device.code();
    let form = [("grant_type", GRANT), ("device_code", code.as_str())];
    assert_eq!(
        world.token(&other, &form).expect(400).error(),
        "invalid_grant"
    );
    let anonymous = App {
        secret: None,
        ..other.clone()
    };
    assert_eq!(
        world.token(&anonymous, &form).expect(401).error(),
        "invalid_client"
    );
    for wrong in ["x", "", &code[1..], &format!("{code}A")] {
        let form = [("grant_type", GRANT), ("device_code", wrong)];
        let error = if wrong.is_empty() {
            "invalid_request"
        } else {
            "invalid_grant"
        };
        assert_eq!(
            world.token(&app, &form).expect(400).error(),
            error,
            "{wrong}"
        );
    }
    let as_code = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
    ];
    assert_eq!(
        world.token(&world.server, &as_code).expect(400).error(),
        "invalid_grant"
    );
    device.poll().tokens();
}

#[test]
fn an_application_that_is_made_without_a_word_of_its_grants_has_this_one() {
    let world = World::new();
    for app in [&world.device, &world.server] {
        let device = ask(&world, app, &[]);
        approve(&world.alices_browser(), &device);
        device.poll().tokens();
    }
}

#[test]
fn only_applications_with_the_grant_may_ask_and_only_for_what_a_device_may_have() {
    let world = World::new();
    let app = television(&world);
    let refused = |app: &App, form: &[(&str, &str)]| {
        let answer = world.send(app.post(ASK, form));
        answer.expect(400).error()
    };
    for kind in ["public", "confidential"] {
        let without = json!({"name": "Web", "type": kind, "grant_types": ["authorization_code"]});
        let without = world.application(&without);
        assert_eq!(refused(&without, &[]), "unauthorized_client");
        let form = [("grant_type", GRANT), ("device_code", "x")];
        let answer = world.token(&without, &form).expect(400);
        assert_eq!(answer.error(), "unauthorized_client");
    }
    assert_eq!(refused(&app, &[("scope", "bot")]), "invalid_scope");
    assert_eq!(refused(&app, &[("scope", "nonsense")]), "invalid_scope");
    assert_eq!(
        refused(&app, &[("resource", "https://nowhere.example/")]),
        "invalid_target"
    );
    let trusted = world.application(&json!({
        "name": "Trusted", "type": "public", "grant_types": [GRANT], "trusted": true,
    }));
    assert_eq!(refused(&trusted, &[("scope", "admin")]), "invalid_scope");
    let twice = post(
        ASK,
        &[
            ("client_id", &app.id),
            ("scope", "email"),
            ("scope", "guilds"),
        ],
    );
    assert_eq!(world.send(twice).expect(400).error(), "invalid_request");
    let unknown = post(ASK, &[("client_id", "12")]);
    assert_eq!(world.send(unknown).expect(401).error(), "invalid_client");
    world.send(get(ASK)).expect(405);
}

#[test]
fn an_id_token_and_a_resource_come_with_it_where_they_were_asked_for() {
    let world = World::new();
    let app = television(&world);
    let browser = world.alices_browser();
    let device = ask(&world, &app, &[("scope", "openid")]);
    approve(&browser, &device).expect(200);
    let answer = device.poll().expect(200).json();
    assert_eq!(
        answer["id_token"].as_str().expect("one").split('.').count(),
        3
    );

    let resource = json!({
        "identifier": "https://api.example/", "name": "API",
        "scopes": [{"name": "read", "description": "Read it"}],
    });
    world
        .administer(Method::Post, "/api/admin/resources", Some(&resource))
        .expect(200);
    let asks = [("resource", "https://api.example/"), ("scope", "read")];
    let device = ask(&world, &app, &asks);
    assert!(
        type_code(&browser, &device.user_code())
            .body
            .contains("Read it")
    );
    approve(&browser, &device).expect(200);
    let other = device.poll_with(&[("resource", "https://other.example/")]);
    assert_eq!(other.expect(400).error(), "invalid_target");
    let answer = device
        .poll_with(&[("resource", "https://api.example/")])
        .expect(200)
        .json();
    assert_eq!(answer["scope"], "read");
    assert_eq!(answer["expires_in"], 600);
}

#[test]
fn what_is_taken_back_before_the_poll_gives_nothing() {
    let world = World::new();
    let app = television(&world);
    let browser = world.alices_browser();
    let one = format!("/api/oauth2/@me/authorizations/{}", app.id);
    let device = ask(&world, &app, &[]);
    approve(&browser, &device).expect(200);
    browser.call(Method::Delete, &one).expect(204);
    device.is_told("invalid_grant");

    let user = format!("/api/admin/users/{}", world.alice.id);
    let suspend = |suspended: bool| {
        let change = json!({"suspended": suspended});
        world
            .administer(Method::Patch, &user, Some(&change))
            .expect(200);
    };
    let device = ask(&world, &app, &[]);
    approve(&browser, &device).expect(200);
    suspend(true);
    device.is_told("invalid_grant");
    suspend(false);
    device.poll().tokens();

    let browser = world.alices_browser();
    let device = ask(&world, &app, &[]);
    let form = consent(&browser, &device).with("decision", "approve");
    let change = json!({"suspended": true});
    let application = format!("/api/admin/applications/{}", app.id);
    world
        .administer(Method::Patch, &application, Some(&change))
        .expect(200);
    browser.submit(&form).expect(403);
    assert_eq!(device.poll().expect(400).error(), "unauthorized_client");
}

#[test]
fn wrong_codes_are_counted_by_address_and_by_account() {
    let world = World::with(&[("RATE_LIMIT_AUTHORIZE", "off"), ("RATE_LIMIT_TOKEN", "off")]);
    let app = television(&world);
    let browser = world.alices_browser();
    let device = ask(&world, &app, &[]);
    let wrong = ["BBBB-BBBB", "not a code", "bbbb cccc", "AAAA-AAAA"];
    for code in wrong {
        type_code(&browser, code).expect(400);
    }
    // The right one between wrong ones gives none back.
    type_code(&browser, &device.user_code()).expect(200);
    type_code(&browser, "CCCC-CCCC").expect(400);
    let refused = type_code(&browser, &device.user_code()).expect(429);
    assert!(refused.header("retry-after").is_some());
    // Another account at this address waits too, and this account elsewhere.
    let staff = world.browser();
    staff.log_in(&world.staff);
    type_code(&staff, &device.user_code()).expect(429);
    browser.address.set("203.0.113.9");
    type_code(&browser, &device.user_code()).expect(429);
    staff.address.set("203.0.113.10");
    type_code(&staff, &device.user_code()).expect(200);
    // Logins are counted by themselves.
    world.browser().log_in(&world.alice);
    world.advance(MINUTE + 1);
    browser.address.set("192.0.2.1");
    type_code(&browser, &device.user_code()).expect(200);
}

#[test]
fn an_answer_comes_from_the_page_that_was_shown_and_from_nowhere_else() {
    let world = World::new();
    let app = television(&world);
    let (browser, staff) = (world.alices_browser(), world.browser());
    staff.log_in(&world.staff);
    let device = ask(&world, &app, &[]);
    let form = consent(&browser, &device).with("decision", "approve");
    // Another session, no ticket, the ticket of another device, another site.
    staff.submit(&form).expect(403);
    browser
        .submit(&form.clone().with("csrf_token", ""))
        .expect(403);
    let other = ask(&world, &app, &[]);
    let others = consent(&browser, &other).field("csrf_token").to_owned();
    browser
        .submit(&form.clone().with("csrf_token", &others))
        .expect(403);
    let request = form.request().with("sec-fetch-site", "cross-site");
    browser.send(request).expect(403);
    world.browser().submit(&form).expect(303);
    let code = browser.get("/device").form("user_code");
    staff
        .submit(&code.with("user_code", &device.user_code()))
        .expect(403);
    device.is_told("authorization_pending");
    browser.submit(&form).expect(200);
    device.poll().tokens();
}

#[test]
fn the_same_form_sent_twice_is_one_approval_and_a_second_user_is_too_late() {
    let world = World::new();
    let app = television(&world);
    let (browser, staff) = (world.alices_browser(), world.browser());
    staff.log_in(&world.staff);
    let device = ask(&world, &app, &[]);
    let form = consent(&browser, &device).with("decision", "approve");
    let theirs = consent(&staff, &device).with("decision", "approve");
    browser.submit(&form).expect(200);
    browser.submit(&form).expect(200);
    let late = staff.submit(&theirs).expect(400);
    assert!(late.body.contains("not waiting any more"));
    let tokens = device.poll().tokens();
    assert_eq!(world.me(&tokens.access).json()["id"], world.alice.id);
    browser.submit(&form).expect(409);
    assert_eq!(world.works(&app, &tokens), (true, true));
}

#[test]
fn its_pages_hold_no_redirect_back_and_part_no_popup() {
    let world = World::new();
    let device = ask(&world, &television(&world), &[]);
    let browser = world.alices_browser();
    for page in [
        browser.get("/device"),
        type_code(&browser, &device.user_code()),
    ] {
        assert_eq!(page.header("cross-origin-opener-policy"), None);
        let policy = page.header("content-security-policy").expect("one");
        assert!(!policy.contains("form-action") && policy.contains("script-src 'none'"));
    }
}

/// A request that can be sent again, and what must hold once it was answered.
type Attempt<'w> = (Box<dyn Fn() -> Answer + 'w>, Box<dyn Fn(Answer) + 'w>);

/// Fails every step of a request once, before and after its effect; how many there were. The request is
/// prepared anew each time, and answered, or told to come again and answered then.
fn inject<'w>(world: &Native, survived: &[&str], prepare: &dyn Fn() -> Attempt<'w>) -> usize {
    let mut injected = 0;
    for when in [When::Before, When::After] {
        for step in 0.. {
            world.advance(MINUTE + 1);
            let (send, check) = prepare();
            world.memory.forget_steps();
            world.memory.plan.set(Some(Plan { step, when }));
            let answer = send();
            if world.memory.plan.take().is_some() {
                break;
            }
            injected += 1;
            let hit = world.memory.steps()[step];
            if survived.contains(&hit) && answer.status != 503 {
                check(answer);
                continue;
            }
            assert_eq!(answer.status, 503, "{hit}: {}", answer.body);
            assert_eq!(answer.header("retry-after"), Some("1"));
            check(send());
        }
    }
    injected
}

#[test]
fn no_fault_is_a_verdict_and_none_spends_anything() {
    let world = &Native::new();
    world.memory.isolate.set(Isolate::Cold);
    let app = &television(world);
    let browser = &world.alices_browser();
    // A limiter that is down stops no device, but whoever guesses.
    let started = inject(world, &["limiter"], &|| {
        let send = || world.send(app.post(ASK, &[]));
        (Box::new(send), Box::new(|it| drop(it.expect(200))))
    });
    let typed = inject(world, &["limiter"], &|| {
        let device = ask(world, app, &[]);
        let form = browser.get("/device").form("user_code");
        let form = form.with("user_code", &device.user_code());
        let check = |it: Answer| drop(it.form("decision"));
        (Box::new(move || browser.submit(&form)), Box::new(check))
    });
    let approved = inject(world, &["limiter", "audit"], &|| {
        let device = ask(world, app, &[]);
        let form = consent(browser, &device).with("decision", "approve");
        let check = move |it: Answer| {
            assert!(it.body.contains("The device is connected"), "{}", it.body);
            assert_eq!(
                world.works(&device.app, &device.poll().tokens()),
                (true, true)
            );
        };
        (Box::new(move || browser.submit(&form)), Box::new(check))
    });
    let polled = inject(world, &["limiter", "kv.put", "ledger"], &|| {
        let device = ask(world, app, &[]);
        approve(browser, &device).expect(200);
        let (code, client) = (device.code(), device.app.clone());
        let send = move || {
            let form = [("grant_type", GRANT), ("device_code", code.as_str())];
            world.token(&client, &form)
        };
        let check = move |it: Answer| {
            let tokens = it.tokens();
            assert_eq!(world.works(&device.app, &tokens), (true, true));
            device.is_told("invalid_grant");
        };
        (Box::new(send), Box::new(check))
    });
    for (name, steps) in [
        ("ask", started),
        ("type", typed),
        ("approve", approved),
        ("poll", polled),
    ] {
        assert!(steps >= 6, "{name}: {steps} faults");
    }
    // Guesses that nobody counts are not looked at.
    world.memory.outage.set(Some("limiter"));
    type_code(browser, "BBBB-BBBB").expect(503);
}

#[test]
fn what_has_expired_is_told_so_without_asking_its_object() {
    let world = Native::new();
    let app = television(&world);
    let device = ask(&world, &app, &[]);
    world.advance(10 * MINUTE);
    world.memory.outage.set(Some("pending"));
    device.is_told("expired_token");
}
