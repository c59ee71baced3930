//! Values that a document may bring: rows of dictionaries, defaults.
//!
//! Given: text, in the form of FORMAT.md section 5. Gives: whether a column of a type takes it, and whether it stands in quotes in SQL. Never: a value
//! that is rounded or cut to fit.

use super::types::ColumnType;
use dukou_packets::audit::text::is_unseen;

/// Most characters of a value that a document brings: a line of a script for SQL*Plus takes it twice.
pub const VALUE_MAX: usize = 500;

/// Tells whether a column of a type takes a value of a document; types whose constants are not alike everywhere take none.
pub fn fits(kind: ColumnType, value: &str) -> bool {
    let plain = value.chars().count() <= VALUE_MAX && value.chars().all(is_plain);
    plain
        && match kind {
            // Oracle takes empty text for NULL.
            ColumnType::Text(most) => !value.is_empty() && most.is_none_or(|most| value.chars().count() <= most as usize),
            ColumnType::Integer(bits) => is_whole(value, bits),
            ColumnType::Decimal(precision, scale) => is_decimal(value, precision, scale),
            _ => false,
        }
}

/// Tells whether people see a character as what it is: none that controls, is not seen or turns the direction of writing.
pub fn is_plain(letter: char) -> bool {
    !letter.is_control() && !is_unseen(letter)
}

/// Tells whether a constant of the type stands in quotes.
pub fn is_quoted(kind: ColumnType) -> bool {
    !matches!(kind, ColumnType::Integer(_) | ColumnType::Decimal(..))
}

fn is_whole(value: &str, bits: u8) -> bool {
    let number: Option<i64> = value.parse().ok().filter(|number: &i64| number.to_string() == value);
    let most = (1i64 << (bits.clamp(1, 63) - 1)) - 1;
    number.is_some_and(|number| bits >= 64 || (-most - 1..=most).contains(&number))
}

fn is_decimal(value: &str, precision: u8, scale: u8) -> bool {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    let whole = whole.strip_prefix('-').unwrap_or(whole);
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let plain = !whole.is_empty() && digits(whole) && digits(fraction) && (whole == "0" || !whole.starts_with('0'));
    let significant = if whole == "0" { 0 } else { whole.len() };
    plain && !value.ends_with('.') && significant <= usize::from(precision - scale) && fraction.len() <= usize::from(scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(kind: &str, value: &str) -> bool {
        fits(kind.parse().unwrap(), value)
    }

    #[test]
    fn what_a_column_does_not_take_is_not_let_through() {
        assert!(takes("text(3)", "公益林") && !takes("text(2)", "公益林"));
        assert!(
            takes("text(9)", "O'Brien\\")
                && !takes("text(9)", "a\nb")
                && !takes("text(9)", "")
                && !takes("text(9)", "a\u{202e}b")
        );
        assert!(
            takes("smallint", "-32768") && !takes("smallint", "32768") && !takes("smallint", "01") && !takes("smallint", "+1")
        );
        assert!(takes("bigint", "9223372036854775807") && !takes("bigint", "9223372036854775808"));
        assert!(takes("decimal(3,1)", "-12.5") && !takes("decimal(3,1)", "123") && !takes("decimal(3,1)", "1.25"));
        assert!(takes("decimal(2,2)", "0.25") && !takes("decimal(2,2)", "1") && !takes("decimal(2,0)", "1;--"));
        assert!(!takes("bytes", "00"));
    }
}
