//! `/admin…`: what administrators look at and do without a token.

use fluxer_oauth2::fluxer::audit::{Action, AuditEntry};
use fluxer_oauth2::http::Method;
use fluxer_oauth2::snowflake::{AuditEntryId, Snowflake};
use fluxer_oauth2::store::AuditLog;
use fluxer_oauth2::store::memory::{Plan, When};
use fluxer_oauth2::time::Timestamp;
use serde_json::{Value, json};

use crate::resource_tokens::TICKETS;
use crate::world::{
    Answer, App, Browser, Form, Native, PASSWORD, User, With, World, get, post, request, selector,
    text,
};

const FIREFOX: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0";
const DEAD: (bool, bool) = (false, false);
const ALIVE: (bool, bool) = (true, true);

/// Every page there is, and some that there are not.
fn pages(world: &World) -> Vec<String> {
    vec![
        "/admin".to_owned(),
        "/admin/users".to_owned(),
        format!("/admin/users/{}", world.alice.id),
        "/admin/users/999".to_owned(),
        "/admin/applications".to_owned(),
        format!("/admin/applications/{}", world.server.id),
        "/admin/applications/999".to_owned(),
        "/admin/resources".to_owned(),
        "/admin/resources/999".to_owned(),
        "/admin/audit-log".to_owned(),
    ]
}

fn staff(world: &World) -> Browser<'_> {
    let browser = world.browser();
    browser.log_in(&world.staff);
    browser
}

/// The names that a list shows.
fn listed(page: &Answer) -> Vec<String> {
    page.texts("ul.rows a.name")
}

fn next(page: &Answer) -> Option<String> {
    let document = page.document();
    let next = document.select(&selector("a[rel=next]")).next();
    next.map(|link| link.attr("href").unwrap().to_owned())
}

/// Everything that a list shows, page by page, by what `read` finds on each.
fn all(browser: &Browser<'_>, target: &str, read: fn(&Answer) -> Vec<String>) -> Vec<String> {
    let mut found = Vec::new();
    let mut target = Some(target.to_owned());
    while let Some(here) = target {
        let page = browser.get(&here).expect(200);
        assert!(page.body.len() < 30_000, "{here}: {}", page.body.len());
        let rows = read(&page);
        assert!(rows.len() <= 26, "{here}: {}", rows.len());
        found.extend(rows);
        target = next(&page);
        assert!(found.len() < 1_000, "goes round in circles");
    }
    found
}

/// The newest entry of the audit log.
fn newest(world: &World, action: &str) -> Option<Value> {
    let log = world.administer(Method::Get, "/api/admin/audit-log", None);
    let log = log.expect(200).json();
    let mut entries = log.as_array().unwrap().iter();
    entries.find(|entry| entry["action"] == action).cloned()
}

#[test]
fn administrators_see_the_pages_and_nobody_else() {
    let world = World::new();
    let (staff, alice) = (staff(&world), world.alices_browser());
    world.tokens_for(&alice, &world.server);
    for page in pages(&world) {
        let there = if page.ends_with("/999") { 404 } else { 200 };
        let shown = staff.get(&page).expect(there);
        assert_eq!(shown.texts("h1").len(), 1, "{page}");
        let refused = alice.get(&page).expect(403);
        assert_eq!(refused.texts("h1"), ["This page is not for you"], "{page}");
        let nobody = world.send(get(&page)).expect(303);
        let encoded = page.replace('/', "%2F");
        assert_eq!(nobody.location(), format!("/login?return_to={encoded}"));
        let token = world.admin_token();
        world.send(get(&page).bearer(&token)).expect(303);
    }
    let links = |browser: &Browser<'_>| browser.get("/settings/authorizations").texts("nav li");
    assert!(links(&staff).contains(&"Administration".to_owned()));
    assert!(!links(&alice).contains(&"Administration".to_owned()));
    // Whoever is not an administrator any more is out at once.
    let path = format!("/api/admin/users/{}", world.staff.id);
    let change = json!({"admin": false});
    world
        .administer(Method::Patch, &path, Some(&change))
        .expect(200);
    let file = "/admin/audit-log/download?format=csv";
    alice.get(file).expect(403);
    world.send(get(file)).expect(303);
    for page in pages(&world) {
        staff.get(&page).expect(403);
    }
    staff.get(file).expect(403);
}

#[test]
fn admin_forms_are_refused_to_everybody_else() {
    let world = World::new();
    let (staff, alice) = (staff(&world), world.alices_browser());
    let tokens = world.tokens_for(&alice, &world.server);
    let user = format!("/admin/users/{}", world.alice.id);
    let application = format!("/admin/applications/{}", world.server.id);
    let forms = [
        staff
            .get(&user)
            .form_with("button[value=everything]")
            .with("action", "everything"),
        staff
            .get(&user)
            .form_with("button[value=application]")
            .with("action", "application"),
        staff
            .get(&application)
            .form("password")
            .with("action", "grant")
            .with("password", PASSWORD),
    ];
    for form in &forms {
        let refused = |answer: Answer| {
            let answer = answer.expect(403);
            assert_eq!(answer.texts("h1"), ["Please try again"], "{form:?}");
        };
        refused(staff.submit(&form.clone().with("csrf_token", "")));
        refused(staff.submit(&form.clone().with("csrf_token", "x")));
        refused(staff.send(form.request().with("origin", "https://evil.example")));
        // A ticket is for its page alone.
        for other in [&user, &application] {
            if *other != form.action {
                let moved = Form {
                    action: other.clone(),
                    ..form.clone()
                };
                refused(staff.submit(&moved));
            }
        }
        assert_eq!(
            alice.submit(form).expect(403).texts("h1"),
            ["This page is not for you"]
        );
        let nobody = world.send(form.request()).expect(303);
        assert!(nobody.location().starts_with("/login?"));
        for action in ["", "x", "Everything"] {
            staff
                .submit(&form.clone().with("action", action))
                .expect(400);
        }
    }
    for id in ["", "x", "0"] {
        let form = forms[1].clone().with("application", id);
        staff.submit(&form).expect(400);
    }
    assert_eq!(world.works(&world.server, &tokens), ALIVE);
    assert_eq!(trusted(&world, &world.server), json!(false));
    let unknown = staff.send(post("/admin/users/999", &[("action", "everything")]));
    unknown.expect(403);
    world.advance(31 * 60);
    for form in &forms {
        staff.submit(form).expect(403);
    }
}

