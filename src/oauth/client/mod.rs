//! Clients: who vouches for one, how it authenticates, what it may use (RFC 6749 §2).

pub mod assertion;
pub mod authentication;
pub mod keys;
pub mod url;

use core::time::Duration;

use serde_json::{Value, json};

use self::authentication::ClientAuthentication;
use self::keys::ClientKeys;
use self::url::ClientUrl;
use super::error::Refusal;
use super::grant_type::{GrantType, GrantTypes, Profile};
use super::jwk::SigningAlgorithm;
use super::redirect_uri::{Port, RedirectUri, RegisteredUri, Registrant};
use crate::snowflake::ApplicationId;

/// Longest life of a code under the FAPI 2.0 Security Profile.
const FAPI_CODE_LIFETIME: Duration = Duration::from_secs(60);

/// What OAuth needs to know of an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its `client_id`.
    pub id: ApplicationId,
    /// The party that vouches for the client.
    pub origin: ClientOrigin,
    /// How the client authenticates at the token endpoint.
    pub authentication: ClientAuthentication,
    /// The grants that it may use.
    pub grants: GrantTypes,
    /// Where its users may be sent back to.
    pub redirect_uris: Vec<RegisteredUri>,
    /// How its ID tokens are signed (`id_token_signed_response_alg`).
    pub id_token_algorithm: SigningAlgorithm,
    /// Where its users may be sent after a logout.
    pub post_logout_redirect_uris: Vec<RegisteredUri>,
    /// Whether it wants its access tokens bound to a key (RFC 9449 §5.2, `dpop_bound_access_tokens`).
    pub dpop_bound: bool,
    /// Whether it pushes its authorization requests (RFC 9126 §6,
    /// `require_pushed_authorization_requests`).
    pub pushes_requests: bool,
    /// What else it demands of its own requests.
    pub profile: Profile,
}

/// The party that vouches for a client: it decides what the consent page warns of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientOrigin {
    /// The configuration: the administration application.
    BuiltIn,
    /// A user, who registered it by hand.
    Registered {
        /// Whether an administrator has marked it: it may ask for `admin` and introspect the tokens
        /// of other clients.
        trusted: bool,
    },
    /// Nobody: it registered itself (RFC 7591).
    Dynamic,
    /// Nobody but the host of this document, which describes it.
    Document(ClientUrl),
}

impl ClientOrigin {
    /// The grants of a client that did not say which it wants. Where nobody vouches for it, the device
    /// grant is not among them: a user who is sent to its page cannot see where the tokens go.
    pub const fn usual_grants(&self, is_public: bool) -> GrantTypes {
        match self {
            Self::BuiltIn | Self::Registered { .. } => self.possible_grants(is_public),
            Self::Dynamic | Self::Document(_) => GrantTypes::NONE
                .with(GrantType::AuthorizationCode)
                .with(GrantType::RefreshToken),
        }
    }

    /// The grants that a client may say it wants.
    pub const fn possible_grants(&self, is_public: bool) -> GrantTypes {
        let grants = GrantTypes::NONE
            .with(GrantType::AuthorizationCode)
            .with(GrantType::RefreshToken)
            .with(GrantType::DeviceCode);
        match self {
            Self::BuiltIn => GrantTypes::NONE.with(GrantType::ClientCredentials),
            // RFC 6749 §4.4: "The client credentials grant type MUST only be used by confidential
            // clients."
            Self::Registered { .. } if !is_public => grants.with(GrantType::ClientCredentials),
            Self::Registered { .. } | Self::Dynamic | Self::Document(_) => grants,
        }
    }
}

impl Client {
    /// A client that somebody registered by hand, with the grants that its kind has.
    pub const fn registered(
        id: ApplicationId,
        authentication: ClientAuthentication,
        redirect_uris: Vec<RegisteredUri>,
        trusted: bool,
    ) -> Self {
        let origin = ClientOrigin::Registered { trusted };
        Self::new(id, origin, authentication, redirect_uris)
    }

    /// A client that registered itself: it gets tokens through its users alone.
    pub const fn dynamic(
        id: ApplicationId,
        authentication: ClientAuthentication,
        redirect_uris: Vec<RegisteredUri>,
    ) -> Self {
        Self::new(id, ClientOrigin::Dynamic, authentication, redirect_uris)
    }

