//! The page of what a user has authorized.

use core::net::IpAddr;

use super::html::{Html, filled, html};
use super::parts::{
    claim, clipped, close_section, done, fact, fact_at, heading, monogram, open_form, open_section,
    pager, quiet, time,
};
use super::text::SettingsText;
use super::user_agent::UserAgent;
use super::{Chrome, View};
use crate::fluxer::application::Application;
use crate::ledger::Device;
use crate::oauth::scope::Scopes;
use crate::oauth::time::Timestamp;
use crate::opaque_id::FamilyId;

/// What a user has authorized, and the ways to take it back.
pub struct SettingsPage<'a> {
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

impl View for SettingsPage<'_> {
    fn write(&self, chrome: &Chrome<'_>, out: &mut Html) {
        let text = &chrome.text.settings;
        heading(chrome.text.layout.authorizations, out);
        let said = self.done.and_then(|done| text.done.get(done as usize));
        done(said.copied(), out);
        if self.grants.is_empty() {
            let nothing = if self.start.is_some() {
                text.none_here
            } else {
                text.none
            };
            quiet(nothing, out);
        } else {
            html!(out, "<p>{}</p>\n", text.intro);
            // One form for all: its hidden field is longer than what an application says.
            open_form(self.action, self.csrf_token, out);
            for (index, grant) in self.grants.iter().enumerate() {
                grant.write(&index.to_string(), chrome, out);
            }
            open_section("everything", text.everything, out);
            html!(
                out,
                "<p>{}</p>\n<div><button class=\"danger\" name=\"action\" value=\"everything\">{}</button></div>\n",
                text.everything_means,
                text.revoke_everything
            );
            close_section(out);
            html!(out, "</form>\n");
        }
        let links = [(self.next, text.next), (self.start, text.start)];
        pager(text.pages, &links, out);
    }
}

impl GrantView<'_> {
    /// Most characters of what an application says of itself, where there are many applications.
    const CLAIM: usize = 140;

    /// Writes it; `index` tells it from the others on the page.
    fn write(&self, index: &str, chrome: &Chrome<'_>, out: &mut Html) {
        let text = &chrome.text.settings;
        let name = self.application.name.as_str();
        let id = self.application.client.id.to_string();
        html!(
            out,
            "<section class=\"section grant\" aria-labelledby=\"g{}\">\n<header class=\"asker\">\n",
            index
        );
        monogram(name, out);
        html!(
            out,
            "<h2 id=\"g{}\"><bdi class=\"name\">{}</bdi></h2>\n</header>\n",
            index,
            name
        );
        let description = self.application.description.as_str();
        claim(&clipped(description, Self::CLAIM), chrome, out);
        html!(out, "<div>\n<h3>{}</h3>\n<ul class=\"plain\">", text.scopes);
        for scope in self.scope.iter() {
            html!(out, "<li>{}</li>", chrome.text.scope(scope));
        }
        html!(out, "</ul>\n</div>\n<dl class=\"byline\">\n");
        fact_at(text.granted, self.granted_at, out);
        if let Some(at) = self.confirmed_at {
            fact_at(text.confirmed, at, out);
        }
        match self.last_used_at {
            Some(at) => fact_at(text.last_used, at, out),
            None => fact(text.last_used, text.no_device, out),
        }
        html!(out, "</dl>\n");
        if !self.devices.is_empty() {
            self.devices(index, &id, chrome, out);
        }
        html!(
            out,
            "<div><button name=\"action\" value=\"application:{}\" aria-describedby=\"g{}\">{}</button></div>\n",
            id,
            index,
            text.revoke_application
        );
        close_section(out);
    }

    fn devices(&self, index: &str, id: &str, chrome: &Chrome<'_>, out: &mut Html) {
        let text = &chrome.text.settings;
        html!(
            out,
            "<div>\n<h3>{}</h3>\n<ul class=\"rows\" role=\"list\">\n",
            text.devices
        );
        for (nth, device) in self.devices.iter().enumerate() {
            let nth = nth.to_string();
            html!(
                out,
                "<li class=\"row\">\n<div>\n<p class=\"name\" id=\"d{}-{}\">{}</p>\n<p class=\"quiet\">{} ",
                index,
                nth,
                device.name,
                text.last_used
            );
            time(device.last_used_at, out);
            html!(out, "</p>\n<p class=\"quiet\">{} ", text.authorized);
            time(device.authorized_at, out);
            if let Some(address) = device.address {
                html!(out, ", {} {}", text.from, address.to_string());
            }
            html!(
                out,
                "</p>\n</div>\n<button class=\"small\" name=\"action\" value=\"device:{}:{}\" aria-describedby=\"d{}-{}\">{}</button>\n</li>\n",
                id,
                device.family.to_string(),
                index,
                nth,
                text.revoke_device
            );
        }
        html!(out, "</ul>\n");
        if let Some(more) = &self.more {
            let count = more.count.to_string();
            if let Some(href) = &more.href {
                html!(
                    out,
                    "<p><a href=\"{}\">{}</a></p>\n",
                    href,
                    filled(text.more_devices, &[&count])
                );
            } else {
                html!(out, "<p>{}</p>\n", filled(text.not_shown, &[&count]));
            }
        }
        html!(out, "</div>\n");
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
                (Some(browser), Some(system)) => filled(text.browser_on, &[browser, system]),
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

    /// For people, to the minute, in the one time zone that the server knows.
    pub fn for_people(self) -> String {
        let iso = self.0.to_iso();
        let (day, time) = iso.split_once('T').unwrap_or((&iso, ""));
        filled("{} {} UTC", &[day, time.get(..5).unwrap_or_default()])
    }

    /// The day alone.
    pub fn day(self) -> String {
        let mut iso = self.0.to_iso();
        iso.truncate(iso.find('T').unwrap_or_default());
        iso
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_shown_to_the_minute() {
        let moment = Moment(Timestamp::from_millis(1_420_070_459_999));
        assert_eq!(moment.for_people(), "2015-01-01 00:00 UTC");
        assert_eq!(moment.day(), "2015-01-01");
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
