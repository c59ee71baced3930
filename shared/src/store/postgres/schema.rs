//! The tables of one station: a schema of its own in the database, known by one row in table `station`.
//!
//! Unsigned 64-bit numbers are stored as the signed ones with the same bits, digests as bytes, epochs as their text. Texts compare by
//! their bytes (`COLLATE "C"`), whatever language the database was made for.

use super::faults::Trouble;
use super::{book, cards};
use crate::store::StoreFault;
use crate::store::rows::Cells;
use dukou_packets::suite::StationId;
use sqlx::PgConnection;

/// The version of the tables below.
pub(super) const VERSION: i64 = 2;

/// Lanes are channels in one direction (0 out, 1 in) with their running sums; ids of outgoing ones are positive, of incoming ones
/// negative. A record's id is its packet's id × 65,536 + its index: ids rise in the order of commit.
///
/// A name may have 4,096 bytes and an entry of a B-tree 2,704: names, keys and last parts of names are found by the first eight bytes of
/// their SHA-256 ([`mark`]), and then compared. `key` and `folded` are null when equal to the name, their marks and that of the last
/// part where another mark finds the record already.
const TABLES: &str = r#"
CREATE TABLE station(one BIGINT PRIMARY KEY CHECK (one = 1), version BIGINT NOT NULL, station TEXT NOT NULL, fence BIGINT NOT NULL,
  place TEXT NOT NULL, token TEXT NOT NULL, token_here TEXT NOT NULL, ended BIGINT NOT NULL);
