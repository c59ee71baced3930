//! The book of structure changes in a schema of PostgreSQL.

use super::faults::Trouble;
use super::state::storable;
use crate::store::book::{BookChange, BookDecision};
use crate::store::rows::{Cells, approval_text, direction_number};
use sqlx::PgConnection;

/// Its tables.
pub(super) const TABLES: &str = "
CREATE TABLE book_changes(id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, structure TEXT NOT NULL, version BIGINT NOT NULL,
  document BYTEA NOT NULL, base BYTEA NOT NULL, bytes BYTEA NOT NULL, origin BIGINT NOT NULL, at_ms BIGINT NOT NULL,
  UNIQUE(structure, version, document));
CREATE TABLE book_decisions(id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, structure TEXT NOT NULL, version BIGINT NOT NULL,
  document BYTEA NOT NULL, approval TEXT, operator TEXT NOT NULL, name TEXT NOT NULL, reason TEXT NOT NULL,
  at_ms BIGINT NOT NULL);
";

pub(super) async fn add_change(conn: &mut PgConnection, change: &BookChange) -> Result<(), Trouble> {
    sqlx::query(
        "INSERT INTO book_changes(structure, version, document, base, bytes, origin, at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)
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

pub(super) async fn add_decision(conn: &mut PgConnection, decision: &BookDecision) -> Result<(), Trouble> {
    sqlx::query(
        "INSERT INTO book_decisions(structure, version, document, approval, operator, name, reason, at_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(decision.key.structure.as_str())
    .bind(i64::from(decision.key.to))
    .bind(decision.key.document.as_bytes().as_slice())
    .bind(approval_text(decision)?)
    .bind(storable(&decision.operator))
    .bind(storable(&decision.name))
    .bind(storable(&decision.reason))
    .bind(decision.at_ms)
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn changes(conn: &mut PgConnection) -> Result<Vec<BookChange>, Trouble> {
    let sql = "SELECT structure, version, document, base, bytes, origin, at_ms FROM book_changes ORDER BY id";
    sqlx::query(sql).fetch_all(conn).await?.iter().map(|row| Cells::of(row).book_change()).collect()
}

pub(super) async fn decisions(conn: &mut PgConnection) -> Result<Vec<BookDecision>, Trouble> {
    let sql = "SELECT structure, version, document, approval, operator, name, reason, at_ms FROM book_decisions ORDER BY id";
    sqlx::query(sql).fetch_all(conn).await?.iter().map(|row| Cells::of(row).book_decision()).collect()
}
