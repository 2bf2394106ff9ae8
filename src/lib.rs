//! fluxer-oauth2: Fluxer's OAuth2 authorization server, one wasm32 Worker at the edge.
//!
//! # The house
//!
//! Three rings, and what stands between and below them. A file may use what is in its own row or below it.
//!
//! | ring | files | what they are |
//! | --- | --- | --- |
//! | shell | `cloudflare/` | the only code that says `worker::`; wasm32 only |
//! | flows | `router`, `routes`, `endpoint/{oauth,api,pages}`, `page/` | one table of URLs; one file per URL; the HTML |
//! | ports | `store/` | what the flows ask of the world outside, in the domain's verbs |
//! | core | `ledger`, `pending`, `rate_limit`, `signing_keys`, `revocations`, `outbound`, `outbox`, `platform/`, `fluxer/`, `oauth/`, `config`, `http`, `location` | pure decisions and the nouns they are about; the settings; requests, answers and where they lead |
//! | values | `crypto/`, `json_reader`, `multipart`, `lengths`, `time`, `id`, `snowflake`, `base64url` | keys and plain values |
//!
//! # Invariants
//!
//! 1. Outside `cloudflare/` nothing knows where it runs: no bindings, no clock, no randomness.
//! 2. Storage never sees a code, a token, a client secret or a password: ports take hashes.
//! 3. No `Location` is built from a string. A [`location::Location`] is a path of this server, made by
//!    a [`oauth::redirect_uri::RedirectUri`], which only a match against a registered one makes, or the
//!    platform's login page, which only the settings name.
//! 4. An authorization changes only by its ledger's verbs; each verb reads, decides and writes
//!    with no other await in between.
//! 5. Every flow has one commit point, and everything that can fail comes before it or can be
//!    retried after it. A storage fault is answered 503 `temporarily_unavailable` with
//!    `Retry-After`, never as an OAuth verdict; after it the client's code or token still works.
//! 6. A KV hit is never permission, and a KV miss is never an answer.
//! 7. Only `oauth/error.rs` turns a reason into an OAuth error code.
//!
//! # A request's way
//!
//! ```text
//! worker::Request -> cloudflare/http -> router (404, 405, CORS, rate limit) -> endpoint
//!    parse    form -> ClientId, Code, challenge …              pure; fails as the RFC's error
//!    ask      directory, records                               await; a Fault is ours
//!    decide   Client -> AuthenticatedClient; checks            pure
//!    commit   one ledger verb: the flow's only commit point    await; runs alone in its object
//!    answer   tokens signed, response built                    pure
//! ```

#![forbid(unsafe_code)]

#[cfg(target_arch = "wasm32")]
mod cloudflare;

pub mod base64url;
pub mod config;
pub mod crypto;
pub mod endpoint;
pub mod fluxer;
pub mod http;
pub mod id;
pub mod json_reader;
pub mod ledger;
pub mod lengths;
pub mod location;
pub mod multipart;
pub mod oauth;
pub mod outbound;
pub mod outbox;
pub mod page;
pub mod pending;
pub mod platform;
pub mod rate_limit;
pub mod revocations;
pub mod router;
pub mod routes;
pub mod signing_keys;
pub mod snowflake;
pub mod store;
pub mod time;
