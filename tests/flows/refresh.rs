//! `grant_type=refresh_token`: turns that survive a lost answer and end a theft.

use crate::world::{Answer, App, Tokens, World};

fn narrowed(world: &World, app: &App, token: &str, scope: &str) -> Answer {
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", token),
        ("scope", scope),
    ];
    world.token(app, &form)
}

#[track_caller]
fn refused(answer: &Answer) {
    assert_eq!(
        (answer.status, answer.error().as_str()),
        (400, "invalid_grant"),
        "{}",
        answer.body
    );
}

#[test]
fn a_refresh_gives_a_successor_and_a_new_access_token() {
    let world = World::new();
    for app in [&world.server, &world.device] {
        let first = world.tokens(app);
        world.advance(3600);
        let second = world.refresh(app, &first.refresh).tokens();
        assert_ne!(second.refresh, first.refresh);
        assert_ne!(second.access, first.access);
        assert_eq!(second.scope, first.scope);
        world.me(&first.access).expect(200);
        world.me(&second.access).expect(200);
        assert_eq!(
            world.introspect(app, &first.refresh),
            serde_json::json!({"active": false})
        );
    }
}

#[test]
fn a_doubled_refresh_has_one_successor() {
    for (seconds, wait) in [(0, 0), (1, 28), (15, 0), (29, 0)] {
        let world = World::new();
        let app = &world.server;
        let first = world.tokens(app);
        let second = world.refresh(app, &first.refresh).tokens();
        world.advance(seconds);
        let again = world.refresh(app, &first.refresh).tokens();
        assert_eq!(again.refresh, second.refresh);
        assert_ne!(again.access, second.access);
        world.advance(wait);
        assert_eq!(
            world.refresh(app, &first.refresh).tokens().refresh,
            second.refresh
        );
        world.refresh(app, &second.refresh).expect(200);
    }
}

#[test]
fn a_hundred_refreshes_at_once_log_nobody_out() {
    let world = World::new();
    let app = &world.device;
    let first = world.tokens(app);
    let answers: Vec<Tokens> = (0..100)
        .map(|_| world.refresh(app, &first.refresh).tokens())
        .collect();
    assert!(
        answers
            .iter()
            .all(|tokens| tokens.refresh == answers[0].refresh)
    );
    assert!(
        answers
            .iter()
            .all(|tokens| world.works(app, tokens) == (true, true))
    );
}

#[test]
fn a_reused_refresh_token_ends_its_device_and_no_other() {
    // Which generation comes back, and how long after the last rotation.
    for (generations, presented, seconds) in
        [(2, 1, 30), (2, 1, 3600), (3, 1, 0), (3, 1, 29), (5, 2, 1)]
    {
        let world = World::new();
        let browser = world.alices_browser();
        for app in [&world.server, &world.device] {
            let laptop = world.tokens_for(&browser, app);
            let mut phone = vec![world.tokens_for(&browser, app)];
            while phone.len() < generations {
                let next = world.refresh(app, &phone.last().unwrap().refresh).tokens();
                phone.push(next);
            }
            world.advance(seconds);
            refused(&world.refresh(app, &phone[presented - 1].refresh));
            for tokens in &phone {
                assert_eq!(world.works(app, tokens), (false, false));
                refused(&world.refresh(app, &tokens.refresh));
            }
            assert_eq!(world.works(app, &laptop), (true, true));
            world.refresh(app, &laptop.refresh).expect(200);
        }
    }
}

#[test]
fn the_scope_of_one_answer_may_be_less_and_never_more() {
    let world = World::new();
    let app = &world.server;
    let mut tokens = world.tokens(app);
    for wider in ["identify email guilds", "guilds", "admin", "x", "Identify"] {
        let answer = narrowed(&world, app, &tokens.refresh, wider).expect(400);
        assert_eq!(answer.error(), "invalid_scope", "{wider}");
    }
    for (asked, granted) in [
        ("identify", "identify"),
        ("email", "email"),
        (" email  identify ", "identify email"),
        ("", "identify email"),
    ] {
        tokens = narrowed(&world, app, &tokens.refresh, asked).tokens();
        assert_eq!(tokens.scope, granted, "{asked}");
        let introspected = world.introspect(app, &tokens.refresh);
        assert_eq!(
            introspected["scope"], "identify email",
            "the family keeps its scope"
        );
    }
    tokens = world.refresh(app, &tokens.refresh).tokens();
    assert_eq!(tokens.scope, "identify email");
}

#[test]
fn a_failed_refresh_costs_nothing() {
    let world = World::new();
    for app in [&world.server, &world.device] {
        let tokens = world.tokens(app);
        let stranger = App {
            secret: Some("wrong".into()),
            ..world.server.clone()
        };
        for _ in 0..15 {
            assert_eq!(
                world
                    .refresh(&stranger, &tokens.refresh)
                    .expect(401)
                    .error(),
                "invalid_client"
            );
            refused(&world.refresh(&world.other, &tokens.refresh));
            narrowed(&world, app, &tokens.refresh, "guilds").expect(400);
            let twice = [
                ("grant_type", "refresh_token"),
                ("refresh_token", &*tokens.refresh),
                ("refresh_token", "x"),
            ];
            world.token(app, &twice).expect(400);
        }
        let other_public = world.application(&serde_json::json!({"name": "P", "type": "public"}));
        refused(&world.refresh(&other_public, &tokens.refresh));
        assert_eq!(world.works(app, &tokens), (true, true));
        world.refresh(app, &tokens.refresh).expect(200);
    }
}

#[test]
fn a_refresh_token_slides_and_ends() {
    const DAY: u64 = 24 * 3600;
    let world = World::new();
    let app = &world.server;
    let mut tokens = world.tokens(app);
    for _ in 0..3 {
        world.advance(30 * DAY - 60);
        tokens = world.refresh(app, &tokens.refresh).tokens();
    }
    world.advance(7 * DAY);
    assert_eq!(
        world.works(app, &tokens),
        (false, true),
        "the access token has its own end"
    );
    world.advance(23 * DAY);
    refused(&world.refresh(app, &tokens.refresh));
    assert_eq!(world.works(app, &tokens), (false, false));
}

#[test]
fn no_other_string_is_a_refresh_token() {
    let world = World::new();
    let app = &world.server;
    let browser = world.alices_browser();
    let tokens = world.tokens_for(&browser, app);
    let code = browser.code(&app.asks());
    let flipped = tokens.refresh.replacen('e', "f", 1);
    let (head, tail) = tokens.refresh.rsplit_once('.').unwrap();
    let unsigned = format!("{head}.");
    let swapped = format!("{}.{tail}", tokens.access.rsplit_once('.').unwrap().0);
    for other in [
        &*tokens.access,
        &code,
        "x",
        ".",
        "..",
        "\0",
        &flipped,
        &unsigned,
        &swapped,
        head,
        &"x".repeat(600),
        &format!("{}=", tokens.refresh),
        &format!("{}\n", tokens.refresh),
        &format!(" {}", tokens.refresh),
    ] {
        refused(&world.refresh(app, other));
    }
    assert_eq!(world.works(app, &tokens), (true, true));
}
