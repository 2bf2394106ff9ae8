//! Proofs of possession (RFC 9449 §4): a JWT in the `DPoP` header, signed for one request with the key
//! that the client's tokens are bound to.
//!
//! Invariant: a [`DpopProof`] is a claim, not a proof, until a verifier has said that its signature is
//! its key's.

use core::time::Duration;

use serde_json::Value;
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::authority::authority;
use super::issuer::Issuer;
use super::jwk::{Jwk, JwkError, JwkThumbprint, JwsAlgorithm};
use super::jws::{Signed, Unverified};
use crate::base64url;
use crate::crypto::keyring::{Keyring, SigningError};
use crate::time::Timestamp;

/// What proofs may be signed with.
pub const ALGORITHMS: [JwsAlgorithm; 2] = [JwsAlgorithm::Es256, JwsAlgorithm::EdDsa];
/// How far `iat` may be from the server's clock, either way.
pub const WINDOW: Duration = Duration::from_secs(60);
/// `typ` (RFC 9449 §4.2).
const TYPE: &str = "dpop+jwt";
/// Longest proof, in bytes: room for a long `htu`, and nothing that would cost much to read.
const MAX_PROOF_BYTES: usize = 8 * 1024;
/// RFC 7518 §3.4, RFC 8032 §5.1.6.
const SIGNATURE_BYTES: usize = 64;
/// Longest `jti`, in bytes.
const MAX_ID_BYTES: usize = 256;
/// How long a nonce is given out. It is good for as long again.
const NONCE_SLICE: Duration = Duration::from_secs(60);

/// Why a proof is none for this request. Its text ends a sentence that begins with the proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ProofError {
    /// The request has no proof where one is needed.
    #[error("the DPoP header is missing")]
    Missing,
    /// Several headers, which arrive joined by a comma, or far too much in one.
    #[error("the DPoP header must be sent once, with one JWT of at most 8192 characters")]
    Header,
    /// Not a JWT, or one with another algorithm.
    #[error("it must be a JWT, and its alg ES256 or EdDSA")]
    Token,
    /// Another kind of JWT.
    #[error("typ must be dpop+jwt")]
    Type,
    /// No key, or none that proofs are signed with.
    #[error("jwk {0}")]
    Key(#[from] JwkError),
    /// A key of another kind than the algorithm.
    #[error("jwk must be a P-256 key for ES256, and an Ed25519 key for EdDSA")]
    KeyKind,
    /// A claim is missing, of the wrong type, or not of this request.
    #[error("{name} must be {must}")]
    Claim {
        /// The name of the claim.
        name: &'static str,
        /// The rule that it breaks.
        must: &'static str,
    },
    /// Signed with another key than its own, or changed since.
    #[error("the signature is not that of its jwk")]
    Signature,
    /// Another key than that of the access token, or of the pushed request's `dpop_jkt`.
    #[error("it is signed with another key than it must be")]
    OtherKey,
    /// A proof with this `jti` came before.
    #[error("its jti was used before")]
    Replayed,
    /// No nonce, or none of this server's that is still good (RFC 9449 §8).
    #[error("nonce must be the one of the DPoP-Nonce header")]
    Nonce,
}

/// A proof whose signature is not verified.
#[derive(Debug)]
pub struct DpopProof<'a> {
    key: Jwk,
    thumbprint: JwkThumbprint,
    token: Unverified<'a>,
}

/// The request that a proof is to be for.
pub struct ProvedRequest<'a> {
    /// Its method, in upper case.
    pub method: &'a str,
    /// This server's own origin.
    pub issuer: &'a Issuer,
    /// Whether a path leads to the same place as the request's.
    pub leads_here: &'a dyn Fn(&str) -> bool,
    /// When the request came.
    pub now: Timestamp,
}

