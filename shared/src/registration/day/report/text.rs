//! The day on a screen.

use super::tables::{List, lists, summary, title};
use crate::lang::Lang;
use crate::registration::day::reconcile::Day;
use crate::say;

/// Lines of a list that are shown; the files have all of them.
const SHOWN: usize = 20;

/// Writes the day for people who look at a screen: the numbers, and the beginning of each list.
pub fn text(day: &Day<'_>, lang: Lang) -> String {
    let mut out = format!("{}\n", title(day, lang));
    for (name, value) in summary(day, lang) {
        out += &say!(lang, "{name}：{value}\n", "{name}: {value}\n");
    }
    for List { title, count, lines } in lists(day, lang) {
        out += &format!("\n{title} ({count})\n");
        for line in lines.take(SHOWN) {
            let cells: Vec<&str> = line.cells().into_iter().filter(|cell| !cell.is_empty()).collect();
            out += &format!("  {}\n", cells.join("  "));
        }
        if let Some(more) = count.checked_sub(SHOWN).filter(|more| *more > 0) {
            out += &say!(
                lang,
                "  …… 另有 {more} 行，见 --csv、--xlsx 或 --html\n",
                "  … {more} more: see --csv, --xlsx or --html\n"
            );
        }
    }
    out
}
