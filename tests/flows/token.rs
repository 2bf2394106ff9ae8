//! `/api/oauth2/token`: clients that prove who they are, and codes that are good once.

use fluxer_oauth2::base64url;
use fluxer_oauth2::http::{Method, Request};
use fluxer_oauth2::store::memory::KvMood;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::world::{
    ADMIN_SECRET, Answer, App, CHALLENGE, Native, PASSWORD, VERIFIER, WRONG_VERIFIER, With, World,
    encode, get, multipart, post, post_as, request, text,
};

const TOKEN: &str = "/api/oauth2/token";
const FORM: &str = "application/x-www-form-urlencoded";
const BAD_CODE: &str =
    r#"{"error":"invalid_grant","error_description":"Invalid authorization code"}"#;

#[track_caller]
fn check(answer: &Answer, error: &str, about: &str) {
    let status = if error == "invalid_client" { 401 } else { 400 };
    assert_eq!(
        (answer.status, answer.error().as_str()),
        (status, error),
        "{about}: {}",
        answer.body
    );
}

/// A form with these parameters instead of its own; an empty value takes one out.
fn but<'a>(form: &[(&'a str, &'a str)], changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let is_changed = |name: &str| changes.iter().any(|(changed, _)| *changed == name);
    let kept = form.iter().filter(|(name, _)| !is_changed(name));
    kept.chain(changes.iter().filter(|(_, value)| !value.is_empty()))
        .copied()
        .collect()
}

#[test]
fn a_grant_type_is_one_of_three_and_for_its_client() {
    let world = World::new();
    let none = App::default();
    for (app, grant_type, error) in [
        (&world.server, "", "invalid_request"),
        (&world.server, "foo", "unsupported_grant_type"),
        (
            &world.server,
            "AUTHORIZATION_CODE",
            "unsupported_grant_type",
        ),
        (&world.server, "password", "unsupported_grant_type"),
        (&world.server, "authorization_code", "invalid_request"),
        (&world.server, "refresh_token", "invalid_request"),
        (&world.device, "client_credentials", "unauthorized_client"),
        (&none, "client_credentials", "invalid_client"),
    ] {
        check(
            &world.token(app, &[("grant_type", grant_type)]),
            error,
            grant_type,
        );
    }
    let admin = App {
        id: "1".into(),
        secret: Some(ADMIN_SECRET.into()),
        ..App::default()
    };
    for grant_type in ["authorization_code", "refresh_token"] {
        check(
            &world.token(&admin, &[("grant_type", grant_type)]),
            "unauthorized_client",
            grant_type,
        );
    }
}

#[test]
fn client_credentials_open_what_no_user_is_needed_for() {
    let world = World::new();
    let trusted = world.application(&json!({"name": "T", "trusted": true}));
    let ask = |app: &App, scope| {
        world.token(
            app,
            &[("grant_type", "client_credentials"), ("scope", scope)],
        )
    };
    for (app, scope, granted) in [
        (&world.server, "", ""),
        (&trusted, "admin", "admin"),
        (&trusted, "", ""),
    ] {
        let body = ask(app, scope).expect(200).json();
        assert_eq!(body["scope"], granted);
        assert_eq!(body.get("refresh_token"), None);
    }
    for scope in [
        "identify",
        "email",
        "guilds",
        "connections",
        "bot",
        "admin",
        "x",
        "admin admin x",
        "a  b",
    ] {
        check(&ask(&world.server, scope), "invalid_scope", scope);
    }
}

