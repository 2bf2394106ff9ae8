//! The words of the page of what a user has authorized.

/// The page of what a user has authorized.
#[cfg_attr(test, derive(Debug))]
pub struct SettingsText {
    /// Says what the page is for.
    pub intro: &'static str,
    /// Stands in place of the list where the user has authorized nothing.
    pub none: &'static str,
    /// Stands in place of the list where this page of it is empty.
    pub none_here: &'static str,
    /// Says what was just done, in the order of [`RevocationDone`](crate::page::settings::RevocationDone): one
    /// device, one application, everything, nothing.
    pub done: [&'static str; 4],
    /// The warning that nobody vouches for the application, with a hole for the host that receives its codes.
    pub unverified: &'static str,
    /// The heading above the scopes.
    pub scopes: &'static str,
    /// The heading above the scopes of another resource server, with a hole for its name.
    pub elsewhere: &'static str,
    /// The label of the day when the application was first authorized.
    pub granted: &'static str,
    /// The label of the day when the application was last authorized.
    pub confirmed: &'static str,
    /// The label of the time when a device of the application last got tokens.
    pub last_used: &'static str,
    /// Stands in place of that time where no device uses the application.
    pub no_device: &'static str,
    /// The heading above the devices.
    pub devices: &'static str,
    /// The label of the time when a device was authorized.
    pub authorized: &'static str,
    /// The word before the address that a device was authorized from.
    pub from: &'static str,
    /// The name of a device, with a hole for its browser and one for its operating system.
    pub browser_on: &'static str,
    /// The name of a device that did not say what it is.
    pub unknown_device: &'static str,
    /// The label of the link to the devices that are not shown, with a hole for their number.
    pub more_devices: &'static str,
    /// Says that there are more devices, where no page shows them; with a hole for their number.
    pub not_shown: &'static str,
    /// The label of the button that revokes one device.
    pub revoke_device: &'static str,
    /// The label of the button that revokes one application.
    pub revoke_application: &'static str,
    /// The heading above the button that revokes everything.
    pub everything: &'static str,
    /// Says what is lost where everything is revoked.
    pub everything_means: &'static str,
    /// The label of the button that revokes everything.
    pub revoke_everything: &'static str,
    /// The name of the links between the pages of the list, for screen readers.
    pub pages: &'static str,
    /// The label of the link to the next page.
    pub next: &'static str,
    /// The label of the link to the first page.
    pub start: &'static str,
}
