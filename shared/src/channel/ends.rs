//! The two ends of a channel: folders, or tables of a database.
//!
//! Given: `[source]` and `[sink]` of a channel's file. Gives: one or the other, told by whether `folder` or `database` stands there. Never: a mixture,
//! a password in a URL that is shown, or a table that two channels follow.

use super::{Channel, SinkConfig, SourceConfig};
use crate::error::ConfigFault;
use crate::station::Station;
use crate::store::Direction;
use dukou_packets::limits::RECORD_NAME_MAX;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Most tables of one channel.
const TABLES_MAX: usize = 1000;

/// Longest `poll_seconds`: an hour.
const POLL_MAX_SECONDS: u64 = 3600;

/// Default `poll_seconds` of a view: each look reads all of its days.
const VIEW_POLL_SECONDS: u64 = 60;

/// Most days of a view.
const VIEW_DAYS_MAX: u32 = 3660;

/// Where a channel's records come from.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged, try_from = "SourceText")]
pub enum ChannelSource {
    /// A folder of files.
    Folder(SourceConfig),
    /// Tables of a database, followed through an outbox.
    Tables(TableSourceConfig),
}

/// Where a channel's records go.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged, try_from = "SinkText")]
pub enum ChannelSink {
    /// A folder of files.
    Folder(SinkConfig),
    /// Tables of a database.
    Tables(TableSinkConfig),
}

/// The database and the tables that a channel's rows come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableSourceConfig {
    /// Its URL without a password: `postgres://user@/name?host=/run/postgresql`, `mysql://…`, `sqlite:path`, `table-file:path`.
    pub database: String,
    /// A file with the password, relative to the station's directory or absolute.
    pub database_password_file: Option<PathBuf>,
    /// The tables, with their schema where the database has any.
    pub tables: Vec<String>,
    /// Seconds between two looks at an outbox that was empty, or at a view.
    pub poll_seconds: u64,
    /// The one table is a register view, which is looked at instead of followed: so many days of registration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub view_days: Option<u32>,
}

/// The database that a channel's rows go to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableSinkConfig {
    /// Its URL without a password.
    pub database: String,
    /// A file with the password, relative to the station's directory or absolute.
    pub database_password_file: Option<PathBuf>,
    /// What becomes of a row that the database refuses.
    pub on_refused: OnRefused,
    /// The names of tables that are called differently here, by their names at the source.
    pub tables: BTreeMap<String, String>,
}

/// What becomes of a row that the sink's database refuses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnRefused {
    /// The channel waits for a person.
    #[default]
    Hold,
    /// It goes to the dead-letter table, and the channel goes on.
    DeadLetter,
}

/// `[source]` as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceText {
    folder: Option<PathBuf>,
    settle_seconds: Option<u64>,
    identical: Option<super::Identical>,
    after: Option<super::After>,
    archive: Option<PathBuf>,
    status: Option<bool>,
    database: Option<String>,
    database_password_file: Option<PathBuf>,
    tables: Option<Vec<String>>,
    poll_seconds: Option<u64>,
    view_days: Option<u32>,
}

/// `[sink]` as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SinkText {
    folder: Option<PathBuf>,
    owner: Option<String>,
    group: Option<String>,
    mode: Option<String>,
    database: Option<String>,
    database_password_file: Option<PathBuf>,
    on_refused: Option<OnRefused>,
    tables: Option<BTreeMap<String, String>>,
}

impl TryFrom<SourceText> for ChannelSource {
    type Error = String;

    fn try_from(text: SourceText) -> Result<Self, String> {
        let of_folders = [
            ("settle_seconds", text.settle_seconds.is_some()),
            ("identical", text.identical.is_some()),
            ("after", text.after.is_some()),
            ("archive", text.archive.is_some()),
            ("status", text.status.is_some()),
        ];
        let of_tables = [
            ("database_password_file", text.database_password_file.is_some()),
            ("tables", text.tables.is_some()),
            ("poll_seconds", text.poll_seconds.is_some()),
            ("view_days", text.view_days.is_some()),
        ];
        match (text.folder, text.database) {
            (Some(folder), None) => {
                no_other("source", "folder", &of_tables)?;
                Ok(Self::Folder(SourceConfig {
                    folder,
                    settle_seconds: text.settle_seconds.unwrap_or_else(super::default_settle),
                    identical: text.identical.unwrap_or_else(super::default_identical),
                    after: text.after.unwrap_or_else(super::default_after),
                    archive: text.archive.unwrap_or_else(super::default_archive),
                    status: text.status.unwrap_or_else(super::default_true),
                }))
            }
            (None, Some(database)) => {
                no_other("source", "database", &of_folders)?;
                Ok(Self::Tables(TableSourceConfig {
                    database,
                    database_password_file: text.database_password_file,
                    tables: text.tables.unwrap_or_default(),
                    poll_seconds: text.poll_seconds.unwrap_or(if text.view_days.is_some() { VIEW_POLL_SECONDS } else { 2 }),
                    view_days: text.view_days,
                }))
            }
            _ => Err(one_of_both("source")),
        }
    }
}

