//! From an old-edition message to a new-edition one (报文上报方式升级), by the declared mapping of `deploy/standard/upgrade.toml`.
//!
//! Given: a message of the old edition. Gives: the new edition's text without a signature and marked so; where each value comes from; what cannot
//! be filled, and who must supply it; what has no place any more. Never: a value that stands nowhere in the message. What is missing is written
//! as the new edition writes nothing, and named.

mod write;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Deserialize;

use super::catalogue::{Catalogue, Column, ColumnType, RecType, Table, standard};
use super::checks::missing_in_head;
use super::civil;
use super::edition::{Edition, decide};
use super::finding::shown;
use super::message::{Message, Row};
use super::nothing::{decimal, is_nothing};
use crate::lang::Lang;
use crate::say;

/// Most steps, and as many fields without a value and as many left out, that are told one by one.
pub const TOLD_MAX: usize = 10_000;

/// Longest text that is made, in bytes: what is longer no reader would take.
const TEXT_MAX: usize = 16 << 20;

/// Where a value of the new message comes from, or that it comes from nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The new table, or `Head`.
    pub table: String,
    /// The row of that table, from 1; 0 in the head.
    pub row: u32,
    /// The new column or field.
    pub column: String,
    /// The old place, `table.column`.
    pub from: String,
}

/// A column that nothing in the message can fill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfilled {
    /// The new table, or `Head`.
    pub table: String,
    /// The row of that table, from 1; 0 in the head, or where the table has no row at all.
    pub row: u32,
    /// The new column; none where the whole table is missing.
    pub column: Option<String>,
    /// What people call it.
    pub label: String,
    /// Who must supply it, in Chinese and in English.
    pub who: [String; 2],
}

/// Something of the old message that has no place in the new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The old table.
    pub table: String,
    /// The row of that table, from 1; 0 for every row of it.
    pub row: u32,
    /// The old column; none where the whole table is left out.
    pub column: Option<String>,
    /// What people call it.
    pub label: String,
}

/// A message of the new edition, as far as the old one gives it.
#[derive(Debug)]
pub struct Upgraded {
    /// The message's id, still the old one's.
    pub biz_msg_id: String,
    /// The code it has in the old edition.
    pub from_code: String,
    /// The code of the new edition.
    pub code: String,
    /// The text, without a signature, marked as needing one.
    pub text: String,
    /// What stands elsewhere than before, or under another name.
    pub steps: Vec<Step>,
    /// What must be supplied.
    pub unfilled: Vec<Unfilled>,
    /// What has no place any more.
    pub left_out: Vec<LeftOut>,
    /// How many more of these three there are than are told.
    pub untold: u64,
}

/// Tells why a message cannot be upgraded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It is of the new edition already, or its edition cannot be told.
    NotOld,
    /// It has no code, or one that the old edition has not.
    Code(String),
    /// No mapping is declared for its code and kind of registration.
    NoMapping {
        /// The old code.
        code: String,
        /// The kind of registration.
        kind: String,
    },
    /// The table of the right itself is missing.
    NoMain(String),
    /// It has more rows than are taken, or its text would be longer than is read.
    TooLong,
}

impl Refusal {
    /// Says why, and what next.
    pub fn sentence(&self, lang: Lang) -> String {
        match self {
            Self::NotOld => say!(
                lang,
                "报文不是旧版的，没有需要升级的内容。请核对是否选错了文件。",
                "The message is not of the old edition; there is nothing to upgrade. Check that it is the right file."
            ),
            Self::Code(code) => say!(
                lang,
                "旧版没有业务编码“{code}”，无法确定对应的新版业务。请由登记系统按新版重新生成。",
                "The old edition has no code “{code}”, so that the new one's is unknown. Have the registration system make the message in the new edition."
            ),
            Self::NoMapping { code, kind } => say!(
                lang,
                "业务编码 {code}、登记类型 {kind} 在新版的对应关系未知，不作猜测。请由登记系统按新版重新生成。",
                "What code {code} of kind {kind} is in the new edition is not known and is not guessed. Have the registration system make the message in the new edition."
            ),
            Self::NoMain(table) => say!(
                lang,
                "报文缺少权利表 {table}，无法升级。请由登记系统重新生成。",
                "The message lacks the right's table {table} and cannot be upgraded. Have the registration system make it anew."
            ),
            Self::TooLong => say!(
                lang,
                "报文的行数或升级后的长度超过上限，无法升级。请供数方拆分。",
                "The message has more rows than are taken, or would be too long in the new edition, and cannot be upgraded. Ask the supplier to split it."
            ),
        }
    }

    /// Gives a stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotOld => "upgrade-not-old",
            Self::Code(_) => "upgrade-code-unknown",
            Self::NoMapping { .. } => "upgrade-no-mapping",
            Self::NoMain(_) => "upgrade-no-main-table",
            Self::TooLong => "too-many-rows",
        }
    }
}

