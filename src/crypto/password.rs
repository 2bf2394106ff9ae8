//! Password hashing: slow on purpose, and the same everywhere. Storage sees nothing of a password but
//! what this makes of it.

use core::fmt;

use argon2::password_hash::{PasswordHasher, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use thiserror::Error;

use super::imported_hash;

/// A password that may be set.
pub struct Password(String);

/// A password could not be hashed, or a stored hash could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("argon2: {0}")]
pub struct HashingError(String);

impl Password {
    /// Takes a password that is long enough to be one, and not longer than is looked at.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if (8..=1024).contains(&text.len()) {
            Ok(Self(text.to_owned()))
        } else {
            Err("must be 8 to 1024 bytes")
        }
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The hash that no known password has, for a user who was locked out.
pub const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
                      AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// What a password costs to hash: argon2id with one lane, for a Worker has one thread and hashes never
/// add up. In settings `memory/passes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// In KiB.
    memory: u32,
    passes: u32,
}

impl Default for Cost {
    /// 19 MiB, two passes: OWASP's recommendation, and what fits an isolate of 128 MiB.
    fn default() -> Self {
        Self {
            memory: 19_456,
            passes: 2,
        }
    }
}

impl Cost {
    /// Reads `memory/passes`: 1 to 64 MiB in KiB, 1 to 10 passes.
    pub fn parse(text: &str) -> Option<Self> {
        let (memory, passes) = text.split_once('/')?;
        let (memory, passes) = (memory.parse().ok()?, passes.parse().ok()?);
        let is_possible = (1_024..=65_536).contains(&memory) && (1..=10).contains(&passes);
        is_possible.then_some(Self { memory, passes })
    }

    fn argon2(self) -> Result<Argon2<'static>, HashingError> {
        let params = Params::new(self.memory, self.passes, 1, None).map_err(failed)?;
        Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
    }

    /// How a hash of this cost begins.
    fn prefix(self) -> String {
        let Self { memory, passes } = self;
        format!("$argon2id$v=19$m={memory},t={passes},p=1$")
    }

    /// The hash that no known password has. An unknown user's password is checked against it, so that
    /// their answer takes as long.
    fn nobody(self) -> String {
        [&*self.prefix(), &"A".repeat(22), "$", &"A".repeat(43)].concat()
    }
}

fn failed(error: impl fmt::Display) -> HashingError {
    HashingError(error.to_string())
}

/// Hashes a password for storage: a PHC string.
pub fn hash(password: &Password, cost: Cost, salt: [u8; 16]) -> Result<String, HashingError> {
    rehash(&password.0, cost, salt)
}

/// Hashes a password that was shown and is right, whether or not it could be set today.
pub fn rehash(shown: &str, cost: Cost, salt: [u8; 16]) -> Result<String, HashingError> {
    let salt = SaltString::encode_b64(&salt).map_err(failed)?;
    let hash = cost.argon2()?.hash_password(shown.as_bytes(), &salt);
    hash.map_err(failed).map(|hash| hash.to_string())
}

/// Whether a hash is one that would be made now: neither another server's, nor of another cost.
pub fn is_current(hash: &str, cost: Cost) -> bool {
    hash.starts_with(&cost.prefix())
}

/// Whether a password is the one that was hashed, at the cost that the hash names; without a hash, the
/// work of a new one and `false`.
pub fn verify(password: &str, hash: Option<&str>, cost: Cost) -> Result<bool, HashingError> {
    let nobody = cost.nobody();
    let matches = imported_hash::verify(hash.unwrap_or(&nobody), password);
    let matches = matches.ok_or_else(|| failed("a hash that cannot be read"))?;
    Ok(matches && hash.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_8_to_1024_bytes_and_never_prints_itself() {
        for (length, fits) in [
            (0, false),
            (7, false),
            (8, true),
            (1024, true),
            (1025, false),
        ] {
            assert_eq!(
                Password::parse(&"x".repeat(length)).is_ok(),
                fits,
                "{length}"
            );
        }
        let password = Password::parse("correct horse").expect("long enough");
        assert_eq!(format!("{password:?}"), "[redacted]");
    }

    #[test]
    fn a_password_verifies_against_its_own_hash_only() {
        let password = Password::parse("correct horse").expect("long enough");
        let hash = hash(&password, Cost::default(), [7; 16]).expect("hashed");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_eq!(
            verify("correct horse", Some(&hash), Cost::default()),
            Ok(true)
        );
        for wrong in [
            "correct hors",
            "correct horse ",
            "Correct horse",
            "correct horse\0",
            "",
        ] {
            assert_eq!(
                verify(wrong, Some(&hash), Cost::default()),
                Ok(false),
                "{wrong:?}"
            );
        }
        assert_eq!(verify("correct horse", None, Cost::default()), Ok(false));
    }

    #[test]
    fn a_cost_is_memory_and_passes_and_old_hashes_keep_theirs() {
        for wrong in [
            "", "19456", "19456/0", "0/2", "1023/2", "65537/1", "19456/11", "x/2", "1/2/3",
        ] {
            assert_eq!(Cost::parse(wrong), None, "{wrong}");
        }
        assert_eq!(Cost::parse("19456/2"), Some(Cost::default()));
        let cheap = Cost::parse("1024/1").expect("a cost");
        let password = Password::parse("correct horse").expect("long enough");
        let old = hash(&password, cheap, [7; 16]).expect("hashed");
        assert!(old.starts_with("$argon2id$v=19$m=1024,t=1,p=1$"));
        assert_eq!(
            verify("correct horse", Some(&old), Cost::default()),
            Ok(true)
        );
        assert_eq!(verify("wrong", Some(&old), Cost::default()), Ok(false));
        assert!(is_current(&old, cheap) && !is_current(&old, Cost::default()));
        assert!(is_current(&cheap.nobody(), cheap));
        assert_eq!(verify("correct horse", None, cheap), Ok(false));
    }
}
