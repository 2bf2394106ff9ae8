//! Other resource servers: what administrators register, and what users are told of them.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::application::ApplicationName;
use super::user::ruled_strings;
use super::visible::is_visible;
use crate::crypto::secret::{ClientSecret, Hash};
use crate::oauth::jwk::SigningAlgorithm;
use crate::oauth::resource::{ResourceGrant, ResourceIdentifier, ResourceScope};
use crate::snowflake::{ApplicationId, ResourceId};
use crate::time::Timestamp;

/// Most scopes that one has: what a consent page can show.
pub const MAX_SCOPES: usize = 32;
/// Most applications that get its tokens by client credentials.
pub const MAX_CLIENTS: usize = 100;

/// Another server that takes tokens of this one, and whose scopes users grant (RFC 8707).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// The id, which is the server's `client_id` at introspection.
    pub id: ResourceId,
    /// What its tokens say in `aud`.
    pub identifier: ResourceIdentifier,
    /// What users are shown.
    pub name: ApplicationName,
    /// Its scopes.
    pub scopes: Vec<DescribedScope>,
    /// How its tokens are signed.
    pub signing_alg: SigningAlgorithm,
    /// The applications that may ask for its tokens on their own behalf.
    pub clients: Vec<ApplicationId>,
    /// What it introspects with.
    pub secret: Hash<ClientSecret>,
    /// When an administrator added it.
    pub created_at: Timestamp,
}

/// A scope, in its owner's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DescribedScope {
    /// Its name.
    pub name: ResourceScope,
    /// What it opens, for the consent page.
    pub description: ScopeDescription,
}

ruled_strings! {
    /// What a scope opens, in words.
    ScopeDescription(
        |text| (1..=200).contains(&text.chars().count())
            && is_visible(text)
            && text.trim() == text,
        "must be 1 to 200 visible characters, without spaces around them"
    );
}

impl Resource {
    /// A grant of every scope that the server has.
    pub fn offer(&self) -> ResourceGrant {
        ResourceGrant {
            id: self.id,
            scope: self.scopes.iter().map(|scope| scope.name.clone()).collect(),
        }
    }

    /// The JSON that administrators see; it has no secret.
    pub fn in_full(&self) -> Value {
        json!({
            "id": self.id,
            "identifier": self.identifier.as_str(),
            "name": self.name.as_str(),
            "scopes": self.scopes,
            "signing_alg": self.signing_alg,
            "clients": self.clients,
            "created_at": self.created_at.to_iso(),
        })
    }
}
