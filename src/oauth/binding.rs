//! Who may present an access token: what `token_type` says (RFC 6749 §7.1), and `cnf` (RFC 7800).

use serde::{Deserialize, Serialize};

use super::jwk::JwkThumbprint;

/// What an access token is bound to, and so who may present it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenBinding {
    /// Whoever holds it (RFC 6750).
    Bearer,
    /// Whoever proves this key with each request (RFC 9449).
    Dpop(JwkThumbprint),
}

/// `cnf` of a token, in its claims and at introspection (RFC 9449 §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    jkt: JwkThumbprint,
}

impl TokenBinding {
    /// `token_type`.
    pub const fn token_type(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop(_) => "DPoP",
        }
    }

    /// `cnf`; a token that anybody may present has none.
    pub const fn confirmation(self) -> Option<Confirmation> {
        match self {
            Self::Bearer => None,
            Self::Dpop(jkt) => Some(Confirmation { jkt }),
        }
    }
}

impl From<Option<JwkThumbprint>> for TokenBinding {
    /// The binding to the key that a client proved, where it proved one.
    fn from(key: Option<JwkThumbprint>) -> Self {
        key.map_or(Self::Bearer, Self::Dpop)
    }
}

impl From<Option<Confirmation>> for TokenBinding {
    fn from(confirmation: Option<Confirmation>) -> Self {
        confirmation.map(|it| it.jkt).into()
    }
}
