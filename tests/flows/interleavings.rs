//! Two requests at once: between any two storage steps of the one, the whole of the other. No
//! runtime orders them more finely, for a step is where a request waits.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use fluxer_oauth2::http::{Body, Method, Request};
use fluxer_oauth2::store::memory::Meanwhile;
use serde_json::json;

use crate::world::{
    Answer, App, Browser, Native, PASSWORD, Tokens, With, administrative, request, text, with_json,
};

/// Two requests, and what must hold of their answers once both are through.
struct Pair {
    one: Request,
    other: Request,
    check: Check,
}

type Check = Box<dyn Fn(&Answer, &Answer)>;

fn pair(one: Request, other: Request, check: impl Fn(&Answer, &Answer) + 'static) -> Pair {
    Pair {
        one,
        other,
        check: Box::new(check),
    }
}

/// Lets the other happen before every step of the one.
fn interleave(prepare: impl Fn(&'static Native, &'static Browser<'static>) -> Pair) {
    // A test's world may live as long as the test.
    let world: &'static Native = Box::leak(Box::new(Native::new()));
    let browser: &'static Browser<'static> = Box::leak(Box::new(world.alices_browser()));
    let mut interleaved = 0;
    for step in 0.. {
        let Pair { one, other, check } = prepare(world, browser);
        let answer = Rc::new(RefCell::new(None));
        let heard = Rc::clone(&answer);
        world.memory.meanwhile.replace(Some(Meanwhile {
            step,
            happens: Box::new(move || {
                heard.replace(Some(world.send(other)));
            }),
        }));
        let one = world.send(one);
        if world.memory.meanwhile.take().is_some() {
            break;
        }
        interleaved += 1;
        check(&one, &answer.take().expect("the other's answer"));
    }
    assert!(interleaved > 1);
}

fn refresh(app: &App, tokens: &Tokens) -> Request {
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", &*tokens.refresh),
    ];
    app.post("/api/oauth2/token", &form)
}

fn exchange(app: &App, code: &str) -> Request {
    app.post("/api/oauth2/token", &app.exchange(code))
}

fn deauthorize(browser: &Browser<'_>, app: &App) -> Request {
    let token = text(&browser.get("/api/oauth2/session").json(), "csrf_token");
    let path = format!("/api/oauth2/@me/authorizations/{}", app.id);
    let request = request(Method::Delete, &path).with("x-csrf-token", &token);
    request.with("cookie", &browser.cookie_header())
}

fn copy(request: &Request) -> Request {
    let Body::Read(body) = &request.body else {
        panic!("a body that was read")
    };
    Request {
        method: request.method,
        secure: request.secure,
        path: request.path.clone(),
        query: request.query.clone(),
        headers: request.headers.clone(),
        body: Body::Read(body.clone()),
    }
}

/// Whatever an answer gave does not work.
fn is_dead(world: &Native, app: &App, answer: &Answer) {
    if answer.status == 200 {
        let body = answer.json();
        assert_eq!(world.me(&text(&body, "access_token")).status, 401);
        let refreshed = world.refresh(app, &text(&body, "refresh_token"));
        assert_eq!(refreshed.expect(400).error(), "invalid_grant");
    } else {
        assert_eq!(answer.error(), "invalid_grant");
    }
}

#[test]
fn a_refresh_does_not_outlive_a_revocation() {
    interleave(|world, browser| {
        let app = &world.server;
        let tokens = world.tokens_for(browser, app);
        let revoke = app.post("/api/oauth2/revoke", &[("token", &tokens.access)]);
        pair(refresh(app, &tokens), revoke, |one, other| {
            assert_eq!(other.status, 200);
            is_dead(world, app, one);
        })
    });
}

#[test]
fn nothing_outlives_a_deauthorization() {
    interleave(|world, browser| {
        let app = &world.server;
        let tokens = world.tokens_for(browser, app);
        pair(
            refresh(app, &tokens),
            deauthorize(browser, app),
            |one, other| {
                assert_eq!(other.status, 204);
                is_dead(world, app, one);
            },
        )
    });
    interleave(|world, browser| {
        let app = &world.device;
        let code = browser.code(&app.asks());
        pair(
            exchange(app, &code),
            deauthorize(browser, app),
            |one, other| {
                assert_eq!(other.status, 204);
                is_dead(world, app, one);
            },
        )
    });
}

