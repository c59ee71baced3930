//! The working calendar: hours, public holidays and worked weekends (调休).
//!
//! Given: the text of `calendar.toml`. Gives: whether a day is worked, and its hours. Never: a time zone database; China has one civil time,
//! +08:00 all the year.

use crate::error::ConfigFault;
use crate::lang::{Lang, cut, plain_line};
use crate::say;
use crate::station::{line_at, parse_toml};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{TimeZone, offset};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::Path;
use toml::Spanned;

/// The calendar that `init` writes: hours, and the years known when this version was made.
pub const SHIPPED: &str = concat!(
    include_str!("../../../deploy/calendar/hours.toml"),
    include_str!("../../../deploy/calendar/2026.toml"),
    include_str!("../../../deploy/calendar/2027.toml")
);

/// Longest calendar file that is read.
pub const FILE_MAX: u64 = 1 << 20;

/// Milliseconds of a day.
pub(super) const DAY_MS: i64 = 86_400_000;

const OFFSET_MS: i64 = 8 * 3_600_000;

const MINUTES_A_DAY: u32 = 24 * 60;

/// Most days of one range: a longer one is a mistyped year.
const RANGE_DAYS: i64 = 31;

/// A day of China's civil calendar, counted from 1970-01-01.
pub type Day = i64;

/// Gives the civil day of a moment.
pub fn day_of(wall_ms: i64) -> Day {
    wall_ms.saturating_add(OFFSET_MS).div_euclid(DAY_MS)
}

/// Gives the moment at which a civil day begins.
pub(super) fn begin_of(day: Day) -> i64 {
    day.saturating_mul(DAY_MS).saturating_sub(OFFSET_MS)
}

/// A span of a day, in minutes from midnight; its end is not part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First minute.
    pub from: u32,
    /// The minute at which it is over.
    pub to: u32,
}

/// Working hours, public holidays and worked weekends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calendar {
    hours: Vec<Span>,
    free: BTreeSet<Day>,
    worked: BTreeSet<Day>,
    announced: BTreeSet<i16>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CalendarFile {
    hours: Vec<(String, String)>,
    #[serde(default)]
    year: Vec<YearFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct YearFile {
    year: i16,
    announced: bool,
    #[serde(default)]
    holidays: Vec<Spanned<String>>,
    #[serde(default)]
    working_weekends: Vec<Spanned<String>>,
}

impl Calendar {
    /// Reads a calendar.
    ///
    /// # Errors
    /// [`ConfigFault`] names the file, and the line or the value that is wrong.
    pub fn parse(file: &Path, text: &str) -> Result<Self, ConfigFault> {
        let read: CalendarFile = parse_toml(file, text)?;
        let mut calendar = Self { hours: hours(file, &read.hours)?, ..Self::default() };
        for year in &read.year {
            let days_in = |entry: &Spanned<String>| {
                let line = line_at(text, entry.span().start);
                days_of(entry.get_ref(), year.year).map_err(|what| (line, entry.get_ref().clone(), what))
            };
            let told = |(line, value, what): (usize, String, Wrong)| wrong(file, Some(line), &value, what);
            for holiday in &year.holidays {
                calendar.free.extend(days_in(holiday).map_err(told)?);
            }
            for weekend in &year.working_weekends {
                let days = days_in(weekend).map_err(told)?;
                if days.clone().any(|day| !is_weekend(day)) {
                    let line = line_at(text, weekend.span().start);
                    return Err(wrong(file, Some(line), weekend.get_ref(), Wrong::NoWeekend));
                }
                calendar.worked.extend(days);
            }
            if year.announced {
                calendar.announced.insert(year.year);
            }
        }
        match calendar.free.intersection(&calendar.worked).next() {
            Some(day) => Err(wrong(file, None, &day_text(*day), Wrong::Both)),
            None => Ok(calendar),
        }
    }

    /// Tells whether a day is worked.
    pub fn is_worked(&self, day: Day) -> bool {
        self.worked.contains(&day) || (!is_weekend(day) && !self.free.contains(&day))
    }

    /// Gives the working hours of a day; none when it is free.
    pub fn hours_of(&self, day: Day) -> &[Span] {
        if self.is_worked(day) { &self.hours } else { &[] }
    }

    /// Tells whether the holidays of a moment's year are entered.
    pub fn knows_year_of(&self, wall_ms: i64) -> bool {
        year_of(wall_ms).is_some_and(|year| self.announced.contains(&year))
    }
}

/// Day 0, the first of January 1970, was a Thursday.
fn is_weekend(day: Day) -> bool {
    (day + 3).rem_euclid(7) >= 5
}

/// Reads a time of day, `09:00`, as minutes from midnight; `24:00` is the end of the day.
pub(super) fn minutes(text: &str) -> Option<u32> {
    let (hour, minute) = text.split_once(':').filter(|(hour, minute)| hour.len() == 2 && minute.len() == 2)?;
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse::<u32>().ok()).flatten();
    let (hour, minute) = (digits(hour)?, digits(minute)?);
    let at = hour * 60 + minute;
    (minute < 60 && at <= MINUTES_A_DAY).then_some(at)
}