impl TryFrom<SinkText> for ChannelSink {
    type Error = String;

    fn try_from(text: SinkText) -> Result<Self, String> {
        let of_folders = [("owner", text.owner.is_some()), ("group", text.group.is_some()), ("mode", text.mode.is_some())];
        let of_tables = [
            ("database_password_file", text.database_password_file.is_some()),
            ("on_refused", text.on_refused.is_some()),
            ("tables", text.tables.is_some()),
        ];
        match (text.folder, text.database) {
            (Some(folder), None) => {
                no_other("sink", "folder", &of_tables)?;
                let mode = text.mode.unwrap_or_else(super::default_mode);
                Ok(Self::Folder(SinkConfig { folder, owner: text.owner, group: text.group, mode }))
            }
            (None, Some(database)) => {
                no_other("sink", "database", &of_folders)?;
                Ok(Self::Tables(TableSinkConfig {
                    database,
                    database_password_file: text.database_password_file,
                    on_refused: text.on_refused.unwrap_or_default(),
                    tables: text.tables.unwrap_or_default(),
                }))
            }
            _ => Err(one_of_both("sink")),
        }
    }
}

fn one_of_both(end: &str) -> String {
    format!("[{end}] 要么有 folder、要么有 database，必须且只能有一个 / [{end}] has either folder or database, and one of them")
}

/// Refuses a setting that belongs to the other kind of end.
fn no_other(end: &str, kind: &str, others: &[(&str, bool)]) -> Result<(), String> {
    match others.iter().find(|(_, stands)| *stands) {
        Some((name, _)) => Err(format!("{end}.{name} 不能与 {end}.{kind} 同用 / {end}.{name} does not go with {end}.{kind}")),
        None => Ok(()),
    }
}

impl ChannelSource {
    /// Gives the folder and how it is read, where it is one.
    pub fn folder(&self) -> Option<&SourceConfig> {
        match self {
            Self::Folder(config) => Some(config),
            Self::Tables(_) => None,
        }
    }

    /// As [`folder`](Self::folder), to be changed.
    pub fn folder_mut(&mut self) -> Option<&mut SourceConfig> {
        match self {
            Self::Folder(config) => Some(config),
            Self::Tables(_) => None,
        }
    }

    /// Gives the tables, where it is those.
    pub fn tables(&self) -> Option<&TableSourceConfig> {
        match self {
            Self::Folder(_) => None,
            Self::Tables(config) => Some(config),
        }
    }
}

impl ChannelSink {
    /// Gives the folder, where it is one.
    pub fn folder(&self) -> Option<&SinkConfig> {
        match self {
            Self::Folder(config) => Some(config),
            Self::Tables(_) => None,
        }
    }

    /// Tells whether its rows are register rows that the station keeps in its own store.
    pub fn is_register(&self) -> bool {
        self.tables().is_some_and(|tables| tables.database == REGISTER)
    }

    /// Gives the database, where it is one.
    pub fn tables(&self) -> Option<&TableSinkConfig> {
        match self {
            Self::Folder(_) => None,
            Self::Tables(config) => Some(config),
        }
    }
}

/// The sink of register rows: the station's own store, where `day` looks for them.
const REGISTER: &str = "register:";

impl TableSinkConfig {
    /// Gives the name that a table of the source has here.
    pub fn name_of<'a>(&'a self, table: &'a str) -> &'a str {
        self.tables.get(table).map_or(table, String::as_str)
    }
}

/// What the URL of a database may look like.
const DATABASE_RULE: &str = "postgres://、mysql://、sqlite: 或 table-file: 开头，不含密码（密码放 database_password_file）；登记簿的行去向也可写 register: / begins with postgres://, mysql://, sqlite: or table-file: (a sink of register rows may be register:) and holds no password (that is in database_password_file)";

