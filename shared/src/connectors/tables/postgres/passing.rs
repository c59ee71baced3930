//! Values that pass into a column as they stand in a line.
//!
//! Given: a column, and a field of a checked line. Gives: whether the server takes it for exactly what it says. Never: a yes for a value that would be cut,
//! rounded or read as another; nothing is allocated for the forms that values mostly have, and for any other the same rules decide as for single rows.

use crate::connectors::tables::run::{NULL, value_of};
use crate::connectors::tables::values::{Column, Kind, Unit, taken};
use std::borrow::Cow;

/// How deep a JSON may be nested, as `values` has it.
const JSON_DEPTH: usize = 120;

/// A column whose values pass.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passing<'a> {
    column: &'a Column,
    is_bytes: bool,
}

impl<'a> Passing<'a> {
    /// `None` where the column does not take what the run says of its values.
    pub(super) fn of(column: &'a Column, is_bytes: bool) -> Option<Self> {
        (is_bytes == matches!(column.kind, Kind::Bytes { .. })).then_some(Self { column, is_bytes })
    }

    /// Tells whether the column takes every value of a checked line.
    pub(super) fn is_any(&self) -> bool {
        let is_wide = matches!(self.column.kind, Kind::Text { max: None, .. } | Kind::Bytes { max: None });
        is_wide && self.column.nullable
    }

    /// Tells whether the column takes a field as it stands.
    pub(super) fn takes(&self, field: &[u8]) -> bool {
        if field == NULL {
            return self.column.nullable;
        }
        self.takes_at_sight(field) || matches!(taken(self.column, &value_of(field, self.is_bytes)), Ok(Cow::Borrowed(_)))
    }

    fn takes_at_sight(&self, field: &[u8]) -> bool {
        match &self.column.kind {
            Kind::Integer { bits, .. } => is_integer(field, *bits),
            Kind::Numeric { precision, scale } => is_numeric(field, *precision, *scale),
            Kind::Bool => matches!(field, b"true" | b"false"),
            Kind::Text { max: None, .. } | Kind::Bytes { max: None } => true,
            Kind::Text { max: Some(max), unit, .. } => {
                let begins = || field.iter().filter(|byte| **byte & 0xc0 != 0x80).count();
                field.len() as u64 <= *max || (*unit == Unit::Chars && begins() as u64 <= *max)
            }
            Kind::Date => is_date(field),
            Kind::Time { fraction } => is_time(field, *fraction),
            Kind::Timestamp { fraction } => {
                let (date, time) = field.split_at(field.len().min(10));
                is_date(date) && time.strip_prefix(b" ").is_some_and(|time| is_time(time, *fraction))
            }
            // An enumeration's labels the server knows better than what was read of it.
            Kind::Json => field.iter().filter(|byte| matches!(byte, b'{' | b'[')).count() <= JSON_DEPTH && is_json(field),
            Kind::Float { .. } | Kind::TimestampTz { .. } | Kind::Uuid | Kind::Enum { .. } | Kind::Bytes { max: Some(_) } => {
                false
            }
        }
    }
}

/// The server itself refuses what is no JSON; an empty text it would refuse, too.
fn is_json(field: &[u8]) -> bool {
    !field.is_empty()
}

/// So many digits fit whatever they are.
fn is_integer(field: &[u8], bits: u8) -> bool {
    let digits = field.strip_prefix(b"-").unwrap_or(field);
    let most = match bits {
        16 => 4,
        32 => 9,
        64 => 18,
        _ => 0,
    };
    let leads = digits.first() == Some(&b'0') && field.len() > 1;
    (1..=most).contains(&digits.len()) && !leads && digits.iter().all(u8::is_ascii_digit)
}

fn is_numeric(field: &[u8], precision: Option<u32>, scale: i32) -> bool {
    let digits = field.strip_prefix(b"-").unwrap_or(field);
    let point = digits.iter().position(|byte| *byte == b'.');
    let (whole, fraction) = digits.split_at(point.unwrap_or(digits.len()));
    let fraction = fraction.get(1..).unwrap_or_default();
    let are_digits = |digits: &[u8]| digits.iter().all(u8::is_ascii_digit);
    let is_plain = !whole.is_empty() && are_digits(whole) && are_digits(fraction) && (point.is_none() || !fraction.is_empty());
    let has_leading_zero = whole.len() > 1 && whole.first() == Some(&b'0');
    is_plain
        && !has_leading_zero
        && precision.is_none_or(|precision| {
            let (whole, fraction) = (whole.len() as i64, fraction.len() as i64);
            scale >= 0 && fraction <= i64::from(scale) && whole <= i64::from(precision) - i64::from(scale)
        })
}

/// Reads two digits.
fn two(field: &[u8], at: usize) -> Option<u32> {
    match field.get(at..at + 2)? {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => Some(u32::from(tens - b'0') * 10 + u32::from(ones - b'0')),
        _ => None,
    }
}

