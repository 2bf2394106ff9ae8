//! Keys, secrets and what is made of them: nothing here knows OAuth.

pub mod checksum;
pub mod form_ticket;
pub mod hmac;
pub mod imported_hash;
pub mod keyring;
pub mod known_browser;
pub mod password;
pub mod secret;

/// Bytes in hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let digit = |it: u8| DIGITS.get(usize::from(it)).copied().unwrap_or_default();
    digits.map(|it| char::from(digit(it))).collect()
}
