//! Device profiles: what the gap device on a link can carry, and how it goes about it. One TOML file a device, in `profiles/`.
//!
//! A station whose configuration its profile cannot carry does not start: [`Profile::check_channels`]. Each packet is held against the profile once
//! more right before it is placed: [`Profile::check_file`].

use super::fault::{ProfileFault, ProfileProblem};
use crate::channel::Channel;
use crate::error::ConfigFault;
use crate::given::read_settings;
use crate::station::{LinkConfig, parse_toml};
use dukou_packets::limits;
use dukou_packets::packet::armor::{Form, LineEnd};
use dukou_packets::packet::name::{EXTENSION, STEM, is_extension};
use regex::Regex;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The profiles that come with the program: what `init --profile` takes, and their text.
pub const SHIPPED: [(&str, &str); 5] = [
    ("plain-folder", include_str!("../../../deploy/profiles/plain-folder.toml")),
    ("folder-diode", include_str!("../../../deploy/profiles/folder-diode.toml")),
    ("two-way-gate", include_str!("../../../deploy/profiles/two-way-gate.toml")),
    ("text-gate", include_str!("../../../deploy/profiles/text-gate.toml")),
    ("disc", include_str!("../../../deploy/profiles/disc.toml")),
];

/// Longest profile that is read.
const FILE_MAX: u64 = 64 << 10;

/// The content of a profile. 0 and what is left out mean that the device has no such limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProfileConfig {
    /// What people call the device.
    pub title: String,
    /// Seconds between two scans of the device, 0 … 86,400; 0 when it is carried by people.
    pub scan_seconds: u32,
    /// Scans in which a file must have been alike before the device takes it, 0 … 1,000.
    pub settle_scans: u32,
    /// The order in which it takes the files of one scan.
    pub order: Order,
    /// Largest file in bytes.
    pub largest_bytes: u64,
    /// A regular expression that every file name must match as a whole.
    pub name_pattern: String,
    /// Longest file name in bytes.
    pub name_bytes: u32,
    /// Extension of packets, without the dot: what the device lets through.
    pub extension: String,
    /// Whether only text passes: packets are armored.
    pub text_only: bool,
    /// Whether it deletes what it has taken.
    pub deletes_source: bool,
    /// Minutes of running time after which what left counts as presumably carried; what still lies there then is removed, unless the device deletes.
    pub presumed_after_minutes: u32,
    /// Bytes that may lie in the ferry directory.
    pub quota_bytes: u64,
    /// Files that may lie in the ferry directory.
    pub quota_files: u64,
    /// Bytes of one disc; above 0 packets are carried by `media write` and `media read`.
    pub disc_bytes: u64,
    /// Most volumes of one `media write`.
    pub volumes: u32,
    /// Whether what is sent here is answered; [`LinkConfig::way_back`] overrides it.
    pub way_back: Option<bool>,
}

impl Default for ProfileConfig {
    fn default() -> Self {
        Self {
            title: String::new(),
            scan_seconds: 0,
            settle_scans: 0,
            order: Order::Any,
            largest_bytes: 0,
            name_pattern: String::new(),
            name_bytes: 0,
            extension: EXTENSION.to_string(),
            text_only: false,
            deletes_source: true,
            presumed_after_minutes: 0,
            quota_bytes: 0,
            quota_files: 0,
            disc_bytes: 0,
            volumes: 0,
            way_back: None,
        }
    }
}

/// The order in which a device takes files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// By name: urgent packets first.
    Name,
    /// By time: the oldest first.
    Oldest,
    /// Any, or not known.
    Any,
}

/// A device profile with the place it was read from.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    config: ProfileConfig,
    file: PathBuf,
    /// Where each setting stands: its line, from 1.
    lines: Vec<(String, usize)>,
    pattern: Option<Regex>,
}

impl Profile {
    /// Reads a profile.
    ///
    /// # Errors
    /// [`ConfigFault`] with file and line.
    pub fn load(file: &Path) -> Result<Self, ConfigFault> {
        Self::parse(file, &read_settings(file, FILE_MAX)?)
    }