#[test]
fn two_refreshes_at_once_are_one_turn() {
    interleave(|world, browser| {
        let app = &world.device;
        let tokens = world.tokens_for(browser, app);
        let both = refresh(app, &tokens);
        pair(copy(&both), both, |one, other| {
            let successors = [one, other].map(|answer| text(&answer.json(), "refresh_token"));
            assert_eq!(successors[0], successors[1]);
            world.refresh(app, &successors[0]).expect(200);
        })
    });
}

#[test]
fn two_redemptions_at_once_are_one() {
    let winners = Rc::new(Cell::new([0, 0]));
    let count = Rc::clone(&winners);
    interleave(move |world, browser| {
        let app = &world.device;
        let code = browser.code(&app.asks());
        let (both, count) = (exchange(app, &code), Rc::clone(&count));
        pair(copy(&both), both, move |one, other| {
            let statuses = [one, other].map(|answer| answer.status);
            assert!(matches!(statuses, [200, 400] | [400, 200]), "{statuses:?}");
            let [first, second] = count.get();
            count.set([
                first + u32::from(statuses[0] == 200),
                second + u32::from(statuses[1] == 200),
            ]);
        })
    });
    assert!(winners.get().iter().all(|won| *won > 0), "both can win");
}

#[test]
fn one_form_sent_twice_at_once_makes_one_code() {
    interleave(|world, browser| {
        let app = &world.device;
        let form = browser.consent(&app.asks()).with("decision", "approve");
        let both = form.request().with("cookie", &browser.cookie_header());
        pair(copy(&both), both, |one, other| {
            let codes = [one, other].map(|answer| answer.parameter("code").expect("a code"));
            assert_eq!(codes[0], codes[1]);
            world.exchange(app, &codes[0]).expect(200);
        })
    });
}

#[test]
fn an_approval_at_the_time_of_a_deauthorization_can_be_taken_back() {
    interleave(|world, browser| {
        let app = &world.server;
        browser.code(&app.asks());
        let target = app.asks().target();
        let approve = crate::world::get(&target).with("cookie", &browser.cookie_header());
        pair(approve, deauthorize(browser, app), |one, other| {
            assert_eq!(other.status, 204);
            let Some(code) = one.parameter("code") else {
                return;
            };
            let answer = world.exchange(app, &code);
            if answer.status == 200 {
                world.send(deauthorize(browser, app)).expect(204);
            }
            is_dead(world, app, &answer);
        })
    });
}

#[test]
fn no_family_lives_that_no_list_shows() {
    interleave(|world, browser| {
        let app = &world.server;
        browser.code(&app.asks());
        let target = app.asks().target();
        let approve = crate::world::get(&target).with("cookie", &browser.cookie_header());
        pair(deauthorize(browser, app), approve, |one, other| {
            assert_eq!(one.status, 204);
            let code = other.parameter("code");
            if code.is_some_and(|code| world.exchange(app, &code).status == 200) {
                let list = browser.get("/api/oauth2/@me/authorizations");
                assert!(list.json().to_string().contains(&app.id));
            }
        })
    });
}

#[test]
fn nothing_outlives_its_user() {
    let born = Cell::new(0);
    interleave(|world, browser| {
        born.set(born.get() + 1);
        let user = world.user(&format!("mortal{}", born.get()), false);
        browser.log_in(&user);
        // What was authorized before is on the list that is ended; what is asked now is not yet.
        browser.code(&world.server.asks());
        let app = &world.device;
        let form = browser.consent(&app.asks()).with("decision", "approve");
        let approve = form.request().with("cookie", &browser.cookie_header());
        let path = format!("/api/admin/users/{}", user.id);
        let delete = administrative(Method::Delete, &path, None, &world.admin_token());
        pair(delete, approve, |one, other| {
            assert_eq!(one.status, 204);
            if let Some(code) = other.parameter("code") {
                is_dead(world, app, &world.exchange(app, &code));
            }
        })
    });
}

