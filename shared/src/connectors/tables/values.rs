//! What a column takes, and why a value does not fit it.
//!
//! Given: a column as its database describes it, and a value in its portable form. Gives: the value in the form in which that column takes it, or
//! the misfit with column, limit and what the value has. Never: a value that is cut, rounded, replaced or guessed; more of a value in a sentence
//! than one character.
//!
//! Between kinds goes only what loses nothing: `true` ⇄ 1, a number into a column of another kind of number that holds exactly it, a date into a
//! timestamp (midnight) and back, a time with zone into one without (its civil part), anything that is text into text.

mod characters;
mod civil;
mod misfit;
mod numbers;
mod printed;
mod shanghai;
#[cfg(test)]
mod tests;

pub use characters::Charset;
pub use civil::{to_civil, to_utc};
pub use misfit::{Misfit, Why};
pub use numbers::float_text;
pub use printed::{from_mariadb, from_postgres};
pub use shanghai::in_shanghai;

use crate::connectors::tables::{Cells, VALUE_MAX, Value};
use civil::Civil;
use numbers::Decimal;
use std::borrow::Cow;

/// A column of a sink's table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name, as the database spells it.
    pub name: String,
    /// What it takes.
    pub kind: Kind,
    /// Whether it takes NULL.
    pub nullable: bool,
    /// Whether it is of the primary key.
    pub in_key: bool,
}

/// What a column takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Whole numbers of so many bits (8, 16, 24, 32, 64).
    Integer {
        /// Bits, at most 64.
        bits: u8,
        /// Without a sign.
        unsigned: bool,
    },
    /// Decimal numbers.
    Numeric {
        /// Digits in all; `None` where the database sets no limit.
        precision: Option<u32>,
        /// Digits behind the point; negative where the last digits before it are zeros. Nothing when `precision` is `None`.
        scale: i32,
    },
    /// Binary floating point, 32 or 64 bits.
    Float {
        /// Bits.
        bits: u8,
    },
    /// True and false.
    Bool,
    /// Text.
    Text {
        /// Most of the unit; `None` for text without a limit of its own.
        max: Option<u64>,
        /// What is counted.
        unit: Unit,
        /// The characters it can hold.
        charset: Charset,
    },
    /// Bytes.
    Bytes {
        /// Most bytes.
        max: Option<u64>,
    },
    /// A day.
    Date,
    /// A time of day.
    Time {
        /// Digits of the fraction.
        fraction: u8,
    },
    /// A civil time.
    Timestamp {
        /// Digits of the fraction.
        fraction: u8,
    },
    /// An instant.
    TimestampTz {
        /// Digits of the fraction.
        fraction: u8,
    },
    /// A UUID.
    Uuid,
    /// JSON.
    Json,
    /// One of these labels.
    Enum {
        /// The labels.
        labels: Vec<String>,
    },
}

/// What the width of a text column counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Characters (code points).
    Chars,
    /// Bytes in the column's character set.
    Bytes,
    /// Units of UTF-16, as Oracle's national types count.
    Utf16,
}

/// Tells whether a column takes a value.
///
/// # Errors
/// [`Misfit`], which says why not.
pub fn fits(column: &Column, value: &Value) -> Result<(), Misfit> {
    taken(column, value).map(drop)
}

/// Gives a value in the form in which the column takes it: mostly as it is.
///
/// # Errors
/// [`Misfit`] when the column does not take it.
pub fn taken<'a>(column: &Column, value: &'a Value) -> Result<Cow<'a, Value>, Misfit> {
    let misfit = |why| Misfit { column: column.name.clone(), why };
    let length = value.bytes();
    if length > VALUE_MAX {
        return Err(misfit(Why::TooLong { max: VALUE_MAX, has: length, unit: Unit::Bytes }));
    }
    match value {
        Value::Null if column.nullable => Ok(Cow::Borrowed(value)),
        Value::Null => Err(misfit(Why::Null)),
        Value::Bytes(bytes) => bytes_fit(&column.kind, bytes.len() as u64).map(|()| Cow::Borrowed(value)).map_err(misfit),
        Value::Text(text) if column.in_key && is_number(&column.kind) && leads_with_zero(text) => {
            Err(misfit(Why::LeadingZeros))
        }
        Value::Text(text) => text_taken(&column.kind, text).map_err(misfit).map(|taken| match taken {
            same if same == text.as_str() => Cow::Borrowed(value),
            other => Cow::Owned(Value::Text(other.into_owned())),
        }),
    }
}

/// Gives a row in the form in which a table's columns take it, in the row's order; the row itself where that is the same.
///
/// # Errors
/// The first [`Misfit`]; a column that the table does not have is one.
pub fn row_taken<'a>(columns: &[Column], row: &'a Cells) -> Result<Cow<'a, Cells>, Misfit> {
    let mut given = Cow::Borrowed(row);
    for (at, (name, value)) in row.iter().enumerate() {
        // Mostly it stands where the table has it.
        let in_place = columns.get(at).filter(|column| column.name == *name);
        let known = in_place.or_else(|| columns.iter().find(|column| column.name == *name));
        let column = known.ok_or_else(|| Misfit { column: name.into(), why: Why::NoSuchColumn })?;
        if let Cow::Owned(other) = taken(column, value)?
            && let Some((_, cell)) = given.to_mut().get_mut(at)
        {
            *cell = other;
        }
    }
    Ok(given)
}

