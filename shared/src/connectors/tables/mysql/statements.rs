//! Rows as statements of a sink: what a column takes, and values bound so that the server neither guesses nor converts.

use super::catalog::{Col, Table};
use super::ident;
use super::source::compared;
use crate::connectors::tables::applying::Shape;
use crate::connectors::tables::values::{Charset, Column, Kind, Unit, to_utc};
use crate::connectors::tables::{Cells, Problem, Value};
use sqlx::mysql::MySqlArguments;
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, MySql, MySqlConnection};

/// Most arguments of a statement, somewhat below the protocol's 65,535.
const ARGUMENTS_MAX: usize = 60_000;
/// Rows of a statement: more are no faster.
const ROWS_MAX: usize = 500;
/// Keys of a statement that deletes.
const KEYS_MAX: usize = 200;

/// A value as it is bound.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Bound {
    Null,
    Whole(i64),
    Unsigned(u64),
    Text(String),
    Bytes(Vec<u8>),
}

impl Bound {
    /// Binds a whole number.
    pub(super) fn number(text: &str) -> Self {
        match (text.parse(), text.parse()) {
            (Ok(whole), _) => Self::Whole(whole),
            (_, Ok(unsigned)) => Self::Unsigned(unsigned),
            _ => Self::Text(text.to_owned()),
        }
    }
}

/// Binds values in their order.
pub(super) fn bind_all(query: Query<'_, MySql, MySqlArguments>, bounds: Vec<Bound>) -> Query<'_, MySql, MySqlArguments> {
    bounds.into_iter().fold(query, |query, bound| match bound {
        Bound::Null => query.bind(Option::<String>::None),
        Bound::Whole(whole) => query.bind(whole),
        Bound::Unsigned(unsigned) => query.bind(unsigned),
        Bound::Text(text) => query.bind(text),
        Bound::Bytes(bytes) => query.bind(bytes),
    })
}

/// What a table takes.
pub(super) fn shape(table: &Table) -> Shape {
    let mut shape = Shape { columns: Vec::new(), unfit: Vec::new() };
    for col in table.travelling() {
        match kind(col) {
            Some(kind) => {
                shape.columns.push(Column { name: col.name.clone(), kind, nullable: col.nullable, in_key: col.key_place > 0 })
            }
            None => shape.unfit.push(table.unfit(Some(&col.name), Problem::Type(col.column_type.clone()))),
        }
    }
    shape
}

/// What a column takes; `None` where the server would change values on the way in.
fn kind(col: &Col) -> Option<Kind> {
    let whole = |bits| Some(Kind::Integer { bits, unsigned: col.is_unsigned() });
    // Of FLOAT(7,2) it keeps two digits without a word.
    let float = |bits| col.scale.is_none().then_some(Kind::Float { bits });
    let text = |max, unit| Some(Kind::Text { max, unit, charset: charset(col) });
    match col.data_type.as_str() {
        "tinyint" => whole(8),
        "smallint" => whole(16),
        "mediumint" => whole(24),
        "int" => whole(32),
        "bigint" => whole(64),
        "decimal" => Some(Kind::Numeric { precision: col.precision, scale: i32::try_from(col.scale.unwrap_or(0)).ok()? }),
        "float" => float(32),
        "double" => float(64),
        "bit" => (col.column_type == "bit(1)").then_some(Kind::Bool),
        // Of 5 it would make 2005.
        "year" => {
            Some(Kind::Enum { labels: std::iter::once(0).chain(1901..=2155).map(|year: u32| year.to_string()).collect() })
        }
        "date" => Some(Kind::Date),
        "time" => Some(Kind::Time { fraction: col.fraction }),
        "datetime" => Some(Kind::Timestamp { fraction: col.fraction }),
        "timestamp" => Some(Kind::TimestampTz { fraction: col.fraction }),
        "char" | "varchar" => text(col.characters, Unit::Chars),
        "tinytext" | "text" | "mediumtext" | "longtext" => text(col.octets, Unit::Bytes),
        "enum" => Some(Kind::Enum { labels: labels(&col.column_type) }),
        "set" | "inet4" | "inet6" => text(None, Unit::Chars),
        "json" => Some(Kind::Json),
        "uuid" => Some(Kind::Uuid),
        _ if col.is_bytes() => Some(Kind::Bytes { max: col.octets }),
        _ => None,
    }
}

fn charset(col: &Col) -> Charset {
    match col.charset.as_deref() {
        Some("utf8mb3" | "utf8") => Charset::Utf8Bmp,
        Some("gbk" | "gb2312") => Charset::Gbk,
        Some("gb18030") => Charset::Gb18030,
        Some("latin1") => Charset::Windows1252,
        Some("ascii") => Charset::Ascii,
        // Of others the server alone knows; it proves every character.
        _ => Charset::Utf8,
    }
}

/// The labels of `enum('a','b''c')`.
fn labels(column_type: &str) -> Vec<String> {
    let inside = column_type.strip_prefix("enum(").and_then(|rest| rest.strip_suffix(')')).unwrap_or_default();
    let (mut labels, mut label, mut is_open, mut letters) = (Vec::new(), String::new(), false, inside.chars().peekable());
    while let Some(letter) = letters.next() {
        match (letter, is_open) {
            ('\'', true) if letters.peek() == Some(&'\'') => label.extend(letters.next()),
            ('\'', true) => {
                labels.push(std::mem::take(&mut label));
                is_open = false;
            }
            ('\'', false) => is_open = true,
            (_, true) => label.push(letter),
            (_, false) => {}
        }
    }
    labels
}

fn column_of<'a>(table: &'a Table, name: &str) -> Option<&'a Col> {
    table.columns.iter().find(|column| column.name == name)
}

