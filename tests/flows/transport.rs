//! What holds for every URL: methods, bodies, limits, other origins, https.

use core::time::Duration;
use std::collections::BTreeSet;

use fluxer_oauth2::http::{Body, Headers, Method, Request};
use fluxer_oauth2::routes::ROUTES;

use crate::world::{Answer, HTTPS, Native, With, World, get, post, request, text};

const METHODS: [Method; 8] = [
    Method::Get,
    Method::Head,
    Method::Post,
    Method::Put,
    Method::Patch,
    Method::Delete,
    Method::Options,
    Method::Other,
];

/// Every path of the table, with something in its placeholders.
fn paths(world: &World) -> BTreeSet<String> {
    let filled = |path: &str| {
        path.replace("{user}", "999")
            .replace("{application}", "999")
            .replace("{guild}", "999")
            .replace("{resource}", "999")
            .replace("{type}", "github")
            .replace("{connection}", "999")
            .replace("{asset}", "x")
    };
    let there = ROUTES.iter().filter(|route| route.exists(&world.config));
    there.map(|route| filled(route.path)).collect()
}

/// Its other spelling, where it has one.
fn alias(path: &str) -> Option<String> {
    match path.strip_prefix("/api/oauth2/") {
        Some(rest) => Some(format!("/oauth2/{rest}")),
        None => path.starts_with("/oauth2/").then(|| format!("/api{path}")),
    }
}

/// Readable by scripts of any origin: the caller proves itself in the request.
fn is_open(path: &str) -> bool {
    let path = path.trim_start_matches("/api");
    let resources = [
        "/users/@me",
        "/users/@me/guilds",
        "/users/@me/connections",
        "/guilds/999",
        "/applications/@me",
        "/oauth2/applications/999/public",
        "/oauth2/@me",
        "/oauth2/userinfo",
        "/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration",
        "/.well-known/jwks.json",
        "/.well-known/revoked",
        "/.well-known/oauth-protected-resource",
    ];
    let clients = [
        "/oauth2/token",
        "/oauth2/revoke",
        "/oauth2/token/revoke",
        "/oauth2/introspect",
        "/oauth2/device_authorization",
        "/oauth2/par",
        "/oauth2/register",
        "/oauth2/register/{client}",
    ];
    resources.contains(&path) || clients.contains(&path)
}

#[test]
fn every_url_has_its_methods_and_no_other() {
    let world = World::new();
    for path in paths(&world) {
        for path in [Some(path.clone()), alias(&path)].into_iter().flatten() {
            let get = world.send(request(Method::Other, &path)).expect(405);
            let allowed = get.header("allow").expect("Allow").to_owned();
            let allowed: Vec<_> = allowed.split(", ").collect();
            let distinct: BTreeSet<_> = allowed.iter().collect();
            assert_eq!(distinct.len(), allowed.len(), "{path}: {allowed:?}");
            assert_eq!(
                allowed.contains(&"GET"),
                allowed.contains(&"HEAD"),
                "{path}"
            );
            for method in METHODS {
                let answer = world.send(request(method, &path));
                let is_preflight = method == Method::Options && is_open(&path);
                if is_preflight {
                    assert_eq!((answer.status, &*answer.body), (204, ""), "{path}");
                } else {
                    let expected = allowed.contains(&method.as_str());
                    assert_eq!(answer.status != 405, expected, "{} {path}", method.as_str());
                }
                if method == Method::Head {
                    assert_eq!(answer.body, "", "{path}");
                }
            }
        }
    }
}

#[test]
fn me_is_nobody_s_id() {
    let world = World::new();
    for method in [Method::Patch, Method::Delete] {
        let answer = world.send(request(method, "/api/oauth2/applications/@me"));
        assert_eq!(answer.expect(405).header("allow"), Some("GET, HEAD"));
    }
}

