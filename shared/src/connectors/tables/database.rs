//! Where connectors of databases come from: one call a channel's end.
//!
//! Given: a URL without its password, the file with the password. Gives: a connector, which has not spoken to its server yet. Never: a password in a
//! message, in a URL that is shown, or read from a file that others may read.

use super::describe::{Describer, describer_of};
use super::mysql::{MysqlRestructurer, MysqlSink, MysqlSource, MysqlView};
use super::postgres::{PostgresRestructurer, PostgresSink, PostgresSource, PostgresView};
use super::restructure::Restructurer;
use super::sqlite::{SqliteRestructurer, SqliteSink, SqliteSource, SqliteView};
use super::table_file::{TableFileOutbox, TableFileRestructurer, TableFileSink, TableFileSource};
use super::view::{Following, ViewReader, ViewSource};
use super::{TableFault, TableName, TableSink, TableSource};
use crate::channel::{Channel, OnRefused, TableSinkConfig, TableSourceConfig};
use crate::error::ConfigFault;
use crate::lang::Lang;
use crate::say;
use crate::seams::real_files::RealFiles;
use crate::station::Station;
use crate::store::Direction;
use dukou_packets::packet::header::ChannelName;
use std::fmt;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Longest password file in bytes.
const PASSWORD_MAX: u64 = 4096;

/// A database's password; it is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

impl Password {
    /// Gives the password to the driver.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// Where a database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Its URL without a password; what stands behind `sqlite:` and `table-file:` is a path.
    pub url: String,
    /// Its password.
    pub password: Option<Password>,
    /// The station's directory, from which paths are reckoned.
    pub dir: PathBuf,
}

impl Address {
    /// Gives the path behind `sqlite:` or `table-file:`; `None` for a server.
    pub fn path(&self) -> Option<PathBuf> {
        let path = self.url.strip_prefix("sqlite:").or_else(|| self.url.strip_prefix("table-file:"))?;
        Some(self.dir.join(path))
    }

    pub(super) fn revealed(&self) -> Option<&str> {
        self.password.as_ref().map(Password::reveal)
    }
}

/// What is wrong with how a database is configured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseProblem {
    /// This program has no connector for it.
    #[error("there is no connector for it")]
    NoConnector,
    /// Scripts have no dead-letter table.
    #[error("scripts put no row aside; on_refused has to be hold")]
    NoDeadLetters,
    /// The password file cannot be read.
    #[error("the password file cannot be read ({0})")]
    Unreadable(String),
    /// Others may read the password file.
    #[error("others may read the password file (chmod 600)")]
    Open,
    /// The password file holds no password: one line of text.
    #[error("the password file holds no line of text")]
    Empty,
}

impl DatabaseProblem {
    pub(crate) fn sentence(&self, lang: Lang) -> String {
        match self {
            Self::NoConnector => say!(lang, "本程序没有这种数据库的连接器", "{self}"),
            Self::NoDeadLetters => say!(lang, "脚本不能把拒收的行另放，on_refused 请用 hold", "{self}"),
            Self::Unreadable(why) => say!(lang, "密码文件读不了（{why}）", "{self}"),
            Self::Open => say!(lang, "密码文件别人也能读（请 chmod 600）", "{self}"),
            Self::Empty => say!(lang, "密码文件里没有一行密码", "{self}"),
        }
    }
}

/// What `source install` and `source uninstall` ask of a connector.
pub trait Outbox: Send {
    /// Gives the SQL that makes the outbox and the triggers; changes nothing.
    fn install_sql(&mut self) -> Result<String, TableFault>;
    /// Makes the outbox and the triggers, or brings them up to date; what the outbox holds stays.
    fn install(&mut self) -> Result<(), TableFault>;
    /// Gives the SQL that takes all of it away; changes nothing.
    fn uninstall_sql(&mut self) -> Result<String, TableFault>;
    /// Takes all of it away.
    fn uninstall(&mut self) -> Result<(), TableFault>;
}

/// What `sink install` asks of a connector: the station's own tables in a sink's database (mark, what is pending, what was refused).
pub trait OwnTables: Send {
    /// Gives the SQL that makes those that are not there, to be run once or again; changes nothing.
    fn install_sql(&mut self) -> Result<String, TableFault>;
    /// Makes those that are not there.
    fn install(&mut self) -> Result<(), TableFault>;
}

