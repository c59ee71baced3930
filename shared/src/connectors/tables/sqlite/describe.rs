//! What a SQLite file says of a structure's tables.

use super::{Session, Trouble, ident, literal};
use crate::connectors::tables::TableFault;
use crate::connectors::tables::describe::{DICTIONARY_MAX, Describer};
use crate::schema::drift::{LiveColumn, LiveTable};
use crate::schema::structure::{Row, Structure, Table};
use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};
use std::path::Path;

/// Describes a file.
pub struct SqliteDescriber {
    session: Session,
}

impl SqliteDescriber {
    /// Makes one; the file is not opened yet.
    pub fn new(path: &Path) -> Self {
        Self { session: Session::new(path, &[]) }
    }
}

impl Describer for SqliteDescriber {
    fn describe(&mut self, structure: &Structure) -> Result<Vec<LiveTable>, TableFault> {
        self.session.run(async |connection| {
            let mut found = Vec::new();
            for table in &structure.tables {
                found.extend(describe(connection, table).await?);
            }
            Ok(found)
        })
    }
}

async fn describe(connection: &mut SqliteConnection, table: &Table) -> Result<Option<LiveTable>, Trouble> {
    let name = table.name.split_once('.').map_or(table.name.as_str(), |(_, name)| name);
    let sql = format!(
        "SELECT name, upper(type), \"notnull\", pk FROM pragma_table_xinfo({}) WHERE hidden = 0 ORDER BY cid",
        literal(name)
    );
    let (mut columns, mut key) = (Vec::new(), Vec::new());
    for row in sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut *connection).await? {
        let (name, not_null, place): (String, bool, i64) =
            (row.try_get_unchecked(0)?, row.try_get_unchecked(2)?, row.try_get_unchecked(3)?);
        if place > 0 {
            key.push((place, name.clone()));
        }
        columns.push(LiveColumn { name, kind: row.try_get_unchecked(1)?, nullable: !not_null });
    }
    if columns.is_empty() {
        return Ok(None);
    }
    key.sort();
    let key = key.into_iter().map(|(_, name)| name).collect();
    let mut rows = Vec::new();
    if table.rows.is_some() {
        let names: Vec<String> = columns.iter().map(|column| format!("CAST({} AS TEXT)", ident(&column.name))).collect();
        let sql = format!("SELECT {} FROM {} LIMIT {DICTIONARY_MAX}", names.join(", "), ident(name));
        for row in sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut *connection).await? {
            let mut read = Row::new();
            for (at, column) in columns.iter().enumerate() {
                let value: Option<String> = row.try_get_unchecked(at)?;
                read.extend(value.map(|value| (column.name.clone(), value)));
            }
            rows.push(read);
        }
    }
    Ok(Some(LiveTable { name: table.name.clone(), columns, key, rows }))
}
