//! What a live database has of a structure.
//!
//! Given: an address and a structure. Gives: its tables as the database's catalog has them, types as it prints them, and the rows of dictionaries.
//! Never: a change; a database that it has no driver for.

use super::TableFault;
use super::database::{Address, DatabaseProblem, Databases, Driver, address, fault};
use super::mysql::MysqlDescriber;
use super::postgres::PostgresDescriber;
use super::sqlite::SqliteDescriber;
use super::table_file::read_declared;
use crate::channel::Channel;
use crate::error::ConfigFault;
use crate::schema::drift::LiveTable;
use crate::schema::here::ByHand;
use crate::schema::naming::Names;
use crate::schema::plan::Dialect;
use crate::schema::structure::Structure;
use crate::seams::Files;
use crate::station::Station;
use crate::store::Direction;
use std::path::Path;

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

/// The end of a channel of tables that a station has.
pub struct LiveEnd {
    /// Which kind of database it is.
    pub dialect: Dialect,
    /// What describes it.
    pub describer: Box<dyn Describer>,
    /// The channel's tables: as the source calls them, and as they are called here.
    pub tables: Vec<(String, String)>,
}

/// Tells which kind of database a URL means; `None` where there is no driver.
pub fn dialect_of(url: &str) -> Option<Dialect> {
    let at = Address { url: url.to_owned(), password: None, dir: Default::default() };
    match Driver::of(&at).ok()? {
        Driver::Postgres => Some(Dialect::Postgres),
        Driver::Mysql => Some(Dialect::Mariadb),
        Driver::Sqlite(_) => Some(Dialect::Sqlite),
        Driver::TableFile(_) => None,
    }
}

/// Tells which kind the databases of these channels are that no driver speaks to, by the lists of columns in their folders; those without a readable one are left out.
pub fn by_hand(files: &dyn Files, dir: &Path, channels: &[Channel]) -> ByHand {
    let ends = channels.iter().flat_map(|channel| {
        let source = channel.source.tables().map(|source| &source.database);
        [source, channel.sink.tables().map(|sink| &sink.database)].into_iter().flatten()
    });
    let told = |url: &String| {
        let at = Address { url: url.clone(), password: None, dir: dir.to_path_buf() };
        match Driver::of(&at) {
            Ok(Driver::TableFile(folder)) => Some((url.clone(), read_declared(files, &folder).ok()?.dialect.into())),
            _ => None,
        }
    };
    ends.filter_map(told).collect()
}

/// Gives a channel's end at a station; `None` for a channel of files, and where no driver can ask.
///
/// # Errors
/// [`ConfigFault::Database`].
pub fn end_of(databases: &dyn Databases, station: &Station, channel: &Channel) -> Result<Option<LiveEnd>, ConfigFault> {
    let Some(source) = channel.source.tables() else { return Ok(None) };
    let goes = channel.direction(station.config.station.side) == Direction::Out;
    let (setting, at, tables) = match channel.sink.tables() {
        Some(sink) if !goes => {
            let at = address(
                station,
                channel,
                "sink.database_password_file",
                &sink.database,
                sink.database_password_file.as_deref(),
            )?;
            let named = |table: &String| (table.clone(), sink.name_of(table).to_owned());
            ("sink.database", at, source.tables.iter().map(named).collect())
        }
        None if !goes => return Ok(None),
        _ => {
            let file = source.database_password_file.as_deref();
            let at = address(station, channel, "source.database_password_file", &source.database, file)?;
            ("source.database", at, source.tables.iter().map(|table| (table.clone(), table.clone())).collect())
        }
    };
    match databases.describer(&at) {
        Ok((dialect, describer)) => Ok(Some(LiveEnd { dialect, describer, tables })),
        Err(DatabaseProblem::NoConnector) => Ok(None),
        Err(problem) => Err(fault(station, channel, setting, problem)),
    }
}

impl LiveEnd {
    /// Gives what the structure's tables are called here, and the channel's tables that it does not name. A structure may name a table without its
    /// schema.
    pub fn names_in(&self, structure: &Structure) -> (Names, Vec<String>) {
        structure.names_in(&self.tables)
    }
}