/// The seam: makes connectors. None of them speaks to its server before it is used.
pub trait Databases: Send + Sync {
    /// Makes the source of a channel.
    fn source(
        &self,
        at: &Address,
        channel: &ChannelName,
        config: &TableSourceConfig,
    ) -> Result<Box<dyn TableSource>, DatabaseProblem>;
    /// Makes what installs a channel's outbox.
    fn outbox(
        &self,
        at: &Address,
        channel: &ChannelName,
        config: &TableSourceConfig,
    ) -> Result<Box<dyn Outbox>, DatabaseProblem>;
    /// Makes the sink of a channel of these tables, as the source calls them.
    fn sink(
        &self,
        at: &Address,
        channel: &ChannelName,
        tables: &[TableName],
        config: &TableSinkConfig,
    ) -> Result<Box<dyn TableSink>, DatabaseProblem>;
    /// Makes what describes a database, and says which kind it is.
    fn describer(&self, at: &Address) -> Result<(crate::schema::Dialect, Box<dyn Describer>), DatabaseProblem>;
    /// Makes what changes the structure of a database.
    fn restructurer(&self, at: &Address) -> Result<Box<dyn Restructurer>, DatabaseProblem>;
}

/// Which connector a URL means.
pub(super) enum Driver {
    Postgres,
    Mysql,
    Sqlite(PathBuf),
    TableFile(PathBuf),
}

impl Driver {
    pub(super) fn of(at: &Address) -> Result<Self, DatabaseProblem> {
        let begins = |schemes: &[&str]| schemes.iter().any(|scheme| at.url.starts_with(scheme));
        match at.path() {
            Some(path) if begins(&["sqlite:"]) => Ok(Self::Sqlite(path)),
            Some(path) => Ok(Self::TableFile(path)),
            None if begins(&["postgres://", "postgresql://"]) => Ok(Self::Postgres),
            None if begins(&["mysql://", "mariadb://"]) => Ok(Self::Mysql),
            None => Err(DatabaseProblem::NoConnector),
        }
    }
}

/// The connectors of this program, told apart by how the URL begins.
#[derive(Clone, Copy, Debug, Default)]
pub struct Drivers;

impl Databases for Drivers {
    fn source(
        &self,
        at: &Address,
        channel: &ChannelName,
        config: &TableSourceConfig,
    ) -> Result<Box<dyn TableSource>, DatabaseProblem> {
        if let Some(view) = view_of(at, channel, config)? {
            return Ok(Box::new(view));
        }
        let (tables, password) = (&config.tables, at.revealed());
        Ok(match Driver::of(at)? {
            Driver::Postgres => Box::new(PostgresSource::new(&at.url, password, channel, tables)),
            Driver::Mysql => Box::new(MysqlSource::new(&at.url, password, channel, tables)),
            Driver::Sqlite(path) => Box::new(SqliteSource::new(&path, channel, tables)),
            Driver::TableFile(path) => Box::new(TableFileSource::new(Arc::new(RealFiles::new()), &path, tables)),
        })
    }

    fn outbox(
        &self,
        at: &Address,
        channel: &ChannelName,
        config: &TableSourceConfig,
    ) -> Result<Box<dyn Outbox>, DatabaseProblem> {
        if let Some(view) = view_of(at, channel, config)? {
            return Ok(Box::new(view));
        }
        let (tables, password) = (&config.tables, at.revealed());
        Ok(match Driver::of(at)? {
            Driver::Postgres => Box::new(PostgresSource::new(&at.url, password, channel, tables)),
            Driver::Mysql => Box::new(MysqlSource::new(&at.url, password, channel, tables)),
            Driver::Sqlite(path) => Box::new(SqliteSource::new(&path, channel, tables)),
            Driver::TableFile(path) => Box::new(TableFileOutbox::new(Arc::new(RealFiles::new()), &path, channel, tables)),
        })
    }

    fn sink(
        &self,
        at: &Address,
        _: &ChannelName,
        tables: &[TableName],
        config: &TableSinkConfig,
    ) -> Result<Box<dyn TableSink>, DatabaseProblem> {
        let dead_letters = config.on_refused == OnRefused::DeadLetter;
        let pairs: Vec<(TableName, TableName)> =
            tables.iter().map(|table| (table.clone(), config.name_of(table).to_owned())).collect();
        let password = at.revealed();
        Ok(match Driver::of(at)? {
            Driver::Postgres => Box::new(PostgresSink::new(&at.url, password, &pairs, dead_letters)),
            Driver::Mysql => Box::new(MysqlSink::new(&at.url, password, &pairs, dead_letters)),
            Driver::Sqlite(path) => Box::new(SqliteSink::new(&path, &pairs, dead_letters)),
            Driver::TableFile(_) if dead_letters => return Err(DatabaseProblem::NoDeadLetters),
            Driver::TableFile(path) => {
                Box::new(TableFileSink::new(Arc::new(RealFiles::new()), &path, pairs.into_iter().collect()))
            }
        })
    }

