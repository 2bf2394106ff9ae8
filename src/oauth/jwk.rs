//! Public keys as JSON (RFC 7517, RFC 8037), their thumbprints (RFC 7638), and the signature
//! algorithms that they are for (RFC 7518 §3.1).
//!
//! Invariant: a [`Jwk`] holds a public key of a kind that this server verifies with, and nothing else:
//! what has a private or symmetric part is no [`Jwk`].

use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::base64url;

/// RSA moduli that are taken, in bytes. RFC 7518 §3.3: "A key of size 2048 bits or larger MUST be
/// used"; above 4096 bits a verification costs whoever asks for it nothing and us much.
const MODULUS_BYTES: core::ops::RangeInclusive<usize> = 256..=512;
/// Members of private and symmetric keys (RFC 7518 §6.2.2, §6.3.2, §6.4.1).
const SECRET_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

wire_enum! {
    /// Signature algorithms of other parties' keys, as `alg` spells them.
    pub enum JwsAlgorithm {
        /// RSASSA-PKCS1-v1_5 with SHA-256.
        Rs256 = "RS256",
        /// RSASSA-PSS with SHA-256.
        Ps256 = "PS256",
        /// ECDSA on P-256 with SHA-256: signatures of 64 bytes, r and s.
        Es256 = "ES256",
        /// Ed25519.
        EdDsa = "EdDSA",
    }
}

wire_enum! {
    /// Signature algorithms of our own keys. RS256 is what OpenID Connect demands and what libraries
    /// take unless told otherwise; ES256 costs a thirtieth of it.
    pub enum SigningAlgorithm {
        /// RSASSA-PKCS1-v1_5 with SHA-256.
        Rs256 = "RS256",
        /// ECDSA on P-256 with SHA-256.
        Es256 = "ES256",
    }
}

impl JwsAlgorithm {
    /// Reads `alg` of a signature or a key. RFC 9864 §2.2 spells `EdDSA` by its curve.
    pub fn of_alg(spelled: &str) -> Option<Self> {
        Self::from_wire(if spelled == "Ed25519" {
            "EdDSA"
        } else {
            spelled
        })
    }
}

impl From<SigningAlgorithm> for JwsAlgorithm {
    fn from(algorithm: SigningAlgorithm) -> Self {
        match algorithm {
            SigningAlgorithm::Rs256 => Self::Rs256,
            SigningAlgorithm::Es256 => Self::Es256,
        }
    }
}

impl Serialize for SigningAlgorithm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for SigningAlgorithm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_wire(&text).ok_or_else(|| serde::de::Error::custom("not a signing algorithm"))
    }
}

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Jwk {
    /// RSA: modulus and exponent, base64url.
    Rsa {
        /// The modulus.
        n: String,
        /// The exponent.
        e: String,
    },
    /// A point on P-256, base64url.
    P256 {
        /// Its first coordinate.
        x: String,
        /// Its second coordinate.
        y: String,
    },
    /// An Ed25519 key, base64url.
    Ed25519 {
        /// The key.
        x: String,
    },
}

/// Why something is not a public key for this server. Its text ends a sentence that begins with the
/// name of what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum JwkError {
    /// Not an object, or a member is missing or not base64url of its length.
    #[error("must be a JSON Web Key")]
    Malformed,
    /// A private or symmetric key: whoever sent it should use it no more.
    #[error("must hold no private and no symmetric key")]
    Secret,
    /// A key type or a curve that this server does not have.
    #[error("must be an RSA, P-256 or Ed25519 key")]
    Kind,
    /// An RSA key that is too short or too long.
    #[error("must be an RSA key of 2048 to 4096 bits")]
    Size,
    /// An Ed25519 key in another spelling than its own, or one for which anybody can make signatures.
    #[error("must be an Ed25519 key in its canonical form, and of large order")]
    Weak,
}

/// The last byte of 2^255 - 19, and of an encoded point without the sign of its x.
const LAST: u8 = 0x7f;
/// The ordinates of the points of Ed25519 whose order divides 8, little-endian, but for 0, 1 and -1.
const ORDER_8: [[u8; 32]; 2] = [
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
];

/// Whether an encoded point of Ed25519 is spelled as RFC 8032 §5.1.2 spells it, and its order does not
/// divide 8: under such a key one signature is good for many messages, and needs no private key.
fn has_large_order(mut point: [u8; 32]) -> bool {
    if let Some(last) = point.last_mut() {
        *last &= LAST;
    }
    let [first, middle @ .., last] = point;
    let is_high = last == LAST && middle.iter().all(|&byte| byte == 0xff);
    let is_low = last == 0 && middle.iter().all(|&byte| byte == 0);
    // 2^255 - 19 begins with 0xed: from there on it is another spelling of a small ordinate, and the
    // one below it is that of -1.
    let is_minus_one_or_more = is_high && first >= 0xec;
    let is_zero_or_one = is_low && first <= 1;
    !is_minus_one_or_more && !is_zero_or_one && !ORDER_8.contains(&point)
}

