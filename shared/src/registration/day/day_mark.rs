//! The day mark (日终标记): what the outer side's register showed at its cut-off, so that the inner side knows whether it has all of it.
//!
//! Its bytes are specified in packets/REGISTRATION.md, section 2. It travels as a record in a signed packet and has no signature of its own.

use std::cmp::Ordering;
use std::fmt::Write;

use dukou_packets::packet::header::{ChannelName, Epoch};
use dukou_packets::suite::{Digest, Hasher};
use jiff::civil::{Date, DateTime};
use thiserror::Error;

use super::facts::RegisterRow;
use super::ids::AreaCode;
use super::settings::Settings;

/// The most bytes of a mark.
pub const MARK_BYTES_MAX: usize = 64 << 10;
/// The first line, with its version.
const FIRST_LINE: &str = "dukou-day-mark/1";

/// How many rows a day has on one side, and the digest of all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowsHere {
    /// Their number.
    pub rows: u64,
    /// The digest over them, sorted.
    pub digest: Digest,
}

/// How far a channel had been packed when a mark was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The channel.
    pub channel: ChannelName,
    /// Its epoch.
    pub epoch: Epoch,
    /// The last packet.
    pub seq: u64,
}

/// A county's day as the outer side saw it at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayMark {
    /// The county.
    pub county: AreaCode,
    /// The business day.
    pub day: Date,
    /// The moment, by the outer station's clock.
    pub cut: DateTime,
    /// The rows that its register view showed.
    pub rows: RowsHere,
    /// Each channel's head, names rising.
    pub heads: Vec<Head>,
}

/// Tells why bytes are no day mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MarkFault {
    /// More than [`MARK_BYTES_MAX`].
    #[error("longer than {MARK_BYTES_MAX} bytes")]
    TooLong,
    /// No text of the shape that the specification gives, in its one spelling.
    #[error("line {0} is not as a day mark has it")]
    Shape(usize),
}

/// The rows of a county's day on their way into a digest: what is kept of each is the bytes that are digested, side by side.
#[derive(Debug, Default)]
pub struct RowsOfDay {
    bytes: Vec<u8>,
    /// Where each row begins among the bytes, and ends.
    places: Vec<(usize, usize)>,
}

impl RowsOfDay {
    /// Takes a row that belongs to the day; one that comes twice counts twice.
    pub fn take(&mut self, row: &RegisterRow) {
        let begins = self.bytes.len();
        write_row(row, &mut self.bytes);
        self.places.push((begins, self.bytes.len()));
    }

    /// Gives their number and the digest over them, sorted.
    pub fn finish(mut self) -> RowsHere {
        let bytes = &self.bytes;
        let row = |(begins, ends): &(usize, usize)| bytes.get(*begins..*ends).unwrap_or_default();
        self.places.sort_unstable_by(|a, b| row(a).cmp(row(b)));
        let mut hasher = begin_digest();
        self.places.iter().for_each(|place| hasher.update(row(place)));
        RowsHere { rows: self.places.len() as u64, digest: hasher.finish() }
    }
}

fn begin_digest() -> Hasher {
    let mut hasher = Hasher::new();
    hasher.update(b"dukou-day-rows-v1\0");
    hasher
}

/// Writes what is digested of a row: its values, each behind its length.
fn write_row(row: &RegisterRow, bytes: &mut Vec<u8>) {
    let djsj = seconds(row.djsj);
    for value in [&*row.ywh, &*row.bdcdyh, &*row.djlx, &*row.qllx, &*row.zszmh, &*row.qxdm, &*djsj, &*row.qszt] {
        let (length, value) = sized(value);
        bytes.extend_from_slice(&length);
        bytes.extend_from_slice(value.as_bytes());
    }
}

fn sized(value: &str) -> ([u8; 8], &str) {
    ((value.len() as u64).to_le_bytes(), value)
}

/// Compares two rows as what is digested of them compares, without writing it.
fn compare(one: &RegisterRow, other: &RegisterRow) -> Ordering {
    fn first(row: &RegisterRow) -> [([u8; 8], &str); 6] {
        [&row.ywh, &row.bdcdyh, &row.djlx, &row.qllx, &row.zszmh, &row.qxdm].map(|text| sized(text))
    }
    let djsj = || sized(&seconds(one.djsj)).cmp(&sized(&seconds(other.djsj)));
    first(one).cmp(&first(other)).then_with(djsj).then_with(|| sized(&one.qszt).cmp(&sized(&other.qszt)))
}