    fn describer(&self, at: &Address) -> Result<(crate::schema::Dialect, Box<dyn Describer>), DatabaseProblem> {
        describer_of(at)
    }

    fn restructurer(&self, at: &Address) -> Result<Box<dyn Restructurer>, DatabaseProblem> {
        let password = at.revealed();
        Ok(match Driver::of(at)? {
            Driver::Postgres => Box::new(PostgresRestructurer::new(&at.url, password)),
            Driver::Mysql => Box::new(MysqlRestructurer::new(&at.url, password)),
            Driver::Sqlite(path) => Box::new(SqliteRestructurer::new(&path)),
            Driver::TableFile(path) => Box::new(TableFileRestructurer::new(Arc::new(RealFiles::new()), &path)),
        })
    }
}

impl Drivers {
    /// Makes what installs the station's own tables in a channel's sink.
    fn own_tables(at: &Address, tables: &[TableName], config: &TableSinkConfig) -> Result<Box<dyn OwnTables>, DatabaseProblem> {
        let pairs: Vec<(TableName, TableName)> =
            tables.iter().map(|table| (table.clone(), config.name_of(table).to_owned())).collect();
        let password = at.revealed();
        Ok(match Driver::of(at)? {
            Driver::Postgres => Box::new(PostgresSink::new(&at.url, password, &pairs, false)),
            Driver::Mysql => Box::new(MysqlSink::new(&at.url, password, &pairs, false)),
            Driver::Sqlite(path) => Box::new(SqliteSink::new(&path, &pairs, false)),
            Driver::TableFile(path) => {
                Box::new(TableFileSink::new(Arc::new(RealFiles::new()), &path, pairs.into_iter().collect()))
            }
        })
    }
}

/// Makes the source of a register view, where the channel says that it is one.
fn view_of(at: &Address, channel: &ChannelName, config: &TableSourceConfig) -> Result<Option<ViewSource>, DatabaseProblem> {
    let Some(days) = config.view_days else { return Ok(None) };
    let password = at.revealed();
    let reader: Box<dyn ViewReader> = match Driver::of(at)? {
        Driver::Postgres => Box::new(PostgresView::new(&at.url, password)),
        Driver::Mysql => Box::new(MysqlView::new(&at.url, password)),
        Driver::Sqlite(path) => Box::new(SqliteView::new(&path)),
        Driver::TableFile(_) => return Err(DatabaseProblem::NoConnector),
    };
    let following = Following { days, every: Duration::from_secs(config.poll_seconds) };
    Ok(Some(ViewSource::new(reader, &at.dir, channel, &config.tables, following)))
}

/// Hands `source install` on to the source that has it.
macro_rules! outbox_by_source {
    ($($source:ty),*) => {$(
        impl Outbox for $source {
            fn install_sql(&mut self) -> Result<String, TableFault> {
                <$source>::install_sql(self)
            }

            fn install(&mut self) -> Result<(), TableFault> {
                <$source>::install(self)
            }

            fn uninstall_sql(&mut self) -> Result<String, TableFault> {
                <$source>::uninstall_sql(self)
            }

            fn uninstall(&mut self) -> Result<(), TableFault> {
                <$source>::uninstall(self)
            }
        }
    )*};
}

outbox_by_source!(PostgresSource, MysqlSource, SqliteSource);

/// Makes the source of a channel as the configuration says; `None` for a channel of files.
///
/// # Errors
/// [`ConfigFault::Database`].
pub fn source_of(
    databases: &dyn Databases,
    station: &Station,
    channel: &Channel,
) -> Result<Option<Box<dyn TableSource>>, ConfigFault> {
    let Some(config) = channel.source.tables() else { return Ok(None) };
    let at =
        address(station, channel, "source.database_password_file", &config.database, config.database_password_file.as_deref())?;
    let made = databases.source(&at, &channel.channel, config);
    made.map(Some).map_err(|problem| fault(station, channel, "source.database", problem))
}

/// Makes what installs the outbox of a channel; `None` for a channel of files.
///
/// # Errors
/// [`ConfigFault::Database`].
pub fn outbox_of(
    databases: &dyn Databases,
    station: &Station,
    channel: &Channel,
) -> Result<Option<Box<dyn Outbox>>, ConfigFault> {
    let Some(config) = channel.source.tables() else { return Ok(None) };
    let at =
        address(station, channel, "source.database_password_file", &config.database, config.database_password_file.as_deref())?;
    let made = databases.outbox(&at, &channel.channel, config);
    made.map(Some).map_err(|problem| fault(station, channel, "source.database", problem))
}

