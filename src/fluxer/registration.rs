//! What a client that registers itself says of itself (RFC 7591 §2).
//!
//! Members that this server does not know are ignored, and so is what it would not do: the answer says
//! what was registered. None of it can make a client trusted.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::application::ApplicationName;
use crate::config::Config;
use crate::oauth::client::Client;
use crate::oauth::client::authentication::ClientAuthentication;
use crate::oauth::client::keys::{ClientKeys, JwkSet};
use crate::oauth::error::Refusal;
use crate::oauth::grant_type::{AuthMethod, GrantType, GrantTypes, ResponseType};
use crate::oauth::issuer::Issuer;
use crate::oauth::jwk::SigningAlgorithm;
use crate::oauth::redirect_uri::{MAX_COUNT, PrivateSchemes, RegisteredUri, Registrant};
use crate::oauth::scope::{Scope, Scopes};
use crate::outbound::OutboundUrl;

/// Longest text of a member, in characters.
const MAX_TEXT: usize = 512;
/// Most contacts.
const MAX_CONTACTS: usize = 10;
/// Members that are shown back and mean nothing here.
const TEXTS: [&str; 3] = ["software_id", "software_version", "application_type"];
/// Members that are URLs of pages.
const URLS: [&str; 4] = ["client_uri", "logo_uri", "tos_uri", "policy_uri"];

/// What a client says of itself.
#[derive(Debug, Clone)]
pub struct ClientMetadata {
    /// The client's name; where it gives none, the host of its first redirect URI.
    pub name: ApplicationName,
    /// The method that the client asks for at the token endpoint.
    pub authentication: RequestedAuthMethod,
    /// The keys that it signs with, where it does.
    pub keys: Option<ClientKeys>,
    /// How it uses OAuth.
    pub settings: ClientSettings,
    /// The other members of the registration.
    pub details: ClientDetails,
}

/// What this server's settings allow in a client's metadata.
#[derive(Debug, Clone, Copy)]
pub struct AcceptedMetadata<'a> {
    /// Private-use schemes of redirect URIs.
    pub schemes: &'a PrivateSchemes,
    /// The issuer, and what it was before, which say what URLs may be fetched.
    pub issuers: &'a [Issuer],
}

impl<'a> AcceptedMetadata<'a> {
    /// What the settings say.
    pub fn by(config: &'a Config) -> Self {
        Self {
            schemes: &config.redirect_schemes,
            issuers: &config.issuers,
        }
    }
}

/// How a client says that it uses OAuth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientSettings {
    redirect_uris: Vec<RegisteredUri>,
    post_logout_redirect_uris: Vec<RegisteredUri>,
    grants: GrantTypes,
    id_token_algorithm: SigningAlgorithm,
    dpop_bound: bool,
    pushes_requests: bool,
}

impl ClientSettings {
    /// Makes the client one that was registered so.
    pub fn describe(&self, client: &mut Client) {
        let Self {
            redirect_uris,
            post_logout_redirect_uris,
            grants,
            id_token_algorithm,
            dpop_bound,
            pushes_requests,
        } = self.clone();
        client.redirect_uris = redirect_uris;
        client.post_logout_redirect_uris = post_logout_redirect_uris;
        client.grants = grants;
        client.id_token_algorithm = id_token_algorithm;
        client.dpop_bound = dpop_bound;
        client.pushes_requests = pushes_requests;
    }
}

/// `token_endpoint_auth_method`, as a registration names it or leaves it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestedAuthMethod {
    /// It was not; RFC 7591 §2: "If unspecified or omitted, the default is `client_secret_basic`".
    Default,
    /// A method was named.
    Named(AuthMethod),
}

impl RequestedAuthMethod {
    /// The method that holds: the named one, or the RFC's default.
    pub const fn method(self) -> AuthMethod {
        match self {
            Self::Default => AuthMethod::ClientSecretBasic,
            Self::Named(method) => method,
        }
    }
}

/// What is kept of a registration beside the application: the members that are shown back. No
/// decision reads them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientDetails(pub Map<String, Value>);

