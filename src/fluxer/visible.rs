//! Which characters a name may have: letters, marks and signs, but nothing that hides or reorders what
//! stands around it, so that no name passes for another or turns the sentence it stands in.
//!
//! Some scripts are not written without joiners and direction marks. These are taken where they show
//! (RFC 5892 Appendix A.1 and A.2), and nowhere else.

const ZWNJ: char = '\u{200c}';
const ZWJ: char = '\u{200d}';

/// Whether all of a text can be seen.
pub(super) fn is_visible(text: &str) -> bool {
    let is_right_to_left = text.chars().any(is_right_to_left);
    let mut before = None;
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        let after = rest.clone().next();
        let shows = match character {
            ZWJ => joins_emoji(before, after) || is_beside_virama(before, after),
            ZWNJ => is_beside_virama(before, after) || parts_arabic(before, after),
            '\u{200e}' | '\u{200f}' | '\u{61c}' => is_right_to_left && marks_a_turn(before, after),
            '\u{fe00}'..='\u{fe0f}' => before.is_some_and(|it| it > ' '),
            other => !hides(other),
        };
        if !shows {
            return false;
        }
        before = Some(character);
    }
    true
}

/// Zero-width characters, blanks that pass for letters, bidirectional controls, the byte-order mark,
/// tags.
fn hides(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{180e}'
                | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
                | '\u{2800}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// The parts of an emoji are joined and coloured by what does nothing anywhere else.
fn joins_emoji(before: Option<char>, after: Option<char>) -> bool {
    let is_part = |it: char| it >= '\u{2190}' && !is_virama(it);
    before.is_some_and(is_part) && after.is_some_and(is_part)
}

/// Beside a virama a joiner chooses between a conjunct and its parts.
fn is_beside_virama(before: Option<char>, after: Option<char>) -> bool {
    before.is_some_and(is_virama) || (before.is_some_and(is_indic) && after.is_some_and(is_virama))
}

/// Between Arabic letters that would join, a non-joiner ends a word's part, as in Persian.
fn parts_arabic(before: Option<char>, after: Option<char>) -> bool {
    before.is_some_and(joins_onward) && after.is_some_and(is_arabic)
}

/// A direction mark turns what has no direction of its own: spaces, digits and punctuation.
fn marks_a_turn(before: Option<char>, after: Option<char>) -> bool {
    let is_mark = |it: char| matches!(it, '\u{200e}' | '\u{200f}' | '\u{61c}');
    let is_neutral = |it: Option<char>| it.is_none_or(|it| !it.is_alphabetic() && !is_mark(it));
    before.is_some_and(|it| !is_mark(it)) && (is_neutral(before) || is_neutral(after))
}

fn is_right_to_left(character: char) -> bool {
    matches!(
        character,
        '\u{590}'..='\u{60b}' | '\u{60d}'..='\u{61b}' | '\u{61d}'..='\u{8ff}'
            | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}'
    )
}

/// Devanagari to Sinhala, Myanmar and Khmer.
fn is_indic(character: char) -> bool {
    matches!(character, '\u{900}'..='\u{dff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}')
}

fn is_virama(character: char) -> bool {
    matches!(
        character,
        '\u{94d}'
            | '\u{9cd}'
            | '\u{a4d}'
            | '\u{acd}'
            | '\u{b4d}'
            | '\u{bcd}'
            | '\u{c4d}'
            | '\u{ccd}'
            | '\u{d4d}'
            | '\u{dca}'
            | '\u{1039}'
            | '\u{17d2}'
    )
}

fn is_arabic(character: char) -> bool {
    matches!(
        character,
        '\u{620}'..='\u{64a}' | '\u{66e}'..='\u{6d3}' | '\u{6d5}' | '\u{6fa}'..='\u{6fc}'
            | '\u{750}'..='\u{77f}' | '\u{8a0}'..='\u{8c7}'
    )
}

/// Unicode's joining type D: alef, dal, ra, waw and their kind join only what stands before them.
fn joins_onward(character: char) -> bool {
    is_arabic(character)
        && !matches!(
            character,
            '\u{621}'..='\u{625}' | '\u{627}' | '\u{629}' | '\u{62f}'..='\u{632}' | '\u{648}'
                | '\u{671}'..='\u{677}' | '\u{688}'..='\u{699}' | '\u{6c0}'
                | '\u{6c3}'..='\u{6cb}' | '\u{6cd}' | '\u{6cf}' | '\u{6d2}'..='\u{6d5}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_script_needs_is_part_of_its_letters() {
        for name in [
            "\u{645}\u{6cc}\u{200c}\u{62e}\u{648}\u{627}\u{647}\u{645}", // Persian: a word in two parts
            "\u{0dc1}\u{0dca}\u{200d}\u{0dbb}\u{0dd3}",                  // Sinhala: a conjunct
            "\u{9b0}\u{200d}\u{9cd}\u{9af}\u{9be}\u{9ac}", // Bengali: the joiner first
            "\u{d05}\u{d35}\u{d28}\u{d4d}\u{200d}",        // Malayalam: at the end
            "\u{915}\u{94d}\u{200c}\u{937}",               // Hindi: a conjunct in parts
            "C++\u{200e} \u{5e9}\u{5dc}\u{5d5}\u{5dd}",    // Hebrew, and Latin with signs
            "\u{5e9}\u{5dc}\u{5d5}\u{5dd} (1)\u{200e}",
            "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}",
            "\u{2764}\u{fe0f}\u{200d}\u{1f525}",
        ] {
            assert!(is_visible(name), "{name}");
        }
    }

    #[test]
    fn what_only_hides_or_reorders_is_refused() {
        for name in [
            "Flu\u{200c}xer",
            "Flu\u{200d}xer",
            "Flu\u{200e}xer",
            "Fluxer\u{200e}",
            "\u{200d}",
            "\u{200e}\u{5e9}",
            "\u{5e9}\u{200f}\u{5dc}",
            "\u{5e9} \u{200f}\u{200f}",
            "\u{62f}\u{200c}\u{627}", // after a letter that does not join anyway
            "\u{645}\u{200c}",
            "\u{645}\u{200d}\u{645}",
            "\u{915}\u{200d}\u{937}",
            "\u{1f468}\u{200d}",
            "\u{1f468}\u{200d}x",
            "x\u{202e}y",
            "\u{5e9}\u{202d}x",
            "x\u{2066}y\u{2069}",
            "x\u{feff}",
            "\u{fe0f}",
        ] {
            assert!(!is_visible(name), "{}", name.escape_unicode());
        }
    }
}
