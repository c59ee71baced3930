//! Open time: the time during which the link is expected to carry.
//!
//! Given: the link's habit and the calendar. Gives: how much of a stretch of time is open, and which runs ended in it; pure functions of
//! wall-clock moments. Never: a decision about a packet.

use super::calendar::{Calendar, DAY_MS, Day, FILE_MAX, Span, begin_of, day_of, minutes};
use crate::error::ConfigFault;
use crate::given::read_settings;
use crate::lang::Lang;
use crate::say;
use crate::station::{Habit, Rhythm, Station};
use std::path::Path;

/// Most runs a day.
const RUNS_MAX: usize = 48;

const MINUTE_MS: i64 = 60_000;

/// The moments that are looked at end here, in the year 2200: a clock beyond is wrong.
const LAST_MS: i64 = 84_000 * DAY_MS;

/// When the link is expected to carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenTime {
    /// Day and night.
    Always,
    /// During working hours.
    Hours(Calendar),
    /// For some time after each run of a working day.
    Runs(Runs),
}

/// Runs at times of day, on working days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runs {
    calendar: Calendar,
    /// Minutes from midnight, rising.
    times: Vec<u32>,
    /// Minutes before and after within which a run counts as done.
    tolerance: u32,
}

impl OpenTime {
    /// Reads the station's calendar, when its habit needs one.
    ///
    /// # Errors
    /// [`ConfigFault`] when the habit is none, or the calendar is missing or wrong.
    pub fn load(station: &Station) -> Result<Self, ConfigFault> {
        Self::read(station, |path| match std::fs::metadata(path) {
            Ok(stat) if stat.len() > FILE_MAX => Err(too_long(path)),
            Ok(_) => read_settings(path, FILE_MAX).map(Some),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(ConfigFault::unreadable(path, &error)),
        })
    }

    /// As [`load`](Self::load), with a reader that gives `None` where there is no calendar.
    ///
    /// # Errors
    /// As [`load`](Self::load), and what the reader says.
    pub fn read(
        station: &Station,
        read: impl FnOnce(&Path) -> Result<Option<String>, ConfigFault>,
    ) -> Result<Self, ConfigFault> {
        let (link, file) = (&station.config.link, station.dir.join(&station.config.link.calendar));
        let tolerance = station.config.alarm.run_tolerance_minutes;
        if link.habit == Habit::Named(Rhythm::Always) {
            return Ok(Self::Always);
        }
        let text = read(&file)?.ok_or_else(|| missing(&file))?;
        let calendar = Calendar::parse(&file, &text)?;
        match &link.habit {
            Habit::Named(_) => Ok(Self::Hours(calendar)),
            Habit::Runs(times) => match runs(times) {
                Some(times) => Ok(Self::Runs(Runs { calendar, times, tolerance })),
                None => Err(ConfigFault::Setting {
                    file: station.dir.join("station.toml"),
                    setting: "link.habit",
                    rule: "\"always\"、\"working-hours\" 或 1–48 个时刻，如 [\"09:00\", \"16:00\"] / \"always\", \"working-hours\" or 1–48 times of day such as [\"09:00\", \"16:00\"]",
                }),
            },
        }
    }

    /// Gives the calendar; none for a link that carries day and night.
    pub fn calendar(&self) -> Option<&Calendar> {
        match self {
            Self::Always => None,
            Self::Hours(calendar) | Self::Runs(Runs { calendar, .. }) => Some(calendar),
        }
    }

    /// Gives the runs of a link that carries at times of day.
    pub fn runs(&self) -> Option<&Runs> {
        match self {
            Self::Runs(runs) => Some(runs),
            _ => None,
        }
    }

    /// Gives the open milliseconds from one moment to a later one; 0 when it is not later.
    pub fn between_ms(&self, from_ms: i64, to_ms: i64) -> u64 {
        let (from_ms, to_ms) = (from_ms.clamp(0, LAST_MS), to_ms.clamp(0, LAST_MS));
        if from_ms >= to_ms {
            return 0;
        }
        // A span of the evening before may reach into the first day.
        let days = day_of(from_ms) - 1..=day_of(to_ms);
        let shared = |(begin_ms, end_ms): (i64, i64)| u64::try_from(end_ms.min(to_ms) - begin_ms.max(from_ms)).unwrap_or(0);
        match self {
            Self::Always => to_ms.abs_diff(from_ms),
            Self::Hours(calendar) => {
                days.flat_map(|day| calendar.hours_of(day).iter().map(move |span| hours(day, span))).map(shared).sum()
            }
            Self::Runs(runs) => days.flat_map(|day| runs.of(day)).map(|run_ms| shared(runs.span(run_ms))).sum(),
        }
    }
}

