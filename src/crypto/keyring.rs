//! Keys: one root secret, stretched by HKDF-SHA256 into one key per purpose (RFC 5869).
//!
//! Invariant: what was signed or sealed for one purpose never verifies for another, because the
//! purposes have different keys.

use chacha20poly1305::aead::Aead;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use jwt_compact::alg::{Hs256, Hs256Key};
use jwt_compact::{AlgorithmExt, Claims, Header, UntrustedToken};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use thiserror::Error;

use crate::base64url;
use crate::json_reader;
use crate::time::Timestamp;

/// Shortest root secret, in bytes: HS256 wants a key "of the same size as the hash output"
/// (RFC 7518 §3.2).
const MIN_ROOT_BYTES: usize = 32;
/// Bytes of an XChaCha20-Poly1305 nonce.
pub const NONCE_BYTES: usize = 24;

/// What a JWT of ours is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Access tokens.
    Access,
    /// Refresh tokens.
    Refresh,
    /// The tickets in the hidden fields of our forms.
    Form,
    /// The cookies of browsers that somebody logged in with.
    Browser,
}

/// What a message of ours is sealed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seal {
    /// Authorization codes.
    Code,
    /// Logins that the platform is asked for.
    Login,
    /// Device codes.
    Device,
}

/// The keys: the first signs, all of them verify.
#[derive(Debug)]
pub struct Keyring {
    current: RootKeys,
    retired: Vec<RootKeys>,
}

/// Why `SIGNING_KEYS` was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyringError {
    /// The setting is missing.
    #[error("SIGNING_KEYS is missing")]
    Missing,
    /// A key that is not base64url of at least 32 bytes.
    #[error("every key of SIGNING_KEYS must be base64url without padding, of at least 32 bytes")]
    Weak,
}

/// A token that could not be made: serialization failed, which is our fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a token could not be signed")]
pub struct SigningError;

impl Keyring {
    /// Derives the keys of `SIGNING_KEYS`: root secrets in base64url, separated by commas, the
    /// current one first. Worth doing once per isolate.
    pub fn parse(signing_keys: &str) -> Result<Self, KeyringError> {
        let mut keys = signing_keys
            .split(',')
            .map(str::trim)
            .filter(|key| !key.is_empty())
            .map(RootKeys::derive);
        let current = keys.next().ok_or(KeyringError::Missing)??;
        let retired = keys.collect::<Result<_, _>>()?;
        Ok(Self { current, retired })
    }

    /// Signs claims as a JWT: HS256, `typ` JWT, the key's `kid`.
    pub fn sign<T: Serialize>(
        &self,
        purpose: Purpose,
        claims: T,
        issued_at: Timestamp,
        expires_at: Timestamp,
    ) -> Result<String, SigningError> {
        let mut claims = Claims::new(claims);
        claims.issued_at = Some(issued_at.to_numeric_date());
        claims.expiration = Some(expires_at.to_numeric_date());
        Hs256
            .token(&self.current.header, &claims, self.current.jwt_key(purpose))
            .map_err(|_| SigningError)
    }

    /// The claims and the expiry of a JWT that this server signed for `purpose` and that is not
    /// expired. `None`: anything else, whatever is wrong with it.
    pub fn verify<T: DeserializeOwned>(
        &self,
        purpose: Purpose,
        token: &str,
        now: Timestamp,
    ) -> Option<Verified<T>> {
        let untrusted = UntrustedToken::new(token).ok()?;
        let key_id = untrusted.header().key_id.as_deref()?;
        let keys = self.all().find(|keys| keys.id() == Some(key_id))?;
        // Read as a map first: one copy of the verifier's code, not one for each kind of token.
        let verified = Hs256
            .validator::<Map<String, Value>>(keys.jwt_key(purpose))
            .validate(&untrusted)
            .ok()?;
        let (_, claims) = verified.into_parts();
        let expires_at = Timestamp::from_utc(claims.expiration?);
        let issued_at = Timestamp::from_utc(claims.issued_at?);
        if now >= expires_at {
            return None;
        }
        Some(Verified {
            claims: json_reader::read_value(&Value::Object(claims.custom)).ok()?,
            issued_at,
            expires_at,
        })
    }

