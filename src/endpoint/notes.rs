//! What is noted of a request while it is answered, for its measure.

use core::cell::{Cell, RefCell};

use crate::snowflake::{ApplicationId, UserId};

/// What is noted of a request while it is answered.
#[derive(Debug, Default)]
pub struct Notes {
    /// The application that the request is about, once it was found.
    pub application: Cell<Option<ApplicationId>>,
    /// The grant type of a token request.
    pub grant: Cell<&'static str>,
    /// The user for whom the request got tokens.
    pub user: Cell<Option<UserId>>,
    /// The refusal: its name, and its words for the application's developer.
    pub refusal: RefCell<[String; 2]>,
}

/// The exact name of a refusal: the names of its variants in its `Debug`, from the outside in. Values that came from
/// outside stand in quotes there, and are left out.
pub fn name_of(refusal: &str) -> String {
    let mut unquoted = refusal.split('"').step_by(2);
    let unquoted = unquoted.next().unwrap_or_default();
    let words = unquoted.split(|it: char| !it.is_ascii_alphanumeric());
    let variants = words.filter(|word| word.starts_with(|it: char| it.is_ascii_uppercase()));
    let variants =
        variants.filter(|word| !matches!(*word, "Some" | "None" | "Notice" | "Ok" | "Err"));
    variants.take(4).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_s_name_has_nothing_that_was_sent() {
        for (debug, name) in [
            ("GrantType", "GrantType"),
            ("Missing(\"redirect_uri\")", "Missing"),
            (
                "Client { place: Header, reason: Unknown }",
                "Client.Header.Unknown",
            ),
            (
                "Notice(Notice { status: 400, message: BadLink, detail: Some(\"Secret A\") })",
                "BadLink",
            ),
            ("Grant(Code(Expired))", "Grant.Code.Expired"),
        ] {
            assert_eq!(name_of(debug), name);
        }
    }
}
