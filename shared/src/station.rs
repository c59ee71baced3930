//! What a station is: its directory and `station.toml`.

use crate::alarm::open_time::OpenTime;
use crate::alarm::settings::AlarmConfig;
use crate::channel::{Channel, NO_NUL, has_nul, is_of_the_system, overlap, settled};
use crate::error::ConfigFault;
use crate::ferry::profile::Profile;
use crate::given::{SETTINGS_MAX, read_text};
use crate::lang::Lang;
use crate::reporting::lane::Lane;
use crate::store::place::StatePlace;
use dukou_packets::keyring::Side;
use dukou_packets::limits::{REPAIR_DATA_MAX, REPAIR_PARITY_MAX};
use dukou_packets::packet::header::{ChannelName, Environment};
use dukou_packets::suite::{StationId, Suite};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The content of `station.toml`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StationConfig {
    /// Who the station is.
    pub station: Identity,
    /// The ferry directories.
    #[serde(default)]
    pub ferry: FerryConfig,
    /// The link between the two stations and the gap device on it.
    #[serde(default)]
    pub link: LinkConfig,
    /// How packets are made.
    #[serde(default)]
    pub packets: PacketConfig,
    /// How long things are kept.
    #[serde(default)]
    pub keep: KeepConfig,
    /// Whom to call, and when silence and lateness count.
    #[serde(default)]
    pub alarm: AlarmConfig,
    /// Who reports which county, once `lanes/` was read.
    #[serde(skip)]
    pub lanes: Vec<Lane>,
}

/// Who the station is. `init` writes it; only `name` and `lang` are meant to be changed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The station id, drawn once.
    pub id: StationId,
    /// What people call it.
    pub name: String,
    /// Inner (业务内网) or outer (政务外网).
    pub side: Side,
    /// Production or test; a peer of the other kind is set aside.
    pub environment: Environment,
    /// Language of everything people read; never taken from LANG.
    #[serde(default)]
    pub lang: Lang,
    /// Where the station's state is: `"sqlite"`, or the URL of a PostgreSQL database.
    #[serde(default)]
    pub store: StatePlace,
    /// A file with the password of that database, relative to the station's directory or absolute.
    #[serde(default)]
    pub store_password_file: Option<PathBuf>,
}

/// The ferry directories and how they are watched.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FerryConfig {
    /// Where packets leave, relative to the station's directory or absolute.
    pub out: PathBuf,
    /// Where packets arrive.
    #[serde(rename = "in")]
    pub arrive: PathBuf,
    /// Seconds between full scans; notifications only make them earlier.
    pub scan_seconds: u64,
    /// Scans without growth after which a packet that is too short is set aside.
    pub incomplete_scans: u32,
}

impl Default for FerryConfig {
    fn default() -> Self {
        Self { out: "ferry/out".into(), arrive: "ferry/in".into(), scan_seconds: 10, incomplete_scans: 3 }
    }
}

/// The link between the two stations: what the gap device on it can carry, when, and how loss is met.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LinkConfig {
    /// The gap device's profile, relative to the station's directory or absolute; without one nothing is limited.
    pub profile: Option<PathBuf>,
    /// Whether what this station sends is answered: a two-way device, or a second, opposite one-way link. Left out, the profile says it.
    pub way_back: Option<bool>,
    /// Seconds of running time after which a signal is sent also without news; 0 only with news.
    pub signal_seconds: u32,
    /// Minutes of running time after which every packet is placed once more, same bytes, on a link without a way back; 0 never. Later
    /// where `resend_per_minute` is less than what is sent.
    pub repeat_after_minutes: u32,
    /// Seconds of running time after which a packet that the peer misses cannot be under way any more and is placed again; then twice as long, and so on.
    pub resend_after_seconds: u32,
    /// Packets of a channel that may be packed and not confirmed, where there is a way back, before it takes nothing more on.
    pub window_packets: u32,
    /// Mebibytes of the same.
    pub window_mib: u32,
    /// Packets that one group of repair packets covers.
    pub repair_data: u16,
    /// Repair packets a group gets: that many lost packets of it are rebuilt; 0 none.
    pub repair_parity: u16,
    /// Most packets a minute of running time that are placed again on request, beside live traffic; 0 all at once.
    pub resend_per_minute: u32,
    /// When the gap device runs: `"always"`, `"working-hours"`, or the times of day it is carried, `["09:00", "16:00"]`.
    pub habit: Habit,
    /// Working hours, holidays and working weekends, relative to the station's directory or absolute.
    pub calendar: PathBuf,
    /// What the profile says, once it was read.
    #[serde(skip)]
    pub device: Profile,
}