#[test]
fn a_client_proves_who_it_is_in_one_way() {
    let world = World::new();
    let app = &world.server;
    let (id, secret) = (app.id.as_str(), app.secret.as_deref().unwrap());
    let grant = [("grant_type", "client_credentials")];
    let plain = || post(TOKEN, &grant);
    let with = |more: &[(&str, &str)]| post(TOKEN, &[&grant, more].concat());
    let raw = |value: &str| plain().with("authorization", value);
    let long = "x".repeat(60_000);

    for good in [
        plain().basic(id, secret),
        with(&[("client_id", id)]).basic(id, secret),
        with(&[("client_id", id), ("client_secret", secret)]),
        raw(&plain()
            .basic(id, secret)
            .header("authorization")
            .unwrap()
            .replace("Basic", "bAsIc")),
    ] {
        world.send(good).expect(200);
    }
    let in_query = format!(
        "{TOKEN}?{}",
        encode(&[("client_id", id), ("client_secret", secret)])
    );
    for (tried_basic, wrong) in [
        (true, plain().basic(id, "wrong")),
        (true, plain().basic("999", secret)),
        (true, plain().basic(id, "")),
        (true, plain().basic("", secret)),
        (true, plain().basic("nobody", secret)),
        (true, plain().basic(id, &format!("{secret}%zz"))),
        (true, plain().basic(id, &long)),
        (true, plain().basic(id, &format!("{secret}\0"))),
        (true, raw("Basic")),
        (true, raw("Basic ")),
        (true, raw("Basic ===")),
        (true, raw("Basic bm9jb2xvbg==")),
        (true, raw("Basic /////w==")),
        (true, raw(&format!("Bearer {secret}"))),
        (
            true,
            raw(&format!(
                "{0}, {0}",
                plain().basic(id, secret).header("authorization").unwrap()
            )),
        ),
        (false, plain()),
        (false, with(&[("client_id", id)])),
        (false, with(&[("client_secret", secret)])),
        (
            false,
            with(&[("client_id", id), ("client_secret", "wrong")]),
        ),
        (false, with(&[("client_id", "999")])),
        (
            false,
            with(&[("client_id", "999"), ("client_secret", "wrong")]),
        ),
        (
            false,
            with(&[("client_id", &world.device.id), ("client_secret", "x")]),
        ),
        (false, with(&[("client_id", id), ("client_assertion", "x")])),
        (false, post(&in_query, &grant)),
    ] {
        let about = format!("{:?} {:?}", wrong.header("authorization"), wrong.query);
        let answer = world.send(wrong);
        check(&answer, "invalid_client", &about);
        let challenge = answer.header("www-authenticate").unwrap_or_default();
        assert_eq!(
            challenge.starts_with("Basic realm="),
            tried_basic,
            "{about}"
        );
        assert!(!answer.body.contains(secret));
    }
    for two in [
        with(&[("client_secret", secret)]).basic(id, secret),
        with(&[("client_id", "999")]).basic(id, secret),
        with(&[("client_assertion", "x")]).basic(id, secret),
        with(&[
            ("client_id", id),
            ("client_secret", secret),
            ("client_assertion", "x"),
        ]),
        with(&[
            ("client_id", id),
            ("client_id", id),
            ("client_secret", secret),
        ]),
    ] {
        check(&world.send(two), "invalid_request", "two methods");
    }
    // An unknown client and a wrong secret are one answer.
    let answers =
        [plain().basic(id, "wrong"), plain().basic("999", "wrong")].map(|it| world.send(it));
    assert_eq!(answers[0].body, answers[1].body);
    assert_eq!(answers[0].headers().len(), answers[1].headers().len());
}

#[test]
fn a_form_may_come_in_parts() {
    let world = World::new();
    let app = &world.server;
    let form = encode(&[
        ("grant_type", "client_credentials"),
        ("client_id", &app.id),
        ("client_secret", app.secret.as_deref().unwrap()),
    ]);
    // Fluxer's own examples send their forms so.
    let fields = url::form_urlencoded::parse(form.as_bytes());
    let parts: Vec<u8> = fields
        .flat_map(|(name, value)| multipart(&name, "", value.as_bytes()))
        .collect();
    let parts = String::from_utf8(parts).expect("text");
    let multipart_form = "multipart/form-data; boundary=\"x\"";
    let whole = [&*parts, "--x--\r\n"].concat();
    world
        .send(post_as(multipart_form, TOKEN, &whole))
        .expect(200);
    for (broken, why) in [
        (parts.clone(), "The form is not"),
        ([&*parts, &whole].concat(), "twice"),
    ] {
        let refused = world.send(post_as(multipart_form, TOKEN, &broken));
        check(&refused, "invalid_request", why);
    }
}

