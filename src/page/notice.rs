//! A page that says one thing.

use maud::{Markup, html};

use super::parts::{around, heading, waiting};
use super::{Chrome, View};

/// A page that says one thing: an error, or that the user is logged out.
pub struct NoticePage<'a> {
    /// The heading.
    pub title: &'static str,
    /// What happened, and what to do. Where there is a wait, the words have a hole for it.
    pub words: &'static str,
    /// The wait in seconds.
    pub seconds: Option<u64>,
    /// A heading and words for the application's developer, where the mistake is theirs, or for the platform's
    /// support.
    pub detail: Option<(&'static str, &'a str)>,
    /// A link to another page of this server: its path and its label.
    pub next: Option<(&'a str, &'a str)>,
    /// A link that leaves this server: the host there and the URL.
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
