//! Device codes and user codes (RFC 8628 §3.2).

use core::fmt;
use core::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::base64url;
use crate::crypto::keyring::{Keyring, NONCE_BYTES, Seal, SigningError};
use crate::crypto::secret::{DeviceCodeSecret, Hash, Secret};
use crate::snowflake::{ApplicationId, Snowflake};
use crate::time::Timestamp;

/// How long a device waits for its user (RFC 8628 §3.2, `expires_in`).
pub const LIFETIME: Duration = Duration::from_secs(600);
/// How long it waits between two polls at first (RFC 8628 §3.2, `interval`).
pub const INTERVAL: Duration = Duration::from_secs(5);

/// RFC 8628 §6.1: no vowels, so that no words come up, and nothing that looks like something else.
const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const LENGTH: usize = 8;
/// Longest text that is looked at, in bytes.
const MAX_TYPED: usize = 64;

/// What the user types: 8 letters, 34 bits. Guesses at it are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserCode([u8; LENGTH]);

impl UserCode {
    /// A new one. That 2^64 is no multiple of 20^8 favours none by more than one in 2^29.
    pub fn from_entropy(entropy: [u8; 8]) -> Self {
        let mut rest = u64::from_be_bytes(entropy);
        Self([(); LENGTH].map(|()| {
            let letter = ALPHABET
                .iter()
                .cycle()
                .nth(usize::try_from(rest % 20).unwrap_or_default());
            rest /= 20;
            letter.copied().unwrap_or_default()
        }))
    }

    /// Reads what somebody typed: in any case, with any dashes and spaces.
    pub fn parse(typed: &str) -> Option<Self> {
        if typed.len() > MAX_TYPED {
            return None;
        }
        let is_between =
            |it: &char| it.is_whitespace() || matches!(it, '-' | '_' | '‐'..='―' | '−');
        let letters = typed.chars().filter(|it| !is_between(it));
        let letters = letters.map(|it| u8::try_from(it.to_ascii_uppercase()).ok());
        let letters: Option<Vec<u8>> = letters.collect();
        let code: [u8; LENGTH] = letters?.try_into().ok()?;
        code.iter()
            .all(|it| ALPHABET.contains(it))
            .then_some(Self(code))
    }

    /// The letters alone: the key of what waits for it.
    pub fn key(&self) -> String {
        self.0.iter().copied().map(char::from).collect()
    }
}

impl fmt::Display for UserCode {
    /// As people read it: `BCDF-GHJK`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.key();
        let (one, other) = key.split_at_checked(LENGTH / 2).unwrap_or_default();
        write!(f, "{one}-{other}")
    }
}

impl Serialize for UserCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for UserCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a user code"))
    }
}

/// A device code that this server made, and what it says. As an authorization code it is a nonce and,
/// sealed under it, what has to be known before anybody is asked: whose it is, which object waits, and
/// until when.
#[derive(Debug)]
pub struct DeviceCode {
    secret: Secret<DeviceCodeSecret>,
    /// The application of the device.
    pub application: ApplicationId,
    /// What its user types.
    pub user_code: UserCode,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

impl DeviceCode {
    /// Makes a device code that names its user code.
    pub fn issue(
        keyring: &Keyring,
        application: ApplicationId,
        user_code: UserCode,
        expires_at: Timestamp,
        nonce: [u8; NONCE_BYTES],
    ) -> Result<Self, SigningError> {
        let expiry = expires_at.millis().to_be_bytes();
        let message = [application.0.to_bytes(), user_code.0, expiry].concat();
        let sealed = keyring.seal(Seal::Device, nonce, &message)?;
        Ok(Self {
            secret: Secret::new(base64url::encode(&sealed)),
            application,
            user_code,
            expires_at,
        })
    }

