//! A register view of a MariaDB or MySQL database.

use super::ident;
use super::session::{Session, text_at};
use crate::connectors::tables::TableFault;
use crate::connectors::tables::view::{TakesRow, ViewReader};
use futures_util::TryStreamExt;
use sqlx::AssertSqlSafe;

/// Reads a view.
pub struct MysqlView(Session);

impl MysqlView {
    /// Makes a reader; nothing is asked of the server yet.
    pub fn new(url: &str, password: Option<&str>) -> Self {
        Self(Session::new(url, password))
    }
}

impl ViewReader for MysqlView {
    fn columns(&mut self, view: &str) -> Result<Option<Vec<String>>, TableFault> {
        let (schema, name) = view.split_once('.').map_or((None, view), |(schema, name)| (Some(schema), name));
        let sql = "SELECT CAST(column_name AS CHAR) FROM information_schema.columns
                   WHERE table_schema = ifnull(?, DATABASE()) AND table_name = ? ORDER BY ordinal_position";
        self.0.run(async |conn, _| {
            let rows = sqlx::query(sql).bind(schema).bind(name).fetch_all(conn).await?;
            let names = rows.iter().map(|row| text_at(row, 0)).collect::<Result<Option<Vec<String>>, _>>()?;
            Ok(names.filter(|names| !names.is_empty()))
        })
    }

    fn each_row(&mut self, view: &str, columns: &[String], since: &str, take: TakesRow<'_>) -> Result<(), TableFault> {
        let view: Vec<String> = view.split('.').map(ident).collect();
        let djsj = columns.iter().find(|name| name.eq_ignore_ascii_case("djsj")).map(|name| ident(name)).unwrap_or_default();
        let texts: Vec<String> = columns.iter().map(|name| format!("CAST({} AS CHAR)", ident(name))).collect();
        let sql = format!("SELECT {} FROM {} WHERE CAST({djsj} AS CHAR) >= ?", texts.join(", "), view.join("."));
        self.0.run(async |conn, _| {
            // The civil time of a TIMESTAMP is China's.
            sqlx::raw_sql("SET SESSION time_zone = '+08:00'").execute(&mut *conn).await?;
            let mut rows = sqlx::query(AssertSqlSafe(sql)).persistent(false).bind(since).fetch(conn);
            while let Some(row) = rows.try_next().await? {
                let texts = (0..columns.len()).map(|at| text_at(&row, at)).collect::<Result<_, sqlx::Error>>()?;
                if let Err(fault) = take(texts) {
                    return Ok(Err(fault));
                }
            }
            Ok(Ok(()))
        })?
    }
}
