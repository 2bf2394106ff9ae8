//! `/settings/authorizations`: what a user sees of what they authorized, and takes back.

use fluxer_oauth2::http::Method;
use fluxer_oauth2::store::memory::{Plan, When};
use serde_json::{Value, json};

use crate::world::{
    Answer, App, Browser, Form, HTTP, Native, Tokens, With, World, get, post, request, selector,
    text,
};

const PATH: &str = "/settings/authorizations";
const DEAD: (bool, bool) = (false, false);
const ALIVE: (bool, bool) = (true, true);
const FIREFOX: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0";
const SAFARI: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 \
                      (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1";

/// Alice approves in a browser that calls itself so.
fn tokens_as(world: &World, browser: &Browser<'_>, app: &App, user_agent: &str) -> Tokens {
    let asks = app.asks().with("prompt", "consent");
    let form = browser.consent(&asks).with("decision", "approve");
    let answer = browser.send(form.request().with("user-agent", user_agent));
    let code = answer.expect(303).parameter("code").expect("a code");
    world.exchange(app, &code).tokens()
}

/// The page's form, by the button that ends one application.
fn form_of(page: &Answer, app: &App) -> Form {
    let action = format!("application:{}", app.id);
    let form = page.form_with(&format!("button[value='{action}']"));
    form.with("action", &action)
}

/// The values of the buttons that begin so.
fn buttons(page: &Answer, prefix: &str) -> Vec<String> {
    let document = page.document();
    let css = selector(&format!("form button[name=action][value^='{prefix}']"));
    document
        .select(&css)
        .map(|button| button.attr("value").unwrap().to_owned())
        .collect()
}

/// Those that end one device of an application.
fn device_buttons(page: &Answer, app: &App) -> Vec<String> {
    buttons(page, &format!("device:{}:", app.id))
}

/// Sends a form, and shows where it leads.
#[track_caller]
fn act(browser: &Browser<'_>, form: &Form) -> Answer {
    let answer = browser.submit(form).expect(303);
    browser.get(answer.location()).expect(200)
}

fn names(page: &Answer) -> Vec<String> {
    let headings = page.texts("form h2 .name");
    headings.into_iter().filter(|it| !it.is_empty()).collect()
}

/// Who is in the audit log with an action: actor, application, target.
fn audited(world: &World, action: &str) -> Vec<(Value, Value, Value)> {
    let log = world.administer(Method::Get, "/api/admin/audit-log", None);
    let log = log.expect(200).json();
    let of_action = |entry: &&Value| entry["action"] == action;
    let entries = log.as_array().unwrap().iter().filter(of_action);
    entries
        .map(|entry| {
            let part = |name: &str| entry[name].clone();
            (part("actor_id"), part("application_id"), part("target_id"))
        })
        .collect()
}

#[test]
fn settings_show_what_a_user_authorized() {
    let world = World::new();
    let browser = world.alices_browser();
    let page = browser.get(PATH).expect(200);
    assert_eq!(page.texts("h1"), ["Authorized applications"]);
    assert!(
        page.body
            .contains("You have not authorized any application.")
    );
    assert_eq!(page.texts("main form").len(), 0);

    let described = world.application(&json!({
        "name": "Described", "description": "Plays\nmusic", "redirect_uris": ["https://d.example/"],
    }));
    browser.address.set("192.0.2.77");
    tokens_as(&world, &browser, &described, FIREFOX);
    world.advance(3600);
    browser.address.set("2001:db8::5");
    let phone = tokens_as(&world, &browser, &described, SAFARI);
    world.advance(3600);
    world.refresh(&described, &phone.refresh).tokens();

    let page = browser.get(PATH).expect(200);
    assert_eq!(names(&page), ["Described"]);
    assert_eq!(page.texts("blockquote"), ["Plays\nmusic"]);
    let said = page.texts("form ul.plain li");
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[1].contains("e-mail"), "{said:?}");
    assert_eq!(
        page.texts("li .name"),
        ["Safari on iPhone", "Firefox on Windows"],
        "the last used first"
    );
    let told = page.texts("li .quiet").join(" ");
    assert!(told.contains("from 192.0.2.77") && told.contains("from 2001:db8::5"));
    let times = page.texts("time");
    assert_eq!(times.len(), 7, "{times:?}");
    assert!(
        times
            .iter()
            .all(|it| it == "just now" || it.ends_with(" ago")),
        "{times:?}"
    );
    for time in page.document().select(&selector("time")) {
        let iso = time.attr("datetime").expect("datetime");
        assert!(iso.ends_with('Z') && iso.len() == 24, "{iso}");
    }
    let devices = browser.call(Method::Get, &format!("/api/oauth2{}", api(&described)));
    assert_eq!(devices.json()["devices"].as_array().unwrap().len(), 2);
    // The page of somebody else says nothing of it.
    let staff = world.browser();
    staff.log_in(&world.staff);
    assert_eq!(names(&staff.get(PATH)), Vec::<String>::new());
}

