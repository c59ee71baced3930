//! A pair of databases on the MariaDB server that all tests share.

use super::super::session::text_at;
use super::super::{MysqlDescriber, MysqlRestructurer, MysqlSink, MysqlSource};
use crate::connectors::tables::contract_tests::{Bench, End, Session, Type, channel};
use crate::connectors::tables::describe::Describer;
use crate::connectors::tables::restructure::Restructurer;
use crate::connectors::tables::values::to_utc;
use crate::connectors::tables::{TableSink, TableSource, Value};
use crate::schema::plan::Dialect;
use dukou_servers::mariadb::Database;
use sqlx::mysql::MySqlConnectOptions;
use sqlx::{AssertSqlSafe, Column, ConnectOptions, MySqlConnection, Row};
use std::cell::RefCell;
use tokio::runtime::{Builder, Runtime};

/// Two databases.
pub(super) struct Databases {
    source: Database,
    sink: Database,
    zone: RefCell<String>,
}

/// Makes a pair.
pub(super) fn bench() -> Databases {
    Databases { source: Database::new(), sink: Database::new(), zone: RefCell::new("+08:00".to_owned()) }
}

impl Databases {
    /// The database of an end.
    pub(super) fn at(&self, end: End) -> &Database {
        if end == End::Source { &self.source } else { &self.sink }
    }

    /// Opens a connection of an application.
    pub(super) fn app(&self, end: End) -> App {
        App::open(&self.at(end).url, &self.zone.borrow())
    }

    /// Opens the source with what is installed.
    pub(super) fn open_source(&self, tables: &[String]) -> MysqlSource {
        MysqlSource::new(&self.at(End::Source).url, None, &channel(), tables)
    }
}

impl Bench for Databases {
    fn table(&self, name: &str) -> String {
        name.to_owned()
    }

    fn column(&self, of: Type) -> Option<String> {
        Some(match of {
            Type::Integer => "BIGINT".to_owned(),
            Type::Decimal => "DECIMAL(38,16)".to_owned(),
            Type::Double => "DOUBLE".to_owned(),
            Type::Boolean => "BOOLEAN".to_owned(),
            Type::Characters(most) => format!("VARCHAR({most})"),
            Type::Text => "LONGTEXT".to_owned(),
            Type::Bytes => "LONGBLOB".to_owned(),
            Type::Date => "DATE".to_owned(),
            Type::DateTime => "DATETIME(6)".to_owned(),
            Type::Instant => "TIMESTAMP(6) NULL DEFAULT NULL".to_owned(),
            Type::Time => "TIME(6)".to_owned(),
        })
    }

    fn literal(&self, of: Type, value: &Value) -> String {
        match (value, of) {
            (Value::Null, _) => "NULL".to_owned(),
            (Value::Bytes(bytes), _) => format!("x'{}'", data_encoding::HEXLOWER.encode(bytes)),
            (Value::Text(text), Type::Integer | Type::Double | Type::Boolean | Type::Decimal) => text.clone(),
            (Value::Text(text), Type::Instant) => {
                let utc = to_utc(text).expect("an instant");
                format!("CONVERT_TZ('{utc}', '+00:00', @@session.time_zone)")
            }
            (Value::Text(text), _) => super::super::literal(text),
        }
    }

    fn portable(&self, of: Type, value: &Value) -> Value {
        match (value, of) {
            // BOOLEAN is another word for TINYINT(1).
            (Value::Text(text), Type::Boolean) => Value::Text(if text == "true" { "1" } else { "0" }.to_owned()),
            _ => value.clone(),
        }
    }

    fn session(&self, end: End) -> Box<dyn Session> {
        Box::new(self.app(end))
    }

    fn source(&self, tables: &[String]) -> Box<dyn TableSource> {
        let mut source = self.open_source(tables);
        source.install().expect("installed");
        Box::new(source)
    }

    fn sink(&self, tables: &[String], dead_letters: bool) -> Box<dyn TableSink> {
        let pairs: Vec<_> = tables.iter().map(|table| (table.clone(), table.clone())).collect();
        Box::new(MysqlSink::new(&self.at(End::Sink).url, None, &pairs, dead_letters))
    }

    fn restructurer(&self, end: End) -> Box<dyn Restructurer> {
        Box::new(MysqlRestructurer::new(&self.at(end).url, None))
    }

    fn describer(&self, end: End) -> (Dialect, Box<dyn Describer>) {
        (Dialect::Mariadb, Box::new(MysqlDescriber::new(&self.at(end).url, None)))
    }

    fn uninstall(&self, tables: &[String]) {
        self.open_source(tables).uninstall().expect("uninstalled");
    }

    fn refused(&self) -> usize {
        self.app(End::Sink).number("SELECT count(*) FROM dukou_refused").try_into().expect("a count")
    }

    fn interleaves(&self) -> bool {
        true
    }

    fn tells_transactions(&self) -> bool {
        false
    }

    fn set_zone(&self, zone: &str) {
        // The server has no table of zones.
        let offset = match zone {
            "America/New_York" => "-05:00",
            "Asia/Shanghai" => "+08:00",
            "Pacific/Apia" => "+13:00",
            _ => "+05:45",
        };
        self.source.sql(&format!("SET GLOBAL time_zone = '{offset}'"));
        *self.zone.borrow_mut() = offset.to_owned();
    }
}

/// A connection of an application. It locks no gaps, so that several can be used by one thread.
pub(super) struct App {
    runtime: Runtime,
    connection: MySqlConnection,
}

impl App {
    /// Connects, in a zone of its own.
    pub(super) fn open(url: &str, zone: &str) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let options: MySqlConnectOptions = url.parse().expect("a URL");
        let options = options.timezone(Some(zone.to_owned())).disable_statement_logging();
        let connection = runtime.block_on(options.connect()).expect("a connection");
        let mut app = Self { runtime, connection };
        app.run("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
        app
    }

    /// Runs statements that may be refused.
    pub(super) fn try_run(&mut self, sql: &str) -> Result<(), sqlx::Error> {
        self.runtime.block_on(sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.connection)).map(drop)
    }
}

impl Session for App {
    fn run(&mut self, sql: &str) {
        self.try_run(sql).unwrap_or_else(|error| panic!("{sql:.200}: {error}"));
    }

    fn attempt(&mut self, sql: &str) -> bool {
        self.try_run(sql).is_ok()
    }

    fn rows(&mut self, sql: &str) -> Vec<Vec<Option<String>>> {
        let rows = self.runtime.block_on(sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut self.connection));
        let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error}"));
        let cells = |row: &sqlx::mysql::MySqlRow| {
            row.columns().iter().map(|column| text_at(row, column.ordinal()).expect("a value")).collect()
        };
        rows.iter().map(cells).collect()
    }
}
