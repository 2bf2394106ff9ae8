//! PKCE (RFC 7636), S256 only.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::base64url;

/// `code_challenge`: BASE64URL(SHA256(verifier)), 43 characters (RFC 7636 §4.2).
#[derive(Debug, Clone, Copy)]
pub struct CodeChallenge([u8; 32]);

impl CodeChallenge {
    /// Reads exactly the 43 characters of unpadded base64url; any other spelling is refused.
    pub fn parse(text: &str) -> Option<Self> {
        base64url::decode_array(text).map(Self)
    }
}

impl PartialEq for CodeChallenge {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for CodeChallenge {}

impl Serialize for CodeChallenge {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&base64url::encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for CodeChallenge {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not an S256 code challenge"))
    }
}

/// The challenge that a `code_verifier` answers (RFC 7636 §4.6); the verifier itself goes no further.
/// `None`: not 43 to 128 characters (RFC 7636 §4.1). Others than the unreserved ones are compared like
/// those: there are clients that pad their base64, and what such a verifier proves is the same.
pub fn challenge_of_verifier(verifier: &str) -> Option<CodeChallenge> {
    let is_of_its_length = (43..=128).contains(&verifier.len());
    is_of_its_length.then(|| CodeChallenge(Sha256::digest(verifier.as_bytes()).into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_7636_appendix_b_holds() {
        let challenge = CodeChallenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert!(challenge.is_some());
        assert_eq!(
            challenge_of_verifier("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            challenge
        );
    }

    #[test]
    fn a_verifier_has_43_to_128_characters_of_any_kind() {
        for (verifier, well_formed) in [
            ("a".repeat(42), false),
            ("a".repeat(43), true),
            ("~".repeat(128), true),
            ("a".repeat(129), false),
            (String::new(), false),
            (format!("{}=", "a".repeat(43)), true),
            (format!("{}é", "a".repeat(43)), true),
        ] {
            assert_eq!(
                challenge_of_verifier(&verifier).is_some(),
                well_formed,
                "{verifier}"
            );
        }
    }

    #[test]
    fn a_challenge_is_43_characters_of_unpadded_base64url() {
        for malformed in [
            "",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMM",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM=",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c!",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cN", // non-zero trailing bits
        ] {
            assert!(CodeChallenge::parse(malformed).is_none(), "{malformed}");
        }
    }
}
