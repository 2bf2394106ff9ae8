//! Adding a bot to a guild: who may, where, with what, and what is left of it afterwards.

use fluxer_oauth2::fluxer::permissions;
use fluxer_oauth2::http::{Method, Request};
use fluxer_oauth2::store::memory::{KvMood, Meanwhile};
use serde_json::{Value, json};

use crate::world::{
    Answer, App, Asks, Browser, Form, Native, PASSWORD, STATE, User, With, World, administrative,
    selector, text,
};

const MANAGE_GUILD: &str = "32";
const ADMINISTRATOR: &str = "8";
/// Every permission that exists.
const ALL: &str = "69815829414805503";

/// The page that says why the bot was not added.
#[track_caller]
fn is_refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!(
        answer.status,
        status,
        "{:?} {}",
        answer.headers(),
        answer.body
    );
    assert_eq!(answer.header("location"), None);
    let detail = answer.texts(".detail code").concat();
    assert!(detail.starts_with(code), "{detail}");
}

/// The page that says that it was.
#[track_caller]
fn is_added(answer: &Answer, guild: &str) {
    assert_eq!(answer.status, 200, "{:?} {}", answer.headers(), answer.body);
    assert_eq!(answer.header("location"), None);
    assert_eq!(answer.texts("h1"), [format!("Helper is now in {guild}")]);
}

#[track_caller]
fn is_told(answer: &Answer, app: &App, error: &str) {
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert!(answer.location().starts_with(&app.redirect_uri));
    assert_eq!(answer.parameter("error").as_deref(), Some(error));
    assert_eq!(answer.parameter("state").as_deref(), Some(STATE));
    assert_eq!(answer.parameter("code"), None);
}

/// The guilds of the picker, and whether each can be picked.
fn choices(page: &Answer) -> Vec<(String, bool)> {
    let document = page.document();
    let options = selector("select[name=guild_id] option:not([value=''])");
    let options = document.select(&options);
    let choice = |option: scraper::ElementRef<'_>| {
        let name = option.text().collect();
        (name, option.attr("disabled").is_none())
    };
    options.map(choice).collect()
}

/// The permission boxes, and whether each can be ticked.
fn boxes(page: &Answer) -> Vec<(String, bool)> {
    let document = page.document();
    let boxes = selector("input[name=permissions]");
    let boxes = document.select(&boxes);
    let shown = |input: scraper::ElementRef<'_>| {
        let value = input.attr("value").unwrap_or_default().to_owned();
        (value, input.attr("disabled").is_none())
    };
    boxes.map(shown).collect()
}

fn browser_of<'w>(world: &'w World, user: &User) -> Browser<'w> {
    let browser = world.browser();
    browser.log_in(user);
    browser
}

/// A bot's link that ends in a code.
fn with_code(app: &App) -> Asks {
    app.asks().with("scope", "identify bot")
}

fn approved(form: &Form, guild: &str) -> Form {
    let form = form.clone().with("guild_id", guild);
    form.with("decision", "approve")
}

#[test]
fn a_link_that_only_adds_a_bot_needs_nothing_else() {
    let world = World::new();
    let browser = world.alices_browser();
    for app in bots_with_and_without_a_redirect_uri(&world) {
        let link = app.bot_link();
        for asks in [
            link.clone(),
            link.clone().with("response_type", "code"),
            link.clone().with("state", STATE),
            link.clone().with("permissions", "3072"),
        ] {
            let guild = world.guild("Here", &world.alice);
            // A stranger logs in first, and comes back here.
            let stranger = world.browser();
            let login = stranger.get(&asks.target()).expect(303);
            let form = stranger.get(login.location()).expect(200).form("password");
            let form = form.with("login", "alice").with("password", PASSWORD);
            let back = stranger.submit(&form).expect(303);
            stranger.get(back.location()).expect(200).form("decision");

            is_added(&browser.add_bot(&asks, &guild), "Here");
            let asked = asks.target().contains("permissions");
            let permissions = if asked { "3072" } else { "0" };
            let found = world.permissions_of(&guild, &app.id);
            assert_eq!(found.as_deref(), Some(permissions));
        }
        // No token comes of it, so there is no authorization to take back.
        assert_eq!(
            browser.get("/api/oauth2/@me/authorizations").json(),
            json!([])
        );
    }
}

fn bots_with_and_without_a_redirect_uri(world: &World) -> [App; 2] {
    let bare = json!({"name": "Helper", "bot": true});
    [world.application(&bare), world.bot()]
}

#[test]
fn what_is_wrong_with_a_link_that_only_adds_a_bot_ends_on_a_page() {
    let world = World::new();
    let browser = world.alices_browser();
    for app in bots_with_and_without_a_redirect_uri(&world) {
        for (name, value) in [
            ("response_type", "token"),
            ("prompt", "none"),
            ("permissions", "-1"),
            ("permissions", "0x8"),
            ("permissions", "1e3"),
            ("permissions", "18446744073709551616"),
            ("permissions", "8.0"),
            ("guild_id", "abc"),
            ("guild_id", "0"),
            ("disable_guild_select", "true"),
            ("scope", "bot x"),
            ("scope", "bot identify"),
        ] {
            let page = browser.get(&app.bot_link().with(name, value).target());
            let page = page.expect(400);
            assert_eq!(
                page.texts("h1"),
                ["This link does not work"],
                "{name}={value}"
            );
        }
    }
}

