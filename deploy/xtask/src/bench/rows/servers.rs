//! The two servers of W3, their tables, and when everything has come.

use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use dukou_servers::postgres::{Postgres, USER};

use crate::bench::measure::tree_ticks;

/// The database that the runs' sources are copied from.
const FULL: &str = "w3_full";
/// The database of a run, of the same name on both servers.
pub(super) const RUN: &str = "w3_run";
/// Rows of one transaction of the increments.
const TRANSACTION: u64 = 1_000;
/// When to give up.
const PATIENCE: Duration = Duration::from_secs(900);
/// How often to ask whether a slot is in use; each question is a process.
const LOOK: Duration = Duration::from_millis(100);
/// Looks for the last row that one question makes, and the seconds between two of them: a process a look would take cores from whoever is measured.
const LOOKS: (u32, f64) = (40, 0.02);

/// Twelve columns, some 300 bytes as text.
const TABLE: &str = "CREATE TABLE h (bsm bigint PRIMARY KEY, bdcdyh varchar(28) NOT NULL, fwbm varchar(40) NOT NULL, zl varchar(200) NOT NULL, \
    qlr varchar(100) NOT NULL, zjh varchar(50) NOT NULL, jzmj numeric(15,2) NOT NULL, tnjzmj numeric(15,2), fwyt varchar(10), djsj timestamp NOT NULL, \
    zt integer NOT NULL, fj text)";

/// Both servers, and how many rows a run moves.
#[derive(Debug)]
pub(super) struct Servers {
    pub(super) source: Postgres,
    pub(super) sink: Postgres,
    pub(super) rows: u64,
}

impl Servers {
    /// Starts both and makes the rows that every run begins with.
    pub(super) fn start(rows: u64) -> Self {
        let settings = ["wal_level=logical", "max_wal_size=8GB", "shared_buffers=512MB", "checkpoint_timeout=30min"];
        let (source, sink) = (Postgres::with_settings(&settings), Postgres::with_settings(&settings));
        let servers = Servers { source, sink, rows };
        servers.source.create(FULL);
        servers.source.psql_in(FULL, &format!("SET ROLE {USER}; {TABLE}; {}", insert(1, rows)));
        servers.source.psql_in(FULL, "VACUUM (FREEZE, ANALYZE) h");
        servers
    }

    /// Gives the mean length of a row as COPY writes it.
    pub(super) fn row_bytes(&self) -> Result<u64> {
        Ok(self.source.psql_in(FULL, "SELECT (avg(length(h::text)))::bigint FROM h").parse()?)
    }

    /// Makes the run's databases: a full source or an empty one, an empty sink or one with an older copy of every row.
    pub(super) fn prepare(&self, is_source_full: bool, is_sink_full: bool) {
        for server in [&self.source, &self.sink] {
            server.psql(&format!("DROP DATABASE IF EXISTS {RUN} WITH (FORCE)"));
        }
        match is_source_full {
            true => drop(self.source.psql(&format!("CREATE DATABASE {RUN} TEMPLATE {FULL} OWNER {USER}"))),
            false => {
                self.source.create(RUN);
                self.source.psql_in(RUN, &format!("SET ROLE {USER}; {TABLE}"));
            }
        }
        self.sink.create(RUN);
        self.sink.psql_in(RUN, &format!("SET ROLE {USER}; {TABLE}"));
        if is_sink_full {
            self.sink.psql_in(RUN, &format!("{}; UPDATE h SET zt = -1", insert(1, self.rows)));
            self.sink.psql_in(RUN, "VACUUM (FREEZE, ANALYZE) h");
        }
    }

    /// Inserts all rows at the source, a thousand a transaction.
    pub(super) fn insert_all(&self) {
        let insert = insert_text("i + 1", &format!("i + {TRANSACTION}"));
        let last = self.rows - 1;
        self.source
            .psql_in(RUN, &format!("DO $$ BEGIN FOR i IN 0..{last} BY {TRANSACTION} LOOP {insert}; COMMIT; END LOOP; END $$"));
    }

    /// Waits until the last row is at the sink, as the source has it.
    pub(super) fn wait(&self, mut check: impl FnMut() -> Result<()>) -> Result<()> {
        let begun = Instant::now();
        let (last, (looks, pause_s)) = (format!("FROM h WHERE bsm = {} AND zt >= 0", self.rows), LOOKS);
        let question = format!(
            "SET enable_seqscan = off; DO $$ BEGIN FOR i IN 1..{looks} LOOP EXIT WHEN EXISTS (SELECT {last}); PERFORM pg_sleep({pause_s}); END LOOP; END $$; \
             SELECT count(*) {last}"
        );
        while begun.elapsed() < PATIENCE {
            if self.sink.psql_in(RUN, &question).ends_with('1') {
                return Ok(());
            }
            check()?;
        }
        bail!("not everything came within {} s", PATIENCE.as_secs())
    }

    /// Gives the CPU time of both servers and all their sessions, in ticks.
    pub(super) fn ticks(&self) -> u64 {
        [&self.source, &self.sink].into_iter().filter_map(Postgres::id).map(tree_ticks).sum()
    }

    /// Removes a replication slot at the source once nobody uses it.
    pub(super) fn release_slot(&self, name: &str) -> Result<()> {
        let begun = Instant::now();
        while self.source.psql(&format!("SELECT active FROM pg_replication_slots WHERE slot_name = '{name}'")) == "t" {
            ensure!(begun.elapsed() < PATIENCE, "the slot {name} stays in use");
            thread::sleep(LOOK);
        }
        self.source.psql(&format!("SELECT pg_drop_replication_slot('{name}')"));
        Ok(())
    }

    /// Compares both tables.
    pub(super) fn check(&self) -> Result<()> {
        let question = "SELECT count(*), sum(('x' || substr(md5(h::text), 1, 12))::bit(48)::bigint) FROM h";
        let (source, sink) = (self.source.psql_in(RUN, question), self.sink.psql_in(RUN, question));
        ensure!(source == sink && sink.starts_with(&format!("{}|", self.rows)), "the tables differ: {source}, {sink}");
        Ok(())
    }
}

/// Pipes one `psql` into another.
pub(super) fn pipe(mut from: Command, mut to: Command) -> Result<()> {
    let mut from = from.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let Some(output) = from.stdout.take() else { bail!("psql gives no output") };
    let received = to.stdin(output).stdout(Stdio::null()).status()?;
    let sent = from.wait()?;
    ensure!(sent.success() && received.success(), "psql: {sent}, {received}");
    Ok(())
}

fn insert(first: u64, last: u64) -> String {
    insert_text(&first.to_string(), &last.to_string())
}

/// The statement that makes rows; the same numbers give the same rows.
fn insert_text(first: &str, last: &str) -> String {
    format!(
        "INSERT INTO h SELECT n, '3701020010' || lpad((n % 1000)::text, 2, '0') || 'GB' || lpad(n::text, 13, '0'), md5(n::text), \
         '济南市历下区经十路' || n % 9999 || '号' || n % 30 || '号楼' || n % 3 || '单元' || n % 999 || '室', '权利人' || n % 100000, \
         '37010219' || lpad((n % 1000000)::text, 6, '0') || lpad((n % 9999)::text, 4, '0'), (n % 20000) / 100.0, (n % 17000) / 100.0, \
         lpad((n % 90)::text, 2, '0'), timestamp '2001-01-01' + n * interval '7 minutes', (n % 7)::integer, \
         CASE WHEN n % 3 = 0 THEN NULL ELSE repeat(md5((n % 5000)::text), 2) END FROM generate_series({first}, {last}) n"
    )
}
