//! Rows of digits: a gap report for paper and telephone (GAPREPORT.md section 4).
//!
//! Given: a signed report, or what a person typed. Gives: at most 20 rows of 30 digits, or what they say. Never: a range out of rows of which one is
//! wrong, missing or there twice.

use super::GapReport;
use crate::packet::header::ChannelName;
use crate::suite::{LinkId, sha256};

/// Digits of a row.
pub const ROW_DIGITS: usize = 30;

/// The most rows of a report; above it the file travels.
pub const ROWS_MAX: usize = 20;

/// The longest text that is read as rows, in bytes.
pub const TEXT_MAX: usize = 64 << 10;

/// Digits of a group, as rows are printed.
const GROUP: usize = 5;

/// The most packets of one row.
const COUNT_MAX: u64 = 9_999;

/// The first seq that no row can say.
const SEQ_END: u64 = 1_000_000_000;

const TAG_CONTEXT: &[u8] = b"dukou-row-channel-v1\0";

/// One missing range, as a row says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowRange {
    /// Tag of the channel ([`channel_tag`]).
    pub tag: u32,
    /// Last digit of the epoch counter.
    pub epoch: u32,
    /// First missing seq.
    pub from: u64,
    /// How many packets from there on.
    pub count: u64,
}

/// What a whole set of rows says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    /// The report's number modulo 1,000.
    pub report: u64,
    /// The missing ranges, in the order of the report.
    pub ranges: Vec<RowRange>,
}

/// What is wrong with rows that somebody typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowFault {
    /// There is no row.
    #[error("there is no row")]
    None,
    /// A row has not 30 digits.
    #[error("row {row} has {digits} digits, not 30")]
    Length {
        /// Its place among those given, from 1.
        row: usize,
        /// How many digits it has.
        digits: usize,
    },
    /// Something in a row is neither digit, blank nor punctuation.
    #[error("row {row} holds `{character}`")]
    Character {
        /// Its place among those given, from 1.
        row: usize,
        /// The first such character.
        character: char,
    },
    /// The check digits do not fit: a digit is wrong, or two were exchanged.
    #[error("the check digits of row {row} do not fit")]
    Check {
        /// Its place among those given, from 1.
        row: usize,
    },
    /// The check digits fit, and yet it is no row of this version.
    #[error("row {row} is no row of a gap report")]
    Shape {
        /// Its place among those given, from 1.
        row: usize,
    },
    /// A row belongs to another report than the first one.
    #[error("row {row} belongs to another report")]
    Sheet {
        /// Its place among those given, from 1.
        row: usize,
    },
    /// A row was given before.
    #[error("row {row} is row {first} once more")]
    Twice {
        /// Its place among those given, from 1.
        row: usize,
        /// The place where it was given first.
        first: usize,
    },
    /// A row of the report was not given.
    #[error("row {index} of {count} is missing")]
    Missing {
        /// Which one, as the report counts them.
        index: usize,
        /// How many the report has.
        count: usize,
    },
}

impl RowFault {
    /// Returns the code of GAPREPORT.md section 4.
    pub fn code(&self) -> &'static str {
        match self {
            Self::None => "row-none",
            Self::Length { .. } => "row-length",
            Self::Character { .. } => "row-character",
            Self::Check { .. } => "row-check",
            Self::Shape { .. } => "row-shape",
            Self::Sheet { .. } => "row-sheet",
            Self::Twice { .. } => "row-twice",
            Self::Missing { .. } => "row-missing",
        }
    }

    /// Returns the place of the wrong row among those given, from 1; `None` when it is one that was not given.
    pub fn row(&self) -> Option<usize> {
        match self {
            Self::Length { row, .. } | Self::Character { row, .. } | Self::Check { row } | Self::Shape { row } => Some(*row),
            Self::Sheet { row } | Self::Twice { row, .. } => Some(*row),
            Self::None | Self::Missing { .. } => None,
        }
    }
}

/// Returns the tag that stands for a channel of a link in a row.
pub fn channel_tag(link: LinkId, channel: &ChannelName) -> u32 {
    let digest = sha256(&[TAG_CONTEXT, link.as_bytes(), channel.as_str().as_bytes()]);
    let first = digest.as_bytes().first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
    (first % 1_000_000) as u32
}

