//! Reads JSON that this server wrote itself, or had its own parts write: rows, records, messages to objects. A
//! token's header too.
//!
//! `serde_json::from_str` lays out its parser once more for each type that it reads, which was a tenth of the
//! Worker's code. Here a text is parsed once, by `serde_json` into [`Json`], and what each type adds is its own
//! visitor and little else: a struct is read from an object only, a tuple and a row from an array only.
//!
//! Invariant: a type is read here exactly as `serde_json` reads it, but that a struct is never an array.

use core::fmt;
use core::mem::replace;
use std::borrow::Cow;
use std::vec;

use serde::Deserialize;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};
use serde_json::{Error, Number, Value};

/// Reads a text.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    // As bytes, of which everything from outside is made too: the parser is laid out once.
    T::deserialize(serde_json::from_slice::<Json<'_>>(text.as_bytes())?)
}

/// Reads what is parsed already.
pub fn read_value<T: DeserializeOwned>(value: &Value) -> Result<T, Error> {
    T::deserialize(Json::of(value))
}

/// What a text says. Its names and strings stay where they are, but for those with an escape.
enum Json<'a> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'a, str>),
    Array(Vec<Json<'a>>),
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

impl<'a> Json<'a> {
    fn of(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(number) => Self::Number(number.clone()),
            Value::String(text) => Self::Text(Cow::Borrowed(text)),
            Value::Array(items) => Self::Array(items.iter().map(Self::of).collect()),
            Value::Object(members) => {
                let members = members.iter();
                let member = |(name, value)| (Cow::Borrowed(String::as_str(name)), Self::of(value));
                Self::Object(members.map(member).collect())
            }
        }
    }

    #[cold]
    #[inline(never)]
    fn is_no(&self, expected: &str) -> Error {
        let found = match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        };
        Error::custom(format!("{found} in place of {expected}"))
    }
}

impl<'de> Deserialize<'de> for Json<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Parsing)
    }
}

struct Parsing;

impl<'de> Visitor<'de> for Parsing {
    type Value = Json<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Number::from_f64(value).map_or(Json::Null, Json::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Json::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut read = Vec::new();
        while let Some(item) = items.next_element()? {
            read.push(item);
        }
        Ok(Json::Array(read))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut read = Vec::new();
        while let Some((name, value)) = members.next_entry()? {
            match name {
                Json::Text(name) => read.push((name, value)),
                _ => return Err(A::Error::custom("a name that is no string")),
            }
        }
        Ok(Json::Object(read))
    }
}

/// Every kind of integer and floating-point number, and every kind of text, is read alike.
macro_rules! alike {
    ($read:ident: $($method:ident)+) => {
        $(
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
                self.$read(visitor)
            }
        )+
    };
}

impl<'de> Deserializer<'de> for Json<'_> {
    type Error = Error;

    alike!(deserialize_f64: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_f32);
    alike!(deserialize_string: deserialize_char deserialize_str deserialize_identifier
        deserialize_bytes deserialize_byte_buf);

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Null => visitor.visit_unit(),
            Self::Bool(value) => visitor.visit_bool(value),
            Self::Number(number) => number.deserialize_any(visitor),
            Self::Text(text) => visitor.visit_str(&text),
            Self::Array(_) => self.deserialize_seq(visitor),
            Self::Object(_) => self.deserialize_map(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Bool(value) => visitor.visit_bool(value),
            _ => Err(self.is_no("a boolean")),
        }
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Number(number) => number.deserialize_any(visitor),
            _ => Err(self.is_no("a number")),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Text(text) => visitor.visit_str(&text),
            _ => Err(self.is_no("a string")),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Null => visitor.visit_unit(),
            _ => Err(self.is_no("null")),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let Self::Array(items) = self else {
            return Err(self.is_no("an array"));
        };
        let mut items = Items(items.into_iter());
        let read = visitor.visit_seq(&mut items)?;
        match items.0.next() {
            None => Ok(read),
            Some(_) => Err(Error::custom("an array with too many items")),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _length: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _length: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Object(members) => visitor.visit_map(Members {
                rest: members.into_iter(),
                value: Json::Null,
            }),
            _ => Err(self.is_no("an object")),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(self.variant()?)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }
}

impl<'a> Json<'a> {
    /// A variant is its name, or an object with one member of that name.
    fn variant(self) -> Result<Variant<'a>, Error> {
        match self {
            Self::Text(_) => Ok(Variant(self, None)),
            Self::Object(members) if members.len() == 1 => {
                let member = members.into_iter().next();
                let (name, value) = member.ok_or_else(|| Error::custom("no variant"))?;
                Ok(Variant(Self::Text(name), Some(value)))
            }
            _ => Err(self.is_no("a variant")),
        }
    }
}

struct Items<'a>(vec::IntoIter<Json<'a>>);

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        let next = self.0.next();
        next.map(|item| seed.deserialize(item)).transpose()
    }
}

struct Members<'a> {
    rest: vec::IntoIter<(Cow<'a, str>, Json<'a>)>,
    value: Json<'a>,
}

impl<'a> Members<'a> {
    /// The next member's name; its value is kept until it is asked for.
    fn advance(&mut self) -> Option<Json<'a>> {
        let (name, value) = self.rest.next()?;
        self.value = value;
        Some(Json::Text(name))
    }
}

