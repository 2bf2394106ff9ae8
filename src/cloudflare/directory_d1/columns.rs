//! The columns of a table in one list, which makes the code that reads a row, writes a row, and changes a column.

use serde::de::{DeserializeOwned, SeqAccess};
use serde::{Deserialize, Deserializer, Serialize};

use super::{Bind, id};

use crate::json_reader;

/// A column that is 0 or 1.
pub(super) struct Flag(pub(super) bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u8::deserialize(deserializer).map(|flag| Self(flag != 0))
    }
}

pub(super) fn flag(flag: bool) -> Bind<'static> {
    Bind::Bits(flag.into())
}

/// A column of JSON text.
pub(super) struct JsonColumn<T>(pub(super) T);

impl<'de, T: DeserializeOwned> Deserialize<'de> for JsonColumn<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let read = json_reader::read(&text).map_err(serde::de::Error::custom);
        read.map(Self)
    }
}

/// The JSON text of a list or of a struct of plain values, which can always be written.
pub(super) fn json(value: &impl Serialize) -> Bind<'static> {
    serde_json::to_string(value).map_or(Bind::Null, Bind::Id)
}

pub(super) fn id_or_null(value: Option<impl core::fmt::Display>) -> Bind<'static> {
    value.map_or(Bind::Null, id)
}

/// Reads the next column of a row.
pub(super) fn next<'de, A: SeqAccess<'de>, T: Deserialize<'de>>(
    row: &mut A,
) -> Result<T, A::Error> {
    let column = row.next_element()?;
    column.ok_or_else(|| serde::de::Error::custom("a row that is too short"))
}

/// Defines the type of a row, with `select()`, the SQL expression that makes such a row, and `columns()`, the columns
/// that a row is written to.
macro_rules! columns {
    (
        $table:ident as $row:ident of $noun:ty:
        $($column:ident: $type:ty, $write:expr;)+
    ) => {
        pub(super) struct $row {
            $($column: $type,)+
        }

        impl<'de> serde::Deserialize<'de> for $row {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_seq(Columns)
            }
        }

        struct Columns;

        impl<'de> serde::de::Visitor<'de> for Columns {
            type Value = $row;

            fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(concat!("a row of ", stringify!($table)))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut row: A) -> Result<$row, A::Error> {
                Ok($row {
                    $($column: $crate::cloudflare::directory_d1::columns::next(&mut row)?,)+
                })
            }
        }

        impl $row {
            pub(super) fn select() -> String {
                let columns = [$(concat!(stringify!($table), ".", stringify!($column))),+];
                format!("json_array({})", columns.join(", "))
            }

            pub(super) fn columns(noun: &$noun) -> Vec<(&'static str, Bind<'_>)> {
                fn written(
                    noun: &$noun,
                    write: impl for<'a> Fn(&'a $noun) -> Bind<'a>,
                ) -> Bind<'_> {
                    write(noun)
                }
                vec![$((stringify!($column), written(noun, $write))),+]
            }
        }
    };
}
pub(super) use columns;
