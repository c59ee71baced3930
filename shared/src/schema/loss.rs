//! What values a step may lose.
//!
//! Given: a step. Gives: what may be lost, and the query that counts the rows concerned. Never: a loss that nobody was told of.

use super::types::ColumnType;
use crate::lang::Lang;
use crate::say;

/// What may be lost, and in how many rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The line of the operation in the document.
    pub line: usize,
    /// The table.
    pub table: String,
    /// What.
    pub what: Lost,
    /// Counts the rows that are concerned.
    pub count: String,
}

/// What may be lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lost {
    /// All values of a column.
    Column(String),
    /// Values that the new type does not take. The step fails as long as there is one.
    Misfits {
        /// The column.
        column: String,
        /// The type it has.
        from: ColumnType,
        /// The type it should have.
        to: ColumnType,
    },
    /// The words that a dictionary has now.
    Words {
        /// How many rows say something else then.
        rows: usize,
    },
}

impl Loss {
    /// Says it.
    pub fn words(&self, lang: Lang) -> String {
        let (line, table) = (self.line, &self.table);
        match &self.what {
            Lost::Column(column) => say!(
                lang,
                "第 {line} 行：表 {table} 的列 {column} 连同其中的值一起删除",
                "line {line}: column {column} of {table} goes, and its values with it"
            ),
            Lost::Misfits { column, from, to } => say!(
                lang,
                "第 {line} 行：表 {table} 的列 {column} 由 {from} 改为 {to}，装不下的值须先改好；还有一个就不执行",
                "line {line}: column {column} of {table} becomes {to} from {from}; values that do not fit have to be mended first, and nothing is done while there is one"
            ),
            Lost::Words { rows } => say!(
                lang,
                "第 {line} 行：字典 {table} 的 {rows} 行改了说法，原来的说法不再保留",
                "line {line}: {rows} rows of dictionary {table} say something else then, and what they said is not kept"
            ),
        }
    }
}
