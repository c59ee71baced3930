//! A structure: what a database's tables and a message's elements are at a version.
//!
//! Given: `structure.toml`, or a structure and a document. Gives: the structure, or the next one. Never: a structure in which two names differ in letters'
//! case alone, a key that names no column, or a change that was applied in part.

mod apply;
mod check;
#[cfg(test)]
pub(in crate::schema) mod tests;

pub use apply::{Unfit, WhyNot, next_digest};
pub use check::{DescriptionFault, Wrong};
pub(in crate::schema) use check::{check_name, is_label, is_structure_name};

use super::DOCUMENT_MAX;
use super::types::ColumnType;
use crate::station::line_at;
use dukou_packets::suite::{Digest, sha256};
use serde::Deserialize;
use std::collections::BTreeMap;

/// What the digest of a first version begins with.
const FIRST: &[u8] = b"dukou-structure-v1\0";

/// A row of a dictionary: its values by column.
pub type Row = BTreeMap<String, String>;

/// A structure at a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Structure {
    /// Its name.
    pub name: String,
    /// The version.
    pub version: u32,
    /// The digest that both sides compare: of the description and of all documents since.
    pub digest: Digest,
    /// Its tables, in the description's order.
    pub tables: Vec<Table>,
    /// The number of the bundle of reference data in force; 0 before the first.
    pub reference: u32,
    /// Paths of the elements of its messages.
    pub elements: Vec<String>,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Its name, with its schema where it has one.
    pub name: String,
    /// What people call it.
    pub label: Option<String>,
    /// Its columns, in order.
    pub columns: Vec<Column>,
    /// The columns of its primary key, in order.
    pub key: Vec<String>,
    /// Sets of columns whose values are unique.
    #[serde(default)]
    pub unique: Vec<Vec<String>>,
    /// Its foreign keys.
    #[serde(default)]
    pub references: Vec<Reference>,
    /// The rows that it has at least, where it is a dictionary.
    pub rows: Option<Vec<Row>>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it takes.
    #[serde(rename = "type")]
    pub kind: ColumnType,
    /// Whether it takes NULL.
    #[serde(default = "nullable", rename = "null")]
    pub nullable: bool,
    /// What a row gets that says nothing of it.
    pub default: Option<String>,
    /// What people call it.
    pub label: Option<String>,
    /// The dictionary that its values are from.
    pub dictionary: Option<String>,
}

fn nullable() -> bool {
    true
}

/// A foreign key.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// The columns of this table.
    pub columns: Vec<String>,
    /// The other table.
    pub table: String,
    /// Its columns.
    pub to: Vec<String>,
}

/// `structure.toml` as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    format: u32,
    structure: String,
    version: u32,
    /// What it is and where it comes from; for readers alone.
    #[serde(rename = "title")]
    _title: String,
    #[serde(default)]
    elements: Vec<String>,
    #[serde(default)]
    table: Vec<toml::Spanned<Table>>,
}

impl Structure {
    /// Reads a description.
    ///
    /// # Errors
    /// [`DescriptionFault`] with the line of the first thing that is wrong.
    pub fn read(bytes: &[u8]) -> Result<Self, DescriptionFault> {
        let at = |line, wrong| DescriptionFault { line, wrong };
        if bytes.len() as u64 > DOCUMENT_MAX {
            return Err(at(0, Wrong::TooLong));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| at(0, Wrong::NoText))?;
        let read: Text = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(0, |span| line_at(text, span.start));
            at(line, Wrong::Toml(error.message().trim().to_owned()))
        })?;
        if read.format != 1 {
            return Err(at(1, Wrong::Format(read.format)));
        }
        let mut structure = Self {
            name: read.structure,
            version: read.version,
            digest: sha256(&[FIRST, bytes]),
            reference: 0,
            tables: Vec::new(),
            elements: read.elements,
        };
        structure.check_head().map_err(|wrong| at(1, wrong))?;
        for table in read.table {
            let line = line_at(text, table.span().start);
            structure.take(table.into_inner()).map_err(|wrong| at(line, wrong))?;
        }
        structure.check_references().map_err(|wrong| at(0, wrong))?;
        Ok(structure)
    }

    /// Gives a table by its name, as it is spelled.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == name)
    }
}

impl Table {
    /// Gives a column by its name, as it is spelled.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Tells whether a column is of the primary key.
    pub fn is_key(&self, column: &str) -> bool {
        self.key.iter().any(|name| name == column)
    }

    /// Tells whether the key, a unique set or a foreign key of this table names a column.
    pub fn leans_on(&self, column: &str) -> bool {
        let names = |set: &[String]| set.iter().any(|name| name == column);
        names(&self.key)
            || self.unique.iter().any(|set| names(set))
            || self.references.iter().any(|reference| names(&reference.columns))
    }

    /// Gives the values of a row's key, in the key's order.
    pub fn key_of<'a>(&self, row: &'a Row) -> Vec<&'a str> {
        self.key.iter().map(|column| row.get(column).map_or("", String::as_str)).collect()
    }
}
