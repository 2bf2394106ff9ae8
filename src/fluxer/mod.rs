//! The platform's nouns: users, guilds, permissions, applications and their bots, the audit log, and
//! how the API says no.

pub mod active_users;
pub mod api_error;
pub mod application;
pub mod audit;
pub mod bot_token;
pub mod guild;
pub mod icon;
pub mod installation;
pub mod permissions;
pub mod registration;
pub mod resource;
pub mod shown;
pub mod user;
mod visible;
