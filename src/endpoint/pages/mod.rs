//! The pages that people see, and the forms on them.

pub mod account;
pub mod admin;
pub mod asset;
pub mod developers;
pub mod icon;
pub mod language;
pub mod login;
pub mod logout;
pub mod my_account;
pub mod settings;
