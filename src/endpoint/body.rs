//! The contents of a request's body: the parameters of a form, or the fields of a JSON object, whose mistakes are
//! answered all at once.

use std::collections::BTreeSet;
use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::context::Context;
use crate::fluxer::api_error::{ApiError, FieldError};
use crate::http::Body;
use crate::multipart::{Part, parts};
use crate::oauth::error::Refusal;
use crate::oauth::params::{self, Pairs, Params};

impl<E> Context<'_, E> {
    /// The request's body.
    pub fn body(&self) -> &[u8] {
        match &self.request.body {
            Body::Read(bytes) => bytes,
            // The router answers these before any endpoint sees them.
            Body::TooLarge | Body::Broken => &[],
        }
    }

    /// The parameters of a form that a browser posted.
    pub fn form(&self) -> Result<Params, Refusal> {
        match self.request.media_type().as_deref() {
            Some("application/x-www-form-urlencoded") => {
                let body = core::str::from_utf8(self.body()).map_err(|_| Refusal::MalformedForm)?;
                Ok(Params::from_form(body))
            }
            Some(MULTIPART) => Ok(Params::from_parts(&self.parts()?)),
            _ => Err(Refusal::MediaType),
        }
    }

    /// The parameters of a token, revocation or introspection request: a form (RFC 6749 Appendix
    /// B), or JSON, which Fluxer's documentation shows.
    pub fn form_or_json(&self) -> Result<Rc<Params>, Refusal> {
        let read = || {
            let params = match self.request.media_type().as_deref() {
                Some("application/json") => Params::from_json(self.body()),
                _ => self.form(),
            };
            params.map(Rc::new)
        };
        self.so_far.params.get_or_init(read).clone()
    }

    /// The bytes of the file in a form with a file.
    pub fn file(&self, name: &str) -> Option<&[u8]> {
        let parts = self.parts().ok()?;
        let part = parts.iter().find(|part| part.name == name);
        part.map(|part| part.content)
    }

    fn parts(&self) -> Result<Vec<Part<'_>>, Refusal> {
        let content_type = self.request.header("content-type").unwrap_or_default();
        parts(content_type, self.body()).ok_or(Refusal::MalformedForm)
    }
}

/// The media type of forms with files (RFC 7578), which Fluxer's own examples send without any.
pub const MULTIPART: &str = "multipart/form-data";

/// Most unknown fields that one answer names. The answer is not to be longer than its request.
const MAX_UNKNOWN: usize = 20;

/// A JSON object that is being read.
pub struct Fields {
    object: Map<String, Value>,
    /// The fields that were asked for. Any other field is refused as unknown.
    known: BTreeSet<String>,
    errors: Vec<FieldError>,
}

/// The kind of value that a control of a form stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// A string. An empty one is `null`, which nobody can type.
    Text,
    /// A list of strings, one on each line that is not empty.
    Lines,
    /// A list of objects with a `name` and a `description`, one on each line: the name ends at the
    /// first space.
    Described,
    /// Any value, as JSON. Text that is not JSON becomes a string, which no such field accepts.
    Json,
    /// A list of strings, one for each box that is ticked.
    Choices,
    /// `true` or `false`: a browser does not send a box that is not ticked.
    CheckBox,
}

impl Control {
    fn read(self, sent: &str) -> Value {
        match self {
            Self::Text => match params::typed(sent) {
                text if text.is_empty() => Value::Null,
                text => Value::String(text),
            },
            Self::Json if sent.trim().is_empty() => Value::Null,
            Self::Json => serde_json::from_slice(sent.as_bytes()).unwrap_or_else(|_| sent.into()),
            Self::Described => params::lines(sent).map(described).collect(),
            Self::Lines | Self::Choices => params::lines(sent).map(Value::from).collect(),
            Self::CheckBox => Value::Bool(!sent.is_empty()),
        }
    }
}

fn described(line: &str) -> Value {
    let (name, description) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    json!({"name": name, "description": description.trim_start()})
}

impl Fields {
    /// Reads the request's body as a JSON object.
    pub fn read<E>(cx: &Context<'_, E>) -> Result<Self, ApiError> {
        if cx.request.media_type().as_deref() != Some("application/json") {
            return Err(ApiError::UnsupportedMediaType);
        }
        Self::of(cx.body())
    }

    /// Reads a text as a JSON object.
    pub fn of(text: &[u8]) -> Result<Self, ApiError> {
        let no_object = |_| ApiError::field("body", "must be a JSON object");
        let Pairs(pairs) = serde_json::from_slice(text).map_err(no_object)?;
        let mut fields = Self::none();
        for (name, value) in pairs {
            if fields.has(&name) {
                fields.refuse(name, "must be sent once");
            } else {
                fields.object.insert(name, value);
            }
        }
        Ok(fields)
    }