    /// Seals a message with the current key of its kind: nonce, then ciphertext and tag. Nobody
    /// without the key can make one, read it, or change a bit of it.
    pub fn seal(
        &self,
        seal: Seal,
        nonce: [u8; NONCE_BYTES],
        message: &[u8],
    ) -> Result<Vec<u8>, SigningError> {
        let sealed = self
            .current
            .sealing_key(seal)
            .encrypt(&XNonce::from(nonce), message)
            .map_err(|_| SigningError)?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// Opens what [`Self::seal`] made, with any of the keys.
    pub fn open(&self, seal: Seal, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>()?;
        let open = |keys: &RootKeys| {
            let key = keys.sealing_key(seal);
            key.decrypt(&XNonce::from(*nonce), sealed).ok()
        };
        self.all().find_map(open)
    }

    /// What only this server can make of a message, in base64url.
    pub fn tag(&self, message: &[u8]) -> Result<String, SigningError> {
        self.current.tag(message)
    }

    /// Whether [`Self::tag`] made this of the message, with any of the keys.
    pub fn has_tagged(&self, message: &[u8], tag: &str) -> bool {
        let is_it = |made: String| made.as_bytes().ct_eq(tag.as_bytes()).into();
        self.all().any(|keys| keys.tag(message).is_ok_and(is_it))
    }

    /// The keys that sign what a receiver of events is told, the first of which it is shown: one for each
    /// entry of `SIGNING_KEYS`, so that a change of them is no change for receivers before the old one goes.
    pub fn event_keys(&self, receiver: &str) -> Vec<Vec<u8>> {
        let key = |keys: &RootKeys| {
            let mut key = vec![0; 32];
            let made = keys.events.expand(receiver.as_bytes(), &mut key);
            made.ok().map(|()| key)
        };
        self.all().filter_map(key).collect()
    }

    /// Encrypts a private key of ours with the current entry of `SIGNING_KEYS`.
    pub fn wrap(
        &self,
        nonce: [u8; NONCE_BYTES],
        private_key: &[u8],
    ) -> Result<WrappedKey, SigningError> {
        let wrapped = self
            .current
            .wrapping
            .encrypt(&XNonce::from(nonce), private_key);
        Ok(WrappedKey {
            under: self.current.id().unwrap_or_default().to_owned(),
            nonce: base64url::encode(&nonce),
            key: base64url::encode(&wrapped.map_err(|_| SigningError)?),
        })
    }

    /// Decrypts what [`Self::wrap`] made, with the entry it was made with.
    pub fn unwrap(&self, wrapped: &WrappedKey) -> Option<Vec<u8>> {
        let keys = self.all().find(|keys| keys.id() == Some(&wrapped.under))?;
        let nonce: [u8; NONCE_BYTES] = base64url::decode_array(&wrapped.nonce)?;
        let key = base64url::decode(&wrapped.key)?;
        keys.wrapping.decrypt(&XNonce::from(nonce), &*key).ok()
    }

    /// Whether [`Self::unwrap`] would need an entry of `SIGNING_KEYS` that is not the current one.
    pub fn is_wrapped_before(&self, wrapped: &WrappedKey) -> bool {
        self.current.id() != Some(&wrapped.under)
    }

    fn all(&self) -> impl Iterator<Item = &RootKeys> {
        core::iter::once(&self.current).chain(&self.retired)
    }
}

/// What a JWT of ours said.
#[derive(Debug)]
pub struct Verified<T> {
    /// The claims that the kind of token defines for itself.
    pub claims: T,
    /// `iat`, in whole seconds.
    pub issued_at: Timestamp,
    /// `exp`, in whole seconds.
    pub expires_at: Timestamp,
}

/// A private key of ours, encrypted: how it is stored, and how it travels from the object that keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrappedKey {
    /// The id of the entry of `SIGNING_KEYS` that it is encrypted under.
    under: String,
    nonce: String,
    key: String,
}

/// The keys of one root secret.
struct RootKeys {
    header: Header,
    access: Hs256Key,
    refresh: Hs256Key,
    form: Hs256Key,
    browser: Hs256Key,
    code: XChaCha20Poly1305,
    login: XChaCha20Poly1305,
    device: XChaCha20Poly1305,
    wrapping: XChaCha20Poly1305,
    tags: Hkdf<Sha256>,
    events: Hkdf<Sha256>,
}

