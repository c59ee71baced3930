//! A SQLite file as a sink of rows.
//!
//! Given: packets. Gives: their rows in the file's tables, with the mark in `dukou_mark`, one transaction a packet. After a crash: SQLite's journal,
//! synced at each commit, brings back the last commit. Never: a file of another journal than the write-ahead log, so that readers are never in the way.

use super::catalog::{self, Table};
use super::{Session, Trouble, bytes_at, extended_code, primary_code, roll_back, statements};
use crate::connectors::tables::applying::{self, Placed, Refusal, Refused, Shape, TakenRows, Target, Terms};
use crate::connectors::tables::change::LARGE_FROM;
use crate::connectors::tables::database::OwnTables;
use crate::connectors::tables::net::parents_first;
use crate::connectors::tables::{Cells, Mark, Problem, RowChange, RowPacket, TableFault, TableName, TableSink};
use dukou_packets::packet::header::ChannelName;
use dukou_packets::suite::Digest;
use sqlx::{AssertSqlSafe, Row, SqliteConnection};
use std::collections::{BTreeSet, HashMap};
use std::path::Path;

/// Tables of our own; made when they are not there.
pub(super) const OWN: [&str; 3] = [
    "CREATE TABLE IF NOT EXISTS dukou_mark (channel TEXT PRIMARY KEY, epoch TEXT NOT NULL, seq INTEGER NOT NULL, header TEXT NOT NULL, at TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS dukou_pending (channel TEXT NOT NULL, tx TEXT NOT NULL, seq INTEGER NOT NULL, idx INTEGER NOT NULL,
 part INTEGER NOT NULL, epoch TEXT NOT NULL, tbl TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (channel, tx, seq, idx, part))",
    "CREATE TABLE IF NOT EXISTS dukou_refused (channel TEXT NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL, idx INTEGER NOT NULL, at TEXT NOT NULL,
 tbl TEXT NOT NULL, op TEXT NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL, code TEXT NOT NULL, words_zh TEXT NOT NULL, words_en TEXT NOT NULL,
 PRIMARY KEY (channel, epoch, seq, idx))",
];

/// How far structure changes are in this file, where rows leave and where they come in: a row is there when all that belongs to it is.
pub(super) const STRUCTURE: &str = "CREATE TABLE IF NOT EXISTS dukou_schema (document TEXT NOT NULL, direction TEXT NOT NULL, structure TEXT NOT NULL, version INTEGER NOT NULL,
 plan TEXT NOT NULL, step INTEGER NOT NULL, done_at TEXT NOT NULL, PRIMARY KEY (document, direction))";

/// Wall clock of the machine, in UTC; for people alone.
pub(super) const NOW: &str = "strftime('%Y-%m-%d %H:%M:%f', 'now')";

/// Tables of a SQLite file that packets go into.
pub struct SqliteSink {
    file: File,
    terms: Terms,
    tables: Vec<TableName>,
}

/// The file with what was read of its catalog.
struct File {
    session: Session,
    /// The sink's tables, as the configuration names them there.
    names: Vec<TableName>,
    read: HashMap<String, (Table, Shape)>,
    /// The number that the file gave its schema when it was held last; it changes with any table.
    schema: Option<i64>,
    is_prepared: bool,
    /// The mark as it was last seen or written.
    left_at: Option<(ChannelName, Mark)>,
}

impl SqliteSink {
    /// Makes a sink for tables in a file, which is opened at the first call. `tables` are pairs: the source's name, the sink's.
    pub fn new(path: &Path, tables: &[(TableName, TableName)], dead_letters: bool) -> Self {
        let session = Session::new(path, &[("journal_mode", "WAL"), ("foreign_keys", "ON")]);
        let there: Vec<TableName> = tables.iter().map(|(_, sink)| sink.clone()).collect();
        Self {
            file: File { session, names: there.clone(), read: HashMap::new(), schema: None, is_prepared: false, left_at: None },
            terms: Terms { names: tables.iter().cloned().collect(), dead_letters },
            tables: there,
        }
    }
}

impl OwnTables for SqliteSink {
    fn install_sql(&mut self) -> Result<String, TableFault> {
        Ok(OWN.into_iter().chain([STRUCTURE]).map(|sql| format!("{sql};\n")).collect())
    }

    fn install(&mut self) -> Result<(), TableFault> {
        self.file.prepare()?;
        self.file.session.run(async |conn| {
            sqlx::query(STRUCTURE).execute(conn).await?;
            Ok(())
        })
    }
}