/// Writes the rows of a report, each 30 digits; `None` when it has none and travels as a file. Without missing packets there are none to write.
pub fn write_rows(report: &GapReport) -> Option<Vec<String>> {
    let mut ranges = Vec::new();
    for channel in &report.channels {
        let (tag, epoch) = (channel_tag(report.link(), &channel.channel), channel.epoch.counter % 10);
        for &(first, to) in &channel.missing {
            let mut from = first;
            while from <= to && ranges.len() <= ROWS_MAX {
                let count = (to - from + 1).min(COUNT_MAX);
                ranges.push(RowRange { tag, epoch, from, count });
                from += count;
            }
        }
    }
    let fits = ranges.len() <= ROWS_MAX && !report.more && ranges.iter().all(|range| range.from + range.count <= SEQ_END);
    let rows = ranges.len();
    let write = |(index, range): (usize, &RowRange)| write_row(report.report, (index + 1, rows), range);
    fits.then(|| ranges.iter().enumerate().map(write).collect())
}

fn write_row(report: u64, (index, rows): (usize, usize), range: &RowRange) -> String {
    let RowRange { tag, epoch, from, count } = range;
    let front = format!("1{:03}{index:02}{rows:02}{tag:06}{epoch}{from:09}{count:04}", report % 1000);
    let check = 98 - remainder(&front) * 100 % 97;
    format!("{front}{check:02}")
}

/// Returns the number that these digits write, modulo 97.
fn remainder(digits: &str) -> u32 {
    digits.bytes().fold(0, |rest, digit| (rest * 10 + u32::from(digit.wrapping_sub(b'0'))) % 97)
}

/// Writes a row as it is printed and read aloud: in groups of five digits.
pub fn in_groups(row: &str) -> String {
    let groups: Vec<&str> = row.as_bytes().chunks(GROUP).filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join(" ")
}

/// Reads a whole set of rows as a person typed them.
///
/// # Errors
/// Every fault that was found; a row that is wrong in itself is judged no further.
pub fn read_rows(text: &str) -> Result<Rows, Vec<RowFault>> {
    let mut faults = Vec::new();
    let mut read: Vec<(usize, Row)> = Vec::new();
    for (at, piece) in pieces(text).iter().enumerate() {
        match read_row(at + 1, piece) {
            Ok(row) => read.push((at + 1, row)),
            Err(fault) => faults.push(fault),
        }
    }
    if read.is_empty() && faults.is_empty() {
        faults.push(RowFault::None);
    }
    check_set(&read, &mut faults);
    match (faults.is_empty(), read.first()) {
        (true, Some((_, first))) => {
            let report = first.report;
            read.sort_by_key(|(_, row)| row.index);
            Ok(Rows { report, ranges: read.into_iter().map(|(_, row)| row.range).collect() })
        }
        _ => {
            faults.sort_by_key(|fault| fault.row().unwrap_or(usize::MAX));
            Err(faults)
        }
    }
}

/// Checks that the rows, each right in itself, are one report's and all of it. Whether one is missing is told only when none is wrong.
fn check_set(read: &[(usize, Row)], faults: &mut Vec<RowFault>) {
    let Some((_, first)) = read.first() else { return };
    let mut places = [None; ROWS_MAX + 1];
    let all_right = faults.is_empty();
    for (row, found) in read {
        if (found.report, found.rows) != (first.report, first.rows) {
            faults.push(RowFault::Sheet { row: *row });
            continue;
        }
        match places.get_mut(found.index) {
            Some(Some(first)) => faults.push(RowFault::Twice { row: *row, first: *first }),
            Some(place) => *place = Some(*row),
            None => faults.push(RowFault::Shape { row: *row }),
        }
    }
    if all_right {
        let missing = (1..=first.rows).filter(|index| places.get(*index).is_some_and(Option::is_none));
        faults.extend(missing.map(|index| RowFault::Missing { index, count: first.rows }));
    }
}

/// A row that is right in itself.
struct Row {
    report: u64,
    index: usize,
    rows: usize,
    range: RowRange,
}

fn read_row(row: usize, piece: &Piece) -> Result<Row, RowFault> {
    if let Some(character) = piece.stranger {
        return Err(RowFault::Character { row, character });
    }
    let digits = piece.digits.as_str();
    if digits.len() != ROW_DIGITS {
        return Err(RowFault::Length { row, digits: digits.len() });
    }
    let number = |places: std::ops::Range<usize>| digits.get(places).and_then(|part| part.parse::<u64>().ok()).unwrap_or(0);
    // 00, 01 and 99 are second spellings of check digits.
    if remainder(digits) != 1 || !(2..=98).contains(&number(28..30)) {
        return Err(RowFault::Check { row });
    }
    let (index, rows) = (number(4..6) as usize, number(6..8) as usize);
    let range =
        RowRange { tag: number(8..14) as u32, epoch: number(14..15) as u32, from: number(15..24), count: number(24..28) };
    let counted = (1..=ROWS_MAX).contains(&rows) && (1..=rows).contains(&index);
    match number(0..1) == 1 && counted && range.from >= 1 && range.count >= 1 {
        true => Ok(Row { report: number(1..4), index, rows, range }),
        false => Err(RowFault::Shape { row }),
    }
}

