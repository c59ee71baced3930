//! What a simulated device is like: its habits, its limits and its faults, as a TOML file.

use serde::Deserialize;

use super::{Disc, Fault, GapError, Period};

/// The whole description; every key may be left out.
///
/// ```toml
/// seed = 7
/// scan_ms = 10000
/// settle_scans = 2
/// order = "alphabetical"
/// delete = "after"
/// [limits]
/// extensions = ["dkp"]
/// [chance]
/// drop = 0.05
/// [[act]]
/// on = 3
/// do = "truncate"
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Script {
    /// Seed of all decisions.
    pub seed: u64,
    /// Milliseconds between two scans.
    pub scan_ms: u64,
    /// In how many scans name, size and time must have been equal before a file is picked; at least 1.
    pub settle_scans: u32,
    /// Order in which the files of one scan are picked.
    pub order: Order,
    /// What happens to the source.
    pub delete: Delete,
    /// Milliseconds every file is under way.
    pub latency_ms: u64,
    /// What the device does not let through.
    pub limits: Limits,
    /// Probability of each fault, 0 … 1, drawn for each picked file.
    pub chance: Chances,
    /// How much of each fault.
    pub amount: Amounts,
    /// Faults at given files or volumes.
    pub act: Vec<Act>,
    /// Outages and times of lateness.
    pub period: Vec<Period>,
    /// The disc routine; without it files are picked at every scan.
    pub disc: Option<Disc>,
}

impl Default for Script {
    fn default() -> Self {
        Script {
            seed: 1,
            scan_ms: 10_000,
            settle_scans: 2,
            order: Order::Alphabetical,
            delete: Delete::After,
            latency_ms: 0,
            limits: Limits::default(),
            chance: Chances::default(),
            amount: Amounts::default(),
            act: Vec::new(),
            period: Vec::new(),
            disc: None,
        }
    }
}

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    /// Refuses text that is no TOML, unknown keys and faults, and values outside their range.
    pub fn parse(text: &str) -> Result<Self, GapError> {
        let script: Script = toml::from_str(text)?;
        script.check()?;
        Ok(script)
    }

    fn check(&self) -> Result<(), GapError> {
        for fault in Fault::ALL {
            let value = self.chance.of(fault);
            if !(0.0..=1.0).contains(&value) {
                return Err(GapError::Chance { fault: fault.name(), value });
            }
        }
        for (setting, value) in [
            ("scan_ms", self.scan_ms),
            ("settle_scans", self.settle_scans.into()),
            ("amount.burst_files", self.amount.burst_files.into()),
            ("amount.grow_steps", self.amount.grow_steps.into()),
            ("act.on", self.act.iter().filter_map(|act| act.on).min().unwrap_or(1)),
            ("act.volume", self.act.iter().filter_map(|act| act.volume).min().unwrap_or(1)),
        ] {
            if value == 0 {
                return Err(GapError::Zero { setting });
            }
        }
        self.act.iter().try_for_each(Act::check)?;
        self.period.iter().try_for_each(Period::check)?;
        self.disc.as_ref().map_or(Ok(()), Disc::check)
    }

    /// Tells whether this script can make the fault happen at all.
    pub fn can(&self, fault: Fault) -> bool {
        self.chance.of(fault) > 0.0
            || self.act.iter().any(|act| act.fault == fault)
            || self.period.iter().any(|period| period.spell.fault() == fault)
    }
}

/// Order in which the files of one scan are picked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// By name.
    Alphabetical,
    /// By name, backwards.
    Reverse,
    /// By modification time, then name.
    Oldest,
    /// In an order drawn anew at each scan.
    Shuffled,
}

/// What happens to the source of a picked file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Delete {
    /// It is deleted when it is picked: a device that fails in between has lost it.
    Before,
    /// It is deleted once the file is on the far side (or lost on the way).
    After,
    /// It stays; the device remembers what it has carried.
    Never,
}

/// What to do with a file that does not fit into the far side's quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhenFull {
    /// Try again at the next step.
    Wait,
    /// Lose it.
    Lose,
}