    /// Takes a profile's text; `file` is what faults name.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn parse(file: &Path, text: &str) -> Result<Self, ConfigFault> {
        let config: ProfileConfig = parse_toml(file, text)?;
        let mut profile = Self { config, file: file.to_path_buf(), lines: lines_of(text), pattern: None };
        if !profile.config.name_pattern.is_empty() {
            let whole = format!("^(?:{})$", profile.config.name_pattern);
            let pattern = Regex::new(&whole);
            profile.pattern = Some(
                pattern
                    .map_err(|error| profile.fault("name_pattern", ProfileProblem::Pattern { problem: error.to_string() }))?,
            );
        }
        profile.check_ranges()?;
        profile.check_names()?;
        Ok(profile)
    }

    /// Gives what the file says.
    pub fn config(&self) -> &ProfileConfig {
        &self.config
    }

    /// Gives the extension of packets.
    pub fn extension(&self) -> &str {
        &self.config.extension
    }

    /// Gives the form in which packets stand in the ferry directory.
    pub fn form(&self) -> Form {
        if self.config.text_only { Form::Armored(LineEnd::Lf) } else { Form::Binary }
    }

    /// Gives after how much running time (ms) what left counts as presumably carried; `None` never.
    pub fn presumed_after_ms(&self) -> Option<u64> {
        (self.config.presumed_after_minutes > 0).then(|| u64::from(self.config.presumed_after_minutes) * 60_000)
    }

    /// Gives how long (ms) the device may take to pick a file up: its scans until a file counts as settled, and one more.
    pub fn pick_up_ms(&self) -> u64 {
        u64::from(self.config.scan_seconds) * (u64::from(self.config.settle_scans) + 1) * 1000
    }

    /// Checks a packet's file right before it is placed.
    ///
    /// # Errors
    /// The setting that it breaks.
    pub fn check_file(&self, name: &str, bytes: u64) -> Result<(), ProfileFault> {
        let limit = self.config.largest_bytes;
        if limit > 0 && bytes > limit {
            return Err(self.fault("largest_bytes", ProfileProblem::FileTooLarge { bytes, limit }));
        }
        self.check_name(name)
    }

    fn check_name(&self, name: &str) -> Result<(), ProfileFault> {
        let limit = u64::from(self.config.name_bytes);
        if limit > 0 && name.len() as u64 > limit {
            return Err(self.fault("name_bytes", ProfileProblem::NameTooLong { bytes: name.len() as u64, limit }));
        }
        match &self.pattern {
            Some(pattern) if !pattern.is_match(name) => {
                Err(self.fault("name_pattern", ProfileProblem::NameRefused { name: name.to_string() }))
            }
            _ => Ok(()),
        }
    }

    /// Checks that the device carries the largest packet of each of these channels.
    ///
    /// # Errors
    /// [`ConfigFault::Profile`] with the profile's file, line and setting.
    pub fn check_channels<'a>(
        &self,
        channels: impl Iterator<Item = &'a Channel>,
        link: &LinkConfig,
    ) -> Result<(), ConfigFault> {
        let largest = channels.map(|channel| (self.largest_file(channel, link), channel)).max_by_key(|(bytes, _)| *bytes);
        let Some((bytes, channel)) = largest else { return Ok(()) };
        let config = &self.config;
        let too_small = |limit: u64, needed: u64| limit > 0 && limit < needed;
        let problem = |limit| ProfileProblem::PacketTooLarge { channel: channel.channel.clone(), bytes, limit };
        if too_small(config.largest_bytes, bytes) {
            return Err(self.fault("largest_bytes", problem(config.largest_bytes)).into());
        }
        let on_disc = bytes + VOLUME_RESERVE;
        if too_small(config.disc_bytes, on_disc) {
            return Err(self.fault("disc_bytes", problem(config.disc_bytes)).into());
        }
        // Nine tenths are for everything, one for what is urgent.
        if too_small(config.quota_bytes - config.quota_bytes / 10, bytes) {
            return Err(self.fault("quota_bytes", problem(config.quota_bytes)).into());
        }
        Ok(())
    }

    /// Gives the length of the largest file that a channel may place: incompressible records, sealed, in the device's form; with
    /// repair packets those, too, which name the packets they cover.
    pub fn largest_file(&self, channel: &Channel, link: &LinkConfig) -> u64 {
        let body = match channel.screen.max_bytes {
            0 => limits::BODY_MAX,
            most => most.min(limits::BODY_MAX),
        };
        let plain = limits::PACKET_SALT as u64 + META_MAX + body.max(channel.batch.max_bytes);
        let sealed = HEAD + sealed_payload(plain);
        let repair = match link.repair_parity {
            0 => 0,
            _ => HEAD + REPAIR_HEAD + REPAIR_MEMBER * u64::from(link.repair_data) + sealed,
        };
        self.form().file_len(sealed.max(repair))
    }

    fn check_ranges(&self) -> Result<(), ProfileFault> {
        let config = &self.config;
        let reserve_files = config.quota_files - config.quota_files / 10;
        let rules: [(bool, &'static str, &'static str); 9] = [
            (config.scan_seconds > 86_400, "scan_seconds", "0–86400"),
            (config.settle_scans > 1000, "settle_scans", "0–1000"),
            (!is_extension(&config.extension), "extension", EXTENSION_RULE),
            (config.presumed_after_minutes > 525_600, "presumed_after_minutes", "0–525600"),
            (
                config.presumed_after_minutes > 0 && self.presumed_after_ms().is_some_and(|ms| ms < self.pick_up_ms()),
                "presumed_after_minutes",
                "至少 scan_seconds × (settle_scans + 1)，否则设备还没取走文件就被清掉 / at least scan_seconds × (settle_scans + 1), else files go before the device takes them",
            ),
            (
                config.disc_bytes > 0 && config.presumed_after_minutes > 0,
                "presumed_after_minutes",
                "刻盘时为 0，等盘的包不能清掉 / 0 with disc_bytes: packets that wait for a disc must stay",
            ),
            (
                config.quota_files > 0 && reserve_files < 2,
                "quota_files",
                "0 或至少 3（留一成给紧急包，另有一个状态包） / 0, or at least 3: a tenth is kept for urgent packets, and a signal lies there, too",
            ),
            (config.volumes > 999, "volumes", "0–999"),
            (config.disc_bytes == 0 && config.volumes > 0, "volumes", "没有 disc_bytes 时为 0 / 0 without disc_bytes"),
        ];
        match rules.into_iter().find(|(broken, ..)| *broken) {
            Some((_, setting, rule)) => Err(self.fault(setting, ProfileProblem::Rule { rule })),
            None => Ok(()),
        }
    }

    /// Holds the names that packets get against the device's rules: every letter and digit at every place.
    fn check_names(&self) -> Result<(), ProfileFault> {
        const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
        for round in 0..LETTERS.len() {
            let letters = |from: usize, count: usize| -> String {
                (from..from + count).map(|place| LETTERS[(round + place * 7) % LETTERS.len()] as char).collect()
            };
            let name = format!("{}-{}-{}.{}", round % 10, letters(0, 4), letters(4, STEM - 7), self.config.extension);
            self.check_name(&name)?;
        }
        Ok(())
    }

    pub(crate) fn fault(&self, setting: &'static str, problem: ProfileProblem) -> ProfileFault {
        let line = self.lines.iter().find(|(name, _)| name == setting).map_or(0, |(_, line)| *line);
        ProfileFault { file: self.file.clone(), line, setting, problem }
    }
}

