//! Whole flows: through the router on `store::memory`, and with `FLOWS_ON=worker` through the built Worker.
#![cfg(not(target_arch = "wasm32"))]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "a test that cannot go on has failed"
)]

mod account;
mod admin_pages;
mod administration;
mod advertised;
mod applications;
mod audit;
mod authorize;
mod basic_plan;
mod bot_tokens;
mod bots;
mod browsers;
mod built;
mod claims;
mod client_documents;
mod client_secrets;
mod client_settings;
mod code_flow;
mod consents;
mod costs;
mod deletions;
mod developers;
mod device;
mod dpop;
mod earlier_versions;
mod endings;
mod events;
mod farewells;
mod faults;
mod forms;
mod interleavings;
mod keys;
mod legacy;
mod limits;
mod login;
mod measures;
mod metadata;
mod moving;
mod openid;
mod outages;
mod par;
mod platform;
mod private_key_jwt;
mod refresh;
mod registration;
mod remembered;
mod resource_pages;
mod resource_tokens;
mod resources;
mod scopes;
mod secrets;
mod settings;
mod suspension;
mod token;
mod transport;
mod world;