    /// Reads a `device_code` parameter. `None`: not one of ours.
    pub fn parse(keyring: &Keyring, text: &str) -> Option<Self> {
        let message = keyring.open(Seal::Device, &base64url::decode(text)?)?;
        let (application, rest) = message.split_first_chunk::<8>()?;
        let (user_code, rest) = rest.split_first_chunk::<LENGTH>()?;
        let expires_at = u64::from_be_bytes(rest.try_into().ok()?);
        Some(Self {
            secret: Secret::new(text),
            application: ApplicationId(Snowflake::from_bytes(*application)),
            user_code: UserCode(*user_code),
            expires_at: Timestamp::from_millis(expires_at),
        })
    }

    /// What storage may know of it.
    pub fn hash(&self) -> Hash<DeviceCodeSecret> {
        self.secret.hash()
    }

    /// The code, for the one answer that hands it to its device.
    pub fn expose(&self) -> &str {
        self.secret.expose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::code::{Code, CodeSeed};
    use crate::snowflake::UserId;
    use std::collections::HashSet;

    const LATER: Timestamp = Timestamp::from_millis(1_795_000_600_000);

    fn keyring() -> Keyring {
        Keyring::parse("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").expect("valid keys")
    }

    fn issue(nonce: u8) -> DeviceCode {
        let application = ApplicationId::parse("9007199254740993").expect("an id");
        let user_code = UserCode::parse("BCDF-GHJK").expect("a code");
        let code = DeviceCode::issue(&keyring(), application, user_code, LATER, [nonce; 24]);
        code.expect("sealed")
    }

    #[test]
    fn a_user_code_is_read_however_it_is_typed() {
        let code = UserCode::parse("BCDFGHJK").expect("a code");
        assert_eq!(code.to_string(), "BCDF-GHJK");
        for typed in [
            "BCDF-GHJK",
            "bcdf-ghjk",
            " bcdfghjk ",
            "B C D F G H J K",
            "b-c-d-f-g-h-j-k",
            "BCDF–GHJK",
            "BCDF\u{a0}GHJK",
            "BcDf_gHjK",
        ] {
            assert_eq!(UserCode::parse(typed), Some(code), "{typed}");
        }
        let long = "B".repeat(9_000);
        for other in [
            "",
            "BCDF-GHJ",
            "BCDF-GHJKL",
            "ACDF-GHJK",
            "BCDF-GHJ1",
            "BCDF.GHJK",
            &long,
        ] {
            assert_eq!(UserCode::parse(other), None, "{other}");
        }
    }

    #[test]
    fn user_codes_use_the_whole_alphabet_at_every_place() {
        let codes: Vec<_> = (0..10_000_u64)
            .map(|seed| {
                let spread = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
                UserCode::from_entropy(spread.to_be_bytes())
            })
            .collect();
        for at in 0..LENGTH {
            let seen: HashSet<_> = codes.iter().map(|code| code.0[at]).collect();
            assert_eq!(seen.len(), ALPHABET.len());
        }
        let read = |code: &UserCode| UserCode::parse(&code.to_string()) == Some(*code);
        assert!(codes.iter().all(read));
    }

    #[test]
    fn a_device_code_says_what_has_to_be_known_before_it_is_asked_about() {
        let code = issue(1);
        let read = DeviceCode::parse(&keyring(), code.expose()).expect("ours");
        assert_eq!(read.application, code.application);
        assert_eq!((read.user_code, read.expires_at), (code.user_code, LATER));
        assert!(read.hash() == code.hash() && code.hash() != issue(2).hash());
    }

    #[test]
    fn a_device_code_is_no_authorization_code_and_the_other_way_round() {
        assert!(Code::parse(&keyring(), issue(1).expose()).is_none());
        let user = UserId::parse("7").expect("an id");
        let application = ApplicationId::parse("8").expect("an id");
        for openid in [true, false] {
            let seed = CodeSeed([1; 16]);
            let code = Code::issue(&keyring(), user, application, openid, None, &seed);
            let code = code.expect("sealed");
            assert!(DeviceCode::parse(&keyring(), code.expose()).is_none());
        }
        for forged in ["", ".", "\0", &issue(1).expose()[1..], &"a".repeat(600)] {
            assert!(DeviceCode::parse(&keyring(), forged).is_none(), "{forged}");
        }
    }
}
