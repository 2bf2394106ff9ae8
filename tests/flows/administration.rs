//! `/api/admin/*`: users, guilds, members, connections, applications; and what is refused there.

use fluxer_oauth2::http::{Body, Method};
use fluxer_oauth2::routes::ROUTES;
use serde_json::{Value, json};

use crate::moving::{import, lines};
use crate::world::{
    Answer, App, Browser, PASSWORD, With, World, administrative, get, post_as, request, text,
    with_json,
};

const USERS: &str = "/api/admin/users";
const GUILDS: &str = "/api/admin/guilds";
const APPLICATIONS: &str = "/api/admin/applications";

fn put(world: &World, path: &str, body: &Value) -> Answer {
    world.administer(Method::Put, path, Some(body))
}

fn show(world: &World, path: &str) -> Value {
    world.administer(Method::Get, path, None).expect(200).json()
}

#[test]
fn what_is_somebody_else_s_already_is_named_at_once() {
    let world = World::new();
    let alice = show(&world, &format!("{USERS}/{}", world.alice.id));
    let staff = show(&world, &format!("{USERS}/{}", world.staff.id));
    for (name, mail, paths) in [
        (&alice, &alice, &["email", "username"][..]),
        (&alice, &staff, &["email", "username"]),
        (&alice, &json!({"email": "new@mail.example"}), &["username"]),
        (&json!({"username": "new"}), &alice, &["email"]),
    ] {
        let wished = json!({
            "username": text(name, "username").to_uppercase(), "email": mail["email"],
            "password": PASSWORD,
        });
        let refused = world.administer(Method::Post, USERS, Some(&wished));
        assert_eq!(refused.fields(), paths, "{wished}");
        let other = world.user("other", false);
        let one = format!("{USERS}/{}", other.id);
        let refused = world.administer(Method::Patch, &one, Some(&wished));
        assert_eq!(refused.fields(), paths, "{wished}");
        world.administer(Method::Delete, &one, None).expect(204);
    }
    // What is one's own is not taken.
    let path = format!("{USERS}/{}", world.alice.id);
    let both = json!({"username": "ALICE", "email": staff["email"]});
    let refused = world.administer(Method::Patch, &path, Some(&both));
    assert_eq!(refused.fields(), ["email"]);
}

#[test]
fn a_user_is_made_changed_and_deleted() {
    let world = World::new();
    let wished = json!({
        "username": "Bob.1", "email": "Bob@mail.example", "password": PASSWORD, "verified": true,
        "avatar": "a_1f", "public_flags": 4_294_967_295_u64, "discriminator": "0042",
    });
    let made = world.administer(Method::Post, USERS, Some(&wished));
    let mut made = made.expect(200).json();
    let id = text(&made, "id");
    let expected = json!({
        "id": id, "username": "Bob.1", "email": "Bob@mail.example", "verified": true,
        "admin": false, "suspended": false, "avatar": "a_1f", "public_flags": 4_294_967_295_u64,
        "discriminator": "0042", "created_at": text(&made, "created_at"),
    });
    assert_eq!(made, expected);
    let one = format!("{USERS}/{id}");
    assert_eq!(show(&world, &one), made);
    for (name, value) in [
        ("username", json!("bob2")),
        ("verified", json!(false)),
        ("email", json!("bob2@mail.example")),
        ("admin", json!(true)),
        ("avatar", json!("b_2f")),
        ("avatar", Value::Null),
        ("public_flags", json!(0)),
        ("discriminator", json!("9999")),
    ] {
        let mut change = json!({});
        change[name] = value.clone();
        made[name] = value;
        let changed = world.administer(Method::Patch, &one, Some(&change));
        assert_eq!(changed.expect(200).json(), made, "{name}");
        assert_eq!(show(&world, &one), made);
    }
    world.browser().try_to_log_in("bob2", PASSWORD).expect(303);
    world.administer(Method::Delete, &one, None).expect(204);
    for method in [Method::Get, Method::Patch, Method::Delete] {
        let body = (method == Method::Patch).then(|| json!({}));
        let answer = world.administer(method, &one, body.as_ref()).expect(404);
        assert_eq!(answer.code(), "UNKNOWN_USER");
    }
    world.browser().try_to_log_in("bob2", PASSWORD).expect(403);
}