fn is_date(field: &[u8]) -> bool {
    let parts = (two(field, 0), two(field, 2), two(field, 5), two(field, 8));
    let (Some(century), Some(year), Some(month), Some(day)) = parts else { return false };
    let has_signs = field.len() == 10 && field.get(4) == Some(&b'-') && field.get(7) == Some(&b'-');
    // The last days of a month are looked at closely elsewhere.
    has_signs && (century, year) != (0, 0) && (1..=12).contains(&month) && (1..=28).contains(&day)
}

fn is_time(field: &[u8], digits: u8) -> bool {
    let (Some(hour), Some(minute), Some(second)) = (two(field, 0), two(field, 3), two(field, 6)) else { return false };
    let has_signs = field.get(2) == Some(&b':') && field.get(5) == Some(&b':');
    let fraction = match field.get(8..) {
        Some([]) => true,
        Some([b'.', fraction @ ..]) => {
            (1..=usize::from(digits)).contains(&fraction.len())
                && fraction.iter().all(u8::is_ascii_digit)
                && fraction.last() != Some(&b'0')
        }
        _ => false,
    };
    has_signs && fraction && hour < 24 && minute < 60 && second < 60
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connectors::tables::Value;
    use crate::connectors::tables::run::push_value;
    use crate::connectors::tables::values::Charset;
    use proptest::prelude::*;

    fn kinds() -> Vec<Kind> {
        let text = |max| Kind::Text { max, unit: Unit::Chars, charset: Charset::Utf8 };
        vec![
            Kind::Integer { bits: 16, unsigned: false },
            Kind::Integer { bits: 32, unsigned: false },
            Kind::Integer { bits: 64, unsigned: false },
            Kind::Numeric { precision: None, scale: 0 },
            Kind::Numeric { precision: Some(5), scale: 2 },
            Kind::Numeric { precision: Some(5), scale: 7 },
            Kind::Numeric { precision: Some(5), scale: -2 },
            Kind::Float { bits: 32 },
            Kind::Float { bits: 64 },
            Kind::Bool,
            text(None),
            text(Some(3)),
            Kind::Text { max: Some(3), unit: Unit::Bytes, charset: Charset::Utf8 },
            Kind::Date,
            Kind::Time { fraction: 3 },
            Kind::Timestamp { fraction: 6 },
            Kind::TimestampTz { fraction: 6 },
            Kind::Uuid,
            Kind::Enum { labels: vec!["a".to_owned()] },
        ]
    }

    const VALUES: &[&str] = &[
        "0",
        "-0",
        "00",
        "01",
        "7",
        "-7",
        "9999",
        "32767",
        "32768",
        "99999",
        "1.5",
        "1.50",
        "1.500",
        "123.45",
        "1234.5",
        "999.999",
        "0.0012345",
        ".5",
        "5.",
        "1e5",
        "1e300",
        "NaN",
        "Infinity",
        "0x1F",
        "1_000",
        "+1",
        "",
        " 1",
        "true",
        "t",
        "1 ",
        "abc",
        "abcd",
        "𬭚䶮㛃",
        "𬭚䶮㛃龘",
        "a\tb",
        "\\N",
        "2024-02-29",
        "2023-02-29",
        "0000-01-01",
        "9999-12-31",
        "2024-01-31",
        "12:00:00",
        "24:00:00",
        "23:59:60",
        "12:00:00.123",
        "12:00:00.1234",
        "12:00:00.120",
        "2024-01-02 03:04:05",
        "2024-01-02 03:04:05.000001",
        "2024-01-02T03:04:05",
        "2024-01-02 03:04:05+08:00",
        "2024-01-02 00:00:00",
        "a",
        "A",
        "0f8fad5b-d9cb-469f-a165-70867728950e",
        "0F8FAD5B-D9CB-469F-A165-70867728950E",
        "today",
        "allballs",
        "1.2345678901234567",
        "0.1",
        "16777217",
    ];

    /// What passes must be what single rows take, unchanged.
    fn agree(kind: &Kind, value: &Value) {
        for nullable in [false, true] {
            let column = Column { name: "c".to_owned(), kind: kind.clone(), nullable, in_key: false };
            let mut field = Vec::new();
            push_value(&mut field, value);
            let passes = Passing::of(&column, matches!(value, Value::Bytes(_))).is_some_and(|passing| passing.takes(&field));
            let same = matches!(taken(&column, value), Ok(Cow::Borrowed(_)));
            assert_eq!(passes, same, "{kind:?} {value:?}");
        }
    }

    #[test]
    fn what_passes_at_sight_is_what_single_rows_take_unchanged() {
        for kind in kinds() {
            for value in VALUES {
                agree(&kind, &Value::Text((*value).to_owned()));
            }
            agree(&kind, &Value::Null);
        }
    }

    proptest! {
        #[test]
        fn any_text_passes_as_single_rows_take_it(text in "[-+0-9.:e \\t\\\\a中]{0,12}|[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,7})?)?") {
            for kind in kinds() {
                agree(&kind, &Value::Text(text.clone()));
            }
        }
    }
}
