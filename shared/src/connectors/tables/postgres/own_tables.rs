//! The station's own tables in a sink's database: how far each channel is, what waits for the end of its transaction, what was refused.

use super::catalog::unfit;
use super::connection::run_sql;
use super::{SCHEMA, Trouble, ident};
use crate::connectors::tables::{Mark, Problem, RowChange, TableFault};
use dukou_packets::packet::header::{ChannelName, Epoch};
use dukou_packets::suite::Digest;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection, Row};
use std::borrow::Cow;
use std::collections::HashSet;

/// The tables, each with what makes it. A mark without an epoch is a channel's before its first packet.
const TABLES: [(&str, &str); 3] = [
    (
        "dukou_mark",
        "(channel text PRIMARY KEY, epoch text, seq bigint, header text, at timestamptz NOT NULL DEFAULT clock_timestamp()) WITH (fillfactor = 10)",
    ),
    (
        "dukou_pending",
        "(channel text, epoch text, tx numeric(20), seq bigint, at bigint, tbl text NOT NULL, body bytea NOT NULL, PRIMARY KEY (channel, epoch, tx, seq, at))",
    ),
    (
        "dukou_refused",
        "(channel text, epoch text, seq bigint, at bigint, tbl text NOT NULL, key text NOT NULL, col text, code text NOT NULL, words_zh text NOT NULL, words_en text NOT NULL, body bytea NOT NULL, refused_at timestamptz NOT NULL DEFAULT clock_timestamp(), PRIMARY KEY (channel, epoch, seq, at))",
    ),
];

/// How far structure changes are in this database, where rows leave and where they come in: a row is there when all that belongs to it is.
pub(super) const STRUCTURE: (&str, &str) = (
    "dukou_schema",
    "(document text, direction text, structure text NOT NULL, version integer NOT NULL, plan text NOT NULL, step integer NOT NULL, done_at timestamptz NOT NULL DEFAULT clock_timestamp(), PRIMARY KEY (document, direction))",
);

/// A change with the place that it has in its packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Placed<'a> {
    pub(super) seq: u64,
    pub(super) index: u32,
    pub(super) change: Cow<'a, RowChange>,
}

/// Why a change was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: &'static str,
    pub(super) column: Option<String>,
    pub(super) words: [String; 2],
}

impl Placed<'_> {
    /// The refusal of this change as a fault.
    pub(super) fn fault(&self, refusal: Refusal) -> TableFault {
        let (table, key) = (self.change.table.clone(), self.change.key_text());
        let Refusal { code, column, words } = refusal;
        TableFault::Row { seq: self.seq, index: self.index, table, key, column, code, words }
    }
}

/// Gives the statements that make the tables, for a person to run; `account` is the one that the station logs in with.
pub(super) fn install_sql(account: &str) -> String {
    let (quoted, tables) = (ident(account), TABLES.map(|table| table_sql(table, &ident(account))).concat());
    format!(
        "CREATE SCHEMA IF NOT EXISTS {SCHEMA};\nGRANT USAGE ON SCHEMA {SCHEMA} TO {quoted};\n{tables}{}",
        structure_sql(account)
    )
}

/// Gives the statements that make the table of structure changes, as [`install_sql`] does.
pub(super) fn structure_sql(account: &str) -> String {
    table_sql(STRUCTURE, &ident(account))
}

fn table_sql((name, columns): (&str, &str), account: &str) -> String {
    format!(
        "CREATE TABLE IF NOT EXISTS {SCHEMA}.{name} {columns};\nGRANT SELECT, INSERT, UPDATE, DELETE ON {SCHEMA}.{name} TO {account};\n"
    )
}

/// Which of the tables are there.
async fn present(connection: &mut PgConnection) -> Result<(bool, Vec<String>), Trouble> {
    let row = sqlx::query(
        "SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1),
         ARRAY(SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1)",
    );
    let row = row.bind(SCHEMA).fetch_one(connection).await?;
    Ok((row.try_get(0)?, row.try_get(1)?))
}

/// Tells whether all of the tables are there.
pub(super) async fn are_there(connection: &mut PgConnection) -> Result<bool, Trouble> {
    let (_, names) = present(connection).await?;
    Ok(TABLES.iter().all(|(name, _)| names.iter().any(|other| other == name)))
}

/// Makes those of the tables that are not there.
pub(super) async fn make(connection: &mut PgConnection) -> Result<(), Trouble> {
    let missing = missing(connection, &TABLES).await?;
    if !missing.is_empty() {
        run_sql(connection, format!("BEGIN; {missing} COMMIT")).await?;
    }
    Ok(())
}

/// Makes all of them that are not there, as `sink install` does, that of structure changes too.
pub(super) async fn make_all(connection: &mut PgConnection) -> Result<(), Trouble> {
    make(connection).await?;
    make_structure(connection).await
}