fn moment(day: Day, minute: u32) -> i64 {
    begin_of(day) + i64::from(minute) * MINUTE_MS
}

fn hours(day: Day, span: &Span) -> (i64, i64) {
    (moment(day, span.from), moment(day, span.to))
}

impl Runs {
    /// Gives how long before and after its time of day a run may be, in milliseconds.
    pub fn tolerance_ms(&self) -> i64 {
        i64::from(self.tolerance) * MINUTE_MS
    }

    /// Gives when a run is open: for its tolerance, or until the next one; spans never overlap.
    fn span(&self, run_ms: i64) -> (i64, i64) {
        let day = day_of(run_ms);
        let next_ms = self.of(day).chain(self.of(day + 1)).find(|other_ms| *other_ms > run_ms).unwrap_or(i64::MAX);
        (run_ms, next_ms.min(run_ms + self.tolerance_ms()))
    }

    /// Gives the runs whose time for being late was over in `(from_ms, to_ms]`.
    pub fn ended(&self, from_ms: i64, to_ms: i64) -> Vec<i64> {
        let (from_ms, to_ms) = (from_ms.clamp(0, LAST_MS), to_ms.clamp(0, LAST_MS));
        let over = |run_ms: &i64| (from_ms + 1..=to_ms).contains(&(run_ms + self.tolerance_ms()));
        (day_of(from_ms) - 1..=day_of(to_ms)).flat_map(|day| self.of(day)).filter(over).collect()
    }

    fn of(&self, day: Day) -> impl Iterator<Item = i64> {
        let times: &[u32] = if self.calendar.is_worked(day) { &self.times } else { &[] };
        times.iter().map(move |minute| moment(day, *minute))
    }
}

/// Reads the times of day of runs.
fn runs(texts: &[String]) -> Option<Vec<u32>> {
    let mut times = texts.iter().map(|text| minutes(text).filter(|minute| *minute < 24 * 60)).collect::<Option<Vec<u32>>>()?;
    times.sort_unstable();
    times.dedup();
    (!times.is_empty() && texts.len() <= RUNS_MAX).then_some(times)
}

fn missing(file: &Path) -> ConfigFault {
    let file = file.display();
    let sentence = |lang| {
        say!(
            lang,
            "station.toml 的 link.habit 不是 always，需要日历 {file}，但没有这个文件。请把日历放在那里（安装包 deploy/calendar 里有），或改为 habit = \"always\"。",
            "link.habit in station.toml is not always and needs the calendar {file}, which is not there. Put one there (see deploy/calendar), or set habit = \"always\"."
        )
    };
    ConfigFault::Refused { zh: sentence(Lang::Zh), what: sentence(Lang::En) }
}

fn too_long(file: &Path) -> ConfigFault {
    let file = file.display();
    let sentence = |lang| {
        say!(
            lang,
            "日历 {file} 超过 1 MiB，不是日历。请换成正确的文件。",
            "The calendar {file} is larger than 1 MiB and is none. Put the right file there."
        )
    };
    ConfigFault::Refused { zh: sentence(Lang::Zh), what: sentence(Lang::En) }
}

#[cfg(test)]
mod tests {
    use super::super::calendar::SHIPPED;
    use super::*;
    use proptest::prelude::*;

    fn calendar() -> Calendar {
        Calendar::parse(Path::new("calendar.toml"), SHIPPED).unwrap()
    }

