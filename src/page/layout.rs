//! What stands around every page.

use super::html::{Html, html};
use super::parts::selected;
use super::style::Asset;
use super::{Chrome, text};

/// Everything before what the page says.
pub(super) fn open(chrome: &Chrome<'_>, title: &str, out: &mut Html) {
    let (text, brand) = (chrome.text, chrome.brand);
    html!(
        out,
        r#"<!doctype html>
<html lang="{}" dir="{}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{} · {}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/assets/{}">
"#,
        text.tag,
        text.direction,
        title,
        brand.name,
        chrome.asset(Asset::Style),
    );
    if chrome.account.is_some() {
        html!(
            out,
            r##"<script type="module" src="/assets/{}"></script>
    </head>
    <body class="wide">
    <a class="skip" href="#main">{}</a>
    "##,
            chrome.asset(Asset::Script),
            text.layout.skip,
        );
    } else {
        html!(out, "</head>\n<body>\n");
    }
    html!(out, "<header class=\"masthead\">\n<p class=\"wordmark");
    if let Some(logo) = &brand.logo {
        html!(
            out,
            r#""><img src="{}" alt="" width="24" height="24">"#,
            logo
        );
    } else {
        html!(out, " drawn\">");
    }
    html!(out, "<bdi>{}</bdi></p>\n", brand.name);
    account_links(chrome, out);
    html!(out, "</header>\n<main class=\"card\" id=\"main\">\n");
}

fn account_links(chrome: &Chrome<'_>, out: &mut Html) {
    let Some(account) = &chrome.account else {
        return;
    };
    let text = &chrome.text.layout;
    html!(
        out,
        "<nav aria-label=\"{}\">\n<ul class=\"links\">\n",
        text.navigation
    );
    for (path, label) in [
        ("/settings/authorizations", text.authorizations),
        ("/developers", text.developers),
        ("/admin", text.admin),
    ] {
        if path != "/admin" || account.is_administrator {
            let current = if chrome.is_at(path) { "page" } else { "false" };
            link(path, label, current, out);
        }
    }
    html!(
        out,
        "<li><a href=\"/logout\">{} <bdi class=\"quiet\">({})</bdi></a></li>\n</ul>\n</nav>\n",
        text.log_out,
        account.username,
    );
}

/// A link in a navigation; `current` is its `aria-current`.
pub(super) fn link(path: &str, label: &str, current: &str, out: &mut Html) {
    html!(
        out,
        "<li><a href=\"{}\" aria-current=\"{}\">{}</a></li>\n",
        path,
        current,
        label
    );
}

/// Everything behind what the page says.
pub(super) fn close(chrome: &Chrome<'_>, out: &mut Html) {
    let layout = &chrome.text.layout;
    html!(out, "</main>\n<footer class=\"footnote\">\n<p>");
    out.around(layout.promise, &[&chrome.brand.name], "<bdi>", "</bdi>");
    html!(out, "</p>\n");
    if !chrome.here.is_empty() {
        html!(
            out,
            r#"<form method="post" action="/language" class="language">
<input type="hidden" name="return_to" value="{}">
<label for="language">{}</label>
<select id="language" name="language">
"#,
            chrome.here,
            layout.language,
        );
        for language in text::ALL {
            html!(
                out,
                "<option value=\"{}\" lang=\"{}\"{}>{}</option>\n",
                language.tag,
                language.tag,
                selected(language.tag == chrome.text.tag),
                language.name,
            );
        }
        html!(
            out,
            "</select>\n<button class=\"small\">{}</button>\n</form>\n",
            layout.change
        );
    }
    html!(out, "</footer>\n</body>\n</html>\n");
}