#[test]
fn an_address_that_was_not_there_before_is_not_verified() {
    let world = World::new();
    let wished = json!({
        "username": "bob", "email": "bob@mail.example", "password": PASSWORD, "verified": true,
    });
    let made = world.administer(Method::Post, USERS, Some(&wished));
    let one = format!("{USERS}/{}", text(&made.expect(200).json(), "id"));
    for (change, verified) in [
        (json!({"email": "bob@mail.example"}), true),
        (json!({"email": "BOB@mail.example"}), true),
        (json!({"username": "bobby"}), true),
        (json!({"email": "new@mail.example"}), false),
        (json!({"email": "bob@mail.example"}), false),
        (json!({"email": "b@mail.example", "verified": true}), true),
    ] {
        let changed = world.administer(Method::Patch, &one, Some(&change));
        assert_eq!(changed.expect(200).json()["verified"], verified, "{change}");
        assert_eq!(show(&world, &one)["verified"], verified, "{change}");
    }
}

#[test]
fn a_field_that_nothing_here_knows_is_named_and_changes_nothing() {
    let world = World::new();
    let of = |path: &str, wished: Value| {
        let made = world.administer(Method::Post, path, Some(&wished));
        format!("{path}/{}", text(&made.expect(200).json(), "id"))
    };
    let user = json!({"username": "bob", "email": "bob@mail.example", "password": PASSWORD});
    let guild = json!({"name": "G", "owner_id": world.alice.id});
    let (user_at, guild_at) = (of(USERS, user.clone()), of(GUILDS, guild.clone()));
    let application_at = of(APPLICATIONS, json!({"name": "A"}));
    let member = format!("{guild_at}/members/{}", world.staff.id);
    let connection = format!("{user_at}/connections/github/1");
    for (method, path, body, shown_at) in [
        (Method::Post, USERS, user, USERS),
        (Method::Patch, &user_at, json!({"username": "x1"}), &user_at),
        (Method::Put, &connection, json!({"name": "n"}), &user_at),
        (Method::Post, GUILDS, guild, GUILDS),
        (Method::Put, &member, json!({"permissions": "8"}), &guild_at),
        (
            Method::Post,
            APPLICATIONS,
            json!({"name": "B"}),
            APPLICATIONS,
        ),
        (
            Method::Patch,
            &application_at,
            json!({"name": "B"}),
            &application_at,
        ),
    ] {
        let before = show(&world, shown_at);
        let mut odd = body.clone();
        odd["disabled"] = json!(true);
        odd["id"] = json!("5");
        let refused = world.administer(method, path, Some(&odd));
        assert_eq!(refused.fields(), ["disabled", "id"], "{path}");
        assert_eq!(show(&world, shown_at), before, "{path}");
    }
    for one in [&user_at, &application_at] {
        let whole = show(&world, one);
        let same = world.administer(Method::Patch, one, Some(&whole));
        assert_eq!(
            same.expect(200).json(),
            whole,
            "what is shown may be sent back"
        );
    }
}

#[test]
fn a_guild_has_an_owner_and_members() {
    let world = World::new();
    let wished = json!({"name": "G", "owner_id": world.alice.id, "icon": "a_1f"});
    let made = world
        .administer(Method::Post, GUILDS, Some(&wished))
        .expect(200)
        .json();
    let id = text(&made, "id");
    let expected = json!({
        "id": id, "name": "G", "icon": "a_1f", "owner_id": world.alice.id,
        "created_at": text(&made, "created_at"),
    });
    assert_eq!(made, expected);
    let one = format!("{GUILDS}/{id}");
    let members = format!("{one}/members");
    assert_eq!(show(&world, &one), made);
    let owner = json!({"id": world.alice.id, "bot": false, "permissions": "69815829414805503"});
    assert_eq!(show(&world, &members), json!([owner]));

    let staff = format!("{members}/{}", world.staff.id);
    let member =
        |permissions: &str| json!({"id": world.staff.id, "bot": false, "permissions": permissions});
    // Without a word about permissions: what every member may.
    assert_eq!(
        put(&world, &staff, &json!({})).expect(200).json(),
        member("8933636165185")
    );
    let set = put(&world, &staff, &json!({"permissions": "0"}));
    assert_eq!(set.expect(200).json(), member("0"));
    assert_eq!(show(&world, &members), in_order([&owner, &member("0")]));
    let app = world.bot();
    let browser = world.alices_browser();
    browser
        .add_bot(&app.bot_link().with("permissions", "8"), &id)
        .expect(200);
    let bot = json!({"id": app.id, "bot": true, "permissions": "8"});
    assert_eq!(
        show(&world, &members),
        in_order([&owner, &member("0"), &bot])
    );

    let delete = |path: &str| world.administer(Method::Delete, path, None);
    delete(&staff).expect(204);
    assert_eq!(delete(&staff).expect(404).code(), "UNKNOWN_MEMBER");
    delete(&format!("{members}/{}", app.id)).expect(204);
    assert_eq!(show(&world, &members), json!([owner]));
    let owner_s = format!("{members}/{}", world.alice.id);
    assert_eq!(delete(&owner_s).fields(), ["user_id"]);
    // A bot comes by consent, not by being written here.
    let as_user = put(&world, &format!("{members}/{}", app.id), &json!({}));
    assert_eq!(as_user.expect(404).code(), "UNKNOWN_USER");

    // Its owner's account goes, and the guild stays, without one.
    let with_applications = format!("{USERS}/{}?applications=delete", world.alice.id);
    delete(&with_applications).expect(204);
    assert_eq!(show(&world, &one)["owner_id"], Value::Null);
    assert_eq!(show(&world, &members), json!([]));
    delete(&one).expect(204);
    for path in [&one, &members] {
        let answer = world.administer(Method::Get, path, None).expect(404);
        assert_eq!(answer.code(), "UNKNOWN_GUILD");
    }
    assert_eq!(delete(&one).expect(404).code(), "UNKNOWN_GUILD");
    assert_eq!(
        put(&world, &staff, &json!({})).expect(404).code(),
        "UNKNOWN_GUILD"
    );
}

