//! Tables in a SQLite file, as source and as sink.
//!
//! Given: a file of an application of this machine. Gives: what its triggers wrote, in order; the rows of packets. After a crash: SQLite's own
//! journal brings the file back to its last commit, mark and rows alike. Never: a file on a network file system (its locks do not hold there);
//! a file that is made because its name was misspelt.
//!
//! | file | what |
//! |---|---|
//! | `catalog.rs` | tables, columns, keys as the file has them |
//! | `describe.rs` | what it has of a structure |
//! | `restructure.rs` | a structure change in one transaction |
//! | `triggers.rs` | outbox and triggers |
//! | `source.rs`, `sink.rs` | the two contracts |
//! | `statements.rs` | rows as statements of a sink |

mod catalog;
mod describe;
mod restructure;
mod sink;
mod source;
mod statements;
#[cfg(test)]
mod tests;
mod triggers;
mod view;

pub use self::describe::SqliteDescriber;
pub use self::restructure::SqliteRestructurer;
pub use self::sink::SqliteSink;
pub use self::source::SqliteSource;
pub use self::view::SqliteView;

use super::TableFault;
use crate::store::sqlite::wait;
use sqlx::sqlite::{SqliteConnectOptions, SqliteRow, SqliteSynchronous};
use sqlx::{ConnectOptions, Row, SqliteConnection};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a call waits for the lock of another program.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why a step stopped, before it is known what it means.
#[derive(Debug)]
enum Trouble {
    /// SQLite or the driver said no.
    Sql(sqlx::Error),
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

/// The file, opened when it is first needed and again after a fault.
struct Session {
    path: PathBuf,
    pragmas: &'static [(&'static str, &'static str)],
    connection: Option<SqliteConnection>,
    /// The file that the connection has open, by device and inode.
    opened: Option<(u64, u64)>,
}

impl Session {
    fn new(path: &Path, pragmas: &'static [(&'static str, &'static str)]) -> Self {
        Self { path: path.to_owned(), pragmas, connection: None, opened: None }
    }

    fn is_open(&self) -> bool {
        self.connection.is_some()
    }

    /// The file that has the name now.
    fn named(&self) -> Option<(u64, u64)> {
        std::fs::metadata(&self.path).ok().map(|stat| (stat.dev(), stat.ino()))
    }

    /// Gives the file as people read it.
    fn place(&self) -> String {
        place_of(&self.path)
    }

    /// Runs a piece of work to its end; on any trouble an open transaction is rolled back.
    fn run<T>(&mut self, work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, Trouble>) -> Result<T, TableFault> {
        self.attempt(work).map_err(|trouble| self.fault(trouble))
    }

    /// As [`run`](Self::run), with the trouble as it is.
    fn attempt<T>(&mut self, work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, Trouble>) -> Result<T, Trouble> {
        let mut connection = match self.connection.take() {
            // What is written into a file that was replaced is nowhere; never changed within a transaction, so the caller begins anew.
            Some(_) if self.named() != self.opened => {
                let words = "the file was replaced".to_owned();
                return Err(TableFault::Away { place: self.place(), words }.into());
            }
            Some(connection) => connection,
            None => {
                let connection = wait(self.options().connect())?;
                self.opened = self.named();
                connection
            }
        };
        let outcome = wait(work(&mut connection));
        // A connection that cannot go back to where it was is given up; opening the file anew rolls back.
        let is_fit = outcome.is_ok() || wait(roll_back(&mut connection)).is_ok();
        self.connection = is_fit.then_some(connection);
        outcome
    }

    fn options(&self) -> SqliteConnectOptions {
        let mut options = SqliteConnectOptions::new()
            .filename(&self.path)
            .busy_timeout(PATIENCE)
            .synchronous(SqliteSynchronous::Full)
            .thread_name(|id| format!("table-{id}"))
            .disable_statement_logging();
        for (pragma, value) in self.pragmas {
            options = options.pragma(*pragma, *value);
        }
        options
    }

    /// Says what a trouble means where it is no row's.
    fn fault(&self, trouble: Trouble) -> TableFault {
        match trouble {
            Trouble::Fault(fault) => fault,
            Trouble::Sql(error) => meaning(&self.path, &error),
        }
    }
}

/// Gives a file as people read it.
fn place_of(path: &Path) -> String {
    format!("sqlite:{}", path.display())
}

/// Says what an error means where it is no row's.
fn meaning(path: &Path, error: &sqlx::Error) -> TableFault {
    let (place, words) = (place_of(path), error.to_string());
    match primary_code(error) {
        // SQLITE_BUSY, LOCKED, PROTOCOL; NOMEM, FULL, INTERRUPT: nothing was changed.
        Some(5 | 6 | 15 | 7 | 13 | 9) => TableFault::Busy { place, words },
        // SQLITE_CANTOPEN of a file that is there, SQLITE_IOERR.
        Some(14) if path.is_file() => TableFault::Away { place, words },
        Some(10) => TableFault::Away { place, words },
        None if !matches!(error, sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. }) => {
            TableFault::Away { place, words }
        }
        _ => TableFault::Denied { place, words },
    }
}

/// Ends a transaction, where one is open.
async fn roll_back(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    match sqlx::query("ROLLBACK").execute(connection).await {
        // SQLITE_ERROR: there was none.
        Err(error) if primary_code(&error) == Some(1) => Ok(()),
        outcome => outcome.map(|_| ()),
    }
}

/// SQLite's primary result code (sqlite.org/rescode.html).
fn primary_code(error: &sqlx::Error) -> Option<i32> {
    extended_code(error).map(|code| code & 0xff)
}

/// SQLite's extended result code.
fn extended_code(error: &sqlx::Error) -> Option<i32> {
    error.as_database_error()?.code()?.parse().ok()
}

/// Reads a text column whatever its type; bytes that are no UTF-8 are bytes still.
fn bytes_at(row: &SqliteRow, at: usize) -> Result<Option<Vec<u8>>, sqlx::Error> {
    row.try_get_unchecked(at)
}

/// Writes an identifier.
fn ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Writes a text constant.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
