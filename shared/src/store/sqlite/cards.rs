//! Cards in the file.

use super::faults::Trouble;
use super::rows::{Cells, unreadable};
use crate::store::cards::{Card, Drawer};
use futures_util::TryStreamExt;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

/// Their tables.
pub(super) const TABLES: &str = "
CREATE TABLE cards(id INTEGER PRIMARY KEY, drawer INTEGER NOT NULL, key TEXT NOT NULL, terms TEXT NOT NULL, body TEXT NOT NULL,
  since_ms INTEGER NOT NULL, UNIQUE(drawer, key)) STRICT;
CREATE TABLE card_terms(drawer INTEGER NOT NULL, term TEXT NOT NULL, card INTEGER NOT NULL, PRIMARY KEY(drawer, term, card))
  STRICT, WITHOUT ROWID;
";

/// Files a card; one that stands under its key keeps its first moment.
pub(super) async fn file(conn: &mut SqliteConnection, card: &Card) -> Result<(), Trouble> {
    let terms = terms_text(&card.terms)?;
    let standing = sqlx::query("SELECT id, terms FROM cards WHERE drawer = ? AND key = ?")
        .bind(card.drawer.number())
        .bind(card.key.as_str())
        .fetch_optional(&mut *conn)
        .await?;
    let Some(standing) = standing else {
        let row = sqlx::query("INSERT INTO cards(drawer, key, terms, body, since_ms) VALUES (?, ?, ?, ?, ?) RETURNING id")
            .bind(card.drawer.number())
            .bind(card.key.as_str())
            .bind(terms.as_str())
            .bind(card.body.as_str())
            .bind(card.since_ms)
            .fetch_one(&mut *conn)
            .await?;
        let id = Cells::of(&row).take()?;
        return put_terms(conn, card.drawer, id, &terms).await;
    };
    let mut cells = Cells::of(&standing);
    let (id, before): (i64, String) = (cells.take()?, cells.take()?);
    sqlx::query("UPDATE cards SET terms = ?, body = ? WHERE id = ?")
        .bind(terms.as_str())
        .bind(card.body.as_str())
        .bind(id)
        .execute(&mut *conn)
        .await?;
    if before == terms {
        return Ok(());
    }
    sqlx::query("DELETE FROM card_terms WHERE drawer = ?1 AND card = ?2 AND term IN (SELECT value FROM json_each(?3))")
        .bind(card.drawer.number())
        .bind(id)
        .bind(before)
        .execute(&mut *conn)
        .await?;
    put_terms(conn, card.drawer, id, &terms).await
}

async fn put_terms(conn: &mut SqliteConnection, drawer: Drawer, id: i64, terms: &str) -> Result<(), Trouble> {
    // OR FAIL: what a failing statement wrote goes with its transaction, and SQLite keeps no journal of the statement for each card.
    sqlx::query("INSERT OR FAIL INTO card_terms(drawer, term, card) SELECT ?1, value, ?2 FROM json_each(?3)")
        .bind(drawer.number())
        .bind(id)
        .bind(terms)
        .execute(conn)
        .await?;
    Ok(())
}

pub(super) async fn card(conn: &mut SqliteConnection, drawer: Drawer, key: &str) -> Result<Option<Card>, Trouble> {
    let sql = "SELECT key, terms, body, since_ms FROM cards WHERE drawer = ? AND key = ?";
    let row = sqlx::query(sql).bind(drawer.number()).bind(key).fetch_optional(conn).await?;
    row.as_ref().map(|row| read(drawer, row)).transpose()
}

pub(super) async fn places(conn: &mut SqliteConnection, drawer: Drawer, terms: &[&str]) -> Result<Vec<i64>, Trouble> {
    let asked = serde_json::to_string(terms).map_err(|_| unreadable("a term"))?;
    let sql =
        "SELECT DISTINCT t.card FROM json_each(?2) a CROSS JOIN card_terms t ON t.drawer = ?1 AND t.term = a.value ORDER BY 1";
    let mut rows = sqlx::query(sql).bind(drawer.number()).bind(asked).fetch(conn);
    let mut places = Vec::new();
    while let Some(row) = rows.try_next().await? {
        places.push(Cells::of(&row).take()?);
    }
    Ok(places)
}

pub(super) async fn at(conn: &mut SqliteConnection, drawer: Drawer, places: &[i64]) -> Result<Vec<Card>, Trouble> {
    let asked = serde_json::to_string(places).map_err(|_| unreadable("a place"))?;
    // Each place is looked up: left to itself, SQLite reads through the drawer.
    let sql = "SELECT c.key, c.terms, c.body, c.since_ms FROM json_each(?2) a CROSS JOIN cards c ON c.id = a.value
               WHERE c.drawer = ?1 ORDER BY c.id";
    let rows = sqlx::query(sql).bind(drawer.number()).bind(asked).fetch_all(conn).await?;
    rows.iter().map(|row| read(drawer, row)).collect()
}

fn read(drawer: Drawer, row: &SqliteRow) -> Result<Card, Trouble> {
    let mut cells = Cells::of(row);
    let (key, terms) = (cells.take()?, cells.take::<&str>()?);
    let terms = serde_json::from_str(terms).map_err(|_| unreadable("a card's terms"))?;
    Ok(Card { drawer, key, terms, body: cells.take()?, since_ms: cells.take()? })
}

fn terms_text(terms: &[String]) -> Result<String, Trouble> {
    serde_json::to_string(terms).map_err(|_| unreadable("a card's terms"))
}
