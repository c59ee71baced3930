//! A column as SQL that triggers and chunks run, and back from what they wrote to portable values.
//!
//! A row is a JSON object of strings; the first letter of each tells what the value was when it was written, whatever became of the column since:
//! `t` text in its portable form already · `x` bytes in hex · `n` numeric · `f` floating point · `d` date or time as PostgreSQL prints it.

use super::catalog::{Col, Table};
use super::{ident, literal};
use crate::connectors::tables::change::KnownNames;
use crate::connectors::tables::values::{Kind, from_postgres};
use crate::connectors::tables::{Cells, Name, VALUE_MAX, Value};
use serde::de::{Deserializer, MapAccess, Visitor};
use std::fmt;

/// The settings that the text of values depends on, for functions that run in sessions of the application.
pub(super) const FUNCTION_SETTINGS: &str = "SET search_path = pg_catalog, pg_temp SET \"TimeZone\" = 'Asia/Shanghai' SET \"DateStyle\" = 'ISO, YMD' SET extra_float_digits = 1";

/// Tells what the value of a column is, whatever becomes of the column later.
pub(super) fn letter(column: &Col) -> char {
    match column.kind {
        Some(Kind::Bytes { .. }) => 'x',
        Some(Kind::Numeric { .. }) => 'n',
        Some(Kind::Float { .. }) => 'f',
        Some(Kind::Date | Kind::Time { .. } | Kind::Timestamp { .. } | Kind::TimestampTz { .. }) => 'd',
        _ => 't',
    }
}

/// Whether values of a column may be too large to travel.
fn may_be_large(column: &Col) -> bool {
    let characters = VALUE_MAX / 4;
    match &column.kind {
        Some(Kind::Text { max, .. }) => max.is_none_or(|max| max > characters),
        Some(Kind::Bytes { .. } | Kind::Json) => true,
        _ => false,
    }
}

/// The length of a value in bytes, as SQL.
fn length(column: &Col, of: &str) -> String {
    let name = ident(&column.name);
    if letter(column) == 'x' { format!("octet_length({of}.{name})") } else { format!("octet_length({of}.{name}::text)") }
}

/// A value with its letter, as SQL; NULL where it is too large.
fn tagged(column: &Col, of: &str) -> String {
    unless_large(column, of, &format!("'{}' || ", letter(column)))
}

/// A value as text without its letter, as SQL; NULL where it is too large. [`untagged`] reads it.
pub(super) fn plain(column: &Col, of: &str) -> String {
    unless_large(column, of, "")
}

fn unless_large(column: &Col, of: &str, before: &str) -> String {
    let name = ident(&column.name);
    let value = if letter(column) == 'x' { format!("encode({of}.{name}, 'hex')") } else { format!("{of}.{name}::text") };
    if may_be_large(column) {
        format!("CASE WHEN {} <= {VALUE_MAX} THEN {before}{value} END", length(column, of))
    } else {
        format!("{before}{value}")
    }
}

/// The columns of a row of variable `of`, as SQL that gives JSON.
pub(super) fn object(columns: &[&Col], of: &str) -> String {
    let names: Vec<String> = columns.iter().map(|column| literal(&column.name)).collect();
    let values: Vec<String> = columns.iter().map(|column| tagged(column, of)).collect();
    format!("json_object(ARRAY[{}]::text[], ARRAY[{}]::text[])", names.join(", "), values.join(", "))
}

/// Why a row of variable `of` cannot travel, as SQL that gives `code:bytes:column` or NULL.
pub(super) fn problem(table: &Table, of: &str) -> String {
    let case = |column: &&Col| {
        let length = length(column, of);
        let name = literal(&column.name);
        format!(" WHEN {length} > {VALUE_MAX} THEN 'value-too-large:' || {length} || ':' || {name}")
    };
    let cases: String = table.travelling().iter().filter(|column| may_be_large(column)).map(case).collect();
    if cases.is_empty() { "NULL::text".to_owned() } else { format!("CASE{cases} END") }
}

/// Whether a column has another value in NEW than in OLD, as SQL: exactly, where the type's own equality is not (`1.0` and `1.00`).
pub(super) fn differs(column: &Col) -> String {
    let name = ident(&column.name);
    let exact = match column.kind {
        Some(Kind::Numeric { .. } | Kind::Float { .. } | Kind::Json) => "::text",
        Some(Kind::Text { .. }) => "::text COLLATE \"C\"",
        _ => "",
    };
    format!("OLD.{name}{exact} IS DISTINCT FROM NEW.{name}{exact}")
}

/// Gives a value as the server reads it into any column.
pub(super) fn input(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Text(text) => Some(text.clone()),
        Value::Bytes(bytes) => Some(format!("\\x{}", data_encoding::HEXLOWER.encode(bytes))),
    }
}

/// Why a row of an outbox does not travel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cannot {
    pub(super) code: &'static str,
    pub(super) column: Option<String>,
    pub(super) bytes: Option<u64>,
}

impl Cannot {
    fn of(code: &'static str, column: Option<&str>) -> Self {
        Self { code, column: column.map(str::to_owned), bytes: None }
    }