impl ClientMetadata {
    /// Reads the body of a registration; `instead` stands in place of members of the same name.
    pub fn parse(
        body: &[u8],
        instead: &[(&str, &str)],
        accepted: AcceptedMetadata<'_>,
    ) -> Result<Self, Refusal> {
        let Ok(Value::Object(sent)) = serde_json::from_slice(body) else {
            return Err(refuse("body", "must be a JSON object"));
        };
        let mut sent = Members(sent);
        for (name, text) in instead {
            sent.0.insert((*name).to_owned(), json!(text));
        }
        let authentication = sent.authentication()?;
        let method = authentication.method();
        sent.response_types()?;
        let registrant = match method {
            AuthMethod::None => Registrant::Public,
            _ => Registrant::Confidential,
        };
        let settings = sent.settings(registrant, accepted)?;
        Ok(Self {
            name: sent.name(&settings.redirect_uris)?,
            details: sent.details(method)?,
            keys: if method == AuthMethod::PrivateKeyJwt {
                Some(sent.required_keys(accepted)?)
            } else {
                sent.unused_keys()?;
                None
            },
            settings,
            authentication,
        })
    }
}

/// What a document says of the client whose `client_id` is its URL.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientDocument {
    /// The name that users are shown.
    pub name: ApplicationName,
    /// How the client authenticates: with keys, or not at all.
    pub authentication: ClientAuthentication,
    /// How it uses OAuth.
    pub settings: ClientSettings,
}

impl ClientDocument {
    /// Reads the document that is at `url`.
    pub fn parse(
        document: &Value,
        url: &str,
        accepted: AcceptedMetadata<'_>,
    ) -> Result<Self, Refusal> {
        let Value::Object(members) = document else {
            return Err(refuse("the document", "must be a JSON object"));
        };
        let sent = Members(members.clone());
        if sent.text("client_id")? != Some(url) {
            return Err(refuse("client_id", "must be the URL of the document"));
        }
        if sent
            .text("client_name")?
            .is_none_or(|name| name.trim().is_empty())
        {
            return Err(refuse("client_name", "is required"));
        }
        sent.response_types()?;
        let settings = sent.settings(Registrant::Public, accepted)?;
        Ok(Self {
            name: sent.name(&settings.redirect_uris)?,
            authentication: sent.document_authentication(accepted)?,
            settings,
        })
    }
}

const fn refuse(member: &'static str, must: &'static str) -> Refusal {
    Refusal::ClientMetadata { member, must }
}

/// The members of the JSON object that was sent. `null` is a member's absence.
struct Members(Map<String, Value>);

