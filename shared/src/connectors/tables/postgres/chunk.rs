//! A chunk of the stock push.
//!
//! Given: a table and the last key. Gives: its next rows, and a marker in the outbox, in one transaction that holds the rows against change from before
//! they are read until the marker is there. So whatever changed a row before has a lower id than the marker, and whatever changes it afterwards a higher one.
//! After a crash: the marker is there or not; one whose chunk was never sent is passed over. Never: a wait for an application that holds a row for
//! long (that is `Busy`: PostgreSQL would end either of the two after a second if they waited for each other).
//!
//! Where nobody has written to the table and not ended, the whole table is held and its rows come by `COPY`. Else the keys are chosen first and the rows found by these keys: a row that moves to another key meanwhile, or appears between, stands in the outbox.

use super::catalog::{Col, Table};
use super::connection::{copy_out, run_sql};
use super::install::Names;
use super::lines::{Looks, printed};
use super::portable::{Cannot, input, letter, plain, untagged};
use super::{Trouble, ident, literal};
use crate::connectors::tables::change::LARGE_FROM;
use crate::connectors::tables::run::push_value;
use crate::connectors::tables::{Cells, Chunk, ChunkWanted, Name, Op, RowChange, RowRun, RowsPart, RunHead, TableFault, Value};
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, PgConnection, Postgres, Row};
use std::sync::Arc;

/// How long a row that an application holds is waited for: less than a second, after which the server looks for deadlocks.
const LOCK_PATIENCE: &str = "SET LOCAL lock_timeout = '700ms'";

/// How a chunk begins.
fn begin() -> String {
    format!("BEGIN; {LOCK_PATIENCE}")
}

/// Most bytes of lines that a chunk keeps: what is beyond them belongs to the next one.
const LINES_MOST: usize = 16 << 20;

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
    let copied = if begin_alone(connection, table, want).await? { copied(connection, table, want).await? } else { None };
    let Found { parts, last } = match copied {
        Some(found) => found,
        None => rows(connection, names, table, want).await?,
    };
    let parts = parts.ended()?;
    let left = match &last {
        Some(last) => left(connection, table, want, last).await?,
        None => 0,
    };
    let (outbox, shown) = (names.outbox(), literal(want.table));
    run_sql(
        connection,
        format!("INSERT INTO {outbox} (tbl, op, key) VALUES ({shown}, 'marker', to_json('{token}'::text)); COMMIT"),
    )
    .await?;
    Ok(Chunk { parts, last, left })
}

/// Begins the transaction; true where the whole table is held against change, which costs no row anything: that is not waited for, since whoever
/// comes meanwhile would wait, too. A person's condition is no text for `COPY`.
async fn begin_alone(connection: &mut PgConnection, table: &Table, want: &ChunkWanted<'_>) -> Result<bool, Trouble> {
    if want.filter.is_some() {
        return run_sql(connection, begin()).await.map(|_| false);
    }
    let sql = format!("{}; LOCK TABLE {} IN SHARE MODE NOWAIT", begin(), table.only_sql());
    match run_sql(connection, sql).await {
        Ok(_) => Ok(true),
        // Somebody writes, or the account may only hold rows.
        Err(Trouble::Sql(sqlx::Error::Database(error))) if matches!(error.code().as_deref(), Some("55P03" | "42501")) => {
            run_sql(connection, format!("ROLLBACK; {}", begin())).await.map(|_| false)
        }
        Err(trouble) => Err(trouble),
    }
}

/// Gives the next rows of a table that nobody changes now; `None` where one of them cannot travel, or not in a run.
async fn copied(connection: &mut PgConnection, table: &Table, want: &ChunkWanted<'_>) -> Result<Option<Found>, Trouble> {
    let (key, columns) = (table.key(), table.travelling());
    let value = |at: usize| {
        let after = want.after.into_iter().flatten().nth(at - 1).and_then(|(_, value)| input(value));
        after.map_or("NULL".to_owned(), |text| literal(&text))
    };
    let sql = format!(
        "COPY (SELECT {} {} ORDER BY {} LIMIT {}) TO STDOUT",
        listed(&columns, |column| printed(column, "r")),
        from(table, want, want.after, value),
        listed(&key, |column| format!("r.{}", ident(&column.name))),
        want.rows,
    );
    let looks = Looks::of(&columns);
    let (mut lines, mut rows, mut is_whole, mut travel) = (Vec::new(), 0_u32, true, true);
    copy_out(connection, &sql, |line| {
        is_whole = is_whole && (rows == 0 || lines.len() + line.len() <= LINES_MOST);
        if is_whole && travel {
            travel = looks.add(line, &mut lines);
            rows += u32::from(travel);
        }
    })
    .await?;
    if !travel {
        return Ok(None);
    }
    let mut parts = Parts::of(table);
    parts.lines = lines;
    if parts.end_run().is_err() {
        return Ok(None);
    }
    let last = parts.last_key().filter(|_| rows == want.rows || !is_whole);
    Ok(Some(Found { parts, last }))
}

