//! The tables of the store and the marks by which its file is known.
//!
//! Unsigned 64-bit numbers are stored as the signed ones with the same bits. Digests are blobs, epochs their text.

use super::faults::Trouble;
use super::{book, cards};
use crate::store::StoreFault;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

/// Marks the file as this program's: `DKST`, in SQLite's header at offset 68.
const APPLICATION_ID: i64 = 0x444b_5354;
/// The version of the tables below.
pub(super) const VERSION: i64 = 4;

/// Lanes are channels in one direction (0 out, 1 in) with their running sums; ids of outgoing ones are positive, of incoming ones
/// negative, so that an index can be of one direction. A record's id is its packet's id × 65,536 + its index: ids rise in the order
/// of commit.
///
/// Records are inserted by the thousand, so each should be in one index only. A name is stored as `dir` and `leaf`; `records_by_leaf`
/// finds it by its whole and by its last part, and by its key when that is the last part up to a dot. `term` is the key when it is
/// anything else, otherwise null; `key` and `folded` are null when equal to the name.
const TABLES: &str = "
CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE facts(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE out_heads(channel TEXT PRIMARY KEY, epoch TEXT NOT NULL, seq INTEGER NOT NULL, header BLOB NOT NULL)
  STRICT, WITHOUT ROWID;
CREATE TABLE in_heads(channel TEXT PRIMARY KEY, epoch TEXT NOT NULL, seq INTEGER NOT NULL, header BLOB, known INTEGER NOT NULL)
  STRICT, WITHOUT ROWID;
CREATE TABLE holds(channel TEXT PRIMARY KEY, code TEXT NOT NULL, seq INTEGER NOT NULL, at_ms INTEGER NOT NULL)
  STRICT, WITHOUT ROWID;
CREATE TABLE unfinished(direction INTEGER NOT NULL, channel TEXT NOT NULL, file TEXT NOT NULL, PRIMARY KEY(direction, channel))
  STRICT, WITHOUT ROWID;
CREATE TABLE waivers(id INTEGER PRIMARY KEY, channel TEXT NOT NULL, epoch TEXT NOT NULL, first INTEGER NOT NULL,
  last INTEGER NOT NULL, operator TEXT NOT NULL, reason TEXT NOT NULL, at_ms INTEGER NOT NULL) STRICT;

CREATE TABLE lanes(id INTEGER PRIMARY KEY, direction INTEGER NOT NULL, channel TEXT NOT NULL,
  packets INTEGER NOT NULL DEFAULT 0, done INTEGER NOT NULL DEFAULT 0, files INTEGER NOT NULL DEFAULT 0,
  refused INTEGER NOT NULL DEFAULT 0, held_back INTEGER NOT NULL DEFAULT 0, plain_bytes INTEGER NOT NULL DEFAULT 0,
  sealed_bytes INTEGER NOT NULL DEFAULT 0, UNIQUE(direction, channel)) STRICT;
CREATE TABLE refusals(lane INTEGER NOT NULL, code TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY(lane, code))
  STRICT, WITHOUT ROWID;

CREATE TABLE packets(id INTEGER PRIMARY KEY, lane INTEGER NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL,
  number INTEGER NOT NULL, header BLOB NOT NULL, prev BLOB NOT NULL, root BLOB NOT NULL, records INTEGER NOT NULL,
  tombstones INTEGER NOT NULL, plain_bytes INTEGER NOT NULL, sealed_bytes INTEGER NOT NULL, spool TEXT,
  state INTEGER NOT NULL, sources_pending INTEGER NOT NULL, at_ms INTEGER NOT NULL, done_ms INTEGER, run_ms INTEGER NOT NULL,
  UNIQUE(lane, epoch, seq)) STRICT;
CREATE INDEX packets_by_state ON packets(lane, state);
CREATE INDEX packets_by_header ON packets(header);
CREATE INDEX packets_with_sources ON packets(number) WHERE sources_pending = 1;
CREATE INDEX packets_in_spool ON packets(lane, run_ms) WHERE spool IS NOT NULL;

CREATE TABLE records(id INTEGER PRIMARY KEY, lane INTEGER NOT NULL, kind INTEGER NOT NULL, ends INTEGER NOT NULL, dir TEXT,
  leaf TEXT NOT NULL, key TEXT, term TEXT, folded TEXT, digest BLOB NOT NULL, bytes INTEGER NOT NULL, reason TEXT NOT NULL,
  source BLOB, target TEXT) STRICT;
CREATE INDEX records_by_leaf ON records(lane, leaf, dir);
CREATE INDEX records_by_term ON records(term) WHERE term IS NOT NULL;
CREATE INDEX records_by_folded ON records(lane, folded) WHERE folded IS NOT NULL AND lane < 0;

CREATE TABLE held_back(id INTEGER PRIMARY KEY, channel TEXT NOT NULL, name TEXT NOT NULL, key TEXT, leaf TEXT,
  went_direction INTEGER NOT NULL, went_channel TEXT NOT NULL, went_epoch TEXT NOT NULL, went_seq INTEGER NOT NULL,
  at_ms INTEGER NOT NULL) STRICT;
CREATE INDEX held_back_by_name ON held_back(name);
CREATE INDEX held_back_by_key ON held_back(key) WHERE key IS NOT NULL;
CREATE INDEX held_back_by_leaf ON held_back(leaf) WHERE leaf IS NOT NULL;
CREATE TABLE sent_again(id INTEGER PRIMARY KEY, request TEXT, direction INTEGER NOT NULL, channel TEXT NOT NULL,
  epoch TEXT NOT NULL, seq INTEGER NOT NULL, name TEXT NOT NULL, leaf TEXT NOT NULL, key TEXT NOT NULL, operator TEXT NOT NULL,
  reason TEXT NOT NULL, at_ms INTEGER NOT NULL) STRICT;
CREATE INDEX sent_again_by_request ON sent_again(request) WHERE request IS NOT NULL;
";

/// What brings the tables of version 1 to version 2.
const FROM_1: &str = "
CREATE TABLE facts(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX packets_by_header ON packets(header);
";

/// What brings the tables of version 2 to version 3: nothing. Records may be of kinds 5 and 6 from then on, and a `source` may stand for an outbox
/// entry, which a program of version 2 would call damage.
const FROM_2: &str = "";

/// What brings the tables of version 3 to version 4: the book of structure changes, and the cards. Records may be of kind 7 from then on, whose `ends`
/// counts rows.
const FROM_3: [&str; 2] = [book::TABLES, cards::TABLES];

/// What a file turns out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Ours,
    /// Of this older version.
    Older(i64),
    Empty,
}

/// Checks that the file is the store's; makes the tables in an empty one.
///
/// Nothing is written to a file of another program or of a newer version.
pub(super) async fn prepare(conn: &mut SqliteConnection) -> Result<(), Trouble> {
    let found = identify(conn).await?;
    let mode = one(conn, "PRAGMA journal_mode = WAL").await?;
    if mode.try_get::<&str, _>(0)? != "wal" {
        let why = "the file system under it does not allow write-ahead logging";
        return Err(StoreFault::Corrupt(why.to_owned()).into());
    }
    match found {
        Found::Ours => Ok(()),
        Found::Older(_) => raise(conn).await,
        Found::Empty => create(conn).await,
    }
}

/// Checks that the file is the store's, without writing.
pub(super) async fn inspect(conn: &mut SqliteConnection) -> Result<(), Trouble> {
    match identify(conn).await? {
        Found::Ours => Ok(()),
        Found::Older(_) => {
            Err(StoreFault::Corrupt("an older version wrote it; `pass` or `run` brings it up to date".to_owned()).into())
        }
        Found::Empty => Err(StoreFault::Corrupt("the file is empty".to_owned()).into()),
    }
}

async fn identify(conn: &mut SqliteConnection) -> Result<Found, Trouble> {
    let row = one(
        conn,
        "SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version),
                (SELECT count(*) FROM sqlite_schema)",
    )
    .await?;
    let (application, version, tables): (i64, i64, i64) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    match (application, version) {
        (APPLICATION_ID, VERSION) => Ok(Found::Ours),
        (APPLICATION_ID, found @ 1..VERSION) => Ok(Found::Older(found)),
        (APPLICATION_ID, found) if found > VERSION => Err(StoreFault::Version { found, known: VERSION }.into()),
        (0, 0) if tables == 0 => Ok(Found::Empty),
        _ => Err(StoreFault::Corrupt("the file belongs to another program".to_owned()).into()),
    }
}

async fn create(conn: &mut SqliteConnection) -> Result<(), Trouble> {
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut *conn).await?;
    // Another process may have been faster while this one waited for the lock.
    if identify(conn).await? == Found::Empty {
        sqlx::raw_sql(TABLES).execute(&mut *conn).await?;
        for tables in FROM_3 {
            sqlx::raw_sql(tables).execute(&mut *conn).await?;
        }
        let marks = format!("PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(marks)).execute(&mut *conn).await?;
    }
    sqlx::raw_sql("COMMIT").execute(&mut *conn).await?;
    Ok(())
}

/// Brings the tables of an older version up to date, in one transaction.
async fn raise(conn: &mut SqliteConnection) -> Result<(), Trouble> {
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut *conn).await?;
    if let Found::Older(found) = identify(conn).await? {
        let steps = [(1, FROM_1), (2, FROM_2)].into_iter().chain(FROM_3.map(|step| (3, step)));
        for (_, step) in steps.filter(|(version, step)| *version >= found && !step.is_empty()) {
            sqlx::raw_sql(step).execute(&mut *conn).await?;
        }
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("PRAGMA user_version = {VERSION}"))).execute(&mut *conn).await?;
    }
    sqlx::raw_sql("COMMIT").execute(&mut *conn).await?;
    Ok(())
}

async fn one(conn: &mut SqliteConnection, sql: &'static str) -> Result<SqliteRow, Trouble> {
    Ok(sqlx::query(sql).fetch_one(conn).await?)
}