impl TableSink for SqliteSink {
    fn mark(&mut self, channel: &ChannelName) -> Result<Option<Mark>, TableFault> {
        self.file.prepare()?;
        // Whoever asks begins anew: a structure change may have been between.
        self.file.forget();
        self.file.left_at = None;
        let mark = self.file.mark(channel)?;
        self.file.left_at = mark.map(|mark| (channel.clone(), mark));
        Ok(mark)
    }

    fn apply(&mut self, channel: &ChannelName, packet: &RowPacket) -> Result<(), TableFault> {
        self.file.prepare()?;
        applying::apply(&mut self.file, &self.terms, channel, packet)
    }

    fn pass_over(&mut self, channel: &ChannelName, mark: &Mark) -> Result<(), TableFault> {
        self.file.prepare()?;
        applying::pass_over(&mut self.file, &self.terms, channel, mark)
    }

    fn check(&mut self) -> Result<Vec<TableFault>, TableFault> {
        self.file.forget();
        let mut faults = Vec::new();
        for table in &self.tables {
            match self.file.shape(table) {
                Ok(shape) => faults.extend(shape.unfit),
                Err(fault @ TableFault::Unfit { .. }) => faults.push(fault),
                Err(fault) => return Err(fault),
            }
        }
        Ok(faults)
    }
}

impl File {
    /// Makes the tables of our own, once.
    fn prepare(&mut self) -> Result<(), TableFault> {
        if self.is_prepared && self.session.is_open() {
            return Ok(());
        }
        self.session.run(async |conn| {
            for sql in OWN {
                sqlx::query(sql).execute(&mut *conn).await?;
            }
            Ok(())
        })?;
        self.is_prepared = true;
        Ok(())
    }

    /// Runs statements of the open transaction; what SQLite says of rows is a refusal, and leaves the transaction open.
    fn step<T>(&mut self, work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, Trouble>) -> Result<T, Refused> {
        let mut of_rows = None;
        let outcome = self.session.attempt(async |conn| match work(conn).await {
            Ok(done) => Ok(Some(done)),
            Err(Trouble::Sql(error)) if is_of_rows(&error) => {
                of_rows = Some(refusal(&error));
                Ok(None)
            }
            Err(trouble) => Err(trouble),
        });
        match (outcome, of_rows) {
            (Ok(Some(done)), _) => Ok(done),
            (Ok(None), why) => Err(Refused::Rows(why.unwrap_or_else(|| Refusal::by_database("refused", "")))),
            (Err(trouble), _) => Err(Refused::Fault(self.session.fault(trouble))),
        }
    }

    /// As [`step`](Self::step), for statements about no rows.
    fn plain<T>(&mut self, work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, Trouble>) -> Result<T, TableFault> {
        self.session.run(work)
    }

    fn table(&mut self, name: &str) -> Result<(Table, Shape), TableFault> {
        if let Some(read) = self.read.get(name) {
            return Ok(read.clone());
        }
        let table = self.plain(async |conn| Ok(catalog::table(conn, name).await?))??;
        let shape = statements::shape(&table);
        self.read.insert(name.to_owned(), (table.clone(), shape.clone()));
        Ok((table, shape))
    }
}

/// Reads a channel's mark.
pub(super) async fn read_mark(conn: &mut SqliteConnection, channel: &ChannelName) -> Result<Option<Mark>, Trouble> {
    let sql = "SELECT epoch, seq, header FROM dukou_mark WHERE channel = ?";
    let row = sqlx::query(sql).bind(channel.as_str()).fetch_optional(conn).await?;
    let Some(row) = row else { return Ok(None) };
    let (epoch, seq, header): (String, i64, String) =
        (row.try_get_unchecked(0)?, row.try_get_unchecked(1)?, row.try_get_unchecked(2)?);
    let unreadable = || TableFault::Unfit { table: "dukou_mark".to_owned(), column: None, problem: Problem::Drifted };
    let epoch = epoch.parse().map_err(|_| unreadable())?;
    let header: Digest = header.parse().map_err(|_| unreadable())?;
    Ok(Some(Mark { epoch, seq: seq.unsigned_abs(), header }))
}

