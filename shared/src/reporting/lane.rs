//! What a lane is: one TOML file in `lanes/`, on the inner station. It says who reports a county's days, and by which way.
//!
//! There is no default for who reports: a station without a lane reports nothing, and says so.

mod check;

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use dukou_packets::keyring::Side;
use dukou_packets::packet::header::{ChannelName, Environment};
use jiff::civil::Time;
use serde::{Deserialize, Serialize};

use crate::channel::Channel;
use crate::error::ConfigFault;
use crate::given::{SETTINGS_MAX, read_settings};
use crate::registration::day::facts::Edition;
use crate::registration::day::ids::AreaCode;
use crate::registration::day::log::reply::Token;
use crate::registration::day::settings::{AccessDay, AccessStates, BusinessTypes, Settings};
use crate::station::{Station, parse_toml};

/// A lane: one county, and who reports for it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lane {
    /// The county's code.
    pub area: AreaCode,
    /// Its name, as the log writes it.
    pub area_name: String,
    /// Who reports.
    pub reports: Reports,
    /// Production or test; must be the station's own.
    pub environment: Environment,
    /// The daily log.
    pub log: LogLane,
    /// The way of messages to the front machine and of responses back; none where messages are handed over to the bureau's system.
    pub messages: Option<MessageLane>,
    /// What the county has settled about counting.
    #[serde(default)]
    pub count: Count,
}

/// Who reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reports {
    /// The bureau's reporting system (上报系统). The station hands over, compares, and never sends.
    Observe,
    /// The station.
    Submit,
}

impl Reports {
    /// Returns the word of settings and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Submit => "submit",
        }
    }
}

/// How the daily log is made and sent.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogLane {
    /// Which log may be sent.
    pub source: LogSource,
    /// Where carried logs lie, relative to the station's directory or absolute: the sink's folder of their channel.
    #[serde(default = "default_carried_from")]
    pub carried_from: PathBuf,
    /// The edition of a log that is built.
    #[serde(default)]
    pub edition: LogEdition,
    /// Minutes of running time for which building a log waits for the day mark.
    #[serde(default = "default_wait")]
    pub wait_for_day_mark: u32,
    /// The time of the day from which a running station builds the day's log by itself; none where a command does.
    #[serde(default, deserialize_with = "time_of_day")]
    pub build_at: Option<Time>,
    /// Whether it then sends it, too.
    #[serde(default)]
    pub send_by_itself: bool,
    /// Texts that, standing alone in a reply, say that the log was taken.
    #[serde(default)]
    pub tokens: Vec<String>,
    /// The way to the platform; none where only the bureau's system reports.
    pub way: Option<Way>,
}

/// Reads `21:30`.
fn time_of_day<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Time>, D::Error> {
    let text = String::deserialize(from)?;
    let is_plain = text.len() == 5 && text.as_bytes().get(2) == Some(&b':');
    let time = text.parse::<Time>().ok().filter(|_| is_plain);
    time.map(Some).ok_or_else(|| serde::de::Error::custom("a time like 21:30"))
}

fn default_carried_from() -> PathBuf {
    "arrived/registration-log".into()
}

fn default_wait() -> u32 {
    20
}

/// How messages reach the front machine (前置机), and how its responses come back.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageLane {
    /// The channel that brings messages; its files must be declared as `cargo = "messages"`.
    pub channel: ChannelName,
    /// The channel that takes responses back out.
    pub answers: ChannelName,
    /// The front machine's `BizMsg`, relative to the station's directory or absolute; of an SFTP server absolute. It must be there.
    pub biz: PathBuf,
    /// Its `RepMsg`.
    pub rep: PathBuf,
    /// The SFTP server that has both folders; none where they are this machine's.
    pub sftp: Option<SftpServer>,
    /// Seconds of running time after a message was placed before its response is looked for.
    #[serde(default = "default_first_look")]
    pub first_look_seconds: u64,
    /// Seconds of running time between two looks for one response.
    #[serde(default = "default_look_every")]
    pub look_every_seconds: u64,
    /// Where messages lie: the sink's folder of `channel`.
    #[serde(skip)]
    pub from: PathBuf,
    /// Where responses go: the source's folder of `answers`.
    #[serde(skip)]
    pub into: PathBuf,
}

