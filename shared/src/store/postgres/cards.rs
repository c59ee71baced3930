//! Cards on the server.

use super::faults::Trouble;
use crate::store::cards::{Card, Drawer};
use crate::store::rows::Cells;
use futures_util::TryStreamExt;
use sqlx::PgConnection;
use sqlx::postgres::PgRow;

/// Their tables.
pub(super) const TABLES: &str = r#"
CREATE TABLE cards(id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, drawer BIGINT NOT NULL, key TEXT COLLATE "C" NOT NULL,
  body TEXT NOT NULL, since_ms BIGINT NOT NULL, UNIQUE(drawer, key));
CREATE TABLE card_terms(drawer BIGINT NOT NULL, term TEXT COLLATE "C" NOT NULL, card BIGINT NOT NULL,
  PRIMARY KEY(drawer, term, card));
CREATE INDEX card_terms_by_card ON card_terms(card);
"#;

/// Files a card; one that stands under its key keeps its first moment.
pub(super) async fn file(conn: &mut PgConnection, card: &Card) -> Result<(), Trouble> {
    let row = sqlx::query(
        "INSERT INTO cards(drawer, key, body, since_ms) VALUES ($1, $2, $3, $4)
         ON CONFLICT (drawer, key) DO UPDATE SET body = excluded.body RETURNING id",
    )
    .bind(card.drawer.number())
    .bind(card.key.as_str())
    .bind(card.body.as_str())
    .bind(card.since_ms)
    .fetch_one(&mut *conn)
    .await?;
    let id: i64 = Cells::of(&row).take()?;
    sqlx::query("DELETE FROM card_terms WHERE card = $1 AND NOT term = ANY($2)")
        .bind(id)
        .bind(&card.terms)
        .execute(&mut *conn)
        .await?;
    sqlx::query("INSERT INTO card_terms(drawer, term, card) SELECT $1, term, $2 FROM unnest($3) term ON CONFLICT DO NOTHING")
        .bind(card.drawer.number())
        .bind(id)
        .bind(&card.terms)
        .execute(conn)
        .await?;
    Ok(())
}

/// The columns [`read`] reads, of table `cards c`.
macro_rules! cards_where {
    ($rest:literal) => {
        concat!(
            "SELECT c.key, array(SELECT t.term FROM card_terms t WHERE t.card = c.id ORDER BY t.term), c.body, c.since_ms
             FROM cards c WHERE ",
            $rest
        )
    };
}

pub(super) async fn card(conn: &mut PgConnection, drawer: Drawer, key: &str) -> Result<Option<Card>, Trouble> {
    let query = sqlx::query(cards_where!("c.drawer = $1 AND c.key = $2")).bind(drawer.number()).bind(key);
    query.fetch_optional(conn).await?.as_ref().map(|row| read(drawer, row)).transpose()
}

pub(super) async fn places(conn: &mut PgConnection, drawer: Drawer, terms: &[&str]) -> Result<Vec<i64>, Trouble> {
    let sql = "SELECT DISTINCT card FROM card_terms WHERE drawer = $1 AND term = ANY($2) ORDER BY card";
    let mut rows = sqlx::query(sql).bind(drawer.number()).bind(terms).fetch(conn);
    let mut places = Vec::new();
    while let Some(row) = rows.try_next().await? {
        places.push(Cells::of(&row).take()?);
    }
    Ok(places)
}

pub(super) async fn at(conn: &mut PgConnection, drawer: Drawer, places: &[i64]) -> Result<Vec<Card>, Trouble> {
    let query = sqlx::query(cards_where!("c.drawer = $1 AND c.id = ANY($2) ORDER BY c.id")).bind(drawer.number()).bind(places);
    let rows = query.fetch_all(conn).await?;
    rows.iter().map(|row| read(drawer, row)).collect()
}

fn read(drawer: Drawer, row: &PgRow) -> Result<Card, Trouble> {
    let mut cells = Cells::of(row);
    let (key, terms) = (cells.take()?, cells.take::<Vec<String>>()?);
    Ok(Card { drawer, key, terms, body: cells.take()?, since_ms: cells.take()? })
}