/// Makes the table of structure changes where it is not there; within a transaction, if one is open.
pub(super) async fn make_structure(connection: &mut PgConnection) -> Result<(), Trouble> {
    let missing = missing(connection, &[STRUCTURE]).await?;
    if !missing.is_empty() {
        run_sql(connection, missing).await?;
    }
    Ok(())
}

/// Makes the tables of a sink where they are not there, within the open transaction.
pub(super) async fn make_within(connection: &mut PgConnection) -> Result<(), Trouble> {
    let missing = missing(connection, &TABLES).await?;
    if !missing.is_empty() {
        run_sql(connection, missing).await?;
    }
    Ok(())
}

/// Gives the statements that make those of some tables that are not there, with the schema.
async fn missing(connection: &mut PgConnection, tables: &[(&str, &str)]) -> Result<String, Trouble> {
    let (has_schema, names) = present(connection).await?;
    let missing = tables.iter().filter(|(name, _)| names.iter().all(|other| other != name));
    let tables: String = missing.map(|(name, columns)| format!("CREATE TABLE {SCHEMA}.{name} {columns};")).collect();
    let schema = if has_schema || tables.is_empty() { String::new() } else { format!("CREATE SCHEMA {SCHEMA};") };
    Ok(format!("{schema}{tables}"))
}

/// Names what of the tables is missing and cannot be made.
pub(super) async fn check(connection: &mut PgConnection) -> Result<Vec<TableFault>, Trouble> {
    let (has_schema, names) = present(connection).await?;
    let mut faults = Vec::new();
    for (name, _) in TABLES {
        if names.iter().any(|other| other == name) {
            let shown = format!("{SCHEMA}.{name}");
            faults.extend(super::source::rights(connection, &shown, &shown, &["SELECT", "INSERT", "UPDATE", "DELETE"]).await?);
            continue;
        }
        let ask = if has_schema {
            format!("SELECT has_schema_privilege('{SCHEMA}', 'CREATE')")
        } else {
            "SELECT has_database_privilege(current_database(), 'CREATE')".to_owned()
        };
        if !sqlx::query_scalar::<_, bool>(AssertSqlSafe(ask)).fetch_one(&mut *connection).await? {
            faults.push(unfit(&format!("{SCHEMA}.{name}"), None, Problem::Right("CREATE".to_owned())));
        }
    }
    Ok(faults)
}

/// Reads a mark. A transaction whose COMMIT was cut off may still be at it: it is waited for.
pub(super) async fn mark(connection: &mut PgConnection, channel: &ChannelName) -> Result<Option<Mark>, Trouble> {
    let sql = "SELECT epoch, seq, header FROM dukou.dukou_mark WHERE channel = $1 FOR UPDATE";
    let row = sqlx::query(sql).bind(channel.as_str()).fetch_optional(connection).await?;
    Ok(row.as_ref().map(read_mark).transpose()?.flatten())
}

fn read_mark(row: &PgRow) -> Result<Option<Mark>, sqlx::Error> {
    let (epoch, seq, header): (Option<&str>, Option<i64>, Option<&str>) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    let (Some(epoch), Some(seq), Some(header)) = (epoch, seq, header) else { return Ok(None) };
    let wrong = || sqlx::Error::Decode("dukou.dukou_mark holds no mark".into());
    let digest = data_encoding::HEXLOWER.decode(header.as_bytes()).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    Ok(Some(Mark {
        epoch: epoch.parse::<Epoch>().map_err(|_| wrong())?,
        seq: u64::try_from(seq).map_err(|_| wrong())?,
        header: Digest::from_bytes(digest.ok_or_else(wrong)?),
    }))
}

/// Holds a channel's mark, so that no other session moves it, and reads it.
pub(super) async fn hold_mark(connection: &mut PgConnection, channel: &ChannelName) -> Result<Option<Mark>, Trouble> {
    let sql = "INSERT INTO dukou.dukou_mark (channel) VALUES ($1) ON CONFLICT DO NOTHING";
    sqlx::query(sql).bind(channel.as_str()).execute(&mut *connection).await?;
    mark(connection, channel).await
}

/// Sets a held mark.
pub(super) async fn set_mark(connection: &mut PgConnection, channel: &ChannelName, mark: &Mark) -> Result<(), Trouble> {
    let sql = "UPDATE dukou.dukou_mark SET epoch = $2, seq = $3, header = $4, at = clock_timestamp() WHERE channel = $1";
    let query = sqlx::query(sql).bind(channel.as_str()).bind(mark.epoch.to_string()).bind(signed(mark.seq));
    query.bind(mark.header.to_string()).execute(connection).await?;
    Ok(())
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Takes everything of a channel that waits for the end of its transaction, of whatever epoch.
pub(super) async fn take_all(connection: &mut PgConnection, channel: &ChannelName) -> Result<Vec<Placed<'static>>, Trouble> {
    let sql = "WITH taken AS (DELETE FROM dukou.dukou_pending WHERE channel = $1 RETURNING epoch, seq, at, tbl, body)
        SELECT seq, at, tbl, body FROM taken ORDER BY epoch, seq, at";
    let rows = sqlx::query(sql).bind(channel.as_str()).fetch_all(connection).await?;
    Ok(rows.iter().map(placed).collect::<Result<_, sqlx::Error>>()?)
}