fn api(app: &App) -> String {
    format!("/@me/authorizations/{}", app.id)
}

#[test]
fn settings_speak_german() {
    let world = World::new();
    let browser = world.alices_browser();
    tokens_as(&world, &browser, &world.server, FIREFOX);
    let german = |target: &str| browser.send(get(target).with("accept-language", "de"));
    let page = german(PATH).expect(200);
    assert_eq!(page.texts("h1"), ["Autorisierte Anwendungen"]);
    assert_eq!(page.texts("li .name"), ["Firefox auf Windows"]);
    let page = german(&format!("{PATH}?done=everything"));
    assert_eq!(
        page.texts("[role=status]"),
        ["Keine Anwendung hat mehr Zugriff auf dein Konto."]
    );
}

#[test]
fn settings_end_one_device_and_no_other() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = &world.server;
    let laptop = tokens_as(&world, &browser, app, FIREFOX);
    world.advance(1);
    let phone = tokens_as(&world, &browser, app, SAFARI);
    let page = browser.get(PATH).expect(200);
    let buttons = device_buttons(&page, app);
    assert_eq!(buttons.len(), 2);

    let page = act(&browser, &form_of(&page, app).with("action", &buttons[0]));
    assert_eq!(
        page.texts("[role=status]"),
        ["That device can no longer use your account. Others can."]
    );
    assert_eq!(page.texts("li .name"), ["Firefox on Windows"]);
    assert_eq!(world.works(app, &phone), DEAD);
    assert_eq!(world.works(app, &laptop), ALIVE);
    world.refresh(app, &phone.refresh).expect(400);
    let entry = (json!(world.alice.id), json!(app.id), json!(world.alice.id));
    let revocations = || audited(&world, "authorization.device_revoked");
    assert_eq!(revocations().first(), Some(&entry));
    // Again: it says so, and there is no second entry.
    let page = act(&browser, &form_of(&page, app).with("action", &buttons[0]));
    assert!(page.texts("[role=status]")[0].starts_with("There was nothing to revoke"));
    assert_eq!(revocations(), [entry]);
    // The application is still authorized, on no device in the end.
    let last = device_buttons(&page, app);
    let page = act(&browser, &form_of(&page, app).with("action", &last[0]));
    assert_eq!(world.works(app, &laptop), DEAD);
    assert_eq!(names(&page), ["Server"]);
    assert!(page.body.contains("No device uses it now."));
}

#[test]
fn settings_end_one_application_and_everything() {
    let world = World::new();
    let browser = world.alices_browser();
    let apps = [&world.server, &world.other, &world.device];
    let tokens = apps.map(|app| world.tokens_for(&browser, app));
    let page = browser.get(PATH).expect(200);
    let form = form_of(&page, &world.server);
    let page = act(&browser, &form);
    assert_eq!(
        page.texts("[role=status]"),
        ["The application can no longer use your account, on any device."]
    );
    let mut left = names(&page);
    left.sort();
    assert_eq!(left, ["Device", "Other"]);
    assert_eq!(world.works(apps[0], &tokens[0]), DEAD);
    assert_eq!(world.works(apps[1], &tokens[1]), ALIVE);
    assert_eq!(audited(&world, "authorization.revoked").len(), 1);
    let again = act(&browser, &form);
    assert!(again.texts("[role=status]")[0].starts_with("There was nothing to revoke"));
    // It is asked for anew.
    browser.get(&apps[0].asks().target()).form("decision");

    let everything = page.form_with("button[value=everything]");
    let page = act(&browser, &everything.with("action", "everything"));
    assert_eq!(
        page.texts("[role=status]"),
        ["No application can use your account any more."]
    );
    for (app, tokens) in apps.iter().zip(&tokens) {
        assert_eq!(world.works(app, tokens), DEAD);
    }
    assert_eq!(names(&page), Vec::<String>::new());
    assert!(browser.is_logged_in());
    assert_eq!(audited(&world, "authorization.revoked").len(), 3);
}

