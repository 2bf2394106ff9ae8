//! Every parser of outside text, with what proptest makes up: the properties that `scripts/fuzz` looks at for
//! longer, and round trips.
#![cfg(not(target_arch = "wasm32"))]
#![expect(
    clippy::expect_used,
    unreachable_pub,
    reason = "a test that cannot go on has failed"
)]

#[path = "../fuzz/src/lib.rs"]
mod properties;

use std::fs;
use std::path::Path;

use fluxer_oauth2::base64url;
use fluxer_oauth2::oauth::dpop::{DpopProof, ProvedRequest};
use fluxer_oauth2::oauth::issuer::Issuer;
use fluxer_oauth2::oauth::jwk::{Jwk, JwsAlgorithm};
use fluxer_oauth2::oauth::params::Params;
use fluxer_oauth2::time::Timestamp;
use properties::{PROPERTIES, Property};
use proptest::prelude::*;
use serde_json::{Value, json};

/// The texts that fuzzing begins with.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/seeds")
        .join(target);
    let files = fs::read_dir(folder).expect("a folder for each target");
    let files = files.map(|file| file.expect("a file").path());
    files.map(|path| fs::read(path).expect("a seed")).collect()
}

#[test]
fn every_seed_is_fit_to_begin_with() {
    for (target, holds) in PROPERTIES {
        let seeds = seeds(target);
        assert!(!seeds.is_empty(), "{target}");
        for seed in seeds {
            holds(&seed);
        }
    }
}

/// A change to a text.
#[derive(Debug, Clone)]
enum Edit {
    Insert(Vec<u8>),
    Remove(usize),
    Repeat(usize),
    Flip(u8),
}

fn edit() -> impl Strategy<Value = (prop::sample::Index, Edit)> {
    const PIECES: &[&str] = &[
        ".", "&", "=", "%", "%zz", "%00", "+", ",", "\"", "{", "}", "\\", "#", "?", "//", "@", ":",
        "*", "\u{0}", "\u{feff}", "é", "😀", "-1", "1e9", "null", "[]", " ", "\n", "\r\n",
    ];
    let piece = prop::sample::select(PIECES).prop_map(|piece| piece.as_bytes().to_vec());
    let edit = prop_oneof![
        3 => piece.prop_map(Edit::Insert),
        1 => prop::collection::vec(any::<u8>(), 1..4).prop_map(Edit::Insert),
        2 => (1..20_usize).prop_map(Edit::Remove),
        1 => (1..200_usize).prop_map(Edit::Repeat),
        2 => any::<u8>().prop_map(Edit::Flip),
    ];
    (any::<prop::sample::Index>(), edit)
}

fn edited(mut text: Vec<u8>, edits: &[(prop::sample::Index, Edit)]) -> Vec<u8> {
    for (index, edit) in edits {
        let at = index.index(text.len() + 1);
        let rest = text.split_off(at);
        match edit {
            Edit::Insert(piece) => text.extend(piece.iter().chain(&rest)),
            Edit::Remove(count) => text.extend(rest.into_iter().skip(*count)),
            Edit::Repeat(count) => {
                let piece: Vec<_> = rest.iter().copied().take(*count).collect();
                text.extend(piece.iter().chain(&rest));
            }
            Edit::Flip(bits) => {
                text.extend(rest);
                if let Some(byte) = text.get_mut(at) {
                    *byte ^= bits;
                }
            }
        }
    }
    text
}

