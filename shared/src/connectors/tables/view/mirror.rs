//! What a view showed last, in a file of the station's own.

use super::{COLUMNS, ViewRow};
use crate::connectors::tables::database::Outbox;
use crate::connectors::tables::sqlite::SqliteSource;
use crate::connectors::tables::{Cells, Name, TableFault, Value};
use crate::store::sqlite::wait;
use futures_util::TryStreamExt;
use sqlx::sqlite::{SqliteConnectOptions, SqliteRow, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Row, SqliteConnection};
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;

/// What the file is marked with once its triggers are in place: `DKRV`.
const READY: i64 = 0x444b_5256;

/// The file.
pub(super) struct Mirror {
    path: PathBuf,
    table: String,
    connection: Option<SqliteConnection>,
}

/// A row's key: case and unit.
type Key = [String; 2];

impl Mirror {
    pub(super) fn new(path: PathBuf, table: String) -> Self {
        Self { path, table, connection: None }
    }

    pub(super) fn table(&self) -> &str {
        &self.table
    }

    /// Makes file, table, outbox and triggers where they are not there.
    pub(super) fn prepare(&mut self, outbox: &mut SqliteSource) -> Result<(), TableFault> {
        if self.connection.is_some() && self.path.exists() {
            return Ok(());
        }
        self.connection = None;
        if let Some(dir) = self.path.parent() {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
            made.map_err(|error| self.away(&error.to_string()))?;
        }
        let mut connection = self.asked(wait(self.options().connect()))?;
        let marked = wait(sqlx::query("PRAGMA application_id").fetch_one(&mut connection));
        let marked: i64 = self.asked(marked.and_then(|row| row.try_get(0)))?;
        if marked != READY {
            self.make(&mut connection, outbox)?;
        }
        self.connection = Some(connection);
        Ok(())
    }

    fn make(&self, connection: &mut SqliteConnection, outbox: &mut SqliteSource) -> Result<(), TableFault> {
        let table = format!("CREATE TABLE IF NOT EXISTS {}({}, PRIMARY KEY(ywh, bdcdyh))", ident(&self.table), texts());
        self.asked(wait(sqlx::raw_sql(AssertSqlSafe(table)).execute(&mut *connection)))?;
        Outbox::install(outbox)?;
        let mark = format!("PRAGMA application_id = {READY}");
        self.asked(wait(sqlx::raw_sql(AssertSqlSafe(mark)).execute(connection))).map(drop)
    }

    fn options(&self) -> SqliteConnectOptions {
        SqliteConnectOptions::new()
            .filename(&self.path)
            .create_if_missing(true)
            .synchronous(SqliteSynchronous::Full)
            .thread_name(|id| format!("mirror-{id}"))
            .disable_statement_logging()
    }

    /// Empties the table of what the view shows now. It lies in a file beside, which goes with the connection.
    pub(super) fn begin(&mut self) -> Result<(), TableFault> {
        let sql = format!(
            "CREATE TEMP TABLE IF NOT EXISTS dukou_shown({}, PRIMARY KEY(ywh, bdcdyh)) WITHOUT ROWID; DELETE FROM temp.dukou_shown",
            texts()
        );
        self.run(async |conn| sqlx::raw_sql(AssertSqlSafe(sql)).execute(conn).await.map(drop))
    }

    /// Takes rows that the view shows now. A key that comes twice has the row that sorts first, whichever came first: a null sorts before every text.
    fn show(&mut self, rows: &[ViewRow]) -> Result<(), TableFault> {
        let rest: Vec<&str> = COLUMNS.into_iter().skip(2).collect();
        let set: Vec<String> = rest.iter().map(|name| format!("{name} = excluded.{name}")).collect();
        let order =
            |side: &str| rest.iter().map(|name| format!("ifnull('x' || {side}.{name}, '')")).collect::<Vec<_>>().join(", ");
        let row = format!("({})", vec!["?"; COLUMNS.len()].join(", "));
        let sql = format!(
            "INSERT INTO temp.dukou_shown AS shown({}) VALUES {} ON CONFLICT DO UPDATE SET {} WHERE ({}) < ({})",
            COLUMNS.join(", "),
            vec![row.as_str(); rows.len()].join(", "),
            set.join(", "),
            order("excluded"),
            order("shown")
        );
        self.run(async |conn| {
            let texts = rows.iter().flat_map(with_key);
            texts.fold(sqlx::query(AssertSqlSafe(sql)), |query, text| query.bind(text)).execute(conn).await.map(drop)
        })
    }

