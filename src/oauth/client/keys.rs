//! The public keys of clients that sign (RFC 7591 §2, `jwks` and `jwks_uri`).

use std::rc::Rc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

use crate::oauth::jwk::{Jwk, JwkError, JwsAlgorithm};

/// Most keys of a set: each that may have signed costs a verification.
const MAX_KEYS: usize = 20;

/// Where the keys of a client are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientKeys {
    /// The keys are part of the registration.
    Listed(JwkSet),
    /// The client publishes its keys at this URL, whose text is judged again before each fetch.
    At(String),
}

/// Public keys of one party.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JwkSet(Rc<[PublicKey]>);

/// One key of a set, and what its owner says of it (RFC 7517 §4).
#[derive(Debug, Clone, PartialEq, Eq)]
struct PublicKey {
    jwk: Jwk,
    kid: Option<String>,
    algorithm: Option<JwsAlgorithm>,
}

/// Why a member of a set is not one of its keys here.
enum Skipped {
    /// The key is for something else: another algorithm or another use.
    Other,
    /// The key must not be in a public set, or is no key. The text says why.
    Wrong(&'static str),
}

impl JwkSet {
    /// What a set with a private or symmetric key is told: whoever sent it should use it no more.
    pub const SECRET: &'static str = "must hold no private and no symmetric key";

    /// Reads a set that somebody registers. Keys for what this server does not do stand beside the
    /// others; what is no public key is refused.
    pub fn parse(set: &Value) -> Result<Self, &'static str> {
        let keys = members(set).ok_or("must be a JSON Web Key Set")?;
        if keys.len() > MAX_KEYS {
            return Err("must hold at most 20 keys");
        }
        let mut kept = Vec::new();
        for key in keys {
            match PublicKey::parse(key) {
                Ok(key) => kept.push(key),
                Err(Skipped::Other) => {}
                Err(Skipped::Wrong(must)) => return Err(must),
            }
        }
        if kept.is_empty() {
            return Err("must hold an RSA, P-256 or Ed25519 key to verify signatures with");
        }
        Ok(Self(kept.into()))
    }

    /// Reads a set that its owner publishes: whatever in it can be used. `None`: it is no set.
    pub fn published(set: &Value) -> Option<Self> {
        let keys = members(set)?.iter().take(MAX_KEYS);
        let keys = keys.filter_map(|key| PublicKey::parse(key).ok());
        Some(Self(keys.collect()))
    }

    /// The keys that may have made a signature: of a kind for that algorithm, and where both it and
    /// the key have a `kid`, of that one.
    pub fn candidates<'a>(
        &'a self,
        kid: Option<&'a str>,
        algorithm: JwsAlgorithm,
    ) -> impl Iterator<Item = &'a Jwk> {
        let fits = move |key: &&PublicKey| {
            let its = key.kid.as_deref();
            kid.is_none_or(|kid| its.is_none_or(|its| its == kid))
                && key.jwk.is_for(algorithm)
                && key.algorithm.is_none_or(|its| its == algorithm)
        };
        self.0.iter().filter(fits).map(|key| &key.jwk)
    }
}

fn members(set: &Value) -> Option<&Vec<Value>> {
    set.as_object()?.get("keys")?.as_array()
}

impl PublicKey {
    fn parse(key: &Value) -> Result<Self, Skipped> {
        let text = |name| key.get(name).and_then(Value::as_str);
        let jwk = Jwk::parse(key).map_err(|error| match error {
            JwkError::Kind => Skipped::Other,
            JwkError::Malformed => Skipped::Wrong("must hold JSON Web Keys"),
            JwkError::Secret => Skipped::Wrong(JwkSet::SECRET),
            JwkError::Weak => Skipped::Wrong("must hold Ed25519 keys of large order"),
            JwkError::Size => Skipped::Wrong("must hold RSA keys of 2048 to 4096 bits"),
        })?;
        if text("use").is_some_and(|used| used != "sig") {
            return Err(Skipped::Other);
        }
        let algorithm = match text("alg").map(JwsAlgorithm::of_alg) {
            Some(None) => return Err(Skipped::Other),
            Some(Some(algorithm)) if !jwk.is_for(algorithm) => {
                return Err(Skipped::Wrong(
                    "must hold keys of the kind that their alg is for",
                ));
            }
            algorithm => algorithm.flatten(),
        };
        Ok(Self {
            jwk,
            kid: text("kid").map(str::to_owned),
            algorithm,
        })
    }
}

