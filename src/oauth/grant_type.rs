//! The grants this server answers, and the other words of RFC 8414 that metadata lists.

wire_enum! {
    /// `grant_type` of the token endpoint (RFC 6749 §4.1.3, §4.4.2, §6).
    pub enum GrantType {
        /// RFC 6749 §4.1.
        AuthorizationCode = "authorization_code",
        /// RFC 6749 §6.
        RefreshToken = "refresh_token",
        /// RFC 6749 §4.4.
        ClientCredentials = "client_credentials",
        /// RFC 8628 §3.4.
        DeviceCode = "urn:ietf:params:oauth:grant-type:device_code",
    }
}

wire_set! {
    /// The grants that a client may use (RFC 7591 §2, `grant_types`).
    pub struct GrantTypes of GrantType;
}

wire_enum! {
    /// `response_type` of the authorization endpoint (RFC 6749 §3.1.1). The implicit grant has no
    /// variant: RFC 9700 §2.1.2.
    pub enum ResponseType {
        /// RFC 6749 §4.1.1.
        Code = "code",
    }
}

wire_enum! {
    /// `response_mode`: where the answer goes.
    pub enum ResponseMode {
        /// Into the redirect URI's query (RFC 6749 §4.1.2).
        Query = "query",
    }
}

wire_enum! {
    /// How a client may authenticate (RFC 7591 §2, `token_endpoint_auth_method`).
    pub enum AuthMethod {
        /// HTTP Basic (RFC 6749 §2.3.1).
        ClientSecretBasic = "client_secret_basic",
        /// `client_id` and `client_secret` in the body (RFC 6749 §2.3.1).
        ClientSecretPost = "client_secret_post",
        /// `client_id` alone: public applications (RFC 6749 §2.1).
        None = "none",
        /// A JWT that the client signs (RFC 7523 §2.2).
        PrivateKeyJwt = "private_key_jwt",
    }
}

impl AuthMethod {
    /// Whether a client that authenticates so has a secret.
    pub const fn has_secret(self) -> bool {
        matches!(self, Self::ClientSecretBasic | Self::ClientSecretPost)
    }

    /// Whether a client that authenticates so is a public one.
    pub const fn is_public(self) -> bool {
        matches!(self, Self::None)
    }
}

wire_enum! {
    /// What an application demands of its own requests (`profile`).
    pub enum Profile {
        /// What it says setting by setting.
        Default = "default",
        /// What the FAPI 2.0 Security Profile asks of a confidential client.
        Fapi2 = "fapi2",
    }
}

wire_enum! {
    /// `code_challenge_method` (RFC 7636 §4.3). `plain` has no variant: whoever reads the
    /// authorization request would hold the verifier.
    pub enum CodeChallengeMethod {
        /// SHA-256 of the verifier.
        S256 = "S256",
    }
}