    /// Makes the file show what the view shows, in one transaction with the outbox; tells whether anything changed. Rows from before `since` stay.
    pub(super) fn follow(&mut self, since: &str) -> Result<bool, TableFault> {
        let table = ident(&self.table);
        let rest: Vec<&str> = COLUMNS.into_iter().skip(2).collect();
        let set: Vec<String> = rest.iter().map(|name| format!("{name} = s.{name}")).collect();
        let differs: Vec<String> = rest.iter().map(|name| format!("m.{name} IS NOT s.{name}")).collect();
        let same = "s.ywh = m.ywh AND s.bdcdyh = m.bdcdyh";
        let (set, differs, columns) = (set.join(", "), differs.join(" OR "), COLUMNS.join(", "));
        let changed = format!("UPDATE {table} AS m SET {set} FROM temp.dukou_shown s WHERE {same} AND ({differs})");
        let new = format!(
            "INSERT INTO {table}({columns}) SELECT {columns} FROM temp.dukou_shown s
             WHERE NOT EXISTS (SELECT 1 FROM {table} m WHERE {same}) ORDER BY ywh, bdcdyh"
        );
        let gone =
            format!("DELETE FROM {table} AS m WHERE djsj >= ? AND NOT EXISTS (SELECT 1 FROM temp.dukou_shown s WHERE {same})");
        self.run(async |conn| {
            sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut *conn).await?;
            let mut rows = sqlx::query(AssertSqlSafe(changed)).execute(&mut *conn).await?.rows_affected();
            rows += sqlx::query(AssertSqlSafe(new)).execute(&mut *conn).await?.rows_affected();
            rows += sqlx::query(AssertSqlSafe(gone)).bind(since).execute(&mut *conn).await?.rows_affected();
            sqlx::raw_sql("COMMIT").execute(&mut *conn).await?;
            Ok(rows > 0)
        })
    }

    /// Tells whether nothing of it is still to be sent.
    pub(super) fn is_sent(&mut self) -> Result<bool, TableFault> {
        self.run(async |conn| {
            let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'dukou_outbox_*'";
            let Some(row) = sqlx::query(sql).fetch_optional(&mut *conn).await? else { return Ok(true) };
            let outbox: String = row.try_get(0)?;
            let sql = format!("SELECT count(*) FROM {}", ident(&outbox));
            Ok(sqlx::query(AssertSqlSafe(sql)).fetch_one(conn).await?.try_get::<i64, _>(0)? == 0)
        })
    }

    /// Hands over the rows from `since` on, one after another.
    pub(super) fn each_row(&mut self, since: &str, take: &mut dyn FnMut(Cells)) -> Result<(), TableFault> {
        let sql = format!("SELECT {} FROM {} WHERE djsj >= ? ORDER BY ywh, bdcdyh", COLUMNS.join(", "), ident(&self.table));
        self.run(async |conn| {
            let mut rows = sqlx::query(AssertSqlSafe(sql)).bind(since).fetch(conn);
            while let Some(row) = rows.try_next().await? {
                take(cells(view_row(&row)?));
            }
            Ok(())
        })
    }

    /// Removes the file: all rows go once more.
    pub(super) fn forget(&mut self) -> Result<(), TableFault> {
        self.connection = None;
        std::fs::remove_file(&self.path).map_err(|error| self.away(&error.to_string()))
    }

    fn run<T>(&mut self, work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, sqlx::Error>) -> Result<T, TableFault> {
        let Some(mut connection) = self.connection.take() else { return Err(self.away("it is not open")) };
        let outcome = wait(work(&mut connection));
        // One that failed is given up: opening the file anew rolls back.
        if outcome.is_ok() {
            self.connection = Some(connection);
        }
        self.asked(outcome)
    }

    fn asked<T>(&self, outcome: Result<T, sqlx::Error>) -> Result<T, TableFault> {
        outcome.map_err(|error| self.away(&error.to_string()))
    }

    fn away(&self, words: &str) -> TableFault {
        TableFault::Away { place: format!("sqlite:{}", self.path.display()), words: words.to_owned() }
    }
}

fn key_of(row: &ViewRow) -> Key {
    let [ywh, bdcdyh, ..] = row;
    [ywh, bdcdyh].map(|text| text.clone().unwrap_or_default())
}

/// Gives the row with its key as it is kept: a null there is an empty text.
fn with_key(row: &ViewRow) -> ViewRow {
    let mut kept = row.clone();
    kept.iter_mut().zip(key_of(row)).for_each(|(text, key)| *text = Some(key));
    kept
}

/// Gives the columns as a table has them.
fn texts() -> String {
    COLUMNS
        .iter()
        .enumerate()
        .map(|(at, name)| format!("{name} TEXT{}", if at < 2 { " NOT NULL" } else { "" }))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The rows of a look on their way into the mirror.
#[derive(Default)]
pub(super) struct Shown(Vec<ViewRow>);

/// Rows that are taken into the mirror in one step.
const ROWS_AT_ONCE: usize = 1000;

impl Shown {
    pub(super) fn take(&mut self, row: ViewRow, mirror: &mut Mirror) -> Result<(), TableFault> {
        self.0.push(row);
        if self.0.len() < ROWS_AT_ONCE { Ok(()) } else { self.finish(mirror) }
    }

    /// Takes what is left.
    pub(super) fn finish(&mut self, mirror: &mut Mirror) -> Result<(), TableFault> {
        if !self.0.is_empty() {
            mirror.show(&self.0)?;
            self.0.clear();
        }
        Ok(())
    }
}

fn view_row(row: &SqliteRow) -> Result<ViewRow, sqlx::Error> {
    let mut texts = ViewRow::default();
    for (at, text) in texts.iter_mut().enumerate() {
        *text = row.try_get(at)?;
    }
    Ok(texts)
}

fn cells(row: ViewRow) -> Cells {
    let value = |text: Option<String>| text.map_or(Value::Null, Value::Text);
    COLUMNS.iter().zip(row).map(|(name, text)| (Name::from(*name), value(text))).collect()
}

fn ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