/// The declared mapping.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mapping {
    code: BTreeMap<String, BTreeMap<String, String>>,
    table: BTreeMap<String, String>,
    column: BTreeMap<String, BTreeMap<String, String>>,
    copy: BTreeMap<String, BTreeMap<String, String>>,
    make: BTreeMap<String, BTreeMap<String, String>>,
    who: BTreeMap<String, [String; 2]>,
}

fn mapping() -> &'static Mapping {
    static MAPPING: LazyLock<Mapping> = LazyLock::new(|| {
        toml::from_str(include_str!("../../../deploy/standard/upgrade.toml"))
            .expect("the data is compiled in, and a test reads it")
    });
    &MAPPING
}

impl Mapping {
    /// Tells who supplies a table's values.
    fn who(&self, table: &str) -> [String; 2] {
        let fitting = self.who.iter().filter(|(begins, _)| table.starts_with(begins.as_str()));
        fitting.max_by_key(|(begins, _)| begins.len()).map(|(_, who)| who.clone()).unwrap_or_default()
    }
}

/// Makes a new-edition message out of an old-edition one.
///
/// # Errors
/// Why there is no declared way; nothing is guessed.
pub fn upgrade(message: &Message<'_>) -> Result<Upgraded, Refusal> {
    if message.too_long {
        return Err(Refusal::TooLong);
    }
    if decide(message, standard()).edition != Edition::Old {
        return Err(Refusal::NotOld);
    }
    let (old, new) = (standard().edition(Edition::Old), standard().edition(Edition::New));
    let written = message.said("RecType").unwrap_or_default();
    let before = old.code(written).ok_or_else(|| Refusal::Code(shown(written)))?;
    let after = new_code(before, message.said("RegType").unwrap_or_default(), new)?;
    let main = before.main.as_deref().unwrap_or_default();
    if message.rows_of(main).next().is_none() {
        return Err(Refusal::NoMain(main.to_string()));
    }
    let mut work = Work {
        message,
        old,
        new,
        main,
        taken: BTreeSet::new(),
        steps: Vec::new(),
        unfilled: Vec::new(),
        left_out: Vec::new(),
        untold: 0,
        agreed: BTreeMap::new(),
    };
    let head = work.head(after);
    let text = work.tables(after, write::head(&head))?;
    work.leave_out();
    Ok(Upgraded {
        biz_msg_id: message.said("BizMsgID").unwrap_or_default().to_string(),
        from_code: before.code.clone(),
        code: after.code.clone(),
        text: write::end(text),
        steps: work.steps,
        unfilled: work.unfilled,
        left_out: work.left_out,
        untold: work.untold,
    })
}

fn new_code<'c>(before: &RecType, kind: &str, new: &'c Catalogue) -> Result<&'c RecType, Refusal> {
    let mapped = match mapping().code.get(&before.code) {
        None => Some(before.code.as_str()),
        Some(kinds) => kinds.get(kind).map(String::as_str),
    };
    let none = || Refusal::NoMapping { code: before.code.clone(), kind: shown(kind) };
    mapped.and_then(|code| new.code(code)).ok_or_else(none)
}

/// A row of the new message: its table, and its columns with their values.
type NewRow = (String, Vec<(String, String)>);

/// What is under way while a message is upgraded.
struct Work<'m, 'a> {
    message: &'m Message<'a>,
    old: &'static Catalogue,
    new: &'static Catalogue,
    /// The table of the right itself.
    main: &'static str,
    /// Old places whose values have found a new one: table and column.
    taken: BTreeSet<(String, String)>,
    steps: Vec<Step>,
    unfilled: Vec<Unfilled>,
    left_out: Vec<LeftOut>,
    /// How many more of these three there are.
    untold: u64,
    /// What all rows of a table say in a column, by its place; none where they differ.
    agreed: BTreeMap<String, Option<String>>,
}

impl<'m, 'a> Work<'m, 'a> {
    /// Gives the head without its signature; its id stays, for the registration system to give another.
    fn head(&mut self, after: &RecType) -> Vec<(String, String)> {
        let mut head = Vec::new();
        for field in self.message.head().iter().filter(|field| field.name != "DigitalSign") {
            // A prefix is declared elsewhere in the old message, and stands for nothing in the new one.
            if field.name.contains(':') {
                self.leaves("Head", 0, Some(field.name), "");
                continue;
            }
            let value = match field.name {
                "RecType" => after.code.clone(),
                name => self.message.said(name).unwrap_or("/").to_string(),
            };
            head.push((field.name.to_string(), value));
        }
        self.lacks_in_head("BizMsgID", "报文 ID / message id");
        self.lacks_in_head("DigitalSign", "签名 / signature");
        for (name, label) in missing_in_head(self.message).filter(|(name, _)| *name != "BizMsgID") {
            self.lacks_in_head(name, label);
        }
        for (name, _) in missing_in_head(self.message) {
            if self.message.field(name).is_none() {
                head.push((name.to_string(), "/".to_string()));
            }
        }
        head
    }