#[test]
fn admins_find_users_by_the_beginning_of_a_name_or_an_address_or_by_id() {
    let world = World::new();
    let browser = staff(&world);
    for name in ["alina", "ali_ce", "Alicia", "al", "bob", "a.b-c"] {
        world.user(name, false);
    }
    let found = |query: &str| listed(&browser.get(&format!("/admin/users?{query}")).expect(200));
    for (query, expected) in [
        ("q=ali", vec!["ali_ce", "alice", "Alicia", "alina"]),
        ("q=ALI", vec!["ali_ce", "alice", "Alicia", "alina"]),
        ("q=++ali++", vec!["ali_ce", "alice", "Alicia", "alina"]),
        ("q=ali_", vec!["ali_ce"]),
        ("q=alice&by=username", vec!["alice"]),
        ("q=a.b", vec!["a.b-c"]),
        ("q=lice", vec![]),
        ("q=alice@&by=email", vec!["alice"]),
        ("q=bob@mail.ex&by=email", vec!["bob"]),
        ("q=BOB&by=email", vec!["bob"]),
        ("q=bob@mail.example.org&by=email", vec![]),
        ("q=bob@", vec![]),
    ] {
        assert_eq!(found(query), expected, "{query}");
    }
    assert_eq!(found(&format!("q={}", world.alice.id)), ["alice"]);
    assert_eq!(found(&format!("q={}&by=email", world.alice.id)), ["alice"]);
    assert_eq!(found(&format!("q={}", &world.alice.id[..17])).len(), 0);
    // A user who is called by their own id comes once.
    let own = world.user("self", false);
    let change = json!({"username": own.id});
    let path = format!("/api/admin/users/{}", own.id);
    world
        .administer(Method::Patch, &path, Some(&change))
        .expect(200);
    assert_eq!(found(&format!("q={}", own.id)), [own.id]);
    // A hundred characters of an address are looked for, and no more.
    let long = "l".repeat(120);
    let user = json!({
        "username": "long", "email": format!("{long}@mail.example"), "password": PASSWORD,
    });
    world
        .administer(Method::Post, "/api/admin/users", Some(&user))
        .expect(200);
    assert_eq!(found(&format!("by=email&q={}", &long[..100])), ["long"]);
    assert_eq!(found(&format!("by=email&q={}", &long[..101])).len(), 0);
    // A name that is an id is found beside the user who has that id, each once.
    world.user(&world.alice.id, false);
    let both = found(&format!("q={}", world.alice.id));
    assert_eq!(both, ["alice", &*world.alice.id]);
}

#[test]
fn admins_searching_for_nonsense_find_nothing() {
    let world = World::new();
    let browser = staff(&world);
    let long = "a".repeat(101);
    let nonsense = [
        "q=%25",
        "q=_",
        "q=a%25",
        "q=%27+OR+1%3D1--",
        "q=%00",
        "q=a%00",
        "q=%ff",
        "q=%zz",
        "q=%",
        "q=a&q=b",
        "q=%F0%9F%98%80",
        "q=%E2%80%AE",
        "q=-1",
        "q=0",
        "q=99999999999999999999",
        "q=%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        "after=x",
        "q=a&after=-1",
        "q=a&after=99999999999999999999",
        "after=1&after=2",
        "q=%F4%8F%BF%BF",
        "q=*",
        "q=al?",
    ];
    let by = ["by=x", "q=a&by=password_hash", "by=username&by=email"];
    for path in ["/admin/users", "/admin/applications"] {
        let by = by.iter().filter(|_| path == "/admin/users");
        for query in nonsense.iter().chain(by) {
            let page = browser.get(&format!("{path}?{query}")).expect(200);
            assert_eq!(listed(&page).len(), 0, "{path}?{query}");
            assert_eq!(page.texts("[role=status]"), ["Nothing was found."]);
            assert_eq!(page.texts("main script").len(), 0);
        }
        let page = browser.get(&format!("{path}?q={long}")).expect(200);
        assert_eq!(listed(&page).len(), 0);
        let field = page.form_with("[name=q]");
        assert_eq!(field.field("q"), "", "what is too long is not repeated");
        for id in ["x", "0", "-1", "%00", "..", "99999999999999999999"] {
            browser.get(&format!("{path}/{id}")).expect(404);
        }
    }
    for query in [
        "action=x",
        "action=user.Login",
        "actor=x",
        "target=%27",
        "before=-1",
        "actor=1&actor=2",
        "%ff=1&action=%ff",
        "before=99999999999999999999",
        "actor=5",
    ] {
        let page = browser
            .get(&format!("/admin/audit-log?{query}"))
            .expect(200);
        assert_eq!(page.texts("ol.log > li").len(), 0, "{query}");
        assert_eq!(page.texts("[role=status]"), ["Nothing was found."]);
    }
    // A hundred characters are looked for.
    let name = "b".repeat(100);
    world.application(&json!({"name": name}));
    let page = browser.get(&format!("/admin/applications?q={name}"));
    assert_eq!(listed(&page), [name]);
}

