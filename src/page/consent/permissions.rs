//! What a bot asks to be able to do, on the consent form.

use maud::{Markup, html};

use super::super::Chrome;
use super::super::parts::{around, quiet, tag};
use crate::fluxer::permissions::{Group, Permission, Permissions};

/// One permission on the consent form.
pub struct PermissionLine {
    /// The permission that the line is about.
    pub permission: Permission,
    /// Whether the user holds it, where the guild is known: a bot never gets what its installer
    /// lacks.
    pub is_held: bool,
    /// Whether the bot has it there already, and keeps it.
    pub is_had: bool,
    /// Whether its box is ticked as the form is shown.
    pub is_ticked: bool,
}

impl PermissionLine {
    /// Whether it can be granted or withheld.
    const fn is_open(&self) -> bool {
        self.is_held && !self.is_had
    }

    /// Whether granting it deserves a second look.
    fn is_dangerous(&self) -> bool {
        self.is_open() && self.permission.is_dangerous()
    }
}

/// As many permissions are shown at once; where there are more, their groups fold.
pub(super) const MOST_UNFOLDED: usize = 12;
/// Of a list that folds, so many stand before the fold.
pub(super) const FIRST_FEW: usize = 5;

/// What the bot is to be able to do, by what it is about.
pub(super) fn permissions(lines: &[PermissionLine], chrome: &Chrome<'_>) -> Markup {
    let text = &chrome.text.bot;
    if lines.is_empty() {
        return quiet(text.no_permissions);
    }
    let dangerous = lines.iter().filter(|line| line.is_dangerous()).count();
    let counts = [lines.len(), dangerous].map(|count| count.to_string());
    let counts = counts.map(|count| html! { strong { (count) } });
    html! {
        fieldset.permissions aria-describedby="never-more" {
            legend { (text.permissions) }
            p.quiet { (around(text.asked, &counts)) }
            (dangerous_permissions(lines, chrome))
            @for group in Group::ALL { (permission_group(group, lines, chrome)) }
            p.quiet #never-more { (text.never_more) }
        }
    }
}

/// What deserves a second look stands first, and is never folded.
fn dangerous_permissions(lines: &[PermissionLine], chrome: &Chrome<'_>) -> Markup {
    html! {
        @if lines.iter().any(PermissionLine::is_dangerous) {
            fieldset {
                legend { (chrome.text.bot.dangerous) }
                ul.scopes role="list" {
                    @for line in lines.iter().filter(|it| it.is_dangerous()) {
                        (permission_line(line, chrome))
                    }
                }
            }
        }
    }
}

/// The other permissions of a kind; folded where the list is long.
fn permission_group(group: Group, lines: &[PermissionLine], chrome: &Chrome<'_>) -> Markup {
    let is_here = |line: &&PermissionLine| line.permission.group == group && !line.is_dangerous();
    let here: Vec<_> = lines.iter().filter(is_here).collect();
    let name = chrome.text.group(group);
    let list = html! {
        ul.scopes role="list" { @for line in &here { (permission_line(line, chrome)) } }
    };
    html! {
        @if here.is_empty() {
        } @else if lines.len() <= MOST_UNFOLDED {
            fieldset { legend { (name) } (list) }
        } @else {
            details {
                summary { (name) " " span.quiet { "(" (here.len()) ")" } }
                fieldset {
                    legend.unseen { (name) }
                    (all_of(&here, chrome))
                    (list)
                }
            }
        }
    }
}

/// One box that stands for a whole group: its value is all of the group's bits that the user holds.
fn all_of(lines: &[&PermissionLine], chrome: &Chrome<'_>) -> Markup {
    let held = lines.iter().filter(|line| line.is_open());
    let bits = held.fold(Permissions::NONE, |bits, line| {
        bits.with(line.permission.value())
    });
    html! {
        @if lines.len() > 1 && !bits.is_empty() {
            p {
                label {
                    input type="checkbox" name="permission_group" value=(bits.to_string()); " "
                    (chrome.text.bot.all_of)
                }
            }
        }
    }
}

fn permission_line(line: &PermissionLine, chrome: &Chrome<'_>) -> Markup {
    html! {
        li.dangerous[line.is_dangerous()] {
            label {
                input type="checkbox" name="permissions"
                    value=(line.permission.value().to_string())
                    checked[line.is_had || line.is_held && line.is_ticked]
                    disabled[!line.is_open()];
                " "
                span {
                    (chrome.text.permission(line.permission))
                    @if line.is_dangerous() {
                        (tag("tag-dangerous", chrome.text.consent.dangerous))
                    }
                    @if line.is_had {
                        (tag("", chrome.text.bot.had))
                    } @else if !line.is_held {
                        (tag("", chrome.text.bot.not_held))
                    }
                }
            }
        }
    }
}
