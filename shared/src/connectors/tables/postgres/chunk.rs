//! A chunk of the stock push.
//!
//! Given: a table and the last key. Gives: its next rows, and a marker in the outbox, in one transaction that holds the rows against change from before
//! they are read until the marker is there. So whatever changed a row before has a lower id than the marker, and whatever changes it afterwards a higher one.
//! After a crash: the marker is there or not; one whose chunk was never sent is passed over. Never: a wait for an application that holds a row for
//! long (that is `Busy`: PostgreSQL would end either of the two after a second if they waited for each other).
//!
//! The keys are chosen first and the rows found by these keys: a row that moves to another key meanwhile, or appears between, stands in the outbox.

use super::catalog::{Col, Table};
use super::connection::run_sql;
use super::install::Names;
use super::portable::{Cannot, input, letter, plain, untagged};
use super::{Trouble, ident};
use crate::connectors::tables::{Cells, Chunk, ChunkWanted, Name, Op, RowChange, TableFault, Value};
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, PgConnection, Postgres, Row};

/// How long a row that an application holds is waited for: less than a second, after which the server looks for deadlocks.
const LOCK_PATIENCE: &str = "SET LOCAL lock_timeout = '700ms'; SET LOCAL enable_seqscan = on";

/// Reads the next rows of a table.
pub(super) async fn read(
    connection: &mut PgConnection,
    names: &Names,
    table: &Table,
    want: &ChunkWanted<'_>,
    token: u64,
) -> Result<Chunk, Trouble> {
    if table.key().is_empty() {
        return Err(table.unfit(None, crate::connectors::tables::Problem::NoKey).into());
    }
    run_sql(connection, format!("BEGIN; {LOCK_PATIENCE}")).await?;
    let Found { rows, last } = rows(connection, names, table, want).await?;
    let left = match &last {
        Some(last) => left(connection, table, want, last).await?,
        None => 0,
    };
    let marker = format!("INSERT INTO {} (tbl, op, key) VALUES ($1, 'marker', to_json($2::text))", names.outbox());
    sqlx::query(AssertSqlSafe(marker)).bind(want.table).bind(token.to_string()).execute(&mut *connection).await?;
    run_sql(connection, "COMMIT").await?;
    Ok(Chunk { rows, last, left })
}

/// The table with what chooses its rows; the key's values are the parameters from 1.
fn from(table: &Table, want: &ChunkWanted<'_>, after: Option<&Cells>) -> String {
    let only = if table.is_partitioned { "" } else { "ONLY " };
    let filter = want.filter.map_or(String::new(), |filter| format!(" AND (\n{filter}\n)"));
    let behind = after.map_or(String::new(), |_| {
        let key = table.key();
        let names: Vec<String> = key.iter().map(|column| format!("r.{}", ident(&column.name))).collect();
        let values: Vec<String> = (1..).zip(&key).map(|(at, column)| format!("${at}::text::{}", column.cast)).collect();
        format!(" AND ({}) > ({})", names.join(", "), values.join(", "))
    });
    format!("FROM {only}{} AS r WHERE true{filter}{behind}", table.sql())
}

fn bound<'q>(sql: &'q str, after: Option<&Cells>) -> Query<'q, Postgres, PgArguments> {
    let query = sqlx::query(AssertSqlSafe(sql));
    after.into_iter().flatten().fold(query, |query, (_, value)| query.bind(input(value)))
}

fn listed(columns: &[&Col], as_sql: impl Fn(&Col) -> String) -> String {
    columns.iter().map(|column| as_sql(column)).collect::<Vec<_>>().join(", ")
}

/// What a look for the next rows gave.
struct Found {
    /// The rows as they stand, held against change until the transaction ends.
    rows: Vec<RowChange>,
    /// The last key, though its row may have gone meanwhile; `None` when the table has no more.
    last: Option<Cells>,
}

/// The statement that finds the next rows: columns of the key, then of the row, then why it cannot travel.
fn statement(table: &Table, want: &ChunkWanted<'_>) -> String {
    let key = table.key();
    let of = |of: &'static str| move |column: &Col| format!("{of}.{}", ident(&column.name));
    let same = |column: &&Col| format!("r.{0} = k.{0}", ident(&column.name));
    format!(
        "SELECT {keys}, {values}, {problem}
         FROM (SELECT {chosen} {after} ORDER BY {chosen} LIMIT {rows}) AS k
         LEFT JOIN LATERAL (SELECT * {any} AND {same} FOR SHARE OF r) AS r ON true ORDER BY {order}",
        keys = listed(&key, |column| plain(column, "k")),
        values = listed(&table.travelling(), |column| plain(column, "r")),
        problem = super::portable::problem(table, "r"),
        chosen = listed(&key, of("r")),
        after = from(table, want, want.after),
        rows = want.rows,
        any = from(table, want, None),
        same = key.iter().map(same).collect::<Vec<_>>().join(" AND "),
        order = listed(&key, of("k")),
    )
}

