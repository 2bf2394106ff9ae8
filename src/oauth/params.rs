//! Parameters of a request: from a query, a form body, or a flat JSON object.
//!
//! Invariant: what was sent twice is never silently one of the two, and what could not be decoded
//! is never silently something else (`url`'s decoder would put U+FFFD for a stray byte).

use core::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;
use url::form_urlencoded;

use super::error::Refusal;
use crate::multipart::Part;

/// Decoded parameters in the order they were sent.
#[derive(Debug, Default)]
pub struct Params(Vec<(String, Sent)>);

/// What was sent as a parameter's value. A value that cannot be read is refused where the parameter is
/// read, and hurts nobody where it is not (RFC 6749 §3.1: "The authorization server MUST ignore
/// unrecognized request parameters.").
#[derive(Debug)]
enum Sent {
    Text(String),
    /// A broken escape, or bytes that are not UTF-8.
    Malformed,
    /// A JSON value that is no string.
    NoString,
}

impl Params {
    /// Reads `application/x-www-form-urlencoded` (RFC 6749 Appendix B): UTF-8, every `%` followed
    /// by two hex digits. What is not so is no parameter of ours.
    pub fn from_form(encoded: &str) -> Self {
        let pairs = encoded.split('&').filter(|pair| !pair.is_empty());
        let params = pairs.filter_map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((
                decode(name)?,
                decode(value).map_or(Sent::Malformed, Sent::Text),
            ))
        });
        Self(params.collect())
    }

    /// Reads one JSON object whose values are strings; `null` is an omitted parameter.
    pub fn from_json(body: &[u8]) -> Result<Self, Refusal> {
        let Pairs(pairs) = serde_json::from_slice(body).map_err(|_| Refusal::MalformedJson)?;
        let sent = pairs.into_iter().filter(|(_, value)| !value.is_null());
        let params = sent.map(|(name, value)| match value {
            Value::String(value) => (name, Sent::Text(value)),
            _ => (name, Sent::NoString),
        });
        Ok(Self(params.collect()))
    }

    /// Reads the parts of a form that was sent as `multipart/form-data`.
    pub fn from_parts(parts: &[Part<'_>]) -> Self {
        let params = parts.iter().map(|part| {
            let text = core::str::from_utf8(part.content);
            let sent = text.map_or(Sent::Malformed, |text| Sent::Text(text.to_owned()));
            (part.name.to_owned(), sent)
        });
        Self(params.collect())
    }

    /// What was sent, form-encoded, without the parameters of these names.
    pub fn form_without(&self, names: &[&str]) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        for (name, sent) in &self.0 {
            if let Sent::Text(value) = sent
                && !names.contains(&name.as_str())
            {
                form.append_pair(name, value);
            }
        }
        form.finish()
    }

    /// The parameter's one value. Empty is omitted, twice is refused (RFC 6749 §3.1: "Parameters
    /// sent without a value MUST be treated as if they were omitted from the request.").
    pub fn one(&self, name: &'static str) -> Result<Option<&str>, Refusal> {
        let mut values = self.values(name);
        let first = values.next();
        if values.next().is_some() {
            return Err(Refusal::Repeated(name));
        }
        match first {
            None => Ok(None),
            Some(Sent::Text(value)) => Ok(Some(value.as_str()).filter(|value| !value.is_empty())),
            Some(Sent::Malformed) => Err(Refusal::Malformed(name)),
            Some(Sent::NoString) => Err(Refusal::JsonValue(name)),
        }
    }

    /// The parameter's one value, which must be there.
    pub fn required(&self, name: &'static str) -> Result<&str, Refusal> {
        self.one(name)?.ok_or(Refusal::Missing(name))
    }

    /// Every value of a parameter that may come more than once: a group of check boxes.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.values(name).filter_map(|sent| match sent {
            Sent::Text(value) => Some(value.as_str()),
            Sent::Malformed | Sent::NoString => None,
        })
    }

    fn values(&self, name: &str) -> impl Iterator<Item = &Sent> {
        self.0
            .iter()
            .filter(move |(sent, _)| sent == name)
            .map(|(_, value)| value)
    }
}

/// What somebody typed into a form: browsers send the ends of its lines as CRLF, and spaces around
/// it are nobody's intention.
pub fn typed(sent: &str) -> String {
    sent.replace("\r\n", "\n").trim().to_owned()
}

/// The lines of a text that are not empty.
pub fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

/// Whether all of a query can be decoded.
pub fn is_form(encoded: &str) -> bool {
    encoded.split(['&', '=']).all(|part| decode(part).is_some())
}

/// Decodes one form-urlencoded name or value. `None`: a broken escape, or bytes that are not UTF-8.
pub fn decode(encoded: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => (hex(rest.next()?)? << 4) | hex(rest.next()?)?,
            _ => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

/// A JSON object with its repeated keys, which a map would drop.
pub(crate) struct Pairs(pub(crate) Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PairsVisitor;

        impl<'de> Visitor<'de> for PairsVisitor {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(PairsVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_decode_strictly() {
        let params = Params::from_form("&&a=b+c%20d&e=%C3%A9&&=&f&g=1;h=2");
        assert_eq!(params.one("a"), Ok(Some("b c d")));
        assert_eq!(params.one("e"), Ok(Some("é")));
        assert_eq!(params.one("f"), Ok(None), "empty is omitted");
        assert_eq!(params.one("g"), Ok(Some("1;h=2")), "; does not separate");
        for malformed in [
            "a=%",
            "a=%z",
            "a=%zz",
            "a=%u0041",
            "a=%ff%fe",
            "a=%ED%A0%80",
        ] {
            let params = Params::from_form(&format!("{malformed}&b=%&%=c&d=e"));
            assert_eq!(params.one("a"), Err(Refusal::Malformed("a")), "{malformed}");
            assert_eq!(params.one("d"), Ok(Some("e")), "whatever else is broken");
        }
        let twice = Params::from_form("a=%&a=1");
        assert_eq!(twice.one("a"), Err(Refusal::Repeated("a")));
    }

    #[test]
    fn a_parameter_sent_twice_is_neither_value() {
        let params = Params::from_form("a=1&a=1&b=&b=");
        assert_eq!(params.one("a"), Err(Refusal::Repeated("a")));
        assert_eq!(params.one("b"), Err(Refusal::Repeated("b")));
        let params = Params::from_json(br#"{"a":"1","a":"2"}"#).expect("well-formed");
        assert_eq!(params.one("a"), Err(Refusal::Repeated("a")));
    }

    #[test]
    fn json_is_one_flat_object_of_strings() {
        let params = Params::from_json(br#"{"a":"1","b":null}"#).expect("well-formed");
        assert_eq!(params.one("a"), Ok(Some("1")));
        assert_eq!(params.one("b"), Ok(None));
        for refused in ["", "[]", "\"a\"", "{", "{}x"] {
            assert!(Params::from_json(refused.as_bytes()).is_err(), "{refused}");
        }
        for value in ["1", "[\"1\"]", "{}", "true", "1456074443980800003"] {
            let body = format!("{{\"a\":{value},\"b\":\"1\"}}");
            let params = Params::from_json(body.as_bytes()).expect("an object");
            assert_eq!(params.one("a"), Err(Refusal::JsonValue("a")), "{value}");
            assert_eq!(params.one("b"), Ok(Some("1")));
        }
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(Params::from_json(deep.as_bytes()).is_err());
    }
}