    /// A client that a document describes. It keeps no secret with this server.
    pub const fn documented(
        id: ApplicationId,
        url: ClientUrl,
        authentication: ClientAuthentication,
        redirect_uris: Vec<RegisteredUri>,
    ) -> Self {
        let origin = ClientOrigin::Document(url);
        Self::new(id, origin, authentication, redirect_uris)
    }

    /// The `client_id` as requests and tokens spell it: the URL of the client's document, where one
    /// describes it.
    pub fn wire_id(&self) -> String {
        match &self.origin {
            ClientOrigin::Document(url) => url.as_str().to_owned(),
            ClientOrigin::BuiltIn | ClientOrigin::Registered { .. } | ClientOrigin::Dynamic => {
                self.id.to_string()
            }
        }
    }

    /// The administration application of the configuration: client credentials, and nothing else.
    pub const fn built_in(id: ApplicationId, authentication: ClientAuthentication) -> Self {
        Self::new(id, ClientOrigin::BuiltIn, authentication, Vec::new())
    }

    const fn new(
        id: ApplicationId,
        origin: ClientOrigin,
        authentication: ClientAuthentication,
        redirect_uris: Vec<RegisteredUri>,
    ) -> Self {
        Self {
            grants: origin.usual_grants(authentication.is_public()),
            id,
            origin,
            authentication,
            redirect_uris,
            id_token_algorithm: SigningAlgorithm::Rs256,
            post_logout_redirect_uris: Vec::new(),
            dpop_bound: false,
            pushes_requests: false,
            profile: Profile::Default,
        }
    }

