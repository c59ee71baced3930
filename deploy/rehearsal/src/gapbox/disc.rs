//! The disc routine: files are collected, written on volumes of a capacity, and carried at given times of the day.

use serde::Deserialize;

use super::{Fault, GapError};

/// Milliseconds of a minute.
const MINUTE_MS: u64 = 60_000;

/// Milliseconds of a day.
const DAY_MS: u64 = 24 * 60 * MINUTE_MS;

/// How discs go; the device then picks files only when one goes.
///
/// ```toml
/// [disc]
/// begins = "08:30"              # time of day at which the device is switched on
/// at = ["09:00", "16:00"]       # when discs go
/// first_day = 1                 # the first day is a Monday
/// days = [1, 2, 3, 4, 5]        # discs go on working days
/// capacity_bytes = 4700000000   # of one volume; 0: everything fits on one
/// volumes = 3                   # at most so many a time; 0: as many as it takes
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Disc {
    /// Time of day, `HH:MM`, at the device's millisecond 0.
    pub begins: String,
    /// Times of day at which discs go; empty: every `every_ms`.
    pub at: Vec<String>,
    /// Milliseconds between two discs, where no times of day are given.
    pub every_ms: u64,
    /// Day of the week at millisecond 0: 1 is Monday.
    pub first_day: u64,
    /// Days of the week on which discs go, 1 … 7; empty: all.
    pub days: Vec<u64>,
    /// Bytes that fit on one volume; 0 for no limit.
    pub capacity_bytes: u64,
    /// Most volumes that go at a time; 0 for no limit.
    pub volumes: usize,
}

impl Default for Disc {
    fn default() -> Self {
        let every_ms = 12 * 60 * MINUTE_MS;
        Disc { begins: "00:00".into(), at: Vec::new(), every_ms, first_day: 1, days: Vec::new(), capacity_bytes: 0, volumes: 0 }
    }
}

impl Disc {
    /// Checks the routine.
    ///
    /// # Errors
    /// Refuses times that are none, days outside 1 … 7, and an interval of 0.
    pub(super) fn check(&self) -> Result<(), GapError> {
        for text in self.at.iter().chain([&self.begins]) {
            minutes(text).ok_or_else(|| GapError::TimeOfDay { text: text.clone() })?;
        }
        for &day in self.days.iter().chain([&self.first_day]) {
            if !(1..=7).contains(&day) {
                return Err(GapError::Day { day });
            }
        }
        if self.at.is_empty() && self.every_ms == 0 {
            return Err(GapError::Zero { setting: "disc.every_ms" });
        }
        Ok(())
    }

    /// Gives when the next disc goes at or after `now_ms`.
    pub(super) fn next_run_ms(&self, now_ms: u64) -> u64 {
        if self.at.is_empty() {
            return now_ms.div_ceil(self.every_ms.max(1)).max(1) * self.every_ms.max(1);
        }
        let begins_ms = minutes(&self.begins).unwrap_or(0) * MINUTE_MS;
        let today = (now_ms + begins_ms) / DAY_MS;
        let runs = (today..=today + 7).filter(|&day| self.goes_on(day)).flat_map(|day| {
            let times = self.at.iter().filter_map(|text| minutes(text));
            times.map(move |minute| day * DAY_MS + minute * MINUTE_MS)
        });
        runs.filter_map(|at| at.checked_sub(begins_ms)).filter(|&at| at >= now_ms).min().unwrap_or(u64::MAX)
    }

    fn goes_on(&self, day: u64) -> bool {
        self.days.is_empty() || self.days.contains(&((self.first_day - 1 + day) % 7 + 1))
    }
}

/// Reads a time of day as minutes since midnight.
fn minutes(text: &str) -> Option<u64> {
    let (hour, minute) = text.split_once(':')?;
    let number = |part: &str| if part.len() == 2 { part.parse::<u64>().ok() } else { None };
    let (hour, minute) = (number(hour)?, number(minute)?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

/// One volume that went, as it would stand in the register of discs.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Volume {
    /// Number among all volumes, from 1.
    pub number: u64,
    /// When it went.
    pub at_ms: u64,
    /// Names of the files on it.
    pub files: Vec<String>,
    /// Their bytes.
    pub bytes: u64,
    /// What befell all of it: `disc` lost, `disc-twice` carried twice.
    pub fault: Option<Fault>,
}

/// Cuts a list of lengths into volumes of a capacity, in order; gives where each ends. A file larger than a volume gets its own.
pub(super) fn volume_ends(lengths: &[u64], capacity_bytes: u64) -> Vec<usize> {
    let (mut ends, mut used, mut begins) = (Vec::new(), 0, 0);
    for (index, length) in lengths.iter().enumerate() {
        if capacity_bytes > 0 && index > begins && used + length > capacity_bytes {
            ends.push(index);
            (used, begins) = (0, index);
        }
        used += length;
    }
    ends.extend((!lengths.is_empty()).then_some(lengths.len()));
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn discs_go_at_their_times_on_their_days() {
        let text = "begins = \"08:30\"\nat = [\"09:00\", \"16:00\"]\nfirst_day = 5\ndays = [1, 2, 3, 4, 5]";
        let disc: Disc = toml::from_str(text).expect("a routine");
        disc.check().expect("it is right");
        let friday_nine = 30 * MINUTE_MS;
        assert_eq!(disc.next_run_ms(0), friday_nine);
        assert_eq!(disc.next_run_ms(friday_nine), friday_nine);
        let friday_four = friday_nine + 7 * 60 * MINUTE_MS;
        assert_eq!(disc.next_run_ms(friday_nine + 1), friday_four);
        assert_eq!(disc.next_run_ms(friday_four + 1), friday_nine + 3 * DAY_MS, "nobody carries discs on a weekend");
    }

    #[test]
    fn without_times_of_day_discs_go_at_intervals() {
        let disc = Disc { every_ms: 1_000, ..Disc::default() };
        assert_eq!([0, 1, 1_000, 1_001].map(|now| disc.next_run_ms(now)), [1_000, 1_000, 1_000, 2_000]);
    }

    #[test]
    fn volumes_hold_what_fits_in_order() {
        assert_eq!(volume_ends(&[], 10), [0; 0]);
        assert_eq!(volume_ends(&[4, 4, 4, 20, 1], 10), [2, 3, 4, 5]);
        assert_eq!(volume_ends(&[4, 4, 4], 0), [3]);
    }

    #[test]
    fn a_time_that_is_none_is_refused() {
        for wrong in ["24:00", "9:00", "09.00", "09:60", ""] {
            assert_eq!(minutes(wrong), None, "{wrong}");
        }
    }
}
