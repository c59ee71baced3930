//! Tables in MariaDB and MySQL, as source and as sink.
//!
//! Given: a database of InnoDB tables (MariaDB 10.3 and later, MySQL 8 and later). Gives: what its triggers wrote, in order; the rows of packets. After a
//! crash, of either side: what was committed, mark and rows alike. Never: a session whose mode cuts, rounds or replaces a value; a session in the
//! server's zone or character set.
//!
//! | file | what |
//! |---|---|
//! | `session.rs` | a connection, its settings, what its errors mean |
//! | `catalog.rs` | tables, columns, keys as the server has them |
//! | `describe.rs` | what it has of a structure |
//! | `triggers.rs` | outbox and triggers |
//! | `restructure.rs`, `restructure/` | a structure change step by step, what keeps others from writing meanwhile |
//! | `source.rs`, `sink.rs` | the two contracts |
//! | `statements.rs` | rows as statements of a sink |

mod catalog;
mod describe;
mod restructure;
mod session;
mod sink;
mod source;
mod statements;
#[cfg(test)]
mod tests;
mod triggers;
mod view;

pub use self::describe::MysqlDescriber;
pub use self::restructure::MysqlRestructurer;
pub use self::sink::MysqlSink;
pub use self::source::MysqlSource;
pub use self::view::MysqlView;

/// Writes an identifier.
fn ident(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// Writes a text constant.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}