/// Sets a channel's mark.
pub(super) async fn set_mark(conn: &mut SqliteConnection, channel: &ChannelName, mark: &Mark) -> Result<(), Trouble> {
    let sql = format!(
        "INSERT INTO dukou_mark(channel, epoch, seq, header, at) VALUES (?, ?, ?, ?, {NOW})
         ON CONFLICT(channel) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq, header = excluded.header, at = excluded.at"
    );
    let query = sqlx::query(AssertSqlSafe(sql)).bind(channel.as_str()).bind(mark.epoch.to_string());
    query.bind(mark.seq.cast_signed()).bind(mark.header.to_string()).execute(conn).await?;
    Ok(())
}

/// SQLITE_CONSTRAINT, SQLITE_TOOBIG, SQLITE_MISMATCH; SQLITE_ERROR is what a trigger of the sink's owner may raise.
fn is_of_rows(error: &sqlx::Error) -> bool {
    matches!(primary_code(error), Some(18..=20))
}

fn refusal(error: &sqlx::Error) -> Refusal {
    let code = match extended_code(error) {
        Some(787) => "no-parent",
        Some(1299) => "null",
        Some(1555 | 2067 | 2579) => "duplicate",
        Some(275) => "check",
        _ => "refused",
    };
    let words = error.as_database_error().map_or_else(|| error.to_string(), |error| error.message().to_owned());
    Refusal::by_database(code, &words)
}

impl Target for File {
    fn begin(&mut self) -> Result<(), TableFault> {
        self.plain(async |conn| {
            sqlx::query("BEGIN IMMEDIATE").execute(conn).await?;
            Ok(())
        })
    }

    fn mark(&mut self, channel: &ChannelName) -> Result<Option<Mark>, TableFault> {
        self.plain(async |conn| read_mark(conn, channel).await)
    }

    fn left_at(&mut self) -> &mut Option<(ChannelName, Mark)> {
        &mut self.left_at
    }

    fn set_mark(&mut self, channel: &ChannelName, mark: &Mark) -> Result<(), TableFault> {
        self.plain(async |conn| set_mark(conn, channel, mark).await)
    }

    fn open_transactions(&mut self, channel: &ChannelName) -> Result<BTreeSet<u64>, TableFault> {
        self.plain(async |conn| {
            let sql = "SELECT DISTINCT tx FROM dukou_pending WHERE channel = ?";
            let open: Vec<String> = sqlx::query_scalar(sql).bind(channel.as_str()).fetch_all(conn).await?;
            Ok(open.iter().filter_map(|transaction| transaction.parse().ok()).collect())
        })
    }

    fn take_pending(&mut self, channel: &ChannelName, transaction: Option<u64>) -> Result<Vec<Placed>, TableFault> {
        let transaction = transaction.map(|transaction| transaction.to_string());
        self.plain(async |conn| {
            let of = "FROM dukou_pending WHERE channel = ?1 AND tx = coalesce(?2, tx)";
            let sql = format!("SELECT epoch, seq, idx, tbl, body {of} ORDER BY seq, idx, part");
            let query = sqlx::query(AssertSqlSafe(sql)).bind(channel.as_str()).bind(&transaction);
            let mut taken = TakenRows::default();
            for row in query.fetch_all(&mut *conn).await? {
                let (epoch, tbl): (String, String) = (row.try_get_unchecked(0)?, row.try_get_unchecked(3)?);
                let place: (i64, i64) = (row.try_get_unchecked(1)?, row.try_get_unchecked(2)?);
                taken.add(epoch, place, tbl, bytes_at(&row, 4)?.unwrap_or_default());
            }
            let sql = format!("DELETE {of}");
            sqlx::query(AssertSqlSafe(sql)).bind(channel.as_str()).bind(&transaction).execute(conn).await?;
            Ok(taken.placed()?)
        })
    }

