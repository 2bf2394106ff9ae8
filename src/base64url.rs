//! base64url without padding (RFC 4648 §5): how everything random or hashed is spelled here.
//!
//! One copy of each function, whatever it is called with: the library's are generic, and a Worker
//! pays for every copy at each cold start.

use base64ct::{Base64UrlUnpadded, Encoding};

/// Spells bytes.
#[inline(never)]
pub fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

/// Reads bytes. `None`: padding, another alphabet, or bits that are left over.
#[inline(never)]
pub fn decode(text: &str) -> Option<Vec<u8>> {
    Base64UrlUnpadded::decode_vec(text).ok()
}

/// Reads exactly so many bytes.
pub fn decode_array<const N: usize>(text: &str) -> Option<[u8; N]> {
    decode(text)?.try_into().ok()
}
