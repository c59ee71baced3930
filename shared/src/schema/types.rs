//! The types of a structure, by one name for all databases.
//!
//! Given: the words of a document, `decimal(15,4)`. Gives: a type; which values of one type survive in another. Never: a conversion that rounds, cuts or
//! depends on how a database prints a value.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Most characters of a text with a width: as many as PostgreSQL takes.
const TEXT_MAX: u32 = 10_485_760;
/// Most digits of a decimal number: as many as Oracle takes.
const PRECISION_MAX: u8 = 38;
/// Most digits behind the point: as many as MariaDB takes.
const SCALE_MAX: u8 = 30;

/// A type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ColumnType {
    /// Text of so many characters at most; `None` without a width.
    Text(Option<u32>),
    /// Bytes.
    Bytes,
    /// Whole numbers of 16, 32 or 64 bits.
    Integer(u8),
    /// Decimal numbers: digits in all, digits behind the point.
    Decimal(u8, u8),
    /// Binary floating point of 64 bits.
    Double,
    /// True and false.
    Boolean,
    /// A day.
    Date,
    /// A time of day with so many digits of a second.
    Time(u8),
    /// A civil time with so many digits of a second.
    Timestamp(u8),
    /// An instant with so many digits of a second.
    TimestampTz(u8),
}

/// Tells that words name no type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "没有类型 {0}；有 text(n) text bytes smallint integer bigint decimal(p,s) double boolean date time(f) timestamp(f) timestamp-tz(f) / there is no type {0}"
)]
pub struct UnknownType(pub String);

impl FromStr for ColumnType {
    type Err = UnknownType;

    fn from_str(words: &str) -> Result<Self, UnknownType> {
        let unknown = || UnknownType(words.chars().take(40).collect());
        let (name, numbers) = match words.split_once('(') {
            Some((name, rest)) => (name, rest.strip_suffix(')').ok_or_else(unknown)?.split(',').collect()),
            None => (words, Vec::new()),
        };
        let numbers: Vec<u32> = numbers.iter().map(|number| digits(number)).collect::<Option<_>>().ok_or_else(unknown)?;
        of_parts(name, &numbers).filter(|found| found.to_string() == words || numbers.is_empty()).ok_or_else(unknown)
    }
}

/// Reads a plain number: no sign, no blank, no leading zero.
fn digits(text: &str) -> Option<u32> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| plain)
}

fn of_parts(name: &str, numbers: &[u32]) -> Option<ColumnType> {
    let fraction = |numbers: &[u32]| match numbers {
        [] => Some(0),
        [most] => u8::try_from(*most).ok().filter(|most| *most <= 6),
        _ => None,
    };
    Some(match (name, numbers) {
        ("text", []) => ColumnType::Text(None),
        ("text", [most]) if (1..=TEXT_MAX).contains(most) => ColumnType::Text(Some(*most)),
        ("bytes", []) => ColumnType::Bytes,
        ("smallint", []) => ColumnType::Integer(16),
        ("integer", []) => ColumnType::Integer(32),
        ("bigint", []) => ColumnType::Integer(64),
        ("decimal", [precision, scale]) => {
            let (precision, scale) = (u8::try_from(*precision).ok()?, u8::try_from(*scale).ok()?);
            let fits = (1..=PRECISION_MAX).contains(&precision) && scale <= precision.min(SCALE_MAX);
            return fits.then_some(ColumnType::Decimal(precision, scale));
        }
        ("double", []) => ColumnType::Double,
        ("boolean", []) => ColumnType::Boolean,
        ("date", []) => ColumnType::Date,
        ("time", numbers) => ColumnType::Time(fraction(numbers)?),
        ("timestamp", numbers) => ColumnType::Timestamp(fraction(numbers)?),
        ("timestamp-tz", numbers) => ColumnType::TimestampTz(fraction(numbers)?),
        _ => return None,
    })
}

impl fmt::Display for ColumnType {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(None) => out.write_str("text"),
            Self::Text(Some(most)) => write!(out, "text({most})"),
            Self::Bytes => out.write_str("bytes"),
            Self::Integer(16) => out.write_str("smallint"),
            Self::Integer(32) => out.write_str("integer"),
            Self::Integer(_) => out.write_str("bigint"),
            Self::Decimal(precision, scale) => write!(out, "decimal({precision},{scale})"),
            Self::Double => out.write_str("double"),
            Self::Boolean => out.write_str("boolean"),
            Self::Date => out.write_str("date"),
            Self::Time(fraction) => write!(out, "time({fraction})"),
            Self::Timestamp(fraction) => write!(out, "timestamp({fraction})"),
            Self::TimestampTz(fraction) => write!(out, "timestamp-tz({fraction})"),
        }
    }
}

impl TryFrom<String> for ColumnType {
    type Error = UnknownType;

    fn try_from(words: String) -> Result<Self, UnknownType> {
        words.parse()
    }
}

impl From<ColumnType> for String {
    fn from(kind: ColumnType) -> Self {
        kind.to_string()
    }
}

