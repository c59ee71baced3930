//! Where connectors of databases come from: one call a channel's end.
//!
//! Given: a URL without its password, the file with the password. Gives: a connector, which has not spoken to its server yet. Never: a password in a
//! message, in a URL that is shown, or read from a file that others may read.

use super::{TableFault, TableName, TableSink, TableSource};
use crate::channel::{Channel, TableSinkConfig, TableSourceConfig};
use crate::error::ConfigFault;
use crate::lang::Lang;
use crate::say;
use crate::station::Station;
use dukou_packets::packet::header::ChannelName;
use std::fmt;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

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
}

/// What is wrong with how a database is configured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseProblem {
    /// This program has no connector for it.
    #[error("there is no connector for it")]
    NoConnector,
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
}

/// The connectors of this program, told apart by how the URL begins.
#[derive(Clone, Copy, Debug, Default)]
pub struct Drivers;

impl Databases for Drivers {
    fn source(&self, _: &Address, _: &ChannelName, _: &TableSourceConfig) -> Result<Box<dyn TableSource>, DatabaseProblem> {
        Err(DatabaseProblem::NoConnector)
    }

    fn outbox(&self, _: &Address, _: &ChannelName, _: &TableSourceConfig) -> Result<Box<dyn Outbox>, DatabaseProblem> {
        Err(DatabaseProblem::NoConnector)
    }

    fn sink(
        &self,
        _: &Address,
        _: &ChannelName,
        _: &[TableName],
        _: &TableSinkConfig,
    ) -> Result<Box<dyn TableSink>, DatabaseProblem> {
        Err(DatabaseProblem::NoConnector)
    }
}

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
    let at =
        address(station, channel, "sink.database_password_file", &config.database, config.database_password_file.as_deref())?;
    let made = databases.sink(&at, &channel.channel, &source.tables, config);
    made.map(Some).map_err(|problem| fault(station, channel, "sink.database", problem))
}

fn fault(station: &Station, channel: &Channel, setting: &'static str, problem: DatabaseProblem) -> ConfigFault {
    let file = station.dir.join("channels").join(format!("{}.toml", channel.channel));
    ConfigFault::Database { file, setting, problem }
}

fn address(
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
    let unreadable = |error: std::io::Error| DatabaseProblem::Unreadable(error.kind().to_string());
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
