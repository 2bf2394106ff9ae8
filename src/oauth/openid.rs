//! What OpenID Connect adds to a grant: the login behind it (Core §2, §3.1.2.1).

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::error::Refusal;
use super::params::Params;
use crate::base64url;
use crate::crypto::secret::{Hash, SessionId};
use crate::time::Timestamp;

/// Longest `nonce`, in characters: it is kept as long as its code.
const MAX_NONCE: usize = 512;

wire_enum! {
    /// How a user proved who they are (RFC 8176 §2).
    pub enum AuthenticationMethod {
        /// By their face.
        Face = "face",
        /// By a fingerprint.
        Fingerprint = "fpt",
        /// By where they are.
        Geolocation = "geo",
        /// With a key in hardware.
        HardwareKey = "hwk",
        /// By their iris.
        Iris = "iris",
        /// By what they know.
        Knowledge = "kba",
        /// Over several channels.
        MultipleChannels = "mca",
        /// With several factors.
        MultipleFactors = "mfa",
        /// With a one-time password.
        OneTimePassword = "otp",
        /// With a PIN or a pattern.
        Pin = "pin",
        /// With a key.
        ProofOfPossession = "pop",
        /// With a password.
        Password = "pwd",
        /// As the risk seemed to demand.
        RiskBased = "rba",
        /// By their retina.
        Retina = "retina",
        /// With a smart card.
        SmartCard = "sc",
        /// By a text message.
        Sms = "sms",
        /// With a key in software.
        SoftwareKey = "swk",
        /// By telephone.
        Telephone = "tel",
        /// By a test of their presence.
        UserPresence = "user",
        /// By their voice.
        Voice = "vbm",
        /// By the account of their computer.
        WindowsAuthentication = "wia",
    }
}

wire_set! {
    /// The methods of one login (Core §2, `amr`).
    pub struct AuthenticationMethods of AuthenticationMethod;
}

impl Serialize for AuthenticationMethods {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AuthenticationMethods {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let methods = text.split(' ').filter(|method| !method.is_empty());
        let methods = methods.map(AuthenticationMethod::from_wire);
        let methods: Option<Self> = methods.collect();
        methods.ok_or_else(|| serde::de::Error::custom("unknown authentication method"))
    }
}

/// The name of a session in ID tokens (`sid`). It opens nothing, and says nothing of the cookie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionName(String);

impl SessionName {
    /// The name of the session with this hash.
    pub fn of(session: &Hash<SessionId>) -> Self {
        let digest = Sha256::new_with_prefix(b"sid").chain_update(session.bytes());
        let digest: [u8; 32] = digest.finalize().into();
        let (name, _) = digest.split_at(16);
        Self(base64url::encode(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The login behind a grant of `openid`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authentication {
    /// When the user last gave a proof.
    pub auth_time: Timestamp,
    /// The methods by which the user proved who they are.
    pub amr: AuthenticationMethods,
    /// The name of the session, which no cookie can be made from.
    pub sid: SessionName,
    /// The request's own word, for the first ID token. Those of refreshes have none (Core §12.2).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub nonce: Option<String>,
}

impl Authentication {
    /// The login without its `nonce`, as the ID token of a refresh tells it (OpenID Connect Core
    /// §12.2).
    #[must_use]
    pub fn without_nonce(self) -> Self {
        Self {
            nonce: None,
            ..self
        }
    }
}

/// Reads `nonce`, to be given back as it came.
pub fn nonce(params: &Params) -> Result<Option<String>, Refusal> {
    match params.one("nonce")? {
        Some(nonce) if nonce.chars().count() > MAX_NONCE => Err(Refusal::Invalid {
            parameter: "nonce",
            must: "it must be at most 512 characters",
        }),
        nonce => Ok(nonce.map(str::to_owned)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_itself_or_refused() {
        let read = |nonce: &str| {
            let params = Params::from_form(&format!("nonce={nonce}"));
            super::nonce(&params)
        };
        assert_eq!(read("a%20b%2B"), Ok(Some("a b+".to_owned())));
        assert_eq!(read(""), Ok(None));
        assert!(read(&"é".repeat(MAX_NONCE)).is_ok());
        assert!(read(&"a".repeat(MAX_NONCE + 1)).is_err());
        assert!(read("a&nonce=a").is_err());
    }

    #[test]
    fn methods_are_stored_as_they_are_spelled() {
        let methods = AuthenticationMethods::from(AuthenticationMethod::Password);
        let text = serde_json::to_string(&methods).expect("JSON");
        assert_eq!(text, "\"pwd\"");
        assert_eq!(
            serde_json::from_str::<AuthenticationMethods>(&text).ok(),
            Some(methods)
        );
        assert!(serde_json::from_str::<AuthenticationMethods>("\"x\"").is_err());
    }
}
