//! What MariaDB's catalog says of a structure's tables.

use super::session::{Session, Trouble, text_at};
use super::{ident, literal};
use crate::connectors::tables::TableFault;
use crate::connectors::tables::describe::{DICTIONARY_MAX, Describer};
use crate::schema::drift::{LiveColumn, LiveTable};
use crate::schema::structure::{Row, Structure, Table};
use sqlx::{AssertSqlSafe, MySqlConnection};

/// Describes a database.
pub struct MysqlDescriber {
    session: Session,
}

impl MysqlDescriber {
    /// Makes one; nothing is asked of the server yet.
    pub fn new(url: &str, password: Option<&str>) -> Self {
        Self { session: Session::new(url, password) }
    }
}

impl Describer for MysqlDescriber {
    fn describe(&mut self, structure: &Structure) -> Result<Vec<LiveTable>, TableFault> {
        self.session.run(async |connection, _| {
            let mut found = Vec::new();
            for table in &structure.tables {
                found.extend(describe(connection, table).await?);
            }
            Ok(found)
        })
    }
}

/// The condition on the catalog's rows that are of a table.
fn of_table(name: &str) -> String {
    match name.split_once('.') {
        Some((schema, table)) => format!("c.table_schema = {} AND c.table_name = {}", literal(schema), literal(table)),
        None => format!("c.table_schema = DATABASE() AND c.table_name = {}", literal(name)),
    }
}

async fn read(connection: &mut MySqlConnection, sql: String, width: usize) -> Result<Vec<Vec<Option<String>>>, Trouble> {
    let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(connection).await?;
    let cells = |row| (0..width).map(|at| text_at(row, at)).collect::<Result<Vec<_>, _>>();
    Ok(rows.iter().map(cells).collect::<Result<_, sqlx::Error>>()?)
}

async fn describe(connection: &mut MySqlConnection, table: &Table) -> Result<Option<LiveTable>, Trouble> {
    let of_table = of_table(&table.name);
    // A long text is held to its width by a condition of the column's own.
    let columns = format!(
        "SELECT CAST(c.column_name AS CHAR), CAST(c.column_type AS CHAR), CAST(c.is_nullable AS CHAR), CAST(k.check_clause AS CHAR)
 FROM information_schema.columns c LEFT JOIN information_schema.check_constraints k
   ON k.constraint_schema = c.table_schema AND k.table_name = c.table_name AND k.constraint_name = c.column_name
   AND c.data_type IN ('text', 'longtext') AND k.check_clause LIKE 'char_length(%'
 WHERE {of_table} ORDER BY c.ordinal_position"
    );
    let columns: Vec<LiveColumn> = read(connection, columns, 4).await?.into_iter().filter_map(column_of).collect();
    if columns.is_empty() {
        return Ok(None);
    }
    let key = format!(
        "SELECT CAST(c.column_name AS CHAR) FROM information_schema.statistics c WHERE {of_table} AND c.index_name = 'PRIMARY' ORDER BY c.seq_in_index"
    );
    let key = read(connection, key, 1).await?.into_iter().flatten().flatten().collect();
    let mut rows = Vec::new();
    if table.rows.is_some() {
        let names: Vec<String> = columns.iter().map(|column| format!("CAST({} AS CHAR)", ident(&column.name))).collect();
        let name = table.name.split('.').map(ident).collect::<Vec<_>>().join(".");
        let sql = format!("SELECT {} FROM {name} LIMIT {DICTIONARY_MAX}", names.join(", "));
        let named = |cells: Vec<Option<String>>| -> Row {
            columns.iter().zip(cells).filter_map(|(column, cell)| Some((column.name.clone(), cell?))).collect()
        };
        rows = read(connection, sql, columns.len()).await?.into_iter().map(named).collect();
    }
    Ok(Some(LiveTable { name: table.name.clone(), columns, key, rows }))
}

fn column_of(cells: Vec<Option<String>>) -> Option<LiveColumn> {
    let mut cells = cells.into_iter();
    let mut next = || cells.next().flatten();
    let (name, kind, nullable) = (next()?, next()?, next()? == "YES");
    let kind = next().map_or(kind.clone(), |width| format!("{kind} check ({width})"));
    Some(LiveColumn { name, kind, nullable })
}
