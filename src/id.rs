//! Ids that say nothing: 128 bits, on the wire 22 characters of base64url.

use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::base64url;

macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident,)+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// An id from its bytes.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The id that is cut from a hash.
            pub fn of_hash(hash: &[u8; 32]) -> Self {
                let mut bytes = [0; 16];
                bytes.copy_from_slice(hash.split_at(16).0);
                Self(bytes)
            }

            /// The bytes.
            pub const fn to_bytes(self) -> [u8; 16] {
                self.0
            }

            /// Reads the 22 characters.
            pub fn parse(text: &str) -> Option<Self> {
                base64url::decode_array(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&base64url::encode(&self.0))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not an id of 128 bits"))
            }
        }
    )+};
}

ids! {
    /// A family: one login of one user, for one application, on one device.
    ///
    /// It begins with its code, and its id is cut from the code's hash: who presents the code names
    /// the family, and who knows the family knows nothing of the code.
    FamilyId,
    /// A request's name for itself: the edge repeats a verb whose answer was lost, and the ledger
    /// knows it again.
    AttemptId,
    /// A consent form's answer that adds a bot to a guild, so that the form sent twice adds it once
    /// and is answered the same.
    InstallationId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_the_wire_and_nothing_else_parses_as_one() {
        let id = FamilyId::of_hash(&[0xA5; 32]);
        assert_eq!(FamilyId::parse(&id.to_string()), Some(id));
        for not_an_id in [
            "",
            ".",
            "AAAA",
            "AAAAAAAAAAAAAAAAAAAAAAA",
            "AAAAAAAAAAAAAAAAAAAAA/",
        ] {
            assert_eq!(FamilyId::parse(not_an_id), None, "{not_an_id}");
        }
    }
}
