//! The two databases of the example: what each holds, and both beside each other.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result};
use dukou_rehearsal::table::Table;
use dukou_servers::mariadb::Mariadb;
use dukou_servers::postgres::{self, Postgres};

use super::super::words::Language;
use super::{LANES, read};

/// Names of the databases.
const CADASTRE: &str = "cadastre";
const REGISTER: &str = "registry";

/// One of the two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// 业务内网
    Inner,
    /// 政务外网
    Outer,
}

impl Side {
    /// Gives the opposite one.
    pub(super) fn other(self) -> Self {
        match self {
            Side::Inner => Side::Outer,
            Side::Outer => Side::Inner,
        }
    }

    /// Names it.
    pub(super) fn title(self, language: Language) -> &'static str {
        match self {
            Side::Inner => language.say("内网", "inner"),
            Side::Outer => language.say("外网", "outer"),
        }
    }
}

/// A PostgreSQL inside and a MariaDB outside, gone with this value.
pub(super) struct Registry {
    inside: Postgres,
    outside: Mariadb,
    urls: [String; 2],
    /// The tables of each lane, parents first, as both sides name them.
    tables: [Vec<String>; 2],
}

impl Registry {
    /// Starts both servers with the example's tables, and fills those inside.
    pub(super) fn start(samples: &Path) -> Result<Self> {
        let (inside, outside) = (Postgres::start(), Mariadb::start());
        let urls = [inside.create(CADASTRE), outside.create(REGISTER)];
        let mut tables = [const { Vec::new() }; 2];
        for ((channel, _), tables) in LANES.iter().zip(&mut tables) {
            *tables = tables_of(&samples.join(format!("channels/{channel}.toml")))?;
        }
        let registry = Registry { inside, outside, urls, tables };
        registry.run(Side::Inner, &read(&samples.join("inner.sql"))?);
        registry.run(Side::Outer, &read(&samples.join("outer.sql"))?);
        registry.run(Side::Inner, &read(&samples.join("stock.sql"))?);
        Ok(registry)
    }

    /// Gives the URL of a side's database for its station.
    pub(super) fn url(&self, side: Side) -> String {
        self.urls[side as usize].clone()
    }

    /// Runs statements as the application of a side.
    pub(super) fn run(&self, side: Side, sql: &str) {
        match side {
            Side::Inner => drop(self.inside.psql_in(CADASTRE, &format!("SET ROLE {}; {sql}", postgres::USER))),
            Side::Outer => drop(self.outside.sql(&format!("USE {REGISTER}; {sql}"))),
        }
    }

    /// Gives the rows of a table, each as its columns' text.
    fn rows(&self, side: Side, columns: &str, table: &str) -> Vec<Vec<String>> {
        let sql = |database: &str| format!("SELECT {columns} FROM {database}{table}");
        let (text, between) = match side {
            Side::Inner => (self.inside.psql_in(CADASTRE, &sql("")), '|'),
            Side::Outer => (self.outside.sql(&sql(&format!("{REGISTER}."))), '\t'),
        };
        let cell = |cell: &str| if cell == "NULL" { String::new() } else { cell.to_owned() };
        let mut rows: Vec<Vec<_>> = text.lines().map(|line| line.split(between).map(cell).collect()).collect();
        rows.sort();
        rows
    }

    /// Names the tables of what one side sends that are not alike on both.
    pub(super) fn differences(&self, sender: Side) -> Result<Vec<String>> {
        let lane = LANES.iter().position(|(_, side)| *side == sender).context("a lane")?;
        let differs = |table: &&String| self.rows(Side::Inner, "*", table) != self.rows(Side::Outer, "*", table);
        Ok(self.tables[lane].iter().filter(differs).cloned().collect())
    }

    /// Puts what people look at of a lane beside each other: the sender's rows to the left.
    pub(super) fn beside(&self, sender: Side, language: Language) -> Result<Table> {
        let (table, columns, titles) = match sender {
            Side::Inner => (
                "ktt_fw_h",
                "bdcdyh, shbw, scjzmj",
                [["不动产单元号", "unit"], ["室号部位", "door"], ["建筑面积", "area"]].to_vec(),
            ),
            Side::Outer => (
                "bdcdy_zt",
                "bdcdyh, qszt, dyzt, cfzt",
                [["不动产单元号", "unit"], ["权属", "right"], ["抵押", "mortgaged"], ["查封", "seized"]].to_vec(),
            ),
        };
        let sides = [sender, sender.other()];
        let rows = sides.map(|side| self.rows(side, columns, table));
        let mut heading = vec![language.say(titles[0][0], titles[0][1]).to_owned()];
        for side in sides {
            let title = |[zh, en]: &[&str; 2]| format!("{} {}", side.title(language), language.say(zh, en));
            heading.extend(titles.iter().skip(1).map(title));
        }
        let mut beside = Table::new(heading);
        let keys: BTreeSet<&String> = rows.iter().flatten().filter_map(|row| row.first()).collect();
        for key in keys {
            let mut cells = vec![key.clone()];
            for rows in &rows {
                let row = rows.iter().find(|row| row.first() == Some(key));
                let empty = || vec!["—".to_owned(); titles.len() - 1];
                cells.extend(row.map_or_else(empty, |row| row[1..].to_vec()));
            }
            beside.row(cells);
        }
        Ok(beside)
    }

    /// Gives the command by which a person looks into a side's database.
    pub(super) fn client(&self, side: Side) -> String {
        match side {
            Side::Inner => format!("psql '{}'", self.urls[0]),
            Side::Outer => {
                let socket = self.outside.socket_dir().join("s");
                format!("mariadb --no-defaults -u dukou -S {} {REGISTER}", socket.display())
            }
        }
    }
}

/// Reads which tables a channel carries, without the schema that PostgreSQL names before them.
fn tables_of(file: &Path) -> Result<Vec<String>> {
    let channel: toml::Table = read(file)?.parse().with_context(|| format!("in {}", file.display()))?;
    let tables = channel.get("source").and_then(|source| source.get("tables")).and_then(toml::Value::as_array);
    let name = |table: &toml::Value| table.as_str().map(|name| name.trim_start_matches("public.").to_owned());
    tables.and_then(|tables| tables.iter().map(name).collect()).with_context(|| format!("{}: no tables", file.display()))
}