fn hours(file: &Path, texts: &[(String, String)]) -> Result<Vec<Span>, ConfigFault> {
    let mut spans: Vec<Span> = Vec::new();
    for (from, to) in texts {
        let span = minutes(from).zip(minutes(to)).map(|(from, to)| Span { from, to });
        let rises = |span: &Span| span.from < span.to && spans.last().is_none_or(|last| last.to <= span.from);
        spans.push(span.filter(rises).ok_or_else(|| wrong(file, None, &format!("{from}–{to}"), Wrong::Hours))?);
    }
    match spans.is_empty() {
        true => Err(wrong(file, None, "hours", Wrong::Hours)),
        false => Ok(spans),
    }
}

/// Reads a day, `2026-01-04`, or a range of days, `2026-01-01..2026-01-03`.
fn days(text: &str) -> Option<std::ops::RangeInclusive<Day>> {
    let (from, to) = text.split_once("..").unwrap_or((text, text));
    let (from, to) = (day(from)?, day(to)?);
    (from <= to && to - from < RANGE_DAYS).then_some(from..=to)
}

/// As [`days`], all of them in one civil year.
fn days_of(text: &str, year: i16) -> Result<std::ops::RangeInclusive<Day>, Wrong> {
    let days = days(text).ok_or(Wrong::Days)?;
    let is_within = [*days.start(), *days.end()].map(|day| year_of(begin_of(day)) == Some(year));
    if is_within == [true, true] { Ok(days) } else { Err(Wrong::OtherYear(year)) }
}

/// Gives the civil year of a moment.
fn year_of(wall_ms: i64) -> Option<i16> {
    let time = Timestamp::from_millisecond(wall_ms).ok()?;
    Some(time.to_zoned(TimeZone::fixed(offset(8))).year())
}

fn day(text: &str) -> Option<Day> {
    let shaped = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let date: Date = text.parse().ok().filter(|_| shaped)?;
    let noon = date.at(12, 0, 0, 0).to_zoned(TimeZone::fixed(offset(8))).ok()?;
    Some(day_of(noon.timestamp().as_millisecond()))
}

fn day_text(day: Day) -> String {
    crate::report::civil_time(begin_of(day)).chars().take(10).collect()
}

enum Wrong {
    Hours,
    Days,
    NoWeekend,
    /// The days are not, or not all, of the year under which they stand.
    OtherYear(i16),
    Both,
}

