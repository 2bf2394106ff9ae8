//! What a browser is sent to the platform with. It is sealed and stored nowhere: the platform hands it
//! back with its answer.

use core::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::base64url;
use crate::crypto::keyring::{Keyring, NONCE_BYTES, Seal, SigningError};
use crate::crypto::secret::Secret;
use crate::json_reader;
use crate::pending::{AskedLogin, EntryKind, PendingId};
use crate::time::Timestamp;

/// How long the platform may take to answer.
pub const CHALLENGE_LIFETIME: Duration = Duration::from_secs(600);
/// How long the browser may take to come back with an answer that came in the last moment.
pub const RETURN_WITHIN: Duration = Duration::from_secs(60);

/// The kind of what a browser comes back with.
#[derive(Debug)]
pub enum LoginVerifier {}

/// A login that the platform is asked for.
#[derive(Debug, Serialize, Deserialize)]
pub struct Challenge {
    /// What the browser comes back with, once the platform has answered. Nobody sees it before.
    #[serde(rename = "v")]
    verifier: String,
    /// What the browser asks for.
    #[serde(rename = "a")]
    pub asked: AskedLogin,
}

impl Challenge {
    /// A challenge with a verifier of 256 random bits.
    pub fn new(entropy: [u8; 32], asked: AskedLogin) -> Self {
        let verifier = base64url::encode(&entropy);
        Self { verifier, asked }
    }

    /// Seals the challenge, so that a browser carries it and nobody can change it.
    pub fn seal(
        &self,
        keyring: &Keyring,
        nonce: [u8; NONCE_BYTES],
    ) -> Result<String, SigningError> {
        let message = serde_json::to_vec(self).map_err(|_| SigningError)?;
        let sealed = keyring.seal(Seal::Login, nonce, &message)?;
        Ok(base64url::encode(&sealed))
    }

    /// Opens one. `None`: it is none of ours, or its time is over.
    pub fn open(keyring: &Keyring, text: &str, now: Timestamp) -> Option<Self> {
        let message = keyring.open(Seal::Login, &base64url::decode(text)?)?;
        let message = serde_json::from_slice(&message).ok()?;
        let challenge: Self = json_reader::read_value(&message).ok()?;
        (now < challenge.expires_at()).then_some(challenge)
    }

    /// Until when the platform may answer.
    pub fn expires_at(&self) -> Timestamp {
        self.asked.at + CHALLENGE_LIFETIME
    }

    /// What the browser comes back with.
    pub fn verifier(&self) -> Secret<LoginVerifier> {
        Secret::new(self.verifier.as_str())
    }
}

impl Secret<LoginVerifier> {
    /// Where the platform's answer waits.
    pub fn pending(&self) -> PendingId {
        PendingId::new(EntryKind::Login, "", self.expose())
    }

    /// What the browser's cookie for this login is called. Those of several tabs do not meet.
    pub fn cookie_key(&self) -> String {
        let digest = Sha256::new_with_prefix(b"login cookie").chain_update(self.expose());
        let digest: [u8; 32] = digest.finalize().into();
        let (key, _) = digest.split_at(9);
        base64url::encode(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_opens_unchanged_in_its_time_and_for_nothing_else() {
        let keyring = Keyring::parse("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
        let keyring = keyring.expect("valid keys");
        let now = Timestamp::from_millis(1_700_000_000_000);
        let asked = AskedLogin {
            browser: Secret::new("cookie").hash(),
            target: "/oauth2/authorize?client_id=1&prompt=login".to_owned(),
            at: now,
            again: false,
            subject: None,
        };
        let challenge = Challenge::new([7; 32], asked.clone());
        let sealed = challenge.seal(&keyring, [1; NONCE_BYTES]).expect("sealed");
        let opened = Challenge::open(&keyring, &sealed, now).expect("opened");
        assert_eq!(opened.asked, asked);
        assert_eq!(opened.verifier().expose(), challenge.verifier().expose());
        assert!(Challenge::open(&keyring, &sealed, now + CHALLENGE_LIFETIME).is_none());
        assert!(!sealed.contains(challenge.verifier().expose()));
        let mut edited = sealed.into_bytes();
        edited[40] = if edited[40] == b'A' { b'B' } else { b'A' };
        let edited = String::from_utf8(edited).expect("ASCII");
        assert!(Challenge::open(&keyring, &edited, now).is_none());
    }
}
