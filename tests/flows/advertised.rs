//! RFC 8414, RFC 9728: each value that the metadata lists is tried and works, and each other value that the
//! registries know of is tried and does not.

mod keys;
mod settings;

use std::collections::BTreeSet;

use fluxer_oauth2::http::Method;
use serde_json::{Value, json};

use self::keys::Keys;
use crate::device::{approve, ask as ask_for_codes};
use crate::openid::signed_by_a_published_key;
use crate::private_key_jwt::asserted;
use crate::world::{
    Answer, App, Browser, CHALLENGE, HTTP, PASSWORD, VERIFIER, With, World, get, post, request,
    text, with_json,
};

const SERVER: &str = "/.well-known/oauth-authorization-server";
const RESOURCE: &str = "/.well-known/oauth-protected-resource";
const TOKEN: &str = "/api/oauth2/token";
const REVOKE: &str = "/api/oauth2/revoke";
const INTROSPECT: &str = "/api/oauth2/introspect";
const USERINFO: &str = "/api/oauth2/userinfo";

/// Whether a value works.
type Works<'w> = Box<dyn Fn(&str) -> bool + 'w>;
/// A list's name, what the registries know of for it, and how a value of it is tried.
type List = (
    &'static str,
    &'static [&'static str],
    for<'w> fn(&'w World) -> Works<'w>,
);

const ALGORITHMS: &[&str] = &[
    "none", "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
    "ES256", "ES384", "ES512", "ES256K", "EdDSA",
];
const METHODS: &[&str] = &[
    "none",
    "client_secret_basic",
    "client_secret_post",
    "client_secret_jwt",
    "private_key_jwt",
    "tls_client_auth",
    "self_signed_tls_client_auth",
];
const SCOPES: &[&str] = &[
    "identify",
    "email",
    "guilds",
    "connections",
    "bot",
    "admin",
    "openid",
    "profile",
    "offline_access",
    "address",
    "phone",
];
const RESPONSE_TYPES: &[&str] = &[
    "code",
    "token",
    "id_token",
    "code token",
    "code id_token",
    "id_token token",
    "code id_token token",
    "none",
];
const RESPONSE_MODES: &[&str] = &[
    "query",
    "fragment",
    "form_post",
    "jwt",
    "query.jwt",
    "fragment.jwt",
    "form_post.jwt",
];
const GRANTS: &[&str] = &[
    "authorization_code",
    "refresh_token",
    "client_credentials",
    "implicit",
    "password",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:jwt-bearer",
    "urn:ietf:params:oauth:grant-type:saml2-bearer",
    "urn:ietf:params:oauth:grant-type:token-exchange",
    "urn:openid:params:grant-type:ciba",
];
/// OpenID Connect Core §2, §5.1, and the logouts' `sid`.
const CLAIMS: &[&str] = &[
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "azp",
    "at_hash",
    "c_hash",
    "sid",
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "email",
    "email_verified",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "phone_number",
    "phone_number_verified",
    "address",
    "updated_at",
];

const OF_THE_SERVER: &[List] = &[
    ("scopes_supported", SCOPES, scopes),
    ("response_types_supported", RESPONSE_TYPES, |world| {
        asked_with(world, "response_type")
    }),
    ("response_modes_supported", RESPONSE_MODES, |world| {
        asked_with(world, "response_mode")
    }),
    ("grant_types_supported", GRANTS, grants),
    (
        "code_challenge_methods_supported",
        &["S256", "plain"],
        challenges,
    ),
    ("token_endpoint_auth_methods_supported", METHODS, |world| {
        methods(world, TOKEN)
    }),
    (
        "revocation_endpoint_auth_methods_supported",
        METHODS,
        |world| methods(world, REVOKE),
    ),
    (
        "introspection_endpoint_auth_methods_supported",
        METHODS,
        |world| methods(world, INTROSPECT),
    ),
    (
        "token_endpoint_auth_signing_alg_values_supported",
        ALGORITHMS,
        |world| assertions(world, TOKEN),
    ),
    (
        "revocation_endpoint_auth_signing_alg_values_supported",
        ALGORITHMS,
        |world| assertions(world, REVOKE),
    ),
    (
        "introspection_endpoint_auth_signing_alg_values_supported",
        ALGORITHMS,
        |world| assertions(world, INTROSPECT),
    ),
    (
        "id_token_signing_alg_values_supported",
        ALGORITHMS,
        id_tokens,
    ),
    ("dpop_signing_alg_values_supported", ALGORITHMS, proofs),
    (
        "prompt_values_supported",
        &["none", "login", "consent", "select_account", "create"],
        prompts,
    ),
    ("subject_types_supported", &["public", "pairwise"], subjects),
    ("claims_supported", CLAIMS, claims),
];

