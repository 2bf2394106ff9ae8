//! The RFCs' nouns: what a client, a scope, a code, a token *is*, and how each is spelled.
//!
//! Nothing here waits: every function is a plain decision over values.

/// Defines an enum whose variants are spelled on the wire: the type, its parser, its spelling and
/// `ALL`, from one list, so that metadata and parser can never disagree.
macro_rules! wire_enum {
    (
        $(#[$meta:meta])*
        pub enum $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $wire:literal,)+ }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$variant_meta])* $variant,)+ }

        impl $name {
            /// Every variant, in canonical order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The spelling on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $wire,)+ }
            }

            /// Every spelling, for people to read.
            pub const LISTED: &'static str = {
                let all = concat!($($wire, ", ",)+);
                all.split_at(all.len() - 2).0
            };

            /// The rule that a value of another spelling breaks.
            pub const MUST: &'static str = {
                let all = concat!("must be one of ", $($wire, ", ",)+);
                all.split_at(all.len() - 2).0
            };

            /// Reads the wire's spelling; case matters.
            pub fn from_wire(spelled: &str) -> Option<Self> {
                match spelled { $($wire => Some(Self::$variant),)+ _ => None }
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

pub(crate) use wire_enum;

/// Defines a set of the variants of a [`wire_enum`], always listed in canonical order.
macro_rules! wire_set {
    ($(#[$meta:meta])* pub struct $set:ident of $member:ident;) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Default)]
        pub struct $set(u32);

        // A member without a bit of its own would stand for another one.
        const _: () = assert!($member::ALL.len() <= u32::BITS as usize);

        impl $set {
            /// The empty set.
            pub const NONE: Self = Self(0);

            const fn bit(member: $member) -> u32 {
                1 << member as u32
            }

            /// The set and `member`.
            #[must_use]
            pub const fn with(self, member: $member) -> Self {
                Self(self.0 | Self::bit(member))
            }

            /// Whether `member` is in the set.
            pub const fn contains(self, member: $member) -> bool {
                self.0 & Self::bit(member) != 0
            }

            /// The members in canonical order.
            pub fn iter(self) -> impl Iterator<Item = $member> {
                let all = $member::ALL.iter().copied();
                all.filter(move |&member| self.contains(member))
            }
        }

        impl From<$member> for $set {
            fn from(member: $member) -> Self {
                Self::NONE.with(member)
            }
        }

        impl FromIterator<$member> for $set {
            fn from_iter<I: IntoIterator<Item = $member>>(members: I) -> Self {
                members.into_iter().fold(Self::NONE, Self::with)
            }
        }

        /// As the wire lists them: separated by spaces.
        impl core::fmt::Display for $set {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                for (index, member) in self.iter().enumerate() {
                    if index > 0 {
                        f.write_str(" ")?;
                    }
                    f.write_str(member.as_str())?;
                }
                Ok(())
            }
        }

        impl core::fmt::Debug for $set {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, "{}({self})", stringify!($set))
            }
        }
    };
}

pub mod authority;
pub mod authorization_request;
pub mod binding;
pub mod client;
pub mod code;
pub mod device;
pub mod dpop;
pub mod error;
pub mod grant_type;
pub mod issuer;
pub mod jwk;
pub mod jws;
pub mod openid;
pub mod params;
pub mod pkce;
pub mod redirect_uri;
pub mod resource;
pub mod scope;
pub mod token;
