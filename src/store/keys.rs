//! Our own signing keys, and signatures of other parties' keys.

use std::rc::Rc;

use serde::Serialize;

use super::Fault;
use crate::config::Config;
use crate::crypto::keyring::NONCE_BYTES;
use crate::oauth::jwk::{Jwk, JwkThumbprint, JwsAlgorithm, SigningAlgorithm};
use crate::oauth::jws::Unsigned;
use crate::signing_keys::{KeySet, KeysAnswer, KeysQuestion, KeysTurn};
use crate::time::Timestamp;

/// The keys that sign what others verify. Nothing asks for them, and none is made, before the first
/// request that needs one.
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait Keys {
    /// A key, ready to sign.
    type Signer: Signer;

    /// The keys, as this isolate knows them. Where `looking_for` is not among them, they are asked for
    /// again, but not at every request: anybody can make up a `kid`.
    async fn key_set(
        &self,
        config: &Config,
        looking_for: Option<JwkThumbprint>,
    ) -> Result<Rc<KeySet>, Fault>;
    /// The key that signs now. Asked for before a flow's commit: what is signed after it cannot fail
    /// for want of a key.
    async fn signer(
        &self,
        config: &Config,
        algorithm: SigningAlgorithm,
    ) -> Result<Self::Signer, Fault>;
    /// Publishes a successor of every key that has none.
    async fn rotate_keys(&self, config: &Config) -> Result<Rc<KeySet>, Fault>;
    /// Removes a key that has leaked; a successor signs at once. Whether there was such a key.
    async fn remove_key(&self, config: &Config, kid: JwkThumbprint) -> Result<bool, Fault>;
}

/// A key that is ready to sign.
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait Signer {
    /// What verifiers find its public half by.
    fn kid(&self) -> JwkThumbprint;
    /// What it signs with.
    fn algorithm(&self) -> SigningAlgorithm;
    /// A signature (RFC 7518 §3.3, §3.4).
    async fn signature(&self, message: &[u8]) -> Result<Vec<u8>, Fault>;

    /// Signs claims as a JWT of this type.
    async fn sign(&self, typ: &str, claims: &impl Serialize) -> Result<String, Fault> {
        let unsigned = Unsigned::new(self.algorithm(), self.kid(), typ, claims)
            .ok_or_else(|| Fault::new("signer", "the claims are no JSON"))?;
        let signature = self.signature(unsigned.signing_input()).await?;
        Ok(unsigned.with_signature(&signature))
    }
}

/// Signatures of keys whose private halves others hold.
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait Verifier {
    /// Whether a signature is this key's. A key of another kind than the algorithm, and one that is no
    /// point on its curve, has made no signature.
    async fn verify(
        &self,
        key: &Jwk,
        algorithm: JwsAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<bool, Fault>;
}

/// What makes keys for the arbiter.
#[expect(async_fn_in_trait, reason = "a Worker has one thread")]
pub trait KeyMaker {
    /// A nonce to encrypt with.
    fn nonce(&self) -> Result<[u8; NONCE_BYTES], Fault>;
    /// A new pair: the public half, and the private half in PKCS #8.
    async fn pair(&self, algorithm: SigningAlgorithm) -> Result<(Jwk, Vec<u8>), Fault>;
}

/// One turn of the arbiter: what becomes of the set, and what is answered. Whoever calls it lets no
/// other turn begin before this one is stored.
pub async fn take_turn(
    set: KeySet,
    question: KeysQuestion,
    now: Timestamp,
    config: &Config,
    maker: &impl KeyMaker,
) -> Result<KeysAnswer, Fault> {
    let keyring = &config.keyring;
    let opens = |private: &_| keyring.unwrap(private).is_some();
    let turn = KeysTurn::decide(set, question, now, &config.key_terms(), opens);
    let mut made = Vec::new();
    for new in &turn.make {
        let (public, private) = maker.pair(new.algorithm).await?;
        made.push(new.with(public, keyring.wrap(maker.nonce()?, &private)?));
    }
    let mut answer = turn.finish(made);
    answer.set.rewrap(keyring, || maker.nonce().ok())?;
    Ok(answer)
}