#[test]
fn a_connection_is_set_changed_and_removed() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = &world.server;
    let token = browser.code(&app.asks().with("scope", "connections"));
    let token = world.exchange(app, &token).tokens().access;
    let connections = || {
        let answer = world.send(get("/api/users/@me/connections").bearer(&token));
        answer.expect(200).json()
    };
    let of = |tail: &str| format!("{USERS}/{}/connections/{tail}", world.alice.id);
    for (name, verified) in [("one", false), ("two", true)] {
        let set = put(
            &world,
            &of("github/1"),
            &json!({"name": name, "verified": verified}),
        );
        let expected = json!({"type": "github", "id": "1", "name": name, "verified": verified});
        assert_eq!(set.expect(200).json(), expected);
        assert_eq!(connections(), json!([expected]));
    }
    // Not verified unless somebody says so.
    let set = put(
        &world,
        &of("bsky/did:plc:x%2Fy%3Fz+1"),
        &json!({"name": "é"}),
    );
    let odd = json!({"type": "bsky", "id": "did:plc:x/y?z+1", "name": "é", "verified": false});
    assert_eq!(set.expect(200).json(), odd);
    let delete = |tail: &str| world.administer(Method::Delete, &of(tail), None);
    delete("github/1").expect(204);
    assert_eq!(delete("github/1").expect(404).code(), "UNKNOWN_CONNECTION");
    assert_eq!(
        delete("github/did:plc:x%2Fy%3Fz+1").expect(404).code(),
        "UNKNOWN_CONNECTION"
    );
    assert_eq!(connections(), json!([odd]));
    delete("bsky/did:plc:x%2Fy%3Fz+1").expect(204);
    assert_eq!(connections(), json!([]));

    for (tail, paths) in [
        ("GitHub/1", &["type"][..]),
        ("%C3%A9/1", &["type"]),
        ("%zz/1", &["type"]),
        ("%00/%00", &["connection_id", "type"]),
        ("github/%E2%80%AE", &["connection_id"]),
        ("github/%20", &["connection_id"]),
        ("github/%ff", &["connection_id"]),
        ("..%2f/..%2f%20", &["connection_id", "type"]),
    ] {
        assert_eq!(
            put(&world, &of(tail), &json!({"name": "x"})).fields(),
            paths,
            "{tail}"
        );
        assert_eq!(delete(tail).fields(), paths, "{tail}");
    }
    let long = "x".repeat(10_240);
    for tail in [
        format!("{long}/1"),
        format!("github/{long}"),
        format!("%{long}/1"),
    ] {
        put(&world, &of(&tail), &json!({"name": "x"})).expect(400);
        delete(&tail).expect(400);
    }
    let both = put(&world, &of("A/%20"), &json!({"verified": "yes"}));
    assert_eq!(both.fields(), ["connection_id", "name", "type", "verified"]);
    assert_eq!(connections(), json!([]));
    let nobody = format!("{USERS}/999/connections/github/1");
    assert_eq!(
        put(&world, &nobody, &json!({"name": "x"}))
            .expect(404)
            .code(),
        "UNKNOWN_USER"
    );
}

