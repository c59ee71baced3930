//! What a view showed last, in a file of the station's own.

use super::{COLUMNS, ViewRow};
use crate::connectors::tables::database::Outbox;
use crate::connectors::tables::sqlite::SqliteSource;
use crate::connectors::tables::{Cells, Name, TableFault, Value};
use crate::store::sqlite::wait;
use sqlx::sqlite::{SqliteConnectOptions, SqliteRow, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Row, SqliteConnection};
use std::collections::BTreeMap;
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
        let columns: Vec<String> = COLUMNS.iter().map(|name| format!("{name} TEXT")).collect();
        let table = format!(
            "CREATE TABLE IF NOT EXISTS {}({}, PRIMARY KEY(ywh, bdcdyh))",
            ident(&self.table),
            columns.join(", ").replacen("ywh TEXT, bdcdyh TEXT", "ywh TEXT NOT NULL, bdcdyh TEXT NOT NULL", 1)
        );
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

    /// Makes the file show what the view shows, in one transaction with the outbox; tells whether anything changed. Rows from before `since` stay.
    pub(super) fn follow(&mut self, rows: Vec<ViewRow>, since: &str) -> Result<bool, TableFault> {
        let mut seen: BTreeMap<Key, ViewRow> = BTreeMap::new();
        for row in rows {
            // A key that comes twice has the row that sorts first, whichever came first.
            let standing = seen.entry(key_of(&row)).or_insert_with(|| row.clone());
            if row < *standing {
                *standing = row;
            }
        }
        let table = self.table.clone();
        self.run(async |conn| {
            sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut *conn).await?;
            let mut known = read(conn, &table, since).await?;
            let mut changed = false;
            for (key, row) in seen {
                if known.remove(&key).is_none_or(|before| before != row) {
                    put(conn, &table, &key, &row).await?;
                    changed = true;
                }
            }
            for key in known.into_keys() {
                let sql = format!("DELETE FROM {} WHERE ywh = ? AND bdcdyh = ?", ident(&table));
                sqlx::query(AssertSqlSafe(sql)).bind(&key[0]).bind(&key[1]).execute(&mut *conn).await?;
                changed = true;
            }
            sqlx::raw_sql("COMMIT").execute(&mut *conn).await?;
            Ok(changed)
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

    /// Gives the rows from `since` on.
    pub(super) fn rows(&mut self, since: &str) -> Result<Vec<Cells>, TableFault> {
        let table = self.table.clone();
        let rows = self.run(async |conn| read(conn, &table, since).await)?;
        Ok(rows.into_values().map(cells).collect())
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

async fn read(conn: &mut SqliteConnection, table: &str, since: &str) -> Result<BTreeMap<Key, ViewRow>, sqlx::Error> {
    let sql = format!("SELECT {} FROM {} WHERE djsj >= ?", COLUMNS.join(", "), ident(table));
    let rows = sqlx::query(AssertSqlSafe(sql)).bind(since).fetch_all(conn).await?;
    rows.iter().map(view_row).map(|row| row.map(|row| (key_of(&row), row))).collect()
}

fn view_row(row: &SqliteRow) -> Result<ViewRow, sqlx::Error> {
    let mut texts = ViewRow::default();
    for (at, text) in texts.iter_mut().enumerate() {
        *text = row.try_get(at)?;
    }
    Ok(texts)
}

/// Writes a row; one that stands here from days that were not looked at is changed.
async fn put(conn: &mut SqliteConnection, table: &str, key: &Key, row: &ViewRow) -> Result<(), sqlx::Error> {
    let rest: Vec<String> = COLUMNS.iter().skip(2).map(|name| format!("{name} = ?")).collect();
    let sql = format!("UPDATE {} SET {} WHERE ywh = ? AND bdcdyh = ?", ident(table), rest.join(", "));
    let query = row.iter().skip(2).fold(sqlx::query(AssertSqlSafe(sql)), |query, text| query.bind(text));
    let [ywh, bdcdyh] = key;
    if query.bind(ywh).bind(bdcdyh).execute(&mut *conn).await?.rows_affected() > 0 {
        return Ok(());
    }
    let places = vec!["?"; COLUMNS.len()].join(", ");
    let sql = format!("INSERT INTO {}({}) VALUES ({places})", ident(table), COLUMNS.join(", "));
    let query = sqlx::query(AssertSqlSafe(sql)).bind(ywh).bind(bdcdyh);
    row.iter().skip(2).fold(query, |query, text| query.bind(text)).execute(conn).await.map(drop)
}

fn cells(row: ViewRow) -> Cells {
    let value = |text: Option<String>| text.map_or(Value::Null, Value::Text);
    COLUMNS.iter().zip(row).map(|(name, text)| (Name::from(*name), value(text))).collect()
}

fn ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