/// What a list of tables may look like.
const TABLES_RULE: &str = "1–1000 个不同的表名，如 \"public.zd\" / 1–1000 different names of tables, for example \"public.zd\"";

/// How the URLs of known databases begin.
const SCHEMES: [&str; 6] = ["postgres://", "postgresql://", "mysql://", "mariadb://", "sqlite:", "table-file:"];

impl Channel {
    /// Checks what a channel says about tables.
    pub(super) fn check_tables(&self, file: &Path) -> Result<(), ConfigFault> {
        let wrong =
            |setting: &'static str, rule: &'static str| Err(ConfigFault::Setting { file: file.to_path_buf(), setting, rule });
        let (source, sink) = match (&self.source, &self.sink) {
            (ChannelSource::Tables(source), ChannelSink::Tables(sink)) => (source, sink),
            (ChannelSource::Folder(_), ChannelSink::Folder(_)) => return Ok(()),
            (ChannelSource::Tables(_), ChannelSink::Folder(_)) => {
                return wrong("sink", "database：来源是表，去向也要是数据库 / database: what comes from tables goes to tables");
            }
            (ChannelSource::Folder(_), ChannelSink::Tables(_)) => {
                return wrong(
                    "sink",
                    "folder：来源是文件夹，去向也要是文件夹 / folder: what comes from a folder goes to a folder",
                );
            }
        };
        if !is_database(&source.database) {
            return wrong("source.database", DATABASE_RULE);
        }
        if sink.database != REGISTER && !is_database(&sink.database) {
            return wrong("sink.database", DATABASE_RULE);
        }
        let different: BTreeSet<&String> = source.tables.iter().collect();
        let count = (1..=TABLES_MAX).contains(&source.tables.len()) && different.len() == source.tables.len();
        if !count || !source.tables.iter().all(|table| is_table(table)) {
            return wrong("source.tables", TABLES_RULE);
        }
        if source.view_days.is_some() && source.tables.len() != 1 {
            return wrong("source.tables", "写明 view_days 时：只有一个视图 / with view_days: one view alone");
        }
        if source.view_days.is_some_and(|days| !(1..=VIEW_DAYS_MAX).contains(&days)) {
            return wrong("source.view_days", "1–3660");
        }
        if !sink.tables.iter().all(|(from, to)| different.contains(from) && is_table(to)) {
            return wrong("sink.tables", "左边是 source.tables 中的表 / on the left a table of source.tables");
        }
        if source.poll_seconds > POLL_MAX_SECONDS {
            return wrong("source.poll_seconds", "0–3600");
        }
        if self.screen.key.is_some() || self.screen.xml {
            return wrong("screen", "key 和 xml 只用于文件夹 / key and xml are for folders alone");
        }
        Ok(())
    }
}

/// Tells whether a URL is one of a database and holds no password.
fn is_database(url: &str) -> bool {
    let Some(rest) = SCHEMES.iter().find_map(|scheme| url.strip_prefix(scheme)) else { return false };
    let is_path = url.starts_with("sqlite:") || url.starts_with("table-file:");
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let account = authority.rsplit_once('@').map_or("", |(account, _)| account);
    let no_password = is_path || (!account.contains(':') && !rest.contains("password="));
    !rest.is_empty() && no_password && !url.contains('\0')
}

/// Tells whether a name is one that a record can bear.
fn is_table(name: &str) -> bool {
    let plain = !name.chars().any(char::is_control) && !name.split('/').any(|part| matches!(part, "" | "." | ".."));
    plain && name.len() <= RECORD_NAME_MAX
}

/// Two channels that follow one table would take each other's rows; one that also receives it would send back what came.
pub(super) fn check_tables_apart(station: &Station, channels: &[Channel]) -> Result<(), ConfigFault> {
    let side = station.config.station.side;
    let mut followed: BTreeMap<(&str, &str), &Channel> = BTreeMap::new();
    for channel in channels.iter().filter(|channel| channel.direction(side) == Direction::Out) {
        let Some(source) = channel.source.tables() else { continue };
        for table in &source.tables {
            if let Some(earlier) = followed.insert((&source.database, table), channel) {
                return Err(shared(table, earlier, channel));
            }
        }
    }
    for channel in channels.iter().filter(|channel| channel.direction(side) == Direction::In) {
        let (Some(source), Some(sink)) = (channel.source.tables(), channel.sink.tables()) else { continue };
        for table in source.tables.iter().map(|table| sink.name_of(table)) {
            if let Some(sender) = followed.get(&(sink.database.as_str(), table)) {
                return Err(shared(table, sender, channel));
            }
        }
    }
    Ok(())
}