/// What somebody gave for one row.
#[derive(Clone, Default)]
struct Piece {
    digits: String,
    /// The first character that is neither digit, blank nor punctuation.
    stranger: Option<char>,
}

/// A line of the text: its runs of digits.
#[derive(Default)]
struct TypedLine {
    runs: Vec<String>,
    stranger: Option<char>,
}

impl TypedLine {
    fn read(line: &str) -> Self {
        let mut typed = Self::default();
        let mut in_run = false;
        for letter in line.chars() {
            let digit = digit_of(letter);
            match (digit, in_run) {
                (Some(digit), true) => typed.runs.last_mut().into_iter().for_each(|run| run.push(digit)),
                (Some(digit), false) => typed.runs.push(digit.to_string()),
                (None, _) if is_between(letter) => {}
                (None, _) => typed.stranger = typed.stranger.or(Some(letter)),
            }
            in_run = digit.is_some();
        }
        typed
    }

    fn digits(&self) -> usize {
        self.runs.iter().map(String::len).sum()
    }

    fn is_empty(&self) -> bool {
        self.runs.is_empty() && self.stranger.is_none()
    }
}

/// Returns the digit a person reads in the character; full-width ones count.
fn digit_of(letter: char) -> Option<char> {
    match letter {
        '\u{ff10}'..='\u{ff19}' => char::from_digit(u32::from(letter) - 0xff10, 10),
        _ => letter.is_ascii_digit().then_some(letter),
    }
}

/// Tells whether a character between digits means nothing: blanks and punctuation, Chinese or not.
fn is_between(letter: char) -> bool {
    letter.is_whitespace()
        || letter.is_ascii_punctuation()
        || matches!(letter, '\u{feff}' | '\u{200b}' | '·' | '—' | '–' | '‐' | '−')
        || matches!(letter, '\u{2018}'..='\u{201d}' | '\u{2026}' | '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{3011}')
        || matches!(letter, '\u{ff01}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff20}' | '\u{ff3b}'..='\u{ff40}' | '\u{ff5b}'..='\u{ff65}')
}

/// Cuts a text into rows. Where a line break stands in a row the lines are joined; where a row has too few or too many digits the lines, or six groups
/// at a time, tell which one it is.
fn pieces(text: &str) -> Vec<Piece> {
    let lines: Vec<TypedLine> = text.lines().map(TypedLine::read).filter(|line| !line.is_empty()).collect();
    let (mut pieces, mut at) = (Vec::new(), 0);
    while let Some(line) = lines.get(at) {
        let together = joined(lines.get(at..).unwrap_or_default());
        let whole = lines.get(at..at + together).unwrap_or_default();
        match together {
            0 if line.stranger.is_none()
                && line.runs.len().is_multiple_of(ROW_DIGITS / GROUP)
                && line.digits() > ROW_DIGITS =>
            {
                let rows = line.runs.chunks(ROW_DIGITS / GROUP);
                pieces.extend(rows.map(|runs| Piece { digits: runs.concat(), stranger: None }));
            }
            0 => pieces.push(Piece { digits: line.runs.concat(), stranger: line.stranger }),
            _ => {
                let digits: String = whole.iter().flat_map(|line| line.runs.iter().map(String::as_str)).collect();
                let rows = digits.as_bytes().chunks(ROW_DIGITS).filter_map(|row| std::str::from_utf8(row).ok());
                pieces.extend(rows.map(|row| Piece { digits: row.to_string(), stranger: None }));
            }
        }
        at += together.max(1);
    }
    pieces
}

/// Returns how many of the first lines hold whole rows together; 0 when no number of them does.
fn joined(lines: &[TypedLine]) -> usize {
    let mut digits = 0;
    for (at, line) in lines.iter().enumerate() {
        digits += line.digits();
        if line.stranger.is_some() || digits > ROWS_MAX * ROW_DIGITS {
            return 0;
        }
        if digits.is_multiple_of(ROW_DIGITS) {
            return at + 1;
        }
    }
    0
}
