//! A session with the server: how it is begun, how long it is waited for, and the lock by which one process at a time has a state.

use super::faults::{Trouble, unchanged};
use super::schema;
use crate::store::StoreFault;
use crate::store::place::StoreUrl;
use crate::store::rows::Cells;
use dukou_packets::suite::{Random, StationId, SystemRandom, sha256};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};

/// How long a session may take to begin.
const BEGIN_PATIENCE: Duration = Duration::from_secs(10);
/// How long one call may take before the server counts as gone.
const CALL_PATIENCE: Duration = Duration::from_secs(60);
/// How long a session may take to end.
const END_PATIENCE: Duration = Duration::from_secs(2);
/// How long a session of this process that lost its connection may take to end on the server.
const GHOST_PATIENCE: Duration = Duration::from_secs(5);
/// How long the lock is asked for: the server may not have noticed yet that a process ended a moment ago.
const LOCK_PATIENCE: Duration = Duration::from_millis(800);
/// The oldest server that has everything used here, as `server_version_num` tells it.
const OLDEST: i32 = 130_000;

/// What a session asks of the server. A commit is durable when it is answered, whatever the cluster's default; nothing outside the
/// station's schema is looked at; a dead peer is noticed within some ten seconds, so that its lock is free for a standby. Tables that were
/// never analyzed make the planner read them whole; every statement here has an index.
const SETTINGS: &str = "SET synchronous_commit = on; SET default_transaction_isolation = 'read committed';
SET lock_timeout = '5s'; SET idle_in_transaction_session_timeout = '60s'; SET enable_seqscan = off; SET jit = off;
SET client_min_messages = warning;
SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3; SET tcp_user_timeout = '11s'";

/// Who asks for which state where.
#[derive(Clone, Debug)]
pub struct Login {
    /// Server, database and account.
    pub url: StoreUrl,
    /// The station whose state it is.
    pub station: StationId,
    /// What this machine is called: two processes with one name see each other's locks on files.
    pub host: String,
    /// What this process is called on the server: by it a session is known that lost its connection and still has the lock.
    pub process: String,
}

impl Login {
    /// Makes a login of this process.
    pub fn new(url: StoreUrl, station: StationId, host: String) -> Self {
        static PROCESS: OnceLock<String> = OnceLock::new();
        let process = PROCESS.get_or_init(|| drawn(4)).clone();
        Self { url, station, host, process }
    }

    /// The name of this process's sessions of the station.
    fn session_name(&self) -> String {
        format!("{} {}", schema::name(&self.station), self.process)
    }
}

/// What the state tells of the process that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    /// How often the state was taken so far.
    pub fence: i64,
    /// What the process that took it last left in the station's directory, too.
    pub token: String,
    /// What stood there before, as long as the process may not have written the other.
    pub token_here: String,
    /// The machine of that process.
    pub host: String,
    /// Whether that process ended its work with it.
    pub has_ended: bool,
    /// Whether a process has it now.
    pub is_held: bool,
}

/// A connection and what drives it.
pub(super) struct Session {
    runtime: Runtime,
    connection: Option<PgConnection>,
}

impl Session {
    /// Begins a session of a station.
    pub(super) fn begin(login: &Login, read_only: bool) -> Result<Self, StoreFault> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| StoreFault::Starved(error.to_string()))?;
        let options = login.url.options().application_name(&login.session_name()).disable_statement_logging();
        let begun = runtime.block_on(async { tokio::time::timeout(BEGIN_PATIENCE, connect(&options, login, read_only)).await });
        let connection = begun.map_err(|_| no_answer(BEGIN_PATIENCE))?.map_err(unchanged)?;
        Ok(Self { runtime, connection: Some(connection) })
    }

    /// Runs a piece of work to its end. A session that ended or does not answer is given up.
    pub(super) fn run<T>(&mut self, work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, Trouble>) -> Result<T, Trouble> {
        let Some(mut connection) = self.connection.take() else {
            return Err(StoreFault::Gone("the session has ended".to_owned()).into());
        };
        let done = self.runtime.block_on(async { tokio::time::timeout(CALL_PATIENCE, work(&mut connection)).await });
        let outcome = done.unwrap_or_else(|_| Err(no_answer(CALL_PATIENCE).into()));
        let outcome = outcome.map_err(|trouble| Trouble::Fault(unchanged(trouble)));
        if !matches!(outcome, Err(Trouble::Fault(StoreFault::Gone(_)))) {
            self.connection = Some(connection);
        }
        outcome
    }

    /// Ends the session, so that its lock is free when this returns.
    pub(super) fn end(&mut self) {
        if let Some(connection) = self.connection.take() {
            // A server that does not answer ends the session by itself.
            let _ = self.runtime.block_on(async { tokio::time::timeout(END_PATIENCE, connection.close()).await });
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.end();
    }
}

fn no_answer(patience: Duration) -> StoreFault {
    StoreFault::Gone(format!("no answer within {} s", patience.as_secs()))
}