/// The rows of a chunk in the making: lines where they can be, and rows of their own.
struct Parts {
    table: String,
    head: Arc<RunHead>,
    lines: Vec<u8>,
    parts: Vec<RowsPart>,
}

impl Parts {
    fn of(table: &Table) -> Self {
        let names = |columns: Vec<&Col>| columns.into_iter().map(|column| Name::from(&column.name)).collect::<Vec<_>>();
        let bytes = table.travelling().into_iter().filter(|column| letter(column) == 'x').collect();
        let (key, columns) = (names(table.key()), names(table.travelling()));
        let head = RunHead { op: Op::Stock, columns, key, bytes: names(bytes), changed: Vec::new() };
        Self { table: table.shown.clone(), head: Arc::new(head), lines: Vec::new(), parts: Vec::new() }
    }

    /// Adds a row: as a line, unless a value of it needs a record of its own.
    fn push(&mut self, key: &[(Name, char)], row: Cells) -> Result<(), Trouble> {
        let is_long = row.iter().map(|(_, value)| value.bytes()).sum::<u64>() > LARGE_FROM as u64;
        if is_long || self.lines.len() > LARGE_FROM {
            self.end_run()?;
        }
        if is_long {
            self.parts.push(RowsPart::One(stock(&self.table, key, row)));
            return Ok(());
        }
        for (at, (_, value)) in row.iter().enumerate() {
            if at > 0 {
                self.lines.push(b'\t');
            }
            push_value(&mut self.lines, value);
        }
        self.lines.push(b'\n');
        Ok(())
    }

    fn end_run(&mut self) -> Result<(), Trouble> {
        if !self.lines.is_empty() {
            let lines = std::mem::take(&mut self.lines);
            let run = RowRun::of_lines(self.table.clone(), self.head.clone(), Vec::new(), false, lines);
            self.parts.push(RowsPart::Run(run.map_err(|fault| sqlx::Error::Decode(fault.into()))?));
        }
        Ok(())
    }

    fn last_key(&self) -> Option<Cells> {
        match self.parts.last()? {
            RowsPart::One(change) => Some(change.key.clone()),
            RowsPart::Run(run) => Some(run.last_key()),
        }
    }

    fn ended(mut self) -> Result<Vec<RowsPart>, Trouble> {
        self.end_run()?;
        Ok(self.parts)
    }
}

/// The table with what chooses its rows; the key's values are as `value` writes them, from 1.
fn from(table: &Table, want: &ChunkWanted<'_>, after: Option<&Cells>, value: impl Fn(usize) -> String) -> String {
    let filter = want.filter.map_or(String::new(), |filter| format!(" AND (\n{filter}\n)"));
    let behind = after.map_or(String::new(), |_| {
        let key = table.key();
        let names: Vec<String> = key.iter().map(|column| format!("r.{}", ident(&column.name))).collect();
        let values: Vec<String> = (1..).zip(&key).map(|(at, column)| format!("{}::text::{}", value(at), column.cast)).collect();
        format!(" AND ({}) > ({})", names.join(", "), values.join(", "))
    });
    format!("FROM {} AS r WHERE true{filter}{behind}", table.only_sql())
}

/// A value as a parameter.
fn parameter(at: usize) -> String {
    format!("${at}")
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
    parts: Parts,
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
        after = from(table, want, want.after, parameter),
        rows = want.rows,
        any = from(table, want, None, parameter),
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
    let mut found = Found { parts: Parts::of(table), last };
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
            Ok(row) => found.parts.push(&key, row)?,
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

fn stock(table: &str, key: &[(Name, char)], row: Cells) -> RowChange {
    let of_key = |(column, _): &(Name, char)| row.iter().find(|(name, _)| name == column).cloned();
    let key = key.iter().filter_map(of_key).collect();
    RowChange { table: table.to_owned(), op: Op::Stock, key, row, changed: Vec::new(), transaction: None, goes_on: false }
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
    let sql = format!("EXPLAIN (FORMAT JSON) SELECT {}", from(table, want, Some(last), parameter));
    let row = bound(&sql, Some(last)).persistent(false).fetch_one(connection).await?;
    let plan: serde_json::Value = serde_json::from_str(row.try_get_unchecked::<&str, _>(0)?).unwrap_or_default();
    Ok(plan.pointer("/0/Plan/Plan Rows").and_then(serde_json::Value::as_u64).unwrap_or(0))
}
