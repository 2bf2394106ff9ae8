//! Fluxer's API, for tokens, bots and users who are logged in.

pub mod admin;
pub mod applications;
pub mod authorizations;
pub mod guilds;
pub mod health;
pub mod login_challenges;
pub mod me;
pub mod platform_events;
pub mod session;
