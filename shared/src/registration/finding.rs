//! What a check found: a code for programs, a place, the value with persons masked, and a sentence that says what to do.

use serde::Serialize;

use crate::lang::{Lang, mask_id, plain_line};

use super::catalogue::Masked;
use super::message::Row;
use super::xml::XmlFault;

/// Most findings of one file that are told one by one.
pub const FINDINGS_MAX: usize = 1000;
/// Most characters of a value that are shown.
const VALUE_MAX: usize = 60;
/// Characters of a resident id.
const ID_LETTERS: usize = 18;

/// How much a finding weighs. It follows from where the rule comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Well-formedness, declared encoding, identity; a log that contradicts itself; an official schema or dictionary.
    Error,
    /// What vendors do or what is recalled of the standard.
    Warning,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Stable, of lower-case letters, digits and hyphens.
    pub code: &'static str,
    /// How much it weighs.
    pub level: Level,
    /// The table's element, or `Head`.
    pub table: Option<String>,
    /// The number of the row in its table, from 1.
    pub row: Option<u32>,
    /// The attribute or the head's field.
    pub element: Option<String>,
    /// The line in the file, from 1.
    pub line: Option<u32>,
    /// The value, with persons masked and cut to 60 characters.
    pub value: Option<String>,
    /// What is wrong and what to do, in Chinese and in English.
    pub sentence: [String; 2],
}

impl Finding {
    /// Makes a finding without a place.
    pub(super) fn new(code: &'static str, level: Level, sentence: impl Fn(Lang) -> String) -> Self {
        let sentence = [Lang::Zh, Lang::En].map(sentence);
        Self { code, level, table: None, row: None, element: None, line: None, value: None, sentence }
    }

    /// Makes the error of a document that cannot be read.
    pub fn of_fault(fault: &XmlFault) -> Self {
        Self::error(fault.code(), |lang| fault.sentence(lang))
    }

    /// Makes the error of a message that cannot be taken for what a person asked.
    pub fn refused(code: &'static str, sentence: impl Fn(Lang) -> String) -> Self {
        Self::error(code, sentence)
    }

    /// Makes the error of a file that cannot be read.
    pub fn unreadable(sentence: impl Fn(Lang) -> String) -> Self {
        Self::error("file-unreadable", sentence)
    }

    /// Makes an error without a place.
    pub(super) fn error(code: &'static str, sentence: impl Fn(Lang) -> String) -> Self {
        Self::new(code, Level::Error, sentence)
    }

    /// Makes a warning without a place.
    pub(super) fn warning(code: &'static str, sentence: impl Fn(Lang) -> String) -> Self {
        Self::new(code, Level::Warning, sentence)
    }

    /// Puts it at a row.
    pub(super) fn in_row(self, row: &Row<'_, '_>) -> Self {
        Self { table: Some(shown(row.table)), row: Some(row.number), line: Some(row.line), ..self }
    }

    /// Puts it at a table, or at the head.
    pub(super) fn in_table(self, table: &str) -> Self {
        Self { table: Some(shown(table)), ..self }
    }

    /// Puts it at an attribute or field.
    pub(super) fn at(self, element: &str) -> Self {
        Self { element: Some(shown(element)), ..self }
    }

    /// Puts it at a line.
    pub(super) fn on_line(self, line: u32) -> Self {
        Self { line: Some(line), ..self }
    }

    /// Shows the value of the element it is at, masked as `masked` says.
    pub(super) fn with(self, value: &str, masked: &Masked) -> Self {
        let value = mask(self.element.as_deref().unwrap_or_default(), value, masked);
        Self { value: Some(value), ..self }
    }

    /// Shows a value in which nothing but resident ids can be personal.
    pub(super) fn showing(self, value: &str) -> Self {
        Self { value: Some(shown(value)), ..self }
    }

    /// Gives the sentence.
    pub fn sentence(&self, lang: Lang) -> &str {
        let [zh, en] = &self.sentence;
        match lang {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }
}

/// Gives a text of a file as it may be shown: on one line, cut, resident ids masked.
pub(crate) fn shown(text: &str) -> String {
    // Masked before it is cut: an id across the cut is one, too.
    let long: String = text.chars().take(VALUE_MAX + ID_LETTERS).collect();
    let masked = mask_id(&long);
    let mut short: String = masked.chars().take(VALUE_MAX).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    plain_line(&short)
}

/// Gives a column's value as it may be shown.
fn mask(column: &str, value: &str, masked: &Masked) -> String {
    if masked.names.contains(column) {
        return stars(value, 1, 0);
    }
    if masked.numbers.contains(column) {
        return match value.chars().count() {
            0..=11 => stars(value, 1, 0),
            _ => stars(value, 4, 4),
        };
    }
    shown(value)
}

/// Keeps the first and the last places of a text.
fn stars(value: &str, first: usize, last: usize) -> String {
    let places = value.chars().count();
    let hidden = value.chars().enumerate().map(|(at, letter)| if at < first || at + last >= places { letter } else { '*' });
    let mut short: String = hidden.take(VALUE_MAX).collect();
    if places > VALUE_MAX {
        short.push('…');
    }
    plain_line(&short)
}

/// Collects the findings of one file.
#[derive(Debug, Default)]
pub struct Findings {
    /// The findings, at most [`FINDINGS_MAX`].
    pub told: Vec<Finding>,
    /// How many more there were.
    pub untold: u64,
    errors: u64,
    warnings: u64,
}

impl Findings {
    /// Adds one.
    pub(super) fn add(&mut self, finding: Finding) {
        match finding.level {
            Level::Error => self.errors += 1,
            Level::Warning => self.warnings += 1,
        }
        match self.told.len() < FINDINGS_MAX {
            true => self.told.push(finding),
            false => self.untold += 1,
        }
    }

    /// Tells how many errors there are, told or not.
    pub fn errors(&self) -> u64 {
        self.errors
    }

    /// Tells how many warnings there are, told or not.
    pub fn warnings(&self) -> u64 {
        self.warnings
    }

    /// Orders them as they stand in the file, errors of one line first.
    pub(super) fn ordered(mut self) -> Self {
        self.told.sort_by_key(|finding| (finding.line, finding.level));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registration::catalogue::standard;

    #[test]
    fn persons_are_masked_where_a_value_is_shown() {
        let masked = &standard().rules.masked;
        for (column, value, expected) in [
            ("QLRMC", "测试甲", "测**"),
            ("ZJH", "(1-1)15072119000101001X", "(1-1***************001X"),
            ("ZJH", "12345", "1****"),
            ("DZ", "阿荣旗某街", "阿****"),
            ("FJ", "代理人15072119000101001X", "代理人1507**********001X"),
            ("BDCDYH", "150721001002GB00017F00030012", "150721001002GB00017F00030012"),
        ] {
            assert_eq!(mask(column, value, masked), expected, "{column}");
        }
        assert_eq!(shown(&"长".repeat(100)).chars().count(), 61);
        for before in 43..60 {
            let shown = shown(&format!("{}15072119000101001X，之后", "长".repeat(before)));
            assert!(!shown.contains("19000101") && !shown.contains("150721190"), "{shown}");
        }
    }
}
