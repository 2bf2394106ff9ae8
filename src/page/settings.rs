//! The page of what a user has authorized.

use core::net::IpAddr;

use askama::Template;

use super::Chrome;
use super::text::SettingsText;
use super::user_agent::UserAgent;
use crate::fluxer::application::Application;
use crate::ledger::Device;
use crate::oauth::scope::Scopes;
use crate::oauth::time::Timestamp;
use crate::opaque_id::FamilyId;

/// What a user has authorized, and the ways to take it back.
#[derive(Template)]
#[template(path = "settings.html")]
pub struct SettingsPage<'a> {
    /// Around it.
    pub chrome: Chrome<'a>,
    /// Its words.
    pub text: &'static SettingsText,
    /// Where its forms post to.
    pub action: &'a str,
    /// The hidden field.
    pub csrf_token: &'a str,
    /// What was just done.
    pub done: Option<Done>,
    /// The applications.
    pub grants: Vec<GrantView<'a>>,
    /// The page behind this one.
    pub next: Option<&'a str>,
    /// Where the list begins, where this is not its beginning.
    pub start: Option<&'a str>,
}

/// What a page says was just done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// One device is out.
    Device,
    /// One application is out.
    Application,
    /// All of them are.
    Everything,
    /// There was nothing to do: it had been done before.
    Nothing,
}

impl Done {
    const ALL: [Self; 4] = [
        Self::Device,
        Self::Application,
        Self::Everything,
        Self::Nothing,
    ];

    /// Its spelling in a URL.
    pub const fn marker(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Application => "application",
            Self::Everything => "everything",
            Self::Nothing => "nothing",
        }
    }

    /// Reads that spelling.
    pub fn from_marker(marker: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.marker() == marker)
    }
}

impl SettingsPage<'_> {
    /// What was just done, in words.
    pub fn done_in_words(&self) -> Option<&'static str> {
        let [device, application, everything, nothing] = self.text.done;
        Some(match self.done? {
            Done::Device => device,
            Done::Application => application,
            Done::Everything => everything,
            Done::Nothing => nothing,
        })
    }
}

/// One application that the user has authorized.
pub struct GrantView<'a> {
    /// Which.
    pub application: &'a Application,
    /// What it may ask for again.
    pub scope: Scopes,
    /// When it was first granted.
    pub granted_at: Moment,
    /// When it was last granted, where that is later.
    pub confirmed_at: Option<Moment>,
    /// When any of its devices last took a turn.
    pub last_used_at: Option<Moment>,
    /// The devices that use it, as many as fit.
    pub devices: Vec<DeviceView>,
    /// How many more there are, and the page that has them.
    pub more: Option<More>,
}

/// Devices that did not fit.
pub struct More {
    /// How many.
    pub count: usize,
    /// The page that has more of them.
    pub href: Option<String>,
}

/// One device.
pub struct DeviceView {
    /// Its id.
    pub family: FamilyId,
    /// What people know it by.
    pub name: String,
    /// When it was authorized.
    pub authorized_at: Moment,
    /// When it last took a turn.
    pub last_used_at: Moment,
    /// Where it was when it was authorized.
    pub address: Option<IpAddr>,
}

impl DeviceView {
    /// What its user sees of a device.
    pub fn of(device: &Device, text: &SettingsText) -> Self {
        let agent = device.device.as_deref().map(UserAgent::parse);
        let agent = agent.unwrap_or_default();
        Self {
            family: device.family,
            name: match (agent.browser, agent.system) {
                (Some(browser), Some(system)) => (text.browser_on)(browser, system),
                (Some(name), None) | (None, Some(name)) => name.to_owned(),
                (None, None) => text.unknown_device.to_owned(),
            },
            authorized_at: Moment(device.opened_at),
            last_used_at: Moment(device.last_used_at),
            address: device.address,
        }
    }
}

/// An instant on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(pub Timestamp);

impl Moment {
    /// For machines.
    pub fn iso(self) -> String {
        self.0.to_iso()
    }
}

impl core::fmt::Display for Moment {
    /// For people, to the minute, in the one time zone that the server knows.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let iso = self.0.to_iso();
        let (day, time) = iso.split_once('T').unwrap_or((&iso, ""));
        write!(f, "{day} {} UTC", time.get(..5).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_shown_to_the_minute() {
        let moment = Moment(Timestamp::from_millis(1_420_070_459_999));
        assert_eq!(moment.to_string(), "2015-01-01 00:00 UTC");
        assert_eq!(moment.iso(), "2015-01-01T00:00:59.999Z");
    }

    #[test]
    fn a_marker_is_read_as_it_was_written() {
        for done in Done::ALL {
            assert_eq!(Done::from_marker(done.marker()), Some(done));
        }
        assert_eq!(Done::from_marker("<script>"), None);
    }
}