#[test]
fn a_wrong_method_is_refused_in_the_words_of_the_url() {
    let world = World::new();
    for path in ["/api/oauth2/token", "/oauth2/revoke", "/oauth2/introspect"] {
        let answer = world.send(get(path)).expect(405);
        assert_eq!(answer.error(), "invalid_request", "{path}");
        let words = text(&answer.json(), "error_description");
        assert!(words.starts_with("Use POST, with"), "{path}: {words}");
    }
    let answer = world.send(request(Method::Put, "/api/users/@me"));
    assert_eq!(answer.expect(405).code(), "METHOD_NOT_ALLOWED");
}

#[test]
fn what_is_in_no_table_is_not_there() {
    let world = World::new();
    for path in [
        "/",
        "",
        "/oauth2",
        "/oauth2/",
        "/api/oauth2/token/",
        "/api/oauth2//token",
        "/oauth2/token/x",
        "/API/oauth2/token",
        "/api/users/@ME",
        "/api/users/@me/",
        "/users/@me",
        "/api/users/%2540me",
        "/api/users/%40ME",
        "/api/%75sers/@me",
        "/.well-known/",
        "/api/admin",
        "/api/admin/users/",
        "/api//admin/users",
        "/api/ADMIN/users",
        "/api/%61dmin/users",
        "/api/x/..;/admin/users",
        "/oauth2/authorize;x",
        "/oauth2%2fauthorize",
        "/api/oauth2/@me/authorizations/",
        "/assets/",
        "/assets/style.css",
        "/login.js",
        "/api/login",
        "/api/oauth2/login",
        "/favicon.ico",
        "/api/admin/users/1/authorizations/",
    ] {
        let answer = world.send(get(path)).expect(404);
        assert!(
            !answer.body.contains("worker") && answer.body.len() < 200,
            "{path}"
        );
    }
    let style = world.send(get("/login")).texts("link[rel=stylesheet]");
    assert_eq!(style.len(), 1);
    // Over HTTP, the platform's URL has resolved them before.
    let world = Native::new();
    for path in ["/.well-known/../api/admin/users", "\\api\\oauth2\\token"] {
        world.send(get(path)).expect(404);
    }
}

#[test]
fn the_stylesheet_is_kept_for_good() {
    let world = World::new();
    let page = world.browser().get("/login");
    let document = page.document();
    let link = document
        .select(&crate::world::selector("link[rel=stylesheet]"))
        .next()
        .unwrap();
    let answer = world.send(get(link.attr("href").unwrap())).expect(200);
    assert_eq!(
        answer.header("cache-control"),
        Some("public, max-age=31536000, immutable")
    );
    assert_eq!(
        answer.header("content-type"),
        Some("text/css; charset=utf-8")
    );
}

#[test]
fn scripts_of_other_origins_reach_what_proves_itself_and_nothing_else() {
    let world = World::new();
    let cross_origin = |answer: &Answer| {
        let headers = answer
            .headers()
            .iter()
            .filter(|(name, _)| name.starts_with("access-control-"));
        headers.cloned().collect::<Vec<_>>()
    };
    for path in paths(&world) {
        for path in [Some(path.clone()), alias(&path)].into_iter().flatten() {
            let origins = ["https://app.example", "null", "http://127.0.0.1:3000"];
            for origin in world.some(origins, 3) {
                for method in METHODS {
                    let answer = world.send(request(method, &path).with("origin", origin));
                    let headers = cross_origin(&answer);
                    let value = |name| {
                        headers
                            .iter()
                            .find(|(sent, _)| *sent == name)
                            .map(|(_, value)| value.as_str())
                    };
                    assert_eq!(value("access-control-allow-credentials"), None);
                    let roots = ["/api/", "/.well-known/"];
                    let is_below_api = roots.iter().any(|root| path.starts_with(root));
                    let is_no_answer = answer.status == 405 && is_below_api;
                    let is_no_answer = is_no_answer && method != Method::Options;
                    let expected = (is_open(&path) || is_no_answer).then_some("*");
                    assert_eq!(
                        value("access-control-allow-origin"),
                        expected,
                        "{} {path}",
                        method.as_str()
                    );
                    if method == Method::Options && is_open(&path) {
                        assert_eq!(
                            value("access-control-allow-headers"),
                            Some("Authorization, Content-Type, MCP-Protocol-Version, DPoP")
                        );
                        assert!(value("access-control-allow-methods").is_some());
                    }
                }
            }
        }
    }
}

