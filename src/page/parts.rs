//! The parts that several pages are made of.

use maud::{Markup, html};

use super::Chrome;
use super::moment::Moment;
use super::text::{HOLE, SettingsText, filled};
use super::user_agent::UserAgent;
use crate::fluxer::application::Application;

/// Words of ours, with markup in place of their holes.
pub(super) fn around(words: &str, values: &[Markup]) -> Markup {
    let before = core::iter::once(None).chain(values.iter().map(Some));
    let before = before.chain(core::iter::repeat(None));
    html! {
        @for (value, piece) in before.zip(words.split(HOLE)) {
            @if let Some(value) = value { (value) }
            (piece)
        }
    }
}

/// Words of ours, with other people's names in place of their holes. Each name is set off, and has its own reading
/// direction.
pub(super) fn sentence(words: &str, names: &[&str]) -> Markup {
    let names = names.iter().map(|name| html! { bdi.name { (name) } });
    around(words, &names.collect::<Vec<_>>())
}

/// Words of ours, with the platform's name in place of their hole.
pub(super) fn branded(words: &str, chrome: &Chrome<'_>) -> Markup {
    around(words, &[html! { bdi { (chrome.brand.name) } }])
}

/// A form that changes something. `csrf_token` is the ticket that shows that the form is ours.
pub(super) fn form(action: &str, csrf_token: &str, body: &Markup) -> Markup {
    html! {
        form method="post" action=(action) {
            (hidden("csrf_token", csrf_token))
            (body)
        }
    }
}

/// The same form, with a file in it (`multipart/form-data`).
pub(super) fn form_with_file(action: &str, csrf_token: &str, body: &Markup) -> Markup {
    html! {
        form method="post" action=(action) enctype="multipart/form-data" {
            (hidden("csrf_token", csrf_token))
            (body)
        }
    }
}

/// A hidden field.
pub(super) fn hidden(name: &str, value: &str) -> Markup {
    html! { input type="hidden" name=(name) value=(value); }
}

/// The heading of a page that is about something with a name that a stranger chose.
pub(super) fn heading_of(name: &str) -> Markup {
    html! { h1 { bdi.name { (name) } } }
}

/// The heading of a page, in words of ours.
pub(super) fn heading(words: &str) -> Markup {
    html! { h1 { (words) } }
}

/// A part of a page under a heading of its own.
pub(super) fn section(id: &str, heading: &str, body: &Markup) -> Markup {
    html! {
        section.section id=(id) aria-labelledby={ (id) "-title" } {
            h2 id={ (id) "-title" } { (heading) }
            (body)
        }
    }
}

/// Words in the quiet style of a note.
pub(super) fn quiet(words: &str) -> Markup {
    html! { p.quiet { (words) } }
}

/// Says what was just done. Without words it is empty.
pub(super) fn done(words: Option<&str>) -> Markup {
    html! {
        @if let Some(words) = words {
            p.done role="status" { (words) }
        }
    }
}

/// Says that something was not done, and why. The controls that the problem is about name its `id`; `seconds` is the
/// wait.
pub(super) fn problem(id: &str, words: &str, seconds: Option<u64>, chrome: &Chrome<'_>) -> Markup {
    html! {
        p.problem id=(id) role="alert" { (waiting(words, seconds, chrome)) }
    }
}

/// Words of ours, with a wait in place of their hole, where they have one. `seconds` is the wait.
pub(super) fn waiting(words: &str, seconds: Option<u64>, chrome: &Chrome<'_>) -> Markup {
    let text = &chrome.text.time;
    let wait = seconds.map(|seconds| match Moment::wait(seconds, text) {
        Some(told) => html! { (told) },
        // The script counts down what is marked so; without it, the number says when.
        None => around(
            text.in_seconds,
            &[html! { span data-seconds { (seconds) } }],
        ),
    });
    around(words, wait.as_slice())
}

/// A mark beside something. `kind` is a class that gives the mark its colour; empty, it has the usual one.
pub(super) fn tag(kind: &str, words: &str) -> Markup {
    html! { " " span class={ "tag " (kind) } { (words) } }
}

/// One fact of a list: its label and its value.
pub(super) fn fact(label: &str, value: &Markup) -> Markup {
    html! { div { dt { (label) } " " dd { (value) } } }
}

/// A fact whose value is words.
pub(super) fn fact_of(label: &str, words: &str) -> Markup {
    fact(label, &html! { bdi { (words) } })
}

/// A time that has passed, as people say it: `5 minutes ago`. The script says it in the reader's own time zone, and
/// keeps it up to date while the page is open.
pub(super) fn time(moment: Moment, chrome: &Chrome<'_>) -> Markup {
    let text = &chrome.text.time;
    html! {
        time datetime=(moment.iso()) title=(moment.exactly(text)) { (moment.told(chrome.now, text)) }
    }
}

