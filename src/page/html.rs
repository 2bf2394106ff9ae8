//! HTML as it is written: literals of ours, with holes for what is not.
//!
//! Invariant: markup is a literal of this crate (`&'static str`), and whatever fills its holes is
//! escaped. There is no way to write anything else, so nothing that a stranger named becomes markup.
//!
//! A template engine would do the same with more code at each hole, and a Worker pays for its code at
//! each cold start: askama's took a tenth of the Worker's code.

/// HTML that is being written.
#[derive(Debug, Default)]
pub struct Html(String);

/// Where a value goes.
const HOLE: &str = "{}";

/// Writes markup with a value in each of its holes: as many as there are, or it does not compile.
macro_rules! html {
    ($out:expr, $markup:expr $(, $value:expr)* $(,)?) => {{
        const MARKUP: &str = $markup;
        const VALUES: &[&str] = &[$(stringify!($value)),*];
        const { assert!($crate::page::html::holes(MARKUP) == VALUES.len()) }
        $out.fill(MARKUP, &[$(&*$value),*]);
    }};
}
pub(crate) use html;

impl Html {
    /// Writes markup, with the values in its holes.
    pub fn fill(&mut self, markup: &'static str, values: &[&str]) {
        self.pieces(
            markup,
            values,
            |out, literal| out.0.push_str(literal),
            "",
            "",
        );
    }

    /// Writes words of ours, with names in their holes that are not: set off, and turned to their own
    /// reading direction.
    pub fn sentence(&mut self, words: &'static str, names: &[&str]) {
        self.around(words, names, "<bdi class=\"name\">", "</bdi>");
    }

    /// Writes words of ours, with values in their holes between two pieces of markup.
    pub fn around(
        &mut self,
        words: &'static str,
        values: &[&str],
        before: &'static str,
        after: &'static str,
    ) {
        self.pieces(words, values, Self::text, before, after);
    }

    fn pieces(
        &mut self,
        literal: &'static str,
        values: &[&str],
        write: fn(&mut Self, &str),
        before: &'static str,
        after: &'static str,
    ) {
        let mut values = values.iter();
        for (index, piece) in literal.split(HOLE).enumerate() {
            if index > 0
                && let Some(value) = values.next()
            {
                self.0.push_str(before);
                self.text(value);
                self.0.push_str(after);
            }
            write(self, piece);
        }
    }

    /// Writes text: in an element or in a quoted attribute, it stays text.
    pub fn text(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&#34;"),
                '\'' => self.0.push_str("&#39;"),
                other => self.0.push(other),
            }
        }
    }

    /// What was written.
    pub fn finish(self) -> String {
        self.0
    }
}

/// Words of ours with values in their holes, as text.
pub fn filled(words: &'static str, values: &[&str]) -> String {
    let mut values = values.iter();
    let mut pieces = words.split(HOLE);
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        text.push_str(values.next().copied().unwrap_or_default());
        text.push_str(piece);
    }
    text
}

/// How many holes markup has.
pub const fn holes(markup: &str) -> usize {
    let mut rest = markup.as_bytes();
    let mut holes = 0;
    while let [first, tail @ ..] = rest {
        if let (b'{', [b'}', ..]) = (*first, tail) {
            holes += 1;
        }
        rest = tail;
    }
    holes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fills_a_hole_stays_text() {
        let mut out = Html::default();
        let nasty = "</p>\"'&<script>{}";
        html!(out, r#"<p title="{}">{}</p>"#, nasty, nasty);
        out.sentence("{} & {}", &["<a>", "b"]);
        let escaped = "&lt;/p&gt;&#34;&#39;&amp;&lt;script&gt;{}";
        let written = format!(
            "<p title=\"{escaped}\">{escaped}</p><bdi class=\"name\">&lt;a&gt;</bdi> &amp; \
             <bdi class=\"name\">b</bdi>"
        );
        assert_eq!(out.finish(), written);
        assert_eq!(filled("a {} b {}", &["{}", "<"]), "a {} b <");
    }

    #[test]
    fn holes_are_counted() {
        for (markup, count) in [("", 0), ("{}", 1), ("a{}{} {{}", 3), ("{ }", 0), ("{", 0)] {
            assert_eq!(holes(markup), count, "{markup}");
        }
    }
}
