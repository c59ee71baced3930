//! A packet's rows one by one, which finds those that the database refuses.
//!
//! Given: changes that were refused in bulk. Gives: those that are refused one by one, too; where the channel has no dead letters, the first of them as a
//! fault. Never: a row refused because its parent stands behind it, or because another row gives its unique value free later: what was refused is tried again
//! until nothing more goes. A later change of a refused row waits behind it.

use super::Trouble;
use super::bulk::{delete, merge};
use super::connection::run_sql;
use super::own_tables::{Placed, Refusal};
use super::sink::Tables;
use crate::connectors::tables::applying;
use crate::connectors::tables::{Cells, Op, RowChange, TableName};
use sqlx::PgConnection;
use sqlx::postgres::PgDatabaseError;
use std::collections::HashSet;

/// Applies changes one by one; gives those that were refused.
pub(super) async fn apply<'a>(
    connection: &mut PgConnection,
    tables: &Tables,
    changes: Vec<Placed<'a>>,
    dead_letters: bool,
) -> Result<Vec<(Placed<'a>, Refusal)>, Trouble> {
    run_sql(connection, "SET CONSTRAINTS ALL IMMEDIATE").await?;
    let mut left = changes;
    loop {
        let tried = left.len();
        let refused = round(connection, tables, left).await?;
        if refused.is_empty() || refused.len() == tried {
            return match refused.first() {
                Some((placed, refusal)) if !dead_letters => Err(placed.fault(refusal.clone()).into()),
                _ => Ok(refused),
            };
        }
        left = refused.into_iter().map(|(placed, _)| placed).collect();
    }
}

async fn round<'a>(
    connection: &mut PgConnection,
    tables: &Tables,
    changes: Vec<Placed<'a>>,
) -> Result<Vec<(Placed<'a>, Refusal)>, Trouble> {
    let (mut refused, mut waiting) = (Vec::new(), HashSet::<(TableName, Cells)>::new());
    for placed in changes {
        let row = (placed.change.table.clone(), placed.change.key.clone());
        if waiting.contains(&row) {
            refused.push((placed, behind()));
            continue;
        }
        run_sql(connection, "SAVEPOINT one").await?;
        match one(connection, tables, &placed.change).await {
            Ok(()) => run_sql(connection, "RELEASE one").await.map(drop)?,
            Err(trouble) => {
                let Some(refusal) = trouble.refusal().map(told) else { return Err(trouble) };
                run_sql(connection, "ROLLBACK TO one; RELEASE one").await?;
                waiting.insert(row);
                refused.push((placed, refusal));
            }
        }
    }
    Ok(refused)
}

async fn one(connection: &mut PgConnection, tables: &Tables, change: &RowChange) -> Result<(), Trouble> {
    let Some(table) = tables.by_source.get(&change.table) else { return Ok(()) };
    let cells = if change.op == Op::Delete { &change.key } else { &change.row };
    let columns: Vec<&str> = cells.iter().map(|(name, _)| name.as_str()).collect();
    match change.op {
        Op::Delete => delete(connection, table, &columns, &[cells]).await,
        Op::Insert | Op::Update | Op::Stock => merge(connection, table, &columns, &[cells]).await,
    }
}

/// A change behind a refused one of the same row.
fn behind() -> Refusal {
    let words = ["同一行的前一次变更被拒绝".to_owned(), "an earlier change of the same row was refused".to_owned()];
    Refusal { code: "behind-refused", column: None, words }
}

/// What the database says of a row.
fn told(said: &PgDatabaseError) -> Refusal {
    // Of one row nothing else has two.
    if said.code() == "21000" {
        let applying::Refusal { code, column, words } = applying::Refusal::key_collides();
        return Refusal { code, column, words };
    }
    let code = match said.code() {
        "23505" => "unique",
        "23503" => "foreign-key",
        "23502" => "null",
        "23514" => "check",
        "22001" => "too-narrow",
        "22P05" | "22021" => "character",
        _ => "refused",
    };
    let detail = said.detail().map(|detail| format!(" ({detail})")).unwrap_or_default();
    let words = format!("{}{detail}", said.message());
    Refusal {
        code,
        column: said.column().map(str::to_owned),
        words: [format!("数据库拒绝该行：{words}"), format!("the database refused the row: {words}")],
    }
}
