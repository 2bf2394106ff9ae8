//! Users, and what of them a scope shows.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::visible::is_visible;
use crate::crypto::hex;
use crate::http::{with_member, with_members};
use crate::oauth::scope::{Scope, Scopes};
use crate::snowflake::UserId;
use crate::time::Timestamp;

/// A user of the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// Their name, unique whatever its case.
    pub username: Username,
    /// Four digits behind the name.
    pub discriminator: Discriminator,
    /// Their e-mail address, unique whatever its case.
    pub email: Email,
    /// Whether they have proved that it is theirs.
    pub verified: bool,
    /// Whether they administer this server.
    pub admin: bool,
    /// Whether an administrator has suspended them: they log in nowhere, and their tokens do not work.
    pub suspended: bool,
    /// The hash of their avatar.
    pub avatar: Option<ImageHash>,
    /// Bits that everybody may see.
    pub public_flags: u32,
    /// The time when the account was made.
    pub created_at: Timestamp,
    /// The time when what stands here last changed, where that is known.
    pub updated_at: Option<Timestamp>,
}

impl User {
    /// What an application with these scopes sees; `identify` must be among them.
    pub fn through(&self, scopes: Scopes) -> Value {
        let shown = json!({
            "id": self.id,
            "username": self.username.as_str(),
            "avatar": self.avatar.as_ref().map(ImageHash::as_str),
            "discriminator": self.discriminator.as_str(),
            "public_flags": self.public_flags,
        });
        with_members(shown, self.contact(scopes))
    }

    /// The e-mail address, where the scopes open it.
    pub fn contact(&self, scopes: Scopes) -> Value {
        if !scopes.contains(Scope::Email) {
            return json!({});
        }
        match self.email.as_str() {
            "" => json!({"email": null, "verified": false}),
            email => json!({"email": email, "verified": self.verified}),
        }
    }

    /// What an administrator sees.
    pub fn in_full(&self) -> Value {
        let shown = with_member(self.through(Scope::Email.into()), "admin", self.admin);
        let shown = with_member(shown, "suspended", self.suspended);
        with_member(shown, "created_at", self.created_at.to_iso())
    }
}

/// What of a user is to change; `None` stays as it is, so that two changes at once cannot undo each
/// other.
#[derive(Debug, Clone, Default)]
pub struct UserChange {
    /// Their name.
    pub username: Option<Username>,
    /// Four digits behind the name.
    pub discriminator: Option<Discriminator>,
    /// Their e-mail address.
    pub email: Option<Email>,
    /// Whether they have proved that it is theirs.
    pub verified: Option<bool>,
    /// Whether they administer this server.
    pub admin: Option<bool>,
    /// Whether they are suspended.
    pub suspended: Option<bool>,
    /// Their avatar, or none.
    pub avatar: Option<Option<ImageHash>>,
    /// Bits that everybody may see.
    pub public_flags: Option<u32>,
}

impl UserChange {
    /// Unless the change says otherwise, an address that the user did not have before is one that they
    /// have not proved to be theirs.
    #[must_use]
    pub fn of(self, user: &User) -> Self {
        let is_new = self
            .email
            .as_ref()
            .is_some_and(|it| it.key() != user.email.key());
        Self {
            verified: self.verified.or(is_new.then_some(false)),
            ..self
        }
    }
}

/// Defines a string that follows a rule; the error is the rule, in words.
macro_rules! ruled_strings {
    ($($(#[$meta:meta])* $name:ident($rule:expr, $must:literal);)+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Takes a string that follows the rule.
            pub fn parse(text: &str) -> Result<Self, &'static str> {
                let rule: fn(&str) -> bool = $rule;
                if rule(text) { Ok(Self(text.to_owned())) } else { Err($must) }
            }

            /// The string.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = &'static str;

            fn try_from(text: String) -> Result<Self, &'static str> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(ruled: $name) -> Self {
                ruled.0
            }
        }
    )+};
}
pub(crate) use ruled_strings;

ruled_strings! {
    /// A user's name. ASCII, so that no two names look alike and none hides another.
    Username(
        |text| (1..=32).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte)),
        "must be 1 to 32 letters, digits, underscores, dots or hyphens"
    );
    /// Four digits.
    Discriminator(
        |text| text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit()),
        "must be four digits"
    );
    /// An e-mail address, as far as one can tell without sending to it (RFC 5321 §4.5.3.1.3).
    Email(
        |text| text.len() <= 254
            && text.bytes().all(|byte| byte.is_ascii_graphic())
            && text.split_once('@').is_some_and(|(local, domain)| {
                !local.is_empty() && !domain.is_empty() && !domain.contains('@')
            }),
        "must be an e-mail address of at most 254 characters"
    );
    /// The hash that names an uploaded image.
    ImageHash(
        |text| (1..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'),
        "must be an image hash: 1 to 64 letters, digits or underscores"
    );
}

impl ImageHash {
    /// The hash of an image whose bytes this server keeps.
    pub fn of_content(image: &[u8]) -> Self {
        Self(hex(&Sha256::digest(image)))
    }

    /// Whether the image is kept here. Any other is the platform's.
    pub fn is_kept_here(&self) -> bool {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        self.0.len() == 64 && self.0.bytes().all(is_digit)
    }
}

impl Default for Username {
    /// What a bot is called whose application's name has nothing that fits.
    fn default() -> Self {
        Self("bot".to_owned())
    }
}

impl Username {
    /// A name that a platform gave its user by its own rules. No login is compared with it.
    pub fn of_platform(text: &str) -> Result<Self, &'static str> {
        let is_name = (1..=100).contains(&text.chars().count()) && is_visible(text);
        let name = is_name.then(|| Self(text.to_owned()));
        name.ok_or("must be 1 to 100 visible characters")
    }

    /// What a login is compared with.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl Email {
    /// The address of a user whose platform knows none.
    pub const fn none() -> Self {
        Self(String::new())
    }

    /// What a login is compared with.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        for name in ["a", "alice", "Alice_2.x-y", &"a".repeat(32)] {
            assert!(Username::parse(name).is_ok(), "{name}");
        }
        for name in [
            "",
            "a b",
            "a\0",
            "аlice",
            "a\u{202e}b",
            "<script>",
            "a@b",
            &"a".repeat(33),
        ] {
            assert!(Username::parse(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn addresses_have_two_halves() {
        assert!(Email::parse("a@b").is_ok());
        for address in [
            "",
            "a",
            "@",
            "a@",
            "@b",
            "a@b@c",
            "a b@c",
            "a@b\n",
            &format!("a@{}", "b".repeat(253)),
        ] {
            assert!(Email::parse(address).is_err(), "{address:?}");
        }
    }
}
