//! A client made with the crate `oauth2`. One JSON line in is one call, one JSON line out is its
//! answer: `Child` in ../../journey.mjs is the other end.

use std::error::Error;
use std::io::{BufRead, Write};
use std::time::Duration;

use oauth2::basic::{BasicClient, BasicTokenResponse, BasicTokenType};
use oauth2::http::Uri;
use oauth2::http::uri::Scheme;
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken,
    DeviceAuthorizationUrl, EndpointNotSet, EndpointSet, ErrorResponseType, HttpRequest, HttpResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    RefreshToken, RequestTokenError, RevocationUrl, Scope, StandardDeviceAuthorizationResponse,
    StandardErrorResponse, TokenResponse, TokenUrl, url::Url,
};
use serde_json::{Value, json};

type Client = BasicClient<EndpointSet, EndpointSet, EndpointNotSet, EndpointSet, EndpointSet>;
type Answer = Result<Value, Value>;

fn main() -> Result<(), Box<dyn Error>> {
    let settings: Value = serde_json::from_str(&std::env::var("CLIENT")?)?;
    let mut journey = Journey::new(&settings)?;
    for line in std::io::stdin().lock().lines() {
        let call: Vec<String> = serde_json::from_str(&line?)?;
        let answer = match call.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["authorize"] => Ok(json!(journey.authorize())),
            ["callback", url] => journey.callback(url),
            ["refresh", token] => journey.refresh(token),
            ["revoke", token] => journey.revoke(token),
            ["device"] => journey.device(),
            ["poll"] => journey.poll(),
            _ => return Err(format!("no such call: {call:?}").into()),
        };
        let said = match answer {
            Ok(returned) => json!({ "returned": returned }),
            Err(raised) => json!({ "raised": raised }),
        };
        println!("{said}");
        std::io::stdout().flush()?;
    }
    Ok(())
}

fn text(value: Option<&Value>) -> String {
    value.and_then(Value::as_str).unwrap_or_default().to_owned()
}

struct Journey {
    client: Client,
    http: ureq::Agent,
    pending: Option<(CsrfToken, PkceCodeVerifier)>,
    device: Option<StandardDeviceAuthorizationResponse>,
}

impl Journey {
    fn new(settings: &Value) -> Result<Self, Box<dyn Error>> {
        let issuer = text(settings.get("issuer"));
        let mut client = BasicClient::new(ClientId::new(text(settings.get("id"))))
            .set_auth_uri(AuthUrl::new(format!("{issuer}/oauth2/authorize"))?)
            .set_device_authorization_url(DeviceAuthorizationUrl::new(format!(
                "{issuer}/api/oauth2/device_authorization"
            ))?)
            .set_token_uri(TokenUrl::new(format!("{issuer}/api/oauth2/token"))?)
            // RFC 7009 §2 has the client check for https, and the crate does: see `send`.
            .set_revocation_url(RevocationUrl::new(format!(
                "{}/api/oauth2/revoke",
                issuer.replacen("http:", "https:", 1)
            ))?)
            .set_redirect_uri(RedirectUrl::new(text(settings.get("redirect_uri")))?);
        if let Some(secret) = settings.get("secret") {
            client = client.set_client_secret(ClientSecret::new(text(Some(secret))));
        }
        if settings.get("in_body") == Some(&json!(true)) {
            client = client.set_auth_type(AuthType::RequestBody);
        }
        let http = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(Duration::from_secs(20)))
            .build()
            .into();
        Ok(Self {
            client,
            http,
            pending: None,
            device: None,
        })
    }

    // snippet
    fn authorize(&mut self) -> String {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state) = self
            .client
            .authorize_url(CsrfToken::new_random)
            .add_scopes(["identify", "email"].map(|scope| Scope::new(scope.into())))
            .set_pkce_challenge(challenge)
            .url();
        self.pending = Some((state, verifier));
        url.into()
    }

    fn callback(&mut self, url: &str) -> Answer {
        let url = Url::parse(url).map_err(|error| json!(error.to_string()))?;
        let landed = |name: &str| {
            url.query_pairs()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
        };
        let (state, verifier) = self.pending.take().ok_or_else(|| json!("no request"))?;
        if landed("state").as_ref() != Some(state.secret()) {
            return Err(json!("another state"));
        }
        let code = AuthorizationCode::new(landed("code").unwrap_or_default());
        self.client
            .exchange_code(code)
            .set_pkce_verifier(verifier)
            .request(&|request| send(&self.http, request))
            .map(|tokens| plain(&tokens))
            .map_err(refused)
    }

    fn refresh(&self, token: &str) -> Answer {
        self.client
            .exchange_refresh_token(&RefreshToken::new(token.to_owned()))
            .request(&|request| send(&self.http, request))
            .map(|tokens| plain(&tokens))
            .map_err(refused)
    // end of snippet
    }

    fn device(&mut self) -> Answer {
        let device: StandardDeviceAuthorizationResponse = self
            .client
            .exchange_device_code()
            .add_scope(Scope::new("identify".into()))
            .request(&|request| send(&self.http, request))
            .map_err(refused)?;
        let code = json!(device.user_code().secret());
        self.device = Some(device);
        Ok(code)
    }

    fn poll(&mut self) -> Answer {
        let device = self.device.take().ok_or_else(|| json!("no device"))?;
        self.client
            .exchange_device_access_token(&device)
            .request(
                &|request| send(&self.http, request),
                std::thread::sleep,
                None,
            )
            .map(|tokens| plain(&tokens))
            .map_err(refused)
    }

    fn revoke(&self, token: &str) -> Answer {
        self.client
            .revoke_token(RefreshToken::new(token.to_owned()).into())
            .map_err(|error| json!(error.to_string()))?
            .request(&|request| send(&self.http, request))
            .map(|()| json!(null))
            .map_err(|error| json!(error.to_string()))
    }
}

/// The crate's requests over ureq, whose newest version it has no feature for. Loopback has no TLS:
/// what is for https goes there as it is.
fn send(http: &ureq::Agent, mut request: HttpRequest) -> Result<HttpResponse, ureq::Error> {
    let mut uri = request.uri().clone().into_parts();
    uri.scheme = Some(Scheme::HTTP);
    *request.uri_mut() = Uri::from_parts(uri).map_err(|error| ureq::Error::Http(error.into()))?;
    let (parts, mut body) = http.run(request)?.into_parts();
    Ok(HttpResponse::from_parts(parts, body.read_to_vec()?))
}

fn plain(tokens: &BasicTokenResponse) -> Value {
    assert_eq!(tokens.token_type(), &BasicTokenType::Bearer);
    json!({
        "access_token": tokens.access_token().secret(),
        "refresh_token": tokens.refresh_token().map(RefreshToken::secret),
    })
}

fn refused<E: Error + 'static, K: ErrorResponseType + std::fmt::Display>(
    error: RequestTokenError<E, StandardErrorResponse<K>>,
) -> Value {
    match error {
        RequestTokenError::ServerResponse(response) => json!({
            "type": "ServerResponse",
            "error": response.error(),
            "description": response.error_description(),
        }),
        other => json!({ "type": "other", "message": format!("{other:?}") }),
    }
}
