//! How an application uses OAuth, as its owner sets it.

use fluxer_oauth2::http::Method;
use serde_json::{Value, json};

use crate::world::{Answer, App, Browser, HTTP, PASSWORD, World};

const APPLICATIONS: &str = "/api/oauth2/applications";
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// RFC 8037 Appendix A.2.
fn jwks() -> Value {
    json!({"keys": [{
        "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        "kid": "2026", "alg": "EdDSA", "use": "sig",
    }]})
}

fn signs() -> Value {
    json!({"token_endpoint_auth_method": "private_key_jwt", "jwks": jwks()})
}

fn with(settings: &Value, more: &Value) -> Value {
    let mut settings = settings.clone();
    let members = settings.as_object_mut().expect("an object");
    members.extend(more.as_object().expect("an object").clone());
    settings
}

fn named(settings: &Value) -> Value {
    with(&json!({"name": "Mine"}), settings)
}

fn create(browser: &Browser<'_>, settings: &Value) -> Value {
    let made = browser.call_with(Method::Post, APPLICATIONS, &named(settings));
    made.expect(200).json()
}

fn path(made: &Value, tail: &str) -> String {
    format!(
        "{APPLICATIONS}/{}{tail}",
        made["id"].as_str().expect("an id")
    )
}

#[test]
fn settings_are_what_they_were_set_to_until_they_are_set_to_something_else() {
    let world = World::new();
    let browser = world.alices_browser();
    let settings = json!({
        "token_endpoint_auth_method": "private_key_jwt", "jwks": jwks(), "jwks_uri": null,
        "grant_types": ["authorization_code", DEVICE_CODE],
        "dpop_bound_access_tokens": true, "require_pushed_authorization_requests": true,
        "id_token_signed_response_alg": "ES256",
        "post_logout_redirect_uris": ["https://mine.example/out"],
        "profile": "fapi2", "event_webhook_url": "https://mine.example/events",
        "all_or_nothing": ["identify", "email"],
    });
    let is_set = |shown: &Value, settings: &Value| {
        for (name, value) in settings.as_object().expect("an object") {
            assert_eq!(&shown[name], value, "{name}");
        }
    };
    let made = create(&browser, &settings);
    is_set(&made, &settings);
    assert_eq!(made["type"], "confidential");
    assert_eq!(made.get("client_secret"), None, "it signs, and needs none");
    let shown = browser.get(&path(&made, "")).expect(200).json();
    assert_eq!(shown, made);
    let sent_back = browser.call_with(Method::Patch, &path(&made, ""), &shown);
    assert_eq!(sent_back.expect(200).json(), made);

    let others = json!({
        "jwks": null, "jwks_uri": "https://mine.example/jwks.json", "grant_types": null,
        "dpop_bound_access_tokens": false, "require_pushed_authorization_requests": false,
        "profile": "default", "event_webhook_url": null, "all_or_nothing": [],
        "id_token_signed_response_alg": "RS256", "post_logout_redirect_uris": [],
    });
    let changed = browser.call_with(Method::Patch, &path(&made, ""), &others);
    let changed = changed.expect(200).json();
    let all = json!([
        "authorization_code",
        "refresh_token",
        "client_credentials",
        DEVICE_CODE
    ]);
    is_set(&changed, &with(&others, &json!({"grant_types": all})));
    assert_eq!(browser.get(&path(&made, "")).json(), changed);
}