/// What the device does not let through; 0 and an empty list mean no limit. A refused file stays where it is.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Largest file in bytes.
    pub largest_bytes: u64,
    /// Extensions allowed, without the dot, in any case.
    pub extensions: Vec<String>,
    /// Longest name in bytes.
    pub name_bytes: usize,
    /// The only characters a name may have.
    pub name_characters: String,
    /// Whether only UTF-8 text without control characters passes.
    pub text_only: bool,
    /// Bytes that may lie in the far directory.
    pub quota_bytes: u64,
    /// Files that may lie in the far directory.
    pub quota_files: u64,
    /// What happens beyond the quota.
    pub when_full: WhenFull,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            largest_bytes: 0,
            extensions: Vec::new(),
            name_bytes: 0,
            name_characters: String::new(),
            text_only: false,
            quota_bytes: 0,
            quota_files: 0,
            when_full: WhenFull::Wait,
        }
    }
}

/// Probability of each fault.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Chances {
    /// Of [`Fault::Drop`].
    pub drop: f64,
    /// Of [`Fault::Burst`].
    pub burst: f64,
    /// Of [`Fault::Disc`].
    pub disc: f64,
    /// Of [`Fault::Delay`].
    pub delay: f64,
    /// Of [`Fault::Duplicate`].
    pub duplicate: f64,
    /// Of [`Fault::Reorder`].
    pub reorder: f64,
    /// Of [`Fault::Corrupt`].
    pub corrupt: f64,
    /// Of [`Fault::Truncate`].
    pub truncate: f64,
    /// Of [`Fault::Grow`].
    pub grow: f64,
    /// Of [`Fault::RenameCase`].
    pub rename_case: f64,
    /// Of [`Fault::CutName`].
    pub cut_name: f64,
    /// Of [`Fault::TouchMtime`].
    pub touch_mtime: f64,
    /// Of [`Fault::DiscTwice`].
    pub disc_twice: f64,
}

impl Chances {
    /// Gives the probability of one fault; what a period brings has none.
    pub fn of(&self, fault: Fault) -> f64 {
        match fault {
            Fault::Drop => self.drop,
            Fault::Burst => self.burst,
            Fault::Disc => self.disc,
            Fault::Delay => self.delay,
            Fault::Duplicate => self.duplicate,
            Fault::Reorder => self.reorder,
            Fault::Corrupt => self.corrupt,
            Fault::Truncate => self.truncate,
            Fault::Grow => self.grow,
            Fault::RenameCase => self.rename_case,
            Fault::CutName => self.cut_name,
            Fault::TouchMtime => self.touch_mtime,
            Fault::DiscTwice => self.disc_twice,
            Fault::Late | Fault::Outage => 0.0,
        }
    }
}

/// How much of each fault.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Amounts {
    /// Files lost in one burst.
    pub burst_files: u32,
    /// Longest delay in milliseconds; the delay is drawn from 1 to this.
    pub delay_ms: u64,
    /// Milliseconds until a duplicate comes.
    pub duplicate_after_ms: u64,
    /// How many later files a reordered one lets pass.
    pub reorder_files: u64,
    /// Bits flipped in a corrupted file.
    pub corrupt_bits: u32,
    /// In how many pieces a growing file appears.
    pub grow_steps: u32,
    /// Milliseconds between two pieces.
    pub grow_ms: u64,
    /// Characters left of a cut name, without its extension.
    pub name_chars: usize,
}

impl Default for Amounts {
    fn default() -> Self {
        Amounts {
            burst_files: 5,
            delay_ms: 60_000,
            duplicate_after_ms: 15_000,
            reorder_files: 3,
            corrupt_bits: 1,
            grow_steps: 3,
            grow_ms: 1_000,
            name_chars: 8,
        }
    }
}

/// One fault at one file, or at one volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Act {
    /// Which picked file, from 1.
    #[serde(default)]
    pub on: Option<u64>,
    /// Which volume, from 1: all that one scan picks, or one disc of the disc routine.
    #[serde(default)]
    pub volume: Option<u64>,
    /// What happens to it.
    #[serde(rename = "do")]
    pub fault: Fault,
}

impl Act {
    fn check(&self) -> Result<(), GapError> {
        let of_a_volume = matches!(self.fault, Fault::Disc | Fault::DiscTwice);
        let of_a_period = matches!(self.fault, Fault::Late | Fault::Outage);
        match (self.on, self.volume) {
            (Some(_), None) if !of_a_period => Ok(()),
            (None, Some(_)) if of_a_volume => Ok(()),
            _ => Err(GapError::Target),
        }
    }
}
