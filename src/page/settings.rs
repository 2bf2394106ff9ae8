//! The page of what a user has authorized.

use core::net::IpAddr;

use maud::{Markup, html};

use super::moment::Moment;
use super::parts::{
    around, claim, clipped, device_name, done, emblem, fact_at, fact_of, form, heading, pager,
    quiet, section, sentence, time,
};
use super::text::{SettingsText, filled};
use super::{Chrome, View};
use crate::fluxer::application::Application;
use crate::id::FamilyId;
use crate::ledger::Device;
use crate::oauth::client::ClientOrigin;
use crate::oauth::redirect_uri::RegisteredUri;
use crate::oauth::scope::Scopes;

/// What a user has authorized, and the buttons that take it back.
pub struct SettingsPage<'a> {
    /// The path that its forms post to.
    pub action: &'a str,
    /// The hidden field of its forms.
    pub csrf_token: &'a str,
    /// The operation that this page answers, where it succeeded.
    pub done: Option<RevocationDone>,
    /// The applications that the user has authorized.
    pub grants: Vec<GrantView<'a>>,
    /// The URL of the next page, where there is one.
    pub next: Option<&'a str>,
    /// The URL of the first page, where this is another one.
    pub start: Option<&'a str>,
}

/// The operation that the page has just carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevocationDone {
    /// One device was revoked.
    Device,
    /// One application was revoked.
    Application,
    /// Every application was revoked.
    Everything,
    /// There was nothing to do: it had been done before.
    Nothing,
}

impl RevocationDone {
    const ALL: [Self; 4] = [
        Self::Device,
        Self::Application,
        Self::Everything,
        Self::Nothing,
    ];

    /// The operation as it is spelled in the URL of the page.
    pub const fn marker(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Application => "application",
            Self::Everything => "everything",
            Self::Nothing => "nothing",
        }
    }

    /// Reads the spelling of [`Self::marker`].
    pub fn from_marker(marker: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.marker() == marker)
    }
}

impl View for SettingsPage<'_> {
    fn body(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.settings;
        let said = self.done.and_then(|done| text.done.get(done as usize));
        html! {
            (heading(chrome.text.layout.authorizations))
            (done(said.copied()))
            @if self.grants.is_empty() {
                (quiet(if self.start.is_some() { text.none_here } else { text.none }))
            } @else {
                p { (text.intro) }
                // One form for all: its hidden field is longer than what an application says.
                (form(self.action, self.csrf_token, &self.all(chrome)))
            }
            (pager(text.pages, &[(self.next, text.next), (self.start, text.start)]))
        }
    }
}

impl SettingsPage<'_> {
    /// The applications, and the button that revokes all of them.
    fn all(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.settings;
        let everything = html! {
            p { (text.everything_means) }
            div {
                button.danger name="action" value="everything" { (text.revoke_everything) }
            }
        };
        html! {
            @for (index, grant) in self.grants.iter().enumerate() {
                (grant.body(&index.to_string(), chrome))
            }
            (section("everything", text.everything, &everything))
        }
    }
}

