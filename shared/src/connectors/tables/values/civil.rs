//! Dates and times in their portable form: civil, with real days, and with an offset where an instant is meant.

use super::Why;
use jiff::SignedDuration;
use jiff::civil::DateTime;

/// A date, a time of day or both, as read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Civil<'a> {
    date: Option<&'a str>,
    /// `HH:MM:SS`.
    time: Option<&'a str>,
    /// Digits of the fraction without zeros at the end.
    fraction: &'a str,
    /// Offset as it stands, `+08:05:43`.
    offset: Option<&'a str>,
}

impl<'a> Civil<'a> {
    /// Reads `YYYY-MM-DD`, `HH:MM:SS[.f]` or both with a space between, and an offset behind a time.
    pub(super) fn read(text: &'a str) -> Result<Self, Why> {
        let (date, clock) = match (text.split_once(' '), text.as_bytes().get(2)) {
            (Some((date, clock)), _) => (Some(date), Some(clock)),
            (None, Some(b':')) => (None, Some(text)),
            (None, _) => (Some(text), None),
        };
        date.map_or(Ok(()), check_date)?;
        let Some(clock) = clock else {
            return Ok(Self { date, time: None, fraction: "", offset: None });
        };
        let (clock, offset) = match clock.find(['+', '-']) {
            Some(at) => clock.split_at_checked(at).map(|(clock, offset)| (clock, Some(offset))).ok_or(Why::NoTime)?,
            None => (clock, None),
        };
        offset.map_or(Ok(0), offset_seconds)?;
        let (time, fraction) = clock.split_once('.').map_or((clock, None), |(time, fraction)| (time, Some(fraction)));
        if fraction
            .is_some_and(|digits| digits.is_empty() || digits.len() > 9 || !digits.bytes().all(|byte| byte.is_ascii_digit()))
        {
            return Err(Why::NoTime);
        }
        check_time(time)?;
        Ok(Self { date, time: Some(time), fraction: fraction.unwrap_or_default().trim_end_matches('0'), offset })
    }

    pub(super) fn date_alone(self) -> Result<String, Why> {
        let midnight = self.time.is_none_or(|time| time == "00:00:00" && self.fraction.is_empty());
        let date = self.date.filter(|_| midnight).ok_or(Why::DateOrTime)?;
        Ok(date.to_string())
    }

    pub(super) fn time_alone(self, fraction: u8) -> Result<String, Why> {
        if self.date.is_some() || self.offset.is_some() {
            return Err(Why::DateOrTime);
        }
        self.clock(fraction)
    }

    pub(super) fn timestamp(self, fraction: u8) -> Result<String, Why> {
        let date = self.date.ok_or(Why::DateOrTime)?;
        Ok(format!("{date} {}", self.clock(fraction)?))
    }

    pub(super) fn instant(self, fraction: u8) -> Result<String, Why> {
        let civil = self.timestamp(fraction)?;
        let offset = self.offset.ok_or(Why::NoOffset)?;
        Ok(format!("{civil}{offset}"))
    }

    /// Gives what was read, without zeros at the fraction's end.
    pub(super) fn as_it_stands(self) -> Result<String, Why> {
        let clock = self.time.map(|_| self.clock(9)).transpose()?;
        let gap = if self.date.is_some() && clock.is_some() { " " } else { "" };
        let (date, offset) = (self.date.unwrap_or_default(), self.offset.unwrap_or_default());
        Ok(format!("{date}{gap}{}{offset}", clock.unwrap_or_default()))
    }

    fn clock(self, fraction: u8) -> Result<String, Why> {
        let time = self.time.unwrap_or("00:00:00");
        let has = u8::try_from(self.fraction.len()).unwrap_or(u8::MAX);
        match has {
            0 => Ok(time.to_string()),
            _ if has > fraction => Err(Why::Fraction { max: fraction, has }),
            _ => Ok(format!("{time}.{}", self.fraction)),
        }
    }
}

