//! The `[alarm]` section of `station.toml`: whom to call, and when silence, lateness and backlogs count.

use crate::station::StationConfig;
use serde::{Deserialize, Serialize};

/// Whom to call, and when silence and lateness count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AlarmConfig {
    /// Whom to call, by name.
    pub contact: Option<String>,
    /// The telephone number to call.
    pub telephone: Option<String>,
    /// How many times the peer's period, with what the device adds, make the first threshold of silence, 3 … 100.
    pub quiet_periods: u32,
    /// Runs in a row on which nothing came after which the link counts as silent, 2 … 100; after one it is quiet. For a habit of runs.
    pub missed_runs: u32,
    /// Minutes before and after a run's time of day within which it counts as done, 1 … 240.
    pub run_tolerance_minutes: u32,
    /// Minutes of running time for which a backlog must have grown, or the ferry directory stayed nearly full, to be told, 3 … 10080.
    pub backlog_minutes: u32,
}

impl Default for AlarmConfig {
    fn default() -> Self {
        Self {
            contact: None,
            telephone: None,
            quiet_periods: 3,
            missed_runs: 2,
            run_tolerance_minutes: 60,
            backlog_minutes: 60,
        }
    }
}

/// Most characters of a contact or a telephone number.
const WORDS_MAX: usize = 64;

/// Names the first setting that is out of its range, with what is allowed.
pub(crate) fn out_of_range(config: &StationConfig) -> Option<(&'static str, &'static str)> {
    let alarm = &config.alarm;
    let is_shown = |text: &Option<String>| {
        text.as_ref().is_none_or(|text| text.chars().count() <= WORDS_MAX && !text.chars().any(char::is_control))
    };
    const SHOWN: &str = "至多 64 字，无控制字符 / at most 64 characters, no control characters";
    let rules = [
        (is_shown(&alarm.contact), "alarm.contact", SHOWN),
        (is_shown(&alarm.telephone), "alarm.telephone", SHOWN),
        ((3..=100).contains(&alarm.quiet_periods), "alarm.quiet_periods", "3–100"),
        ((2..=100).contains(&alarm.missed_runs), "alarm.missed_runs", "2–100"),
        ((1..=240).contains(&alarm.run_tolerance_minutes), "alarm.run_tolerance_minutes", "1–240"),
        ((3..=10_080).contains(&alarm.backlog_minutes), "alarm.backlog_minutes", "3–10080"),
    ];
    rules.into_iter().find(|(holds, ..)| !holds).map(|(_, setting, rule)| (setting, rule))
}
