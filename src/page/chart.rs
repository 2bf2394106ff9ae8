//! Charts: bars, and the same numbers in a table for everybody.

use maud::{Markup, html};

use super::Chrome;

/// A bar for each of `values`. `names` has what each bar stands for, in the same order, the oldest first. `number`
/// stands beside the caption. The heights are attributes of the bars, because the policy of the pages allows no
/// inline style.
pub(super) fn chart(
    caption: &Markup,
    label: &str,
    number: u64,
    names: &[String],
    values: &[u64],
    chrome: &Chrome<'_>,
) -> Markup {
    let text = &chrome.text.admin;
    html! {
        figure.chart {
            figcaption { (caption) " " strong { (number) } }
            (bars(values))
            @if let [first, .., last] = names {
                // The year stands in the table.
                @let [first, last] = [first, last].map(|it| it.rsplit_once(' ').map_or(&**it, |it| it.0));
                p.ends aria-hidden="true" { span { (first) } " " span { (last) } }
            }
            details {
                summary { (text.numbers) span.unseen { ": " (label) } }
                table {
                    thead { tr { th scope="col" { (text.when) } th scope="col" { (label) } } }
                    tbody {
                        @for (name, value) in names.iter().zip(values) {
                            tr { th scope="row" { (name) } td { (value) } }
                        }
                    }
                }
            }
        }
    }
}

fn bars(values: &[u64]) -> Markup {
    const WIDTH: u64 = 240;
    const HEIGHT: u64 = 48;
    let most = values.iter().copied().max().unwrap_or_default().max(1);
    let count = u64::try_from(values.len()).unwrap_or(1).max(1);
    let step = WIDTH / count;
    // Two outlines, of the bars and of the days without one: elements of their own are five times as long.
    let outline = |of_none: bool| -> String {
        let bars = (0..)
            .zip(values)
            .filter(|(_, value)| (**value == 0) == of_none);
        let drawn = bars.map(|(bar, value)| {
            // What happened at all is seen.
            let height = (value * HEIGHT / most).max(if of_none { 1 } else { 2 });
            let (left, top, width) = (bar * step, HEIGHT - height, step - 2);
            format!("M{left} {top}h{width}v{height}h-{width}z")
        });
        drawn.collect()
    };
    html! {
        svg viewBox={ "0 0 " (step * count) " " (HEIGHT) } aria-hidden="true" preserveAspectRatio="none" {
            path.none d=(outline(true)) {}
            path d=(outline(false)) {}
        }
    }
}
