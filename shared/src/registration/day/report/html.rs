//! The day as one HTML page that prints on A4 and needs nothing else.

use std::io::{self, Write};

use super::super::reconcile::Day;
use super::tables::{List, columns, lists, summary, title};
use crate::lang::{Lang, html_line};

const STYLE: &str = "
body { font-family: 'Noto Sans CJK SC', 'Microsoft YaHei', SimSun, sans-serif; font-size: 10pt; margin: 1em; }
h1 { font-size: 14pt; } h2 { font-size: 11pt; margin: 1.2em 0 .3em; }
table { border-collapse: collapse; width: 100%; }
th, td { border: 1px solid #888; padding: .15em .4em; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
th { background: #eee; } caption { text-align: left; }
td.id { font-family: monospace; white-space: nowrap; }
@page { size: A4 landscape; margin: 12mm; }
@media print {
  body { margin: 0; font-size: 8.5pt; } th { background: none; }
  thead { display: table-header-group; } tr { break-inside: avoid; } h2 { break-after: avoid; }
}
";

/// Writes the day as an HTML page. It has no script and loads nothing.
///
/// # Errors
/// Those of the writer.
pub fn html(day: &Day<'_>, lang: Lang, page: &mut dyn Write) -> io::Result<()> {
    let (title, tongue) = (html_line(&title(day, lang)), if lang == Lang::Zh { "zh-CN" } else { "en" });
    write!(
        page,
        "<!DOCTYPE html>\n<html lang=\"{tongue}\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n<table>\n"
    )?;
    for (name, value) in summary(day, lang) {
        writeln!(page, "<tr><th>{}</th><td>{}</td></tr>", html_line(&name), html_line(&value))?;
    }
    writeln!(page, "</table>")?;
    let head: String = columns(lang).iter().map(|name| format!("<th>{}</th>", html_line(name))).collect();
    for List { title, count, lines } in lists(day, lang) {
        write!(page, "<h2>{} ({count})</h2>\n<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n", html_line(&title))?;
        for line in lines {
            write!(page, "<tr>")?;
            for (at, cell) in line.cells().into_iter().enumerate() {
                let class = if at < 4 { " class=\"id\"" } else { "" };
                write!(page, "<td{class}>{}</td>", html_line(cell))?;
            }
            writeln!(page, "</tr>")?;
        }
        writeln!(page, "</tbody>\n</table>")?;
    }
    writeln!(page, "</body>\n</html>")
}