#[test]
fn nothing_outlives_a_new_password() {
    interleave(|world, browser| {
        let app = &world.server;
        world
            .administer(
                Method::Patch,
                &format!("/api/admin/users/{}", world.alice.id),
                Some(&password()),
            )
            .expect(200);
        browser.log_in(&world.alice);
        browser.code(&app.asks());
        let approve =
            crate::world::get(&app.asks().target()).with("cookie", &browser.cookie_header());
        let path = format!("/api/admin/users/{}", world.alice.id);
        let change = administrative(
            Method::Patch,
            &path,
            Some(&password()),
            &world.admin_token(),
        );
        pair(approve, change, |one, other| {
            assert_eq!(other.status, 200);
            if let Some(code) = one.parameter("code") {
                is_dead(world, app, &world.exchange(app, &code));
            }
        })
    });
}

fn password() -> serde_json::Value {
    serde_json::json!({"password": PASSWORD})
}

/// A change to Alice's application or to her account, by an administrator.
fn change(world: &Native, path: &str, change: &serde_json::Value) -> Request {
    administrative(Method::Patch, path, Some(change), &world.admin_token())
}

/// What an administrator is shown there.
fn shown(world: &Native, path: &str) -> serde_json::Value {
    world.administer(Method::Get, path, None).expect(200).json()
}

#[test]
fn two_changes_of_an_application_do_not_undo_each_other() {
    interleave(|world, _| {
        let path = format!("/api/admin/applications/{}", world.bot().id);
        let rename = change(world, &path, &json!({"name": "Renamed"}));
        let uris = json!({"redirect_uris": ["https://new.example/"], "bot_public": false});
        pair(rename, change(world, &path, &uris), move |one, other| {
            assert_eq!((one.status, other.status), (200, 200));
            let now = shown(world, &path);
            assert_eq!(now["name"], "Renamed");
            assert_eq!(now["redirect_uris"], uris["redirect_uris"]);
            assert_eq!(now["bot_public"], false);
        })
    });
}

#[test]
fn a_change_at_the_time_of_a_reset_keeps_the_new_secrets() {
    for tail in ["client-secret/reset", "bot/reset-token"] {
        interleave(|world, _| {
            let app = world.bot();
            let path = format!("/api/admin/applications/{}", app.id);
            let rename = change(world, &path, &json!({"name": "Renamed"}));
            let reset = format!("/api/oauth2/applications/{}/{tail}", app.id);
            let reset = administrative(Method::Post, &reset, None, &world.admin_token());
            pair(rename, reset, move |one, other| {
                assert_eq!((one.status, other.status), (200, 200));
                assert_eq!(shown(world, &path)["name"], "Renamed");
                let new = other.json();
                let credentials = [("grant_type", "client_credentials")];
                let secret = new["client_secret"].as_str().map(str::to_owned);
                let renewed = App {
                    secret: secret.or(app.secret.clone()),
                    bot_token: new["token"].as_str().map(str::to_owned),
                    ..app.clone()
                };
                world.token(&renewed, &credentials).expect(200);
                let bot = if renewed.bot_token.is_some() {
                    &renewed
                } else {
                    &app
                };
                world.as_bot(bot, "/api/users/@me").expect(200);
            })
        });
    }
}

#[test]
fn two_changes_of_a_user_do_not_undo_each_other() {
    let path = |world: &Native| format!("/api/admin/users/{}", world.staff.id);
    interleave(|world, _| {
        let path = path(world);
        let again = change(world, &path, &json!({"admin": true, "verified": false}));
        world.send(again).expect(200);
        let verify = change(world, &path, &json!({"verified": true}));
        let demote = change(world, &path, &json!({"admin": false}));
        pair(verify, demote, move |one, other| {
            assert_eq!((one.status, other.status), (200, 200));
            let now = shown(world, &path);
            assert_eq!(now["verified"], true);
            assert_eq!(
                now["admin"], false,
                "an office that was taken is not given back"
            );
        })
    });
}

#[test]
fn of_two_new_bot_tokens_the_last_one_works() {
    interleave(|world, _| {
        let app = world.bot();
        let reset = format!("/api/oauth2/applications/{}/bot/reset-token", app.id);
        let reset = || administrative(Method::Post, &reset, None, &world.admin_token());
        pair(reset(), reset(), move |one, other| {
            let answers = [one, other];
            let working = answers.iter().filter(|answer| {
                let token = text(&answer.json(), "token");
                let me = crate::world::get("/api/users/@me").bot(&token);
                world.send(me).status == 200
            });
            assert_eq!(working.count(), 1);
            world.as_bot(&app, "/api/users/@me").expect(401);
        })
    });
}