    fn times(texts: &[&str]) -> Option<Vec<u32>> {
        runs(&texts.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    fn every_habit() -> Vec<OpenTime> {
        let runs =
            |texts: &[&str], tolerance| OpenTime::Runs(Runs { calendar: calendar(), times: times(texts).unwrap(), tolerance });
        vec![
            OpenTime::Always,
            OpenTime::Hours(calendar()),
            runs(&["09:00", "16:00"], 60),
            runs(&["23:30", "00:15", "09:00", "09:10"], 240),
        ]
    }

    fn at(text: &str) -> i64 {
        format!("{text}+08:00").parse::<jiff::Timestamp>().unwrap().as_millisecond()
    }

    const HOUR: u64 = 3_600_000;

    #[test]
    fn open_time_is_zero_over_holidays_and_that_of_the_hours_on_worked_days() {
        let [always, hours, runs, _] = every_habit().try_into().unwrap();
        let spring = (at("2026-02-14T17:30:00"), at("2026-02-24T09:00:00"));
        assert_eq!((hours.between_ms(spring.0, spring.1), runs.between_ms(spring.0, spring.1)), (0, 0));
        assert_eq!(always.between_ms(spring.0, spring.1), 9 * 24 * HOUR + 15 * HOUR + HOUR / 2);
        let sunday_worked = (at("2026-01-04T00:00:00"), at("2026-01-05T00:00:00"));
        assert_eq!(hours.between_ms(sunday_worked.0, sunday_worked.1), 7 * HOUR);
        assert_eq!(runs.between_ms(sunday_worked.0, sunday_worked.1), 2 * HOUR);
        assert_eq!(hours.between_ms(at("2026-11-23T11:00:00"), at("2026-11-23T14:00:00")), HOUR + HOUR / 2);
    }

    #[test]
    fn a_run_ends_once_at_the_end_of_its_tolerance_and_none_on_a_free_day() {
        let runs = every_habit().remove(2);
        let runs = runs.runs().unwrap();
        assert_eq!(runs.ended(at("2026-11-23T09:59:59"), at("2026-11-23T10:00:00")), [at("2026-11-23T09:00:00")]);
        assert!(runs.ended(at("2026-11-23T10:00:00"), at("2026-11-23T16:59:59")).is_empty());
        assert_eq!(runs.ended(at("2026-11-20T17:00:00"), at("2026-11-23T17:00:00")).len(), 2, "a weekend lies between");
    }

    #[test]
    fn times_of_day_that_are_none_are_refused() {
        for wrong in [&[][..], &["24:00"], &["9:00"], &["09:60"], &["09:00", ""], &["０９:00"], &["09:00:00"]] {
            assert_eq!(times(wrong), None, "{wrong:?}");
        }
        assert_eq!(times(&["16:00", "09:00", "16:00"]), Some(vec![540, 960]));
        assert_eq!(times(&["09:00"; 49]), None);
    }

    #[test]
    fn a_clock_at_the_end_of_time_is_looked_at_in_bounded_time() {
        for open in every_habit() {
            assert_eq!(open.between_ms(i64::MIN, 0), 0);
            assert!(open.between_ms(i64::MIN, i64::MAX) > 0);
            assert_eq!(open.between_ms(i64::MAX - 1, i64::MAX), 0);
        }
    }

    proptest! {
        #[test]
        fn open_time_is_additive_monotone_and_never_more_than_time(
            from in 1_600_000_000_000_i64..1_900_000_000_000,
            first in 0_i64..30 * 86_400_000,
            second in 0_i64..30 * 86_400_000,
        ) {
            for open in every_habit() {
                let (middle, to) = (from + first, from + first + second);
                let (one, two, both) = (open.between_ms(from, middle), open.between_ms(middle, to), open.between_ms(from, to));
                prop_assert_eq!(one + two, both);
                prop_assert!(one <= both && both <= (first + second) as u64);
                prop_assert_eq!(open.between_ms(to, from), if first + second == 0 { both } else { 0 });
                if let Some(runs) = open.runs() {
                    let ended = |from, to| runs.ended(from, to).len();
                    prop_assert_eq!(ended(from, middle) + ended(middle, to), ended(from, to));
                }
            }
        }

        #[test]
        fn a_calendar_of_any_text_gives_an_answer_and_never_a_panic(text in ".{0,200}") {
            drop(Calendar::parse(Path::new("calendar.toml"), &text));
            drop(Calendar::parse(Path::new("calendar.toml"), &format!("hours = [[\"09:00\", \"10:00\"]]\n[[year]]\nyear = 2026\nannounced = true\nholidays = [{text:?}]")));
            prop_assert!(minutes(&text).is_none_or(|minute| minute <= 1440));
        }
    }
}
