//! The signing keys, over the administration API and the key set that verifiers fetch.

use fluxer_oauth2::http::Method;
use fluxer_oauth2::store::memory::{Isolate, Plan, When};
use serde_json::Value;

use crate::world::{Native, With, World, get, text};

const JWKS: &str = "/.well-known/jwks.json";
const DAY: u64 = 24 * 3600;

impl Native {
    fn key_ids(&self) -> Vec<String> {
        let set = self.send(get(JWKS)).expect(200).json();
        let keys = set["keys"].as_array().expect("keys").clone();
        keys.iter().map(|key| text(key, "kid")).collect()
    }

    /// `alg state` of each key, and its id.
    fn keys(&self) -> Vec<(String, String)> {
        let keys = self.administer(Method::Get, "/api/admin/keys", None);
        shown(&keys.expect(200).json())
    }

    fn states(&self) -> Vec<String> {
        let mut states: Vec<_> = self.keys().into_iter().map(|(state, _)| state).collect();
        states.sort();
        states
    }

    fn kid(&self, state: &str) -> String {
        let found = self.keys().into_iter().find(|(it, _)| it == state);
        found.expect("such a key").1
    }
}

fn shown(keys: &Value) -> Vec<(String, String)> {
    let keys = keys.as_array().expect("a list").iter();
    keys.map(|key| {
        (
            format!("{} {}", text(key, "alg"), text(key, "state")),
            text(key, "kid"),
        )
    })
    .collect()
}

#[test]
fn the_first_request_makes_a_key_an_algorithm_and_shows_their_public_halves() {
    let world = Native::new();
    let answer = world.send(get(JWKS)).expect(200);
    assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    let set = answer.json();
    let keys = set["keys"].as_array().expect("keys");
    let mut algorithms: Vec<_> = keys.iter().map(|key| text(key, "alg")).collect();
    algorithms.sort();
    assert_eq!(algorithms, ["ES256", "RS256"]);
    for key in keys {
        assert_eq!(key["use"], "sig");
        assert!(key.get("d").is_none() && key.get("p").is_none());
    }
    assert_eq!(world.states(), ["ES256 current", "RS256 current"]);
}

#[test]
fn a_verifier_that_has_the_set_is_told_that_it_is_the_same() {
    let world = World::new();
    let fetch = |known: &str| world.send(get(JWKS).with("if-none-match", known));
    let first = fetch("\"other\"").expect(200);
    let tag = first.header("etag").expect("a tag").to_owned();
    for known in [&tag, &format!("W/{tag}, \"other\"")] {
        let same = fetch(known).expect(304);
        assert_eq!(same.body, "");
        assert_eq!(same.header("etag"), Some(&*tag));
        assert_eq!(same.header("cache-control"), Some("public, max-age=300"));
    }
    // A rotation changes nothing where a test before this one has left successors.
    let kid = text(&first.json()["keys"][0], "kid");
    let path = format!("/api/admin/keys/{kid}");
    world.administer(Method::Delete, &path, None).expect(204);
    world.advance(61);
    let next = fetch(&tag).expect(200);
    assert_ne!(next.header("etag"), Some(&*tag));
}

#[test]
fn nothing_asks_for_keys_that_needs_none() {
    let world = Native::new();
    let tokens = world.tokens(&world.server);
    world.refresh(&world.server, &tokens.refresh).expect(200);
    world.me(&tokens.access).expect(200);
    assert!(!world.memory.steps().contains(&"keys"));
}

#[test]
fn a_rotation_is_published_a_day_before_it_signs_and_what_retired_goes_with_its_last_token() {
    let world = Native::new();
    let before = world.key_ids();
    let rotated = world.administer(Method::Post, "/api/admin/keys/rotate", None);
    assert_eq!(shown(&rotated.expect(202).json()).len(), 4);
    assert_eq!(
        world.states(),
        ["ES256 current", "ES256 next", "RS256 current", "RS256 next"]
    );
    // Again changes nothing.
    let again = world.administer(Method::Post, "/api/admin/keys/rotate", None);
    assert_eq!(shown(&again.expect(202).json()).len(), 4);
    let next = world.kid("ES256 next");

    world.advance(DAY - 1);
    assert_eq!(world.kid("ES256 next"), next);
    world.advance(1);
    assert_eq!(world.kid("ES256 current"), next);
    assert_eq!(
        world.states(),
        [
            "ES256 current",
            "ES256 retired",
            "RS256 current",
            "RS256 retired"
        ]
    );
    assert!(before.iter().all(|kid| world.key_ids().contains(kid)));

    world.advance(2 * 3600 - 1);
    assert_eq!(world.key_ids().len(), 4);
    world.advance(61);
    assert_eq!(world.states(), ["ES256 current", "RS256 current"]);
    let actions: Vec<_> = world
        .audit_log()
        .iter()
        .map(|it| text(it, "action"))
        .collect();
    assert_eq!(actions.iter().filter(|it| *it == "keys.rotated").count(), 2);
}