#[test]
fn the_picker_offers_the_guilds_where_the_user_may_add_bots() {
    let world = World::new();
    let app = world.bot();
    let everything_but = (u64::MAX - 8 - 32).to_string();
    let own = world.guild("Own", &world.alice);
    let guild_with = |name: &str, permissions: &str| {
        world.advance(1);
        let guild = world.guild(name, &world.staff);
        world.member(&guild, &world.alice, permissions);
        guild
    };
    let managed = guild_with("Managed <b>", MANAGE_GUILD);
    guild_with("Administered", ADMINISTRATOR);
    let plain = guild_with("Plain", &everything_but);
    guild_with("Nothing", "0");
    world.advance(1);
    let foreign = world.guild("Foreign", &world.staff);
    world.advance(1);
    let taken = world.guild("Taken", &world.alice);
    let browser = world.alices_browser();
    is_added(&browser.add_bot(&app.bot_link(), &taken), "Taken");

    let offered = [
        ("Own", true),
        ("Managed <b>", true),
        ("Administered", true),
        ("Taken (already there)", false),
    ];
    let offered = offered.map(|(name, free)| (name.to_owned(), free));
    let link = app.bot_link();
    let page = browser.get(&link.target()).expect(200);
    assert_eq!(choices(&page), offered);
    assert_eq!(
        page.form("decision").field("guild_id"),
        "",
        "nothing is picked"
    );
    // Another bot is nowhere yet, and another user sees other guilds.
    let other = world.application(&json!({"name": "Other", "bot": true}));
    assert!(
        choices(&browser.get(&other.bot_link().target()))
            .iter()
            .all(|(_, free)| *free)
    );
    let staff = browser_of(&world, &world.staff);
    let names = choices(&staff.get(&link.target()));
    let names: Vec<_> = names.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        ["Managed <b>", "Administered", "Plain", "Nothing", "Foreign"]
    );

    for proposed in [&own, &managed] {
        let form = browser.consent(&link.clone().with("guild_id", proposed));
        assert_eq!(form.field("guild_id"), proposed);
    }
    for impossible in [&plain, &foreign, &taken] {
        let page = browser.get(&link.clone().with("guild_id", impossible).target());
        let page = page.expect(200);
        assert_eq!(choices(&page), offered);
        assert_eq!(page.form("decision").field("guild_id"), "");
        let words = page.texts(".bot .quiet").concat();
        assert!(words.contains("You cannot add it"), "{words}");
    }
    let unknown = link.clone().with("guild_id", "999999999999999999");
    is_refused(&browser.get(&unknown.target()), 404, "UNKNOWN_GUILD");

    // Where the guild is fixed there is nothing to pick.
    let fixed = |guild: &str| {
        let asks = link.clone().with("guild_id", guild);
        browser.get(&asks.with("disable_guild_select", "true").target())
    };
    let page = fixed(&managed).expect(200);
    assert_eq!(choices(&page), []);
    assert!(page.texts(".bot").concat().contains("Managed <b>"));
    for (guild, status, code) in [
        (&*plain, 403, "MISSING_PERMISSIONS"),
        (&foreign, 403, "MISSING_PERMISSIONS"),
        (&taken, 400, "BOT_ALREADY_IN_GUILD"),
        ("999999999999999999", 404, "UNKNOWN_GUILD"),
    ] {
        is_refused(&fixed(guild), status, code);
    }
    // A user without any such guild has nothing to approve.
    let nobody = world.user("nobody", false);
    let page = browser_of(&world, &nobody).get(&link.target()).expect(200);
    assert_eq!(choices(&page), []);
    assert_eq!(page.texts("button[value=approve]"), Vec::<String>::new());
}

#[test]
fn the_picker_finds_a_guild_among_many() {
    let world = World::new();
    let app = world.bot();
    for _ in 0..205 {
        let guild = world.guild("Plain", &world.staff);
        world.member(&guild, &world.alice, "0");
    }
    world.advance(1);
    world.guild("Own", &world.alice);
    let page = world.alices_browser().get(&app.bot_link().target());
    assert_eq!(choices(&page.expect(200)), [("Own".to_owned(), true)]);
}

#[test]
fn a_picker_that_is_full_says_so_and_leads_to_the_rest() {
    let world = World::new();
    let app = world.bot();
    let mut guilds: Vec<_> = (0..203)
        .map(|n| world.guild(&format!("G{n}"), &world.alice))
        .collect();
    guilds.sort();
    let browser = world.alices_browser();
    let first = browser.get(&app.bot_link().target()).expect(200);
    assert_eq!(choices(&first).len(), 200);
    let next = |page: &Answer| {
        let document = page.document();
        let link = document.select(&selector("a[href*=guilds_after]")).next();
        link.and_then(|it| it.attr("href")).map(str::to_owned)
    };
    let target = next(&first).expect("more");
    let second = browser.get(&target).expect(200);
    assert_eq!(choices(&second).len(), 3);
    assert_eq!(next(&second), None);
    let last = guilds.last().expect("a guild");
    let form = approved(&second.form("decision"), last);
    assert_eq!(browser.submit(&form).status, 200);
    assert!(world.permissions_of(last, &app.id).is_some());
    let few = world.browser();
    few.log_in(&world.staff);
    world.guild("One", &world.staff);
    assert_eq!(next(&few.get(&app.bot_link().target())), None);
}

#[test]
fn every_permission_that_is_asked_for_has_its_box() {
    let world = World::new();
    let app = world.bot();
    let browser = world.alices_browser();
    let guild = world.guild("G", &world.staff);
    world.member(&guild, &world.alice, "1056");
    // 2 + 1024, and bits 19, 31 and 60, which do not exist.
    let asks = app.bot_link().with("permissions", "1152921506754855938");
    let page = browser.get(&asks.target()).expect(200);
    let both = |held| [("2".to_owned(), held), ("1024".to_owned(), true)];
    assert_eq!(boxes(&page), both(true), "the guild is not known yet");
    let fixed = asks.clone().with("guild_id", &guild);
    let fixed = fixed.with("disable_guild_select", "true");
    assert_eq!(boxes(&browser.get(&fixed.target())), both(false));
    assert_eq!(boxes(&browser.get(&app.bot_link().target())), []);
    let everything = app.bot_link().with("permissions", "18446744073709551615");
    let everything = boxes(&browser.get(&everything.target()));
    assert_eq!(everything.len(), permissions::ALL.len());

    let own = world.guild("Own", &world.alice);
    let form = browser.consent(&asks).untick("permissions", "2");
    is_added(&browser.submit(&approved(&form, &own)), "Own");
    assert_eq!(world.permissions_of(&own, &app.id).as_deref(), Some("1024"));
}

#[test]
fn a_long_list_folds_but_for_what_is_dangerous_and_a_group_can_be_had_whole() {
    let world = World::new();
    let (browser, app) = (world.alices_browser(), world.bot());
    let guild = world.guild("G", &world.alice);
    let page = browser.get(&app.bot_link().with("permissions", ALL).target());
    let page = page.expect(200);
    let document = page.document();
    let groups = document.select(&selector(".permissions > details")).count();
    assert!(groups > 2, "{groups}");
    assert_eq!(page.texts(".permissions > details[open]").len(), 0);
    assert_eq!(page.texts(".permissions > details .dangerous").len(), 0);
    let first = selector(".permissions > fieldset, .permissions > details");
    let first = document.select(&first).next().expect("a group");
    assert_eq!(
        first.value().name(),
        "fieldset",
        "what is dangerous comes first"
    );
    assert!(first.select(&selector("li.dangerous")).count() > 3);

    // One box stands for its group, and no other.
    let details = document
        .select(&selector(".permissions > details"))
        .next()
        .expect("a group");
    let bits = |name: &str| -> Vec<u64> {
        let css = selector(&format!("input[name={name}]"));
        let boxes = details.select(&css);
        boxes
            .map(|it| it.attr("value").expect("a value").parse().expect("bits"))
            .collect()
    };
    let all = bits("permission_group")[0];
    let each = bits("permissions");
    assert_eq!(each.iter().fold(0, |bits, it| bits | it), all);
    let form = page
        .form("guild_id")
        .with("guild_id", &guild)
        .with("decision", "approve");
    let mut form = form;
    form.fields.retain(|(name, _)| name != "permissions");
    form.fields
        .push(("permission_group".to_owned(), all.to_string()));
    browser.submit(&form).expect(200);
    assert_eq!(world.permissions_of(&guild, &app.id), Some(all.to_string()));

    // A short list does not fold.
    let short = browser.get(&app.bot_link().with("permissions", "3074").target());
    assert_eq!(short.expect(200).texts("details").len(), 0);
}

