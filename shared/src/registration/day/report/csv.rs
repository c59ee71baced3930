//! The day as CSV that Excel and WPS open as it is: UTF-8 with a byte order mark, CRLF.

use std::io::{self, Write};

use super::super::reconcile::Day;
use super::tables::{List, columns, lists, summary};
use crate::lang::Lang;
use crate::say;

/// Writes the day as CSV. All lists are one table, whose first column names the list; the summary comes first.
///
/// # Errors
/// Those of the writer.
pub fn csv(day: &Day<'_>, lang: Lang, out: &mut dyn Write) -> io::Result<()> {
    out.write_all("\u{feff}".as_bytes())?;
    let list_column = say!(lang, "清单", "List");
    let head = columns(lang);
    record(out, std::iter::once(list_column.as_str()).chain(head.iter().map(String::as_str)))?;
    let title = say!(lang, "汇总", "Summary");
    for (name, value) in summary(day, lang) {
        record(out, [title.as_str(), "", "", "", "", &name, &value])?;
    }
    for List { title, lines, .. } in lists(day, lang) {
        for line in lines {
            record(out, std::iter::once(title.as_str()).chain(line.cells()))?;
        }
    }
    Ok(())
}

fn record<'a>(out: &mut dyn Write, cells: impl IntoIterator<Item = &'a str>) -> io::Result<()> {
    for (at, value) in cells.into_iter().enumerate() {
        if at > 0 {
            out.write_all(b",")?;
        }
        out.write_all(cell(value).as_bytes())?;
    }
    out.write_all(b"\r\n")
}

/// Writes a cell so that a spreadsheet shows it as it is: nothing is taken for a formula, and no string of digits for a number that loses its last places or its zeros.
fn cell(value: &str) -> String {
    // Some take blanks away before they look.
    let guarded = match value.trim_start().chars().next() {
        Some(first) if (is_formula(first) || value.starts_with(is_formula)) && value.chars().count() > 1 => format!("'{value}"),
        _ if is_number_to_spreadsheets(value) => format!("\t{value}"),
        _ => value.to_owned(),
    };
    match guarded.contains([',', '"', '\n', '\r', '\t', ';']) || guarded.starts_with(' ') || guarded.ends_with(' ') {
        true => format!("\"{}\"", guarded.replace('"', "\"\"")),
        false => guarded,
    }
}

/// Tells whether a cell that begins so would be computed. The wide forms are taken alike by spreadsheets of the region.
fn is_formula(first: char) -> bool {
    matches!(first, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠')
}

/// Tells whether a spreadsheet could show something else than these digits: too many for it, a zero at their head, a date, an exponent, brackets
/// for a minus, a currency, wide digits.
fn is_number_to_spreadsheets(value: &str) -> bool {
    let is_digit = |letter: char| letter.is_ascii_digit() || ('０'..='９').contains(&letter);
    let is_part = |letter: char| is_digit(letter) || ".,/:-+%eE() $¥￥．，／：－＋％（）\u{3000}年月日时分秒".contains(letter);
    let is_plain =
        value.bytes().all(|byte| byte.is_ascii_digit()) && value.len() < 12 && !(value.starts_with('0') && value.len() > 1);
    value.chars().any(is_digit) && value.chars().all(is_part) && !is_plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_keep_their_places_and_nothing_is_computed() {
        for (value, written) in [
            ("150721240315000001", "\"\t150721240315000001\""),
            ("202403150001-2", "\"\t202403150001-2\""),
            ("0200", "\"\t0200\""),
            ("0", "0"),
            ("37", "37"),
            ("3-15", "\"\t3-15\""),
            ("150721240315E00001", "\"\t150721240315E00001\""),
            ("150721240315000004BBXZ", "150721240315000004BBXZ"),
            ("2024-03-15 09:30:00", "\"\t2024-03-15 09:30:00\""),
            ("=HYPERLINK(\"http://x\")", "\"'=HYPERLINK(\"\"http://x\"\")\""),
            ("+8613800000000", "'+8613800000000"),
            ("-2+3", "'-2+3"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("＝1+1", "'＝1+1"),
            ("-", "-"),
            ("\t=1", "\"'\t=1\""),
            (" =1+1", "' =1+1"),
            ("\u{3000}@SUM(A1)", "'\u{3000}@SUM(A1)"),
            ("1E+10", "\"\t1E+10\""),
            ("(150721)", "\"\t(150721)\""),
            ("￥12", "\"\t￥12\""),
            ("１５０７２１２４０３１５", "\"\t１５０７２１２４０３１５\""),
            ("2024年3月15日", "\"\t2024年3月15日\""),
            ("第3号", "第3号"),
            ("a,b", "\"a,b\""),
            ("他说“好”", "他说“好”"),
            ("", ""),
        ] {
            assert_eq!(cell(value), written, "{value}");
        }
    }
}
