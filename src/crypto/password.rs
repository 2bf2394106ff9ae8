//! Password hashing: slow on purpose, and the same everywhere. Storage sees nothing of a password but
//! what this makes of it.

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};

use crate::fluxer::user::Password;
use crate::store::Fault;

/// The hash that no known password has. An unknown user's password is checked against it, so
/// that their answer takes as long, and so is that of a user who must not log in any more.
pub const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
                      AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// argon2id, 19 MiB, two passes, one lane: OWASP's recommendation, and what fits an isolate of
/// 128 MiB. A Worker has one thread, so hashes never add up.
fn argon2() -> Result<Argon2<'static>, Fault> {
    let params = Params::new(19_456, 2, 1, None).map_err(|error| Fault::new("argon2", error))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Hashes a password for storage: a PHC string.
pub fn hash(password: &Password, salt: [u8; 16]) -> Result<String, Fault> {
    let fault = |error| Fault::new("argon2", error);
    let salt = SaltString::encode_b64(&salt).map_err(fault)?;
    let hash = argon2()?
        .hash_password(password.as_str().as_bytes(), &salt)
        .map_err(fault)?;
    Ok(hash.to_string())
}

/// Whether a password is the one that was hashed; without a hash, the same work and `false`.
pub fn verify(password: &str, hash: Option<&str>) -> Result<bool, Fault> {
    let parsed =
        PasswordHash::new(hash.unwrap_or(NOBODY)).map_err(|error| Fault::new("argon2", error))?;
    let matches = argon2()?
        .verify_password(password.as_bytes(), &parsed)
        .is_ok();
    Ok(matches && hash.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

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
