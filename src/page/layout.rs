//! The layout around every page.

use maud::{DOCTYPE, Markup, html};

use super::parts::branded;
use super::style::Asset;
use super::{Chrome, text};

/// The whole page, with `main` inside the layout.
pub(super) fn page(chrome: &Chrome<'_>, title: &str, main: &Markup) -> Markup {
    let (text, brand) = (chrome.text, chrome.brand);
    html! {
        (DOCTYPE)
        html lang=(text.tag) dir=(text.direction) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · " (brand.name) }
                link rel="icon" href="data:,";
                link rel="stylesheet" href={ "/assets/" (chrome.asset(Asset::Style)) };
                @if chrome.account.is_some() {
                    script type="module" src={ "/assets/" (chrome.asset(Asset::Script)) } {}
                }
            }
            body class=[chrome.account.map(|_| "wide")] {
                @if chrome.account.is_some() {
                    a.skip href="#main" { (text.layout.skip) }
                }
                header.masthead {
                    p.wordmark.drawn[brand.logo.is_none()] {
                        @if let Some(logo) = &brand.logo {
                            img src=(logo) alt="" width="24" height="24";
                        }
                        bdi { (brand.name) }
                    }
                    (account_links(chrome))
                }
                main.card #main { (main) }
                footer.footnote {
                    p { (branded(text.layout.promise, chrome)) }
                    @if !chrome.here.is_empty() { (languages(chrome)) }
                }
            }
        }
    }
}

fn account_links(chrome: &Chrome<'_>) -> Markup {
    let text = &chrome.text.layout;
    html! {
        @if let Some(account) = &chrome.account {
            nav aria-label=(text.navigation) {
                ul.links {
                    @for (path, label) in [
                        ("/settings", text.account),
                        ("/settings/authorizations", text.authorizations),
                        ("/developers", text.developers),
                        ("/admin", text.admin),
                    ] {
                        @if path != "/admin" || account.is_administrator {
                            (link(path, label, if chrome.is_below(path) { "page" } else { "false" }))
                        }
                    }
                    li {
                        a href="/logout" {
                            (text.log_out) " " bdi.quiet { "(" (account.username) ")" }
                        }
                    }
                }
            }
        }
    }
}

/// A link of a navigation. `current` is its `aria-current`.
pub(super) fn link(path: &str, label: &str, current: &str) -> Markup {
    html! { li { a href=(path) aria-current=(current) { (label) } } }
}

/// The choice of the language.
fn languages(chrome: &Chrome<'_>) -> Markup {
    let layout = &chrome.text.layout;
    html! {
        form.language method="post" action="/language" {
            input type="hidden" name="return_to" value=(chrome.here);
            label for="language" { (layout.language) } " "
            select #language name="language" {
                @for language in text::ALL {
                    option value=(language.tag) lang=(language.tag)
                        selected[language.tag == chrome.text.tag] { (language.name) }
                }
            } " "
            button.small { (layout.change) }
        }
    }
}
