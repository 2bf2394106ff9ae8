//! Every word on the pages, one file a language. A language is added by its file, its line in [`ALL`] and its `mod`;
//! it does not compile while it lacks a string.
//!
//! Where a name or a number goes, the words have a [`HOLE`]. The comment of a field says what goes into its holes.

use crate::fluxer::permissions::{self, Group, Permission};
use crate::oauth::scope::Scope;

pub use account::AccountText;
pub use admin::{AdminText, ResourceText};
pub use consent::{BotText, ConsentText};
pub use developers::{DevelopersText, IconText, OAuthText};
pub use device::DeviceText;
pub use messages::{Message, MessagesText};
pub use negotiation::{accepted, by_tag};
pub use settings::SettingsText;
pub use time::TimeText;

mod account;
mod admin;
mod consent;
mod de;
mod developers;
mod device;
mod en;
mod messages;
mod negotiation;
mod settings;
mod time;

/// The mark in the words that a value replaces.
pub const HOLE: &str = "{}";

/// Words with their holes replaced by `values`, in order, as plain text.
pub fn filled(words: &str, values: &[&str]) -> String {
    let mut values = values.iter();
    let mut pieces = words.split(HOLE);
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        text.push_str(values.next().copied().unwrap_or_default());
        text.push_str(piece);
    }
    text
}

/// The languages. The first one is for every browser that wants none of them.
pub static ALL: [&Text; 2] = [&en::TEXT, &de::TEXT];

/// Every word of the pages in one language.
#[cfg_attr(test, derive(Debug))]
pub struct Text {
    /// The language tag (RFC 5646).
    pub tag: &'static str,
    /// The language's name for itself.
    pub name: &'static str,
    /// The direction of the script, as HTML's `dir` spells it: `ltr` or `rtl`.
    pub direction: &'static str,
    /// The words that stand on every page.
    pub layout: LayoutText,
    /// The login form.
    pub login: LoginText,
    /// The logout form.
    pub logout: LogoutText,
    /// The consent form.
    pub consent: ConsentText,
    /// The bot on the consent form, and the page that says where it is.
    pub bot: BotText,
    /// The page that takes the code of a device.
    pub device: DeviceText,
    /// The pages of those who make applications.
    pub developers: DevelopersText,
    /// How the pages tell times.
    pub time: TimeText,
    /// The page of a user's own account.
    pub account: AccountText,
    /// The page of what a user has authorized.
    pub settings: SettingsText,
    /// The pages for administrators.
    pub admin: AdminText,
    /// What a scope opens, in the order of [`Scope::ALL`].
    pub scopes: [&'static str; Scope::ALL.len()],
    /// What a permission allows, in the order of [`permissions::ALL`].
    pub permissions: [&'static str; permissions::ALL.len()],
    /// The kinds of permissions, in the order of [`Group::ALL`].
    pub groups: [&'static str; Group::ALL.len()],
    /// The pages that say one thing, such as an error.
    pub messages: MessagesText,
}

impl Text {
    /// What a scope opens, for the user who is to grant it.
    pub fn scope(&self, scope: Scope) -> &'static str {
        let words = self.scopes.get(scope as usize);
        words.copied().unwrap_or_default()
    }

    /// What a permission allows, for the user who is to grant it.
    pub fn permission(&self, permission: Permission) -> &'static str {
        let mut all = permissions::ALL.iter();
        let index = all.position(|it| it.bit == permission.bit);
        let words = index.and_then(|index| self.permissions.get(index));
        words.copied().unwrap_or(permission.name)
    }

    /// The name of a kind of permissions.
    pub fn group(&self, group: Group) -> &'static str {
        let words = self.groups.get(group as usize);
        words.copied().unwrap_or_default()
    }
}