#[test]
fn nobody_gives_a_bot_what_they_do_not_have() {
    let world = World::new();
    let app = world.bot();
    let browser = world.alices_browser();
    let guild = world.guild("G", &world.staff);
    let own = world.guild("Own", &world.alice);
    let given = |guild: &str, asked: &str| {
        let form = browser.consent(&app.bot_link().with("permissions", asked));
        let mut form = approved(&form, guild);
        // Whatever else is ticked by hand.
        for forged in ["8", "18446744073709551615", "1152921504606846976", "x", ""] {
            form.fields.push(("permissions".into(), forged.into()));
        }
        let added = browser.submit(&form);
        assert_eq!(added.status, 200, "{}", added.body);
        let permissions = world.permissions_of(guild, &app.id).expect("a member");
        world.remove(guild, &app.id);
        permissions
    };
    for permission in world.some(permissions::ALL, 5) {
        let asked = permission.value().to_string();
        let held_anyway = if asked == MANAGE_GUILD {
            MANAGE_GUILD
        } else {
            "0"
        };
        world.member(&guild, &world.alice, MANAGE_GUILD);
        assert_eq!(given(&guild, &asked), held_anyway, "{}", permission.name);
        let both = (1_u64 << permission.bit) | 32;
        world.member(&guild, &world.alice, &both.to_string());
        assert_eq!(given(&guild, &asked), asked, "{}", permission.name);
    }
    world.member(&guild, &world.alice, "36");
    for (asked, expected) in [
        (ALL, "36"),
        ("18446744073709551615", "36"),
        ("1152921504606846980", "4"),
        ("1152921504606846976", "0"),
        ("9007199254740993", "0"),
    ] {
        assert_eq!(given(&guild, asked), expected, "{asked}");
    }
    // Bits that exist nowhere are held by nobody, even where they were set.
    world.member(&guild, &world.alice, &(u64::MAX - 8).to_string());
    assert_eq!(
        given(&guild, &u64::MAX.to_string()),
        (69_815_829_414_805_503_u64 - 8).to_string()
    );
    // ADMINISTRATOR and ownership are everything there is.
    world.member(&guild, &world.alice, ADMINISTRATOR);
    world.member(&own, &world.alice, "0");
    for guild in [&guild, &own] {
        assert_eq!(given(guild, "18446744073709551615"), ALL);
        assert_eq!(given(guild, "9007199254740993"), "9007199254740993");
        assert_eq!(given(guild, "9007199254740992"), "9007199254740992");
    }
}

/// What an administrator does to Alice's place in a guild.
type Change = fn(&World, guild: &str, alice: &str) -> (Method, String, Option<Value>);

const LOSSES: [(Change, u16, &str); 3] = [
    (
        |_, guild, alice| {
            let path = format!("/api/admin/guilds/{guild}/members/{alice}");
            (Method::Put, path, Some(json!({"permissions": "16"})))
        },
        403,
        "MISSING_PERMISSIONS",
    ),
    (
        |_, guild, alice| {
            let path = format!("/api/admin/guilds/{guild}/members/{alice}");
            (Method::Delete, path, None)
        },
        403,
        "MISSING_PERMISSIONS",
    ),
    (
        |_, guild, _| (Method::Delete, format!("/api/admin/guilds/{guild}"), None),
        404,
        "UNKNOWN_GUILD",
    ),
];

fn change(world: &World, change: Change, guild: &str) -> Request {
    let (method, path, body) = change(world, guild, &world.alice.id);
    administrative(method, &path, body.as_ref(), &world.admin_token())
}

#[test]
fn who_may_no_longer_add_bots_does_not() {
    let world = World::new();
    let app = world.bot();
    let browser = world.alices_browser();
    for (loss, status, code) in LOSSES {
        for asks in [app.bot_link(), with_code(&app)] {
            let guild = world.guild("G", &world.staff);
            world.member(&guild, &world.alice, MANAGE_GUILD);
            let form = browser.consent(&asks);
            let answer = world.send(change(&world, loss, &guild));
            assert!(answer.status < 300, "{}", answer.body);
            is_refused(&browser.submit(&approved(&form, &guild)), status, code);
            if status == 403 {
                assert_eq!(world.permissions_of(&guild, &app.id), None);
            }
        }
    }
    nothing_is_granted(&browser, &app);
}

/// A family that nobody was given a code of is seen in the memory alone.
#[test]
fn neither_a_bot_s_own_link_nor_a_refusal_opens_a_family() {
    let world = Native::new();
    let app = world.bot();
    let browser = world.alices_browser();
    for app in bots_with_and_without_a_redirect_uri(&world) {
        let own = world.guild("Here", &world.alice);
        is_added(&browser.add_bot(&app.bot_link(), &own), "Here");
    }
    for (loss, status, code) in LOSSES {
        for asks in [app.bot_link(), with_code(&app)] {
            let guild = world.guild("G", &world.staff);
            world.member(&guild, &world.alice, MANAGE_GUILD);
            let form = approved(&browser.consent(&asks), &guild);
            world.send(change(&world, loss, &guild));
            is_refused(&browser.submit(&form), status, code);
        }
    }
    assert_eq!(world.memory.stored_families(), 0);
    // What is sent again opens none either.
    let guild = world.guild("G", &world.alice);
    let form = approved(&browser.consent(&with_code(&app)), &guild);
    for _ in 0..3 {
        browser.submit(&form).expect(303);
    }
    assert_eq!(world.memory.stored_families(), 1, "one code");
}

/// Approves while something else happens just before one of the storage steps, for each of them.
/// `prepare` gives the form and what happens; `check` sees the answer.
fn meanwhile(
    (world, browser): (&'static Native, &Browser<'_>),
    steps: usize,
    prepare: impl Fn() -> (Form, Request, String),
    check: impl Fn(&Answer, &str),
) {
    for step in 0..steps {
        let (form, request, guild) = prepare();
        world.memory.meanwhile.replace(Some(Meanwhile {
            step,
            happens: Box::new(move || {
                let answer = world.send(request);
                assert!(answer.status < 400, "{}", answer.body);
            }),
        }));
        let answer = browser.submit(&form);
        assert!(world.memory.meanwhile.take().is_none(), "{step} of {steps}");
        check(&answer, &guild);
    }
}

/// A bot's links, and the steps that approving one takes: up to the write that counts.
fn links(app: &App) -> [(Asks, usize); 2] {
    [(app.bot_link(), 3), (with_code(app), 5)]
}

/// A world that lives as long as the test.
fn leaked() -> &'static Native {
    Box::leak(Box::new(Native::new()))
}

/// There is nothing that the user could take back.
fn nothing_is_granted(browser: &Browser<'_>, app: &App) {
    let path = format!("/api/oauth2/@me/authorizations/{}", app.id);
    let answer = browser.call(Method::Delete, &path).expect(404);
    assert_eq!(answer.code(), "UNKNOWN_AUTHORIZATION");
}

