//! The spellings of nothing, and values made alike for comparing.
//!
//! The old edition leaves an attribute out, or writes an empty one or the date 0001-01-01; the new edition writes `/` for a text, 0 for an
//! amount, -1 for a count, and 1900-01-01 for a date. Comparing takes them all for the same; carrying never changes them.

use std::borrow::Cow;

use super::catalogue::ColumnType;
use super::civil;

/// Tells whether a value says nothing, whatever its column is of: empty, white space, or `/`.
pub fn is_blank(value: &str) -> bool {
    matches!(value.trim(), "" | "/")
}

/// Tells whether a value of a column says nothing. An amount of 0 may be meant, and is something.
pub fn is_nothing(value: &str, of: ColumnType) -> bool {
    let value = value.trim();
    match of {
        _ if is_blank(value) => true,
        ColumnType::Integer => value == "-1",
        ColumnType::Date => value.starts_with("1900-01-01") || value.starts_with("0001-01-01"),
        ColumnType::Text | ColumnType::Decimal => false,
    }
}

/// Gives a value's form for comparing: nothing for every spelling of it (an amount of 0 too), half-width letters, no space in it, numbers and
/// times by what they mean.
pub fn alike(value: &str, of: ColumnType) -> Option<Cow<'_, str>> {
    if is_nothing(value, of) {
        return None;
    }
    match of {
        ColumnType::Decimal | ColumnType::Integer => match decimal(value.trim()) {
            Some(number) => (number != "0").then_some(Cow::Owned(number)),
            None => Some(half_width(value)),
        },
        ColumnType::Date => match civil::time(value.trim()) {
            Some(time) => Some(Cow::Owned(time.to_string())),
            None => Some(half_width(value)),
        },
        ColumnType::Text => Some(half_width(value)),
    }
}

/// Gives a text with full-width ASCII as half-width and without white space.
pub fn half_width(value: &str) -> Cow<'_, str> {
    if !value.chars().any(|letter| letter.is_whitespace() || matches!(letter, '\u{ff01}'..='\u{ff5e}')) {
        return Cow::Borrowed(value);
    }
    let narrow = |letter: char| match letter {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter) - 0xfee0).unwrap_or(letter),
        _ => letter,
    };
    Cow::Owned(value.chars().filter(|letter| !letter.is_whitespace()).map(narrow).collect())
}

/// Most digits of a number, and the farthest its point is moved.
const DIGITS_MAX: usize = 60;
const EXPONENT_MAX: i32 = 40;

/// Gives the shortest form of a decimal number, `None` when the text is none. `4.156E7`, as some programs write, is one.
pub fn decimal(text: &str) -> Option<String> {
    let (mantissa, exponent) = match text.split_once(['E', 'e']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse().ok().filter(|by: &i32| by.abs() <= EXPONENT_MAX)?),
        None => (text, 0),
    };
    let (sign, digits) = match mantissa.strip_prefix(['-', '+']) {
        Some(digits) if mantissa.starts_with('-') => ("-", digits),
        Some(digits) => ("", digits),
        None => ("", mantissa),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && part.is_empty()) || !is_digits(whole) || !is_digits(part) || digits.len() > DIGITS_MAX {
        return None;
    }
    let (whole, part) = moved(whole, part, exponent);
    let (whole, part) = (whole.trim_start_matches('0'), part.trim_end_matches('0'));
    Some(match (whole, part) {
        ("", "") => "0".to_string(),
        (_, "") => format!("{sign}{whole}"),
        ("", _) => format!("{sign}0.{part}"),
        _ => format!("{sign}{whole}.{part}"),
    })
}

/// Moves the point by so many places, to the right where `by` is positive.
fn moved(whole: &str, part: &str, by: i32) -> (String, String) {
    let (mut whole, mut part) = (whole.to_string(), part.to_string());
    for _ in 0..by {
        whole.push(if part.is_empty() { '0' } else { part.remove(0) });
    }
    for _ in by..0 {
        part.insert(0, whole.pop().unwrap_or('0'));
    }
    (whole, part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_nothing_is_alike() {
        for (value, of) in [
            ("", ColumnType::Text),
            ("/", ColumnType::Text),
            (" ", ColumnType::Text),
            ("0.00", ColumnType::Decimal),
            ("0.0000", ColumnType::Decimal),
            ("-1", ColumnType::Integer),
            ("1900-01-01T00:00:00", ColumnType::Date),
            ("1900-01-01", ColumnType::Date),
            ("0001-01-01T00:00:00", ColumnType::Date),
            ("/", ColumnType::Decimal),
        ] {
            assert_eq!(alike(value, of), None, "{value:?}");
        }
    }

    #[test]
    fn what_means_the_same_is_alike() {
        for (one, other, of) in [
            ("98.360", "98.36", ColumnType::Decimal),
            ("+5", "05.0", ColumnType::Decimal),
            ("4.156201025E7", "41562010.25", ColumnType::Decimal),
            ("1.5e-3", "0.0015", ColumnType::Decimal),
            ("蒙（2024）阿荣旗", "蒙(2024) 阿荣旗", ColumnType::Text),
            ("2024-03-15T10:00:00+08:00", "2024-03-15 10:00:00", ColumnType::Date),
        ] {
            assert_eq!(alike(one, of), alike(other, of));
        }
        for text in ["", ".", "-", "1,5", "1.2.3", "E5", "1E", "1E999", "１", "--1", "9".repeat(61).as_str()] {
            assert_eq!(decimal(text), None, "{text}");
        }
        assert_ne!(alike("1", ColumnType::Text), alike("01", ColumnType::Text));
        assert_ne!(alike("-5", ColumnType::Decimal), alike("5", ColumnType::Decimal));
    }
}
