//! What holds of every parser of outside text, whatever the text: it does not panic, and what it takes
//! means what it says. `fuzz_targets` calls these with what libFuzzer finds, `tests/parsers.rs` with what
//! proptest makes up.

use core::time::Duration;
use std::cell::RefCell;

use fluxer_oauth2::base64url;
use fluxer_oauth2::config::Config;
use fluxer_oauth2::crypto::keyring::Keyring;
use fluxer_oauth2::fluxer::icon::Icon;
use fluxer_oauth2::fluxer::permissions::Permissions;
use fluxer_oauth2::http::{Body, Headers, Method, Request};
use fluxer_oauth2::lengths::MAX_BODY_BYTES;
use fluxer_oauth2::multipart::{self, Part};
use fluxer_oauth2::oauth::authorization_request::AuthorizationRequest;
use fluxer_oauth2::oauth::client::Client;
use fluxer_oauth2::oauth::client::authentication::{ClientAuthentication, Credentials};
use fluxer_oauth2::oauth::client::url::ClientIdentifier;
use fluxer_oauth2::oauth::code::Code;
use fluxer_oauth2::oauth::dpop::{DpopProof, ProvedRequest};
use fluxer_oauth2::oauth::issuer::Issuer;
use fluxer_oauth2::oauth::jwk::{Jwk, JwkThumbprint};
use fluxer_oauth2::oauth::jws::Unverified;
use fluxer_oauth2::oauth::params::{self, Params};
use fluxer_oauth2::oauth::redirect_uri::{PrivateSchemes, RegisteredUri, Registrant};
use fluxer_oauth2::oauth::scope::Scopes;
use fluxer_oauth2::oauth::token::access::AccessToken;
use fluxer_oauth2::oauth::token::refresh::RefreshToken;
use fluxer_oauth2::page::user_agent::UserAgent;
use fluxer_oauth2::router;
use fluxer_oauth2::snowflake::ApplicationId;
use fluxer_oauth2::store::memory::Memory;
use fluxer_oauth2::time::Timestamp;
use serde_json::Value;

/// A target's name, and what holds of its parser.
pub type Property = (&'static str, fn(&[u8]));

/// Every target.
pub const PROPERTIES: &[Property] = &[
    ("form", form),
    ("json", json),
    ("redirect_uri", redirect_uri),
    ("code", code),
    ("tokens", tokens),
    ("permissions", permissions),
    ("user_agent", user_agent),
    ("ndjson", ndjson),
    ("dpop_proof", dpop_proof),
    ("jwk", jwk),
    ("credentials", credentials),
    ("multipart", multipart),
    ("icon", icon),
    ("request", request),
];

const ISSUER: &str = "http://127.0.0.1:8787";
const ADMIN_SECRET: &str = "an-administration-secret-that-no-one-else-knows";
const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);
const NAMES: [&str; 6] = [
    "code",
    "scope",
    "state",
    "redirect_uri",
    "grant_type",
    "client_id",
];

fn setting(name: &str) -> Option<String> {
    let value = match name {
        "ISSUER" => ISSUER,
        "SIGNING_KEYS" => "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
        "ADMIN_CLIENT_SECRET" => ADMIN_SECRET,
        "DYNAMIC_REGISTRATION" => "open",
        "CLIENT_METADATA_DOCUMENTS" | "DPOP_NONCES" => "on",
        // What is looked for are texts that are not stood, and not passwords.
        "PASSWORD_COST" => "1024/1",
        "RATE_LIMIT_AUTHORIZE"
        | "RATE_LIMIT_TOKEN"
        | "RATE_LIMIT_REVOKE"
        | "RATE_LIMIT_REGISTER"
        | "RATE_LIMIT_LOGIN" => "off",
        _ => return None,
    };
    Some(value.to_owned())
}

thread_local! {
    static CONFIG: Config = Config::parse(setting).expect("settings");
    static WORLD: RefCell<World> = RefCell::new(World::new());
}

fn keyring<T>(ask: impl FnOnce(&Keyring) -> T) -> T {
    CONFIG.with(|config| ask(&config.keyring))
}

