//! A run of row changes and the body of its record.
//!
//! Given: changes of one operation to rows of one table, as the lines of FORMAT.md section 5, kind 7. Gives: the same lines, checked once in one pass, and the
//! changes that they say where somebody wants them one by one. Never: a value that is changed on the way; anything allocated for a row that nobody asks for.

mod cut;
#[cfg(test)]
pub(crate) mod tests;

use super::change::{COLUMNS_MAX, name_is_right};
use super::{Cells, ChangeFault, Mark, Name, Op, RowChange, RowPacket, TableName, Value};
use bytes::Bytes;
use dukou_packets::limits::BODY_MAX;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::sync::Arc;

/// What a row weighs beside its values, in values: taken one by one it has a key, a table and a place of its own.
const ROW_WEIGHT: u64 = 8;

/// The most that a run weighs, its rows times its columns and [`ROW_WEIGHT`] more: each value may become one of its own in memory, however short it is.
pub const RUN_WEIGHT_MAX: u64 = 1 << 20;

/// The most that the runs of a packet weigh.
pub const PACKET_WEIGHT_MAX: u64 = 2 * RUN_WEIGHT_MAX;

/// What all rows of a run share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunHead {
    /// What happened to the rows.
    pub op: Op,
    /// The columns of a line, in its order; of a delete those of the key alone.
    pub columns: Vec<Name>,
    /// The columns of the primary key, in its order, each of `columns`.
    pub key: Vec<Name>,
    /// The columns whose values are bytes.
    pub bytes: Vec<Name>,
    /// Columns that an update changed.
    pub changed: Vec<String>,
}

/// A run of changes of one operation to rows of one table, in order. Its lines are right: only a checked run can be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowRun {
    table: TableName,
    head: Arc<RunHead>,
    transactions: Vec<(u64, u32)>,
    goes_on: bool,
    rows: u32,
    lines: Bytes,
    /// The look at the sink's tables that found each value right for its column; 0 for none.
    passed: u64,
}

/// Tells whether a sink's tables take the lines of a run as they are: gives the number of its look where they do. It may be asked on any thread.
pub type Look = Arc<dyn Fn(&RowRun) -> Option<u64> + Send + Sync>;

/// What a packet with runs in it carries, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowsPart {
    /// One change.
    One(RowChange),
    /// A run of them.
    Run(RowRun),
}

/// The rows of one packet with runs in it, on their way into a sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunPacket {
    /// The packet, as the mark will name it.
    pub mark: Mark,
    /// What it carries, in order.
    pub parts: Vec<RowsPart>,
}

impl RowsPart {
    /// Gives how many changes it is.
    pub fn rows(&self) -> u32 {
        match self {
            Self::One(_) => 1,
            Self::Run(run) => run.rows,
        }
    }
}

impl RunPacket {
    /// Gives how many changes it carries.
    pub fn rows(&self) -> u64 {
        self.parts.iter().map(|part| u64::from(part.rows())).sum()
    }

    /// Lets somebody look at its runs.
    pub(crate) fn look(&mut self, look: &Look) {
        for part in &mut self.parts {
            if let RowsPart::Run(run) = part {
                run.look(look);
            }
        }
    }

    /// Gives the same packet with every change for itself.
    pub fn expanded(&self) -> RowPacket {
        let mut changes = Vec::new();
        for part in &self.parts {
            match part {
                RowsPart::One(change) => changes.push(change.clone()),
                RowsPart::Run(run) => changes.extend(run.changes()),
            }
        }
        RowPacket { mark: self.mark, changes }
    }
}

/// The first line of a run.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FirstLine {
    op: Op,
    columns: Vec<String>,
    key: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bytes: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    changed: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tx: Option<Vec<(String, u32)>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    more: Option<bool>,
}

impl RunHead {
    /// Gives the places of the key's columns in a line, in the key's order.
    pub fn key_places(&self) -> Vec<usize> {
        self.key.iter().filter_map(|name| self.columns.iter().position(|column| column == name)).collect()
    }

    /// Tells of each column of a line whether its values are bytes.
    fn are_bytes(&self) -> Vec<bool> {
        self.columns.iter().map(|column| self.bytes.contains(column)).collect()
    }

