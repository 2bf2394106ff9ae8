//! Values that a page shows to be pasted elsewhere: an id, a secret, code.

use maud::{Markup, html};

use super::text::DevelopersText;

/// A value to paste elsewhere, in the element `id`, with a button that copies it. `described_by` is the id of
/// the element that names the value.
pub(super) fn copyable(id: &str, described_by: &str, value: &str, text: &DevelopersText) -> Markup {
    html! {
        span.copyable {
            code id=(id) translate="no" { (value) } " "
            (copy_button(id, described_by, text))
        }
    }
}

/// The button that copies the text of the element `id`. It is hidden until the script shows it.
pub(super) fn copy_button(id: &str, described_by: &str, text: &DevelopersText) -> Markup {
    html! {
        button.small type="button" hidden data-copy=(id) data-copied=(text.copied)
            aria-describedby=(described_by) { (text.copy) }
    }
}

/// A secret with its label, and the words that say that it is shown this once.
pub(super) fn secret(id: &str, label: &str, value: &str, text: &DevelopersText) -> Markup {
    let label_id = [id, "-label"].concat();
    html! {
        div.once role="status" {
            p.name id=(label_id) { (label) }
            p { (copyable(id, &label_id, value, text)) }
            p { (text.once) }
        }
    }
}