#[test]
fn an_answer_is_json_whatever_its_client_would_rather_have() {
    let world = World::new();
    let app = &world.server;
    for accept in [
        None,
        Some(""),
        Some("text/html"),
        Some("*/*;q=0.1"),
        Some("application/xml, text/*;q=0.5"),
        Some("application/json;q=0, */*"),
    ] {
        for (path, field, status) in [
            (TOKEN, ("grant_type", "client_credentials"), 200),
            (TOKEN, ("grant_type", "x"), 400),
            ("/api/oauth2/introspect", ("token", "x"), 200),
        ] {
            let mut asked = app.post(path, &[field]);
            if let Some(accept) = accept {
                asked = asked.with("accept", accept);
            }
            let answer = world.send(asked).expect(status);
            assert_eq!(answer.header("content-type"), Some("application/json"));
            assert!(answer.json().is_object(), "{accept:?}");
        }
    }
}

#[test]
fn a_body_is_a_form_or_a_flat_json_object() {
    let world = World::new();
    let app = &world.server;
    let (id, secret) = (app.id.as_str(), app.secret.as_deref().unwrap());
    let form = encode(&[
        ("grant_type", "client_credentials"),
        ("client_id", id),
        ("client_secret", secret),
    ]);
    let json =
        json!({"grant_type": "client_credentials", "client_id": id, "client_secret": secret})
            .to_string();
    for (media_type, body) in [
        (FORM, &form),
        ("Application/X-WWW-Form-URLencoded", &form),
        ("application/json", &json),
        (&*format!("{FORM}; charset=UTF-8"), &form),
        (&*format!("{FORM};charset=\"utf-8\""), &form),
        (&*format!("{FORM}; charset=ISO-8859-1"), &form),
        (
            FORM,
            &format!("&&{form}&x&=&=y{}", "&unknown=1".repeat(100)),
        ),
    ] {
        world.send(post_as(media_type, TOKEN, body)).expect(200);
    }
    // What no grant asks about may be anything; what is asked about is named.
    let unknown = json.replacen('{', r#"{"unknown":{"a":[1]},"#, 1);
    world
        .send(post_as("application/json", TOKEN, &unknown))
        .expect(200);
    for odd in ["a=%ff%fe", "%u0041"] {
        let form = format!("{form}&{odd}");
        world.send(post_as(FORM, TOKEN, &form)).expect(200);
    }
    let number = json.replace(&format!("\"{id}\""), id);
    let refused = world.send(post_as("application/json", TOKEN, &number));
    assert_eq!(
        text(&refused.json(), "error_description"),
        "client_id must be a JSON string"
    );
    let twice = json.replacen('{', r#"{"grant_type":"client_credentials","#, 1);
    for (media_type, body) in [
        ("text/plain", &*form),
        ("", &form),
        ("application/json", &form),
        (FORM, &json),
        (&*format!("{FORM}; charset=utf-16"), &form),
        (
            &*format!("{FORM}; charset=iso-8859-1"),
            &format!("{form}&scope=%e9"),
        ),
        ("multipart/form-data", &form),
        (FORM, &*format!("{form}&grant_type=client_credentials")),
        (FORM, &*format!("{form}&scope=%zz")),
        (FORM, &*format!("{form}&scope=%")),
        (FORM, ""),
        ("application/json", ""),
        ("application/json", "[]"),
        ("application/json", "null"),
        ("application/json", "{"),
        ("application/json", &twice),
        ("application/json", &"[".repeat(60_000)),
        (
            "application/json",
            &json.replace("\"client_credentials\"", "1"),
        ),
        (
            "application/json",
            &json.replace("\"client_credentials\"", "[\"client_credentials\"]"),
        ),
    ] {
        check(
            &world.send(post_as(media_type, TOKEN, body)),
            "invalid_request",
            body,
        );
    }
    // What stands in the query is not read, and no header makes another method of this one.
    let in_query = post_as(FORM, &format!("{TOKEN}?grant_type=x&client_id=2"), &form);
    world
        .send(in_query.with("x-http-method-override", "GET"))
        .expect(200);
    for method in [Method::Get, Method::Head, Method::Put, Method::Delete] {
        let answer = world
            .send(request(method, &format!("{TOKEN}?{form}")))
            .expect(405);
        assert_eq!(answer.header("allow"), Some("POST"));
    }
}

#[test]
fn a_parameter_comes_once() {
    let world = World::new();
    let app = &world.device;
    let code = world.alices_browser().code(&app.asks());
    let form = app.exchange(&code);
    for index in 0..form.len() {
        let twice = [form.clone(), vec![form[index]]].concat();
        check(&world.token(app, &twice), "invalid_request", form[index].0);
    }
    world.exchange(app, &code).expect(200);
}

#[test]
fn a_code_that_is_none_is_refused_in_these_words() {
    let world = World::new();
    let app = &world.server;
    let browser = world.alices_browser();
    let tokens = world.tokens_for(&browser, app);
    let (one, two) = (browser.code(&app.asks()), browser.code(&app.asks()));
    let crossed = format!("{}{}", &one[..40], &two[40..]);
    let mut flipped = one.clone().into_bytes();
    flipped[10] = if flipped[10] == b'A' { b'B' } else { b'A' };
    let flipped = String::from_utf8(flipped).unwrap();
    let long = "x".repeat(60_000);
    for code in [
        "x",
        ".",
        "..",
        "../../x",
        "\0",
        "\u{fffe}",
        "a:b",
        "session:x",
        " ",
        &*"x".repeat(600),
        &long,
        &crossed,
        &flipped,
        &one[..74],
        &format!("{one}A"),
        &format!("{one}="),
        &format!("{one} "),
        &format!("{one}\0"),
        &tokens.access,
        &tokens.refresh,
        &two.to_ascii_lowercase(),
        "' OR 1=1--",
    ] {
        let answer = world.exchange(app, code);
        assert_eq!((answer.status, &*answer.body), (400, BAD_CODE), "{code}");
    }
    assert_eq!(world.works(app, &tokens), (true, true));
    for code in [one, two] {
        world.exchange(app, &code).expect(200);
    }
}

#[test]
fn a_code_lives_ten_minutes() {
    for (seconds, status) in [
        (598, 200),
        (599, 200),
        (600, 400),
        (602, 400),
        (3600, 400),
        (40 * 86_400, 400),
    ] {
        let world = World::new();
        for app in [&world.server, &world.device] {
            let code = world.alices_browser().code(&app.asks());
            world.advance(seconds);
            assert_eq!(world.exchange(app, &code).status, status, "{seconds}");
        }
    }
}

/// Every way to redeem a code wrongly that costs it nothing.
fn slips<'a>(
    world: &'a World,
    app: &'a App,
    code: &'a str,
    pkce: bool,
) -> Vec<(&'static str, Request)> {
    let right = but(
        &app.exchange(code),
        &[("code_verifier", if pkce { VERIFIER } else { "" })],
    );
    let own = |changes: &[(&'a str, &'a str)]| app.post(TOKEN, &but(&right, changes));
    let mut slips = vec![
        (
            "another confidential client",
            world.other.post(TOKEN, &right),
        ),
        (
            "another client's public id",
            post(
                TOKEN,
                &[right.clone(), vec![("client_id", &world.device.id)]].concat(),
            ),
        ),
        (
            "another redirect URI",
            own(&[("redirect_uri", "https://server.example/cb")]),
        ),
        (
            "another client's redirect URI",
            own(&[("redirect_uri", &world.other.redirect_uri)]),
        ),
    ];
    if pkce {
        slips.push(("no verifier", own(&[("code_verifier", "")])));
        slips.push((
            "another verifier",
            own(&[("code_verifier", WRONG_VERIFIER)]),
        ));
        slips.push((
            "the challenge as verifier",
            own(&[
                ("code_verifier", CHALLENGE),
                ("code_challenge_method", "plain"),
            ]),
        ));
    } else {
        slips.push(("no redirect URI", own(&[("redirect_uri", "")])));
        slips.push((
            "a verifier without a challenge",
            own(&[("code_verifier", VERIFIER)]),
        ));
    }
    slips.retain(|(name, _)| !(app.secret.is_none() && *name == "another client's public id"));
    slips
}

#[test]
fn a_slip_costs_a_code_nothing_and_gains_nothing() {
    for pkce in [true, false] {
        let world = World::new();
        let browser = world.alices_browser();
        for app in [&world.server, &world.device] {
            let asks = if pkce {
                app.asks().with_pkce()
            } else {
                app.asks()
            };
            if !pkce && app.secret.is_none() {
                continue;
            }
            let code = browser.code(&asks);
            for (name, slip) in slips(&world, app, &code, pkce) {
                check(&world.send(slip), "invalid_grant", name);
            }
            let verifier = if pkce { VERIFIER } else { "" };
            let right = but(&app.exchange(&code), &[("code_verifier", verifier)]);
            // Nor one that the user is sent back to at the very same place.
            let twin = json!({"name": "Twin", "redirect_uris": [app.redirect_uri]});
            let twin = world.application(&twin);
            check(&world.token(&twin, &right), "invalid_grant", "a twin");
            world.token(app, &right).expect(200);
        }
    }
}

#[test]
fn a_verifier_has_43_to_128_characters_of_whatever_kind() {
    let world = World::new();
    let app = &world.device;
    let browser = world.alices_browser();
    // 32 bytes in base64 with its padding, as git-credential-oauth sends them.
    let padded = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let challenge = base64url::encode(&Sha256::digest(padded));
    let code = browser.code(&app.asks().with("code_challenge", &challenge));
    let form = but(&app.exchange(&code), &[("code_verifier", padded)]);
    world.token(app, &form).expect(200);

    let code = browser.code(&app.asks());
    let near = VERIFIER.replace('d', "+");
    let form = but(&app.exchange(&code), &[("code_verifier", &near)]);
    check(&world.token(app, &form), "invalid_grant", &near);
    for verifier in [&VERIFIER[..42], &"x".repeat(129), &"x".repeat(10_000), "x"] {
        let form = but(&app.exchange(&code), &[("code_verifier", verifier)]);
        check(&world.token(app, &form), "invalid_request", verifier);
    }
    world.exchange(app, &code).expect(200);
}

#[test]
fn with_pkce_the_redirect_uri_may_be_left_out() {
    let world = World::new();
    let browser = world.alices_browser();
    for app in [&world.server, &world.device] {
        let code = browser.code(&app.asks().with_pkce());
        let form = but(
            &app.exchange(&code),
            &[("redirect_uri", ""), ("code_verifier", VERIFIER)],
        );
        world.token(app, &form).expect(200);
    }
}

#[test]
fn ten_misses_burn_a_code_and_nine_do_not() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = &world.device;
    for (misses, status) in [(9, 200), (10, 400), (11, 400)] {
        let code = browser.code(&app.asks());
        for _ in 0..misses {
            let form = but(&app.exchange(&code), &[("code_verifier", WRONG_VERIFIER)]);
            check(&world.token(app, &form), "invalid_grant", "a miss");
        }
        assert_eq!(world.exchange(app, &code).status, status, "{misses}");
    }
}