    /// What of its registration is told in RFC 7591's words, but for its id and its name.
    pub fn settings(&self) -> [(&'static str, Value); 10] {
        let listed =
            |uris: &[RegisteredUri]| -> Value { uris.iter().map(RegisteredUri::as_str).collect() };
        let (jwks, jwks_uri) = match self.authentication.keys() {
            Some(ClientKeys::Listed(set)) => (json!(set), Value::Null),
            Some(ClientKeys::At(uri)) => (Value::Null, json!(uri)),
            None => (Value::Null, Value::Null),
        };
        let method = self.authentication.method();
        [
            ("redirect_uris", listed(&self.redirect_uris)),
            (
                "post_logout_redirect_uris",
                listed(&self.post_logout_redirect_uris),
            ),
            (
                "id_token_signed_response_alg",
                json!(self.id_token_algorithm),
            ),
            ("token_endpoint_auth_method", json!(method.as_str())),
            ("jwks", jwks),
            ("jwks_uri", jwks_uri),
            (
                "grant_types",
                self.grants.iter().map(GrantType::as_str).collect(),
            ),
            ("dpop_bound_access_tokens", json!(self.dpop_bound)),
            (
                "require_pushed_authorization_requests",
                json!(self.pushes_requests),
            ),
            ("profile", json!(self.profile.as_str())),
        ]
    }

    /// Whether its access tokens are bound to a key or not given.
    pub const fn requires_dpop(&self) -> bool {
        self.dpop_bound || self.is_fapi2()
    }

    /// Whether its authorization requests are pushed or refused.
    pub const fn requires_par(&self) -> bool {
        self.pushes_requests || self.is_fapi2()
    }

    /// How long its codes are good, where other clients' are for `usual`. FAPI 2.0 Security Profile
    /// §5.3.2.2: "maximum lifetime of 60 seconds".
    pub fn code_lifetime(&self, usual: Duration) -> Duration {
        if self.is_fapi2() {
            usual.min(FAPI_CODE_LIFETIME)
        } else {
            usual
        }
    }

    /// Whether it keeps to the FAPI 2.0 Security Profile.
    pub const fn is_fapi2(&self) -> bool {
        matches!(self.profile, Profile::Fapi2)
    }

    /// Whether it is a public client (RFC 6749 §2.1): it runs on its user's device and cannot keep
    /// a secret.
    pub const fn is_public(&self) -> bool {
        self.authentication.is_public()
    }

    /// Whether it may ask for `admin` and introspect the tokens of other clients.
    pub const fn is_trusted(&self) -> bool {
        match self.origin {
            ClientOrigin::BuiltIn => true,
            ClientOrigin::Registered { trusted } => trusted,
            ClientOrigin::Dynamic | ClientOrigin::Document(_) => false,
        }
    }

    /// Whether somebody vouches for it. What nobody vouches for may be anybody's, whatever it says
    /// of itself.
    pub const fn is_verified(&self) -> bool {
        match self.origin {
            ClientOrigin::BuiltIn | ClientOrigin::Registered { .. } => true,
            ClientOrigin::Dynamic | ClientOrigin::Document(_) => false,
        }
    }

    /// The rules that its redirect URIs follow.
    pub const fn registrant(&self) -> Registrant {
        if self.is_public() {
            Registrant::Public
        } else {
            Registrant::Confidential
        }
    }

    /// Whether its users' remembered consent stands for their next one. A public client's does
    /// not, nor does that of a client that listens at a port of its user's machine that it did not
    /// register: any program on the device could claim its `client_id` (RFC 6749 §10.2). For a
    /// client that nobody vouches for, the user alone decides, each time.
    pub const fn may_skip_consent(&self, redirect_uri: &RedirectUri) -> bool {
        let is_itself = !self.is_public() && matches!(redirect_uri.port(), Port::AsRegistered);
        is_itself && self.is_verified()
    }

    /// The redirect URI to answer at, where `requested` is one of the registered ones.
    pub fn redirect_uri(&self, requested: &str) -> Option<RedirectUri> {
        self.redirect_uris
            .iter()
            .find_map(|registered| registered.admit(requested))
    }

    /// Where to go on after a logout, where `requested` is one of the registered URIs.
    pub fn post_logout_redirect_uri(&self, requested: &str) -> Option<RedirectUri> {
        let mut registered = self.post_logout_redirect_uris.iter();
        registered.find_map(|registered| registered.admit(requested))
    }

    /// Refuses a grant that is not among the client's.
    pub const fn may_use(&self, grant: GrantType) -> Result<(), Refusal> {
        if self.grants.contains(grant) {
            Ok(())
        } else {
            Err(Refusal::GrantNotAllowed(grant))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::authentication::SecretHashes;
    use super::*;
    use crate::crypto::secret::Secret;

    fn id() -> ApplicationId {
        ApplicationId::parse("12").expect("an id")
    }

    fn secret() -> ClientAuthentication {
        ClientAuthentication::Secret(SecretHashes::from(Secret::new("x").hash()))
    }

    fn allowed(client: &Client) -> Vec<GrantType> {
        let all = GrantType::ALL.iter().copied();
        all.filter(|&grant| client.may_use(grant).is_ok()).collect()
    }

    #[test]
    fn the_built_in_application_has_client_credentials_only() {
        let built_in = Client::built_in(id(), secret());
        assert_eq!(allowed(&built_in), [GrantType::ClientCredentials]);
        assert!(built_in.is_trusted());
    }

    #[test]
    fn a_client_made_by_hand_has_all_that_its_kind_may_have_and_a_public_one_no_client_credentials()
    {
        let public = Client::registered(id(), ClientAuthentication::None, Vec::new(), false);
        assert_eq!(
            allowed(&public),
            [
                GrantType::AuthorizationCode,
                GrantType::RefreshToken,
                GrantType::DeviceCode
            ]
        );
        let confidential = Client::registered(id(), secret(), Vec::new(), false);
        assert_eq!(
            allowed(&confidential),
            [
                GrantType::AuthorizationCode,
                GrantType::RefreshToken,
                GrantType::ClientCredentials,
                GrantType::DeviceCode
            ]
        );
    }

    #[test]
    fn a_client_that_registered_itself_gets_tokens_through_its_users_alone() {
        let dynamic = Client::dynamic(id(), secret(), Vec::new());
        assert_eq!(
            allowed(&dynamic),
            [GrantType::AuthorizationCode, GrantType::RefreshToken]
        );
        assert!(!dynamic.is_trusted() && !dynamic.is_verified());
    }
}
