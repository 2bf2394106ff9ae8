//! Chooses the language of a page.

use super::{ALL, Text};

/// The best language for an `Accept-Language` header (RFC 9110 §12.5.4). Only the primary subtag counts: `de-AT` gets
/// `de`.
pub fn accepted(header: &str) -> &'static Text {
    let [fallback, ..] = ALL;
    let mut best = (fallback, 0);
    for range in header.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let tag = parts.next().unwrap_or_default();
        let quality = parts.find_map(|it| it.strip_prefix("q="));
        let quality = quality.map_or(Some(1000), thousandths);
        let primary = tag.split('-').next().unwrap_or_default();
        if let (Some(text), Some(quality)) = (by_tag(primary), quality)
            && quality > best.1
        {
            best = (text, quality);
        }
    }
    best.0
}

/// Reads a weight (RFC 9110 §12.4.2), a digit and at most three decimals, as thousandths. Rust's own parser of
/// decimal numbers would link ten kilobytes of powers of five.
fn thousandths(weight: &str) -> Option<u32> {
    let (whole, fraction) = weight.split_once('.').unwrap_or((weight, ""));
    let mut digits = whole
        .chars()
        .chain(fraction.chars().chain("000".chars()).take(3));
    digits.try_fold(0, |sum: u32, digit| {
        sum.checked_mul(10)?.checked_add(digit.to_digit(10)?)
    })
}

/// The language with this tag (RFC 5646), where there is one.
pub fn by_tag(tag: &str) -> Option<&'static Text> {
    ALL.into_iter().find(|it| it.tag.eq_ignore_ascii_case(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_language_is_taken_and_nonsense_is_none() {
        for (header, tag) in [
            ("", "en"),
            ("de", "de"),
            ("de-AT,de;q=0.9,en;q=0.8", "de"),
            ("fr, en;q=0.5, de;q=0.6", "de"),
            ("en-GB, de", "en"),
            ("DE", "de"),
            ("de;q=0", "en"),
            ("de;q=x, en;q=0.1", "en"),
            ("en;q=0.899, de;q=0.9", "de"),
            ("en;q=0.9, de;q=1", "de"),
            ("en;q=0.9, de;q=1.000", "de"),
            ("en;q=0.001, de;q=0.002", "de"),
            ("en;q=0.1, de;q=99999999999", "en"),
            ("en;q=0.1, de;q=0.9.9", "en"),
            ("en;q=0.1, de;q=", "en"),
            ("../../etc/passwd", "en"),
            ("*", "en"),
        ] {
            assert_eq!(accepted(header).tag, tag, "{header}");
        }
        assert_eq!(accepted(&"xx,".repeat(10_000)).tag, "en");
    }
}