#[test]
fn a_code_is_good_once_and_a_replay_ends_what_came_of_it() {
    // Who replays, after how many seconds, and whether the tokens live on.
    enum Who {
        Itself,
        ItselfWithoutVerifier,
        Other,
        OtherPublic,
    }
    use Who::{Itself, ItselfWithoutVerifier, Other, OtherPublic};
    let world = World::new();
    let browser = world.alices_browser();
    let public = world.application(&json!({
        "name": "P", "type": "public", "redirect_uris": ["http://127.0.0.1/cb"],
    }));
    for (app, pkce, who, seconds, lives) in [
        (&world.server, false, Itself, 0, false),
        (&world.server, false, Itself, 599, false),
        (&world.server, true, Itself, 0, true),
        (&world.server, true, Itself, 9, true),
        (&world.server, true, Itself, 10, false),
        (&world.server, true, ItselfWithoutVerifier, 0, false),
        (&world.device, true, Itself, 9, true),
        (&world.device, true, Itself, 10, false),
        // Knowing a public id and a code proves nothing: no verifier, no harm.
        (&world.device, true, ItselfWithoutVerifier, 11, true),
        (&world.server, false, Other, 0, true),
        (&world.server, true, Other, 60, true),
        (&world.device, true, Other, 60, true),
        (&world.device, true, OtherPublic, 60, true),
        // A code that is long expired is an old page reopened, not an attack.
        (&world.server, false, Itself, 600, true),
        (&world.device, true, Itself, 3600, true),
    ] {
        let other_device = world.tokens_for(&browser, app);
        let asks = if pkce {
            app.asks().with_pkce()
        } else {
            app.asks()
        };
        let code = browser.code(&asks);
        let form = but(
            &app.exchange(&code),
            &[("code_verifier", if pkce { VERIFIER } else { "" })],
        );
        let tokens = world.token(app, &form).tokens();
        world.advance(seconds);
        let replay = match who {
            Itself => app.post(TOKEN, &form),
            ItselfWithoutVerifier => app.post(TOKEN, &but(&form, &[("code_verifier", "")])),
            Other => world.other.post(TOKEN, &form),
            OtherPublic => public.post(TOKEN, &form),
        };
        for _ in 0..2 {
            let request = Request {
                headers: replay.headers.clone(),
                ..post(TOKEN, &[])
            };
            let body = fluxer_oauth2::http::Body::Read(body_of(&replay));
            let answer = world.send(Request { body, ..request });
            assert_eq!((answer.status, &*answer.body), (400, BAD_CODE));
        }
        assert_eq!(
            world.works(app, &tokens),
            (lives, lives),
            "{seconds} {pkce}"
        );
        assert_eq!(
            world.works(app, &other_device),
            (true, true),
            "the other device"
        );
    }
}