/// The words that stand on every page.
#[cfg_attr(test, derive(Debug))]
pub struct LayoutText {
    /// The promise in the footer, with a hole for the platform's name.
    pub promise: &'static str,
    /// The label of the choice of languages.
    pub language: &'static str,
    /// The label of the button that changes the language, where no script does.
    pub change: &'static str,
    /// The name of the links for a user who is logged in, for screen readers.
    pub navigation: &'static str,
    /// The label of the link to the page of the user's own account.
    pub account: &'static str,
    /// The label of the link to the page of authorized applications.
    pub authorizations: &'static str,
    /// The label of the link to the page of the user's own applications.
    pub developers: &'static str,
    /// The label of the link to the pages for administrators.
    pub admin: &'static str,
    /// The label of the button that logs out.
    pub log_out: &'static str,
    /// The heading above what only a developer can use.
    pub for_developers: &'static str,
    /// The heading above what support asks for.
    pub for_support: &'static str,
    /// The label of the link to an address elsewhere, with a hole for the host.
    pub go_to: &'static str,
    /// The label of the link back to a form that was refused.
    pub start_again: &'static str,
    /// The words before a title where something went wrong.
    pub error: &'static str,
    /// The label of the link that skips the other links, for whoever uses a keyboard.
    pub skip: &'static str,
}

/// The login form.
#[cfg_attr(test, derive(Debug))]
pub struct LoginText {
    /// The heading, with a hole for the platform's name.
    pub heading: &'static str,
    /// Says which application waits for the login, with a hole for its name.
    pub to_continue: &'static str,
    /// The label of the field for the user name or the e-mail address.
    pub login: &'static str,
    /// The label of the field for the password.
    pub password: &'static str,
    /// The label of the button that logs in.
    pub submit: &'static str,
    /// Says that the login or the password is wrong. One text for both: which of them it was is not told.
    pub wrong: &'static str,
    /// Says that the account is suspended. Only whoever typed the right password reads it.
    pub suspended: &'static str,
    /// Says that there were too many attempts, with a hole for the wait until the next one.
    pub too_many: &'static str,
    /// Says that the form was open too long, or that the browser did not keep its cookie.
    pub expired: &'static str,
    /// The label of the link for whoever has forgotten the password.
    pub forgotten: &'static str,
}

/// The logout form.
#[cfg_attr(test, derive(Debug))]
pub struct LogoutText {
    /// The heading, with a hole for the platform's name.
    pub heading: &'static str,
    /// Says who is logged in, with a hole for the user's name.
    pub as_whom: &'static str,
    /// The label of the button that logs out.
    pub submit: &'static str,
    /// Says how to stay logged in.
    pub stay: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fills_a_hole_has_none() {
        assert_eq!(filled("a {} b {}", &["{}", "<"]), "a {} b <");
    }

    /// Every string of a language, each with the name of its field where it is alone in it.
    fn said(text: &Text) -> Vec<String> {
        let all = format!("{text:#?}");
        let strings = all.lines().filter(|line| line.contains('"'));
        strings.map(|line| line.trim().to_owned()).collect()
    }

    #[test]
    fn no_language_is_silent_or_half_translated() {
        // What is the same in both languages.
        const ALIKE: [&str; 13] = [
            "\"April\",",
            "\"August\",",
            "\"September\",",
            "\"November\",",
            "direction: \"ltr\",",
            "label: \"Code\",",
            "heading: \"OAuth\",",
            "name: \"Name\",",
            "bot: \"Bot\",",
            "scopes: \"Scopes\",",
            "authorize_url: \"Link\",",
            "administrator: \"Administrator\",",
            "communities: \"Communities\",",
        ];
        let holes = |words: &str| {
            let mut holes: Vec<_> = words.split('{').skip(1).collect();
            for hole in &mut holes {
                *hole = hole.split('}').next().unwrap_or_default();
            }
            holes.sort_unstable();
            holes.join(" ")
        };
        let english = said(&en::TEXT);
        assert!(english.len() > 300);
        for text in ALL {
            let other = said(text);
            assert_eq!(other.len(), english.len(), "{}", text.tag);
            for (words, original) in other.iter().zip(&english) {
                assert!(!words.contains("\"\""), "{}: {words}", text.tag);
                assert_eq!(holes(words), holes(original), "{words}");
                let is_translated = words != original || ALIKE.contains(&words.as_str());
                assert!(is_translated || text.tag == "en", "{words}");
            }
        }
    }
}