fn default_first_look() -> u64 {
    100
}

fn default_look_every() -> u64 {
    600
}

/// Where the log that may be sent comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogSource {
    /// The registration system made it, and it was ferried.
    Carried,
    /// The station builds it from the register rows and messages.
    Built,
}

impl LogSource {
    /// Returns the word of settings and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Carried => "carried",
            Self::Built => "built",
        }
    }
}

/// The edition of a built log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogEdition {
    /// The one before 2021, without lists.
    Old,
    /// The one of 41号函.
    #[default]
    New,
}

/// What the county has settled about counting; what is left out has the default of packets/REGISTRATION.md, section 1.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Count {
    /// By which day the access side counts.
    pub access_day: Option<AccessDay>,
    /// Which reported messages count: 0 without a response, 1 accepted, 2 failed.
    pub access_states: Option<Vec<u8>>,
    /// What `businessTypeCount` counts.
    pub business_type_count: Option<BusinessTypes>,
    /// Whether virtual units count on the register side.
    pub virtual_units_count: Option<bool>,
    /// Older codes of the county.
    pub aliases: Vec<AreaCode>,
    /// Other counties that the station serves.
    pub neighbours: Vec<AreaCode>,
}

/// The way on which a log goes.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "transport", rename_all = "kebab-case")]
pub enum Way {
    /// A folder that the platform's front machine reads.
    Folder(FolderWay),
    /// A folder of an SFTP server.
    Sftp(SftpWay),
    /// A web service, SOAP 1.1 over HTTP.
    Soap(SoapWay),
}

/// A folder that somebody reads.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FolderWay {
    /// The folder, relative to the station's directory or absolute; it must be there.
    pub folder: PathBuf,
}

/// A folder of an SFTP server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SftpWay {
    /// The folder there, absolute.
    pub folder: String,
    /// The server.
    pub server: SftpServer,
}

/// An SFTP server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SftpServer {
    /// The server's name or address.
    pub host: String,
    /// Its port.
    #[serde(default = "default_ssh_port")]
    pub port: u16,
    /// The account there.
    pub user: String,
    /// A file with the private key, without a passphrase, relative to the station's directory or absolute.
    pub key_file: PathBuf,
    /// The fingerprint of the server's key, `SHA256:…`, as `ssh-keygen -lf` shows it; of its ed25519 key where it has one.
    pub host_key: String,
    /// The address of this machine from which it is called.
    pub source_address: IpAddr,
    /// Seconds until a try counts as failed.
    #[serde(default = "default_timeout")]
    pub timeout_seconds: u64,
}

fn default_ssh_port() -> u16 {
    22
}

/// A web service.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SoapWay {
    /// Its address, `http://10.1.2.3:8080/exchange.asmx` or `https://…`.
    pub url: String,
    /// The certificates of those who may vouch for the server, in PEM, relative to the station's directory or absolute; with `https://`, and only there.
    pub ca_file: Option<PathBuf>,
    /// SOAPAction.
    #[serde(default = "default_action")]
    pub action: String,
    /// Namespace of the call.
    #[serde(default = "default_namespace")]
    pub namespace: String,
    /// Name of the call.
    #[serde(default = "default_operation")]
    pub operation: String,
    /// Name of the parameter that holds the log.
    #[serde(default = "default_parameter")]
    pub parameter: String,
    /// The address of this machine from which it is called. Required: platforms add up what comes from two addresses.
    pub source_address: IpAddr,
    /// Seconds until a reply counts as lost.
    #[serde(default = "default_timeout")]
    pub timeout_seconds: u64,
}

fn default_action() -> String {
    "http://tempuri.org/exchangeInfo".into()
}

fn default_namespace() -> String {
    "http://tempuri.org/".into()
}

fn default_operation() -> String {
    "exchangeInfo".into()
}

fn default_parameter() -> String {
    "biz".into()
}

fn default_timeout() -> u64 {
    45
}

