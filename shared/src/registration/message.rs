//! A reporting message (接入报文): its head and its rows, as they stand in the file.
//!
//! Nothing is copied and nothing is changed: names and values are slices of the document, and a value is resolved when it is asked for.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

use jiff::civil::DateTime;

use super::catalogue::ColumnType;
use super::civil;
use super::nothing::{is_blank, is_nothing};
use super::xml::{Element, Visit, value_of};

/// Most rows and most attributes of one message; the widest land parcels seen have some thousand points.
const ROWS_MAX: usize = 100_000;
const CELLS_MAX: usize = 1_000_000;
/// Most things that are remembered as out of shape.
const ODD_MAX: usize = 100;

/// A message.
#[derive(Debug, Default)]
pub struct Message<'a> {
    head: Vec<Field<'a>>,
    rows: Vec<RowAt<'a>>,
    cells: Vec<(&'a str, &'a str)>,
    /// What is not as a message should be.
    pub odd: Vec<Odd<'a>>,
    /// Whether there is a Head, and whether there is a Data.
    pub has: (bool, bool),
    /// Whether it has more rows or attributes than are taken.
    pub too_long: bool,
}

/// A field of the head.
#[derive(Debug, Clone)]
pub struct Field<'a> {
    /// Its element's name.
    pub name: &'a str,
    /// Its text.
    pub value: Cow<'a, str>,
    /// Its line in the file, from 1.
    pub line: u32,
}

#[derive(Debug)]
struct RowAt<'a> {
    table: &'a str,
    number: u32,
    line: u32,
    cells: Range<usize>,
}

/// Something that is not as a message should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Odd<'a> {
    /// What.
    pub what: Oddity,
    /// The element's name.
    pub name: &'a str,
    /// Its line in the file, from 1.
    pub line: u32,
}

/// Ways of being out of shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Oddity {
    /// An element where none of its name belongs.
    Element,
    /// Text where none belongs.
    Text,
    /// A head field, a Head or a Data that comes again.
    Again,
}

/// A row of a table.
#[derive(Debug, Clone, Copy)]
pub struct Row<'m, 'a> {
    /// Its element's name.
    pub table: &'a str,
    /// Its number among the rows of its table, from 1.
    pub number: u32,
    /// Its line in the file, from 1.
    pub line: u32,
    cells: &'m [(&'a str, &'a str)],
}

impl<'m, 'a> Row<'m, 'a> {
    /// Gives each attribute's name and value.
    pub fn cells(&self) -> impl Iterator<Item = (&'a str, Cow<'a, str>)> + use<'m, 'a> {
        self.cells.iter().map(|(name, written)| (*name, value_of(written)))
    }

    /// Gives an attribute's value.
    pub fn get(&self, name: &str) -> Option<Cow<'a, str>> {
        self.cells.iter().find(|(own, _)| *own == name).map(|(_, written)| value_of(written))
    }

    /// Gives an attribute's value without white space around it, unless it says nothing.
    pub fn said(&self, name: &str) -> Option<Cow<'a, str>> {
        self.get(name).filter(|value| !is_blank(value)).map(trimmed)
    }
}

impl<'a> Message<'a> {
    /// Gives the fields of the head in their order.
    pub fn head(&self) -> &[Field<'a>] {
        &self.head
    }

    /// Finds a field of the head.
    pub fn field(&self, name: &str) -> Option<&Field<'a>> {
        self.head.iter().find(|field| field.name == name)
    }

    /// Gives a head field's text without white space around it, unless it says nothing.
    pub fn said(&self, name: &str) -> Option<&str> {
        self.field(name).map(|field| field.value.trim()).filter(|value| !is_blank(value))
    }

    /// Gives when the case was registered (CreateDate): a civil time, none where it says nothing that is a time.
    pub fn registered(&self) -> Option<DateTime> {
        self.said("CreateDate").filter(|time| !is_nothing(time, ColumnType::Date)).and_then(civil::time)
    }

    /// Gives the units whose rights it reports: that of the head first, then the others of the tables of rights, each once.
    pub fn units(&self) -> Vec<String> {
        let mut units: Vec<String> = self.said("EstateNum").map(str::to_string).into_iter().collect();
        let mut met: HashSet<String> = units.iter().cloned().collect();
        for unit in self.rows().filter(|row| row.table.starts_with("QL")).filter_map(|row| row.said("BDCDYH")) {
            if met.insert(unit.to_string()) {
                units.push(unit.into_owned());
            }
        }
        units
    }

    /// Gives the rows in their order.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_, 'a>> {
        self.rows.iter().map(|row| Row {
            table: row.table,
            number: row.number,
            line: row.line,
            cells: self.cells.get(row.cells.clone()).unwrap_or_default(),
        })
    }

    /// Gives the rows of a table in their order.
    pub fn rows_of(&self, table: &str) -> impl Iterator<Item = Row<'_, 'a>> {
        self.rows().filter(move |row| row.table == table)
    }
}

fn trimmed(value: Cow<'_, str>) -> Cow<'_, str> {
    match value {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_string()),
    }
}

/// Counts lines as the reader goes on.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: u32,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, line: 1 }
    }

    /// Gives the line of a position that is not before the last one asked for.
    pub(super) fn at(&mut self, at: usize) -> u32 {
        let passed = self.text.as_bytes().get(self.at..at).unwrap_or_default();
        self.line += passed.iter().filter(|byte| **byte == b'\n').count() as u32;
        self.at = at.max(self.at);
        self.line
    }
}

/// Where in a message the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    Root,
    Head,
    Field,
    Data,
    Row,
    /// In something that does not belong.
    Odd,
}