impl<'a> DpopProof<'a> {
    /// Reads the `DPoP` header. What is too long is not looked at.
    pub fn parse(header: &'a str) -> Result<Self, ProofError> {
        if header.len() > MAX_PROOF_BYTES || header.contains(',') {
            return Err(ProofError::Header);
        }
        let token = Unverified::parse(header).filter(|it| ALGORITHMS.contains(&it.algorithm));
        let token = token.ok_or(ProofError::Token)?;
        if token.typ.as_deref() != Some(TYPE) {
            return Err(ProofError::Type);
        }
        let key = Jwk::parse(token.jwk.as_ref().ok_or(JwkError::Malformed)?)?;
        if !key.is_for(token.algorithm) {
            return Err(ProofError::KeyKind);
        }
        if token.signature.len() != SIGNATURE_BYTES {
            return Err(ProofError::Signature);
        }
        Ok(Self {
            thumbprint: key.thumbprint(),
            key,
            token,
        })
    }

    /// Checks that the proof was made for this request and not long ago (RFC 9449 §4.3).
    pub fn check(&self, request: &ProvedRequest<'_>) -> Result<(), ProofError> {
        if self.text("htm") != Some(request.method) {
            return Err(claim("htm", "the method of the request"));
        }
        let path = self.text("htu").and_then(|it| path_at(request.issuer, it));
        if !path.is_some_and(request.leads_here) {
            return Err(claim("htu", "the URL of the request"));
        }
        let issued_at = self.number("iat");
        let distance = issued_at.map(|it| it.abs_diff(request.now.seconds()));
        if distance.is_none_or(|seconds| seconds > WINDOW.as_secs()) {
            let must = "the time of the request in whole seconds, within 60 seconds";
            return Err(claim("iat", must));
        }
        let id = self.text("jti").map(str::len);
        if id.is_none_or(|length| length == 0 || length > MAX_ID_BYTES) {
            return Err(claim("jti", "a string of 1 to 256 bytes"));
        }
        Ok(())
    }

    /// Checks that the proof is for this access token, and made with the key that the token is bound to
    /// (RFC 9449 §7.1).
    pub fn check_token(
        &self,
        access_token: &str,
        bound_to: JwkThumbprint,
    ) -> Result<(), ProofError> {
        let hash = base64url::encode(&Sha256::digest(access_token.as_bytes()));
        if self.text("ath") != Some(&hash) {
            return Err(claim(
                "ath",
                "the SHA-256 of the access token, in base64url",
            ));
        }
        if self.thumbprint != bound_to {
            return Err(ProofError::OtherKey);
        }
        Ok(())
    }

    /// Checks that the proof has a nonce that this server gave to its key, and not long ago.
    pub fn check_nonce(&self, keyring: &Keyring, now: Timestamp) -> Result<(), ProofError> {
        let nonce = self.text("nonce").ok_or(ProofError::Nonce)?;
        let slices = [now, now - NONCE_SLICE].map(|it| nonce_message(it, self.thumbprint));
        let is_ours = |message| keyring.has_tagged(message, nonce);
        slices
            .iter()
            .any(|it| is_ours(it))
            .then_some(())
            .ok_or(ProofError::Nonce)
    }

    /// The key.
    pub const fn key(&self) -> &Jwk {
        &self.key
    }

    /// What names the key.
    pub const fn thumbprint(&self) -> JwkThumbprint {
        self.thumbprint
    }

    /// The signature, and what it has to be of.
    pub fn signed(&self) -> Signed<'_> {
        Signed {
            key_id: None,
            algorithm: self.token.algorithm,
            message: self.token.signing_input,
            signature: &self.token.signature,
        }
    }

    /// What tells it from the other proofs of its key (`jti`).
    pub fn id(&self) -> &str {
        self.text("jti").unwrap_or_default()
    }

    /// Until when the proof would be taken again: one from a clock that is fast is good for longer.
    pub fn good_until(&self) -> Timestamp {
        let issued_at = self.number("iat").unwrap_or_default();
        // A second more: `iat` is in whole seconds.
        Timestamp::from_millis(issued_at.saturating_mul(1000)) + WINDOW + Duration::from_secs(1)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.token.claims.get(name).and_then(Value::as_str)
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.token.claims.get(name).and_then(Value::as_u64)
    }
}

