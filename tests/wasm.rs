//! What can differ in wasm, and must not: the same tests run natively, against the same constants.
#![expect(clippy::expect_used, reason = "a test that cannot go on has failed")]
#![cfg_attr(
    target_arch = "wasm32",
    expect(
        clippy::disallowed_methods,
        reason = "this is about the runtime's own clock and randomness"
    )
)]

use fluxer_oauth2::crypto::keyring::{Keyring, NONCE_BYTES, Seal};
use fluxer_oauth2::crypto::password::{self, Cost, Password};
use fluxer_oauth2::oauth::code::{Code, CodeSeed};
use fluxer_oauth2::oauth::dpop;
use fluxer_oauth2::oauth::issuer::Issuer;
use fluxer_oauth2::oauth::jwk::JwkThumbprint;
use fluxer_oauth2::oauth::token::access::AccessToken;
use fluxer_oauth2::oauth::token::refresh::RefreshToken;
use fluxer_oauth2::snowflake::{ApplicationId, Snowflake, UserId};
use fluxer_oauth2::time::Timestamp;

#[cfg(not(target_arch = "wasm32"))]
use core::prelude::v1::test as check;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as check;

const KEYS: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const ISSUER: &str = "https://id.example";
const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn issuers() -> Vec<Issuer> {
    Issuer::parse(ISSUER).into_iter().collect()
}

fn keyring() -> Keyring {
    Keyring::parse(KEYS).expect("valid keys")
}

/// A refresh token of 2023, for thirty days.
fn refresh_token() -> RefreshToken {
    let code = code();
    RefreshToken {
        user: code.user,
        application: code.application,
        family: fluxer_oauth2::id::FamilyId::of_hash(code.hash().bytes()),
        generation: u32::MAX,
        issued_at: NOW,
        expires_at: NOW + core::time::Duration::from_hours(720),
        openid: false,
        resource: None,
    }
}

/// A code of two ids that a double cannot hold.
fn code() -> Code {
    let user = UserId::parse("9007199254740993").expect("an id");
    let application = ApplicationId::parse("9223372036854775807").expect("an id");
    Code::issue(
        &keyring(),
        user,
        application,
        false,
        None,
        &CodeSeed([7; 16]),
    )
    .expect("sealed")
}

#[check]
fn ids_above_2_to_the_53_survive_json() {
    for id in [
        "9007199254740993",
        "1456074443980800003",
        "9223372036854775807",
    ] {
        let parsed = Snowflake::parse(id).expect("an id");
        let json = serde_json::to_string(&parsed).expect("JSON");
        assert_eq!(json, format!("\"{id}\""));
        assert_eq!(serde_json::from_str::<Snowflake>(&json).ok(), Some(parsed));
        assert!(
            serde_json::from_str::<Snowflake>(id).is_err(),
            "never a number"
        );
    }
    let (millis, entropy) = (1_795_450_058_297, [0xff; 4]);
    let snowflake = Snowflake::generate(millis, entropy);
    assert_eq!(snowflake.to_string(), "1574456402317934591");
}

#[check]
fn a_password_verifies_against_a_hash_made_elsewhere() {
    // The reference implementation's, of scripts/seed.sql.
    let hash = "$argon2id$v=19$m=19456,t=2,p=1$U82fdRij7koOLNNPUfdabA$Q53B4sThyp0h5yB1EMhb2sQK+BNhv8cOS2ajjp0CTTU";
    assert_eq!(
        password::verify("demo-password", Some(hash), Cost::default()),
        Ok(true)
    );
    assert_eq!(
        password::verify("demo-passwore", Some(hash), Cost::default()),
        Ok(false)
    );
    let text = "pässword ünder test";
    let password = Password::parse(text).expect("long enough");
    let hash = password::hash(&password, Cost::default(), [9; 16]).expect("hashed");
    assert_eq!(
        password::verify(text, Some(&hash), Cost::default()),
        Ok(true)
    );
}

