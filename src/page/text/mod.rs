//! Every word on the pages, one file a language. Adding a language is adding its file, its line in
//! [`ALL`] and its `mod`: a string that it lacks does not compile. Where a name or a number goes,
//! words have a hole: `{}`.

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

/// Where a value goes in words of ours.
pub const HOLE: &str = "{}";

/// Words of ours with values in their holes, as text.
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

/// The languages, the one for everybody else first.
pub static ALL: [&Text; 2] = [&en::TEXT, &de::TEXT];

/// Everything that the pages say, in one language.
#[cfg_attr(test, derive(Debug))]
pub struct Text {
    /// The language tag (RFC 5646).
    pub tag: &'static str,
    /// The language's name for itself.
    pub name: &'static str,
    /// `ltr` or `rtl`.
    pub direction: &'static str,
    /// What stands on every page.
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
    /// How times are told.
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
    /// The pages that say one thing.
    pub messages: MessagesText,
}

impl Text {
    /// What a scope opens.
    pub fn scope(&self, scope: Scope) -> &'static str {
        let words = self.scopes.get(scope as usize);
        words.copied().unwrap_or_default()
    }

    /// What a permission allows.
    pub fn permission(&self, permission: Permission) -> &'static str {
        let mut all = permissions::ALL.iter();
        let index = all.position(|it| it.bit == permission.bit);
        let words = index.and_then(|index| self.permissions.get(index));
        words.copied().unwrap_or(permission.name)
    }

    /// A kind of permissions.
    pub fn group(&self, group: Group) -> &'static str {
        let words = self.groups.get(group as usize);
        words.copied().unwrap_or_default()
    }
}

/// What stands on every page.
#[cfg_attr(test, derive(Debug))]
pub struct LayoutText {
    /// In the footer; around the platform's name.
    pub promise: &'static str,
    /// Names the choice of languages.
    pub language: &'static str,
    /// Changes the language, where there is no script.
    pub change: &'static str,
    /// Names the links for a user who is logged in.
    pub navigation: &'static str,
    /// The page of the user's own account.
    pub account: &'static str,
    /// The page of authorized applications.
    pub authorizations: &'static str,
    /// The page of the user's own applications.
    pub developers: &'static str,
    /// The page for administrators.
    pub admin: &'static str,
    /// Logs out.
    pub log_out: &'static str,
    /// Above what only a developer can use.
    pub for_developers: &'static str,
    /// Above what support asks for.
    pub for_support: &'static str,
    /// The way on to an address elsewhere.
    pub go_to: &'static str,
    /// The way back to a form that was refused.
    pub start_again: &'static str,
    /// In front of a title where something went wrong.
    pub error: &'static str,
    /// Skips the links, for whoever has no mouse.
    pub skip: &'static str,
}

/// The login form.
#[cfg_attr(test, derive(Debug))]
pub struct LoginText {
    /// The heading, around the platform's name.
    pub heading: &'static str,
    /// Around the application that the user is on the way to.
    pub to_continue: &'static str,
    /// The label of the field for the user name or the e-mail address.
    pub login: &'static str,
    /// The label of the field for the password.
    pub password: &'static str,
    /// The button.
    pub submit: &'static str,
    /// One text, whichever of the two was wrong.
    pub wrong: &'static str,
    /// The right password of a suspended user.
    pub suspended: &'static str,
    /// Around the wait until the next attempt.
    pub too_many: &'static str,
    /// The form was open too long, or the browser did not keep its cookie.
    pub expired: &'static str,
    /// The way on for whoever has forgotten the password.
    pub forgotten: &'static str,
}

/// The logout form.
#[cfg_attr(test, derive(Debug))]
pub struct LogoutText {
    /// The heading, around the platform's name.
    pub heading: &'static str,
    /// Around the user's name.
    pub as_whom: &'static str,
    /// The button.
    pub submit: &'static str,
    /// The way back for whoever stays logged in.
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