/// A form, and an authorization request in one.
pub fn form(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else {
        return;
    };
    let params = Params::from_form(text);
    for name in NAMES {
        let one = params.one(name);
        if let Ok(Some(value)) = &one {
            assert!(!value.is_empty());
            assert_eq!(params.all(name).collect::<Vec<_>>(), [*value]);
        }
    }
    if let Some(decoded) = params::decode(text) {
        let encoded = url::form_urlencoded::byte_serialize(decoded.as_bytes());
        let encoded: String = encoded.collect();
        assert_eq!(params::decode(&encoded), Some(decoded));
    }
    let id = ApplicationId::parse("12").expect("an id");
    let client = Client::registered(id, ClientAuthentication::None, Vec::new(), false);
    let asked = AuthorizationRequest::parse(&params, &client, Scopes::of_users(), None);
    if let Ok(asked) = asked {
        assert!(asked.code_challenge.is_some(), "a public client has PKCE");
        let spelled = asked.scope.to_string();
        assert_eq!(Scopes::parse(&spelled), Ok(asked.scope));
    }
}

/// A flat JSON object.
pub fn json(data: &[u8]) {
    let Ok(params) = Params::from_json(data) else {
        return;
    };
    for name in NAMES {
        if let Ok(Some(value)) = params.one(name) {
            assert!(core::str::from_utf8(data).is_ok() && !value.is_empty());
        }
    }
}

/// A redirect URI that somebody registers, and an answer that goes there.
pub fn redirect_uri(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else {
        return;
    };
    for by in [Registrant::Public, Registrant::Confidential] {
        let Ok(uri) = RegisteredUri::parse(text, by, &PrivateSchemes::default()) else {
            continue;
        };
        let stored = serde_json::to_string(&uri).expect("JSON");
        assert_eq!(
            serde_json::from_str::<RegisteredUri>(&stored).ok(),
            Some(uri.clone())
        );
        let admitted = uri.admit(text).expect("it admits itself");
        assert_eq!(admitted.as_str(), text);
        let location = admitted.location(&[("code", "a&b=c#d"), ("state", "\r\n")]);
        let location = location.into_header();
        assert!(location.starts_with(text) && location.bytes().all(|it| it.is_ascii_graphic()));
        // As browsers read it, it leads where it was registered for.
        if let (Ok(there), Ok(to)) = (url::Url::parse(text), url::Url::parse(&location)) {
            let place = |url: &url::Url| {
                let host = url.host_str().map(str::to_owned);
                let path = url.path().to_owned();
                (url.scheme().to_owned(), host, url.port(), path)
            };
            assert_eq!(place(&there), place(&to));
            assert_eq!(to.fragment(), None);
            if !matches!(there.scheme(), "http" | "https") {
                continue;
            }
            assert_eq!(there.username(), "");
            // What a browser reads as a number is an address, however it is spelled.
            if let Some(url::Host::Domain(host)) = there.host() {
                let shown = admitted.destination().to_ascii_lowercase();
                assert!(shown.starts_with(host), "{host} {shown}");
            }
        }
    }
}

/// An authorization code: nobody makes one without the keys.
pub fn code(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else {
        return;
    };
    assert!(keyring(|keyring| Code::parse(keyring, text)).is_none());
}

/// A JWT: nobody makes one of ours without the keys.
pub fn tokens(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else {
        return;
    };
    let issuers: Vec<_> = Issuer::parse(ISSUER).into_iter().collect();
    let access = keyring(|keyring| AccessToken::verify(keyring, &issuers, text, NOW));
    assert!(access.is_none());
    let refresh = keyring(|keyring| RefreshToken::verify(keyring, &issuers, text, NOW));
    assert!(refresh.is_none());
    if let Some(token) = Unverified::parse(text) {
        let signature = base64url::encode(&token.signature);
        let input = core::str::from_utf8(token.signing_input).expect("a part of the text");
        assert_eq!(format!("{input}.{signature}"), text);
        assert!(token.claims.is_object());
    }
}

/// A set of permissions.
pub fn permissions(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else {
        return;
    };
    if let Ok(permissions) = Permissions::parse(text) {
        assert_eq!(
            serde_json::to_value(permissions).ok(),
            Some(Value::from(text))
        );
    }
}

/// What a browser calls itself.
pub fn user_agent(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let once = UserAgent::parse(&text);
    assert_eq!(
        format!("{once:?}"),
        format!("{:?}", UserAgent::parse(&text))
    );
}

