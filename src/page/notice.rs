//! A page that says one thing.

use maud::{Markup, html};

use super::parts::{around, heading, waiting};
use super::{Chrome, View};

/// Says one thing: an error, or that the user is logged out.
pub struct NoticePage<'a> {
    /// The heading.
    pub title: &'static str,
    /// What happened, and what to do; where there is a wait, with a hole for it.
    pub words: &'static str,
    /// The seconds to wait.
    pub seconds: Option<u64>,
    /// For the developer of the application, where it is their doing, or for our support: a heading and the words.
    pub detail: Option<(&'static str, &'a str)>,
    /// Where to go on: a path here and its label.
    pub next: Option<(&'a str, &'a str)>,
    /// Where to go on elsewhere: who is there, and the address.
    pub away: Option<(&'a str, &'a str)>,
}

impl View for NoticePage<'_> {
    fn body(&self, chrome: &Chrome<'_>) -> Markup {
        html! {
            (heading(self.title))
            p.lead { (waiting(self.words, self.seconds, chrome)) }
            @if let Some((href, label)) = self.next {
                p.actions { a.button href=(href) { (label) } }
            }
            @if let Some((host, href)) = self.away {
                @let host = html! { bdi.name dir="ltr" { (host) } };
                p.actions {
                    a.button href=(href) rel="noreferrer" {
                        (around(chrome.text.layout.go_to, &[host]))
                    }
                }
            }
            @if let Some((heading, detail)) = self.detail {
                section.detail aria-labelledby="detail" {
                    h2 #detail { (heading) }
                    p { bdi lang="en" { code { (detail) } } }
                }
            }
        }
    }
}
