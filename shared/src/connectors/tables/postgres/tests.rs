//! Over real servers: the suite that every source and sink keeps, and what is PostgreSQL's own.

mod careless;
mod faults;
mod installing;
mod restructuring;
mod runs;
mod tables;

use super::*;
use crate::connectors::tables::contract_tests::{self, Bench, End, Type};
use crate::connectors::tables::describe::Describer;
use crate::connectors::tables::restructure::Restructurer;
use crate::connectors::tables::{TableName, TableSink, TableSource, Value};
use crate::schema::plan::Dialect;
use dukou_servers::postgres::Database;
use sqlx::{AssertSqlSafe, Column, Connection, PgConnection, Row};
use tokio::runtime::{Builder, Runtime};

/// Two databases on the server that the tests of a run share.
pub(super) struct PgBench {
    pub(super) source: Database,
    pub(super) sink: Database,
    /// Whether packets come with their neighbours in runs.
    in_runs: bool,
}

/// Makes a fresh pair.
pub(super) fn bench() -> PgBench {
    PgBench { source: Database::new(), sink: Database::new(), in_runs: false }
}

crate::connectors::tables::contract_tests::table_contract!(bench);

mod in_runs {
    /// Makes a fresh pair whose sink is given runs.
    fn bench() -> super::PgBench {
        super::PgBench { in_runs: true, ..super::bench() }
    }

    crate::connectors::tables::contract_tests::table_contract!(bench);
}

#[test]
fn every_type_is_the_same_whatever_zone_the_station_has() {
    for zone in ["America/New_York", "Asia/Shanghai", "Pacific/Apia"] {
        let mut again = std::process::Command::new(std::env::current_exe().expect("this program"));
        again.args(["--exact", "connectors::tables::postgres::tests::every_type_crosses_at_its_edges"]).env("TZ", zone);
        let output = again.output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{zone}: {said}");
    }
}

impl PgBench {
    fn database(&self, end: End) -> &Database {
        match end {
            End::Source => &self.source,
            End::Sink => &self.sink,
        }
    }

    /// The source's connector, with nothing installed.
    pub(super) fn bare_source(&self, tables: &[TableName]) -> PostgresSource {
        PostgresSource::new(&self.source.url, None, &contract_tests::channel(), tables)
    }

    /// The sink's connector.
    pub(super) fn bare_sink(&self, tables: &[TableName], dead_letters: bool) -> PostgresSink {
        sink_at(&self.sink.url, tables, dead_letters)
    }
}

/// Opens a sink whose tables are called as the source's.
pub(super) fn sink_at(url: &str, tables: &[TableName], dead_letters: bool) -> PostgresSink {
    let tables: Vec<_> = tables.iter().map(|table| (table.clone(), table.clone())).collect();
    PostgresSink::new(url, None, &tables, dead_letters)
}

impl Bench for PgBench {
    fn table(&self, name: &str) -> String {
        format!("public.{name}")
    }

    fn column(&self, of: Type) -> Option<String> {
        Some(match of {
            Type::Integer => "bigint".to_owned(),
            Type::Decimal => "numeric(38,16)".to_owned(),
            Type::Double => "double precision".to_owned(),
            Type::Boolean => "boolean".to_owned(),
            Type::Characters(most) => format!("varchar({most})"),
            Type::Text => "text".to_owned(),
            Type::Bytes => "bytea".to_owned(),
            Type::Date => "date".to_owned(),
            Type::DateTime => "timestamp".to_owned(),
            Type::Instant => "timestamptz".to_owned(),
            Type::Time => "time".to_owned(),
        })
    }

    fn literal(&self, _of: Type, value: &Value) -> String {
        portable::input(value).map_or_else(|| "NULL".to_owned(), |value| literal(&value))
    }

    fn session(&self, end: End) -> Box<dyn contract_tests::Session> {
        Box::new(App::to(&self.database(end).url))
    }

    fn source(&self, tables: &[String]) -> Box<dyn TableSource> {
        let mut source = self.bare_source(tables);
        source.install().expect("it is installed");
        Box::new(source)
    }

    fn sink(&self, tables: &[String], dead_letters: bool) -> Box<dyn TableSink> {
        let sink = Box::new(self.bare_sink(tables, dead_letters));
        if self.in_runs { Box::new(contract_tests::InRuns(sink)) } else { sink }
    }

    fn set_aside(&self) -> String {
        "dukou.dukou_aside_cadastre_units".to_owned()
    }

    fn restructurer(&self, end: End) -> Box<dyn Restructurer> {
        Box::new(PostgresRestructurer::new(&self.database(end).url, None))
    }

    fn describer(&self, end: End) -> (Dialect, Box<dyn Describer>) {
        (Dialect::Postgres, Box::new(PostgresDescriber::new(&self.database(end).url, None)))
    }

    fn uninstall(&self, tables: &[String]) {
        self.bare_source(tables).uninstall().expect("uninstalled");
    }

    fn refused(&self) -> usize {
        self.sink.psql("SELECT count(*) FROM dukou.dukou_refused").parse().expect("a number")
    }

    fn interleaves(&self) -> bool {
        true
    }

    fn tells_transactions(&self) -> bool {
        true
    }

    fn set_zone(&self, zone: &str) {
        for database in [&self.source, &self.sink] {
            database.psql(&format!("ALTER DATABASE {} SET timezone = '{zone}'", database.name));
        }
    }
}

/// A connection of an application.
pub(super) struct App {
    runtime: Runtime,
    connection: PgConnection,
}

impl App {
    pub(super) fn to(url: &str) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let connection = runtime.block_on(PgConnection::connect(url)).expect("a connection");
        Self { runtime, connection }
    }

    /// Runs statements that may fail; gives the server's words.
    pub(super) fn attempt(&mut self, sql: &str) -> Result<(), String> {
        let done = self.runtime.block_on(sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.connection));
        done.map(drop).map_err(|error| error.to_string())
    }
}

impl contract_tests::Session for App {
    fn run(&mut self, sql: &str) {
        self.attempt(sql).unwrap_or_else(|error| panic!("{sql:.300}: {error}"));
    }

    fn attempt(&mut self, sql: &str) -> bool {
        Self::attempt(self, sql).is_ok()
    }

    fn rows(&mut self, sql: &str) -> Vec<Vec<Option<String>>> {
        let rows = self.runtime.block_on(sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut self.connection)).expect("rows");
        let text = |row: &sqlx::postgres::PgRow, at: usize| row.try_get_unchecked::<Option<String>, _>(at).expect("text");
        rows.iter().map(|row| row.columns().iter().map(|column| text(row, column.ordinal())).collect()).collect()
    }
}
