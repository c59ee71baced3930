//! The book of structure changes in a SQLite file.

use super::faults::Trouble;
use crate::store::book::{BookChange, BookDecision};
use crate::store::rows::{Cells, approval_text, direction_number};
use sqlx::SqliteConnection;

/// Its tables.
pub(super) const TABLES: &str = "
CREATE TABLE IF NOT EXISTS book_changes(id INTEGER PRIMARY KEY, structure TEXT NOT NULL, version INTEGER NOT NULL,
  document BLOB NOT NULL, base BLOB NOT NULL, bytes BLOB NOT NULL, origin INTEGER NOT NULL, at_ms INTEGER NOT NULL,
  UNIQUE(structure, version, document)) STRICT;
CREATE TABLE IF NOT EXISTS book_decisions(id INTEGER PRIMARY KEY, structure TEXT NOT NULL, version INTEGER NOT NULL,
  document BLOB NOT NULL, approval TEXT, operator TEXT NOT NULL, name TEXT NOT NULL, reason TEXT NOT NULL,
  at_ms INTEGER NOT NULL) STRICT;
";

pub(super) async fn add_change(conn: &mut SqliteConnection, change: &BookChange) -> Result<(), Trouble> {
    sqlx::query(
        "INSERT INTO book_changes(structure, version, document, base, bytes, origin, at_ms) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT DO NOTHING",
    )
    .bind(change.key.structure.as_str())
    .bind(i64::from(change.key.to))
    .bind(change.key.document.as_bytes().as_slice())
    .bind(change.base.as_bytes().as_slice())
    .bind(change.document.as_slice())
    .bind(direction_number(change.origin))
    .bind(change.at_ms)
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn add_decision(conn: &mut SqliteConnection, decision: &BookDecision) -> Result<(), Trouble> {
    sqlx::query(
        "INSERT INTO book_decisions(structure, version, document, approval, operator, name, reason, at_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(decision.key.structure.as_str())
    .bind(i64::from(decision.key.to))
    .bind(decision.key.document.as_bytes().as_slice())
    .bind(approval_text(decision)?)
    .bind(decision.operator.as_str())
    .bind(decision.name.as_str())
    .bind(decision.reason.as_str())
    .bind(decision.at_ms)
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn changes(conn: &mut SqliteConnection) -> Result<Vec<BookChange>, Trouble> {
    let sql = "SELECT structure, version, document, base, bytes, origin, at_ms FROM book_changes ORDER BY id";
    sqlx::query(sql).fetch_all(conn).await?.iter().map(|row| Cells::of(row).book_change()).collect()
}

pub(super) async fn decisions(conn: &mut SqliteConnection) -> Result<Vec<BookDecision>, Trouble> {
    let sql = "SELECT structure, version, document, approval, operator, name, reason, at_ms FROM book_decisions ORDER BY id";
    sqlx::query(sql).fetch_all(conn).await?.iter().map(|row| Cells::of(row).book_decision()).collect()
}
