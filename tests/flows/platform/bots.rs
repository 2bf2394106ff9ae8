//! Bots join by the platform's own command, which has the last word.

use serde_json::{Value, json};

use super::{Health, Platformed};
use crate::world::{App, Browser, Form, text};

/// A bot of Alice's, and a guild that she owns at the platform.
fn bot_and_guild(world: &Platformed, require_code: bool) -> App {
    let guild = json!({"id": "70", "name": "Chess", "owner": true, "permissions": "8"});
    world.says(
        &format!("/directory/users/{}/guilds", world.alice.id),
        json!([guild]),
    );
    world.says(
        &format!("/directory/guilds/70/members/{}", world.alice.id),
        guild,
    );
    let app = json!({
        "name": "Helper", "bot": true, "bot_require_code_grant": require_code,
        "redirect_uris": ["https://helper.example/cb"],
    });
    let made = world.administer(
        fluxer_oauth2::http::Method::Post,
        "/api/admin/applications",
        Some(&app),
    );
    App::shown_in(&made.expect(200).json())
}

fn form(world: &Platformed, browser: &Browser<'_>, app: &App) -> Form {
    let asks = app
        .asks()
        .with("scope", "identify bot")
        .with("permissions", "3072");
    let _ = world;
    browser
        .consent(&asks)
        .with("guild_id", "70")
        .with("decision", "approve")
}

/// The commands about bots that the platform got since it was last looked.
fn commands(world: &Platformed) -> Vec<(String, Value)> {
    let asked = world.asked.borrow_mut().split_off(0).into_iter();
    let commands = asked.filter(|it| it.target.contains("/bots/"));
    let read = |body: &str| serde_json::from_str(body).unwrap_or(Value::Null);
    commands
        .map(|it| {
            (
                format!("{} {}", it.method.as_str(), it.target),
                read(&it.body),
            )
        })
        .collect()
}

#[test]
fn a_bot_gets_what_the_platform_gives_it() {
    let world = Platformed::new();
    let app = bot_and_guild(&world, false);
    let browser = world.logged_in(&world.alice.id);
    let form = form(&world, &browser, &app);
    *world.bots.borrow_mut() = (200, json!({"permissions": "1024"}));
    world.asked_for();
    let code = browser.submit(&form).expect(303).parameter("code").unwrap();
    let first = commands(&world);
    let put = format!("PUT /directory/guilds/70/bots/{}", app.id);
    assert_eq!(first.len(), 1);
    assert_eq!(first[0].0, put);
    let command = &first[0].1;
    assert_eq!(
        (&command["permissions"], &command["installed_by"]),
        (&json!("3072"), &json!(world.alice.id))
    );
    // The same form again is the same command, by its key.
    browser.submit(&form).expect(303);
    assert_eq!(commands(&world), first);
    let answer = world.exchange(&app, &code).expect(200).json();
    assert_eq!(
        (&answer["guild"]["id"], &answer["guild"]["permissions"]),
        (&json!("70"), &json!("1024"))
    );
    assert_eq!(commands(&world), []);
}

#[test]
fn what_the_platform_refuses_is_told_and_gives_no_code() {
    let world = Platformed::new();
    let app = bot_and_guild(&world, false);
    let browser = world.logged_in(&world.alice.id);
    let form = form(&world, &browser, &app);
    for (status, shown) in [(403, 403), (404, 404), (409, 400), (500, 503), (302, 503)] {
        *world.bots.borrow_mut() = (status, json!({}));
        let answer = browser.submit(&form).expect(shown);
        assert_eq!(answer.header("retry-after").is_some(), shown == 503);
        assert_eq!(world.memory.stored_families(), 0);
    }
    *world.bots.borrow_mut() = (204, Value::Null);
    browser.submit(&form).expect(303);
}

#[test]
fn a_guild_whose_members_the_platform_tells_apart_is_looked_up() {
    let world = Platformed::new();
    let app = bot_and_guild(&world, false);
    let member = format!("/directory/guilds/70/members/{}", world.alice.id);
    world.says(
        &member,
        json!({"user_id": world.alice.id, "permissions": "32"}),
    );
    world.says(
        "/directory/guilds/70",
        json!({"id": "70", "name": "Chess", "owner_id": "1"}),
    );
    let browser = world.logged_in(&world.alice.id);
    let form = form(&world, &browser, &app);
    browser.submit(&form).expect(303);
    world.says(
        &member,
        json!({"user_id": world.alice.id, "permissions": "0"}),
    );
    browser.submit(&form).expect(403);
    world.directory.borrow_mut().remove(&member);
    browser.submit(&form).expect(403);
    world.directory.borrow_mut().remove("/directory/guilds/70");
    browser.submit(&form).expect(404);
}