#[test]
fn an_application_is_trusted_flagged_and_given_to_an_owner_here() {
    let world = World::new();
    let wished = json!({
        "name": "A", "owner_id": world.alice.id, "trusted": true, "bot": true, "flags": 5,
        "redirect_uris": ["https://a.example/cb"],
    });
    let made = world
        .administer(Method::Post, APPLICATIONS, Some(&wished))
        .expect(200)
        .json();
    let app = App::shown_in(&made);
    assert_eq!(
        (&made["trusted"], &made["owner_id"], &made["flags"]),
        (&json!(true), &json!(world.alice.id), &json!(5))
    );
    let wrong = json!({"name": "A", "flags": -1});
    let refused = world.administer(Method::Post, APPLICATIONS, Some(&wrong));
    assert_eq!(refused.fields(), ["flags"]);
    world.as_bot(&app, "/api/users/@me").expect(200);
    let one = format!("{APPLICATIONS}/{}", app.id);
    let mut shown = show(&world, &one);
    assert_eq!(shown.get("client_secret"), None);
    let expected: [(&str, Value); 4] = [
        ("trusted", json!(false)),
        ("flags", json!(4_294_967_295_u64)),
        ("name", json!("B")),
        ("redirect_uris", json!([])),
    ];
    for (name, value) in expected {
        let mut change = json!({});
        change[name] = value.clone();
        shown[name] = value;
        let changed = world.administer(Method::Patch, &one, Some(&change));
        assert_eq!(changed.expect(200).json(), shown);
    }
    // Given to another owner, it is theirs and nobody else's.
    let (alice, staff) = (world.alices_browser(), world.browser());
    staff.log_in(&world.staff);
    let theirs = one.replace("/admin/", "/oauth2/");
    alice.get(&theirs).expect(200);
    let given = json!({"owner_id": world.staff.id});
    shown["owner_id"] = json!(world.staff.id);
    let changed = world.administer(Method::Patch, &one, Some(&given));
    assert_eq!(changed.expect(200).json(), shown);
    assert_eq!(staff.get(&theirs).expect(200).json(), shown);
    assert_eq!(alice.get(&theirs).expect(403).code(), "ACCESS_DENIED");
    let answer = world.administer(Method::Delete, &one, None).expect(204);
    assert_eq!(answer.body, "");
    let answer = world.administer(Method::Get, &one, None).expect(404);
    assert_eq!(answer.code(), "UNKNOWN_APPLICATION");
    // The one that the configuration makes is in no list, and cannot be changed away.
    for method in [Method::Get, Method::Delete, Method::Patch] {
        let built_in = format!("{APPLICATIONS}/1");
        world
            .administer(method, &built_in, Some(&json!({"trusted": false})))
            .expect(404);
    }
    world.admin_token();
}

/// A list in the order of its ids.
fn in_order<const N: usize>(mut list: [&Value; N]) -> Value {
    list.sort_by_key(|it| text(it, "id"));
    json!(list[..])
}

/// All ids of a list, read page by page.
fn pages(path: &str, limit: usize, read: impl Fn(&str) -> Answer) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    loop {
        let after = all.last().map(|last| format!("&after={last}"));
        let target = format!("{path}?limit={limit}{}", after.unwrap_or_default());
        let page = read(&target).ids();
        assert!(page.len() <= limit, "{target}");
        assert!(page.iter().all(|id| !all.contains(id)), "{target}");
        let is_last = page.is_empty();
        all.extend(page);
        if is_last {
            return all;
        }
    }
}

/// A list, who reads it, and the ids that are in it.
type List<'l> = (&'l str, &'l dyn Fn(&str) -> Answer, &'l [String]);

/// Reads a list by pages of every size.
fn is_complete((path, read, expected): &List<'_>) {
    for limit in [1, 2, 7, expected.len(), 100] {
        assert_eq!(pages(path, limit, read), *expected, "{path} by {limit}");
    }
    // Everything, where nothing is asked.
    assert_eq!(read(path).ids(), *expected);
    assert_eq!(read(&format!("{path}?limit=&after=")).ids(), *expected);
    let end = format!("{path}?after=9223372036854775807");
    assert_eq!(read(&end).ids(), [""; 0]);
    let others = format!("{path}?page=1&q=x");
    assert_eq!(read(&others).ids(), *expected, "parameters of other lists");
}