/// Gives the civil part of a portable timestamp: its offset, where it has one, is left out.
///
/// # Errors
/// [`Why`] when the text is no timestamp.
pub fn to_civil(text: &str) -> Result<String, Why> {
    Civil::read(text)?.timestamp(9)
}

/// Gives the civil time at UTC of a portable timestamp with an offset.
///
/// # Errors
/// [`Why`] when the text is none, or the instant is not of the years 0001 to 9999 at UTC.
pub fn to_utc(text: &str) -> Result<String, Why> {
    let read = Civil::read(text)?;
    let offset = offset_seconds(read.offset.ok_or(Why::NoOffset)?)?;
    let civil: DateTime = read.timestamp(9)?.parse().map_err(|_| Why::NoTime)?;
    let utc = civil.checked_sub(SignedDuration::from_secs(offset)).map_err(|_| Why::DateRange)?;
    shown(utc).ok_or(Why::DateRange)
}

/// Gives a civil time so many seconds later in its portable form; `None` outside the years 0001 to 9999.
pub(super) fn later(civil: DateTime, seconds: i64) -> Option<String> {
    shown(civil.checked_add(SignedDuration::from_secs(seconds)).ok()?)
}

/// Writes a civil time in its portable form; `None` outside the years 0001 to 9999.
fn shown(civil: DateTime) -> Option<String> {
    let nanos = format!("{:09}", civil.subsec_nanosecond());
    let fraction = nanos.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    let date = format!("{:04}-{:02}-{:02}", civil.year(), civil.month(), civil.day());
    (civil.year() >= 1)
        .then(|| format!("{date} {:02}:{:02}:{:02}{point}{fraction}", civil.hour(), civil.minute(), civil.second()))
}

/// Reads two digits at a place.
fn two(text: &str, at: usize) -> Option<u32> {
    let digits = text.get(at..at + 2).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    digits.parse().ok()
}

fn check_date(text: &str) -> Result<(), Why> {
    let bytes = text.as_bytes();
    let form = bytes.len() == 10 && bytes.get(4) == Some(&b'-') && bytes.get(7) == Some(&b'-');
    let read = || Some((two(text, 0)? * 100 + two(text, 2)?, two(text, 5)?, two(text, 8)?));
    let (year, month, day) = read().filter(|_| form).ok_or(Why::NoTime)?;
    let right = year >= 1 && (1..=days(year, month)).contains(&day);
    if right { Ok(()) } else { Err(Why::DateRange) }
}

fn days(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        1..=12 => 31,
        _ => 0,
    }
}

fn check_time(text: &str) -> Result<(), Why> {
    let bytes = text.as_bytes();
    let form = bytes.len() == 8 && bytes.get(2) == Some(&b':') && bytes.get(5) == Some(&b':');
    let read = || Some((two(text, 0)?, two(text, 3)?, two(text, 6)?));
    let (hour, minute, second) = read().filter(|_| form).ok_or(Why::NoTime)?;
    if hour <= 23 && minute <= 59 && second <= 59 { Ok(()) } else { Err(Why::TimeRange) }
}

/// Reads `+HH:MM[:SS]`, less than 16 hours.
fn offset_seconds(text: &str) -> Result<i64, Why> {
    let sign = match text.bytes().next() {
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return Err(Why::NoTime),
    };
    let clock = text.get(1..).unwrap_or_default();
    let form = matches!(clock.len(), 5 | 8) && clock.bytes().skip(2).step_by(3).all(|byte| byte == b':');
    let seconds = if clock.len() == 8 { two(clock, 6) } else { Some(0) };
    let read = || Some((two(clock, 0)?, two(clock, 3)?, seconds?));
    let (hour, minute, second) = read().filter(|_| form).ok_or(Why::NoTime)?;
    if hour > 15 || minute > 59 || second > 59 {
        return Err(Why::NoTime);
    }
    Ok(sign * i64::from(hour * 3600 + minute * 60 + second))
}