#[test]
fn a_body_is_whole_plain_and_not_too_long() {
    let world = World::new();
    // A connection that breaks while a body is on its way.
    let broken = Native::new();
    for route in ROUTES
        .iter()
        .filter(|route| !matches!(route.method, Method::Get) && route.exists(&world.config))
    {
        let path = route
            .path
            .replace("{user}", "1")
            .replace("{application}", "1");
        let is_page = !path.starts_with("/api");
        for (world, body, status) in [(&world, Body::TooLarge, 413), (&*broken, Body::Broken, 400)]
        {
            let answer = world
                .send(Request {
                    body,
                    ..request(route.method, &path)
                })
                .expect(status);
            let content_type = answer.header("content-type").unwrap();
            assert_eq!(content_type.starts_with("text/html"), is_page, "{path}");
            assert_eq!(answer.body.contains("at most 64 KiB"), status == 413);
        }
        for encoding in ["gzip", "br", "x"] {
            world
                .send(request(route.method, &path).with("content-encoding", encoding))
                .expect(415);
        }
    }
}

/// The limited URLs, by bucket: every spelling, and the methods that share it.
fn limited() -> [(&'static str, Vec<Request>); 3] {
    let all = |paths: &[&str]| paths.iter().map(|path| post(path, &[])).collect::<Vec<_>>();
    let both = ["/oauth2/authorize", "/api/oauth2/authorize"];
    [
        (
            "authorize",
            both.iter()
                .flat_map(|path| [get(path), request(Method::Head, path), post(path, &[])])
                .collect(),
        ),
        ("token", all(&["/oauth2/token", "/api/oauth2/token"])),
        (
            "revoke",
            all(&[
                "/oauth2/revoke",
                "/api/oauth2/revoke",
                "/oauth2/token/revoke",
                "/api/oauth2/token/revoke",
            ]),
        ),
    ]
}

#[test]
fn ten_in_ten_seconds_on_every_spelling_of_a_url() {
    let world = World::with(&[]);
    for (bucket, requests) in limited() {
        let again = |request: &Request, address: &str| {
            let copy = Request {
                body: Body::Read(Vec::new()),
                headers: Headers::default(),
                path: request.path.clone(),
                query: String::new(),
                ..*request
            };
            world.send(copy.with("cf-connecting-ip", address))
        };
        let mut cycle = requests.iter().cycle();
        for remaining in (0..10).rev() {
            let answer = again(cycle.next().unwrap(), "192.0.2.7");
            assert_ne!(answer.status, 429);
            for (name, value) in [
                ("x-ratelimit-limit", "10"),
                ("x-ratelimit-remaining", &*remaining.to_string()),
                ("x-ratelimit-bucket", bucket),
                ("x-ratelimit-reset-after", "10.000"),
            ] {
                assert_eq!(answer.header(name), Some(value), "{bucket}");
            }
        }
        world.pass(Duration::from_millis(8_766));
        for request in &requests {
            let answer = again(request, "192.0.2.7").expect(429);
            assert_eq!(answer.header("retry-after"), Some("2"));
            assert_eq!(answer.header("x-ratelimit-remaining"), Some("0"));
            assert_eq!(answer.header("x-ratelimit-reset-after"), Some("1.234"));
            assert!(
                answer
                    .header("x-ratelimit-reset")
                    .unwrap()
                    .parse::<u64>()
                    .unwrap()
                    > 1_795_000_000
            );
            if request.method != Method::Head {
                let expected = serde_json::json!({
                    "code": "RATE_LIMITED", "message": "You are being rate limited.", "retry_after": 1.234, "global": false,
                    "error": "temporarily_unavailable",
                });
                assert_eq!(answer.json(), expected);
            }
            assert_ne!(again(request, "192.0.2.8").status, 429, "another address");
        }
        // What was refused did not count: the place is free when it was said to be.
        world.pass(Duration::from_millis(1_234));
        assert_ne!(again(&requests[0], "192.0.2.7").status, 429);
        world.advance(60);
    }
}

#[test]
fn an_address_is_what_the_edge_says_and_an_ipv6_client_its_64() {
    let world = World::with(&[]);
    for index in 0..11 {
        let mut sent =
            post("/oauth2/token", &[]).with("cf-connecting-ip", &format!("2001:db8:1:2::{index}"));
        for name in [
            "x-forwarded-for",
            "x-real-ip",
            "forwarded",
            "true-client-ip",
            "cf-connecting-ipv6",
            "x-client-ip",
        ] {
            sent = sent.with(name, &format!("192.0.2.{index}"));
        }
        assert_eq!(world.send(sent).status == 429, index == 10, "{index}");
    }
}

#[test]
fn a_429_consumes_nothing() {
    let world = World::with(&[]);
    let app = &world.server;
    let browser = world.alices_browser();
    let code = browser.code(&app.asks());
    world.advance(10);
    let tokens = world.exchange(app, &browser.code(&app.asks())).tokens();
    while world.exchange(app, "x").status != 429 {}
    world.exchange(app, &code).expect(429);
    world.refresh(app, &tokens.refresh).expect(429);
    world.advance(10);
    world.exchange(app, &code).expect(200);
    world.refresh(app, &tokens.refresh).expect(200);
}

#[test]
fn a_person_gets_a_page_and_a_limit_can_be_off() {
    let world = World::with(&[]);
    let browser = world.browser();
    while browser.get("/oauth2/authorize").status != 429 {}
    assert_eq!(
        browser.get("/oauth2/authorize").texts("h1"),
        ["Slow down a little"]
    );
    let world = World::with(&[("RATE_LIMIT_TOKEN", "off")]);
    for _ in 0..30 {
        let answer = world.send(post("/oauth2/token", &[]));
        assert_eq!(
            (answer.status, answer.header("x-ratelimit-limit")),
            (400, None)
        );
    }
}

#[test]
fn plain_http_is_not_processed_where_the_issuer_is_https() {
    let world = World::with(&[("ISSUER", HTTPS)]);
    let tokens = world.tokens(&world.server);
    for path in paths(&world) {
        for (route, method) in ROUTES.iter().map(|route| (route, route.method)) {
            if route.path != path {
                continue;
            }
            let target = format!("{path}?a=b%20c");
            let answer = world.send_plainly(&request(method, &target).bearer(&tokens.access));
            assert_eq!(answer.header("strict-transport-security"), None);
            let is_page = !path.starts_with("/api")
                && path != "/healthz"
                && !path.starts_with("/.well-known");
            if is_page {
                assert_eq!(
                    (answer.status, answer.location()),
                    (308, &*format!("{HTTPS}{target}"))
                );
            } else {
                assert_eq!(
                    (answer.status, answer.header("location")),
                    (403, None),
                    "{path}"
                );
            }
        }
    }
    let answer = world.me(&tokens.access).expect(200);
    assert_eq!(
        answer.header("strict-transport-security"),
        Some("max-age=63072000")
    );
    assert_eq!(
        World::new()
            .send(get("/login"))
            .header("strict-transport-security"),
        None
    );
}

#[test]
fn cookies_are_bound_to_their_host() {
    let world = World::with(&[("ISSUER", HTTPS)]);
    let browser = world.alices_browser();
    assert_eq!(
        browser.cookies().into_keys().collect::<Vec<_>>(),
        [
            "__Host-fluxer_browser",
            "__Host-fluxer_known",
            "__Host-fluxer_session"
        ]
    );
    let answer = world.browser().get("/login");
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-fluxer_browser="), "{cookie}");
    assert!(
        cookie.ends_with("; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax; Secure"),
        "{cookie}"
    );
    let unprefixed = browser.cookies()["__Host-fluxer_session"].clone();
    let sent = get("/api/oauth2/session").with("cookie", &format!("fluxer_session={unprefixed}"));
    world.send(sent).expect(401);
    // The origin is the configured one, whatever the request says.
    let metadata = get("/.well-known/oauth-authorization-server")
        .with("host", "evil.example")
        .with("x-forwarded-host", "evil.example")
        .with("x-forwarded-proto", "http");
    assert_eq!(world.send(metadata).json()["issuer"], HTTPS);
}
