//! What becomes of what a user leaves behind: their applications, their logins in KV, and the audit log.

use fluxer_oauth2::http::Method;
use serde_json::{Value, json};

use crate::world::{Native, User, World, text};

fn delete(world: &World, user: &User, query: &str) -> crate::world::Answer {
    let path = format!("/api/admin/users/{}{query}", user.id);
    world.administer(Method::Delete, &path, None)
}

fn owner(world: &World, app: &str) -> Value {
    let path = format!("/api/admin/applications/{app}");
    let shown = world.administer(Method::Get, &path, None);
    shown.expect(200).json()["owner_id"].clone()
}

#[test]
fn a_deleted_developer_s_applications_go_along_or_to_an_heir() {
    let world = World::new();
    let apps = ["A", "B"].map(|name| {
        let app = json!({"name": name, "owner_id": world.alice.id});
        world.application(&app).id
    });
    for unsaid in [
        "?applications=",
        "?applications=999",
        "?applications=everything",
    ] {
        let refused = delete(&world, &world.alice, unsaid).expect(400).json();
        assert_eq!(refused["errors"][0]["path"], "applications", "{unsaid}");
    }
    let themselves = format!("?applications={}", world.alice.id);
    delete(&world, &world.alice, &themselves).expect(400);
    // Nothing has become of them so far.
    world.browser().log_in(&world.alice);
    let heir = format!("?applications={}", world.staff.id);
    delete(&world, &world.alice, &heir).expect(204);
    for app in apps {
        assert_eq!(owner(&world, &app), *world.staff.id);
    }
    delete(&world, &world.staff, "").expect(204);
    let left = world.administer(Method::Get, "/api/admin/applications", None);
    let left = left.expect(200).json();
    assert!(
        left.as_array()
            .expect("a list")
            .iter()
            .all(|it| it["owner_id"].is_null())
    );
}

#[test]
fn a_user_without_applications_is_deleted_unasked() {
    let world = World::new();
    delete(&world, &world.alice, "").expect(204);
}

#[test]
fn the_logins_of_a_deleted_user_leave_kv() {
    let world = Native::new();
    let tokens = world.tokens(&world.server);
    assert_eq!(world.memory.refresh_records(), 1);
    assert_eq!(world.memory.code_records(), 1);
    delete(&world, &world.alice, "").expect(204);
    assert_eq!(world.memory.refresh_records(), 0);
    assert_eq!(world.memory.code_records(), 0);
    world.refresh(&world.server, &tokens.refresh).expect(400);
}

#[test]
fn so_do_those_of_a_user_who_was_suspended() {
    let world = Native::new();
    let tokens = world.tokens(&world.server);
    let path = format!("/api/admin/users/{}", world.alice.id);
    let suspended = json!({"suspended": true});
    world
        .administer(Method::Patch, &path, Some(&suspended))
        .expect(200);
    assert_eq!(world.memory.refresh_records(), 1);
    delete(&world, &world.alice, "").expect(204);
    assert_eq!(world.memory.refresh_records(), 0);
    world.refresh(&world.server, &tokens.refresh).expect(400);
}

#[test]
fn who_was_a_member_is_taken_out_of_what_the_log_says_of_the_guild() {
    let world = World::new();
    let guild = world.guild("G", &world.staff);
    world.member(&guild, &world.alice, "8");
    world.remove(&guild, &world.alice.id);
    world.member(&guild, &world.staff, "8");
    let says = |id: &str| {
        let log = world.audit_log();
        let says = log.iter().filter(|it| it["details"]["user_id"] == id);
        says.count()
    };
    assert_eq!((says(&world.alice.id), says(&world.staff.id)), (2, 1));
    let entries = world.audit_log().len();
    let path = format!("/api/admin/audit-log/{}", world.alice.id);
    world.administer(Method::Delete, &path, None).expect(204);
    assert_eq!((says(&world.alice.id), says(&world.staff.id)), (0, 1));
    let log = world.audit_log();
    assert_eq!(log.len(), entries + 1);
    // Where it happened, and who did it, stays.
    let of_guild = log.iter().filter(|it| it["target_id"] == *guild);
    assert!(of_guild.clone().count() >= 3);
    assert!(
        of_guild
            .filter(|it| it["action"] != "guild.created")
            .all(|it| it["actor_id"] == "1")
    );
}