/// Bytes of a disc that are kept for its label, its manifest and the registration sheet.
pub const VOLUME_RESERVE: u64 = 1 << 20;

/// What an extension may be.
const EXTENSION_RULE: &str = "1–8 个小写字母或数字，不是 part、tmp / 1 to 8 lower-case letters or digits, neither part nor tmp";

/// Most bytes of a record's meta (FORMAT.md section 5).
const META_MAX: u64 = 4_765;

/// Most bytes before a packet's payload.
const HEAD: u64 = (limits::PREAMBLE + limits::HEADER_MAX + limits::SIGNATURE) as u64;

/// Bytes of a repair packet's payload before its members (FORMAT.md section 9).
const REPAIR_HEAD: u64 = 12;

/// Bytes a member takes there.
const REPAIR_MEMBER: u64 = 40;

/// Gives the most bytes that a plain of this length takes when nothing of it can be compressed: zstd's own bound, and a tag a chunk.
fn sealed_payload(plain: u64) -> u64 {
    let frame = plain + plain / 256 + 64;
    frame + frame.div_ceil(limits::CHUNK as u64) * limits::TAG as u64
}

/// Finds where each setting of a flat TOML file stands.
fn lines_of(text: &str) -> Vec<(String, usize)> {
    let setting = |line: &str| line.split_once('=').map(|(name, _)| name.trim().to_string());
    text.lines().enumerate().filter_map(|(index, line)| Some((setting(line)?, index + 1))).collect()
}
