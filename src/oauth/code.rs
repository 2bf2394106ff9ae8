//! Authorization codes (RFC 6749 §4.1.2).
//!
//! A code is a random nonce and, sealed under it, the name of the ledger that takes its turns: the
//! code can be redeemed where KV does not have its record yet, and a code that this server did not
//! make is refused without asking anybody. Whether an ID token comes with it stands there too: the key
//! that signs one is fetched before the code is spent, and for no other code. So does the resource
//! server that the tokens are for, where they are not for this one. It is base64url of
//! 24 + 16 (17, 25) + 16 bytes, 75 to 87 characters, and looks random from the first to the last.

use sha2::{Digest, Sha256};

use crate::base64url;
use crate::crypto::form_ticket::FormNonce;
use crate::crypto::keyring::{Keyring, NONCE_BYTES, Seal, SigningError};
use crate::crypto::secret::{AuthorizationCode, Hash, Secret};
use crate::id::InstallationId;
use crate::snowflake::{ApplicationId, ResourceId, Snowflake, UserId};

/// A code that this server made, and what it says.
#[derive(Debug)]
pub struct Code {
    secret: Secret<AuthorizationCode>,
    /// The user who granted the authorization.
    pub user: UserId,
    /// The application that the code is for.
    pub application: ApplicationId,
    /// Whether an ID token comes with it.
    pub openid: bool,
    /// The resource server that its tokens are for, where they are not for this one.
    pub resource: Option<ResourceId>,
}

/// Stands behind the ids where an ID token comes with the code.
const OPENID: u8 = 1;

impl Code {
    /// Makes the code that `seed` determines: one decision of the user has one code, however often
    /// the form that carries it arrives.
    pub fn issue(
        keyring: &Keyring,
        user: UserId,
        application: ApplicationId,
        openid: bool,
        resource: Option<ResourceId>,
        seed: &CodeSeed,
    ) -> Result<Self, SigningError> {
        let ids = [user.0.to_bytes(), application.0.to_bytes()].concat();
        let message = match (openid, resource) {
            (false, None) => ids,
            (true, None) => [&*ids, &[OPENID]].concat(),
            (openid, Some(resource)) => {
                let openid = if openid { OPENID } else { 0 };
                [&*ids, &[openid], &resource.0.to_bytes()].concat()
            }
        };
        let sealed = keyring.seal(Seal::Code, seed.nonce(&message), &message)?;
        Ok(Self {
            secret: Secret::new(base64url::encode(&sealed)),
            user,
            application,
            openid,
            resource,
        })
    }

    /// Reads a `code` parameter. `None`: not one of ours.
    pub fn parse(keyring: &Keyring, text: &str) -> Option<Self> {
        let message = keyring.open(Seal::Code, &base64url::decode(text)?)?;
        let (user, rest) = message.split_first_chunk::<8>()?;
        let (application, rest) = rest.split_first_chunk::<8>()?;
        let (openid, resource) = match rest.split_first() {
            None => (false, None),
            Some((&OPENID, [])) => (true, None),
            Some((openid @ (0 | &OPENID), resource)) => {
                let resource = Snowflake::from_bytes(resource.try_into().ok()?);
                (*openid == OPENID, Some(ResourceId(resource)))
            }
            Some(_) => return None,
        };
        Some(Self {
            secret: Secret::new(text),
            user: UserId(Snowflake::from_bytes(*user)),
            application: ApplicationId(Snowflake::from_bytes(*application)),
            openid,
            resource,
        })
    }

    /// What storage may know of it.
    pub fn hash(&self) -> Hash<AuthorizationCode> {
        self.secret.hash()
    }

    /// The code, for the redirect that carries it.
    pub fn expose(&self) -> &str {
        self.secret.expose()
    }
}

/// What determines a code's nonce: 128 random bits, fresh or of the consent form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeSeed(pub [u8; 16]);

impl From<FormNonce> for CodeSeed {
    /// The same form makes the same code, however often it is sent.
    fn from(form: FormNonce) -> Self {
        Self(form.0)
    }
}