fn body_of(request: &Request) -> Vec<u8> {
    match &request.body {
        fluxer_oauth2::http::Body::Read(bytes) => bytes.clone(),
        _ => Vec::new(),
    }
}

#[test]
fn a_code_dies_with_what_it_stands_on() {
    let world = World::new();
    let admin = |method, path: &str| world.administer(method, path, None).expect(204);
    let browser = world.alices_browser();
    let app = world.application(&json!({"name": "A", "redirect_uris": ["https://a.example/cb"]}));

    let code = browser.code(&app.asks());
    browser
        .call(
            Method::Delete,
            &format!("/api/oauth2/@me/authorizations/{}", app.id),
        )
        .expect(204);
    check(
        &world.exchange(&app, &code),
        "invalid_grant",
        "deauthorized",
    );

    let carol = world.user("carol", false);
    let hers = world.browser();
    assert_eq!(hers.try_to_log_in("carol", PASSWORD).status, 303);
    let code = hers.code(&app.asks());
    admin(Method::Delete, &format!("/api/admin/users/{}", carol.id));
    check(
        &world.exchange(&app, &code),
        "invalid_grant",
        "no such user",
    );

    let code = browser.code(&app.asks());
    admin(
        Method::Delete,
        &format!("/api/admin/applications/{}", app.id),
    );
    check(
        &world.exchange(&app, &code),
        "invalid_client",
        "no such application",
    );
}