#[test]
fn settings_are_the_user_s_own() {
    let world = World::new();
    let alice = world.alices_browser();
    let staff = world.browser();
    staff.log_in(&world.staff);
    let app = &world.server;
    let hers = world.tokens_for(&alice, app);
    let theirs = world.tokens_for(&staff, app);
    let device = device_buttons(&alice.get(PATH), app).remove(0);
    let page = staff.get(PATH);
    // Another's device, by its id; another's application, which is nobody's of theirs.
    let page = act(&staff, &form_of(&page, app).with("action", &device));
    assert!(page.texts("[role=status]")[0].starts_with("There was nothing to revoke"));
    assert_eq!(world.works(app, &hers), ALIVE);
    act(&staff, &form_of(&page, app));
    assert_eq!(world.works(app, &hers), ALIVE);
    assert_eq!(world.works(app, &theirs), DEAD);
    let path = |family: &str| format!("/api/oauth2{}/devices/{family}", api(app));
    let family = device.rsplit(':').next().unwrap();
    staff.call(Method::Delete, &path(family)).expect(404);
    assert_eq!(world.works(app, &hers), ALIVE);

    // The API does the same for its owner, with the session's own token.
    alice
        .send(request(Method::Delete, &path(family)))
        .expect(403);
    for unknown in ["x", "AAAAAAAAAAAAAAAAAAAAAA", "%00"] {
        alice.call(Method::Delete, &path(unknown)).expect(404);
    }
    alice.call(Method::Delete, &path(family)).expect(204);
    assert_eq!(world.works(app, &hers), DEAD);
    alice.call(Method::Delete, &path(family)).expect(404);
    world
        .send(request(Method::Delete, &path(family)))
        .expect(401);
}

#[test]
fn settings_refuse_what_they_did_not_show() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = &world.server;
    let tokens = world.tokens_for(&browser, app);
    let page = browser.get(PATH);
    let form = form_of(&page, app);
    let staff = world.browser();
    staff.log_in(&world.staff);
    let stranger = world.tokens_for(&staff, app);
    let foreign = form_of(&staff.get(PATH), app);

    let refused = |request| {
        let answer: Answer = browser.send(request);
        assert_eq!(answer.expect(403).texts("h1"), ["Please try again"]);
    };
    refused(form.clone().with("csrf_token", "").request());
    refused(form.clone().with("csrf_token", "x").request());
    refused(foreign.request());
    refused(form.request().with("origin", "https://evil.example"));
    refused(form.request().with("sec-fetch-site", "cross-site"));
    let of_another_page = browser.get("/logout").form("csrf_token");
    refused(
        form.clone()
            .with("csrf_token", of_another_page.field("csrf_token"))
            .request(),
    );
    let wrong = [
        "",
        "x",
        "everything:",
        "Everything",
        "application",
        "application:",
        "application:x",
        "application:0",
        "application:-1",
        "application:999999999999999999999",
        "application:1:2",
        "device:",
        "device:1",
        "device:1:x",
        "device:1:AAAAAAAAAAAAAAAAAAAAAAA",
        "device:1:AAAAAAAAAAAAAAAAAAAAAA:",
        "device:x:AAAAAAAAAAAAAAAAAAAAAA",
    ];
    for action in wrong {
        let answer = browser.submit(&form.clone().with("action", action));
        assert_eq!(answer.expect(400).texts("h1"), ["This did not work"]);
    }
    let mut twice = form.clone();
    twice.fields.push(("action".into(), "everything".into()));
    browser.submit(&twice).expect(400);
    assert_eq!(world.works(app, &tokens), ALIVE);
    assert_eq!(world.works(app, &stranger), ALIVE);
    browser
        .submit(&form.clone().with("action", "application:999"))
        .expect(303);
    assert_eq!(world.works(app, &tokens), ALIVE);

    // A form that was open too long, and nobody at all.
    world.advance(31 * 60);
    refused(form.request());
    let nobody = world.send(get(&format!("{PATH}?after=5"))).expect(303);
    let back = "/login?return_to=%2Fsettings%2Fauthorizations%3Fafter%3D5";
    assert_eq!(nobody.location(), back);
    let posted = post(PATH, &[("action", "everything")]);
    assert!(
        world
            .send(posted)
            .expect(303)
            .location()
            .starts_with("/login?")
    );
    assert_eq!(world.works(app, &tokens), ALIVE);
    let same = form_of(&browser.get(PATH), app);
    let sent = same.request().with("origin", HTTP);
    browser.send(sent).expect(303);
    assert_eq!(world.works(app, &tokens), DEAD);
}

