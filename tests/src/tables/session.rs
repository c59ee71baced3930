//! One session with one database, as an application has it.

use std::path::PathBuf;
use std::time::Duration;

use sqlx::mysql::{MySqlConnectOptions, MySqlDatabaseError};
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteRow};
use sqlx::{AssertSqlSafe, ConnectOptions, MySqlConnection, PgConnection, Row, SqliteConnection, TypeInfo, ValueRef};
use tokio::runtime::{Builder, Runtime};

/// How long a statement of SQLite waits for the file.
const FILE_PATIENCE: Duration = Duration::from_secs(20);

/// How SQL is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// PostgreSQL.
    Postgres,
    /// MariaDB.
    Mariadb,
    /// SQLite.
    Sqlite,
}

/// Where a session is begun.
#[derive(Clone, Debug)]
pub enum Address {
    /// A URL of PostgreSQL.
    Postgres(String),
    /// A URL of MariaDB.
    Mariadb(String),
    /// A file, and whether its readers are never in the way of its writer.
    Sqlite(PathBuf),
}

impl Address {
    /// Gives its dialect.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Postgres(_) => Dialect::Postgres,
            Self::Mariadb(_) => Dialect::Mariadb,
            Self::Sqlite(_) => Dialect::Sqlite,
        }
    }
}

/// Why a statement was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// SQLSTATE, or MariaDB's number; empty where the server said nothing.
    pub code: String,
    /// Its words.
    pub words: String,
    /// The session is over.
    pub is_over: bool,
}

enum Line {
    Postgres(PgConnection),
    Mariadb(MySqlConnection),
    Sqlite(SqliteConnection),
}

/// A session; its transaction is rolled back when it is dropped.
pub struct Session {
    /// How its SQL is written.
    pub dialect: Dialect,
    line: Option<Line>,
    runtime: Runtime,
}

/// A row, each value as text.
pub type Texts = Vec<Option<String>>;

impl Session {
    /// Begins a session that waits at most a few seconds for a lock.
    ///
    /// # Errors
    /// What the server or the driver said.
    ///
    /// # Panics
    /// Panics when no runtime can be made.
    pub fn begin(at: &Address) -> Result<Self, Refusal> {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let line = runtime.block_on(async {
            Ok::<_, sqlx::Error>(match at {
                Address::Postgres(url) => {
                    Line::Postgres(url.parse::<PgConnectOptions>()?.disable_statement_logging().connect().await?)
                }
                Address::Mariadb(url) => {
                    let options = url.parse::<MySqlConnectOptions>()?.charset("utf8mb4").disable_statement_logging();
                    Line::Mariadb(options.connect().await?)
                }
                Address::Sqlite(file) => {
                    let options = SqliteConnectOptions::new().filename(file).create_if_missing(true).foreign_keys(true);
                    Line::Sqlite(options.busy_timeout(FILE_PATIENCE).disable_statement_logging().connect().await?)
                }
            })
        });
        let mut session = Self { dialect: at.dialect(), line: Some(line.map_err(refusal)?), runtime };
        match session.dialect {
            Dialect::Postgres => {
                session.run("SET search_path = public; SET lock_timeout = '3s'; SET client_min_messages = warning")?
            }
            Dialect::Mariadb => {
                session.run("SET innodb_lock_wait_timeout = 3, sql_mode = 'STRICT_ALL_TABLES,NO_BACKSLASH_ESCAPES'")?
            }
            Dialect::Sqlite => {}
        }
        Ok(session)
    }

    /// Begins a session that has to begin.
    ///
    /// # Panics
    /// Panics when it does not.
    #[must_use]
    #[track_caller]
    pub fn of(at: &Address) -> Self {
        Self::begin(at).unwrap_or_else(|refusal| panic!("{at:?}: {refusal:?}"))
    }

