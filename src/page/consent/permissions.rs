//! The permissions that a bot asks for, on the consent form.

use maud::{Markup, html};

use super::super::Chrome;
use super::super::parts::{around, quiet, tag};
use crate::fluxer::permissions::{Group, Permission, Permissions};

/// One permission on the consent form.
pub struct PermissionLine {
    /// The permission that the line is about.
    pub permission: Permission,
    /// Whether the user holds the permission in the guild, where the guild is known. A bot never gets what its
    /// installer lacks.
    pub is_held: bool,
    /// Whether the bot has the permission in the guild already, and keeps it.
    pub is_had: bool,
    /// Whether the check box is ticked when the form is shown.
    pub is_ticked: bool,
}

impl PermissionLine {
    /// Whether the user can grant or withhold the permission.
    const fn is_open(&self) -> bool {
        self.is_held && !self.is_had
    }

    /// Whether the form warns of the permission.
    fn is_dangerous(&self) -> bool {
        self.is_open() && self.permission.is_dangerous()
    }
}

/// Most permissions that are shown all at once. Where there are more, each group folds.
pub(super) const MOST_UNFOLDED: usize = 12;
/// The number of permissions that stand before the fold of a group.
pub(super) const FIRST_FEW: usize = 5;

/// The permissions that the bot asks for, by their groups.
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

/// The dangerous permissions. They stand first and never fold.
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

/// The other permissions of a group. They fold where the list is long.
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

/// The check box that stands for a whole group. Its value is all bits of the group that the user holds.
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