#[test]
fn settings_let_nothing_of_a_stranger_s_become_markup() {
    let world = World::new();
    let browser = world.alices_browser();
    let hostile = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'";
    let app = world.application(&json!({
        "name": hostile, "description": hostile, "redirect_uris": ["https://evil.example/"],
    }));
    tokens_as(&world, &browser, &app, hostile);
    tokens_as(
        &world,
        &browser,
        &app,
        &format!("{hostile} Firefox/1 Windows"),
    );
    for target in [
        PATH.to_owned(),
        format!("{PATH}?application={}", app.id),
        format!("{PATH}?done=%3Cscript%3E&after=%3Cscript%3E&application=%22%3E"),
        format!("{PATH}?%3Cscript%3E&%ff"),
    ] {
        let page = browser.get(&target).expect(200);
        assert_eq!(names(&page), [hostile]);
        assert_eq!(page.texts("blockquote"), [hostile]);
        assert_eq!(page.texts("img, main script, [onerror]").len(), 0);
        assert_eq!(page.texts("[role=status]").len(), 0, "{target}");
        let devices = page.texts("li .name");
        assert_eq!(devices.len(), 2);
        assert!(devices.contains(&"Unknown device".to_owned()));
        assert!(devices.contains(&"Firefox on Windows".to_owned()));
    }
}

#[test]
fn settings_page_through_all_of_it() {
    let world = Native::new();
    let browser = world.alices_browser();
    let mut granted = Vec::new();
    for index in 0..47 {
        let app = world.application(&json!({
            "name": format!("App {index}"), "redirect_uris": ["https://app.example/"],
            "description": "x".repeat(60),
        }));
        world.tokens_for(&browser, &app);
        granted.push(format!("application:{}", app.id));
    }
    let mut seen = Vec::new();
    let mut target = PATH.to_owned();
    for expected in [10, 10, 10, 10, 7] {
        world.memory.forget_steps();
        let page = browser.get(&target).expect(200);
        let mut steps = vec!["d1.read"; 2];
        steps.extend(["ledger"].repeat(expected));
        assert_eq!(world.memory.steps(), steps, "one question an application");
        assert!(page.body.len() < 30_000, "{}", page.body.len());
        let document = page.document();
        let shown = buttons(&page, "application:");
        assert_eq!(shown.len(), expected);
        seen.extend(shown);
        let next = document.select(&selector("a[rel=next]")).next();
        match next {
            Some(next) => next.attr("href").unwrap().clone_into(&mut target),
            None => break,
        }
    }
    seen.sort();
    granted.sort();
    assert_eq!(seen, granted);
    let listed = browser.get("/api/oauth2/@me/authorizations").json();
    assert_eq!(listed.as_array().unwrap().len(), 47);

    // What is done on a page comes back to that page.
    let page = browser.get(&target);
    let form = page.form_with("button[name=action]");
    let action = &buttons(&page, "application:")[0];
    let answer = browser.submit(&form.with("action", action));
    assert_eq!(answer.location(), format!("{target}&done=application"));
    let past = browser.get(&format!("{PATH}?after=9223372036854775807"));
    assert!(past.body.contains("There is nothing more here."));
}