#[test]
fn what_is_lost_between_the_look_and_the_write_is_lost() {
    let world = leaked();
    let app = world.bot();
    let browser = world.alices_browser();
    for (loss, status, code) in LOSSES {
        for (asks, steps) in links(&app) {
            let prepare = || {
                let guild = world.guild("G", &world.staff);
                world.member(&guild, &world.alice, MANAGE_GUILD);
                let form = approved(&browser.consent(&asks), &guild);
                (form, change(world, loss, &guild), guild)
            };
            meanwhile((world, &browser), steps, prepare, |answer, guild| {
                is_refused(answer, status, code);
                if status == 403 {
                    assert_eq!(world.permissions_of(guild, &app.id), None);
                }
            });
        }
    }
    // Nor is there a code left that somebody could redeem.
    nothing_is_granted(&browser, &app);

    // A single bit that is taken back in the middle is never given on.
    let lesser: Change = |_, guild, alice| {
        let path = format!("/api/admin/guilds/{guild}/members/{alice}");
        (Method::Put, path, Some(json!({"permissions": "32"})))
    };
    let prepare = || {
        let guild = world.guild("G", &world.staff);
        world.member(&guild, &world.alice, "36");
        let form = browser.consent(&app.bot_link().with("permissions", "4"));
        (
            approved(&form, &guild),
            change(world, lesser, &guild),
            guild,
        )
    };
    meanwhile((world, &browser), 3, prepare, |answer, guild| {
        let given = world.permissions_of(guild, &app.id);
        let refused = answer.status == 403 && given.is_none();
        assert!(refused || given.as_deref() == Some("0"), "{given:?}");
    });
}

#[test]
fn who_no_longer_is_logged_in_adds_nothing() {
    let world = leaked();
    let app = world.bot();
    let guild = world.guild("G", &world.alice);
    let browser = world.browser();
    let log_out = || {
        let form = browser.get("/logout").form("csrf_token");
        form.request().with("cookie", &browser.cookie_header())
    };
    let set_password = || {
        let path = format!("/api/admin/users/{}", world.alice.id);
        let password = json!({"password": PASSWORD});
        administrative(Method::Patch, &path, Some(&password), &world.admin_token())
    };
    for end in [&log_out as &dyn Fn() -> Request, &set_password] {
        for (asks, steps) in links(&app) {
            let prepare = || {
                browser.log_in(&world.alice);
                let form = approved(&browser.consent(&asks), &guild);
                (form, end(), guild.clone())
            };
            meanwhile((world, &browser), steps, prepare, |answer, guild| {
                assert_eq!(answer.status, 303, "{}", answer.body);
                assert!(answer.location().starts_with("/login?"));
                assert_eq!(world.permissions_of(guild, &app.id), None);
            });
        }
    }
    browser.log_in(&world.alice);
    nothing_is_granted(&browser, &app);
}

#[test]
fn a_bot_is_in_no_guild_once_its_application_is_deleted() {
    let world = leaked();
    let browser = world.alices_browser();
    let guild = world.guild("G", &world.alice);
    let deletes = std::cell::RefCell::new(String::new());
    let prepare = || {
        let app = world.bot();
        deletes.replace(app.id.clone());
        let form = approved(&browser.consent(&app.bot_link()), &guild);
        let path = format!("/api/admin/applications/{}", app.id);
        let delete = administrative(Method::Delete, &path, None, &world.admin_token());
        (form, delete, guild.clone())
    };
    meanwhile((world, &browser), 3, prepare, |answer, guild| {
        assert_ne!(answer.texts("h1"), ["Helper is now in G"]);
        assert_eq!(world.permissions_of(guild, &deletes.borrow()), None);
    });
}

#[test]
fn a_form_grants_what_it_showed() {
    let world = World::new();
    let app = world.bot();
    let browser = world.alices_browser();
    let own = world.guild("Own", &world.alice);
    let also_own = world.guild("Also", &world.alice);
    let plain = world.guild("Plain", &world.staff);
    world.member(&plain, &world.alice, "8933636165185");
    let foreign = world.guild("Foreign", &world.staff);
    let link = app.bot_link().with("permissions", "1024");

    for asks in [link.clone(), with_code(&app).with("permissions", "1024")] {
        let form = browser.consent(&asks);
        for (guild, status, code) in [
            (&*plain, 403, "MISSING_PERMISSIONS"),
            (&foreign, 403, "MISSING_PERMISSIONS"),
            ("999999999999999999", 404, "UNKNOWN_GUILD"),
            ("x", 400, "Invalid guild_id"),
            ("0", 400, "Invalid guild_id"),
            ("[1]", 400, "Invalid guild_id"),
        ] {
            is_refused(&browser.submit(&approved(&form, guild)), status, code);
        }
        let mut twice = approved(&form, &own);
        twice.fields.push(("guild_id".into(), foreign.clone()));
        browser.submit(&twice).expect(400);

        // The ticket is this request's alone.
        for other in [
            asks.clone().with("permissions", "1032"),
            asks.clone().without("permissions"),
            asks.clone().with("guild_id", &foreign),
            asks.clone().with("guild_id", &own),
            asks.clone().with("scope", "identify email bot"),
            asks.clone().with("client_id", &world.server.id),
        ] {
            let elsewhere = Form {
                action: other.target(),
                ..approved(&form, &own)
            };
            let answer = browser.submit(&elsewhere);
            assert!(matches!(answer.status, 400 | 403), "{}", other.target());
            assert_eq!(answer.header("location"), None);
        }
    }
    for guild in [&own, &also_own, &plain, &foreign] {
        assert_eq!(world.permissions_of(guild, &app.id), None);
    }
    // A permission that was not asked for is not granted, whoever ticks it.
    let mut form = approved(&browser.consent(&link), &own);
    form.fields.push(("permissions".into(), "2".into()));
    is_added(&browser.submit(&form), "Own");
    assert_eq!(world.permissions_of(&own, &app.id).as_deref(), Some("1024"));
    world.remove(&own, &app.id);
    // Where the link fixes the guild, that is the one that was shown.
    let fixed = link
        .with("guild_id", &own)
        .with("disable_guild_select", "true");
    let form = browser.consent(&fixed);
    is_added(&browser.submit(&approved(&form, &also_own)), "Own");
    assert_eq!(world.permissions_of(&also_own, &app.id), None);
}

