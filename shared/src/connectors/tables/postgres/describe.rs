//! What PostgreSQL's catalog says of a structure's tables.

use super::connection::{Place, Session};
use super::{Trouble, ident};
use crate::connectors::tables::TableFault;
use crate::connectors::tables::describe::{DICTIONARY_MAX, Describer};
use crate::schema::drift::{LiveColumn, LiveTable};
use crate::schema::structure::{Row, Structure, Table};
use sqlx::{AssertSqlSafe, PgConnection, Row as _};

/// Describes a database.
pub struct PostgresDescriber {
    session: Session,
}

impl PostgresDescriber {
    /// Makes one; nothing is asked of the server yet.
    pub fn new(url: &str, password: Option<&str>) -> Self {
        Self { session: Session::new(Place::of(url, password)) }
    }
}

impl Describer for PostgresDescriber {
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

/// A table's name as SQL has it.
fn quoted(name: &str) -> String {
    name.split('.').map(ident).collect::<Vec<_>>().join(".")
}

const COLUMNS: &str = "SELECT attname::text, format_type(atttypid, atttypmod), NOT attnotnull FROM pg_attribute
 WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum";

const KEY: &str =
    "SELECT a.attname::text FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, place)
 JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
 WHERE i.indrelid = to_regclass($1) AND i.indisprimary ORDER BY k.place";

async fn describe(connection: &mut PgConnection, table: &Table) -> Result<Option<LiveTable>, Trouble> {
    let name = quoted(&table.name);
    let mut columns = Vec::new();
    for row in sqlx::query(COLUMNS).bind(&name).fetch_all(&mut *connection).await? {
        columns.push(LiveColumn { name: row.try_get(0)?, kind: row.try_get(1)?, nullable: row.try_get(2)? });
    }
    if columns.is_empty() {
        return Ok(None);
    }
    let key: Vec<String> = sqlx::query_scalar(KEY).bind(&name).fetch_all(&mut *connection).await?;
    let mut rows = Vec::new();
    if table.rows.is_some() {
        let names: Vec<String> = columns.iter().map(|column| format!("{}::text", ident(&column.name))).collect();
        let sql = format!("SELECT {} FROM {name} LIMIT {DICTIONARY_MAX}", names.join(", "));
        for row in sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut *connection).await? {
            let value = |(at, column): (usize, &LiveColumn)| -> Result<Option<(String, String)>, sqlx::Error> {
                let value: Option<String> = row.try_get(at)?;
                Ok(value.map(|value| (column.name.clone(), value)))
            };
            let cells: Vec<Option<(String, String)>> = columns.iter().enumerate().map(value).collect::<Result<_, _>>()?;
            rows.push(cells.into_iter().flatten().collect::<Row>());
        }
    }
    Ok(Some(LiveTable { name: table.name.clone(), columns, key, rows }))
}
