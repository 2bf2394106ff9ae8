//! Signing keys, and signatures of others, by *ring*: what `WebCrypto` does for the Worker.

use std::rc::Rc;

use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, KeyPair,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RSA_PSS_2048_8192_SHA256, RsaKeyPair,
    RsaPublicKeyComponents, UnparsedPublicKey,
};

use super::{Isolate, Memory};
use crate::base64url;
use crate::config::Config;
use crate::crypto::keyring::NONCE_BYTES;
use crate::oauth::jwk::{Jwk, JwkThumbprint, JwsAlgorithm, SigningAlgorithm};
use crate::signing_keys::{KeySet, KeysAnswer, KeysQuestion};
use crate::store::{Ambient, Fault, KeyMaker, Keys, Signer, Verifier, take_turn};

/// *ring* makes no RSA keys, and making them natively takes seconds a key without optimisation. These
/// were made for tests and are secret to nobody.
const RSA_KEYS: [&[u8]; 4] = [
    include_bytes!("rsa/1.der"),
    include_bytes!("rsa/2.der"),
    include_bytes!("rsa/3.der"),
    include_bytes!("rsa/4.der"),
];

impl Memory {
    async fn ask_keys(&self, config: &Config, question: KeysQuestion) -> Result<KeysAnswer, Fault> {
        let set = self.state.borrow().keys.clone();
        // Nothing is waited for here, so that no other turn comes in between.
        let answer = take_turn(set, question, self.now(), config, self).await?;
        let before = self.step("keys", |state| {
            core::mem::replace(&mut state.keys, answer.set.clone())
        })?;
        if answer.set.is_rewrapped_from(&before) {
            self.log(&config.rewrapped(self.now()));
        }
        Ok(answer)
    }
}

impl KeyMaker for Memory {
    fn nonce(&self) -> Result<[u8; NONCE_BYTES], Fault> {
        self.random()
    }

    async fn pair(&self, algorithm: SigningAlgorithm) -> Result<(Jwk, Vec<u8>), Fault> {
        match algorithm {
            SigningAlgorithm::Rs256 => {
                let made = self.rsa_keys.replace(self.rsa_keys.get() + 1);
                let key = RSA_KEYS
                    .get(made)
                    .ok_or_else(|| fault("no RSA key is left"))?;
                let pair = RsaKeyPair::from_pkcs8(key).map_err(fault)?;
                let public = PublicKeyComponents::<Vec<u8>>::from(pair.public());
                Ok((Jwk::of_rsa(&public.n, &public.e), key.to_vec()))
            }
            SigningAlgorithm::Es256 => {
                let (curve, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
                let key = EcdsaKeyPair::generate_pkcs8(curve, &random).map_err(fault)?;
                let pair = EcdsaKeyPair::from_pkcs8(curve, key.as_ref(), &random).map_err(fault)?;
                let public = Jwk::of_point(pair.public_key().as_ref());
                let public = public.ok_or_else(|| fault("no point on P-256"))?;
                Ok((public, key.as_ref().to_vec()))
            }
        }
    }
}

fn fault(error: impl core::fmt::Display) -> Fault {
    Fault::new("keys", error)
}

impl Keys for Memory {
    type Signer = MemorySigner;

    async fn key_set(
        &self,
        config: &Config,
        looking_for: Option<JwkThumbprint>,
    ) -> Result<Rc<KeySet>, Fault> {
        let now = self.now();
        let is_warm = self.isolate.get() == Isolate::Warm;
        if let Some(set) = self.key_cache.known(looking_for, now).filter(|_| is_warm) {
            return Ok(set);
        }
        match self.ask_keys(config, KeysQuestion::Read).await {
            Ok(answer) => Ok(self.key_cache.keep(answer.set, now)),
            Err(fault) => self.key_cache.instead(now).ok_or(fault),
        }
    }

    async fn signer(
        &self,
        config: &Config,
        algorithm: SigningAlgorithm,
    ) -> Result<MemorySigner, Fault> {
        let set = self.key_set(config, None).await?;
        let key = set.current(algorithm, self.now());
        let key = key.ok_or_else(|| fault("there is no key"))?;
        let private = config.keyring.unwrap(&key.private);
        let private = private.ok_or_else(|| fault("the key does not open"))?;
        let (curve, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let pair = match algorithm {
            SigningAlgorithm::Rs256 => Pair::Rsa(RsaKeyPair::from_pkcs8(&private).map_err(fault)?),
            SigningAlgorithm::Es256 => {
                Pair::P256(EcdsaKeyPair::from_pkcs8(curve, &private, &random).map_err(fault)?)
            }
        };
        Ok(MemorySigner { kid: key.kid, pair })
    }

    async fn rotate_keys(&self, config: &Config) -> Result<Rc<KeySet>, Fault> {
        let answer = self.ask_keys(config, KeysQuestion::Rotate).await?;
        Ok(self.key_cache.keep(answer.set, self.now()))
    }

    async fn remove_key(&self, config: &Config, kid: JwkThumbprint) -> Result<bool, Fault> {
        let answer = self.ask_keys(config, KeysQuestion::Remove(kid)).await?;
        self.key_cache.keep(answer.set, self.now());
        Ok(answer.removed)
    }
}

/// A key that is ready to sign.
pub struct MemorySigner {
    kid: JwkThumbprint,
    pair: Pair,
}

enum Pair {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
}

impl Signer for MemorySigner {
    fn kid(&self) -> JwkThumbprint {
        self.kid
    }

    fn algorithm(&self) -> SigningAlgorithm {
        match self.pair {
            Pair::Rsa(_) => SigningAlgorithm::Rs256,
            Pair::P256(_) => SigningAlgorithm::Es256,
        }
    }

    async fn signature(&self, message: &[u8]) -> Result<Vec<u8>, Fault> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .map_err(fault)?;
                Ok(signature)
            }
            Pair::P256(pair) => {
                let signature = pair.sign(&random, message).map_err(fault)?;
                Ok(signature.as_ref().to_vec())
            }
        }
    }
}

impl Verifier for Memory {
    async fn verify(
        &self,
        key: &Jwk,
        algorithm: JwsAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<bool, Fault> {
        let bytes = |text: &str| base64url::decode(text).unwrap_or_default();
        let verified = match (key, algorithm) {
            (Jwk::Rsa { n, e }, JwsAlgorithm::Rs256 | JwsAlgorithm::Ps256) => {
                let scheme = match algorithm {
                    JwsAlgorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
                    _ => &RSA_PKCS1_2048_8192_SHA256,
                };
                let (n, e) = (bytes(n), bytes(e));
                RsaPublicKeyComponents { n, e }.verify(scheme, message, signature)
            }
            (Jwk::P256 { x, y }, JwsAlgorithm::Es256) => {
                let point = [&[4][..], &bytes(x), &bytes(y)].concat();
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
            }
            (Jwk::Ed25519 { x }, JwsAlgorithm::EdDsa) => {
                UnparsedPublicKey::new(&ED25519, bytes(x)).verify(message, signature)
            }
            _ => return Ok(false),
        };
        Ok(verified.is_ok())
    }
}