impl LinkConfig {
    /// Tells whether what this station sends is answered: its own word, else the device profile's, else no.
    pub fn way_back(&self) -> bool {
        self.way_back.or(self.device.config().way_back).unwrap_or(false)
    }
}

impl Default for LinkConfig {
    fn default() -> Self {
        Self {
            profile: None,
            way_back: None,
            signal_seconds: 300,
            repeat_after_minutes: 0,
            resend_after_seconds: 120,
            window_packets: 2000,
            window_mib: 2048,
            repair_data: 10,
            repair_parity: 0,
            resend_per_minute: 600,
            habit: Habit::Named(Rhythm::Always),
            calendar: "calendar.toml".into(),
            device: Profile::default(),
        }
    }
}

/// When the gap device runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Habit {
    /// A rhythm with a name.
    Named(Rhythm),
    /// Times of day (`"09:00"`) of the working days on which something is carried.
    Runs(Vec<String>),
}

/// A rhythm with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rhythm {
    /// Day and night, every day.
    Always,
    /// During the calendar's working hours.
    WorkingHours,
}

/// How packets are made.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PacketConfig {
    /// Suite of new packets, 1 or 2.
    pub suite: u16,
    /// zstd level, 1 … 19.
    pub level: i32,
    /// zstd level of packets with runs of rows, 1 … 19: there are many, and a higher one hardly makes them smaller.
    pub rows_level: i32,
}

impl Default for PacketConfig {
    fn default() -> Self {
        Self { suite: 1, level: 3, rows_level: 1 }
    }
}

impl PacketConfig {
    /// Gives the suite of new packets.
    pub fn suite(&self) -> Suite {
        if self.suite == 2 { Suite::ChaCha20Poly1305 } else { Suite::Aes256Gcm }
    }
}

/// How long things are kept, in days of accumulated running time.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KeepConfig {
    /// Sealed packets that left: what `resend` can send again. At least 30 on a one-way link.
    pub sent_days: u32,
    /// The same of packets that the peer has confirmed; at most `sent_days`.
    pub confirmed_days: u32,
    /// Sealed packets that were applied: what a replay can apply again.
    pub applied_days: u32,
    /// Gibibytes of the peer's packets that one channel may keep in the private spool; when full, its packets stay in the ferry directory.
    pub spool_gib: u32,
}

impl Default for KeepConfig {
    fn default() -> Self {
        Self { sent_days: 30, confirmed_days: 30, applied_days: 7, spool_gib: 10 }
    }
}

/// A station's directory with its configuration.
#[derive(Clone, Debug)]
pub struct Station {
    /// The directory.
    pub dir: PathBuf,
    /// Its `station.toml`.
    pub config: StationConfig,
}