#[test]
fn a_private_bot_is_its_owner_s_to_add() {
    let world = World::new();
    let app = world.bot();
    let set = |public: bool| {
        let path = format!("/api/admin/applications/{}", app.id);
        let public = json!({"bot_public": public});
        world
            .administer(Method::Patch, &path, Some(&public))
            .expect(200);
    };
    let theirs = world.guild("Theirs", &world.staff);
    let own = world.guild("Own", &world.alice);
    let staff = browser_of(&world, &world.staff);
    let (link, code) = (app.bot_link(), with_code(&app));
    let before = [&link, &code].map(|asks| approved(&staff.consent(asks), &theirs));
    set(false);
    is_refused(&staff.get(&link.target()), 403, "BOT_IS_PRIVATE");
    is_told(&staff.get(&code.target()), &app, "unauthorized_client");
    // Nor does a form from before.
    is_refused(&staff.submit(&before[0]), 403, "BOT_IS_PRIVATE");
    is_told(&staff.submit(&before[1]), &app, "unauthorized_client");
    assert_eq!(world.permissions_of(&theirs, &app.id), None);
    // Without `bot` it is an application like any other.
    staff.code(&app.asks());

    is_added(&world.alices_browser().add_bot(&link, &own), "Own");
    set(true);
    is_added(&staff.add_bot(&link, &theirs), "Theirs");
}

/// A bot that joins a guild when its application redeems a code, and not before.
fn bot_that_wants_a_code(world: &World) -> App {
    let app = world.bot();
    let path = format!("/api/admin/applications/{}", app.id);
    let required = json!({"bot_require_code_grant": true});
    world
        .administer(Method::Patch, &path, Some(&required))
        .expect(200);
    app
}

#[test]
fn a_bot_may_want_to_be_told_where_it_is() {
    let world = World::new();
    let app = bot_that_wants_a_code(&world);
    let guild = world.guild("G", &world.alice);
    let browser = world.alices_browser();
    for asks in [app.bot_link(), app.bot_link().with("response_type", "code")] {
        is_refused(
            &browser.get(&asks.target()),
            400,
            "This bot can only be added",
        );
    }
    let asks = app.asks().with("scope", "bot");
    let code = browser
        .add_bot(&asks, &guild)
        .parameter("code")
        .expect("a code");
    let is_there = || world.permissions_of(&guild, &app.id).is_some();
    let added = |log: &[Value]| log.iter().filter(|it| it["action"] == "bot.added").count();
    assert!(
        !is_there(),
        "it joins when its application redeems the code"
    );
    world.exchange(&world.other, &code).expect(400);
    let forged = but_secret(&app);
    world.exchange(&forged, &code).expect(401);
    assert!(!is_there() && added(&world.audit_log()) == 0);
    let tokens = world.exchange(&app, &code).expect(200).json();
    assert_eq!(tokens["scope"], "bot");
    assert_eq!(tokens["guild"]["id"], *guild);
    assert!(is_there() && added(&world.audit_log()) == 1);
}

#[test]
fn storage_that_fails_costs_a_bot_that_joins_by_a_code_nothing() {
    let world = Native::new();
    let app = bot_that_wants_a_code(&world);
    let guild = world.guild("G", &world.alice);
    let asks = app.asks().with("scope", "bot");
    let added = world.alices_browser().add_bot(&asks, &guild);
    let code = added.parameter("code").expect("a code");
    let is_there = || world.permissions_of(&guild, &app.id).is_some();
    for mood in [KvMood::Fresh, KvMood::Missing] {
        world.memory.kv_mood.set(mood);
        world.memory.outage.set(Some("d1.write"));
        world.exchange(&app, &code).expect(503);
        world.memory.outage.set(None);
        assert!(!is_there());
    }
    world.memory.kv_mood.set(KvMood::Fresh);
    let tokens = world.exchange(&app, &code).expect(200).json();
    assert_eq!(tokens["guild"]["id"], *guild);
    assert!(is_there());
}

#[test]
fn a_bot_that_joins_by_a_code_needs_a_user_who_may_still_add_it() {
    let world = World::new();
    let app = bot_that_wants_a_code(&world);
    let guild = world.guild("G", &world.staff);
    world.member(&guild, &world.alice, "32");
    let asks = app.asks().with("scope", "bot");
    let browser = world.alices_browser();
    let code = browser.add_bot(&asks, &guild).parameter("code");
    let code = code.expect("a code");
    world.member(&guild, &world.alice, "0");
    let refused = world.exchange(&app, &code).expect(400);
    assert_eq!(refused.error(), "invalid_grant");
    assert_eq!(world.permissions_of(&guild, &app.id), None);
    world.member(&guild, &world.alice, "32");
    world.exchange(&app, &code).expect(200);
    assert!(world.permissions_of(&guild, &app.id).is_some());
}

/// The application with another secret than its own.
fn but_secret(app: &App) -> App {
    App {
        secret: Some("another".to_owned()),
        ..app.clone()
    }
}

#[test]
fn a_request_needs_no_response_type() {
    let world = World::new();
    let app = world.bot();
    let browser = world.alices_browser();
    let guild = world.guild("G", &world.alice);
    let asks = app.asks().without("response_type");
    let code = browser.add_bot(&asks.clone().with("scope", "bot"), &guild);
    let code = code.parameter("code").expect("a code");
    let tokens = world.exchange(&app, &code).expect(200).json();
    assert_eq!(tokens["guild"]["id"], *guild);
    browser.code(&asks.with("scope", "identify"));
}

#[test]
fn a_link_for_a_bot_that_lacks_a_scope_is_told_so_and_not_of_a_redirect_uri() {
    let world = World::new();
    let app = world.bot();
    let browser = world.alices_browser();
    for scope in ["bot applications.commands", "applications.commands bot "] {
        let page = browser.get(&app.bot_link().with("scope", scope).target());
        let page = page.expect(400);
        assert!(page.body.contains("scope may hold"), "{}", page.body);
        assert!(!page.body.contains("redirect_uri"), "{}", page.body);
    }
    browser
        .get(&app.bot_link().with("scope", " bot ").target())
        .expect(200);
}

#[test]
fn an_application_without_a_bot_adds_none() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = &world.server;
    is_refused(
        &browser.get(&app.bot_link().target()),
        400,
        "NOT_A_BOT_APPLICATION",
    );
    let asks = app.asks().with("scope", "identify bot");
    is_told(&browser.get(&asks.target()), app, "invalid_scope");
}

#[test]
fn a_bot_is_in_a_guild_once() {
    let world = World::new();
    let app = world.bot();
    let guild = world.guild("G", &world.alice);
    world.member(&guild, &world.staff, MANAGE_GUILD);
    let (alice, staff) = (world.alices_browser(), browser_of(&world, &world.staff));
    for asks in [app.bot_link(), with_code(&app)] {
        let asks = asks.with("permissions", "1024");
        let late = approved(&alice.consent(&asks), &guild);
        let other_manager = approved(&staff.consent(&asks), &guild);
        let form = approved(&alice.consent(&asks), &guild);
        let first = alice.submit(&form);
        assert!(matches!(first.status, 200 | 303), "{}", first.body);
        // Every later form finds it there, and changes nothing.
        for (browser, form) in [(&alice, &late), (&staff, &other_manager)] {
            is_refused(&browser.submit(form), 400, "BOT_ALREADY_IN_GUILD");
        }
        // The form that added it is answered as it was, however often it comes.
        for _ in world.some(0..50, 10) {
            let again = alice.submit(&form);
            assert_eq!((again.status, &again.body), (first.status, &first.body));
            assert_eq!(again.location(), first.location());
        }
        let found = world.permissions_of(&guild, &app.id);
        assert_eq!(found.as_deref(), Some("1024"));
        let guilds = world.as_bot(&app, "/api/users/@me/guilds");
        assert_eq!(guilds.ids(), [&*guild]);
        world.remove(&guild, &app.id);
    }
}