/// Gives the next rows.
async fn rows(connection: &mut PgConnection, own: &Names, table: &Table, want: &ChunkWanted<'_>) -> Result<Found, Trouble> {
    let read = |columns: Vec<&Col>| columns.into_iter().map(|column| (Name::from(&column.name), letter(column))).collect();
    let (key, columns): (Vec<_>, Vec<_>) = (read(table.key()), read(table.travelling()));
    let sql = statement(table, want);
    let answers = bound(&sql, want.after).fetch_all(&mut *connection).await?;
    let key_of = |row: &PgRow| {
        let cells = cells_at(&key, row, 0)?;
        cells.map_err(|cannot| unreadable(table, cannot.code, &Vec::new(), cannot.column))
    };
    let first = key.first().and_then(|first| columns.iter().position(|column| column == first)).unwrap_or_default();
    let last = answers.last().filter(|_| answers.len() == want.rows as usize).map(key_of).transpose()?;
    let mut found = Found { rows: Vec::with_capacity(answers.len()), last };
    for row in &answers {
        let (is_gone, problem): (bool, Option<&str>) = (
            row.try_get_unchecked::<Option<&str>, _>(key.len() + first)?.is_none(),
            row.try_get_unchecked(key.len() + columns.len())?,
        );
        if is_gone {
            continue;
        }
        let cells = problem.map(Cannot::parse).map_or_else(|| cells_at(&columns, row, key.len()), |cannot| Ok(Err(cannot)))?;
        match cells {
            Ok(row) => found.rows.push(stock(table, &key, row)),
            Err(cannot) => {
                key_of(row)?;
                put_aside(connection, own, table, &key_json(&key, row)?, &cannot).await?;
            }
        }
    }
    Ok(found)
}

/// Reads the values of columns, the first of which stands at `from`.
fn cells_at(columns: &[(Name, char)], row: &PgRow, from: usize) -> Result<Result<Cells, Cannot>, sqlx::Error> {
    let mut cells = Vec::with_capacity(columns.len());
    for (at, (name, letter)) in (from..).zip(columns) {
        let text: Option<&str> = row.try_get_unchecked(at)?;
        match text.map_or(Ok(Value::Null), |text| untagged(name, *letter, text)) {
            Ok(value) => cells.push((name.clone(), value)),
            Err(cannot) => return Ok(Err(cannot)),
        }
    }
    Ok(Ok(cells))
}

fn stock(table: &Table, key: &[(Name, char)], row: Cells) -> RowChange {
    let of_key = |(column, _): &(Name, char)| row.iter().find(|(name, _)| name == column).cloned();
    let key = key.iter().filter_map(of_key).collect();
    let table = table.shown.clone();
    RowChange { table, op: Op::Stock, key, row, changed: Vec::new(), transaction: None, goes_on: false }
}

/// Writes a key as triggers do.
fn key_json(key: &[(Name, char)], row: &PgRow) -> Result<String, sqlx::Error> {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let mut cells = Vec::with_capacity(key.len());
    for (at, (name, letter)) in key.iter().enumerate() {
        let text: Option<&str> = row.try_get_unchecked(at)?;
        let value = text.map_or("null".to_owned(), |text| quoted(&format!("{letter}{text}")));
        cells.push(format!("{}:{value}", quoted(name)));
    }
    Ok(format!("{{{}}}", cells.join(",")))
}

/// Writes into the outbox that a row of the stock cannot travel: a chunk has rows alone.
async fn put_aside(
    connection: &mut PgConnection,
    names: &Names,
    table: &Table,
    key_json: &str,
    cannot: &Cannot,
) -> Result<(), Trouble> {
    let sql = format!("INSERT INTO {} (tbl, op, key, problem) VALUES ($1, 'stock', $2::text::json, $3)", names.outbox());
    let query = sqlx::query(AssertSqlSafe(sql)).bind(&table.shown).bind(key_json).bind(cannot.written());
    query.execute(connection).await?;
    Ok(())
}

/// A row of the stock whose key cannot travel: a person mends it or leaves it out by a filter.
fn unreadable(table: &Table, code: &'static str, key: &Cells, column: Option<String>) -> Trouble {
    let shown = RowChange {
        table: table.shown.clone(),
        op: Op::Stock,
        key: key.clone(),
        row: Vec::new(),
        changed: Vec::new(),
        transaction: None,
        goes_on: false,
    };
    let named = column.clone().unwrap_or_default();
    let words = [format!("列 {named} 的值不能传送（{code}）"), format!("the value of column {named} cannot travel ({code})")];
    let key = shown.key_text();
    TableFault::Row { seq: 0, index: 0, table: shown.table, key, column, code, words }.into()
}

/// How many rows stand behind a key, as the planner estimates it.
async fn left(connection: &mut PgConnection, table: &Table, want: &ChunkWanted<'_>, last: &Cells) -> Result<u64, Trouble> {
    let sql = format!("EXPLAIN (FORMAT JSON) SELECT {}", from(table, want, Some(last)));
    let row = bound(&sql, Some(last)).persistent(false).fetch_one(connection).await?;
    let plan: serde_json::Value = serde_json::from_str(row.try_get_unchecked::<&str, _>(0)?).unwrap_or_default();
    Ok(plan.pointer("/0/Plan/Plan Rows").and_then(serde_json::Value::as_u64).unwrap_or(0))
}
