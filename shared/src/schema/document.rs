//! `schema-change.toml`: one structure from version N to N + 1, in the standard's words.
//!
//! Given: the bytes of a file. Gives: its operations and their lines, or every line that is wrong. Never: bytes encoded anew: the digest is of the file as
//! it stands, so a blank more is another document.

mod lint;
mod read;
#[cfg(test)]
mod tests;

pub use lint::{Finding, Wrong};

use super::bundle::Bundle;
use super::plan::Dialect;
use super::structure::{Column, Row, Table};
use super::types::ColumnType;
use dukou_packets::suite::Digest;
use std::collections::BTreeMap;

/// What the digest of a document begins with.
const DOCUMENT: &[u8] = b"dukou-schema-v1\0";

/// Most operations of one document.
pub const CHANGES_MAX: usize = 1000;

/// A document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The structure it changes.
    pub structure: String,
    /// The version it begins at.
    pub from: u32,
    /// `from` + 1.
    pub to: u32,
    /// What it is.
    pub title: String,
    /// What orders it.
    pub basis: String,
    /// `YYYY-MM-DD`; shown alone, nothing is decided by it.
    pub first_day: String,
    /// What of it is inferred, and from what.
    pub inferred: Option<String>,
    /// Its proposer lets it cross pending: data that does not need it goes on before the other side has applied it.
    pub pending: bool,
    /// Its operations, in order.
    pub changes: Vec<Change>,
    /// The digest of its bytes.
    pub digest: Digest,
}

/// An operation and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its line, from 1.
    pub line: usize,
    /// What it does.
    pub operation: Operation,
}

/// What a document can do; nothing else exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// A column more.
    AddColumn {
        /// The table.
        table: String,
        /// The column.
        column: Column,
    },
    /// A column takes more than it did.
    Widen {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// What it takes then.
        to: ColumnType,
    },
    /// A column takes something else.
    Retype {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// What it takes then.
        to: ColumnType,
    },
    /// A column is called differently.
    RenameColumn {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Its name then.
        to: String,
    },
    /// A column goes, and its values with it.
    DropColumn {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// A table more.
    AddTable(Table),
    /// Rows that a dictionary has then: new ones, and new words for those that are there.
    DictionaryRows {
        /// The dictionary.
        table: String,
        /// The rows.
        rows: Vec<Row>,
    },
    /// An element of messages is called differently.
    RenameElement {
        /// Its path.
        element: String,
        /// Its name then, without the path.
        to: String,
    },
    /// A bundle of reference data, in force from there on. The structure does not change by it.
    Reference(Bundle),
    /// What no operation can say, as each database says it. The structure does not change by it.
    Sql {
        /// What it does.
        about: String,
        /// The tables it touches.
        touches: Vec<String>,
        /// The text of each database that it is for.
        texts: BTreeMap<Dialect, SqlText>,
    },
}

/// The SQL of one database.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SqlText {
    /// One statement that does it.
    pub forward: String,
    /// A query of one value that tells whether it is done.
    pub check: String,
    /// What the query answers then.
    pub expect: String,
    /// One statement that takes it back.
    pub rollback: String,
}

impl Operation {
    /// Gives its name in documents.
    pub fn name(&self) -> &'static str {
        match self {
            Self::AddColumn { .. } => "add-column",
            Self::Widen { .. } => "widen",
            Self::Retype { .. } => "retype",
            Self::RenameColumn { .. } => "rename-column",
            Self::DropColumn { .. } => "drop-column",
            Self::AddTable(_) => "add-table",
            Self::DictionaryRows { .. } => "dictionary-rows",
            Self::RenameElement { .. } => "rename-element",
            Self::Reference(_) => "reference",
            Self::Sql { .. } => "sql",
        }
    }

    /// Gives what it is about, for people: `bdc_dyaq.dbfw → text(4000)`.
    pub fn subject(&self) -> String {
        match self {
            Self::AddColumn { table, column } => format!("{table}.{} {}", column.name, column.kind),
            Self::Widen { table, column, to } | Self::Retype { table, column, to } => format!("{table}.{column} → {to}"),
            Self::RenameColumn { table, column, to } => format!("{table}.{column} → {to}"),
            Self::DropColumn { table, column } => format!("{table}.{column}"),
            Self::AddTable(table) => table.name.clone(),
            Self::DictionaryRows { table, rows } => format!("{table}: {}", rows.len()),
            Self::RenameElement { element, to } => format!("{element} → {to}"),
            Self::Reference(bundle) => format!("{}: {}", bundle.number, bundle.files.len()),
            Self::Sql { about, .. } => about.clone(),
        }
    }

    /// Gives the tables that it touches.
    pub fn tables(&self) -> Vec<&str> {
        match self {
            Self::AddColumn { table, .. }
            | Self::Widen { table, .. }
            | Self::Retype { table, .. }
            | Self::RenameColumn { table, .. }
            | Self::DropColumn { table, .. }
            | Self::DictionaryRows { table, .. } => vec![table],
            Self::AddTable(table) => vec![&table.name],
            Self::RenameElement { .. } | Self::Reference(_) => Vec::new(),
            Self::Sql { touches, .. } => touches.iter().map(String::as_str).collect(),
        }
    }

    /// Tells whether data of the old version still goes in beside it: what may cross pending.
    pub fn may_be_pending(&self) -> bool {
        match self {
            // A default would be put in the place of a NULL that crossed before the column was there.
            Self::AddColumn { column, .. } => column.nullable && column.default.is_none(),
            Self::Widen { .. } => true,
            _ => false,
        }
    }
}

impl Document {
    /// Gives the bundle of reference data that it brings.
    pub fn bundle(&self) -> Option<&Bundle> {
        self.changes.iter().find_map(|change| match &change.operation {
            Operation::Reference(bundle) => Some(bundle),
            _ => None,
        })
    }

    /// Tells whether all of it may cross pending.
    pub fn may_be_pending(&self) -> bool {
        self.changes.iter().all(|change| change.operation.may_be_pending())
    }
}