CREATE TABLE meta(name TEXT COLLATE "C" PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE facts(name TEXT COLLATE "C" PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE out_heads(channel TEXT COLLATE "C" PRIMARY KEY, epoch TEXT NOT NULL, seq BIGINT NOT NULL, header BYTEA NOT NULL);
CREATE TABLE in_heads(channel TEXT COLLATE "C" PRIMARY KEY, epoch TEXT NOT NULL, seq BIGINT NOT NULL, header BYTEA,
  known BIGINT NOT NULL);
CREATE TABLE holds(channel TEXT COLLATE "C" PRIMARY KEY, code TEXT NOT NULL, seq BIGINT NOT NULL, at_ms BIGINT NOT NULL);
CREATE TABLE unfinished(direction BIGINT NOT NULL, channel TEXT COLLATE "C" NOT NULL, file TEXT NOT NULL,
  PRIMARY KEY(direction, channel));
CREATE TABLE waivers(id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, channel TEXT NOT NULL, epoch TEXT NOT NULL,
  first BIGINT NOT NULL, last BIGINT NOT NULL, operator TEXT NOT NULL, reason TEXT NOT NULL, at_ms BIGINT NOT NULL);

CREATE TABLE lanes(id BIGINT PRIMARY KEY, direction BIGINT NOT NULL, channel TEXT COLLATE "C" NOT NULL,
  packets BIGINT NOT NULL DEFAULT 0, done BIGINT NOT NULL DEFAULT 0, files BIGINT NOT NULL DEFAULT 0,
  refused BIGINT NOT NULL DEFAULT 0, held_back BIGINT NOT NULL DEFAULT 0, plain_bytes BIGINT NOT NULL DEFAULT 0,
  sealed_bytes BIGINT NOT NULL DEFAULT 0, UNIQUE(direction, channel));
CREATE TABLE refusals(lane BIGINT NOT NULL, code TEXT COLLATE "C" NOT NULL, count BIGINT NOT NULL, PRIMARY KEY(lane, code));

CREATE TABLE packets(id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, lane BIGINT NOT NULL, epoch TEXT COLLATE "C" NOT NULL,
  seq BIGINT NOT NULL, number BIGINT NOT NULL, header BYTEA NOT NULL, prev BYTEA NOT NULL, root BYTEA NOT NULL,
  records BIGINT NOT NULL, tombstones BIGINT NOT NULL, plain_bytes BIGINT NOT NULL, sealed_bytes BIGINT NOT NULL, spool TEXT,
  state BIGINT NOT NULL, sources_pending BIGINT NOT NULL, at_ms BIGINT NOT NULL, done_ms BIGINT, run_ms BIGINT NOT NULL,
  UNIQUE(lane, epoch, seq));
CREATE INDEX packets_by_state ON packets(lane, state);
CREATE INDEX packets_by_header ON packets(header);
CREATE INDEX packets_with_sources ON packets(number) WHERE sources_pending = 1;
CREATE INDEX packets_in_spool ON packets(lane, run_ms) WHERE spool IS NOT NULL;

CREATE TABLE records(id BIGINT PRIMARY KEY, lane BIGINT NOT NULL, kind BIGINT NOT NULL, ends BIGINT NOT NULL,
  name TEXT COLLATE "C" NOT NULL, key TEXT COLLATE "C", folded TEXT COLLATE "C", digest BYTEA NOT NULL, bytes BIGINT NOT NULL,
  reason TEXT NOT NULL, source BYTEA, target TEXT, name_mark BIGINT NOT NULL, leaf_mark BIGINT, key_mark BIGINT,
  folded_mark BIGINT);
CREATE INDEX records_by_name ON records(name_mark, lane, id);
CREATE INDEX records_by_leaf ON records(leaf_mark) WHERE leaf_mark IS NOT NULL;
CREATE INDEX records_by_key ON records(key_mark) WHERE key_mark IS NOT NULL;
CREATE INDEX records_by_folded ON records(folded_mark, lane, id) WHERE folded_mark IS NOT NULL;

CREATE TABLE held_back(id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, channel TEXT NOT NULL, name TEXT COLLATE "C" NOT NULL,
  key TEXT COLLATE "C" NOT NULL, leaf TEXT COLLATE "C" NOT NULL, name_mark BIGINT NOT NULL, key_mark BIGINT NOT NULL,
  leaf_mark BIGINT NOT NULL, went_direction BIGINT NOT NULL, went_channel TEXT NOT NULL, went_epoch TEXT NOT NULL,
  went_seq BIGINT NOT NULL, at_ms BIGINT NOT NULL);
CREATE INDEX held_back_by_name ON held_back(name_mark);
CREATE INDEX held_back_by_key ON held_back(key_mark);
CREATE INDEX held_back_by_leaf ON held_back(leaf_mark);
CREATE TABLE sent_again(id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, request TEXT COLLATE "C", direction BIGINT NOT NULL,
  channel TEXT NOT NULL, epoch TEXT NOT NULL, seq BIGINT NOT NULL, name TEXT COLLATE "C" NOT NULL, leaf TEXT COLLATE "C" NOT NULL,
  key TEXT COLLATE "C" NOT NULL, operator TEXT NOT NULL, reason TEXT NOT NULL, at_ms BIGINT NOT NULL);
CREATE INDEX sent_again_by_request ON sent_again(request) WHERE request IS NOT NULL;
"#;

/// What brings the tables of version 1 to version 2: the book of structure changes, and the cards. Records may be of kind 7 from then on, whose `ends`
/// counts rows.
const FROM_1: [&str; 2] = [book::TABLES, cards::TABLES];

/// Gives the mark by which a text is found: the first eight bytes of its SHA-256, little-endian.
pub(super) fn mark(text: &str) -> i64 {
    let digest = dukou_packets::suite::sha256(&[text.as_bytes()]);
    digest.as_bytes().first_chunk().map_or(0, |bytes| i64::from_le_bytes(*bytes))
}

/// Gives the name of a station's schema.
pub(super) fn name(station: &StationId) -> String {
    let id = station.to_string();
    format!("dukou_{}", id.get(..12).unwrap_or(&id))
}

/// What of the station's tables there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// None.
    Nothing,
    /// Those of an older version.
    Older,
    /// They.
    Ours,
}

/// Finds the station's tables; refuses those of another station or of a newer version.
pub(super) async fn find(conn: &mut PgConnection, station: &StationId) -> Result<Found, Trouble> {
    let found = sqlx::query("SELECT to_regclass('station') IS NOT NULL").fetch_one(&mut *conn).await?;
    if !sqlx::Row::try_get::<bool, _>(&found, 0)? {
        return Ok(Found::Nothing);
    }
    let row = sqlx::query("SELECT version, station FROM station").fetch_one(conn).await?;
    let mut cells = Cells::of(&row);
    let (version, owner): (i64, &str) = (cells.take()?, cells.take()?);
    match version {
        1..=VERSION if owner != station.to_string() => {
            Err(StoreFault::Refused(format!("the schema {} belongs to the station {owner}", name(station))).into())
        }
        VERSION => Ok(Found::Ours),
        1..VERSION => Ok(Found::Older),
        found if found > VERSION => Err(StoreFault::Version { found, known: VERSION }.into()),
        _ => Err(StoreFault::Corrupt("the version of its tables has no meaning".to_owned()).into()),
    }
}

/// Tells whether the station's tables are there; refuses those of another station or of another version.
pub(super) async fn inspect(conn: &mut PgConnection, station: &StationId) -> Result<bool, Trouble> {
    match find(conn, station).await? {
        Found::Nothing => Ok(false),
        Found::Ours => Ok(true),
        Found::Older => {
            Err(StoreFault::Corrupt("an older version wrote it; `pass` or `run` brings it up to date".to_owned()).into())
        }
    }
}

/// Makes the station's tables, or brings those of an older version up to date, for the process that has the lock.
pub(super) async fn prepare(conn: &mut PgConnection, station: &StationId) -> Result<(), Trouble> {
    match find(conn, station).await? {
        Found::Nothing => create(conn, station).await,
        Found::Ours => Ok(()),
        Found::Older => raise(conn).await,
    }
}

/// Brings the tables of version 1 up to date, in one transaction.
async fn raise(conn: &mut PgConnection) -> Result<(), Trouble> {
    sqlx::raw_sql("BEGIN").execute(&mut *conn).await?;
    for tables in FROM_1 {
        sqlx::raw_sql(tables).execute(&mut *conn).await?;
    }
    sqlx::query("UPDATE station SET version = $1").bind(VERSION).execute(&mut *conn).await?;
    sqlx::raw_sql("COMMIT").execute(conn).await?;
    Ok(())
}

/// Makes the station's schema and tables, in one transaction.
async fn create(conn: &mut PgConnection, station: &StationId) -> Result<(), Trouble> {
    let (schema, id) = (name(station), station.to_string());
    let begin = format!("BEGIN; CREATE SCHEMA IF NOT EXISTS \"{schema}\"");
    sqlx::raw_sql(sqlx::AssertSqlSafe(begin)).execute(&mut *conn).await?;
    sqlx::raw_sql(TABLES).execute(&mut *conn).await?;
    for tables in FROM_1 {
        sqlx::raw_sql(tables).execute(&mut *conn).await?;
    }
    sqlx::query("INSERT INTO station(one, version, station, fence, place, token, token_here, ended) VALUES (1, $1, $2, 0, '', '', '', 1)")
        .bind(VERSION)
        .bind(id)
        .execute(&mut *conn)
        .await?;
    sqlx::raw_sql("COMMIT").execute(conn).await?;
    Ok(())
}