#[test]
fn a_bot_that_waits_for_its_code_joins_when_it_is_redeemed() {
    let world = Platformed::new();
    let app = bot_and_guild(&world, true);
    let browser = world.logged_in(&world.alice.id);
    let form = form(&world, &browser, &app);
    world.asked_for();
    let code = browser.submit(&form).expect(303).parameter("code").unwrap();
    assert_eq!(commands(&world), []);
    for health in [Health::Down, Health::Broken, Health::Html] {
        world.health.set(health);
        let answer = world.exchange(&app, &code).expect(503);
        assert_eq!(answer.error(), "temporarily_unavailable", "{health:?}");
        assert!(answer.header("retry-after").is_some());
    }
    world.health.set(Health::Well);
    *world.bots.borrow_mut() = (403, json!({}));
    assert_eq!(
        world.exchange(&app, &code).expect(400).error(),
        "invalid_grant"
    );
    *world.bots.borrow_mut() = (200, json!({"permissions": "0"}));
    let answer = world.exchange(&app, &code).expect(200).json();
    assert_eq!(answer["guild"]["permissions"], "0");
    let keys: Vec<_> = commands(&world)
        .iter()
        .map(|(_, it)| text(it, "key"))
        .collect();
    assert!(keys.len() > 2 && keys.iter().all(|key| *key == keys[0]));
}

#[test]
fn a_bot_that_is_there_is_asked_to_keep_what_it_has() {
    let world = Platformed::new();
    let app = bot_and_guild(&world, false);
    let browser = world.logged_in(&world.alice.id);
    let bot = format!("/directory/guilds/70/members/{}", app.id);
    world.says(
        &bot,
        json!({"id": "70", "name": "Chess", "permissions": "32"}),
    );
    let early = form(&world, &browser, &app);
    // A list of the platform's guilds does not say where the bot is: the form is shown again.
    let page = browser.submit(&early).expect(400);
    assert_eq!(page.texts(".bot .quiet li").len(), 2);
    assert_eq!(commands(&world), []);
    browser
        .submit(&page.form("decision").with("decision", "approve"))
        .expect(303);
    let sent = commands(&world);
    assert_eq!((sent.len(), &sent[0].1["permissions"]), (1, &json!("3104")));
    // Where the link names the guild, the page says it at once. The platform has the last word.
    let asks = app
        .asks()
        .with("scope", "identify bot")
        .with("permissions", "3072");
    let page = browser
        .get(&asks.with("guild_id", "70").target())
        .expect(200);
    assert_eq!(page.texts(".bot .quiet li").len(), 2);
    *world.bots.borrow_mut() = (409, json!({}));
    let form = page
        .form("decision")
        .with("guild_id", "70")
        .with("decision", "approve");
    browser.submit(&form).expect(400);
    // A bot that was there before is not taken out where its approval comes to nothing.
    assert!(
        commands(&world)
            .iter()
            .all(|(command, _)| command.starts_with("PUT"))
    );
}

#[test]
fn the_bot_of_an_application_that_is_deleted_leaves_its_guilds() {
    let world = Platformed::new();
    let app = bot_and_guild(&world, false);
    let guild = |id: &str| json!({"id": id, "name": "G", "owner": false, "permissions": "0"});
    let listed = format!("/directory/users/{}/guilds", app.id);
    world.says(&listed, json!([guild("70"), guild("71")]));
    commands(&world);
    let delete = |app: &App| {
        let path = format!("/api/admin/applications/{}", app.id);
        let delete = fluxer_oauth2::http::Method::Delete;
        world.administer(delete, &path, None).expect(204);
        let commands = commands(&world).into_iter();
        commands.map(|(command, _)| command).collect::<Vec<_>>()
    };
    let left = ["70", "71"].map(|id| format!("DELETE /directory/guilds/{id}/bots/{}", app.id));
    assert_eq!(delete(&app), left);
    // The platform keeps nobody from deleting an application, and is asked for no bot that is none.
    let other = bot_and_guild(&world, false);
    world.health.set(Health::Down);
    assert!(delete(&other).is_empty());
    let log = world.memory.log.borrow().join(" ");
    assert!(
        log.contains(&format!("the bot of {} stays", other.id)),
        "{log}"
    );
    world.health.set(Health::Well);
    world.asked.borrow_mut().clear();
    assert!(delete(&world.server).is_empty());
    assert!(
        world
            .asked_for()
            .iter()
            .all(|it| !it.contains(&*world.server.id))
    );
}
