//! What a channel is: one TOML file in `channels/`, alike on both stations.

mod cargo;
mod day_mark;
mod ends;

pub use cargo::{CARGO_MAX_BYTES, CargoKind, OnError, SaidEncoding};
pub use day_mark::{CutTime, DayMarkConfig};
pub use ends::{ChannelSink, ChannelSource, OnRefused, TableSinkConfig, TableSourceConfig};

use crate::error::ConfigFault;
use crate::given::{SETTINGS_MAX, read_settings};
use crate::station::{Station, parse_toml};
use crate::store::Direction;
use dukou_packets::keyring::Side;
use dukou_packets::limits;
use dukou_packets::packet::header::ChannelName;
use dukou_packets::packet::marker::is_structure_name;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

/// Largest file that a channel with `xml = true` takes: the check reads it as a whole.
pub const XML_MAX_BYTES: u64 = 64 << 20;

/// Longest `settle_seconds`: a day.
const SETTLE_MAX_SECONDS: u64 = 86_400;

/// Longest `linger_ms`: a minute.
const LINGER_MAX_MS: u64 = 60_000;

/// One declared flow of one kind of record in one direction, with its own order.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// Its name: the file's name without `.toml`.
    pub channel: ChannelName,
    /// What people call it.
    pub title: String,
    /// The side it leaves from.
    pub from: Side,
    /// 0 urgent … 9; the ferry file name begins with it.
    #[serde(default = "default_priority")]
    pub priority: u8,
    /// The structure that its tables or messages are of: `structures/NAME.toml`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub structure: Option<String>,
    /// Where records come from; read on the sending side.
    pub source: ChannelSource,
    /// What is refused before it is packed.
    #[serde(default)]
    pub screen: ScreenConfig,
    /// What its files are; where it says, each is read and checked on both sides.
    #[serde(default)]
    pub cargo: Option<CargoKind>,
    /// What becomes of a file with errors.
    #[serde(default)]
    pub on_error: OnError,
    /// The areas whose messages these are; any where none is named.
    #[serde(default)]
    pub areas: BTreeSet<String>,
    /// The encoding of the files, whatever they declare.
    #[serde(default)]
    pub encoding: Option<SaidEncoding>,
    /// Whose day marks it has, on a channel of register rows.
    #[serde(default)]
    pub day_mark: Option<DayMarkConfig>,
    /// How many records share a packet.
    #[serde(default)]
    pub batch: BatchConfig,
    /// Where records go; read on the receiving side.
    pub sink: ChannelSink,
}

fn default_priority() -> u8 {
    5
}

/// What to do with equal bytes under the same path within 30 days of running time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Identical {
    /// Hold the repeat back in `duplicates/`.
    Once,
    /// Send it again, as a record of its own.
    Again,
}

/// What happens to a source file once its packet exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum After {
    /// It is removed; the sealed packet is kept.
    Remove,
    /// It is moved below `archive`.
    Archive,
}

/// The folder a channel's records come from.
#[derive(Clone, Debug, Serialize)]
pub struct SourceConfig {
    /// The folder, relative to the station's directory or absolute.
    pub folder: PathBuf,
    /// Seconds without change after which a file counts as finished.
    pub settle_seconds: u64,
    /// Equal bytes under the same path.
    pub identical: Identical,
    /// What happens to a file once its packet exists.
    pub after: After,
    /// Where `after = "archive"` puts files; where it lies on another file system than the folder they are copied.
    pub archive: PathBuf,
    /// Whether each file gets a `.status/<name>.json`.
    pub status: bool,
}

fn default_settle() -> u64 {
    5
}

fn default_identical() -> Identical {
    Identical::Once
}

fn default_after() -> After {
    After::Remove
}

fn default_archive() -> PathBuf {
    "archive".into()
}

fn default_true() -> bool {
    true
}

