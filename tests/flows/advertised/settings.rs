//! The document under every setting that it follows.

use std::collections::BTreeSet;

use fluxer_oauth2::http::Method;
use fluxer_oauth2::routes::ROUTES;
use serde_json::{Value, json};

use super::keys::Keys;
use super::{CLAIMS, SERVER, asked_with, document, gives_a_code, listed, names, told};
use crate::openid::signed_by_a_published_key;
use crate::platform::Platformed;
use crate::world::{App, Browser, HTTP, Native, World, post_as, request, text};

/// Whether what a flag says works.
type Works = fn(&Native) -> bool;

/// What is true of a server, by the name of the member that says so.
const FLAGS: &[(&str, Works)] = &[
    ("authorization_response_iss_parameter_supported", |world| {
        let browser = world.alices_browser();
        let answers = [
            browser.authorize(&world.server.asks()),
            browser.get(&world.server.asks().with("response_type", "token").target()),
        ];
        answers
            .iter()
            .all(|it| it.parameter("iss").as_deref() == Some(HTTP))
    }),
    ("claims_parameter_supported", |world| {
        let asked = r#"{"id_token":{"name":{"essential":true}}}"#;
        let asks = world
            .server
            .asks()
            .with("scope", "openid profile")
            .with("claims", asked);
        let code = world.alices_browser().code(&asks);
        let granted = world.exchange(&world.server, &code).expect(200).json();
        let (_, claims) = signed_by_a_published_key(world, &text(&granted, "id_token"));
        claims.get("name").is_some()
    }),
    ("request_parameter_supported", |world| {
        let object = Keys::new().sign(&json!({"alg": "none"}), &json!({"scope": "identify"}));
        asked_with(world, "request")(&object)
    }),
    ("request_uri_parameter_supported", |world| {
        asked_with(world, "request_uri")("https://server.example/request")
    }),
    ("require_pushed_authorization_requests", |world| {
        !gives_a_code(&world.alices_browser().authorize(&world.server.asks()))
    }),
    ("client_id_metadata_document_supported", |world| {
        const URL: &str = "https://client.example/oauth/client.json";
        let document = json!({
            "client_id": URL, "client_name": "Any", "redirect_uris": ["https://client.example/cb"],
        });
        world.memory.serve_json(URL, &document);
        let app = App {
            id: URL.to_owned(),
            redirect_uri: "https://client.example/cb".to_owned(),
            ..App::default()
        };
        world.alices_browser().get(&app.asks().target()).status == 200
    }),
];

/// Whether something answers there.
fn is_there(world: &World, method: Method, path: &str) -> bool {
    let asked = match method {
        Method::Post => post_as("application/json", path, "{}"),
        method => request(method, path),
    };
    let status = world.send(asked).status;
    assert_ne!(status, 405, "{path}");
    status != 404
}

#[test]
fn the_document_follows_every_setting() {
    for settings in [
        &[][..],
        &[
            ("DYNAMIC_REGISTRATION", "off"),
            ("CLIENT_METADATA_DOCUMENTS", "off"),
        ],
        &[
            ("DYNAMIC_REGISTRATION", "token"),
            ("CLIENT_METADATA_DOCUMENTS", "on"),
        ],
        &[
            ("DPOP_NONCES", "on"),
            ("AVATAR_URL", "https://cdn.example/{user}/{avatar}.png"),
        ],
    ] {
        let unlimited = ["RATE_LIMIT_AUTHORIZE", "RATE_LIMIT_TOKEN"].map(|it| (it, "off"));
        let world = Native::with(&[settings, &unlimited].concat());
        let path = format!("/api/admin/users/{}", world.alice.id);
        let picture = json!({"avatar": "a_1f"});
        world
            .administer(Method::Patch, &path, Some(&picture))
            .expect(200);
        let document = document(&world, SERVER);
        for (name, is_so) in FLAGS {
            let said = document
                .get(*name)
                .and_then(Value::as_bool)
                .unwrap_or_default();
            assert_eq!(said, is_so(&world), "{name} {settings:?}");
        }
        let tried: BTreeSet<_> = FLAGS.iter().map(|(name, _)| *name).collect();
        assert!(names(&document, Value::is_boolean).is_subset(&tried));
        follows(&world, &document, &world.alices_browser());
    }
}

#[test]
fn the_document_follows_the_platform_whose_users_these_are() {
    let world = Platformed::with(&[("AVATAR_URL", "https://cdn.example/{user}/{avatar}.png")]);
    world.knows(
        &world.alice.id,
        &json!({"username": "alice", "avatar": "a_1f"}),
    );
    let browser = world.logged_in(&world.alice.id);
    follows(&world, &document(&world, SERVER), &browser);
}

/// Its URLs are those that are there, and its claims those that are made.
fn follows(world: &World, document: &Value, browser: &Browser<'_>) {
    for route in ROUTES.iter().filter(|route| route.metadata.is_some()) {
        let name = route.metadata.expect("a name");
        let url = document.get(name).and_then(Value::as_str);
        assert_eq!(
            url.is_some(),
            is_there(world, route.method, route.path),
            "{name}"
        );
        assert!(
            url.is_none_or(|url| url == format!("{HTTP}{}", route.path)),
            "{name}"
        );
    }
    let named = ROUTES.iter().filter_map(|route| route.metadata);
    let named: BTreeSet<_> = named.chain(["issuer"]).collect();
    assert!(names(document, Value::is_string).is_subset(&named));
    let told = told(world, browser);
    let told: BTreeSet<_> = CLAIMS
        .iter()
        .copied()
        .filter(|it| told.contains(*it))
        .collect();
    assert_eq!(listed(document, "claims_supported"), told);
}