const OF_THE_RESOURCE: &[List] = &[
    ("scopes_supported", SCOPES, opens),
    (
        "bearer_methods_supported",
        &["header", "body", "query"],
        bearers,
    ),
    (
        "dpop_signing_alg_values_supported",
        ALGORITHMS,
        proofs_at_a_resource,
    ),
    ("authorization_servers", &[HTTP], |world| {
        Box::new(|issuer| world.send(get(SERVER)).json()["issuer"] == issuer)
    }),
];

fn document(world: &World, path: &str) -> Value {
    world.send(get(path)).expect(200).json()
}

/// The names of the members that are of a kind.
fn names(document: &Value, is: fn(&Value) -> bool) -> BTreeSet<&str> {
    let members = document.as_object().expect("an object").iter();
    members
        .filter(|(_, it)| is(it))
        .map(|(name, _)| &**name)
        .collect()
}

/// What is listed is what works, of all that is known of; and nothing is listed that nobody tries.
fn check(world: &World, path: &str, lists: &[List]) {
    let document = document(world, path);
    let tried: BTreeSet<_> = lists.iter().map(|(name, ..)| *name).collect();
    assert_eq!(names(&document, Value::is_array), tried);
    for (name, known, how) in lists {
        let works = how(world);
        let works: BTreeSet<_> = known.iter().copied().filter(|it| works(it)).collect();
        assert_eq!(listed(&document, name), works, "{name}");
    }
}

fn listed<'d>(document: &'d Value, name: &str) -> BTreeSet<&'d str> {
    let list = document[name].as_array().expect("a list").iter();
    list.map(|it| it.as_str().expect("text")).collect()
}

#[test]
fn what_the_server_lists_works_and_nothing_else_does() {
    check(&World::new(), SERVER, OF_THE_SERVER);
}

#[test]
fn what_the_api_lists_works_and_nothing_else_does() {
    let world = World::new();
    check(&world, RESOURCE, OF_THE_RESOURCE);
    let document = document(&world, RESOURCE);
    assert_eq!(names(&document, Value::is_string), ["resource"].into());
    assert_eq!(document["resource"], HTTP);
    let demanded = world.me(&world.tokens(&world.server).access).status != 200;
    let flag = "dpop_bound_access_tokens_required";
    assert_eq!(names(&document, Value::is_boolean), [flag].into());
    assert_eq!(document[flag], demanded);
}

fn scopes(world: &World) -> Works<'_> {
    let browser = world.alices_browser();
    let all = document(world, SERVER)["scopes_supported"].clone();
    let all: Vec<_> = all
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| it.as_str().expect("text"))
        .collect();
    browser.code(&world.server.asks().with("scope", &all.join(" ")));
    Box::new(move |scope| {
        gives_a_code(&browser.authorize(&world.server.asks().with("scope", scope)))
    })
}

fn gives_a_code(answer: &Answer) -> bool {
    answer.status == 303 && answer.parameter("code").is_some()
}

fn asked_with<'w>(world: &'w World, parameter: &'static str) -> Works<'w> {
    let browser = world.alices_browser();
    Box::new(move |value| {
        gives_a_code(&browser.authorize(&world.server.asks().with(parameter, value)))
    })
}

fn grants(world: &World) -> Works<'_> {
    let app = &world.server;
    let browser = world.alices_browser();
    Box::new(move |grant| {
        let code = || browser.code(&app.asks());
        let device = || {
            let device = ask_for_codes(world, app, &[]);
            approve(&browser, &device).expect(200);
            device.code()
        };
        let (name, value) = match grant {
            "authorization_code" => ("code", code()),
            "refresh_token" => (
                "refresh_token",
                world.exchange(app, &code()).tokens().refresh,
            ),
            "client_credentials" => ("scope", String::new()),
            grant if grant.ends_with("device_code") => ("device_code", device()),
            grant if grant.ends_with("token-exchange") => {
                ("subject_token", world.tokens(app).access)
            }
            grant if grant.ends_with("bearer") => {
                ("assertion", Keys::new().assertion(world, app, "ES256"))
            }
            grant if grant.ends_with("ciba") => ("auth_req_id", code()),
            _ => ("username", world.alice.username.clone()),
        };
        let uri = ("redirect_uri", &*app.redirect_uri);
        let form = [
            ("grant_type", grant),
            (name, &value),
            uri,
            ("password", PASSWORD),
        ];
        world.token(app, &form).status == 200
    })
}