impl<'de> MapAccess<'de> for Members<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        self.advance()
            .map(|name| seed.deserialize(name))
            .transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(replace(&mut self.value, Json::Null))
    }
}

/// A variant's name and, but for a unit, its content.
struct Variant<'a>(Json<'a>, Option<Json<'a>>);

impl<'a> Variant<'a> {
    fn content(self) -> Result<Json<'a>, Error> {
        self.1
            .ok_or_else(|| Error::custom("a variant without content"))
    }
}

impl<'de> EnumAccess<'de> for Variant<'_> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(mut self, seed: V) -> Result<(V::Value, Self), Error> {
        let name = seed.deserialize(replace(&mut self.0, Json::Null))?;
        Ok((name, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        match self.1 {
            None | Some(Json::Null) => Ok(()),
            Some(_) => Err(Error::custom("a unit variant with content")),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(self.content()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _length: usize, visitor: V) -> Result<V::Value, Error> {
        self.content()?.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.content()?.deserialize_map(visitor)
    }
}

#[cfg(test)]
mod tests {
    use core::fmt::Debug;
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde::{Deserialize, Serialize};

    use super::*;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Record {
        id: u64,
        less: i32,
        #[serde(default)]
        name: Option<String>,
        #[serde(default)]
        list: Vec<Kind>,
        named: BTreeMap<String, bool>,
        row: (u8, f64),
        content: Value,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    enum Kind {
        Unit,
        Newtype(u16),
        Pair(i64, String),
        Named { flag: bool, wrapped: Wrapped },
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Wrapped(char);

    fn kinds() -> impl Strategy<Value = Kind> {
        prop_oneof![
            Just(Kind::Unit),
            any::<u16>().prop_map(Kind::Newtype),
            any::<(i64, String)>().prop_map(|(number, text)| Kind::Pair(number, text)),
            any::<(bool, char)>().prop_map(|(flag, wrapped)| Kind::Named {
                flag,
                wrapped: Wrapped(wrapped),
            }),
        ]
    }

    prop_compose! {
        fn records()(
            (id, less, name) in any::<(u64, i32, Option<String>)>(),
            list in prop::collection::vec(kinds(), 0..4),
            named in prop::collection::btree_map(any::<String>(), any::<bool>(), 0..4),
            row in (any::<u8>(), any::<i32>().prop_map(|it| f64::from(it) / 4.0)),
            content in any::<Option<String>>(),
        ) -> Record {
            Record { id, less, name, list, named, row, content: content.into() }
        }
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(record in records()) {
            let text = serde_json::to_string(&record).expect("JSON");
            prop_assert_eq!(&read::<Record>(&text).expect("a record"), &record);
            let value = serde_json::from_str(&text).expect("JSON");
            prop_assert_eq!(&read_value::<Record>(&value).expect("a record"), &record);
        }
    }

    fn alike<T: DeserializeOwned + PartialEq + Debug>(text: &str) {
        let read = read::<T>(text);
        let expected = serde_json::from_str::<T>(text);
        assert_eq!(
            read.is_ok(),
            expected.is_ok(),
            "{text}: {read:?}, {expected:?}"
        );
        assert_eq!(read.ok(), expected.ok(), "{text}");
    }

    #[test]
    fn what_serde_json_refuses_is_refused() {
        for text in [
            "{}",
            "null",
            "[]",
            "1",
            "-1",
            "1.5",
            "256",
            "1e3",
            "true",
            "\"\"",
            "\"x\"",
            "[1]",
            "[1,2]",
            "[1,2,3]",
            "[1,\"x\"]",
            "{\"Unit\":null}",
            "{\"Unit\":1}",
            "\"Unit\"",
            "\"Newtype\"",
            "{\"Newtype\":1}",
            "{\"Newtype\":1,\"Unit\":null}",
            "{\"Pair\":[1]}",
            "{\"Pair\":[1,\"x\"]}",
            "{\"Pair\":[1,\"x\",2]}",
            "{\"Named\":{\"flag\":true}}",
            "{\"Named\":{\"flag\":true,\"wrapped\":\"x\",\"more\":[{}]}}",
            "\"Else\"",
            "{\"Else\":1}",
            "18446744073709551615",
            "18446744073709551616",
            "{",
            "",
            "1 2",
            "[1,]",
        ] {
            alike::<u8>(text);
            alike::<i64>(text);
            alike::<u64>(text);
            alike::<f64>(text);
            alike::<bool>(text);
            alike::<()>(text);
            alike::<String>(text);
            alike::<Option<String>>(text);
            alike::<Wrapped>(text);
            alike::<(u8, u8)>(text);
            alike::<Vec<u8>>(text);
            alike::<BTreeMap<String, Value>>(text);
            alike::<Kind>(text);
            alike::<Value>(text);
        }
    }

    #[test]
    fn a_struct_is_never_an_array() {
        #[derive(Debug, PartialEq, Deserialize)]
        struct Point {
            x: u8,
            y: u8,
        }
        let point = read::<Point>("{\"y\":2,\"x\":1,\"z\":[3]}");
        assert_eq!(point.expect("a point"), Point { x: 1, y: 2 });
        for text in ["[1,2]", "{\"x\":1}", "{\"x\":1,\"y\":\"2\"}", "1"] {
            let error = read::<Point>(text).expect_err(text);
            assert!(!error.to_string().is_empty());
        }
    }
}
