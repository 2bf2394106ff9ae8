//! What the platform says of its own accord.

use serde_json::Value;

use crate::crypto::secret::{Hash, Secret};
use crate::oauth::wire_enum;
use crate::pending::PlatformSession;
use crate::time::Timestamp;

wire_enum! {
    /// The type of an event that the platform sends about a user.
    pub enum PlatformEventType {
        /// A session of theirs at the platform has ended.
        SessionRevoked = "session-revoked",
        /// The user changed the password, or another proof.
        CredentialChange = "credential-change",
        /// The account is disabled.
        AccountDisabled = "account-disabled",
        /// The account is enabled again.
        AccountEnabled = "account-enabled",
        /// There is no such account any more.
        AccountDeleted = "account-deleted",
        /// The user has left a guild, or was removed from it.
        MemberRemoved = "member-removed",
    }
}

/// The name of a session at the platform, as it is kept.
pub fn session_hash(name: &str) -> Hash<PlatformSession> {
    Secret::new(name).hash()
}

/// An instant as a platform spells it: seconds since 1970, or UTC in ISO 8601.
pub fn instant(value: &Value) -> Option<Timestamp> {
    match value {
        Value::String(text) => Timestamp::from_iso(text),
        Value::Number(number) => {
            let seconds = number.as_f64().filter(|it| (0.0..1e11).contains(it))?;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "the range is checked"
            )]
            Some(Timestamp::from_millis((seconds * 1000.0) as u64))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn instants_are_seconds_or_iso_8601() {
        for (value, millis) in [
            (json!(1_700_000_000), Some(1_700_000_000_000)),
            (json!(1_700_000_000.5), Some(1_700_000_000_500)),
            (json!("2023-11-14T22:13:20.000Z"), Some(1_700_000_000_000)),
            (json!("2023-11-14T22:13:20Z"), Some(1_700_000_000_000)),
            (json!(-1), None),
            (json!("yesterday"), None),
            (json!(null), None),
        ] {
            assert_eq!(
                instant(&value),
                millis.map(Timestamp::from_millis),
                "{value}"
            );
        }
    }
}
