//! The tokens that this server signs, a file a kind.

pub mod access;
pub mod id;
pub mod refresh;
pub mod resource;
