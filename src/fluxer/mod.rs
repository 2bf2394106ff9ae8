//! The platform's nouns: users, applications, and how the API says no.

pub mod api_error;
pub mod application;
pub mod user;