/// Asks a list for nonsense.
fn knows_nonsense((path, read, _): &List<'_>) {
    let guilds = path.starts_with("/api/users/");
    let most = if guilds { 200 } else { 100 };
    read(&format!("{path}?limit={most}")).expect(200);
    if !guilds {
        assert_eq!(read(&format!("{path}?after=0")).fields(), ["after"]);
    }
    let too_many = format!("limit={}", most + 1);
    let long = format!("after={}", "9".repeat(10_240));
    for (query, fields) in [
        ("limit=0", &["limit"][..]),
        ("limit=-1", &["limit"]),
        ("limit=1.5", &["limit"]),
        ("limit=x", &["limit"]),
        ("limit=1e2", &["limit"]),
        ("limit=%2B1", &["limit"]),
        ("limit=%20", &["limit"]),
        ("limit=4294967297", &["limit"]),
        ("limit=%F0%9F%98%80", &["limit"]),
        ("limit=1&limit=1", &["limit"]),
        (&too_many, &["limit"]),
        ("limit=%zz", &["query"]),
        ("after=-1", &["after"]),
        ("after=01", &["after"]),
        ("after=1.5", &["after"]),
        ("after=x", &["after"]),
        ("after=9223372036854775808", &["after"]),
        ("after=%00", &["after"]),
        ("after=1,2", &["after"]),
        ("after=1%20", &["after"]),
        ("after=1&after=1", &["after"]),
        (&long, &["after"]),
        ("limit=x&after=x", &["after", "limit"]),
    ] {
        assert_eq!(
            read(&format!("{path}?{query}")).fields(),
            fields,
            "{path}?{query}"
        );
    }
}

/// Ids of fewer digits than those that are made here.
const IMPORTED: [&str; 5] = ["7", "31", "999", "88888888888888888", "999999999999999999"];

/// A user, a guild and an application of Alice's by each of those ids, and the users members of one guild.
fn with_imported(world: &World, home: &str) -> [String; 5] {
    let records = IMPORTED.map(|id| {
        [
            json!({"record": "user", "id": id, "username": format!("u{id}"),
                "email": format!("{id}@moved.example")}),
            json!({"record": "guild", "id": id, "name": id, "owner_id": world.alice.id}),
            json!({"record": "application", "id": id, "name": id, "type": "public",
                "owner_id": world.alice.id}),
            json!({"record": "member", "user_id": id, "guild_id": home, "permissions": "0"}),
            json!({"record": "member", "user_id": world.alice.id, "guild_id": id,
                "permissions": "0"}),
        ]
    });
    let answer = import(world, &lines(records.as_flattened()));
    assert!(
        answer.iter().all(|it| it["status"] == "created"),
        "{answer:?}"
    );
    IMPORTED.map(str::to_owned)
}

#[test]
fn every_page_of_a_list_is_complete_and_in_order() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = world.bot();
    let home = world.guild("Home", &world.staff);
    let mut guilds = vec![home.clone()];
    let mut users = vec![world.alice.id.clone(), world.staff.id.clone()];
    let mut members = vec![world.staff.id.clone()];
    let mut mine = vec![app.id.clone()];
    for number in 0..23 {
        // Several within one millisecond, too.
        if number % 3 == 0 {
            world.advance(1);
        }
        let guild = world.guild(&format!("Guild {number}"), &world.alice);
        browser.add_bot(&app.bot_link(), &guild).expect(200);
        guilds.push(guild);
        let owned = json!({"name": format!("Mine {number}"), "owner_id": world.alice.id});
        mine.push(world.application(&owned).id);
        let user = world.user(&format!("user{number}"), false);
        world.member(&home, &user, "0");
        members.push(user.id.clone());
        users.push(user.id);
    }
    let imported = with_imported(&world, &home);
    for id in &imported {
        browser.add_bot(&app.bot_link(), id).expect(200);
    }
    for ids in [&mut guilds, &mut users, &mut members, &mut mine] {
        ids.extend(imported.clone());
    }
    let mut applications = mine.clone();
    applications.extend([&world.server, &world.other, &world.device].map(|app| app.id.clone()));
    for ids in [
        &mut guilds,
        &mut users,
        &mut members,
        &mut mine,
        &mut applications,
    ] {
        ids.sort_by_key(|id| id.parse::<u64>().expect("a number"));
    }
    let joined: Vec<_> = guilds.iter().filter(|it| **it != home).cloned().collect();

    let code = browser.code(&world.server.asks().with("scope", "guilds"));
    let token = world.exchange(&world.server, &code).tokens().access;
    let administered = |target: &str| world.administer(Method::Get, target, None);
    let of_session = |target: &str| browser.get(target);
    let of_user = |target: &str| world.send(get(target).bearer(&token));
    let of_bot = |target: &str| world.as_bot(&app, target);
    let of_home = format!("{GUILDS}/{home}/members");
    let lists: [List<'_>; 7] = [
        (USERS, &administered, &users),
        (GUILDS, &administered, &guilds),
        (&of_home, &administered, &members),
        (APPLICATIONS, &administered, &applications),
        ("/api/oauth2/applications/@me", &of_session, &mine),
        ("/api/users/@me/guilds", &of_user, &joined),
        ("/api/users/@me/guilds", &of_bot, &joined),
    ];
    for list in &lists {
        is_complete(list);
        knows_nonsense(list);
    }
    for read in [&of_user as &dyn Fn(&str) -> Answer, &of_bot] {
        for (place, id) in joined.iter().enumerate() {
            let before = format!("/api/users/@me/guilds?limit=3&before={id}");
            assert_eq!(read(&before).ids(), joined[place.saturating_sub(3)..place]);
        }
    }
}

