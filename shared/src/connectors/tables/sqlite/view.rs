//! A register view of a SQLite file.

use super::{Session, ident};
use crate::connectors::tables::TableFault;
use crate::connectors::tables::view::{TakesRow, ViewReader};
use futures_util::TryStreamExt;
use sqlx::{AssertSqlSafe, Row};
use std::path::Path;

/// Reads a view.
pub struct SqliteView(Session);

impl SqliteView {
    /// Makes a reader; the file is opened at the first call.
    pub fn new(path: &Path) -> Self {
        Self(Session::new(path, &[]))
    }
}

impl ViewReader for SqliteView {
    fn columns(&mut self, view: &str) -> Result<Option<Vec<String>>, TableFault> {
        self.0.run(async |conn| {
            let rows = sqlx::query("SELECT name FROM pragma_table_info(?)").bind(leaf(view)).fetch_all(conn).await?;
            let names = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<String>, _>>()?;
            Ok((!names.is_empty()).then_some(names))
        })
    }

    fn each_row(&mut self, view: &str, columns: &[String], since: &str, take: TakesRow<'_>) -> Result<(), TableFault> {
        let djsj = columns.iter().find(|name| name.eq_ignore_ascii_case("djsj")).map(|name| ident(name)).unwrap_or_default();
        let texts: Vec<String> = columns.iter().map(|name| format!("CAST({} AS TEXT)", ident(name))).collect();
        let sql = format!("SELECT {} FROM {} WHERE CAST({djsj} AS TEXT) >= ?", texts.join(", "), ident(leaf(view)));
        self.0.run(async |conn| {
            let mut rows = sqlx::query(AssertSqlSafe(sql)).persistent(false).bind(since).fetch(conn);
            while let Some(row) = rows.try_next().await? {
                let texts = (0..columns.len()).map(|at| row.try_get(at)).collect::<Result<_, sqlx::Error>>()?;
                if let Err(fault) = take(texts) {
                    return Ok(Err(fault));
                }
            }
            Ok(Ok(()))
        })?
    }
}

/// `main.v` is `v`.
fn leaf(view: &str) -> &str {
    view.rsplit('.').next().unwrap_or(view)
}
