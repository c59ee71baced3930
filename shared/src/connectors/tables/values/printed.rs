//! From what databases print to the portable form of dates and times.

use super::Why;
use super::civil::Civil;

/// Turns a date, time or timestamp as PostgreSQL prints it (`DateStyle` ISO) into its portable form.
///
/// An offset of hours alone gets its minutes; zeros at a fraction's end go.
///
/// # Errors
/// `date-out-of-range` for infinity, BC and years above 9999, `time-out-of-range` for 24:00:00, `not-a-time` for anything else.
pub fn from_postgres(text: &str) -> Result<String, Why> {
    let year = text.split('-').next().unwrap_or_default();
    let five_digits = year.len() > 4 && year.bytes().all(|byte| byte.is_ascii_digit());
    if matches!(text, "infinity" | "-infinity") || text.ends_with(" BC") || five_digits {
        return Err(Why::DateRange);
    }
    let clock = text.find(':').and_then(|at| text.get(at..).and_then(|clock| clock.find(['+', '-'])).map(|offset| at + offset));
    let minutes = clock.is_some_and(|at| text.len() == at + 3);
    portable(&if minutes { format!("{text}:00") } else { text.to_string() })
}

/// Turns a date, time or timestamp as MariaDB and MySQL print it into its portable form.
///
/// # Errors
/// `date-out-of-range` for `0000-00-00` and for days or months of zero, `time-out-of-range` for times below zero or of a day and more,
/// `not-a-time` for anything else.
pub fn from_mariadb(text: &str) -> Result<String, Why> {
    let hours = text.split(':').next().unwrap_or_default();
    let long = text.contains(':') && hours.len() > 2 && hours.bytes().all(|byte| byte.is_ascii_digit());
    if text.starts_with('-') || long {
        return Err(Why::TimeRange);
    }
    portable(text)
}

fn portable(text: &str) -> Result<String, Why> {
    Civil::read(text)?.as_it_stands()
}
