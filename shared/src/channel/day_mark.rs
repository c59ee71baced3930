//! Whose day marks a channel of register rows has, when they are made, and by which channel they leave: `[day_mark]` in its file.
//!
//! Given: that table, alike on both stations. Gives: the counties with the codes that stand for them. Never: a mark that its own channel would carry.

use super::{CargoKind, Channel};
use crate::error::ConfigFault;
use crate::registration::day::ids::AreaCode;
use crate::registration::day::settings::Settings;
use dukou_packets::packet::header::ChannelName;
use jiff::civil::{DateTime, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// How the day marks of a register are made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DayMarkConfig {
    /// The channel of files by which they leave, `cargo = "day-marks"`.
    pub channel: ChannelName,
    /// The times of day, Chinese civil time, at which they are made.
    pub cut: Vec<CutTime>,
    /// The counties of the register, each with its older codes.
    pub counties: BTreeMap<AreaCode, Vec<AreaCode>>,
}

/// A time of day, `21:25`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CutTime {
    hour: i8,
    minute: i8,
}

impl TryFrom<String> for CutTime {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let two =
            |text: &str| (text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?;
        let (hour, minute) =
            text.split_once(':').and_then(|(hour, minute)| Some((two(hour)?, two(minute)?))).unwrap_or((99, 0));
        match hour < 24 && minute < 60 {
            true => Ok(Self { hour, minute }),
            false => Err("时刻写作 \"21:25\" / a time of day is written \"21:25\"".to_owned()),
        }
    }
}

impl From<CutTime> for String {
    fn from(cut: CutTime) -> Self {
        format!("{:02}:{:02}", cut.hour, cut.minute)
    }
}

impl DayMarkConfig {
    /// Gives the newest cut-off that is not after this moment.
    pub fn newest_cut(&self, now: DateTime) -> Option<DateTime> {
        let yesterday = now.date().yesterday().ok();
        let days = [Some(now.date()), yesterday].into_iter().flatten();
        let cuts = days.flat_map(|day| {
            self.cut.iter().filter_map(move |cut| Some(day.to_datetime(Time::new(cut.hour, cut.minute, 0, 0).ok()?)))
        });
        cuts.filter(|cut| *cut <= now).max()
    }

    /// Gives what decides whose a row is, for each county.
    pub fn settings(&self) -> impl Iterator<Item = Settings> {
        self.counties.iter().map(|(county, aliases)| {
            let neighbours = self.counties.keys().filter(|other| *other != county).copied().collect();
            Settings { aliases: aliases.clone(), neighbours, ..Settings::of(*county) }
        })
    }
}

impl Channel {
    pub(super) fn check_day_mark(&self, file: &Path) -> Result<(), ConfigFault> {
        let wrong =
            |setting: &'static str, rule: &'static str| Err(ConfigFault::Setting { file: file.to_path_buf(), setting, rule });
        let Some(marks) = &self.day_mark else { return Ok(()) };
        if self.source.tables().is_none_or(|tables| tables.view_days.is_none()) {
            return wrong(
                "day_mark",
                "只用于 [source] 写明 view_days 的通道 / only for a channel whose [source] has view_days",
            );
        }
        if marks.channel == self.channel {
            return wrong(
                "day_mark.channel",
                "另一条通道，cargo = \"day-marks\" / another channel, with cargo = \"day-marks\"",
            );
        }
        if !(1..=24).contains(&marks.cut.len()) {
            return wrong("day_mark.cut", "1–24 个时刻，如 [\"21:25\"] / 1–24 times of day, for example [\"21:25\"]");
        }
        if marks.counties.is_empty() {
            return wrong("day_mark.counties", "至少一个县，如 150721 = [] / one county at least, for example 150721 = []");
        }
        Ok(())
    }
}

/// A mark that no channel takes would never leave, and nobody would hear of it.
pub(super) fn check_marks_leave(dir: &Path, channels: &[Channel]) -> Result<(), ConfigFault> {
    for channel in channels {
        let Some(marks) = &channel.day_mark else { continue };
        let takes = |other: &Channel| {
            (&other.channel, other.from) == (&marks.channel, channel.from) && other.cargo == Some(CargoKind::DayMarks)
        };
        if !channels.iter().any(takes) {
            let (file, rule) = (
                dir.join(format!("{}.toml", channel.channel)),
                "本站有这条通道，方向相同，cargo = \"day-marks\" / a channel of this station, of the same direction, with cargo = \"day-marks\"",
            );
            return Err(ConfigFault::Setting { file, setting: "day_mark.channel", rule });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_cut_off_is_the_newest_one_before_the_moment() {
        let text = "channel = \"day-mark\"\ncut = [\"12:00\", \"21:25\"]\n[counties]\n150721 = [\"152122\"]\n150722 = []\n";
        let marks: DayMarkConfig = toml::from_str(text).unwrap();
        let day = date(2024, 3, 15);
        let newest = |hour, minute| marks.newest_cut(day.at(hour, minute, 0, 0)).unwrap().to_string();
        assert_eq!(
            [newest(21, 25), newest(21, 24), newest(3, 0)],
            ["2024-03-15T21:25:00", "2024-03-15T12:00:00", "2024-03-14T21:25:00"]
        );
        let [first, second]: [Settings; 2] = marks.settings().collect::<Vec<_>>().try_into().unwrap();
        assert_eq!((first.aliases.len(), first.neighbours), (1, vec![second.county]));
        for bad in ["24:00", "9:00", "21:60", "", "21:25:00", "+1:00"] {
            assert!(CutTime::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
