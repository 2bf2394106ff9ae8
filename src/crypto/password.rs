//! Password hashing: slow on purpose, and the same everywhere. Storage sees nothing of a password but
//! what this makes of it.

use core::fmt;

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use thiserror::Error;

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

/// The hash that no known password has. An unknown user's password is checked against it, so
/// that their answer takes as long, and so is that of a user who was locked out.
pub const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
                      AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// argon2id, 19 MiB, two passes, one lane: OWASP's recommendation, and what fits an isolate of
/// 128 MiB. A Worker has one thread, so hashes never add up.
fn argon2() -> Result<Argon2<'static>, HashingError> {
    let params = Params::new(19_456, 2, 1, None).map_err(failed)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn failed(error: impl fmt::Display) -> HashingError {
    HashingError(error.to_string())
}

/// Hashes a password for storage: a PHC string.
pub fn hash(password: &Password, salt: [u8; 16]) -> Result<String, HashingError> {
    let salt = SaltString::encode_b64(&salt).map_err(failed)?;
    let hash = argon2()?
        .hash_password(password.0.as_bytes(), &salt)
        .map_err(failed)?;
    Ok(hash.to_string())
}

/// Whether a password is the one that was hashed; without a hash, the same work and `false`.
pub fn verify(password: &str, hash: Option<&str>) -> Result<bool, HashingError> {
    let parsed = PasswordHash::new(hash.unwrap_or(NOBODY)).map_err(failed)?;
    let matches = argon2()?
        .verify_password(password.as_bytes(), &parsed)
        .is_ok();
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
        let hash = hash(&password, [7; 16]).expect("hashed");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_eq!(verify("correct horse", Some(&hash)), Ok(true));
        for wrong in [
            "correct hors",
            "correct horse ",
            "Correct horse",
            "correct horse\0",
            "",
        ] {
            assert_eq!(verify(wrong, Some(&hash)), Ok(false), "{wrong:?}");
        }
        assert_eq!(verify("correct horse", None), Ok(false));
    }
}