/// The nonce that proofs of a key are to have from now on (RFC 9449 §8). It is made again and not
/// remembered; another key's is another one.
pub fn nonce(
    keyring: &Keyring,
    key: JwkThumbprint,
    now: Timestamp,
) -> Result<String, SigningError> {
    keyring.tag(&nonce_message(now, key))
}

fn nonce_message(now: Timestamp, key: JwkThumbprint) -> Vec<u8> {
    let slice = now.seconds() / NONCE_SLICE.as_secs();
    [&slice.to_be_bytes()[..], key.bytes()].concat()
}

const fn claim(name: &'static str, must: &'static str) -> ProofError {
    ProofError::Claim { name, must }
}

/// The path of an `htu` at this origin. Query and fragment do not count (RFC 9449 §4.3), nor does the
/// case of scheme and host, nor a port that goes without saying (RFC 3986 §6.2.3).
fn path_at<'a>(issuer: &Issuer, url: &'a str) -> Option<&'a str> {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    let (scheme, rest) = url.get(..end)?.split_once("://")?;
    let authority = authority(rest)?;
    let scheme = scheme.to_ascii_lowercase();
    let default_port = match &*scheme {
        "https" => "443",
        "http" => "80",
        _ => return None,
    };
    let host = authority.host.to_ascii_lowercase();
    let origin = match authority.port.filter(|port| *port != default_port) {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    };
    (origin == issuer.as_str()).then_some(authority.rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ISSUER: &str = "https://id.example";
    const URL: &str = "https://id.example/api/oauth2/token";
    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);
    const JTI: &str = "e1j3V_bKic8-LAEB";

    fn header() -> Value {
        // RFC 8037 Appendix A.2.
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": x});
        json!({"typ": "dpop+jwt", "alg": "EdDSA", "jwk": jwk})
    }

    fn claims() -> Value {
        json!({"jti": JTI, "htm": "POST", "htu": URL, "iat": NOW.seconds()})
    }

    /// The object with this member, or without it where it is null.
    fn with(mut object: Value, name: &str, value: Value) -> Value {
        let members = object.as_object_mut().expect("an object");
        match value {
            Value::Null => drop(members.remove(name)),
            value => drop(members.insert(name.to_owned(), value)),
        }
        object
    }

    fn proof(header: &Value, claims: &Value) -> String {
        let part = |value: &Value| base64url::encode(value.to_string().as_bytes());
        let signature = base64url::encode(&[7; SIGNATURE_BYTES]);
        [part(header), part(claims), signature].join(".")
    }

    fn check(proof: &str) -> Result<(), ProofError> {
        DpopProof::parse(proof)?.check(&ProvedRequest {
            method: "POST",
            issuer: &Issuer::parse(ISSUER).expect("an issuer"),
            leads_here: &|path| path == "/api/oauth2/token",
            now: NOW,
        })
    }

    fn of_claim(claim: &str, value: Value) -> Result<(), ProofError> {
        check(&proof(&header(), &with(claims(), claim, value)))
    }

    /// The name of the claim that is refused.
    fn refused(claim: &str, value: Value) -> &'static str {
        match of_claim(claim, value) {
            Err(ProofError::Claim { name, .. }) => name,
            other => panic!("{claim}: {other:?}"),
        }
    }

    #[test]
    fn a_proof_is_read_whatever_else_it_says() {
        let more = with(claims(), "nonce", json!("n"));
        let header = with(header(), "kid", json!("k"));
        assert_eq!(check(&proof(&header, &more)), Ok(()));
        for typ in ["DPOP+JWT", "application/dpop+jwt"] {
            let header = with(header.clone(), "typ", json!(typ));
            assert_eq!(check(&proof(&header, &claims())), Ok(()), "{typ}");
        }
        let header = with(header, "alg", json!("Ed25519"));
        assert_eq!(check(&proof(&header, &claims())), Ok(()));
    }

    #[test]
    fn a_header_that_is_none_is_refused_by_its_fault() {
        use ProofError::{Key, KeyKind, Token, Type};
        let key = header()["jwk"].clone();
        let p256 = json!({"kty": "EC", "crv": "P-256", "x": key["x"], "y": key["x"]});
        let secret = Key(JwkError::Secret);
        for (name, value, error) in [
            ("typ", Value::Null, Type),
            ("typ", json!("JWT"), Type),
            ("typ", json!("at+jwt"), Type),
            ("typ", json!(1), Token),
            ("alg", Value::Null, Token),
            ("alg", json!("none"), Token),
            ("alg", json!("HS256"), Token),
            ("alg", json!("RS256"), Token),
            ("alg", json!("PS256"), Token),
            ("alg", json!("ES384"), Token),
            ("alg", json!("eddsa"), Token),
            ("alg", json!("ES256"), KeyKind),
            ("crit", json!(["x"]), Token),
            ("jwk", Value::Null, Key(JwkError::Malformed)),
            ("jwk", json!("key"), Key(JwkError::Malformed)),
            ("jwk", with(key.clone(), "d", key["x"].clone()), secret),
            ("jwk", json!({"kty": "oct", "k": "AQAB"}), secret),
            (
                "jwk",
                json!({"kty": "EC", "crv": "P-384"}),
                Key(JwkError::Kind),
            ),
            ("jwk", p256, KeyKind),
            (
                "jwk",
                with(key, "x", json!("AQAB")),
                Key(JwkError::Malformed),
            ),
        ] {
            let header = with(header(), name, value);
            assert_eq!(check(&proof(&header, &claims())), Err(error), "{header}");
        }
    }

    #[test]
    fn what_is_no_single_short_token_is_not_looked_at() {
        let good = proof(&header(), &claims());
        let unsigned = good.rsplit_once('.').expect("a signature").0;
        let large = with(
            header(),
            "jwk",
            json!({"kty": "OKP", "x": "A".repeat(65_536)}),
        );
        for (proof, error) in [
            (String::new(), ProofError::Token),
            ("x".to_owned(), ProofError::Token),
            (format!("{good}, {good}"), ProofError::Header),
            (format!("{good},{good}"), ProofError::Header),
            (format!("{good},"), ProofError::Header),
            (format!("{good} {good}"), ProofError::Token),
            (proof(&large, &claims()), ProofError::Header),
            (format!("{unsigned}."), ProofError::Signature),
            (format!("{unsigned}.AAAA"), ProofError::Signature),
            (format!("{good}AA"), ProofError::Signature),
            (format!("{good}="), ProofError::Token),
        ] {
            assert_eq!(check(&proof), Err(error), "{proof}");
        }
    }

    #[test]
    fn each_claim_is_there_and_of_its_kind() {
        for name in ["jti", "htm", "htu", "iat"] {
            for value in [
                Value::Null,
                json!(true),
                json!(["POST"]),
                json!({}),
                json!(""),
            ] {
                assert_eq!(refused(name, value), name);
            }
        }
        for name in ["jti", "htm", "htu"] {
            assert_eq!(refused(name, json!(5)), name);
        }
        for method in ["GET", "post", "POST "] {
            assert_eq!(refused("htm", json!(method)), "htm");
        }
        assert_eq!(refused("jti", json!("a".repeat(257))), "jti");
        assert_eq!(of_claim("jti", json!("a".repeat(256))), Ok(()));
    }

    #[test]
    fn a_time_is_a_whole_number_of_seconds_within_a_minute() {
        let now = NOW.seconds();
        for iat in [now, now + 10, now - 10, now + 60, now - 60] {
            assert_eq!(of_claim("iat", json!(iat)), Ok(()));
        }
        let float = 1_700_000_000.0_f64;
        for iat in [
            json!(now + 61),
            json!(now - 61),
            json!(now + 3600),
            json!(now - 3600),
            json!(now * 1000),
            json!(0),
            json!(-1),
            json!(u64::MAX),
            json!(float),
            json!(now.to_string()),
        ] {
            assert_eq!(refused("iat", iat), "iat");
        }
    }

    #[test]
    fn a_url_counts_as_far_as_its_path_and_in_any_spelling_of_its_origin() {
        for url in [
            URL,
            "https://id.example/api/oauth2/token?a=b#c",
            "https://id.example/api/oauth2/token#c?",
            "HTTPS://ID.Example:443/api/oauth2/token",
        ] {
            assert_eq!(of_claim("htu", json!(url)), Ok(()), "{url}");
        }
        for url in [
            "https://id.example/api/oauth2/par",
            "https://id.example/api/oauth2/token/",
            "https://id.example/API/oauth2/token",
            "https://id.example",
            "https://id.example?/api/oauth2/token",
            "https://other.example/api/oauth2/token",
            "https://id.example.evil.example/api/oauth2/token",
            "https://evil@id.example/api/oauth2/token",
            "https://id.example@evil.example/api/oauth2/token",
            "http://id.example/api/oauth2/token",
            "https://id.example:80/api/oauth2/token",
            "https://id.example:/api/oauth2/token",
            "https:/id.example/api/oauth2/token",
            "//id.example/api/oauth2/token",
            "/api/oauth2/token",
        ] {
            assert_eq!(refused("htu", json!(url)), "htu", "{url}");
        }
    }

    #[test]
    fn a_token_is_presented_with_its_hash_and_by_its_key() {
        // RFC 9449 §7.1.
        let token = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
        let hash = json!("fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo");
        let presented = |ath: Value, key: Option<JwkThumbprint>| {
            let proof = proof(&header(), &with(claims(), "ath", ath));
            let proof = DpopProof::parse(&proof).expect("a proof");
            proof.check_token(token, key.unwrap_or_else(|| proof.thumbprint()))
        };
        assert_eq!(presented(hash.clone(), None), Ok(()));
        for ath in [Value::Null, json!(""), json!(token), json!([hash])] {
            let refused = presented(ath, None);
            assert!(matches!(
                refused,
                Err(ProofError::Claim { name: "ath", .. })
            ));
        }
        let other = Jwk::of_rsa(&[7], &[3]).thumbprint();
        assert_eq!(presented(hash, Some(other)), Err(ProofError::OtherKey));
    }

    #[test]
    fn a_nonce_is_this_server_s_for_its_key_and_for_two_minutes_at_most() {
        let keyring = |keys: &str| Keyring::parse(keys).expect("keys");
        let (old, new) = ("A".repeat(43), format!("{}Q", "B".repeat(42)));
        let ours = keyring(&old);
        let checked = |nonce: Value, keyring: &Keyring, now| {
            let proof = proof(&header(), &with(claims(), "nonce", nonce));
            DpopProof::parse(&proof)
                .expect("a proof")
                .check_nonce(keyring, now)
        };
        let key = Jwk::parse(&header()["jwk"]).expect("a key").thumbprint();
        let given = json!(nonce(&ours, key, NOW).expect("a nonce"));
        let at = |seconds| NOW + Duration::from_secs(seconds);
        for later in [0, 59, 60] {
            assert_eq!(checked(given.clone(), &ours, at(later)), Ok(()), "{later}");
        }
        let rotated = keyring(&format!("{new},{old}"));
        assert_eq!(checked(given.clone(), &rotated, NOW), Ok(()));
        let others = nonce(&ours, Jwk::of_rsa(&[7], &[3]).thumbprint(), NOW);
        for (nonce, keyring, now) in [
            (given.clone(), &ours, at(120)),
            (given.clone(), &keyring(&new), NOW),
            (json!(others.expect("a nonce")), &ours, NOW),
            (json!(""), &ours, NOW),
            (json!(7), &ours, NOW),
            (Value::Null, &ours, NOW),
        ] {
            assert_eq!(checked(nonce, keyring, now), Err(ProofError::Nonce));
        }
    }

    #[test]
    fn a_proof_from_a_fast_clock_is_remembered_for_as_long_as_it_is_good() {
        let ahead = with(claims(), "iat", json!(NOW.seconds() + 60));
        let proof = proof(&header(), &ahead);
        let until = DpopProof::parse(&proof).expect("a proof").good_until();
        assert_eq!(until, NOW + Duration::from_secs(121));
    }
}