#[check]
fn a_token_is_the_same_string_and_verifies() {
    let signed = refresh_token().sign(&keyring(), ISSUER).expect("signed");
    assert_eq!(signed, SIGNED);
    let read = |token: &str, now| RefreshToken::verify(&keyring(), &issuers(), token, now);
    assert_eq!(read(SIGNED, NOW), Some(refresh_token()));
    assert_eq!(read(SIGNED, refresh_token().expires_at), None);
    assert!(AccessToken::verify(&keyring(), &issuers(), SIGNED, NOW).is_none());
    assert_eq!(read(&SIGNED.replace(".Qg5", ".Qg6"), NOW), None);
}

#[check]
fn a_code_is_the_same_string_and_opens() {
    assert_eq!(code().expose(), SEALED);
    let opened = Code::parse(&keyring(), SEALED).expect("ours");
    assert_eq!(opened.user, code().user);
    assert_eq!(opened.application, code().application);
    let sealed = keyring()
        .seal(Seal::Code, [3; NONCE_BYTES], b"who")
        .expect("sealed");
    assert_eq!(
        keyring().open(Seal::Code, &sealed).as_deref(),
        Some(&b"who"[..])
    );
    let edited: Vec<_> = sealed.iter().map(|byte| byte ^ 1).collect();
    assert_eq!(keyring().open(Seal::Code, &edited), None);
}

#[cfg(target_arch = "wasm32")]
#[check]
fn no_two_draws_of_entropy_are_alike() {
    let draw = || {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)
            .map(|()| bytes)
            .expect("entropy")
    };
    let draws: std::collections::HashSet<_> = (0..1_000).map(|_| draw()).collect();
    assert_eq!(draws.len(), 1_000);
    assert!(draws.iter().all(|draw| draw.iter().any(|&byte| byte != 0)));
}

#[cfg(target_arch = "wasm32")]
#[check]
fn the_clock_counts_milliseconds_of_this_century() {
    let (first, second) = (
        worker::Date::now().as_millis(),
        worker::Date::now().as_millis(),
    );
    assert!(
        (1_780_000_000_000..4_102_444_800_000).contains(&first),
        "{first}"
    );
    assert!(first <= second && second < first + 60_000);
}

/// As Node's own HMAC signs it, under HKDF-SHA256 of 32 zero bytes for `refresh`.
const SIGNED: &str = "eyJhbGciOiJIUzI1NiIsImtpZCI6IjU5bU1WNy11IiwidHlwIjoiSldUIn0.eyJleHAiOjE3MDI1OTIwMDAsImlhdC\
                      I6MTcwMDAwMDAwMCwiaXNzIjoiaHR0cHM6Ly9pZC5leGFtcGxlIiwic3ViIjoiOTAwNzE5OTI1NDc0MDk5MyIsImNs\
                      aWVudF9pZCI6IjkyMjMzNzIwMzY4NTQ3NzU4MDciLCJmYW0iOiJ4Wk82RUhxZUlrXzNXV055NVlaSDR3IiwiZ2VuIj\
                      o0Mjk0OTY3Mjk1fQ.Qg52uDcVYoJX0F3UD6hTJjjah-ap7s4MHqUbG3Za7Gw";
const SEALED: &str = "yuKWR7VCHkiFAQVcmwt8-s7Yo9DbtnaRttZaaCIsFuzvpwJAzhRAzgjFYcdefkdwz-nilpX8IgU";

/// Its bytes are what Node's own HMAC makes, under HKDF-SHA256 of 32 zero bytes for `tag`.
#[check]
fn a_nonce_is_the_same_wherever_it_is_made() {
    let key = JwkThumbprint::parse("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    let nonce = dpop::nonce(&keyring(), key.expect("a thumbprint"), NOW);
    assert_eq!(nonce.as_deref(), Ok("06OY96FmEeHJ1hhYEZS-hA"));
}
