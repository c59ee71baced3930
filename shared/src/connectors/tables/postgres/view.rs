//! A register view of a PostgreSQL database.

use super::connection::{Place, Session};
use super::ident;
use crate::connectors::tables::TableFault;
use crate::connectors::tables::view::{TakesRow, ViewReader};
use futures_util::TryStreamExt;
use sqlx::{AssertSqlSafe, Row};

/// Reads a view.
pub struct PostgresView(Session);

impl PostgresView {
    /// Makes a reader; nothing is asked of the server yet.
    pub fn new(url: &str, password: Option<&str>) -> Self {
        Self(Session::new(Place::of(url, password)))
    }
}

fn named(view: &str) -> String {
    view.split('.').map(ident).collect::<Vec<_>>().join(".")
}

impl ViewReader for PostgresView {
    fn columns(&mut self, view: &str) -> Result<Option<Vec<String>>, TableFault> {
        let sql = "SELECT attname::text FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum";
        let view = named(view);
        self.0.run(async |conn| {
            let rows = sqlx::query(sql).bind(view).fetch_all(conn).await?;
            let names = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<String>, _>>()?;
            Ok((!names.is_empty()).then_some(names))
        })
    }

    fn each_row(&mut self, view: &str, columns: &[String], since: &str, take: TakesRow<'_>) -> Result<(), TableFault> {
        let djsj = columns.iter().find(|name| name.eq_ignore_ascii_case("djsj")).map(|name| ident(name)).unwrap_or_default();
        let texts: Vec<String> = columns.iter().map(|name| format!("{}::text", ident(name))).collect();
        let sql = format!("SELECT {} FROM {} WHERE {djsj}::text >= $1", texts.join(", "), named(view));
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
