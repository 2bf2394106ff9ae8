//! Signatures by the runtime's WebCrypto, with the keys of this server and with those of others.
//!
//! They cost a tenth of the same arithmetic in wasm, and take constant time.

use core::cell::RefCell;
use std::collections::BTreeMap;

use web_sys::{CryptoKey, CryptoKeyPair, SubtleCrypto};
use worker::js_sys::{Array, JSON, Object, Reflect, Uint8Array, global};
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::web_sys::WorkerGlobalScope;

use super::{Bindings, js};
use crate::json_reader;
use crate::oauth::jwk::{Jwk, JwkThumbprint, JwsAlgorithm, SigningAlgorithm};
use crate::store::{Fault, Signer, Verifier};

thread_local! {
    /// This server's keys that are ready to sign, by their ids.
    static IMPORTED: RefCell<BTreeMap<JwkThumbprint, CryptoKey>> = const { RefCell::new(BTreeMap::new()) };
}

fn fault(error: impl core::fmt::Display) -> Fault {
    Fault::new("webcrypto", error)
}

#[expect(clippy::needless_pass_by_value, reason = "`map_err` hands it over")]
fn thrown(error: JsValue) -> Fault {
    fault(js::reason(&error))
}

fn subtle() -> Result<SubtleCrypto, Fault> {
    let scope: WorkerGlobalScope = global().unchecked_into();
    Ok(scope.crypto().map_err(thrown)?.subtle())
}

/// An algorithm as WebCrypto spells it: the same for importing a key, for signing and for verifying.
fn spelled(algorithm: JwsAlgorithm) -> Result<Object, Fault> {
    let spelled = match algorithm {
        JwsAlgorithm::Rs256 => r#"{"name":"RSASSA-PKCS1-v1_5","hash":"SHA-256"}"#,
        // RFC 7518 §3.5: "The size of the salt value is the same size as the hash function output."
        JwsAlgorithm::Ps256 => r#"{"name":"RSA-PSS","hash":"SHA-256","saltLength":32}"#,
        JwsAlgorithm::Es256 => r#"{"name":"ECDSA","namedCurve":"P-256","hash":"SHA-256"}"#,
        JwsAlgorithm::EdDsa => r#"{"name":"Ed25519"}"#,
    };
    Ok(JSON::parse(spelled).map_err(thrown)?.unchecked_into())
}

/// Makes a key pair. Answers the public key, and the private key in PKCS #8.
pub(super) async fn pair(algorithm: SigningAlgorithm) -> Result<(Jwk, Vec<u8>), Fault> {
    let subtle = subtle()?;
    let kind = spelled(algorithm.into())?;
    if algorithm == SigningAlgorithm::Rs256 {
        let exponent = Uint8Array::from(&[1, 0, 1][..]);
        Reflect::set(&kind, &"modulusLength".into(), &2048.into()).map_err(thrown)?;
        Reflect::set(&kind, &"publicExponent".into(), &exponent).map_err(thrown)?;
    }
    let usages = Array::of2(&"sign".into(), &"verify".into());
    let pair = subtle.generate_key_with_object(&kind, true, &usages);
    let pair: CryptoKeyPair = js::settled(pair).await.map_err(fault)?.unchecked_into();
    let public = subtle.export_key("jwk", &pair.get_public_key());
    let public: Object = js::settled(public).await.map_err(fault)?.unchecked_into();
    let public = String::from(JSON::stringify(&public).map_err(thrown)?);
    let public = json_reader::read(&public).map_err(fault)?;
    let private = subtle.export_key("pkcs8", &pair.get_private_key());
    let private = js::settled(private).await.map_err(fault)?;
    Ok((
        Jwk::parse(&public).map_err(fault)?,
        Uint8Array::new(&private).to_vec(),
    ))
}

/// A key of this server that is ready to sign.
pub(super) struct ImportedKey {
    kid: JwkThumbprint,
    algorithm: SigningAlgorithm,
    key: CryptoKey,
}

impl ImportedKey {
    /// The key. It is imported once for an isolate; `private` is its private half in PKCS #8.
    pub(super) async fn of(
        kid: JwkThumbprint,
        algorithm: SigningAlgorithm,
        private: impl FnOnce() -> Option<Vec<u8>>,
    ) -> Result<Self, Fault> {
        let imported = IMPORTED.with_borrow(|imported| imported.get(&kid).cloned());
        if let Some(key) = imported {
            return Ok(Self {
                kid,
                algorithm,
                key,
            });
        }
        let private = private().ok_or_else(|| fault("a private key cannot be decrypted"))?;
        let private: Object = Uint8Array::from(&*private).unchecked_into();
        let (scheme, usages) = (spelled(algorithm.into())?, Array::of1(&"sign".into()));
        let imported = subtle()?.import_key_with_object("pkcs8", &private, &scheme, false, &usages);
        let key: CryptoKey = js::settled(imported).await.map_err(fault)?.unchecked_into();
        IMPORTED.with_borrow_mut(|imported| imported.insert(kid, key.clone()));
        Ok(Self {
            kid,
            algorithm,
            key,
        })
    }
}

impl Signer for ImportedKey {
    fn kid(&self) -> JwkThumbprint {
        self.kid
    }

    fn algorithm(&self) -> SigningAlgorithm {
        self.algorithm
    }

    async fn signature(&self, message: &[u8]) -> Result<Vec<u8>, Fault> {
        let kind = spelled(self.algorithm.into())?;
        let signed = subtle()?.sign_with_object_and_u8_array(&kind, &self.key, message);
        let signature = js::settled(signed).await.map_err(fault)?;
        Ok(Uint8Array::new(&signature).to_vec())
    }
}

impl Verifier for Bindings {
    async fn verify(
        &self,
        key: &Jwk,
        algorithm: JwsAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<bool, Fault> {
        if !key.is_for(algorithm) {
            return Ok(false);
        }
        let (subtle, kind) = (subtle()?, spelled(algorithm)?);
        let key = serde_json::to_string(key).map_err(fault)?;
        let key: Object = JSON::parse(&key).map_err(thrown)?.unchecked_into();
        let usages = Array::of1(&"verify".into());
        let imported = subtle.import_key_with_object("jwk", &key, &kind, false, &usages);
        // WebCrypto refuses what is no point on its curve.
        let Ok(key) = js::settled(imported).await else {
            return Ok(false);
        };
        let message = Uint8Array::from(message);
        let verified = subtle.verify_with_object_and_u8_array_and_buffer_source(
            &kind,
            key.unchecked_ref(),
            signature,
            &message,
        );
        let verified = js::settled(verified).await.map_err(fault)?;
        Ok(verified.is_truthy())
    }
}