/// Digests the rows of a county's day, which are all in memory already. What does not belong to it is passed over; a row that is given twice counts twice.
pub fn rows_of_day<'a>(settings: &Settings, day: Date, rows: impl IntoIterator<Item = &'a RegisterRow>) -> RowsHere {
    let mine = rows.into_iter().filter(|row| row.day() == day && settings.has_row(&row.bdcdyh, &row.qxdm));
    let mut mine: Vec<&RegisterRow> = mine.collect();
    mine.sort_unstable_by(|one, other| compare(one, other));
    let (mut hasher, mut bytes) = (begin_digest(), Vec::new());
    for row in &mine {
        bytes.clear();
        write_row(row, &mut bytes);
        hasher.update(&bytes);
    }
    RowsHere { rows: mine.len() as u64, digest: hasher.finish() }
}

/// Writes a civil time to the second: `2024-03-15T09:30:00`. Fractions are cut off.
pub fn seconds(at: DateTime) -> String {
    let (date, time) = (at.date(), at.time());
    format!("{date}T{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second())
}

impl DayMark {
    /// Writes the mark.
    pub fn encode(&self) -> String {
        let mut text = format!("{FIRST_LINE}\ncounty {}\nday {}\ncut {}\n", self.county, self.day, seconds(self.cut));
        // Writing to a string does not fail.
        let _ = write!(text, "rows {}\ndigest {}\n", self.rows.rows, self.rows.digest);
        for head in &self.heads {
            let _ = writeln!(text, "head {} {} {}", head.channel, head.epoch, head.seq);
        }
        text
    }

    /// Reads a mark.
    ///
    /// # Errors
    /// What is not the one spelling of a mark; lines count from 1.
    pub fn decode(bytes: &[u8]) -> Result<Self, MarkFault> {
        if bytes.len() > MARK_BYTES_MAX {
            return Err(MarkFault::TooLong);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| MarkFault::Shape(1))?;
        let mark = Lines { rest: text, line: 0 }.mark()?;
        // Whatever was read more generously than it is written shows here.
        let spelling = mark.encode();
        match spelling == text {
            true => Ok(mark),
            false => {
                Err(MarkFault::Shape(1 + spelling.lines().zip(text.lines()).take_while(|(one, other)| one == other).count()))
            }
        }
    }
}

/// The lines of a mark that are still to be read.
struct Lines<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Lines<'a> {
    fn mark(mut self) -> Result<DayMark, MarkFault> {
        let first = self.next()?;
        (first == FIRST_LINE).then_some(()).ok_or(MarkFault::Shape(1))?;
        let (county, day, cut) = (self.value("county")?, self.value("day")?, self.value("cut")?);
        let rows = RowsHere { rows: self.value("rows")?, digest: self.value("digest")? };
        let mut heads: Vec<Head> = Vec::new();
        while !self.rest.is_empty() {
            let head = self.head()?;
            let rises = heads.last().is_none_or(|last| last.channel < head.channel);
            rises.then_some(()).ok_or(MarkFault::Shape(self.line))?;
            heads.push(head);
        }
        Ok(DayMark { county, day, cut, rows, heads })
    }

    fn next(&mut self) -> Result<&'a str, MarkFault> {
        self.line += 1;
        let (line, rest) = self.rest.split_once('\n').ok_or(MarkFault::Shape(self.line))?;
        self.rest = rest;
        Ok(line)
    }

    fn value<T: std::str::FromStr>(&mut self, name: &str) -> Result<T, MarkFault> {
        let value = self.next()?.strip_prefix(name).and_then(|rest| rest.strip_prefix(' '));
        value.and_then(|value| value.parse().ok()).ok_or(MarkFault::Shape(self.line))
    }

    fn head(&mut self) -> Result<Head, MarkFault> {
        let line = self.next()?;
        let fault = MarkFault::Shape(self.line);
        let mut words = line.strip_prefix("head ").ok_or(fault)?.split(' ');
        let mut word = || words.next().ok_or(fault);
        let (channel, epoch, seq) = (word()?, word()?, word()?);
        Ok(Head {
            channel: channel.parse().map_err(|_| fault)?,
            epoch: epoch.parse().map_err(|_| fault)?,
            seq: seq.parse().map_err(|_| fault)?,
        })
    }
}