/// What is refused before it is packed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScreenConfig {
    /// A regular expression the file's name must match; its first group is the record's key. Without it the name is the key.
    pub key: Option<String>,
    /// Largest file in bytes; 0 none (with `xml = true`: 64 MiB, with `cargo`: 16 MiB).
    #[serde(default)]
    pub max_bytes: u64,
    /// The file must be well-formed XML, its declared encoding true, without DTD and entities.
    #[serde(default)]
    pub xml: bool,
}

/// How many records share a packet.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BatchConfig {
    /// Plain bytes after which a packet is closed.
    pub max_bytes: u64,
    /// Records after which a packet is closed; sixteen rows of a run count as one.
    pub max_records: u32,
    /// Milliseconds a running station waits for company after the first file.
    pub linger_ms: u64,
}

impl Default for BatchConfig {
    fn default() -> Self {
        Self { max_bytes: 8 << 20, max_records: 4096, linger_ms: 200 }
    }
}

/// The folder a channel's records go to.
#[derive(Clone, Debug, Serialize)]
pub struct SinkConfig {
    /// The folder, relative to the station's directory or absolute.
    pub folder: PathBuf,
    /// User that delivered files belong to (name or number); needs root.
    pub owner: Option<String>,
    /// Group that delivered files belong to (name or number).
    pub group: Option<String>,
    /// Permissions of delivered files, octal.
    pub mode: String,
}

fn default_mode() -> String {
    "0640".into()
}

impl Channel {
    /// Gives the direction seen from `side`.
    pub fn direction(&self, side: Side) -> Direction {
        if self.from == side { Direction::Out } else { Direction::In }
    }

    /// Reads the channel of that name.
    ///
    /// # Errors
    /// [`ConfigFault::NoChannel`] when the station has none of that name, else as [`load_all`](Self::load_all).
    pub fn named(station: &Station, name: &ChannelName) -> Result<Self, ConfigFault> {
        let found = Self::load_all(station)?.into_iter().find(|channel| channel.channel == *name);
        found.ok_or_else(|| ConfigFault::NoChannel { name: name.to_string() })
    }