impl Jwk {
    /// Reads a JSON object. Members that this server does not use are ignored (RFC 7517 §4).
    pub fn parse(value: &Value) -> Result<Self, JwkError> {
        let object = value.as_object().ok_or(JwkError::Malformed)?;
        if SECRET_MEMBERS.iter().any(|name| object.contains_key(*name)) {
            return Err(JwkError::Secret);
        }
        let text = |name: &str| object.get(name).and_then(Value::as_str);
        let coordinate = |name: &str| {
            let spelled = text(name).ok_or(JwkError::Malformed)?;
            base64url::decode_array::<32>(spelled)
                .map(|_| spelled.to_owned())
                .ok_or(JwkError::Malformed)
        };
        match (text("kty").ok_or(JwkError::Malformed)?, text("crv")) {
            ("RSA", _) => Self::rsa(text("n"), text("e")),
            ("EC", Some("P-256")) => Ok(Self::P256 {
                x: coordinate("x")?,
                y: coordinate("y")?,
            }),
            ("OKP", Some("Ed25519")) => Self::ed25519(text("x")),
            ("oct", _) => Err(JwkError::Secret),
            _ => Err(JwkError::Kind),
        }
    }

    fn rsa(n: Option<&str>, e: Option<&str>) -> Result<Self, JwkError> {
        let (n, e) = n.zip(e).ok_or(JwkError::Malformed)?;
        let modulus = base64url::decode(n).ok_or(JwkError::Malformed)?;
        let exponent = base64url::decode(e).ok_or(JwkError::Malformed)?;
        // RFC 7518 §6.3.1.1: no leading zero octets, so that a key has one thumbprint.
        if modulus.first() == Some(&0) || exponent.first().is_none_or(|&first| first == 0) {
            return Err(JwkError::Malformed);
        }
        let is_odd = modulus.last().is_some_and(|last| last % 2 == 1);
        if !MODULUS_BYTES.contains(&modulus.len()) || !is_odd {
            return Err(JwkError::Size);
        }
        // 3 and 65537 are what WebCrypto takes.
        if exponent != [3] && exponent != [1, 0, 1] {
            return Err(JwkError::Malformed);
        }
        Ok(Self::Rsa {
            n: n.to_owned(),
            e: e.to_owned(),
        })
    }

    fn ed25519(x: Option<&str>) -> Result<Self, JwkError> {
        let x = x.ok_or(JwkError::Malformed)?;
        let key = base64url::decode_array(x).ok_or(JwkError::Malformed)?;
        if !has_large_order(key) {
            return Err(JwkError::Weak);
        }
        Ok(Self::Ed25519 { x: x.to_owned() })
    }

    /// An RSA key from its numbers, big-endian.
    pub fn of_rsa(modulus: &[u8], exponent: &[u8]) -> Self {
        Self::Rsa {
            n: base64url::encode(modulus),
            e: base64url::encode(exponent),
        }
    }

    /// A point on P-256 from its uncompressed form (SEC 1 §2.3.3): 4, then the coordinates.
    pub fn of_point(point: &[u8]) -> Option<Self> {
        let (first, coordinates) = point.split_first()?;
        let (x, y) = coordinates.split_at_checked(32)?;
        (*first == 4 && y.len() == 32).then(|| Self::P256 {
            x: base64url::encode(x),
            y: base64url::encode(y),
        })
    }

    /// Whether the key is of the kind that an algorithm signs with.
    pub const fn is_for(&self, algorithm: JwsAlgorithm) -> bool {
        matches!(
            (self, algorithm),
            (Self::Rsa { .. }, JwsAlgorithm::Rs256 | JwsAlgorithm::Ps256)
                | (Self::P256 { .. }, JwsAlgorithm::Es256)
                | (Self::Ed25519 { .. }, JwsAlgorithm::EdDsa)
        )
    }

    /// The members that make the key what it is, in the order of RFC 7638 §3.
    pub fn members(&self) -> Map<String, Value> {
        let members = match self {
            Self::Rsa { n, e } => json!({"e": e, "kty": "RSA", "n": n}),
            Self::P256 { x, y } => json!({"crv": "P-256", "kty": "EC", "x": x, "y": y}),
            Self::Ed25519 { x } => json!({"crv": "Ed25519", "kty": "OKP", "x": x}),
        };
        match members {
            Value::Object(members) => members,
            _ => Map::new(),
        }
    }