/// What the page says is new of a bot that is there already.
fn news(page: &Answer) -> Vec<String> {
    page.texts(".bot .quiet li")
}

/// A bot of Alice's that is in a guild of hers with the permission to view channels.
fn bot_that_is_there(world: &World) -> (App, String) {
    let (app, guild) = (world.bot(), world.guild("Here", &world.alice));
    let link = app.bot_link().with("permissions", "1024");
    is_added(&world.alices_browser().add_bot(&link, &guild), "Here");
    (app, guild)
}

#[test]
fn a_long_list_of_what_is_new_folds_but_for_what_is_dangerous() {
    let world = World::new();
    let (app, _) = bot_that_is_there(&world);
    let all = app.bot_link().with("permissions", &u64::MAX.to_string());
    let page = world.alices_browser().get(&all.target()).expect(200);
    let listed = |css: &str| page.texts(&format!(".bot div.quiet {css}"));
    let (whole, folded) = (listed("li"), listed("details li"));
    let shown = whole.len() - folded.len();
    assert!(whole.len() > 12 && shown >= 5, "{shown} of {}", whole.len());
    assert_eq!(listed("summary"), [format!("and {} more", folded.len())]);
    assert!(whole.iter().take(shown).any(|it| it == "Kick members"));
    // Nothing dangerous is among what is folded.
    let dangerous = page.texts(".permissions li.dangerous");
    assert!(dangerous.len() > 5);
    for it in &folded {
        assert!(dangerous.iter().all(|line| !line.contains(it)), "{it}");
    }
    assert_eq!(shown, dangerous.len());
}

#[test]
fn a_bot_that_is_invited_again_gets_what_is_new_and_the_form_says_what() {
    let more = |it: &Asks| it.clone().with("permissions", "1026");
    let fixed = |it: &Asks, guild: &str| {
        let it = more(it).with("guild_id", guild);
        it.with("disable_guild_select", "true")
    };
    for with_a_code in [false, true] {
        for way in 0..3 {
            let world = World::new();
            let (app, guild) = bot_that_is_there(&world);
            let link = if with_a_code {
                with_code(&app)
            } else {
                app.bot_link()
            };
            let asks = [
                more(&link),
                more(&link).with("guild_id", &guild),
                fixed(&link, &guild),
            ];
            let browser = world.alices_browser();
            let page = browser.get(&asks[way].target()).expect(200);
            assert_eq!(news(&page), ["Kick members"], "{way}");
            let form = approved(&page.form("decision"), &guild);
            let answer = browser.submit(&form);
            // The form again is answered as it was.
            let again = browser.submit(&form);
            assert_eq!(
                (again.status, again.location()),
                (answer.status, answer.location())
            );
            if with_a_code {
                let tokens = world.exchange(&app, &answer.parameter("code").unwrap());
                assert_eq!(tokens.expect(200).json()["guild"]["permissions"], "1026");
            } else {
                is_added(&answer, "Here");
            }
            let found = || world.permissions_of(&guild, &app.id);
            assert_eq!(found().as_deref(), Some("1026"));
            let log = world.audit_log();
            let mut raised = log.iter().filter(|it| it["details"]["before"] == "1024");
            let raised = raised.next().unwrap();
            assert_eq!(raised["action"], "bot.added");
            assert_eq!(raised["details"]["permissions"], "1026");
            let fewer = app.bot_link().with("permissions", "2");
            is_refused(
                &browser.add_bot(&fewer, &guild),
                400,
                "BOT_ALREADY_IN_GUILD",
            );
            is_refused(
                &browser.get(&fixed(&link, &guild).target()),
                400,
                "BOT_ALREADY_IN_GUILD",
            );
            assert_eq!(found().as_deref(), Some("1026"));
        }
    }
}

#[test]
fn what_a_bot_has_is_shown_and_cannot_be_taken_by_a_form() {
    let world = World::new();
    let (app, guild) = bot_that_is_there(&world);
    let browser = world.alices_browser();
    let asks = app
        .bot_link()
        .with("permissions", "1030")
        .with("guild_id", &guild);
    let asks = asks.with("disable_guild_select", "true");
    let page = browser.get(&asks.target()).expect(200);
    let shown = boxes(&page)
        .into_iter()
        .map(|(value, open)| (value.parse::<u64>().unwrap(), open));
    let mut shown: Vec<_> = shown.collect();
    shown.sort_unstable();
    assert_eq!(shown, [(2, true), (4, true), (1024, false)]);
    assert_eq!(
        page.texts("h1"),
        ["Helper wants to give its bot more permissions"]
    );
    let form = page.form("decision");
    let form = form.with("permissions", "4").with("decision", "approve");
    is_added(&browser.submit(&form), "Here");
    assert_eq!(
        world.permissions_of(&guild, &app.id).as_deref(),
        Some("1028")
    );
}

#[test]
fn a_form_that_was_shown_before_the_bot_was_there_is_shown_again() {
    let world = World::new();
    let app = world.bot();
    let guild = world.guild("Here", &world.alice);
    let browser = world.alices_browser();
    for asks in [app.bot_link(), with_code(&app)] {
        let asks = asks.with("permissions", "1030");
        let early = approved(&browser.consent(&asks), &guild);
        let less = app.bot_link().with("permissions", "1024");
        is_added(&browser.add_bot(&less, &guild), "Here");
        let early = early.with("permissions", "2");
        let page = browser.submit(&early).expect(400);
        assert_eq!(news(&page), ["Kick members", "Ban members"]);
        let there = || world.permissions_of(&guild, &app.id);
        assert_eq!(there().as_deref(), Some("1024"), "nothing yet");
        // What was unticked stays so.
        let form = page.form("decision").with("decision", "approve");
        let answer = browser.submit(&form);
        assert!(matches!(answer.status, 200 | 303), "{}", answer.body);
        assert_eq!(there().as_deref(), Some("1026"));
        world.remove(&guild, &app.id);
    }
}