#[test]
fn a_place_in_a_list_is_a_number_and_not_its_spelling() {
    let world = World::new();
    let users = world.administer(Method::Get, USERS, None).ids();
    for before_all in ["1", "2", "999", "999999999999999999"] {
        let after = format!("{USERS}?after={before_all}");
        let listed = world.administer(Method::Get, &after, None).ids();
        assert_eq!(listed, users, "{after}");
    }
}

#[test]
fn permissions_are_decimal_strings_of_64_bits() {
    let world = World::new();
    let guild = world.guild("G", &world.alice);
    let member = format!("{GUILDS}/{guild}/members/{}", world.staff.id);
    for exact in [
        "0",
        "1",
        "9007199254740991",
        "9007199254740992",
        "9007199254740993",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551615",
    ] {
        let set = put(&world, &member, &json!({"permissions": exact})).expect(200);
        assert_eq!(set.json()["permissions"], exact);
        let found = world.permissions_of(&guild, &world.staff.id);
        assert_eq!(found.as_deref(), Some(exact));
    }
    let text = |value: &str| json!(value);
    for wrong in [
        text(""),
        text("-1"),
        text("+1"),
        text("01"),
        text("00"),
        text("0x8"),
        text("1e3"),
        text("8.0"),
        text("8 "),
        text(" 8"),
        text("8\0"),
        text("８"),
        text("18446744073709551616"),
        text("99999999999999999999999999999"),
        text(&"9".repeat(10_000)),
        text("ADMINISTRATOR"),
        json!(8),
        json!(-1),
        json!(1.5),
        json!(true),
        json!(["8"]),
        json!({}),
    ] {
        let refused = put(&world, &member, &json!({"permissions": wrong}));
        let words = refused.json()["errors"][0]["message"].to_string();
        assert_eq!(refused.fields(), ["permissions"], "{wrong}");
        assert!(words.contains("string"), "{words}");
    }
    let found = world.permissions_of(&guild, &world.staff.id);
    assert_eq!(
        found.as_deref(),
        Some("18446744073709551615"),
        "as it was before"
    );
}

#[test]
fn an_owner_is_named_by_a_decimal_string() {
    let world = World::new();
    for owner in [
        json!(""),
        json!("0"),
        json!("-1"),
        json!(format!("0{}", world.alice.id)),
        json!(format!("{} ", world.alice.id)),
        json!(format!("{}.0", world.alice.id)),
        json!("9223372036854775808"),
        json!("18446744073709551617"),
        json!("999999999999999999"),
        json!(world.alice.username),
        json!(world.alice.id.parse::<u64>().expect("a number")),
        json!(1.5),
        json!([world.alice.id]),
    ] {
        for path in [GUILDS, APPLICATIONS] {
            let body = json!({"name": "X", "owner_id": owner});
            let refused = world.administer(Method::Post, path, Some(&body));
            assert_eq!(refused.fields(), ["owner_id"], "{path} {owner}");
        }
        let one = format!("{APPLICATIONS}/{}", world.server.id);
        let given = json!({"owner_id": owner});
        let refused = world.administer(Method::Patch, &one, Some(&given));
        assert_eq!(refused.fields(), ["owner_id"], "{owner}");
    }
    let nobody_s = json!({"name": "X", "owner_id": null});
    let refused = world.administer(Method::Post, GUILDS, Some(&nobody_s));
    assert_eq!(refused.fields(), ["owner_id"]);
    let refused = world.administer(Method::Post, GUILDS, Some(&json!({})));
    assert_eq!(refused.fields(), ["name", "owner_id"]);
    assert_eq!(show(&world, GUILDS), json!([]));
}

