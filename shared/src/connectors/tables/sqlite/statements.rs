//! Rows as statements of a SQLite sink: what a column takes, and values bound as it stores them.

use super::catalog::{Affinity, Col, Table};
use super::{Trouble, ident};
use crate::connectors::tables::applying::Shape;
use crate::connectors::tables::values::{Charset, Column, Kind, Unit};
use crate::connectors::tables::{Cells, Problem, Value};
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, AssertSqlSafe, SqliteConnection};

/// Most arguments of a statement.
const ARGUMENTS_MAX: usize = 32_766;
/// Rows of a statement: more are no faster.
const ROWS_MAX: usize = 500;

/// What a table takes. SQLite itself takes nearly anything; the declared types are what its makers meant, and are held to.
pub(super) fn shape(table: &Table) -> Shape {
    let mut shape = Shape { columns: Vec::new(), unfit: Vec::new() };
    for col in table.travelling() {
        match kind(col) {
            Some(kind) => shape.columns.push(Column {
                name: col.name.clone(),
                kind,
                nullable: !col.not_null && col.key_place == 0,
                in_key: col.key_place > 0,
            }),
            None => shape.unfit.push(table.unfit(Some(&col.name), Problem::Type(col.declared.clone()))),
        }
    }
    shape
}

/// What a column takes; `None` where SQLite would change values on the way in, or keep them without a type.
fn kind(col: &Col) -> Option<Kind> {
    let (base, numbers) = declared_parts(&col.declared);
    match col.affinity {
        Affinity::Integer => Some(Kind::Integer { bits: 64, unsigned: false }),
        Affinity::Text => {
            Some(Kind::Text { max: numbers.first().map(|max| u64::from(*max)), unit: Unit::Chars, charset: Charset::Utf8 })
        }
        Affinity::Real => Some(Kind::Float { bits: 64 }),
        Affinity::Blob => (base == "BLOB").then_some(Kind::Bytes { max: None }),
        Affinity::Numeric => match (base, numbers.as_slice()) {
            ("BOOLEAN" | "BOOL", _) => Some(Kind::Bool),
            ("DATE", _) => Some(Kind::Date),
            ("DATETIME" | "TIMESTAMP", _) => Some(Kind::Timestamp { fraction: 9 }),
            ("TIME", _) => Some(Kind::Time { fraction: 9 }),
            ("UUID", _) => Some(Kind::Uuid),
            // Fifteen digits come back from a floating point number as they went in.
            ("NUMERIC" | "DECIMAL" | "DEC" | "NUMBER", [precision @ 1..=15, rest @ ..]) => {
                let scale = rest.first().copied().unwrap_or(0).try_into().unwrap_or(0);
                Some(Kind::Numeric { precision: Some(*precision), scale })
            }
            _ => None,
        },
    }
}

/// Divides `NUMERIC(10, 2)` into its name and numbers.
fn declared_parts(declared: &str) -> (&str, Vec<u32>) {
    let (base, rest) = declared.split_once('(').unwrap_or((declared, ""));
    let numbers = rest.split([',', ')']).filter_map(|number| number.trim().parse().ok()).collect();
    (base.trim(), numbers)
}

/// Binds a value that its column takes.
fn bind(arguments: &mut SqliteArguments, kind: Option<&Kind>, value: &Value) -> Result<(), Trouble> {
    let bound = match (value, kind) {
        (Value::Null, _) => arguments.add(Option::<i64>::None),
        (Value::Bytes(bytes), _) => arguments.add(bytes.clone()),
        (Value::Text(text), Some(Kind::Bool)) => arguments.add(i64::from(text == "true")),
        (Value::Text(text), Some(Kind::Integer { .. })) => match text.parse::<i64>() {
            Ok(whole) => arguments.add(whole),
            Err(_) => arguments.add(text.clone()),
        },
        (Value::Text(text), Some(Kind::Float { .. })) => match text.parse::<f64>() {
            Ok(real) => arguments.add(real),
            Err(_) => arguments.add(text.clone()),
        },
        (Value::Text(text), _) => arguments.add(text.clone()),
    };
    bound.map_err(|error| Trouble::Sql(sqlx::Error::Encode(error)))
}