/// A redirect URI that its owner takes away while a code is on its way gets no tokens, whether the request names
/// it or PKCE stands for it. `again` sends the request that is refused, and checks that.
fn is_taken_away(world: &World, again: &dyn Fn(&dyn Fn() -> Answer)) {
    let browser = world.alices_browser();
    let app = world.application(&json!({"name": "A", "redirect_uris": ["https://a.example/cb"]}));
    let one = format!("/api/admin/applications/{}", app.id);
    let register = |uri: &str| {
        let uris = json!({"redirect_uris": [uri]});
        world
            .administer(Method::Patch, &one, Some(&uris))
            .expect(200)
    };
    for asks in [app.asks(), app.asks().with_pkce()] {
        let code = browser.code(&asks);
        let mut form = vec![("grant_type", "authorization_code"), ("code", &*code)];
        if asks.target().contains("code_challenge") {
            form.push(("code_verifier", VERIFIER));
        } else {
            form.push(("redirect_uri", &*app.redirect_uri));
        }
        register("https://a.example/other");
        again(&|| world.token(&app, &form));
        register(&app.redirect_uri);
        world.token(&app, &form).expect(200);
    }
}

#[test]
fn a_redirect_uri_that_was_taken_away_gets_no_tokens() {
    let refused = |ask: &dyn Fn() -> Answer| check(&ask(), "invalid_grant", "taken away");
    is_taken_away(&World::new(), &refused);
}

