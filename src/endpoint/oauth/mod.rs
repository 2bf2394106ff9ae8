//! OAuth's own endpoints: a file for each URL, and one for each grant type.

pub mod authorize;
pub mod client_authentication;
mod client_document;
pub(in crate::endpoint) mod client_keys;
pub mod device_authorization;
mod fetching;
mod id_token_hint;
pub mod introspect;
pub mod jwks;
pub mod limits;
pub mod logout;
pub mod metadata;
pub mod par;
pub mod protected_resource;
mod pushed_request;
pub mod register;
pub mod resource;
pub mod revoke;
pub mod revoked;
pub mod token;
pub mod userinfo;
