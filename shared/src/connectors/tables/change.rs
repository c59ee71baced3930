//! A row change and the body of its record.
//!
//! Given: a change. Gives: the JSON of FORMAT.md section 5, and back. Never: a value that is changed on the way; text that is not text.

mod fault;
mod name;
mod reader;
#[cfg(test)]
mod tests;

pub use fault::ChangeFault;
pub(crate) use name::KnownNames;
pub use name::Name;
pub(super) use name::name_is_right;
pub(super) use reader::{LINE_MAX, Line, parse_line, transaction};

use crate::connectors::tables::VALUE_MAX;
use serde::{Deserialize, Serialize};

/// Values longer than this travel as a record of their own, before their row: 1 MiB.
pub const LARGE_FROM: usize = 1 << 20;

/// Most columns of a row.
pub const COLUMNS_MAX: usize = 4096;

/// Longest name of a column or table, in bytes.
pub const NAME_MAX: usize = 512;

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
pub type Cells = Vec<(Name, Value)>;

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
        let most = dukou_packets::limits::RECORD_KEY_MAX;
        let values: Vec<String> = self.key.iter().map(|(_, value)| value.shown_within(most)).collect();
        crate::lang::cut(&values.join("/"), most)
    }

    /// Reads the body of a record of kind 5, of at most [`BODY_MAX`](dukou_packets::limits::BODY_MAX) bytes, with the large values that stand
    /// right before it. The table stands in the record, not here: it is left empty.
    ///
    /// # Errors
    /// [`ChangeFault`] for anything but a row change and exactly its large values; nothing of it is shown in the fault.
    pub fn parse(body: &[u8], large: &[&[u8]]) -> Result<Self, ChangeFault> {
        reader::parse(body, large, &mut KnownNames::default())
    }

    /// As [`parse`](Self::parse), with the names that the rows before it have.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub(crate) fn parse_next(body: &[u8], large: &[&[u8]], names: &mut KnownNames) -> Result<Self, ChangeFault> {
        reader::parse(body, large, names)
    }

    /// Writes the body of a record of kind 5, and the values longer than `large_from` bytes that go in records of their own before it.
    ///
    /// Whoever makes the record compares the body with [`BODY_MAX`](dukou_packets::limits::BODY_MAX): a row may be too long of many values
    /// that each are not; a smaller `large_from` makes it shorter.
    pub fn render(&self, large_from: usize) -> (Vec<u8>, Vec<Vec<u8>>) {
        let mut body = Body { json: Vec::with_capacity(256), large: Vec::new(), large_from };
        body.raw("{");
        self.render_into(&mut body);
        (body.json, body.large)
    }

    /// Writes the change as a line of an extract: the body of kind 5 with the table before it, nothing set apart.
    pub fn render_line(&self) -> Vec<u8> {
        let mut body = Body { json: Vec::with_capacity(256), large: Vec::new(), large_from: usize::MAX };
        body.raw("{\"table\":");
        body.text(&self.table);
        body.raw(",");
        self.render_into(&mut body);
        body.json
    }

    /// Gives the first column, of key and row, whose value is longer than [`VALUE_MAX`], and its length in bytes.
    pub fn too_large(&self) -> Option<(&str, u64)> {
        let cells = self.key.iter().chain(&self.row);
        cells.map(|(column, value)| (column.as_str(), value.bytes())).find(|(_, bytes)| *bytes > VALUE_MAX)
    }

    fn render_into(&self, body: &mut Body) {
        body.raw("\"op\":");
        body.text(self.op.as_str());
        body.raw(",\"key\":");
        body.cells(&self.key);
        if self.op != Op::Delete {
            body.raw(",\"row\":");
            body.cells(&self.row);
        }
        if self.op == Op::Update {
            body.raw(",\"changed\":");
            body.names(&self.changed);
        }
        if let Some(transaction) = self.transaction {
            body.raw(&format!(",\"tx\":\"{transaction}\""));
        }
        if self.goes_on {
            body.raw(",\"more\":true");
        }
        body.raw("}");
    }
}

impl Op {
    /// Gives the operation as records write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Stock => "stock",
        }
    }
}

impl Value {
    /// Gives the value as people read it.
    pub fn shown(&self) -> String {
        self.shown_within(usize::MAX)
    }

    /// Gives the length of the value in bytes; 0 for NULL.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Null => 0,
            Self::Text(text) => text.len() as u64,
            Self::Bytes(bytes) => bytes.len() as u64,
        }
    }

    /// Gives the value as people read it, cut to `most` bytes before anything longer is made.
    fn shown_within(&self, most: usize) -> String {
        match self {
            Self::Null => "NULL".to_string(),
            Self::Text(text) => crate::lang::cut(text, most),
            Self::Bytes(bytes) => bytes.iter().take(most / 2 + 1).map(|byte| format!("{byte:02x}")).collect(),
        }
    }
}

/// A body that is being written.
struct Body {
    json: Vec<u8>,
    large: Vec<Vec<u8>>,
    large_from: usize,
}

impl Body {
    fn raw(&mut self, text: &str) {
        self.json.extend_from_slice(text.as_bytes());
    }

    /// Writes a JSON string: `"`, `\` and U+0000 … U+001F are escaped, everything else stands as it is.
    fn text(&mut self, text: &str) {
        let mut from = 0;
        self.raw("\"");
        for (at, byte) in text.bytes().enumerate() {
            if byte >= 0x20 && byte != b'"' && byte != b'\\' {
                continue;
            }
            self.raw(text.get(from..at).unwrap_or_default());
            self.escape(byte);
            from = at + 1;
        }
        self.raw(text.get(from..).unwrap_or_default());
        self.raw("\"");
    }

    fn escape(&mut self, byte: u8) {
        match byte {
            b'"' => self.raw("\\\""),
            b'\\' => self.raw("\\\\"),
            b'\n' => self.raw("\\n"),
            b'\r' => self.raw("\\r"),
            b'\t' => self.raw("\\t"),
            other => self.raw(&format!("\\u{other:04x}")),
        }
    }

    fn names(&mut self, names: &[String]) {
        self.raw("[");
        for (at, name) in names.iter().enumerate() {
            self.raw(if at == 0 { "" } else { "," });
            self.text(name);
        }
        self.raw("]");
    }

    fn cells(&mut self, cells: &Cells) {
        self.raw("{");
        for (at, (column, value)) in cells.iter().enumerate() {
            self.raw(if at == 0 { "" } else { "," });
            self.text(column);
            self.raw(":");
            self.value(value);
        }
        self.raw("}");
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.raw("null"),
            Value::Text(text) if text.len() > self.large_from => self.set_apart(text.as_bytes(), ""),
            Value::Text(text) => self.text(text),
            Value::Bytes(bytes) if bytes.len() > self.large_from => self.set_apart(bytes, ",\"bytes\":true"),
            Value::Bytes(bytes) => {
                self.raw("{\"hex\":\"");
                self.raw(&data_encoding::HEXLOWER.encode(bytes));
                self.raw("\"}");
            }
        }
    }

    fn set_apart(&mut self, bytes: &[u8], kind: &str) {
        let place = format!("{{\"large\":{}{kind}}}", self.large.len());
        self.raw(&place);
        self.large.push(bytes.to_vec());
    }
}
