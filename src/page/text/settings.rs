//! The words of the page of what a user has authorized.

/// The page of what a user has authorized.
#[cfg_attr(test, derive(Debug))]
pub struct SettingsText {
    /// What the page is for.
    pub intro: &'static str,
    /// In place of the list, where nothing is authorized.
    pub none: &'static str,
    /// There are none on this page of the list.
    pub none_here: &'static str,
    /// What was just done: one device, one application, everything, nothing.
    pub done: [&'static str; 4],
    /// Around the host of an application that nobody vouches for.
    pub unverified: &'static str,
    /// Above the scopes.
    pub scopes: &'static str,
    /// Above those of another resource server, around its name.
    pub elsewhere: &'static str,
    /// When it was first granted.
    pub granted: &'static str,
    /// When it was last granted.
    pub confirmed: &'static str,
    /// When it was last used.
    pub last_used: &'static str,
    /// In place of that: no device uses it.
    pub no_device: &'static str,
    /// Above the devices.
    pub devices: &'static str,
    /// When a device was authorized.
    pub authorized: &'static str,
    /// From which address.
    pub from: &'static str,
    /// A browser on a system.
    pub browser_on: &'static str,
    /// A device of which nothing is known.
    pub unknown_device: &'static str,
    /// The link to so many more devices.
    pub more_devices: &'static str,
    /// So many more are not shown.
    pub not_shown: &'static str,
    /// The button that ends one device.
    pub revoke_device: &'static str,
    /// The button that ends one application.
    pub revoke_application: &'static str,
    /// Above the button that ends everything.
    pub everything: &'static str,
    /// What is lost with everything.
    pub everything_means: &'static str,
    /// The button that ends everything.
    pub revoke_everything: &'static str,
    /// Names the links between the pages of a list.
    pub pages: &'static str,
    /// The link to the next page.
    pub next: &'static str,
    /// The link to the first page.
    pub start: &'static str,
}