impl Lane {
    /// Reads all of a station's `lanes/*.toml`, by name; none where there is no such directory.
    ///
    /// # Errors
    /// [`ConfigFault`] for the first file that is wrong.
    pub fn load_all(station: &Station) -> Result<Vec<Self>, ConfigFault> {
        let dir = station.dir.join("lanes");
        let entries = match std::fs::read_dir(&dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(ConfigFault::unreadable(&dir, &error)),
        };
        let mut files = Vec::new();
        for entry in entries {
            let path = entry.map_err(|error| ConfigFault::unreadable(&dir, &error))?.path();
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("toml") => files.push(path),
                // Passing it over would leave a county unreported without a word.
                Some(other) if other.eq_ignore_ascii_case("toml") => {
                    let (setting, rule) = ("文件名 / the file's name", "*.toml（小写） / *.toml in lower case");
                    return Err(ConfigFault::Setting { file: path, setting, rule });
                }
                _ => {}
            }
        }
        files.sort();
        let mut lanes: Vec<Self> = Vec::new();
        for file in files {
            let lane = Self::load(station, &file)?;
            if lanes.iter().any(|other| other.area == lane.area) {
                let rule = "每个区划只有一个文件 / a code that no other lane has";
                return Err(ConfigFault::Setting { file, setting: "area", rule });
            }
            lanes.push(lane);
        }
        Ok(lanes)
    }

    fn load(station: &Station, file: &Path) -> Result<Self, ConfigFault> {
        let mut lane: Self = parse_toml(file, &read_settings(file, SETTINGS_MAX)?)?;
        let fault = match station.config.station.side {
            Side::Inner => match check::first_fault(&lane, station) {
                None => lane.messages.as_mut().map_or(Ok(None), |messages| check::settle_channels(messages, station))?,
                fault => fault,
            },
            Side::Outer => Some(("lanes", "只在内网站 / the inner station alone")),
        };
        match fault {
            None => Ok(lane),
            Some((setting, rule)) => Err(ConfigFault::Setting { file: file.to_path_buf(), setting, rule }),
        }
    }

    /// Takes whose a row is from the channel of register rows that names the county: it must be alike on both sides, or no day were ever complete.
    pub(crate) fn settle_county(&mut self, channels: &[Channel]) {
        let marks = channels.iter().filter_map(|channel| channel.day_mark.as_ref());
        if let Some(settings) = marks.flat_map(|marks| marks.settings()).find(|settings| settings.county == self.area) {
            (self.count.aliases, self.count.neighbours) = (settings.aliases, settings.neighbours);
        }
    }

    /// Tells whether the station places the messages of this channel: nobody else takes them then.
    pub fn places(&self, channel: &ChannelName) -> bool {
        self.reports == Reports::Submit && self.messages.as_ref().is_some_and(|messages| messages.channel == *channel)
    }

    /// Gives what the county has settled about counting.
    pub fn settings(&self) -> Settings {
        let defaults = Settings::of(self.area);
        let count = &self.count;
        let states = count.access_states.as_ref().map(|states| {
            let [waiting, accepted, failed] = [0, 1, 2].map(|state| states.contains(&state));
            AccessStates { waiting, accepted, failed }
        });
        Settings {
            county: self.area,
            aliases: count.aliases.clone(),
            neighbours: count.neighbours.clone(),
            access_day: count.access_day.unwrap_or(defaults.access_day),
            access_states: states.unwrap_or(defaults.access_states),
            business_type_count: count.business_type_count.unwrap_or(defaults.business_type_count),
            virtual_units_count: count.virtual_units_count.unwrap_or(defaults.virtual_units_count),
        }
    }

    /// Gives the edition of a log that is built.
    pub fn edition(&self) -> Edition {
        match self.log.edition {
            LogEdition::Old => Edition::Old,
            LogEdition::New => Edition::New,
        }
    }

    /// Gives the texts that say that a log was taken. What is none was refused when the lane was read.
    pub fn tokens(&self) -> Vec<Token> {
        self.log.tokens.iter().filter_map(|token| Token::new(token).ok()).collect()
    }

    /// Gives how long building a log waits for its day mark, in milliseconds of running time.
    pub fn wait_ms(&self) -> u64 {
        u64::from(self.log.wait_for_day_mark) * 60_000
    }
}

#[cfg(test)]
mod tests;