fn challenges(world: &World) -> Works<'_> {
    let browser = world.alices_browser();
    Box::new(move |method| {
        let challenge = if method == "plain" {
            VERIFIER
        } else {
            CHALLENGE
        };
        let asks = world.device.asks().with("code_challenge", challenge);
        let answer = browser.authorize(&asks.with("code_challenge_method", method));
        gives_a_code(&answer)
            && world
                .exchange(&world.device, &answer.parameter("code").expect("a code"))
                .status
                == 200
    })
}

/// What an endpoint is asked by clients that do not know much.
fn question(path: &str) -> Vec<(&'static str, &'static str)> {
    match path {
        TOKEN => vec![("grant_type", "refresh_token"), ("refresh_token", "x")],
        _ => vec![("token", "x")],
    }
}

/// Whether the client is known where it asks in this way; it is registered so where that can be done, by its
/// developer and by itself alike.
fn methods<'w>(world: &'w World, path: &'static str) -> Works<'w> {
    let keys = Keys::new();
    Box::new(move |method| {
        let kind = if method == "none" {
            "public"
        } else {
            "confidential"
        };
        let mut settings = json!({
            "name": "Any", "type": kind, "token_endpoint_auth_method": method,
            "redirect_uris": ["https://any.example/cb"], "scope": "identify",
        });
        if method == "private_key_jwt" {
            settings["jwks"] = keys.set();
        }
        let registration = with_json(request(Method::Post, "/api/oauth2/register"), &settings);
        let registered = world.send(registration).status == 201;
        settings.as_object_mut().expect("an object").remove("scope");
        let made = world.administer(Method::Post, "/api/admin/applications", Some(&settings));
        assert_eq!(made.status == 200, registered, "{method}: {}", made.body);
        let app = if registered {
            App::shown_in(&made.json())
        } else {
            world.server.clone()
        };
        let secret = app.secret.clone().unwrap_or_default();
        let id = [("client_id", &*app.id)];
        let form = question(path);
        let asked = match method {
            "client_secret_basic" => post(path, &form).basic(&app.id, &secret),
            "client_secret_post" => post(
                path,
                &[&*form, &id, &[("client_secret", &*secret)]].concat(),
            ),
            "private_key_jwt" => asserted(path, &form, &keys.assertion(world, &app, "ES256")),
            "client_secret_jwt" => asserted(path, &form, &keys.assertion(world, &app, "HS256")),
            _ => post(path, &[&*form, &id].concat()),
        };
        let works = world.send(asked).status != 401;
        assert_eq!(works, registered, "{method} at {path}");
        works
    })
}

fn assertions<'w>(world: &'w World, path: &'static str) -> Works<'w> {
    let keys = Keys::new();
    let app = world.application(&json!({
        "name": "Signing", "redirect_uris": ["https://signing.example/cb"],
        "token_endpoint_auth_method": "private_key_jwt", "jwks": keys.set(),
    }));
    Box::new(move |alg| {
        let assertion = keys.assertion(world, &app, alg);
        world
            .send(asserted(path, &question(path), &assertion))
            .status
            != 401
    })
}

fn id_tokens(world: &World) -> Works<'_> {
    let browser = world.alices_browser();
    Box::new(move |alg| {
        let made = json!({
            "name": "Reader", "redirect_uris": ["https://reader.example/cb"],
            "id_token_signed_response_alg": alg,
        });
        let made = world.administer(Method::Post, "/api/admin/applications", Some(&made));
        if made.status != 200 {
            return false;
        }
        let app = App::shown_in(&made.json());
        let code = browser.code(&app.asks().with("scope", "openid"));
        let granted = world.exchange(&app, &code).expect(200).json();
        signed_by_a_published_key(world, &text(&granted, "id_token")).0["alg"] == alg
    })
}

fn proofs(world: &World) -> Works<'_> {
    let keys = Keys::new();
    Box::new(move |alg| {
        let proof = keys.proof(
            world,
            alg,
            json!({"htm": "POST", "htu": format!("{HTTP}{TOKEN}")}),
        );
        let form = [("grant_type", "client_credentials")];
        let answer = world.send(world.server.post(TOKEN, &form).with("dpop", &proof));
        answer.status == 200 && answer.json()["token_type"] == "DPoP"
    })
}