impl RootKeys {
    fn derive(root: &str) -> Result<Self, KeyringError> {
        let root = base64url::decode(root).ok_or(KeyringError::Weak)?;
        if root.len() < MIN_ROOT_BYTES {
            return Err(KeyringError::Weak);
        }
        let hkdf = Hkdf::<Sha256>::new(None, &root);
        let expand = |purpose: &str| {
            let mut key = [0; 32];
            hkdf.expand(purpose.as_bytes(), &mut key)
                .map(|()| key)
                .map_err(|_| KeyringError::Weak)
        };
        let id = base64url::encode(&expand("kid")?[..6]);
        Ok(Self {
            header: Header::empty().with_token_type("JWT").with_key_id(id),
            access: Hs256Key::new(expand("access")?),
            refresh: Hs256Key::new(expand("refresh")?),
            form: Hs256Key::new(expand("form")?),
            browser: Hs256Key::new(expand("browser")?),
            code: XChaCha20Poly1305::new(&expand("code")?.into()),
            login: XChaCha20Poly1305::new(&expand("login")?.into()),
            device: XChaCha20Poly1305::new(&expand("device")?.into()),
            wrapping: XChaCha20Poly1305::new(&expand("private key")?.into()),
            tags: Hkdf::from_prk(&expand("tag")?).map_err(|_| KeyringError::Weak)?,
            events: Hkdf::from_prk(&expand("events")?).map_err(|_| KeyringError::Weak)?,
        })
    }

    /// RFC 5869 §2.3: one block of the expansion is an HMAC of the message.
    fn tag(&self, message: &[u8]) -> Result<String, SigningError> {
        let mut tag = [0; 16];
        let made = self.tags.expand(message, &mut tag);
        made.map(|()| base64url::encode(&tag))
            .map_err(|_| SigningError)
    }

    fn id(&self) -> Option<&str> {
        self.header.key_id.as_deref()
    }

    const fn sealing_key(&self, seal: Seal) -> &XChaCha20Poly1305 {
        match seal {
            Seal::Code => &self.code,
            Seal::Login => &self.login,
            Seal::Device => &self.device,
        }
    }

    const fn jwt_key(&self, purpose: Purpose) -> &Hs256Key {
        match purpose {
            Purpose::Access => &self.access,
            Purpose::Refresh => &self.refresh,
            Purpose::Form => &self.form,
            Purpose::Browser => &self.browser,
        }
    }
}

