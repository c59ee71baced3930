//! What a structure has to keep.

use super::{Column, Row, Structure, Table};
use crate::lang::Lang;
use crate::say;
use crate::schema::name::{self, NameFault, same};
use crate::schema::value;
use std::collections::{BTreeMap, BTreeSet};

/// What is wrong with a description, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {wrong}")]
pub struct DescriptionFault {
    /// The line, from 1; 0 when it is the whole.
    pub line: usize,
    /// What.
    pub wrong: Wrong,
}

impl DescriptionFault {
    /// Says it, with the file's name.
    pub fn sentence(&self, file: &str, lang: Lang) -> String {
        let (line, words) = (self.line, self.wrong.words(lang));
        match self.line {
            0 => say!(lang, "{file}：{words}。", "{file}: {words}."),
            _ => say!(lang, "{file} 第 {line} 行：{words}。", "{file} line {line}: {words}."),
        }
    }
}

/// What a structure must not be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// It is longer than 256 KiB.
    #[error("it is longer than 256 KiB")]
    TooLong,
    /// It is no UTF-8.
    #[error("it is no UTF-8")]
    NoText,
    /// It is not the TOML that was expected.
    #[error("{0}")]
    Toml(String),
    /// Its format is not known.
    #[error("format {0} is not known")]
    Format(u32),
    /// The structure's name or version is none.
    #[error("structure is a name of [a-z0-9-], version a number from 1")]
    Head,
    /// A name that is let into no SQL.
    #[error("{name:?}: {fault}")]
    Name {
        /// The name.
        name: String,
        /// Why.
        fault: NameFault,
    },
    /// Two names are one, perhaps but for letters' case.
    #[error("{0} stands twice")]
    Twice(String),
    /// A table has no columns, or no key.
    #[error("{0} has no key")]
    NoKey(String),
    /// A key, a unique set or a foreign key names what is not there.
    #[error("{table} has no column {column}")]
    NoColumn {
        /// The table.
        table: String,
        /// The name.
        column: String,
    },
    /// A foreign key leads to a table that is not there.
    #[error("there is no table {0}")]
    NoTable(String),
    /// A column of the key takes NULL.
    #[error("{0} is of the key and takes NULL")]
    NullKey(String),
    /// A value that the column does not take, or that no document may bring.
    #[error("column {0} does not take the value that stands here")]
    Value(String),
    /// A row of a dictionary without a value of its key, or with a column that is not there.
    #[error("a row of {0} has no key, or a column that is not there")]
    Row(String),
    /// A label with a control character or a backslash, or too long a one.
    #[error("a label has 1 to 200 characters, none of them a control character or a backslash")]
    Label,
}

impl Wrong {
    /// Says it, without a full stop.
    pub fn words(&self, lang: Lang) -> String {
        match self {
            Self::TooLong => say!(lang, "超过 256 KiB", "{self}"),
            Self::NoText => say!(lang, "不是 UTF-8", "{self}"),
            Self::Toml(problem) => say!(lang, "TOML 读不懂（{problem}）", "not the TOML that was expected ({problem})"),
            Self::Format(format) => say!(lang, "不认识 format = {format}", "{self}"),
            Self::Head => say!(lang, "structure 应为小写字母、数字、- 的名字，version 从 1 起", "{self}"),
            Self::Name { name, fault } => format!("{name:?}: {}", fault.words(lang)),
            Self::Twice(name) => say!(lang, "{name} 出现了两次（大小写不同也算）", "{self} (letters' case does not count)"),
            Self::NoKey(table) => say!(lang, "表 {table} 没有列或没有主键", "table {table} has no columns or no key"),
            Self::NoColumn { table, column } => say!(lang, "表 {table} 没有列 {column}", "table {self}"),
            Self::NoTable(table) => say!(lang, "没有表 {table}", "{self}"),
            Self::NullKey(column) => say!(lang, "主键列 {column} 须写 null = false", "{self}: write null = false"),
            Self::Value(column) => say!(lang, "列 {column} 不收这里写的值", "{self}"),
            Self::Row(table) => say!(lang, "表 {table} 的字典行缺主键，或有表里没有的列", "{self}"),
            Self::Label => say!(lang, "label 应为 1–200 字，没有控制字符和反斜杠", "{self}"),
        }
    }
}

impl Structure {
    pub(super) fn check_head(&self) -> Result<(), Wrong> {
        if !is_structure_name(&self.name) || self.version == 0 {
            return Err(Wrong::Head);
        }
        for (at, element) in self.elements.iter().enumerate() {
            check_name(element, name::check_element)?;
            if self.elements.iter().take(at).any(|other| other == element) {
                return Err(Wrong::Twice(element.clone()));
            }
        }
        Ok(())
    }

    /// Takes a table in, once it is sound by itself.
    pub(super) fn take(&mut self, table: Table) -> Result<(), Wrong> {
        table.check()?;
        if self.tables.iter().any(|other| same(&other.name, &table.name)) {
            return Err(Wrong::Twice(table.name));
        }
        self.tables.push(table);
        Ok(())
    }