/// A token is bound where it was issued: to a key that cannot be proved there, none is.
fn proofs_at_a_resource(world: &World) -> Works<'_> {
    let keys = Keys::new();
    let issued = proofs(world);
    let browser = world.alices_browser();
    Box::new(move |alg| {
        let proof = keys.proof(
            world,
            alg,
            json!({"htm": "POST", "htu": format!("{HTTP}{TOKEN}")}),
        );
        let code = browser.code(&world.server.asks());
        let exchange = world.server.post(TOKEN, &world.server.exchange(&code));
        let answer = world.send(exchange.with("dpop", &proof));
        assert_eq!(answer.status == 200, issued(alg), "{alg}");
        if answer.status != 200 {
            return false;
        }
        let token = answer.tokens().access;
        let hash = ring::digest::digest(&ring::digest::SHA256, token.as_bytes());
        let ath = fluxer_oauth2::base64url::encode(hash.as_ref());
        let proof = keys.proof(
            world,
            alg,
            json!({"htm": "GET", "htu": format!("{HTTP}{USERINFO}"), "ath": ath}),
        );
        let asked = get(USERINFO).with("authorization", &format!("DPoP {token}"));
        world.send(asked.with("dpop", &proof)).status == 200
    })
}

fn prompts(world: &World) -> Works<'_> {
    let browser = world.alices_browser();
    browser.code(&world.server.asks());
    Box::new(move |prompt| {
        let answer = browser.get(&world.server.asks().with("prompt", prompt).target());
        match prompt {
            "none" => gives_a_code(&answer),
            "login" => answer.status == 303 && answer.location().starts_with("/login?"),
            _ => answer.status == 200,
        }
    })
}

fn subjects(world: &World) -> Works<'_> {
    let browser = world.alices_browser();
    Box::new(move |kind| {
        let subject = |app: &App| {
            let code = browser.code(&app.asks().with("scope", "openid"));
            let token = world.exchange(app, &code).tokens().access;
            text(
                &world.send(get(USERINFO).bearer(&token)).expect(200).json(),
                "sub",
            )
        };
        let is_shared = subject(&world.server) == subject(&world.other);
        is_shared == (kind == "public")
    })
}

fn claims(world: &World) -> Works<'_> {
    let told = told(world, &world.alices_browser());
    Box::new(move |claim| told.contains(claim))
}

/// What the ID token and userinfo say of a user about whom everything is known.
fn told(world: &World, browser: &Browser<'_>) -> BTreeSet<String> {
    let asks = world
        .server
        .asks()
        .with("scope", "openid profile email")
        .with("nonce", "n");
    let granted = world
        .exchange(&world.server, &browser.code(&asks))
        .expect(200)
        .json();
    let (_, claims) = signed_by_a_published_key(world, &text(&granted, "id_token"));
    let userinfo = get(USERINFO).bearer(&text(&granted, "access_token"));
    let userinfo = world.send(userinfo).expect(200).json();
    let members = [claims, userinfo];
    members
        .iter()
        .flat_map(|it| it.as_object().expect("an object").keys().cloned())
        .collect()
}

/// Whether a scope opens more than `identify` does.
fn opens(world: &World) -> Works<'_> {
    let browser = world.alices_browser();
    Box::new(move |scope| {
        let shown = |scope: &str| {
            let answer = browser.authorize(&world.server.asks().with("scope", scope));
            let code = gives_a_code(&answer).then(|| answer.parameter("code").expect("a code"))?;
            let token = world.exchange(&world.server, &code).tokens().access;
            let paths = [
                USERINFO,
                "/api/users/@me",
                "/api/users/@me/guilds",
                "/api/users/@me/connections",
            ];
            Some(paths.map(|path| {
                let answer = world.send(get(path).bearer(&token));
                (
                    answer.status,
                    if answer.status == 200 {
                        answer.body
                    } else {
                        String::new()
                    },
                )
            }))
        };
        let opens = |seen: &[(u16, String); 4]| seen.iter().any(|(status, _)| *status == 200);
        let Some(alone) = shown(scope) else {
            return false;
        };
        opens(&alone) || shown(&format!("identify {scope}")) != shown("identify")
    })
}

fn bearers(world: &World) -> Works<'_> {
    let token = world.tokens(&world.server).access;
    Box::new(move |method| {
        let asked = match method {
            "header" => get(USERINFO).bearer(&token),
            "body" => post(USERINFO, &[("access_token", &token)]),
            _ => get(&format!("{USERINFO}?access_token={token}")),
        };
        world.send(asked).status == 200
    })
}
