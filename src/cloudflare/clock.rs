//! The runtime's clock, and instants as JavaScript has them: milliseconds since 1970, in a double.

use worker::js_sys::Date;
use worker::wasm_bindgen::JsValue;

use crate::time::Timestamp;

/// The clock. It stands still while code runs and moves on with every answer from outside, which
/// is how the platform keeps timing attacks out.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub(super) fn now() -> Timestamp {
    // Of JavaScript's own: the `worker` crate makes an object for each look.
    from_millis(Date::now())
}

/// A column of milliseconds: SQLite's integers are doubles to JavaScript.
#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds since 1970 stay below 2^53 for 285,000 years"
)]
pub(super) fn millis(at: Timestamp) -> JsValue {
    (at.millis() as f64).into()
}

/// What [`millis`] was made of, or JavaScript's clock says.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "milliseconds since 1970 are whole and not negative"
)]
pub(super) fn from_millis(millis: f64) -> Timestamp {
    Timestamp::from_millis(millis as u64)
}

/// An instant for an alarm.
pub(super) fn date(at: Timestamp) -> Date {
    Date::new(&millis(at))
}