impl Members {
    fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    fn text(&self, name: &'static str) -> Result<Option<&str>, Refusal> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.chars().count() <= MAX_TEXT => Ok(Some(text)),
            Some(_) => Err(refuse(name, "must be a string of at most 512 characters")),
        }
    }

    fn texts(&self, name: &'static str) -> Result<Option<Vec<&str>>, Refusal> {
        let must = refuse(name, "must be a list of strings");
        match self.value(name) {
            None => Ok(None),
            Some(Value::Array(values)) => {
                let texts: Option<_> = values.iter().map(Value::as_str).collect();
                texts.map(Some).ok_or(must)
            }
            Some(_) => Err(must),
        }
    }

    fn authentication(&self) -> Result<RequestedAuthMethod, Refusal> {
        const NAME: &str = "token_endpoint_auth_method";
        let Some(named) = self.text(NAME)? else {
            return Ok(RequestedAuthMethod::Default);
        };
        AuthMethod::from_wire(named)
            .map(RequestedAuthMethod::Named)
            .ok_or(refuse(NAME, "must be one of those that the metadata lists"))
    }

    /// A document may name one method, or several. It can keep no secret: it proves nothing, or signs.
    fn document_authentication(
        &self,
        accepted: AcceptedMetadata<'_>,
    ) -> Result<ClientAuthentication, Refusal> {
        const ONE: &str = "token_endpoint_auth_method";
        let mut offered = self
            .texts("token_endpoint_auth_methods_supported")?
            .unwrap_or_default();
        offered.extend(self.text(ONE)?);
        let offers = |method: AuthMethod| offered.contains(&method.as_str());
        match (
            offered.is_empty() || offers(AuthMethod::None),
            offers(AuthMethod::PrivateKeyJwt),
        ) {
            (false, false) => Err(refuse(ONE, "must be none or private_key_jwt")),
            (false, true) => {
                let keys = self.required_keys(accepted)?;
                Ok(ClientAuthentication::PrivateKeyJwt(keys))
            }
            (true, true) if self.has_keys() => {
                let keys = self.required_keys(accepted)?;
                Ok(ClientAuthentication::NoneOrPrivateKeyJwt(keys))
            }
            (true, _) => {
                self.unused_keys()?;
                Ok(ClientAuthentication::None)
            }
        }
    }

    fn has_keys(&self) -> bool {
        self.value("jwks").is_some() || self.value("jwks_uri").is_some()
    }

    fn required_keys(&self, accepted: AcceptedMetadata<'_>) -> Result<ClientKeys, Refusal> {
        match (self.value("jwks"), self.value("jwks_uri")) {
            (Some(_), Some(_)) => Err(refuse("jwks_uri", "cannot stand beside jwks")),
            (Some(set), None) => {
                let set = JwkSet::parse(set).map_err(|must| refuse("jwks", must))?;
                Ok(ClientKeys::Listed(set))
            }
            (None, Some(uri)) => {
                let uri = uri.as_str().unwrap_or_default();
                let url = OutboundUrl::of_client(uri, accepted.issuers);
                url.map_err(|error| refuse("jwks_uri", error.must()))?;
                Ok(ClientKeys::At(uri.to_owned()))
            }
            (None, None) => Err(refuse(
                "jwks",
                "is required with private_key_jwt, or jwks_uri in its place",
            )),
        }
    }

    /// Keys of a client that does not sign are for whatever else it does. A private one has leaked.
    fn unused_keys(&self) -> Result<(), Refusal> {
        let set = self.value("jwks");
        if set.is_some() && self.value("jwks_uri").is_some() {
            return Err(refuse("jwks_uri", "cannot stand beside jwks"));
        }
        match set.map(JwkSet::parse) {
            Some(Err(must @ JwkSet::SECRET)) => Err(refuse("jwks", must)),
            _ => Ok(()),
        }
    }

    fn response_types(&self) -> Result<(), Refusal> {
        const NAME: &str = "response_types";
        let named = self.texts(NAME)?;
        let has_code = named.is_none_or(|named| named.contains(&ResponseType::Code.as_str()));
        has_code.then_some(()).ok_or(refuse(NAME, "must hold code"))
    }

    /// Codes and device codes are anybody's to ask for, and what they give is refreshed; other grants
    /// are nobody's to have by registering.
    fn grant_types(&self) -> Result<GrantTypes, Refusal> {
        const NAME: &str = "grant_types";
        let refresh = GrantTypes::from(GrantType::RefreshToken);
        let Some(named) = self.texts(NAME)? else {
            return Ok(refresh.with(GrantType::AuthorizationCode));
        };
        let asked = [GrantType::AuthorizationCode, GrantType::DeviceCode];
        let asked = asked.into_iter().filter(|it| named.contains(&it.as_str()));
        let grants = asked.fold(refresh, GrantTypes::with);
        if grants == refresh {
            return Err(refuse(NAME, "must hold authorization_code"));
        }
        Ok(grants)
    }

    fn flag(&self, name: &'static str) -> Result<bool, Refusal> {
        match self.value(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(refuse(name, "must be true or false")),
        }
    }

    fn settings(
        &self,
        registrant: Registrant,
        accepted: AcceptedMetadata<'_>,
    ) -> Result<ClientSettings, Refusal> {
        const ALGORITHM: &str = "id_token_signed_response_alg";
        const LOGOUT: &str = "post_logout_redirect_uris";
        let grants = self.grant_types()?;
        let algorithm = match self.text(ALGORITHM)? {
            None => SigningAlgorithm::Rs256,
            Some(named) => SigningAlgorithm::from_wire(named)
                .ok_or(refuse(ALGORITHM, SigningAlgorithm::MUST))?,
        };
        // A client that takes no codes is sent nowhere.
        let has_redirects =
            grants.contains(GrantType::AuthorizationCode) || self.value("redirect_uris").is_some();
        let uris = |name| self.uris(name, registrant, accepted.schemes);
        Ok(ClientSettings {
            redirect_uris: if has_redirects {
                uris("redirect_uris")?
            } else {
                Vec::new()
            },
            post_logout_redirect_uris: match self.value(LOGOUT) {
                None => Vec::new(),
                Some(sent) if sent == &json!([]) => Vec::new(),
                Some(_) => uris(LOGOUT)?,
            },
            grants,
            id_token_algorithm: algorithm,
            dpop_bound: self.flag("dpop_bound_access_tokens")?,
            pushes_requests: self.flag("require_pushed_authorization_requests")?,
        })
    }

    /// What cannot be registered is left out, as long as something is left: clients send what other
    /// servers might take too.
    fn uris(
        &self,
        name: &'static str,
        registrant: Registrant,
        schemes: &PrivateSchemes,
    ) -> Result<Vec<RegisteredUri>, Refusal> {
        let refuse = |must| Refusal::RedirectUris { member: name, must };
        let sent = self.texts(name).map_err(|refusal| match refusal {
            Refusal::ClientMetadata { must, .. } => refuse(must),
            other => other,
        })?;
        let mut kept: Vec<RegisteredUri> = Vec::new();
        let mut why = "at least one is needed";
        for uri in sent.unwrap_or_default() {
            match RegisteredUri::parse(uri, registrant, schemes) {
                Ok(uri) if kept.len() < MAX_COUNT && !kept.contains(&uri) => kept.push(uri),
                Ok(_) => {}
                Err(must) => why = must,
            }
        }
        if kept.is_empty() {
            return Err(refuse(why));
        }
        Ok(kept)
    }

    fn name(&self, redirect_uris: &[RegisteredUri]) -> Result<ApplicationName, Refusal> {
        const NAME: &str = "client_name";
        let named = self.text(NAME)?.map(str::trim).filter(|it| !it.is_empty());
        let host = redirect_uris.first().map(RegisteredUri::destination);
        let name = named.or(host).unwrap_or_default();
        ApplicationName::parse(name).map_err(|must| refuse(NAME, must))
    }

    fn details(&self, auth_method: AuthMethod) -> Result<ClientDetails, Refusal> {
        let mut shown = Map::new();
        for name in URLS {
            let url = self.text(name)?;
            // Some clients send an empty one, or one of their own machine.
            if let Some(url) = url.filter(|url| url.starts_with("https://")) {
                shown.insert(name.to_owned(), json!(url));
            }
        }
        for name in TEXTS {
            if let Some(text) = self.text(name)? {
                shown.insert(name.to_owned(), json!(text));
            }
        }
        let mut contacts = self.texts("contacts")?.unwrap_or_default();
        contacts.retain(|contact| contact.chars().count() <= MAX_TEXT);
        contacts.truncate(MAX_CONTACTS);
        if !contacts.is_empty() {
            shown.insert("contacts".to_owned(), json!(contacts));
        }
        let named = self.text("scope")?.unwrap_or_default().split(' ');
        let scope: Scopes = named.filter_map(Scope::from_wire).collect();
        let scope = scope.intersection(Scopes::of_users());
        if !scope.is_empty() {
            shown.insert("scope".to_owned(), json!(scope.to_string()));
        }
        let method = "token_endpoint_auth_method".to_owned();
        shown.insert(method, json!(auth_method.as_str()));
        Ok(ClientDetails(shown))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted<T>(read: impl FnOnce(AcceptedMetadata<'_>) -> T) -> T {
        let issuer = Issuer::parse("https://id.example").expect("an issuer");
        read(AcceptedMetadata {
            schemes: &PrivateSchemes::default(),
            issuers: &[issuer],
        })
    }

    fn parse(body: &Value) -> Result<ClientMetadata, Refusal> {
        accepted(|accepted| ClientMetadata::parse(body.to_string().as_bytes(), &[], accepted))
    }

    fn kept(body: &Value) -> Vec<String> {
        let metadata = parse(body).expect("registrable");
        let uris = metadata
            .settings
            .redirect_uris
            .iter()
            .map(RegisteredUri::as_str);
        uris.map(str::to_owned).collect()
    }

    #[test]
    fn one_uri_that_cannot_be_registered_does_not_sink_the_rest() {
        let cursor = json!({"redirect_uris": [
            "cursor://anysphere.cursor-mcp/oauth/callback",
            "https://www.cursor.com/agents/mcp/oauth/callback",
            "http://localhost:8787/callback",
            "http://evil.example/",
            "javascript:alert(1)",
        ]});
        assert_eq!(kept(&cursor).len(), 2, "a server has no scheme of its own");
        let mut public = cursor;
        public["token_endpoint_auth_method"] = json!("none");
        assert_eq!(kept(&public).len(), 3);
        for uris in [
            json!([]),
            json!(["http://evil.example/"]),
            json!("x"),
            json!([1]),
        ] {
            let refused = parse(&json!({"redirect_uris": uris}));
            assert!(
                matches!(refused, Err(Refusal::RedirectUris { .. })),
                "{uris}"
            );
        }
    }

    #[test]
    fn a_client_without_a_name_is_known_by_where_it_is_answered() {
        let name = |body| parse(&body).map(|it| it.name.as_str().to_owned());
        let uris = json!(["https://app.example:8443/cb"]);
        let unnamed = name(json!({"redirect_uris": uris}));
        assert_eq!(unnamed.as_deref(), Ok("app.example:8443"));
        let named = name(json!({"redirect_uris": uris, "client_name": " Demo "}));
        assert_eq!(named.as_deref(), Ok("Demo"));
        for bad in [json!("a\u{202e}b"), json!("x".repeat(101)), json!(7)] {
            let refused = name(json!({"redirect_uris": uris, "client_name": bad}));
            assert!(matches!(
                refused,
                Err(Refusal::ClientMetadata {
                    member: "client_name",
                    ..
                })
            ));
        }
    }

    #[test]
    fn a_document_describes_the_client_at_its_own_url() {
        const URL: &str = "https://client.example/oauth/client.json";
        let parse = |name: &str, value: Value| {
            let mut document = json!({
                "client_id": URL,
                "client_name": "Client",
                "redirect_uris": ["http://localhost/callback", "http://evil.example/"],
                "logo_uri": "https://client.example/logo.png",
            });
            document[name] = value;
            accepted(|accepted| ClientDocument::parse(&document, URL, accepted))
        };
        let read = parse("client_id", json!(URL)).expect("a document");
        assert_eq!(read.settings.redirect_uris.len(), 1);
        assert_eq!(read.name.as_str(), "Client");
        for (name, value) in [
            (
                "client_id",
                json!("https://client.example/oauth/client.json/"),
            ),
            ("client_id", Value::Null),
            ("client_name", Value::Null),
            ("client_name", json!("")),
            ("redirect_uris", json!([])),
            ("redirect_uris", Value::Null),
            ("token_endpoint_auth_method", json!("client_secret_basic")),
            ("token_endpoint_auth_method", json!("private_key_jwt")),
            ("response_types", json!(["token"])),
        ] {
            assert!(parse(name, value.clone()).is_err(), "{name} {value}");
        }
        let both = json!(["private_key_jwt", "none"]);
        assert!(parse("token_endpoint_auth_methods_supported", both).is_ok());
        assert!(parse("token_endpoint_auth_method", json!("none")).is_ok());
        let list = accepted(|accepted| ClientDocument::parse(&json!([]), URL, accepted));
        assert!(list.is_err());
    }

    #[test]
    fn nobody_registers_more_than_codes_and_refresh_tokens_for_users() {
        let with = |name: &str, value: Value| {
            let mut body = json!({"redirect_uris": ["https://a.example/cb"]});
            body[name] = value;
            parse(&body)
        };
        assert!(
            with(
                "grant_types",
                json!(["authorization_code", "client_credentials"])
            )
            .is_ok()
        );
        assert!(with("grant_types", json!(["client_credentials"])).is_err());
        assert!(with("response_types", json!(["token"])).is_err());
        assert!(with("token_endpoint_auth_method", json!("tls_client_auth")).is_err());
        assert!(with("grant_types", Value::Null).is_ok());
        let scope = with("scope", json!("email bot admin mcp:tools identify"));
        let ClientDetails(shown) = scope.expect("registrable").details;
        assert_eq!(shown["scope"], "identify email");
    }
}