#[test]
fn age_rotates_keys_without_anybody_asking_for_it() {
    let world = Native::with(&[("KEY_LIFETIME", "864000")]);
    let first = world.key_ids();
    world.advance(9 * DAY + 1);
    assert_eq!(
        world.states(),
        ["ES256 current", "ES256 next", "RS256 current", "RS256 next"]
    );
    world.advance(DAY);
    assert!(!first.contains(&world.kid("RS256 current")));
}

#[test]
fn a_leaked_key_is_gone_at_once_and_its_successor_signs() {
    let world = Native::new();
    let leaked = world.kid("ES256 current");
    let remove =
        |kid: &str| world.administer(Method::Delete, &format!("/api/admin/keys/{kid}"), None);
    remove(&leaked).expect(204);
    assert!(!world.key_ids().contains(&leaked));
    assert_eq!(world.states(), ["ES256 current", "RS256 current"]);
    for unknown in [leaked.as_str(), "x", "%00"] {
        assert_eq!(remove(unknown).expect(404).json()["code"], "UNKNOWN_KEY");
    }
    // Where a successor is published already, it is the one.
    world
        .administer(Method::Post, "/api/admin/keys/rotate", None)
        .expect(202);
    let next = world.kid("RS256 next");
    remove(&world.kid("RS256 current")).expect(204);
    assert_eq!(world.kid("RS256 current"), next);
}

#[test]
fn only_administrators_see_and_change_keys() {
    let world = Native::new();
    let token = world.tokens(&world.server).access;
    for (method, path) in [
        (Method::Get, "/api/admin/keys"),
        (Method::Post, "/api/admin/keys/rotate"),
        (Method::Delete, "/api/admin/keys/x"),
    ] {
        let mut request = get(path).bearer(&token);
        request.method = method;
        world.send(request).expect(403);
    }
    assert!(!world.memory.steps().contains(&"keys"));
}

#[test]
fn the_key_set_is_served_while_the_directory_is_down_and_while_its_object_is_for_an_hour() {
    let world = Native::new();
    let keys = world.key_ids();
    world.memory.outage.set(Some("directory"));
    assert_eq!(world.key_ids(), keys);
    world.memory.outage.set(Some("keys"));
    world.advance(3599);
    assert_eq!(world.key_ids(), keys);
    world.advance(10);
    let down = world.send(get(JWKS)).expect(503);
    assert!(down.header("retry-after").is_some());
    world.memory.outage.set(None);
    assert_eq!(world.key_ids(), keys);
}

#[test]
fn a_turn_whose_answer_is_lost_has_made_the_keys_that_the_next_one_finds() {
    for when in [When::Before, When::After] {
        let world = Native::new();
        world.memory.isolate.set(Isolate::Cold);
        world.memory.plan.set(Some(Plan { step: 0, when }));
        world.send(get(JWKS)).expect(503);
        let keys = world.key_ids();
        assert_eq!(keys.len(), 2);
        assert_eq!(world.key_ids(), keys);
    }
}

#[test]
fn private_keys_are_encrypted_anew_before_an_entry_of_signing_keys_goes() {
    const OLD: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    const NEW: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";
    let move_to = |world: Native, keys: &str| {
        world.memory.isolate.set(Isolate::Cold);
        world.reconfigured(&[("SIGNING_KEYS", keys)])
    };
    let said = |world: &Native| {
        let log = world.memory.log.borrow();
        log.iter()
            .any(|line| line.contains("private keys are encrypted under the first entry"))
    };
    let world = Native::new();
    let keys = world.key_ids();
    let world = move_to(world, &format!("{NEW},{OLD}"));
    assert_eq!(world.key_ids(), keys);
    assert!(said(&world));
    // The old entry goes: the keys are the same still.
    let world = move_to(world, NEW);
    assert_eq!(world.keys().len(), 2);
    assert_eq!(world.key_ids(), keys);

    // An entry that goes too early takes the private keys with it: others sign, and what was signed
    // goes on to verify.
    let world = move_to(world, OLD);
    assert_eq!(
        world.states(),
        [
            "ES256 current",
            "ES256 retired",
            "RS256 current",
            "RS256 retired"
        ]
    );
    assert!(keys.iter().all(|kid| world.key_ids().contains(kid)));
}