#[test]
fn admin_lists_are_whole_page_by_page() {
    let world = World::new();
    let browser = staff(&world);
    let mut names = Vec::new();
    for index in 0..60 {
        let name = format!("many{index:02}");
        world.user(&name, false);
        names.push(name);
        world.application(&json!({"name": format!("Twin {}", index % 2)}));
    }
    for by in ["username", "email"] {
        let target = format!("/admin/users?q=many&by={by}");
        assert_eq!(all(&browser, &target, listed), names, "in order, by {by}");
    }
    let mut everybody = all(&browser, "/admin/users", listed);
    everybody.sort();
    names.extend(["alice".to_owned(), "staff".to_owned()]);
    names.sort();
    assert_eq!(everybody, names);
    // Names that are shared neither hide each other nor come twice.
    let twins = all(&browser, "/admin/applications?q=twin", listed);
    let expected = ["Twin 0", "Twin 1"].map(|name| [name; 30]).concat();
    assert_eq!(twins, expected);
    let ids = |page: &Answer| page.texts("ul.rows p.quiet");
    let mut ids = all(&browser, "/admin/applications?q=TWIN+", ids);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 60);
    assert_eq!(all(&browser, "/admin/applications", listed).len(), 63);
}

#[test]
fn an_admin_sees_a_user_and_takes_back_what_they_authorized() {
    let world = World::new();
    let (browser, alice) = (staff(&world), world.alices_browser());
    let apps = [&world.server, &world.other, &world.device];
    let tokens = apps.map(|app| world.tokens_for(&alice, app));
    let of_staff = world.tokens_for(&browser, &world.server);
    let path = format!("/api/admin/users/{}", world.alice.id);
    let connection = json!({"name": "alice <b>", "verified": true});
    let target = format!("{path}/connections/github/77");
    world
        .administer(Method::Put, &target, Some(&connection))
        .expect(200);
    let guild = json!({"name": "Guild <i>", "owner_id": world.alice.id});
    world
        .administer(Method::Post, "/api/admin/guilds", Some(&guild))
        .expect(200);
    world.application(&json!({"name": "Her own", "owner_id": world.alice.id}));

    let here = format!("/admin/users/{}", world.alice.id);
    let page = browser.get(&here).expect(200);
    assert_eq!(page.texts("h1"), ["alice"]);
    let facts = page.texts("dl.facts").join(" ");
    assert!(facts.contains("alice@mail.example") && facts.contains(&world.alice.id));
    assert_eq!(listed(&page).len(), 3);
    let said = page.texts("ul.plain li").join(" ");
    for part in ["github: alice <b>", "Guild <i>", "Owner", "Her own"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert_eq!(page.texts("main b, main i").len(), 0);

    let input = format!("input[name=application][value='{}']", world.server.id);
    let form = page.form_with(&input).with("action", "application");
    let answer = browser.submit(&form).expect(303);
    assert_eq!(answer.location(), format!("{here}?done=application"));
    let page = browser.get(answer.location()).expect(200);
    assert!(page.texts("[role=status]")[0].starts_with("The application can no longer"));
    assert_eq!(world.works(apps[0], &tokens[0]), DEAD);
    assert_eq!(world.works(apps[1], &tokens[1]), ALIVE);
    assert_eq!(world.works(apps[0], &of_staff), ALIVE, "somebody else's");
    let entry = newest(&world, "authorization.revoked").unwrap();
    assert_eq!(text(&entry, "actor_id"), world.staff.id);
    assert_eq!(text(&entry, "target_id"), world.alice.id);
    assert_eq!(text(&entry, "application_id"), world.server.id);
    let answer = browser.submit(&form).expect(303);
    assert_eq!(answer.location(), format!("{here}?done=nothing"));

    let form = page.form_with("button[value=everything]");
    let answer = browser
        .submit(&form.with("action", "everything"))
        .expect(303);
    let page = browser.get(answer.location()).expect(200);
    assert_eq!(
        page.texts("[role=status]"),
        ["No application can use this account any more."]
    );
    for (app, tokens) in apps.iter().zip(&tokens) {
        assert_eq!(world.works(app, tokens), DEAD);
    }
    assert_eq!(world.works(apps[0], &of_staff), ALIVE);
    assert_eq!(listed(&page).len(), 0);
}

#[test]
fn an_admin_pages_through_what_a_user_authorized() {
    let world = World::new();
    let (browser, alice) = (staff(&world), world.alices_browser());
    for index in 0..30 {
        let app = world.application(&json!({
            "name": format!("App {index}"), "redirect_uris": ["https://app.example/"],
            "owner_id": world.alice.id,
        }));
        world.tokens_for(&alice, &app);
    }
    let target = format!("/admin/users/{}", world.alice.id);
    let mut found = all(&browser, &target, listed);
    found.sort();
    found.dedup();
    assert_eq!(found.len(), 30);
    let page = browser.get(&target);
    assert!(
        page.body
            .contains("There are more; only the first are shown.")
    );
    let next = next(&page).unwrap();
    let form = browser.get(&next).form_with("input[name=application]");
    let answer = browser.submit(&form.with("action", "application"));
    assert_eq!(
        answer.expect(303).location(),
        format!("{next}&done=application")
    );
}

fn trusted(world: &World, app: &App) -> Value {
    let path = format!("/api/admin/applications/{}", app.id);
    let shown = world
        .administer(Method::Get, &path, None)
        .expect(200)
        .json();
    shown["trusted"].clone()
}

#[test]
fn trust_takes_the_administrator_s_password_again() {
    let world = World::new();
    let browser = staff(&world);
    let app = &world.server;
    let here = format!("/admin/applications/{}", app.id);
    let page = browser.get(&here).expect(200);
    assert_eq!(page.texts("h1"), ["Server"]);
    let facts = page.texts("dl.facts").join(" ");
    assert!(
        facts.contains("https://server.example/cb?fixed=1"),
        "{facts}"
    );
    let form = page.form("password").with("action", "grant");
    for wrong in ["", "x", "correct horse battery stapl"] {
        let answer = browser.submit(&form.clone().with("password", wrong));
        let answer = answer.expect(403);
        let problem = answer.texts("[role=alert]");
        assert_eq!(problem, ["That is not your password. Nothing was changed."]);
        let document = answer.document();
        let field = document
            .select(&selector("#trust-password"))
            .next()
            .unwrap();
        assert_eq!(field.attr("aria-describedby"), Some("trust-problem"));
        assert_eq!(field.attr("value"), None, "a password is never sent back");
    }
    assert_eq!(trusted(&world, app), json!(false));
    let form = form.with("password", PASSWORD);
    let answer = browser.submit(&form).expect(303);
    assert_eq!(answer.location(), format!("{here}?done=granted"));
    assert_eq!(trusted(&world, app), json!(true));
    let entry = newest(&world, "application.updated").unwrap();
    assert_eq!(text(&entry, "actor_id"), world.staff.id);
    assert_eq!(text(&entry, "target_id"), app.id);
    let details = json!({"fields": ["trusted"], "trusted": true});
    assert_eq!(entry["details"], details);

    let page = browser.get(answer.location()).expect(200);
    assert_eq!(
        page.texts("[role=status]"),
        ["This application is trusted now."]
    );
    let withdraw = page.form("password").with("action", "withdraw");
    let withdraw = withdraw.with("password", PASSWORD);
    browser.submit(&withdraw).expect(303);
    assert_eq!(trusted(&world, app), json!(false));

    // Guesses count, and the right one does not help any more.
    world.advance(61);
    for _ in 0..5 {
        browser
            .submit(&form.clone().with("password", "x"))
            .expect(403);
    }
    let answer = browser.submit(&form).expect(429);
    assert!(answer.header("retry-after").is_some());
    assert!(answer.texts("[role=alert]")[0].contains("Too many attempts"));
    assert_eq!(trusted(&world, app), json!(false));
    world.advance(61);
    browser.submit(&form).expect(303);
    assert_eq!(trusted(&world, app), json!(true));
}

#[test]
fn the_audit_log_is_shown_filtered_and_whole() {
    let world = World::new();
    let (browser, alice) = (staff(&world), world.alices_browser());
    world.tokens_for(&alice, &world.server);
    world.advance(1);
    for _ in 0..60 {
        let stranger = world.browser();
        stranger.address.set("198.51.100.9");
        stranger.log_in(&world.alice);
        world.advance(1);
    }
    let page = browser.get("/admin/audit-log").expect(200);
    assert_eq!(sentences(&page).len(), 25);
    let alice = &world.alice.id;
    let named = format!("alice ({}…)", &alice[..4]);
    assert_eq!(sentences(&page)[0], format!("{named} logged in"));
    let first = &page.texts("ol.log > li")[0];
    assert!(first.contains("from 198.51.100.9") && !first.contains("Unknown"));
    let same_address = "ol.log li:first-child a[href='/admin/audit-log?address=198.51.100.9']";
    assert_eq!(page.texts(same_address), ["198.51.100.9"]);
    let of = |query: &str| all(&browser, &format!("/admin/audit-log{query}"), sentences);
    let api = world.administer(Method::Get, "/api/admin/audit-log", None);
    assert_eq!(of("").len(), api.json().as_array().unwrap().len());
    assert_eq!(of("?action=user.login").len(), 62);
    let by_alice = of(&format!("?actor={alice}"));
    assert_eq!(by_alice.len(), 62, "61 logins and a consent");
    let app = &world.server;
    let both = of(&format!("?actor={alice}&action=authorization.granted"));
    let consent = format!(
        "{named} authorized Server ({}…) for identify, email",
        &app.id[..4]
    );
    assert_eq!(both, [consent.as_str()]);
    let on_alice = of(&format!("?target={alice}"));
    assert!(
        on_alice
            .last()
            .unwrap()
            .ends_with(&format!("made the user {named}"))
    );
    assert_eq!(
        of(&format!("?actor={}&target={alice}", world.staff.id)).len(),
        0
    );

    // By whom or on whom, by name or id; by application; by address; by day.
    for person in ["alice", "ALICE@mail.example", alice] {
        assert_eq!(of(&format!("?person={person}")).len(), 63, "{person}");
    }
    for application in ["Server", "server", &app.id] {
        let found = of(&format!("?application={application}"));
        assert_eq!(found[0], consent, "{application}");
        assert_eq!(found.len(), 2, "{found:?}");
    }
    assert_eq!(of("?address=198.51.100.9").len(), 60);
    assert_eq!(
        of("?address=198.51.100.9&person=alice&action=user.logout").len(),
        0
    );
    let today = &world.now().to_iso()[..10];
    assert_eq!(
        of(&format!("?from={today}&until={today}")).len(),
        of("").len()
    );
    assert_eq!(of("?until=2020-01-01").len(), 0);
    let tomorrow = Timestamp::from_millis(world.now().millis() + 86_400_000);
    assert_eq!(of(&format!("?from={}", tomorrow.to_iso_date())).len(), 0);
    for nonsense in [
        "person=nobody",
        "application=nothing",
        "application=Serv",
        "from=x",
        "until=x",
        "action=x",
    ] {
        let page = browser
            .get(&format!("/admin/audit-log?{nonsense}"))
            .expect(200);
        assert_eq!(page.texts("main [role=status]"), ["Nothing was found."]);
    }
    let form = browser.get(&format!(
        "/admin/audit-log?target={alice}&address=x&from={today}"
    ));
    let form = form.form_with("#person");
    assert_eq!(form.field("target"), alice);
    assert_eq!((form.field("address"), form.field("from")), ("x", today));
}

/// The numbers of a chart, by its caption.
fn chart(page: &Answer, label: &str) -> Vec<u64> {
    let document = page.document();
    let figure = document.select(&selector("figure.chart")).find(|figure| {
        let caption = figure
            .select(&selector("figcaption"))
            .next()
            .expect("a caption");
        caption.text().collect::<String>().starts_with(label)
    });
    let figure = figure.expect("a chart");
    let cells = selector("td");
    let cells = figure.select(&cells);
    let numbers: Vec<u64> = cells
        .map(|cell| cell.inner_html().parse().expect("a number"))
        .collect();
    let outlines = selector("path");
    let outlines = figure.select(&outlines).filter_map(|path| path.attr("d"));
    let bars: usize = outlines.map(|outline| outline.matches('M').count()).sum();
    assert_eq!(bars, numbers.len());
    assert_eq!(figure.select(&selector("svg[aria-hidden=true]")).count(), 1);
    numbers
}

#[test]
fn administrators_see_what_happened_before_they_ask() {
    let world = World::new();
    let browser = staff(&world);
    world.browser().try_to_log_in("alice", "wrong").expect(403);
    world.advance(3 * 3600);
    let alice = world.alices_browser();
    world.tokens_for(&alice, &world.server);
    let page = browser.get("/admin").expect(200);
    let logins = chart(&page, "Logins");
    assert_eq!(logins.len(), 24);
    assert_eq!((logins[20], logins[23]), (1, 1), "{logins:?}");
    assert_eq!(chart(&page, "Failed logins").iter().sum::<u64>(), 1);
    assert_eq!(chart(&page, "Authorizations")[23], 1);
    assert_eq!(chart(&page, "Faults"), [0; 24]);
    for (range, bars) in [("7d", 7), ("30d", 30)] {
        let page = browser.get(&format!("/admin?range={range}")).expect(200);
        assert_eq!(chart(&page, "Logins").len(), bars);
        assert_eq!(chart(&page, "Logins").iter().sum::<u64>(), 2, "{range}");
    }
    assert!(page.texts("#warnings")[0].contains("nothing that needs you"));
    assert_eq!(page.texts("#health li").len(), 4);
    assert_eq!(
        browser
            .get("/admin?range=x")
            .expect(200)
            .texts("figure.chart")
            .len(),
        6
    );
    // Each chart says what it reaches over, and leads to what it counts.
    let ends = page.texts("figure.chart .ends span");
    let [first, last] = [&ends[0], &ends[1]];
    assert!(
        first.ends_with(":00") && last.ends_with(":00") && first != last,
        "{ends:?}"
    );
    let failed = "figure.chart a[href='/admin/audit-log?action=user.login_failed']";
    assert_eq!(page.texts(failed), ["Failed logins"]);
}

#[test]
fn what_ends_a_login_is_one_chart_and_warnings_are_the_newest_of_each_kind() {
    let world = Native::new();
    let browser = staff(&world);
    let alice = world.alices_browser();
    let server = &world.server;
    let tokens = world.tokens_for(&alice, server);
    world.revoke(server, &tokens.refresh).expect(200);
    let old = world.tokens_for(&alice, server);
    let new = world.refresh(server, &old.refresh).tokens();
    world.refresh(server, &new.refresh).expect(200);
    world.advance(60);
    world.refresh(server, &old.refresh).expect(400);
    world.advance(60);
    let keys = world.administer(Method::Get, "/api/admin/keys", None);
    let leaked = text(&keys.expect(200).json()[0], "kid");
    let leaked = format!("/api/admin/keys/{leaked}");
    world.administer(Method::Delete, &leaked, None).expect(204);
    world.advance(60);
    world.memory.outage.set(Some("records"));
    world.memory.plan.set(Some(Plan {
        step: 0,
        when: When::Before,
    }));
    alice.get("/settings").expect(503);
    world.advance(60);
    let granted = format!("/api/oauth2/@me/authorizations/{}", server.id);
    alice.call(Method::Delete, &granted).expect(204);
    let page = browser.get("/admin").expect(200);
    assert_eq!(chart(&page, "Revocations").iter().sum::<u64>(), 2);
    assert_eq!(chart(&page, "Stolen tokens").iter().sum::<u64>(), 1);
    let warnings = sentences(&page);
    for (nth, words) in ["/settings failed", "signing key", "was used twice"]
        .into_iter()
        .enumerate()
    {
        assert!(warnings[nth].contains(words), "{words}: {warnings:?}");
    }
    // A part that does not answer is told as that, and where it stands what to do.
    assert!(page.texts("#health li")[0].ends_with("does not answer"));
    for part in ["#warnings", "#health"] {
        assert!(page.texts(part)[0].contains("docs/operations.md"), "{part}");
    }
}

#[test]
fn the_log_reaches_back_no_further_than_it_is_kept_whatever_is_asked() {
    let world = World::with(&[("AUDIT_LOG_DAYS", "1")]);
    world.advance(2 * 86_400);
    let browser = staff(&world);
    for query in ["", "?from=2020-01-01"] {
        let page = browser.get(&format!("/admin/audit-log{query}"));
        let [only] = &sentences(&page)[..] else {
            panic!("{query}: {:?}", sentences(&page));
        };
        assert!(only.ends_with("logged in"), "{only}");
    }
}

#[test]
fn a_key_is_there_with_its_age() {
    // The built Worker's keys are older than this test's world.
    let world = Native::new();
    world.send(get("/.well-known/jwks.json")).expect(200);
    world.advance(2 * 86_400);
    let keys = staff(&world).get("/admin").expect(200).texts("#keys li");
    let key = keys.iter().find(|it| it.contains("ES256")).expect("a key");
    assert!(
        key.contains("signs") && key.ends_with("published 2 days ago"),
        "{key}"
    );
}

#[test]
fn a_fault_is_found_from_the_pages_alone_by_the_reference_that_its_user_was_shown() {
    let world = Native::new();
    let browser = staff(&world);
    world.memory.plan.set(Some(Plan {
        step: 0,
        when: When::Before,
    }));
    let failed = browser.get("/settings/authorizations").expect(503);
    let detail = failed.texts("main .detail").join(" ");
    assert!(detail.starts_with("For support"), "{detail}");
    let reference = detail
        .split_whitespace()
        .last()
        .expect("a reference")
        .to_owned();
    let log = world.memory.log.borrow().join("\n");
    assert!(
        log.contains(&format!("\"reference\":\"{reference}\"")),
        "{log}"
    );
    let page = browser.get("/admin").expect(200);
    let warning = sentences(&page).remove(0);
    assert!(warning.contains(&reference), "{warning} {detail}");
    assert!(
        warning.starts_with("/settings/authorizations failed"),
        "{warning}"
    );
    assert_eq!(chart(&page, "Faults").iter().sum::<u64>(), 1);
}

/// What the log's page says.
fn sentences(page: &Answer) -> Vec<String> {
    let said = page.texts("ol.log .sentence").into_iter();
    said.map(|it| it.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

#[test]
fn every_entry_of_the_log_reads_like_a_sentence() {
    let world = World::new();
    let (browser, alice) = (staff(&world), world.alices_browser());
    let bot = world.bot();
    let guild = world.guild("Knights", &world.alice);
    alice.add_bot(&bot.bot_link(), &guild).expect(200);
    world.member(&guild, &world.staff, "1026");
    world.browser().try_to_log_in("alice", "wrong").expect(403);
    world
        .browser()
        .try_to_log_in("nobody at all", "wrong")
        .expect(403);
    let tokens = world.tokens_for(&alice, &world.server);
    world.revoke(&world.server, &tokens.refresh).expect(200);
    let tickets = world.resource(&json!({}));
    let asks = world.server.asks().with("resource", TICKETS);
    alice.code(&asks.with("scope", "tickets:read"));
    world
        .administer(Method::Delete, &format!("/api/admin/guilds/{guild}"), None)
        .expect(204);
    world.advance(86_400);
    let firefox = world.browser();
    let form = firefox.get("/login").form("password");
    let form = form.with("login", "alice").with("password", PASSWORD);
    firefox
        .send(form.request().with("user-agent", FIREFOX))
        .expect(303);

    let page = browser.get("/admin/audit-log").expect(200);
    assert!(
        page.texts("ol.log > li")[0].ends_with("Firefox on Windows"),
        "{:?}",
        page.texts("ol.log > li")[0]
    );
    let said = sentences(&page);
    let short = |id: &str| format!("({}…)", &id[..4]);
    let named = |name: &str, id: &str| format!("{name} {}", short(id));
    let ada = named("alice", &world.alice.id);
    for expected in [
        format!("Somebody failed to log in as {ada}"),
        "Somebody failed to log in as somebody unknown".to_owned(),
        format!(
            "{} revoked a token of {ada}",
            named("Server", &world.server.id)
        ),
        format!("of {guild}, with the permissions Kick members, View channels"),
        format!(
            "{ada} authorized {}, at {} for tickets:read",
            named("Server", &world.server.id),
            named("Tickets", &tickets.id)
        ),
        // What the words of an action have no place for.
        "(device: ".to_owned(),
        // It is gone, and has no name any more.
        format!("deleted the community {guild}"),
    ] {
        assert!(
            said.iter().any(|it| it.contains(&expected)),
            "{expected}: {said:#?}"
        );
    }
    // Where there are none, nothing is said of permissions.
    let added = format!(
        "{ada} added the bot of {} to {guild}",
        named("Helper", &bot.id)
    );
    assert!(said.contains(&added), "{said:#?}");
    assert!(
        said.iter().all(|it| !it.contains(['{', '}', '[', ']'])),
        "{said:#?}"
    );
    let days = page.texts("section.day h2");
    assert_eq!(days.len(), 2, "{days:?}");
    let document = page.document();
    let profile = format!("ol.log a.name[href='/admin/users/{}']", world.alice.id);
    assert!(document.select(&selector(&profile)).next().is_some());
    let german = get("/admin/audit-log").with("accept-language", "de");
    let german = sentences(&browser.send(german));
    assert!(german[0].ends_with("hat sich angemeldet"), "{}", german[0]);
}

#[test]
fn the_log_can_be_taken_away_whole() {
    let world = World::new();
    let browser = staff(&world);
    let app = world.application(&json!({
        "name": "=cmd(), \"x\"", "owner_id": world.alice.id, "redirect_uris": ["https://a.example/"],
    }));
    let one = world.browser();
    one.log_in(&world.alice);
    world.advance(1);
    one.submit(&one.get("/logout").form("csrf_token"))
        .expect(303);
    let file = |query: &str| {
        browser
            .get(&format!("/admin/audit-log/download?{query}"))
            .expect(200)
    };
    let csv = file("format=csv");
    assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8"));
    assert_eq!(
        csv.header("content-disposition"),
        Some("attachment; filename=audit-log.csv")
    );
    let lines: Vec<_> = csv.body.lines().collect();
    assert!(
        lines[1].ends_with(",192.0.2.1,Mozilla/5.0 (test),"),
        "{}",
        lines[1]
    );
    assert!(lines[0].starts_with("id,created_at,action,actor_id,actor,"));
    assert!(lines[1].contains("user.logout") && lines[1].contains(",alice,"));
    assert!(
        csv.body
            .contains(&format!("{},\"'=cmd(), \"\"x\"\"\"", app.id))
    );

    let ndjson = file("format=ndjson&person=alice");
    assert_eq!(ndjson.header("content-type"), Some("application/x-ndjson"));
    let entries: Vec<Value> = ndjson
        .body
        .lines()
        .map(|it| serde_json::from_str(it).unwrap())
        .collect();
    assert_eq!(entries.len(), 3);
    assert_eq!(entries[0]["actor"], "alice");
    assert_eq!(entries[0]["target"], "alice");
    for wrong in ["", "format=xml", "format=csv&format=csv"] {
        browser
            .get(&format!("/admin/audit-log/download?{wrong}"))
            .expect(404);
    }
    let head = request(Method::Head, "/admin/audit-log/download?format=csv");
    assert_eq!(browser.send(head).expect(200).body, "");
}

#[test]
fn a_long_log_goes_out_in_parts() {
    let world = Native::new();
    let browser = staff(&world);
    let entries = 2_500;
    let alice = Snowflake::parse(&world.alice.id).expect("an id");
    for index in 0..entries {
        let id = AuditEntryId(Snowflake::first_of(world.now().millis() - index * 1000));
        let entry = AuditEntry::new(id, Action::Logout, format!("192.0.2.{}", index % 250));
        world.memory.record(entry.by(alice).on(alice));
    }
    let first = AuditEntryId(Snowflake::first_of(world.now().millis() - 9_000_000));
    let first = AuditEntry::new(first, Action::Login, "192.0.2.1".to_owned());
    world.memory.record(first.by(alice).on(alice));
    // Every part is of the same search.
    let searched = "/admin/audit-log/download?format=ndjson&action=user.logout";
    let searched = browser.get(searched).expect(200);
    assert_eq!(searched.body.lines().count(), 2_500);
    let file = browser
        .get("/admin/audit-log/download?format=csv")
        .expect(200);
    let before = world.audit_log().len();
    assert!(before >= 100);
    let mut ids: Vec<_> = file
        .body
        .lines()
        .skip(1)
        .filter_map(|it| it.split(',').next())
        .collect();
    assert!(ids.len() >= usize::try_from(entries).unwrap());
    assert!(
        ids.is_sorted_by(|one, next| one > next),
        "newest first, each once"
    );
    ids.retain(|it| it.is_empty());
    assert_eq!(ids.len(), 0);
}

#[test]
fn nothing_of_a_stranger_s_becomes_markup_on_admin_pages() {
    let world = World::new();
    let browser = staff(&world);
    let hostile = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'";
    let app = world.application(&json!({
        "name": hostile, "description": hostile, "owner_id": world.alice.id,
        "redirect_uris": ["https://evil.example/<script>alert(3)</script>"], "bot": true,
    }));
    let scope = json!({"name": "x", "description": hostile});
    let resource = world.resource(&json!({"name": hostile, "scopes": [scope]}));
    let alice = world.alices_browser();
    world.tokens_for(&alice, &app);
    let encoded = "%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    for target in [
        format!("/admin/users/{}", world.alice.id),
        format!(
            "/admin/users/{}?done={encoded}&after={encoded}",
            world.alice.id
        ),
        format!("/admin/applications/{}?done={encoded}", app.id),
        "/admin/applications".to_owned(),
        format!("/admin/applications?q={encoded}"),
        format!("/admin/users?q={encoded}&by={encoded}"),
        format!("/admin/audit-log?actor={encoded}&target={encoded}&action={encoded}"),
        "/admin/resources".to_owned(),
        format!("/admin/resources/{}?done={encoded}", resource.id),
        "/admin/audit-log".to_owned(),
    ] {
        let page = browser.get(&target).expect(200);
        assert_eq!(
            page.texts("main script, img, [onerror]").len(),
            0,
            "{target}"
        );
        let document = page.document();
        assert!(
            document
                .select(&selector("[style], [onclick]"))
                .next()
                .is_none()
        );
    }
    let found = browser.get(&format!("/admin/applications?q={encoded}"));
    assert_eq!(listed(&found), [hostile]);
    assert_eq!(
        browser
            .get(&format!("/admin/applications/{}", app.id))
            .texts("h1"),
        [hostile]
    );
}

#[test]
fn admin_pages_that_cannot_be_read_are_not_empty() {
    let world = Native::new();
    let browser = staff(&world);
    world.send(get("/.well-known/jwks.json")).expect(200);
    let file = "/admin/audit-log/download?format=csv".to_owned();
    for target in pages(&world).into_iter().chain([file]) {
        for when in [When::Before, When::After] {
            for step in 0.. {
                world.memory.plan.set(Some(Plan { step, when }));
                let answer = browser.get(&target);
                if world.memory.plan.take().is_some() {
                    assert!(step > 0);
                    break;
                }
                // What does not answer is what this page is for.
                let tells = target == "/admin" && answer.status == 200;
                if tells {
                    let is_missing = answer.texts("#keys li").is_empty();
                    let says_so = answer.texts("#health")[0].contains("does not answer");
                    assert!(is_missing || says_so, "{step}");
                } else {
                    assert_eq!(answer.expect(503).texts("h1"), ["One moment"], "{target}");
                }
            }
        }
    }
    // Trust: whatever fails, the button can be pressed again.
    let app = &world.server;
    let here = format!("/admin/applications/{}", app.id);
    for when in [When::Before, When::After] {
        for step in 0.. {
            world.advance(61);
            let form = browser.get(&here).form("password");
            let (action, expected) = if trusted(&world, app) == json!(true) {
                ("withdraw", false)
            } else {
                ("grant", true)
            };
            let form = form.with("password", PASSWORD).with("action", action);
            world.memory.plan.set(Some(Plan { step, when }));
            let answer = browser.submit(&form);
            if world.memory.plan.take().is_some() {
                break;
            }
            if answer.status == 503 {
                browser.submit(&form).expect(303);
            }
            assert_eq!(trusted(&world, app), json!(expected), "{step}");
        }
    }
}

#[test]
fn admin_pages_speak_german() {
    let world = World::new();
    let browser = staff(&world);
    for (target, heading) in [
        ("/admin", "Verwaltung"),
        ("/admin/users", "Benutzer"),
        ("/admin/applications", "Anwendungen"),
        ("/admin/audit-log", "Audit-Log"),
    ] {
        let page = browser.send(get(target).with("accept-language", "de-AT"));
        assert_eq!(page.expect(200).texts("h1"), [heading]);
    }
    let nothing = get("/admin/users?q=%25").with("accept-language", "de");
    assert_eq!(
        browser.send(nothing).texts("[role=status]"),
        ["Nichts gefunden."]
    );
}

#[test]
fn admin_pages_can_be_read_aloud() {
    let world = World::new();
    let browser = staff(&world);
    world.tokens_for(&browser, &world.server);
    let mut targets = pages(&world);
    targets.push("/settings/authorizations".to_owned());
    for target in targets {
        let page = browser.get(&target);
        let document = page.document();
        let levels: Vec<u8> = document
            .select(&selector("h1, h2, h3, h4"))
            .map(|heading| heading.value().name().as_bytes()[1] - b'0')
            .collect();
        assert_eq!(levels.first(), Some(&1), "{target}");
        assert!(
            levels.windows(2).all(|pair| pair[1] <= pair[0] + 1),
            "{levels:?}"
        );
        let mut ids = Vec::new();
        for element in document.select(&selector("[id]")) {
            ids.push(element.attr("id").unwrap().to_owned());
        }
        let labelled = "input:not([type=hidden]):not([hidden]), select, textarea";
        for control in document.select(&selector(labelled)) {
            let id = control.attr("id").unwrap_or_default();
            let label = selector(&format!("label[for='{id}']"));
            assert!(document.select(&label).next().is_some(), "{target}: {id}");
        }
        for attribute in ["aria-labelledby", "aria-describedby"] {
            for element in document.select(&selector(&format!("[{attribute}]"))) {
                let refers = element.attr(attribute).unwrap().to_owned();
                assert!(ids.contains(&refers), "{target}: {refers}");
            }
        }
        let count = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), count, "{target}: an id twice");
    }
}