/// Makes the sink of a channel as the configuration says; `None` for a channel of files.
///
/// # Errors
/// [`ConfigFault::Database`].
pub fn sink_of(
    databases: &dyn Databases,
    station: &Station,
    channel: &Channel,
) -> Result<Option<Box<dyn TableSink>>, ConfigFault> {
    let (Some(config), Some(source)) = (channel.sink.tables(), channel.source.tables()) else { return Ok(None) };
    if channel.sink.is_register() {
        return Ok(None);
    }
    let at =
        address(station, channel, "sink.database_password_file", &config.database, config.database_password_file.as_deref())?;
    let made = databases.sink(&at, &channel.channel, &source.tables, config);
    made.map(Some).map_err(|problem| fault(station, channel, "sink.database", problem))
}

/// Makes what changes the structure of the database at a channel's end: where rows leave from, or where they come in; `None` where that end is no database.
///
/// # Errors
/// [`ConfigFault::Database`].
pub fn restructurer_of(
    databases: &dyn Databases,
    station: &Station,
    channel: &Channel,
    direction: Direction,
) -> Result<Option<Box<dyn Restructurer>>, ConfigFault> {
    let (setting, password_setting, end) = match direction {
        Direction::Out => {
            let end = channel.source.tables().map(|source| (&source.database, &source.database_password_file));
            ("source.database", "source.database_password_file", end)
        }
        Direction::In => {
            let end = channel.sink.tables().map(|sink| (&sink.database, &sink.database_password_file));
            ("sink.database", "sink.database_password_file", end)
        }
    };
    let Some((url, password_file)) = end else { return Ok(None) };
    let at = address(station, channel, password_setting, url, password_file.as_deref())?;
    databases.restructurer(&at).map(Some).map_err(|problem| fault(station, channel, setting, problem))
}

/// Makes what installs the station's own tables in the sink of a channel; `None` for a channel of files.
///
/// # Errors
/// [`ConfigFault::Database`].
pub fn own_tables_of(station: &Station, channel: &Channel) -> Result<Option<Box<dyn OwnTables>>, ConfigFault> {
    let (Some(config), Some(source)) = (channel.sink.tables(), channel.source.tables()) else { return Ok(None) };
    if channel.sink.is_register() {
        return Ok(None);
    }
    let at =
        address(station, channel, "sink.database_password_file", &config.database, config.database_password_file.as_deref())?;
    let made = Drivers::own_tables(&at, &source.tables, config);
    made.map(Some).map_err(|problem| fault(station, channel, "sink.database", problem))
}

pub(super) fn fault(station: &Station, channel: &Channel, setting: &'static str, problem: DatabaseProblem) -> ConfigFault {
    let file = station.dir.join("channels").join(format!("{}.toml", channel.channel));
    ConfigFault::Database { file, setting, problem }
}

pub(super) fn address(
    station: &Station,
    channel: &Channel,
    setting: &'static str,
    url: &str,
    password_file: Option<&Path>,
) -> Result<Address, ConfigFault> {
    let password = password_file.map(|file| read_password(&station.dir.join(file))).transpose();
    let password = password.map_err(|problem| fault(station, channel, setting, problem))?;
    Ok(Address { url: url.to_string(), password, dir: station.dir.clone() })
}

/// Reads the first line of a file that its owner alone may read.
fn read_password(path: &Path) -> Result<Password, DatabaseProblem> {
    let unreadable = |error: std::io::Error| DatabaseProblem::Unreadable(format!("{}: {}", path.display(), error.kind()));
    let file = std::fs::File::open(path).map_err(unreadable)?;
    if file.metadata().map_err(unreadable)?.permissions().mode() & 0o077 != 0 {
        return Err(DatabaseProblem::Open);
    }
    let mut text = String::new();
    file.take(PASSWORD_MAX).read_to_string(&mut text).map_err(unreadable)?;
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(Password(line.to_string())),
        _ => Err(DatabaseProblem::Empty),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::Permissions;

    #[test]
    fn a_password_is_read_from_a_file_of_its_owner_alone_and_never_shown() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("password");
        assert!(matches!(read_password(&path), Err(DatabaseProblem::Unreadable(_))));
        std::fs::write(&path, "s3cret\n").unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        assert_eq!(read_password(&path), Err(DatabaseProblem::Open));
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        let password = read_password(&path).unwrap();
        assert_eq!(password.reveal(), "s3cret");
        assert!(!format!("{password:?}").contains("s3cret"));
        std::fs::write(&path, "\n").unwrap();
        assert_eq!(read_password(&path), Err(DatabaseProblem::Empty));
    }
}