#[test]
fn nobody_raises_a_bot_beyond_themselves_or_on_what_has_changed() {
    let world = World::new();
    let (app, guild) = bot_that_is_there(&world);
    world.member(&guild, &world.staff, "34");
    let staff = browser_of(&world, &world.staff);
    // A manager without the permission to ban gives the bot what they hold, and takes nothing.
    let asks = app
        .bot_link()
        .with("permissions", "6")
        .with("guild_id", &guild);
    let page = staff.get(&asks.target()).expect(200);
    assert_eq!(news(&page), ["Kick members"]);
    is_added(
        &staff.submit(&approved(&page.form("decision"), &guild)),
        "Here",
    );
    let there = || world.permissions_of(&guild, &app.id);
    assert_eq!(there().as_deref(), Some("1026"));

    // Two forms at once: the second was shown what is no longer so, and is shown again.
    let alice = world.alices_browser();
    let asks = app.bot_link().with("guild_id", &guild);
    let first = alice.consent(&asks.clone().with("permissions", "4"));
    let second = alice.consent(&asks.clone().with("permissions", "16"));
    is_added(&alice.submit(&approved(&first, &guild)), "Here");
    let again = alice.submit(&approved(&second, &guild)).expect(400);
    assert_eq!(there().as_deref(), Some("1030"));
    is_added(
        &alice.submit(&approved(&again.form("decision"), &guild)),
        "Here",
    );
    assert_eq!(there().as_deref(), Some("1046"));
    // A bot that left meanwhile is added with what the form grants, not with what it had.
    let form = alice.consent(&asks.with("permissions", "64"));
    world.remove(&guild, &app.id);
    is_added(&alice.submit(&approved(&form, &guild)), "Here");
    assert_eq!(there().as_deref(), Some("64"));
}

#[test]
fn a_bot_that_joins_by_a_code_is_raised_by_one() {
    let world = World::new();
    let (app, guild) = (world.bot(), world.guild("G", &world.staff));
    world.member(&guild, &world.alice, "1122");
    let path = format!("/api/admin/applications/{}", app.id);
    let required = json!({"bot_require_code_grant": true});
    world
        .administer(Method::Patch, &path, Some(&required))
        .expect(200);
    let browser = world.alices_browser();
    let asks = |permissions| {
        app.asks()
            .with("scope", "bot")
            .with("permissions", permissions)
    };
    let redeem = |code: &str| world.exchange(&app, code);
    let code = |permissions| {
        browser
            .add_bot(&asks(permissions), &guild)
            .parameter("code")
            .unwrap()
    };
    redeem(&code("1024")).expect(200);
    let there = || world.permissions_of(&guild, &app.id);
    let more = code("66");
    assert_eq!(there().as_deref(), Some("1024"));
    // What the bot has it keeps, though its installer has it no more; what is new they must have.
    world.member(&guild, &world.alice, "98");
    assert_eq!(
        redeem(&more).expect(200).json()["guild"]["permissions"],
        "1090"
    );
    assert_eq!(there().as_deref(), Some("1090"));
    world.member(&guild, &world.alice, "96");
    assert_eq!(
        browser
            .add_bot(&asks("2"), &guild)
            .expect(400)
            .texts("h1")
            .len(),
        1
    );
    world.member(&guild, &world.alice, "100");
    let ban = code("4");
    world.member(&guild, &world.alice, "96");
    redeem(&ban).expect(400);
    assert_eq!(there().as_deref(), Some("1090"));
}

#[test]
fn who_denies_adds_nothing() {
    let world = World::new();
    let app = world.bot();
    let guild = world.guild("G", &world.alice);
    let browser = world.alices_browser();
    let deny = |asks: &Asks| {
        let form = browser.consent(asks).with("guild_id", &guild);
        browser.submit(&form.with("decision", "deny"))
    };
    let answer = deny(&app.bot_link()).expect(200);
    assert_eq!(answer.texts("h1"), ["Nothing was added"]);
    assert_eq!(answer.header("location"), None);
    let answer = deny(&with_code(&app));
    is_told(&answer, &app, "access_denied");
    let words = answer.parameter("error_description");
    assert_eq!(words.as_deref(), Some("The user denied access"));
    assert_eq!(world.permissions_of(&guild, &app.id), None);
}

#[test]
fn a_guild_has_to_be_chosen() {
    let world = World::new();
    let app = world.bot();
    let browser = world.alices_browser();
    for asks in [app.bot_link(), with_code(&app)] {
        let guild = world.guild("G", &world.alice);
        let form = browser.consent(&asks).with("decision", "approve");
        let mut without = form.clone();
        without.fields.retain(|(name, _)| name != "guild_id");
        for form in [form, without] {
            let again = browser.submit(&form).expect(400);
            assert_eq!(again.header("location"), None);
            assert_eq!(
                again.texts("[role=alert]"),
                ["Choose a community for the bot."]
            );
            assert_eq!(world.permissions_of(&guild, &app.id), None);
            let form = again.form("decision");
            let answer = browser.submit(&approved(&form, &guild));
            assert!(matches!(answer.status, 200 | 303), "{}", answer.body);
            assert!(world.permissions_of(&guild, &app.id).is_some());
            world.remove(&guild, &app.id);
        }
    }
    // What was unticked stays so on the form that comes back.
    let asks = app.asks().with("scope", "identify email bot");
    let form = browser.consent(&asks.with("permissions", "1026"));
    let form = form.untick("permissions", "2").untick("scope", "email");
    let again = browser.submit(&form.with("decision", "approve"));
    let back = again.expect(400).form("decision").fields;
    let ticked = |name: &str, value: &str| back.iter().any(|it| it.0 == name && it.1 == value);
    assert!(ticked("permissions", "1024"));
    assert!(!ticked("permissions", "2") && !ticked("scope", "email"));
}

#[test]
fn the_token_response_says_where_the_bot_is() {
    let world = World::new();
    let app = world.bot();
    let guild = json!({"name": "G <b>", "owner_id": world.alice.id, "icon": "a_1f"});
    let guild = world.administer(Method::Post, "/api/admin/guilds", Some(&guild));
    let guild = text(&guild.expect(200).json(), "id");
    let other = world.guild("Other", &world.alice);
    let browser = world.alices_browser();
    let asks = with_code(&app).with("permissions", "9007199254740993");
    let answer = browser.add_bot(&asks, &guild).expect(303);
    assert!(answer.location().starts_with(&app.redirect_uri));
    assert_eq!(answer.parameter("state").as_deref(), Some(STATE));
    let code = answer.parameter("code").expect("a code");
    // Nothing that the client says at this point changes what was approved.
    let mut form = app.exchange(&code);
    form.extend([("guild_id", &*other), ("permissions", "8")]);
    let tokens = world.token(&app, &form).expect(200).json();
    assert_eq!(tokens["scope"], "identify bot");
    let expected = json!({
        "id": guild, "name": "G <b>", "icon": "a_1f", "permissions": "9007199254740993",
    });
    assert_eq!(tokens["guild"], expected);
    let refreshed = world.refresh(&app, &text(&tokens, "refresh_token"));
    assert_eq!(refreshed.expect(200).json().get("guild"), None);
    assert_eq!(world.permissions_of(&other, &app.id), None);
    world.me(&text(&tokens, "access_token")).expect(200);

    // A bot is asked about every time, and can be left out.
    let form = browser.consent(&asks).untick("scope", "bot");
    let answer = browser.submit(&approved(&form, &other));
    let code = answer.expect(303).parameter("code").expect("a code");
    let tokens = world.exchange(&app, &code).expect(200).json();
    assert_eq!(tokens["scope"], "identify");
    assert_eq!(tokens.get("guild"), None);
    assert_eq!(world.permissions_of(&other, &app.id), None);
}

