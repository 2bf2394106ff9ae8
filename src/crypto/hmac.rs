//! HMAC-SHA256 (RFC 2104), for what others verify with a key that they share.

use hmac::{Hmac, Mac};
use sha2::Sha256;

/// The code of a message.
pub fn hmac(key: &[u8], message: &str) -> [u8; 32] {
    // A key of any length is one (RFC 2104 §2).
    let mac = Hmac::<Sha256>::new_from_slice(key);
    let mac = mac.map(|mac| mac.chain_update(message.as_bytes()).finalize());
    mac.map(|mac| mac.into_bytes().into()).unwrap_or_default()
}