#[test]
fn a_redirect_uri_that_was_taken_away_gets_no_tokens_whatever_kv_knows() {
    let world = Native::new();
    is_taken_away(&world, &|ask| {
        for mood in [KvMood::Fresh, KvMood::Missing] {
            world.memory.kv_mood.set(mood);
            check(&ask(), "invalid_grant", "taken away");
        }
        world.memory.kv_mood.set(KvMood::Fresh);
    });
}

#[test]
fn codes_and_tokens_are_never_twice_the_same() {
    let world = World::new();
    let browser = world.alices_browser();
    let app = &world.server;
    let mut seen = std::collections::BTreeSet::new();
    let mut prefixes = std::collections::BTreeSet::new();
    browser.code(&app.asks());
    let times = world.some(0..200, 10).count();
    for _ in 0..times {
        let code = browser.code(&app.asks());
        assert_eq!(code.len(), 75);
        prefixes.insert(code[..4].to_owned());
        let tokens = world.exchange(app, &code).tokens();
        assert!(seen.insert(code) && seen.insert(tokens.access) && seen.insert(tokens.refresh));
    }
    assert!(
        prefixes.len() >= times - times / 20,
        "no growing prefix: {}",
        prefixes.len()
    );
}

#[test]
fn an_access_token_says_what_rfc_9068_wants_to_know() {
    use base64ct::{Base64UrlUnpadded, Encoding};
    let world = World::new();
    let tokens = world.tokens(&world.server);
    let parts: Vec<Value> = tokens
        .access
        .split('.')
        .take(2)
        .map(|part| serde_json::from_slice(&Base64UrlUnpadded::decode_vec(part).unwrap()).unwrap())
        .collect();
    assert_eq!(parts[0]["alg"], "HS256");
    assert_eq!(parts[0]["typ"], "JWT");
    let claims = &parts[1];
    for (name, expected) in [
        ("iss", crate::world::HTTP),
        ("aud", crate::world::HTTP),
        ("sub", &*world.alice.id),
        ("client_id", &*world.server.id),
        ("scope", "identify email"),
    ] {
        assert_eq!(text(claims, name), expected);
    }
    assert_eq!(
        claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(),
        604_800
    );
    assert!(claims["jti"].is_string() && claims["fam"].is_string());
    assert_eq!(world.send(get(TOKEN)).status, 405);
}

#[test]
fn tokens_are_no_longer_than_the_documentation_says() {
    const DOCUMENT: &str = include_str!("../../docs/resource-servers.md");
    let world = World::new();
    let browser = world.alices_browser();
    let everything = "identify email guilds connections openid profile offline_access";
    let code = browser.code(&world.server.asks().with("scope", everything));
    let given = world.exchange(&world.server, &code).json();
    let longest = |row: &str| -> usize {
        let row = DOCUMENT.lines().find(|line| line.starts_with(row));
        let mut cells = row.expect("a row").split('|').map(str::trim);
        let number = cells.find_map(|cell| cell.parse().ok());
        number.expect("a number")
    };
    for (row, token) in [
        ("| `code`", &*code),
        ("| `access_token`", &text(&given, "access_token")),
        ("| `refresh_token`", &text(&given, "refresh_token")),
        ("| `id_token`", &text(&given, "id_token")),
    ] {
        // Ids have 19 digits, and an issuer in production some characters more than here.
        let documented = longest(row);
        assert!(token.len() + 60 <= documented, "{row}: {}", token.len());
        assert!(
            documented <= 2 * token.len() + 100,
            "{row}: {}",
            token.len()
        );
    }
}