#[test]
fn a_bot_without_permissions_has_none() {
    let world = World::new();
    let app = world.bot();
    let browser = world.alices_browser();
    for (permissions, words) in [
        ("0", "It has no permissions of its own there."),
        (
            "1152921504606846976",
            "It has no permissions of its own there.",
        ),
        ("1024", "View channels"),
    ] {
        let guild = world.guild("G", &world.alice);
        let page = browser.add_bot(&app.bot_link().with("permissions", permissions), &guild);
        assert!(page.texts("main").concat().contains(words), "{}", page.body);
        let given = if permissions == "1024" { "1024" } else { "0" };
        let shown = world.as_bot(&app, &format!("/api/guilds/{guild}"));
        assert_eq!(shown.expect(200).json()["permissions"], given);
    }
}

#[test]
fn a_bot_sees_itself_its_application_and_its_guilds() {
    let world = World::new();
    let app = world.bot();
    let (first, second) = (world.guild("First", &world.alice), {
        world.advance(1);
        world.guild("Second", &world.alice)
    });
    let browser = world.alices_browser();
    let me = world.as_bot(&app, "/api/users/@me").expect(200).json();
    let discriminator = text(&me, "discriminator");
    let bot = json!({
        "id": app.id, "username": "Helper", "avatar": null, "public_flags": 0, "bot": true,
        "discriminator": discriminator,
    });
    assert_eq!(me, bot);
    let application = world.as_bot(&app, "/api/applications/@me").expect(200);
    let expected = json!({
        "id": app.id, "name": "Helper", "icon": null, "description": "", "scopes": ["bot"],
        "bot_public": true, "bot_require_code_grant": false, "bot": bot, "flags": 0,
        "verify_key": null,
    });
    assert_eq!(application.json(), expected);

    let one = format!("/api/guilds/{first}");
    let denied = world.as_bot(&app, &one).expect(403);
    assert_eq!(denied.code(), "MISSING_ACCESS");
    assert_eq!(
        world.as_bot(&app, "/api/users/@me/guilds").json(),
        json!([])
    );
    let unknown = ["999999999999999999", "0", "x", "01", "-1", "%F0%9F%98%80"];
    for unknown in unknown.iter().copied().chain([&*"9".repeat(10_240)]) {
        let answer = world
            .as_bot(&app, &format!("/api/guilds/{unknown}"))
            .expect(404);
        assert_eq!(answer.code(), "UNKNOWN_GUILD");
    }

    // A URL parser would resolve this one before it is sent.
    let native = Native::new();
    let answer = native.as_bot(&native.bot(), "/api/guilds/%2e%2e");
    assert_eq!(answer.expect(404).code(), "UNKNOWN_GUILD");

    for (guild, permissions) in [(&second, "8"), (&first, "1024")] {
        browser.add_bot(&app.bot_link().with("permissions", permissions), guild);
    }
    let shown = world.as_bot(&app, &one).expect(200).json();
    let created = text(&shown, "created_at");
    let expected = json!({
        "id": first, "name": "First", "icon": null, "owner_id": world.alice.id,
        "created_at": created, "permissions": "1024",
    });
    assert_eq!(shown, expected);
    let guilds = json!([
        {"id": first, "name": "First", "icon": null, "owner": false, "permissions": "1024"},
        {"id": second, "name": "Second", "icon": null, "owner": false, "permissions": "8"},
    ]);
    assert_eq!(world.as_bot(&app, "/api/users/@me/guilds").json(), guilds);
    let path = "/api/users/@me/guilds?limit=1";
    assert_eq!(world.as_bot(&app, path).ids(), [&*first]);
    let path = format!("{path}&after={first}");
    assert_eq!(world.as_bot(&app, &path).ids(), [&*second]);
    // Not its application's owner, and no administrator.
    for path in [
        "/api/users/@me/connections",
        "/api/oauth2/@me",
        "/api/oauth2/userinfo",
        "/api/oauth2/session",
        "/api/oauth2/applications/@me",
        "/api/oauth2/@me/authorizations",
        "/api/admin/users",
    ] {
        world.as_bot(&app, path).expect(401);
    }
}

#[test]
fn a_form_sent_again_otherwise_is_not_answered_as_if_it_counted() {
    let world = World::new();
    let app = world.bot();
    let guild = world.guild("G", &world.alice);
    let browser = world.alices_browser();
    let form = browser.consent(&app.bot_link().with("permissions", "3072"));
    let form = approved(&form, &guild);
    let first = browser.submit(&form).expect(200);
    let words = ["View channels", "Send messages"];
    assert_eq!(first.texts("main li"), words);
    let again = browser.submit(&form.untick("permissions", "2048"));
    let found = world.permissions_of(&guild, &app.id);
    assert_eq!(found.as_deref(), Some("3072"), "what was granted stays");
    assert!(again.status >= 400 || again.texts("main li") == words);
}

#[test]
fn a_bot_goes_with_its_place_its_guild_or_its_application() {
    let world = World::new();
    let app = world.bot();
    let names = ["Kept", "Left", "Deleted"];
    let [kept, left, deleted] = names.map(|name| world.guild(name, &world.alice));
    let browser = world.alices_browser();
    let link = app.bot_link();
    for (guild, name) in [&kept, &left, &deleted].into_iter().zip(names) {
        is_added(&browser.add_bot(&link, guild), name);
    }
    world.remove(&left, &app.id);
    let path = format!("/api/admin/guilds/{deleted}");
    world.administer(Method::Delete, &path, None).expect(204);
    assert_eq!(world.as_bot(&app, "/api/users/@me/guilds").ids(), [&*kept]);
    for (guild, status, code) in [
        (&left, 403, "MISSING_ACCESS"),
        (&deleted, 404, "UNKNOWN_GUILD"),
    ] {
        let answer = world.as_bot(&app, &format!("/api/guilds/{guild}"));
        assert_eq!(answer.expect(status).code(), code);
    }
    // It can come back, and whoever added it may leave: it stays.
    world.member(&left, &world.staff, MANAGE_GUILD);
    let staff = browser_of(&world, &world.staff);
    is_added(&staff.add_bot(&link, &left), "Left");
    world.remove(&left, &world.staff.id);
    assert!(world.permissions_of(&left, &app.id).is_some());

    let form = approved(&browser.consent(&link), &left);
    let path = format!("/api/admin/applications/{}", app.id);
    world.administer(Method::Delete, &path, None).expect(204);
    browser.get(&link.target()).expect(400);
    browser.submit(&form).expect(400);
    for guild in [&kept, &left] {
        assert_eq!(world.permissions_of(guild, &app.id), None);
    }
    for path in [
        "/api/users/@me",
        "/api/users/@me/guilds",
        "/api/applications/@me",
    ] {
        assert_eq!(world.as_bot(&app, path).expect(401).code(), "INVALID_TOKEN");
    }
}