#[test]
fn a_name_is_kept_as_it_is_or_refused() {
    let world = World::new();
    let connection = format!("{USERS}/{}/connections/github/1", world.alice.id);
    let body = |path: &str, name: Value| match path {
        GUILDS => json!({"name": name, "owner_id": world.alice.id}),
        _ => json!({"name": name}),
    };
    let places = [
        (Method::Post, GUILDS, Some(GUILDS)),
        (Method::Post, APPLICATIONS, Some(APPLICATIONS)),
        (Method::Put, &connection, None),
    ];
    for (method, path, list) in places {
        for name in [
            "<script>alert(1)</script>",
            "\"><img src=x onerror=1>",
            "&lt;b&gt;",
            "'; DROP TABLE guilds; --",
            "{{7*7}} ${7*7} %s %00",
            "日本語 é 😀 👩‍👩‍👧 ❤️",
            "null",
            "0",
            &"x".repeat(100),
            &"😀".repeat(100),
        ] {
            let kept = world
                .administer(method, path, Some(&body(path, json!(name))))
                .expect(200)
                .json();
            assert_eq!(kept["name"], name);
            if let Some(list) = list {
                let one = format!("{list}/{}", text(&kept, "id"));
                assert_eq!(show(&world, &one)["name"], name);
            }
        }
        for name in [
            "",
            " ",
            "\t",
            " x",
            "x ",
            "a\nb",
            "a\r\nb",
            "a\0b",
            "a\u{7f}b",
            "a\u{85}b",
            "a\u{202e}b",
            "a\u{2066}b",
            "a\u{200f}b",
            "a\u{61c}b",
            "a\u{200b}b",
            "a\u{200d}b",
            "\u{3164}",
            "\u{2800}",
            "\u{feff}a",
            "a\u{e0041}b",
            &"x".repeat(101),
            &"x".repeat(32 * 1024),
        ] {
            let refused = world.administer(method, path, Some(&body(path, json!(name))));
            assert_eq!(refused.fields(), ["name"], "{path} {name:?}");
        }
        for name in [json!(1), json!(true), json!(["x"]), json!({"x": 1})] {
            let refused = world.administer(method, path, Some(&body(path, name)));
            assert_eq!(refused.fields(), ["name"], "{path}");
        }
    }
}

#[test]
fn a_body_is_a_json_object() {
    let world = World::new();
    let guild = world.guild("G", &world.alice);
    let token = world.admin_token();
    for (method, path) in [
        (Method::Post, USERS.to_owned()),
        (Method::Post, GUILDS.to_owned()),
        (Method::Post, APPLICATIONS.to_owned()),
        (Method::Patch, format!("{USERS}/{}", world.alice.id)),
        (Method::Patch, format!("{APPLICATIONS}/{}", world.server.id)),
        (
            Method::Put,
            format!("{GUILDS}/{guild}/members/{}", world.staff.id),
        ),
        (
            Method::Put,
            format!("{USERS}/{}/connections/x/1", world.alice.id),
        ),
    ] {
        for (media_type, body, status) in [
            ("application/json", "", 400),
            ("application/json", "{", 400),
            ("application/json", "[]", 400),
            ("application/json", "null", 400),
            ("application/json", "\"x\"", 400),
            ("application/json; charset=utf-16", "{}", 415),
            ("text/plain", "{}", 415),
            ("application/x-www-form-urlencoded", "name=x", 415),
        ] {
            let mut posted = post_as(media_type, &path, body).bearer(&token);
            posted.method = method;
            let answer = world.send(posted).expect(status);
            if status == 400 {
                assert_eq!(answer.fields(), ["body"], "{path} {body}");
            }
        }
        let deep = format!("{}1{}", "[".repeat(30_000), "]".repeat(30_000));
        for body in [deep.into_bytes(), b"{\"name\": \"\xff\"}".to_vec()] {
            let mut posted = post_as("application/json", &path, "").bearer(&token);
            posted.method = method;
            posted.body = Body::Read(body);
            assert_eq!(world.send(posted).fields(), ["body"], "{path}");
        }
    }
    assert_eq!(world.permissions_of(&guild, &world.staff.id), None);
}

/// The route with each of its placeholders filled in turn with something odd.
fn oddly_filled(world: &World, guild: &str, path: &str) -> Vec<String> {
    let long = "9".repeat(10_240);
    let odd = [
        "999999999999999999",
        "0",
        "-1",
        "01",
        "1.0",
        "1e3",
        "0x1",
        "x",
        "%40you",
        "%31",
        "%00",
        "%zz",
        "%ff",
        "%2e%2e%2f%2e%2e",
        "é",
        "😀",
        "%F0%9F%98%80",
        "1%20OR%201=1",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551616",
        &long,
    ];
    let good = [
        ("{user}", &*world.alice.id),
        ("{application}", &world.server.id),
        ("{guild}", guild),
        ("{type}", "github"),
        ("{connection}", "1"),
    ];
    let mut filled = Vec::new();
    for (placeholder, _) in good.iter().filter(|(it, _)| path.contains(it)) {
        for odd in odd {
            let path = path.replace(placeholder, odd);
            let fill = |path: String, (name, value): &(&str, &str)| path.replace(name, value);
            filled.push(good.iter().fold(path, fill));
        }
    }
    filled
}