/// Keeps changes whose transaction goes on.
pub(super) async fn keep(
    connection: &mut PgConnection,
    channel: &ChannelName,
    mark: &Mark,
    kept: &[Placed<'_>],
) -> Result<(), Trouble> {
    let sql = "INSERT INTO dukou.dukou_pending (channel, epoch, tx, seq, at, tbl, body)
        SELECT $1, $2, u.* FROM unnest($3::text[]::numeric[], $4::bigint[], $5::bigint[], $6::text[], $7::bytea[]) AS u";
    for kept in kept.chunks(1000) {
        let of = |get: &dyn Fn(&Placed<'_>) -> String| kept.iter().map(get).collect::<Vec<_>>();
        let query = sqlx::query(sql).bind(channel.as_str()).bind(mark.epoch.to_string());
        let query = query.bind(of(&|placed| placed.change.transaction.unwrap_or_default().to_string()));
        let query = query.bind(kept.iter().map(|placed| signed(placed.seq)).collect::<Vec<_>>());
        let query = query.bind(kept.iter().map(|placed| i64::from(placed.index)).collect::<Vec<_>>());
        let query = query.bind(of(&|placed| placed.change.table.clone()));
        let bodies: Vec<Vec<u8>> = kept.iter().map(|placed| placed.change.render(usize::MAX).0).collect();
        query.bind(bodies).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Which transactions wait for their ends.
pub(super) async fn waiting(
    connection: &mut PgConnection,
    channel: &ChannelName,
    mark: &Mark,
) -> Result<HashSet<u64>, Trouble> {
    let sql = "SELECT DISTINCT tx::text FROM dukou.dukou_pending WHERE channel = $1 AND epoch = $2";
    let query = sqlx::query_scalar::<_, String>(sql).bind(channel.as_str()).bind(mark.epoch.to_string());
    Ok(query.fetch_all(connection).await?.iter().filter_map(|tx| tx.parse().ok()).collect())
}

/// Takes what waits for the end of a transaction.
pub(super) async fn take(
    connection: &mut PgConnection,
    channel: &ChannelName,
    mark: &Mark,
    tx: u64,
) -> Result<Vec<Placed<'static>>, Trouble> {
    let sql = "WITH taken AS (DELETE FROM dukou.dukou_pending WHERE channel = $1 AND epoch = $2 AND tx = $3::text::numeric
        RETURNING seq, at, tbl, body) SELECT seq, at, tbl, body FROM taken ORDER BY seq, at";
    let query = sqlx::query(sql).bind(channel.as_str()).bind(mark.epoch.to_string()).bind(tx.to_string());
    let rows = query.fetch_all(connection).await?;
    Ok(rows.iter().map(placed).collect::<Result<_, sqlx::Error>>()?)
}

fn placed(row: &PgRow) -> Result<Placed<'static>, sqlx::Error> {
    let (seq, at, table, body): (i64, i64, String, &[u8]) =
        (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
    let change = RowChange::parse(body, &[]).map_err(|_| sqlx::Error::Decode("dukou.dukou_pending holds no change".into()))?;
    let index = u32::try_from(at).unwrap_or_default();
    Ok(Placed { seq: seq.unsigned_abs(), index, change: Cow::Owned(RowChange { table, goes_on: false, ..change }) })
}

/// Puts a refused change aside.
pub(super) async fn put_aside(
    connection: &mut PgConnection,
    channel: &ChannelName,
    mark: &Mark,
    placed: &Placed<'_>,
    refusal: &Refusal,
) -> Result<(), Trouble> {
    let sql = "INSERT INTO dukou.dukou_refused (channel, epoch, seq, at, tbl, key, col, code, words_zh, words_en, body)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT (channel, epoch, seq, at) DO UPDATE SET tbl = EXCLUDED.tbl, key = EXCLUDED.key, col = EXCLUDED.col, code = EXCLUDED.code,
          words_zh = EXCLUDED.words_zh, words_en = EXCLUDED.words_en, body = EXCLUDED.body, refused_at = EXCLUDED.refused_at";
    let [zh, en] = &refusal.words;
    let query = sqlx::query(sql).bind(channel.as_str()).bind(mark.epoch.to_string()).bind(signed(placed.seq));
    let query = query.bind(i64::from(placed.index)).bind(&placed.change.table).bind(placed.change.key_text());
    let query = query.bind(&refusal.column).bind(refusal.code).bind(zh).bind(en).bind(placed.change.render(usize::MAX).0);
    query.execute(connection).await?;
    Ok(())
}
