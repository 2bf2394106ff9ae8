//! Fluxer's API: what tokens, bots and logged-in users ask for.

pub mod admin;
pub mod applications;
pub mod authorizations;
pub mod guilds;
pub mod health;
pub mod login_challenges;
pub mod me;
pub mod platform_events;
pub mod session;
