//! `/settings`: a user's own password, and the browsers that are logged in to their account.

use fluxer_oauth2::http::Method;
use fluxer_oauth2::store::memory::Meanwhile;
use serde_json::json;

use crate::world::{Answer, Browser, Form, Native, PASSWORD, World, administrative, selector};

const PATH: &str = "/settings";
const NEW: &str = "a new password for alice";

fn change(browser: &Browser<'_>, old: &str, new: &str) -> Form {
    let form = browser.get(PATH).expect(200);
    let form = form.form_with("button[value=password]");
    let form = form.with("action", "password").with("password", old);
    form.with("new_password", new).with("repeat_password", new)
}

/// The button of a browser's row, by its place in the list.
fn row(page: &Answer, nth: usize) -> (Form, String) {
    let document = page.document();
    let css = selector("button[name=action][value^='session:']");
    let button = document.select(&css).nth(nth).expect("a row");
    let action = button.attr("value").expect("a value").to_owned();
    let form = page.form_with(&format!("button[value='{action}']"));
    (form.with("action", &action), action)
}

fn press(browser: &Browser<'_>, action: &str) -> Answer {
    let page = browser.get(PATH).expect(200);
    let form = page.form_with(&format!("button[value={action}]"));
    browser.submit(&form.with("action", action)).expect(303)
}

fn actions(world: &World) -> Vec<String> {
    let log = world.audit_log();
    log.iter()
        .map(|it| it["action"].as_str().expect("an action").to_owned())
        .collect()
}

#[test]
fn a_user_changes_their_password() {
    let world = World::new();
    let (browser, other) = (world.alices_browser(), world.alices_browser());
    let tokens = world.tokens(&world.server);
    let stolen = world.browser().with_cookies(browser.cookies());
    world.advance(600);
    let answer = browser.submit(&change(&browser, PASSWORD, NEW)).expect(303);
    assert_eq!(answer.location(), "/settings?done=password");
    let page = browser.get(answer.location()).expect(200);
    assert!(page.texts(".done")[0].contains("password is changed"));
    // The password was given now, and here.
    let rows = page.texts("li.row");
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert!(rows[0].contains("just now, from 192.0.2.1"), "{}", rows[0]);

    assert!(browser.is_logged_in());
    assert!(!other.is_logged_in());
    assert!(!stolen.is_logged_in(), "a copy of its cookie is out, too");
    assert_eq!(world.works(&world.server, &tokens), (true, true));
    world.browser().try_to_log_in("alice", PASSWORD).expect(403);
    world.browser().try_to_log_in("alice", NEW).expect(303);
    assert!(actions(&world).contains(&"user.password_changed".to_owned()));

    let form = change(&browser, NEW, PASSWORD).with("everything", "revoke");
    browser.submit(&form).expect(303);
    assert_eq!(world.works(&world.server, &tokens), (false, false));
}

#[test]
fn a_password_that_is_not_good_changes_nothing() {
    let world = World::new();
    let browser = world.alices_browser();
    let check = |form: &Form, status: u16, field: &str| {
        let page = browser.submit(form).expect(status);
        assert_eq!(page.texts("[role=alert]").len(), 1);
        let invalid = format!("#{field}[aria-invalid=true]");
        assert_eq!(page.document().select(&selector(&invalid)).count(), 1);
        assert!(page.texts("title")[0].starts_with("Error: "));
        world.browser().try_to_log_in("alice", PASSWORD).expect(303);
    };
    check(&change(&browser, PASSWORD, "short"), 400, "new_password");
    let long = "x".repeat(1025);
    check(&change(&browser, PASSWORD, &long), 400, "new_password");
    let unlike = change(&browser, PASSWORD, NEW).with("repeat_password", "another one");
    check(&unlike, 400, "repeat_password");
    check(&change(&browser, "not it", NEW), 403, "old-password");
    assert!(browser.is_logged_in());
}

#[test]
fn wrong_old_passwords_count_as_failed_logins_do() {
    let world = World::new();
    let browser = world.alices_browser();
    for _ in 0..5 {
        browser.submit(&change(&browser, "wrong", NEW)).expect(403);
    }
    let refused = browser.submit(&change(&browser, PASSWORD, NEW)).expect(429);
    assert!(refused.header("retry-after").is_some());
    let failed = actions(&world);
    let failed = failed.iter().filter(|it| *it == "user.login_failed");
    assert_eq!(failed.count(), 5);
    // A mistake in the new one costs no attempt.
    world.advance(61);
    for _ in 0..6 {
        browser.submit(&change(&browser, PASSWORD, "x")).expect(400);
    }
    browser.submit(&change(&browser, PASSWORD, NEW)).expect(303);
}

#[test]
fn of_two_password_changes_at_once_one_is_made() {
    const OTHER: &str = "another new password";
    let mut refused = 0;
    for step in 0.. {
        let world: &'static Native = Box::leak(Box::new(Native::new()));
        let (browser, other) = (world.alices_browser(), world.alices_browser());
        let (form, early) = (
            change(&browser, PASSWORD, NEW),
            change(&other, PASSWORD, OTHER),
        );
        let happens = Box::new(move || drop(other.submit(&early).expect(303)));
        let meanwhile = Meanwhile { step, happens };
        world.memory.meanwhile.replace(Some(meanwhile));
        let answer = browser.submit(&form);
        if world.memory.meanwhile.take().is_some() {
            assert!(refused > 0);
            return;
        }
        let made = actions(world);
        let made = made.iter().filter(|it| *it == "user.password_changed");
        let holds = |password| {
            let answer = world.browser().try_to_log_in("alice", password);
            answer.status == 303
        };
        let seen = if answer.location() == "/settings?done=password" {
            // It came second, to a session that has ended.
            (1, true, false)
        } else {
            // The other one came first, and stands.
            refused += 1;
            (1, false, true)
        };
        assert_eq!((made.count(), holds(NEW), holds(OTHER)), seen, "{step}");
    }
}