fn wrong(file: &Path, line: Option<usize>, value: &str, what: Wrong) -> ConfigFault {
    let (file, value) = (file.display(), plain_line(&cut(value, 64)));
    let sentence = |lang| {
        let line = line.map(|line| say!(lang, " 第 {line} 行", " line {line}")).unwrap_or_default();
        let why = match what {
            Wrong::Hours => say!(
                lang,
                "应为先后不重叠的时间段，如 [\"09:00\", \"12:00\"]",
                "must be spans in their order, such as [\"09:00\", \"12:00\"]"
            ),
            Wrong::Days => say!(
                lang,
                "应为日期，如 2026-01-04，或不超过 31 天的起止日期，如 2026-01-01..2026-01-03",
                "must be a date such as 2026-01-04, or a range of at most 31 days such as 2026-01-01..2026-01-03"
            ),
            Wrong::NoWeekend => say!(lang, "应为周六或周日", "must be Saturdays or Sundays"),
            Wrong::OtherYear(year) => say!(
                lang,
                "这一段写的是 year = {year}，别的年份的日期要写在那一年的 [[year]] 里，跨年的分成两条",
                "stands under year = {year}; days of another year belong under its own [[year]], a range over New Year in two parts"
            ),
            Wrong::Both => {
                say!(lang, "不能既放假又调休上班", "cannot be both a holiday and a working weekend")
            }
        };
        say!(
            lang,
            "日历 {file}{line} 中的 {value} 不合要求：{why}。请改正后重试。",
            "{value} in the calendar {file}{line} is wrong: it {why}. Correct it and try again."
        )
    };
    ConfigFault::Refused { zh: sentence(Lang::Zh), what: sentence(Lang::En) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped() -> Calendar {
        Calendar::parse(Path::new("calendar.toml"), SHIPPED).unwrap()
    }

    fn read(text: &str) -> Result<Calendar, ConfigFault> {
        Calendar::parse(Path::new("calendar.toml"), text)
    }

    #[test]
    fn the_shipped_calendar_knows_the_holidays_and_worked_weekends_of_2026() {
        let calendar = shipped();
        let is_worked = |text: &str| calendar.is_worked(day(text).unwrap());
        for free in ["2026-01-01", "2026-02-15", "2026-02-23", "2026-05-05", "2026-06-19", "2026-10-07", "2026-11-22"] {
            assert!(!is_worked(free), "{free}");
        }
        for worked in ["2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10", "2026-11-23"] {
            assert!(is_worked(worked), "{worked}");
        }
        let days = day("2026-01-01").unwrap()..=day("2026-12-31").unwrap();
        assert_eq!(days.clone().count(), 365);
        let worked = days.filter(|day| calendar.is_worked(*day)).count();
        assert_eq!(
            worked,
            261 - (2 + 6 + 1 + 3 + 1 + 1 + 5) + 6,
            "weekdays, less the free ones of seven holidays, and worked weekends"
        );
    }

    #[test]
    fn a_year_without_its_notice_has_its_weekends_free_and_is_not_known() {
        let calendar = shipped();
        assert!(calendar.is_worked(day("2027-02-08").unwrap()) && !calendar.is_worked(day("2027-02-06").unwrap()));
        assert!(calendar.knows_year_of(begin_of(day("2026-01-01").unwrap())));
        assert!(!calendar.knows_year_of(begin_of(day("2026-01-01").unwrap()) - 1), "a second before it is 2025");
        assert!(!calendar.knows_year_of(begin_of(day("2027-06-01").unwrap())));
    }

    #[test]
    fn days_of_another_year_than_the_one_they_stand_under_are_refused_with_file_line_and_value() {
        let head = "hours = [[\"09:00\", \"17:00\"]]\n[[year]]\nyear = 2026\nannounced = true\n";
        let cases = [
            ("holidays = [\n  \"2026-05-01\",\n  \"2025-05-01\",\n]", 7, "2025-05-01"),
            ("holidays = [\"2025-12-31..2026-01-02\"]", 5, "2025-12-31..2026-01-02"),
            ("holidays = [\"2026-12-31..2027-01-02\"]", 5, "2026-12-31..2027-01-02"),
            ("holidays = []\nworking_weekends = [\"2027-01-02\"]", 6, "2027-01-02"),
        ];
        for (text, line, value) in cases {
            let fault = read(&format!("{head}{text}")).expect_err(text);
            let [zh, en] = [Lang::Zh, Lang::En].map(|lang| fault.sentence(lang));
            assert!(zh.contains(&format!("calendar.toml 第 {line} 行")) && zh.contains(value) && zh.contains("2026"), "{zh}");
            assert!(en.contains(&format!("calendar.toml line {line}")) && en.contains(value) && en.contains("2026"), "{en}");
        }
        let two_years =
            format!("{head}holidays = [\"2026-12-31\"]\n[[year]]\nyear = 2027\nannounced = false\nholidays = [\"2027-01-01\"]");
        assert!(read(&two_years).is_ok());
    }

    #[test]
    fn a_wrong_calendar_is_refused_with_its_file_and_the_wrong_value() {
        let hours = "hours = [[\"09:00\", \"17:00\"]]\n[[year]]\nyear = 2026\nannounced = true\n";
        let cases = [
            ("hours = []", "hours"),
            ("hours = [[\"9:00\", \"17:00\"]]", "9:00"),
            ("hours = [[\"17:00\", \"09:00\"]]", "17:00"),
            ("hours = [[\"09:00\", \"12:00\"], [\"11:00\", \"17:00\"]]", "11:00"),
            ("hours = [[\"09:00\", \"24:01\"]]", "24:01"),
            (&format!("{hours}holidays = [\"2026-02-30\"]"), "2026-02-30"),
            (&format!("{hours}holidays = [\"2026-02-20..2026-02-10\"]"), "2026-02-20"),
            (&format!("{hours}holidays = [\"2026-02-20..2027-02-10\"]"), "2027"),
            (&format!("{hours}holidays = [\"+002026-02-20\"]"), "+002026"),
            (&format!("{hours}working_weekends = [\"2026-11-23\"]"), "2026-11-23"),
            (&format!("{hours}holidays = [\"2026-11-22\"]\nworking_weekends = [\"2026-11-22\"]"), "2026-11-22"),
            (&format!("{hours}holiday = []"), "holiday"),
        ];
        for (text, told) in cases {
            let fault = read(text).expect_err(text);
            for lang in [Lang::Zh, Lang::En] {
                let sentence = fault.sentence(lang);
                assert!(sentence.contains("calendar.toml") && sentence.contains(told), "{text}: {sentence}");
            }
        }
    }
}
