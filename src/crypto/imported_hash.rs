//! Hashes that another server made, of passwords, client secrets and bot tokens: argon2 as a PHC string.
//! They verify what they were made of, and are replaced by ours the first time that they do.

use argon2::password_hash::{PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Params, Version};
use subtle::ConstantTimeEq;

/// Most memory that a hash may cost, in KiB: half of what an isolate has.
const MAX_MEMORY: u32 = 64 * 1024;
/// Most passes over it.
const MAX_PASSES: u32 = 10;
/// Most lanes; a Worker computes them one after the other.
const MAX_LANES: u32 = 4;
/// Most memory times passes, in KiB: what the time grows with. Node's argon2 makes hashes of just that
/// cost, 64 MiB and three passes.
const MAX_WORK: u32 = 192 * 1024;

/// An argon2 hash, as a PHC string, that costs no more than a login may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedHash(String);

impl ImportedHash {
    /// Reads a hash; the error says what it must be, and names what it is.
    pub fn parse(text: &str) -> Result<Self, String> {
        if !text.starts_with("$argon2") {
            let kind = kind(text);
            return Err(format!(
                "must be an argon2 hash as a PHC string, not {kind}"
            ));
        }
        let must = |must: &str| format!("must be an argon2 hash {must}");
        let unreadable = || must("as a PHC string: $argon2id$v=19$m=…,t=…,p=…$salt$hash");
        let hash = PasswordHash::new(text).map_err(|_| unreadable())?;
        let known = Algorithm::try_from(hash.algorithm).is_ok()
            && hash.version.is_none_or(|it| Version::try_from(it).is_ok())
            && hash.salt.is_some()
            && hash.hash.is_some();
        let params = Params::try_from(&hash).map_err(|_| unreadable())?;
        if !known || !params.keyid().is_empty() || !params.data().is_empty() {
            return Err(unreadable());
        }
        if params.m_cost() > MAX_MEMORY || params.t_cost() > MAX_PASSES {
            return Err(must("of at most 64 MiB and 10 passes"));
        }
        if params.p_cost() > MAX_LANES {
            return Err(must("of at most 4 lanes"));
        }
        if params.m_cost().saturating_mul(params.t_cost()) > MAX_WORK {
            return Err(must("of at most 192 MiB in all passes"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The PHC string.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it was made of this secret.
    pub fn admits(&self, secret: &str) -> bool {
        verify(&self.0, secret).unwrap_or_default()
    }
}

/// Whether a hash was made of this secret, at the cost that the hash names; `None`: it cannot be read.
///
/// Computed here and not by the crate, which takes a PHC string without a version for one of the last
/// version: it is of the first, which had no name.
pub(super) fn verify(hash: &str, secret: &str) -> Option<bool> {
    let hash = PasswordHash::new(hash).ok()?;
    let algorithm = Algorithm::try_from(hash.algorithm).ok()?;
    let version = hash.version.map_or(Ok(Version::V0x10), Version::try_from);
    let argon2 = Argon2::new(algorithm, version.ok()?, Params::try_from(&hash).ok()?);
    let mut salt = [0; Salt::MAX_LENGTH];
    let salt = hash.salt?.decode_b64(&mut salt).ok()?;
    let expected = hash.hash?;
    let mut computed = vec![0; expected.len()];
    let secret = secret.as_bytes();
    argon2
        .hash_password_into(secret, salt, &mut computed)
        .ok()?;
    Some(computed.ct_eq(expected.as_bytes()).into())
}

/// What a hash seems to be that is none of argon2's.
fn kind(text: &str) -> &'static str {
    const KINDS: [(&str, &str); 14] = [
        ("$2a$", "bcrypt"),
        ("$2b$", "bcrypt"),
        ("$2x$", "bcrypt"),
        ("$2y$", "bcrypt"),
        ("$scrypt$", "scrypt"),
        ("$7$", "scrypt"),
        ("$pbkdf2", "PBKDF2"),
        ("pbkdf2", "PBKDF2"),
        ("$y$", "yescrypt"),
        ("$6$", "sha512crypt"),
        ("$5$", "sha256crypt"),
        ("$1$", "md5crypt"),
        ("sha256:", "SHA-256"),
        ("{", "an LDAP hash"),
    ];
    let known = KINDS.iter().find(|(prefix, _)| text.starts_with(prefix));
    known.map_or("a hash of another kind", |(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of "password", out of the tests of argon2's reference implementation. The second is of version 0x10,
    /// which no PHC string names.
    const REFERENCE: [&str; 3] = [
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$\
         CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2i$m=65536,t=2,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ",
        "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA",
    ];

    #[test]
    fn every_variant_and_version_verifies_as_the_reference_implementation_made_it() {
        for text in REFERENCE {
            let hash = ImportedHash::parse(text).expect(text);
            assert!(hash.admits("password"), "{text}");
            assert!(!hash.admits("passwore"), "{text}");
        }
    }

    #[test]
    fn other_kinds_are_refused_by_name() {
        for (text, named) in [
            ("$2b$12$abcdefghijklmnopqrstuv", "bcrypt"),
            ("$scrypt$ln=16,r=8,p=1$aM15$x", "scrypt"),
            ("pbkdf2_sha256$260000$x$y", "PBKDF2"),
            ("$6$salt$hash", "sha512crypt"),
            ("{SSHA}x", "an LDAP hash"),
            ("5f4dcc3b5aa765d61d8327deb882cf99", "a hash of another kind"),
            ("", "a hash of another kind"),
        ] {
            let refused = ImportedHash::parse(text).expect_err(text);
            assert!(refused.ends_with(named), "{text}: {refused}");
        }
    }

    #[test]
    fn a_hash_costs_no_more_than_a_login_may() {
        let hash = |parameters: &str| {
            let text = format!("$argon2id$v=19${parameters}$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA");
            ImportedHash::parse(&text)
        };
        for allowed in [
            "m=65536,t=3,p=4",
            "m=19456,t=10,p=1",
            "m=19660,t=10,p=1",
            "m=8,t=1,p=1",
        ] {
            assert!(hash(allowed).is_ok(), "{allowed}");
        }
        for refused in [
            "m=65537,t=1,p=1",
            "m=1024,t=11,p=1",
            "m=1024,t=1,p=5",
            "m=65536,t=4,p=1",
            "m=19661,t=10,p=1",
            "m=1024,t=1,p=1,data=AAAA",
            "m=7,t=1,p=1",
            "m=x,t=1,p=1",
        ] {
            assert!(hash(refused).is_err(), "{refused}");
        }
        let other = "$argon2xx$v=19$m=1024,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA";
        assert!(ImportedHash::parse(other).is_err());
        let cut = "$argon2id$v=19$m=1024,t=1,p=1$c29tZXNhbHQ";
        assert!(ImportedHash::parse(cut).is_err());
    }
}