/// A value as its column stores it.
fn stored(column: Option<&Col>, value: &Value) -> Bound {
    let text = match value {
        Value::Null => return Bound::Null,
        Value::Bytes(bytes) => return Bound::Bytes(bytes.clone()),
        Value::Text(text) => text,
    };
    match column.map(|column| column.data_type.as_str()) {
        Some("tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "year") => Bound::number(text),
        Some("bit") => Bound::Whole(i64::from(text == "true")),
        Some("timestamp") => Bound::Text(to_utc(text).unwrap_or_else(|_| text.clone())),
        _ => Bound::Text(text.clone()),
    }
}

/// Rows of one column list after another, as few statements as the limits allow.
fn batches(rows: &[Cells], most: usize, packet_bytes: u64) -> Vec<&[Cells]> {
    let alike = |one: &Cells, other: &Cells| one.iter().map(|(name, _)| name).eq(other.iter().map(|(name, _)| name));
    let (mut batches, mut from, mut bytes) = (Vec::new(), 0, 0);
    for (at, row) in rows.iter().enumerate() {
        let long: u64 = row.iter().map(|(_, value)| value.bytes() + 16).sum();
        let is_full = at - from >= most.min(ARGUMENTS_MAX / row.len().max(1)) || bytes + long > packet_bytes / 2;
        let is_other = at > from && !rows.get(from).is_some_and(|first| alike(first, row));
        if at > from && (is_full || is_other) {
            batches.extend(rows.get(from..at));
            (from, bytes) = (at, 0);
        }
        bytes += long;
    }
    batches.extend(rows.get(from..).filter(|rest| !rest.is_empty()));
    batches
}

/// Deletes rows by their keys, and none that a collation calls the same.
pub(super) async fn delete(
    conn: &mut MySqlConnection,
    table: &Table,
    packet_bytes: u64,
    keys: &[Cells],
) -> Result<(), sqlx::Error> {
    for keys in batches(keys, KEYS_MAX, packet_bytes) {
        let (mut terms, mut bounds) = (Vec::new(), Vec::new());
        for key in keys {
            let mut term = Vec::new();
            for (name, value) in key {
                let Some(column) = column_of(table, name) else { continue };
                let (mark, bound) = compared(column, value);
                let name = ident(name);
                if let (true, Some(charset)) = (column.is_text(), &column.charset) {
                    term.push(format!("CAST({name} AS BINARY) = CAST(CONVERT(? USING {charset}) AS BINARY)"));
                    bounds.push(bound.clone());
                }
                term.push(format!("{name} = {mark}"));
                bounds.push(bound);
            }
            terms.push(format!("({})", term.join(" AND ")));
        }
        let sql = format!("DELETE FROM {} WHERE {}", table.sql(), terms.join(" OR "));
        bind_all(sqlx::query(AssertSqlSafe(sql)), bounds).persistent(keys.len() == 1).execute(&mut *conn).await?;
    }
    Ok(())
}

/// Makes rows stand there as given.
pub(super) async fn upsert(
    conn: &mut MySqlConnection,
    table: &Table,
    packet_bytes: u64,
    rows: &[Cells],
) -> Result<(), sqlx::Error> {
    for rows in batches(rows, ROWS_MAX, packet_bytes) {
        let Some(first) = rows.first() else { continue };
        let sql = upsert_sql(table, first, rows.len());
        let bounds = rows.iter().flatten().map(|(name, value)| stored(column_of(table, name), value)).collect();
        bind_all(sqlx::query(AssertSqlSafe(sql)), bounds).persistent(rows.len() == 1).execute(&mut *conn).await?;
    }
    Ok(())
}

/// `ON DUPLICATE KEY` also fires for other unique indexes and for keys that a collation calls the same, and would write over another row: there the
/// statement is made to fail, by a subquery of two rows.
fn upsert_sql(table: &Table, first: &Cells, rows: usize) -> String {
    let names: Vec<String> = first.iter().map(|(name, _)| ident(name)).collect();
    let is_key = |name: &str| table.columns.iter().any(|column| column.key_place > 0 && ident(&column.name) == name);
    let same = |column: &&Col| {
        let name = ident(&column.name);
        match column.is_text() {
            true => format!("CAST({name} AS BINARY) <=> CAST(VALUES({name}) AS BINARY)"),
            false => format!("{name} <=> VALUES({name})"),
        }
    };
    let same = table.key().iter().map(same).collect::<Vec<_>>().join(" AND ");
    let first_key = table.key().first().map(|column| ident(&column.name)).unwrap_or_default();
    let guard = format!("{first_key} = IF({same}, {first_key}, (SELECT 1 UNION SELECT 2))");
    let others = names.iter().filter(|name| !is_key(name)).map(|name| format!("{name} = VALUES({name})"));
    let set: Vec<String> = std::iter::once(guard).chain(others).collect();
    let row = format!("({})", vec!["?"; names.len()].join(","));
    format!(
        "INSERT INTO {}({}) VALUES {} ON DUPLICATE KEY UPDATE {}",
        table.sql(),
        names.join(","),
        vec![row; rows].join(","),
        set.join(", ")
    )
}