    fn keep_pending(&mut self, channel: &ChannelName, changes: &[Placed]) -> Result<(), TableFault> {
        self.plain(async |conn| {
            for placed in changes {
                let (body, large) = placed.change.render(LARGE_FROM);
                for (part, body) in std::iter::once(body).chain(large).enumerate() {
                    sqlx::query("INSERT INTO dukou_pending(channel, tx, seq, idx, part, epoch, tbl, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
                        .bind(channel.as_str())
                        .bind(placed.change.transaction.map(|transaction| transaction.to_string()))
                        .bind(placed.seq.cast_signed())
                        .bind(i64::from(placed.index))
                        .bind(part as i64)
                        .bind(placed.epoch.to_string())
                        .bind(placed.change.table.as_str())
                        .bind(body)
                        .execute(&mut *conn)
                        .await?;
                }
            }
            Ok(())
        })
    }

    fn put_aside(&mut self, channel: &ChannelName, placed: &Placed, why: &Refusal) -> Result<(), TableFault> {
        let sql = format!(
            "INSERT OR REPLACE INTO dukou_refused(channel, epoch, seq, idx, at, tbl, op, key, body, code, words_zh, words_en)
             VALUES (?, ?, ?, ?, {NOW}, ?, ?, ?, ?, ?, ?, ?)"
        );
        let RowChange { table, op, .. } = &placed.change;
        let (body, _) = placed.change.render(usize::MAX);
        let [zh, en] = &why.words;
        self.plain(async |conn| {
            sqlx::query(AssertSqlSafe(sql))
                .bind(channel.as_str())
                .bind(placed.epoch.to_string())
                .bind(placed.seq.cast_signed())
                .bind(i64::from(placed.index))
                .bind(table.as_str())
                .bind(op.as_str())
                .bind(placed.change.key_text())
                .bind(body)
                .bind(why.code)
                .bind(zh.as_str())
                .bind(en.as_str())
                .execute(conn)
                .await?;
            Ok(())
        })
    }

    fn hold_structure(&mut self, _tables: &BTreeSet<String>) -> Result<(), TableFault> {
        // Nobody else writes to the file until this transaction ends.
        let now = self.plain(async |conn| Ok(sqlx::query_scalar::<_, i64>("PRAGMA schema_version").fetch_one(conn).await?))?;
        if self.schema.replace(now) != Some(now) {
            self.read.clear();
        }
        Ok(())
    }

    fn shape(&mut self, table: &str) -> Result<Shape, TableFault> {
        Ok(self.table(table)?.1)
    }

    fn parents_first(&mut self) -> Result<Vec<String>, TableFault> {
        let mut references = Vec::new();
        for name in self.names.clone() {
            let table = match self.table(&name) {
                Ok((table, _)) => table,
                // A table that is not there matters to the changes that name it.
                Err(TableFault::Unfit { .. }) => continue,
                // The transaction is gone with any other fault: what followed would be written without it.
                Err(fault) => return Err(fault),
            };
            let parent = |parent: &String| self.names.iter().find(|name| is_called(name, parent)).cloned();
            references.extend(table.parents.iter().filter_map(parent).map(|parent| (name.clone(), parent)));
        }
        Ok(parents_first(&self.names, &references))
    }

    fn forget(&mut self) {
        self.read.clear();
        self.schema = None;
    }

    fn savepoint(&mut self, in_bulk: bool) -> Result<(), TableFault> {
        let defer = if in_bulk { "PRAGMA defer_foreign_keys = ON" } else { "PRAGMA defer_foreign_keys = OFF" };
        self.plain(async |conn| {
            sqlx::query(defer).execute(&mut *conn).await?;
            sqlx::query("SAVEPOINT packet").execute(conn).await?;
            Ok(())
        })
    }

    fn release(&mut self) -> Result<(), TableFault> {
        self.plain(async |conn| {
            sqlx::query("RELEASE packet").execute(conn).await?;
            Ok(())
        })
    }

    fn back(&mut self) -> Result<(), TableFault> {
        self.plain(async |conn| {
            sqlx::query("ROLLBACK TO packet").execute(&mut *conn).await?;
            sqlx::query("RELEASE packet").execute(conn).await?;
            Ok(())
        })
    }

    fn delete(&mut self, table: &str, keys: &[Cells]) -> Result<(), Refused> {
        let (table, shape) = self.table(table)?;
        self.step(async |conn| statements::delete(conn, &table, &shape, keys).await)
    }

    fn upsert(&mut self, table: &str, rows: &[Cells]) -> Result<(), Refused> {
        let (table, shape) = self.table(table)?;
        match self.step(async |conn| statements::upsert(conn, &table, &shape, rows).await)? {
            0 => Ok(()),
            _ => Err(Refused::Rows(Refusal::key_collides())),
        }
    }

    fn commit(&mut self) -> Result<(), Refused> {
        self.step(async |conn| {
            sqlx::query("COMMIT").execute(conn).await?;
            Ok(())
        })
    }

    fn roll_back(&mut self) {
        // A connection that cannot is given up with its transaction.
        let _ = self.session.run(async |conn| Ok(roll_back(conn).await?));
    }
}

fn is_called(shown: &str, name: &str) -> bool {
    shown.strip_prefix("main.").unwrap_or(shown).eq_ignore_ascii_case(name)
}
