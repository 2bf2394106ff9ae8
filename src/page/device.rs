//! The page that takes the code of a device, and what the consent form says of one (RFC 8628 §3.3).

use core::net::IpAddr;

use maud::{Markup, html};

use super::moment::Moment;
use super::parts::clipped;
use super::parts::{branded, fact, fact_at, form, heading, problem, quiet, sentence, submit};
use super::{Chrome, View};

/// Where the page is.
pub const DEVICE: &str = "/device";

/// Most characters of a program's name that are shown.
const MAX_AGENT: usize = 80;

/// The field for the code.
pub struct DevicePage<'a> {
    /// Where the form posts to.
    pub action: &'a str,
    /// The hidden field.
    pub csrf_token: &'a str,
    /// The user who is logged in.
    pub username: &'a str,
    /// The code as it was typed, or as a link has it.
    pub typed: &'a str,
    /// Why the form is shown again.
    pub problem: Option<DeviceProblem>,
}

/// Why a code leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceProblem {
    /// No device waits under it.
    Unknown,
    /// Too many wrong ones; the seconds until the next attempt.
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

/// The device that asks, on the consent form.
pub struct DeviceSection {
    /// The code that it shows.
    pub user_code: String,
    /// When it asked.
    pub asked_at: Moment,
    /// Where it asked from.
    pub address: Option<IpAddr>,
    /// Whether that is where the user is.
    pub is_near: Option<bool>,
    /// The program, as it names itself.
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