impl Station {
    /// Reads `station.toml` in `dir`.
    ///
    /// # Errors
    /// [`ConfigFault`] names the file, and line and setting where it can.
    pub fn load(dir: &Path) -> Result<Self, ConfigFault> {
        let file = dir.join("station.toml");
        let text = match read_text(&file, SETTINGS_MAX) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(ConfigFault::NoStation { dir: dir.to_path_buf() });
            }
            Err(error) => return Err(ConfigFault::unreadable(&file, &error)),
        };
        let mut config: StationConfig = parse_toml(&file, &text)?;
        if let Some(profile) = &config.link.profile {
            config.link.device = Profile::load(&dir.join(profile))?;
        }
        check_station(&file, &config)?;
        let mut station = Self { dir: dir.to_path_buf(), config };
        station.check_ferry(&file)?;
        let mut lanes = Lane::load_all(&station)?;
        if !lanes.is_empty() {
            let channels = Channel::load_all(&station)?;
            lanes.iter_mut().for_each(|lane| lane.settle_county(&channels));
        }
        station.config.lanes = lanes;
        OpenTime::load(&station)?;
        Ok(station)
    }

    /// A gap device on the station's own directories would carry its keys away; on one directory it would feed us our own packets.
    fn check_ferry(&self, file: &Path) -> Result<(), ConfigFault> {
        let ferries = [("ferry.out", self.ferry_out()), ("ferry.in", self.ferry_in())];
        if let Some((setting, _)) = ferries.iter().find(|(_, dir)| has_nul(dir)) {
            return Err(ConfigFault::Setting { file: file.to_path_buf(), setting, rule: NO_NUL });
        }
        let [out, arrive] = [self.ferry_out(), self.ferry_in()].map(|dir| settled(&dir));
        let mut own: Vec<PathBuf> = self.own_dirs();
        own.push(self.dir.join("channels"));
        let own: Vec<PathBuf> = own.iter().map(|dir| settled(dir)).collect();
        let fault = |setting, rule| Err(ConfigFault::Setting { file: file.to_path_buf(), setting, rule });
        let meets_own = |ferry: &Path| own.iter().any(|dir| overlap(dir, ferry));
        const APART: &str = "与本站自己的目录分开的目录 / a directory apart from the station's own ones";
        let systems = [("ferry.out", &out), ("ferry.in", &arrive)].into_iter().find(|(_, dir)| is_of_the_system(dir));
        if let Some((setting, dir)) = systems {
            return Err(ConfigFault::SystemFolder { file: file.to_path_buf(), setting, dir: dir.clone() });
        }
        match (meets_own(&out), meets_own(&arrive)) {
            (true, _) => fault("ferry.out", APART),
            (_, true) => fault("ferry.in", APART),
            _ if overlap(&out, &arrive) => fault("ferry.in", "与 ferry.out 不同的目录 / another directory than ferry.out"),
            _ => Ok(()),
        }
    }

    /// The private and public keys.
    pub fn keys_dir(&self) -> PathBuf {
        self.dir.join("keys")
    }

    /// The packet log.
    pub fn log_dir(&self) -> PathBuf {
        self.dir.join("log")
    }

    /// The store, the lock and requests to a running daemon.
    pub fn state_dir(&self) -> PathBuf {
        self.dir.join("state")
    }

    /// Sealed packets of ours.
    pub fn spool_out(&self) -> PathBuf {
        self.dir.join("spool/out")
    }

    /// Private copies of the peer's packets.
    pub fn spool_in(&self) -> PathBuf {
        self.dir.join("spool/in")
    }

    /// The peer's repair packets whose groups are not complete; below it, for a moment, what they rebuilt.
    pub fn spool_repair(&self) -> PathBuf {
        self.dir.join("spool/repair")
    }

    /// Packets under keys not known yet.
    pub fn waiting_dir(&self) -> PathBuf {
        self.dir.join("waiting")
    }

    /// Packets set aside, each with its reason.
    pub fn quarantine_dir(&self) -> PathBuf {
        self.dir.join("quarantine")
    }

    /// Refused files of a channel, each with its reason.
    pub fn rejected_dir(&self, channel: &ChannelName) -> PathBuf {
        self.dir.join("rejected").join(channel.to_string())
    }

    /// Repeats of a channel that were held back, each with its reason.
    pub fn duplicates_dir(&self, channel: &ChannelName) -> PathBuf {
        self.dir.join("duplicates").join(channel.to_string())
    }
    /// Tells after how much running time (ms) a packet that the peer misses cannot be under way any more.
    pub(crate) fn resend_after_ms(&self) -> u64 {
        u64::from(self.config.link.resend_after_seconds) * 1000
    }

    /// Where packets leave.
    pub fn ferry_out(&self) -> PathBuf {
        self.dir.join(&self.config.ferry.out)
    }

    /// Where packets arrive.
    pub fn ferry_in(&self) -> PathBuf {
        self.dir.join(&self.config.ferry.arrive)
    }

    /// Tells whether what this station sends is answered: `link.way_back`, else what the device profile says, else no.
    pub fn way_back(&self) -> bool {
        self.config.link.way_back()
    }

    /// Every directory the station owns, in the order `init` makes them.
    pub fn own_dirs(&self) -> Vec<PathBuf> {
        let fixed = [
            "keys",
            "log",
            "state",
            "state/requests",
            "spool/out",
            "spool/in",
            "spool/repair",
            "waiting",
            "quarantine",
            "rejected",
            "duplicates",
        ];
        fixed.iter().map(|part| self.dir.join(part)).collect()
    }
}