fn target() -> impl Strategy<Value = Property> {
    prop::sample::select(PROPERTIES)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 5_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn what_holds_of_a_parser_holds_of_texts_that_are_nearly_right(
        (target, holds) in target(),
        seed in any::<prop::sample::Index>(),
        edits in prop::collection::vec(edit(), 0..6),
    ) {
        let seeds = seeds(target);
        let seed = seed.get(&seeds).clone();
        holds(&edited(seed, &edits));
    }

    #[test]
    fn and_of_any_bytes((_, holds) in target(), bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        holds(&bytes);
    }

    #[test]
    fn a_form_is_read_as_it_was_written(pairs in prop::collection::vec((".{0,8}", ".{1,40}"), 0..5)) {
        let mut written = url::form_urlencoded::Serializer::new(String::new());
        written.append_pair("code", "c").extend_pairs(&pairs);
        let params = Params::from_form(&written.finish());
        prop_assert_eq!(params.all("code").next(), Some("c"));
        for (name, value) in &pairs {
            prop_assert!(params.all(name).any(|it| it == value), "{}", name);
        }
    }

    #[test]
    fn a_key_is_read_as_it_was_written(x in any::<[u8; 32]>(), y in any::<[u8; 32]>(), more in "[a-z]{3,8}") {
        let point = json!({"kty": "EC", "crv": "P-256", "x": base64url::encode(&x), "y": base64url::encode(&y)});
        let mut sent = point.clone();
        sent[&more] = json!("more");
        if !["kty", "crv", "oth"].contains(&&*more) {
            let key = Jwk::parse(&sent).expect("a key");
            prop_assert_eq!(serde_json::to_value(&key).expect("JSON"), point);
        }
        sent["d"] = json!(base64url::encode(&x));
        prop_assert!(Jwk::parse(&sent).is_err());
    }

    #[test]
    fn a_proof_is_read_as_it_was_written(
        is_p256 in any::<bool>(),
        (x, y) in (any::<[u8; 32]>(), any::<[u8; 32]>()),
        signature in prop::collection::vec(any::<u8>(), 64),
        jti in ".{1,60}",
        skew in -90_i64..=90,
        htm in prop::sample::select(&["POST", "GET", "post"]),
        htu in prop::sample::select(&[
            "https://id.example/api/oauth2/token", "HTTPS://ID.EXAMPLE:443/api/oauth2/token?a#b",
            "https://id.example/api/oauth2/par", "https://evil.example/api/oauth2/token",
        ]),
        more in any::<Option<u32>>(),
    ) {
        let (x, y) = (base64url::encode(&x), base64url::encode(&y));
        let (alg, jwk) = if is_p256 {
            ("ES256", json!({"kty": "EC", "crv": "P-256", "x": x, "y": y}))
        } else {
            ("EdDSA", json!({"kty": "OKP", "crv": "Ed25519", "x": x}))
        };
        let now = Timestamp::from_millis(1_795_000_000_000);
        let iat = now.seconds().checked_add_signed(skew).expect("a time");
        let header = json!({"typ": "dpop+jwt", "alg": alg, "jwk": jwk, "kid": "k", "more": more});
        let claims = json!({"jti": jti, "htm": htm, "htu": htu, "iat": iat, "more": more});
        let part = |value: &Value| base64url::encode(value.to_string().as_bytes());
        let text = [part(&header), part(&claims), base64url::encode(&signature)].join(".");
        // A key of small order is no key.
        prop_assume!(Jwk::parse(&jwk).is_ok());
        let proof = DpopProof::parse(&text).expect("a proof");
        prop_assert_eq!(proof.key(), &Jwk::parse(&jwk).expect("a key"));
        prop_assert_eq!(proof.id(), jti);
        let signed = proof.signed();
        prop_assert_eq!(signed.signature, signature);
        prop_assert_eq!(signed.algorithm, JwsAlgorithm::of_alg(alg).expect("one of ours"));
        prop_assert_eq!(signed.message, text.rsplit_once('.').expect("parts").0.as_bytes());
        let checked = proof.check(&ProvedRequest {
            method: "POST",
            issuer: &Issuer::parse("https://id.example").expect("an issuer"),
            leads_here: &|path| path == "/api/oauth2/token",
            now,
        });
        let leads_here = htu.to_ascii_lowercase().starts_with("https://id.example") && htu.contains("token");
        prop_assert_eq!(checked.is_ok(), leads_here && htm == "POST" && skew.abs() <= 60);
        prop_assert!(checked.is_err() || proof.good_until() > now);
    }
}
