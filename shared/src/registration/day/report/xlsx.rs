//! The day as an XLSX workbook: a sheet a list, every id as text, printed on A4.

use std::io::Write;
use std::path::Path;

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError};
use thiserror::Error;

use super::super::reconcile::Day;
use super::tables::{Line, List, columns, lists, summary, title};
use crate::lang::{Lang, cut};
use crate::say;

/// Rows of one sheet; what does not fit goes on in a further one.
const ROWS_MAX: usize = 1_000_000;
/// The longest text of a cell, in bytes: never more than Excel's 32,767 characters.
const CELL_MAX: usize = 32_000;
/// The longest name of a sheet, in characters.
const NAME_MAX: usize = 31;
/// A4, as the format numbers paper.
const A4: u8 = 9;

/// Tells that a workbook could not be written.
#[derive(Debug, Error)]
#[error("the workbook was not written: {0}")]
pub struct XlsxFault(#[from] XlsxError);

/// Writes the day as a workbook. Its sheets lie in files without a name in `dir` until it is put together.
///
/// # Errors
/// Whatever the writer of workbooks cannot do.
pub fn xlsx(day: &Day<'_>, lang: Lang, dir: &Path, out: impl Write + Send) -> Result<(), XlsxFault> {
    let mut book = Workbook::new();
    book.set_tempdir(dir)?;
    book.set_properties(&properties(day, lang)?);
    let title = title(day, lang);
    let lines: Vec<[String; 2]> = summary(day, lang).into_iter().map(|(name, value)| [name, value]).collect();
    let head = [say!(lang, "项目", "Item"), say!(lang, "内容", "Value")];
    sheet(
        book.add_worksheet_with_low_memory()?,
        &say!(lang, "汇总", "Summary"),
        &title,
        &head,
        &[34.0, 90.0],
        lines.into_iter(),
    )?;
    let head = columns(lang);
    for List { title: name, mut lines, count } in lists(day, lang) {
        for part in 0..count.div_ceil(ROWS_MAX) {
            let name = if part == 0 { name.clone() } else { format!("{name} {}", part + 1) };
            let rows = lines.by_ref().take(ROWS_MAX).map(Line::into_cells);
            sheet(book.add_worksheet_with_low_memory()?, &name, &title, &head, &[20.0, 31.0, 24.0, 20.0, 46.0, 46.0], rows)?;
        }
    }
    Ok(book.save_to_writer(out)?)
}

/// The moment of making is the day's own: the same day gives the same bytes.
fn properties(day: &Day<'_>, lang: Lang) -> Result<DocProperties, XlsxError> {
    let (date, time) = (day.until.date(), day.until.time());
    let part = |value: i8| u8::try_from(value).unwrap_or_default();
    let made = ExcelDateTime::from_ymd(u16::try_from(date.year()).unwrap_or(1900), part(date.month()), part(date.day()))?;
    let made = made.and_hms(u16::from(part(time.hour())), part(time.minute()), f64::from(time.second()))?;
    Ok(DocProperties::new().set_title(title(day, lang)).set_creation_datetime(&made))
}

/// Cuts a text that no cell holds, and shows that it was cut.
fn fitted(text: String) -> String {
    if text.len() <= CELL_MAX { text } else { cut(&text, CELL_MAX) + "…" }
}

fn sheet<const N: usize>(
    sheet: &mut Worksheet,
    name: &str,
    title: &str,
    head: &[String; N],
    widths: &[f64; N],
    rows: impl Iterator<Item = [String; N]>,
) -> Result<(), XlsxError> {
    let text = Format::new().set_num_format("@").set_border(FormatBorder::Thin).set_align(FormatAlign::Top).set_text_wrap();
    let bold = text.clone().set_bold();
    sheet.set_name(name.chars().take(NAME_MAX).collect::<String>())?;
    for (at, (title, width)) in (0u16..).zip(head.iter().zip(widths)) {
        sheet.set_column_width(at, *width)?;
        sheet.write_string_with_format(0, at, title, &bold)?;
    }
    let mut last = 0;
    for (row, cells) in (1u32..).zip(rows) {
        for (at, cell) in (0u16..).zip(cells) {
            sheet.write_string_with_format(row, at, fitted(cell), &text)?;
        }
        last = row;
    }
    let last_column = u16::try_from(N).unwrap_or(1).saturating_sub(1);
    sheet.set_print_area(0, 0, last, last_column)?;
    sheet.set_repeat_rows(0, 0)?;
    sheet.set_freeze_panes(1, 0)?;
    sheet.set_paper_size(A4).set_landscape().set_print_fit_to_pages(1, 0);
    // An ampersand begins a code in headers and footers.
    sheet.set_header(format!("&L{}&R&A", title.replace('&', "&&"))).set_footer("&C&P / &N");
    Ok(())
}