impl core::fmt::Debug for RootKeys {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "RootKeys({:?}, [redacted])", self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    const NEW: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";
    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);
    const LATER: Timestamp = Timestamp::from_millis(1_700_000_010_000);

    fn keyring(keys: &str) -> Keyring {
        Keyring::parse(keys).expect("valid keys")
    }

    fn token(keyring: &Keyring, purpose: Purpose) -> String {
        let claims = serde_json::json!({"sub": "1"});
        keyring.sign(purpose, claims, NOW, LATER).expect("signed")
    }

    fn verifies(keyring: &Keyring, purpose: Purpose, token: &str, now: Timestamp) -> bool {
        keyring.verify::<Value>(purpose, token, now).is_some()
    }

    #[test]
    fn a_token_of_one_purpose_never_verifies_as_another() {
        let keyring = keyring(OLD);
        let purposes = [
            Purpose::Access,
            Purpose::Refresh,
            Purpose::Form,
            Purpose::Browser,
        ];
        for signed in purposes {
            for verified in purposes {
                let token = token(&keyring, signed);
                assert_eq!(
                    verifies(&keyring, verified, &token, NOW),
                    signed == verified
                );
            }
        }
    }

    #[test]
    fn a_retired_key_still_verifies_and_an_unknown_one_does_not() {
        let old = token(&keyring(OLD), Purpose::Access);
        assert!(verifies(
            &keyring(&format!("{NEW}, {OLD}")),
            Purpose::Access,
            &old,
            NOW
        ));
        assert!(!verifies(&keyring(NEW), Purpose::Access, &old, NOW));
    }

    #[test]
    fn a_token_ends_at_its_expiry() {
        let keyring = keyring(OLD);
        let token = token(&keyring, Purpose::Access);
        assert!(verifies(
            &keyring,
            Purpose::Access,
            &token,
            Timestamp::from_millis(LATER.millis() - 1)
        ));
        assert!(!verifies(&keyring, Purpose::Access, &token, LATER));
    }

    #[test]
    fn no_edit_of_a_token_verifies() {
        let keyring = keyring(OLD);
        let token = token(&keyring, Purpose::Access);
        for index in 0..token.len() {
            let mut edited = token.clone().into_bytes();
            edited[index] = if edited[index] == b'A' { b'B' } else { b'A' };
            let edited = String::from_utf8(edited).expect("ASCII");
            assert!(
                !verifies(&keyring, Purpose::Access, &edited, NOW),
                "{index}"
            );
        }
        let parts: Vec<_> = token.split('.').collect();
        for forged in [
            format!("{}.{}.", parts[0], parts[1]),
            format!("{}.{}", parts[0], parts[1]),
            format!("{token}="),
            format!("{token}\n"),
            format!(" {token}"),
            format!("{token}.{token}"),
            // {"alg":"none"}
            format!("eyJhbGciOiJub25lIn0.{}.", parts[1]),
            String::new(),
            "..".to_owned(),
        ] {
            assert!(
                !verifies(&keyring, Purpose::Access, &forged, NOW),
                "{forged}"
            );
        }
    }

    #[test]
    fn what_is_sealed_opens_with_any_key_and_unchanged_only() {
        let sealed = keyring(OLD)
            .seal(Seal::Code, [7; NONCE_BYTES], b"who")
            .expect("sealed");
        let both = keyring(&format!("{NEW},{OLD}"));
        assert_eq!(both.open(Seal::Code, &sealed).as_deref(), Some(&b"who"[..]));
        assert_eq!(keyring(NEW).open(Seal::Code, &sealed), None);
        assert_eq!(both.open(Seal::Login, &sealed), None);
        for index in 0..sealed.len() {
            let mut edited = sealed.clone();
            edited[index] ^= 1;
            assert_eq!(both.open(Seal::Code, &edited), None, "{index}");
        }
        assert_eq!(both.open(Seal::Code, b"short"), None);
    }

    #[test]
    fn a_private_key_opens_with_the_entry_it_was_wrapped_under_and_with_no_other() {
        let private_key = b"private";
        let wrapped = keyring(OLD)
            .wrap([7; NONCE_BYTES], private_key)
            .expect("wrapped");
        let both = keyring(&format!("{NEW},{OLD}"));
        assert_eq!(both.unwrap(&wrapped).as_deref(), Some(&private_key[..]));
        assert!(both.is_wrapped_before(&wrapped) && !keyring(OLD).is_wrapped_before(&wrapped));
        assert_eq!(keyring(NEW).unwrap(&wrapped), None);
        // What is wrapped for this purpose opens for no other.
        assert_eq!(
            keyring(OLD).open(Seal::Code, &base64url::decode(&wrapped.key).expect("bytes")),
            None
        );
        let mut edited = wrapped;
        edited.key.replace_range(
            ..1,
            if edited.key.starts_with('A') {
                "B"
            } else {
                "A"
            },
        );
        assert_eq!(both.unwrap(&edited), None);
    }

    #[test]
    fn weak_and_missing_keys_are_refused() {
        assert_eq!(Keyring::parse("").err(), Some(KeyringError::Missing));
        assert_eq!(Keyring::parse(" , ").err(), Some(KeyringError::Missing));
        for weak in ["secret", "AAAA", &format!("{OLD},AAAA"), &format!("{OLD}=")] {
            assert_eq!(
                Keyring::parse(weak).err(),
                Some(KeyringError::Weak),
                "{weak}"
            );
        }
    }

    #[test]
    fn the_header_and_the_debug_output_tell_no_secret() {
        let keyring = keyring(OLD);
        let token = token(&keyring, Purpose::Access);
        let header = token.split('.').next().expect("a header");
        let header = base64url::decode(header).expect("base64url");
        let header: Value = serde_json::from_slice(&header).expect("JSON");
        assert_eq!(header["alg"], "HS256");
        assert_eq!(header["typ"], "JWT");
        assert_eq!(header["kid"].as_str().map(str::len), Some(8));
        assert!(!format!("{keyring:?}").contains("AAAAAAAA"));
    }
}