async fn connect(options: &PgConnectOptions, login: &Login, read_only: bool) -> Result<PgConnection, Trouble> {
    let mut conn = options.connect().await?;
    let mode = if read_only { "; SET default_transaction_read_only = on" } else { "" };
    let schema = schema::name(&login.station);
    let settings = format!("{SETTINGS}{mode}; SET search_path = \"{schema}\", pg_temp");
    sqlx::raw_sql(AssertSqlSafe(settings)).execute(&mut conn).await?;
    let sql = "SELECT current_setting('server_version_num')::bigint, current_setting('server_encoding'),
               current_setting('fsync'), pg_is_in_recovery()::int::bigint";
    let row = sqlx::query(sql).fetch_one(&mut conn).await?;
    let mut cells = Cells::of(&row);
    let (version, encoding, fsync, replica): (i64, &str, &str, i64) =
        (cells.take()?, cells.take()?, cells.take()?, cells.take()?);
    if version < i64::from(OLDEST) {
        return Err(StoreFault::Refused(format!("PostgreSQL {} is too old, 13 is needed", version / 10_000)).into());
    }
    if encoding != "UTF8" {
        return Err(StoreFault::Refused(format!("the database has the encoding {encoding}, it must be UTF8")).into());
    }
    if replica != 0 && !read_only {
        return Err(StoreFault::Gone("the server is a replica, it cannot be written".to_owned()).into());
    }
    if fsync != "on" && !read_only {
        tracing::warn!("the PostgreSQL server runs with fsync = off: a power cut there can lose the station's state");
    }
    Ok(conn)
}

/// Draws so many random bytes, in hex.
fn drawn(bytes: usize) -> String {
    let mut drawn = vec![0; bytes];
    SystemRandom.fill(&mut drawn);
    data_encoding::HEXLOWER.encode(&drawn)
}

/// The two numbers of the advisory lock of a station's state.
fn lock_numbers(station: &StationId) -> (i32, i32) {
    let digest = sha256(&[b"dukou-state-lock-v1\0", station.to_string().as_bytes()]);
    let number = |at: usize| {
        digest.as_bytes().get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |bytes| i32::from_le_bytes(*bytes))
    };
    (number(0), number(4))
}

/// Takes the lock of the state for this session; ends an older session of this very process that still has it.
pub(super) async fn lock(conn: &mut PgConnection, login: &Login) -> Result<(), Trouble> {
    let (high, low) = lock_numbers(&login.station);
    let begun = Instant::now();
    loop {
        let row =
            sqlx::query("SELECT pg_try_advisory_lock($1, $2)::int::bigint").bind(high).bind(low).fetch_one(&mut *conn).await?;
        if Cells::of(&row).take::<i64>()? == 1 {
            return Ok(());
        }
        let ended = sqlx::query(
            "SELECT pg_terminate_backend(a.pid) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
             WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.classid = $1::bigint::oid AND l.objid = $2::bigint::oid
               AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
               AND a.application_name = $3 AND a.pid <> pg_backend_pid() AND a.usename = current_user",
        )
        .bind(i64::from(high.cast_unsigned()))
        .bind(i64::from(low.cast_unsigned()))
        .bind(login.session_name())
        .fetch_all(&mut *conn)
        .await?;
        let patience = if ended.is_empty() { LOCK_PATIENCE } else { GHOST_PATIENCE };
        if begun.elapsed() > patience {
            return Err(StoreFault::Held.into());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What taking the state came to.
pub(super) struct Taken {
    /// The number under which this process writes.
    pub(super) fence: i64,
    /// What was drawn for this taking.
    pub(super) token: String,
    /// Who had the state before, and whether it ended its work.
    pub(super) before: Sight,
}

/// Takes the state: from now on no transaction of a process that had it before can be made.
pub(super) async fn take(conn: &mut PgConnection, login: &Login) -> Result<Taken, Trouble> {
    let before =
        sight(conn, &login.station).await?.ok_or_else(|| StoreFault::Corrupt("it has no row of its own".to_owned()))?;
    let token = drawn(16);
    let row = sqlx::query("UPDATE station SET fence = fence + 1 RETURNING fence").fetch_one(conn).await?;
    Ok(Taken { fence: Cells::of(&row).take()?, token, before })
}

/// Notes whose the state is now, and what the station's directory holds and will hold.
pub(super) async fn settle(conn: &mut PgConnection, fence: i64, host: &str, tokens: [&str; 2]) -> Result<(), Trouble> {
    let [here, token] = tokens;
    let sql = "UPDATE station SET place = $1, token = $2, token_here = $3, ended = 0 WHERE fence = $4";
    let done = sqlx::query(sql).bind(host).bind(token).bind(here).bind(fence).execute(conn).await?;
    if done.rows_affected() == 0 { Err(StoreFault::Superseded.into()) } else { Ok(()) }
}

/// Notes that this process has ended its work with the state, and gives the lock back.
pub(super) async fn leave(conn: &mut PgConnection, fence: i64, is_settled: bool) -> Result<(), Trouble> {
    if is_settled {
        sqlx::query("UPDATE station SET ended = 1 WHERE fence = $1").bind(fence).execute(&mut *conn).await?;
    }
    // The server ends a session some moments after its connection; the next process may come at once.
    sqlx::raw_sql("SELECT pg_advisory_unlock_all()").execute(conn).await?;
    Ok(())
}

/// Reads who has the state; nothing where it was never made.
pub(super) async fn sight(conn: &mut PgConnection, station: &StationId) -> Result<Option<Sight>, Trouble> {
    if schema::find(conn, station).await? == schema::Found::Nothing {
        return Ok(None);
    }
    let (high, low) = lock_numbers(station);
    let row = sqlx::query(
        "SELECT fence, token, token_here, place, ended, EXISTS (SELECT 1 FROM pg_locks l WHERE l.locktype = 'advisory' AND l.granted
           AND l.objsubid = 2 AND l.classid = $1::bigint::oid AND l.objid = $2::bigint::oid
           AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))::int::bigint FROM station",
    )
    .bind(i64::from(high.cast_unsigned()))
    .bind(i64::from(low.cast_unsigned()))
    .fetch_one(conn)
    .await?;
    let mut cells = Cells::of(&row);
    Ok(Some(Sight {
        fence: cells.take()?,
        token: cells.take()?,
        token_here: cells.take()?,
        host: cells.take()?,
        has_ended: cells.take::<i64>()? == 1,
        is_held: cells.take::<i64>()? == 1,
    }))
}
