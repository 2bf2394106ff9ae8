//! Permission bits: what a member, or a bot, may do in a guild.
//!
//! Invariant: a [`Permissions`] travels as a decimal string, never as a JSON number, which
//! JavaScript would round above 2^53.

use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A permission of the platform: one bit of a bit field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permission {
    /// The bit's position.
    pub bit: u32,
    /// As the documentation spells it.
    pub name: &'static str,
    /// What it is about.
    pub group: Group,
}

/// What permissions are about, for people to find their way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// The guild itself.
    Guild,
    /// Who is in it.
    Members,
    /// What is written.
    Messages,
    /// What is said.
    Voice,
}

impl Group {
    /// Every group, in the order that people are shown.
    pub const ALL: [Self; 4] = [Self::Guild, Self::Members, Self::Messages, Self::Voice];
}

const fn permission(bit: u32, name: &'static str, group: Group) -> Permission {
    Permission { bit, name, group }
}

use Group::{Guild, Members, Messages, Voice};

/// Every permission that exists, by its bit. Any other bit grants nothing.
#[rustfmt::skip]
pub const ALL: &[Permission] = &[
    permission(0,  "CREATE_INSTANT_INVITE", Members),
    permission(1,  "KICK_MEMBERS",          Members),
    permission(2,  "BAN_MEMBERS",           Members),
    permission(3,  "ADMINISTRATOR",         Guild),
    permission(4,  "MANAGE_CHANNELS",       Guild),
    permission(5,  "MANAGE_GUILD",          Guild),
    permission(6,  "ADD_REACTIONS",         Messages),
    permission(7,  "VIEW_AUDIT_LOG",        Guild),
    permission(8,  "PRIORITY_SPEAKER",      Voice),
    permission(9,  "STREAM",                Voice),
    permission(10, "VIEW_CHANNEL",          Messages),
    permission(11, "SEND_MESSAGES",         Messages),
    permission(12, "SEND_TTS_MESSAGES",     Messages),
    permission(13, "MANAGE_MESSAGES",       Messages),
    permission(14, "EMBED_LINKS",           Messages),
    permission(15, "ATTACH_FILES",          Messages),
    permission(16, "READ_MESSAGE_HISTORY",  Messages),
    permission(17, "MENTION_EVERYONE",      Messages),
    permission(18, "USE_EXTERNAL_EMOJIS",   Messages),
    permission(20, "CONNECT",               Voice),
    permission(21, "SPEAK",                 Voice),
    permission(22, "MUTE_MEMBERS",          Voice),
    permission(23, "DEAFEN_MEMBERS",        Voice),
    permission(24, "MOVE_MEMBERS",          Voice),
    permission(25, "USE_VAD",               Voice),
    permission(26, "CHANGE_NICKNAME",       Members),
    permission(27, "MANAGE_NICKNAMES",      Members),
    permission(28, "MANAGE_ROLES",          Guild),
    permission(29, "MANAGE_WEBHOOKS",       Guild),
    permission(30, "MANAGE_EXPRESSIONS",    Guild),
    permission(37, "USE_EXTERNAL_STICKERS", Messages),
    permission(40, "MODERATE_MEMBERS",      Members),
    permission(43, "CREATE_EXPRESSIONS",    Guild),
    permission(51, "PIN_MESSAGES",          Messages),
    permission(52, "BYPASS_SLOWMODE",       Messages),
    permission(53, "UPDATE_RTC_REGION",     Voice),
    permission(54, "VIEW_CHANNEL_MEMBERS",  Members),
    permission(55, "CREATE_POLLS",          Messages),
];

impl Permission {
    /// The bit's value: a check box's, in decimal.
    pub const fn value(self) -> Permissions {
        Permissions(1 << self.bit)
    }

    /// Whether granting it deserves a second look: with it a bot can take a community over, or
    /// apart.
    pub fn is_dangerous(self) -> bool {
        Permissions::DANGEROUS.covers(self.value())
    }
}

/// A set of permission bits, existing ones or not: what was stored is given back as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Permissions(u64);

/// What [`Permissions::parse`] wants, in words.
pub const MUST: &str =
    "must be a decimal string of permission bits, from 0 to 18446744073709551615";

impl Permissions {
    /// None.
    pub const NONE: Self = Self(0);
    /// The permission that stands for all others.
    pub const ADMINISTRATOR: Self = Self(1 << 3);
    /// What adding a bot takes.
    pub const MANAGE_GUILD: Self = Self(1 << 5);
    /// What every member has unless somebody says otherwise.
    pub const DEFAULT: Self = Self(0x820_0635_CE41);

    const DANGEROUS: Self =
        Self((1 << 1) | (1 << 2) | (1 << 3) | (1 << 4) | (1 << 5) | (1 << 28) | (1 << 29));

    /// Every permission that exists.
    pub fn all() -> Self {
        ALL.iter()
            .fold(Self::NONE, |all, one| all.with(one.value()))
    }

    /// Reads canonical decimal of 64 bits: digits only, no leading zero.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let canonical = digits && (text == "0" || !text.starts_with('0'));
        let bits = canonical.then(|| text.parse().ok()).flatten();
        bits.map(Self).ok_or(MUST)
    }

    /// The set and `other`.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The permissions that are in both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether every bit of `other` is in this set.
    pub const fn covers(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// Whether the set is empty.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The permissions of the set that exist, by their bits.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        ALL.iter()
            .copied()
            .filter(move |permission| self.covers(permission.value()))
    }
}

impl fmt::Display for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Serialize for Permissions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Permissions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_canonical_decimals_of_64_bits_are_permissions() {
        for text in [
            "0",
            "8",
            "2147483647",
            "9007199254740993",
            "9223372036854775807",
            "18446744073709551615",
        ] {
            let parsed = Permissions::parse(text).map(|it| it.to_string());
            assert_eq!(parsed.as_deref(), Ok(text));
        }
        for text in [
            "",
            "-1",
            "+1",
            "0x8",
            "1e3",
            "8 ",
            " 8",
            "8.0",
            "00",
            "08",
            "８",
            "8\0",
            "18446744073709551616",
        ] {
            assert!(Permissions::parse(text).is_err(), "{text:?}");
        }
        assert!(Permissions::parse(&"9".repeat(10_000)).is_err());
    }

    #[test]
    fn the_bits_that_exist_are_these() {
        assert_eq!(Permissions::all().to_string(), "69815829414805503");
        assert_eq!(Permissions::DEFAULT.to_string(), "8933636165185");
        assert!(Permissions::all().covers(Permissions::DEFAULT));
        let in_order = ALL.windows(2).all(|pair| pair[0].bit < pair[1].bit);
        assert!(in_order, "no bit twice");
        assert_eq!(Permissions(1 << 60).iter().count(), 0);
        let names: Vec<_> = Permissions(0b1001).iter().map(|it| it.name).collect();
        assert_eq!(names, ["CREATE_INSTANT_INVITE", "ADMINISTRATOR"]);
    }

    #[test]
    fn bits_above_two_to_the_53_survive_json() {
        let json = "\"9007199254740993\"";
        let bits: Permissions = serde_json::from_str(json).expect("permissions");
        assert_eq!(serde_json::to_string(&bits).expect("JSON"), json);
        assert!(
            serde_json::from_str::<Permissions>("8").is_err(),
            "never a number"
        );
    }
}
