//! Keys, secrets and what is made of them: nothing here knows OAuth.

pub mod form_ticket;
pub mod keyring;
pub mod password;
pub mod secret;