    /// Names a field of the head that nothing fills.
    fn lacks_in_head(&mut self, name: &str, label: &str) {
        self.unfilled.push(Unfilled {
            table: "Head".to_string(),
            row: 0,
            column: Some(name.to_string()),
            label: label.to_string(),
            who: mapping().who(""),
        });
    }

    /// Adds the rows of all tables to a text.
    fn tables(&mut self, after: &RecType, mut text: String) -> Result<String, Refusal> {
        let Some(set) = after.sets.iter().max_by_key(|set| self.fitting(set)) else {
            return Ok(text);
        };
        let mut tables: Vec<&'static Table> = set.iter().filter_map(|name| self.new.table(name)).collect();
        tables.sort_by_key(|table| table.place.unwrap_or(u32::MAX));
        for table in tables {
            self.table(table, &mut text)?;
        }
        Ok(text)
    }

    /// Tells how many of a set's tables the message has.
    fn fitting(&self, set: &[String]) -> usize {
        set.iter().filter(|table| self.message.rows_of(old_name(table)).next().is_some()).count()
    }

    /// Adds the rows of one table.
    fn table(&mut self, table: &'static Table, text: &mut String) -> Result<(), Refusal> {
        let message = self.message;
        let old_table = old_name(&table.name);
        let mut is_there = false;
        for row in message.rows_of(old_table) {
            if !is_there {
                self.taken.insert((old_table.to_string(), String::new()));
                is_there = true;
            }
            let row = self.row(table, &row);
            write_row(text, &row)?;
        }
        if is_there {
            return Ok(());
        }
        match mapping().make.get(&table.name) {
            Some(made) => write_row(text, &self.made(table, made)),
            None => {
                self.lacks(table, 0, None);
                Ok(())
            }
        }
    }

    /// Names a column that nothing fills, or a whole table.
    fn lacks(&mut self, table: &Table, row: u32, column: Option<&Column>) {
        if self.unfilled.len() >= TOLD_MAX {
            self.untold += 1;
            return;
        }
        self.unfilled.push(Unfilled {
            table: table.name.clone(),
            row,
            column: column.map(|column| column.name.clone()),
            label: column.map_or(&table.label, |column| &column.label).clone(),
            who: mapping().who(&table.name),
        });
    }

    /// Names what has no place any more.
    fn leaves(&mut self, table: &str, row: u32, column: Option<&str>, label: &str) {
        if self.left_out.len() >= TOLD_MAX {
            self.untold += 1;
            return;
        }
        self.left_out.push(LeftOut { table: shown(table), row, column: column.map(shown), label: label.to_string() });
    }

    /// Gives what all rows of a table say in a column, where they say the same.
    fn agreed(&mut self, table: &str, name: &str) -> Option<String> {
        let place = format!("{table}.{name}");
        if let Some(known) = self.agreed.get(&place) {
            return known.clone();
        }
        let mut said = self.message.rows_of(table).map(|row| row.said(name));
        let first = said.next().flatten();
        let value = first.filter(|first| said.all(|value| value.as_ref() == Some(first))).map(Cow::into_owned);
        self.agreed.insert(place, value.clone());
        value
    }

    fn row(&mut self, table: &'static Table, row: &Row<'_, '_>) -> NewRow {
        let renamed = mapping().column.get(&table.name);
        let copied = mapping().copy.get(&table.name);
        let old_table = self.old.table(row.table);
        let mut cells = Vec::new();
        for column in &table.columns {
            let own = renamed.and_then(|columns| columns.get(&column.name)).unwrap_or(&column.name);
            let there = old_table.is_some_and(|table| table.column(own).is_some_and(|column| !column.vendor));
            let value = match (column.name.as_str(), there) {
                ("YSDM", _) => {
                    let own = row.said("YSDM").map(Cow::into_owned);
                    cells.push((column.name.clone(), self.element_code(table, row.number, column, own)));
                    continue;
                }
                (_, true) => {
                    self.taken.insert((row.table.to_string(), own.clone()));
                    if *own != column.name {
                        self.step(&table.name, row.number, &column.name, &format!("{}.{own}", row.table));
                    }
                    row.said(own).map(Cow::into_owned)
                }
                (name, false) => {
                    let place = copied.and_then(|columns| columns.get(name));
                    place.and_then(|place| self.copy(&table.name, row.number, name, place))
                }
            };
            let value = self.fitted(table, row.number, column, value, there);
            cells.push((column.name.clone(), value));
        }
        (table.name.clone(), cells)
    }

