//! A pair of SQLite files.

use super::super::{SqliteDescriber, SqliteRestructurer, SqliteSink, SqliteSource, bytes_at};
use crate::connectors::tables::contract_tests::{Bench, End, Session, Type, channel};
use crate::connectors::tables::describe::Describer;
use crate::connectors::tables::restructure::Restructurer;
use crate::connectors::tables::{TableSink, TableSource, Value};
use crate::schema::plan::Dialect;
use crate::store::sqlite::wait;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Column, ConnectOptions, Row, SqliteConnection, TypeInfo, ValueRef};
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;

/// Two files in a directory of their own.
pub(super) struct Files {
    dir: TempDir,
}

/// Makes a pair.
pub(super) fn bench() -> Files {
    Files { dir: tempfile::tempdir().expect("a temporary directory") }
}

impl Files {
    /// The file of an end.
    pub(super) fn path(&self, end: End) -> PathBuf {
        self.dir.path().join(if end == End::Source { "source.db" } else { "sink.db" })
    }

    /// Opens a connection of an application.
    pub(super) fn app(&self, end: End) -> App {
        let options = SqliteConnectOptions::new().filename(self.path(end)).create_if_missing(true);
        let options = options.busy_timeout(Duration::from_secs(30)).disable_statement_logging();
        App(wait(options.connect()).expect("the file opens"))
    }
}

impl Bench for Files {
    fn table(&self, name: &str) -> String {
        name.to_owned()
    }

    fn column(&self, of: Type) -> Option<String> {
        Some(match of {
            Type::Integer => "INTEGER".to_owned(),
            // NUMERIC would make a floating point number of it.
            Type::Decimal | Type::Text | Type::Instant => "TEXT".to_owned(),
            Type::Double => "REAL".to_owned(),
            Type::Boolean => "BOOLEAN".to_owned(),
            Type::Characters(most) => format!("VARCHAR({most})"),
            Type::Bytes => "BLOB".to_owned(),
            Type::Date => "DATE".to_owned(),
            Type::DateTime => "DATETIME".to_owned(),
            Type::Time => "TIME".to_owned(),
        })
    }

    fn literal(&self, of: Type, value: &Value) -> String {
        match (value, of) {
            (Value::Null, _) => "NULL".to_owned(),
            (Value::Bytes(bytes), _) => format!("x'{}'", data_encoding::HEXLOWER.encode(bytes)),
            (Value::Text(text), Type::Integer | Type::Double | Type::Boolean) => text.clone(),
            (Value::Text(text), _) => super::super::literal(text),
        }
    }

    fn session(&self, end: End) -> Box<dyn Session> {
        Box::new(self.app(end))
    }

    fn source(&self, tables: &[String]) -> Box<dyn TableSource> {
        let mut source = SqliteSource::new(&self.path(End::Source), &channel(), tables);
        source.install().expect("installed");
        Box::new(source)
    }

    fn sink(&self, tables: &[String], dead_letters: bool) -> Box<dyn TableSink> {
        let pairs: Vec<_> = tables.iter().map(|table| (table.clone(), table.clone())).collect();
        Box::new(SqliteSink::new(&self.path(End::Sink), &pairs, dead_letters))
    }

    fn restructurer(&self, end: End) -> Box<dyn Restructurer> {
        Box::new(SqliteRestructurer::new(&self.path(end)))
    }

    fn describer(&self, end: End) -> (Dialect, Box<dyn Describer>) {
        (Dialect::Sqlite, Box::new(SqliteDescriber::new(&self.path(end))))
    }

    fn uninstall(&self, tables: &[String]) {
        SqliteSource::new(&self.path(End::Source), &channel(), tables).uninstall().expect("uninstalled");
    }

    fn refused(&self) -> usize {
        self.app(End::Sink).number("SELECT count(*) FROM dukou_refused").try_into().expect("a count")
    }

    fn interleaves(&self) -> bool {
        false
    }

    fn tells_transactions(&self) -> bool {
        false
    }

    // A SQLite file has no zone.
    fn set_zone(&self, _zone: &str) {}
}

/// A connection of an application, with SQLite's defaults.
pub(super) struct App(SqliteConnection);

impl App {
    /// Runs statements that may be refused.
    pub(super) fn try_run(&mut self, sql: &str) -> Result<(), sqlx::Error> {
        wait(sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.0)).map(drop)
    }
}

impl Session for App {
    fn run(&mut self, sql: &str) {
        self.try_run(sql).unwrap_or_else(|error| panic!("{:.200}: {error}", sql));
    }

    fn attempt(&mut self, sql: &str) -> bool {
        self.try_run(sql).is_ok()
    }

    fn rows(&mut self, sql: &str) -> Vec<Vec<Option<String>>> {
        let rows =
            wait(sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut self.0)).unwrap_or_else(|error| panic!("{sql}: {error}"));
        let cell = |row: &sqlx::sqlite::SqliteRow, at: usize| {
            let raw = row.try_get_raw(at).expect("a column");
            match raw.type_info().name() {
                _ if raw.is_null() => None,
                "REAL" => Some(format!("{:?}", row.try_get_unchecked::<f64, _>(at).expect("a number"))),
                kind => {
                    let bytes = bytes_at(row, at).expect("a value").unwrap_or_default();
                    let shown = String::from_utf8(bytes.clone());
                    Some(shown.unwrap_or_else(|_| format!("{kind} {}", data_encoding::HEXLOWER.encode(&bytes))))
                }
            }
        };
        rows.iter().map(|row| row.columns().iter().map(|column| cell(row, column.ordinal())).collect()).collect()
    }
}
