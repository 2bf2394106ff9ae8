//! The words about devices that wait for their users.

/// The page that takes a code, and what the consent form says of a device.
#[cfg_attr(test, derive(Debug))]
pub struct DeviceText {
    /// The heading.
    pub heading: &'static str,
    /// What to do, around the platform's name.
    pub intro: &'static str,
    /// The label of the field.
    pub label: &'static str,
    /// The button.
    pub submit: &'static str,
    /// No device waits under that code.
    pub unknown: &'static str,
    /// Too many wrong codes; with a hole for the wait.
    pub too_many: &'static str,
    /// Who may go on.
    pub only_if: &'static str,
    /// How people are tricked.
    pub beware: &'static str,
    /// The code that the device shows.
    pub code: &'static str,
    /// When it asked.
    pub asked_at: &'static str,
    /// Where it asked from.
    pub asked_from: &'static str,
    /// The device asked from the address that the user has.
    pub near: &'static str,
    /// The device asked from another address.
    pub elsewhere: &'static str,
    /// The program that asked.
    pub program: &'static str,
}