#[test]
fn settings_show_some_devices_and_the_rest_on_a_page_of_their_own() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = &world.server;
    for _ in 0..60 {
        world.tokens_for(&browser, app);
        world.advance(1);
    }
    let page = browser.get(PATH).expect(200);
    assert_eq!(device_buttons(&page, app).len(), 20);
    let target = format!("{PATH}?application={}", app.id);
    let link = format!("a[href='{target}']");
    assert_eq!(page.texts(&link), ["Show 40 more"]);
    let page = browser.get(&target).expect(200);
    let buttons = device_buttons(&page, app);
    assert_eq!(buttons.len(), 50);
    assert!(
        page.body
            .contains("10 more, last used longer ago, are not shown.")
    );
    assert!(page.body.len() < 30_000, "{}", page.body.len());
    let form = form_of(&page, app).with("action", &buttons[49]);
    let answer = browser.submit(&form).expect(303);
    assert_eq!(answer.location(), format!("{target}&done=device"));
    let page = browser.get(answer.location());
    assert!(!device_buttons(&page, app).contains(&buttons[49]));
    assert_eq!(device_buttons(&page, app).len(), 50);
    // One that is not authorized has no page.
    let page = browser.get(&format!("{PATH}?application={}", world.other.id));
    assert_eq!(names(&page), Vec::<String>::new());
}

#[test]
fn settings_are_small_whatever_strangers_say() {
    let world = World::new();
    let browser = world.alices_browser();
    let longest = |count| "&\"'".repeat(count).chars().take(count).collect::<String>();
    let everything = "identify email guilds connections";
    for _ in 0..12 {
        let app = world.application(&json!({
            "name": longest(100), "description": longest(400), "redirect_uris": ["https://a.example/"],
        }));
        for _ in 0..3 {
            let asks = app.asks().with("scope", everything);
            let form = browser.consent(&asks.with("prompt", "consent"));
            let approved = form.with("decision", "approve").request();
            browser
                .address
                .set("2001:db8:1111:2222:3333:4444:5555:6666");
            browser
                .send(approved.with("user-agent", SAFARI))
                .expect(303);
        }
    }
    for language in ["en", "de"] {
        let page = browser.send(get(PATH).with("accept-language", language));
        let bytes = page.expect(200).body.len();
        assert!(bytes < 30_000, "in {language}: {bytes}");
    }
}

#[test]
fn settings_that_cannot_be_read_are_not_empty() {
    let world = Native::new();
    let browser = world.alices_browser();
    let app = &world.server;
    let tokens = world.tokens_for(&browser, app);
    world.tokens_for(&browser, &world.other);
    for part in ["d1", "ledger"] {
        world.memory.outage.set(Some(part));
        let answer = browser.get(PATH).expect(503);
        assert_eq!(answer.texts("h1"), ["One moment"]);
        assert_eq!(answer.header("retry-after"), Some("1"));
        world.memory.outage.set(None);
    }
    // Whichever step fails, before or after its effect, the button can be pressed again.
    for when in [When::Before, When::After] {
        for step in 0.. {
            let tokens = world.tokens_for(&browser, app);
            let page = browser.get(PATH);
            let newest = device_buttons(&page, app).len();
            assert!(newest > 0);
            let form = form_of(&page, app);
            world.memory.plan.set(Some(Plan { step, when }));
            let answer = browser.submit(&form);
            if world.memory.plan.take().is_some() {
                break;
            }
            if answer.status == 503 {
                browser.submit(&form).expect(303);
            }
            assert_eq!(world.works(app, &tokens), DEAD);
        }
    }
    assert_eq!(world.works(app, &tokens), DEAD);
}

#[test]
fn an_approval_from_another_address_is_still_the_same_approval() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = &world.server;
    let form = browser.consent(&app.asks()).with("decision", "approve");
    let code = browser.submit(&form).parameter("code");
    browser.address.set("2001:db8::9");
    assert_eq!(browser.submit(&form).expect(303).parameter("code"), code);
    let tokens = world.exchange(app, &code.unwrap()).tokens();
    assert_eq!(world.works(app, &tokens), ALIVE);
    let shown = browser.get(&format!("/api/oauth2{}", api(app))).json();
    let device = &shown["devices"][0];
    assert_eq!(text(device, "address"), "192.0.2.1", "the first one");
}