#[test]
fn a_password_that_was_changed_meanwhile_is_not_changed_again() {
    let mut refused = 0;
    for step in 0.. {
        let world: &'static Native = Box::leak(Box::new(Native::new()));
        let browser = world.alices_browser();
        let form = change(&browser, PASSWORD, NEW);
        let path = format!("/api/admin/users/{}", world.alice.id);
        let reset = json!({"password": "given by an administrator"});
        let reset = administrative(Method::Patch, &path, Some(&reset), &world.admin_token());
        let happens = Box::new(move || drop(world.send(reset).expect(200)));
        let meanwhile = Meanwhile { step, happens };
        world.memory.meanwhile.replace(Some(meanwhile));
        let answer = browser.submit(&form);
        if world.memory.meanwhile.take().is_some() {
            assert!(refused > 0);
            return;
        }
        if answer.status != 303 {
            world.browser().try_to_log_in("alice", NEW).expect(403);
        }
        refused += u32::from(answer.status == 409);
    }
}

#[test]
fn a_user_sees_their_browsers_and_logs_them_out() {
    let world = World::new();
    let phone = world.browser();
    phone.address.set("192.0.2.77");
    phone.log_in(&world.alice);
    world.advance(3 * 3600);
    let (browser, third) = (world.alices_browser(), world.alices_browser());
    let page = browser.get(PATH).expect(200);
    let rows = page.texts("li.row");
    assert_eq!(rows.len(), 3);
    assert!(rows[2].contains("3 hours ago") && rows[2].contains("from 192.0.2.77"));
    let here: Vec<_> = rows
        .iter()
        .filter(|it| it.contains("This browser"))
        .collect();
    assert_eq!(here.len(), 1);

    let (form, action) = row(&page, 2);
    assert_eq!(
        browser.submit(&form).expect(303).location(),
        "/settings?done=session"
    );
    assert!(!phone.is_logged_in());
    assert!(browser.is_logged_in() && third.is_logged_in());
    assert_eq!(
        browser.submit(&form).expect(303).location(),
        "/settings?done=nothing"
    );
    // Nobody ends what is another user's.
    let staff = world.browser();
    staff.log_in(&world.staff);
    let theirs = action_of(&browser);
    let forged = row(&staff.get(PATH).expect(200), 0)
        .0
        .with("action", &theirs);
    assert_eq!(
        staff.submit(&forged).expect(303).location(),
        "/settings?done=nothing"
    );
    assert!(browser.is_logged_in());
    for wrong in ["session:x", "session:", "", "x", &action[..20]] {
        browser
            .submit(&form.clone().with("action", wrong))
            .expect(400);
    }

    assert_eq!(
        press(&browser, "others").location(),
        "/settings?done=others"
    );
    assert!(browser.is_logged_in() && !third.is_logged_in() && staff.is_logged_in());
    let again = world.alices_browser();
    assert_eq!(press(&browser, "everywhere").location(), "/logout");
    assert!(!browser.is_logged_in() && !again.is_logged_in() && staff.is_logged_in());
    let ended = actions(&world);
    let ended = ended.iter().filter(|it| *it == "user.sessions_ended");
    assert_eq!(ended.count(), 3);
}

/// What ends the browser that asks.
fn action_of(browser: &Browser<'_>) -> String {
    let page = browser.get(PATH).expect(200);
    let rows = page.texts("li.row");
    let place = rows.iter().position(|it| it.contains("This browser"));
    row(&page, place.expect("a place")).1
}

#[test]
fn a_browser_may_log_itself_out_by_its_row() {
    let world = World::new();
    let browser = world.alices_browser();
    let page = browser.get(PATH).expect(200);
    let others = selector("button[value=others]");
    assert_eq!(page.document().select(&others).count(), 0, "there are none");
    let (form, _) = row(&page, 0);
    assert_eq!(browser.submit(&form).expect(303).location(), "/logout");
    assert!(!browser.cookies().contains_key("fluxer_session"));
}

#[test]
fn sessions_that_are_over_are_not_listed_and_many_are_cut() {
    let world = World::with(&[("SESSION_LIFETIME", "3600")]);
    world.alices_browser();
    world.advance(3601);
    let browser = world.alices_browser();
    assert_eq!(browser.get(PATH).texts("li.row").len(), 1);
    for _ in 0..50 {
        world.alices_browser();
    }
    let page = browser.get(PATH);
    assert_eq!(page.texts("li.row").len(), 50);
    assert!(page.body.contains("There are more"));
}

#[test]
fn the_login_page_leads_to_where_passwords_are_replaced() {
    let link = "main a[href='https://id.example/password']";
    let count = |world: &World| {
        let page = world.browser().get("/login").expect(200);
        page.document().select(&selector(link)).count()
    };
    assert_eq!(count(&World::new()), 0);
    let reset = [("PASSWORD_RESET_URL", "https://id.example/password")];
    assert_eq!(count(&World::with(&reset)), 1);
}

#[test]
fn a_session_of_before_has_no_name_and_no_address() {
    let world = World::new();
    let browser = world.browser();
    browser.address.set("nonsense");
    browser.log_in(&world.alice);
    let page = browser.get(PATH).expect(200);
    assert!(page.texts("li.row")[0].contains("Unknown device"));
    assert!(!page.texts("li.row")[0].contains("from"));
    let suspended = json!({"suspended": true});
    let user = format!("/api/admin/users/{}", world.alice.id);
    world
        .administer(Method::Patch, &user, Some(&suspended))
        .expect(200);
    browser.get(PATH).expect(303);
}
