//! What the platform is asked: one request, signed, and its answer as far as it was read.

use core::time::Duration;

use serde_json::Value;
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::settings::PlatformSettings;
use crate::crypto::hex;
use crate::crypto::hmac::hmac;
use crate::http::Method;
use crate::time::Timestamp;

/// How long the platform is waited for, a second try included.
pub const PLATFORM_TIMEOUT: Duration = Duration::from_secs(2);
/// Longest answer, in bytes: two hundred guilds are a tenth of it.
pub const MAX_ANSWER_BYTES: usize = 512 * 1024;
/// A question to the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformRequest {
    /// The method.
    pub method: Method,
    /// The path and the query.
    pub target: String,
    /// The body, JSON; empty where there is none.
    pub body: String,
    /// `X-Signature`.
    pub signature: String,
}

impl PlatformRequest {
    /// Signs a question.
    pub fn new(
        platform: &PlatformSettings,
        method: Method,
        target: &str,
        body: Option<&Value>,
        now: Timestamp,
    ) -> Self {
        let body = body.map(Value::to_string).unwrap_or_default();
        let target = [platform.path(), target].concat();
        let signature = signature(platform.signing_key(), method, &target, &body, now);
        Self {
            method,
            target,
            body,
            signature,
        }
    }
}

/// `X-Signature`: `t=…,v1=hex(HMAC-SHA256(key, "t.METHOD.path?query.sha256hex(body)"))`.
pub fn signature(key: &[u8], method: Method, target: &str, body: &str, now: Timestamp) -> String {
    let t = now.seconds();
    let digest = hex(&Sha256::digest(body.as_bytes()));
    let signed = format!("{t}.{}.{target}.{digest}", method.as_str());
    format!("t={t},v1={}", hex(&hmac(key, &signed)))
}

/// What the platform answered, as far as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformAnswer {
    /// The status.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: String,
    /// The body; `None` where it is longer than [`MAX_ANSWER_BYTES`].
    pub body: Option<Vec<u8>>,
}

impl PlatformAnswer {
    /// The JSON of a good answer; `None`: there is no such thing (404).
    pub fn found(self) -> Result<Option<Value>, Absurd> {
        match self.status {
            200 => self.json().map(Some),
            404 => Ok(None),
            status => Err(absurd(format_args!("it answered {status}"))),
        }
    }

    /// The body.
    pub(super) fn json(self) -> Result<Value, Absurd> {
        let media_type = self.content_type.split(';').next().unwrap_or_default();
        if !media_type.trim().eq_ignore_ascii_case("application/json") {
            return Err(absurd("its answer is not application/json"));
        }
        let body = self.body.ok_or_else(|| absurd("its answer is too long"))?;
        serde_json::from_slice(&body).map_err(|_| absurd("its answer is no JSON"))
    }
}

/// An answer that cannot be one. It is a fault of the platform's; its text is for the log.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Absurd(String);

/// What is wrong with an answer.
pub(super) fn absurd(what: impl core::fmt::Display) -> Absurd {
    Absurd(what.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_rfc_4231() {
        // RFC 4231 §4.3.
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let made = hmac(b"Jefe", "what do ya want for nothing?");
        assert_eq!(hex(&made), expected);
    }

    #[test]
    fn what_is_no_answer_is_a_fault_and_only_404_is_nothing() {
        let answer = |status, content_type: &str, body: &str| {
            PlatformAnswer {
                status,
                content_type: content_type.to_owned(),
                body: Some(body.as_bytes().to_vec()),
            }
            .found()
        };
        assert_eq!(
            answer(200, "application/json", "[]"),
            Ok(Some(Value::Array(vec![])))
        );
        assert_eq!(
            answer(200, "Application/JSON; charset=utf-8", "1"),
            Ok(Some(1.into()))
        );
        assert_eq!(answer(404, "text/html", "<h1>"), Ok(None));
        for (status, content_type, body) in [
            (200, "text/html", "<h1>Log in</h1>"),
            (200, "application/json", "<h1>"),
            (200, "application/json", ""),
            (204, "application/json", ""),
            (302, "application/json", "[]"),
            (401, "application/json", "{}"),
            (500, "application/json", "{}"),
        ] {
            assert!(
                answer(status, content_type, body).is_err(),
                "{status} {body}"
            );
        }
        let endless = PlatformAnswer {
            status: 200,
            content_type: "application/json".to_owned(),
            body: None,
        };
        assert!(endless.found().is_err());
    }
}