    fn check(&self) -> Result<(), ChangeFault> {
        let wrong = |name| ChangeFault::Wrong { name };
        let of_columns: HashSet<&str> = self.columns.iter().map(Name::as_str).collect();
        let among = |names: Vec<&str>, name| {
            let different: HashSet<&str> = names.iter().copied().collect();
            if different.len() == names.len() && different.is_subset(&of_columns) { Ok(()) } else { Err(wrong(name)) }
        };
        if self.columns.is_empty() || self.columns.len() > COLUMNS_MAX || of_columns.len() != self.columns.len() {
            return Err(wrong("columns"));
        }
        if !self.columns.iter().all(|name| name_is_right(name)) {
            return Err(ChangeFault::Name);
        }
        if self.key.is_empty() || (self.op == Op::Delete && self.key != self.columns) {
            return Err(wrong("key"));
        }
        if self.op != Op::Update && !self.changed.is_empty() {
            return Err(wrong("changed"));
        }
        among(self.key.iter().map(Name::as_str).collect(), "key")?;
        among(self.bytes.iter().map(Name::as_str).collect(), "bytes")?;
        among(self.changed.iter().map(String::as_str).collect(), "changed")
    }
}

impl RowRun {
    /// Makes a run of lines, each with its LF, which are counted and checked. `transactions` are those of consecutive rows, together as many as there are
    /// rows; empty where the source does not tell, and for a stock.
    ///
    /// # Errors
    /// [`ChangeFault`] for lines that are not those of such rows, or too many.
    pub fn of_lines(
        table: TableName,
        head: Arc<RunHead>,
        transactions: Vec<(u64, u32)>,
        goes_on: bool,
        lines: impl Into<Bytes>,
    ) -> Result<Self, ChangeFault> {
        let lines = lines.into();
        head.check()?;
        if lines.len() as u64 > BODY_MAX {
            return Err(ChangeFault::TooLong { bytes: lines.len() as u64 });
        }
        let rows = checked_lines(&lines, &head.are_bytes())?;
        let run = Self { table, head, transactions, goes_on, rows, lines, passed: 0 };
        run.check_transactions()?;
        Ok(run)
    }

    /// Reads the body of a record of kind 7 that says it has so many rows. Nothing of it is shown in a fault.
    ///
    /// # Errors
    /// [`ChangeFault`] for anything but a run of exactly so many rows.
    pub fn parse(table: &str, body: &Bytes, rows: u32) -> Result<Self, ChangeFault> {
        if body.len() as u64 > BODY_MAX {
            return Err(ChangeFault::TooLong { bytes: body.len() as u64 });
        }
        let end = memchr::memchr(b'\n', body).ok_or(ChangeFault::Line { line: 1 })?;
        let (first, lines) = (body.slice(..end), body.slice(end + 1..));
        let first: FirstLine = serde_json::from_slice(&first).map_err(|fault| ChangeFault::Json { at: fault.column() })?;
        let (head, transactions, goes_on) = first.read()?;
        if weight(rows, &head) > RUN_WEIGHT_MAX {
            return Err(ChangeFault::Wrong { name: "columns" });
        }
        let run = Self::of_lines(table.to_owned(), Arc::new(head), transactions, goes_on, lines)?;
        if run.rows == rows { Ok(run) } else { Err(ChangeFault::Line { line: u64::from(run.rows.min(rows)) + 2 }) }
    }

    /// Gives the body of a record of kind 7 in two pieces, one behind the other. Whoever makes the record compares it with [`BODY_MAX`].
    pub fn body(&self) -> (Vec<u8>, Bytes) {
        (self.first_line(), self.lines.clone())
    }

    /// Writes the first line, with its LF.
    fn first_line(&self) -> Vec<u8> {
        let names = |names: &[Name]| names.iter().map(String::from).collect::<Vec<String>>();
        let transactions = || self.transactions.iter().map(|(transaction, rows)| (transaction.to_string(), *rows)).collect();
        let line = FirstLine {
            op: self.head.op,
            columns: names(&self.head.columns),
            key: names(&self.head.key),
            bytes: (!self.head.bytes.is_empty()).then(|| names(&self.head.bytes)),
            changed: (self.head.op == Op::Update).then(|| self.head.changed.clone()),
            tx: (!self.transactions.is_empty()).then(transactions),
            more: self.goes_on.then_some(true),
        };
        // Names and numbers are always JSON.
        let mut line = serde_json::to_vec(&line).unwrap_or_default();
        line.push(b'\n');
        line
    }

