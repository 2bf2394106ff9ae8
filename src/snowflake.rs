//! Ids: 64-bit snowflakes, decimal strings on the wire.
//!
//! Invariant: an id is read only from its canonical decimal spelling, and never travels as a JSON
//! number, which JavaScript would round above 2^53.

use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Milliseconds from 1970 to the epoch of Fluxer's snowflakes, 2015-01-01T00:00:00Z.
const EPOCH_MILLIS: u64 = 1_420_070_400_000;
/// A snowflake's low bits: 10 of node, 12 of sequence.
const LOW_BITS: u32 = 22;

/// An id: milliseconds since 2015 over 22 low bits. Positive and at most 2^63 - 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Snowflake(u64);

impl Snowflake {
    /// A new id for something made at `now_millis` (since 1970). The edge has no node numbers to
    /// hand out, so the low bits are random; the directory's primary key refuses the rare twin.
    pub const fn generate(now_millis: u64, entropy: [u8; 4]) -> Self {
        let low = u32::from_be_bytes(entropy) as u64 & ((1 << LOW_BITS) - 1);
        let since_epoch = now_millis.saturating_sub(EPOCH_MILLIS) & ((1 << 41) - 1);
        Self((since_epoch << LOW_BITS) | low)
    }

    /// Reads canonical decimal: digits only, no leading zero, 1 to 2^63 - 1.
    pub fn parse(text: &str) -> Option<Self> {
        let canonical = !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
        let value: u64 = canonical.then(|| text.parse().ok()).flatten()?;
        (value > 0 && i64::try_from(value).is_ok()).then_some(Self(value))
    }

    /// The smallest id of that instant: what was made before it has a smaller one.
    pub const fn first_of(millis: u64) -> Self {
        Self::generate(millis, [0; 4])
    }

    /// When it was made: milliseconds since 1970.
    pub const fn created_at_millis(self) -> u64 {
        (self.0 >> LOW_BITS) + EPOCH_MILLIS
    }

    /// The eight bytes, big-endian.
    pub const fn to_bytes(self) -> [u8; 8] {
        self.0.to_be_bytes()
    }

    /// Back from [`Self::to_bytes`].
    pub const fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(u64::from_be_bytes(bytes))
    }
}

impl fmt::Display for Snowflake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Serialize for Snowflake {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Snowflake {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a snowflake"))
    }
}

/// Ids of different things are different types.
macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident,)+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Snowflake);

        impl $name {
            /// Reads the canonical decimal spelling.
            pub fn parse(text: &str) -> Option<Self> {
                Snowflake::parse(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

ids! {
    /// A user.
    UserId,
    /// An application; as `client_id`, and as the id of its bot, the same number.
    ApplicationId,
    /// A guild: what people see as a community.
    GuildId,
    /// A role in a guild.
    RoleId,
    /// An entry of the audit log.
    AuditEntryId,
    /// Another resource server.
    ResourceId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_canonical_decimals_of_63_bits_are_ids() {
        for id in [
            "1",
            "999999999999999999",
            "9007199254740993",
            "9223372036854775807",
        ] {
            assert_eq!(
                Snowflake::parse(id).map(|id| id.to_string()).as_deref(),
                Some(id)
            );
        }
        for not_an_id in [
            "",
            "0",
            "00",
            "01",
            "-1",
            "+1",
            "1.0",
            "1e3",
            "0x8",
            " 1",
            "1 ",
            "１",
            "abc",
            "1\0",
            "9223372036854775808",
            "18446744073709551616",
            "99999999999999999999999999",
        ] {
            assert_eq!(Snowflake::parse(not_an_id), None, "{not_an_id:?}");
        }
    }

    #[test]
    fn an_id_keeps_its_birthday_and_its_entropy() {
        let id = Snowflake::generate(EPOCH_MILLIS + 5, [0xFF; 4]);
        assert_eq!(id.0 >> LOW_BITS, 5);
        assert_eq!(id.0 & 0x3F_FFFF, 0x3F_FFFF);
        assert_eq!(Snowflake::from_bytes(id.to_bytes()), id);
    }

    #[test]
    fn ids_are_json_strings_above_two_to_the_53() {
        let id: UserId = serde_json::from_str("\"9007199254740993\"").expect("an id");
        assert_eq!(
            serde_json::to_string(&id).expect("json"),
            "\"9007199254740993\""
        );
        assert!(serde_json::from_str::<UserId>("9007199254740993").is_err());
    }
}
