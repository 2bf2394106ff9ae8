//! The words about devices that wait for their users.

/// The page that takes a code, and what the consent form says of a device.
#[cfg_attr(test, derive(Debug))]
pub struct DeviceText {
    /// The heading of the page that takes a code.
    pub heading: &'static str,
    /// Says what to do, with a hole for the platform's name.
    pub intro: &'static str,
    /// The label of the field for the code.
    pub label: &'static str,
    /// The label of the button that sends the code.
    pub submit: &'static str,
    /// Says that no device waits under the code.
    pub unknown: &'static str,
    /// Says that there were too many wrong codes, with a hole for the wait.
    pub too_many: &'static str,
    /// Says who may go on.
    pub only_if: &'static str,
    /// Says how people are tricked into answering a stranger's device.
    pub beware: &'static str,
    /// The label of the code that the device shows.
    pub code: &'static str,
    /// The label of the time when the device asked.
    pub asked_at: &'static str,
    /// The label of the address that the device asked from.
    pub asked_from: &'static str,
    /// The note that the device asked from the user's own network.
    pub near: &'static str,
    /// The note that the device asked from another network.
    pub elsewhere: &'static str,
    /// The label of the program that asked.
    pub program: &'static str,
}
