//! Civil times as they are written in messages and logs (北京时间).
//!
//! A time without an offset is what the clock on the wall of the bureau showed. One with an offset is turned into that by the fixed offset
//! of +08:00; no time zone's history is asked for, so that the same bytes mean the same day on every machine.

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime};

/// The offset of the field's civil time, in seconds.
const OFFSET_SECONDS: i64 = 8 * 3600;

/// Reads a time: `2024-03-15T10:21:33`, with a fraction or an offset, with a space for the `T`, or a date alone, which is midnight.
///
/// The compact forms of logs and file names (`20240315`, `20240315213000`) are read too. Nothing else is.
pub fn time(text: &str) -> Option<DateTime> {
    let bytes = text.as_bytes();
    if bytes.iter().all(u8::is_ascii_digit) {
        return match bytes.len() {
            8 => Some(date_at(bytes, false)?.to_datetime(jiff::civil::Time::midnight())),
            14 => at_time(date_at(bytes, false)?, number(bytes, 8, 2)?, number(bytes, 10, 2)?, number(bytes, 12, 2)?),
            _ => None,
        };
    }
    let date = date_at(bytes, true)?;
    let rest = bytes.get(10..)?;
    let clock = match rest {
        [b'T' | b' ', clock @ ..] => clock,
        // The day is as it is written, also where an offset follows it.
        zone => return offset(zone).map(|_| date.to_datetime(jiff::civil::Time::midnight())),
    };
    if clock.get(2) != Some(&b':') || clock.get(5) != Some(&b':') {
        return None;
    }
    let time = at_time(date, number(clock, 0, 2)?, number(clock, 3, 2)?, number(clock, 6, 2)?)?;
    let written = clock.get(8..)?;
    let fraction = match written {
        [b'.', digits @ ..] => 1 + digits.iter().take_while(|digit| digit.is_ascii_digit()).count(),
        _ => 0,
    };
    if fraction == 1 || fraction > 10 {
        return None;
    }
    match offset(written.get(fraction..)?)? {
        None => Some(time),
        Some(seconds) => time.checked_add(SignedDuration::from_secs(OFFSET_SECONDS - seconds)).ok(),
    }
}

/// Reads the business day of a time: its civil date.
pub fn day(text: &str) -> Option<Date> {
    time(text).map(|time| time.date())
}

/// Reads the six digits `yyMMdd` of a message's id; the century is this one.
pub fn short_day(digits: &str) -> Option<Date> {
    let bytes = digits.as_bytes();
    if bytes.len() != 6 {
        return None;
    }
    let (year, month, day) = (number(bytes, 0, 2)?, number(bytes, 2, 2)?, number(bytes, 4, 2)?);
    Date::new(2000 + year, small(month)?, small(day)?).ok()
}

/// Tells whether the text is how messages write a time: a date, or date and time parted by `T`, with or without an offset.
pub fn is_plain(text: &str) -> bool {
    text.as_bytes().get(4) == Some(&b'-') && text.as_bytes().get(10) != Some(&b' ') && time(text).is_some()
}

fn date_at(bytes: &[u8], dashed: bool) -> Option<Date> {
    let (month, day) = if dashed { (5, 8) } else { (4, 6) };
    if dashed && (bytes.get(4) != Some(&b'-') || bytes.get(7) != Some(&b'-')) {
        return None;
    }
    Date::new(number(bytes, 0, 4)?, small(number(bytes, month, 2)?)?, small(number(bytes, day, 2)?)?).ok()
}

fn at_time(date: Date, hour: i16, minute: i16, second: i16) -> Option<DateTime> {
    let time = jiff::civil::Time::new(small(hour)?, small(minute)?, small(second)?, 0).ok()?;
    Some(date.to_datetime(time))
}

/// Reads what follows the seconds: nothing, `Z`, or `+08:00`.
fn offset(written: &[u8]) -> Option<Option<i64>> {
    let (sign, rest) = match written {
        [] => return Some(None),
        [b'Z'] => return Some(Some(0)),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    if rest.len() != 5 || rest.get(2) != Some(&b':') {
        return None;
    }
    let (hours, minutes) = (i64::from(number(rest, 0, 2)?), i64::from(number(rest, 3, 2)?));
    (hours <= 14 && minutes < 60).then_some(Some(sign * (hours * 3600 + minutes * 60)))
}

fn number(bytes: &[u8], at: usize, digits: usize) -> Option<i16> {
    let text = bytes.get(at..at + digits)?;
    text.iter().try_fold(0_i16, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + i16::from(digit - b'0')))
}

fn small(value: i16) -> Option<i8> {
    i8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<String> {
        time(text).map(|time| time.to_string())
    }

    #[test]
    fn a_time_is_read_as_it_is_written() {
        for (written, read) in [
            ("2024-03-15T10:21:33", "2024-03-15T10:21:33"),
            ("2024-03-15 10:21:33", "2024-03-15T10:21:33"),
            ("2024-03-15T10:21:33.123", "2024-03-15T10:21:33"),
            ("2024-03-15", "2024-03-15T00:00:00"),
            ("2024-03-15+08:00", "2024-03-15T00:00:00"),
            ("20240315", "2024-03-15T00:00:00"),
            ("20240315213000", "2024-03-15T21:30:00"),
            ("2024-02-29", "2024-02-29T00:00:00"),
        ] {
            assert_eq!(shown(written).as_deref(), Some(read), "{written}");
        }
    }

    #[test]
    fn an_offset_is_taken_at_fixed_eight_hours() {
        for (written, day_read) in [
            ("2024-03-15T23:59:59+08:00", "2024-03-15"),
            ("2024-03-15T16:00:00Z", "2024-03-16"),
            ("2024-03-15T15:59:59Z", "2024-03-15"),
            ("2024-03-15T20:00:00-04:00", "2024-03-16"),
            ("1989-06-01T23:30:00+09:00", "1989-06-01"),
        ] {
            assert_eq!(day(written).map(|day| day.to_string()).as_deref(), Some(day_read), "{written}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for written in [
            "",
            "/",
            "2024",
            "2024-3-15",
            "2023-02-29",
            "2024-13-01",
            "2024-03-15T24:00:00",
            "2024-03-15T10:21",
            "2024-03-15T10:21:33.",
            "2024-03-15T10:21:33+8",
            "2024-03-15T10:21:33+99:00",
            "2024/03/15",
            "2024-03-15Tx",
            "２０２４-03-15",
            "99999999",
        ] {
            assert_eq!(time(written), None, "{written}");
        }
    }

    #[test]
    fn a_day_of_six_digits_is_of_this_century() {
        assert_eq!(short_day("240315").map(|day| day.to_string()).as_deref(), Some("2024-03-15"));
        assert_eq!(short_day("241332"), None);
    }
}