    /// Runs statements.
    ///
    /// # Errors
    /// What the server or the driver said.
    pub fn run(&mut self, sql: &str) -> Result<(), Refusal> {
        let sql = AssertSqlSafe(sql.to_owned());
        let Some(line) = self.line.as_mut() else { return Ok(()) };
        let done = self.runtime.block_on(async {
            match line {
                Line::Postgres(line) => sqlx::raw_sql(sql).execute(line).await.map(drop),
                Line::Mariadb(line) => sqlx::raw_sql(sql).execute(line).await.map(drop),
                Line::Sqlite(line) => sqlx::raw_sql(sql).execute(line).await.map(drop),
            }
        });
        done.map_err(refusal)
    }

    /// Runs statements that have to be done.
    ///
    /// # Panics
    /// Panics when they are not.
    #[track_caller]
    pub fn must(&mut self, sql: &str) {
        self.run(sql).unwrap_or_else(|refusal| panic!("{sql}: {refusal:?}"));
    }

    /// Gives the rows of a query whose columns are all text.
    ///
    /// # Errors
    /// What the server or the driver said.
    pub fn rows(&mut self, sql: &str) -> Result<Vec<Texts>, Refusal> {
        let sql = AssertSqlSafe(sql.to_owned());
        let Some(line) = self.line.as_mut() else { return Ok(Vec::new()) };
        let rows = self.runtime.block_on(async {
            match line {
                Line::Postgres(line) => texts(sqlx::raw_sql(sql).fetch_all(line).await?),
                Line::Mariadb(line) => texts(sqlx::raw_sql(sql).fetch_all(line).await?),
                Line::Sqlite(line) => texts_of_file(sqlx::raw_sql(sql).fetch_all(line).await?),
            }
        });
        rows.map_err(refusal)
    }

    /// Gives the only number of a query.
    ///
    /// # Panics
    /// Panics when the query does not give one.
    #[track_caller]
    pub fn number(&mut self, sql: &str) -> u64 {
        let rows = self.rows(sql).unwrap_or_else(|refusal| panic!("{sql}: {refusal:?}"));
        let number = rows.first().and_then(|row| row.first()?.as_ref()?.trim().parse().ok());
        number.unwrap_or_else(|| panic!("{sql}: {rows:?}"))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // The drop of a connection wants the runtime.
        let _within = self.runtime.enter();
        drop(self.line.take());
    }
}

fn texts<R: Row>(rows: Vec<R>) -> Result<Vec<Texts>, sqlx::Error>
where
    usize: sqlx::ColumnIndex<R>,
    for<'a> Option<String>: sqlx::Decode<'a, R::Database>,
{
    rows.iter().map(|row| (0..row.len()).map(|at| row.try_get_unchecked::<Option<String>, usize>(at)).collect()).collect()
}

/// SQLite's own text of a floating point number has too few digits.
fn texts_of_file(rows: Vec<SqliteRow>) -> Result<Vec<Texts>, sqlx::Error> {
    let text = |row: &SqliteRow, at: usize| {
        let value = row.try_get_raw(at)?;
        if !value.is_null() && value.type_info().name() == "REAL" {
            return row.try_get_unchecked::<f64, usize>(at).map(|number| Some(format!("{number:e}")));
        }
        row.try_get_unchecked::<Option<String>, usize>(at)
    };
    rows.iter().map(|row| (0..row.len()).map(|at| text(row, at)).collect()).collect()
}

fn refusal(error: sqlx::Error) -> Refusal {
    let number = |error: &dyn sqlx::error::DatabaseError| {
        let of_mariadb = error.try_downcast_ref::<MySqlDatabaseError>().map(|error| error.number().to_string());
        of_mariadb.or_else(|| error.code().map(|code| code.into_owned())).unwrap_or_default()
    };
    let code = error.as_database_error().map(number).unwrap_or_default();
    // The server says that it goes down, or says nothing.
    let is_over = error.as_database_error().is_none() || code.starts_with("57P") || code == "1927" || code == "1053";
    Refusal { code, words: error.to_string(), is_over }
}
