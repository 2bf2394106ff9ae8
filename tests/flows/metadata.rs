//! RFC 8414: what is advertised works, and what works is advertised.

use fluxer_oauth2::http::Method;
use serde_json::{Value, json};

use crate::private_key_jwt::Signing;
use crate::world::{HTTP, VERIFIER, World, get, post, request};

fn metadata(world: &World) -> Value {
    let answer = world
        .send(get("/.well-known/oauth-authorization-server"))
        .expect(200);
    assert_eq!(answer.header("cache-control"), Some("public, max-age=3600"));
    answer.json()
}

#[test]
fn the_document_is_this() {
    let world = World::new();
    let auth_methods = json!([
        "client_secret_basic",
        "client_secret_post",
        "none",
        "private_key_jwt"
    ]);
    let auth_algorithms = json!(["RS256", "PS256", "ES256", "EdDSA"]);
    assert_eq!(
        metadata(&world),
        json!({
            "issuer": HTTP,
            "authorization_endpoint": format!("{HTTP}/oauth2/authorize"),
            "token_endpoint": format!("{HTTP}/api/oauth2/token"),
            "revocation_endpoint": format!("{HTTP}/api/oauth2/revoke"),
            "introspection_endpoint": format!("{HTTP}/api/oauth2/introspect"),
            "registration_endpoint": format!("{HTTP}/api/oauth2/register"),
            "userinfo_endpoint": format!("{HTTP}/api/oauth2/userinfo"),
            "jwks_uri": format!("{HTTP}/.well-known/jwks.json"),
            "end_session_endpoint": format!("{HTTP}/oauth2/logout"),
            "scopes_supported": [
                "identify", "email", "guilds", "connections", "openid", "profile", "offline_access",
            ],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "device_authorization_endpoint": format!("{HTTP}/api/oauth2/device_authorization"),
            "grant_types_supported": [
                "authorization_code", "refresh_token", "client_credentials",
                "urn:ietf:params:oauth:grant-type:device_code",
            ],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": auth_methods,
            "revocation_endpoint_auth_methods_supported": auth_methods,
            "introspection_endpoint_auth_methods_supported": auth_methods,
            "token_endpoint_auth_signing_alg_values_supported": auth_algorithms,
            "revocation_endpoint_auth_signing_alg_values_supported": auth_algorithms,
            "introspection_endpoint_auth_signing_alg_values_supported": auth_algorithms,
            "client_id_metadata_document_supported": true,
            "authorization_response_iss_parameter_supported": true,
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
            "dpop_signing_alg_values_supported": ["ES256", "EdDSA"],
            "subject_types_supported": ["public"],
            "prompt_values_supported": ["none", "login", "consent", "select_account"],
            "claims_supported": [
                "iss", "sub", "aud", "exp", "iat", "auth_time", "amr", "at_hash", "sid", "nonce",
                "name", "preferred_username", "updated_at", "email", "email_verified",
            ],
            "claims_parameter_supported": false,
            "request_parameter_supported": false,
            "request_uri_parameter_supported": false,
            "require_pushed_authorization_requests": false,
            "pushed_authorization_request_endpoint": format!("{HTTP}/api/oauth2/par"),
        })
    );
}

#[test]
fn what_is_advertised_works() {
    let world = World::new();
    let document = metadata(&world);
    let path = |name: &str| {
        document[name]
            .as_str()
            .unwrap()
            .strip_prefix(HTTP)
            .unwrap()
            .to_owned()
    };
    let list = |name: &str| {
        document[name]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it.as_str().unwrap().to_owned())
    };
    let browser = world.alices_browser();
    let (server, device) = (&world.server, &world.device);
    let secret = server.secret.as_deref().unwrap();

    let signing = Signing::new(&world, &json!({}));
    for method in list("token_endpoint_auth_methods_supported") {
        let app = match &*method {
            "none" => device,
            "private_key_jwt" => &signing.app,
            _ => server,
        };
        let post_as = |path: &str, form: &[(&str, &str)]| match &*method {
            "private_key_jwt" => signing.request(&world, path, form),
            _ => app.post(path, form),
        };
        for grant_type in list("grant_types_supported") {
            let code = browser.code(&app.asks().with_pkce().with("response_mode", "query"));
            let form = match &*grant_type {
                "authorization_code" => {
                    vec![("code", code), ("code_verifier", VERIFIER.to_owned())]
                }
                "refresh_token" => {
                    let first = [
                        ("grant_type", "authorization_code"),
                        ("code", &*code),
                        ("code_verifier", VERIFIER),
                    ];
                    let first = post_as(&path("token_endpoint"), &first);
                    vec![("refresh_token", world.send(first).tokens().refresh)]
                }
                "client_credentials" if method == "none" => continue,
                "client_credentials" => vec![],
                // tests/flows/device.rs tries it, with the applications that may.
                "urn:ietf:params:oauth:grant-type:device_code" => continue,
                unknown => panic!("{unknown} is not tried"),
            };
            let mut form: Vec<_> = form.iter().map(|(name, value)| (*name, &**value)).collect();
            form.push(("grant_type", &*grant_type));
            let request = match &*method {
                "client_secret_basic" | "none" | "private_key_jwt" => {
                    post_as(&path("token_endpoint"), &form)
                }
                "client_secret_post" => {
                    form.extend([("client_id", &*app.id), ("client_secret", secret)]);
                    post(&path("token_endpoint"), &form)
                }
                unknown => panic!("{unknown} is not tried"),
            };
            let token = world.send(request).expect(200).json()["access_token"]
                .as_str()
                .unwrap()
                .to_owned();
            let ask = [("token", &*token)];
            assert_eq!(
                world
                    .send(post_as(&path("introspection_endpoint"), &ask))
                    .json()["active"],
                true
            );
            world
                .send(post_as(&path("revocation_endpoint"), &ask))
                .expect(200);
            assert_eq!(
                world
                    .send(post_as(&path("introspection_endpoint"), &ask))
                    .json()["active"],
                false
            );
        }
    }
    let all: Vec<_> = list("scopes_supported").collect();
    browser.code(&server.asks().with("scope", &all.join(" ")));
    for scope in all {
        browser.code(&server.asks().with("scope", &scope));
    }
    assert_eq!(
        world
            .send(request(Method::Get, &path("authorization_endpoint")))
            .status,
        400
    );
}
