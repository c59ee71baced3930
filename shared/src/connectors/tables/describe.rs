//! What a live database has of a structure.
//!
//! Given: an address and a structure. Gives: its tables as the database's catalog has them, types as it prints them, and the rows of dictionaries.
//! Never: a change; a database that it has no driver for.

use super::TableFault;
use super::database::{Address, DatabaseProblem, Driver};
use super::mysql::MysqlDescriber;
use super::postgres::PostgresDescriber;
use super::sqlite::SqliteDescriber;
use crate::schema::drift::LiveTable;
use crate::schema::plan::Dialect;
use crate::schema::structure::Structure;

/// Most rows of a dictionary that are read.
pub const DICTIONARY_MAX: usize = 100_000;

/// What describes a live database.
pub trait Describer: Send {
    /// Gives those of the structure's tables that are there.
    ///
    /// # Errors
    /// [`TableFault`] of the server.
    fn describe(&mut self, structure: &Structure) -> Result<Vec<LiveTable>, TableFault>;
}

/// Makes what describes a database, and says which kind it is.
///
/// # Errors
/// [`DatabaseProblem::NoConnector`] where there is no driver.
pub fn describer_of(at: &Address) -> Result<(Dialect, Box<dyn Describer>), DatabaseProblem> {
    let password = at.revealed();
    Ok(match Driver::of(at)? {
        Driver::Postgres => (Dialect::Postgres, Box::new(PostgresDescriber::new(&at.url, password))),
        Driver::Mysql => (Dialect::Mariadb, Box::new(MysqlDescriber::new(&at.url, password))),
        Driver::Sqlite(path) => (Dialect::Sqlite, Box::new(SqliteDescriber::new(&path))),
        Driver::TableFile(_) => return Err(DatabaseProblem::NoConnector),
    })
}