fn kind_of<'a>(shape: &'a Shape, name: &str) -> Option<&'a Kind> {
    shape.columns.iter().find(|column| column.name == name).map(|column| &column.kind)
}

/// Rows of one column list after another, as few statements as the limits allow.
fn batches(rows: &[Cells]) -> impl Iterator<Item = &[Cells]> {
    let alike = |one: &Cells, other: &Cells| one.iter().map(|(name, _)| name).eq(other.iter().map(|(name, _)| name));
    rows.chunk_by(alike).flat_map(|rows| {
        let width = rows.first().map_or(1, Vec::len).max(1);
        rows.chunks((ARGUMENTS_MAX / width).clamp(1, ROWS_MAX))
    })
}

/// Deletes rows by their keys.
pub(super) async fn delete(conn: &mut SqliteConnection, table: &Table, shape: &Shape, keys: &[Cells]) -> Result<(), Trouble> {
    for keys in batches(keys) {
        let Some(first) = keys.first() else { continue };
        // Compared as they are, though a collation may call two keys equal.
        let one: Vec<String> = first.iter().map(|(name, _)| format!("{} COLLATE BINARY = ?", ident(name))).collect();
        let one = format!("({})", one.join(" AND "));
        let plain: Vec<String> = first.iter().map(|(name, _)| ident(name)).collect();
        let values = vec![format!("({})", vec!["?"; first.len()].join(",")); keys.len()].join(",");
        // By the index; where its collation is not the plain one, the first condition alone would delete too much.
        let is_exact = !table.clashes().any(|unique| unique.is_primary);
        let condition =
            if is_exact { format!("({}) IN (VALUES {values})", plain.join(",")) } else { vec![one; keys.len()].join(" OR ") };
        let mut arguments = SqliteArguments::default();
        for (name, value) in keys.iter().flatten() {
            bind(&mut arguments, kind_of(shape, name), value)?;
        }
        let sql = format!("DELETE FROM {} WHERE {condition}", ident(&table.name));
        sqlx::query_with(AssertSqlSafe(sql), arguments).persistent(keys.len() == 1).execute(&mut *conn).await?;
    }
    Ok(())
}

/// Makes rows stand there; gives how many could not, since their key collides with another's.
pub(super) async fn upsert(conn: &mut SqliteConnection, table: &Table, shape: &Shape, rows: &[Cells]) -> Result<u64, Trouble> {
    let mut collided = 0;
    for rows in batches(rows) {
        let Some(first) = rows.first() else { continue };
        let sql = upsert_sql(table, first, rows.len());
        let mut arguments = SqliteArguments::default();
        for (name, value) in rows.iter().flatten() {
            bind(&mut arguments, kind_of(shape, name), value)?;
        }
        let done = sqlx::query_with(AssertSqlSafe(sql), arguments).persistent(rows.len() == 1).execute(&mut *conn).await?;
        collided += (rows.len() as u64).saturating_sub(done.rows_affected());
    }
    Ok(collided)
}

/// `OR ABORT`: a unique index that its table declares with `ON CONFLICT REPLACE` would delete another row without a word.
fn upsert_sql(table: &Table, first: &Cells, rows: usize) -> String {
    let names: Vec<String> = first.iter().map(|(name, _)| ident(name)).collect();
    let key: Vec<String> = table.key().iter().map(|column| ident(&column.name)).collect();
    let others: Vec<&String> = names.iter().filter(|name| !key.iter().any(|key| key.eq_ignore_ascii_case(name))).collect();
    let set: Vec<String> = match others.as_slice() {
        // A row of a key alone: written as it is, so that it counts.
        [] => key.iter().map(|name| format!("{name} = excluded.{name}")).collect(),
        others => others.iter().map(|name| format!("{name} = excluded.{name}")).collect(),
    };
    let here = ident(&table.name);
    let same: Vec<String> = key.iter().map(|name| format!("{here}.{name} COLLATE BINARY = excluded.{name}")).collect();
    let row = format!("({})", vec!["?"; names.len()].join(","));
    format!(
        "INSERT OR ABORT INTO {here}({}) VALUES {} ON CONFLICT({}) DO UPDATE SET {} WHERE {}",
        names.join(","),
        vec![row; rows].join(","),
        key.join(","),
        set.join(", "),
        same.join(" AND ")
    )
}