#[test]
fn trust_ends_with_the_office_of_whoever_granted_it_unless_its_owner_is_an_administrator() {
    let world = World::new();
    let admin = |method, path: &str, body: Value| world.administer(method, path, Some(&body));
    let second = world.user("second", true);
    let demote = |user: &User, admins: bool| {
        let path = format!("/api/admin/users/{}", user.id);
        admin(Method::Patch, &path, json!({"admin": admins})).expect(200);
    };
    let grant = |user: &User, app: &App| {
        let browser = world.browser();
        browser.log_in(user);
        let page = browser.get(&format!("/admin/applications/{}", app.id));
        let form = page.form("password").with("action", "grant");
        browser.submit(&form.with("password", PASSWORD)).expect(303);
        assert_eq!(trusted(&world, app), json!(true));
    };
    let of_operator = world.application(&json!({"name": "A", "trusted": true}));
    let of_staff = world.application(&json!({"name": "B"}));
    let owned = world.application(&json!({"name": "C", "owner_id": second.id}));
    grant(&world.staff, &of_staff);
    grant(&world.staff, &owned);
    world.advance(1);
    demote(&world.staff, false);
    assert_eq!(trusted(&world, &of_staff), json!(false));
    assert_eq!(
        trusted(&world, &owned),
        json!(true),
        "its owner answers for it"
    );
    assert_eq!(trusted(&world, &of_operator), json!(true));
    let log = world.audit_log();
    let entry = log
        .iter()
        .find(|entry| entry["target_id"] == of_staff.id.as_str());
    let details = json!({"fields": ["trusted"], "trusted": false});
    assert_eq!(entry.expect("an entry")["details"], details);
    demote(&world.staff, true);
    assert_eq!(
        trusted(&world, &of_staff),
        json!(false),
        "it is granted anew or not at all"
    );

    grant(&world.staff, &of_staff);
    let path = format!("/api/admin/users/{}", world.staff.id);
    world.administer(Method::Delete, &path, None).expect(204);
    assert_eq!(trusted(&world, &of_staff), json!(false));
    demote(&second, false);
    assert_eq!(trusted(&world, &owned), json!(false));
}