#[test]
fn an_odd_path_is_an_ordinary_mistake() {
    let world = World::new();
    let guild = world.guild("G", &world.alice);
    let browser = world.alices_browser();
    let csrf_token = browser.csrf_token();
    let mut asked = 0;
    let managed = [
        "/api/admin/",
        "/api/oauth2/applications/{",
        "/api/oauth2/@me/",
    ];
    let is_managed = |path: &str| managed.iter().any(|of| path.starts_with(of));
    let managed = ROUTES.iter().filter(|it| is_managed(it.path));
    let has_id = managed.filter(|it| it.path.contains('{'));
    let routes: Vec<_> = world.some(has_id, 3).collect();
    for route in &routes {
        for path in oddly_filled(&world, &guild, route.path) {
            let body = json!({"name": "x", "password": PASSWORD});
            let is_connection = path.contains("/connections/");
            let by_administrator = world.administer(route.method, &path, Some(&body));
            let asks = request(route.method, &path).with("x-csrf-token", &csrf_token);
            let by_owner = browser.send(with_json(asks, &body));
            for answer in [by_administrator, by_owner] {
                let is_refusal = matches!(answer.status, 400 | 401 | 403 | 404);
                // A service's account may be called what it likes.
                let is_odd_account = is_connection && matches!(answer.status, 200 | 204);
                assert!(is_refusal || is_odd_account, "{path}: {}", answer.status);
                asked += 1;
            }
        }
    }
    assert!(routes.len() > 8 && asked > 40 * routes.len(), "{asked}");
    assert_eq!(
        show(&world, &format!("{USERS}/{}", world.alice.id))["username"],
        "alice"
    );
    assert_eq!(
        show(&world, &format!("{APPLICATIONS}/{}", world.server.id))["name"],
        "Server"
    );
}

#[test]
fn administration_is_for_administrators() {
    let world = World::new();
    let browser = world.alices_browser();
    let staff = world.browser();
    staff.log_in(&world.staff);
    let bot = world.bot();
    let guild = world.guild("G", &world.alice);
    let app = &world.server;
    let token = |browser: &Browser<'_>, scope: &str| {
        let code = browser.code(&app.asks().with("scope", scope));
        world.exchange(app, &code).tokens().access
    };
    let everything = "identify email guilds connections";
    let tokens = [
        token(&browser, "identify"),
        token(&browser, everything),
        token(&staff, everything),
        world.own_token(app, ""),
        world.own_token(&bot, "bot"),
    ];
    let bot_token = bot.bot_token.as_deref().expect("a bot");
    let mut tried = 0;
    for route in ROUTES
        .iter()
        .filter(|route| route.path.starts_with("/api/admin/"))
    {
        let path = route.path.replace("{user}", &world.alice.id);
        let path = path
            .replace("{guild}", &guild)
            .replace("{application}", &app.id);
        let path = path
            .replace("{type}", "github")
            .replace("{connection}", "1");
        let body = json!({"name": "Changed", "username": "changed", "permissions": "8"});
        let ask = || with_json(request(route.method, &path), &body);
        for (answer, status, code) in [
            (world.send(ask()), 401, "UNAUTHORIZED"),
            (world.send(ask().bot(bot_token)), 401, "INVALID_TOKEN"),
            (world.send(ask().bearer(bot_token)), 401, "INVALID_TOKEN"),
            (world.send(ask().bearer("x")), 401, "INVALID_TOKEN"),
            (
                world.send(ask().basic("1", crate::world::ADMIN_SECRET)),
                401,
                "UNAUTHORIZED",
            ),
            (
                browser.send(ask().with("x-csrf-token", &browser.csrf_token())),
                401,
                "UNAUTHORIZED",
            ),
            (
                staff.send(ask().with("x-csrf-token", &staff.csrf_token())),
                401,
                "UNAUTHORIZED",
            ),
        ] {
            assert_eq!(answer.status, status, "{path}");
            assert_eq!(answer.code(), code, "{path}");
            tried += 1;
        }
        for token in &tokens {
            let answer = world.send(administrative(route.method, &path, Some(&body), token));
            assert_eq!(answer.expect(403).code(), "MISSING_OAUTH_SCOPE", "{path}");
        }
    }
    assert!(tried > 100, "{tried}");
    // Nothing of it had an effect.
    assert_eq!(show(&world, USERS).as_array().map(Vec::len), Some(2));
    assert_eq!(
        show(&world, &format!("{USERS}/{}", world.alice.id))["username"],
        "alice"
    );
    assert_eq!(
        show(&world, &format!("{APPLICATIONS}/{}", app.id))["name"],
        "Server"
    );
    assert_eq!(show(&world, GUILDS).as_array().map(Vec::len), Some(1));
    let owner = world.permissions_of(&guild, &world.alice.id);
    assert_eq!(owner.as_deref(), Some("69815829414805503"));
}
