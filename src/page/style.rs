//! The stylesheet: its name carries its hash, so browsers keep it for good and never keep an old
//! one.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

use crate::base64url;

/// The stylesheet itself.
pub const STYLE: &str = include_str!("style.css");

static HASH: LazyLock<String> = LazyLock::new(|| {
    let digest = Sha256::digest(STYLE.as_bytes());
    base64url::encode(&digest).chars().take(12).collect()
});

/// The hash in its name, as the pages link to it.
pub fn hash() -> &'static str {
    &HASH
}
