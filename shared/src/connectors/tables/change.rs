//! A row change and the body of its record.
//!
//! Given: a change. Gives: the JSON of FORMAT.md section 5, and back. Never: a value that is changed on the way; text that is not text.

use serde::{Deserialize, Serialize};

/// What happened to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Op {
    /// It is new.
    Insert,
    /// It changed.
    Update,
    /// It is gone: a tombstone of the row.
    Delete,
    /// It stood so when the stock was pushed.
    Stock,
}

/// A value in its portable form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// NULL.
    Null,
    /// Text, numbers and times in their portable text form.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// Columns with their values, in the table's order.
pub type Cells = Vec<(String, Value)>;

/// One change of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowChange {
    /// The table, as the source names it.
    pub table: String,
    /// What happened.
    pub op: Op,
    /// The primary key: of the row as it was before an update.
    pub key: Cells,
    /// The whole row as it is now; empty for a delete.
    pub row: Cells,
    /// Columns that an update changed.
    pub changed: Vec<String>,
    /// The source transaction, where the database tells.
    pub transaction: Option<u64>,
    /// The source transaction goes on behind this change, in the next packet.
    pub goes_on: bool,
}

impl RowChange {
    /// Gives the key as people read it: its values, `/` between them; ≤ 512 bytes.
    pub fn key_text(&self) -> String {
        let values: Vec<String> = self.key.iter().map(|(_, value)| value.shown()).collect();
        crate::lang::cut(&values.join("/"), dukou_packets::limits::RECORD_KEY_MAX)
    }
}

impl Value {
    /// Gives the value as people read it.
    pub fn shown(&self) -> String {
        match self {
            Self::Null => "NULL".to_string(),
            Self::Text(text) => text.clone(),
            Self::Bytes(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }
}