#[test]
fn a_setting_that_cannot_be_is_refused_by_its_name() {
    let world = World::new();
    let browser = world.alices_browser();
    let mut private = jwks();
    private["keys"][0]["d"] = json!("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A");
    for (settings, field) in [
        (
            json!({"token_endpoint_auth_method": "tls_client_auth"}),
            "token_endpoint_auth_method",
        ),
        (
            json!({"token_endpoint_auth_method": 1}),
            "token_endpoint_auth_method",
        ),
        (
            json!({"type": "public", "token_endpoint_auth_method": "client_secret_post"}),
            "token_endpoint_auth_method",
        ),
        (
            json!({"type": "confidential", "token_endpoint_auth_method": "none"}),
            "token_endpoint_auth_method",
        ),
        (
            json!({"token_endpoint_auth_method": "private_key_jwt"}),
            "jwks",
        ),
        (with(&signs(), &json!({"jwks": private})), "jwks"),
        (with(&signs(), &json!({"jwks": {"keys": []}})), "jwks"),
        (
            with(&signs(), &json!({"jwks": "https://mine.example/jwks.json"})),
            "jwks",
        ),
        (
            with(
                &signs(),
                &json!({"jwks_uri": "https://mine.example/jwks.json"}),
            ),
            "jwks_uri",
        ),
        (
            json!({"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://10.0.0.1/"}),
            "jwks_uri",
        ),
        (json!({"jwks": jwks()}), "jwks"),
        (json!({"grant_types": ["password"]}), "grant_types.0"),
        (json!({"grant_types": []}), "grant_types"),
        (json!({"grant_types": "authorization_code"}), "grant_types"),
        (
            json!({"type": "public", "grant_types": ["refresh_token", "client_credentials"]}),
            "grant_types.1",
        ),
        (
            json!({"dpop_bound_access_tokens": "yes"}),
            "dpop_bound_access_tokens",
        ),
        (
            json!({"require_pushed_authorization_requests": 1}),
            "require_pushed_authorization_requests",
        ),
        (json!({"profile": "fapi1"}), "profile"),
        (json!({"profile": "fapi2"}), "profile"),
        (
            with(
                &signs(),
                &json!({"profile": "fapi2", "id_token_signed_response_alg": "RS256"}),
            ),
            "id_token_signed_response_alg",
        ),
        (
            json!({"event_webhook_url": "https://10.0.0.1/"}),
            "event_webhook_url",
        ),
        (
            json!({"event_webhook_url": format!("{HTTP}/api/oauth2/token")}),
            "event_webhook_url",
        ),
        (
            json!({"all_or_nothing": ["email", "admin"]}),
            "all_or_nothing.1",
        ),
    ] {
        let refused = browser.call_with(Method::Post, APPLICATIONS, &named(&settings));
        assert_eq!(refused.expect(400).fields(), [field], "{settings}");
    }
    let none = browser.get("/api/oauth2/applications/@me").json();
    assert_eq!(none, json!([]));
}

#[test]
fn an_application_that_signs_has_no_secret_until_one_is_made() {
    let world = World::new();
    let browser = world.alices_browser();
    let form = [("grant_type", "client_credentials")];
    let made = create(
        &browser,
        &json!({"token_endpoint_auth_method": "client_secret_post"}),
    );
    assert_eq!(made["token_endpoint_auth_method"], "client_secret_post");
    let app = App::shown_in(&made);
    world.token(&app, &form).expect(200);

    let to_basic = json!({"token_endpoint_auth_method": "client_secret_basic"});
    let change = |to: &Value| browser.call_with(Method::Patch, &path(&made, ""), to);
    change(&to_basic).expect(200);
    world.token(&app, &form).expect(200);
    for to in [
        json!({"token_endpoint_auth_method": "none"}),
        json!({"jwks": jwks()}),
    ] {
        change(&to).expect(400);
    }

    let signing = change(&signs()).expect(200).json();
    assert_eq!(signing["jwks"], jwks());
    world.token(&app, &form).expect(401);
    assert_eq!(
        change(&to_basic).expect(400).fields(),
        ["token_endpoint_auth_method"]
    );

    let page = format!("/developers/{}", app.id);
    let has_none =
        |page: &Answer| page.body.contains("has no secret") && !page.body.contains("rotate-secret");
    let shown = browser.get(&page).expect(200);
    assert!(has_none(&shown) && shown.body.contains("reset-secret"));
    // A profile that knows no secrets is left first.
    change(&json!({"profile": "fapi2"})).expect(200);
    let shown = browser.get(&page).expect(200);
    assert!(has_none(&shown) && !shown.body.contains("reset-secret"));
    let reset = path(&made, "/client-secret/reset");
    let reset = || browser.call_with(Method::Post, &reset, &json!({"password": PASSWORD}));
    assert_eq!(reset().expect(400).fields(), ["profile"]);
    change(&json!({"profile": "default"})).expect(200);
    let reset = reset().expect(200).json();
    let renewed = App::shown_in(&reset);
    assert_eq!(reset["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!(reset["jwks"], Value::Null);
    world.token(&renewed, &form).expect(200);
    world.token(&app, &form).expect(401);
}

#[test]
fn a_grant_that_an_application_did_not_ask_for_is_not_its() {
    let world = World::new();
    let made = world.administer(
        Method::Post,
        "/api/admin/applications",
        Some(
            &json!({"name": "Codes", "owner_id": world.alice.id, "grant_types": ["refresh_token"]}),
        ),
    );
    let app = App::shown_in(&made.expect(200).json());
    let refused = world.token(&app, &[("grant_type", "client_credentials")]);
    assert_eq!(refused.expect(400).error(), "unauthorized_client");
}
