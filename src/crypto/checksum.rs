//! The checksum at the end of secrets and bot tokens. Whoever scans text for secrets that leaked tells
//! a real one from a random string by it, without asking this server (`docs/endpoints.md`).

/// Characters of a checksum.
const LENGTH: usize = 6;
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The text, and the checksum of it behind.
pub fn with_checksum(text: &str) -> String {
    [text, &checksum(text)].concat()
}

/// Whether a text ends in the checksum of what stands before it.
pub fn is_intact(text: &str) -> bool {
    let at = text.len().checked_sub(LENGTH);
    let parts = at.and_then(|at| text.split_at_checked(at));
    parts.is_some_and(|(body, end)| checksum(body) == end)
}

/// CRC-32 as in zip, in base62: six characters, the most significant first.
fn checksum(text: &str) -> String {
    let mut rest = crc32(text.as_bytes());
    let mut digits = [0; LENGTH];
    for digit in digits.iter_mut().rev() {
        *digit = rest % 62;
        rest /= 62;
    }
    let spelled = digits.iter().filter_map(|&digit| {
        let index = usize::try_from(digit).ok()?;
        BASE62.get(index).copied().map(char::from)
    });
    spelled.collect()
}

/// Bit by bit: a table would be larger than everything that is ever summed here.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |sum: u32, _| (sum >> 1) ^ (0xEDB8_8320 & (sum & 1).wrapping_neg());
    let sum = bytes.iter().fold(u32::MAX, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte), step)
    });
    !sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_that_of_zip() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926); // the check value of CRC-32/ISO-HDLC
        assert_eq!(crc32(b""), 0);
        assert_eq!(checksum(""), "000000");
        assert_eq!(checksum("123456789"), "3jZRME");
    }

    #[test]
    fn one_wrong_character_is_noticed() {
        let intact = with_checksum("flx_cs_abc");
        assert!(is_intact(&intact));
        for at in 0..intact.len() {
            let mut damaged = intact.clone().into_bytes();
            damaged[at] ^= 1;
            let damaged = String::from_utf8(damaged).expect("ASCII");
            assert!(!is_intact(&damaged), "{damaged}");
        }
        for other in ["", "00000", "ééé", "flx_cs_"] {
            assert!(!is_intact(other), "{other}");
        }
    }
}