    fn check_transactions(&self) -> Result<(), ChangeFault> {
        let rows: u64 = self.transactions.iter().map(|(_, rows)| u64::from(*rows)).sum();
        let is_whole = rows == u64::from(self.rows) && self.transactions.iter().all(|(_, rows)| *rows > 0);
        match self.transactions.is_empty() {
            true if self.goes_on => Err(ChangeFault::Wrong { name: "more" }),
            true => Ok(()),
            false if is_whole && self.head.op != Op::Stock => Ok(()),
            false => Err(ChangeFault::Wrong { name: "tx" }),
        }
    }

    /// Says that the last source transaction goes on behind this run.
    pub fn go_on(&mut self) {
        self.goes_on = !self.transactions.is_empty();
    }

    /// Lets somebody look whether its lines are taken as they are.
    pub(crate) fn look(&mut self, look: &Look) {
        self.passed = look(self).unwrap_or(0);
    }

    /// Tells whether the look of this number found its lines right.
    pub(crate) fn has_passed(&self, look: u64) -> bool {
        look != 0 && self.passed == look
    }

    /// Gives the table, as the source names it.
    pub fn table(&self) -> &TableName {
        &self.table
    }

    /// Gives what all rows share.
    pub fn head(&self) -> &Arc<RunHead> {
        &self.head
    }

    /// Gives the source transactions of consecutive rows and how many rows each has; empty where the source does not tell.
    pub fn transactions(&self) -> &[(u64, u32)] {
        &self.transactions
    }

    /// Tells whether the last source transaction goes on in the next packet.
    pub fn goes_on(&self) -> bool {
        self.goes_on
    }

    /// Gives how many rows there are.
    pub fn rows(&self) -> u32 {
        self.rows
    }

    /// Gives what it weighs, as [`RUN_WEIGHT_MAX`] counts.
    pub fn weight(&self) -> u64 {
        weight(self.rows, &self.head)
    }

    /// Gives the lines, each with its LF.
    pub fn lines(&self) -> &[u8] {
        &self.lines
    }

    /// Gives each line without its LF.
    pub fn each_line(&self) -> impl DoubleEndedIterator<Item = &[u8]> {
        lines_of(&self.lines)
    }

    /// Gives the key of the last row as people read it, as [`RowChange::key_text`] does.
    pub fn key_text(&self) -> String {
        let last = self.each_line().next_back().map(|line| self.change(line, &self.head.are_bytes(), &self.head.key_places()));
        last.map(|change| change.key_text()).unwrap_or_default()
    }

    /// Gives the rows as single changes.
    pub fn changes(&self) -> impl Iterator<Item = RowChange> + '_ {
        let (are_bytes, places) = (self.head.are_bytes(), self.head.key_places());
        let each = |(transaction, rows): &(u64, u32)| std::iter::repeat_n(Some(*transaction), *rows as usize);
        let transactions = self.transactions.iter().flat_map(each).chain(std::iter::repeat(None));
        let last = self.rows.saturating_sub(1);
        (0..).zip(self.each_line()).zip(transactions).map(move |((at, line), transaction)| {
            let goes_on = self.goes_on && at == last;
            RowChange { transaction, goes_on, ..self.change(line, &are_bytes, &places) }
        })
    }

    fn change(&self, line: &[u8], are_bytes: &[bool], key_places: &[usize]) -> RowChange {
        let fields = fields_of(line).zip(are_bytes).map(|(field, is_bytes)| value_of(field, *is_bytes));
        let row: Cells = self.head.columns.iter().cloned().zip(fields).collect();
        let key = key_places.iter().filter_map(|place| row.get(*place).cloned()).collect();
        let op = self.head.op;
        let row = if op == Op::Delete { Vec::new() } else { row };
        let changed = self.head.changed.clone();
        RowChange { table: self.table.clone(), op, key, row, changed, transaction: None, goes_on: false }
    }
}

/// Gives how many rows of these columns a run may have by its weight.
pub(crate) fn rows_by_weight(head: &RunHead) -> u64 {
    RUN_WEIGHT_MAX / (head.columns.len() as u64 + ROW_WEIGHT)
}

fn weight(rows: u32, head: &RunHead) -> u64 {
    u64::from(rows) * (head.columns.len() as u64 + ROW_WEIGHT)
}