/// Takes a message from the reader.
#[derive(Debug)]
pub(super) struct Taking<'a> {
    message: Message<'a>,
    lines: Lines<'a>,
    /// Where each open element is.
    open: Vec<Within>,
    counts: HashMap<&'a str, u32>,
    /// Whether the field that is open is one more of its name.
    again: bool,
}

impl<'a> Taking<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let lines = Lines::new(text);
        Self { message: Message::default(), lines, open: Vec::new(), counts: HashMap::new(), again: false }
    }

    pub(super) fn finish(self) -> Message<'a> {
        self.message
    }

    fn odd(&mut self, what: Oddity, name: &'a str, line: u32) {
        if self.message.odd.len() < ODD_MAX {
            self.message.odd.push(Odd { what, name, line });
        }
    }

    fn row(&mut self, element: &Element<'_, 'a>, line: u32) {
        let message = &mut self.message;
        let start = message.cells.len();
        if message.rows.len() >= ROWS_MAX || start >= CELLS_MAX {
            message.too_long = true;
            return;
        }
        message.cells.extend(element.attributes());
        let number = self.counts.entry(element.name).or_default();
        *number += 1;
        message.rows.push(RowAt { table: element.name, number: *number, line, cells: start..message.cells.len() });
    }

    fn field(&mut self, name: &'a str, line: u32) {
        self.again = self.message.field(name).is_some();
        match self.again {
            true => self.odd(Oddity::Again, name, line),
            false if self.message.head.len() < ODD_MAX => {
                self.message.head.push(Field { name, value: Cow::Borrowed(""), line });
            }
            false => self.again = true,
        }
    }

    fn say(&mut self, add: impl FnOnce(&mut Cow<'a, str>)) {
        if let Some(field) = self.message.head.last_mut().filter(|_| !self.again) {
            add(&mut field.value);
        }
    }
}

impl<'a> Visit<'a> for Taking<'a> {
    fn open(&mut self, element: &Element<'_, 'a>) {
        let line = self.lines.at(element.at);
        let has = self.message.has;
        let within = match (self.open.last(), element.name) {
            (None, _) => Within::Root,
            (Some(Within::Root), "Head") if !has.0 => {
                self.message.has.0 = true;
                Within::Head
            }
            (Some(Within::Root), "Data") if !has.1 => {
                self.message.has.1 = true;
                Within::Data
            }
            (Some(Within::Root), name @ ("Head" | "Data")) => {
                self.odd(Oddity::Again, name, line);
                Within::Odd
            }
            (Some(Within::Head), name) => {
                self.field(name, line);
                Within::Field
            }
            (Some(Within::Data), _) => {
                self.row(element, line);
                Within::Row
            }
            (Some(Within::Odd), _) => Within::Odd,
            (Some(_), name) => {
                self.odd(Oddity::Element, name, line);
                Within::Odd
            }
        };
        self.open.push(within);
    }

    fn text(&mut self, text: &'a str) {
        match self.open.last() {
            Some(Within::Field) => self.say(|value| match value.is_empty() {
                true => *value = Cow::Borrowed(text),
                false => value.to_mut().push_str(text),
            }),
            Some(Within::Root | Within::Head | Within::Data | Within::Row) if !text.trim().is_empty() => {
                let line = self.lines.line;
                self.odd(Oddity::Text, "", line);
            }
            _ => {}
        }
    }

    fn letter(&mut self, letter: char) {
        if self.open.last() == Some(&Within::Field) {
            self.say(|value| value.to_mut().push(letter));
        }
    }

    fn close(&mut self) {
        self.open.pop();
    }
}

#[cfg(test)]
mod tests {
    use crate::registration::cargo::{Cargo, understand};
    use crate::registration::xml::{XmlLimits, decode};

    #[test]
    fn a_message_tells_its_units_and_its_day_and_holds_what_is_odd() {
        let text = "<Message>x<Head><EstateNum> 甲&#x2F; </EstateNum><CreateDate>2024-03-15T16:30:00Z</CreateDate><EstateNum>乙</EstateNum></Head>
            <Data><QLF_QL_DYAQ BDCDYH='丙'/><QLF_QL_DYAQ BDCDYH='甲/'/><QLF_QL_DYAQ BDCDYH='/'><A/></QLF_QL_DYAQ><ZD_K_103 BDCDYH='丁'/></Data><Data/></Message>";
        let limits = XmlLimits::default();
        let document = decode(text.as_bytes(), None, &limits).unwrap();
        let Cargo::Message(message) = understand(&document, &limits).unwrap() else { panic!("it is a message") };
        assert_eq!(message.units(), ["甲/", "丙"]);
        assert_eq!(message.registered().map(|time| time.to_string()).as_deref(), Some("2024-03-16T00:30:00"));
        let odd: Vec<_> = message.odd.iter().map(|odd| (odd.name, odd.line)).collect();
        assert_eq!(odd, [("", 1), ("EstateNum", 1), ("A", 2), ("Data", 2)]);
        assert_eq!(
            message.rows_of("QLF_QL_DYAQ").map(|row| (row.number, row.line)).collect::<Vec<_>>(),
            [(1, 2), (2, 2), (3, 2)]
        );
    }

    #[test]
    fn a_time_that_says_nothing_is_none() {
        for written in ["", "/", "1900-01-01T00:00:00", "0001-01-01", "昨天"] {
            let text = format!("<Message><Head><CreateDate>{written}</CreateDate></Head></Message>");
            let limits = XmlLimits::default();
            let document = decode(text.as_bytes(), None, &limits).unwrap();
            let Cargo::Message(message) = understand(&document, &limits).unwrap() else { panic!("it is a message") };
            assert_eq!(message.registered(), None, "{written}");
        }
    }
}