/// Which values of a column survive a new type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Survival {
    /// Each of them, whatever it is.
    All,
    /// Those that fit; the others have to be counted, and their number has to be 0.
    Counted,
}

impl ColumnType {
    /// Tells whether this one takes each value of `old`, and is of its family: what `widen` may do.
    pub fn widens(self, old: Self) -> bool {
        self != old
            && match (old, self) {
                (Self::Text(Some(_)), Self::Text(None)) => true,
                (Self::Text(Some(had)), Self::Text(Some(has))) => has > had,
                (Self::Integer(had), Self::Integer(has)) => has > had,
                (Self::Decimal(p, s), Self::Decimal(q, t)) => t >= s && q - t >= p - s,
                (Self::Time(had), Self::Time(has))
                | (Self::Timestamp(had), Self::Timestamp(has))
                | (Self::TimestampTz(had), Self::TimestampTz(has)) => has > had,
                _ => false,
            }
    }

    /// Tells which values of `old` survive as this type; `None` where no database does that as every other.
    pub fn survival(self, old: Self) -> Option<Survival> {
        if self == old || self.widens(old) {
            return Some(Survival::All);
        }
        let whole = |digits: u8, most: u8| if digits >= most { Survival::All } else { Survival::Counted };
        Some(match (old, self) {
            (Self::Text(_), Self::Text(_) | Self::Integer(_) | Self::Decimal(..)) => Survival::Counted,
            (Self::Integer(_), Self::Integer(_)) | (Self::Decimal(..), Self::Decimal(..) | Self::Integer(_)) => {
                Survival::Counted
            }
            (Self::Integer(bits), Self::Decimal(p, s)) => whole(p - s, integer_digits(bits)),
            (Self::Integer(_) | Self::Decimal(..) | Self::Date, Self::Text(None)) => Survival::All,
            (Self::Integer(_) | Self::Decimal(..) | Self::Date, Self::Text(Some(most))) => {
                if most >= old.printed() {
                    Survival::All
                } else {
                    Survival::Counted
                }
            }
            (Self::Date, Self::Timestamp(_)) => Survival::All,
            _ => return None,
        })
    }

    /// Most characters of a value as text, of those types that are printed alike everywhere.
    fn printed(self) -> u32 {
        match self {
            Self::Integer(bits) => u32::from(integer_digits(bits)) + 1,
            Self::Decimal(precision, 0) => u32::from(precision) + 1,
            // A sign, a point, and a zero before it.
            Self::Decimal(precision, _) => u32::from(precision) + 3,
            _ => 10,
        }
    }
}

/// Most digits of a whole number of so many bits.
fn integer_digits(bits: u8) -> u8 {
    match bits {
        16 => 5,
        32 => 10,
        _ => 19,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(words: &str) -> ColumnType {
        words.parse().unwrap()
    }

    #[test]
    fn types_read_back_as_they_were_written() {
        for words in ["text", "text(4000)", "bytes", "smallint", "decimal(15,4)", "decimal(1,0)", "timestamp(6)", "time(0)"] {
            assert_eq!(kind(words).to_string(), words);
        }
        assert_eq!(kind("timestamp"), ColumnType::Timestamp(0));
    }

    #[test]
    fn words_that_are_no_type_are_refused() {
        for words in [
            "",
            "varchar(3)",
            "text(0)",
            "text(01)",
            "text( 3)",
            "text(3",
            "text(3))",
            "decimal(39,0)",
            "decimal(3,4)",
            "time(7)",
        ] {
            assert!(words.parse::<ColumnType>().is_err(), "{words}");
        }
        for words in ["decimal(3)", "text(99999999999)", "text(-1)", "text(3);DROP", "text(3,3)", "double(1)"] {
            assert!(words.parse::<ColumnType>().is_err(), "{words}");
        }
    }

    #[test]
    fn only_what_takes_every_value_widens() {
        assert!(kind("text(4000)").widens(kind("text(100)")));
        assert!(kind("text").widens(kind("text(100)")));
        assert!(!kind("text(100)").widens(kind("text(100)")));
        assert!(kind("decimal(15,4)").widens(kind("decimal(13,2)")));
        assert!(!kind("decimal(15,4)").widens(kind("decimal(15,2)")), "four digits before the point less");
        assert!(!kind("text(100)").widens(kind("decimal(1,0)")));
    }

    #[test]
    fn a_number_of_one_digit_survives_as_text_and_not_the_other_way_round() {
        assert_eq!(kind("text(100)").survival(kind("decimal(1,0)")), Some(Survival::All));
        assert_eq!(kind("text(1)").survival(kind("decimal(1,0)")), Some(Survival::Counted), "a sign needs a place");
        assert_eq!(kind("decimal(1,0)").survival(kind("text(100)")), Some(Survival::Counted));
        assert_eq!(kind("decimal(5,0)").survival(kind("smallint")), Some(Survival::All));
        assert_eq!(kind("decimal(4,0)").survival(kind("smallint")), Some(Survival::Counted));
        assert_eq!(kind("text").survival(kind("double")), None, "each database prints it in its own way");
    }
}
