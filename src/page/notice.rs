//! A page that says one thing.

use super::html::{Html, html};
use super::parts::heading;
use super::{Chrome, View};

/// Says one thing: an error, or that the user is logged out.
pub struct NoticePage<'a> {
    /// The heading.
    pub title: &'static str,
    /// What happened, and what to do; with a hole for the seconds to wait.
    pub words: &'static str,
    /// Those.
    pub seconds: &'a str,
    /// For the developer of the application, where it is their doing.
    pub detail: Option<&'a str>,
    /// Where to go on: a path here and its label.
    pub next: Option<(&'a str, &'a str)>,
}

impl View for NoticePage<'_> {
    fn write(&self, chrome: &Chrome<'_>, out: &mut Html) {
        heading(self.title, out);
        html!(out, "<p class=\"lead\">");
        out.around(self.words, &[self.seconds], "", "");
        html!(out, "</p>\n");
        if let Some((href, label)) = self.next {
            html!(
                out,
                "<p class=\"actions\"><a class=\"button\" href=\"{}\">{}</a></p>\n",
                href,
                label
            );
        }
        if let Some(detail) = self.detail {
            html!(
                out,
                r#"<section class="detail" aria-labelledby="detail">
<h2 id="detail">{}</h2>
<p><bdi lang="en"><code>{}</code></bdi></p>
</section>
"#,
                chrome.text.layout.for_developers,
                detail
            );
        }
    }
}