    /// The key's thumbprint (RFC 7638).
    pub fn thumbprint(&self) -> JwkThumbprint {
        // serde_json keeps members in lexicographic order, as RFC 7638 §3.3 wants them.
        let canonical = Value::Object(self.members()).to_string();
        JwkThumbprint(Sha256::digest(canonical.as_bytes()).into())
    }
}

impl Serialize for Jwk {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.members().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Jwk {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&Value::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// SHA-256 of a public key (RFC 7638): the `kid` of our own keys, and what a token is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JwkThumbprint([u8; 32]);

impl JwkThumbprint {
    /// Reads the 43 characters that [`fmt::Display`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        base64url::decode_array(text).map(Self)
    }

    /// Its bytes.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for JwkThumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64url::encode(&self.0))
    }
}

impl Serialize for JwkThumbprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for JwkThumbprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a JWK thumbprint"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7638 §3.1.
    const RSA: &str = r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#;
    /// RFC 8037 Appendix A.2.
    const ED25519: &str =
        r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

    fn parse(text: &str) -> Result<Jwk, JwkError> {
        Jwk::parse(&serde_json::from_str(text).expect("JSON"))
    }

    #[test]
    fn thumbprints_are_those_of_the_rfcs() {
        for (key, thumbprint) in [
            (RSA, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"),
            (ED25519, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"),
        ] {
            let key = parse(key).expect("a key");
            assert_eq!(key.thumbprint().to_string(), thumbprint);
            let written = serde_json::to_value(&key).expect("JSON");
            assert_eq!(Jwk::parse(&written), Ok(key));
        }
    }

    #[test]
    fn what_is_no_public_key_of_ours_is_refused_by_its_fault() {
        let with = |member: &str| RSA.replacen('{', &format!("{{{member},"), 1);
        for (key, error) in [
            (with(r#""d":"AQAB""#), JwkError::Secret),
            (with(r#""p":"AQAB""#), JwkError::Secret),
            (r#"{"kty":"oct","k":"AQAB"}"#.to_owned(), JwkError::Secret),
            (r#"{"kty":"EC","crv":"P-521"}"#.to_owned(), JwkError::Kind),
            (r#"{"kty":"OKP","crv":"X25519"}"#.to_owned(), JwkError::Kind),
            (
                r#"{"kty":"EC","crv":"P-256","x":"AQAB","y":"AQAB"}"#.to_owned(),
                JwkError::Malformed,
            ),
            (
                r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#.to_owned(),
                JwkError::Size,
            ),
            (RSA.replace("AQAB", "AQ"), JwkError::Malformed),
            (RSA.replace("AQAB", "AAEAAQ"), JwkError::Malformed),
            (r#"{"kty":"RSA"}"#.to_owned(), JwkError::Malformed),
            (r#"{"n":"AQAB"}"#.to_owned(), JwkError::Malformed),
            ("[]".to_owned(), JwkError::Malformed),
        ] {
            assert_eq!(parse(&key), Err(error), "{key}");
        }
    }

    #[test]
    fn an_ed25519_key_has_one_spelling_and_is_worth_something() {
        let mut ones = [0xff; 32];
        let last = ones.len() - 1;
        let with_last = |mut point: [u8; 32], byte: u8| {
            point[last] = byte;
            point
        };
        let of_first = |first: u8| {
            let mut point = [0; 32];
            point[0] = first;
            point
        };
        ones[last] = LAST;
        let large = |first: u8| {
            let mut point = ones;
            point[0] = first;
            point
        };
        let [one, other] = ORDER_8;
        let weak = [
            of_first(0),
            of_first(1),
            one,
            other,
            with_last(one, one[last] | 0x80),
            with_last(other, other[last] | 0x80),
            with_last(of_first(0), 0x80),
            with_last(of_first(1), 0x80),
            large(0xec),
            large(0xed),
            large(0xee),
            large(0xff),
            with_last(large(0xec), 0xff),
        ];
        for point in weak {
            let x = base64url::encode(&point);
            let key = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}"#);
            assert_eq!(parse(&key), Err(JwkError::Weak), "{point:?}");
        }
        for point in [of_first(2), large(0xeb), with_last(of_first(1), 1)] {
            let x = base64url::encode(&point);
            let key = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}"#);
            assert!(parse(&key).is_ok(), "{point:?}");
        }
    }

    #[test]
    fn a_key_is_for_the_algorithms_of_its_kind() {
        let rsa = parse(RSA).expect("a key");
        let fits: Vec<_> = JwsAlgorithm::ALL
            .iter()
            .filter(|&&it| rsa.is_for(it))
            .collect();
        assert_eq!(fits, [&JwsAlgorithm::Rs256, &JwsAlgorithm::Ps256]);
    }
}
