//! What several pages are made of.

use super::Chrome;
use super::html::{Html, html};
use super::settings::Moment;

/// ` checked`, for a box that is ticked.
pub(super) const fn checked(is_ticked: bool) -> &'static str {
    if is_ticked { " checked" } else { "" }
}

/// ` selected`, for an option that is chosen.
pub(super) const fn selected(is_chosen: bool) -> &'static str {
    if is_chosen { " selected" } else { "" }
}

/// Opens a form that changes something, with the token that says that it is ours.
pub(super) fn open_form(action: &str, csrf_token: &str, out: &mut Html) {
    html!(
        out,
        r#"<form method="post" action="{}">
<input type="hidden" name="csrf_token" value="{}">
"#,
        action,
        csrf_token
    );
}

/// A hidden field.
pub(super) fn hidden(name: &str, value: &str, out: &mut Html) {
    html!(
        out,
        "<input type=\"hidden\" name=\"{}\" value=\"{}\">\n",
        name,
        value
    );
}

/// The heading of a page that is about something a stranger named.
pub(super) fn heading_of(name: &str, out: &mut Html) {
    html!(out, "<h1><bdi class=\"name\">{}</bdi></h1>\n", name);
}

/// The heading of a page.
pub(super) fn heading(words: &str, out: &mut Html) {
    html!(out, "<h1>{}</h1>\n", words);
}

/// Opens a part of a page under a heading of its own.
pub(super) fn open_section(id: &str, heading: &str, out: &mut Html) {
    html!(
        out,
        "<section class=\"section\" id=\"{}\" aria-labelledby=\"{}-title\">\n<h2 id=\"{}-title\">{}</h2>\n",
        id,
        id,
        id,
        heading
    );
}

/// Closes it.
pub(super) fn close_section(out: &mut Html) {
    html!(out, "</section>\n");
}

/// Quiet words.
pub(super) fn quiet(words: &str, out: &mut Html) {
    html!(out, "<p class=\"quiet\">{}</p>\n", words);
}

/// Says what was just done, where something was.
pub(super) fn done(words: Option<&str>, out: &mut Html) {
    if let Some(words) = words {
        html!(out, "<p class=\"done\" role=\"status\">{}</p>\n", words);
    }
}

/// Says that something was not done, and why; `id` is what the controls that it is about name.
pub(super) fn problem(id: &str, words: &'static str, seconds: Option<u64>, out: &mut Html) {
    html!(out, "<p class=\"problem\" id=\"{}\" role=\"alert\">", id);
    let seconds = seconds.map(|seconds| seconds.to_string());
    // The script counts down what is marked so; without it, the number says when.
    let seconds = seconds.unwrap_or_default();
    out.around(words, &[&seconds], "<span data-seconds>", "</span>");
    html!(out, "</p>\n");
}

/// A mark beside something; `kind` is a class of its own, or nothing.
pub(super) fn tag(kind: &str, words: &str, out: &mut Html) {
    html!(out, " <span class=\"tag {}\">{}</span>", kind, words);
}

/// One fact.
pub(super) fn fact(label: &str, value: &str, out: &mut Html) {
    open_fact(label, out);
    html!(out, "<bdi>{}</bdi>", value);
    close_fact(out);
}

/// Opens a fact that is more than words.
pub(super) fn open_fact(label: &str, out: &mut Html) {
    html!(out, "<div><dt>{}</dt> <dd>", label);
}

/// Closes it.
pub(super) fn close_fact(out: &mut Html) {
    html!(out, "</dd></div>\n");
}

/// An instant.
pub(super) fn time(moment: Moment, out: &mut Html) {
    html!(
        out,
        "<time datetime=\"{}\">{}</time>",
        moment.iso(),
        moment.for_people()
    );
}

/// A fact that is an instant.
pub(super) fn fact_at(label: &str, moment: Moment, out: &mut Html) {
    open_fact(label, out);
    time(moment, out);
    close_fact(out);
}

/// The first letter of a name, in place of a picture from elsewhere.
pub(super) fn monogram(name: &str, out: &mut Html) {
    let end = name.char_indices().nth(1).map_or(name.len(), |(at, _)| at);
    html!(
        out,
        "<span class=\"monogram\" aria-hidden=\"true\">{}</span>\n",
        name.get(..end).unwrap_or_default()
    );
}

/// What an application says of itself, as what it is: its own words.
pub(super) fn claim(description: &str, chrome: &Chrome<'_>, out: &mut Html) {
    if !description.is_empty() {
        html!(
            out,
            r#"<figure class="claim">
<figcaption>{}</figcaption>
<blockquote><bdi>{}</bdi></blockquote>
</figure>
"#,
            chrome.text.consent.own_words,
            description
        );
    }
}

/// The beginning of what may be long, for where there are many.
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

/// The button of a form.
pub(super) fn submit(class: &str, words: &str, out: &mut Html) {
    html!(
        out,
        "<div class=\"actions\"><button class=\"{}\">{}</button></div>\n",
        class,
        words
    );
}

/// A password field that belongs to the form `part`.
pub(super) fn password(
    part: &str,
    label: &str,
    problem: bool,
    chrome: &Chrome<'_>,
    out: &mut Html,
) {
    // Password managers look for the name that goes with it.
    if let Some(account) = &chrome.account {
        html!(
            out,
            "<input hidden readonly autocomplete=\"username\" value=\"{}\">\n",
            account.username
        );
    }
    html!(
        out,
        r#"<div class="field">
<label for="{}-password">{}</label>
<input id="{}-password" name="password" type="password" autocomplete="current-password" required"#,
        part,
        label,
        part
    );
    invalid(problem, part, out);
    html!(out, ">\n</div>\n");
}

/// The attributes of a control that is why the form `part` came back.
pub(super) fn invalid(problem: bool, part: &str, out: &mut Html) {
    if problem {
        html!(
            out,
            " aria-invalid=\"true\" aria-describedby=\"{}-problem\"",
            part
        );
    }
}

/// Links to the other pages of a list.
pub(super) fn pager(label: &str, links: &[(Option<&str>, &str)], out: &mut Html) {
    if links.iter().all(|(href, _)| href.is_none()) {
        return;
    }
    html!(out, "<nav class=\"pager\" aria-label=\"{}\">\n", label);
    for (rel, (href, words)) in ["next", "start"].into_iter().zip(links) {
        if let Some(href) = href {
            html!(
                out,
                "<a class=\"button\" href=\"{}\" rel=\"{}\">{}</a>\n",
                href,
                rel,
                words
            );
        }
    }
    html!(out, "</nav>\n");
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
}