impl GrantView<'_> {
    /// Most characters that a list of many applications shows of what each says of itself.
    const CLAIM: usize = 140;

    /// The HTML of one application. `index` makes the ids of its elements unique on the page.
    fn body(&self, index: &str, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.settings;
        let name = self.application.name.as_str();
        let id = self.application.client.id.to_string();
        let description = self.application.description.as_str();
        html! {
            section.section.grant aria-labelledby={ "g" (index) } {
                header.asker {
                    (emblem(self.application))
                    h2 id={ "g" (index) } { bdi.name { (name) } }
                }
                @if let Some(host) = self.unverified_host() {
                    p.quiet { (around(text.unverified, &[html! { bdi dir="ltr" { (host) } }])) }
                }
                (claim(&clipped(description, Self::CLAIM), chrome))
                (self.scopes(chrome))
                dl.byline {
                    (fact_at(text.granted, self.granted_at, chrome))
                    @if let Some(at) = self.confirmed_at { (fact_at(text.confirmed, at, chrome)) }
                    @match self.last_used_at {
                        Some(at) => (fact_at(text.last_used, at, chrome)),
                        None => (fact_of(text.last_used, text.no_device)),
                    }
                }
                @if !self.devices.is_empty() { (self.devices(index, &id, chrome)) }
                div {
                    button name="action" value={ "application:" (id) }
                        aria-describedby={ "g" (index) } { (text.revoke_application) }
                }
            }
        }
    }

    /// The scopes that were granted, here and at other resource servers.
    fn scopes(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.settings;
        html! {
            @if !self.scope.is_empty() {
                div {
                    h3 { (text.scopes) }
                    ul.plain {
                        @for scope in self.scope.iter() { li { (chrome.text.scope(scope)) } }
                    }
                }
            }
            @for resource in &self.resources {
                div {
                    h3 { (sentence(text.elsewhere, &[resource.name])) }
                    p.quiet { bdi dir="ltr" { (resource.identifier) } }
                    ul.plain { @for scope in &resource.scopes { li { bdi { (scope) } } } }
                }
            }
        }
    }

    /// The host that receives the codes of an application that nobody vouches for.
    fn unverified_host(&self) -> Option<&str> {
        let client = &self.application.client;
        match &client.origin {
            ClientOrigin::BuiltIn | ClientOrigin::Registered { .. } => None,
            ClientOrigin::Document(url) => Some(url.host()),
            ClientOrigin::Dynamic => client.redirect_uris.first().map(RegisteredUri::destination),
        }
    }

    fn devices(&self, index: &str, id: &str, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.settings;
        html! {
            div {
                h3 { (text.devices) }
                ul.rows role="list" {
                    @for (nth, device) in self.devices.iter().enumerate() {
                        (device.row(&[index, "-", &nth.to_string()].concat(), id, chrome))
                    }
                }
                @if let Some(more) = &self.more {
                    @let count = more.count.to_string();
                    p {
                        @match &more.href {
                            Some(href) => a href=(href) { (filled(text.more_devices, &[&count])) },
                            None => (filled(text.not_shown, &[&count])),
                        }
                    }
                }
            }
        }
    }
}

/// One application that the user has authorized.
pub struct GrantView<'a> {
    /// The application that was authorized.
    pub application: &'a Application,
    /// The scopes that the application gets again without asking the user.
    pub scope: Scopes,
    /// What the application's devices may do at other resource servers.
    pub resources: Vec<ResourceView<'a>>,
    /// The time when the user first authorized the application.
    pub granted_at: Moment,
    /// The time when the user last authorized it, where that is later.
    pub confirmed_at: Option<Moment>,
    /// The time when any of its devices last got tokens.
    pub last_used_at: Option<Moment>,
    /// The application's devices, as many as fit the page.
    pub devices: Vec<DeviceView>,
    /// The devices that did not fit.
    pub more: Option<More>,
}

/// What an application may do at another resource server.
pub struct ResourceView<'a> {
    /// The server's name.
    pub name: &'a str,
    /// The server's identifier, an absolute URI (RFC 8707).
    pub identifier: &'a str,
    /// What each scope opens, in the server's words.
    pub scopes: Vec<&'a str>,
}

/// The devices of an application that did not fit the page.
pub struct More {
    /// The number of devices that did not fit.
    pub count: usize,
    /// The URL of the page that has more of them.
    pub href: Option<String>,
}

/// A device of an application, as its user sees it.
pub struct DeviceView {
    /// The family that the device stands for.
    pub family: FamilyId,
    /// The name by which people know the device.
    pub name: String,
    /// The time when the device was authorized.
    pub authorized_at: Moment,
    /// The time when the device last got tokens.
    pub last_used_at: Moment,
    /// The address from which the device was authorized.
    pub address: Option<IpAddr>,
}

impl DeviceView {
    /// The device's row. `place` makes the ids of its elements unique on the page; `id` is the application's.
    fn row(&self, place: &str, id: &str, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.settings;
        html! {
            li.row {
                div {
                    p.name id={ "d" (place) } { (self.name) }
                    p.quiet { (text.last_used) " " (time(self.last_used_at, chrome)) }
                    p.quiet {
                        (text.authorized) " " (time(self.authorized_at, chrome))
                        @if let Some(address) = self.address {
                            ", " (text.from) " " (address.to_string())
                        }
                    }
                }
                button.small name="action" value={ "device:" (id) ":" (self.family.to_string()) }
                    aria-describedby={ "d" (place) } { (text.revoke_device) }
            }
        }
    }

    /// What the user sees of a device of the ledger.
    pub fn of(device: &Device, text: &SettingsText) -> Self {
        Self {
            family: device.family,
            name: device_name(device.device.as_deref(), text),
            authorized_at: Moment(device.opened_at),
            last_used_at: Moment(device.last_used_at),
            address: device.address,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_read_as_it_was_written() {
        for done in RevocationDone::ALL {
            assert_eq!(RevocationDone::from_marker(done.marker()), Some(done));
        }
        assert_eq!(RevocationDone::from_marker("<script>"), None);
    }
}