/// What a first line says: the head, the transactions, and whether the last of them goes on.
type FirstRead = (RunHead, Vec<(u64, u32)>, bool);

impl FirstLine {
    fn read(self) -> Result<FirstRead, ChangeFault> {
        let wrong = |name| Err(ChangeFault::Wrong { name });
        let names = |names: Vec<String>| names.into_iter().map(Name::from).collect::<Vec<Name>>();
        match self {
            Self { op: Op::Update, changed: None, .. } => return Err(ChangeFault::Missing { name: "changed" }),
            Self { op: Op::Insert | Op::Delete | Op::Stock, changed: Some(_), .. } => return wrong("changed"),
            Self { bytes: Some(bytes), .. } if bytes.is_empty() => return wrong("bytes"),
            Self { tx: Some(tx), .. } if tx.is_empty() => return wrong("tx"),
            Self { more: Some(false), .. } => return wrong("more"),
            _ => {}
        }
        let head = RunHead {
            op: self.op,
            columns: names(self.columns),
            key: names(self.key),
            bytes: names(self.bytes.unwrap_or_default()),
            changed: self.changed.unwrap_or_default(),
        };
        let transaction = |(text, rows): (String, u32)| super::change::transaction(&text).map(|number| (number, rows));
        let transactions = self.tx.unwrap_or_default().into_iter().map(transaction).collect::<Result<_, _>>()?;
        Ok((head, transactions, self.more.is_some()))
    }
}

/// Gives each line without its LF.
pub(crate) fn lines_of(lines: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    Lines { rest: lines }
}

/// Lines, each with its LF, that were not given yet.
struct Lines<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (line, rest) = self.rest.split_at_checked(memchr::memchr(b'\n', self.rest)?)?;
        self.rest = rest.get(1..).unwrap_or_default();
        Some(line)
    }
}

impl DoubleEndedIterator for Lines<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let before = self.rest.strip_suffix(b"\n")?;
        let began = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
        let (rest, line) = self.rest.split_at_checked(began)?;
        self.rest = rest;
        line.strip_suffix(b"\n")
    }
}

/// Gives the fields of a line as they stand.
pub(crate) fn fields_of(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| *byte == b'\t')
}

/// How NULL stands in a line.
pub(crate) const NULL: &[u8] = b"\\N";

/// How bytes begin in a line.
const HEX: &[u8] = b"\\\\x";

/// What a byte of a line is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Plain,
    /// It ends a field.
    Tab,
    /// It ends a line.
    End,
    Escape,
    /// It stands escaped, or not at all.
    Never,
}

const CLASSES: [Class; 256] = {
    let mut classes = [Class::Plain; 256];
    classes[b'\t' as usize] = Class::Tab;
    classes[b'\n' as usize] = Class::End;
    classes[b'\\' as usize] = Class::Escape;
    classes[0] = Class::Never;
    classes[0x08] = Class::Never;
    classes[0x0b] = Class::Never;
    classes[0x0c] = Class::Never;
    classes[b'\r' as usize] = Class::Never;
    classes
};

/// Checks lines of so many fields in one pass; gives how many they are.
fn checked_lines(lines: &[u8], are_bytes: &[bool]) -> Result<u32, ChangeFault> {
    let rows_before = |at: usize| lines.iter().take(at).filter(|byte| **byte == b'\n').count() as u64;
    let wrong = |at: usize| ChangeFault::Line { line: rows_before(at) + 2 };
    simdutf8::compat::from_utf8(lines).map_err(|fault| wrong(fault.valid_up_to()))?;
    if lines.last() != Some(&b'\n') {
        return Err(wrong(lines.len()));
    }
    // All bytes are looked at together, and mostly none of these is among them.
    let has_never = lines.iter().fold(false, |found, byte| found | matches!(byte, 0 | 0x08 | 0x0b | 0x0c | b'\r'));
    let walk = Walk { lines, are_bytes };
    let walked = if has_never { walk.of(0..lines.len()) } else { walk.of(memchr::memchr3_iter(b'\t', b'\n', b'\\', lines)) };
    walked.map_err(|fault| fault.unwrap_or_else(wrong))
}

/// A walk over lines.
struct Walk<'a> {
    lines: &'a [u8],
    are_bytes: &'a [bool],
}

