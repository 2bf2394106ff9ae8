//! The runtime's clock, and instants as JavaScript has them: milliseconds since 1970, in a double.

use worker::js_sys::Date;
use worker::wasm_bindgen::JsValue;

use crate::time::Timestamp;

/// The time now. The runtime's clock stands still while code runs, and moves on with every answer from outside: that
/// is how the platform prevents timing attacks.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub(super) fn now() -> Timestamp {
    // Of JavaScript's own: the `worker` crate makes an object for each look.
    from_millis(Date::now())
}

/// An instant as a column of milliseconds, in a double: SQLite's integers are doubles to JavaScript.
#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds since 1970 stay below 2^53 for 285,000 years"
)]
pub(super) fn millis(at: Timestamp) -> JsValue {
    (at.millis() as f64).into()
}

/// The instant of a double that [`millis`] made, or that JavaScript's clock says.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "milliseconds since 1970 are whole and not negative"
)]
pub(super) fn from_millis(millis: f64) -> Timestamp {
    Timestamp::from_millis(millis as u64)
}

/// An instant as an alarm takes it.
pub(super) fn date(at: Timestamp) -> Date {
    Date::new(&millis(at))
}