impl CodeSeed {
    /// The seed of what was said yes to, where no form has one: a pushed request, by whom, and to what
    /// of it.
    pub fn of_request(answered: &str) -> Self {
        let digest = Sha256::new_with_prefix(b"pushed request").chain_update(answered);
        let digest: [u8; 32] = digest.finalize().into();
        let mut seed = [0; 16];
        seed.iter_mut()
            .zip(digest)
            .for_each(|(to, from)| *to = from);
        Self(seed)
    }

    /// The name of what the form of this seed adds to a guild: answered differently, it is another
    /// form.
    pub fn installation(self, answer: &str) -> InstallationId {
        let digest = Sha256::new_with_prefix(b"bot installation")
            .chain_update(self.0)
            .chain_update(answer);
        InstallationId::of_hash(&digest.finalize().into())
    }

    /// No two messages are ever sealed under one nonce: who has both could forge a third.
    fn nonce(self, message: &[u8]) -> [u8; NONCE_BYTES] {
        let digest = Sha256::new_with_prefix(b"authorization code nonce")
            .chain_update(self.0)
            .chain_update(message)
            .finalize();
        let mut nonce = [0; NONCE_BYTES];
        nonce
            .iter_mut()
            .zip(digest)
            .for_each(|(nonce, digest)| *nonce = digest);
        nonce
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn keyring() -> Keyring {
        Keyring::parse("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").expect("valid keys")
    }

    fn issue(seed: u16) -> Code {
        let mut bytes = [0; 16];
        bytes[..2].copy_from_slice(&seed.to_be_bytes());
        let user = UserId::parse("7").expect("an id");
        let application = ApplicationId::parse("9007199254740993").expect("an id");
        Code::issue(&keyring(), user, application, false, None, &CodeSeed(bytes)).expect("sealed")
    }

    #[test]
    fn a_code_says_what_has_to_be_known_before_it_is_spent() {
        let user = UserId::parse("7").expect("an id");
        let application = ApplicationId::parse("8").expect("an id");
        for openid in [true, false] {
            for resource in [None, ResourceId::parse("9")] {
                let seed = CodeSeed([1; 16]);
                let code = Code::issue(&keyring(), user, application, openid, resource, &seed);
                let read = Code::parse(&keyring(), code.expect("sealed").expose());
                let read = read.expect("ours");
                assert_eq!((read.openid, read.resource), (openid, resource));
            }
        }
    }

    #[test]
    fn one_seed_never_seals_two_messages_under_one_nonce() {
        let user = UserId::parse("7").expect("an id");
        let application = ApplicationId::parse("8").expect("an id");
        let nonce = |openid| {
            let seed = CodeSeed([1; 16]);
            let code = Code::issue(&keyring(), user, application, openid, None, &seed);
            code.expect("sealed").expose()[..32].to_owned()
        };
        assert_eq!(nonce(true), nonce(true));
        assert_ne!(nonce(true), nonce(false));
    }

    #[test]
    fn a_code_names_its_ledger() {
        let code = Code::parse(&keyring(), issue(1).expose()).expect("ours");
        assert_eq!(code.user.to_string(), "7");
        assert_eq!(code.application.to_string(), "9007199254740993");
        assert!(code.hash() == issue(1).hash());
    }

    #[test]
    fn nothing_else_is_a_code() {
        let code = issue(1);
        let other = issue(2);
        let (head, tail) = (&code.expose()[..40], &other.expose()[40..]);
        for forged in [
            String::new(),
            ".".into(),
            "..".into(),
            "\0".into(),
            "../../x".into(),
            "a".repeat(600),
            format!("{head}{tail}"),
            format!("{}=", code.expose()),
            code.expose()[1..].into(),
        ] {
            assert!(Code::parse(&keyring(), &forged).is_none(), "{forged:?}");
        }
    }

    #[test]
    fn ten_thousand_codes_share_nothing() {
        let codes: Vec<_> = (0..10_000)
            .map(|seed| issue(seed).expose().to_owned())
            .collect();
        assert_eq!(codes.iter().collect::<HashSet<_>>().len(), codes.len());
        // Every position takes (nearly) every character: no prefix, no constant part. The last
        // character carries two bits less.
        for position in 0..74 {
            let seen: HashSet<_> = codes.iter().map(|code| code.as_bytes()[position]).collect();
            assert_eq!(seen.len(), 64, "position {position}");
        }
    }
}
