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

pub mod authorization_request;
pub mod client;
pub mod code;
pub mod error;
pub mod grant_type;
pub mod params;
pub mod pkce;
pub mod redirect_uri;
pub mod scope;
pub mod token;
