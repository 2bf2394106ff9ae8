//! OAuth's own endpoints: a file a URL, a file a grant.

pub mod authorize;
pub mod client_authentication;
mod client_document;
mod id_token_hint;
pub mod introspect;
pub mod jwks;
pub mod logout;
pub mod metadata;
pub mod register;
pub mod revoke;
pub mod token;
pub mod userinfo;
