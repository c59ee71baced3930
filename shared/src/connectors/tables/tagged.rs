//! How triggers of MariaDB and SQLite write a row into the outbox: a JSON object of strings, the first letter of each telling what the value is.
//!
//! | letter | rest |
//! |---|---|
//! | `t` | text, an integer or a time, already in its portable form |
//! | `x` | bytes in hex |
//! | `f`, `n` | SQLite: the number of the outbox's column that holds the floating point number itself; `n` where its column is one of numerics |
//! | `g`, `h` | MariaDB: a floating point number of 32 and of 64 bits, in 17 digits |
//! | `d`, `m`, `c` | MariaDB: date, date with time, time of day |
//! | `u` | MariaDB: an instant, in seconds since 1970 in UTC |
//!
//! A letter and not an object, since MariaDB does not keep JSON apart from text within an expression; what a column was when the trigger fired is
//! in the letter, whatever became of the column since. Written by our own triggers, but in a table that others may write: read as bytes from outside.

use serde::de::{Deserializer, MapAccess, Visitor};
use std::fmt;

/// A row or key as its trigger wrote it: column, and letter with rest; `None` for NULL.
pub(super) type Tagged = Vec<(String, Option<String>)>;

/// Reads a row or a key; `None` when it is not one.
pub(super) fn parse(json: &[u8]) -> Option<Tagged> {
    let mut reader = serde_json::Deserializer::from_slice(json);
    let tagged = reader.deserialize_map(InOrder).ok()?;
    reader.end().ok()?;
    Some(tagged)
}

/// Reads the names of the columns that an update changed.
pub(super) fn parse_names(json: &[u8]) -> Option<Vec<String>> {
    serde_json::from_slice(json).ok()
}

struct InOrder;

impl<'de> Visitor<'de> for InOrder {
    type Value = Tagged;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of strings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tagged, A::Error> {
        let mut cells = Tagged::new();
        while let Some(cell) = map.next_entry()? {
            cells.push(cell);
        }
        Ok(cells)
    }
}

/// Why a row of an outbox does not travel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Misfit {
    /// Stable code.
    pub(super) code: &'static str,
    /// The column, where it is one.
    pub(super) column: Option<String>,
    /// Length of its value, where that is why.
    pub(super) bytes: Option<u64>,
}

impl Misfit {
    /// A value of this column cannot travel.
    pub(super) fn of(code: &'static str, column: &str) -> Self {
        Self { code, column: Some(column.to_owned()), bytes: None }
    }

    /// Reads what a trigger wrote: `code`, or `code:bytes:column`.
    pub(super) fn parse(text: &str) -> Self {
        let mut parts = text.splitn(3, ':');
        let code = parts.next().unwrap_or_default();
        let code = CODES.into_iter().find(|known| *known == code).unwrap_or("unreadable");
        let bytes = parts.next().and_then(|bytes| bytes.parse().ok());
        Self { code, bytes, column: parts.next().map(str::to_owned) }
    }
}

/// The codes that triggers write, and those that a chunk writes into the outbox for rows it found unfit.
const CODES: [&str; 11] = [
    "value-too-large",
    "row-too-large",
    "key-null",
    "character",
    "date-out-of-range",
    "time-out-of-range",
    "not-a-time",
    "not-a-number",
    "not-text",
    "nul-in-text",
    "unreadable",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_keep_their_order_and_null_is_no_empty_text() {
        let tagged = parse("{\"z\":\"t𬭚\",\"a\":null,\"m\":\"t\"}".as_bytes()).expect("a row");
        let expected = [("z", Some("t𬭚")), ("a", None), ("m", Some("t"))];
        let tagged: Vec<_> = tagged.iter().map(|(name, cell)| (name.as_str(), cell.as_deref())).collect();
        assert_eq!(tagged, expected);
    }

    #[test]
    fn what_no_trigger_wrote_is_no_row() {
        for wrong in ["", "[]", "{\"a\":1}", "{\"a\":\"t\"} ", "{\"a\":{}}", "{\"a\":\"t\"}x"] {
            let parsed = parse(wrong.as_bytes());
            assert_eq!(parsed.is_none(), wrong != "{\"a\":\"t\"} ", "{wrong}");
        }
        assert_eq!(Misfit::parse("value-too-large:17:a:b"), Misfit { bytes: Some(17), ..Misfit::of("value-too-large", "a:b") });
        assert_eq!(Misfit::parse("Grüße").code, "unreadable");
    }
}
