//! The two databases whose structure changes: a PostgreSQL outside and a MariaDB inside.

use anyhow::{Context, Result, anyhow};
use dukou_rehearsal::table::Table;
use dukou_servers::mariadb::Mariadb;
use dukou_servers::postgres::{self, Postgres};
use dukou_shared::schema::{Dialect, Structure};

use super::super::words::Language;

/// The database, on both servers.
const DATABASE: &str = "registry";

/// Both databases, gone with this value.
pub(super) struct Register {
    outside: Postgres,
    inside: Mariadb,
    /// Of the outer database, then of the inner one.
    pub(super) urls: [String; 2],
}

impl Register {
    /// Starts both servers with the tables of a structure.
    pub(super) fn start(structure: &Structure) -> Result<Self> {
        let (outside, inside) = (Postgres::start(), Mariadb::start());
        let urls = [outside.create(DATABASE), inside.create(DATABASE)];
        let register = Register { outside, inside, urls };
        let sql = |dialect: Dialect| {
            let made = dialect.create(structure).map_err(|fault| anyhow!("{fault}"))?;
            Ok::<_, anyhow::Error>(made.join(";\n"))
        };
        register.write(&sql(Dialect::Postgres)?);
        register.inside.sql(&format!("USE {DATABASE}; {}", sql(Dialect::Mariadb)?));
        Ok(register)
    }

    /// Runs statements as the application outside.
    pub(super) fn write(&self, sql: &str) {
        self.outside.psql_in(DATABASE, &format!("SET ROLE {}; {sql}", postgres::USER));
    }

    /// Gives what both say to a query of each, as sorted lines.
    fn both(&self, outside: &str, inside: &str) -> [Vec<String>; 2] {
        let lines = |text: &str, between: char| {
            let cell = |cell: &str| if cell == "NULL" { String::new() } else { cell.to_owned() };
            let line = |line: &str| line.split(between).map(cell).collect::<Vec<_>>().join(" ");
            let mut lines: Vec<String> = text.lines().map(line).collect();
            lines.sort();
            lines
        };
        let (there, here) = (self.outside.psql_in(DATABASE, outside), self.inside.sql(&format!("USE {DATABASE}; {inside}")));
        [lines(&there, '|'), lines(&here, '\t')]
    }

    /// Names the columns that each side's table has.
    pub(super) fn columns(&self, table: &str) -> [Vec<String>; 2] {
        let of = |schema: &str| {
            format!(
                "SELECT column_name FROM information_schema.columns WHERE table_schema = {schema} AND table_name = '{table}'"
            )
        };
        self.both(&of("'public'"), &of("DATABASE()"))
    }

    /// Names the tables whose columns or rows are not alike on both sides.
    pub(super) fn differences(&self, tables: &[String]) -> Vec<String> {
        let differs = |table: &&String| {
            let [there, here] = self.columns(table);
            let sql = format!("SELECT {} FROM {table}", there.join(", "));
            there != here || {
                let [there, here] = self.both(&sql, &sql);
                there != here
            }
        };
        tables.iter().filter(differs).cloned().collect()
    }

    /// Puts the structure of both beside each other: how many columns a table has, and how many rows.
    pub(super) fn beside(&self, tables: &[String], language: Language) -> Result<Table> {
        let title = |zh, en| language.say(zh, en).to_owned();
        let mut beside = Table::new(vec![
            title("表", "table"),
            title("外网 列", "outer columns"),
            title("内网 列", "inner columns"),
            title("外网 行", "outer rows"),
            title("内网 行", "inner rows"),
        ]);
        for table in tables {
            let [there, here] = self.columns(table);
            let sql = format!("SELECT count(*) FROM {table}");
            let [rows_there, rows_here] = self.both(&sql, &sql);
            let one = |rows: Vec<String>| rows.into_iter().next().context("a number of rows");
            beside.row(vec![table.clone(), there.len().to_string(), here.len().to_string(), one(rows_there)?, one(rows_here)?]);
        }
        Ok(beside)
    }
}