    pub(super) fn check_references(&self) -> Result<(), Wrong> {
        self.tables.iter().try_for_each(|table| self.check_references_of(table))
    }

    /// Looks whether what a table's foreign keys name is there.
    pub(super) fn check_references_of(&self, table: &Table) -> Result<(), Wrong> {
        for reference in &table.references {
            let parent = self.table(&reference.table).ok_or_else(|| Wrong::NoTable(reference.table.clone()))?;
            parent.check_columns(&reference.to, &parent.columns_by_name())?;
        }
        Ok(())
    }
}

/// Tells whether people may call a structure this: `[a-z][a-z0-9-]*`, at most 32.
pub(in crate::schema) fn is_structure_name(name: &str) -> bool {
    let fine = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=32).contains(&name.len()) && name.starts_with(|letter: char| letter.is_ascii_lowercase()) && name.bytes().all(fine)
}

/// Tells whether a label can stand in a comment of every database.
pub(in crate::schema) fn is_label(label: &str) -> bool {
    (1..=200).contains(&label.chars().count()) && label.chars().all(|letter| value::is_plain(letter) && letter != '\\')
}

pub(in crate::schema) fn check_name(name: &str, rule: fn(&str) -> Result<(), NameFault>) -> Result<(), Wrong> {
    rule(name).map_err(|fault| Wrong::Name { name: name.to_owned(), fault })
}

impl Table {
    /// Looks at a table by itself.
    pub(in crate::schema) fn check(&self) -> Result<(), Wrong> {
        check_name(&self.name, name::check_table)?;
        if self.label.as_deref().is_some_and(|label| !is_label(label)) {
            return Err(Wrong::Label);
        }
        let mut folded = BTreeSet::new();
        for column in &self.columns {
            column.check()?;
            if !folded.insert(column.name.to_ascii_lowercase()) {
                return Err(Wrong::Twice(column.name.clone()));
            }
        }
        if self.key.is_empty() {
            return Err(Wrong::NoKey(self.name.clone()));
        }
        let columns = self.columns_by_name();
        for set in std::iter::once(&self.key).chain(&self.unique) {
            self.check_columns(set, &columns)?;
        }
        for reference in &self.references {
            self.check_columns(&reference.columns, &columns)?;
            if reference.columns.len() != reference.to.len() {
                return Err(Wrong::NoColumn { table: reference.table.clone(), column: reference.columns.join(", ") });
            }
        }
        if let Some(name) = self.key.iter().find(|name| columns.get(name.as_str()).is_some_and(|column| column.nullable)) {
            return Err(Wrong::NullKey(name.clone()));
        }
        self.check_rows(self.rows.as_deref().unwrap_or_default())
    }

    fn columns_by_name(&self) -> BTreeMap<&str, &Column> {
        self.columns.iter().map(|column| (column.name.as_str(), column)).collect()
    }

    fn check_columns(&self, names: &[String], columns: &BTreeMap<&str, &Column>) -> Result<(), Wrong> {
        if names.is_empty() {
            return Err(Wrong::NoKey(self.name.clone()));
        }
        let mut met = BTreeSet::new();
        match names.iter().find(|name| !columns.contains_key(name.as_str()) || !met.insert(name.as_str())) {
            Some(column) => Err(Wrong::NoColumn { table: self.name.clone(), column: column.clone() }),
            None => Ok(()),
        }
    }

    /// Looks at rows that are to stand in this table: their keys differ, and each value fits its column.
    pub(in crate::schema) fn check_rows(&self, rows: &[Row]) -> Result<(), Wrong> {
        let columns = self.columns_by_name();
        let needed: Vec<&Column> = self.columns.iter().filter(|column| !column.nullable && column.default.is_none()).collect();
        let mut keys = BTreeSet::new();
        for row in rows {
            let is_strange = |name: &String| !columns.contains_key(name.as_str());
            if row.keys().any(is_strange) || needed.iter().any(|column| !row.contains_key(&column.name)) {
                return Err(Wrong::Row(self.name.clone()));
            }
            let misfit = |(name, value): &(&String, &String)| {
                columns.get(name.as_str()).is_some_and(|column| !value::fits(column.kind, value))
            };
            if let Some((name, _)) = row.iter().find(misfit) {
                return Err(Wrong::Value(name.clone()));
            }
            if !keys.insert(self.key_of(row)) {
                return Err(Wrong::Twice(self.key_of(row).join("/")));
            }
        }
        Ok(())
    }
}

impl Column {
    /// Looks at a column by itself.
    pub(in crate::schema) fn check(&self) -> Result<(), Wrong> {
        check_name(&self.name, name::check)?;
        if self.label.as_deref().is_some_and(|label| !is_label(label)) {
            return Err(Wrong::Label);
        }
        match &self.default {
            // Where a default stands, not every database takes a text with a backslash as a plain constant.
            Some(value) if value.contains('\\') || !value::fits(self.kind, value) => Err(Wrong::Value(self.name.clone())),
            _ => Ok(()),
        }
    }
}