    /// Reads what a trigger wrote, or a chunk for a row it found unfit: `code:bytes:column`.
    pub(super) fn parse(problem: &str) -> Self {
        let mut parts = problem.splitn(3, ':');
        let code = parts.next().and_then(|code| CODES.into_iter().find(|known| *known == code));
        let Some(code) = code else { return Self::of("unreadable", None) };
        let bytes = parts.next().and_then(|bytes| bytes.parse().ok());
        Self { bytes, ..Self::of(code, parts.next().filter(|column| !column.is_empty())) }
    }

    /// Writes what [`parse`](Self::parse) reads.
    pub(super) fn written(&self) -> String {
        let bytes = self.bytes.map(|bytes| bytes.to_string()).unwrap_or_default();
        format!("{}:{bytes}:{}", self.code, self.column.as_deref().unwrap_or_default())
    }
}

/// Why rows do not travel, as an outbox says it.
const CODES: [&str; 5] = ["value-too-large", "not-a-number", "date-out-of-range", "not-a-time", "unreadable"];

/// Reads a row as [`object`] wrote it.
pub(super) fn cells(json: &str, names: &mut KnownNames) -> Result<Cells, Cannot> {
    let unreadable = || Cannot::of("unreadable", None);
    let mut reader = serde_json::Deserializer::from_str(json);
    let tagged = reader.deserialize_map(InOrder(names)).map_err(|_| unreadable())?;
    reader.end().map_err(|_| unreadable())?;
    tagged.into_iter().map(|(column, cell)| value(&column, cell).map(|value| (column, value))).collect()
}

fn value(column: &str, cell: Option<String>) -> Result<Value, Cannot> {
    let Some(mut cell) = cell else { return Ok(Value::Null) };
    if cell.starts_with('t') {
        cell.remove(0);
        return Ok(Value::Text(cell));
    }
    let mut characters = cell.chars();
    untagged(column, characters.next().unwrap_or_default(), characters.as_str())
}

/// Reads a value of which the letter is known, as [`plain`] gave it.
pub(super) fn untagged(column: &str, letter: char, text: &str) -> Result<Value, Cannot> {
    let cannot = |code| Cannot::of(code, Some(column));
    let text = match letter {
        't' => text.to_owned(),
        'x' => {
            return data_encoding::HEXLOWER.decode(text.as_bytes()).map(Value::Bytes).map_err(|_| cannot("unreadable"));
        }
        'n' | 'f' if matches!(text, "NaN" | "Infinity" | "-Infinity") => return Err(cannot("not-a-number")),
        'n' => text.to_owned(),
        'f' => exponent(text).ok_or_else(|| cannot("unreadable"))?,
        'd' => from_postgres(text).map_err(|why| cannot(why.code()))?,
        _ => return Err(cannot("unreadable")),
    };
    Ok(Value::Text(text))
}

/// Writes `1e+05` as `1e5`.
fn exponent(text: &str) -> Option<String> {
    let Some((digits, exponent)) = text.split_once('e') else { return Some(text.to_owned()) };
    exponent.parse::<i32>().ok().map(|exponent| format!("{digits}e{exponent}"))
}

struct InOrder<'n>(&'n mut KnownNames);

impl<'de> Visitor<'de> for InOrder<'_> {
    type Value = Vec<(Name, Option<String>)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of strings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        self.0.begin();
        let mut cells = Vec::with_capacity(self.0.len());
        while let Some(met) = map.next_key_seed(&mut *self.0)? {
            cells.push((met.name, map.next_value()?));
        }
        Ok(cells)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_letter_is_read_as_what_the_value_was() {
        let json = "{\"z\" : \"t𬭚\", \"a\" : null, \"b\":\"x00ff\", \"f\":\"f1e+300\", \"g\":\"f1e-05\", \"n\":\"n1.50\", \"d\":\"d1988-07-01 12:00:00+09\", \"e\":\"t\"}";
        let text = |text: &str| Value::Text(text.to_owned());
        let expected = [
            ("z", text("𬭚")),
            ("a", Value::Null),
            ("b", Value::Bytes(vec![0, 255])),
            ("f", text("1e300")),
            ("g", text("1e-5")),
            ("n", text("1.50")),
            ("d", text("1988-07-01 12:00:00+09:00")),
            ("e", text("")),
        ];
        let cells = |json| cells(json, &mut KnownNames::default());
        assert_eq!(cells(json), Ok(expected.map(|(name, value)| (name.into(), value)).to_vec()));
    }

    #[test]
    fn what_cannot_travel_is_named_by_its_column() {
        let cells = |json| cells(json, &mut KnownNames::default());
        for (json, code) in [
            ("{\"a\":\"nNaN\"}", "not-a-number"),
            ("{\"a\":\"fInfinity\"}", "not-a-number"),
            ("{\"a\":\"dinfinity\"}", "date-out-of-range"),
            ("{\"a\":\"d0044-03-15 BC\"}", "date-out-of-range"),
            ("{\"a\":\"?\"}", "unreadable"),
        ] {
            assert_eq!(cells(json), Err(Cannot::of(code, Some("a"))), "{json}");
        }
        assert_eq!(
            Cannot::parse("value-too-large:17:a:b"),
            Cannot { bytes: Some(17), ..Cannot::of("value-too-large", Some("a:b")) }
        );
        assert_eq!(cells("{\"a\":1}"), Err(Cannot::of("unreadable", None)));
        for cannot in [Cannot::of("not-a-number", Some("a:b")), Cannot::of("unreadable", None)] {
            assert_eq!(Cannot::parse(&cannot.written()), cannot);
        }
    }
}