/// Parses a TOML file into a configuration and turns the parser's complaint into one sentence with file and line.
pub(crate) fn parse_toml<T: serde::de::DeserializeOwned>(file: &Path, text: &str) -> Result<T, ConfigFault> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(0, |span| line_at(text, span.start));
        ConfigFault::Toml { file: file.to_path_buf(), line, problem: error.message().trim().to_string() }
    })
}

/// Gives the line, from 1, in which a byte of a text stands.
pub(crate) fn line_at(text: &str, byte: usize) -> usize {
    text.get(..byte).unwrap_or(text).matches('\n').count() + 1
}

/// Tells whether people can call a station this: 1 to 64 characters as a card bears them, something to read, on one line.
pub(crate) fn is_station_name(name: &str) -> bool {
    (1..=64).contains(&name.chars().count()) && !name.trim().is_empty() && !name.chars().any(char::is_control)
}

fn check_station(file: &Path, config: &StationConfig) -> Result<(), ConfigFault> {
    let setting = |setting: &'static str, rule: &'static str| ConfigFault::Setting { file: file.to_path_buf(), setting, rule };
    if !is_station_name(&config.station.name) {
        return Err(setting("station.name", "1–64 字，无控制字符 / 1–64 characters, no control characters"));
    }
    if !(1..=2).contains(&config.packets.suite) {
        return Err(setting("packets.suite", "1, 2"));
    }
    if !(1..=19).contains(&config.packets.level) {
        return Err(setting("packets.level", "1–19"));
    }
    if !(1..=19).contains(&config.packets.rows_level) {
        return Err(setting("packets.rows_level", "1–19"));
    }
    if config.ferry.scan_seconds == 0 || config.ferry.scan_seconds > 3600 {
        return Err(setting("ferry.scan_seconds", "1–3600"));
    }
    if !(1..=REPAIR_DATA_MAX).contains(&config.link.repair_data) {
        return Err(setting("link.repair_data", "1–128"));
    }
    if config.link.repair_parity > REPAIR_PARITY_MAX {
        return Err(setting("link.repair_parity", "0–64"));
    }
    if !(1..=1000).contains(&config.ferry.incomplete_scans) {
        return Err(setting("ferry.incomplete_scans", "1–1000"));
    }
    if !(30..=36_500).contains(&config.keep.sent_days) {
        return Err(setting("keep.sent_days", "30–36500"));
    }
    if !(1..=config.keep.sent_days).contains(&config.keep.confirmed_days) {
        return Err(setting("keep.confirmed_days", "1–keep.sent_days"));
    }
    if !(1..=1_048_576).contains(&config.keep.spool_gib) {
        return Err(setting("keep.spool_gib", "1–1048576"));
    }
    if config.keep.applied_days > 36_500 {
        return Err(setting("keep.applied_days", "0–36500"));
    }
    let wrong = crate::link::wrong_setting(&config.link).or_else(|| crate::alarm::settings::out_of_range(config));
    wrong.map_or(Ok(()), |(name, rule)| Err(setting(name, rule)))
}