/// A fact whose value is a time.
pub(super) fn fact_at(label: &str, moment: Moment, chrome: &Chrome<'_>) -> Markup {
    fact(label, &time(moment, chrome))
}

/// A fact whose value is a day.
pub(super) fn fact_on(label: &str, moment: Moment, chrome: &Chrome<'_>) -> Markup {
    let day = moment.day_of(&chrome.text.time);
    fact(label, &html! { time datetime=(moment.day()) { (day) } })
}

/// The icon that was uploaded here for an application, or the first letter of its name. No picture is
/// loaded from elsewhere.
pub(super) fn emblem(application: &Application) -> Markup {
    let name = application.name.as_str();
    if let Some(hash) = application.icon.as_ref().filter(|it| it.is_kept_here()) {
        let id = application.client.id.to_string();
        return html! {
            img.monogram src={ "/icons/" (id) "/" (hash.as_str()) } alt="" width="48" height="48";
        };
    }
    let end = name.char_indices().nth(1).map_or(name.len(), |(at, _)| at);
    let letter = name.get(..end).unwrap_or_default();
    html! { span.monogram aria-hidden="true" { (letter) } }
}

/// What an application says of itself, marked as its own words.
pub(super) fn claim(description: &str, chrome: &Chrome<'_>) -> Markup {
    html! {
        @if !description.is_empty() {
            figure.claim {
                figcaption { (chrome.text.consent.own_words) }
                blockquote { bdi { (description) } }
            }
        }
    }
}

/// The first `most` characters of a text, for a list that has many of them.
pub(super) fn clipped(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((end, _)) => {
            let mut clipped = text.get(..end).unwrap_or_default().trim_end().to_owned();
            clipped.push('…');
            clipped
        }
    }
}

/// The button that sends a form.
pub(super) fn submit(class: &str, words: &str) -> Markup {
    html! { div.actions { button class=(class) { (words) } } }
}

/// The name by which people know a browser: its own name and its operating system's.
pub(super) fn device_name(device: Option<&str>, text: &SettingsText) -> String {
    let agent = device.map(UserAgent::parse).unwrap_or_default();
    match (agent.browser, agent.system) {
        (Some(browser), Some(system)) => filled(text.browser_on, &[browser, system]),
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        (None, None) => text.unknown_device.to_owned(),
    }
}

/// The password field of the form `part`, where users have passwords here. `problem` says that the last one was
/// wrong.
pub(super) fn password(part: &str, label: &str, problem: bool, chrome: &Chrome<'_>) -> Markup {
    if !chrome.has_passwords {
        return html! {};
    }
    html! {
        // Password managers look for the name that goes with it.
        @if let Some(account) = &chrome.account {
            input hidden readonly autocomplete="username" value=(account.username);
        }
        div.field {
            label for={ (part) "-password" } { (label) }
            input id={ (part) "-password" } name="password" type="password"
                autocomplete="current-password" required
                aria-invalid=[problem.then_some("true")]
                aria-describedby=[problem_id(problem, part)];
        }
    }
}

/// The id of the problem that a control of the form `part` names, where there is one.
pub(super) fn problem_id(problem: bool, part: &str) -> Option<String> {
    problem.then(|| [part, "-problem"].concat())
}

/// The links to the other pages of a list. `label` is their name for screen readers.
pub(super) fn pager(label: &str, links: &[(Option<&str>, &str)]) -> Markup {
    html! {
        @if links.iter().any(|(href, _)| href.is_some()) {
            nav.pager aria-label=(label) {
                @for (rel, (href, words)) in ["next", "start"].into_iter().zip(links) {
                    @if let Some(href) = href {
                        a.button href=(href) rel=(rel) { (words) }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_long_is_clipped_between_characters() {
        assert_eq!(clipped("", 3), "");
        assert_eq!(clipped("äöü", 3), "äöü");
        assert_eq!(clipped("äöüß", 3), "äöü…");
        assert_eq!(clipped("ab cd", 3), "ab…");
    }

    #[test]
    fn what_fills_a_hole_stays_text() {
        let escaped = "&lt;/p&gt;&quot;'&amp;&lt;script&gt;{}";
        let written =
            format!("<bdi class=\"name\">{escaped}</bdi> &amp; <bdi class=\"name\">b</bdi>.");
        let said = sentence("{} & {}.", &["</p>\"'&<script>{}", "b"]);
        assert_eq!(said.into_string(), written);
        assert_eq!(sentence("a < b", &["unused"]).into_string(), "a &lt; b");
        assert_eq!(sentence("a {} b", &[]).into_string(), "a  b");
    }
}
