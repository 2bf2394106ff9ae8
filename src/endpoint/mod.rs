//! The endpoints: one file for a URL or for a family of URLs. Each parses, asks, decides, commits and answers.
//!
//! The files beside the three rooms have what several rooms use, and use none of them.

pub mod api;
pub mod attempts;
pub mod authorizations;
pub mod body;
pub mod caller;
pub mod claims;
pub mod context;
pub mod cookies;
pub mod deliveries;
pub mod dpop;
pub mod failure;
pub mod forms;
pub mod logout;
pub mod notes;
pub mod oauth;
pub mod pages;
pub mod paging;
pub mod people;
pub mod platform_login;
pub mod return_to;
pub mod sudo;

pub use context::Context;
pub use failure::{
    Away, Failure, Next, Notice, PageRefusal, Refuse, UnknownPath, limit_headers, oauth_error,
};