    /// Reads all of a station's `channels/*.toml`, urgent ones first.
    ///
    /// # Errors
    /// [`ConfigFault`] for the first file that is wrong.
    pub fn load_all(station: &Station) -> Result<Vec<Self>, ConfigFault> {
        let dir = station.dir.join("channels");
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&dir).map_err(|error| ConfigFault::unreadable(&dir, &error))? {
            let path = entry.map_err(|error| ConfigFault::unreadable(&dir, &error))?.path();
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("toml") => files.push(path),
                // Passing it over would let a channel stand still without a word.
                Some(other) if other.eq_ignore_ascii_case("toml") => {
                    return Err(ConfigFault::Setting {
                        file: path,
                        setting: "文件名 / the file's name",
                        rule: "*.toml（小写） / *.toml in lower case",
                    });
                }
                _ => {}
            }
        }
        files.sort();
        if files.is_empty() {
            return Err(ConfigFault::NoChannels { dir });
        }
        let mut channels = files.iter().map(|file| Self::load(file)).collect::<Result<Vec<_>, _>>()?;
        channels.sort_by(|a, b| (a.priority, &a.channel).cmp(&(b.priority, &b.channel)));
        check_folders_apart(station, &channels)?;
        ends::check_tables_apart(station, &channels)?;
        day_mark::check_marks_leave(&dir, &channels)?;
        let link = &station.config.link;
        let out = channels.iter().filter(|channel| channel.direction(station.config.station.side) == Direction::Out);
        link.device.check_channels(out, link)?;
        Ok(channels)
    }

    /// Gives the folders whose files are named after records: their names stay out of the journal.
    pub fn record_folders(station: &Station, channels: &[Self]) -> Vec<PathBuf> {
        let own = ["rejected", "duplicates"].map(|dir| station.dir.join(dir));
        let of_channel = |channel: &Self| {
            let source = channel.source.folder().map(|source| [&source.folder, &source.archive]);
            let all = source.into_iter().flatten().chain(channel.sink.folder().map(|sink| &sink.folder));
            all.map(|folder| station.dir.join(folder)).collect::<Vec<_>>()
        };
        own.into_iter().chain(channels.iter().flat_map(of_channel)).collect()
    }

    fn load(file: &Path) -> Result<Self, ConfigFault> {
        let text = read_settings(file, SETTINGS_MAX)?;
        let mut channel: Self = parse_toml(file, &text)?;
        channel.check(file)?;
        if channel.screen.max_bytes == 0 {
            channel.screen.max_bytes = match (channel.cargo, channel.screen.xml) {
                (Some(_), _) => CARGO_MAX_BYTES,
                (None, true) => XML_MAX_BYTES,
                (None, false) => 0,
            };
        }
        Ok(channel)
    }

    fn check(&self, file: &Path) -> Result<(), ConfigFault> {
        let setting =
            |setting: &'static str, rule: &'static str| ConfigFault::Setting { file: file.to_path_buf(), setting, rule };
        if file.file_stem().and_then(|stem| stem.to_str()) != Some(self.channel.to_string().as_str()) {
            return Err(setting("channel", "与文件名相同（不含 .toml） / the file's name without .toml"));
        }
        if self.priority > 9 {
            return Err(setting("priority", "0–9"));
        }
        if self.structure.as_deref().is_some_and(|name| !is_structure_name(name)) {
            return Err(setting("structure", "[a-z][a-z0-9-]*，最多 32 字节 / at most 32 bytes"));
        }
        self.check_tables(file)?;
        self.check_cargo(file)?;
        self.check_day_mark(file)?;
        let source = self.source.folder();
        let folders = [
            ("source.folder", source.map(|source| &source.folder)),
            ("source.archive", source.map(|source| &source.archive)),
            ("sink.folder", self.sink.folder().map(|sink| &sink.folder)),
        ];
        if let Some((name, _)) = folders.into_iter().find(|(_, folder)| folder.is_some_and(|folder| has_nul(folder))) {
            return Err(setting(name, NO_NUL));
        }
        if source.is_some_and(|source| source.settle_seconds > SETTLE_MAX_SECONDS) {
            return Err(setting("source.settle_seconds", "0–86400"));
        }
        if self.batch.linger_ms > LINGER_MAX_MS {
            return Err(setting("batch.linger_ms", "0–60000"));
        }
        if self.screen.xml && self.screen.max_bytes > XML_MAX_BYTES {
            return Err(setting("screen.max_bytes", "xml = true: ≤ 67108864 (64 MiB)"));
        }
        if !(65_536..=limits::BODY_MAX).contains(&self.batch.max_bytes) {
            return Err(setting("batch.max_bytes", "65536–16777216"));
        }
        if self.batch.max_records == 0 || self.batch.max_records > limits::RECORDS_MAX {
            return Err(setting("batch.max_records", "1–65536"));
        }
        let mode = self.sink.folder().map_or(Ok(0), |sink| u32::from_str_radix(&sink.mode, 8));
        if mode.map_or(true, |mode| mode > 0o777) {
            return Err(setting("sink.mode", "八进制，如 \"0640\" / octal, for example \"0640\""));
        }
        if let Some(key) = &self.screen.key {
            regex::Regex::new(key)
                .map_err(|error| ConfigFault::Pattern { file: file.to_path_buf(), problem: error.to_string() })?;
        }
        Ok(())
    }
}

/// What belongs to the system itself: a source here would be emptied, a sink or ferry directory overrun.
const SYSTEM_DIRS: [&str; 11] = ["/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/proc", "/sbin", "/sys", "/usr"];

/// What lies in those and is meant for files all the same.
const OPEN_DIRS: [&str; 2] = ["/dev/shm", "/usr/local"];

/// Folders that hold other people's things, and must not be taken as a whole.
const SHARED_DIRS: [&str; 9] = ["/", "/home", "/media", "/mnt", "/opt", "/root", "/run", "/srv", "/var"];