fn shared(table: &str, one: &Channel, two: &Channel) -> ConfigFault {
    ConfigFault::SharedTable { table: table.to_string(), one: one.channel.clone(), two: two.channel.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::station::parse_toml;

    #[derive(Debug, Deserialize)]
    struct Ends {
        source: ChannelSource,
        sink: ChannelSink,
    }

    fn ends(text: &str) -> Result<Ends, String> {
        parse_toml(Path::new("a.toml"), text).map_err(|fault| fault.to_string())
    }

    #[test]
    fn an_end_is_a_folder_or_a_database_by_what_stands_there() {
        let folders = ends("[source]\nfolder = \"drop\"\n[sink]\nfolder = \"arrived\"\n").unwrap();
        assert!(folders.source.folder().is_some_and(|folder| folder.settle_seconds == 5 && folder.status));
        assert_eq!(folders.sink.folder().map(|folder| folder.mode.as_str()), Some("0640"));
        let tables = "[source]\ndatabase = \"sqlite:a.db\"\ntables = [\"zd\"]\n[sink]\ndatabase = \"mysql://u@/b\"\non_refused = \"dead-letter\"\n[sink.tables]\nzd = \"b.zd\"\n";
        let tables = ends(tables).unwrap();
        assert_eq!(tables.source.tables().map(|source| source.poll_seconds), Some(2));
        let sink = tables.sink.tables().unwrap();
        assert_eq!((sink.on_refused, sink.name_of("zd"), sink.name_of("h")), (OnRefused::DeadLetter, "b.zd", "h"));
    }

    #[test]
    fn the_channel_of_tables_that_is_shipped_is_right() {
        let (file, text) = (Path::new("channels/units.toml"), include_str!("../../channels/units.toml"));
        let channel: Channel = parse_toml(file, text).unwrap();
        channel.check(file).unwrap();
        assert_eq!(channel.source.tables().map(|source| source.tables.len()), Some(2));
        let mixed = text
            .replace("database = \"mysql://dukou@localhost/report?socket=/run/mysqld/mysqld.sock\"", "folder = \"arrived\"");
        assert!(parse_toml::<Channel>(file, &mixed).is_err(), "on_refused does not go with folder");
        let no_tables = text.replace("[\"public.zd\", \"public.h\"]", "[]");
        assert!(parse_toml::<Channel>(file, &no_tables).unwrap().check(file).is_err());
    }

    #[test]
    fn a_mixture_is_refused_with_its_line_and_setting() {
        let sink = "[sink]\nfolder = \"arrived\"\n";
        for (text, words) in [
            (format!("[source]\nfolder = \"a\"\ndatabase = \"sqlite:b\"\n{sink}"), "[source]"),
            (format!("[source]\nstatus = true\n{sink}"), "[source]"),
            (format!("[source]\nfolder = \"a\"\ntables = [\"t\"]\n{sink}"), "source.tables"),
            (format!("[source]\ndatabase = \"sqlite:b\"\nsettle_seconds = 1\n{sink}"), "source.settle_seconds"),
            (format!("[source]\nfolder = \"a\"\ntable = 1\n{sink}"), "table"),
            ("[source]\nfolder = \"a\"\n[sink]\ndatabase = \"sqlite:b\"\nmode = \"0600\"\n".to_string(), "sink.mode"),
        ] {
            let problem = ends(&text).map(drop).unwrap_err();
            assert!(
                problem.contains(words) && problem.contains("a.toml line ") && !problem.contains("line 0"),
                "{text}: {problem}"
            );
        }
    }

    #[test]
    fn a_database_is_known_by_its_url_and_a_password_in_it_is_refused() {
        for good in
            ["postgres://dukou@/registry?host=/run/postgresql", "mysql://u@h:3306/db", "sqlite:data/a:b@c.db", "table-file:in"]
        {
            assert!(is_database(good), "{good}");
        }
        for bad in ["postgres://u:secret@h/db", "postgres:///db?password=x", "oracle://h/db", "sqlite:", "", "mysql://u:p@h"] {
            assert!(!is_database(bad), "{bad}");
        }
        for bad in ["", "a//b", "..", "a\nb", "a\0"] {
            assert!(!is_table(bad), "{bad:?}");
        }
    }
}