impl Walk<'_> {
    /// Gives how many lines there are, of bytes at places among which all are that are not plain; else where it is wrong.
    fn of(&self, places: impl Iterator<Item = usize>) -> Result<u32, Result<ChangeFault, usize>> {
        let Self { lines, are_bytes } = *self;
        let last = are_bytes.len().saturating_sub(1);
        let (mut rows, mut field, mut began, mut passed) = (0_u32, 0_usize, 0_usize, 0_usize);
        for at in places {
            let Some(byte) = lines.get(at).filter(|_| at >= passed) else { continue };
            let class = CLASSES[usize::from(*byte)];
            match class {
                Class::Plain => continue,
                Class::Escape => {
                    let is_null = at == began && matches!(lines.get(at + 1..at + 3), Some(b"N\t" | b"N\n"));
                    if !is_null && !matches!(lines.get(at + 1), Some(b'b' | b't' | b'n' | b'v' | b'f' | b'r' | b'\\')) {
                        return Err(Err(at + 1));
                    }
                    passed = at + 2;
                    continue;
                }
                Class::Tab if field == last => return Err(Err(at)),
                Class::End if field != last => return Err(Err(at)),
                Class::Tab | Class::End => {}
                Class::Never if *byte == 0 => return Err(Ok(ChangeFault::Nul)),
                Class::Never => return Err(Err(at)),
            }
            if are_bytes.get(field).is_some_and(|is_bytes| *is_bytes) && !are_hex(lines.get(began..at).unwrap_or_default()) {
                return Err(Ok(ChangeFault::Hex));
            }
            began = at + 1;
            if class == Class::End {
                (field, rows) = (0, rows.checked_add(1).ok_or(Err(at))?);
            } else {
                field += 1;
            }
        }
        Ok(rows)
    }
}

fn are_hex(field: &[u8]) -> bool {
    let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let digits = field.strip_prefix(HEX);
    field == NULL || digits.is_some_and(|digits| digits.len() % 2 == 0 && digits.iter().all(is_digit))
}

/// Gives the value that a field of a checked line says.
pub(crate) fn value_of(field: &[u8], is_bytes: bool) -> Value {
    if field == NULL {
        return Value::Null;
    }
    if is_bytes {
        let digits = field.strip_prefix(HEX).unwrap_or_default();
        return Value::Bytes(data_encoding::HEXLOWER.decode(digits).unwrap_or_default());
    }
    Value::Text(String::from_utf8_lossy(&unescaped(field)).into_owned())
}

/// Gives the bytes of a text as they were before they stood in a line.
pub(crate) fn unescaped(field: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    if !field.contains(&b'\\') {
        return field.into();
    }
    let mut text = Vec::with_capacity(field.len());
    let mut bytes = field.iter();
    while let Some(byte) = bytes.next() {
        let plain = match byte {
            b'\\' => match bytes.next() {
                Some(b'b') => 0x08,
                Some(b't') => b'\t',
                Some(b'n') => b'\n',
                Some(b'v') => 0x0b,
                Some(b'f') => 0x0c,
                Some(b'r') => b'\r',
                _ => b'\\',
            },
            other => *other,
        };
        text.push(plain);
    }
    text.into()
}

/// Writes a value as a field of a line.
pub(crate) fn push_value(line: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => line.extend_from_slice(NULL),
        Value::Bytes(bytes) => {
            line.extend_from_slice(HEX);
            line.extend_from_slice(data_encoding::HEXLOWER.encode(bytes).as_bytes());
        }
        Value::Text(text) => push_text(line, text.as_bytes()),
    }
}

/// Writes a text as a field of a line.
pub(crate) fn push_text(line: &mut Vec<u8>, text: &[u8]) {
    let is_special = |byte: &u8| !matches!(CLASSES[usize::from(*byte)], Class::Plain);
    // Mostly there is none; all bytes are looked at together.
    if !text.iter().fold(false, |found, byte| found | is_special(byte)) {
        return line.extend_from_slice(text);
    }
    for byte in text {
        match byte {
            0x08 => line.extend_from_slice(b"\\b"),
            b'\t' => line.extend_from_slice(b"\\t"),
            b'\n' => line.extend_from_slice(b"\\n"),
            0x0b => line.extend_from_slice(b"\\v"),
            0x0c => line.extend_from_slice(b"\\f"),
            b'\r' => line.extend_from_slice(b"\\r"),
            b'\\' => line.extend_from_slice(b"\\\\"),
            other => line.push(*other),
        }
    }
}