    /// Makes the one row of a table that the old edition has not.
    fn made(&mut self, table: &'static Table, made: &BTreeMap<String, String>) -> NewRow {
        let mut cells = Vec::new();
        for column in &table.columns {
            if column.name == "YSDM" {
                cells.push((column.name.clone(), self.element_code(table, 1, column, None)));
                continue;
            }
            let place = made.get(&column.name);
            let value = place.and_then(|place| self.copy(&table.name, 1, &column.name, place));
            let value = self.fitted(table, 1, column, value, false);
            cells.push((column.name.clone(), value));
        }
        (table.name.clone(), cells)
    }

    /// Gives what another place of the message says, and notes that it was taken from there.
    fn copy(&mut self, table: &str, row: u32, column: &str, place: &str) -> Option<String> {
        let (from, name) = place.split_once('.')?;
        let (old_table, value) = match from {
            "Head" => ("Head", self.message.said(name).map(str::to_string)),
            "main" => (self.main, self.agreed(self.main, name)),
            other => (other, self.agreed(other, name)),
        };
        let value = value?;
        self.taken.insert((old_table.to_string(), name.to_string()));
        self.step(table, row, column, &format!("{old_table}.{name}"));
        Some(value)
    }

    /// Gives the value if the new column can hold it, else nothing as the new edition spells it, and then names the column, if it is new, required,
    /// or had a value that does not fit.
    fn fitted(&mut self, table: &Table, row: u32, column: &Column, value: Option<String>, was_there: bool) -> String {
        let said = value.filter(|value| !is_nothing(value, column.kind));
        let fits = said.as_deref().is_none_or(|value| fits(value, column.kind));
        if let Some(value) = said.as_ref().filter(|_| fits) {
            return value.clone();
        }
        if !was_there || column.required || !fits {
            self.lacks(table, row, Some(column));
        }
        nothing(column.kind).to_string()
    }

    /// Gives the element code: the new edition's; where that has none, the message's own stays.
    fn element_code(&mut self, table: &Table, row: u32, column: &Column, own: Option<String>) -> String {
        table.ysdm.clone().or(own).unwrap_or_else(|| {
            self.lacks(table, row, Some(column));
            nothing(column.kind).to_string()
        })
    }

    fn step(&mut self, table: &str, row: u32, column: &str, from: &str) {
        if self.steps.len() >= TOLD_MAX {
            self.untold += 1;
            return;
        }
        self.steps.push(Step { table: table.to_string(), row, column: column.to_string(), from: from.to_string() });
    }

    /// Tells whether anything of an old table has found a place.
    fn is_taken(&self, table: &str) -> bool {
        self.taken.range((table.to_string(), String::new())..).next().is_some_and(|(own, _)| own == table)
    }

    /// Names what says something in the old message and has no place in the new one.
    fn leave_out(&mut self) {
        let mut whole = BTreeSet::new();
        for row in self.message.rows() {
            let table = self.old.table(row.table);
            if !self.is_taken(row.table) {
                if whole.insert(row.table) {
                    self.leaves(row.table, 0, None, table.map_or("", |table| &table.label));
                }
                continue;
            }
            for (name, value) in row.cells() {
                let column = table.and_then(|table| table.column(name));
                let kind = column.map_or(ColumnType::Text, |column| column.kind);
                let taken = name == "YSDM" || self.taken.contains(&(row.table.to_string(), name.to_string()));
                if !taken && !is_nothing(&value, kind) {
                    self.leaves(row.table, row.number, Some(name), column.map_or("", |column| &column.label));
                }
            }
        }
    }
}

/// Adds a row, unless the text gets longer than is read.
fn write_row(text: &mut String, row: &NewRow) -> Result<(), Refusal> {
    write::row(text, row);
    if text.len() > TEXT_MAX { Err(Refusal::TooLong) } else { Ok(()) }
}

/// Gives the old name of a new table.
fn old_name(table: &str) -> &str {
    mapping().table.get(table).map_or(table, String::as_str)
}

fn fits(value: &str, kind: ColumnType) -> bool {
    match kind {
        ColumnType::Text => true,
        ColumnType::Decimal => decimal(value).is_some(),
        ColumnType::Integer => decimal(value).is_some_and(|number| !number.contains('.')) && !value.contains('.'),
        ColumnType::Date => civil::is_plain(value),
    }
}

/// Gives nothing as the new edition spells it.
fn nothing(kind: ColumnType) -> &'static str {
    match kind {
        ColumnType::Text => "/",
        ColumnType::Decimal => "0.00",
        ColumnType::Integer => "-1",
        ColumnType::Date => "1900-01-01T00:00:00",
    }
}