/// A proof of possession.
pub fn dpop_proof(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else {
        return;
    };
    let Ok(proof) = DpopProof::parse(text) else {
        return;
    };
    assert!(!text.contains(',') && text.len() <= 8192);
    assert_eq!(proof.signed().signature.len(), 64);
    assert!(proof.key().is_for(proof.signed().algorithm));
    let issuer = Issuer::parse(ISSUER).expect("an issuer");
    let checked = proof.check(&ProvedRequest {
        method: "POST",
        issuer: &issuer,
        leads_here: &|path| path == "/api/oauth2/token",
        now: NOW,
    });
    if checked.is_ok() {
        assert!(!proof.id().is_empty() && proof.id().len() <= 256);
        let left = proof.good_until().since(NOW);
        assert!(proof.good_until() > NOW && left <= Duration::from_secs(121));
    }
    let other = JwkThumbprint::parse(&"A".repeat(43)).expect("a thumbprint");
    assert!(proof.check_token("a.b.c", other).is_err());
    assert!(keyring(|keyring| proof.check_nonce(keyring, NOW)).is_err());
}

/// A public key.
pub fn jwk(data: &[u8]) {
    let Ok(value) = serde_json::from_slice::<Value>(data) else {
        return;
    };
    let Ok(key) = Jwk::parse(&value) else {
        return;
    };
    let written = serde_json::to_value(&key).expect("JSON");
    assert_eq!(Jwk::parse(&written).ok().as_ref(), Some(&key));
    assert!(
        written
            .as_object()
            .is_some_and(|it| it.len() <= 4 && !it.contains_key("d"))
    );
    let thumbprint = key.thumbprint();
    assert_eq!(
        JwkThumbprint::parse(&thumbprint.to_string()),
        Some(thumbprint)
    );
}

/// What a client authenticates with: a header, a line break, and a form.
pub fn credentials(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else {
        return;
    };
    let (header, form) = text.split_once('\n').unwrap_or((text, ""));
    let params = Params::from_form(form);
    let header = Some(header).filter(|header| !header.is_empty());
    if let Ok(credentials) = Credentials::read(header, &params) {
        let id = credentials.client_id();
        let spelled = match &id {
            ClientIdentifier::Id(id) => id.to_string(),
            ClientIdentifier::Url(url) => url.as_str().to_owned(),
        };
        assert_eq!(ClientIdentifier::parse(&spelled), Some(id));
    }
    if let Some(ClientIdentifier::Url(url)) = ClientIdentifier::parse(form) {
        assert_eq!(url.as_str(), form);
        match url::Url::parse(form) {
            Ok(url) => assert_eq!(url.username(), ""),
            // What is spelled in Punycode leads nowhere where it is not.
            Err(_) => assert!(form.to_ascii_lowercase().contains("xn--")),
        }
    }
}

/// A form in parts, at the boundary `x`: what is read of it is in it, and written again it is the same.
pub fn multipart(data: &[u8]) {
    let Some(parts) = multipart::parts("multipart/form-data; boundary=x", data) else {
        return;
    };
    let mut again = Vec::new();
    for part in &parts {
        // Quotes are the end of a name.
        assert!(!part.name.contains('"') || !part.name.contains(';'));
        again.extend_from_slice(b"--x\r\nContent-Disposition: form-data; name=\"");
        again.extend_from_slice(part.name.replace('"', "%22").as_bytes());
        again.extend_from_slice(b"\"\r\n\r\n");
        again.extend_from_slice(part.content);
        again.extend_from_slice(b"\r\n");
        assert!(
            data.windows(part.content.len().max(1))
                .any(|it| it == part.content)
                || part.content.is_empty()
        );
    }
    again.extend_from_slice(b"--x--");
    let read = multipart::parts("multipart/form-data; boundary=x", &again).expect("a form");
    let contents = |parts: &[Part<'_>]| {
        parts
            .iter()
            .map(|it| it.content.to_vec())
            .collect::<Vec<_>>()
    };
    assert_eq!(contents(&read), contents(&parts));
    Params::from_parts(&parts);
}

