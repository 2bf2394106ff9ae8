//! What is deleted under a request: it is refused as if it had never been there, and is no outage.

use fluxer_oauth2::http::{Method, Request};
use fluxer_oauth2::store::memory::Meanwhile;
use serde_json::json;

use crate::world::{Answer, Browser, Form, Native, PASSWORD, With, administrative};

/// Sends the request again and again; each time, one step later in it, the thing is deleted.
fn while_deleting(
    request: impl Fn(&Native) -> Request,
    deleted: impl Fn(&Native) -> String,
    check: impl Fn(usize, &Answer),
) {
    for step in 0.. {
        // A world of its own, for what is gone is gone.
        let world: &'static Native = Box::leak(Box::new(Native::new()));
        let (request, path) = (request(world), deleted(world));
        let deletion = administrative(Method::Delete, &path, None, &world.admin_token());
        let happens = Box::new(move || {
            world.send(deletion).expect(204);
        });
        world
            .memory
            .meanwhile
            .replace(Some(Meanwhile { step, happens }));
        let answer = world.send(request);
        if world.memory.meanwhile.take().is_some() {
            assert!(step > 1);
            return;
        }
        check(step, &answer);
    }
}

fn sent(browser: &Browser<'_>, form: &Form) -> Request {
    form.request().with("cookie", &browser.cookie_header())
}

fn is_refused_or_done(step: usize, answer: &Answer) {
    assert!(
        matches!(answer.status, 200 | 303 | 400 | 403 | 404),
        "{step}: {} {}",
        answer.status,
        answer.body
    );
}

#[test]
fn an_application_that_is_deleted_during_a_consent_is_unknown() {
    while_deleting(
        |world| {
            let browser = world.alices_browser();
            let form = browser.consent(&world.device.asks());
            sent(&browser, &form.with("decision", "approve"))
        },
        |world| format!("/api/admin/applications/{}", world.device.id),
        is_refused_or_done,
    );
}

#[test]
fn a_user_who_is_deleted_during_a_consent_or_a_login_is_nobody() {
    let deleted = |world: &Native| format!("/api/admin/users/{}", world.alice.id);
    while_deleting(
        |world| {
            let browser = world.alices_browser();
            let form = browser.consent(&world.device.asks());
            sent(&browser, &form.with("decision", "approve"))
        },
        deleted,
        is_refused_or_done,
    );
    while_deleting(
        |world| {
            let browser = world.browser();
            let form = browser.get("/login").form("password");
            let form = form.with("login", "alice");
            sent(&browser, &form.with("password", PASSWORD))
        },
        deleted,
        is_refused_or_done,
    );
}

#[test]
fn a_guild_or_a_user_that_is_deleted_under_an_administrator_is_unknown() {
    let token = |world: &Native| world.admin_token();
    let user = |world: &Native| {
        let id = &world.alice.id;
        format!("/api/admin/users/{id}?applications=delete")
    };
    let put = |world: &Native, path: &str, body| {
        administrative(Method::Put, path, Some(&body), &token(world))
    };
    let post = |world: &Native, path: &str, body| {
        administrative(Method::Post, path, Some(&body), &token(world))
    };
    while_deleting(
        |world| {
            let guild = world.guild("G", &world.staff);
            let path = format!("/api/admin/guilds/{guild}/members/{}", world.alice.id);
            put(world, &path, json!({}))
        },
        |world| {
            let guilds = world.administer(Method::Get, "/api/admin/guilds", None);
            format!("/api/admin/guilds/{}", guilds.ids()[0])
        },
        is_refused_or_done,
    );
    while_deleting(
        |world| {
            let guild = world.guild("G", &world.staff);
            let path = format!("/api/admin/guilds/{guild}/members/{}", world.alice.id);
            put(world, &path, json!({}))
        },
        user,
        is_refused_or_done,
    );
    while_deleting(
        |world| {
            let path = format!("/api/admin/users/{}/connections/github/1", world.alice.id);
            put(world, &path, json!({"name": "alice"}))
        },
        user,
        is_refused_or_done,
    );
    while_deleting(
        |world| {
            let guild = json!({"name": "G", "owner_id": world.alice.id});
            post(world, "/api/admin/guilds", guild)
        },
        user,
        is_refused_or_done,
    );
    while_deleting(
        |world| {
            let application = json!({"name": "A", "owner_id": world.alice.id});
            post(world, "/api/admin/applications", application)
        },
        user,
        is_refused_or_done,
    );
}
