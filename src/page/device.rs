//! The page that takes the code of a device, and the section of the consent form about the device (RFC 8628 §3.3).

use core::net::IpAddr;

use maud::{Markup, html};

use super::moment::Moment;
use super::parts::clipped;
use super::parts::{branded, fact, fact_at, form, heading, problem, quiet, sentence, submit};
use super::{Chrome, View};

/// The path of the page.
pub const DEVICE: &str = "/device";

/// Most characters of a program's name that are shown.
const MAX_AGENT: usize = 80;

/// The form that takes the code of a device.
pub struct DevicePage<'a> {
    /// The path that the form posts to.
    pub action: &'a str,
    /// The hidden field of the form.
    pub csrf_token: &'a str,
    /// The name of the user who is logged in.
    pub username: &'a str,
    /// The code as it was typed, or as the link has it.
    pub typed: &'a str,
    /// Why the form is shown again.
    pub problem: Option<DeviceProblem>,
}

/// Why the form for the code is shown again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceProblem {
    /// No device waits under the code.
    Unknown,
    /// Too many wrong codes came before. The number is the wait in seconds.
    TooManyAttempts(u64),
}

impl View for DevicePage<'_> {
    fn body(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.device;
        let why = self.problem.map(|_| "device-problem");
        let fields = html! {
            div.field {
                label for="user_code" { (text.label) }
                input #user_code.code name="user_code" value=(self.typed) type="text" dir="ltr"
                    placeholder="BCDF-GHJK" maxlength="32" autocomplete="off"
                    autocapitalize="characters" spellcheck="false" translate="no" required
                    autofocus[self.typed.is_empty() || self.problem.is_some()]
                    aria-describedby=[why] aria-invalid=[why.map(|_| "true")];
            }
            (submit("primary", text.submit))
        };
        html! {
            (heading(text.heading))
            p.lead { (branded(text.intro, chrome)) }
            p { (sentence(chrome.text.consent.as_whom, &[self.username])) }
            @if let Some(why) = self.problem {
                @let (words, seconds) = match why {
                    DeviceProblem::Unknown => (text.unknown, None),
                    DeviceProblem::TooManyAttempts(seconds) => (text.too_many, Some(seconds)),
                };
                (problem("device-problem", words, seconds, chrome))
            }
            (form(self.action, self.csrf_token, &fields))
            (quiet(text.only_if))
        }
    }
}

/// The section of the consent form about the device that asks.
pub struct DeviceSection {
    /// The code that the device shows.
    pub user_code: String,
    /// The time when the device asked.
    pub asked_at: Moment,
    /// The address from which the device asked.
    pub address: Option<IpAddr>,
    /// Whether that is the user's own network. `None` where one of the addresses is not known.
    pub is_near: Option<bool>,
    /// The program that asked, as it names itself.
    pub agent: Option<String>,
}

impl DeviceSection {
    pub(super) fn body(&self, chrome: &Chrome<'_>) -> Markup {
        let text = &chrome.text.device;
        let address = self.address.map(|it| it.to_string());
        html! {
            div.warning role="note" {
                p { strong { (text.only_if) } }
                p { (text.beware) }
            }
            dl.facts {
                (fact(text.code, &html! { span.usercode dir="ltr" translate="no" { (self.user_code) } }))
                (fact_at(text.asked_at, self.asked_at, chrome))
                @if let Some(address) = address {
                    (fact(text.asked_from, &html! {
                        bdi dir="ltr" { (address) }
                        @if let Some(is_near) = self.is_near {
                            " " span.quiet { (if is_near { text.near } else { text.elsewhere }) }
                        }
                    }))
                }
                @if let Some(agent) = &self.agent {
                    (fact(text.program, &html! { bdi { (clipped(agent, MAX_AGENT)) } }))
                }
            }
        }
    }
}