/// A picture: what is kept of it is kept again as it is, and nothing but a picture.
pub fn icon(data: &[u8]) {
    let Some(icon) = Icon::read(data) else {
        return;
    };
    assert_eq!(Icon::read(&icon.bytes).as_ref(), Some(&icon));
    assert!(icon.bytes.len() <= data.len() && icon.hash().is_kept_here());
    let begins = match icon.media_type {
        "image/png" => icon.bytes.starts_with(b"\x89PNG\r\n\x1a\n"),
        _ => icon.bytes.starts_with(b"RIFF") && icon.bytes.get(8..12) == Some(b"WEBP"),
    };
    assert!(begins);
    for word in [&b"tEXt"[..], b"eXIf"] {
        assert!(icon.media_type != "image/png" || icon.bytes.get(37..41) != Some(word));
    }
}

/// The server on a memory of its own.
struct World {
    memory: Memory,
    /// Of the built-in application.
    token: String,
    /// How many requests it has had: what they leave behind is thrown away now and then.
    age: u32,
}

impl World {
    fn new() -> Self {
        let mut world = Self {
            memory: Memory::default(),
            token: String::new(),
            age: 0,
        };
        let form = format!(
            "grant_type=client_credentials&scope=admin&client_id=1&client_secret={ADMIN_SECRET}"
        );
        let headers = vec![(
            "content-type",
            "application/x-www-form-urlencoded".to_owned(),
        )];
        let (_, body) = world.send(
            Method::Post,
            "/api/oauth2/token",
            headers,
            form.into_bytes(),
        );
        let answer: Value = serde_json::from_str(&body).expect("an answer");
        let token = answer.get("access_token").and_then(Value::as_str);
        token.expect("a token").clone_into(&mut world.token);
        world
    }

    fn send(
        &mut self,
        method: Method,
        target: &str,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    ) -> (u16, String) {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut sent = Headers::default();
        for (name, value) in headers {
            sent = sent.with(name, &value);
        }
        let request = Request {
            method,
            secure: false,
            path: path.to_owned(),
            query: query.to_owned(),
            headers: sent,
            body: Body::Read(body),
        };
        let answer = CONFIG
            .with(|config| pollster::block_on(router::answer(&self.memory, config, &request)));
        self.age += 1;
        (answer.status, answer.body)
    }
}

fn world<T>(ask: impl FnOnce(&mut World) -> T) -> T {
    WORLD.with(|world| {
        let mut world = world.borrow_mut();
        if world.age > 1000 {
            *world = World::new();
        }
        ask(&mut world)
    })
}

/// Lines of records that an operator imports: each is answered, and again changes nothing.
pub fn ndjson(data: &[u8]) {
    let import = |world: &mut World| {
        let headers = vec![("authorization", format!("Bearer {}", world.token))];
        world.send(Method::Post, "/api/admin/import", headers, data.to_vec())
    };
    let ((status, first), (_, again)) = world(|world| (import(world), import(world)));
    assert!(status < 500, "{status} {first}");
    let lines = String::from_utf8_lossy(data);
    let sent = lines.lines().filter(|line| !line.trim().is_empty()).count();
    if status == 200 {
        assert_eq!(first.lines().count(), sent);
        assert!(!again.contains("\"status\":\"created\""), "{first} {again}");
    }
}

/// A request: a line `METHOD target`, lines `name: value`, an empty line, and the body. Whatever it is,
/// it is answered, and by no fault of ours.
pub fn request(data: &[u8]) {
    let end = data.windows(2).position(|pair| pair == b"\n\n");
    let (head, body) = data.split_at(end.unwrap_or(data.len()));
    let Ok(head) = core::str::from_utf8(head) else {
        return;
    };
    let mut lines = head.lines();
    let (method, target) = lines
        .next()
        .and_then(|it| it.split_once(' '))
        .unwrap_or_default();
    // The runtime has made a URL of it before it comes here.
    if !target.starts_with('/') || !target.bytes().all(|it| it.is_ascii_graphic()) {
        return;
    }
    let method = Method::ALL.into_iter().find(|it| it.as_str() == method);
    let mut headers = Vec::new();
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        let known = Headers::KNOWN.iter().find(|known| **known == name);
        headers.extend(known.map(|known| (*known, value.to_owned())));
    }
    let body = body.get(2..).unwrap_or_default();
    let body = body.get(..MAX_BODY_BYTES).unwrap_or(body).to_vec();
    let method = method.unwrap_or(Method::Other);
    let (status, answer) = world(|world| world.send(method, target, headers, body));
    // No client's document is there to be fetched.
    let is_theirs = answer.contains("the server did not answer: nothing is there");
    assert!(status < 500 || is_theirs, "{status} {answer}");
}