#[test]
fn an_application_gets_one_bot() {
    interleave(|world, _| {
        let app = world.application(&json!({"name": "A"}));
        let path = format!("/api/oauth2/applications/{}/bot", app.id);
        let add = || administrative(Method::Post, &path, None, &world.admin_token());
        pair(add(), add(), move |one, other| {
            let answers = [one, other];
            let made: Vec<_> = answers
                .iter()
                .filter(|answer| answer.status == 200)
                .collect();
            assert_eq!(made.len(), 1);
            let made = App::shown_in(&made[0].json());
            world.as_bot(&made, "/api/users/@me").expect(200);
        })
    });
}

#[test]
fn the_twenty_fifth_application_is_made_once() {
    let full = Cell::new(false);
    interleave(|world, browser| {
        let applications = "/api/oauth2/applications";
        let csrf_token = browser.csrf_token();
        let create = || {
            let request = with_json(request(Method::Post, applications), &json!({"name": "A"}));
            let request = request.with("x-csrf-token", &csrf_token);
            request.with("cookie", &browser.cookie_header())
        };
        if full.replace(true) {
            let list = browser.get("/api/oauth2/applications/@me").ids();
            for last in list.iter().skip(24) {
                let path = format!("/api/admin/applications/{last}");
                world.administer(Method::Delete, &path, None).expect(204);
            }
        } else {
            (0..24).for_each(|_| drop(world.send(create()).expect(200)));
        }
        pair(create(), create(), |one, other| {
            let statuses = [one.status, other.status];
            assert!(matches!(statuses, [200, 400] | [400, 200]), "{statuses:?}");
            let list = browser.get("/api/oauth2/applications/@me").ids();
            assert_eq!(list.len(), 25);
        })
    });
}

#[test]
fn a_bot_s_form_sent_twice_at_once_adds_it_once() {
    interleave(|world, browser| {
        let (app, guild) = (world.bot(), world.guild("G", &world.alice));
        let form = browser.consent(&app.bot_link()).with("guild_id", &guild);
        let form = form.with("decision", "approve");
        let both = form.request().with("cookie", &browser.cookie_header());
        pair(copy(&both), both, move |one, other| {
            assert_eq!((one.status, other.status), (200, 200));
            assert_eq!(one.body, other.body);
            assert!(world.permissions_of(&guild, &app.id).is_some());
        })
    });
}

#[test]
fn of_two_forms_at_once_one_adds_the_bot() {
    let winners = Rc::new(Cell::new([0, 0]));
    let count = Rc::clone(&winners);
    interleave(move |world, browser| {
        let (app, guild) = (world.bot(), world.guild("G", &world.alice));
        let [one, other] = ["8", "1024"].map(|permissions| {
            let form = browser.consent(&app.bot_link().with("permissions", permissions));
            let form = form.with("guild_id", &guild).with("decision", "approve");
            form.request().with("cookie", &browser.cookie_header())
        });
        let count = Rc::clone(&count);
        pair(one, other, move |one, other| {
            let first = one.status == 200;
            let statuses = [one.status, other.status];
            assert_eq!(statuses, if first { [200, 400] } else { [400, 200] });
            let granted = world.permissions_of(&guild, &app.id);
            assert_eq!(granted.as_deref(), Some(if first { "8" } else { "1024" }));
            let [one, other] = count.get();
            count.set([one + u32::from(first), other + u32::from(!first)]);
        })
    });
    assert!(winners.get()[1] > 0, "the one in between came first");
}

#[test]
fn no_bot_stays_where_it_was_removed() {
    interleave(|world, browser| {
        let (app, guild) = (world.bot(), world.guild("G", &world.alice));
        browser.add_bot(&app.bot_link(), &guild).expect(200);
        let path = format!("/api/admin/guilds/{guild}/members/{}", app.id);
        let remove = administrative(Method::Delete, &path, None, &world.admin_token());
        let bot = app.bot_token.as_deref().expect("a bot");
        let look = crate::world::get(&format!("/api/guilds/{guild}")).bot(bot);
        let again = copy(&look);
        pair(look, remove, move |one, other| {
            assert_eq!(other.status, 204);
            assert!(matches!(one.status, 200 | 403), "{}", one.body);
            world.send(copy(&again)).expect(403);
        })
    });
}