impl Serialize for JwkSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let keys = self.0.iter().map(|key| {
            let mut shown = key.jwk.members();
            if let Some(kid) = &key.kid {
                shown.insert("kid".to_owned(), json!(kid));
            }
            if let Some(algorithm) = key.algorithm {
                shown.insert("alg".to_owned(), json!(algorithm.as_str()));
            }
            shown.insert("use".to_owned(), json!("sig"));
            Value::Object(shown)
        });
        let keys: Value = keys.collect();
        json!({ "keys": keys }).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for JwkSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let set = Value::deserialize(deserializer)?;
        Self::published(&set).ok_or_else(|| serde::de::Error::custom("not a JSON Web Key Set"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ed25519() -> Value {
        // RFC 8037 Appendix A.2.
        json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})
    }

    fn with(members: Value) -> Value {
        let mut key = ed25519();
        let (Some(key_members), Value::Object(members)) = (key.as_object_mut(), members) else {
            return key;
        };
        key_members.extend(members);
        key
    }

    #[test]
    fn a_registered_set_holds_public_keys_and_at_least_one_that_signs_for_us() {
        let encrypts = with(json!({"use": "enc"}));
        let p384 = json!({"kty": "EC", "crv": "P-384", "x": "", "y": ""});
        let good = json!({"keys": [ed25519(), encrypts, p384]});
        assert_eq!(JwkSet::parse(&good).map(|set| set.0.len()), Ok(1));
        for (set, word) in [
            (json!(null), "Set"),
            (json!({"keys": {}}), "Set"),
            (json!({"keys": []}), "to verify"),
            (json!({"keys": [encrypts]}), "to verify"),
            (
                json!({"keys": [ed25519(), with(json!({"d": "AQAB"}))]}),
                "private",
            ),
            (json!({"keys": [{"kty": "oct", "k": "AQAB"}]}), "symmetric"),
            (json!({"keys": [with(json!({"alg": "ES256"}))]}), "alg"),
            (json!({"keys": ["x"]}), "Keys"),
            (json!({"keys": vec![ed25519(); MAX_KEYS + 1]}), "at most"),
        ] {
            let refused = JwkSet::parse(&set);
            assert!(
                refused.as_ref().is_err_and(|must| must.contains(word)),
                "{set}: {refused:?}"
            );
        }
    }

    #[test]
    fn a_published_set_is_what_of_it_can_be_used() {
        let set = json!({"keys": [with(json!({"d": "AQAB"})), "x", ed25519()]});
        assert_eq!(JwkSet::published(&set).map(|set| set.0.len()), Some(1));
        assert_eq!(JwkSet::published(&json!([])), None);
    }

    #[test]
    fn a_signature_s_key_is_found_by_its_id_and_kind() {
        let set = JwkSet::parse(&json!({"keys": [
            with(json!({"kid": "a", "alg": "EdDSA"})),
            with(json!({"kid": "b"})),
        ]}));
        let set = set.expect("a set");
        let found = |kid, algorithm| set.candidates(kid, algorithm).count();
        assert_eq!(found(Some("a"), JwsAlgorithm::EdDsa), 1);
        assert_eq!(found(Some("c"), JwsAlgorithm::EdDsa), 0);
        assert_eq!(found(None, JwsAlgorithm::EdDsa), 2);
        assert_eq!(found(Some("a"), JwsAlgorithm::Rs256), 0);
        let written = serde_json::to_value(&set).expect("JSON");
        assert_eq!(JwkSet::parse(&written), Ok(set));
    }
}