/// What a path in the configuration may hold.
pub(crate) const NO_NUL: &str = "不含 NUL 字符的路径 / a path without a NUL character";

/// Tells whether a path holds what no file system takes.
pub(crate) fn has_nul(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().contains(&0)
}

/// Tells whether a folder is, or lies in, a directory of the system.
pub(crate) fn is_of_the_system(folder: &Path) -> bool {
    let lies_in = |dirs: &[&str]| dirs.iter().any(|dir| folder.starts_with(dir));
    (lies_in(&SYSTEM_DIRS) && !lies_in(&OPEN_DIRS)) || SHARED_DIRS.iter().any(|dir| folder == Path::new(dir))
}

/// A source that holds the station's keys, spool or ferry directories would send them across, and its own packets without end.
fn check_folder_is_free(station: &Station, channel: &Channel, setting: &'static str, folder: &Path) -> Result<(), ConfigFault> {
    let mut reserved = station.own_dirs();
    reserved.extend([station.dir.join("channels"), station.dir.join("profiles"), station.ferry_out(), station.ferry_in()]);
    let archive = channel.source.folder().filter(|source| setting == "source.folder" && source.after == After::Archive);
    reserved.extend(archive.map(|source| station.dir.join(&source.archive)));
    if is_of_the_system(folder) {
        let dir = folder.to_path_buf();
        return Err(ConfigFault::SystemFolder {
            file: station.dir.join("channels").join(format!("{}.toml", channel.channel)),
            setting,
            dir,
        });
    }
    let met = reserved.iter().map(|dir| settled(dir)).find(|dir| overlap(dir, folder));
    met.map_or(Ok(()), |dir| Err(ConfigFault::ReservedFolder { channel: channel.channel.clone(), setting, dir }))
}

/// Tells whether one folder is or lies in the other; folders that differ in case only are one where file systems fold case.
pub(crate) fn overlap(one: &Path, other: &Path) -> bool {
    let fold = |path: &Path| PathBuf::from(path.to_string_lossy().to_lowercase());
    let (one, other) = (fold(one), fold(other));
    one.starts_with(&other) || other.starts_with(&one)
}

/// Gives a path as the system resolves it; what is not there yet follows what is, without `.` and `..`.
pub(crate) fn settled(path: &Path) -> PathBuf {
    let full = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let mut settled = PathBuf::new();
    for part in full.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(settled.pop()),
            part => {
                settled.push(part);
                settled = std::fs::canonicalize(&settled).unwrap_or(settled);
            }
        }
    }
    settled
}

/// Two channels on one folder would take each other's files.
fn check_folders_apart(station: &Station, channels: &[Channel]) -> Result<(), ConfigFault> {
    let side = station.config.station.side;
    let mut folders: Vec<(PathBuf, &Channel)> = Vec::new();
    for channel in channels {
        let (setting, folder) = match channel.direction(side) {
            Direction::Out => ("source.folder", channel.source.folder().map(|source| &source.folder)),
            Direction::In => ("sink.folder", channel.sink.folder().map(|sink| &sink.folder)),
        };
        let Some(folder) = folder else { continue };
        let folder = settled(&station.dir.join(folder));
        check_folder_is_free(station, channel, setting, &folder)?;
        for (other, earlier) in &folders {
            if overlap(&folder, other) {
                return Err(ConfigFault::SharedFolder { folder, one: earlier.channel.clone(), two: channel.channel.clone() });
            }
        }
        folders.push((folder, channel));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_of_the_system_are_told_from_folders_for_files() {
        for system in ["/", "/etc", "/etc/dukou/drop", "/usr/share/x", "/dev/sd", "/home", "/var", "/proc/self/fd"] {
            assert!(is_of_the_system(Path::new(system)), "{system}");
        }
        for open in ["/srv/outer/drop", "/home/a/drop", "/var/lib/dukou", "/dev/shm/x", "/usr/local/dukou", "/library", "/data"]
        {
            assert!(!is_of_the_system(Path::new(open)), "{open}");
        }
    }
}
