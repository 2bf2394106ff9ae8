//! Secrets, and the hashes that stand for them in storage.
//!
//! Invariant: a [`Secret`] has no `Clone`, prints as `[redacted]`, and reaches storage only as its
//! [`struct@Hash`]. The kind keeps a session's hash from ever being looked up as a code's.

use core::fmt;
use core::marker::PhantomData;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::checksum;
use crate::base64url;

/// The kind of an application's client secret.
#[derive(Debug)]
pub enum ClientSecret {}

/// The kind of a session id, as it stands in the cookie.
#[derive(Debug)]
pub enum SessionId {}

/// The kind of the cookie of a browser that is not logged in.
#[derive(Debug)]
pub enum BrowserId {}

/// The kind of an authorization code.
#[derive(Debug)]
pub enum AuthorizationCode {}

/// The kind of a device code.
#[derive(Debug)]
pub enum DeviceCodeSecret {}

/// The kind of the token with which a client that registered itself changes what it registered.
#[derive(Debug)]
pub enum RegistrationAccessToken {}

/// The kind of the token with which clients may register themselves.
#[derive(Debug)]
pub enum InitialAccessToken {}

/// The kind of a bot token.
#[derive(Debug)]
pub enum BotTokenSecret {}

/// A bearer secret of kind `K`, as text.
pub struct Secret<K> {
    text: String,
    kind: PhantomData<K>,
}

impl<K> Secret<K> {
    /// Takes a secret that came from outside or is about to go there.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            kind: PhantomData,
        }
    }

    /// A new secret of 256 random bits, base64url: 43 characters.
    pub fn from_entropy(entropy: [u8; 32]) -> Self {
        Self::new(base64url::encode(&entropy))
    }

    /// What storage may know of it. SHA-256 is enough: secrets are full-entropy, so there is
    /// nothing to stretch, and a slow hash would be cheap to ask for and dear to answer.
    pub fn hash(&self) -> Hash<K> {
        Hash {
            bytes: Sha256::digest(self.text.as_bytes()).into(),
            kind: PhantomData,
        }
    }

    /// The text itself, for the one place that hands it to its owner.
    pub fn expose(&self) -> &str {
        &self.text
    }
}

/// What the client secrets of this server begin with.
const CLIENT_SECRET_PREFIX: &str = "flx_cs_";

impl Secret<ClientSecret> {
    /// A new client secret: `flx_cs_`, 256 random bits, and their checksum.
    pub fn generate(entropy: [u8; 32]) -> Self {
        let body = [CLIENT_SECRET_PREFIX, &base64url::encode(&entropy)].concat();
        Self::new(checksum::with_checksum(&body))
    }

    /// Whether it begins like one of this server's and is none of them: a letter is wrong or missing.
    pub fn is_damaged(&self) -> bool {
        self.text.starts_with(CLIENT_SECRET_PREFIX) && !checksum::is_intact(&self.text)
    }
}

impl<K> fmt::Debug for Secret<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// SHA-256 of a secret of kind `K`; on the wire 43 characters of base64url.
pub struct Hash<K> {
    bytes: [u8; 32],
    kind: PhantomData<K>,
}

impl<K> Hash<K> {
    /// Stands where another server's hash does: no secret that anybody knows has it.
    pub const IMPORTED: Self = Self {
        bytes: [0; 32],
        kind: PhantomData,
    };

    /// From 64 hexadecimal digits, as other servers write a SHA-256.
    pub fn parse_hex(text: &str) -> Option<Self> {
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(core::str::from_utf8(digits).ok()?, 16).ok()?;
        }
        let kind = PhantomData;
        Some(Self { bytes, kind })
    }

    /// As [`Self::parse_hex`] reads it.
    pub fn to_hex(&self) -> String {
        let digits = self.bytes.iter().map(|byte| format!("{byte:02x}"));
        digits.collect()
    }

    /// The 32 bytes.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// Reads the 43 characters that [`fmt::Display`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        base64url::decode_array(text).map(|bytes| Self {
            bytes,
            kind: PhantomData,
        })
    }
}

impl<K> Clone for Hash<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for Hash<K> {}

/// Constant time: how much of a guess was right must not be measurable.
impl<K> PartialEq for Hash<K> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes.ct_eq(&other.bytes).into()
    }
}

impl<K> Eq for Hash<K> {}

impl<K> fmt::Display for Hash<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64url::encode(&self.bytes))
    }
}

impl<K> fmt::Debug for Hash<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

impl<K> Serialize for Hash<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, K> Deserialize<'de> for Hash<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a SHA-256 in base64url"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_prints_itself() {
        let secret = Secret::<ClientSecret>::new("hunter2");
        assert_eq!(format!("{secret:?}"), "[redacted]");
    }

    #[test]
    fn a_client_secret_shows_what_it_is_and_whether_it_is_whole() {
        let secret = Secret::<ClientSecret>::generate([0xA5; 32]);
        let text = secret.expose();
        assert_eq!(text.len(), "flx_cs_".len() + 43 + 6);
        assert!(text.starts_with("flx_cs_") && !secret.is_damaged());
        for (other, is_damaged) in [
            (&text[..text.len() - 1], true),
            (&text.replace("paW", "paw"), true),
            ("flx_cs_", true),
            ("of another kind", false),
            (&text[1..], false),
        ] {
            let other = Secret::<ClientSecret>::new(other);
            assert_eq!(other.is_damaged(), is_damaged, "{}", other.expose());
        }
    }

    #[test]
    fn a_hash_is_read_as_other_servers_write_it() {
        let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; // FIPS 180-2, "abc"
        let hash = Secret::<ClientSecret>::new("abc").hash();
        assert_eq!(Hash::parse_hex(hex), Some(hash));
        assert_eq!(Hash::parse_hex(&hex.to_uppercase()), Some(hash));
        assert_eq!(hash.to_hex(), hex);
        for not_one in [
            "",
            &hex[1..],
            &hex.replace('b', "+"),
            &hex.replace("ba", "é"),
        ] {
            assert_eq!(Hash::<ClientSecret>::parse_hex(not_one), None, "{not_one}");
        }
    }

    #[test]
    fn a_hash_survives_the_wire_and_nothing_else_parses_as_one() {
        let hash = Secret::<ClientSecret>::new("abc").hash();
        assert_eq!(
            hash.to_string(),
            "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0" // FIPS 180-2, "abc"
        );
        assert_eq!(Hash::parse(&hash.to_string()), Some(hash));
        for not_a_hash in ["", "abc", "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0"] {
            assert_eq!(
                Hash::<ClientSecret>::parse(not_a_hash),
                None,
                "{not_a_hash}"
            );
        }
    }
}