fn bytes_fit(kind: &Kind, has: u64) -> Result<(), Why> {
    match kind {
        Kind::Bytes { max: Some(max) } if has > *max => Err(Why::TooLong { max: *max, has, unit: Unit::Bytes }),
        Kind::Bytes { .. } => Ok(()),
        _ => Err(Why::BytesForText),
    }
}

fn text_taken<'a>(kind: &Kind, text: &'a str) -> Result<Cow<'a, str>, Why> {
    let same = Cow::Borrowed(text);
    match kind {
        Kind::Integer { bits, unsigned } => integer(*bits, *unsigned, text),
        Kind::Numeric { precision, scale } => numeric(*precision, *scale, text),
        Kind::Float { bits } => float(*bits, text).map(|()| same),
        Kind::Bool => boolean(text),
        Kind::Text { max, unit, charset } => text_fits(*max, *unit, *charset, text).map(|()| same),
        Kind::Bytes { .. } => Err(Why::TextForBytes),
        Kind::Date => Civil::read(text)?.date_alone().map(Cow::Owned),
        Kind::Time { fraction } => Civil::read(text)?.time_alone(*fraction).map(Cow::Owned),
        Kind::Timestamp { fraction } => Civil::read(text)?.timestamp(*fraction).map(Cow::Owned),
        Kind::TimestampTz { fraction } => Civil::read(text)?.instant(*fraction).map(Cow::Owned),
        Kind::Uuid => {
            if is_uuid(text) {
                Ok(same)
            } else {
                Err(Why::NoUuid)
            }
        }
        Kind::Json => json(text).map(|()| same),
        Kind::Enum { labels } => {
            if labels.iter().any(|label| label == text) {
                Ok(same)
            } else {
                Err(Why::NoSuchLabel)
            }
        }
    }
}

fn is_number(kind: &Kind) -> bool {
    matches!(kind, Kind::Integer { .. } | Kind::Numeric { .. } | Kind::Float { .. })
}

/// No number is written so: the text is a name made of digits.
fn leads_with_zero(text: &str) -> bool {
    matches!(text.strip_prefix('-').unwrap_or(text).as_bytes(), [b'0', b'0'..=b'9', ..])
}

fn integer(bits: u8, unsigned: bool, text: &str) -> Result<Cow<'_, str>, Why> {
    match text {
        "true" => Ok(Cow::Borrowed("1")),
        "false" => Ok(Cow::Borrowed("0")),
        _ => {
            let whole = Decimal::read(text)?.whole()?;
            let right = numbers::in_range(&whole, bits, unsigned);
            if right { Ok(Cow::Owned(whole)) } else { Err(Why::NumberRange { bits, unsigned }) }
        }
    }
}

fn numeric(precision: Option<u32>, scale: i32, text: &str) -> Result<Cow<'_, str>, Why> {
    let number = Decimal::read(text)?;
    if let Some(precision) = precision {
        number.within(precision, scale)?;
    }
    number.plain().map(|plain| plain.map_or(Cow::Borrowed(text), Cow::Owned))
}

fn float(bits: u8, text: &str) -> Result<(), Why> {
    let number = Decimal::read(text)?;
    let nearest = match bits {
        32 => text.parse::<f32>().ok().filter(|number| number.is_finite()).map(|number| format!("{number:e}")),
        _ => text.parse::<f64>().ok().filter(|number| number.is_finite()).map(|number| format!("{number:e}")),
    };
    let nearest = nearest.ok_or(Why::FloatRange { bits })?;
    if Decimal::read(&nearest)?.same(&number) { Ok(()) } else { Err(Why::FloatDigits { bits }) }
}

fn boolean(text: &str) -> Result<Cow<'_, str>, Why> {
    match text {
        "true" | "false" => Ok(Cow::Borrowed(text)),
        "1" => Ok(Cow::Borrowed("true")),
        "0" => Ok(Cow::Borrowed("false")),
        _ => Err(Why::NoBoolean),
    }
}

fn text_fits(max: Option<u64>, unit: Unit, charset: Charset, text: &str) -> Result<(), Why> {
    let in_charset = charset.length(text).map_err(|character| Why::Character { character, charset })?;
    let Some(max) = max else { return Ok(()) };
    let has = match unit {
        Unit::Chars => text.chars().count() as u64,
        Unit::Bytes => in_charset,
        Unit::Utf16 => text.chars().map(|letter| letter.len_utf16() as u64).sum(),
    };
    if has > max { Err(Why::TooLong { max, has, unit }) } else { Ok(()) }
}

fn is_uuid(text: &str) -> bool {
    let right = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
    };
    text.len() == 36 && text.bytes().enumerate().all(right)
}

/// Tells whether text is JSON, nested at most 128 deep; numbers of any length are.
fn json(text: &str) -> Result<(), Why> {
    serde_json::from_str::<serde::de::IgnoredAny>(text).map(drop).map_err(|_| Why::NoJson)
}
