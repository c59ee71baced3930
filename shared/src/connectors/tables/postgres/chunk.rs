//! A chunk of the stock push.
//!
//! Given: a table and the last key. Gives: its next rows, and a marker in the outbox, in one transaction that holds the rows against change from before
//! they are read until the marker is there. So whatever changed a row before has a lower id than the marker, and whatever changes it afterwards a higher one.
//! After a crash: the marker is there or not; one whose chunk was never sent is passed over. Never: a wait for an application that holds a row for
//! long (that is `Busy`: PostgreSQL would end either of the two after a second if they waited for each other).
//!
//! The keys are read first and the rows by these keys: a row that moves to another key meanwhile, or appears between, stands in the outbox.

use super::catalog::{Col, Table};
use super::connection::run_sql;
use super::install::Names;
use super::portable::{Cannot, cells, input, object};
use super::{Trouble, ident};
use crate::connectors::tables::{Cells, Chunk, ChunkWanted, Op, RowChange, TableFault};
use sqlx::postgres::PgArguments;
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
    let keys = keys(connection, table, want).await?;
    let left = match keys.last() {
        Some(last) if keys.len() == want.rows as usize => Some((last, left(connection, table, want, last).await?)),
        _ => None,
    };
    let rows = if keys.is_empty() { Vec::new() } else { rows(connection, names, table, want, &keys).await? };
    let marker = format!("INSERT INTO {} (tbl, op, key) VALUES ($1, 'marker', to_json($2::text))", names.outbox());
    sqlx::query(AssertSqlSafe(marker)).bind(want.table).bind(token.to_string()).execute(&mut *connection).await?;
    run_sql(connection, "COMMIT").await?;
    let (last, left) = left.map_or((None, 0), |(last, left)| (Some(last.clone()), left));
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

fn in_order(key: &[&Col]) -> String {
    let names: Vec<String> = key.iter().map(|column| format!("r.{}", ident(&column.name))).collect();
    names.join(", ")
}

/// Gives the keys of the next rows.
async fn keys(connection: &mut PgConnection, table: &Table, want: &ChunkWanted<'_>) -> Result<Vec<Cells>, Trouble> {
    let key = table.key();
    let sql = format!(
        "SELECT {}::text {} ORDER BY {} LIMIT {}",
        object(&key, "r"),
        from(table, want, want.after),
        in_order(&key),
        want.rows
    );
    let rows = bound(&sql, want.after).fetch_all(connection).await?;
    let mut keys = Vec::with_capacity(rows.len());
    for row in &rows {
        keys.push(cells(row.try_get(0)?).map_err(|cannot| unreadable(table, cannot.code, &Vec::new(), cannot.column))?);
    }
    Ok(keys)
}

/// Gives the rows of these keys as they stand, held against change until the transaction ends.
async fn rows(
    connection: &mut PgConnection,
    own: &Names,
    table: &Table,
    want: &ChunkWanted<'_>,
    keys: &[Cells],
) -> Result<Vec<RowChange>, Trouble> {
    let key = table.key();
    let arrays: Vec<String> = (1..=key.len()).map(|at| format!("${at}::text[]")).collect();
    let names: Vec<String> = (1..=key.len()).map(|at| format!("k{at}")).collect();
    let same = |(at, column): (usize, &&Col)| format!("r.{} = u.k{at}::{}", ident(&column.name), column.cast);
    let same: Vec<String> = (1..).zip(&key).map(same).collect();
    let sql = format!(
        "SELECT {key_json}::text, {row_json}::text, {problem}
         FROM unnest({}) WITH ORDINALITY AS u({}, at) CROSS JOIN LATERAL (SELECT * {source} AND {same} FOR SHARE OF r) AS r ORDER BY u.at",
        arrays.join(", "),
        names.join(", "),
        key_json = object(&key, "r"),
        row_json = object(&table.travelling(), "r"),
        problem = super::portable::problem(table, "r"),
        source = from(table, want, None),
        same = same.join(" AND "),
    );
    let values =
        |at: usize| -> Vec<Option<String>> { keys.iter().map(|key| key.get(at).and_then(|(_, value)| input(value))).collect() };
    let query = (0..key.len()).fold(sqlx::query(AssertSqlSafe(sql)), |query, at| query.bind(values(at)));
    let mut changes = Vec::with_capacity(keys.len());
    for row in &query.fetch_all(&mut *connection).await? {
        let (key_json, cells_of, problem): (&str, Option<&str>, Option<&str>) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let key = cells(key_json).map_err(|cannot| unreadable(table, cannot.code, &Vec::new(), cannot.column))?;
        let told = problem.map(Cannot::parse);
        match told.map_or_else(|| cells(cells_of.unwrap_or_default()), Err) {
            Ok(row) => {
                let table = table.shown.clone();
                let change =
                    RowChange { table, op: Op::Stock, key, row, changed: Vec::new(), transaction: None, goes_on: false };
                changes.push(change);
            }
            Err(cannot) => put_aside(connection, own, table, key_json, &cannot).await?,
        }
    }
    Ok(changes)
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
