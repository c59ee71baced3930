//! Tables of a PostgreSQL server, as source and as sink.
//!
//! Given: a database of an application. Gives: what its triggers wrote, in an order in which it can be applied; the rows of packets, each packet one
//! transaction. After a crash: the server's own, mark and rows alike; a COMMIT whose answer never came is told by the mark. Never: a server's
//! default that changes what is read (every setting that could is set in each session); a value that the server rounds, cuts or converts.
//!
//! Everything of ours stands in the schema `dukou`: outboxes, trigger functions, marks, dead letters.
//!
//! | file | what |
//! |---|---|
//! | `connection.rs` | a session: how it is begun, its settings, what an error means |
//! | `catalog.rs` | tables, columns, keys and foreign keys as the database has them |
//! | `portable.rs` | a column as SQL that triggers run, and back from what they wrote |
//! | `describe.rs` | what it has of a structure |
//! | `restructure.rs` | a structure change in one transaction |
//! | `install.rs` | outbox, functions and triggers as SQL |
//! | `source.rs`, `chunk.rs`, `outbox.rs`, `lines.rs`, `binary.rs` | the contract of a source: the rows that stand, entries of the outbox as runs, what `COPY` writes as text and as bytes |
//! | `sink.rs`, `bulk.rs`, `single.rs`, `own_tables.rs` | the contract of a sink: in bulk, row by row, its mark, what is pending, what was refused |

mod binary;
mod bulk;
mod catalog;
mod chunk;
mod connection;
mod describe;
mod install;
mod lines;
mod outbox;
mod own_tables;
mod passing;
mod portable;
mod restructure;
mod runs;
mod single;
mod sink;
mod source;
#[cfg(test)]
mod tests;
mod view;

pub use self::describe::PostgresDescriber;
pub use self::restructure::PostgresRestructurer;
pub use self::sink::PostgresSink;
pub use self::source::PostgresSource;
pub use self::view::PostgresView;

use super::TableFault;

/// The schema of everything of ours.
const SCHEMA: &str = "dukou";

/// Why a step stopped, before it is known what it means.
#[derive(Debug)]
enum Trouble {
    /// The server or the driver said no.
    Sql(sqlx::Error),
    /// The server said no where the driver did not expect it: the session is out of step and is given up.
    OutOfStep(sqlx::Error),
    /// The connector said no.
    Fault(TableFault),
}

impl From<sqlx::Error> for Trouble {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<TableFault> for Trouble {
    fn from(fault: TableFault) -> Self {
        Self::Fault(fault)
    }
}

/// Writes a name as SQL.
fn ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Writes a text as SQL that means the same whatever `standard_conforming_strings` is.
fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if text.contains('\\') { format!("E'{}'", quoted.replace('\\', "\\\\")) } else { format!("'{quoted}'") }
}

/// Divides a table's name as the configuration has it into schema and name; `public` where it has no schema.
fn split_name(table: &str) -> (&str, &str) {
    table.split_once('.').unwrap_or(("public", table))
}