    /// Reads a form as the object that its controls stand for, so that both follow the same rules.
    pub fn from_form(params: &Params, controls: &[(&'static str, Control)]) -> Self {
        let mut fields = Self::none();
        for (name, control) in controls {
            if *control == Control::Choices {
                let ticked = params.all(name).map(Value::from).collect();
                fields.object.insert((*name).to_owned(), ticked);
                fields.known.insert((*name).to_owned());
                continue;
            }
            match params.one(name) {
                Ok(sent) => {
                    let value = control.read(sent.unwrap_or_default());
                    fields.object.insert((*name).to_owned(), value);
                    fields.known.insert((*name).to_owned());
                }
                Err(_) => fields.refuse(*name, "must be sent once"),
            }
        }
        fields
    }

    /// An object without fields, for a request in which only the path can be wrong.
    pub fn none() -> Self {
        Self {
            object: Map::new(),
            known: BTreeSet::new(),
            errors: Vec::new(),
        }
    }

    /// The fields of `names` that were sent.
    pub fn sent(&self, names: &[&'static str]) -> Vec<&'static str> {
        let sent = names.iter().filter(|name| self.has(name));
        sent.copied().collect()
    }

    /// A segment of the path that follows a rule. The segment is decoded before.
    pub fn segment<T>(
        &mut self,
        path: &str,
        segment: &str,
        parse: impl FnOnce(&str) -> Result<T, &'static str>,
    ) -> Option<T> {
        // In a path, unlike in a form, a plus is a plus.
        let decoded = params::decode(&segment.replace('+', "%2B"));
        let decoded = decoded.ok_or("must be percent-encoded UTF-8");
        let parsed = decoded.and_then(|decoded| parse(&decoded));
        parsed.map_err(|must| self.refuse(path, must)).ok()
    }

    /// Notes that a field is wrong. All mistakes are answered together.
    pub fn refuse(&mut self, path: impl Into<String>, message: &str) {
        self.errors.push(FieldError {
            path: path.into(),
            message: message.to_owned(),
        });
    }

    /// A string that follows a rule; `None` where the field is absent or `null`.
    pub fn optional<T>(
        &mut self,
        path: &str,
        parse: impl FnOnce(&str) -> Result<T, &'static str>,
    ) -> Option<T> {
        let parsed = match self.value(path) {
            None | Some(Value::Null) => return None,
            Some(Value::String(text)) => parse(text),
            Some(_) => Err("must be a string"),
        };
        parsed.map_err(|must| self.refuse(path, must)).ok()
    }

    /// A string that follows a rule. Its absence is a mistake.
    pub fn required<T>(
        &mut self,
        path: &str,
        parse: impl FnOnce(&str) -> Result<T, &'static str>,
    ) -> Option<T> {
        if matches!(self.value(path), None | Some(Value::Null)) {
            self.refuse(path, "is required");
            return None;
        }
        self.optional(path, parse)
    }

    /// `true` or `false`; `None` where the field is absent.
    pub fn flag(&mut self, path: &str) -> Option<bool> {
        match self.value(path) {
            None | Some(Value::Null) => None,
            Some(Value::Bool(flag)) => Some(*flag),
            Some(_) => {
                self.refuse(path, "must be true or false");
                None
            }
        }
    }

    /// A whole number of at most 32 bits; `None` where the field is absent or `null`.
    pub fn bits(&mut self, path: &str) -> Option<u32> {
        match self.value(path) {
            None | Some(Value::Null) => None,
            Some(value) => {
                let bits = value.as_u64().and_then(|bits| u32::try_from(bits).ok());
                if bits.is_none() {
                    self.refuse(path, "must be an integer from 0 to 4294967295");
                }
                bits
            }
        }
    }

    /// A value of any kind; `None` where the field is absent.
    pub fn any(&mut self, path: &str) -> Option<&Value> {
        self.value(path)
    }

    /// Accepts fields that nothing has asked for: whatever their sender means by them, nothing here could do it.
    pub fn ignore_unknown(&mut self) {
        self.known.extend(self.object.keys().cloned());
    }

    /// A list of strings. It is empty where the field is absent or `null`.
    pub fn strings(&mut self, path: &str) -> Vec<String> {
        match self.value(path) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(values)) => {
                let strings: Option<Vec<_>> = values
                    .iter()
                    .map(|value| value.as_str().map(str::to_owned))
                    .collect();
                strings.unwrap_or_else(|| {
                    self.refuse(path, "must be a list of strings");
                    Vec::new()
                })
            }
            Some(_) => {
                self.refuse(path, "must be a list of strings");
                Vec::new()
            }
        }
    }

    /// A value that follows a rule; `None` where the field is absent or `null`.
    pub fn parsed<T>(
        &mut self,
        path: &str,
        parse: impl FnOnce(&Value) -> Result<T, &'static str>,
    ) -> Option<T> {
        let parsed = self.value(path).filter(|value| !value.is_null()).map(parse);
        let parsed = parsed.transpose();
        parsed
            .map_err(|must| self.refuse(path, must))
            .ok()
            .flatten()
    }

    /// A list of objects; `None` where the field is absent.
    pub fn objects(&mut self, path: &str) -> Option<Vec<Value>> {
        match self.value(path) {
            None => None,
            Some(Value::Array(values)) if values.iter().all(Value::is_object) => {
                Some(values.clone())
            }
            Some(_) => {
                self.refuse(path, "must be a list of objects");
                None
            }
        }
    }

    /// A JSON object; `None` where the field is absent or `null`.
    pub fn object(&mut self, path: &str) -> Option<Map<String, Value>> {
        match self.value(path) {
            None | Some(Value::Null) => None,
            Some(Value::Object(object)) => Some(object.clone()),
            Some(_) => {
                self.refuse(path, "must be an object");
                None
            }
        }
    }

    /// Takes a JSON object out of this one, to be read by itself and given to [`Self::finish_nested`].
    pub fn nested(&mut self, path: &str) -> Option<Self> {
        let object = self.object(path)?;
        self.object.remove(path);
        Some(Self {
            object,
            ..Self::none()
        })
    }

    /// Answers what was built of a nested object, and notes its mistakes here.
    pub fn finish_nested<T>(&mut self, path: &str, nested: Self, built: Option<T>) -> Option<T> {
        let refused = match nested.finish(built) {
            Ok(built) => return Some(built),
            Err(refused) => refused,
        };
        if let ApiError::InvalidFormBody(errors) = refused {
            for FieldError { path: of, message } in errors {
                self.refuse(format!("{path}.{of}"), &message);
            }
        }
        None
    }

    /// The refusal with all mistakes so far. There must be at least one.
    pub fn refused(self) -> ApiError {
        ApiError::InvalidFormBody(self.errors)
    }

    /// A string that follows a rule, where the field was sent; the inner `None` is a `null`.
    pub fn nullable<T>(
        &mut self,
        path: &str,
        parse: impl FnOnce(&str) -> Result<T, &'static str>,
    ) -> Option<Option<T>> {
        self.has(path).then(|| self.optional(path, parse))
    }

    /// Whether a field was sent as `null`.
    pub fn is_null(&self, path: &str) -> bool {
        matches!(self.object.get(path), Some(Value::Null))
    }

    /// Whether a field was sent at all.
    pub fn has(&self, path: &str) -> bool {
        self.object.contains_key(path)
    }

    /// Accepts fields that were sent back as they are shown: a client may read an object, change a field of it, and
    /// send the whole object.
    pub fn as_shown(&mut self, shown: &Value) {
        for (name, value) in &self.object {
            if shown.get(name) == Some(value) {
                self.known.insert(name.clone());
            }
        }
    }

    /// The value of a field. The field is known from then on.
    fn value(&mut self, path: &str) -> Option<&Value> {
        self.known.insert(path.to_owned());
        self.object.get(path)
    }

    /// Answers what was built of the fields, or every mistake; where `built` is `None`, there is at least one. A
    /// field that nothing has asked for is a mistake, because its sender believes that it changes something.
    pub fn finish<T>(mut self, built: Option<T>) -> Result<T, ApiError> {
        let sent = self.object.keys();
        let unknown: Vec<_> = sent
            .filter(|name| !self.known.contains(*name))
            .take(MAX_UNKNOWN)
            .cloned()
            .collect();
        for name in unknown {
            self.refuse(name, "is unknown here");
        }
        match built {
            Some(built) if self.errors.is_empty() => Ok(built),
            _ => Err(ApiError::InvalidFormBody(self.errors)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_stands_for_an_object() {
        let params = "name=+Demo+&text=a%0D%0Ab&uris=%0D%0A+x+%0D%0A%0D%0Ay%0A&scopes=read++All+of+it%0D%0Aw&on=yes&twice=1&twice=2";
        let params = Params::from_form(params);
        let controls = [
            ("name", Control::Text),
            ("text", Control::Text),
            ("empty", Control::Text),
            ("uris", Control::Lines),
            ("none", Control::Lines),
            ("scopes", Control::Described),
            ("on", Control::CheckBox),
            ("off", Control::CheckBox),
            ("twice", Control::Text),
        ];
        let fields = Fields::from_form(&params, &controls);
        let expected = serde_json::json!({
            "name": "Demo", "text": "a\nb", "empty": null,
            "uris": ["x", "y"], "none": [],
            "scopes": [
                {"name": "read", "description": "All of it"}, {"name": "w", "description": ""},
            ],
            "on": true, "off": false,
        });
        assert_eq!(Value::Object(fields.object.clone()), expected);
        let twice = ApiError::field("twice", "must be sent once");
        assert_eq!(fields.finish(Some(())), Err(twice));
    }
}