#[test]
fn the_page_that_deletes_a_developer_asks_what_becomes_of_their_applications() {
    let world = World::new();
    let app = json!({"name": "A", "owner_id": world.alice.id});
    let app = world.application(&app).id;
    let staff = world.browser();
    staff.log_in(&world.staff);
    let here = format!("/admin/users/{}", world.alice.id);
    let page = staff.get(&here).expect(200);
    let asked = page.texts("#delete legend, section[aria-labelledby=delete] legend");
    assert_eq!(asked, ["What becomes of their applications?"]);
    let form = page
        .form_with("button[value=delete]")
        .with("action", "delete");
    let form = form.with("password", crate::world::PASSWORD);
    // Nothing is deleted by a form that does not say it, or names nobody, or is not confirmed.
    for (said, heir, status) in [
        ("", "", 400),
        ("heir", "", 400),
        ("heir", "nobody", 400),
        ("heir", "alice", 400),
        ("heir", "999", 400),
        ("what", "", 400),
    ] {
        let form = form.clone().with("applications", said).with("heir", heir);
        let page = staff.submit(&form).expect(status);
        assert_eq!(page.texts("#delete-problem").len(), 1, "{said} {heir}");
    }
    let wrong = form.clone().with("applications", "delete");
    staff.submit(&wrong.with("password", "wrong")).expect(403);
    world.browser().log_in(&world.alice);
    assert_eq!(owner(&world, &app), *world.alice.id);

    let yes = form.with("applications", "heir").with("heir", " STAFF ");
    let gone = staff.submit(&yes).expect(303);
    let list = staff.get(gone.location()).expect(200);
    assert_eq!(list.texts("[role=status]"), ["The user was deleted."]);
    assert_eq!(owner(&world, &app), *world.staff.id);
    staff.get(&here).expect(404);

    // Who has none is deleted unasked; applications go along where the form says so.
    let others = ["bob", "eve"].map(|name| world.user(name, false));
    let app = world
        .application(&json!({"name": "B", "owner_id": others[1].id}))
        .id;
    for (user, said) in others.iter().zip(["", "delete"]) {
        let page = staff.get(&format!("/admin/users/{}", user.id)).expect(200);
        assert_eq!(page.texts("legend").is_empty(), said.is_empty());
        let form = page
            .form_with("button[value=delete]")
            .with("action", "delete");
        let form = form.with("password", crate::world::PASSWORD);
        staff.submit(&form.with("applications", said)).expect(303);
    }
    let path = format!("/api/admin/applications/{app}");
    world.administer(Method::Get, &path, None).expect(404);
}

#[test]
fn a_person_is_taken_out_of_the_log_and_the_entries_stay() {
    let world = World::new();
    world.tokens(&world.server);
    let guild = world.guild("A guild", &world.staff);
    world.member(&guild, &world.alice, "8");
    world
        .browser()
        .try_to_log_in("alice", "a wrong password")
        .expect(403);
    let staff = world.browser();
    staff.address.set("198.51.100.7");
    staff.log_in(&world.staff);
    let page = staff.get(&format!("/admin/users/{}", world.alice.id));
    let taken = page.form_with("button[value=application]");
    staff
        .submit(&taken.with("action", "application"))
        .expect(303);
    delete(&world, &world.alice, "").expect(204);
    world.advance(1);
    let before = world.audit_log();
    let of_alice = |log: &[Value]| {
        let theirs = log
            .iter()
            .filter(|entry| entry.to_string().contains(&world.alice.id));
        theirs.count()
    };
    assert!(of_alice(&before) >= 3, "{before:?}");
    let path = format!("/api/admin/audit-log/{}", world.alice.id);
    world.administer(Method::Delete, &path, None).expect(204);
    let after = world.audit_log();
    assert_eq!(of_alice(&after), 0, "{after:?}");
    assert_eq!(after.len(), before.len() + 1);
    assert_eq!(after[0]["action"], "audit_log.erased");
    let actions = |log: &[Value]| -> Vec<_> { log.iter().map(|it| text(it, "action")).collect() };
    assert_eq!(actions(&after)[1..], actions(&before));
    let failed = after.iter().find(|it| it["action"] == "user.login_failed");
    let failed = failed.expect("an entry");
    assert_eq!(
        (&failed["address"], &failed["device"]),
        (&json!(""), &Value::Null)
    );
    // What others did stays theirs.
    let taken = after
        .iter()
        .find(|it| it["action"] == "authorization.revoked");
    let taken = taken.expect("an entry");
    assert_eq!(taken["actor_id"], *world.staff.id);
    assert_eq!(taken["address"], "198.51.100.7");
    assert_eq!(taken["device"], "Mozilla/5.0 (test)");
    let made = after.iter().find(|it| it["action"] == "user.deleted");
    assert_eq!(made.expect("an entry")["actor_id"], "1");
    world
        .administer(Method::Delete, "/api/admin/audit-log/alice", None)
        .expect(404);
}

#[test]
fn trust_does_not_rest_on_a_suspended_administrator() {
    let world = World::new();
    let app = json!({"name": "A", "owner_id": world.staff.id});
    let app = world.application(&app);
    let browser = world.browser();
    browser.log_in(&world.staff);
    let page = browser.get(&format!("/admin/applications/{}", app.id));
    let form = page.form("password").with("action", "grant");
    browser
        .submit(&form.with("password", crate::world::PASSWORD))
        .expect(303);
    let trusted = || {
        let path = format!("/api/admin/applications/{}", app.id);
        let shown = world.administer(Method::Get, &path, None);
        shown.expect(200).json()["trusted"].clone()
    };
    assert_eq!(trusted(), true);
    let path = format!("/api/admin/users/{}", world.staff.id);
    let suspended = json!({"suspended": true});
    world
        .administer(Method::Patch, &path, Some(&suspended))
        .expect(200);
    assert_eq!(trusted(), false);
}

#[test]
fn an_administrator_sees_the_devices_of_somebody_who_wants_all_their_data() {
    let world = World::new();
    world.tokens(&world.server);
    let alice = &world.alice.id;
    let path = format!(
        "/api/admin/users/{alice}/authorizations/{}",
        world.server.id
    );
    let shown = world
        .administer(Method::Get, &path, None)
        .expect(200)
        .json();
    assert_eq!(shown["application"]["id"], json!(world.server.id));
    assert_eq!(shown["devices"].as_array().map(Vec::len), Some(1));
    assert_eq!(shown["devices"][0]["address"], "192.0.2.1");
    for other in [&world.other.id, "x"] {
        let path = format!("/api/admin/users/{alice}/authorizations/{other}");
        world.administer(Method::Get, &path, None).expect(404);
    }
}
