//! Keys, secrets and what is made of them: nothing here knows OAuth.

pub mod checksum;
pub mod form_ticket;
pub mod imported_hash;
pub mod keyring;
pub mod known_browser;
pub mod password;
pub mod secret;
