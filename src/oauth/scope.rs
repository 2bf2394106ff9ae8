//! Scopes: what a token opens.
//!
//! Invariant: a [`Scopes`] is a set, always spelled in canonical order.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

wire_enum! {
    /// One scope: Fluxer's six, and three of OpenID Connect (Core §3.1.2.1, §5.4, §11).
    pub enum Scope {
        /// The user's id, name, avatar and public flags.
        Identify = "identify",
        /// Adds the user's e-mail address to `identify`.
        Email = "email",
        /// The guilds the user is in.
        Guilds = "guilds",
        /// The user's linked accounts elsewhere.
        Connections = "connections",
        /// Adds the application's bot to a guild.
        Bot = "bot",
        /// Administration, for trusted applications and administrators.
        Admin = "admin",
        /// An ID token, and the user's id at the userinfo endpoint.
        Openid = "openid",
        /// What `identify` opens, under the name that OpenID Connect's libraries ask for unasked.
        Profile = "profile",
        /// Nothing more: refresh tokens are given anyway.
        OfflineAccess = "offline_access",
    }
}

wire_set! {
    /// A set of scopes.
    pub struct Scopes of Scope;
}

/// Why a `scope` parameter was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScopeError {
    /// Not `scope-token *( SP scope-token )`: a control character, a quote (RFC 6749 §3.3).
    Malformed,
    /// A well-formed scope that this server does not have.
    Unknown,
}

impl Scopes {
    /// The scopes that open a user's data, and that every application may ask for.
    pub const fn of_users() -> Self {
        Self::NONE
            .with(Scope::Identify)
            .with(Scope::Email)
            .with(Scope::Guilds)
            .with(Scope::Connections)
            .with(Scope::Openid)
            .with(Scope::Profile)
            .with(Scope::OfflineAccess)
    }

    /// What of these a user who agrees at all cannot withhold: who they are, and what opens nothing
    /// by itself.
    #[must_use]
    pub const fn not_withheld(self) -> Self {
        let kept = Self::NONE
            .with(Scope::Identify)
            .with(Scope::Openid)
            .with(Scope::OfflineAccess);
        let kept = if self.contains(Scope::Identify) {
            kept.with(Scope::Profile)
        } else {
            kept
        };
        self.intersection(kept)
    }

    /// Whether a scope has a line of its own where users are asked for these: next to `identify`,
    /// `openid` and `profile` open nothing that it does not.
    pub const fn asks_for(self, scope: Scope) -> bool {
        let is_implied = matches!(scope, Scope::Openid | Scope::Profile);
        self.contains(scope) && !(is_implied && self.contains(Scope::Identify))
    }

    /// Whether the scopes open anything.
    pub const fn open_nothing(self) -> bool {
        self.without(Self::NONE.with(Scope::OfflineAccess))
            .is_empty()
    }

    /// Reads a `scope` parameter (RFC 6749 §3.3): tokens separated by spaces; case matters, order and
    /// repetition do not. More spaces than the grammar has are forgiven: clients append to a list
    /// that is empty.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        let mut scopes = Self::NONE;
        for token in text.split(' ').filter(|token| !token.is_empty()) {
            // scope-token = 1*( %x21 / %x23-5B / %x5D-7E )
            let mut bytes = token.bytes();
            let well_formed = bytes.all(|byte| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E));
            if !well_formed {
                return Err(ScopeError::Malformed);
            }
            scopes = scopes.with(Scope::from_wire(token).ok_or(ScopeError::Unknown)?);
        }
        Ok(scopes)
    }

    /// Whether every scope of `other` is in this set.
    pub const fn covers(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// The scopes that are in both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The scopes that are in one of the sets, or in both.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in this set and not in `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether the set is empty.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(|_| serde::de::Error::custom("unknown scope"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&str, ScopeError>) {
        let parsed = Scopes::parse(text).map(|scopes| scopes.to_string());
        assert_eq!(parsed, expected.map(str::to_owned), "{text:?}");
    }

    #[test]
    fn scopes_are_a_set_in_canonical_order() {
        check("identify", Ok("identify"));
        check("admin bot identify email", Ok("identify email bot admin"));
        check("guilds guilds guilds", Ok("guilds"));
        check(
            "offline_access openid email",
            Ok("email openid offline_access"),
        );
    }

    #[test]
    fn spaces_before_after_and_between_are_forgiven() {
        for text in [
            " identify email",
            "identify email ",
            "identify   email",
            "  email  identify ",
        ] {
            check(text, Ok("identify email"));
        }
        check("", Ok(""));
        check("  ", Ok(""));
    }

    #[test]
    fn openid_has_a_line_of_its_own_where_identify_does_not_stand_beside_it() {
        let scopes = |text| Scopes::parse(text).expect("valid");
        assert!(!scopes("identify openid").asks_for(Scope::Openid));
        assert!(!scopes("identify profile").asks_for(Scope::Profile));
        assert!(scopes("openid profile").asks_for(Scope::Openid));
        assert!(scopes("openid profile").asks_for(Scope::Profile));
        assert!(!scopes("identify").asks_for(Scope::Openid));
        let check = |asked, kept: &str| {
            assert_eq!(scopes(asked).not_withheld().to_string(), kept, "{asked}");
        };
        check("identify email openid profile", "identify openid profile");
        check(
            "email openid profile offline_access",
            "openid offline_access",
        );
        check("guilds", "");
    }

    #[test]
    fn offline_access_alone_opens_nothing() {
        assert!(Scopes::from(Scope::OfflineAccess).open_nothing());
        assert!(!Scopes::from(Scope::Openid).open_nothing());
    }

    #[test]
    fn the_grammar_is_rfc_6749_section_3_3_character_by_character() {
        for malformed in [
            "identify\temail",
            "a\"b",
            "a\\b",
            "a\u{7f}",
            "a\0",
            "\u{a0}",
            "identify\u{a0}email",
            "😀",
        ] {
            check(malformed, Err(ScopeError::Malformed));
        }
        for unknown in [
            "Identify",
            "!",
            "#[",
            "]~",
            "applications.commands",
            "identify,email",
        ] {
            check(unknown, Err(ScopeError::Unknown));
        }
    }

    #[test]
    fn one_unknown_scope_refuses_the_whole_list() {
        check("identify address", Err(ScopeError::Unknown));
    }

    #[test]
    fn no_scope_stands_for_another() {
        for &scope in Scope::ALL {
            assert_eq!(Scopes::from(scope).iter().collect::<Vec<_>>(), [scope]);
        }
    }

    #[test]
    fn set_operations_hold() {
        let asked = Scopes::parse("identify email guilds").expect("valid");
        let ticked = Scopes::parse("identify guilds").expect("valid");
        assert!(asked.covers(ticked) && !ticked.covers(asked));
        assert_eq!(asked.without(ticked), Scope::Email.into());
        assert_eq!(ticked.union(Scope::Email.into()), asked);
        assert_eq!(asked.intersection(Scope::Bot.into()), Scopes::NONE);
    }
}
